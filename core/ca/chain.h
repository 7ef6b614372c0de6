/* The chain that comes with a certificate. */
#ifndef CS_CA_CHAIN_H
#define CS_CA_CHAIN_H

#include "base/bytes.h"
#include "base/err.h"

/* From the CMS SignedData or CMC response @cms (DER) of the CA: the certificates that lead from
 * @certificate on, concatenated DER, issuer first; none is no error. CS_E_CA_UNREACHABLE if
 * @certificate or @cms is broken, or @cms is about another key's certificate. */
CS_MUST_CHECK cs_rc cs_ca_chain(const struct cs_bytes *certificate, const struct cs_bytes *cms,
                                struct cs_bytes *ret_chain, struct cs_err *err);

#endif

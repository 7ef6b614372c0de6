/* The lab CA's revocation list (RFC 5280 section 5). */
#ifndef CS_LABCA_CRL_H
#define CS_LABCA_CRL_H

#include "labca/authority.h"
#include "labca/labca.h"

/* Makes the list of all that is revoked, with the store's next number, and replaces
 * config->crl_file (DER, 0644); the authority is unlocked. Nothing to do without a crl_file.
 * Errors: TOKEN_*, STORE, OUTPUT. */
CS_MUST_CHECK cs_rc cs_labca_crl_write(const struct cs_labca_authority *authority,
                                       struct cs_store *store, const struct cs_labca_config *config,
                                       struct cs_err *err);

#endif

/* A TLS client key that is on the token: here it is a public key whose private operations are asked
 * for up the socket. */
#ifndef CS_CA_CLIENTKEY_H
#define CS_CA_CLIENTKEY_H

#include "base/err.h"
#include "ca/protocol.h"

#include <openssl/types.h>

/* Gives @ssl the certificates @chain (concatenated DER, the client's own first) and a key that
 * @signer signs with; both are borrowed for as long as @ssl lives. With an RSA key TLS ends at 1.2:
 * 1.3 wants RSASSA-PSS, which not every token has. CS_E_CONFIG for a chain that cannot be used. */
CS_MUST_CHECK cs_rc cs_clientkey_use(SSL_CTX *ssl, const struct cs_bytes *chain,
                                     struct cs_ca_signer *signer, struct cs_err *err);

#endif

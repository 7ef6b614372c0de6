/* Channel bindings of TLS: what Windows calls extended protection (EPA). */
#ifndef CS_NET_BINDING_H
#define CS_NET_BINDING_H

#include "base/bytes.h"
#include "base/err.h"

#include <openssl/types.h>

/* "tls-server-end-point:" and the hash of the server's certificate (RFC 5929 section 4): by the
 * hash of its signature, SHA-256 where that is MD5 or SHA-1, or says none of its own. */
CS_MUST_CHECK cs_rc cs_binding_of(const SSL *ssl, struct cs_bytes *ret_binding, struct cs_err *err);

/* The same of a certificate. */
CS_MUST_CHECK cs_rc cs_binding_of_certificate(X509 *certificate, struct cs_bytes *ret_binding,
                                              struct cs_err *err);

#endif

/* PKCS#10 (RFC 2986). */
#ifndef CS_X509_CSR_H
#define CS_X509_CSR_H

#include "base/bytes.h"
#include "base/err.h"
#include "model/plan.h"
#include "port/keystore.h"

/* Builds the request of @plan for @key, has the token sign it (SHA-2 to match the key, RSA PKCS#1
 * v1.5 or ECDSA, never PSS) and verifies it with the public key alone before anybody gets it.
 * *ret_der is the caller's. Errors: TOKEN_*, INTERNAL; CS_E_TOKEN_REFUSED when the token's
 * signature does not verify; CS_E_USAGE when a part of the subject is too long for X.509. */
CS_MUST_CHECK cs_rc cs_csr_build(const struct cs_plan *plan, struct cs_keystore *store,
                                 struct cs_key *key, struct cs_bytes *ret_der, struct cs_err *err);

/* The signature verifies with the key in the request; CS_E_INPUT otherwise. *ret_spki may be NULL.
 */
CS_MUST_CHECK cs_rc cs_csr_check(const struct cs_bytes *der, struct cs_bytes *ret_spki,
                                 struct cs_err *err);

/* PEM, "-----BEGIN CERTIFICATE REQUEST-----"; the caller frees. */
char *cs_csr_pem(const struct cs_bytes *der);

#endif

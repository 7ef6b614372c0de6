/* Private keys as DER PrivateKeyInfo (PKCS#8, RFC 5208), which are only ever in locked memory or
 * in memory that is wiped. */
#ifndef CS_X509_PKCS8_H
#define CS_X509_PKCS8_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of the DER SEQUENCE that @octets begin with; false if they begin with none, or it is
 * longer than @len. What follows it is the caller's to judge: padding, for one. */
bool cs_pkcs8_der_len(const uint8_t *octets, size_t len, size_t *ret_len);

/* The public half as DER SubjectPublicKeyInfo. Of an EC key it is computed, whatever the structure
 * says. CS_E_INPUT for what is no PrivateKeyInfo of an RSA key or of a P-256, P-384 or P-521 key.
 */
CS_MUST_CHECK cs_rc cs_pkcs8_spki(const struct cs_secret *pkcs8, struct cs_bytes *ret_spki,
                                  struct cs_err *err);

/* CS_OK if the key signs what verifies with @spki; CS_E_MISMATCH if it is another key's private
 * half, or is broken. */
CS_MUST_CHECK cs_rc cs_pkcs8_check(const struct cs_secret *pkcs8, const struct cs_bytes *spki,
                                   struct cs_err *err);

#endif

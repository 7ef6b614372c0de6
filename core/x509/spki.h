/* Public keys as DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7). */
#ifndef CS_X509_SPKI_H
#define CS_X509_SPKI_H

#include "base/bytes.h"
#include "base/err.h"
#include "model/keyspec.h"

#include <stddef.h>
#include <stdint.h>

/* From CKA_MODULUS and CKA_PUBLIC_EXPONENT (big-endian, unsigned). CS_E_TOKEN_REFUSED if they are
 * no RSA key of spec->bits. */
CS_MUST_CHECK cs_rc cs_spki_from_rsa(const uint8_t *modulus, size_t modulus_len,
                                     const uint8_t *exponent, size_t exponent_len,
                                     const struct cs_key_spec *spec, struct cs_bytes *ret_spki,
                                     struct cs_err *err);

/* From CKA_EC_POINT, a DER OCTET STRING (PKCS#11 v2.40 section 2.3.3) or, as old modules answer,
 * the bare point. CS_E_TOKEN_REFUSED if it is no point of the curve of @spec. */
CS_MUST_CHECK cs_rc cs_spki_from_ec_point(const uint8_t *point, size_t point_len,
                                          const struct cs_key_spec *spec, struct cs_bytes *ret_spki,
                                          struct cs_err *err);

/* Which key it is; CS_E_INPUT for a kind that cscert does not make. */
CS_MUST_CHECK cs_rc cs_spki_spec(const struct cs_bytes *spki, struct cs_key_spec *ret_spec,
                                 struct cs_err *err);

/* What a token knows the key by: the modulus of an RSA key (big-endian, unsigned, without leading
 * zeros), the uncompressed point of an EC key; and the public exponent of an RSA key, empty for an
 * EC key, unless @ret_exponent is NULL. Errors as cs_spki_spec(). */
CS_MUST_CHECK cs_rc cs_spki_public(const struct cs_bytes *spki, struct cs_key_spec *ret_spec,
                                   struct cs_bytes *ret_public, struct cs_bytes *ret_exponent,
                                   struct cs_err *err);

/* The DER OCTET STRING of a point, which CKA_EC_POINT is; the caller frees. */
struct cs_bytes cs_spki_point_der(const struct cs_bytes *point);

/* SHA-256 of the DER, lower-case hexadecimal; the caller frees. */
char *cs_spki_sha256(const struct cs_bytes *spki);

/* DER of the named curve's OID, as CKA_EC_PARAMS holds it. @spec is an EC key. */
const uint8_t *cs_curve_oid(const struct cs_key_spec *spec, size_t *ret_len);

#endif

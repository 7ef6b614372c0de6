/* Which key: algorithm and size in the cmdlet's words, and the digest that goes with it. */
#ifndef CS_MODEL_KEYSPEC_H
#define CS_MODEL_KEYSPEC_H

#include "base/err.h"

#include <stdbool.h>

enum cs_key_alg { CS_KEY_RSA, CS_KEY_EC_P256, CS_KEY_EC_P384, CS_KEY_EC_P521, CS_KEY_ALG_COUNT };

enum cs_digest { CS_SHA256, CS_SHA384, CS_SHA512, CS_DIGEST_COUNT };

/* Octets of the longest digest. */
#define CS_DIGEST_MAX 64

struct cs_key_spec {
    enum cs_key_alg alg;
    unsigned bits; /* of the modulus, or of the curve's order: 256, 384, 521 */
};

/* The key of -KeyAlg @alg (NULL: RSA) and -KeySize @bits (0: 2048, or the curve's). CS_E_USAGE for
 * an unknown word, for a size that is none of 1024, 2048, 3072, 4096, and for a size that
 * contradicts the curve. */
CS_MUST_CHECK cs_rc cs_key_spec_make(const char *alg, long bits, struct cs_key_spec *ret_spec,
                                     struct cs_err *err);

/* "RSA", "ECDH_P256", ... */
const char *cs_key_alg_name(enum cs_key_alg alg);
bool cs_key_is_rsa(const struct cs_key_spec *spec);
bool cs_key_spec_equal(const struct cs_key_spec *a, const struct cs_key_spec *b);

/* SHA-256 for RSA and P-256, SHA-384 for P-384, SHA-512 for P-521. */
enum cs_digest cs_key_digest(const struct cs_key_spec *spec);
const char *cs_digest_name(enum cs_digest digest); /* "SHA256", as OpenSSL names it */
unsigned cs_digest_len(enum cs_digest digest);     /* in octets */

#endif

/* Opens a fixture's token as cscert does, with a person and a PIN that a test prescribes. */
#ifndef CS_TESTS_SUPPORT_TESTTOKEN_H
#define CS_TESTS_SUPPORT_TESTTOKEN_H

#include "base/bytes.h"
#include "pkcs11/token.h"
#include "support/softhsm.h"

#include <stdbool.h>
#include <stddef.h>

/* The person at the terminal, and what was asked of her. */
struct cs_test_person {
    struct cs_ui base; /* first */
    const char *pin;   /* what she types; CS_SOFTHSM_PIN unless a test says otherwise */
    bool is_there;     /* can_ask */
    bool says_yes;
    size_t pins;      /* how often the PIN was asked for */
    size_t questions; /* how often confirm() was called */
    size_t warnings;
};

struct cs_testtoken {
    struct cs_token_options options; /* a test may change them before it opens the token */
    struct cs_test_person person;
    char *uri;
    char *lock_dir;
    char *profile; /* NULL, or of cs_testtoken_profile() */
};

/* For the token CS_SOFTHSM_LABEL through @module (CS_SOFTHSM_MODULE, cs_spy_path()). The struct
 * must not move afterwards. Nobody is at the terminal. */
void cs_testtoken_init(struct cs_testtoken *token, const struct cs_softhsm *hsm,
                       const char *module);

/* A profile that fits every token, with these lines besides name and manufacturer:
 * "generation = 'token'". */
void cs_testtoken_profile(struct cs_testtoken *token, const struct cs_softhsm *hsm,
                          const char *lines);

void cs_testtoken_done(struct cs_testtoken *token);

/* A key request: CKA_ID of 20 octets @seed, label "test-key". */
struct cs_key_request cs_testtoken_request(enum cs_key_alg alg, unsigned bits, uint8_t seed);

/* A certificate (DER) for that public key, signed by a key that is thrown away. The caller frees.
 */
struct cs_bytes cs_testtoken_certificate(const struct cs_bytes *spki, const char *common_name);

/* True if @signature over @digest verifies with @spki: PKCS#1 v1.5 or ECDSA. */
bool cs_testtoken_verify(const struct cs_bytes *spki, enum cs_digest algorithm,
                         const uint8_t *digest, const struct cs_bytes *signature);

/* The key signs a digest, with a signature that verifies with @spki for that digest and no other.
 */
void cs_testtoken_assert_signs(struct cs_keystore *store, struct cs_key *key,
                               const struct cs_bytes *spki, enum cs_digest algorithm);

#endif

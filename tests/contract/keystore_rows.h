/* The token matrix: what each token of tests/tokens can do, as measured by hand and written down in
 * its documentation; test_keystore.c asserts every field of it. A token more is a row more. */
#ifndef CS_TESTS_CONTRACT_KEYSTORE_ROWS_H
#define CS_TESTS_CONTRACT_KEYSTORE_ROWS_H

#include "model/keyattr.h"
#include "model/keyspec.h"

#include <stdbool.h>

enum { RSA_1024, RSA_2048, RSA_3072, RSA_4096, P256, P384, P521, KEY_COUNT };

static const struct kind {
    struct cs_key_spec spec;
    const char *name;
} kinds[KEY_COUNT] = {
    [RSA_1024] = {{CS_KEY_RSA, 1024}, "RSA-1024"}, [RSA_2048] = {{CS_KEY_RSA, 2048}, "RSA-2048"},
    [RSA_3072] = {{CS_KEY_RSA, 3072}, "RSA-3072"}, [RSA_4096] = {{CS_KEY_RSA, 4096}, "RSA-4096"},
    [P256] = {{CS_KEY_EC_P256, 256}, "ECDH_P256"}, [P384] = {{CS_KEY_EC_P384, 384}, "ECDH_P384"},
    [P521] = {{CS_KEY_EC_P521, 521}, "ECDH_P521"},
};

/* Beside those of enum cs_answer: the token does not answer. */
#define UNANSWERED 9

/* A line of a profile, and what the token does when it is not there. */
struct truth {
    const char *without; /* the line; NULL: no more of them */
    const char *lines;   /* of the profile that is left */
    int key;
    bool exportable;
    const char *words; /* of the error */
};
#define TRUTHS 6

struct token_row {
    const char *token;   /* of with-token.sh; NULL: a SoftHSM2 of the test's own */
    const char *profile; /* name of the built-in profile that fits */
    const char *lines;   /* of a profile in its place; NULL: none */
    enum cs_generation generation;
    const char *cannot[KEY_COUNT];      /* words of the refusal; NULL: it makes such keys */
    const char *not_exportable;         /* words of the refusal; NULL: it makes exportable keys */
    bool untruthful[CS_KEY_ATTR_COUNT]; /* answers that mean nothing */
    /* What reads back otherwise than asked, because the token decides; 0: as asked. */
    int rsa_answers[CS_KEY_ATTR_COUNT];
    int ec_answers[CS_KEY_ATTR_COUNT];
    bool hides_mechanism; /* no CKA_KEY_GEN_MECHANISM */
    struct truth truths[TRUTHS];
    const char *manufacturer;
    const char *model;
    const char *after_wrong_pin; /* words of the hint after one wrong PIN */
    bool gives_ids;              /* no key on it can be without a CKA_ID */
    bool ids_are_unique;         /* one key and one certificate of a CKA_ID, no second */
    bool shows_halves;           /* of a certificate alone, too, it shows a public key */
};

static const struct token_row all_tokens[] = {
    {.profile = "softhsm2",
     .generation = CS_GEN_SESSION_COPY,
     .manufacturer = "SoftHSM project",
     .model = "SoftHSM v2",
     .after_wrong_pin = "counts wrong PINs and may lock"},
    {.profile = "softhsm2",
     .lines = "generation = 'token'",
     .generation = CS_GEN_TOKEN,
     .manufacturer = "SoftHSM project",
     .model = "SoftHSM v2",
     .after_wrong_pin = "counts wrong PINs and may lock"},
    {.token = "softhsm2",
     .profile = "softhsm2",
     .generation = CS_GEN_SESSION_COPY,
     .manufacturer = "SoftHSM project",
     .model = "SoftHSM v2",
     .after_wrong_pin = "counts wrong PINs and may lock"},
    {.token = "p11kit-server",
     .profile = "softhsm2",
     .generation = CS_GEN_SESSION_COPY,
     .manufacturer = "SoftHSM project",
     .model = "SoftHSM v2",
     .after_wrong_pin = "counts wrong PINs and may lock"},
    {.token = "p11kit-remote",
     .profile = "softhsm2",
     .generation = CS_GEN_SESSION_COPY,
     .manufacturer = "SoftHSM project",
     .model = "SoftHSM v2",
     .after_wrong_pin = "counts wrong PINs and may lock"},
    {.token = "opencryptoki",
     .profile = "opencryptoki-soft",
     .generation = CS_GEN_TOKEN,
     .cannot = {[P256] = "it has no CKM_EC_KEY_PAIR_GEN",
                [P384] = "it has no CKM_EC_KEY_PAIR_GEN",
                [P521] = "it has no CKM_EC_KEY_PAIR_GEN"},
     .hides_mechanism = true,
     .manufacturer = "IBM Corp.",
     .model = "IBM SoftTok",
     .after_wrong_pin = "counts wrong PINs and may lock"},
    {.token = "tpm2",
     .profile = "tpm2-pkcs11",
     .generation = CS_GEN_TOKEN,
     .cannot = {[RSA_4096] = "for keys of 1024 to 3072 bits, not for 4096",
                [P521] = "makes no ECDH_P521 key of 521 bits (profile tpm2-pkcs11): "},
     .not_exportable = "makes no exportable keys (profile tpm2-pkcs11)",
     .ec_answers = {[CS_ATTR_DECRYPT] = CS_TRUE},
     .truths = {{"refuses CKA_DECRYPT=false", "refuses = {'CKA_ENCRYPT=false'}", P256, false,
                 "CKR_GENERAL_ERROR"},
                {"refuses CKA_ENCRYPT=false", "refuses = {'CKA_DECRYPT=false'}", RSA_2048, false,
                 "CKR_GENERAL_ERROR"},
                {"cannot ECDH_P521", "refuses = {'CKA_DECRYPT=false', 'CKA_ENCRYPT=false'}", P521,
                 false, "CKA_EC_POINT of 135 octets is no point of ECDH_P521"},
                {"exportable = no", "refuses = {'CKA_DECRYPT=false', 'CKA_ENCRYPT=false'}", P256,
                 true, "CKR_ATTRIBUTE_VALUE_INVALID"}},
     .manufacturer = "IBM",
     .model = "SW   TPM",
     .after_wrong_pin = "it was sent once and is not tried again"},
    {.token = "vcard",
     .profile = "opensc-isoapplet",
     .generation = CS_GEN_TOKEN,
     .cannot = {[RSA_1024] = "for keys of 2048 to 2048 bits, not for 1024",
                [RSA_3072] = "for keys of 2048 to 2048 bits, not for 3072",
                [RSA_4096] = "for keys of 2048 to 2048 bits, not for 4096",
                [P256] = "it has no CKM_ECDSA",
                [P384] = "it has no CKM_ECDSA",
                [P521] = "for keys of 192 to 384 bits, not for 521"},
     .not_exportable = "makes no exportable keys (profile opensc-isoapplet)",
     .untruthful = {[CS_ATTR_LOCAL] = true,
                    [CS_ATTR_SENSITIVE] = true,
                    [CS_ATTR_ALWAYS_SENSITIVE] = true,
                    [CS_ATTR_NEVER_EXTRACTABLE] = true},
     .rsa_answers = {[CS_ATTR_SIGN_RECOVER] = CS_TRUE,
                     [CS_ATTR_LOCAL] = CS_FALSE,
                     [CS_ATTR_SENSITIVE] = CS_FALSE,
                     [CS_ATTR_ALWAYS_SENSITIVE] = CS_FALSE,
                     [CS_ATTR_NEVER_EXTRACTABLE] = CS_FALSE},
     .hides_mechanism = true,
     .truths = {{"unreliable CKA_LOCAL",
                 "unreliable = {'CKA_SENSITIVE', 'CKA_ALWAYS_SENSITIVE', 'CKA_NEVER_EXTRACTABLE'}\n"
                 "refuses = {'CKA_SIGN_RECOVER=false'}",
                 RSA_2048, false, "CKA_LOCAL reads back as false where true"},
                {"unreliable CKA_SENSITIVE",
                 "unreliable = {'CKA_LOCAL', 'CKA_ALWAYS_SENSITIVE', 'CKA_NEVER_EXTRACTABLE'}\n"
                 "refuses = {'CKA_SIGN_RECOVER=false'}",
                 RSA_2048, false, "CKA_SENSITIVE reads back as false where true"},
                {"unreliable CKA_ALWAYS_SENSITIVE",
                 "unreliable = {'CKA_LOCAL', 'CKA_SENSITIVE', 'CKA_NEVER_EXTRACTABLE'}\n"
                 "refuses = {'CKA_SIGN_RECOVER=false'}",
                 RSA_2048, false, "CKA_ALWAYS_SENSITIVE reads back as false where true"},
                {"unreliable CKA_NEVER_EXTRACTABLE",
                 "unreliable = {'CKA_LOCAL', 'CKA_SENSITIVE', 'CKA_ALWAYS_SENSITIVE'}\n"
                 "refuses = {'CKA_SIGN_RECOVER=false'}",
                 RSA_2048, false, "CKA_NEVER_EXTRACTABLE reads back as false where true"},
                {"refuses CKA_SIGN_RECOVER=false",
                 "unreliable = {'CKA_LOCAL', 'CKA_SENSITIVE', 'CKA_ALWAYS_SENSITIVE', "
                 "'CKA_NEVER_EXTRACTABLE'}",
                 RSA_2048, false, "CKA_SIGN_RECOVER reads back as true where false"},
                {"exportable = ignored",
                 "unreliable = {'CKA_LOCAL', 'CKA_SENSITIVE', 'CKA_ALWAYS_SENSITIVE', "
                 "'CKA_NEVER_EXTRACTABLE'}\nrefuses = {'CKA_SIGN_RECOVER=false'}",
                 RSA_2048, true, "CKA_EXTRACTABLE reads back as false where true"}},
     .gives_ids = true,
     .ids_are_unique = true,
     .shows_halves = true,
     .manufacturer = "unknown",
     .model = "PKCS#15",
     .after_wrong_pin = "it was sent once and is not tried again"},
};

#endif

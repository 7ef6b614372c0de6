/* What the parts of test_keystore.c share: the token at hand, and its row in the matrix. */
#ifndef CS_TESTS_CONTRACT_KEYSTORE_BED_H
#define CS_TESTS_CONTRACT_KEYSTORE_BED_H

#include "model/keyattr.h"
#include "model/keyspec.h"
#include "port/keystore.h"
#include "support/check_run.h"
#include "support/tokenbed.h"

#include <stdbool.h>

enum { RSA_1024, RSA_2048, RSA_3072, RSA_4096, P256, P384, P521, KEY_COUNT };
struct key_kind {
    struct cs_key_spec spec;
    const char *name;
};
extern const struct key_kind kinds[KEY_COUNT];

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
    const char *wraps_with;      /* the mechanism that exports a key */
    const char *no_export;       /* words of the refusal to export an exportable key */
    const char *no_import[2];    /* words of the refusal to import a key; [1]: an exportable one */
    bool no_raw_rsa;             /* no CKM_RSA_X_509 */
    bool is_exclusive;           /* a second run waits until the first has ended */
    bool shows_halves;           /* of a certificate alone, too, it shows a public key */
};

extern struct cs_tokenbed bed;
extern struct cs_keystore *store; /* NULL, or open: teardown() closes it */
extern struct cs_err err;

/* The rows of the token at hand. */
extern const struct token_row *tokens;
extern size_t token_count;
bool find_rows(void);

void setup(void);
void teardown(void);
void open_row(const struct token_row *row);

/* What this token did, for docs/TOKENS.md. */
void say(const char *name, const char *format, ...) CS_PRINTF(2, 3);

/* The same of a kind of key: "WHAT RSA-2048". */
void fact(const char *what, int number, const char *value, const char *why);

/* The key that this token makes fastest. */
const struct cs_key_spec *quick(void);

/* A pair with a CKA_ID of octets @seed; make_kept() also keeps it. */
struct cs_key *make(const struct cs_key_spec *spec, uint8_t seed, bool exportable);
struct cs_key *make_kept(const struct cs_key_spec *spec, uint8_t seed);

void assert_signs(struct cs_key *key, enum cs_digest algorithm);

/* What another process counts on the token. */
void assert_objects(size_t private_keys, size_t public_keys, size_t certificates);

/* ---- the parts ---- */
void add_uses(TCase *tcase);
void add_wrap(TCase *tcase);
void add_objects(TCase *tcase);
TCase *make_several(void);

#endif

/* What the token in hand can really do, found by doing it with throw-away objects. */
#ifndef CS_PKCS11_PROBE_H
#define CS_PKCS11_PROBE_H

#include "base/err.h"
#include "base/strv.h"
#include "pkcs11/token.h"

#include <stddef.h>

/* X(enum word, what people read) */
#define CS_PROBE_RESULTS(X)                                                                        \
    X(YES, "yes")                                                                                  \
    X(NO, "no")                                                                                    \
    X(REFUSED, "refused") /* what a token may refuse */                                            \
    X(DENIED, "denied")   /* what it must refuse, and does */                                      \
    X(IGNORED, "ignored") /* the token said yes and did something else */                          \
    X(UNTRUE, "untrue")   /* what it says is not so */                                             \
    X(GIVEN, "GIVEN")     /* it did what it must refuse */                                         \
    X(VALUE, "is")        /* the detail is the answer */                                           \
    X(NOT_TRIED, "not tried")

enum cs_probe_result {
#define CS_PROBE_RESULT_ENUM(word, text) CS_PROBE_##word,
    CS_PROBE_RESULTS(CS_PROBE_RESULT_ENUM)
#undef CS_PROBE_RESULT_ENUM
        CS_PROBE_RESULT_COUNT
};
const char *cs_probe_result_name(enum cs_probe_result result);

/* Fine, or against PKCS #11, or against it so that a key is not safe or a signature not right. */
enum cs_probe_severity { CS_PROBE_FINE, CS_PROBE_CONTRADICTION, CS_PROBE_DANGER };
const char *cs_probe_severity_name(enum cs_probe_severity severity); /* "", "contradiction", ... */

struct cs_probe_finding {
    char *about; /* "token", "mechanisms", "ECDH_P256", "wrapping RSA-2048" */
    char *what;  /* "generate", "CKA_LOCAL reads back" */
    enum cs_probe_result result;
    enum cs_probe_severity severity;
    char *detail;        /* "" for none */
    char *cause;         /* "C_WrapKey: CKR_KEY_UNEXTRACTABLE (0x6a)"; NULL: none */
    double milliseconds; /* of one such act; below 0: not measured */
};

/* {0} is empty. */
struct cs_probe {
    const struct cs_token_info *token; /* the store's */
    struct cs_probe_finding *items;
    size_t count;
    size_t contradictions; /* dangers among them */
    size_t dangers;
    struct cs_strv left; /* objects of ours that could not be removed, each with its CKA_ID */
    char *draft;         /* a profile with what was found; NULL: it did not come to that */
};
void cs_probe_done(struct cs_probe *probe);

/* Called after each finding; @probe is what there is so far. */
typedef void (*cs_probe_fn)(void *ctx, const struct cs_probe *probe);

struct cs_probe_options {
    const struct cs_key_spec *specs; /* kinds of keys, in this order; NULL: all that cscert makes */
    size_t spec_count;
    cs_probe_fn each; /* may be NULL */
    void *ctx;
};

/* Tries everything on the open token @store and fills @probe, also when it ends early. Objects are
 * of the session where the token has such key pairs, else of the token under random CKA_IDs; all
 * are destroyed, what cannot be is in probe->left. No object of anybody else's is touched, no wrong
 * PIN sent. What a token refuses is a finding; CS_E_CANCELLED, and an error of a token that has
 * gone, end it. */
CS_MUST_CHECK cs_rc cs_probe_run(struct cs_keystore *store, const struct cs_probe_options *options,
                                 struct cs_probe *probe, struct cs_err *err);

/* What is written to standard output if the module crashes or never answers: @text stays the
 * caller's, and valid until the next call. */
void cs_probe_last_words(const char *text);

#endif

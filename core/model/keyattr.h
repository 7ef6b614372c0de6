/* The attributes of a private key as its token answered them. Names and meanings: PKCS#11 v2.40
 * sections 4.9 and 4.10. */
#ifndef CS_MODEL_KEYATTR_H
#define CS_MODEL_KEYATTR_H

#include <stdbool.h>
#include <stdint.h>

/* X(enum word, name) */
#define CS_KEY_ATTRS(X)                                                                            \
    X(TOKEN, "CKA_TOKEN")                                                                          \
    X(PRIVATE, "CKA_PRIVATE")                                                                      \
    X(LOCAL, "CKA_LOCAL")                                                                          \
    X(SENSITIVE, "CKA_SENSITIVE")                                                                  \
    X(ALWAYS_SENSITIVE, "CKA_ALWAYS_SENSITIVE")                                                    \
    X(EXTRACTABLE, "CKA_EXTRACTABLE")                                                              \
    X(NEVER_EXTRACTABLE, "CKA_NEVER_EXTRACTABLE")                                                  \
    X(SIGN, "CKA_SIGN")                                                                            \
    X(DECRYPT, "CKA_DECRYPT")                                                                      \
    X(UNWRAP, "CKA_UNWRAP")                                                                        \
    X(DERIVE, "CKA_DERIVE")                                                                        \
    X(SIGN_RECOVER, "CKA_SIGN_RECOVER")                                                            \
    X(MODIFIABLE, "CKA_MODIFIABLE")                                                                \
    X(ALWAYS_AUTHENTICATE, "CKA_ALWAYS_AUTHENTICATE")                                              \
    X(WRAP_WITH_TRUSTED, "CKA_WRAP_WITH_TRUSTED")

enum cs_key_attr {
#define CS_KEY_ATTR_ENUM(word, name) CS_ATTR_##word,
    CS_KEY_ATTRS(CS_KEY_ATTR_ENUM)
#undef CS_KEY_ATTR_ENUM
        CS_KEY_ATTR_COUNT
};

/* An attribute that the token does not answer is unknown, never false. */
enum cs_answer { CS_UNKNOWN, CS_FALSE, CS_TRUE };

struct cs_key_attrs {
    enum cs_answer answer[CS_KEY_ATTR_COUNT];
    bool unreliable[CS_KEY_ATTR_COUNT]; /* the token's profile says that this answer is not truthful
                                         */
    bool gen_mechanism_known;
    uint64_t gen_mechanism; /* CKA_KEY_GEN_MECHANISM */
};

/* "CKA_LOCAL" */
const char *cs_key_attr_name(enum cs_key_attr attr);

/* "true", "false" or "unknown" */
const char *cs_answer_text(enum cs_answer answer);

/* How the pair came to the token. */
enum cs_generation { CS_GEN_TOKEN, CS_GEN_SESSION_COPY, CS_GEN_COUNT };
const char *cs_generation_name(enum cs_generation generation); /* "token", "session-copy" */

#endif

/* Token profiles: what one make of token does differently. A text file each, in
 * hsm-config/profiles, built into the library. */
#ifndef CS_PKCS11_PROFILE_H
#define CS_PKCS11_PROFILE_H

#include "base/err.h"
#include "base/strv.h"
#include "model/keyattr.h"
#include "model/keyspec.h"

#include <stdbool.h>
#include <stddef.h>

/* What becomes of CKA_EXTRACTABLE=true. */
enum cs_exportable { CS_EXPORTABLE_YES, CS_EXPORTABLE_NO, CS_EXPORTABLE_IGNORED };

struct cs_profile {
    char *name;
    char *manufacturer; /* a pattern of fnmatch(3) on the token's manufacturer */
    char *model;        /* the same on its model; NULL: any */
    char *library;      /* the same on what its module says of itself; NULL: any */
    enum cs_generation generation;
    struct cs_strv refuses; /* parts of a template: "CKA_DECRYPT=false" */
    bool unreliable[CS_KEY_ATTR_COUNT];
    enum cs_exportable exportable;
    struct cs_strv cannot; /* keys that it does not make, or cannot use: "ECDH_P521: why" */
    bool is_exclusive;     /* one run at a time, from start to end */
    bool is_untried;       /* written from documentation alone */
    bool is_generic;       /* no profile fits the token */
};

/* A token as it shows itself (C_GetTokenInfo). What its module says (C_GetInfo) is asked for only
 * if a profile wants to know, by each that does; it stays @ctx's. */
struct cs_profile_token {
    const char *manufacturer;
    const char *model;
    const char *(*library)(void *ctx);
    void *ctx;
};

/* Reads a profile; @origin names the text in messages. CS_E_CONFIG with the line. */
CS_MUST_CHECK cs_rc cs_profile_parse(const char *text, const char *origin,
                                     struct cs_profile *ret_profile, struct cs_err *err);

/* The profile for a token: that of the file @path if there is one and it fits, else the first
 * built-in one that fits, else "generic". @path may be NULL. CS_E_CONFIG. */
CS_MUST_CHECK cs_rc cs_profile_find(const char *path, const struct cs_profile_token *token,
                                    struct cs_profile *ret_profile, struct cs_err *err);

bool cs_profile_fits(const struct cs_profile *profile, const struct cs_profile_token *token);

/* True if the token does not take @attribute ("CKA_DECRYPT") with that value. */
bool cs_profile_refuses(const struct cs_profile *profile, const char *attribute, bool value);

/* Why the token makes no such key, or none that can be used; NULL: nothing is known against it. */
const char *cs_profile_cannot(const struct cs_profile *profile, const struct cs_key_spec *spec);

void cs_profile_done(struct cs_profile *profile);

/* The built-in texts, generated from hsm-config/profiles at build time. */
struct cs_profile_text {
    const char *origin;
    const char *text;
};
extern const struct cs_profile_text cs_profile_texts[];
extern const size_t cs_profile_text_count;

#endif

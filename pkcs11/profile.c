#include "pkcs11/profile.h"

#include "base/file.h"
#include "base/mem.h"

#include <confuse.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROFILE_MAX 65536 /* octets of a file */
#define HINT        "softhsm2.profile explains what a profile can say"

/* What a template can go without (keygen.c). */
static const char *const optional[] = {"CKA_PRIVATE", "CKA_VERIFY",         "CKA_ENCRYPT",
                                       "CKA_WRAP",    "CKA_VERIFY_RECOVER", "CKA_DECRYPT",
                                       "CKA_UNWRAP",  "CKA_SIGN_RECOVER",   "CKA_DERIVE"};

static const char *const exportable_words[] = {
    [CS_EXPORTABLE_YES] = "yes", [CS_EXPORTABLE_NO] = "no", [CS_EXPORTABLE_IGNORED] = "ignored"};

/* libConfuse hands no context to its error function. */
static _Thread_local char parse_error[512];

CS_PRINTF(2, 0) static void keep_error(cfg_t *cfg, const char *format, va_list args)
{
    if (!parse_error[0]) {
        int len = snprintf(parse_error, sizeof parse_error, "line %d: ", cfg->line);
        vsnprintf(parse_error + len, sizeof parse_error - (size_t)len, format, args);
    }
}

static const char *last(cfg_opt_t *opt)
{
    return cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
}

static int check_generation(cfg_t *cfg, cfg_opt_t *opt)
{
    for (int i = 0; i < CS_GEN_COUNT; i++) {
        if (strcmp(last(opt), cs_generation_name((enum cs_generation)i)) == 0) {
            return 0;
        }
    }
    cfg_error(cfg, "generation is token or session-copy, not '%s'", last(opt));
    return -1;
}

static int find_exportable(const char *word)
{
    for (int i = CS_EXPORTABLE_YES; i <= CS_EXPORTABLE_IGNORED; i++) {
        if (strcmp(word, exportable_words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static int check_exportable(cfg_t *cfg, cfg_opt_t *opt)
{
    if (find_exportable(last(opt)) >= 0) {
        return 0;
    }
    cfg_error(cfg, "exportable is yes, no or ignored, not '%s'", last(opt));
    return -1;
}

static int check_refuses(cfg_t *cfg, cfg_opt_t *opt)
{
    const char *word = last(opt);
    size_t len = strcspn(word, "=");
    bool value_known =
        !word[len] || strcmp(word + len, "=true") == 0 || strcmp(word + len, "=false") == 0;

    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++) {
        if (value_known && strlen(optional[i]) == len && memcmp(optional[i], word, len) == 0) {
            return 0;
        }
    }
    cfg_error(cfg, "refuses holds optional attributes like 'CKA_DECRYPT=false', not '%s'", word);
    return -1;
}

/* "RSA-4096: why" or "ECDH_P521: why"; *ret_why points into @word. */
static bool read_cannot(const char *word, struct cs_key_spec *ret_spec, const char **ret_why)
{
    const char *colon = strstr(word, ": ");
    char alg[32] = "";
    unsigned long bits = 0;
    char *end = NULL;

    if (!colon || !colon[2] || colon - word >= (ptrdiff_t)sizeof alg) {
        return false;
    }
    memcpy(alg, word, (size_t)(colon - word));
    if (strncmp(alg, "RSA-", 4) == 0) {
        bits = strtoul(alg + 4, &end, 10);
        if (bits == 0 || bits > UINT16_MAX || *end) {
            return false;
        }
        alg[3] = 0;
    } else if (strcmp(alg, "RSA") == 0) {
        return false; /* of which size? */
    }
    *ret_why = colon + 2;
    return cs_key_spec_make(alg, (long)bits, ret_spec, NULL) == CS_OK;
}

static int check_cannot(cfg_t *cfg, cfg_opt_t *opt)
{
    struct cs_key_spec spec;
    const char *why;

    if (read_cannot(last(opt), &spec, &why)) {
        return 0;
    }
    cfg_error(cfg,
              "cannot holds keys and reasons like 'RSA-4096: why' or 'ECDH_P521: why', not '%s'",
              last(opt));
    return -1;
}

static int find_attr(const char *name)
{
    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        if (strcmp(name, cs_key_attr_name((enum cs_key_attr)i)) == 0) {
            return i;
        }
    }
    return -1;
}

static int check_unreliable(cfg_t *cfg, cfg_opt_t *opt)
{
    int attr = find_attr(last(opt));

    if (attr < 0) {
        cfg_error(cfg, "unreliable holds attributes of a private key, not '%s'", last(opt));
        return -1;
    }
    if (attr == CS_ATTR_EXTRACTABLE) {
        cfg_error(cfg, "CKA_EXTRACTABLE cannot be unreliable: say exportable = no or ignored");
        return -1;
    }
    return 0;
}

static char *take_string(cfg_t *cfg, const char *key)
{
    const char *text = cfg_getstr(cfg, key);

    return text && *text ? cs_strdup(text) : NULL;
}

static void take_values(cfg_t *cfg, struct cs_profile *profile)
{
    profile->name = take_string(cfg, "name");
    profile->manufacturer = take_string(cfg, "manufacturer");
    profile->model = take_string(cfg, "model");
    profile->library = take_string(cfg, "library");
    profile->is_exclusive = cfg_getbool(cfg, "exclusive");
    profile->is_untried = !cfg_getbool(cfg, "tried");
    profile->generation = strcmp(cfg_getstr(cfg, "generation"), "session-copy") == 0
                              ? CS_GEN_SESSION_COPY
                              : CS_GEN_TOKEN;
    profile->exportable = (enum cs_exportable)find_exportable(cfg_getstr(cfg, "exportable"));
    for (unsigned i = 0; i < cfg_size(cfg, "refuses"); i++) {
        cs_strv_add(&profile->refuses, cfg_getnstr(cfg, "refuses", i));
    }
    for (unsigned i = 0; i < cfg_size(cfg, "cannot"); i++) {
        cs_strv_add(&profile->cannot, cfg_getnstr(cfg, "cannot", i));
    }
    for (unsigned i = 0; i < cfg_size(cfg, "unreliable"); i++) {
        profile->unreliable[find_attr(cfg_getnstr(cfg, "unreliable", i))] = true;
    }
}

static cs_rc parse(cfg_t *cfg, const char *text, const char *origin, struct cs_profile *profile,
                   struct cs_err *err)
{
    parse_error[0] = 0;
    cfg_set_error_function(cfg, keep_error);
    cfg_set_validate_func(cfg, "generation", check_generation);
    cfg_set_validate_func(cfg, "exportable", check_exportable);
    cfg_set_validate_func(cfg, "refuses", check_refuses);
    cfg_set_validate_func(cfg, "unreliable", check_unreliable);
    cfg_set_validate_func(cfg, "cannot", check_cannot);
    if (cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
        return cs_fail_hint(err, CS_E_CONFIG, HINT, "the token profile %s cannot be used: %s",
                            origin, parse_error[0] ? parse_error : "it cannot be parsed");
    }
    take_values(cfg, profile);
    if (!profile->name || !profile->manufacturer) {
        return cs_fail_hint(err, CS_E_CONFIG, HINT, "the token profile %s has no %s", origin,
                            profile->name ? "manufacturer" : "name");
    }
    return CS_OK;
}

cs_rc cs_profile_parse(const char *text, const char *origin, struct cs_profile *ret_profile,
                       struct cs_err *err)
{
    /* needs and note are for who reads the file. */
    cfg_opt_t options[] = {CFG_STR("name", NULL, CFGF_NONE),
                           CFG_STR("manufacturer", NULL, CFGF_NONE),
                           CFG_STR("model", NULL, CFGF_NONE),
                           CFG_STR("library", NULL, CFGF_NONE),
                           CFG_STR("generation", "token", CFGF_NONE),
                           CFG_STR_LIST("refuses", NULL, CFGF_NONE),
                           CFG_STR_LIST("unreliable", NULL, CFGF_NONE),
                           CFG_STR("exportable", "yes", CFGF_NONE),
                           CFG_STR_LIST("cannot", NULL, CFGF_NONE),
                           CFG_BOOL("exclusive", cfg_false, CFGF_NONE),
                           CFG_STR("needs", NULL, CFGF_NONE),
                           CFG_STR("note", NULL, CFGF_NONE),
                           CFG_BOOL("tried", cfg_true, CFGF_NONE),
                           CFG_END()};
    cs_auto_value(cs_profile) profile = {0};
    cfg_t *cfg = cfg_init(options, CFGF_NONE);

    if (!cfg) {
        return cs_fail(err, CS_E_INTERNAL, "libConfuse has no memory for a profile");
    }
    cs_rc rc = parse(cfg, text, origin, &profile, err);
    cfg_free(cfg);
    if (rc == CS_OK) {
        *ret_profile = profile;
        profile = (struct cs_profile){0};
    }
    return rc;
}

static bool library_fits(const char *pattern, const struct cs_profile_token *token)
{
    const char *library = token->library ? token->library(token->ctx) : NULL;

    return library && fnmatch(pattern, library, 0) == 0;
}

bool cs_profile_fits(const struct cs_profile *profile, const struct cs_profile_token *token)
{
    return fnmatch(profile->manufacturer, token->manufacturer, 0) == 0 &&
           (!profile->model || fnmatch(profile->model, token->model, 0) == 0) &&
           (!profile->library || library_fits(profile->library, token));
}

/* Reads one and keeps it if it fits. */
static cs_rc try_text(const char *text, const char *origin, const struct cs_profile_token *token,
                      struct cs_profile *ret_profile, bool *ret_fits, struct cs_err *err)
{
    cs_auto_value(cs_profile) profile = {0};

    CS_TRY(cs_profile_parse(text, origin, &profile, err));
    *ret_fits = cs_profile_fits(&profile, token);
    if (*ret_fits) {
        *ret_profile = profile;
        profile = (struct cs_profile){0};
    }
    return CS_OK;
}

static cs_rc try_file(const char *path, const struct cs_profile_token *token,
                      struct cs_profile *ret_profile, bool *ret_fits, struct cs_err *err)
{
    cs_auto_value(cs_bytes) text = {0};

    if (cs_file_read_trusted(path, PROFILE_MAX, &text, err) != CS_OK) {
        /* The configuration names it, whatever is wrong with it. */
        if (err) {
            err->code = CS_E_CONFIG;
            cs_err_hint(err, "%s", HINT);
        }
        return CS_E_CONFIG;
    }
    return try_text((const char *)text.data, path, token, ret_profile, ret_fits, err);
}

cs_rc cs_profile_find(const char *path, const struct cs_profile_token *token,
                      struct cs_profile *ret_profile, struct cs_err *err)
{
    bool fits = false;

    if (path) {
        CS_TRY(try_file(path, token, ret_profile, &fits, err));
    }
    for (size_t i = 0; i < cs_profile_text_count && !fits; i++) {
        CS_TRY(try_text(cs_profile_texts[i].text, cs_profile_texts[i].origin, token, ret_profile,
                        &fits, err));
    }
    if (!fits) {
        *ret_profile = (struct cs_profile){
            .name = cs_strdup("generic"), .manufacturer = cs_strdup("*"), .is_generic = true};
    }
    return CS_OK;
}

bool cs_profile_refuses(const struct cs_profile *profile, const char *attribute, bool value)
{
    size_t len = strlen(attribute);

    for (size_t i = 0; i < profile->refuses.count; i++) {
        const char *word = profile->refuses.items[i];
        if (strncmp(word, attribute, len) == 0 &&
            (!word[len] || strcmp(word + len, value ? "=true" : "=false") == 0)) {
            return true;
        }
    }
    return false;
}

const char *cs_profile_cannot(const struct cs_profile *profile, const struct cs_key_spec *spec)
{
    for (size_t i = 0; i < profile->cannot.count; i++) {
        struct cs_key_spec one;
        const char *why;
        if (read_cannot(profile->cannot.items[i], &one, &why) && cs_key_spec_equal(&one, spec)) {
            return why;
        }
    }
    return NULL;
}

void cs_profile_done(struct cs_profile *profile)
{
    free(profile->name);
    free(profile->manufacturer);
    free(profile->model);
    free(profile->library);
    cs_strv_done(&profile->cannot);
    cs_strv_done(&profile->refuses);
    *profile = (struct cs_profile){0};
}

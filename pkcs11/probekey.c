/* One kind and size of key: made, read back, used, kept, thrown away. */
#include "pkcs11/probe_internal.h"

#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/ckr.h"
#include "pkcs11/object.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CK_MECHANISM_TYPE cs_probe_generator(const struct cs_key_spec *spec)
{
    return cs_key_is_rsa(spec) ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN;
}

/* ---- a pair ---- */

void cs_probe_request(struct cs_prober *prober, const struct cs_key_spec *spec, bool exportable,
                      struct cs_probe_pair *ret_pair)
{
    *ret_pair = (struct cs_probe_pair){.key = cs_token_key_new(), .rv = CKR_GENERAL_ERROR};
    ret_pair->request =
        (struct cs_key_request){.spec = *spec, .label = prober->label, .exportable = exportable};
    if (RAND_bytes(ret_pair->request.id, CS_KEY_ID_LEN) != 1) {
        abort(); /* libcrypto had random numbers a moment ago */
    }
    memcpy(ret_pair->key->base.id, ret_pair->request.id, CS_KEY_ID_LEN);
    ret_pair->key->base.spec = *spec;
}

/* With pair->asked. */
static void generate_pair(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    if (prober->plain.generation == CS_GEN_TOKEN) {
        cs_probe_may_stay(prober, pair->request.id);
    }
    double begun = cs_probe_now();
    pair->rv = cs_keygen_pair(prober->token, cs_probe_generator(&pair->request.spec), &pair->asked,
                              pair->key);
    pair->milliseconds = cs_probe_now() - begun;
    prober->gone |= cs_probe_is_gone(pair->rv);
}

/* What the profile says that was found until now. */
static struct cs_profile found_profile(const struct cs_prober *prober)
{
    struct cs_profile profile = prober->plain;

    profile.refuses = prober->facts.refuses;
    return profile;
}

void cs_probe_make_plain(struct cs_prober *prober, struct cs_probe_pair *pair,
                         CK_ATTRIBUTE_TYPE extra)
{
    struct cs_profile profile = found_profile(prober);

    cs_template_make(&profile, &pair->request, CS_STAGE_ALL, &pair->asked);
    if (extra != CS_PROBE_NO_EXTRA) {
        cs_template_add_true(&pair->asked, extra);
    }
    generate_pair(prober, pair);
}

void cs_probe_pair_done(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    cs_probe_destroy(prober, pair->key->private_key);
    cs_probe_destroy(prober, pair->key->public_key);
    cs_token_key_free(pair->key);
    pair->key = NULL;
}

/* ---- where pairs can be made ---- */

/* The pair is of the session, and says so. */
static bool is_of_session(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    return cs_probe_read_pair(prober, pair) &&
           pair->key->base.attrs.answer[CS_ATTR_TOKEN] == CS_FALSE;
}

/* One of the kinds that most tokens have, as little asked of it as possible. */
static bool try_session(struct cs_prober *prober, const struct cs_key_spec *spec, CK_RV *ret_rv)
{
    struct cs_probe_pair pair;

    cs_probe_request(prober, spec, false, &pair);
    cs_probe_may_stay(prober, pair.request.id); /* if it is one of the token all the same */
    cs_template_make(&prober->plain, &pair.request, CS_STAGE_MINIMAL, &pair.asked);
    generate_pair(prober, &pair);
    *ret_rv = pair.rv;
    bool of_session = pair.rv == CKR_OK && is_of_session(prober, &pair);
    cs_probe_pair_done(prober, &pair);
    return of_session;
}

void cs_probe_where(struct cs_prober *prober)
{
    static const struct cs_key_spec first[] = {{CS_KEY_EC_P256, 256}, {CS_KEY_RSA, 2048}};
    bool has = false;
    CK_RV rv = CKR_OK;

    cs_probe_about(prober, "objects");
    cs_probe_doing(prober, "a key pair in the session");
    prober->plain.generation = CS_GEN_SESSION_COPY;
    for (size_t i = 0; i < 2 && !has; i++) {
        has = try_session(prober, &first[i], &rv);
    }
    if (has) {
        cs_probe_add(prober, "key pairs in a session", CS_PROBE_YES, CS_PROBE_FINE,
                     "the check leaves the token as it is");
        return;
    }
    prober->plain.generation = CS_GEN_TOKEN;
    cs_probe_add_rv(prober, "key pairs in a session", rv == CKR_OK ? CS_PROBE_IGNORED : CS_PROBE_NO,
                    rv == CKR_OK ? CS_PROBE_CONTRADICTION : CS_PROBE_FINE, "C_GenerateKeyPair", rv,
                    "%sthe check makes its keys on the token and destroys them",
                    rv == CKR_OK ? "with CKA_TOKEN=false they are on the token all the same; "
                                 : "");
}

/* ---- generating ---- */

static bool try_mechanism(struct cs_prober *prober, const struct cs_key_spec *spec)
{
    struct cs_token *token = prober->token;
    CK_MECHANISM_INFO info = {0};
    CK_RV rv = cs_ck(token, C_GetMechanismInfo, token->slot, cs_probe_generator(spec), &info);
    bool in_range = info.ulMaxKeySize == 0 ||
                    (spec->bits >= info.ulMinKeySize && spec->bits <= info.ulMaxKeySize);

    if (rv != CKR_OK) {
        cs_probe_add_rv(prober, "listed", CS_PROBE_NO, CS_PROBE_FINE, "C_GetMechanismInfo", rv,
                        "no mechanism for such keys");
        return false;
    }
    if (!(info.flags & CKF_GENERATE_KEY_PAIR) || !in_range) {
        cs_probe_add(prober, "listed", CS_PROBE_NO, CS_PROBE_FINE, "keys of %lu to %lu bits",
                     info.ulMinKeySize, info.ulMaxKeySize);
        return false;
    }
    cs_probe_add(prober, "listed", CS_PROBE_YES, CS_PROBE_FINE, "keys of %lu to %lu bits",
                 info.ulMinKeySize, info.ulMaxKeySize);
    return true;
}

/* All words but those that the template is to have. */
static void all_words(const struct cs_key_spec *spec, struct cs_strv *ret_words)
{
    char words[48];
    bool of_private;

    for (size_t i = 0; cs_template_optional(spec, i, words, &of_private); i++) {
        cs_strv_add(ret_words, words);
    }
}

static void drop_word(struct cs_strv *list, const char *word)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], word) == 0) {
            free(list->items[i]);
            list->items[i] = list->items[--list->count];
            return;
        }
    }
}

/* Which of the optional attributes it is that the token does not take with a key: each on top of
 * those that it took before, because some refuse only what comes together. */
static void try_each_attribute(struct cs_prober *prober, const struct cs_key_spec *spec)
{
    cs_auto_value(cs_strv) refused = {0};
    char words[48];
    bool of_private;

    all_words(spec, &refused);
    for (size_t i = 0; cs_template_optional(spec, i, words, &of_private); i++) {
        struct cs_profile profile = prober->plain;
        struct cs_probe_pair pair;
        cs_probe_doing(prober, words);
        cs_probe_request(prober, spec, false, &pair);
        drop_word(&refused, words);
        profile.refuses = refused;
        cs_template_make(&profile, &pair.request, CS_STAGE_ALL, &pair.asked);
        if (!cs_probe_stopped(prober)) {
            generate_pair(prober, &pair);
        }
        if (pair.rv != CKR_OK) {
            cs_strv_add(&refused, words);
        }
        if (pair.rv != CKR_OK && !cs_probe_stopped(prober)) {
            cs_probe_add_rv(prober, words, CS_PROBE_REFUSED, CS_PROBE_FINE, "C_GenerateKeyPair",
                            pair.rv, "in the template of the %s half",
                            of_private ? "private" : "public");
            cs_probe_note(&prober->facts.refuses, words);
        }
        cs_probe_pair_done(prober, &pair);
    }
}

static void say_generated(struct cs_prober *prober, const struct cs_probe_pair *pair,
                          const char *detail)
{
    cs_probe_add(prober, "generate", CS_PROBE_YES, CS_PROBE_FINE, "%s", detail);
    cs_probe_time(prober, pair->milliseconds);
}

static void fail_generate(struct cs_prober *prober, const struct cs_key_spec *spec, bool listed,
                          CK_RV rv)
{
    char name[24];

    cs_probe_add_rv(prober, "generate", CS_PROBE_NO,
                    listed ? CS_PROBE_CONTRADICTION : CS_PROBE_FINE, "C_GenerateKeyPair", rv, "%s",
                    listed ? "its mechanism promises it" : "as its mechanisms say");
    if (listed) {
        cs_probe_spec_name(spec, name);
        cs_strv_take(&prober->facts.cannot,
                     cs_asprintf("%s: C_GenerateKeyPair says %s", name, cs_ckr_name(rv)));
    }
}

/* With all that cscert would ask for; if that is refused, with little, and then it is found out
 * what was too much. False: no such pair. */
static bool generate(struct cs_prober *prober, const struct cs_key_spec *spec, bool listed,
                     struct cs_probe_pair *ret_pair)
{
    cs_probe_doing(prober, "generate");
    cs_probe_request(prober, spec, false, ret_pair);
    cs_probe_make_plain(prober, ret_pair, CS_PROBE_NO_EXTRA);
    if (ret_pair->rv == CKR_OK) {
        say_generated(prober, ret_pair, "");
        return true;
    }
    CK_RV refusal = ret_pair->rv;
    cs_template_make(&prober->plain, &ret_pair->request, CS_STAGE_MINIMAL, &ret_pair->asked);
    generate_pair(prober, ret_pair);
    if (ret_pair->rv != CKR_OK) {
        fail_generate(prober, spec, listed, refusal);
        return false;
    }
    cs_probe_add_rv(prober, "the whole template", CS_PROBE_REFUSED, CS_PROBE_FINE,
                    "C_GenerateKeyPair", refusal, "tried one by one");
    cs_probe_pair_done(prober, ret_pair);
    try_each_attribute(prober, spec);
    cs_probe_request(prober, spec, false, ret_pair);
    cs_probe_make_plain(prober, ret_pair, CS_PROBE_NO_EXTRA);
    if (ret_pair->rv != CKR_OK) {
        fail_generate(prober, spec, listed, ret_pair->rv);
        return false;
    }
    say_generated(prober, ret_pair, "without what is refused");
    return true;
}

/* ---- exportable keys ---- */

static void say_exportable(struct cs_prober *prober, enum cs_exportable what,
                           const struct cs_probe_pair *pair)
{
    prober->facts.exportable[what]++;
    if (what == CS_EXPORTABLE_NO) {
        cs_probe_add_rv(prober, "CKA_EXTRACTABLE=true", CS_PROBE_REFUSED, CS_PROBE_FINE,
                        "C_GenerateKeyPair", pair->rv, "no exportable keys");
        return;
    }
    cs_probe_add(prober, "CKA_EXTRACTABLE=true",
                 what == CS_EXPORTABLE_YES ? CS_PROBE_YES : CS_PROBE_IGNORED,
                 what == CS_EXPORTABLE_YES ? CS_PROBE_FINE : CS_PROBE_CONTRADICTION, "%s",
                 what == CS_EXPORTABLE_YES ? "honoured" : "accepted, but reads back otherwise");
    cs_probe_time(prober, pair->milliseconds);
}

static void try_exportable(struct cs_prober *prober, const struct cs_key_spec *spec)
{
    struct cs_probe_pair pair;

    cs_probe_doing(prober, "CKA_EXTRACTABLE=true");
    cs_probe_request(prober, spec, true, &pair);
    cs_probe_make_plain(prober, &pair, CS_PROBE_NO_EXTRA);
    if (pair.rv != CKR_OK) {
        say_exportable(prober, CS_EXPORTABLE_NO, &pair);
    } else if (cs_probe_read_pair(prober, &pair)) {
        bool honoured = pair.key->base.attrs.answer[CS_ATTR_EXTRACTABLE] == CS_TRUE;
        bool same_id;
        say_exportable(prober, honoured ? CS_EXPORTABLE_YES : CS_EXPORTABLE_IGNORED, &pair);
        if (honoured && cs_key_read_public(prober->token, pair.key->public_key, pair.key, &same_id,
                                           NULL) == CS_OK) {
            cs_probe_reads(prober, &pair);
            cs_probe_wraps(prober, &pair);
        }
    }
    cs_probe_pair_done(prober, &pair);
}

/* ---- all of one kind ---- */

static void note_unusable(struct cs_prober *prober, const struct cs_key_spec *spec)
{
    char name[24];

    cs_probe_spec_name(spec, name);
    cs_strv_take(&prober->facts.cannot,
                 cs_asprintf("%s: the module makes the key, and it does not sign", name));
}

static void try_pair(struct cs_prober *prober, struct cs_probe_pair *pair, bool first)
{
    const struct cs_key_spec *spec = &pair->request.spec;

    if (!cs_probe_read_pair(prober, pair)) {
        return;
    }
    cs_probe_judge_attributes(prober, pair);
    bool usable = cs_probe_public(prober, pair);
    if (usable && !cs_probe_sign(prober, pair)) {
        note_unusable(prober, spec);
        usable = false;
    }
    if (prober->plain.generation == CS_GEN_SESSION_COPY) {
        cs_probe_copy(prober, pair);
    }
    cs_probe_reads(prober, pair);
    cs_probe_wrap_refused(prober, pair);
    cs_probe_stays(prober, pair);
    if (usable && first && !cs_probe_stopped(prober)) {
        cs_probe_always_authenticate(prober, spec);
    }
    prober->facts.made_any |= usable;
}

void cs_probe_key(struct cs_prober *prober, const struct cs_key_spec *spec)
{
    struct cs_probe_pair pair;
    char name[24];
    bool first = !prober->facts.made_any;

    cs_probe_spec_name(spec, name);
    cs_probe_about(prober, "%s", name);
    bool listed = try_mechanism(prober, spec);
    bool made = generate(prober, spec, listed, &pair);
    if (made) {
        try_pair(prober, &pair, first);
    }
    cs_probe_pair_done(prober, &pair);
    if (made && !cs_probe_stopped(prober)) {
        try_exportable(prober, spec);
    }
}

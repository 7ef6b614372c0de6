#include "pkcs11/attrs.h"
#include "pkcs11/ckr.h"
#include "pkcs11/key.h"
#include "pkcs11/object.h"
#include "pkcs11/session.h"
#include "pkcs11/template.h"
#include "pkcs11/undo.h"
#include "pkcs11/uri_internal.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mechanism {
    CK_MECHANISM_TYPE type;
    const char *name;
    CK_FLAGS flag;
};

/* To generate, to sign: the digest is made in software, so that these two are all that is needed.
 */
static const struct mechanism rsa_mechanisms[] = {
    {CKM_RSA_PKCS_KEY_PAIR_GEN, "CKM_RSA_PKCS_KEY_PAIR_GEN", CKF_GENERATE_KEY_PAIR},
    {CKM_RSA_PKCS, "CKM_RSA_PKCS", CKF_SIGN}};
static const struct mechanism ec_mechanisms[] = {
    {CKM_EC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN", CKF_GENERATE_KEY_PAIR},
    {CKM_ECDSA, "CKM_ECDSA", CKF_SIGN}};

static const struct mechanism *mechanisms_of(const struct cs_key_spec *spec)
{
    return cs_key_is_rsa(spec) ? rsa_mechanisms : ec_mechanisms;
}

static cs_rc check_mechanism(struct cs_token *token, const struct mechanism *mechanism,
                             const struct cs_key_spec *spec, struct cs_err *err)
{
    CK_MECHANISM_INFO info = {0};
    const char *label = token->info.label;
    CK_RV rv = cs_ck(token, C_GetMechanismInfo, token->slot, mechanism->type, &info);

    if (rv != CKR_OK) {
        return cs_fail_ckr(err, CS_E_TOKEN_REFUSED, "C_GetMechanismInfo", rv,
                           "the token \"%s\" cannot make an %s key and sign with it: it has no %s",
                           label, cs_key_alg_name(spec->alg), mechanism->name);
    }
    if (!(info.flags & mechanism->flag)) {
        return cs_fail_hint(err, CS_E_TOKEN_REFUSED, cs_ckr_hint(CKR_MECHANISM_INVALID),
                            "the token \"%s\" has %s, but not for %s", label, mechanism->name,
                            mechanism->flag == CKF_SIGN ? "signing" : "making keys");
    }
    /* 0 and 0: the token does not say. */
    if (info.ulMaxKeySize != 0 &&
        (spec->bits < info.ulMinKeySize || spec->bits > info.ulMaxKeySize)) {
        return cs_fail_hint(err, CS_E_TOKEN_REFUSED, cs_ckr_hint(CKR_KEY_SIZE_RANGE),
                            "the token \"%s\" has %s for keys of %lu to %lu bits, not for %u",
                            label, mechanism->name, info.ulMinKeySize, info.ulMaxKeySize,
                            spec->bits);
    }
    return CS_OK;
}

cs_rc cs_keygen_check(struct cs_token *token, const struct cs_key_spec *spec, bool exportable,
                      struct cs_err *err)
{
    const struct mechanism *mechanisms = mechanisms_of(spec);

    if (exportable && token->profile.exportable != CS_EXPORTABLE_YES) {
        return cs_fail_hint(err, CS_E_TOKEN_REFUSED,
                            "leave out -PrivateKeyExportable, or use another token",
                            "the token \"%s\" makes no exportable keys (profile %s)",
                            token->info.label, token->profile.name);
    }
    const char *why = cs_profile_cannot(&token->profile, spec);
    if (why) {
        return cs_fail_hint(err, CS_E_TOKEN_REFUSED, cs_ckr_hint(CKR_KEY_SIZE_RANGE),
                            "the token \"%s\" makes no %s key of %u bits (profile %s): %s",
                            token->info.label, cs_key_alg_name(spec->alg), spec->bits,
                            token->profile.name, why);
    }
    CS_TRY(check_mechanism(token, &mechanisms[0], spec, err));
    return check_mechanism(token, &mechanisms[1], spec, err);
}

CK_RV cs_keygen_pair(struct cs_token *token, CK_MECHANISM_TYPE type, struct cs_template *template,
                     struct cs_token_key *key)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
    sigset_t before;

    cs_session_hold_signals(&before);
    CK_RV rv =
        cs_ck_limited(token, CS_LIMIT_GENERATE, C_GenerateKeyPair, token->session, &mechanism,
                      template->public_half, template->public_count, template->private_half,
                      template->private_count, &public_key, &private_key);
    cs_session_let_signals(&before);
    if (rv == CKR_OK) {
        key->public_key = public_key;
        key->private_key = private_key;
    }
    return rv;
}

static void say_begin(struct cs_token *token, const struct cs_key_spec *spec)
{
    char what[64];

    if (!token->ui) {
        return;
    }
    if (cs_key_is_rsa(spec)) {
        snprintf(what, sizeof what, "generating an RSA-%u key", spec->bits);
    } else {
        snprintf(what, sizeof what, "generating an %s key", cs_key_alg_name(spec->alg));
    }
    token->ui->ops->begin(token->ui, what);
}

/* A token without a profile, or with one that nobody has tried, may refuse attributes that no other
 * token minds: one class of them after the other is left out. */
static CK_RV generate_stages(struct cs_token *token, const struct cs_key_request *request,
                             struct cs_template *template, struct cs_token_key *key)
{
    CK_MECHANISM_TYPE type = mechanisms_of(&request->spec)->type;
    bool is_known = !token->profile.is_generic && !token->profile.is_untried;
    enum cs_template_stage last = is_known ? CS_STAGE_ALL : CS_STAGE_MINIMAL;
    CK_RV rv = CKR_GENERAL_ERROR;

    for (enum cs_template_stage stage = CS_STAGE_ALL; stage <= last; stage++) {
        cs_template_make(&token->profile, request, stage, template);
        rv = cs_keygen_pair(token, type, template, key);
        if (!cs_template_is_refused(rv)) {
            if (rv == CKR_OK && stage != CS_STAGE_ALL && token->ui) {
                token->ui->ops->warn(token->ui,
                                     "the token took no usage attributes with the key: what they "
                                     "read back as is its own choice");
            }
            break;
        }
    }
    return rv;
}

static cs_rc fail_generate(struct cs_token *token, const struct cs_key_request *request, CK_RV rv,
                           struct cs_err *err)
{
    cs_err_set(err, cs_ckr_code(rv), "the token \"%s\" does not make an %s key of %u bits%s",
               token->info.label, cs_key_alg_name(request->spec.alg), request->spec.bits,
               request->exportable ? " that can be exported" : "");
    if (request->exportable && cs_template_is_refused(rv)) {
        cs_err_hint(err, "the token may not make exportable keys: leave out "
                         "-PrivateKeyExportable, or use another token");
    }
    cs_err_cause_ckr(err, "C_GenerateKeyPair", rv);
    return cs_ckr_code(rv);
}

static cs_rc fail_id(const struct cs_token *token, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_TOKEN_REFUSED, "use another token",
                        "the token \"%s\" made a key without the CKA_ID that was asked for",
                        token->info.label);
}

static cs_rc read_back(struct cs_token *token, const struct cs_template *template,
                       struct cs_token_key *key, struct cs_err *err)
{
    bool same_id;

    CS_TRY(cs_attrs_of_key(token, key->private_key, key->base.id, &key->base.attrs, &same_id, err));
    if (!same_id) {
        return fail_id(token, err);
    }
    CS_TRY(cs_template_judge(template->expected, &key->base.attrs, token->info.label, err));
    CS_TRY(cs_key_read_public(token, key->public_key, key, &same_id, err));
    return same_id ? CS_OK : fail_id(token, err);
}

cs_rc cs_keygen_run(struct cs_token *token, const struct cs_key_request *request,
                    struct cs_token_key **ret_key, struct cs_err *err)
{
    cs_auto(cs_token_key) key = cs_token_key_new();
    struct cs_template template;

    memcpy(key->base.id, request->id, CS_KEY_ID_LEN);
    key->base.label = cs_strdup(request->label);
    key->base.spec = request->spec;
    key->base.generation = token->profile.generation;
    key->in_session = token->profile.generation == CS_GEN_SESSION_COPY;

    /* What is made in the session is told from what is on the token without it. */
    if (!key->in_session && !request->id_is_fresh) {
        CS_TRY(cs_object_check_id_is_free(token, request->id, err));
    }
    key->id_was_free = request->id_is_fresh || !key->in_session;
    say_begin(token, &request->spec);
    CK_RV rv = generate_stages(token, request, &template, key);
    if (token->ui) {
        token->ui->ops->end(token->ui);
    }
    cs_rc rc = rv == CKR_OK ? read_back(token, &template, key, err)
                            : fail_generate(token, request, rv, err);
    if (rc != CS_OK) {
        cs_undo_pair(token, key, err);
        return rc;
    }
    key->base.uri = cs_uri_of_key(&token->ck_info, key->base.id, CS_KEY_ID_LEN);
    *ret_key = cs_steal(&key);
    return CS_OK;
}

#include "pkcs11/wrap.h"

#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/ckr.h"
#include "pkcs11/object.h"
#include "x509/pkcs8.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

/* The first two look at what they unwrap. */
const struct cs_wrap_mechanism cs_wrap_mechanisms[] = {
    {CKM_AES_KEY_WRAP_KWP, "CKM_AES_KEY_WRAP_KWP", false, {CS_AESWRAP_KWP, CS_AESWRAP_KW_PKCS7}, 2},
    {CKM_AES_KEY_WRAP_PAD, "CKM_AES_KEY_WRAP_PAD", false, {CS_AESWRAP_KWP, CS_AESWRAP_KW_PKCS7}, 2},
    {CKM_AES_CBC_PAD, "CKM_AES_CBC_PAD", true, {CS_AESWRAP_CBC_PKCS7}, 1},
};
const size_t cs_wrap_mechanism_count = sizeof cs_wrap_mechanisms / sizeof *cs_wrap_mechanisms;

CK_MECHANISM cs_wrap_with_iv(const struct cs_wrap_mechanism *mechanism,
                             const uint8_t iv[CS_AESWRAP_IV_LEN])
{
    CK_MECHANISM call = {.mechanism = mechanism->type};

    if (mechanism->has_iv) {
        call.pParameter = (void *)(uintptr_t)iv; /* CK_MECHANISM has no const */
        call.ulParameterLen = CS_AESWRAP_IV_LEN;
    }
    return call;
}

void cs_tries_add(struct cs_tries *tries, const char *mechanism, const struct cs_token *token,
                  CK_RV rv)
{
    size_t room = sizeof tries->text - tries->len;
    int len = snprintf(tries->text + tries->len, room, "%s%s on \"%s\": %s", tries->len ? "; " : "",
                       mechanism, token->info.label,
                       rv == CKR_OK ? "the answer is of no use" : cs_ckr_name(rv));

    if (len > 0) {
        tries->len += (size_t)len < room ? (size_t)len : room - 1;
    }
}

bool cs_wrap_is_final(CK_RV rv)
{
    cs_rc code = cs_ckr_code(rv);

    return rv == CKR_KEY_UNEXTRACTABLE || code == CS_E_TOKEN_ABSENT || code == CS_E_TOKEN_AUTH;
}

cs_rc cs_wrap_may_leave(struct cs_token *token, struct cs_token_key *key, struct cs_err *err)
{
    bool same_id = false;

    CS_TRY(cs_attrs_of_key(token, key->private_key, key->base.id, &key->base.attrs, &same_id, err));
    if (!same_id) {
        return cs_fail(err, CS_E_TOKEN_ABSENT, "the key is not on the token \"%s\" any more",
                       token->info.label);
    }
    if (key->base.attrs.answer[CS_ATTR_EXTRACTABLE] != CS_TRUE) {
        return cs_fail_hint(
            err, CS_E_POLICY, "request a new certificate with -PrivateKeyExportable $true",
            "the key on the token \"%s\" is not exportable: its CKA_EXTRACTABLE reads as %s",
            token->info.label, cs_answer_text(key->base.attrs.answer[CS_ATTR_EXTRACTABLE]));
    }
    return CS_OK;
}

CK_RV cs_wrap_call(struct cs_token *token, const struct cs_wrap_mechanism *mechanism,
                   const uint8_t iv[CS_AESWRAP_IV_LEN], CK_OBJECT_HANDLE with,
                   CK_OBJECT_HANDLE object, uint8_t *out, size_t *ret_len)
{
    CK_MECHANISM call = cs_wrap_with_iv(mechanism, iv);
    CK_ULONG len = CS_WRAPPED_MAX;

    CK_RV rv = cs_ck(token, C_WrapKey, token->session, &call, with, object, out, &len);
    if (rv == CKR_OK && len > CS_WRAPPED_MAX) {
        return CKR_GENERAL_ERROR;
    }
    *ret_len = len;
    return rv;
}

/* ---- the key that wraps ---- */

/* A cs_secret_fill_fn. */
static cs_rc fill_random(void *ctx, unsigned char *octets, size_t size, size_t *ret_len,
                         struct cs_err *err)
{
    (void)ctx;
    if (RAND_priv_bytes(octets, (int)size) != 1) {
        return cs_fail(err, CS_E_INTERNAL, "there are no random numbers");
    }
    *ret_len = size;
    return CS_OK;
}

/* A cs_secret_fn; @ctx is a struct cs_kek. */
static cs_rc create_kek(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct cs_kek *kek = ctx;
    struct cs_token *token = kek->token;
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE attributes[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, sizeof no},
        {CKA_WRAP, &yes, sizeof yes},
        {CKA_UNWRAP, &yes, sizeof yes},
        {CKA_VALUE, (void *)(uintptr_t)octets, len}, /* which Cryptoki does not write to */
        {CKA_SENSITIVE, &yes, sizeof yes},
        {CKA_EXTRACTABLE, &no, sizeof no},
    };
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    CK_RV rv = CKR_GENERAL_ERROR;

    /* The last two are left out for tokens that refuse them of a key whose value they are told. */
    for (CK_ULONG count = 8; count >= 6 && rv != CKR_OK; count -= 2) {
        rv = cs_ck(token, C_CreateObject, token->session, attributes, count, &object);
        if (cs_wrap_is_final(rv)) {
            break;
        }
    }
    if (rv != CKR_OK) {
        return cs_fail_ckr(err, cs_ckr_code(rv), "C_CreateObject", rv,
                           "the token \"%s\" takes no AES key to wrap with", token->info.label);
    }
    kek->object = object;
    return CS_OK;
}

cs_rc cs_kek_make(struct cs_token *token, struct cs_kek *ret_kek, struct cs_err *err)
{
    *ret_kek = (struct cs_kek){.token = token, .object = CK_INVALID_HANDLE};
    CS_TRY(cs_secret_make(CS_AESWRAP_KEY_LEN, fill_random, NULL, &ret_kek->octets, err));
    cs_rc rc = cs_secret_lend(ret_kek->octets, create_kek, ret_kek, err);
    if (rc != CS_OK) {
        cs_kek_done(ret_kek);
    }
    return rc;
}

void cs_kek_done(struct cs_kek *kek)
{
    cs_object_forget(kek->token, &kek->object);
    cs_secret_free(kek->octets);
    kek->octets = NULL;
}

/* ---- export ---- */

/* A wrapped key on its way into locked memory. */
struct opening {
    const struct cs_wrap_mechanism *mechanism;
    const struct cs_secret *kek;
    const uint8_t *iv;
    const uint8_t *wrapped;
    size_t wrapped_len;
    unsigned char *out;
    size_t out_len;
    enum cs_aeswrap way;
};

/* A cs_secret_fn for the key that wraps. */
static cs_rc open_with(void *ctx, const unsigned char *kek, size_t len, struct cs_err *err)
{
    struct opening *opening = ctx;
    const struct cs_wrap_mechanism *mechanism = opening->mechanism;

    (void)len;
    for (size_t i = 0; i < mechanism->way_count; i++) {
        opening->way = mechanism->ways[i];
        if (cs_aeswrap_open(opening->way, kek, opening->iv, opening->wrapped, opening->wrapped_len,
                            opening->out, &opening->out_len)) {
            return CS_OK;
        }
    }
    return cs_fail(err, CS_E_TOKEN_REFUSED, "this is no wrapped PKCS#8");
}

/* A cs_secret_fill_fn. */
static cs_rc fill_opened(void *ctx, unsigned char *octets, size_t size, size_t *ret_len,
                         struct cs_err *err)
{
    struct opening *opening = ctx;

    (void)size;
    opening->out = octets;
    CS_TRY(cs_secret_lend(opening->kek, open_with, opening, err));
    *ret_len = opening->out_len;
    return CS_OK;
}

cs_rc cs_wrap_open(const struct cs_kek *kek, const struct cs_wrap_mechanism *mechanism,
                   const uint8_t iv[CS_AESWRAP_IV_LEN], const uint8_t *wrapped, size_t len,
                   enum cs_aeswrap *ret_way, struct cs_secret **ret_pkcs8, struct cs_err *err)
{
    struct opening opening = {
        .mechanism = mechanism,
        .kek = kek->octets,
        .iv = iv,
        .wrapped = wrapped,
        .wrapped_len = len,
    };

    if (len > CS_SECRET_KEY_MAX) {
        return cs_fail(err, CS_E_TOKEN_REFUSED, "a wrapped key of %zu octets is none", len);
    }
    CS_TRY(cs_secret_make(len, fill_opened, &opening, ret_pkcs8, err));
    *ret_way = opening.way;
    return CS_OK;
}

static cs_rc fail_export(const struct cs_token *token, const struct cs_tries *tries,
                         struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_TOKEN_REFUSED,
                        "use the token's own tool, or a token that wraps private keys with AES",
                        "the token \"%s\" does not wrap the key in a way that cscert knows: %s",
                        token->info.label, tries->text);
}

/* A pair that is exported as another one would lock out who relies on it. */
static cs_rc check_exported(const struct cs_token *token, const struct cs_token_key *key,
                            const struct cs_secret *pkcs8, struct cs_err *err)
{
    if (cs_pkcs8_check(pkcs8, &key->base.spki, NULL) == CS_OK) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_TOKEN_REFUSED, "use another token",
                        "what the token \"%s\" wrapped is not the private half of the key",
                        token->info.label);
}

static cs_rc export_with(struct cs_token *token, const struct cs_token_key *key,
                         const struct cs_kek *kek, struct cs_secret **ret_pkcs8,
                         const char **ret_how, struct cs_err *err)
{
    uint8_t wrapped[CS_WRAPPED_MAX];
    uint8_t iv[CS_AESWRAP_IV_LEN];
    struct cs_tries tries = {0};

    if (RAND_bytes(iv, sizeof iv) != 1) {
        return cs_fail(err, CS_E_INTERNAL, "there are no random numbers");
    }
    for (size_t i = 0; i < cs_wrap_mechanism_count; i++) {
        const struct cs_wrap_mechanism *mechanism = &cs_wrap_mechanisms[i];
        enum cs_aeswrap way;
        size_t len = 0;
        CK_RV rv = cs_wrap_call(token, mechanism, iv, kek->object, key->private_key, wrapped, &len);
        if (cs_wrap_is_final(rv)) {
            return cs_fail_ckr(err, cs_ckr_code(rv), "C_WrapKey", rv,
                               "the token \"%s\" does not wrap the key", token->info.label);
        }
        if (rv == CKR_OK &&
            cs_wrap_open(kek, mechanism, iv, wrapped, len, &way, ret_pkcs8, NULL) == CS_OK) {
            *ret_how = mechanism->name;
            return CS_OK;
        }
        cs_tries_add(&tries, mechanism->name, token, rv);
    }
    return fail_export(token, &tries, err);
}

cs_rc cs_wrap_export(struct cs_token *token, struct cs_token_key *key, struct cs_secret **ret_pkcs8,
                     char **ret_how, struct cs_err *err)
{
    cs_auto(cs_secret) pkcs8 = NULL;
    const char *how = NULL;
    struct cs_kek kek;

    CS_TRY(cs_wrap_may_leave(token, key, err));
    CS_TRY(cs_kek_make(token, &kek, err));
    cs_rc rc = export_with(token, key, &kek, &pkcs8, &how, err);
    cs_kek_done(&kek);
    if (rc != CS_OK) {
        return rc;
    }
    CS_TRY(check_exported(token, key, pkcs8, err));
    *ret_pkcs8 = cs_steal(&pkcs8);
    *ret_how = cs_strdup(how);
    return CS_OK;
}

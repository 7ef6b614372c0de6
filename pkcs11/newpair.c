/* A private key that is unwrapped to a token becomes a pair that is what was asked for, or nothing
 * is left of it. */
#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/ckr.h"
#include "pkcs11/object.h"
#include "pkcs11/pair.h"
#include "pkcs11/session.h"
#include "pkcs11/template.h"
#include "pkcs11/undo.h"
#include "pkcs11/uri_internal.h"
#include "pkcs11/wrap.h"
#include "x509/spki.h"

#include <string.h>

/* Beside what a template has: class and kind, and two parts of a public key. */
#define ATTRIBUTES_MAX (CS_TEMPLATE_MAX + 4)

static CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY;
static CK_OBJECT_CLASS public_class = CKO_PUBLIC_KEY;
static CK_KEY_TYPE rsa_type = CKK_RSA;
static CK_KEY_TYPE ec_type = CKK_EC;

/* ---- the template ---- */

/* What generate() would ask for, of an object of the token. */
static void make_template(const struct cs_newpair *pair, enum cs_template_stage stage,
                          struct cs_template *ret_template)
{
    struct cs_profile profile = pair->token->profile;

    profile.generation = CS_GEN_TOKEN;
    cs_template_make(&profile, pair->request, stage, ret_template);
}

/* Class and kind, which C_GenerateKeyPair knows by itself; the value is their count. */
static CK_ULONG begin_attributes(const struct cs_newpair *pair, bool is_private,
                                 CK_ATTRIBUTE *attributes)
{
    bool rsa = cs_key_is_rsa(&pair->request->spec);

    attributes[0] = (CK_ATTRIBUTE){CKA_CLASS, is_private ? &private_class : &public_class,
                                   sizeof private_class};
    attributes[1] = (CK_ATTRIBUTE){CKA_KEY_TYPE, rsa ? &rsa_type : &ec_type, sizeof rsa_type};
    return 2;
}

/* A token does not say LOCAL, ALWAYS_SENSITIVE or NEVER_EXTRACTABLE of a key that comes from
 * elsewhere: PKCS#11 v2.40 section 5.12.3. */
static void expect(struct cs_newpair *pair, const struct cs_template *template)
{
    memcpy(pair->expected, template->expected, sizeof pair->expected);
    pair->expected[CS_ATTR_LOCAL] = CS_FALSE;
    pair->expected[CS_ATTR_ALWAYS_SENSITIVE] = CS_FALSE;
    pair->expected[CS_ATTR_NEVER_EXTRACTABLE] = CS_FALSE;
}

/* ---- the private half ---- */

cs_rc cs_newpair_begin(struct cs_newpair *pair, struct cs_token *token,
                       const struct cs_key_request *request, const struct cs_bytes *spki,
                       struct cs_err *err)
{
    *pair = (struct cs_newpair){.token = token, .request = request, .spki = spki};
    CS_TRY(cs_object_check_id_is_free(token, request->id, err));
    pair->key = cs_token_key_new();
    memcpy(pair->key->base.id, request->id, CS_KEY_ID_LEN);
    pair->key->base.label = cs_strdup(request->label);
    pair->key->base.spec = request->spec;
    pair->key->base.generation = CS_GEN_TOKEN;
    pair->key->id_was_free = true;
    return CS_OK;
}

void cs_newpair_done(struct cs_newpair *pair, struct cs_err *err)
{
    struct cs_token_key *key = pair->key;

    if (key && pair->tried) {
        /* By their handles, in case that they carry another CKA_ID; then all that carries this one,
         * which was new: a token may have made a key and have said that it failed. */
        cs_object_forget(pair->token, &key->private_key);
        cs_object_forget(pair->token, &key->public_key);
        cs_undo_pair(pair->token, key, err);
    }
    cs_token_key_free(key);
    pair->key = NULL;
}

/* @without leaves CKA_EXTRACTABLE out. */
static CK_RV unwrap(struct cs_newpair *pair, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE with,
                    uint8_t *wrapped, size_t len, enum cs_template_stage stage, bool without)
{
    struct cs_token *token = pair->token;
    struct cs_template template;
    CK_ATTRIBUTE attributes[ATTRIBUTES_MAX];
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    sigset_t before;

    make_template(pair, stage, &template);
    CK_ULONG count = begin_attributes(pair, true, attributes);
    for (CK_ULONG i = 0; i < template.private_count; i++) {
        if (!without || template.private_half[i].type != CKA_EXTRACTABLE) {
            attributes[count++] = template.private_half[i];
        }
    }
    pair->tried = true;
    cs_session_hold_signals(&before);
    CK_RV rv = cs_ck_limited(token, CS_LIMIT_GENERATE, C_UnwrapKey, token->session, mechanism, with,
                             wrapped, len, attributes, count, &object);
    cs_session_let_signals(&before);
    if (rv == CKR_OK) {
        pair->key->private_key = object;
        expect(pair, &template);
    }
    return rv;
}

CK_RV cs_newpair_unwrap(struct cs_newpair *pair, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE with,
                        uint8_t *wrapped, size_t len)
{
    CK_RV rv = CKR_TEMPLATE_INCONSISTENT;

    for (enum cs_template_stage stage = CS_STAGE_ALL;
         stage < CS_STAGE_COUNT && cs_template_is_refused(rv); stage++) {
        rv = unwrap(pair, mechanism, with, wrapped, len, stage, false);
    }
    if (cs_template_is_refused(rv) && pair->request->exportable) {
        /* openCryptoki makes it true by itself, and refuses to be told so. What reads back counts.
         */
        rv = unwrap(pair, mechanism, with, wrapped, len, CS_STAGE_ALL, true);
    }
    return rv;
}

/* ---- the public half ---- */

/* The numbers of a public key as Cryptoki wants them. */
struct numbers {
    struct cs_bytes modulus;
    struct cs_bytes exponent;
    struct cs_bytes point; /* DER */
};

static void numbers_done(struct numbers *numbers)
{
    cs_bytes_done(&numbers->modulus);
    cs_bytes_done(&numbers->exponent);
    cs_bytes_done(&numbers->point);
}

static cs_rc read_numbers(const struct cs_newpair *pair, struct numbers *ret_numbers,
                          struct cs_err *err)
{
    cs_auto_value(cs_bytes) public = {0};
    cs_auto_value(cs_bytes) exponent = {0};
    struct cs_key_spec spec;

    CS_TRY(cs_spki_public(pair->spki, &spec, &public, &exponent, err));
    if (!cs_key_spec_equal(&spec, &pair->request->spec)) {
        return cs_fail(err, CS_E_INTERNAL, "the public half is not of the kind that is asked for");
    }
    if (cs_key_is_rsa(&spec)) {
        ret_numbers->modulus = cs_bytes_steal(&public);
        ret_numbers->exponent = cs_bytes_steal(&exponent);
    } else {
        ret_numbers->point = cs_spki_point_der(&public);
    }
    return CS_OK;
}

static CK_ATTRIBUTE attribute_of(CK_ATTRIBUTE_TYPE type, const struct cs_bytes *value)
{
    return (CK_ATTRIBUTE){type, value->data, value->len};
}

/* The template's public half, with the key's numbers in the place of what makes new ones. */
static CK_ULONG public_attributes(const struct cs_newpair *pair, const struct cs_template *template,
                                  const struct numbers *numbers, CK_ATTRIBUTE *attributes)
{
    CK_ULONG count = begin_attributes(pair, false, attributes);

    for (CK_ULONG i = 0; i < template->public_count; i++) {
        CK_ATTRIBUTE_TYPE type = template->public_half[i].type;
        if (type != CKA_MODULUS_BITS && type != CKA_PUBLIC_EXPONENT) {
            attributes[count++] = template->public_half[i];
        }
    }
    if (cs_key_is_rsa(&pair->request->spec)) {
        attributes[count++] = attribute_of(CKA_MODULUS, &numbers->modulus);
        attributes[count++] = attribute_of(CKA_PUBLIC_EXPONENT, &numbers->exponent);
    } else {
        attributes[count++] = attribute_of(CKA_EC_POINT, &numbers->point);
    }
    return count;
}

static cs_rc create_public(struct cs_newpair *pair, const struct numbers *numbers,
                           struct cs_err *err)
{
    struct cs_token *token = pair->token;
    CK_RV rv = CKR_TEMPLATE_INCONSISTENT;

    for (enum cs_template_stage stage = CS_STAGE_ALL;
         stage < CS_STAGE_COUNT && cs_template_is_refused(rv); stage++) {
        struct cs_template template;
        CK_ATTRIBUTE attributes[ATTRIBUTES_MAX];
        CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;

        make_template(pair, stage, &template);
        CK_ULONG count = public_attributes(pair, &template, numbers, attributes);
        rv = cs_ck(token, C_CreateObject, token->session, attributes, count, &object);
        if (rv == CKR_OK) {
            pair->key->public_key = object;
        }
    }
    if (rv != CKR_OK) {
        return cs_fail_ckr(err, cs_ckr_code(rv), "C_CreateObject", rv,
                           "the token \"%s\" does not take the public half of the key",
                           token->info.label);
    }
    return CS_OK;
}

/* ---- both ---- */

static cs_rc fail_other(const struct cs_newpair *pair, const char *what, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_TOKEN_REFUSED, "use another token",
                        "the key that the token \"%s\" has unwrapped %s", pair->token->info.label,
                        what);
}

/* openCryptoki takes no notice of what the template says of these two when it unwraps a key. They
 * may be set later, but only so that the key is kept better (PKCS#11 v2.40 section 4.9). Whether
 * that has helped is read back. */
static void tighten(struct cs_newpair *pair)
{
    static const struct {
        enum cs_key_attr attr;
        CK_ATTRIBUTE_TYPE type;
        CK_BBOOL wanted;
    } rows[] = {{CS_ATTR_SENSITIVE, CKA_SENSITIVE, CK_TRUE},
                {CS_ATTR_EXTRACTABLE, CKA_EXTRACTABLE, CK_FALSE}};
    const struct cs_token_key *key = pair->key;
    struct cs_token *token = pair->token;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CK_BBOOL value = rows[i].wanted;
        CK_ATTRIBUTE attribute = {rows[i].type, &value, sizeof value};
        enum cs_answer expected = value ? CS_TRUE : CS_FALSE;
        if (pair->expected[rows[i].attr] == expected &&
            key->base.attrs.answer[rows[i].attr] != expected) {
            cs_ck(token, C_SetAttributeValue, token->session, key->private_key, &attribute, 1);
        }
    }
}

static cs_rc read_attributes(struct cs_newpair *pair, struct cs_err *err)
{
    struct cs_token_key *key = pair->key;
    bool same_id;

    CS_TRY(cs_attrs_of_key(pair->token, key->private_key, key->base.id, &key->base.attrs, &same_id,
                           err));
    return same_id ? CS_OK : fail_other(pair, "has another CKA_ID", err);
}

static cs_rc read_back(struct cs_newpair *pair, struct cs_err *err)
{
    struct cs_token *token = pair->token;
    struct cs_token_key *key = pair->key;
    CK_OBJECT_HANDLE handles[2];
    size_t count = 0;
    bool same_id;

    CS_TRY(read_attributes(pair, err));
    CS_TRY(cs_object_find_id(token, CKO_PRIVATE_KEY, key->base.id, CS_KEY_ID_LEN, handles, 2,
                             &count, err));
    if (count != 1) {
        return fail_other(pair, "is not there once", err);
    }
    CS_TRY(cs_template_judge(pair->expected, &key->base.attrs, token->info.label, err));
    CS_TRY(cs_key_read_public(token, key->public_key, key, &same_id, err));
    if (!same_id || !cs_bytes_equal(&key->base.spki, pair->spki)) {
        return fail_other(pair, "has another public half", err);
    }
    return CS_OK;
}

/* Only a signature shows that the private half is the one of the public half. */
static cs_rc try_signature(struct cs_newpair *pair, struct cs_err *err)
{
    bool fits = false;

    CS_TRY(cs_pair_fits(pair->token, &pair->key->base, pair->key->private_key, &fits, err));
    return fits ? CS_OK : fail_other(pair, "signs what does not verify", err);
}

cs_rc cs_newpair_finish(struct cs_newpair *pair, struct cs_token_key **ret_key, struct cs_err *err)
{
    cs_auto_value(numbers) numbers = {0};

    CS_TRY(read_numbers(pair, &numbers, err));
    CS_TRY(read_attributes(pair, err));
    tighten(pair); /* before anything else: until then others could read the key */
    CS_TRY(create_public(pair, &numbers, err));
    CS_TRY(read_back(pair, err));
    CS_TRY(try_signature(pair, err));
    pair->key->base.uri = cs_uri_of_key(&pair->token->ck_info, pair->key->base.id, CS_KEY_ID_LEN);
    *ret_key = cs_steal(&pair->key);
    return CS_OK;
}

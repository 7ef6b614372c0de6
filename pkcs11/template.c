#include "pkcs11/template.h"

#include "x509/spki.h"

#include <stdio.h>
#include <string.h>

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

/* 65537, big-endian. */
static CK_BYTE exponent[] = {1, 0, 1};

/* Optional attributes. Peers leave DECRYPT, UNWRAP and SIGN_RECOVER true by accident: each usage is
 * said, both ways. An RSA key also decrypts (TLS key transport), an EC key also derives (ECDH). */
static const struct optional {
    bool of_private;
    CK_ATTRIBUTE_TYPE type;
    const char *name;
    bool rsa;
    bool ec;
    enum cs_key_attr attr; /* CS_KEY_ATTR_COUNT: of a public key */
    bool is_usage;
} optionals[] = {
    {false, CKA_PRIVATE, "CKA_PRIVATE", false, false, CS_KEY_ATTR_COUNT, false},
    {false, CKA_VERIFY, "CKA_VERIFY", true, true, CS_KEY_ATTR_COUNT, false},
    {false, CKA_ENCRYPT, "CKA_ENCRYPT", false, false, CS_KEY_ATTR_COUNT, true},
    {false, CKA_WRAP, "CKA_WRAP", false, false, CS_KEY_ATTR_COUNT, true},
    {false, CKA_VERIFY_RECOVER, "CKA_VERIFY_RECOVER", false, false, CS_KEY_ATTR_COUNT, true},
    {false, CKA_DERIVE, "CKA_DERIVE", false, false, CS_KEY_ATTR_COUNT, true},
    {true, CKA_DECRYPT, "CKA_DECRYPT", true, false, CS_ATTR_DECRYPT, true},
    {true, CKA_UNWRAP, "CKA_UNWRAP", false, false, CS_ATTR_UNWRAP, true},
    {true, CKA_SIGN_RECOVER, "CKA_SIGN_RECOVER", false, false, CS_ATTR_SIGN_RECOVER, true},
    {true, CKA_DERIVE, "CKA_DERIVE", false, true, CS_ATTR_DERIVE, true},
};

static bool is_left_out(const struct optional *optional, bool value, enum cs_template_stage stage)
{
    if (!optional->is_usage) {
        return stage >= CS_STAGE_MINIMAL;
    }
    return stage >= (value ? CS_STAGE_NO_USAGE : CS_STAGE_NO_FALSE);
}

static void add(struct cs_template *template, bool to_private, CK_ATTRIBUTE_TYPE type, void *value,
                CK_ULONG len)
{
    CK_ATTRIBUTE *half = to_private ? template->private_half : template->public_half;
    CK_ULONG *count = to_private ? &template->private_count : &template->public_count;

    half[(*count)++] = (CK_ATTRIBUTE){type, value, len};
}

static void add_flag(struct cs_template *template, bool to_private, CK_ATTRIBUTE_TYPE type,
                     bool value)
{
    add(template, to_private, type, value ? &yes : &no, sizeof yes);
}

static enum cs_answer answer(bool value)
{
    return value ? CS_TRUE : CS_FALSE;
}

static void add_optionals(struct cs_template *template, const struct cs_profile *profile, bool rsa,
                          enum cs_template_stage stage)
{
    for (size_t i = 0; i < sizeof optionals / sizeof *optionals; i++) {
        const struct optional *optional = &optionals[i];
        bool value = rsa ? optional->rsa : optional->ec;

        if (is_left_out(optional, value, stage) ||
            cs_profile_refuses(profile, optional->name, value)) {
            continue;
        }
        add_flag(template, optional->of_private, optional->type, value);
        if (optional->attr != CS_KEY_ATTR_COUNT) {
            template->expected[optional->attr] = answer(value);
        }
    }
}

static void add_kind(struct cs_template *template, const struct cs_key_spec *spec)
{
    if (cs_key_is_rsa(spec)) {
        template->bits = spec->bits;
        add(template, false, CKA_MODULUS_BITS, &template->bits, sizeof template->bits);
        add(template, false, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent);
        return;
    }
    size_t len;
    const uint8_t *oid = cs_curve_oid(spec, &len);
    memcpy(template->curve, oid, len);
    add(template, false, CKA_EC_PARAMS, template->curve, len);
}

static void expect_protection(enum cs_answer *expected, bool token_object, bool exportable)
{
    expected[CS_ATTR_TOKEN] = answer(token_object);
    expected[CS_ATTR_PRIVATE] = CS_TRUE;
    expected[CS_ATTR_LOCAL] = CS_TRUE;
    expected[CS_ATTR_SENSITIVE] = CS_TRUE;
    expected[CS_ATTR_ALWAYS_SENSITIVE] = CS_TRUE;
    expected[CS_ATTR_EXTRACTABLE] = answer(exportable);
    expected[CS_ATTR_NEVER_EXTRACTABLE] = answer(!exportable);
    expected[CS_ATTR_SIGN] = CS_TRUE;
}

void cs_template_make(const struct cs_profile *profile, const struct cs_key_request *request,
                      enum cs_template_stage stage, struct cs_template *ret_template)
{
    bool token_object = profile->generation == CS_GEN_TOKEN;
    size_t label_len = strlen(request->label);

    *ret_template = (struct cs_template){0};
    memcpy(ret_template->id, request->id, CS_KEY_ID_LEN);
    for (int half = 0; half < 2; half++) {
        add_flag(ret_template, half, CKA_TOKEN, token_object);
        add(ret_template, half, CKA_ID, ret_template->id, CS_KEY_ID_LEN);
        /* A template's values are not written to. */
        add(ret_template, half, CKA_LABEL, (void *)(uintptr_t)request->label, label_len);
    }
    add_kind(ret_template, &request->spec);
    add_flag(ret_template, true, CKA_PRIVATE, true);
    add_flag(ret_template, true, CKA_SENSITIVE, true);
    add_flag(ret_template, true, CKA_EXTRACTABLE, request->exportable);
    add_flag(ret_template, true, CKA_SIGN, true);
    expect_protection(ret_template->expected, token_object, request->exportable);
    add_optionals(ret_template, profile, cs_key_is_rsa(&request->spec), stage);
}

bool cs_template_optional(const struct cs_key_spec *spec, size_t number, char ret_words[48],
                          bool *ret_of_private)
{
    if (number >= sizeof optionals / sizeof *optionals) {
        return false;
    }
    const struct optional *optional = &optionals[number];
    bool value = cs_key_is_rsa(spec) ? optional->rsa : optional->ec;

    snprintf(ret_words, 48, "%s=%s", optional->name, value ? "true" : "false");
    *ret_of_private = optional->of_private;
    return true;
}

void cs_template_add_true(struct cs_template *pair, CK_ATTRIBUTE_TYPE type)
{
    add_flag(pair, true, type, true);
}

bool cs_template_is_refused(CK_RV rv)
{
    return rv == CKR_TEMPLATE_INCONSISTENT || rv == CKR_TEMPLATE_INCOMPLETE ||
           rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID ||
           rv == CKR_ATTRIBUTE_READ_ONLY;
}

static cs_rc fail_attr(enum cs_key_attr attr, enum cs_answer expected, enum cs_answer found,
                       const char *token_label, struct cs_err *err)
{
    return cs_fail_hint(
        err, CS_E_TOKEN_REFUSED,
        "use another token; if this answer is known to be untrue for this make of token, a profile "
        "can say so (softhsm2.profile shows how)",
        "the token \"%s\" made a key whose %s reads back as %s where %s was asked for", token_label,
        cs_key_attr_name(attr), cs_answer_text(found), cs_answer_text(expected));
}

cs_rc cs_template_judge(const enum cs_answer expected[CS_KEY_ATTR_COUNT],
                        const struct cs_key_attrs *attrs, const char *token_label,
                        struct cs_err *err)
{
    if (attrs->answer[CS_ATTR_EXTRACTABLE] != expected[CS_ATTR_EXTRACTABLE]) {
        return fail_attr(CS_ATTR_EXTRACTABLE, expected[CS_ATTR_EXTRACTABLE],
                         attrs->answer[CS_ATTR_EXTRACTABLE], token_label, err);
    }
    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        if (expected[i] == CS_UNKNOWN || attrs->answer[i] == CS_UNKNOWN || attrs->unreliable[i]) {
            continue;
        }
        if (attrs->answer[i] != expected[i]) {
            return fail_attr((enum cs_key_attr)i, expected[i], attrs->answer[i], token_label, err);
        }
    }
    return CS_OK;
}

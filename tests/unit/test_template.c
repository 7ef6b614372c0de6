#include "pkcs11/template.h"

#include "base/mem.h"
#include "support/check_run.h"

#include <string.h>

static const struct cs_key_spec rsa = {CS_KEY_RSA, 3072};
static const struct cs_key_spec ec = {CS_KEY_EC_P384, 384};
static struct cs_profile profile;

static struct cs_key_request request_of(const struct cs_key_spec *spec, bool exportable)
{
    struct cs_key_request request = {.spec = *spec, .label = "a label", .exportable = exportable};

    memset(request.id, 0x5a, sizeof request.id);
    return request;
}

static const CK_ATTRIBUTE *find(const CK_ATTRIBUTE *half, CK_ULONG count, CK_ATTRIBUTE_TYPE type)
{
    const CK_ATTRIBUTE *found = NULL;

    for (CK_ULONG i = 0; i < count; i++) {
        if (half[i].type == type) {
            ck_assert_msg(!found, "attribute %lx stands twice", type);
            found = &half[i];
        }
    }
    return found;
}

/* What a row expects of a flag. */
enum { NO = CK_FALSE, YES = CK_TRUE, ABSENT };

static void assert_flag(const CK_ATTRIBUTE *half, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
                        int expected)
{
    const CK_ATTRIBUTE *found = find(half, count, type);

    if (expected == ABSENT) {
        ck_assert_msg(!found, "attribute %lx is there", type);
        return;
    }
    ck_assert_msg(found != NULL, "attribute %lx is missing", type);
    ck_assert_uint_eq(found->ulValueLen, 1);
    ck_assert_int_eq(*(const CK_BBOOL *)found->pValue, expected);
}

/* The two halves at the four stages, for RSA and EC: DECRYPT belongs to RSA, DERIVE to EC; what is
 * false goes first, then what is true. */
static const struct {
    bool of_private;
    CK_ATTRIBUTE_TYPE type;
    int rsa[CS_STAGE_COUNT];
    int ec[CS_STAGE_COUNT];
} flags[] = {
    {true, CKA_TOKEN, {YES, YES, YES, YES}, {YES, YES, YES, YES}},
    {true, CKA_PRIVATE, {YES, YES, YES, YES}, {YES, YES, YES, YES}},
    {true, CKA_SENSITIVE, {YES, YES, YES, YES}, {YES, YES, YES, YES}},
    {true, CKA_EXTRACTABLE, {NO, NO, NO, NO}, {NO, NO, NO, NO}},
    {true, CKA_SIGN, {YES, YES, YES, YES}, {YES, YES, YES, YES}},
    {true, CKA_DECRYPT, {YES, YES, ABSENT, ABSENT}, {NO, ABSENT, ABSENT, ABSENT}},
    {true, CKA_DERIVE, {NO, ABSENT, ABSENT, ABSENT}, {YES, YES, ABSENT, ABSENT}},
    {true, CKA_UNWRAP, {NO, ABSENT, ABSENT, ABSENT}, {NO, ABSENT, ABSENT, ABSENT}},
    {true, CKA_SIGN_RECOVER, {NO, ABSENT, ABSENT, ABSENT}, {NO, ABSENT, ABSENT, ABSENT}},
    {false, CKA_TOKEN, {YES, YES, YES, YES}, {YES, YES, YES, YES}},
    {false, CKA_PRIVATE, {NO, NO, NO, ABSENT}, {NO, NO, NO, ABSENT}},
    {false, CKA_VERIFY, {YES, YES, YES, ABSENT}, {YES, YES, YES, ABSENT}},
    {false, CKA_ENCRYPT, {NO, ABSENT, ABSENT, ABSENT}, {NO, ABSENT, ABSENT, ABSENT}},
    {false, CKA_WRAP, {NO, ABSENT, ABSENT, ABSENT}, {NO, ABSENT, ABSENT, ABSENT}},
    {false, CKA_VERIFY_RECOVER, {NO, ABSENT, ABSENT, ABSENT}, {NO, ABSENT, ABSENT, ABSENT}},
    {false, CKA_DERIVE, {NO, ABSENT, ABSENT, ABSENT}, {NO, ABSENT, ABSENT, ABSENT}},
};

START_TEST(says_every_usage)
{
    for (int kind = 0; kind < 2; kind++) {
        struct cs_key_request request = request_of(kind ? &ec : &rsa, false);
        for (int stage = 0; stage < CS_STAGE_COUNT; stage++) {
            struct cs_template template;
            cs_template_make(&profile, &request, (enum cs_template_stage)stage, &template);
            assert_flag(flags[_i].of_private ? template.private_half : template.public_half,
                        flags[_i].of_private ? template.private_count : template.public_count,
                        flags[_i].type, kind ? flags[_i].ec[stage] : flags[_i].rsa[stage]);
        }
    }
}
END_TEST

START_TEST(holds_what_the_key_is)
{
    /* DER of secp384r1, 1.3.132.0.34 (RFC 5480 section 2.1.1.1) */
    static const uint8_t p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
    struct cs_key_request request = request_of(&rsa, true);
    struct cs_template template;

    cs_template_make(&profile, &request, CS_STAGE_ALL, &template);
    const CK_ATTRIBUTE *bits = find(template.public_half, template.public_count, CKA_MODULUS_BITS);
    const CK_ATTRIBUTE *exponent =
        find(template.public_half, template.public_count, CKA_PUBLIC_EXPONENT);
    ck_assert_uint_eq(*(const CK_ULONG *)bits->pValue, 3072);
    ck_assert_uint_eq(exponent->ulValueLen, 3);
    ck_assert_mem_eq(exponent->pValue, "\x01\x00\x01", 3);
    ck_assert_ptr_null(find(template.public_half, template.public_count, CKA_EC_PARAMS));
    assert_flag(template.private_half, template.private_count, CKA_EXTRACTABLE, YES);

    for (int half = 0; half < 2; half++) {
        const CK_ATTRIBUTE *of = half ? template.private_half : template.public_half;
        CK_ULONG count = half ? template.private_count : template.public_count;
        ck_assert_mem_eq(find(of, count, CKA_ID)->pValue, request.id, CS_KEY_ID_LEN);
        ck_assert_uint_eq(find(of, count, CKA_ID)->ulValueLen, CS_KEY_ID_LEN);
        ck_assert_uint_eq(find(of, count, CKA_LABEL)->ulValueLen, strlen("a label"));
        ck_assert_mem_eq(find(of, count, CKA_LABEL)->pValue, "a label", strlen("a label"));
    }

    request = request_of(&ec, false);
    cs_template_make(&profile, &request, CS_STAGE_MINIMAL, &template);
    const CK_ATTRIBUTE *params = find(template.public_half, template.public_count, CKA_EC_PARAMS);
    ck_assert_uint_eq(params->ulValueLen, sizeof p384);
    ck_assert_mem_eq(params->pValue, p384, sizeof p384);
    ck_assert_ptr_null(find(template.public_half, template.public_count, CKA_MODULUS_BITS));
}
END_TEST

START_TEST(leaves_out_what_the_profile_says)
{
    cs_auto_value(cs_profile) tpm = {0};
    struct cs_key_request request = request_of(&ec, false);
    struct cs_template template;

    cs_strv_add(&tpm.refuses, "CKA_DECRYPT=false");
    cs_strv_add(&tpm.refuses, "CKA_ENCRYPT");
    cs_template_make(&tpm, &request, CS_STAGE_ALL, &template);
    assert_flag(template.private_half, template.private_count, CKA_DECRYPT, ABSENT);
    assert_flag(template.public_half, template.public_count, CKA_ENCRYPT, ABSENT);
    assert_flag(template.private_half, template.private_count, CKA_UNWRAP, NO);
    /* what was not said cannot be demanded */
    ck_assert_int_eq(template.expected[CS_ATTR_DECRYPT], CS_UNKNOWN);
    ck_assert_int_eq(template.expected[CS_ATTR_UNWRAP], CS_FALSE);

    request = request_of(&rsa, false);
    cs_template_make(&tpm, &request, CS_STAGE_ALL, &template);
    assert_flag(template.private_half, template.private_count, CKA_DECRYPT, YES);
}
END_TEST

START_TEST(makes_session_objects_for_session_copy)
{
    struct cs_profile copying = {.generation = CS_GEN_SESSION_COPY};
    struct cs_key_request request = request_of(&ec, false);
    struct cs_template template;

    cs_template_make(&copying, &request, CS_STAGE_ALL, &template);
    assert_flag(template.private_half, template.private_count, CKA_TOKEN, NO);
    assert_flag(template.public_half, template.public_count, CKA_TOKEN, NO);
    assert_flag(template.private_half, template.private_count, CKA_SENSITIVE, YES);
    ck_assert_int_eq(template.expected[CS_ATTR_TOKEN], CS_FALSE);
}
END_TEST

/* ---- judging ---- */

/* One answer other than a good key's, and whether it may pass. */
static const struct {
    bool exportable;
    enum cs_key_attr attr;
    enum cs_answer answer;
    bool unreliable;
    bool passes;
} judged[] = {
    {false, CS_ATTR_SIGN, CS_TRUE, false, true}, /* as asked */
    {false, CS_ATTR_EXTRACTABLE, CS_TRUE, false, false},
    {false, CS_ATTR_EXTRACTABLE, CS_UNKNOWN, false, false},
    {true, CS_ATTR_EXTRACTABLE, CS_FALSE, false, false},
    {true, CS_ATTR_EXTRACTABLE, CS_UNKNOWN, false, false},
    {false, CS_ATTR_EXTRACTABLE, CS_TRUE, true, false}, /* no profile can excuse this one */
    {false, CS_ATTR_SENSITIVE, CS_FALSE, false, false},
    {false, CS_ATTR_SENSITIVE, CS_FALSE, true, true},
    {false, CS_ATTR_SENSITIVE, CS_UNKNOWN, false, true},
    {false, CS_ATTR_ALWAYS_SENSITIVE, CS_FALSE, false, false},
    {false, CS_ATTR_NEVER_EXTRACTABLE, CS_FALSE, false, false},
    {false, CS_ATTR_LOCAL, CS_FALSE, false, false},
    {false, CS_ATTR_LOCAL, CS_UNKNOWN, false, true},
    {false, CS_ATTR_PRIVATE, CS_FALSE, false, false},
    {false, CS_ATTR_TOKEN, CS_FALSE, false, false},
    {false, CS_ATTR_SIGN, CS_FALSE, false, false},
    {false, CS_ATTR_DECRYPT, CS_TRUE, false, false},
    {false, CS_ATTR_DERIVE, CS_FALSE, false, false},
    {false, CS_ATTR_UNWRAP, CS_TRUE, false, false},
    {false, CS_ATTR_SIGN_RECOVER, CS_TRUE, false, false},
    {false, CS_ATTR_MODIFIABLE, CS_FALSE, false, true}, /* nothing was asked */
    {false, CS_ATTR_MODIFIABLE, CS_TRUE, false, true},
    {false, CS_ATTR_ALWAYS_AUTHENTICATE, CS_TRUE, false, true},
};

START_TEST(judges)
{
    struct cs_key_request request = request_of(&ec, judged[_i].exportable);
    struct cs_key_attrs attrs = {0};
    struct cs_template template;
    struct cs_err err = {0};

    cs_template_make(&profile, &request, CS_STAGE_ALL, &template);
    memcpy(attrs.answer, template.expected, sizeof attrs.answer);
    attrs.answer[judged[_i].attr] = judged[_i].answer;
    attrs.unreliable[judged[_i].attr] = judged[_i].unreliable;
    if (judged[_i].passes) {
        assert_ok(cs_template_judge(template.expected, &attrs, "edge", &err), &err);
        return;
    }
    assert_fails(cs_template_judge(template.expected, &attrs, "edge", &err), CS_E_TOKEN_REFUSED,
                 &err);
    assert_contains(err.message, cs_key_attr_name(judged[_i].attr));
    assert_contains(err.message, cs_answer_text(judged[_i].answer));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("template");
    TCase *tcase = tcase_create("template");

    add_rows(tcase, says_every_usage, flags);
    tcase_add_test(tcase, holds_what_the_key_is);
    tcase_add_test(tcase, leaves_out_what_the_profile_says);
    tcase_add_test(tcase, makes_session_objects_for_session_copy);
    add_rows(tcase, judges, judged);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

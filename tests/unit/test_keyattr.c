#include "model/keyattr.h"
#include "support/check_run.h"

/* PKCS#11 v2.40 base specification, sections 4.4, 4.7 and 4.9. */
static const struct {
    enum cs_key_attr attr;
    const char *name;
} attrs[] = {
    {CS_ATTR_TOKEN, "CKA_TOKEN"},
    {CS_ATTR_PRIVATE, "CKA_PRIVATE"},
    {CS_ATTR_LOCAL, "CKA_LOCAL"},
    {CS_ATTR_SENSITIVE, "CKA_SENSITIVE"},
    {CS_ATTR_ALWAYS_SENSITIVE, "CKA_ALWAYS_SENSITIVE"},
    {CS_ATTR_EXTRACTABLE, "CKA_EXTRACTABLE"},
    {CS_ATTR_NEVER_EXTRACTABLE, "CKA_NEVER_EXTRACTABLE"},
    {CS_ATTR_SIGN, "CKA_SIGN"},
    {CS_ATTR_DECRYPT, "CKA_DECRYPT"},
    {CS_ATTR_UNWRAP, "CKA_UNWRAP"},
    {CS_ATTR_DERIVE, "CKA_DERIVE"},
    {CS_ATTR_SIGN_RECOVER, "CKA_SIGN_RECOVER"},
    {CS_ATTR_MODIFIABLE, "CKA_MODIFIABLE"},
    {CS_ATTR_ALWAYS_AUTHENTICATE, "CKA_ALWAYS_AUTHENTICATE"},
    {CS_ATTR_WRAP_WITH_TRUSTED, "CKA_WRAP_WITH_TRUSTED"},
};

START_TEST(test_attr)
{
    ck_assert_int_eq(attrs[_i].attr, _i);
    ck_assert_str_eq(cs_key_attr_name(attrs[_i].attr), attrs[_i].name);
}
END_TEST

/* Memory that was zeroed knows nothing. */
START_TEST(test_zero_is_unknown)
{
    struct cs_key_attrs zero = {0};

    ck_assert_uint_eq(ROWS(attrs), CS_KEY_ATTR_COUNT);
    for (size_t i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        ck_assert_int_eq(zero.answer[i], CS_UNKNOWN);
    }
}
END_TEST

START_TEST(test_words)
{
    ck_assert_str_eq(cs_answer_text(CS_UNKNOWN), "unknown");
    ck_assert_str_eq(cs_answer_text(CS_FALSE), "false");
    ck_assert_str_eq(cs_answer_text(CS_TRUE), "true");
    ck_assert_int_eq(CS_GEN_COUNT, 2);
    ck_assert_str_eq(cs_generation_name(CS_GEN_TOKEN), "token");
    ck_assert_str_eq(cs_generation_name(CS_GEN_SESSION_COPY), "session-copy");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keyattr");
    TCase *tcase = tcase_create("keyattr");

    add_rows(tcase, test_attr, attrs);
    tcase_add_test(tcase, test_zero_is_unknown);
    tcase_add_test(tcase, test_words);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

/* JSON as RFC 8785 writes it. */
#include "journal/canonical.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "support/check_run.h"

#include <stdlib.h>

/* Sections 3.2.1 to 3.2.3 of the RFC; the last rows by its rules. */
static const struct {
    const char *json;
    const char *canonical;
} rows[] = {
    /* 3.2.2: the example's literals and its string */
    {"{ \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
     " \"literals\": [null, true, false] }",
     "{\"literals\":[null,true,false],\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"},
    {"\"\\b\\t\\n\\f\\r\"", "\"\\b\\t\\n\\f\\r\""},
    {"\"\\u0001\\u001f\\u007f\"", "\"\\u0001\\u001f\x7f\""},
    {"\"\"", "\"\""},
    {"\"a\\nb\\nc\"", "\"a\\nb\\nc\""},
    {"[ ]", "[]"},
    {"{ }", "{}"},
    {"[1, [2, {}], {\"b\": [], \"a\": {}}]", "[1,[2,{}],{\"a\":{},\"b\":[]}]"},
    /* octet by octet: digits, capitals, _, small letters; the shorter first */
    {"{\"b\":1,\"_\":2,\"a\":3,\"B\":4,\"1\":5,\"aa\":6,\"a-\":7,\"\":8}",
     "{\"\":8,\"1\":5,\"B\":4,\"_\":2,\"a\":3,\"a-\":7,\"aa\":6,\"b\":1}"},
    {"-0", "0"},
    {"9007199254740991", "9007199254740991"},
    {"-9007199254740991", "-9007199254740991"},
};

START_TEST(canonical_form)
{
    json_t *value = json_loads(rows[_i].json, JSON_DECODE_ANY, NULL);
    cs_autofree char *text = NULL;
    struct cs_err err = {0};

    ck_assert_ptr_nonnull(value);
    assert_ok(cs_canonical_text(value, &text, &err), &err);
    json_decref(value);
    ck_assert_str_eq(text, rows[_i].canonical);
}
END_TEST

/* What would have more than one form here. */
static const char *const odd[] = {
    "1.5", "[1e300]", "9007199254740992", "{\"a\": [-9007199254740992]}", "{\"\\u00e4\": 1}",
};

START_TEST(no_canonical_form)
{
    json_t *value = json_loads(odd[_i], JSON_DECODE_ANY, NULL);
    char *text = NULL;
    struct cs_err err = {0};

    ck_assert_ptr_nonnull(value);
    assert_fails(cs_canonical_text(value, &text, &err), CS_E_INTERNAL, &err);
    ck_assert_ptr_null(text);
    json_decref(value);
}
END_TEST

START_TEST(text_has_a_maximum)
{
    cs_autofree char *long_text = cs_alloc(CS_CANONICAL_MAX, 1);
    cs_autofree char *text = NULL;
    struct cs_err err = {0};

    memset(long_text, 'a', CS_CANONICAL_MAX - 3);
    json_t *value = json_string(long_text); /* with its quotes one octet less than the maximum */
    assert_ok(cs_canonical_text(value, &text, &err), &err);
    ck_assert_uint_eq(strlen(text), CS_CANONICAL_MAX - 1);
    json_t *array = json_pack("[o]", value);
    free(cs_steal(&text));
    assert_fails(cs_canonical_text(array, &text, &err), CS_E_INTERNAL, &err);
    json_decref(array);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("canonical");
    TCase *tcase = tcase_create("canonical");

    add_rows(tcase, canonical_form, rows);
    add_rows(tcase, no_canonical_form, odd);
    tcase_add_test(tcase, text_has_a_maximum);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

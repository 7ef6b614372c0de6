#include "base/base64.h"
#include "support/check_run.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* RFC 4648 section 10, and what MIME and XML do to it. */
static const struct {
    const char *text;
    const char *octets; /* NULL: refused */
} rows[] = {
    {"Zg==", "f"},
    {"Zm8=", "fo"},
    {"Zm9v", "foo"},
    {"Zm9vYg==", "foob"},
    {"Zm9vYmE=", "fooba"},
    {"Zm9vYmFy", "foobar"},
    {" Zm9v\r\nYmFy\t\n", "foobar"},
    {"", NULL},
    {"   \n", NULL},
    {"Zm9", NULL},
    {"Zm9v=", NULL},
    {"Zg===", NULL},
    {"====", NULL},
    {"Z===", NULL},
    {"Zg==Zg==", NULL},
    {"Zm9v-", NULL},
    {"Zm9v-Zm9v", NULL},
    {"Zm9*", NULL},
    {"Zm9_", NULL},
    {"Zm9v\x80mFy", NULL},
};

START_TEST(decodes)
{
    cs_auto_value(cs_bytes) octets = {0};
    struct cs_err err = {0};
    const char *text = rows[_i].text;
    cs_rc rc = cs_unbase64(text, strlen(text), &octets, &err);

    if (!rows[_i].octets) {
        ck_assert_msg(rc == CS_E_INPUT, "\"%s\" was taken", text);
        ck_assert_ptr_null(octets.data);
        return;
    }
    ck_assert_msg(rc == CS_OK, "%s", err.message);
    ck_assert_str_eq((const char *)octets.data, rows[_i].octets);
    ck_assert_uint_eq(octets.len, strlen(rows[_i].octets));
}
END_TEST

START_TEST(a_nul_inside_is_no_digit)
{
    cs_auto_value(cs_bytes) octets = {0};
    struct cs_err err = {0};

    ck_assert_int_eq(cs_unbase64("Zm9v\0Zm9", 8, &octets, &err), CS_E_INPUT);
}
END_TEST

START_TEST(encodes)
{
    static const char *const pairs[][2] = {{"f", "Zg=="}, {"fo", "Zm8="}, {"foobar", "Zm9vYmFy"}};

    cs_autofree char *text = cs_base64(pairs[_i][0], strlen(pairs[_i][0]));
    ck_assert_str_eq(text, pairs[_i][1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base64");
    TCase *tcase = tcase_create("base64");

    add_rows(tcase, decodes, rows);
    tcase_add_test(tcase, a_nul_inside_is_no_digit);
    tcase_add_loop_test(tcase, encodes, 0, 3);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

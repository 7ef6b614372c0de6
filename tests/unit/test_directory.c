/* What needs no directory; the rest is in tests/ad/test_ways.c. */
#include "base/mem.h"
#include "net/directory.h"
#include "support/check_run.h"

#include <check.h>

/* MS-WCCE 3.1.1.4.1.1: "!" and four hexadecimal digits of a UTF-16 unit. */
static const struct {
    const char *name;
    const char *plain;
} names[] = {
    {"myca", "myca"},
    {"My!0020CA", "My CA"},
    {"R!0026D!002c!0020x", "R&D, x"},
    {"M!00fcller", "M\xc3\xbcller"},
    {"!20ac", "\xe2\x82\xac"},
    {"!20AC", "\xe2\x82\xac"},
    {"a!b", "a!b"},
    {"a!00g0", "a!00g0"},
    {"a!002", "a!002"},
    {"!", "!"},
    {"!0000", "!0000"},
    {"!d83d!de00", "!d83d!de00"}, /* a pair is left as it stands */
};

START_TEST(a_name)
{
    cs_autofree char *plain = cs_directory_unsanitize(names[_i].name);

    ck_assert_str_eq(plain, names[_i].plain);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("directory");
    TCase *tcase = tcase_create("directory");

    add_rows(tcase, a_name, names);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

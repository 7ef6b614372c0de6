/* How wide text is at most, and where its lines end. */
#include "base/mem.h"
#include "report/textfit.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

/* By hand from the table of widths, in thousandths of the size: i 300, . 370, a and digits 640, A
 * 790, W 1000, m 980, others than ASCII 1100; bold 1.2 times as much; rounded up. */
static const struct {
    const char *text;
    int size;
    bool bold;
    int width;
} widths[] = {
    {"", 10, false, 0},
    {"a", 10, false, 7},      /* 6.4 */
    {"aaaaa", 10, false, 32}, /* 32.0 */
    {"aaaaa", 10, true, 39},  /* 38.4 */
    {"il", 10, false, 6},     /* 6.0 */
    {"A1.", 100, false, 180}, /* 79 + 64 + 37 */
    {"Wm", 100, false, 198},  /* 100 + 98 */
    {"\xc3\xbc", 100, false, 110},
    {"\xe6\xbc\xa2\xe5\xad\x97", 100, false, 220}, /* two ideographs */
};

START_TEST(width_is_the_widest)
{
    struct cs_textfit_face face = {widths[_i].size, widths[_i].bold};

    ck_assert_int_eq(cs_textfit_width(widths[_i].text, face), widths[_i].width);
}
END_TEST

/* With a size of 10: a is 6.4, a dot or blank 3.7, ü is 11. */
static const struct {
    const char *text;
    int width;
    const char *lines; /* with | between them */
} wraps[] = {
    {"", 50, ""},
    {"aaa", 50, "aaa"},
    {"aaa.aaa", 43, "aaa.aaa"}, /* 6 * 6.4 + 3.7 = 42.1 */
    {"aaa.aaa", 42, "aaa.|aaa"},
    {"aaa-aaa", 42, "aaa-|aaa"},
    {"aaa aaa", 42, "aaa|aaa"},    /* the blank at the end goes */
    {"aa aaa", 13, "aa|aa|a"},     /* 2 * 6.4 = 12.8: the blank may hang over */
    {"aaaaaa", 20, "aaa|aaa"},     /* 19.2, no place to break */
    {"aaaaaaa", 26, "aaaa|aaa"},   /* three lines for none wider than 20 */
    {"aa.aa.aa", 40, "aa.|aa.aa"}, /* not "aa.aa.|aa": 29.3 is enough for two lines */
    {"a", 1, "a"},                 /* wider than the line, and there all the same */
    {"aa", 1, "a|a"},
    {"\xc3\xbc\xc3\xbc\xc3\xbc", 12, "\xc3\xbc|\xc3\xbc|\xc3\xbc"},
};

START_TEST(lines_end_where_they_may)
{
    const struct cs_textfit_face face = {10, false};
    cs_auto_value(cs_strv) lines = {0};

    cs_textfit_wrap(wraps[_i].text, wraps[_i].width, face, &lines);
    cs_autofree char *joined = cs_strv_join(&lines, "|");
    ck_assert_str_eq(joined, wraps[_i].lines);
    ck_assert_uint_ge(lines.count, 1);
}
END_TEST

/* Whatever the width: nothing of a name is lost, and every line fits. */
START_TEST(nothing_of_a_name_is_lost)
{
    const char *name = "edge21.perimeter-network.emea.corp.litwareinc.net";
    const struct cs_textfit_face face = {14, _i % 2 == 0};
    int width = 20 + _i;
    cs_auto_value(cs_strv) lines = {0};

    cs_textfit_wrap(name, width, face, &lines);
    cs_autofree char *joined = cs_strv_join(&lines, "");
    ck_assert_str_eq(joined, name);
    for (size_t i = 0; i < lines.count; i++) {
        ck_assert_int_le(cs_textfit_width(lines.items[i], face), width);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("textfit");
    TCase *tcase = tcase_create("textfit");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(tcase, width_is_the_widest, 0, ROWS(widths));
    tcase_add_loop_test(tcase, lines_end_where_they_may, 0, ROWS(wraps));
    tcase_add_loop_test(tcase, nothing_of_a_name_is_lost, 0, 400);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

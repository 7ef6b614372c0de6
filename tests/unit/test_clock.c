#include "base/clock.h"
#include "support/check_run.h"

#include <time.h>

/* From `date -u -d @N`'s definition: POSIX "Seconds Since the Epoch", checked by hand. */
static const struct {
    int64_t seconds;
    const char *text;
} times[] = {
    {0, "1970-01-01T00:00:00Z"},
    {-1, "1969-12-31T23:59:59Z"},
    {86399, "1970-01-01T23:59:59Z"},
    {951782400, "2000-02-29T00:00:00Z"},  /* 11016 days: 30 years, 7 leap days, 31 + 28 days */
    {2147483648, "2038-01-19T03:14:08Z"}, /* past 32 bits */
    {4107542400, "2100-03-01T00:00:00Z"}, /* 2100 is no leap year: 47541 days */
    {253402300799, "9999-12-31T23:59:59Z"},
};

START_TEST(test_format)
{
    char text[CS_TIME_TEXT_SIZE];

    ck_assert_ptr_eq(cs_clock_format(times[_i].seconds, text), text);
    ck_assert_str_eq(text, times[_i].text);
}
END_TEST

/* No local time gets in. */
START_TEST(test_zone)
{
    char text[CS_TIME_TEXT_SIZE];

    setenv("TZ", "Asia/Kolkata", 1);
    tzset();
    ck_assert_str_eq(cs_clock_format(0, text), "1970-01-01T00:00:00Z");
}
END_TEST

START_TEST(test_out_of_range)
{
    char text[CS_TIME_TEXT_SIZE];

    ck_assert_str_eq(cs_clock_format(INT64_MAX, text), "@9223372036854775807");
    ck_assert_str_eq(cs_clock_format(INT64_MIN, text), "@-9223372036854775808");
}
END_TEST

START_TEST(test_now)
{
    time_t before = time(NULL);
    int64_t now = cs_clock_now();

    ck_assert_int_ge(now, before);
    ck_assert_int_le(now, time(NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clock");
    TCase *tcase = tcase_create("clock");

    add_rows(tcase, test_format, times);
    tcase_add_test(tcase, test_zone);
    tcase_add_test(tcase, test_out_of_range);
    tcase_add_test(tcase, test_now);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

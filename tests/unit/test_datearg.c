/* Dates of the command line. Expected seconds: `date -u -d ... +%s`, and by hand for the zones. */
#include "cli/datearg.h"
#include "support/check_run.h"

#include <stdlib.h>
#include <time.h>

#define NOON INT64_C(1798718400) /* 2026-12-31T12:00:00Z */

static void zone(const char *name)
{
    setenv("TZ", name, 1);
    tzset();
}

static void setup(void)
{
    zone("UTC0");
}

static const struct {
    const char *text;
    int64_t seconds;
    unsigned warnings;
} good[] = {
    {"2026-12-31", NOON - 12 * 3600, 0},
    {"2026-12-31T12:00", NOON, 0},
    {"2026-12-31t12:00:00", NOON, 0},
    {"2026-12-31 12:00:00", NOON, 0},
    {"2026-12-31T12:00:59Z", NOON + 59, 0},
    {"2026-12-31T13:30:00+01:30", NOON, 0},
    {"2026-12-31T04:00-08:00", NOON, 0},
    {"2024-02-29", INT64_C(1709164800), 0},
    {"12/31/2026", NOON - 12 * 3600, 0},
    {"12/31/2026 12:00:00 PM", NOON, 0},
    {"12/31/2026 12:00 AM", NOON - 12 * 3600, 0},
    {"12/31/2026 11:59 pm", NOON + 12 * 3600 - 60, 0},
    {"12/31/2026 12:00", NOON, 0},
    {"7/22/2012 6:00:00 AM", INT64_C(1342936800), 0}, /* of the documentation */
    {"7/31/2012 8:00 AM", INT64_C(1343721600), 0},
    {"7/8/2026", INT64_C(1783468800), 1}, /* July 8, or August 7 elsewhere */
    {"7/7/2026", INT64_C(1783382400), 0},
};

START_TEST(dates_are_read)
{
    cs_auto_value(cs_strv) warnings = {0};
    int64_t seconds = 0;
    struct cs_err err = {0};

    assert_ok(cs_datearg_parse("-EffectiveDate", good[_i].text, &seconds, &warnings, &err), &err);
    ck_assert_int_eq(seconds, good[_i].seconds);
    ck_assert_uint_eq(warnings.count, good[_i].warnings);
    if (warnings.count) {
        assert_contains(warnings.items[0], "2026-07-08");
    }
}
END_TEST

static const char *const bad[] = {
    "",
    "tomorrow",
    "2026",
    "2026-12",
    "26-12-31",
    "2026-12-31x",
    "2026-12-31T",
    "2026-12-31T12",
    "2026-12-31T12:00:00X",
    "2026-12-31T12:00+1",
    "2026-12-31T12:00+15:00",
    "2026-12-31T12:00:00 ",
    "2026-13-01",
    "2026-00-01",
    "2026-02-29",
    "2026-12-31T24:01",
    "2026-12-31T12:60",
    "20260-12-31",
    "1969-12-31",
    "31.12.2026",
    "31/12/2026", /* there is no month 31 */
    "2/30/2026",
    "12/31/26",
    "12/31/2026 13:00 PM",
    "12/31/2026 0:00 AM",
    "12/31/2026 1:00 XM",
    "12/31/2026 1 PM",
    "12/31/2026 1:00 PM x",
    "99999999999999999999-01-01",
};

START_TEST(nonsense_is_refused)
{
    cs_auto_value(cs_strv) warnings = {0};
    int64_t seconds = 42;
    struct cs_err err = {0};

    assert_fails(cs_datearg_parse("-EffectiveDate", bad[_i], &seconds, &warnings, &err), CS_E_USAGE,
                 &err);
    assert_contains(err.message, "-EffectiveDate");
    ck_assert_msg(*err.hint, "no remedy for: %s", err.message);
    ck_assert_int_eq(seconds, 42);
}
END_TEST

/* Central European time: one hour ahead in winter, two in summer. */
START_TEST(without_a_zone_it_is_local)
{
    cs_auto_value(cs_strv) warnings = {0};
    int64_t seconds = 0;
    struct cs_err err = {0};

    zone("CET-1CEST,M3.5.0,M10.5.0/3");
    assert_ok(cs_datearg_parse("x", "2026-12-31 13:00", &seconds, &warnings, &err), &err);
    ck_assert_int_eq(seconds, NOON);
    assert_ok(cs_datearg_parse("x", "2026-12-31T12:00Z", &seconds, &warnings, &err), &err);
    ck_assert_int_eq(seconds, NOON);
    assert_ok(cs_datearg_parse("x", "7/22/2012 8:00 AM", &seconds, &warnings, &err), &err);
    ck_assert_int_eq(seconds, INT64_C(1342936800));
    /* On 2026-03-29 the clocks go from 2 to 3. */
    assert_fails(cs_datearg_parse("x", "2026-03-29 02:30", &seconds, &warnings, &err), CS_E_USAGE,
                 &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("datearg");
    TCase *tcase = tcase_create("datearg");

    tcase_add_checked_fixture(tcase, setup, NULL);
    add_rows(tcase, dates_are_read, good);
    add_rows(tcase, nonsense_is_refused, bad);
    tcase_add_test(tcase, without_a_zone_it_is_local);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

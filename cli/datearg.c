#include "cli/datearg.h"

#include "base/clock.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

/* What was read so far. */
struct reader {
    const char *at;
    int year;
    int month; /* 1 to 12 */
    int day;
    int hour;
    int minute;
    int second;
    bool has_zone;
    long offset; /* of the zone, in seconds east of UTC */
};

/* A number of @least to @most digits. */
static bool number(struct reader *reader, int least, int most, int *ret_value)
{
    int digits = 0;
    int value = 0;

    while (digits < most && isdigit((unsigned char)*reader->at)) {
        value = 10 * value + (*reader->at++ - '0');
        digits++;
    }
    *ret_value = value;
    return digits >= least && !isdigit((unsigned char)*reader->at);
}

static bool sign(struct reader *reader, const char *signs)
{
    if (!*reader->at || !strchr(signs, *reader->at)) {
        return false;
    }
    reader->at++;
    return true;
}

/* "Z", "+01:00" or nothing. */
static bool zone(struct reader *reader)
{
    int hours;
    int minutes;
    int direction = *reader->at == '-' ? -1 : 1;

    if (!*reader->at) {
        return true;
    }
    reader->has_zone = true;
    if (sign(reader, "Zz")) {
        return true;
    }
    if (!sign(reader, "+-") || !number(reader, 2, 2, &hours) || !sign(reader, ":") ||
        !number(reader, 2, 2, &minutes) || hours > 14 || minutes > 59) {
        return false;
    }
    reader->offset = direction * (hours * 3600L + minutes * 60L);
    return true;
}

/* ":MM" and, if it is there, ":SS". */
static bool minutes(struct reader *reader)
{
    if (!sign(reader, ":") || !number(reader, 2, 2, &reader->minute)) {
        return false;
    }
    return !sign(reader, ":") || number(reader, 2, 2, &reader->second);
}

/* ISO 8601: 2026-12-31, 2026-12-31T22:00:00Z. */
static bool iso(struct reader *reader)
{
    if (!number(reader, 4, 4, &reader->year) || !sign(reader, "-") ||
        !number(reader, 2, 2, &reader->month) || !sign(reader, "-") ||
        !number(reader, 2, 2, &reader->day)) {
        return false;
    }
    if (!*reader->at) {
        return true;
    }
    return sign(reader, "Tt ") && number(reader, 2, 2, &reader->hour) && minutes(reader) &&
           zone(reader);
}

/* "AM" and "PM" behind an hour from 1 to 12; nothing behind one from 0 to 23. */
static bool half_day(struct reader *reader)
{
    bool afternoon;

    if (!*reader->at) {
        return true;
    }
    while (sign(reader, " ")) {
    }
    afternoon = *reader->at == 'P' || *reader->at == 'p';
    if (!sign(reader, "AaPp") || !sign(reader, "Mm") || reader->hour < 1 || reader->hour > 12) {
        return false;
    }
    reader->hour = reader->hour % 12 + (afternoon ? 12 : 0);
    return true;
}

/* As in the examples of the cmdlets, "7/31/2012 8:00 AM": English (United States). */
static bool american(struct reader *reader)
{
    if (!number(reader, 1, 2, &reader->month) || !sign(reader, "/") ||
        !number(reader, 1, 2, &reader->day) || !sign(reader, "/") ||
        !number(reader, 4, 4, &reader->year)) {
        return false;
    }
    if (!*reader->at) {
        return true;
    }
    return sign(reader, " ") && number(reader, 1, 2, &reader->hour) && minutes(reader) &&
           half_day(reader);
}

/* False for the 30th of February, and for an hour that the clocks leave out. */
static bool to_seconds(const struct reader *reader, int64_t *ret_seconds)
{
    struct tm wanted = {
        .tm_year = reader->year - 1900,
        .tm_mon = reader->month - 1,
        .tm_mday = reader->day,
        .tm_hour = reader->hour,
        .tm_min = reader->minute,
        .tm_sec = reader->second,
        .tm_isdst = -1,
    };
    struct tm made = wanted;

    time_t seconds = reader->has_zone ? timegm(&made) : mktime(&made);
    if (made.tm_year != wanted.tm_year || made.tm_mon != wanted.tm_mon ||
        made.tm_mday != wanted.tm_mday || made.tm_hour != wanted.tm_hour ||
        made.tm_min != wanted.tm_min || made.tm_sec != wanted.tm_sec || reader->year < 1970) {
        return false;
    }
    *ret_seconds = (int64_t)seconds - reader->offset;
    return true;
}

static void warn_of_order(const char *name, const struct reader *reader, int64_t seconds,
                          struct cs_strv *warnings)
{
    char date[CS_TIME_TEXT_SIZE];

    if (reader->day <= 12 && reader->day != reader->month) {
        cs_strv_take(
            warnings,
            cs_asprintf("%s is read as month/day/year: %s; write %04d-%02d-%02d to be sure", name,
                        cs_clock_format(seconds, date), reader->year, reader->month, reader->day));
    }
}

cs_rc cs_datearg_parse(const char *name, const char *text, int64_t *ret_seconds,
                       struct cs_strv *warnings, struct cs_err *err)
{
    const bool is_american = strchr(text, '/') != NULL;
    struct reader reader = {.at = text};
    int64_t seconds = 0;

    bool read = is_american ? american(&reader) : iso(&reader);
    if (!read || *reader.at) {
        cs_autofree char *shown = cs_terminal_escape(text);
        return cs_fail_hint(err, CS_E_USAGE,
                            "write for instance 2026-12-31 or '2026-12-31 22:00:00'",
                            "%s \"%.80s\" is no date", name, shown);
    }
    if (!to_seconds(&reader, &seconds)) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "name a day that the calendar has, and no hour that the clocks leave "
                            "out in spring",
                            "%s \"%.80s\": there is no such day and time", name, text);
    }
    if (is_american) {
        warn_of_order(name, &reader, seconds, warnings);
    }
    *ret_seconds = seconds;
    return CS_OK;
}

/* Dates on the command line. */
#ifndef CS_CLI_DATEARG_H
#define CS_CLI_DATEARG_H

#include "base/err.h"
#include "base/strv.h"

#include <stdint.h>

/* Seconds since 1970 of "2026-12-31", "2026-12-31T22:00", "2026-12-31 22:00:00", with a zone ("Z",
 * "+01:00") or in local time, or of the form of the cmdlets' examples, "12/31/2026 10:00 PM", which
 * is month, day, year. @name is the option's, for messages. One that could be read as day, month,
 * year too is added to @warnings. CS_E_USAGE for all else and for a time that does not exist. */
CS_MUST_CHECK cs_rc cs_datearg_parse(const char *name, const char *text, int64_t *ret_seconds,
                                     struct cs_strv *warnings, struct cs_err *err);

#endif

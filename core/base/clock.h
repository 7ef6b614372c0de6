/* Time: seconds since 1970 in UTC, printed as RFC 3339. */
#ifndef CS_BASE_CLOCK_H
#define CS_BASE_CLOCK_H

#include <stdint.h>

#define CS_TIME_TEXT_SIZE 32

int64_t cs_clock_now(void);

/* "2026-11-22T12:21:30Z" into @text of CS_TIME_TEXT_SIZE octets; returns @text. */
const char *cs_clock_format(int64_t seconds, char *text);

#endif

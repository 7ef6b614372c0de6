#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t cs_clock_now(void)
{
    return (int64_t)time(NULL);
}

const char *cs_clock_format(int64_t seconds, char *text)
{
    time_t when = (time_t)seconds;
    struct tm parts;

    if (!gmtime_r(&when, &parts) ||
        !strftime(text, CS_TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts)) {
        snprintf(text, CS_TIME_TEXT_SIZE, "@%lld", (long long)seconds);
    }
    return text;
}

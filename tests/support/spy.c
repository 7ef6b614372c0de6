#include "support/spy.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *cs_spy_path(void)
{
    return CS_SPYMOD;
}

static void set(const char *name, const char *value)
{
    if ((value ? setenv(name, value, 1) : unsetenv(name)) != 0) {
        perror(name);
        abort();
    }
}

void cs_spy_fault(const char *fault)
{
    set("CS_SPY_FAULT", fault);
}

void cs_spy_traits(const char *traits)
{
    set("CS_SPY_TRAITS", traits);
}

void cs_spy_init(const struct cs_softhsm *hsm)
{
    cs_autofree char *counts = cs_softhsm_path(hsm, "spy.counts");
    cs_autofree char *log = cs_softhsm_path(hsm, "spy.log");
    cs_autofree char *logins = cs_softhsm_path(hsm, "spy.logins");

    unlink(counts);
    unlink(log);
    unlink(logins);
    set("CS_SPY_MODULE", CS_SOFTHSM_MODULE);
    set("CS_SPY_COUNTS", counts);
    set("CS_SPY_LOG", log);
    set("CS_SPY_LOGINS", logins);
    set("CS_SPY_CPU", NULL);
    cs_spy_fault(NULL);
    cs_spy_traits(NULL);
}

/* "" if there is no such file: nothing was called. */
static char *slurp(const struct cs_softhsm *hsm, const char *name)
{
    cs_autofree char *path = cs_softhsm_path(hsm, name);
    cs_auto_value(cs_bytes) bytes = {0};
    struct cs_err err = {0};

    if (access(path, F_OK) != 0) {
        return cs_strdup("");
    }
    if (cs_file_read(path, (size_t)1 << 24, &bytes, &err) != CS_OK) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    return cs_strndup((const char *)bytes.data, bytes.len);
}

char *cs_spy_log(const struct cs_softhsm *hsm)
{
    return slurp(hsm, "spy.log");
}

char *cs_spy_logins(const struct cs_softhsm *hsm)
{
    return slurp(hsm, "spy.logins");
}

size_t cs_spy_calls(const struct cs_softhsm *hsm, const char *function)
{
    cs_autofree char *text = slurp(hsm, "spy.counts");
    char name[64];
    size_t count;
    size_t sum = 0;
    int used = 0;

    for (const char *at = text; sscanf(at, "%63s %zu%n", name, &count, &used) == 2; at += used) {
        sum += !function || strcmp(name, function) == 0 ? count : 0;
    }
    return sum;
}

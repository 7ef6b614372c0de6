#include "cli/output.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* RFC 4514 section 2.4: what would end or begin something is escaped. */
static void add_value(struct cs_buf *buf, const char *value)
{
    size_t len = strlen(value);

    for (size_t i = 0; i < len; i++) {
        bool edge = value[i] == ' ' && (i == 0 || i == len - 1);
        bool special = strchr("\"+,;<>\\", value[i]) || edge || (i == 0 && value[i] == '#');
        cs_buf_add(buf, "\\", special ? 1 : 0);
        cs_buf_add(buf, value + i, 1);
    }
}

char *cs_output_subject(const struct cs_subject *subject)
{
    const struct {
        const char *name;
        const char *value;
    } parts[] = {
        {"CN", subject->common_name}, {"OU", subject->organizational_unit},
        {"O", subject->organization}, {"L", subject->locality},
        {"ST", subject->state},       {"C", subject->country},
    };
    struct cs_buf buf = CS_BUF(65536);
    char *text = NULL;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].value) {
            cs_buf_printf(&buf, "%s%s=", buf.len ? ", " : "", parts[i].name);
            add_value(&buf, parts[i].value);
        }
    }
    /* Far below the maximum: each part was checked against RFC 5280's bounds. */
    if (cs_buf_take_text(&buf, "the subject", &text, NULL) != CS_OK) {
        cs_buf_done(&buf);
    }
    return text;
}

const struct cs_err *cs_output_error(const struct cs_result *result)
{
    if (result->error.code != CS_OK) {
        return &result->error;
    }
    return result->request->error.code != CS_OK ? &result->request->error : NULL;
}

const char *cs_output_status(const struct cs_result *result)
{
    bool failed = result->error.code != CS_OK && result->request->id == 0;

    return cs_state_status(failed ? CS_STATE_FAILED : result->request->state);
}

const char *cs_output_fit(enum cs_fit fit)
{
    static const char *const names[] = {
        [CS_FIT_NONE] = "None",        [CS_FIT_OPEN] = "Open",         [CS_FIT_GOOD] = "Good",
        [CS_FIT_NAMES] = "LacksNames", [CS_FIT_EXPIRING] = "Expiring",
    };
    return names[fit];
}

#define DAY ((int64_t)86400)

int64_t cs_output_days_left(int64_t not_after)
{
    int64_t seconds = not_after - cs_clock_now();

    return seconds >= 0 ? seconds / DAY : -((DAY - 1 - seconds) / DAY);
}

/* ", 340 days left", ", expired 3 days ago"; the caller frees. */
static char *days_text(int64_t not_after)
{
    if (!not_after) {
        return cs_strdup("");
    }
    int64_t days = cs_output_days_left(not_after);
    if (days < 0) {
        return cs_asprintf(", expired %" PRId64 " day%s ago", -days, days == -1 ? "" : "s");
    }
    return cs_asprintf(", %" PRId64 " day%s left", days, days == 1 ? "" : "s");
}

char *cs_output_existing(const struct cs_existing *existing)
{
    if (!existing->request_id) {
        return cs_strdup("nothing yet");
    }
    cs_autofree char *days = days_text(existing->not_after);
    cs_autofree char *missing = cs_strv_join(&existing->missing, ", ");
    const char *fits = existing->fit == CS_FIT_EXPIRING ? ": needs a new one"
                       : *missing                       ? ": lacks "
                                                        : ": fits";

    return cs_asprintf("request %" PRId64 ", %s%s%s%s", existing->request_id,
                       cs_state_status(existing->state), days, fits,
                       existing->fit == CS_FIT_EXPIRING ? "" : missing);
}

cs_rc cs_output_write(const char *text, struct cs_err *err)
{
    if (fputs(text, stdout) == EOF || fflush(stdout) != 0) {
        cs_rc rc = cs_fail_errno(err, CS_E_OUTPUT, "write", errno, "the results cannot be written");
        cs_err_hint(err, "what was done is done, files too: `cscert list` shows the requests, "
                         "`cscert get` the certificates");
        return rc;
    }
    return CS_OK;
}

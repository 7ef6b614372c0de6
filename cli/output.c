#include "cli/output.h"

#include "base/bytes.h"

#include <errno.h>
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

cs_rc cs_output_write(const char *text, struct cs_err *err)
{
    if (fputs(text, stdout) == EOF || fflush(stdout) != 0) {
        return cs_fail_errno(err, CS_E_OUTPUT, "write", errno, "the results cannot be written");
    }
    return CS_OK;
}

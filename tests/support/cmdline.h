/* Command lines for tests: "cscert|new|--type|Internal" to arguments, and options back to text. */
#ifndef CS_TESTS_SUPPORT_CMDLINE_H
#define CS_TESTS_SUPPORT_CMDLINE_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/options.h"
#include "support/check_run.h"

#include <stdio.h>

struct cmdline {
    int argc;
    char **argv;
};

/* Each argument is memory of its own size, as a sanitizer likes it. "|" stands between them. */
static inline struct cmdline cmdline_split(const char *line)
{
    struct cmdline made = {0, cs_alloc(strlen(line) + 2, sizeof(char *))};

    for (;;) {
        size_t len = strcspn(line, "|");
        made.argv[made.argc++] = cs_strndup(line, len);
        if (!line[len]) {
            return made;
        }
        line += len + 1;
    }
}

static inline void cmdline_done(struct cmdline *line)
{
    for (int i = 0; i < line->argc; i++) {
        free(line->argv[i]);
    }
    free(line->argv);
}

static inline cs_rc cmdline_parse(const char *text, struct cs_options **ret_options,
                                  struct cs_err *err)
{
    struct cmdline line = cmdline_split(text);
    cs_rc rc = cs_options_parse(line.argc, line.argv, ret_options, err);

    cmdline_done(&line);
    return rc;
}

static inline void cmdline_describe_one(struct cs_buf *buf, const struct cs_options *options,
                                        enum cs_opt option)
{
    cs_autofree char *list = cs_strv_join(cs_options_list(options, option), "|");

    cs_buf_printf(buf, " %s", cs_opt_info(option)->name);
    switch (cs_opt_info(option)->type) {
    case CS_OT_VERB:
    case CS_OT_SWITCH:
    case CS_OT_BOOLEAN:
        cs_buf_puts(buf, cs_options_flag(options, option) ? "=true" : "=false");
        break;
    case CS_OT_LIST:
    case CS_OT_FILES:
        cs_buf_printf(buf, "=[%s]", list);
        break;
    case CS_OT_INTEGER:
        cs_buf_printf(buf, "=%ld", cs_options_number(options, option));
        break;
    case CS_OT_SECRET:
        cs_buf_puts(buf, cs_options_secret(options, option) ? "=secret" : "=nothing");
        break;
    default:
        cs_buf_printf(buf, "=%s", cs_options_text(options, option));
        break;
    }
}

/* "ca init Name=Lab": the verb and all that was said, in the order of the table; the caller frees.
 */
static inline char *cmdline_describe(const struct cs_options *options)
{
    struct cs_buf buf = CS_BUF(65536);
    cs_autofree char *verb = NULL;
    char *text = NULL;

    if (cs_options_verb(options) != CS_VERB_COUNT) {
        verb = cs_verb_display(cs_options_verb(options), CS_DIALECT_UNIX);
    }
    cs_buf_puts(&buf, verb ? verb : "none");
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        if (cs_options_has(options, (enum cs_opt)i)) {
            cmdline_describe_one(&buf, options, (enum cs_opt)i);
        }
    }
    ck_assert_int_eq(cs_buf_take_text(&buf, "the options", &text, NULL), CS_OK);
    return text;
}

#endif

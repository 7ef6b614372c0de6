#include "cli/help.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/output.h"

#include <stdlib.h>
#include <string.h>

/* Columns of the text, and where explanations begin. */
#define COLUMNS   90
#define VERB_AT   22
#define OPTION_AT 30

#define HELP_MAX ((size_t)256 << 10)

/* Adds @text, broken between words, from column @at on; the line is at column @used. */
static void add_wrapped(struct cs_buf *buf, const char *text, size_t used, size_t at)
{
    if (used && used + 2 > at) {
        cs_buf_puts(buf, "\n");
        used = 0;
    }
    cs_buf_printf(buf, "%*s", (int)(at - used), "");
    used = at;
    while (*text) {
        size_t len = strcspn(text, " ");
        if (used > at && used + 1 + len > COLUMNS) {
            cs_buf_printf(buf, "\n%*s", (int)at, "");
            used = at;
        } else if (used > at) {
            cs_buf_puts(buf, " ");
            used++;
        }
        cs_buf_add(buf, text, len);
        used += len;
        text += len + strspn(text + len, " ");
    }
    cs_buf_puts(buf, "\n");
}

char *cs_help_option(enum cs_opt option, enum cs_dialect dialect)
{
    cs_autofree char *name = cs_opt_display(option, dialect);
    const char *placeholder = cs_opt_info(option)->placeholder;

    return cs_asprintf("%s%s%s", name, *placeholder ? " " : "", placeholder);
}

static void add_option(struct cs_buf *buf, enum cs_opt option, enum cs_dialect dialect)
{
    const struct cs_opt_info *info = cs_opt_info(option);
    cs_autofree char *head = cs_help_option(option, dialect);
    cs_autofree char *choices = NULL;

    if (info->type == CS_OT_CHOICE || info->type == CS_OT_LIST || info->check == CS_OC_POSITIVE) {
        cs_auto_value(cs_strv) words = {0};
        cs_strv_split(&words, info->choices, '|');
        cs_autofree char *list = cs_strv_join(&words, ", ");
        choices = words.count ? cs_asprintf(" Values: %s.", list) : NULL;
    }
    cs_autofree char *text = cs_asprintf("%s%s", info->help, choices ? choices : "");
    cs_buf_printf(buf, "  %s", head);
    add_wrapped(buf, text, strlen(head) + 2, OPTION_AT);
}

/* The rows that @verbs all take. With @every only those that all verbs take, else the others. */
static void add_options(struct cs_buf *buf, unsigned verbs, enum cs_dialect dialect, bool every)
{
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        const struct cs_opt_info *info = cs_opt_info((enum cs_opt)i);
        if (info->type != CS_OT_VERB && (info->verbs & verbs) == verbs &&
            (info->verbs == CS_V_ALL) == every) {
            add_option(buf, (enum cs_opt)i, dialect);
        }
    }
}

static void add_verb(struct cs_buf *buf, enum cs_verb verb, enum cs_dialect dialect)
{
    const struct cs_verb_info *info = cs_verb_info(verb);
    cs_autofree char *name = cs_verb_display(verb, dialect);
    cs_autofree char *head =
        cs_asprintf("  %s%s%s", name, *info->operand ? " " : "", info->operand);

    cs_buf_puts(buf, head);
    add_wrapped(buf, info->help, strlen(head), VERB_AT);
}

static void add_program(struct cs_buf *buf, enum cs_dialect dialect)
{
    cs_buf_puts(buf,
                "Certificates for Lync and Skype for Business servers. The private key is made "
                "inside a\nPKCS#11 token, the request is signed there.\n\n"
                "usage: cscert VERB [OPTION...]\n"
                "       " CS_CMDLET_NAME " -New|-List|-Retrieve|-Clear [OPTION...]\n");
    for (unsigned i = CS_DIALECT_GET; i < CS_DIALECT_COUNT; i++) {
        cs_buf_printf(buf, "       %s [OPTION...]\n", cs_dialect_name((enum cs_dialect)i));
    }
    cs_buf_puts(buf, "\nVerbs:\n");
    for (unsigned verb = 0; verb < CS_VERB_COUNT; verb++) {
        add_verb(buf, (enum cs_verb)verb, dialect);
    }
    cs_buf_puts(buf, "\nOptions of every verb:\n");
    add_options(buf, CS_V_ALL, dialect, true);
    cs_buf_puts(buf, "\n");
    add_wrapped(buf,
                "`cscert VERB --help` shows the options of a verb. Names compare without case and "
                "hyphens and may be shortened; --key-size 2048, --key-size=2048, -KeySize 2048 and "
                "-KeySize:2048 are the same. `man cscert` tells the rest.",
                0, 0);
}

static void add_usage(struct cs_buf *buf, enum cs_verb verb, enum cs_dialect dialect)
{
    const struct cs_verb_info *info = cs_verb_info(verb);
    cs_autofree char *name = cs_verb_display(verb, dialect);

    const char *program = dialect == CS_DIALECT_CMDLET && *name == '-' ? CS_CMDLET_NAME " "
                          : cs_dialect_verb(dialect) == verb           ? ""
                                                                       : "cscert ";

    cs_buf_printf(buf, "usage: %s%s%s%s [OPTION...]\n\n", program, name, *info->operand ? " " : "",
                  info->operand);
    add_wrapped(buf, info->help, 0, 2);
    if (*info->more) {
        add_wrapped(buf, info->more, 0, 2);
    }
}

char *cs_help_text(enum cs_verb verb, enum cs_dialect dialect)
{
    struct cs_buf buf = CS_BUF(HELP_MAX);
    char *text = NULL;

    if (verb == CS_VERB_COUNT) {
        add_program(&buf, dialect);
    } else {
        add_usage(&buf, verb, dialect);
        cs_buf_puts(&buf, "\nOptions:\n");
        add_options(&buf, 1U << verb, dialect, false);
        cs_buf_puts(&buf, "\nOptions of every verb:\n");
        add_options(&buf, 1U << verb, dialect, true);
    }
    if (cs_buf_take_text(&buf, "the help", &text, NULL) != CS_OK) {
        cs_buf_done(&buf);
    }
    return text;
}

char *cs_help_version(void)
{
    return cs_strdup("cscert " CS_VERSION "\n");
}

bool cs_help_wanted(const struct cs_options *options)
{
    return cs_options_flag(options, CS_OPT_HELP) || cs_options_flag(options, CS_OPT_VERSION);
}

cs_rc cs_help_print(const struct cs_options *options, struct cs_err *err)
{
    cs_autofree char *text =
        cs_options_flag(options, CS_OPT_VERSION)
            ? cs_help_version()
            : cs_help_text(cs_options_verb(options), cs_options_dialect(options));

    return cs_output_write(text, err);
}

#include "cli/optslip.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/mem.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Longer command lines are not repeated in a hint: only the corrected option is shown. */
#define LINE_MAX_OCTETS 480

static size_t one_dash(const char *text)
{
    const unsigned char *octets = (const unsigned char *)text;

    if (octets[0] == '-') {
        return 1;
    }
    if (octets[0] != 0xe2) {
        return 0;
    }
    bool hyphens = octets[1] == 0x80 && octets[2] >= 0x90 && octets[2] <= 0x95;
    bool minus = octets[1] == 0x88 && octets[2] == 0x92;
    return hyphens || minus ? 3 : 0;
}

size_t cs_opt_dashes(const char *word)
{
    size_t first = one_dash(word);

    return first ? first + one_dash(word + first) : 0;
}

bool cs_opt_word_split(char *word, struct cs_opt_word *ret_word)
{
    size_t dashes = cs_opt_dashes(word);
    unsigned char first = (unsigned char)word[dashes];

    if (!dashes || !(isascii(first) && (isalpha(first) || first == '?'))) {
        return false;
    }
    char *name = word + dashes;
    size_t len = strcspn(name, ":=");
    *ret_word = (struct cs_opt_word){.name = name, .name_len = len};
    if (name[len]) {
        ret_word->separator = name[len];
        ret_word->value = name + len + 1;
    }
    return true;
}

char *cs_shell_quote(const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_@%+=:,./-";

    if (*word && word[strspn(word, safe)] == 0) {
        return cs_strdup(word);
    }
    char *quoted = cs_alloc(4 * strlen(word) + 3, 1);
    char *end = stpcpy(quoted, "'");
    for (const char *c = word; *c; c++) {
        if (*c == '\'') {
            end = stpcpy(end, "'\\''");
        } else {
            *end++ = *c;
        }
    }
    *end = '\'';
    return quoted;
}

static bool has_secret(const struct cs_strv *names, enum cs_dialect dialect)
{
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        cs_autofree char *name = cs_opt_display((enum cs_opt)i, dialect);
        if (cs_opt_info((enum cs_opt)i)->type == CS_OT_SECRET && cs_strv_has(names, name)) {
            return true;
        }
    }
    return false;
}

/* Also if it could be a secret's option: shortened too much, or mistyped. */
static bool names_secret(const struct cs_cmdline *line, char *word, bool with_value)
{
    cs_auto_value(cs_strv) candidates = {0};
    struct cs_opt_word parts;
    enum cs_opt option;

    if (!cs_opt_word_split(word, &parts) || (parts.separator != 0) != with_value) {
        return false;
    }
    if (cs_opt_find(parts.name, parts.name_len, line->dialect, 0, &option, &candidates) ==
        CS_OPT_FOUND) {
        return cs_opt_info(option)->type == CS_OT_SECRET;
    }
    return has_secret(&candidates, line->dialect);
}

/* A word that a message must not repeat. */
static bool is_secret(const struct cs_cmdline *line, int index)
{
    char *word = line->argv[index];

    return strcasestr(word, "pin-value") || names_secret(line, word, true) ||
           names_secret(line, line->argv[index - 1], false);
}

void cs_cmdline_wipe(const struct cs_cmdline *line)
{
    /* From the end: a word is known for a secret by the one before it. */
    for (int i = line->argc - 1; i > 0; i--) {
        if (is_secret(line, i)) {
            explicit_bzero(line->argv[i], strlen(line->argv[i]));
        }
    }
}

static const char *program_name(const struct cs_cmdline *line)
{
    const char *path = line->argv[0];
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The command line with @count words from argv[@index] replaced by @text. */
static cs_rc corrected(const struct cs_cmdline *line, int index, int count, const char *text,
                       char **ret_line, struct cs_err *err)
{
    struct cs_buf buf = CS_BUF(LINE_MAX_OCTETS);

    cs_buf_puts(&buf, program_name(line));
    for (int i = 1; i < line->argc; i++) {
        if (i == index) {
            cs_buf_printf(&buf, " %s", text);
        }
        if (i >= index && i < index + count) {
            continue;
        }
        cs_autofree char *quoted =
            is_secret(line, i) ? cs_strdup("...") : cs_shell_quote(line->argv[i]);
        cs_buf_printf(&buf, " %s", quoted);
    }
    if (buf.overflow) {
        cs_buf_done(&buf);
        *ret_line = cs_strdup(text);
        return CS_OK;
    }
    return cs_buf_take_text(&buf, "the command line", ret_line, err);
}

cs_rc cs_slip_boolean(const struct cs_cmdline *line, enum cs_opt option, int index,
                      struct cs_err *err)
{
    cs_autofree char *name = cs_opt_display(option, line->dialect);
    cs_autofree char *right = NULL;
    bool is_boolean = cs_opt_info(option)->type == CS_OT_BOOLEAN;
    cs_autofree char *text = cs_asprintf("%s%s", name, is_boolean ? " '$true'" : ":'$true'");

    CS_TRY(corrected(line, index, 1, text, &right, err));
    cs_rc rc = cs_fail(err, CS_E_USAGE, "%s needs a value: True or False", name);
    cs_err_hint(err,
                "a POSIX shell makes nothing of an unquoted $true or $false; write, if you mean "
                "true: %s",
                right);
    return rc;
}

cs_rc cs_slip_drive(const struct cs_cmdline *line, enum cs_opt option, int index, bool glued,
                    const char *value, struct cs_err *err)
{
    cs_autofree char *name = cs_opt_display(option, line->dialect);
    cs_autofree char *path = cs_asprintf("%.2s\\%s", value, value + 2);
    cs_autofree char *quoted = cs_shell_quote(path);
    cs_autofree char *text = cs_asprintf("%s %s", name, quoted);
    cs_autofree char *right = NULL;

    CS_TRY(corrected(line, index, glued ? 1 : 2, text, &right, err));
    cs_rc rc =
        cs_fail(err, CS_E_USAGE,
                "%s \"%.200s\" looks like a Windows path that lost its backslashes", name, value);
    cs_err_hint(err,
                "a POSIX shell takes unquoted backslashes away; quote the path, for instance: %s",
                right);
    return rc;
}

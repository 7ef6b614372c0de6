#include "cli/configscan.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

struct scan {
    char *text; /* a copy, in which comments become blanks */
    size_t len;
    size_t at;
    unsigned line;
    unsigned opened; /* the line of the section's brace that is open */
    unsigned depth;  /* braces that are open: of a section, of a list in it */
    const char *path;
};

static bool sees(const struct scan *scan, const char *word)
{
    size_t len = strlen(word);

    return scan->len - scan->at >= len && memcmp(scan->text + scan->at, word, len) == 0;
}

static void step(struct scan *scan, size_t count)
{
    for (; count && scan->at < scan->len; count--) {
        scan->line += scan->text[scan->at++] == '\n';
    }
}

static void blank(struct scan *scan, size_t count)
{
    for (; count && scan->at < scan->len; count--) {
        if (scan->text[scan->at] != '\n') {
            scan->text[scan->at] = ' ';
        }
        step(scan, 1);
    }
}

/* Up to and with @end, or to the end of the text. */
static void blank_comment(struct scan *scan, const char *end)
{
    while (scan->at < scan->len && !sees(scan, end)) {
        blank(scan, 1);
    }
    blank(scan, strlen(end));
}

static cs_rc fail_environment(const struct scan *scan, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_CONFIG, "write the value itself",
                        "%s:%u: ${...} is not replaced in a configuration", scan->path, scan->line);
}

static cs_rc scan_double_quotes(struct scan *scan, struct cs_err *err)
{
    step(scan, 1);
    while (scan->at < scan->len && !sees(scan, "\"")) {
        if (sees(scan, "${")) {
            return fail_environment(scan, err);
        }
        if (sees(scan, "\\\\") || sees(scan, "\\\"")) {
            step(scan, 2);
        } else if (sees(scan, "\\")) {
            return cs_fail_hint(
                err, CS_E_CONFIG, "put the value between single quotes: 'host\\name'",
                "%s:%u: a backslash between double quotes would be lost", scan->path, scan->line);
        } else {
            step(scan, 1);
        }
    }
    step(scan, 1);
    return CS_OK;
}

static void skip_single_quotes(struct scan *scan)
{
    step(scan, 1);
    while (scan->at < scan->len && !sees(scan, "'")) {
        step(scan, sees(scan, "\\'") || sees(scan, "\\\\") ? 2 : 1);
    }
    step(scan, 1);
}

/* "//" begins a comment, but not inside a word: http://... */
static bool starts_slashes(const struct scan *scan)
{
    return sees(scan, "//") && (scan->at == 0 || strchr(" \t\n", scan->text[scan->at - 1]));
}

/* The library takes the rest of the file for the comment and says nothing: a policy would be lost.
 */
static cs_rc blank_long_comment(struct scan *scan, struct cs_err *err)
{
    unsigned began = scan->line;

    blank(scan, 2);
    if (!memmem(scan->text + scan->at, scan->len - scan->at, "*/", 2)) {
        return cs_fail_hint(err, CS_E_CONFIG, "close it with */",
                            "%s:%u: the comment that begins here is not closed", scan->path, began);
    }
    blank_comment(scan, "*/");
    return CS_OK;
}

static void count_brace(struct scan *scan)
{
    if (sees(scan, "{")) {
        scan->opened = scan->depth++ ? scan->opened : scan->line;
    } else if (sees(scan, "}") && scan->depth) {
        scan->depth--;
    }
}

static cs_rc scan_word(struct scan *scan, struct cs_err *err)
{
    if (sees(scan, "#") || starts_slashes(scan)) {
        blank_comment(scan, "\n");
    } else if (sees(scan, "/*")) {
        return blank_long_comment(scan, err);
    } else if (sees(scan, "'")) {
        skip_single_quotes(scan);
    } else if (sees(scan, "\"")) {
        return scan_double_quotes(scan, err);
    } else if (sees(scan, "${")) {
        return fail_environment(scan, err);
    } else {
        count_brace(scan);
        step(scan, 1);
    }
    return CS_OK;
}

cs_rc cs_config_scan(const char *text, size_t len, const char *path, char **ret_plain,
                     struct cs_err *err)
{
    cs_autofree char *plain = cs_strndup(text, len);
    struct scan scan = {.text = plain, .len = len, .line = 1, .path = path};

    if (memchr(text, 0, len)) {
        return cs_fail_hint(err, CS_E_CONFIG, "write it as UTF-8, not as UTF-16",
                            "%s is no text: it holds a NUL", path);
    }
    while (scan.at < len) {
        CS_TRY(scan_word(&scan, err));
    }
    if (scan.depth) {
        return cs_fail_hint(err, CS_E_CONFIG, "close it with }",
                            "%s:%u: the section that begins here is not closed", path, scan.opened);
    }
    *ret_plain = cs_steal(&plain);
    return CS_OK;
}

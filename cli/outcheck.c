/* What `token check` prints. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/jsontext.h"
#include "cli/outline.h"
#include "cli/outtoken.h"

#include <stdlib.h>
#include <string.h>

/* Findings that are shown together: from @from to before @to. */
struct group {
    const struct cs_probe *probe;
    size_t from;
    size_t to;
    struct cs_strv keys;  /* what they are about, a column each */
    struct cs_strv whats; /* a line each */
};

static void group_done(struct group *group)
{
    cs_strv_done(&group->keys);
    cs_strv_done(&group->whats);
}

static char *time_text(double milliseconds)
{
    return milliseconds < 0     ? cs_strdup("")
           : milliseconds < 100 ? cs_asprintf("%.2f ms", milliseconds)
                                : cs_asprintf("%.0f ms", milliseconds);
}

/* "detail; C_Sign: CKR_X", of what there is. */
static char *remark(const struct cs_probe_finding *finding)
{
    const char *const parts[] = {finding->detail, finding->cause};
    cs_auto_value(cs_strv) there = {0};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i] && *parts[i]) {
            cs_strv_add(&there, parts[i]);
        }
    }
    return cs_strv_join(&there, "; ");
}

static void add_once(struct cs_strv *list, const char *word)
{
    if (!cs_strv_has(list, word)) {
        cs_strv_add(list, word);
    }
}

static size_t widest(const struct cs_strv *list)
{
    size_t columns = 0;

    for (size_t i = 0; i < list->count; i++) {
        size_t have = cs_outline_width(list->items[i]);
        columns = have > columns ? have : columns;
    }
    return columns;
}

/* "RSA-" and "ECDH_": keys of one kind stand side by side. */
static bool is_same_kind(const char *a, const char *b)
{
    size_t len = strcspn(a, "-_");

    return a[len] && strncmp(a, b, len + 1) == 0;
}

static struct group find_group(const struct cs_probe *probe, size_t from)
{
    struct group group = {.probe = probe, .from = from, .to = from};
    const char *about = probe->items[from].about;

    while (group.to < probe->count && (strcmp(probe->items[group.to].about, about) == 0 ||
                                       is_same_kind(about, probe->items[group.to].about))) {
        add_once(&group.keys, probe->items[group.to].about);
        add_once(&group.whats, probe->items[group.to].what);
        group.to++;
    }
    return group;
}

/* ---- one subject: a line for each finding ---- */

static void add_row(struct cs_buf *buf, const struct cs_probe_finding *finding, size_t columns)
{
    cs_autofree char *text = remark(finding);
    cs_autofree char *took = time_text(finding->milliseconds);
    cs_autofree char *shown = cs_terminal_escape(text);

    cs_buf_puts(buf, finding->severity == CS_PROBE_FINE ? "  " : "! ");
    cs_outline_pad(buf, finding->what, columns + 2);
    cs_outline_pad(buf, cs_probe_result_name(finding->result), *shown || *took ? 11 : 0);
    cs_buf_printf(buf, "%s%s%s\n", shown, *shown && *took ? "; " : "", took);
}

static void add_lines(struct cs_buf *buf, const struct group *group)
{
    size_t columns = widest(&group->whats);

    cs_buf_printf(buf, "\n%s\n", group->probe->items[group->from].about);
    for (size_t i = group->from; i < group->to; i++) {
        add_row(buf, &group->probe->items[i], columns);
    }
}

/* ---- several: a column for each ---- */

#define CELL 21

static const struct cs_probe_finding *find_cell(const struct group *group, const char *key,
                                                const char *what)
{
    for (size_t i = group->from; i < group->to; i++) {
        const struct cs_probe_finding *finding = &group->probe->items[i];
        if (strcmp(finding->about, key) == 0 && strcmp(finding->what, what) == 0) {
            return finding;
        }
    }
    return NULL;
}

static void add_cell(struct cs_buf *buf, const struct cs_probe_finding *finding, bool is_last)
{
    cs_autofree char *took = time_text(finding ? finding->milliseconds : -1);
    const char *word = !finding                            ? "-"
                       : finding->result == CS_PROBE_VALUE ? finding->detail
                                                           : cs_probe_result_name(finding->result);
    cs_autofree char *text = cs_asprintf("%s%s%s%s", word, *took ? " " : "", took,
                                         finding && finding->severity ? " !" : "");
    cs_autofree char *shown = cs_terminal_escape(text);

    cs_outline_pad(buf, shown, is_last ? 0 : CELL);
}

/* Findings of which the how counts too. */
static bool tells_how(const char *what)
{
    return strncmp(what, "wrap, ", 6) == 0 || strcmp(what, "unwrap") == 0 ||
           strcmp(what, "CKA_ALWAYS_AUTHENTICATE=true") == 0;
}

static bool needs_words(const struct group *group, const struct cs_probe_finding *finding)
{
    (void)group;
    return finding->severity != CS_PROBE_FINE || finding->result == CS_PROBE_NO ||
           finding->result == CS_PROBE_REFUSED || finding->result == CS_PROBE_NOT_TRIED ||
           tells_how(finding->what);
}

typedef bool (*wanted_fn)(const struct group *group, const struct cs_probe_finding *finding);

/* "what (keys): result: remark", once for all keys of which the same is to be said. */
static void add_words(struct cs_buf *buf, const struct group *group, size_t number,
                      wanted_fn is_wanted)
{
    const struct cs_probe_finding *finding = &group->probe->items[number];
    cs_autofree char *text = remark(finding);
    cs_auto_value(cs_strv) keys = {0};

    for (size_t i = group->from; i < group->to; i++) {
        const struct cs_probe_finding *other = &group->probe->items[i];
        cs_autofree char *same = remark(other);
        if (strcmp(other->what, finding->what) != 0 || strcmp(same, text) != 0 ||
            other->result != finding->result || !is_wanted(group, other)) {
            continue;
        }
        if (i < number) {
            return; /* said with that one */
        }
        add_once(&keys, other->about);
    }
    cs_autofree char *list = cs_strv_join(&keys, ", ");
    cs_autofree char *shown = cs_terminal_escape(text);
    cs_buf_printf(buf, "  %s (%s): %s%s%s\n", finding->what, list,
                  cs_probe_result_name(finding->result), *shown ? ": " : "", shown);
}

static void add_all_words(struct cs_buf *buf, const struct group *group, wanted_fn is_wanted)
{
    for (size_t i = group->from; i < group->to; i++) {
        if (is_wanted(group, &group->probe->items[i])) {
            add_words(buf, group, i, is_wanted);
        }
    }
}

static void add_matrix(struct cs_buf *buf, const struct group *group)
{
    size_t columns = widest(&group->whats) + 4;

    cs_buf_puts(buf, "\n");
    cs_outline_pad(buf, "", columns);
    for (size_t k = 0; k < group->keys.count; k++) {
        cs_outline_pad(buf, group->keys.items[k], k + 1 < group->keys.count ? CELL : 0);
    }
    cs_buf_puts(buf, "\n");
    for (size_t w = 0; w < group->whats.count; w++) {
        cs_buf_puts(buf, "  ");
        cs_outline_pad(buf, group->whats.items[w], columns - 2);
        for (size_t k = 0; k < group->keys.count; k++) {
            add_cell(buf, find_cell(group, group->keys.items[k], group->whats.items[w]),
                     k + 1 == group->keys.count);
        }
        cs_buf_puts(buf, "\n");
    }
    add_all_words(buf, group, needs_words);
}

/* ---- what counts most ---- */

static bool is_danger(const struct group *group, const struct cs_probe_finding *finding)
{
    (void)group;
    return finding->severity == CS_PROBE_DANGER;
}

static bool is_contradiction(const struct group *group, const struct cs_probe_finding *finding)
{
    (void)group;
    return finding->severity == CS_PROBE_CONTRADICTION;
}

static void add_end(struct cs_buf *buf, const struct cs_probe *probe)
{
    const struct group all = {.probe = probe, .to = probe->count};

    if (probe->dangers) {
        cs_buf_puts(buf, "\nDANGER: this token does what PKCS #11 forbids, so that a key on it is "
                         "not safe:\n");
        add_all_words(buf, &all, is_danger);
    }
    if (probe->contradictions > probe->dangers) {
        cs_buf_puts(buf, "\nAgainst PKCS #11, and called out for that:\n");
        add_all_words(buf, &all, is_contradiction);
    }
    if (probe->left.count) {
        cs_buf_puts(buf, "\nCould not be removed from the token; its own tool may:\n");
    }
    for (size_t i = 0; i < probe->left.count; i++) {
        cs_autofree char *shown = cs_terminal_escape(probe->left.items[i]);
        cs_buf_printf(buf, "  %s\n", shown);
    }
}

char *cs_outtoken_check_text(const struct cs_probe *probe)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    cs_outline_add(&buf, "Token", probe->token->uri);
    cs_outline_add(&buf, "Module", probe->token->module_path);
    cs_outline_add(&buf, "Profile", probe->token->profile);
    for (size_t i = 0; i < probe->count;) {
        cs_auto_value(group) group = find_group(probe, i);
        if (group.keys.count > 1) {
            add_matrix(&buf, &group);
        } else {
            add_lines(&buf, &group);
        }
        i = group.to;
    }
    add_end(&buf, probe);
    return cs_outline_take(&buf);
}

/* ---- JSON ---- */

static json_t *finding_json(const struct cs_probe_finding *finding)
{
    json_t *object = json_object();
    bool timed = finding->milliseconds >= 0;

    json_object_set_new(object, "About", cs_jsontext(finding->about));
    json_object_set_new(object, "What", cs_jsontext(finding->what));
    json_object_set_new(object, "Result", cs_jsontext(cs_probe_result_name(finding->result)));
    json_object_set_new(object, "Detail", cs_jsontext_or_null(finding->detail));
    json_object_set_new(object, "Cause", cs_jsontext_or_null(finding->cause));
    json_object_set_new(object, "Milliseconds",
                        timed ? json_real(finding->milliseconds) : json_null());
    json_object_set_new(object, "Severity",
                        cs_jsontext_or_null(cs_probe_severity_name(finding->severity)));
    return json_pack("{s:o}", "Finding", object);
}

char *cs_outtoken_check_json(const struct cs_probe *probe)
{
    struct cs_jsontext_array array;

    cs_jsontext_array_begin(&array);
    cs_jsontext_array_add(&array, json_pack("{s:o}", "Token", cs_outtoken_info(probe->token)));
    for (size_t i = 0; i < probe->count; i++) {
        cs_jsontext_array_add(&array, finding_json(&probe->items[i]));
    }
    for (size_t i = 0; i < probe->left.count; i++) {
        cs_jsontext_array_add(&array,
                              json_pack("{s:o}", "Left", cs_jsontext(probe->left.items[i])));
    }
    if (probe->draft) {
        cs_jsontext_array_add(&array, json_pack("{s:o}", "Draft", cs_jsontext(probe->draft)));
    }
    return cs_jsontext_array_end(&array);
}

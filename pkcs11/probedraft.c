/* The draft of a profile: what hsm-config/profiles would have to say of this token. */
#include "pkcs11/probe_internal.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "pkcs11/ckr.h"
#include "pkcs11/slot.h"

#include <stdlib.h>
#include <string.h>

#define DRAFT_MAX 65536

/* In single quotes of libConfuse, where a backslash stands in front of quote and backslash. */
static void add_quoted(struct cs_buf *buf, const char *text)
{
    cs_buf_puts(buf, "'");
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') {
            cs_buf_puts(buf, "\\");
        }
        cs_buf_add(buf, text, 1);
    }
    cs_buf_puts(buf, "'");
}

/* As a pattern of fnmatch(3) that fits these words alone. */
static char *pattern_of(const char *text)
{
    char *pattern = cs_alloc(2 * strlen(text) + 1, 1);
    size_t len = 0;

    for (; *text; text++) {
        if (strchr("*?[\\", *text)) {
            pattern[len++] = '\\';
        }
        pattern[len++] = *text;
    }
    return pattern;
}

static void add_key(struct cs_buf *buf, const char *key, const char *value)
{
    cs_buf_printf(buf, "%s = ", key);
    add_quoted(buf, value);
    cs_buf_puts(buf, "\n");
}

/* Nothing to tell it by is no pattern. */
static void add_pattern(struct cs_buf *buf, const char *key, const char *value)
{
    cs_autofree char *pattern = pattern_of(value);

    if (*value) {
        add_key(buf, key, pattern);
    }
}

static void add_list(struct cs_buf *buf, const char *key, const struct cs_strv *list)
{
    cs_buf_printf(buf, "%s = {", key);
    for (size_t i = 0; i < list->count; i++) {
        cs_buf_puts(buf, i ? ", " : "");
        add_quoted(buf, list->items[i]);
    }
    cs_buf_puts(buf, "}\n");
}

static void add_head(struct cs_buf *buf, struct cs_token *token)
{
    const char *manufacturer = token->info.manufacturer;
    cs_auto_value(cs_slot_library) library = {.watch = &token->watch, .functions = token->module};
    const char *words = cs_slot_library_words(&library);
    char now[CS_TIME_TEXT_SIZE];
    cs_autofree char *name = cs_asprintf("draft of %s", token->info.label);

    cs_buf_printf(buf,
                  "# A draft that `cscert token check` of cscert " CS_VERSION " made on %s\n"
                  "# on %s\n"
                  "# through %s.\n"
                  "# softhsm2.profile explains the keys. Read it before you use it: what a token "
                  "refuses today\n"
                  "# may be its configuration. In cscert.conf: token { profile = '...' }\n\n",
                  cs_clock_format(cs_clock_now(), now), token->info.uri, token->info.module_path);
    add_key(buf, "name", name);
    cs_buf_puts(buf, "\n# What this token says of itself; with * it fits more of its make.\n");
    if (*manufacturer) {
        add_pattern(buf, "manufacturer", manufacturer);
    } else {
        add_key(buf, "manufacturer", "*");
    }
    add_pattern(buf, "model", token->info.model);
    add_pattern(buf, "library", words ? words : "");
}

static void add_generation(struct cs_buf *buf, const struct cs_prober *prober)
{
    const struct cs_probe_facts *facts = &prober->facts;

    if (prober->plain.generation == CS_GEN_TOKEN) {
        cs_buf_puts(buf, "\n# Key pairs are made on the token: it makes none in a session.\n");
    } else if (facts->copies_tried && facts->copies) {
        cs_buf_puts(buf, "\n# 'session-copy' works too: a pair of the session was copied to the "
                         "token, and all its\n# attributes were as before. A run that dies leaves "
                         "nothing behind then.\n");
    } else {
        cs_buf_puts(buf, "\n# Not 'session-copy': a pair of the session could not be copied to "
                         "the token, or the copy\n# gave other answers.\n");
    }
    add_key(buf, "generation", "token");
}

static void add_exportable(struct cs_buf *buf, const struct cs_probe_facts *facts)
{
    const char *word = facts->exportable[CS_EXPORTABLE_YES]       ? "yes"
                       : facts->exportable[CS_EXPORTABLE_IGNORED] ? "ignored"
                                                                  : "no";

    cs_buf_printf(buf,
                  "\n# CKA_EXTRACTABLE=true was honoured by %zu pairs, ignored by %zu, refused for "
                  "%zu.\n",
                  facts->exportable[CS_EXPORTABLE_YES], facts->exportable[CS_EXPORTABLE_IGNORED],
                  facts->exportable[CS_EXPORTABLE_NO]);
    add_key(buf, "exportable", word);
}

static void add_dangers(struct cs_buf *buf, const struct cs_probe *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct cs_probe_finding *finding = &report->items[i];
        if (finding->severity == CS_PROBE_DANGER) {
            cs_buf_printf(buf, "# DANGER: %s, %s: %s\n", finding->about, finding->what,
                          finding->detail);
        }
    }
}

char *cs_probe_draft(struct cs_prober *prober)
{
    const struct cs_probe_facts *facts = &prober->facts;
    struct cs_buf buf = CS_BUF(DRAFT_MAX);
    char *text = NULL;

    add_head(&buf, prober->token);
    add_generation(&buf, prober);
    cs_buf_puts(&buf, "\n# Tried one by one where the whole template was refused, or reading back "
                      "otherwise.\n");
    add_list(&buf, "refuses", &facts->refuses);
    cs_buf_puts(&buf, "\n# Read back otherwise than it must be for a key that was made here just "
                      "now.\n");
    add_list(&buf, "unreliable", &facts->unreliable);
    add_exportable(&buf, facts);
    cs_buf_puts(&buf, "\n# Promised by its mechanisms, and then not made, not told or not "
                      "signing.\n");
    add_list(&buf, "cannot", &facts->cannot);
    cs_buf_puts(&buf, "\n# For you to say: whether other programs may write to it at the same "
                      "time, and what must run\n# beside it.\n");
    cs_buf_puts(&buf, "exclusive = false\n");
    add_key(&buf, "needs", "");
    cs_buf_puts(&buf, "tried = true\n");
    add_key(&buf, "note", "");
    add_dangers(&buf, prober->report);
    return cs_buf_take_text(&buf, "the draft", &text, NULL) == CS_OK ? text : NULL;
}

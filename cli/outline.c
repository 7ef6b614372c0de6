#include "cli/outline.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"

#include <string.h>

size_t cs_outline_width(const char *text)
{
    size_t count = 0;

    for (; *text; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

void cs_outline_pad(struct cs_buf *buf, const char *text, size_t columns)
{
    cs_buf_puts(buf, text);
    for (size_t have = cs_outline_width(text); have < columns; have++) {
        cs_buf_add(buf, " ", 1);
    }
}

void cs_outline_add(struct cs_buf *buf, const char *name, const char *value)
{
    cs_autofree char *shown = cs_terminal_escape(value);

    cs_outline_pad(buf, name, CS_OUTLINE_NAME);
    cs_buf_puts(buf, *name ? ": " : "  ");
    cs_buf_puts(buf, shown);
    cs_buf_puts(buf, "\n");
}

void cs_outline_add_if(struct cs_buf *buf, const char *name, const char *value)
{
    if (value && *value) {
        cs_outline_add(buf, name, value);
    }
}

void cs_outline_list(struct cs_buf *buf, const char *name, const struct cs_strv *items)
{
    for (size_t i = 0; i < items->count; i++) {
        cs_outline_add(buf, i ? "" : name, items->items[i]);
    }
}

static void widen(size_t *widest, const char *text)
{
    size_t columns = text ? cs_outline_width(text) : 0;

    *widest = columns > *widest ? columns : *widest;
}

void cs_outline_names(const struct cs_plan *plan, void (*each)(void *ctx, const char *line),
                      void *ctx)
{
    size_t names = 0;
    size_t rules = 0;

    for (size_t i = 0; i < plan->name_count; i++) {
        widen(&names, plan->names[i].name);
        widen(&rules, plan->names[i].rule);
    }
    for (size_t i = 0; i < plan->name_count; i++) {
        const struct cs_name *name = &plan->names[i];
        const char *rule = name->rule ? name->rule : "";
        /* Said twice it is no reason. */
        bool more = name->source && *name->source && strcmp(name->source, rule) != 0;
        struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);
        cs_outline_pad(&buf, name->name, names);
        cs_buf_puts(&buf, "  ");
        cs_outline_pad(&buf, rule, more ? rules : 0);
        cs_buf_puts(&buf, more ? "  " : "");
        cs_buf_puts(&buf, more ? name->source : "");
        cs_autofree char *line = cs_outline_take(&buf);
        each(ctx, line);
    }
}

char *cs_outline_types(cs_type_set set)
{
    cs_autofree char *joined = cs_cert_types_text(set);
    cs_auto_value(cs_strv) list = {0};

    cs_strv_split(&list, joined, ',');
    return cs_strv_join(&list, ", ");
}

const char *cs_outline_owner(const struct cs_plan *plan)
{
    if (plan->computer) {
        return plan->computer;
    }
    return plan->types == 1U << CS_TYPE_OAUTH_TOKEN_ISSUER ? "all servers" : "all of the pool";
}

char *cs_outline_take(struct cs_buf *buf)
{
    char *text = NULL;

    if (cs_buf_take_text(buf, "the results", &text, NULL) != CS_OK) {
        cs_buf_done(buf);
        text = cs_strdup("");
    }
    return text;
}

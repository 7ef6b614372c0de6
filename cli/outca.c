#include "cli/outca.h"

#include "base/cleanup.h"
#include "cli/jsontext.h"
#include "cli/outline.h"

static void add_error(struct cs_jsontext_array *array, const struct cs_err *error)
{
    if (error && error->code != CS_OK) {
        json_t *object = json_object();
        json_object_set_new(object, "Error", cs_jsontext_error(error));
        cs_jsontext_array_add(array, object);
    }
}

/* ---- ca probe ---- */

char *cs_outca_findings_text(const struct cs_ca_finding_list *findings)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);
    size_t columns = 0;

    for (size_t i = 0; i < findings->count; i++) {
        cs_autofree char *step = cs_terminal_escape(findings->items[i].step);
        size_t width = cs_outline_width(step);
        columns = width > columns ? width : columns;
    }
    for (size_t i = 0; i < findings->count; i++) {
        const struct cs_ca_finding *finding = &findings->items[i];
        cs_autofree char *step = cs_terminal_escape(finding->step);
        cs_autofree char *detail = cs_terminal_escape(finding->detail);
        cs_buf_puts(&buf, finding->ok ? "ok      " : "FAILED  ");
        cs_outline_pad(&buf, step, columns);
        cs_buf_printf(&buf, "  %s\n", detail);
    }
    return cs_outline_take(&buf);
}

char *cs_outca_findings_json(const struct cs_ca_finding_list *findings, const struct cs_err *error)
{
    struct cs_jsontext_array array;

    cs_jsontext_array_begin(&array);
    for (size_t i = 0; i < findings->count; i++) {
        const struct cs_ca_finding *finding = &findings->items[i];
        json_t *facts = json_object();
        json_t *object = json_object();
        json_object_set_new(facts, "Step", cs_jsontext(finding->step));
        json_object_set_new(facts, "Ok", json_boolean(finding->ok));
        json_object_set_new(facts, "Detail", cs_jsontext(finding->detail));
        json_object_set_new(object, "Finding", facts);
        cs_jsontext_array_add(&array, object);
    }
    add_error(&array, error);
    return cs_jsontext_array_end(&array);
}

/* ---- ca list ---- */

char *cs_outca_entries_text(const struct cs_ca_entry_list *entries)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    for (size_t i = 0; i < entries->count; i++) {
        const struct cs_ca_entry *entry = &entries->items[i];
        cs_buf_puts(&buf, i ? "\n" : "");
        cs_outline_add(&buf, "CA", entry->name);
        cs_outline_add(&buf, "Host", entry->host);
        cs_outline_list(&buf, "Templates", &entry->templates);
        cs_outline_list(&buf, "Addresses", &entry->urls);
    }
    return cs_outline_take(&buf);
}

char *cs_outca_entries_json(const struct cs_ca_entry_list *entries, const struct cs_err *error)
{
    struct cs_jsontext_array array;

    cs_jsontext_array_begin(&array);
    for (size_t i = 0; i < entries->count; i++) {
        const struct cs_ca_entry *entry = &entries->items[i];
        json_t *facts = json_object();
        json_t *object = json_object();
        json_object_set_new(facts, "Name", cs_jsontext(entry->name));
        json_object_set_new(facts, "Host", cs_jsontext(entry->host));
        json_object_set_new(facts, "CommonName", cs_jsontext(entry->authority));
        json_object_set_new(facts, "Templates", cs_jsontext_list(&entry->templates));
        json_object_set_new(facts, "Urls", cs_jsontext_list(&entry->urls));
        json_object_set_new(object, "Authority", facts);
        cs_jsontext_array_add(&array, object);
    }
    add_error(&array, error);
    return cs_jsontext_array_end(&array);
}

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/output.h"
#include "x509/cert.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* No limit of ours: a listing is never cut. */
#define TEXT_MAX ((size_t)1 << 40)

/* The width of the names in front of the colon: "CaRequestId", "RequestStatus". */
#define NAME_WIDTH 14

/* Characters, not octets: what a terminal shows, but for wide and combining ones. */
static size_t width(const char *text)
{
    size_t count = 0;

    for (; *text; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

static void pad(struct cs_buf *buf, const char *text, size_t columns)
{
    cs_buf_puts(buf, text);
    for (size_t have = width(text); have < columns; have++) {
        cs_buf_puts(buf, " ");
    }
}

/* "Name           : value"; an empty name continues the line above. */
static void add_line(struct cs_buf *buf, const char *name, const char *value)
{
    cs_autofree char *shown = cs_terminal_escape(value);

    pad(buf, name, NAME_WIDTH);
    cs_buf_printf(buf, "%s%s\n", *name ? ": " : "  ", shown);
}

static void add_if(struct cs_buf *buf, const char *name, const char *value)
{
    if (value && *value) {
        add_line(buf, name, value);
    }
}

static char *types_text(cs_type_set set)
{
    cs_autofree char *joined = cs_cert_types_text(set);
    cs_auto_value(cs_strv) list = {0};

    cs_strv_split(&list, joined, ',');
    return cs_strv_join(&list, ", ");
}

static char *id_text(const struct cs_request *request)
{
    return request->id ? cs_asprintf("%" PRId64, request->id) : cs_strdup("-");
}

/* ---- one result ---- */

static void add_names(struct cs_buf *buf, const struct cs_plan *plan)
{
    size_t widest = 0;

    for (size_t i = 0; i < plan->name_count; i++) {
        size_t columns = width(plan->names[i].name);
        widest = columns > widest ? columns : widest;
    }
    for (size_t i = 0; i < plan->name_count; i++) {
        const struct cs_name *name = &plan->names[i];
        struct cs_buf line = CS_BUF(65536);
        cs_autofree char *value = NULL;
        pad(&line, name->name, widest);
        cs_buf_printf(&line, "  %s", name->rule ? name->rule : "");
        if (name->source && (!name->rule || strcmp(name->source, name->rule) != 0)) {
            cs_buf_printf(&line, " (%s)", name->source);
        }
        if (cs_buf_take_text(&line, "a name", &value, NULL) == CS_OK) {
            add_line(buf, i ? "" : "Names", value);
        }
        cs_buf_done(&line);
    }
}

static char *attributes_text(const struct cs_key_attrs *attrs)
{
    cs_auto_value(cs_strv) list = {0};

    for (unsigned i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        cs_strv_take(&list, cs_asprintf("%s %s%s", cs_key_attr_name((enum cs_key_attr)i),
                                        cs_answer_text(attrs->answer[i]),
                                        attrs->unreliable[i] ? " (unreliable)" : ""));
    }
    return cs_strv_join(&list, ", ");
}

static void add_key(struct cs_buf *buf, const struct cs_request *request)
{
    const struct cs_plan *plan = request->plan;
    bool made = request->key_uri != NULL;
    cs_autofree char *spec =
        cs_asprintf("%s %u, %s", cs_key_alg_name(plan->key_spec.alg), plan->key_spec.bits,
                    plan->exportable ? "exportable" : "not exportable");

    add_line(buf, "Key", spec);
    add_if(buf, "KeyLabel", request->label);
    if (made) {
        cs_autofree char *attrs = attributes_text(&request->attrs);
        add_line(buf, "KeyUri", request->key_uri);
        add_line(buf, "KeyGeneration", cs_generation_name(request->generation));
        add_line(buf, "KeyAttributes", attrs);
    }
}

static void add_certificate(struct cs_buf *buf, const struct cs_bytes *certificate)
{
    cs_auto_value(cs_cert_facts) facts = {0};

    if (certificate->len && cs_cert_read(certificate, &facts, NULL) == CS_OK) {
        add_line(buf, "Issuer", facts.issuer);
        add_line(buf, "SerialNumber", facts.serial);
        add_line(buf, "Thumbprint", facts.thumbprint);
    }
}

static void add_error(struct cs_buf *buf, const struct cs_err *error)
{
    char cause[CS_ERR_CAUSE_SIZE];

    if (error) {
        add_line(buf, "Error", error->message);
        add_if(buf, "  cause", cs_err_cause_text(error, cause));
        add_if(buf, "  do", error->hint);
    }
}

static void add_result(struct cs_buf *buf, const struct cs_result *result)
{
    const struct cs_request *request = result->request;
    const struct cs_plan *plan = request->plan;
    cs_autofree char *id = id_text(request);
    cs_autofree char *types = types_text(plan->types);
    cs_autofree char *subject = cs_output_subject(&plan->subject);

    add_line(buf, "RequestId", id);
    add_line(buf, "RequestStatus", cs_state_status(request->state));
    add_line(buf, "Type", types);
    add_if(buf, "Subject", subject);
    add_names(buf, plan);
    add_certificate(buf, &request->certificate);
    add_key(buf, request);
    add_if(buf, "Ca", plan->ca);
    add_if(buf, "CaRequestId", request->ca_request_id);
    add_if(buf, "CaMessage", request->ca_message);
    add_if(buf, "Output", result->files.count ? NULL : plan->output);
    for (size_t i = 0; i < result->files.count; i++) {
        add_line(buf, i ? "" : "Files", result->files.items[i]);
    }
    /* What went wrong in this run goes to standard error, once. */
    if (result->error.code == CS_OK) {
        add_error(buf, cs_output_error(result));
    }
}

/* ---- several ---- */

enum { COLUMNS = 6 };

struct row {
    char *cells[COLUMNS];
};

static void row_done(struct row *row)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        free(row->cells[i]);
    }
}

static char *cell(const char *value)
{
    return value && *value ? cs_terminal_escape(value) : cs_strdup("-");
}

static struct row header_row(void)
{
    return (struct row){{
        cs_strdup("RequestId"),
        cs_strdup("RequestStatus"),
        cs_strdup("CaRequestId"),
        cs_strdup("Ca"),
        cs_strdup("Type"),
        cs_strdup("Subject"),
    }};
}

static struct row result_row(const struct cs_result *result)
{
    const struct cs_request *request = result->request;
    cs_autofree char *types = cs_cert_types_text(request->plan->types);
    cs_autofree char *subject = cs_output_subject(&request->plan->subject);

    return (struct row){{
        id_text(request),
        cell(cs_state_status(request->state)),
        cell(request->ca_request_id),
        cell(request->plan->ca),
        cell(types),
        cell(subject),
    }};
}

static void add_row(struct cs_buf *buf, const struct row *row, const size_t *widths)
{
    for (size_t i = 0; i < COLUMNS - 1; i++) {
        pad(buf, row->cells[i], widths[i] + 2);
    }
    cs_buf_printf(buf, "%s\n", row->cells[COLUMNS - 1]);
}

/* Under its row, so that one sees which request it was. */
static void add_fault(struct cs_buf *buf, const struct cs_result *result)
{
    const struct cs_err *error = cs_output_error(result);

    if (error) {
        cs_autofree char *message = cs_terminal_escape(error->message);
        cs_buf_printf(buf, "  %s: %s\n", cs_rc_name(error->code), message);
    }
}

static void add_table(struct cs_buf *buf, const struct cs_result_list *results)
{
    size_t count = results->count + 1;
    cs_autofree struct row *rows = cs_alloc(count, sizeof *rows);
    size_t widths[COLUMNS] = {0};

    rows[0] = header_row();
    for (size_t i = 1; i < count; i++) {
        rows[i] = result_row(&results->items[i - 1]);
    }
    for (size_t i = 0; i < count * COLUMNS; i++) {
        size_t columns = width(rows[i / COLUMNS].cells[i % COLUMNS]);
        size_t *widest = &widths[i % COLUMNS];
        *widest = columns > *widest ? columns : *widest;
    }
    for (size_t i = 0; i < count; i++) {
        add_row(buf, &rows[i], widths);
        row_done(&rows[i]);
        if (i) {
            add_fault(buf, &results->items[i - 1]);
        }
    }
}

static void add_strays(struct cs_buf *buf, const struct cs_stray_list *strays)
{
    if (!strays || !strays->count) {
        return;
    }
    cs_buf_puts(buf, "Objects without an identity, which nothing of cscert's names:\n");
    for (size_t i = 0; i < strays->count; i++) {
        const struct cs_stray *stray = &strays->items[i];
        cs_autofree char *name = cs_terminal_escape(stray->name);
        cs_autofree char *label = cs_terminal_escape(stray->label);
        cs_buf_printf(buf, "  %s  %zu x %s  label \"%s\"\n", name, stray->count, stray->class_name,
                      label);
    }
    cs_buf_puts(buf, "`cscert recover --remove NAME` destroys those of one name.\n");
}

static void add_held(struct cs_buf *buf, const struct cs_labca_request_list *held)
{
    if (!held || !held->count) {
        return;
    }
    cs_buf_puts(buf, "CaRequestId  Received              Authority  Account\n");
    for (size_t i = 0; i < held->count; i++) {
        const struct cs_labca_request *request = &held->items[i];
        cs_autofree char *ca = cell(request->ca);
        cs_autofree char *account = cell(request->account);
        char when[CS_TIME_TEXT_SIZE];
        cs_buf_printf(buf, "%-11" PRId64 "  %s  %-9s  %s\n", request->id,
                      cs_clock_format(request->created, when), ca, account);
    }
}

char *cs_output_text(const struct cs_output *output)
{
    struct cs_buf buf = CS_BUF(TEXT_MAX);
    char *text = NULL;

    if (output->results->count == 1) {
        add_result(&buf, &output->results->items[0]);
    } else if (output->results->count) {
        add_table(&buf, output->results);
    }
    add_strays(&buf, output->strays);
    add_held(&buf, output->held);
    if (cs_buf_take_text(&buf, "the results", &text, NULL) != CS_OK) {
        cs_buf_done(&buf);
        text = cs_strdup("");
    }
    return text;
}

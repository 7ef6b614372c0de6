#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/outline.h"
#include "cli/outplan.h"
#include "cli/output.h"
#include "x509/cert.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static char *id_text(const struct cs_request *request)
{
    return request->id ? cs_asprintf("%" PRId64, request->id) : cs_strdup("-");
}

/* ---- one result ---- */

struct names {
    struct cs_buf *buf;
    bool more;
};

static void add_name(void *ctx, const char *line)
{
    struct names *names = ctx;

    cs_outline_add(names->buf, names->more ? "" : "Names", line);
    names->more = true;
}

static void add_names(struct cs_buf *buf, const struct cs_plan *plan)
{
    struct names names = {.buf = buf};

    cs_outline_names(plan, add_name, &names);
}

static void add_like(struct cs_buf *buf, const struct cs_like *like)
{
    cs_outline_add_if(buf, "Like", like->source);
    cs_outline_list(buf, "  kept", &like->kept);
    cs_outline_list(buf, "  gained", &like->gained);
    cs_outline_list(buf, "  lost", &like->lost);
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

    cs_outline_add(buf, "Key", spec);
    cs_outline_add_if(buf, "KeyLabel", request->label ? request->label : plan->friendly_name);
    if (made) {
        cs_autofree char *attrs = attributes_text(&request->attrs);
        cs_outline_add(buf, "KeyUri", request->key_uri);
        cs_outline_add(buf, "KeyGeneration", cs_generation_name(request->generation));
        cs_outline_add(buf, "KeyAttributes", attrs);
    }
}

static void add_certificate(struct cs_buf *buf, const struct cs_bytes *certificate)
{
    cs_auto_value(cs_cert_facts) facts = {0};

    if (certificate->len && cs_cert_read(certificate, &facts, NULL) == CS_OK) {
        cs_outline_add(buf, "Issuer", facts.issuer);
        cs_outline_add(buf, "SerialNumber", facts.serial);
        cs_outline_add(buf, "Thumbprint", facts.thumbprint);
    }
}

/* Of a request that was withdrawn nothing is left to do. */
static void add_error(struct cs_buf *buf, const struct cs_err *error, enum cs_state state)
{
    char cause[CS_ERR_CAUSE_SIZE];

    if (error) {
        cs_outline_add(buf, "Error", error->message);
        cs_outline_add_if(buf, "  cause", cs_err_cause_text(error, cause));
        cs_outline_add_if(buf, "  do", state == CS_STATE_CLEARED ? NULL : error->hint);
    }
}

/* The store does not keep what role the pool had when the request was made. */
static void add_place(struct cs_buf *buf, const struct cs_plan *plan)
{
    bool has_role = plan->role != CS_ROLE_NONE;

    if (plan->pool) {
        cs_autofree char *pool =
            cs_asprintf("%s%s%s%s", plan->pool, has_role ? " (" : "",
                        has_role ? cs_role_name(plan->role) : "", has_role ? ")" : "");
        cs_outline_add(buf, "Pool", pool);
        cs_outline_add(buf, "Computer", cs_outline_owner(plan));
    }
}

static void add_existing(struct cs_buf *buf, const struct cs_existing *existing)
{
    cs_autofree char *text = cs_output_existing(existing);

    if (existing->request_id) {
        cs_outline_add(buf, "Existing", text);
    }
}

static void add_exports(struct cs_buf *buf, const struct cs_result *result)
{
    if (result->exported) {
        cs_autofree char *times =
            cs_asprintf("%" PRId64 " time%s", result->exported, result->exported == 1 ? "" : "s");
        cs_outline_add(buf, "KeyExported", times);
    }
    cs_outline_add_if(buf, "KeyCopiedTo", result->copy);
}

static void add_result(struct cs_buf *buf, const struct cs_result *result)
{
    const struct cs_request *request = result->request;
    const struct cs_plan *plan = request->plan;
    cs_autofree char *id = id_text(request);
    cs_autofree char *types = cs_outline_types(plan->types);
    cs_autofree char *subject = cs_output_subject(&plan->subject);

    cs_outline_add(buf, "RequestId", id);
    cs_outline_add(buf, "RequestStatus", cs_output_status(result));
    cs_outline_add(buf, "Type", types);
    add_place(buf, plan);
    cs_outline_add_if(buf, "Subject", subject);
    add_names(buf, plan);
    add_like(buf, &plan->like);
    cs_outline_add_if(buf, "Choice", plan->choice);
    add_existing(buf, &result->existing);
    add_certificate(buf, &request->certificate);
    add_key(buf, request);
    cs_outline_add_if(buf, "Ca", plan->ca);
    cs_outline_add_if(buf, "Template", plan->template_name);
    cs_outline_add_if(buf, "CaRequestId", request->ca_request_id);
    cs_outline_add_if(buf, "CaMessage", request->ca_message);
    add_exports(buf, result);
    cs_outline_add_if(buf, "Output", result->files.count ? NULL : plan->output);
    for (size_t i = 0; i < result->files.count; i++) {
        cs_outline_add(buf, i ? "" : "Files", result->files.items[i]);
    }
    /* What went wrong in this run goes to standard error, once. */
    if (result->error.code == CS_OK) {
        add_error(buf, cs_output_error(result), request->state);
    }
}

/* ---- several ---- */

enum { COLUMNS = 7, FOR = 5 };

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
        cs_strdup("For"),
        cs_strdup("Subject"),
    }};
}

static struct row result_row(const struct cs_result *result)
{
    const struct cs_request *request = result->request;
    const struct cs_plan *plan = request->plan;
    cs_autofree char *types = cs_cert_types_text(plan->types);
    cs_autofree char *subject = cs_output_subject(&plan->subject);

    return (struct row){{
        id_text(request),
        cell(cs_output_status(result)),
        cell(request->ca_request_id),
        cell(request->plan->ca),
        cell(types),
        cell(plan->computer ? plan->computer : plan->pool),
        cell(subject),
    }};
}

static void add_row(struct cs_buf *buf, const struct row *row, const size_t *widths)
{
    for (size_t i = 0; i < COLUMNS - 1; i++) {
        if (widths[i]) {
            cs_outline_pad(buf, row->cells[i], widths[i] + 2);
        }
    }
    cs_buf_printf(buf, "%s\n", row->cells[COLUMNS - 1]);
}

/* The members of a pool have the same subject; without a topology the subject says it all. */
static bool has_pool(const struct cs_result_list *results)
{
    for (size_t i = 0; i < results->count; i++) {
        if (results->items[i].request->plan->pool) {
            return true;
        }
    }
    return false;
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

/* Which of them is in which file. */
static void add_files(struct cs_buf *buf, const struct cs_strv *files)
{
    for (size_t i = 0; i < files->count; i++) {
        cs_autofree char *path = cs_terminal_escape(files->items[i]);
        cs_buf_printf(buf, "  written to %s\n", path);
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
        size_t columns = cs_outline_width(rows[i / COLUMNS].cells[i % COLUMNS]);
        size_t *widest = &widths[i % COLUMNS];
        *widest = columns > *widest ? columns : *widest;
    }
    if (!has_pool(results)) {
        widths[FOR] = 0;
    }
    for (size_t i = 0; i < count; i++) {
        add_row(buf, &rows[i], widths);
        row_done(&rows[i]);
        if (i) {
            add_files(buf, &results->items[i - 1].files);
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
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    if (output->all == CS_OUTPUT_PLANS) {
        cs_outplan_plans(&buf, output->results);
    } else if (output->results->count == 1) {
        add_result(&buf, &output->results->items[0]);
    } else if (output->results->count) {
        add_table(&buf, output->results);
    }
    add_strays(&buf, output->strays);
    add_held(&buf, output->held);
    return cs_outline_take(&buf);
}

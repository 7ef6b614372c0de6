#include "cli/outplan.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/outline.h"
#include "cli/output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct cs_plan *plan_of(const struct cs_result_list *results, size_t i)
{
    return results->items[i].request->plan;
}

/* ---- plan --all ---- */

/* "    Why       One certificate for ..." */
static void add_field(struct cs_buf *buf, const char *name, const char *value)
{
    cs_autofree char *shown = cs_terminal_escape(value);

    cs_buf_puts(buf, "    ");
    cs_outline_pad(buf, name, 10);
    cs_buf_puts(buf, shown);
    cs_buf_puts(buf, "\n");
}

struct names {
    struct cs_buf *buf;
    bool more;
};

static void add_name(void *ctx, const char *line)
{
    struct names *names = ctx;

    add_field(names->buf, names->more ? "" : "Names", line);
    names->more = true;
}

/* "pool1.litwareinc.net (Front End)" */
static void add_pool(struct cs_buf *buf, const struct cs_plan *plan)
{
    cs_autofree char *pool = cs_terminal_escape(plan->pool ? plan->pool : "No pool");

    cs_buf_printf(buf, "%s%s", buf->len ? "\n" : "", pool);
    if (plan->role != CS_ROLE_NONE) {
        cs_buf_printf(buf, " (%s)", cs_role_name(plan->role));
    }
    cs_buf_puts(buf, "\n");
}

static void add_plan(struct cs_buf *buf, const struct cs_result *result)
{
    const struct cs_plan *plan = result->request->plan;
    const struct cs_err *error = cs_output_error(result);
    cs_autofree char *computer = cs_terminal_escape(cs_outline_owner(plan));
    cs_autofree char *types = cs_outline_types(plan->types);
    cs_autofree char *subject = cs_output_subject(&plan->subject);
    cs_autofree char *existing = cs_output_existing(&result->existing);
    struct names names = {.buf = buf};

    cs_buf_printf(buf, "  %s: %s\n", computer, types);
    if (error) {
        add_field(buf, "Error", error->message);
    }
    if (!plan->name_count) {
        return;
    }
    add_field(buf, "Subject", subject);
    if (plan->choice) {
        add_field(buf, "Why", plan->choice);
    }
    add_field(buf, "Existing", existing);
    cs_outline_names(plan, add_name, &names);
    for (size_t i = 0; i < result->warnings.count; i++) {
        add_field(buf, i ? "" : "Warnings", result->warnings.items[i]);
    }
}

static bool same_pool(const struct cs_plan *a, const struct cs_plan *b)
{
    return a->pool && b->pool ? strcmp(a->pool, b->pool) == 0 : a->pool == b->pool;
}

/* The results in their order, but each pool's together; the caller frees. */
static size_t *group(const struct cs_result_list *results, size_t *ret_pools)
{
    size_t *order = cs_alloc(results->count + 1, sizeof *order);
    cs_autofree bool *taken = cs_alloc(results->count + 1, sizeof *taken);
    size_t used = 0;

    *ret_pools = 0;
    for (size_t i = 0; i < results->count; i++) {
        *ret_pools += !taken[i];
        for (size_t j = i; !taken[i] && j < results->count; j++) {
            if (!taken[j] && same_pool(plan_of(results, i), plan_of(results, j))) {
                /* The first of its pool is marked last: it says that the round is over. */
                taken[j] = j != i;
                order[used++] = j;
            }
        }
        taken[i] = true;
    }
    return order;
}

struct sum {
    size_t failed;
    size_t fit; /* exist, and need nothing */
};

static struct sum count(const struct cs_result_list *results)
{
    struct sum sum = {0};

    for (size_t i = 0; i < results->count; i++) {
        const struct cs_result *result = &results->items[i];
        enum cs_fit fit = result->existing.fit;
        bool failed = result->error.code != CS_OK;
        sum.failed += failed;
        sum.fit += !failed && (result->left_alone || fit == CS_FIT_GOOD || fit == CS_FIT_OPEN);
    }
    return sum;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

void cs_outplan_plans(struct cs_buf *buf, const struct cs_result_list *results)
{
    const struct sum sum = count(results);
    size_t pools = 0;
    cs_autofree size_t *order = group(results, &pools);

    for (size_t i = 0; i < results->count; i++) {
        const struct cs_plan *plan = plan_of(results, order[i]);
        if (i == 0 || !same_pool(plan, plan_of(results, order[i - 1]))) {
            add_pool(buf, plan);
        }
        add_plan(buf, &results->items[order[i]]);
    }
    if (results->count) {
        cs_buf_printf(buf, "\n%zu certificate%s for %zu pool%s: %zu to be made, %zu there already",
                      results->count, plural(results->count), pools, plural(pools),
                      results->count - sum.fit - sum.failed, sum.fit);
        if (sum.failed) {
            cs_buf_printf(buf, ", %zu cannot be planned", sum.failed);
        }
        cs_buf_puts(buf, "\n");
    }
}

/* ---- new --all ---- */

struct row {
    char *cells[CS_OUTPLAN_COLUMNS];
};

static void row_done(struct row *row)
{
    for (size_t i = 0; i < CS_OUTPLAN_COLUMNS; i++) {
        free(row->cells[i]);
    }
}

static struct row header_row(void)
{
    return (struct row){{
        cs_strdup("RequestId"),
        cs_strdup("RequestStatus"),
        cs_strdup("For"),
        cs_strdup("Type"),
        cs_strdup("File or CA"),
    }};
}

static char *where_to(const struct cs_result *result)
{
    const struct cs_plan *plan = result->request->plan;

    if (result->left_alone) {
        cs_autofree char *existing = cs_output_existing(&result->existing);
        return cs_asprintf("left alone: %s", existing);
    }
    const char *where = result->files.count ? result->files.items[0]
                        : plan->output      ? plan->output
                        : plan->ca          ? plan->ca
                                            : "-";
    return cs_terminal_escape(where);
}

static const char *whose(const struct cs_plan *plan)
{
    return plan->computer ? plan->computer : plan->pool ? plan->pool : cs_outline_owner(plan);
}

static struct row result_row(const struct cs_result *result)
{
    const struct cs_request *request = result->request;
    const struct cs_plan *plan = request->plan;
    int64_t id = result->left_alone ? result->existing.request_id : request->id;
    enum cs_state state = result->left_alone ? result->existing.state : request->state;

    return (struct row){{
        id ? cs_asprintf("%" PRId64, id) : cs_strdup("-"),
        cs_strdup(result->left_alone ? cs_state_status(state) : cs_output_status(result)),
        cs_terminal_escape(whose(plan)),
        cs_cert_types_text(plan->types),
        where_to(result),
    }};
}

static void widen(struct cs_outplan_widths *widths, const struct row *row)
{
    for (size_t i = 0; i < CS_OUTPLAN_COLUMNS; i++) {
        size_t width = cs_outline_width(row->cells[i]);
        widths->columns[i] = width > widths->columns[i] ? width : widths->columns[i];
    }
}

/* The header's columns hold every number below 10^9, and the word of each state. */
void cs_outplan_begin(struct cs_outplan_widths *ret_widths)
{
    cs_auto_value(row) row = header_row();

    *ret_widths = (struct cs_outplan_widths){0};
    widen(ret_widths, &row);
}

void cs_outplan_widen(struct cs_outplan_widths *widths, const struct cs_result *result)
{
    cs_auto_value(row) row = result_row(result);

    widen(widths, &row);
}

static void add_row(struct cs_buf *buf, const struct cs_outplan_widths *widths,
                    const struct row *row)
{
    const size_t last = CS_OUTPLAN_COLUMNS - 1;

    for (size_t i = 0; i < last; i++) {
        cs_outline_pad(buf, row->cells[i], widths->columns[i] + 2);
    }
    cs_buf_printf(buf, "%s\n", row->cells[last]);
}

void cs_outplan_head(struct cs_buf *buf, const struct cs_outplan_widths *widths)
{
    cs_auto_value(row) row = header_row();

    add_row(buf, widths, &row);
}

void cs_outplan_row(struct cs_buf *buf, const struct cs_outplan_widths *widths,
                    const struct cs_result *result)
{
    const struct cs_err *error = cs_output_error(result);
    cs_auto_value(row) row = result_row(result);

    add_row(buf, widths, &row);
    if (error && !result->left_alone) {
        cs_autofree char *message = cs_terminal_escape(error->message);
        cs_buf_printf(buf, "  %s: %s\n", cs_rc_name(error->code), message);
    }
}

void cs_outplan_sum(struct cs_buf *buf, const struct cs_result_sum *sum)
{
    cs_buf_printf(buf, "%zu certificate%s: %zu made, %zu left alone, %zu failed\n", sum->count,
                  plural(sum->count), sum->count - sum->left_alone - sum->failed, sum->left_alone,
                  sum->failed);
}

char *cs_outplan_subject(const struct cs_plan *plan)
{
    cs_autofree char *types = cs_cert_types_text(plan->types);

    return cs_asprintf("%s (%s)", whose(plan), types);
}

#include "cli/page.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/outcert.h"
#include "report/deployment.h"
#include "report/report.h"

#include <stdlib.h>

/* The caller frees. */
static struct cs_report_item *report_items(const struct cs_result_list *results)
{
    struct cs_report_item *items = cs_alloc(results->count + 1, sizeof *items);

    for (size_t i = 0; i < results->count; i++) {
        const struct cs_result *result = &results->items[i];
        items[i] = (struct cs_report_item){
            .request = result->request,
            .files = &result->files,
            .warnings = &result->warnings,
            .error = &result->error,
        };
    }
    return items;
}

/* What the page says of the certificates, with the texts that it borrows. */
struct certificate_rows {
    struct cs_report_certificate *rows;
    struct cs_strv *uses;
    char **reversed;
    size_t count;
};

static void certificate_rows_done(struct certificate_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        cs_strv_done(&rows->uses[i]);
        free(rows->reversed[i]);
    }
    free(rows->rows);
    free(rows->uses);
    free(rows->reversed);
}

static struct certificate_rows certificate_rows(const struct cs_certificate_list *list)
{
    struct certificate_rows rows = {
        .rows = cs_alloc(list->count + 1, sizeof *rows.rows),
        .uses = cs_alloc(list->count + 1, sizeof *rows.uses),
        .reversed = cs_alloc(list->count + 1, sizeof *rows.reversed),
        .count = list->count,
    };

    for (size_t i = 0; i < list->count; i++) {
        const struct cs_certificate *one = &list->items[i];
        cs_outcert_uses(one, &rows.uses[i]);
        rows.reversed[i] = one->facts.serial ? cs_outcert_reversed(one->facts.serial) : NULL;
        rows.rows[i] = (struct cs_report_certificate){
            .facts = &one->facts,
            .serial_reversed = rows.reversed[i],
            .label = one->label,
            .token = one->token,
            .uri = one->uri,
            .key = one->facts.is_ca ? NULL : cs_outcert_origin(one->origin),
            .uses = &rows.uses[i],
            .warnings = &one->warnings,
            .request_id = one->request_id,
        };
    }
    return rows;
}

static cs_rc requests_page(const struct cs_run *run, int64_t started, cs_rc exit_code,
                           const struct cs_err *error, struct cs_bytes *ret_page,
                           struct cs_err *err)
{
    const struct cs_app *app = run->app;
    struct cs_keystore *token = app->keystore.store;
    cs_autofree struct cs_report_item *items = report_items(&run->results);
    cs_auto_value(certificate_rows) certificates = certificate_rows(&run->certificates);
    const enum cs_verb said = cs_options_verb(app->options);
    cs_autofree char *verb = cs_verb_display(said, CS_DIALECT_UNIX);
    const struct cs_report report = {
        .verb = verb,
        .user = app->env.user,
        .host = app->env.host,
        .version = CS_VERSION,
        .what_if = cs_options_flag(app->options, CS_OPT_WHAT_IF) || said == CS_VERB_PLAN,
        .started = started,
        .ended = cs_clock_now(),
        .token = token ? token->ops->info(token) : NULL,
        .items = items,
        .count = run->results.count,
        .of_certificates = 1U << said & CS_V_SIBLING,
        .certificates = certificates.rows,
        .certificate_count = certificates.count,
        .error = error,
        .exit_code = exit_code,
    };

    return cs_report_html(&report, ret_page, err);
}

/* The results of what was planned; what could not be is in the deployment's failures. The caller
 * frees. */
static struct cs_deployment_row *deployment_rows(const struct cs_run *run, size_t *ret_count)
{
    const struct cs_result_list *results = &run->results;
    struct cs_deployment_row *rows = cs_alloc(results->count + 1, sizeof *rows);

    *ret_count = 0;
    for (size_t i = 0; i < results->count; i++) {
        const struct cs_result *result = &results->items[i];
        if (!result->request->plan->name_count) {
            continue;
        }
        rows[(*ret_count)++] = (struct cs_deployment_row){
            .plan = result->request->plan,
            .request_id = result->existing.request_id,
            .state = result->existing.state,
            .not_after = result->existing.not_after,
            .missing = &result->existing.missing,
        };
    }
    return rows;
}

static cs_rc deployment_page(const struct cs_run *run, struct cs_bytes *ret_page,
                             struct cs_err *err)
{
    const struct cs_app *app = run->app;
    size_t count = 0;
    cs_autofree struct cs_deployment_row *rows = deployment_rows(run, &count);
    const struct cs_deployment_report report = {
        .topology = run->source.topology,
        .topology_sha256 = run->source.sha256,
        .documents = run->source.documents,
        .imported = run->source.imported,
        .rows = rows,
        .count = count,
        .failures = run->deployment.failures,
        .failure_count = run->deployment.failure_count,
        .warnings = &run->source.topology->warnings,
        .user = app->env.user,
        .host = app->env.host,
        .version = CS_VERSION,
        .now = cs_clock_now(),
    };

    return cs_deployment_html(&report, ret_page, err);
}

cs_rc cs_page_write(const struct cs_run *run, const char *path, int64_t started, cs_rc exit_code,
                    const struct cs_err *error, struct cs_err *err)
{
    cs_auto_value(cs_bytes) page = {0};

    if (run->all == CS_OUTPUT_PLANS) {
        CS_TRY(deployment_page(run, &page, err));
    } else {
        CS_TRY(requests_page(run, started, exit_code, error, &page, err));
    }
    return cs_file_write(path, page.data, page.len, 0644, true, err);
}

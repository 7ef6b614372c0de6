#include "base/file.h"
#include "base/mem.h"
#include "flow/flow_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool any_state(enum cs_state state)
{
    (void)state;
    return true;
}

static bool waits_for_certificate(enum cs_state state)
{
    return state == CS_STATE_OFFLINE || state == CS_STATE_SUBMITTED || state == CS_STATE_PENDING;
}

/* ---- requests written again ---- */

/* That of a request that was given up would get a certificate for a key that is gone. */
static cs_rc check_request(const struct cs_result *result, struct cs_err *err)
{
    const struct cs_request *request = result->request;

    if (result->error.code != CS_OK) { /* it could not be read */
        if (err) {
            *err = result->error;
        }
        return result->error.code;
    }
    if (request->state == CS_STATE_CLEARED || request->state == CS_STATE_FAILED ||
        !request->csr.len) {
        return cs_flow_fail_state(request, "there is no request to write", "", err);
    }
    return CS_OK;
}

/* As `new` warns of the same. */
static void warn_of_name(const struct cs_flow *flow, const char *path, struct cs_result *result)
{
    if (!cs_flow_is_named(path, ".pfx") && !cs_flow_is_named(path, ".p12") &&
        !cs_flow_is_named(path, ".cer")) {
        return;
    }
    cs_autofree char *text =
        cs_asprintf("%s will hold a certificate request, not a certificate", path);
    flow->ui->ops->warn(flow->ui, text);
    cs_strv_add(&result->warnings, text);
}

static cs_rc write_request(const struct cs_flow *flow, const char *path, struct cs_result *result,
                           struct cs_err *err)
{
    CS_TRY(check_request(result, err));
    cs_auto_value(cs_bytes) content = cs_flow_request_file(result->request);
    warn_of_name(flow, path, result);
    CS_TRY(cs_flow_write_again(flow, "request", result->request->id, path, &content, err));
    if (!flow->what_if) {
        cs_strv_add(&result->files, path);
    }
    return CS_OK;
}

/* ---- many of them ---- */

/* The name of the file that `new` wrote; but no file of this run takes the place of another one of
 * it, not even with -Force. The caller frees. */
static char *name_of(const struct cs_request *request, const struct cs_strv *taken)
{
    const char *before = request->plan->output;
    const char *slash = before ? strrchr(before, '/') : NULL;
    const char *name = slash ? slash + 1 : before;

    return name && *name && !cs_strv_has(taken, name)
               ? cs_strdup(name)
               : cs_asprintf("request-%" PRId64 ".csr", request->id);
}

static cs_rc prepare_folder(const struct cs_flow *flow, const char *folder, size_t count,
                            struct cs_err *err)
{
    cs_autofree char *probe = cs_asprintf("%s/.cscert", folder);
    cs_autofree char *question = cs_asprintf("Write %zu request(s) to %s?", count, folder);

    if (flow->confirm) {
        CS_TRY(flow->ui->ops->confirm(flow->ui, question, err));
    }
    CS_TRY(cs_file_make_folder(folder, err));
    return cs_file_check_writable(probe, true, err);
}

/* One that fails does not stop the others; a signal does. */
static cs_rc write_all(const struct cs_flow *flow, const char *folder,
                       struct cs_result_list *results, struct cs_err *err)
{
    struct cs_flow unasked = *flow;
    cs_auto_value(cs_strv) taken = {0};
    const size_t len = strlen(folder);

    if (flow->what_if || !results->count) {
        return CS_OK;
    }
    CS_TRY(prepare_folder(flow, folder, results->count, err));
    unasked.confirm = false;
    for (size_t i = 0; i < results->count; i++) {
        struct cs_result *result = &results->items[i];
        cs_autofree char *name = name_of(result->request, &taken);
        cs_autofree char *path =
            cs_asprintf("%s%s%s", folder, len && folder[len - 1] == '/' ? "" : "/", name);
        CS_TRY(cs_flow_check_signal(flow, err));
        unasked.force = flow->force && !cs_strv_has(&taken, name);
        if (write_request(&unasked, path, result, &result->error) == CS_OK) {
            cs_strv_add(&taken, name);
        }
    }
    return CS_OK;
}

/* ---- the verb ---- */

static cs_rc select_ids(const struct cs_flow *flow, const struct cs_list_options *options,
                        int64_t **ret_ids, size_t *ret_count, struct cs_err *err)
{
    return cs_flow_select(flow, &options->selection,
                          options->folder      ? waits_for_certificate
                          : options->open_only ? cs_state_is_open
                                               : any_state,
                          ret_ids, ret_count, err);
}

cs_rc cs_flow_list(const struct cs_flow *flow, const struct cs_list_options *options,
                   struct cs_result_list *ret_results, struct cs_err *err)
{
    cs_auto_value(cs_result_list) results = {0};
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;

    CS_TRY(select_ids(flow, options, &ids, &count, err));
    for (size_t i = 0; i < count; i++) {
        struct cs_result *result = cs_flow_add_result(flow, ids[i], &results);
        if (result->error.code == CS_OK) {
            (void)!cs_flow_count_exports(flow, result->request, &result->exported, &result->error);
        }
    }
    if (options->output && results.count) {
        CS_TRY(write_request(flow, options->output, &results.items[0], err));
    }
    cs_rc rc = options->folder ? write_all(flow, options->folder, &results, err) : CS_OK;
    *ret_results = results;
    results = (struct cs_result_list){0};
    return rc;
}

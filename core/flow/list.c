#include "flow/flow_internal.h"

#include <stdlib.h>

static bool any_state(enum cs_state state)
{
    (void)state;
    return true;
}

/* As `new` wrote it. That of a request that was given up would get a certificate for a key that is
 * gone. */
static cs_rc write_request(const struct cs_flow *flow, const char *path, struct cs_result *result,
                           struct cs_err *err)
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
    cs_auto_value(cs_bytes) content = cs_flow_request_file(request);
    CS_TRY(cs_flow_write_again(flow, "request", request->id, path, &content, err));
    if (!flow->what_if) {
        cs_strv_add(&result->files, path);
    }
    return CS_OK;
}

cs_rc cs_flow_list(const struct cs_flow *flow, const struct cs_list_options *options,
                   struct cs_result_list *ret_results, struct cs_err *err)
{
    cs_auto_value(cs_result_list) results = {0};
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;

    CS_TRY(cs_flow_select(flow, &options->selection,
                          options->open_only ? cs_state_is_open : any_state, &ids, &count, err));
    for (size_t i = 0; i < count; i++) {
        struct cs_result *result = cs_flow_add_result(flow, ids[i], &results);
        if (result->error.code == CS_OK) {
            (void)!cs_flow_count_exports(flow, result->request, &result->exported, &result->error);
        }
    }
    if (options->output && results.count) {
        CS_TRY(write_request(flow, options->output, &results.items[0], err));
    }
    *ret_results = results;
    results = (struct cs_result_list){0};
    return CS_OK;
}

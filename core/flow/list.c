#include "flow/flow_internal.h"

#include <stdlib.h>

static bool any_state(enum cs_state state)
{
    (void)state;
    return true;
}

cs_rc cs_flow_list(const struct cs_flow *flow, const struct cs_list_options *options,
                   struct cs_result_list *ret_results, struct cs_err *err)
{
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;

    CS_TRY(cs_flow_select(flow, &options->selection,
                          options->open_only ? cs_state_is_open : any_state, &ids, &count, err));
    for (size_t i = 0; i < count; i++) {
        struct cs_result *result = cs_flow_add_result(flow, ids[i], ret_results);
        if (result->error.code == CS_OK) {
            (void)!cs_flow_count_exports(flow, result->request, &result->exported, &result->error);
        }
    }
    return CS_OK;
}

#include "base/mem.h"
#include "flow/flow_internal.h"

#include <stdlib.h>

void cs_result_done(struct cs_result *result)
{
    cs_request_free(result->request);
    cs_existing_done(&result->existing);
    cs_strv_done(&result->files);
    free(result->copy);
    cs_strv_done(&result->warnings);
    *result = (struct cs_result){0};
}

struct cs_result *cs_result_list_add(struct cs_result_list *list)
{
    /* Twice as large whenever it is full, which it is at each power of two. */
    if ((list->count & (list->count - 1)) == 0) {
        list->items =
            cs_realloc(list->items, list->count ? 2 * list->count : 1, sizeof *list->items);
    }
    list->items[list->count] = (struct cs_result){0};
    return &list->items[list->count++];
}

void cs_result_list_done(struct cs_result_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        cs_result_done(&list->items[i]);
    }
    free(list->items);
    *list = (struct cs_result_list){0};
}

void cs_result_sum_add(struct cs_result_sum *sum, const struct cs_result *result)
{
    sum->count++;
    sum->left_alone += result->left_alone;
    /* SUBMITTED and no error: another run is sending it. */
    sum->pending +=
        result->request->state == CS_STATE_PENDING || result->request->state == CS_STATE_SUBMITTED;
    if (result->error.code != CS_OK) {
        sum->failed++;
        sum->code = result->error.code;
    }
}

cs_rc cs_result_sum_rc(const struct cs_result_sum *sum, bool pending_counts)
{
    if (sum->failed) {
        return sum->count == 1 ? sum->code : CS_E_PARTIAL;
    }
    return sum->pending && pending_counts ? CS_E_PENDING : CS_OK;
}

cs_rc cs_result_list_rc(const struct cs_result_list *list, bool pending_counts)
{
    struct cs_result_sum sum = {0};

    for (size_t i = 0; i < list->count; i++) {
        cs_result_sum_add(&sum, &list->items[i]);
    }
    return cs_result_sum_rc(&sum, pending_counts);
}

cs_rc cs_flow_select(const struct cs_flow *flow, const struct cs_selection *selection,
                     bool (*keep)(enum cs_state state), int64_t **ret_ids, size_t *ret_count,
                     struct cs_err *err)
{
    int64_t id = selection->request_id;

    if (!flow->store) {
        if (id || selection->ca_request_id) {
            return cs_fail_hint(err, CS_E_USAGE, "see `cscert list`",
                                "there is no such request: the store is empty");
        }
        *ret_ids = NULL;
        *ret_count = 0;
        return CS_OK;
    }
    if (selection->ca_request_id) {
        CS_TRY(cs_store_find_ca_id(flow->store, selection->ca_request_id, &id, err));
    }
    if (!id) {
        return cs_store_ids(flow->store, keep, ret_ids, ret_count, err);
    }
    /* A number that was never given has no line of its own: there is nothing to show. */
    cs_auto(cs_request) request = NULL;
    struct cs_err problem = {0}; /* a row that cannot be read speaks for itself later */
    if (cs_store_get(flow->store, id, &request, &problem) == CS_E_USAGE) {
        if (err) {
            *err = problem;
        }
        return CS_E_USAGE;
    }
    *ret_ids = cs_alloc(1, sizeof **ret_ids);
    **ret_ids = id;
    *ret_count = 1;
    return CS_OK;
}

struct cs_result *cs_flow_add_result(const struct cs_flow *flow, int64_t id,
                                     struct cs_result_list *list)
{
    struct cs_result *result = cs_result_list_add(list);

    cs_rc rc = cs_store_get(flow->store, id, &result->request, &result->error);
    if (rc != CS_OK) {
        result->request = cs_request_new();
        result->request->id = id;
        result->request->plan = cs_plan_new();
        result->request->state = CS_STATE_FAILED;
    }
    return result;
}

/* Plans that a test has made as a source, and a list as the sink of results. */
#ifndef CS_TESTS_SUPPORT_PLAN_ITEMS_H
#define CS_TESTS_SUPPORT_PLAN_ITEMS_H

#include "flow/flow.h"

static inline cs_rc plan_items_plan(void *ctx, size_t index, struct cs_plan **ret_plan,
                                    struct cs_err *err)
{
    const struct cs_plan_list *list = ctx;

    (void)err;
    *ret_plan = cs_plan_copy(list->items[index]);
    return CS_OK;
}

/* Borrows @list. */
static inline struct cs_plan_source plan_items_source(struct cs_plan_list *list)
{
    return (struct cs_plan_source){list->count, plan_items_plan, list};
}

static inline void plan_items_put(void *ctx, struct cs_result *result)
{
    *cs_result_list_add(ctx) = *result;
    *result = (struct cs_result){0};
}

static inline struct cs_result_sink plan_items_sink(struct cs_result_list *list)
{
    return (struct cs_result_sink){.put = plan_items_put, .ctx = list};
}

#endif

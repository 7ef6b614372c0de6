/* What the store has for the plans of a deployment, and what there is to say of them. */
#include "base/mem.h"
#include "flow/flow_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- warnings ---- */

/* What was found about one plan or more. */
struct cs_flow_notice {
    char *text;
    char *subject; /* the first of them; NULL: the only one there is */
    size_t count;
};

void cs_flow_notices_done(struct cs_flow_notices *notices)
{
    for (size_t i = 0; i < notices->count; i++) {
        free(notices->items[i].text);
        free(notices->items[i].subject);
    }
    free(notices->items);
}

static struct cs_flow_notice *find_notice(struct cs_flow_notices *notices, const char *text)
{
    for (size_t i = 0; i < notices->count; i++) {
        if (strcmp(notices->items[i].text, text) == 0) {
            return &notices->items[i];
        }
    }
    notices->items = cs_realloc(notices->items, notices->count + 1, sizeof *notices->items);
    struct cs_flow_notice *notice = &notices->items[notices->count++];
    *notice = (struct cs_flow_notice){.text = cs_strdup(text)};
    return notice;
}

/* It stands in the result; @notices NULL: it was said before. */
static void add_warning(struct cs_result *result, const char *text, struct cs_flow_notices *notices)
{
    cs_strv_add(&result->warnings, text);
    if (notices) {
        struct cs_flow_notice *notice = find_notice(notices, text);
        const struct cs_plan *plan = result->request->plan;
        if (notice->count++ == 0 && plan->choice) {
            notice->subject = cs_flow_subject(plan);
        }
    }
}

void cs_flow_say_notices(const struct cs_flow *flow, const struct cs_flow_notices *notices)
{
    for (size_t i = 0; i < notices->count; i++) {
        const struct cs_flow_notice *notice = &notices->items[i];
        cs_autofree char *more =
            notice->count > 1 ? cs_asprintf(" and %zu more", notice->count - 1) : cs_strdup("");
        cs_autofree char *text = notice->subject
                                     ? cs_asprintf("%s%s: %s", notice->subject, more, notice->text)
                                     : cs_strdup(notice->text);
        flow->ui->ops->warn(flow->ui, text);
    }
}

/* ---- what is there ---- */

/* A run that makes it at this moment looks the same. */
static void warn_of_half_made(struct cs_result *result, struct cs_flow_notices *notices)
{
    const struct cs_existing *existing = &result->existing;

    if (cs_flow_is_half_made(existing)) {
        cs_autofree char *text =
            cs_asprintf("request %" PRId64 " for %s is not finished: if no other run is making it, "
                        "run `cscert recover`",
                        existing->request_id, result->request->plan->subject.common_name);
        add_warning(result, text, notices);
    }
}

void cs_flow_look(const struct cs_flow *flow, struct cs_plan *plan, struct cs_flow_pool *pool,
                  struct cs_flow_notices *notices, struct cs_result *result)
{
    result->request = cs_request_new();
    result->request->plan = plan;
    for (size_t i = 0; i < plan->warnings.count; i++) {
        add_warning(result, plan->warnings.items[i], notices);
    }
    if (cs_flow_pool_load(flow, plan->pool, pool, &result->error) == CS_OK) {
        cs_flow_fit(pool, plan, &result->existing);
        warn_of_half_made(result, notices);
    }
}

/* What `new` would refuse. */
static void foresee(const struct cs_flow *flow, struct cs_result *result, struct cs_flow_pool *pool,
                    struct cs_flow_notices *notices)
{
    const struct cs_plan *plan = result->request->plan;
    enum cs_fit fit = result->existing.fit;
    struct cs_err why = {0};

    if (fit == CS_FIT_GOOD || fit == CS_FIT_OPEN) {
        return;
    }
    cs_rc rc = cs_flow_check_second_key(flow, plan, true, pool, &why);
    if (rc == CS_OK && plan->ca) {
        rc = flow->ca->check(flow->ca, plan->ca, &why);
    }
    if (rc != CS_OK) {
        cs_autofree char *text = cs_asprintf("as things are this would be refused: %s%s%s",
                                             why.message, *why.hint ? "; " : "", why.hint);
        add_warning(result, text, notices);
    }
}

cs_rc cs_flow_plan(const struct cs_flow *flow, const struct cs_plan_list *plans,
                   struct cs_result_list *ret_results, struct cs_err *err)
{
    cs_auto_value(cs_flow_pool) pool = {0};
    cs_auto_value(cs_flow_notices) notices = {0};

    for (size_t i = 0; i < plans->count; i++) {
        CS_TRY(cs_flow_check_signal(flow, err));
        struct cs_result *result = cs_result_list_add(ret_results);
        cs_flow_look(flow, cs_plan_copy(plans->items[i]), &pool, &notices, result);
        foresee(flow, result, &pool, &notices);
    }
    cs_flow_say_notices(flow, &notices);
    return CS_OK;
}

/* Every certificate of a deployment in one run: what is there already is found first, then the
 * token is opened once for what is missing. */
#include "base/mem.h"
#include "flow/flow_internal.h"

#include <inttypes.h>
#include <stdlib.h>

struct run {
    const struct cs_flow *flow;
    struct cs_flow_token token;
    struct cs_result **todo;
    size_t count;
    size_t done;
    struct cs_key_spec checked; /* what the token said yes to last */
    bool checked_exportable;
    bool has_checked;
};

static void run_done(struct run *run)
{
    cs_flow_token_done(&run->token);
    free(run->todo);
}

/* ---- what is there ---- */

/* A thousand plans may have the same warning: it is said once, and stands in each result. */
static void add_warning(const struct cs_flow *flow, struct cs_result *result, const char *text,
                        struct cs_strv *said)
{
    cs_strv_add(&result->warnings, text);
    if (!cs_strv_has(said, text)) {
        cs_strv_add(said, text);
        flow->ui->ops->warn(flow->ui, text);
    }
}

/* A run that makes it at this moment looks the same. */
static void warn_of_half_made(const struct cs_flow *flow, struct cs_result *result,
                              struct cs_strv *said)
{
    const struct cs_existing *existing = &result->existing;

    if (cs_flow_is_half_made(existing)) {
        cs_autofree char *text =
            cs_asprintf("request %" PRId64 " for %s is not finished: if no other run is making it, "
                        "run `cscert recover`",
                        existing->request_id, result->request->plan->subject.common_name);
        add_warning(flow, result, text, said);
    }
}

static void look(const struct cs_flow *flow, const struct cs_plan *plan, struct cs_flow_pool *pool,
                 struct cs_strv *said, struct cs_result *result)
{
    result->request = cs_request_new();
    result->request->plan = cs_plan_copy(plan);
    for (size_t i = 0; i < plan->warnings.count; i++) {
        add_warning(flow, result, plan->warnings.items[i], said);
    }
    if (cs_flow_pool_load(flow, plan->pool, pool, &result->error) == CS_OK) {
        cs_flow_fit(pool, plan, &result->existing);
        warn_of_half_made(flow, result, said);
    }
}

/* What `new` would refuse. */
static void foresee(const struct cs_flow *flow, struct cs_result *result, struct cs_flow_pool *pool,
                    struct cs_strv *said)
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
        add_warning(flow, result, text, said);
    }
}

cs_rc cs_flow_plan(const struct cs_flow *flow, const struct cs_plan_list *plans,
                   struct cs_result_list *ret_results, struct cs_err *err)
{
    cs_auto_value(cs_flow_pool) pool = {0};
    cs_auto_value(cs_strv) said = {0};

    for (size_t i = 0; i < plans->count; i++) {
        CS_TRY(cs_flow_check_signal(flow, err));
        struct cs_result *result = cs_result_list_add(ret_results);
        look(flow, plans->items[i], &pool, &said, result);
        foresee(flow, result, &pool, &said);
    }
    return CS_OK;
}

/* ---- what is to be made ---- */

/* The result shows the request that stays. */
static cs_rc leave_alone(const struct cs_flow *flow, struct cs_result *result, struct cs_err *err)
{
    cs_auto(cs_request) stored = NULL;

    CS_TRY(cs_store_get(flow->store, result->existing.request_id, &stored, err));
    cs_bytes_done(&stored->csr);
    cs_bytes_done(&stored->spki);
    cs_bytes_done(&stored->chain);
    /* The store does not keep why this certificate is planned. */
    stored->plan->role = result->request->plan->role;
    free(stored->plan->choice);
    stored->plan->choice = cs_steal(&result->request->plan->choice);
    cs_request_free(result->request);
    result->request = cs_steal(&stored);
    result->left_alone = true;
    return CS_OK;
}

/* True if there is something to be made and nothing speaks against it. */
static bool is_to_be_made(const struct cs_flow *flow, struct cs_result *result,
                          struct cs_flow_pool *pool)
{
    const struct cs_plan *plan = result->request->plan;
    enum cs_fit fit = result->existing.fit;
    struct cs_err *err = &result->error;

    if (err->code != CS_OK) {
        return false;
    }
    if (fit == CS_FIT_GOOD || fit == CS_FIT_OPEN) {
        (void)!leave_alone(flow, result, err);
        return false;
    }
    return cs_flow_check_second_key(flow, plan, true, pool, err) == CS_OK &&
           cs_flow_check_destination(flow, plan, err) == CS_OK;
}

static cs_rc look_at_all(struct run *run, const struct cs_plan_list *plans,
                         struct cs_result_list *results, struct cs_err *err)
{
    const size_t first = results->count;
    cs_auto_value(cs_flow_pool) pool = {0};
    cs_auto_value(cs_strv) said = {0};

    /* All of them first: a result does not move any more afterwards. */
    for (size_t i = 0; i < plans->count; i++) {
        cs_result_list_add(results);
    }
    run->todo = cs_alloc(plans->count, sizeof(struct cs_result *));
    for (size_t i = 0; i < plans->count; i++) {
        struct cs_result *result = &results->items[first + i];
        look(run->flow, plans->items[i], &pool, &said, result);
        if (is_to_be_made(run->flow, result, &pool)) {
            run->todo[run->count++] = result;
        }
    }
    return cs_flow_check_signal(run->flow, err);
}

/* ---- making ---- */

static cs_rc ask_first(const struct run *run, struct cs_err *err)
{
    const struct cs_flow *flow = run->flow;
    cs_autofree char *question =
        cs_asprintf("Generate %zu key(s) and %s?", run->count,
                    run->todo[0]->request->plan->output ? "write the requests to files"
                                                        : "request the certificates");

    if (flow->confirm) {
        CS_TRY(flow->ui->ops->confirm(flow->ui, question, err));
    }
    for (size_t i = 0; i < run->count; i++) {
        CS_TRY(cs_flow_ask_password(flow, run->todo[i]->request->plan, err));
    }
    return CS_OK;
}

static void tick(void *ctx)
{
    struct run *run = ctx;

    run->done++;
    run->flow->ui->ops->progress(run->flow->ui, run->done, run->count);
}

/* The token is asked once for each kind of key, not once for each key. */
static bool token_can(struct run *run, struct cs_result *result)
{
    const struct cs_plan *plan = result->request->plan;
    struct cs_keystore *store = run->token.store;

    if (run->has_checked && run->checked_exportable == plan->exportable &&
        cs_key_spec_equal(&run->checked, &plan->key_spec)) {
        return true;
    }
    if (store->ops->check(store, &plan->key_spec, plan->exportable, &result->error) != CS_OK) {
        tick(run);
        return false;
    }
    run->has_checked = true;
    run->checked = plan->key_spec;
    run->checked_exportable = plan->exportable;
    return true;
}

/* The offline requests from @at on that stand together; the value is the number after them. */
static size_t make_group(struct run *run, size_t at, struct cs_err *ret_stop)
{
    struct cs_flow_group group = {
        .flow = run->flow,
        .token = &run->token,
        .tick = tick,
        .ctx = run,
    };

    while (at < run->count && group.count < CS_FLOW_GROUP && run->todo[at]->request->plan->output) {
        struct cs_result *result = run->todo[at++];
        if (token_can(run, result)) {
            group.items[group.count++] = result;
        }
    }
    cs_flow_group_run(&group);
    *ret_stop = group.stop;
    return at;
}

static size_t make_one(struct run *run, size_t at)
{
    (void)!cs_flow_make(run->flow, true, run->todo[at], &run->token);
    cs_flow_forget_key(&run->token);
    tick(run);
    return at + 1;
}

static cs_rc make_all(struct run *run, struct cs_err *err)
{
    for (size_t at = 0; at < run->count;) {
        struct cs_err stop = {0};

        CS_TRY(cs_flow_check_signal(run->flow, err));
        at = run->todo[at]->request->plan->output ? make_group(run, at, &stop) : make_one(run, at);
        if (stop.code != CS_OK) {
            *err = stop;
            return stop.code;
        }
    }
    return CS_OK;
}

static cs_rc make_missing(struct run *run, struct cs_err *err)
{
    struct cs_ui *ui = run->flow->ui;

    CS_TRY(ask_first(run, err));
    CS_TRY(cs_flow_token_open(run->flow, &run->token, err));
    cs_autofree char *what = cs_asprintf("making %zu keys and requests", run->count);
    ui->ops->begin(ui, what);
    cs_rc rc = make_all(run, err);
    ui->ops->end(ui);
    return rc;
}

/* Of a run that stopped: plans of which nothing can be said but that they are still to be made.
 * Returns how many. */
static size_t drop_untouched(struct cs_result_list *results)
{
    size_t all = results->count;
    size_t kept = 0;

    for (size_t i = 0; i < results->count; i++) {
        struct cs_result *result = &results->items[i];
        if (result->left_alone || result->error.code != CS_OK || result->request->id) {
            struct cs_result moved = *result;
            *result = (struct cs_result){0};
            results->items[kept++] = moved;
        } else {
            cs_result_done(result);
        }
    }
    results->count = kept;
    return all - kept;
}

cs_rc cs_flow_new_all(const struct cs_flow *flow, const struct cs_plan_list *plans,
                      struct cs_result_list *ret_results, struct cs_err *err)
{
    cs_auto_value(run) run = {.flow = flow};

    cs_rc rc = look_at_all(&run, plans, ret_results, err);
    if (rc == CS_OK && run.count && !flow->what_if) {
        rc = make_missing(&run, err);
    }
    if (rc != CS_OK) {
        size_t left = drop_untouched(ret_results);
        if (left) {
            cs_err_hint(err, "%zu of %zu certificates were not begun: the same command makes them",
                        left, plans->count);
        }
    }
    return rc;
}

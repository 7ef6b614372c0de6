/* Every certificate of a deployment in one run. All plans are looked at twice: first for what is
 * there already, so that whoever is asked or warned is so before anything is made; then they are
 * made. Of thousands no more than two groups are held at a time. */
#include "base/mem.h"
#include "flow/flow_internal.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* ---- the run ---- */

struct run {
    const struct cs_flow *flow;
    const struct cs_plan_source *plans;
    const struct cs_result_sink *sink;
    struct cs_flow_token token;
    struct cs_flow_pool pool;
    bool *missing; /* of each plan: to be made, and nothing seems to speak against it */
    size_t count;  /* of those */
    size_t done;   /* of those, as far as the progress bar goes */
    size_t begun;  /* of those, that have a result */
    size_t first;  /* of those */
    bool to_files; /* that one goes to a file */
    struct cs_result_list held; /* made, and waited for */
    struct cs_strv accounts;
    struct cs_key_spec checked; /* what the token said yes to last */
    bool checked_exportable;
    bool has_checked;
};

static void run_done(struct run *run)
{
    cs_flow_token_done(&run->token);
    cs_flow_pool_done(&run->pool);
    cs_result_list_done(&run->held);
    cs_strv_done(&run->accounts);
    free(run->missing);
}

static void put(const struct run *run, struct cs_result *result)
{
    run->sink->put(run->sink->ctx, result);
    cs_result_done(result);
}

/* The result shows the request that stays. */
static cs_rc leave_alone(const struct cs_flow *flow, struct cs_result *result, struct cs_err *err)
{
    cs_auto(cs_request) stored = NULL;

    CS_TRY(cs_store_get(flow->store, result->existing.request_id, &stored, err));
    cs_bytes_done(&stored->csr);
    cs_bytes_done(&stored->spki);
    cs_bytes_done(&stored->chain);
    /* The store does not keep why this certificate is planned, nor whom else it serves. */
    stored->plan->role = result->request->plan->role;
    free(stored->plan->choice);
    stored->plan->choice = cs_steal(&result->request->plan->choice);
    free(stored->plan->computer);
    stored->plan->computer = cs_steal(&result->request->plan->computer);
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

/* ---- the first look ---- */

static void look_at(struct run *run, size_t index, struct cs_flow_notices *notices,
                    struct cs_result *result)
{
    struct cs_plan *plan = NULL;
    struct cs_err why = {0};
    cs_rc rc = run->plans->plan(run->plans->ctx, index, &plan, &why);

    cs_flow_look(run->flow, rc == CS_OK ? plan : cs_plan_new(), &run->pool, notices, result);
    if (rc != CS_OK) {
        result->error = why;
    }
}

static void note_missing(struct run *run, size_t index, const struct cs_plan *plan)
{
    run->missing[index] = true;
    if (run->count++ == 0) {
        run->first = index;
        run->to_files = plan->output != NULL;
    }
    if (plan->ca && plan->ca_account && !cs_strv_has(&run->accounts, plan->ca_account)) {
        cs_strv_add(&run->accounts, plan->ca_account);
    }
}

static cs_rc look_at_all(struct run *run, struct cs_err *err)
{
    const struct cs_result_sink *sink = run->sink;
    cs_auto_value(cs_flow_notices) notices = {0};

    run->missing = cs_alloc(run->plans->count, sizeof *run->missing);
    for (size_t i = 0; i < run->plans->count; i++) {
        cs_auto_value(cs_result) result = {0};
        CS_TRY(cs_flow_check_signal(run->flow, err));
        look_at(run, i, &notices, &result);
        if (is_to_be_made(run->flow, &result, &run->pool)) {
            note_missing(run, i, result.request->plan);
        }
        if (sink->expect) {
            sink->expect(sink->ctx, &result);
        }
    }
    cs_flow_say_notices(run->flow, &notices);
    return CS_OK;
}

/* ---- the second look ---- */

/* Finds what the first one found: the requests of this run are left out of it. */
static void look_again(struct run *run, size_t index, struct cs_result *result)
{
    look_at(run, index, NULL, result);
    if (!run->missing[index] && is_to_be_made(run->flow, result, &run->pool)) {
        cs_err_set(&result->error, CS_E_CANCELLED,
                   "not made, because something stood in its way a moment ago, which is gone now");
        cs_err_hint(&result->error, "the same command makes it");
    }
}

static cs_rc show_all(struct run *run, struct cs_err *err)
{
    for (size_t i = 0; i < run->plans->count; i++) {
        struct cs_result result = {0};
        CS_TRY(cs_flow_check_signal(run->flow, err));
        look_again(run, i, &result);
        put(run, &result);
    }
    return CS_OK;
}

/* ---- making ---- */

static cs_rc ask_first(const struct run *run, struct cs_err *err)
{
    const struct cs_flow *flow = run->flow;
    cs_autofree char *question =
        cs_asprintf("Generate %zu key(s) and %s?", run->count,
                    run->to_files ? "write the requests to files" : "request the certificates");
    const struct cs_secret *password = NULL;
    cs_auto(cs_plan) first = NULL;

    if (flow->confirm) {
        CS_TRY(flow->ui->ops->confirm(flow->ui, question, err));
    }
    for (size_t i = 0; i < run->accounts.count; i++) {
        CS_TRY(flow->password->get(flow->password, run->accounts.items[i], &password, err));
    }
    /* They all go to one CA, by one template. */
    CS_TRY(run->plans->plan(run->plans->ctx, run->first, &first, err));
    return cs_flow_ask_ca(flow, first, err);
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

/* Looks leave out what has this number or a greater one. */
static void note_own(struct run *run, const struct cs_result *result)
{
    int64_t id = result->request->id;

    if (id && !result->left_alone && (!run->pool.below || id < run->pool.below)) {
        run->pool.below = id;
    }
}

/* Plans that stand together, with what becomes of them. */
struct window {
    struct cs_result items[CS_FLOW_GROUP];
    bool missing[CS_FLOW_GROUP];
    size_t count;
    struct cs_flow_group group; /* those of the missing that the token can make */
    pthread_t thread;
};

static void hand_over(struct run *run, struct window *window)
{
    for (size_t i = 0; i < window->count; i++) {
        struct cs_result *result = &window->items[i];
        if (window->missing[i] && result->request->state == CS_STATE_CLEARED) {
            cs_result_done(result); /* it was not begun */
            continue;
        }
        run->begun += window->missing[i];
        put(run, result);
    }
    window->count = 0;
    window->group.count = 0;
}

/* The plans from *@at on, until the window is full or one of them goes to a CA: that one is
 * *@ret_single, whose request is NULL otherwise. */
static void fill(struct run *run, size_t *at, struct window *window, struct cs_result *ret_single)
{
    window->group = (struct cs_flow_group){
        .flow = run->flow,
        .token = &run->token,
        .tick = tick,
        .ctx = run,
    };
    *ret_single = (struct cs_result){0};
    while (*at < run->plans->count && window->count < CS_FLOW_GROUP) {
        struct cs_result *result = &window->items[window->count];
        bool missing = run->missing[*at];

        look_again(run, (*at)++, result);
        if (missing && !result->request->plan->output) {
            *ret_single = *result;
            *result = (struct cs_result){0};
            return;
        }
        window->missing[window->count++] = missing;
        if (missing && result->error.code == CS_OK && token_can(run, result)) {
            window->group.items[window->group.count++] = result;
        }
    }
}

static void *finish(void *ctx)
{
    struct window *window = ctx;

    cs_flow_group_finish(&window->group);
    return NULL;
}

/* Signals are for the thread that works with the token. */
static bool begin_finish(struct window *window)
{
    sigset_t all;
    sigset_t before;

    if (!window->group.count) {
        return false;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool begun = pthread_create(&window->thread, NULL, finish, window) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!begun) {
        finish(window);
    }
    return begun;
}

/* Store and disk work on one group while the token works on the next: neither needs the other.
 * @before is empty afterwards. */
static cs_rc make_group(struct run *run, struct window *window, struct window *before,
                        struct cs_err *err)
{
    struct cs_flow_group *group = &window->group;

    if (group->count) {
        cs_flow_group_plan(group);
    }
    for (size_t i = 0; i < group->count; i++) {
        note_own(run, group->items[i]);
    }
    bool beside = begin_finish(before);
    cs_flow_group_make(group);
    if (beside) {
        pthread_join(before->thread, NULL);
    }
    cs_flow_group_undo(&before->group);
    hand_over(run, before);
    if (group->stop.code != CS_OK) {
        *err = group->stop;
    }
    return group->stop.code;
}

static void end_group(struct run *run, struct window *window)
{
    cs_flow_group_finish(&window->group);
    cs_flow_group_undo(&window->group);
    hand_over(run, window);
}

static void make_single(struct run *run, struct cs_result *result)
{
    (void)!cs_flow_make(run->flow, true, result, &run->token);
    cs_flow_forget_key(&run->token);
    note_own(run, result);
    run->begun++;
    tick(run);
    if (cs_flow_is_waited_for(run->flow, result)) {
        *cs_result_list_add(&run->held) = *result;
        *result = (struct cs_result){0};
        return;
    }
    put(run, result);
}

static cs_rc make_all(struct run *run, struct cs_err *err)
{
    cs_autofree struct window *windows = cs_alloc(2, sizeof *windows);
    struct window *window = &windows[0];
    struct window *before = &windows[1];
    cs_rc rc = CS_OK;

    for (size_t at = 0; at < run->plans->count && rc == CS_OK;) {
        struct cs_result single;

        rc = cs_flow_check_signal(run->flow, err);
        if (rc != CS_OK) {
            break;
        }
        fill(run, &at, window, &single);
        rc = make_group(run, window, before, err);
        struct window *empty = before;
        before = window;
        window = empty;
        if (single.request) {
            end_group(run, before);
        }
        if (single.request && rc == CS_OK) {
            make_single(run, &single);
        }
        cs_result_done(&single);
    }
    end_group(run, before);
    return rc;
}

/* Those that nobody has decided on. */
static void put_held(struct run *run)
{
    for (size_t i = 0; i < run->held.count; i++) {
        if (run->held.items[i].request) {
            put(run, &run->held.items[i]);
        }
    }
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
    if (rc == CS_OK) {
        cs_flow_wait(run->flow, run->held.items, run->held.count, run->sink, &run->token);
    }
    put_held(run);
    return rc;
}

cs_rc cs_flow_new_all(const struct cs_flow *flow, const struct cs_plan_source *plans,
                      const struct cs_result_sink *sink, struct cs_err *err)
{
    cs_auto_value(run) run = {.flow = flow, .plans = plans, .sink = sink};

    CS_TRY(look_at_all(&run, err));
    if (!run.count || flow->what_if) {
        return show_all(&run, err);
    }
    cs_rc rc = make_missing(&run, err);
    if (rc != CS_OK && run.begun < run.count) {
        cs_err_hint(err, "%zu of %zu certificates were not begun: the same command makes them",
                    run.count - run.begun, plans->count);
    }
    return rc;
}

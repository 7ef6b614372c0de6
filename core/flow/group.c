/* A group of offline requests of `new --all`: what each of them waits for a disk for alone is
 * waited for once for all. Nothing else is different from `new`. */
#include "base/file.h"
#include "flow/flow_internal.h"

#include <inttypes.h>

/* What became of a member beside its request's state. */
enum stage {
    STAGE_OUT,     /* refused before it had a row, or undone: nothing is left to do */
    STAGE_PLANNED, /* has its row; no key was tried */
    STAGE_MADE,    /* its key is on the token */
    STAGE_WRITTEN, /* its file is there */
};

struct work {
    struct cs_flow_group *group;
    const struct cs_flow *flow;
    struct cs_flow_token *token;
    enum stage stages[CS_FLOW_GROUP];
};

/* Takes back what is on the token and says FAILED. */
static void undo(struct work *work, size_t i)
{
    struct cs_result *result = work->group->items[i];

    cs_flow_undo(work->flow, result->request, work->token, &result->error);
    work->stages[i] = STAGE_OUT;
}

/* ---- PLANNED ---- */

static cs_rc add_plan(struct work *work, struct cs_result *result)
{
    const struct cs_flow *flow = work->flow;
    struct cs_keystore *store = work->token->store;

    CS_TRY(cs_flow_prepare(flow, store, result, &result->error));
    return cs_flow_add_row(flow, result->request, true, &result->error);
}

static void add_plans(struct work *work)
{
    struct cs_flow_group *group = work->group;
    struct cs_err problem = {0};
    cs_rc rc = cs_store_group_begin(work->flow->store, &problem);

    if (rc == CS_OK) {
        for (size_t i = 0; i < group->count; i++) {
            if (add_plan(work, group->items[i]) == CS_OK) {
                work->stages[i] = STAGE_PLANNED;
            }
        }
        rc = cs_store_group_end(work->flow->store, &problem);
    }
    for (size_t i = 0; i < group->count && rc != CS_OK; i++) {
        struct cs_result *result = group->items[i];
        result->request->id = 0;
        if (result->error.code == CS_OK) {
            result->error = problem;
        }
        work->stages[i] = STAGE_OUT;
    }
}

/* ---- the keys ---- */

/* With a token that is gone, or lets nobody in any more, there is nothing to go on with. */
static bool is_lost(cs_rc rc)
{
    return rc == CS_E_TOKEN_ABSENT || rc == CS_E_TOKEN_AUTH;
}

static void make_key(struct work *work, size_t i)
{
    struct cs_flow_group *group = work->group;
    struct cs_result *result = group->items[i];
    cs_rc rc = cs_flow_make_key(work->flow, result->request, work->token, &result->error);

    cs_flow_forget_key(work->token);
    if (rc == CS_OK) {
        work->stages[i] = STAGE_MADE;
    } else {
        if (is_lost(rc)) {
            group->stop = result->error;
        }
        undo(work, i);
    }
    group->tick(group->ctx);
}

static void make_keys(struct work *work)
{
    struct cs_flow_group *group = work->group;

    for (size_t i = 0; i < group->count; i++) {
        if (work->stages[i] != STAGE_PLANNED) {
            continue;
        }
        if (group->stop.code == CS_OK) {
            (void)!cs_flow_check_signal(work->flow, &group->stop);
        }
        if (group->stop.code == CS_OK) {
            make_key(work, i);
        } else {
            group->items[i]->error = group->stop;
        }
    }
}

/* ---- SIGNED and KEPT ---- */

static cs_rc store_key(struct work *work, size_t i)
{
    static const enum cs_state done[] = {CS_STATE_SIGNED, CS_STATE_KEPT};
    struct cs_result *result = work->group->items[i];
    struct cs_request *request = result->request;
    struct cs_store *store = work->flow->store;

    switch (work->stages[i]) {
    case STAGE_MADE:
        return cs_store_transitions(store, request, done, sizeof done / sizeof *done,
                                    &result->error);
    case STAGE_PLANNED:
        request->error = result->error;
        return cs_store_transition(store, request, CS_STATE_FAILED, NULL);
    default:
        return CS_OK;
    }
}

/* The commit that did not happen leaves the rows PLANNED. */
static void forget_states(struct work *work, const struct cs_err *why)
{
    for (size_t i = 0; i < work->group->count; i++) {
        struct cs_result *result = work->group->items[i];
        if (work->stages[i] != STAGE_OUT) {
            result->request->state = CS_STATE_PLANNED;
        }
        if (result->error.code == CS_OK) {
            result->error = *why;
        }
    }
}

static void hint_recover(struct cs_result *result, const char *what)
{
    result->error.hint[0] = 0;
    cs_err_hint(&result->error, "%s: run `cscert recover`", what);
}

static void store_keys(struct work *work)
{
    struct cs_flow_group *group = work->group;
    struct cs_err problem = {0};
    cs_rc rc = cs_store_group_begin(work->flow->store, &problem);

    if (rc == CS_OK) {
        for (size_t i = 0; i < group->count; i++) {
            (void)!store_key(work, i);
        }
        rc = cs_store_group_end(work->flow->store, &problem);
    }
    if (rc != CS_OK) {
        forget_states(work, &problem);
    }
    for (size_t i = 0; i < group->count; i++) {
        struct cs_result *result = group->items[i];
        if (work->stages[i] == STAGE_MADE && result->error.code != CS_OK) {
            undo(work, i);
        } else if (work->stages[i] == STAGE_PLANNED) {
            if (result->request->state == CS_STATE_PLANNED) {
                hint_recover(result, "the request could not be taken back");
            }
            work->stages[i] = STAGE_OUT;
        }
    }
}

/* ---- the files ---- */

static void write_files(struct work *work)
{
    struct cs_flow_group *group = work->group;
    struct cs_file_part parts[CS_FLOW_GROUP];
    struct cs_bytes contents[CS_FLOW_GROUP];
    size_t owners[CS_FLOW_GROUP];
    size_t count = 0;

    for (size_t i = 0; i < group->count; i++) {
        struct cs_result *result = group->items[i];
        if (work->stages[i] != STAGE_MADE) {
            continue;
        }
        contents[count] = cs_flow_request_file(result->request);
        parts[count] = (struct cs_file_part){
            .path = result->request->plan->output,
            .data = contents[count].data,
            .len = contents[count].len,
            .err = &result->error,
        };
        owners[count++] = i;
    }
    cs_file_write_set(parts, count, 0644, work->flow->force);
    for (size_t i = 0; i < count; i++) {
        cs_bytes_done(&contents[i]);
        if (parts[i].rc != CS_OK) {
            undo(work, owners[i]);
            continue;
        }
        cs_strv_add(&group->items[owners[i]]->files, parts[i].path);
        work->stages[owners[i]] = STAGE_WRITTEN;
    }
}

/* ---- OFFLINE ---- */

/* Somebody may have taken the files by now: they and their keys stay. */
static void store_files(struct work *work)
{
    struct cs_flow_group *group = work->group;
    struct cs_err problem = {0};
    cs_rc rc = cs_store_group_begin(work->flow->store, &problem);

    for (size_t i = 0; i < group->count && rc == CS_OK; i++) {
        struct cs_result *result = group->items[i];
        if (work->stages[i] == STAGE_WRITTEN) {
            (void)!cs_store_transition(work->flow->store, result->request, CS_STATE_OFFLINE,
                                       &result->error);
        }
    }
    if (rc == CS_OK) {
        rc = cs_store_group_end(work->flow->store, &problem);
    }
    for (size_t i = 0; i < group->count; i++) {
        struct cs_result *result = group->items[i];
        if (work->stages[i] != STAGE_WRITTEN) {
            continue;
        }
        if (rc != CS_OK) {
            result->request->state = CS_STATE_KEPT;
            result->error = result->error.code == CS_OK ? problem : result->error;
        }
        if (result->error.code != CS_OK) {
            hint_recover(result, "the request file is written, but not noted in the store");
        }
    }
}

/* What the files hold need not be held here for the rest of the run. */
static void drop_bulk(struct cs_flow_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        cs_bytes_done(&group->items[i]->request->csr);
        cs_bytes_done(&group->items[i]->request->spki);
    }
}

static bool any_in(const struct work *work, enum stage stage)
{
    for (size_t i = 0; i < work->group->count; i++) {
        if (work->stages[i] == stage) {
            return true;
        }
    }
    return false;
}

void cs_flow_group_run(struct cs_flow_group *group)
{
    struct work work = {.group = group, .flow = group->flow, .token = group->token};

    add_plans(&work);
    make_keys(&work);
    if (any_in(&work, STAGE_MADE) || any_in(&work, STAGE_PLANNED)) {
        store_keys(&work);
    }
    if (any_in(&work, STAGE_MADE)) {
        write_files(&work);
    }
    if (any_in(&work, STAGE_WRITTEN)) {
        store_files(&work);
    }
    drop_bulk(group);
}

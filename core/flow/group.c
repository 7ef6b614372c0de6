/* A group of offline requests of `new --all`: what each of them waits for a disk for alone is
 * waited for once for all. Nothing else is different from `new`. */
#include "base/file.h"
#include "flow/flow_internal.h"

/* ---- PLANNED ---- */

static cs_rc add_plan(const struct cs_flow_group *group, struct cs_result *result)
{
    const struct cs_flow *flow = group->flow;

    CS_TRY(cs_flow_prepare(flow, group->token->store, result, &result->error));
    return cs_flow_add_row(flow, result->request, true, &result->error);
}

void cs_flow_group_plan(struct cs_flow_group *group)
{
    struct cs_store *store = group->flow->store;
    struct cs_err problem = {0};
    cs_rc rc = cs_store_group_begin(store, &problem);

    if (rc == CS_OK) {
        for (size_t i = 0; i < group->count; i++) {
            if (add_plan(group, group->items[i]) == CS_OK) {
                group->stages[i] = CS_FLOW_PLANNED;
            }
        }
        rc = cs_store_group_end(store, &problem);
    }
    for (size_t i = 0; i < group->count && rc != CS_OK; i++) {
        struct cs_result *result = group->items[i];
        result->request->id = 0;
        if (result->error.code == CS_OK) {
            result->error = problem;
        }
        group->stages[i] = CS_FLOW_OUT;
    }
}

/* ---- the keys ---- */

/* With a token that is gone, or lets nobody in any more, there is nothing to go on with. */
static bool is_lost(cs_rc rc)
{
    return rc == CS_E_TOKEN_ABSENT || rc == CS_E_TOKEN_AUTH;
}

static void make_key(struct cs_flow_group *group, size_t i)
{
    struct cs_result *result = group->items[i];
    cs_rc rc = cs_flow_make_key(group->flow, result->request, group->token, &result->error);

    cs_flow_forget_key(group->token);
    group->stages[i] = rc == CS_OK ? CS_FLOW_MADE : CS_FLOW_BROKEN;
    if (is_lost(rc)) {
        group->stop = result->error;
    }
    group->tick(group->ctx);
}

void cs_flow_group_make(struct cs_flow_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->stages[i] != CS_FLOW_PLANNED) {
            continue;
        }
        if (group->stop.code == CS_OK) {
            (void)!cs_flow_check_signal(group->flow, &group->stop);
        }
        if (group->stop.code != CS_OK) {
            return;
        }
        make_key(group, i);
    }
}

/* ---- SIGNED and KEPT ---- */

static cs_rc store_key(const struct cs_flow_group *group, size_t i)
{
    static const enum cs_state done[] = {CS_STATE_SIGNED, CS_STATE_KEPT};
    struct cs_result *result = group->items[i];
    struct cs_store *store = group->flow->store;

    switch (group->stages[i]) {
    case CS_FLOW_MADE:
        return cs_store_transitions(store, result->request, done, sizeof done / sizeof *done,
                                    &result->error);
    case CS_FLOW_PLANNED:
        return cs_store_transition(store, result->request, CS_STATE_CLEARED, &result->error);
    default:
        return CS_OK;
    }
}

static bool is_of_this_commit(const struct cs_flow_group *group, size_t i)
{
    return group->stages[i] == CS_FLOW_MADE || group->stages[i] == CS_FLOW_PLANNED;
}

/* The commit that did not happen leaves the rows PLANNED. */
static void forget_states(struct cs_flow_group *group, const struct cs_err *why)
{
    for (size_t i = 0; i < group->count; i++) {
        struct cs_result *result = group->items[i];
        if (is_of_this_commit(group, i)) {
            result->request->state = CS_STATE_PLANNED;
            result->error = result->error.code == CS_OK ? *why : result->error;
        }
    }
}

static void hint_recover(struct cs_result *result, const char *what)
{
    result->error.hint[0] = 0;
    cs_err_hint(&result->error, "%s: run `cscert recover`", what);
}

static void store_keys(struct cs_flow_group *group)
{
    struct cs_store *store = group->flow->store;
    struct cs_err problem = {0};
    cs_rc rc = cs_store_group_begin(store, &problem);

    if (rc == CS_OK) {
        for (size_t i = 0; i < group->count; i++) {
            (void)!store_key(group, i);
        }
        rc = cs_store_group_end(store, &problem);
    }
    if (rc != CS_OK) {
        forget_states(group, &problem);
    }
    for (size_t i = 0; i < group->count; i++) {
        struct cs_result *result = group->items[i];
        bool failed = result->error.code != CS_OK;
        if (group->stages[i] == CS_FLOW_MADE && failed) {
            group->stages[i] = CS_FLOW_BROKEN;
        } else if (group->stages[i] == CS_FLOW_PLANNED) {
            if (failed) {
                hint_recover(result, "the request could not be taken back");
            }
            group->stages[i] = CS_FLOW_OUT;
        }
    }
}

/* ---- the files ---- */

static void write_files(struct cs_flow_group *group)
{
    struct cs_file_part parts[CS_FLOW_GROUP];
    struct cs_bytes contents[CS_FLOW_GROUP];
    size_t owners[CS_FLOW_GROUP];
    size_t count = 0;

    for (size_t i = 0; i < group->count; i++) {
        struct cs_result *result = group->items[i];
        if (group->stages[i] != CS_FLOW_MADE) {
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
    cs_file_write_set(parts, count, 0644, group->flow->force);
    for (size_t i = 0; i < count; i++) {
        cs_bytes_done(&contents[i]);
        if (parts[i].rc != CS_OK) {
            group->stages[owners[i]] = CS_FLOW_BROKEN;
            continue;
        }
        cs_strv_add(&group->items[owners[i]]->files, parts[i].path);
        group->stages[owners[i]] = CS_FLOW_WRITTEN;
    }
}

/* ---- OFFLINE ---- */

/* Somebody may have taken the files by now: they and their keys stay. */
static void store_files(struct cs_flow_group *group)
{
    struct cs_store *store = group->flow->store;
    struct cs_err problem = {0};
    cs_rc rc = cs_store_group_begin(store, &problem);

    for (size_t i = 0; i < group->count && rc == CS_OK; i++) {
        struct cs_result *result = group->items[i];
        if (group->stages[i] == CS_FLOW_WRITTEN) {
            (void)!cs_store_transition(store, result->request, CS_STATE_OFFLINE, &result->error);
        }
    }
    if (rc == CS_OK) {
        rc = cs_store_group_end(store, &problem);
    }
    for (size_t i = 0; i < group->count; i++) {
        struct cs_result *result = group->items[i];
        if (group->stages[i] != CS_FLOW_WRITTEN) {
            continue;
        }
        if (rc != CS_OK) {
            result->request->state = CS_STATE_KEPT;
            result->error = result->error.code == CS_OK ? problem : result->error;
        }
        if (result->error.code != CS_OK) {
            hint_recover(result, "the request file is written, but not noted in the store");
        }
        group->stages[i] = CS_FLOW_OUT;
    }
}

static bool any_in(const struct cs_flow_group *group, enum cs_flow_stage stage)
{
    for (size_t i = 0; i < group->count; i++) {
        if (group->stages[i] == stage) {
            return true;
        }
    }
    return false;
}

void cs_flow_group_finish(struct cs_flow_group *group)
{
    if (any_in(group, CS_FLOW_MADE) || any_in(group, CS_FLOW_PLANNED)) {
        store_keys(group);
    }
    if (any_in(group, CS_FLOW_MADE)) {
        write_files(group);
    }
    if (any_in(group, CS_FLOW_WRITTEN)) {
        store_files(group);
    }
}

/* ---- what failed ---- */

void cs_flow_group_undo(struct cs_flow_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        struct cs_result *result = group->items[i];
        if (group->stages[i] == CS_FLOW_BROKEN) {
            cs_flow_undo(group->flow, result->request, group->token, &result->error);
            group->stages[i] = CS_FLOW_OUT;
        }
        /* What the files hold need not be held here. */
        cs_bytes_done(&result->request->csr);
        cs_bytes_done(&result->request->spki);
    }
}

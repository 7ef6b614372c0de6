#include "base/mem.h"
#include "flow/flow_internal.h"

#include <inttypes.h>
#include <string.h>

/* Does the pair that signed stand whole on the token? Before KEPT nothing has left the program, so
 * that what is not found whole may go. From KEPT on somebody may have the request: only a token
 * that answers, and has no such key, says no. Any other trouble is an error, and destroys nothing.
 */
static cs_rc look_for_key(const struct cs_flow *flow, const struct cs_request *request,
                          struct cs_flow_token *token, bool *ret_whole, struct cs_err *err)
{
    struct cs_err problem = {0};
    cs_rc rc = cs_flow_find_key(flow, request, token, &problem);
    bool gone = rc == CS_E_TOKEN_ABSENT && problem.origin == CS_ORIGIN_NONE;

    if (rc == CS_OK && request->state == CS_STATE_SIGNED) {
        rc = token->store->ops->keep(token->store, token->key, &problem);
    }
    *ret_whole = rc == CS_OK;
    if (rc == CS_OK || gone || request->state == CS_STATE_SIGNED) {
        return CS_OK;
    }
    if (err) {
        *err = problem;
    }
    return rc;
}

static cs_rc undo(const struct cs_flow *flow, struct cs_result *result, struct cs_flow_token *token,
                  struct cs_err *err)
{
    struct cs_err reason = {0};
    size_t count = 0;

    CS_TRY(token->store->ops->destroy(token->store, result->request->key_id, &count, err));
    cs_err_set(&reason, CS_E_CANCELLED,
               "the run was interrupted before the key was kept; %zu objects were destroyed",
               count);
    result->request->error = reason;
    return cs_store_transition(flow->store, result->request, CS_STATE_FAILED, err);
}

static cs_rc recover_one(const struct cs_flow *flow, struct cs_result *result,
                         struct cs_flow_token *token, struct cs_err *err)
{
    struct cs_request *request = result->request;

    if (request->state == CS_STATE_PLANNED) {
        return undo(flow, result, token, err);
    }
    if (request->state == CS_STATE_SIGNED || request->state == CS_STATE_KEPT) {
        bool whole = false;
        CS_TRY(look_for_key(flow, request, token, &whole, err));
        if (!whole) {
            return undo(flow, result, token, err);
        }
        if (request->state == CS_STATE_SIGNED) {
            request->attrs = token->key->attrs;
            CS_TRY(cs_store_transition(flow->store, request, CS_STATE_KEPT, err));
        }
    }
    if (request->state == CS_STATE_ISSUED) {
        return cs_flow_import(flow, result, token, err);
    }
    return cs_flow_deliver(flow, result, token, err);
}

static bool is_here(const struct cs_keystore *store, const char *token_uri)
{
    return token_uri && strcmp(store->ops->info(store)->uri, token_uri) == 0;
}

/* A request of another token must not be judged by this one. */
static cs_rc check_token(const struct cs_request *request, const struct cs_keystore *store,
                         struct cs_err *err)
{
    if (is_here(store, request->token_uri)) {
        return CS_OK;
    }
    cs_rc rc = cs_fail(err, CS_E_TOKEN_ABSENT, "request %" PRId64 " was begun on another token: %s",
                       request->id, request->token_uri);
    cs_err_hint(err, "run `cscert recover --token '%s'`", request->token_uri);
    return rc;
}

static cs_rc recover_requests(const struct cs_flow *flow, struct cs_flow_token *token,
                              struct cs_result_list *ret_results, struct cs_err *err)
{
    static const struct cs_selection all = {0};
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;

    CS_TRY(cs_flow_select(flow, &all, cs_state_is_unfinished, &ids, &count, err));
    for (size_t i = 0; i < count; i++) {
        CS_TRY(cs_flow_check_signal(flow, err));
        struct cs_result *result = cs_flow_add_result(flow, ids[i], ret_results);
        if (flow->what_if || result->error.code != CS_OK) {
            continue;
        }
        if (check_token(result->request, token->store, &result->error) == CS_OK) {
            (void)!recover_one(flow, result, token, &result->error);
        }
        cs_flow_forget_key(token);
    }
    return CS_OK;
}

/* Something uses the key of an intent: another run was faster than the one that left it. */
static cs_rc is_used(const struct cs_flow *flow, struct cs_keystore *store,
                     const struct cs_key_intent *intent, bool *ret_used, struct cs_err *err)
{
    CS_TRY(cs_store_key_is_shared(flow->store, 0, intent->key_id, ret_used, err));
    return *ret_used ? CS_OK : store->ops->has_certificate(store, intent->key_id, ret_used, err);
}

static cs_rc undo_intent(const struct cs_flow *flow, struct cs_keystore *store,
                         const struct cs_key_intent *intent, struct cs_err *err)
{
    size_t count = 0;
    bool used = false;

    if (!is_here(store, intent->token_uri)) {
        cs_autofree char *text = cs_asprintf("a key may be left on another token: run `cscert "
                                             "recover --token '%s'`",
                                             intent->token_uri);
        flow->ui->ops->warn(flow->ui, text);
        return CS_OK;
    }
    CS_TRY(is_used(flow, store, intent, &used, err));
    if (!used) {
        CS_TRY(store->ops->destroy(store, intent->key_id, &count, err));
    }
    if (count) {
        flow->ui->ops->warn(flow->ui, "a key that an interrupted run left is destroyed");
    }
    return cs_store_intent_remove(flow->store, intent->key_id, err);
}

/* Keys that were to become a lab CA's and did not, and those of requests that were ended. */
static cs_rc undo_intents(const struct cs_flow *flow, struct cs_keystore *store, struct cs_err *err)
{
    cs_auto_value(cs_key_intent_list) intents = {0};

    CS_TRY(cs_store_intents(flow->store, &intents, err));
    for (size_t i = 0; i < intents.count && !flow->what_if; i++) {
        CS_TRY(undo_intent(flow, store, &intents.items[i], err));
    }
    return CS_OK;
}

static cs_rc remove_named(const struct cs_flow *flow, struct cs_keystore *store, const char *name,
                          struct cs_err *err)
{
    cs_autofree char *question =
        cs_asprintf("Destroy %s on the token \"%s\"? Another program may use it.", name,
                    store->ops->info(store)->label);
    size_t count = 0;

    if (flow->what_if) {
        return CS_OK;
    }
    if (flow->confirm) {
        CS_TRY(flow->ui->ops->confirm(flow->ui, question, err));
    }
    CS_TRY(store->ops->remove_stray(store, name, &count, err));
    cs_autofree char *done = cs_asprintf("%zu objects named %s are destroyed", count, name);
    flow->ui->ops->note(flow->ui, done);
    return CS_OK;
}

cs_rc cs_flow_recover(const struct cs_flow *flow, const char *remove_stray,
                      struct cs_result_list *ret_results, struct cs_stray_list *ret_strays,
                      struct cs_err *err)
{
    cs_auto_value(cs_flow_token) token = {0};

    CS_TRY(cs_flow_token_open(flow, &token, err));
    if (remove_stray) {
        CS_TRY(remove_named(flow, token.store, remove_stray, err));
    } else {
        CS_TRY(recover_requests(flow, &token, ret_results, err));
        CS_TRY(undo_intents(flow, token.store, err));
        CS_TRY(cs_flow_settle_transfers(flow, token.store, err));
    }
    return token.store->ops->strays(token.store, ret_strays, err);
}

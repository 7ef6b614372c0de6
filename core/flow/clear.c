#include "base/mem.h"
#include "flow/flow_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* May keys be destroyed in this run? Only if the request was named, or somebody says yes to the
 * question. */
static bool may_destroy(const struct cs_flow *flow, const struct cs_selection *selection,
                        size_t count)
{
    if (selection->request_id || selection->ca_request_id) {
        return true;
    }
    if (!flow->ui->ops->can_ask(flow->ui)) {
        return false;
    }
    cs_autofree char *question =
        cs_asprintf("Destroy the keys of these %zu requests on the token, too?", count);
    return flow->ui->ops->confirm(flow->ui, question, NULL) == CS_OK;
}

static void keep_key(struct cs_result *result, const char *why)
{
    cs_strv_take(&result->warnings,
                 cs_asprintf("the key of request %" PRId64 " stays on the token (%s): %s",
                             result->request->id, why, result->request->key_uri));
}

/* Why the key must stay; NULL if nothing uses it. *@err is filled when that cannot be told. */
static cs_rc find_user(const struct cs_flow *flow, const struct cs_request *request,
                       struct cs_flow_token *token, const char **ret_why, struct cs_err *err)
{
    bool used = false;

    *ret_why = NULL;
    if (request->certificate.len) {
        *ret_why = "a certificate was issued for it";
        return CS_OK;
    }
    CS_TRY(cs_store_key_is_shared(flow->store, request->id, request->key_id, &used, err));
    if (used) {
        *ret_why = "another request uses it";
        return CS_OK;
    }
    CS_TRY(cs_flow_token_open(flow, token, err));
    CS_TRY(token->store->ops->has_certificate(token->store, request->key_id, &used, err));
    if (used) {
        *ret_why = "a certificate on the token uses it";
    }
    return CS_OK;
}

/* What is not found on another token would be called destroyed. */
static cs_rc check_token(const struct cs_request *request, struct cs_keystore *store,
                         struct cs_err *err)
{
    const struct cs_token_info *info = store->ops->info(store);

    if (!request->key_uri || !request->token_uri || strcmp(request->token_uri, info->uri) == 0) {
        return CS_OK;
    }
    cs_rc rc = cs_fail(err, CS_E_TOKEN_ABSENT,
                       "the key of request %" PRId64 " is not on the token \"%s\", but on another "
                       "one: the request is not withdrawn",
                       request->id, info->label);
    cs_err_hint(err,
                "name that token: --token '%s'; `cscert clear` without a number, where nobody "
                "is asked, withdraws and keeps the keys",
                request->token_uri);
    return rc;
}

/* Withdraws the request with its key, or without it where something uses the key. */
static cs_rc clear_with_key(const struct cs_flow *flow, struct cs_result *result,
                            struct cs_flow_token *token, struct cs_err *err)
{
    struct cs_request *request = result->request;
    const char *why = NULL;

    CS_TRY(find_user(flow, request, token, &why, err));
    if (!why) {
        CS_TRY(check_token(request, token->store, err));
        CS_TRY(cs_flow_check_signal(flow, err));
        return cs_flow_end(flow, request, CS_STATE_CLEARED, token, err);
    }
    keep_key(result, why);
    return cs_store_transition(flow->store, request, CS_STATE_CLEARED, err);
}

static cs_rc fail_closed(const struct cs_request *request, struct cs_err *err)
{
    cs_rc rc = cs_fail(err, CS_E_USAGE, "request %" PRId64 " is %s: it cannot be withdrawn",
                       request->id, cs_state_status(request->state));

    if (cs_state_is_unfinished(request->state)) {
        cs_err_hint(err, "a run was interrupted: `cscert recover` finishes or undoes it");
    } else if (request->state == CS_STATE_CLEARED && request->key_uri) {
        cs_err_hint(err,
                    "a key that was kept is removed with the token's own tools: p11tool --login "
                    "--delete '%s'",
                    request->key_uri);
    } else {
        cs_err_hint(err, "nothing needs to be done");
    }
    return rc;
}

/* No protocol lets who asked withdraw a request: only the CA's administrator can. */
static void warn_of_ca(struct cs_result *result)
{
    const struct cs_request *request = result->request;
    bool owes = request->state == CS_STATE_SUBMITTED || request->state == CS_STATE_PENDING;

    if (request->plan->ca && owes) {
        cs_strv_take(&result->warnings,
                     cs_asprintf("request %" PRId64 " is withdrawn here only: %s still has it%s%s "
                                 "and may issue a certificate, until its administrator denies it",
                                 request->id, request->plan->ca,
                                 request->ca_request_id ? " as number " : "",
                                 request->ca_request_id ? request->ca_request_id : ""));
    }
}

static cs_rc clear_one(const struct cs_flow *flow, struct cs_result *result, bool destroy,
                       struct cs_flow_token *token, struct cs_err *err)
{
    struct cs_request *request = result->request;

    if (!cs_state_can_go(request->state, CS_STATE_CLEARED)) {
        return fail_closed(request, err);
    }
    if (flow->what_if) {
        return CS_OK;
    }
    /* What went wrong on the way is over; that and why a CA refused is the request's story, but
     * nothing is to be done about it any more. */
    if (request->error.code != CS_E_CA_REFUSED) {
        request->error = (struct cs_err){0};
    }
    request->error.hint[0] = '\0';
    warn_of_ca(result);
    if (destroy) {
        return clear_with_key(flow, result, token, err);
    }
    if (request->key_uri) {
        keep_key(result, "it was not named");
    }
    return cs_store_transition(flow->store, request, CS_STATE_CLEARED, err);
}

cs_rc cs_flow_clear(const struct cs_flow *flow, const struct cs_selection *selection,
                    struct cs_result_list *ret_results, struct cs_err *err)
{
    cs_auto_value(cs_flow_token) token = {0};
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;

    CS_TRY(cs_flow_select(flow, selection, cs_state_is_open, &ids, &count, err));
    if (count && flow->confirm && !flow->what_if) {
        cs_autofree char *question = cs_asprintf("Withdraw %zu request(s)?", count);
        CS_TRY(flow->ui->ops->confirm(flow->ui, question, err));
    }
    bool destroy = count && !flow->what_if && may_destroy(flow, selection, count);
    for (size_t i = 0; i < count; i++) {
        CS_TRY(cs_flow_check_signal(flow, err));
        struct cs_result *result = cs_flow_add_result(flow, ids[i], ret_results);
        if (result->error.code == CS_OK) {
            (void)!clear_one(flow, result, destroy, &token, &result->error);
        }
        for (size_t j = 0; j < result->warnings.count; j++) {
            flow->ui->ops->warn(flow->ui, result->warnings.items[j]);
        }
    }
    return CS_OK;
}

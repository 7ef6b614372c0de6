#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "flow/flow_internal.h"
#include "x509/cert.h"
#include "x509/reply.h"

#include <inttypes.h>
#include <stdlib.h>

/* What a run without a number is about: the CA owes an answer, or the certificate is not on the
 * token yet. */
static bool is_retrievable(enum cs_state state)
{
    return state == CS_STATE_PENDING || state == CS_STATE_SUBMITTED || state == CS_STATE_ISSUED;
}

static cs_rc fail_nothing_to_do(const struct cs_request *request, struct cs_err *err)
{
    cs_rc rc = cs_fail(err, CS_E_USAGE, "request %" PRId64 " is %s: there is nothing to retrieve",
                       request->id, cs_state_status(request->state));
    cs_err_hint(err, "see `cscert list --request-id %" PRId64 "`", request->id);
    return rc;
}

cs_rc cs_flow_poll(const struct cs_flow *flow, struct cs_result *result,
                   struct cs_flow_token *token, struct cs_err *err)
{
    const struct cs_request *request = result->request;
    struct cs_ca_submission submission;
    cs_auto_value(cs_ca_answer) answer = {0};
    cs_auto(cs_ca) ca = NULL;

    CS_TRY(cs_flow_submission(flow, request, &submission, err));
    CS_TRY(flow->ca->open(flow->ca, request->plan->ca, &ca, err));
    CS_TRY(
        ca->ops->poll(ca, request->ca_request_id, request->ca_handle, &submission, &answer, err));
    if (request->state == CS_STATE_IMPORTED && answer.disposition != CS_CA_REVOKED) {
        return CS_OK; /* named by its number: still as good as it was */
    }
    return cs_flow_take_answer(flow, result, &answer, token, err);
}

static cs_rc retrieve_from_ca(const struct cs_flow *flow, struct cs_result *result,
                              struct cs_flow_token *token, struct cs_err *err)
{
    const struct cs_request *request = result->request;

    switch (request->state) {
    case CS_STATE_OFFLINE:
        return cs_fail_hint(err, CS_E_USAGE, "give the CA's answer with --reply FILE",
                            "request %" PRId64 " is offline: its request file is %s", request->id,
                            request->plan->output);
    case CS_STATE_SUBMITTED:
        return cs_flow_deliver(flow, result, token, err);
    case CS_STATE_PENDING:
        return cs_flow_poll(flow, result, token, err);
    case CS_STATE_IMPORTED:
        return request->plan->ca && request->ca_request_id ? cs_flow_poll(flow, result, token, err)
                                                           : CS_OK;
    default:
        return fail_nothing_to_do(request, err);
    }
}

static bool takes_reply(enum cs_state state)
{
    return state == CS_STATE_OFFLINE || state == CS_STATE_PENDING || state == CS_STATE_SUBMITTED;
}

/* The store has its certificate; ISSUED: the token has not. */
static bool is_taken(enum cs_state state)
{
    return state == CS_STATE_ISSUED || state == CS_STATE_IMPORTED;
}

/* The CA's answer as a file. Nothing changes until it is known to be the right one. */
static cs_rc take_reply(const struct cs_flow *flow, struct cs_result *result, const char *path,
                        struct cs_err *err)
{
    struct cs_request *request = result->request;
    cs_auto_value(cs_bytes) reply = {0};
    cs_auto_value(cs_bytes) certificate = {0};
    cs_auto_value(cs_bytes) chain = {0};
    cs_auto_value(cs_strv) warnings = {0};

    CS_TRY(cs_file_read(path, CS_REPLY_MAX_OCTETS, &reply, err));
    CS_TRY(cs_reply_parse(&reply, &request->spki, &certificate, &chain, err));
    if (is_taken(request->state) && cs_bytes_equal(&certificate, &request->certificate)) {
        return CS_OK;
    }
    if (!takes_reply(request->state)) {
        return fail_nothing_to_do(request, err);
    }
    CS_TRY(
        cs_cert_check(&certificate, request->plan, &request->spki, cs_clock_now(), &warnings, err));
    request->certificate = cs_bytes_steal(&certificate);
    request->chain = cs_bytes_steal(&chain);
    request->error = (struct cs_err){0};
    return cs_store_transition(flow->store, request, CS_STATE_ISSUED, err);
}

static cs_rc go_on(const struct cs_flow *flow, struct cs_result *result, const char *reply,
                   struct cs_flow_token *token, struct cs_err *err)
{
    if (reply) {
        CS_TRY(take_reply(flow, result, reply, err));
    } else if (result->request->state != CS_STATE_ISSUED) {
        CS_TRY(retrieve_from_ca(flow, result, token, err));
    }
    if (result->request->state == CS_STATE_ISSUED) {
        return cs_flow_import(flow, result, token, err);
    }
    return CS_OK;
}

/* What another process has made of the request meanwhile, if anything, takes the place of what this
 * one has, with its error. The plan is the same, but for what only this run knows. */
static bool take_over(const struct cs_flow *flow, struct cs_result *result)
{
    struct cs_request *before = result->request;
    cs_auto(cs_request) now = NULL;

    if (cs_store_get(flow->store, before->id, &now, NULL) != CS_OK || now->state == before->state) {
        return false;
    }
    struct cs_plan *plan = now->plan;
    now->plan = before->plan;
    before->plan = plan;
    result->request = cs_steal(&now);
    result->may_be_sent = false;
    if (result->request->state != CS_STATE_CLEARED) { /* which is not what was asked for */
        result->error = result->request->error;
    }
    cs_request_free(before);
    return true;
}

void cs_flow_note_failure(const struct cs_flow *flow, struct cs_result *result)
{
    struct cs_request *request = result->request;

    if (request->state == CS_STATE_PENDING || request->state == CS_STATE_SUBMITTED) {
        request->error = result->error;
        (void)!cs_store_note(flow->store, request, NULL);
    }
}

void cs_flow_retrieve_one(const struct cs_flow *flow, struct cs_result *result, const char *reply,
                          struct cs_flow_token *token)
{
    cs_rc rc = CS_OK;
    bool again = true;

    while (again) {
        result->error = (struct cs_err){0};
        rc = go_on(flow, result, reply, token, &result->error);
        cs_flow_forget_key(token);
        again = rc != CS_OK && rc != CS_E_CANCELLED && take_over(flow, result) &&
                (reply ? takes_reply(result->request->state) || is_taken(result->request->state)
                       : is_retrievable(result->request->state));
    }
    if (result->error.code != CS_OK) {
        cs_flow_note_failure(flow, result);
    }
}

cs_rc cs_flow_retrieve(const struct cs_flow *flow, const struct cs_retrieve_options *options,
                       struct cs_result_list *ret_results, struct cs_err *err)
{
    cs_auto_value(cs_flow_token) token = {0};
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;

    if (options->reply && !options->selection.request_id && !options->selection.ca_request_id) {
        return cs_fail_hint(err, CS_E_USAGE, "say --request-id N as well; see `cscert list`",
                            "--reply does not say which request it answers");
    }
    CS_TRY(cs_flow_select(flow, &options->selection, is_retrievable, &ids, &count, err));
    if (flow->confirm && count && !flow->what_if) {
        CS_TRY(flow->ui->ops->confirm(flow->ui,
                                      "Ask for the certificates and put them on the token?", err));
    }
    for (size_t i = 0; i < count; i++) {
        CS_TRY(cs_flow_check_signal(flow, err));
        struct cs_result *result = cs_flow_add_result(flow, ids[i], ret_results);
        if (flow->what_if || result->error.code != CS_OK) {
            continue;
        }
        cs_flow_retrieve_one(flow, result, options->reply, &token); /* and the others go on */
    }
    if (!flow->what_if) {
        cs_flow_wait(flow, ret_results->items, ret_results->count, NULL, &token);
    }
    return CS_OK;
}

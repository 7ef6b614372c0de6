#include "base/file.h"
#include "base/mem.h"
#include "flow/flow_internal.h"

#include <inttypes.h>
#include <string.h>

void cs_flow_forget_key(struct cs_flow_token *token)
{
    if (token->key) {
        token->store->ops->key_free(token->key);
        token->key = NULL;
    }
}

void cs_flow_token_done(struct cs_flow_token *token)
{
    cs_flow_forget_key(token);
    cs_keystore_close(token->store);
    *token = (struct cs_flow_token){0};
}

cs_rc cs_flow_token_open(const struct cs_flow *flow, struct cs_flow_token *token,
                         struct cs_err *err)
{
    return token->store ? CS_OK : flow->keystore->open(flow->keystore, &token->store, err);
}

cs_rc cs_flow_find_key(const struct cs_flow *flow, const struct cs_request *request,
                       struct cs_flow_token *token, struct cs_err *err)
{
    if (token->key) {
        return CS_OK;
    }
    CS_TRY(cs_flow_token_open(flow, token, err));
    struct cs_keystore *store = token->store;
    CS_TRY(store->ops->find(store, request->key_id, &token->key, err));
    if (!token->key) {
        cs_rc rc = cs_fail(err, CS_E_TOKEN_ABSENT,
                           "the key of request %" PRId64 " is not on the token \"%s\"", request->id,
                           store->ops->info(store)->label);
        cs_err_hint(err, "it was generated on %s; name that token with --token",
                    request->token_uri ? request->token_uri : "another token");
        return rc;
    }
    if (!cs_bytes_equal(&token->key->spki, &request->spki)) {
        return cs_fail_hint(err, CS_E_MISMATCH,
                            "another program has put a key with this CKA_ID on the token",
                            "the key on the token is not the one of request %" PRId64, request->id);
    }
    return CS_OK;
}

static cs_rc destroy(const struct cs_request *request, struct cs_flow_token *token,
                     struct cs_err *err)
{
    size_t count = 0;

    return token->store->ops->destroy(token->store, request->key_id, &count, err);
}

cs_rc cs_flow_end(const struct cs_flow *flow, struct cs_request *request, enum cs_state to,
                  struct cs_flow_token *token, struct cs_err *err)
{
    struct cs_key_intent intent = {.token_uri = request->token_uri};

    memcpy(intent.key_id, request->key_id, sizeof intent.key_id);
    CS_TRY(cs_store_intent_add(flow->store, &intent, err));
    cs_rc rc = cs_store_transition(flow->store, request, to, err);
    if (rc != CS_OK) {
        /* Another run was faster, and the key is that one's. */
        (void)!cs_store_intent_remove(flow->store, request->key_id, NULL);
        return rc;
    }
    rc = destroy(request, token, err);
    if (rc != CS_OK && err) {
        err->hint[0] = 0;
        cs_err_hint(err, "the key of request %" PRId64 " is still there: run `cscert recover`",
                    request->id);
    }
    return rc == CS_OK ? cs_store_intent_remove(flow->store, request->key_id, err) : rc;
}

/* Until a CA may have seen the request nobody else touches it, and its key goes first, also when
 * the store cannot be written. */
static cs_rc fail_request(const struct cs_flow *flow, struct cs_request *request,
                          struct cs_flow_token *token, struct cs_err *err)
{
    if (request->state == CS_STATE_SUBMITTED) {
        return cs_flow_end(flow, request, CS_STATE_FAILED, token, err);
    }
    CS_TRY(destroy(request, token, err));
    return cs_store_transition(flow->store, request, CS_STATE_FAILED, err);
}

void cs_flow_undo(const struct cs_flow *flow, struct cs_request *request,
                  struct cs_flow_token *token, struct cs_err *err)
{
    struct cs_err problem = {0};

    cs_rc rc = cs_flow_token_open(flow, token, &problem);
    if (rc == CS_OK) {
        request->error = *err;
        rc = fail_request(flow, request, token, &problem);
    }
    if (rc != CS_OK) {
        cs_autofree char *hint =
            cs_asprintf("request %" PRId64 " could not be undone (%s): run `cscert recover`",
                        request->id, problem.message);
        err->hint[0] = 0;
        cs_err_hint(err, "%s", hint);
    }
}

cs_rc cs_flow_plan_submission(const struct cs_flow *flow, const struct cs_plan *plan,
                              struct cs_ca_submission *ret_submission, struct cs_err *err)
{
    const struct cs_secret *password = NULL;

    if (plan->ca_account) {
        CS_TRY(flow->password->get(flow->password, plan->ca_account, &password, err));
    }
    *ret_submission = (struct cs_ca_submission){
        .template_name = plan->template_name,
        .account = plan->ca_account,
        .password = password,
        .global_catalog = plan->global_catalog,
        .global_settings_dc = plan->global_settings_dc,
    };
    return CS_OK;
}

cs_rc cs_flow_submission(const struct cs_flow *flow, const struct cs_request *request,
                         struct cs_ca_submission *ret_submission, struct cs_err *err)
{
    CS_TRY(cs_flow_plan_submission(flow, request->plan, ret_submission, err));
    ret_submission->csr = &request->csr;
    return CS_OK;
}

cs_rc cs_flow_check_signal(const struct cs_flow *flow, struct cs_err *err)
{
    if (flow->ui->ops->interrupted(flow->ui)) {
        return cs_fail(err, CS_E_CANCELLED, "stopped by a signal");
    }
    return CS_OK;
}

bool cs_flow_has_certificate(const struct cs_request *request)
{
    return (request->state == CS_STATE_ISSUED || request->state == CS_STATE_IMPORTED) &&
           request->certificate.len;
}

cs_rc cs_flow_fail_state(const struct cs_request *request, const char *why, const char *way,
                         struct cs_err *err)
{
    cs_rc rc = cs_fail(err, CS_E_USAGE, "request %" PRId64 " is %s: %s", request->id,
                       cs_state_status(request->state), why);

    if (cs_state_is_unfinished(request->state) && request->state != CS_STATE_ISSUED) {
        cs_err_hint(err, "a run was interrupted: `cscert recover` finishes or undoes it");
    } else if (cs_state_is_open(request->state)) {
        cs_err_hint(err, "`cscert retrieve --request-id %" PRId64 "` asks for it%s", request->id,
                    way);
    } else {
        cs_err_hint(err, "`cscert list` shows what there is");
    }
    return rc;
}

bool cs_flow_is_named(const char *path, const char *ending)
{
    const char *dot = strrchr(path, '.');

    return dot && cs_ascii_iequal(dot, ending);
}

cs_rc cs_flow_write_again(const struct cs_flow *flow, const char *what, int64_t id,
                          const char *path, const struct cs_bytes *content, struct cs_err *err)
{
    CS_TRY(cs_file_check_writable(path, flow->force, err));
    if (flow->what_if) {
        return CS_OK;
    }
    if (flow->confirm) {
        cs_autofree char *question =
            cs_asprintf("Write the %s of request %" PRId64 " to %s?", what, id, path);
        CS_TRY(flow->ui->ops->confirm(flow->ui, question, err));
    }
    return cs_file_write(path, content->data, content->len, 0644, flow->force, err);
}

char *cs_flow_subject(const struct cs_plan *plan)
{
    cs_autofree char *types = cs_cert_types_text(plan->types);
    const char *name = plan->computer ? plan->computer : plan->subject.common_name;

    return cs_asprintf("%s (%s)", name ? name : plan->pool, types);
}

void cs_flow_warn_of(const struct cs_flow *flow, const struct cs_plan *plan, const char *text)
{
    cs_autofree char *subject = plan->choice ? cs_flow_subject(plan) : NULL;
    cs_autofree char *said = subject ? cs_asprintf("%s: %s", subject, text) : cs_strdup(text);

    flow->ui->ops->warn(flow->ui, said);
}

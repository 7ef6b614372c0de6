#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "flow/flow_internal.h"
#include "x509/csr.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static void show_warnings(const struct cs_flow *flow, const struct cs_plan *plan)
{
    for (size_t i = 0; i < plan->warnings.count; i++) {
        cs_flow_warn_of(flow, plan, plan->warnings.items[i]);
    }
}

/* Everything that can be found wrong without the token, so that no key is made in vain. */
cs_rc cs_flow_check_destination(const struct cs_flow *flow, const struct cs_plan *plan,
                                struct cs_err *err)
{
    if (plan->output) {
        return cs_file_check_writable(plan->output, flow->force, err);
    }
    return flow->ca->check(flow->ca, plan->ca, err);
}

static cs_rc ask_first(const struct cs_flow *flow, const struct cs_plan *plan, struct cs_err *err)
{
    cs_autofree char *question = cs_asprintf(
        "Generate %s %s-%u key for %s and %s %s?",
        plan->exportable ? "an exportable" : "a non-exportable",
        cs_key_alg_name(plan->key_spec.alg), plan->key_spec.bits, plan->subject.common_name,
        plan->ca ? "request a certificate from" : "write", plan->ca ? plan->ca : plan->output);

    return flow->confirm ? flow->ui->ops->confirm(flow->ui, question, err) : CS_OK;
}

cs_rc cs_flow_ask_password(const struct cs_flow *flow, const struct cs_plan *plan,
                           struct cs_err *err)
{
    const struct cs_secret *password = NULL;

    if (!plan->ca || !plan->ca_account) {
        return CS_OK;
    }
    return flow->password->get(flow->password, plan->ca_account, &password, err);
}

cs_rc cs_flow_make_key_id(uint8_t id[CS_KEY_ID_LEN], struct cs_err *err)
{
    if (getrandom(id, CS_KEY_ID_LEN, 0) != CS_KEY_ID_LEN) {
        return cs_fail_errno(err, CS_E_INTERNAL, "getrandom", errno, "no random numbers");
    }
    return CS_OK;
}

/* The friendly name, else one that nobody else has: the name, the time and a part of the CKA_ID. */
static char *make_label(const struct cs_request *request)
{
    char when[CS_TIME_TEXT_SIZE];
    const struct cs_plan *plan = request->plan;

    if (plan->friendly_name) {
        return cs_strdup(plan->friendly_name);
    }
    cs_autofree char *unique = cs_hex(request->key_id, 4);
    return cs_asprintf("%s %s %s", plan->subject.common_name, cs_clock_format(cs_clock_now(), when),
                       unique);
}

static cs_rc warn_of_twin(const struct cs_flow *flow, struct cs_result *result, struct cs_err *err)
{
    bool used = false;

    if (!result->request->plan->friendly_name) {
        return CS_OK; /* a part of the CKA_ID is in it */
    }
    CS_TRY(cs_store_label_is_used(flow->store, result->request->label, &used, err));
    if (used) {
        cs_autofree char *text =
            cs_asprintf("another request has the friendly name \"%s\" too: the keys differ in "
                        "their CKA_ID only",
                        result->request->label);
        cs_flow_warn_of(flow, result->request->plan, text);
        cs_strv_add(&result->warnings, text);
    }
    return CS_OK;
}

cs_rc cs_flow_prepare(const struct cs_flow *flow, const struct cs_keystore *store,
                      struct cs_result *result, struct cs_err *err)
{
    struct cs_request *request = result->request;
    const struct cs_token_info *token = store->ops->info(store);

    CS_TRY(cs_flow_make_key_id(request->key_id, err));
    request->label = make_label(request);
    request->token_uri = cs_strdup(token->uri);
    request->module_path = cs_strdup(token->module_path);
    return warn_of_twin(flow, result, err);
}

cs_rc cs_flow_add_row(const struct cs_flow *flow, struct cs_request *request, bool renewing,
                      struct cs_err *err)
{
    cs_auto_value(cs_flow_pool) pool = {0};

    CS_TRY(cs_flow_check_second_key(flow, request->plan, renewing, &pool, err));
    return cs_store_add(flow->store, request, err);
}

/* A group only for a plan that needs one. */
static cs_rc store_plan(const struct cs_flow *flow, struct cs_request *request, bool renewing,
                        struct cs_err *err)
{
    if (!cs_flow_shares_key(flow, request->plan)) {
        return cs_flow_add_row(flow, request, renewing, err);
    }
    CS_TRY(cs_store_group_begin(flow->store, err));
    cs_rc rc = cs_flow_add_row(flow, request, renewing, err);
    if (rc != CS_OK) {
        cs_store_group_undo(flow->store);
        return rc;
    }
    rc = cs_store_group_end(flow->store, err);
    request->id = rc == CS_OK ? request->id : 0;
    return rc;
}

static void note_key(struct cs_request *request, const struct cs_key *key)
{
    if (!request->key_uri) {
        request->key_uri = cs_strdup(key->uri);
        request->spki = cs_bytes_copy(key->spki.data, key->spki.len);
    }
    request->attrs = key->attrs;
    request->generation = key->generation;
}

static cs_rc generate(const struct cs_request *request, struct cs_flow_token *token,
                      struct cs_err *err)
{
    const struct cs_plan *plan = request->plan;
    struct cs_keystore *store = token->store;
    struct cs_key_request wanted = {
        .spec = plan->key_spec,
        .label = request->label,
        .exportable = plan->exportable,
        .id_is_fresh = true, /* this run has planned the request */
    };

    memcpy(wanted.id, request->key_id, sizeof wanted.id);
    return store->ops->generate(store, &wanted, &token->key, err);
}

cs_rc cs_flow_make_key(const struct cs_flow *flow, struct cs_request *request,
                       struct cs_flow_token *token, struct cs_err *err)
{
    struct cs_keystore *store = token->store;

    CS_TRY(generate(request, token, err));
    CS_TRY(cs_flow_check_signal(flow, err));
    CS_TRY(cs_csr_build(request->plan, store, token->key, &request->csr, err));
    CS_TRY(cs_flow_check_signal(flow, err));
    CS_TRY(store->ops->keep(store, token->key, err));
    note_key(request, token->key);
    return CS_OK;
}

/* PLANNED -> SIGNED -> KEPT. The two results are stored together: until then nothing has left the
 * program, and what a crash leaves is undone by the CKA_ID of PLANNED. */
static cs_rc make_request(const struct cs_flow *flow, struct cs_request *request,
                          struct cs_flow_token *token, struct cs_err *err)
{
    static const enum cs_state done[] = {CS_STATE_SIGNED, CS_STATE_KEPT};

    CS_TRY(cs_flow_make_key(flow, request, token, err));
    CS_TRY(cs_store_transitions(flow->store, request, done, sizeof done / sizeof *done, err));
    return cs_flow_check_signal(flow, err);
}

/* What a failure leaves: a request that did not get out of the program is undone; one that a CA has
 * answered or may have, or whose file is written, stays as it is. */
static bool is_undoable(const struct cs_result *result)
{
    const struct cs_request *request = result->request;

    switch (request->state) {
    case CS_STATE_PLANNED:
    case CS_STATE_SIGNED:
        return true;
    case CS_STATE_KEPT:
        return result->files.count == 0;
    case CS_STATE_SUBMITTED:
        return !result->may_be_sent && !request->ca_request_id && !request->certificate.len;
    default:
        return false;
    }
}

static cs_rc run(const struct cs_flow *flow, bool renewing, struct cs_result *result,
                 struct cs_flow_token *token, struct cs_err *err)
{
    CS_TRY(cs_flow_check_signal(flow, err));
    CS_TRY(cs_flow_token_open(flow, token, err));
    CS_TRY(token->store->ops->check(token->store, &result->request->plan->key_spec,
                                    result->request->plan->exportable, err));
    CS_TRY(cs_flow_check_signal(flow, err));
    CS_TRY(cs_flow_prepare(flow, token->store, result, err));
    CS_TRY(store_plan(flow, result->request, renewing, err));
    CS_TRY(make_request(flow, result->request, token, err));
    return cs_flow_deliver(flow, result, token, err);
}

cs_rc cs_flow_make(const struct cs_flow *flow, bool renewing, struct cs_result *result,
                   struct cs_flow_token *token)
{
    struct cs_err err = {0};
    cs_rc rc = run(flow, renewing, result, token, &err);

    if (rc != CS_OK) {
        if (result->request->id && is_undoable(result)) {
            cs_flow_undo(flow, result->request, token, &err);
        }
        result->error = err;
        if (result->may_be_sent) {
            cs_flow_note_failure(flow, result);
        }
    }
    return rc;
}

/* All that can be found wrong before anybody is asked anything. */
static cs_rc check_plan(const struct cs_flow *flow, const struct cs_plan *plan, struct cs_err *err)
{
    cs_auto_value(cs_flow_pool) pool = {0};

    CS_TRY(cs_flow_check_second_key(flow, plan, false, &pool, err));
    return cs_flow_check_destination(flow, plan, err);
}

cs_rc cs_flow_new(const struct cs_flow *flow, const struct cs_plan *plan,
                  struct cs_result *ret_result, struct cs_err *err)
{
    cs_auto_value(cs_flow_token) token = {0};
    struct cs_result *result = ret_result;

    *result = (struct cs_result){.request = cs_request_new()};
    result->request->plan = cs_plan_copy(plan);
    cs_strv_copy(&result->warnings, &plan->warnings);
    show_warnings(flow, plan);
    CS_TRY(check_plan(flow, plan, err));
    if (flow->what_if) {
        return CS_OK;
    }
    CS_TRY(ask_first(flow, plan, err));
    CS_TRY(cs_flow_ask_password(flow, plan, err));
    CS_TRY(cs_flow_ask_ca(flow, plan, err));
    cs_rc rc = cs_flow_make(flow, false, result, &token);
    if (rc == CS_OK) {
        cs_flow_wait(flow, result, 1, NULL, &token);
        rc = result->error.code;
    }
    if (rc != CS_OK) {
        *err = result->error;
    }
    return rc;
}

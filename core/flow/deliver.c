/* What happens to a request once its key is kept on the token: to a file or to a CA, and the
 * certificate back. */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "flow/flow_internal.h"
#include "x509/cert.h"
#include "x509/csr.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cs_bytes cs_flow_request_file(const struct cs_request *request)
{
    if (request->plan->output_der) {
        return cs_bytes_copy(request->csr.data, request->csr.len);
    }
    char *pem = cs_csr_pem(&request->csr);
    return (struct cs_bytes){(uint8_t *)pem, strlen(pem)};
}

/* A run that was killed between the file and the record has left a whole file: cs_file_write() is
 * atomic. */
static bool is_written(const char *path, const struct cs_bytes *content)
{
    cs_auto_value(cs_bytes) there = {0};

    return cs_file_read(path, content->len + 1, &there, NULL) == CS_OK &&
           cs_bytes_equal(&there, content);
}

static cs_rc deliver_file(const struct cs_flow *flow, struct cs_result *result, struct cs_err *err)
{
    struct cs_request *request = result->request;
    const char *path = request->plan->output;
    cs_auto_value(cs_bytes) content = cs_flow_request_file(request);

    if (!is_written(path, &content)) {
        CS_TRY(cs_file_write(path, content.data, content.len, 0644, flow->force, err));
    }
    cs_strv_add(&result->files, path);
    return cs_store_transition(flow->store, request, CS_STATE_OFFLINE, err);
}

/* What goes on when nobody knows whether the CA has the request. */
static void hint_sent(const struct cs_request *request, struct cs_err *err)
{
    cs_autofree char *hint = cs_asprintf(
        "the CA may have the request, so its key is kept: `cscert retrieve --request-id "
        "%" PRId64 "` sends it again, and the CA may then issue a second certificate%s%s",
        request->id, err->hint[0] ? "; " : "", err->hint);

    err->hint[0] = 0;
    cs_err_hint(err, "%s", hint);
}

static cs_rc ask_ca(const struct cs_flow *flow, struct cs_result *result,
                    struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    const struct cs_request *request = result->request;
    struct cs_ca_submission submission;
    cs_auto(cs_ca) ca = NULL;

    CS_TRY(cs_flow_submission(flow, request, &submission, err));
    CS_TRY(flow->ca->open(flow->ca, request->plan->ca, &ca, err));
    cs_rc rc = ca->ops->submit(ca, &submission, ret_answer, err);
    result->may_be_sent = rc != CS_OK && ca->ops->may_have_it && ca->ops->may_have_it(ca);
    if (result->may_be_sent && err) {
        hint_sent(request, err);
    }
    return rc;
}

cs_rc cs_flow_ask_ca(const struct cs_flow *flow, const struct cs_plan *plan, struct cs_err *err)
{
    struct cs_ca_submission submission;
    cs_auto(cs_ca) ca = NULL;

    if (!plan->ca) {
        return CS_OK;
    }
    CS_TRY(cs_flow_plan_submission(flow, plan, &submission, err));
    CS_TRY(flow->ca->open(flow->ca, plan->ca, &ca, err));
    return ca->ops->check ? ca->ops->check(ca, &submission, err) : CS_OK;
}

/* Kept with the result, and said: of which of several. Once: a result may be come to twice. */
static void warn_of(const struct cs_flow *flow, struct cs_result *result, const char *text)
{
    const struct cs_plan *plan = result->request->plan;
    cs_autofree char *numbered = cs_asprintf("request %" PRId64 ": %s", result->request->id, text);

    if (!cs_strv_has(&result->warnings, text)) {
        cs_flow_warn_of(flow, plan, plan->choice ? text : numbered);
        cs_strv_add(&result->warnings, text);
    }
}

/* ---- one run at a time ---- */

/* A lock on the octet of flow->sending that stands for the request, held until *ret_fd is closed,
 * also by a crash. *ret_ours is false while another run holds it. */
static cs_rc claim(const struct cs_flow *flow, const struct cs_request *request, int *ret_fd,
                   bool *ret_ours, struct cs_err *err)
{
    struct flock octet = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = request->id, .l_len = 1};

    if (!flow->sending) {
        *ret_ours = true;
        return CS_OK;
    }
    *ret_fd = open(flow->sending, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*ret_fd < 0) {
        return cs_fail_errno(err, CS_E_STORE, "open", errno, "%s cannot be opened", flow->sending);
    }
    *ret_ours = fcntl(*ret_fd, F_OFD_SETLK, &octet) == 0;
    if (!*ret_ours && errno != EAGAIN && errno != EACCES) {
        return cs_fail_errno(err, CS_E_STORE, "fcntl", errno, "%s cannot be locked", flow->sending);
    }
    return CS_OK;
}

/* Between this run's look at the request and its lock another one may have had an answer. */
static cs_rc check_unanswered(const struct cs_flow *flow, const struct cs_request *request,
                              struct cs_err *err)
{
    cs_auto(cs_request) now = NULL;

    CS_TRY(cs_store_get(flow->store, request->id, &now, err));
    return now->state == request->state
               ? CS_OK
               : cs_fail(err, CS_E_STORE, "request %" PRId64 " is %s: another run was faster",
                         request->id, cs_state_status(now->state));
}

static void warn_sending(const struct cs_flow *flow, struct cs_result *result)
{
    cs_autofree char *text =
        cs_asprintf("another run is sending it to %s: left alone", result->request->plan->ca);

    warn_of(flow, result, text);
}

static cs_rc submit(const struct cs_flow *flow, struct cs_result *result,
                    struct cs_flow_token *token, struct cs_err *err)
{
    struct cs_request *request = result->request;
    cs_auto_value(cs_ca_answer) answer = {0};

    if (request->state == CS_STATE_KEPT) {
        CS_TRY(cs_store_transition(flow->store, request, CS_STATE_SUBMITTED, err));
    } else {
        CS_TRY(check_unanswered(flow, request, err));
    }
    CS_TRY(ask_ca(flow, result, &answer, err));
    return cs_flow_take_answer(flow, result, &answer, token, err);
}

static cs_rc deliver_ca(const struct cs_flow *flow, struct cs_result *result,
                        struct cs_flow_token *token, struct cs_err *err)
{
    const struct cs_request *request = result->request;
    cs_autoclose int fd = -1;
    bool ours = false;

    if (request->state == CS_STATE_SUBMITTED && request->ca_request_id) {
        return cs_flow_poll(flow, result, token, err); /* it has it, and gave it a number */
    }
    CS_TRY(claim(flow, request, &fd, &ours, err));
    if (!ours) {
        warn_sending(flow, result);
        return CS_OK;
    }
    return submit(flow, result, token, err);
}

cs_rc cs_flow_deliver(const struct cs_flow *flow, struct cs_result *result,
                      struct cs_flow_token *token, struct cs_err *err)
{
    if (result->request->plan->output) {
        return deliver_file(flow, result, err);
    }
    return deliver_ca(flow, result, token, err);
}

/* Which state an answer leads to. */
static enum cs_state answer_state(enum cs_disposition disposition)
{
    static const enum cs_state states[] = {
        [CS_CA_ISSUED] = CS_STATE_ISSUED,
        [CS_CA_PENDING] = CS_STATE_PENDING,
        [CS_CA_DENIED] = CS_STATE_DENIED,
        [CS_CA_REVOKED] = CS_STATE_REVOKED,
    };
    return states[disposition];
}

static void move_text(char **to, char **from)
{
    if (*from) {
        free(*to);
        *to = cs_steal(from);
    }
}

static void move_bytes(struct cs_bytes *to, struct cs_bytes *from)
{
    if (from->len) {
        cs_bytes_done(to);
        *to = cs_bytes_steal(from);
    }
}

/* The CA certificates of a reply file come from whoever wrote the file. */
static void note_chain(const struct cs_flow *flow, const struct cs_plan *plan,
                       const struct cs_bytes *chain, struct cs_strv *warnings)
{
    if (flow->chain && chain->len && !plan->ca) {
        cs_strv_add(warnings, "the CA certificates that came with the answer go on the token "
                              "unverified: compare their fingerprints with what the CA publishes");
    }
}

/* Is it the certificate that was asked for? What is odd about it is said. */
static cs_rc check_certificate(const struct cs_flow *flow, struct cs_result *result,
                               const struct cs_bytes *certificate, const struct cs_bytes *chain,
                               struct cs_err *err)
{
    const struct cs_request *request = result->request;
    cs_auto_value(cs_strv) warnings = {0};
    int64_t now = cs_clock_now();

    CS_TRY(cs_cert_check(certificate, request->plan, &request->spki, now, &warnings, err));
    cs_cert_check_chain(certificate, chain, now, &warnings);
    note_chain(flow, request->plan, chain, &warnings);
    for (size_t i = 0; i < warnings.count; i++) {
        warn_of(flow, result, warnings.items[i]);
    }
    return CS_OK;
}

static cs_rc fail_refused(const struct cs_request *request, const struct cs_ca_answer *answer,
                          const char *message, struct cs_err *err)
{
    const char *verb = answer->disposition == CS_CA_DENIED ? "denied" : "revoked";

    cs_rc rc = cs_fail(err, CS_E_CA_REFUSED, "%s has %s request %" PRId64 "%s%s", request->plan->ca,
                       verb, request->id, message ? ": " : "", message ? message : "");
    if (answer->code) {
        cs_err_cause(err, CS_ORIGIN_HRESULT, answer->code, answer->code_name, "answer");
    }
    cs_err_hint(err, "%s; then `cscert clear --request-id %" PRId64 "`",
                answer->hint ? answer->hint : "ask the CA's administrator", request->id);
    return rc;
}

struct chain_ctx {
    struct cs_keystore *store;
    const char *label;
};

static cs_rc put_chain_certificate(void *ctx, const struct cs_bytes *der, struct cs_err *err)
{
    const struct chain_ctx *chain = ctx;
    struct cs_cert_facts facts = {0};

    CS_TRY(cs_cert_read(der, &facts, err));
    const char *label = facts.common_name ? facts.common_name : chain->label;
    cs_rc rc = chain->store->ops->put_ca_certificate(chain->store, der, label, err);
    cs_cert_facts_done(&facts);
    return rc;
}

static cs_rc put_on_token(const struct cs_flow *flow, const struct cs_request *request,
                          const struct cs_flow_token *token, struct cs_err *err)
{
    struct cs_keystore *store = token->store;

    CS_TRY(store->ops->put_certificate(store, token->key, &request->certificate, err));
    if (flow->chain && request->chain.len) {
        struct chain_ctx ctx = {store, request->label};
        CS_TRY(cs_cert_each(&request->chain, put_chain_certificate, &ctx, err));
    }
    return CS_OK;
}

static cs_rc bring_to_token(const struct cs_flow *flow, const struct cs_request *request,
                            struct cs_flow_token *token, struct cs_err *err)
{
    CS_TRY(cs_flow_find_key(flow, request, token, err));
    return put_on_token(flow, request, token, err);
}

/* The request stays where it is, with its error: `retrieve` tries again. */
static cs_rc keep_error(const struct cs_flow *flow, struct cs_request *request,
                        const struct cs_err *err)
{
    request->error = *err;
    (void)!cs_store_note(flow->store, request, NULL);
    return err->code;
}

/* The CA has answered, and the store did not take it: what the store advises, the command once
 * more, would make another request. */
static cs_rc fail_unstored(const struct cs_request *request, struct cs_err *err)
{
    if (err->origin == CS_ORIGIN_SQL) {
        err->hint[0] = 0;
        cs_err_hint(err,
                    "the CA has request %" PRId64 " and its key is kept: once the store can be "
                    "written again (room on its disk?), `cscert recover` finishes it",
                    request->id);
    }
    return err->code;
}

/* The certificate has been checked. */
static cs_rc import(const struct cs_flow *flow, struct cs_request *request,
                    struct cs_flow_token *token, struct cs_err *err)
{
    if (bring_to_token(flow, request, token, err) != CS_OK) {
        return keep_error(flow, request, err);
    }
    request->error = (struct cs_err){0};
    if (cs_store_transition(flow->store, request, CS_STATE_IMPORTED, err) != CS_OK) {
        return fail_unstored(request, err);
    }
    return CS_OK;
}

cs_rc cs_flow_import(const struct cs_flow *flow, struct cs_result *result,
                     struct cs_flow_token *token, struct cs_err *err)
{
    struct cs_request *request = result->request;

    if (check_certificate(flow, result, &request->certificate, &request->chain, err) != CS_OK) {
        return keep_error(flow, request, err);
    }
    return import(flow, request, token, err);
}

/* What the CA gives is not ours: it stays out of the store, and the request waits on. */
static cs_rc refuse_certificate(const struct cs_flow *flow, struct cs_result *result,
                                const struct cs_bytes *certificate, const struct cs_err *why,
                                struct cs_err *err)
{
    struct cs_request *request = result->request;
    struct cs_cert_facts facts = {0};
    bool read = cs_cert_read(certificate, &facts, NULL) == CS_OK;

    cs_err_set(err, why->code,
               "%.200s gave what was not asked for by request %" PRId64
               ": certificate %.80s, subject %.200s: %s",
               request->plan->ca, request->id, read ? facts.serial : "?",
               read ? facts.subject : "?", why->message);
    cs_err_hint(
        err, "it is not imported; `cscert retrieve --request-id %" PRId64 "` asks the CA again%s%s",
        request->id, *why->hint ? ". " : "", why->hint);
    cs_cert_facts_done(&facts);
    result->may_be_sent = true;
    return keep_error(flow, request, err);
}

cs_rc cs_flow_take_answer(const struct cs_flow *flow, struct cs_result *result,
                          struct cs_ca_answer *answer, struct cs_flow_token *token,
                          struct cs_err *err)
{
    struct cs_request *request = result->request;
    enum cs_state state = answer_state(answer->disposition);
    struct cs_err refusal = {0};
    cs_rc rc = CS_OK;

    move_text(&request->ca_request_id, &answer->request_id);
    move_text(&request->ca_handle, &answer->handle);
    move_text(&request->ca_message, &answer->message);
    if (state == CS_STATE_ISSUED) {
        struct cs_err why = {0};
        if (check_certificate(flow, result, &answer->certificate, &answer->chain, &why) != CS_OK) {
            return refuse_certificate(flow, result, &answer->certificate, &why, err);
        }
    }
    move_bytes(&request->certificate, &answer->certificate);
    move_bytes(&request->chain, &answer->chain);
    if (state == CS_STATE_DENIED || state == CS_STATE_REVOKED) {
        rc = fail_refused(request, answer, request->ca_message, &refusal);
    }
    request->error = refusal;
    cs_rc stored = state != request->state ? cs_store_transition(flow->store, request, state, err)
                                           : cs_store_note(flow->store, request, err);
    if (stored != CS_OK) {
        return fail_unstored(request, err);
    }
    if (rc != CS_OK) {
        *err = refusal;
        return rc;
    }
    return state == CS_STATE_ISSUED ? import(flow, request, token, err) : CS_OK;
}

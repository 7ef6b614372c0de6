/* Requests whose rows in the store are damaged: each costs itself only, and whoever looks for the
 * request of a certificate is told that it may be that one. */
#include "base/mem.h"
#include "flow/flow_internal.h"

#include <inttypes.h>
#include <stdlib.h>

void cs_flow_unread_done(struct cs_flow_unread *unread)
{
    free(unread->ids);
    cs_strv_done(&unread->why);
    *unread = (struct cs_flow_unread){0};
}

cs_rc cs_flow_read_or_note(const struct cs_flow *flow, int64_t id, struct cs_flow_unread *unread,
                           struct cs_request **ret_request, struct cs_err *err)
{
    struct cs_err problem = {0};

    *ret_request = NULL;
    cs_rc rc = cs_store_get(flow->store, id, ret_request, &problem);
    if (rc != CS_OK && cs_store_is_damaged_row(&problem)) {
        unread->ids = cs_realloc(unread->ids, unread->count + 1, sizeof *unread->ids);
        unread->ids[unread->count++] = id;
        cs_strv_take(&unread->why,
                     cs_asprintf("request %" PRId64 " cannot be read: %s", id, problem.message));
        return CS_OK;
    }
    if (rc != CS_OK && err) {
        *err = problem;
    }
    return rc;
}

cs_rc cs_flow_unread_of(const struct cs_flow *flow, const struct cs_flow_unread *unread,
                        const struct cs_identity *identity, int64_t *ret_id, struct cs_err *err)
{
    int64_t found = 0;

    for (size_t i = unread->count; i-- > 0 && !found;) {
        bool may = false;
        CS_TRY(cs_store_may_be_of(flow->store, unread->ids[i], identity, &may, err));
        found = may ? unread->ids[i] : 0;
    }
    *ret_id = found;
    return CS_OK;
}

static bool is_answered_by(const struct cs_request *request, const struct cs_bytes *der)
{
    return request && cs_bytes_equal(&request->certificate, der);
}

cs_rc cs_flow_match(const struct cs_flow *flow, const struct cs_request_list *requests,
                    const struct cs_flow_unread *unread, struct cs_certificate *certificate,
                    const struct cs_request **ret_request, struct cs_err *err)
{
    const struct cs_bytes *der = &certificate->der;
    const struct cs_bytes *spki = &certificate->facts.spki;
    const struct cs_identity identity = {der, spki, &certificate->key_id};
    const struct cs_request *request = cs_flow_request_of(requests, der, spki);

    if (!is_answered_by(request, der) && !certificate->facts.is_ca) {
        CS_TRY(cs_flow_unread_of(flow, unread, &identity, &certificate->unread_id, err));
    }
    if (certificate->unread_id) {
        request = NULL;
        cs_strv_take(&certificate->warnings,
                     cs_asprintf("request %" PRId64 " cannot be read: it may be what this "
                                 "certificate is the answer to",
                                 certificate->unread_id));
    }
    certificate->request_id = request ? request->id : 0;
    *ret_request = request;
    return CS_OK;
}

/* Finds no request, or refuses. */
static cs_rc check_unread(const struct cs_flow *flow, struct cs_flow_token *token,
                          const struct cs_cert_facts *facts, const struct cs_bytes *der,
                          const struct cs_flow_unread *unread, struct cs_err *err)
{
    cs_auto_value(cs_bytes) key_id = {0};
    const struct cs_identity identity = {der, &facts->spki, &key_id};
    int64_t id = 0;

    CS_TRY(cs_flow_token_open(flow, token, err));
    CS_TRY(token->store->ops->find_id(token->store, &facts->spki, &key_id, err));
    CS_TRY(cs_flow_unread_of(flow, unread, &identity, &id, err));
    if (id) {
        cs_rc rc = cs_fail(err, CS_E_STORE,
                           "request %" PRId64 " cannot be read, and %.200s may be the answer to "
                           "it: it is not imported unchecked",
                           id, facts->subject);
        cs_err_hint(err, "`cscert list --request-id %" PRId64 "` says what is wrong with it", id);
        return rc;
    }
    return CS_OK;
}

cs_rc cs_flow_find_answered(const struct cs_flow *flow, struct cs_flow_token *token,
                            const struct cs_cert_facts *facts, const struct cs_bytes *der,
                            struct cs_request_list *ret_requests, struct cs_request **ret_request,
                            struct cs_err *err)
{
    cs_auto_value(cs_request_list) requests = {0};
    cs_auto_value(cs_flow_unread) unread = {0};

    CS_TRY(cs_flow_live_requests(flow, &requests, &unread, err));
    struct cs_request *request = cs_flow_request_of(&requests, der, &facts->spki);
    if (unread.count && !is_answered_by(request, der)) {
        CS_TRY(check_unread(flow, token, facts, der, &unread, err));
    }
    cs_flow_tell_unread(flow, &unread, 0, NULL);
    *ret_requests = requests;
    requests = (struct cs_request_list){0};
    *ret_request = request;
    return CS_OK;
}

void cs_flow_tell_unread(const struct cs_flow *flow, const struct cs_flow_unread *unread,
                         int64_t needed, struct cs_certificate_list *list)
{
    for (size_t i = 0; i < unread->count; i++) {
        if (unread->ids[i] == needed) {
            cs_strv_add(&list->unread, unread->why.items[i]);
        } else {
            flow->ui->ops->warn(flow->ui, unread->why.items[i]);
        }
    }
}

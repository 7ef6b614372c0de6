/* The certificates on a token, and what this computer's store knows of each. */
#include "base/mem.h"
#include "flow/flow_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void cs_certificate_done(struct cs_certificate *certificate)
{
    cs_cert_facts_done(&certificate->facts);
    cs_bytes_done(&certificate->der);
    free(certificate->label);
    free(certificate->uri);
    free(certificate->token);
    cs_bytes_done(&certificate->key_id);
    cs_use_list_done(&certificate->uses);
    cs_strv_done(&certificate->warnings);
    *certificate = (struct cs_certificate){0};
}

void cs_certificate_list_done(struct cs_certificate_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        cs_certificate_done(&list->items[i]);
    }
    free(list->items);
    cs_strv_done(&list->unread);
    *list = (struct cs_certificate_list){0};
}

struct cs_certificate *cs_flow_add_certificate(struct cs_certificate_list *list)
{
    /* Twice as large whenever it is full, which it is at each power of two. */
    if ((list->count & (list->count - 1)) == 0) {
        list->items =
            cs_realloc(list->items, list->count ? 2 * list->count : 1, sizeof *list->items);
    }
    list->items[list->count] = (struct cs_certificate){0};
    return &list->items[list->count++];
}

void cs_flow_warn(const struct cs_flow *flow, const struct cs_strv *warnings)
{
    for (size_t i = 0; i < warnings->count; i++) {
        flow->ui->ops->warn(flow->ui, warnings->items[i]);
    }
}

/* ---- our requests ---- */

static bool is_live(enum cs_state state)
{
    return state != CS_STATE_CLEARED && state != CS_STATE_FAILED;
}

cs_rc cs_flow_live_requests(const struct cs_flow *flow, struct cs_request_list *ret_requests,
                            struct cs_flow_unread *ret_unread, struct cs_err *err)
{
    cs_auto_value(cs_request_list) requests = {0};
    cs_auto_value(cs_flow_unread) unread = {0};
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;

    if (flow->store) {
        CS_TRY(cs_store_ids(flow->store, is_live, &ids, &count, err));
    }
    for (size_t i = 0; i < count; i++) {
        struct cs_request *request = NULL;
        CS_TRY(cs_flow_read_or_note(flow, ids[i], &unread, &request, err));
        if (request) {
            cs_request_list_add(&requests, request);
        }
    }
    *ret_requests = requests;
    requests = (struct cs_request_list){0};
    *ret_unread = unread;
    unread = (struct cs_flow_unread){0};
    return CS_OK;
}

struct cs_request *cs_flow_request_of(const struct cs_request_list *requests,
                                      const struct cs_bytes *der, const struct cs_bytes *spki)
{
    struct cs_request *of_key = NULL;

    for (size_t i = requests->count; i-- > 0;) {
        struct cs_request *request = requests->items[i];
        if (der->len && cs_bytes_equal(&request->certificate, der)) {
            return request;
        }
        if (!of_key && spki->len && cs_bytes_equal(&request->spki, spki)) {
            of_key = request;
        }
    }
    return of_key;
}

/* ---- uses ---- */

void cs_flow_copy_uses(const struct cs_use_list *uses, const struct cs_bytes *der,
                       struct cs_certificate *certificate)
{
    struct cs_use_list *own = &certificate->uses;

    for (size_t i = 0; i < uses->count; i++) {
        const struct cs_use *use = &uses->items[i];
        if (!cs_bytes_equal(&use->certificate, der)) {
            continue;
        }
        own->items = cs_realloc(own->items, own->count + 1, sizeof *own->items);
        own->items[own->count++] = (struct cs_use){
            .type = cs_strdup(use->type),
            .slot = use->slot,
            .token_uri = cs_strdup(use->token_uri),
            .assigned = use->assigned,
            .effective = use->effective,
        };
    }
}

/* ---- the token ---- */

struct reading {
    const struct cs_flow *flow;
    const struct cs_token_info *token;
    struct cs_request_list requests;
    struct cs_flow_unread unread;
    struct cs_use_list uses;
    struct cs_certificate_list list;
};

static void reading_done(struct reading *reading)
{
    cs_request_list_done(&reading->requests);
    cs_flow_unread_done(&reading->unread);
    cs_use_list_done(&reading->uses);
    cs_certificate_list_done(&reading->list);
}

/* Our own records go before what the token says: a copy that a session's key was kept by is not
 * CKA_LOCAL everywhere. Where they cannot be read a CKA_LOCAL that is false says nothing. */
static cs_rc find_origin(const struct reading *reading, const struct cs_certificate_object *object,
                         const struct cs_request *request, struct cs_certificate *certificate,
                         struct cs_err *err)
{
    static const enum cs_key_origin by_local[] = {
        [CS_TRUE] = CS_KEY_GENERATED,
        [CS_FALSE] = CS_KEY_IMPORTED,
        [CS_UNKNOWN] = CS_KEY_OF_UNKNOWN,
    };
    bool imported = false;

    if (!object->has_private_key) {
        certificate->origin = CS_KEY_NOT_THERE;
        return CS_OK;
    }
    bool is_ours = object->id.len == CS_KEY_ID_LEN;
    if (is_ours && reading->flow->store) {
        CS_TRY(cs_store_is_imported(reading->flow->store, object->id.data, &imported, err));
    }
    bool generated = is_ours && request && request->key_uri &&
                     memcmp(request->key_id, object->id.data, CS_KEY_ID_LEN) == 0;
    certificate->origin = generated ? CS_KEY_GENERATED : by_local[object->local];
    if (certificate->unread_id && certificate->origin == CS_KEY_IMPORTED) {
        certificate->origin = CS_KEY_OF_UNKNOWN;
    }
    if (imported) {
        certificate->origin = CS_KEY_IMPORTED;
    }
    return CS_OK;
}

static cs_rc read_one(void *ctx, const struct cs_certificate_object *object, struct cs_err *err)
{
    struct reading *reading = ctx;
    struct cs_certificate *certificate = cs_flow_add_certificate(&reading->list);
    const struct cs_request *request = NULL;
    struct cs_err problem = {0};

    certificate->der = cs_bytes_copy(object->der.data, object->der.len);
    certificate->key_id = cs_bytes_copy(object->id.data, object->id.len);
    certificate->label = cs_strdup(object->label);
    certificate->uri = cs_strdup(object->uri);
    certificate->token = cs_strdup(reading->token->uri);
    if (cs_cert_read(&certificate->der, &certificate->facts, &problem) == CS_OK) {
        CS_TRY(cs_flow_match(reading->flow, &reading->requests, &reading->unread, certificate,
                             &request, err));
    } else {
        cs_strv_take(&certificate->warnings, cs_asprintf("this object on the token is no "
                                                         "certificate that can be read: %s",
                                                         problem.message));
    }
    cs_flow_copy_uses(&reading->uses, &certificate->der, certificate);
    return find_origin(reading, object, request, certificate, err);
}

cs_rc cs_flow_read_certificates(const struct cs_flow *flow, struct cs_flow_token *token,
                                struct cs_certificate_list *ret_list,
                                struct cs_request_list *ret_requests, struct cs_use_list *ret_uses,
                                struct cs_flow_unread *ret_unread, struct cs_err *err)
{
    cs_auto_value(reading) reading = {.flow = flow};

    CS_TRY(cs_flow_token_open(flow, token, err));
    struct cs_keystore *store = token->store;
    reading.token = store->ops->info(store);
    CS_TRY(cs_flow_live_requests(flow, &reading.requests, &reading.unread, err));
    CS_TRY(cs_flow_uses_now(flow, &reading.uses, err));
    CS_TRY(store->ops->each_certificate(store, read_one, &reading, err));
    *ret_list = reading.list;
    reading.list = (struct cs_certificate_list){0};
    if (ret_requests) {
        *ret_requests = reading.requests;
        reading.requests = (struct cs_request_list){0};
    }
    if (ret_uses) {
        *ret_uses = reading.uses;
        reading.uses = (struct cs_use_list){0};
    }
    if (ret_unread) {
        *ret_unread = reading.unread;
        reading.unread = (struct cs_flow_unread){0};
    }
    return CS_OK;
}

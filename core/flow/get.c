#include "base/mem.h"
#include "flow/flow_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool is_there(const struct cs_certificate_list *list, const struct cs_bytes *der)
{
    for (size_t i = 0; i < list->count; i++) {
        if (cs_bytes_equal(&list->items[i].der, der)) {
            return true;
        }
    }
    return false;
}

static bool is_elsewhere(const struct cs_use *use, const struct cs_token_info *token)
{
    return use->token_uri && strcmp(use->token_uri, token->uri) != 0;
}

static char *where(const struct cs_use *use, const struct cs_token_info *token)
{
    if (is_elsewhere(use, token)) {
        return cs_asprintf("it serves %s, but it is on another token (%s), which was not looked at",
                           use->type, use->token_uri);
    }
    return cs_asprintf("it serves %s, but is not on the token any more", use->type);
}

/* What is known of a certificate, and where it comes from. */
struct sources {
    struct cs_request_list requests;
    struct cs_use_list uses;
    struct cs_flow_unread unread;
};

static void sources_done(struct sources *sources)
{
    cs_request_list_done(&sources->requests);
    cs_use_list_done(&sources->uses);
    cs_flow_unread_done(&sources->unread);
}

/* What serves a type and was not found. */
static cs_rc add_missing(const struct cs_flow *flow, const struct sources *sources,
                         const struct cs_token_info *token, struct cs_certificate_list *list,
                         struct cs_err *err)
{
    const struct cs_request *request = NULL;

    for (size_t i = 0; i < sources->uses.count; i++) {
        const struct cs_use *use = &sources->uses.items[i];
        if (is_there(list, &use->certificate)) {
            continue;
        }
        struct cs_certificate *missing = cs_flow_add_certificate(list);
        missing->der = cs_bytes_copy(use->certificate.data, use->certificate.len);
        missing->key_id = cs_bytes_copy(use->key_id.data, use->key_id.len);
        missing->token = cs_strdup(use->token_uri);
        missing->origin = is_elsewhere(use, token) ? CS_KEY_NOT_ASKED : CS_KEY_NOT_THERE;
        cs_strv_take(&missing->warnings, where(use, token));
        if (cs_cert_read(&missing->der, &missing->facts, NULL) == CS_OK) {
            CS_TRY(
                cs_flow_match(flow, &sources->requests, &sources->unread, missing, &request, err));
        }
        cs_flow_copy_uses(&sources->uses, &missing->der, missing);
    }
    return CS_OK;
}

static void warn_of_keys(struct cs_certificate_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct cs_certificate *certificate = &list->items[i];
        if (certificate->uses.count && certificate->uri &&
            certificate->origin == CS_KEY_NOT_THERE) {
            cs_strv_take(&certificate->warnings,
                         cs_asprintf("it serves %s, but its private key is not on the token",
                                     certificate->uses.items[0].type));
        }
    }
}

/* ---- which of them, and in which order ---- */

static unsigned rank_of(const struct cs_certificate *certificate)
{
    unsigned best = CS_TYPE_COUNT * CS_USE_COUNT;

    for (size_t i = 0; i < certificate->uses.count; i++) {
        const struct cs_use *use = &certificate->uses.items[i];
        unsigned rank = cs_cert_type_find(use->type) * CS_USE_COUNT + (unsigned)use->slot;
        best = rank < best ? rank : best;
    }
    return best;
}

/* Those that serve first, by type and slot; then by their end; equal ends by what never changes. */
static int by_use_and_end(const void *a, const void *b)
{
    const struct cs_certificate *one = a;
    const struct cs_certificate *other = b;
    unsigned ranks[] = {rank_of(one), rank_of(other)};

    if (ranks[0] != ranks[1]) {
        return ranks[0] < ranks[1] ? -1 : 1;
    }
    if (one->facts.not_after != other->facts.not_after) {
        return one->facts.not_after < other->facts.not_after ? -1 : 1;
    }
    if (one->der.len != other->der.len || one->der.len == 0) {
        return one->der.len < other->der.len ? -1 : one->der.len > other->der.len;
    }
    return memcmp(one->der.data, other->der.data, one->der.len);
}

static bool serves(const struct cs_certificate *certificate, cs_type_set types)
{
    for (size_t i = 0; i < certificate->uses.count; i++) {
        if (types & (cs_type_set)1 << cs_cert_type_find(certificate->uses.items[i].type)) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const struct cs_certificate *one, const struct cs_get_options *options,
                      cs_type_set types)
{
    if (options->request_id) {
        return one->request_id == options->request_id;
    }
    return options->types->count ? serves(one, types) : !options->assigned_only || one->uses.count;
}

static void keep_wanted(struct cs_certificate_list *list, const struct cs_get_options *options,
                        cs_type_set types)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct cs_certificate *one = &list->items[i];
        if (is_wanted(one, options, types)) {
            list->items[kept++] = *one;
        } else {
            cs_certificate_done(one);
        }
    }
    list->count = kept;
}

/* ---- a request's certificate as a file ---- */

/* As far as it is known without the token. */
static cs_rc describe(const struct cs_flow *flow, const struct cs_request *request,
                      struct cs_certificate *certificate, struct cs_err *err)
{
    cs_auto_value(cs_use_list) uses = {0};

    certificate->der = cs_bytes_copy(request->certificate.data, request->certificate.len);
    certificate->key_id = cs_bytes_copy(request->key_id, sizeof request->key_id);
    certificate->label = cs_strdup(request->label);
    certificate->token = cs_strdup(request->token_uri);
    certificate->origin = CS_KEY_NOT_ASKED;
    certificate->request_id = request->id;
    CS_TRY(cs_cert_read(&certificate->der, &certificate->facts, err));
    CS_TRY(cs_flow_uses_now(flow, &uses, err));
    cs_flow_copy_uses(&uses, &certificate->der, certificate);
    return CS_OK;
}

static cs_rc write_pem(const struct cs_flow *flow, const struct cs_request *request,
                       const char *path, struct cs_strv *warnings, struct cs_err *err)
{
    cs_autofree char *own = cs_cert_pem(&request->certificate);
    cs_autofree char *chain = request->chain.len ? cs_cert_pem(&request->chain) : NULL;
    cs_autofree char *pem = cs_asprintf("%s%s", own, chain ? chain : "");
    const struct cs_bytes content = {(uint8_t *)pem, strlen(pem)};

    if (cs_flow_is_named(path, ".pfx") || cs_flow_is_named(path, ".p12")) {
        cs_strv_take(warnings, cs_asprintf("%s holds certificates as PEM, no PKCS #12 and no key: "
                                           "`cscert export %" PRId64 "` writes that",
                                           path, request->id));
    }
    CS_TRY(cs_flow_write_again(flow, "certificate", request->id, path, &content, err));
    if (!chain) {
        cs_strv_add(warnings, "no CA's certificate came with this one: the file holds it alone");
    }
    return CS_OK;
}

static cs_rc write_certificate(const struct cs_flow *flow, const struct cs_get_options *options,
                               struct cs_certificate_list *list, struct cs_err *err)
{
    cs_auto(cs_request) request = NULL;

    CS_TRY(cs_store_get(flow->store, options->request_id, &request, err));
    if (!cs_flow_has_certificate(request)) {
        return cs_flow_fail_state(request, "it has no certificate to write", "", err);
    }
    struct cs_certificate *certificate = cs_flow_add_certificate(list);
    CS_TRY(describe(flow, request, certificate, err));
    return write_pem(flow, request, options->output, &certificate->warnings, err);
}

static cs_rc check_request(const struct cs_flow *flow, int64_t id, struct cs_err *err)
{
    const struct cs_selection selection = {.request_id = id};
    cs_auto(cs_request) request = NULL;
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;

    CS_TRY(cs_flow_select(flow, &selection, NULL, &ids, &count, err));
    return cs_store_get(flow->store, id, &request, err);
}

/* One row that cannot be read costs itself only: who asked for all is told what is missing, who
 * asked for another request, that there is one. */
static void tell_unread(const struct cs_flow *flow, const struct cs_get_options *options,
                        const struct cs_flow_unread *unread, struct cs_certificate_list *list)
{
    if (options->request_id) {
        cs_flow_tell_unread(flow, unread, 0, list);
    } else {
        cs_strv_copy(&list->unread, &unread->why);
    }
}

/* ---- the verb ---- */

static cs_rc look(const struct cs_flow *flow, const struct cs_get_options *options,
                  cs_type_set types, struct cs_certificate_list *ret_list, struct cs_err *err)
{
    cs_auto_value(cs_flow_token) token = {0};
    cs_auto_value(cs_certificate_list) list = {0};
    cs_auto_value(sources) sources = {0};

    CS_TRY(cs_flow_read_certificates(flow, &token, &list, &sources.requests, &sources.uses,
                                     &sources.unread, err));
    CS_TRY(cs_flow_check_signal(flow, err));
    CS_TRY(add_missing(flow, &sources, token.store->ops->info(token.store), &list, err));
    tell_unread(flow, options, &sources.unread, &list);
    warn_of_keys(&list);
    keep_wanted(&list, options, types);
    if (list.count) {
        qsort(list.items, list.count, sizeof *list.items, by_use_and_end);
    }
    *ret_list = list;
    list = (struct cs_certificate_list){0};
    return CS_OK;
}

cs_rc cs_flow_get(const struct cs_flow *flow, const struct cs_get_options *options,
                  struct cs_certificate_list *ret_list, struct cs_err *err)
{
    cs_auto_value(cs_certificate_list) list = {0};
    cs_type_set types = 0;

    if (options->types->count) {
        CS_TRY(cs_cert_types_parse(options->types, NULL, &types, err));
    }
    if (options->request_id) {
        CS_TRY(check_request(flow, options->request_id, err));
    }
    CS_TRY(options->output ? write_certificate(flow, options, &list, err)
                           : look(flow, options, types, &list, err));
    *ret_list = list;
    list = (struct cs_certificate_list){0};
    return CS_OK;
}

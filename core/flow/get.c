#include "base/mem.h"
#include "flow/flow_internal.h"

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

/* What serves a type and was not found. */
static void add_missing(const struct cs_use_list *uses, const struct cs_request_list *requests,
                        const struct cs_token_info *token, struct cs_certificate_list *list)
{
    for (size_t i = 0; i < uses->count; i++) {
        const struct cs_use *use = &uses->items[i];
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
            const struct cs_request *request =
                cs_flow_request_of(requests, &missing->der, &missing->facts.spki);
            missing->request_id = request ? request->id : 0;
        }
        cs_flow_copy_uses(uses, &missing->der, missing);
    }
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
        for (unsigned type = 0; type < CS_TYPE_COUNT; type++) {
            unsigned rank = type * CS_USE_COUNT + (unsigned)use->slot;
            bool is = strcmp(cs_cert_type_info((enum cs_cert_type)type)->name, use->type) == 0;
            best = is && rank < best ? rank : best;
        }
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

static bool serves(const struct cs_certificate *certificate, const cs_type_set *types)
{
    for (size_t i = 0; i < certificate->uses.count; i++) {
        for (unsigned type = 0; type < CS_TYPE_COUNT; type++) {
            const char *name = cs_cert_type_info((enum cs_cert_type)type)->name;
            if ((*types & (cs_type_set)1 << type) &&
                strcmp(certificate->uses.items[i].type, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void keep_wanted(struct cs_certificate_list *list, const struct cs_get_options *options,
                        const cs_type_set *types)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct cs_certificate *one = &list->items[i];
        bool wanted =
            options->types->count ? serves(one, types) : !options->assigned_only || one->uses.count;
        if (wanted) {
            list->items[kept++] = *one;
        } else {
            cs_certificate_done(one);
        }
    }
    list->count = kept;
}

cs_rc cs_flow_get(const struct cs_flow *flow, const struct cs_get_options *options,
                  struct cs_certificate_list *ret_list, struct cs_err *err)
{
    cs_auto_value(cs_flow_token) token = {0};
    cs_auto_value(cs_certificate_list) list = {0};
    cs_auto_value(cs_request_list) requests = {0};
    cs_auto_value(cs_use_list) uses = {0};
    cs_type_set types = 0;

    if (options->types->count) {
        CS_TRY(cs_cert_types_parse(options->types, NULL, &types, err));
    }
    CS_TRY(cs_flow_read_certificates(flow, &token, &list, err));
    CS_TRY(cs_flow_live_requests(flow, &requests, err));
    CS_TRY(cs_flow_uses_now(flow, &uses, err));
    add_missing(&uses, &requests, token.store->ops->info(token.store), &list);
    warn_of_keys(&list);
    keep_wanted(&list, options, &types);
    if (list.count) {
        qsort(list.items, list.count, sizeof *list.items, by_use_and_end);
    }
    *ret_list = list;
    list = (struct cs_certificate_list){0};
    return CS_OK;
}

#include "base/mem.h"
#include "flow/flow_internal.h"

#include <inttypes.h>
#include <string.h>

#define SHA1_DIGITS   40
#define SHA256_DIGITS 64

/* Windows shows a thumbprint with blanks, and copies an invisible LEFT-TO-RIGHT MARK (U+200E) in
 * front of it; openssl writes colons. The caller frees. */
static char *plain_digits(const char *text)
{
    char *plain = cs_alloc(strlen(text) + 1, 1);
    size_t len = 0;

    while (*text) {
        size_t skip = *text == ':' ? 1 : cs_text_unseen(text);
        if (!skip) {
            plain[len++] = *text;
        }
        text += skip ? skip : 1;
    }
    return plain;
}

static cs_rc check_thumbprint(const char *given, const char *plain, struct cs_err *err)
{
    size_t len = strlen(plain);

    if ((len == SHA1_DIGITS || len == SHA256_DIGITS) &&
        plain[strspn(plain, "0123456789abcdefABCDEF")] == 0) {
        return CS_OK;
    }
    cs_autofree char *shown = cs_terminal_escape(given);
    return cs_fail_hint(err, CS_E_USAGE, "`cscert get` shows the thumbprints",
                        "\"%.200s\" is no thumbprint: that has %d hexadecimal digits (SHA-1), or "
                        "%d (SHA-256)",
                        shown, SHA1_DIGITS, SHA256_DIGITS);
}

static bool has_thumbprint(const struct cs_certificate *certificate, const char *plain)
{
    const struct cs_cert_facts *facts = &certificate->facts;

    return facts->thumbprint &&
           (cs_ascii_iequal(facts->thumbprint, plain) || cs_ascii_iequal(facts->sha256, plain));
}

static cs_rc fail_not_found(const struct cs_flow_token *token, const char *plain,
                            struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_TOKEN_ABSENT,
                        "`cscert get` lists what is there; `cscert import` puts one on the token",
                        "no certificate on the token \"%s\" has the thumbprint %s",
                        token->store->ops->info(token->store)->label, plain);
}

/* The same certificate may be on the token twice: the one with a key is meant. */
static cs_rc find(const struct cs_certificate_list *list, const struct cs_flow_token *token,
                  const char *plain, struct cs_certificate **ret_found, struct cs_err *err)
{
    struct cs_certificate *found = NULL;

    for (size_t i = 0; i < list->count; i++) {
        struct cs_certificate *one = &list->items[i];
        if (!has_thumbprint(one, plain)) {
            continue;
        }
        if (found && !cs_bytes_equal(&found->der, &one->der)) {
            return cs_fail_hint(err, CS_E_USAGE, "name it by its SHA-256",
                                "two certificates on the token have the thumbprint %s", plain);
        }
        if (!found || found->origin == CS_KEY_NOT_THERE) {
            found = one;
        }
    }
    if (!found) {
        return fail_not_found(token, plain, err);
    }
    *ret_found = found;
    return CS_OK;
}

/* What it was requested for. */
static cs_rc requested_types(const struct cs_flow *flow, const struct cs_certificate *certificate,
                             cs_type_set *ret_types, struct cs_err *err)
{
    cs_auto(cs_request) request = NULL;

    if (certificate->unread_id) {
        return cs_fail_hint(err, CS_E_STORE, "say which types it is to serve: -Type Default",
                            "request %" PRId64 " cannot be read: it may say which types the "
                            "certificate is to serve",
                            certificate->unread_id);
    }
    if (!certificate->request_id) {
        return cs_fail_hint(err, CS_E_USAGE, "say for instance -Type Default",
                            "nothing says which types the certificate is to serve, and no request "
                            "of this store is known for it");
    }
    CS_TRY(cs_store_get(flow->store, certificate->request_id, &request, err));
    *ret_types = request->plan->types;
    return CS_OK;
}

cs_rc cs_flow_set(const struct cs_flow *flow, const struct cs_set_options *options,
                  struct cs_certificate_list *ret_list, struct cs_err *err)
{
    cs_auto_value(cs_flow_token) token = {0};
    cs_auto_value(cs_certificate_list) list = {0};
    cs_auto_value(cs_flow_unread) unread = {0};
    cs_autofree char *plain = plain_digits(options->thumbprint);
    struct cs_certificate *found = NULL;
    cs_type_set types = 0;

    CS_TRY(check_thumbprint(options->thumbprint, plain, err));
    if (options->types->count) {
        CS_TRY(cs_cert_types_parse(options->types, NULL, &types, err));
    }
    CS_TRY(cs_flow_read_certificates(flow, &token, &list, NULL, NULL, &unread, err));
    CS_TRY(find(&list, &token, plain, &found, err));
    if (!types) {
        CS_TRY(requested_types(flow, found, &types, err));
    }
    CS_TRY(cs_flow_assign(flow, found, types, options->roll, options->effective, err));
    cs_flow_tell_unread(flow, &unread, found->unread_id, ret_list);
    *cs_flow_add_certificate(ret_list) = *found;
    *found = (struct cs_certificate){0};
    return CS_OK;
}

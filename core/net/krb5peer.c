#include "net/krb5peer.h"

#include "base/mem.h"
#include "net/krb5fail.h"

#include <krb5/krb5.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_text(const krb5_data *data, const char *text)
{
    return data->length == strlen(text) && memcmp(data->data, text, data->length) == 0;
}

static bool is_one_of(const krb5_data *host, const struct cs_strv *hosts)
{
    for (size_t i = 0; i < hosts->count; i++) {
        if (host->length == strlen(hosts->items[i]) &&
            strncasecmp(host->data, hosts->items[i], host->length) == 0) {
            return true;
        }
    }
    return false;
}

/* For whom @creds are, if it is @service on none of @hosts; the caller frees. */
static char *stranger(const krb5_creds *creds, const char *service, const struct cs_strv *hosts)
{
    const krb5_data *names = creds->server->data;

    if (creds->server->length < 2 || !is_text(&names[0], service) || is_one_of(&names[1], hosts)) {
        return NULL;
    }
    cs_autofree char *name = cs_strndup(names[1].data, names[1].length);
    return cs_terminal_escape(name);
}

/* *ret_name: the first stranger, NULL if there is none. */
static krb5_error_code search(krb5_context context, krb5_ccache cache, const char *service,
                              const struct cs_strv *hosts, char **ret_name)
{
    krb5_cc_cursor cursor;
    krb5_creds creds;

    krb5_error_code code = krb5_cc_start_seq_get(context, cache, &cursor);
    if (code) {
        return code;
    }
    while (!*ret_name && (code = krb5_cc_next_cred(context, cache, &cursor, &creds)) == 0) {
        *ret_name = stranger(&creds, service, hosts);
        krb5_free_cred_contents(context, &creds);
    }
    (void)krb5_cc_end_seq_get(context, cache, &cursor);
    return code == KRB5_CC_END ? 0 : code;
}

cs_rc cs_krb5_check_peers(const char *ccache, const char *service, const struct cs_strv *hosts,
                          struct cs_err *err)
{
    krb5_context context = NULL;
    krb5_ccache cache = NULL;
    cs_autofree char *name = NULL;

    krb5_error_code code = krb5_init_context(&context);
    if (code == 0) {
        code = krb5_cc_resolve(context, ccache, &cache);
    }
    if (code == 0) {
        code = search(context, cache, service, hosts, &name);
    }
    cs_rc rc = code ? cs_fail_krb5(err, context, code, "krb5_cc_next_cred", ccache) : CS_OK;
    if (cache) {
        (void)krb5_cc_close(context, cache);
    }
    krb5_free_context(context);
    CS_TRY(rc);
    if (name) {
        cs_err_set(err, CS_E_CA_UNREACHABLE,
                   "DNS says that %.200s is another computer, %.200s: it is not believed",
                   hosts->count ? hosts->items[0] : "the host", name);
        cs_err_hint(err, "name the computer as the domain knows it, in full; or set "
                         "dns_canonicalize_hostname = false in krb5.conf");
        return CS_E_CA_UNREACHABLE;
    }
    return CS_OK;
}

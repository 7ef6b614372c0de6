#include "ca/web.h"

#include "base/mem.h"
#include "ca/adlist.h"
#include "ca/clientkey.h"
#include "ca/logon.h"
#include "net/gss.h"

#include <stdlib.h>
#include <string.h>

struct cs_web {
    struct cs_http_negotiator negotiator; /* first: it is cast back */
    const struct cs_ca_target *target;
    struct cs_krb5 *krb5;
    struct cs_gss *gss; /* of the request under way */
    struct cs_http *http;
};

static cs_rc begin(struct cs_http_negotiator *negotiator, const char *host,
                   const struct cs_bytes *bindings, struct cs_bytes *ret_token, struct cs_err *err)
{
    struct cs_web *web = (struct cs_web *)negotiator;
    const struct cs_gss_wish wish = {
        .krb5 = web->krb5, .service = "HTTP", .host = host, .bindings = bindings};
    bool done = false;

    cs_gss_free(cs_steal(&web->gss));
    cs_ca_watch_ticket(web->target, cs_krb5_client(web->krb5));
    cs_rc rc = cs_gss_new(&wish, &web->gss, err);
    cs_ca_watch_end(web->target);
    CS_TRY(rc);
    return cs_gss_step(web->gss, NULL, ret_token, &done, err);
}

static cs_rc finish(struct cs_http_negotiator *negotiator, const struct cs_bytes *token,
                    struct cs_err *err)
{
    struct cs_web *web = (struct cs_web *)negotiator;
    cs_auto_value(cs_bytes) more = {0};
    bool done = false;

    CS_TRY(cs_gss_step(web->gss, token, &more, &done, err));
    if (!done) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "the web server did not prove who it is, and answered all the same");
    }
    return CS_OK;
}

/* The host of an https URL as it stands there; the caller frees. */
static char *host_of(const char *url)
{
    const char *host = strstr(url, "://");

    host = host ? host + 3 : url;
    return cs_strndup(host, strcspn(host, "/:?#"));
}

static cs_rc open_kerberos(const struct cs_ca_target *target, struct cs_web *web,
                           struct cs_err *err)
{
    cs_autofree char *host = host_of(target->address);

    return cs_ca_logon(target, host, &web->krb5, err);
}

static cs_rc use_client(void *ctx, SSL_CTX *ssl, struct cs_err *err)
{
    const struct cs_ca_target *target = ((struct cs_web *)ctx)->target;

    return cs_clientkey_use(ssl, target->client_chain, target->signer, err);
}

cs_rc cs_web_open(const struct cs_ca_target *target, struct cs_web **ret_web, struct cs_err *err)
{
    cs_auto(cs_web) web = cs_alloc(1, sizeof *web);
    struct cs_http_options options = {.anchors = target->anchors, .until_ms = target->until_ms};

    web->target = target;
    web->negotiator = (struct cs_http_negotiator){.begin = begin, .finish = finish};
    switch (target->auth) {
    case CS_CA_AUTH_KERBEROS:
        CS_TRY(open_kerberos(target, web, err));
        options.auth = CS_HTTP_NEGOTIATE;
        options.negotiator = &web->negotiator;
        break;
    case CS_CA_AUTH_NTLM:
        options.auth = CS_HTTP_NTLM;
        options.user = target->account;
        options.password = target->password;
        break;
    case CS_CA_AUTH_PASSWORD:
        break;
    case CS_CA_AUTH_CERTIFICATE:
        if (!target->client_chain || !target->client_chain->len) {
            return cs_fail_hint(err, CS_E_CONFIG,
                                "set client-key and client-certificate in the ca section",
                                "%s: there is no client certificate to use", target->address);
        }
        options.client = use_client;
        options.client_ctx = web;
        break;
    }
    CS_TRY(cs_http_open(&options, &web->http, err));
    *ret_web = cs_steal(&web);
    return CS_OK;
}

struct cs_http *cs_web_http(struct cs_web *web)
{
    return web->http;
}

void cs_web_free(struct cs_web *web)
{
    if (web) {
        cs_http_free(web->http);
        cs_gss_free(web->gss);
        cs_krb5_close(web->krb5);
        free(web);
    }
}

bool cs_web_is_nothing_there(const struct cs_http_reply *reply)
{
    return reply->status == 404 || reply->status == 405;
}

cs_rc cs_web_check_template(const struct cs_ca_target *target, const char *template_name,
                            struct cs_err *err)
{
    cs_autofree char *host = host_of(target->address);
    struct cs_ca_target ca = *target;

    ca.host = host;
    ca.authority = NULL;
    return cs_adlist_check(&ca, NULL, template_name, err);
}

/* The caller frees. */
static char *say_credentials(const struct cs_web *web)
{
    const struct cs_ca_target *target = web->target;
    const char *account = target->account ? target->account : "no account";

    switch (target->auth) {
    case CS_CA_AUTH_KERBEROS:
        return cs_ca_logon_text(web->krb5);
    case CS_CA_AUTH_NTLM:
        return cs_asprintf("NTLM: %s with its password", account);
    case CS_CA_AUTH_PASSWORD:
        return cs_asprintf("%s with its password in the message", account);
    case CS_CA_AUTH_CERTIFICATE:
        break;
    }
    return cs_strdup("a client certificate, its key on the token");
}

cs_rc cs_web_note_credentials(const struct cs_ca_target *target, struct cs_ca_finding_list *list,
                              struct cs_err *err)
{
    cs_auto(cs_web) web = NULL;
    struct cs_err why = {0};
    cs_rc rc = cs_web_open(target, &web, &why);
    cs_autofree char *who = rc == CS_OK ? say_credentials(web) : NULL;

    cs_web_note(list, "credentials", who, &why);
    if (rc != CS_OK && err) {
        *err = why;
    }
    return rc;
}

void cs_web_note(struct cs_ca_finding_list *list, const char *step, const char *detail,
                 const struct cs_err *why)
{
    bool ok = why->code == CS_OK;

    cs_ca_finding_add(list, ok, step, "%s", ok ? detail : why->message);
}

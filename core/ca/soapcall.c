#include "ca/soapcall.h"

#include "base/mem.h"
#include "ca/web.h"

#include <stdio.h>
#include <string.h>

#define CONTENT_TYPE "application/soap+xml; charset=utf-8"

/* Octets that one of a password becomes in XML at most: "&quot;". */
#define ESCAPED_MAX 6

/* A message on its way. */
struct call {
    const char *url;
    struct cs_http *http;
    const struct cs_wstep_message *message;
    struct cs_http_reply reply;
    bool *ret_sent;
};

static cs_rc send(struct call *call, const void *text, size_t len, struct cs_err *err)
{
    const struct cs_http_request request = {
        .url = call->url, .content_type = CONTENT_TYPE, .body = text, .body_len = len};

    return cs_http_send(call->http, &request, &call->reply, call->ret_sent, err);
}

static size_t escape(char *to, const unsigned char *octets, size_t len)
{
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        const char *entity = octets[i] == '&'   ? "&amp;"
                             : octets[i] == '<' ? "&lt;"
                             : octets[i] == '>' ? "&gt;"
                                                : NULL;
        if (entity) {
            used = (size_t)(stpcpy(to + used, entity) - to);
        } else {
            to[used++] = (char)octets[i];
        }
    }
    return used;
}

/* The message with the password in it exists for this exchange only, and is never moved. */
static cs_rc send_with_password(void *ctx, const unsigned char *octets, size_t len,
                                struct cs_err *err)
{
    struct call *call = ctx;
    const struct cs_bytes *text = &call->message->text;
    size_t gap = call->message->gap;
    size_t size = text->len + len * ESCAPED_MAX + 1;
    cs_autofree char *whole = cs_alloc(size, 1);

    memcpy(whole, text->data, gap);
    size_t used = gap + escape(whole + gap, octets, len);
    memcpy(whole + used, text->data + gap, text->len - gap);
    cs_rc rc = send(call, whole, used + text->len - gap, err);
    explicit_bzero(whole, size);
    return rc;
}

cs_rc cs_soapcall_user(const struct cs_ca_target *target, const char **ret_user, struct cs_err *err)
{
    *ret_user = NULL;
    if (target->auth != CS_CA_AUTH_PASSWORD) {
        return CS_OK;
    }
    if (!target->account || !target->password) {
        return cs_fail_hint(err, CS_E_USAGE, "say -CaAccount domain\\user and --ca-password-source",
                            "the service at %s needs an account and its password", target->address);
    }
    *ret_user = target->account;
    return CS_OK;
}

cs_rc cs_soapcall_result(const struct cs_ca_target *target, cs_rc rc, struct cs_err *err)
{
    bool named = target->auth == CS_CA_AUTH_PASSWORD && target->account;

    if (rc != CS_OK && err) {
        cs_autofree char *text =
            cs_asprintf("%.300s%s%.100s: %s", target->address, named ? ", account " : "",
                        named ? target->account : "", err->message);
        snprintf(err->message, sizeof err->message, "%s", text);
    }
    return rc;
}

/* A fault comes with HTTP 500, and says more than that number. */
static cs_rc check_reply(const struct call *call, struct cs_err *err)
{
    const struct cs_http_reply *reply = &call->reply;

    if (strcmp(reply->content_type, "application/soap+xml") == 0) {
        return CS_OK;
    }
    if (call->ret_sent && cs_web_is_nothing_there(reply)) {
        *call->ret_sent = false;
    }
    cs_err_set(err, CS_E_CA_UNREACHABLE, "the web service answers with HTTP %ld and no SOAP",
               reply->status);
    cs_err_cause(err, CS_ORIGIN_HTTP, reply->status, NULL, "");
    cs_err_hint(err,
                "check the address: https://host/CANAME_CES_Kerberos/service.svc/CES, or the one "
                "of the policy service, .../service.svc/CEP");
    return CS_E_CA_UNREACHABLE;
}

static cs_rc exchange(const struct cs_ca_target *target, struct call *call, struct cs_err *err)
{
    const struct cs_bytes *text = &call->message->text;
    cs_auto(cs_web) web = NULL;

    CS_TRY(cs_web_open(target, &web, err));
    call->http = cs_web_http(web);
    CS_TRY(call->message->gap ? cs_secret_lend(target->password, send_with_password, call, err)
                              : send(call, text->data, text->len, err));
    return cs_soapcall_result(target, check_reply(call, err), err);
}

cs_rc cs_soapcall(const struct cs_ca_target *target, const char *url,
                  const struct cs_wstep_message *message, struct cs_bytes *ret_answer,
                  bool *ret_sent, struct cs_err *err)
{
    struct call call = {.url = url, .message = message, .ret_sent = ret_sent};
    cs_rc rc = exchange(target, &call, err);

    if (rc == CS_OK) {
        *ret_answer = cs_bytes_steal(&call.reply.body);
    }
    cs_http_reply_done(&call.reply);
    return rc;
}

#include "net/http.h"

#include "base/base64.h"
#include "base/mem.h"
#include "base/strv.h"
#include "net/binding.h"
#include "net/curlmem.h"
#include "net/httpfail.h"
#include "net/tcp.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* IIS answers with another type of certificate page to what it does not know as a browser. */
#define USER_AGENT "Mozilla/5.0 (compatible; cscert)"

#define CONNECT_SECONDS 30L

/* Of all lines of one answer. */
#define HEADERS_MAX 65536

struct cs_http {
    CURL *easy;
    struct cs_http_options options;
    struct cs_bytes binding; /* of the server that we speak to; empty: not known yet */
    char *host;              /* it is this one's */
    char detail[CURL_ERROR_SIZE];
};

/* One request under way. */
struct exchange {
    struct cs_http *http;
    const struct cs_http_request *request;
    const char *host;
    size_t read; /* of the body */
    bool sent;
    int local_port; /* of the connection that this went out on; 0: not yet */
    struct cs_buf body;
    size_t header_octets;
    struct cs_bytes token; /* of WWW-Authenticate: Negotiate */
    bool offers_negotiate;
    struct cs_strv offers; /* all schemes, for the message */
    struct cs_err why;     /* a callback's own error */
};

static void exchange_done(struct exchange *exchange)
{
    cs_buf_done(&exchange->body);
    cs_bytes_done(&exchange->token);
    cs_strv_done(&exchange->offers);
}

void cs_http_reply_done(struct cs_http_reply *reply)
{
    free(reply->content_type);
    cs_bytes_done(&reply->body);
    *reply = (struct cs_http_reply){0};
}

/* ---- callbacks of libcurl ---- */

static size_t give_body(char *to, size_t size, size_t count, void *ctx)
{
    struct exchange *exchange = ctx;
    size_t left = exchange->request->body_len - exchange->read;
    size_t len = size * count < left ? size * count : left;

    exchange->sent = true;
    memcpy(to, (const char *)exchange->request->body + exchange->read, len);
    exchange->read += len;
    return len;
}

/* Where a connection that was used before breaks, libcurl sends the request again on another, up to
 * five times: the CA would have it as often, and a Kerberos token is good for one. */
static void refuse_again(struct exchange *exchange)
{
    (void)cs_httpfail_transfer(exchange->http->easy, "", exchange->host, CURLE_GOT_NOTHING,
                               &exchange->why);
}

/* Not even NTLM needs this: it sends the body when it is through. */
static int rewind_body(void *ctx, curl_off_t offset, int origin)
{
    (void)offset;
    (void)origin;
    refuse_again(ctx);
    return CURL_SEEKFUNC_FAIL;
}

static int only_once(void *ctx, char *ip, char *own_ip, int port, int own_port)
{
    struct exchange *exchange = ctx;

    (void)ip;
    (void)own_ip;
    (void)port;
    if (exchange->local_port && exchange->local_port != own_port) {
        refuse_again(exchange);
        return CURL_PREREQFUNC_ABORT;
    }
    exchange->local_port = own_port;
    return CURL_PREREQFUNC_OK;
}

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
    struct exchange *exchange = ctx;

    cs_buf_add(&exchange->body, data, size * count);
    return exchange->body.overflow ? 0 : size * count;
}

/* While the connection is there: which certificate it has (libcurl's own Negotiate binds nothing).
 */
static cs_rc note_binding(struct cs_http *http, struct cs_err *err)
{
    struct curl_tlssessioninfo *tls = NULL;

    if (http->binding.len || http->options.auth != CS_HTTP_NEGOTIATE) {
        return CS_OK;
    }
    if (curl_easy_getinfo(http->easy, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK || !tls ||
        tls->backend != CURLSSLBACKEND_OPENSSL || !tls->internals) {
        return cs_fail(err, CS_E_INTERNAL, "libcurl does not tell about the TLS connection");
    }
    return cs_binding_of(tls->internals, &http->binding, err);
}

/* "Negotiate", "Negotiate oYG...", "NTLM", 'Basic realm="x"'. */
static void take_scheme(struct exchange *exchange, const char *value)
{
    size_t len = strcspn(value, " ,\t");
    cs_autofree char *name = cs_strndup(value, len);

    if (exchange->offers.count < 16 && !cs_strv_has(&exchange->offers, name)) {
        cs_strv_add(&exchange->offers, name);
    }
    if (len != strlen("Negotiate") || strncasecmp(value, "Negotiate", len) != 0) {
        return;
    }
    exchange->offers_negotiate = true;
    cs_bytes_done(&exchange->token);
    /* What is no base64 is an empty token, which finish() refuses. */
    (void)!cs_unbase64(value + len, strlen(value + len), &exchange->token, NULL);
}

static size_t take_header(char *data, size_t size, size_t count, void *ctx)
{
    static const char name[] = "WWW-Authenticate:";
    struct exchange *exchange = ctx;
    size_t len = size * count;

    exchange->header_octets += len;
    if (exchange->header_octets > HEADERS_MAX ||
        note_binding(exchange->http, &exchange->why) != CS_OK) {
        return 0;
    }
    cs_autofree char *line = cs_strndup(data, len);
    line[strcspn(line, "\r\n")] = 0;
    if (strncasecmp(line, name, strlen(name)) == 0) {
        take_scheme(exchange, line + strlen(name) + strspn(line + strlen(name), " \t"));
    }
    return len;
}

static CURLcode set_client(CURL *easy, void *ssl, void *ctx)
{
    struct exchange *exchange = ctx;
    const struct cs_http_options *options = &exchange->http->options;

    (void)easy;
    return options->client(options->client_ctx, ssl, &exchange->why) == CS_OK
               ? CURLE_OK
               : CURLE_SSL_CERTPROBLEM;
}

/* ---- settings ---- */

static cs_rc set_fixed(struct cs_http *http, struct cs_err *err)
{
    const struct cs_http_options *options = &http->options;
    CURL *easy = http->easy;
    CURLcode bad = CURLE_OK;

#define SET(option, value)                                                                         \
    do {                                                                                           \
        CURLcode set_ = curl_easy_setopt(easy, (option), (value));                                 \
        bad = bad != CURLE_OK ? bad : set_;                                                        \
    } while (0)
    SET(CURLOPT_ERRORBUFFER, http->detail);
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_USERAGENT, USER_AGENT);
    SET(CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    SET(CURLOPT_READFUNCTION, give_body);
    SET(CURLOPT_SEEKFUNCTION, rewind_body);
    SET(CURLOPT_PREREQFUNCTION, only_once);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    if (options->anchors) {
        SET(CURLOPT_CAINFO, options->anchors);
        SET(CURLOPT_CAPATH, NULL);
    }
    if (options->client) {
        SET(CURLOPT_SSL_CTX_FUNCTION, set_client);
    }
#undef SET
    if (bad != CURLE_OK) {
        return cs_fail(err, CS_E_INTERNAL, "libcurl does not take its settings: %s",
                       curl_easy_strerror(bad));
    }
    return CS_OK;
}

static cs_rc set_password(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    CURL *easy = ctx;
    cs_autofree char *text = cs_strndup((const char *)octets, len);

    CURLcode code = curl_easy_setopt(easy, CURLOPT_PASSWORD, text);
    explicit_bzero(text, len);
    if (code != CURLE_OK) {
        return cs_fail(err, CS_E_INTERNAL, "libcurl does not take the password");
    }
    return CS_OK;
}

static cs_rc set_ntlm(struct cs_http *http, struct cs_err *err)
{
    const struct cs_http_options *options = &http->options;

    if (!options->user || !options->password) {
        return cs_fail_hint(err, CS_E_USAGE, "say -CaAccount domain\\user and --ca-password-source",
                            "NTLM needs an account and its password");
    }
    if (curl_easy_setopt(http->easy, CURLOPT_HTTPAUTH, CURLAUTH_NTLM) != CURLE_OK ||
        curl_easy_setopt(http->easy, CURLOPT_USERNAME, options->user) != CURLE_OK) {
        return cs_fail(err, CS_E_INTERNAL, "libcurl does not take NTLM");
    }
    return cs_secret_lend(options->password, set_password, http->easy, err);
}

cs_rc cs_http_open(const struct cs_http_options *options, struct cs_http **ret_http,
                   struct cs_err *err)
{
    cs_auto(cs_http) http = cs_alloc(1, sizeof *http);

    CS_TRY(cs_curlmem_setup(err));
    http->options = *options;
    http->easy = curl_easy_init();
    if (!http->easy) {
        return cs_fail(err, CS_E_INTERNAL, "libcurl does not start");
    }
    CS_TRY(set_fixed(http, err));
    if (options->auth == CS_HTTP_NTLM) {
        CS_TRY(set_ntlm(http, err));
    }
    *ret_http = cs_steal(&http);
    return CS_OK;
}

void cs_http_free(struct cs_http *http)
{
    if (http) {
        curl_easy_cleanup(http->easy);
        cs_bytes_done(&http->binding);
        free(http->host);
        free(http);
    }
}

/* ---- what went wrong ---- */

static cs_rc fail_transfer(const struct exchange *exchange, const char *host, CURLcode code,
                           struct cs_err *err)
{
    if (exchange->why.code == CS_OK) {
        return cs_httpfail_transfer(exchange->http->easy, exchange->http->detail, host, code, err);
    }
    if (err) {
        *err = exchange->why;
    }
    return exchange->why.code;
}

static cs_rc fail_status(const struct exchange *exchange, const char *host, long status,
                         struct cs_err *err)
{
    static const char *const names[] = {
        [CS_HTTP_OPEN] = "nothing", [CS_HTTP_NEGOTIATE] = "Kerberos", [CS_HTTP_NTLM] = "NTLM"};
    const struct cs_http_options *options = &exchange->http->options;

    return cs_httpfail_status(host, status,
                              options->client ? "the client certificate" : names[options->auth],
                              &exchange->offers, err);
}

/* ---- one exchange ---- */

static struct curl_slist *headers_of(const struct cs_http_request *request, const char *token)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    cs_autofree char *type =
        request->content_type ? cs_asprintf("Content-Type: %s", request->content_type) : NULL;
    cs_autofree char *auth = token ? cs_asprintf("Authorization: Negotiate %s", token) : NULL;

    if (type) {
        list = curl_slist_append(list, type);
    }
    if (auth) {
        list = curl_slist_append(list, auth);
    }
    return list;
}

static CURLcode perform(struct exchange *exchange, struct curl_slist *headers)
{
    CURL *easy = exchange->http->easy;
    const struct cs_http_request *request = exchange->request;

    exchange->http->detail[0] = 0;
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (request->content_type) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    }
    int64_t left_ms = exchange->http->options.until_ms - cs_tcp_deadline(0);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left_ms > 1 ? (long)left_ms : 1L);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, exchange);
    return curl_easy_perform(easy);
}

static cs_rc run(struct exchange *exchange, const char *host, const char *token, long *ret_status,
                 struct cs_err *err)
{
    struct curl_slist *headers = headers_of(exchange->request, token);
    CURLcode code = perform(exchange, headers);

    curl_slist_free_all(headers);
    curl_easy_setopt(exchange->http->easy, CURLOPT_HTTPHEADER, NULL);
    if (code != CURLE_OK) {
        return fail_transfer(exchange, host, code, err);
    }
    curl_easy_getinfo(exchange->http->easy, CURLINFO_RESPONSE_CODE, ret_status);
    return CS_OK;
}

/* The certificate is known only from a connection, and the token is bound to it: a first request
 * without either. *ret_open: the server wants no authentication. */
static cs_rc learn_binding(struct cs_http *http, const char *url, const char *host, bool *ret_open,
                           struct cs_err *err)
{
    const struct cs_http_request request = {.url = url};
    __attribute__((cleanup(exchange_done))) struct exchange probe = {
        .http = http, .request = &request, .host = host, .body = CS_BUF(CS_HTTP_REPLY_MAX)};
    long status = 0;

    CS_TRY(run(&probe, host, NULL, &status, err));
    *ret_open = status != 401;
    if (status == 401 && !probe.offers_negotiate) {
        return fail_status(&probe, host, status, err);
    }
    return CS_OK;
}

static cs_rc negotiate(struct cs_http *http, const char *url, const char *host, char **ret_token,
                       struct cs_err *err)
{
    struct cs_http_negotiator *negotiator = http->options.negotiator;
    cs_auto_value(cs_bytes) token = {0};
    bool open = false;

    if (!http->host || strcmp(http->host, host) != 0) {
        cs_bytes_done(&http->binding);
        free(cs_steal(&http->host));
        CS_TRY(learn_binding(http, url, host, &open, err));
        http->host = cs_strdup(host);
    }
    if (open) {
        return CS_OK;
    }
    CS_TRY(negotiator->begin(negotiator, host, &http->binding, &token, err));
    *ret_token = cs_base64(token.data, token.len);
    return CS_OK;
}

static char *content_type(CURL *easy)
{
    const char *value = NULL;

    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &value);
    cs_autofree char *type = value ? cs_strndup(value, strcspn(value, "; \t")) : cs_strdup("");
    return cs_ascii_lower(type);
}

/* The host of an https URL; the caller frees. */
static cs_rc host_of(const char *url, char **ret_host, struct cs_err *err)
{
    CURLU *parts = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    bool good = parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                strcmp(scheme, "https") == 0 &&
                curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK;

    if (good) {
        *ret_host = cs_strdup(host);
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parts);
    if (!good) {
        cs_autofree char *shown = cs_terminal_escape(url);
        return cs_fail_hint(err, CS_E_USAGE, "a request goes over TLS or not at all",
                            "%s is no https address", shown);
    }
    return CS_OK;
}

cs_rc cs_http_send(struct cs_http *http, const struct cs_http_request *request,
                   struct cs_http_reply *ret_reply, bool *ret_sent, struct cs_err *err)
{
    __attribute__((cleanup(exchange_done))) struct exchange exchange = {
        .http = http, .request = request, .body = CS_BUF(CS_HTTP_REPLY_MAX)};
    cs_auto_value(cs_http_reply) reply = {0};
    cs_autofree char *token = NULL;
    cs_autofree char *host = NULL;

    CS_TRY(host_of(request->url, &host, err));
    exchange.host = host;
    if (http->options.auth == CS_HTTP_NEGOTIATE) {
        CS_TRY(negotiate(http, request->url, host, &token, err));
    }
    cs_rc rc = run(&exchange, host, token, &reply.status, err);
    if (ret_sent) {
        *ret_sent = exchange.sent;
    }
    CS_TRY(rc);
    if (reply.status == 401 || reply.status == 403) {
        return fail_status(&exchange, host, reply.status, err);
    }
    if (token && exchange.offers_negotiate) {
        struct cs_http_negotiator *negotiator = http->options.negotiator;
        CS_TRY(negotiator->finish(negotiator, &exchange.token, err));
    }
    reply.content_type = content_type(http->easy);
    CS_TRY(cs_buf_take(&exchange.body, "the answer", &reply.body, err));
    *ret_reply = reply;
    reply = (struct cs_http_reply){0};
    return CS_OK;
}

#include "base/mem.h"
#include "base/strv.h"
#include "net/http.h"
#include "net/httpfail.h"
#include "net/tcp.h"
#include "support/check_run.h"
#include "support/httpsd.h"
#include "support/scratch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char anchors[] = "cert.pem"; /* in the scratch folder, where the tests stand */
static struct httpsd server;

static void start(void)
{
    scratch_enter();
    httpsd_start(&server, NULL);
}

static void stop(void)
{
    httpsd_stop(&server);
    scratch_leave();
}

struct call {
    struct cs_http_options options;
    const char *host;
    const char *path;
    const char *body; /* NULL: a GET */
    unsigned seconds; /* 0: enough */
    struct cs_http_reply reply;
    bool sent;
    struct cs_err err;
};

static cs_rc run(struct call *call)
{
    cs_auto(cs_http) http = NULL;
    cs_autofree char *url = cs_asprintf("https://%s:%d%s", call->host ? call->host : "localhost",
                                        server.port, call->path);
    const struct cs_http_request request = {
        .url = url,
        .content_type = call->body ? "text/plain" : NULL,
        .body = call->body,
        .body_len = call->body ? strlen(call->body) : 0,
    };

    call->options.until_ms = cs_tcp_deadline(call->seconds ? call->seconds : 10);
    CS_TRY(cs_http_open(&call->options, &http, &call->err));
    return cs_http_send(http, &request, &call->reply, &call->sent, &call->err);
}

START_TEST(an_exchange)
{
    struct call call = {.options.anchors = anchors, .path = "/echo", .body = "a body"};

    assert_ok(run(&call), &call.err);
    ck_assert_int_eq(call.reply.status, 200);
    ck_assert_str_eq(call.reply.content_type, "text/plain");
    ck_assert_str_eq((const char *)call.reply.body.data, "a body");
    ck_assert(call.sent);
    cs_http_reply_done(&call.reply);
}
END_TEST

START_TEST(not_followed)
{
    struct call call = {.options.anchors = anchors, .path = "/redirect"};

    assert_ok(run(&call), &call.err);
    ck_assert_int_eq(call.reply.status, 302);
    ck_assert(!call.sent);
    cs_http_reply_done(&call.reply);
}
END_TEST

/* What is no answer, and what the message must say. */
static const struct {
    const char *path;
    cs_rc rc;
    const char *says;
} failures[] = {
    {"/close", CS_E_CA_UNREACHABLE, "localhost"},
    {"/garbage", CS_E_CA_UNREACHABLE, "localhost"},
    {"/short", CS_E_CA_UNREACHABLE, "97 bytes remaining"},
    {"/large", CS_E_CA_UNREACHABLE, "localhost"},
    {"/header", CS_E_CA_UNREACHABLE, "localhost"},
    {"/status/401", CS_E_CA_REFUSED, "it offers: Negotiate, NTLM"},
    {"/status/403", CS_E_CA_REFUSED, "localhost"},
};

START_TEST(a_failure)
{
    struct call call = {.options.anchors = anchors, .path = failures[_i].path, .body = "x"};

    assert_fails(run(&call), failures[_i].rc, &call.err);
    assert_contains(call.err.message, failures[_i].says);
    ck_assert(call.sent);
}
END_TEST

/* Over a connection that was used before: libcurl by itself sends it again, up to five times. */
START_TEST(sent_once)
{
    const struct cs_http_options options = {.anchors = anchors, .until_ms = cs_tcp_deadline(10)};
    static const char *const bodies[] = {NULL, "a request"};
    cs_auto(cs_http) http = NULL;
    struct cs_http_reply before = {0};
    struct cs_http_reply after = {0};
    struct cs_http_reply reply = {0};
    struct cs_err err = {0};
    bool sent = false;

    cs_autofree char *close = cs_asprintf("https://localhost:%d/close", server.port);
    cs_autofree char *closes = cs_asprintf("https://localhost:%d/closes", server.port);
    const struct cs_http_request count = {.url = closes};
    const char *body = bodies[_i];
    const struct cs_http_request request = {.url = close,
                                            .content_type = body ? "text/plain" : NULL,
                                            .body = body,
                                            .body_len = body ? strlen(body) : 0};
    assert_ok(cs_http_open(&options, &http, &err), &err);
    assert_ok(cs_http_send(http, &count, &before, NULL, &err), &err);
    assert_fails(cs_http_send(http, &request, &reply, &sent, &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.hint, "breaks off");
    ck_assert(sent == (body != NULL));
    assert_ok(cs_http_send(http, &count, &after, NULL, &err), &err);
    ck_assert_int_eq(atoi((const char *)after.body.data), atoi((const char *)before.body.data) + 1);
    cs_http_reply_done(&before);
    cs_http_reply_done(&after);
}
END_TEST

START_TEST(a_stall)
{
    struct call call = {.options.anchors = anchors, .path = "/stall", .seconds = 1};

    assert_fails(run(&call), CS_E_CA_UNREACHABLE, &call.err);
    assert_contains(call.err.hint, "timeout");
}
END_TEST

/* Before a single octet of the request goes out. */
START_TEST(an_untrusted_server)
{
    struct call call = {.path = "/echo", .body = "x"};

    assert_fails(run(&call), CS_E_CA_UNREACHABLE, &call.err);
    assert_contains(call.err.hint, "anchors");
    ck_assert(!call.sent);
}
END_TEST

START_TEST(another_name)
{
    struct call call = {
        .options.anchors = anchors, .host = "127.0.0.1", .path = "/echo", .body = "x"};

    assert_fails(run(&call), CS_E_CA_UNREACHABLE, &call.err);
    assert_contains(call.err.hint, "use a name that the server's certificate has");
    ck_assert(!call.sent);
}
END_TEST

START_TEST(nobody_listens)
{
    struct call call = {
        .options.anchors = anchors, .host = "localhost:1#", .path = "", .body = "x"};

    assert_fails(run(&call), CS_E_CA_UNREACHABLE, &call.err);
    ck_assert(!call.sent);
}
END_TEST

START_TEST(anchors_that_are_none)
{
    struct call call = {.options.anchors = "/nonexistent/anchors.pem", .path = "/echo"};

    assert_fails(run(&call), CS_E_CONFIG, &call.err);
    assert_contains(call.err.hint, "anchors");
}
END_TEST

/* It is not the account's fault if the server does not do at all what was tried. */
static const struct {
    const char *tried;
    const char *offers;
    const char *hint;
} refusals[] = {
    {"Kerberos", "NTLM", "`auth = ntlm`"},
    {"Kerberos", "Negotiate,NTLM", "check the account"},
    {"Kerberos", "", "check the account"},
    {"NTLM", "NTLM", "check the account"},
};

START_TEST(not_accepted)
{
    cs_auto_value(cs_strv) offers = {0};
    struct cs_err err = {0};

    cs_strv_split(&offers, refusals[_i].offers, ',');
    assert_fails(cs_httpfail_status("ca01", 401, refusals[_i].tried, &offers, &err),
                 CS_E_CA_REFUSED, &err);
    assert_contains(err.hint, refusals[_i].hint);
}
END_TEST

static const char *const urls[] = {
    "http://localhost/", "ftp://localhost/", "file:///etc/passwd", "localhost", "", "https://"};

START_TEST(no_https)
{
    const struct cs_http_options options = {.until_ms = cs_tcp_deadline(5)};
    const struct cs_http_request request = {.url = urls[_i]};
    struct cs_http_reply reply = {0};
    cs_auto(cs_http) http = NULL;
    struct cs_err err = {0};

    assert_ok(cs_http_open(&options, &http, &err), &err);
    assert_fails(cs_http_send(http, &request, &reply, NULL, &err), CS_E_USAGE, &err);
}
END_TEST

START_TEST(ntlm_needs_a_password)
{
    const struct cs_http_options options = {.auth = CS_HTTP_NTLM};
    cs_auto(cs_http) http = NULL;
    struct cs_err err = {0};

    assert_fails(cs_http_open(&options, &http, &err), CS_E_USAGE, &err);
}
END_TEST

/* ---- Negotiate ---- */

static char *proof; /* what finish() was called with, in hexadecimal; NULL: it was not called */

static cs_rc begin(struct cs_http_negotiator *negotiator, const char *host,
                   const struct cs_bytes *bindings, struct cs_bytes *ret_token, struct cs_err *err)
{
    (void)negotiator;
    (void)err;
    ck_assert_str_eq(host, "localhost");
    ck_assert_mem_eq(bindings->data, "tls-server-end-point:", 21); /* RFC 5929 section 4.1 */
    *ret_token = cs_bytes_copy("me", 2);
    return CS_OK;
}

static cs_rc finish(struct cs_http_negotiator *negotiator, const struct cs_bytes *token,
                    struct cs_err *err)
{
    (void)negotiator;
    free(proof);
    proof = cs_hex(token->data, token->len);
    return strcmp(proof, "796f75") == 0 ? CS_OK : cs_fail(err, CS_E_CA_UNREACHABLE, "an impostor");
}

/* Whatever the server says of itself is judged; TLS has already if it says nothing. */
static const struct {
    const char *path;
    cs_rc rc;
    const char *proof;
} proofs[] = {
    {"/proves/eW91", CS_OK, "796f75"}, /* "you" */
    {"/proves/bWU=", CS_E_CA_UNREACHABLE, "6d65"},
    {"/proves/%21%21", CS_E_CA_UNREACHABLE, ""}, /* no base64 */
    {"/proves/", CS_E_CA_UNREACHABLE, ""},
    {"/proves/nothing", CS_OK, NULL},
};

START_TEST(a_proof)
{
    struct cs_http_negotiator negotiator = {begin, finish};
    struct call call = {
        .options = {.anchors = anchors, .auth = CS_HTTP_NEGOTIATE, .negotiator = &negotiator},
        .path = proofs[_i].path};

    free(cs_steal(&proof));
    ck_assert_int_eq(run(&call), proofs[_i].rc);
    if (proofs[_i].proof) {
        ck_assert_ptr_nonnull(proof);
        ck_assert_str_eq(proof, proofs[_i].proof);
    } else {
        ck_assert_ptr_null(proof);
    }
    free(cs_steal(&proof));
    cs_http_reply_done(&call.reply);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http");
    TCase *tcase = tcase_create("http");

    tcase_set_timeout(tcase, 30);
    tcase_add_unchecked_fixture(tcase, start, stop);
    tcase_add_test(tcase, an_exchange);
    tcase_add_test(tcase, not_followed);
    add_rows(tcase, a_proof, proofs);
    add_rows(tcase, a_failure, failures);
    tcase_add_loop_test(tcase, sent_once, 0, 2);
    tcase_add_test(tcase, a_stall);
    tcase_add_test(tcase, an_untrusted_server);
    tcase_add_test(tcase, another_name);
    tcase_add_test(tcase, nobody_listens);
    tcase_add_test(tcase, anchors_that_are_none);
    tcase_add_loop_test(tcase, not_accepted, 0, ROWS(refusals));
    add_rows(tcase, no_https, urls);
    tcase_add_test(tcase, ntlm_needs_a_password);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

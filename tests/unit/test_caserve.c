/* The program's end: questions read, answers written, cscert asked for a signature. */
#include "wire/caserve.h"

#include "base/mem.h"
#include "support/check_run.h"
#include "wire/frame.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUESTION                                                                                   \
    "{\"v\":1,\"op\":\"submit\",\"ca\":{\"name\":\"n\",\"type\":\"rpc\",\"address\":\"h\\\\c\","   \
    "\"auth\":\"ntlm\",\"account\":\"a\\\\b\",\"realm\":\"R\",\"ccache\":\"C\",\"keytab\":\"K\","  \
    "\"krb5_config\":\"F\",\"anchors\":\"A\",\"global_catalog\":\"G\",\"global_settings_dc\":"     \
    "\"S\",\"client_chain\":\"MAA=\",\"timeout\":9},\"csr\":\"MAEC\",\"request_id\":\"7\","        \
    "\"handle\":\"H\",\"attributes\":{\"CertificateTemplate\":\"T\"},\"secrets\":[\"password\"]}"

START_TEST(test_parse)
{
    cs_auto_value(cs_caserve_call) call = {0};
    struct cs_err err = {0};

    assert_ok(cs_caserve_parse(QUESTION, strlen(QUESTION), &call, &err), &err);
    ck_assert_str_eq(call.op, "submit");
    ck_assert_str_eq(call.name, "n");
    ck_assert_str_eq(call.type, "rpc");
    ck_assert_str_eq(call.address, "h\\c");
    ck_assert_str_eq(call.auth, "ntlm");
    ck_assert_str_eq(call.account, "a\\b");
    ck_assert_str_eq(call.realm, "R");
    ck_assert_str_eq(call.ccache, "C");
    ck_assert_str_eq(call.keytab, "K");
    ck_assert_str_eq(call.krb5_config, "F");
    ck_assert_str_eq(call.anchors, "A");
    ck_assert_str_eq(call.global_catalog, "G");
    ck_assert_str_eq(call.global_settings_dc, "S");
    ck_assert_str_eq(call.template_name, "T");
    ck_assert_str_eq(call.request_id, "7");
    ck_assert_str_eq(call.handle, "H");
    ck_assert_uint_eq(call.csr.len, 3);
    ck_assert_uint_eq(call.client_chain.len, 2);
    ck_assert_uint_eq(call.timeout, 9);
    ck_assert(call.has_password);
    ck_assert_ptr_null(call.password);
}
END_TEST

/* What a newer cscert may say beside it is left out, and what is not said is empty. */
START_TEST(test_parse_little)
{
    static const char text[] = "{\"v\":1,\"op\":\"list\",\"new\":[1],\"ca\":{\"newer\":{}}}";
    cs_auto_value(cs_caserve_call) call = {0};
    struct cs_err err = {0};

    assert_ok(cs_caserve_parse(text, strlen(text), &call, &err), &err);
    ck_assert_str_eq(call.op, "list");
    ck_assert_ptr_null(call.address);
    ck_assert_uint_eq(call.csr.len, 0);
    ck_assert_uint_gt(call.timeout, 0);
    ck_assert(!call.has_password);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} bad[] = {
    {"", "no JSON"},
    {"{}", "another version"},
    {"{\"v\":2,\"op\":\"x\"}", "another version"},
    {"{\"v\":1}", "no op"},
    {"{\"v\":1,\"op\":1}", "op of the question is no text"},
    {"{\"v\":1,\"op\":\"x\",\"csr\":1}", "csr of the question is no text"},
    {"{\"v\":1,\"op\":\"x\",\"csr\":\"!\"}", "csr is no base64"},
    {"{\"v\":1,\"op\":\"x\",\"ca\":{\"realm\":\"a\\nb\"}}", "realm holds control characters"},
    {"{\"v\":1,\"op\":\"x\",\"secrets\":[]}", "secrets that are not known"},
    {"{\"v\":1,\"op\":\"x\",\"secrets\":\"password\"}", "secrets that are not known"},
    {"{\"v\":1,\"op\":\"x\",\"secrets\":[\"pin\"]}", "secrets that are not known"},
    {"{\"v\":1,\"op\":\"x\",\"secrets\":[\"password\",\"password\"]}", "secrets that are not"},
};

START_TEST(test_bad)
{
    struct cs_caserve_call call = {0};
    struct cs_err err = {0};

    assert_fails(cs_caserve_parse(bad[_i].text, strlen(bad[_i].text), &call, &err), CS_E_INPUT,
                 &err);
    assert_contains(err.message, bad[_i].message);
}
END_TEST

/* ---- answers ---- */

START_TEST(test_reply_issued)
{
    struct cs_caserve_reply reply = {.has_answer = true};
    const struct cs_err none = {0};

    /* Two certificates, the second with a length of two octets. */
    uint8_t chain[2 + 1 + 4 + 0x100] = {0x30, 0x01, 0x07, 0x30, 0x82, 0x01, 0x00};
    reply.answer = (struct cs_ca_answer){
        .disposition = CS_CA_ISSUED,
        .request_id = cs_strdup("5"),
        .certificate = cs_bytes_copy("\x30\x00", 2),
        .chain = cs_bytes_copy(chain, sizeof chain),
    };
    cs_autofree char *text = cs_caserve_reply_text(&reply, &none);
    assert_contains(text, "\"certificate\":\"MAA=\",\"chain\":[\"MAEH\",\"MIIBAAAA");
    assert_contains(text, "\"disposition\":\"issued\",\"request_id\":\"5\",\"v\":1}");
    cs_ca_answer_done(&reply.answer);
}
END_TEST

/* Lengths that lie: what is left goes as one, for cscert to judge. */
static const struct {
    const char *chain;
    size_t len;
    const char *json;
} lies[] = {
    {"\x30", 1, "[\"MA==\"]"},
    {"\x30\x7f", 2, "[\"MH8=\"]"},
    {"\x30\x80\x00", 3, "[\"MIAA\"]"},
    {"\x30\x84\xff\xff\xff\xff", 6, "[\"MIT/////\"]"},
    {"\x30\x85\x01\x01\x01\x01\x01", 7, "[\"MIUBAQEBAQ==\"]"},
    {"\x30\x00\x30\x02\x00", 5, "[\"MAA=\",\"MAIA\"]"},
};

START_TEST(test_reply_chain)
{
    struct cs_caserve_reply reply = {.has_answer = true};
    const struct cs_err none = {0};

    reply.answer.chain = cs_bytes_copy(lies[_i].chain, lies[_i].len);
    cs_autofree char *text = cs_caserve_reply_text(&reply, &none);
    assert_contains(text, lies[_i].json);
    cs_ca_answer_done(&reply.answer);
}
END_TEST

START_TEST(test_reply_others)
{
    struct cs_caserve_reply reply = {.sent = true};
    struct cs_err error = {0};

    cs_autofree char *ok = cs_caserve_reply_text(&reply, &error);
    ck_assert_str_eq(ok, "{\"disposition\":\"ok\",\"v\":1}");
    reply.unsupported = true;
    cs_autofree char *unsupported = cs_caserve_reply_text(&reply, &error);
    ck_assert_str_eq(unsupported, "{\"disposition\":\"unsupported\",\"v\":1}");
    cs_err_set(&error, CS_E_CA_REFUSED, "no");
    cs_ca_finding_add(&reply.findings, true, "a", "%d", 1);
    cs_autofree char *failed = cs_caserve_reply_text(&reply, &error);
    ck_assert_str_eq(failed, "{\"disposition\":\"error\",\"error\":{\"code\":\"CA_REFUSED\","
                             "\"message\":\"no\"},\"findings\":[{\"detail\":\"1\",\"ok\":true,"
                             "\"step\":\"a\"}],\"sent\":true,\"v\":1}");
    cs_ca_finding_list_done(&reply.findings);
}
END_TEST

/* ---- the conversation ---- */

static int ends[2];
static int code;

static cs_rc answer(void *ctx, const struct cs_caserve_call *call, struct cs_caserve_reply *reply,
                    struct cs_err *err)
{
    struct cs_bytes data = {(uint8_t *)(uintptr_t) "d", 1};
    cs_auto_value(cs_bytes) signature = {0};

    (void)ctx;
    if (strcmp(call->op, "fail") == 0) {
        return CS_E_CONFIG; /* without a word */
    }
    if (strcmp(call->op, "sign") == 0) {
        CS_TRY(cs_caserve_sign(ends[1], "scheme", &data, &signature, err));
        cs_ca_finding_add(&reply->findings, true, "signature", "%zu", signature.len);
        return CS_OK;
    }
    reply->unsupported = !call->password;
    return CS_OK;
}

static void *serve(void *ctx)
{
    (void)ctx;
    code = cs_caserve_run(ends[1], answer, NULL);
    close(ends[1]);
    return NULL;
}

static void say(const char *text)
{
    struct cs_err err = {0};

    assert_ok(cs_frame_write(ends[0], text, strlen(text), 0, &err), &err);
}

static char *hear(void)
{
    struct cs_bytes frame = {0};
    struct cs_err err = {0};

    assert_ok(cs_frame_read(ends[0], 1 << 16, 0, &frame, &err), &err);
    return (char *)frame.data;
}

static void expect(const char *expected)
{
    cs_autofree char *text = hear();

    ck_assert_str_eq(text, expected);
}

START_TEST(test_conversation)
{
    struct cs_err err = {0};
    pthread_t thread;

    alarm(60);
    assert_ok(cs_secret_setup(&err), &err);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, serve, NULL), 0);
    say("{\"v\":1,\"op\":\"x\"}");
    expect("{\"disposition\":\"unsupported\",\"v\":1}");
    say("{\"v\":1,\"op\":\"x\",\"secrets\":[\"password\"]}");
    say("p\0ssword"); /* a frame of its own, which is no text */
    expect("{\"disposition\":\"ok\",\"v\":1}");
    say("{\"v\":1,\"op\":\"fail\"}");
    expect("{\"disposition\":\"error\",\"error\":{\"code\":\"CONFIG\",\"message\":\"no reason was "
           "given\"},\"sent\":false,\"v\":1}");
    say("{\"v\":1,\"op\":\"sign\"}");
    expect("{\"data\":\"ZA==\",\"key\":\"client\",\"op\":\"sign\",\"scheme\":\"scheme\",\"v\":1}");
    say("{\"v\":1,\"signature\":\"AAEC\"}");
    expect("{\"disposition\":\"ok\",\"findings\":[{\"detail\":\"3\",\"ok\":true,\"step\":"
           "\"signature\"}],\"v\":1}");
    say("{\"v\":1,\"op\":\"sign\"}");
    free(hear());
    say("{\"v\":1,\"error\":{\"code\":\"INTERNAL\",\"message\":\"no key\"}}");
    cs_autofree char *failed = hear();
    assert_contains(failed, "the client key did not sign: no key");
    close(ends[0]);
    pthread_join(thread, NULL);
    ck_assert_int_eq(code, CS_OK);
}
END_TEST

/* After what is no question nothing more is read from that socket. */
START_TEST(test_no_question)
{
    pthread_t thread;

    alarm(60);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, serve, NULL), 0);
    say("no question");
    pthread_join(thread, NULL);
    ck_assert_int_eq(code, CS_E_INPUT);
    close(ends[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("caserve");
    TCase *tcase = tcase_create("caserve");

    tcase_add_test(tcase, test_parse);
    tcase_add_test(tcase, test_parse_little);
    add_rows(tcase, test_bad, bad);
    tcase_add_test(tcase, test_reply_issued);
    add_rows(tcase, test_reply_chain, lies);
    tcase_add_test(tcase, test_reply_others);
    tcase_add_test(tcase, test_conversation);
    tcase_add_test(tcase, test_no_question);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

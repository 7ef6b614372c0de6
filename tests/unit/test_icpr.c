/* The way "rpc" as a whole, against a computer that keeps to the protocol and against one that does
 * not: each step from the endpoint mapper on. Kerberos has no controller here; that is
 * tests/ad/icpr.sh. */
#include "base/mem.h"
#include "base/secret.h"
#include "ca/protocol.h"
#include "net/ndr.h"
#include "net/tcp.h"
#include "support/check_run.h"
#include "support/fakeca.h"
#include "support/netns.h"
#include "support/scratch.h"

#include <stdio.h>

static struct cs_secret *password;

static void enter(void)
{
    struct cs_err err = {0};

    ck_assert(netns_enter());
    scratch_enter();
    assert_ok(cs_secret_setup(&err), &err);
    char text[] = FAKECA_PASSWORD;
    assert_ok(cs_secret_take(text, strlen(text), &password, &err), &err);
    alarm(100);
}

static void leave(void)
{
    cs_secret_free(password);
    scratch_leave();
}

static struct cs_ca_target target_of(void)
{
    return (struct cs_ca_target){
        .address = "127.0.0.1\\myca",
        .host = "127.0.0.1",
        .authority = "myca",
        .auth = CS_CA_AUTH_NTLM,
        .account = FAKECA_ACCOUNT,
        .password = password,
        .until_ms = cs_tcp_deadline(30),
    };
}

/* "COUNT" stands for the answer that fakeca.h tells of. */
static const struct cs_bytes count = {(uint8_t *)(uintptr_t) "COUNT", 5};
static const struct cs_bytes csr = {(uint8_t *)(uintptr_t) "a request", 9};

/* ---- the right thing ---- */

START_TEST(test_submit)
{
    const struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.csr = &csr, .template_name = "WebServer"};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};
    bool sent = false;

    fakeca_start(_i ? FAKECA_FRAGMENTS : FAKECA_GOOD, &count);
    assert_ok(cs_ca_rpc.submit(&target, &question, &answer, &sent, &err), &err);
    ck_assert(sent);
    ck_assert_int_eq(answer.disposition, CS_CA_PENDING);
    ck_assert_str_eq(answer.request_id, "7");
    /* 4 flags; 4 + 12 + 10 + 2 name; 4 number; 8 + 4 + 60 attributes; 8 + 4 + 9 + 3 request */
    ck_assert_str_eq(answer.message, "132 octets in 1 fragments");
}
END_TEST

/* The server takes fragments of 1432 octets: 24 before the stub, 8 + 16 behind it, 1376 of it. */
START_TEST(test_long_request)
{
    const struct cs_ca_target target = target_of();
    cs_auto_value(cs_bytes) large = {cs_alloc(20000, 1), 20000};
    const struct cs_ca_question question = {.csr = &large, .template_name = "WebServer"};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};
    bool sent = false;

    fakeca_start(FAKECA_GOOD, &count);
    assert_ok(cs_ca_rpc.submit(&target, &question, &answer, &sent, &err), &err);
    ck_assert_str_eq(answer.message, "20120 octets in 15 fragments");
}
END_TEST

START_TEST(test_poll)
{
    const struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.request_id = "7"};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    fakeca_start(FAKECA_GOOD, &count);
    assert_ok(cs_ca_rpc.poll(&target, &question, &answer, &err), &err);
    ck_assert_int_eq(answer.disposition, CS_CA_PENDING);
    /* 4; 28; 4; 8; 8 */
    ck_assert_str_eq(answer.message, "52 octets in 1 fragments");
}
END_TEST

/* Nothing there (0x80094004) is what a probe wants to hear. */
START_TEST(test_probe)
{
    static const uint8_t unknown[] = "\xff\xff\xff\x7f\x04\x40\x09\x80"
                                     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                     "\x04\x40\x09\x80";
    static const char *const names[] = {"endpoint mapper", "connection", "credentials",
                                        "authentication", "certification authority"};
    const struct cs_bytes reply = {(uint8_t *)(uintptr_t)unknown, sizeof unknown - 1};
    const struct cs_ca_target target = target_of();
    cs_auto_value(cs_ca_finding_list) findings = {0};
    struct cs_err err = {0};

    fakeca_start(FAKECA_GOOD, &reply);
    assert_ok(cs_ca_rpc.probe(&target, &findings, &err), &err);
    ck_assert_uint_eq(findings.count, ROWS(names));
    for (size_t i = 0; i < ROWS(names); i++) {
        ck_assert_str_eq(findings.items[i].step, names[i]);
        ck_assert(findings.items[i].ok);
    }
    assert_contains(findings.items[0].detail, "50001");
}
END_TEST

/* ---- the wrong thing ---- */

static const struct {
    enum fakeca_trick trick;
    bool sent;
    cs_rc rc;
    const char *message;
    unsigned steps; /* that a probe finds right */
} wrong[] = {
    {FAKECA_MAPPER_CLOSES, false, CS_E_CA_UNREACHABLE, "closed the connection", 0},
    {FAKECA_MAPPER_HTTP, false, CS_E_CA_UNREACHABLE, "does not speak DCE/RPC 5.0", 0},
    {FAKECA_MAPPER_NAK, false, CS_E_CA_UNREACHABLE, "refused the connection", 0},
    {FAKECA_MAPPER_FAULT, false, CS_E_CA_UNREACHABLE, "is too busy", 0},
    {FAKECA_MAPPER_EMPTY, false, CS_E_CA_UNREACHABLE, "knows no CA there", 0},
    {FAKECA_MAPPER_CLOSED, false, CS_E_CA_UNREACHABLE, "TCP port 50002 of 127.0.0.1 refuses", 1},
    {FAKECA_BIND_CLOSES, false, CS_E_CA_UNREACHABLE, "closed the connection", 3},
    {FAKECA_BIND_GARBAGE, false, CS_E_CA_UNREACHABLE, "a fragment of 65535 octets", 3},
    {FAKECA_BIND_NAK, false, CS_E_CA_UNREACHABLE, "does not take this way of authentication", 3},
    {FAKECA_BIND_REFUSED, false, CS_E_CA_UNREACHABLE, "the interface is not there", 3},
    {FAKECA_BIND_UNSIGNED, false, CS_E_CA_UNREACHABLE, "does not sign headers", 3},
    {FAKECA_BIND_NO_TOKEN, false, CS_E_CA_UNREACHABLE, "does not authenticate itself", 3},
    {FAKECA_BIND_INTEGRITY, false, CS_E_CA_UNREACHABLE, "without encryption (level 5", 3},
    {FAKECA_BIND_BAD_TOKEN, false, CS_E_CA_UNREACHABLE, "NTLM authentication", 3},
    {FAKECA_CALL_CLOSES, true, CS_E_CA_UNREACHABLE, "closed the connection", 4},
    {FAKECA_CALL_CUT, true, CS_E_CA_UNREACHABLE, "closed the connection", 4},
    /* whoever sits on the wire can say that */
    {FAKECA_CALL_DENIED, true, CS_E_CA_REFUSED, "the account and its password by NTLM", 4},
    {FAKECA_CALL_NOT_RUN, true, CS_E_CA_UNREACHABLE, "is too busy", 4},
    {FAKECA_CALL_PLAIN, true, CS_E_CA_UNREACHABLE, "without encryption (level 0", 4},
    {FAKECA_CALL_INTEGRITY, true, CS_E_CA_UNREACHABLE, "without encryption (level 5", 4},
    {FAKECA_CALL_FORGED, true, CS_E_CA_UNREACHABLE, "the signature", 4},
    {FAKECA_CALL_OTHER_CALL, true, CS_E_CA_UNREACHABLE, "answers call 3 instead of 2", 4},
    {FAKECA_CALL_EMPTY, true, CS_E_CA_UNREACHABLE, "an empty fragment", 4},
    {FAKECA_CALL_NOT_FIRST, true, CS_E_CA_UNREACHABLE, "out of order", 4},
    {FAKECA_CALL_FIRST_AGAIN, true, CS_E_CA_UNREACHABLE, "out of order", 4},
    {FAKECA_CALL_ENDLESS, true, CS_E_CA_UNREACHABLE, "longer than 1048576 octets", 4},
    {FAKECA_CALL_BIND_ACK, true, CS_E_CA_UNREACHABLE, "a PDU of type 12", 4},
    /* last, because a probe would take their time once more */
    {FAKECA_MAPPER_SILENT, false, CS_E_CA_UNREACHABLE, "port 135 of 127.0.0.1 does not answer in",
     0},
    {FAKECA_BIND_SILENT, false, CS_E_CA_UNREACHABLE, "port 50001 of 127.0.0.1 does not answer in",
     3},
    {FAKECA_CALL_SILENT, true, CS_E_CA_UNREACHABLE, "does not answer in time", 4},
};

#define SILENT_ROWS 3

/* For one exchange: what it takes to see that nobody answers, and long enough for all that comes
 * before it even under valgrind. */
static unsigned timeout_of(enum fakeca_trick trick)
{
    if (trick == FAKECA_MAPPER_SILENT) {
        return 1;
    }
    return trick == FAKECA_BIND_SILENT || trick == FAKECA_CALL_SILENT ? 4 : 30;
}

START_TEST(test_wrong)
{
    struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.csr = &csr, .template_name = "WebServer"};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};
    bool sent = !wrong[_i].sent;

    fakeca_start(wrong[_i].trick, &count);
    target.until_ms = cs_tcp_deadline(timeout_of(wrong[_i].trick));
    assert_fails(cs_ca_rpc.submit(&target, &question, &answer, &sent, &err), wrong[_i].rc, &err);
    assert_contains(err.message, wrong[_i].message);
    assert_contains(err.message, "127.0.0.1");
    ck_assert(sent == wrong[_i].sent);
    ck_assert_ptr_null(answer.request_id);
}
END_TEST

START_TEST(test_wrong_probe)
{
    struct cs_ca_target target = target_of();
    cs_auto_value(cs_ca_finding_list) findings = {0};
    struct cs_err err = {0};

    fakeca_start(wrong[_i].trick, &count);
    target.until_ms = cs_tcp_deadline(timeout_of(wrong[_i].trick));
    assert_fails(cs_ca_rpc.probe(&target, &findings, &err), wrong[_i].rc, &err);
    ck_assert_uint_eq(findings.count, wrong[_i].steps + 1);
    for (size_t i = 0; i < findings.count; i++) {
        ck_assert(findings.items[i].ok == (i < wrong[_i].steps));
    }
    ck_assert_str_eq(findings.items[findings.count - 1].detail, err.message);
}
END_TEST

/* What is wrong with the ports has the ports in its hint. */
static const enum fakeca_trick closed[] = {FAKECA_MAPPER_CLOSES, FAKECA_MAPPER_SILENT,
                                           FAKECA_MAPPER_CLOSED};

START_TEST(test_ports_are_named)
{
    struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.csr = &csr};
    struct cs_ca_answer answer = {0};
    struct cs_err err = {0};
    bool sent = true;

    fakeca_start(closed[_i], &count);
    target.until_ms = cs_tcp_deadline(timeout_of(closed[_i]));
    assert_fails(cs_ca_rpc.submit(&target, &question, &answer, &sent, &err), CS_E_CA_UNREACHABLE,
                 &err);
    assert_contains(err.hint, "TCP 135");
    assert_contains(err.hint, "49152-65535");
    assert_contains(err.hint, "https://127.0.0.1/certsrv");
}
END_TEST

START_TEST(test_nobody_there)
{
    const struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.csr = &csr};
    struct cs_ca_answer answer = {0};
    struct cs_err err = {0};
    bool sent = true;

    assert_fails(cs_ca_rpc.submit(&target, &question, &answer, &sent, &err), CS_E_CA_UNREACHABLE,
                 &err);
    assert_contains(err.message, "TCP port 135 of 127.0.0.1 refuses the connection");
    assert_contains(err.hint, "TCP 135");
    ck_assert(!sent);
}
END_TEST

/* The tower says 10.9.8.7, where no route leads here: the port is asked on the host that was
 * named. */
START_TEST(test_elsewhere)
{
    const struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.csr = &csr};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};
    bool sent = false;

    fakeca_start(FAKECA_MAPPER_ELSEWHERE, &count);
    assert_ok(cs_ca_rpc.submit(&target, &question, &answer, &sent, &err), &err);
    ck_assert_int_eq(answer.disposition, CS_CA_PENDING);
}
END_TEST

START_TEST(test_wrong_password)
{
    struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.csr = &csr};
    cs_auto_value(cs_ca_answer) answer = {0};
    cs_auto(cs_secret) other = NULL;
    struct cs_err err = {0};
    char text[] = "something else";
    bool sent = true;

    assert_ok(cs_secret_take(text, strlen(text), &other, &err), &err);
    target.password = other;
    fakeca_start(FAKECA_GOOD, &count);
    assert_fails(cs_ca_rpc.submit(&target, &question, &answer, &sent, &err), CS_E_CA_REFUSED, &err);
    assert_contains(err.message, "does not accept the account and its password");
    assert_contains(err.hint, "password");
    ck_assert(sent); /* nothing proves that it was the server who said so */
}
END_TEST

/* ---- answers that lie inside their seal ---- */

#define R(text) text, sizeof(text) - 1
#define NOTHING "\0\0\0\0\0\0\0\0"

static const struct {
    const char *reply;
    size_t len;
    cs_rc rc;
    bool sent;
    const char *message;
} lies[] = {
    {R("\7\0\0\0\5\0\0\0"
       "\xff\xff\xff\xff\1\0\0\0\xff\xff\xff\xff"),
     CS_E_CA_UNREACHABLE, true, "a length in it is wrong"},
    {R("\7\0\0\0"), CS_E_CA_UNREACHABLE, true, "a length in it is wrong"},
    {R("\0\0\0\0\xba\x06\x07\x80" NOTHING NOTHING NOTHING "\xba\x06\x07\x80"), CS_E_CA_UNREACHABLE,
     true, "the service of 127.0.0.1\\myca"},
    {R("\0\0\0\0\x57\0\x07\x80" NOTHING NOTHING NOTHING "\x57\0\x07\x80"), CS_E_CA_REFUSED, false,
     "no CA of the name \"myca\""},
    {R("\7\0\0\0\0\x48\x09\x80" NOTHING NOTHING NOTHING "\0\0\0\0"), CS_E_CA_REFUSED, false,
     "refused the request (its number 7)"},
};

START_TEST(test_lies)
{
    const struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.csr = &csr};
    const struct cs_bytes reply = {(uint8_t *)(uintptr_t)lies[_i].reply, lies[_i].len};
    struct cs_ca_answer answer = {0};
    struct cs_err err = {0};
    bool sent = !lies[_i].sent;

    fakeca_start(FAKECA_GOOD, &reply);
    assert_fails(cs_ca_rpc.submit(&target, &question, &answer, &sent, &err), lies[_i].rc, &err);
    assert_contains(err.message, lies[_i].message);
    ck_assert(sent == lies[_i].sent);
    ck_assert_ptr_null(answer.request_id);
}
END_TEST

/* The number of an answer is good even if its certificate is not: the CA is asked about it again,
 * and does not get the request twice. */
static const struct {
    const char *reply;
    size_t len;
    const char *message;
} unusable[] = {
    {R("\7\0\0\0\3\0\0\0" NOTHING NOTHING NOTHING "\0\0\0\0"), "sends no certificate"},
    {R("\7\0\0\0\3\0\0\0"
       "\4\0\0\0\1\0\0\0\4\0\0\0"
       "cms."
       "\4\0\0\0\1\0\0\0\4\0\0\0"
       "cert" NOTHING "\0\0\0\0"),
     "cannot be used"},
};

START_TEST(test_unusable)
{
    const struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.csr = &csr};
    const struct cs_bytes reply = {(uint8_t *)(uintptr_t)unusable[_i].reply, unusable[_i].len};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};
    bool sent = false;

    fakeca_start(FAKECA_GOOD, &reply);
    assert_ok(cs_ca_rpc.submit(&target, &question, &answer, &sent, &err), &err);
    ck_assert_int_eq(answer.disposition, CS_CA_PENDING);
    ck_assert_str_eq(answer.request_id, "7");
    assert_contains(answer.message, unusable[_i].message);
    ck_assert_uint_eq(answer.certificate.len, 0);
}
END_TEST

/* ---- what is refused before anybody is asked ---- */

static const struct {
    const char *host;
    const char *authority;
    enum cs_ca_auth auth;
    const char *account;
    const char *template_name;
    cs_rc rc;
    const char *message;
} unasked[] = {
    {NULL, "myca", CS_CA_AUTH_NTLM, "d\\u", NULL, CS_E_USAGE, "does not name a CA"},
    {"", "myca", CS_CA_AUTH_NTLM, "d\\u", NULL, CS_E_USAGE, "does not name a CA"},
    {"127.0.0.1", NULL, CS_CA_AUTH_NTLM, "d\\u", NULL, CS_E_USAGE, "does not name a CA"},
    {"127.0.0.1", "myca", CS_CA_AUTH_PASSWORD, "d\\u", NULL, CS_E_CONFIG, "Kerberos or NTLM only"},
    {"127.0.0.1", "myca", CS_CA_AUTH_CERTIFICATE, "d\\u", NULL, CS_E_CONFIG, "Kerberos or NTLM"},
    {"127.0.0.1", "myca", CS_CA_AUTH_NTLM, "d\\u", "a\nb", CS_E_USAGE, "no name of a template"},
};

START_TEST(test_unasked)
{
    struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.csr = &csr,
                                            .template_name = unasked[_i].template_name};
    struct cs_ca_answer answer = {0};
    struct cs_err err = {0};
    bool sent = true;

    target.host = unasked[_i].host;
    target.authority = unasked[_i].authority;
    target.auth = unasked[_i].auth;
    target.account = unasked[_i].account;
    assert_fails(cs_ca_rpc.submit(&target, &question, &answer, &sent, &err), unasked[_i].rc, &err);
    assert_contains(err.message, unasked[_i].message);
    ck_assert(!sent);
}
END_TEST

START_TEST(test_ntlm_needs_both)
{
    struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.csr = &csr};
    struct cs_ca_answer answer = {0};
    struct cs_err err = {0};
    bool sent = true;

    target.account = _i ? FAKECA_ACCOUNT : NULL;
    target.password = _i ? NULL : password;
    fakeca_start(FAKECA_GOOD, &count);
    assert_fails(cs_ca_rpc.submit(&target, &question, &answer, &sent, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "an account and its password");
}
END_TEST

START_TEST(test_poll_number)
{
    const struct cs_ca_target target = target_of();
    const struct cs_ca_question question = {.request_id = "7x"};
    struct cs_ca_answer answer = {0};
    struct cs_err err = {0};

    assert_fails(cs_ca_rpc.poll(&target, &question, &answer, &err), CS_E_CA_REFUSED, &err);
    assert_contains(err.message, "\"7x\" is no request number");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("icpr");
    TCase *tcase = tcase_create("icpr");

    if (!netns_possible()) {
        fprintf(stderr, "skipped: this user cannot make a network namespace\n");
        return 77;
    }
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_loop_test(tcase, test_submit, 0, 2);
    tcase_add_test(tcase, test_long_request);
    tcase_add_test(tcase, test_poll);
    tcase_add_test(tcase, test_probe);
    add_rows(tcase, test_wrong, wrong);
    tcase_add_loop_test(tcase, test_wrong_probe, 0, (int)ROWS(wrong) - SILENT_ROWS);
    add_rows(tcase, test_ports_are_named, closed);
    tcase_add_test(tcase, test_nobody_there);
    tcase_add_test(tcase, test_elsewhere);
    tcase_add_test(tcase, test_wrong_password);
    add_rows(tcase, test_lies, lies);
    add_rows(tcase, test_unusable, unusable);
    add_rows(tcase, test_unasked, unasked);
    tcase_add_loop_test(tcase, test_ntlm_needs_both, 0, 2);
    tcase_add_test(tcase, test_poll_number);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

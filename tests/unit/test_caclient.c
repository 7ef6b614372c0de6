/* A CA behind a program: what is asked, what is made of the answer, and of none. */
#include "wire/caclient.h"

#include "base/mem.h"
#include "support/check_run.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHORT 1  /* seconds; what must fail for being late */
#define LONG  60 /* what must not, on a machine that is busy */

static struct cs_secret *password;

static cs_rc get_password(struct cs_ca_password *self, const char *account,
                          const struct cs_secret **ret_secret, struct cs_err *err)
{
    (void)self;
    (void)err;
    ck_assert_str_eq(account, "CORP\\svc");
    *ret_secret = password;
    return CS_OK;
}

static struct cs_ca_password passwords = {get_password};

static void setup(void)
{
    char text[] = "pa\"ss\xc3\xa9";
    struct cs_err err = {0};

    alarm(100);
    assert_ok(cs_secret_setup(&err), &err);
    assert_ok(cs_secret_take(text, strlen(text), &password, &err), &err);
}

static void teardown(void)
{
    cs_secret_free(password);
}

/* What @name tells the program to do is its CA's name. */
static struct cs_caclient *client_of(const char *name, unsigned timeout)
{
    cs_auto_value(cs_strv) addresses = {0};
    const struct cs_caclient_options options = {
        .program = CS_CACHILD,
        .name = name,
        .type = "program",
        .addresses = &addresses,
        .timeout = timeout,
    };

    cs_strv_add(&addresses, "here");
    return cs_caclient_new(&options);
}

static const struct cs_bytes csr = {(uint8_t *)(uintptr_t) "\x30\x01\x02", 3};

static cs_rc submit(struct cs_caclient *client, struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    const struct cs_ca_submission submission = {.csr = &csr, .template_name = "WebServer"};
    struct cs_ca *ca = cs_caclient_ca(client);

    return ca->ops->submit(ca, &submission, ret_answer, err);
}

static bool may_have_it(struct cs_caclient *client)
{
    struct cs_ca *ca = cs_caclient_ca(client);

    return ca->ops->may_have_it(ca);
}

/* ---- questions ---- */

/* The question in full: every member that was said, nothing that was not, no secret in it. */
START_TEST(test_question)
{
    cs_auto_value(cs_strv) addresses = {0};
    cs_auto_value(cs_ca_answer) answer = {0};
    const struct cs_bytes chain = {(uint8_t *)(uintptr_t) "\x30\x00", 2};
    const struct cs_caclient_options options = {
        .program = CS_CACHILD,
        .name = "echo:",
        .type = "rpc",
        .addresses = &addresses,
        .auth = "ntlm",
        .account = "CORP\\svc",
        .password = &passwords,
        .realm = "CORP.TEST",
        .ccache = "FILE:/a",
        .keytab = "/k",
        .krb5_config = "/c",
        .anchors = "/r.pem",
        .client_chain = &chain,
        .timeout = 77,
    };
    struct cs_err err = {0};

    cs_strv_add(&addresses, "host\\ca & co");
    cs_auto(cs_caclient) client = cs_caclient_new(&options);
    assert_ok(submit(client, &answer, &err), &err);
    ck_assert_str_eq(
        answer.message,
        "{\"attributes\":{\"CertificateTemplate\":\"WebServer\"},"
        "\"ca\":{\"account\":\"CORP\\\\svc\",\"address\":\"host\\\\ca & co\",\"anchors\":\"/"
        "r.pem\",\"auth\":\"ntlm\",\"ccache\":\"FILE:/a\",\"client_chain\":\"MAA=\",\"keytab\":\"/"
        "k\",\"krb5_config\":\"/c\",\"name\":\"echo:\",\"realm\":\"CORP.TEST\",\"timeout\":77,"
        "\"type\":\"rpc\"},\"csr\":\"MAEC\",\"op\":\"submit\",\"secrets\":[\"password\"],\"v\":1}");
}
END_TEST

START_TEST(test_poll_question)
{
    cs_auto(cs_caclient) client = client_of("echo:", LONG);
    struct cs_ca *ca = cs_caclient_ca(client);
    const struct cs_ca_submission submission = {
        .csr = &csr, .account = "u@d", .global_catalog = "gc", .global_settings_dc = "dc"};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    assert_ok(ca->ops->poll(ca, "7", "https://h/p", &submission, &answer, &err), &err);
    ck_assert_str_eq(answer.message,
                     "{\"attributes\":{},\"ca\":{\"account\":\"u@d\",\"address\":\"here\","
                     "\"global_catalog\":\"gc\",\"global_settings_dc\":\"dc\",\"name\":\"echo:\","
                     "\"timeout\":60,\"type\":\"program\"},\"handle\":\"https://h/p\",\"op\":"
                     "\"poll\",\"request_id\":\"7\",\"v\":1}");
}
END_TEST

/* A program that answers because it waited for too long is gone then, which costs the next question
 * nothing. */
START_TEST(test_limit)
{
    cs_auto(cs_caclient) client = client_of("late:", LONG);
    const struct cs_ca_submission submission = {.csr = NULL};
    cs_auto_value(cs_ca_finding_list) findings = {0};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    for (int i = 0; i < 2; i++) {
        assert_fails(submit(client, &answer, &err), CS_E_CA_UNREACHABLE, &err);
        ck_assert_str_eq(err.message, "too late");
        ck_assert(!may_have_it(client));
    }
    assert_fails(cs_caclient_probe(client, &submission, &findings, &err), CS_E_CA_UNREACHABLE,
                 &err);
    ck_assert_uint_eq(findings.count, 2); /* the address, and its own */
    ck_assert_str_eq(findings.items[1].step, "begun");
}
END_TEST

/* What became of another's request is not taken for what became of this one. */
START_TEST(test_another_request)
{
    cs_auto(cs_caclient) client = client_of("echo:", LONG);
    struct cs_ca *ca = cs_caclient_ca(client);
    const struct cs_ca_submission submission = {.csr = &csr};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    assert_fails(ca->ops->poll(ca, "77", NULL, &submission, &answer, &err), CS_E_CA_UNREACHABLE,
                 &err);
    assert_contains(err.message, "echo: was asked about request 77 and answers about 7");
    ck_assert_ptr_null(answer.message);
}
END_TEST

/* The account that the request names goes before the section's, and with its own password only. */
START_TEST(test_secret)
{
    cs_auto_value(cs_strv) addresses = {0};
    const struct cs_caclient_options options = {
        .program = CS_CACHILD,
        .name = "secret:",
        .type = "program",
        .addresses = &addresses,
        .account = "CORP\\svc",
        .password = &passwords,
    };
    const struct cs_ca_submission submissions[] = {
        {.csr = &csr},
        {.csr = &csr, .account = "x\\y"},
        {.csr = &csr, .account = "x\\y", .password = password},
    };
    static const char *const expected[] = {"pa\"ss\xc3\xa9", "none", "pa\"ss\xc3\xa9"};

    cs_strv_add(&addresses, "here");
    cs_auto(cs_caclient) client = cs_caclient_new(&options);
    struct cs_ca *ca = cs_caclient_ca(client);
    for (size_t i = 0; i < ROWS(submissions); i++) {
        cs_auto_value(cs_ca_answer) answer = {0};
        struct cs_err err = {0};
        assert_ok(ca->ops->submit(ca, &submissions[i], &answer, &err), &err);
        ck_assert_str_eq(answer.message, expected[i]);
    }
}
END_TEST

/* It ends between the question and the password: it had the question. */
START_TEST(test_ends_early)
{
    cs_auto(cs_caclient) client = client_of("early:", LONG);
    const struct cs_ca_submission submission = {
        .csr = &csr, .account = "x\\y", .password = password};
    struct cs_ca *ca = cs_caclient_ca(client);
    struct cs_ca_answer answer = {0};
    struct cs_err err = {0};

    assert_fails(ca->ops->submit(ca, &submission, &answer, &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, "ended with exit code 0");
    ck_assert(may_have_it(client));
}
END_TEST

/* One program for the run; after one that has ended between two questions another, which costs
 * nothing. */
START_TEST(test_one_program)
{
    cs_auto(cs_caclient) client = client_of("pid:", LONG);
    cs_auto_value(cs_ca_answer) first = {0};
    cs_auto_value(cs_ca_answer) second = {0};
    cs_auto_value(cs_ca_answer) third = {0};
    struct cs_err err = {0};
    siginfo_t end;

    assert_ok(submit(client, &first, &err), &err);
    assert_ok(submit(client, &second, &err), &err);
    ck_assert_str_eq(first.message, second.message);
    pid_t pid = atoi(first.message);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT), 0);
    assert_ok(submit(client, &third, &err), &err);
    ck_assert_str_ne(first.message, third.message);
}
END_TEST

/* Standard streams and the socket: what this process has open does not get there. */
START_TEST(test_descriptors)
{
    cs_auto(cs_caclient) client = client_of("fds:", LONG);
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};
    int mine[] = {dup(0), dup(0), dup(0)};

    assert_ok(submit(client, &answer, &err), &err);
    ck_assert_str_eq(answer.message, "0 1 2 3");
    for (size_t i = 0; i < ROWS(mine); i++) {
        close(mine[i]);
    }
}
END_TEST

/* ---- what it does wrong ---- */

static const struct {
    const char *name;
    unsigned timeout;
    bool sent; /* the CA may have the request */
    cs_rc rc;
    const char *message;
} bad[] = {
    {"die:", LONG, true, CS_E_CA_UNREACHABLE, "was killed by signal 6 (Aborted) while die: was"},
    {"stall:", SHORT, true, CS_E_CA_UNREACHABLE, "did not end and was killed while stall: was"},
    {"raw:", LONG, true, CS_E_CA_UNREACHABLE, "closed the connection before the end of a frame"},
    {"raw:HTTP/1.1 200 OK", LONG, true, CS_E_CA_UNREACHABLE, "announced a frame of"},
    {"answer:", LONG, true, CS_E_CA_UNREACHABLE, "cannot be used: it is no JSON"},
    {"answer:{\"v\":2,\"disposition\":\"ok\"}", LONG, true, CS_E_CA_UNREACHABLE, "another version"},
    {"answer:{\"v\":1,\"disposition\":\"issued\"}", LONG, true, CS_E_CA_UNREACHABLE,
     "is issued is not in it"},
    /* it did something, but not what was asked: only the first says that the CA has not got it */
    {"answer:{\"v\":1,\"disposition\":\"unsupported\"}", LONG, false, CS_E_CONFIG,
     "does not do what was asked"},
    {"answer:{\"v\":1,\"disposition\":\"ok\"}", LONG, true, CS_E_CA_UNREACHABLE,
     "\"ok\" does not say what became of the request"},
    /* errors in good form: nothing is said of sending, it is, it is not */
    {"answer:{\"v\":1,\"disposition\":\"error\",\"error\":{\"code\":\"CA_REFUSED\",\"message\":"
     "\"no\"}}",
     LONG, true, CS_E_CA_REFUSED, "no"},
    {"answer:{\"v\":1,\"disposition\":\"error\",\"sent\":true,\"error\":{\"code\":\"CONFIG\","
     "\"message\":\"no\"}}",
     LONG, true, CS_E_CONFIG, "no"},
    {"answer:{\"v\":1,\"disposition\":\"error\",\"sent\":false,\"error\":{\"code\":"
     "\"CA_UNREACHABLE\",\"message\":\"no\"}}",
     LONG, false, CS_E_CA_UNREACHABLE, "no"},
};

START_TEST(test_bad)
{
    cs_auto(cs_caclient) client = client_of(bad[_i].name, bad[_i].timeout);
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    assert_fails(submit(client, &answer, &err), bad[_i].rc, &err);
    assert_contains(err.message, bad[_i].message);
    ck_assert(*err.hint);
    ck_assert_int_eq(may_have_it(client), bad[_i].sent);
}
END_TEST

/* A program that is not there, and one that ends without a word: nothing can have been sent by the
 * first. */
START_TEST(test_no_program)
{
    cs_auto_value(cs_strv) addresses = {0};
    struct cs_caclient_options options = {
        .program = "/nonexistent/program", .name = "n", .type = "t", .addresses = &addresses};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    cs_strv_add(&addresses, "here");
    cs_auto(cs_caclient) none = cs_caclient_new(&options);
    assert_fails(submit(none, &answer, &err), CS_E_CONFIG, &err);
    ck_assert(!may_have_it(none));
    options.program = "/bin/true";
    cs_auto(cs_caclient) silent = cs_caclient_new(&options);
    assert_fails(submit(silent, &answer, &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, "true ended with exit code 0");
}
END_TEST

/* ---- several addresses ---- */

static const struct {
    const char *addresses;
    cs_rc rc;
    const char *answer; /* the address that answered, or a part of the message */
    bool sent;
} lists[] = {
    {"a b", CS_OK, "a", false},
    {"down b", CS_OK, "b", false},
    {"down down c", CS_OK, "c", false},
    {"lost b", CS_E_CA_UNREACHABLE, "lost is not there", true},
    {"down lost c", CS_E_CA_UNREACHABLE, "lost is not there", true},
    {"down down", CS_E_CA_UNREACHABLE, "none of the 2 addresses of address:", false},
    {"down", CS_E_CA_UNREACHABLE, "down is not there", false},
};

START_TEST(test_addresses)
{
    cs_auto_value(cs_strv) addresses = {0};
    const struct cs_caclient_options options = {
        .program = CS_CACHILD, .name = "address:", .type = "t", .addresses = &addresses};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    cs_strv_split(&addresses, lists[_i].addresses, ' ');
    cs_auto(cs_caclient) client = cs_caclient_new(&options);
    cs_rc rc = submit(client, &answer, &err);
    ck_assert_int_eq(rc, lists[_i].rc);
    ck_assert_int_eq(may_have_it(client), lists[_i].sent);
    if (rc != CS_OK) {
        assert_contains(err.message, lists[_i].answer);
        return;
    }
    ck_assert_str_eq(answer.message, lists[_i].answer);
    /* The next question goes to the one that answered. */
    cs_ca_answer_done(&answer);
    assert_ok(submit(client, &answer, &err), &err);
    ck_assert_str_eq(answer.message, lists[_i].answer);
}
END_TEST

/* A poll changes nothing, so that it is asked everywhere. */
START_TEST(test_poll_everywhere)
{
    cs_auto_value(cs_strv) addresses = {0};
    const struct cs_caclient_options options = {
        .program = CS_CACHILD, .name = "address:", .type = "t", .addresses = &addresses};
    cs_auto_value(cs_ca_answer) answer = {0};
    const struct cs_ca_submission submission = {.csr = NULL};
    struct cs_err err = {0};

    cs_strv_split(&addresses, "lost b", ' ');
    cs_auto(cs_caclient) client = cs_caclient_new(&options);
    struct cs_ca *ca = cs_caclient_ca(client);
    assert_ok(ca->ops->poll(ca, "7", NULL, &submission, &answer, &err), &err);
    ck_assert_str_eq(answer.message, "b");
}
END_TEST

/* ---- signatures ---- */

static unsigned signs;

static cs_rc sign(struct cs_caclient_helper *helper, const char *scheme,
                  const struct cs_bytes *data, struct cs_bytes *ret_signature, struct cs_err *err)
{
    (void)helper;
    signs++;
    ck_assert_uint_eq(data->len, 6);
    ck_assert_mem_eq(data->data, "digest", 6);
    if (strcmp(scheme, "ecdsa-sha256") != 0) {
        return cs_fail(err, CS_E_TOKEN_REFUSED, "the token does not do %s", scheme);
    }
    *ret_signature = cs_bytes_copy("\x01\xff", 2);
    return CS_OK;
}

static struct cs_caclient_helper signer = {.sign = sign};

static const struct {
    const char *name;
    struct cs_caclient_helper *helper;
    cs_rc rc;
    const char *message;
    unsigned signs;
} signed_rows[] = {
    {"sign:ecdsa-sha256", &signer, CS_OK, "01ff", 1},
    {"sign:rsa-pkcs1-md5", &signer, CS_E_TOKEN_REFUSED, "does not do rsa-pkcs1-md5", 1},
    {"sign:ecdsa-sha256", NULL, CS_E_CONFIG, "none is configured", 0},
    {"signs:", &signer, CS_E_CA_UNREACHABLE, "more than 64 signatures", 64},
};

START_TEST(test_sign)
{
    cs_auto_value(cs_strv) addresses = {0};
    const struct cs_caclient_options options = {.program = CS_CACHILD,
                                                .name = signed_rows[_i].name,
                                                .type = "t",
                                                .addresses = &addresses,
                                                .helper = signed_rows[_i].helper};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    cs_strv_add(&addresses, "here");
    cs_auto(cs_caclient) client = cs_caclient_new(&options);
    cs_rc rc = submit(client, &answer, &err);
    ck_assert_int_eq(rc, signed_rows[_i].rc);
    assert_contains(rc == CS_OK ? answer.message : err.message, signed_rows[_i].message);
    ck_assert_uint_eq(signs, signed_rows[_i].signs);
}
END_TEST

/* As a person who has to find the token's PIN: longer than a question with SHORT may take. */
static cs_rc sign_slowly(struct cs_caclient_helper *helper, const char *scheme,
                         const struct cs_bytes *data, struct cs_bytes *ret_signature,
                         struct cs_err *err)
{
    poll(NULL, 0, signs == 0 ? 6500 : 0);
    return sign(helper, scheme, data, ret_signature, err);
}

/* It cannot make a question longer by asking for signatures, but the token may. */
START_TEST(test_slow_signs)
{
    cs_auto_value(cs_strv) addresses = {0};
    struct cs_caclient_helper slow = {.sign = sign_slowly};
    const struct cs_caclient_options options = {.program = CS_CACHILD,
                                                .name = "drip:",
                                                .type = "t",
                                                .addresses = &addresses,
                                                .timeout = SHORT,
                                                .helper = &slow};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    cs_strv_add(&addresses, "here");
    cs_auto(cs_caclient) client = cs_caclient_new(&options);
    assert_fails(submit(client, &answer, &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, "did not answer in time");
    ck_assert_uint_gt(signs, 1);
    ck_assert_uint_lt(signs, 64);
}
END_TEST

/* ---- a signal ---- */

static unsigned looks;
static unsigned stop_at;

static bool says_stop(struct cs_caclient_helper *helper)
{
    (void)helper;
    return ++looks >= stop_at;
}

/* Also one that came just before the wait, which it does not end. */
START_TEST(test_interrupted)
{
    cs_auto_value(cs_strv) addresses = {0};
    struct cs_caclient_helper helper = {.interrupted = says_stop};
    const struct cs_caclient_options options = {.program = CS_CACHILD,
                                                .name = "stall:",
                                                .type = "t",
                                                .addresses = &addresses,
                                                .timeout = 3600,
                                                .helper = &helper};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    looks = 0;
    stop_at = (unsigned)_i;
    cs_strv_add(&addresses, "here");
    cs_auto(cs_caclient) client = cs_caclient_new(&options);
    assert_fails(submit(client, &answer, &err), CS_E_CANCELLED, &err);
    ck_assert(may_have_it(client));
    ck_assert_uint_eq(looks, stop_at);
}
END_TEST

/* ---- beside the port ---- */

START_TEST(test_check_and_probe)
{
    cs_auto(cs_caclient) client =
        client_of("answer:{\"v\":1,\"disposition\":\"unsupported\"}", LONG);
    struct cs_ca *ca = cs_caclient_ca(client);
    const struct cs_ca_submission submission = {.template_name = "T"};
    cs_auto_value(cs_ca_finding_list) findings = {0};
    cs_auto_value(cs_ca_entry_list) entries = {0};
    struct cs_err err = {0};

    assert_ok(ca->ops->check(ca, &submission, &err), &err);
    assert_ok(cs_caclient_probe(client, &submission, &findings, &err), &err);
    ck_assert_uint_eq(findings.count, 2);
    ck_assert_str_eq(findings.items[0].detail, "here");
    ck_assert_str_eq(findings.items[1].detail, "cs-cachild does not know how");
    assert_fails(cs_caclient_list(client, &submission, &entries, &err), CS_E_CONFIG, &err);
}
END_TEST

/* What was found before it failed is shown. */
START_TEST(test_probe_fails)
{
    cs_auto(cs_caclient) client = client_of(
        "answer:{\"v\":1,\"disposition\":\"error\",\"findings\":[{\"step\":\"port\",\"detail\":"
        "\"open\",\"ok\":true}],\"error\":{\"code\":\"CA_REFUSED\",\"message\":\"no\"}}",
        LONG);
    const struct cs_ca_submission submission = {.template_name = NULL};
    cs_auto_value(cs_ca_finding_list) findings = {0};
    struct cs_err err = {0};

    assert_fails(cs_caclient_probe(client, &submission, &findings, &err), CS_E_CA_REFUSED, &err);
    ck_assert_uint_eq(findings.count, 2);
    ck_assert(!findings.items[0].ok);
    ck_assert(findings.items[1].ok);
    ck_assert_str_eq(findings.items[1].step, "port");
}
END_TEST

/* Every address is tried; one that fails is said also where another answers (docs/AD-CS.md). */
static const struct {
    const char *addresses;
    cs_rc rc;
    const char *message;
    const char *ok; /* of each address */
} probes[] = {
    {"a b", CS_OK, "", "yy"},
    {"down b", CS_E_CA_UNREACHABLE, "down is not there", "ny"},
    {"a down", CS_E_CA_UNREACHABLE, "down is not there", "yn"},
    {"a refused down", CS_E_CA_REFUSED, "refused: no", "ynn"},
    {"down refused a", CS_E_CA_UNREACHABLE, "down is not there", "nny"},
};

START_TEST(test_probe_addresses)
{
    cs_auto_value(cs_strv) addresses = {0};
    const struct cs_caclient_options options = {
        .program = CS_CACHILD, .name = "probe:", .type = "t", .addresses = &addresses};
    const struct cs_ca_submission submission = {.template_name = NULL};
    cs_auto_value(cs_ca_finding_list) findings = {0};
    struct cs_err err = {0};

    cs_strv_split(&addresses, probes[_i].addresses, ' ');
    cs_auto(cs_caclient) client = cs_caclient_new(&options);
    ck_assert_int_eq(cs_caclient_probe(client, &submission, &findings, &err), probes[_i].rc);
    ck_assert_str_eq(err.message, probes[_i].message);
    ck_assert_uint_eq(findings.count, strlen(probes[_i].ok));
    for (size_t i = 0; i < findings.count; i++) {
        ck_assert_str_eq(findings.items[i].detail, addresses.items[i]);
        ck_assert_int_eq(findings.items[i].ok, probes[_i].ok[i] == 'y');
    }
}
END_TEST

START_TEST(test_list)
{
    cs_auto(cs_caclient) client =
        client_of("answer:{\"v\":1,\"disposition\":\"ok\",\"cas\":[{\"name\":\"h\\\\c\",\"host\":"
                  "\"h\",\"authority\":\"c\",\"templates\":[\"A\",\"B\"],\"urls\":[]}]}",
                  LONG);
    const struct cs_ca_submission submission = {.template_name = NULL};
    cs_auto_value(cs_ca_entry_list) entries = {0};
    struct cs_err err = {0};

    assert_ok(cs_caclient_list(client, &submission, &entries, &err), &err);
    ck_assert_uint_eq(entries.count, 1);
    ck_assert_str_eq(entries.items[0].name, "h\\c");
    ck_assert_str_eq(entries.items[0].host, "h");
    ck_assert_str_eq(entries.items[0].authority, "c");
    ck_assert_uint_eq(entries.items[0].templates.count, 2);
    ck_assert_str_eq(entries.items[0].templates.items[1], "B");
    ck_assert_uint_eq(entries.items[0].urls.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("caclient");
    TCase *tcase = tcase_create("caclient");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 100);
    tcase_add_test(tcase, test_question);
    tcase_add_test(tcase, test_poll_question);
    tcase_add_test(tcase, test_another_request);
    tcase_add_test(tcase, test_secret);
    tcase_add_test(tcase, test_ends_early);
    tcase_add_test(tcase, test_limit);
    tcase_add_test(tcase, test_one_program);
    tcase_add_test(tcase, test_descriptors);
    add_rows(tcase, test_bad, bad);
    tcase_add_test(tcase, test_no_program);
    add_rows(tcase, test_addresses, lists);
    tcase_add_test(tcase, test_poll_everywhere);
    add_rows(tcase, test_sign, signed_rows);
    tcase_add_test(tcase, test_slow_signs);
    tcase_add_loop_test(tcase, test_interrupted, 1, 3);
    tcase_add_test(tcase, test_check_and_probe);
    tcase_add_test(tcase, test_probe_fails);
    add_rows(tcase, test_probe_addresses, probes);
    tcase_add_test(tcase, test_list);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

/* core/ca/serve.c: questions to protocols and back, over a socket, in a process of its own. */
#include "base/mem.h"
#include "ca/serve.h"
#include "support/check_run.h"
#include "wire/frame.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a protocol that tells what it was given ---- */

static char *said(const struct cs_ca_target *target, const struct cs_ca_question *question)
{
    int64_t left_ms = target->until_ms - cs_frame_deadline(0);

    return cs_asprintf("%s|%s|%s|%d|%s|%s|%s|%s|%s|%s|%zu|%s", target->address,
                       target->host ? target->host : "-",
                       target->authority ? target->authority : "-", (int)target->auth,
                       target->account ? target->account : "-", target->password ? "password" : "-",
                       left_ms > 60000 || left_ms <= 0 ? "?"
                       : left_ms > 7000                ? "60"
                                                       : "7",
                       question->template_name ? question->template_name : "-",
                       question->request_id ? question->request_id : "-",
                       question->handle ? question->handle : "-",
                       question->csr ? question->csr->len : 0, target->signer ? "signer" : "-");
}

static cs_rc submit(const struct cs_ca_target *target, const struct cs_ca_question *question,
                    struct cs_ca_answer *ret_answer, bool *ret_sent, struct cs_err *err)
{
    *ret_sent = true;
    if (strcmp(target->address, "lost") == 0) {
        cs_err_set(err, CS_E_CA_UNREACHABLE, "lost");
        cs_err_cause(err, CS_ORIGIN_HRESULT, 0x800706ba, NULL, "call");
        return CS_E_CA_UNREACHABLE;
    }
    *ret_answer = (struct cs_ca_answer){
        .disposition = CS_CA_PENDING,
        .request_id = cs_strdup("1"),
        .message = said(target, question),
    };
    return CS_OK;
}

static cs_rc poll_request(const struct cs_ca_target *target, const struct cs_ca_question *question,
                          struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    (void)err;
    (void)target;
    (void)question;
    *ret_answer = (struct cs_ca_answer){.disposition = CS_CA_DENIED, .code = 0x80094014};
    return CS_OK;
}

static cs_rc probe(const struct cs_ca_target *target, struct cs_ca_finding_list *ret_findings,
                   struct cs_err *err)
{
    (void)err;
    cs_ca_finding_add(ret_findings, true, "address", "%s", target->address);
    return CS_OK;
}

/* What is watched may have a limit of its own, which says more: alarm(2), in whole seconds, comes
 * later. */
static cs_rc check_watch(const struct cs_ca_target *target, struct cs_err *err)
{
    (void)poll(NULL, 0, 20); /* no whole second is left */
    cs_ca_watch_begin(target, "what is watched");
    int64_t alarm_ms = (int64_t)alarm(0) * 1000;
    int64_t left_ms = target->until_ms - cs_frame_deadline(0);

    cs_ca_watch_end(target);
    return alarm_ms - left_ms >= 500 ? CS_OK
                                     : cs_fail(err, CS_E_INTERNAL, "%lld ms later than the limit",
                                               (long long)(alarm_ms - left_ms));
}

static cs_rc check(const struct cs_ca_target *target, const struct cs_ca_question *question,
                   struct cs_err *err)
{
    if (strcmp(question->template_name, "watched") == 0) {
        return check_watch(target, err);
    }
    return strcmp(question->template_name, "T") == 0
               ? CS_OK
               : cs_fail(err, CS_E_CA_REFUSED, "no template %s", question->template_name);
}

static const struct cs_ca_protocol full = {"full", submit, poll_request, probe, check};
static const struct cs_ca_protocol poor = {"poor", submit, poll_request, probe, NULL};

static const struct cs_ca_protocol *find(const char *name)
{
    return strcmp(name, "full") == 0 ? &full : strcmp(name, "poor") == 0 ? &poor : NULL;
}

static cs_rc list(const struct cs_ca_target *target, struct cs_ca_entry_list *ret_entries,
                  struct cs_err *err)
{
    struct cs_ca_entry *entry = cs_ca_entry_list_add(ret_entries);

    (void)err;
    entry->name = cs_strdup("h\\c");
    entry->host = cs_strdup(target->global_catalog);
    entry->authority = cs_strdup("c");
    return CS_OK;
}

/* ---- the process ---- */

static int end = -1;
static pid_t pid;

static void start(cs_ca_list_fn lister)
{
    const struct cs_ca_served served = {find, lister};
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        close(ends[0]);
        _exit(cs_secret_setup(NULL) == CS_OK ? cs_ca_serve(ends[1], &served) : 99);
    }
    close(ends[1]);
    end = ends[0];
}

static void finish(void)
{
    int status = 0;

    close(end);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

static char *ask(const char *question)
{
    struct cs_bytes frame = {0};
    struct cs_err err = {0};
    int64_t deadline = cs_frame_deadline(60000);

    assert_ok(cs_frame_write(end, question, strlen(question), deadline, &err), &err);
    if (strstr(question, "secrets")) {
        assert_ok(cs_frame_write(end, "pw", 2, deadline, &err), &err);
    }
    assert_ok(cs_frame_read(end, 1 << 16, deadline, &frame, &err), &err);
    return (char *)frame.data;
}

#define CA(members) "{\"v\":1,\"ca\":{" members "},"

static const struct {
    const char *question;
    const char *answer; /* a part of it */
} rows[] = {
    {CA("\"type\":\"full\",\"address\":\"ca01.x\\\\my "
        "ca\",\"auth\":\"ntlm\",\"account\":\"a\\\\b\","
        "\"timeout\":7") "\"op\":\"submit\",\"csr\":\"MAEC\",\"attributes\":{"
                         "\"CertificateTemplate\":\"T\"},\"secrets\":[\"password\"]}",
     "ca01.x\\\\my ca|ca01.x|my ca|1|a\\\\b|password|7|T|-|-|3|-\""},
    {CA("\"type\":\"full\",\"address\":\"https://h/x\",\"client_chain\":\"MAA=\"") "\"op\":"
                                                                                   "\"submit\","
                                                                                   "\"csr\":"
                                                                                   "\"MAEC\"}",
     "https://h/x|-|-|0|-|-|60|-|-|-|3|signer\""},
    /* an answer that is only a number gets its name, what it means and what to do */
    {CA("\"type\":\"full\",\"address\":\"a\"") "\"op\":\"poll\",\"request_id\":\"5\"}",
     "\"code\":2148089876,\"code_name\":\"CERTSRV_E_ADMIN_DENIED_REQUEST\",\"disposition\":"
     "\"denied\",\"hint\":\"ask the CA's administrator why\",\"message\":\"The CA's administrator "
     "denied the request.\",\"v\":1"},
    /* and so does an error */
    {CA("\"type\":\"full\",\"address\":\"lost\"") "\"op\":\"submit\",\"csr\":\"MAEC\"}",
     "\"cause\":2147944122,\"cause_name\":\"RPC_S_SERVER_UNAVAILABLE\",\"code\":\"CA_UNREACHABLE\","
     "\"hint\":\"open TCP port 135"},
    {CA("\"type\":\"full\",\"address\":\"lost\"") "\"op\":\"submit\",\"csr\":\"MAEC\"}",
     "\"sent\":true"},
    {CA("\"type\":\"full\",\"address\":\"a\"") "\"op\":\"submit\"}",
     "there is no request to submit"},
    {CA("\"type\":\"full\",\"address\":\"a\"") "\"op\":\"check\",\"attributes\":{"
                                               "\"CertificateTemplate\":\"T\"}}",
     "{\"disposition\":\"ok\",\"v\":1}"},
    {CA("\"type\":\"full\",\"address\":\"a\"") "\"op\":\"check\",\"attributes\":{"
                                               "\"CertificateTemplate\":\"U\"}}",
     "no template U"},
    {CA("\"type\":\"full\",\"address\":\"a\",\"timeout\":2") "\"op\":\"check\",\"attributes\":{"
                                                             "\"CertificateTemplate\":\"watched\"}"
                                                             "}",
     "{\"disposition\":\"ok\",\"v\":1}"},
    {CA("\"type\":\"poor\",\"address\":\"a\"") "\"op\":\"check\",\"attributes\":{"
                                               "\"CertificateTemplate\":\"U\"}}",
     "{\"disposition\":\"unsupported\",\"v\":1}"},
    {CA("\"type\":\"full\",\"address\":\"a\"") "\"op\":\"probe\"}",
     "{\"detail\":\"a\",\"ok\":true,\"step\":\"address\"}"},
    {CA("\"type\":\"full\",\"address\":\"a\"") "\"op\":\"probe\"}", "\"step\":\"confinement\""},
    {CA("\"type\":\"directory\",\"global_catalog\":\"gc1\"") "\"op\":\"list\"}",
     "\"authority\":\"c\",\"host\":\"gc1\",\"name\":\"h\\\\c\""},
    /* what is not known */
    {CA("\"type\":\"full\",\"address\":\"a\"") "\"op\":\"revoke\"}",
     "{\"disposition\":\"unsupported\",\"v\":1}"},
    {CA("\"type\":\"telepathy\",\"address\":\"a\"") "\"op\":\"poll\"}",
     "this cscert-ca does not speak \\\"telepathy\\\""},
    {CA("\"address\":\"a\"") "\"op\":\"poll\"}", "does not speak \\\"\\\""},
    {CA("\"type\":\"full\",\"address\":\"a\",\"auth\":\"magic\"") "\"op\":\"poll\"}",
     "auth \\\"magic\\\" is not known"},
};

START_TEST(test_rows)
{
    start(list);
    cs_autofree char *answer = ask(rows[_i].question);
    assert_contains(answer, rows[_i].answer);
    finish();
}
END_TEST

/* All of them to one process; it is confined once. */
START_TEST(test_one_process)
{
    start(list);
    for (size_t i = 0; i < ROWS(rows); i++) {
        cs_autofree char *answer = ask(rows[i].question);
        assert_contains(answer, rows[i].answer);
    }
    finish();
}
END_TEST

/* Of the user's tickets only those that the question is about; docs/CA-PROGRAM.md. */
static const struct {
    const char *ccache;
    const char *keytab;
    const char *others; /* of anchors, krb5_config */
    const char *files;  /* NULL: the default cache */
    bool local_sockets;
    bool keyrings;
} needs[] = {
    {NULL, NULL, NULL, NULL, false, false},
    {"/home/u/cc", NULL, NULL, "/home/u/cc", false, false},
    {"FILE:/home/u/cc", NULL, "/r", "/home/u/cc /r /r /s", false, false},
    {"DIR:/home/u", NULL, NULL, "/home/u", false, false},
    {"DIR:relative", NULL, NULL, "", false, false},
    {"KCM:", NULL, NULL, "", true, false},
    {"KEYRING:persistent:0", NULL, NULL, "", false, true},
    {"MEMORY:KCM:", NULL, NULL, "", false, false},
    {NULL, "/etc/krb5.keytab", NULL, "/etc/krb5.keytab", false, false},
    /* KRB5CCNAME is often there; a keytab makes it needless */
    {"KCM:", "FILE:/k", "/r", "/k /r /r /s", false, false},
    {"KEYRING:x", "/k", NULL, "/k", false, false},
    {"/home/u/cc", "/k", NULL, "/k", false, false},
};

START_TEST(test_needs)
{
    cs_autofree char *usual = cs_asprintf("/tmp/krb5cc_%u", (unsigned)geteuid());
    const struct cs_caserve_call call = {
        .ccache = (char *)(uintptr_t)needs[_i].ccache,
        .keytab = (char *)(uintptr_t)needs[_i].keytab,
        .anchors = (char *)(uintptr_t)needs[_i].others,
        .krb5_config = (char *)(uintptr_t)(needs[_i].others ? "/r:/s" : NULL),
    };
    cs_auto_value(cs_strv) files = {0};
    struct cs_confine what;

    cs_ca_confine_what(&call, &files, &what);
    cs_autofree char *found = cs_strv_join(&files, " ");
    ck_assert_str_eq(found, needs[_i].files ? needs[_i].files : usual);
    ck_assert_int_eq(what.local_sockets, needs[_i].local_sockets);
    ck_assert_int_eq(what.keyrings, needs[_i].keyrings);
}
END_TEST

/* What this cscert-ca speaks; each row does all that must be done. */
START_TEST(test_table)
{
    static const char *const names[] = {"rpc", "certsrv", "ces"};

    for (size_t i = 0; i < ROWS(names); i++) {
        const struct cs_ca_protocol *protocol = cs_ca_protocol_find(names[i]);
        ck_assert_msg(protocol && protocol->submit && protocol->poll && protocol->probe, "%s",
                      names[i]);
        ck_assert_str_eq(protocol->name, names[i]);
    }
    ck_assert_ptr_null(cs_ca_protocol_find("lab"));
    ck_assert_ptr_null(cs_ca_protocol_find(""));
    ck_assert(cs_ca_lister() != NULL);
}
END_TEST

START_TEST(test_no_lister)
{
    start(NULL);
    cs_autofree char *answer = ask("{\"v\":1,\"op\":\"list\",\"ca\":{}}");
    ck_assert_str_eq(answer, "{\"disposition\":\"unsupported\",\"v\":1}");
    finish();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("caserving");
    TCase *tcase = tcase_create("caserving");

    add_rows(tcase, test_rows, rows);
    tcase_add_test(tcase, test_one_process);
    add_rows(tcase, test_needs, needs);
    tcase_add_test(tcase, test_table);
    tcase_add_test(tcase, test_no_lister);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

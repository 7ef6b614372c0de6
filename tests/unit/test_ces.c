/* An enrolment service that answers as it likes; with Kerberos, and a real one's life of a request:
 * tests/ad/test_ways.c. */
#include "support/webca.h"

static struct httpsd foreign;

static void enter(void)
{
    webca_enter();
    httpsd_start_again(&foreign);
}

static void leave(void)
{
    httpsd_stop(&foreign);
    webca_leave();
}

static const struct cs_bytes csr = {(uint8_t *)(uintptr_t) "a request", 9};
static const struct cs_ca_question submission = {.csr = &csr, .template_name = "WebServer"};

/* ---- the address to ask again ---- */

/* @own: the service's port; @other: a port where another server is. */
static const char *const foreign_urls[] = {
    "https://localhost:%2$d/file/evil",
    "https://127.0.0.1:%1$d/file/evil",
    "http://localhost:%1$d/file/evil",
    "https://localhost:%1$d@localhost:%2$d/file/evil",
    "https://localhost:%1$d%2$d/file/evil",
    "https://localhost/file/evil",
    "/file/evil",
    "https://",
    "",
};

static char *url_of(const char *format)
{
    char url[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(url, sizeof url, format, webca_server.port, foreign.port);
#pragma GCC diagnostic pop
    return cs_strdup(url);
}

/* Whoever is named there: who asks and the password go to the service that was configured, be the
 * address in its answer or in what was stored. */
START_TEST(a_foreign_reference)
{
    cs_autofree char *address = webca_url(&webca_server, "ces");
    cs_autofree char *evil = url_of(foreign_urls[_i]);
    const struct cs_ca_target target = webca_target(address);
    const struct cs_ca_question again = {.request_id = "65", .handle = evil};
    cs_auto_value(cs_ca_answer) answer = {0};
    cs_auto_value(cs_ca_answer) later = {0};
    struct cs_err err = {0};
    bool sent = false;

    webca_answers("ces", 200, WEBCA_SOAP, "0", WEBCA_PENDING, evil);
    assert_ok(cs_ca_ces.submit(&target, &submission, &answer, &sent, &err), &err);
    ck_assert_int_eq(answer.disposition, CS_CA_PENDING);
    ck_assert_str_eq(answer.request_id, "65");
    ck_assert_ptr_null(answer.handle);
    assert_ok(cs_ca_ces.poll(&target, &again, &later, &err), &err);
    ck_assert_int_eq(later.disposition, CS_CA_PENDING);

    cs_autofree char *asked = webca_asked(&webca_server);
    cs_autofree char *elsewhere = webca_asked(&foreign);
    const char *first = strstr(asked, "POST /file/ces\n");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(strstr(first + 1, "POST /file/ces\n"));
    assert_contains(asked, WEBCA_PASSWORD);
    ck_assert_ptr_null(strstr(asked, "/file/evil\n"));
    ck_assert_str_eq(elsewhere, "");
}
END_TEST

START_TEST(an_own_reference)
{
    cs_autofree char *address = webca_url(&webca_server, "ces");
    cs_autofree char *there = webca_url(&webca_server, "there");
    const struct cs_ca_target target = webca_target(address);
    cs_auto_value(cs_ca_answer) answer = {0};
    cs_auto_value(cs_ca_answer) later = {0};
    struct cs_err err = {0};
    bool sent = false;

    webca_answers("ces", 200, WEBCA_SOAP, "0", WEBCA_PENDING, there);
    webca_answers("there", 200, WEBCA_SOAP, "0", WEBCA_PENDING, there);
    assert_ok(cs_ca_ces.submit(&target, &submission, &answer, &sent, &err), &err);
    ck_assert_str_eq(answer.handle, there);
    const struct cs_ca_question again = {.request_id = "65", .handle = answer.handle};
    assert_ok(cs_ca_ces.poll(&target, &again, &later, &err), &err);
    cs_autofree char *asked = webca_asked(&webca_server);
    assert_contains(asked, "POST /file/there\n");
}
END_TEST

/* ---- what is no answer of the service ---- */

static const struct {
    int status;
    const char *type;
    bool sent;
} statuses[] = {
    {404, WEBCA_HTML, false}, {405, WEBCA_HTML, false},
    {404, WEBCA_SOAP, true}, /* it is the service that says so */
    {400, WEBCA_HTML, true},  {413, WEBCA_HTML, true},
    {500, WEBCA_HTML, true},  {502, WEBCA_HTML, true},
    {503, WEBCA_HTML, true},
};

START_TEST(a_status)
{
    cs_autofree char *address = webca_url(&webca_server, "ces");
    const struct cs_ca_target target = webca_target(address);
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};
    bool sent = !statuses[_i].sent;

    webca_answers("ces", statuses[_i].status, statuses[_i].type, "0", "<h2>no</h2>");
    assert_fails(cs_ca_ces.submit(&target, &submission, &answer, &sent, &err), CS_E_CA_UNREACHABLE,
                 &err);
    ck_assert_msg(sent == statuses[_i].sent, "%d: %s", statuses[_i].status, err.message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ces");
    TCase *tcase = tcase_create("ces");

    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, enter, leave);
    tcase_add_checked_fixture(tcase, webca_forget, NULL);
    add_rows(tcase, a_foreign_reference, foreign_urls);
    tcase_add_test(tcase, an_own_reference);
    add_rows(tcase, a_status, statuses);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

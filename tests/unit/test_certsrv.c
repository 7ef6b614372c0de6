/* Pages of a web server that answers as it likes; with Kerberos and NTLM, and a real CA's life of a
 * request: tests/ad/test_ways.c. */
#include "support/webca.h"

/* ---- the number that is asked about ---- */

/* A number goes into an address: what is none would ask for another page, or about another's
 * request. A request's number is a ULONG (MS-WCCE 3.1.1.4.2). */
static const char *const no_numbers[] = {
    NULL, "",   "0",         "CACert",           "7&ReqID=8", "7 HTTP/1.1", "+7",
    "-7", " 7", "7\r\nX: y", "../../etc/passwd", "0x7",       "4294967296", "7.5"};

START_TEST(a_number_that_is_none)
{
    cs_autofree char *address = webca_url(&webca_server, "certsrv");
    const struct cs_ca_target target = webca_target(address);
    const struct cs_ca_question question = {.request_id = no_numbers[_i]};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    assert_fails(cs_ca_certsrv.poll(&target, &question, &answer, &err), CS_E_CA_REFUSED, &err);
    assert_contains(err.message, "is no request number of a CA");
    cs_autofree char *asked = webca_asked(&webca_server);
    ck_assert_str_eq(asked, "");
}
END_TEST

/* The answer has the number that was asked about, whatever number stands on the page. */
START_TEST(another_number_on_the_page)
{
    cs_autofree char *address = webca_url(&webca_server, "certsrv");
    const struct cs_ca_target target = webca_target(address);
    const struct cs_ca_question question = {.request_id = "7"};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};

    webca_answers("certsrv_certnew.cer", 200, WEBCA_HTML, "0",
                  "<P ID=locInfoReqID>Your Request Id is 8.\n"
                  "<a href='certnew.cer?ReqID=9&Enc=bin'>x</a>\n"
                  "<DL><DT ID=locDispLabel>Disposition:<DD>5 - (pending)</DL>");
    assert_ok(cs_ca_certsrv.poll(&target, &question, &answer, &err), &err);
    ck_assert_int_eq(answer.disposition, CS_CA_PENDING);
    ck_assert_str_eq(answer.request_id, "7");
    cs_autofree char *asked = webca_asked(&webca_server);
    ck_assert_str_eq(asked, "GET /file/certsrv/certnew.cer?ReqID=7&Enc=bin\n\n");
}
END_TEST

/* ---- what is no answer of web enrolment ---- */

static const struct {
    int status;
    bool sent;
} statuses[] = {{404, false}, {405, false}, {400, true}, {500, true}, {502, true}, {503, true}};

START_TEST(a_status)
{
    cs_autofree char *address = webca_url(&webca_server, "certsrv");
    const struct cs_ca_target target = webca_target(address);
    const struct cs_bytes csr = {(uint8_t *)(uintptr_t) "a request", 9};
    const struct cs_ca_question question = {.csr = &csr, .template_name = "WebServer"};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};
    bool sent = !statuses[_i].sent;

    webca_answers("certsrv_certfnsh.asp", statuses[_i].status, WEBCA_HTML, "0", "<h2>no</h2>");
    assert_fails(cs_ca_certsrv.submit(&target, &question, &answer, &sent, &err),
                 CS_E_CA_UNREACHABLE, &err);
    ck_assert_msg(sent == statuses[_i].sent, "%d: %s", statuses[_i].status, err.message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("certsrv");
    TCase *tcase = tcase_create("certsrv");

    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, webca_enter, webca_leave);
    tcase_add_checked_fixture(tcase, webca_forget, NULL);
    add_rows(tcase, a_number_that_is_none, no_numbers);
    tcase_add_test(tcase, another_number_on_the_page);
    add_rows(tcase, a_status, statuses);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

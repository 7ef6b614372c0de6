/* A policy service and the enrolment service that it names, each of which takes its time; with
 * Kerberos: tests/ad/test_ways.c. */
#include "support/webca.h"

#define XCEP "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"

/* MS-XCEP 3.1.4.1.1.2: WebServer, at an address that takes a password (4). */
#define POLICIES                                                                                   \
    "<s:Envelope xmlns:s='" CS_SOAP_S "'><s:Body><GetPoliciesResponse xmlns='" XCEP                \
    "'><response><policies><policy><cAs><cAReference>0</cAReference></cAs><attributes>"            \
    "<commonName>WebServer</commonName><permission><enroll>true</enroll></permission>"             \
    "</attributes></policy></policies></response><cAs><cA><uris><cAURI><clientAuthentication>4"    \
    "</clientAuthentication><uri>%s</uri><priority>1</priority><renewalOnly>false</renewalOnly>"   \
    "</cAURI></uris><enrollPermission>true</enrollPermission><cAReferenceID>0</cAReferenceID></"   \
    "cA>"                                                                                          \
    "</cAs></GetPoliciesResponse></s:Body></s:Envelope>"

static const struct cs_bytes csr = {(uint8_t *)(uintptr_t) "a request", 9};
static const struct cs_ca_question question = {.csr = &csr, .template_name = "WebServer"};

/* Each service answers within the time of the question, but not both: it is one for the two. */
static const struct {
    unsigned seconds;
    cs_rc rc;
} times[] = {{30, CS_OK}, {1, CS_E_CA_UNREACHABLE}};

START_TEST(one_time_for_both)
{
    cs_autofree char *address = webca_url(&webca_server, "cep");
    cs_autofree char *service = webca_url(&webca_server, "ces");
    struct cs_ca_target target = webca_target(address);
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err err = {0};
    bool sent = false;

    webca_answers("cep", 200, WEBCA_SOAP, "0.7", POLICIES, service);
    webca_answers("ces", 200, WEBCA_SOAP, "0.7", WEBCA_PENDING, service);
    target.until_ms = cs_tcp_deadline(times[_i].seconds);
    cs_rc rc = cs_ca_cep.submit(&target, &question, &answer, &sent, &err);
    ck_assert_msg(rc == times[_i].rc, "%s: %s", cs_rc_name(rc), err.message);
    if (rc == CS_OK) {
        ck_assert_str_eq(answer.handle, service);
    } else {
        assert_contains(err.hint, "timeout");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cep");
    TCase *tcase = tcase_create("cep");

    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, webca_enter, webca_leave);
    tcase_add_checked_fixture(tcase, webca_forget, NULL);
    add_rows(tcase, one_time_for_both, times);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

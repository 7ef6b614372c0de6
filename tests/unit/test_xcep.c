#include "ca/soap.h"
#include "ca/xcep.h"
#include "support/check_run.h"
#include "support/testdata.h"

#include <check.h>
#include <string.h>

#define XCEP "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
#define HOST "https://9-1351c1223a.dom9-1351c1223a.nttest.microsoft.com/EntRootCA_CES_"

/* Microsoft's recording (MS-XCEP 4.1.1.2): one template, one CA with three addresses. */
START_TEST(a_recorded_answer)
{
    cs_auto_value(cs_bytes) reply = testdata("ca/xcep-getpolicies-response.xml");
    cs_auto_value(cs_xcep) policies = {0};
    const char *url = NULL;
    struct cs_err err = {0};

    assert_ok(cs_xcep_answer(&reply, &policies, &err), &err);
    ck_assert_uint_eq(policies.template_count, 1);
    ck_assert_str_eq(policies.templates[0].name, "EFS");
    ck_assert_uint_eq(policies.ca_count, 1);
    ck_assert_uint_eq(policies.cas[0].uri_count, 3);
    assert_ok(cs_xcep_choose(&policies, "efs", CS_XCEP_KERBEROS, &url, &err), &err);
    ck_assert_str_eq(url, HOST "Kerberos/service.svc/CES");
    assert_ok(cs_xcep_choose(&policies, NULL, CS_XCEP_PASSWORD, &url, &err), &err);
    ck_assert_str_eq(url, HOST "UsernamePassword/service.svc/CES");
    assert_fails(cs_xcep_choose(&policies, "WebServer", CS_XCEP_KERBEROS, &url, &err),
                 CS_E_CA_REFUSED, &err);
    assert_contains(err.hint, "EFS");
    assert_fails(cs_xcep_choose(&policies, "EFS", CS_XCEP_ANONYMOUS, &url, &err), CS_E_CA_REFUSED,
                 &err);
}
END_TEST

#define URI(auth, url, priority, renewal)                                                          \
    "<cAURI><clientAuthentication>" auth "</clientAuthentication><uri>" url                        \
    "</uri><priority>" priority "</priority><renewalOnly>" renewal "</renewalOnly></cAURI>"
#define AUTHORITY(id, enroll, uris)                                                                \
    "<cA><uris>" uris "</uris><certificate>AA==</certificate><enrollPermission>" enroll            \
    "</enrollPermission><cAReferenceID>" id "</cAReferenceID></cA>"
#define POLICY(name, enroll, reference)                                                            \
    "<policy><policyOIDReference>1</policyOIDReference><cAs><cAReference>" reference               \
    "</cAReference></cAs><attributes><commonName>" name "</commonName><permission><enroll>" enroll \
    "</enroll></permission></attributes></policy>"
#define ANSWER                                                                                     \
    "<s:Envelope xmlns:s='" CS_SOAP_S "'><s:Body><GetPoliciesResponse xmlns='" XCEP                \
    "'><response><policies>" POLICY("Web", "true", "1") POLICY("Both", "true", "0")                \
        POLICY("Mine", "false", "0") "</policies></response><cAs>" AUTHORITY(                      \
            "0", "true",                                                                           \
            URI("2", "https://zero/late", "9", "false")                                            \
                URI("2", "https://zero/renew", "0", "true")                                        \
                    URI("2", "https://zero/early", "3", "false"))                                  \
            AUTHORITY("1", "true", URI("2", "https://one/", "5", "false"))                         \
                AUTHORITY("2", "false",                                                            \
                          URI("2", "https://two/", "1",                                            \
                              "false")) "</cAs></GetPoliciesResponse></s:Body></s:Envelope>"

static const struct {
    const char *template_name;
    const char *url; /* NULL: refused */
} choices[] = {
    {"Web", "https://one/"},        /* only CA 1 has it */
    {"Both", "https://zero/early"}, /* the lowest priority that is not for renewals */
    {"Mine", NULL},                 /* no right to enrol */
    {"Other", NULL},
    {NULL, "https://zero/early"}, /* CA 2 has a lower one, and does not let this account */
};

START_TEST(a_choice)
{
    struct cs_bytes reply = cs_bytes_copy(ANSWER, strlen(ANSWER));
    cs_auto_value(cs_xcep) policies = {0};
    const char *url = NULL;
    struct cs_err err = {0};

    assert_ok(cs_xcep_answer(&reply, &policies, &err), &err);
    cs_rc rc = cs_xcep_choose(&policies, choices[_i].template_name, CS_XCEP_KERBEROS, &url, &err);
    if (choices[_i].url) {
        assert_ok(rc, &err);
        ck_assert_str_eq(url, choices[_i].url);
    } else {
        ck_assert_int_eq(rc, CS_E_CA_REFUSED);
    }
    cs_bytes_done(&reply);
}
END_TEST

/* The recorded request states no version, and so gets old templates only; ours does. */
START_TEST(the_question)
{
    struct cs_wstep_message message = {0};
    cs_auto(cs_soap) soap = NULL;
    struct cs_err err = {0};

    cs_xcep_question("https://host/CEP", NULL, 0, &message);
    assert_ok(cs_soap_parse(&message.text, &soap, &err), &err);
    const struct cs_soap_node *body = cs_soap_body(soap);
    ck_assert(cs_soap_is(body, XCEP, "GetPolicies"));
    const struct cs_soap_node *client = cs_soap_child(body, XCEP, "client");
    ck_assert_ptr_nonnull(cs_soap_first(client, XCEP, "lastUpdate"));
    ck_assert_ptr_nonnull(cs_soap_first(client, XCEP, "preferredLanguage"));
    cs_autofree char *version = cs_soap_text(
        cs_soap_child(cs_soap_child(body, XCEP, "requestFilter"), XCEP, "clientVersion"));
    ck_assert_str_eq(version, "6");
    cs_wstep_message_done(&message);
}
END_TEST

START_TEST(a_fault)
{
    cs_auto_value(cs_bytes) reply = testdata("ca/wstep-fault-wcf.xml");
    cs_auto_value(cs_xcep) policies = {0};
    struct cs_err err = {0};

    assert_fails(cs_xcep_answer(&reply, &policies, &err), CS_E_CA_REFUSED, &err);
}
END_TEST

/* "Not changed" is an answer with nothing in it, although we never say what we have. */
START_TEST(nothing_changed)
{
    cs_auto_value(cs_bytes) reply = testdata("ca/xcep-response-notchanged.xml");
    cs_auto_value(cs_xcep) policies = {0};
    const char *url = NULL;
    struct cs_err err = {0};

    assert_ok(cs_xcep_answer(&reply, &policies, &err), &err);
    assert_fails(cs_xcep_choose(&policies, NULL, CS_XCEP_KERBEROS, &url, &err), CS_E_CA_REFUSED,
                 &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("xcep");
    TCase *tcase = tcase_create("xcep");

    tcase_add_test(tcase, a_recorded_answer);
    add_rows(tcase, a_choice, choices);
    tcase_add_test(tcase, the_question);
    tcase_add_test(tcase, a_fault);
    tcase_add_test(tcase, nothing_changed);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

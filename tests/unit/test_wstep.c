#include "ca/soap.h"
#include "ca/wstep.h"
#include "support/check_run.h"
#include "support/testdata.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define WST   "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
#define WSTEP "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
#define AUTH  "http://schemas.xmlsoap.org/ws/2006/12/authorization"
#define URL   "https://ca01.litwareinc.test/myca_CES_Kerberos/service.svc/CES"
#define NOW   1784678400 /* 2026-07-22T00:00:00Z */

/* ---- answers ---- */

/* Microsoft's own recording: MS-WSTEP 4.1.1. */
START_TEST(a_recorded_certificate)
{
    cs_auto_value(cs_bytes) reply = testdata("ca/wstep-issue-response-issued.xml");
    cs_auto_value(cs_bytes) leaf = testdata("ca/issued-1.der");
    struct cs_ca_answer answer = {0};
    struct cs_err err = {0};

    assert_ok(cs_wstep_answer(&reply, &answer, &err), &err);
    ck_assert_int_eq(answer.disposition, CS_CA_ISSUED);
    ck_assert_str_eq(answer.request_id, "61");
    ck_assert_str_eq(answer.message, "Issued");
    ck_assert(cs_bytes_equal(&answer.certificate, &leaf));
    /* FB_EntSubCA, whose subject is the leaf's issuer, then FB_EntRootCA */
    ck_assert_ptr_nonnull(memmem(answer.chain.data, 400, "FB_EntSubCA", 11));
    ck_assert_uint_gt(answer.chain.len, 1500);
    cs_ca_answer_done(&answer);
}
END_TEST

#define ENVELOPE(body)                                                                             \
    "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Header/><s:Body>" body       \
    "</s:Body></s:Envelope>"
#define RESPONSE(inner)                                                                            \
    ENVELOPE("<RequestSecurityTokenResponseCollection xmlns='" WST "'>"                            \
             "<RequestSecurityTokenResponse>" inner                                                \
             "</RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection>")
#define TOKEN_NS "xmlns='" CS_SOAP_WSSE "'"
#define PENDING(id)                                                                                \
    RESPONSE("<DispositionMessage xmlns='" WSTEP "'>Zur \xc3\x9c"                                  \
             "berpr\xc3\xbc"                                                                       \
             "fung</DispositionMessage>"                                                           \
             "<BinarySecurityToken " TOKEN_NS ">MAA=</BinarySecurityToken>"                        \
             "<RequestedSecurityToken><SecurityTokenReference " TOKEN_NS "><Reference URI='" URL   \
             "'/></SecurityTokenReference></RequestedSecurityToken>" id)
#define ID(number) "<RequestID xmlns='" WSTEP "'>" number "</RequestID>"
#define FAULT_OF(code, detail)                                                                     \
    ENVELOPE("<s:Fault><s:Code>" code "</s:Code><s:Reason>"                                        \
             "<s:Text xml:lang='en-US'>Denied by Policy Module</s:Text></s:Reason>" detail         \
             "</s:Fault>")
#define FAULT(detail) FAULT_OF("<s:Value>s:Receiver</s:Value>", detail)
#define SENDER(why)                                                                                \
    FAULT_OF("<s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:d='urn:x'>d:" why               \
             "</s:Value></s:Subcode>",                                                             \
             "")
#define DETAIL(code, invalid)                                                                      \
    "<s:Detail><CertificateEnrollmentWSDetail xmlns='" WSTEP                                       \
    "' xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><BinaryResponse i:nil='true'/>"         \
    "<ErrorCode>" code "</ErrorCode><InvalidRequest>" invalid                                      \
    "</InvalidRequest><RequestID>17</RequestID></CertificateEnrollmentWSDetail></s:Detail>"

static const struct {
    const char *what;
    const char *reply;
    cs_rc rc;
    enum cs_disposition disposition;
    int64_t hresult; /* answer's code, or the error's cause */
} answers[] = {
    {"pending", PENDING(ID("65")), CS_OK, CS_CA_PENDING, 0},
    /* -2146877420 = 0x80094014 CERTSRV_E_ADMIN_DENIED_REQUEST */
    {"denied by an officer", FAULT(DETAIL("-2146877420", "true")), CS_OK, CS_CA_DENIED, 0x80094014},
    /* -2146875392 = 0x80094800 CERTSRV_E_UNSUPPORTED_CERT_TYPE */
    {"denied by policy", FAULT(DETAIL("-2146875392", "true")), CS_OK, CS_CA_DENIED, 0x80094800},
    /* -2147024809 = 0x80070057 E_INVALIDARG */
    {"refused", FAULT(DETAIL("-2147024809", "false")), CS_E_CA_REFUSED, 0, 0x80070057},
    /* whether the CA has the request is known only from its own number */
    {"a fault of an unknown number", FAULT(DETAIL("nonsense", "false")), CS_E_CA_UNREACHABLE, 0, 0},
    /* -2147023174 = 0x800706ba RPC_S_SERVER_UNAVAILABLE */
    {"the service cannot reach its CA", FAULT(DETAIL("-2147023174", "false")), CS_E_CA_UNREACHABLE,
     0, 0x800706ba},
    {"a fault without detail", FAULT(""), CS_E_CA_UNREACHABLE, 0, 0},
    {"a fault without code", FAULT_OF("", ""), CS_E_CA_UNREACHABLE, 0, 0},
    {"our own fault", SENDER("ActionNotSupported"), CS_E_CA_REFUSED, 0, 0},
    {"a wrong password", SENDER("FailedAuthentication"), CS_E_CA_REFUSED, 0, 0},
    {"pending without a number", PENDING(""), CS_E_CA_UNREACHABLE, 0, 0},
    {"pending with two numbers", PENDING(ID("65") ID("66")), CS_E_CA_UNREACHABLE, 0, 0},
    {"a number that is none", PENDING(ID("65; rm")), CS_E_CA_UNREACHABLE, 0, 0},
    {"a number of 11 digits", PENDING(ID("12345678901")), CS_E_CA_UNREACHABLE, 0, 0},
    {"nothing in it", RESPONSE(""), CS_E_CA_UNREACHABLE, 0, 0},
    {"a certificate of another kind",
     RESPONSE("<RequestedSecurityToken><BinarySecurityToken " TOKEN_NS
              " ValueType='#PKCS7'>MAA=</BinarySecurityToken></RequestedSecurityToken>"),
     CS_E_CA_UNREACHABLE, 0, 0},
    {"no SOAP", "<html/>", CS_E_CA_UNREACHABLE, 0, 0},
    {"no XML", "Service unavailable", CS_E_CA_UNREACHABLE, 0, 0},
    {"another body", ENVELOPE("<x xmlns='urn:x'/>"), CS_E_CA_UNREACHABLE, 0, 0},
};

START_TEST(an_answer)
{
    struct cs_bytes reply = cs_bytes_copy(answers[_i].reply, strlen(answers[_i].reply));
    struct cs_ca_answer answer = {0};
    struct cs_err err = {0};
    cs_rc rc = cs_wstep_answer(&reply, &answer, &err);

    ck_assert_msg(rc == answers[_i].rc, "%s: %s: %s", answers[_i].what, cs_rc_name(rc),
                  err.message);
    if (rc == CS_OK) {
        ck_assert_int_eq(answer.disposition, answers[_i].disposition);
        ck_assert_int_eq(answer.code, answers[_i].hresult);
    } else {
        ck_assert_int_eq(err.cause, answers[_i].hresult);
    }
    if (rc == CS_OK && answer.disposition == CS_CA_PENDING) {
        ck_assert_str_eq(answer.handle, URL);
        ck_assert_str_eq(answer.request_id, "65");
    }
    cs_ca_answer_done(&answer);
    cs_bytes_done(&reply);
}
END_TEST

/* The number of what cannot be used otherwise. */
static const struct {
    const char *reply;
    const char *id;
} numbers[] = {
    {RESPONSE("<RequestedSecurityToken><BinarySecurityToken " TOKEN_NS
              " ValueType='#PKCS7'>MAA=</BinarySecurityToken></RequestedSecurityToken>" ID("65")),
     "65"},
    {PENDING(ID("65")), "65"},
    {PENDING(ID("65; rm")), NULL},
    {PENDING(ID("65") ID("66")), NULL},
    {RESPONSE(""), NULL},
    {FAULT(DETAIL("-2147024809", "false")), NULL},
    {"<html/>", NULL},
};

START_TEST(a_number)
{
    struct cs_bytes reply = cs_bytes_copy(numbers[_i].reply, strlen(numbers[_i].reply));
    cs_autofree char *id = cs_wstep_request_id(&reply);

    ck_assert_pstr_eq(id, numbers[_i].id);
    cs_bytes_done(&reply);
}
END_TEST

/* The recorded fault of WCF has no detail, and is the service's, not the CA's. */
START_TEST(a_recorded_fault)
{
    cs_auto_value(cs_bytes) reply = testdata("ca/wstep-fault-wcf.xml");
    struct cs_ca_answer answer = {0};
    struct cs_err err = {0};

    assert_fails(cs_wstep_answer(&reply, &answer, &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, "unable to process the request");
}
END_TEST

/* ---- questions ---- */

/* Both have one such child with the same text. */
static void same_text(const struct cs_soap_node *ours, const struct cs_soap_node *theirs,
                      const char *ns, const char *name)
{
    cs_autofree char *mine = cs_soap_text(cs_soap_child(ours, ns, name));
    cs_autofree char *other = cs_soap_text(cs_soap_child(theirs, ns, name));

    ck_assert_msg(mine && other && strcmp(mine, other) == 0, "%s: \"%s\", recorded \"%s\"", name,
                  mine ? mine : "-", other ? other : "-");
}

static struct cs_soap *parsed(const struct cs_bytes *text)
{
    struct cs_soap *soap = NULL;
    struct cs_err err = {0};

    assert_ok(cs_soap_parse(text, &soap, &err), &err);
    return soap;
}

START_TEST(a_request_is_as_recorded)
{
    cs_auto_value(cs_bytes) recorded = testdata("ca/wstep-issue-request.xml");
    cs_auto_value(cs_bytes) csr = testdata("ca/req.der");
    struct cs_wstep_message message = {0};
    cs_auto_value(cs_bytes) sent = {0};
    struct cs_err err = {0};

    cs_wstep_issue(URL, NULL, NOW, &csr, "WebServer", &message);
    ck_assert_uint_eq(message.gap, 0);
    cs_auto(cs_soap) ours = parsed(&message.text);
    cs_auto(cs_soap) theirs = parsed(&recorded);
    const struct cs_soap_node *mine = cs_soap_body(ours);
    const struct cs_soap_node *other = cs_soap_body(theirs);
    ck_assert(cs_soap_is(mine, WST, "RequestSecurityToken"));
    ck_assert(cs_soap_is(other, WST, "RequestSecurityToken"));
    same_text(mine, other, WST, "TokenType");
    same_text(mine, other, WST, "RequestType");

    const struct cs_soap_node *token = cs_soap_child(mine, CS_SOAP_WSSE, "BinarySecurityToken");
    cs_autofree char *encoding = cs_soap_attr(token, "EncodingType");
    cs_autofree char *recorded_encoding =
        cs_soap_attr(cs_soap_child(other, CS_SOAP_WSSE, "BinarySecurityToken"), "EncodingType");
    ck_assert_str_eq(encoding, recorded_encoding);
    cs_autofree char *type = cs_soap_attr(token, "ValueType");
    ck_assert_str_eq(type, WSTEP "#PKCS10"); /* what it is; the recording says PKCS7 */
    assert_ok(cs_soap_octets(token, "token", &sent, &err), &err);
    ck_assert(cs_bytes_equal(&sent, &csr));

    const struct cs_soap_node *item =
        cs_soap_child(cs_soap_child(mine, AUTH, "AdditionalContext"), AUTH, "ContextItem");
    cs_autofree char *name = cs_soap_attr(item, "Name");
    cs_autofree char *value = cs_soap_text(cs_soap_child(item, AUTH, "Value"));
    ck_assert_str_eq(name, "CertificateTemplate");
    ck_assert_str_eq(value, "WebServer");
    cs_wstep_message_done(&message);
}
END_TEST

START_TEST(a_query_is_as_recorded)
{
    cs_auto_value(cs_bytes) recorded = testdata("ca/wstep-query-request.xml");
    struct cs_wstep_message message = {0};

    cs_wstep_query(URL, NULL, NOW, "65", &message);
    cs_auto(cs_soap) ours = parsed(&message.text);
    cs_auto(cs_soap) theirs = parsed(&recorded);
    const struct cs_soap_node *mine = cs_soap_body(ours);
    same_text(mine, cs_soap_body(theirs), WST, "TokenType");
    same_text(mine, cs_soap_body(theirs), WST, "RequestType");
    same_text(mine, cs_soap_body(theirs), WSTEP, "RequestID");
    ck_assert_ptr_null(cs_soap_first(mine, CS_SOAP_WSSE, "BinarySecurityToken"));
    cs_wstep_message_done(&message);
}
END_TEST

/* The password goes between the tags of wsse:Password, and nowhere is there one before. */
START_TEST(the_gap_is_the_password)
{
    struct cs_wstep_message message = {0};
    static const char before[] = "<o:Password>";
    static const char after[] = "</o:Password>";

    cs_wstep_query(URL, "litwareinc\\ken&myer", NOW, "65", &message);
    const char *text = (const char *)message.text.data;
    ck_assert_uint_gt(message.gap, strlen(before));
    ck_assert(strncmp(text + message.gap - strlen(before), before, strlen(before)) == 0);
    ck_assert(strncmp(text + message.gap, after, strlen(after)) == 0);
    assert_contains(text, "<o:Username>litwareinc\\ken&amp;myer</o:Username>");
    assert_contains(text, "<u:Created>2026-07-22T00:00:00Z</u:Created>");
    assert_contains(text, "<u:Expires>2026-07-22T00:05:00Z</u:Expires>");
    cs_wstep_message_done(&message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wstep");
    TCase *tcase = tcase_create("wstep");

    tcase_add_test(tcase, a_recorded_certificate);
    add_rows(tcase, an_answer, answers);
    add_rows(tcase, a_number, numbers);
    tcase_add_test(tcase, a_recorded_fault);
    tcase_add_test(tcase, a_request_is_as_recorded);
    tcase_add_test(tcase, a_query_is_as_recorded);
    tcase_add_test(tcase, the_gap_is_the_password);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "ca/wstep.h"

#include "base/base64.h"
#include "base/mem.h"
#include "base/strv.h"
#include "ca/chain.h"
#include "ca/hresult.h"
#include "ca/soap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Namespaces and values: MS-WSTEP 2.2 and 3.1.4.1; WS-Trust 1.3. */
#define WSTEP "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
#define WST   "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
#define AUTH  "http://schemas.xmlsoap.org/ws/2006/12/authorization"
#define X509V3                                                                                     \
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
#define PKCS10   WSTEP "#PKCS10"
#define ISSUE    WST "/Issue"
#define QUERY    WSTEP "/QueryTokenStatus"
#define ENCODING CS_SOAP_WSSE "#base64binary" /* a small b, unlike WS-Security's own */

void cs_wstep_message_done(struct cs_wstep_message *message)
{
    cs_bytes_done(&message->text);
    *message = (struct cs_wstep_message){0};
}

/* ---- what is asked ---- */

/* Up to the RequestType. The texts of the answer come in the language that is asked for; they are
 * shown, never read. */
static struct cs_soap_writer *begin(const char *url, const char *user, int64_t now,
                                    const char *request_type)
{
    struct cs_soap_writer *writer = cs_soap_begin(CS_WSTEP_ACTION, url, user, now);

    cs_soap_open(writer, WST, "RequestSecurityToken", "PreferredLanguage", "en-US", NULL);
    cs_soap_element(writer, NULL, "TokenType", X509V3);
    cs_soap_element(writer, NULL, "RequestType", request_type);
    return writer;
}

static void end(struct cs_soap_writer *writer, struct cs_wstep_message *ret_message)
{
    cs_soap_close(writer);
    cs_soap_end(writer, &ret_message->text, &ret_message->gap);
}

void cs_wstep_issue(const char *url, const char *user, int64_t now, const struct cs_bytes *csr,
                    const char *template_name, struct cs_wstep_message *ret_message)
{
    struct cs_soap_writer *writer = begin(url, user, now, ISSUE);
    cs_autofree char *text = cs_base64(csr->data, csr->len);

    cs_soap_open(writer, CS_SOAP_WSSE, "BinarySecurityToken", "EncodingType", ENCODING, "ValueType",
                 PKCS10, NULL);
    cs_soap_write(writer, text);
    cs_soap_close(writer);
    if (template_name) {
        cs_soap_open(writer, AUTH, "AdditionalContext", NULL);
        cs_soap_open(writer, NULL, "ContextItem", "Name", "CertificateTemplate", NULL);
        cs_soap_element(writer, NULL, "Value", template_name);
        cs_soap_close(writer);
        cs_soap_close(writer);
    }
    end(writer, ret_message);
}

void cs_wstep_query(const char *url, const char *user, int64_t now, const char *request_id,
                    struct cs_wstep_message *ret_message)
{
    struct cs_soap_writer *writer = begin(url, user, now, QUERY);

    cs_soap_element(writer, WSTEP, "RequestID", request_id);
    end(writer, ret_message);
}

/* ---- what is answered ---- */

/* An unsigned decimal number that an HRESULT's request id can be. */
static bool is_number(const char *text)
{
    return text && *text && strlen(text) <= 10 && strspn(text, "0123456789") == strlen(text);
}

/* A signed decimal as MS-WSTEP writes an HRESULT; false if it is none. */
static bool read_hresult(const char *text, uint32_t *ret_code)
{
    char *rest = NULL;

    if (!text || strlen(text) > 11) {
        return false;
    }
    long value = strtol(text, &rest, 10);
    *ret_code = (uint32_t)value;
    return *rest == 0 && rest != text && value >= INT32_MIN && value <= UINT32_MAX;
}

/* The name behind the prefix of a QName, which is the writer's choice; the caller frees. */
static char *local_name(const struct cs_soap_node *value)
{
    cs_autofree char *text = cs_soap_text(value);
    const char *colon = text ? strchr(text, ':') : NULL;

    return cs_strdup(colon ? colon + 1 : text);
}

/* Of the service itself: SOAP 1.2 section 5.4.6 has whose fault it is. What it says about who asks
 * is WCF's own word, or that of WS-Security (1.0 section 12). */
static cs_rc take_plain_fault(const struct cs_soap_node *fault, const char *shown,
                              struct cs_err *err)
{
    const struct cs_soap_node *code = cs_soap_child(fault, CS_SOAP_S, "Code");
    cs_autofree char *who = local_name(cs_soap_child(code, CS_SOAP_S, "Value"));
    cs_autofree char *why =
        local_name(cs_soap_child(cs_soap_child(code, CS_SOAP_S, "Subcode"), CS_SOAP_S, "Value"));
    bool security =
        why && (strcmp(why, "InvalidSecurity") == 0 || strcmp(why, "FailedAuthentication") == 0);

    if (security) {
        return cs_fail_hint(err, CS_E_CA_REFUSED,
                            "check the account, its password and this machine's clock: the message "
                            "is valid for five minutes",
                            "the enrolment service does not accept who asks: %s", shown);
    }
    bool sender = who && strcmp(who, "Sender") == 0;
    return cs_fail_hint(err, sender ? CS_E_CA_REFUSED : CS_E_CA_UNREACHABLE,
                        "an enrolment service answers so to what it cannot do, and some to a wrong "
                        "account or password; its event log says more",
                        "the enrolment service %s: %s",
                        sender ? "does not take the message" : "failed", shown);
}

/* MS-WSTEP 3.1.4.1.3.7: the CA's own word, or a service that fails. */
static cs_rc take_fault(const struct cs_soap_node *fault, struct cs_ca_answer *ret_answer,
                        struct cs_err *err)
{
    const struct cs_soap_node *reason = cs_soap_child(fault, CS_SOAP_S, "Reason");
    const struct cs_soap_node *detail = cs_soap_child(cs_soap_child(fault, CS_SOAP_S, "Detail"),
                                                      WSTEP, "CertificateEnrollmentWSDetail");
    cs_autofree char *text = cs_soap_text(cs_soap_first(reason, CS_SOAP_S, "Text"));
    cs_autofree char *shown = cs_terminal_escape(text ? text : "no reason is given");
    cs_autofree char *number = cs_soap_text(cs_soap_child(detail, WSTEP, "ErrorCode"));
    cs_autofree char *denied = cs_soap_text(cs_soap_child(detail, WSTEP, "InvalidRequest"));
    cs_autofree char *id = cs_soap_text(cs_soap_child(detail, WSTEP, "RequestID"));
    uint32_t code = 0;

    if (!detail) {
        return take_plain_fault(fault, shown, err);
    }
    bool known = read_hresult(number, &code);
    if ((known && code == CS_HRESULT_DENIED) || (denied && strcmp(denied, "true") == 0)) {
        *ret_answer = (struct cs_ca_answer){.disposition = CS_CA_DENIED,
                                            .request_id = is_number(id) ? cs_steal(&id) : NULL,
                                            .message = cs_steal(&text),
                                            .code = code};
        return CS_OK;
    }
    code = known ? code : 0;
    return cs_hresult_fail(err, cs_hresult_rc(code), code, "the CA refuses: %s", shown);
}

static cs_rc take_issued(const struct cs_soap_node *response, const struct cs_soap_node *token,
                         struct cs_ca_answer *answer, struct cs_err *err)
{
    cs_autofree char *type = cs_soap_attr(token, "ValueType");
    cs_auto_value(cs_bytes) full = {0};

    if (!type || strcmp(type, X509V3) != 0) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "the enrolment service issues a token that is no X.509 certificate");
    }
    CS_TRY(cs_soap_octets(token, "the certificate", &answer->certificate, err));
    CS_TRY(cs_soap_octets(cs_soap_child(response, CS_SOAP_WSSE, "BinarySecurityToken"),
                          "the CMC response", &full, err));
    answer->disposition = CS_CA_ISSUED;
    return cs_ca_chain(&answer->certificate, &full, &answer->chain, err);
}

static cs_rc take_response(const struct cs_soap_node *response, struct cs_ca_answer *answer,
                           struct cs_err *err)
{
    const struct cs_soap_node *requested = cs_soap_child(response, WST, "RequestedSecurityToken");
    const struct cs_soap_node *token =
        cs_soap_child(requested, CS_SOAP_WSSE, "BinarySecurityToken");
    const struct cs_soap_node *reference =
        cs_soap_child(cs_soap_child(requested, CS_SOAP_WSSE, "SecurityTokenReference"),
                      CS_SOAP_WSSE, "Reference");

    answer->message = cs_soap_text(cs_soap_first(response, WSTEP, "DispositionMessage"));
    answer->request_id = cs_soap_text(cs_soap_child(response, WSTEP, "RequestID"));
    if (answer->request_id && !is_number(answer->request_id)) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "the RequestID in the service's answer is no number");
    }
    if (token) {
        return take_issued(response, token, answer, err);
    }
    answer->handle = cs_soap_attr(reference, "URI");
    if (!answer->handle || !answer->request_id) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "the service's answer has neither a certificate nor a RequestID and the "
                       "address to ask again at");
    }
    answer->disposition = CS_CA_PENDING;
    return CS_OK;
}

static const struct cs_soap_node *response_of(const struct cs_soap_node *body)
{
    return cs_soap_is(body, WST, "RequestSecurityTokenResponseCollection")
               ? cs_soap_child(body, WST, "RequestSecurityTokenResponse")
               : NULL;
}

char *cs_wstep_request_id(const struct cs_bytes *reply)
{
    cs_auto(cs_soap) soap = NULL;

    if (cs_soap_parse(reply, &soap, NULL) != CS_OK) {
        return NULL;
    }
    cs_autofree char *id =
        cs_soap_text(cs_soap_child(response_of(cs_soap_body(soap)), WSTEP, "RequestID"));
    return is_number(id) ? cs_steal(&id) : NULL;
}

cs_rc cs_wstep_answer(const struct cs_bytes *reply, struct cs_ca_answer *ret_answer,
                      struct cs_err *err)
{
    cs_auto(cs_soap) soap = NULL;
    struct cs_ca_answer answer = {0};

    CS_TRY(cs_soap_parse(reply, &soap, err));
    const struct cs_soap_node *body = cs_soap_body(soap);
    if (cs_soap_is(body, CS_SOAP_S, "Fault")) {
        return take_fault(body, ret_answer, err);
    }
    const struct cs_soap_node *response = response_of(body);
    if (!response) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "the service's answer is no single RequestSecurityTokenResponse");
    }
    cs_rc rc = take_response(response, &answer, err);
    if (rc != CS_OK) {
        cs_ca_answer_done(&answer);
        return rc;
    }
    *ret_answer = answer;
    return CS_OK;
}

/* What an answer of MS-ICPR means: by its numbers, never by its text. */
#include "base/mem.h"
#include "base/strv.h"
#include "ca/chain.h"
#include "ca/hresult.h"
#include "ca/icprmsg.h"
#include "ca/protocol.h"
#include "net/utf16.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* pdwDisposition (MS-WCCE section 3.2.1.4.2.1); any other number is an HRESULT. */
enum { DENIED = 2, ISSUED = 3, PENDING = 5, REVOKED = 6 };

#define SERVICE_HINT                                                                               \
    "the CA's computer answers but its service does not: is it running (certsvc)? "                \
    "If a firewall stands between, open TCP 135 and 49152-65535 to that computer"

static bool is_hresult(uint32_t code)
{
    return code & 0x80000000U;
}

/* The CA's own words in one line; NULL if there are none. */
static char *message_of(const struct cs_icpr_reply *reply)
{
    if (reply->message.len < 2) {
        return NULL;
    }
    char *text = cs_utf16_text(reply->message.data, reply->message.len);
    size_t len = strlen(text);

    while (len && isspace((unsigned char)text[len - 1])) {
        text[--len] = '\0';
    }
    for (char *at = text; (at = strpbrk(at, "\r\n\t")); at++) {
        *at = ' ';
    }
    if (!len) {
        free(text);
        return NULL;
    }
    return text;
}

/* ---- answers ---- */

static void note_code(struct cs_ca_answer *answer, uint32_t code)
{
    if (!code) {
        return;
    }
    answer->code = code;
    answer->code_name = cs_strdup(cs_hresult_name(code));
    answer->hint = cs_strdup(cs_hresult_hint(code));
}

static cs_rc take_certificate(const struct cs_icpr_reply *reply, const char *ca,
                              struct cs_ca_answer *answer, struct cs_err *err)
{
    const struct cs_bytes cms = {cs_alloc(reply->chain.len + 1, 1), reply->chain.len};
    cs_auto_value(cs_bytes) owned = cms;

    if (!reply->certificate.len) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "%s says that request %u is issued, and sends no certificate", ca,
                       reply->request_id);
    }
    answer->certificate = cs_bytes_copy(reply->certificate.data, reply->certificate.len);
    if (!reply->chain.len) {
        return CS_OK;
    }
    memcpy(owned.data, reply->chain.data, reply->chain.len);
    return cs_ca_chain(&answer->certificate, &owned, &answer->chain, err);
}

static cs_rc make_answer(const struct cs_icpr_reply *reply, enum cs_disposition disposition,
                         uint32_t code, const char *ca, struct cs_ca_answer *ret_answer,
                         struct cs_err *err)
{
    struct cs_ca_answer answer = {
        .disposition = disposition,
        .request_id = cs_asprintf("%u", reply->request_id),
        .message = message_of(reply),
    };
    cs_rc rc = CS_OK;

    note_code(&answer, code);
    if (disposition == CS_CA_ISSUED) {
        rc = take_certificate(reply, ca, &answer, err);
    }
    if (rc != CS_OK) {
        cs_ca_answer_done(&answer);
        return rc;
    }
    *ret_answer = answer;
    return CS_OK;
}

/* A certificate that cannot be used was issued all the same. */
static cs_rc take_issued(const struct cs_icpr_reply *reply, const char *ca,
                         struct cs_ca_answer *ret_answer)
{
    struct cs_err why = {0};

    if (make_answer(reply, CS_CA_ISSUED, reply->result, ca, ret_answer, &why) != CS_OK) {
        cs_ca_answer_wait(ret_answer, cs_asprintf("%u", reply->request_id), &why);
    }
    return CS_OK;
}

/* ---- refusals ---- */

static cs_rc fail_service(uint32_t code, const char *ca, struct cs_err *err)
{
    cs_err_set(err, CS_E_CA_UNREACHABLE, "the service of %s cannot be asked", ca);
    cs_err_hint(err, "%s", SERVICE_HINT);
    cs_hresult_cause(err, code);
    return CS_E_CA_UNREACHABLE;
}

static cs_rc fail_question(const struct cs_icpr_question *question, uint32_t code, const char *ca,
                           struct cs_err *err)
{
    if (code == CS_HRESULT_UNKNOWN) {
        return cs_hresult_fail(err, CS_E_CA_REFUSED, code, "%s knows no request %u", ca,
                               question->request_id);
    }
    return cs_hresult_fail(err, CS_E_CA_REFUSED, code, "%s does not answer about request %u", ca,
                           question->request_id);
}

#define E_INVALIDARG 0x80070057U

static cs_rc fail_request(const struct cs_icpr_reply *reply, uint32_t code, const char *ca,
                          struct cs_err *err)
{
    cs_autofree char *message = message_of(reply);
    cs_autofree char *shown = message ? cs_terminal_escape(message) : NULL;
    cs_autofree char *number =
        reply->request_id ? cs_asprintf(" (its number %u)", reply->request_id) : NULL;

    return cs_hresult_fail(err, CS_E_CA_REFUSED, code, "%s refused the request%s%s%.500s", ca,
                           number ? number : "", shown ? ": " : "", shown ? shown : "");
}

/* The answer's number for a wrong argument says most often that the CA has another name. */
static cs_rc fail_argument(const struct cs_icpr_question *question, const char *ca,
                           struct cs_err *err)
{
    cs_err_set(err, CS_E_CA_REFUSED, "%s: its computer has no CA of the name \"%.200s\"", ca,
               question->authority);
    cs_err_hint(err,
                "`cscert ca list` shows the CAs of the domain as -CA takes them: host\\caname");
    cs_hresult_cause(err, E_INVALIDARG);
    return CS_E_CA_REFUSED;
}

static cs_rc refuse(const struct cs_icpr_question *question, const struct cs_icpr_reply *reply,
                    uint32_t code, const char *ca, bool *ret_open, struct cs_err *err)
{
    if (cs_hresult_rc(code) == CS_E_CA_UNREACHABLE) {
        return fail_service(code, ca, err); /* nobody knows how far it got */
    }
    *ret_open = false;
    if (code == E_INVALIDARG && reply->request_id == 0) {
        return fail_argument(question, ca, err);
    }
    return question->csr ? fail_request(reply, code, ca, err)
                         : fail_question(question, code, ca, err);
}

/* ---- all ---- */

/* The number is the CA's for our request, or the one that was asked about. */
static cs_rc check_number(const struct cs_icpr_question *question,
                          const struct cs_icpr_reply *reply, const char *ca, struct cs_err *err)
{
    if (question->csr ? reply->request_id != 0 : reply->request_id == question->request_id) {
        return CS_OK;
    }
    return cs_fail(err, CS_E_CA_UNREACHABLE, "%s answers about request %u instead of %u", ca,
                   reply->request_id, question->request_id);
}

cs_rc cs_icpr_judge(const struct cs_icpr_question *question, const struct cs_icpr_reply *reply,
                    const char *ca, struct cs_ca_answer *ret_answer, bool *ret_open,
                    struct cs_err *err)
{
    static const enum cs_disposition dispositions[] = {
        [DENIED] = CS_CA_DENIED,
        [ISSUED] = CS_CA_ISSUED,
        [PENDING] = CS_CA_PENDING,
        [REVOKED] = CS_CA_REVOKED,
    };
    uint32_t disposition = reply->disposition;

    *ret_open = question->csr != NULL;
    bool known = disposition == DENIED || disposition == ISSUED || disposition == PENDING ||
                 disposition == REVOKED;
    /* A request that was denied has its reason beside its disposition. */
    if (is_hresult(reply->result) && disposition != DENIED) {
        return refuse(question, reply, reply->result, ca, ret_open, err);
    }
    if (known) {
        CS_TRY(check_number(question, reply, ca, err));
        if (question->csr && disposition == ISSUED) {
            return take_issued(reply, ca, ret_answer);
        }
        return make_answer(reply, dispositions[disposition], reply->result, ca, ret_answer, err);
    }
    if (!is_hresult(disposition)) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "%s answers with the disposition %u, which is none", ca, disposition);
    }
    if (question->csr || cs_hresult_rc(disposition) == CS_E_CA_UNREACHABLE) {
        return refuse(question, reply, disposition, ca, ret_open, err);
    }
    /* A request that failed when it was made stays so. */
    CS_TRY(check_number(question, reply, ca, err));
    return make_answer(reply, CS_CA_DENIED, disposition, ca, ret_answer, err);
}

/* AD CS web enrolment, https://host/certsrv: the pages for people, used as the many programs do
 * that have no other way in. */
#include "base/mem.h"
#include "base/strv.h"
#include "ca/chain.h"
#include "ca/hresult.h"
#include "ca/icprmsg.h"
#include "ca/protocol.h"
#include "ca/web.h"
#include "ca/webpage.h"

#include <stdlib.h>
#include <string.h>

/* ICertRequest dispositions (MS-WCCE 3.1.1.4.2.1 and CR_DISP_* of certcli.h). */
enum { DENIED = 2, ISSUED = 3, ISSUED_OUT_OF_BAND = 4, UNDER_SUBMISSION = 5, REVOKED = 6 };

/* "https://host/certsrv/" and @page; the caller frees. */
static char *page_url(const struct cs_ca_target *target, const char *page)
{
    size_t len = strlen(target->address);

    while (len && target->address[len - 1] == '/') {
        len--;
    }
    return cs_asprintf("%.*s/%s", (int)len, target->address, page);
}

static cs_rc get(struct cs_http *http, const struct cs_ca_target *target, const char *page,
                 struct cs_http_reply *ret_reply, struct cs_err *err)
{
    cs_autofree char *url = page_url(target, page);
    const struct cs_http_request request = {.url = url};

    return cs_http_send(http, &request, ret_reply, NULL, err);
}

static cs_rc check_status(const struct cs_http_reply *reply, struct cs_err *err)
{
    if (reply->status == 200) {
        return CS_OK;
    }
    cs_err_set(err, CS_E_CA_UNREACHABLE, "web enrolment answers with HTTP %ld", reply->status);
    cs_err_cause(err, CS_ORIGIN_HTTP, reply->status, NULL, "");
    cs_err_hint(err, "check that the address is https://host/certsrv, and that the role Web "
                     "Enrollment is installed there");
    return CS_E_CA_UNREACHABLE;
}

static bool is_certificate(const struct cs_http_reply *reply)
{
    return strcmp(reply->content_type, "application/pkix-cert") == 0;
}

/* Certificate and chain of an issued request. The page gives a certificate that was revoked since
 * without a word of it: that shows in the CA's revocation lists only. */
static cs_rc fetch(struct cs_http *http, const struct cs_ca_target *target, const char *id,
                   struct cs_http_reply *certificate, struct cs_ca_answer *answer,
                   struct cs_err *err)
{
    cs_autofree char *page = cs_asprintf("certnew.p7b?ReqID=%s&Enc=bin", id);
    cs_auto_value(cs_http_reply) chain = {0};

    answer->disposition = CS_CA_ISSUED;
    answer->certificate = cs_bytes_steal(&certificate->body);
    CS_TRY(get(http, target, page, &chain, err));
    CS_TRY(check_status(&chain, err));
    return cs_ca_chain(&answer->certificate, &chain.body, &answer->chain, err);
}

static cs_rc refused(const struct cs_ca_target *target, const struct cs_webpage *page,
                     struct cs_err *err)
{
    cs_autofree char *shown = cs_terminal_escape(page->message ? page->message : "no reason given");

    return cs_hresult_fail(err, cs_hresult_rc(page->hresult), page->hresult,
                           "%.300s: the CA refuses: %s", target->address, shown);
}

/* The error page of certnew.cer: the request is there and has no certificate. */
static cs_rc take_page(const struct cs_ca_target *target, struct cs_webpage *page,
                       struct cs_ca_answer *answer, struct cs_err *err)
{
    switch (page->disposition) {
    case UNDER_SUBMISSION:
        answer->disposition = CS_CA_PENDING;
        break;
    case DENIED:
        answer->disposition = CS_CA_DENIED;
        break;
    case REVOKED:
        answer->disposition = CS_CA_REVOKED;
        break;
    default:
        return refused(target, page, err);
    }
    answer->message = cs_steal(&page->message);
    answer->code = page->hresult;
    return CS_OK;
}

static cs_rc look_up(struct cs_http *http, const struct cs_ca_target *target, const char *id,
                     struct cs_ca_answer *answer, struct cs_err *err)
{
    cs_autofree char *name = cs_asprintf("certnew.cer?ReqID=%s&Enc=bin", id);
    cs_auto_value(cs_http_reply) reply = {0};
    cs_auto_value(cs_webpage) page = {.disposition = -1};

    CS_TRY(get(http, target, name, &reply, err));
    CS_TRY(check_status(&reply, err));
    answer->request_id = cs_strdup(id);
    if (is_certificate(&reply)) {
        return fetch(http, target, id, &reply, answer, err);
    }
    CS_TRY(cs_webpage_read(&reply.body, &page, err));
    return take_page(target, &page, answer, err);
}

static cs_rc post(struct cs_http *http, const struct cs_ca_target *target,
                  const struct cs_ca_question *question, struct cs_webpage *ret_page,
                  bool *ret_sent, struct cs_err *err)
{
    cs_autofree char *url = page_url(target, "certfnsh.asp");
    cs_autofree char *form = cs_webpage_form(question->csr, question->template_name);
    const struct cs_http_request request = {
        .url = url,
        .content_type = "application/x-www-form-urlencoded",
        .body = form,
        .body_len = strlen(form),
    };
    cs_auto_value(cs_http_reply) reply = {0};

    CS_TRY(cs_http_send(http, &request, &reply, ret_sent, err));
    *ret_sent = *ret_sent && !cs_web_is_nothing_there(&reply);
    CS_TRY(check_status(&reply, err));
    return cs_webpage_read(&reply.body, ret_page, err);
}

/* The CA has the request @id; what became of it may not be known yet. */
static cs_rc ask_back(struct cs_http *http, const struct cs_ca_target *target, const char *id,
                      struct cs_ca_answer *answer, struct cs_err *err)
{
    struct cs_err why = {0};
    cs_rc rc = look_up(http, target, id, answer, &why);

    if (rc == CS_OK) {
        return CS_OK;
    }
    if (rc == CS_E_CA_REFUSED && why.origin == CS_ORIGIN_HRESULT) {
        if (err) {
            *err = why;
        }
        return rc;
    }
    cs_ca_answer_wait(answer, cs_strdup(id), &why);
    return CS_OK;
}

/* A page in any language has the number; what became of the request is asked under it. A refusal
 * names its HRESULT, and may have no number. */
static cs_rc submit_to(struct cs_http *http, const struct cs_ca_target *target,
                       const struct cs_ca_question *question, struct cs_ca_answer *answer,
                       bool *ret_sent, struct cs_err *err)
{
    cs_auto_value(cs_webpage) page = {.disposition = -1};

    CS_TRY(post(http, target, question, &page, ret_sent, err));
    const char *id = page.issued_id ? page.issued_id : page.request_id;
    bool no = !page.issued_id && page.hresult && page.hresult != CS_HRESULT_DENIED;
    if (no || !id) {
        return refused(target, &page, err);
    }
    return ask_back(http, target, id, answer, err);
}

static cs_rc certsrv_submit(const struct cs_ca_target *target,
                            const struct cs_ca_question *question, struct cs_ca_answer *ret_answer,
                            bool *ret_sent, struct cs_err *err)
{
    cs_auto(cs_web) web = NULL;
    struct cs_ca_answer answer = {0};

    *ret_sent = false;
    CS_TRY(cs_web_open(target, &web, err));
    cs_rc rc = submit_to(cs_web_http(web), target, question, &answer, ret_sent, err);
    *ret_sent = *ret_sent && rc != CS_E_CA_REFUSED;
    if (rc != CS_OK) {
        cs_ca_answer_done(&answer);
        return rc;
    }
    *ret_answer = answer;
    return CS_OK;
}

static cs_rc certsrv_poll(const struct cs_ca_target *target, const struct cs_ca_question *question,
                          struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    cs_auto(cs_web) web = NULL;
    struct cs_ca_answer answer = {0};
    uint32_t id = 0;

    CS_TRY(cs_icpr_parse_id(question->request_id, &id, err));
    CS_TRY(cs_web_open(target, &web, err));
    cs_rc rc = look_up(cs_web_http(web), target, question->request_id, &answer, err);
    if (rc != CS_OK) {
        cs_ca_answer_done(&answer);
        return rc;
    }
    *ret_answer = answer;
    return CS_OK;
}

/* The page about the CA itself needs the same rights as a request, and changes nothing. */
static cs_rc ask_nothing(const struct cs_ca_target *target, struct cs_http_reply *ret_reply,
                         struct cs_err *err)
{
    cs_auto(cs_web) web = NULL;

    CS_TRY(cs_web_open(target, &web, err));
    return get(cs_web_http(web), target, "certcarc.asp", ret_reply, err);
}

static cs_rc certsrv_probe(const struct cs_ca_target *target,
                           struct cs_ca_finding_list *ret_findings, struct cs_err *err)
{
    cs_auto_value(cs_http_reply) reply = {0};
    struct cs_err why = {0};

    CS_TRY(cs_web_note_credentials(target, ret_findings, err));
    cs_rc rc = ask_nothing(target, &reply, &why);
    cs_web_note(ret_findings, "connection and authentication", target->address, &why);
    if (rc == CS_OK) {
        rc = check_status(&reply, &why);
        cs_web_note(ret_findings, "web enrolment", "certcarc.asp", &why);
    }
    if (rc != CS_OK && err) {
        *err = why;
    }
    return rc;
}

/* Which templates there are the directory tells. */
static cs_rc certsrv_check(const struct cs_ca_target *target, const struct cs_ca_question *question,
                           struct cs_err *err)
{
    cs_auto_value(cs_http_reply) reply = {0};

    CS_TRY(ask_nothing(target, &reply, err));
    CS_TRY(check_status(&reply, err));
    return cs_web_check_template(target, question->template_name, err);
}

const struct cs_ca_protocol cs_ca_certsrv = {
    .name = "certsrv",
    .submit = certsrv_submit,
    .poll = certsrv_poll,
    .probe = certsrv_probe,
    .check = certsrv_check,
};

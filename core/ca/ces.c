/* AD CS's Certificate Enrollment Web Service (MS-WSTEP). */
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "ca/hresult.h"
#include "ca/icprmsg.h"
#include "ca/protocol.h"
#include "ca/soapcall.h"
#include "ca/web.h"
#include "ca/wstep.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static cs_rc exchange(const struct cs_ca_target *target, const char *url,
                      const struct cs_wstep_message *message, struct cs_ca_answer *ret_answer,
                      bool *ret_sent, struct cs_err *err)
{
    cs_auto_value(cs_bytes) reply = {0};
    struct cs_err why = {0};

    CS_TRY(cs_soapcall(target, url, message, &reply, ret_sent, err));
    cs_rc rc = cs_wstep_answer(&reply, ret_answer, &why);
    char *id = rc == CS_E_CA_UNREACHABLE && ret_sent ? cs_wstep_request_id(&reply) : NULL;
    if (id) {
        cs_ca_answer_wait(ret_answer, id, &why);
        return CS_OK;
    }
    if (err) {
        *err = why;
    }
    return cs_soapcall_result(target, rc, err);
}

/* A new request that the CA's policy denies at once is refused, as by RPC and on the pages. */
static cs_rc refuse_denied(const struct cs_ca_target *target, struct cs_ca_answer *answer,
                           struct cs_err *err)
{
    uint32_t code = (uint32_t)answer->code;

    if (answer->disposition != CS_CA_DENIED || cs_hresult_rc(code) != CS_E_CA_REFUSED ||
        code == CS_HRESULT_DENIED) {
        return CS_OK;
    }
    cs_autofree char *shown = cs_terminal_escape(answer->message ? answer->message : "");
    cs_ca_answer_done(answer);
    cs_rc rc = cs_hresult_fail(err, CS_E_CA_REFUSED, code, "the CA refuses: %s", shown);
    return cs_soapcall_result(target, rc, err);
}

/* The same scheme, host and port: a pending answer names where to ask, and the ticket or password
 * must not go to another host for it. */
static bool same_origin(const char *a, const char *b)
{
    const char *path = strstr(a, "://");

    path = path ? strchr(path + 3, '/') : NULL;
    return path && strncasecmp(a, b, (size_t)(path - a) + 1) == 0;
}

static void drop_foreign(const struct cs_ca_target *target, struct cs_ca_answer *answer)
{
    if (answer->handle && !same_origin(target->address, answer->handle)) {
        free(cs_steal(&answer->handle));
    }
}

static cs_rc ces_submit(const struct cs_ca_target *target, const struct cs_ca_question *question,
                        struct cs_ca_answer *ret_answer, bool *ret_sent, struct cs_err *err)
{
    cs_auto_value(cs_wstep_message) message = {0};
    const char *user = NULL;

    *ret_sent = false;
    CS_TRY(cs_soapcall_user(target, &user, err));
    cs_wstep_issue(target->address, user, cs_clock_now(), question->csr, question->template_name,
                   &message);
    cs_rc rc = exchange(target, target->address, &message, ret_answer, ret_sent, err);
    if (rc == CS_OK) {
        drop_foreign(target, ret_answer);
        rc = refuse_denied(target, ret_answer, err);
    }
    *ret_sent = *ret_sent && rc != CS_E_CA_REFUSED;
    return rc;
}

static cs_rc ces_poll(const struct cs_ca_target *target, const struct cs_ca_question *question,
                      struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    bool own = question->handle && same_origin(target->address, question->handle);
    const char *url = own ? question->handle : target->address;
    cs_auto_value(cs_wstep_message) message = {0};
    const char *user = NULL;
    uint32_t id = 0;

    CS_TRY(cs_icpr_parse_id(question->request_id, &id, err));
    CS_TRY(cs_soapcall_user(target, &user, err));
    cs_wstep_query(url, user, cs_clock_now(), question->request_id, &message);
    return exchange(target, url, &message, ret_answer, NULL, err);
}

/* A question about a number that no CA has given yet: a service that knows us answers with a fault
 * of its CA, and nothing is changed. */
static cs_rc ask_nothing(const struct cs_ca_target *target, struct cs_err *err)
{
    const struct cs_ca_question question = {.request_id = "2147483647"};
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err why = {0};
    cs_rc rc = ces_poll(target, &question, &answer, &why);

    if (rc == CS_OK || (rc == CS_E_CA_REFUSED && why.origin == CS_ORIGIN_HRESULT)) {
        return CS_OK;
    }
    if (err) {
        *err = why;
    }
    return rc;
}

static cs_rc ces_probe(const struct cs_ca_target *target, struct cs_ca_finding_list *ret_findings,
                       struct cs_err *err)
{
    struct cs_err why = {0};

    CS_TRY(cs_web_note_credentials(target, ret_findings, err));
    cs_rc rc = ask_nothing(target, &why);
    cs_web_note(ret_findings, "enrolment web service", target->address, &why);
    if (rc != CS_OK && err) {
        *err = why;
    }
    return rc;
}

/* Which templates there are CES does not tell; the directory does. */
static cs_rc ces_check(const struct cs_ca_target *target, const struct cs_ca_question *question,
                       struct cs_err *err)
{
    CS_TRY(ask_nothing(target, err));
    return cs_web_check_template(target, question->template_name, err);
}

const struct cs_ca_protocol cs_ca_ces = {
    .name = "ces",
    .submit = ces_submit,
    .poll = ces_poll,
    .probe = ces_probe,
    .check = ces_check,
};

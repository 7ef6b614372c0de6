/* AD CS's Certificate Enrollment Policy Web Service (MS-XCEP): it tells which enrolment service has
 * the template, and that one is asked. */
#include "base/clock.h"
#include "base/mem.h"
#include "ca/protocol.h"
#include "ca/soapcall.h"
#include "ca/web.h"
#include "ca/xcep.h"

#include <string.h>

static enum cs_xcep_auth auth_of(const struct cs_ca_target *target)
{
    return target->auth == CS_CA_AUTH_PASSWORD      ? CS_XCEP_PASSWORD
           : target->auth == CS_CA_AUTH_CERTIFICATE ? CS_XCEP_CERTIFICATE
                                                    : CS_XCEP_KERBEROS;
}

static cs_rc get_policies(const struct cs_ca_target *target, struct cs_xcep *ret_policies,
                          struct cs_err *err)
{
    cs_auto_value(cs_wstep_message) message = {0};
    cs_auto_value(cs_bytes) reply = {0};
    const char *user = NULL;

    CS_TRY(cs_soapcall_user(target, &user, err));
    cs_xcep_question(target->address, user, cs_clock_now(), &message);
    CS_TRY(cs_soapcall(target, target->address, &message, &reply, NULL, err));
    return cs_soapcall_result(target, cs_xcep_answer(&reply, ret_policies, err), err);
}

/* Where to send a request for @template_name: borrowed from @policies. */
static cs_rc choose(const struct cs_ca_target *target, const struct cs_xcep *policies,
                    const char *template_name, const char **ret_url, struct cs_err *err)
{
    return cs_soapcall_result(
        target, cs_xcep_choose(policies, template_name, auth_of(target), ret_url, err), err);
}

static cs_rc cep_check(const struct cs_ca_target *target, const struct cs_ca_question *question,
                       struct cs_err *err)
{
    cs_auto_value(cs_xcep) policies = {0};
    const struct cs_ca_question reach = {0}; /* of the template the policies have told */
    struct cs_ca_target service = *target;

    CS_TRY(get_policies(target, &policies, err));
    CS_TRY(choose(target, &policies, question->template_name, &service.address, err));
    return cs_ca_ces.check(&service, &reach, err);
}

/* The handle is the address of the enrolment service, which is the one to ask again. */
static cs_rc cep_submit(const struct cs_ca_target *target, const struct cs_ca_question *question,
                        struct cs_ca_answer *ret_answer, bool *ret_sent, struct cs_err *err)
{
    cs_auto_value(cs_xcep) policies = {0};
    struct cs_ca_target service = *target;

    *ret_sent = false;
    CS_TRY(get_policies(target, &policies, err));
    CS_TRY(choose(target, &policies, question->template_name, &service.address, err));
    CS_TRY(cs_ca_ces.submit(&service, question, ret_answer, ret_sent, err));
    if (!ret_answer->handle) {
        ret_answer->handle = cs_strdup(service.address);
    }
    return CS_OK;
}

static cs_rc cep_poll(const struct cs_ca_target *target, const struct cs_ca_question *question,
                      struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    struct cs_ca_target service = *target;

    if (!question->handle) {
        return cs_fail(err, CS_E_CA_REFUSED,
                       "request %s cannot be asked about: the address of its enrolment service is "
                       "not known",
                       question->request_id);
    }
    service.address = question->handle;
    return cs_ca_ces.poll(&service, question, ret_answer, err);
}

static cs_rc cep_probe(const struct cs_ca_target *target, struct cs_ca_finding_list *ret_findings,
                       struct cs_err *err)
{
    cs_auto_value(cs_xcep) policies = {0};
    struct cs_ca_target service = *target;
    const struct cs_ca_question nothing = {0};
    struct cs_err why = {0};

    CS_TRY(cs_web_note_credentials(target, ret_findings, err));
    cs_rc rc = get_policies(target, &policies, &why);
    cs_web_note(ret_findings, "policy web service", target->address, &why);
    if (rc == CS_OK) {
        rc = choose(target, &policies, NULL, &service.address, &why);
        cs_web_note(ret_findings, "address of an enrolment service", service.address, &why);
    }
    if (rc == CS_OK) {
        rc = cs_ca_ces.check(&service, &nothing, &why);
        cs_web_note(ret_findings, "enrolment web service", service.address, &why);
    }
    if (rc != CS_OK && err) {
        *err = why;
    }
    return rc;
}

const struct cs_ca_protocol cs_ca_cep = {
    .name = "cep",
    .submit = cep_submit,
    .poll = cep_poll,
    .probe = cep_probe,
    .check = cep_check,
};

#include "ca/xcep.h"

#include "base/mem.h"
#include "ca/soap.h"

#include <stdlib.h>
#include <string.h>

/* MS-XCEP 2.2 and 3.1.4.1. */
#define XCEP   "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
#define ACTION XCEP "/IPolicy/GetPolicies"

/* "Windows 8 and later": the highest version of the protocol's flags (MS-XCEP 3.1.4.1.3.22). */
#define NEWEST "6"

static void ca_done(struct cs_xcep_ca *ca)
{
    for (size_t i = 0; i < ca->uri_count; i++) {
        free(ca->uris[i].url);
    }
    free(ca->uris);
    free(ca->reference);
}

void cs_xcep_done(struct cs_xcep *policies)
{
    for (size_t i = 0; i < policies->template_count; i++) {
        free(policies->templates[i].name);
        cs_strv_done(&policies->templates[i].references);
    }
    for (size_t i = 0; i < policies->ca_count; i++) {
        ca_done(&policies->cas[i]);
    }
    free(policies->templates);
    free(policies->cas);
    *policies = (struct cs_xcep){0};
}

void cs_xcep_question(const char *url, const char *user, int64_t now,
                      struct cs_wstep_message *ret_message)
{
    struct cs_soap_writer *writer = cs_soap_begin(ACTION, url, user, now);

    cs_soap_open(writer, XCEP, "GetPolicies", NULL);
    cs_soap_open(writer, NULL, "client", NULL);
    cs_soap_element(writer, NULL, "lastUpdate", NULL);
    cs_soap_element(writer, NULL, "preferredLanguage", NULL);
    cs_soap_close(writer);
    cs_soap_open(writer, NULL, "requestFilter", NULL);
    cs_soap_element(writer, NULL, "policyOIDs", NULL);
    cs_soap_element(writer, NULL, "clientVersion", NEWEST);
    cs_soap_element(writer, NULL, "serverVersion", NEWEST);
    cs_soap_close(writer);
    cs_soap_close(writer);
    cs_soap_end(writer, &ret_message->text, &ret_message->gap);
}

/* ---- the answer ---- */

static unsigned number_of(const struct cs_soap_node *node)
{
    cs_autofree char *text = cs_soap_text(node);
    size_t len = text ? strlen(text) : 0;

    return len && len <= 9 && strspn(text, "0123456789") == len ? (unsigned)strtoul(text, NULL, 10)
                                                                : 0;
}

static bool is_true(const struct cs_soap_node *node)
{
    cs_autofree char *text = cs_soap_text(node);

    return text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

static cs_rc too_many(const char *what, struct cs_err *err)
{
    return cs_fail(err, CS_E_CA_UNREACHABLE, "the policy service answers with more than %d %s",
                   CS_XCEP_MAX, what);
}

static cs_rc read_uris(const struct cs_soap_node *list, struct cs_xcep_ca *ca, struct cs_err *err)
{
    for (const struct cs_soap_node *at = cs_soap_first(list, XCEP, "cAURI"); at;
         at = cs_soap_next(at)) {
        if (ca->uri_count == CS_XCEP_MAX) {
            return too_many("addresses", err);
        }
        ca->uris = cs_realloc(ca->uris, ca->uri_count + 1, sizeof *ca->uris);
        ca->uris[ca->uri_count++] = (struct cs_xcep_uri){
            .url = cs_soap_text(cs_soap_child(at, XCEP, "uri")),
            .auth = number_of(cs_soap_child(at, XCEP, "clientAuthentication")),
            .priority = number_of(cs_soap_child(at, XCEP, "priority")),
            .renewal_only = is_true(cs_soap_child(at, XCEP, "renewalOnly")),
        };
    }
    return CS_OK;
}

static cs_rc read_cas(const struct cs_soap_node *list, struct cs_xcep *policies, struct cs_err *err)
{
    for (const struct cs_soap_node *at = cs_soap_first(list, XCEP, "cA"); at;
         at = cs_soap_next(at)) {
        if (policies->ca_count == CS_XCEP_MAX) {
            return too_many("CAs", err);
        }
        policies->cas = cs_realloc(policies->cas, policies->ca_count + 1, sizeof *policies->cas);
        struct cs_xcep_ca *ca = &policies->cas[policies->ca_count++];
        *ca = (struct cs_xcep_ca){
            .reference = cs_soap_text(cs_soap_child(at, XCEP, "cAReferenceID")),
            .may_enroll = is_true(cs_soap_child(at, XCEP, "enrollPermission")),
        };
        CS_TRY(read_uris(cs_soap_child(at, XCEP, "uris"), ca, err));
    }
    return CS_OK;
}

static void read_references(const struct cs_soap_node *list, struct cs_strv *references)
{
    for (const struct cs_soap_node *at = cs_soap_first(list, XCEP, "cAReference");
         at && references->count < CS_XCEP_MAX; at = cs_soap_next(at)) {
        char *text = cs_soap_text(at);
        if (text) {
            cs_strv_take(references, text);
        }
    }
}

static cs_rc read_templates(const struct cs_soap_node *list, struct cs_xcep *policies,
                            struct cs_err *err)
{
    for (const struct cs_soap_node *at = cs_soap_first(list, XCEP, "policy"); at;
         at = cs_soap_next(at)) {
        const struct cs_soap_node *attributes = cs_soap_child(at, XCEP, "attributes");
        if (policies->template_count == CS_XCEP_MAX) {
            return too_many("templates", err);
        }
        policies->templates = cs_realloc(policies->templates, policies->template_count + 1,
                                         sizeof *policies->templates);
        struct cs_xcep_template *template = &policies->templates[policies->template_count++];
        *template = (struct cs_xcep_template){
            .name = cs_soap_text(cs_soap_child(attributes, XCEP, "commonName")),
            .may_enroll = is_true(
                cs_soap_child(cs_soap_child(attributes, XCEP, "permission"), XCEP, "enroll")),
        };
        read_references(cs_soap_child(at, XCEP, "cAs"), &template->references);
    }
    return CS_OK;
}

static cs_rc take_fault(const struct cs_soap_node *fault, struct cs_err *err)
{
    const struct cs_soap_node *reason = cs_soap_child(fault, CS_SOAP_S, "Reason");
    cs_autofree char *text = cs_soap_text(cs_soap_first(reason, CS_SOAP_S, "Text"));
    cs_autofree char *shown = cs_terminal_escape(text ? text : "no reason is given");

    return cs_fail_hint(err, CS_E_CA_REFUSED, "check the account and its password",
                        "the policy service failed: %s", shown);
}

cs_rc cs_xcep_answer(const struct cs_bytes *reply, struct cs_xcep *ret_policies, struct cs_err *err)
{
    cs_auto(cs_soap) soap = NULL;
    cs_auto_value(cs_xcep) policies = {0};

    CS_TRY(cs_soap_parse(reply, &soap, err));
    const struct cs_soap_node *body = cs_soap_body(soap);
    if (cs_soap_is(body, CS_SOAP_S, "Fault")) {
        return take_fault(body, err);
    }
    if (!cs_soap_is(body, XCEP, "GetPoliciesResponse")) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "the policy service's answer is no GetPoliciesResponse");
    }
    const struct cs_soap_node *response = cs_soap_child(body, XCEP, "response");
    CS_TRY(read_cas(cs_soap_child(body, XCEP, "cAs"), &policies, err));
    CS_TRY(read_templates(cs_soap_child(response, XCEP, "policies"), &policies, err));
    *ret_policies = policies;
    policies = (struct cs_xcep){0};
    return CS_OK;
}

/* ---- which address ---- */

static const struct cs_xcep_template *find_template(const struct cs_xcep *policies,
                                                    const char *name)
{
    for (size_t i = 0; i < policies->template_count; i++) {
        const struct cs_xcep_template *template = &policies->templates[i];
        if (template->name && cs_ascii_iequal(template->name, name)) {
            return template;
        }
    }
    return NULL;
}

/* The lower the number, the better; @best may be NULL. */
static const struct cs_xcep_uri *better(const struct cs_xcep_ca *ca, unsigned auth,
                                        const struct cs_xcep_uri *best)
{
    for (size_t i = 0; i < ca->uri_count; i++) {
        const struct cs_xcep_uri *uri = &ca->uris[i];
        if (uri->url && uri->auth == auth && !uri->renewal_only &&
            (!best || uri->priority < best->priority)) {
            best = uri;
        }
    }
    return best;
}

static cs_rc no_template(const struct cs_xcep *policies, const char *name, struct cs_err *err)
{
    cs_auto_value(cs_strv) names = {0};

    for (size_t i = 0; i < policies->template_count; i++) {
        if (policies->templates[i].name && policies->templates[i].may_enroll) {
            cs_strv_add(&names, policies->templates[i].name);
        }
    }
    cs_autofree char *joined = cs_strv_join(&names, ", ");
    cs_autofree char *all = cs_terminal_escape(joined);
    cs_err_set(err, CS_E_CA_REFUSED, "the policy service knows no template %s for this account",
               name);
    cs_err_hint(err, "it has: %.600s; say one of them with -Template", *all ? all : "none");
    return CS_E_CA_REFUSED;
}

cs_rc cs_xcep_choose(const struct cs_xcep *policies, const char *template_name,
                     enum cs_xcep_auth auth, const char **ret_url, struct cs_err *err)
{
    const struct cs_xcep_template *template = NULL;
    const struct cs_xcep_uri *best = NULL;

    if (template_name) {
        template = find_template(policies, template_name);
        if (!template || !template->may_enroll) {
            return no_template(policies, template_name, err);
        }
    }
    for (size_t i = 0; i < policies->ca_count; i++) {
        const struct cs_xcep_ca *ca = &policies->cas[i];
        bool has =
            !template || (ca->reference && cs_strv_has(&template->references, ca->reference));
        if (has && ca->may_enroll) {
            best = better(ca, auth, best);
        }
    }
    if (!best) {
        return cs_fail_hint(err, CS_E_CA_REFUSED,
                            "set `auth` in the ca section to what the enrolment services take, or "
                            "ask the CA's administrator",
                            "the policy service names no enrolment service that this account may "
                            "use for it with this authentication");
    }
    *ret_url = best->url;
    return CS_OK;
}

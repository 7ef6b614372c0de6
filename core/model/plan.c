#include "model/plan.h"

#include "base/mem.h"
#include "model/dnsname.h"

#include <stdlib.h>
#include <string.h>

/* RFC 5280 appendix A.1, ub-common-name. */
#define COMMON_NAME_MAX 64

#define DEFAULT_TEMPLATE "WebServer"
#define WEAK_RSA_BITS    2048

struct cs_plan *cs_plan_new(void)
{
    return cs_alloc(1, sizeof(struct cs_plan));
}

static void subject_done(struct cs_subject *subject)
{
    free(subject->common_name);
    free(subject->organizational_unit);
    free(subject->organization);
    free(subject->locality);
    free(subject->state);
    free(subject->country);
}

void cs_plan_free(struct cs_plan *plan)
{
    if (!plan) {
        return;
    }
    for (size_t i = 0; i < plan->name_count; i++) {
        free(plan->names[i].name);
        free(plan->names[i].rule);
        free(plan->names[i].source);
    }
    free(plan->names);
    subject_done(&plan->subject);
    free(plan->computer);
    free(plan->friendly_name);
    free(plan->ca);
    free(plan->output);
    free(plan->template_name);
    free(plan->ca_account);
    free(plan->global_catalog);
    free(plan->global_settings_dc);
    cs_strv_done(&plan->warnings);
    free(plan);
}

void cs_plan_add_name(struct cs_plan *plan, const char *name, const char *rule, const char *source)
{
    plan->names = cs_realloc(plan->names, plan->name_count + 1, sizeof *plan->names);
    plan->names[plan->name_count++] = (struct cs_name){
        .name = cs_strdup(name),
        .rule = cs_strdup(rule),
        .source = cs_strdup(source),
    };
}

struct cs_plan *cs_plan_copy(const struct cs_plan *plan)
{
    struct cs_plan *copy = cs_plan_new();

    *copy = *plan;
    copy->names = NULL;
    copy->name_count = 0;
    copy->warnings = (struct cs_strv){0};
    for (size_t i = 0; i < plan->name_count; i++) {
        const struct cs_name *name = &plan->names[i];
        cs_plan_add_name(copy, name->name, name->rule, name->source);
    }
    cs_strv_copy(&copy->warnings, &plan->warnings);
    copy->computer = cs_strdup(plan->computer);
    copy->subject = (struct cs_subject){
        .common_name = cs_strdup(plan->subject.common_name),
        .organizational_unit = cs_strdup(plan->subject.organizational_unit),
        .organization = cs_strdup(plan->subject.organization),
        .locality = cs_strdup(plan->subject.locality),
        .state = cs_strdup(plan->subject.state),
        .country = cs_strdup(plan->subject.country),
    };
    copy->friendly_name = cs_strdup(plan->friendly_name);
    copy->ca = cs_strdup(plan->ca);
    copy->output = cs_strdup(plan->output);
    copy->template_name = cs_strdup(plan->template_name);
    copy->ca_account = cs_strdup(plan->ca_account);
    copy->global_catalog = cs_strdup(plan->global_catalog);
    copy->global_settings_dc = cs_strdup(plan->global_settings_dc);
    return copy;
}

/* Octets of a DER length (X.690 section 8.1.3) with its tag. */
static size_t header_size(size_t len)
{
    size_t size = 2;

    if (len >= 128) {
        for (; len; len >>= 8) {
            size++;
        }
    }
    return size;
}

size_t cs_plan_san_size(const struct cs_plan *plan)
{
    size_t size = 0;

    for (size_t i = 0; i < plan->name_count; i++) {
        size_t len = strlen(plan->names[i].name);
        size += header_size(len) + len;
    }
    return header_size(size) + size;
}

static bool has_name(const struct cs_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->name_count; i++) {
        if (strcmp(plan->names[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void warn(struct cs_plan *plan, char *text)
{
    if (cs_strv_has(&plan->warnings, text)) {
        free(text);
    } else {
        cs_strv_take(&plan->warnings, text);
    }
}

/* Adds a name unless it is there; which wildcards may stand says the table of types. */
static cs_rc add_checked(struct cs_plan *plan, const char *text, const char *rule,
                         const char *source, bool want_wildcards, struct cs_err *err)
{
    cs_autofree char *name = NULL;
    struct cs_dns_name facts;

    CS_TRY(cs_dns_name_parse(text, source, &name, &facts, err));
    if (facts.wildcard != want_wildcards) {
        return CS_OK;
    }
    if (facts.wildcard && !cs_cert_types_allow_wildcard(plan->types)) {
        cs_autofree char *types = cs_cert_types_text(plan->types);
        return cs_fail_hint(err, CS_E_USAGE, "spell the names out",
                            "%s \"%s\": a certificate of type %s takes no wildcard", source, name,
                            types);
    }
    if (has_name(plan, name)) {
        return CS_OK;
    }
    if (facts.is_short) {
        warn(plan, cs_asprintf("%s is a short name: Lync matches fully qualified names", name));
    }
    if (plan->name_count == CS_NAMES_MAX) {
        return cs_fail_hint(err, CS_E_USAGE, "split them over several certificates",
                            "more than %d names: no CA issues such a certificate", CS_NAMES_MAX);
    }
    cs_plan_add_name(plan, name, rule, source);
    return CS_OK;
}

static const struct cs_strv nothing = {0};

/* Without a topology: the computer, else the first -DomainName, else this host. */
static cs_rc choose_computer(const struct cs_plan_input *input, const char **ret_name,
                             const char **ret_source, struct cs_err *err)
{
    if (input->computer_fqdn) {
        *ret_name = input->computer_fqdn;
        *ret_source = "-ComputerFqdn";
    } else if (input->domain_names && input->domain_names->count) {
        *ret_name = input->domain_names->items[0];
        *ret_source = "-DomainName";
    } else if (input->host_name && *input->host_name) {
        *ret_name = input->host_name;
        *ret_source = "host name";
    } else {
        return cs_fail_hint(err, CS_E_USAGE, "say -ComputerFqdn edge1.litwareinc.com",
                            "nothing says which computer the certificate is for");
    }
    return CS_OK;
}

static cs_rc plan_common_name(struct cs_plan *plan, const char *text, const char *source,
                              struct cs_err *err)
{
    CS_TRY(add_checked(plan, text, "subject name", source, false, err));
    if (!plan->name_count) {
        return cs_fail_hint(err, CS_E_USAGE, "say -ComputerFqdn, or put another name first",
                            "%s \"%s\": a wildcard cannot be the subject name", source, text);
    }
    const char *name = plan->names[0].name;
    if (strlen(name) > COMMON_NAME_MAX) {
        return cs_fail_hint(err, CS_E_USAGE, "use a shorter name for the subject",
                            "%s \"%s\" is longer than the %d characters of a common name", source,
                            name, COMMON_NAME_MAX);
    }
    plan->subject.common_name = cs_strdup(name);
    plan->computer = cs_strdup(name);
    return CS_OK;
}

static cs_rc plan_names(struct cs_plan *plan, const struct cs_plan_input *input, struct cs_err *err)
{
    const struct cs_strv *given = input->domain_names ? input->domain_names : &nothing;
    /* Phones want real names before a wildcard ("Wildcard certificate support"). */
    for (int wildcards = 0; wildcards <= 1; wildcards++) {
        for (size_t i = 0; i < given->count; i++) {
            CS_TRY(add_checked(plan, given->items[i], "named by the user", "-DomainName", wildcards,
                               err));
        }
    }
    if (input->all_sip_domain) {
        warn(plan, cs_strdup("-AllSipDomain adds nothing: no topology is known that would tell the "
                             "SIP domains; name them with -DomainName"));
    }
    size_t size = cs_plan_san_size(plan);
    if (size > CS_SAN_AD_CS_MAX) {
        warn(plan, cs_asprintf("the alternative names take %zu octets: AD CS refuses more than %d "
                               "(0xc80005e2); other CAs may take them",
                               size, CS_SAN_AD_CS_MAX));
    }
    return CS_OK;
}

static cs_rc plan_key(struct cs_plan *plan, const struct cs_plan_input *input, struct cs_err *err)
{
    CS_TRY(cs_key_spec_make(input->key_alg, input->key_size, &plan->key_spec, err));
    plan->exportable = input->exportable;
    if (input->exportable && input->policy_forbid_exportable) {
        return cs_fail_hint(err, CS_E_POLICY, "leave -PrivateKeyExportable out",
                            "the policy forbids exportable keys (forbid-exportable)");
    }
    if (!cs_key_is_rsa(&plan->key_spec)) {
        return CS_OK;
    }
    unsigned bits = plan->key_spec.bits;
    if (bits < cs_cert_types_min_rsa_bits(plan->types)) {
        cs_autofree char *types = cs_cert_types_text(plan->types);
        return cs_fail_hint(err, CS_E_POLICY, "say -KeySize 2048 or more",
                            "a certificate of type %s needs an RSA key of at least %u bits, not %u",
                            types, cs_cert_types_min_rsa_bits(plan->types), bits);
    }
    if (bits < input->policy_min_rsa_bits) {
        return cs_fail_hint(err, CS_E_POLICY, "say a larger -KeySize",
                            "an RSA key of %u bits is below the policy's min-rsa-bits of %u", bits,
                            input->policy_min_rsa_bits);
    }
    if (bits < WEAK_RSA_BITS) {
        warn(plan, cs_asprintf("WEAK KEY: an RSA key of %u bits can be broken; public CAs and "
                               "current clients refuse it; use -KeySize 2048 or more",
                               bits));
    }
    return CS_OK;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);

    return len >= end_len && cs_ascii_iequal(text + len - end_len, end);
}

static cs_rc plan_destination(struct cs_plan *plan, const struct cs_plan_input *input,
                              struct cs_err *err)
{
    if (input->ca && input->output) {
        return cs_fail_hint(err, CS_E_USAGE, "leave one of them out",
                            "-CA sends the request, -Output writes it to a file: not both");
    }
    if (!input->ca && !input->output) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "say -CA 'host\\caname', or -Output FILE, or set default-ca in the "
                            "configuration",
                            "nothing says where the request goes");
    }
    if (input->output && (ends_with(input->output, ".pfx") || ends_with(input->output, ".cer"))) {
        warn(plan,
             cs_asprintf("%s will hold a certificate request, not a certificate", input->output));
    }
    plan->ca = cs_strdup(input->ca);
    plan->output = cs_strdup(input->output);
    plan->output_der = input->output_der;
    plan->template_name = cs_strdup(input->template_name ? input->template_name : DEFAULT_TEMPLATE);
    plan->ca_account = cs_strdup(input->ca_account);
    plan->global_catalog = cs_strdup(input->global_catalog);
    plan->global_settings_dc = cs_strdup(input->global_settings_dc);
    return CS_OK;
}

cs_rc cs_plan_build(const struct cs_plan_input *input, struct cs_plan **ret_plan,
                    struct cs_err *err)
{
    cs_auto(cs_plan) plan = cs_plan_new();
    const struct cs_strv *types = input->types ? input->types : &nothing;
    const char *computer = NULL;
    const char *source = NULL;

    CS_TRY(choose_computer(input, &computer, &source, err));
    CS_TRY(cs_cert_types_parse(types, computer, &plan->types, err));
    CS_TRY(plan_common_name(plan, computer, source, err));
    CS_TRY(plan_names(plan, input, err));
    CS_TRY(plan_key(plan, input, err));
    CS_TRY(plan_destination(plan, input, err));
    plan->client_eku = input->client_eku;
    plan->friendly_name = cs_strdup(input->friendly_name);
    plan->subject.country = cs_strdup(input->country);
    plan->subject.state = cs_strdup(input->state);
    plan->subject.locality = cs_strdup(input->city);
    plan->subject.organization = cs_strdup(input->organization);
    plan->subject.organizational_unit = cs_strdup(input->organizational_unit);

    *ret_plan = cs_steal(&plan);
    return CS_OK;
}

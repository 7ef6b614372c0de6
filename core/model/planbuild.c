#include "model/plan.h"

#include "base/mem.h"
#include "model/dnsname.h"
#include "model/names.h"

#include <stdlib.h>
#include <string.h>

/* RFC 5280 appendix A.1, ub-common-name. */
#define COMMON_NAME_MAX 64

#define DEFAULT_TEMPLATE "WebServer"
#define WEAK_RSA_BITS    2048

#define SERVER_ALONE ((cs_type_set)1 << CS_TYPE_SERVER)

static const struct cs_strv nothing = {0};

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

/* ---- whose names ---- */

/* The computer as somebody said it, and where. name NULL: nobody did. */
struct whose {
    const char *name;
    const char *source;
};

/* -ComputerFqdn, else the first -DomainName if no topology decides, else this host. */
static struct whose whose_names(const struct cs_plan_input *input, bool by_topology)
{
    if (input->computer_fqdn) {
        return (struct whose){input->computer_fqdn, "-ComputerFqdn"};
    }
    if (!by_topology && input->domain_names && input->domain_names->count) {
        return (struct whose){input->domain_names->items[0], "-DomainName"};
    }
    if (input->host_name && *input->host_name) {
        return (struct whose){input->host_name, "host name"};
    }
    return (struct whose){0};
}

static cs_rc fail_nobody(struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_USAGE, "say -ComputerFqdn edge1.litwareinc.com",
                        "nothing says which computer the certificate is for");
}

static cs_rc plan_common_name(struct cs_plan *plan, const char *source, struct cs_err *err)
{
    const char *name = plan->names[0].name;

    if (strlen(name) > COMMON_NAME_MAX) {
        return cs_fail_hint(err, CS_E_USAGE, "use a shorter name for the subject",
                            "%s \"%s\" is longer than the %d characters of a common name", source,
                            name, COMMON_NAME_MAX);
    }
    plan->subject.common_name = cs_strdup(name);
    return CS_OK;
}

/* The rule without a topology: the user's word is the subject. */
static cs_rc plan_by_user(struct cs_plan *plan, const struct cs_plan_input *input,
                          struct cs_err *err)
{
    struct whose whose = whose_names(input, false);

    if (!whose.name) {
        return fail_nobody(err);
    }
    CS_TRY(add_checked(plan, whose.name, "subject name", whose.source, false, err));
    if (!plan->name_count) {
        return cs_fail_hint(err, CS_E_USAGE, "say -ComputerFqdn, or put another name first",
                            "%s \"%s\": a wildcard cannot be the subject name", whose.source,
                            whose.name);
    }
    plan->computer = cs_strdup(plan->names[0].name);
    return plan_common_name(plan, whose.source, err);
}

static void warn_without_topology(struct cs_plan *plan, const struct cs_plan_input *input)
{
    bool server = plan->types == SERVER_ALONE;

    if (!server) {
        warn(plan, cs_strdup("no topology is known, so the names come from the command line "
                             "alone: `cscert topology import FILE` or --topology FILE lets "
                             "cscert work them out"));
    }
    if (input->all_sip_domain) {
        warn(plan, cs_asprintf("-AllSipDomain adds nothing%s",
                               server ? " to a certificate of type Server"
                                      : ": no topology is known that would tell the SIP domains; "
                                        "name them with -DomainName"));
    }
    if (input->all_pool_members) {
        warn(plan, cs_asprintf("--all-pool-members adds nothing%s",
                               server ? " to a certificate of type Server"
                                      : ": no topology is known that would tell the members; "
                                        "name them with -DomainName"));
    }
}

static cs_rc find_place(struct cs_plan *plan, const struct cs_plan_input *input,
                        struct cs_topo_place *place, struct cs_err *err)
{
    struct whose whose = whose_names(input, true);

    if (input->place) {
        *place = *input->place;
        return CS_OK;
    }
    if (!whose.name) {
        return fail_nobody(err);
    }
    cs_rc rc = cs_topology_find(input->topology, whose.name, place, err);
    if (rc != CS_OK) {
        if (!input->computer_fqdn && err) {
            err->hint[0] = 0;
            cs_err_hint(err, "this host's name was tried because none was said: say -ComputerFqdn "
                             "with a computer of the topology (`cscert topology show`)");
        }
        return rc;
    }
    const char *name = place->computer ? place->computer->name : place->pool->fqdn.name;
    if (!strchr(whose.name, '.') && strchr(name, '.')) {
        warn(plan, cs_asprintf("%s %s is a short name: %s of the topology is taken", whose.source,
                               whose.name, name));
    }
    return CS_OK;
}

/* A name of the topology; the rules ask for no wildcards. */
static cs_rc add_real_name(struct cs_plan *plan, const struct cs_wanted_name *wanted,
                           struct cs_err *err)
{
    if (strchr(wanted->name, '*')) {
        return cs_fail(err, CS_E_USAGE, "%s \"%s\" is not a host name: it is a wildcard",
                       wanted->source, wanted->name);
    }
    return add_checked(plan, wanted->name, wanted->rule, wanted->source, false, err);
}

/* A bad alternative name of the topology is left out loudly: the user cannot change it, and the
 * other names serve. */
static cs_rc add_wanted(struct cs_plan *plan, const struct cs_wanted_name *wanted,
                        struct cs_err *err)
{
    struct cs_err why = {0};
    cs_rc rc = add_real_name(plan, wanted, &why);

    if (rc == CS_OK) {
        return CS_OK;
    }
    if (plan->name_count && plan->name_count < CS_NAMES_MAX) {
        warn(plan, cs_asprintf("a name is left out: %s", why.message));
        return CS_OK;
    }
    if (err) {
        *err = why;
        if (!plan->name_count) {
            err->hint[0] = 0;
            cs_err_hint(err, "Lync takes letters, digits and hyphens: correct the topology");
        }
    }
    return rc;
}

/* model/names.h tells which names, this which of them can stand. */
static cs_rc plan_by_topology(struct cs_plan *plan, const struct cs_plan_input *input,
                              struct cs_err *err)
{
    struct cs_topo_place place = {0};
    cs_auto_value(cs_wanted_list) wanted = {0};

    CS_TRY(find_place(plan, input, &place, err));
    CS_TRY(cs_names_wanted(input, plan->types, &place, &wanted, &plan->warnings, err));
    for (size_t i = 0; i < wanted.count; i++) {
        CS_TRY(add_wanted(plan, &wanted.items[i], err));
    }
    plan->computer = place.computer ? cs_strdup(place.computer->name) : NULL;
    plan->pool = cs_strdup(place.pool->fqdn.name);
    plan->role = cs_topo_pool_role(place.pool);
    return plan_common_name(plan, wanted.items[0].source, err);
}

/* ---- what the user adds ---- */

static cs_rc add_given(struct cs_plan *plan, const struct cs_plan_input *input, bool wildcards,
                       struct cs_err *err)
{
    const struct cs_strv *given = input->domain_names ? input->domain_names : &nothing;

    for (size_t i = 0; i < given->count; i++) {
        CS_TRY(
            add_checked(plan, given->items[i], "named by the user", "-DomainName", wildcards, err));
    }
    return CS_OK;
}

/* The names of an existing certificate that this one would lose; what cannot stand stays lost. */
static void keep_lost(struct cs_plan *plan, const struct cs_plan_input *input, bool wildcards)
{
    if (!input->like || !input->like_names || !input->like_keep) {
        return;
    }
    const char *slash = strrchr(input->like, '/');
    cs_autofree char *rule = cs_asprintf("kept from %s", slash ? slash + 1 : input->like);
    for (size_t i = 0; i < input->like_names->count; i++) {
        struct cs_err why = {0};
        if (add_checked(plan, input->like_names->items[i], rule, input->like, wildcards, &why) !=
            CS_OK) {
            warn(plan, cs_asprintf("a name is not kept: %s", why.message));
        }
    }
}

/* Lower case, without a closing dot, each once. */
static void like_names(const struct cs_plan_input *input, struct cs_strv *names)
{
    for (size_t i = 0; i < input->like_names->count; i++) {
        char *name = cs_ascii_lower(input->like_names->items[i]);
        size_t len = strlen(name);
        if (len > 1 && name[len - 1] == '.') {
            name[len - 1] = 0;
        }
        if (cs_strv_has(names, name)) {
            free(name);
        } else {
            cs_strv_take(names, name);
        }
    }
}

static void compare_like(struct cs_plan *plan, const struct cs_plan_input *input)
{
    struct cs_like *like = &plan->like;
    cs_auto_value(cs_strv) before = {0};

    if (!input->like || !input->like_names) {
        return;
    }
    like_names(input, &before);
    like->source = cs_strdup(input->like);
    for (size_t i = 0; i < before.count; i++) {
        cs_strv_add(has_name(plan, before.items[i]) ? &like->kept : &like->lost, before.items[i]);
    }
    for (size_t i = 0; i < plan->name_count; i++) {
        if (!cs_strv_has(&before, plan->names[i].name)) {
            cs_strv_add(&like->gained, plan->names[i].name);
        }
    }
    if (like->lost.count && !input->like_keep) {
        cs_autofree char *list = cs_strv_join(&like->lost, ", ");
        warn(plan, cs_asprintf("names of %s that this certificate will not have: %s; --like-keep "
                               "keeps them",
                               input->like, list));
    }
}

/* Phones want real names before a wildcard ("Wildcard certificate support"). */
static cs_rc plan_names(struct cs_plan *plan, const struct cs_plan_input *input, struct cs_err *err)
{
    if (input->topology && plan->types != SERVER_ALONE) {
        CS_TRY(plan_by_topology(plan, input, err));
    } else {
        warn_without_topology(plan, input);
        CS_TRY(plan_by_user(plan, input, err));
    }
    for (int wildcards = 0; wildcards <= 1; wildcards++) {
        CS_TRY(add_given(plan, input, wildcards, err));
        keep_lost(plan, input, wildcards);
    }
    compare_like(plan, input);
    size_t size = cs_plan_san_size(plan);
    if (size > CS_SAN_MAX) {
        return cs_fail_hint(err, CS_E_USAGE, "split them over several certificates",
                            "the alternative names take %zu octets, more than the %d that a "
                            "certificate may have",
                            size, CS_SAN_MAX);
    }
    if (size > CS_SAN_AD_CS_MAX) {
        warn(plan, cs_asprintf("the alternative names take %zu octets: AD CS refuses more than %d "
                               "(0xc80005e2); other CAs may take them",
                               size, CS_SAN_AD_CS_MAX));
    }
    return CS_OK;
}

/* ---- all the rest ---- */

static cs_rc plan_types(struct cs_plan *plan, const struct cs_plan_input *input, struct cs_err *err)
{
    const struct cs_strv *words = input->types ? input->types : &nothing;
    struct whose whose = whose_names(input, input->topology != NULL);

    CS_TRY(cs_cert_types_parse(words, whose.name, &plan->types, err));
    if ((plan->types & SERVER_ALONE) && plan->types != SERVER_ALONE) {
        return cs_fail_hint(err, CS_E_USAGE, "request a certificate of its own for it",
                            "-Type Server is for a server that is not part of Lync: it goes with "
                            "no other type");
    }
    return CS_OK;
}

static cs_rc plan_key(struct cs_plan *plan, const struct cs_plan_input *input, struct cs_err *err)
{
    CS_TRY(cs_key_spec_make(input->key_alg, input->key_size, &plan->key_spec, err));
    plan->key_chosen = input->key_alg || input->key_size;
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
    if (!input->ca && !input->output && !input->no_destination) {
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
    plan->template_in_csr = input->template_in_csr;
    plan->ca_account = cs_strdup(input->ca_account);
    plan->global_catalog = cs_strdup(input->global_catalog);
    plan->global_settings_dc = cs_strdup(input->global_settings_dc);
    return CS_OK;
}

cs_rc cs_plan_build(const struct cs_plan_input *input, struct cs_plan **ret_plan,
                    struct cs_err *err)
{
    cs_auto(cs_plan) plan = cs_plan_new();

    CS_TRY(plan_types(plan, input, err));
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

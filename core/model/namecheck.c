#include "base/mem.h"
#include "model/deployment.h"
#include "model/dnsname.h"
#include "model/finding.h"
#include "model/names.h"

#include <stdlib.h>
#include <string.h>

/* RFC 5280 appendix A.1, ub-common-name. */
#define COMMON_NAME_MAX 64

/* A name that goes into certificates. */
struct look {
    const char *what;
    const struct cs_topo_name *name;
    bool is_subject; /* by the rules of model/names.c; it cannot be left out of the certificate */
};
typedef void (*look_fn)(struct cs_check *check, const struct look *look);

static void look_at_pool(struct cs_check *check, const struct cs_topo_pool *pool, look_fn fn)
{
    const char *fqdn = pool->fqdn.name;

    fn(check, &(struct look){"the pool", &pool->fqdn, true});
    for (size_t i = 0; i < pool->computer_count; i++) {
        const struct cs_topo_name *computer = &pool->computers[i];
        bool is_pool = fqdn && computer->name && strcmp(fqdn, computer->name) == 0;
        if (!is_pool) {
            fn(check, &(struct look){"the computer", computer, false});
        }
    }
    fn(check, &(struct look){"the external web FQDN", &pool->web_external, false});
    fn(check, &(struct look){"the internal web FQDN", &pool->web_internal, false});
    fn(check, &(struct look){"the Access Edge FQDN", &pool->access_edge, true});
    fn(check, &(struct look){"the Web Conferencing Edge FQDN", &pool->data_edge, false});
}

static void look_at_names(struct cs_check *check, look_fn fn)
{
    const struct cs_topology *topology = check->topology;

    for (size_t i = 0; i < topology->domain_count; i++) {
        const struct cs_topo_domain *domain = &topology->domains[i];
        fn(check, &(struct look){"the SIP domain", &domain->name, domain->is_default});
    }
    for (size_t i = 0; i < topology->pool_count; i++) {
        if (cs_topo_pool_role(&topology->pools[i]) != CS_ROLE_NONE) {
            look_at_pool(check, &topology->pools[i], fn);
        }
    }
    for (size_t i = 0; i < topology->url_count; i++) {
        for (size_t j = 0; j < topology->urls[i].host_count; j++) {
            const struct cs_topo_name *host = &topology->urls[i].hosts[j];
            fn(check, &(struct look){"the simple URL's host", host, false});
        }
    }
}

static void look_valid(struct cs_check *check, const struct look *look)
{
    enum cs_finding_level level = look->is_subject ? CS_FINDING_ERROR : CS_FINDING_WARNING;
    const char *remedy = look->is_subject
                             ? "rename it in the topology: no CA puts it into a certificate"
                             : "rename it in the topology: certificates are made without it";
    cs_autofree char *parsed = NULL;
    struct cs_dns_name facts;
    struct cs_err err = {0};

    if (!look->name->name) {
        return;
    }
    if (cs_dns_name_parse(look->name->name, look->what, &parsed, &facts, &err) != CS_OK) {
        cs_check_found(check, level, look->name->source, remedy, "%s", err.message);
    } else if (facts.wildcard) {
        cs_check_found(check, level, look->name->source, remedy, "%s \"%s\" is a wildcard",
                       look->what, look->name->name);
    }
}

void cs_check_names_valid(struct cs_check *check)
{
    look_at_names(check, look_valid);
}

static void look_short(struct cs_check *check, const struct look *look)
{
    const char *name = look->name->name;

    if (name && *name && !strchr(name, '.')) {
        cs_check_found(check, CS_FINDING_WARNING, look->name->source,
                       "give it its fully qualified name: Lync matches no others",
                       "%s \"%s\" is a short name", look->what, name);
    }
}

void cs_check_names_short(struct cs_check *check)
{
    look_at_names(check, look_short);
}

static void look_long(struct cs_check *check, const struct look *look)
{
    size_t len = look->name->name ? strlen(look->name->name) : 0;

    if (look->is_subject && len > COMMON_NAME_MAX) {
        cs_check_found(check, CS_FINDING_ERROR, look->name->source, "give it a shorter name",
                       "%s \"%s\" is to be a common name and has %zu characters, more than %d",
                       look->what, look->name->name, len, COMMON_NAME_MAX);
    }
}

void cs_check_common_names(struct cs_check *check)
{
    look_at_names(check, look_long);
}

static int compare_texts(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

/* A plan that holds nothing but the names of @wanted, each once. */
static struct cs_plan *plan_of(const struct cs_wanted_list *wanted)
{
    struct cs_plan *plan = cs_plan_new();
    cs_auto_value(cs_strv) names = {0};

    for (size_t i = 0; i < wanted->count; i++) {
        cs_strv_take(&names, cs_ascii_lower(wanted->items[i].name));
    }
    if (names.count) {
        qsort(names.items, names.count, sizeof *names.items, compare_texts);
    }
    for (size_t i = 0; i < names.count; i++) {
        if (!i || strcmp(names.items[i], names.items[i - 1]) != 0) {
            cs_plan_add_name(plan, names.items[i], "", "");
        }
    }
    return plan;
}

/* True if the certificate is too large; that is a finding then. */
static bool is_too_large(struct cs_check *check, const struct cs_topo_pool *pool,
                         const struct cs_grouping *grouping)
{
    struct cs_plan_input input = {.topology = check->topology, .all_sip_domain = true};
    struct cs_topo_place place = {pool, pool->computer_count ? pool->computers : NULL};
    cs_auto_value(cs_wanted_list) wanted = {0};
    cs_auto_value(cs_strv) warnings = {0};
    struct cs_err err = {0};

    if (cs_names_wanted(&input, grouping->types, &place, &wanted, &warnings, &err) != CS_OK) {
        return false; /* another check says why */
    }
    cs_auto(cs_plan) plan = plan_of(&wanted);
    cs_autofree char *types = cs_cert_types_text(grouping->types);
    size_t size = cs_plan_san_size(plan);
    if (plan->name_count > CS_NAMES_MAX) {
        cs_check_found(check, CS_FINDING_ERROR, pool->fqdn.source,
                       "leave -AllSipDomain out and name the domains that clients use with "
                       "-DomainName, or split the types over several certificates",
                       "with all %zu SIP domains the certificate %s of %s has %zu names (%zu "
                       "octets): no CA issues more than %d",
                       check->topology->domain_count, types, cs_check_pool_name(pool),
                       plan->name_count, size, CS_NAMES_MAX);
    } else if (size > CS_SAN_AD_CS_MAX) {
        cs_check_found(check, CS_FINDING_WARNING, pool->fqdn.source,
                       "for AD CS leave -AllSipDomain out and name the domains that clients use "
                       "with -DomainName, or split the types over several certificates; other CAs "
                       "may take it",
                       "with all %zu SIP domains the names of the certificate %s of %s (%zu) take "
                       "%zu octets: AD CS refuses more than %d (0xc80005e2)",
                       check->topology->domain_count, types, cs_check_pool_name(pool),
                       plan->name_count, size, CS_SAN_AD_CS_MAX);
    }
    return size > CS_SAN_AD_CS_MAX || plan->name_count > CS_NAMES_MAX;
}

/* Pools of one role have about as many names: the first that has too many stands for them. */
void cs_check_name_counts(struct cs_check *check)
{
    bool seen[CS_ROLE_COUNT][CS_GROUPINGS_MAX] = {{false}};

    for (size_t i = 0; i < check->topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &check->topology->pools[i];
        enum cs_role role = cs_topo_pool_role(pool);
        struct cs_grouping groupings[CS_GROUPINGS_MAX];
        size_t count = cs_deployment_groupings(check->topology, pool, groupings);
        for (size_t j = 0; j < count; j++) {
            if (!seen[role][j]) {
                seen[role][j] = is_too_large(check, pool, &groupings[j]);
            }
        }
    }
}

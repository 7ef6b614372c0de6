#include "model/topocheck.h"

#include "base/mem.h"
#include "model/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const level_names[] = {
    [CS_FINDING_NOTE] = "note",
    [CS_FINDING_WARNING] = "warning",
    [CS_FINDING_ERROR] = "error",
};

const char *cs_finding_level_name(enum cs_finding_level level)
{
    return level_names[level];
}

void cs_finding_list_done(struct cs_finding_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].what);
        free(list->items[i].source);
        free(list->items[i].remedy);
    }
    free(list->items);
    *list = (struct cs_finding_list){0};
}

void cs_check_found(struct cs_check *check, enum cs_finding_level level, const char *source,
                    const char *remedy, const char *format, ...)
{
    struct cs_finding_list *list = &check->findings;
    char what[sizeof((struct cs_err *)0)->message];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct cs_finding){
        .level = level,
        .what = cs_strdup(what),
        .source = cs_strdup(source ? source : ""),
        .remedy = cs_strdup(remedy),
    };
}

static void use_add(struct cs_use_list *list, const struct cs_topo_name *name,
                    const struct cs_topo_pool *pool)
{
    if (!name->name) {
        return;
    }
    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count] = (struct cs_use){
        .name = name->name,
        .source = name->source,
        .pool = pool,
        .order = list->count,
    };
    list->count++;
}

static int compare_uses(const void *a, const void *b)
{
    const struct cs_use *x = a;
    const struct cs_use *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static void use_list_sort(struct cs_use_list *list)
{
    if (list->count) {
        qsort(list->items, list->count, sizeof *list->items, compare_uses);
    }
}

static int compare_name_only(const void *a, const void *b)
{
    return strcmp(((const struct cs_use *)a)->name, ((const struct cs_use *)b)->name);
}

const struct cs_use *cs_use_find(const struct cs_use_list *list, const char *name)
{
    const struct cs_use wanted = {.name = name};
    const struct cs_use *use = NULL;

    if (list->count) {
        use = bsearch(&wanted, list->items, list->count, sizeof wanted, compare_name_only);
    }
    while (use && use > list->items && strcmp(use[-1].name, name) == 0) {
        use--;
    }
    return use;
}

const char *cs_check_pool_name(const struct cs_topo_pool *pool)
{
    return pool->fqdn.name ? pool->fqdn.name : "without a name";
}

bool cs_check_has_web(const struct cs_topo_pool *pool)
{
    enum cs_role role = cs_topo_pool_role(pool);

    return (pool->services & CS_SERVICE_WEB_SERVICES) &&
           (role == CS_ROLE_FRONT_END || role == CS_ROLE_STANDARD_EDITION ||
            role == CS_ROLE_DIRECTOR);
}

static void collect(struct cs_check *check)
{
    const struct cs_topology *topology = check->topology;

    for (size_t i = 0; i < topology->domain_count; i++) {
        use_add(&check->domains, &topology->domains[i].name, NULL);
    }
    for (size_t i = 0; i < topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &topology->pools[i];
        if (cs_topo_pool_role(pool) == CS_ROLE_NONE) {
            continue;
        }
        use_add(&check->pools, &pool->fqdn, pool);
        use_add(&check->web_external, &pool->web_external, pool);
        use_add(&check->web_internal, &pool->web_internal, pool);
        for (size_t j = 0; j < pool->computer_count; j++) {
            use_add(&check->computers, &pool->computers[j], pool);
        }
    }
    use_list_sort(&check->domains);
    use_list_sort(&check->pools);
    use_list_sort(&check->computers);
    use_list_sort(&check->web_external);
    use_list_sort(&check->web_internal);
}

static void check_domain_none(struct cs_check *check)
{
    if (!check->topology->domain_count) {
        cs_check_found(
            check, CS_FINDING_ERROR, NULL,
            "read a document of the whole deployment, as Get-CsTopology -AsXml writes it",
            "the topology names no SIP domain");
    }
}

static void check_domain_default(struct cs_check *check)
{
    const struct cs_topology *topology = check->topology;

    if (topology->domain_count && !cs_topology_default_domain(topology)) {
        cs_check_found(
            check, CS_FINDING_ERROR, topology->domains[0].name.source,
            "choose one with Set-CsSipDomain -IsDefault $True, publish and import again; "
            "OAuthTokenIssuer takes its name from it",
            "none of the SIP domains (%zu) is the default one", topology->domain_count);
    }
}

static void check_sub_domains(struct cs_check *check)
{
    for (size_t i = 0; i < check->topology->domain_count; i++) {
        const struct cs_topo_domain *domain = &check->topology->domains[i];
        if (domain->allow_sub_domains && domain->name.name) {
            cs_check_found(check, CS_FINDING_WARNING, domain->name.source,
                           "name those that are in use with -DomainName (sip., lyncdiscover. and "
                           "so on)",
                           "domains below %s are SIP domains too (AllowSubDomains), and no name "
                           "covers them",
                           domain->name.name);
        }
    }
}

static void check_all_domains(struct cs_check *check)
{
    if (check->topology->allow_all_domains) {
        cs_check_found(
            check, CS_FINDING_WARNING, NULL,
            "list the SIP domains that are in use in Topology Builder, or name them with "
            "-DomainName",
            "every domain is taken for a SIP domain (AllowAllDomains), and no name "
            "covers those that are not listed");
    }
}

static void check_front_end_none(struct cs_check *check)
{
    for (size_t i = 0; i < check->topology->pool_count; i++) {
        enum cs_role role = cs_topo_pool_role(&check->topology->pools[i]);
        if (role == CS_ROLE_FRONT_END || role == CS_ROLE_STANDARD_EDITION) {
            return;
        }
    }
    cs_check_found(check, CS_FINDING_ERROR, NULL,
                   "read a document of the whole deployment: without one of them there is no "
                   "OAuthTokenIssuer certificate",
                   "no pool is a Front End or Standard Edition");
}

static int compare_texts(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

static void check_site_empty(struct cs_check *check)
{
    const struct cs_topology *topology = check->topology;
    cs_auto_value(cs_strv) used = {0};

    for (size_t i = 0; i < topology->pool_count; i++) {
        const char *site = topology->pools[i].site;
        cs_strv_take(&used, cs_ascii_lower(site ? site : ""));
    }
    if (used.count) {
        qsort(used.items, used.count, sizeof *used.items, compare_texts);
    }
    for (size_t i = 0; i < topology->site_count; i++) {
        const struct cs_topo_site *site = &topology->sites[i];
        cs_autofree char *id = cs_ascii_lower(site->id ? site->id : "");
        if (!used.count ||
            !bsearch(&id, used.items, used.count, sizeof *used.items, compare_texts)) {
            cs_check_found(check, CS_FINDING_NOTE, NULL,
                           "nothing is to be done if it only groups users or gateways",
                           "the site %s has no pools", site->name ? site->name : id);
        }
    }
}

/* In the order in which findings of one level appear. */
static void (*const checks[])(struct cs_check *check) = {
    check_domain_none,
    check_domain_default,
    check_front_end_none,
    cs_check_pool_twice,
    cs_check_pool_empty,
    cs_check_computer_twice,
    cs_check_computer_like_pool,
    cs_check_names_valid,
    cs_check_names_short,
    cs_check_common_names,
    cs_check_edge_names,
    cs_check_urls_none,
    cs_check_url_scopes,
    cs_check_url_odd,
    cs_check_url_domain,
    cs_check_url_sites,
    cs_check_url_hosts,
    cs_check_url_backend,
    cs_check_web_external_none,
    cs_check_web_external_twice,
    cs_check_web_internal,
    check_sub_domains,
    check_all_domains,
    cs_check_name_counts,
    cs_check_xmpp,
    cs_check_role_unknown,
    check_site_empty,
};

static void check_done(struct cs_check *check)
{
    free(check->domains.items);
    free(check->pools.items);
    free(check->computers.items);
    free(check->web_external.items);
    free(check->web_internal.items);
}

/* Moves the findings out, errors first. */
static struct cs_finding_list by_level(struct cs_finding_list *findings)
{
    struct cs_finding_list sorted = {
        cs_alloc(findings->count, sizeof(struct cs_finding)),
        0,
    };

    for (int level = CS_FINDING_ERROR; level >= CS_FINDING_NOTE; level--) {
        for (size_t i = 0; i < findings->count; i++) {
            if ((int)findings->items[i].level == level) {
                sorted.items[sorted.count++] = findings->items[i];
            }
        }
    }
    free(findings->items);
    *findings = (struct cs_finding_list){0};
    return sorted;
}

void cs_topology_check(const struct cs_topology *topology, struct cs_finding_list *ret_findings)
{
    struct cs_check check = {.topology = topology};

    if (!topology->form) {
        cs_check_found(&check, CS_FINDING_ERROR, NULL,
                       "import the document that Get-CsTopology -AsXml writes as well",
                       "no topology was read, only simple URLs");
    } else {
        collect(&check);
        for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
            checks[i](&check);
        }
    }
    *ret_findings = by_level(&check.findings);
    check_done(&check);
}

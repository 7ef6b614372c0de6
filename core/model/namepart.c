#include "model/namepart.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Several rules ask for the same names; with more than this there are too many different ones too,
 * and a hostile topology makes us work no further. */
#define WANTED_MAX (8 * CS_NAMES_MAX)

/* Domains times simple URLs that are compared for a warning, of each plan again: with more of them
 * no certificate has room for their names. topology check compares all. */
#define COMPARED_MAX (CS_NAMES_MAX * CS_NAMES_MAX)

void cs_want_init(struct cs_want *want)
{
    want->default_domain = cs_topology_default_domain(want->topology);
    want->urls = cs_topology_urls(want->topology, want->pool, &want->url_count);
}

void cs_want_done(struct cs_want *want)
{
    free(want->urls);
    cs_wanted_list_done(&want->list);
    cs_strv_done(&want->no_url_for);
}

static void take_name(struct cs_want *want, char *name, const char *rule, const char *source)
{
    struct cs_wanted_list *list = &want->list;

    if (list->count == WANTED_MAX) {
        want->full = true;
        free(name);
        return;
    }
    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct cs_wanted_name){name, rule, source ? source : ""};
}

/* False if the topology has no such element. */
static bool add_name(struct cs_want *want, const struct cs_topo_name *name, const char *rule)
{
    if (!name->name || !*name->name) {
        return false;
    }
    take_name(want, cs_strdup(name->name), rule, name->source);
    return true;
}

void cs_want_warn(struct cs_want *want, char *text)
{
    if (cs_strv_has(want->warnings, text)) {
        free(text);
    } else {
        cs_strv_take(want->warnings, text);
    }
}

/* ---- each part: true unless an element that it depends on is missing ---- */

static bool part_pool(struct cs_want *want, const char *rule)
{
    return add_name(want, &want->pool->fqdn, rule);
}

static bool part_computer(struct cs_want *want, const char *rule)
{
    return !want->computer || add_name(want, want->computer, rule);
}

/* Without an override the pool's own name serves, and that is there already. */
static bool part_web_internal(struct cs_want *want, const char *rule)
{
    (void)add_name(want, &want->pool->web_internal, rule);
    return true;
}

static bool part_web_external(struct cs_want *want, const char *rule)
{
    return add_name(want, &want->pool->web_external, rule);
}

static bool part_access(struct cs_want *want, const char *rule)
{
    return add_name(want, &want->pool->access_edge, rule);
}

static bool part_webconf(struct cs_want *want, const char *rule)
{
    return add_name(want, &want->pool->data_edge, rule);
}

/* "does not use the subject name": beside the other external services any name will do. */
static bool part_av_pool(struct cs_want *want, const char *rule)
{
    cs_type_set beside =
        CS_TYPE_SET(CS_TYPE_ACCESS_EDGE_EXTERNAL) | CS_TYPE_SET(CS_TYPE_DATA_EDGE_EXTERNAL);

    return (want->types & beside) || add_name(want, &want->pool->fqdn, rule);
}

static bool part_oauth(struct cs_want *want, const char *rule)
{
    const struct cs_topo_domain *domain = want->default_domain;

    return domain && add_name(want, &domain->name, rule);
}

static bool is_default_domain(const struct cs_want *want, const char *name)
{
    const struct cs_topo_domain *domain = want->default_domain;

    return domain && domain->name.name && cs_ascii_iequal(domain->name.name, name);
}

/* The hosts of the simple URLs of a component; of the default SIP domain's first. */
static size_t add_urls(struct cs_want *want, enum cs_url_component component, const char *rule)
{
    size_t count = 0;

    for (int others = 0; others <= 1; others++) {
        for (size_t i = 0; i < want->url_count && !want->full; i++) {
            const struct cs_topo_url *url = want->urls[i];
            bool first =
                component == CS_URL_MEET && url->domain && is_default_domain(want, url->domain);
            if (url->component != component || first == others) {
                continue;
            }
            for (size_t j = 0; j < url->host_count; j++) {
                count += add_name(want, &url->hosts[j], rule);
            }
        }
    }
    return count;
}

/* The hosts of @component, if the pool's web services answer it. */
static bool part_urls(struct cs_want *want, enum cs_url_component component,
                      enum cs_topo_web_component answer, const char *what, const char *rule)
{
    if (!(want->pool->web_components & answer)) {
        return true;
    }
    if (!want->topology->has_simple_urls) {
        if (!cs_strv_has(&want->no_url_for, what)) {
            cs_strv_add(&want->no_url_for, what);
        }
        return true;
    }
    return add_urls(want, component, rule) > 0;
}

static bool has_meet_url(const struct cs_want *want, const char *domain)
{
    for (size_t i = 0; i < want->url_count; i++) {
        const struct cs_topo_url *url = want->urls[i];
        if (url->component == CS_URL_MEET && url->host_count &&
            (!url->domain || strcmp(url->domain, "*") == 0 ||
             cs_ascii_iequal(url->domain, domain))) {
            return true;
        }
    }
    return false;
}

/* "Planning for simple URLs": Meet once for each SIP domain. */
static void warn_of_domains_without_meet(struct cs_want *want)
{
    cs_auto_value(cs_strv) without = {0};

    if (want->url_count && want->topology->domain_count > COMPARED_MAX / want->url_count) {
        return;
    }
    for (size_t i = 0; i < want->topology->domain_count && without.count < CS_NAMES_MAX; i++) {
        const char *domain = want->topology->domains[i].name.name;
        if (domain && !has_meet_url(want, domain)) {
            cs_strv_add(&without, domain);
        }
    }
    if (without.count) {
        cs_autofree char *list = cs_strv_join(&without, ", ");
        cs_want_warn(want,
                     cs_asprintf("no Meet simple URL is in force for the SIP domain%s %s: add its "
                                 "host with -DomainName if there is one",
                                 without.count > 1 ? "s" : "", list));
    }
}

static bool part_meet(struct cs_want *want, const char *rule)
{
    bool found = part_urls(want, CS_URL_MEET, CS_WEB_MEET, "meet", rule);

    if (found && want->topology->has_simple_urls && (want->pool->web_components & CS_WEB_MEET)) {
        warn_of_domains_without_meet(want);
    }
    return found;
}

static bool part_dialin(struct cs_want *want, const char *rule)
{
    return part_urls(want, CS_URL_DIALIN, CS_WEB_DIALIN, "dialin", rule);
}

/* "Planning for simple URLs": the admin URL is optional. */
static bool part_admin(struct cs_want *want, const char *rule)
{
    (void)part_urls(want, CS_URL_CSCP, CS_WEB_CSCP, "admin", rule);
    return true;
}

static void add_domain(struct cs_want *want, const struct cs_topo_domain *domain,
                       const char *prefix, const char *rule)
{
    if (domain->name.name) {
        take_name(want, cs_asprintf("%s%s", prefix, domain->name.name), rule, domain->name.source);
    }
}

/* @prefix before the default SIP domain, and with -AllSipDomain before each. */
static bool add_domains(struct cs_want *want, const char *prefix, const char *rule)
{
    const struct cs_topology *topology = want->topology;
    const struct cs_topo_domain *first = want->default_domain;
    size_t before = want->list.count;

    want->asks_domains = true;
    if (first) {
        add_domain(want, first, prefix, rule);
    }
    const size_t others = want->input->all_sip_domain ? topology->domain_count : 0;
    for (size_t i = 0; i < others && !want->full; i++) {
        if (&topology->domains[i] != first) {
            add_domain(want, &topology->domains[i], prefix, rule);
        }
    }
    return want->list.count > before;
}

static bool discovers(const struct cs_want *want)
{
    return !want->input->no_lyncdiscover && (want->pool->web_components & CS_WEB_AUTODISCOVER);
}

static bool part_discover_internal(struct cs_want *want, const char *rule)
{
    return !discovers(want) || add_domains(want, "lyncdiscoverinternal.", rule);
}

static bool part_discover(struct cs_want *want, const char *rule)
{
    return !discovers(want) || add_domains(want, "lyncdiscover.", rule);
}

static bool part_sip(struct cs_want *want, const char *rule)
{
    return add_domains(want, "sip.", rule);
}

static bool part_xmpp(struct cs_want *want, const char *rule)
{
    return add_domains(want, "", rule);
}

static bool part_members(struct cs_want *want, const char *rule)
{
    for (size_t i = 0; i < want->pool->computer_count; i++) {
        (void)add_name(want, &want->pool->computers[i], rule);
    }
    return true;
}

static const struct {
    const char *rule;
    bool (*add)(struct cs_want *want, const char *rule);
    const char *missing;
} parts[CS_PART_COUNT] = {
    [CS_PART_POOL] = {"pool", part_pool, "pool FQDN (Cluster@Fqdn)"},
    [CS_PART_COMPUTER] = {"computer", part_computer, "computer FQDN (Machine@Fqdn)"},
    [CS_PART_WEB_INTERNAL] = {"internal web services", part_web_internal, NULL},
    [CS_PART_WEB_EXTERNAL] = {"external web services", part_web_external,
                              "external web services FQDN (ExternalSettings@Host)"},
    [CS_PART_MEET] = {"simple URL: meet", part_meet, "Meet simple URL"},
    [CS_PART_DIALIN] = {"simple URL: dialin", part_dialin, "Dialin simple URL"},
    [CS_PART_ADMIN] = {"simple URL: admin", part_admin, NULL},
    [CS_PART_ACCESS] = {"Access Edge", part_access,
                        "Access Edge FQDN (ConfiguredFqdn of its SipClient port)"},
    [CS_PART_WEBCONF] = {"Web Conferencing Edge", part_webconf,
                         "Web Conferencing Edge FQDN (ConfiguredFqdn of its PsomClient port)"},
    [CS_PART_AV_POOL] = {"pool", part_av_pool, "pool FQDN (Cluster@Fqdn)"},
    [CS_PART_OAUTH] = {"OAuth: default SIP domain", part_oauth,
                       "default SIP domain (InternalDomains@DefaultDomain)"},
    [CS_PART_DISCOVER_INTERNAL] = {"autodiscover (internal): lyncdiscoverinternal.<domain>",
                                   part_discover_internal, "default SIP domain"},
    [CS_PART_DISCOVER] = {"autodiscover: lyncdiscover.<domain>", part_discover,
                          "default SIP domain"},
    [CS_PART_SIP] = {"SIP domain: sip.<domain>", part_sip, "default SIP domain"},
    [CS_PART_XMPP] = {"XMPP: SIP domain", part_xmpp, "default SIP domain"},
    [CS_PART_MEMBERS] = {"pool member", part_members, NULL},
};

bool cs_part_add(enum cs_part part, struct cs_want *want, const char *rule)
{
    return parts[part].add(want, rule);
}

const char *cs_part_rule(enum cs_part part)
{
    return parts[part].rule;
}

const char *cs_part_missing(enum cs_part part)
{
    return parts[part].missing;
}

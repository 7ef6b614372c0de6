#include "base/mem.h"
#include "model/finding.h"

#include <stdlib.h>
#include <string.h>

static const char *const add_url =
    "add it with New-CsSimpleUrl and Set-CsSimpleUrlConfiguration, export and import again";

void cs_check_urls_none(struct cs_check *check)
{
    const struct cs_topology *topology = check->topology;

    if (topology->has_simple_urls) {
        return;
    }
    for (size_t i = 0; i < topology->pool_count; i++) {
        if (cs_check_has_web(&topology->pools[i])) {
            cs_check_found(
                check, CS_FINDING_WARNING, NULL,
                "import a SimpleUrlConfiguration document, or the zip that "
                "Export-CsConfiguration writes, together with the topology",
                "no simple URLs were read: the web services' certificates lack the names "
                "for meetings, dial-in and administration");
            return;
        }
    }
}

void cs_check_url_backend(struct cs_check *check)
{
    if (check->topology->use_backend_database) {
        cs_check_found(check, CS_FINDING_WARNING, NULL,
                       "compare with Get-CsSimpleUrlConfiguration, and name with -DomainName what "
                       "the document lacks",
                       "simple URLs are kept in the back-end database (UseBackendDatabase): the "
                       "document need not have all");
    }
}

/* "the Meet URL of contoso.com", with its host. The caller frees. */
static char *url_text(const struct cs_topo_url *url)
{
    const char *component = url->component_name ? url->component_name : "simple";
    const char *host = url->host_count && url->hosts[0].name ? url->hosts[0].name : NULL;
    bool has_domain = url->domain && strcmp(url->domain, "*") != 0;

    return cs_asprintf("the %s URL%s%s%s%s%s", component, has_domain ? " of " : "",
                       has_domain ? url->domain : "", host ? " (" : "", host ? host : "",
                       host ? ")" : "");
}

static const char *url_source(const struct cs_topo_url *url)
{
    return url->host_count ? url->hosts[0].source : NULL;
}

void cs_check_url_odd(struct cs_check *check)
{
    for (size_t i = 0; i < check->topology->url_count; i++) {
        const struct cs_topo_url *url = &check->topology->urls[i];
        cs_autofree char *text = url_text(url);
        if (url->odd) {
            cs_check_found(check, CS_FINDING_WARNING, url_source(url),
                           "write it as https://HOST or https://HOST/PATH",
                           "%s is not https or names a port: Lync takes neither", text);
        }
        if (!url->host_count) {
            cs_check_found(check, CS_FINDING_WARNING, NULL,
                           "write it as https://HOST or https://HOST/PATH", "%s has no host name",
                           text);
        }
    }
}

/* A name by which a site is called: its id or its name. */
struct alias {
    char *text;
    size_t site;
};

struct alias_list {
    struct alias *items;
    size_t count;
};

static void alias_list_done(struct alias_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].text);
    }
    free(list->items);
}

static int compare_aliases(const void *a, const void *b)
{
    return strcmp(((const struct alias *)a)->text, ((const struct alias *)b)->text);
}

static struct alias_list aliases_of(const struct cs_topology *topology)
{
    struct alias_list list = {cs_alloc(2 * topology->site_count, sizeof(struct alias)), 0};

    for (size_t i = 0; i < topology->site_count; i++) {
        const struct cs_topo_site *site = &topology->sites[i];
        if (site->id) {
            list.items[list.count++] = (struct alias){cs_ascii_lower(site->id), i};
        }
        if (site->name) {
            list.items[list.count++] = (struct alias){cs_ascii_lower(site->name), i};
        }
    }
    qsort(list.items, list.count, sizeof *list.items, compare_aliases);
    return list;
}

#define NO_SITE SIZE_MAX

static size_t site_of(const struct alias_list *aliases, const char *text)
{
    cs_autofree char *lower = cs_ascii_lower(text ? text : "");
    const struct alias wanted = {.text = lower};
    const struct alias *found =
        bsearch(&wanted, aliases->items, aliases->count, sizeof wanted, compare_aliases);

    return found ? found->site : NO_SITE;
}

void cs_check_url_sites(struct cs_check *check)
{
    cs_auto_value(alias_list) aliases = aliases_of(check->topology);

    for (size_t i = 0; i < check->topology->url_count; i++) {
        const struct cs_topo_url *url = &check->topology->urls[i];
        if (url->site && site_of(&aliases, url->site) == NO_SITE) {
            cs_autofree char *text = url_text(url);
            cs_check_found(check, CS_FINDING_WARNING, url_source(url),
                           "export the configuration again after the topology was published",
                           "%s is for the site %s, which the topology has not: it is in force "
                           "nowhere",
                           text, url->site);
        }
    }
}

/* URLs in force together: those of a site, or the global ones (site NO_SITE). */
struct scope {
    const struct cs_topo_url **urls;
    size_t count;
    size_t site;
};

/* A URL and its scope: 0 the global one, else one more than the site. */
struct scoped {
    const struct cs_topo_url *url;
    size_t key;
    size_t index;
};

static int compare_scoped(const void *a, const void *b)
{
    const struct scoped *x = a;
    const struct scoped *y = b;

    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return (x->index > y->index) - (x->index < y->index);
}

/* The SIP domains that @scope has no Meet URL for: indices into check->domains, their number is
 * the value. */
static size_t domains_without_meet(const struct cs_check *check, const struct scope *scope,
                                   size_t *ret_missing)
{
    cs_autofree bool *has = cs_alloc(check->domains.count, sizeof *has);
    size_t count = 0;

    for (size_t i = 0; i < scope->count; i++) {
        const struct cs_topo_url *url = scope->urls[i];
        if (url->component != CS_URL_MEET || !url->domain) {
            continue;
        }
        cs_autofree char *domain = cs_ascii_lower(url->domain);
        const struct cs_use *use = cs_use_find(&check->domains, domain);
        if (strcmp(domain, "*") == 0) {
            return 0;
        }
        if (use) {
            has[use - check->domains.items] = true;
        }
    }
    for (size_t i = 0; i < check->domains.count; i++) {
        if (!has[i]) {
            ret_missing[count++] = i;
        }
    }
    return count;
}

static bool has_dialin(const struct scope *scope)
{
    for (size_t i = 0; i < scope->count; i++) {
        if (scope->urls[i]->component == CS_URL_DIALIN) {
            return true;
        }
    }
    return false;
}

static int compare_order(const void *a, const void *b)
{
    const struct cs_use *x = a;
    const struct cs_use *y = b;

    return (x->order > y->order) - (x->order < y->order);
}

static void check_global(struct cs_check *check, const struct scope *scope)
{
    cs_autofree size_t *missing = cs_alloc(check->domains.count, sizeof *missing);
    size_t count = domains_without_meet(check, scope, missing);
    cs_autofree struct cs_use *domains = cs_alloc(count, sizeof *domains);

    for (size_t i = 0; i < count; i++) {
        domains[i] = check->domains.items[missing[i]];
    }
    qsort(domains, count, sizeof *domains, compare_order);
    for (size_t i = 0; i < count; i++) {
        cs_check_found(check, CS_FINDING_WARNING, domains[i].source, add_url,
                       "the SIP domain %s has no Meet URL", domains[i].name);
    }
    if (!has_dialin(scope)) {
        cs_check_found(check, CS_FINDING_WARNING, NULL, add_url, "there is no Dialin URL");
    }
}

/* A site's own configuration replaces the global one as a whole: what it lacks is not in force. */
static void check_site(struct cs_check *check, const struct scope *scope)
{
    const struct cs_topo_site *site = &check->topology->sites[scope->site];
    const char *name = site->name ? site->name : site->id;
    cs_autofree size_t *missing = cs_alloc(check->domains.count, sizeof *missing);
    size_t count = domains_without_meet(check, scope, missing);

    if (count) {
        cs_check_found(check, CS_FINDING_WARNING, url_source(scope->urls[0]), add_url,
                       "the site %s has simple URLs of its own, but none for the meetings of %s%s",
                       name, check->domains.items[missing[0]].name,
                       count > 1 ? " and other SIP domains" : "");
    }
    if (!has_dialin(scope)) {
        cs_check_found(check, CS_FINDING_WARNING, url_source(scope->urls[0]), add_url,
                       "the site %s has simple URLs of its own, but no Dialin URL", name);
    }
}

/* True if a pool with web services stands in a site without simple URLs of its own. */
static bool needs_global(const struct cs_check *check, const struct alias_list *aliases,
                         const struct scoped *urls, size_t count)
{
    cs_autofree bool *has_own = cs_alloc(check->topology->site_count, sizeof *has_own);

    for (size_t i = 0; i < count; i++) {
        if (urls[i].key) {
            has_own[urls[i].key - 1] = true;
        }
    }
    for (size_t i = 0; i < check->topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &check->topology->pools[i];
        size_t site = site_of(aliases, pool->site);
        if (cs_check_has_web(pool) && (site == NO_SITE || !has_own[site])) {
            return true;
        }
    }
    return false;
}

void cs_check_url_scopes(struct cs_check *check)
{
    const struct cs_topology *topology = check->topology;
    cs_auto_value(alias_list) aliases = aliases_of(topology);
    cs_autofree struct scoped *sorted = cs_alloc(topology->url_count, sizeof *sorted);
    cs_autofree const struct cs_topo_url **urls =
        cs_alloc(topology->url_count, sizeof(struct cs_topo_url *));
    size_t count = 0;

    if (!topology->has_simple_urls) {
        return; /* one finding says so */
    }
    for (size_t i = 0; i < topology->url_count; i++) {
        const struct cs_topo_url *url = &topology->urls[i];
        size_t site = url->site ? site_of(&aliases, url->site) : NO_SITE;
        if (!url->site || site != NO_SITE) {
            sorted[count++] = (struct scoped){url, url->site ? site + 1 : 0, i};
        }
    }
    qsort(sorted, count, sizeof *sorted, compare_scoped);
    for (size_t i = 0; i < count; i++) {
        urls[i] = sorted[i].url;
    }
    size_t end = 0;
    while (end < count && !sorted[end].key) {
        end++;
    }
    if (needs_global(check, &aliases, sorted, count)) {
        check_global(check, &(struct scope){urls, end, NO_SITE});
    }
    while (end < count) {
        size_t start = end;
        while (end < count && sorted[end].key == sorted[start].key) {
            end++;
        }
        check_site(check, &(struct scope){urls + start, end - start, sorted[start].key - 1});
    }
}

/* True if @domain, in lower case, is a SIP domain or below one that takes sub-domains. */
static bool is_sip_domain(const struct cs_check *check, const char *domain)
{
    const struct cs_topology *topology = check->topology;

    if (topology->allow_all_domains || cs_use_find(&check->domains, domain)) {
        return true;
    }
    for (const char *dot = strchr(domain, '.'); dot; dot = strchr(dot + 1, '.')) {
        const struct cs_use *parent = cs_use_find(&check->domains, dot + 1);
        if (parent && topology->domains[parent->order].allow_sub_domains) {
            return true;
        }
    }
    return false;
}

void cs_check_url_domain(struct cs_check *check)
{
    for (size_t i = 0; i < check->topology->url_count; i++) {
        const struct cs_topo_url *url = &check->topology->urls[i];
        if (url->component != CS_URL_MEET || !url->domain || strcmp(url->domain, "*") == 0) {
            continue;
        }
        cs_autofree char *domain = cs_ascii_lower(url->domain);
        cs_autofree char *text = url_text(url);
        if (!is_sip_domain(check, domain)) {
            cs_check_found(check, CS_FINDING_WARNING, url_source(url),
                           "remove it, or add the SIP domain in Topology Builder; its name goes "
                           "into certificates as long as it is there",
                           "%s is for a domain that is no SIP domain", text);
        }
    }
}

/* What else @host is the name of, with the name of that in *ret_name; NULL: nothing. */
static const char *also_names(const struct cs_check *check, const char *host, const char **ret_name)
{
    const struct {
        const struct cs_use_list *list;
        const char *text;
    } others[] = {
        {&check->pools, "the pool"},
        {&check->computers, "a computer of the pool"},
        {&check->web_external, "the external web services of the pool"},
        {&check->domains, "the SIP domain"},
    };

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct cs_use *use = cs_use_find(others[i].list, host);
        if (use) {
            *ret_name = use->pool ? cs_check_pool_name(use->pool) : use->name;
            return others[i].text;
        }
    }
    return NULL;
}

/* "DNS requirements for simple URLs": a name of their own, none of the SIP domains. */
static void check_host(struct cs_check *check, const struct cs_topo_url *url,
                       const struct cs_topo_name *host)
{
    const char *name = NULL;
    const char *other = also_names(check, host->name, &name);

    if (other) {
        cs_autofree char *text = url_text(url);
        cs_check_found(check, CS_FINDING_WARNING, host->source,
                       "give the simple URL a host name of its own, which DNS can lead to any pool "
                       "that answers it",
                       "%s has the name of %s %s", text, other, name);
    }
}

void cs_check_url_hosts(struct cs_check *check)
{
    for (size_t i = 0; i < check->topology->url_count; i++) {
        const struct cs_topo_url *url = &check->topology->urls[i];
        for (size_t j = 0; j < url->host_count; j++) {
            bool again = j && url->hosts[j].name && url->hosts[j - 1].name &&
                         strcmp(url->hosts[j].name, url->hosts[j - 1].name) == 0;
            if (url->hosts[j].name && !again) {
                check_host(check, url, &url->hosts[j]);
            }
        }
    }
}

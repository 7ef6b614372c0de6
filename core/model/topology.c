#include "model/topology.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const char *const role_names[CS_ROLE_COUNT] = {
    [CS_ROLE_NONE] = "no server of Lync",
    [CS_ROLE_FRONT_END] = "Front End",
    [CS_ROLE_STANDARD_EDITION] = "Standard Edition",
    [CS_ROLE_DIRECTOR] = "Director",
    [CS_ROLE_MEDIATION] = "Mediation",
    [CS_ROLE_BRANCH_APPLIANCE] = "Survivable Branch Appliance",
    [CS_ROLE_EDGE] = "Edge",
    [CS_ROLE_OTHER] = "other server",
};

struct cs_topology *cs_topology_new(void)
{
    return cs_alloc(1, sizeof(struct cs_topology));
}

static void name_done(struct cs_topo_name *name)
{
    free(name->name);
    free(name->source);
}

static void names_free(struct cs_topo_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        name_done(&names[i]);
    }
    free(names);
}

static void pool_done(struct cs_topo_pool *pool)
{
    name_done(&pool->fqdn);
    free(pool->site);
    name_done(&pool->web_external);
    name_done(&pool->web_internal);
    name_done(&pool->access_edge);
    name_done(&pool->data_edge);
    name_done(&pool->av_edge);
    name_done(&pool->xmpp);
    names_free(pool->computers, pool->computer_count);
}

static void url_done(struct cs_topo_url *url)
{
    free(url->component_name);
    free(url->domain);
    free(url->site);
    names_free(url->hosts, url->host_count);
}

void cs_topology_free(struct cs_topology *topology)
{
    if (!topology) {
        return;
    }
    for (size_t i = 0; i < topology->domain_count; i++) {
        name_done(&topology->domains[i].name);
    }
    for (size_t i = 0; i < topology->site_count; i++) {
        free(topology->sites[i].id);
        free(topology->sites[i].name);
    }
    for (size_t i = 0; i < topology->pool_count; i++) {
        pool_done(&topology->pools[i]);
    }
    for (size_t i = 0; i < topology->url_count; i++) {
        url_done(&topology->urls[i]);
    }
    free(topology->domains);
    free(topology->sites);
    free(topology->pools);
    free(topology->urls);
    free(topology->form);
    free(topology->signature);
    cs_strv_done(&topology->warnings);
    free(topology);
}

struct cs_topo_domain *cs_topology_add_domain(struct cs_topology *topology)
{
    size_t at = topology->domain_count++;

    topology->domains = cs_realloc(topology->domains, at + 1, sizeof *topology->domains);
    topology->domains[at] = (struct cs_topo_domain){0};
    return &topology->domains[at];
}

struct cs_topo_site *cs_topology_add_site(struct cs_topology *topology)
{
    size_t at = topology->site_count++;

    topology->sites = cs_realloc(topology->sites, at + 1, sizeof *topology->sites);
    topology->sites[at] = (struct cs_topo_site){0};
    return &topology->sites[at];
}

struct cs_topo_pool *cs_topology_add_pool(struct cs_topology *topology)
{
    size_t at = topology->pool_count++;

    topology->pools = cs_realloc(topology->pools, at + 1, sizeof *topology->pools);
    topology->pools[at] = (struct cs_topo_pool){0};
    return &topology->pools[at];
}

struct cs_topo_url *cs_topology_add_url(struct cs_topology *topology)
{
    size_t at = topology->url_count++;

    topology->urls = cs_realloc(topology->urls, at + 1, sizeof *topology->urls);
    topology->urls[at] = (struct cs_topo_url){0};
    return &topology->urls[at];
}

void cs_topo_name_set(struct cs_topo_name *to, const char *name, const char *source)
{
    struct cs_topo_name set = {cs_ascii_lower(name), cs_strdup(source)};

    name_done(to);
    *to = set;
}

static void names_add(struct cs_topo_name **names, size_t *count, const char *name,
                      const char *source)
{
    *names = cs_realloc(*names, *count + 1, sizeof **names);
    (*names)[*count] = (struct cs_topo_name){0};
    cs_topo_name_set(&(*names)[(*count)++], name, source);
}

void cs_topo_pool_add_computer(struct cs_topo_pool *pool, const char *fqdn, const char *source)
{
    names_add(&pool->computers, &pool->computer_count, fqdn, source);
}

void cs_topo_url_add_host(struct cs_topo_url *url, const char *host, const char *source)
{
    names_add(&url->hosts, &url->host_count, host, source);
}

/* Standard Edition is the pool that has its only computer's name (Topology Builder gives an
 * Enterprise pool a name of its own). */
static bool is_standard_edition(const struct cs_topo_pool *pool)
{
    return pool->computer_count == 1 && pool->fqdn.name && pool->computers[0].name &&
           strcmp(pool->computers[0].name, pool->fqdn.name) == 0;
}

enum cs_role cs_topo_pool_role(const struct cs_topo_pool *pool)
{
    unsigned services = pool->services;

    if (services & CS_SERVICE_EDGE) {
        return CS_ROLE_EDGE;
    }
    if (services & CS_SERVICE_DIRECTOR) {
        return CS_ROLE_DIRECTOR;
    }
    if (services & CS_SERVICE_REGISTRAR) {
        if (!(services & CS_SERVICE_USER_SERVICES)) {
            return CS_ROLE_BRANCH_APPLIANCE;
        }
        return is_standard_edition(pool) ? CS_ROLE_STANDARD_EDITION : CS_ROLE_FRONT_END;
    }
    if (services & CS_SERVICE_MEDIATION) {
        return CS_ROLE_MEDIATION;
    }
    return pool->requires_setup ? CS_ROLE_OTHER : CS_ROLE_NONE;
}

const char *cs_role_name(enum cs_role role)
{
    return role_names[role];
}

const struct cs_topo_domain *cs_topology_default_domain(const struct cs_topology *topology)
{
    for (size_t i = 0; i < topology->domain_count; i++) {
        if (topology->domains[i].is_default) {
            return &topology->domains[i];
        }
    }
    return NULL;
}

const struct cs_topo_site *cs_topology_site(const struct cs_topology *topology, const char *id)
{
    for (size_t i = 0; id && i < topology->site_count; i++) {
        const struct cs_topo_site *site = &topology->sites[i];
        if (site->id && cs_ascii_iequal(site->id, id)) {
            return site;
        }
    }
    return NULL;
}

/* A SimpleUrlConfiguration names its site by id or by name ("Site:Redmond"). */
static bool is_for_site(const struct cs_topo_url *url, const struct cs_topo_pool *pool,
                        const struct cs_topo_site *site)
{
    if (!url->site || !pool->site) {
        return false;
    }
    return cs_ascii_iequal(url->site, pool->site) ||
           (site && site->name && cs_ascii_iequal(url->site, site->name));
}

/* A configuration of the site replaces the global one as a whole. */
static bool has_own_urls(const struct cs_topology *topology, const struct cs_topo_pool *pool,
                         const struct cs_topo_site *site)
{
    for (size_t i = 0; i < topology->url_count; i++) {
        if (is_for_site(&topology->urls[i], pool, site)) {
            return true;
        }
    }
    return false;
}

bool cs_topology_url_applies(const struct cs_topology *topology, const struct cs_topo_pool *pool,
                             const struct cs_topo_url *url)
{
    const struct cs_topo_site *site = cs_topology_site(topology, pool->site);

    return url->site ? is_for_site(url, pool, site) : !has_own_urls(topology, pool, site);
}

const struct cs_topo_url **cs_topology_urls(const struct cs_topology *topology,
                                            const struct cs_topo_pool *pool, size_t *ret_count)
{
    const struct cs_topo_site *site = cs_topology_site(topology, pool->site);
    bool own = has_own_urls(topology, pool, site);
    const struct cs_topo_url **urls = cs_alloc(topology->url_count + 1, sizeof(void *));
    size_t count = 0;

    for (size_t i = 0; i < topology->url_count; i++) {
        const struct cs_topo_url *url = &topology->urls[i];
        if (own ? is_for_site(url, pool, site) : !url->site) {
            urls[count++] = url;
        }
    }
    *ret_count = count;
    return urls;
}

static bool name_is(const struct cs_topo_name *have, const char *name, bool by_label)
{
    if (!have->name) {
        return false;
    }
    size_t len = strlen(name);
    return strncmp(have->name, name, len) == 0 &&
           (!have->name[len] || (by_label && have->name[len] == '.'));
}

#define CANDIDATES_MAX 8 /* of a short name, in a message */

/* What a search has met. */
struct found {
    struct cs_topo_place place; /* the first that fits */
    size_t count;
    struct cs_strv names;
};

/* The name of an SQL or file server may stand in a pool of servers too: that one is meant. */
static void found_add(struct found *found, const struct cs_topo_pool *pool,
                      const struct cs_topo_name *computer, const char *name)
{
    bool better = !found->count || (cs_topo_pool_role(found->place.pool) == CS_ROLE_NONE &&
                                    cs_topo_pool_role(pool) != CS_ROLE_NONE);

    if (better) {
        found->place = (struct cs_topo_place){pool, computer};
    }
    /* Each name once, as far as they are shown: a search stays linear. */
    if (found->names.count > CANDIDATES_MAX) {
        found->count++;
    } else if (!cs_strv_has(&found->names, name)) {
        cs_strv_add(&found->names, name);
        found->count++;
    }
}

static void look_for(const struct cs_topology *topology, const char *name, bool pools,
                     bool by_label, struct found *found)
{
    for (size_t i = 0; i < topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &topology->pools[i];
        const struct cs_topo_name *only = pool->computer_count == 1 ? pool->computers : NULL;
        if (pools && name_is(&pool->fqdn, name, by_label)) {
            found_add(found, pool, only, pool->fqdn.name);
        }
        for (size_t j = 0; !pools && j < pool->computer_count; j++) {
            if (name_is(&pool->computers[j], name, by_label)) {
                found_add(found, pool, &pool->computers[j], pool->computers[j].name);
            }
        }
    }
}

/* The three names nearest to one that was not found. */
struct near {
    const char *names[3];
    size_t distances[3];
};

#define NEAR_NAME_MAX 64 /* octets that are compared: enough to see a slip */

/* Levenshtein's distance of the first NEAR_NAME_MAX octets. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NEAR_NAME_MAX + 1];
    size_t len = strnlen(b, NEAR_NAME_MAX);

    for (size_t j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < NEAR_NAME_MAX && a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < len; j++) {
            size_t best = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            best = best < row[j] + 1 ? best : row[j] + 1;
            row[j + 1] = best < diagonal + 1 ? best : diagonal + 1;
        }
    }
    return row[len];
}

static void near_add(struct near *near, const char *name, const char *have)
{
    size_t far = have ? distance(name, have) : SIZE_MAX;
    size_t at = 0;

    while (at < 3 && near->names[at] && near->distances[at] <= far) {
        if (have && strcmp(near->names[at], have) == 0) {
            return;
        }
        at++;
    }
    if (!have || at == 3 || 2 * far > strlen(name)) {
        return;
    }
    for (size_t i = 2; i > at; i--) {
        near->names[i] = near->names[i - 1];
        near->distances[i] = near->distances[i - 1];
    }
    near->names[at] = have;
    near->distances[at] = far;
}

static cs_rc fail_not_found(const struct cs_topology *topology, const char *name,
                            struct cs_err *err)
{
    struct near near = {0};
    cs_auto_value(cs_strv) names = {0};

    for (size_t i = 0; i < topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &topology->pools[i];
        near_add(&near, name, pool->fqdn.name);
        for (size_t j = 0; j < pool->computer_count; j++) {
            near_add(&near, name, pool->computers[j].name);
        }
    }
    for (size_t i = 0; i < 3 && near.names[i]; i++) {
        cs_strv_add(&names, near.names[i]);
    }
    cs_autofree char *list = cs_strv_join(&names, ", ");
    cs_rc rc = cs_fail(err, CS_E_USAGE, "\"%.300s\" is not in the topology", name);
    if (names.count) {
        cs_err_hint(err, "did you mean %s?", list);
    } else {
        cs_err_hint(err, "`cscert topology show` lists pools and computers; is a newer topology "
                         "to be imported?");
    }
    return rc;
}

static cs_rc fail_ambiguous(const char *name, const struct found *found, struct cs_err *err)
{
    cs_auto_value(cs_strv) shown = {0};

    for (size_t i = 0; i < found->names.count && i < CANDIDATES_MAX; i++) {
        cs_strv_add(&shown, found->names.items[i]);
    }
    cs_autofree char *list = cs_strv_join(&shown, ", ");
    cs_rc rc = cs_fail(err, CS_E_USAGE, "\"%.300s\" is the short name of %zu in the topology", name,
                       found->count);
    cs_err_hint(err, "say which: %s%s", list, found->count > CANDIDATES_MAX ? ", ..." : "");
    return rc;
}

cs_rc cs_topology_find(const struct cs_topology *topology, const char *name,
                       struct cs_topo_place *ret_place, struct cs_err *err)
{
    cs_autofree char *wanted = cs_ascii_lower(name);
    size_t len = strlen(wanted);

    if (len > 1 && wanted[len - 1] == '.') {
        wanted[len - 1] = 0;
    }
    bool is_short = *wanted && !strchr(wanted, '.');
    for (int by_label = 0; by_label <= is_short; by_label++) {
        for (int pools = 0; *wanted && pools <= 1; pools++) {
            struct found found = {0};
            look_for(topology, wanted, pools, by_label, &found);
            cs_rc rc = found.count > 1 ? fail_ambiguous(name, &found, err) : CS_OK;
            cs_strv_done(&found.names);
            if (rc != CS_OK) {
                return rc;
            }
            if (found.count) {
                *ret_place = found.place;
                return CS_OK;
            }
        }
    }
    return fail_not_found(topology, wanted, err);
}

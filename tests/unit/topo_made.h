/* The deployment of the examples (example-topology.xml with its simple URLs), made with the model's
 * own functions, for tests that change it. The source of a name is "at NAME". */
#ifndef CS_TESTS_UNIT_TOPO_MADE_H
#define CS_TESTS_UNIT_TOPO_MADE_H

#include "base/mem.h"
#include "model/topology.h"
#include "support/check_run.h"

#define FRONT_END_SERVICES (CS_SERVICE_REGISTRAR | CS_SERVICE_USER_SERVICES)

static inline void made_name(struct cs_topo_name *to, const char *name)
{
    cs_autofree char *source = cs_asprintf("at %s", name ? name : "");

    cs_topo_name_set(to, name, source);
}

static inline struct cs_topo_domain *made_domain(struct cs_topology *topology, const char *name)
{
    struct cs_topo_domain *domain = cs_topology_add_domain(topology);

    made_name(&domain->name, name);
    return domain;
}

/* @computers: names with blanks between them, without their domain unless they have a dot. */
static inline struct cs_topo_pool *made_pool(struct cs_topology *topology, const char *fqdn,
                                             unsigned services, const char *computers)
{
    struct cs_topo_pool *pool = cs_topology_add_pool(topology);
    cs_auto_value(cs_strv) list = {0};

    made_name(&pool->fqdn, fqdn);
    pool->site = cs_strdup("1");
    pool->requires_setup = true;
    pool->services = services;
    pool->web_components = CS_WEB_ALL;
    pool->service_version = 7;
    cs_strv_split(&list, computers, ' ');
    for (size_t i = 0; i < list.count; i++) {
        const char *domain = strchr(list.items[i], '.') ? "" : ".litwareinc.net";
        cs_autofree char *name = cs_asprintf("%s%s", list.items[i], domain);
        cs_autofree char *source = cs_asprintf("at %s", name);
        cs_topo_pool_add_computer(pool, name, source);
    }
    return pool;
}

static inline struct cs_topo_pool *made_web_pool(struct cs_topology *topology, const char *fqdn,
                                                 unsigned services, const char *computers,
                                                 const char *external)
{
    struct cs_topo_pool *pool =
        made_pool(topology, fqdn, services | CS_SERVICE_WEB_SERVICES, computers);

    made_name(&pool->web_external, external);
    return pool;
}

static inline struct cs_topo_pool *made_edge(struct cs_topology *topology, const char *fqdn,
                                             const char *computers, const char *access,
                                             const char *webconf)
{
    struct cs_topo_pool *pool = made_pool(topology, fqdn, CS_SERVICE_EDGE, computers);

    made_name(&pool->access_edge, access);
    made_name(&pool->data_edge, webconf);
    return pool;
}

static inline struct cs_topo_url *made_url(struct cs_topology *topology,
                                           enum cs_url_component component, const char *domain,
                                           const char *host)
{
    static const char *const names[] = {"Meet", "Dialin", "Cscp", "Other"};
    struct cs_topo_url *url = cs_topology_add_url(topology);
    cs_autofree char *source = cs_asprintf("at %s", host ? host : "");

    url->component = component;
    url->component_name = cs_strdup(names[component]);
    url->domain = cs_strdup(domain);
    if (host) {
        cs_topo_url_add_host(url, host, source);
    }
    topology->has_simple_urls = true;
    return url;
}

static inline struct cs_topo_site *made_site(struct cs_topology *topology, const char *id,
                                             const char *name)
{
    struct cs_topo_site *site = cs_topology_add_site(topology);

    site->id = cs_strdup(id);
    site->name = cs_strdup(name);
    return site;
}

static inline struct cs_topology *made_bare(void)
{
    struct cs_topology *topology = cs_topology_new();

    topology->form = cs_strdup("published");
    return topology;
}

/* In the order of example-topology.xml. */
enum { FE, SE, DIR, MED, EDGE, SQL, FILES };

static inline struct cs_topology *made_example(void)
{
    struct cs_topology *topology = made_bare();

    made_site(topology, "1", "Redmond");
    made_domain(topology, "litwareinc.com")->is_default = true;
    made_domain(topology, "fabrikam.com");
    made_domain(topology, "contoso.com");
    made_web_pool(topology, "pool1.litwareinc.net", FRONT_END_SERVICES | CS_SERVICE_CENTRAL_MGMT,
                  "fe1 fe2 fe3", "webext.litwareinc.com");
    made_web_pool(topology, "se1.litwareinc.net", FRONT_END_SERVICES, "se1",
                  "webext-se.litwareinc.com");
    made_web_pool(topology, "dirpool.litwareinc.net", CS_SERVICE_REGISTRAR | CS_SERVICE_DIRECTOR,
                  "dir1 dir2", "webext-dir.litwareinc.com");
    made_pool(topology, "medpool.litwareinc.net", CS_SERVICE_MEDIATION, "med1");
    made_name(&made_edge(topology, "edgepool.litwareinc.net", "edge1 edge2", "sip.litwareinc.com",
                         "webconf.litwareinc.com")
                   ->xmpp,
              "");
    made_pool(topology, "sql1.litwareinc.net", 0, "sql1")->requires_setup = false;
    made_pool(topology, "fs1.litwareinc.net", 0, "fs1")->requires_setup = false;
    made_url(topology, CS_URL_DIALIN, "*", "dialin.litwareinc.com");
    made_url(topology, CS_URL_CSCP, "*", "admin.litwareinc.com");
    made_url(topology, CS_URL_MEET, "litwareinc.com", "meet.litwareinc.com");
    made_url(topology, CS_URL_MEET, "fabrikam.com", "meet.fabrikam.com");
    made_url(topology, CS_URL_MEET, "contoso.com", "meet.contoso.com");
    return topology;
}

#endif

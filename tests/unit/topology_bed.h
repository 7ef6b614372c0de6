/* A small deployment in C, for tests of the rules: what documents hold is tested with documents. */
#ifndef CS_TESTS_UNIT_TOPOLOGY_BED_H
#define CS_TESTS_UNIT_TOPOLOGY_BED_H

#include "base/mem.h"
#include "base/strv.h"
#include "model/topology.h"

#include <stdlib.h>

#define BED_FRONT_END (CS_SERVICE_REGISTRAR | CS_SERVICE_USER_SERVICES | CS_SERVICE_WEB_SERVICES)
#define BED_DIRECTOR  (CS_SERVICE_REGISTRAR | CS_SERVICE_DIRECTOR | CS_SERVICE_WEB_SERVICES)
#define BED_BRANCH    (CS_SERVICE_REGISTRAR | CS_SERVICE_MEDIATION)

static inline void bed_text(char **to, const char *text)
{
    free(*to);
    *to = cs_strdup(text);
}

/* @computers with blanks between them. Sources are "bed:FQDN". */
static inline struct cs_topo_pool *bed_pool(struct cs_topology *topology, const char *fqdn,
                                            unsigned services, const char *computers)
{
    struct cs_topo_pool *pool = cs_topology_add_pool(topology);
    cs_auto_value(cs_strv) list = {0};
    cs_autofree char *source = cs_asprintf("bed:%s", fqdn);

    cs_topo_name_set(&pool->fqdn, fqdn, source);
    bed_text(&pool->site, "1");
    pool->services = services;
    pool->requires_setup = services != 0;
    pool->web_components = CS_WEB_ALL;
    pool->service_version = 7;
    cs_strv_split(&list, computers, ' ');
    for (size_t i = 0; i < list.count; i++) {
        cs_autofree char *from = cs_asprintf("bed:machine %s", list.items[i]);
        cs_topo_pool_add_computer(pool, list.items[i], from);
    }
    return pool;
}

static inline struct cs_topo_domain *bed_domain(struct cs_topology *topology, const char *name,
                                                bool is_default)
{
    struct cs_topo_domain *domain = cs_topology_add_domain(topology);
    cs_autofree char *source = cs_asprintf("bed:domain %s", name);

    cs_topo_name_set(&domain->name, name, source);
    domain->is_default = is_default;
    return domain;
}

static inline void bed_site(struct cs_topology *topology, const char *id, const char *name)
{
    struct cs_topo_site *site = cs_topology_add_site(topology);

    site->id = cs_strdup(id);
    site->name = cs_strdup(name);
}

/* @site NULL: global. */
static inline struct cs_topo_url *bed_url(struct cs_topology *topology,
                                          enum cs_url_component component, const char *domain,
                                          const char *host, const char *site)
{
    struct cs_topo_url *url = cs_topology_add_url(topology);
    cs_autofree char *source = cs_asprintf("bed:url %s", host);

    url->component = component;
    url->domain = cs_strdup(domain);
    url->site = cs_strdup(site);
    cs_topo_url_add_host(url, host, source);
    topology->has_simple_urls = true;
    return url;
}

static inline void bed_pools(struct cs_topology *topology)
{
    struct cs_topo_pool *pool =
        bed_pool(topology, "pool1.corp.net", BED_FRONT_END | CS_SERVICE_CENTRAL_MGMT,
                 "fe1.corp.net fe2.corp.net fe3.corp.net");
    cs_topo_name_set(&pool->web_external, "web.a.com", "bed:external");

    pool = bed_pool(topology, "se1.corp.net", BED_FRONT_END, "se1.corp.net");
    cs_topo_name_set(&pool->web_external, "web-se.a.com", "bed:external se");
    bed_text(&pool->site, "2");

    pool = bed_pool(topology, "dirpool.corp.net", BED_DIRECTOR, "dir1.corp.net dir2.corp.net");
    cs_topo_name_set(&pool->web_external, "web-dir.a.com", "bed:external dir");

    bed_pool(topology, "medpool.corp.net", CS_SERVICE_MEDIATION, "med1.corp.net med2.corp.net");
    bed_pool(topology, "sba1.corp.net", BED_BRANCH, "sba1.corp.net");

    pool = bed_pool(topology, "edgepool.corp.net", CS_SERVICE_EDGE | CS_SERVICE_OTHER,
                    "edge1.corp.net edge2.corp.net");
    cs_topo_name_set(&pool->access_edge, "access.a.com", "bed:access");
    cs_topo_name_set(&pool->data_edge, "webconf.a.com", "bed:webconf");
    cs_topo_name_set(&pool->av_edge, "av.a.com", "bed:av");
    cs_topo_name_set(&pool->xmpp, "", "bed:xmpp");

    bed_pool(topology, "chat.corp.net", CS_SERVICE_OTHER, "chat1.corp.net");
    bed_pool(topology, "sql1.corp.net", 0, "sql1.corp.net");
}

/* Two sites, three SIP domains of which the second is the default. */
static inline struct cs_topology *bed_topology(void)
{
    struct cs_topology *topology = cs_topology_new();

    topology->form = cs_strdup("published");
    bed_domain(topology, "b.com", false);
    bed_domain(topology, "a.com", true);
    bed_domain(topology, "c.com", false);
    bed_site(topology, "1", "Redmond");
    bed_site(topology, "2", "Dublin");
    bed_pools(topology);
    bed_url(topology, CS_URL_MEET, "b.com", "meet.b.com", NULL);
    bed_url(topology, CS_URL_MEET, "a.com", "meet.a.com", NULL);
    bed_url(topology, CS_URL_MEET, "c.com", "meet.c.com", NULL);
    bed_url(topology, CS_URL_CSCP, "*", "admin.a.com", NULL);
    bed_url(topology, CS_URL_DIALIN, "*", "dialin.a.com", NULL);
    return topology;
}

/* The pool of that name in a bed, to be changed. */
static inline struct cs_topo_pool *bed_find(struct cs_topology *topology, const char *fqdn)
{
    for (size_t i = 0; i < topology->pool_count; i++) {
        if (cs_ascii_iequal(topology->pools[i].fqdn.name, fqdn)) {
            return &topology->pools[i];
        }
    }
    abort();
}

#endif

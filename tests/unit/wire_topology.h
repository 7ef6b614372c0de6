/* A topology that has everything, and one as large as the largest that is measured. */
#ifndef CS_TESTS_UNIT_WIRE_TOPOLOGY_H
#define CS_TESTS_UNIT_WIRE_TOPOLOGY_H

#include "base/cleanup.h"
#include "base/mem.h"
#include "model/topology.h"

/* Every member has a value that no other has and that is not the empty one. */
static inline struct cs_topology *full_topology(void)
{
    struct cs_topology *topology = cs_topology_new();

    topology->form = cs_strdup("published");
    topology->signature = cs_strdup("{7D5B}");
    topology->allow_all_domains = true;
    topology->has_simple_urls = true;
    topology->use_backend_database = true;

    struct cs_topo_domain *domain = cs_topology_add_domain(topology);
    cs_topo_name_set(&domain->name, "litwareinc.com", "a.xml:4 InternalDomain@Name");
    domain->is_default = true;
    domain = cs_topology_add_domain(topology);
    cs_topo_name_set(&domain->name, "fabrikam.com", "a.xml:5 InternalDomain@Name");
    domain->allow_sub_domains = true;

    struct cs_topo_site *site = cs_topology_add_site(topology);
    site->id = cs_strdup("1");
    site->name = cs_strdup("K\xc3\xb6ln");
    site = cs_topology_add_site(topology);
    site->id = cs_strdup("2");
    site->is_branch = true;

    struct cs_topo_pool *pool = cs_topology_add_pool(topology);
    cs_topo_name_set(&pool->fqdn, "pool.litwareinc.com", "a.xml:9 Cluster@Fqdn");
    pool->site = cs_strdup("1");
    pool->requires_setup = true;
    pool->services = CS_SERVICE_REGISTRAR | CS_SERVICE_USER_SERVICES | CS_SERVICE_WEB_SERVICES |
                     CS_SERVICE_CENTRAL_MGMT | CS_SERVICE_OTHER;
    pool->web_components = CS_WEB_AUTODISCOVER | CS_WEB_MEET;
    pool->service_version = 8;
    cs_topo_name_set(&pool->web_external, "web.litwareinc.com", "a.xml:30 ExternalSettings@Host");
    cs_topo_name_set(&pool->web_internal, "int.litwareinc.com", "a.xml:31 InternalSettings@Host");
    cs_topo_pool_add_computer(pool, "fe1.litwareinc.com", "a.xml:11 Machine@Fqdn");
    cs_topo_pool_add_computer(pool, "fe2.litwareinc.com", NULL);

    pool = cs_topology_add_pool(topology);
    cs_topo_name_set(&pool->fqdn, "edge.litwareinc.com", "a.xml:14 Cluster@Fqdn");
    pool->services = CS_SERVICE_EDGE | CS_SERVICE_DIRECTOR | CS_SERVICE_MEDIATION;
    pool->web_components = CS_WEB_DIALIN | CS_WEB_CSCP;
    cs_topo_name_set(&pool->access_edge, "sip.litwareinc.com", "a.xml:40 Port@ConfiguredFqdn");
    cs_topo_name_set(&pool->data_edge, "conf.litwareinc.com", "a.xml:41 Port@ConfiguredFqdn");
    cs_topo_name_set(&pool->av_edge, "av.litwareinc.com", "a.xml:42 Port@ConfiguredFqdn");
    cs_topo_name_set(&pool->xmpp, "", "a.xml:43 Port");

    struct cs_topo_url *url = cs_topology_add_url(topology);
    url->component = CS_URL_MEET;
    url->component_name = cs_strdup("Meet");
    url->domain = cs_strdup("litwareinc.com");
    cs_topo_url_add_host(url, "meet.litwareinc.com", "b.xml:2 SimpleUrl@ActiveUrl");
    cs_topo_url_add_host(url, "old.litwareinc.com", "b.xml:3 SimpleUrlEntry@Url");
    url = cs_topology_add_url(topology);
    url->component = CS_URL_OTHER;
    url->component_name = cs_strdup("Whatever");
    url->domain = cs_strdup("*");
    url->site = cs_strdup("Redmond");
    url->odd = true;

    cs_strv_add(&topology->warnings, "b.xml:7: this is \"odd\" \\ but can be read");
    cs_strv_add(&topology->warnings, "so is this");
    return topology;
}

/* The same by hand, from the members' meanings: names are pairs, flags are all there, what is not
 * known is left out, keys are sorted. */
#define FULL_JSON                                                                                  \
    "{\"allowAllDomains\":true,\"domains\":["                                                      \
    "{\"default\":true,\"name\":[\"litwareinc.com\",\"a.xml:4 InternalDomain@Name\"],"             \
    "\"subDomains\":false},"                                                                       \
    "{\"default\":false,\"name\":[\"fabrikam.com\",\"a.xml:5 InternalDomain@Name\"],"              \
    "\"subDomains\":true}],"                                                                       \
    "\"form\":\"published\",\"hasSimpleUrls\":true,\"pools\":["                                    \
    "{\"computers\":[[\"fe1.litwareinc.com\",\"a.xml:11 Machine@Fqdn\"],"                          \
    "[\"fe2.litwareinc.com\"]],"                                                                   \
    "\"fqdn\":[\"pool.litwareinc.com\",\"a.xml:9 Cluster@Fqdn\"],"                                 \
    "\"services\":[\"registrar\",\"userServices\",\"webServices\",\"centralMgmt\",\"other\"],"     \
    "\"setup\":true,\"site\":\"1\",\"version\":8,\"web\":[\"autodiscover\",\"meet\"],"             \
    "\"webExternal\":[\"web.litwareinc.com\",\"a.xml:30 ExternalSettings@Host\"],"                 \
    "\"webInternal\":[\"int.litwareinc.com\",\"a.xml:31 InternalSettings@Host\"]},"                \
    "{\"accessEdge\":[\"sip.litwareinc.com\",\"a.xml:40 Port@ConfiguredFqdn\"],"                   \
    "\"avEdge\":[\"av.litwareinc.com\",\"a.xml:42 Port@ConfiguredFqdn\"],"                         \
    "\"computers\":[],"                                                                            \
    "\"dataEdge\":[\"conf.litwareinc.com\",\"a.xml:41 Port@ConfiguredFqdn\"],"                     \
    "\"fqdn\":[\"edge.litwareinc.com\",\"a.xml:14 Cluster@Fqdn\"],"                                \
    "\"services\":[\"director\",\"mediation\",\"edge\"],\"setup\":false,\"version\":0,"            \
    "\"web\":[\"dialin\",\"cscp\"],\"xmpp\":[\"\",\"a.xml:43 Port\"]}],"                           \
    "\"signature\":\"{7D5B}\",\"sites\":["                                                         \
    "{\"branch\":false,\"id\":\"1\",\"name\":\"K\xc3\xb6ln\"},{\"branch\":true,\"id\":\"2\"}],"    \
    "\"urls\":["                                                                                   \
    "{\"component\":\"meet\",\"componentName\":\"Meet\",\"domain\":\"litwareinc.com\",\"hosts\":[" \
    "[\"meet.litwareinc.com\",\"b.xml:2 SimpleUrl@ActiveUrl\"],"                                   \
    "[\"old.litwareinc.com\",\"b.xml:3 SimpleUrlEntry@Url\"]],\"odd\":false},"                     \
    "{\"component\":\"other\",\"componentName\":\"Whatever\",\"domain\":\"*\",\"hosts\":[],"       \
    "\"odd\":true,\"site\":\"Redmond\"}],"                                                         \
    "\"useBackendDatabase\":true,\"v\":1,\"warnings\":["                                           \
    "\"b.xml:7: this is \\\"odd\\\" \\\\ but can be read\",\"so is this\"]}"

/* @pools pools with @computers computers each. */
static inline struct cs_topology *large_topology(int pools, int computers)
{
    struct cs_topology *topology = cs_topology_new();

    topology->form = cs_strdup("published");
    for (int i = 0; i < pools; i++) {
        cs_autofree char *fqdn = cs_asprintf("pool%04d.litwareinc.com", i);
        cs_autofree char *source = cs_asprintf("topology.xml:%d Cluster@Fqdn", 100 + 20 * i);
        struct cs_topo_pool *pool = cs_topology_add_pool(topology);
        cs_topo_name_set(&pool->fqdn, fqdn, source);
        cs_topo_name_set(&pool->web_external, fqdn, source);
        pool->services = CS_SERVICE_REGISTRAR | CS_SERVICE_USER_SERVICES | CS_SERVICE_WEB_SERVICES;
        pool->web_components = CS_WEB_ALL;
        for (int j = 0; j < computers; j++) {
            cs_autofree char *name = cs_asprintf("fe%04d-%05d.litwareinc.com", i, j);
            cs_autofree char *where = cs_asprintf("topology.xml:%d Machine@Fqdn", 101 + 20 * i + j);
            cs_topo_pool_add_computer(pool, name, where);
        }
    }
    return topology;
}

#endif

/* One thing that is different in the bed's deployment, each under a name of its own. */
#ifndef CS_TESTS_UNIT_TOPOLOGY_CHANGES_H
#define CS_TESTS_UNIT_TOPOLOGY_CHANGES_H

#include "unit/plan_rows.h"
#include "unit/topology_bed.h"

static inline void no_urls(struct cs_topology *topology)
{
    topology->has_simple_urls = false;
    for (size_t i = 0; i < topology->url_count; i++) {
        topology->urls[i].component = CS_URL_OTHER;
    }
}

static inline void no_dialin(struct cs_topology *topology)
{
    topology->urls[4].component = CS_URL_OTHER;
}

static inline void no_admin(struct cs_topology *topology)
{
    topology->urls[3].component = CS_URL_OTHER;
}

static inline void no_meet_for_c(struct cs_topology *topology)
{
    topology->urls[2].component = CS_URL_OTHER;
}

static inline void one_meet_for_all(struct cs_topology *topology)
{
    bed_text(&topology->urls[0].domain, "*");
    topology->urls[1].component = CS_URL_OTHER;
    topology->urls[2].component = CS_URL_OTHER;
}

static inline void two_hosts(struct cs_topology *topology)
{
    cs_topo_url_add_host(&topology->urls[1], "OLD.a.com", "bed:old");
    cs_topo_url_add_host(&topology->urls[4], "meet.a.com", "bed:same host");
}

static inline void own_urls_by_name(struct cs_topology *topology)
{
    bed_url(topology, CS_URL_MEET, "a.com", "meet-dublin.a.com", "DUBLIN");
    bed_url(topology, CS_URL_DIALIN, "*", "dialin-dublin.a.com", "Dublin");
}

static inline void own_urls_by_id(struct cs_topology *topology)
{
    bed_url(topology, CS_URL_MEET, "*", "meet-redmond.a.com", "1");
    bed_url(topology, CS_URL_DIALIN, "*", "meet-redmond.a.com", "1");
}

static inline void few_components(struct cs_topology *topology)
{
    bed_find(topology, "pool1.corp.net")->web_components = CS_WEB_DIALIN;
}

static inline void no_web_services(struct cs_topology *topology)
{
    bed_find(topology, "pool1.corp.net")->services &= ~(unsigned)CS_SERVICE_WEB_SERVICES;
}

static inline void no_external_web(struct cs_topology *topology)
{
    cs_topo_name_set(&bed_find(topology, "pool1.corp.net")->web_external, NULL, NULL);
}

static inline void internal_web(struct cs_topology *topology)
{
    cs_topo_name_set(&bed_find(topology, "pool1.corp.net")->web_internal, "WebInt.corp.net",
                     "bed:internal web");
}

static inline void no_default(struct cs_topology *topology)
{
    topology->domains[1].is_default = false;
}

static inline void no_domains(struct cs_topology *topology)
{
    for (size_t i = 0; i < topology->domain_count; i++) {
        topology->domains[i].is_default = false;
        cs_topo_name_set(&topology->domains[i].name, NULL, NULL);
    }
}

static inline void sub_domains(struct cs_topology *topology)
{
    topology->domains[0].allow_sub_domains = true;
    topology->domains[1].allow_sub_domains = true;
}

static inline void sub_domains_of_b(struct cs_topology *topology)
{
    topology->domains[0].allow_sub_domains = true;
}

static inline void all_domains(struct cs_topology *topology)
{
    topology->allow_all_domains = true;
}

static inline void no_access(struct cs_topology *topology)
{
    cs_topo_name_set(&bed_find(topology, "edgepool.corp.net")->access_edge, NULL, NULL);
}

static inline void no_webconf(struct cs_topology *topology)
{
    cs_topo_name_set(&bed_find(topology, "edgepool.corp.net")->data_edge, NULL, NULL);
}

static inline void one_edge_name(struct cs_topology *topology)
{
    struct cs_topo_pool *pool = bed_find(topology, "edgepool.corp.net");

    cs_topo_name_set(&pool->access_edge, "sip.a.com", "bed:access");
    cs_topo_name_set(&pool->data_edge, "SIP.A.com", "bed:webconf");
}

static inline void no_xmpp(struct cs_topology *topology)
{
    cs_topo_name_set(&bed_find(topology, "edgepool.corp.net")->xmpp, NULL, NULL);
}

static inline void is_2019(struct cs_topology *topology)
{
    bed_find(topology, "edgepool.corp.net")->service_version = 8;
}

static inline void bad_url_host(struct cs_topology *topology)
{
    cs_topo_url_add_host(&topology->urls[3], "my_admin.a.com", "bed:bad");
}

static inline void wildcard_host(struct cs_topology *topology)
{
    cs_topo_url_add_host(&topology->urls[3], "*.a.com", "bed:wild");
}

static inline void bad_pool(struct cs_topology *topology)
{
    cs_topo_name_set(&bed_find(topology, "medpool.corp.net")->fqdn, "med_pool.corp.net", "bed:med");
}

static inline void wildcard_pool(struct cs_topology *topology)
{
    cs_topo_name_set(&bed_find(topology, "medpool.corp.net")->fqdn, "*.corp.net", "bed:med");
}

static inline void long_pool(struct cs_topology *topology)
{
    cs_topo_name_set(&bed_find(topology, "medpool.corp.net")->fqdn, CN65, "bed:med");
}

static inline void short_computer(struct cs_topology *topology)
{
    cs_topo_name_set(&bed_find(topology, "medpool.corp.net")->computers[0], "med1", "bed:med1");
}

static inline void many_domains(struct cs_topology *topology)
{
    for (int i = 0; i < 248; i++) { /* with the three and the pool's two names 253 */
        cs_autofree char *name = cs_asprintf("d%d.com", i);
        bed_domain(topology, name, false);
    }
}

#endif

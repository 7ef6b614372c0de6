/* A .tbxml file of Topology Builder. */
#include "base/mem.h"
#include "topology/draft.h"
#include "topology/forms.h"
#include "topology/parts.h"

#include <stdlib.h>
#include <string.h>

/* What the names of the machines of a cluster come from, where they have none of their own. */
struct cluster {
    size_t pool;
    struct cs_xml_place at;
    struct cs_xml_place nameless; /* element NULL: each machine has a name */
};

/* A cluster of one machine leaves the machine's name out: it is the cluster's. */
static cs_rc read_machine(struct cs_draft *draft, struct cs_xml *xml, struct cluster *cluster,
                          struct cs_err *err)
{
    struct cs_topo_name *of_pool = &draft->topology->pools[cluster->pool].fqdn;
    cs_autofree char *fqdn = NULL;

    CS_TRY(cs_xml_attr(xml, "Fqdn", &fqdn, err));
    if (!fqdn) {
        cluster->nameless = cs_xml_here(xml);
        return cs_draft_add_computer(draft, xml, cluster->pool, of_pool->name, of_pool->source,
                                     err);
    }
    cs_autofree char *source = cs_xml_source(xml, "Fqdn");
    return cs_draft_add_computer(draft, xml, cluster->pool, fqdn, source, err);
}

static cs_rc read_machines(struct cs_draft *draft, struct cs_xml *xml, struct cluster *cluster,
                           struct cs_err *err)
{
    int depth = cs_xml_depth(xml);

    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_WRITABLE, "Machine")) {
            CS_TRY(read_machine(draft, xml, cluster, err));
        }
    }
    return CS_OK;
}

static cs_rc read_sql_instance(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    cs_autofree char *id = NULL;

    CS_TRY(cs_xml_need(xml, "UniqueId", &id, err));
    return cs_draft_key_store(draft, xml, id, err);
}

static cs_rc read_sql_instances(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    return cs_parts_each(draft, xml, CS_NS_WRITABLE, "SqlInstance", read_sql_instance, err);
}

static cs_rc begin_cluster(struct cs_draft *draft, struct cs_xml *xml, const char *site,
                           struct cluster *cluster, struct cs_err *err)
{
    cs_autofree char *id = NULL;

    cluster->at = cs_xml_here(xml);
    CS_TRY(cs_xml_need(xml, "UniqueId", &id, err));
    CS_TRY(cs_draft_add_pool(draft, xml, &cluster->pool, err));
    draft->topology->pools[cluster->pool].site = cs_strdup(site);
    return cs_draft_key_pool(draft, xml, id, NULL, cluster->pool, err);
}

static cs_rc read_cluster(struct cs_draft *draft, struct cs_xml *xml, const char *site,
                          struct cs_err *err)
{
    struct cluster cluster = {0};
    int depth = cs_xml_depth(xml);

    CS_TRY(begin_cluster(draft, xml, site, &cluster, err));
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_WRITABLE, "Machines")) {
            CS_TRY(read_machines(draft, xml, &cluster, err));
        } else if (there && cs_xml_is(xml, CS_NS_WRITABLE, "SqlInstances")) {
            CS_TRY(read_sql_instances(draft, xml, err));
        }
    }
    if (cluster.nameless.element && draft->topology->pools[cluster.pool].computer_count > 1) {
        return cs_xml_refuse(
            xml, cluster.nameless, err, "name it in Topology Builder and save the file again",
            "it has no Fqdn, but is not the only one of its cluster (line %u)", cluster.at.line);
    }
    return CS_OK;
}

static cs_rc read_clusters(struct cs_draft *draft, struct cs_xml *xml, const char *site,
                           struct cs_err *err)
{
    int depth = cs_xml_depth(xml);

    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_WRITABLE, "Cluster")) {
            CS_TRY(read_cluster(draft, xml, site, err));
        }
    }
    return CS_OK;
}

static cs_rc read_sites(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err);

static cs_rc read_site_child(struct cs_draft *draft, struct cs_xml *xml, size_t site,
                             struct cs_err *err)
{
    if (cs_xml_is(xml, CS_NS_TOPOLOGY, "Name")) {
        return cs_parts_site_name(draft, xml, site, err);
    }
    if (cs_xml_is(xml, CS_NS_WRITABLE, "Clusters")) {
        return read_clusters(draft, xml, draft->topology->sites[site].id, err);
    }
    if (cs_xml_is(xml, CS_NS_WRITABLE, "SqlInstances")) {
        return read_sql_instances(draft, xml, err);
    }
    if (cs_xml_is(xml, CS_NS_WRITABLE, "RemoteSites")) {
        return read_sites(draft, xml, err);
    }
    return CS_OK;
}

static cs_rc read_site(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    size_t site = 0;
    int depth = cs_xml_depth(xml);

    CS_TRY(cs_parts_site(draft, xml, &site, err));
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there) {
            CS_TRY(read_site_child(draft, xml, site, err));
        }
    }
    return CS_OK;
}

static cs_rc read_sites(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    int depth = cs_xml_depth(xml);

    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && (cs_xml_is(xml, CS_NS_WRITABLE, "CentralSite") ||
                      cs_xml_is(xml, CS_NS_WRITABLE, "RemoteSite"))) {
            CS_TRY(read_site(draft, xml, err));
        }
    }
    return CS_OK;
}

static cs_rc read_service(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    struct cs_draft_service *service = NULL;
    int depth = cs_xml_depth(xml);

    CS_TRY(cs_draft_add_service(draft, xml, &service, err));
    CS_TRY(cs_parts_role(service, xml, err));
    CS_TRY(cs_parts_version(service, xml, err));
    CS_TRY(cs_xml_attr(xml, "InstalledOn", &service->key[0], err));
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there) {
            CS_TRY(cs_parts_service(service, xml, err));
        }
    }
    cs_parts_service_end(service);
    return CS_OK;
}

static cs_rc read_services(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    return cs_parts_each(draft, xml, CS_NS_WRITABLE, "Service", read_service, err);
}

static cs_rc read_topology_child(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    if (cs_xml_is(xml, CS_NS_TOPOLOGY, "InternalDomains")) {
        return cs_parts_domains(draft, xml, err);
    }
    if (cs_xml_is(xml, CS_NS_WRITABLE, "CentralSites") ||
        cs_xml_is(xml, CS_NS_WRITABLE, "RemoteSites")) {
        return read_sites(draft, xml, err);
    }
    if (cs_xml_is(xml, CS_NS_WRITABLE, "SqlInstances")) {
        return read_sql_instances(draft, xml, err);
    }
    if (cs_xml_is(xml, CS_NS_WRITABLE, "Services")) {
        return read_services(draft, xml, err);
    }
    return cs_forms_read(xml, NULL, draft->topology, err);
}

static cs_rc read_partial(struct cs_xml *xml, struct cs_topology *topology, struct cs_err *err)
{
    cs_auto_value(cs_draft) draft = {0};
    int depth = cs_xml_depth(xml);
    struct cs_xml_place at = cs_xml_here(xml);

    CS_TRY(cs_draft_begin(&draft, topology, xml, "tbxml", err));
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there) {
            CS_TRY(read_topology_child(&draft, xml, err));
        }
    }
    return cs_draft_finish(&draft, xml, at, err);
}

static cs_rc read_new_topology(struct cs_xml *xml, struct cs_topology *topology, bool *found,
                               struct cs_err *err)
{
    int depth = cs_xml_depth(xml);

    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_WRITABLE, "PartialTopology")) {
            *found = true;
            CS_TRY(read_partial(xml, topology, err));
        }
    }
    return CS_OK;
}

/* An edited file holds what it was, too (OldTopology): only NewTopology counts. */
cs_rc cs_tbxml_read(struct cs_xml *xml, struct cs_topology *topology, struct cs_err *err)
{
    struct cs_xml_place at = cs_xml_here(xml);
    int depth = cs_xml_depth(xml);
    bool found = false;

    CS_TRY(cs_xml_mark_ours(xml, err));
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_BUILDER, "NewTopology")) {
            CS_TRY(read_new_topology(xml, topology, &found, err));
        }
    }
    if (!found) {
        return cs_xml_refuse(xml, at, err, "save the topology in Topology Builder again",
                             "there is no NewTopology with a PartialTopology in it");
    }
    return CS_OK;
}

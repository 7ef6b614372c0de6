/* The published form: what Get-CsTopology -AsXml prints. */
#include "base/mem.h"
#include "topology/draft.h"
#include "topology/forms.h"
#include "topology/parts.h"

#include <stdlib.h>

static bool is_site(const struct cs_xml *xml)
{
    return cs_xml_is(xml, CS_NS_TOPOLOGY, "CentralSite") ||
           cs_xml_is(xml, CS_NS_TOPOLOGY, "RemoteSite");
}

static cs_rc read_sites(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err);

static cs_rc read_site(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    size_t site = 0;
    int depth = cs_xml_depth(xml);

    CS_TRY(cs_parts_site(draft, xml, &site, err));
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (!there) {
            break;
        }
        if (cs_xml_is(xml, CS_NS_TOPOLOGY, "Name")) {
            CS_TRY(cs_parts_site_name(draft, xml, site, err));
        } else if (is_site(xml)) {
            CS_TRY(read_site(draft, xml, err));
        } else {
            CS_TRY(read_sites(draft, xml, err));
        }
    }
    return CS_OK;
}

/* Sites stand in Sites; branch sites perhaps in an element of their central site. */
static cs_rc read_sites(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    int depth = cs_xml_depth(xml);

    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && is_site(xml)) {
            CS_TRY(read_site(draft, xml, err));
        }
    }
    return CS_OK;
}

static cs_rc read_cluster_id(struct cs_draft *draft, struct cs_xml *xml, size_t pool,
                             struct cs_err *err)
{
    cs_autofree char *site = NULL;
    cs_autofree char *number = NULL;

    CS_TRY(cs_xml_need(xml, "SiteId", &site, err));
    CS_TRY(cs_xml_need(xml, "Number", &number, err));
    CS_TRY(cs_draft_key_pool(draft, xml, site, number, pool, err));
    free(draft->topology->pools[pool].site);
    draft->topology->pools[pool].site = cs_steal(&site);
    return CS_OK;
}

static cs_rc read_machine(struct cs_draft *draft, struct cs_xml *xml, size_t pool,
                          struct cs_err *err)
{
    cs_autofree char *fqdn = NULL;

    CS_TRY(cs_xml_need(xml, "Fqdn", &fqdn, err));
    cs_autofree char *source = cs_xml_source(xml, "Fqdn");
    return cs_draft_add_computer(draft, xml, pool, fqdn, source, err);
}

static cs_rc read_cluster(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    size_t pool = 0;
    int depth = cs_xml_depth(xml);
    struct cs_xml_place at = cs_xml_here(xml);

    CS_TRY(cs_draft_add_pool(draft, xml, &pool, err));
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_TOPOLOGY, "ClusterId")) {
            CS_TRY(read_cluster_id(draft, xml, pool, err));
        } else if (there && cs_xml_is(xml, CS_NS_TOPOLOGY, "Machine")) {
            CS_TRY(read_machine(draft, xml, pool, err));
        }
    }
    if (!draft->topology->pools[pool].site) {
        return cs_xml_refuse(xml, at, err, "the file may have been edited: export it again",
                             "it has no ClusterId");
    }
    return CS_OK;
}

static cs_rc read_clusters(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    return cs_parts_each(draft, xml, CS_NS_TOPOLOGY, "Cluster", read_cluster, err);
}

/* InstalledOn holds a ClusterId, or a SqlInstanceId with one in it. */
static cs_rc read_installed_on(struct cs_draft_service *service, struct cs_xml *xml,
                               struct cs_err *err)
{
    int depth = cs_xml_depth(xml);

    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_TOPOLOGY, "SqlInstanceId")) {
            service->on_store = true;
            CS_TRY(read_installed_on(service, xml, err));
        } else if (there && cs_xml_is(xml, CS_NS_TOPOLOGY, "ClusterId") && !service->key[0]) {
            CS_TRY(cs_xml_need(xml, "SiteId", &service->key[0], err));
            CS_TRY(cs_xml_need(xml, "Number", &service->key[1], err));
            service->at = cs_xml_here(xml);
        }
    }
    return CS_OK;
}

static cs_rc read_service(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    struct cs_draft_service *service = NULL;
    int depth = cs_xml_depth(xml);
    struct cs_xml_place at = cs_xml_here(xml);

    CS_TRY(cs_draft_add_service(draft, xml, &service, err));
    CS_TRY(cs_parts_version(service, xml, err));
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (!there) {
            break;
        }
        if (cs_xml_is(xml, CS_NS_TOPOLOGY, "ServiceId")) {
            CS_TRY(cs_parts_role(service, xml, err));
        } else if (cs_xml_is(xml, CS_NS_TOPOLOGY, "InstalledOn")) {
            CS_TRY(read_installed_on(service, xml, err));
        } else {
            CS_TRY(cs_parts_service(service, xml, err));
        }
    }
    if (!service->role) {
        return cs_xml_refuse(xml, at, err, "the file may have been edited: export it again",
                             "it has no ServiceId");
    }
    cs_parts_service_end(service);
    return CS_OK;
}

static cs_rc read_services(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    return cs_parts_each(draft, xml, CS_NS_TOPOLOGY, "Service", read_service, err);
}

static cs_rc read_child(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    static const struct {
        const char *element;
        cs_parts_fn read;
    } known[] = {
        {"InternalDomains", cs_parts_domains},
        {"Sites", read_sites},
        {"Clusters", read_clusters},
        {"Services", read_services},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (cs_xml_is(xml, CS_NS_TOPOLOGY, known[i].element)) {
            return known[i].read(draft, xml, err);
        }
    }
    return cs_forms_read(xml, NULL, draft->topology, err);
}

cs_rc cs_published_read(struct cs_xml *xml, struct cs_topology *topology, struct cs_err *err)
{
    cs_auto_value(cs_draft) draft = {0};
    int depth = cs_xml_depth(xml);
    struct cs_xml_place at = cs_xml_here(xml);

    CS_TRY(cs_draft_begin(&draft, topology, xml, "published", err));
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there) {
            CS_TRY(read_child(&draft, xml, err));
        }
    }
    return cs_draft_finish(&draft, xml, at, err);
}

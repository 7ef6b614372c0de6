#include "topology/parts.h"

#include "base/mem.h"
#include "base/strv.h"

#include <stdlib.h>
#include <string.h>

cs_rc cs_parts_each(struct cs_draft *draft, struct cs_xml *xml, enum cs_xml_ns ns,
                    const char *element, cs_parts_fn read, struct cs_err *err)
{
    int depth = cs_xml_depth(xml);

    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, ns, element)) {
            CS_TRY(read(draft, xml, err));
        }
    }
    return CS_OK;
}

static bool has_domain(const struct cs_topology *topology, const char *name)
{
    for (size_t i = 0; i < topology->domain_count; i++) {
        if (cs_ascii_iequal(topology->domains[i].name.name, name)) {
            return true;
        }
    }
    return false;
}

static cs_rc add_domain(struct cs_draft *draft, struct cs_xml *xml, const char *name,
                        const char *source, bool allow_sub_domains, struct cs_err *err)
{
    struct cs_topology *topology = draft->topology;

    if (topology->domain_count == CS_TOPO_DOMAINS_MAX) {
        return cs_xml_refuse(xml, cs_xml_here(xml), err, "no deployment has so many",
                             "there are more than %d SIP domains", CS_TOPO_DOMAINS_MAX);
    }
    struct cs_topo_domain *domain = cs_topology_add_domain(topology);
    cs_topo_name_set(&domain->name, name, source);
    domain->allow_sub_domains = allow_sub_domains;
    return CS_OK;
}

static cs_rc read_domain(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    cs_autofree char *name = NULL;
    bool allow_sub_domains = false;

    CS_TRY(cs_xml_need(xml, "Name", &name, err));
    CS_TRY(cs_xml_bool(xml, "AllowSubDomains", false, &allow_sub_domains, err));
    if (has_domain(draft->topology, name)) {
        cs_autofree char *shown = cs_xml_shown(name);
        return cs_xml_refuse(xml, cs_xml_here(xml), err,
                             "the file may have been edited: export it again",
                             "the SIP domain \"%s\" stands twice in the document", shown);
    }
    cs_autofree char *source = cs_xml_source(xml, "Name");
    return add_domain(draft, xml, name, source, allow_sub_domains, err);
}

static void mark_default(struct cs_topology *topology, const char *name)
{
    for (size_t i = 0; i < topology->domain_count; i++) {
        struct cs_topo_domain *domain = &topology->domains[i];
        domain->is_default = cs_ascii_iequal(domain->name.name, name);
    }
}

cs_rc cs_parts_domains(struct cs_draft *draft, struct cs_xml *xml, struct cs_err *err)
{
    cs_autofree char *name = NULL;
    bool all = false;

    CS_TRY(cs_xml_attr(xml, "DefaultDomain", &name, err));
    CS_TRY(cs_xml_bool(xml, "AllowAllDomains", false, &all, err));
    draft->topology->allow_all_domains |= all;
    struct cs_xml_place at = cs_xml_here(xml);
    cs_autofree char *source = cs_xml_source(xml, "DefaultDomain");
    CS_TRY(cs_parts_each(draft, xml, CS_NS_TOPOLOGY, "InternalDomain", read_domain, err));
    if (name && !has_domain(draft->topology, name)) {
        cs_autofree char *shown = cs_xml_shown(name);
        cs_xml_warn(xml, at, &draft->topology->warnings,
                    "there is no InternalDomain for the DefaultDomain %s; it is taken for one",
                    shown);
        CS_TRY(add_domain(draft, xml, name, source, false, err));
    }
    if (name) {
        mark_default(draft->topology, name);
    }
    return CS_OK;
}

cs_rc cs_parts_site(struct cs_draft *draft, struct cs_xml *xml, size_t *ret_site,
                    struct cs_err *err)
{
    struct cs_topology *topology = draft->topology;
    cs_autofree char *id = NULL;

    if (topology->site_count == CS_TOPO_SITES_MAX) {
        return cs_xml_refuse(xml, cs_xml_here(xml), err, "no deployment has so many",
                             "there are more than %d sites", CS_TOPO_SITES_MAX);
    }
    CS_TRY(cs_xml_need(xml, "SiteId", &id, err));
    struct cs_topo_site *site = cs_topology_add_site(topology);
    site->id = cs_steal(&id);
    site->is_branch = strcmp(cs_xml_element(xml), "RemoteSite") == 0;
    *ret_site = topology->site_count - 1;
    return CS_OK;
}

cs_rc cs_parts_site_name(struct cs_draft *draft, struct cs_xml *xml, size_t site,
                         struct cs_err *err)
{
    cs_autofree char *name = NULL;

    CS_TRY(cs_xml_text(xml, &name, err));
    free(draft->topology->sites[site].name);
    draft->topology->sites[site].name = cs_steal(&name);
    return CS_OK;
}

/* What a RoleName means. Those with 0 need no certificate in their own right: they stand on a pool
 * that has one, or on a computer that Lync does not set up. Whatever is not named here is OTHER,
 * unless it is a data base ("...Store"). */
static const struct {
    const char *name;
    unsigned service;
} roles[] = {
    {"Registrar", CS_SERVICE_REGISTRAR},
    {"UserServices", CS_SERVICE_USER_SERVICES},
    {"WebServices", CS_SERVICE_WEB_SERVICES},
    {"MediationServer", CS_SERVICE_MEDIATION},
    {"EdgeServer", CS_SERVICE_EDGE},
    {"CentralMgmt", CS_SERVICE_CENTRAL_MGMT},
    {"ConfServices", 0},
    {"ApplicationServer", 0},
    {"ManagementServices", 0},
    {"PstnGateway", 0},
    {"WacService", 0},
};

static unsigned service_of(const char *role)
{
    size_t len = strlen(role);

    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (cs_ascii_iequal(role, roles[i].name)) {
            return roles[i].service;
        }
    }
    return len >= 5 && cs_ascii_iequal(role + len - 5, "Store") ? 0 : CS_SERVICE_OTHER;
}

cs_rc cs_parts_role(struct cs_draft_service *service, struct cs_xml *xml, struct cs_err *err)
{
    cs_autofree char *role = NULL;

    CS_TRY(cs_xml_need(xml, "RoleName", &role, err));
    service->services = service_of(role);
    free(service->role);
    service->role = cs_xml_shown(role);
    return CS_OK;
}

cs_rc cs_parts_version(struct cs_draft_service *service, struct cs_xml *xml, struct cs_err *err)
{
    return cs_xml_number(xml, "ServiceVersion", &service->version, err);
}

/* Sets @to from an attribute, unless it is not there or something was said before. */
static cs_rc read_name(struct cs_topo_name *to, struct cs_xml *xml, const char *attribute,
                       struct cs_err *err)
{
    cs_autofree char *name = NULL;

    CS_TRY(cs_xml_attr(xml, attribute, &name, err));
    if (name && !to->name) {
        cs_autofree char *source = cs_xml_source(xml, attribute);
        cs_topo_name_set(to, name, source);
    }
    return CS_OK;
}

/* The ports that carry a name, told by their attributes: their order is not the same everywhere. */
static bool is_port(struct cs_xml *xml, const char *owner, const char *usage)
{
    return cs_xml_attr_is(xml, "Owner", owner) && cs_xml_attr_is(xml, "Usage", usage) &&
           cs_xml_attr_is(xml, "InterfaceSide", "External");
}

static cs_rc read_port(struct cs_draft_service *service, struct cs_xml *xml, struct cs_err *err)
{
    static const char attribute[] = "ConfiguredFqdn";

    if (is_port(xml, "urn:component:AccessEdge", "SipClient")) {
        return read_name(&service->access_edge, xml, attribute, err);
    }
    if (is_port(xml, "urn:component:AccessEdge", "SipServer")) {
        return read_name(&service->federation, xml, attribute, err);
    }
    if (is_port(xml, "urn:component:DataEdge", "PsomClient")) {
        return read_name(&service->data_edge, xml, attribute, err);
    }
    if (is_port(xml, "urn:component:MediaRelayEdge", "TURNServer")) {
        return read_name(&service->av_edge, xml, attribute, err);
    }
    if (is_port(xml, "urn:component:XmppFederationProxy", "XmppServer")) {
        cs_autofree char *source = cs_xml_source(xml, "Owner");
        cs_topo_name_set(&service->xmpp, "", source);
    }
    return CS_OK;
}

static cs_rc read_ports(struct cs_draft_service *service, struct cs_xml *xml, struct cs_err *err)
{
    int depth = cs_xml_depth(xml);

    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_SERVICE_ROLES, "Port")) {
            CS_TRY(read_port(service, xml, err));
        }
    }
    return CS_OK;
}

static cs_rc read_components(struct cs_draft_service *service, struct cs_xml *xml,
                             struct cs_err *err)
{
    static const struct {
        const char *name;
        unsigned component;
    } known[] = {
        {"AutodiscoverService", CS_WEB_AUTODISCOVER},
        {"Dialin", CS_WEB_DIALIN},
        {"Meet", CS_WEB_MEET},
        {"Cscp", CS_WEB_CSCP},
    };
    int depth = cs_xml_depth(xml);

    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (!there || !cs_xml_is(xml, CS_NS_WEB, "Component")) {
            continue;
        }
        service->components_said = true;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (cs_xml_attr_is(xml, "ComponentName", known[i].name)) {
                service->components |= known[i].component;
            }
        }
    }
    return CS_OK;
}

static cs_rc read_web_service(struct cs_draft_service *service, struct cs_xml *xml,
                              struct cs_err *err)
{
    int depth = cs_xml_depth(xml);

    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (!there) {
            break;
        }
        if (cs_xml_is(xml, CS_NS_SERVICE_ROLES, "ExternalSettings")) {
            CS_TRY(read_name(&service->web_external, xml, "Host", err));
        } else if (cs_xml_is(xml, CS_NS_SERVICE_ROLES, "InternalSettings")) {
            CS_TRY(read_name(&service->web_internal, xml, "Host", err));
        } else if (cs_xml_is(xml, CS_NS_WEB, "WebComponents")) {
            CS_TRY(read_components(service, xml, err));
        }
    }
    return CS_OK;
}

cs_rc cs_parts_service(struct cs_draft_service *service, struct cs_xml *xml, struct cs_err *err)
{
    bool active = true;

    if (cs_xml_is(xml, CS_NS_SERVICE_ROLES, "Ports")) {
        return read_ports(service, xml, err);
    }
    if (cs_xml_is(xml, CS_NS_SERVICE_ROLES, "WebService")) {
        return read_web_service(service, xml, err);
    }
    if (cs_xml_is(xml, CS_NS_SERVICE_ROLES, "RegistrarService")) {
        return cs_xml_bool(xml, "IsDirector", false, &service->director, err);
    }
    if (cs_xml_is(xml, CS_NS_SERVICE_ROLES, "CentralMgmtService")) {
        CS_TRY(cs_xml_bool(xml, "IsActive", true, &active, err));
        service->inactive = !active;
    }
    return CS_OK;
}

void cs_parts_service_end(struct cs_draft_service *service)
{
    if (service->director && (service->services & CS_SERVICE_REGISTRAR)) {
        service->services |= CS_SERVICE_DIRECTOR;
    }
    if (service->inactive) {
        service->services &= ~(unsigned)CS_SERVICE_CENTRAL_MGMT;
    }
}

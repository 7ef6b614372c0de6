/* SimpleUrlConfiguration: the host names of meetings, dial-in and administration. */
#include "base/mem.h"
#include "base/strv.h"
#include "topology/document.h"
#include "topology/forms.h"

#include <libxml/uri.h>
#include <stdlib.h>
#include <string.h>

/* New-CsSimpleUrl's page calls the administrators' one "Admin", its scripts "Cscp". */
static enum cs_url_component component_of(const char *name)
{
    static const struct {
        const char *name;
        enum cs_url_component component;
    } known[] = {
        {"Meet", CS_URL_MEET},
        {"Dialin", CS_URL_DIALIN},
        {"Cscp", CS_URL_CSCP},
        {"Admin", CS_URL_CSCP},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (cs_ascii_iequal(name, known[i].name)) {
            return known[i].component;
        }
    }
    return CS_URL_OTHER;
}

/* The host of the URL @text, and whether it is one that Lync would not take; NULL: it is no URL
 * with a host. The caller frees. */
static char *host_of(const char *text, bool *ret_odd)
{
    xmlURIPtr uri = xmlParseURIRaw(text, 1);
    char *host = NULL;

    /* Raw: libxml2 would turn %00 into the name's end. No name of a host needs such an escape. */
    if (uri && uri->scheme && uri->server && *uri->server && !strchr(uri->server, '%')) {
        host = cs_ascii_lower(uri->server);
        *ret_odd = !cs_ascii_iequal(uri->scheme, "https") || uri->port > 0 || uri->user;
    }
    xmlFreeURI(uri);
    return host;
}

static bool has_host(const struct cs_topo_url *url, const char *host)
{
    for (size_t i = 0; i < url->host_count; i++) {
        if (strcmp(url->hosts[i].name, host) == 0) {
            return true;
        }
    }
    return false;
}

/* The host of the URL in @attribute, if there is one and it is not known. */
static cs_rc read_url(struct cs_topo_url *url, struct cs_xml *xml, const char *attribute,
                      struct cs_err *err)
{
    cs_autofree char *text = NULL;
    bool odd = false;

    CS_TRY(cs_xml_long_attr(xml, attribute, &text, err));
    if (!text) {
        return CS_OK;
    }
    cs_autofree char *host = host_of(text, &odd);
    if (!host || strlen(host) > CS_DOCUMENT_NAME_MAX) {
        cs_autofree char *shown = cs_xml_shown(text);
        return cs_xml_refuse(xml, cs_xml_here(xml), err,
                             "a simple URL is https://HOST or https://HOST/PATH",
                             "%s \"%s\" is no URL with a host", attribute, shown);
    }
    url->odd |= odd;
    if (has_host(url, host)) {
        return CS_OK;
    }
    if (url->host_count == CS_TOPO_HOSTS_MAX) {
        return cs_xml_refuse(xml, cs_xml_here(xml), err, "no simple URL has so many",
                             "there are more than %d hosts", CS_TOPO_HOSTS_MAX);
    }
    cs_autofree char *source = cs_xml_source(xml, attribute);
    cs_topo_url_add_host(url, host, source);
    return CS_OK;
}

static cs_rc begin_url(struct cs_xml *xml, const char *site, struct cs_topology *topology,
                       struct cs_topo_url **ret_url, struct cs_err *err)
{
    cs_autofree char *component = NULL;
    cs_autofree char *domain = NULL;

    if (topology->url_count == CS_TOPO_URLS_MAX) {
        return cs_xml_refuse(xml, cs_xml_here(xml), err, "no deployment has so many",
                             "there are more than %d simple URLs", CS_TOPO_URLS_MAX);
    }
    CS_TRY(cs_xml_need(xml, "Component", &component, err));
    CS_TRY(cs_xml_need(xml, "Domain", &domain, err));
    struct cs_topo_url *url = cs_topology_add_url(topology);
    url->component = component_of(component);
    url->component_name = cs_steal(&component);
    url->domain = cs_ascii_lower(domain);
    url->site = cs_strdup(site);
    *ret_url = url;
    return CS_OK;
}

static cs_rc read_simple_url(struct cs_xml *xml, const char *site, struct cs_topology *topology,
                             struct cs_err *err)
{
    struct cs_xml_place at = cs_xml_here(xml);
    struct cs_topo_url *url = NULL;
    int depth = cs_xml_depth(xml);

    CS_TRY(begin_url(xml, site, topology, &url, err));
    CS_TRY(read_url(url, xml, "ActiveUrl", err));
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_SIMPLE_URL, "SimpleUrlEntry")) {
            CS_TRY(read_url(url, xml, "Url", err));
        }
    }
    if (!url->host_count) {
        cs_autofree char *shown = cs_xml_shown(url->component_name);
        cs_xml_warn(xml, at, &topology->warnings, "the simple URL %s has no URL", shown);
    }
    return CS_OK;
}

static bool is_same_scope(const char *a, const char *b)
{
    return a && b ? cs_ascii_iequal(a, b) : !a && !b;
}

/* Which of two configurations is in force cannot be seen: the names of both are kept. */
static void warn_of_second(const struct cs_xml *xml, const char *site, struct cs_topology *topology)
{
    for (size_t i = 0; i < topology->url_count; i++) {
        if (is_same_scope(topology->urls[i].site, site)) {
            cs_autofree char *shown = cs_xml_shown(site ? site : "");
            cs_xml_warn(xml, cs_xml_here(xml), &topology->warnings,
                        "simple URLs for %s%s stood before; the hosts of both are used",
                        site ? "site " : "all sites", shown);
            return;
        }
    }
}

cs_rc cs_simpleurl_read(struct cs_xml *xml, const char *site, struct cs_topology *topology,
                        struct cs_err *err)
{
    int depth = cs_xml_depth(xml);
    bool use_backend = false;

    CS_TRY(cs_xml_mark_ours(xml, err));
    CS_TRY(cs_xml_bool(xml, "UseBackendDatabase", false, &use_backend, err));
    warn_of_second(xml, site, topology);
    topology->has_simple_urls = true;
    topology->use_backend_database |= use_backend;
    for (bool there = true; there;) {
        CS_TRY(cs_xml_child(xml, depth, &there, err));
        if (there && cs_xml_is(xml, CS_NS_SIMPLE_URL, "SimpleUrl")) {
            CS_TRY(read_simple_url(xml, site, topology, err));
        }
    }
    return CS_OK;
}

/* What the tests of core/topology share: documents as strings, the files of tests/data/topology,
 * and whether two topologies are the same. */
#ifndef CS_TESTS_UNIT_DOCUMENT_BED_H
#define CS_TESTS_UNIT_DOCUMENT_BED_H

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "support/check_run.h"
#include "topology/document.h"

#define NS_T  "urn:schema:Microsoft.Rtc.Management.Deploy.Topology.2008"
#define NS_S  "urn:schema:Microsoft.Rtc.Management.Deploy.ServiceRoles.2008"
#define NS_W  "urn:schema:Microsoft.Rtc.Management.Deploy.WebServices.2011"
#define NS_TB "urn:schema:Microsoft.Rtc.Management.Deploy.TopologyBuilder.2008"
#define NS_WT "urn:schema:Microsoft.Rtc.Management.Deploy.WritableTopology.2008"
#define NS_U  "urn:schema:Microsoft.Rtc.Management.Settings.SimpleUrl.2008"
#define NS_SC "urn:schema:Microsoft.Rtc.Management.ScopeFramework.2008"

#define TOPOLOGY(inner) "<Topology xmlns=\"" NS_T "\">" inner "</Topology>"
#define CLUSTER(number, fqdn)                                                                      \
    "<Cluster Fqdn=\"" fqdn "\"><ClusterId SiteId=\"1\" Number=\"" number "\"/>"                   \
    "<Machine Fqdn=\"" fqdn "\"/></Cluster>"
#define CLUSTERS(inner) "<Clusters>" inner "</Clusters>"
#define SERVICE(role, number, inner)                                                               \
    "<Service ServiceVersion=\"7\"><ServiceId SiteId=\"1\" RoleName=\"" role "\" Instance=\"1\"/>" \
    "<InstalledOn><ClusterId SiteId=\"1\" Number=\"" number "\"/></InstalledOn>" inner             \
    "</Service>"
#define SERVICES(inner) "<Services>" inner "</Services>"

/* Simple URLs: a configuration, and one of its URLs. */
#define URLS(in) "<SimpleUrlConfiguration xmlns='" NS_U "'>" in "</SimpleUrlConfiguration>"
#define URL(component, domain, url)                                                                \
    "<SimpleUrl Component=\"" component "\" Domain=\"" domain "\" ActiveUrl=\"" url "\"/>"

/* The smallest topology. */
#define MINIMAL TOPOLOGY(CLUSTERS(CLUSTER("1", "se1.litwareinc.net")))

static inline cs_rc bed_read(const char *name, const char *text, struct cs_topology *topology,
                             struct cs_err *err)
{
    /* Exactly so many octets, so that a sanitizer sees one that is read too far. */
    size_t len = strlen(text);
    cs_autofree char *exact = cs_alloc(len, 1);

    memcpy(exact, text, len);
    return cs_document_read(name, exact, len, topology, err);
}

/* A topology of @text, which must be good. */
static inline struct cs_topology *bed_topology(const char *text)
{
    struct cs_topology *topology = cs_topology_new();
    struct cs_err err = {0};

    assert_ok(bed_read("doc.xml", text, topology, &err), &err);
    return topology;
}

static inline char *bed_path(const char *name)
{
    return cs_asprintf("%s/data/topology/%s", getenv("CS_TESTS"), name);
}

static inline struct cs_bytes bed_file(const char *name)
{
    cs_autofree char *path = bed_path(name);
    struct cs_bytes bytes = {0};
    struct cs_err err = {0};

    assert_ok(cs_file_read(path, 1U << 20, &bytes, &err), &err);
    return bytes;
}

static inline cs_rc bed_read_file(const char *name, struct cs_topology *topology,
                                  struct cs_err *err)
{
    cs_autofree char *path = bed_path(name);
    cs_auto_value(cs_bytes) bytes = bed_file(name);

    return cs_document_read(path, bytes.data, bytes.len, topology, err);
}

/* A topology of files of tests/data/topology, which must be good: the names, then NULL. */
static inline struct cs_topology *bed_topology_of(const char *const *names)
{
    struct cs_topology *topology = cs_topology_new();
    struct cs_err err = {0};

    for (; *names; names++) {
        assert_ok(bed_read_file(*names, topology, &err), &err);
    }
    return topology;
}

static inline void bed_same_text(const char *what, const char *a, const char *b)
{
    ck_assert_msg((!a && !b) || (a && b && strcmp(a, b) == 0), "%s: \"%s\" and \"%s\"", what,
                  a ? a : "(none)", b ? b : "(none)");
}

/* Sources are compared behind the document's name: line, element and attribute. */
static inline void bed_same_name(const char *what, const struct cs_topo_name *a,
                                 const struct cs_topo_name *b, bool sources)
{
    bed_same_text(what, a->name, b->name);
    ck_assert_msg(!a->name == !a->source && !b->name == !b->source, "%s: a source is missing",
                  what);
    if (sources && a->source) {
        bed_same_text(a->source, strchr(a->source, ':'), strchr(b->source, ':'));
    }
}

static inline void bed_same_pool(const struct cs_topo_pool *a, const struct cs_topo_pool *b,
                                 bool sources)
{
    bed_same_name("pool", &a->fqdn, &b->fqdn, sources);
    bed_same_text(a->fqdn.name, a->site, b->site);
    ck_assert_int_eq(a->requires_setup, b->requires_setup);
    ck_assert_uint_eq(a->services, b->services);
    ck_assert_uint_eq(a->web_components, b->web_components);
    ck_assert_int_eq(a->service_version, b->service_version);
    bed_same_name("web external", &a->web_external, &b->web_external, sources);
    bed_same_name("web internal", &a->web_internal, &b->web_internal, sources);
    bed_same_name("access edge", &a->access_edge, &b->access_edge, sources);
    bed_same_name("data edge", &a->data_edge, &b->data_edge, sources);
    bed_same_name("av edge", &a->av_edge, &b->av_edge, sources);
    bed_same_name("xmpp", &a->xmpp, &b->xmpp, sources);
    ck_assert_uint_eq(a->computer_count, b->computer_count);
    for (size_t i = 0; i < a->computer_count; i++) {
        bed_same_name("computer", &a->computers[i], &b->computers[i], sources);
    }
}

static inline void bed_same_url(const struct cs_topo_url *a, const struct cs_topo_url *b,
                                bool sources)
{
    ck_assert_int_eq(a->component, b->component);
    bed_same_text("component", a->component_name, b->component_name);
    bed_same_text("domain", a->domain, b->domain);
    bed_same_text("site", a->site, b->site);
    ck_assert_int_eq(a->odd, b->odd);
    ck_assert_uint_eq(a->host_count, b->host_count);
    for (size_t i = 0; i < a->host_count; i++) {
        bed_same_name("host", &a->hosts[i], &b->hosts[i], sources);
    }
}

/* Everything but form and signature; with @sources the lines too. */
static inline void bed_same(const struct cs_topology *a, const struct cs_topology *b, bool sources)
{
    ck_assert_int_eq(a->allow_all_domains, b->allow_all_domains);
    ck_assert_int_eq(a->has_simple_urls, b->has_simple_urls);
    ck_assert_int_eq(a->use_backend_database, b->use_backend_database);
    ck_assert_uint_eq(a->domain_count, b->domain_count);
    for (size_t i = 0; i < a->domain_count; i++) {
        bed_same_name("domain", &a->domains[i].name, &b->domains[i].name, sources);
        ck_assert_int_eq(a->domains[i].is_default, b->domains[i].is_default);
        ck_assert_int_eq(a->domains[i].allow_sub_domains, b->domains[i].allow_sub_domains);
    }
    ck_assert_uint_eq(a->site_count, b->site_count);
    for (size_t i = 0; i < a->site_count; i++) {
        bed_same_text("site", a->sites[i].id, b->sites[i].id);
        bed_same_text("site", a->sites[i].name, b->sites[i].name);
        ck_assert_int_eq(a->sites[i].is_branch, b->sites[i].is_branch);
    }
    ck_assert_uint_eq(a->pool_count, b->pool_count);
    for (size_t i = 0; i < a->pool_count; i++) {
        bed_same_pool(&a->pools[i], &b->pools[i], sources);
    }
    ck_assert_uint_eq(a->url_count, b->url_count);
    for (size_t i = 0; i < a->url_count; i++) {
        bed_same_url(&a->urls[i], &b->urls[i], sources);
    }
}

/* @text is refused, and message or hint hold each of @words (NULL at the end). */
static inline void bed_refused(const char *name, const char *text, const char *const *words)
{
    cs_auto(cs_topology) topology = cs_topology_new();
    struct cs_err err = {0};

    assert_fails(bed_read(name, text, topology, &err), CS_E_INPUT, &err);
    ck_assert_msg(err.hint[0], "%s: no remedy", err.message);
    for (; *words; words++) {
        assert_contains(err.message, *words);
    }
}

#endif

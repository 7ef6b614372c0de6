#include "unit/document_bed.h"

static const char *const example[] = {"example-topology.xml", NULL};

static void check_name(const struct cs_topo_name *name, const char *expected, const char *source)
{
    cs_autofree char *whole = cs_asprintf("example-topology.xml:%s", source);

    ck_assert_ptr_nonnull(name->name);
    ck_assert_str_eq(name->name, expected);
    ck_assert_str_eq(name->source, whole);
}

/* What stands in the file, read with the eye. */
START_TEST(test_example)
{
    cs_auto(cs_topology) topology = bed_topology_of(example);

    ck_assert_str_eq(topology->form, "published");
    ck_assert_str_eq(topology->signature, "0f1e2d3c-4b5a-4697-8877-665544332211");
    ck_assert(!topology->allow_all_domains && !topology->has_simple_urls);
    ck_assert_uint_eq(topology->warnings.count, 0);
    ck_assert_uint_eq(topology->domain_count, 3);
    check_name(&topology->domains[0].name, "litwareinc.com", "3 InternalDomain@Name");
    check_name(&topology->domains[1].name, "fabrikam.com", "4 InternalDomain@Name");
    check_name(&topology->domains[2].name, "contoso.com", "5 InternalDomain@Name");
    ck_assert(topology->domains[0].is_default && !topology->domains[1].is_default &&
              !topology->domains[2].is_default);
    ck_assert_uint_eq(topology->site_count, 1);
    ck_assert_str_eq(topology->sites[0].id, "1");
    ck_assert_str_eq(topology->sites[0].name, "Redmond");
    ck_assert(!topology->sites[0].is_branch);
    ck_assert_uint_eq(topology->pool_count, 7);
    ck_assert_uint_eq(topology->url_count, 0);
}
END_TEST

#define FE (CS_SERVICE_REGISTRAR | CS_SERVICE_USER_SERVICES | CS_SERVICE_WEB_SERVICES)

static const struct {
    const char *fqdn;
    unsigned services;
    unsigned web_components;
    int version;
    size_t computers;
    enum cs_role role;
    bool requires_setup;
} pools[] = {
    {"pool1.litwareinc.net", FE | CS_SERVICE_CENTRAL_MGMT, CS_WEB_ALL, 7, 3, CS_ROLE_FRONT_END,
     true},
    {"se1.litwareinc.net", FE, CS_WEB_ALL, 7, 1, CS_ROLE_STANDARD_EDITION, true},
    {"dirpool.litwareinc.net", CS_SERVICE_REGISTRAR | CS_SERVICE_DIRECTOR | CS_SERVICE_WEB_SERVICES,
     CS_WEB_ALL, 7, 2, CS_ROLE_DIRECTOR, true},
    {"medpool.litwareinc.net", CS_SERVICE_MEDIATION, 0, 7, 1, CS_ROLE_MEDIATION, true},
    {"edgepool.litwareinc.net", CS_SERVICE_EDGE, 0, 7, 2, CS_ROLE_EDGE, true},
    {"sql1.litwareinc.net", 0, 0, 0, 1, CS_ROLE_NONE, false},
    {"fs1.litwareinc.net", 0, 0, 7, 1, CS_ROLE_NONE, false},
};

START_TEST(test_pool)
{
    cs_auto(cs_topology) topology = bed_topology_of(example);
    const struct cs_topo_pool *pool = &topology->pools[_i];

    ck_assert_str_eq(pool->fqdn.name, pools[_i].fqdn);
    ck_assert_str_eq(pool->site, "1");
    ck_assert_uint_eq(pool->services, pools[_i].services);
    ck_assert_uint_eq(pool->web_components, pools[_i].web_components);
    ck_assert_int_eq(pool->service_version, pools[_i].version);
    ck_assert_uint_eq(pool->computer_count, pools[_i].computers);
    ck_assert_int_eq(pool->requires_setup, pools[_i].requires_setup);
    ck_assert_int_eq((int)cs_topo_pool_role(pool), (int)pools[_i].role);
}
END_TEST

START_TEST(test_names)
{
    cs_auto(cs_topology) topology = bed_topology_of(example);
    const struct cs_topo_pool *pool = &topology->pools[0];
    const struct cs_topo_pool *edge = &topology->pools[4];

    check_name(&pool->fqdn, "pool1.litwareinc.net", "14 Cluster@Fqdn");
    check_name(&pool->computers[0], "fe1.litwareinc.net", "16 Machine@Fqdn");
    check_name(&pool->computers[1], "fe2.litwareinc.net", "20 Machine@Fqdn");
    check_name(&pool->computers[2], "fe3.litwareinc.net", "24 Machine@Fqdn");
    check_name(&pool->web_external, "webext.litwareinc.com", "143 ExternalSettings@Host");
    ck_assert_ptr_null(pool->web_internal.name);
    ck_assert_ptr_null(pool->access_edge.name);
    check_name(&edge->access_edge, "sip.litwareinc.com", "287 Port@ConfiguredFqdn");
    check_name(&edge->data_edge, "webconf.litwareinc.com", "289 Port@ConfiguredFqdn");
    check_name(&edge->av_edge, "av.litwareinc.com", "291 Port@ConfiguredFqdn");
    check_name(&edge->xmpp, "", "293 Port@Owner");
    ck_assert_ptr_null(edge->web_external.name);
}
END_TEST

/* One pool, with what @services says. */
static struct cs_topology *with_services(const char *services)
{
    cs_autofree char *text = cs_asprintf(TOPOLOGY(CLUSTERS(CLUSTER("1", "a.net")) "%s"), services);

    return bed_topology(text);
}

/* ---- RoleName ---- */

static const struct {
    const char *role;
    unsigned service;
} roles[] = {
    {"Registrar", CS_SERVICE_REGISTRAR},
    {"registrar", CS_SERVICE_REGISTRAR},
    {"UserServices", CS_SERVICE_USER_SERVICES},
    {"WebServices", CS_SERVICE_WEB_SERVICES},
    {"MediationServer", CS_SERVICE_MEDIATION},
    {"EdgeServer", CS_SERVICE_EDGE},
    {"EDGESERVER", CS_SERVICE_EDGE},
    {"CentralMgmt", CS_SERVICE_CENTRAL_MGMT},
    {"ConfServices", 0},
    {"ApplicationServer", 0},
    {"ManagementServices", 0},
    {"PstnGateway", 0},
    {"WacService", 0},
    {"UserStore", 0},
    {"FileStore", 0},
    {"ApplicationStore", 0},
    {"CentralMgmtStore", 0},
    {"ArchivingStore", 0},
    {"MonitoringStore", 0},
    {"PersistentChatStore", 0},
    {"PersistentChatServer", CS_SERVICE_OTHER},
    {"ExternalServer", CS_SERVICE_OTHER},
    {"ArchivingServer", CS_SERVICE_OTHER},
    {"WhoKnows", CS_SERVICE_OTHER},
};

START_TEST(test_role)
{
    cs_autofree char *text = cs_asprintf(SERVICES(SERVICE("%s", "1", "")), roles[_i].role);
    cs_auto(cs_topology) topology = with_services(text);

    ck_assert_uint_eq(topology->pools[0].services, roles[_i].service);
    ck_assert_uint_eq(topology->pools[0].web_components,
                      roles[_i].service == CS_SERVICE_WEB_SERVICES ? CS_WEB_ALL : 0);
    ck_assert_uint_eq(topology->warnings.count, 0);
}
END_TEST

/* ---- what a service's own element says ---- */

#define REGISTRAR(value)  "<RegistrarService xmlns=\"" NS_S "\" IsDirector=\"" value "\"/>"
#define CENTRAL(value)    "<CentralMgmtService xmlns=\"" NS_S "\" " value "/>"
#define WEB(inner)        "<WebService xmlns=\"" NS_S "\">" inner "</WebService>"
#define COMPONENTS(inner) WEB("<WebComponents xmlns=\"" NS_W "\">" inner "</WebComponents>")
#define COMPONENT(name)   "<Component ComponentName=\"" name "\"/>"

#define DIRECTOR (CS_SERVICE_REGISTRAR | CS_SERVICE_DIRECTOR)

static const struct {
    const char *services;
    unsigned expected;
    unsigned web_components;
} settings[] = {
    {SERVICE("Registrar", "1", REGISTRAR("true")), DIRECTOR, 0},
    {SERVICE("Registrar", "1", REGISTRAR("True")), DIRECTOR, 0},
    {SERVICE("Registrar", "1", REGISTRAR("1")), DIRECTOR, 0},
    {SERVICE("Registrar", "1", REGISTRAR("FALSE")), CS_SERVICE_REGISTRAR, 0},
    {SERVICE("Registrar", "1", REGISTRAR("0")), CS_SERVICE_REGISTRAR, 0},
    {SERVICE("Registrar", "1", REGISTRAR("")), CS_SERVICE_REGISTRAR, 0},
    {"<Service>" REGISTRAR("true") "<InstalledOn><ClusterId SiteId=\"1\" Number=\"1\"/>"
                                   "</InstalledOn><ServiceId RoleName=\"Registrar\"/></Service>",
     DIRECTOR, 0},
    {SERVICE("UserServices", "1", REGISTRAR("true")), CS_SERVICE_USER_SERVICES, 0},
    {SERVICE("CentralMgmt", "1", CENTRAL("")), CS_SERVICE_CENTRAL_MGMT, 0},
    {SERVICE("CentralMgmt", "1", CENTRAL("IsActive=\"true\"")), CS_SERVICE_CENTRAL_MGMT, 0},
    {SERVICE("CentralMgmt", "1", CENTRAL("IsActive=\"false\"")), 0, 0},
    {SERVICE("WebServices", "1", WEB("")), CS_SERVICE_WEB_SERVICES, CS_WEB_ALL},
    {SERVICE("WebServices", "1", COMPONENTS("")), CS_SERVICE_WEB_SERVICES, CS_WEB_ALL},
    {SERVICE("WebServices", "1", COMPONENTS(COMPONENT("ABHandler"))), CS_SERVICE_WEB_SERVICES, 0},
    {SERVICE("WebServices", "1", COMPONENTS(COMPONENT("meet") COMPONENT("X"))),
     CS_SERVICE_WEB_SERVICES, CS_WEB_MEET},
    {SERVICE("WebServices", "1", COMPONENTS(COMPONENT("Dialin") COMPONENT("Cscp"))),
     CS_SERVICE_WEB_SERVICES, CS_WEB_DIALIN | CS_WEB_CSCP},
    {SERVICE("WebServices", "1", COMPONENTS(COMPONENT("AutodiscoverService"))),
     CS_SERVICE_WEB_SERVICES, CS_WEB_AUTODISCOVER},
    /* A data base on the pool's SQL instance is none of its services. */
    {"<Service><ServiceId RoleName=\"Registrar\"/><InstalledOn><SqlInstanceId Name=\"rtc\">"
     "<ClusterId SiteId=\"1\" Number=\"1\"/></SqlInstanceId></InstalledOn></Service>",
     0, 0},
};

START_TEST(test_setting)
{
    cs_autofree char *text = cs_asprintf(SERVICES("%s"), settings[_i].services);
    cs_auto(cs_topology) topology = with_services(text);

    ck_assert_uint_eq(topology->pools[0].services, settings[_i].expected);
    ck_assert_uint_eq(topology->pools[0].web_components, settings[_i].web_components);
}
END_TEST

START_TEST(test_web_names)
{
    cs_auto(cs_topology) topology = with_services(SERVICES(SERVICE(
        "WebServices", "1",
        WEB("<InternalSettings Host=\"WebInt.a.net\"/><ExternalSettings Host=\"Web.a.com\"/>"))));
    cs_auto(cs_topology) none = with_services(SERVICES(
        SERVICE("WebServices", "1", WEB("<InternalSettings/><ExternalSettings Host=\"\"/>"))));

    ck_assert_str_eq(topology->pools[0].web_internal.name, "webint.a.net");
    ck_assert_str_eq(topology->pools[0].web_internal.source, "doc.xml:1 InternalSettings@Host");
    ck_assert_str_eq(topology->pools[0].web_external.name, "web.a.com");
    ck_assert_ptr_null(none->pools[0].web_internal.name);
    ck_assert_ptr_null(none->pools[0].web_external.name);
}
END_TEST

/* ---- ports, told by their attributes ---- */

#define PORT(owner, usage, side, rest)                                                             \
    "<Port " rest " InterfaceSide=\"" side "\" Usage=\"" usage "\" Owner=\"urn:component:" owner   \
    "\"/>"
#define NAMED(name) "ConfiguredFqdn=\"" name "\""

static const struct {
    const char *ports;
    const char *access;
    const char *data;
    const char *av;
    const char *xmpp;
} ports[] = {
    {"", NULL, NULL, NULL, NULL},
    {PORT("AccessEdge", "SipClient", "External", NAMED("a.com")), "a.com", NULL, NULL, NULL},
    {PORT("AccessEdge", "SipClient", "Internal", NAMED("a.com")), NULL, NULL, NULL, NULL},
    {PORT("AccessEdge", "SipClient", "External", ""), NULL, NULL, NULL, NULL},
    {PORT("accessedge", "sipclient", "EXTERNAL", NAMED("A.com")), "a.com", NULL, NULL, NULL},
    /* The federation port has the same name; it counts only where the clients' has none. */
    {PORT("AccessEdge", "SipServer", "External", NAMED("f.com")), "f.com", NULL, NULL, NULL},
    {PORT("AccessEdge", "SipServer", "External", NAMED("f.com"))
         PORT("AccessEdge", "SipClient", "External", NAMED("a.com")),
     "a.com", NULL, NULL, NULL},
    {PORT("AccessEdge", "SipServer", "Internal", NAMED("f.com")), NULL, NULL, NULL, NULL},
    {PORT("DataEdge", "PsomClient", "External", NAMED("w.com"))
         PORT("DataEdge", "PsomServer", "Internal", NAMED("x.com")),
     NULL, "w.com", NULL, NULL},
    {PORT("MediaRelayEdge", "TURNServer", "External", NAMED("v.com"))
         PORT("MediaRelayAuthenticationEdge", "SipServer", "Internal", NAMED("x.com"))
             PORT("MediaRelayEdge", "UDPServer", "External", NAMED("y.com")),
     NULL, NULL, "v.com", NULL},
    {PORT("XmppFederationProxy", "XmppServer", "External", "Port=\"5269\""), NULL, NULL, NULL, ""},
    {PORT("XmppFederationProxy", "XptServer", "Internal", "Port=\"23456\""), NULL, NULL, NULL,
     NULL},
    {PORT("XmppFederationProxy", "XmppServer", "External", "")
         PORT("MediaRelayEdge", "TURNServer", "External", NAMED("c.com"))
             PORT("DataEdge", "PsomClient", "External", NAMED("c.com"))
                 PORT("AccessEdge", "SipClient", "External", NAMED("c.com")),
     "c.com", "c.com", "c.com", ""},
};

START_TEST(test_port)
{
    cs_autofree char *text =
        cs_asprintf(SERVICES(SERVICE("EdgeServer", "1", "<Ports xmlns=\"" NS_S "\">%s</Ports>")),
                    ports[_i].ports);
    cs_auto(cs_topology) topology = with_services(text);
    const struct cs_topo_pool *pool = &topology->pools[0];

    bed_same_text("access", pool->access_edge.name, ports[_i].access);
    bed_same_text("data", pool->data_edge.name, ports[_i].data);
    bed_same_text("av", pool->av_edge.name, ports[_i].av);
    bed_same_text("xmpp", pool->xmpp.name, ports[_i].xmpp);
}
END_TEST

/* ---- the rest ---- */

#define VERSIONED(version)                                                                         \
    "<Service ServiceVersion=\"" version "\"><ServiceId RoleName=\"Registrar\"/><InstalledOn>"     \
    "<ClusterId SiteId=\"1\" Number=\"1\"/></InstalledOn></Service>"

/* The highest one of its services. */
START_TEST(test_version)
{
    cs_auto(cs_topology) topology =
        bed_topology(TOPOLOGY(SERVICES(VERSIONED("7") VERSIONED("8") VERSIONED("6") VERSIONED(""))
                                  CLUSTERS(CLUSTER("1", "a") CLUSTER("2", "b"))));

    ck_assert_int_eq(topology->pools[0].service_version, 8);
    ck_assert_int_eq(topology->pools[1].service_version, 0);
}
END_TEST

/* Ids are opaque and have no case; numbers repeat from site to site. */
START_TEST(test_ids)
{
    cs_auto(cs_topology) topology = bed_topology(TOPOLOGY(
        CLUSTERS("<Cluster Fqdn=\"a\"><ClusterId SiteId=\"Site-A\" Number=\"x1\"/></Cluster>"
                 "<Cluster Fqdn=\"b\"><ClusterId SiteId=\"Site-B\" Number=\"x1\"/></Cluster>")
            SERVICES("<Service><ServiceId RoleName=\"EdgeServer\"/><InstalledOn><ClusterId "
                     "SiteId=\"site-b\" Number=\"X1\"/></InstalledOn></Service>")));

    ck_assert_uint_eq(topology->pools[0].services, 0);
    ck_assert_uint_eq(topology->pools[1].services, CS_SERVICE_EDGE);
    ck_assert_str_eq(topology->pools[1].site, "Site-B");
}
END_TEST

START_TEST(test_sites)
{
    cs_auto(cs_topology) topology = bed_topology(TOPOLOGY(
        "<Sites><CentralSite SiteId=\"1\"><Name> Redmond <![CDATA[& Co]]>\n</Name><RemoteSites>"
        "<RemoteSite SiteId=\"2\"><Name/></RemoteSite></RemoteSites></CentralSite>"
        "<RemoteSite SiteId=\"3\"><Name>M\xc3\xbcnchen &amp; "
        "&#x20ac;</Name></RemoteSite></Sites>" CLUSTERS(CLUSTER("1", "a"))));

    ck_assert_uint_eq(topology->site_count, 3);
    ck_assert_str_eq(topology->sites[0].name, "Redmond & Co");
    ck_assert(!topology->sites[0].is_branch);
    ck_assert_str_eq(topology->sites[1].id, "2");
    ck_assert_ptr_null(topology->sites[1].name);
    ck_assert(topology->sites[1].is_branch);
    ck_assert_str_eq(topology->sites[2].name, "M\xc3\xbcnchen & \xe2\x82\xac");
    ck_assert(topology->sites[2].is_branch);
}
END_TEST

static const struct {
    const char *domains;
    const char *expected; /* "!": the default one; "+": with sub-domains */
    size_t warnings;
} domains[] = {
    {"<InternalDomains/>", "", 0},
    {"<InternalDomains DefaultDomain=\"B.com\"><InternalDomain Name=\"a.com\" "
     "AllowSubDomains=\"true\"/><InternalDomain Name=\"b.COM\"/></InternalDomains>",
     " a.com+ b.com!", 0},
    {"<InternalDomains><InternalDomain Name=\"a.com\"/></InternalDomains>", " a.com", 0},
    {"<InternalDomains DefaultDomain=\"c.com\"><InternalDomain Name=\"a.com\"/></InternalDomains>",
     " a.com c.com!", 1},
    {"<InternalDomains DefaultDomain=\"\"><InternalDomain Name=\"a_b\"/></InternalDomains>", " a_b",
     0}, /* no name of the DNS: for `topology check` to say */
};

START_TEST(test_domains)
{
    cs_autofree char *text =
        cs_asprintf(TOPOLOGY(CLUSTERS(CLUSTER("1", "a")) "%s"), domains[_i].domains);
    cs_auto(cs_topology) topology = bed_topology(text);
    cs_auto_value(cs_buf) buf = CS_BUF(1000);

    cs_buf_puts(&buf, "");
    for (size_t i = 0; i < topology->domain_count; i++) {
        const struct cs_topo_domain *domain = &topology->domains[i];
        cs_buf_printf(&buf, " %s%s%s", domain->name.name, domain->is_default ? "!" : "",
                      domain->allow_sub_domains ? "+" : "");
    }
    ck_assert_str_eq((const char *)buf.data, domains[_i].expected);
    ck_assert_uint_eq(topology->warnings.count, domains[_i].warnings);
}
END_TEST

START_TEST(test_all_domains)
{
    cs_auto(cs_topology) topology =
        bed_topology(TOPOLOGY("<InternalDomains AllowAllDomains=\"True\"/>" CLUSTERS(
            "<Cluster Fqdn=\"a\" RequiresSetup=\"False\"><ClusterId SiteId=\"1\" Number=\"1\"/>"
            "</Cluster>")));

    ck_assert(topology->allow_all_domains);
    ck_assert(!topology->pools[0].requires_setup);
    ck_assert_uint_eq(topology->pools[0].computer_count, 0);
    ck_assert_ptr_null(topology->signature);
}
END_TEST

START_TEST(test_not_installed)
{
    cs_auto(cs_topology) topology = bed_topology(TOPOLOGY(
        CLUSTERS(CLUSTER("1", "a")) "<Services>\n<Service><ServiceId RoleName=\"EdgeServer\"/>"
                                    "</Service></Services>"));

    ck_assert_uint_eq(topology->pools[0].services, 0);
    ck_assert_uint_eq(topology->warnings.count, 1);
    assert_contains(topology->warnings.items[0], "doc.xml:2 Service: the service EdgeServer");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("published");
    TCase *tcase = tcase_create("published");

    cs_document_init();
    tcase_add_test(tcase, test_example);
    add_rows(tcase, test_pool, pools);
    tcase_add_test(tcase, test_names);
    add_rows(tcase, test_role, roles);
    add_rows(tcase, test_setting, settings);
    tcase_add_test(tcase, test_web_names);
    add_rows(tcase, test_port, ports);
    tcase_add_test(tcase, test_version);
    tcase_add_test(tcase, test_ids);
    tcase_add_test(tcase, test_sites);
    add_rows(tcase, test_domains, domains);
    tcase_add_test(tcase, test_all_domains);
    tcase_add_test(tcase, test_not_installed);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

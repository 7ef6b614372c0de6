/* The rules of docs/NAMES.md on a deployment made in C: what the vectors' documents do not show. */
#include "model/names.h"
#include "unit/plan_rows.h"
#include "unit/topology_bed.h"
#include "unit/topology_changes.h"

enum flag {
    ALL = 1,        /* -AllSipDomain */
    MEMBERS = 2,    /* --all-pool-members */
    NODISCOVER = 4, /* --no-lyncdiscover */
};

/* A request to plan, and on which deployment. */
struct asked {
    const char *types;
    const char *computer;
    unsigned flags;
    void (*change)(struct cs_topology *topology); /* NULL: as it is */
    const char *domains;
};

static cs_rc ask(const struct asked *asked, struct cs_plan **ret_plan, struct cs_err *err)
{
    cs_auto(cs_topology) topology = bed_topology();
    const struct said said = {asked->types, asked->computer, asked->domains, "h.i.j", NULL, 0};
    struct cs_plan_input input = {
        .ca = CA,
        .topology = topology,
        .all_sip_domain = asked->flags & ALL,
        .all_pool_members = asked->flags & MEMBERS,
        .no_lyncdiscover = asked->flags & NODISCOVER,
    };

    if (asked->change) {
        asked->change(topology);
    }
    return build(&said, &input, ret_plan, err);
}

/* ---- names ---- */

#define FE       "fe1.corp.net"
#define EDGE1    "edge1.corp.net"
#define MEET     "meet.a.com meet.b.com meet.c.com"
#define WEB_INT  "pool1.corp.net fe1.corp.net " MEET " dialin.a.com admin.a.com"
#define WEB_EXT  "pool1.corp.net web.a.com " MEET " dialin.a.com"
#define DISCOVER "lyncdiscover.a.com"
#define INTERNAL "lyncdiscoverinternal.a.com"

static const struct {
    struct asked asked;
    const char *names; /* the common name first */
    const char *warnings;
} rows[] = {
    /* "Certificate requirements for internal servers": Persistent Chat and others as a pool */
    {{"Default", "chat1.corp.net", ALL, NULL, NULL}, "chat.corp.net chat1.corp.net", NULL},
    /* the default domain first though it is the second */
    {{"Default", FE, ALL, NULL, NULL},
     "pool1.corp.net fe1.corp.net sip.a.com sip.b.com sip.c.com",
     NULL},
    /* simple URLs that no document told; only where names depend on them */
    {{"WebServicesInternal", FE, 0, no_urls, NULL},
     "pool1.corp.net fe1.corp.net " INTERNAL,
     "NO SIMPLE URLS: the topology does not tell them, so this certificate lacks the names for "
     "meet, dialin, admin; give the document with --simple-urls FILE"},
    {{"WebServicesExternal", FE, 0, no_urls, NULL},
     "pool1.corp.net web.a.com " DISCOVER,
     "lacks the names for meet, dialin; give"},
    {{"Default,WebServicesInternal,WebServicesExternal", FE, NODISCOVER, no_urls, NULL},
     "pool1.corp.net fe1.corp.net web.a.com sip.a.com",
     "NO SIMPLE URLS"},
    {{"Default", FE, 0, no_urls, NULL}, "pool1.corp.net fe1.corp.net sip.a.com", NULL},
    {{"AccessEdgeExternal", EDGE1, 0, no_urls, NULL}, "access.a.com sip.a.com", NULL},
    /* some are there, some not: the admin URL is optional ("Planning for simple URLs") */
    {{"WebServicesExternal", FE, NODISCOVER, no_dialin, NULL},
     "pool1.corp.net web.a.com " MEET,
     "the topology has no Dialin simple URL for pool1.corp.net"},
    {{"WebServicesInternal", FE, NODISCOVER, no_admin, NULL},
     "pool1.corp.net fe1.corp.net " MEET " dialin.a.com",
     NULL},
    {{"WebServicesExternal", FE, NODISCOVER, no_meet_for_c, NULL},
     "pool1.corp.net web.a.com meet.a.com meet.b.com dialin.a.com",
     "no Meet simple URL is in force for the SIP domain c.com"},
    {{"WebServicesExternal", FE, NODISCOVER, one_meet_for_all, NULL},
     "pool1.corp.net web.a.com meet.b.com dialin.a.com",
     NULL},
    /* all entries of a URL, each host once */
    {{"WebServicesExternal", FE, NODISCOVER, two_hosts, NULL},
     "pool1.corp.net web.a.com meet.a.com old.a.com meet.b.com meet.c.com dialin.a.com",
     NULL},
    /* a site's own configuration replaces the global one, there and nowhere else */
    {{"WebServicesInternal", "se1.corp.net", NODISCOVER, own_urls_by_name, NULL},
     "se1.corp.net meet-dublin.a.com dialin-dublin.a.com",
     "no Meet simple URL is in force for the SIP domains b.com, c.com"},
    {{"WebServicesInternal", FE, NODISCOVER, own_urls_by_name, NULL}, WEB_INT, NULL},
    {{"WebServicesInternal", FE, NODISCOVER, own_urls_by_id, NULL},
     "pool1.corp.net fe1.corp.net meet-redmond.a.com",
     NULL},
    /* what the pool's web services do not answer needs no name */
    {{"WebServicesInternal", FE, 0, few_components, NULL},
     "pool1.corp.net fe1.corp.net dialin.a.com",
     NULL},
    {{"WebServicesExternal", FE, 0, few_components, NULL},
     "pool1.corp.net web.a.com dialin.a.com",
     NULL},
    {{"WebServicesInternal", FE, 0, internal_web, NULL},
     "pool1.corp.net fe1.corp.net webint.corp.net " MEET " dialin.a.com admin.a.com " INTERNAL,
     NULL},
    {{"WebServicesExternal", FE, 0, no_external_web, NULL},
     "pool1.corp.net " MEET " dialin.a.com " DISCOVER,
     "no external web services FQDN"},
    /* SIP domains */
    {{"Default", FE, 0, no_default, NULL},
     "pool1.corp.net fe1.corp.net",
     "no default SIP domain for pool1.corp.net"},
    {{"Default", FE, ALL, no_default, NULL},
     "pool1.corp.net fe1.corp.net sip.b.com sip.a.com sip.c.com",
     NULL},
    {{"Default", FE, ALL, no_domains, NULL}, "pool1.corp.net fe1.corp.net", "no default SIP"},
    {{"Default", FE, 0, sub_domains, NULL},
     "pool1.corp.net fe1.corp.net sip.a.com",
     "sub-domains of a.com (AllowSubDomains)"},
    {{"Default", FE, ALL, sub_domains, NULL},
     "pool1.corp.net fe1.corp.net sip.a.com sip.b.com sip.c.com",
     "sub-domains of b.com | sub-domains of a.com"},
    {{"Default", FE, 0, sub_domains_of_b, NULL}, "pool1.corp.net fe1.corp.net sip.a.com", NULL},
    {{"Default", FE, 0, all_domains, NULL},
     "pool1.corp.net fe1.corp.net sip.a.com",
     "AllowAllDomains"},
    {{"Internal", EDGE1, ALL, all_domains, NULL}, "edgepool.corp.net", NULL},
    {{"Default", "med1.corp.net", ALL, sub_domains, NULL}, "medpool.corp.net med1.corp.net", NULL},
    /* Edge */
    {{"External", EDGE1, 0, NULL, NULL}, "access.a.com webconf.a.com sip.a.com", NULL},
    {{"External", EDGE1, ALL, one_edge_name, NULL}, "sip.a.com sip.b.com sip.c.com", NULL},
    {{"AccessEdgeExternal,DataEdgeExternal", EDGE1, 0, no_webconf, NULL},
     "access.a.com sip.a.com",
     "no Web Conferencing Edge FQDN"},
    {{"Internal,AccessEdgeExternal", EDGE1, 0, NULL, NULL},
     "edgepool.corp.net access.a.com sip.a.com",
     "type AccessEdgeExternal has the subject name access.a.com when it stands alone"},
    /* members: where the pool's name serves, behind the SIP names */
    {{"WebServicesExternal", FE, MEMBERS | NODISCOVER, NULL, "x.corp.net"},
     WEB_EXT " fe1.corp.net fe2.corp.net fe3.corp.net x.corp.net",
     NULL},
    {{"Internal", "edge2.corp.net", MEMBERS, NULL, NULL},
     "edgepool.corp.net edge1.corp.net edge2.corp.net",
     NULL},
    {{"External", EDGE1, MEMBERS, NULL, NULL},
     "access.a.com webconf.a.com sip.a.com",
     "--all-pool-members adds nothing"},
    {{"OAuthTokenIssuer", FE, MEMBERS, NULL, NULL}, "a.com", "--all-pool-members adds nothing"},
    {{"WebServicesExternal", "pool1.corp.net", NODISCOVER, NULL, NULL}, WEB_EXT, NULL},
    /* names of the topology that cannot stand */
    {{"WebServicesInternal", FE, NODISCOVER, bad_url_host, NULL},
     WEB_INT,
     "a name is left out: bed:bad \"my_admin.a.com\" is not a host name"},
    {{"WebServicesInternal", FE, NODISCOVER, wildcard_host, NULL},
     WEB_INT,
     "a name is left out: bed:wild \"*.a.com\""},
    {{"Default", "med1", 0, short_computer, NULL},
     "medpool.corp.net med1",
     "med1 is a short name: Lync"},
    /* the user's own */
    {{"Default", FE, 0, NULL, "*.z.com,SIP.a.com,X.z.com"},
     "pool1.corp.net fe1.corp.net sip.a.com x.z.com *.z.com",
     NULL},
};

START_TEST(test_rows)
{
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};

    assert_ok(ask(&rows[_i].asked, &plan, &err), &err);
    cs_autofree char *names = names_of(plan);
    ck_assert_str_eq(names, rows[_i].names);
    ck_assert_str_eq(plan->subject.common_name, plan->names[0].name);
    for (size_t i = 0; i < plan->name_count; i++) {
        ck_assert_msg(plan->names[i].rule[0] && plan->names[i].source[0], "%s has no reason",
                      plan->names[i].name);
    }
    assert_warnings(plan, rows[_i].warnings);
}
END_TEST

/* ---- refusals ---- */

static const struct {
    struct asked asked;
    const char *message;
    const char *hint;
} refused[] = {
    {{"WebServicesInternal", "med1.corp.net", 0, NULL, NULL},
     "The computer med1.corp.net does not need a certificate of type WebServicesInternal",
     "Mediation, for which the types are Default"},
    {{"WebServicesExternal", FE, 0, no_web_services, NULL},
     "The computer fe1.corp.net does not need a certificate of type WebServicesExternal",
     "Front End, for which the types are Default,OAuthTokenIssuer"},
    /* of several types the one that does not fit */
    {{"Default,Internal", FE, 0, NULL, NULL},
     "fe1.corp.net does not need a certificate of type Internal",
     ""},
    {{"Default,Internal", EDGE1, 0, NULL, NULL},
     "edge1.corp.net does not need a certificate of type Default",
     "Internal,AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication,XmppServer"},
    /* the first in the user's order, and by the user's word */
    {{"Internal,Default,OAuthTokenIssuer", EDGE1, 0, NULL, NULL},
     "edge1.corp.net does not need a certificate of type Default",
     "Edge"},
    {{"OAuthTokenIssuer,Default", EDGE1, 0, NULL, NULL},
     "edge1.corp.net does not need a certificate of type OAuthTokenIssuer",
     "Edge"},
    {{"external,Internal", "se1.corp.net", 0, NULL, NULL},
     "The computer se1.corp.net does not need a certificate of type External",
     "Standard Edition, for which the types are Default,"},
    {{"External,AccessEdgeExternal", "med1.corp.net", 0, NULL, NULL},
     "med1.corp.net does not need a certificate of type External",
     "Mediation"},
    {{"DataEdgeExternal,External", "med1.corp.net", 0, NULL, NULL},
     "med1.corp.net does not need a certificate of type DataEdgeExternal",
     "Mediation"},
    {{"OAuthTokenIssuer", "sba1.corp.net", 0, NULL, NULL},
     "sba1.corp.net does not need a certificate of type OAuthTokenIssuer",
     "Survivable Branch Appliance"},
    {{"Default", "sql1.corp.net", 0, NULL, NULL},
     "sql1.corp.net does not need a certificate of type Default",
     "-Type Server"},
    {{"XmppServer", EDGE1, 0, no_xmpp, NULL},
     "edge1.corp.net does not need a certificate of type XmppServer",
     "XMPP federation is not on; the types for the pool edgepool.corp.net are Internal,"},
    {{"TenantAdmin", FE, 0, NULL, NULL},
     "The computer fe1.corp.net does not need a certificate of type TenantAdmin",
     "Online"},
    {{"TenantAdmin", NULL, 0, NULL, NULL}, "The computer h.i.j does not need", "Online"},
    {{"XmppServer", EDGE1, 0, is_2019, NULL},
     "edge1.corp.net does not need a certificate of type XmppServer",
     "Skype for Business Server 2019 has no XMPP federation"},
    /* the subject's element is missing */
    {{"AccessEdgeExternal", EDGE1, 0, no_access, NULL},
     "the topology has no Access Edge FQDN",
     "topology check"},
    {{"XmppServer", EDGE1, 0, no_access, NULL}, "the topology has no Access Edge FQDN", ""},
    {{"DataEdgeExternal", EDGE1, 0, no_webconf, NULL},
     "the topology has no Web Conferencing Edge FQDN",
     ""},
    {{"OAuthTokenIssuer", FE, 0, no_default, NULL}, "the topology has no default SIP domain", ""},
    {{"Default", "med1.corp.net", 0, bad_pool, NULL},
     "bed:med \"med_pool.corp.net\" is not a host name",
     "correct the topology"},
    {{"Default", "med1.corp.net", 0, wildcard_pool, NULL},
     "bed:med \"*.corp.net\" is not a host name",
     "correct the topology"},
    {{"Default", "med1.corp.net", 0, long_pool, NULL},
     "bed:med \"" CN65 "\" is longer than the 64 characters",
     "shorter"},
    {{"Default", FE, ALL, many_domains, NULL}, "more than 250 names", "several certificates"},
    /* who */
    {{"Default", "fe9.corp.net", 0, NULL, NULL},
     "\"fe9.corp.net\" is not in the topology",
     "fe1.corp.net"},
    {{"Default", "", 0, NULL, NULL}, "\"\" is not in the topology", ""},
    {{"Default", "fe1.b.com", 0, NULL, NULL}, "is not in the topology", ""},
    {{"Default", NULL, 0, NULL, FE},
     "\"h.i.j\" is not in the topology",
     "say -ComputerFqdn"}, /* -DomainName names nobody here */
    /* Server */
    {{"Default,Server", FE, 0, NULL, NULL}, "goes with no other type", "of its own"},
};

START_TEST(test_refused)
{
    struct cs_plan *plan = NULL;
    struct cs_err err = {0};

    assert_fails(ask(&refused[_i].asked, &plan, &err), CS_E_USAGE, &err);
    ck_assert_ptr_null(plan);
    assert_contains(err.message, refused[_i].message);
    assert_contains(err.hint, refused[_i].hint);
    ck_assert_msg(err.hint[0], "no remedy: %s", err.message);
}
END_TEST

/* ---- reasons ---- */

struct reason {
    const char *name;
    const char *rule;
    const char *source;
};

static const struct reason front_end[] = {
    {"pool1.corp.net", "pool", "bed:pool1.corp.net"},
    {"fe1.corp.net", "computer", "bed:machine fe1.corp.net"},
    {"webint.corp.net", "internal web services", "bed:internal web"},
    {"meet.a.com", "simple URL: meet", "bed:url meet.a.com"},
    {"meet.b.com", "simple URL: meet", "bed:url meet.b.com"},
    {"meet.c.com", "simple URL: meet", "bed:url meet.c.com"},
    {"dialin.a.com", "simple URL: dialin", "bed:url dialin.a.com"},
    {"admin.a.com", "simple URL: admin", "bed:url admin.a.com"},
    {"web.a.com", "external web services", "bed:external"},
    {"lyncdiscoverinternal.a.com", "autodiscover (internal): lyncdiscoverinternal.<domain>",
     "bed:domain a.com"},
    {"lyncdiscover.a.com", "autodiscover: lyncdiscover.<domain>", "bed:domain a.com"},
    {"sip.a.com", "SIP domain: sip.<domain>", "bed:domain a.com"},
    {"fe2.corp.net", "pool member", "bed:machine fe2.corp.net"},
    {"fe3.corp.net", "pool member", "bed:machine fe3.corp.net"},
    {"x.z", "named by the user", "-DomainName"},
};

static const struct reason edge[] = {
    {"access.a.com", "Access Edge", "bed:access"},
    {"webconf.a.com", "Web Conferencing Edge", "bed:webconf"},
    {"sip.a.com", "SIP domain: sip.<domain>", "bed:domain a.com"},
    {"sip.b.com", "SIP domain: sip.<domain>", "bed:domain b.com"},
    {"sip.c.com", "SIP domain: sip.<domain>", "bed:domain c.com"},
    {"a.com", "XMPP: SIP domain", "bed:domain a.com"},
    {"b.com", "XMPP: SIP domain", "bed:domain b.com"},
    {"c.com", "XMPP: SIP domain", "bed:domain c.com"},
};

static const struct reason oauth[] = {
    {"a.com", "OAuth: default SIP domain", "bed:domain a.com"},
};

static const struct reason internal[] = {{"edgepool.corp.net", "pool", "bed:edgepool.corp.net"}};

static const struct reason whole_pool[] = {
    {"medpool.corp.net", "pool", "bed:medpool.corp.net"},
    {"med1.corp.net", "pool member (the pool was named)", "bed:machine med1.corp.net"},
    {"med2.corp.net", "pool member (the pool was named)", "bed:machine med2.corp.net"},
};

static const struct {
    struct asked asked;
    const struct reason *reasons;
    size_t count;
    const char *computer;
    const char *pool;
    enum cs_role role;
} reasons[] = {
    {{"Default,WebServicesInternal,WebServicesExternal", FE, MEMBERS, internal_web, "x.z"},
     front_end,
     ROWS(front_end),
     FE,
     "pool1.corp.net",
     CS_ROLE_FRONT_END},
    {{"External,AudioVideoAuthentication,XmppServer", EDGE1, ALL, NULL, NULL},
     edge,
     ROWS(edge),
     EDGE1,
     "edgepool.corp.net",
     CS_ROLE_EDGE},
    {{"OAuthTokenIssuer", "DIR2", ALL, NULL, NULL},
     oauth,
     ROWS(oauth),
     "dir2.corp.net",
     "dirpool.corp.net",
     CS_ROLE_DIRECTOR},
    {{"AudioVideoAuthentication", "edgepool.corp.net", ALL, NULL, NULL},
     internal,
     ROWS(internal),
     NULL,
     "edgepool.corp.net",
     CS_ROLE_EDGE},
    {{"Default", "medpool.corp.net.", ALL, NULL, NULL},
     whole_pool,
     ROWS(whole_pool),
     NULL,
     "medpool.corp.net",
     CS_ROLE_MEDIATION},
};

static void assert_reasons(const struct cs_plan *plan, int row)
{
    ck_assert_uint_eq(plan->name_count, reasons[row].count);
    for (size_t i = 0; i < plan->name_count; i++) {
        ck_assert_str_eq(plan->names[i].name, reasons[row].reasons[i].name);
        ck_assert_str_eq(plan->names[i].rule, reasons[row].reasons[i].rule);
        ck_assert_str_eq(plan->names[i].source, reasons[row].reasons[i].source);
    }
    ck_assert_pstr_eq(plan->computer, reasons[row].computer);
    ck_assert_str_eq(plan->pool, reasons[row].pool);
    ck_assert_int_eq(plan->role, reasons[row].role);
    ck_assert_ptr_null(plan->choice);
    ck_assert_ptr_null(plan->like.source);
}

START_TEST(test_reasons)
{
    struct cs_plan *plan = NULL;
    struct cs_err err = {0};

    assert_ok(ask(&reasons[_i].asked, &plan, &err), &err);
    assert_reasons(plan, _i);
    cs_auto(cs_plan) copy = cs_plan_copy(plan);
    cs_plan_free(plan);
    assert_reasons(copy, _i);
}
END_TEST

/* ---- which types fit ---- */

static const struct {
    const char *pool;
    const char *types;
} fitting[] = {
    {"pool1.corp.net", "Default,WebServicesInternal,WebServicesExternal,OAuthTokenIssuer"},
    {"se1.corp.net", "Default,WebServicesInternal,WebServicesExternal,OAuthTokenIssuer"},
    {"dirpool.corp.net", "Default,WebServicesInternal,WebServicesExternal,OAuthTokenIssuer"},
    {"medpool.corp.net", "Default"},
    {"sba1.corp.net", "Default"},
    {"chat.corp.net", "Default"},
    {"edgepool.corp.net",
     "Internal,AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication,XmppServer"},
    {"sql1.corp.net", ""},
};

START_TEST(test_fitting)
{
    cs_auto(cs_topology) topology = bed_topology();
    const struct cs_topo_pool *pool = bed_find(topology, fitting[_i].pool);
    cs_type_set types = 0;

    for (int i = 0; i < CS_TYPE_COUNT; i++) {
        if (cs_names_type_fits(topology, pool, (enum cs_cert_type)i)) {
            types |= (cs_type_set)1 << i;
        }
    }
    cs_autofree char *text = cs_cert_types_text(types);
    ck_assert_str_eq(text, fitting[_i].types);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("names");
    TCase *tcase = tcase_create("names");

    add_rows(tcase, test_rows, rows);
    add_rows(tcase, test_refused, refused);
    add_rows(tcase, test_reasons, reasons);
    add_rows(tcase, test_fitting, fitting);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

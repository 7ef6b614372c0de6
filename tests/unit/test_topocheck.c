#include "model/plan.h"
#include "model/topocheck.h"
#include "unit/topo_made.h"

static void set_text(char **to, const char *text)
{
    free(*to);
    *to = cs_strdup(text);
}

/* Changes to the example, which by itself has nothing that a check would find. */

static void nothing(struct cs_topology *t)
{
    (void)t;
}

static void no_document(struct cs_topology *t)
{
    set_text(&t->form, NULL);
}

static void drop_domains(struct cs_topology *t)
{
    for (size_t i = 0; i < t->domain_count; i++) {
        cs_topo_name_set(&t->domains[i].name, NULL, NULL);
    }
    t->domain_count = 0;
    set_text(&t->urls[2].domain, "*");
    for (int i = 3; i < 5; i++) {
        t->urls[i].component = CS_URL_OTHER;
    }
}

static void no_default(struct cs_topology *t)
{
    t->domains[0].is_default = false;
}

static void other_default(struct cs_topology *t)
{
    t->domains[0].is_default = false;
    t->domains[2].is_default = true;
}

static void sub_domains(struct cs_topology *t)
{
    t->domains[1].allow_sub_domains = true;
}

static void all_domains(struct cs_topology *t)
{
    t->allow_all_domains = true;
}

/* What stays is an Edge pool. */
static void no_front_end(struct cs_topology *t)
{
    t->pools[FE].services = t->pools[SE].services = t->pools[DIR].services = CS_SERVICE_MEDIATION;
    for (int i = FE; i <= DIR; i++) {
        cs_topo_name_set(&t->pools[i].web_external, NULL, NULL);
    }
}

static void only_standard_edition(struct cs_topology *t)
{
    t->pools[FE].services = t->pools[DIR].services = CS_SERVICE_MEDIATION;
}

static void pool_twice(struct cs_topology *t)
{
    made_name(&t->pools[MED].fqdn, "POOL1.litwareinc.net");
}

/* The file server's name is no concern of certificates. */
static void pool_like_files(struct cs_topology *t)
{
    made_name(&t->pools[FILES].fqdn, "pool1.litwareinc.net");
    made_name(&t->pools[FILES].computers[0], "fe1.litwareinc.net");
}

static void empty_front_end(struct cs_topology *t)
{
    made_web_pool(t, "pool2.litwareinc.net", FRONT_END_SERVICES, "", "webext2.litwareinc.com");
}

static void empty_edge(struct cs_topology *t)
{
    made_edge(t, "edgepool2.litwareinc.net", "", "access2.litwareinc.com",
              "webconf2.litwareinc.com");
}

static void empty_sql(struct cs_topology *t)
{
    made_pool(t, "sql2.litwareinc.net", 0, "")->requires_setup = false;
}

static void computer_in_two_pools(struct cs_topology *t)
{
    made_name(&t->pools[MED].computers[0], "FE2.litwareinc.net");
}

static void computer_twice(struct cs_topology *t)
{
    made_name(&t->pools[FE].computers[2], "fe1.litwareinc.net");
}

static void computer_like_own_pool(struct cs_topology *t)
{
    made_name(&t->pools[FE].computers[1], "pool1.litwareinc.net");
}

static void computer_like_other_pool(struct cs_topology *t)
{
    made_name(&t->pools[MED].computers[0], "dirpool.litwareinc.net");
}

static void bad_pool(struct cs_topology *t)
{
    made_name(&t->pools[MED].fqdn, "med_pool.litwareinc.net");
}

static void bad_computer(struct cs_topology *t)
{
    made_name(&t->pools[FE].computers[0], "10.1.2.3");
}

static void bad_external(struct cs_topology *t)
{
    made_name(&t->pools[FE].web_external, "*.litwareinc.com");
}

static void bad_access(struct cs_topology *t)
{
    made_name(&t->pools[EDGE].access_edge, "sip\xc3\xa9.litwareinc.com");
}

static void bad_host(struct cs_topology *t)
{
    made_name(&t->urls[1].hosts[0], "-admin.litwareinc.com");
}

static void bad_domains(struct cs_topology *t)
{
    made_name(&t->domains[0].name, "litware_inc.com");
    made_name(&t->domains[1].name, "fabri kam.com");
    for (int i = 2; i < 4; i++) {
        set_text(&t->urls[i].domain, t->domains[i - 2].name.name);
    }
}

static void bad_sql(struct cs_topology *t)
{
    made_name(&t->pools[SQL].fqdn, "sql_1");
}

static void bad_av(struct cs_topology *t)
{
    made_name(&t->pools[EDGE].av_edge, "a_v.litwareinc.com"); /* in no certificate */
}

static void short_computer(struct cs_topology *t)
{
    made_name(&t->pools[FE].computers[0], "fe1");
}

static void short_standard_edition(struct cs_topology *t)
{
    made_name(&t->pools[SE].fqdn, "se1");
    made_name(&t->pools[SE].computers[0], "se1");
}

#define L50 "abcdefghi-abcdefghi-abcdefghi-abcdefghi-abcdefghi-"
#define N64 L50 "litwareinc.net" /* 50 + 14 */
#define N65 L50 "-litwareinc.net"

static void pool_64(struct cs_topology *t)
{
    made_name(&t->pools[MED].fqdn, N64);
}

static void pool_65(struct cs_topology *t)
{
    made_name(&t->pools[MED].fqdn, N65);
}

static void access_65(struct cs_topology *t)
{
    made_name(&t->pools[EDGE].access_edge, N65);
}

static void computer_65(struct cs_topology *t)
{
    made_name(&t->pools[FE].computers[0], N65);
}

static void no_access(struct cs_topology *t)
{
    cs_topo_name_set(&t->pools[EDGE].access_edge, NULL, NULL);
}

static void no_webconf(struct cs_topology *t)
{
    cs_topo_name_set(&t->pools[EDGE].data_edge, NULL, NULL);
}

/* Microsoft's own samples: one name, three ports. */
static void one_edge_name(struct cs_topology *t)
{
    made_name(&t->pools[EDGE].data_edge, "sip.litwareinc.com");
    made_name(&t->pools[EDGE].av_edge, "sip.litwareinc.com");
}

static void drop_urls(struct cs_topology *t)
{
    t->has_simple_urls = false;
    for (size_t i = 0; i < t->url_count; i++) {
        free(t->urls[i].component_name);
        free(t->urls[i].domain);
        cs_topo_name_set(&t->urls[i].hosts[0], NULL, NULL);
        free(t->urls[i].hosts);
    }
    t->url_count = 0;
}

static void drop_urls_and_web(struct cs_topology *t)
{
    drop_urls(t);
    for (int i = FE; i <= DIR; i++) {
        t->pools[i].services &= ~(unsigned)CS_SERVICE_WEB_SERVICES;
    }
}

static void new_domain(struct cs_topology *t)
{
    made_domain(t, "tailspin.com");
}

static void meet_of_other_case(struct cs_topology *t)
{
    made_domain(t, "tailspin.com");
    made_url(t, CS_URL_MEET, "TailSpin.com", "meet.tailspin.com");
}

static void meet_for_all(struct cs_topology *t)
{
    made_domain(t, "tailspin.com");
    made_url(t, CS_URL_MEET, "*", "meet.tailspin.com");
}

static void no_dialin(struct cs_topology *t)
{
    t->urls[0].component = CS_URL_OTHER;
}

static void no_admin(struct cs_topology *t)
{
    t->urls[1].component = CS_URL_OTHER;
}

static void url_odd(struct cs_topology *t)
{
    t->urls[4].odd = true;
}

static void url_without_host(struct cs_topology *t)
{
    made_url(t, CS_URL_DIALIN, "*", NULL);
}

static void meet_elsewhere(struct cs_topology *t)
{
    made_url(t, CS_URL_MEET, "tailspin.com", "meet.tailspin.com");
}

static void meet_below(struct cs_topology *t)
{
    t->domains[2].allow_sub_domains = true;
    made_url(t, CS_URL_MEET, "emea.contoso.com", "meet.emea.contoso.com");
}

static void meet_below_none(struct cs_topology *t)
{
    made_url(t, CS_URL_MEET, "emea.contoso.com", "meet.emea.contoso.com");
}

static void meet_anywhere(struct cs_topology *t)
{
    t->allow_all_domains = true;
    made_url(t, CS_URL_MEET, "tailspin.com", "meet.tailspin.com");
}

static void dialin_elsewhere(struct cs_topology *t)
{
    made_url(t, CS_URL_DIALIN, "tailspin.com", "dialin.tailspin.com");
}

static void url_like_pool(struct cs_topology *t)
{
    made_name(&t->urls[2].hosts[0], "POOL1.litwareinc.net");
}

static void url_like_computer(struct cs_topology *t)
{
    made_name(&t->urls[2].hosts[0], "fe3.litwareinc.net");
}

static void url_like_external(struct cs_topology *t)
{
    made_name(&t->urls[2].hosts[0], "webext-dir.litwareinc.com");
}

static void url_like_domain(struct cs_topology *t)
{
    made_name(&t->urls[2].hosts[0], "fabrikam.com");
}

/* Options 2 and 3 of "Planning for simple URLs": one host for all, told apart by paths. */
static void url_shared(struct cs_topology *t)
{
    for (size_t i = 0; i < t->url_count; i++) {
        made_name(&t->urls[i].hosts[0], "lync.litwareinc.com");
    }
}

static void second_site(struct cs_topology *t)
{
    made_site(t, "2", "Dublin");
    set_text(&t->pools[SE].site, "2");
}

static void site_of(struct cs_topo_url *url, const char *site)
{
    url->site = cs_strdup(site);
}

/* Dublin's own configuration has the meetings of one domain, and no dial-in. */
static void site_urls(struct cs_topology *t)
{
    second_site(t);
    site_of(made_url(t, CS_URL_MEET, "litwareinc.com", "meet.dublin.litwareinc.com"), "dublin");
}

static void site_urls_complete(struct cs_topology *t)
{
    second_site(t);
    site_of(made_url(t, CS_URL_DIALIN, "*", "dialin.dublin.litwareinc.com"), "2");
    site_of(made_url(t, CS_URL_MEET, "litwareinc.com", "meet.dublin.litwareinc.com"), "DUBLIN");
    site_of(made_url(t, CS_URL_MEET, "fabrikam.com", "meet.dublin.fabrikam.com"), "2");
    site_of(made_url(t, CS_URL_MEET, "contoso.com", "meet.dublin.contoso.com"), "2");
}

/* The only site has its own: nobody needs the global ones. */
static void site_urls_only(struct cs_topology *t)
{
    for (size_t i = 0; i < t->url_count; i++) {
        site_of(&t->urls[i], "Redmond");
    }
}

static void site_unknown(struct cs_topology *t)
{
    site_of(made_url(t, CS_URL_MEET, "contoso.com", "meet.oslo.contoso.com"), "Oslo");
}

static void site_empty(struct cs_topology *t)
{
    made_site(t, "2", "Dublin");
}

static void backend(struct cs_topology *t)
{
    t->use_backend_database = true;
}

static void no_external(struct cs_topology *t)
{
    cs_topo_name_set(&t->pools[DIR].web_external, NULL, NULL);
}

static void no_external_no_web(struct cs_topology *t)
{
    t->pools[FE].services &= ~(unsigned)CS_SERVICE_WEB_SERVICES;
    cs_topo_name_set(&t->pools[FE].web_external, NULL, NULL);
}

static void external_of_director(struct cs_topology *t)
{
    made_name(&t->pools[DIR].web_external, "webext.litwareinc.com");
}

static void external_twice(struct cs_topology *t)
{
    made_name(&t->pools[SE].web_external, "WebExt.litwareinc.com");
}

static void internal_of_other(struct cs_topology *t)
{
    made_name(&t->pools[FE].web_internal, "dirpool.litwareinc.net");
}

static void internal_of_own(struct cs_topology *t)
{
    made_name(&t->pools[FE].web_internal, "pool1.litwareinc.net");
    made_name(&t->pools[DIR].web_internal, "webint-dir.litwareinc.net");
}

static void internal_twice(struct cs_topology *t)
{
    made_name(&t->pools[FE].web_internal, "webint.litwareinc.net");
    made_name(&t->pools[DIR].web_internal, "webint.litwareinc.net");
}

static void xmpp_2019(struct cs_topology *t)
{
    t->pools[EDGE].service_version = 8;
}

static void no_xmpp_2019(struct cs_topology *t)
{
    t->pools[EDGE].service_version = 8;
    cs_topo_name_set(&t->pools[EDGE].xmpp, NULL, NULL);
}

static void unknown_role(struct cs_topology *t)
{
    made_pool(t, "chat.litwareinc.net", CS_SERVICE_OTHER, "chat1");
}

static void trusted_application(struct cs_topology *t)
{
    made_pool(t, "app.litwareinc.net", CS_SERVICE_OTHER, "app1")->requires_setup = false;
}

/* So many further SIP domains, each with the same Meet URL. */
static void add_domains(struct cs_topology *t, int count, const char *start, const char *end)
{
    for (int i = 0; i < count; i++) {
        cs_autofree char *name = cs_asprintf("%s%02d%s", start, i, end);
        made_domain(t, name);
        made_url(t, CS_URL_MEET, name, "meet.litwareinc.com");
    }
}

/* fe1 and dir1: pool, computer, 3 meet, dialin, admin, external web: 8 names; se1, whose pool is
 * called like it: 7. Three more for each domain, so that 80 domains make 248 and 81 make 251 (on
 * se1 250, which is the limit). The octets are above the limit of AD CS in both. */
static void domains_80(struct cs_topology *t)
{
    add_domains(t, 77, "d", ".eu");
}

static void domains_81(struct cs_topology *t)
{
    add_domains(t, 78, "d", ".eu");
}

/* The octets of fe1's names. Texts: 20 pool1.litwareinc.net, 18 fe1.litwareinc.net, 19 + 17 + 16
 * meet, 21 dialin, 20 admin, 21 webext: 152. For a domain of n characters lyncdiscoverinternal.
 * (21), lyncdiscover. (13), sip. (4) and 3n. Each dNSName has a header of 2: 16 for the first
 * eight, 6 for a domain, which takes 44 + 3n in all: 86 litwareinc.com, 80 fabrikam.com, 77
 * contoso.com. 152 + 16 + 243 = 411. A further domain of 12 characters takes 80, and the sequence
 * has a header of 4: with 46 of them 411 + 3680 + 4 = 4095, with 47 4175; AD CS takes 4096.
 * The Director gets shorter names than pool1 (19 + 17 + 22 instead of 20 + 18 + 21), so that it
 * stays below. */
static void octets(struct cs_topology *t, int count)
{
    made_name(&t->pools[DIR].fqdn, "dirp.litwareinc.net");
    made_name(&t->pools[DIR].computers[0], "d1.litwareinc.net");
    made_name(&t->pools[DIR].web_external, "webext2.litwareinc.com");
    add_domains(t, count, "domain", ".com");
}

static void octets_4095(struct cs_topology *t)
{
    octets(t, 46);
}

static void octets_4175(struct cs_topology *t)
{
    octets(t, 47);
}

_Static_assert(sizeof N64 == 64 + 1 && sizeof N65 == 65 + 1, "ub-common-name");

static const struct {
    void (*change)(struct cs_topology *topology);
    const char *found[3]; /* LEVEL: part of the sentence @ part of the source, all of them */
} rows[] = {
    {nothing, {NULL}},
    {no_document, {"error: no topology was read@"}},
    {drop_domains, {"error: names no SIP domain@"}},
    {no_default, {"error: none of the SIP domains (3) is the default@at litwareinc.com"}},
    {other_default, {NULL}},
    {sub_domains, {"warning: below fabrikam.com@at fabrikam.com"}},
    {all_domains, {"warning: AllowAllDomains@"}},
    {no_front_end, {"error: no pool is a Front End@"}},
    {only_standard_edition, {NULL}},
    {pool_twice, {"error: two pools are called pool1.litwareinc.net@at POOL1.litwareinc.net"}},
    {pool_like_files, {NULL}},
    {empty_front_end, {"error: pool2.litwareinc.net has no computers@at pool2.litwareinc.net"}},
    {empty_edge, {"warning: edgepool2.litwareinc.net has no computers@at edgepool2"}},
    {empty_sql, {NULL}},
    {computer_in_two_pools,
     {"error: fe2.litwareinc.net stands in the pools pool1.litwareinc.net and "
      "medpool.litwareinc.net@at FE2.litwareinc.net"}},
    {computer_twice,
     {"error: fe1.litwareinc.net stands twice in the pool pool1.litwareinc.net@at fe1"}},
    {computer_like_own_pool,
     {"warning: has the name of its pool, which has 3 computers@at pool1.litwareinc.net"}},
    {computer_like_other_pool,
     {"warning: dirpool.litwareinc.net of the pool medpool.litwareinc.net has the name@at "
      "dirpool"}},
    {bad_pool, {"error: the pool \"med_pool.litwareinc.net\" is not a host name@at med_pool"}},
    {bad_computer, {"warning: the computer \"10.1.2.3\" is not a host name@at 10.1.2.3"}},
    {bad_external, {"warning: the external web FQDN \"*.litwareinc.com\" is a wildcard@at *.lit"}},
    {bad_access, {"error: the Access Edge FQDN@at sip"}},
    {bad_host, {"warning: the simple URL's host \"-admin.litwareinc.com\"@at -admin"}},
    {bad_domains,
     {"error: the SIP domain \"litware_inc.com\"@at litware_inc.com",
      "warning: the SIP domain \"fabri kam.com\"@at fabri kam.com"}},
    {bad_sql, {NULL}},
    {bad_av, {NULL}},
    {short_computer, {"warning: the computer \"fe1\" is a short name@at fe1"}},
    {short_standard_edition, {"warning: the pool \"se1\" is a short name@at se1"}},
    {pool_64, {NULL}},
    {pool_65, {"error: has 65 characters, more than 64@at " N65}},
    {access_65, {"error: has 65 characters@at " N65}},
    {computer_65, {NULL}},
    {no_access, {"error: edgepool.litwareinc.net has no Access Edge FQDN@at edgepool"}},
    {no_webconf, {"warning: edgepool.litwareinc.net has no Web Conferencing@at edgepool"}},
    {one_edge_name, {NULL}},
    {drop_urls, {"warning: no simple URLs were read@"}},
    {drop_urls_and_web, {NULL}},
    {new_domain, {"warning: tailspin.com has no Meet URL@at tailspin.com"}},
    {meet_of_other_case, {NULL}},
    {meet_for_all, {NULL}},
    {no_dialin, {"warning: there is no Dialin URL@"}},
    {no_admin, {NULL}},
    {url_odd, {"warning: Meet URL of contoso.com (meet.contoso.com) is not https@at meet.con"}},
    {url_without_host, {"warning: the Dialin URL has no host name@"}},
    {meet_elsewhere, {"warning: Meet URL of tailspin.com (meet.tailspin.com) is for@at meet.tail"}},
    {meet_below, {"warning: below contoso.com@at contoso.com"}},
    {meet_below_none, {"warning: Meet URL of emea.contoso.com@at meet.emea"}},
    {meet_anywhere, {"warning: AllowAllDomains@"}},
    {dialin_elsewhere, {NULL}},
    {url_like_pool, {"warning: the name of the pool pool1.litwareinc.net@at POOL1"}},
    {url_like_computer, {"warning: of a computer of the pool pool1.litwareinc.net@at fe3"}},
    {url_like_external,
     {"warning: of the external web services of the pool dirpool.litwareinc.net@at webext-dir"}},
    {url_like_domain, {"warning: has the name of the SIP domain fabrikam.com@at fabrikam.com"}},
    {url_shared, {NULL}},
    {second_site, {NULL}},
    {site_urls,
     {"warning: the site Dublin has simple URLs of its own, but none for the meetings of "
      "contoso.com and other@at meet.dublin",
      "warning: the site Dublin has simple URLs of its own, but no Dialin@at meet.dublin"}},
    {site_urls_complete, {NULL}},
    {site_urls_only, {NULL}},
    {site_unknown, {"warning: for the site Oslo, which the topology has not@at meet.oslo"}},
    {site_empty, {"note: the site Dublin has no pools@"}},
    {backend, {"warning: UseBackendDatabase@"}},
    {no_external, {"warning: dirpool.litwareinc.net has no external web FQDN@at dirpool"}},
    {no_external_no_web, {NULL}},
    {external_of_director,
     {"warning: the Director dirpool.litwareinc.net has the same external web FQDN as the pool "
      "pool1.litwareinc.net: webext.litwareinc.com@at webext.litwareinc.com"}},
    {external_twice,
     {"warning: the pools pool1.litwareinc.net and se1.litwareinc.net have the same external web "
      "FQDN: webext.litwareinc.com@at WebExt.litwareinc.com"}},
    {internal_of_other,
     {"warning: of the pool pool1.litwareinc.net is the name of another pool: dirpool@at dirpool"}},
    {internal_of_own, {NULL}},
    {internal_twice,
     {"warning: pool1.litwareinc.net and dirpool.litwareinc.net have the same internal@at webint"}},
    {xmpp_2019, {"note: XMPP federation is on for edgepool.litwareinc.net@at "}},
    {no_xmpp_2019, {NULL}},
    {unknown_role, {"note: sets up chat.litwareinc.net, but its role@at chat.litwareinc.net"}},
    {trusted_application, {NULL}},
    {domains_80,
     {"warning: with all 80 SIP domains@at pool1", "warning: with all 80@at se1",
      "warning: with all 80@at dirpool"}},
    {domains_81,
     {"error: of pool1.litwareinc.net has 251 names@at pool1",
      "error: of dirpool.litwareinc.net has 251 names@at dirpool",
      "warning: of se1.litwareinc.net (250) take@at se1"}},
    {octets_4095, {NULL}},
    {octets_4175,
     {"warning: of pool1.litwareinc.net (158) take 4175 octets@at pool1.litwareinc.net",
      "warning: with all 50 SIP domains@at se1", "warning: take 4174 octets@at dirp"}},
};

static void assert_finding(const struct cs_finding *finding, const char *expected)
{
    const char *at = strrchr(expected, '@');
    const char *colon = strstr(expected, ": ");

    ck_assert(at && colon);
    cs_autofree char *level = cs_strndup(expected, (size_t)(colon - expected));
    cs_autofree char *what = cs_strndup(colon + 2, (size_t)(at - colon) - 2);
    ck_assert_str_eq(cs_finding_level_name(finding->level), level);
    assert_contains(finding->what, what);
    if (at[1]) {
        assert_contains(finding->source, at + 1);
    } else {
        ck_assert_str_eq(finding->source, "");
    }
    ck_assert_msg(finding->remedy[0], "no remedy: %s", finding->what);
}

static char *all_findings(const struct cs_finding_list *list)
{
    cs_auto_value(cs_strv) texts = {0};

    for (size_t i = 0; i < list->count; i++) {
        cs_strv_add(&texts, list->items[i].what);
    }
    return cs_strv_join(&texts, " | ");
}

START_TEST(test_row)
{
    cs_auto(cs_topology) topology = made_example();
    cs_auto_value(cs_finding_list) found = {0};
    size_t expected = 0;

    rows[_i].change(topology);
    cs_topology_check(topology, &found);
    cs_autofree char *all = all_findings(&found);
    while (expected < ROWS(rows[_i].found) && rows[_i].found[expected]) {
        expected++;
    }
    ck_assert_msg(found.count == expected, "row %d: %zu findings: %s", _i, found.count, all);
    for (size_t i = 0; i < expected; i++) {
        assert_finding(&found.items[i], rows[_i].found[i]);
    }
}
END_TEST

/* One of each level and some more of them, put in against the order. */
START_TEST(test_errors_come_first)
{
    cs_auto(cs_topology) topology = made_example();
    cs_auto_value(cs_finding_list) found = {0};

    site_empty(topology);
    xmpp_2019(topology);
    backend(topology);
    sub_domains(topology);
    bad_pool(topology);
    no_default(topology);
    cs_topology_check(topology, &found);
    ck_assert_uint_eq(found.count, 6);
    for (size_t i = 0; i < found.count; i++) {
        ck_assert_int_eq(found.items[i].level, i < 2   ? CS_FINDING_ERROR
                                               : i < 4 ? CS_FINDING_WARNING
                                                       : CS_FINDING_NOTE);
    }
}
END_TEST

/* Deployments of nothing but one mistake: as many findings as there are mistakes. */
START_TEST(test_many)
{
    enum { POOLS = 500 };
    cs_auto(cs_topology) topology = made_bare();
    cs_auto_value(cs_finding_list) found = {0};
    size_t computers = 0;
    size_t externals = 0;

    made_site(topology, "1", "Redmond");
    made_domain(topology, "litwareinc.com")->is_default = true;
    made_url(topology, CS_URL_DIALIN, "*", "dialin.litwareinc.com");
    made_url(topology, CS_URL_MEET, "litwareinc.com", "meet.litwareinc.com");
    for (int i = 0; i < POOLS; i++) {
        cs_autofree char *name = cs_asprintf("pool%d.litwareinc.net", i);
        made_web_pool(topology, name, FRONT_END_SERVICES, "fe1 fe2", "webext.litwareinc.com");
    }
    cs_topology_check(topology, &found);
    for (size_t i = 0; i < found.count; i++) {
        computers += strstr(found.items[i].what, "stands in the pools") != NULL;
        externals += strstr(found.items[i].what, "the same external web FQDN") != NULL;
    }
    ck_assert_uint_eq(computers, 2 * (POOLS - 1));
    ck_assert_uint_eq(externals, POOLS - 1);
    ck_assert_uint_eq(found.count, computers + externals);
}
END_TEST

START_TEST(test_level_names)
{
    ck_assert_str_eq(cs_finding_level_name(CS_FINDING_NOTE), "note");
    ck_assert_str_eq(cs_finding_level_name(CS_FINDING_WARNING), "warning");
    ck_assert_str_eq(cs_finding_level_name(CS_FINDING_ERROR), "error");
}
END_TEST

/* What a reader may leave out is left out everywhere at once. */
START_TEST(test_gaps)
{
    cs_auto(cs_topology) topology = made_bare();
    cs_auto_value(cs_finding_list) found = {0};

    cs_topology_add_domain(topology);
    cs_topology_add_site(topology);
    struct cs_topo_pool *pool = cs_topology_add_pool(topology);
    pool->services = FRONT_END_SERVICES | CS_SERVICE_WEB_SERVICES;
    pool = cs_topology_add_pool(topology);
    pool->services = CS_SERVICE_EDGE;
    cs_topo_pool_add_computer(pool, NULL, NULL);
    struct cs_topo_url *url = cs_topology_add_url(topology);
    url->component = CS_URL_MEET;
    cs_topo_url_add_host(url, NULL, NULL);
    topology->has_simple_urls = true;
    cs_topology_check(topology, &found);
    ck_assert_uint_gt(found.count, 0);
    for (size_t i = 0; i < found.count; i++) {
        ck_assert_ptr_nonnull(found.items[i].source);
        ck_assert_msg(!strstr(found.items[i].what, "(null)"), "%s", found.items[i].what);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("topocheck");
    TCase *tcase = tcase_create("topocheck");

    add_rows(tcase, test_row, rows);
    tcase_add_test(tcase, test_errors_come_first);
    tcase_add_test(tcase, test_many);
    tcase_add_test(tcase, test_gaps);
    tcase_add_test(tcase, test_level_names);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

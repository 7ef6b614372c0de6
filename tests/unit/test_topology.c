#include "model/topology.h"
#include "support/check_run.h"
#include "unit/topology_bed.h"

/* ---- roles: reference of the schema, "Role detection" ---- */

static const struct {
    unsigned services;
    const char *computers;
    bool requires_setup;
    enum cs_role role;
    const char *name;
} roles[] = {
    {BED_FRONT_END, "a.x b.x", true, CS_ROLE_FRONT_END, "Front End"},
    {BED_FRONT_END, "a.x", true, CS_ROLE_FRONT_END, "Front End"},
    {BED_FRONT_END, "p.x", true, CS_ROLE_STANDARD_EDITION, "Standard Edition"},
    {BED_FRONT_END, "p.x b.x", true, CS_ROLE_FRONT_END, "Front End"},
    {BED_FRONT_END, "", true, CS_ROLE_FRONT_END, "Front End"},
    {BED_FRONT_END | CS_SERVICE_MEDIATION, "a.x", true, CS_ROLE_FRONT_END, "Front End"},
    {BED_DIRECTOR, "a.x b.x", true, CS_ROLE_DIRECTOR, "Director"},
    {BED_DIRECTOR, "p.x", true, CS_ROLE_DIRECTOR, "Director"},
    {CS_SERVICE_DIRECTOR, "p.x", true, CS_ROLE_DIRECTOR, "Director"},
    {BED_BRANCH, "p.x", true, CS_ROLE_BRANCH_APPLIANCE, "Survivable Branch Appliance"},
    {CS_SERVICE_REGISTRAR, "p.x", true, CS_ROLE_BRANCH_APPLIANCE, "Survivable Branch Appliance"},
    {CS_SERVICE_MEDIATION, "a.x", true, CS_ROLE_MEDIATION, "Mediation"},
    {CS_SERVICE_EDGE, "a.x", true, CS_ROLE_EDGE, "Edge"},
    {CS_SERVICE_EDGE | CS_SERVICE_OTHER, "a.x", true, CS_ROLE_EDGE, "Edge"},
    {CS_SERVICE_OTHER, "a.x", true, CS_ROLE_OTHER, "other server"},
    {CS_SERVICE_OTHER, "a.x", false, CS_ROLE_NONE, "no server of Lync"},
    {0, "a.x", false, CS_ROLE_NONE, "no server of Lync"},
    /* what a service says counts more than the attribute */
    {CS_SERVICE_EDGE, "a.x", false, CS_ROLE_EDGE, "Edge"},
};

START_TEST(test_role)
{
    cs_auto(cs_topology) topology = cs_topology_new();
    struct cs_topo_pool *pool = bed_pool(topology, "p.x", roles[_i].services, roles[_i].computers);

    pool->requires_setup = roles[_i].requires_setup;
    ck_assert_int_eq(cs_topo_pool_role(pool), roles[_i].role);
    ck_assert_str_eq(cs_role_name(roles[_i].role), roles[_i].name);
}
END_TEST

/* ---- finding ---- */

static void change(struct cs_topology *topology)
{
    bed_pool(topology, "pool1.other.net", BED_FRONT_END, "fe1.other.net fe7.other.net");
    bed_pool(topology, "pool7.other.net", BED_FRONT_END, "fe8");
    /* the same name on an SQL server, met before and behind a server of Lync */
    bed_pool(topology, "twin.corp.net", 0, "twin.corp.net");
    bed_pool(topology, "twins.corp.net", CS_SERVICE_MEDIATION, "twin.corp.net");
    bed_pool(topology, "twins2.corp.net", 0, "twin.corp.net");
    bed_pool(topology, "empty.corp.net", CS_SERVICE_MEDIATION, "");
    /* a pool's first label is a computer's too */
    bed_pool(topology, "fe7.corp.net", CS_SERVICE_MEDIATION, "m1.corp.net m2.corp.net");
}

static const struct {
    const char *name;
    const char *pool; /* NULL: refused */
    const char *computer;
    const char *message;
    const char *hint;
} finds[] = {
    {"fe2.corp.net", "pool1.corp.net", "fe2.corp.net", NULL, NULL},
    {"FE2.Corp.NET", "pool1.corp.net", "fe2.corp.net", NULL, NULL},
    {"fe2.corp.net.", "pool1.corp.net", "fe2.corp.net", NULL, NULL},
    {"fe2", "pool1.corp.net", "fe2.corp.net", NULL, NULL},
    {"fe2.", "pool1.corp.net", "fe2.corp.net", NULL, NULL}, /* the root's dot */
    {"EDGE2", "edgepool.corp.net", "edge2.corp.net", NULL, NULL},
    {"fe8", "pool7.other.net", "fe8", NULL, NULL},
    {"sql1.corp.net", "sql1.corp.net", "sql1.corp.net", NULL, NULL},
    {"twin.corp.net", "twins.corp.net", "twin.corp.net", NULL, NULL},
    {"twin", "twins.corp.net", "twin.corp.net", NULL, NULL},
    /* pools: of one computer, of several, of none */
    {"se1.corp.net", "se1.corp.net", "se1.corp.net", NULL, NULL},
    {"chat.corp.net", "chat.corp.net", "chat1.corp.net", NULL, NULL},
    {"edgepool.corp.net", "edgepool.corp.net", NULL, NULL, NULL},
    {"edgepool", "edgepool.corp.net", NULL, NULL, NULL},
    {"empty.corp.net", "empty.corp.net", NULL, NULL, NULL},
    /* a computer goes before a pool */
    {"fe7", "pool1.other.net", "fe7.other.net", NULL, NULL},
    {"fe7.corp.net", "fe7.corp.net", NULL, NULL, NULL},
    /* more than one */
    {"fe1", NULL, NULL, "\"fe1\" is the short name of 2", "fe1.corp.net, fe1.other.net"},
    {"pool1", NULL, NULL, "\"pool1\" is the short name of 2", "pool1.corp.net, pool1.other.net"},
    /* none */
    {"edge1.corp.com", NULL, NULL, "\"edge1.corp.com\" is not in the topology", "edge1.corp.net"},
    {"egde1.corp.net", NULL, NULL, "is not in the topology", "did you mean edge1.corp.net"},
    {"medpol.corp.net", NULL, NULL, "is not in the topology", "did you mean medpool.corp.net"},
    {"fe", NULL, NULL, "\"fe\" is not in the topology", "did you mean fe8?"},
    {"fe2.corp", NULL, NULL, "is not in the topology", "fe2.corp.net"},
    {"fe2.corp.ne", NULL, NULL, "is not in the topology", "fe2.corp.net"},
    {"www.example.org", NULL, NULL, "is not in the topology", "topology show"},
    {"", NULL, NULL, "\"\" is not in the topology", "topology show"},
    {".", NULL, NULL, "is not in the topology", "topology show"},
};

START_TEST(test_find)
{
    cs_auto(cs_topology) topology = bed_topology();
    struct cs_topo_place place = {0};
    struct cs_err err = {0};

    change(topology);
    cs_rc rc = cs_topology_find(topology, finds[_i].name, &place, &err);
    if (finds[_i].message) {
        assert_fails(rc, CS_E_USAGE, &err);
        assert_contains(err.message, finds[_i].message);
        assert_contains(err.hint, finds[_i].hint);
        ck_assert_ptr_null(place.pool);
        return;
    }
    assert_ok(rc, &err);
    ck_assert_str_eq(place.pool->fqdn.name, finds[_i].pool);
    ck_assert_pstr_eq(place.computer ? place.computer->name : NULL, finds[_i].computer);
}
END_TEST

/* At most three are proposed, and the nearest stands first; of many candidates eight are shown. */
START_TEST(test_find_hints)
{
    cs_auto(cs_topology) topology = cs_topology_new();
    struct cs_topo_place place = {0};
    struct cs_err err = {0};

    for (int i = 0; i < 20; i++) {
        cs_autofree char *pool = cs_asprintf("pool%d.corp.net", i);
        cs_autofree char *computer = cs_asprintf("fe.site%d.corp.net", i);
        bed_pool(topology, pool, BED_FRONT_END, computer);
    }
    assert_fails(cs_topology_find(topology, "pol7.corp.net", &place, &err), CS_E_USAGE, &err);
    assert_contains(err.hint, "did you mean pool7.corp.net, ");
    size_t commas = 0;
    for (const char *c = err.hint; *c; c++) {
        commas += *c == ',';
    }
    ck_assert_uint_eq(commas, 2);
    assert_fails(cs_topology_find(topology, "fe", &place, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "the short name of 20");
    assert_contains(err.hint, "fe.site7.corp.net, ...");
    ck_assert_ptr_null(strstr(err.hint, "fe.site8"));
}
END_TEST

/* ---- simple URLs ---- */

/* Which of the bed's URLs are in force for which pool: the names of their hosts. */
static char *in_force(const struct cs_topology *topology, const struct cs_topo_pool *pool)
{
    cs_auto_value(cs_strv) one_by_one = {0};
    cs_auto_value(cs_strv) at_once = {0};
    size_t count = 0;
    cs_autofree const struct cs_topo_url **urls = cs_topology_urls(topology, pool, &count);

    for (size_t i = 0; i < topology->url_count; i++) {
        if (cs_topology_url_applies(topology, pool, &topology->urls[i])) {
            cs_strv_add(&one_by_one, topology->urls[i].hosts[0].name);
        }
    }
    for (size_t i = 0; i < count; i++) {
        cs_strv_add(&at_once, urls[i]->hosts[0].name);
    }
    cs_autofree char *same = cs_strv_join(&one_by_one, " ");
    char *text = cs_strv_join(&at_once, " ");
    ck_assert_str_eq(text, same);
    return text;
}

static const struct {
    const char *pool;
    const char *site; /* of the pool; NULL: none */
    const char *url_site;
    const char *hosts;
} urls[] = {
    {"pool1.corp.net", "1", NULL, "a.x b.x"}, {"pool1.corp.net", "1", "2", "a.x"},
    {"se1.corp.net", "2", "2", "b.x"},        {"se1.corp.net", "2", "dublin", "b.x"},
    {"se1.corp.net", "2", "Cork", "a.x"},     {"se1.corp.net", "AB", "ab", "b.x"},
    {"se1.corp.net", NULL, "2", "a.x"},       {"se1.corp.net", "9", "Dublin", "a.x"},
    {"se1.corp.net", "9", NULL, "a.x b.x"},
};

START_TEST(test_urls)
{
    cs_auto(cs_topology) topology = cs_topology_new();
    struct cs_topo_pool *pool = bed_pool(topology, urls[_i].pool, BED_FRONT_END, "x.y");

    bed_site(topology, "1", "Redmond");
    bed_site(topology, "2", "Dublin");
    bed_text(&pool->site, urls[_i].site);
    bed_url(topology, CS_URL_MEET, "*", "a.x", NULL);
    bed_url(topology, CS_URL_DIALIN, "*", "b.x", urls[_i].url_site);
    cs_autofree char *hosts = in_force(topology, pool);
    ck_assert_str_eq(hosts, urls[_i].hosts);
}
END_TEST

START_TEST(test_values)
{
    cs_auto(cs_topology) topology = bed_topology();
    struct cs_topo_name name = {0};

    ck_assert_str_eq(cs_topology_default_domain(topology)->name.name, "a.com");
    topology->domains[1].is_default = false;
    ck_assert_ptr_null(cs_topology_default_domain(topology));
    ck_assert_str_eq(cs_topology_site(topology, "2")->name, "Dublin");
    ck_assert_ptr_null(cs_topology_site(topology, "Dublin"));
    ck_assert_ptr_null(cs_topology_site(topology, NULL));
    cs_topo_name_set(&name, "MiXed.X", "File.XML:3");
    ck_assert_str_eq(name.name, "mixed.x");
    ck_assert_str_eq(name.source, "File.XML:3");
    cs_topo_name_set(&name, NULL, NULL);
    ck_assert_ptr_null(name.name);
    ck_assert_ptr_null(name.source);
    cs_topology_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("topology");
    TCase *tcase = tcase_create("topology");

    add_rows(tcase, test_role, roles);
    add_rows(tcase, test_find, finds);
    tcase_add_test(tcase, test_find_hints);
    add_rows(tcase, test_urls, urls);
    tcase_add_test(tcase, test_values);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

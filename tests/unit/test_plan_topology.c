/* Plans where a topology is known: whose names, an existing certificate's, and type Server. */
#include "unit/plan_rows.h"
#include "unit/topology_bed.h"

#include <stdio.h>
#include <time.h>

/* ---- whose names ---- */

static const struct {
    struct said said;
    const char *computer; /* of the plan; NULL: all of the pool */
    const char *pool;
    const char *names;
    const char *warnings;
} whose[] = {
    {{NULL, "med2.corp.net", NULL, "fe1.corp.net", NULL, 0},
     "med2.corp.net",
     "medpool.corp.net",
     "medpool.corp.net med2.corp.net",
     NULL},
    /* this host, if nothing was said */
    {{NULL, NULL, NULL, "MED1.corp.net", NULL, 0},
     "med1.corp.net",
     "medpool.corp.net",
     "medpool.corp.net med1.corp.net",
     NULL},
    {{NULL, NULL, "x.y.z", "med1", NULL, 0},
     "med1.corp.net",
     "medpool.corp.net",
     "medpool.corp.net med1.corp.net x.y.z",
     "host name med1 is a short name: med1.corp.net of the topology is taken"},
    {{NULL, "medpool.corp.net", NULL, "fe1.corp.net", NULL, 0},
     NULL,
     "medpool.corp.net",
     "medpool.corp.net med1.corp.net med2.corp.net",
     NULL},
    {{NULL, "chat.corp.net", NULL, NULL, NULL, 0},
     "chat1.corp.net",
     "chat.corp.net",
     "chat.corp.net chat1.corp.net",
     NULL},
    /* documented examples 6 and 7: a short -ComputerFqdn, and short names among -DomainName */
    {{"Internal", "edge1", "edge1.corp.net, ap.a.com", "fe1.corp.net", NULL, 0},
     "edge1.corp.net",
     "edgepool.corp.net",
     "edgepool.corp.net edge1.corp.net ap.a.com",
     "-ComputerFqdn edge1 is a short name: edge1.corp.net of the topology is taken"},
    {{"AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication", "edge1",
      "edge1.corp.net,ap.a.com,webconf.a.com,edge1", "fe1.corp.net", NULL, 0},
     "edge1.corp.net",
     "edgepool.corp.net",
     "access.a.com webconf.a.com sip.a.com edge1.corp.net ap.a.com edge1",
     "-ComputerFqdn edge1 is a short name | edge1 is a short name: Lync matches"},
};

START_TEST(test_whose)
{
    cs_auto(cs_topology) topology = bed_topology();
    struct cs_plan_input input = {.ca = CA, .topology = topology};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};

    assert_ok(build(&whose[_i].said, &input, &plan, &err), &err);
    cs_autofree char *names = names_of(plan);
    ck_assert_str_eq(names, whose[_i].names);
    ck_assert_pstr_eq(plan->computer, whose[_i].computer);
    ck_assert_str_eq(plan->pool, whose[_i].pool);
    assert_warnings(plan, whose[_i].warnings);
}
END_TEST

/* A place that the caller knows needs no name. */
START_TEST(test_place)
{
    cs_auto(cs_topology) topology = bed_topology();
    const struct cs_topo_pool *pool = bed_find(topology, "medpool.corp.net");
    struct cs_topo_place place = {pool, &pool->computers[1]};
    struct cs_plan_input input = {.ca = CA, .topology = topology, .place = &place};
    const struct said said = {.host = "nosuch.corp.net"};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};

    assert_ok(build(&said, &input, &plan, &err), &err);
    ck_assert_str_eq(plan->computer, "med2.corp.net");
}
END_TEST

START_TEST(test_nobody)
{
    cs_auto(cs_topology) topology = bed_topology();
    struct cs_plan_input input = {.ca = CA, .topology = topology};
    const struct said said = {.domains = "fe1.corp.net"}; /* names nobody */
    struct cs_plan *plan = NULL;
    struct cs_err err = {0};

    assert_fails(build(&said, &input, &plan, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "which computer");
    assert_contains(err.hint, "-ComputerFqdn");
}
END_TEST

/* `plan` need not say where the request goes; both is a contradiction all the same. */
START_TEST(test_no_destination)
{
    cs_auto(cs_topology) topology = bed_topology();
    struct cs_plan_input input = {.topology = topology, .no_destination = true};
    const struct said said = {.computer = "fe1"};
    struct cs_plan *plan = NULL;
    struct cs_err err = {0};

    assert_ok(build(&said, &input, &plan, &err), &err);
    ck_assert_ptr_null(plan->ca);
    ck_assert_ptr_null(plan->output);
    cs_plan_free(plan);
    plan = NULL;
    input.ca = CA;
    input.output = "a.req";
    assert_fails(build(&said, &input, &plan, &err), CS_E_USAGE, &err);
    ck_assert_ptr_null(plan);
}
END_TEST

/* ---- Server: the command line alone, topology or not ---- */

static const struct {
    struct said said;
    bool all;
    bool members;
    const char *names; /* NULL: refused */
    const char *words; /* of the warnings, or of the refusal */
} servers[] = {
    {{"Server", "www.z.com", "Z.com,*.z.com,a.z.com", "h.i.j", NULL, 0},
     false,
     false,
     "www.z.com z.com a.z.com *.z.com",
     NULL},
    {{"server", "fe1.corp.net", NULL, "h.i.j", NULL, 0}, false, false, "fe1.corp.net", NULL},
    {{"Server", NULL, "z.com", "h.i.j", NULL, 0}, false, false, "z.com", NULL},
    {{"Server", NULL, NULL, "h.i.j", NULL, 0}, false, false, "h.i.j", NULL},
    {{"Server", "z.com", NULL, NULL, NULL, 0},
     true,
     true,
     "z.com",
     "-AllSipDomain adds nothing to a certificate of type Server | "
     "--all-pool-members adds nothing to a certificate of type Server"},
    {{"Server", NULL, NULL, NULL, NULL, 0}, false, false, NULL, "which computer"},
    {{"Server", "*.z.com", "z.com", NULL, NULL, 0}, false, false, NULL, "cannot be the subject"},
    {{"Server,Internal", "z.com", NULL, NULL, NULL, 0}, false, false, NULL, "no other type"},
};

START_TEST(test_server)
{
    cs_auto(cs_topology) topology = bed_topology();
    struct cs_plan_input input = {
        .ca = CA,
        .topology = _i % 2 ? topology : NULL,
        .all_sip_domain = servers[_i / 2].all,
        .all_pool_members = servers[_i / 2].members,
    };
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};
    cs_rc rc = build(&servers[_i / 2].said, &input, &plan, &err);

    if (!servers[_i / 2].names) {
        assert_fails(rc, CS_E_USAGE, &err);
        assert_contains(err.message, servers[_i / 2].words);
        return;
    }
    assert_ok(rc, &err);
    cs_autofree char *names = names_of(plan);
    ck_assert_str_eq(names, servers[_i / 2].names);
    ck_assert_str_eq(plan->computer, plan->names[0].name);
    ck_assert_str_eq(plan->names[0].rule, "subject name");
    ck_assert_ptr_null(plan->pool);
    ck_assert_int_eq(plan->role, CS_ROLE_NONE);
    assert_warnings(plan, servers[_i / 2].words);
}
END_TEST

START_TEST(test_members_without_topology)
{
    struct cs_plan_input input = {.ca = CA, .all_pool_members = true};
    const struct said said = {.computer = "fe1.corp.net"};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};

    assert_ok(build(&said, &input, &plan, &err), &err);
    assert_warnings(plan, "no topology is known | --all-pool-members adds nothing: no topology");
}
END_TEST

/* ---- an existing certificate ---- */

/* Plan without it: medpool.corp.net med1.corp.net, or for the Edge access.a.com sip.a.com; names
 * are separated by blanks. */
static const struct {
    const char *types;
    const char *computer;
    const char *domains;
    const char *existing;
    bool keep;
    const char *names;
    const char *kept;
    const char *gained;
    const char *lost;
    const char *warnings;
} likes[] = {
    /* the same names, whatever their case and order */
    {"Default", "med1", NULL, "MED1.corp.net Medpool.corp.net medpool.CORP.net.", false,
     "medpool.corp.net med1.corp.net", "med1.corp.net medpool.corp.net", "", "", "short name"},
    {"Default", "med1.corp.net", "x.y.z", "old.y.z med1.corp.net older.y.z", false,
     "medpool.corp.net med1.corp.net x.y.z", "med1.corp.net", "medpool.corp.net x.y.z",
     "old.y.z older.y.z",
     "names of /etc/old.pem that this certificate will not have: old.y.z, older.y.z; --like-keep"},
    /* kept ones stand behind the user's and before the wildcards */
    {"Default", "med1.corp.net", "x.y.z,*.x.y", "*.OLD.x old.y.z. med1.corp.net older.y.z", true,
     "medpool.corp.net med1.corp.net x.y.z old.y.z older.y.z *.x.y *.old.x",
     "*.old.x old.y.z med1.corp.net older.y.z", "medpool.corp.net x.y.z *.x.y", "", NULL},
    /* what cannot stand stays lost: no wildcard on the Edge's outside, no bad name, no address */
    {"AccessEdgeExternal", "edge1.corp.net", NULL,
     "*.a.com access.a.com 10.0.0.1 my_host.a.com old.a.com", true,
     "access.a.com sip.a.com old.a.com", "access.a.com old.a.com", "sip.a.com",
     "*.a.com 10.0.0.1 my_host.a.com",
     "a name is not kept: /etc/old.pem \"10.0.0.1\" | "
     "a name is not kept: /etc/old.pem \"my_host.a.com\" | "
     "a name is not kept: /etc/old.pem \"*.a.com\""},
    {"Default", "med1.corp.net", NULL, "old", true, "medpool.corp.net med1.corp.net old", "old",
     "medpool.corp.net med1.corp.net", "", "old is a short name"},
    {"Default", "med1.corp.net", NULL, "", false, "medpool.corp.net med1.corp.net", "",
     "medpool.corp.net med1.corp.net", "", NULL},
};

static void assert_list(const struct cs_strv *list, const char *expected)
{
    cs_autofree char *text = cs_strv_join(list, " ");

    ck_assert_str_eq(text, expected);
}

static void assert_like(const struct cs_plan *plan, int row)
{
    ck_assert_str_eq(plan->like.source, "/etc/old.pem");
    assert_list(&plan->like.kept, likes[row].kept);
    assert_list(&plan->like.gained, likes[row].gained);
    assert_list(&plan->like.lost, likes[row].lost);
}

START_TEST(test_like)
{
    cs_auto(cs_topology) topology = bed_topology();
    cs_auto_value(cs_strv) existing = {0};
    struct cs_plan_input input = {
        .ca = CA,
        .topology = topology,
        .like = "/etc/old.pem",
        .like_names = &existing,
        .like_keep = likes[_i].keep,
    };
    const struct said said = {
        likes[_i].types, likes[_i].computer, likes[_i].domains, NULL, NULL, 0};
    struct cs_plan *plan = NULL;
    struct cs_err err = {0};

    cs_strv_split(&existing, likes[_i].existing, ' ');
    assert_ok(build(&said, &input, &plan, &err), &err);
    cs_autofree char *names = names_of(plan);
    ck_assert_str_eq(names, likes[_i].names);
    assert_warnings(plan, likes[_i].warnings);
    assert_like(plan, _i);
    cs_auto(cs_plan) copy = cs_plan_copy(plan);
    cs_plan_free(plan);
    assert_like(copy, _i);
}
END_TEST

START_TEST(test_like_gives_a_reason)
{
    cs_auto_value(cs_strv) existing = {0};
    struct cs_plan_input input = {
        .ca = CA, .like = "certs/old.pem", .like_names = &existing, .like_keep = true};
    const struct said said = {.types = "Server", .computer = "a.b.c"};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};

    cs_strv_add(&existing, "www.b.c");
    assert_ok(build(&said, &input, &plan, &err), &err);
    ck_assert_uint_eq(plan->name_count, 2);
    ck_assert_str_eq(plan->names[1].name, "www.b.c");
    ck_assert_str_eq(plan->names[1].rule, "kept from old.pem");
    ck_assert_str_eq(plan->names[1].source, "certs/old.pem");
}
END_TEST

/* The limit holds for kept names too: the rest stays lost, and it is said. */
START_TEST(test_like_stops_at_the_limit)
{
    cs_auto_value(cs_strv) existing = {0};
    struct cs_plan_input input = {
        .ca = CA, .like = "old.pem", .like_names = &existing, .like_keep = true};
    const struct said said = {.types = "Server", .computer = "a.b.c"};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};

    for (int i = 0; i < CS_NAMES_MAX + 3; i++) {
        cs_strv_take(&existing, cs_asprintf("n%d.b.c", i));
    }
    assert_ok(build(&said, &input, &plan, &err), &err);
    ck_assert_uint_eq(plan->name_count, CS_NAMES_MAX);
    ck_assert_uint_eq(plan->like.lost.count, 4);
    ck_assert_uint_eq(plan->like.kept.count, CS_NAMES_MAX - 1);
    ck_assert_uint_gt(plan->warnings.count, 0);
}
END_TEST

/* ---- as many as plan --all makes ---- */

/* @pools pools of seven Front Ends in ten sites, five with simple URLs of their own; 20 SIP
 * domains. */
static struct cs_topology *large_topology(int pools)
{
    struct cs_topology *topology = cs_topology_new();

    for (int i = 0; i < 20; i++) {
        cs_autofree char *domain = cs_asprintf("d%d.com", i);
        cs_autofree char *meet = cs_asprintf("meet.d%d.com", i);
        bed_domain(topology, domain, i == 0);
        bed_url(topology, CS_URL_MEET, domain, meet, NULL);
    }
    for (int i = 0; i < 10; i++) {
        cs_autofree char *id = cs_asprintf("%d", i);
        cs_autofree char *name = cs_asprintf("Site %d", i);
        bed_site(topology, id, name);
        if (i % 2) {
            bed_url(topology, CS_URL_MEET, "*", "meet.d0.com", name);
        }
    }
    bed_url(topology, CS_URL_DIALIN, "*", "dialin.d0.com", NULL);
    for (int i = 0; i < pools; i++) {
        cs_auto_value(cs_strv) computers = {0};
        cs_autofree char *fqdn = cs_asprintf("pool%d.corp.net", i);
        cs_autofree char *site = cs_asprintf("%d", i % 10);
        for (int j = 0; j < 7; j++) {
            cs_strv_take(&computers, cs_asprintf("fe%d-%d.corp.net", i, j));
        }
        cs_autofree char *list = cs_strv_join(&computers, " ");
        struct cs_topo_pool *pool = bed_pool(topology, fqdn, BED_FRONT_END, list);
        bed_text(&pool->site, site);
        cs_topo_name_set(&pool->web_external, "web.d0.com", "bed:web");
    }
    return topology;
}

/* Processor seconds a plan, for each computer one. */
static double seconds_a_plan(int pools)
{
    cs_auto(cs_topology) topology = large_topology(pools);
    const struct said said = {.types = "Default,WebServicesInternal,WebServicesExternal"};
    size_t names = 0;
    size_t plans = 0;
    clock_t start = clock();

    for (size_t i = 0; i < topology->pool_count; i++) {
        for (size_t j = 0; j < topology->pools[i].computer_count; j++) {
            struct cs_topo_place place = {&topology->pools[i], &topology->pools[i].computers[j]};
            struct cs_plan_input input = {
                .ca = CA, .topology = topology, .place = &place, .all_sip_domain = true};
            cs_auto(cs_plan) plan = NULL;
            struct cs_err err = {0};
            assert_ok(build(&said, &input, &plan, &err), &err);
            names += plan->name_count;
            plans++;
        }
    }
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    printf("%d pools: %zu plans, %zu names in %.3f s\n", pools, plans, names, seconds);
    ck_assert_uint_eq(plans, 7 * (size_t)pools);
    /* pool, server, web, 60 for the domains, and 20 meet + dialin, or where the site has its own
     * URLs, which is every other pool, one meet */
    ck_assert_uint_eq(names, plans / 2 * (3 + 60 + 21) + plans / 2 * (3 + 60 + 1));
    return seconds / (double)plans;
}

/* A plan costs the same in a deployment of 280 computers and in one of 2,800. Times differ from
 * machine to machine and under valgrind, their ratio does not. */
START_TEST(test_many)
{
    double small = seconds_a_plan(40);
    double large = seconds_a_plan(400);

    ck_assert_msg(large < 4 * small, "%g s for a plan, in the large deployment %g s", small, large);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan_topology");
    TCase *tcase = tcase_create("plan_topology");

    add_rows(tcase, test_whose, whose);
    tcase_add_test(tcase, test_place);
    tcase_add_test(tcase, test_nobody);
    tcase_add_test(tcase, test_no_destination);
    tcase_add_loop_test(tcase, test_server, 0, 2 * (int)ROWS(servers));
    tcase_add_test(tcase, test_members_without_topology);
    add_rows(tcase, test_like, likes);
    tcase_add_test(tcase, test_like_gives_a_reason);
    tcase_add_test(tcase, test_like_stops_at_the_limit);
    tcase_add_test(tcase, test_many);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

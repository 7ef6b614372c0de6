/* What a roster holds is tested through cs_deployment_build() (test_deployment.c); this is about
 * taking it one at a time. */
#include "model/roster.h"

#include "unit/topo_made.h"

static struct cs_topology *topology;
static struct cs_roster *roster;

/* A second Edge pool with the external name of the first, a pool without computers. */
static void setup(void)
{
    struct cs_err err = {0};

    topology = made_example();
    made_edge(topology, "edgepool2.litwareinc.net", "edge9.litwareinc.net", "sip.litwareinc.com",
              "webconf2.litwareinc.com");
    made_pool(topology, "pool9.litwareinc.net", FRONT_END_SERVICES, "");
    const struct cs_plan_input input = {
        .topology = topology, .all_sip_domain = true, .output = "/tmp/requests"};
    assert_ok(cs_roster_new(&input, &roster, &err), &err);
}

static void teardown(void)
{
    cs_roster_free(roster);
    cs_topology_free(topology);
}

static char *path_of(size_t index)
{
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};

    assert_ok(cs_roster_plan(roster, index, &plan, &err), &err);
    return cs_steal(&plan->output);
}

/* By the names and their counting in docs/TOPOLOGY.md. */
static const char *const files[] = {
    "fe1.litwareinc.net-default.csr",    "fe2.litwareinc.net-default.csr",
    "fe3.litwareinc.net-default.csr",    "se1.litwareinc.net-default.csr",
    "dir1.litwareinc.net-default.csr",   "dir2.litwareinc.net-default.csr",
    "med1.litwareinc.net-default.csr",   "edgepool.litwareinc.net-internal.csr",
    "sip.litwareinc.com-external.csr",   "edgepool2.litwareinc.net-internal.csr",
    "sip.litwareinc.com-external-2.csr", "litwareinc.com-oauth.csr",
};

/* From the last to the first, each twice: a plan does not depend on those before it. */
START_TEST(test_any_order)
{
    ck_assert_uint_eq(cs_roster_count(roster), ROWS(files));
    for (size_t i = 2 * ROWS(files); i-- > 0;) {
        cs_autofree char *path = path_of(i / 2);
        cs_autofree char *wanted = cs_asprintf("/tmp/requests/%s", files[i / 2]);
        ck_assert_str_eq(path, wanted);
    }
}
END_TEST

START_TEST(test_failure)
{
    ck_assert_uint_eq(cs_roster_failure_count(roster), 1);
    for (int again = 0; again < 2; again++) {
        cs_auto_value(cs_plan_failure) failure = cs_roster_failure(roster, 0);
        ck_assert_str_eq(failure.pool, "pool9.litwareinc.net");
        ck_assert_ptr_null(failure.computer);
        ck_assert_int_eq(failure.error.code, CS_E_USAGE);
        assert_contains(failure.error.message, "has no computers");
    }
}
END_TEST

START_TEST(test_nothing)
{
    cs_auto(cs_topology) bare = made_bare();
    cs_auto(cs_roster) none = NULL;
    const struct cs_plan_input inputs[] = {{0}, {.topology = bare}};
    struct cs_err err = {0};

    assert_fails(cs_roster_new(&inputs[_i], &none, &err), CS_E_USAGE, &err);
    ck_assert_ptr_null(none);
}
END_TEST

/* ---- how much ---- */

/* 2,818 Front Ends with 61 SIP domains: pool, computer, external web and three names for each
 * domain, 186 each; 69 Mediation Servers with two, one with one, OAuth with one: 2818 * 186 +
 * 69 * 2 + 1 + 1 = 524288. */
static struct cs_topology *made_large(void)
{
    struct cs_topology *large = made_bare();
    struct cs_topo_pool *pool = NULL;

    for (int i = 0; i < 61; i++) {
        cs_autofree char *name = cs_asprintf("d%d.net", i);
        made_domain(large, name)->is_default = i == 0;
    }
    pool = made_web_pool(large, "pool.litwareinc.net", FRONT_END_SERVICES, "", "web.d0.net");
    for (int i = 0; i < 2818; i++) {
        cs_autofree char *name = cs_asprintf("fe%d.litwareinc.net", i);
        cs_topo_pool_add_computer(pool, name, "s");
    }
    pool = made_pool(large, "med.litwareinc.net", CS_SERVICE_MEDIATION, "");
    for (int i = 0; i < 69; i++) {
        cs_autofree char *name = cs_asprintf("m%d.litwareinc.net", i);
        cs_topo_pool_add_computer(pool, name, "s");
    }
    made_pool(large, "one.litwareinc.net", CS_SERVICE_MEDIATION, "one");
    return large;
}

/* CS_DEPLOYMENT_NAMES_MAX is 16 * 32768 = 524288. More are refused in hostile_documents.sh. */
START_TEST(test_names_together)
{
    cs_auto(cs_topology) large = made_large();
    cs_auto(cs_roster) made = NULL;
    const struct cs_plan_input input = {
        .topology = large, .all_sip_domain = true, .no_destination = true};
    struct cs_err err = {0};

    assert_ok(cs_roster_new(&input, &made, &err), &err);
    ck_assert_uint_eq(cs_roster_count(made), 2818 + 69 + 1 + 1);
    ck_assert_uint_eq(cs_roster_failure_count(made), 0);
}
END_TEST

/* A source of 11 MiB stands behind three names of each computer and one of OAuth: of one computer
 * that is 44 MiB, of two 77, and 64 are allowed. */
START_TEST(test_octets_together)
{
    cs_auto(cs_topology) topo = made_bare();
    cs_auto(cs_roster) made = NULL;
    const struct cs_plan_input input = {
        .topology = topo, .all_sip_domain = true, .no_destination = true};
    struct cs_topo_domain *domain = made_domain(topo, "litwareinc.com");
    const size_t len = (size_t)11 << 20;
    struct cs_err err = {0};

    domain->is_default = true;
    free(domain->name.source);
    domain->name.source = cs_alloc(len + 1, 1);
    memset(domain->name.source, 's', len);
    made_web_pool(topo, "pool1.litwareinc.net", FRONT_END_SERVICES, _i ? "fe1 fe2" : "fe1",
                  "web.litwareinc.com");
    cs_rc rc = cs_roster_new(&input, &made, &err);
    if (_i == 0) {
        assert_ok(rc, &err);
        ck_assert_uint_eq(cs_roster_count(made), 2);
        return;
    }
    assert_fails(rc, CS_E_INPUT, &err);
    ck_assert_ptr_null(made);
    assert_contains(err.message, "more than 524288 names together, or for more than 64 MiB");
    assert_contains(err.hint, "-AllSipDomain");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("roster");
    TCase *tcase = tcase_create("roster");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_any_order);
    tcase_add_test(tcase, test_failure);
    tcase_add_loop_test(tcase, test_nothing, 0, 2);
    tcase_add_test(tcase, test_names_together);
    tcase_add_loop_test(tcase, test_octets_together, 0, 2);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

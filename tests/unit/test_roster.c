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

int main(void)
{
    Suite *suite = suite_create("roster");
    TCase *tcase = tcase_create("roster");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_any_order);
    tcase_add_test(tcase, test_failure);
    tcase_add_loop_test(tcase, test_nothing, 0, 2);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "base/mem.h"
#include "cli/outline.h"
#include "cli/outplan.h"
#include "model/request.h"
#include "support/check_run.h"

#include <stdlib.h>

#define COUNT 4

static struct cs_result results[COUNT];
static struct cs_result_list list;

static struct cs_plan *add(size_t i, const char *pool, const char *computer, enum cs_cert_type type)
{
    struct cs_request *request = cs_request_new();
    struct cs_plan *plan = cs_plan_new();

    request->plan = plan;
    results[i] = (struct cs_result){.request = request};
    plan->types = 1U << type;
    plan->pool = cs_strdup(pool);
    plan->computer = cs_strdup(computer);
    return plan;
}

static void add_name(struct cs_plan *plan, const char *name)
{
    plan->subject.common_name = cs_strdup(name);
    plan->choice = cs_strdup("each server has a key of its own");
    cs_plan_add_name(plan, name, "pool", "t.xml:12 Cluster@Fqdn");
}

/* Two of one pool with another pool's between them, and one that could not be planned. */
static void setup(void)
{
    struct cs_plan *first = add(0, "pool1.a.test", "fe1.a.test", CS_TYPE_DEFAULT);
    struct cs_plan *edge = add(1, "edge.a.test", NULL, CS_TYPE_INTERNAL);
    struct cs_plan *last = add(2, "pool1.a.test", "fe2.a.test", CS_TYPE_DEFAULT);

    first->role = CS_ROLE_FRONT_END;
    last->role = CS_ROLE_FRONT_END;
    edge->role = CS_ROLE_EDGE;
    add_name(first, "pool1.a.test");
    add_name(edge, "edge.a.test");
    add_name(last, "pool1.a.test");
    add(3, "dir.a.test", "dir1.a.test", CS_TYPE_DEFAULT);
    cs_err_set(&results[3].error, CS_E_USAGE, "no external web name\033[2J");
    results[1].existing =
        (struct cs_existing){.fit = CS_FIT_OPEN, .request_id = 7, .state = CS_STATE_OFFLINE};
    cs_strv_add(&results[2].warnings, "careful");
    list = (struct cs_result_list){results, COUNT};
}

static void teardown(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        cs_request_free(results[i].request);
        cs_strv_done(&results[i].warnings);
        cs_strv_done(&results[i].files);
    }
}

static char *shown_plans(void)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    cs_outplan_plans(&buf, &list);
    return cs_outline_take(&buf);
}

/* What a pool needs stands together, in the order of the first of each. */
START_TEST(test_plans)
{
    cs_autofree char *text = shown_plans();

    ck_assert_str_eq(
        text, "pool1.a.test (Front End)\n"
              "  fe1.a.test: Default\n"
              "    Subject   CN=pool1.a.test\n"
              "    Why       each server has a key of its own\n"
              "    Existing  nothing yet\n"
              "    Names     pool1.a.test  pool  t.xml:12 Cluster@Fqdn\n"
              "  fe2.a.test: Default\n"
              "    Subject   CN=pool1.a.test\n"
              "    Why       each server has a key of its own\n"
              "    Existing  nothing yet\n"
              "    Names     pool1.a.test  pool  t.xml:12 Cluster@Fqdn\n"
              "    Warnings  careful\n"
              "\n"
              "edge.a.test (Edge)\n"
              "  all of the pool: Internal\n"
              "    Subject   CN=edge.a.test\n"
              "    Why       each server has a key of its own\n"
              "    Existing  request 7, Offline: fits\n"
              "    Names     edge.a.test  pool  t.xml:12 Cluster@Fqdn\n"
              "\n"
              "dir.a.test\n"
              "  dir1.a.test: Default\n"
              "    Error     no external web name\\x1b[2J\n"
              "\n"
              "4 certificates for 3 pools: 2 to be made, 1 there already, 1 cannot be planned\n");
}
END_TEST

START_TEST(test_made)
{
    results[0].request->id = 8;
    results[0].request->state = CS_STATE_OFFLINE;
    cs_strv_add(&results[0].files, "/tmp/fe1.csr");
    results[1].left_alone = true;
    results[2].request->id = 9;
    results[2].request->state = CS_STATE_PENDING;
    results[2].request->plan->ca = cs_strdup("lab");
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);
    struct cs_outplan_widths widths;
    const struct cs_result_sum sum = {.count = 4, .left_alone = 1, .failed = 1, .pending = 1};

    cs_outplan_begin(&widths);
    for (size_t i = 0; i < COUNT; i++) {
        cs_outplan_widen(&widths, &results[i]);
    }
    cs_outplan_head(&buf, &widths);
    for (size_t i = 0; i < COUNT; i++) {
        cs_outplan_row(&buf, &widths, &results[i]);
    }
    cs_outplan_sum(&buf, &sum);
    cs_autofree char *text = cs_outline_take(&buf);
    ck_assert_str_eq(text,
                     "RequestId  RequestStatus  For          Type      File or CA\n"
                     "8          Offline        fe1.a.test   Default   /tmp/fe1.csr\n"
                     "7          Offline        edge.a.test  Internal  left alone: request 7, "
                     "Offline: fits\n"
                     "9          Pending        fe2.a.test   Default   lab\n"
                     "-          Failed         dir1.a.test  Default   -\n"
                     "  USAGE: no external web name\\x1b[2J\n"
                     "4 certificates: 2 made, 1 left alone, 1 failed\n");
}
END_TEST

START_TEST(test_nothing)
{
    list.count = 0;
    cs_autofree char *plans = shown_plans();
    ck_assert_str_eq(plans, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outplan");
    TCase *tcase = tcase_create("text");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_plans);
    tcase_add_test(tcase, test_made);
    tcase_add_test(tcase, test_nothing);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

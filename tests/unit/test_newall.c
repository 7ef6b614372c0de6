/* `new --all`: the whole deployment in one run, over a software token and the real store. */
#include "unit/newall_bed.h"

#include "x509/csr.h"

#include <sys/syscall.h>

/* Stands before libc's: how often the store has waited for the disk. */
static unsigned syncs;

int fdatasync(int fd)
{
    syncs++;
    return (int)syscall(SYS_fdatasync, fd);
}

/* ---- the good run ---- */

static void assert_file(const struct cs_request *request)
{
    cs_auto_value(cs_bytes) file = {0};
    cs_auto(cs_request) stored = NULL;

    assert_ok(cs_store_get(store, request->id, &stored, &err), &err);
    cs_autofree char *pem = cs_csr_pem(&stored->csr);
    assert_ok(cs_file_read(request->plan->output, 10000, &file, &err), &err);
    ck_assert_str_eq((const char *)file.data, pem);
    assert_ok(cs_csr_check(&stored->csr, NULL, &err), &err);
    ck_assert(cs_bytes_equal(&stored->spki, &stored->spki) && stored->spki.len);
}

START_TEST(test_all_offline)
{
    cs_auto_value(cs_result_list) results = {0};

    add_offline(MANY);
    syncs = 0;
    assert_ok(new_all(&results), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_OK);
    ck_assert_uint_eq(results.count, MANY);
    for (size_t i = 0; i < MANY; i++) {
        const struct cs_result *result = &results.items[i];
        ck_assert_str_eq(result->request->plan->computer, plans.items[i]->computer);
        ck_assert_int_eq(result->request->state, CS_STATE_OFFLINE);
        ck_assert_int_eq(result->existing.fit, CS_FIT_NONE);
        ck_assert(!result->left_alone);
        ck_assert_uint_eq(result->files.count, 1);
        ck_assert_ptr_nonnull(result->request->key_uri);
        ck_assert_int_eq(result->request->attrs.answer[CS_ATTR_LOCAL], CS_TRUE);
        assert_file(result->request);
    }
    ck_assert_uint_eq(assert_consistent(), MANY);
    /* One session, and one question about this kind of key. */
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), 1);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_CHECK), 1);
    ck_assert_uint_eq(ui.done, MANY);
    ck_assert_uint_eq(ui.total, MANY);
    /* Three commits for each of the two groups, and what SQLite's checkpoints add; `new` alone
     * would be three for each request. */
    ck_assert_uint_le(syncs, 3 * 2 + 6);
}
END_TEST

static cs_rc count_types(void *ctx, int64_t sequence, const char *json, struct cs_err *error)
{
    static const char *const types[] = {"\"type\":\"planned\"", "\"type\":\"generated\"",
                                        "\"type\":\"kept\"", "\"type\":\"requested\""};
    unsigned *counts = ctx;

    (void)sequence;
    (void)error;
    for (size_t i = 0; i < ROWS(types); i++) {
        counts[i] += strstr(json, types[i]) != NULL;
    }
    return CS_OK;
}

/* Each transition has its record, as with `new`. */
START_TEST(test_all_records)
{
    cs_auto_value(cs_result_list) results = {0};
    unsigned counts[4] = {0};

    add_offline(5);
    assert_ok(new_all(&results), &err);
    assert_ok(cs_store_records(store, count_types, counts, &err), &err);
    for (size_t i = 0; i < ROWS(counts); i++) {
        ck_assert_uint_eq(counts[i], 5);
    }
}
END_TEST

START_TEST(test_again_is_left_alone)
{
    cs_auto_value(cs_result_list) first = {0};
    cs_auto_value(cs_result_list) results = {0};

    add_offline(5);
    assert_ok(new_all(&first), &err);
    add_plan(front_end(7, NULL));
    flow.force = _i == 1;
    assert_ok(new_all(&results), &err);
    for (size_t i = 0; i < 5; i++) {
        const struct cs_result *result = &results.items[i];
        ck_assert(result->left_alone);
        ck_assert_int_eq(result->existing.fit, CS_FIT_OPEN);
        ck_assert_int_eq(result->request->id, first.items[i].request->id);
        ck_assert_int_eq(result->request->state, CS_STATE_OFFLINE);
        ck_assert_str_eq(result->request->plan->choice, "each server has a key of its own");
        ck_assert_uint_eq(result->files.count, 0);
    }
    ck_assert(!results.items[5].left_alone);
    ck_assert_uint_eq(assert_consistent(), 6);
    cs_result_list_done(&results);

    /* Nothing is missing: nobody is asked for a PIN. */
    unsigned opened = cs_softkeys_calls(token, CS_SOFTKEYS_OPEN);
    assert_ok(new_all(&results), &err);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), opened);
    ck_assert_uint_eq(results.count, 6);
}
END_TEST

START_TEST(test_half_made_is_said)
{
    cs_auto_value(cs_result_list) results = {0};
    cs_auto(cs_request) request = cs_request_new();

    add_offline(1);
    request->plan = front_end(0, NULL);
    assert_ok(cs_store_add(store, request, &err), &err);
    assert_ok(new_all(&results), &err);
    ck_assert(results.items[0].left_alone);
    ck_assert_uint_eq(results.items[0].warnings.count, 1);
    assert_contains(results.items[0].warnings.items[0], "recover");
    ck_assert_uint_eq(ui.warnings, 1);
}
END_TEST

START_TEST(test_nothing_is_made)
{
    cs_auto_value(cs_result_list) results = {0};

    assert_ok(new_all(&results), &err);
    ck_assert_uint_eq(results.count, 0);

    add_offline(2);
    flow.what_if = true;
    assert_ok(new_all(&results), &err);
    ck_assert_uint_eq(results.count, 2);
    ck_assert_int_eq(results.items[0].request->id, 0);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), 0);
    ck_assert_uint_eq(assert_consistent(), 0);
    cs_result_list_done(&results);

    flow.what_if = false;
    flow.confirm = true;
    assert_fails(new_all(&results), CS_E_CANCELLED, &err);
    ck_assert_uint_eq(ui.questions, 1);
    ck_assert_uint_eq(results.count, 0);

    flow.confirm = false;
    cs_softkeys_fail_op(token, CS_SOFTKEYS_OPEN, 1);
    assert_fails(new_all(&results), CS_E_TOKEN_REFUSED, &err);
    ck_assert_uint_eq(results.count, 0);
    ck_assert_uint_eq(assert_consistent(), 0);
}
END_TEST

/* ---- CAs ---- */

START_TEST(test_ca_and_files)
{
    cs_auto_value(cs_result_list) results = {0};

    for (size_t i = 0; i < 6; i++) {
        add_plan(front_end(i, i == 2 || i == 3 ? "fake" : NULL));
    }
    add_plan(front_end(6, "unknown"));
    ca.answer = CS_CA_PENDING;
    assert_ok(new_all(&results), &err);
    static const enum cs_state states[] = {CS_STATE_OFFLINE, CS_STATE_OFFLINE, CS_STATE_PENDING,
                                           CS_STATE_PENDING, CS_STATE_OFFLINE, CS_STATE_OFFLINE};
    for (size_t i = 0; i < ROWS(states); i++) {
        ck_assert_int_eq(results.items[i].request->state, states[i]);
    }
    ck_assert_int_eq(results.items[6].error.code, CS_E_USAGE);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_E_PARTIAL);
    ck_assert_uint_eq(ca.submits, 2);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), 1);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 6);
    ck_assert_uint_eq(ui.done, 6);
}
END_TEST

static unsigned pauses;

static void count_pause(unsigned ms)
{
    (void)ms;
    pauses++;
}

/* The CA decides on the fourth question, which is the second certificate's in the second round: its
 * result comes first, then that of the one that is asked for after it. */
START_TEST(test_waits)
{
    cs_auto_value(cs_result_list) results = {0};
    static const char *const order[] = {"fe2.litwareinc.net", "fe1.litwareinc.net",
                                        "fe0.litwareinc.net"};

    add_plan(front_end(0, "fake"));
    add_plan(front_end(1, "fake"));
    add_plan(front_end(2, NULL));
    ca.answer = CS_CA_PENDING;
    ca.issue_at = 4;
    flow.wait = 60;
    flow.pause = count_pause;
    assert_ok(new_all(&results), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_OK);
    ck_assert_uint_eq(results.count, ROWS(order));
    for (size_t i = 0; i < ROWS(order); i++) {
        ck_assert_str_eq(results.items[i].request->plan->computer, order[i]);
    }
    ck_assert_uint_eq(count_in(CS_STATE_IMPORTED), 2);
    ck_assert_uint_eq(ca.submits, 2);
    ck_assert_uint_eq(ca.polls, 5);
    ck_assert_uint_eq(pauses, 3);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), 1);
}
END_TEST

/* When the time is over each is said to be pending, and nothing is lost. */
START_TEST(test_waits_in_vain)
{
    cs_auto_value(cs_result_list) results = {0};

    add_plan(front_end(0, "fake"));
    add_plan(front_end(1, "fake"));
    ca.answer = CS_CA_PENDING;
    flow.wait = 2;
    flow.pause = count_pause;
    assert_ok(new_all(&results), &err);
    ck_assert_uint_eq(results.count, 2);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_E_PENDING);
    ck_assert_uint_eq(count_in(CS_STATE_PENDING), 2);
    ck_assert_uint_eq(ca.polls, 4);
}
END_TEST

START_TEST(test_ca_unreachable)
{
    cs_auto_value(cs_result_list) results = {0};

    add_plan(front_end(0, "fake"));
    add_plan(front_end(1, NULL));
    ca.unreachable = true;
    assert_ok(new_all(&results), &err);
    ck_assert_int_eq(results.items[0].error.code, CS_E_CA_UNREACHABLE);
    ck_assert_int_eq(results.items[0].request->state, CS_STATE_FAILED);
    ck_assert_int_eq(results.items[1].request->state, CS_STATE_OFFLINE);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
}
END_TEST

/* ---- Edge pools ---- */

/* A name more: the Front End gets a new certificate, the Edge pool no second key. */
START_TEST(test_names_are_missing)
{
    cs_auto_value(cs_result_list) results = {0};

    add_plan(front_end(0, NULL));
    add_plan(edge("a.test"));
    free(plans.items[1]->output);
    plans.items[1]->output = csr_path(1);
    assert_ok(new_all(&results), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_OK);
    cs_result_list_done(&results);

    for (size_t i = 0; i < 2; i++) {
        cs_plan_add_name(plans.items[i], "new.litwareinc.com", "rule", "source");
        free(plans.items[i]->output);
        plans.items[i]->output = csr_path(10 + i);
    }
    flow.force = _i == 1;
    assert_ok(new_all(&results), &err);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(results.items[i].existing.fit, CS_FIT_NAMES);
        ck_assert_str_eq(results.items[i].existing.missing.items[0], "new.litwareinc.com");
    }
    ck_assert_int_eq(results.items[0].request->state, CS_STATE_OFFLINE);
    if (_i == 1) {
        ck_assert_int_eq(results.items[1].request->state, CS_STATE_OFFLINE);
        return;
    }
    ck_assert_int_eq(results.items[1].error.code, CS_E_USAGE);
    assert_contains(results.items[1].error.message, "request 2");
    assert_contains(results.items[1].error.hint, "-Force");
    ck_assert_int_eq(results.items[1].request->id, 0);
}
END_TEST

/* Two plans for one type of one pool cannot both be made, though nothing was there before. */
START_TEST(test_edge_twice)
{
    cs_auto_value(cs_result_list) results = {0};

    add_plan(edge("a.test"));
    add_plan(edge("b.test"));
    free(plans.items[1]->output);
    plans.items[1]->output = csr_path(1);
    assert_ok(new_all(&results), &err);
    ck_assert_int_eq(results.items[0].request->state, CS_STATE_OFFLINE);
    ck_assert_int_eq(results.items[1].error.code, CS_E_USAGE);
    ck_assert_uint_eq(assert_consistent(), 1);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("newall");

    tcase_add_checked_fixture(tcase, setup, teardown_all);
    tcase_add_test(tcase, test_all_offline);
    tcase_add_test(tcase, test_all_records);
    tcase_add_loop_test(tcase, test_again_is_left_alone, 0, 2);
    tcase_add_test(tcase, test_half_made_is_said);
    tcase_add_test(tcase, test_nothing_is_made);
    tcase_add_test(tcase, test_ca_and_files);
    tcase_add_test(tcase, test_waits);
    tcase_add_test(tcase, test_waits_in_vain);
    tcase_add_test(tcase, test_ca_unreachable);
    tcase_add_loop_test(tcase, test_names_are_missing, 0, 2);
    tcase_add_test(tcase, test_edge_twice);
    return run_newall(tcase, "newall");
}

/* `new --all` when one of many fails, and when the run is stopped. */
#include "unit/newall_bed.h"

/* ---- one fails ---- */

static const enum cs_softkeys_op ops[] = {CS_SOFTKEYS_GENERATE, CS_SOFTKEYS_SIGN, CS_SOFTKEYS_KEEP};

START_TEST(test_one_key_fails)
{
    cs_auto_value(cs_result_list) results = {0};

    add_offline(MANY);
    cs_softkeys_fail_op(token, ops[_i], 3);
    assert_ok(new_all(&results), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_E_PARTIAL);
    ck_assert_uint_eq(results.count, MANY);
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(results.items[i].error.code, i == 2 ? CS_E_TOKEN_REFUSED : CS_OK);
    }
    ck_assert_int_eq(results.items[2].request->state, CS_STATE_FAILED);
    ck_assert_uint_eq(assert_consistent(), MANY - 1);
    ck_assert_uint_eq(ui.done, MANY);
}
END_TEST

/* Its key cannot be destroyed either: it alone is left to `recover`. */
START_TEST(test_one_undo_fails)
{
    cs_auto_value(cs_result_list) results = {0};
    cs_auto_value(cs_result_list) recovered = {0};
    struct cs_stray_list strays = {0};

    add_offline(4);
    cs_softkeys_fail_op(token, CS_SOFTKEYS_SIGN, 2);
    cs_softkeys_fail_op(token, CS_SOFTKEYS_DESTROY, 1);
    assert_ok(new_all(&results), &err);
    assert_contains(results.items[1].error.hint, "recover");
    ck_assert_int_eq(stored_state(results.items[1].request->id), CS_STATE_PLANNED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 4);
    assert_ok(cs_flow_recover(&flow, NULL, &recovered, &strays, &err), &err);
    ck_assert_uint_eq(assert_consistent(), 3);
}
END_TEST

START_TEST(test_kind_of_key_is_refused)
{
    cs_auto_value(cs_result_list) results = {0};

    add_offline(3);
    plans.items[1]->exportable = true;
    cs_softkeys_fail_op(token, CS_SOFTKEYS_CHECK, 2);
    assert_ok(new_all(&results), &err);
    ck_assert_int_eq(results.items[1].error.code, CS_E_TOKEN_REFUSED);
    ck_assert_int_eq(results.items[1].request->id, 0);
    ck_assert_uint_eq(assert_consistent(), 2);
    ck_assert_uint_eq(ui.done, 3);
}
END_TEST

/* Found before anything is made. */
START_TEST(test_file_is_there)
{
    cs_auto_value(cs_result_list) results = {0};
    cs_autofree char *path = csr_path(1);

    add_offline(3);
    assert_ok(cs_file_write(path, "old", 3, 0644, false, &err), &err);
    assert_ok(new_all(&results), &err);
    ck_assert_int_eq(results.items[1].error.code, CS_E_OUTPUT);
    ck_assert_int_eq(results.items[1].request->id, 0);
    foreign_files = 1;
    ck_assert_uint_eq(assert_consistent(), 2);
    ck_assert_uint_eq(ui.total, 2);
    cs_result_list_done(&results);

    foreign_files = 0;
    flow.force = true;
    assert_ok(new_all(&results), &err);
    ck_assert(results.items[0].left_alone);
    ck_assert_int_eq(results.items[1].request->state, CS_STATE_OFFLINE);
    ck_assert_uint_eq(assert_consistent(), 3);
}
END_TEST

/* Somebody puts a folder there while the keys are made. */
static const struct cs_keystore_ops *real_ops;

static cs_rc keep_and_spoil(struct cs_keystore *self, struct cs_key *key, struct cs_err *error)
{
    cs_autofree char *path = csr_path(1);

    mkdir(path, 0700);
    return real_ops->keep(self, key, error);
}

START_TEST(test_file_fails_late)
{
    cs_auto_value(cs_result_list) results = {0};
    cs_autofree char *path = csr_path(1);
    struct cs_keystore_ops spoiled = *token->ops;

    add_offline(3);
    real_ops = token->ops;
    spoiled.keep = keep_and_spoil;
    token->ops = &spoiled;
    assert_ok(new_all(&results), &err);
    token->ops = real_ops;
    ck_assert_int_eq(results.items[1].error.code, CS_E_OUTPUT);
    ck_assert_int_eq(results.items[1].request->state, CS_STATE_FAILED);
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_uint_eq(assert_consistent(), 2);
}
END_TEST

/* ---- the run stops ---- */

/* A signal at every look: what is begun is finished or taken back, the rest is not begun. */
START_TEST(test_signal)
{
    cs_auto_value(cs_result_list) results = {0};

    add_offline(MANY);
    ui.signal_at = (unsigned)_i;
    cs_rc rc = new_all(&results);
    ck_assert_int_eq(rc, CS_E_CANCELLED);
    size_t whole = assert_consistent();
    ck_assert_uint_lt(whole, MANY);
    size_t offline = 0;
    for (size_t i = 0; i < results.count; i++) {
        const struct cs_result *result = &results.items[i];
        ck_assert_str_eq(result->request->plan->computer, plans.items[i]->computer);
        offline += result->request->state == CS_STATE_OFFLINE;
        ck_assert_int_eq(result->error.code == CS_OK, result->request->state == CS_STATE_OFFLINE);
    }
    ck_assert_uint_eq(offline, whole);
    /* One key at most was begun and not kept; what was planned and not begun is no failure. */
    ck_assert_uint_le(results.count, whole + 1);
    ck_assert_uint_le(count_in(CS_STATE_FAILED), 1);
    ck_assert_uint_le(count_in(CS_STATE_CLEARED), CS_FLOW_GROUP);
    cs_autofree char *left =
        cs_asprintf("%zu of %d certificates were not begun", MANY - results.count, MANY);
    if (rc != CS_OK && ui.total) {
        assert_contains(err.hint, left);
    }
    cs_result_list_done(&results);

    ui.signal_at = 0;
    assert_ok(new_all(&results), &err);
    ck_assert_uint_eq(assert_consistent(), MANY);
}
END_TEST

/* The token is pulled out while the third key is made. */
static unsigned until_lost;

static cs_rc lose_token(struct cs_keystore *self, const struct cs_key_request *request,
                        struct cs_key **ret_key, struct cs_err *error)
{
    if (until_lost <= 1) {
        until_lost = 0;
        return cs_fail(error, CS_E_TOKEN_ABSENT, "the token is gone");
    }
    until_lost--;
    return real_ops->generate(self, request, ret_key, error);
}

static cs_rc destroy_unless_lost(struct cs_keystore *self, const uint8_t id[CS_KEY_ID_LEN],
                                 size_t *ret_count, struct cs_err *error)
{
    if (!until_lost) {
        return cs_fail(error, CS_E_TOKEN_ABSENT, "the token is gone");
    }
    return real_ops->destroy(self, id, ret_count, error);
}

START_TEST(test_token_is_lost)
{
    cs_auto_value(cs_result_list) results = {0};
    cs_auto_value(cs_result_list) recovered = {0};
    struct cs_stray_list strays = {0};
    struct cs_keystore_ops lost = *token->ops;

    add_offline(MANY);
    real_ops = token->ops;
    lost.generate = lose_token;
    lost.destroy = destroy_unless_lost;
    token->ops = &lost;
    until_lost = 3;
    assert_fails(new_all(&results), CS_E_TOKEN_ABSENT, &err);
    token->ops = real_ops;
    /* Two are whole, one may have a key left, the others were not begun. */
    ck_assert_uint_eq(results.count, 3);
    ck_assert_uint_eq(count_in(CS_STATE_CLEARED), CS_FLOW_GROUP - 3);
    ck_assert_int_eq(results.items[1].request->state, CS_STATE_OFFLINE);
    ck_assert_int_eq(stored_state(results.items[2].request->id), CS_STATE_PLANNED);
    assert_contains(results.items[2].error.hint, "recover");
    assert_ok(cs_flow_recover(&flow, NULL, &recovered, &strays, &err), &err);
    ck_assert_uint_eq(recovered.count, 1);
    ck_assert_uint_eq(assert_consistent(), 2);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("newall_fails");

    tcase_add_checked_fixture(tcase, setup, teardown_all);
    add_rows(tcase, test_one_key_fails, ops);
    tcase_add_test(tcase, test_one_undo_fails);
    tcase_add_test(tcase, test_kind_of_key_is_refused);
    tcase_add_test(tcase, test_file_is_there);
    tcase_add_test(tcase, test_file_fails_late);
    /* Each plan has a look before anything is made, each key three, each group one: at the first
     * plan and the last, at all of the first group's keys, and more. */
    tcase_add_loop_test(tcase, test_signal, 1, 2);
    tcase_add_loop_test(tcase, test_signal, MANY, MANY + 3 * CS_FLOW_GROUP + 12);
    tcase_add_test(tcase, test_token_is_lost);
    return run_newall(tcase, "newall_fails");
}

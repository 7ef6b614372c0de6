/* Two runs that meet at one request, and what recover makes of what a run has left. */
#include "unit/flow_bed.h"

/* ---- two runs ---- */

/* Another run with the same store: takes the only request to ISSUED as `retrieve` does. */
static void take_answer_elsewhere(void)
{
    cs_autofree char *path = cs_asprintf("%s/cscert.db", folder);
    cs_auto(cs_store) other = NULL;
    cs_auto(cs_request) request = NULL;
    struct cs_err problem = {0};

    assert_ok(cs_store_open(path, 100, cs_journal_record, &actor, &other, &problem), &problem);
    assert_ok(cs_store_get(other, 1, &request, &problem), &problem);
    request->certificate = cs_bytes_copy("cert", 4);
    assert_ok(cs_store_transition(other, request, CS_STATE_ISSUED, &problem), &problem);
}

static void assert_no_intent(void)
{
    cs_auto_value(cs_key_intent_list) intents = {0};

    assert_ok(cs_store_intents(store, &intents, &err), &err);
    ck_assert_uint_eq(intents.count, 0);
}

/* `retrieve` has the certificate while our own question to the CA fails: its key must stay. */
START_TEST(test_new_overtaken)
{
    struct cs_result result = {0};

    ca.unreachable = true;
    ca.rival = take_answer_elsewhere;
    assert_fails(run_new("fake", NULL, &result), CS_E_CA_UNREACHABLE, &err);
    ck_assert_int_eq(stored_state(result.request->id), CS_STATE_ISSUED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    assert_no_intent();
    cs_result_done(&result);
}
END_TEST

static cs_rc open_overtaken(struct cs_keystore_source *source, struct cs_keystore **ret_store,
                            struct cs_err *error)
{
    struct cs_keystore_source *real = cs_softkeys_source(token);

    (void)source;
    take_answer_elsewhere();
    return real->open(real, ret_store, error);
}

/* `retrieve` gets the certificate between our look at the request and the end of its key. */
START_TEST(test_clear_overtaken)
{
    struct cs_result_list results = {0};
    int64_t id = given(CS_CA_PENDING);
    const struct cs_selection selection = {.request_id = id};
    struct cs_keystore_source overtaken = {open_overtaken};

    flow.keystore = &overtaken;
    assert_ok(cs_flow_clear(&flow, &selection, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, false), CS_E_STORE);
    ck_assert_int_eq(stored_state(id), CS_STATE_ISSUED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    assert_no_intent();
    cs_result_list_done(&results);
}
END_TEST

/* A key that could not be destroyed is not forgotten with its request. */
START_TEST(test_clear_destroys_later)
{
    struct cs_result_list results = {0};
    struct cs_stray_list strays = {0};
    int64_t id = given(CS_CA_PENDING);
    const struct cs_selection selection = {.request_id = id};

    cs_softkeys_fail_op(token, CS_SOFTKEYS_DESTROY, 1);
    assert_ok(cs_flow_clear(&flow, &selection, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, false), CS_E_TOKEN_REFUSED);
    assert_contains(results.items[0].error.hint, "recover");
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    cs_result_list_done(&results);

    assert_ok(cs_flow_recover(&flow, NULL, &results, &strays, &err), &err);
    ck_assert_int_eq(stored_state(id), CS_STATE_CLEARED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 0);
    assert_no_intent();
    cs_result_list_done(&results);
    cs_stray_list_done(&strays);
}
END_TEST

/* ---- recover ---- */

/* Leaves a request behind as a kill does that comes after the @looks-th look for a signal. */
static int64_t left_behind(unsigned looks)
{
    cs_autofree char *path = output_path();
    struct cs_result result = {0};

    ui.signal_at = looks;
    cs_softkeys_fail_op(token, CS_SOFTKEYS_DESTROY, 1);
    assert_fails(run_new(NULL, path, &result), CS_E_CANCELLED, &err);
    ui.signal_at = 0;
    int64_t id = result.request->id;
    cs_result_done(&result);
    return id;
}

static void recover(cs_rc rc)
{
    struct cs_result_list results = {0};
    struct cs_stray_list strays = {0};

    assert_ok(cs_flow_recover(&flow, NULL, &results, &strays, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, false), rc);
    cs_result_list_done(&results);
    cs_stray_list_done(&strays);
}

/* From KEPT on the request may be with a CA: a token that cannot be asked is no reason to destroy
 * the key. */
START_TEST(test_recover_kept)
{
    int64_t id = left_behind(5);

    ck_assert_int_eq(stored_state(id), CS_STATE_KEPT);
    cs_softkeys_fail_op(token, CS_SOFTKEYS_FIND, 1);
    recover(CS_E_TOKEN_REFUSED);
    ck_assert_int_eq(stored_state(id), CS_STATE_KEPT);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    recover(CS_OK);
    ck_assert_int_eq(stored_state(id), CS_STATE_OFFLINE);
}
END_TEST

/* Before that a pair that is not whole goes. */
static const enum cs_softkeys_op halves[] = {CS_SOFTKEYS_FIND, CS_SOFTKEYS_KEEP};

START_TEST(test_recover_signed)
{
    int64_t id = left_behind(4);
    cs_auto(cs_request) request = NULL;
    struct cs_key *key = NULL;

    assert_ok(cs_store_get(store, id, &request, &err), &err);
    assert_ok(token->ops->find(token, request->key_id, &key, &err), &err);
    cs_bytes_done(&request->spki);
    request->spki = cs_bytes_copy(key->spki.data, key->spki.len);
    token->ops->key_free(key);
    assert_ok(cs_store_transition(store, request, CS_STATE_SIGNED, &err), &err);

    cs_softkeys_fail_op(token, halves[_i], 1);
    recover(CS_OK);
    ck_assert_int_eq(stored_state(id), CS_STATE_FAILED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 0);
}
END_TEST

/* An intent that was left for a key which another run has put to use: only the intent goes. */
START_TEST(test_recover_used_intent)
{
    struct cs_key_intent intent = {.token_uri = token->ops->info(token)->uri};
    struct cs_request *request = NULL;
    int64_t id = given(CS_CA_PENDING);

    assert_ok(cs_store_get(store, id, &request, &err), &err);
    memcpy(intent.key_id, request->key_id, sizeof intent.key_id);
    cs_request_free(request);
    assert_ok(cs_store_intent_add(store, &intent, &err), &err);
    recover(CS_OK);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    assert_no_intent();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flow_recover");
    TCase *tcase = tcase_create("flow_recover");

    cs_err_clear(&err);
    if (cs_secret_setup(&err) != CS_OK) {
        fprintf(stderr, "%s\n", err.message);
        return EXIT_FAILURE;
    }
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_new_overtaken);
    tcase_add_test(tcase, test_clear_overtaken);
    tcase_add_test(tcase, test_clear_destroys_later);
    tcase_add_test(tcase, test_recover_kept);
    add_rows(tcase, test_recover_signed, halves);
    tcase_add_test(tcase, test_recover_used_intent);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

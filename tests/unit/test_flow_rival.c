/* Two processes that bring in the same request: whoever is slower has what the other one made of
 * it, and nothing is done twice. */
#include "unit/flow_bed.h"

/* ---- the other process, while this one waits for the CA's answer ---- */

static cs_rc no_token(struct cs_keystore_source *source, struct cs_keystore **ret_store,
                      struct cs_err *error)
{
    (void)source;
    (void)ret_store;
    return cs_fail(error, CS_E_TOKEN_ABSENT, "no token");
}

static struct cs_keystore_source tokenless = {no_token};

static void retrieve_with(struct cs_keystore_source *keystore)
{
    struct cs_flow other = flow;
    struct cs_result_list results = {0};

    ca.rival = NULL;
    other.wait = 0;
    other.keystore = keystore;
    assert_ok(cs_flow_retrieve(&other, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_uint_eq(results.count, 1);
    cs_result_list_done(&results);
}

static void retrieve_all(void)
{
    retrieve_with(cs_softkeys_source(token));
}

/* It has the certificate, and ended before the token had. */
static void retrieve_to_store(void)
{
    retrieve_with(&tokenless);
    ck_assert_int_eq(stored_state(1), CS_STATE_ISSUED);
}

/* One that ended so, and then one that did not. */
static void retrieve_twice(void)
{
    retrieve_to_store();
    retrieve_all();
}

static void clear(void)
{
    const struct cs_selection selection = {.request_id = 1};
    struct cs_result_list results = {0};

    ca.rival = NULL;
    assert_ok(cs_flow_clear(&flow, &selection, &results, &err), &err);
    cs_result_list_done(&results);
}

static const struct {
    enum cs_disposition answer;
    void (*rival)(void);
    enum cs_state state;
    cs_rc rc;
    size_t certificates;
} rivals[] = {
    {CS_CA_ISSUED, NULL, CS_STATE_IMPORTED, CS_OK, 1},
    {CS_CA_ISSUED, retrieve_all, CS_STATE_IMPORTED, CS_OK, 1},
    {CS_CA_ISSUED, retrieve_to_store, CS_STATE_IMPORTED, CS_OK, 1},
    {CS_CA_ISSUED, retrieve_twice, CS_STATE_IMPORTED, CS_OK, 1},
    {CS_CA_ISSUED, clear, CS_STATE_CLEARED, CS_E_STORE, 0},
    {CS_CA_DENIED, retrieve_all, CS_STATE_DENIED, CS_E_CA_REFUSED, 0},
    {CS_CA_REVOKED, retrieve_all, CS_STATE_REVOKED, CS_E_CA_REFUSED, 0},
};

static void expect(size_t row, const struct cs_result *result)
{
    ck_assert_int_eq(result->request->state, rivals[row].state);
    ck_assert_int_eq(result->error.code, rivals[row].rc);
    ck_assert_int_eq(stored_state(1), rivals[row].state);
    ck_assert_uint_eq(cs_softkeys_cert_count(token), rivals[row].certificates);
    ck_assert_int_eq(result->request->error.code,
                     rivals[row].rc == CS_E_STORE ? CS_OK : rivals[row].rc);
    ck_assert_str_eq(result->request->plan->computer, "edge1.litwareinc.com");
    ck_assert(!result->may_be_sent);
    for (size_t i = 1; i < result->warnings.count; i++) {
        ck_assert_str_ne(result->warnings.items[i], result->warnings.items[i - 1]);
    }
}

START_TEST(test_retrieve)
{
    struct cs_result_list results = {0};

    given(CS_CA_PENDING);
    ca.answer = rivals[_i].answer;
    ca.rival = rivals[_i].rival;
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_uint_eq(results.count, 1);
    expect((size_t)_i, &results.items[0]);
    cs_result_list_done(&results);
}
END_TEST

static void pause_for_rival(unsigned ms)
{
    (void)ms;
    ca.answer = rivals[0].answer;
    ca.rival = retrieve_all;
}

/* `new --wait`, and somebody's `retrieve`. */
START_TEST(test_wait)
{
    struct cs_result result = {0};

    ca.answer = CS_CA_PENDING;
    flow.pause = pause_for_rival;
    flow.wait = 5;
    assert_ok(run_new("fake", NULL, &result), &err);
    ck_assert_uint_eq(ca.polls, 2); /* one each */
    expect(1, &result);
    cs_result_done(&result);
}
END_TEST

/* Both got the same file; the other one was faster while the token was opened. */
static struct cs_retrieve_options answered;

static cs_rc open_beside_rival(struct cs_keystore_source *source, struct cs_keystore **ret_store,
                               struct cs_err *error)
{
    struct cs_keystore_source *real = cs_softkeys_source(token);
    struct cs_result_list results = {0};
    struct cs_flow other = flow;

    (void)source;
    other.keystore = real;
    assert_ok(cs_flow_retrieve(&other, &answered, &results, error), error);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_OK);
    cs_result_list_done(&results);
    return real->open(real, ret_store, error);
}

START_TEST(test_reply)
{
    cs_autofree char *reply = answer_to_offline();
    struct cs_keystore_source source = {open_beside_rival};
    struct cs_result_list results = {0};

    answered = (struct cs_retrieve_options){.selection = {.request_id = 1}, .reply = reply};
    flow.keystore = &source;
    assert_ok(cs_flow_retrieve(&flow, &answered, &results, &err), &err);
    ck_assert_uint_eq(results.count, 1);
    expect(1, &results.items[0]);
    cs_result_list_done(&results);
}
END_TEST

/* The same file again, once there is a token to put the certificate on. */
START_TEST(test_reply_again)
{
    cs_autofree char *reply = answer_to_offline();
    struct cs_keystore_source *real = flow.keystore;
    struct cs_result_list results = {0};

    answered = (struct cs_retrieve_options){.selection = {.request_id = 1}, .reply = reply};
    flow.keystore = &tokenless;
    assert_ok(cs_flow_retrieve(&flow, &answered, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_E_TOKEN_ABSENT);
    ck_assert_int_eq(stored_state(1), CS_STATE_ISSUED);
    cs_result_list_done(&results);

    flow.keystore = real;
    assert_ok(cs_flow_retrieve(&flow, &answered, &results, &err), &err);
    expect(1, &results.items[0]);
    cs_result_list_done(&results);
}
END_TEST

/* ---- while a request is on its way ---- */

/* `retrieve` by a timer: it leaves alone what another run is sending. */
static void retrieve_beside(void)
{
    struct cs_result_list results = {0};

    ca.rival = NULL;
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_uint_eq(results.count, 1);
    ck_assert_int_eq(results.items[0].request->state, CS_STATE_SUBMITTED);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_E_PENDING);
    ck_assert_uint_eq(results.items[0].warnings.count, 1);
    assert_contains(results.items[0].warnings.items[0], "another run is sending it");
    cs_result_list_done(&results);
}

START_TEST(test_new_sends_alone)
{
    cs_autofree char *path = cs_asprintf("%s/sending.lock", folder);
    struct cs_result result = {0};

    flow.sending = path;
    ca.answer = CS_CA_ISSUED;
    ca.rival = retrieve_beside;
    assert_ok(run_new("fake", NULL, &result), &err);
    ck_assert_uint_eq(ca.submits, 1);
    expect(1, &result);
    cs_result_done(&result);
}
END_TEST

START_TEST(test_retrieve_sends_alone)
{
    cs_autofree char *path = cs_asprintf("%s/sending.lock", folder);
    struct cs_result result = {0};
    struct cs_result_list results = {0};

    flow.sending = path;
    ca.unreachable = true;
    ca.may_have_it = true;
    assert_fails(run_new("fake", NULL, &result), CS_E_CA_UNREACHABLE, &err);
    cs_result_done(&result);
    err = (struct cs_err){0};

    ca.unreachable = false;
    ca.answer = CS_CA_ISSUED;
    ca.rival = retrieve_beside;
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_uint_eq(ca.submits, 2); /* the one that nobody knows of, and this one */
    expect(1, &results.items[0]);
    cs_result_list_done(&results);
}
END_TEST

/* A folder that nothing can be locked in: it is not sent, and nothing is left of it. */
START_TEST(test_no_lock)
{
    cs_autofree char *path = cs_asprintf("%s/none/sending.lock", folder);
    struct cs_result result = {0};

    flow.sending = path;
    ca.answer = CS_CA_ISSUED;
    assert_fails(run_new("fake", NULL, &result), CS_E_STORE, &err);
    assert_contains(err.message, "sending.lock");
    ck_assert_uint_eq(ca.submits, 0);
    ck_assert_int_eq(stored_state(1), CS_STATE_FAILED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 0);
    cs_result_done(&result);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flow_rival");
    TCase *tcase = tcase_create("flow_rival");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, test_retrieve, 0, ROWS(rivals));
    tcase_add_test(tcase, test_wait);
    tcase_add_test(tcase, test_reply);
    tcase_add_test(tcase, test_reply_again);
    tcase_add_test(tcase, test_new_sends_alone);
    tcase_add_test(tcase, test_retrieve_sends_alone);
    tcase_add_test(tcase, test_no_lock);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

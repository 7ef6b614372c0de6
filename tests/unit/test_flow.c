/* The verbs over a software token, the real store and a CA that answers what a test prescribes. */
#include "unit/flow_bed.h"

/* ---- new ---- */

static cs_rc collect_type(void *ctx, int64_t sequence, const char *json, struct cs_err *error)
{
    struct cs_strv *types = ctx;
    const char *at = strstr(json, "\"type\":\"");

    (void)sequence;
    (void)error;
    ck_assert_ptr_nonnull(at);
    at += strlen("\"type\":\"");
    cs_strv_take(types, cs_strndup(at, strcspn(at, "\"")));
    return CS_OK;
}

static void assert_records(const char *expected)
{
    cs_auto_value(cs_strv) types = {0};

    assert_ok(cs_store_records(store, collect_type, &types, &err), &err);
    cs_autofree char *list = cs_strv_join(&types, " ");
    ck_assert_str_eq(list, expected);
}

START_TEST(test_new_offline)
{
    cs_autofree char *path = output_path();
    struct cs_result result = {0};
    struct stat info;

    assert_ok(run_new(NULL, path, &result), &err);
    ck_assert_int_eq(result.request->state, CS_STATE_OFFLINE);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0644);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    ck_assert_uint_eq(result.files.count, 1);
    assert_records("planned generated kept requested");
    cs_result_done(&result);
}
END_TEST

START_TEST(test_new_issued)
{
    struct cs_result result = {0};

    ca.answer = CS_CA_ISSUED;
    assert_ok(run_new("fake", NULL, &result), &err);
    ck_assert_int_eq(result.request->state, CS_STATE_IMPORTED);
    ck_assert_str_eq(result.request->ca_request_id, "77");
    ck_assert_uint_eq(cs_softkeys_cert_count(token), 1);
    assert_records("planned generated kept submitted issued imported");
    cs_result_done(&result);
}
END_TEST

/* Every token operation of the job fails once: nothing is left on the token or on disk but the
 * reason. */
static const struct {
    enum cs_softkeys_op op;
    bool has_request; /* there is a FAILED row */
} failures[] = {
    {CS_SOFTKEYS_OPEN, false}, {CS_SOFTKEYS_CHECK, false}, {CS_SOFTKEYS_GENERATE, true},
    {CS_SOFTKEYS_SIGN, true},  {CS_SOFTKEYS_KEEP, true},
};

START_TEST(test_new_token_fails)
{
    cs_autofree char *path = output_path();
    struct cs_result result = {0};

    cs_softkeys_fail_op(token, failures[_i].op, 1);
    assert_fails(run_new(NULL, path, &result), CS_E_TOKEN_REFUSED, &err);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 0);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(result.request->id != 0, failures[_i].has_request);
    if (failures[_i].has_request) {
        ck_assert_int_eq(stored_state(result.request->id), CS_STATE_FAILED);
    }
    cs_result_done(&result);
}
END_TEST

/* The key cannot be destroyed either: the request stays for `recover`, and the hint says so. */
START_TEST(test_new_undo_fails)
{
    cs_autofree char *path = output_path();
    struct cs_result result = {0};

    cs_softkeys_fail_op(token, CS_SOFTKEYS_SIGN, 1);
    cs_softkeys_fail_op(token, CS_SOFTKEYS_DESTROY, 1);
    assert_fails(run_new(NULL, path, &result), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, "sign");
    assert_contains(err.hint, "recover");
    ck_assert_int_eq(stored_state(result.request->id), CS_STATE_PLANNED);
    cs_result_done(&result);

    struct cs_result_list results = {0};
    struct cs_stray_list strays = {0};
    assert_ok(cs_flow_recover(&flow, NULL, &results, &strays, &err), &err);
    ck_assert_uint_eq(results.count, 1);
    ck_assert_int_eq(results.items[0].request->state, CS_STATE_FAILED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 0);
    cs_result_list_done(&results);
    cs_stray_list_done(&strays);
}
END_TEST

/* A key of an interrupted `ca init` is destroyed; one that may be on another token is spoken of. */
START_TEST(test_recover_intents)
{
    struct cs_key_intent here = {.token_uri = token->ops->info(token)->uri, .key_id = {1}};
    struct cs_key_intent elsewhere = {.token_uri = "pkcs11:token=elsewhere", .key_id = {2}};
    cs_auto_value(cs_key_intent_list) intents = {0};
    struct cs_key_request wanted = {.spec = {CS_KEY_EC_P256, 256}, .id = {1}, .label = "ca"};
    struct cs_result_list results = {0};
    struct cs_stray_list strays = {0};
    struct cs_key *key = NULL;

    assert_ok(cs_store_intent_add(store, &here, &err), &err);
    assert_ok(cs_store_intent_add(store, &elsewhere, &err), &err);
    assert_ok(token->ops->generate(token, &wanted, &key, &err), &err);
    token->ops->key_free(key);
    assert_ok(cs_flow_recover(&flow, NULL, &results, &strays, &err), &err);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 0);
    ck_assert_uint_eq(ui.warnings, 2);
    assert_ok(cs_store_intents(store, &intents, &err), &err);
    ck_assert_uint_eq(intents.count, 1);
    ck_assert_str_eq(intents.items[0].token_uri, "pkcs11:token=elsewhere");
}
END_TEST

/* Found wrong before anything is made: no row, no key. */
START_TEST(test_new_refused_early)
{
    cs_autofree char *path = output_path();
    struct cs_result result = {0};

    assert_ok(cs_file_write(path, "old", 3, 0644, false, &err), &err);
    assert_fails(run_new(NULL, path, &result), CS_E_OUTPUT, &err);
    ck_assert_int_eq(result.request->id, 0);
    cs_result_done(&result);
    assert_fails(run_new("unknown", NULL, &result), CS_E_USAGE, &err);
    cs_result_done(&result);
    assert_fails(run_new(NULL, "/nonexistent/folder/x.req", &result), CS_E_OUTPUT, &err);
    cs_result_done(&result);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), 0);
    assert_records("");

    flow.force = true;
    assert_ok(run_new(NULL, path, &result), &err);
    cs_result_done(&result);
}
END_TEST

START_TEST(test_new_what_if)
{
    struct cs_result result = {0};

    flow.what_if = true;
    flow.store = NULL;
    assert_ok(run_new("fake", NULL, &result), &err);
    ck_assert_str_eq(result.request->plan->names[0].name, "edge1.litwareinc.com");
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), 0);
    ck_assert_uint_eq(ca.submits, 0);
    assert_records("");
    cs_result_done(&result);
}
END_TEST

START_TEST(test_new_confirm)
{
    struct cs_result result = {0};

    flow.confirm = true;
    assert_fails(run_new("fake", NULL, &result), CS_E_CANCELLED, &err);
    ck_assert_uint_eq(ui.questions, 1);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), 0);
    cs_result_done(&result);

    ui.is_there = ui.says_yes = true;
    assert_ok(run_new("fake", NULL, &result), &err);
    cs_result_done(&result);
}
END_TEST

/* A signal at every point where the flow looks for one: undone while nothing has left the program.
 */
START_TEST(test_new_interrupted)
{
    cs_autofree char *path = output_path();
    struct cs_result result = {0};

    ui.signal_at = (unsigned)_i;
    cs_rc rc = run_new(NULL, path, &result);
    ck_assert_int_eq(rc, CS_E_CANCELLED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 0);
    ck_assert_int_ne(access(path, F_OK), 0);
    if (result.request->id) {
        ck_assert_int_eq(stored_state(result.request->id), CS_STATE_FAILED);
    }
    cs_result_done(&result);
}
END_TEST

START_TEST(test_new_ca_unreachable)
{
    struct cs_result result = {0};

    ca.unreachable = true;
    assert_fails(run_new("fake", NULL, &result), CS_E_CA_UNREACHABLE, &err);
    ck_assert_int_eq(result.request->state, CS_STATE_FAILED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 0);
    cs_result_done(&result);
}
END_TEST

/* Nobody knows whether the CA has the request: its key stays, and it is sent again. */
START_TEST(test_new_may_be_sent)
{
    struct cs_result result = {0};
    struct cs_result_list results = {0};

    ca.unreachable = true;
    ca.may_have_it = true;
    assert_fails(run_new("fake", NULL, &result), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.hint, "retrieve --request-id 1");
    ck_assert_int_eq(stored_state(1), CS_STATE_SUBMITTED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    assert_records("planned generated kept submitted");
    cs_result_done(&result);

    /* Also when it is certain that this time it did not get there. */
    ca.may_have_it = false;
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_E_CA_UNREACHABLE);
    ck_assert_int_eq(stored_state(1), CS_STATE_SUBMITTED);
    cs_result_list_done(&results);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);

    ca.unreachable = false;
    ca.answer = CS_CA_ISSUED;
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_OK);
    ck_assert_int_eq(stored_state(1), CS_STATE_IMPORTED);
    ck_assert_uint_eq(ca.submits, 3);
    ck_assert_uint_eq(ca.polls, 0);
    cs_result_list_done(&results);
}
END_TEST

/* `recover` takes it up too. */
START_TEST(test_recover_may_be_sent)
{
    struct cs_result result = {0};
    struct cs_result_list results = {0};
    struct cs_stray_list strays = {0};

    ca.unreachable = true;
    ca.may_have_it = true;
    assert_fails(run_new("fake", NULL, &result), CS_E_CA_UNREACHABLE, &err);
    cs_result_done(&result);
    ca.unreachable = false;
    ca.answer = CS_CA_PENDING;
    assert_ok(cs_flow_recover(&flow, NULL, &results, &strays, &err), &err);
    ck_assert_int_eq(stored_state(1), CS_STATE_PENDING);
    cs_result_list_done(&results);
    cs_stray_list_done(&strays);
}
END_TEST

/* The CA says before there is a key that it would refuse: nothing is made. */
START_TEST(test_new_asked_first)
{
    struct cs_result result = {0};

    ca.no_template = true;
    assert_fails(run_new("fake", NULL, &result), CS_E_CA_REFUSED, &err);
    ck_assert_uint_eq(ca.asked, 1);
    ck_assert_int_eq(result.request->id, 0);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), 0);
    assert_records("");
    cs_result_done(&result);
    flow.what_if = true;
    assert_ok(run_new("fake", NULL, &result), &err);
    ck_assert_uint_eq(ca.asked, 1);
    cs_result_done(&result);
}
END_TEST

/* ---- --wait ---- */

static unsigned pauses;
static unsigned paused_ms;

static void count_pause(unsigned ms)
{
    pauses++;
    paused_ms += ms;
}

/* Pauses of 1, 2, 4, 8, 16 and then 30 seconds, the last as long as is left. */
static const struct {
    unsigned wait;
    unsigned issue_at; /* the poll that gives the certificate; 0: none */
    unsigned pauses;
    unsigned paused_ms;
    cs_rc rc;
} waits[] = {
    {0, 1, 0, 0, CS_E_PENDING},      {1, 1, 1, 1000, CS_OK},
    {300, 1, 1, 1000, CS_OK},        {300, 4, 4, 15000, CS_OK},
    {10, 0, 4, 10000, CS_E_PENDING}, {100, 0, 8, 100000, CS_E_PENDING}, /* 1 2 4 8 16 30 30 9 */
};

static void expect_wait(size_t row)
{
    ck_assert_uint_eq(pauses, waits[row].pauses);
    ck_assert_uint_eq(paused_ms, waits[row].paused_ms);
    ck_assert_int_eq(stored_state(1),
                     waits[row].rc == CS_OK ? CS_STATE_IMPORTED : CS_STATE_PENDING);
}

START_TEST(test_new_waits)
{
    struct cs_result result = {0};

    flow.pause = count_pause;
    flow.wait = waits[_i].wait;
    ca.answer = CS_CA_PENDING;
    ca.issue_at = waits[_i].issue_at;
    assert_ok(run_new("fake", NULL, &result), &err);
    expect_wait((size_t)_i);
    cs_result_done(&result);
}
END_TEST

START_TEST(test_retrieve_waits)
{
    struct cs_result_list results = {0};

    given(CS_CA_PENDING);
    flow.pause = count_pause;
    flow.wait = waits[_i].wait;
    ca.issue_at = waits[_i].issue_at ? waits[_i].issue_at + 1 : 0; /* it asks once before */
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), waits[_i].rc);
    expect_wait((size_t)_i);
    cs_result_list_done(&results);
}
END_TEST

/* A CA that cannot be reached for a while is asked again; what went wrong last is told. */
START_TEST(test_wait_unreachable)
{
    struct cs_result_list results = {0};

    given(CS_CA_PENDING);
    ca.unreachable = true;
    flow.pause = count_pause;
    flow.wait = 7;
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_uint_eq(ca.polls, 4);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_E_CA_UNREACHABLE);
    ck_assert_int_eq(stored_state(1), CS_STATE_PENDING);
    cs_result_list_done(&results);
}
END_TEST

/* Ctrl-C ends the wait; the request stays. */
START_TEST(test_wait_interrupted)
{
    struct cs_result_list results = {0};

    given(CS_CA_PENDING);
    ui.looks = 0;
    ui.signal_at = 3;
    flow.pause = count_pause;
    flow.wait = 3600;
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_uint_le(pauses, 1);
    ck_assert_int_eq(stored_state(1), CS_STATE_PENDING);
    cs_result_list_done(&results);
}
END_TEST

START_TEST(test_new_denied_keeps_the_record)
{
    struct cs_result result = {0};

    ca.answer = CS_CA_DENIED;
    assert_fails(run_new("fake", NULL, &result), CS_E_CA_REFUSED, &err);
    assert_contains(err.message, "not today");
    ck_assert_int_eq(stored_state(result.request->id), CS_STATE_DENIED);
    cs_result_done(&result);
}
END_TEST

/* A certificate for another key is not imported, nor kept: the CA is asked again, by its number
 * where it gave one, else with the request. */
static void wrong_certificate(bool polled, bool no_number)
{
    struct cs_result result = {0};
    struct cs_result_list results = {0};
    enum cs_state state = polled ? CS_STATE_PENDING : CS_STATE_SUBMITTED;

    ca.wrong_key = true;
    ca.no_number = no_number;
    if (polled) {
        given(CS_CA_PENDING);
        ca.answer = CS_CA_ISSUED;
        assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
        err = results.items[0].error;
        cs_result_list_done(&results);
    } else {
        ca.answer = CS_CA_ISSUED;
        assert_fails(run_new("fake", NULL, &result), CS_E_MISMATCH, &err);
        cs_result_done(&result);
    }
    ck_assert_int_eq(err.code, CS_E_MISMATCH);
    assert_contains(err.message, "certificate 0123456789abcdef, subject CN=edge1.litwareinc.com");
    assert_contains(err.message, "another key");
    assert_contains(err.hint, "asks the CA again");
    ck_assert_int_eq(stored_state(1), state);
    ck_assert_uint_eq(cs_softkeys_cert_count(token), 0);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);

    ca.wrong_key = false;
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_OK);
    ck_assert_int_eq(stored_state(1), CS_STATE_IMPORTED);
    ck_assert_uint_eq(ca.submits, no_number ? 2 : 1);
    ck_assert_uint_eq(cs_softkeys_cert_count(token), 1);
    cs_result_list_done(&results);
}

START_TEST(test_new_wrong_certificate)
{
    wrong_certificate(false, false);
}
END_TEST

START_TEST(test_new_wrong_certificate_without_number)
{
    wrong_certificate(false, true);
}
END_TEST

START_TEST(test_retrieve_wrong_certificate)
{
    wrong_certificate(true, false);
}
END_TEST

/* The token refuses the certificate: `retrieve` imports it later. */
START_TEST(test_import_later)
{
    struct cs_result result = {0};
    struct cs_result_list results = {0};

    ca.answer = CS_CA_ISSUED;
    cs_softkeys_fail_op(token, CS_SOFTKEYS_PUT_CERTIFICATE, 1);
    assert_fails(run_new("fake", NULL, &result), CS_E_TOKEN_REFUSED, &err);
    ck_assert_int_eq(stored_state(result.request->id), CS_STATE_ISSUED);
    cs_result_done(&result);

    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_OK);
    ck_assert_int_eq(results.items[0].request->state, CS_STATE_IMPORTED);
    ck_assert_uint_eq(ca.polls, 0);
    cs_result_list_done(&results);
}
END_TEST

/* ---- retrieve ---- */

static const struct {
    enum cs_disposition answer;
    enum cs_state state;
    cs_rc rc;
} polls[] = {
    {CS_CA_ISSUED, CS_STATE_IMPORTED, CS_OK},
    {CS_CA_PENDING, CS_STATE_PENDING, CS_E_PENDING},
    {CS_CA_DENIED, CS_STATE_DENIED, CS_E_CA_REFUSED},
    {CS_CA_REVOKED, CS_STATE_REVOKED, CS_E_CA_REFUSED},
};

START_TEST(test_retrieve)
{
    struct cs_result_list results = {0};
    int64_t id = given(CS_CA_PENDING);

    ca.answer = polls[_i].answer;
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_uint_eq(results.count, 1);
    ck_assert_int_eq(stored_state(id), polls[_i].state);
    ck_assert_int_eq(cs_result_list_rc(&results, true), polls[_i].rc);
    cs_result_list_done(&results);
}
END_TEST

/* One that cannot be read and one that cannot be asked about do not stop the third. */
START_TEST(test_retrieve_goes_on)
{
    struct cs_result_list results = {0};
    int64_t first = given(CS_CA_PENDING);
    int64_t second = given(CS_CA_PENDING);

    ca.answer = CS_CA_ISSUED;
    cs_softkeys_fail_op(token, CS_SOFTKEYS_FIND, 1);
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_uint_eq(results.count, 2);
    ck_assert_int_eq(results.items[0].error.code, CS_E_TOKEN_REFUSED);
    ck_assert_int_eq(results.items[1].error.code, CS_OK);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_E_PARTIAL);
    ck_assert_int_eq(stored_state(first), CS_STATE_ISSUED);
    ck_assert_int_eq(stored_state(second), CS_STATE_IMPORTED);
    cs_result_list_done(&results);
}
END_TEST

START_TEST(test_retrieve_unreachable)
{
    struct cs_result_list results = {0};
    int64_t id = given(CS_CA_PENDING);

    ca.unreachable = true;
    assert_ok(cs_flow_retrieve(&flow, &(struct cs_retrieve_options){0}, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_E_CA_UNREACHABLE);
    ck_assert_int_eq(stored_state(id), CS_STATE_PENDING);
    cs_result_list_done(&results);
}
END_TEST

START_TEST(test_reply)
{
    cs_autofree char *reply = answer_to_offline();
    const struct cs_retrieve_options options = {.selection = {.request_id = 1}, .reply = reply};
    struct cs_result_list results = {0};

    assert_ok(cs_flow_retrieve(&flow, &options, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_OK);
    ck_assert_int_eq(stored_state(1), CS_STATE_IMPORTED);
    ck_assert_uint_eq(cs_softkeys_cert_count(token), 1);
    cs_result_list_done(&results);
}
END_TEST

START_TEST(test_reply_for_another_key)
{
    ca.wrong_key = true;
    cs_autofree char *reply = answer_to_offline();
    const struct cs_retrieve_options options = {.selection = {.request_id = 1}, .reply = reply};
    struct cs_result_list results = {0};

    assert_ok(cs_flow_retrieve(&flow, &options, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, true), CS_E_MISMATCH);
    ck_assert_int_eq(stored_state(1), CS_STATE_OFFLINE);
    ck_assert_uint_eq(cs_softkeys_cert_count(token), 0);
    cs_result_list_done(&results);
}
END_TEST

START_TEST(test_reply_needs_a_number)
{
    struct cs_result_list results = {0};
    const struct cs_retrieve_options options = {.reply = "/dev/null"};

    assert_fails(cs_flow_retrieve(&flow, &options, &results, &err), CS_E_USAGE, &err);
}
END_TEST

/* ---- clear ---- */

static const struct {
    bool named;
    bool is_there;
    bool says_yes;
    bool destroyed;
} clears[] = {
    {true, false, false, true},
    {false, false, false, false},
    {false, true, false, false},
    {false, true, true, true},
};

START_TEST(test_clear)
{
    struct cs_result_list results = {0};
    int64_t id = given(CS_CA_PENDING);
    const struct cs_selection selection = {.request_id = clears[_i].named ? id : 0};

    ui.is_there = clears[_i].is_there;
    ui.says_yes = clears[_i].says_yes;
    assert_ok(cs_flow_clear(&flow, &selection, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, false), CS_OK);
    ck_assert_int_eq(stored_state(id), CS_STATE_CLEARED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), clears[_i].destroyed ? 0 : 1);
    ck_assert_uint_eq(results.items[0].warnings.count, clears[_i].destroyed ? 1 : 2);
    cs_result_list_done(&results);
}
END_TEST

/* While the token was opened: the request stays as it is. */
START_TEST(test_clear_signal)
{
    struct cs_result_list results = {0};
    int64_t id = given(CS_CA_PENDING);
    const struct cs_selection selection = {.request_id = id};

    ui.looks = 0;
    ui.signal_at = 2;
    assert_ok(cs_flow_clear(&flow, &selection, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, false), CS_E_CANCELLED);
    ck_assert_int_eq(stored_state(id), CS_STATE_PENDING);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    cs_result_list_done(&results);
}
END_TEST

/* Another token is at hand: the key is not there, and so not destroyed. */
START_TEST(test_clear_on_another_token)
{
    struct cs_result_list results = {0};
    int64_t id = given(CS_CA_PENDING);
    const struct cs_selection selection = {.request_id = id};
    struct cs_keystore *other = cs_softkeys_new();

    flow.keystore = cs_softkeys_source(other);
    assert_ok(cs_flow_clear(&flow, &selection, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, false), CS_E_TOKEN_ABSENT);
    assert_contains(results.items[0].error.hint, "--token 'pkcs11:model=soft;");
    ck_assert_int_eq(stored_state(id), CS_STATE_PENDING);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    cs_result_list_done(&results);
    cs_softkeys_free(other);
}
END_TEST

/* Why the CA denied it stays with the request; what was to be done about that is done. */
START_TEST(test_clear_denied)
{
    struct cs_result result = {0};
    struct cs_result_list results = {0};
    struct cs_request *request = NULL;

    ca.answer = CS_CA_DENIED;
    assert_fails(run_new("fake", NULL, &result), CS_E_CA_REFUSED, &err);
    assert_contains(err.hint, "cscert clear --request-id 1");
    cs_result_done(&result);
    assert_ok(cs_flow_clear(&flow, &(struct cs_selection){.request_id = 1}, &results, &err), &err);
    ck_assert_int_eq(stored_state(1), CS_STATE_CLEARED);
    assert_ok(cs_store_get(store, 1, &request, &err), &err);
    ck_assert_int_eq(request->error.code, CS_E_CA_REFUSED);
    assert_contains(request->error.message, "not today");
    ck_assert_str_eq(request->error.hint, "");
    cs_request_free(request);
    cs_result_list_done(&results);
}
END_TEST

/* A key with a certificate stays whatever is said; what is done cannot be withdrawn. */
START_TEST(test_clear_keeps_what_is_used)
{
    struct cs_result_list results = {0};
    int64_t id = given(CS_CA_ISSUED);
    const struct cs_selection selection = {.request_id = id};

    assert_ok(cs_flow_clear(&flow, &selection, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, false), CS_E_USAGE);
    ck_assert_int_eq(stored_state(id), CS_STATE_IMPORTED);
    cs_result_list_done(&results);

    ca.answer = CS_CA_REVOKED;
    const struct cs_retrieve_options named = {.selection = selection};
    assert_ok(cs_flow_retrieve(&flow, &named, &results, &err), &err);
    ck_assert_int_eq(stored_state(id), CS_STATE_REVOKED);
    cs_result_list_done(&results);
    assert_ok(cs_flow_clear(&flow, &selection, &results, &err), &err);
    ck_assert_int_eq(stored_state(id), CS_STATE_CLEARED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    cs_result_list_done(&results);
}
END_TEST

/* The token is not there: the request stays, so that its key is not forgotten. */
START_TEST(test_clear_without_token)
{
    struct cs_result_list results = {0};
    int64_t id = given(CS_CA_PENDING);
    const struct cs_selection selection = {.request_id = id};

    cs_softkeys_fail_op(token, CS_SOFTKEYS_OPEN, 1);
    assert_ok(cs_flow_clear(&flow, &selection, &results, &err), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, false), CS_E_TOKEN_REFUSED);
    ck_assert_int_eq(stored_state(id), CS_STATE_PENDING);
    cs_result_list_done(&results);
}
END_TEST

/* ---- list ---- */

START_TEST(test_tokenlist)
{
    struct cs_result_list results = {0};

    given(CS_CA_ISSUED);
    given(CS_CA_PENDING);
    assert_ok(cs_flow_list(&flow, &(struct cs_list_options){0}, &results, &err), &err);
    ck_assert_uint_eq(results.count, 2);
    ck_assert_int_eq(cs_result_list_rc(&results, false), CS_OK);
    cs_result_list_done(&results);

    assert_ok(cs_flow_list(&flow, &(struct cs_list_options){.open_only = true}, &results, &err),
              &err);
    ck_assert_uint_eq(results.count, 1);
    ck_assert_int_eq(results.items[0].request->id, 2);
    cs_result_list_done(&results);

    const struct cs_list_options wrong = {.selection = {.request_id = 99}};
    assert_fails(cs_flow_list(&flow, &wrong, &results, &err), CS_E_USAGE, &err);
    ck_assert_uint_eq(results.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flow");
    TCase *tcase = tcase_create("flow");

    cs_err_clear(&err);
    if (cs_secret_setup(&err) != CS_OK) {
        fprintf(stderr, "%s\n", err.message);
        return EXIT_FAILURE;
    }
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_new_offline);
    tcase_add_test(tcase, test_new_issued);
    add_rows(tcase, test_new_token_fails, failures);
    tcase_add_test(tcase, test_new_undo_fails);
    tcase_add_test(tcase, test_recover_intents);
    tcase_add_test(tcase, test_new_refused_early);
    tcase_add_test(tcase, test_new_what_if);
    tcase_add_test(tcase, test_new_confirm);
    tcase_add_loop_test(tcase, test_new_interrupted, 1, 6);
    tcase_add_test(tcase, test_new_ca_unreachable);
    tcase_add_test(tcase, test_new_may_be_sent);
    tcase_add_test(tcase, test_recover_may_be_sent);
    tcase_add_test(tcase, test_new_asked_first);
    add_rows(tcase, test_new_waits, waits);
    add_rows(tcase, test_retrieve_waits, waits);
    tcase_add_test(tcase, test_wait_unreachable);
    tcase_add_test(tcase, test_wait_interrupted);
    tcase_add_test(tcase, test_new_denied_keeps_the_record);
    tcase_add_test(tcase, test_new_wrong_certificate);
    tcase_add_test(tcase, test_new_wrong_certificate_without_number);
    tcase_add_test(tcase, test_retrieve_wrong_certificate);
    tcase_add_test(tcase, test_import_later);
    add_rows(tcase, test_retrieve, polls);
    tcase_add_test(tcase, test_retrieve_goes_on);
    tcase_add_test(tcase, test_retrieve_unreachable);
    tcase_add_test(tcase, test_reply);
    tcase_add_test(tcase, test_reply_for_another_key);
    tcase_add_test(tcase, test_reply_needs_a_number);
    add_rows(tcase, test_clear, clears);
    tcase_add_test(tcase, test_clear_signal);
    tcase_add_test(tcase, test_clear_on_another_token);
    tcase_add_test(tcase, test_clear_denied);
    tcase_add_test(tcase, test_clear_keeps_what_is_used);
    tcase_add_test(tcase, test_clear_without_token);
    tcase_add_test(tcase, test_tokenlist);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

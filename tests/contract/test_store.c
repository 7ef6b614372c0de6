/* The store's contract (port/store.h), over SQLite. */
#include "port/store.h"

#include "base/clock.h"
#include "base/mem.h"
#include "support/check_run.h"
#include "support/storebox.h"

#include <stdio.h>
#include <stdlib.h>

/* Every member set, to something that no other member has. */
static struct cs_request *full_request(void)
{
    struct cs_request *request = storebox_request("edge1.litwareinc.net");
    struct cs_plan *plan = request->plan;

    plan->types |= 1u << CS_TYPE_UPGRADE_ENGINE_SERVICE | 1u << CS_TYPE_DEFAULT;
    plan->computer = cs_strdup("computer.litwareinc.net");
    plan->pool = cs_strdup("pool.litwareinc.net");
    plan->subject.organizational_unit = cs_strdup("Über \"Unit\"");
    plan->subject.organization = cs_strdup("Litware, Inc.");
    plan->subject.locality = cs_strdup("Zürich\n");
    plan->subject.state = cs_strdup("ZH");
    plan->subject.country = cs_strdup("CH");
    plan->key_spec = (struct cs_key_spec){CS_KEY_EC_P521, 521};
    plan->exportable = true;
    plan->client_eku = true;
    plan->friendly_name = cs_strdup("friendly");
    plan->output = cs_strdup("/tmp/out.csr");
    plan->output_der = true;
    plan->template_name = cs_strdup("WebServer");
    plan->ca_account = cs_strdup("LITWARE\\kmyer");
    plan->global_catalog = cs_strdup("gc.litwareinc.net");
    plan->global_settings_dc = cs_strdup("dc.litwareinc.net");
    cs_plan_add_name(plan, "b.litwareinc.net", "-DomainName", "");
    cs_plan_add_name(plan, "a.litwareinc.net", NULL, NULL);
    cs_strv_add(&plan->warnings, "second in the alphabet, first here");
    cs_strv_add(&plan->warnings, "");

    request->module_path = cs_strdup("/usr/lib/softhsm/libsofthsm2.so");
    request->key_uri = cs_strdup("pkcs11:token=edge;id=%01;type=private");
    for (size_t i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        request->attrs.answer[i] = (enum cs_answer)(i % 3);
        request->attrs.unreliable[i] = i % 2;
    }
    request->attrs.gen_mechanism_known = true;
    request->attrs.gen_mechanism = UINT64_MAX;
    request->generation = CS_GEN_SESSION_COPY;
    request->spki = cs_bytes_copy("\0spki", 5);
    request->csr = cs_bytes_copy("csr\0\xff", 5);
    request->ca_request_id = cs_strdup("4711");
    request->ca_handle = cs_strdup("handle");
    request->ca_message = cs_strdup("Taken Under Submission");
    request->certificate = cs_bytes_copy("certificate", 11);
    request->chain = cs_bytes_copy("chain", 5);
    cs_err_set(&request->error, CS_E_CA_REFUSED, "refused");
    cs_err_cause(&request->error, CS_ORIGIN_HRESULT, INT64_C(-2146875392), "NAME", "Submit");
    cs_err_hint(&request->error, "hint");
    return request;
}

static struct cs_request *bare_request(void)
{
    struct cs_request *request = cs_request_new();

    request->plan = cs_plan_new();
    return request;
}

/* Empty is not NULL. */
static struct cs_request *empty_request(void)
{
    struct cs_request *request = bare_request();

    request->plan->computer = cs_strdup("");
    request->plan->subject.country = cs_strdup("");
    request->label = cs_strdup("");
    request->ca_message = cs_strdup("");
    request->csr = cs_bytes_copy("", 0);
    return request;
}

static struct cs_request *(*const samples[])(void) = {full_request, bare_request, empty_request};

START_TEST(request_comes_back_as_it_was)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = samples[_i]();
    cs_auto(cs_request) stored = NULL;
    struct cs_err err = {0};
    int64_t before = cs_clock_now();

    assert_ok(cs_store_add(store, request, &err), &err);
    ck_assert_int_gt(request->id, 0);
    ck_assert_int_eq(request->state, CS_STATE_PLANNED);
    ck_assert_int_ge(request->created, before);
    ck_assert_int_eq(request->updated, request->created);

    /* Through the file, not through this connection's memory. */
    cs_store_close(cs_steal(&store));
    store = storebox_open();
    assert_ok(cs_store_get(store, request->id, &stored, &err), &err);
    storebox_assert_same(request, stored);
}
END_TEST

START_TEST(transition_writes_every_member)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) full = full_request();
    cs_auto(cs_request) request = bare_request();
    cs_auto(cs_request) stored = NULL;
    struct cs_err err = {0};

    assert_ok(cs_store_add(store, request, &err), &err);
    /* All but the plan, which stays what it was. */
    struct cs_plan *plan = cs_steal(&request->plan);
    cs_plan_free(cs_steal(&full->plan));
    full->id = request->id;
    full->created = request->created;
    full->plan = plan;
    cs_request_free(cs_steal(&request));

    assert_ok(cs_store_transition(store, full, CS_STATE_SIGNED, &err), &err);
    ck_assert_int_eq(full->state, CS_STATE_SIGNED);
    assert_ok(cs_store_get(store, full->id, &stored, &err), &err);
    storebox_assert_same(full, stored);
}
END_TEST

static void try_transition(struct cs_store *store, enum cs_state from, enum cs_state to)
{
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    cs_auto(cs_request) stored = NULL;
    struct cs_err err = {0};

    assert_ok(cs_store_add(store, request, &err), &err);
    storebox_take_to(store, request, from);
    request->updated = 7;
    if (to < CS_STATE_COUNT && cs_state_can_go(from, to)) {
        assert_ok(cs_store_transition(store, request, to, &err), &err);
        ck_assert_int_eq(request->state, to);
        ck_assert_int_gt(request->updated, 7);
    } else {
        assert_fails(cs_store_transition(store, request, to, &err), CS_E_INTERNAL, &err);
        ck_assert_int_eq(request->state, from);
        ck_assert_int_eq(request->updated, 7);
    }
    assert_ok(cs_store_get(store, request->id, &stored, &err), &err);
    ck_assert_int_eq(stored->state, request->state);
}

START_TEST(transition_follows_the_table)
{
    cs_auto(cs_store) store = storebox_open();

    /* One past the last state too: that is no state. */
    for (int to = 0; to <= CS_STATE_COUNT; to++) {
        try_transition(store, (enum cs_state)_i, (enum cs_state)to);
    }
}
END_TEST

START_TEST(transition_of_a_request_that_others_took_on_is_refused)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    cs_auto(cs_request) stale = NULL;
    struct cs_err err = {0};

    assert_ok(cs_store_add(store, request, &err), &err);
    assert_ok(cs_store_get(store, request->id, &stale, &err), &err);
    assert_ok(cs_store_transition(store, request, CS_STATE_SIGNED, &err), &err);

    assert_fails(cs_store_transition(store, stale, CS_STATE_FAILED, &err), CS_E_STORE, &err);
    assert_contains(err.message, "another process was faster");
    ck_assert_int_eq(stale->state, CS_STATE_PLANNED);
    assert_fails(cs_store_note(store, stale, &err), CS_E_STORE, &err);
    stale->id = 99;
    assert_fails(cs_store_transition(store, stale, CS_STATE_FAILED, &err), CS_E_USAGE, &err);
    /* Only what happened has a record. */
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal"), 2);
}
END_TEST

START_TEST(note_changes_answer_and_error_only)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    cs_auto(cs_request) stored = NULL;
    struct cs_err err = {0};

    assert_ok(cs_store_add(store, request, &err), &err);
    request->ca_request_id = cs_strdup("12");
    request->ca_handle = cs_strdup("h");
    request->ca_message = cs_strdup("m");
    cs_err_set(&request->error, CS_E_CA_UNREACHABLE, "no answer");
    assert_ok(cs_store_note(store, request, &err), &err);

    assert_ok(cs_store_get(store, request->id, &stored, &err), &err);
    storebox_assert_same(request, stored);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal"), 1);
}
END_TEST

START_TEST(unknown_number_is_usage)
{
    cs_auto(cs_store) store = storebox_open();
    struct cs_request *none = NULL;
    struct cs_err err = {0};

    assert_fails(cs_store_get(store, 1, &none, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "no request 1");
    ck_assert_ptr_null(none);
}
END_TEST

/* ---- the journal goes with the transition ---- */

struct seen {
    int64_t sequence;
    char previous[64];
    enum cs_state state;
    int64_t time;
    bool fail;
    int64_t fail_at; /* a sequence number; 0: none */
};

static cs_rc record_seen(void *ctx, int64_t sequence, const char *previous, int64_t time,
                         const struct cs_record *record, char **ret_json, struct cs_err *err)
{
    const struct cs_request *request = record->request;
    struct seen *seen = ctx;

    if (seen->fail || sequence == seen->fail_at) {
        return cs_fail(err, CS_E_EVIDENCE, "no record today");
    }
    seen->sequence = sequence;
    snprintf(seen->previous, sizeof seen->previous, "%s", previous ? previous : "none");
    seen->state = request->state;
    seen->time = time;
    ck_assert(record->event ? time >= request->updated : time == request->updated);
    ck_assert_int_gt(request->id, 0);
    *ret_json = cs_asprintf("record %lld", (long long)sequence);
    return CS_OK;
}

START_TEST(record_sees_the_new_state_and_the_record_before)
{
    cs_auto(cs_store) store = NULL;
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct seen seen = {0};
    struct cs_err err = {0};

    assert_ok(cs_store_open(storebox_path(""), 0, record_seen, &seen, &store, &err), &err);
    assert_ok(cs_store_add(store, request, &err), &err);
    ck_assert_int_eq(seen.sequence, 1);
    ck_assert_str_eq(seen.previous, "none");
    ck_assert_int_eq(seen.state, CS_STATE_PLANNED);
    assert_ok(cs_store_transition(store, request, CS_STATE_SIGNED, &err), &err);
    ck_assert_int_eq(seen.sequence, 2);
    ck_assert_str_eq(seen.previous, "record 1");
    ck_assert_int_eq(seen.state, CS_STATE_SIGNED);
}
END_TEST

START_TEST(without_its_record_nothing_happens)
{
    cs_auto(cs_store) store = NULL;
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    cs_auto(cs_request) other = storebox_request("edge2.litwareinc.net");
    cs_auto(cs_request) stored = NULL;
    struct seen seen = {0};
    struct cs_err err = {0};

    assert_ok(cs_store_open(storebox_path(""), 0, record_seen, &seen, &store, &err), &err);
    assert_ok(cs_store_add(store, request, &err), &err);
    request->updated = 7;
    seen.fail = true;
    assert_fails(cs_store_transition(store, request, CS_STATE_SIGNED, &err), CS_E_EVIDENCE, &err);
    ck_assert_int_eq(request->state, CS_STATE_PLANNED);
    ck_assert_int_eq(request->updated, 7);
    assert_fails(cs_store_add(store, other, &err), CS_E_EVIDENCE, &err);
    ck_assert_int_eq(other->id, 0);
    ck_assert_int_eq(other->created, 0);

    assert_ok(cs_store_get(store, request->id, &stored, &err), &err);
    ck_assert_int_eq(stored->state, CS_STATE_PLANNED);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM request"), 1);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM request_name"), 1);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal"), 1);

    seen.fail = false;
    assert_ok(cs_store_transition(store, request, CS_STATE_SIGNED, &err), &err);
}
END_TEST

/* Two results in one commit: a record each; if the second record fails, neither has happened. */
START_TEST(transitions_happen_together)
{
    static const enum cs_state path[] = {CS_STATE_SIGNED, CS_STATE_KEPT};
    static const enum cs_state wrong[] = {CS_STATE_SIGNED, CS_STATE_OFFLINE};
    cs_auto(cs_store) store = NULL;
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    cs_auto(cs_request) stored = NULL;
    struct seen seen = {.fail_at = 3};
    struct cs_err err = {0};

    assert_ok(cs_store_open(storebox_path(""), 0, record_seen, &seen, &store, &err), &err);
    assert_ok(cs_store_add(store, request, &err), &err);
    assert_fails(cs_store_transitions(store, request, wrong, 2, &err), CS_E_INTERNAL, &err);
    assert_fails(cs_store_transitions(store, request, path, 2, &err), CS_E_EVIDENCE, &err);
    ck_assert_int_eq(request->state, CS_STATE_PLANNED);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal"), 1);

    seen.fail_at = 0;
    assert_ok(cs_store_transitions(store, request, path, 2, &err), &err);
    ck_assert_int_eq(request->state, CS_STATE_KEPT);
    ck_assert_int_eq(seen.state, CS_STATE_KEPT);
    ck_assert_int_eq(seen.sequence, 3);
    ck_assert_str_eq(seen.previous, "record 2");
    assert_ok(cs_store_get(store, request->id, &stored, &err), &err);
    ck_assert_int_eq(stored->state, CS_STATE_KEPT);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal"), 3);
}
END_TEST

static cs_rc stop_at_two(void *ctx, int64_t sequence, const char *json, struct cs_err *err)
{
    int64_t *count = ctx;

    *count += 1;
    ck_assert_int_eq(sequence, *count);
    assert_contains(json, "\"seq\":");
    return sequence == 2 ? cs_fail(err, CS_E_EVIDENCE, "enough") : CS_OK;
}

static cs_rc keep_last(void *ctx, int64_t sequence, const char *json, struct cs_err *err)
{
    char **last = ctx;

    (void)sequence;
    (void)err;
    free(*last);
    *last = cs_strdup(json);
    return CS_OK;
}

/* It tells of the request as it is, and changes nothing of it. */
START_TEST(an_event_is_a_record_of_its_own)
{
    static const struct cs_event_detail details[] = {{"file", "edge.pfx"}, {"format", "PKCS#12"}};
    const struct cs_event event = {.type = "exported", .details = details, .count = 2};
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    cs_auto(cs_request) other = storebox_request("edge2.litwareinc.net");
    cs_auto(cs_request) after = NULL;
    cs_autofree char *last = NULL;
    struct cs_err err = {0};
    int64_t count = -1;

    assert_fails(cs_store_event(store, request, &event, &err), CS_E_INTERNAL, &err);
    assert_ok(cs_store_add(store, request, &err), &err);
    assert_ok(cs_store_add(store, other, &err), &err);
    assert_ok(cs_store_count_events(store, request->id, "exported", &count, &err), &err);
    ck_assert_int_eq(count, 0);
    for (int64_t times = 1; times <= 2; times++) {
        assert_ok(cs_store_event(store, request, &event, &err), &err);
        assert_ok(cs_store_count_events(store, request->id, "exported", &count, &err), &err);
        ck_assert_int_eq(count, times);
    }
    assert_ok(cs_store_count_events(store, request->id, "planned", &count, &err), &err);
    ck_assert_int_eq(count, 1);
    assert_ok(cs_store_count_events(store, other->id, "exported", &count, &err), &err);
    ck_assert_int_eq(count, 0);
    assert_ok(cs_store_records(store, keep_last, &last, &err), &err);
    assert_contains(last, "\"detail\":{\"file\":\"edge.pfx\",\"format\":\"PKCS#12\"}");
    assert_contains(last, "\"type\":\"exported\"");
    assert_contains(last, "\"state\":\"PLANNED\"");
    assert_ok(cs_store_get(store, request->id, &after, &err), &err);
    storebox_assert_same(request, after);
}
END_TEST

/* A record that cannot be made has not been written. */
START_TEST(an_event_without_its_record)
{
    const struct cs_event event = {.type = "exporting"};
    cs_auto(cs_store) store = NULL;
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct seen seen = {0};
    struct cs_err err = {0};

    assert_ok(cs_store_open(storebox_path(""), 0, record_seen, &seen, &store, &err), &err);
    assert_ok(cs_store_add(store, request, &err), &err);
    seen.fail = true;
    assert_fails(cs_store_event(store, request, &event, &err), CS_E_EVIDENCE, &err);
    seen.fail = false;
    assert_ok(cs_store_event(store, request, &event, &err), &err);
    ck_assert_int_eq(seen.sequence, 2);
    ck_assert_str_eq(seen.previous, "record 1");
}
END_TEST

START_TEST(records_come_in_order_until_one_is_refused)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct cs_err err = {0};
    int64_t count = 0;

    assert_ok(cs_store_add(store, request, &err), &err);
    storebox_take_to(store, request, CS_STATE_KEPT);
    assert_fails(cs_store_records(store, stop_at_two, &count, &err), CS_E_EVIDENCE, &err);
    ck_assert_int_eq(count, 2);
}
END_TEST

/* ---- finding ---- */

START_TEST(ids_are_those_whose_state_is_liked)
{
    cs_auto(cs_store) store = storebox_open();
    cs_autofree int64_t *ids = NULL;
    struct cs_err err = {0};
    size_t count = 0;

    for (int state = 0; state < CS_STATE_COUNT; state++) {
        cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
        assert_ok(cs_store_add(store, request, &err), &err);
        ck_assert_int_eq(request->id, state + 1);
        storebox_take_to(store, request, (enum cs_state)state);
    }
    assert_ok(cs_store_ids(store, cs_state_is_open, &ids, &count, &err), &err);
    /* OFFLINE, SUBMITTED, PENDING, ISSUED, DENIED, REVOKED */
    const int64_t expected[] = {4, 5, 6, 7, 8, 9};
    ck_assert_uint_eq(count, ROWS(expected));
    ck_assert_mem_eq(ids, expected, sizeof expected);
}
END_TEST

/* Of one pool only, and a request without a pool is of none. */
START_TEST(pool_ids_are_those_that_have_not_ended)
{
    cs_auto(cs_store) store = storebox_open();
    cs_autofree int64_t *ids = NULL;
    struct cs_err err = {0};
    size_t count = 0;

    for (int state = 0; state < CS_STATE_COUNT; state++) {
        static const char *const pools[] = {"edge.litwareinc.net", NULL, "other.litwareinc.net"};
        for (size_t i = 0; i < ROWS(pools); i++) {
            cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
            request->plan->pool = cs_strdup(pools[i]);
            assert_ok(cs_store_add(store, request, &err), &err);
            storebox_take_to(store, request, (enum cs_state)state);
        }
    }
    assert_ok(cs_store_pool_ids(store, "edge.litwareinc.net", &ids, &count, &err), &err);
    /* All states but CLEARED and FAILED, the last two: the first of three each. */
    ck_assert_uint_eq(count, CS_STATE_COUNT - 2);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(ids[i], 3 * (int64_t)i + 1);
    }
    free(cs_steal(&ids));
    assert_ok(cs_store_pool_ids(store, "edge", &ids, &count, &err), &err);
    ck_assert_uint_eq(count, 0);
}
END_TEST

/* What a request without a topology costs must not grow: no page of the index is its. */
START_TEST(pool_index_holds_pools_only)
{
    cs_auto(cs_store) store = storebox_open();
    struct cs_err err = {0};

    for (int i = 0; i < 3; i++) {
        cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
        request->plan->pool = i == 1 ? cs_strdup("edge.litwareinc.net") : NULL;
        assert_ok(cs_store_add(store, request, &err), &err);
    }
    cs_store_close(cs_steal(&store));
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM request INDEXED BY request_pool"
                                     " WHERE pool IS NOT NULL"),
                     1);
    /* SQLite refuses INDEXED BY unless the index can answer the question. */
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM request INDEXED BY request_pool"
                                     " WHERE pool = 'edge.litwareinc.net'"),
                     1);
}
END_TEST

START_TEST(ca_number_must_be_the_only_one)
{
    cs_auto(cs_store) store = storebox_open();
    struct cs_err err = {0};
    int64_t id = 0;

    assert_fails(cs_store_find_ca_id(store, "7", &id, &err), CS_E_USAGE, &err);
    for (int i = 0; i < 2; i++) {
        cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
        request->ca_request_id = cs_strdup("7");
        assert_ok(cs_store_add(store, request, &err), &err);
        if (i == 0) {
            assert_ok(cs_store_find_ca_id(store, "7", &id, &err), &err);
            ck_assert_int_eq(id, request->id);
        }
    }
    assert_fails(cs_store_find_ca_id(store, "7", &id, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "several");
}
END_TEST

/* What a request in each state still holds on to. */
START_TEST(key_and_label_are_held_until_the_request_ends)
{
    enum cs_state state = (enum cs_state)_i;
    bool held = state != CS_STATE_CLEARED && state != CS_STATE_FAILED;
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    const uint8_t other_key[CS_KEY_ID_LEN] = {1};
    struct cs_err err = {0};
    bool answer = !held;

    assert_ok(cs_store_add(store, request, &err), &err);
    storebox_take_to(store, request, state);
    assert_ok(cs_store_key_is_shared(store, 99, request->key_id, &answer, &err), &err);
    ck_assert_int_eq(answer, held);
    answer = !held;
    assert_ok(cs_store_label_is_used(store, request->label, &answer, &err), &err);
    ck_assert_int_eq(answer, held);

    assert_ok(cs_store_key_is_shared(store, request->id, request->key_id, &answer, &err), &err);
    ck_assert(!answer);
    assert_ok(cs_store_key_is_shared(store, 99, other_key, &answer, &err), &err);
    ck_assert(!answer);
    assert_ok(cs_store_label_is_used(store, "another", &answer, &err), &err);
    ck_assert(!answer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("contract");

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    add_rows(tcase, request_comes_back_as_it_was, samples);
    tcase_add_test(tcase, transition_writes_every_member);
    tcase_add_loop_test(tcase, transition_follows_the_table, 0, CS_STATE_COUNT);
    tcase_add_test(tcase, transition_of_a_request_that_others_took_on_is_refused);
    tcase_add_test(tcase, note_changes_answer_and_error_only);
    tcase_add_test(tcase, unknown_number_is_usage);
    tcase_add_test(tcase, record_sees_the_new_state_and_the_record_before);
    tcase_add_test(tcase, without_its_record_nothing_happens);
    tcase_add_test(tcase, transitions_happen_together);
    tcase_add_test(tcase, an_event_is_a_record_of_its_own);
    tcase_add_test(tcase, an_event_without_its_record);
    tcase_add_test(tcase, records_come_in_order_until_one_is_refused);
    tcase_add_test(tcase, ids_are_those_whose_state_is_liked);
    tcase_add_test(tcase, pool_ids_are_those_that_have_not_ended);
    tcase_add_test(tcase, pool_index_holds_pools_only);
    tcase_add_test(tcase, ca_number_must_be_the_only_one);
    tcase_add_loop_test(tcase, key_and_label_are_held_until_the_request_ends, 0, CS_STATE_COUNT);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

/* Several writes in one commit (port/store.h): all of them or none, but one that fails alone. */
#include "base/mem.h"
#include "port/store.h"
#include "support/check_run.h"
#include "support/storebox.h"

#include <stdlib.h>

static struct cs_err err;
static struct cs_store *store;

static void setup(void)
{
    storebox_setup();
    err = (struct cs_err){0};
    store = storebox_open();
}

static void teardown(void)
{
    cs_store_close(store);
    storebox_teardown();
}

static struct cs_request *add(void)
{
    struct cs_request *request = storebox_request("edge1.litwareinc.net");

    assert_ok(cs_store_add(store, request, &err), &err);
    return request;
}

static void add_one(void)
{
    cs_request_free(add());
}

static bool is_any(enum cs_state state)
{
    (void)state;
    return true;
}

/* As this connection sees it. */
static size_t count_requests(struct cs_store *of)
{
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;

    assert_ok(cs_store_ids(of, is_any, &ids, &count, &err), &err);
    return count;
}

/* Others see nothing of it before its end, this connection all. */
START_TEST(group_is_one_commit)
{
    cs_auto(cs_store) other = storebox_open();

    assert_ok(cs_store_group_begin(store, &err), &err);
    cs_auto(cs_request) first = add();
    add_one();
    assert_ok(cs_store_transition(store, first, CS_STATE_SIGNED, &err), &err);
    cs_auto(cs_request) stored = NULL;
    assert_ok(cs_store_get(store, first->id, &stored, &err), &err);
    ck_assert_int_eq(stored->state, CS_STATE_SIGNED);
    ck_assert_uint_eq(count_requests(store), 2);
    ck_assert_uint_eq(count_requests(other), 0);
    assert_ok(cs_store_group_end(store, &err), &err);
    ck_assert_uint_eq(count_requests(other), 2);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal"), 3);
}
END_TEST

START_TEST(group_is_undone_whole)
{
    struct cs_key_intent intent = {.token_uri = (char[]){"pkcs11:token=edge"}};
    cs_auto_value(cs_key_intent_list) intents = {0};

    assert_ok(cs_store_group_begin(store, &err), &err);
    add_one();
    assert_ok(cs_store_intent_add(store, &intent, &err), &err);
    cs_store_group_undo(store);
    cs_store_group_undo(store); /* nothing is */
    ck_assert_uint_eq(count_requests(store), 0);
    assert_ok(cs_store_intents(store, &intents, &err), &err);
    ck_assert_uint_eq(intents.count, 0);
    /* And the store goes on. */
    cs_auto(cs_request) next = add();
    ck_assert_int_eq(next->id, 1);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal"), 1);
}
END_TEST

/* What is closed without an end has not happened. */
START_TEST(group_ends_with_the_store)
{
    assert_ok(cs_store_group_begin(store, &err), &err);
    add_one();
    cs_store_close(store);
    store = storebox_open();
    ck_assert_uint_eq(count_requests(store), 0);
}
END_TEST

/* A stale request in the middle: its row and its record are not there, those around it are. */
START_TEST(write_that_fails_is_undone_alone)
{
    cs_auto(cs_request) request = add();
    cs_auto(cs_request) stale = NULL;

    assert_ok(cs_store_get(store, request->id, &stale, &err), &err);
    assert_ok(cs_store_transition(store, request, CS_STATE_SIGNED, &err), &err);
    assert_ok(cs_store_group_begin(store, &err), &err);
    add_one();
    assert_fails(cs_store_transition(store, stale, CS_STATE_FAILED, &err), CS_E_STORE, &err);
    ck_assert_int_eq(stale->state, CS_STATE_PLANNED);
    add_one();
    assert_ok(cs_store_group_end(store, &err), &err);
    ck_assert_uint_eq(count_requests(store), 3);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal"), 4);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM request WHERE state = 'SIGNED'"), 1);
}
END_TEST

static cs_rc no_third_record(void *ctx, int64_t sequence, const char *previous, int64_t time,
                             const struct cs_record *record, char **ret_json,
                             struct cs_err *problem)
{
    bool *refuse = ctx;

    (void)previous;
    (void)time;
    if (*refuse && record->request->state == CS_STATE_SIGNED) {
        return cs_fail(problem, CS_E_EVIDENCE, "no record today");
    }
    *ret_json = cs_asprintf("record %lld", (long long)sequence);
    return CS_OK;
}

/* The row was changed already when its record failed: the change goes too, and nothing else. */
START_TEST(change_without_its_record_is_undone)
{
    bool refuse = true;
    cs_auto(cs_request) stored = NULL;

    cs_store_close(store);
    assert_ok(cs_store_open(storebox_path(""), 0, no_third_record, &refuse, &store, &err), &err);
    cs_auto(cs_request) request = add();
    assert_ok(cs_store_group_begin(store, &err), &err);
    assert_fails(cs_store_transition(store, request, CS_STATE_SIGNED, &err), CS_E_EVIDENCE, &err);
    ck_assert_int_eq(request->state, CS_STATE_PLANNED);
    add_one();
    assert_ok(cs_store_group_end(store, &err), &err);
    assert_ok(cs_store_get(store, request->id, &stored, &err), &err);
    ck_assert_int_eq(stored->state, CS_STATE_PLANNED);
    ck_assert_uint_eq(count_requests(store), 2);
    refuse = false;
    assert_ok(cs_store_transition(store, request, CS_STATE_SIGNED, &err), &err);
}
END_TEST

START_TEST(groups_do_not_nest)
{
    assert_fails(cs_store_group_end(store, &err), CS_E_INTERNAL, &err);
    assert_ok(cs_store_group_begin(store, &err), &err);
    assert_fails(cs_store_group_begin(store, &err), CS_E_INTERNAL, &err);
    add_one();
    assert_ok(cs_store_group_end(store, &err), &err);
    ck_assert_uint_eq(count_requests(store), 1);
    assert_fails(cs_store_group_end(store, &err), CS_E_INTERNAL, &err);
}
END_TEST

/* Another process that writes waits, or is told that it must. */
START_TEST(group_holds_the_others_off)
{
    assert_ok(cs_store_group_begin(store, &err), &err);
    add_one();
    struct cs_store *hasty = NULL;

    assert_ok(cs_store_open(storebox_path(""), 0, NULL, NULL, &hasty, &err), &err);
    assert_fails(cs_store_group_begin(hasty, &err), CS_E_STORE, &err);
    assert_contains(err.message, "is locked");
    /* It has none: this one's end is not its end. */
    assert_fails(cs_store_group_end(hasty, &err), CS_E_INTERNAL, &err);
    cs_store_close(hasty);
    assert_ok(cs_store_group_end(store, &err), &err);
}
END_TEST

START_TEST(reader_has_no_groups)
{
    add_one();

    cs_store_close(store);
    store = storebox_open_readonly();
    assert_fails(cs_store_group_begin(store, &err), CS_E_INTERNAL, &err);
    ck_assert_uint_eq(count_requests(store), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_group");
    TCase *tcase = tcase_create("contract");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, group_is_one_commit);
    tcase_add_test(tcase, group_is_undone_whole);
    tcase_add_test(tcase, group_ends_with_the_store);
    tcase_add_test(tcase, write_that_fails_is_undone_alone);
    tcase_add_test(tcase, change_without_its_record_is_undone);
    tcase_add_test(tcase, groups_do_not_nest);
    tcase_add_test(tcase, group_holds_the_others_off);
    tcase_add_test(tcase, reader_has_no_groups);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

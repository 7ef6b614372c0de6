/* Stored data is input: whatever a row holds, reading it gives a request or CS_E_STORE. */
#include "store/row.h"

#include "base/mem.h"
#include "store/rowattrs.h"
#include "support/check_run.h"
#include "support/storebox.h"

static void add_one(void)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct cs_err err = {0};

    cs_strv_add(&request->plan->warnings, "warning");
    assert_ok(cs_store_add(store, request, &err), &err);
}

static bool any_state(enum cs_state state)
{
    (void)state;
    return true;
}

#define NUMBERS(count)                                                                             \
    "WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n LIMIT " #count ") "

/* Each changes the first request to something that cscert never writes. */
static const char *const damages[] = {
    "UPDATE request SET state = 'LOST' WHERE id = 1",
    "UPDATE request SET state = NULL WHERE id = 1",
    "UPDATE request SET state = x'504c414e4e4544' WHERE id = 1",
    "UPDATE request SET created = 'yesterday' WHERE id = 1",
    "UPDATE request SET updated = NULL WHERE id = 1",
    "UPDATE request SET updated = 1.5 WHERE id = 1",
    "UPDATE request SET key_id = x'00' WHERE id = 1",
    "UPDATE request SET key_id = NULL WHERE id = 1",
    "UPDATE request SET key_id = 'twenty octets, but text' WHERE id = 1",
    "UPDATE request SET label = x'41' WHERE id = 1",
    "UPDATE request SET label = char(65, 0, 66) WHERE id = 1",
    "UPDATE request SET label = printf('%.65537c', 'a') WHERE id = 1",
    "UPDATE request SET token_uri = x'70' WHERE id = 1",
    "UPDATE request SET types = 'Internal,Nothing' WHERE id = 1",
    "UPDATE request SET types = NULL WHERE id = 1",
    "UPDATE request SET key_alg = 'DSA' WHERE id = 1",
    "UPDATE request SET key_alg = NULL WHERE id = 1",
    "UPDATE request SET key_bits = -1 WHERE id = 1",
    "UPDATE request SET key_bits = 4294967296 WHERE id = 1",
    "UPDATE request SET exportable = 2 WHERE id = 1",
    "UPDATE request SET client_eku = NULL WHERE id = 1",
    "UPDATE request SET output_der = 'yes' WHERE id = 1",
    "UPDATE request SET attributes = NULL WHERE id = 1",
    "UPDATE request SET attributes = 'CKA_LOCAL' WHERE id = 1",
    "UPDATE request SET attributes = 'CKA_NOTHING=true' WHERE id = 1",
    "UPDATE request SET attributes = 'CKA_LOCAL=maybe' WHERE id = 1",
    "UPDATE request SET attributes = 'CKA_LOCAL=true!!' WHERE id = 1",
    "UPDATE request SET attributes = 'CKA_LOCAL=trues' WHERE id = 1",
    "UPDATE request SET attributes = 'CKA_KEY_GEN_MECHANISM=' WHERE id = 1",
    "UPDATE request SET attributes = 'CKA_KEY_GEN_MECHANISM=-1' WHERE id = 1",
    "UPDATE request SET attributes = 'CKA_KEY_GEN_MECHANISM=18446744073709551616' WHERE id = 1",
    "UPDATE request SET generation = 'immaculate' WHERE id = 1",
    "UPDATE request SET spki = 'text' WHERE id = 1",
    "UPDATE request SET csr = zeroblob(1048577) WHERE id = 1",
    "UPDATE request SET chain = zeroblob(9000000) WHERE id = 1",
    "UPDATE request SET error_code = 18 WHERE id = 1",
    "UPDATE request SET error_code = -1 WHERE id = 1",
    "UPDATE request SET error_origin = 'elsewhere' WHERE id = 1",
    "UPDATE request SET error_cause = 1.5 WHERE id = 1",
    "UPDATE request SET error_operation = printf('%.64c', 'a') WHERE id = 1",
    "UPDATE request SET error_message = NULL WHERE id = 1",
    "UPDATE request_name SET name = NULL WHERE request = 1",
    "UPDATE request_name SET name = x'00' WHERE request = 1",
    "UPDATE request_name SET source = x'00' WHERE request = 1",
    NUMBERS(1024) "INSERT INTO request_name (request, position, name) SELECT 1, i, 'a' FROM n",
    NUMBERS(
        1024) "INSERT INTO request_warning (request, position, warning) SELECT 1, i, 'a' FROM n",
    "UPDATE request_warning SET warning = NULL WHERE request = 1",
};

START_TEST(damaged_request_does_not_stop_the_others)
{
    cs_auto(cs_request) other = NULL;
    struct cs_request *none = NULL;
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;
    struct cs_err err = {0};

    add_one();
    add_one();
    storebox_unstrict();
    storebox_sql(damages[_i]);

    cs_auto(cs_store) store = storebox_open();
    assert_fails(cs_store_get(store, 1, &none, &err), CS_E_STORE, &err);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(err.origin, CS_ORIGIN_SQL);
    assert_contains(err.message, storebox_path(""));
    assert_ok(cs_store_get(store, 2, &other, &err), &err);
    /* The numbers still come, so that each request can be asked for. */
    assert_ok(cs_store_ids(store, any_state, &ids, &count, &err), &err);
    ck_assert_uint_eq(count, 2);
}
END_TEST

static cs_rc ignore(void *ctx, int64_t sequence, const char *json, struct cs_err *err)
{
    (void)ctx;
    (void)sequence;
    (void)json;
    (void)err;
    return CS_OK;
}

static const char *const journal_damages[] = {
    "UPDATE journal SET json = NULL",
    "UPDATE journal SET json = x'7b7d'",
    "UPDATE journal SET json = '{}' || char(0) || '{}'",
    "UPDATE journal SET json = printf('%.1048577c', 'a')",
    "UPDATE journal SET seq = -seq",
};

START_TEST(damaged_record_is_refused)
{
    struct cs_err err = {0};

    add_one();
    storebox_unstrict();
    storebox_sql("DROP TRIGGER journal_update");
    storebox_sql(journal_damages[_i]);
    cs_auto(cs_store) store = storebox_open();
    assert_fails(cs_store_records(store, ignore, NULL, &err), CS_E_STORE, &err);
    assert_contains(err.message, "is damaged");
}
END_TEST

static const char *const journal_changes[] = {"UPDATE journal SET json = '{}'",
                                              "DELETE FROM journal"};

START_TEST(record_is_never_changed)
{
    add_one();
    ck_assert_int_eq(storebox_try(journal_changes[_i]), SQLITE_CONSTRAINT);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal WHERE json <> '{}'"), 1);
}
END_TEST

/* What does not fit is refused when it is written, not only when it is read. */
START_TEST(value_above_its_limit_is_not_written)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct cs_err err = {0};

    request->csr = (struct cs_bytes){cs_alloc(CS_QUERY_BLOB_MAX + 1, 1), CS_QUERY_BLOB_MAX + 1};
    assert_fails(cs_store_add(store, request, &err), CS_E_STORE, &err);
    assert_contains(err.message, "too large");
    ck_assert_int_eq(request->id, 0);
    request->csr.len--;
    assert_ok(cs_store_add(store, request, &err), &err);
}
END_TEST

START_TEST(attributes_are_named)
{
    struct cs_key_attrs attrs = {.gen_mechanism_known = true};
    struct cs_key_attrs back = {0};

    attrs.answer[CS_ATTR_LOCAL] = CS_TRUE;
    attrs.answer[CS_ATTR_EXTRACTABLE] = CS_FALSE;
    attrs.unreliable[CS_ATTR_EXTRACTABLE] = true;
    attrs.unreliable[CS_ATTR_SIGN] = true;
    cs_autofree char *text = cs_rowattrs_text(&attrs);
    ck_assert_str_eq(text, "CKA_LOCAL=true,CKA_EXTRACTABLE=false!,CKA_SIGN=unknown!,"
                           "CKA_KEY_GEN_MECHANISM=0");
    ck_assert(cs_rowattrs_parse(text, &back));
    ck_assert_mem_eq(back.answer, attrs.answer, sizeof attrs.answer);
    ck_assert_mem_eq(back.unreliable, attrs.unreliable, sizeof attrs.unreliable);
    ck_assert(back.gen_mechanism_known);
    ck_assert(cs_rowattrs_parse("", &back));
    ck_assert(!back.gen_mechanism_known);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("row");
    TCase *tcase = tcase_create("row");

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    add_rows(tcase, damaged_request_does_not_stop_the_others, damages);
    add_rows(tcase, damaged_record_is_refused, journal_damages);
    add_rows(tcase, record_is_never_changed, journal_changes);
    tcase_add_test(tcase, value_above_its_limit_is_not_written);
    tcase_add_test(tcase, attributes_are_named);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

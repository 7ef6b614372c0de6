/* The local replica of the topology in the store: every import is kept, the latest comes first. */
#include "base/clock.h"
#include "base/mem.h"
#include "port/store.h"
#include "support/check_run.h"
#include "support/storebox.h"

#include <limits.h>
#include <stdlib.h>

static struct cs_topology_row make_row(const char *json)
{
    return (struct cs_topology_row){
        .signature = cs_strdup("6.0.9319"),
        .sha256 = cs_strdup("ab,cd"),
        .documents = cs_strdup("topology.xml\nurls.xml"),
        .json = cs_strdup(json),
    };
}

static void add(struct cs_store *store, const char *json)
{
    cs_auto_value(cs_topology_row) row = make_row(json);
    struct cs_err err = {0};

    free(row.sha256);
    row.sha256 = cs_asprintf("sha256 of %.8s", json);
    assert_ok(cs_store_topology_add(store, &row, &err), &err);
}

static void assert_same(const char *a, const char *b)
{
    ck_assert(a ? b && strcmp(a, b) == 0 : b == NULL);
}

START_TEST(row_comes_back_as_it_was)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_topology_row) row = make_row("{\"form\":\"published\"}");
    cs_auto_value(cs_topology_row) stored = {0};
    struct cs_err err = {0};
    bool found = false;
    int64_t before = cs_clock_now();

    if (_i == 1) {
        free(cs_steal(&row.signature));
    }
    assert_ok(cs_store_topology_add(store, &row, &err), &err);
    ck_assert_int_eq(row.id, 1);
    ck_assert_int_ge(row.imported, before);
    cs_store_close(cs_steal(&store));
    store = storebox_open_readonly();
    assert_ok(cs_store_topology_get(store, 0, &stored, &found, &err), &err);
    ck_assert(found);
    ck_assert_int_eq(stored.id, row.id);
    ck_assert_int_eq(stored.imported, row.imported);
    assert_same(stored.signature, row.signature);
    assert_same(stored.sha256, row.sha256);
    assert_same(stored.documents, row.documents);
    assert_same(stored.json, row.json);
}
END_TEST

/* Two runs may import the same at the same moment. */
START_TEST(same_import_is_kept_once)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_topology_row) first = make_row("one");
    cs_auto_value(cs_topology_row) again = make_row("one");
    cs_auto_value(cs_topology_row) back = make_row("one");
    cs_auto_value(cs_topology_row) before = {0};
    struct cs_err err = {0};
    bool found = true;

    assert_ok(cs_store_topology_add(store, &first, &err), &err);
    assert_ok(cs_store_topology_add(store, &again, &err), &err);
    ck_assert_int_eq(again.id, first.id);
    ck_assert_int_eq(again.imported, first.imported);
    assert_ok(cs_store_topology_get(store, 1, &before, &found, &err), &err);
    ck_assert(!found);

    /* One that was replaced and comes back is news again. */
    add(store, "two");
    assert_ok(cs_store_topology_add(store, &back, &err), &err);
    ck_assert_int_eq(back.id, first.id + 2);
}
END_TEST

START_TEST(imports_go_back_in_time)
{
    static const char *const jsons[] = {"three", "two", "one"};
    cs_auto(cs_store) store = storebox_open();
    struct cs_err err = {0};
    bool found = true;

    for (size_t i = ROWS(jsons); i-- > 0;) {
        add(store, jsons[i]);
    }
    for (unsigned back = 0; back < ROWS(jsons); back++) {
        cs_auto_value(cs_topology_row) row = {0};
        assert_ok(cs_store_topology_get(store, back, &row, &found, &err), &err);
        ck_assert(found);
        ck_assert_str_eq(row.json, jsons[back]);
    }
    struct cs_topology_row untouched = {.id = 7};
    static const unsigned beyond[] = {3, UINT_MAX};
    for (size_t i = 0; i < ROWS(beyond); i++) {
        assert_ok(cs_store_topology_get(store, beyond[i], &untouched, &found, &err), &err);
        ck_assert(!found);
        ck_assert_int_eq(untouched.id, 7);
    }
}
END_TEST

/* One with 2,000 computers has less than 1 MiB; this one has 20. */
START_TEST(large_topology_is_kept)
{
    const size_t len = 20u << 20;
    cs_auto(cs_store) store = storebox_open();
    cs_autofree char *json = cs_alloc(len + 1, 1);
    cs_auto_value(cs_topology_row) row = {0};
    struct cs_err err = {0};
    bool found = false;

    memset(json, 't', len);
    add(store, json);
    assert_ok(cs_store_topology_get(store, 0, &row, &found, &err), &err);
    ck_assert(found);
    ck_assert(strcmp(row.json, json) == 0);
}
END_TEST

START_TEST(too_large_topology_is_refused)
{
    const size_t len = 25u << 20;
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_topology_row) row = make_row("");
    struct cs_err err = {0};
    bool found = true;

    free(row.json);
    row.json = cs_alloc(len + 1, 1);
    memset(row.json, 't', len);
    assert_fails(cs_store_topology_add(store, &row, &err), CS_E_STORE, &err);
    ck_assert_int_eq(row.id, 0);
    ck_assert_int_eq(row.imported, 0);
    cs_auto_value(cs_topology_row) stored = {0};
    assert_ok(cs_store_topology_get(store, 0, &stored, &found, &err), &err);
    ck_assert(!found);
}
END_TEST

START_TEST(incomplete_row_is_refused)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_topology_row) row = make_row("{}");
    struct cs_err err = {0};
    char **const texts[] = {&row.sha256, &row.documents, &row.json};

    free(cs_steal(texts[_i]));
    assert_fails(cs_store_topology_add(store, &row, &err), CS_E_INTERNAL, &err);
}
END_TEST

/* Each changes the row to something that cscert never writes. */
static const char *const damages[] = {
    "UPDATE topology SET json = x'7b7d'",
    "UPDATE topology SET json = NULL",
    "UPDATE topology SET sha256 = NULL",
    "UPDATE topology SET documents = char(65, 0, 66)",
    "UPDATE topology SET signature = x'07'",
    "UPDATE topology SET imported = 'yesterday'",
    "UPDATE topology SET json = printf('%.*c', 24 * 1024 * 1024 + 1, 'a')",
};

START_TEST(damaged_row_is_an_error)
{
    cs_auto(cs_store) store = storebox_open();
    struct cs_topology_row row = {.id = 7};
    struct cs_err err = {0};
    bool found = false;

    add(store, "{}");
    cs_store_close(cs_steal(&store));
    storebox_unstrict();
    storebox_sql(damages[_i]);
    store = storebox_open();
    assert_fails(cs_store_topology_get(store, 0, &row, &found, &err), CS_E_STORE, &err);
    ck_assert_int_eq(row.id, 7);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("topologyrow");
    TCase *tcase = tcase_create("contract");

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    tcase_add_loop_test(tcase, row_comes_back_as_it_was, 0, 2);
    tcase_add_test(tcase, same_import_is_kept_once);
    tcase_add_test(tcase, imports_go_back_in_time);
    tcase_add_test(tcase, large_topology_is_kept);
    tcase_add_test(tcase, too_large_topology_is_refused);
    tcase_add_loop_test(tcase, incomplete_row_is_refused, 0, 3);
    add_rows(tcase, damaged_row_is_an_error, damages);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

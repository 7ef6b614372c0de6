/* The lab CA's rows (port/store.h), over SQLite. */
#include "port/store.h"

#include "base/mem.h"
#include "support/check_run.h"
#include "support/storebox.h"

#include <stdio.h>

static void add_authority(struct cs_store *store, const char *name)
{
    cs_auto_value(cs_labca_row) row = {
        .name = cs_strdup(name),
        .token_uri = cs_strdup("pkcs11:token=edge"),
        .certificate = cs_bytes_copy("der\0", 4),
        .created = 1700000000,
    };
    struct cs_err err = {0};

    memset(row.key_id, 0x11, sizeof row.key_id);
    assert_ok(cs_store_labca_add(store, &row, &err), &err);
}

static struct cs_labca_request submission(const char *ca, const char *csr)
{
    return (struct cs_labca_request){
        .ca = cs_strdup(ca),
        .state = CS_LABCA_PENDING,
        .csr = cs_bytes_copy(csr, strlen(csr)),
        .template_name = cs_strdup("WebServer"),
    };
}

START_TEST(authority_comes_back_as_it_was)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_labca_row) row = {0};
    uint8_t key_id[CS_KEY_ID_LEN];
    struct cs_err err = {0};
    bool found = true;

    assert_ok(cs_store_labca_get(store, "lab", &row, &found, &err), &err);
    ck_assert(!found);
    assert_ok(cs_store_labca_get(store, NULL, &row, &found, &err), &err);
    ck_assert(!found);

    add_authority(store, "lab");
    assert_ok(cs_store_labca_get(store, "lab", &row, &found, &err), &err);
    ck_assert(found);
    memset(key_id, 0x11, sizeof key_id);
    ck_assert_mem_eq(row.key_id, key_id, sizeof key_id);
    ck_assert_str_eq(row.name, "lab");
    ck_assert_str_eq(row.token_uri, "pkcs11:token=edge");
    ck_assert_uint_eq(row.certificate.len, 4);
    ck_assert_mem_eq(row.certificate.data, "der\0", 4);
    ck_assert_int_eq(row.crl_number, 0);
    ck_assert_int_eq(row.created, 1700000000);
}
END_TEST

START_TEST(authority_without_a_name_is_the_only_one)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_labca_row) row = {0};
    struct cs_labca_row none = {0};
    struct cs_err err = {0};
    bool found = false;

    add_authority(store, "lab");
    assert_ok(cs_store_labca_get(store, NULL, &row, &found, &err), &err);
    ck_assert(found);
    ck_assert_str_eq(row.name, "lab");
    add_authority(store, "other");
    assert_fails(cs_store_labca_get(store, NULL, &none, &found, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "several lab CAs");
    assert_fails(cs_store_labca_add(store, &row, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "\"lab\" already");
}
END_TEST

START_TEST(crl_number_counts_up_for_each)
{
    cs_auto(cs_store) store = storebox_open();
    struct cs_err err = {0};
    int64_t number = 0;

    add_authority(store, "lab");
    add_authority(store, "other");
    for (int64_t expected = 1; expected <= 3; expected++) {
        assert_ok(cs_store_labca_next_crl(store, "lab", &number, &err), &err);
        ck_assert_int_eq(number, expected);
    }
    assert_ok(cs_store_labca_next_crl(store, "other", &number, &err), &err);
    ck_assert_int_eq(number, 1);
    assert_fails(cs_store_labca_next_crl(store, "none", &number, &err), CS_E_USAGE, &err);
}
END_TEST

/* -CA at the lab CA twice with the same request: the first answer, as a CA that can tell gives. */
START_TEST(same_csr_is_known)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_labca_request) first = submission("lab", "csr");
    cs_auto_value(cs_labca_request) again = submission("lab", "csr");
    cs_auto_value(cs_labca_request) elsewhere = submission("other", "csr");
    struct cs_err err = {0};
    bool known = true;

    add_authority(store, "lab");
    add_authority(store, "other");
    assert_ok(cs_store_labca_request_add(store, &first, &known, &err), &err);
    ck_assert(!known);
    ck_assert_int_gt(first.id, 0);
    ck_assert_int_gt(first.created, 0);
    first.state = CS_LABCA_DENIED;
    first.message = cs_strdup("no");
    assert_ok(cs_store_labca_request_update(store, &first, CS_LABCA_PENDING, &err), &err);

    assert_ok(cs_store_labca_request_add(store, &again, &known, &err), &err);
    ck_assert(known);
    ck_assert_int_eq(again.id, first.id);
    ck_assert_int_eq(again.state, CS_LABCA_DENIED);
    ck_assert_str_eq(again.message, "no");

    assert_ok(cs_store_labca_request_add(store, &elsewhere, &known, &err), &err);
    ck_assert(!known);
    ck_assert_int_ne(elsewhere.id, first.id);
}
END_TEST

START_TEST(request_needs_its_authority)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_labca_request) request = submission("lab", "csr");
    struct cs_labca_request none = {0};
    struct cs_err err = {0};
    bool known = false;

    assert_fails(cs_store_labca_request_add(store, &request, &known, &err), CS_E_STORE, &err);
    ck_assert_int_eq(request.id, 0);
    assert_fails(cs_store_labca_request_get(store, 1, &none, &err), CS_E_USAGE, &err);
}
END_TEST

START_TEST(update_wants_the_state_that_was_seen)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_labca_request) request = submission("lab", "csr");
    cs_auto_value(cs_labca_request) stored = {0};
    struct cs_err err = {0};
    bool known = false;

    add_authority(store, "lab");
    assert_ok(cs_store_labca_request_add(store, &request, &known, &err), &err);
    request.state = CS_LABCA_ISSUED;
    request.serial = cs_strdup("01ab");
    request.certificate = cs_bytes_copy("cert", 4);
    assert_ok(cs_store_labca_request_update(store, &request, CS_LABCA_PENDING, &err), &err);
    assert_fails(cs_store_labca_request_update(store, &request, CS_LABCA_PENDING, &err), CS_E_STORE,
                 &err);

    assert_ok(cs_store_labca_request_get(store, request.id, &stored, &err), &err);
    ck_assert_int_eq(stored.state, CS_LABCA_ISSUED);
    ck_assert_str_eq(stored.ca, "lab");
    ck_assert_str_eq(stored.serial, "01ab");
    ck_assert_str_eq(stored.template_name, "WebServer");
    ck_assert_ptr_null(stored.account);
    ck_assert_ptr_null(stored.message);
    ck_assert(cs_bytes_equal(&stored.csr, &request.csr));
    ck_assert(cs_bytes_equal(&stored.certificate, &request.certificate));
    ck_assert_int_eq(stored.created, request.created);
}
END_TEST

START_TEST(list_is_by_authority_and_state)
{
    static const char *const rows[][2] = {{"lab", "a"}, {"other", "b"}, {"lab", "c"}, {"lab", "d"}};
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_labca_request_list) list = {0};
    struct cs_err err = {0};
    bool known = false;

    add_authority(store, "lab");
    add_authority(store, "other");
    for (size_t i = 0; i < ROWS(rows); i++) {
        cs_auto_value(cs_labca_request) request = submission(rows[i][0], rows[i][1]);
        request.state = i == 3 ? CS_LABCA_REVOKED : CS_LABCA_PENDING;
        assert_ok(cs_store_labca_request_add(store, &request, &known, &err), &err);
    }
    assert_ok(cs_store_labca_requests(store, "lab", CS_LABCA_PENDING, &list, &err), &err);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_int_eq(list.items[0].id, 1);
    ck_assert_int_eq(list.items[1].id, 3);
    cs_labca_request_list_done(&list);
    assert_ok(cs_store_labca_requests(store, NULL, CS_LABCA_PENDING, &list, &err), &err);
    ck_assert_uint_eq(list.count, 3);
    cs_labca_request_list_done(&list);
    assert_ok(cs_store_labca_requests(store, "lab", CS_LABCA_ISSUED, &list, &err), &err);
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

/* Values that a stored row must not have; the columns' types are no help without STRICT. */
static const char *const damages[] = {
    "UPDATE labca_request SET state = 'LOST'", "UPDATE labca_request SET state = NULL",
    "UPDATE labca_request SET csr = 'text'",   "UPDATE labca_request SET csr = NULL",
    "UPDATE labca_request SET ca = NULL",      "UPDATE labca_request SET serial = x'00'",
    "UPDATE labca_request SET created = 'x'",  "UPDATE labca_request SET message = char(65, 0, 66)",
};

START_TEST(damaged_request_is_refused)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto_value(cs_labca_request) request = submission("lab", "csr");
    struct cs_labca_request none = {0};
    struct cs_err err = {0};
    bool known = false;

    add_authority(store, "lab");
    assert_ok(cs_store_labca_request_add(store, &request, &known, &err), &err);
    cs_store_close(cs_steal(&store));
    storebox_unstrict();
    storebox_sql(damages[_i]);
    store = storebox_open();
    assert_fails(cs_store_labca_request_get(store, request.id, &none, &err), CS_E_STORE, &err);
    assert_contains(err.message, "is damaged");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("labcarow");
    TCase *tcase = tcase_create("contract");

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    tcase_add_test(tcase, authority_comes_back_as_it_was);
    tcase_add_test(tcase, authority_without_a_name_is_the_only_one);
    tcase_add_test(tcase, crl_number_counts_up_for_each);
    tcase_add_test(tcase, same_csr_is_known);
    tcase_add_test(tcase, request_needs_its_authority);
    tcase_add_test(tcase, update_wants_the_state_that_was_seen);
    tcase_add_test(tcase, list_is_by_authority_and_state);
    add_rows(tcase, damaged_request_is_refused, damages);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

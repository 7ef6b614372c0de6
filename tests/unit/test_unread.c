/* One request whose row in the store is damaged: get, set and import go on without it, say so, and
 * never take another one for it. */
#include "certs_bed.h"
#include "x509/pkcs12.h"

#include <sqlite3.h>

/* What cscert never writes, in columns that are not needed to know whose row it is. */
#define BREAK "UPDATE request SET generation = 'immaculate'"

/* Behind the store's back. */
static void change_store(const char *sql)
{
    cs_autofree char *path = cs_asprintf("%s/cscert.db", folder);
    sqlite3 *db = NULL;
    char *message = NULL;

    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    int code = sqlite3_exec(db, sql, NULL, NULL, &message);
    ck_assert_msg(code == SQLITE_OK, "%s: %s", sql, message);
    sqlite3_close(db);
}

static struct cs_certificate_list get_of(int64_t request_id)
{
    const struct cs_get_options options = {.types = &no_types, .request_id = request_id};
    struct cs_certificate_list list = {0};

    ui.warnings = 0;
    assert_ok(cs_flow_get(&flow, &options, &list, &err), &err);
    return list;
}

static const struct cs_certificate *in_list(const struct cs_certificate_list *list,
                                            const struct cs_bytes *der)
{
    for (size_t i = 0; i < list->count; i++) {
        if (cs_bytes_equal(&list->items[i].der, der)) {
            return &list->items[i];
        }
    }
    ck_abort_msg("a certificate is not in the list");
    return NULL;
}

/* ---- get ---- */

START_TEST(get_shows_all_but_what_the_row_would_tell)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(20);

    change_store(BREAK " WHERE id = 1");
    cs_auto_value(cs_certificate_list) list = get_of(0);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_uint_eq(list.unread.count, 1);
    assert_contains(list.unread.items[0], "request 1 cannot be read");
    assert_contains(list.unread.items[0], "generation");
    const struct cs_certificate *lost = in_list(&list, &one);
    ck_assert_int_eq(lost->request_id, 0);
    ck_assert_int_eq(lost->unread_id, 1);
    ck_assert_uint_eq(lost->warnings.count, 1);
    assert_contains(lost->warnings.items[0], "request 1");
    const struct cs_certificate *other = in_list(&list, &two);
    ck_assert_int_eq(other->request_id, 2);
    ck_assert_int_eq(other->unread_id, 0);
    ck_assert_uint_eq(other->warnings.count, 0);
    ck_assert_int_eq(other->origin, CS_KEY_GENERATED);
}
END_TEST

/* Who asked for another request gets it whole. */
START_TEST(get_of_one_request)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(20);
    const struct cs_get_options options = {.types = &no_types, .request_id = 1};
    cs_auto_value(cs_certificate_list) none = {0};

    ck_assert_uint_gt(one.len, 0);
    change_store(BREAK " WHERE id = 1");
    cs_auto_value(cs_certificate_list) list = get_of(2);
    ck_assert_uint_eq(list.count, 1);
    ck_assert(cs_bytes_equal(&list.items[0].der, &two));
    ck_assert_uint_eq(list.unread.count, 0);
    ck_assert_uint_eq(ui.warnings, 1);
    assert_fails(cs_flow_get(&flow, &options, &none, &err), CS_E_STORE, &err);
    assert_contains(err.message, "generation");
}
END_TEST

START_TEST(get_of_what_is_gone_from_the_token)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    struct cs_use use = {.slot = CS_USE_CURRENT, .certificate = one};

    assert_ok(cs_store_use_set(store, "Default", &use, 1, "assigned", &err), &err);
    cs_softkeys_drop_certificates(token);
    change_store(BREAK " WHERE id = 1");
    cs_auto_value(cs_certificate_list) list = get_of(0);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_int_eq(list.items[0].request_id, 0);
    ck_assert_int_eq(list.items[0].unread_id, 1);
}
END_TEST

/* A store that cannot be read is no damaged row. */
START_TEST(a_store_without_its_tables_is_an_error)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    const struct cs_get_options options = {.types = &no_types};
    cs_auto_value(cs_certificate_list) none = {0};

    ck_assert_uint_gt(one.len, 0);
    change_store("DROP TABLE request_warning");
    assert_fails(cs_flow_get(&flow, &options, &none, &err), CS_E_STORE, &err);
}
END_TEST

/* CKA_LOCAL false alone is not "imported" where our own record may say otherwise: a key that was
 * copied out of a session reads so on some tokens. */
START_TEST(where_a_key_was_made_is_not_guessed)
{
    cs_auto(cs_secret) password = NULL;
    cs_auto_value(cs_bytes) request = given_certificate(9);
    char text[] = "hunter2";

    assert_ok(cs_secret_setup(&err), &err);
    assert_ok(cs_secret_take(text, strlen(text), &password, &err), &err);
    cs_auto_value(cs_bytes) file = cs_judge_make(
        folder, "file",
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=server.litwareinc.com "
        "-days 30 -addext extendedKeyUsage=serverAuth -addext basicConstraints=CA:FALSE "
        "-out cert.pem 2>/dev/null && "
        "openssl pkcs12 -export -inkey key.pem -in cert.pem -passout pass:hunter2 -out file");
    cs_auto_value(cs_certificate_list) imported = {0};
    struct cs_import_options options = import_of(&file);

    ck_assert_uint_gt(request.len, 0);
    options.password = password;
    options.import_key = true;
    assert_ok(import(&options, &imported), &err);
    const struct cs_bytes *der = &imported.items[0].der;
    change_store("UPDATE request SET spki = NULL, key_id = x'00' WHERE id = 1");
    cs_auto_value(cs_certificate_list) known = get_of(0);
    ck_assert_int_eq(in_list(&known, der)->origin, CS_KEY_IMPORTED); /* the store says so */
    change_store("DELETE FROM imported_key");
    cs_auto_value(cs_certificate_list) list = get_of(0);
    ck_assert_int_eq(in_list(&list, der)->origin, CS_KEY_OF_UNKNOWN);
}
END_TEST

/* ---- set ---- */

static cs_rc set(const struct cs_bytes *der, const char *list, struct cs_certificate_list *ret_list)
{
    cs_auto_value(cs_strv) types = words(list);
    cs_autofree char *thumbprint = thumbprint_of(der);
    const struct cs_set_options options = {.thumbprint = thumbprint, .types = &types};

    err = (struct cs_err){0};
    ui.warnings = 0;
    return cs_flow_set(&flow, &options, ret_list, &err);
}

START_TEST(set_of_another_is_whole)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(20);
    cs_auto_value(cs_certificate_list) list = {0};

    ck_assert_uint_gt(one.len, 0);
    change_store(BREAK " WHERE id = 1");
    assert_ok(set(&two, "", &list), &err);
    assert_stored("Internal", &two, NULL, NULL);
    ck_assert_uint_eq(list.unread.count, 0);
    ck_assert_uint_eq(ui.warnings, 2); /* no CRL distribution point, and the row */
}
END_TEST

/* Its names cannot be compared, which is not silent; what it is for cannot be known. */
START_TEST(set_of_the_lost_one_is_said)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(20);
    cs_auto_value(cs_certificate_list) list = {0};
    cs_auto_value(cs_certificate_list) none = {0};

    ck_assert_uint_gt(two.len, 0);
    change_store(BREAK " WHERE id = 1");
    assert_fails(set(&one, "", &none), CS_E_STORE, &err);
    assert_contains(err.message, "request 1 cannot be read");
    assert_contains(err.hint, "-Type");
    assert_stored("Internal", NULL, NULL, NULL);
    assert_ok(set(&one, "Default", &list), &err);
    assert_stored("Default", &one, NULL, NULL);
    ck_assert_uint_eq(list.unread.count, 1);
    ck_assert_int_eq(list.items[0].unread_id, 1);
}
END_TEST

/* ---- import ---- */

/* Of two open requests the answer to the first is imported. */
static const struct {
    const char *sql;
    cs_rc code;
} imports[] = {
    {BREAK " WHERE id = 1", CS_E_STORE},
    {BREAK " WHERE id = 2", CS_OK},
    {BREAK ", spki = NULL WHERE id = 2", CS_OK}, /* its CKA_ID is another one */
    {BREAK ", key_id = x'00' WHERE id = 2", CS_OK},
    {BREAK ", spki = NULL, key_id = x'00' WHERE id = 2", CS_E_STORE},
    {BREAK ", spki = NULL, key_id = x'00', state = 'PLANNED' WHERE id = 2", CS_OK}, /* no key yet */
    {BREAK ", spki = (SELECT spki FROM request WHERE id = 1) WHERE id = 2", CS_E_STORE},
    {"UPDATE request SET state = 'gone', types = 'x' WHERE id = 1", CS_E_STORE},
};

START_TEST(import_takes_no_other_request)
{
    int64_t ids[2];
    cs_auto_value(cs_bytes) answer = answered("ECDH_P256", 0, "-days 9", &ids[0]);
    cs_auto_value(cs_bytes) other = answered("ECDH_P256", 0, "-days 9", &ids[1]);
    const struct cs_import_options options = import_of(&answer);
    cs_auto_value(cs_certificate_list) list = {0};

    ck_assert_uint_gt(other.len, 0);
    change_store(imports[_i].sql);
    int64_t records = record_count();
    ui.warnings = 0;
    ck_assert_int_eq(import(&options, &list), imports[_i].code);
    if (imports[_i].code == CS_OK) {
        ck_assert_int_eq(stored_state(1), CS_STATE_IMPORTED);
        ck_assert_uint_eq(ui.warnings, 2); /* no CRL distribution point, and the row */
        return;
    }
    assert_contains(err.message, "cannot be read");
    assert_contains(err.hint, "cscert list --request-id");
    ck_assert_uint_eq(cs_softkeys_cert_count(token), 0);
    ck_assert_int_eq(record_count(), records);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("unread");
    TCase *tcase = tcase_create("unread");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, get_shows_all_but_what_the_row_would_tell);
    tcase_add_test(tcase, get_of_one_request);
    tcase_add_test(tcase, get_of_what_is_gone_from_the_token);
    tcase_add_test(tcase, a_store_without_its_tables_is_an_error);
    tcase_add_test(tcase, where_a_key_was_made_is_not_guessed);
    tcase_add_test(tcase, set_of_another_is_whole);
    tcase_add_test(tcase, set_of_the_lost_one_is_said);
    add_rows(tcase, import_takes_no_other_request, imports);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

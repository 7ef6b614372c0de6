/* What the store has of a request, as files once more: `list` and `get` with --output. */
#include "certs_bed.h"

/* ---- list: the request ---- */

static cs_rc list_to(int64_t id, const char *path, struct cs_result_list *ret_results)
{
    const struct cs_list_options options = {.selection = {.request_id = id}, .output = path};

    err = (struct cs_err){0};
    return cs_flow_list(&flow, &options, ret_results, &err);
}

static char *path_of(const char *name)
{
    return cs_asprintf("%s/%s", folder, name);
}

static struct cs_bytes content_of(const char *path)
{
    struct cs_bytes content = {0};

    assert_ok(cs_file_read(path, 1 << 20, &content, &err), &err);
    return content;
}

/* The file of `new` was lost: what comes now is the same, octet for octet. */
START_TEST(a_lost_request_comes_again)
{
    for (int der = 0; der < 2; der++) {
        cs_autofree char *path = path_of(der ? "one.der" : "one.req");
        cs_autofree char *again = path_of(der ? "two.der" : "two.req");
        cs_auto(cs_plan) plan = plan_of_key("ECDH_P256", 0, path);
        struct cs_result result = {0};
        cs_auto_value(cs_result_list) results = {0};
        plan->output_der = der;
        assert_ok(cs_flow_new(&flow, plan, &result, &err), &err);
        int64_t records = record_count();
        cs_auto_value(cs_bytes) before = content_of(path);
        assert_ok(list_to(result.request->id, again, &results), &err);
        cs_auto_value(cs_bytes) after = content_of(again);
        ck_assert(cs_bytes_equal(&before, &after));
        ck_assert_uint_eq(results.items[0].files.count, 1);
        ck_assert_str_eq(results.items[0].files.items[0], again);
        ck_assert_int_eq(record_count(), records);
        cs_result_done(&result);
    }
}
END_TEST

static int64_t issued_by_ca(enum cs_disposition answer)
{
    cs_auto(cs_plan) plan = make_plan("fake", NULL);
    struct cs_result result = {0};

    ca.answer = answer;
    cs_rc rc = cs_flow_new(&flow, plan, &result, &err);
    ck_assert_msg(rc == (answer == CS_CA_DENIED ? CS_E_CA_REFUSED : CS_OK), "%s", err.message);
    int64_t id = result.request->id;
    cs_result_done(&result);
    return id;
}

/* One that went to a CA was never a file. openssl judges it. */
START_TEST(a_request_of_a_ca_can_be_written)
{
    cs_autofree char *path = path_of("sent.req");
    int64_t id = issued_by_ca(CS_CA_PENDING);
    cs_auto_value(cs_result_list) results = {0};
    cs_autofree char *output = NULL;

    assert_ok(list_to(id, path, &results), &err);
    ck_assert_int_eq(cs_judge(&output, "openssl req -in %s -noout -verify -subject 2>&1", path), 0);
    assert_contains(output, "edge1.litwareinc.com");
}
END_TEST

/* Its key is gone, or will be: nobody should have a certificate made for it. */
START_TEST(one_that_was_given_up_is_not_written)
{
    cs_autofree char *path = path_of("again.req");
    int64_t id = issued_by_ca(CS_CA_PENDING);
    const struct cs_selection selection = {.request_id = id};
    cs_auto_value(cs_result_list) cleared = {0};
    cs_auto_value(cs_result_list) results = {0};

    assert_ok(cs_flow_clear(&flow, &selection, &cleared, &err), &err);
    assert_fails(list_to(id, path, &results), CS_E_USAGE, &err);
    assert_contains(err.message, "Cleared");
    ck_assert_uint_eq(results.count, 0);
    assert_fails(list_to(99, path, &results), CS_E_USAGE, &err);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* As `new` warns: what it is called is not what it is. */
static const struct {
    const char *name;
    bool request; /* is warned about */
    bool certificate;
} names[] = {
    {"a.req", false, false}, {"a.csr", false, false}, {"a.pem", false, false},
    {"a.cer", true, false},  {"a.pfx", true, true},   {"a.P12", true, true},
};

START_TEST(a_name_that_says_something_else)
{
    cs_autofree char *path = path_of(names[_i].name);
    int64_t id = issued_by_ca(CS_CA_PENDING);
    cs_auto_value(cs_result_list) results = {0};

    ui.warnings = 0;
    assert_ok(list_to(id, path, &results), &err);
    ck_assert_uint_eq(results.items[0].warnings.count, names[_i].request);
    ck_assert_uint_eq(ui.warnings, names[_i].request);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

/* ---- list: many requests ---- */

static cs_rc list_into(const char *into, struct cs_result_list *ret_results)
{
    const struct cs_list_options options = {.folder = into};

    err = (struct cs_err){0};
    return cs_flow_list(&flow, &options, ret_results, &err);
}

/* An offline request in a folder of its own. */
static struct cs_bytes offline_in(const char *subfolder)
{
    cs_autofree char *parent = path_of(subfolder);
    cs_autofree char *path = cs_asprintf("%s/edge1.req", parent);
    struct cs_result result = {0};

    assert_ok(cs_file_make_folder(parent, &err), &err);
    assert_ok(run_new(NULL, path, &result), &err);
    cs_result_done(&result);
    return content_of(path);
}

static void assert_file(const char *into, const char *name, const struct cs_bytes *wanted)
{
    cs_autofree char *path = cs_asprintf("%s/%s", into, name);
    cs_auto_value(cs_bytes) content = content_of(path);

    ck_assert_msg(cs_bytes_equal(&content, wanted), "%s", name);
}

/* Two of one name, one that never was a file, and those that nobody waits for. */
START_TEST(all_that_wait_are_written)
{
    cs_autofree char *into = path_of("again/requests");
    cs_auto_value(cs_bytes) one = offline_in("a");
    cs_auto_value(cs_bytes) two = offline_in("b");
    int64_t pending = issued_by_ca(CS_CA_PENDING);
    (void)issued_by_ca(CS_CA_ISSUED);
    (void)issued_by_ca(CS_CA_DENIED);
    cs_auto_value(cs_result_list) results = {0};
    cs_autofree char *output = NULL;

    assert_ok(list_into(into, &results), &err);
    ck_assert_uint_eq(results.count, 3);
    for (size_t i = 0; i < results.count; i++) {
        ck_assert_int_eq(results.items[i].request->id, (int64_t)i + 1);
        ck_assert_uint_eq(results.items[i].files.count, 1);
        ck_assert_int_eq(results.items[i].error.code, CS_OK);
    }
    assert_file(into, "edge1.req", &one);
    assert_file(into, "request-2.csr", &two);
    ck_assert_int_eq(pending, 3);
    ck_assert_int_eq(cs_judge(&output,
                              "ls %s; openssl req -in %s/request-3.csr -noout -verify 2>&1", into,
                              into),
                     0);
    assert_contains(output, "edge1.req\nrequest-2.csr\nrequest-3.csr\n");
}
END_TEST

START_TEST(one_that_fails_stops_no_other)
{
    cs_autofree char *into = path_of("again");
    cs_autofree char *there = path_of("again/request-2.csr");
    cs_auto_value(cs_bytes) one = offline_in("a");
    cs_auto_value(cs_bytes) two = offline_in("b");
    cs_auto_value(cs_bytes) three = offline_in("c");
    cs_auto_value(cs_result_list) results = {0};
    cs_auto_value(cs_result_list) forced = {0};
    const struct cs_bytes mine = {(uint8_t *)(uintptr_t) "mine", 4};

    assert_ok(cs_file_make_folder(into, &err), &err);
    assert_ok(cs_file_write(there, "mine", 4, 0644, false, &err), &err);
    assert_ok(list_into(into, &results), &err);
    ck_assert_int_eq(cs_result_list_rc(&results, false), CS_E_PARTIAL);
    ck_assert_int_eq(results.items[1].error.code, CS_E_OUTPUT);
    assert_file(into, "edge1.req", &one);
    assert_file(into, "request-2.csr", &mine);
    assert_file(into, "request-3.csr", &three);
    flow.force = true;
    assert_ok(list_into(into, &forced), &err);
    ck_assert_int_eq(cs_result_list_rc(&forced, false), CS_OK);
    assert_file(into, "edge1.req", &one); /* not the third's, which has that name too */
    assert_file(into, "request-2.csr", &two);
}
END_TEST

/* -WhatIf, a no, a signal behind the first, and a folder that cannot be one. */
START_TEST(what_stops_the_writing)
{
    cs_autofree char *into = path_of(_i == 3 ? "a/edge1.req/x" : "again");
    cs_autofree char *first = path_of("again/edge1.req");
    cs_auto_value(cs_bytes) one = offline_in("a");
    cs_auto_value(cs_bytes) two = offline_in("b");
    cs_auto_value(cs_result_list) results = {0};
    static const cs_rc codes[] = {CS_OK, CS_E_CANCELLED, CS_E_CANCELLED, CS_E_OUTPUT};

    ck_assert(one.len && two.len);
    flow.what_if = _i == 0;
    flow.confirm = _i <= 1;
    ui.is_there = true;
    ui.signal_at = _i == 2 ? ui.looks + 2 : 0;
    ck_assert_int_eq(list_into(into, &results), codes[_i]);
    ck_assert_uint_eq(ui.questions, _i == 1);
    ck_assert_uint_eq(results.count, 2);
    ck_assert_int_eq(access(first, F_OK) == 0, _i == 2);
    ck_assert_uint_eq(results.items[0].files.count, _i == 2);
    ck_assert_uint_eq(results.items[1].files.count, 0);
}
END_TEST

/* ---- get: the certificate ---- */

static cs_rc get_to(int64_t id, const char *path, struct cs_certificate_list *ret_list)
{
    const struct cs_get_options options = {
        .types = &no_types, .assigned_only = true, .request_id = id, .output = path};

    err = (struct cs_err){0};
    return cs_flow_get(&flow, &options, ret_list, &err);
}

/* The certificate and then the CA's; the token is not needed. */
START_TEST(a_certificate_comes_with_its_chain)
{
    cs_autofree char *path = path_of("edge.pem");
    cs_auto_value(cs_certificate_list) list = {0};
    cs_auto_value(cs_certificate_list) given = {0};
    int64_t id;
    cs_auto_value(cs_bytes) der = answered("ECDH_P256", 0, "-days 9", &id);
    cs_auto_value(cs_bytes) both = cs_judge_make(
        folder, "both", "(openssl x509 -inform DER -in answer.der; cat ca.pem) | tee both >wanted");
    const struct cs_import_options options = import_of(&both);

    assert_ok(import(&options, &given), &err);
    cs_softkeys_fail_op(token, CS_SOFTKEYS_OPEN, 1);
    assert_ok(get_to(id, path, &list), &err);
    cs_auto_value(cs_bytes) pem = content_of(path);
    ck_assert(cs_bytes_equal(&pem, &both));
    ck_assert_uint_eq(list.count, 1);
    ck_assert(cs_bytes_equal(&list.items[0].der, &der));
    ck_assert_int_eq(list.items[0].request_id, id);
    ck_assert_int_eq(list.items[0].origin, CS_KEY_NOT_ASKED);
    ck_assert_ptr_null(list.items[0].uri);
    ck_assert_uint_eq(list.items[0].warnings.count, 0);
}
END_TEST

/* Without the CA's the file is there, and that something may lack is said. */
START_TEST(a_certificate_that_came_alone)
{
    cs_autofree char *path = path_of("edge.pem");
    cs_auto_value(cs_bytes) der = given_certificate(9);
    cs_auto_value(cs_certificate_list) list = {0};

    assert_ok(get_to(1, path, &list), &err);
    ck_assert_uint_eq(list.items[0].warnings.count, 1);
    assert_contains(list.items[0].warnings.items[0], "alone");
    cs_auto_value(cs_bytes) again =
        cs_judge_make(folder, "again.der", "openssl x509 -in edge.pem -outform DER -out again.der");
    ck_assert(cs_bytes_equal(&again, &der));
}
END_TEST

START_TEST(a_certificate_under_another_name)
{
    cs_autofree char *path = path_of(names[_i].name);
    int64_t id = issued_by_ca(CS_CA_ISSUED);
    cs_auto_value(cs_certificate_list) list = {0};
    size_t said = 0;

    assert_ok(get_to(id, path, &list), &err);
    for (size_t i = 0; i < list.items[0].warnings.count; i++) {
        said += strstr(list.items[0].warnings.items[i], "cscert export 1") != NULL;
    }
    ck_assert_uint_eq(said, names[_i].certificate);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(without_a_certificate_there_is_no_file)
{
    cs_autofree char *path = path_of("edge.pem");
    cs_auto_value(cs_certificate_list) list = {0};
    int64_t pending = issued_by_ca(CS_CA_PENDING);
    int64_t denied = issued_by_ca(CS_CA_DENIED);

    assert_fails(get_to(pending, path, &list), CS_E_USAGE, &err);
    assert_contains(err.message, "Pending");
    assert_contains(err.hint, "retrieve");
    assert_fails(get_to(denied, path, &list), CS_E_USAGE, &err);
    assert_fails(get_to(99, path, &list), CS_E_USAGE, &err);
    ck_assert_uint_eq(list.count, 0);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* ---- what both heed ---- */

START_TEST(no_file_is_replaced_unasked)
{
    cs_autofree char *path = cs_judge_write(folder, "there", "mine", 4);
    cs_auto_value(cs_bytes) der = given_certificate(9);
    cs_auto_value(cs_certificate_list) list = {0};
    cs_auto_value(cs_result_list) results = {0};

    assert_fails(get_to(1, path, &list), CS_E_OUTPUT, &err);
    assert_fails(list_to(1, path, &results), CS_E_OUTPUT, &err);
    assert_contains(err.hint, "-Force");
    flow.force = true;
    flow.what_if = true;
    assert_ok(list_to(1, path, &results), &err);
    ck_assert_uint_eq(results.items[0].files.count, 0);
    flow.what_if = false;
    flow.confirm = true;
    assert_fails(get_to(1, path, &list), CS_E_CANCELLED, &err);
    cs_auto_value(cs_bytes) mine = content_of(path);
    ck_assert_uint_eq(mine.len, 4);
    ui.is_there = ui.says_yes = true;
    assert_ok(get_to(1, path, &list), &err);
    cs_auto_value(cs_bytes) pem = content_of(path);
    ck_assert_uint_gt(pem.len, der.len);
}
END_TEST

/* Without a file: those on the token that answer the request. */
START_TEST(get_of_one_request)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(10);
    cs_auto_value(cs_certificate_list) list = {0};
    cs_auto_value(cs_certificate_list) none = {0};
    int64_t pending = issued_by_ca(CS_CA_PENDING);

    assert_ok(get_to(2, NULL, &list), &err);
    ck_assert_uint_eq(list.count, 1);
    ck_assert(cs_bytes_equal(&list.items[0].der, &two));
    ck_assert(!cs_bytes_equal(&one, &two));
    ck_assert_ptr_nonnull(list.items[0].uri);
    assert_ok(get_to(pending, NULL, &none), &err);
    ck_assert_uint_eq(none.count, 0);
    assert_fails(get_to(99, NULL, &none), CS_E_USAGE, &err);
}
END_TEST

/* There is no store yet. */
START_TEST(without_a_store_there_is_no_request)
{
    cs_auto_value(cs_certificate_list) list = {0};
    cs_auto_value(cs_result_list) results = {0};

    flow.store = NULL;
    assert_fails(get_to(1, "file", &list), CS_E_USAGE, &err);
    assert_fails(list_to(1, "file", &results), CS_E_USAGE, &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("get");
    TCase *tcase = tcase_create("get");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_lost_request_comes_again);
    tcase_add_test(tcase, a_request_of_a_ca_can_be_written);
    tcase_add_test(tcase, one_that_was_given_up_is_not_written);
    add_rows(tcase, a_name_that_says_something_else, names);
    tcase_add_test(tcase, all_that_wait_are_written);
    tcase_add_test(tcase, one_that_fails_stops_no_other);
    tcase_add_loop_test(tcase, what_stops_the_writing, 0, 4);
    add_rows(tcase, a_certificate_under_another_name, names);
    tcase_add_test(tcase, a_certificate_comes_with_its_chain);
    tcase_add_test(tcase, a_certificate_that_came_alone);
    tcase_add_test(tcase, without_a_certificate_there_is_no_file);
    tcase_add_test(tcase, no_file_is_replaced_unasked);
    tcase_add_test(tcase, get_of_one_request);
    tcase_add_test(tcase, without_a_store_there_is_no_request);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

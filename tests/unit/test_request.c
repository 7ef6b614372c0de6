#include "base/mem.h"
#include "model/request.h"
#include "support/check_run.h"

/* Leaks and double frees in here are what the sanitizers and valgrind look for. */
static struct cs_request *full_request(int64_t id)
{
    struct cs_request *request = cs_request_new();

    request->id = id;
    request->plan = cs_plan_new();
    cs_plan_add_name(request->plan, "edge1.litwareinc.net", "subject name", "-ComputerFqdn");
    request->plan->subject.common_name = cs_strdup("edge1.litwareinc.net");
    request->label = cs_strdup("Edge");
    request->token_uri = cs_strdup("pkcs11:token=edge");
    request->module_path = cs_strdup("/usr/lib/softhsm/libsofthsm2.so");
    request->key_uri = cs_strdup("pkcs11:token=edge;object=Edge");
    request->spki = cs_bytes_copy("spki", 4);
    request->csr = cs_bytes_copy("csr", 3);
    request->ca_request_id = cs_strdup("17");
    request->ca_handle = cs_strdup("handle");
    request->ca_message = cs_strdup("taken under submission");
    request->certificate = cs_bytes_copy("certificate", 11);
    request->chain = cs_bytes_copy("chain", 5);
    return request;
}

START_TEST(test_new)
{
    cs_auto(cs_request) request = cs_request_new();

    ck_assert_int_eq(request->id, 0);
    ck_assert_int_eq(request->state, CS_STATE_PLANNED);
    ck_assert_int_eq(request->error.code, CS_OK);
    ck_assert_int_eq(request->generation, CS_GEN_TOKEN);
    ck_assert_ptr_null(request->plan);
    ck_assert_uint_eq(sizeof request->key_id, 20); /* 160 bits */
    for (size_t i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        ck_assert_int_eq(request->attrs.answer[i], CS_UNKNOWN);
    }
}
END_TEST

START_TEST(test_tokenlist)
{
    cs_auto_value(cs_request_list) list = {0};

    for (int i = 0; i < 100; i++) {
        cs_request_list_add(&list, full_request(i + 1));
    }
    ck_assert_uint_eq(list.count, 100);
    ck_assert_int_eq(list.items[0]->id, 1);
    ck_assert_int_eq(list.items[99]->id, 100);
    cs_request_list_done(&list);
    ck_assert_uint_eq(list.count, 0);
    ck_assert_ptr_null(list.items);
}
END_TEST

START_TEST(test_free_nothing)
{
    struct cs_request_list empty = {0};

    cs_request_free(NULL);
    cs_request_free(cs_request_new());
    cs_plan_free(NULL);
    cs_plan_free(cs_plan_new());
    cs_request_list_done(&empty);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("request");
    TCase *tcase = tcase_create("request");

    tcase_add_test(tcase, test_new);
    tcase_add_test(tcase, test_tokenlist);
    tcase_add_test(tcase, test_free_nothing);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

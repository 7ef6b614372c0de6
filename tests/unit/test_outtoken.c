/* What `token list` and `token init` print. */
#include "base/mem.h"
#include "cli/outtoken.h"
#include "support/check_run.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct cs_token_list list;

static void setup(void)
{
    list.items = cs_alloc(2, sizeof *list.items);
    list.count = 2;
    list.items[0] = (struct cs_listed_token){
        .info = {.uri = cs_strdup("pkcs11:token=edge"),
                 .label = cs_strdup("edge"),
                 .manufacturer = cs_strdup("ACME"),
                 .model = cs_strdup(""),
                 .serial = cs_strdup("42"),
                 .module_path = cs_strdup("/usr/lib/m.so"),
                 .profile = cs_strdup("luna")},
        .slot = 7,
        .hardware = cs_strdup("1.0"),
        .firmware = cs_strdup("2.0"),
        .pin_min = 4,
        .pin_max = 8,
        .is_initialised = true,
        .is_untried = true,
    };
    cs_strv_add(&list.items[0].flags, "initialised");
    cs_strv_add(&list.items[0].flags, "final try");
    list.items[1] = (struct cs_listed_token){
        .info = {.module_path = cs_strdup("/usr/lib/m.so")},
        .slot = 8,
    };
    (void)!cs_fail(&list.items[1].error, CS_E_TOKEN_ABSENT, "it does not say");
    list.failed = cs_alloc(1, sizeof *list.failed);
    list.failed_count = 1;
    list.failed[0].path = cs_strdup("/usr/lib/broken.so");
    (void)!cs_fail(&list.failed[0].error, CS_E_TOKEN_ABSENT, "it does not start");
    cs_err_cause(&list.failed[0].error, CS_ORIGIN_CKR, 0x30, "CKR_DEVICE_ERROR", "C_Initialize");
}

static void teardown(void)
{
    cs_token_list_done(&list);
}

START_TEST(list_text)
{
    cs_autofree char *text = cs_outtoken_list_text(&list);

    ck_assert_str_eq(text, "Token         : pkcs11:token=edge\n"
                           "Label         : edge\n"
                           "Manufacturer  : ACME\n"
                           "Serial        : 42\n"
                           "Version       : hardware 1.0, firmware 2.0\n"
                           "Slot          : 7\n"
                           "State         : initialised, final try\n"
                           "PIN length    : 4 to 8\n"
                           "Module        : /usr/lib/m.so\n"
                           "Profile       : luna (not tried on hardware)\n"
                           "\n"
                           "Slot          : 8\n"
                           "Module        : /usr/lib/m.so\n"
                           "Error         : it does not say\n"
                           "\n"
                           "Module        : /usr/lib/broken.so\n"
                           "Error         : it does not start\n"
                           "                C_Initialize: CKR_DEVICE_ERROR (0x30)\n");
}
END_TEST

START_TEST(list_json)
{
    cs_autofree char *text = cs_outtoken_list_json(&list);
    json_t *array = json_loads(text, 0, NULL);
    json_t *token = json_object_get(json_array_get(array, 0), "Token");
    json_t *silent = json_object_get(json_array_get(array, 1), "Token");
    json_t *module = json_object_get(json_array_get(array, 2), "Module");

    ck_assert_uint_eq(json_array_size(array), 3);
    ck_assert_str_eq(json_string_value(json_object_get(token, "Uri")), "pkcs11:token=edge");
    ck_assert_int_eq(json_integer_value(json_object_get(token, "Slot")), 7);
    ck_assert(json_is_true(json_object_get(token, "Initialised")));
    ck_assert(json_is_false(json_object_get(token, "ProfileTried")));
    ck_assert_int_eq(
        json_integer_value(json_object_get(json_object_get(token, "PinLength"), "Max")), 8);
    ck_assert_uint_eq(json_array_size(json_object_get(token, "Flags")), 2);
    ck_assert(json_is_null(json_object_get(token, "Error")));
    ck_assert(json_is_null(json_object_get(silent, "Uri")));
    ck_assert(json_is_null(json_object_get(silent, "Initialised")));
    ck_assert_str_eq(
        json_string_value(json_object_get(json_object_get(silent, "Error"), "Message")),
        "it does not say");
    ck_assert_str_eq(json_string_value(json_object_get(module, "Path")), "/usr/lib/broken.so");
    json_decref(array);
}
END_TEST

START_TEST(empty_list)
{
    const struct cs_token_list none = {0};
    cs_autofree char *text = cs_outtoken_list_text(&none);
    cs_autofree char *json = cs_outtoken_list_json(&none);

    ck_assert_str_eq(text, "");
    ck_assert_str_eq(json, "[]\n");
}
END_TEST

START_TEST(new_token)
{
    cs_autofree char *text = cs_outtoken_init_text(&list.items[0].info);
    cs_autofree char *json = cs_outtoken_init_json(&list.items[0].info);

    assert_contains(text, "Token         : pkcs11:token=edge\n");
    assert_contains(text, "State         : initialised, PIN set\n");
    assert_contains(json, "\"Serial\": \"42\"");
}
END_TEST

START_TEST(one_object)
{
    struct cs_listed_object object = {
        .uri = cs_strdup("pkcs11:token=edge;object=k;type=private"),
        .class_name = cs_strdup("private key"),
        .label = cs_strdup("k"),
        .id = cs_strdup("00ff"),
    };
    cs_strv_add(&object.facts, "CKA_LOCAL: true");
    cs_strv_add(&object.facts, "CKA_SIGN: true");
    cs_autofree char *text = cs_outtoken_object_text(&object);
    cs_autofree char *json = cs_outtoken_object_json(&object);

    ck_assert_str_eq(text, "Object        : pkcs11:token=edge;object=k;type=private\n"
                           "Class         : private key\n"
                           "Label         : k\n"
                           "Id            : 00ff\n"
                           "Attributes    : CKA_LOCAL: true\n"
                           "                CKA_SIGN: true\n");
    assert_contains(json, "\"Class\": \"private key\"");
    cs_listed_object_done(&object);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outtoken");
    TCase *tcase = tcase_create("tokens");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, list_text);
    tcase_add_test(tcase, list_json);
    tcase_add_test(tcase, empty_list);
    tcase_add_test(tcase, new_token);
    tcase_add_test(tcase, one_object);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

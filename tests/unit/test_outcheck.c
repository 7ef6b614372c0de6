/* What `token check` prints of findings. */
#include "base/mem.h"
#include "cli/outtoken.h"
#include "support/check_run.h"

#include <jansson.h>
#include <string.h>

static char about_token[] = "token";
static char about_p256[] = "ECDH_P256";
static char about_p384[] = "ECDH_P384";
static char generate[] = "generate";
static char wrapped[] = "wrap it, not extractable";
static char nothing[] = "";
static char hostile[] = "evil \033[2J";
static char cause[] = "C_WrapKey: CKR_MECHANISM_INVALID (0x70)";
static char given[] = "it is that key";

static struct cs_probe_finding findings[] = {
    {about_token, generate, CS_PROBE_VALUE, CS_PROBE_FINE, hostile, NULL, -1},
    {about_p256, generate, CS_PROBE_YES, CS_PROBE_FINE, nothing, NULL, 12.345},
    {about_p256, wrapped, CS_PROBE_GIVEN, CS_PROBE_DANGER, given, NULL, -1},
    {about_p384, generate, CS_PROBE_NO, CS_PROBE_FINE, nothing, cause, -1},
    {about_p384, wrapped, CS_PROBE_GIVEN, CS_PROBE_DANGER, given, NULL, -1},
};

static char uri[] = "pkcs11:token=edge";
static char label[] = "edge";
static char module[] = "/usr/lib/m.so";
static char profile[] = "generic";
static const struct cs_token_info info = {
    .uri = uri, .label = label, .module_path = module, .profile = profile};

static struct cs_probe sample(size_t count)
{
    struct cs_probe probe = {.token = &info, .items = findings, .count = count};

    for (size_t i = 0; i < count; i++) {
        probe.contradictions += findings[i].severity != CS_PROBE_FINE;
        probe.dangers += findings[i].severity == CS_PROBE_DANGER;
    }
    return probe;
}

START_TEST(keys_stand_side_by_side)
{
    const struct cs_probe probe = sample(5);
    cs_autofree char *text = cs_outtoken_check_text(&probe);

    assert_contains(text, "Token         : pkcs11:token=edge\n");
    assert_contains(text, "                            ECDH_P256            ECDH_P384\n");
    assert_contains(text, "  generate                  yes 12.35 ms         no\n");
    assert_contains(text, "  wrap it, not extractable  GIVEN !              GIVEN !\n");
    assert_contains(text, "  generate (ECDH_P384): no: C_WrapKey: CKR_MECHANISM_INVALID (0x70)\n");
}
END_TEST

/* Once, with both keys, behind all the rest. */
START_TEST(a_danger_is_called_out)
{
    const struct cs_probe probe = sample(5);
    cs_autofree char *text = cs_outtoken_check_text(&probe);
    const char *danger = strstr(text, "\nDANGER");

    ck_assert_ptr_nonnull(danger);
    assert_contains(danger,
                    "  wrap it, not extractable (ECDH_P256, ECDH_P384): GIVEN: it is that key\n");
    ck_assert_ptr_null(strstr(text, "Against PKCS #11"));
}
END_TEST

START_TEST(without_danger_there_is_none)
{
    const struct cs_probe probe = sample(2);
    cs_autofree char *text = cs_outtoken_check_text(&probe);

    ck_assert_ptr_null(strstr(text, "DANGER"));
    ck_assert_ptr_null(strstr(text, "Against"));
}
END_TEST

START_TEST(text_of_a_token_is_escaped)
{
    struct cs_probe probe = sample(1);
    cs_strv_add(&probe.left, "private key, label \"x\033[2J\"");
    cs_autofree char *text = cs_outtoken_check_text(&probe);

    ck_assert_ptr_null(strchr(text, '\033'));
    assert_contains(text, "Could not be removed");
    assert_contains(text, "private key, label \"x\\x1b[2J\"");
    cs_strv_done(&probe.left);
}
END_TEST

START_TEST(as_json)
{
    struct cs_probe probe = sample(5);
    probe.draft = cs_strdup("name = 'x'\n");
    cs_strv_add(&probe.left, "private key");
    cs_autofree char *text = cs_outtoken_check_json(&probe);
    json_t *array = json_loads(text, 0, NULL);

    ck_assert_uint_eq(json_array_size(array), 8);
    const char *token;
    ck_assert_int_eq(json_unpack(json_array_get(array, 0), "{s:{s:s}}", "Token", "Uri", &token), 0);
    ck_assert_str_eq(token, "pkcs11:token=edge");
    json_t *finding = json_object_get(json_array_get(array, 3), "Finding");
    ck_assert_str_eq(json_string_value(json_object_get(finding, "About")), "ECDH_P256");
    ck_assert_str_eq(json_string_value(json_object_get(finding, "Result")), "GIVEN");
    ck_assert_str_eq(json_string_value(json_object_get(finding, "Severity")), "danger");
    ck_assert(json_is_null(json_object_get(finding, "Cause")));
    ck_assert(json_is_null(json_object_get(finding, "Milliseconds")));
    json_t *made = json_object_get(json_array_get(array, 2), "Finding");
    ck_assert(json_real_value(json_object_get(made, "Milliseconds")) > 12.3);
    ck_assert(json_is_null(json_object_get(made, "Severity")));
    ck_assert(json_is_null(json_object_get(made, "Detail")));
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(array, 6), "Left")),
                     "private key");
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(array, 7), "Draft")),
                     "name = 'x'\n");
    json_decref(array);
    free(probe.draft);
    cs_strv_done(&probe.left);
}
END_TEST

/* Nothing was found yet when the module crashed. */
START_TEST(of_nothing)
{
    const struct cs_probe probe = sample(0);
    cs_autofree char *text = cs_outtoken_check_text(&probe);
    cs_autofree char *json = cs_outtoken_check_json(&probe);

    assert_contains(text, "edge");
    assert_contains(json, "\"Token\"");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outcheck");
    TCase *tcase = tcase_create("check");

    tcase_add_test(tcase, keys_stand_side_by_side);
    tcase_add_test(tcase, a_danger_is_called_out);
    tcase_add_test(tcase, without_danger_there_is_none);
    tcase_add_test(tcase, text_of_a_token_is_escaped);
    tcase_add_test(tcase, as_json);
    tcase_add_test(tcase, of_nothing);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

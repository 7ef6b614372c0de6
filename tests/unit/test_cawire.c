#include "wire/cawire.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "support/check_run.h"
#include "wire/json.h"

/* An error goes over and comes back as it was. */
START_TEST(test_error_round_trip)
{
    struct cs_err why = {0};
    struct cs_err back = {0};
    struct cs_err err = {0};

    cs_json_setup();
    cs_err_set(&why, CS_E_CA_REFUSED, "denied by \"policy\"");
    cs_err_cause(&why, CS_ORIGIN_HRESULT, 0x80094800, "CERTSRV_E_UNSUPPORTED_CERT_TYPE", "submit");
    cs_err_hint(&why, "use another template");
    cs_auto(json_t) json = cs_cawire_error(&why);
    assert_ok(cs_cawire_error_take(json, &back, &err), &err);
    ck_assert_int_eq(back.code, why.code);
    ck_assert_int_eq(back.origin, why.origin);
    ck_assert_int_eq(back.cause, why.cause);
    ck_assert_str_eq(back.cause_name, why.cause_name);
    ck_assert_str_eq(back.operation, why.operation);
    ck_assert_str_eq(back.message, why.message);
    ck_assert_str_eq(back.hint, why.hint);
}
END_TEST

/* Every origin that errors can have. */
START_TEST(test_origins)
{
    struct cs_err why = {0};
    struct cs_err back = {0};
    struct cs_err err = {0};

    cs_json_setup();
    cs_err_set(&why, CS_E_CONFIG, "m");
    cs_err_cause(&why, (enum cs_origin)_i, -5, "n", "o");
    cs_auto(json_t) json = cs_cawire_error(&why);
    assert_ok(cs_cawire_error_take(json, &back, &err), &err);
    ck_assert_int_eq(back.origin, _i);
    ck_assert_int_eq(back.cause, -5);
}
END_TEST

/* A code that a CA's program cannot have becomes INTERNAL, a message is always there. */
START_TEST(test_codes)
{
    struct cs_err why = {.code = (cs_rc)_i};
    struct cs_err back = {0};
    struct cs_err err = {0};
    bool may = _i == CS_E_INTERNAL || _i == CS_E_USAGE || _i == CS_E_CONFIG ||
               _i == CS_E_CA_UNREACHABLE || _i == CS_E_CA_REFUSED || _i == CS_E_MISMATCH ||
               _i == CS_E_CANCELLED;

    cs_json_setup();
    cs_auto(json_t) json = cs_cawire_error(&why);
    assert_ok(cs_cawire_error_take(json, &back, &err), &err);
    ck_assert_int_eq(back.code, may ? (cs_rc)_i : CS_E_INTERNAL);
    ck_assert(back.message[0]);
}
END_TEST

START_TEST(test_dispositions)
{
    for (enum cs_disposition i = CS_CA_ISSUED; i <= CS_CA_REVOKED; i++) {
        enum cs_disposition back = CS_CA_ISSUED;
        ck_assert(cs_cawire_disposition_find(cs_cawire_disposition(i), &back));
        ck_assert_int_eq(back, i);
    }
    enum cs_disposition none;
    ck_assert(!cs_cawire_disposition_find("ok", &none));
    ck_assert(!cs_cawire_disposition_find("", &none));
}
END_TEST

/* Octets that are no UTF-8 cannot stand in JSON. */
START_TEST(test_text)
{
    cs_json_setup();
    cs_auto(json_t) object = json_object();
    const struct cs_bytes none = {0};

    cs_cawire_put_text(object, "a", "\xff");
    cs_cawire_put_text(object, "b", NULL);
    cs_cawire_put_text(object, "c", "");
    cs_cawire_put_bytes(object, "d", &none);
    cs_cawire_put_bytes(object, "e", NULL);
    cs_autofree char *text = cs_json_dump(object);
    ck_assert_str_eq(text, "{\"a\":\"\\\\xff\"}");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cawire");
    TCase *tcase = tcase_create("cawire");

    tcase_add_test(tcase, test_error_round_trip);
    tcase_add_loop_test(tcase, test_origins, 1, CS_ORIGIN_COUNT);
    tcase_add_loop_test(tcase, test_codes, 1, CS_RC_COUNT);
    tcase_add_test(tcase, test_dispositions);
    tcase_add_test(tcase, test_text);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

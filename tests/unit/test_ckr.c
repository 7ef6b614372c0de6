#include "pkcs11/ckr.h"

#include "support/check_run.h"

/* Numbers and names as PKCS#11 v2.40 section 5.1 and its header give them, so that a slip in the
 * table's order or in a header shows. */
static const struct {
    CK_RV rv;
    const char *name;
    cs_rc code;
} known[] = {
    {0x001, "CKR_CANCEL", CS_E_CANCELLED},
    {0x002, "CKR_HOST_MEMORY", CS_E_TOKEN_REFUSED},
    {0x003, "CKR_SLOT_ID_INVALID", CS_E_TOKEN_ABSENT},
    {0x005, "CKR_GENERAL_ERROR", CS_E_TOKEN_REFUSED},
    {0x006, "CKR_FUNCTION_FAILED", CS_E_TOKEN_REFUSED},
    {0x007, "CKR_ARGUMENTS_BAD", CS_E_TOKEN_REFUSED},
    {0x010, "CKR_ATTRIBUTE_READ_ONLY", CS_E_TOKEN_REFUSED},
    {0x011, "CKR_ATTRIBUTE_SENSITIVE", CS_E_TOKEN_REFUSED},
    {0x012, "CKR_ATTRIBUTE_TYPE_INVALID", CS_E_TOKEN_REFUSED},
    {0x013, "CKR_ATTRIBUTE_VALUE_INVALID", CS_E_TOKEN_REFUSED},
    {0x030, "CKR_DEVICE_ERROR", CS_E_TOKEN_REFUSED},
    {0x031, "CKR_DEVICE_MEMORY", CS_E_TOKEN_REFUSED},
    {0x032, "CKR_DEVICE_REMOVED", CS_E_TOKEN_ABSENT},
    {0x050, "CKR_FUNCTION_CANCELED", CS_E_CANCELLED},
    {0x054, "CKR_FUNCTION_NOT_SUPPORTED", CS_E_TOKEN_REFUSED},
    {0x062, "CKR_KEY_SIZE_RANGE", CS_E_TOKEN_REFUSED},
    {0x06a, "CKR_KEY_UNEXTRACTABLE", CS_E_TOKEN_REFUSED},
    {0x070, "CKR_MECHANISM_INVALID", CS_E_TOKEN_REFUSED},
    {0x082, "CKR_OBJECT_HANDLE_INVALID", CS_E_TOKEN_REFUSED},
    {0x090, "CKR_OPERATION_ACTIVE", CS_E_TOKEN_REFUSED},
    {0x0a0, "CKR_PIN_INCORRECT", CS_E_TOKEN_AUTH},
    {0x0a2, "CKR_PIN_LEN_RANGE", CS_E_TOKEN_AUTH},
    {0x0a3, "CKR_PIN_EXPIRED", CS_E_TOKEN_AUTH},
    {0x0a4, "CKR_PIN_LOCKED", CS_E_TOKEN_AUTH},
    {0x0b1, "CKR_SESSION_COUNT", CS_E_TOKEN_REFUSED},
    {0x0b5, "CKR_SESSION_READ_ONLY", CS_E_TOKEN_REFUSED},
    {0x0d0, "CKR_TEMPLATE_INCOMPLETE", CS_E_TOKEN_REFUSED},
    {0x0d1, "CKR_TEMPLATE_INCONSISTENT", CS_E_TOKEN_REFUSED},
    {0x0e0, "CKR_TOKEN_NOT_PRESENT", CS_E_TOKEN_ABSENT},
    {0x0e2, "CKR_TOKEN_WRITE_PROTECTED", CS_E_TOKEN_REFUSED},
    {0x100, "CKR_USER_ALREADY_LOGGED_IN", CS_E_TOKEN_AUTH},
    {0x101, "CKR_USER_NOT_LOGGED_IN", CS_E_TOKEN_AUTH},
    {0x102, "CKR_USER_PIN_NOT_INITIALIZED", CS_E_TOKEN_AUTH},
    {0x130, "CKR_DOMAIN_PARAMS_INVALID", CS_E_TOKEN_REFUSED},
    {0x150, "CKR_BUFFER_TOO_SMALL", CS_E_TOKEN_REFUSED},
    {0x190, "CKR_CRYPTOKI_NOT_INITIALIZED", CS_E_TOKEN_REFUSED},
    {0x200, "CKR_FUNCTION_REJECTED", CS_E_TOKEN_REFUSED},
};

START_TEST(knows)
{
    ck_assert_str_eq(cs_ckr_name(known[_i].rv), known[_i].name);
    ck_assert_int_eq(cs_ckr_code(known[_i].rv), known[_i].code);
}
END_TEST

/* What a user can do something about has a hint; a lock-out above all. */
static const CK_RV with_hint[] = {0x031, 0x0a0, 0x0a2, 0x0a4, 0x0b5, 0x0e0, 0x0e2, 0x102, 0x070};

START_TEST(hints)
{
    const char *hint = cs_ckr_hint(with_hint[_i]);

    ck_assert_ptr_nonnull(hint);
    ck_assert_uint_gt(strlen(hint), 20);
}
END_TEST

START_TEST(names_what_it_does_not_know)
{
    ck_assert_str_eq(cs_ckr_name(0x80000001), "CKR_VENDOR_DEFINED");
    ck_assert_str_eq(cs_ckr_name(0x4), "unknown");
    ck_assert_str_eq(cs_ckr_name(0x7fffffff), "unknown");
    ck_assert_int_eq(cs_ckr_code(0x80000001), CS_E_TOKEN_REFUSED);
    ck_assert_int_eq(cs_ckr_code((CK_RV)-1), CS_E_TOKEN_REFUSED);
    ck_assert_ptr_nonnull(cs_ckr_hint(0x80000001));
}
END_TEST

/* No number makes an error look like success. */
START_TEST(is_never_ok)
{
    for (CK_RV rv = 0; rv < 0x300; rv++) {
        ck_assert_int_ne(cs_ckr_code(rv), CS_OK);
        ck_assert_ptr_nonnull(cs_ckr_name(rv));
    }
}
END_TEST

START_TEST(fills_the_record)
{
    struct cs_err err = {0};
    cs_rc rc = cs_fail_ckr(&err, CS_E_TOKEN_AUTH, "C_Login", CKR_PIN_INCORRECT, "token %s", "edge");

    ck_assert_int_eq(rc, CS_E_TOKEN_AUTH);
    ck_assert_int_eq(err.code, CS_E_TOKEN_AUTH);
    ck_assert_int_eq(err.origin, CS_ORIGIN_CKR);
    ck_assert_int_eq(err.cause, 0xa0);
    ck_assert_str_eq(err.cause_name, "CKR_PIN_INCORRECT");
    ck_assert_str_eq(err.operation, "C_Login");
    ck_assert_str_eq(err.message, "token edge");
    ck_assert_str_eq(err.hint, cs_ckr_hint(CKR_PIN_INCORRECT));
}
END_TEST

START_TEST(keeps_a_better_hint)
{
    struct cs_err err = {0};

    cs_err_set(&err, CS_E_TOKEN_AUTH, "x");
    cs_err_hint(&err, "one try is left");
    cs_err_cause_ckr(&err, "C_Login", CKR_PIN_INCORRECT);
    ck_assert_str_eq(err.hint, "one try is left");
    ck_assert_int_eq(cs_fail_ckr(NULL, CS_E_TOKEN_AUTH, "C_Login", CKR_PIN_INCORRECT, "x"),
                     CS_E_TOKEN_AUTH);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ckr");
    TCase *tcase = tcase_create("ckr");

    add_rows(tcase, knows, known);
    add_rows(tcase, hints, with_hint);
    tcase_add_test(tcase, names_what_it_does_not_know);
    tcase_add_test(tcase, is_never_ok);
    tcase_add_test(tcase, fills_the_record);
    tcase_add_test(tcase, keeps_a_better_hint);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

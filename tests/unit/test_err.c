#include "base/err.h"
#include "base/strv.h"
#include "support/check_run.h"

#include <errno.h>

/* The exit codes as docs and scripts know them: design, "Errors". */
static const struct {
    int number;
    const char *name;
} codes[] = {
    {0, "OK"},           {1, "INTERNAL"},   {2, "USAGE"},         {3, "CONFIG"},
    {4, "TOKEN_ABSENT"}, {5, "TOKEN_AUTH"}, {6, "TOKEN_REFUSED"}, {7, "CA_UNREACHABLE"},
    {8, "CA_REFUSED"},   {9, "PENDING"},    {10, "MISMATCH"},     {11, "STORE"},
    {12, "CANCELLED"},   {13, "PARTIAL"},   {14, "POLICY"},       {15, "INPUT"},
    {16, "OUTPUT"},      {17, "EVIDENCE"},
};

START_TEST(test_code)
{
    const char *sentence = cs_rc_explain((cs_rc)codes[_i].number);

    ck_assert_int_eq(codes[_i].number, _i);
    ck_assert_str_eq(cs_rc_name((cs_rc)_i), codes[_i].name);
    ck_assert_uint_gt(strlen(sentence), 10);
    ck_assert_msg(sentence[strlen(sentence) - 1] == '.', "%s is no sentence", sentence);
    for (int other = 0; other < _i; other++) {
        ck_assert_str_ne(cs_rc_explain((cs_rc)other), sentence);
    }
}
END_TEST

START_TEST(test_codes_end)
{
    ck_assert_uint_eq(ROWS(codes), CS_RC_COUNT);
    ck_assert_str_eq(cs_rc_name((cs_rc)CS_RC_COUNT), "INTERNAL");
    ck_assert_str_eq(cs_rc_name((cs_rc)-1), "INTERNAL");
    ck_assert_str_eq(cs_rc_explain((cs_rc)999), cs_rc_explain(CS_E_INTERNAL));
}
END_TEST

static const char *const origins[] = {"",     "errno",  "CKR",      "HRESULT", "OpenSSL",
                                      "HTTP", "SQLite", "Kerberos", "RPC"};

START_TEST(test_origin)
{
    ck_assert_str_eq(cs_origin_name((enum cs_origin)_i), origins[_i]);
}
END_TEST

START_TEST(test_origins_end)
{
    ck_assert_uint_eq(ROWS(origins), CS_ORIGIN_COUNT);
    ck_assert_str_eq(cs_origin_name((enum cs_origin)CS_ORIGIN_COUNT), "");
}
END_TEST

START_TEST(test_fail_fills_all)
{
    struct cs_err err = {.hint = "an older hint", .operation = "older", .cause = 7};

    ck_assert_int_eq(cs_fail(&err, CS_E_TOKEN_AUTH, "slot %d: %s", 3, "no"), CS_E_TOKEN_AUTH);
    ck_assert_int_eq(err.code, CS_E_TOKEN_AUTH);
    ck_assert_str_eq(err.message, "slot 3: no");
    ck_assert_str_eq(err.hint, "");
    ck_assert_str_eq(err.operation, "");
    ck_assert_int_eq(err.cause, 0);
    ck_assert_int_eq(err.origin, CS_ORIGIN_NONE);

    cs_err_cause(&err, CS_ORIGIN_CKR, 0xa0, "CKR_PIN_INCORRECT", "C_Login");
    ck_assert_int_eq(err.origin, CS_ORIGIN_CKR);
    ck_assert_int_eq(err.cause, 0xa0);
    ck_assert_str_eq(err.cause_name, "CKR_PIN_INCORRECT");
    ck_assert_str_eq(err.operation, "C_Login");
    ck_assert_str_eq(err.message, "slot 3: no");

    cs_err_cause(&err, CS_ORIGIN_HTTP, 404, NULL, NULL);
    ck_assert_str_eq(err.cause_name, "");
    ck_assert_str_eq(err.operation, "");

    cs_err_clear(&err);
    ck_assert_int_eq(err.code, CS_OK);
    ck_assert_str_eq(err.message, "");
}
END_TEST

START_TEST(test_no_record)
{
    ck_assert_int_eq(cs_fail(NULL, CS_E_STORE, "%s", "x"), CS_E_STORE);
    ck_assert_int_eq(cs_fail_hint(NULL, CS_E_STORE, "hint", "%s", "x"), CS_E_STORE);
    ck_assert_int_eq(cs_fail_errno(NULL, CS_E_STORE, "open", ENOENT, "%s", "x"), CS_E_STORE);
    cs_err_cause(NULL, CS_ORIGIN_CKR, 1, "x", "y");
    cs_err_clear(NULL);
}
END_TEST

START_TEST(test_errno)
{
    struct cs_err err;

    ck_assert_int_eq(cs_fail_errno(&err, CS_E_OUTPUT, "open", ENOSPC, "%s", "/a"), CS_E_OUTPUT);
    ck_assert_int_eq(err.origin, CS_ORIGIN_ERRNO);
    ck_assert_int_eq(err.cause, ENOSPC);
    ck_assert_str_eq(err.cause_name, strerror(ENOSPC));
    ck_assert_str_eq(err.operation, "open");
    ck_assert_str_eq(err.message, "/a");

    (void)cs_fail_errno(&err, CS_E_OUTPUT, "open", 12345, "%s", "/a");
    ck_assert_str_eq(err.cause_name, "unknown error");
}
END_TEST

/* cs_fail_errno(..., errno, ...) reads errno after the message was printed. */
START_TEST(test_errno_survives_printing)
{
    struct cs_err err;

    errno = ENOSPC;
    (void)cs_fail_errno(&err, CS_E_OUTPUT, "write", errno, "%ls", L"\xfffd\x10ffff\xdc00");
    ck_assert_int_eq(err.cause, ENOSPC);
    ck_assert_int_eq(errno, ENOSPC);
    errno = EACCES;
    cs_err_hint(&err, "%ls", L"\xdc00");
    ck_assert_int_eq(errno, EACCES);
}
END_TEST

START_TEST(test_first_hint_stays)
{
    struct cs_err err;

    (void)cs_fail_hint(&err, CS_E_USAGE, "do this, 100%", "no");
    ck_assert_str_eq(err.hint, "do this, 100%");
    cs_err_hint(&err, "do that");
    ck_assert_str_eq(err.hint, "do this, 100%");
}
END_TEST

START_TEST(test_message_of_itself)
{
    struct cs_err err;

    (void)cs_fail(&err, CS_E_INPUT, "inner");
    (void)cs_fail(&err, CS_E_STORE, "outer: %s", err.message);
    ck_assert_str_eq(err.message, "outer: inner");
    cs_err_cause(&err, CS_ORIGIN_SQL, 5, "locked", "step");
    cs_err_cause(&err, CS_ORIGIN_SQL, 5, err.cause_name, err.operation);
    ck_assert_str_eq(err.cause_name, "locked");
    ck_assert_str_eq(err.operation, "step");
}
END_TEST

/* A character of 1 to 4 octets, repeated past the end of every field at every offset. */
static const char *const characters[] = {"x", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x94\x91"};

static void check_cut(const char *text, size_t size)
{
    size_t len = strlen(text);

    ck_assert_uint_lt(len, size);
    ck_assert_uint_ge(len + 4, size); /* not more is lost than one character */
    ck_assert_str_eq(text + len - 3, "...");
    ck_assert_msg(cs_text_is_clean(text), "cut inside a character");
}

START_TEST(test_cut_between_characters)
{
    char text[4096] = "";
    struct cs_err err;

    for (int offset = 0; offset < 4; offset++) {
        memset(text, 'a', (size_t)offset);
        text[offset] = 0;
        while (strlen(text) < 2000) {
            strcat(text, characters[_i]);
        }
        (void)cs_fail(&err, CS_E_INPUT, "%s", text);
        cs_err_cause(&err, CS_ORIGIN_SQL, 1, text, text);
        cs_err_hint(&err, "%s", text);
        check_cut(err.message, sizeof err.message);
        check_cut(err.cause_name, sizeof err.cause_name);
        check_cut(err.operation, sizeof err.operation);
        check_cut(err.hint, sizeof err.hint);
    }
}
END_TEST

START_TEST(test_what_fits_is_whole)
{
    char text[sizeof((struct cs_err *)0)->message];
    struct cs_err err;

    memset(text, 'm', sizeof text - 1);
    text[sizeof text - 1] = 0;
    (void)cs_fail(&err, CS_E_INPUT, "%s", text);
    ck_assert_str_eq(err.message, text);
}
END_TEST

/* The design's "Errors" shows the first two; an HRESULT comes as 32 or as 64 bits with a sign. */
static const struct {
    enum cs_origin origin;
    int64_t cause;
    const char *name;
    const char *operation;
    const char *text;
} causes[] = {
    {CS_ORIGIN_CKR, 0xa0, "CKR_PIN_INCORRECT", "C_Login", "C_Login: CKR_PIN_INCORRECT (0xa0)"},
    {CS_ORIGIN_HRESULT, 0x80094800, "CERTSRV_E_UNSUPPORTED_CERT_TYPE", NULL,
     "0x80094800 CERTSRV_E_UNSUPPORTED_CERT_TYPE"},
    {CS_ORIGIN_HRESULT, -2146875392, "CERTSRV_E_UNSUPPORTED_CERT_TYPE", "submit",
     "submit: 0x80094800 CERTSRV_E_UNSUPPORTED_CERT_TYPE"},
    {CS_ORIGIN_ERRNO, 28, "No space left on device", "write",
     "write: No space left on device (errno 28)"},
    {CS_ORIGIN_SQL, 5, "database is locked", "step", "step: database is locked (SQLite 5)"},
    {CS_ORIGIN_KERBEROS, -1765328360, "Preauthentication failed", NULL,
     "Preauthentication failed (Kerberos -1765328360)"},
    {CS_ORIGIN_RPC, 5, "ERROR_ACCESS_DENIED", "CertServerRequest",
     "CertServerRequest: ERROR_ACCESS_DENIED (0x5)"},
    {CS_ORIGIN_NONE, 0, NULL, NULL, ""},
};

START_TEST(test_cause_text)
{
    char text[CS_ERR_CAUSE_SIZE] = "x";
    struct cs_err err;

    (void)cs_fail(&err, CS_E_INPUT, "x");
    cs_err_cause(&err, causes[_i].origin, causes[_i].cause, causes[_i].name, causes[_i].operation);
    ck_assert_ptr_eq(cs_err_cause_text(&err, text), text);
    ck_assert_str_eq(text, causes[_i].text);
}
END_TEST

/* The longest operation, name and number of every origin fit. */
START_TEST(test_cause_text_fits)
{
    char text[CS_ERR_CAUSE_SIZE];
    struct cs_err err;

    for (int64_t cause = INT64_MIN; cause != 0; cause = cause < 0 ? INT64_MAX : 0) {
        (void)cs_fail(&err, CS_E_INPUT, "x");
        cs_err_cause(&err, (enum cs_origin)_i, cause, NULL, NULL);
        memset(err.operation, 'o', sizeof err.operation - 1);
        memset(err.cause_name, 'n', sizeof err.cause_name - 1);
        size_t len = strlen(cs_err_cause_text(&err, text));
        ck_assert_uint_lt(len, sizeof text - 1);
    }
}
END_TEST

static cs_rc tries(cs_rc inner, int *reached)
{
    CS_TRY(inner);
    (*reached)++;
    return CS_OK;
}

START_TEST(test_try)
{
    int reached = 0;

    ck_assert_int_eq(tries(CS_E_POLICY, &reached), CS_E_POLICY);
    ck_assert_int_eq(reached, 0);
    ck_assert_int_eq(tries(CS_OK, &reached), CS_OK);
    ck_assert_int_eq(reached, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("err");
    TCase *tcase = tcase_create("err");

    add_rows(tcase, test_code, codes);
    tcase_add_test(tcase, test_codes_end);
    add_rows(tcase, test_origin, origins);
    tcase_add_test(tcase, test_origins_end);
    tcase_add_test(tcase, test_fail_fills_all);
    tcase_add_test(tcase, test_no_record);
    tcase_add_test(tcase, test_errno);
    tcase_add_test(tcase, test_errno_survives_printing);
    tcase_add_test(tcase, test_first_hint_stays);
    tcase_add_test(tcase, test_message_of_itself);
    add_rows(tcase, test_cut_between_characters, characters);
    tcase_add_test(tcase, test_what_fits_is_whole);
    add_rows(tcase, test_cause_text, causes);
    tcase_add_loop_test(tcase, test_cause_text_fits, 0, CS_ORIGIN_COUNT);
    tcase_add_test(tcase, test_try);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

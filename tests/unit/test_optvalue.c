#include "base/bytes.h"
#include "cli/optvalue.h"
#include "support/check_run.h"

#define TEN  "aaaaaaaaaa"
#define S64  TEN TEN TEN TEN TEN TEN "aaaa"
#define S128 S64 S64
#define OE   "\u00f8"
#define OE10 OE OE OE OE OE OE OE OE OE OE
#define OE64 OE10 OE10 OE10 OE10 OE10 OE10 OE OE OE OE

/* kept NULL: CS_E_USAGE with that part in the message or hint. */
static const struct {
    enum cs_opt option;
    const char *value;
    const char *kept;
    const char *refusal;
} rows[] = {
    /* ISO 3166-1 alpha-2: two letters, kept in upper case. */
    {CS_OPT_COUNTRY, "US", "US", NULL},
    {CS_OPT_COUNTRY, "no", "NO", NULL},
    {CS_OPT_COUNTRY, "USA", NULL, "two letters"},
    {CS_OPT_COUNTRY, "U", NULL, "two letters"},
    {CS_OPT_COUNTRY, "U1", NULL, "two letters"},
    {CS_OPT_COUNTRY, "U ", NULL, "two letters"},
    {CS_OPT_COUNTRY, "\u00d8", NULL, "two letters"}, /* two octets, one letter */
    /* RFC 5280 appendix A.1: ub-organization-name 64, ub-organizational-unit-name 64,
     * ub-locality-name 128, ub-state-name 128; characters, not octets. */
    {CS_OPT_ORGANIZATION, S64, S64, NULL},
    {CS_OPT_ORGANIZATION, S64 "a", NULL, "64 characters"},
    {CS_OPT_ORGANIZATION, OE64, OE64, NULL},
    {CS_OPT_ORGANIZATION, OE64 OE, NULL, "64 characters"},
    {CS_OPT_OU, S64, S64, NULL},
    {CS_OPT_OU, S64 "a", NULL, "64 characters"},
    {CS_OPT_CITY, S128, S128, NULL},
    {CS_OPT_CITY, S128 "a", NULL, "128 characters"},
    {CS_OPT_STATE, S128, S128, NULL},
    {CS_OPT_STATE, S128 "a", NULL, "128 characters"},
    {CS_OPT_FRIENDLY_NAME, S128, S128, NULL},
    {CS_OPT_FRIENDLY_NAME, S128 "a", NULL, "128 characters"},
    /* Clean text. */
    {CS_OPT_CITY, "Z\u00fcrich", "Z\u00fcrich", NULL},
    {CS_OPT_CITY, "a\nb", NULL, "control characters"},
    {CS_OPT_CITY, "a\x1b[2J", NULL, "control characters"},
    {CS_OPT_CITY, "a\x7f", NULL, "control characters"},
    {CS_OPT_CITY, "a\xff", NULL, "UTF-8"},
    {CS_OPT_CITY, "\xc0\xaf", NULL, "UTF-8"},
    {CS_OPT_TEMPLATE, "Web\tServer", NULL, "control characters"},
    {CS_OPT_CA, "host\\my\rca", NULL, "control characters"},
    {CS_OPT_CITY, "\u201cOslo\u201d", NULL, "straight quotation marks"},
    {CS_OPT_CITY, "\u2018Oslo\u2019", NULL, "straight quotation marks"},
    {CS_OPT_CITY, "Coeur d\u2019Alene", "Coeur d\u2019Alene", NULL},
    /* Accounts. */
    {CS_OPT_CA_ACCOUNT, "litwareinc\\kenmyer", "litwareinc\\kenmyer", NULL},
    {CS_OPT_CA_ACCOUNT, "kenmyer@litwareinc.com", "kenmyer@litwareinc.com", NULL},
    {CS_OPT_CA_ACCOUNT, "litwareinckenmyer", NULL, "quoted"},
    {CS_OPT_CA_ACCOUNT, "litwareinc\\", NULL, "not an account"},
    {CS_OPT_CA_ACCOUNT, "\\kenmyer", NULL, "not an account"},
    {CS_OPT_CA_ACCOUNT, "@litwareinc", NULL, "not an account"},
    {CS_OPT_CA_ACCOUNT, "a\\b\\c", NULL, "not an account"},
    {CS_OPT_CA_ACCOUNT, "a@b@c", NULL, "not an account"},
    /* Computers: one name, lower case, short names too. */
    {CS_OPT_COMPUTER_FQDN, "Edge1.LitwareInc.com", "edge1.litwareinc.com", NULL},
    {CS_OPT_COMPUTER_FQDN, "atl-edge-001", "atl-edge-001", NULL},
    {CS_OPT_COMPUTER_FQDN, "edge1.litwareinc.com.", "edge1.litwareinc.com", NULL},
    {CS_OPT_COMPUTER_FQDN, "edge_1.litwareinc.com", NULL, "not a host name"},
    {CS_OPT_COMPUTER_FQDN, "10.0.0.1", NULL, "IP address"},
    {CS_OPT_COMPUTER_FQDN, "*.litwareinc.com", NULL, "wildcard"},
    {CS_OPT_GLOBAL_CATALOG, "dc1.litwareinc.com", "dc1.litwareinc.com", NULL},
    {CS_OPT_GLOBAL_CATALOG, "dc1..com", NULL, "empty label"},
    {CS_OPT_GLOBAL_SETTINGS_DC, "-dc1.com", NULL, "not a host name"},
    /* Numbers. */
    {CS_OPT_KEY_SIZE, "2048", "2048", NULL},
    {CS_OPT_KEY_SIZE, "1000", "1000", NULL}, /* model/keyspec.h knows the sizes */
    {CS_OPT_KEY_SIZE, "2k", NULL, "whole number"},
    {CS_OPT_KEY_SIZE, "0", NULL, "whole number"},
    {CS_OPT_KEY_SIZE, "-2048", NULL, "whole number"},
    {CS_OPT_KEY_SIZE, "+2048", NULL, "whole number"},
    {CS_OPT_KEY_SIZE, " 2048", NULL, "whole number"},
    {CS_OPT_KEY_SIZE, "0x800", NULL, "whole number"},
    {CS_OPT_KEY_SIZE, "99999999999999999999", NULL, "whole number"},
    {CS_OPT_REQUEST_ID, "224", "224", NULL},
    {CS_OPT_REQUEST_ID, "0", NULL, "whole number"},
    /* Choices, without case, as the table writes them. */
    {CS_OPT_KEY_ALG, "rsa", "RSA", NULL},
    {CS_OPT_KEY_ALG, "ecdh_p384", "ECDH_P384", NULL},
    {CS_OPT_KEY_ALG, "DSA", NULL, "RSA, ECDH_P256, ECDH_P384, ECDH_P521"},
    {CS_OPT_KEY_ALG, "ECDH_P25", NULL, "not known"},
    {CS_OPT_OUTFORM, "DER", "der", NULL},
    {CS_OPT_OUTFORM, "pem", "pem", NULL},
    {CS_OPT_OUTFORM, "p7b", NULL, "pem, der"},
    /* Files. */
    {CS_OPT_OUTPUT, "edge1.csr", "edge1.csr", NULL},
    {CS_OPT_OUTPUT, "C:\\Certificates\\x.cer", "C:\\Certificates\\x.cer", NULL},
    {CS_OPT_OUTPUT, "\xff", "\xff", NULL}, /* a file's name may be anything */
    {CS_OPT_OUTPUT, "-", NULL, "name of a file"},
    {CS_OPT_OUTPUT, "pkcs11:token=x", NULL, "never a file name"},
    {CS_OPT_OUTPUT, "PKCS11:token=x", NULL, "never a file name"},
    {CS_OPT_OUTPUT, "./pkcs11:token=x", "./pkcs11:token=x", NULL},
    {CS_OPT_STATE_DIR, "pkcs11:token=x", NULL, "never a file name"},
    /* Token URIs and sources. */
    {CS_OPT_TOKEN, "pkcs11:token=edge?module-path=/x.so", "pkcs11:token=edge?module-path=/x.so",
     NULL},
    {CS_OPT_TOKEN, "edge", NULL, "RFC 7512"},
    {CS_OPT_TOKEN, "pkcs11:token=edge?pin-value=1234", NULL, "pin-value"},
    {CS_OPT_TOKEN, "pkcs11:token=edge?PIN-VALUE=1234", NULL, "pin-value"},
    {CS_OPT_PIN_SOURCE, "file:/etc/pin", "file:/etc/pin", NULL},
    {CS_OPT_PIN_SOURCE, "fd:3", "fd:3", NULL},
    {CS_OPT_PIN_SOURCE, "prompt", "prompt", NULL},
    {CS_OPT_PIN_SOURCE, "file:", NULL, "file:PATH"},
    {CS_OPT_PIN_SOURCE, "fd:", NULL, "fd:NUMBER"},
    {CS_OPT_PIN_SOURCE, "|cat /etc/pin", NULL, "file:PATH"},
    {CS_OPT_PIN_SOURCE, "1234", NULL, "file:PATH"},
    {CS_OPT_CA_PASSWORD_SOURCE, "hunter2", NULL, "file:PATH"},
    /* As the dialog of Windows gives it: what is not seen goes later (test_set). */
    {CS_OPT_THUMBPRINT, "\u200e39 12 3e", "\u200e39 12 3e", NULL},
    {CS_OPT_IDENTITY, "\u200eglobal", NULL, "type it anew"},
    {CS_OPT_PATH, "-", NULL, "name a file"},
    {CS_OPT_REQUEST_ID, "x", NULL, "digits"},
    {CS_OPT_COMPUTER_FQDN, "*.litwareinc.com", NULL, "whole name"},
};

START_TEST(test_value)
{
    cs_auto_value(cs_strv) warnings = {0};
    cs_autofree char *kept = NULL;
    struct cs_err err = {0};
    long number = 0;
    cs_rc rc = cs_opt_value_check(rows[_i].option, "-Name", rows[_i].value, &kept, &number,
                                  &warnings, &err);

    if (rows[_i].kept) {
        assert_ok(rc, &err);
        ck_assert_str_eq(kept, rows[_i].kept);
        if (cs_opt_info(rows[_i].option)->type == CS_OT_INTEGER) {
            ck_assert_int_eq(number, atol(rows[_i].value));
        }
        return;
    }
    assert_fails(rc, CS_E_USAGE, &err);
    assert_contains(err.message, "-Name");
    ck_assert_ptr_null(kept);
    ck_assert_msg(strstr(err.message, rows[_i].refusal) || strstr(err.hint, rows[_i].refusal),
                  "neither \"%s\" nor \"%s\" says \"%s\"", err.message, err.hint, rows[_i].refusal);
}
END_TEST

/* A message about a secret does not repeat it. */
START_TEST(test_secrets_not_repeated)
{
    static const struct {
        enum cs_opt option;
        const char *value;
    } secrets[] = {
        {CS_OPT_TOKEN, "pkcs11:token=edge?pin-value=hunter2"},
        {CS_OPT_TOKEN, "pkcs11:\n?pin-value=hunter2"},
        {CS_OPT_PIN_SOURCE, "hunter2"},
        {CS_OPT_CA_PASSWORD_SOURCE, "hunter2\n"},
    };

    for (size_t i = 0; i < ROWS(secrets); i++) {
        cs_auto_value(cs_strv) warnings = {0};
        cs_autofree char *kept = NULL;
        struct cs_err err = {0};
        long number;
        assert_fails(cs_opt_value_check(secrets[i].option, "-Name", secrets[i].value, &kept,
                                        &number, &warnings, &err),
                     CS_E_USAGE, &err);
        ck_assert_ptr_null(strstr(err.message, "hunter2"));
        ck_assert_ptr_null(strstr(err.hint, "hunter2"));
    }
}
END_TEST

static const struct {
    const char *word;
    int value; /* -1: none */
    bool word_alone;
} booleans[] = {
    {"True", 1, true},   {"true", 1, true},     {"TRUE", 1, true},  {"$true", 1, true},
    {"$True", 1, true},  {"1", 1, false},       {"False", 0, true}, {"false", 0, true},
    {"$false", 0, true}, {"$FALSE", 0, true},   {"0", 0, false},    {"", -1, false},
    {"$", -1, false},    {"$$true", -1, false}, {"yes", -1, false}, {"on", -1, false},
    {"01", -1, false},   {"true ", -1, false},  {"$1", -1, false},  {"truefalse", -1, false},
};

START_TEST(test_boolean)
{
    bool value = false;
    bool known = cs_boolean_parse(booleans[_i].word, &value);

    ck_assert_int_eq(known ? value : -1, booleans[_i].value);
    ck_assert_int_eq(cs_boolean_is_word(booleans[_i].word), booleans[_i].word_alone);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optvalue");
    TCase *tcase = tcase_create("values");

    add_rows(tcase, test_value, rows);
    tcase_add_test(tcase, test_secrets_not_repeated);
    add_rows(tcase, test_boolean, booleans);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

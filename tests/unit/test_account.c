#include "net/account.h"

#include "support/check_run.h"

static const struct {
    const char *text;
    const char *user;
    const char *domain;
    bool is_upn;
} accounts[] = {
    {"litwareinc\\kenmyer", "kenmyer", "litwareinc", false},
    {"litwareinc.test\\kenmyer", "kenmyer", "litwareinc.test", false},
    {"kenmyer@litwareinc.test", "kenmyer", "litwareinc.test", true},
    {"kenmyer", "kenmyer", NULL, false},
    {"FE01$@LITWAREINC.TEST", "FE01$", "LITWAREINC.TEST", true},
    {"LITWAREINC\\FE01$", "FE01$", "LITWAREINC", false},
    {"litwareinc\\J\xc3\xbcrgen Roth", "J\xc3\xbcrgen Roth", "litwareinc", false},
};

START_TEST(test_parse)
{
    cs_auto_value(cs_account) account = {0};
    struct cs_err err = {0};

    assert_ok(cs_account_parse(accounts[_i].text, &account, &err), &err);
    ck_assert_str_eq(account.user, accounts[_i].user);
    ck_assert_pstr_eq(account.domain, accounts[_i].domain);
    ck_assert(account.is_upn == accounts[_i].is_upn);
}
END_TEST

static const char *const wrong[] = {
    "",
    "\\",
    "domain\\",
    "\\user",
    "@",
    "user@",
    "@domain",
    "a\\b\\c",
    "a\\b@c",
    "dom ain\\user",
    "domain/user",
    "u\nv",
    "dom\\u\tv",
    "us/er@d",
    "d\\u:v",
    "u@d/e",
    "u@.test",
    "d\\u\xff",
    "u@v@w",
    "d\\\xe2\x80\xaeu",
};

START_TEST(test_refused)
{
    cs_auto_value(cs_account) account = {0};
    struct cs_err err = {0};

    assert_fails(cs_account_parse(wrong[_i], &account, &err), CS_E_USAGE, &err);
    assert_contains(err.hint, "domain\\user");
    ck_assert(cs_text_is_clean(err.message));
    ck_assert_ptr_null(account.user);
}
END_TEST

/* Which realms, in their order, apart by blanks. */
static const struct {
    const char *account;
    struct cs_realm_hints hints;
    const char *realms;
} realms[] = {
    /* the configuration has the last word */
    {"x\\u", {.configured = "AD.TEST", .default_realm = "X.TEST", .mapped = "M"}, "AD.TEST"},
    {"u@x.test", {.configured = "AD.TEST", .default_realm = "X.TEST"}, "AD.TEST"},
    {"u", {.configured = "AD.TEST"}, "AD.TEST"},
    /* no domain */
    {"u", {.default_realm = "LITWAREINC.TEST", .near_host = "ca.other.test"}, "LITWAREINC.TEST"},
    {"u", {.near_host = "ca.other.test"}, ""},
    /* NetBIOS: only where the first label is the same */
    {"litwareinc\\u", {.default_realm = "LITWAREINC.TEST"}, "LITWAREINC.TEST"},
    {"LITWAREINC\\u", {.near_host = "ca01.litwareinc.test"}, "LITWAREINC.TEST"},
    {"corp\\u", {.near_host = "ca01.emea.corp.litwareinc.test"}, "CORP.LITWAREINC.TEST"},
    {"lit\\u", {.default_realm = "LITWAREINC.TEST", .near_host = "ca.litwareinc.test"}, ""},
    {"ca01\\u", {.near_host = "ca01.litwareinc.test"}, ""}, /* the host is no domain */
    {"other\\u", {.default_realm = "LITWAREINC.TEST", .near_host = "ca.litwareinc.test"}, ""},
    {"other\\u", {.mapped = "AD.TEST", .default_realm = "LITWAREINC.TEST"}, "AD.TEST"},
    {"u@litwareinc", {.default_realm = "LITWAREINC.TEST"}, "LITWAREINC.TEST"},
    /* the one realm said twice is asked once */
    {"litwareinc\\u",
     {.default_realm = "LITWAREINC.TEST", .near_host = "ca.litwareinc.test"},
     "LITWAREINC.TEST"},
    /* DNS names */
    {"litwareinc.test\\u", {0}, "LITWAREINC.TEST"},
    {"litwareinc.test\\u", {.default_realm = "OTHER.TEST"}, "LITWAREINC.TEST"},
    {"u@litwareinc.test", {.mapped = "AD.TEST"}, "AD.TEST LITWAREINC.TEST"},
    /* a UPN suffix need not be a realm */
    {"u@mail.example", {.default_realm = "AD.TEST"}, "MAIL.EXAMPLE AD.TEST"},
};

START_TEST(test_realms)
{
    cs_auto_value(cs_account) account = {0};
    cs_auto_value(cs_strv) found = {0};
    struct cs_err err = {0};

    assert_ok(cs_account_parse(realms[_i].account, &account, &err), &err);
    cs_account_realms(&account, &realms[_i].hints, &found);
    cs_autofree char *joined = cs_strv_join(&found, " ");
    ck_assert_str_eq(joined, realms[_i].realms);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("account");
    TCase *tcase = tcase_create("account");

    add_rows(tcase, test_parse, accounts);
    add_rows(tcase, test_refused, wrong);
    add_rows(tcase, test_realms, realms);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

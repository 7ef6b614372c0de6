/* What can be said without a domain controller; with one: tests/ad/icpr.sh. */
#include "net/krb5cred.h"

#include "support/check_run.h"
#include "support/scratch.h"

#include <krb5/krb5.h>
#include <stdbool.h>

static struct cs_secret *password;

static void put(const char *name, const char *text)
{
    scratch_put(name, text, strlen(text), 0600);
}

static void enter(void)
{
    struct cs_err err = {0};
    char text[] = "Passw0rd!";

    scratch_enter();
    assert_ok(cs_secret_setup(&err), &err);
    assert_ok(cs_secret_take(text, strlen(text), &password, &err), &err);
    /* Nobody listens on port 1, and nobody asks DNS. */
    put("krb5.conf", "[libdefaults]\n"
                     "default_realm = LITWAREINC.TEST\n"
                     "dns_lookup_kdc = false\n"
                     "default_ccache_name = FILE:default.cc\n"
                     "[realms]\n"
                     "LITWAREINC.TEST = {\n kdc = 127.0.0.1:1\n}\n"
                     "[domain_realm]\n"
                     ".litwareinc.test = LITWAREINC.TEST\n");
    put("empty.conf", "[libdefaults]\ndns_lookup_kdc = false\n");
    put("broken.conf", "[libdefaults\n");
    put("garbage", "this is neither a cache nor a keytab\n");
    put("empty.keytab", "\x05\x02");
    setenv("KRB5_CONFIG", "krb5.conf", 1);
    unsetenv("KRB5CCNAME");
    alarm(100);
}

static void leave(void)
{
    cs_secret_free(password);
    scratch_leave();
}

static const struct {
    const char *config;
    const char *account;
    bool with_password;
    const char *keytab;
    const char *ccache;
    const char *realm;
    cs_rc rc;
    int64_t cause;
    const char *message;
    const char *hint;
} rows[] = {
    /* caches */
    {.rc = CS_E_CA_UNREACHABLE,
     .cause = KRB5_FCC_NOFILE,
     .message = "credential cache FILE:default.cc: there is no ticket",
     .hint = "kinit"},
    {.ccache = "FILE:none",
     .rc = CS_E_CA_UNREACHABLE,
     .cause = KRB5_FCC_NOFILE,
     .message = "FILE:none: there is no ticket",
     .hint = "kinit"},
    {.ccache = "FILE:garbage",
     .rc = CS_E_CA_UNREACHABLE,
     .cause = KRB5_CCACHE_BADVNO,
     .message = "FILE:garbage: the credential cache cannot be read",
     .hint = "kinit"},
    {.ccache = "NOSUCH:x",
     .rc = CS_E_CONFIG,
     .cause = KRB5_CC_UNKNOWN_TYPE,
     .message = "NOSUCH:x",
     .hint = "FILE:"},
    {.account = "LITWAREINC\\kenmyer",
     .rc = CS_E_CA_UNREACHABLE,
     .message =
         "neither a password, nor a keytab, nor a ticket for the account LITWAREINC\\kenmyer",
     .hint = "--ca-password-source"},
    /* keytabs */
    {.keytab = "FILE:none",
     .rc = CS_E_CONFIG,
     .cause = 2, /* ENOENT */
     .message = "FILE:none: the keytab is not there",
     .hint = "`keytab`"},
    {.keytab = "garbage",
     .rc = CS_E_CONFIG,
     .cause = KRB5_KEYTAB_BADVNO,
     .message = "garbage: this is no keytab",
     .hint = "klist -k"},
    {.keytab = "empty.keytab",
     .rc = CS_E_CONFIG,
     .cause = KRB5_KT_END,
     .message = "empty.keytab: the keytab is empty",
     .hint = "klist -k"},
    {.keytab = "empty.keytab",
     .account = "kenmyer",
     .rc = CS_E_CONFIG,
     .cause = KRB5_KT_NOTFOUND,
     .message = "kenmyer@LITWAREINC.TEST: the keytab does not have its key",
     .hint = "klist -k"},
    /* realms */
    {.account = "LITWAREINC\\kenmyer",
     .with_password = true,
     .rc = CS_E_CA_UNREACHABLE,
     .cause = KRB5_KDC_UNREACH,
     .message = "kenmyer@LITWAREINC.TEST: no domain controller answers",
     .hint = "88"},
    {.account = "kenmyer@litwareinc.test",
     .with_password = true,
     .rc = CS_E_CA_UNREACHABLE,
     .cause = KRB5_KDC_UNREACH,
     .message = "kenmyer@litwareinc.test (realm LITWAREINC.TEST): no domain controller answers",
     .hint = "88"},
    {.account = "other.test\\kenmyer",
     .with_password = true,
     .rc = CS_E_CA_UNREACHABLE,
     .cause = KRB5_REALM_UNKNOWN,
     .message = "kenmyer@OTHER.TEST: no domain controller can be found",
     .hint = "`realm`"},
    {.account = "LITWAREINC\\kenmyer",
     .with_password = true,
     .realm = "ELSEWHERE.TEST",
     .rc = CS_E_CA_UNREACHABLE,
     .cause = KRB5_REALM_UNKNOWN,
     .message = "kenmyer@ELSEWHERE.TEST: no domain controller can be found",
     .hint = "`realm`"},
    {.account = "OTHER\\kenmyer",
     .with_password = true,
     .rc = CS_E_CONFIG,
     .message = "the Kerberos realm of the account OTHER\\kenmyer is not known",
     .hint = "`realm`"},
    {.config = "empty.conf",
     .account = "kenmyer",
     .with_password = true,
     .rc = CS_E_CONFIG,
     .message = "realm of the account kenmyer is not known",
     .hint = "user@domain"},
    /* accounts */
    {.account = "a\\b\\c",
     .with_password = true,
     .rc = CS_E_USAGE,
     .message = "\"a\\b\\c\" is no account",
     .hint = "domain\\user"},
    {.with_password = true, .rc = CS_E_USAGE, .message = "a password for the CA, but no account"},
    /* krb5.conf */
    {.config = "broken.conf",
     .rc = CS_E_CONFIG,
     .cause = 0,
     .message = "krb5.conf",
     .hint = "syntax"},
};

START_TEST(test_open)
{
    const struct cs_krb5_wish wish = {
        .account = rows[_i].account,
        .password = rows[_i].with_password ? password : NULL,
        .keytab = rows[_i].keytab,
        .ccache = rows[_i].ccache,
        .realm = rows[_i].realm,
        .host = "ca01.litwareinc.test",
    };
    cs_auto(cs_krb5) krb5 = NULL;
    struct cs_err err = {0};

    if (rows[_i].config) {
        setenv("KRB5_CONFIG", rows[_i].config, 1);
    }
    assert_fails(cs_krb5_open(&wish, &krb5, &err), rows[_i].rc, &err);
    assert_contains(err.message, rows[_i].message);
    assert_contains(err.hint, rows[_i].hint ? rows[_i].hint : "");
    if (rows[_i].cause) {
        ck_assert_int_eq(err.origin, CS_ORIGIN_KERBEROS);
        ck_assert_int_eq(err.cause, rows[_i].cause);
    }
    ck_assert_ptr_null(krb5);
}
END_TEST

START_TEST(test_password_with_nul)
{
    cs_auto(cs_secret) odd = NULL;
    cs_auto(cs_krb5) krb5 = NULL;
    struct cs_err err = {0};
    char text[] = "a\0b";

    assert_ok(cs_secret_take(text, 3, &odd, &err), &err);
    const struct cs_krb5_wish wish = {.account = "kenmyer", .password = odd};
    assert_fails(cs_krb5_open(&wish, &krb5, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "NUL");
}
END_TEST

/* A cache that is there, of somebody who has no ticket in it. */
static void make_cache(const char *name, const char *client)
{
    krb5_context context = NULL;
    krb5_ccache cache = NULL;
    krb5_principal principal = NULL;

    ck_assert_int_eq(krb5_init_context(&context), 0);
    ck_assert_int_eq(krb5_parse_name(context, client, &principal), 0);
    ck_assert_int_eq(krb5_cc_resolve(context, name, &cache), 0);
    ck_assert_int_eq(krb5_cc_initialize(context, cache, principal), 0);
    krb5_cc_close(context, cache);
    krb5_free_principal(context, principal);
    krb5_free_context(context);
}

START_TEST(test_cache_of_client)
{
    const struct cs_krb5_wish wish = {.ccache = _i ? "FILE:named.cc" : NULL};
    cs_auto(cs_krb5) krb5 = NULL;
    cs_autofree char *principal = NULL;
    struct cs_err err = {0};

    make_cache(_i ? "FILE:named.cc" : "FILE:default.cc", "kenmyer@LITWAREINC.TEST");
    assert_ok(cs_krb5_open(&wish, &krb5, &err), &err);
    ck_assert_str_eq(cs_krb5_client(krb5), "kenmyer@LITWAREINC.TEST");
    ck_assert_str_eq(cs_krb5_source(krb5), _i ? "FILE:named.cc" : "FILE:default.cc");
    assert_fails(cs_krb5_ticket(krb5, "host", "ca01.litwareinc.test", &principal, &err),
                 CS_E_CA_UNREACHABLE, &err);
    ck_assert_int_eq(err.cause, KRB5_CC_NOTFOUND);
    assert_contains(err.message, "kenmyer@LITWAREINC.TEST for host/ca01.litwareinc.test@");
    assert_contains(err.hint, "kinit");
    ck_assert_ptr_null(principal);
}
END_TEST

/* The account's own cache of the collection, without a password. */
START_TEST(test_cache_of_account)
{
    cs_auto(cs_krb5) krb5 = NULL;
    struct cs_krb5_wish wish = {.account = "LITWAREINC\\kenmyer"};
    struct cs_err err = {0};

    make_cache("FILE:default.cc", "kenmyer@LITWAREINC.TEST");
    assert_ok(cs_krb5_open(&wish, &krb5, &err), &err);
    ck_assert_str_eq(cs_krb5_client(krb5), "kenmyer@LITWAREINC.TEST");
    cs_krb5_close(krb5);
    krb5 = NULL;
    wish.account = "LITWAREINC\\other"; /* never somebody else's ticket */
    assert_fails(cs_krb5_open(&wish, &krb5, &err), CS_E_CA_UNREACHABLE, &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("krb5cred");
    TCase *tcase = tcase_create("krb5cred");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, enter, leave);
    add_rows(tcase, test_open, rows);
    tcase_add_test(tcase, test_password_with_nul);
    tcase_add_loop_test(tcase, test_cache_of_client, 0, 2);
    tcase_add_test(tcase, test_cache_of_account);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

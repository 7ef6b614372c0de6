/* Tickets of a cache, and whom they may be for. That libldap's are there after a login is shown by
 * tests/ad. */
#include "net/krb5peer.h"

#include "support/check_run.h"
#include "support/scratch.h"

#include <krb5/krb5.h>

#define CACHE "MEMORY:peers"

static krb5_context context;
static krb5_ccache cache;
static krb5_principal client;

static void enter(void)
{
    static const char config[] = "[libdefaults]\ndefault_realm = LITWAREINC.TEST\n";

    scratch_enter();
    scratch_put("krb5.conf", config, strlen(config), 0600);
    setenv("KRB5_CONFIG", "krb5.conf", 1);
    ck_assert_int_eq(krb5_init_context(&context), 0);
    ck_assert_int_eq(krb5_parse_name(context, "kenmyer", &client), 0);
    ck_assert_int_eq(krb5_cc_resolve(context, CACHE, &cache), 0);
    ck_assert_int_eq(krb5_cc_initialize(context, cache, client), 0);
}

static void leave(void)
{
    krb5_cc_destroy(context, cache);
    krb5_free_principal(context, client);
    krb5_free_context(context);
    scratch_leave();
}

/* A ticket for the service, of which nobody reads more than the name. */
static void put_ticket(const char *name)
{
    krb5_creds creds = {.client = client};

    ck_assert_int_eq(krb5_parse_name(context, name, &creds.server), 0);
    ck_assert_int_eq(krb5_cc_store_cred(context, cache, &creds), 0);
    krb5_free_principal(context, creds.server);
}

static const struct {
    const char *tickets; /* beside that for krbtgt */
    const char *hosts;
    const char *stranger; /* NULL: none */
} rows[] = {
    {"", "dc1.x.test", NULL},
    {"ldap/dc1.x.test", "dc1.x.test", NULL},
    {"ldap/DC1.X.test", "dc1.x.TEST", NULL},
    {"ldap/dc1.x.test/x.test", "dc1.x.test", NULL}, /* a controller's with its domain */
    {"host/evil.x.test", "dc1.x.test", NULL},       /* of another service */
    {"ldap/dc2.x.test", "dc1.x.test dc2.x.test", NULL},
    {"ldap/evil.x.test", "dc1.x.test", "evil.x.test"},
    {"ldap/dc1.x.test ldap/evil.x.test", "dc1.x.test", "evil.x.test"},
    {"ldap/evil.x.test ldap/dc1.x.test", "dc1.x.test", "evil.x.test"},
    {"ldap/dc1.x.tes", "dc1.x.test", "dc1.x.tes"},
    {"ldap/dc1.x.test.evil", "dc1.x.test", "dc1.x.test.evil"},
    {"ldap/a\x1b[2J", "dc1.x.test", "a\\x1b[2J"},
    {"ldap/dc1.x.test", "", "dc1.x.test"},
};

START_TEST(test_peers)
{
    cs_auto_value(cs_strv) tickets = {0};
    cs_auto_value(cs_strv) hosts = {0};
    struct cs_err err = {0};

    cs_strv_split(&tickets, rows[_i].tickets, ' ');
    cs_strv_split(&hosts, rows[_i].hosts, ' ');
    put_ticket("krbtgt/LITWAREINC.TEST");
    for (size_t i = 0; i < tickets.count; i++) {
        if (*tickets.items[i]) {
            put_ticket(tickets.items[i]);
        }
    }
    if (!rows[_i].stranger) {
        assert_ok(cs_krb5_check_peers(CACHE, "ldap", &hosts, &err), &err);
        return;
    }
    assert_fails(cs_krb5_check_peers(CACHE, "ldap", &hosts, &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, rows[_i].stranger);
    assert_contains(err.hint, "dns_canonicalize_hostname");
}
END_TEST

START_TEST(test_no_cache)
{
    cs_auto_value(cs_strv) hosts = {0};
    struct cs_err err = {0};

    cs_strv_add(&hosts, "dc1.x.test");
    assert_fails(cs_krb5_check_peers("FILE:/nonexistent", "ldap", &hosts, &err),
                 CS_E_CA_UNREACHABLE, &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("krb5peer");
    TCase *tcase = tcase_create("krb5peer");

    tcase_add_checked_fixture(tcase, enter, leave);
    add_rows(tcase, test_peers, rows);
    tcase_add_test(tcase, test_no_cache);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

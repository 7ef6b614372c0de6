/* Making a lab CA, on the real store with keys in memory. */
#include "base/mem.h"
#include "support/labca_bed.h"
#include "x509/cert.h"

#include <sqlite3.h>

#define DAY 86400

START_TEST(test_init)
{
    cs_auto_value(cs_labca_row) row = {0};
    cs_auto_value(cs_cert_facts) facts = {0};
    bool found = false;
    struct cs_key *key = NULL;
    struct cs_err err;

    init_ca(_i ? &rsa2048 : &p256);
    assert_ok(cs_store_labca_get(store, "mylab", &row, &found, &err), &err);
    ck_assert(found);
    ck_assert_str_eq(row.token_uri, soft->ops->info(soft)->uri);
    ck_assert_int_eq(row.crl_number, 0);
    assert_ok(cs_cert_read(&row.certificate, &facts, &err), &err);
    ck_assert_str_eq(facts.subject, "CN=mylab (cscert lab CA\\, not for production),O=cscert lab");
    ck_assert_str_eq(facts.issuer, facts.subject);
    ck_assert(facts.is_ca && facts.has_key_usage);
    ck_assert_uint_eq(facts.key_usage, 1u << 5 | 1u << 6); /* keyCertSign, cRLSign */
    ck_assert_int_eq(facts.not_after - facts.not_before, 3650 * (int64_t)DAY + 300);

    assert_ok(soft->ops->find(soft, row.key_id, &key, &err), &err);
    ck_assert_ptr_nonnull(key);
    ck_assert_int_eq(key->attrs.answer[CS_ATTR_EXTRACTABLE], CS_FALSE);
    ck_assert(cs_bytes_equal(&key->spki, &facts.spki));
    bool on_token = false;
    assert_ok(soft->ops->has_certificate(soft, row.key_id, &on_token, &err), &err);
    ck_assert(on_token);
    soft->ops->key_free(key);

    write_pem("ca.pem", &row.certificate);
    assert_says("openssl verify -x509_strict -CAfile ca.pem ca.pem", "ca.pem: OK");
    assert_says("openssl x509 -in ca.pem -noout -text", "CA:TRUE, pathlen:0");
    assert_says("openssl x509 -in ca.pem -noout -ext basicConstraints", "critical");
}
END_TEST

START_TEST(test_init_taken)
{
    struct cs_err err;

    init_ca(&p256);
    assert_fails(cs_labca_init(store, soft, "mylab", &p256, &err), CS_E_USAGE, &err);
    ck_assert_uint_eq(cs_softkeys_key_count(soft), 1);
    assert_ok(cs_labca_init(store, soft, "other", &p256, &err), &err);
    /* Now one must be named. */
    cs_auto(cs_ca) ca = NULL;
    assert_fails(cs_labca_open(store, cs_softkeys_source(soft), &config, &ca, &err), CS_E_USAGE,
                 &err);
}
END_TEST

/* A common name has at most 64 characters (RFC 5280 appendix A.1), of which " (cscert lab CA, not
 * for production)" takes 36. */
static const struct {
    const char *name;
    bool good;
} ca_names[] = {
    {"a", true},
    {"1234567890123456789012345678", true},
    {"12345678901234567890123456789", false},
    {"M\xc3\xbcnchen lab", true},
    {"", false},
    {" a", false},
    {"a ", false},
    {"a\nb", false},
    {"a\x1b[2J", false},
    {"a\xff", false},
};

START_TEST(test_ca_names)
{
    struct cs_err err;

    if (ca_names[_i].good) {
        assert_ok(cs_labca_init(store, soft, ca_names[_i].name, &p256, &err), &err);
        return;
    }
    assert_fails(cs_labca_init(store, soft, ca_names[_i].name, &p256, &err), CS_E_USAGE, &err);
    ck_assert_uint_eq(cs_softkeys_calls(soft, CS_SOFTKEYS_GENERATE), 0);
}
END_TEST

static const enum cs_softkeys_op init_ops[] = {CS_SOFTKEYS_CHECK, CS_SOFTKEYS_GENERATE,
                                               CS_SOFTKEYS_SIGN, CS_SOFTKEYS_KEEP};

static void assert_no_intent(void)
{
    cs_auto_value(cs_key_intent_list) intents = {0};
    struct cs_err err;

    assert_ok(cs_store_intents(store, &intents, &err), &err);
    ck_assert_uint_eq(intents.count, 0);
}

/* Whatever call of the token fails: neither key nor row nor intent is left. */
START_TEST(test_init_fails)
{
    cs_auto_value(cs_labca_row) row = {0};
    struct cs_err err;
    bool found = true;

    cs_softkeys_fail_op(soft, init_ops[_i], 1);
    assert_fails(cs_labca_init(store, soft, "mylab", &p256, &err), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, "as told");
    ck_assert_uint_eq(cs_softkeys_key_count(soft), 0);
    ck_assert_uint_eq(cs_softkeys_cert_count(soft), 0);
    assert_ok(cs_store_labca_get(store, "mylab", &row, &found, &err), &err);
    ck_assert(!found);
    assert_no_intent();
    assert_ok(cs_labca_init(store, soft, "mylab", &p256, &err), &err);
    assert_no_intent();
}
END_TEST

/* The CA works without its certificate on the token. */
START_TEST(test_init_not_shown)
{
    cs_auto_value(cs_labca_row) row = {0};
    struct cs_err err;
    bool found = false;

    cs_softkeys_fail_op(soft, CS_SOFTKEYS_PUT_CERTIFICATE, 1);
    assert_fails(cs_labca_init(store, soft, "mylab", &p256, &err), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.hint, "ready all the same");
    assert_ok(cs_store_labca_get(store, "mylab", &row, &found, &err), &err);
    ck_assert(found);
    ck_assert_uint_eq(cs_softkeys_key_count(soft), 1);
    assert_no_intent();
}
END_TEST

START_TEST(test_init_bad_signature)
{
    struct cs_err err;

    cs_softkeys_signature(soft, CS_SOFTKEYS_WRONG);
    assert_fails(cs_labca_init(store, soft, "mylab", &p256, &err), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, "does not verify");
    ck_assert_uint_eq(cs_softkeys_key_count(soft), 0);
}
END_TEST

/* The first error stays; what is left can be undone by its intent. */
START_TEST(test_init_undo_fails)
{
    cs_auto_value(cs_key_intent_list) intents = {0};
    struct cs_err err;

    cs_softkeys_fail_op(soft, CS_SOFTKEYS_KEEP, 1);
    cs_softkeys_fail_op(soft, CS_SOFTKEYS_DESTROY, 1);
    assert_fails(cs_labca_init(store, soft, "mylab", &p256, &err), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, "keep fails");
    assert_contains(err.hint, "recover");
    assert_ok(cs_store_intents(store, &intents, &err), &err);
    ck_assert_uint_eq(intents.count, 1);
    ck_assert_str_eq(intents.items[0].token_uri, soft->ops->info(soft)->uri);
}
END_TEST

/* Another process writes to the store for longer than we wait: no key is made. */
START_TEST(test_init_store_locked)
{
    cs_autofree char *path = cs_asprintf("%s/cscert.db", folder);
    sqlite3 *other = NULL;
    struct cs_err err;

    ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_fails(cs_labca_init(store, soft, "mylab", &p256, &err), CS_E_STORE, &err);
    ck_assert_uint_eq(cs_softkeys_calls(soft, CS_SOFTKEYS_GENERATE), 0);
    sqlite3_close(other);
    assert_ok(cs_labca_init(store, soft, "mylab", &p256, &err), &err);
}
END_TEST

START_TEST(test_open_none)
{
    cs_auto(cs_ca) ca = NULL;
    struct cs_err err;

    assert_fails(cs_labca_open(store, cs_softkeys_source(soft), &config, &ca, &err), CS_E_CONFIG,
                 &err);
    assert_contains(err.hint, "cscert ca init");
    init_ca(&p256);
    config.authority = "other";
    assert_fails(cs_labca_open(store, cs_softkeys_source(soft), &config, &ca, &err), CS_E_CONFIG,
                 &err);
    assert_contains(err.message, "other");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("init");
    TCase *tcase = tcase_create("init");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, test_init, 0, 2);
    tcase_add_test(tcase, test_init_taken);
    add_rows(tcase, test_ca_names, ca_names);
    add_rows(tcase, test_init_fails, init_ops);
    tcase_add_test(tcase, test_init_not_shown);
    tcase_add_test(tcase, test_init_bad_signature);
    tcase_add_test(tcase, test_init_undo_fails);
    tcase_add_test(tcase, test_init_store_locked);
    tcase_add_test(tcase, test_open_none);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

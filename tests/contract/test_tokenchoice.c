/* Which token is opened, and keys that other programs made on it: SoftHSM2 only. What every token
 * must do stands in test_keystore.c. */
#include "base/mem.h"
#include "pkcs11/token.h"
#include "support/check_run.h"
#include "support/testtoken.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_keystore *store;
static struct cs_err err;

static void setup(void)
{
    cs_softhsm_init(&hsm);
    cs_testtoken_init(&token, &hsm, CS_SOFTHSM_MODULE);
}

static void teardown(void)
{
    cs_keystore_close(store);
    store = NULL;
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

/* ---- keys of other programs ---- */

static void run_tool(char *const *arguments)
{
    char *argv[32] = {"pkcs11-tool",    "--module", CS_SOFTHSM_MODULE, "--token-label",
                      CS_SOFTHSM_LABEL, "--login",  "--pin",           CS_SOFTHSM_PIN};
    size_t count = 8;

    for (; *arguments; arguments++) {
        argv[count++] = *arguments;
    }
    ck_assert_int_eq(cs_softhsm_run(argv, NULL), 0);
}

#define TOOL(...) run_tool((char *const[]){__VA_ARGS__, NULL})

#define TOOL_ID "4444444444444444444444444444444444444444"

/* A key that another program made, and whose public half it removed. */
static const struct {
    char *type;
    struct cs_key_spec spec;
    bool from_private; /* SoftHSM's private RSA keys tell their public half, its EC keys do not */
} bare[] = {{"rsa:2048", {CS_KEY_RSA, 2048}, true},
            {"EC:secp256r1", {CS_KEY_EC_P256, 256}, false},
            {"EC:secp521r1", {CS_KEY_EC_P521, 521}, false}};

START_TEST(finds_a_key_without_its_public_object)
{
    struct cs_key *key = NULL;
    struct cs_key *found = NULL;
    uint8_t id[CS_KEY_ID_LEN];

    memset(id, 0x44, sizeof id);
    TOOL("--keypairgen", "--key-type", bare[_i].type, "--id", TOOL_ID, "--label", "foreign");
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    assert_ok(store->ops->find(store, id, &key, &err), &err);
    ck_assert_ptr_nonnull(key);
    ck_assert(cs_key_spec_equal(&key->spec, &bare[_i].spec));
    ck_assert_str_eq(key->label, "foreign");
    cs_auto_value(cs_bytes) der = cs_testtoken_certificate(&key->spki, "foreign.litwareinc.test");

    TOOL("--delete-object", "--type", "pubkey", "--id", TOOL_ID);
    if (!bare[_i].from_private) {
        assert_fails(store->ops->find(store, id, &found, &err), CS_E_TOKEN_REFUSED, &err);
    }
    assert_ok(store->ops->put_certificate(store, key, &der, &err), &err);
    assert_ok(store->ops->find(store, id, &found, &err), &err);
    ck_assert(cs_key_spec_equal(&found->spec, &bare[_i].spec));
    ck_assert(cs_bytes_equal(&found->spki, &key->spki));
    cs_testtoken_assert_signs(store, found, &found->spki, CS_SHA256);
    store->ops->key_free(found);
    store->ops->key_free(key);
}
END_TEST

START_TEST(logs_in_again_for_a_key_that_wants_it)
{
    struct cs_key *key = NULL;
    uint8_t id[CS_KEY_ID_LEN];

    memset(id, 0x44, sizeof id);
    TOOL("--keypairgen", "--key-type", "EC:secp256r1", "--id", TOOL_ID, "--always-auth");
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    assert_ok(store->ops->find(store, id, &key, &err), &err);
    ck_assert_int_eq(key->attrs.answer[CS_ATTR_ALWAYS_AUTHENTICATE], CS_TRUE);
    cs_testtoken_assert_signs(store, key, &key->spki, CS_SHA256);
    cs_testtoken_assert_signs(store, key, &key->spki, CS_SHA256);
    ck_assert_uint_eq(token.person.pins, 1);
    store->ops->key_free(key);
}
END_TEST

/* ---- which token ---- */

/* Ways to name the one token there is: URI, module of the options. Debian's p11-kit knows SoftHSM
 * by the file name of its package. */
static const struct {
    const char *uri;
    const char *module;
} ways[] = {
    {NULL, CS_SOFTHSM_MODULE},
    {"", CS_SOFTHSM_MODULE},
    {"pkcs11:", CS_SOFTHSM_MODULE},
    {"pkcs11:manufacturer=SoftHSM%20project", CS_SOFTHSM_MODULE},
    {CS_SOFTHSM_URI "?module-path=" CS_SOFTHSM_MODULE, NULL},
    {CS_SOFTHSM_URI "?module-path=" CS_SOFTHSM_MODULE, "/nonexistent.so"},
    {CS_SOFTHSM_URI, "softhsm2"},
    {CS_SOFTHSM_URI "?module-name=softhsm2", NULL},
    {CS_SOFTHSM_URI, NULL},
    {NULL, NULL}, /* tokens of trust anchors do not count */
    {"pkcs11:token=cscert%2dtest;library-manufacturer=SoftHSM", CS_SOFTHSM_MODULE},
};

/* Of the leak sanitizer, where the program has it. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* All modules that p11-kit knows are other people's too: tpm2-pkcs11 1.9.0 does not give back what
 * it took when it finds no TPM. */
static cs_rc open_among_others(void)
{
    if (__lsan_disable) {
        __lsan_disable();
    }
    cs_rc rc = cs_token_open(&token.options, &store, &err);
    if (__lsan_enable) {
        __lsan_enable();
    }
    return rc;
}

START_TEST(finds_the_token_by)
{
    bool all = !ways[_i].module && !(ways[_i].uri && strchr(ways[_i].uri, '?'));

    token.options.uri = ways[_i].uri;
    token.options.module = ways[_i].module;
    assert_ok(all ? open_among_others() : cs_token_open(&token.options, &store, &err), &err);
    ck_assert_str_eq(store->ops->info(store)->label, CS_SOFTHSM_LABEL);
}
END_TEST

static const struct {
    const char *uri;
    const char *module;
    cs_rc rc;
    const char *says; /* in message or hint */
} wrong[] = {
    {"pkcs11:token=another", CS_SOFTHSM_MODULE, CS_E_TOKEN_ABSENT, "token=" CS_SOFTHSM_LABEL},
    {"pkcs11:serial=0", CS_SOFTHSM_MODULE, CS_E_TOKEN_ABSENT, "pkcs11:serial=0"},
    {"pkcs11:library-manufacturer=Other", CS_SOFTHSM_MODULE, CS_E_TOKEN_ABSENT, "Other"},
    {"pkcs11:slot-id=4294967290", CS_SOFTHSM_MODULE, CS_E_TOKEN_ABSENT, "slot-id"},
    {CS_SOFTHSM_URI, "/nonexistent/module.so", CS_E_TOKEN_ABSENT, "/nonexistent/module.so"},
    {CS_SOFTHSM_URI, "/etc/passwd", CS_E_TOKEN_ABSENT, "/etc/passwd"},
    {CS_SOFTHSM_URI, "/etc", CS_E_TOKEN_ABSENT, "/etc"},
    {CS_SOFTHSM_URI, "no-such-module", CS_E_TOKEN_ABSENT, "softhsm2"},
    {"token=x", CS_SOFTHSM_MODULE, CS_E_USAGE, "pkcs11:"},
    {CS_SOFTHSM_URI "?pin-value=" CS_SOFTHSM_PIN, CS_SOFTHSM_MODULE, CS_E_USAGE, "pin-value"},
    {CS_SOFTHSM_URI ";object=x", CS_SOFTHSM_MODULE, CS_E_USAGE, "object"},
    {CS_SOFTHSM_URI ";lable=x", CS_SOFTHSM_MODULE, CS_E_USAGE, "lable"},
};

START_TEST(says_why_it_finds_none)
{
    token.options.uri = wrong[_i].uri;
    token.options.module = wrong[_i].module;
    assert_fails(cs_token_open(&token.options, &store, &err), wrong[_i].rc, &err);
    ck_assert_ptr_null(store);
    cs_autofree char *all = cs_asprintf("%s\n%s", err.message, err.hint);
    assert_contains(all, wrong[_i].says);
    ck_assert_msg(err.hint[0], "no hint: %s", err.message);
    ck_assert_ptr_null(strstr(all, CS_SOFTHSM_PIN));
    ck_assert_uint_eq(token.person.pins, 0);
}
END_TEST

START_TEST(refuses_to_guess_between_two)
{
    cs_softhsm_add_token(&hsm, CS_SOFTHSM_LABEL);
    assert_fails(cs_token_open(&token.options, &store, &err), CS_E_TOKEN_ABSENT, &err);
    ck_assert_uint_eq(token.person.pins, 0);
    /* one of the URIs that it lists names one token only */
    const char *at = strstr(err.message, "pkcs11:model=");
    ck_assert_ptr_nonnull(at);
    cs_autofree char *uri = cs_strndup(at, strcspn(at, ", "));
    token.options.uri = uri;
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    ck_assert_str_eq(store->ops->info(store)->uri, uri);
}
END_TEST

START_TEST(refuses_a_module_that_others_can_write)
{
    cs_autofree char *path = cs_softhsm_path(&hsm, "module.so");
    char *copy[] = {"cp", CS_SOFTHSM_MODULE, path, NULL};

    ck_assert_int_eq(cs_softhsm_run(copy, NULL), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
    token.options.module = path;
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    cs_keystore_close(store);
    store = NULL;
    ck_assert_int_eq(chmod(path, 0775), 0);
    assert_fails(cs_token_open(&token.options, &store, &err), CS_E_CONFIG, &err);
}
END_TEST

/* ---- login ---- */

START_TEST(wants_a_pin)
{
    token.options.pin = NULL;
    assert_fails(cs_token_open(&token.options, &store, &err), CS_E_TOKEN_AUTH, &err);
    assert_contains(err.hint, "pin-source");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token choice");
    TCase *tcase = tcase_create("token choice");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    add_rows(tcase, finds_a_key_without_its_public_object, bare);
    tcase_add_test(tcase, logs_in_again_for_a_key_that_wants_it);
    add_rows(tcase, finds_the_token_by, ways);
    add_rows(tcase, says_why_it_finds_none, wrong);
    tcase_add_test(tcase, refuses_to_guess_between_two);
    tcase_add_test(tcase, refuses_a_module_that_others_can_write);
    tcase_add_test(tcase, wants_a_pin);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

/* Tokens of which nothing is known and that do not take every template (keygen.c). */
#include "base/mem.h"
#include "pkcs11/token_internal.h"
#include "support/check_run.h"
#include "support/spy.h"
#include "support/testtoken.h"

#include <stdlib.h>

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_keystore *store;
static struct cs_err err;

static void setup(void)
{
    cs_softhsm_init(&hsm);
    cs_spy_init(&hsm);
    cs_testtoken_init(&token, &hsm, cs_spy_path());
    cs_testtoken_profile(&token, &hsm, "generation = 'token'");
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
}

static void teardown(void)
{
    cs_spy_fault(NULL);
    cs_keystore_close(store);
    store = NULL;
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

/* Pairs that C_GenerateKeyPair was asked for. */
static size_t tries(void)
{
    size_t count = 0;

    cs_autofree char *log = cs_spy_log(&hsm);
    for (const char *at = log; (at = strstr(at, "C_GenerateKeyPair")); at++) {
        count++;
    }
    return count;
}

/* How a template can be refused, and whether another one is worth a try. */
static const struct {
    const char *fault;
    enum { TRIED, UNTRIED, GENERIC } profile;
    cs_rc rc;
    size_t tries;
    enum cs_answer derive; /* as read back: not false where it was not left out */
    size_t warnings;
} rows[] = {
    {NULL, GENERIC, CS_OK, 1, CS_TRUE, 0},
    {"C_GenerateKeyPair:1:0xd1", GENERIC, CS_OK, 2, CS_TRUE, 1},
    {"C_GenerateKeyPair:1:0x12", GENERIC, CS_OK, 2, CS_TRUE, 1},
    {"C_GenerateKeyPair:1:0x13", GENERIC, CS_OK, 2, CS_TRUE, 1},
    /* from the third try on the token decides about CKA_DERIVE; SoftHSM's default is false */
    {"C_GenerateKeyPair:1:0xd1,C_GenerateKeyPair:2:0x12", GENERIC, CS_OK, 3, CS_FALSE, 1},
    {"C_GenerateKeyPair:1:0xd1,C_GenerateKeyPair:2:0xd1,C_GenerateKeyPair:3:0xd1", GENERIC, CS_OK,
     4, CS_FALSE, 1},
    {"C_GenerateKeyPair:1+:0xd1", GENERIC, CS_E_TOKEN_REFUSED, 4, CS_UNKNOWN, 0},
    /* a profile says all that is refused */
    {"C_GenerateKeyPair:1:0xd1", TRIED, CS_E_TOKEN_REFUSED, 1, CS_UNKNOWN, 0},
    /* as far as its author knew */
    {"C_GenerateKeyPair:1:0xd1", UNTRIED, CS_OK, 2, CS_TRUE, 1},
    /* nothing that another template cures */
    {"C_GenerateKeyPair:1:0x31", GENERIC, CS_E_TOKEN_REFUSED, 1, CS_UNKNOWN, 0},
    {"C_GenerateKeyPair:1:0x32", GENERIC, CS_E_TOKEN_ABSENT, 1, CS_UNKNOWN, 0},
};

START_TEST(drops_attributes_in_classes)
{
    struct cs_key_request request = cs_testtoken_request(CS_KEY_EC_P256, 256, 0x42);
    struct cs_key *key = NULL;

    cs_token_of(store)->profile.is_generic = rows[_i].profile == GENERIC;
    cs_token_of(store)->profile.is_untried = rows[_i].profile == UNTRIED;
    cs_spy_fault(rows[_i].fault);
    cs_rc rc = store->ops->generate(store, &request, &key, &err);
    cs_spy_fault(NULL);
    ck_assert_msg(rc == rows[_i].rc, "%s: %s", cs_rc_name(rc), err.message);
    ck_assert_uint_eq(tries(), rows[_i].tries);
    ck_assert_uint_eq(token.person.warnings, rows[_i].warnings);
    if (rc != CS_OK) {
        ck_assert_ptr_null(key);
        ck_assert_uint_eq(cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL).all, 0);
        return;
    }
    ck_assert_int_eq(key->attrs.answer[CS_ATTR_DERIVE], rows[_i].derive);
    ck_assert_int_eq(key->attrs.answer[CS_ATTR_SENSITIVE], CS_TRUE);
    ck_assert_int_eq(key->attrs.answer[CS_ATTR_EXTRACTABLE], CS_FALSE);
    ck_assert_int_eq(key->attrs.answer[CS_ATTR_SIGN], CS_TRUE);
    store->ops->key_free(key);
}
END_TEST

/* A token that is full says so, and what to do. */
START_TEST(says_that_the_token_is_full)
{
    struct cs_key_request request = cs_testtoken_request(CS_KEY_EC_P256, 256, 0x42);
    struct cs_key *key = NULL;

    cs_spy_fault("C_GenerateKeyPair:1:0x31");
    assert_fails(store->ops->generate(store, &request, &key, &err), CS_E_TOKEN_REFUSED, &err);
    ck_assert_str_eq(err.cause_name, "CKR_DEVICE_MEMORY");
    ck_assert_str_eq(err.operation, "C_GenerateKeyPair");
    assert_contains(err.hint, "full");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keygen");
    TCase *tcase = tcase_create("keygen");

    tcase_add_checked_fixture(tcase, setup, teardown);
    add_rows(tcase, drops_attributes_in_classes, rows);
    tcase_add_test(tcase, says_that_the_token_is_full);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

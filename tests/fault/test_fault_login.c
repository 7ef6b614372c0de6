/* Every form of login: what is sent, how often, as which user, and what is said before it is. */
#include "base/mem.h"
#include "support/check_run.h"
#include "support/softhsm.h"
#include "support/spy.h"
#include "support/testtoken.h"

#include <stdlib.h>
#include <string.h>

#define PIN       CS_SOFTHSM_PIN /* 10 octets */
#define ONE_PIN   "1 pin\n"
#define ONE_PRESS "1 nothing\n"

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_keystore *store;

static void setup(void)
{
    cs_softhsm_init(&hsm);
    cs_spy_init(&hsm);
    cs_testtoken_init(&token, &hsm, cs_spy_path());
    cs_testtoken_profile(&token, &hsm, "generation = 'token'");
    ck_assert_int_eq(setenv("CS_SPY_PAD_PIN", PIN, 1), 0);
}

static void teardown(void)
{
    cs_keystore_close(store);
    store = NULL;
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

static void assert_logins(const char *expected)
{
    cs_autofree char *logins = cs_spy_logins(&hsm);

    ck_assert_str_eq(logins, expected);
}

static void assert_says(const struct cs_err *err, const char *says)
{
    cs_autofree char *all = cs_asprintf("%s\n%s\n%s", err->message, err->cause_name, err->hint);

    assert_contains(all, says);
    ck_assert_msg(err->hint[0], "no hint: %s", err->message);
    ck_assert_ptr_null(strstr(all, PIN));
}

/* ---- the login of a run ---- */

/* Traits are in spytraits.c. CKR numbers as in PKCS#11 v2.40, pkcs11t.h. */
static const struct {
    const char *traits;
    const char *logins; /* each C_Login */
    cs_rc rc;
    size_t pins;     /* how often the PIN was asked for */
    size_t warnings; /* before the login */
    const char *says;
} opens[] = {
    {NULL, ONE_PIN, CS_OK, 1, 0, NULL},
    {"protected-path", ONE_PRESS, CS_OK, 0, 1, NULL},
    /* no login required: nobody is asked, nothing is sent, whatever else the flags say */
    {"no-login", "", CS_OK, 0, 0, NULL},
    {"no-login,no-user-pin", "", CS_OK, 0, 0, NULL},
    {"no-login,locked", "", CS_OK, 0, 0, NULL},
    {"no-login,protected-path", "", CS_OK, 0, 0, NULL},
    /* the flags tell: said before anything is asked or sent */
    {"no-user-pin", "", CS_E_TOKEN_AUTH, 0, 0, "--init-pin"},
    {"no-user-pin,protected-path", "", CS_E_TOKEN_AUTH, 0, 0, "no user PIN"},
    {"locked", "", CS_E_TOKEN_AUTH, 0, 0, "no login was tried"},
    {"locked,protected-path", "", CS_E_TOKEN_AUTH, 0, 0, "no login was tried"},
    {"final-try", "", CS_E_TOKEN_AUTH, 0, 0, "one PIN try left"},
    {"final-try,protected-path", "", CS_E_TOKEN_AUTH, 0, 0, "one PIN try left"},
    {"count-low", ONE_PIN, CS_OK, 1, 1, NULL},
    {"count-low,protected-path", ONE_PRESS, CS_OK, 0, 2, NULL},
    {"to-be-changed", ONE_PIN, CS_OK, 1, 1, NULL},
    /* a PIN that cannot be right is not sent */
    {"max-pin:0:9", "", CS_E_TOKEN_AUTH, 1, 0, "at most 9 octets"},
    {"max-pin:0:10", ONE_PIN, CS_OK, 1, 0, NULL},
    {"max-pin:0:0", ONE_PIN, CS_OK, 1, 0, NULL},
    {"max-pin:0:0xffffffffffffffff", ONE_PIN, CS_OK, 1, 0, NULL},
    {"max-pin:0:9,protected-path", ONE_PRESS, CS_OK, 0, 1, NULL},
    /* what C_Login says; none of it is answered with a second try */
    {"login-says:1:0x100", ONE_PIN, CS_OK, 1, 0, NULL}, /* CKR_USER_ALREADY_LOGGED_IN */
    {"login-says:1:0x104", ONE_PIN, CS_E_TOKEN_AUTH, 1, 0, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN"},
    {"login-says:1:0x102", ONE_PIN, CS_E_TOKEN_AUTH, 1, 0, "CKR_USER_PIN_NOT_INITIALIZED"},
    {"login-says:1:0x103", ONE_PIN, CS_E_TOKEN_AUTH, 1, 0, "CKR_USER_TYPE_INVALID"},
    {"login-says:1:0x105", ONE_PIN, CS_E_TOKEN_AUTH, 1, 0, "CKR_USER_TOO_MANY_TYPES"},
    {"login-says:1:0xa0", ONE_PIN, CS_E_TOKEN_AUTH, 1, 0, "sent once"},
    {"login-says:1:0xa1", ONE_PIN, CS_E_TOKEN_AUTH, 1, 0, "CKR_PIN_INVALID"},
    {"login-says:1:0xa2", ONE_PIN, CS_E_TOKEN_AUTH, 1, 0, "too short or too long"},
    {"login-says:1:0xa3", ONE_PIN, CS_E_TOKEN_AUTH, 1, 0, "set a new PIN"},
    {"login-says:1:0xa4", ONE_PIN, CS_E_TOKEN_AUTH, 1, 0, "SO PIN (PUK)"},
    {"login-says:1:0xb5", ONE_PIN, CS_E_TOKEN_REFUSED, 1, 0, "CKR_SESSION_READ_ONLY"},
    {"login-says:1:0x30", ONE_PIN, CS_E_TOKEN_REFUSED, 1, 0, "CKR_DEVICE_ERROR"},
    {"login-says:1:0x50,protected-path", ONE_PRESS, CS_E_CANCELLED, 0, 1, "CKR_FUNCTION_CANCELED"},
    {"login-says:1:0xa0,protected-path", ONE_PRESS, CS_E_TOKEN_AUTH, 0, 1, "CKR_PIN_INCORRECT"},
};

START_TEST(opens_in_its_form)
{
    struct cs_err err = {0};

    cs_spy_traits(opens[_i].traits);
    cs_rc rc = cs_token_open(&token.options, &store, &err);
    ck_assert_msg(rc == opens[_i].rc, "%s instead of %s: %s", cs_rc_name(rc),
                  cs_rc_name(opens[_i].rc), err.message);
    assert_logins(opens[_i].logins);
    ck_assert_uint_eq(token.person.pins, opens[_i].pins);
    ck_assert_uint_eq(token.person.warnings, opens[_i].warnings);
    ck_assert_uint_eq(token.person.questions, 0);
    if (rc != CS_OK) {
        ck_assert_ptr_null(store);
        assert_says(&err, opens[_i].says);
        assert_contains(err.message, CS_SOFTHSM_LABEL);
    }
}
END_TEST

/* ---- a login for each signature ---- */

static struct cs_key *make_key(const char *traits)
{
    struct cs_key_request request = cs_testtoken_request(CS_KEY_EC_P256, 256, 0x5c);
    struct cs_key *key = NULL;
    struct cs_err err = {0};

    cs_spy_traits(traits);
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    assert_ok(store->ops->generate(store, &request, &key, &err), &err);
    return key;
}

static cs_rc sign(struct cs_key *key, struct cs_err *err)
{
    cs_auto_value(cs_bytes) signature = {0};
    uint8_t digest[CS_DIGEST_MAX] = {0x5a};

    cs_rc rc = store->ops->sign(store, key, CS_SHA256, digest, &signature, err);
    if (rc == CS_OK) {
        ck_assert(cs_testtoken_verify(&key->spki, CS_SHA256, digest, &signature));
    }
    return rc;
}

/* 0x202 is CKA_ALWAYS_AUTHENTICATE. */
static const struct {
    const char *traits;
    const char *logins; /* of the run and two signatures */
    cs_rc rc;           /* of both signatures */
    const char *first;  /* what the first says */
    const char *second;
} signs[] = {
    {"always-authenticate", "1 pin\n2 pin\n2 pin\n", CS_OK, NULL, NULL},
    {"always-authenticate,protected-path", "1 nothing\n2 nothing\n2 nothing\n", CS_OK, NULL, NULL},
    /* the attribute is kept, the login unknown (openCryptoki), and C_Sign signs */
    {"answer:0x202:1,login-says:2:0x103", "1 pin\n2 pin\n2 pin\n", CS_OK, NULL, NULL},
    {"answer:0x202:1,login-says:2:0x100", "1 pin\n2 pin\n2 pin\n", CS_OK, NULL, NULL},
    /* the key has another PIN than the login: it is sent once, and not for the next signature */
    {"always-authenticate,login-says:2:0xa0", "1 pin\n2 pin\n", CS_E_TOKEN_AUTH,
     "CKR_PIN_INCORRECT", "none is tried again"},
    {"always-authenticate,login-says:2:0xa4", "1 pin\n2 pin\n", CS_E_TOKEN_AUTH, "CKR_PIN_LOCKED",
     "none is tried again"},
    {"always-authenticate,login-says:2:0xa0,protected-path", "1 nothing\n2 nothing\n",
     CS_E_TOKEN_AUTH, "CKR_PIN_INCORRECT", "none is tried again"},
    /* there is no PIN to answer with */
    {"always-authenticate,no-login", "", CS_E_TOKEN_AUTH, "takes none", "takes none"},
    /* a token that does not tell, and wants it all the same */
    {"always-authenticate,answer:0x202:0", ONE_PIN, CS_E_TOKEN_AUTH, "CKR_USER_NOT_LOGGED_IN",
     "CKR_USER_NOT_LOGGED_IN"},
};

START_TEST(logs_in_for_each_signature)
{
    struct cs_key *key = make_key(signs[_i].traits);

    for (int i = 0; i < 2; i++) {
        struct cs_err err = {0};
        cs_rc rc = sign(key, &err);
        ck_assert_msg(rc == signs[_i].rc, "%s instead of %s: %s", cs_rc_name(rc),
                      cs_rc_name(signs[_i].rc), err.message);
        if (rc != CS_OK) {
            assert_says(&err, i ? signs[_i].second : signs[_i].first);
        }
    }
    store->ops->key_free(key);
    assert_logins(signs[_i].logins);
    ck_assert_uint_le(token.person.pins, 1);
}
END_TEST

/* Somebody else has tried wrong PINs since the login of the run. */
static const struct {
    const char *later; /* traits from then on */
    bool is_there;
    bool says_yes;
    cs_rc rc;
    const char *logins;
    size_t questions;
} laters[] = {
    {"always-authenticate,locked", true, true, CS_E_TOKEN_AUTH, ONE_PIN, 0},
    {"always-authenticate,final-try", false, false, CS_E_TOKEN_AUTH, ONE_PIN, 0},
    {"always-authenticate,final-try", true, false, CS_E_CANCELLED, ONE_PIN, 1},
    {"always-authenticate,final-try", true, true, CS_OK, "1 pin\n2 pin\n", 1},
};

START_TEST(looks_again_before_each_signature)
{
    struct cs_key *key = make_key("always-authenticate");
    struct cs_err err = {0};

    token.person.is_there = laters[_i].is_there;
    token.person.says_yes = laters[_i].says_yes;
    cs_spy_traits(laters[_i].later);
    cs_rc rc = sign(key, &err);
    ck_assert_msg(rc == laters[_i].rc, "%s instead of %s: %s", cs_rc_name(rc),
                  cs_rc_name(laters[_i].rc), err.message);
    assert_logins(laters[_i].logins);
    ck_assert_uint_eq(token.person.questions, laters[_i].questions);
    /* the session is of use afterwards */
    cs_spy_traits("always-authenticate");
    assert_ok(sign(key, &err), &err);
    store->ops->key_free(key);
}
END_TEST

/* Two stores on one token in one process: `export --to` the same token. */
START_TEST(second_store_logs_in_by_itself)
{
    cs_auto(cs_keystore) second = NULL;
    struct cs_err err = {0};

    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    assert_ok(cs_token_open(&token.options, &second, &err), &err);
    /* the token is logged in for the whole process: its answer is CKR_USER_ALREADY_LOGGED_IN */
    cs_autofree char *log = cs_spy_log(&hsm);
    assert_contains(log, " 0x100\n");
    assert_logins("1 pin\n1 pin\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault_login");
    TCase *tcase = tcase_create("login");

    tcase_add_checked_fixture(tcase, setup, teardown);
    add_rows(tcase, opens_in_its_form, opens);
    add_rows(tcase, logs_in_for_each_signature, signs);
    add_rows(tcase, looks_again_before_each_signature, laters);
    tcase_add_test(tcase, second_store_logs_in_by_itself);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

/* An empty slot becomes a token; a token that is one already is never touched. */
#include "base/mem.h"
#include "pkcs11/inittoken.h"
#include "pkcs11/tokenlist.h"
#include "support/check_run.h"
#include "support/spy.h"
#include "support/testtoken.h"

#include <stdio.h>
#include <string.h>

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_token_info info;
static struct cs_err err;
static unsigned asked;
static const char *so_pin_text;
static const char *pin_text;

static void setup(void)
{
    cs_softhsm_init_empty(&hsm);
    cs_spy_init(&hsm);
    cs_testtoken_init(&token, &hsm, cs_spy_path());
    token.options.uri = NULL;
    so_pin_text = CS_SOFTHSM_SO_PIN;
    pin_text = CS_SOFTHSM_PIN;
}

static void teardown(void)
{
    cs_token_info_done(&info);
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

static cs_rc secret_of(const char *text, struct cs_secret **ret_secret, struct cs_err *error)
{
    char copy[512];
    int len = snprintf(copy, sizeof copy, "%s", text);

    return cs_secret_take(copy, (size_t)len, ret_secret, error);
}

static cs_rc get_pins(void *ctx, struct cs_secret **ret_so_pin, struct cs_secret **ret_pin,
                      struct cs_err *error)
{
    (void)ctx;
    asked++;
    CS_TRY(secret_of(so_pin_text, ret_so_pin, error));
    return secret_of(pin_text, ret_pin, error);
}

static const struct cs_init_pins pins = {get_pins, NULL};

static cs_rc init(const char *label)
{
    return cs_token_init(&token.options, label, &pins, &info, &err);
}

/* Nothing was sent to any token. */
static void assert_untouched(void)
{
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_InitToken"), 0);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Login"), 0);
    ck_assert_uint_eq(asked, 0);
}

START_TEST(makes_a_token)
{
    struct cs_keystore *store = NULL;

    assert_ok(init(CS_SOFTHSM_LABEL), &err);
    ck_assert_str_eq(info.label, CS_SOFTHSM_LABEL);
    ck_assert_uint_eq(strlen(info.serial), 16);
    assert_contains(info.uri, "token=" CS_SOFTHSM_LABEL);
    ck_assert_str_eq(info.module_path, cs_spy_path());
    ck_assert_uint_eq(asked, 1);

    /* It opens with that PIN, and another program sees it. */
    token.options.uri = info.uri;
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    cs_keystore_close(store);
    ck_assert_uint_eq(cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL).all, 0);
}
END_TEST

/* 32 octets are the most, in whatever characters. */
static const struct {
    const char *label;
    bool good;
} labels[] = {
    {"0123456789abcdef0123456789abcdef", true},
    {"0123456789abcdef0123456789abcdef0", false},
    {"a b", true},
    {"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
     "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc",
     true},
    {"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
     "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbcx",
     false},
    {"", false},
    {"  ", false},
};

START_TEST(takes_labels_that_fit)
{
    if (labels[_i].good) {
        assert_ok(init(labels[_i].label), &err);
        ck_assert_str_eq(info.label, labels[_i].label);
        return;
    }
    assert_fails(init(labels[_i].label), CS_E_USAGE, &err);
    assert_untouched();
}
END_TEST

/* SoftHSM2 takes 4 to 255 octets. A PIN that is refused after C_InitToken would use the slot up. */
#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
static const struct {
    const char *so_pin;
    const char *pin;
    const char *says;
} lengths[] = {
    {CS_SOFTHSM_SO_PIN, "123", "the user PIN has 3"},
    {"123", CS_SOFTHSM_PIN, "the SO PIN has 3"},
    {CS_SOFTHSM_SO_PIN, X64 X64 X64 X64, "the user PIN has 256"},
};

START_TEST(refuses_pins_that_do_not_fit)
{
    so_pin_text = lengths[_i].so_pin;
    pin_text = lengths[_i].pin;
    assert_fails(init("edge"), CS_E_USAGE, &err);
    assert_contains(err.message, lengths[_i].says);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_InitToken"), 0);
    so_pin_text = CS_SOFTHSM_SO_PIN;
    pin_text = CS_SOFTHSM_PIN;
    assert_ok(init("edge"), &err);
}
END_TEST

START_TEST(a_label_is_for_one_token)
{
    cs_softhsm_add_token(&hsm, CS_SOFTHSM_LABEL);
    assert_fails(init(CS_SOFTHSM_LABEL), CS_E_USAGE, &err);
    assert_contains(err.message, "there is a token");
    assert_untouched();
    assert_ok(init("second"), &err);
    ck_assert_str_eq(info.label, "second");
}
END_TEST

/* However it is named, the token that is there stays as it is. */
static const struct {
    const char *attribute; /* of the URI; its value is the token's */
    const char *label;
    cs_rc rc;
    const char *says;
} existing[] = {
    {"token", "other", CS_E_USAGE, "the URI names another"},
    {"token", CS_SOFTHSM_LABEL, CS_E_USAGE, "there is a token"},
    {"serial", "other", CS_E_TOKEN_ABSENT, "no slot"},
    {"slot-id", "other", CS_E_TOKEN_ABSENT, "no slot"},
};

static char *uri_of_existing(const char *attribute)
{
    cs_auto_value(cs_token_list) list = {0};

    assert_ok(cs_token_list_read(&token.options, &list, &err), &err);
    ck_assert(list.items[0].is_initialised);
    return strcmp(attribute, "token") == 0 ? cs_strdup(CS_SOFTHSM_URI)
           : strcmp(attribute, "serial") == 0
               ? cs_asprintf("pkcs11:serial=%s", list.items[0].info.serial)
               : cs_asprintf("pkcs11:slot-id=%lu", list.items[0].slot);
}

START_TEST(never_touches_a_token)
{
    cs_softhsm_add_token(&hsm, CS_SOFTHSM_LABEL);
    cs_softhsm_populate(&hsm, CS_SOFTHSM_LABEL, 1, CS_SOFTHSM_EC);
    cs_autofree char *uri = uri_of_existing(existing[_i].attribute);
    token.options.uri = uri;
    assert_fails(init(existing[_i].label), existing[_i].rc, &err);
    assert_contains(err.message, existing[_i].says);
    if (existing[_i].rc == CS_E_TOKEN_ABSENT) {
        assert_contains(err.hint, "never touched");
        assert_contains(err.hint, "token=" CS_SOFTHSM_LABEL);
    }
    assert_untouched();
    ck_assert_uint_eq(cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL).all, 2);
}
END_TEST

/* The URI of a configuration names the token that is to be made. */
START_TEST(a_uri_may_name_what_is_to_be)
{
    token.options.uri = "pkcs11:token=edge";
    assert_ok(init("edge"), &err);
    ck_assert_str_eq(info.label, "edge");
}
END_TEST

START_TEST(several_slots_want_a_number)
{
    cs_spy_traits("duplicate-slot");
    assert_fails(init("edge"), CS_E_TOKEN_ABSENT, &err);
    assert_contains(err.message, "2 slots");
    assert_contains(err.message, "pkcs11:slot-id=0");
    assert_untouched();
    token.options.uri = "pkcs11:slot-id=0";
    assert_ok(init("edge"), &err);
}
END_TEST

/* A call that fails, and what is said of the token then. */
static const struct {
    const char *fault;
    cs_rc rc;
    const char *state;
} failures[] = {
    {"C_InitToken:1:0xa2", CS_E_TOKEN_AUTH, "as empty as before"},
    {"C_OpenSession:1:0x30", CS_E_TOKEN_ABSENT, "has no user PIN"},
    {"C_Login:1:0xa0", CS_E_TOKEN_AUTH, "has no user PIN"},
    {"C_InitPIN:1:0xa2", CS_E_TOKEN_AUTH, "has no user PIN"},
    {"C_InitPIN:1:lie-0x0", CS_OK, ""},
};

START_TEST(says_what_a_failure_leaves)
{
    cs_spy_fault(failures[_i].fault);
    cs_rc rc = init("edge");
    if (failures[_i].rc == CS_OK) {
        assert_ok(rc, &err);
        return;
    }
    ck_assert_msg(rc != CS_OK, "it did not fail");
    ck_assert_int_eq(rc, err.code);
    assert_contains(err.message, failures[_i].state);
    assert_contains(err.message, "\"edge\"");
    ck_assert_uint_le(cs_spy_calls(&hsm, "C_InitToken"), 1);
}
END_TEST

/* It says yes to everything and does nothing. */
START_TEST(reads_back)
{
    cs_spy_fault("C_InitPIN:1:0x0");
    assert_fails(init("edge"), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, "without a PIN");
}
END_TEST

/* A slot that looks empty for a moment, because another program is writing the token's file. */
START_TEST(looks_again)
{
    assert_ok(init("edge"), &err);
    ck_assert_uint_ge(cs_spy_calls(&hsm, "C_Initialize"), 3);
}
END_TEST

START_TEST(wants_one_module)
{
    token.options.module = NULL;
    cs_rc rc = init("edge");
    /* How many modules p11-kit knows here is the machine's affair. */
    ck_assert(rc == CS_E_USAGE || rc == CS_OK);
    if (rc == CS_E_USAGE) {
        assert_contains(err.hint, "module-path");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("inittoken");
    TCase *tcase = tcase_create("tokens");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, makes_a_token);
    add_rows(tcase, takes_labels_that_fit, labels);
    add_rows(tcase, refuses_pins_that_do_not_fit, lengths);
    tcase_add_test(tcase, a_label_is_for_one_token);
    add_rows(tcase, never_touches_a_token, existing);
    tcase_add_test(tcase, a_uri_may_name_what_is_to_be);
    tcase_add_test(tcase, several_slots_want_a_number);
    add_rows(tcase, says_what_a_failure_leaves, failures);
    tcase_add_test(tcase, reads_back);
    tcase_add_test(tcase, looks_again);
    tcase_add_test(tcase, wants_one_module);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

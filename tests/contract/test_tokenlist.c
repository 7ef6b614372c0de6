/* The list of tokens: what there is, without a login and without a session. */
#include "base/mem.h"
#include "pkcs11/slot.h"
#include "pkcs11/tokenlist.h"
#include "support/check_run.h"
#include "support/spy.h"
#include "support/testtoken.h"

#include <string.h>

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_token_list list;
static struct cs_err err;

static void setup(void)
{
    cs_softhsm_init(&hsm);
    cs_spy_init(&hsm);
    cs_testtoken_init(&token, &hsm, cs_spy_path());
    token.options.uri = NULL;
}

static void teardown(void)
{
    cs_token_list_done(&list);
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

static const struct cs_listed_token *find(const char *label)
{
    for (size_t i = 0; i < list.count; i++) {
        if (list.items[i].info.label && strcmp(list.items[i].info.label, label) == 0) {
            return &list.items[i];
        }
    }
    ck_abort_msg("no token \"%s\" in the list", label);
    return NULL;
}

/* SoftHSM2 shows its tokens and one slot that is empty. */
START_TEST(lists_all_slots)
{
    cs_softhsm_add_token(&hsm, "other");
    assert_ok(cs_token_list_read(&token.options, &list, &err), &err);
    ck_assert_uint_eq(list.count, 3);
    ck_assert_uint_eq(list.failed_count, 0);
    ck_assert(find("other")->is_initialised);
    const struct cs_listed_token *one = find(CS_SOFTHSM_LABEL);
    ck_assert_str_eq(one->info.manufacturer, "SoftHSM project");
    ck_assert_str_eq(one->info.model, "SoftHSM v2");
    ck_assert_uint_eq(strlen(one->info.serial), 16);
    ck_assert_str_eq(one->info.profile, "softhsm2");
    ck_assert_str_eq(one->info.module_path, cs_spy_path());
    assert_contains(one->info.uri, "token=" CS_SOFTHSM_LABEL);
    ck_assert_str_eq(one->hardware, "2.6");
    ck_assert_uint_eq(one->pin_min, 4);
    ck_assert_uint_eq(one->pin_max, 255);
    ck_assert(!one->is_untried);
    ck_assert(cs_strv_has(&one->flags, "initialised"));
    ck_assert(cs_strv_has(&one->flags, "PIN set"));
    ck_assert(cs_strv_has(&one->flags, "needs login"));
    ck_assert_uint_eq(one->flags.count, 3);

    const struct cs_listed_token *empty = find("");
    ck_assert(!empty->is_initialised);
    ck_assert(cs_strv_has(&empty->flags, "not initialised"));
    ck_assert_uint_eq(empty->flags.count, 1);
    cs_autofree char *uri = cs_asprintf("pkcs11:slot-id=%lu", empty->slot);
    ck_assert_str_eq(empty->info.uri, uri);
}
END_TEST

START_TEST(opens_nothing)
{
    assert_ok(cs_token_list_read(&token.options, &list, &err), &err);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_OpenSession"), 0);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Login"), 0);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Finalize"), 1);
    ck_assert_uint_eq(token.person.pins, 0);
}
END_TEST

/* Which of one token, one more of the same label, and an empty slot a URI fits. */
static const struct {
    const char *uri;
    size_t count;
    size_t others;
} filters[] = {
    {"pkcs11:", 3, 0},
    {"pkcs11:token=" CS_SOFTHSM_LABEL, 2, 1},
    {"pkcs11:token=nobody", 0, 3},
    {"pkcs11:manufacturer=SoftHSM%20project", 3, 0},
    {"pkcs11:serial=0000000000000000", 0, 3},
    {"pkcs11:slot-id=2", 1, 2}, /* SoftHSM numbers the empty slot by the tokens there are */
    {"pkcs11:library-manufacturer=SoftHSM", 3, 0},
    {"pkcs11:library-manufacturer=ACME", 0, 3},
};

START_TEST(keeps_to_the_uri)
{
    cs_softhsm_add_token(&hsm, CS_SOFTHSM_LABEL);
    token.options.uri = filters[_i].uri;
    assert_ok(cs_token_list_read(&token.options, &list, &err), &err);
    ck_assert_uint_eq(list.count, filters[_i].count);
    ck_assert_uint_eq(list.other_count, filters[_i].others);
}
END_TEST

/* Two tokens that a URI without the slot would not tell apart. */
START_TEST(tells_twins_by_their_slots)
{
    cs_spy_traits("duplicate-slot");
    token.options.uri = CS_SOFTHSM_URI;
    assert_ok(cs_token_list_read(&token.options, &list, &err), &err);
    ck_assert_uint_eq(list.count, 2);
    assert_contains(list.items[0].info.uri, "slot-id=");
    ck_assert_str_ne(list.items[0].info.uri, list.items[1].info.uri);
}
END_TEST

static const struct {
    const char *trait;
    const char *word;
} flags[] = {
    {"final-try", "final try"},    {"final-try", "wrong PIN counted"},
    {"locked", "PIN locked"},      {"write-protected", "write-protected"},
    {"protected-path", "own pad"},
};

START_TEST(says_flags_in_words)
{
    cs_spy_traits(flags[_i].trait);
    assert_ok(cs_token_list_read(&token.options, &list, &err), &err);
    ck_assert(cs_strv_has(&find(CS_SOFTHSM_LABEL)->flags, flags[_i].word));
}
END_TEST

static const char *const faults[] = {"C_Initialize:1+:0x30", "C_GetSlotList:1+:0x30"};

START_TEST(a_module_that_fails_is_a_line)
{
    cs_spy_fault(faults[_i]);
    assert_ok(cs_token_list_read(&token.options, &list, &err), &err);
    ck_assert_uint_eq(list.count, 0);
    ck_assert_uint_eq(list.failed_count, 1);
    ck_assert_str_eq(list.failed[0].path, cs_spy_path());
    ck_assert_str_eq(list.failed[0].error.cause_name, "CKR_DEVICE_ERROR");
}
END_TEST

START_TEST(a_token_that_fails_is_a_line)
{
    cs_spy_fault("C_GetTokenInfo:1:0x30");
    assert_ok(cs_token_list_read(&token.options, &list, &err), &err);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_int_eq(list.items[0].error.code, CS_E_TOKEN_ABSENT);
    ck_assert_str_eq(list.items[0].error.cause_name, "CKR_DEVICE_ERROR");
    ck_assert_int_eq(list.items[1].error.code, CS_OK);
}
END_TEST

START_TEST(a_module_that_is_not_there)
{
    token.options.module = "/nonexistent/module.so";
    assert_fails(cs_token_list_read(&token.options, &list, &err), CS_E_TOKEN_ABSENT, &err);
    token.options.module = "nosuchname";
    assert_fails(cs_token_list_read(&token.options, &list, &err), CS_E_TOKEN_ABSENT, &err);
    assert_contains(err.hint, "softhsm2");
}
END_TEST

/* ---- what a module says of itself ---- */

static CK_RV info_rv;
static unsigned info_calls;

static CK_RV get_info(CK_INFO *info)
{
    *info = (CK_INFO){0};
    memset(info->libraryDescription, ' ', sizeof info->libraryDescription);
    memcpy(info->libraryDescription, "Words", 5);
    info_calls++;
    return info_rv;
}

/* However many profiles want to know it. */
START_TEST(a_module_is_asked_once_or_not_at_all)
{
    CK_FUNCTION_LIST functions = {.C_GetInfo = get_info};
    struct cs_watch watch = {0};
    cs_auto_value(cs_slot_library) library = {.watch = &watch, .functions = &functions};

    info_rv = _i ? CKR_FUNCTION_FAILED : CKR_OK;
    info_calls = 0;
    for (int i = 0; i < 2; i++) {
        const char *words = cs_slot_library_words(&library);
        ck_assert_pstr_eq(words, _i ? NULL : "Words");
    }
    ck_assert_uint_eq(info_calls, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tokenlist");
    TCase *tcase = tcase_create("tokens");
    TCase *words = tcase_create("words");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, lists_all_slots);
    tcase_add_test(tcase, opens_nothing);
    add_rows(tcase, keeps_to_the_uri, filters);
    tcase_add_test(tcase, tells_twins_by_their_slots);
    add_rows(tcase, says_flags_in_words, flags);
    add_rows(tcase, a_module_that_fails_is_a_line, faults);
    tcase_add_test(tcase, a_token_that_fails_is_a_line);
    tcase_add_test(tcase, a_module_that_is_not_there);
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(words, a_module_is_asked_once_or_not_at_all, 0, 2);
    suite_add_tcase(suite, words);
    return check_run(suite);
}

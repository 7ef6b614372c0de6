/* How far a certificate is: from the request's state, the days left and the names it lacks. */
#include "base/mem.h"
#include "report/deploystate.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

#define NOW INT64_C(1795350090)
#define DAY INT64_C(86400)

/* Expected from the rules of deploystate.h: CS_RENEW_DAYS is 30. */
static const struct {
    int64_t request;
    enum cs_state state;
    int64_t left; /* seconds; 0: no certificate */
    bool lacks_names;
    const char *key;
    const char *days;
} states[] = {
    {0, CS_STATE_PLANNED, 0, false, "none", ""},
    {0, CS_STATE_IMPORTED, 0, true, "none", ""}, /* without a request the rest means nothing */
    {1, CS_STATE_PLANNED, 0, false, "unfinished", ""},
    {1, CS_STATE_SIGNED, 0, false, "unfinished", ""},
    {1, CS_STATE_KEPT, 0, false, "unfinished", ""},
    {1, CS_STATE_OFFLINE, 0, false, "offline", ""},
    {1, CS_STATE_OFFLINE, 0, true, "names", ""},
    {1, CS_STATE_SUBMITTED, 0, false, "pending", ""},
    {1, CS_STATE_PENDING, 0, false, "pending", ""},
    {1, CS_STATE_PENDING, 0, true, "names", ""},
    {1, CS_STATE_ISSUED, 100 * DAY, false, "issued", "100 days left"},
    {1, CS_STATE_IMPORTED, 31 * DAY, false, "issued", "31 days left"},
    {1, CS_STATE_IMPORTED, 30 * DAY + 1, false, "issued", "30 days left"},
    {1, CS_STATE_IMPORTED, 30 * DAY, false, "expiring", "30 days left"},
    {1, CS_STATE_IMPORTED, 30 * DAY, true, "expiring", "30 days left"},
    {1, CS_STATE_IMPORTED, 31 * DAY, true, "names", "31 days left"},
    {1, CS_STATE_IMPORTED, 2 * DAY - 1, false, "expiring", "1 day left"},
    {1, CS_STATE_IMPORTED, 1, false, "expiring", "0 days left"},
    {1, CS_STATE_IMPORTED, -1, false, "expired", "today"},
    {1, CS_STATE_IMPORTED, -DAY, false, "expired", "1 day ago"},
    {1, CS_STATE_IMPORTED, -3 * DAY, true, "expired", "3 days ago"},
    {1, CS_STATE_DENIED, 0, true, "failed", ""},
    {1, CS_STATE_REVOKED, 100 * DAY, false, "failed", "100 days left"},
    {1, CS_STATE_FAILED, 0, false, "failed", ""},
    {1, CS_STATE_CLEARED, 0, false, "none", ""},
};

START_TEST(state_and_days)
{
    cs_auto_value(cs_strv) missing = {0};
    const struct cs_deployment_row row = {
        .request_id = states[_i].request,
        .state = states[_i].state,
        .not_after = states[_i].left ? NOW + states[_i].left : 0,
        .missing = &missing,
    };

    if (states[_i].lacks_names) {
        cs_strv_add(&missing, "sip.fabrikam.com");
    }
    cs_autofree char *days = cs_deploystate_days(&row, NOW);
    ck_assert_str_eq(cs_deploystate_info(cs_deploystate_of(&row, NOW))->key, states[_i].key);
    ck_assert_str_eq(days, states[_i].days);
}
END_TEST

START_TEST(row_without_a_list_of_names)
{
    const struct cs_deployment_row row = {.request_id = 1, .state = CS_STATE_OFFLINE};

    ck_assert_int_eq(cs_deploystate_of(&row, NOW), CS_DEPLOY_OFFLINE);
}
END_TEST

/* Word and sign tell each state from each other one; colour alone does not have to. */
START_TEST(states_differ_without_colour)
{
    const struct cs_deploystate_info *info = cs_deploystate_info((enum cs_deploystate)_i);

    ck_assert_ptr_nonnull(info->look);
    ck_assert_ptr_nonnull(info->meaning);
    for (int i = 0; i < _i; i++) {
        const struct cs_deploystate_info *other = cs_deploystate_info((enum cs_deploystate)i);
        ck_assert_str_ne(info->key, other->key);
        ck_assert_str_ne(info->word, other->word);
        ck_assert_str_ne(info->sign, other->sign);
    }
}
END_TEST

START_TEST(types_have_short_words)
{
    cs_autofree char *none = cs_deploystate_types(0);
    cs_autofree char *web =
        cs_deploystate_types(1u << CS_TYPE_WEB_SERVICES_INTERNAL | 1u << CS_TYPE_DEFAULT);

    ck_assert_str_eq(none, "");
    ck_assert_str_eq(web, "Default + Web int");
    for (int i = 0; i < CS_TYPE_COUNT; i++) {
        const char *word = cs_deploystate_type((enum cs_cert_type)i);
        ck_assert_ptr_nonnull(word);
        ck_assert_uint_le(strlen(word), strlen(cs_cert_type_info((enum cs_cert_type)i)->name));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("deploystate");
    TCase *tcase = tcase_create("deploystate");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(tcase, state_and_days, 0, ROWS(states));
    tcase_add_test(tcase, row_without_a_list_of_names);
    tcase_add_loop_test(tcase, states_differ_without_colour, 0, CS_DEPLOYSTATE_COUNT);
    tcase_add_test(tcase, types_have_short_words);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

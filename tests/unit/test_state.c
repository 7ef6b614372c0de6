#include "base/cleanup.h"
#include "base/strv.h"
#include "model/state.h"
#include "support/check_run.h"

/* The design's "way of the data", arrow by arrow. `next` names every state that may follow; all
 * others may not. FAILED follows where a run can still be undone, CLEARED where nothing was begun,
 * or somebody was asked for something that can be withdrawn. */
static const struct {
    enum cs_state state;
    const char *name;
    const char *status; /* the words of RequestStatus */
    const char *next;
    bool open;
    bool unfinished;
} states[] = {
    {CS_STATE_PLANNED, "PLANNED", "Planned", "SIGNED CLEARED FAILED", false, true},
    {CS_STATE_SIGNED, "SIGNED", "Planned", "KEPT FAILED", false, true},
    {CS_STATE_KEPT, "KEPT", "Planned", "OFFLINE SUBMITTED FAILED", false, true},
    {CS_STATE_OFFLINE, "OFFLINE", "Offline", "ISSUED CLEARED FAILED", true, false},
    {CS_STATE_SUBMITTED, "SUBMITTED", "Pending", "PENDING ISSUED DENIED REVOKED CLEARED FAILED",
     true, true},
    {CS_STATE_PENDING, "PENDING", "Pending", "ISSUED DENIED REVOKED CLEARED", true, false},
    {CS_STATE_ISSUED, "ISSUED", "Issued", "REVOKED IMPORTED CLEARED", true, true},
    {CS_STATE_DENIED, "DENIED", "Denied", "CLEARED", true, false},
    {CS_STATE_REVOKED, "REVOKED", "Revoked", "CLEARED", true, false},
    {CS_STATE_IMPORTED, "IMPORTED", "Issued", "REVOKED", false, false},
    {CS_STATE_CLEARED, "CLEARED", "Cleared", "", false, false},
    {CS_STATE_FAILED, "FAILED", "Failed", "", false, false},
};

START_TEST(test_table_is_whole)
{
    ck_assert_uint_eq(ROWS(states), CS_STATE_COUNT);
}
END_TEST

START_TEST(test_state)
{
    enum cs_state state = states[_i].state;
    enum cs_state parsed = CS_STATE_COUNT;
    struct cs_err err = {0};

    ck_assert_int_eq(state, _i);
    ck_assert_str_eq(cs_state_name(state), states[_i].name);
    ck_assert_str_eq(cs_state_status(state), states[_i].status);
    ck_assert_int_eq(cs_state_is_open(state), states[_i].open);
    ck_assert_int_eq(cs_state_is_unfinished(state), states[_i].unfinished);
    ck_assert_int_eq(cs_state_is_final(state), !*states[_i].next);
    assert_ok(cs_state_parse(states[_i].name, &parsed, &err), &err);
    ck_assert_int_eq(parsed, state);
}
END_TEST

/* All of the 12 times 12. */
START_TEST(test_transitions)
{
    cs_auto_value(cs_strv) next = {0};

    cs_strv_split(&next, states[_i].next, ' ');
    for (size_t to = 0; to < ROWS(states); to++) {
        ck_assert_msg(cs_state_can_go(states[_i].state, states[to].state) ==
                          cs_strv_has(&next, states[to].name),
                      "%s -> %s", states[_i].name, states[to].name);
    }
}
END_TEST

/* What is open can be withdrawn; what ends a request is not open. A run that is stopped withdraws
 * what it has planned and not begun. */
START_TEST(test_open_can_be_cleared)
{
    enum cs_state state = states[_i].state;

    ck_assert_int_eq(cs_state_is_open(state) || state == CS_STATE_PLANNED,
                     cs_state_can_go(state, CS_STATE_CLEARED));
}
END_TEST

/* Every state but the first is reached, and the way never leads back. */
START_TEST(test_one_direction)
{
    bool reached = _i == CS_STATE_PLANNED;

    for (size_t from = 0; from < ROWS(states); from++) {
        bool goes = cs_state_can_go(states[from].state, states[_i].state);
        reached = reached || goes;
        ck_assert_msg(!goes || !cs_state_can_go(states[_i].state, states[from].state), "%s <-> %s",
                      states[from].name, states[_i].name);
    }
    ck_assert_msg(reached, "nothing leads to %s", states[_i].name);
}
END_TEST

/* Each state has a record type of its own, in the lower case of the journal. */
START_TEST(test_record)
{
    const char *record = cs_state_record(states[_i].state);
    cs_autofree char *lower = cs_ascii_lower(record);

    ck_assert_str_eq(record, lower);
    ck_assert_uint_gt(strlen(record), 3);
    for (size_t other = 0; other < ROWS(states); other++) {
        ck_assert((int)other == _i || strcmp(record, cs_state_record(states[other].state)) != 0);
    }
}
END_TEST

static const char *const no_states[] = {
    "",        "planned", "PLANNED ", "PLAN",
    "Offline", "12",      "0",        "PLANNEDPLANNEDPLANNEDPLANNEDPLANNEDPLANNEDPLANNED"};

START_TEST(test_no_state)
{
    enum cs_state state = CS_STATE_COUNT;
    struct cs_err err = {0};

    assert_fails(cs_state_parse(no_states[_i], &state, &err), CS_E_STORE, &err);
    ck_assert_int_eq(state, CS_STATE_COUNT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state");
    TCase *tcase = tcase_create("state");

    tcase_add_test(tcase, test_table_is_whole);
    add_rows(tcase, test_state, states);
    add_rows(tcase, test_transitions, states);
    add_rows(tcase, test_open_can_be_cleared, states);
    add_rows(tcase, test_one_direction, states);
    add_rows(tcase, test_record, states);
    add_rows(tcase, test_no_state, no_states);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "model/state.h"

#include <stddef.h>
#include <string.h>

#define TO(state) (1u << CS_STATE_##state)

static const struct {
    const char *name;
    const char *status;
    const char *record;
    unsigned next; /* TO() of every state that may follow */
    bool unfinished;
    bool open;
} table[CS_STATE_COUNT] = {
    [CS_STATE_PLANNED] = {"PLANNED", "Planned", "planned", TO(SIGNED) | TO(CLEARED) | TO(FAILED),
                          true, false},
    [CS_STATE_SIGNED] = {"SIGNED", "Planned", "generated", TO(KEPT) | TO(FAILED), true, false},
    [CS_STATE_KEPT] = {"KEPT", "Planned", "kept", TO(OFFLINE) | TO(SUBMITTED) | TO(FAILED), true,
                       false},
    [CS_STATE_OFFLINE] = {"OFFLINE", "Offline", "requested", TO(ISSUED) | TO(CLEARED) | TO(FAILED),
                          false, true},
    [CS_STATE_SUBMITTED] = {"SUBMITTED", "Pending", "submitted",
                            TO(PENDING) | TO(ISSUED) | TO(DENIED) | TO(REVOKED) | TO(CLEARED) |
                                TO(FAILED),
                            true, true},
    [CS_STATE_PENDING] = {"PENDING", "Pending", "pending",
                          TO(ISSUED) | TO(DENIED) | TO(REVOKED) | TO(CLEARED), false, true},
    [CS_STATE_ISSUED] = {"ISSUED", "Issued", "issued", TO(IMPORTED) | TO(REVOKED) | TO(CLEARED),
                         true, true},
    [CS_STATE_DENIED] = {"DENIED", "Denied", "denied", TO(CLEARED), false, true},
    [CS_STATE_REVOKED] = {"REVOKED", "Revoked", "revoked", TO(CLEARED), false, true},
    [CS_STATE_IMPORTED] = {"IMPORTED", "Issued", "imported", TO(REVOKED), false, false},
    [CS_STATE_CLEARED] = {"CLEARED", "Cleared", "cleared", 0, false, false},
    [CS_STATE_FAILED] = {"FAILED", "Failed", "failed", 0, false, false},
};

const char *cs_state_name(enum cs_state state)
{
    return table[state].name;
}

cs_rc cs_state_parse(const char *word, enum cs_state *ret_state, struct cs_err *err)
{
    for (size_t i = 0; i < CS_STATE_COUNT; i++) {
        if (strcmp(word, table[i].name) == 0) {
            *ret_state = (enum cs_state)i;
            return CS_OK;
        }
    }
    return cs_fail(err, CS_E_STORE, "the store holds the unknown state \"%.40s\"", word);
}

const char *cs_state_status(enum cs_state state)
{
    return table[state].status;
}

const char *cs_state_record(enum cs_state state)
{
    return table[state].record;
}

bool cs_state_is_final(enum cs_state state)
{
    return table[state].next == 0;
}

bool cs_state_is_unfinished(enum cs_state state)
{
    return table[state].unfinished;
}

bool cs_state_is_open(enum cs_state state)
{
    return table[state].open;
}

bool cs_state_can_go(enum cs_state from, enum cs_state to)
{
    return (table[from].next & (1u << to)) != 0;
}

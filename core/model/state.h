/* States of a request and the one table of transitions between them. */
#ifndef CS_MODEL_STATE_H
#define CS_MODEL_STATE_H

#include "base/err.h"

#include <stdbool.h>

enum cs_state {
    CS_STATE_PLANNED,
    CS_STATE_SIGNED,
    CS_STATE_KEPT,
    CS_STATE_OFFLINE,
    CS_STATE_SUBMITTED,
    CS_STATE_PENDING,
    CS_STATE_ISSUED,
    CS_STATE_DENIED,
    CS_STATE_REVOKED,
    CS_STATE_IMPORTED,
    CS_STATE_CLEARED,
    CS_STATE_FAILED,
    CS_STATE_COUNT
};

/* "PLANNED": as the store holds it. */
const char *cs_state_name(enum cs_state state);

/* CS_E_STORE for a word that is no state. */
CS_MUST_CHECK cs_rc cs_state_parse(const char *word, enum cs_state *ret_state, struct cs_err *err);

/* RequestStatus as users see it: Planned, Offline, Pending, Issued, Denied, Revoked, Cleared,
 * Failed. */
const char *cs_state_status(enum cs_state state);

/* The type of the journal record that reaching @state writes: "planned", "generated", ... */
const char *cs_state_record(enum cs_state state);

/* No transition leaves it. */
bool cs_state_is_final(enum cs_state state);

/* A crash or a signal can leave a request here; `recover` takes it up. */
bool cs_state_is_unfinished(enum cs_state state);

/* The CA or the user still owes something: what -List shows and -Clear withdraws. */
bool cs_state_is_open(enum cs_state state);

bool cs_state_can_go(enum cs_state from, enum cs_state to);

#endif

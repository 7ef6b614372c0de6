/* The interposing module spymod.so (spymod.c) from a test's side: what to set, what it wrote. */
#ifndef CS_TESTS_SUPPORT_SPY_H
#define CS_TESTS_SUPPORT_SPY_H

#include "support/softhsm.h"

#include <stdbool.h>
#include <stddef.h>

/* Path of spymod.so, for struct cs_token_options.module or a URI's module-path. */
const char *cs_spy_path(void);

/* Points spymod.so at SoftHSM, with its counts and its log in the fixture's folder (emptied) and no
 * fault and no trait. In the process that is watched, before the module is loaded. */
void cs_spy_init(const struct cs_softhsm *hsm);

/* $CS_SPY_FAULT and $CS_SPY_TRAITS (see spymod.c); NULL for none. They take effect at once. */
void cs_spy_fault(const char *fault);
void cs_spy_traits(const char *traits);

/* Calls of a function by all processes that have finalised the module or ended since
 * cs_spy_init(); NULL: of all functions but C_GetFunctionList. */
size_t cs_spy_calls(const struct cs_softhsm *hsm, const char *function);

/* The log since cs_spy_init(): lines "PID FUNCTION NTH RESULT". The caller frees. */
char *cs_spy_log(const struct cs_softhsm *hsm);

/* Each C_Login since cs_spy_init(): lines "USER pin" or "USER nothing" (spytraits.c). The caller
 * frees. */
char *cs_spy_logins(const struct cs_softhsm *hsm);

#endif

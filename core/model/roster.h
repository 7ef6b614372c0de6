/* The certificates that a topology needs, before they are planned: sixteen octets each, so that a
 * run over thousands of them holds no more plans than it works on. */
#ifndef CS_MODEL_ROSTER_H
#define CS_MODEL_ROSTER_H

#include "base/cleanup.h"
#include "model/deployment.h"

#include <stddef.h>

struct cs_roster;

/* What cs_deployment_build() plans, in its order and with its errors. Each is planned once to see
 * that it can be, and what its file is called, and not kept. @input is copied; what it points to
 * must be there as long as the roster. */
CS_MUST_CHECK cs_rc cs_roster_new(const struct cs_plan_input *input, struct cs_roster **ret_roster,
                                  struct cs_err *err);
void cs_roster_free(struct cs_roster *roster);
CS_DEFINE_AUTO(cs_roster, cs_roster_free);

/* Those that can be planned. */
size_t cs_roster_count(const struct cs_roster *roster);

/* Plans number @index of them; the same each time. *ret_plan is the caller's to free. */
CS_MUST_CHECK cs_rc cs_roster_plan(const struct cs_roster *roster, size_t index,
                                   struct cs_plan **ret_plan, struct cs_err *err);

/* Those that cannot. */
size_t cs_roster_failure_count(const struct cs_roster *roster);

/* Which certificate number @index of them is, and why not; cs_plan_failure_done() frees. */
struct cs_plan_failure cs_roster_failure(const struct cs_roster *roster, size_t index);

#endif

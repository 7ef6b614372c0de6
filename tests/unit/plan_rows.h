/* What the tests of plan.c share: rows that say what a user said. */
#ifndef CS_TESTS_UNIT_PLAN_ROWS_H
#define CS_TESTS_UNIT_PLAN_ROWS_H

#include "base/mem.h"
#include "model/plan.h"
#include "support/check_run.h"

#define CA "atl-ca-001.litwareinc.com\\myca"

/* What a row says, in the cmdlet's words; NULL: not said. */
struct said {
    const char *types; /* NULL: Default */
    const char *computer;
    const char *domains;
    const char *host;
    const char *alg;
    long size;
};

/* Builds a plan for the fake CA of the examples unless @ca and @output say otherwise. */
static inline cs_rc build(const struct said *said, struct cs_plan_input *input,
                          struct cs_plan **ret_plan, struct cs_err *err)
{
    cs_auto_value(cs_strv) types = {0};
    cs_auto_value(cs_strv) domains = {0};

    cs_strv_split(&types, said->types ? said->types : "Default", ',');
    cs_strv_split(&domains, said->domains ? said->domains : "", ',');
    input->types = &types;
    input->domain_names = said->domains ? &domains : NULL;
    input->computer_fqdn = said->computer;
    input->host_name = said->host;
    input->key_alg = said->alg;
    input->key_size = said->size;
    cs_rc rc = cs_plan_build(input, ret_plan, err);
    input->types = input->domain_names = NULL;
    return rc;
}

static inline char *names_of(const struct cs_plan *plan)
{
    cs_auto_value(cs_strv) names = {0};

    for (size_t i = 0; i < plan->name_count; i++) {
        cs_strv_add(&names, plan->names[i].name);
    }
    return cs_strv_join(&names, " ");
}

static inline void assert_warnings(const struct cs_plan *plan, const char *parts)
{
    cs_auto_value(cs_strv) expected = {0};
    cs_autofree char *all = cs_strv_join(&plan->warnings, " | ");

    cs_strv_split(&expected, parts ? parts : "", '|');
    ck_assert_msg(plan->warnings.count == expected.count, "%zu warnings: %s", plan->warnings.count,
                  all);
    for (size_t i = 0; i < expected.count; i++) {
        assert_contains(plan->warnings.items[i], expected.items[i]);
    }
}

#define HOST "fe1.litwareinc.com"

#define L10  "abcdefghi-"
#define L50  L10 L10 L10 L10 L10
#define CN64 L50 "a.litwareinc12" /* 51 + 1 + 12 */
#define CN65 L50 "ab.litwareinc12"
#define L63  L50 L10 "123"
#define N253 L63 "." L63 "." L63 "." L50 L10 "1"

_Static_assert(sizeof CN64 == 64 + 1 && sizeof CN65 == 65 + 1, "ub-common-name");
_Static_assert(sizeof N253 == 253 + 1, "the longest name");

#endif

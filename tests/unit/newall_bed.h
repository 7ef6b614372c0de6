/* What the tests of `new --all` share: plans, and what must hold after every run. */
#ifndef CS_TESTS_UNIT_NEWALL_BED_H
#define CS_TESTS_UNIT_NEWALL_BED_H

#include "flow/flow_internal.h"
#include "support/plan_items.h"
#include "unit/flow_bed.h"

#include <glob.h>

#define MANY (CS_FLOW_GROUP + 8)

static struct cs_plan_list plans;

static inline char *csr_path(size_t i)
{
    return cs_asprintf("%s/fe%zu-default.csr", folder, i);
}

/* A Front End's certificate, offline unless @ca_name. */
static inline struct cs_plan *front_end(size_t i, const char *ca_name)
{
    struct cs_plan *plan = cs_plan_new();

    plan->types = 1u << CS_TYPE_DEFAULT;
    plan->pool = cs_asprintf("pool%zu.litwareinc.net", i / 3);
    plan->role = CS_ROLE_FRONT_END;
    plan->computer = cs_asprintf("fe%zu.litwareinc.net", i);
    plan->subject.common_name = cs_strdup(plan->computer);
    plan->key_spec = (struct cs_key_spec){CS_KEY_EC_P256, 256};
    plan->template_name = cs_strdup("WebServer");
    plan->choice = cs_strdup("each server has a key of its own");
    plan->ca = cs_strdup(ca_name);
    plan->output = ca_name ? NULL : csr_path(i);
    cs_plan_add_name(plan, plan->computer, "subject name", "topology.xml:1 Computer@Fqdn");
    return plan;
}

static inline struct cs_plan *edge(const char *name)
{
    struct cs_plan *plan = front_end(100, NULL);

    plan->types = 1u << CS_TYPE_INTERNAL;
    plan->role = CS_ROLE_EDGE;
    free(cs_steal(&plan->computer));
    free(plan->subject.common_name);
    plan->subject.common_name = cs_strdup(plan->pool);
    cs_plan_add_name(plan, name, "rule", "source");
    return plan;
}

static inline void add_plan(struct cs_plan *plan)
{
    plans.items = cs_realloc(plans.items, plans.count + 1, sizeof(struct cs_plan *));
    plans.items[plans.count++] = plan;
}

static inline void add_offline(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_plan(front_end(i, NULL));
    }
}

static inline cs_rc new_all(struct cs_result_list *ret_results)
{
    const struct cs_plan_source source = plan_items_source(&plans);
    const struct cs_result_sink sink = plan_items_sink(ret_results);

    return cs_flow_new_all(&flow, &source, &sink, &err);
}

static inline void teardown_all(void)
{
    for (size_t i = 0; i < plans.count; i++) {
        cs_plan_free(plans.items[i]);
    }
    free(plans.items);
    plans = (struct cs_plan_list){0};
    teardown();
}

static inline bool is_file(const char *path)
{
    return access(path, F_OK) == 0;
}

static inline bool is_any(enum cs_state state)
{
    (void)state;
    return true;
}

/* Requests of the store in that state. */
static inline size_t count_in(enum cs_state state)
{
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;
    size_t found = 0;

    assert_ok(cs_store_ids(store, is_any, &ids, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        found += stored_state(ids[i]) == state;
    }
    return found;
}

static size_t foreign_files; /* that the test itself has put there */

static inline size_t count_files(void)
{
    cs_autofree char *pattern = cs_asprintf("%s/*.csr", folder);
    glob_t found;

    ck_assert_int_ne(glob(pattern, 0, NULL, &found), GLOB_NOSPACE);
    size_t count = found.gl_pathc;
    globfree(&found);
    return count;
}

/* What must hold after every run, whatever went wrong: a request is whole, with key and file, or
 * failed or cleared, with neither. The value is the number of whole ones. */
static inline size_t assert_consistent(void)
{
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;
    size_t whole = 0;

    assert_ok(cs_store_ids(store, is_any, &ids, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        cs_auto(cs_request) request = NULL;
        struct cs_key *key = NULL;
        assert_ok(cs_store_get(store, ids[i], &request, &err), &err);
        assert_ok(token->ops->find(token, request->key_id, &key, &err), &err);
        bool good = request->state == CS_STATE_OFFLINE;
        bool failed = request->state == CS_STATE_FAILED;
        ck_assert_msg(good || failed || request->state == CS_STATE_CLEARED, "request %d is %s",
                      (int)request->id, cs_state_name(request->state));
        ck_assert_int_eq(key != NULL, good);
        ck_assert_int_eq(request->error.code != CS_OK, failed);
        ck_assert(is_file(request->plan->output) || !good);
        whole += good;
        token->ops->key_free(key);
    }
    ck_assert_uint_eq(cs_softkeys_key_count(token), whole);
    ck_assert_uint_eq(count_files(), whole + foreign_files);
    return whole;
}

/* main() of such a test: its exit code. */
static inline int run_newall(TCase *tcase, const char *name)
{
    Suite *suite = suite_create(name);

    cs_err_clear(&err);
    if (cs_secret_setup(&err) != CS_OK) {
        fprintf(stderr, "%s\n", err.message);
        return EXIT_FAILURE;
    }
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#endif

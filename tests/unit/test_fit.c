/* What the store has for a plan of a topology, and the rule of the second key of an Edge pool. */
#include "base/clock.h"
#include "flow/flow_internal.h"
#include "unit/flow_bed.h"

#define POOL "edgepool.litwareinc.net"
#define DAY  INT64_C(86400)

/* A plan for the pool's Internal certificate with the names in @names, blanks between them. */
static struct cs_plan *pool_plan(const char *names)
{
    struct cs_plan *plan = cs_plan_new();
    cs_auto_value(cs_strv) list = {0};

    plan->types = 1u << CS_TYPE_INTERNAL;
    plan->pool = cs_strdup(POOL);
    plan->role = CS_ROLE_EDGE;
    plan->subject.common_name = cs_strdup(POOL);
    plan->key_spec = (struct cs_key_spec){CS_KEY_EC_P256, 256};
    plan->template_name = cs_strdup("WebServer");
    plan->ca = cs_strdup("fake");
    cs_strv_split(&list, names, ' ');
    for (size_t i = 0; i < list.count; i++) {
        cs_plan_add_name(plan, list.items[i], "rule", "source");
    }
    return plan;
}

/* A certificate with these names (nothing: CN alone) that ends in @days. */
static struct cs_bytes certificate(const char *names, int days)
{
    cs_auto_value(cs_strv) list = {0};

    cs_strv_split(&list, names, ' ');
    for (size_t i = 0; i < list.count; i++) {
        char *name = cs_asprintf("DNS:%s", list.items[i]);
        free(list.items[i]);
        list.items[i] = name;
    }
    cs_autofree char *joined = cs_strv_join(&list, ",");
    cs_autofree char *command = cs_asprintf(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null "
        "-subj /CN=" POOL " -days %d -outform DER -addext subjectAltName=%s -out fit.der "
        "2>/dev/null",
        days, joined);
    return cs_judge_make(folder, "fit.der", "%s", command);
}

/* A request of @plan that stands in @state, without a key; its certificate as said. */
static int64_t put(const struct cs_plan *plan, enum cs_state state, const char *cert_names,
                   int days)
{
    static const struct {
        enum cs_state way[8];
        size_t len;
    } ways[CS_STATE_COUNT] = {
        [CS_STATE_PLANNED] = {{0}, 0},
        [CS_STATE_SIGNED] = {{CS_STATE_SIGNED}, 1},
        [CS_STATE_KEPT] = {{CS_STATE_SIGNED, CS_STATE_KEPT}, 2},
        [CS_STATE_OFFLINE] = {{CS_STATE_SIGNED, CS_STATE_KEPT, CS_STATE_OFFLINE}, 3},
        [CS_STATE_SUBMITTED] = {{CS_STATE_SIGNED, CS_STATE_KEPT, CS_STATE_SUBMITTED}, 3},
        [CS_STATE_PENDING] = {{CS_STATE_SIGNED, CS_STATE_KEPT, CS_STATE_SUBMITTED,
                               CS_STATE_PENDING},
                              4},
        [CS_STATE_ISSUED] = {{CS_STATE_SIGNED, CS_STATE_KEPT, CS_STATE_SUBMITTED, CS_STATE_ISSUED},
                             4},
        [CS_STATE_DENIED] = {{CS_STATE_SIGNED, CS_STATE_KEPT, CS_STATE_SUBMITTED, CS_STATE_DENIED},
                             4},
        [CS_STATE_REVOKED] = {{CS_STATE_SIGNED, CS_STATE_KEPT, CS_STATE_SUBMITTED, CS_STATE_ISSUED,
                               CS_STATE_REVOKED},
                              5},
        [CS_STATE_IMPORTED] = {{CS_STATE_SIGNED, CS_STATE_KEPT, CS_STATE_SUBMITTED, CS_STATE_ISSUED,
                                CS_STATE_IMPORTED},
                               5},
        [CS_STATE_CLEARED] = {{CS_STATE_SIGNED, CS_STATE_KEPT, CS_STATE_SUBMITTED,
                               CS_STATE_CLEARED},
                              4},
        [CS_STATE_FAILED] = {{CS_STATE_FAILED}, 1},
    };
    cs_auto(cs_request) request = cs_request_new();

    request->plan = cs_plan_copy(plan);
    assert_ok(cs_store_add(store, request, &err), &err);
    if (cert_names) {
        request->certificate = certificate(cert_names, days);
    }
    if (ways[state].len) {
        assert_ok(cs_store_transitions(store, request, ways[state].way, ways[state].len, &err),
                  &err);
    }
    return request->id;
}

static struct cs_existing fit(const struct cs_plan *plan)
{
    cs_auto_value(cs_flow_pool) pool = {0};
    struct cs_existing existing = {0};

    assert_ok(cs_flow_pool_load(&flow, plan->pool, &pool, &err), &err);
    cs_flow_fit(&pool, plan, &existing);
    return existing;
}

/* ---- one request ---- */

static const struct {
    enum cs_state state;
    const char *asked;       /* names of the request */
    const char *certificate; /* names of the certificate; NULL: there is none */
    int days;                /* until it ends */
    enum cs_fit fit;
    const char *missing;
} fits[] = {
    {CS_STATE_IMPORTED, "a.test b.test", "a.test b.test", 31, CS_FIT_GOOD, ""},
    {CS_STATE_IMPORTED, "a.test b.test", "B.test c.test a.TEST", 31, CS_FIT_GOOD, ""},
    /* CS_RENEW_DAYS or less */
    {CS_STATE_IMPORTED, "a.test b.test", "a.test b.test", 30, CS_FIT_EXPIRING, ""},
    {CS_STATE_IMPORTED, "a.test b.test", "a.test b.test", 1, CS_FIT_EXPIRING, ""},
    {CS_STATE_IMPORTED, "a.test b.test", "a.test", 1, CS_FIT_EXPIRING, "b.test"},
    /* what counts is the certificate, not what was asked for */
    {CS_STATE_IMPORTED, "a.test b.test", "a.test", 31, CS_FIT_NAMES, "b.test"},
    {CS_STATE_IMPORTED, "a.test", "a.test b.test", 31, CS_FIT_GOOD, ""},
    {CS_STATE_ISSUED, "a.test b.test", "a.test b.test", 31, CS_FIT_OPEN, ""},
    {CS_STATE_ISSUED, "a.test b.test", "a.test b.test", 3, CS_FIT_EXPIRING, ""},
    {CS_STATE_ISSUED, "a.test b.test", "c.test", 31, CS_FIT_NAMES, "a.test,b.test"},
    {CS_STATE_PLANNED, "a.test b.test", NULL, 0, CS_FIT_OPEN, ""},
    {CS_STATE_SIGNED, "a.test b.test", NULL, 0, CS_FIT_OPEN, ""},
    {CS_STATE_KEPT, "a.test b.test", NULL, 0, CS_FIT_OPEN, ""},
    {CS_STATE_OFFLINE, "b.test c.test a.test", NULL, 0, CS_FIT_OPEN, ""},
    {CS_STATE_OFFLINE, "a.test", NULL, 0, CS_FIT_NAMES, "b.test"},
    {CS_STATE_SUBMITTED, "a.test b.test", NULL, 0, CS_FIT_OPEN, ""},
    {CS_STATE_PENDING, "a.test b.test", NULL, 0, CS_FIT_OPEN, ""},
    /* nothing comes of these any more */
    {CS_STATE_DENIED, "a.test b.test", NULL, 0, CS_FIT_NONE, ""},
    {CS_STATE_REVOKED, "a.test b.test", "a.test b.test", 31, CS_FIT_NONE, ""},
    {CS_STATE_CLEARED, "a.test b.test", NULL, 0, CS_FIT_NONE, ""},
    {CS_STATE_FAILED, "a.test b.test", NULL, 0, CS_FIT_NONE, ""},
};

START_TEST(test_fit)
{
    cs_auto(cs_plan) asked = pool_plan(fits[_i].asked);
    cs_auto(cs_plan) plan = pool_plan("a.test b.test");
    int64_t id = put(asked, fits[_i].state, fits[_i].certificate, fits[_i].days);
    cs_auto_value(cs_existing) existing = fit(plan);
    cs_autofree char *missing = cs_strv_join(&existing.missing, ",");

    ck_assert_int_eq(existing.fit, fits[_i].fit);
    ck_assert_int_eq(existing.request_id, fits[_i].fit == CS_FIT_NONE ? 0 : id);
    ck_assert_str_eq(missing, fits[_i].missing);
    if (fits[_i].fit != CS_FIT_NONE) {
        ck_assert_int_eq(existing.state, fits[_i].state);
    }
    if (fits[_i].certificate && fits[_i].fit != CS_FIT_NONE) {
        int64_t left = existing.not_after - cs_clock_now();
        ck_assert(left <= fits[_i].days * DAY && left > fits[_i].days * DAY - 600);
    } else {
        ck_assert_int_eq(existing.not_after, 0);
    }
}
END_TEST

/* ---- what must agree ---- */

static void other_types(struct cs_plan *plan)
{
    plan->types |= 1u << CS_TYPE_DEFAULT;
}
static void other_computer(struct cs_plan *plan)
{
    plan->computer = cs_strdup("edge1.litwareinc.net");
}
static void other_front_end(struct cs_plan *plan)
{
    plan->role = CS_ROLE_FRONT_END;
    other_computer(plan);
}
static void other_name(struct cs_plan *plan)
{
    free(plan->subject.common_name);
    plan->subject.common_name = cs_strdup("sip.litwareinc.net");
}
static void other_key(struct cs_plan *plan)
{
    plan->key_spec = (struct cs_key_spec){CS_KEY_RSA, 2048};
    plan->key_chosen = true;
}
static void default_key(struct cs_plan *plan)
{
    plan->key_spec = (struct cs_key_spec){CS_KEY_RSA, 2048};
}
static void other_export(struct cs_plan *plan)
{
    plan->exportable = true;
}
static void other_pool(struct cs_plan *plan)
{
    free(plan->pool);
    plan->pool = cs_strdup("other.litwareinc.net");
}
static void no_pool(struct cs_plan *plan)
{
    free(cs_steal(&plan->pool));
}
static void client_eku(struct cs_plan *plan)
{
    plan->client_eku = true;
}
static void other_case(struct cs_plan *plan)
{
    free(plan->subject.common_name);
    plan->subject.common_name = cs_strdup("EDGEPOOL.litwareinc.net");
}
static void other_country(struct cs_plan *plan)
{
    plan->subject.country = cs_strdup("US");
}

static const struct {
    void (*change)(struct cs_plan *plan);
    bool fits;
} changes[] = {
    {other_types, false},   {other_front_end, false}, {other_name, false}, {other_key, false},
    {other_export, false},  {other_pool, false},      {no_pool, false},    {client_eku, false},
    {other_computer, true}, /* the members share one */
    {other_case, true},     {other_country, true},    {default_key, true},
};

START_TEST(test_fit_of_another)
{
    cs_auto(cs_plan) plan = pool_plan("a.test");

    put(plan, CS_STATE_OFFLINE, NULL, 0);
    changes[_i].change(plan);
    cs_auto_value(cs_existing) existing = fit(plan);
    ck_assert_int_eq(existing.fit, changes[_i].fits ? CS_FIT_OPEN : CS_FIT_NONE);
}
END_TEST

/* All servers sign their tokens with the same key: whichever of them was named. */
START_TEST(test_oauth_is_shared)
{
    cs_auto(cs_plan) plan = pool_plan("a.test");

    plan->types = 1u << CS_TYPE_OAUTH_TOKEN_ISSUER;
    plan->role = CS_ROLE_FRONT_END;
    plan->computer = cs_strdup("fe1.a.test");
    put(plan, CS_STATE_OFFLINE, NULL, 0);
    free(cs_steal(&plan->computer));
    cs_auto_value(cs_existing) existing = fit(plan);
    ck_assert_int_eq(existing.fit, CS_FIT_OPEN);
}
END_TEST

/* ---- one for several computers ---- */

/* A Default certificate in a Front End pool; @computer NULL: the pool was named. */
static struct cs_plan *member_plan(const char *computer, const char *names)
{
    struct cs_plan *plan = pool_plan(names);

    plan->types = 1u << CS_TYPE_DEFAULT;
    plan->role = CS_ROLE_FRONT_END;
    plan->computer = cs_strdup(computer);
    return plan;
}

/* A certificate serves another computer of its pool too, if it has that one's name. */
static const struct {
    const char *computer; /* whom it was made for; NULL: the pool */
    const char *names;
    const char *wanted; /* for whom; NULL: the pool */
    const char *wanted_names;
    enum cs_fit fit;
} members[] = {
    {NULL, "pool.test sip.test fe1.test fe2.test", "fe2.test", "pool.test fe2.test sip.test",
     CS_FIT_OPEN},
    {NULL, "pool.test sip.test fe1.test FE2.test", "fe2.TEST", "pool.test fe2.test", CS_FIT_OPEN},
    {"fe1.test", "pool.test fe1.test sip.test fe2.test", "fe2.test", "pool.test fe2.test sip.test",
     CS_FIT_OPEN},
    /* of a member that was added since, it knows nothing */
    {NULL, "pool.test sip.test fe1.test fe2.test", "fe3.test", "pool.test fe3.test sip.test",
     CS_FIT_NONE},
    /* WebServicesExternal has no computer's name in it: the key need not be at hand elsewhere */
    {"fe1.test", "pool.test web.test", "fe2.test", "pool.test web.test", CS_FIT_NONE},
    {NULL, "pool.test sip.test fe1.test fe2.test", "fe2.test",
     "pool.test fe2.test sip.test sip2.test", CS_FIT_NAMES},
    /* what the user asked for by the pool's name is more than one member's */
    {"fe1.test", "pool.test fe1.test fe2.test", NULL, "pool.test fe1.test fe2.test", CS_FIT_NONE},
    {NULL, "pool.test fe1.test fe2.test", NULL, "pool.test fe1.test fe2.test", CS_FIT_OPEN},
};

START_TEST(test_fit_of_a_member)
{
    cs_auto(cs_plan) asked = member_plan(members[_i].computer, members[_i].names);
    cs_auto(cs_plan) plan = member_plan(members[_i].wanted, members[_i].wanted_names);

    put(asked, CS_STATE_OFFLINE, NULL, 0);
    cs_auto_value(cs_existing) existing = fit(plan);
    ck_assert_int_eq(existing.fit, members[_i].fit);
}
END_TEST

/* The names that count are those of the certificate. */
START_TEST(test_member_by_certificate)
{
    cs_auto(cs_plan) asked = member_plan(NULL, "pool.test fe1.test fe2.test");
    cs_auto(cs_plan) one = member_plan("fe1.test", "pool.test fe1.test");
    cs_auto(cs_plan) two = member_plan("fe2.test", "pool.test fe2.test");

    put(asked, CS_STATE_IMPORTED, "pool.test fe1.test", 60);
    cs_auto_value(cs_existing) first = fit(one);
    ck_assert_int_eq(first.fit, CS_FIT_GOOD);
    cs_auto_value(cs_existing) second = fit(two);
    ck_assert_int_eq(second.fit, CS_FIT_NONE);
}
END_TEST

/* Of two that are equally good, the computer's own is shown, older or not. */
START_TEST(test_own_before_shared)
{
    cs_auto(cs_plan) shared = member_plan(NULL, "pool.test fe1.test fe2.test");
    cs_auto(cs_plan) own = member_plan("fe1.test", "pool.test fe1.test");

    put(shared, CS_STATE_OFFLINE, NULL, 0);
    int64_t id = put(own, CS_STATE_OFFLINE, NULL, 0);
    int64_t newer = put(shared, CS_STATE_OFFLINE, NULL, 0);
    cs_auto_value(cs_existing) existing = fit(own);
    ck_assert_int_eq(existing.request_id, id);
    int64_t better = put(shared, CS_STATE_IMPORTED, "pool.test fe1.test", 60);
    cs_auto_value(cs_existing) after = fit(own);
    ck_assert_int_eq(after.request_id, better);
    cs_auto(cs_plan) two = member_plan("fe2.test", "pool.test fe2.test");
    cs_auto_value(cs_existing) other = fit(two);
    ck_assert_int_eq(other.request_id, newer);
}
END_TEST

/* ---- the best of several ---- */

START_TEST(test_best_fit)
{
    cs_auto(cs_plan) plan = pool_plan("a.test b.test");
    cs_auto(cs_plan) less = pool_plan("a.test");
    /* Each is better than those before it; the last one of equals is the newest. */
    const struct {
        const struct cs_plan *plan;
        enum cs_state state;
        const char *certificate;
        int days;
        enum cs_fit fit;
    } rows[] = {
        {plan, CS_STATE_DENIED, NULL, 0, CS_FIT_NONE},
        {plan, CS_STATE_IMPORTED, "a.test b.test", 5, CS_FIT_EXPIRING},
        {less, CS_STATE_OFFLINE, NULL, 0, CS_FIT_NAMES},
        {plan, CS_STATE_PENDING, NULL, 0, CS_FIT_OPEN},
        {plan, CS_STATE_IMPORTED, "a.test b.test", 60, CS_FIT_GOOD},
        {plan, CS_STATE_IMPORTED, "a.test b.test", 50, CS_FIT_GOOD},
    };

    for (size_t i = 0; i < ROWS(rows); i++) {
        int64_t id = put(rows[i].plan, rows[i].state, rows[i].certificate, rows[i].days);
        cs_auto_value(cs_existing) existing = fit(plan);
        ck_assert_int_eq(existing.fit, rows[i].fit);
        ck_assert_int_eq(existing.request_id, i == 0 ? 0 : id);
    }
    /* A newer one that is worse changes nothing. */
    put(less, CS_STATE_OFFLINE, NULL, 0);
    put(plan, CS_STATE_OFFLINE, NULL, 0);
    cs_auto_value(cs_existing) existing = fit(plan);
    ck_assert_int_eq(existing.fit, CS_FIT_GOOD);
    ck_assert_int_eq(existing.request_id, 6);
}
END_TEST

/* ---- cs_flow_plan ---- */

START_TEST(test_plan_shows_what_is_there)
{
    cs_auto(cs_plan) first = pool_plan("a.test");
    cs_auto(cs_plan) second = pool_plan("a.test");
    struct cs_plan *items[] = {first, second};
    const struct cs_plan_list plans = {items, 2};
    cs_auto_value(cs_result_list) results = {0};

    second->role = first->role = CS_ROLE_FRONT_END;
    second->computer = cs_strdup("edge2.litwareinc.net");
    cs_strv_add(&first->warnings, "no simple URLs");
    cs_strv_add(&second->warnings, "no simple URLs");
    int64_t id = put(first, CS_STATE_OFFLINE, NULL, 0);
    assert_ok(cs_flow_plan(&flow, &plans, &results, &err), &err);
    ck_assert_uint_eq(results.count, 2);
    ck_assert_int_eq(results.items[0].existing.request_id, id);
    ck_assert_int_eq(results.items[0].existing.fit, CS_FIT_OPEN);
    ck_assert_int_eq(results.items[1].existing.fit, CS_FIT_NONE);
    ck_assert_str_eq(results.items[1].request->plan->computer, "edge2.litwareinc.net");
    ck_assert_int_eq(results.items[0].request->id, 0);
    ck_assert_uint_eq(results.items[1].warnings.count, 1);
    ck_assert_uint_eq(ui.warnings, 1); /* said once */
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), 0);
    cs_result_list_done(&results);

    /* And without a store, as before the first request. */
    flow.store = NULL;
    assert_ok(cs_flow_plan(&flow, &plans, &results, &err), &err);
    ck_assert_uint_eq(results.count, 2);
    ck_assert_int_eq(results.items[0].existing.fit, CS_FIT_NONE);
}
END_TEST

/* ---- the second key ---- */

static const struct {
    enum cs_state state;
    bool cert;
    int days;
    bool blocks;          /* `new` */
    bool blocks_renewing; /* `new --all` */
    const char *hint;
} seconds[] = {
    {CS_STATE_PLANNED, false, 0, true, true, "recover"},
    {CS_STATE_SIGNED, false, 0, true, true, "recover"},
    {CS_STATE_KEPT, false, 0, true, true, "recover"},
    {CS_STATE_OFFLINE, false, 0, true, true, "-Force"},
    {CS_STATE_SUBMITTED, false, 0, true, true, "-Force"},
    {CS_STATE_PENDING, false, 0, true, true, "-Force"},
    {CS_STATE_ISSUED, true, 60, true, true, "-Force"},
    {CS_STATE_IMPORTED, true, 60, true, true, "-Force"},
    {CS_STATE_IMPORTED, true, 20, true, false, "-Force"},
    {CS_STATE_DENIED, false, 0, false, false, NULL},
    {CS_STATE_REVOKED, true, 60, false, false, NULL},
    {CS_STATE_CLEARED, false, 0, false, false, NULL},
    {CS_STATE_FAILED, false, 0, false, false, NULL},
};

static cs_rc check_second(const struct cs_plan *plan, bool renewing)
{
    cs_auto_value(cs_flow_pool) pool = {0};

    return cs_flow_check_second_key(&flow, plan, renewing, &pool, &err);
}

START_TEST(test_second_key)
{
    cs_auto(cs_plan) plan = pool_plan("a.test");
    int64_t id = put(plan, seconds[_i].state, seconds[_i].cert ? "a.test" : NULL, seconds[_i].days);

    ck_assert_int_eq(check_second(plan, false), seconds[_i].blocks ? CS_E_USAGE : CS_OK);
    ck_assert_int_eq(check_second(plan, true), seconds[_i].blocks_renewing ? CS_E_USAGE : CS_OK);
    if (seconds[_i].hint) {
        cs_autofree char *number = cs_asprintf("request %d", (int)id);
        assert_contains(err.message, number);
        assert_contains(err.message, POOL);
        assert_contains(err.hint, seconds[_i].hint);
    }
    flow.force = true;
    ck_assert_int_eq(check_second(plan, false), CS_OK);
}
END_TEST

static void front_end(struct cs_plan *plan)
{
    plan->role = CS_ROLE_FRONT_END;
}
static void no_shared_type(struct cs_plan *plan)
{
    plan->types = 1u << CS_TYPE_ACCESS_EDGE_EXTERNAL;
}
static void other_key_and_computer(struct cs_plan *plan)
{
    other_key(plan);
    other_computer(plan);
    other_name(plan);
}

static const struct {
    void (*change)(struct cs_plan *plan);
    bool refused;
} second_plans[] = {
    {front_end, false},  {no_shared_type, false},        {other_pool, false}, {no_pool, false},
    {other_types, true}, {other_key_and_computer, true}, {client_eku, true},
};

/* One type in common is enough, whatever else is different; another role, or pool, is another key's
 * business. */
START_TEST(test_second_key_of_another)
{
    cs_auto(cs_plan) plan = pool_plan("a.test");

    put(plan, CS_STATE_PENDING, NULL, 0);
    second_plans[_i].change(plan);
    ck_assert_int_eq(check_second(plan, false), second_plans[_i].refused ? CS_E_USAGE : CS_OK);
}
END_TEST

/* `new` itself: before anything is made, and -WhatIf says it too. */
START_TEST(test_new_second_key)
{
    cs_auto(cs_plan) plan = pool_plan("a.test");
    struct cs_result result = {0};
    int64_t id = 0;

    ca.answer = CS_CA_PENDING;
    assert_ok(cs_flow_new(&flow, plan, &result, &err), &err);
    id = result.request->id;
    cs_result_done(&result);
    for (int what_if = 0; what_if <= 1; what_if++) {
        flow.what_if = what_if;
        assert_fails(cs_flow_new(&flow, plan, &result, &err), CS_E_USAGE, &err);
        ck_assert_int_eq(result.request->id, 0);
        cs_result_done(&result);
    }
    flow.what_if = false;
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), 1);

    flow.force = true;
    assert_ok(cs_flow_new(&flow, plan, &result, &err), &err);
    ck_assert_int_gt(result.request->id, id);
    cs_result_done(&result);
}
END_TEST

/* Another run stores its request while this one opens the token: the second look is in the same
 * transaction as the row. */
static struct cs_plan *rival_plan;

static cs_rc open_beside_rival(struct cs_keystore_source *source, struct cs_keystore **ret_store,
                               struct cs_err *error)
{
    struct cs_keystore_source *real = cs_softkeys_source(token);

    (void)source;
    put(rival_plan, CS_STATE_PLANNED, NULL, 0);
    return real->open(real, ret_store, error);
}

START_TEST(test_new_second_key_race)
{
    cs_auto(cs_plan) plan = pool_plan("a.test");
    struct cs_keystore_source source = {open_beside_rival};
    struct cs_result result = {0};

    rival_plan = plan;
    flow.keystore = &source;
    assert_fails(cs_flow_new(&flow, plan, &result, &err), CS_E_USAGE, &err);
    ck_assert_int_eq(result.request->id, 0);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_GENERATE), 0);
    ck_assert_int_eq(stored_state(1), CS_STATE_PLANNED);
    assert_fails(cs_store_get(store, 2, &result.request, &err), CS_E_USAGE, &err);
    cs_result_done(&result);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fit");
    TCase *tcase = tcase_create("fit");

    cs_err_clear(&err);
    if (cs_secret_setup(&err) != CS_OK) {
        fprintf(stderr, "%s\n", err.message);
        return EXIT_FAILURE;
    }
    tcase_add_checked_fixture(tcase, setup, teardown);
    add_rows(tcase, test_fit, fits);
    add_rows(tcase, test_fit_of_another, changes);
    tcase_add_test(tcase, test_oauth_is_shared);
    tcase_add_loop_test(tcase, test_fit_of_a_member, 0, ROWS(members));
    tcase_add_test(tcase, test_member_by_certificate);
    tcase_add_test(tcase, test_own_before_shared);
    tcase_add_test(tcase, test_best_fit);
    tcase_add_test(tcase, test_plan_shows_what_is_there);
    add_rows(tcase, test_second_key, seconds);
    add_rows(tcase, test_second_key_of_another, second_plans);
    tcase_add_test(tcase, test_new_second_key);
    tcase_add_test(tcase, test_new_second_key_race);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

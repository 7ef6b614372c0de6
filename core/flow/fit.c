/* What the store has for a plan, and whether an Edge pool may have one key more. */
#include "base/clock.h"
#include "base/mem.h"
#include "flow/flow_internal.h"
#include "x509/cert.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DAY INT64_C(86400)

/* A request for the pool, as far as a plan is compared with it. */
struct cs_flow_holder {
    int64_t id;
    enum cs_state state;
    struct cs_plan *plan;
    bool has_certificate;
    int64_t not_after;
    struct cs_strv names; /* of the certificate if there is one, else those that were asked for */
};

static void holder_done(struct cs_flow_holder *holder)
{
    cs_plan_free(holder->plan);
    cs_strv_done(&holder->names);
}

void cs_flow_pool_done(struct cs_flow_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        holder_done(&pool->items[i]);
    }
    free(pool->items);
    free(pool->name);
    *pool = (struct cs_flow_pool){.below = pool->below};
}

void cs_existing_done(struct cs_existing *existing)
{
    cs_strv_done(&existing->missing);
    *existing = (struct cs_existing){0};
}

/* A certificate that cannot be read is none: what the CA sent is judged by `retrieve`. */
static void read_certificate(const struct cs_bytes *der, struct cs_flow_holder *holder)
{
    cs_auto_value(cs_cert_facts) facts = {0};

    if (der->len && cs_cert_read(der, &facts, NULL) == CS_OK) {
        holder->has_certificate = true;
        holder->not_after = facts.not_after;
        cs_strv_copy(&holder->names, &facts.names);
    }
}

static cs_rc read_holder(struct cs_store *store, int64_t id, struct cs_flow_holder *ret_holder,
                         struct cs_err *err)
{
    cs_auto(cs_request) request = NULL;

    CS_TRY(cs_store_get(store, id, &request, err));
    *ret_holder = (struct cs_flow_holder){.id = id, .state = request->state};
    read_certificate(&request->certificate, ret_holder);
    ret_holder->plan = cs_steal(&request->plan);
    for (size_t i = 0; i < ret_holder->plan->name_count && !ret_holder->has_certificate; i++) {
        cs_strv_add(&ret_holder->names, ret_holder->plan->names[i].name);
    }
    return CS_OK;
}

cs_rc cs_flow_pool_load(const struct cs_flow *flow, const char *name, struct cs_flow_pool *pool,
                        struct cs_err *err)
{
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;

    if (!flow->store || !name) {
        cs_flow_pool_done(pool);
        return CS_OK;
    }
    if (pool->name && strcmp(pool->name, name) == 0) {
        return CS_OK;
    }
    cs_flow_pool_done(pool);
    CS_TRY(cs_store_pool_ids(flow->store, name, &ids, &count, err));
    pool->items = cs_alloc(count, sizeof *pool->items);
    for (size_t i = 0; i < count && (!pool->below || ids[i] < pool->below); i++) {
        CS_TRY(read_holder(flow->store, ids[i], &pool->items[i], err));
        pool->count++;
    }
    pool->name = cs_strdup(name);
    return CS_OK;
}

/* ---- does it fit? ---- */

static bool same_text(const char *a, const char *b)
{
    return a && b ? cs_ascii_iequal(a, b) : a == b;
}

/* Whom a request is for, as a plan sees it. The greater, the nearer. */
enum place {
    PLACE_OTHER,
    PLACE_SERVES, /* others of the pool, and the plan's computer too: its name is among theirs */
    PLACE_SAME,
};

static enum place place_of(const struct cs_flow_holder *holder, const struct cs_plan *plan)
{
    /* The members of an Edge pool share one, and so do all that issue OAuth tokens: whichever of
     * them was named. */
    bool shared = plan->role == CS_ROLE_EDGE || plan->types == 1U << CS_TYPE_OAUTH_TOKEN_ISSUER;

    if (shared || same_text(holder->plan->computer, plan->computer)) {
        return PLACE_SAME;
    }
    return plan->computer && cs_strv_ihas(&holder->names, plan->computer) ? PLACE_SERVES
                                                                          : PLACE_OTHER;
}

/* The request is for what the plan is for, with such a key; place and names are another matter. */
static bool is_same(const struct cs_flow_holder *holder, const struct cs_plan *plan)
{
    const struct cs_plan *other = holder->plan;

    return other->types == plan->types &&
           same_text(other->subject.common_name, plan->subject.common_name) &&
           (!plan->key_chosen || cs_key_spec_equal(&other->key_spec, &plan->key_spec)) &&
           other->exportable == plan->exportable && (other->client_eku || !plan->client_eku);
}

static void find_missing(const struct cs_flow_holder *holder, const struct cs_plan *plan,
                         struct cs_strv *missing)
{
    for (size_t i = 0; i < plan->name_count; i++) {
        if (!cs_strv_ihas(&holder->names, plan->names[i].name)) {
            cs_strv_add(missing, plan->names[i].name);
        }
    }
}

/* Before KEPT has its consequence: a run is making it, or was interrupted. */
static bool is_half_made(enum cs_state state)
{
    return state == CS_STATE_PLANNED || state == CS_STATE_SIGNED || state == CS_STATE_KEPT;
}

bool cs_flow_is_half_made(const struct cs_existing *existing)
{
    return existing->fit == CS_FIT_OPEN && is_half_made(existing->state);
}

/* On its way to a certificate, or left half made. */
static bool is_under_way(enum cs_state state)
{
    return cs_state_is_unfinished(state) || state == CS_STATE_OFFLINE || state == CS_STATE_PENDING;
}

static enum cs_fit judge(const struct cs_flow_holder *holder, bool lacks_names, int64_t now)
{
    bool imported = holder->state == CS_STATE_IMPORTED && holder->has_certificate;

    if (!imported && !is_under_way(holder->state)) {
        return CS_FIT_NONE; /* denied, revoked */
    }
    if (holder->has_certificate && holder->not_after - now <= CS_RENEW_DAYS * DAY) {
        return CS_FIT_EXPIRING;
    }
    if (lacks_names) {
        return CS_FIT_NAMES;
    }
    return imported ? CS_FIT_GOOD : CS_FIT_OPEN;
}

/* The greater, the better. */
static int rank(enum cs_fit fit)
{
    static const int ranks[] = {
        [CS_FIT_NONE] = 0, [CS_FIT_EXPIRING] = 1, [CS_FIT_NAMES] = 2,
        [CS_FIT_OPEN] = 3, [CS_FIT_GOOD] = 4,
    };
    return ranks[fit];
}

void cs_flow_fit(const struct cs_flow_pool *pool, const struct cs_plan *plan,
                 struct cs_existing *ret_existing)
{
    const int64_t now = cs_clock_now();
    enum place best = PLACE_OTHER;

    *ret_existing = (struct cs_existing){0};
    /* From the newest on. */
    for (size_t i = plan->pool ? pool->count : 0; i-- > 0;) {
        const struct cs_flow_holder *holder = &pool->items[i];
        enum place place = place_of(holder, plan);
        cs_auto_value(cs_strv) missing = {0};

        if (place == PLACE_OTHER || !is_same(holder, plan)) {
            continue;
        }
        find_missing(holder, plan, &missing);
        enum cs_fit fit = judge(holder, missing.count > 0, now);
        int better = rank(fit) - rank(ret_existing->fit);
        if (fit == CS_FIT_NONE || better < 0 || (better == 0 && place <= best)) {
            continue;
        }
        best = place;
        cs_existing_done(ret_existing);
        *ret_existing =
            (struct cs_existing){fit, holder->id, holder->state, holder->not_after, missing};
        missing = (struct cs_strv){0};
    }
}

/* ---- a second key ---- */

bool cs_flow_shares_key(const struct cs_flow *flow, const struct cs_plan *plan)
{
    return plan->pool && plan->role == CS_ROLE_EDGE && !flow->force && flow->store;
}

static bool is_in_the_way(const struct cs_flow_holder *holder, const struct cs_plan *plan,
                          int64_t from)
{
    if (!(holder->plan->types & plan->types)) {
        return false;
    }
    if (holder->has_certificate) {
        return (is_under_way(holder->state) || holder->state == CS_STATE_IMPORTED) &&
               holder->not_after > from;
    }
    return is_under_way(holder->state);
}

static cs_rc fail_second_key(const struct cs_flow_holder *holder, const struct cs_plan *plan,
                             struct cs_err *err)
{
    cs_autofree char *types = cs_cert_types_text(holder->plan->types & plan->types);

    cs_err_set(err, CS_E_USAGE,
               "the members of the Edge pool %s share one key, and request %" PRId64
               " (%s) has it for %s",
               plan->pool, holder->id, cs_state_status(holder->state), types);
    if (is_half_made(holder->state)) {
        cs_err_hint(err, "if no other run is making it, `cscert recover` finishes or undoes it");
    } else {
        cs_err_hint(err,
                    "`cscert list --request-id %" PRId64
                    "` shows it; say -Force to make a new key all the same, and "
                    "put that one on all members",
                    holder->id);
    }
    return CS_E_USAGE;
}

cs_rc cs_flow_check_second_key(const struct cs_flow *flow, const struct cs_plan *plan,
                               bool renewing, struct cs_flow_pool *pool, struct cs_err *err)
{
    const int64_t from = cs_clock_now() + (renewing ? CS_RENEW_DAYS * DAY : 0);

    if (!cs_flow_shares_key(flow, plan)) {
        return CS_OK;
    }
    CS_TRY(cs_flow_pool_load(flow, plan->pool, pool, err));
    for (size_t i = pool->count; i-- > 0;) {
        if (is_in_the_way(&pool->items[i], plan, from)) {
            return fail_second_key(&pool->items[i], plan, err);
        }
    }
    return CS_OK;
}

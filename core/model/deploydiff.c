#include "base/mem.h"
#include "model/deployment.h"

#include <stdlib.h>
#include <string.h>

/* What makes two plans the same certificate, and where the plan stands in its list. */
struct keyed {
    char *key;
    size_t index;
};

struct keyed_list {
    struct keyed *items;
    size_t count;
};

static void keyed_list_done(struct keyed_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].key);
    }
    free(list->items);
}

static char *make_key(cs_type_set types, const char *pool, const char *computer)
{
    /* One for the deployment: the pool where it is assigned may change. */
    bool is_oauth = types == (cs_type_set)1 << CS_TYPE_OAUTH_TOKEN_ISSUER;
    cs_autofree char *key = cs_asprintf("%x/%s/%s", types, pool && !is_oauth ? pool : "",
                                        computer && !is_oauth ? computer : "");

    return cs_ascii_lower(key);
}

/* The index decides between equal keys: a damaged topology may have the same pool twice. */
static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *x = a;
    const struct keyed *y = b;
    int order = strcmp(x->key, y->key);

    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static struct keyed_list keys_of_plans(const struct cs_plan_list *plans)
{
    struct keyed_list list = {cs_alloc(plans->count, sizeof(struct keyed)), plans->count};

    for (size_t i = 0; i < plans->count; i++) {
        const struct cs_plan *plan = plans->items[i];
        list.items[i] = (struct keyed){make_key(plan->types, plan->pool, plan->computer), i};
    }
    qsort(list.items, list.count, sizeof *list.items, compare_keyed);
    return list;
}

static struct keyed_list keys_of_failures(const struct cs_deployment *deployment)
{
    size_t count = deployment->failure_count;
    struct keyed_list list = {cs_alloc(count, sizeof(struct keyed)), count};

    for (size_t i = 0; i < count; i++) {
        const struct cs_plan_failure *failure = &deployment->failures[i];
        list.items[i] =
            (struct keyed){make_key(failure->types, failure->pool, failure->computer), i};
    }
    qsort(list.items, list.count, sizeof *list.items, compare_keyed);
    return list;
}

static int compare_key_only(const void *a, const void *b)
{
    return strcmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

/* Which plan of one deployment is which of the other. */
#define NO_PARTNER SIZE_MAX
struct pairs {
    size_t *of_before;
    size_t *of_after;
};

static void pairs_done(struct pairs *pairs)
{
    free(pairs->of_before);
    free(pairs->of_after);
}

static struct pairs pair(const struct keyed_list *before, const struct keyed_list *after)
{
    struct pairs pairs = {cs_alloc(before->count, sizeof(size_t)),
                          cs_alloc(after->count, sizeof(size_t))};
    size_t i = 0;
    size_t j = 0;

    memset(pairs.of_before, 0xff, before->count * sizeof(size_t));
    memset(pairs.of_after, 0xff, after->count * sizeof(size_t));
    while (i < before->count && j < after->count) {
        const struct keyed *x = &before->items[i];
        const struct keyed *y = &after->items[j];
        int order = strcmp(x->key, y->key);
        if (order == 0) {
            pairs.of_before[x->index] = y->index;
            pairs.of_after[y->index] = x->index;
        }
        i += order <= 0;
        j += order >= 0;
    }
    return pairs;
}

static int compare_names(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

/* The plan's names, sorted; the caller frees the array. */
static const char **sorted_names(const struct cs_plan *plan)
{
    const char **names = cs_alloc(plan->name_count, sizeof(char *));

    for (size_t i = 0; i < plan->name_count; i++) {
        names[i] = plan->names[i].name;
    }
    qsort(names, plan->name_count, sizeof(char *), compare_names);
    return names;
}

/* Names of @plan that @other has not, in the order of @plan. @other NULL has none. */
static void add_missing(struct cs_strv *names, const struct cs_plan *plan,
                        const struct cs_plan *other)
{
    cs_autofree const char **have = other ? sorted_names(other) : NULL;

    for (size_t i = 0; i < plan->name_count; i++) {
        const char *name = plan->names[i].name;
        if (!have || !bsearch(&name, have, other->name_count, sizeof(char *), compare_names)) {
            cs_strv_add(names, name);
        }
    }
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static void add_change(struct cs_plan_change_list *list, struct cs_plan_change change,
                       const struct cs_plan *plan)
{
    change.types = plan->types;
    change.pool = cs_strdup(plan->pool);
    change.computer = cs_strdup(plan->computer);
    change.common_name = cs_strdup(plan->subject.common_name);
    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = change;
}

static void add_name_change(struct cs_plan_change_list *list, const struct cs_plan *before,
                            const struct cs_plan *after)
{
    struct cs_plan_change change = {.change = CS_CHANGE_NAMES};
    const char *old = before->subject.common_name;
    const char *new = after->subject.common_name;

    if (!same_text(old, new)) {
        cs_strv_take(&change.gained, cs_asprintf("CN=%s", new ? new : ""));
        cs_strv_take(&change.lost, cs_asprintf("CN=%s", old ? old : ""));
    }
    add_missing(&change.gained, after, before);
    add_missing(&change.lost, before, after);
    if (change.gained.count || change.lost.count) {
        add_change(list, change, after);
    }
}

void cs_plan_change_list_done(struct cs_plan_change_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct cs_plan_change *change = &list->items[i];
        free(change->pool);
        free(change->computer);
        free(change->common_name);
        cs_strv_done(&change->gained);
        cs_strv_done(&change->lost);
    }
    free(list->items);
    *list = (struct cs_plan_change_list){0};
}

static void add_gone(struct cs_plan_change_list *list, const struct cs_plan *plan,
                     const struct keyed_list *failures)
{
    cs_autofree char *key = make_key(plan->types, plan->pool, plan->computer);
    const struct keyed wanted = {.key = key};

    if (bsearch(&wanted, failures->items, failures->count, sizeof wanted, compare_key_only)) {
        return;
    }
    struct cs_plan_change change = {.change = CS_CHANGE_GONE};
    add_missing(&change.lost, plan, NULL);
    add_change(list, change, plan);
}

void cs_deployment_diff(const struct cs_deployment *before, const struct cs_deployment *after,
                        struct cs_plan_change_list *ret_changes)
{
    cs_auto_value(keyed_list) old = keys_of_plans(&before->plans);
    cs_auto_value(keyed_list) new = keys_of_plans(&after->plans);
    cs_auto_value(keyed_list) failures = keys_of_failures(after);
    cs_auto_value(pairs) partners = pair(&old, &new);
    struct cs_plan_change_list changes = {0};

    for (size_t i = 0; i < after->plans.count; i++) {
        const struct cs_plan *plan = after->plans.items[i];
        size_t partner = partners.of_after[i];
        if (partner != NO_PARTNER) {
            add_name_change(&changes, before->plans.items[partner], plan);
            continue;
        }
        struct cs_plan_change change = {.change = CS_CHANGE_NEW};
        add_missing(&change.gained, plan, NULL);
        add_change(&changes, change, plan);
    }
    for (size_t i = 0; i < before->plans.count; i++) {
        if (partners.of_before[i] == NO_PARTNER) {
            add_gone(&changes, before->plans.items[i], &failures);
        }
    }
    *ret_changes = changes;
}

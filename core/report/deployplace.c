#include "report/deployplace.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void cs_deployplace_done(struct cs_deployplace *place)
{
    free(place->marks);
    free(place->first);
    *place = (struct cs_deployplace){0};
}

/* The pool's index, else pool_count. The search begins at @from: plans come in the order of the
 * topology, so that the next is near. */
static size_t find_pool(const struct cs_topology *topology, const char *fqdn, size_t from)
{
    for (size_t i = 0; fqdn && i < topology->pool_count; i++) {
        size_t at = (from + i) % topology->pool_count;
        const char *name = topology->pools[at].fqdn.name;
        if (name && strcmp(name, fqdn) == 0) {
            return at;
        }
    }
    return topology->pool_count;
}

static size_t find_computer(const struct cs_topo_pool *pool, const char *fqdn)
{
    for (size_t i = 0; fqdn && i < pool->computer_count; i++) {
        const char *name = pool->computers[i].name;
        if (name && strcmp(name, fqdn) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static struct cs_deploymark mark_of(const struct cs_topology *topology, cs_type_set types,
                                    const char *pool, const char *computer, size_t from)
{
    struct cs_deploymark mark = {.pool = topology->pool_count};

    if (types != 1u << CS_TYPE_OAUTH_TOKEN_ISSUER) {
        mark.pool = find_pool(topology, pool, from);
    }
    if (mark.pool < topology->pool_count) {
        const struct cs_topo_pool *at = &topology->pools[mark.pool];
        /* What all members of a pool of one share is its own. */
        mark.computer = at->computer_count == 1 ? 1 : find_computer(at, computer);
    }
    return mark;
}

static int compare(const void *a, const void *b)
{
    const struct cs_deploymark *x = a;
    const struct cs_deploymark *y = b;
    const size_t keys[][2] = {{x->pool, y->pool},
                              {x->computer, y->computer},
                              {x->failure, y->failure},
                              {x->index, y->index}};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i][0] != keys[i][1]) {
            return keys[i][0] < keys[i][1] ? -1 : 1;
        }
    }
    return 0;
}

void cs_deployplace_make(const struct cs_deployment_report *report,
                         struct cs_deployplace *ret_place)
{
    const struct cs_topology *topology = report->topology;
    struct cs_deployplace place = {.count = report->count + report->failure_count};
    size_t from = 0;

    place.marks = cs_alloc(place.count + 1, sizeof *place.marks);
    for (size_t i = 0; i < report->count; i++) {
        const struct cs_plan *plan = report->rows[i].plan;
        place.marks[i] = mark_of(topology, plan->types, plan->pool, plan->computer, from);
        place.marks[i].index = i;
        from = place.marks[i].pool;
    }
    for (size_t i = 0; i < report->failure_count; i++) {
        const struct cs_plan_failure *failed = &report->failures[i];
        struct cs_deploymark *mark = &place.marks[report->count + i];
        *mark = mark_of(topology, failed->types, failed->pool, failed->computer, from);
        mark->failure = true;
        mark->index = i;
        from = mark->pool;
    }
    qsort(place.marks, place.count, sizeof *place.marks, compare);
    place.first = cs_alloc(topology->pool_count + 2, sizeof *place.first);
    for (size_t pool = 0, i = 0; pool < topology->pool_count + 2; pool++) {
        while (i < place.count && place.marks[i].pool < pool) {
            i++;
        }
        place.first[pool] = i;
    }
    *ret_place = place;
}

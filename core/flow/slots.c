/* Current, previous and staged: what serves one certificate type. */
#include "base/clock.h"
#include "base/mem.h"
#include "flow/flow_internal.h"

#include <stdlib.h>
#include <string.h>

void cs_flow_slots_done(struct cs_flow_slots *slots)
{
    for (size_t i = 0; i < CS_USE_COUNT; i++) {
        cs_use_done(&slots->use[i]);
    }
}

static void move(struct cs_flow_slots *slots, enum cs_use_slot from, enum cs_use_slot to)
{
    cs_use_done(&slots->use[to]);
    slots->use[to] = slots->use[from];
    slots->use[to].slot = to;
    slots->use[from] = (struct cs_use){0};
}

/* Staging only keeps two: the one before the previous one is forgotten. */
static bool promote(struct cs_flow_slots *slots, int64_t now)
{
    const struct cs_use *staged = &slots->use[CS_USE_STAGED];

    if (!staged->certificate.len || staged->effective > now) {
        return false;
    }
    if (slots->use[CS_USE_CURRENT].certificate.len) {
        move(slots, CS_USE_CURRENT, CS_USE_PREVIOUS);
    }
    move(slots, CS_USE_STAGED, CS_USE_CURRENT);
    return true;
}

void cs_flow_slots_take(struct cs_use_list *uses, const char *type, int64_t now,
                        struct cs_flow_slots *ret_slots, bool *ret_promoted)
{
    struct cs_flow_slots slots = {0};
    size_t kept = 0;

    for (size_t i = 0; i < uses->count; i++) {
        struct cs_use *use = &uses->items[i];
        if (strcmp(use->type, type) == 0) {
            cs_use_done(&slots.use[use->slot]);
            slots.use[use->slot] = *use;
        } else {
            uses->items[kept++] = *use;
        }
    }
    uses->count = kept;
    *ret_promoted = promote(&slots, now);
    *ret_slots = slots;
}

void cs_flow_slots_give(struct cs_flow_slots *slots, struct cs_use_list *uses)
{
    for (size_t i = 0; i < CS_USE_COUNT; i++) {
        if (slots->use[i].certificate.len) {
            uses->items = cs_realloc(uses->items, uses->count + 1, sizeof *uses->items);
            uses->items[uses->count++] = slots->use[i];
            slots->use[i] = (struct cs_use){0};
        }
    }
}

cs_rc cs_flow_slots_store(const struct cs_flow *flow, const struct cs_flow_slots *slots,
                          const char *type, const char *record, struct cs_err *err)
{
    struct cs_use uses[CS_USE_COUNT]; /* borrowed */
    size_t count = 0;

    for (size_t i = 0; i < CS_USE_COUNT; i++) {
        if (slots->use[i].certificate.len) {
            uses[count++] = slots->use[i];
        }
    }
    return cs_store_use_set(flow->store, type, uses, count, record, err);
}

cs_rc cs_flow_uses_read(const struct cs_flow *flow, struct cs_use_list *ret_uses,
                        struct cs_err *err)
{
    *ret_uses = (struct cs_use_list){0};
    return flow->store ? cs_store_uses(flow->store, ret_uses, err) : CS_OK;
}

cs_rc cs_flow_uses_now(const struct cs_flow *flow, struct cs_use_list *ret_uses, struct cs_err *err)
{
    const int64_t now = cs_clock_now();
    struct cs_use_list uses = {0};
    bool promoted;

    CS_TRY(cs_flow_uses_read(flow, &uses, err));
    for (unsigned i = 0; i < CS_TYPE_COUNT; i++) {
        struct cs_flow_slots slots;
        const char *type = cs_cert_type_info((enum cs_cert_type)i)->name;
        cs_flow_slots_take(&uses, type, now, &slots, &promoted);
        cs_flow_slots_give(&slots, &uses);
    }
    *ret_uses = uses;
    return CS_OK;
}

#include "base/clock.h"
#include "base/mem.h"
#include "flow/flow_internal.h"

#include <string.h>

/* What a run empties, and what it finds on the way. */
struct removal {
    const struct cs_flow *flow;
    const struct cs_remove_options *options;
    cs_type_set types;
    int64_t now;
    struct cs_use_list uses;         /* as they are, then as they come to be */
    struct cs_use_list gone;         /* what was un-assigned, in the order of the types */
    struct cs_certificate_list list; /* the same, each certificate once */
    struct cs_strv in_use;
    struct cs_strv warnings;
};

static void removal_done(struct removal *removal)
{
    cs_use_list_done(&removal->uses);
    cs_use_list_done(&removal->gone);
    cs_certificate_list_done(&removal->list);
    cs_strv_done(&removal->in_use);
    cs_strv_done(&removal->warnings);
}

static bool empties(const struct removal *removal, enum cs_use_slot slot)
{
    const struct cs_remove_options *options = removal->options;

    if (options->previous || options->staged) {
        return (options->previous && slot == CS_USE_PREVIOUS) ||
               (options->staged && slot == CS_USE_STAGED);
    }
    return slot != CS_USE_PREVIOUS;
}

static struct cs_certificate *find(struct cs_certificate_list *list, const struct cs_use *use)
{
    for (size_t i = 0; i < list->count; i++) {
        if (cs_bytes_equal(&list->items[i].der, &use->certificate)) {
            return &list->items[i];
        }
    }
    struct cs_certificate *certificate = cs_flow_add_certificate(list);
    certificate->der = cs_bytes_copy(use->certificate.data, use->certificate.len);
    certificate->key_id = cs_bytes_copy(use->key_id.data, use->key_id.len);
    certificate->token = cs_strdup(use->token_uri);
    (void)!cs_cert_read(&certificate->der, &certificate->facts, NULL);
    return certificate;
}

static void move_use(struct cs_use *use, struct cs_use_list *list)
{
    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = *use;
    *use = (struct cs_use){0};
}

/* Empties what is to be emptied of one type; the lists get what stood there. */
static bool empty_slots(struct removal *removal, struct cs_flow_slots *slots)
{
    bool changed = false;

    for (unsigned i = 0; i < CS_USE_COUNT; i++) {
        struct cs_use *use = &slots->use[i];
        if (!use->certificate.len || !empties(removal, (enum cs_use_slot)i)) {
            continue;
        }
        const char *thumbprint = find(&removal->list, use)->facts.thumbprint;
        if (i == CS_USE_CURRENT) {
            cs_strv_take(&removal->in_use,
                         cs_asprintf("%s (%s)", use->type, thumbprint ? thumbprint : "unreadable"));
        }
        move_use(use, &removal->gone);
        changed = true;
    }
    return changed;
}

static void warn_of_none(struct removal *removal, const char *type)
{
    const struct cs_remove_options *options = removal->options;
    const char *which = options->previous && options->staged ? "previous or staged "
                        : options->previous                  ? "previous "
                        : options->staged                    ? "staged "
                                                             : "";

    if (options->types->count) {
        cs_strv_take(&removal->warnings,
                     cs_asprintf("no %scertificate is assigned to %s", which, type));
    }
}

static cs_rc apply_to(struct removal *removal, const char *type, bool write, struct cs_err *err)
{
    cs_auto_value(cs_flow_slots) slots = {0};
    bool promoted = false;

    cs_flow_slots_take(&removal->uses, type, removal->now, &slots, &promoted);
    bool changed = empty_slots(removal, &slots);
    if (!changed) {
        warn_of_none(removal, type);
    } else if (write) {
        CS_TRY(cs_flow_slots_store(removal->flow, &slots, type, "unassigned", err));
    }
    cs_flow_slots_give(&slots, &removal->uses);
    return CS_OK;
}

/* What the uses come to; stored with @write. */
static cs_rc apply(struct removal *removal, bool write, struct cs_err *err)
{
    CS_TRY(cs_flow_uses_read(removal->flow, &removal->uses, err));
    for (unsigned i = 0; i < CS_TYPE_COUNT; i++) {
        if (removal->types & (cs_type_set)1 << i) {
            const char *type = cs_cert_type_info((enum cs_cert_type)i)->name;
            CS_TRY(apply_to(removal, type, write, err));
        }
    }
    return CS_OK;
}

static bool are_equal(const struct cs_use_list *one, const struct cs_use_list *other)
{
    for (size_t i = 0; i < one->count && i < other->count; i++) {
        const struct cs_use *a = &one->items[i];
        const struct cs_use *b = &other->items[i];
        if (strcmp(a->type, b->type) != 0 || a->slot != b->slot ||
            !cs_bytes_equal(&a->certificate, &b->certificate)) {
            return false;
        }
    }
    return one->count == other->count;
}

/* What goes is what the user was asked about. -Force asks for whatever is there. */
static cs_rc check_asked(const struct removal *removal, const struct cs_use_list *asked,
                         struct cs_err *err)
{
    const struct cs_flow *flow = removal->flow;

    if (are_equal(asked, &removal->gone) || (flow->force && !flow->confirm)) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_STORE,
                        "`cscert get` shows what serves now; run the command again if that is to "
                        "be un-assigned",
                        "another run has meanwhile changed what is to be un-assigned: nothing was "
                        "un-assigned");
}

/* From the beginning: nobody else can change anything between reading and writing. */
static cs_rc write_all(struct removal *removal, struct cs_err *err)
{
    struct cs_store *store = removal->flow->store;
    cs_auto_value(cs_use_list) asked = removal->gone;

    removal->gone = (struct cs_use_list){0};
    removal_done(removal);
    CS_TRY(cs_store_group_begin(store, err));
    cs_rc rc = apply(removal, true, err);
    if (rc == CS_OK) {
        rc = check_asked(removal, &asked, err);
    }
    if (rc != CS_OK) {
        cs_store_group_undo(store);
        return rc;
    }
    return cs_store_group_end(store, err);
}

/* A certificate in use is not taken away unasked. */
static cs_rc ask(const struct removal *removal, struct cs_err *err)
{
    const struct cs_flow *flow = removal->flow;
    const bool in_use = removal->in_use.count > 0;
    cs_autofree char *list = cs_strv_join(&removal->in_use, ", ");
    cs_autofree char *question =
        in_use ? cs_asprintf("In use: %s. Un-assign all the same? The certificate and its key stay "
                             "on the token.",
                             list)
               : cs_strdup("Un-assign? The certificate and its key stay on the token.");

    if (!flow->confirm && (!in_use || flow->force)) {
        return CS_OK;
    }
    cs_rc rc = flow->ui->ops->confirm(flow->ui, question, err);
    if (rc == CS_E_CANCELLED && in_use && !flow->ui->ops->can_ask(flow->ui) && err) {
        err->hint[0] = 0;
        cs_err_hint(err, "nobody is there to answer: say -Force to un-assign what is in use");
    }
    return rc;
}

cs_rc cs_flow_remove(const struct cs_flow *flow, const struct cs_remove_options *options,
                     struct cs_certificate_list *ret_list, struct cs_err *err)
{
    cs_auto_value(removal) removal = {
        .flow = flow, .options = options, .types = ~(cs_type_set)0, .now = cs_clock_now()};

    if (options->types->count) {
        CS_TRY(cs_cert_types_parse(options->types, NULL, &removal.types, err));
    }
    CS_TRY(apply(&removal, false, err));
    cs_flow_warn(flow, &removal.warnings);
    if (removal.list.count && !flow->what_if) {
        CS_TRY(ask(&removal, err));
        CS_TRY(cs_flow_check_signal(flow, err));
        CS_TRY(write_all(&removal, err));
    }
    for (size_t i = 0; i < removal.list.count; i++) {
        struct cs_certificate *one = &removal.list.items[i];
        cs_flow_copy_uses(&removal.uses, &one->der, one);
    }
    *ret_list = removal.list;
    removal.list = (struct cs_certificate_list){0};
    return CS_OK;
}

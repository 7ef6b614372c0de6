#include "pkcs11/slot.h"

#include "base/mem.h"
#include "base/strv.h"
#include "pkcs11/ckr.h"
#include "pkcs11/uri_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A token that another program is just logging in to can look uninitialised for a moment (SoftHSM
 * and openCryptoki rewrite its file); only a new C_Initialize cures it. */
#define RETRIES      5
#define RETRY_MS     20
#define RETRY_MAX_MS 2000

#define SHOWN_MAX 5

struct search {
    struct cs_watch *watch;
    struct cs_module_list *modules;
    const struct cs_uri *uri;
    const char *lock_dir;
    struct cs_slot *fitting;
    size_t fitting_count;
    struct cs_slot *others; /* initialised tokens that the URI does not fit */
    size_t other_count;
    struct cs_err problem; /* of the last module that did not start or list its slots */
    bool listed;           /* a module did */
};

/* Calls on a module that is not the token's yet. */
#define ask(search, functions, function, ...)                                                      \
    __extension__({                                                                                \
        cs_watch_begin((search)->watch, #function, CS_LIMIT_CALL);                                 \
        CK_RV ask_rv_ = (functions)->function(__VA_ARGS__);                                        \
        cs_watch_end((search)->watch);                                                             \
        ask_rv_;                                                                                   \
    })

static void pad(CK_UTF8CHAR *field, size_t size)
{
    while (size && field[size - 1] == 0) {
        field[--size] = ' ';
    }
}

/* Some modules pad with NULs. */
static void pad_info(CK_TOKEN_INFO *info)
{
    pad(info->label, sizeof info->label);
    pad(info->manufacturerID, sizeof info->manufacturerID);
    pad(info->model, sizeof info->model);
    pad(info->serialNumber, sizeof info->serialNumber);
}

char *cs_slot_text(const CK_UTF8CHAR *field, size_t size)
{
    while (size && (field[size - 1] == ' ' || field[size - 1] == 0)) {
        size--;
    }
    cs_autofree char *text = cs_strndup((const char *)field, size);
    return cs_terminal_escape(text);
}

static void add(struct cs_slot **slots, size_t *count, const struct cs_slot *slot)
{
    *slots = cs_realloc(*slots, *count + 1, sizeof **slots);
    (*slots)[(*count)++] = *slot;
}

static bool slot_fits(struct search *search, CK_FUNCTION_LIST *functions, CK_SLOT_ID id)
{
    CK_SLOT_INFO info = {0};

    if (!cs_uri_asks_for_slot(search->uri)) {
        return true;
    }
    return ask(search, functions, C_GetSlotInfo, id, &info) == CKR_OK &&
           cs_uri_fits_slot(search->uri, id, &info);
}

static bool library_fits(struct search *search, CK_FUNCTION_LIST *functions)
{
    CK_INFO info = {0};

    if (!cs_uri_asks_for_library(search->uri)) {
        return true;
    }
    return ask(search, functions, C_GetInfo, &info) == CKR_OK &&
           cs_uri_fits_library(search->uri, &info);
}

static void look_at_slot(struct search *search, size_t module, CK_SLOT_ID id, bool library)
{
    CK_FUNCTION_LIST *functions = search->modules->items[module].list;
    struct cs_slot slot = {.module = module, .id = id};

    if (ask(search, functions, C_GetTokenInfo, id, &slot.info) != CKR_OK ||
        !(slot.info.flags & CKF_TOKEN_INITIALIZED)) {
        return;
    }
    pad_info(&slot.info);
    if (library && cs_uri_fits_token(search->uri, &slot.info) && slot_fits(search, functions, id)) {
        add(&search->fitting, &search->fitting_count, &slot);
    } else {
        add(&search->others, &search->other_count, &slot);
    }
}

static cs_rc look_at_module(struct search *search, size_t module, struct cs_err *err)
{
    CK_FUNCTION_LIST *functions = search->modules->items[module].list;
    CK_SLOT_ID ids[CS_SLOTS_MAX];
    CK_ULONG count = CS_SLOTS_MAX;

    CK_RV rv = ask(search, functions, C_GetSlotList, CK_TRUE, ids, &count);
    if (rv != CKR_OK || count > CS_SLOTS_MAX) {
        return cs_fail_ckr(err, CS_E_TOKEN_ABSENT, "C_GetSlotList", rv,
                           "the PKCS#11 module %s does not list its slots (at most %d)",
                           search->modules->items[module].path, CS_SLOTS_MAX);
    }
    bool library = library_fits(search, functions);
    for (CK_ULONG i = 0; i < count; i++) {
        look_at_slot(search, module, ids[i], library);
    }
    return CS_OK;
}

/* A module that fails is not the end: another one may have the token. A lock that cannot be had is.
 */
static cs_rc look_everywhere(struct search *search, struct cs_err *err)
{
    search->other_count = 0;
    for (size_t i = 0; i < search->modules->count; i++) {
        struct cs_module *module = &search->modules->items[i];
        size_t before = search->fitting_count;
        struct cs_err problem = {0};
        cs_rc rc = cs_module_start(search->watch, module, search->lock_dir, &problem);

        if (rc == CS_OK) {
            rc = look_at_module(search, i, &problem);
        }
        if (rc == CS_OK) {
            search->listed = true;
        } else {
            search->problem = problem;
        }
        if (rc != CS_OK && rc != CS_E_TOKEN_ABSENT) {
            if (err) {
                *err = problem;
            }
            return rc;
        }
        if (search->fitting_count == before) {
            cs_module_stop(search->watch, module);
        }
    }
    return CS_OK;
}

static bool same_token(const CK_TOKEN_INFO *a, const CK_TOKEN_INFO *b)
{
    return memcmp(a->label, b->label, sizeof a->label) == 0 &&
           memcmp(a->manufacturerID, b->manufacturerID, sizeof a->manufacturerID) == 0 &&
           memcmp(a->model, b->model, sizeof a->model) == 0 &&
           memcmp(a->serialNumber, b->serialNumber, sizeof a->serialNumber) == 0;
}

/* The same token seen through two modules counts once; two slots of one module are two tokens. */
static void drop_doubles(struct search *search)
{
    size_t kept = 0;

    for (size_t i = 0; i < search->fitting_count; i++) {
        const struct cs_slot *slot = &search->fitting[i];
        bool again = false;
        for (size_t k = 0; k < kept; k++) {
            again |= search->fitting[k].module != slot->module &&
                     same_token(&search->fitting[k].info, &slot->info);
        }
        if (!again) {
            search->fitting[kept++] = *slot;
        }
    }
    search->fitting_count = kept;
}

/* "URI or URI"; tokens that nothing but the slot tells apart are shown with it. */
static char *list_slots(const struct cs_slot *slots, size_t count)
{
    cs_auto_value(cs_strv) uris = {0};

    for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
        bool twin = false;
        for (size_t k = 0; k < count; k++) {
            twin |= k != i && same_token(&slots[i].info, &slots[k].info);
        }
        cs_strv_take(&uris, twin ? cs_uri_of_slot(&slots[i].info, slots[i].id)
                                 : cs_uri_of_token(&slots[i].info));
    }
    if (count > SHOWN_MAX) {
        cs_strv_take(&uris, cs_asprintf("%zu more", count - SHOWN_MAX));
    }
    return cs_strv_join(&uris, ", ");
}

static cs_rc fail_none(const struct search *search, struct cs_err *err)
{
    if (search->other_count == 0 && search->problem.code != CS_OK) {
        if (err) {
            *err = search->problem;
        }
        return CS_E_TOKEN_ABSENT;
    }
    cs_autofree char *others = list_slots(search->others, search->other_count);
    cs_rc rc = cs_fail(err, CS_E_TOKEN_ABSENT, "no initialised token fits %s (%s)",
                       cs_uri_text(search->uri),
                       search->modules->count == 1 ? search->modules->items[0].path
                                                   : "all modules that p11-kit knows");
    if (search->other_count) {
        cs_err_hint(err, "there are: %s", others);
    } else {
        cs_err_hint(err, "connect the token, or initialise one with its own tool "
                         "(`softhsm2-util --init-token`); check the module");
    }
    return rc;
}

static cs_rc fail_several(const struct search *search, struct cs_err *err)
{
    cs_autofree char *all = list_slots(search->fitting, search->fitting_count);

    return cs_fail_hint(
        err, CS_E_TOKEN_ABSENT, "say which one: --token with one of these URIs, between quotes",
        "%zu tokens fit %s: %s", search->fitting_count, cs_uri_text(search->uri), all);
}

static long elapsed_ms(const struct timespec *since)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static cs_rc find(struct search *search, struct cs_slot *ret_slot, struct cs_err *err)
{
    const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
    struct timespec start;

    clock_gettime(CLOCK_MONOTONIC, &start);
    CS_TRY(look_everywhere(search, err));
    for (int i = 0; i < RETRIES && search->listed && !search->fitting_count; i++) {
        if (elapsed_ms(&start) > RETRY_MAX_MS) {
            break;
        }
        nanosleep(&pause, NULL);
        CS_TRY(look_everywhere(search, err));
    }
    drop_doubles(search);
    if (search->fitting_count == 0) {
        return fail_none(search, err);
    }
    if (search->fitting_count > 1) {
        return fail_several(search, err);
    }
    *ret_slot = search->fitting[0];
    return CS_OK;
}

cs_rc cs_slot_find(struct cs_watch *watch, struct cs_module_list *modules, const struct cs_uri *uri,
                   const char *lock_dir, struct cs_slot *ret_slot, struct cs_err *err)
{
    struct search search = {.watch = watch, .modules = modules, .uri = uri, .lock_dir = lock_dir};
    cs_rc rc = find(&search, ret_slot, err);

    for (size_t i = 0; i < modules->count; i++) {
        if (rc != CS_OK || i != ret_slot->module) {
            cs_module_stop(watch, &modules->items[i]);
        }
    }
    free(search.fitting);
    free(search.others);
    return rc;
}

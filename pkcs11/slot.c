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

/* Calls on a module that is not the token's yet. */
#define ask(watch, functions, function, ...)                                                       \
    cs_watched(watch, CS_LIMIT_CALL, functions, function, __VA_ARGS__)

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

const char *cs_slot_library_words(void *asked_of)
{
    struct cs_slot_library *library = asked_of;
    CK_INFO info = {0};

    if (!library->is_asked) {
        library->is_asked = true;
        if (ask(library->watch, library->functions, C_GetInfo, &info) == CKR_OK) {
            library->words = cs_slot_text(info.libraryDescription, sizeof info.libraryDescription);
        }
    }
    return library->words;
}

void cs_slot_library_done(struct cs_slot_library *library)
{
    free(library->words);
    *library = (struct cs_slot_library){0};
}

void cs_slot_describe(const CK_TOKEN_INFO *ck, struct cs_token_info *info)
{
    info->uri = cs_uri_of_token(ck);
    info->label = cs_slot_text(ck->label, sizeof ck->label);
    info->manufacturer = cs_slot_text(ck->manufacturerID, sizeof ck->manufacturerID);
    info->model = cs_slot_text(ck->model, sizeof ck->model);
    info->serial = cs_slot_text(ck->serialNumber, sizeof ck->serialNumber);
}

void cs_slot_list_done(struct cs_slot_list *list)
{
    free(list->items);
    *list = (struct cs_slot_list){0};
}

static void add(struct cs_slot_list *list, const struct cs_slot *slot)
{
    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = *slot;
}

static bool slot_fits(struct cs_watch *watch, CK_FUNCTION_LIST *functions, const struct cs_uri *uri,
                      CK_SLOT_ID id)
{
    CK_SLOT_INFO info = {0};

    if (!cs_uri_asks_for_slot(uri)) {
        return true;
    }
    return ask(watch, functions, C_GetSlotInfo, id, &info) == CKR_OK &&
           cs_uri_fits_slot(uri, id, &info);
}

static bool library_fits(struct cs_watch *watch, CK_FUNCTION_LIST *functions,
                         const struct cs_uri *uri)
{
    CK_INFO info = {0};

    if (!cs_uri_asks_for_library(uri)) {
        return true;
    }
    return ask(watch, functions, C_GetInfo, &info) == CKR_OK && cs_uri_fits_library(uri, &info);
}

cs_rc cs_slots_read(struct cs_watch *watch, const struct cs_module *item, size_t module,
                    const struct cs_uri *uri, struct cs_slot_list *list, struct cs_err *err)
{
    CK_FUNCTION_LIST *functions = item->list;
    CK_SLOT_ID ids[CS_SLOTS_MAX];
    CK_ULONG count = CS_SLOTS_MAX;

    CK_RV rv = ask(watch, functions, C_GetSlotList, CK_TRUE, ids, &count);
    if (rv != CKR_OK || count > CS_SLOTS_MAX) {
        return cs_fail_ckr(err, CS_E_TOKEN_ABSENT, "C_GetSlotList", rv,
                           "the PKCS#11 module %s does not list its slots (at most %d)", item->path,
                           CS_SLOTS_MAX);
    }
    bool library = library_fits(watch, functions, uri);
    for (CK_ULONG i = 0; i < count; i++) {
        struct cs_slot slot = {.module = module, .id = ids[i]};
        slot.rv = ask(watch, functions, C_GetTokenInfo, slot.id, &slot.info);
        if (slot.rv == CKR_OK) {
            pad_info(&slot.info);
        }
        slot.fits_module =
            library && slot.rv == CKR_OK && slot_fits(watch, functions, uri, slot.id);
        slot.fits = slot.fits_module && cs_uri_fits_token(uri, &slot.info);
        add(list, &slot);
    }
    return CS_OK;
}

/* ---- the one that is meant ---- */

struct search {
    struct cs_watch *watch;
    struct cs_module_list *modules;
    const struct cs_uri *uri;
    const char *lock_dir;
    struct cs_slot_list fitting;
    struct cs_slot_list others; /* initialised tokens that the URI does not fit */
    struct cs_err problem;      /* of the last module that did not start or list its slots */
    bool listed;                /* a module did */
};

static cs_rc look_at_module(struct search *search, size_t module, struct cs_err *err)
{
    cs_auto_value(cs_slot_list) all = {0};

    CS_TRY(cs_slots_read(search->watch, &search->modules->items[module], module, search->uri, &all,
                         err));
    for (size_t i = 0; i < all.count; i++) {
        if (cs_slot_is_initialised(&all.items[i])) {
            add(all.items[i].fits ? &search->fitting : &search->others, &all.items[i]);
        }
    }
    return CS_OK;
}

/* A module that fails is not the end: another one may have the token. A lock that cannot be had is.
 */
static cs_rc look_everywhere(struct search *search, struct cs_err *err)
{
    search->others.count = 0;
    for (size_t i = 0; i < search->modules->count; i++) {
        struct cs_module *module = &search->modules->items[i];
        size_t before = search->fitting.count;
        struct cs_err problem = {0};
        if (module->failed) {
            continue; /* once is enough: some tell the terminal each time, at length, why */
        }
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
        if (search->fitting.count == before) {
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

    for (size_t i = 0; i < search->fitting.count; i++) {
        const struct cs_slot *slot = &search->fitting.items[i];
        bool again = false;
        for (size_t k = 0; k < kept; k++) {
            again |= search->fitting.items[k].module != slot->module &&
                     same_token(&search->fitting.items[k].info, &slot->info);
        }
        if (!again) {
            search->fitting.items[kept++] = *slot;
        }
    }
    search->fitting.count = kept;
}

char *cs_slot_uri(const struct cs_slot *slots, size_t count, size_t number)
{
    const struct cs_slot *slot = &slots[number];
    bool twin = false;

    if (!cs_slot_is_initialised(slot)) {
        return cs_uri_of_empty_slot(slot->id);
    }
    for (size_t i = 0; i < count; i++) {
        twin |= i != number && same_token(&slots[i].info, &slot->info);
    }
    return twin ? cs_uri_of_slot(&slot->info, slot->id) : cs_uri_of_token(&slot->info);
}

char *cs_slots_text(const struct cs_slot *slots, size_t count)
{
    cs_auto_value(cs_strv) uris = {0};

    for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
        cs_strv_take(&uris, cs_slot_uri(slots, count, i));
    }
    if (count > SHOWN_MAX) {
        cs_strv_take(&uris, cs_asprintf("%zu more", count - SHOWN_MAX));
    }
    return cs_strv_join(&uris, ", ");
}

static cs_rc fail_none(const struct search *search, struct cs_err *err)
{
    if (!search->listed && search->problem.code != CS_OK) {
        if (err) {
            *err = search->problem;
        }
        return CS_E_TOKEN_ABSENT;
    }
    cs_autofree char *others = cs_slots_text(search->others.items, search->others.count);
    cs_rc rc = cs_fail(err, CS_E_TOKEN_ABSENT, "no initialised token fits %s (%s)",
                       cs_uri_text(search->uri),
                       search->modules->count == 1 ? search->modules->items[0].path
                                                   : "all modules that p11-kit knows");
    const char *problem = search->problem.code != CS_OK ? search->problem.message : "";
    if (search->others.count) {
        cs_err_hint(err, "there are: %s%s%s", others, *problem ? "; but " : "", problem);
    } else {
        cs_err_hint(err,
                    "connect the token, or initialise one with its own tool "
                    "(for tests: `cscert token init`); check the module%s%s",
                    *problem ? ": " : "", problem);
    }
    return rc;
}

static cs_rc fail_several(const struct search *search, struct cs_err *err)
{
    cs_autofree char *all = cs_slots_text(search->fitting.items, search->fitting.count);

    return cs_fail_hint(
        err, CS_E_TOKEN_ABSENT, "say which one: --token with one of these URIs, between quotes",
        "%zu tokens fit %s: %s", search->fitting.count, cs_uri_text(search->uri), all);
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
    for (int i = 0; i < RETRIES && search->listed && !search->fitting.count; i++) {
        if (elapsed_ms(&start) > RETRY_MAX_MS) {
            break;
        }
        nanosleep(&pause, NULL);
        CS_TRY(look_everywhere(search, err));
    }
    drop_doubles(search);
    if (search->fitting.count == 0) {
        return fail_none(search, err);
    }
    if (search->fitting.count > 1) {
        return fail_several(search, err);
    }
    *ret_slot = search->fitting.items[0];
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
    cs_slot_list_done(&search.fitting);
    cs_slot_list_done(&search.others);
    return rc;
}

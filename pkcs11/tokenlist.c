#include "pkcs11/tokenlist.h"

#include "base/mem.h"
#include "pkcs11/ckr.h"
#include "pkcs11/module.h"
#include "pkcs11/profile.h"
#include "pkcs11/slot.h"
#include "pkcs11/uri_internal.h"

#include <stdlib.h>

/* What a flag means to who reads the list. The one that is not set may say something too. */
static const struct flag {
    CK_FLAGS flag;
    const char *set;
    const char *not_set;
} flag_words[] = {
    {CKF_TOKEN_INITIALIZED, "initialised", "not initialised"},
    {CKF_USER_PIN_INITIALIZED, "PIN set", "no PIN"},
    {CKF_LOGIN_REQUIRED, "needs login", "no login needed"},
    {CKF_PROTECTED_AUTHENTICATION_PATH, "own pad", NULL},
    {CKF_WRITE_PROTECTED, "write-protected", NULL},
    {CKF_USER_PIN_LOCKED, "PIN locked", NULL},
    {CKF_USER_PIN_FINAL_TRY, "final try", NULL},
    {CKF_USER_PIN_COUNT_LOW, "wrong PIN counted", NULL},
    {CKF_USER_PIN_TO_BE_CHANGED, "PIN to be changed", NULL},
    {CKF_SO_PIN_LOCKED, "SO PIN locked", NULL},
    {CKF_SO_PIN_FINAL_TRY, "SO PIN: final try", NULL},
    {CKF_SO_PIN_COUNT_LOW, "wrong SO PIN counted", NULL},
    {CKF_SO_PIN_TO_BE_CHANGED, "SO PIN to be changed", NULL},
};

void cs_token_list_done(struct cs_token_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct cs_listed_token *item = &list->items[i];
        cs_token_info_done(&item->info);
        free(item->hardware);
        free(item->firmware);
        cs_strv_done(&item->flags);
    }
    for (size_t i = 0; i < list->failed_count; i++) {
        free(list->failed[i].path);
    }
    free(list->items);
    free(list->failed);
    *list = (struct cs_token_list){0};
}

static char *version(const CK_VERSION *number)
{
    return cs_asprintf("%u.%u", number->major, number->minor);
}

/* Before it is initialised a token is made of nothing: what its fields hold is no answer. */
static void describe(const struct cs_slot *slot, struct cs_listed_token *item)
{
    const CK_TOKEN_INFO *info = &slot->info;

    item->is_initialised = cs_slot_is_initialised(slot);
    item->hardware = version(&info->hardwareVersion);
    item->firmware = version(&info->firmwareVersion);
    item->pin_min = info->ulMinPinLen;
    item->pin_max = info->ulMaxPinLen;
    for (size_t i = 0; i < sizeof flag_words / sizeof *flag_words; i++) {
        const struct flag *flag = &flag_words[i];
        const char *word = info->flags & flag->flag ? flag->set : flag->not_set;
        bool counts = item->is_initialised || flag->flag == CKF_TOKEN_INITIALIZED ||
                      flag->flag == CKF_WRITE_PROTECTED;
        if (word && counts) {
            cs_strv_add(&item->flags, word);
        }
    }
}

static cs_rc add_token(struct cs_slot_library *library, const struct cs_module *module,
                       const struct cs_slot *slot, const char *profile_path,
                       struct cs_token_list *list, struct cs_err *err)
{
    cs_auto_value(cs_profile) profile = {0};

    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    struct cs_listed_token *item = &list->items[list->count++];
    *item = (struct cs_listed_token){.slot = slot->id};
    item->info.module_path = cs_strdup(module->path);
    if (slot->rv != CKR_OK) {
        (void)!cs_fail_ckr(&item->error, CS_E_TOKEN_ABSENT, "C_GetTokenInfo", slot->rv,
                           "the token in slot %lu does not say what it is", slot->id);
        return CS_OK;
    }
    cs_slot_describe(&slot->info, &item->info);
    describe(slot, item);
    const struct cs_profile_token shown = {item->info.manufacturer, item->info.model,
                                           cs_slot_library_words, library};
    CS_TRY(cs_profile_find(profile_path, &shown, &profile, err));
    item->info.profile = cs_strdup(profile.name);
    item->is_untried = profile.is_untried;
    return CS_OK;
}

static cs_rc add_slots(struct cs_watch *watch, const struct cs_module *module,
                       const struct cs_slot_list *slots, const struct cs_token_options *options,
                       struct cs_token_list *list, struct cs_err *err)
{
    cs_auto_value(cs_slot_library) library = {.watch = watch, .functions = module->list};
    bool is_any = !options->uri || !*options->uri;

    for (size_t i = 0; i < slots->count; i++) {
        const struct cs_slot *slot = &slots->items[i];
        /* A token that does not say what it is fits no description. */
        if (!slot->fits && (slot->rv == CKR_OK || !is_any)) {
            list->other_count++;
            continue;
        }
        CS_TRY(add_token(&library, module, slot, options->profile, list, err));
        struct cs_token_info *info = &list->items[list->count - 1].info;
        free(info->uri);
        info->uri = cs_slot_uri(slots->items, slots->count, i);
    }
    return CS_OK;
}

static void add_failed(struct cs_token_list *list, const char *path, const struct cs_err *error)
{
    list->failed = cs_realloc(list->failed, list->failed_count + 1, sizeof *list->failed);
    list->failed[list->failed_count++] =
        (struct cs_listed_module){.path = cs_strdup(path), .error = *error};
}

static cs_rc list_module(struct cs_watch *watch, struct cs_module *module, size_t number,
                         const struct cs_uri *uri, const struct cs_token_options *options,
                         struct cs_token_list *list, struct cs_err *err)
{
    cs_auto_value(cs_slot_list) slots = {0};
    struct cs_err problem = {0};

    cs_rc rc = cs_module_start(watch, module, options->lock_dir, &problem);
    if (rc == CS_OK) {
        rc = cs_slots_read(watch, module, number, uri, &slots, &problem);
    }
    if (rc == CS_OK) {
        rc = add_slots(watch, module, &slots, options, list, err);
    } else {
        add_failed(list, module->path, &problem);
        rc = CS_OK;
    }
    cs_module_stop(watch, module);
    return rc;
}

static cs_rc list_modules(struct cs_watch *watch, const struct cs_token_options *options,
                          struct cs_token_list *list, struct cs_err *err)
{
    cs_auto(cs_uri) uri = NULL;
    struct cs_module_list modules = {0};
    cs_rc rc = CS_OK;

    CS_TRY(cs_uri_parse(options->uri, &uri, err));
    CS_TRY(cs_modules_load(watch, uri, options->module, &modules, err));
    for (size_t i = 0; rc == CS_OK && i < modules.count; i++) {
        rc = list_module(watch, &modules.items[i], i, uri, options, list, err);
    }
    cs_modules_release(watch, &modules);
    return rc;
}

cs_rc cs_token_list_read(const struct cs_token_options *options, struct cs_token_list *ret_list,
                         struct cs_err *err)
{
    cs_auto_value(cs_token_list) list = {0};
    struct cs_watch watch;

    CS_TRY(cs_watch_start(&watch, &options->limits, err));
    cs_rc rc = list_modules(&watch, options, &list, err);
    cs_watch_stop(&watch);
    if (rc == CS_OK) {
        *ret_list = list;
        list = (struct cs_token_list){0};
    }
    return rc;
}

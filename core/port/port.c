#include "port/ca.h"
#include "port/keystore.h"
#include "port/store.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct cs_keystore *cs_keystore_share(struct cs_keystore *store)
{
    store->shares++;
    return store;
}

void cs_keystore_close(struct cs_keystore *store)
{
    if (!store) {
        return;
    }
    if (store->shares) {
        store->shares--;
        return;
    }
    store->ops->close(store);
}

void cs_token_info_done(struct cs_token_info *info)
{
    free(info->uri);
    free(info->label);
    free(info->manufacturer);
    free(info->model);
    free(info->serial);
    free(info->module_path);
    free(info->profile);
    *info = (struct cs_token_info){0};
}

void cs_stray_list_done(struct cs_stray_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].class_name);
        free(list->items[i].label);
    }
    free(list->items);
    *list = (struct cs_stray_list){0};
}

void cs_ca_close(struct cs_ca *ca)
{
    if (ca) {
        ca->ops->close(ca);
    }
}

void cs_ca_answer_done(struct cs_ca_answer *answer)
{
    free(answer->request_id);
    free(answer->handle);
    free(answer->message);
    free(answer->code_name);
    free(answer->hint);
    cs_bytes_done(&answer->certificate);
    cs_bytes_done(&answer->chain);
    *answer = (struct cs_ca_answer){0};
}

void cs_ca_finding_add(struct cs_ca_finding_list *list, bool ok, const char *step,
                       const char *format, ...)
{
    char *detail = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&detail, format, args) < 0) {
        detail = cs_strdup(format);
    }
    va_end(args);
    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct cs_ca_finding){cs_strdup(step), detail, ok};
}

void cs_ca_finding_list_done(struct cs_ca_finding_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].step);
        free(list->items[i].detail);
    }
    free(list->items);
    *list = (struct cs_ca_finding_list){0};
}

struct cs_ca_entry *cs_ca_entry_list_add(struct cs_ca_entry_list *list)
{
    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count] = (struct cs_ca_entry){0};
    return &list->items[list->count++];
}

void cs_ca_entry_list_done(struct cs_ca_entry_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].host);
        free(list->items[i].authority);
        cs_strv_done(&list->items[i].templates);
        cs_strv_done(&list->items[i].urls);
    }
    free(list->items);
    *list = (struct cs_ca_entry_list){0};
}

void cs_key_intent_list_done(struct cs_key_intent_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].token_uri);
    }
    free(list->items);
    *list = (struct cs_key_intent_list){0};
}

const char *cs_use_slot_name(enum cs_use_slot slot)
{
    static const char *const names[CS_USE_COUNT] = {
        [CS_USE_CURRENT] = "current",
        [CS_USE_PREVIOUS] = "previous",
        [CS_USE_STAGED] = "staged",
    };
    return names[slot];
}

void cs_use_done(struct cs_use *use)
{
    free(use->type);
    cs_bytes_done(&use->certificate);
    free(use->token_uri);
    cs_bytes_done(&use->key_id);
    *use = (struct cs_use){0};
}

void cs_use_list_done(struct cs_use_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        cs_use_done(&list->items[i]);
    }
    free(list->items);
    *list = (struct cs_use_list){0};
}

void cs_imported_key_done(struct cs_imported_key *key)
{
    free(key->token_uri);
    cs_bytes_done(&key->certificate);
    *key = (struct cs_imported_key){0};
}

void cs_topology_row_done(struct cs_topology_row *row)
{
    free(row->signature);
    free(row->sha256);
    free(row->documents);
    free(row->json);
    *row = (struct cs_topology_row){0};
}

void cs_open_transfer_list_done(struct cs_open_transfer_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].target);
        free(list->items[i].format);
    }
    free(list->items);
    *list = (struct cs_open_transfer_list){0};
}

void cs_labca_row_done(struct cs_labca_row *row)
{
    free(row->name);
    free(row->token_uri);
    cs_bytes_done(&row->certificate);
    *row = (struct cs_labca_row){0};
}

void cs_labca_request_done(struct cs_labca_request *request)
{
    free(request->ca);
    cs_bytes_done(&request->csr);
    free(request->template_name);
    free(request->account);
    free(request->serial);
    cs_bytes_done(&request->certificate);
    free(request->message);
    *request = (struct cs_labca_request){0};
}

void cs_labca_request_list_done(struct cs_labca_request_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        cs_labca_request_done(&list->items[i]);
    }
    free(list->items);
    *list = (struct cs_labca_request_list){0};
}

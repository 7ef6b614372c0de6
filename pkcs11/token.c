#include "pkcs11/token.h"

#include "base/mem.h"
#include "pkcs11/certlist.h"
#include "pkcs11/certobj.h"
#include "pkcs11/key.h"
#include "pkcs11/object.h"
#include "pkcs11/session.h"
#include "pkcs11/slot.h"
#include "pkcs11/stray.h"
#include "pkcs11/uri_internal.h"
#include "pkcs11/wrap.h"

#include <stdlib.h>
#include <string.h>

/* Every act that writes to the token, or reads what another process may be writing, is one of
 * these. The lock is not kept between acts: a run that waits for a CA or for a person would
 * otherwise keep all others out. A token whose profile says "exclusive" is kept from start to end:
 * then this is a second hold. */
#define LOCKED(token, err, act)                                                                    \
    __extension__({                                                                                \
        cs_rc locked_rc_ = cs_lock_take((token)->lock, CS_LOCK_WAIT_MS, (err));                    \
        if (locked_rc_ == CS_OK) {                                                                 \
            locked_rc_ = (act);                                                                    \
            cs_lock_release((token)->lock);                                                        \
        }                                                                                          \
        locked_rc_;                                                                                \
    })

static const struct cs_token_info *token_info(const struct cs_keystore *store)
{
    return &((const struct cs_token *)store)->info;
}

static cs_rc token_check(struct cs_keystore *store, const struct cs_key_spec *spec, bool exportable,
                         struct cs_err *err)
{
    return cs_keygen_check(cs_token_of(store), spec, exportable, err);
}

static cs_rc token_generate(struct cs_keystore *store, const struct cs_key_request *request,
                            struct cs_key **ret_key, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);
    struct cs_token_key *key = NULL;

    CS_TRY(LOCKED(token, err, cs_keygen_run(token, request, &key, err)));
    *ret_key = &key->base;
    return CS_OK;
}

static cs_rc token_sign(struct cs_keystore *store, struct cs_key *key, enum cs_digest algorithm,
                        const uint8_t *digest, struct cs_bytes *ret_signature, struct cs_err *err)
{
    return cs_sign_digest(cs_token_of(store), cs_token_key_of(key), algorithm, digest,
                          ret_signature, err);
}

static cs_rc token_keep(struct cs_keystore *store, struct cs_key *key, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);

    return LOCKED(token, err, cs_keep_run(token, cs_token_key_of(key), err));
}

static cs_rc token_find(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                        struct cs_key **ret_key, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);
    struct cs_token_key *key = NULL;

    CS_TRY(LOCKED(token, err, cs_key_find(token, id, &key, err)));
    *ret_key = key ? &key->base : NULL;
    return CS_OK;
}

static cs_rc token_put_certificate(struct cs_keystore *store, const struct cs_key *key,
                                   const struct cs_bytes *der, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);
    const struct cs_token_key *own = (const struct cs_token_key *)key;

    return LOCKED(
        token, err,
        cs_certobj_put(token, key->id, CS_KEY_ID_LEN, key->label, der, own->private_key, err));
}

static cs_rc token_put_ca(struct cs_keystore *store, const struct cs_bytes *der, const char *label,
                          struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);

    return LOCKED(token, err, cs_certobj_put_ca(token, der, label, err));
}

static cs_rc token_destroy(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                           size_t *ret_count, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);

    return LOCKED(token, err, cs_object_destroy_keys(token, id, ret_count, err));
}

static cs_rc token_has_certificate(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                                   bool *ret_has, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);

    return LOCKED(token, err, cs_certobj_has(token, id, ret_has, err));
}

static cs_rc token_strays(struct cs_keystore *store, struct cs_stray_list *ret_list,
                          struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);

    return LOCKED(token, err, cs_stray_find(token, ret_list, err));
}

static cs_rc token_remove_stray(struct cs_keystore *store, const char *name, size_t *ret_count,
                                struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);

    return LOCKED(token, err, cs_stray_remove(token, name, ret_count, err));
}

static cs_rc token_find_id(struct cs_keystore *store, const struct cs_bytes *spki,
                           struct cs_bytes *ret_id, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);

    return LOCKED(token, err, cs_certlist_find_id(token, spki, ret_id, err));
}

static cs_rc token_put_certificate_at(struct cs_keystore *store, const struct cs_bytes *id,
                                      const char *label, const struct cs_bytes *der,
                                      struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);

    return LOCKED(token, err, cs_certlist_put_at(token, id, label, der, err));
}

static cs_rc token_each_certificate(struct cs_keystore *store, cs_certificate_fn each, void *ctx,
                                    struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);

    return LOCKED(token, err, cs_certlist_each(token, each, ctx, err));
}

static cs_rc token_export_key(struct cs_keystore *store, struct cs_key *key,
                              struct cs_secret **ret_pkcs8, char **ret_how, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);

    return LOCKED(token, err, cs_wrap_export(token, cs_token_key_of(key), ret_pkcs8, ret_how, err));
}

static cs_rc token_import_key(struct cs_keystore *store, const struct cs_key_request *request,
                              const struct cs_secret *pkcs8, struct cs_key **ret_key,
                              struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);
    struct cs_token_key *key = NULL;

    CS_TRY(LOCKED(token, err, cs_import_run(token, request, pkcs8, &key, err)));
    *ret_key = &key->base;
    return CS_OK;
}

/* A key on its way between two tokens, whose locks are taken one after the other. */
struct carrying {
    struct cs_token *from;
    struct cs_token_key *key;
    struct cs_token *to;
    const struct cs_key_request *request;
    struct cs_token_key *copy;
    char *how;
};

static cs_rc carry(struct carrying *carrying, struct cs_token *locked_last, struct cs_err *err)
{
    return LOCKED(locked_last, err,
                  cs_transfer_run(carrying->from, carrying->key, carrying->to, carrying->request,
                                  &carrying->copy, &carrying->how, err));
}

static cs_rc token_transfer_key(struct cs_keystore *store, struct cs_key *key,
                                struct cs_keystore *target, const struct cs_key_request *request,
                                struct cs_key **ret_key, char **ret_how, struct cs_err *err)
{
    struct carrying carrying = {.from = cs_token_of(store),
                                .key = cs_token_key_of(key),
                                .to = cs_token_of(target),
                                .request = request};

    if (target->ops != store->ops) {
        return cs_fail(err, CS_E_INTERNAL, "a key is copied between PKCS#11 tokens only");
    }
    /* In one order for every process, or two that copy to and fro would wait for each other. */
    bool from_first =
        strcmp(cs_lock_path(carrying.from->lock), cs_lock_path(carrying.to->lock)) < 0;
    struct cs_token *first = from_first ? carrying.from : carrying.to;
    struct cs_token *second = from_first ? carrying.to : carrying.from;
    CS_TRY(LOCKED(first, err, carry(&carrying, second, err)));
    *ret_key = &carrying.copy->base;
    *ret_how = carrying.how;
    return CS_OK;
}

static void token_key_free(struct cs_key *key)
{
    cs_token_key_free(cs_token_key_of(key));
}

static void token_close(struct cs_keystore *store)
{
    struct cs_token *token = cs_token_of(store);

    if (token->evp) {
        token->evp_close(token->evp);
    }
    if (token->session != CK_INVALID_HANDLE) {
        cs_ck(token, C_CloseSession, token->session);
    }
    cs_modules_release(&token->watch, &token->modules);
    cs_watch_stop(&token->watch);
    cs_secret_free(token->pin);
    cs_profile_done(&token->profile);
    cs_token_info_done(&token->info);
    free(token);
}

static const struct cs_keystore_ops token_ops = {
    .info = token_info,
    .check = token_check,
    .generate = token_generate,
    .sign = token_sign,
    .keep = token_keep,
    .find = token_find,
    .put_certificate = token_put_certificate,
    .put_ca_certificate = token_put_ca,
    .destroy = token_destroy,
    .has_certificate = token_has_certificate,
    .strays = token_strays,
    .remove_stray = token_remove_stray,
    .export_key = token_export_key,
    .import_key = token_import_key,
    .transfer_key = token_transfer_key,
    .find_id = token_find_id,
    .put_certificate_at = token_put_certificate_at,
    .each_certificate = token_each_certificate,
    .key_free = token_key_free,
    .close = token_close,
};

static cs_rc set_token(struct cs_token *token, const struct cs_slot *slot, const char *profile,
                       struct cs_err *err)
{
    const CK_TOKEN_INFO *ck = &slot->info;
    struct cs_token_info *info = &token->info;
    struct cs_module *module = &token->modules.items[slot->module];
    cs_auto_value(cs_slot_library) library = {.watch = &token->watch, .functions = module->list};

    token->module = module->list;
    token->lock = &module->lock;
    token->slot = slot->id;
    token->ck_info = *ck;
    cs_slot_describe(ck, info);
    info->module_path = cs_strdup(module->path);
    const struct cs_profile_token shown = {info->manufacturer, info->model, cs_slot_library_words,
                                           &library};
    CS_TRY(cs_profile_find(profile, &shown, &token->profile, err));
    info->profile = cs_strdup(token->profile.name);
    return CS_OK;
}

/* Ends with the lock held if a token was found. */
static cs_rc find_token(struct cs_token *token, const struct cs_token_options *options,
                        struct cs_err *err)
{
    cs_auto(cs_uri) uri = NULL;
    struct cs_slot slot;

    CS_TRY(cs_uri_parse(options->uri, &uri, err));
    CS_TRY(cs_watch_start(&token->watch, &options->limits, err));
    CS_TRY(cs_modules_load(&token->watch, uri, options->module, &token->modules, err));
    CS_TRY(cs_slot_find(&token->watch, &token->modules, uri, options->lock_dir, &slot, err));
    return set_token(token, &slot, options->profile, err);
}

static cs_rc start_session(struct cs_token *token, struct cs_err *err)
{
    CS_TRY(cs_session_open(token, err));
    return cs_session_login(token, err);
}

static void say_what_was_found(struct cs_token *token)
{
    if (token->ui) {
        cs_autofree char *text = cs_asprintf(
            "token %s, module %s, profile %s%s", token->info.uri, token->info.module_path,
            token->info.profile, token->profile.is_untried ? " (not tried on hardware)" : "");
        token->ui->ops->note(token->ui, text);
    }
}

static cs_rc open_token(struct cs_token *token, const struct cs_token_options *options,
                        struct cs_err *err)
{
    CS_TRY(find_token(token, options, err));
    if (!token->profile.is_exclusive) {
        cs_lock_release(token->lock);
    }
    say_what_was_found(token);
    /* Without the lock: somebody may be asked for the PIN. */
    CS_TRY(cs_session_prepare(token, options, err));
    return LOCKED(token, err, start_session(token, err));
}

cs_rc cs_token_open(const struct cs_token_options *options, struct cs_keystore **ret_store,
                    struct cs_err *err)
{
    cs_auto(cs_keystore) store = NULL;
    struct cs_token *token = cs_alloc(1, sizeof *token);

    token->base.ops = &token_ops;
    token->session = CK_INVALID_HANDLE;
    token->ui = options->ui;
    store = &token->base;
    CS_TRY(open_token(token, options, err));
    *ret_store = cs_steal(&store);
    return CS_OK;
}

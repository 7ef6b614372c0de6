#include "pkcs11/token.h"

#include "base/mem.h"
#include "pkcs11/certobj.h"
#include "pkcs11/key.h"
#include "pkcs11/object.h"
#include "pkcs11/session.h"
#include "pkcs11/slot.h"
#include "pkcs11/stray.h"
#include "pkcs11/uri_internal.h"

#include <stdlib.h>

/* Every act that writes to the token, or reads what another process may be writing, is one of
 * these. The lock is not kept between acts: a run that waits for a CA or for a person would
 * otherwise keep all others out. */
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

static void token_key_free(struct cs_key *key)
{
    cs_token_key_free(cs_token_key_of(key));
}

static void info_done(struct cs_token_info *info)
{
    free(info->uri);
    free(info->label);
    free(info->manufacturer);
    free(info->model);
    free(info->serial);
    free(info->module_path);
    free(info->profile);
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
    info_done(&token->info);
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
    .key_free = token_key_free,
    .close = token_close,
};

/* "TPM2.0 Cryptoki": many modules show a token under the name of its chip's maker. */
static char *library_of(void *ctx)
{
    struct cs_token *token = ctx;
    CK_INFO info = {0};

    if (cs_ck(token, C_GetInfo, &info) != CKR_OK) {
        return NULL;
    }
    return cs_slot_text(info.libraryDescription, sizeof info.libraryDescription);
}

static cs_rc set_token(struct cs_token *token, const struct cs_slot *slot, const char *profile,
                       struct cs_err *err)
{
    const CK_TOKEN_INFO *ck = &slot->info;
    struct cs_token_info *info = &token->info;
    struct cs_module *module = &token->modules.items[slot->module];

    token->module = module->list;
    token->lock = &module->lock;
    token->slot = slot->id;
    token->ck_info = *ck;
    info->uri = cs_uri_of_token(ck);
    info->label = cs_slot_text(ck->label, sizeof ck->label);
    info->manufacturer = cs_slot_text(ck->manufacturerID, sizeof ck->manufacturerID);
    info->model = cs_slot_text(ck->model, sizeof ck->model);
    info->serial = cs_slot_text(ck->serialNumber, sizeof ck->serialNumber);
    info->module_path = cs_strdup(module->path);
    const struct cs_profile_token shown = {info->manufacturer, info->model, library_of, token};
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
    cs_lock_release(token->lock);
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

/* An EVP_PKEY whose private operations run on the token, by libp11, which works with the list that
 * lent.c makes for it.
 *
 * libp11's keys may not outlive its context: freeing one later writes to freed memory. Who closes a
 * token with an EVP_PKEY of it still in use somewhere keeps a public key that signs nothing.
 *
 * libp11 takes the public half of an EC key from the first object with its CKA_ID, whatever key
 * that is: it is compared with what the keystore reads. */
#include "base/mem.h"
#include "pkcs11/ckr.h"
#include "pkcs11/evpkey.h"
#include "pkcs11/key.h"
#include "pkcs11/lent.h"
#include "pkcs11/pair.h"

#include <libp11.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ui.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define NO_RAW_RSA                                                                                 \
    "the token has no CKM_RSA_X_509, which OpenSSL needs for RSASSA-PSS, and so for TLS 1.3 with " \
    "an RSA key: use an EC key, or TLS 1.2 with RSA+SHA256"

struct cs_evp {
    struct cs_token *token;
    struct cs_lent lent;
    PKCS11_CTX *ctx;
    bool loaded; /* PKCS11_CTX_load() succeeded */
    PKCS11_SLOT *slots;
    unsigned slot_count;
    UI_METHOD *ui;
    EVP_PKEY **keys; /* that were given away, with a reference of our own to each */
    size_t key_count;
};

/* libp11 asks for a PIN before it calls C_Login for a key with CKA_ALWAYS_AUTHENTICATE; by itself
 * it would ask on the terminal. What it gets here is dropped in lent.c. */
static int answer_nothing(UI *ui, UI_STRING *string)
{
    return UI_set_result(ui, string, "none") == 0;
}

static cs_rc fail(struct cs_evp *evp, const char *what, struct cs_err *err)
{
    unsigned long number = ERR_peek_last_error();
    cs_rc code = CS_E_INTERNAL;

    if (evp->lent.rv != CKR_OK) {
        code = cs_ckr_code(evp->lent.rv);
        cs_err_set(err, code, "%s on the token '%s'", what, evp->token->info.label);
        if (evp->lent.rv == CKR_MECHANISM_INVALID && evp->lent.mechanism == CKM_RSA_X_509) {
            cs_err_hint(err, NO_RAW_RSA);
        }
        cs_err_cause_ckr(err, evp->lent.operation, evp->lent.rv);
    } else {
        cs_err_set(err, code, "%s on the token '%s'", what, evp->token->info.label);
        cs_err_cause(err, CS_ORIGIN_OPENSSL, (int64_t)number, ERR_reason_error_string(number),
                     "libp11");
        cs_err_hint(err, "run with --verbose and report this together with the token's make");
    }
    ERR_clear_error();
    return code;
}

/* In this order: libp11's keys live in the slots, the slots in the context; and sessions that it
 * has forgotten go at the end. */
static void evp_close(struct cs_evp *evp)
{
    for (size_t i = 0; i < evp->key_count; i++) {
        cs_evpkey_disarm(evp->keys[i]);
        EVP_PKEY_free(evp->keys[i]);
    }
    free(evp->keys);
    if (evp->slots) {
        PKCS11_release_all_slots(evp->ctx, evp->slots, evp->slot_count);
    }
    if (evp->loaded) {
        PKCS11_CTX_unload(evp->ctx);
    }
    if (evp->ctx) {
        PKCS11_CTX_free(evp->ctx);
    }
    UI_destroy_method(evp->ui);
    cs_lent_end(&evp->lent);
    free(evp);
}

static cs_rc start_libp11(struct cs_evp *evp, struct cs_err *err)
{
    evp->ctx = PKCS11_CTX_new();
    evp->ui = UI_create_method("cscert");
    if (!evp->ctx || !evp->ui) {
        return fail(evp, "libp11 cannot be started", err);
    }
    UI_method_set_reader(evp->ui, answer_nothing);
    PKCS11_set_ui_method(evp->ctx, evp->ui, NULL);
    if (PKCS11_CTX_load(evp->ctx, "") != 0) {
        return fail(evp, "libp11 cannot use the module", err);
    }
    evp->loaded = true;
    if (PKCS11_enumerate_slots(evp->ctx, &evp->slots, &evp->slot_count) != 0 ||
        evp->slot_count != 1 || !evp->slots[0].token) {
        return fail(evp, "libp11 does not see the slot", err);
    }
    return CS_OK;
}

static cs_rc evp_open(struct cs_token *token, struct cs_err *err)
{
    struct cs_evp *evp = cs_alloc(1, sizeof *evp);

    evp->token = token;
    cs_rc rc = cs_lent_begin(&evp->lent, token, err);
    if (rc == CS_OK) {
        rc = start_libp11(evp, err);
    }
    if (rc != CS_OK) {
        evp_close(evp);
        return rc;
    }
    token->evp = evp;
    token->evp_close = evp_close;
    return CS_OK;
}

/* libp11 keeps the keys of earlier searches in its list. */
static PKCS11_KEY *pick(PKCS11_KEY *keys, unsigned count, const uint8_t id[CS_KEY_ID_LEN],
                        unsigned *ret_matches)
{
    PKCS11_KEY *found = NULL;

    *ret_matches = 0;
    for (unsigned i = 0; i < count; i++) {
        if (keys[i].id_len == CS_KEY_ID_LEN && memcmp(keys[i].id, id, CS_KEY_ID_LEN) == 0) {
            found = &keys[i];
            (*ret_matches)++;
        }
    }
    return found;
}

static cs_rc fail_public(const struct cs_evp *evp, const struct cs_key *key, struct cs_err *err)
{
    cs_autofree char *hex = cs_hex(key->id, CS_KEY_ID_LEN);

    return cs_fail_hint(
        err, CS_E_TOKEN_REFUSED,
        "remove what does not belong to the key, or give it another CKA_ID",
        "another public key or certificate on the token \"%s\" has the CKA_ID %s of "
        "the key",
        evp->token->info.label, hex);
}

/* A private EC key that does not tell its own public half is told from another's by what it signs.
 * A person who must go to a pad for it is not asked to. */
static cs_rc check_half(struct cs_evp *evp, struct cs_key *key, EVP_PKEY *pkey, struct cs_err *err)
{
    bool fits = cs_evpkey_has_public(pkey, &key->spki);

    if (fits && !cs_key_is_rsa(&key->spec) &&
        key->attrs.answer[CS_ATTR_ALWAYS_AUTHENTICATE] != CS_TRUE) {
        CS_TRY(cs_pair_fits(evp->token, key, cs_token_key_of(key)->private_key, &fits, err));
    }
    return fits ? CS_OK : fail_public(evp, key, err);
}

static cs_rc find_key(struct cs_evp *evp, struct cs_key *key, EVP_PKEY **ret_pkey,
                      struct cs_err *err)
{
    PKCS11_KEY *keys = NULL;
    unsigned count = 0;
    unsigned matches;

    if (PKCS11_enumerate_keys(evp->slots[0].token, &keys, &count) != 0) {
        return fail(evp, "libp11 cannot look for the key", err);
    }
    PKCS11_KEY *found = pick(keys, count, key->id, &matches);
    EVP_PKEY *pkey = matches == 1 ? PKCS11_get_private_key(found) : NULL;
    if (!pkey) {
        return fail(evp, matches ? "libp11 cannot use the key" : "libp11 does not see the key",
                    err);
    }
    cs_rc rc = check_half(evp, key, pkey, err);
    if (rc != CS_OK) {
        EVP_PKEY_free(pkey);
        return rc;
    }
    evp->keys = cs_realloc(evp->keys, evp->key_count + 1, sizeof(EVP_PKEY *));
    evp->keys[evp->key_count++] = pkey;
    EVP_PKEY_up_ref(pkey);
    *ret_pkey = pkey;
    return CS_OK;
}

static cs_rc find_own(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                      struct cs_key **ret_key, struct cs_err *err)
{
    struct cs_key *key = NULL;

    CS_TRY(store->ops->find(store, id, &key, err));
    if (!key) {
        cs_autofree char *hex = cs_hex(id, CS_KEY_ID_LEN);
        return cs_fail_hint(err, CS_E_TOKEN_ABSENT, "look for it with `p11tool --list-all`",
                            "no private key on the token \"%s\" has the CKA_ID %s",
                            cs_token_of(store)->info.label, hex);
    }
    *ret_key = key;
    return CS_OK;
}

cs_rc cs_token_evp_pkey(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                        EVP_PKEY **ret_pkey, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);
    struct cs_key *key = NULL;
    bool fresh = !token->evp;

    CS_TRY(find_own(store, id, &key, err));
    cs_rc rc = fresh ? evp_open(token, err) : CS_OK;
    if (rc == CS_OK) {
        token->evp->lent.id = id;
        token->evp->lent.rv = CKR_OK;
        rc = find_key(token->evp, key, ret_pkey, err);
        token->evp->lent.id = NULL;
    }
    if (rc != CS_OK && fresh && token->evp) {
        /* nobody has a key of it yet, and a session that was not there stays in libp11's pool */
        evp_close(token->evp);
        token->evp = NULL;
        token->evp_close = NULL;
    }
    store->ops->key_free(key);
    return rc;
}

cs_rc cs_token_evp_error(struct cs_keystore *store, const char *what, struct cs_err *err)
{
    struct cs_evp *evp = cs_token_of(store)->evp;

    if (!evp) {
        return cs_fail(err, CS_E_INTERNAL, "%s: no key of the token \"%s\" is in use", what,
                       cs_token_of(store)->info.label);
    }
    cs_rc rc = fail(evp, what, err);
    evp->lent.rv = CKR_OK;
    return rc;
}

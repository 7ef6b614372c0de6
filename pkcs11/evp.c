/* An EVP_PKEY whose private operations run on the token, by libp11.
 *
 * libp11 finalises the module it was given and closes all sessions of a slot, so that it must never
 * have the list that our own session works with. It gets a second list of the same module from
 * p11-kit, which counts the users of a module and keeps their sessions apart; the login is the
 * token's and so common to both, and libp11 needs no PIN.
 *
 * libp11 takes a file name only, opens it with dlopen() and asks it for C_GetFunctionList. Of the
 * name "" glibc makes the program itself, so that the C_GetFunctionList below is what it finds; the
 * target cs_pkcs11 has every program that links it export that symbol. The alternative, a shared
 * object of our own, would have to be installed, found and trusted at run time. If the symbol is
 * not ours (a program linked by other means; libp11-kit.so has one too, that of its proxy, which
 * loads every module there is), nothing is begun.
 *
 * The lent list differs from p11-kit's in this:
 * - it shows our slot and token only, as we know them, and a search finds what has the wanted
 *   CKA_ID: libp11 0.4.12 looks into every slot and reads every key;
 * - C_OpenSession never fails: libp11 before 0.4.14 then waits for ever (OpenSC/libp11 pull request
 *   579). It gets a session that does not exist, and its next call fails with our error;
 * - C_Login does nothing but answer for a key with CKA_ALWAYS_AUTHENTICATE, with the PIN that we
 *   have and libp11 never sees;
 * - the calls that can take time are watched as all our calls are.
 *
 * These functions get no pointer of ours, so that one store at a time can have EVP_PKEYs. */
#include "base/mem.h"
#include "pkcs11/ckr.h"
#include "pkcs11/token_internal.h"

#include <dlfcn.h>
#include <libp11.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ui.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

/* More than libp11 puts into a template for a search; a longer one would not be narrowed. */
#define TEMPLATE_MAX 8

struct cs_evp {
    struct cs_token *token;
    CK_FUNCTION_LIST **modules; /* that @module is in; NULL: it was loaded by its path */
    CK_FUNCTION_LIST *module;
    CK_FUNCTION_LIST lent;
    PKCS11_CTX *ctx;
    bool loaded; /* PKCS11_CTX_load() succeeded */
    PKCS11_SLOT *slots;
    unsigned slot_count;
    UI_METHOD *ui;
    const uint8_t *id;     /* what searches are narrowed to; NULL: nothing */
    pthread_mutex_t mutex; /* one call on the token at a time: OpenSSL may sign in several threads,
                              and the watchdog knows one call */
    CK_RV rv;              /* of the last call that failed by itself */
    const char *operation;
};

static struct cs_evp *active;

static void begin(const char *operation)
{
    pthread_mutex_lock(&active->mutex);
    cs_watch_begin(&active->token->watch, operation, CS_LIMIT_CALL);
}

static CK_RV end(const char *operation, CK_RV rv)
{
    bool consequence = rv == CKR_SESSION_HANDLE_INVALID && active->rv != CKR_OK;

    cs_watch_end(&active->token->watch);
    if (rv != CKR_OK && !consequence) {
        active->rv = rv;
        active->operation = operation;
    }
    pthread_mutex_unlock(&active->mutex);
    return rv;
}

#define LENT(name, params, args)                                                                   \
    static CK_RV lent_##name params                                                                \
    {                                                                                              \
        begin(#name);                                                                              \
        return end(#name, active->module->name args);                                              \
    }
LENT(C_FindObjects, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *a, CK_ULONG b, CK_ULONG *c),
     (s, a, b, c))
LENT(C_GetAttributeValue, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE a, CK_ATTRIBUTE *b, CK_ULONG c),
     (s, a, b, c))
LENT(C_SignInit, (CK_SESSION_HANDLE s, CK_MECHANISM *a, CK_OBJECT_HANDLE b), (s, a, b))
LENT(C_Sign, (CK_SESSION_HANDLE s, CK_BYTE *a, CK_ULONG b, CK_BYTE *c, CK_ULONG *d),
     (s, a, b, c, d))
LENT(C_DecryptInit, (CK_SESSION_HANDLE s, CK_MECHANISM *a, CK_OBJECT_HANDLE b), (s, a, b))
LENT(C_Decrypt, (CK_SESSION_HANDLE s, CK_BYTE *a, CK_ULONG b, CK_BYTE *c, CK_ULONG *d),
     (s, a, b, c, d))

static CK_RV lent_C_GetSlotList(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count)
{
    bool room = *count >= 1;

    (void)present;
    *count = 1;
    if (!slots) {
        return CKR_OK;
    }
    if (!room) {
        return CKR_BUFFER_TOO_SMALL;
    }
    slots[0] = active->token->slot;
    return CKR_OK;
}

/* These two say what is known: libp11 leaks its slot when they fail. */
static CK_RV lent_C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
    (void)slot;
    *info = (CK_SLOT_INFO){.flags = CKF_TOKEN_PRESENT};
    memset(info->slotDescription, ' ', sizeof info->slotDescription);
    memset(info->manufacturerID, ' ', sizeof info->manufacturerID);
    return CKR_OK;
}

static CK_RV lent_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    (void)slot;
    *info = active->token->ck_info;
    return CKR_OK;
}

static CK_RV lent_C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application,
                                CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
    begin("C_OpenSession");
    CK_RV rv = active->module->C_OpenSession(slot, flags, application, notify, session);
    if (end("C_OpenSession", rv) != CKR_OK) {
        *session = CK_INVALID_HANDLE;
    }
    return CKR_OK;
}

static CK_RV lent_C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template,
                                    CK_ULONG count)
{
    CK_ATTRIBUTE narrowed[TEMPLATE_MAX + 1];
    bool has_id = !active->id || count > TEMPLATE_MAX;

    for (CK_ULONG i = 0; i < count && !has_id; i++) {
        narrowed[i] = template[i];
        has_id = template[i].type == CKA_ID;
    }
    if (!has_id) {
        /* CK_ATTRIBUTE has no const; a search template is only read. */
        void *id = (void *)(uintptr_t)active->id;
        narrowed[count++] = (CK_ATTRIBUTE){CKA_ID, id, CS_KEY_ID_LEN};
        template = narrowed;
    }
    begin("C_FindObjectsInit");
    return end("C_FindObjectsInit", active->module->C_FindObjectsInit(session, template, count));
}

struct again {
    CK_SESSION_HANDLE session;
    CK_RV rv;
};

static cs_rc log_in_again(void *ctx, const unsigned char *pin, size_t len, struct cs_err *err)
{
    struct again *again = ctx;

    (void)err;
    again->rv = active->module->C_Login(again->session, CKU_CONTEXT_SPECIFIC,
                                        (CK_BYTE *)(uintptr_t)pin, (CK_ULONG)len);
    return CS_OK;
}

static CK_RV lent_C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin,
                          CK_ULONG pin_len)
{
    struct again again = {session, CKR_OK};

    (void)pin;
    (void)pin_len;
    if (user != CKU_CONTEXT_SPECIFIC) {
        return CKR_USER_ALREADY_LOGGED_IN;
    }
    pthread_mutex_lock(&active->mutex);
    cs_watch_begin(&active->token->watch, "C_Login", CS_LIMIT_LOGIN);
    if (!active->token->pin || active->token->has_pad) {
        again.rv = active->module->C_Login(session, user, NULL, 0);
    } else if (cs_secret_lend(active->token->pin, log_in_again, &again, NULL) != CS_OK) {
        again.rv = CKR_GENERAL_ERROR;
    }
    return end("C_Login", again.rv);
}

/* Found by libp11 through dlopen(""); see above. */
__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    if (!active || !list) {
        return CKR_GENERAL_ERROR;
    }
    *list = &active->lent;
    return CKR_OK;
}

/* libp11 asks for a PIN before it calls C_Login for a key with CKA_ALWAYS_AUTHENTICATE; by itself
 * it would ask on the terminal. What it gets here is dropped by lent_C_Login(). */
static int answer_nothing(UI *ui, UI_STRING *string)
{
    return UI_set_result(ui, string, "none") == 0;
}

static cs_rc fail(struct cs_evp *evp, const char *what, struct cs_err *err)
{
    unsigned long number = ERR_peek_last_error();
    cs_rc code = CS_E_INTERNAL;

    if (evp->rv != CKR_OK) {
        code = cs_ckr_code(evp->rv);
        cs_err_set(err, code, "%s on the token '%s'", what, evp->token->info.label);
        cs_err_cause_ckr(err, evp->operation, evp->rv);
    } else {
        cs_err_set(err, code, "%s on the token '%s'", what, evp->token->info.label);
        cs_err_cause(err, CS_ORIGIN_OPENSSL, (int64_t)number, ERR_reason_error_string(number),
                     "libp11");
        cs_err_hint(err, "run with --verbose and report this together with the token's make");
    }
    ERR_clear_error();
    return code;
}

/* A list of its own of the module that the token is in: by its path, or out of p11-kit's
 * configuration, which may hold arguments that a path does not. */
static CK_FUNCTION_LIST *second_list(struct cs_evp *evp)
{
    CK_FUNCTION_LIST *first = evp->token->module;

    if (!evp->token->modules.loaded) {
        cs_autofree char *path = p11_kit_module_get_filename(first);
        return path ? p11_kit_module_load(path, 0) : NULL;
    }
    cs_autofree char *name = p11_kit_module_get_name(first);
    evp->modules = p11_kit_modules_load(NULL, 0);
    return name && evp->modules ? p11_kit_module_for_name(evp->modules, name) : NULL;
}

static void lend(struct cs_evp *evp)
{
    evp->lent = *evp->module;
    evp->lent.C_GetFunctionList = C_GetFunctionList;
    evp->lent.C_GetSlotList = lent_C_GetSlotList;
    evp->lent.C_GetSlotInfo = lent_C_GetSlotInfo;
    evp->lent.C_GetTokenInfo = lent_C_GetTokenInfo;
    evp->lent.C_OpenSession = lent_C_OpenSession;
    evp->lent.C_Login = lent_C_Login;
    evp->lent.C_FindObjectsInit = lent_C_FindObjectsInit;
    evp->lent.C_FindObjects = lent_C_FindObjects;
    evp->lent.C_GetAttributeValue = lent_C_GetAttributeValue;
    evp->lent.C_SignInit = lent_C_SignInit;
    evp->lent.C_Sign = lent_C_Sign;
    evp->lent.C_DecryptInit = lent_C_DecryptInit;
    evp->lent.C_Decrypt = lent_C_Decrypt;
}

/* In this order: libp11's keys live in the slots, the slots in the context, and its sessions in the
 * list that is released last. */
static void evp_close(struct cs_evp *evp)
{
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
    if (evp->modules) {
        p11_kit_modules_release(evp->modules);
    } else if (evp->module) {
        p11_kit_module_release(evp->module);
    }
    pthread_mutex_destroy(&evp->mutex);
    active = NULL;
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
    CK_RV (*exported)(CK_FUNCTION_LIST **) = NULL;

    *(void **)&exported = dlsym(RTLD_DEFAULT, "C_GetFunctionList");
    if (exported != C_GetFunctionList) {
        return cs_fail_hint(err, CS_E_INTERNAL,
                            "link it as cscert is linked, with the CMake target cs_pkcs11",
                            "this program does not export C_GetFunctionList for libp11");
    }
    if (active) {
        return cs_fail_hint(err, CS_E_INTERNAL, "close that token first",
                            "a key of the token '%s' is in use by OpenSSL already",
                            active->token->info.label);
    }
    struct cs_evp *evp = cs_alloc(1, sizeof *evp);
    evp->token = token;
    pthread_mutex_init(&evp->mutex, NULL);
    active = evp;
    evp->module = second_list(evp);
    if (!evp->module) {
        cs_err_set(err, CS_E_INTERNAL, "the module '%s' cannot be loaded a second time: %s",
                   token->info.module_path, p11_kit_message());
        evp_close(evp);
        return CS_E_INTERNAL;
    }
    lend(evp);
    cs_rc rc = start_libp11(evp, err);
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

static cs_rc find_key(struct cs_evp *evp, const uint8_t id[CS_KEY_ID_LEN], EVP_PKEY **ret_pkey,
                      struct cs_err *err)
{
    cs_autofree char *hex = cs_hex(id, CS_KEY_ID_LEN);
    PKCS11_KEY *keys = NULL;
    unsigned count = 0;
    unsigned matches;

    if (PKCS11_enumerate_keys(evp->slots[0].token, &keys, &count) != 0) {
        return fail(evp, "libp11 cannot look for the key", err);
    }
    PKCS11_KEY *key = pick(keys, count, id, &matches);
    if (matches != 1) {
        return cs_fail_hint(err, matches ? CS_E_TOKEN_REFUSED : CS_E_TOKEN_ABSENT,
                            matches ? "remove or rename the other key"
                                    : "look for it with `p11tool --list-all`",
                            "%u private keys on the token '%s' have the CKA_ID %s", matches,
                            evp->token->info.label, hex);
    }
    EVP_PKEY *pkey = PKCS11_get_private_key(key);
    /* Of an EC key without its public half libp11 makes one that cannot be used. */
    if (!pkey || i2d_PUBKEY(pkey, NULL) <= 0) {
        EVP_PKEY_free(pkey);
        return fail(evp, "libp11 cannot use the key", err);
    }
    *ret_pkey = pkey;
    return CS_OK;
}

cs_rc cs_token_evp_pkey(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                        EVP_PKEY **ret_pkey, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);
    bool fresh = !token->evp;

    if (fresh) {
        CS_TRY(evp_open(token, err));
    }
    token->evp->id = id;
    token->evp->rv = CKR_OK;
    cs_rc rc = find_key(token->evp, id, ret_pkey, err);
    token->evp->id = NULL;
    if (rc != CS_OK && fresh) {
        /* nobody has a key of it yet, and a session that was not there stays in libp11's pool */
        evp_close(token->evp);
        token->evp = NULL;
        token->evp_close = NULL;
    }
    return rc;
}

/* libp11 finalises the module it was given and closes all sessions of a slot, so that it must never
 * have the list that our own session works with. A second list of the same module, from p11-kit,
 * would do for most modules; but one that is a connection (p11-kit-client.so) makes a new one for
 * each list, and there nobody is logged in. So libp11 gets our list with these calls replaced:
 *
 * - C_Initialize and C_Finalize do nothing, C_CloseAllSessions closes what libp11 has opened;
 * - it shows our slot and token only, as we know them, and a search finds what has the wanted
 *   CKA_ID: libp11 0.4.12 looks into every slot and reads every key;
 * - C_OpenSession never fails: libp11 before 0.4.14 then waits for ever (OpenSC/libp11 pull request
 *   579). It gets a session that does not exist, and its next call fails with our error;
 * - C_Login does nothing but answer for a key with CKA_ALWAYS_AUTHENTICATE, with the PIN that we
 *   have and libp11 never sees;
 * - the calls that can take time are watched as all our calls are.
 *
 * libp11 takes a file name only, opens it with dlopen() and asks it for C_GetFunctionList. Of the
 * name "" glibc makes the program itself, so that the C_GetFunctionList below is what it finds; the
 * target cs_pkcs11 has every program that links it export that symbol. The alternative, a shared
 * object of our own, would have to be installed, found and trusted at run time. If the symbol is
 * not ours (a program linked by other means; libp11-kit.so has one too, that of its proxy, which
 * loads every module there is), nothing is begun.
 *
 * These functions get no pointer of ours, so that one token at a time can be lent. */
#include "pkcs11/lent.h"

#include "base/mem.h"
#include "pkcs11/ckr.h"
#include "pkcs11/session.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* More than libp11 puts into a template for a search; a longer one would not be narrowed. */
#define TEMPLATE_MAX 8

static struct cs_lent *active;

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
        return end(#name, active->token->module->name args);                                       \
    }
LENT(C_FindObjects, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *a, CK_ULONG b, CK_ULONG *c),
     (s, a, b, c))
LENT(C_GetAttributeValue, (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE a, CK_ATTRIBUTE *b, CK_ULONG c),
     (s, a, b, c))
LENT(C_Sign, (CK_SESSION_HANDLE s, CK_BYTE *a, CK_ULONG b, CK_BYTE *c, CK_ULONG *d),
     (s, a, b, c, d))
LENT(C_Decrypt, (CK_SESSION_HANDLE s, CK_BYTE *a, CK_ULONG b, CK_BYTE *c, CK_ULONG *d),
     (s, a, b, c, d))

static CK_RV lent_C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                             CK_OBJECT_HANDLE key)
{
    begin("C_SignInit");
    active->mechanism = mechanism->mechanism;
    return end("C_SignInit", active->token->module->C_SignInit(session, mechanism, key));
}

static CK_RV lent_C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                CK_OBJECT_HANDLE key)
{
    begin("C_DecryptInit");
    active->mechanism = mechanism->mechanism;
    return end("C_DecryptInit", active->token->module->C_DecryptInit(session, mechanism, key));
}

static CK_RV lent_C_Initialize(void *args)
{
    (void)args;
    return CKR_OK;
}

static CK_RV lent_C_Finalize(void *reserved)
{
    (void)reserved;
    return CKR_OK;
}

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
    CK_RV rv = active->token->module->C_OpenSession(slot, flags, application, notify, session);
    if (rv == CKR_OK) {
        size_t count = ++active->session_count;
        active->sessions = cs_realloc(active->sessions, count, sizeof *active->sessions);
        active->sessions[count - 1] = *session;
    } else {
        *session = CK_INVALID_HANDLE;
    }
    end("C_OpenSession", rv);
    return CKR_OK;
}

static CK_RV lent_C_CloseSession(CK_SESSION_HANDLE session)
{
    CK_RV rv = CKR_SESSION_HANDLE_INVALID;

    begin("C_CloseSession");
    for (size_t i = 0; i < active->session_count; i++) {
        if (active->sessions[i] == session) {
            active->sessions[i] = active->sessions[--active->session_count];
            rv = active->token->module->C_CloseSession(session);
            break;
        }
    }
    return end("C_CloseSession", rv);
}

static CK_RV lent_C_CloseAllSessions(CK_SLOT_ID slot)
{
    (void)slot;
    while (active->session_count) {
        lent_C_CloseSession(active->sessions[0]);
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
    return end("C_FindObjectsInit",
               active->token->module->C_FindObjectsInit(session, template, count));
}

static CK_RV lent_C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin,
                          CK_ULONG pin_len)
{
    struct cs_err err = {0};
    CK_RV rv = CKR_OK;

    (void)pin;
    (void)pin_len;
    if (user != CKU_CONTEXT_SPECIFIC) {
        return CKR_USER_ALREADY_LOGGED_IN;
    }
    pthread_mutex_lock(&active->mutex);
    if (cs_session_login_in(active->token, session, &err) != CS_OK) {
        rv = cs_ckr_of(&err);
        rv = rv == CKR_OK ? CKR_USER_NOT_LOGGED_IN : rv;
    }
    return end("C_Login", rv);
}

/* Found by libp11 through dlopen(""); see above. */
__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    if (!active || !list) {
        return CKR_GENERAL_ERROR;
    }
    *list = &active->list;
    return CKR_OK;
}

static bool is_exported(void)
{
    CK_RV (*exported)(CK_FUNCTION_LIST **) = NULL;

    *(void **)&exported = dlsym(RTLD_DEFAULT, "C_GetFunctionList");
    return exported == C_GetFunctionList;
}

static void replace_calls(CK_FUNCTION_LIST *list)
{
    list->C_GetFunctionList = C_GetFunctionList;
    list->C_Initialize = lent_C_Initialize;
    list->C_Finalize = lent_C_Finalize;
    list->C_GetSlotList = lent_C_GetSlotList;
    list->C_GetSlotInfo = lent_C_GetSlotInfo;
    list->C_GetTokenInfo = lent_C_GetTokenInfo;
    list->C_OpenSession = lent_C_OpenSession;
    list->C_CloseSession = lent_C_CloseSession;
    list->C_CloseAllSessions = lent_C_CloseAllSessions;
    list->C_Login = lent_C_Login;
    list->C_FindObjectsInit = lent_C_FindObjectsInit;
    list->C_FindObjects = lent_C_FindObjects;
    list->C_GetAttributeValue = lent_C_GetAttributeValue;
    list->C_SignInit = lent_C_SignInit;
    list->C_Sign = lent_C_Sign;
    list->C_DecryptInit = lent_C_DecryptInit;
    list->C_Decrypt = lent_C_Decrypt;
}

cs_rc cs_lent_begin(struct cs_lent *lent, struct cs_token *token, struct cs_err *err)
{
    if (!is_exported()) {
        return cs_fail_hint(err, CS_E_INTERNAL,
                            "link it as cscert is linked, with the CMake target cs_pkcs11",
                            "this program does not export C_GetFunctionList for libp11");
    }
    if (active) {
        return cs_fail_hint(err, CS_E_INTERNAL, "close that token first",
                            "a key of the token '%s' is in use by OpenSSL already",
                            active->token->info.label);
    }
    *lent = (struct cs_lent){.token = token, .list = *token->module};
    replace_calls(&lent->list);
    pthread_mutex_init(&lent->mutex, NULL);
    active = lent;
    return CS_OK;
}

void cs_lent_end(struct cs_lent *lent)
{
    if (active == lent) {
        lent_C_CloseAllSessions(lent->token->slot);
        free(lent->sessions);
        pthread_mutex_destroy(&lent->mutex);
        active = NULL;
    }
}

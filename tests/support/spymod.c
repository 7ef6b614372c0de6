/* spymod.so: a PKCS#11 module that passes everything on to the module in $CS_SPY_MODULE and on the
 * way counts, fails, writes down, measures, and plays poor tokens.
 *
 *   CS_SPY_COUNTS=FILE  when the module is finalised, and for what came later when it is unloaded:
 *                       lines "FUNCTION CALLS". To be added up; several processes may share a file.
 *   CS_SPY_CPU=FILE     at the same moments: lines "FUNCTION CALLS MILLISECONDS" of CPU of the
 *                       calling threads, with a line "dlopen" for loading the module, and at the
 * end "TOTAL 1 MILLISECONDS" for the whole process. CS_SPY_LOG=FILE     at once: lines "PID
 * FUNCTION NTH RESULT", RESULT a CKR in hexadecimal or, before it acts, the word of a fault. Never
 * an argument: no PIN gets there. CS_SPY_FAULT=LIST   FUNCTION:NTH:ACTION or FUNCTION:NTH+:ACTION
 * (that call and all later ones), between commas. FUNCTION * is any, NTH then counts all calls
 * together. ACTION is 0x30        (any number) fails so without calling the module lie calls it,
 * then says CKR_DEVICE_ERROR lie-0x31    calls it, then says that hang        never comes back slow
 * sleeps $CS_SPY_SLEEP milliseconds (1000), then calls it kill        kills the process instead of
 * the call crash       SIGSEGV instead of the call after-kill  kills it after the call
 * CS_SPY_TRAITS=LIST  poor tokens: see spytraits.c.
 *
 * Everything is read at each call, so that a test can change it between two. */
#include "support/spytraits.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define OBJ    CK_OBJECT_HANDLE
#define SES    CK_SESSION_HANDLE s
#define IN     CK_BYTE *
#define MECH   CK_MECHANISM *
#define ATTRS  CK_ATTRIBUTE *
#define LEN    CK_ULONG
#define OUTLEN CK_ULONG *
#define REAL   cs_spy_real

/* clang-format off: one row a function, X(name, parameters, who does it, arguments) */
#define SPY_FUNCTIONS(X)                                                                           \
    X(C_Initialize, (void *a), REAL->C_Initialize, (a))                                            \
    X(C_Finalize, (void *a), REAL->C_Finalize, (a))                                                \
    X(C_GetInfo, (CK_INFO * a), REAL->C_GetInfo, (a))                                              \
    X(C_GetSlotList, (CK_BBOOL a, CK_SLOT_ID * b, OUTLEN c), cs_poor_slot_list, (a, b, c))         \
    X(C_GetSlotInfo, (CK_SLOT_ID a, CK_SLOT_INFO * b), REAL->C_GetSlotInfo, (CS_SPY_SLOT(a), b))   \
    X(C_GetTokenInfo, (CK_SLOT_ID a, CK_TOKEN_INFO * b), cs_poor_token_info, (a, b))               \
    X(C_GetMechanismList, (CK_SLOT_ID a, CK_MECHANISM_TYPE * b, OUTLEN c), cs_poor_mechanism_list, \
      (a, b, c))                                                                                   \
    X(C_GetMechanismInfo, (CK_SLOT_ID a, CK_MECHANISM_TYPE b, CK_MECHANISM_INFO * c),              \
      cs_poor_mechanism_info, (a, b, c))                                                           \
    X(C_InitToken, (CK_SLOT_ID a, IN b, LEN c, IN d), REAL->C_InitToken,                           \
      (CS_SPY_SLOT(a), b, c, d))                                                                   \
    X(C_InitPIN, (SES, IN a, LEN b), REAL->C_InitPIN, (s, a, b))                                   \
    X(C_SetPIN, (SES, IN a, LEN b, IN c, LEN d), REAL->C_SetPIN, (s, a, b, c, d))                  \
    X(C_OpenSession, (CK_SLOT_ID a, CK_FLAGS b, void *c, CK_NOTIFY d, CK_SESSION_HANDLE *e),       \
      cs_poor_open_session, (a, b, c, d, e))                                                       \
    X(C_CloseSession, (SES), REAL->C_CloseSession, (s))                                            \
    X(C_CloseAllSessions, (CK_SLOT_ID a), REAL->C_CloseAllSessions, (CS_SPY_SLOT(a)))              \
    X(C_GetSessionInfo, (SES, CK_SESSION_INFO * a), REAL->C_GetSessionInfo, (s, a))                \
    X(C_GetOperationState, (SES, IN a, OUTLEN b), REAL->C_GetOperationState, (s, a, b))            \
    X(C_SetOperationState, (SES, IN a, LEN b, OBJ c, OBJ d), REAL->C_SetOperationState,            \
      (s, a, b, c, d))                                                                             \
    X(C_Login, (SES, CK_USER_TYPE a, IN b, LEN c), cs_poor_login, (s, a, b, c))                    \
    X(C_Logout, (SES), REAL->C_Logout, (s))                                                        \
    X(C_CreateObject, (SES, ATTRS a, LEN b, OBJ * c), REAL->C_CreateObject, (s, a, b, c))          \
    X(C_CopyObject, (SES, OBJ a, ATTRS b, LEN c, OBJ * d), REAL->C_CopyObject, (s, a, b, c, d))    \
    X(C_DestroyObject, (SES, OBJ a), REAL->C_DestroyObject, (s, a))                                \
    X(C_GetObjectSize, (SES, OBJ a, OUTLEN b), REAL->C_GetObjectSize, (s, a, b))                   \
    X(C_GetAttributeValue, (SES, OBJ a, ATTRS b, LEN c), cs_poor_get_attributes, (s, a, b, c))     \
    X(C_SetAttributeValue, (SES, OBJ a, ATTRS b, LEN c), REAL->C_SetAttributeValue, (s, a, b, c))  \
    X(C_FindObjectsInit, (SES, ATTRS a, LEN b), REAL->C_FindObjectsInit, (s, a, b))                \
    X(C_FindObjects, (SES, OBJ * a, LEN b, OUTLEN c), REAL->C_FindObjects, (s, a, b, c))           \
    X(C_FindObjectsFinal, (SES), REAL->C_FindObjectsFinal, (s))                                    \
    X(C_EncryptInit, (SES, MECH a, OBJ b), REAL->C_EncryptInit, (s, a, b))                         \
    X(C_Encrypt, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_Encrypt, (s, a, b, c, d))             \
    X(C_EncryptUpdate, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_EncryptUpdate, (s, a, b, c, d)) \
    X(C_EncryptFinal, (SES, IN a, OUTLEN b), REAL->C_EncryptFinal, (s, a, b))                      \
    X(C_DecryptInit, (SES, MECH a, OBJ b), REAL->C_DecryptInit, (s, a, b))                         \
    X(C_Decrypt, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_Decrypt, (s, a, b, c, d))             \
    X(C_DecryptUpdate, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_DecryptUpdate, (s, a, b, c, d)) \
    X(C_DecryptFinal, (SES, IN a, OUTLEN b), REAL->C_DecryptFinal, (s, a, b))                      \
    X(C_DigestInit, (SES, MECH a), REAL->C_DigestInit, (s, a))                                     \
    X(C_Digest, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_Digest, (s, a, b, c, d))               \
    X(C_DigestUpdate, (SES, IN a, LEN b), REAL->C_DigestUpdate, (s, a, b))                         \
    X(C_DigestKey, (SES, OBJ a), REAL->C_DigestKey, (s, a))                                        \
    X(C_DigestFinal, (SES, IN a, OUTLEN b), REAL->C_DigestFinal, (s, a, b))                        \
    X(C_SignInit, (SES, MECH a, OBJ b), cs_poor_sign_init, (s, a, b))                              \
    X(C_Sign, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_Sign, (s, a, b, c, d))                   \
    X(C_SignUpdate, (SES, IN a, LEN b), REAL->C_SignUpdate, (s, a, b))                             \
    X(C_SignFinal, (SES, IN a, OUTLEN b), REAL->C_SignFinal, (s, a, b))                            \
    X(C_SignRecoverInit, (SES, MECH a, OBJ b), REAL->C_SignRecoverInit, (s, a, b))                 \
    X(C_SignRecover, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_SignRecover, (s, a, b, c, d))     \
    X(C_VerifyInit, (SES, MECH a, OBJ b), REAL->C_VerifyInit, (s, a, b))                           \
    X(C_Verify, (SES, IN a, LEN b, IN c, LEN d), REAL->C_Verify, (s, a, b, c, d))                  \
    X(C_VerifyUpdate, (SES, IN a, LEN b), REAL->C_VerifyUpdate, (s, a, b))                         \
    X(C_VerifyFinal, (SES, IN a, LEN b), REAL->C_VerifyFinal, (s, a, b))                           \
    X(C_VerifyRecoverInit, (SES, MECH a, OBJ b), REAL->C_VerifyRecoverInit, (s, a, b))             \
    X(C_VerifyRecover, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_VerifyRecover, (s, a, b, c, d)) \
    X(C_DigestEncryptUpdate, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_DigestEncryptUpdate,      \
      (s, a, b, c, d))                                                                             \
    X(C_DecryptDigestUpdate, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_DecryptDigestUpdate,      \
      (s, a, b, c, d))                                                                             \
    X(C_SignEncryptUpdate, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_SignEncryptUpdate,          \
      (s, a, b, c, d))                                                                             \
    X(C_DecryptVerifyUpdate, (SES, IN a, LEN b, IN c, OUTLEN d), REAL->C_DecryptVerifyUpdate,      \
      (s, a, b, c, d))                                                                             \
    X(C_GenerateKey, (SES, MECH a, ATTRS b, LEN c, OBJ * d), REAL->C_GenerateKey, (s, a, b, c, d)) \
    X(C_GenerateKeyPair, (SES, MECH a, ATTRS b, LEN c, ATTRS d, LEN e, OBJ * f, OBJ * g),          \
      cs_poor_generate_pair, (s, a, b, c, d, e, f, g))                                             \
    X(C_WrapKey, (SES, MECH a, OBJ b, OBJ c, IN d, OUTLEN e), REAL->C_WrapKey, (s, a, b, c, d, e)) \
    X(C_UnwrapKey, (SES, MECH a, OBJ b, IN c, LEN d, ATTRS e, LEN f, OBJ * g), REAL->C_UnwrapKey,  \
      (s, a, b, c, d, e, f, g))                                                                    \
    X(C_DeriveKey, (SES, MECH a, OBJ b, ATTRS c, LEN d, OBJ * e), REAL->C_DeriveKey,               \
      (s, a, b, c, d, e))                                                                          \
    X(C_SeedRandom, (SES, IN a, LEN b), REAL->C_SeedRandom, (s, a, b))                             \
    X(C_GenerateRandom, (SES, IN a, LEN b), REAL->C_GenerateRandom, (s, a, b))                     \
    X(C_GetFunctionStatus, (SES), REAL->C_GetFunctionStatus, (s))                                  \
    X(C_CancelFunction, (SES), REAL->C_CancelFunction, (s))                                        \
    X(C_WaitForSlotEvent, (CK_FLAGS a, CK_SLOT_ID * b, void *c), REAL->C_WaitForSlotEvent,         \
      (a, b, c))
/* clang-format on */

enum function {
#define SPY_ENUM(name, params, callee, args) NO_##name,
    SPY_FUNCTIONS(SPY_ENUM)
#undef SPY_ENUM
        FUNCTIONS
};

static const char *const function_names[] = {
#define SPY_NAME(name, params, callee, args) #name,
    SPY_FUNCTIONS(SPY_NAME)
#undef SPY_NAME
};

enum verdict { PASS, FAIL, LIE, KILL_AFTER };

struct call {
    enum function function;
    enum verdict verdict;
    unsigned nth;
    CK_RV rv; /* to report instead of the module's */
    double begun;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* What is not written yet, and the running numbers that faults are told by. */
static struct {
    pid_t pid; /* whose calls these are: a forked child begins at 0 */
    unsigned calls[FUNCTIONS];
    double milliseconds[FUNCTIONS];
    double loading;
    unsigned numbers[FUNCTIONS];
    unsigned all;
} state;

static double milliseconds(clockid_t clock)
{
    struct timespec now = {0};

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* One write for one line, so that lines of several threads and processes do not mix. */
static void append(const char *variable, const char *line, int len)
{
    const char *path = getenv(variable);
    int fd = path && *path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

    if (fd >= 0) {
        if (write(fd, line, (size_t)len) != len) {
            abort();
        }
        close(fd);
    }
}

static void write_log(const struct call *call, const char *word, CK_RV rv)
{
    char result[32];
    char line[128];

    snprintf(result, sizeof result, "0x%lx", rv);
    append("CS_SPY_LOG", line,
           snprintf(line, sizeof line, "%d %s %u %s\n", (int)getpid(),
                    function_names[call->function], call->nth, word ? word : result));
}

static void write_totals(void)
{
    char line[128];

    if (state.pid != getpid()) {
        return;
    }
    if (state.loading > 0) {
        append("CS_SPY_CPU", line, snprintf(line, sizeof line, "dlopen 1 %.3f\n", state.loading));
        state.loading = 0;
    }
    for (size_t i = 0; i < FUNCTIONS; i++) {
        if (state.calls[i] > 0) {
            append("CS_SPY_COUNTS", line,
                   snprintf(line, sizeof line, "%s %u\n", function_names[i], state.calls[i]));
            append("CS_SPY_CPU", line,
                   snprintf(line, sizeof line, "%s %u %.3f\n", function_names[i], state.calls[i],
                            state.milliseconds[i]));
        }
        state.calls[i] = 0;
        state.milliseconds[i] = 0;
    }
}

static __attribute__((destructor)) void write_the_rest(void)
{
    char line[64];

    if (state.pid == getpid()) {
        write_totals();
        append(
            "CS_SPY_CPU", line,
            snprintf(line, sizeof line, "TOTAL 1 %.3f\n", milliseconds(CLOCK_PROCESS_CPUTIME_ID)));
    }
}

/* The action of $CS_SPY_FAULT for this call, or NULL. */
static const char *find_fault(const char *function, unsigned nth, unsigned all)
{
    const char *at = getenv("CS_SPY_FAULT");

    for (; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        size_t len = strcspn(at, ":");
        bool any = len == 1 && *at == '*';
        char *rest;

        if (at[len] != ':' ||
            (!any && (strlen(function) != len || strncmp(at, function, len) != 0))) {
            continue;
        }
        unsigned long wanted = strtoul(at + len + 1, &rest, 10);
        unsigned number = any ? all : nth;
        bool later = *rest == '+';
        if ((number == wanted || (later && number > wanted)) && rest[later] == ':') {
            return rest + later + 1;
        }
    }
    return NULL;
}

static void sleep_for(unsigned ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    while (nanosleep(&left, &left) != 0) {
    }
}

static bool is_action(const char *action, const char *word)
{
    size_t len = strlen(word);

    return strncmp(action, word, len) == 0 && strchr(",", action[len]);
}

static void act(struct call *call, const char *action)
{
    const char *sleep_ms = getenv("CS_SPY_SLEEP");

    call->rv = CKR_DEVICE_ERROR;
    if (is_action(action, "hang")) {
        write_log(call, "hang", 0);
        for (;;) {
            pause();
        }
    } else if (is_action(action, "kill")) {
        write_log(call, "kill", 0);
        kill(getpid(), SIGKILL);
    } else if (is_action(action, "crash")) {
        write_log(call, "crash", 0);
        raise(SIGSEGV);
    } else if (is_action(action, "slow")) {
        write_log(call, "slow", 0);
        sleep_for(sleep_ms ? (unsigned)strtoul(sleep_ms, NULL, 10) : 1000);
    } else if (is_action(action, "after-kill")) {
        call->verdict = KILL_AFTER;
    } else if (is_action(action, "lie")) {
        call->verdict = LIE;
    } else {
        bool lie = strncmp(action, "lie-", 4) == 0;
        call->verdict = lie ? LIE : FAIL;
        call->rv = strtoul(action + (lie ? 4 : 0), NULL, 0);
    }
}

static struct call begin(enum function function)
{
    struct call call = {.function = function};

    pthread_mutex_lock(&mutex);
    if (state.pid != getpid()) {
        memset(&state, 0, sizeof state);
        state.pid = getpid();
    }
    state.calls[function]++;
    call.nth = ++state.numbers[function];
    unsigned all = ++state.all;
    pthread_mutex_unlock(&mutex);

    const char *action = find_fault(function_names[function], call.nth, all);
    if (action) {
        act(&call, action);
    }
    call.begun = milliseconds(CLOCK_THREAD_CPUTIME_ID);
    return call;
}

static CK_RV end(const struct call *call, CK_RV rv)
{
    double used = milliseconds(CLOCK_THREAD_CPUTIME_ID) - call->begun;

    if (call->verdict == KILL_AFTER) {
        write_log(call, "after-kill", 0);
        kill(getpid(), SIGKILL);
    }
    if (call->verdict != PASS) {
        rv = call->rv;
    }
    write_log(call, NULL, rv);
    pthread_mutex_lock(&mutex);
    state.milliseconds[call->function] += used;
    if (call->function == NO_C_Finalize) {
        write_totals();
    }
    pthread_mutex_unlock(&mutex);
    return rv;
}

#define SPY_WRAPPER(name, params, callee, args)                                                    \
    static CK_RV spy_##name params                                                                 \
    {                                                                                              \
        struct call call = begin(NO_##name);                                                       \
                                                                                                   \
        return end(&call, call.verdict == FAIL ? call.rv : callee args);                           \
    }
SPY_FUNCTIONS(SPY_WRAPPER)

static CK_FUNCTION_LIST spy_list = {.version = {2, 40},
                                    .C_GetFunctionList = C_GetFunctionList,
#define SPY_MEMBER(name, params, callee, args) .name = spy_##name,
                                    SPY_FUNCTIONS(SPY_MEMBER)
#undef SPY_MEMBER
};

static CK_RV load_real(void)
{
    CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
    const char *path = getenv("CS_SPY_MODULE");
    void *handle = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;

    if (!handle) {
        fprintf(stderr, "spymod: CS_SPY_MODULE: %s\n", path ? dlerror() : "not set");
        return CKR_GENERAL_ERROR;
    }
    *(void **)&get = dlsym(handle, "C_GetFunctionList");
    return get ? get(&cs_spy_real) : CKR_GENERAL_ERROR;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    CK_RV rv = CKR_OK;

    pthread_mutex_lock(&mutex);
    if (!cs_spy_real) {
        double begun = milliseconds(CLOCK_THREAD_CPUTIME_ID);

        rv = load_real();
        state.pid = getpid();
        state.loading = milliseconds(CLOCK_THREAD_CPUTIME_ID) - begun;
    }
    pthread_mutex_unlock(&mutex);
    if (rv == CKR_OK) {
        *list = &spy_list;
    }
    return rv;
}

/* The interposing module that other tests judge cscert with: it must be right itself. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "support/check_run.h"
#include "support/softhsm.h"
#include "support/spy.h"

#include <check.h>
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct cs_softhsm hsm;
static CK_FUNCTION_LIST *spy;
static void *handle;
static CK_SLOT_ID slot; /* of the one token; SoftHSM lists an empty one after it */

static void setup(void)
{
    CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;

    cs_softhsm_init(&hsm);
    cs_spy_init(&hsm);
    handle = dlopen(cs_spy_path(), RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(handle != NULL, "%s", dlerror());
    *(void **)&get = dlsym(handle, "C_GetFunctionList");
    ck_assert_uint_eq(get(&spy), CKR_OK);
    ck_assert_uint_eq(spy->C_Initialize(NULL), CKR_OK);
    ck_assert_uint_eq(spy->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    slot = slots[0];
}

static void teardown(void)
{
    spy->C_Finalize(NULL);
    dlclose(handle);
    cs_softhsm_done(&hsm);
}

static CK_SESSION_HANDLE log_in(void)
{
    unsigned char pin[] = CS_SOFTHSM_PIN;
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

    ck_assert_uint_eq(
        spy->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
        CKR_OK);
    ck_assert_uint_eq(spy->C_Login(session, CKU_USER, pin, sizeof pin - 1), CKR_OK);
    return session;
}

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

static CK_RV generate(CK_SESSION_HANDLE session, CK_BBOOL extractable, CK_OBJECT_HANDLE *key)
{
    unsigned char p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public_half[] = {{CKA_EC_PARAMS, p256, sizeof p256}, {CKA_TOKEN, &no, 1}};
    CK_ATTRIBUTE private_half[] = {
        {CKA_EXTRACTABLE, &extractable, 1}, {CKA_SENSITIVE, &yes, 1}, {CKA_TOKEN, &no, 1}};
    CK_OBJECT_HANDLE public_key;

    return spy->C_GenerateKeyPair(session, &mechanism, public_half, 2, private_half, 3, &public_key,
                                  key);
}

static CK_BBOOL read_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL value = 7;
    CK_ATTRIBUTE attribute = {type, &value, sizeof value};

    ck_assert_uint_eq(spy->C_GetAttributeValue(session, key, &attribute, 1), CKR_OK);
    return value;
}

/* ---- passing on, counting, writing down ---- */

START_TEST(has_every_function_of_2_40)
{
    /* The list is the version and then nothing but function pointers. */
    CK_RV (**functions)(void) = (CK_RV(**)(void)) & spy->C_Initialize;
    size_t count = (sizeof *spy - offsetof(CK_FUNCTION_LIST, C_Initialize)) / sizeof *functions;

    ck_assert_uint_eq(count, 68); /* PKCS#11 v2.40 section 5: 68 functions in the list */
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(functions[i] != NULL, "function %zu is missing", i);
        for (size_t j = 0; j < i; j++) {
            ck_assert_msg(functions[i] != functions[j], "functions %zu and %zu are one", i, j);
        }
    }
}
END_TEST

START_TEST(counts_and_logs_without_arguments)
{
    CK_SESSION_HANDLE session = log_in();
    unsigned char random[8];

    ck_assert_uint_eq(spy->C_GenerateRandom(session, random, sizeof random), CKR_OK);
    ck_assert_uint_eq(spy->C_GenerateRandom(session, random, sizeof random), CKR_OK);
    ck_assert_uint_eq(spy->C_CloseSession(session), CKR_OK);
    ck_assert_uint_eq(spy->C_CloseSession(session), CKR_SESSION_HANDLE_INVALID);
    ck_assert_uint_eq(spy->C_Finalize(NULL), CKR_OK);

    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_GenerateRandom"), 2);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_CloseSession"), 2);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Close"), 0);
    ck_assert_uint_eq(cs_spy_calls(&hsm, NULL), 9);

    cs_autofree char *log = cs_spy_log(&hsm);
    cs_autofree char *line = cs_asprintf("%d C_CloseSession 2 0xb3\n", (int)getpid());
    ck_assert_ptr_nonnull(strstr(log, line));
    ck_assert_ptr_nonnull(strstr(log, " C_Login 1 0x0\n"));
    ck_assert_ptr_null(strstr(log, CS_SOFTHSM_PIN));
    ck_assert_uint_eq(spy->C_Initialize(NULL), CKR_OK); /* for the teardown */
}
END_TEST

START_TEST(adds_what_comes_after_finalize)
{
    ck_assert_uint_eq(spy->C_Finalize(NULL), CKR_OK);
    ck_assert_uint_eq(spy->C_Initialize(NULL), CKR_OK);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Initialize"), 1);
    ck_assert_uint_eq(spy->C_Finalize(NULL), CKR_OK);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Initialize"), 2);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Finalize"), 2);
    ck_assert_uint_eq(spy->C_Initialize(NULL), CKR_OK);
}
END_TEST

START_TEST(measures_cpu)
{
    cs_autofree char *path = cs_softhsm_path(&hsm, "spy.cpu");
    CK_OBJECT_HANDLE key;
    char name[64];
    double ms;
    double generating = 0;

    ck_assert_int_eq(setenv("CS_SPY_CPU", path, 1), 0);
    ck_assert_uint_eq(generate(log_in(), no, &key), CKR_OK);
    ck_assert_uint_eq(spy->C_Finalize(NULL), CKR_OK);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (fscanf(file, "%63s %*u %lf", name, &ms) == 2) {
        generating = strcmp(name, "C_GenerateKeyPair") == 0 ? ms : generating;
    }
    fclose(file);
    /* A P-256 pair costs a fraction of a millisecond, and never a second of CPU. */
    ck_assert_double_gt(generating, 0.0);
    ck_assert_double_lt(generating, 1000.0);
    ck_assert_uint_eq(spy->C_Initialize(NULL), CKR_OK);
}
END_TEST

/* ---- faults ---- */

static const struct {
    const char *fault;
    CK_RV rv[3]; /* of three C_GetInfo */
} fault_rows[] = {
    {"C_GetInfo:1:0x30", {0x30, 0, 0}},
    {"C_GetInfo:2:48", {0, 0x30, 0}},
    {"C_GetInfo:2+:0x31", {0, 0x31, 0x31}},
    {"C_GetInfo:1:0x31,C_GetInfo:3:0x32", {0x31, 0, 0x32}},
    {"C_GetInfo:3:lie", {0, 0, CKR_DEVICE_ERROR}},
    {"C_GetInfo:3:lie-0x31", {0, 0, 0x31}},
    {"C_GetInf:1+:0x30,C_GetInfos:1+:0x30", {0, 0, 0}},
    {"C_Sign:1+:0x30", {0, 0, 0}},
    /* setup() made two calls: C_Initialize and C_GetSlotList */
    {"*:4:0x30", {0, 0x30, 0}},
    {"*:5+:0x30", {0, 0, 0x30}},
};

START_TEST(fails_the_call_it_is_told_to)
{
    CK_INFO info;

    cs_spy_fault(fault_rows[_i].fault);
    for (size_t i = 0; i < 3; i++) {
        memset(&info, 0, sizeof info);
        ck_assert_uint_eq(spy->C_GetInfo(&info), fault_rows[_i].rv[i]);
        /* only a lie, or no fault, calls the module */
        bool called = fault_rows[_i].rv[i] == CKR_OK || strstr(fault_rows[_i].fault, "lie");
        ck_assert_int_eq(info.cryptokiVersion.major != 0, called);
    }
    cs_spy_fault(NULL);
}
END_TEST

static const struct {
    const char *action;
    int signal;
    bool called;
} end_rows[] = {
    {"kill", SIGKILL, false},
    {"after-kill", SIGKILL, true},
    {"hang", SIGALRM, false},
};

START_TEST(ends_or_stops_the_process)
{
    cs_autofree char *fault = cs_asprintf("C_CreateObject:1:%s", end_rows[_i].action);
    cs_autofree char *line = cs_asprintf(" C_CreateObject 1 %s\n", end_rows[_i].action);
    unsigned char value[] = "data";
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class}, {CKA_TOKEN, &yes, 1}, {CKA_VALUE, value, sizeof value}};
    CK_SESSION_HANDLE session = log_in();
    CK_OBJECT_HANDLE object;
    int status;

    cs_spy_fault(fault);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        signal(SIGALRM, SIG_DFL); /* Check has a handler for its own time-outs */
        alarm(1);
        spy->C_CreateObject(session, template, 3, &object);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), end_rows[_i].signal);
    cs_autofree char *log = cs_spy_log(&hsm);
    ck_assert_ptr_nonnull(strstr(log, line));
    cs_spy_fault(NULL);
    ck_assert_uint_eq(cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL).others, end_rows[_i].called);
}
END_TEST

START_TEST(is_slow_and_then_right)
{
    struct timespec before;
    struct timespec after;
    CK_INFO info = {0};

    cs_spy_fault("C_GetInfo:1:slow");
    ck_assert_int_eq(setenv("CS_SPY_SLEEP", "120", 1), 0);
    clock_gettime(CLOCK_MONOTONIC, &before);
    ck_assert_uint_eq(spy->C_GetInfo(&info), CKR_OK);
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_ge(
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000, 119);
    ck_assert_int_ne(info.cryptokiVersion.major, 0);
    cs_spy_fault(NULL);
}
END_TEST

/* ---- poor tokens ---- */

static const struct {
    const char *traits;
    CK_FLAGS flags;
} flag_rows[] = {
    {"final-try", CKF_USER_PIN_FINAL_TRY},
    {"locked", CKF_USER_PIN_LOCKED},
    {"write-protected", CKF_WRITE_PROTECTED},
    {"protected-path", CKF_PROTECTED_AUTHENTICATION_PATH},
    {"count-low", CKF_USER_PIN_COUNT_LOW},
    {"to-be-changed", CKF_USER_PIN_TO_BE_CHANGED},
    {"locked,protected-path", CKF_PROTECTED_AUTHENTICATION_PATH | CKF_USER_PIN_LOCKED},
};

START_TEST(shows_flags)
{
    CK_TOKEN_INFO info;

    ck_assert_uint_eq(spy->C_GetTokenInfo(slot, &info), CKR_OK);
    ck_assert_uint_eq(info.flags & flag_rows[_i].flags, 0);
    cs_spy_traits(flag_rows[_i].traits);
    ck_assert_uint_eq(spy->C_GetTokenInfo(slot, &info), CKR_OK);
    ck_assert_uint_eq(info.flags & flag_rows[_i].flags, flag_rows[_i].flags);
    cs_spy_traits(NULL);
}
END_TEST

START_TEST(refuses_what_its_flags_say)
{
    CK_SESSION_HANDLE session;
    unsigned char pin[] = CS_SOFTHSM_PIN;

    cs_spy_traits("write-protected");
    ck_assert_uint_eq(
        spy->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
        CKR_TOKEN_WRITE_PROTECTED);
    ck_assert_uint_eq(spy->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session), CKR_OK);
    cs_spy_traits("locked");
    ck_assert_uint_eq(spy->C_Login(session, CKU_USER, pin, sizeof pin - 1), CKR_PIN_LOCKED);
    cs_spy_traits("protected-path");
    ck_assert_uint_eq(spy->C_Login(session, CKU_USER, pin, sizeof pin - 1), CKR_ARGUMENTS_BAD);
    ck_assert_int_eq(setenv("CS_SPY_PAD_PIN", CS_SOFTHSM_PIN, 1), 0);
    ck_assert_uint_eq(spy->C_Login(session, CKU_USER, NULL, 0), CKR_OK);
    cs_spy_traits(NULL);
}
END_TEST

START_TEST(hides_flags_and_logs_in_by_itself)
{
    CK_TOKEN_INFO info;
    CK_SESSION_HANDLE session;
    CK_SESSION_INFO state;

    ck_assert_int_eq(setenv("CS_SPY_PAD_PIN", CS_SOFTHSM_PIN, 1), 0);
    cs_spy_traits("no-login,no-user-pin,max-pin:0:9");
    ck_assert_uint_eq(spy->C_GetTokenInfo(slot, &info), CKR_OK);
    ck_assert_uint_eq(info.flags & (CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED), 0);
    ck_assert_uint_eq(info.ulMaxPinLen, 9);
    ck_assert_uint_eq(spy->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session), CKR_OK);
    ck_assert_uint_eq(spy->C_GetSessionInfo(session, &state), CKR_OK);
    ck_assert_uint_eq(state.state, CKS_RO_USER_FUNCTIONS);
    cs_spy_traits(NULL);
    cs_autofree char *logins = cs_spy_logins(&hsm);
    ck_assert_str_eq(logins, "");
}
END_TEST

START_TEST(says_of_logins_what_it_wants)
{
    CK_SESSION_HANDLE session = log_in();
    CK_OBJECT_HANDLE key;
    unsigned char pin[] = CS_SOFTHSM_PIN;

    cs_spy_traits("login-says:2:0xa0,login-says:0:0x103,always-authenticate");
    ck_assert_uint_eq(spy->C_Login(session, CKU_CONTEXT_SPECIFIC, pin, 3), CKR_PIN_INCORRECT);
    ck_assert_uint_eq(spy->C_Login(session, CKU_SO, NULL, 0), CKR_USER_TYPE_INVALID);
    ck_assert_uint_eq(generate(session, no, &key), CKR_OK);
    ck_assert_uint_eq(read_bool(session, key, CKA_ALWAYS_AUTHENTICATE), CK_TRUE);
    cs_spy_traits(NULL);
    cs_autofree char *logins = cs_spy_logins(&hsm);
    ck_assert_str_eq(logins, "1 pin\n2 pin\n0 nothing\n");
}
END_TEST

START_TEST(shows_a_slot_twice)
{
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    CK_ULONG single;
    CK_TOKEN_INFO one;
    CK_TOKEN_INFO two;
    CK_SESSION_HANDLE session;

    ck_assert_uint_eq(spy->C_GetSlotList(CK_TRUE, NULL, &single), CKR_OK);
    cs_spy_traits("duplicate-slot");
    ck_assert_uint_eq(spy->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    ck_assert_uint_eq(count, 2 * single);
    ck_assert_uint_ne(slots[0], slots[single]);
    ck_assert_uint_eq(spy->C_GetTokenInfo(slots[0], &one), CKR_OK);
    ck_assert_uint_eq(spy->C_GetTokenInfo(slots[single], &two), CKR_OK);
    ck_assert_mem_eq(one.serialNumber, two.serialNumber, sizeof one.serialNumber);
    ck_assert_uint_eq(spy->C_OpenSession(slots[single], CKF_SERIAL_SESSION, NULL, NULL, &session),
                      CKR_OK);
    count = 1;
    ck_assert_uint_eq(spy->C_GetSlotList(CK_TRUE, slots, &count), CKR_BUFFER_TOO_SMALL);
    cs_spy_traits(NULL);
}
END_TEST

START_TEST(lacks_a_mechanism)
{
    CK_MECHANISM_TYPE list[256];
    CK_MECHANISM_INFO info;
    CK_ULONG count = 256;
    CK_OBJECT_HANDLE key;
    CK_SESSION_HANDLE session = log_in();

    cs_spy_traits("no-mechanism:0x1040,no-mechanism:0x1");
    ck_assert_uint_eq(spy->C_GetMechanismInfo(slot, CKM_EC_KEY_PAIR_GEN, &info),
                      CKR_MECHANISM_INVALID);
    ck_assert_uint_eq(spy->C_GetMechanismInfo(slot, CKM_RSA_PKCS, &info), CKR_MECHANISM_INVALID);
    ck_assert_uint_eq(spy->C_GetMechanismInfo(slot, CKM_ECDSA, &info), CKR_OK);
    ck_assert_uint_eq(spy->C_GetMechanismList(slot, list, &count), CKR_OK);
    for (CK_ULONG i = 0; i < count; i++) {
        ck_assert_uint_ne(list[i], CKM_EC_KEY_PAIR_GEN);
    }
    ck_assert_uint_eq(generate(session, no, &key), CKR_MECHANISM_INVALID);
    cs_spy_traits("max-bits:0x0:1024");
    ck_assert_uint_eq(spy->C_GetMechanismInfo(slot, CKM_RSA_PKCS_KEY_PAIR_GEN, &info), CKR_OK);
    ck_assert_uint_eq(info.ulMaxKeySize, 1024);
    ck_assert_uint_eq(spy->C_GetMechanismInfo(slot, CKM_EC_KEY_PAIR_GEN, &info), CKR_OK);
    ck_assert_uint_ne(info.ulMaxKeySize, 1024);
    cs_spy_traits(NULL);
}
END_TEST

static const struct {
    const char *traits;
    CK_BBOOL asked;
    CK_BBOOL extractable;
} extractable_rows[] = {
    {NULL, CK_TRUE, CK_TRUE},
    {NULL, CK_FALSE, CK_FALSE},
    {"extractable-ignored", CK_TRUE, CK_FALSE},
    {"extractable-forced", CK_FALSE, CK_TRUE},
};

START_TEST(makes_the_key_it_wants)
{
    CK_SESSION_HANDLE session = log_in();
    CK_OBJECT_HANDLE key;

    cs_spy_traits(extractable_rows[_i].traits);
    ck_assert_uint_eq(generate(session, extractable_rows[_i].asked, &key), CKR_OK);
    cs_spy_traits(NULL);
    ck_assert_uint_eq(read_bool(session, key, CKA_EXTRACTABLE), extractable_rows[_i].extractable);
    ck_assert_uint_eq(read_bool(session, key, CKA_SENSITIVE), CK_TRUE);
}
END_TEST

START_TEST(answers_what_it_wants)
{
    CK_SESSION_HANDLE session = log_in();
    CK_OBJECT_HANDLE key;
    CK_BBOOL local = 7;
    CK_BBOOL sensitive = 7;
    CK_ATTRIBUTE both[] = {{CKA_LOCAL, &local, 1}, {CKA_SENSITIVE, &sensitive, 1}};

    ck_assert_uint_eq(generate(session, no, &key), CKR_OK);
    cs_spy_traits("sensitive-false");
    ck_assert_uint_eq(read_bool(session, key, CKA_SENSITIVE), CK_FALSE);
    ck_assert_uint_eq(read_bool(session, key, CKA_NEVER_EXTRACTABLE), CK_TRUE);
    cs_spy_traits("answer:0x162:1,answer:0x103:0");
    ck_assert_uint_eq(read_bool(session, key, CKA_EXTRACTABLE), CK_TRUE);
    ck_assert_uint_eq(read_bool(session, key, CKA_SENSITIVE), CK_FALSE);
    cs_spy_traits("no-answer:0x163"); /* CKA_LOCAL */
    ck_assert_uint_eq(spy->C_GetAttributeValue(session, key, both, 2), CKR_ATTRIBUTE_TYPE_INVALID);
    ck_assert_uint_eq(both[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    ck_assert_uint_eq(sensitive, CK_TRUE);
    cs_spy_traits(NULL);
}
END_TEST

/* ---- the fixture itself ---- */

START_TEST(fixture_counts_what_is_there)
{
    ck_assert_uint_eq(cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL).all, 0);
    ck_assert_uint_eq(cs_softhsm_count_files(&hsm), 0);
    cs_softhsm_populate(&hsm, CS_SOFTHSM_LABEL, 3, CS_SOFTHSM_EC);
    cs_softhsm_add_token(&hsm, "other");
    cs_softhsm_populate(&hsm, "other", 1, CS_SOFTHSM_RSA);

    struct cs_softhsm_count count = cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL);
    ck_assert_uint_eq(count.private_keys, 3);
    ck_assert_uint_eq(count.public_keys, 3);
    ck_assert_uint_eq(count.all, 6);
    ck_assert_uint_eq(cs_softhsm_count(&hsm, "other").all, 2);
    ck_assert_uint_eq(cs_softhsm_count_files(&hsm), 8);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spymod");
    TCase *tcase = tcase_create("spymod");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, has_every_function_of_2_40);
    tcase_add_test(tcase, counts_and_logs_without_arguments);
    tcase_add_test(tcase, adds_what_comes_after_finalize);
    tcase_add_test(tcase, measures_cpu);
    add_rows(tcase, fails_the_call_it_is_told_to, fault_rows);
    add_rows(tcase, ends_or_stops_the_process, end_rows);
    tcase_add_test(tcase, is_slow_and_then_right);
    add_rows(tcase, shows_flags, flag_rows);
    tcase_add_test(tcase, refuses_what_its_flags_say);
    tcase_add_test(tcase, hides_flags_and_logs_in_by_itself);
    tcase_add_test(tcase, says_of_logins_what_it_wants);
    tcase_add_test(tcase, shows_a_slot_twice);
    tcase_add_test(tcase, lacks_a_mechanism);
    add_rows(tcase, makes_the_key_it_wants, extractable_rows);
    tcase_add_test(tcase, answers_what_it_wants);
    tcase_add_test(tcase, fixture_counts_what_is_there);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

/* Tokens that refuse, that are locked or poor, and that do not answer. */
#include "job.h"

#include "base/mem.h"
#include "support/check_run.h"
#include "support/softhsm.h"
#include "support/spy.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct cs_softhsm hsm;
static struct cs_testtoken token;

static void setup(void)
{
    cs_softhsm_init(&hsm);
    cs_spy_init(&hsm);
    cs_testtoken_init(&token, &hsm, cs_spy_path());
}

static void teardown(void)
{
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

static void assert_empty(void)
{
    ck_assert_uint_eq(cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL).all, 0);
}

/* ---- the login ---- */

static const struct {
    const char *traits;
    const char *pin;
    bool is_there;
    bool says_yes;
    cs_rc rc;
    size_t logins;    /* calls of C_Login */
    size_t pins;      /* how often the PIN was asked for */
    size_t questions; /* how often a person was asked to confirm */
} logins[] = {
    {NULL, CS_SOFTHSM_PIN, false, false, CS_OK, 1, 1, 0},
    /* a PIN that failed is never tried again, whoever is there */
    {NULL, "wrong-pin", false, false, CS_E_TOKEN_AUTH, 1, 1, 0},
    {NULL, "wrong-pin", true, true, CS_E_TOKEN_AUTH, 1, 1, 0},
    /* the next wrong PIN would lock the token: only an interactive yes goes on */
    {"final-try", CS_SOFTHSM_PIN, false, false, CS_E_TOKEN_AUTH, 0, 0, 0},
    {"final-try", CS_SOFTHSM_PIN, true, true, CS_OK, 1, 1, 1},
    {"final-try", CS_SOFTHSM_PIN, true, false, CS_E_CANCELLED, 0, 0, 1},
    {"final-try", "wrong-pin", true, true, CS_E_TOKEN_AUTH, 1, 1, 1},
    {"locked", CS_SOFTHSM_PIN, false, false, CS_E_TOKEN_AUTH, 0, 0, 0},
    {"locked", CS_SOFTHSM_PIN, true, true, CS_E_TOKEN_AUTH, 0, 0, 0},
    {"write-protected", CS_SOFTHSM_PIN, false, false, CS_E_TOKEN_REFUSED, 0, 0, 0},
    /* its own pad: nobody is asked for a PIN */
    {"protected-path", "never-typed", true, true, CS_OK, 1, 0, 0},
};

START_TEST(logs_in_once_or_not_at_all)
{
    cs_auto(cs_keystore) store = NULL;
    struct cs_err err = {0};

    ck_assert_int_eq(setenv("CS_SPY_PAD_PIN", CS_SOFTHSM_PIN, 1), 0);
    cs_spy_traits(logins[_i].traits);
    token.person.pin = logins[_i].pin;
    token.person.is_there = logins[_i].is_there;
    token.person.says_yes = logins[_i].says_yes;
    cs_rc rc = cs_token_open(&token.options, &store, &err);
    ck_assert_msg(rc == logins[_i].rc, "%s instead of %s: %s", cs_rc_name(rc),
                  cs_rc_name(logins[_i].rc), err.message);
    if (rc != CS_OK) {
        ck_assert_ptr_null(store);
        ck_assert_msg(err.message[0] && err.hint[0], "'%s', hint '%s'", err.message, err.hint);
        assert_contains(err.message, CS_SOFTHSM_LABEL);
    }
    cs_keystore_close(store);
    store = NULL;
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Login"), logins[_i].logins);
    ck_assert_uint_eq(token.person.pins, logins[_i].pins);
    ck_assert_uint_eq(token.person.questions, logins[_i].questions);
    /* sessions are closed and the module is given back, whatever happened */
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Initialize"), cs_spy_calls(&hsm, "C_Finalize"));
}
END_TEST

/* ---- poor tokens ---- */

static const struct {
    const char *profile;
    const char *traits;
    bool exportable;
    cs_rc rc;
    size_t generated; /* calls of C_GenerateKeyPair */
} poor[] = {
    /* CKA_EXTRACTABLE does not read back as asked: destroyed and refused */
    {"generation = 'token'", "extractable-ignored", true, CS_E_TOKEN_REFUSED, 1},
    {"generation = 'token'", "extractable-forced", false, CS_E_TOKEN_REFUSED, 1},
    {"generation = 'session-copy'", "extractable-ignored", true, CS_E_TOKEN_REFUSED, 1},
    {"generation = 'session-copy'", "extractable-forced", false, CS_E_TOKEN_REFUSED, 1},
    /* the profile knows it: refused before anything is made */
    {"exportable = 'ignored'", "extractable-ignored", true, CS_E_TOKEN_REFUSED, 0},
    {"exportable = 'no'", NULL, true, CS_E_TOKEN_REFUSED, 0},
    {"exportable = 'no'", NULL, false, CS_OK, 1},
    /* a lie is believed only of a token whose profile says that it lies */
    {"generation = 'token'", "sensitive-false", false, CS_E_TOKEN_REFUSED, 1},
    {"unreliable = {'CKA_SENSITIVE', 'CKA_ALWAYS_SENSITIVE', 'CKA_LOCAL'}", "sensitive-false",
     false, CS_OK, 1},
    /* an attribute that the token does not answer is unknown, not false */
    {"generation = 'token'", "no-answer:0x163,no-answer:0x165", false, CS_OK, 1},
    {"generation = 'token'", "no-answer:0x162", false, CS_E_TOKEN_REFUSED, 1},
    /* CKM_EC_KEY_PAIR_GEN; CKM_ECDSA and all that could stand in for it; too small for 256 bits */
    {"generation = 'token'", "no-mechanism:0x1040", false, CS_E_TOKEN_REFUSED, 0},
    {"generation = 'token'",
     "no-mechanism:0x1041,no-mechanism:0x1042,no-mechanism:0x1043,no-mechanism:0x1044,"
     "no-mechanism:0x1045,no-mechanism:0x1046",
     false, CS_E_TOKEN_REFUSED, 0},
    {"generation = 'token'", "max-bits:0x1040:192", false, CS_E_TOKEN_REFUSED, 0},
};

START_TEST(makes_no_key_that_is_not_as_asked)
{
    struct cs_job job = {.spec = {CS_KEY_EC_P256, 256}, .exportable = poor[_i].exportable};
    struct cs_err err = {0};

    cs_testtoken_profile(&token, &hsm, poor[_i].profile);
    cs_spy_traits(poor[_i].traits);
    cs_rc rc = cs_job_run(&job, &token.options, &err);
    ck_assert_msg(rc == poor[_i].rc, "%s instead of %s: %s", cs_rc_name(rc),
                  cs_rc_name(poor[_i].rc), err.message);
    ck_assert(job.opened);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_GenerateKeyPair"), poor[_i].generated);
    if (rc == CS_OK) {
        ck_assert(job.kept && job.verified);
        ck_assert_uint_eq(cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL).all, 2);
    } else {
        ck_assert_msg(err.message[0] && err.hint[0], "'%s', hint '%s'", err.message, err.hint);
        assert_empty();
    }
}
END_TEST

START_TEST(knows_what_it_cannot_know)
{
    struct cs_job job = {.spec = {CS_KEY_EC_P256, 256}};
    struct cs_err err = {0};

    cs_testtoken_profile(&token, &hsm, "unreliable = {'CKA_SENSITIVE', 'CKA_ALWAYS_SENSITIVE'}");
    cs_spy_traits("answer:0x103:0,answer:0x165:0,no-answer:0x163");
    assert_ok(cs_job_run(&job, &token.options, &err), &err);
    ck_assert(job.attrs.unreliable[CS_ATTR_SENSITIVE]);
    ck_assert_int_eq(job.attrs.answer[CS_ATTR_SENSITIVE], CS_FALSE);
    ck_assert_int_eq(job.attrs.answer[CS_ATTR_LOCAL], CS_UNKNOWN);
    ck_assert_int_eq(job.attrs.answer[CS_ATTR_NEVER_EXTRACTABLE], CS_TRUE);
}
END_TEST

/* A card with several PINs shows itself in several slots: nothing but the slot tells them apart. */
START_TEST(one_token_in_two_slots_is_told_by_its_slot)
{
    struct cs_job job = {.spec = {CS_KEY_EC_P256, 256}};
    struct cs_err err = {0};
    char slot[32];

    cs_spy_traits("duplicate-slot");
    assert_fails(cs_job_run(&job, &token.options, &err), CS_E_TOKEN_ABSENT, &err);
    const char *at = strstr(err.message, "slot-id=");
    ck_assert_msg(at != NULL, "no slot-id in: %s", err.message);
    ck_assert_int_eq(sscanf(at, "slot-id=%31[0-9]", slot), 1);
    cs_autofree char *uri = cs_asprintf("%s;slot-id=%s", CS_SOFTHSM_URI, slot);
    token.options.uri = uri;
    assert_ok(cs_job_run(&job, &token.options, &err), &err);
}
END_TEST

START_TEST(two_tokens_are_two)
{
    struct cs_job job = {.spec = {CS_KEY_EC_P256, 256}};
    struct cs_err err = {0};

    cs_softhsm_add_token(&hsm, CS_SOFTHSM_LABEL);
    assert_fails(cs_job_run(&job, &token.options, &err), CS_E_TOKEN_ABSENT, &err);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Login"), 0);
}
END_TEST

/* ---- tokens that do not answer ---- */

static const struct {
    const char *function;
    const char *profile;
} hanging[] = {
    {"C_Initialize", "generation = 'token'"},
    {"C_OpenSession", "generation = 'token'"},
    {"C_Login", "generation = 'token'"},
    {"C_GenerateKeyPair", "generation = 'token'"},
    {"C_GetAttributeValue", "generation = 'token'"},
    {"C_Sign", "generation = 'token'"},
    {"C_CopyObject", "generation = 'session-copy'"},
    {"C_CreateObject", "generation = 'token'"},
    {"C_Finalize", "generation = 'token'"},
};

/* Runs the job in a child with limits of seconds, which a busy machine needs for a call that does
 * answer; its exit code, and what it wrote. */
static int run_watched(struct cs_job *job, const char *log_path)
{
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct cs_err err = {0};
        int fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || dup2(fd, STDERR_FILENO) < 0) {
            _exit(99);
        }
        token.options.limits = (struct cs_token_limits){3, 3, 3};
        _exit(100 + (int)cs_job_run(job, &token.options, &err));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

START_TEST(ends_when_the_token_does_not_answer)
{
    cs_autofree char *fault = cs_asprintf("%s:1+:hang", hanging[_i].function);
    cs_autofree char *path = cs_softhsm_path(&hsm, "stderr");
    struct cs_job job = {.spec = {CS_KEY_EC_P256, 256}, .certificate = true};
    char text[1024] = "";
    struct timespec begun;
    struct timespec ended;

    cs_testtoken_profile(&token, &hsm, hanging[_i].profile);
    cs_spy_fault(fault);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    int code = run_watched(&job, path);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    cs_spy_fault(NULL);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, file), 0);
    fclose(file);

    ck_assert_msg(code == CS_E_TOKEN_ABSENT, "exit code %d: %s", code, text);
    assert_contains(text, hanging[_i].function);
    ck_assert_int_le(ended.tv_sec - begun.tv_sec, 30);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault_token");
    TCase *tcase = tcase_create("token");

    tcase_add_checked_fixture(tcase, setup, teardown);
    add_rows(tcase, logs_in_once_or_not_at_all, logins);
    add_rows(tcase, makes_no_key_that_is_not_as_asked, poor);
    tcase_add_test(tcase, knows_what_it_cannot_know);
    tcase_add_test(tcase, one_token_in_two_slots_is_told_by_its_slot);
    tcase_add_test(tcase, two_tokens_are_two);
    add_rows(tcase, ends_when_the_token_does_not_answer, hanging);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

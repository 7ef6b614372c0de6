/* Every PKCS#11 call of the keystore's whole job fails once: never a crash, a hang or a key that is
 * left behind. And how many calls there are. */
#include "job.h"

#include "base/mem.h"
#include "support/check_run.h"
#include "support/softhsm.h"
#include "support/spy.h"

#include <stdio.h>

/* More than the job makes; a test of its own says so. */
#define CALLS_MAX 32

/* ARCHITECTURE.md, "PKCS#11": calls of `new` with an offline request, from C_Initialize to
 * C_Finalize. */
#define BUDGET_DIRECT       20
#define BUDGET_SESSION_COPY 23

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

static const struct {
    enum cs_generation generation;
    const char *profile;
} modes[] = {
    {CS_GEN_TOKEN, "generation = 'token'"},
    {CS_GEN_SESSION_COPY, "generation = 'session-copy'"},
};

/* ---- the sweep ---- */

static const struct {
    size_t mode;
    struct cs_key_spec spec;
    const char *action;
} sweeps[] = {
    {0, {CS_KEY_EC_P256, 256}, "0x30"}, {0, {CS_KEY_EC_P256, 256}, "lie"},
    {1, {CS_KEY_EC_P256, 256}, "0x30"}, {1, {CS_KEY_EC_P256, 256}, "lie"},
    {0, {CS_KEY_RSA, 1024}, "0x30"},    {1, {CS_KEY_RSA, 1024}, "lie"},
};

/* The function that was the @nth call of all, or "" if there were fewer; of the log's lines "PID
 * FUNCTION NTH RESULT". */
static void name_of_call(unsigned nth, char name[64])
{
    cs_autofree char *log = cs_spy_log(&hsm);
    const char *line = log;

    name[0] = '\0';
    for (unsigned i = 1; i < nth && *line; i++) {
        line = strchr(line, '\n') + 1;
    }
    if (*line) {
        ck_assert_int_eq(sscanf(line, "%*d %63s", name), 1);
    }
}

/* Calls that the job cannot do without: their failure must be seen. C_Initialize is none of them:
 * it is tried again, because of tokens that are not there yet. */
static bool is_essential(const char *name)
{
    static const char *const names[] = {"C_OpenSession", "C_Login",           "C_SignInit",
                                        "C_Sign",        "C_GenerateKeyPair", "C_CopyObject",
                                        "C_CreateObject"};

    for (size_t i = 0; i < ROWS(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void judge_failure(const struct cs_job *job, cs_rc rc, const struct cs_err *err,
                          const char *where)
{
    struct cs_softhsm_count left = cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL);
    size_t keys = job->kept ? 1 : 0;

    ck_assert_msg(rc == CS_E_TOKEN_ABSENT || rc == CS_E_TOKEN_AUTH || rc == CS_E_TOKEN_REFUSED,
                  "%s: code %s: %s", where, cs_rc_name(rc), err->message);
    ck_assert_msg(err->code == rc && err->message[0] && err->hint[0], "%s: '%s', hint '%s'", where,
                  err->message, err->hint);
    ck_assert_msg(left.private_keys == keys && left.public_keys == keys && left.others == 0,
                  "%s: %zu private and %zu public keys, %zu certificates and %zu others are left "
                  "(%s)",
                  where, left.private_keys, left.public_keys, left.certificates, left.others,
                  err->message);
}

static void judge_success(const struct cs_job *job, const char *name, const char *where)
{
    struct cs_softhsm_count left = cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL);

    ck_assert_msg(!is_essential(name), "%s: nobody noticed", where);
    ck_assert_msg(job->kept && job->verified, "%s: not kept or not verified", where);
    ck_assert_msg(left.private_keys == 1 && left.public_keys == 1 && left.certificates == 1 &&
                      left.others == 0,
                  "%s: %zu private and %zu public keys, %zu certificates, %zu others", where,
                  left.private_keys, left.public_keys, left.certificates, left.others);
}

START_TEST(one_call_fails)
{
    size_t sweep = (size_t)_i / CALLS_MAX;
    unsigned nth = (unsigned)_i % CALLS_MAX + 1;
    cs_autofree char *fault = cs_asprintf("*:%u:%s", nth, sweeps[sweep].action);
    struct cs_job job = {.spec = sweeps[sweep].spec, .certificate = true};
    struct cs_err err = {0};
    char name[64];

    cs_testtoken_profile(&token, &hsm, modes[sweeps[sweep].mode].profile);
    cs_spy_fault(fault);
    cs_rc rc = cs_job_run(&job, &token.options, &err);
    cs_spy_fault(NULL);

    name_of_call(nth, name);
    cs_autofree char *where =
        cs_asprintf("%s, %s at %s (call %u)", modes[sweeps[sweep].mode].profile,
                    sweeps[sweep].action, name, nth);
    ck_assert_uint_le(cs_spy_calls(&hsm, "C_Login"), 1);
    if (rc == CS_OK) {
        judge_success(&job, name, where);
    } else {
        judge_failure(&job, rc, &err, where);
    }
}
END_TEST

/* A token that is full, or says so when it has made the object. */
static const struct {
    size_t mode;
    const char *fault;
} full[] = {
    {0, "C_GenerateKeyPair:1:0x31"},  {0, "C_GenerateKeyPair:1:lie-0x31"},
    {1, "C_GenerateKeyPair:1:0x31"},  {1, "C_CopyObject:1:0x31"},
    {1, "C_CopyObject:1:lie-0x31"},   {1, "C_CopyObject:2:0x31"},
    {1, "C_CopyObject:2:lie-0x31"},   {0, "C_CreateObject:1:0x31"},
    {1, "C_CreateObject:1:lie-0x31"},
};

START_TEST(token_is_full)
{
    struct cs_job job = {.spec = {CS_KEY_EC_P256, 256}, .certificate = true};
    struct cs_err err = {0};

    cs_testtoken_profile(&token, &hsm, modes[full[_i].mode].profile);
    cs_spy_fault(full[_i].fault);
    cs_rc rc = cs_job_run(&job, &token.options, &err);
    cs_spy_fault(NULL);
    ck_assert_int_eq(rc, CS_E_TOKEN_REFUSED);
    ck_assert_str_eq(err.cause_name, "CKR_DEVICE_MEMORY");
    judge_failure(&job, rc, &err, full[_i].fault);
}
END_TEST

START_TEST(sweep_reaches_every_call)
{
    struct cs_job job = {.spec = {CS_KEY_EC_P256, 256}, .certificate = true};
    struct cs_err err = {0};

    cs_testtoken_profile(&token, &hsm, modes[_i].profile);
    assert_ok(cs_job_run(&job, &token.options, &err), &err);
    ck_assert_int_eq(job.generation, modes[_i].generation);
    ck_assert(job.verified);
    ck_assert_uint_gt(cs_spy_calls(&hsm, NULL), 10);
    ck_assert_uint_le(cs_spy_calls(&hsm, NULL), CALLS_MAX);
}
END_TEST

/* A pair is on the token and its destruction fails as well: what is left is not hidden. */
START_TEST(destroying_fails_too)
{
    struct cs_job job = {.spec = {CS_KEY_EC_P256, 256}};
    struct cs_err err = {0};

    cs_testtoken_profile(&token, &hsm, modes[0].profile);
    cs_spy_traits("answer:0x162:1"); /* CKA_EXTRACTABLE reads back true */
    cs_spy_fault("C_DestroyObject:1+:0x30");
    assert_fails(cs_job_run(&job, &token.options, &err), CS_E_TOKEN_REFUSED, &err);
    cs_spy_fault(NULL);
    ck_assert_uint_ge(cs_spy_calls(&hsm, "C_DestroyObject"), 2);
    ck_assert_uint_eq(cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL).private_keys, 1);
    cs_autofree char *said = cs_asprintf("%s\n%s", err.message, err.hint);
    assert_contains(said, "cscert recover");
}
END_TEST

/* ---- the budget ---- */

static void setup_full(void)
{
    setup();
    cs_softhsm_populate(&hsm, CS_SOFTHSM_LABEL, 1000, CS_SOFTHSM_EC);
}

static size_t calls_of_new(const struct cs_softhsm *where, size_t mode,
                           const struct cs_key_spec *spec, uint8_t seed)
{
    struct cs_testtoken opened;
    struct cs_job job = {.spec = *spec, .seed = seed};
    struct cs_err err = {0};

    cs_spy_init(where);
    cs_testtoken_init(&opened, where, cs_spy_path());
    cs_testtoken_profile(&opened, where, modes[mode].profile);
    assert_ok(cs_job_run(&job, &opened.options, &err), &err);
    ck_assert_int_eq(job.generation, modes[mode].generation);
    ck_assert(job.kept && job.verified);
    cs_testtoken_done(&opened);
    /* from the first to the last call, and nothing but one use of the module */
    ck_assert_uint_eq(cs_spy_calls(where, "C_Initialize"), 1);
    ck_assert_uint_eq(cs_spy_calls(where, "C_Finalize"), 1);
    return cs_spy_calls(where, NULL);
}

static const struct {
    size_t mode;
    struct cs_key_spec spec;
    size_t budget;
} budgets[] = {
    {0, {CS_KEY_EC_P256, 256}, BUDGET_DIRECT},
    {1, {CS_KEY_EC_P256, 256}, BUDGET_SESSION_COPY},
    {0, {CS_KEY_RSA, 2048}, BUDGET_DIRECT},
    {1, {CS_KEY_RSA, 2048}, BUDGET_SESSION_COPY},
};

START_TEST(calls_are_few_and_as_many_with_1000_pairs)
{
    uint8_t seed = (uint8_t)(0xd0 + _i); /* the rows share the token with the 1000 */
    size_t with_1000 = calls_of_new(&hsm, budgets[_i].mode, &budgets[_i].spec, seed);
    struct cs_softhsm small;

    cs_softhsm_init(&small);
    cs_softhsm_populate(&small, CS_SOFTHSM_LABEL, 1, CS_SOFTHSM_EC);
    size_t with_1 = calls_of_new(&small, budgets[_i].mode, &budgets[_i].spec, seed);
    cs_softhsm_done(&small);

    ck_assert_uint_eq(with_1, with_1000);
    ck_assert_msg(with_1 <= budgets[_i].budget, "%s: %zu calls, %zu allowed",
                  modes[budgets[_i].mode].profile, with_1, budgets[_i].budget);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault_keystore");
    TCase *sweep = tcase_create("sweep");
    TCase *budget = tcase_create("budget");

    tcase_add_checked_fixture(sweep, setup, teardown);
    tcase_add_loop_test(sweep, one_call_fails, 0, (int)ROWS(sweeps) * CALLS_MAX);
    add_rows(sweep, token_is_full, full);
    add_rows(sweep, sweep_reaches_every_call, modes);
    tcase_add_test(sweep, destroying_fails_too);
    suite_add_tcase(suite, sweep);
    tcase_add_unchecked_fixture(budget, setup_full, teardown);
    add_rows(budget, calls_are_few_and_as_many_with_1000_pairs, budgets);
    suite_add_tcase(suite, budget);
    return check_run(suite);
}

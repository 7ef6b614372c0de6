#include "base/mem.h"
#include "base/secret.h"
#include "support/check_run.h"
#include "support/scratch.h"
#include "unit/secret_checks.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

START_TEST(test_lend_passes_the_answer_on)
{
    char pin[] = "123456";
    cs_auto(cs_secret) secret = NULL;
    struct expected expected = {"123456", 6, NULL, CS_E_TOKEN_AUTH};
    struct cs_err err = {0};

    assert_ok(cs_secret_take(pin, 6, &secret, &err), &err);
    ck_assert_int_eq(cs_secret_lend(secret, compare, &expected, &err), CS_E_TOKEN_AUTH);
}
END_TEST

/* The source is wiped, whether the secret is taken or refused. */
static const size_t taken_lengths[] = {0, 1, 6, CS_SECRET_MAX, CS_SECRET_MAX + 1, 4000};

START_TEST(test_take)
{
    size_t len = taken_lengths[_i];
    char text[4001];
    char original[4001];
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};

    memset(text, 's', sizeof text);
    memset(original, 's', sizeof original);
    if (len <= CS_SECRET_MAX) {
        assert_ok(cs_secret_take(text, len, &secret, &err), &err);
        assert_holds(secret, original, len);
    } else {
        assert_fails(cs_secret_take(text, len, &secret, &err), CS_E_USAGE, &err);
        ck_assert_ptr_null(secret);
        ck_assert_ptr_null(strstr(err.message, "sss"));
    }
    for (size_t i = 0; i < len; i++) {
        ck_assert_int_eq(text[i], 0);
    }
    ck_assert_int_eq(text[len], 's');
}
END_TEST

/* The range of the memory map around @address; true if it is locked ("lo"), every page that is in
 * memory too, and left out of dumps ("dd"). */
static bool find_arena(uintptr_t address, uintptr_t *start, uintptr_t *end)
{
    char line[512];
    unsigned long from = 0;
    unsigned long to = 0;
    size_t resident = 0;
    size_t locked = 0;
    bool flags = false;

    /* What makes cores impossible hides /proc/self as well, unless this is root. */
    ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    FILE *file = fopen("/proc/self/smaps", "r");
    ck_assert_ptr_nonnull(file);
    while (!flags && fgets(line, sizeof line, file)) {
        unsigned long first = 0;
        unsigned long last = 0;
        if (sscanf(line, "%lx-%lx ", &first, &last) == 2) {
            from = first;
            to = last;
        }
        sscanf(line, "Rss: %zu kB", &resident);
        sscanf(line, "Locked: %zu kB", &locked);
        flags = address >= from && address < to && strncmp(line, "VmFlags:", 8) == 0 &&
                strstr(line, " lo") && strstr(line, " dd");
    }
    fclose(file);
    *start = from;
    *end = to;
    return flags && locked > 0 && locked == resident;
}

static bool memory_holds(uintptr_t start, uintptr_t end, const char *word)
{
    cs_autofree char *copy = cs_alloc(end - start, 1);
    cs_autoclose int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_uint_eq((size_t)pread(fd, copy, end - start, (off_t)start), end - start);
    return memmem(copy, end - start, word, strlen(word)) != NULL;
}

#define WORD "pin-Zq4mV8-unmistakable"

static void read_secret(struct cs_secret **secret)
{
    struct cs_err err = {0};

    scratch_put("pin", WORD "\n", strlen(WORD) + 1, 0600);
    assert_ok(cs_secret_read_file("pin", secret, &err), &err);
}

START_TEST(test_locked_undumped_wiped)
{
    cs_auto(cs_secret) secret = NULL;
    struct expected expected = {WORD, strlen(WORD), NULL, CS_OK};
    struct cs_err err = {0};
    uintptr_t start = 0;
    uintptr_t end = 0;

    read_secret(&secret);
    assert_ok(cs_secret_lend(secret, compare, &expected, &err), &err);
    ck_assert(find_arena((uintptr_t)expected.seen, &start, &end));
    ck_assert(memory_holds(start, end, WORD));
    cs_secret_free(cs_steal(&secret));
    ck_assert(!memory_holds(start, end, WORD));
}
END_TEST

/* A line that is refused leaves nothing either. */
START_TEST(test_refused_is_wiped)
{
    char text[2048];
    char pin[] = "p";
    cs_auto(cs_secret) probe = NULL;
    cs_auto(cs_secret) secret = NULL;
    struct expected expected = {"p", 1, NULL, CS_OK};
    struct cs_err err = {0};
    uintptr_t start = 0;
    uintptr_t end = 0;

    memset(text, 'x', sizeof text);
    memcpy(text, WORD, strlen(WORD));
    scratch_put("pin", text, sizeof text, 0600);
    assert_fails(cs_secret_read_file("pin", &secret, &err), CS_E_USAGE, &err);
    ck_assert_ptr_null(strstr(err.message, "unmistakable"));

    assert_ok(cs_secret_take(pin, 1, &probe, &err), &err);
    assert_ok(cs_secret_lend(probe, compare, &expected, &err), &err);
    ck_assert(find_arena((uintptr_t)expected.seen, &start, &end));
    ck_assert(!memory_holds(start, end, "unmistakable"));
    ck_assert(!memory_holds(start, end, "xxxx"));
}
END_TEST

START_TEST(test_no_core)
{
    struct rlimit limit;

    ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
    ck_assert_uint_eq(limit.rlim_max, 0);
}
END_TEST

/* Where nothing may be locked, setup says so, and says so again when it is called again. */
START_TEST(test_cannot_lock)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        const struct rlimit none = {0, 0};
        struct cs_err err = {0};
        /* Root locks without a limit; a fixture of this test has set nothing up yet. */
        if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0)) {
            _exit(98);
        }
        if (cs_secret_setup(&err) != CS_E_INTERNAL || !strstr(err.hint, "ulimit -l")) {
            _exit(97);
        }
        _exit(cs_secret_setup(&err) == CS_E_INTERNAL ? 0 : 96);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(test_many)
{
    struct cs_secret *secrets[1200] = {NULL};
    struct cs_err err = {0};
    size_t count = 0;

    /* "A handful" are at least 32 short ones at a time; then an error and no crash. */
    for (; count < ROWS(secrets); count++) {
        char pin[] = "0123456789";
        if (cs_secret_take(pin, 10, &secrets[count], &err) != CS_OK) {
            break;
        }
    }
    ck_assert_uint_ge(count, 32);
    ck_assert_uint_lt(count, ROWS(secrets));
    ck_assert_int_eq(err.code, CS_E_INTERNAL);
    for (size_t i = 0; i < count; i++) {
        assert_holds(secrets[i], "0123456789", 10);
        cs_secret_free(secrets[i]);
    }
    cs_secret_free(NULL);
}
END_TEST

/* Secrets that came from files take no more room than they need. */
START_TEST(test_many_read)
{
    struct cs_secret *secrets[32] = {NULL};
    struct cs_err err = {0};

    scratch_put("pin", "0123456789\n", 11, 0600);
    for (size_t i = 0; i < ROWS(secrets); i++) {
        assert_ok(cs_secret_read_file("pin", &secrets[i], &err), &err);
    }
    for (size_t i = 0; i < ROWS(secrets); i++) {
        cs_secret_free(secrets[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("secret");
    TCase *bare = tcase_create("not set up");
    TCase *tcase = tcase_create("secret");

    tcase_add_test(bare, test_cannot_lock);
    suite_add_tcase(suite, bare);
    tcase_add_checked_fixture(tcase, secret_enter, scratch_leave);
    tcase_add_test(tcase, test_lend_passes_the_answer_on);
    add_rows(tcase, test_take, taken_lengths);
    tcase_add_test(tcase, test_locked_undumped_wiped);
    tcase_add_test(tcase, test_refused_is_wiped);
    tcase_add_test(tcase, test_no_core);
    tcase_add_test(tcase, test_many);
    tcase_add_test(tcase, test_many_read);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

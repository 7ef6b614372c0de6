#include "base/cleanup.h"
#include "base/err.h"
#include "base/mem.h"
#include "support/check_run.h"
#include "support/no_memory.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ONE_GIB ((size_t)1 << 30)

static void *volatile sink;

static void by_alloc(void)
{
    sink = cs_alloc(1, ONE_GIB);
}

static void by_alloc_product(void)
{
    volatile size_t count = SIZE_MAX / 2;
    sink = cs_alloc(count, 4);
}

static void by_realloc(void)
{
    char *small = cs_alloc(1, 1);
    sink = cs_realloc(small, ONE_GIB, 1);
}

static void by_realloc_product(void)
{
    volatile size_t count = SIZE_MAX / 2;
    char *small = cs_alloc(1, 1);
    sink = cs_realloc(small, count, 4);
}

static void by_strndup(void)
{
    sink = cs_strndup("x", ONE_GIB);
}

static void by_asprintf(void)
{
    sink = cs_asprintf("%*d", (int)ONE_GIB, 1);
}

static void (*const exhausts[])(void) = {by_alloc,           by_alloc_product, by_realloc,
                                         by_realloc_product, by_strndup,       by_asprintf};

/* Pages in use now, plus 64 MiB. */
static void limit_memory(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%lu", &pages) != 1) {
        _exit(98);
    }
    fclose(file);
    rlim_t octets = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)64 << 20);
    const struct rlimit limit = {octets, octets};
    if (setrlimit(RLIMIT_AS, &limit) != 0) {
        _exit(97);
    }
}

/* Ends with INTERNAL, and says on stderr what to do. */
START_TEST(test_out_of_memory)
{
    char said[4096] = "";
    int pipe_fds[2];
    int status = 0;

    ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipe_fds[1], STDERR_FILENO);
        limit_memory();
        exhausts[_i]();
        _exit(99);
    }
    close(pipe_fds[1]);
    size_t len = 0;
    for (ssize_t got; (got = read(pipe_fds[0], said + len, sizeof said - 1 - len)) > 0;) {
        len += (size_t)got;
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "ended by signal %d: %s", WTERMSIG(status), said);
    ck_assert_int_eq(WEXITSTATUS(status), CS_E_INTERNAL);
    assert_contains(said, "out of memory");
    assert_contains(said, "cscert recover");
}
END_TEST

/* With stderr closed the exit code is the same. */
START_TEST(test_out_of_memory_unheard)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        close(STDERR_FILENO);
        limit_memory();
        by_alloc();
        _exit(99);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), CS_E_INTERNAL);
}
END_TEST

START_TEST(test_zeroed)
{
    cs_autofree unsigned char *octets = cs_alloc(100, 3);
    cs_autofree char *none = cs_alloc(0, 0);

    for (size_t i = 0; i < 300; i++) {
        ck_assert_uint_eq(octets[i], 0);
    }
    ck_assert_ptr_nonnull(none);
}
END_TEST

START_TEST(test_realloc_keeps)
{
    cs_autofree char *text = cs_strdup("abc");

    text = cs_realloc(text, 100000, 1);
    ck_assert_str_eq(text, "abc");
    text = cs_realloc(text, 0, 0); /* never NULL, never freed behind the caller */
    ck_assert_ptr_nonnull(text);
}
END_TEST

START_TEST(test_copies)
{
    cs_autofree char *part = cs_strndup("abc\0def", 5);
    cs_autofree char *empty = cs_strndup("abc", 0);
    cs_autofree char *printed = cs_asprintf("%s-%d", "x", 7);
    cs_autofree char *blank = cs_asprintf("%s", "");

    ck_assert_mem_eq(part, "abc\0d\0", 6);
    ck_assert_str_eq(empty, "");
    ck_assert_str_eq(printed, "x-7");
    ck_assert_str_eq(blank, "");
    ck_assert_ptr_null(cs_strdup(NULL));
}
END_TEST

START_TEST(test_cleanup)
{
    int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);

    {
        cs_autoclose int fd = kept;
        cs_autoclose int none = -1;
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(none, -1);
    }
    ck_assert_int_eq(fcntl(kept, F_GETFD), -1);

    cs_autofree char *owner = cs_strdup("x");
    cs_autofree char *heir = cs_steal(&owner);
    ck_assert_ptr_null(owner);
    ck_assert_str_eq(heir, "x");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mem");
    TCase *tcase = tcase_create("mem");

    add_rows(tcase, test_out_of_memory, exhausts);
    tcase_add_test(tcase, test_out_of_memory_unheard);
    tcase_add_test(tcase, test_zeroed);
    tcase_add_test(tcase, test_realloc_keeps);
    tcase_add_test(tcase, test_copies);
    tcase_add_test(tcase, test_cleanup);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

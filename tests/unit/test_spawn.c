#include "wire/spawn.h"

#include "base/mem.h"
#include "support/check_run.h"
#include "support/scratch.h"
#include "unit/wire_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* A descriptor at whose beginning @text stands. */
static int descriptor(const char *text)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
    return fd;
}

/* ---- what a child is given ---- */

/* The whole of each is asserted: what is not in it is not there. */
START_TEST(test_environment)
{
    setenv("LD_PRELOAD_LIKE", "steered", 1);
    setenv("LANG", "de_DE.UTF-8", 1);
    cs_auto(cs_child) child = start_child(NULL, 0);
    cs_autofree char *text = ask(child, "describe");

    ck_assert_ptr_nonnull(text);
    assert_contains(text, "environment: LANG=C.UTF-8 TZ=UTC0\n");
    assert_contains(text, "group: own\n");
}
END_TEST

START_TEST(test_descriptors)
{
    /* Without CLOEXEC, below and above what the child gets: none may reach it. */
    ck_assert_int_eq(dup2(STDIN_FILENO, 6), 6);
    ck_assert_int_eq(dup2(STDIN_FILENO, 60), 60);
    ck_assert_int_eq(dup2(STDIN_FILENO, 600), 600);
    int fds[] = {descriptor("x"), descriptor("y")};
    cs_auto(cs_child) child = start_child(fds, (size_t)_i);
    cs_autofree char *text = ask(child, "describe");
    static const char *const expected[] = {"fds: 0 1 2 3\n", "fds: 0 1 2 3 4\n",
                                           "fds: 0 1 2 3 4 5\n"};

    ck_assert_ptr_nonnull(text);
    assert_contains(text, expected[_i]);
#ifdef CS_SANITIZED
    assert_contains(text, "streams: /dev/null /dev/null ");
#else
    assert_contains(text, "streams: /dev/null /dev/null /dev/null\n");
#endif
}
END_TEST

/* As cscert has them: SIGPIPE ignored, others blocked, and handlers. */
START_TEST(test_signals)
{
    sigset_t some;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&some);
    sigaddset(&some, SIGINT);
    sigaddset(&some, SIGTERM);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &some, NULL), 0);
    cs_auto(cs_child) child = start_child(NULL, 0);
    cs_autofree char *text = ask(child, "describe");

    ck_assert_ptr_nonnull(text);
#ifdef CS_SANITIZED /* which may have handlers, but ignores nothing either */
    ck_assert_ptr_null(strstr(text, "blocked"));
#endif
    assert_contains(text, "signals:\n");
}
END_TEST

START_TEST(test_lent)
{
    int fds[] = {descriptor("one"), descriptor("two"), descriptor("three")};
    cs_auto(cs_child) child = start_child(fds, ROWS(fds));
    cs_autofree char *text = ask(child, "read lent");

    ck_assert_str_eq(text, "lent: one two three");
}
END_TEST

/* Their own numbers are those of others in the child, and one is lent twice. */
START_TEST(test_lent_overlapping)
{
    int one = descriptor("one");
    int two = descriptor("two");
    int three = descriptor("three");
    const int fds[] = {three, two, one, three};

    ck_assert_int_gt(one, CS_SPAWN_SOCKET_FD);
    ck_assert_int_lt(three, CS_SPAWN_SOCKET_FD + 1 + (int)ROWS(fds) + 4);
    ck_assert_int_eq(lseek(three, 1, SEEK_SET), 1);
    cs_auto(cs_child) child = start_child(fds, ROWS(fds));
    cs_autofree char *text = ask(child, "read lent");

    /* "three" from its second octet on; whoever reads it again is at its end. */
    ck_assert_str_eq(text, "lent: hree two one ");
    ck_assert_int_eq(fcntl(three, F_GETFD), FD_CLOEXEC); /* they are still ours */
}
END_TEST

START_TEST(test_most_lent)
{
    int fds[CS_SPAWN_FDS_MAX + 1];
    struct cs_err err = {0};

    fds[0] = descriptor("x");
    for (size_t i = 1; i < ROWS(fds); i++) {
        fds[i] = fds[0];
    }
    cs_auto(cs_child) child = start_child(fds, CS_SPAWN_FDS_MAX);
    cs_autofree char *text = ask(child, "describe");
    assert_contains(text, " 34 35\n");

    struct cs_child *none = NULL;
    assert_fails(cs_child_start(CS_WIRECHILD, fds, ROWS(fds), &none, &err), CS_E_INTERNAL, &err);
    ck_assert_ptr_null(none);
}
END_TEST

/* ---- programs that cannot be started ---- */

static const struct {
    const char *path; /* relative ones stand in the scratch folder */
    cs_rc rc;
    int cause;
} programs[] = {
    {"/nonexistent/cscert-read", CS_E_CONFIG, ENOENT},
    {"/etc/passwd/cscert-read", CS_E_CONFIG, ENOTDIR},
    {"/tmp", CS_E_CONFIG, EACCES},
    {"cscert-read", CS_E_INTERNAL, 0}, /* no PATH, no current folder */
    {"./cscert-read", CS_E_INTERNAL, 0},
    {"", CS_E_INTERNAL, 0},
};

START_TEST(test_program)
{
    int before = scratch_entries("/proc/self/fd");
    struct cs_child *child = NULL;
    struct cs_err err = {0};

    scratch_put("cscert-read", "#!/bin/sh\nexit 0\n", 17, 0755);
    setenv("PATH", ".:/usr/bin:/bin", 1);
    assert_fails(cs_child_start(programs[_i].path, NULL, 0, &child, &err), programs[_i].rc, &err);
    assert_contains(err.message, programs[_i].path);
    ck_assert_int_eq(err.cause, programs[_i].cause);
    ck_assert_ptr_null(child);
    ck_assert_int_eq(scratch_entries("/proc/self/fd"), before);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

/* A file that may not be run, and one that is no program: no shell makes one of it. */
static const struct {
    const char *content;
    mode_t mode;
    int cause;
    const char *hint;
} files[] = {
    {"#!/bin/sh\nexit 0\n", 0644, EACCES, "allowed to execute"},
    {"exit 0\n", 0755, ENOEXEC, "begin with #!"},
    {"#!/nonexistent/sh\nexit 0\n", 0755, ENOENT, "begin with #!"},
};

START_TEST(test_file)
{
    cs_autofree char *path = cs_asprintf("%s/program", scratch_folder);
    struct cs_child *child = NULL;
    struct cs_err err = {0};

    scratch_put("program", files[_i].content, strlen(files[_i].content), files[_i].mode);
    assert_fails(cs_child_start(path, NULL, 0, &child, &err), CS_E_CONFIG, &err);
    ck_assert_int_eq(err.cause, files[_i].cause);
    assert_contains(err.hint, files[_i].hint);
}
END_TEST

START_TEST(test_lent_is_closed)
{
    const int fds[] = {987};
    struct cs_child *child = NULL;
    struct cs_err err = {0};

    assert_fails(cs_child_start(CS_WIRECHILD, fds, 1, &child, &err), CS_E_INTERNAL, &err);
    assert_contains(err.message, "987");
    ck_assert_int_eq(err.cause, EBADF);
}
END_TEST

/* ---- how it ends ---- */

static const struct {
    const char *order;
    const char *text;
} ends[] = {
    {"exit 0", "ended with exit code 0"},
    {"exit 7", "ended with exit code 7"},
    {"abort", "was killed by signal 6 (Aborted)"},
    {"stay", "did not end and was killed"},
};

START_TEST(test_end)
{
    cs_auto(cs_child) child = start_child(NULL, 0);

    tell(child, ends[_i].order);
    cs_autofree char *text = cs_child_end_text(child);
    ck_assert_str_eq(text, ends[_i].text);
    cs_autofree char *again = cs_child_end_text(child);
    ck_assert_str_eq(again, ends[_i].text);
}
END_TEST

/* Closed, killed, reaped: nothing is left of it. */
static const char *const orders[] = {"stay", "exit 0", "describe"};

START_TEST(test_nothing_is_left)
{
    int before = scratch_entries("/proc/self/fd");
    struct cs_child *child = start_child(NULL, 0);

    tell(child, orders[_i]);
    cs_child_free(child);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    ck_assert_int_eq(scratch_entries("/proc/self/fd"), before);
    cs_child_free(NULL);
}
END_TEST

/* A script that waits for a program of its own: both end. The pipe ends when nobody has it. */
START_TEST(test_its_children_end)
{
    static const char script[] = "#!/bin/sh\nsleep 1000 &\nprintf x >&4\nwait\n";
    cs_autofree char *folder = realpath(".", NULL);
    cs_autofree char *program = cs_asprintf("%s/program", folder);
    struct cs_child *child = NULL;
    struct cs_err err = {0};
    int pair[2];
    char octet;

    scratch_put("program", script, strlen(script), 0700);
    ck_assert_int_eq(pipe2(pair, O_CLOEXEC), 0);
    assert_ok(cs_child_start(program, &pair[1], 1, &child, &err), &err);
    close(pair[1]);
    ck_assert_int_eq(read(pair[0], &octet, 1), 1); /* they run */
    cs_child_free(child);
    ck_assert_int_eq(read(pair[0], &octet, 1), 0);
    close(pair[0]);
}
END_TEST

/* Who started us may have left SIGCHLD ignored: the kernel reaps, and nobody waits for ever. */
START_TEST(test_reaped_by_the_kernel)
{
    signal(SIGCHLD, SIG_IGN);
    cs_auto(cs_child) child = start_child(NULL, 0);

    tell(child, "exit 7");
    cs_autofree char *text = cs_child_end_text(child);
    ck_assert_str_eq(text, "ended");
    signal(SIGCHLD, SIG_DFL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spawn");
    TCase *tcase = tcase_create("spawn");

    tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
    tcase_add_test(tcase, test_environment);
    tcase_add_loop_test(tcase, test_descriptors, 0, 3);
    tcase_add_test(tcase, test_signals);
    tcase_add_test(tcase, test_lent);
    tcase_add_test(tcase, test_lent_overlapping);
    tcase_add_test(tcase, test_most_lent);
    add_rows(tcase, test_program, programs);
    add_rows(tcase, test_file, files);
    tcase_add_test(tcase, test_lent_is_closed);
    add_rows(tcase, test_end, ends);
    add_rows(tcase, test_nothing_is_left, orders);
    tcase_add_test(tcase, test_its_children_end);
    tcase_add_test(tcase, test_reaped_by_the_kernel);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

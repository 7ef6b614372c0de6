#include "wire/sandbox.h"

#include "base/mem.h"
#include "support/check_run.h"
#include "support/scratch.h"
#include "unit/wire_child.h"

#include <stdio.h>

static struct cs_child *start_in_sandbox(const char *enter)
{
    cs_autoclose int lent = open("lent", O_RDONLY | O_CLOEXEC);
    struct cs_child *child = start_child(&lent, 1);
    cs_autofree char *answer = ask(child, enter);

    ck_assert_str_eq(answer, "entered");
    return child;
}

static void make_lent(void)
{
    scratch_enter();
    scratch_put("lent", "x", 1, 0600);
}

/* ---- what may be done ---- */

static const char *const allowed[] = {"memory", "map", "time", "lent"};

START_TEST(test_allowed)
{
    cs_auto(cs_child) child = start_in_sandbox("enter");
    cs_autofree char *order = cs_asprintf("do %s", allowed[_i]);
    cs_autofree char *answer = ask(child, order);

    ck_assert_msg(answer, "%s: it %s", allowed[_i], cs_child_end_text(child));
    ck_assert_str_eq(answer, "done");
    tell(child, "exit 5");
    cs_autofree char *text = cs_child_end_text(child);
    ck_assert_str_eq(text, "ended with exit code 5");
}
END_TEST

/* ---- what kills ---- */

/* Each of these answers "done" outside: that it is the sandbox that kills is asserted too. */
static const char *const forbidden[] = {
    "open",           "create",   "socket", "connect", "sendmsg", "execve", "fork",  "map code",
    "turn into code", "kill",     "prctl",  "rlimit",  "unlink",  "stat",   "ioctl", "dup",
    "memfd",          "io_uring", "ptrace",
};

START_TEST(test_forbidden)
{
    cs_auto(cs_child) free_child = start_child(NULL, 0);
    cs_auto(cs_child) child = start_in_sandbox("enter");
    cs_autofree char *order = cs_asprintf("do %s", forbidden[_i]);

    if (strcmp(forbidden[_i], "execve") != 0) { /* from which nothing comes back */
        cs_autofree char *outside = ask(free_child, order);
        ck_assert_str_eq(outside, "done");
    }
    cs_autofree char *answer = ask(child, order);
    ck_assert_msg(!answer, "%s: %s", forbidden[_i], answer);
    cs_autofree char *text = cs_child_end_text(child);
    ck_assert_str_eq(text, "was killed by signal 31 (Bad system call)");
}
END_TEST

START_TEST(test_nothing_was_made)
{
    cs_auto(cs_child) child = start_in_sandbox("enter");
    cs_autofree char *answer = ask(child, "do create");

    ck_assert_ptr_null(answer);
    ck_assert_int_eq(access("made-in-the-sandbox", F_OK), -1);
}
END_TEST

/* There is no way out, and no second sandbox. */
START_TEST(test_for_good)
{
    cs_auto(cs_child) child = start_in_sandbox("enter");
    cs_autofree char *answer = ask(child, "enter");

    ck_assert_ptr_null(answer);
}
END_TEST

/* ---- limits ---- */

#ifndef CS_SANITIZED /* which needs terabytes of address space */
START_TEST(test_memory)
{
    cs_auto(cs_child) free_child = start_child(NULL, 0);
    cs_auto(cs_child) child = start_in_sandbox("enter");
    cs_autofree char *outside = ask(free_child, "do too much memory");
    cs_autofree char *inside = ask(child, "do too much memory");

    ck_assert_str_eq(outside, "not done");
    ck_assert_str_eq(inside, "done"); /* malloc() said no, which is what it asks for */
}
END_TEST
#endif

START_TEST(test_cpu_time)
{
    cs_auto(cs_child) child = start_in_sandbox("enter 1");
    cs_autofree char *answer = ask(child, "do spin");

    ck_assert_ptr_null(answer);
    cs_autofree char *text = cs_child_end_text(child);
    ck_assert_str_eq(text, "was killed by signal 9 (Killed)");
}
END_TEST

/* ---- as the kernel sees it ---- */

/* The only child of this process. */
static char *proc_text(const char *name)
{
    char path[64];
    char children[64] = "";
    cs_auto_value(cs_buf) buf = CS_BUF(1 << 16);
    int octet;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(children, sizeof children, file));
    fclose(file);
    snprintf(path, sizeof path, "/proc/%ld/%s", strtol(children, NULL, 10), name);
    file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while ((octet = fgetc(file)) != EOF) {
        const char text = (char)octet;
        cs_buf_add(&buf, &text, 1);
    }
    fclose(file);
    return (char *)cs_steal(&buf.data);
}

/* proc(5): Seccomp 2 is a filter; a process that is not dumpable belongs to root. */
START_TEST(test_status)
{
    cs_auto(cs_child) child = start_in_sandbox("enter");
    cs_autofree char *status = proc_text("status");
    cs_autofree char *limits = proc_text("limits");

    assert_contains(status, "NoNewPrivs:\t1\n");
    assert_contains(status, "Seccomp:\t2\n");
    assert_contains(limits, "Max core file size        0                    0  ");
    assert_contains(limits, "Max cpu time              100                  100  ");
    assert_contains(limits, "Max file size             0                    0  ");
    assert_contains(limits, "Max processes             0                    0  ");
#ifndef CS_SANITIZED
    assert_contains(limits, "Max address space         536870912            536870912  ");
#endif
    tell(child, "exit 0");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tcase = tcase_create("sandbox");

    tcase_add_checked_fixture(tcase, make_lent, scratch_leave);
    add_rows(tcase, test_allowed, allowed);
    add_rows(tcase, test_forbidden, forbidden);
    tcase_add_test(tcase, test_nothing_was_made);
    tcase_add_test(tcase, test_for_good);
#ifndef CS_SANITIZED
    tcase_add_test(tcase, test_memory);
#endif
    tcase_add_test(tcase, test_cpu_time);
    tcase_add_test(tcase, test_status);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "cli/tty.h"
#include "support/check_run.h"
#include "support/pty.h"

#include <stdbool.h>
#include <stdio.h>

struct question {
    bool silent;
    bool handled; /* SIGINT has a handler that only notes it */
};

static volatile sig_atomic_t noted;

static void note(int number)
{
    noted = number;
}

static int ask(void *ctx)
{
    const struct question *question = ctx;
    struct cs_err err = {0};
    struct cs_tty tty;
    char line[64] = {0};

    if (question->handled) {
        signal(SIGINT, note);
    }
    if (!cs_tty_is_there() || cs_tty_open(question->silent, &tty, &err) != CS_OK) {
        return 99;
    }
    cs_rc rc = cs_tty_ask(&tty, "PIN\033[2J: ", &err);
    if (rc == CS_OK && read(tty.fd, line, sizeof line - 1) < 0) {
        rc = CS_E_INTERNAL;
    }
    cs_tty_close(&tty);
    printf("<%zu>%s", strlen(line), noted ? " noted" : "");
    fflush(stdout);
    return (int)rc;
}

START_TEST(test_answer)
{
    struct question question = {.silent = _i == 1};
    struct pty pty = pty_start(ask, &question);

    pty_wait_for(&pty, "PIN\\x1b[2J: "); /* the prompt cannot move the cursor */
    ck_assert_int_eq(pty_echoes(&pty), !question.silent);
    pty_type(&pty, "1234\n");
    pty_wait_for(&pty, "<5>");
    ck_assert_int_eq(strstr(pty.seen, "1234") != NULL, !question.silent);
    ck_assert(pty_echoes(&pty));
    ck_assert_int_eq(pty_end(&pty), CS_OK);
}
END_TEST

/* Ctrl-C at a prompt: the echo is back before the program ends of it. */
START_TEST(test_killed)
{
    struct question question = {.silent = true};
    struct pty pty = pty_start(ask, &question);
    const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

    pty_wait_for(&pty, ": ");
    ck_assert(!pty_echoes(&pty));
    ck_assert_int_eq(kill(pty.child, signals[_i]), 0);
    int status = 0;
    ck_assert_int_eq(waitpid(pty.child, &status, 0), pty.child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), signals[_i]);
    ck_assert(pty_echoes(&pty));
    close(pty.master);
}
END_TEST

START_TEST(test_handled)
{
    struct question question = {.silent = true, .handled = true};
    struct pty pty = pty_start(ask, &question);

    pty_wait_for(&pty, ": ");
    pty_type(&pty, "\003");
    pty_wait_for(&pty, "<0> noted");
    ck_assert(pty_echoes(&pty));
    ck_assert_int_eq(pty_end(&pty), CS_E_CANCELLED);
}
END_TEST

START_TEST(test_none)
{
    struct cs_err err = {0};
    struct cs_tty tty;

    pty_leave_terminal();
    ck_assert(!cs_tty_is_there());
    assert_fails(cs_tty_open(true, &tty, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "no terminal");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tty");
    TCase *tcase = tcase_create("terminal");

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_answer, 0, 2);
    tcase_add_loop_test(tcase, test_killed, 0, 4);
    tcase_add_test(tcase, test_handled);
    tcase_add_test(tcase, test_none);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

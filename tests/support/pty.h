/* A terminal for tests: a child that has one as its controlling terminal, and who types at it. */
#ifndef CS_TESTS_SUPPORT_PTY_H
#define CS_TESTS_SUPPORT_PTY_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* The longest that a test waits for something that must come, in milliseconds. */
#define PTY_PATIENCE 20000

struct pty {
    pid_t child;
    int master;
    char seen[8192]; /* all that came out of the terminal so far */
    size_t len;
};

/* This process has no terminal any more. */
static inline void pty_leave_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

    if (fd >= 0) {
        ck_assert_int_eq(ioctl(fd, TIOCNOTTY), 0);
        close(fd);
    }
}

/* Runs @run in a child; its value is the child's exit code. */
static inline struct pty pty_start(int (*run)(void *ctx), void *ctx)
{
    struct pty pty = {.master = -1};

    pty.child = forkpty(&pty.master, NULL, NULL, NULL);
    ck_assert_int_ge(pty.child, 0);
    if (pty.child == 0) {
        signal(SIGINT, SIG_DFL); /* Check has its own, which end the test */
        signal(SIGTERM, SIG_DFL);
        _exit(run(ctx));
    }
    return pty;
}

/* One more read; false at the end. */
static inline int pty_read(struct pty *pty)
{
    struct pollfd wait = {.fd = pty->master, .events = POLLIN};

    ck_assert_msg(poll(&wait, 1, PTY_PATIENCE) == 1, "nothing comes; so far: %s", pty->seen);
    ssize_t got = read(pty->master, pty->seen + pty->len, sizeof pty->seen - 1 - pty->len);
    if (got <= 0) {
        return 0;
    }
    pty->len += (size_t)got;
    pty->seen[pty->len] = 0;
    return 1;
}

static inline void pty_wait_for(struct pty *pty, const char *text)
{
    while (!strstr(pty->seen, text)) {
        ck_assert_msg(pty_read(pty), "\"%s\" does not come; all that came: %s", text, pty->seen);
    }
}

static inline void pty_type(const struct pty *pty, const char *text)
{
    ck_assert_int_eq(write(pty->master, text, strlen(text)), (ssize_t)strlen(text));
}

static inline int pty_echoes(const struct pty *pty)
{
    struct termios state;

    ck_assert_int_eq(tcgetattr(pty->master, &state), 0);
    return (state.c_lflag & ECHO) != 0;
}

/* Reads to the end; the child's exit code, or 128 and the signal's number. */
static inline int pty_end(struct pty *pty)
{
    int status = 0;

    while (pty_read(pty)) {
    }
    ck_assert_int_eq(waitpid(pty->child, &status, 0), pty->child);
    close(pty->master);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

#endif

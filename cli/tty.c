#include "cli/tty.h"

#include "base/cleanup.h"
#include "base/strv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int open_terminal(void)
{
    return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool cs_tty_is_there(void)
{
    cs_autoclose int fd = open_terminal();

    return fd >= 0;
}

/* What is not all written to a terminal is lost with it: nothing could be done about it. */
static void put(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0) {
        return;
    }
}

static bool turn_echo_off(struct cs_tty *tty)
{
    if (tcgetattr(tty->fd, &tty->saved) != 0) {
        return false;
    }
    struct termios quiet = tty->saved;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    quiet.c_lflag |= ECHONL | ICANON;
    return tcsetattr(tty->fd, TCSAFLUSH, &quiet) == 0;
}

cs_rc cs_tty_open(bool silent, struct cs_tty *ret_tty, struct cs_err *err)
{
    struct cs_tty tty = {.fd = open_terminal(), .signals = -1};

    if (tty.fd < 0) {
        return cs_fail_errno(err, CS_E_CONFIG, "open", errno, "there is no terminal to ask on");
    }
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGHUP);
    sigaddset(&watched, SIGQUIT);
    sigset_t blocked = watched;
    sigaddset(&blocked, SIGTSTP); /* or the shell would get a terminal without echo */
    pthread_sigmask(SIG_BLOCK, &blocked, &tty.mask);
    tty.signals = signalfd(-1, &watched, SFD_CLOEXEC);
    if (tty.signals < 0 || (silent && !turn_echo_off(&tty))) {
        int number = errno;
        cs_tty_close(&tty);
        return cs_fail_errno(err, CS_E_CONFIG, "tcsetattr", number,
                             "the terminal cannot be used to ask on");
    }
    tty.silent = silent;
    *ret_tty = tty;
    return CS_OK;
}

cs_rc cs_tty_ask(struct cs_tty *tty, const char *prompt, struct cs_err *err)
{
    cs_autofree char *shown = cs_terminal_escape(prompt);
    struct pollfd waits[] = {{.fd = tty->fd, .events = POLLIN},
                             {.fd = tty->signals, .events = POLLIN}};
    struct signalfd_siginfo info;

    put(tty->fd, shown);
    while (poll(waits, 2, -1) < 0) {
        if (errno != EINTR) {
            return cs_fail_errno(err, CS_E_INTERNAL, "poll", errno,
                                 "the terminal cannot be waited for");
        }
    }
    if (!waits[1].revents) {
        return CS_OK;
    }
    if (read(tty->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        tty->caught = (int)info.ssi_signo;
    }
    put(tty->fd, "\n");
    return cs_fail(err, CS_E_CANCELLED, "stopped by a signal while waiting for an answer");
}

void cs_tty_close(struct cs_tty *tty)
{
    if (tty->silent) {
        tcsetattr(tty->fd, TCSAFLUSH, &tty->saved);
    }
    if (tty->signals >= 0) {
        close(tty->signals);
    }
    close(tty->fd);
    if (tty->caught) {
        raise(tty->caught); /* pending until the mask is back */
    }
    pthread_sigmask(SIG_SETMASK, &tty->mask, NULL);
}

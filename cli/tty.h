/* The terminal of the process, to ask on: never standard input, which may be a pipe. */
#ifndef CS_CLI_TTY_H
#define CS_CLI_TTY_H

#include "base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

/* SIGINT, SIGTERM, SIGHUP and SIGQUIT wait from open to close, so that the terminal is never left
 * without echo; cs_tty_close() lets them have their way. */
struct cs_tty {
    int fd;
    int signals; /* signalfd(2) */
    int caught;  /* the signal that ended the waiting; 0: none */
    bool silent; /* echo is off, saved is to be restored */
    struct termios saved;
    sigset_t mask;
};

/* True if there is a terminal. */
bool cs_tty_is_there(void);

/* Opens the terminal, without echo if @silent. CS_E_CONFIG if there is none. */
CS_MUST_CHECK cs_rc cs_tty_open(bool silent, struct cs_tty *ret_tty, struct cs_err *err);

/* Writes @prompt, escaped, and waits until a line can be read from tty->fd. CS_E_CANCELLED when a
 * signal came first. */
CS_MUST_CHECK cs_rc cs_tty_ask(struct cs_tty *tty, const char *prompt, struct cs_err *err);

/* Restores the terminal and the signals; one that was caught is raised again. */
void cs_tty_close(struct cs_tty *tty);

#endif

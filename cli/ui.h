/* The person at the other end (port/ui.h) is somebody at a terminal, or nobody. */
#ifndef CS_CLI_UI_H
#define CS_CLI_UI_H

#include "base/cleanup.h"
#include "base/err.h"
#include "port/ui.h"

#include <stdbool.h>

struct cs_ui_options {
    bool quiet;    /* -Force: no warnings */
    bool verbose;  /* --verbose: notes */
    bool no_color; /* NO_COLOR */
    bool dumb;     /* the terminal cannot wipe a line: no spinner */
};

/* Messages go to standard error; colour and spinner only if that is a terminal. */
struct cs_ui *cs_ui_new(const struct cs_ui_options *options);
void cs_ui_free(struct cs_ui *ui);
CS_DEFINE_AUTO(cs_ui, cs_ui_free);

/* Once, at the start: SIGINT and SIGTERM are noted for cs_ui_ops.interrupted and interrupt a
 * waiting call, SIGPIPE is ignored (a module's lost connection must not end the program). */
void cs_ui_install_signals(void);

/* From here on nothing is made that would have to be undone: a signal ends the program at once. */
void cs_ui_release_signals(void);

/* The three lines of an error, to standard error: message, cause, what to do. */
void cs_ui_print_error(const struct cs_err *err, bool no_color);

/* The same, with the one of many that it is about. */
void cs_ui_print_error_of(const char *subject, const struct cs_err *err, bool no_color);

/* Before and after something else is written to the terminal: spinner and bar are away. */
void cs_ui_hide(struct cs_ui *ui);
void cs_ui_unhide(struct cs_ui *ui);

#endif

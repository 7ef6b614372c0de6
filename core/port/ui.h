/* What the flow needs of the person at the other end. Implemented by cli/. */
#ifndef CS_PORT_UI_H
#define CS_PORT_UI_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct cs_ui;

struct cs_ui_ops {
    /* A message that stops nothing. -Force silences it. */
    void (*warn)(struct cs_ui *ui, const char *text);

    /* What is going on, for --verbose. */
    void (*note)(struct cs_ui *ui, const char *text);

    /* A yes-or-no question; CS_E_CANCELLED for no, and for no terminal to ask on. */
    cs_rc (*confirm)(struct cs_ui *ui, const char *question, struct cs_err *err);

    /* Somebody is there to ask. */
    bool (*can_ask)(struct cs_ui *ui);

    /* Something slow begins and ends: a spinner after half a second. @what: "generating an RSA-4096
     * key". */
    void (*begin)(struct cs_ui *ui, const char *what);
    void (*end)(struct cs_ui *ui);

    /* Between begin() and end(): @done of @total are done. On a terminal the spinner becomes a bar
     * with rate and time left. */
    void (*progress)(struct cs_ui *ui, size_t done, size_t total);

    /* SIGINT, SIGTERM or SIGHUP came: the run stops after the current act. */
    bool (*interrupted)(struct cs_ui *ui);
};

struct cs_ui {
    const struct cs_ui_ops *ops;
};

#endif

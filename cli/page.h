/* The page of -Report. */
#ifndef CS_CLI_PAGE_H
#define CS_CLI_PAGE_H

#include "cli/app.h"

#include <stdint.h>

/* Writes what the run came to: a planned deployment as its own page, all else as the page of
 * requests. Replaces the file. CS_E_OUTPUT. */
CS_MUST_CHECK cs_rc cs_page_write(const struct cs_run *run, const char *path, int64_t started,
                                  cs_rc exit_code, const struct cs_err *error, struct cs_err *err);

#endif

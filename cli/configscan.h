/* A look at a configuration before libConfuse reads it. */
#ifndef CS_CLI_CONFIGSCAN_H
#define CS_CLI_CONFIGSCAN_H

#include "base/err.h"

#include <stddef.h>

/* The text without its comments, in *ret_plain (the caller frees), line for line: libConfuse 3.3
 * counts three lines for a comment of one. CS_E_CONFIG with the line for what libConfuse would take
 * silently for something else than was meant: ${NAME}, which it replaces from the environment, and
 * a backslash between double quotes, which it drops (\m) or makes a control character of (\n), and
 * a section without its closing brace. And for a NUL. */
CS_MUST_CHECK cs_rc cs_config_scan(const char *text, size_t len, const char *path, char **ret_plain,
                                   struct cs_err *err);

#endif

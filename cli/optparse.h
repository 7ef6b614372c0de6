/* Reading the words of a command line into values; what they mean together is checked in options.c.
 */
#ifndef CS_CLI_OPTPARSE_H
#define CS_CLI_OPTPARSE_H

#include "base/err.h"
#include "base/secret.h"
#include "base/strv.h"
#include "cli/optslip.h"
#include "cli/opttable.h"

#include <stdbool.h>

struct cs_opt_value {
    bool given;
    bool flag;
    long number;
    char *text;
    struct cs_strv list;
    struct cs_secret *secret;
};

struct cs_options {
    enum cs_dialect dialect;
    enum cs_verb verb;
    struct cs_opt_value values[CS_OPT_COUNT];
    struct cs_strv warnings;
};

/* Reads all words of @line into @options, which is empty but for its dialect and the verb
 * that is that dialect's, or CS_VERB_COUNT. CS_E_USAGE. */
CS_MUST_CHECK cs_rc cs_optparse(const struct cs_cmdline *line, struct cs_options *options,
                                struct cs_err *err);

#endif

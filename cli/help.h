/* --help, from the tables. */
#ifndef CS_CLI_HELP_H
#define CS_CLI_HELP_H

#include "base/err.h"
#include "cli/options.h"
#include "cli/opttable.h"

#include <stdbool.h>

/* The help for @verb, CS_VERB_COUNT: for the program; the caller frees. */
char *cs_help_text(enum cs_verb verb, enum cs_dialect dialect);

/* "cscert 0.1.0\n"; the caller frees. */
char *cs_help_version(void);

/* "--key-alg ALGORITHM", or in the cmdlet's dialect "-KeyAlg ALGORITHM"; the caller frees. */
char *cs_help_option(enum cs_opt option, enum cs_dialect dialect);

/* True if help or the version was asked for, and nothing else is to be done. */
bool cs_help_wanted(const struct cs_options *options);

/* Prints what was asked for to standard output. CS_E_OUTPUT. */
CS_MUST_CHECK cs_rc cs_help_print(const struct cs_options *options, struct cs_err *err);

#endif

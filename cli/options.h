/* The command line, read: one grammar for both dialects (docs/CLI.md). */
#ifndef CS_CLI_OPTIONS_H
#define CS_CLI_OPTIONS_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/strv.h"
#include "cli/opttable.h"

#include <stdbool.h>

/* What was said. Nothing changes in it after it was made. */
struct cs_options;

/* The cmdlet by whose name the program was called, with or without a path; else CS_DIALECT_UNIX. */
enum cs_dialect cs_dialect_of(const char *program);

/* Reads the arguments that main() got. Call cs_secret_setup() before: a -CaPassword is moved into
 * the locked memory and its octets in @argv are overwritten, also when something else is wrong.
 * CS_E_USAGE for everything that is not understood; *ret_options is the caller's to free. */
CS_MUST_CHECK cs_rc cs_options_parse(int argc, char **argv, struct cs_options **ret_options,
                                     struct cs_err *err);

void cs_options_free(struct cs_options *options);
CS_DEFINE_AUTO(cs_options, cs_options_free);

enum cs_dialect cs_options_dialect(const struct cs_options *options);

/* CS_VERB_COUNT only together with CS_OPT_HELP or CS_OPT_VERSION, which the words `help` and
 * `version` set too. */
enum cs_verb cs_options_verb(const struct cs_options *options);

/* True if it was said, a switch with :false included. */
bool cs_options_has(const struct cs_options *options, enum cs_opt option);

/* Switches and booleans; false when nothing was said. */
bool cs_options_flag(const struct cs_options *options, enum cs_opt option);

/* Text, file, folder, and the choice as the table writes it; NULL when nothing was said. */
const char *cs_options_text(const struct cs_options *options, enum cs_opt option);

/* The items of a list, trimmed, empty ones left out; never NULL. */
const struct cs_strv *cs_options_list(const struct cs_options *options, enum cs_opt option);

/* 0 when nothing was said. */
long cs_options_number(const struct cs_options *options, enum cs_opt option);

/* -CaPassword, -Password; NULL when nothing was said. */
const struct cs_secret *cs_options_secret(const struct cs_options *options, enum cs_opt option);

/* What is odd but was understood. */
const struct cs_strv *cs_options_warnings(const struct cs_options *options);

#endif

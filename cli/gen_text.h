/* What the generators of completions share. */
#ifndef CS_CLI_GEN_TEXT_H
#define CS_CLI_GEN_TEXT_H

#include "cli/opttable.h"

/* Prints @text with a backslash before each of @special, and ' as @quote (for single quotes). */
void cs_gen_escaped(const char *text, const char *special, const char *quote);

/* The first sentence of @help without its full stop; the caller frees. */
char *cs_gen_summary(const char *help);

/* The words of a value: choices, or True and False; the caller frees. "" if there are none. */
char *cs_gen_words(const struct cs_opt_info *info, const char *separator);

/* The value is the name of a file, or of several. */
bool cs_gen_is_file(const struct cs_opt_info *info);

/* "ca-init": a verb as one word of shell; the caller frees. */
char *cs_gen_verb_word(enum cs_verb verb);

#endif

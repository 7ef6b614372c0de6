/* What a value has to look like. */
#ifndef CS_CLI_OPTVALUE_H
#define CS_CLI_OPTVALUE_H

#include "base/err.h"
#include "base/strv.h"
#include "cli/opttable.h"

#include <stdbool.h>

/* True, False, $True, $False, 1, 0, without case. False if @word is none of them. */
bool cs_boolean_parse(const char *word, bool *ret_value);

/* The words of cs_boolean_parse() without 1 and 0, which may be something else. */
bool cs_boolean_is_word(const char *word);

/* Checks @value against the row of @option; @name is how messages call it. *ret_value is the form
 * that is kept (the caller frees), *ret_number the number of an integer. What is odd goes to
 * @warnings. CS_E_USAGE. */
CS_MUST_CHECK cs_rc cs_opt_value_check(enum cs_opt option, const char *name, const char *value,
                                       char **ret_value, long *ret_number, struct cs_strv *warnings,
                                       struct cs_err *err);

#endif

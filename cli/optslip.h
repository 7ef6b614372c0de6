/* Messages for the slips that happen when a cmdlet's command line is typed into another shell. Each
 * shows the command line as it should be. */
#ifndef CS_CLI_OPTSLIP_H
#define CS_CLI_OPTSLIP_H

#include "base/err.h"
#include "cli/opttable.h"

#include <stdbool.h>
#include <stddef.h>

/* The command line as it came. */
struct cs_cmdline {
    int argc;
    char **argv;
    enum cs_dialect dialect;
};

/* An argument that is an option: its parts. */
struct cs_opt_word {
    const char *name; /* without dashes */
    size_t name_len;
    char separator; /* ':' or '='; 0: the value is not in this word */
    char *value;    /* in argv, behind the separator; NULL without one */
};

/* Octets of the one or two dashes at the start of @word: "-", or one of the dashes that word
 * processors make of it (U+2010 to U+2015, U+2212). */
size_t cs_opt_dashes(const char *word);

/* True if @word is an option: dashes, then a letter or "?". A negative number is none. */
bool cs_opt_word_split(char *word, struct cs_opt_word *ret_word);

/* @word as a POSIX shell takes it back; the caller frees. */
char *cs_shell_quote(const char *word);

/* Overwrites every word that is, or could be, a secret. */
void cs_cmdline_wipe(const struct cs_cmdline *line);

/* A boolean (or a switch with ":") without its value at argv[@index]: a POSIX shell makes nothing
 * of an unquoted $true. CS_E_USAGE. */
CS_MUST_CHECK cs_rc cs_slip_boolean(const struct cs_cmdline *line, enum cs_opt option, int index,
                                    struct cs_err *err);

/* "C:name" as the value of the option at argv[@index]: the shell took the backslashes. @glued: the
 * value is in the same word. CS_E_USAGE. */
CS_MUST_CHECK cs_rc cs_slip_drive(const struct cs_cmdline *line, enum cs_opt option, int index,
                                  bool glued, const char *value, struct cs_err *err);

#endif

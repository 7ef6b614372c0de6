/* A list of strings, and what else is done with text. */
#ifndef CS_BASE_STRV_H
#define CS_BASE_STRV_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

/* Owned list of owned strings; {0} is empty. */
struct cs_strv {
    char **items;
    size_t count;
};

void cs_strv_done(struct cs_strv *list);
void cs_strv_add(struct cs_strv *list, const char *text);

/* Takes ownership of @text. */
void cs_strv_take(struct cs_strv *list, char *text);
void cs_strv_copy(struct cs_strv *to, const struct cs_strv *from);
bool cs_strv_has(const struct cs_strv *list, const char *text);
bool cs_strv_ihas(const struct cs_strv *list, const char *text); /* cs_ascii_iequal() */

/* Adds the parts of @text between @separator, trimmed; empty parts are left out. */
void cs_strv_split(struct cs_strv *list, const char *text, char separator);

/* The items with @separator between them; the caller frees. */
char *cs_strv_join(const struct cs_strv *list, const char *separator);

/* ASCII only: locale must not change what a DNS name is. */
char *cs_ascii_lower(const char *text);
bool cs_ascii_iequal(const char *a, const char *b);

/* @text for a terminal or a page: control characters, DEL, C1 controls and octets that are no UTF-8
 * become \xNN, what turns the direction of writing or cannot be seen \uNNNN, so that text from
 * outside cannot move the cursor or look like another. The caller frees. */
char *cs_terminal_escape(const char *text);

/* True if @text is well-formed UTF-8 that cs_terminal_escape() leaves as it is. */
bool cs_text_is_clean(const char *text);

/* Octets of the character at @text if it shows nothing: white space of any width, or what
 * cs_terminal_escape() calls invisible. 0 for all else, for the end, and for what is no UTF-8. */
size_t cs_text_unseen(const char *text);

#endif

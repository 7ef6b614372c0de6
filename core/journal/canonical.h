/* JSON in the canonical form of RFC 8785: no blanks, members sorted, one way to write each string.
 */
#ifndef CS_JOURNAL_CANONICAL_H
#define CS_JOURNAL_CANONICAL_H

#include "base/err.h"

#include <jansson.h>

/* The longest text, in octets: more than the store takes. */
#define CS_CANONICAL_MAX (4 * 1024 * 1024)

/* @value is not changed, though jansson's iterators do not promise that. *ret_text is the caller's
 * to free. Member names must be ASCII; numbers must be integers that a double holds exactly (RFC
 * 7493 section 2.2). CS_E_INTERNAL for others, and beyond CS_CANONICAL_MAX. */
CS_MUST_CHECK cs_rc cs_canonical_text(json_t *value, char **ret_text, struct cs_err *err);

#endif

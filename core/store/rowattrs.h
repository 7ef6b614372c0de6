/* The attributes of a key as text of one column. */
#ifndef CS_STORE_ROWATTRS_H
#define CS_STORE_ROWATTRS_H

#include "model/keyattr.h"

#include <stdbool.h>

/* "CKA_LOCAL=true,CKA_EXTRACTABLE=false!,CKA_KEY_GEN_MECHANISM=0": unknown ones are left out, "!"
 * says that the answer is not reliable. The caller frees. */
char *cs_rowattrs_text(const struct cs_key_attrs *attrs);

/* False for text that cs_rowattrs_text() never makes. */
bool cs_rowattrs_parse(const char *text, struct cs_key_attrs *ret_attrs);

#endif

/* Keys without a CKA_ID: what a generation that was killed can leave, and some programs' keys. */
#ifndef CS_PKCS11_STRAY_H
#define CS_PKCS11_STRAY_H

#include "pkcs11/token_internal.h"

CS_MUST_CHECK cs_rc cs_stray_find(struct cs_token *token, struct cs_stray_list *ret_list,
                                  struct cs_err *err);

CS_MUST_CHECK cs_rc cs_stray_remove(struct cs_token *token, const char *name, size_t *ret_count,
                                    struct cs_err *err);

#endif

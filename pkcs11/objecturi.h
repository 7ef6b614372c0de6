/* The object that a URI names. */
#ifndef CS_PKCS11_OBJECTURI_H
#define CS_PKCS11_OBJECTURI_H

#include "pkcs11/token_internal.h"

/* The one object on the open token that @uri's object, id and type fit. CS_E_TOKEN_ABSENT with the
 * candidates if none or several do. */
CS_MUST_CHECK cs_rc cs_objecturi_find(struct cs_token *token, const struct cs_uri *uri,
                                      CK_OBJECT_HANDLE *ret_object, struct cs_err *err);

#endif

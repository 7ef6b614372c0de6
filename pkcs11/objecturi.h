/* The object that a URI names. */
#ifndef CS_PKCS11_OBJECTURI_H
#define CS_PKCS11_OBJECTURI_H

#include "base/err.h"
#include "base/strv.h"
#include "port/keystore.h"

/* What the token says of it, escaped for a terminal. {0} is empty. */
struct cs_listed_object {
    char *uri; /* token and object: type, label, id */
    char *class_name;
    char *label;
    char *id;             /* hexadecimal */
    struct cs_strv facts; /* "CKA_EXTRACTABLE: false" */
};
void cs_listed_object_done(struct cs_listed_object *object);

/* The one object on the open token that @uri's object, id and type fit. @store is one that
 * cs_token_open() made. CS_E_TOKEN_ABSENT with the candidates if it is not exactly one, CS_E_USAGE
 * for a URI that is none. */
CS_MUST_CHECK cs_rc cs_token_object(struct cs_keystore *store, const char *uri,
                                    struct cs_listed_object *ret_object, struct cs_err *err);

#endif

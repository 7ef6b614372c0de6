/* Certificate objects. */
#ifndef CS_PKCS11_CERTOBJ_H
#define CS_PKCS11_CERTOBJ_H

#include "pkcs11/token_internal.h"

/* Under @id and @label; an equal one of that CKA_ID that is there already is enough. @private_key
 * gets the subject as CKA_SUBJECT if it takes it; CK_INVALID_HANDLE for none. */
CS_MUST_CHECK cs_rc cs_certobj_put(struct cs_token *token, const uint8_t *id, size_t id_len,
                                   const char *label, const struct cs_bytes *der,
                                   CK_OBJECT_HANDLE private_key, struct cs_err *err);

/* The same under the SHA-1 of the certificate's own public key. */
CS_MUST_CHECK cs_rc cs_certobj_put_ca(struct cs_token *token, const struct cs_bytes *der,
                                      const char *label, struct cs_err *err);

CS_MUST_CHECK cs_rc cs_certobj_has(struct cs_token *token, const uint8_t id[CS_KEY_ID_LEN],
                                   bool *ret_has, struct cs_err *err);

#endif

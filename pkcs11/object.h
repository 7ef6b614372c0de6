/* Searches and removals, bounded. */
#ifndef CS_PKCS11_OBJECT_H
#define CS_PKCS11_OBJECT_H

#include "pkcs11/token_internal.h"

/* Handles of up to @max objects that fit; *ret_count is what was found. */
CS_MUST_CHECK cs_rc cs_object_find(struct cs_token *token, CK_ATTRIBUTE *attributes, size_t count,
                                   CK_OBJECT_HANDLE *ret_handles, size_t max, size_t *ret_count,
                                   struct cs_err *err);

/* The same for up to CS_OBJECTS_MAX objects of a class; the caller frees *ret_handles. */
CS_MUST_CHECK cs_rc cs_object_find_all(struct cs_token *token, CK_OBJECT_CLASS class,
                                       CK_OBJECT_HANDLE **ret_handles, size_t *ret_count,
                                       struct cs_err *err);

/* Objects of one class with that CKA_ID. */
CS_MUST_CHECK cs_rc cs_object_find_id(struct cs_token *token, CK_OBJECT_CLASS class,
                                      const uint8_t *id, size_t id_len,
                                      CK_OBJECT_HANDLE *ret_handles, size_t max, size_t *ret_count,
                                      struct cs_err *err);

CS_MUST_CHECK cs_rc cs_object_destroy(struct cs_token *token, CK_OBJECT_HANDLE object,
                                      struct cs_err *err);

/* Where a failure changes nothing. CK_INVALID_HANDLE, which is left behind, is nothing. */
void cs_object_forget(struct cs_token *token, CK_OBJECT_HANDLE *object);

/* Every private and public key of that CKA_ID. */
CS_MUST_CHECK cs_rc cs_object_destroy_keys(struct cs_token *token, const uint8_t id[CS_KEY_ID_LEN],
                                           size_t *ret_count, struct cs_err *err);

/* CS_E_TOKEN_REFUSED if a private or public key carries that CKA_ID: what is to be made would be
 * taken for it, and it for what is to be undone. Three calls where nothing does. */
CS_MUST_CHECK cs_rc cs_object_check_id_is_free(struct cs_token *token,
                                               const uint8_t id[CS_KEY_ID_LEN], struct cs_err *err);

#endif

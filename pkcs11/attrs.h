/* Attributes read in as few calls as the token allows; what it answers is checked before it is
 * used. */
#ifndef CS_PKCS11_ATTRS_H
#define CS_PKCS11_ATTRS_H

#include "pkcs11/token_internal.h"

/* Attributes in one call. */
#define CS_ATTRS_MAX 24

/* Reads up to CS_ATTRS_MAX attributes. Each has its buffer in pValue and the buffer's size in
 * ulValueLen; afterwards ulValueLen is the length of the value, or CK_UNAVAILABLE_INFORMATION if
 * the token has no such attribute, keeps it secret, or answers with more than the buffer holds. An
 * error is an object or a token that is gone. */
CS_MUST_CHECK cs_rc cs_attrs_read(struct cs_token *token, CK_OBJECT_HANDLE object,
                                  CK_ATTRIBUTE *attributes, size_t count, struct cs_err *err);

static inline bool cs_attrs_has(const CK_ATTRIBUTE *attribute)
{
    return attribute->ulValueLen != CK_UNAVAILABLE_INFORMATION;
}

/* What a private key's attributes say, and whether its CKA_ID is @id. */
CS_MUST_CHECK cs_rc cs_attrs_of_key(struct cs_token *token, CK_OBJECT_HANDLE private_key,
                                    const uint8_t id[CS_KEY_ID_LEN], struct cs_key_attrs *ret_attrs,
                                    bool *ret_same_id, struct cs_err *err);

#endif

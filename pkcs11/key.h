/* Key pairs: made, kept, found. */
#ifndef CS_PKCS11_KEY_H
#define CS_PKCS11_KEY_H

#include "pkcs11/token_internal.h"

static inline struct cs_token_key *cs_token_key_of(struct cs_key *key)
{
    return (struct cs_token_key *)key;
}

struct cs_token_key *cs_token_key_new(void);
void cs_token_key_free(struct cs_token_key *key); /* NULL is nothing */
CS_DEFINE_AUTO(cs_token_key, cs_token_key_free);

/* CKA_MODULUS and CKA_PUBLIC_EXPONENT, or CKA_EC_POINT, of @object as base.spki for base.spec, and
 * whether its CKA_ID is the key's. */
CS_MUST_CHECK cs_rc cs_key_read_public(struct cs_token *token, CK_OBJECT_HANDLE object,
                                       struct cs_token_key *key, bool *ret_same_id,
                                       struct cs_err *err);

/* ---- keygen.c ---- */
CS_MUST_CHECK cs_rc cs_keygen_check(struct cs_token *token, const struct cs_key_spec *spec,
                                    bool exportable, struct cs_err *err);
CS_MUST_CHECK cs_rc cs_keygen_run(struct cs_token *token, const struct cs_key_request *request,
                                  struct cs_token_key **ret_key, struct cs_err *err);

/* C_GenerateKeyPair with signals held; on CKR_OK both handles of @key are set. */
struct cs_template;
CK_RV cs_keygen_pair(struct cs_token *token, CK_MECHANISM_TYPE type, struct cs_template *template,
                     struct cs_token_key *key);

/* ---- keep.c: copies a pair of the session to the token ---- */
CS_MUST_CHECK cs_rc cs_keep_run(struct cs_token *token, struct cs_token_key *key,
                                struct cs_err *err);

/* ---- key.c ---- *ret_key is NULL if there is none. */
CS_MUST_CHECK cs_rc cs_key_find(struct cs_token *token, const uint8_t id[CS_KEY_ID_LEN],
                                struct cs_token_key **ret_key, struct cs_err *err);

/* ---- sign.c ---- */
CS_MUST_CHECK cs_rc cs_sign_digest(struct cs_token *token, struct cs_token_key *key,
                                   enum cs_digest algorithm, const uint8_t *digest,
                                   struct cs_bytes *ret_signature, struct cs_err *err);

/* Ecdsa-Sig-Value (RFC 3279 section 2.2.3) of the r and s, @half octets each, that Cryptoki puts
 * side by side. */
CS_MUST_CHECK cs_rc cs_sign_ecdsa_der(const uint8_t *raw, size_t half, struct cs_bytes *ret_der,
                                      struct cs_err *err);

#endif

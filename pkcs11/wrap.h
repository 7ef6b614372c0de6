/* Private keys that leave a token or come to it wrapped (PKCS#11 v2.40 sections 5.12.2 and
 * 5.12.3). */
#ifndef CS_PKCS11_WRAP_H
#define CS_PKCS11_WRAP_H

#include "pkcs11/aeswrap.h"
#include "pkcs11/key.h"

/* PKCS#11 v3.0 section 2.14; not in p11-kit 0.24's header yet. */
#ifndef CKM_AES_KEY_WRAP_KWP
#define CKM_AES_KEY_WRAP_KWP 0x210bUL
#endif

/* Octets of a wrapped key. What a token says when it is asked for the length is not believed, in
 * either direction. */
#define CS_WRAPPED_MAX 8192

/* Mechanisms that wrap a private key with an AES key, in the order in which they are tried,
 * whatever C_GetMechanismInfo says of them. */
struct cs_wrap_mechanism {
    CK_MECHANISM_TYPE type;
    const char *name;
    bool has_iv;
    enum cs_aeswrap ways[2]; /* in which tokens do it */
    size_t way_count;
};
extern const struct cs_wrap_mechanism cs_wrap_mechanisms[];
extern const size_t cs_wrap_mechanism_count;

/* The mechanism as a call takes it; it points to @iv, which is not written to. */
CK_MECHANISM cs_wrap_with_iv(const struct cs_wrap_mechanism *mechanism,
                             const uint8_t iv[CS_AESWRAP_IV_LEN]);

/* What was tried in vain, for the message. */
struct cs_tries {
    char text[640];
    size_t len;
};

/* Adds "CKM_X on "LABEL": CKR_Y"; @rv CKR_OK stands for an answer that is of no use. */
void cs_tries_add(struct cs_tries *tries, const char *mechanism, const struct cs_token *token,
                  CK_RV rv);

/* After this return value nothing else needs to be tried: the token or the login is gone. */
bool cs_wrap_is_final(CK_RV rv);

/* CS_E_POLICY unless CKA_EXTRACTABLE of the key reads true now; base.attrs gets the answers. What
 * C_WrapKey would do is not asked: there are tokens that wrap what is not extractable. */
CS_MUST_CHECK cs_rc cs_wrap_may_leave(struct cs_token *token, struct cs_token_key *key,
                                      struct cs_err *err);

/* Wraps @object with the AES key @with into @out of CS_WRAPPED_MAX octets. */
CK_RV cs_wrap_call(struct cs_token *token, const struct cs_wrap_mechanism *mechanism,
                   const uint8_t iv[CS_AESWRAP_IV_LEN], CK_OBJECT_HANDLE with,
                   CK_OBJECT_HANDLE object, uint8_t *out, size_t *ret_len);

/* The keystore's export_key(). */
CS_MUST_CHECK cs_rc cs_wrap_export(struct cs_token *token, struct cs_token_key *key,
                                   struct cs_secret **ret_pkcs8, char **ret_how,
                                   struct cs_err *err);

/* ---- the key that wraps: random, of the session, known here and on the token ---- */

struct cs_kek {
    struct cs_token *token;
    struct cs_secret *octets; /* CS_AESWRAP_KEY_LEN */
    CK_OBJECT_HANDLE object;
};
CS_MUST_CHECK cs_rc cs_kek_make(struct cs_token *token, struct cs_kek *ret_kek, struct cs_err *err);
void cs_kek_done(struct cs_kek *kek);

/* Opens what @mechanism made with the key and @iv: the PKCS#8 in locked memory, and how it was
 * padded really. CS_E_TOKEN_REFUSED if none of the mechanism's ways opens it. */
CS_MUST_CHECK cs_rc cs_wrap_open(const struct cs_kek *kek,
                                 const struct cs_wrap_mechanism *mechanism,
                                 const uint8_t iv[CS_AESWRAP_IV_LEN], const uint8_t *wrapped,
                                 size_t len, enum cs_aeswrap *ret_way, struct cs_secret **ret_pkcs8,
                                 struct cs_err *err);

/* ---- newpair.c: a private key that is unwrapped to a token ---- */

/* How C_UnwrapKey is called: with a template that the token may want to have in fewer words. */
struct cs_newpair {
    struct cs_token *token;
    const struct cs_key_request *request;
    const struct cs_bytes *spki; /* the public half, of request's spec */
    struct cs_token_key *key;    /* NULL when it is finished */
    bool tried;                  /* something may be on the token */
    enum cs_answer expected[CS_KEY_ATTR_COUNT];
};

/* CS_E_TOKEN_REFUSED if a key of the request's CKA_ID is there already. */
CS_MUST_CHECK cs_rc cs_newpair_begin(struct cs_newpair *pair, struct cs_token *token,
                                     const struct cs_key_request *request,
                                     const struct cs_bytes *spki, struct cs_err *err);

/* Ends it; what is not finished is destroyed. If something may be left, the message of @err says
 * so.
 */
void cs_newpair_done(struct cs_newpair *pair, struct cs_err *err);

/* Unwraps to a private key on the token. */
CK_RV cs_newpair_unwrap(struct cs_newpair *pair, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE with,
                        uint8_t *wrapped, size_t len);

/* Puts the public half beside it, reads both back, lets the private one sign. *ret_key is the
 * caller's; what is there after a failure is cs_newpair_done()'s. */
CS_MUST_CHECK cs_rc cs_newpair_finish(struct cs_newpair *pair, struct cs_token_key **ret_key,
                                      struct cs_err *err);

/* ---- importkey.c, transfer.c: the keystore's import_key() and transfer_key() ---- */
CS_MUST_CHECK cs_rc cs_import_run(struct cs_token *token, const struct cs_key_request *request,
                                  const struct cs_secret *pkcs8, struct cs_token_key **ret_key,
                                  struct cs_err *err);
CS_MUST_CHECK cs_rc cs_transfer_run(struct cs_token *source, struct cs_token_key *key,
                                    struct cs_token *target, const struct cs_key_request *request,
                                    struct cs_token_key **ret_key, char **ret_how,
                                    struct cs_err *err);

#endif

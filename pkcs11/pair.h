/* Whether two halves are one pair. */
#ifndef CS_PKCS11_PAIR_H
#define CS_PKCS11_PAIR_H

#include "pkcs11/token_internal.h"

/* Whether @signature over @digest, the one that goes with the key, verifies with the public key
 * spki of @key: PKCS#1 v1.5, or an Ecdsa-Sig-Value. CS_E_INTERNAL if that is none. */
CS_MUST_CHECK cs_rc cs_pair_verify(const struct cs_key *key, const uint8_t *digest,
                                   const struct cs_bytes *signature, bool *ret_good,
                                   struct cs_err *err);

/* Signs with @private_key, and verifies with the public key spki of @key. It takes a login if
 * the key wants one for each signature. */
CS_MUST_CHECK cs_rc cs_pair_fits(struct cs_token *token, const struct cs_key *key,
                                 CK_OBJECT_HANDLE private_key, bool *ret_fits, struct cs_err *err);

#endif

/* Whether two halves are one pair. */
#ifndef CS_PKCS11_PAIR_H
#define CS_PKCS11_PAIR_H

#include "pkcs11/token_internal.h"

/* Signs with @private_key, and verifies with the public key base.spki of @key. It takes a login if
 * the key wants one for each signature. */
CS_MUST_CHECK cs_rc cs_pair_fits(struct cs_token *token, const struct cs_key *key,
                                 CK_OBJECT_HANDLE private_key, bool *ret_fits, struct cs_err *err);

#endif

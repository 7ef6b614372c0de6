/* After a failure: nothing is left of what was made, and nothing else is touched. */
#ifndef CS_PKCS11_UNDO_H
#define CS_PKCS11_UNDO_H

#include "pkcs11/token_internal.h"

/* Destroys the halves whose handles @key has. Of a half without a handle, which the token may have
 * made all the same before it failed, what carries the CKA_ID is destroyed
 * - if it is an object of the session, where @key was to be one;
 * - if nothing had carried the CKA_ID before (id_was_free);
 * - else if it is half of the pair with the public key base.spki: it says so, or it signs so.
 * If something of it may be left, the message of @err says so; its code stays. */
void cs_undo_pair(struct cs_token *token, const struct cs_token_key *key, struct cs_err *err);

#endif

/* What has to be done with libp11's EVP_PKEYs before and after they are used (evp.c). */
#ifndef CS_PKCS11_EVPKEY_H
#define CS_PKCS11_EVPKEY_H

#include "base/bytes.h"

#include <openssl/types.h>
#include <stdbool.h>

/* True if the public half of @pkey is the DER SubjectPublicKeyInfo @spki. */
bool cs_evpkey_has_public(EVP_PKEY *pkey, const struct cs_bytes *spki);

/* Takes from @pkey what libp11 has in it, while there still is a libp11: whoever still holds the
 * key holds a public key, and what signs with it fails. */
void cs_evpkey_disarm(EVP_PKEY *pkey);

#endif

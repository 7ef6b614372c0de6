/* An EVP_PKEY whose private operation is a keystore's: libcrypto signs X.509 structures with it and
 * the token makes the signature. For implementation files that may see <openssl/...> only. */
#ifndef CS_X509_SIGNER_H
#define CS_X509_SIGNER_H

#include "base/err.h"
#include "port/keystore.h"
#include "x509/ossl.h"

/* *ret_pkey is the caller's (EVP_PKEY_free) and must not outlive @store and @key. The token's own
 * error of a signature that failed is fetched with cs_signer_error(). It signs PKCS#1 v1.5 or ECDSA
 * over SHA-256, SHA-384 and SHA-512 and refuses everything else, RSASSA-PSS too. */
CS_MUST_CHECK cs_rc cs_signer_new(struct cs_keystore *store, struct cs_key *key,
                                  EVP_PKEY **ret_pkey, struct cs_err *err);

/* The digest that goes with the key. */
const EVP_MD *cs_signer_digest(const struct cs_key *key);

/* After X509_*_sign() failed: the token's error, or OpenSSL's if the token had none. @what names
 * what should have been signed ("the request"). */
cs_rc cs_signer_error(EVP_PKEY *pkey, const char *what, struct cs_err *err);

/* The public key of the DER @spki alone, which can verify and nothing else; the caller's
 * (EVP_PKEY_free). CS_E_INTERNAL if @spki is no key of @spec's kind. Much cheaper than
 * d2i_PUBKEY(), which loads every decoder of every provider first. */
CS_MUST_CHECK cs_rc cs_signer_public(const struct cs_bytes *spki, const struct cs_key_spec *spec,
                                     EVP_PKEY **ret_pkey, struct cs_err *err);

#endif

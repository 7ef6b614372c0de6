/* A lab CA in hand: its row, its certificate and, once something is signed, its key. */
#ifndef CS_LABCA_AUTHORITY_H
#define CS_LABCA_AUTHORITY_H

#include "port/keystore.h"
#include "port/store.h"
#include "x509/ossl.h"

struct cs_labca_authority {
    struct cs_labca_row row;
    X509 *certificate;
    struct cs_keystore *keystore; /* NULL before cs_labca_authority_unlock() */
    struct cs_key *key;
    EVP_PKEY *signer;
};
void cs_labca_authority_done(struct cs_labca_authority *authority);

/* The lab CA @name of the store (NULL: the only one). CS_E_CONFIG if there is none. */
CS_MUST_CHECK cs_rc cs_labca_authority_load(struct cs_store *store, const char *name,
                                            struct cs_labca_authority *ret_authority,
                                            struct cs_err *err);

/* Opens the token, which costs a login, and finds the key; nothing to do the second time.
 * CS_E_TOKEN_ABSENT if the key is not on it, CS_E_MISMATCH if it is not that of the certificate. */
CS_MUST_CHECK cs_rc cs_labca_authority_unlock(struct cs_labca_authority *authority,
                                              struct cs_keystore_source *source,
                                              struct cs_err *err);

/* Signs and verifies what was signed. The authority is unlocked. TOKEN_*. */
CS_MUST_CHECK cs_rc cs_labca_sign_certificate(EVP_PKEY *signer, const struct cs_key *key,
                                              X509 *certificate, struct cs_err *err);
CS_MUST_CHECK cs_rc cs_labca_sign_crl(EVP_PKEY *signer, const struct cs_key *key, X509_CRL *crl,
                                      struct cs_err *err);

#endif

#include "labca/authority.h"

#include "x509/signer.h"

void cs_labca_authority_done(struct cs_labca_authority *authority)
{
    EVP_PKEY_free(authority->signer);
    if (authority->key) {
        authority->keystore->ops->key_free(authority->key);
    }
    cs_keystore_close(authority->keystore);
    X509_free(authority->certificate);
    cs_labca_row_done(&authority->row);
    *authority = (struct cs_labca_authority){0};
}

static cs_rc fail_none(const char *name, struct cs_err *err)
{
    if (name) {
        cs_err_set(err, CS_E_CONFIG, "there is no lab CA \"%.80s\" in the store", name);
        cs_err_hint(err, "make it: cscert ca init '%.80s'", name);
        return CS_E_CONFIG;
    }
    return cs_fail_hint(err, CS_E_CONFIG, "make one: cscert ca init NAME",
                        "there is no lab CA in the store");
}

cs_rc cs_labca_authority_load(struct cs_store *store, const char *name,
                              struct cs_labca_authority *ret_authority, struct cs_err *err)
{
    cs_auto_value(cs_labca_authority) authority = {0};
    bool found = false;

    cs_ossl_setup();
    CS_TRY(cs_store_labca_get(store, name, &authority.row, &found, err));
    if (!found) {
        return fail_none(name, err);
    }
    authority.certificate = cs_ossl_x509(&authority.row.certificate);
    if (!authority.certificate) {
        return cs_fail_openssl(err, CS_E_STORE, "d2i_X509",
                               "the store's certificate of the lab CA \"%.80s\" is broken",
                               authority.row.name);
    }
    *ret_authority = authority;
    authority = (struct cs_labca_authority){0};
    return CS_OK;
}

static cs_rc check_key(const struct cs_labca_authority *authority, const struct cs_key *key,
                       struct cs_err *err)
{
    cs_auto(evp_pkey_st) public = NULL;

    CS_TRY(cs_signer_public(&key->spki, &key->spec, &public, err));
    EVP_PKEY *own = X509_get0_pubkey(authority->certificate);
    if (!own || EVP_PKEY_eq(own, public) != 1) {
        return cs_fail_openssl(err, CS_E_MISMATCH, "EVP_PKEY_eq",
                               "the key under the CKA_ID of the lab CA \"%.80s\" is not the one of "
                               "its certificate",
                               authority->row.name);
    }
    return CS_OK;
}

cs_rc cs_labca_authority_unlock(struct cs_labca_authority *authority,
                                struct cs_keystore_source *source, struct cs_err *err)
{
    if (authority->signer) {
        return CS_OK;
    }
    if (!authority->keystore) {
        CS_TRY(source->open(source, &authority->keystore, err));
    }
    struct cs_keystore *keystore = authority->keystore;
    if (!authority->key) {
        CS_TRY(keystore->ops->find(keystore, authority->row.key_id, &authority->key, err));
    }
    if (!authority->key) {
        return cs_fail_hint(err, CS_E_TOKEN_ABSENT,
                            "use the token that the lab CA was made on, or make another lab CA",
                            "the key of the lab CA \"%.80s\" is not on the token %.200s; it was "
                            "made on %.200s",
                            authority->row.name, keystore->ops->info(keystore)->uri,
                            authority->row.token_uri);
    }
    CS_TRY(check_key(authority, authority->key, err));
    return cs_signer_new(keystore, authority->key, &authority->signer, err);
}

static cs_rc fail_bad_signature(const char *what, struct cs_err *err)
{
    return cs_fail_openssl(err, CS_E_TOKEN_REFUSED, "EVP_DigestVerify",
                           "the token's signature of %s does not verify: not used", what);
}

cs_rc cs_labca_sign_certificate(EVP_PKEY *signer, const struct cs_key *key, X509 *certificate,
                                struct cs_err *err)
{
    cs_auto(evp_pkey_st) public = NULL;

    CS_TRY(cs_signer_public(&key->spki, &key->spec, &public, err));
    if (X509_sign(certificate, signer, cs_signer_digest(key)) <= 0) {
        return cs_signer_error(signer, "the certificate", err);
    }
    return X509_verify(certificate, public) == 1 ? CS_OK
                                                 : fail_bad_signature("the certificate", err);
}

cs_rc cs_labca_sign_crl(EVP_PKEY *signer, const struct cs_key *key, X509_CRL *crl,
                        struct cs_err *err)
{
    cs_auto(evp_pkey_st) public = NULL;

    CS_TRY(cs_signer_public(&key->spki, &key->spec, &public, err));
    if (X509_CRL_sign(crl, signer, cs_signer_digest(key)) <= 0) {
        return cs_signer_error(signer, "the revocation list", err);
    }
    return X509_CRL_verify(crl, public) == 1 ? CS_OK
                                             : fail_bad_signature("the revocation list", err);
}

#include "x509/csr.h"

#include "x509/ext.h"
#include "x509/ossl.h"
#include "x509/signer.h"

#include <openssl/err.h>
#include <openssl/pem.h>

/* RDNs from the country down to the name, the order of X.520 that Windows' requests have too. */
static cs_rc set_subject(X509_REQ *req, const struct cs_subject *subject, struct cs_err *err)
{
    const struct {
        int nid;
        const char *text;
    } rdns[] = {
        {NID_countryName, subject->country},
        {NID_stateOrProvinceName, subject->state},
        {NID_localityName, subject->locality},
        {NID_organizationName, subject->organization},
        {NID_organizationalUnitName, subject->organizational_unit},
        {NID_commonName, subject->common_name},
    };

    for (size_t i = 0; i < sizeof rdns / sizeof *rdns; i++) {
        CS_TRY(cs_ext_add_rdn(X509_REQ_get_subject_name(req), rdns[i].nid, rdns[i].text, err));
    }
    return CS_OK;
}

static const char *plan_name(const void *ctx, size_t i)
{
    const struct cs_plan *plan = ctx;

    return plan->names[i].name;
}

static cs_rc set_extensions(X509_REQ *req, const struct cs_plan *plan, bool is_rsa,
                            struct cs_err *err)
{
    cs_auto_exts exts = NULL;

    CS_TRY(cs_ext_add_server_usage(&exts, is_rsa, err));
    CS_TRY(cs_ext_add_purposes(&exts, true, plan->client_eku, err));
    CS_TRY(cs_ext_add_names(&exts, plan_name, plan, plan->name_count, false, err));
    if (plan->template_in_csr) {
        CS_TRY(cs_ext_add_template(&exts, plan->template_name, err));
    }
    if (!X509_REQ_add_extensions(req, exts)) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "X509_REQ_add_extensions",
                               "the request's extensions cannot be added");
    }
    return CS_OK;
}

static cs_rc sign_request(X509_REQ *req, struct cs_keystore *store, struct cs_key *key,
                          struct cs_err *err)
{
    cs_auto(evp_pkey_st) signer = NULL;

    CS_TRY(cs_signer_new(store, key, &signer, err));
    if (!X509_REQ_set_version(req, X509_REQ_VERSION_1) || !X509_REQ_set_pubkey(req, signer)) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "X509_REQ_set_pubkey",
                               "the request's public key cannot be set");
    }
    if (X509_REQ_sign(req, signer, cs_signer_digest(key)) <= 0) {
        return cs_signer_error(signer, "the request", err);
    }
    return CS_OK;
}

/* With the public key alone: the token's test signature. */
static cs_rc verify_request(X509_REQ *req, const struct cs_key *key, struct cs_err *err)
{
    cs_auto(evp_pkey_st) public = NULL;

    CS_TRY(cs_signer_public(&key->spki, &key->spec, &public, err));
    if (X509_REQ_verify(req, public) == 1) {
        return CS_OK;
    }
    cs_fail_openssl(err, CS_E_TOKEN_REFUSED, "X509_REQ_verify",
                    "the signature that the token made does not verify with the key's own public "
                    "half: the request is not used");
    cs_err_hint(err, "the token is faulty, or private and public key of this CKA_ID do not belong "
                     "together; try another key and ask the token's vendor");
    return CS_E_TOKEN_REFUSED;
}

cs_rc cs_csr_build(const struct cs_plan *plan, struct cs_keystore *store, struct cs_key *key,
                   struct cs_bytes *ret_der, struct cs_err *err)
{
    cs_ossl_setup();
    cs_auto(X509_req_st) req = X509_REQ_new();
    if (!req) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "X509_REQ_new", "no request can be made");
    }
    CS_TRY(set_subject(req, &plan->subject, err));
    CS_TRY(set_extensions(req, plan, cs_key_is_rsa(&key->spec), err));
    CS_TRY(sign_request(req, store, key, err));
    CS_TRY(verify_request(req, key, err));
    return cs_ossl_encode(i2d_X509_REQ, req, ret_der, err);
}

cs_rc cs_csr_check(const struct cs_bytes *der, struct cs_bytes *ret_spki, struct cs_err *err)
{
    cs_ossl_setup();
    cs_auto(X509_req_st) req = cs_ossl_req(der);
    if (!req) {
        return cs_fail_openssl(err, CS_E_INPUT, "d2i_X509_REQ",
                               "this is no DER certificate request (PKCS#10)");
    }
    EVP_PKEY *key = X509_REQ_get0_pubkey(req);
    if (!key) {
        return cs_fail_openssl(err, CS_E_INPUT, "X509_REQ_get0_pubkey",
                               "the public key in the request cannot be read");
    }
    if (X509_REQ_verify(req, key) != 1) {
        return cs_fail_openssl(err, CS_E_INPUT, "X509_REQ_verify",
                               "the request's signature does not verify with the key in it");
    }
    if (!ret_spki) {
        return CS_OK;
    }
    return cs_ossl_encode(i2d_X509_PUBKEY, X509_REQ_get_X509_PUBKEY(req), ret_spki, err);
}

char *cs_csr_pem(const struct cs_bytes *der)
{
    return cs_ossl_pem(PEM_STRING_X509_REQ, der);
}

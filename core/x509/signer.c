/* RSA_METHOD and EC_KEY_METHOD are deprecated since OpenSSL 3.0, and all the same what every engine
 * and libp11 use, because the alternative is a provider of our own: key management, signature and
 * encoder tables for one function that signs a digest. Two more files have to do with keys of such
 * methods: pkcs11/evpkey.c (libp11's) and ca/clientkey.c (of cscert-ca). OpenSSL 3.x keeps them
 * until its next major version. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "x509/signer.h"

#include "base/mem.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

CS_DEFINE_AUTO(rsa_st, RSA_free);
CS_DEFINE_AUTO(ec_key_st, EC_KEY_free);

/* Hangs on the RSA or EC_KEY and is freed with it. */
struct signer {
    struct cs_keystore *store;
    struct cs_key *key;
    struct cs_err error; /* of the last signature; code CS_OK if there was none */
};

/* Made once and kept as long as the program: keys point to them. */
static CRYPTO_ONCE methods_once = CRYPTO_ONCE_STATIC_INIT;
static RSA_METHOD *rsa_method;
static EC_KEY_METHOD *ec_method;
static int rsa_index = -1;
static int ec_index = -1;

static const struct {
    int nid;
    enum cs_digest digest;
    const EVP_MD *(*md)(void);
} digests[CS_DIGEST_COUNT] = {
    {NID_sha256, CS_SHA256, EVP_sha256},
    {NID_sha384, CS_SHA384, EVP_sha384},
    {NID_sha512, CS_SHA512, EVP_sha512},
};

/* The token's signature of a digest that is given by its NID (0: by its length alone). */
static bool sign_digest(struct signer *signer, int nid, const uint8_t *digest, size_t len,
                        struct cs_bytes *ret_signature)
{
    cs_err_clear(&signer->error);
    for (size_t i = 0; i < CS_DIGEST_COUNT; i++) {
        if ((nid == 0 || nid == digests[i].nid) && len == cs_digest_len(digests[i].digest)) {
            struct cs_keystore *store = signer->store;
            return store->ops->sign(store, signer->key, digests[i].digest, digest, ret_signature,
                                    &signer->error) == CS_OK;
        }
    }
    cs_err_set(&signer->error, CS_E_INTERNAL, "%s of %zu octets is no digest that is signed here",
               nid ? OBJ_nid2sn(nid) : "a value", len);
    return false;
}

/* ---- RSA ---- */

/* RSA_METHOD's rsa_sign: PKCS#1 v1.5 over the digest @m. */
static int rsa_sign(int nid, const unsigned char *m, unsigned int m_len, unsigned char *out,
                    unsigned int *out_len, const RSA *rsa)
{
    struct signer *signer = RSA_get_ex_data(rsa, rsa_index);
    cs_auto_value(cs_bytes) signature = {0};

    if (!signer || !sign_digest(signer, nid, m, m_len, &signature)) {
        return 0;
    }
    if (signature.len != (size_t)RSA_size(rsa)) {
        cs_err_set(&signer->error, CS_E_TOKEN_REFUSED,
                   "the token's RSA signature has %zu octets instead of %d", signature.len,
                   RSA_size(rsa));
        return 0;
    }
    memcpy(out, signature.data, signature.len);
    *out_len = (unsigned)signature.len;
    return 1;
}

/* The raw private operation, which PSS would come by. */
static int rsa_refuse(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
    struct signer *signer = RSA_get_ex_data(rsa, rsa_index);

    (void)len;
    (void)from;
    (void)to;
    if (signer) {
        cs_err_set(&signer->error, CS_E_INTERNAL,
                   "this key signs PKCS#1 v1.5 only: padding %d is refused", padding);
    }
    return -1;
}

static cs_rc wrap_rsa(RSA *rsa, struct signer *signer, EVP_PKEY **ret_pkey, struct cs_err *err)
{
    cs_auto(evp_pkey_st) pkey = EVP_PKEY_new();

    if (!pkey || !RSA_set_method(rsa, rsa_method) || !RSA_set_ex_data(rsa, rsa_index, signer)) {
        free(signer);
        return cs_fail_openssl(err, CS_E_INTERNAL, "RSA_set_method", "no signer can be made");
    }
    /* From here on the signer is freed with @rsa. */
    if (!EVP_PKEY_set1_RSA(pkey, rsa)) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "EVP_PKEY_set1_RSA", "no signer can be made");
    }
    *ret_pkey = cs_steal(&pkey);
    return CS_OK;
}

/* ---- EC ---- */

/* EC_KEY_METHOD's sign_sig, which its own sign() encodes. Through the decoder and back, so that
 * what a token writes wrongly is seen here or becomes DER. */
static ECDSA_SIG *ec_sign(const unsigned char *digest, int len, const BIGNUM *kinv, const BIGNUM *r,
                          EC_KEY *ec)
{
    struct signer *signer = EC_KEY_get_ex_data(ec, ec_index);
    cs_auto_value(cs_bytes) signature = {0};

    (void)kinv;
    (void)r;
    if (!signer || len < 0 || !sign_digest(signer, 0, digest, (size_t)len, &signature)) {
        return NULL;
    }
    const unsigned char *next = signature.data;
    ECDSA_SIG *parsed =
        signature.len <= INT_MAX ? d2i_ECDSA_SIG(NULL, &next, (long)signature.len) : NULL;
    if (!parsed || next != signature.data + signature.len) {
        ECDSA_SIG_free(parsed);
        cs_err_set(&signer->error, CS_E_TOKEN_REFUSED,
                   "the token's ECDSA signature of %zu octets is no Ecdsa-Sig-Value",
                   signature.len);
        return NULL;
    }
    return parsed;
}

static cs_rc wrap_ec(EC_KEY *ec, struct signer *signer, EVP_PKEY **ret_pkey, struct cs_err *err)
{
    cs_auto(evp_pkey_st) pkey = EVP_PKEY_new();

    if (!pkey || !EC_KEY_set_method(ec, ec_method) || !EC_KEY_set_ex_data(ec, ec_index, signer)) {
        free(signer);
        return cs_fail_openssl(err, CS_E_INTERNAL, "EC_KEY_set_method", "no signer can be made");
    }
    /* From here on the signer is freed with @ec. */
    if (!EVP_PKEY_set1_EC_KEY(pkey, ec)) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "EVP_PKEY_set1_EC_KEY", "no signer can be made");
    }
    *ret_pkey = cs_steal(&pkey);
    return CS_OK;
}

/* ---- both ---- */

static void free_signer(void *parent, void *signer, CRYPTO_EX_DATA *data, int index, long argl,
                        void *argp)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)argl;
    (void)argp;
    free(signer);
}

static void make_methods(void)
{
    int (*ec_encode)(int, const unsigned char *, int, unsigned char *, unsigned int *,
                     const BIGNUM *, const BIGNUM *, EC_KEY *) = NULL;

    rsa_index = RSA_get_ex_new_index(0, NULL, NULL, NULL, free_signer);
    ec_index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, free_signer);
    rsa_method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    ec_method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    if (rsa_method) {
        RSA_meth_set1_name(rsa_method, "cscert token");
        RSA_meth_set_sign(rsa_method, rsa_sign);
        RSA_meth_set_priv_enc(rsa_method, rsa_refuse);
        RSA_meth_set_priv_dec(rsa_method, rsa_refuse);
    }
    if (ec_method) {
        EC_KEY_METHOD_get_sign(ec_method, &ec_encode, NULL, NULL);
        EC_KEY_METHOD_set_sign(ec_method, ec_encode, NULL, ec_sign);
    }
}

static bool have_methods(void)
{
    return CRYPTO_THREAD_run_once(&methods_once, make_methods) && rsa_method && ec_method &&
           rsa_index >= 0 && ec_index >= 0;
}

static RSA *read_rsa(const struct cs_bytes *spki)
{
    const unsigned char *next = spki->data;

    return spki->len <= INT_MAX ? d2i_RSA_PUBKEY(NULL, &next, (long)spki->len) : NULL;
}

static EC_KEY *read_ec(const struct cs_bytes *spki)
{
    const unsigned char *next = spki->data;

    return spki->len <= INT_MAX ? d2i_EC_PUBKEY(NULL, &next, (long)spki->len) : NULL;
}

static cs_rc fail_unreadable(const struct cs_key_spec *spec, struct cs_err *err)
{
    return cs_fail_openssl(err, CS_E_INTERNAL, "d2i_PUBKEY", "the public key cannot be read as %s",
                           cs_key_alg_name(spec->alg));
}

cs_rc cs_signer_new(struct cs_keystore *store, struct cs_key *key, EVP_PKEY **ret_pkey,
                    struct cs_err *err)
{
    bool is_rsa = cs_key_is_rsa(&key->spec);

    cs_ossl_setup();
    if (!have_methods()) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "RSA_meth_dup", "no signer can be made");
    }
    cs_auto(rsa_st) rsa = is_rsa ? read_rsa(&key->spki) : NULL;
    cs_auto(ec_key_st) ec = is_rsa ? NULL : read_ec(&key->spki);
    if (!rsa && !ec) {
        return fail_unreadable(&key->spec, err);
    }
    struct signer *signer = cs_alloc(1, sizeof *signer);
    signer->store = store;
    signer->key = key;
    return rsa ? wrap_rsa(rsa, signer, ret_pkey, err) : wrap_ec(ec, signer, ret_pkey, err);
}

const EVP_MD *cs_signer_digest(const struct cs_key *key)
{
    return digests[cs_key_digest(&key->spec)].md();
}

cs_rc cs_signer_error(EVP_PKEY *pkey, const char *what, struct cs_err *err)
{
    const RSA *rsa = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA ? EVP_PKEY_get0_RSA(pkey) : NULL;
    const EC_KEY *ec =
        EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC ? EVP_PKEY_get0_EC_KEY(pkey) : NULL;
    const struct signer *signer = NULL;

    if (rsa) {
        signer = RSA_get_ex_data(rsa, rsa_index);
    } else if (ec) {
        signer = EC_KEY_get_ex_data(ec, ec_index);
    }
    cs_rc rc = cs_fail_openssl(err, CS_E_INTERNAL, "EVP_DigestSign", "%s cannot be signed", what);
    if (!signer || signer->error.code == CS_OK) {
        return rc;
    }
    if (err) {
        *err = signer->error;
    }
    return signer->error.code;
}

cs_rc cs_signer_public(const struct cs_bytes *spki, const struct cs_key_spec *spec,
                       EVP_PKEY **ret_pkey, struct cs_err *err)
{
    bool is_rsa = cs_key_is_rsa(spec);

    cs_ossl_setup();
    cs_auto(evp_pkey_st) pkey = EVP_PKEY_new();
    cs_auto(rsa_st) rsa = is_rsa ? read_rsa(spki) : NULL;
    cs_auto(ec_key_st) ec = is_rsa ? NULL : read_ec(spki);
    /* With a method of its own a key stays out of the providers, whose tables cost more than the
     * verification; that operation of our methods is OpenSSL's. */
    if (!have_methods() || (rsa && !RSA_set_method(rsa, rsa_method)) ||
        (ec && !EC_KEY_set_method(ec, ec_method))) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "RSA_set_method", "no public key can be made");
    }
    if (!pkey || (rsa && !EVP_PKEY_set1_RSA(pkey, rsa)) ||
        (ec && !EVP_PKEY_set1_EC_KEY(pkey, ec)) || (!rsa && !ec)) {
        return fail_unreadable(spec, err);
    }
    *ret_pkey = cs_steal(&pkey);
    return CS_OK;
}

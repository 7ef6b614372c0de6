/* OpenSSL 3.0 has no way but a provider to give a key operations of one's own that is not
 * deprecated; the old methods are small, and what libp11 uses too (docs/decisions). */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "ca/clientkey.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

/* ---- the operations ---- */

static RSA_METHOD *rsa_method;
static EC_KEY_METHOD *ec_method;
static int rsa_index = -1;
static int ec_index = -1;

/* Asks up; *len is the room at @to and becomes the signature's length. */
static bool ask(struct cs_ca_signer *signer, const char *scheme, const unsigned char *digest,
                unsigned digest_len, unsigned char *to, unsigned *len)
{
    struct cs_bytes data = cs_bytes_copy(digest, digest_len);
    cs_auto_value(cs_bytes) signature = {0};
    struct cs_err err = {0};
    bool good = signer && signer->sign(signer, scheme, &data, &signature, &err) == CS_OK &&
                signature.len <= *len;

    cs_bytes_done(&data);
    if (good) {
        memcpy(to, signature.data, signature.len);
        *len = (unsigned)signature.len;
    }
    return good;
}

static int rsa_sign(int type, const unsigned char *digest, unsigned digest_len, unsigned char *to,
                    unsigned *ret_len, const RSA *rsa)
{
    const char *scheme = type == NID_sha256   ? "rsa-pkcs1-sha256"
                         : type == NID_sha384 ? "rsa-pkcs1-sha384"
                         : type == NID_sha512 ? "rsa-pkcs1-sha512"
                                              : NULL;

    *ret_len = (unsigned)RSA_size(rsa);
    return scheme && ask(RSA_get_ex_data(rsa, rsa_index), scheme, digest, digest_len, to, ret_len);
}

static int ec_sign(int type, const unsigned char *digest, int digest_len, unsigned char *to,
                   unsigned *ret_len, const BIGNUM *kinv, const BIGNUM *r, EC_KEY *key)
{
    const char *scheme = digest_len == 32   ? "ecdsa-sha256"
                         : digest_len == 48 ? "ecdsa-sha384"
                         : digest_len == 64 ? "ecdsa-sha512"
                                            : NULL;

    (void)type;
    (void)kinv;
    (void)r;
    *ret_len = (unsigned)ECDSA_size(key);
    return scheme && ask(EC_KEY_get_ex_data(key, ec_index), scheme, digest, (unsigned)digest_len,
                         to, ret_len);
}

/* Once; what OpenSSL keeps of it lives as long as the program. */
static bool methods_ready(void)
{
    if (rsa_method && ec_method) {
        return true;
    }
    rsa_method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    ec_method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    rsa_index = RSA_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    ec_index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    if (!rsa_method || !ec_method || rsa_index < 0 || ec_index < 0) {
        return false;
    }
    RSA_meth_set_flags(rsa_method, RSA_FLAG_EXT_PKEY);
    RSA_meth_set_sign(rsa_method, rsa_sign);
    EC_KEY_METHOD_set_sign(ec_method, ec_sign, NULL, NULL);
    return true;
}

/* ---- the key ---- */

static bool set_rsa(EVP_PKEY *key, const EVP_PKEY *public_key, struct cs_ca_signer *signer)
{
    EVP_PKEY *copy = EVP_PKEY_dup((EVP_PKEY *)(uintptr_t)public_key);
    RSA *rsa = copy ? EVP_PKEY_get1_RSA(copy) : NULL;
    bool good = rsa && RSA_set_method(rsa, rsa_method) && RSA_set_ex_data(rsa, rsa_index, signer) &&
                EVP_PKEY_set1_RSA(key, rsa);

    RSA_free(rsa);
    EVP_PKEY_free(copy);
    return good;
}

static bool set_ec(EVP_PKEY *key, const EVP_PKEY *public_key, struct cs_ca_signer *signer)
{
    EVP_PKEY *copy = EVP_PKEY_dup((EVP_PKEY *)(uintptr_t)public_key);
    EC_KEY *ec = copy ? EVP_PKEY_get1_EC_KEY(copy) : NULL;
    bool good = ec && EC_KEY_set_method(ec, ec_method) &&
                EC_KEY_set_ex_data(ec, ec_index, signer) && EVP_PKEY_set1_EC_KEY(key, ec);

    EC_KEY_free(ec);
    EVP_PKEY_free(copy);
    return good;
}

static cs_rc set_key(SSL_CTX *ssl, const X509 *certificate, struct cs_ca_signer *signer,
                     struct cs_err *err)
{
    const EVP_PKEY *public_key = X509_get0_pubkey(certificate);
    bool is_rsa = public_key && EVP_PKEY_get_base_id(public_key) == EVP_PKEY_RSA;
    bool is_ec = public_key && EVP_PKEY_get_base_id(public_key) == EVP_PKEY_EC;
    EVP_PKEY *key = methods_ready() ? EVP_PKEY_new() : NULL;
    bool good = key && ((is_rsa && set_rsa(key, public_key, signer)) ||
                        (is_ec && set_ec(key, public_key, signer)));

    if (good && is_rsa) {
        good = SSL_CTX_set_max_proto_version(ssl, TLS1_2_VERSION) &&
               SSL_CTX_set1_client_sigalgs_list(ssl, "RSA+SHA256:RSA+SHA384:RSA+SHA512");
    }
    good = good && SSL_CTX_use_PrivateKey(ssl, key) == 1;
    EVP_PKEY_free(key);
    if (!good) {
        return cs_fail_hint(err, CS_E_CONFIG, "a client certificate has an RSA or EC key",
                            "the client certificate's key cannot be used for TLS");
    }
    return CS_OK;
}

/* ---- the certificates ---- */

static cs_rc bad_chain(struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_CONFIG,
                        "correct `client-certificate` in the ca section: a PEM file with the "
                        "client's certificate first",
                        "the client certificate cannot be read");
}

cs_rc cs_clientkey_use(SSL_CTX *ssl, const struct cs_bytes *chain, struct cs_ca_signer *signer,
                       struct cs_err *err)
{
    const unsigned char *at = chain->data;
    const unsigned char *end = at + chain->len;
    X509 *own = d2i_X509(NULL, &at, (long)(end - at));
    cs_rc rc = CS_OK;

    if (!own || SSL_CTX_use_certificate(ssl, own) != 1) {
        X509_free(own);
        return bad_chain(err);
    }
    rc = set_key(ssl, own, signer, err);
    X509_free(own);
    while (rc == CS_OK && at < end) {
        X509 *next = d2i_X509(NULL, &at, (long)(end - at));
        if (!next || SSL_CTX_add0_chain_cert(ssl, next) != 1) {
            X509_free(next);
            rc = bad_chain(err);
        }
    }
    return rc;
}

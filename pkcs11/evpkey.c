#define OPENSSL_SUPPRESS_DEPRECATED /* libp11 0.4.12 is a method of RSA and EC_KEY, no provider */

#include "pkcs11/evpkey.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

bool cs_evpkey_has_public(EVP_PKEY *pkey, const struct cs_bytes *spki)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    bool same = len > 0 && (size_t)len == spki->len && memcmp(der, spki->data, spki->len) == 0;

    OPENSSL_free(der);
    ERR_clear_error();
    return same;
}

static int refuse(int len, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
    (void)len;
    (void)from;
    (void)to;
    (void)rsa;
    (void)padding;
    ERR_raise_data(ERR_LIB_RSA, ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED,
                   "the token of this key has been closed");
    return -1;
}

/* OpenSSL's own method (3.0.22) does not look whether there is a private half. Made once; keys that
 * outlive everything still point to it. */
static const RSA_METHOD *public_only(void)
{
    static RSA_METHOD *method;

    if (!method) {
        method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
        if (method) {
            RSA_meth_set_priv_enc(method, refuse);
            RSA_meth_set_priv_dec(method, refuse);
        }
    }
    return method;
}

void cs_evpkey_disarm(EVP_PKEY *pkey)
{
    RSA *rsa = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA ? EVP_PKEY_get1_RSA(pkey) : NULL;
    EC_KEY *ec = rsa ? NULL : EVP_PKEY_get1_EC_KEY(pkey);
    const RSA_METHOD *method = rsa ? public_only() : NULL;

    /* with the method goes what it keeps */
    if (method) {
        RSA_set_method(rsa, method);
    } else if (ec) {
        EC_KEY_set_method(ec, EC_KEY_OpenSSL());
    }
    RSA_free(rsa);
    EC_KEY_free(ec);
    ERR_clear_error();
}

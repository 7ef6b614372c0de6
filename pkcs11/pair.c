#include "pkcs11/pair.h"

#include "pkcs11/key.h"
#include "x509/signer.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

cs_rc cs_pair_verify(const struct cs_key *key, const uint8_t *digest,
                     const struct cs_bytes *signature, bool *ret_good, struct cs_err *err)
{
    EVP_PKEY *pkey = NULL;

    CS_TRY(cs_signer_public(&key->spki, &key->spec, &pkey, err));
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    *ret_good =
        ctx && EVP_PKEY_verify_init(ctx) == 1 &&
        (!cs_key_is_rsa(&key->spec) || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
        EVP_PKEY_CTX_set_signature_md(ctx, cs_signer_digest(key)) == 1 &&
        EVP_PKEY_verify(ctx, signature->data, signature->len, digest,
                        cs_digest_len(cs_key_digest(&key->spec))) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return CS_OK;
}

cs_rc cs_pair_fits(struct cs_token *token, const struct cs_key *key, CK_OBJECT_HANDLE private_key,
                   bool *ret_fits, struct cs_err *err)
{
    struct cs_token_key half = {.base.spec = key->spec,
                                .base.attrs = key->attrs,
                                .private_key = private_key,
                                .public_key = CK_INVALID_HANDLE};
    cs_auto_value(cs_bytes) signature = {0};
    uint8_t digest[CS_DIGEST_MAX];

    if (RAND_bytes(digest, sizeof digest) != 1) {
        return cs_fail(err, CS_E_INTERNAL, "there are no random numbers");
    }
    CS_TRY(cs_sign_digest(token, &half, cs_key_digest(&key->spec), digest, &signature, err));
    return cs_pair_verify(key, digest, &signature, ret_fits, err);
}

#include "x509/hash.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "x509/ossl.h"

#include <stdlib.h>
#include <string.h>

struct cs_hash {
    EVP_MD_CTX *context;
};

void cs_hash_free(struct cs_hash *hash)
{
    if (hash) {
        EVP_MD_CTX_free(hash->context);
        free(hash);
    }
}

cs_rc cs_hash_new(struct cs_hash **ret_hash, struct cs_err *err)
{
    cs_auto(cs_hash) hash = cs_alloc(1, sizeof *hash);

    cs_ossl_setup();
    hash->context = EVP_MD_CTX_new();
    if (!hash->context || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "EVP_DigestInit_ex", "no SHA-256");
    }
    *ret_hash = cs_steal(&hash);
    return CS_OK;
}

cs_rc cs_hash_add(struct cs_hash *hash, const void *data, size_t len, struct cs_err *err)
{
    if (EVP_DigestUpdate(hash->context, data, len) != 1) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "EVP_DigestUpdate", "SHA-256 failed");
    }
    return CS_OK;
}

cs_rc cs_hash_text(struct cs_hash *hash, char text[CS_HASH_TEXT_SIZE], struct cs_err *err)
{
    unsigned char octets[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_DigestFinal_ex(hash->context, octets, &len) != 1 || 2 * len + 1 != CS_HASH_TEXT_SIZE) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "EVP_DigestFinal_ex", "SHA-256 failed");
    }
    cs_autofree char *hex = cs_hex(octets, len);
    memcpy(text, hex, CS_HASH_TEXT_SIZE);
    return CS_OK;
}

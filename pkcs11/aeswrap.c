#include "pkcs11/aeswrap.h"

#include "x509/pkcs8.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#define BLOCK 8 /* of RFC 3394 */

/* What a PrivateKeyInfo may be followed by. */
#define ZEROS_MAX 7

static const EVP_CIPHER *cipher_of(enum cs_aeswrap way)
{
    switch (way) {
    case CS_AESWRAP_KWP:
        return EVP_aes_256_wrap_pad();
    case CS_AESWRAP_KW_PKCS7:
        return EVP_aes_256_wrap();
    default:
        return EVP_aes_256_cbc();
    }
}

static bool run(enum cs_aeswrap way, bool encrypt, const uint8_t *key, const uint8_t *iv,
                const uint8_t *in, size_t len, uint8_t *out, size_t *ret_len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int body = 0;
    int end = 0;
    bool done = false;

    if (ctx && len <= INT_MAX / 2) {
        EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
        done = EVP_CipherInit_ex(ctx, cipher_of(way), NULL, key,
                                 way == CS_AESWRAP_CBC_PKCS7 ? iv : NULL, encrypt) == 1 &&
               EVP_CipherUpdate(ctx, out, &body, in, (int)len) == 1 && body >= 0 &&
               EVP_CipherFinal_ex(ctx, out + body, &end) == 1;
    }
    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();
    *ret_len = done ? (size_t)body + (size_t)end : 0;
    return done;
}

bool cs_aeswrap_close(enum cs_aeswrap way, const uint8_t key[CS_AESWRAP_KEY_LEN],
                      const uint8_t iv[CS_AESWRAP_IV_LEN], const uint8_t *octets, size_t len,
                      uint8_t *out, size_t size, size_t *ret_len)
{
    size_t pad = BLOCK - len % BLOCK;

    if (size < CS_AESWRAP_MORE || len > size - CS_AESWRAP_MORE) {
        return false;
    }
    if (way != CS_AESWRAP_KW_PKCS7) {
        return run(way, true, key, iv, octets, len, out, ret_len);
    }
    uint8_t *padded = OPENSSL_secure_malloc(len + pad);
    if (!padded) {
        return false;
    }
    memcpy(padded, octets, len);
    memset(padded + len, (int)pad, pad);
    bool done = run(way, true, key, iv, padded, len + pad, out, ret_len);
    OPENSSL_secure_clear_free(padded, len + pad);
    return done;
}

/* @len octets without PKCS#7 padding (RFC 5652 section 6.3), if they end in one. */
static size_t without_padding(const uint8_t *octets, size_t len)
{
    size_t pad = len ? octets[len - 1] : 0;

    if (pad == 0 || pad > BLOCK || pad > len) {
        return len;
    }
    for (size_t i = 0; i < pad; i++) {
        if (octets[len - 1 - i] != pad) {
            return len;
        }
    }
    return len - pad;
}

static bool is_key(const uint8_t *octets, size_t len, size_t *ret_len)
{
    size_t own = 0;

    if (!cs_pkcs8_der_len(octets, len, &own) || len - own > ZEROS_MAX) {
        return false;
    }
    for (size_t i = own; i < len; i++) {
        if (octets[i] != 0) {
            return false;
        }
    }
    *ret_len = own;
    return true;
}

bool cs_aeswrap_open(enum cs_aeswrap way, const uint8_t key[CS_AESWRAP_KEY_LEN],
                     const uint8_t iv[CS_AESWRAP_IV_LEN], const uint8_t *wrapped, size_t len,
                     uint8_t *out, size_t *ret_len)
{
    size_t unwrapped = 0;
    size_t block = way == CS_AESWRAP_CBC_PKCS7 ? 16 : BLOCK;

    /* The shortest is 16 octets; libcrypto asserts nothing of what is none. */
    if (len >= 16 && len % block == 0 && run(way, false, key, iv, wrapped, len, out, &unwrapped) &&
        unwrapped <= len) {
        size_t bare = way == CS_AESWRAP_KW_PKCS7 ? without_padding(out, unwrapped) : unwrapped;
        if (is_key(out, bare, ret_len) || is_key(out, unwrapped, ret_len)) {
            return true;
        }
    }
    OPENSSL_cleanse(out, len);
    return false;
}

#include "net/ntlmseal.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "net/ndr.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <string.h>

/* One way of the connection. */
struct direction {
    uint8_t sign_key[CS_NTLM_KEY_LEN];
    EVP_CIPHER_CTX *stream;
    uint32_t sequence;
};

struct cs_ntlmseal {
    OSSL_LIB_CTX *library; /* its own, so that nobody else gets at RC4 */
    OSSL_PROVIDER *legacy;
    EVP_CIPHER *rc4;
    EVP_MAC *hmac;
    struct direction out;
    struct direction in;
};

void cs_ntlmseal_free(struct cs_ntlmseal *seal)
{
    if (!seal) {
        return;
    }
    EVP_CIPHER_CTX_free(seal->out.stream);
    EVP_CIPHER_CTX_free(seal->in.stream);
    EVP_CIPHER_free(seal->rc4);
    EVP_MAC_free(seal->hmac);
    if (seal->legacy) {
        OSSL_PROVIDER_unload(seal->legacy);
    }
    OSSL_LIB_CTX_free(seal->library);
    OPENSSL_cleanse(seal, sizeof *seal);
    free(seal);
}

void cs_ntlmseal_swap(struct cs_ntlmseal *seal)
{
    struct direction out = seal->out;

    seal->out = seal->in;
    seal->in = out;
}

/* MD5 of the session key and a sentence with its NUL (SIGNKEY and SEALKEY). */
static bool derive(const uint8_t *key, const char *magic, uint8_t ret_key[CS_NTLM_KEY_LEN])
{
    uint8_t text[CS_NTLM_KEY_LEN + 64] = {0};
    size_t len = CS_NTLM_KEY_LEN + strlen(magic) + 1;

    memcpy(text, key, CS_NTLM_KEY_LEN);
    memcpy(text + CS_NTLM_KEY_LEN, magic, strlen(magic) + 1);
    bool good = EVP_Digest(text, len, ret_key, NULL, EVP_md5(), NULL) == 1;
    OPENSSL_cleanse(text, sizeof text);
    return good;
}

static bool start(const struct cs_ntlmseal *seal, struct direction *direction, const uint8_t *key,
                  const char *sign_magic, const char *seal_magic)
{
    uint8_t seal_key[CS_NTLM_KEY_LEN];

    direction->stream = EVP_CIPHER_CTX_new();
    bool good = direction->stream && derive(key, sign_magic, direction->sign_key) &&
                derive(key, seal_magic, seal_key) &&
                EVP_EncryptInit_ex2(direction->stream, seal->rc4, seal_key, NULL, NULL) == 1;
    OPENSSL_cleanse(seal_key, sizeof seal_key);
    return good;
}

cs_rc cs_ntlmseal_new(const uint8_t key[CS_NTLM_KEY_LEN], struct cs_ntlmseal **ret_seal,
                      struct cs_err *err)
{
    cs_auto(cs_ntlmseal) seal = cs_alloc(1, sizeof *seal);

    seal->library = OSSL_LIB_CTX_new();
    seal->legacy = OSSL_PROVIDER_load(seal->library, "legacy");
    if (!seal->legacy) {
        return cs_fail_hint(err, CS_E_CONFIG,
                            "install OpenSSL's legacy provider (ossl-modules/legacy.so), or use "
                            "Kerberos",
                            "NTLM needs RC4, which OpenSSL does not have here");
    }
    seal->rc4 = EVP_CIPHER_fetch(seal->library, "RC4", NULL);
    seal->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (!seal->rc4 || !seal->hmac ||
        !start(seal, &seal->out, key, "session key to client-to-server signing key magic constant",
               "session key to client-to-server sealing key magic constant") ||
        !start(seal, &seal->in, key, "session key to server-to-client signing key magic constant",
               "session key to server-to-client sealing key magic constant")) {
        return cs_fail(err, CS_E_INTERNAL, "libcrypto cannot do MD5 and RC4 for NTLM");
    }
    *ret_seal = cs_steal(&seal);
    return CS_OK;
}

/* Encrypting and decrypting are the same. */
static bool rc4(struct direction *direction, uint8_t *data, size_t len)
{
    int done = 0;

    return EVP_EncryptUpdate(direction->stream, data, &done, data, (int)len) == 1;
}

/* HMAC-MD5 of the sequence number and the plain PDU up to the signature. */
static bool checksum(const struct cs_ntlmseal *seal, const struct direction *direction,
                     const struct cs_rpc_sealed *sealed, uint8_t ret_sum[16])
{
    char digest[] = "MD5";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    const uint8_t sequence[] = {
        (uint8_t)direction->sequence,
        (uint8_t)(direction->sequence >> 8),
        (uint8_t)(direction->sequence >> 16),
        (uint8_t)(direction->sequence >> 24),
    };
    size_t len = 0;
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(seal->hmac);

    bool good = mac &&
                EVP_MAC_init(mac, direction->sign_key, sizeof direction->sign_key, params) == 1 &&
                EVP_MAC_update(mac, sequence, sizeof sequence) == 1 &&
                EVP_MAC_update(mac, sealed->pdu, sealed->token) == 1 &&
                EVP_MAC_final(mac, ret_sum, &len, 16) == 1;
    EVP_MAC_CTX_free(mac);
    return good;
}

/* The whole signature (MS-NLMP section 2.2.2.9.2); the stream goes on by its 8 octets. */
static bool sign(struct direction *direction, const uint8_t sum[16],
                 uint8_t ret_signature[CS_NTLM_SIGNATURE_LEN])
{
    struct cs_buf buf = CS_BUF(CS_NTLM_SIGNATURE_LEN);
    uint8_t encrypted[8];

    memcpy(encrypted, sum, sizeof encrypted);
    bool good = rc4(direction, encrypted, sizeof encrypted);
    cs_ndr_put_u32(&buf, 1); /* version */
    cs_buf_add(&buf, encrypted, sizeof encrypted);
    cs_ndr_put_u32(&buf, direction->sequence++);
    memcpy(ret_signature, buf.data, CS_NTLM_SIGNATURE_LEN);
    cs_buf_done(&buf);
    return good;
}

cs_rc cs_ntlmseal_out(struct cs_ntlmseal *seal, const struct cs_rpc_sealed *sealed,
                      struct cs_err *err)
{
    uint8_t sum[16];

    /* The checksum is of the plain text, and its encryption comes after the text's. */
    if (sealed->end - sealed->token != CS_NTLM_SIGNATURE_LEN ||
        !checksum(seal, &seal->out, sealed, sum) ||
        !rc4(&seal->out, sealed->pdu + sealed->body, sealed->trailer - sealed->body) ||
        !sign(&seal->out, sum, sealed->pdu + sealed->token)) {
        return cs_fail(err, CS_E_INTERNAL, "the message cannot be encrypted for NTLM");
    }
    return CS_OK;
}

cs_rc cs_ntlmseal_in(struct cs_ntlmseal *seal, const struct cs_rpc_sealed *sealed,
                     struct cs_err *err)
{
    uint8_t sum[16];
    uint8_t signature[CS_NTLM_SIGNATURE_LEN];

    bool good = sealed->end - sealed->token == CS_NTLM_SIGNATURE_LEN &&
                rc4(&seal->in, sealed->pdu + sealed->body, sealed->trailer - sealed->body) &&
                checksum(seal, &seal->in, sealed, sum) && sign(&seal->in, sum, signature);
    if (!good ||
        CRYPTO_memcmp(signature, sealed->pdu + sealed->token, CS_NTLM_SIGNATURE_LEN) != 0) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "an answer does not have the signature that NTLM "
                       "gives it");
    }
    return CS_OK;
}

#include "base/mem.h"
#include "pkcs11/ckr.h"
#include "pkcs11/key.h"
#include "pkcs11/session.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <string.h>

#define PREFIX_LEN 19

/* DER of a DigestInfo up to the digest. Source: RFC 8017 section 9.2, note 1. */
static const uint8_t prefixes[CS_DIGEST_COUNT][PREFIX_LEN] = {
    [CS_SHA256] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                   0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
    [CS_SHA384] = {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                   0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
    [CS_SHA512] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                   0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
};

/* What the mechanism signs. */
struct input {
    uint8_t data[PREFIX_LEN + CS_DIGEST_MAX];
    CK_ULONG len;
};

static size_t octets_of(unsigned bits)
{
    return (bits + 7) / 8;
}

/* CKM_RSA_PKCS pads and wants the DigestInfo from us; CKM_ECDSA takes the digest, of which ECDSA
 * uses as many bits as the order has (FIPS 186-4 section 6.4). */
static void make_input(const struct cs_key_spec *spec, enum cs_digest algorithm,
                       const uint8_t *digest, struct input *ret_input)
{
    size_t len = cs_digest_len(algorithm);

    if (cs_key_is_rsa(spec)) {
        memcpy(ret_input->data, prefixes[algorithm], PREFIX_LEN);
        memcpy(ret_input->data + PREFIX_LEN, digest, len);
        ret_input->len = PREFIX_LEN + len;
        return;
    }
    ret_input->len = len < octets_of(spec->bits) ? len : octets_of(spec->bits);
    memcpy(ret_input->data, digest, ret_input->len);
}

static cs_rc fail_sign(const struct cs_token *token, const char *operation, CK_RV rv,
                       struct cs_err *err)
{
    return cs_fail_ckr(err, cs_ckr_code(rv), operation, rv,
                       "the token \"%s\" does not sign with the key", token->info.label);
}

static cs_rc run_sign(struct cs_token *token, const struct cs_token_key *key, struct input *input,
                      uint8_t *signature, CK_ULONG *len, struct cs_err *err)
{
    bool rsa = cs_key_is_rsa(&key->base.spec);
    CK_MECHANISM mechanism = {.mechanism = rsa ? CKM_RSA_PKCS : CKM_ECDSA};
    CK_RV rv = cs_ck(token, C_SignInit, token->session, &mechanism, key->private_key);

    if (rv != CKR_OK) {
        return fail_sign(token, "C_SignInit", rv, err);
    }
    if (key->base.attrs.answer[CS_ATTR_ALWAYS_AUTHENTICATE] == CS_TRUE) {
        CS_TRY(cs_session_login_again(token, err));
    }
    rv = cs_ck(token, C_Sign, token->session, input->data, input->len, signature, len);
    return rv == CKR_OK ? CS_OK : fail_sign(token, "C_Sign", rv, err);
}

/* The signature is not tried again, but the pair has to be destroyed, which a session with an
 * active operation refuses. */
static cs_rc call_sign(struct cs_token *token, const struct cs_token_key *key, struct input *input,
                       uint8_t *signature, CK_ULONG *len, struct cs_err *err)
{
    cs_rc rc = run_sign(token, key, input, signature, len, err);

    if (rc != CS_OK) {
        cs_session_renew(token);
    }
    return rc;
}

static cs_rc fail_length(const struct cs_token *token, CK_ULONG len, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_TOKEN_REFUSED, "use another token",
                        "the token \"%s\" gave a signature of %lu octets, which fits no such key",
                        token->info.label, len);
}

cs_rc cs_sign_ecdsa_der(const uint8_t *raw, size_t half, struct cs_bytes *ret_der,
                        struct cs_err *err)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int)half, NULL);
    BIGNUM *s = BN_bin2bn(raw + half, (int)half, NULL);
    unsigned char *der = NULL;
    int len = -1;

    if (signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = NULL;
        s = NULL;
        len = i2d_ECDSA_SIG(signature, &der);
    }
    if (len > 0) {
        *ret_der = cs_bytes_copy(der, (size_t)len);
    }
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return len > 0 ? CS_OK : cs_fail(err, CS_E_INTERNAL, "the signature cannot be encoded");
}

cs_rc cs_sign_digest(struct cs_token *token, struct cs_token_key *key, enum cs_digest algorithm,
                     const uint8_t *digest, struct cs_bytes *ret_signature, struct cs_err *err)
{
    struct input input;
    uint8_t signature[CS_SIGNATURE_MAX] = {0};
    CK_ULONG len = sizeof signature;
    size_t octets = octets_of(key->base.spec.bits);

    make_input(&key->base.spec, algorithm, digest, &input);
    CS_TRY(call_sign(token, key, &input, signature, &len, err));
    if (cs_key_is_rsa(&key->base.spec)) {
        if (len != octets || len > sizeof signature) {
            return fail_length(token, len, err);
        }
        *ret_signature = cs_bytes_copy(signature, len);
        return CS_OK;
    }
    if (len == 0 || len % 2 || len > 2 * octets) {
        return fail_length(token, len, err);
    }
    return cs_sign_ecdsa_der(signature, len / 2, ret_signature, err);
}

#include "x509/pkcs8.h"

#include "x509/ossl.h"
#include "x509/spki.h"

#include <openssl/asn1t.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <limits.h>
#include <string.h>

/* libcrypto's own reader of private keys leaves a copy of the DER in memory that it frees without
 * wiping. So the two structures are read here, into numbers that are wiped. */

/* RSAPrivateKey. Source: RFC 8017 appendix A.1.2, without otherPrimeInfos. */
typedef struct {
    ASN1_INTEGER *version;
    BIGNUM *n;
    BIGNUM *e;
    BIGNUM *d;
    BIGNUM *p;
    BIGNUM *q;
    BIGNUM *dp;
    BIGNUM *dq;
    BIGNUM *qi;
} RSA_NUMBERS;

/* ECPrivateKey. Source: RFC 5915 section 3. */
typedef struct {
    ASN1_INTEGER *version;
    ASN1_OCTET_STRING *number;
    ASN1_OBJECT *curve;
    ASN1_BIT_STRING *point;
} EC_NUMBER;

bool cs_pkcs8_der_len(const uint8_t *octets, size_t len, size_t *ret_len)
{
    const unsigned char *at = octets;
    long body = 0;
    int tag = 0;
    int class = 0;

    if (len > LONG_MAX) {
        return false;
    }
    /* Bit 0x80 is an error, bit 1 an indefinite length. */
    int form = ASN1_get_object(&at, &body, &tag, &class, (long)len);
    ERR_clear_error();
    if ((form & 0x81) || tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL) {
        return false;
    }
    *ret_len = (size_t)(at - octets) + (size_t)body;
    return *ret_len <= len;
}

/* ---- reading ---- */

/* libcrypto's macros end without a semicolon, which clang-format does not understand. CBIGNUM is
 * its word for a number in locked memory that is wiped. */
/* clang-format off */
static const ASN1_TEMPLATE RSA_NUMBERS_seq_tt[] = {
    ASN1_SIMPLE(RSA_NUMBERS, version, ASN1_INTEGER),
    ASN1_SIMPLE(RSA_NUMBERS, n, BIGNUM),
    ASN1_SIMPLE(RSA_NUMBERS, e, BIGNUM),
    ASN1_SIMPLE(RSA_NUMBERS, d, CBIGNUM),
    ASN1_SIMPLE(RSA_NUMBERS, p, CBIGNUM),
    ASN1_SIMPLE(RSA_NUMBERS, q, CBIGNUM),
    ASN1_SIMPLE(RSA_NUMBERS, dp, CBIGNUM),
    ASN1_SIMPLE(RSA_NUMBERS, dq, CBIGNUM),
    ASN1_SIMPLE(RSA_NUMBERS, qi, CBIGNUM),
} static_ASN1_SEQUENCE_END(RSA_NUMBERS)

static const ASN1_TEMPLATE EC_NUMBER_seq_tt[] = {
    ASN1_SIMPLE(EC_NUMBER, version, ASN1_INTEGER),
    ASN1_SIMPLE(EC_NUMBER, number, ASN1_OCTET_STRING),
    ASN1_EXP_OPT(EC_NUMBER, curve, ASN1_OBJECT, 0),
    ASN1_EXP_OPT(EC_NUMBER, point, ASN1_BIT_STRING, 1),
} static_ASN1_SEQUENCE_END(EC_NUMBER)

/* A private key and its public half. */
struct key {
    EVP_PKEY *pkey;
};
/* clang-format on */

static cs_rc fail_key(const char *what, struct cs_err *err)
{
    ERR_clear_error();
    return cs_fail_hint(err, CS_E_INPUT, "use an RSA key, or one of P-256, P-384 or P-521",
                        "the private key %s", what);
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) != 1) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static EVP_PKEY *rsa_of(const RSA_NUMBERS *rsa)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;

    if (build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, rsa->n) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, rsa->e) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, rsa->d) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_FACTOR1, rsa->p) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_FACTOR2, rsa->q) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_EXPONENT1, rsa->dp) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_EXPONENT2, rsa->dq) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, rsa->qi)) {
        params = OSSL_PARAM_BLD_to_param(build);
        pkey = from_params("RSA", params);
    }
    OSSL_PARAM_free(params); /* wipes what came from locked memory */
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

/* a * b is 1 modulo @modulus. */
static bool is_inverse(const BIGNUM *a, const BIGNUM *b, const BIGNUM *modulus, BN_CTX *ctx)
{
    BN_CTX_start(ctx);
    BIGNUM *rest = BN_CTX_get(ctx);
    bool is = rest && !BN_is_zero(modulus) && !BN_is_negative(a) && !BN_is_negative(b) &&
              BN_mod_mul(rest, a, b, modulus, ctx) && BN_is_one(rest);
    BN_CTX_end(ctx);
    return is;
}

/* What belongs to one prime: d and its own exponent are inverses of e modulo @prime - 1. */
static bool is_exponent(const RSA_NUMBERS *rsa, const BIGNUM *prime, const BIGNUM *exponent,
                        BN_CTX *ctx)
{
    BN_CTX_start(ctx);
    BIGNUM *order = BN_CTX_get(ctx);
    bool is = order && BN_copy(order, prime) && BN_sub_word(order, 1) &&
              is_inverse(rsa->d, rsa->e, order, ctx) && is_inverse(exponent, rsa->e, order, ctx);
    BN_CTX_end(ctx);
    return is;
}

/* A signature alone does not show that all the numbers are right: libcrypto falls back from one way
 * to make it to the other. */
static bool is_consistent(const RSA_NUMBERS *rsa)
{
    BN_CTX *ctx = BN_CTX_secure_new();
    BIGNUM *product = BN_secure_new();

    bool good = ctx && product && BN_mul(product, rsa->p, rsa->q, ctx) &&
                BN_cmp(product, rsa->n) == 0 && BN_cmp(rsa->d, rsa->n) < 0 &&
                is_exponent(rsa, rsa->p, rsa->dp, ctx) && is_exponent(rsa, rsa->q, rsa->dq, ctx) &&
                is_inverse(rsa->qi, rsa->q, rsa->p, ctx);
    BN_clear_free(product);
    BN_CTX_free(ctx);
    return good;
}

static EVP_PKEY *read_rsa(const unsigned char *der, long len)
{
    const unsigned char *at = der;
    ASN1_VALUE *value = ASN1_item_d2i(NULL, &at, len, ASN1_ITEM_rptr(RSA_NUMBERS));
    RSA_NUMBERS *rsa = (RSA_NUMBERS *)(void *)value;
    bool whole = rsa && at == der + len && BN_num_bits(rsa->n) <= OPENSSL_RSA_MAX_MODULUS_BITS;
    EVP_PKEY *pkey = whole && is_consistent(rsa) ? rsa_of(rsa) : NULL;

    ASN1_item_free(value, ASN1_ITEM_rptr(RSA_NUMBERS));
    return pkey;
}

/* The uncompressed point of a private number; 0 octets if it is none of the curve's. */
static size_t point_of(int nid, const BIGNUM *number, unsigned char *point, size_t size)
{
    cs_auto(ec_group_st) group = EC_GROUP_new_by_curve_name(nid);
    cs_auto(ec_point_st) at = group ? EC_POINT_new(group) : NULL;

    if (!at || BN_is_zero(number) || BN_cmp(number, EC_GROUP_get0_order(group)) >= 0 ||
        EC_POINT_mul(group, at, number, NULL, NULL, NULL) != 1) {
        return 0;
    }
    return EC_POINT_point2oct(group, at, POINT_CONVERSION_UNCOMPRESSED, point, size, NULL);
}

static EVP_PKEY *ec_of(int nid, BIGNUM *number)
{
    unsigned char point[2 * 66 + 1];
    size_t len = point_of(nid, number, point, sizeof point);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;

    if (build && len &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, OBJ_nid2sn(nid), 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, len) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number)) {
        params = OSSL_PARAM_BLD_to_param(build);
        pkey = from_params("EC", params);
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static int curve_of(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *oid = NULL;
    const void *param = NULL;
    int type = V_ASN1_UNDEF;

    X509_ALGOR_get0(&oid, &type, &param, algorithm);
    int nid = type == V_ASN1_OBJECT ? OBJ_obj2nid(param) : NID_undef;
    bool ours = nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1;
    return ours ? nid : NID_undef;
}

static EVP_PKEY *read_ec(const X509_ALGOR *algorithm, const unsigned char *der, long len)
{
    const unsigned char *at = der;
    int nid = curve_of(algorithm);
    ASN1_VALUE *value = ASN1_item_d2i(NULL, &at, len, ASN1_ITEM_rptr(EC_NUMBER));
    EC_NUMBER *ec = (EC_NUMBER *)(void *)value;
    EVP_PKEY *pkey = NULL;

    if (ec && at == der + len && nid != NID_undef) {
        BIGNUM *number = BN_secure_new();
        if (number && BN_bin2bn(ec->number->data, ec->number->length, number)) {
            pkey = ec_of(nid, number);
        }
        BN_clear_free(number);
    }
    if (ec && ec->number) {
        OPENSSL_cleanse(ec->number->data, (size_t)ec->number->length);
    }
    ASN1_item_free(value, ASN1_ITEM_rptr(EC_NUMBER));
    return pkey;
}

static EVP_PKEY *read_info(const PKCS8_PRIV_KEY_INFO *info)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *oid = NULL;
    const unsigned char *der = NULL;
    int len = 0;

    if (PKCS8_pkey_get0(&oid, &der, &len, &algorithm, info) != 1) {
        return NULL;
    }
    switch (OBJ_obj2nid(oid)) {
    case NID_rsaEncryption:
        return read_rsa(der, len);
    case NID_X9_62_id_ecPublicKey:
        return read_ec(algorithm, der, len);
    default:
        return NULL;
    }
}

/* A cs_secret_fn; @ctx is a struct key. */
static cs_rc read_key(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct key *key = ctx;
    const unsigned char *at = octets;
    PKCS8_PRIV_KEY_INFO *info =
        len <= LONG_MAX ? d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)len) : NULL;

    if (!info || at != octets + len) {
        PKCS8_PRIV_KEY_INFO_free(info); /* wipes the key in it */
        return fail_key("is no PKCS#8", err);
    }
    key->pkey = read_info(info);
    PKCS8_PRIV_KEY_INFO_free(info);
    return key->pkey ? CS_OK : fail_key("is of a kind that cscert does not use, or broken", err);
}

/* ---- what it is good for ---- */

cs_rc cs_pkcs8_spki(const struct cs_secret *pkcs8, struct cs_bytes *ret_spki, struct cs_err *err)
{
    struct key key = {0};

    CS_TRY(cs_secret_lend(pkcs8, read_key, &key, err));
    cs_auto(evp_pkey_st) pkey = key.pkey;
    return cs_ossl_encode(i2d_PUBKEY, pkey, ret_spki, err);
}

/* Enough for RSA-16384. */
#define SIGNATURE_MAX 2048

static bool is_rsa(EVP_PKEY *pkey)
{
    return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA;
}

static EVP_PKEY_CTX *signature_ctx(EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *ctx))
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);

    if (ctx && init(ctx) == 1 &&
        (!is_rsa(pkey) || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1) {
        return ctx;
    }
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

/* One signs random octets, the other verifies. */
static bool belong_together(EVP_PKEY *private_key, EVP_PKEY *public_key)
{
    unsigned char digest[32];
    unsigned char signature[SIGNATURE_MAX];
    size_t len = sizeof signature;
    EVP_PKEY_CTX *sign = signature_ctx(private_key, EVP_PKEY_sign_init);
    EVP_PKEY_CTX *verify = signature_ctx(public_key, EVP_PKEY_verify_init);

    bool good = sign && verify && RAND_bytes(digest, sizeof digest) == 1 &&
                EVP_PKEY_sign(sign, signature, &len, digest, sizeof digest) == 1 &&
                EVP_PKEY_verify(verify, signature, len, digest, sizeof digest) == 1;
    EVP_PKEY_CTX_free(sign);
    EVP_PKEY_CTX_free(verify);
    ERR_clear_error();
    return good;
}

cs_rc cs_pkcs8_check(const struct cs_secret *pkcs8, const struct cs_bytes *spki, struct cs_err *err)
{
    const unsigned char *at = spki->data;
    struct key key = {0};

    cs_auto(evp_pkey_st) public_key =
        spki->len && spki->len <= LONG_MAX ? d2i_PUBKEY(NULL, &at, (long)spki->len) : NULL;
    if (!public_key) {
        return cs_fail_openssl(err, CS_E_INPUT, "d2i_PUBKEY", "the public key cannot be read");
    }
    CS_TRY(cs_secret_lend(pkcs8, read_key, &key, err));
    cs_auto(evp_pkey_st) private_key = key.pkey;
    if (EVP_PKEY_eq(private_key, public_key) != 1 || !belong_together(private_key, public_key)) {
        ERR_clear_error();
        return cs_fail(err, CS_E_MISMATCH, "the private key is not that of the public key");
    }
    return CS_OK;
}

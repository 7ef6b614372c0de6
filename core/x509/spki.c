#include "x509/spki.h"

#include "base/mem.h"
#include "x509/ossl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/sha.h>

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

/* Octets of CKA_MODULUS and CKA_PUBLIC_EXPONENT above this are no key of ours. */
#define RSA_MAX_OCTETS 1024

/* DER of the named curves' OIDs. Source: RFC 5480 section 2.1.1.1. */
static const uint8_t oid_p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t oid_p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t oid_p521[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};

static const struct curve {
    enum cs_key_alg alg;
    unsigned bits;
    int nid;
    const uint8_t *oid;
    size_t oid_len;
} curves[] = {
    {CS_KEY_EC_P256, 256, NID_X9_62_prime256v1, oid_p256, sizeof oid_p256},
    {CS_KEY_EC_P384, 384, NID_secp384r1, oid_p384, sizeof oid_p384},
    {CS_KEY_EC_P521, 521, NID_secp521r1, oid_p521, sizeof oid_p521},
};

static const struct curve *find_curve(enum cs_key_alg alg)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (curves[i].alg == alg) {
            return &curves[i];
        }
    }
    return NULL;
}

const uint8_t *cs_curve_oid(const struct cs_key_spec *spec, size_t *ret_len)
{
    const struct curve *curve = find_curve(spec->alg);

    *ret_len = curve ? curve->oid_len : 0;
    return curve ? curve->oid : NULL;
}

/* ---- making ---- */

/* SubjectPublicKeyInfo of algorithm, parameters and the @len octets at @key, which are taken. */
static cs_rc wrap_key(int algorithm, int param_type, void *param, unsigned char *key, int len,
                      struct cs_bytes *ret_spki, struct cs_err *err)
{
    cs_auto(X509_pubkey_st) info = X509_PUBKEY_new();

    if (!info ||
        !X509_PUBKEY_set0_param(info, OBJ_nid2obj(algorithm), param_type, param, key, len)) {
        OPENSSL_free(key);
        return cs_fail_openssl(err, CS_E_INTERNAL, "X509_PUBKEY_set0_param",
                               "the public key cannot be encoded");
    }
    return cs_ossl_encode(i2d_X509_PUBKEY, info, ret_spki, err);
}

/* RSAPublicKey (RFC 8017 appendix A.1.1) in OpenSSL's memory; NULL when out of it. */
static unsigned char *encode_rsa(const BIGNUM *modulus, const BIGNUM *exponent, int *ret_len)
{
    cs_auto(asn1_string_st) n = BN_to_ASN1_INTEGER(modulus, NULL);
    cs_auto(asn1_string_st) e = BN_to_ASN1_INTEGER(exponent, NULL);

    if (!n || !e) {
        return NULL;
    }
    int body = i2d_ASN1_INTEGER(n, NULL) + i2d_ASN1_INTEGER(e, NULL);
    int len = ASN1_object_size(1, body, V_ASN1_SEQUENCE);
    unsigned char *der = OPENSSL_malloc((size_t)len);
    if (!der) {
        return NULL;
    }
    unsigned char *next = der;
    ASN1_put_object(&next, 1, body, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    i2d_ASN1_INTEGER(n, &next);
    i2d_ASN1_INTEGER(e, &next);
    *ret_len = len;
    return der;
}

/* RFC 8017 section 3.1 for what can be seen of a public key: an odd modulus, an odd exponent of at
 * least 3 below it. */
static cs_rc check_rsa(const BIGNUM *modulus, const BIGNUM *exponent,
                       const struct cs_key_spec *spec, struct cs_err *err)
{
    if (BN_num_bits(modulus) != (int)spec->bits) {
        return cs_fail(err, CS_E_TOKEN_REFUSED,
                       "the token made an RSA key of %d bits instead of %u: not used",
                       BN_num_bits(modulus), spec->bits);
    }
    if (!BN_is_odd(modulus) || !BN_is_odd(exponent) || BN_is_one(exponent) ||
        BN_cmp(exponent, modulus) >= 0) {
        return cs_fail(err, CS_E_TOKEN_REFUSED,
                       "modulus or public exponent that the token gave are no RSA key");
    }
    return CS_OK;
}

cs_rc cs_spki_from_rsa(const uint8_t *modulus, size_t modulus_len, const uint8_t *exponent,
                       size_t exponent_len, const struct cs_key_spec *spec,
                       struct cs_bytes *ret_spki, struct cs_err *err)
{
    cs_ossl_setup();
    if (modulus_len > RSA_MAX_OCTETS || exponent_len > RSA_MAX_OCTETS) {
        return cs_fail(err, CS_E_TOKEN_REFUSED,
                       "the token gave a modulus of %zu and an exponent of %zu octets: no RSA-%u",
                       modulus_len, exponent_len, spec->bits);
    }
    cs_auto(bignum_st) n = BN_bin2bn(modulus, (int)modulus_len, NULL);
    cs_auto(bignum_st) e = BN_bin2bn(exponent, (int)exponent_len, NULL);
    if (!n || !e) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "BN_bin2bn", "the public key cannot be read");
    }
    CS_TRY(check_rsa(n, e, spec, err));

    int len = 0;
    unsigned char *key = encode_rsa(n, e, &len);
    if (!key) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "i2d_ASN1_INTEGER",
                               "the public key cannot be encoded");
    }
    return wrap_key(NID_rsaEncryption, V_ASN1_NULL, NULL, key, len, ret_spki, err);
}

/* Takes the DER OCTET STRING off. Which of the two forms it is cannot be mistaken: a bare
 * uncompressed point of these curves has 1 + 2 * field octets, one in a string 2 or 3 more. */
static void unwrap_point(const uint8_t **point, size_t *len, const struct curve *curve)
{
    size_t bare = 1 + 2 * (size_t)((curve->bits + 7) / 8);
    const unsigned char *body = *point;
    long body_len = 0;
    int tag = 0;
    int class = 0;

    if (*len == bare || *len > LONG_MAX) {
        return;
    }
    int flags = ASN1_get_object(&body, &body_len, &tag, &class, (long)*len);
    if (flags == 0 && tag == V_ASN1_OCTET_STRING && class == V_ASN1_UNIVERSAL &&
        body + body_len == *point + *len) {
        *point = body;
        *len = (size_t)body_len;
    }
}

/* Made once and kept as long as the program: making one takes longer than a signature. NULL when
 * out of memory. */
static const EC_GROUP *group_of(const struct curve *curve)
{
    static _Atomic(EC_GROUP *) groups[sizeof curves / sizeof *curves];
    _Atomic(EC_GROUP *) *place = &groups[curve - curves];
    EC_GROUP *group = atomic_load(place);

    if (group) {
        return group;
    }
    cs_auto(ec_group_st) made = EC_GROUP_new_by_curve_name(curve->nid);
    /* Another thread may have been faster: @group is that one's then. */
    return atomic_compare_exchange_strong(place, &group, made) ? cs_steal(&made) : group;
}

/* The point as uncompressed octets in OpenSSL's memory; EC_POINT_oct2point checks the equation. */
static unsigned char *encode_point(const struct curve *curve, const uint8_t *point, size_t len,
                                   size_t *ret_len)
{
    unsigned char *octets = NULL;
    const EC_GROUP *group = group_of(curve);
    cs_auto(ec_point_st) parsed = group ? EC_POINT_new(group) : NULL;

    if (!parsed || len < 2 || !EC_POINT_oct2point(group, parsed, point, len, NULL)) {
        return NULL;
    }
    *ret_len = EC_POINT_point2buf(group, parsed, POINT_CONVERSION_UNCOMPRESSED, &octets, NULL);
    return octets;
}

cs_rc cs_spki_from_ec_point(const uint8_t *point, size_t point_len, const struct cs_key_spec *spec,
                            struct cs_bytes *ret_spki, struct cs_err *err)
{
    const struct curve *curve = find_curve(spec->alg);
    size_t len = 0;

    cs_ossl_setup();
    if (!curve) {
        return cs_fail(err, CS_E_INTERNAL, "%s is no curve", cs_key_alg_name(spec->alg));
    }
    unwrap_point(&point, &point_len, curve);
    unsigned char *octets = encode_point(curve, point, point_len, &len);
    if (!octets) {
        return cs_fail_openssl(err, CS_E_TOKEN_REFUSED, "EC_POINT_oct2point",
                               "CKA_EC_POINT of %zu octets is no point of %s", point_len,
                               cs_key_alg_name(spec->alg));
    }
    return wrap_key(NID_X9_62_id_ecPublicKey, V_ASN1_OBJECT, OBJ_nid2obj(curve->nid), octets,
                    (int)len, ret_spki, err);
}

/* ---- reading ---- */

static cs_rc rsa_spec(const EVP_PKEY *key, struct cs_key_spec *ret_spec, struct cs_err *err)
{
    int bits = EVP_PKEY_get_bits(key);

    if (bits <= 0 || cs_key_spec_make("RSA", bits, ret_spec, NULL) != CS_OK) {
        return cs_fail(err, CS_E_INPUT, "an RSA key of %d bits is none that cscert makes", bits);
    }
    return CS_OK;
}

static cs_rc ec_spec(int param_type, const void *param, struct cs_key_spec *ret_spec,
                     struct cs_err *err)
{
    /* Explicit parameters can hide a weak curve: only the named ones. */
    int nid = param_type == V_ASN1_OBJECT ? OBJ_obj2nid(param) : NID_undef;

    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        if (curves[i].nid == nid) {
            *ret_spec = (struct cs_key_spec){curves[i].alg, curves[i].bits};
            return CS_OK;
        }
    }
    return cs_fail(err, CS_E_INPUT, "the key's curve (%s) is none that cscert makes",
                   nid == NID_undef ? "not named" : OBJ_nid2sn(nid));
}

static cs_rc pubkey_spec(const X509_PUBKEY *info, struct cs_key_spec *ret_spec, struct cs_err *err)
{
    X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *oid = NULL;
    const void *param = NULL;
    int param_type = V_ASN1_UNDEF;
    const EVP_PKEY *key = X509_PUBKEY_get0(info);

    if (!key || !X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, info)) {
        return cs_fail_openssl(err, CS_E_INPUT, "X509_PUBKEY_get0",
                               "the public key cannot be read");
    }
    X509_ALGOR_get0(&oid, &param_type, &param, algorithm);
    switch (OBJ_obj2nid(oid)) {
    case NID_rsaEncryption:
        return rsa_spec(key, ret_spec, err);
    case NID_X9_62_id_ecPublicKey:
        return ec_spec(param_type, param, ret_spec, err);
    default:
        return cs_fail(err, CS_E_INPUT, "a key of kind %s is none that cscert makes",
                       OBJ_nid2sn(OBJ_obj2nid(oid)));
    }
}

static cs_rc decode(const struct cs_bytes *spki, X509_PUBKEY **ret_info, struct cs_err *err)
{
    const unsigned char *next = spki->data;

    cs_ossl_setup();
    cs_auto(X509_pubkey_st) info =
        spki->data && spki->len <= LONG_MAX ? d2i_X509_PUBKEY(NULL, &next, (long)spki->len) : NULL;
    if (!info || next != spki->data + spki->len) {
        return cs_fail_openssl(err, CS_E_INPUT, "d2i_X509_PUBKEY",
                               "this is no DER SubjectPublicKeyInfo");
    }
    *ret_info = cs_steal(&info);
    return CS_OK;
}

cs_rc cs_spki_spec(const struct cs_bytes *spki, struct cs_key_spec *ret_spec, struct cs_err *err)
{
    cs_auto(X509_pubkey_st) info = NULL;

    CS_TRY(decode(spki, &info, err));
    return pubkey_spec(info, ret_spec, err);
}

/* @name is OSSL_PKEY_PARAM_RSA_N or OSSL_PKEY_PARAM_RSA_E. */
static cs_rc rsa_number(const EVP_PKEY *key, const char *name, struct cs_bytes *ret_number,
                        struct cs_err *err)
{
    BIGNUM *value = NULL;
    uint8_t octets[RSA_MAX_OCTETS];

    int known = EVP_PKEY_get_bn_param(key, name, &value);
    cs_auto(bignum_st) number = value;
    if (!known || BN_num_bytes(number) > RSA_MAX_OCTETS) {
        return cs_fail_openssl(err, CS_E_INPUT, "EVP_PKEY_get_bn_param",
                               "the number %s of the RSA key cannot be read", name);
    }
    *ret_number = cs_bytes_copy(octets, (size_t)BN_bn2bin(number, octets));
    return CS_OK;
}

static cs_rc ec_point(const struct curve *curve, const X509_PUBKEY *info,
                      struct cs_bytes *ret_public, struct cs_err *err)
{
    const unsigned char *point = NULL;
    int point_len = 0;
    size_t len = 0;

    if (!curve) {
        return cs_fail(err, CS_E_INTERNAL, "the key's curve is not known");
    }
    X509_PUBKEY_get0_param(NULL, &point, &point_len, NULL, info);
    unsigned char *octets = encode_point(curve, point, (size_t)point_len, &len);
    if (!octets) {
        return cs_fail_openssl(err, CS_E_INPUT, "EC_POINT_oct2point",
                               "the key is no point of its curve");
    }
    *ret_public = cs_bytes_copy(octets, len);
    OPENSSL_free(octets);
    return CS_OK;
}

cs_rc cs_spki_public(const struct cs_bytes *spki, struct cs_key_spec *ret_spec,
                     struct cs_bytes *ret_public, struct cs_bytes *ret_exponent, struct cs_err *err)
{
    cs_auto(X509_pubkey_st) info = NULL;
    cs_auto_value(cs_bytes) public = {0};
    cs_auto_value(cs_bytes) exponent = {0};
    struct cs_key_spec spec = {0};

    CS_TRY(decode(spki, &info, err));
    CS_TRY(pubkey_spec(info, &spec, err));
    if (cs_key_is_rsa(&spec)) {
        const EVP_PKEY *key = X509_PUBKEY_get0(info);
        CS_TRY(rsa_number(key, OSSL_PKEY_PARAM_RSA_N, &public, err));
        CS_TRY(rsa_number(key, OSSL_PKEY_PARAM_RSA_E, &exponent, err));
    } else {
        CS_TRY(ec_point(find_curve(spec.alg), info, &public, err));
    }
    *ret_spec = spec;
    *ret_public = cs_bytes_steal(&public);
    if (ret_exponent) {
        *ret_exponent = cs_bytes_steal(&exponent);
    }
    return CS_OK;
}

struct cs_bytes cs_spki_point_der(const struct cs_bytes *point)
{
    int len = ASN1_object_size(0, (int)point->len, V_ASN1_OCTET_STRING);
    struct cs_bytes der = {.data = cs_alloc((size_t)len, 1), .len = (size_t)len};
    unsigned char *next = der.data;

    ASN1_put_object(&next, 0, (int)point->len, V_ASN1_OCTET_STRING, V_ASN1_UNIVERSAL);
    memcpy(next, point->data, point->len);
    return der;
}

char *cs_spki_sha256(const struct cs_bytes *spki)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];

    cs_ossl_setup();
    SHA256(spki->data, spki->len, hash);
    return cs_hex(hash, sizeof hash);
}

#include "base/mem.h"
#include "support/check_run.h"
#include "x509/spki.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static const struct cs_key_spec rsa1024 = {CS_KEY_RSA, 1024};
static const struct cs_key_spec p256 = {CS_KEY_EC_P256, 256};
static const struct cs_key_spec p384 = {CS_KEY_EC_P384, 384};
static const struct cs_key_spec p521 = {CS_KEY_EC_P521, 521};

static struct cs_bytes unhex(const char *text)
{
    struct cs_bytes bytes = {0};
    struct cs_err err;

    assert_ok(cs_unhex(text, &bytes, &err), &err);
    return bytes;
}

/* ---- RSA ---- */

/* SEQUENCE { SEQUENCE { OID 1.2.840.113549.1.1.1, NULL }, BIT STRING { SEQUENCE { INTEGER n,
 * INTEGER e } } } (RFC 3279 section 2.3.1) around 128 octets whose first bit is set, so that the
 * INTEGER has a 0 before them: 2+129 -> 3+129 = 132, +5 = 137 = 0x89, +4 = 141 = 0x8d, +15 = 159 =
 * 0x9f. */
#define RSA1024_HEAD "30819f300d06092a864886f70d010101050003818d0030818902818100"
#define RSA1024_TAIL "0203010001"

START_TEST(test_rsa)
{
    uint8_t modulus[130];
    cs_auto_value(cs_bytes) spki = {0};
    cs_auto_value(cs_bytes) padded = {0};
    struct cs_err err;

    memset(modulus, 0xc5, sizeof modulus);
    cs_autofree char *n = cs_hex(modulus + 2, 128);
    cs_autofree char *text = cs_asprintf(RSA1024_HEAD "%s" RSA1024_TAIL, n);
    cs_auto_value(cs_bytes) expected = unhex(text);

    const uint8_t exponent[] = {1, 0, 1};
    assert_ok(cs_spki_from_rsa(modulus + 2, 128, exponent, 3, &rsa1024, &spki, &err), &err);
    ck_assert(cs_bytes_equal(&spki, &expected));

    /* Zeros in front, as some tokens answer. */
    const uint8_t wide[] = {0, 0, 0, 0, 0, 1, 0, 1};
    modulus[0] = modulus[1] = 0;
    assert_ok(cs_spki_from_rsa(modulus, 130, wide, sizeof wide, &rsa1024, &padded, &err), &err);
    ck_assert(cs_bytes_equal(&padded, &expected));
}
END_TEST

/* What a token must not get through with; RFC 8017 section 3.1. */
static const struct {
    size_t modulus_len;
    uint8_t first;
    uint8_t last;
    const char *exponent;
} bad_rsa[] = {
    {128, 0x45, 0xc5, "010001"}, /* 1023 bits */
    {129, 0xc5, 0xc5, "010001"}, /* 1032 bits */
    {127, 0xc5, 0xc5, "010001"}, {0, 0, 0, "010001"},
    {128, 0xc5, 0xc4, "010001"}, /* even modulus */
    {128, 0xc5, 0xc5, "010000"}, /* even exponent */
    {128, 0xc5, 0xc5, "01"},     {128, 0xc5, 0xc5, "00"},
    {128, 0xc5, 0xc5, ""},
};

START_TEST(test_bad_rsa)
{
    uint8_t modulus[129];
    cs_auto_value(cs_bytes) exponent = unhex(bad_rsa[_i].exponent);
    cs_auto_value(cs_bytes) spki = {0};
    struct cs_err err;
    size_t len = bad_rsa[_i].modulus_len;

    memset(modulus, 0xc5, sizeof modulus);
    modulus[0] = bad_rsa[_i].first;
    if (len) {
        modulus[len - 1] = bad_rsa[_i].last;
    }
    assert_fails(cs_spki_from_rsa(modulus, len, exponent.data, exponent.len, &rsa1024, &spki, &err),
                 CS_E_TOKEN_REFUSED, &err);
    ck_assert_ptr_null(spki.data);
}
END_TEST

START_TEST(test_long_rsa)
{
    cs_auto_value(cs_bytes) huge = {cs_alloc(1 << 20, 1), 1 << 20};
    cs_auto_value(cs_bytes) spki = {0};
    struct cs_err err;

    memset(huge.data, 0xc5, huge.len);
    assert_fails(cs_spki_from_rsa(huge.data, huge.len, huge.data, 3, &rsa1024, &spki, &err),
                 CS_E_TOKEN_REFUSED, &err);
    assert_fails(cs_spki_from_rsa(huge.data, 128, huge.data, huge.len, &rsa1024, &spki, &err),
                 CS_E_TOKEN_REFUSED, &err);
}
END_TEST

/* ---- EC ---- */

/* The base point of P-256: FIPS 186-4 appendix D.1.2.3. */
#define GX "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define GY "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

/* RFC 5480 section 2: SEQUENCE { SEQUENCE { OID 1.2.840.10045.2.1, OID 1.2.840.10045.3.1.7 }, BIT
 * STRING }: 65 -> 66 = 0x42, +2+21 = 89 = 0x59. */
#define P256_HEAD "3059301306072a8648ce3d020106082a8648ce3d030107034200"

static const struct {
    const char *point;
    bool good;
} p256_points[] = {
    {"0441"
     "04" GX GY,
     true},
    {"04" GX GY, true},
    /* compressed; Gy is odd (it ends in f5): SEC 1 section 2.3.3 */
    {"0421"
     "03" GX,
     true},
    {"03" GX, true},
    {"04"
     "8141"
     "04" GX GY,
     true}, /* a length in the long form, which is BER */
    {"", false},
    {"04", false},
    {"00", false}, /* infinity */
    {"0400", false},
    {"040100", false},
    {"04" GX GX, false}, /* not on the curve */
    {"0441"
     "04" GX GX,
     false},
    {"0441"
     "04" GX GY "00",
     false}, /* an octet too many */
    {"0440"
     "04" GX GY,
     false},
    {"0442"
     "04" GX GY,
     false},
    {"0342"
     "00"
     "04" GX GY,
     false}, /* a BIT STRING */
    {"05" GX GY, false},
};

START_TEST(test_p256)
{
    cs_auto_value(cs_bytes) point = unhex(p256_points[_i].point);
    cs_auto_value(cs_bytes) expected = unhex(P256_HEAD "04" GX GY);
    cs_auto_value(cs_bytes) spki = {0};
    struct cs_err err;

    if (!p256_points[_i].good) {
        assert_fails(cs_spki_from_ec_point(point.data, point.len, &p256, &spki, &err),
                     CS_E_TOKEN_REFUSED, &err);
        ck_assert_ptr_null(spki.data);
        return;
    }
    assert_ok(cs_spki_from_ec_point(point.data, point.len, &p256, &spki, &err), &err);
    ck_assert(cs_bytes_equal(&spki, &expected));
    /* A point of another curve. */
    cs_auto_value(cs_bytes) none = {0};
    assert_fails(cs_spki_from_ec_point(point.data, point.len, &p384, &none, &err),
                 CS_E_TOKEN_REFUSED, &err);
}
END_TEST

/* Keys that OpenSSL makes, from their point and back. */
static const struct {
    const struct cs_key_spec *spec;
    const char *curve;
    size_t point_len; /* 1 + 2 * field */
    const char *oid;
} curves[] = {
    {&p256, "P-256", 65, "06082a8648ce3d030107"},
    {&p384, "P-384", 97, "06052b81040022"},
    {&p521, "P-521", 133, "06052b81040023"},
};

START_TEST(test_curves)
{
    EVP_PKEY *pkey = EVP_EC_gen(curves[_i].curve);
    unsigned char *der = NULL;
    size_t len = (size_t)i2d_PUBKEY(pkey, &der);
    const uint8_t *point = der + len - curves[_i].point_len;
    uint8_t wrapped[140] = {0x04};
    size_t head = 2;
    cs_auto_value(cs_bytes) expected = cs_bytes_copy(der, len);
    struct cs_key_spec spec;
    struct cs_err err;

    if (curves[_i].point_len > 127) {
        wrapped[1] = 0x81;
        head = 3;
    }
    wrapped[head - 1] = (uint8_t)curves[_i].point_len;
    memcpy(wrapped + head, point, curves[_i].point_len);
    for (int bare = 0; bare < 2; bare++) {
        cs_auto_value(cs_bytes) spki = {0};
        assert_ok(cs_spki_from_ec_point(bare ? point : wrapped,
                                        curves[_i].point_len + (bare ? 0 : head), curves[_i].spec,
                                        &spki, &err),
                  &err);
        ck_assert(cs_bytes_equal(&spki, &expected));
    }
    assert_ok(cs_spki_spec(&expected, &spec, &err), &err);
    ck_assert(cs_key_spec_equal(&spec, curves[_i].spec));

    size_t oid_len = 0;
    const uint8_t *oid = cs_curve_oid(curves[_i].spec, &oid_len);
    cs_autofree char *oid_hex = cs_hex(oid, oid_len);
    ck_assert_str_eq(oid_hex, curves[_i].oid);
    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(test_no_curve)
{
    const uint8_t point[65] = {4};
    cs_auto_value(cs_bytes) spki = {0};
    struct cs_err err;
    size_t len = 1;

    assert_fails(cs_spki_from_ec_point(point, sizeof point, &rsa1024, &spki, &err), CS_E_INTERNAL,
                 &err);
    ck_assert_ptr_null(cs_curve_oid(&rsa1024, &len));
    ck_assert_uint_eq(len, 0);
}
END_TEST

/* ---- which key ---- */

static struct cs_bytes public_of(EVP_PKEY *pkey)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    struct cs_bytes bytes = cs_bytes_copy(der, (size_t)len);

    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
    return bytes;
}

static const struct {
    size_t bits;
    bool ours;
} rsa_sizes[] = {{1024, true}, {2048, true}, {1536, false}, {512, false}, {2047, false}};

START_TEST(test_rsa_spec)
{
    cs_auto_value(cs_bytes) spki = public_of(EVP_RSA_gen(rsa_sizes[_i].bits));
    struct cs_key_spec spec = {0};
    struct cs_err err;

    if (!rsa_sizes[_i].ours) {
        assert_fails(cs_spki_spec(&spki, &spec, &err), CS_E_INPUT, &err);
        return;
    }
    assert_ok(cs_spki_spec(&spki, &spec, &err), &err);
    ck_assert_int_eq(spec.alg, CS_KEY_RSA);
    ck_assert_uint_eq(spec.bits, rsa_sizes[_i].bits);
}
END_TEST

static EVP_PKEY *explicit_p256(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;

    ck_assert_int_eq(EVP_PKEY_keygen_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_EXPLICIT_CURVE), 1);
    ck_assert_int_eq(EVP_PKEY_generate(ctx, &pkey), 1);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

START_TEST(test_other_kinds)
{
    cs_auto_value(cs_bytes) ed25519 = public_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    cs_auto_value(cs_bytes) k256 = public_of(EVP_EC_gen("secp256k1"));
    cs_auto_value(cs_bytes) explicit = public_of(explicit_p256());
    const struct cs_bytes *const kinds[] = {&ed25519, &k256, &explicit};
    struct cs_key_spec spec;
    struct cs_err err;

    for (size_t i = 0; i < ROWS(kinds); i++) {
        assert_fails(cs_spki_spec(kinds[i], &spec, &err), CS_E_INPUT, &err);
    }
}
END_TEST

START_TEST(test_cut)
{
    cs_auto_value(cs_bytes) spki = public_of(EVP_EC_gen("P-256"));
    struct cs_bytes none = {0};
    struct cs_key_spec spec;
    struct cs_err err;

    assert_fails(cs_spki_spec(&none, &spec, &err), CS_E_INPUT, &err);
    for (size_t len = 0; len < spki.len; len++) {
        cs_auto_value(cs_bytes) part = cs_bytes_copy(spki.data, len);
        assert_fails(cs_spki_spec(&part, &spec, &err), CS_E_INPUT, &err);
    }
    cs_auto_value(cs_bytes) longer = cs_bytes_copy(spki.data, spki.len + 1);
    assert_fails(cs_spki_spec(&longer, &spec, &err), CS_E_INPUT, &err);
}
END_TEST

/* FIPS 180-4's own example: SHA-256 of "abc". */
START_TEST(test_sha256)
{
    cs_auto_value(cs_bytes) abc = cs_bytes_copy("abc", 3);
    cs_autofree char *text = cs_spki_sha256(&abc);

    ck_assert_str_eq(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

/* ---- what a token finds a key by ---- */

/* The modulus without the zero that makes the INTEGER positive. */
START_TEST(test_public_rsa)
{
    uint8_t modulus[128];
    cs_auto_value(cs_bytes) public = {0};
    cs_auto_value(cs_bytes) exponent = {0};
    struct cs_key_spec spec;
    struct cs_err err = {0};

    memset(modulus, 0xc5, sizeof modulus);
    cs_autofree char *n = cs_hex(modulus, 128);
    cs_autofree char *text = cs_asprintf(RSA1024_HEAD "%s" RSA1024_TAIL, n);
    cs_auto_value(cs_bytes) spki = unhex(text);
    assert_ok(cs_spki_public(&spki, &spec, &public, &exponent, &err), &err);
    ck_assert_int_eq(spec.alg, CS_KEY_RSA);
    ck_assert_uint_eq(spec.bits, 1024);
    ck_assert_uint_eq(public.len, 128);
    ck_assert_mem_eq(public.data, modulus, 128);
    ck_assert_uint_eq(exponent.len, 3);
    ck_assert_mem_eq(exponent.data, "\x01\x00\x01", 3);
}
END_TEST

/* 04, x, y (SEC 1 section 2.3.3), also of a key that is encoded compressed. */
START_TEST(test_public_ec)
{
    const struct cs_key_spec *specs[] = {&p256, &p384, &p521};
    const char *names[] = {"P-256", "P-384", "P-521"};
    EVP_PKEY *pkey = EVP_EC_gen(names[_i / 2]);
    const size_t field = (specs[_i / 2]->bits + 7) / 8;
    cs_auto_value(cs_bytes) public = {0};
    cs_auto_value(cs_bytes) exponent = {0};
    struct cs_key_spec spec;
    struct cs_err err = {0};
    unsigned char *point = NULL;
    unsigned char *der = NULL;

    size_t len = EVP_PKEY_get1_encoded_public_key(pkey, &point);
    ck_assert_uint_eq(len, 1 + 2 * field);
    if (_i % 2) {
        ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(pkey, "point-format", "compressed"), 1);
    }
    int der_len = i2d_PUBKEY(pkey, &der);
    cs_auto_value(cs_bytes) spki = cs_bytes_copy(der, (size_t)der_len);
    assert_ok(cs_spki_public(&spki, &spec, &public, &exponent, &err), &err);
    ck_assert_int_eq(spec.alg, specs[_i / 2]->alg);
    ck_assert_uint_eq(public.len, len);
    ck_assert_mem_eq(public.data, point, len);
    ck_assert_uint_eq(exponent.len, 0);
    OPENSSL_free(point);
    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
}
END_TEST

/* X.690 section 8.1.3: lengths of 128 and more have an octet of their own. */
START_TEST(test_point_der)
{
    static const struct {
        size_t len;
        const char *head;
        size_t head_len;
    } rows[] = {{65, "\x04\x41", 2}, {97, "\x04\x61", 2}, {133, "\x04\x81\x85", 3}};
    uint8_t octets[133];

    memset(octets, 0x5a, sizeof octets);
    const struct cs_bytes point = {octets, rows[_i].len};
    cs_auto_value(cs_bytes) der = cs_spki_point_der(&point);
    ck_assert_uint_eq(der.len, rows[_i].head_len + rows[_i].len);
    ck_assert_mem_eq(der.data, rows[_i].head, rows[_i].head_len);
    ck_assert_mem_eq(der.data + rows[_i].head_len, octets, rows[_i].len);
}
END_TEST

START_TEST(test_public_of_nothing)
{
    cs_auto_value(cs_bytes) junk = unhex("3000");
    cs_auto_value(cs_bytes) public = {0};
    struct cs_key_spec spec;
    struct cs_err err = {0};

    assert_fails(cs_spki_public(&junk, &spec, &public, NULL, &err), CS_E_INPUT, &err);
    ck_assert_uint_eq(public.len, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spki");
    TCase *tcase = tcase_create("spki");

    tcase_add_test(tcase, test_rsa);
    add_rows(tcase, test_bad_rsa, bad_rsa);
    tcase_add_test(tcase, test_long_rsa);
    add_rows(tcase, test_p256, p256_points);
    add_rows(tcase, test_curves, curves);
    tcase_add_test(tcase, test_no_curve);
    add_rows(tcase, test_rsa_spec, rsa_sizes);
    tcase_add_test(tcase, test_other_kinds);
    tcase_add_test(tcase, test_cut);
    tcase_add_test(tcase, test_sha256);
    tcase_add_test(tcase, test_public_rsa);
    tcase_add_loop_test(tcase, test_public_ec, 0, 6);
    tcase_add_test(tcase, test_public_of_nothing);
    tcase_add_loop_test(tcase, test_point_der, 0, 3);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

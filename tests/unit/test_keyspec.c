#include "model/keyspec.h"
#include "support/check_run.h"

#include <limits.h>
#include <openssl/evp.h>

/* -KeyAlg and -KeySize; bits 0: CS_E_USAGE with the message. */
static const struct {
    const char *alg;
    long size;
    enum cs_key_alg made;
    unsigned bits;
    const char *message;
} specs[] = {
    {NULL, 0, CS_KEY_RSA, 2048, NULL},
    {"RSA", 0, CS_KEY_RSA, 2048, NULL},
    {"rsa", 1024, CS_KEY_RSA, 1024, NULL},
    {NULL, 2048, CS_KEY_RSA, 2048, NULL},
    {"RSA", 3072, CS_KEY_RSA, 3072, NULL},
    {"RSA", 4096, CS_KEY_RSA, 4096, NULL},
    {"ECDH_P256", 0, CS_KEY_EC_P256, 256, NULL},
    {"ECDH_P384", 0, CS_KEY_EC_P384, 384, NULL},
    {"ECDH_P521", 0, CS_KEY_EC_P521, 521, NULL},
    {"ecdh_p256", 256, CS_KEY_EC_P256, 256, NULL},
    {"ECDH_P384", 384, CS_KEY_EC_P384, 384, NULL},
    {"ECDH_P521", 521, CS_KEY_EC_P521, 521, NULL},
    {"RSA", 1000, CS_KEY_RSA, 0, "-KeySize 1000"},
    {"RSA", 1, CS_KEY_RSA, 0, "-KeySize 1"},
    {"RSA", 512, CS_KEY_RSA, 0, "-KeySize 512"},
    {"RSA", 2047, CS_KEY_RSA, 0, "-KeySize 2047"},
    {"RSA", 8192, CS_KEY_RSA, 0, "-KeySize 8192"},
    {"RSA", 256, CS_KEY_RSA, 0, "-KeySize 256"},
    {NULL, -2048, CS_KEY_RSA, 0, "-KeySize -2048"},
    {NULL, 2048 + (1L << 32), CS_KEY_RSA, 0, "-KeySize 4294969344"}, /* 2048 in 32 bits */
    {NULL, LONG_MAX, CS_KEY_RSA, 0, "-KeySize 9223372036854775807"},
    {NULL, LONG_MIN, CS_KEY_RSA, 0, "-KeySize -9223372036854775808"},
    {"ECDH_P256", 384, CS_KEY_RSA, 0, "-KeySize 384 contradicts -KeyAlg ECDH_P256"},
    {"ECDH_P256", 2048, CS_KEY_RSA, 0, "contradicts"},
    {"ECDH_P384", 256, CS_KEY_RSA, 0, "contradicts"},
    {"ECDH_P521", 512, CS_KEY_RSA, 0, "contradicts"},
    {"ECDH_P521", 520, CS_KEY_RSA, 0, "contradicts"},
    {"ECDH_P256", 256 + (1L << 32), CS_KEY_RSA, 0, "contradicts"},
    {"ECDH_P256", -256, CS_KEY_RSA, 0, "contradicts"},
    {"", 0, CS_KEY_RSA, 0, "-KeyAlg \"\""},
    {"DSA", 0, CS_KEY_RSA, 0, "-KeyAlg \"DSA\""},
    {"ECDH_P25", 0, CS_KEY_RSA, 0, "-KeyAlg \"ECDH_P25\""},
    {"ECDSA_P256", 0, CS_KEY_RSA, 0, "-KeyAlg \"ECDSA_P256\""},
    {"RSA ", 0, CS_KEY_RSA, 0, "-KeyAlg \"RSA \""},
};

START_TEST(test_make)
{
    struct cs_key_spec spec = {CS_KEY_EC_P384, 7};
    struct cs_err err = {0};
    cs_rc rc = cs_key_spec_make(specs[_i].alg, specs[_i].size, &spec, &err);

    if (specs[_i].bits) {
        assert_ok(rc, &err);
        ck_assert_int_eq(spec.alg, specs[_i].made);
        ck_assert_uint_eq(spec.bits, specs[_i].bits);
        ck_assert_int_eq(cs_key_is_rsa(&spec), specs[_i].made == CS_KEY_RSA);
        return;
    }
    assert_fails(rc, CS_E_USAGE, &err);
    assert_contains(err.message, specs[_i].message);
    ck_assert_msg(err.hint[0], "no remedy");
    ck_assert_uint_eq(spec.bits, 7);
}
END_TEST

/* The cmdlet's words, and the digest whose strength is the key's: SP 800-57 part 1, tables 2, 3. */
static const struct {
    const char *name;
    enum cs_digest digest;
    const char *digest_name;
} algs[] = {
    [CS_KEY_RSA] = {"RSA", CS_SHA256, "SHA256"},
    [CS_KEY_EC_P256] = {"ECDH_P256", CS_SHA256, "SHA256"},
    [CS_KEY_EC_P384] = {"ECDH_P384", CS_SHA384, "SHA384"},
    [CS_KEY_EC_P521] = {"ECDH_P521", CS_SHA512, "SHA512"},
};

START_TEST(test_alg)
{
    struct cs_key_spec spec = {(enum cs_key_alg)_i, 1};
    struct cs_key_spec again = {(enum cs_key_alg)_i, 0};
    struct cs_err err = {0};

    ck_assert_str_eq(cs_key_alg_name(spec.alg), algs[_i].name);
    ck_assert_int_eq(cs_key_digest(&spec), algs[_i].digest);
    assert_ok(cs_key_spec_make(cs_key_alg_name(spec.alg), 0, &again, &err), &err);
    ck_assert_int_eq(again.alg, _i);
}
END_TEST

/* OpenSSL knows the digest under our name, and with our length. */
START_TEST(test_digest)
{
    enum cs_digest digest = algs[_i].digest;
    const EVP_MD *md = EVP_get_digestbyname(cs_digest_name(digest));

    ck_assert_str_eq(cs_digest_name(digest), algs[_i].digest_name);
    ck_assert_ptr_nonnull(md);
    ck_assert_uint_eq(cs_digest_len(digest), (unsigned)EVP_MD_get_size(md));
    ck_assert_uint_le(cs_digest_len(digest), CS_DIGEST_MAX);
}
END_TEST

START_TEST(test_tables_are_whole)
{
    ck_assert_uint_eq(ROWS(algs), CS_KEY_ALG_COUNT);
    for (int i = 0; i < CS_DIGEST_COUNT; i++) {
        ck_assert_ptr_nonnull(cs_digest_name((enum cs_digest)i));
        ck_assert_uint_gt(cs_digest_len((enum cs_digest)i), 0);
    }
}
END_TEST

START_TEST(test_equal)
{
    struct cs_key_spec a = {CS_KEY_RSA, 2048};
    struct cs_key_spec b = {CS_KEY_RSA, 3072};
    struct cs_key_spec c = {CS_KEY_EC_P256, 2048};

    ck_assert(cs_key_spec_equal(&a, &a));
    ck_assert(!cs_key_spec_equal(&a, &b));
    ck_assert(!cs_key_spec_equal(&a, &c));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keyspec");
    TCase *tcase = tcase_create("keyspec");

    add_rows(tcase, test_make, specs);
    add_rows(tcase, test_alg, algs);
    add_rows(tcase, test_digest, algs);
    tcase_add_test(tcase, test_tables_are_whole);
    tcase_add_test(tcase, test_equal);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

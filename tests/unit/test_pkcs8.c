#include "unit/key_bed.h"
#include "x509/pkcs8.h"

START_TEST(the_length_of_a_sequence)
{
    static const struct {
        const char *hex;
        bool is;
        size_t len;
    } rows[] = {
        {"3000", true, 2},
        {"3003020100", true, 5},
        {"30030201000000", true, 5}, /* what follows is not looked at */
        {"3003020100ff", true, 5},
        {"308103020100", true, 6},
        {"3004020100", false, 0}, /* longer than it is */
        {"30", false, 0},
        {"", false, 0},
        {"0203010203", false, 0},
        {"3103020100", false, 0},
        {"3080020100000000", false, 0}, /* BER's indefinite length */
        {"3084ffffffff", false, 0},
        {"3088ffffffffffffffff", false, 0},
        {"3085010000000000", false, 0},
    };
    struct cs_err err = {0};
    cs_auto_value(cs_bytes) octets = {0};
    size_t len = 0;

    assert_ok(cs_unhex(rows[_i].hex, &octets, &err), &err);
    /* A copy of exactly that size, for ASan. */
    cs_auto_value(cs_bytes) exact = cs_bytes_copy(octets.data, octets.len);
    bool is = cs_pkcs8_der_len(exact.data, exact.len, &len);
    ck_assert_msg(is == rows[_i].is, "%s", rows[_i].hex);
    if (is) {
        ck_assert_uint_eq(len, rows[_i].len);
    }
}
END_TEST

START_TEST(the_public_half_is_the_keys)
{
    cs_auto_value(cs_bytes) expected = spki_of(kinds[_i]);
    cs_auto_value(cs_bytes) spki = {0};
    cs_auto(cs_secret) key = key_of(kinds[_i]);
    struct cs_err err = {0};

    assert_ok(cs_pkcs8_spki(key, &spki, &err), &err);
    ck_assert(cs_bytes_equal(&spki, &expected));
    assert_ok(cs_pkcs8_check(key, &expected, &err), &err);
}
END_TEST

/* SoftHSM2's PKCS#8 of an EC key has no public half in it: it is computed. */
START_TEST(an_ec_key_without_its_public_half)
{
    cs_auto_value(cs_bytes) expected = spki_of("p256");
    cs_auto_value(cs_bytes) spki = {0};
    struct cs_err err = {0};

    cs_auto_value(cs_bytes) der = cs_judge_make(
        folder, "bare.p8",
        "openssl ec -in p256.key -no_public -outform DER -out bare.der 2>/dev/null && "
        "openssl pkcs8 -topk8 -nocrypt -in bare.der -inform DER -outform DER -out bare.p8");
    cs_auto(cs_secret) key = secret_of(der.data, der.len);
    assert_ok(cs_pkcs8_spki(key, &spki, &err), &err);
    ck_assert(cs_bytes_equal(&spki, &expected));
}
END_TEST

START_TEST(another_key_is_none)
{
    static const char *const others[][2] = {
        {"p256", "stranger"}, {"rsa1024", "rsastranger"}, {"p256", "rsa1024"}, {"p384", "p256"}};
    cs_auto_value(cs_bytes) spki = spki_of(others[_i][1]);
    cs_auto(cs_secret) key = key_of(others[_i][0]);
    struct cs_err err = {0};

    assert_fails(cs_pkcs8_check(key, &spki, &err), CS_E_MISMATCH, &err);
}
END_TEST

/* The numbers of an RSA key depend on each other; an EC key with another number has another public
 * half. Each octet of the secret part by itself. */
START_TEST(a_broken_key_is_noticed)
{
    const char *name = _i ? "p256" : "rsa1024";
    cs_auto_value(cs_bytes) spki = spki_of(name);
    cs_auto_value(cs_bytes) der = pkcs8_of(name);
    size_t from = _i ? 36 : 200; /* in the number; in d, which follows n and e */
    size_t step = _i ? 1 : 37;
    size_t end = _i ? 36 + 32 : der.len;

    for (size_t at = from; at < end; at += step) {
        struct cs_err err = {0};
        der.data[at] ^= 1;
        cs_auto(cs_secret) key = secret_of(der.data, der.len);
        der.data[at] ^= 1;
        cs_rc rc = cs_pkcs8_check(key, &spki, &err);
        ck_assert_msg(rc == CS_E_MISMATCH || rc == CS_E_INPUT, "octet %zu: %s", at, cs_rc_name(rc));
    }
}
END_TEST

START_TEST(what_is_no_key_is_refused)
{
    static const char *const commands[] = {
        "printf 'no key' >other.p8",
        "openssl genpkey -algorithm ED25519 -outform DER -out other.p8",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -outform DER "
        "-out other.p8",
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 "
        "-pkeyopt ec_param_enc:explicit -outform DER -out other.p8",
        "openssl pkey -in p256.key -pubout -outform DER -out other.p8",
        "openssl pkcs8 -topk8 -passout pass:x -in p256.key -outform DER -out other.p8",
        "{ openssl pkcs8 -topk8 -nocrypt -in p256.key -outform DER; printf x; } >other.p8",
        "openssl pkcs8 -topk8 -nocrypt -in rsa1024.key -outform DER | head -c 300 >other.p8",
    };
    struct cs_bytes none = {0};
    cs_auto_value(cs_bytes) der = cs_judge_make(folder, "other.p8", "%s 2>/dev/null", commands[_i]);
    cs_auto(cs_secret) key = secret_of(der.data, der.len);
    struct cs_bytes spki = none;
    struct cs_err err = {0};

    assert_fails(cs_pkcs8_spki(key, &spki, &err), CS_E_INPUT, &err);
    ck_assert_ptr_null(spki.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pkcs8");
    TCase *tcase = tcase_create("pkcs8");

    tcase_add_unchecked_fixture(tcase, bed_make, bed_remove);
    tcase_add_checked_fixture(tcase, secrets_on, NULL);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, the_length_of_a_sequence, 0, 14);
    add_rows(tcase, the_public_half_is_the_keys, kinds);
    tcase_add_test(tcase, an_ec_key_without_its_public_half);
    tcase_add_loop_test(tcase, another_key_is_none, 0, 4);
    tcase_add_loop_test(tcase, a_broken_key_is_noticed, 0, 2);
    tcase_add_loop_test(tcase, what_is_no_key_is_refused, 0, 8);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

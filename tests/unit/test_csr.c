#include "base/mem.h"
#include "support/check_run.h"
#include "support/judge.h"
#include "support/softkeys.h"
#include "x509/csr.h"
#include "x509/signer.h"
#include "x509/spki.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static struct cs_keystore *soft;
static char *folder;

static void set_up(void)
{
    soft = cs_softkeys_new();
    folder = cs_judge_folder();
}

static void tear_down(void)
{
    cs_judge_remove(folder);
    free(folder);
    cs_softkeys_free(soft);
}

/* The template for a Microsoft CA: extension 1.3.6.1.4.1.311.20.2 with a BMPString alone, as in a
 * request that Windows made (1E, the length, UTF-16 with the high octet first). */
static const struct {
    const char *name;
    const char *value; /* NULL: such a name cannot be written */
} templates[] = {
    {"User", "1e080055007300650072"},
    {"Web Server", "1e140057006500620020005300650072007600650072"},
    {"\xc3\xbc\xe2\x82\xac", "1e0400fc20ac"},
    {"\xf0\x9f\x98\x80", NULL}, /* beyond U+FFFF */
};

static const struct kind {
    struct cs_key_spec spec;
    const char *openssl;  /* what `openssl req -text` calls the signature */
    const char *usage;    /* DER of the KeyUsage: RFC 5280 4.2.1.3, named bits from the left */
    const char *python;   /* type in python3-cryptography */
    const char *certtool; /* what certtool --crq-info calls it */
} kinds[] = {
    /* digitalSignature(0) and keyEncipherment(2): 1010 0000, 5 unused */
    {{CS_KEY_RSA, 2048}, "sha256WithRSAEncryption", "030205a0", "RSA", "RSA-SHA256"},
    {{CS_KEY_RSA, 1024}, "sha256WithRSAEncryption", "030205a0", "RSA", "RSA-SHA256"},
    /* digitalSignature(0) and keyAgreement(4): 1000 1000, 3 unused */
    {{CS_KEY_EC_P256, 256}, "ecdsa-with-SHA256", "03020388", "Elliptic", "ECDSA-SHA256"},
    {{CS_KEY_EC_P384, 384}, "ecdsa-with-SHA384", "03020388", "Elliptic", "ECDSA-SHA384"},
    {{CS_KEY_EC_P521, 521}, "ecdsa-with-SHA512", "03020388", "Elliptic", "ECDSA-SHA512"},
};

static struct cs_key *new_key(const struct cs_key_spec *spec)
{
    struct cs_key_request request = {.spec = *spec, .id = {1, 2, 3}, .label = "test"};
    struct cs_key *key = NULL;
    struct cs_err err;

    assert_ok(soft->ops->generate(soft, &request, &key, &err), &err);
    return key;
}

static struct cs_plan *new_plan(const struct cs_key_spec *spec)
{
    struct cs_plan *plan = cs_plan_new();

    plan->key_spec = *spec;
    plan->client_eku = true;
    plan->subject = (struct cs_subject){
        .common_name = cs_strdup("edge1.litwareinc.net"),
        .organizational_unit = cs_strdup("IT"),
        .organization = cs_strdup("Litware M\xc3\xbcnchen"),
        .locality = cs_strdup("Redmond"),
        .state = cs_strdup("Washington"),
        .country = cs_strdup("US"),
    };
    cs_plan_add_name(plan, "edge1.litwareinc.net", "subject name", "-ComputerFqdn");
    cs_plan_add_name(plan, "sip.litwareinc.net", "-DomainName", "-DomainName");
    cs_plan_add_name(plan, "*.apps.litwareinc.net", "-DomainName", "-DomainName");
    return plan;
}

/* The value of the extension @nid in the request, as hexadecimal. */
static char *ext_hex(X509_REQ *req, int nid, bool critical)
{
    STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
    int at = X509v3_get_ext_by_NID(exts, nid, -1);

    ck_assert_msg(at >= 0, "no extension %s", OBJ_nid2sn(nid));
    X509_EXTENSION *ext = X509v3_get_ext(exts, at);
    ck_assert_int_eq(X509_EXTENSION_get_critical(ext), critical);
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(ext);
    char *text = cs_hex(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    return text;
}

static void assert_ext(X509_REQ *req, int nid, bool critical, const char *hex)
{
    cs_autofree char *text = ext_hex(req, nid, critical);

    ck_assert_str_eq(text, hex);
}

/* 13 + 21 + 18 + 27 + 13 + 31 = 123 = 0x7b octets. Names: RFC 5280 appendix A.1 (id-at 2.5.4.x), C
 * a PrintableString (0x13), the others UTF8String (0x0c), one SET a RDN, in the order C, ST, L, O,
 * OU, CN. */
static const char subject_hex[] = "307b"
                                  "310b3009"
                                  "0603550406"
                                  "1302"
                                  "5553"
                                  "31133011"
                                  "0603550408"
                                  "0c0a"
                                  "57617368696e67746f6e"
                                  "3110300e"
                                  "0603550407"
                                  "0c07"
                                  "5265646d6f6e64"
                                  "31193017"
                                  "060355040a"
                                  "0c10"
                                  "4c697477617265204dc3bc6e6368656e"
                                  "310b3009"
                                  "060355040b"
                                  "0c02"
                                  "4954"
                                  "311d301b"
                                  "0603550403"
                                  "0c14"
                                  "65646765312e6c697477617265696e632e6e6574";

/* dNSName is [2] IMPLICIT IA5String (RFC 5280 4.2.1.6): tag 82. 2+20 + 2+18 + 2+21 = 65 = 0x41. */
static const char san_hex[] = "3041"
                              "8214"
                              "65646765312e6c697477617265696e632e6e6574"
                              "8212"
                              "7369702e6c697477617265696e632e6e6574"
                              "8215"
                              "2a2e617070732e6c697477617265696e632e6e6574";

/* id-kp 1.3.6.1.5.5.7.3: serverAuth 1, clientAuth 2 (RFC 5280 4.2.1.12). */
#define SERVER_AUTH "06082b06010505070301"
#define CLIENT_AUTH "06082b06010505070302"

START_TEST(test_contents)
{
    const struct kind *kind = &kinds[_i];
    cs_auto(cs_plan) plan = new_plan(&kind->spec);
    struct cs_key *key = new_key(&kind->spec);
    cs_auto_value(cs_bytes) der = {0};
    struct cs_err err;

    assert_ok(cs_csr_build(plan, soft, key, &der, &err), &err);
    const unsigned char *next = der.data;
    X509_REQ *req = d2i_X509_REQ(NULL, &next, (long)der.len);
    ck_assert_ptr_nonnull(req);
    ck_assert_ptr_eq(next, der.data + der.len);

    unsigned char *name = NULL;
    int len = i2d_X509_NAME(X509_REQ_get_subject_name(req), &name);
    cs_autofree char *subject = cs_hex(name, (size_t)len);
    ck_assert_str_eq(subject, subject_hex);
    OPENSSL_free(name);

    assert_ext(req, NID_key_usage, true, kind->usage);
    assert_ext(req, NID_ext_key_usage, false, "3014" SERVER_AUTH CLIENT_AUTH);
    assert_ext(req, NID_subject_alt_name, false, san_hex);
    ck_assert_int_eq(X509_REQ_get_attr_count(req), 1);
    ck_assert_int_eq(X509_REQ_get_version(req), 0);
    X509_REQ_free(req);

    cs_auto_value(cs_bytes) spki = {0};
    assert_ok(cs_csr_check(&der, &spki, &err), &err);
    ck_assert(cs_bytes_equal(&spki, &key->spki));
    ck_assert_uint_eq(cs_softkeys_calls(soft, CS_SOFTKEYS_SIGN), 1);
    soft->ops->key_free(key);
}
END_TEST

START_TEST(test_judges)
{
    const struct kind *kind = &kinds[_i];
    cs_auto(cs_plan) plan = new_plan(&kind->spec);
    struct cs_key *key = new_key(&kind->spec);
    cs_auto_value(cs_bytes) der = {0};
    struct cs_err err;

    assert_ok(cs_csr_build(plan, soft, key, &der, &err), &err);
    cs_autofree char *pem = cs_csr_pem(&der);
    cs_autofree char *path = cs_judge_write(folder, "req.pem", pem, strlen(pem));

    cs_autofree char *openssl = NULL;
    ck_assert_int_eq(cs_judge(&openssl, "openssl req -verify -noout -text -in %s", path), 0);
    assert_contains(openssl, "Certificate request self-signature verify OK");
    assert_contains(openssl, kind->openssl);
    assert_contains(openssl, "DNS:edge1.litwareinc.net, DNS:sip.litwareinc.net, "
                             "DNS:*.apps.litwareinc.net");
    assert_contains(openssl, "TLS Web Server Authentication, TLS Web Client Authentication");

    cs_autofree char *certtool = NULL;
    ck_assert_int_eq(cs_judge(&certtool, "certtool --crq-info --infile %s", path), 0);
    assert_contains(certtool, "Self signature: verified");
    assert_contains(certtool, kind->certtool);
    assert_contains(certtool, "DNSname: sip.litwareinc.net");

    cs_autofree char *python = NULL;
    ck_assert_int_eq(
        cs_judge(&python,
                 "/usr/bin/python3 -c \""
                 "from cryptography import x509\n"
                 "r = x509.load_pem_x509_csr(open('%s', 'rb').read())\n"
                 "assert r.is_signature_valid\n"
                 "s = r.extensions.get_extension_for_class(x509.SubjectAlternativeName)\n"
                 "print(type(r.public_key()).__name__, r.signature_hash_algorithm.name,"
                 " s.critical, s.value.get_values_for_type(x509.DNSName))\"",
                 path),
        0);
    assert_contains(python, kind->python);
    assert_contains(python, "False ['edge1.litwareinc.net', 'sip.litwareinc.net', "
                            "'*.apps.litwareinc.net']");
    soft->ops->key_free(key);
}
END_TEST

/* What is not asked for is not there. */
START_TEST(test_little)
{
    const struct cs_key_spec spec = {CS_KEY_EC_P256, 256};
    cs_auto(cs_plan) plan = cs_plan_new();
    struct cs_key *key = new_key(&spec);
    cs_auto_value(cs_bytes) der = {0};
    struct cs_err err;

    plan->key_spec = spec;
    plan->subject.common_name = cs_strdup("a");
    cs_plan_add_name(plan, "a", "subject name", "host name");
    assert_ok(cs_csr_build(plan, soft, key, &der, &err), &err);
    const unsigned char *next = der.data;
    X509_REQ *req = d2i_X509_REQ(NULL, &next, (long)der.len);
    ck_assert_int_eq(X509_NAME_entry_count(X509_REQ_get_subject_name(req)), 1);
    assert_ext(req, NID_ext_key_usage, false, "300a" SERVER_AUTH);
    assert_ext(req, NID_subject_alt_name, false, "3003820161");
    X509_REQ_free(req);
    soft->ops->key_free(key);
}
END_TEST

START_TEST(test_many_names)
{
    const struct cs_key_spec spec = {CS_KEY_EC_P256, 256};
    cs_auto(cs_plan) plan = new_plan(&spec);
    struct cs_key *key = new_key(&spec);
    cs_auto_value(cs_bytes) der = {0};
    struct cs_err err;

    while (plan->name_count < CS_NAMES_MAX) {
        cs_autofree char *name = cs_asprintf("sip.domain-%zu.litwareinc.net", plan->name_count);
        cs_plan_add_name(plan, name, "-DomainName", "-DomainName");
    }
    assert_ok(cs_csr_build(plan, soft, key, &der, &err), &err);
    const unsigned char *next = der.data;
    X509_REQ *req = d2i_X509_REQ(NULL, &next, (long)der.len);
    cs_autofree char *san = ext_hex(req, NID_subject_alt_name, false);
    ck_assert_uint_eq(strlen(san) / 2, cs_plan_san_size(plan));
    X509_REQ_free(req);
    soft->ops->key_free(key);
}
END_TEST

/* Upper bounds of RFC 5280 appendix A.1: country 2, the others 64 to 128. */
static const struct {
    const char *country;
    size_t common_name_len;
    bool good;
} bounds[] = {
    {"US", 64, true}, {"US", 65, false}, {"USA", 8, false}, {"U", 8, false}, {"\xc3\xbc", 8, false},
};

START_TEST(test_bounds)
{
    const struct cs_key_spec spec = {CS_KEY_EC_P256, 256};
    cs_auto(cs_plan) plan = new_plan(&spec);
    struct cs_key *key = new_key(&spec);
    cs_auto_value(cs_bytes) der = {0};
    struct cs_err err;

    free(plan->subject.country);
    free(plan->subject.common_name);
    plan->subject.country = cs_strdup(bounds[_i].country);
    plan->subject.common_name = cs_alloc(bounds[_i].common_name_len + 1, 1);
    memset(plan->subject.common_name, 'a', bounds[_i].common_name_len);
    if (bounds[_i].good) {
        assert_ok(cs_csr_build(plan, soft, key, &der, &err), &err);
    } else {
        assert_fails(cs_csr_build(plan, soft, key, &der, &err), CS_E_USAGE, &err);
        ck_assert_ptr_null(der.data);
        assert_contains(err.hint, "two letters");
        ck_assert_uint_eq(cs_softkeys_calls(soft, CS_SOFTKEYS_SIGN), 0);
    }
    soft->ops->key_free(key);
}
END_TEST

START_TEST(test_token_refuses)
{
    const struct kind *kind = &kinds[_i];
    cs_auto(cs_plan) plan = new_plan(&kind->spec);
    struct cs_key *key = new_key(&kind->spec);
    cs_auto_value(cs_bytes) der = {0};
    struct cs_err err;

    cs_softkeys_fail_at(soft, 1);
    assert_fails(cs_csr_build(plan, soft, key, &der, &err), CS_E_TOKEN_REFUSED, &err);
    ck_assert_str_eq(err.message, "softkeys: sign fails as told");
    ck_assert_ptr_null(der.data);
    soft->ops->key_free(key);
}
END_TEST

static const enum cs_softkeys_signature spoilt[] = {CS_SOFTKEYS_WRONG, CS_SOFTKEYS_SHORT};

START_TEST(test_bad_signature)
{
    for (size_t i = 0; i < ROWS(kinds); i++) {
        cs_auto(cs_plan) plan = new_plan(&kinds[i].spec);
        struct cs_keystore *mine = cs_softkeys_new();
        struct cs_key_request request = {.spec = kinds[i].spec, .label = "test"};
        struct cs_key *key = NULL;
        cs_auto_value(cs_bytes) der = {0};
        struct cs_err err;

        assert_ok(mine->ops->generate(mine, &request, &key, &err), &err);
        cs_softkeys_signature(mine, spoilt[_i]);
        assert_fails(cs_csr_build(plan, mine, key, &der, &err), CS_E_TOKEN_REFUSED, &err);
        assert_contains(err.message, "signature");
        ck_assert_ptr_null(der.data);
        mine->ops->key_free(key);
        cs_softkeys_free(mine);
    }
}
END_TEST

/* RSASSA-PSS and digests that are not SHA-2 never reach the token. */
START_TEST(test_signer_refuses)
{
    const struct cs_key_spec spec = {CS_KEY_RSA, 2048};
    struct cs_key *key = new_key(&spec);
    EVP_PKEY *signer = NULL;
    EVP_PKEY_CTX *pctx = NULL;
    uint8_t signature[512];
    size_t len = sizeof signature;
    struct cs_err err;

    assert_ok(cs_signer_new(soft, key, &signer, &err), &err);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ck_assert_int_eq(EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL, signer), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
    ck_assert_int_le(EVP_DigestSign(ctx, signature, &len, (const uint8_t *)"x", 1), 0);
    EVP_MD_CTX_free(ctx);
    ck_assert_int_eq(cs_signer_error(signer, "the text", &err), CS_E_INTERNAL);
    assert_contains(err.message, "PKCS#1 v1.5 only");

    ctx = EVP_MD_CTX_new();
    len = sizeof signature;
    ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, EVP_sha1(), NULL, signer), 1);
    ck_assert_int_le(EVP_DigestSign(ctx, signature, &len, (const uint8_t *)"x", 1), 0);
    EVP_MD_CTX_free(ctx);
    ck_assert_int_eq(cs_signer_error(signer, "the text", &err), CS_E_INTERNAL);
    assert_contains(err.message, "SHA1");
    ck_assert_uint_eq(cs_softkeys_calls(soft, CS_SOFTKEYS_SIGN), 0);
    EVP_PKEY_free(signer);
    soft->ops->key_free(key);
}
END_TEST

/* One key signs several things; an error is that of the last one. */
START_TEST(test_signer_again)
{
    const struct cs_key_spec spec = {CS_KEY_EC_P384, 384};
    struct cs_key *key = new_key(&spec);
    EVP_PKEY *signer = NULL;
    uint8_t signature[256];
    struct cs_err err;

    assert_ok(cs_signer_new(soft, key, &signer, &err), &err);
    for (int i = 0; i < 3; i++) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        size_t len = sizeof signature;
        cs_softkeys_fail_at(soft, i == 1);
        ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, signer), 1);
        int good = EVP_DigestSign(ctx, signature, &len, (const uint8_t *)"x", 1);
        ck_assert_int_eq(good == 1, i != 1);
        EVP_MD_CTX_free(ctx);
        ck_assert_int_eq(cs_signer_error(signer, "the text", &err),
                         i == 1 ? CS_E_TOKEN_REFUSED : CS_E_INTERNAL);
    }
    EVP_PKEY_free(signer);
    soft->ops->key_free(key);
}
END_TEST

/* Every octet of a request that is changed makes it no request or breaks its signature. */
START_TEST(test_check_changed)
{
    const struct cs_key_spec spec = {CS_KEY_EC_P256, 256};
    cs_auto(cs_plan) plan = new_plan(&spec);
    struct cs_key *key = new_key(&spec);
    cs_auto_value(cs_bytes) der = {0};
    struct cs_err err;

    assert_ok(cs_csr_build(plan, soft, key, &der, &err), &err);
    for (size_t i = 0; i < der.len; i++) {
        der.data[i] ^= 0x04;
        assert_fails(cs_csr_check(&der, NULL, &err), CS_E_INPUT, &err);
        der.data[i] ^= 0x04;
    }
    for (size_t len = 0; len < der.len; len += 7) {
        struct cs_bytes part = {der.data, len};
        assert_fails(cs_csr_check(&part, NULL, &err), CS_E_INPUT, &err);
    }
    cs_auto_value(cs_bytes) longer = cs_bytes_copy(der.data, der.len + 1);
    assert_fails(cs_csr_check(&longer, NULL, &err), CS_E_INPUT, &err);
    soft->ops->key_free(key);
}
END_TEST

static struct cs_bytes build_with_template(const char *name, bool in_csr, cs_rc *ret_rc)
{
    const struct cs_key_spec spec = {CS_KEY_EC_P256, 256};
    cs_auto(cs_plan) plan = new_plan(&spec);
    struct cs_key *key = new_key(&spec);
    struct cs_bytes der = {0};
    struct cs_err err = {0};

    plan->template_name = cs_strdup(name);
    plan->template_in_csr = in_csr;
    *ret_rc = cs_csr_build(plan, soft, key, &der, &err);
    soft->ops->key_free(key);
    return der;
}

START_TEST(test_template)
{
    cs_rc rc = CS_OK;
    cs_auto_value(cs_bytes) der = build_with_template(templates[_i].name, true, &rc);

    ck_assert_int_eq(rc, templates[_i].value ? CS_OK : CS_E_USAGE);
    if (rc != CS_OK) {
        return;
    }
    const unsigned char *next = der.data;
    X509_REQ *req = d2i_X509_REQ(NULL, &next, (long)der.len);
    int nid = OBJ_create("1.3.6.1.4.1.311.20.2", "msTemplate", "msTemplate");
    assert_ext(req, nid, false, templates[_i].value);
    X509_REQ_free(req);
}
END_TEST

START_TEST(test_no_template)
{
    cs_rc rc = CS_OK;
    cs_auto_value(cs_bytes) der = build_with_template("User", false, &rc);
    cs_autofree char *hex = cs_hex(der.data, der.len);

    ck_assert_int_eq(rc, CS_OK);
    ck_assert_ptr_null(strstr(hex, "2b060104018237")); /* Microsoft's arc */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csr");
    TCase *tcase = tcase_create("csr");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    add_rows(tcase, test_contents, kinds);
    add_rows(tcase, test_template, templates);
    tcase_add_test(tcase, test_no_template);
    add_rows(tcase, test_judges, kinds);
    tcase_add_test(tcase, test_little);
    tcase_add_test(tcase, test_many_names);
    add_rows(tcase, test_bounds, bounds);
    add_rows(tcase, test_token_refuses, kinds);
    add_rows(tcase, test_bad_signature, spoilt);
    tcase_add_test(tcase, test_signer_refuses);
    tcase_add_test(tcase, test_signer_again);
    tcase_add_test(tcase, test_check_changed);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "support/check_run.h"
#include "support/judge.h"
#include "x509/cert.h"
#include "x509/spki.h"

#include <openssl/x509v3.h>

#define DAY 86400

/* CAs and a server's key, made by openssl once for all tests. */
static char *folder;
static struct cs_bytes server_spki;

static void make_keys(void)
{
    cs_autofree char *output = NULL;

    folder = cs_judge_folder();
    int rc = cs_judge(
        &output,
        "cd '%s' && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 90 "
        "-subj '/O=Tests/CN=Test CA' && "
        "openssl req -x509 -newkey ed25519 -nodes -keyout ed.key -out ed.pem -subj '/CN=Ed CA' && "
        "openssl ecparam -name prime256v1 -genkey -noout -out server.key && "
        "openssl pkey -in server.key -pubout -out server.pub",
        folder);
    ck_assert_msg(rc == 0, "%s", output);
    server_spki = cs_judge_make(folder, "server.spki",
                                "openssl pkey -in server.key -pubout -outform DER "
                                "-out server.spki");
}

static void remove_keys(void)
{
    cs_bytes_done(&server_spki);
    cs_judge_remove(folder);
    free(folder);
}

#define SAN  "subjectAltName=DNS:edge1.litwareinc.net,DNS:*.apps.litwareinc.net"
#define EKU  "extendedKeyUsage=serverAuth"
#define KU   "keyUsage=critical,digitalSignature,keyAgreement"
#define CRL  "crlDistributionPoints=URI:http://crl.litwareinc.net/ca.crl"
#define LEAF "basicConstraints=critical,CA:FALSE"
#define CN   "/C=US/O=Litware/CN=edge1.litwareinc.net"
#define ALL  SAN "\\n" EKU "\\n" KU "\\n" CRL "\\n" LEAF

/* A server's certificate, 30 days from now, with extensions as openssl's configuration names them.
 */
static struct cs_bytes make(const char *subject, const char *exts, const char *options)
{
    return cs_judge_make(folder, "cert.der",
                         "printf '%s\\n' >ext && openssl x509 -new -force_pubkey server.pub "
                         "-subj '%s' -CA ca.pem -CAkey ca.key -days 30 -extfile ext %s "
                         "-outform DER -out cert.der",
                         exts, subject, options);
}

static struct cs_plan *new_plan(void)
{
    struct cs_plan *plan = cs_plan_new();

    plan->key_spec = (struct cs_key_spec){CS_KEY_EC_P256, 256};
    plan->subject.common_name = cs_strdup("edge1.litwareinc.net");
    cs_plan_add_name(plan, "edge1.litwareinc.net", "subject name", "-ComputerFqdn");
    cs_plan_add_name(plan, "*.apps.litwareinc.net", "-DomainName", "-DomainName");
    return plan;
}

/* ---- what a certificate says ---- */

/* What openssl prints of cert.der. */
static char *openssl_says(const char *options)
{
    char *text = NULL;

    ck_assert_int_eq(
        cs_judge(&text, "cd '%s' && openssl x509 -in cert.der -noout %s", folder, options), 0);
    return text;
}

START_TEST(test_facts)
{
    cs_auto_value(cs_bytes) der = make(
        "/C=US/O=Litware/CN=Edge1.LitwareInc.net",
        "subjectAltName=DNS:Edge1.Litwareinc.Net,IP:10.0.0.1,DNS:b\\nextendedKeyUsage=serverAuth,"
        "clientAuth\\n" KU "\\n" CRL,
        "-sha384");
    cs_auto_value(cs_cert_facts) facts = {0};
    struct cs_err err;

    assert_ok(cs_cert_read(&der, &facts, &err), &err);
    ck_assert_str_eq(facts.issuer, "CN=Test CA,O=Tests");
    ck_assert_str_eq(facts.common_name, "Edge1.LitwareInc.net");
    ck_assert_str_eq(facts.signature, "sha384WithRSAEncryption");
    ck_assert_uint_eq(facts.names.count, 2);
    ck_assert_str_eq(facts.names.items[0], "edge1.litwareinc.net");
    ck_assert_str_eq(facts.names.items[1], "b");
    ck_assert_int_eq(facts.not_after - facts.not_before, 30 * DAY);
    ck_assert_int_le(facts.not_before, cs_clock_now());
    ck_assert_int_ge(facts.not_before, cs_clock_now() - 600);
    ck_assert(facts.server_auth && facts.client_auth && facts.has_crl_url && !facts.is_ca);
    ck_assert(facts.has_key_usage);
    ck_assert_uint_eq(facts.key_usage, 1u << 0 | 1u << 4);
    ck_assert(cs_bytes_equal(&facts.spki, &server_spki));

    /* "serial=1A2B", "SHA1 Fingerprint=AA:BB": without colons that is what we say. */
    cs_autofree char *serial = openssl_says("-serial | tr A-F a-f | cut -d= -f2 | tr -d '\\n'");
    ck_assert_str_eq(facts.serial, serial);
    cs_autofree char *sha1 = openssl_says("-fingerprint -sha1 | cut -d= -f2 | tr -d ':\\n'");
    ck_assert_str_eq(facts.thumbprint, sha1);
    cs_autofree char *sha256 =
        openssl_says("-fingerprint -sha256 | cut -d= -f2 | tr -d ':\\n' | tr A-F a-f");
    ck_assert_str_eq(facts.sha256, sha256);
}
END_TEST

/* RFC 2253 sections 2.3 and 2.4: last RDN first, special characters escaped, UTF-8 as it is. */
START_TEST(test_subject_text)
{
    cs_auto_value(cs_cert_facts) facts = {0};
    struct cs_err err;

    cs_auto_value(cs_bytes) utf8 =
        cs_judge_make(folder, "utf8.der",
                      "printf '%%s\\n' '[req]' 'distinguished_name=dn' 'prompt=no' 'utf8=yes' "
                      "'string_mask=utf8only' '[dn]' 'O=M\xc3\xbcnchen, Ltd' 'CN=a+b' >utf8.cnf && "
                      "openssl req -x509 -new -key ca.key -config utf8.cnf -outform DER -out "
                      "utf8.der");
    assert_ok(cs_cert_read(&utf8, &facts, &err), &err);
    ck_assert_str_eq(facts.subject, "CN=a\\+b,O=M\xc3\xbcnchen\\, Ltd");
    ck_assert_str_eq(facts.subject, facts.issuer);
    ck_assert_str_eq(facts.common_name, "a+b");
}
END_TEST

START_TEST(test_parts)
{
    cs_auto_value(cs_bytes) der = make("/CN=a", ALL, "-set_serial 0x80");
    cs_auto_value(cs_cert_parts) parts = {0};
    struct cs_err err;

    assert_ok(cs_cert_parts_read(&der, &parts, &err), &err);
    /* SEQUENCE { SET { SEQUENCE { OID 2.5.4.3, UTF8String "a" } } } */
    cs_autofree char *subject = cs_hex(parts.subject.data, parts.subject.len);
    ck_assert_str_eq(subject, "300c310a300806035504030c0161");
    /* INTEGER 128 is positive, so that a 0 stands before it. */
    cs_autofree char *serial = cs_hex(parts.serial.data, parts.serial.len);
    ck_assert_str_eq(serial, "02020080");
    ck_assert(cs_bytes_equal(&parts.spki, &server_spki));

    /* RFC 5280 section 4.2.1.2, method (1), as openssl makes it. */
    cs_auto_value(cs_bytes) hashed = make("/CN=a", "subjectKeyIdentifier=hash", "");
    ck_assert_uint_gt(hashed.len, 0);
    cs_autofree char *id =
        openssl_says("-ext subjectKeyIdentifier | tail -1 | tr -d ' :\\n' | tr A-F a-f");
    cs_autofree char *sha1 = cs_hex(parts.key_sha1.data, parts.key_sha1.len);
    ck_assert_str_eq(sha1, id);

    cs_auto_value(cs_cert_parts) none = {0};
    assert_fails(cs_cert_parts_read(&server_spki, &none, &err), CS_E_INPUT, &err);
}
END_TEST

/* DER of extensions as hostile as it gets; [2] is dNSName (RFC 5280 section 4.2.1.6). */
static const char *const hostile[] = {
    "subjectAltName=DER:30058203610062", /* "a", NUL, "b" */
    "subjectAltName=DER:300382010a",     /* a line feed */
    "subjectAltName=DER:30058203611b62", /* an escape character */
    "subjectAltName=DER:30058204616161", /* longer than it is */
    "subjectAltName=DER:0500",           /* NULL */
    "extendedKeyUsage=DER:0500",
    "basicConstraints=DER:02",
    "keyUsage=DER:0500",
    "crlDistributionPoints=DER:3003020101",
};

START_TEST(test_hostile)
{
    cs_auto_value(cs_bytes) der = make(CN, hostile[_i], "");
    cs_auto_value(cs_cert_facts) facts = {0};
    struct cs_err err;

    assert_fails(cs_cert_read(&der, &facts, &err), CS_E_INPUT, &err);
    ck_assert_ptr_null(facts.subject);
}
END_TEST

/* RFC 5280 section 4.2: no extension more than once. */
START_TEST(test_twice)
{
    cs_auto_value(cs_bytes) der = make(CN, ALL, "");
    const unsigned char *next = der.data;
    X509 *x509 = d2i_X509(NULL, &next, (long)der.len);
    unsigned char *octets = NULL;
    cs_auto_value(cs_cert_facts) facts = {0};
    struct cs_err err;

    X509_add_ext(x509, X509_get_ext(x509, X509_get_ext_by_NID(x509, NID_subject_alt_name, -1)), -1);
    i2d_re_X509_tbs(x509, &octets);
    OPENSSL_free(octets);
    octets = NULL;
    int len = i2d_X509(x509, &octets);
    cs_auto_value(cs_bytes) twice = cs_bytes_copy(octets, (size_t)len);
    assert_fails(cs_cert_read(&twice, &facts, &err), CS_E_INPUT, &err);
    assert_contains(err.message, "several");
    OPENSSL_free(octets);
    X509_free(x509);
}
END_TEST

START_TEST(test_cut)
{
    cs_auto_value(cs_bytes) der = make(CN, ALL, "");
    cs_auto_value(cs_cert_facts) facts = {0};
    struct cs_bytes none = {0};
    struct cs_err err;

    assert_fails(cs_cert_read(&none, &facts, &err), CS_E_INPUT, &err);
    for (size_t len = 0; len < der.len; len++) {
        cs_auto_value(cs_bytes) part = cs_bytes_copy(der.data, len);
        assert_fails(cs_cert_read(&part, &facts, &err), CS_E_INPUT, &err);
    }
    cs_auto_value(cs_bytes) longer = cs_bytes_copy(der.data, der.len + 1);
    assert_fails(cs_cert_read(&longer, &facts, &err), CS_E_INPUT, &err);
}
END_TEST

/* ---- is it what was asked for ---- */

static const struct check {
    const char *subject;
    const char *exts;
    const char *options;
    cs_rc rc;
    const char *said; /* part of the message, or of the one warning; NULL: no warning */
    bool client_eku;
} checks[] = {
    {CN, ALL, "", CS_OK, NULL, false},
    {CN, ALL, "-sha512", CS_OK, NULL, false},
    {"/CN=EDGE1.LitwareInc.net",
     "subjectAltName=DNS:Edge1.litwareinc.NET,DNS:*.APPS.litwareinc.net\\n" EKU "\\n" KU "\\n" CRL,
     "", CS_OK, NULL, false},
    {CN, SAN "\\nextendedKeyUsage=serverAuth,clientAuth\\n" KU "\\n" CRL, "", CS_OK, NULL, true},

    /* names */
    {"/CN=edge2.litwareinc.net", ALL, "", CS_E_MISMATCH, "common name is edge2", false},
    {"/O=Litware", ALL, "", CS_E_MISMATCH, "common name is missing", false},
    {CN, EKU "\\n" KU "\\n" CRL, "", CS_E_MISMATCH, "2 of 2 names", false},
    {CN, "subjectAltName=DNS:edge1.litwareinc.net\\n" EKU "\\n" KU "\\n" CRL, "", CS_E_MISMATCH,
     "*.apps.litwareinc.net", false},
    /* a wildcard is a name like any other here */
    {CN, "subjectAltName=DNS:*.litwareinc.net,DNS:*.apps.litwareinc.net\\n" EKU "\\n" KU "\\n" CRL,
     "", CS_E_MISMATCH, "1 of 2 names", false},
    {CN, SAN ",DNS:other.litwareinc.net\\n" EKU "\\n" KU "\\n" CRL, "", CS_OK,
     "not asked for: other.litwareinc.net", false},

    /* usage */
    {CN, SAN "\\n" KU "\\n" CRL, "", CS_E_MISMATCH, "not for serverAuth", false},
    {CN, SAN "\\nextendedKeyUsage=clientAuth\\n" KU "\\n" CRL, "", CS_E_MISMATCH,
     "not for serverAuth", false},
    {CN, SAN "\\nextendedKeyUsage=anyExtendedKeyUsage\\n" KU "\\n" CRL, "", CS_E_MISMATCH,
     "holds neither", false},
    {CN, ALL, "", CS_E_MISMATCH, "not for clientAuth", true},
    {CN, SAN "\\n" EKU "\\n" KU "\\n" CRL "\\nbasicConstraints=CA:TRUE", "", CS_E_MISMATCH,
     "is a CA's", false},
    {CN, SAN "\\n" EKU "\\n" CRL, "", CS_OK, "no key usage", false},
    {CN, SAN "\\n" EKU "\\n" CRL "\\nkeyUsage=digitalSignature", "", CS_OK, "lacks keyAgreement",
     false},
    {CN, SAN "\\n" EKU "\\n" CRL "\\nkeyUsage=keyAgreement", "", CS_OK, "lacks digitalSignature",
     false},
    {CN, SAN "\\n" EKU "\\n" KU, "", CS_OK, "no CRL distribution point", false},

    /* signature */
    {CN, ALL, "-sha1", CS_E_MISMATCH, "sha1WithRSAEncryption", false},
    {CN, ALL, "-md5", CS_E_MISMATCH, "md5WithRSAEncryption", false},
    {CN, ALL, "-sha256 -sigopt rsa_padding_mode:pss", CS_E_MISMATCH, "RSASSA-PSS", false},
    {CN, ALL, "-CA ed.pem -CAkey ed.key", CS_OK, "ED25519", false},
};

START_TEST(test_check)
{
    const struct check *check = &checks[_i];
    cs_auto_value(cs_bytes) der = make(check->subject, check->exts, check->options);
    cs_auto(cs_plan) plan = new_plan();
    cs_auto_value(cs_strv) warnings = {0};
    struct cs_err err;

    plan->client_eku = check->client_eku;
    if (check->rc != CS_OK) {
        assert_fails(cs_cert_check(&der, plan, &server_spki, cs_clock_now(), &warnings, &err),
                     check->rc, &err);
        assert_contains(err.message, check->said);
        ck_assert(err.hint[0]);
        ck_assert_uint_eq(warnings.count, 0);
        return;
    }
    assert_ok(cs_cert_check(&der, plan, &server_spki, cs_clock_now(), &warnings, &err), &err);
    ck_assert_uint_eq(warnings.count, check->said != NULL);
    if (check->said) {
        assert_contains(warnings.items[0], check->said);
    }
}
END_TEST

/* Without a request every name is as good as another; what a server must have stays. */
static const struct {
    const char *exts;
    const char *options;
    cs_rc rc;
    const char *said;
} servers[] = {
    {ALL, "", CS_OK, NULL},
    {EKU "\\n" KU "\\n" CRL, "", CS_OK, NULL},
    {SAN "\\n" EKU "\\n" KU, "", CS_OK, "no CRL distribution point"},
    {SAN "\\n" EKU "\\n" CRL, "", CS_OK, "no key usage"},
    {SAN "\\n" EKU "\\n" CRL "\\nkeyUsage=digitalSignature", "", CS_OK, "lacks keyAgreement"},
    {SAN "\\n" KU "\\n" CRL, "", CS_E_MISMATCH, "not for serverAuth"},
    {SAN "\\n" EKU "\\n" KU "\\n" CRL "\\nbasicConstraints=CA:TRUE", "", CS_E_MISMATCH,
     "is a CA's"},
    {ALL, "-sha1", CS_E_MISMATCH, "sha1WithRSAEncryption"},
    {ALL, "-md5", CS_E_MISMATCH, "md5WithRSAEncryption"},
    {ALL, "-sha256 -sigopt rsa_padding_mode:pss", CS_E_MISMATCH, "RSASSA-PSS"},
};

START_TEST(test_server)
{
    cs_auto_value(cs_bytes) der = make(CN, servers[_i].exts, servers[_i].options);
    cs_auto_value(cs_cert_facts) facts = {0};
    cs_auto_value(cs_strv) warnings = {0};
    struct cs_err err = {0};

    assert_ok(cs_cert_read(&der, &facts, &err), &err);
    cs_rc rc = cs_cert_check_server(&facts, cs_clock_now(), &warnings, &err);
    ck_assert_int_eq(rc, servers[_i].rc);
    if (rc != CS_OK) {
        assert_contains(err.message, servers[_i].said);
        ck_assert_uint_eq(warnings.count, 0);
        return;
    }
    ck_assert_uint_eq(warnings.count, servers[_i].said != NULL);
    if (servers[_i].said) {
        assert_contains(warnings.items[0], servers[_i].said);
    }
    assert_fails(cs_cert_check_server(&facts, cs_clock_now() + 31 * DAY, &warnings, &err),
                 CS_E_MISMATCH, &err);
    assert_contains(err.message, "expired");
}
END_TEST

/* The certificate is valid from now (give or take a minute) for 30 days. */
static const struct {
    int64_t offset;
    const char *said; /* NULL: good */
} times[] = {
    {-240, NULL}, /* within the allowance of 5 minutes */
    {-420, "not valid before"},
    {-30 * DAY, "not valid before"},
    {30 * DAY - 120, NULL},
    {30 * DAY + 120, "expired"},
    {INT64_C(400) * 365 * DAY, "expired"},
};

START_TEST(test_times)
{
    cs_auto_value(cs_bytes) der = make(CN, ALL, "");
    cs_auto(cs_plan) plan = new_plan();
    cs_auto_value(cs_strv) warnings = {0};
    struct cs_err err;
    int64_t now = cs_clock_now() + times[_i].offset;

    if (!times[_i].said) {
        assert_ok(cs_cert_check(&der, plan, &server_spki, now, &warnings, &err), &err);
        return;
    }
    assert_fails(cs_cert_check(&der, plan, &server_spki, now, &warnings, &err), CS_E_MISMATCH,
                 &err);
    assert_contains(err.message, times[_i].said);
}
END_TEST

START_TEST(test_other_key)
{
    cs_auto_value(cs_bytes) der = make(CN, ALL, "");
    cs_auto_value(cs_bytes) other = cs_judge_make(
        folder, "other.spki", "openssl pkey -in ca.key -pubout -outform DER -out other.spki");
    cs_auto(cs_plan) plan = new_plan();
    cs_auto_value(cs_strv) warnings = {0};
    struct cs_err err;

    assert_fails(cs_cert_check(&der, plan, &other, cs_clock_now(), &warnings, &err), CS_E_MISMATCH,
                 &err);
    cs_autofree char *hash = cs_spki_sha256(&other);
    assert_contains(err.message, hash);
    assert_contains(err.message, "another key");
}
END_TEST

/* The same point, compressed: other octets, the same key. */
START_TEST(test_key_equal)
{
    cs_auto_value(cs_bytes) compressed =
        cs_judge_make(folder, "compressed.spki",
                      "openssl ec -in server.key -pubout -conv_form compressed -outform DER -out "
                      "compressed.spki");
    cs_auto_value(cs_bytes) garbage = cs_bytes_copy("garbage", 7);

    ck_assert(!cs_bytes_equal(&compressed, &server_spki));
    ck_assert(cs_cert_key_equal(&compressed, &server_spki));
    ck_assert(!cs_cert_key_equal(&garbage, &server_spki));
}
END_TEST

/* The message stays one that can be read. */
START_TEST(test_many_missing)
{
    cs_auto_value(cs_bytes) der = make(CN, ALL, "");
    cs_auto(cs_plan) plan = new_plan();
    cs_auto_value(cs_strv) warnings = {0};
    struct cs_err err;

    for (int i = 0; i < 200; i++) {
        cs_autofree char *name = cs_asprintf("sip%d.litwareinc.net", i);
        cs_plan_add_name(plan, name, "-DomainName", "-DomainName");
    }
    assert_fails(cs_cert_check(&der, plan, &server_spki, cs_clock_now(), &warnings, &err),
                 CS_E_MISMATCH, &err);
    assert_contains(err.message, "200 of 202 names");
    assert_contains(err.message, "and 190 more");
    assert_contains(err.message, "it holds: edge1.litwareinc.net");
}
END_TEST

/* ---- several ---- */

static cs_rc count_each(void *ctx, const struct cs_bytes *der, struct cs_err *err)
{
    size_t *count = ctx;

    if (++*count == 3) {
        return cs_fail(err, CS_E_CANCELLED, "three of %zu octets are enough", der->len);
    }
    return CS_OK;
}

START_TEST(test_each)
{
    cs_auto_value(cs_bytes) der = make(CN, ALL, "");
    struct cs_buf buf = CS_BUF(100000);
    cs_auto_value(cs_bytes) twice = {0};
    struct cs_bytes none = {0};
    struct cs_err err;
    size_t count = 0;

    cs_buf_add(&buf, der.data, der.len);
    cs_buf_add(&buf, der.data, der.len);
    assert_ok(cs_buf_take(&buf, "test", &twice, &err), &err);
    assert_ok(cs_cert_each(&twice, count_each, &count, &err), &err);
    ck_assert_uint_eq(count, 2);
    assert_fails(cs_cert_each(&twice, count_each, &count, &err), CS_E_CANCELLED, &err);
    ck_assert_uint_eq(count, 3);

    count = 0;
    assert_ok(cs_cert_each(&none, count_each, &count, &err), &err);
    ck_assert_uint_eq(count, 0);
    struct cs_bytes cut = {twice.data, twice.len - 1};
    assert_fails(cs_cert_each(&cut, count_each, &count, &err), CS_E_INPUT, &err);
    ck_assert_uint_eq(count, 1);
    assert_fails(cs_cert_each(&server_spki, count_each, &count, &err), CS_E_INPUT, &err);

    cs_autofree char *pem = cs_cert_pem(&twice);
    cs_autofree char *path = cs_judge_write(folder, "two.pem", pem, strlen(pem));
    cs_autofree char *output = NULL;
    ck_assert_int_eq(cs_judge(&output,
                              "openssl crl2pkcs7 -nocrl -certfile %s | openssl pkcs7 -print_certs "
                              "-noout | grep -c ^subject",
                              path),
                     0);
    ck_assert_str_eq(output, "2\n");
    cs_autofree char *empty = cs_cert_pem(&none);
    ck_assert_str_eq(empty, "");
}
END_TEST

/* ---- the CAs' certificates ---- */

/* A root, a CA under it and a server's certificate, in files. */
static void make_chain(void)
{
    cs_autofree char *output = NULL;
    int rc = cs_judge(
        &output,
        "cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
        "root.key -out root.pem "
        "-days 90 -subj /CN=Root 2>/dev/null && printf 'basicConstraints=critical,CA:TRUE\\n' "
        ">caext "
        "&& openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout sub.key -out "
        "sub.csr -subj /CN=Sub "
        "2>/dev/null && openssl x509 -req -in sub.csr -CA root.pem -CAkey root.key -days 60 "
        "-extfile caext -out sub.pem 2>/dev/null && openssl x509 -new -force_pubkey server.pub "
        "-subj /CN=leaf -CA sub.pem -CAkey sub.key -days 30 -out leaf.pem && "
        /* a server that issues */
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout deep.key -out "
        "deep.csr -subj /CN=Server 2>/dev/null && openssl x509 -req -in deep.csr -CA sub.pem "
        "-CAkey sub.key -days 60 -out deepca.pem 2>/dev/null && "
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout no.key -out "
        "no.pem -days 90 "
        "-subj /CN=Root 2>/dev/null && "
        "openssl x509 -new -force_pubkey server.pub -subj /CN=deep -CA deepca.pem -CAkey deep.key "
        "-days 30 -out deep.pem",
        folder);
    ck_assert_msg(rc == 0, "%s", output);
}

static const struct {
    const char *files;   /* in this order */
    int64_t days;        /* from now, when it is looked at */
    const char *warning; /* NULL: none */
} chains[] = {
    {"sub.pem root.pem", 0, NULL},
    {"root.pem sub.pem", 0, NULL},
    {"root.pem leaf.pem sub.pem", 0, NULL},
    {"", 0, NULL},
    {"sub.pem", 0, "the issuer of Sub is not among them"},
    {"root.pem", 0, "the issuer of leaf is not among them"},
    {"sub.pem no.pem", 0,
     "the issuer of Sub is not among them"}, /* the name is right, the key not */
    {"sub.pem root.pem", 61, "the issuer of leaf is not valid now"},
    {"sub.pem root.pem", 91, "is not valid now"},
};

START_TEST(test_chain)
{
    cs_auto_value(cs_strv) warnings = {0};

    make_chain();
    cs_auto_value(cs_bytes) leaf =
        cs_judge_make(folder, "leaf.der", "openssl x509 -in leaf.pem -outform DER -out leaf.der");
    cs_auto_value(cs_bytes) chain = cs_judge_make(
        folder, "chain.der", "for f in %s; do openssl x509 -in $f -outform DER; done >chain.der",
        chains[_i].files);
    cs_cert_check_chain(&leaf, &chain, cs_clock_now() + chains[_i].days * DAY, &warnings);
    ck_assert_uint_eq(warnings.count, chains[_i].warning ? 1 : 0);
    if (chains[_i].warning) {
        assert_contains(warnings.items[0], chains[_i].warning);
    }
}
END_TEST

/* A server's certificate is no CA's, although its signature is right. */
START_TEST(test_chain_by_a_server)
{
    cs_auto_value(cs_strv) warnings = {0};

    make_chain();
    cs_auto_value(cs_bytes) leaf =
        cs_judge_make(folder, "leaf.der", "openssl x509 -in deep.pem -outform DER -out leaf.der");
    cs_auto_value(cs_bytes) chain = cs_judge_make(
        folder, "chain.der",
        "for f in deepca.pem sub.pem root.pem; do openssl x509 -in $f -outform DER; done "
        ">chain.der");
    cs_cert_check_chain(&leaf, &chain, cs_clock_now(), &warnings);
    ck_assert_uint_eq(warnings.count, 1);
    assert_contains(warnings.items[0], "the issuer of deep is no CA");
}
END_TEST

START_TEST(test_no_chain)
{
    cs_auto_value(cs_strv) warnings = {0};
    cs_auto_value(cs_bytes) leaf = make(CN, ALL, "");
    struct cs_bytes garbage = {(uint8_t *)(uintptr_t) "\x30\x03garbage", 9};

    cs_cert_check_chain(&leaf, &garbage, 0, &warnings);
    ck_assert_uint_eq(warnings.count, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cert");
    TCase *tcase = tcase_create("cert");

    tcase_add_unchecked_fixture(tcase, make_keys, remove_keys);
    tcase_add_test(tcase, test_facts);
    tcase_add_test(tcase, test_subject_text);
    tcase_add_test(tcase, test_parts);
    add_rows(tcase, test_hostile, hostile);
    tcase_add_test(tcase, test_twice);
    tcase_add_test(tcase, test_cut);
    add_rows(tcase, test_check, checks);
    add_rows(tcase, test_server, servers);
    add_rows(tcase, test_times, times);
    tcase_add_test(tcase, test_other_key);
    tcase_add_test(tcase, test_key_equal);
    tcase_add_test(tcase, test_many_missing);
    tcase_add_test(tcase, test_each);
    add_rows(tcase, test_chain, chains);
    tcase_add_test(tcase, test_chain_by_a_server);
    tcase_add_test(tcase, test_no_chain);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "unit/key_bed.h"
#include "x509/cert.h"
#include "x509/pkcs12.h"

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#define PASSWORD "pw-Lk3dX9"
#define CSP      "Microsoft RSA SChannel Cryptographic Provider"

/* ---- making ---- */

struct made {
    struct cs_bytes file;
    char *path;
};

static void made_done(struct made *made)
{
    cs_bytes_done(&made->file);
    free(made->path);
}

static void make(const char *name, const char *csp, bool legacy, struct made *ret_made)
{
    cs_auto(cs_secret) key = key_of(name);
    cs_auto(cs_secret) password = secret_of(PASSWORD, strlen(PASSWORD));
    cs_auto_value(cs_bytes) certificate = cert_of(name);
    cs_auto_value(cs_bytes) inter = cert_of("inter");
    cs_auto_value(cs_bytes) root = cert_of("root");
    struct cs_buf buf = CS_BUF(65536);
    cs_auto_value(cs_bytes) chain = {0};
    struct cs_err err = {0};

    cs_buf_add(&buf, inter.data, inter.len);
    cs_buf_add(&buf, root.data, root.len);
    assert_ok(cs_buf_take(&buf, "chain", &chain, &err), &err);
    const struct cs_pkcs12_parts parts = {
        .pkcs8 = key,
        .certificate = &certificate,
        .chain = &chain,
        .friendly_name = "Édge pool\xe2\x82\xac",
        .csp = csp,
    };
    *ret_made = (struct made){0};
    assert_ok(cs_pkcs12_make(&parts, password, legacy, &ret_made->file, &err), &err);
    ret_made->path = cs_judge_write(folder, "made.pfx", ret_made->file.data, ret_made->file.len);
}

/* What openssl prints of a file and of the certificate that belongs to it. */
START_TEST(openssl_reads_what_was_made)
{
    const char *name = kinds[_i / 2];
    bool legacy = _i % 2;
    bool rsa = strncmp(name, "rsa", 3) == 0;
    __attribute__((cleanup(made_done))) struct made made;
    cs_autofree char *info = NULL;
    cs_autofree char *output = NULL;

    make(name, rsa ? CSP : NULL, legacy, &made);
    ck_assert_int_eq(cs_judge(&info,
                              "cd '%s' && openssl pkcs12 -in made.pfx -passin pass:%s -info -nodes "
                              "-clcerts -out back.pem && cat back.pem",
                              folder, PASSWORD),
                     0);
    if (legacy) {
        assert_contains(info, "MAC: sha1, Iteration 100000");
        assert_contains(info, "Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, "
                              "Iteration 100000");
        assert_contains(info, "PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC");
    } else {
        assert_contains(info, "MAC: sha256, Iteration 100000");
        assert_contains(info, "Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 100000, "
                              "PRF hmacWithSHA256");
        assert_contains(info, "PKCS7 Encrypted data: PBES2, PBKDF2, AES-256-CBC, "
                              "Iteration 100000, PRF hmacWithSHA256");
        assert_contains(info, "length: 32, salt length: 16");
    }
    ck_assert_msg(!strstr(info, "Microsoft CSP Name: " CSP) == !rsa, "%s", info);
    /* Key and certificate of one file, by the modulus or the point. */
    int rc = cs_judge(&output,
                      "cd '%s' && openssl pkey -in back.pem -pubout | cmp - %s.pub && "
                      "openssl pkey -in back.pem -check -noout && "
                      "openssl x509 -in back.pem -out a.pem && openssl x509 -in %s.crt | "
                      "cmp - a.pem",
                      folder, name, name);
    ck_assert_msg(rc == 0, "%s", output);
}
END_TEST

/* localKeyId is the SHA-1 of the certificate, on both; the chain has neither it nor a name. */
START_TEST(names_are_on_key_and_certificate)
{
    __attribute__((cleanup(made_done))) struct made made;
    cs_autofree char *output = NULL;

    make("p256", NULL, false, &made);
    int rc =
        cs_judge(&output,
                 "export LC_ALL=C && cd '%s' && id=$(openssl x509 -in p256.crt -noout -fingerprint "
                 "-sha1 | cut -d= -f2 | "
                 "tr : ' ') && openssl pkcs12 -in made.pfx -passin pass:%s -nodes -out all.txt && "
                 "test $(grep -c \"localKeyID: $id\" all.txt) = 2 && "
                 /* openssl does not print the other letters as UTF-8 */
                 "test $(grep -ac 'friendlyName: .*dge pool' all.txt) = 2 && "
                 "test $(grep -c 'BEGIN CERTIFICATE' all.txt) = 3 && "
                 "test $(grep -c 'BEGIN PRIVATE KEY' all.txt) = 1",
                 folder, PASSWORD);
    ck_assert_msg(rc == 0, "%s", output);
}
END_TEST

START_TEST(a_key_of_another_certificate)
{
    cs_auto(cs_secret) key = key_of("stranger");
    cs_auto(cs_secret) password = secret_of(PASSWORD, strlen(PASSWORD));
    cs_auto_value(cs_bytes) certificate = cert_of("p256");
    struct cs_bytes chain = {0};
    struct cs_bytes file = {0};
    struct cs_err err = {0};
    const struct cs_pkcs12_parts parts = {
        .pkcs8 = key, .certificate = &certificate, .chain = &chain};

    assert_fails(cs_pkcs12_make(&parts, password, false, &file, &err), CS_E_MISMATCH, &err);
    ck_assert_ptr_null(file.data);
}
END_TEST

/* Two files of the same key share no salt. */
START_TEST(nothing_is_made_twice)
{
    __attribute__((cleanup(made_done))) struct made a;
    __attribute__((cleanup(made_done))) struct made b;

    make("p256", NULL, false, &a);
    make("p256", NULL, false, &b);
    ck_assert(!cs_bytes_equal(&a.file, &b.file));
}
END_TEST

/* ---- reading ---- */

struct got {
    struct cs_secret *pkcs8;
    struct cs_bytes certificate;
    struct cs_bytes chain;
    char *name;
    struct cs_err err;
};

static void got_done(struct got *got)
{
    cs_secret_free(got->pkcs8);
    cs_bytes_done(&got->certificate);
    cs_bytes_done(&got->chain);
    free(got->name);
}

static cs_rc read_with(const struct cs_bytes *file, const char *password, struct got *ret_got)
{
    cs_auto(cs_secret) secret = password ? secret_of(password, strlen(password)) : NULL;

    *ret_got = (struct got){0};
    return cs_pkcs12_read(file, secret, &ret_got->pkcs8, &ret_got->certificate, &ret_got->chain,
                          &ret_got->name, &ret_got->err);
}

START_TEST(what_was_made_reads_back)
{
    const char *name = kinds[_i / 2];
    __attribute__((cleanup(made_done))) struct made made;
    __attribute__((cleanup(got_done))) struct got got;
    cs_auto_value(cs_bytes) key = pkcs8_of(name);
    cs_auto_value(cs_bytes) certificate = cert_of(name);
    struct cs_err err = {0};

    make(name, CSP, _i % 2, &made);
    assert_ok(read_with(&made.file, PASSWORD, &got), &got.err);
    assert_ok(cs_secret_lend(got.pkcs8, same_octets, &key, &err), &err);
    ck_assert(cs_bytes_equal(&got.certificate, &certificate));
    ck_assert_str_eq(got.name, "Édge pool\xe2\x82\xac");
}
END_TEST

/* Files as others make them: the options of openssl pkcs12, and what comes of it. */
#define FROM  "openssl pkcs12 -export -inkey p256.key -in p256.crt -out made.pfx "
#define CHAIN "-certfile chain.pem "

static const struct foreign {
    const char *command;
    const char *password; /* NULL: none is given */
    cs_rc rc;
    bool key;
    const char *name;  /* friendlyName */
    const char *chain; /* files, in order; "": none */
} foreigns[] = {
    {FROM "-passout pass:x -name edge", "x", CS_OK, true, "edge", ""},
    {FROM "-passout pass:x " CHAIN, "x", CS_OK, true, NULL, "inter.crt root.crt stray.crt"},
    {FROM "-passout pass:x -legacy -name old", "x", CS_OK, true, "old", ""},
    {FROM "-passout pass:x -descert -legacy", "x", CS_OK, true, NULL, ""},
    {FROM "-passout pass:x -keypbe NONE -certpbe NONE", "x", CS_OK, true, NULL, ""},
    {FROM "-passout pass:x -keypbe AES-128-CBC -certpbe AES-192-CBC -macalg sha512", "x", CS_OK,
     true, NULL, ""},
    {FROM "-passout pass:x -noiter -nomaciter", "x", CS_OK, true, NULL, ""},
    {FROM "-passout pass:x -keyex", "x", CS_OK, true, NULL, ""},
    {FROM "-passout pass:", "", CS_OK, true, NULL, ""},
    {FROM "-passout pass:", NULL, CS_OK, true, NULL, ""},
    {"openssl pkcs12 -export -nokeys -in chain3.pem -out made.pfx -passout pass:x", "x", CS_OK,
     false, NULL, "inter.crt root.crt"},
    {FROM "-passout pass:x", "y", CS_E_USAGE, false, NULL, ""},
    {FROM "-passout pass:x", "", CS_E_USAGE, false, NULL, ""},
    {FROM "-passout pass:x", NULL, CS_E_USAGE, false, NULL, ""},
    {FROM "-passout pass:x", "xx", CS_E_USAGE, false, NULL, ""},
    {FROM "-passout pass:x -nomac", "x", CS_E_INPUT, false, NULL, ""},
    {FROM "-passout pass:x && printf z >>made.pfx", "x", CS_E_INPUT, false, NULL, ""},
    {"openssl pkcs12 -export -nocerts -inkey p256.key -out made.pfx -passout pass:x", "x",
     CS_E_INPUT, false, NULL, ""},
    {"openssl genpkey -algorithm ED25519 -out ed.key && openssl req -x509 -new -key ed.key "
     "-subj /CN=ed -out ed.crt && openssl pkcs12 -export -inkey ed.key -in ed.crt -out made.pfx "
     "-passout pass:x",
     "x", CS_E_INPUT, false, NULL, ""},
    {"cp p256.crt made.pfx", "x", CS_E_INPUT, false, NULL, ""},
    {": >made.pfx", "x", CS_E_INPUT, false, NULL, ""},
    {"head -c 1048577 /dev/zero >made.pfx", "x", CS_E_INPUT, false, NULL, ""},
};

static struct cs_bytes chain_of(const char *files)
{
    return cs_judge_make(folder, "chain.der",
                         ": >chain.der && for f in %s; do openssl x509 -in $f -outform DER "
                         ">>chain.der; done",
                         files);
}

START_TEST(files_of_others)
{
    const struct foreign *row = &foreigns[_i];
    __attribute__((cleanup(got_done))) struct got got;
    cs_auto_value(cs_bytes) certificate = cert_of("p256");
    struct cs_err err = {0};

    judge_ok("openssl req -x509 -new -key stranger.key -subj /CN=Stray -out stray.crt && "
             "cat root.crt stray.crt inter.crt >chain.pem && "
             "cat root.crt inter.crt p256.crt >chain3.pem");
    cs_auto_value(cs_bytes) file = cs_judge_make(folder, "made.pfx", "{ %s ; }", row->command);
    cs_rc rc = read_with(&file, row->password, &got);
    ck_assert_msg(rc == row->rc, "%s: %s %s", row->command, cs_rc_name(rc), got.err.message);
    if (rc != CS_OK) {
        ck_assert(!got.pkcs8 && !got.certificate.data && !got.chain.data && !got.name);
        ck_assert(got.err.message[0]);
        return;
    }
    ck_assert(cs_bytes_equal(&got.certificate, &certificate));
    ck_assert_int_eq(got.pkcs8 != NULL, row->key);
    if (row->key) {
        cs_auto_value(cs_bytes) key = pkcs8_of("p256");
        assert_ok(cs_secret_lend(got.pkcs8, same_octets, &key, &err), &err);
    }
    ck_assert_msg(row->name ? got.name && strcmp(got.name, row->name) == 0 : !got.name, "%s",
                  got.name ? got.name : "(no name)");
    if (*row->chain) {
        cs_auto_value(cs_bytes) chain = chain_of(row->chain);
        ck_assert_msg(cs_bytes_equal(&got.chain, &chain), "%s: another chain", row->command);
    } else {
        ck_assert_uint_eq(got.chain.len, 0);
    }
}
END_TEST

/* What is wrong, and what to do about it. */
static const struct {
    const char *command;
    const char *password;
    const char *message;
    const char *hint;
} said[] = {
    {FROM "-passout pass:x", NULL, "needs its password", "--password-source"},
    {FROM "-passout pass:x", "y", "is wrong", "made with"},
    {FROM "-passout pass:x", "", "is wrong", "made with"},
    {FROM "-passout pass:x && truncate -s -1 made.pfx", "x", "damaged", "binary"},
    {FROM "-passout pass:x && truncate -s 100 made.pfx", NULL, "damaged", "binary"},
    {FROM "-passout pass:x -nomac", "x", "no MAC", "again with a password"},
};

START_TEST(what_is_wrong_is_said)
{
    __attribute__((cleanup(got_done))) struct got got;
    cs_auto_value(cs_bytes) file = cs_judge_make(folder, "made.pfx", "{ %s ; }", said[_i].command);

    ck_assert_int_ne(read_with(&file, said[_i].password, &got), CS_OK);
    assert_contains(got.err.message, said[_i].message);
    assert_contains(got.err.hint, said[_i].hint);
}
END_TEST

/* ---- hostile files, made with libcrypto ---- */

static PKCS8_PRIV_KEY_INFO *info_of(const char *name)
{
    cs_auto_value(cs_bytes) der = pkcs8_of(name);
    const unsigned char *at = der.data;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);

    ck_assert_ptr_nonnull(info);
    return info;
}

/* A file of one safe with these bags, which are taken. */
static struct cs_bytes file_of(STACK_OF(PKCS12_SAFEBAG) * bags, int iterations)
{
    STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();
    unsigned char *der = NULL;

    ck_assert_int_gt(sk_PKCS7_push(safes, PKCS12_pack_p7data(bags)), 0);
    PKCS12 *p12 = PKCS12_add_safes(safes, 0);
    ck_assert_int_eq(PKCS12_set_mac(p12, "x", 1, NULL, 0, 1, EVP_sha256()), 1);
    const ASN1_INTEGER *count = NULL;
    PKCS12_get0_mac(NULL, NULL, NULL, &count, p12);
    if (iterations != 1) {
        /* With one round it is left out; with another number it is there to be changed. */
        ck_assert_int_eq(PKCS12_set_mac(p12, "x", 1, NULL, 0, 2, EVP_sha256()), 1);
        PKCS12_get0_mac(NULL, NULL, NULL, &count, p12);
        ck_assert_int_eq(ASN1_INTEGER_set((ASN1_INTEGER *)(uintptr_t)count, iterations), 1);
    }
    int len = i2d_PKCS12(p12, &der);
    ck_assert_int_gt(len, 0);
    struct cs_bytes file = cs_bytes_copy(der, (size_t)len);
    OPENSSL_free(der);
    PKCS12_free(p12);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return file;
}

static STACK_OF(PKCS12_SAFEBAG) * bags_with(const char *name)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    cs_auto_value(cs_bytes) der = cert_of("p256");
    const unsigned char *at = der.data;
    X509 *x509 = d2i_X509(NULL, &at, (long)der.len);

    ck_assert_ptr_nonnull(PKCS12_add_cert(&bags, x509));
    X509_free(x509);
    ck_assert_int_gt(sk_PKCS12_SAFEBAG_push(bags, PKCS12_SAFEBAG_create0_p8inf(info_of(name))), 0);
    return bags;
}

static void assert_input(const struct cs_bytes *file, const char *words)
{
    __attribute__((cleanup(got_done))) struct got got;

    assert_fails(read_with(file, "x", &got), CS_E_INPUT, &got.err);
    assert_contains(got.err.message, words);
    ck_assert_ptr_null(got.pkcs8);
}

START_TEST(two_keys)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = bags_with("p256");

    ck_assert_int_gt(
        sk_PKCS12_SAFEBAG_push(bags, PKCS12_SAFEBAG_create0_p8inf(info_of("stranger"))), 0);
    cs_auto_value(cs_bytes) file = file_of(bags, 1);
    assert_input(&file, "more than one private key");
}
END_TEST

START_TEST(a_key_without_its_certificate)
{
    cs_auto_value(cs_bytes) file = file_of(bags_with("stranger"), 1);

    assert_input(&file, "no certificate of its key");
}
END_TEST

/* They would take from seconds to hours; each is refused before anything is derived. */
START_TEST(counts_of_iterations)
{
    static const int counts[] = {0, -1, 10000001, INT32_MAX};
    cs_auto_value(cs_bytes) file = file_of(bags_with("p256"), counts[_i]);

    assert_input(&file, "iterations");
}
END_TEST

/* The same within: the MAC is right, the key's own count is not. */
START_TEST(counts_of_iterations_inside)
{
    static const int counts[] = {9999999, INT32_MAX};
    STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
    PKCS8_PRIV_KEY_INFO *info = info_of("p256");
    X509_SIG *shrouded = PKCS8_encrypt(-1, EVP_aes_256_cbc(), "x", 1, NULL, 0, 1, info);
    X509_ALGOR *algorithm = NULL;

    PKCS8_PRIV_KEY_INFO_free(info);
    ck_assert_ptr_nonnull(shrouded);
    X509_SIG_getm(shrouded, &algorithm, NULL);
    X509_ALGOR *other = PKCS5_pbe2_set(EVP_aes_256_cbc(), counts[_i], NULL, 0);
    ck_assert(other && X509_ALGOR_copy(algorithm, other) == 1);
    X509_ALGOR_free(other);
    ck_assert_int_gt(sk_PKCS12_SAFEBAG_push(bags, PKCS12_SAFEBAG_create0_pkcs8(shrouded)), 0);
    cs_auto_value(cs_bytes) file = file_of(bags, 2);
    /* 2 was set, and stands there. */
    assert_input(&file, "iterations");
}
END_TEST

/* Cut anywhere: an error. With any octet changed: an error of ours too, or what was changed is of
 * no meaning (the version) and all that is read is as it was. */
START_TEST(damaged_files)
{
    cs_auto_value(cs_bytes) key = pkcs8_of("p256");
    cs_auto_value(cs_bytes) certificate = cert_of("p256");
    struct cs_err err = {0};
    size_t unharmed = 0;
    cs_auto_value(cs_bytes) file =
        cs_judge_make(folder, "made.pfx",
                      FROM "-passout pass:x -noiter -nomaciter -name edge -keypbe "
                           "PBE-SHA1-3DES -certpbe NONE -macalg sha1");

    for (size_t i = 0; i < file.len; i++) {
        __attribute__((cleanup(got_done))) struct got cut;
        __attribute__((cleanup(got_done))) struct got changed;
        cs_auto_value(cs_bytes) part = cs_bytes_copy(file.data, i);
        ck_assert_int_eq(read_with(&part, "x", &cut), CS_E_INPUT);
        file.data[i] ^= 0x41;
        cs_rc rc = read_with(&file, "x", &changed);
        file.data[i] ^= 0x41;
        ck_assert_msg(rc == CS_OK || rc == CS_E_INPUT || rc == CS_E_USAGE, "octet %zu: %s", i,
                      cs_rc_name(rc));
        if (rc == CS_OK) {
            unharmed++;
            assert_ok(cs_secret_lend(changed.pkcs8, same_octets, &key, &err), &err);
            ck_assert(cs_bytes_equal(&changed.certificate, &certificate));
        }
    }
    ck_assert_uint_lt(unharmed, 16);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pkcs12");
    TCase *tcase = tcase_create("pkcs12");

    tcase_add_unchecked_fixture(tcase, bed_make, bed_remove);
    tcase_add_checked_fixture(tcase, secrets_on, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, openssl_reads_what_was_made, 0, 2 * (int)ROWS(kinds));
    tcase_add_test(tcase, names_are_on_key_and_certificate);
    tcase_add_test(tcase, a_key_of_another_certificate);
    tcase_add_test(tcase, nothing_is_made_twice);
    tcase_add_loop_test(tcase, what_was_made_reads_back, 0, 2 * (int)ROWS(kinds));
    add_rows(tcase, files_of_others, foreigns);
    add_rows(tcase, what_is_wrong_is_said, said);
    tcase_add_test(tcase, two_keys);
    tcase_add_test(tcase, a_key_without_its_certificate);
    tcase_add_loop_test(tcase, counts_of_iterations, 0, 4);
    tcase_add_loop_test(tcase, counts_of_iterations_inside, 0, 2);
    tcase_add_test(tcase, damaged_files);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

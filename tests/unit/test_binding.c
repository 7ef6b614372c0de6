#include "net/binding.h"
#include "support/check_run.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

/* RFC 5929 section 4.1: the hash of the signature, SHA-256 in place of MD5 and SHA-1. */
static const struct {
    const char *signature;
    const char *binding;
} rows[] = {{"SHA1", "SHA256"}, {"SHA256", "SHA256"}, {"SHA384", "SHA384"}, {"SHA512", "SHA512"}};

START_TEST(a_certificate)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    X509 *certificate = X509_new();
    cs_auto_value(cs_bytes) binding = {0};
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct cs_err err = {0};

    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    ck_assert_int_gt(X509_sign(certificate, key, EVP_get_digestbyname(rows[_i].signature)), 0);
    assert_ok(cs_binding_of_certificate(certificate, &binding, &err), &err);
    X509_digest(certificate, EVP_get_digestbyname(rows[_i].binding), hash, &len);
    size_t prefix = strlen("tls-server-end-point:");
    ck_assert_uint_eq(binding.len, prefix + len);
    ck_assert(memcmp(binding.data, "tls-server-end-point:", prefix) == 0);
    ck_assert(memcmp(binding.data + prefix, hash, len) == 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("binding");
    TCase *tcase = tcase_create("binding");

    add_rows(tcase, a_certificate, rows);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

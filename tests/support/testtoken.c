#include "support/testtoken.h"

#include "base/mem.h"
#include "support/check_run.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "testtoken: %s\n", what);
        abort();
    }
}

static struct cs_test_person *person_of(struct cs_ui *ui)
{
    return (struct cs_test_person *)ui;
}

static void person_warn(struct cs_ui *ui, const char *text)
{
    (void)text;
    person_of(ui)->warnings++;
}

static void person_note(struct cs_ui *ui, const char *text)
{
    (void)ui;
    (void)text;
}

static cs_rc person_confirm(struct cs_ui *ui, const char *question, struct cs_err *err)
{
    struct cs_test_person *person = person_of(ui);

    person->questions++;
    if (person->is_there && person->says_yes) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_CANCELLED, "answer yes to go on", "not confirmed: %s", question);
}

static bool person_can_ask(struct cs_ui *ui)
{
    return person_of(ui)->is_there;
}

static void person_end(struct cs_ui *ui)
{
    (void)ui;
}

static void person_progress(struct cs_ui *ui, size_t done, size_t total)
{
    (void)ui;
    (void)done;
    (void)total;
}

static bool person_interrupted(struct cs_ui *ui)
{
    (void)ui;
    return false;
}

static const struct cs_ui_ops person_ops = {
    .warn = person_warn,
    .note = person_note,
    .confirm = person_confirm,
    .can_ask = person_can_ask,
    .begin = person_note,
    .end = person_end,
    .progress = person_progress,
    .interrupted = person_interrupted,
};

static cs_rc type_pin(void *ctx, const struct cs_token_info *info, struct cs_secret **ret_pin,
                      struct cs_err *err)
{
    struct cs_test_person *person = ctx;
    char pin[64];
    int len = snprintf(pin, sizeof pin, "%s", person->pin);

    (void)info;
    person->pins++;
    return cs_secret_take(pin, (size_t)len, ret_pin, err);
}

void cs_testtoken_init(struct cs_testtoken *token, const struct cs_softhsm *hsm, const char *module)
{
    struct cs_err err = {0};

    must(cs_secret_setup(&err) == CS_OK, err.message);
    *token = (struct cs_testtoken){.uri = cs_strdup(CS_SOFTHSM_URI),
                                   .lock_dir = cs_softhsm_path(hsm, "run"),
                                   .person = {.base = {&person_ops}, .pin = CS_SOFTHSM_PIN}};
    token->options = (struct cs_token_options){.uri = token->uri,
                                               .module = module,
                                               .lock_dir = token->lock_dir,
                                               .pin = type_pin,
                                               .pin_ctx = &token->person,
                                               .ui = &token->person.base};
}

void cs_testtoken_profile(struct cs_testtoken *token, const struct cs_softhsm *hsm,
                          const char *lines)
{
    cs_autofree char *text = cs_asprintf("name = 'test'\nmanufacturer = '*'\n%s\n", lines);

    free(token->profile);
    token->profile = cs_softhsm_path(hsm, "test.profile");
    int fd = open(token->profile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0,
         "cannot write the profile");
    token->options.profile = token->profile;
}

void cs_testtoken_done(struct cs_testtoken *token)
{
    free(token->uri);
    free(token->lock_dir);
    free(token->profile);
    *token = (struct cs_testtoken){0};
}

struct cs_key_request cs_testtoken_request(enum cs_key_alg alg, unsigned bits, uint8_t seed)
{
    struct cs_key_request request = {.spec = {alg, bits}, .label = "test-key"};

    memset(request.id, seed, sizeof request.id);
    return request;
}

static EVP_PKEY *read_spki(const struct cs_bytes *spki)
{
    const unsigned char *at = spki->data;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)spki->len);

    must(pkey != NULL, "the SubjectPublicKeyInfo cannot be read");
    return pkey;
}

struct cs_bytes cs_testtoken_certificate(const struct cs_bytes *spki, const char *common_name)
{
    EVP_PKEY *pkey = read_spki(spki);
    EVP_PKEY *issuer = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_NAME *name = X509_NAME_new();
    unsigned char *der = NULL;

    must(issuer && cert && name && X509_set_version(cert, X509_VERSION_3) &&
             X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                        (const unsigned char *)common_name, -1, -1, 0) &&
             X509_set_subject_name(cert, name) && X509_set_issuer_name(cert, name) &&
             ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711) &&
             X509_gmtime_adj(X509_getm_notBefore(cert), -60) &&
             X509_gmtime_adj(X509_getm_notAfter(cert), 86400) && X509_set_pubkey(cert, pkey) &&
             X509_sign(cert, issuer, EVP_sha256()),
         "no certificate");
    int len = i2d_X509(cert, &der);
    must(len > 0, "no DER of the certificate");
    struct cs_bytes bytes = cs_bytes_copy(der, (size_t)len);
    OPENSSL_free(der);
    X509_NAME_free(name);
    X509_free(cert);
    EVP_PKEY_free(issuer);
    EVP_PKEY_free(pkey);
    return bytes;
}

bool cs_testtoken_verify(const struct cs_bytes *spki, enum cs_digest algorithm,
                         const uint8_t *digest, const struct cs_bytes *signature)
{
    EVP_PKEY *pkey = read_spki(spki);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    const EVP_MD *md = EVP_get_digestbyname(cs_digest_name(algorithm));

    must(ctx && EVP_PKEY_verify_init(ctx) == 1, "no verification");
    must(EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA ||
             EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1,
         "no PKCS#1 v1.5");
    must(EVP_PKEY_CTX_set_signature_md(ctx, md) == 1, "no digest");
    int good =
        EVP_PKEY_verify(ctx, signature->data, signature->len, digest, cs_digest_len(algorithm));
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return good == 1;
}

void cs_testtoken_assert_signs(struct cs_keystore *store, struct cs_key *key,
                               const struct cs_bytes *spki, enum cs_digest algorithm)
{
    cs_auto_value(cs_bytes) signature = {0};
    uint8_t digest[CS_DIGEST_MAX];
    struct cs_err err = {0};

    for (size_t i = 0; i < sizeof digest; i++) {
        digest[i] = (uint8_t)(0xf0 + i);
    }
    assert_ok(store->ops->sign(store, key, algorithm, digest, &signature, &err), &err);
    ck_assert_msg(cs_testtoken_verify(spki, algorithm, digest, &signature),
                  "the signature over %s does not verify", cs_digest_name(algorithm));
    digest[0] ^= 1;
    ck_assert_msg(!cs_testtoken_verify(spki, algorithm, digest, &signature),
                  "it verifies for another digest too");
}

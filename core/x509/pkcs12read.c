/* PKCS#12 files of others: nothing in them is known to be true before the MAC has been verified,
 * and how long that takes stands in the file too. */
#include "x509/pkcs12.h"

#include "base/mem.h"
#include "base/strv.h"
#include "x509/cert.h"
#include "x509/kdfwork.h"
#include "x509/ossl.h"
#include "x509/pkcs8.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Certificates in one file. */
#define CERTS_MAX 64

/* SafeContents within SafeContents. */
#define DEPTH_MAX 4

struct found {
    struct cs_bytes der;
    char *name; /* its friendlyName; NULL: none */
};

/* What was found so far. */
struct reading {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *providers[2]; /* of lib; NULL: not there */
    PKCS12 *p12;
    const struct cs_bytes *file;
    const char *password; /* lent; NULL: none */
    int password_len;
    struct cs_kdfwork work;
    struct cs_secret *pkcs8;
    char *key_name;
    struct found certs[CERTS_MAX];
    size_t cert_count;
};

static void reading_done(struct reading *reading)
{
    PKCS12_free(reading->p12);
    cs_secret_free(reading->pkcs8);
    free(reading->key_name);
    for (size_t i = 0; i < reading->cert_count; i++) {
        cs_bytes_done(&reading->certs[i].der);
        free(reading->certs[i].name);
    }
    for (size_t i = 0; i < 2; i++) {
        if (reading->providers[i]) {
            OSSL_PROVIDER_unload(reading->providers[i]);
        }
    }
    OSSL_LIB_CTX_free(reading->lib);
}

static cs_rc fail_read(const char *operation, struct cs_err *err)
{
    return cs_fail_openssl(err, CS_E_INPUT, operation, "the PKCS#12 file cannot be read");
}

/* ---- bags ---- */

/* A name that is no clean text is none: it is only for people. */
static char *name_of(PKCS12_SAFEBAG *bag)
{
    char *name = PKCS12_get_friendlyname(bag);
    char *copy = name && *name && cs_text_is_clean(name) ? cs_strdup(name) : NULL;

    OPENSSL_free(name);
    ERR_clear_error();
    return copy;
}

/* A cs_secret_fill_fn; @ctx is a PKCS8_PRIV_KEY_INFO of that length. */
static cs_rc encode_key(void *ctx, unsigned char *octets, size_t size, size_t *ret_len,
                        struct cs_err *err)
{
    unsigned char *at = octets;
    int len = i2d_PKCS8_PRIV_KEY_INFO(ctx, &at);

    (void)size;
    if (len <= 0) {
        return fail_read("i2d_PKCS8_PRIV_KEY_INFO", err);
    }
    *ret_len = (size_t)len;
    return CS_OK;
}

/* The same key without the attributes that Windows puts beside it, which no token wants. NULL if it
 * cannot be had. The caller frees. */
static PKCS8_PRIV_KEY_INFO *without_attributes(const PKCS8_PRIV_KEY_INFO *info)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *oid = NULL;
    const unsigned char *der = NULL;
    int len = 0;
    X509_ALGOR *own = NULL;
    PKCS8_PRIV_KEY_INFO *bare = PKCS8_PRIV_KEY_INFO_new();

    if (!bare || PKCS8_pkey_get0(&oid, &der, &len, &algorithm, info) != 1) {
        PKCS8_PRIV_KEY_INFO_free(bare);
        return NULL;
    }
    own = X509_ALGOR_dup(algorithm);
    unsigned char *copy = len > 0 ? OPENSSL_memdup(der, (size_t)len) : NULL;
    ASN1_TYPE *param = own ? own->parameter : NULL;
    /* It takes the object, the parameter's value and the octets. */
    if (own && copy &&
        PKCS8_pkey_set0(bare, own->algorithm, 0, param ? param->type : V_ASN1_UNDEF,
                        param ? param->value.ptr : NULL, copy, len) == 1) {
        own->algorithm = NULL;
        if (param) {
            param->value.ptr = NULL;
            param->type = V_ASN1_NULL;
        }
    } else {
        OPENSSL_clear_free(copy, copy ? (size_t)len : 0);
        PKCS8_PRIV_KEY_INFO_free(bare);
        bare = NULL;
    }
    X509_ALGOR_free(own);
    return bare;
}

static cs_rc fail_keys(struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_INPUT,
                        "export each key with its certificate to a file of its own",
                        "the PKCS#12 file holds more than one private key");
}

static cs_rc take_key(struct reading *reading, const PKCS8_PRIV_KEY_INFO *info, PKCS12_SAFEBAG *bag,
                      struct cs_err *err)
{
    PKCS8_PRIV_KEY_INFO *bare = without_attributes(info);
    int len = bare ? i2d_PKCS8_PRIV_KEY_INFO(bare, NULL) : 0;
    cs_rc rc;

    if (len <= 0) {
        rc = fail_read("PKCS8_pkey_set0", err);
    } else if (len > CS_SECRET_KEY_MAX) {
        rc = cs_fail(err, CS_E_INPUT, "the private key in the PKCS#12 file is too large");
    } else {
        rc = cs_secret_make((size_t)len, encode_key, bare, &reading->pkcs8, err);
    }
    PKCS8_PRIV_KEY_INFO_free(bare);
    if (rc == CS_OK) {
        reading->key_name = name_of(bag);
    }
    return rc;
}

static cs_rc take_shrouded(struct reading *reading, PKCS12_SAFEBAG *bag, struct cs_err *err)
{
    const X509_SIG *shrouded = PKCS12_SAFEBAG_get0_pkcs8(bag);
    const X509_ALGOR *algorithm = NULL;

    X509_SIG_get0(shrouded, &algorithm, NULL);
    CS_TRY(cs_kdfwork_add_encryption(&reading->work, algorithm, err));
    PKCS8_PRIV_KEY_INFO *info =
        PKCS12_decrypt_skey_ex(bag, reading->password, reading->password_len, reading->lib, NULL);
    if (!info) {
        return fail_read("PKCS12_decrypt_skey", err);
    }
    cs_rc rc = take_key(reading, info, bag, err);
    PKCS8_PRIV_KEY_INFO_free(info);
    return rc;
}

static cs_rc take_cert(struct reading *reading, PKCS12_SAFEBAG *bag, struct cs_err *err)
{
    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) {
        return CS_OK; /* an SDSI certificate */
    }
    if (reading->cert_count == CERTS_MAX) {
        return cs_fail(err, CS_E_INPUT, "the PKCS#12 file holds more than %d certificates",
                       CERTS_MAX);
    }
    cs_auto(x509_st) x509 = PKCS12_SAFEBAG_get1_cert(bag);
    if (!x509) {
        return fail_read("PKCS12_SAFEBAG_get1_cert", err);
    }
    struct found *found = &reading->certs[reading->cert_count];
    CS_TRY(cs_ossl_encode(i2d_X509, x509, &found->der, err));
    found->name = name_of(bag);
    reading->cert_count++;
    return CS_OK;
}

static cs_rc take_bags(struct reading *reading, const STACK_OF(PKCS12_SAFEBAG) * bags,
                       unsigned depth, struct cs_err *err);

static cs_rc take_bag(struct reading *reading, PKCS12_SAFEBAG *bag, unsigned depth,
                      struct cs_err *err)
{
    int kind = PKCS12_SAFEBAG_get_nid(bag);

    /* Before the second is decrypted. */
    if ((kind == NID_keyBag || kind == NID_pkcs8ShroudedKeyBag) && reading->pkcs8) {
        return fail_keys(err);
    }
    switch (kind) {
    case NID_keyBag:
        return take_key(reading, PKCS12_SAFEBAG_get0_p8inf(bag), bag, err);
    case NID_pkcs8ShroudedKeyBag:
        return take_shrouded(reading, bag, err);
    case NID_certBag:
        return take_cert(reading, bag, err);
    case NID_safeContentsBag:
        return take_bags(reading, PKCS12_SAFEBAG_get0_safes(bag), depth + 1, err);
    default:
        return CS_OK; /* CRLs and secrets */
    }
}

static cs_rc take_bags(struct reading *reading, const STACK_OF(PKCS12_SAFEBAG) * bags,
                       unsigned depth, struct cs_err *err)
{
    if (depth > DEPTH_MAX) {
        return cs_fail(err, CS_E_INPUT, "the PKCS#12 file is nested too deeply");
    }
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        CS_TRY(take_bag(reading, sk_PKCS12_SAFEBAG_value(bags, i), depth, err));
    }
    return CS_OK;
}

/* ---- the whole ---- */

static cs_rc take_safe(struct reading *reading, PKCS7 *safe, struct cs_err *err)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;

    if (PKCS7_type_is_data(safe)) {
        bags = PKCS12_unpack_p7data(safe);
    } else if (PKCS7_type_is_encrypted(safe)) {
        if (!safe->d.encrypted || !safe->d.encrypted->enc_data ||
            !safe->d.encrypted->enc_data->algorithm) {
            return fail_read("PKCS12_unpack_p7encdata", err);
        }
        CS_TRY(
            cs_kdfwork_add_encryption(&reading->work, safe->d.encrypted->enc_data->algorithm, err));
        bags = PKCS12_unpack_p7encdata(safe, reading->password, reading->password_len);
    } else {
        return CS_OK; /* enveloped for a public key, which is not ours to have */
    }
    if (!bags) {
        return fail_read("PKCS12_unpack_p7encdata", err);
    }
    cs_rc rc = take_bags(reading, bags, 0, err);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return rc;
}

static cs_rc take_safes(struct reading *reading, struct cs_err *err)
{
    STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(reading->p12);
    cs_rc rc = CS_OK;

    if (!safes) {
        return fail_read("PKCS12_unpack_authsafes", err);
    }
    for (int i = 0; i < sk_PKCS7_num(safes) && rc == CS_OK; i++) {
        rc = take_safe(reading, sk_PKCS7_value(safes, i), err);
    }
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return rc;
}

static bool verify_mac(const struct reading *reading)
{
    bool good = PKCS12_verify_mac(reading->p12, reading->password, reading->password_len) == 1;

    ERR_clear_error();
    return good;
}

/* No password is written in two ways: as an empty one, and as none. */
static cs_rc check_mac(struct reading *reading, struct cs_err *err)
{
    const ASN1_INTEGER *iterations = NULL;
    const bool given = reading->password != NULL;

    if (!PKCS12_mac_present(reading->p12)) {
        return cs_fail_hint(err, CS_E_INPUT, "export it again with a password",
                            "the PKCS#12 file has no MAC: nothing tells whether it was changed");
    }
    PKCS12_get0_mac(NULL, NULL, NULL, &iterations, reading->p12);
    CS_TRY(cs_kdfwork_add(&reading->work, iterations, err));
    if (verify_mac(reading)) {
        return CS_OK;
    }
    if (reading->password_len == 0) {
        CS_TRY(cs_kdfwork_add(&reading->work, iterations, err));
        reading->password = reading->password ? NULL : "";
        if (verify_mac(reading)) {
            return CS_OK;
        }
    }
    if (!given) {
        return cs_fail_hint(err, CS_E_USAGE, "say --password-source file:PATH, fd:NUMBER or prompt",
                            "the PKCS#12 file needs its password, and none was given");
    }
    return cs_fail_hint(err, CS_E_USAGE, "give the password that the file was made with",
                        "the password of the PKCS#12 file is wrong");
}

/* What old Windows writes (RC2 with 40 bits) is in OpenSSL's legacy provider. It is loaded for this
 * file alone. */
static cs_rc open_library(struct reading *reading, struct cs_err *err)
{
    reading->lib = OSSL_LIB_CTX_new();
    reading->providers[0] = reading->lib ? OSSL_PROVIDER_load(reading->lib, "default") : NULL;
    if (!reading->providers[0]) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "OSSL_PROVIDER_load",
                               "libcrypto cannot be set up");
    }
    /* If it is missing such files cannot be read, and others can. */
    reading->providers[1] = OSSL_PROVIDER_load(reading->lib, "legacy");
    ERR_clear_error();
    return CS_OK;
}

static cs_rc open_file(struct reading *reading, struct cs_err *err)
{
    const unsigned char *at = reading->file->data;

    if (reading->file->len == 0 || reading->file->len > CS_PKCS12_MAX_OCTETS) {
        return cs_fail(err, CS_E_INPUT, "the PKCS#12 file is %s",
                       reading->file->len ? "too large" : "empty");
    }
    CS_TRY(open_library(reading, err));
    reading->p12 = PKCS12_init_ex(NID_pkcs7_data, reading->lib, NULL);
    if (!reading->p12 || !d2i_PKCS12(&reading->p12, &at, (long)reading->file->len) ||
        at != reading->file->data + reading->file->len) {
        ERR_clear_error(); /* ASN.1's words say no more */
        return cs_fail_hint(err, CS_E_INPUT, CS_PKCS12_DAMAGED_HINT,
                            "the PKCS#12 file is damaged, or not whole");
    }
    return CS_OK;
}

/* A cs_secret_fn; without a password @octets is NULL. */
static cs_rc read_file(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct reading *reading = ctx;

    reading->password = (const char *)octets;
    reading->password_len = (int)len;
    CS_TRY(open_file(reading, err));
    CS_TRY(check_mac(reading, err));
    return take_safes(reading, err);
}

/* ---- which certificate is whose ---- */

static bool is_issuer(const struct found *issuer, const struct found *of)
{
    cs_auto_value(cs_cert_parts) a = {0};
    cs_auto_value(cs_cert_parts) b = {0};

    return cs_cert_parts_read(&issuer->der, &a, NULL) == CS_OK &&
           cs_cert_parts_read(&of->der, &b, NULL) == CS_OK && cs_bytes_equal(&a.subject, &b.issuer);
}

/* The one of the key; without a key the one that issued none of the others. */
static cs_rc find_own(const struct reading *reading, size_t *ret_index, struct cs_err *err)
{
    cs_auto_value(cs_bytes) spki = {0};

    if (reading->pkcs8) {
        CS_TRY(cs_pkcs8_spki(reading->pkcs8, &spki, err));
    }
    for (size_t i = 0; i < reading->cert_count; i++) {
        bool fits = true;
        if (spki.len) {
            cs_auto_value(cs_cert_parts) parts = {0};
            CS_TRY(cs_cert_parts_read(&reading->certs[i].der, &parts, err));
            fits = cs_cert_key_equal(&parts.spki, &spki);
        }
        for (size_t j = 0; j < reading->cert_count && !spki.len; j++) {
            fits = fits && (j == i || !is_issuer(&reading->certs[i], &reading->certs[j]));
        }
        if (fits) {
            *ret_index = i;
            return CS_OK;
        }
    }
    return cs_fail_hint(err, CS_E_INPUT, "export key and certificate together",
                        reading->cert_count == 0 ? "the PKCS#12 file holds no certificate"
                        : spki.len ? "the PKCS#12 file holds no certificate of its key"
                                   : "no certificate of the PKCS#12 file is a server's");
}

static void append(struct cs_buf *chain, struct found *found)
{
    cs_buf_add(chain, found->der.data, found->der.len);
    cs_bytes_done(&found->der); /* done with */
}

/* Issuer first, and at the end what does not belong to the chain. */
static void sort_chain(struct reading *reading, const struct found *own, struct cs_buf *chain)
{
    struct found last = {.der = cs_bytes_copy(own->der.data, own->der.len)};

    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < reading->cert_count && !more; i++) {
            struct found *next = &reading->certs[i];
            if (next != own && next->der.len && is_issuer(next, &last)) {
                cs_bytes_done(&last.der);
                last.der = cs_bytes_copy(next->der.data, next->der.len);
                append(chain, next);
                more = true;
            }
        }
    }
    for (size_t i = 0; i < reading->cert_count; i++) {
        if (&reading->certs[i] != own && reading->certs[i].der.len) {
            append(chain, &reading->certs[i]);
        }
    }
    cs_bytes_done(&last.der);
}

cs_rc cs_pkcs12_read(const struct cs_bytes *file, const struct cs_secret *password,
                     struct cs_secret **ret_pkcs8, struct cs_bytes *ret_certificate,
                     struct cs_bytes *ret_chain, char **ret_friendly_name, struct cs_err *err)
{
    struct reading reading = {.file = file};
    struct cs_buf chain = CS_BUF(CS_PKCS12_MAX_OCTETS);
    size_t own = 0;

    cs_ossl_setup();
    cs_rc rc = password ? cs_secret_lend(password, read_file, &reading, err)
                        : read_file(&reading, NULL, 0, err);
    if (rc == CS_OK) {
        rc = find_own(&reading, &own, err);
    }
    if (rc == CS_OK) {
        struct found *found = &reading.certs[own];
        sort_chain(&reading, found, &chain);
        rc = cs_buf_take(&chain, "the chain", ret_chain, err);
        if (rc == CS_OK) {
            *ret_pkcs8 = cs_steal(&reading.pkcs8);
            *ret_friendly_name =
                reading.key_name ? cs_steal(&reading.key_name) : cs_steal(&found->name);
            *ret_certificate = cs_bytes_steal(&found->der);
        }
    }
    cs_buf_done(&chain);
    reading_done(&reading);
    return rc;
}

#include "x509/pkcs12.h"

#include "x509/cert.h"
#include "x509/ossl.h"
#include "x509/pkcs8.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/sha.h>

#include <limits.h>
#include <string.h>

/* Rounds of each of the three key derivations (key, certificates, MAC). NIST SP 800-132 section 5.2
 * asks for as many as the user can wait for and 1,000 at least; openssl, certtool, pk12util and
 * keytool take any such number, but .NET on Windows refuses "an uncommonly high" one (Microsoft's
 * KB5025823), so that the three together stay at 300,000. */
#define ITERATIONS 100000

/* Octets of a salt: NIST SP 800-132 section 5.1 asks for 16. */
#define SALT_LEN 16

/* One file in the making. */
struct making {
    const struct cs_pkcs12_parts *parts;
    int cipher; /* NID of a cipher (then PBES2) or of a scheme of PKCS#12 */
    const EVP_MD *mac;
    X509 *x509;
    const char *password; /* lent */
    int password_len;
    PKCS8_PRIV_KEY_INFO *info;
    STACK_OF(PKCS12_SAFEBAG) * keys;
    STACK_OF(PKCS12_SAFEBAG) * certs;
    STACK_OF(PKCS7) * safes;
    PKCS12 *p12;
};

static void making_done(struct making *making)
{
    X509_free(making->x509);
    PKCS8_PRIV_KEY_INFO_free(making->info); /* wipes the key in it */
    sk_PKCS12_SAFEBAG_pop_free(making->keys, PKCS12_SAFEBAG_free);
    sk_PKCS12_SAFEBAG_pop_free(making->certs, PKCS12_SAFEBAG_free);
    sk_PKCS7_pop_free(making->safes, PKCS7_free);
    PKCS12_free(making->p12);
}

static cs_rc fail_make(const char *operation, struct cs_err *err)
{
    return cs_fail_openssl(err, CS_E_INTERNAL, operation, "the PKCS#12 file cannot be made");
}

/* ---- bags ---- */

/* Takes @bag, which may be NULL. */
static cs_rc put_bag(STACK_OF(PKCS12_SAFEBAG) * bags, PKCS12_SAFEBAG *bag, struct cs_err *err)
{
    if (!bag || sk_PKCS12_SAFEBAG_push(bags, bag) <= 0) {
        PKCS12_SAFEBAG_free(bag);
        return fail_make("PKCS12_SAFEBAG", err);
    }
    return CS_OK;
}

/* The name that Windows shows, and what ties key and certificate together. */
static cs_rc name_bag(const struct making *making, PKCS12_SAFEBAG *bag, struct cs_err *err)
{
    const struct cs_pkcs12_parts *parts = making->parts;
    unsigned char id[SHA_DIGEST_LENGTH];
    unsigned len = 0;

    if (X509_digest(making->x509, EVP_sha1(), id, &len) != 1 || len != sizeof id ||
        PKCS12_add_localkeyid(bag, id, sizeof id) != 1) {
        return fail_make("PKCS12_add_localkeyid", err);
    }
    if (parts->friendly_name && PKCS12_add_friendlyname_utf8(bag, parts->friendly_name, -1) != 1) {
        return fail_make("PKCS12_add_friendlyname_utf8", err);
    }
    return CS_OK;
}

static cs_rc add_key(struct making *making, struct cs_err *err)
{
    const char *csp = making->parts->csp;
    PKCS12_SAFEBAG *bag =
        PKCS12_SAFEBAG_create_pkcs8_encrypt(making->cipher, making->password, making->password_len,
                                            NULL, SALT_LEN, ITERATIONS, making->info);

    CS_TRY(put_bag(making->keys, bag, err));
    CS_TRY(name_bag(making, bag, err));
    if (csp && PKCS12_add_CSPName_asc(bag, csp, -1) != 1) {
        return fail_make("PKCS12_add_CSPName_asc", err);
    }
    return CS_OK;
}

/* Of each certificate of the chain; cs_cert_each() calls it. */
static cs_rc add_issuer(void *ctx, const struct cs_bytes *der, struct cs_err *err)
{
    struct making *making = ctx;
    cs_auto(x509_st) x509 = cs_ossl_x509(der);

    if (!x509) {
        return cs_fail_openssl(err, CS_E_INPUT, "d2i_X509",
                               "a certificate of the chain cannot be read");
    }
    if (X509_cmp(x509, making->x509) == 0) {
        return CS_OK;
    }
    return put_bag(making->certs, PKCS12_SAFEBAG_create_cert(x509), err);
}

static cs_rc add_certs(struct making *making, struct cs_err *err)
{
    PKCS12_SAFEBAG *bag = PKCS12_SAFEBAG_create_cert(making->x509);

    CS_TRY(put_bag(making->certs, bag, err));
    CS_TRY(name_bag(making, bag, err));
    return cs_cert_each(making->parts->chain, add_issuer, making, err);
}

/* ---- the whole ---- */

/* Takes @safe, which may be NULL. */
static cs_rc put_safe(struct making *making, PKCS7 *safe, struct cs_err *err)
{
    if (!safe || sk_PKCS7_push(making->safes, safe) <= 0) {
        PKCS7_free(safe);
        return fail_make("PKCS12_pack_p7data", err);
    }
    return CS_OK;
}

/* Certificates are encrypted as one, each key for itself: what every reader expects. */
static cs_rc pack(struct making *making, struct cs_err *err)
{
    CS_TRY(put_safe(making,
                    PKCS12_pack_p7encdata(making->cipher, making->password, making->password_len,
                                          NULL, SALT_LEN, ITERATIONS, making->certs),
                    err));
    CS_TRY(put_safe(making, PKCS12_pack_p7data(making->keys), err));
    making->p12 = PKCS12_add_safes(making->safes, 0);
    if (!making->p12) {
        return fail_make("PKCS12_add_safes", err);
    }
    /* It takes no const password, and does not write to it. */
    if (PKCS12_set_mac(making->p12, making->password, making->password_len, NULL, SALT_LEN,
                       ITERATIONS, making->mac) != 1) {
        return fail_make("PKCS12_set_mac", err);
    }
    return CS_OK;
}

/* A cs_secret_fn for the key. */
static cs_rc take_key(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct making *making = ctx;
    const unsigned char *at = octets;

    making->info = len <= LONG_MAX ? d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)len) : NULL;
    return making->info ? CS_OK : fail_make("d2i_PKCS8_PRIV_KEY_INFO", err);
}

/* A cs_secret_fn for the password. */
static cs_rc make(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct making *making = ctx;

    making->password = (const char *)octets;
    making->password_len = (int)len;
    making->keys = sk_PKCS12_SAFEBAG_new_null();
    making->certs = sk_PKCS12_SAFEBAG_new_null();
    making->safes = sk_PKCS7_new_null();
    if (!making->keys || !making->certs || !making->safes) {
        return fail_make("sk_new_null", err);
    }
    CS_TRY(add_key(making, err));
    CS_TRY(add_certs(making, err));
    return pack(making, err);
}

static cs_rc check_pair(const struct making *making, struct cs_err *err)
{
    cs_auto_value(cs_bytes) spki = {0};

    CS_TRY(cs_ossl_encode(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(making->x509), &spki, err));
    return cs_pkcs8_check(making->parts->pkcs8, &spki, err);
}

static cs_rc make_file(struct making *making, const struct cs_secret *password,
                       struct cs_bytes *ret_file, struct cs_err *err)
{
    making->x509 = cs_ossl_x509(making->parts->certificate);
    if (!making->x509) {
        return cs_fail_openssl(err, CS_E_INPUT, "d2i_X509", "the certificate cannot be read");
    }
    CS_TRY(check_pair(making, err));
    CS_TRY(cs_secret_lend(making->parts->pkcs8, take_key, making, err));
    CS_TRY(cs_secret_lend(password, make, making, err));
    return cs_ossl_encode(i2d_PKCS12, making->p12, ret_file, err);
}

cs_rc cs_pkcs12_make(const struct cs_pkcs12_parts *parts, const struct cs_secret *password,
                     bool legacy, struct cs_bytes *ret_file, struct cs_err *err)
{
    struct making making = {
        .parts = parts,
        .cipher = legacy ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : NID_aes_256_cbc,
        .mac = legacy ? EVP_sha1() : EVP_sha256(),
    };

    cs_ossl_setup();
    cs_rc rc = make_file(&making, password, ret_file, err);
    making_done(&making);
    return rc;
}

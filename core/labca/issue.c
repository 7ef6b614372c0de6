#include "labca/issue.h"

#include "base/mem.h"
#include "labca/wish.h"
#include "x509/ext.h"
#include "x509/signer.h"

#include <openssl/sha.h>

#include <string.h>

/* A server whose clock is behind ours by less takes the certificate at once. */
#define BACKDATE_SECONDS 300

#define DAY_SECONDS 86400

/* A validity that is longer is cut to the CA's own anyway; this only keeps the sum in range. */
#define MAX_DAYS 100000

#define SERIAL_BITS 128

/* The CA's name says what it is. RFC 5280 appendix A.1 ends a common name at 64 characters. */
#define NAME_SUFFIX     " (cscert lab CA, not for production)"
#define NAME_MAX_OCTETS (64 - (sizeof NAME_SUFFIX - 1))
#define NAME_ORG        "cscert lab"

/* Bits of KeyUsage. Source: RFC 5280 section 4.2.1.3. */
enum { KEY_CERT_SIGN = 5, CRL_SIGN = 6 };

/* ---- what every certificate has ---- */

/* RFC 5280 section 4.1.2.2: positive, at most 20 octets; unpredictable, so that nobody can prepare
 * a collision. */
static bool set_serial(X509 *x509)
{
    cs_auto(bignum_st) number = BN_new();

    return number && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
           !BN_is_zero(number) && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509));
}

static bool set_times(X509 *x509, int64_t from, int64_t to)
{
    return ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)from) &&
           ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)to);
}

static cs_rc new_certificate(int64_t from, int64_t to, X509 **ret_x509, struct cs_err *err)
{
    cs_auto(x509_st) x509 = X509_new();

    if (!x509 || !X509_set_version(x509, X509_VERSION_3) || !set_serial(x509) ||
        !set_times(x509, from, to)) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "X509_new", "no certificate can be made");
    }
    *ret_x509 = cs_steal(&x509);
    return CS_OK;
}

/* subjectKeyIdentifier: method (1) of RFC 5280 section 4.2.1.2. The public key is set already. */
static cs_rc add_key_id(STACK_OF(X509_EXTENSION) * *exts, const X509 *x509, struct cs_err *err)
{
    unsigned char hash[SHA_DIGEST_LENGTH];

    if (!X509_pubkey_digest(x509, EVP_sha1(), hash, NULL)) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "X509_pubkey_digest",
                               "the public key cannot be hashed");
    }
    return cs_ext_add_key_id(exts, hash, sizeof hash, err);
}

static cs_rc set_extensions(X509 *x509, const STACK_OF(X509_EXTENSION) * exts, struct cs_err *err)
{
    for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
        if (!X509_add_ext(x509, sk_X509_EXTENSION_value(exts, i), -1)) {
            return cs_fail_openssl(err, CS_E_INTERNAL, "X509_add_ext",
                                   "the certificate's extensions cannot be added");
        }
    }
    return CS_OK;
}

static cs_rc fail_names(struct cs_err *err)
{
    return cs_fail_openssl(err, CS_E_INTERNAL, "X509_set_subject_name",
                           "the certificate's names and key cannot be set");
}

/* ---- for a request ---- */

cs_rc cs_labca_review(const struct cs_bytes *csr, struct cs_err *err)
{
    cs_auto_value(cs_labca_wish) wish = {0};

    return cs_labca_wish_read(csr, &wish, err);
}

/* Ends with the CA's own certificate at the latest. */
static cs_rc choose_end(const struct cs_labca_authority *authority, long days, int64_t now,
                        int64_t *ret_end, struct cs_err *err)
{
    struct tm parts;

    if (!ASN1_TIME_to_tm(X509_get0_notAfter(authority->certificate), &parts)) {
        return cs_fail_openssl(err, CS_E_STORE, "ASN1_TIME_to_tm",
                               "the lab CA's certificate has no end");
    }
    int64_t last = (int64_t)timegm(&parts);
    if (last <= now) {
        return cs_fail_hint(err, CS_E_CA_REFUSED, "make another lab CA: cscert ca init NAME",
                            "the lab CA \"%.80s\" has expired", authority->row.name);
    }
    if (days <= 0) {
        days = CS_LABCA_VALIDITY_DAYS;
    }
    if (days > MAX_DAYS) {
        days = MAX_DAYS;
    }
    int64_t end = now + (int64_t)days * DAY_SECONDS;
    *ret_end = end < last ? end : last;
    return CS_OK;
}

static const char *wish_name(const void *ctx, size_t i)
{
    const struct cs_labca_wish *wish = ctx;

    return wish->names.items[i];
}

static cs_rc add_extensions(X509 *x509, const struct cs_labca_authority *authority,
                            const struct cs_labca_config *config, const struct cs_labca_wish *wish,
                            struct cs_err *err)
{
    cs_auto_exts exts = NULL;
    /* RFC 5280 section 4.2.1.6: critical when the subject is empty. */
    bool nameless = X509_NAME_entry_count(X509_get_subject_name(x509)) == 0;

    CS_TRY(cs_ext_add_constraints(&exts, false, err));
    CS_TRY(cs_ext_add_server_usage(&exts, wish->is_rsa, err));
    CS_TRY(cs_ext_add_purposes(&exts, wish->server_auth, wish->client_auth, err));
    CS_TRY(cs_ext_add_names(&exts, wish_name, wish, wish->names.count, nameless, err));
    CS_TRY(add_key_id(&exts, x509, err));
    CS_TRY(cs_ext_add_issuer_id(&exts, authority->certificate, err));
    CS_TRY(cs_ext_add_crl_url(&exts, config->crl_url, err));
    CS_TRY(cs_ext_add_ca_url(&exts, config->aia_url, err));
    return set_extensions(x509, exts, err);
}

cs_rc cs_labca_issue(const struct cs_labca_authority *authority,
                     const struct cs_labca_config *config, const struct cs_bytes *csr, int64_t now,
                     struct cs_bytes *ret_certificate, char **ret_serial, struct cs_err *err)
{
    cs_auto_value(cs_labca_wish) wish = {0};
    cs_auto(x509_st) x509 = NULL;
    int64_t end = 0;

    CS_TRY(cs_labca_wish_read(csr, &wish, err));
    CS_TRY(choose_end(authority, config->validity_days, now, &end, err));
    CS_TRY(new_certificate(now - BACKDATE_SECONDS, end, &x509, err));
    if (!X509_set_issuer_name(x509, X509_get_subject_name(authority->certificate)) ||
        !X509_set_subject_name(x509, X509_REQ_get_subject_name(wish.req)) ||
        !X509_set_pubkey(x509, wish.key)) {
        return fail_names(err);
    }
    CS_TRY(add_extensions(x509, authority, config, &wish, err));
    CS_TRY(cs_labca_sign_certificate(authority->signer, authority->key, x509, err));
    CS_TRY(cs_ossl_encode(i2d_X509, x509, ret_certificate, err));
    *ret_serial = cs_ossl_serial_text(X509_get0_serialNumber(x509));
    return CS_OK;
}

/* ---- for itself ---- */

cs_rc cs_labca_check_name(const char *name, struct cs_err *err)
{
    size_t len = strlen(name);

    if (len == 0 || len > NAME_MAX_OCTETS || !cs_text_is_clean(name) || name[0] == ' ' ||
        name[len - 1] == ' ') {
        return cs_fail_hint(err, CS_E_USAGE, "for example: cscert ca init mylab",
                            "\"%.80s\" is no name for a lab CA: 1 to %zu octets without control "
                            "characters, no space at either end",
                            name, NAME_MAX_OCTETS);
    }
    return CS_OK;
}

static cs_rc make_name(const char *name, X509_NAME **ret_name, struct cs_err *err)
{
    cs_auto(X509_name_st) made = X509_NAME_new();
    cs_autofree char *common_name = cs_asprintf("%s" NAME_SUFFIX, name);

    if (!made) {
        return fail_names(err);
    }
    CS_TRY(cs_ext_add_rdn(made, NID_organizationName, NAME_ORG, err));
    CS_TRY(cs_ext_add_rdn(made, NID_commonName, common_name, err));
    *ret_name = cs_steal(&made);
    return CS_OK;
}

static cs_rc add_own_extensions(X509 *x509, struct cs_err *err)
{
    static const int usage[] = {KEY_CERT_SIGN, CRL_SIGN};
    cs_auto_exts exts = NULL;

    CS_TRY(cs_ext_add_constraints(&exts, true, err));
    CS_TRY(cs_ext_add_usage(&exts, usage, 2, err));
    CS_TRY(add_key_id(&exts, x509, err));
    return set_extensions(x509, exts, err);
}

cs_rc cs_labca_issue_own(struct cs_keystore *keystore, struct cs_key *key, const char *name,
                         int64_t now, struct cs_bytes *ret_certificate, struct cs_err *err)
{
    cs_auto(evp_pkey_st) signer = NULL;
    cs_auto(X509_name_st) own_name = NULL;
    cs_auto(x509_st) x509 = NULL;
    int64_t end = now + (int64_t)CS_LABCA_CA_VALIDITY_DAYS * DAY_SECONDS;

    CS_TRY(make_name(name, &own_name, err));
    CS_TRY(cs_signer_new(keystore, key, &signer, err));
    CS_TRY(new_certificate(now - BACKDATE_SECONDS, end, &x509, err));
    if (!X509_set_issuer_name(x509, own_name) || !X509_set_subject_name(x509, own_name) ||
        !X509_set_pubkey(x509, signer)) {
        return fail_names(err);
    }
    CS_TRY(add_own_extensions(x509, err));
    CS_TRY(cs_labca_sign_certificate(signer, key, x509, err));
    return cs_ossl_encode(i2d_X509, x509, ret_certificate, err);
}

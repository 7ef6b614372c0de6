#include "x509/cert.h"

#include "base/mem.h"
#include "x509/ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void cs_cert_facts_done(struct cs_cert_facts *facts)
{
    free(facts->subject);
    free(facts->issuer);
    free(facts->common_name);
    free(facts->serial);
    free(facts->thumbprint);
    free(facts->sha256);
    free(facts->signature);
    cs_strv_done(&facts->names);
    cs_strv_done(&facts->other_names);
    cs_bytes_done(&facts->spki);
    *facts = (struct cs_cert_facts){0};
}

void cs_cert_parts_done(struct cs_cert_parts *parts)
{
    cs_bytes_done(&parts->subject);
    cs_bytes_done(&parts->issuer);
    cs_bytes_done(&parts->serial);
    cs_bytes_done(&parts->key_sha1);
    cs_bytes_done(&parts->spki);
}

static cs_rc decode(const struct cs_bytes *der, X509 **ret_x509, struct cs_err *err)
{
    cs_ossl_setup();
    X509 *x509 = cs_ossl_x509(der);
    if (!x509) {
        return cs_fail_openssl(err, CS_E_INPUT, "d2i_X509", "this is no DER X.509 certificate");
    }
    *ret_x509 = x509;
    return CS_OK;
}

/* ---- text ---- */

/* RFC 2253, which lets UTF-8 stand. */
static char *print_name(const X509_NAME *name)
{
    cs_auto(bio_st) bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (!bio || X509_NAME_print_ex(bio, name, 0,
                                   XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) < 0) {
        ERR_clear_error();
        return cs_strdup("");
    }
    long len = BIO_get_mem_data(bio, &text);
    return cs_strndup(text ? text : "", len > 0 ? (size_t)len : 0);
}

static char *digest_text(const struct cs_bytes *der, const EVP_MD *md)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (!EVP_Digest(der->data, der->len, hash, &len, md, NULL)) {
        ERR_clear_error();
        len = 0;
    }
    return cs_hex(hash, len);
}

static char *upper(char *text)
{
    for (char *c = text; *c; c++) {
        *c = (char)(*c >= 'a' && *c <= 'f' ? *c - 'a' + 'A' : *c);
    }
    return text;
}

static char *signature_name(const X509 *x509)
{
    const ASN1_OBJECT *oid = NULL;
    const X509_ALGOR *algorithm = NULL;
    char text[128];

    X509_get0_signature(NULL, &algorithm, x509);
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    OBJ_obj2txt(text, sizeof text, oid, 0);
    return cs_strdup(text);
}

/* ---- extensions ---- */

/* The one extension @nid, or NULL if there is none; broken or twice is CS_E_INPUT. */
static cs_rc get_ext(const X509 *x509, int nid, void **ret_ext, struct cs_err *err)
{
    int critical = 0;
    void *ext = X509_get_ext_d2i(x509, nid, &critical, NULL);

    if (!ext && critical != -1) {
        return cs_fail_openssl(err, CS_E_INPUT, "X509_get_ext_d2i",
                               "the certificate's extension %s is broken%s", OBJ_nid2sn(nid),
                               critical == -2 ? " (there are several)" : "");
    }
    *ret_ext = ext;
    return CS_OK;
}

static cs_rc read_names(const X509 *x509, struct cs_cert_facts *facts, struct cs_err *err)
{
    void *ext = NULL;

    CS_TRY(get_ext(x509, NID_subject_alt_name, &ext, err));
    GENERAL_NAMES *list = ext;
    cs_rc rc = cs_ossl_dns_names(list, "the certificate", &facts->names, err);
    cs_ossl_other_names(list, &facts->other_names);
    GENERAL_NAMES_free(list);
    return rc;
}

static cs_rc read_purposes(const X509 *x509, struct cs_cert_facts *facts, struct cs_err *err)
{
    void *ext = NULL;

    CS_TRY(get_ext(x509, NID_ext_key_usage, &ext, err));
    EXTENDED_KEY_USAGE *purposes = ext;
    for (int i = 0; i < sk_ASN1_OBJECT_num(purposes); i++) {
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes, i));
        facts->server_auth |= nid == NID_server_auth;
        facts->client_auth |= nid == NID_client_auth;
    }
    EXTENDED_KEY_USAGE_free(purposes);
    return CS_OK;
}

static cs_rc read_usage(const X509 *x509, struct cs_cert_facts *facts, struct cs_err *err)
{
    void *ext = NULL;

    CS_TRY(get_ext(x509, NID_key_usage, &ext, err));
    ASN1_BIT_STRING *usage = ext;
    for (int i = 0; usage && i < 16; i++) {
        facts->key_usage |= (unsigned)ASN1_BIT_STRING_get_bit(usage, i) << i;
    }
    facts->has_key_usage = usage != NULL;
    ASN1_BIT_STRING_free(usage);
    return CS_OK;
}

static cs_rc read_constraints(const X509 *x509, struct cs_cert_facts *facts, struct cs_err *err)
{
    void *ext = NULL;

    CS_TRY(get_ext(x509, NID_basic_constraints, &ext, err));
    BASIC_CONSTRAINTS *constraints = ext;
    facts->is_ca = constraints && constraints->ca;
    BASIC_CONSTRAINTS_free(constraints);
    return CS_OK;
}

static bool point_has_url(const DIST_POINT *point)
{
    if (!point->distpoint || point->distpoint->type != 0) {
        return false;
    }
    const GENERAL_NAMES *names = point->distpoint->name.fullname;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        if (sk_GENERAL_NAME_value(names, i)->type == GEN_URI) {
            return true;
        }
    }
    return false;
}

static cs_rc read_crl_url(const X509 *x509, struct cs_cert_facts *facts, struct cs_err *err)
{
    void *ext = NULL;

    CS_TRY(get_ext(x509, NID_crl_distribution_points, &ext, err));
    CRL_DIST_POINTS *points = ext;
    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        facts->has_crl_url |= point_has_url(sk_DIST_POINT_value(points, i));
    }
    CRL_DIST_POINTS_free(points);
    return CS_OK;
}

/* ---- the whole ---- */

static cs_rc read_time(const ASN1_TIME *value, const char *what, int64_t *ret_time,
                       struct cs_err *err)
{
    struct tm parts;

    if (!ASN1_TIME_to_tm(value, &parts)) {
        return cs_fail_openssl(err, CS_E_INPUT, "ASN1_TIME_to_tm",
                               "the certificate's %s is no time", what);
    }
    *ret_time = (int64_t)timegm(&parts);
    return CS_OK;
}

static cs_rc read_facts(X509 *x509, const struct cs_bytes *der, struct cs_cert_facts *facts,
                        struct cs_err *err)
{
    facts->subject = print_name(X509_get_subject_name(x509));
    facts->issuer = print_name(X509_get_issuer_name(x509));
    facts->serial = cs_ossl_serial_text(X509_get0_serialNumber(x509));
    facts->thumbprint = upper(digest_text(der, EVP_sha1()));
    facts->sha256 = digest_text(der, EVP_sha256());
    facts->signature = signature_name(x509);
    CS_TRY(cs_ossl_common_name(X509_get_subject_name(x509), "the certificate", &facts->common_name,
                               err));
    CS_TRY(read_time(X509_get0_notBefore(x509), "notBefore", &facts->not_before, err));
    CS_TRY(read_time(X509_get0_notAfter(x509), "notAfter", &facts->not_after, err));
    CS_TRY(read_names(x509, facts, err));
    CS_TRY(read_purposes(x509, facts, err));
    CS_TRY(read_usage(x509, facts, err));
    CS_TRY(read_constraints(x509, facts, err));
    CS_TRY(read_crl_url(x509, facts, err));
    return cs_ossl_encode(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(x509), &facts->spki, err);
}

cs_rc cs_cert_read(const struct cs_bytes *der, struct cs_cert_facts *ret_facts, struct cs_err *err)
{
    cs_auto(x509_st) x509 = NULL;
    cs_auto_value(cs_cert_facts) facts = {0};

    CS_TRY(decode(der, &x509, err));
    CS_TRY(read_facts(x509, der, &facts, err));
    *ret_facts = facts;
    facts = (struct cs_cert_facts){0};
    return CS_OK;
}

cs_rc cs_cert_parts_read(const struct cs_bytes *der, struct cs_cert_parts *ret_parts,
                         struct cs_err *err)
{
    cs_auto(x509_st) x509 = NULL;
    cs_auto_value(cs_cert_parts) parts = {0};
    unsigned char hash[SHA_DIGEST_LENGTH];

    CS_TRY(decode(der, &x509, err));
    CS_TRY(cs_ossl_encode(i2d_X509_NAME, X509_get_subject_name(x509), &parts.subject, err));
    CS_TRY(cs_ossl_encode(i2d_X509_NAME, X509_get_issuer_name(x509), &parts.issuer, err));
    CS_TRY(cs_ossl_encode(i2d_ASN1_INTEGER, X509_get0_serialNumber(x509), &parts.serial, err));
    CS_TRY(cs_ossl_encode(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(x509), &parts.spki, err));
    if (!X509_pubkey_digest(x509, EVP_sha1(), hash, NULL)) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "X509_pubkey_digest",
                               "the public key cannot be hashed");
    }
    parts.key_sha1 = cs_bytes_copy(hash, sizeof hash);
    *ret_parts = parts;
    parts = (struct cs_cert_parts){0};
    return CS_OK;
}

/* ---- several in a row ---- */

/* Octets of the DER element at @data; 0 if none of at most @len begins there. */
static size_t element_size(const uint8_t *data, size_t len)
{
    const unsigned char *body = data;
    long body_len = 0;
    int tag = 0;
    int class = 0;

    if (len > LONG_MAX) {
        return 0;
    }
    int flags = ASN1_get_object(&body, &body_len, &tag, &class, (long)len);
    if (flags != V_ASN1_CONSTRUCTED || tag != V_ASN1_SEQUENCE) {
        ERR_clear_error();
        return 0;
    }
    return (size_t)(body - data) + (size_t)body_len;
}

cs_rc cs_cert_each(const struct cs_bytes *ders,
                   cs_rc (*each)(void *ctx, const struct cs_bytes *der, struct cs_err *err),
                   void *ctx, struct cs_err *err)
{
    size_t at = 0;

    cs_ossl_setup();
    while (at < ders->len) {
        struct cs_bytes part = {ders->data + at, element_size(ders->data + at, ders->len - at)};
        cs_auto(x509_st) x509 = part.len ? cs_ossl_x509(&part) : NULL;
        if (!x509) {
            return cs_fail_openssl(err, CS_E_INPUT, "d2i_X509",
                                   "no X.509 certificate stands at octet %zu of %zu", at,
                                   ders->len);
        }
        CS_TRY(each(ctx, &part, err));
        at += part.len;
    }
    return CS_OK;
}

char *cs_cert_pem(const struct cs_bytes *ders)
{
    char *text = cs_strdup("");

    for (size_t at = 0; at < ders->len;) {
        struct cs_bytes part = {ders->data + at, element_size(ders->data + at, ders->len - at)};
        if (!part.len) {
            break;
        }
        cs_autofree char *before = text;
        cs_autofree char *block = cs_ossl_pem(PEM_STRING_X509, &part);
        text = cs_asprintf("%s%s", before, block);
        at += part.len;
    }
    return text;
}

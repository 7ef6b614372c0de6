#include "x509/ext.h"

/* Bits of KeyUsage. Source: RFC 5280 section 4.2.1.3. */
enum { DIGITAL_SIGNATURE = 0, KEY_ENCIPHERMENT = 2, KEY_AGREEMENT = 4 };

void cs_ext_free(STACK_OF(X509_EXTENSION) * *exts)
{
    sk_X509_EXTENSION_pop_free(*exts, X509_EXTENSION_free);
}

cs_rc cs_ext_add(STACK_OF(X509_EXTENSION) * *exts, int nid, void *value, bool critical,
                 struct cs_err *err)
{
    if (X509V3_add1_i2d(exts, nid, value, critical, X509V3_ADD_DEFAULT) != 1) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "X509V3_add1_i2d",
                               "the extension %s cannot be added", OBJ_nid2sn(nid));
    }
    return CS_OK;
}

/* A dNSName or URI; NULL when out of memory. */
static GENERAL_NAME *make_name(int type, const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *value = ASN1_IA5STRING_new();

    if (!name || !value || !ASN1_STRING_set(value, text, -1)) {
        GENERAL_NAME_free(name);
        ASN1_IA5STRING_free(value);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, type, value);
    return name;
}

/* False when out of memory. */
static bool add_name(GENERAL_NAMES *names, int type, const char *text)
{
    GENERAL_NAME *name = make_name(type, text);

    if (!name || !sk_GENERAL_NAME_push(names, name)) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

cs_rc cs_ext_add_names(STACK_OF(X509_EXTENSION) * *exts, cs_ext_name_fn name, const void *ctx,
                       size_t count, bool critical, struct cs_err *err)
{
    if (count == 0) {
        return CS_OK; /* GeneralNames has at least one */
    }
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool good = names != NULL;

    for (size_t i = 0; good && i < count; i++) {
        good = add_name(names, GEN_DNS, name(ctx, i));
    }
    cs_rc rc = good ? cs_ext_add(exts, NID_subject_alt_name, names, critical, err)
                    : cs_fail_openssl(err, CS_E_INTERNAL, "GENERAL_NAME_new",
                                      "the alternative names cannot be encoded");
    GENERAL_NAMES_free(names);
    return rc;
}

cs_rc cs_ext_add_usage(STACK_OF(X509_EXTENSION) * *exts, const int *bits, size_t count,
                       struct cs_err *err)
{
    cs_auto(asn1_string_st) usage = ASN1_BIT_STRING_new();

    for (size_t i = 0; usage && i < count; i++) {
        if (!ASN1_BIT_STRING_set_bit(usage, bits[i], 1)) {
            return cs_fail_openssl(err, CS_E_INTERNAL, "ASN1_BIT_STRING_set_bit",
                                   "the key usage cannot be encoded");
        }
    }
    return cs_ext_add(exts, NID_key_usage, usage, true, err);
}

cs_rc cs_ext_add_server_usage(STACK_OF(X509_EXTENSION) * *exts, bool is_rsa, struct cs_err *err)
{
    const int bits[] = {DIGITAL_SIGNATURE, is_rsa ? KEY_ENCIPHERMENT : KEY_AGREEMENT};

    return cs_ext_add_usage(exts, bits, 2, err);
}

cs_rc cs_ext_add_purposes(STACK_OF(X509_EXTENSION) * *exts, bool server, bool client,
                          struct cs_err *err)
{
    EXTENDED_KEY_USAGE *purposes = EXTENDED_KEY_USAGE_new();

    /* OBJ_nid2obj() gives static objects, which freeing leaves alone. */
    if (purposes && server) {
        sk_ASN1_OBJECT_push(purposes, OBJ_nid2obj(NID_server_auth));
    }
    if (purposes && client) {
        sk_ASN1_OBJECT_push(purposes, OBJ_nid2obj(NID_client_auth));
    }
    cs_rc rc = cs_ext_add(exts, NID_ext_key_usage, purposes, false, err);
    EXTENDED_KEY_USAGE_free(purposes);
    return rc;
}

cs_rc cs_ext_add_constraints(STACK_OF(X509_EXTENSION) * *exts, bool is_ca, struct cs_err *err)
{
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();

    if (constraints && is_ca) {
        constraints->ca = 0xff;
        constraints->pathlen = ASN1_INTEGER_new(); /* 0 */
    }
    cs_rc rc = cs_ext_add(exts, NID_basic_constraints, constraints, true, err);
    BASIC_CONSTRAINTS_free(constraints);
    return rc;
}

cs_rc cs_ext_add_key_id(STACK_OF(X509_EXTENSION) * *exts, const uint8_t *id, size_t len,
                        struct cs_err *err)
{
    cs_auto(asn1_string_st) value = ASN1_OCTET_STRING_new();

    if (!value || !ASN1_OCTET_STRING_set(value, id, (int)len)) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "ASN1_OCTET_STRING_set",
                               "the key identifier cannot be encoded");
    }
    return cs_ext_add(exts, NID_subject_key_identifier, value, false, err);
}

cs_rc cs_ext_add_issuer_id(STACK_OF(X509_EXTENSION) * *exts, X509 *issuer, struct cs_err *err)
{
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(issuer);
    AUTHORITY_KEYID *value = AUTHORITY_KEYID_new();

    if (!id || !value || !(value->keyid = ASN1_OCTET_STRING_dup(id))) {
        AUTHORITY_KEYID_free(value);
        return cs_fail_openssl(err, CS_E_INTERNAL, "AUTHORITY_KEYID_new",
                               "the issuer's key identifier cannot be encoded");
    }
    cs_rc rc = cs_ext_add(exts, NID_authority_key_identifier, value, false, err);
    AUTHORITY_KEYID_free(value);
    return rc;
}

#define MS_TEMPLATE_NAME "1.3.6.1.4.1.311.20.2" /* szOID_ENROLL_CERTTYPE_EXTENSION */

/* The extension's value: a BMPString in DER. */
static cs_rc template_value(const char *name, struct cs_bytes *ret_der, struct cs_err *err)
{
    cs_auto(asn1_string_st) text = NULL;

    if (ASN1_mbstring_copy(&text, (const unsigned char *)name, -1, MBSTRING_UTF8,
                           B_ASN1_BMPSTRING) < 0) {
        cs_fail_openssl(err, CS_E_USAGE, "ASN1_mbstring_copy",
                        "the template's name \"%.200s\" cannot stand in a request", name);
        cs_err_hint(err, "say its name, not its display name");
        return CS_E_USAGE;
    }
    return cs_ossl_encode(i2d_ASN1_BMPSTRING, text, ret_der, err);
}

cs_rc cs_ext_add_template(STACK_OF(X509_EXTENSION) * *exts, const char *name, struct cs_err *err)
{
    cs_auto_value(cs_bytes) der = {0};
    cs_auto(asn1_string_st) octets = ASN1_OCTET_STRING_new();

    CS_TRY(template_value(name, &der, err));
    ASN1_OBJECT *id = OBJ_txt2obj(MS_TEMPLATE_NAME, 1);
    X509_EXTENSION *ext = NULL;
    if (id && octets && ASN1_OCTET_STRING_set(octets, der.data, (int)der.len)) {
        ext = X509_EXTENSION_create_by_OBJ(NULL, id, 0, octets);
    }
    ASN1_OBJECT_free(id);
    if (!ext || !X509v3_add_ext(exts, ext, -1)) {
        X509_EXTENSION_free(ext);
        return cs_fail_openssl(err, CS_E_INTERNAL, "X509v3_add_ext",
                               "the template's name cannot be added");
    }
    X509_EXTENSION_free(ext);
    return CS_OK;
}

/* A distribution point with one URI; NULL when out of memory. */
static DIST_POINT *make_point(const char *url)
{
    DIST_POINT *point = DIST_POINT_new();
    DIST_POINT_NAME *name = point ? DIST_POINT_NAME_new() : NULL;

    if (!name) {
        DIST_POINT_free(point);
        return NULL;
    }
    point->distpoint = name;
    name->type = 0; /* fullName */
    name->name.fullname = GENERAL_NAMES_new();
    if (!name->name.fullname || !add_name(name->name.fullname, GEN_URI, url)) {
        DIST_POINT_free(point);
        return NULL;
    }
    return point;
}

cs_rc cs_ext_add_crl_url(STACK_OF(X509_EXTENSION) * *exts, const char *url, struct cs_err *err)
{
    if (!url) {
        return CS_OK;
    }
    CRL_DIST_POINTS *points = CRL_DIST_POINTS_new();
    DIST_POINT *point = make_point(url);
    if (!points || !point || !sk_DIST_POINT_push(points, point)) {
        DIST_POINT_free(point);
        CRL_DIST_POINTS_free(points);
        return cs_fail_openssl(err, CS_E_INTERNAL, "DIST_POINT_new",
                               "the CRL distribution point cannot be encoded");
    }
    cs_rc rc = cs_ext_add(exts, NID_crl_distribution_points, points, false, err);
    CRL_DIST_POINTS_free(points);
    return rc;
}

/* A caIssuers URI; NULL when out of memory. */
static ACCESS_DESCRIPTION *make_access(const char *url)
{
    ACCESS_DESCRIPTION *access = ACCESS_DESCRIPTION_new();
    GENERAL_NAME *location = make_name(GEN_URI, url);

    if (!access || !location) {
        ACCESS_DESCRIPTION_free(access);
        GENERAL_NAME_free(location);
        return NULL;
    }
    ASN1_OBJECT_free(access->method);
    access->method = OBJ_nid2obj(NID_ad_ca_issuers);
    GENERAL_NAME_free(access->location);
    access->location = location;
    return access;
}

cs_rc cs_ext_add_ca_url(STACK_OF(X509_EXTENSION) * *exts, const char *url, struct cs_err *err)
{
    if (!url) {
        return CS_OK;
    }
    AUTHORITY_INFO_ACCESS *list = AUTHORITY_INFO_ACCESS_new();
    ACCESS_DESCRIPTION *access = make_access(url);
    if (!list || !access || !sk_ACCESS_DESCRIPTION_push(list, access)) {
        ACCESS_DESCRIPTION_free(access);
        AUTHORITY_INFO_ACCESS_free(list);
        return cs_fail_openssl(err, CS_E_INTERNAL, "ACCESS_DESCRIPTION_new",
                               "the CA's address cannot be encoded");
    }
    cs_rc rc = cs_ext_add(exts, NID_info_access, list, false, err);
    AUTHORITY_INFO_ACCESS_free(list);
    return rc;
}

cs_rc cs_ext_add_rdn(X509_NAME *name, int nid, const char *text, struct cs_err *err)
{
    if (!text || X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, (const unsigned char *)text,
                                            -1, -1, 0)) {
        return CS_OK;
    }
    cs_fail_openssl(err, CS_E_USAGE, "X509_NAME_add_entry_by_NID",
                    "\"%.200s\" cannot stand in a subject as %s", text, OBJ_nid2sn(nid));
    /* RFC 5280 appendix A.1, ub-*. */
    cs_err_hint(err, "a country has two letters, a city or state at most 128 characters, and "
                     "organization, organizational unit and common name at most 64");
    return CS_E_USAGE;
}

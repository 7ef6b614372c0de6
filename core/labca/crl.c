#include "labca/crl.h"

#include "base/clock.h"
#include "base/file.h"
#include "x509/ext.h"

/* So that a client whose clock is behind ours by less takes the list at once. */
#define BACKDATE_SECONDS 300

#define DAY_SECONDS 86400

/* Rounds until the list on the disk is that of the last number; one is enough unless other
 * processes revoke at the same moment. */
#define ROUNDS_MAX 8

/* CRLReason. Source: RFC 5280 section 5.3.1. Nobody is asked why, and "unspecified" should not be
 * written. */
#define CESSATION_OF_OPERATION 5

static cs_rc fail_entry(struct cs_err *err)
{
    return cs_fail_openssl(err, CS_E_INTERNAL, "X509_CRL_add0_revoked",
                           "the revocation list cannot be made");
}

static bool set_entry(X509_REVOKED *entry, const struct cs_bytes *serial, int64_t time)
{
    cs_auto(bignum_st) number = BN_bin2bn(serial->data, (int)serial->len, NULL);
    cs_auto(asn1_string_st) integer = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    cs_auto(asn1_string_st) when = ASN1_TIME_set(NULL, (time_t)time);
    cs_auto(asn1_string_st) reason = ASN1_ENUMERATED_new();

    return integer && when && reason && ASN1_ENUMERATED_set(reason, CESSATION_OF_OPERATION) &&
           X509_REVOKED_set_serialNumber(entry, integer) &&
           X509_REVOKED_set_revocationDate(entry, when) &&
           X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, X509V3_ADD_DEFAULT) == 1;
}

static cs_rc add_entry(X509_CRL *crl, const struct cs_labca_request *request, struct cs_err *err)
{
    cs_auto_value(cs_bytes) serial = {0};

    CS_TRY(cs_unhex(request->serial ? request->serial : "", &serial, err));
    X509_REVOKED *entry = X509_REVOKED_new();
    if (!entry || !set_entry(entry, &serial, request->updated) ||
        !X509_CRL_add0_revoked(crl, entry)) {
        X509_REVOKED_free(entry);
        return fail_entry(err);
    }
    return CS_OK;
}

static cs_rc add_revoked(X509_CRL *crl, const struct cs_labca_authority *authority,
                         struct cs_store *store, struct cs_err *err)
{
    cs_auto_value(cs_labca_request_list) list = {0};

    CS_TRY(cs_store_labca_requests(store, authority->row.name, CS_LABCA_REVOKED, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        CS_TRY(add_entry(crl, &list.items[i], err));
    }
    X509_CRL_sort(crl);
    return CS_OK;
}

static bool set_times(X509_CRL *crl, int64_t now)
{
    cs_auto(asn1_string_st) last = ASN1_TIME_set(NULL, (time_t)(now - BACKDATE_SECONDS));
    cs_auto(asn1_string_st) next =
        ASN1_TIME_set(NULL, (time_t)(now + (int64_t)CS_LABCA_CRL_DAYS * DAY_SECONDS));

    return last && next && X509_CRL_set1_lastUpdate(crl, last) &&
           X509_CRL_set1_nextUpdate(crl, next);
}

/* cRLNumber and authorityKeyIdentifier: RFC 5280 sections 5.2.1 and 5.2.3 want both. */
static cs_rc add_extensions(X509_CRL *crl, const struct cs_labca_authority *authority,
                            int64_t number, struct cs_err *err)
{
    cs_auto_exts exts = NULL;
    cs_auto(asn1_string_st) value = ASN1_INTEGER_new();

    if (!value || !ASN1_INTEGER_set_int64(value, number)) {
        return fail_entry(err);
    }
    CS_TRY(cs_ext_add_issuer_id(&exts, authority->certificate, err));
    CS_TRY(cs_ext_add(&exts, NID_crl_number, value, false, err));
    for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
        if (!X509_CRL_add_ext(crl, sk_X509_EXTENSION_value(exts, i), -1)) {
            return fail_entry(err);
        }
    }
    return CS_OK;
}

static cs_rc make_crl(const struct cs_labca_authority *authority, struct cs_store *store,
                      int64_t number, struct cs_bytes *ret_der, struct cs_err *err)
{
    cs_auto(X509_crl_st) crl = X509_CRL_new();

    if (!crl || !X509_CRL_set_version(crl, X509_CRL_VERSION_2) ||
        !X509_CRL_set_issuer_name(crl, X509_get_subject_name(authority->certificate)) ||
        !set_times(crl, cs_clock_now())) {
        return fail_entry(err);
    }
    CS_TRY(add_revoked(crl, authority, store, err));
    CS_TRY(add_extensions(crl, authority, number, err));
    CS_TRY(cs_labca_sign_crl(authority->signer, authority->key, crl, err));
    return cs_ossl_encode(i2d_X509_CRL, crl, ret_der, err);
}

/* True in *ret_last if no list with a higher number was begun since. */
static cs_rc is_last(const struct cs_labca_authority *authority, struct cs_store *store,
                     int64_t number, bool *ret_last, struct cs_err *err)
{
    cs_auto_value(cs_labca_row) row = {0};
    bool found = false;

    CS_TRY(cs_store_labca_get(store, authority->row.name, &row, &found, err));
    *ret_last = !found || row.crl_number == number;
    return CS_OK;
}

cs_rc cs_labca_crl_write(const struct cs_labca_authority *authority, struct cs_store *store,
                         const struct cs_labca_config *config, struct cs_err *err)
{
    bool last = !config->crl_file;

    /* Two processes: who took the lower number may rename its file last. It then sees that there is
     * a higher one and makes another, so that no revocation is lost. */
    for (int round = 0; !last && round < ROUNDS_MAX; round++) {
        cs_auto_value(cs_bytes) der = {0};
        int64_t number = 0;
        CS_TRY(cs_store_labca_next_crl(store, authority->row.name, &number, err));
        CS_TRY(make_crl(authority, store, number, &der, err));
        CS_TRY(cs_file_write(config->crl_file, der.data, der.len, 0644, true, err));
        CS_TRY(is_last(authority, store, number, &last, err));
    }
    return CS_OK;
}

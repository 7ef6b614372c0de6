/* What the implementation files of x509/ and labca/ share of libcrypto: cleanup for its types, its
 * set-up, its errors. Includes <openssl/...>, so that no other folder may include it. */
#ifndef CS_X509_OSSL_H
#define CS_X509_OSSL_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* libcrypto without openssl.cnf: reading it takes time at each start, and no setting of it may
 * change how a request is signed. For the whole process, if it comes before any other use. Cheap
 * when called again. */
void cs_ossl_setup(void);

/* cs_fail() with the newest entry of OpenSSL's error queue as the cause; empties the queue. */
cs_rc cs_fail_openssl(struct cs_err *err, cs_rc code, const char *operation, const char *format,
                      ...) CS_PRINTF(4, 5);

/* What i2d_X(object, &octets) made, moved into *ret_der: cs_ossl_encode(i2d_X509, x509, ...).
 * CS_E_INTERNAL. */
#define cs_ossl_encode(i2d, object, ret_der, err)                                                  \
    __extension__({                                                                                \
        unsigned char *cs_octets_ = NULL;                                                          \
        int cs_len_ = i2d((object), &cs_octets_);                                                  \
        cs_ossl_take(cs_octets_, cs_len_, #i2d, (ret_der), (err));                                 \
    })
CS_MUST_CHECK cs_rc cs_ossl_take(unsigned char *octets, int len, const char *operation,
                                 struct cs_bytes *ret_der, struct cs_err *err);

/* PEM with "-----BEGIN @label-----"; the caller frees. */
char *cs_ossl_pem(const char *label, const struct cs_bytes *der);

/* Lower-case hexadecimal, "-" before a negative one; the caller frees. */
char *cs_ossl_serial_text(const ASN1_INTEGER *serial);

/* @value as UTF-8, the caller's to free. What holds a NUL or a control character would read as
 * another name than it is: CS_E_INPUT. @what names it ("the certificate's common name"). */
CS_MUST_CHECK cs_rc cs_ossl_text(const ASN1_STRING *value, const char *what, char **ret_text,
                                 struct cs_err *err);

/* The last common name of @name, the most specific of several; NULL if there is none. Errors as
 * cs_ossl_text(); @owner is "the certificate". */
CS_MUST_CHECK cs_rc cs_ossl_common_name(const X509_NAME *name, const char *owner, char **ret_text,
                                        struct cs_err *err);

/* Adds the dNSNames in @list (may be NULL) to @names, in lower case. Errors as cs_ossl_text(). */
CS_MUST_CHECK cs_rc cs_ossl_dns_names(const GENERAL_NAMES *list, const char *owner,
                                      struct cs_strv *names, struct cs_err *err);

/* Adds the names of other kinds, as OpenSSL prints them ("IP Address:192.0.2.1") and with what is
 * no clean text made visible. */
void cs_ossl_other_names(const GENERAL_NAMES *list, struct cs_strv *names);

/* d2i of the whole of @der: NULL if it is no X.509 certificate or something follows it. */
X509 *cs_ossl_x509(const struct cs_bytes *der);
X509_REQ *cs_ossl_req(const struct cs_bytes *der);

/* cs_auto(x509_st) and so on: libcrypto's own structure names. */
CS_DEFINE_AUTO(asn1_object_st, ASN1_OBJECT_free);
CS_DEFINE_AUTO(asn1_string_st, ASN1_STRING_free);
CS_DEFINE_AUTO(bignum_st, BN_free);
CS_DEFINE_AUTO(bio_st, BIO_free_all);
CS_DEFINE_AUTO(ec_group_st, EC_GROUP_free);
CS_DEFINE_AUTO(ec_point_st, EC_POINT_free);
CS_DEFINE_AUTO(evp_pkey_st, EVP_PKEY_free);
CS_DEFINE_AUTO(pkcs7_st, PKCS7_free);
CS_DEFINE_AUTO(X509_crl_st, X509_CRL_free);
CS_DEFINE_AUTO(X509_name_st, X509_NAME_free);
CS_DEFINE_AUTO(X509_pubkey_st, X509_PUBKEY_free);
CS_DEFINE_AUTO(X509_req_st, X509_REQ_free);
CS_DEFINE_AUTO(x509_st, X509_free);

#endif

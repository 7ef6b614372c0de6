/* The extensions that requests and certificates of cscert carry. For implementation files that may
 * see <openssl/...> only. */
#ifndef CS_X509_EXT_H
#define CS_X509_EXT_H

#include "base/err.h"
#include "base/strv.h"
#include "model/keyspec.h"
#include "x509/ossl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Adds the extension @nid with libcrypto's structure @value to *exts, which is made when NULL.
 * CS_E_INTERNAL. */
CS_MUST_CHECK cs_rc cs_ext_add(STACK_OF(X509_EXTENSION) * *exts, int nid, void *value,
                               bool critical, struct cs_err *err);

/* subjectAltName with the @count dNSNames that @name gives. */
typedef const char *(*cs_ext_name_fn)(const void *ctx, size_t i);
CS_MUST_CHECK cs_rc cs_ext_add_names(STACK_OF(X509_EXTENSION) * *exts, cs_ext_name_fn name,
                                     const void *ctx, size_t count, bool critical,
                                     struct cs_err *err);

/* keyUsage of a server's key: digitalSignature and, for RSA, keyEncipherment, for EC, keyAgreement
 * (RFC 5280 section 4.2.1.3, RFC 5480 section 3). */
CS_MUST_CHECK cs_rc cs_ext_add_server_usage(STACK_OF(X509_EXTENSION) * *exts, bool is_rsa,
                                            struct cs_err *err);

/* keyUsage with the bits of @bits set, by their number in RFC 5280 section 4.2.1.3. */
CS_MUST_CHECK cs_rc cs_ext_add_usage(STACK_OF(X509_EXTENSION) * *exts, const int *bits,
                                     size_t count, struct cs_err *err);

/* extKeyUsage with serverAuth, clientAuth or both. */
CS_MUST_CHECK cs_rc cs_ext_add_purposes(STACK_OF(X509_EXTENSION) * *exts, bool server, bool client,
                                        struct cs_err *err);

/* basicConstraints, critical: of a CA that issues to servers only (pathLenConstraint 0), or of a
 * server (cA FALSE). */
CS_MUST_CHECK cs_rc cs_ext_add_constraints(STACK_OF(X509_EXTENSION) * *exts, bool is_ca,
                                           struct cs_err *err);

/* subjectKeyIdentifier with the @len octets at @id. */
CS_MUST_CHECK cs_rc cs_ext_add_key_id(STACK_OF(X509_EXTENSION) * *exts, const uint8_t *id,
                                      size_t len, struct cs_err *err);

/* authorityKeyIdentifier with the subjectKeyIdentifier of @issuer. */
CS_MUST_CHECK cs_rc cs_ext_add_issuer_id(STACK_OF(X509_EXTENSION) * *exts, X509 *issuer,
                                         struct cs_err *err);

/* The certificate template's name for a Microsoft CA, as its own clients write it: extension
 * 1.3.6.1.4.1.311.20.2 with a BMPString (MS-WCCE section 2.2.2.7.7.1 says a SEQUENCE, requests that
 * Windows makes hold the string alone). CS_E_USAGE for a name with characters beyond U+FFFF. */
CS_MUST_CHECK cs_rc cs_ext_add_template(STACK_OF(X509_EXTENSION) * *exts, const char *name,
                                        struct cs_err *err);

/* cRLDistributionPoints with one URI; nothing for NULL. */
CS_MUST_CHECK cs_rc cs_ext_add_crl_url(STACK_OF(X509_EXTENSION) * *exts, const char *url,
                                       struct cs_err *err);

/* authorityInfoAccess with one caIssuers URI; nothing for NULL. */
CS_MUST_CHECK cs_rc cs_ext_add_ca_url(STACK_OF(X509_EXTENSION) * *exts, const char *url,
                                      struct cs_err *err);

/* Adds an RDN of @text, which is UTF-8, at the end of @name; nothing for NULL. The string types and
 * lengths are those of RFC 5280 appendix A. CS_E_USAGE if the text does not fit. */
CS_MUST_CHECK cs_rc cs_ext_add_rdn(X509_NAME *name, int nid, const char *text, struct cs_err *err);

void cs_ext_free(STACK_OF(X509_EXTENSION) * *exts);
#define cs_auto_exts __attribute__((cleanup(cs_ext_free))) STACK_OF(X509_EXTENSION) *

#endif

/* Certificates: what they say, and whether they are what was asked for. */
#ifndef CS_X509_CERT_H
#define CS_X509_CERT_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cs_cert_facts {
    char *subject; /* RFC 2253 */
    char *issuer;
    char *common_name;          /* may be NULL */
    char *serial;               /* hexadecimal, lower case */
    char *thumbprint;           /* SHA-1 of the DER, upper case: what Windows shows */
    char *sha256;               /* of the DER, lower case */
    char *signature;            /* e.g. "ecdsa-with-SHA256" */
    struct cs_strv names;       /* dNSName, in order, lower case */
    struct cs_strv other_names; /* alternative names of other kinds: "IP Address:192.0.2.1" */
    int64_t not_before;         /* seconds since 1970 */
    int64_t not_after;
    bool server_auth;
    bool client_auth;
    bool has_crl_url;
    bool is_ca;
    bool has_key_usage;
    unsigned key_usage; /* bit n is bit n of KeyUsage (RFC 5280 section 4.2.1.3) */
    struct cs_bytes spki;
};
void cs_cert_facts_done(struct cs_cert_facts *facts);

/* CS_E_INPUT if @der is no X.509 certificate, if an extension that is read here is broken, or if a
 * name holds a NUL or control character. */
CS_MUST_CHECK cs_rc cs_cert_read(const struct cs_bytes *der, struct cs_cert_facts *ret_facts,
                                 struct cs_err *err);

/* The certificate belongs to the request: key, common name, every name, EKU as asked; no CA's;
 * valid at @now; not signed with MD5, SHA-1 or RSASSA-PSS. CS_E_MISMATCH says which. What is odd
 * but usable (no CRL distribution point, further names, less key usage) is added to @warnings when
 * all the rest is right. */
CS_MUST_CHECK cs_rc cs_cert_check(const struct cs_bytes *der, const struct cs_plan *plan,
                                  const struct cs_bytes *spki, int64_t now,
                                  struct cs_strv *warnings, struct cs_err *err);

/* The same for a certificate that no request of ours is known for: no CA's, serverAuth, valid at
 * @now, a key and a signature that Lync accepts. CS_E_MISMATCH; CS_E_INPUT for a key of another
 * kind. Warnings as above. */
CS_MUST_CHECK cs_rc cs_cert_check_server(const struct cs_cert_facts *facts, int64_t now,
                                         struct cs_strv *warnings, struct cs_err *err);

/* Warns unless the certificates of @chain (concatenated DER, in any order) lead from @der to a root
 * among them, each signed by the next and valid at @now. Nothing is said of an empty chain. That
 * the root is one to trust it does not tell. */
void cs_cert_check_chain(const struct cs_bytes *der, const struct cs_bytes *chain, int64_t now,
                         struct cs_strv *warnings);

/* Both DER SubjectPublicKeyInfo hold the same key, however they are encoded. */
bool cs_cert_key_equal(const struct cs_bytes *a, const struct cs_bytes *b);

/* Subject, issuer and serial number as DER for a token's certificate object. */
struct cs_cert_parts {
    struct cs_bytes subject;
    struct cs_bytes issuer;
    struct cs_bytes serial;
    struct cs_bytes key_sha1; /* of the subjectPublicKey bits */
    struct cs_bytes spki;
};
void cs_cert_parts_done(struct cs_cert_parts *parts);
CS_MUST_CHECK cs_rc cs_cert_parts_read(const struct cs_bytes *der, struct cs_cert_parts *ret_parts,
                                       struct cs_err *err);

/* PEM of one or several concatenated DER certificates; the caller frees. */
char *cs_cert_pem(const struct cs_bytes *ders);

/* Calls @each with every certificate of concatenated DER, not at all when @ders is empty; stops on
 * the first result that is not CS_OK. CS_E_INPUT where no certificate stands. */
CS_MUST_CHECK cs_rc cs_cert_each(const struct cs_bytes *ders,
                                 cs_rc (*each)(void *ctx, const struct cs_bytes *der,
                                               struct cs_err *err),
                                 void *ctx, struct cs_err *err);

#endif

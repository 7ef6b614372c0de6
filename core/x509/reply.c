#include "x509/reply.h"

#include "base/base64.h"
#include "base/mem.h"
#include "x509/cert.h"
#include "x509/ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The certificates of an answer, in its order. */
struct bag {
    X509 *items[CS_REPLY_MAX_CERTS];
    size_t count;
    const char *other; /* what was seen that is no certificate; NULL: nothing */
};

static void bag_done(struct bag *bag)
{
    for (size_t i = 0; i < bag->count; i++) {
        X509_free(bag->items[i]);
    }
}

#define auto_bag __attribute__((cleanup(bag_done))) struct bag

#define ASK_FOR                                                                                    \
    "save the CA's answer as Base64 or DER X.509 (.cer), or as PKCS #7 (.p7b), and name that file"

static cs_rc fail_is(const char *what, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_INPUT, ASK_FOR, "the reply holds no certificate: it is %s", what);
}

/* ---- DER ---- */

/* Takes @x509. */
static cs_rc bag_take(struct bag *bag, X509 *x509, struct cs_err *err)
{
    if (bag->count == CS_REPLY_MAX_CERTS) {
        X509_free(x509);
        return cs_fail(err, CS_E_INPUT, "the reply holds more than %d certificates",
                       CS_REPLY_MAX_CERTS);
    }
    bag->items[bag->count++] = x509;
    return CS_OK;
}

/* The certificates of a SignedData (RFC 2315 section 9.1), whose contents do not matter. */
static cs_rc add_pkcs7(struct bag *bag, const PKCS7 *p7, struct cs_err *err)
{
    if (!PKCS7_type_is_signed(p7) || !p7->d.sign) {
        bag->other = "a PKCS #7 file without SignedData";
        return CS_OK;
    }
    const STACK_OF(X509) *certs = p7->d.sign->cert;
    for (int i = 0; i < sk_X509_num(certs); i++) {
        X509 *x509 = sk_X509_value(certs, i);
        X509_up_ref(x509);
        CS_TRY(bag_take(bag, x509, err));
    }
    if (sk_X509_num(certs) <= 0) {
        bag->other = "a PKCS #7 file without certificates";
    }
    return CS_OK;
}

/* What an answer is sometimes mistaken for. Each is asked once, in this order. */
static bool is_request(const unsigned char *data, long len)
{
    X509_REQ *req = d2i_X509_REQ(NULL, &data, len);

    X509_REQ_free(req);
    return req != NULL;
}

/* A SEQUENCE whose first part is INTEGER 3 (RFC 7292 section 4): no certificate, request, CMS or
 * private key begins like that. So a file that was cut off is known too. */
static bool is_pkcs12(const unsigned char *data, long len)
{
    static const unsigned char version[] = {V_ASN1_INTEGER, 1, 3};
    /* X.690 section 8.1.3: octets of the length beside the first one; 0x80 is an indefinite one. */
    const long more = len > 1 && data[1] > 0x80 ? data[1] & 0x7f : 0;

    return len >= 2 + more + (long)sizeof version &&
           data[0] == (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED) &&
           memcmp(data + 2 + more, version, sizeof version) == 0;
}

static bool is_crl(const unsigned char *data, long len)
{
    X509_CRL *crl = d2i_X509_CRL(NULL, &data, len);

    X509_CRL_free(crl);
    return crl != NULL;
}

/* Of a private key only the outermost structure is looked at, so that no copy of it is made. RFC
 * 5208 section 5 and RFC 8017 appendix A.1.2 begin with INTEGER 0, RFC 5915 section 3 with INTEGER
 * 1: one octet, 0 or 1, first in a SEQUENCE. No certificate, request or CMS begins like that;
 * PKCS #12 has INTEGER 3. */
static bool is_private_key(const unsigned char *data, long len)
{
    const unsigned char *body = data;
    long body_len = 0;
    int tag = 0;
    int class = 0;

    return ASN1_get_object(&body, &body_len, &tag, &class, len) == V_ASN1_CONSTRUCTED &&
           tag == V_ASN1_SEQUENCE && body_len > 3 && body[0] == V_ASN1_INTEGER && body[1] == 1 &&
           body[2] <= 1;
}

static const char unknown[] = "nothing that is known";

static const struct {
    bool (*is)(const unsigned char *data, long len);
    const char *what;
} others[] = {
    {is_private_key, "a private key"},
    {is_request, "a certificate request (CSR), not the CA's answer to it"},
    {is_pkcs12, "a PKCS #12 file (.pfx, .p12)"},
    {is_crl, "a revocation list (CRL)"},
};

static const char *name_other(const unsigned char *data, long len)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i].is(data, len)) {
            return others[i].what;
        }
    }
    return unknown;
}

/* One binary object of whatever label: certutil writes "BEGIN CERTIFICATE" around PKCS #7 too. */
static cs_rc add_der(struct bag *bag, const unsigned char *data, long len, struct cs_err *err)
{
    const unsigned char *next = data;
    X509 *x509 = d2i_X509(NULL, &next, len);

    if (x509) {
        CS_TRY(bag_take(bag, x509, err));
        /* Concatenated DER; what follows and is none may be a line end that an editor left. */
        long rest = len - (long)(next - data);
        return rest > 2 ? add_der(bag, next, rest, err) : CS_OK;
    }
    next = data;
    cs_auto(pkcs7_st) p7 = d2i_PKCS7(NULL, &next, len);
    if (p7) {
        return add_pkcs7(bag, p7, err);
    }
    bag->other = name_other(data, len);
    return CS_OK;
}

/* ---- text ---- */

/* One block of PEM; a private key's octets are wiped and nothing else is done with them. */
static cs_rc add_block(struct bag *bag, const char *label, unsigned char *data, long len,
                       struct cs_err *err)
{
    if (strstr(label, "PRIVATE KEY")) {
        bag->other = "a private key";
        return CS_OK;
    }
    return add_der(bag, data, len, err);
}

static cs_rc add_pem(struct bag *bag, const struct cs_bytes *text, struct cs_err *err)
{
    cs_auto(bio_st) bio = BIO_new_mem_buf(text->data, (int)text->len);

    for (;;) {
        char *label = NULL;
        char *header = NULL;
        unsigned char *data = NULL;
        long len = 0;
        if (!bio || !PEM_read_bio(bio, &label, &header, &data, &len)) {
            break;
        }
        cs_rc rc = add_block(bag, label, data, len, err);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)len);
        CS_TRY(rc);
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        return cs_fail_openssl(err, CS_E_INPUT, "PEM_read_bio",
                               "a PEM block of the reply is broken");
    }
    ERR_clear_error();
    return CS_OK;
}

/* Text that is base64 and nothing else: what `certutil` and web pages give without armour. */
static cs_rc add_base64(struct bag *bag, const struct cs_bytes *text, struct cs_err *err)
{
    cs_auto_value(cs_bytes) octets = {0};

    if (cs_unbase64((const char *)text->data, text->len, &octets, NULL) != CS_OK) {
        bag->other = "neither DER, PEM nor Base64";
        ERR_clear_error();
        return CS_OK;
    }
    return add_der(bag, octets.data, (long)octets.len, err);
}

/* PowerShell's `>` and Out-File write UTF-16 with a byte order mark. All that counts is ASCII: the
 * other octet of each pair is dropped. A UTF-8 mark goes too. */
static void drop_marks(const struct cs_bytes *reply, struct cs_bytes *ret_text)
{
    size_t first = 0;
    size_t step = 1;

    if (reply->len >= 3 && memcmp(reply->data, "\xef\xbb\xbf", 3) == 0) {
        first = 3;
    } else if (reply->len >= 2 && memcmp(reply->data, "\xff\xfe", 2) == 0) {
        first = 2;
        step = 2;
    } else if (reply->len >= 2 && memcmp(reply->data, "\xfe\xff", 2) == 0) {
        first = 3;
        step = 2;
    }
    *ret_text = (struct cs_bytes){cs_alloc(reply->len + 1, 1), 0};
    for (size_t i = first; i < reply->len; i += step) {
        ret_text->data[ret_text->len++] = reply->data[i];
    }
}

static size_t skip_space(const struct cs_bytes *text)
{
    size_t at = 0;

    while (at < text->len && isspace(text->data[at])) {
        at++;
    }
    return at;
}

static cs_rc add_text(struct bag *bag, const struct cs_bytes *text, struct cs_err *err)
{
    static const char begin[] = "-----BEGIN ";
    size_t first = skip_space(text);

    if (first == text->len) {
        bag->other = "empty";
        return CS_OK;
    }
    if (memmem(text->data, text->len, begin, sizeof begin - 1)) {
        return add_pem(bag, text, err);
    }
    if (text->data[first] == '<') {
        bag->other = "a web page or another XML document; is it the CA's error page?";
        return CS_OK;
    }
    return add_base64(bag, text, err);
}

static cs_rc read_bag(const struct cs_bytes *reply, struct bag *bag, struct cs_err *err)
{
    if (reply->len == 0) {
        return fail_is("empty", err);
    }
    if (reply->len > CS_REPLY_MAX_OCTETS) {
        return cs_fail_hint(err, CS_E_INPUT, ASK_FOR,
                            "the reply has %zu octets, more than the %zu that an answer can have",
                            reply->len, CS_REPLY_MAX_OCTETS);
    }
    if (reply->data[0] == (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED)) {
        CS_TRY(add_der(bag, reply->data, (long)reply->len, err));
    }
    /* A SEQUENCE begins like text that begins with "0". */
    if (bag->count == 0 && (!bag->other || bag->other == unknown)) {
        cs_auto_value(cs_bytes) text = {0};
        drop_marks(reply, &text);
        CS_TRY(add_text(bag, &text, err));
    }
    ERR_clear_error();
    if (bag->count == 0) {
        return fail_is(bag->other ? bag->other : unknown, err);
    }
    return CS_OK;
}

/* ---- which is whose ---- */

static bool is_for_key(X509 *x509, const struct cs_bytes *spki)
{
    cs_auto_value(cs_bytes) own = {0};

    return cs_ossl_encode(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(x509), &own, NULL) == CS_OK &&
           cs_cert_key_equal(&own, spki);
}

/* The youngest of those for the key: an answer after a renewal may hold the old one too. */
static int find_own(const struct bag *bag, const struct cs_bytes *spki)
{
    int found = -1;

    for (size_t i = 0; i < bag->count; i++) {
        if (is_for_key(bag->items[i], spki) &&
            (found < 0 || ASN1_TIME_compare(X509_get0_notBefore(bag->items[i]),
                                            X509_get0_notBefore(bag->items[found])) > 0)) {
            found = (int)i;
        }
    }
    return found;
}

/* The subject of the first certificate that is no CA's, else of the last; the caller frees. */
static char *describe(const struct bag *bag)
{
    cs_autofree char *subject = NULL;

    for (size_t i = 0; i < bag->count; i++) {
        cs_auto_value(cs_bytes) der = {0};
        cs_auto_value(cs_cert_facts) facts = {0};
        if (cs_ossl_encode(i2d_X509, bag->items[i], &der, NULL) != CS_OK ||
            cs_cert_read(&der, &facts, NULL) != CS_OK) {
            continue;
        }
        free(subject);
        subject = cs_steal(&facts.subject);
        if (!facts.is_ca) {
            break;
        }
    }
    return subject ? cs_steal(&subject) : cs_strdup("one that cannot be read");
}

static cs_rc fail_no_own(const struct bag *bag, struct cs_err *err)
{
    cs_autofree char *subject = describe(bag);

    return cs_fail_hint(
        err, CS_E_MISMATCH,
        "this answer belongs to another request: look its number up with `cscert "
        "list`, or ask the CA again",
        "none of the %zu certificates in the reply is for this request's key; there "
        "is %.300s",
        bag->count, subject);
}

/* The name alone proves nothing: a CA that was renewed has two certificates with one name. */
static bool has_issued(X509 *issuer, X509 *x509)
{
    if (X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(x509)) != 0) {
        return false;
    }
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    bool good = key && X509_verify(x509, key) == 1;
    ERR_clear_error();
    return good;
}

/* The issuer of @x509 among those not used yet, which is then used; NULL if it is not there. */
static X509 *take_issuer(const struct bag *bag, bool *used, X509 *x509)
{
    for (size_t i = 0; i < bag->count; i++) {
        if (!used[i] && has_issued(bag->items[i], x509)) {
            used[i] = true;
            return bag->items[i];
        }
    }
    return NULL;
}

static cs_rc collect_chain(const struct bag *bag, int own, struct cs_bytes *ret_chain,
                           struct cs_err *err)
{
    bool used[CS_REPLY_MAX_CERTS] = {false};
    struct cs_buf buf = CS_BUF(CS_REPLY_MAX_OCTETS);
    X509 *x509 = bag->items[own];
    cs_rc rc = CS_OK;

    used[own] = true;
    while (rc == CS_OK && !has_issued(x509, x509) && (x509 = take_issuer(bag, used, x509))) {
        cs_auto_value(cs_bytes) der = {0};
        rc = cs_ossl_encode(i2d_X509, x509, &der, err);
        cs_buf_add(&buf, der.data, der.len);
    }
    if (rc == CS_OK) {
        rc = cs_buf_take(&buf, "the chain in the reply", ret_chain, err);
    }
    cs_buf_done(&buf);
    return rc;
}

cs_rc cs_reply_parse(const struct cs_bytes *reply, const struct cs_bytes *spki,
                     struct cs_bytes *ret_certificate, struct cs_bytes *ret_chain,
                     struct cs_err *err)
{
    auto_bag bag = {0};
    cs_auto_value(cs_bytes) certificate = {0};

    cs_ossl_setup();
    CS_TRY(read_bag(reply, &bag, err));
    int own = find_own(&bag, spki);
    if (own < 0) {
        return fail_no_own(&bag, err);
    }
    CS_TRY(cs_ossl_encode(i2d_X509, bag.items[own], &certificate, err));
    CS_TRY(collect_chain(&bag, own, ret_chain, err));
    *ret_certificate = cs_bytes_steal(&certificate);
    return CS_OK;
}

static bool is_ca(X509 *x509)
{
    bool ca = X509_check_ca(x509) > 0;
    ERR_clear_error();
    return ca;
}

cs_rc cs_reply_leaf(const struct cs_bytes *file, struct cs_bytes *ret_certificate,
                    struct cs_err *err)
{
    auto_bag bag = {0};
    size_t leaf = 0;

    cs_ossl_setup();
    CS_TRY(read_bag(file, &bag, err));
    while (leaf < bag.count && is_ca(bag.items[leaf])) {
        leaf++;
    }
    return cs_ossl_encode(i2d_X509, bag.items[leaf < bag.count ? leaf : 0], ret_certificate, err);
}

cs_rc cs_reply_all(const struct cs_bytes *file, struct cs_bytes *ret_certificates,
                   struct cs_err *err)
{
    auto_bag bag = {0};
    struct cs_buf buf = CS_BUF(CS_REPLY_MAX_OCTETS);
    cs_rc rc = CS_OK;

    cs_ossl_setup();
    CS_TRY(read_bag(file, &bag, err));
    for (size_t i = 0; i < bag.count && rc == CS_OK; i++) {
        cs_auto_value(cs_bytes) der = {0};
        rc = cs_ossl_encode(i2d_X509, bag.items[i], &der, err);
        cs_buf_add(&buf, der.data, der.len);
    }
    if (rc == CS_OK) {
        rc = cs_buf_take(&buf, "the certificates in the file", ret_certificates, err);
    }
    cs_buf_done(&buf);
    return rc;
}

bool cs_reply_is_pkcs12(const struct cs_bytes *file)
{
    return file->len <= CS_REPLY_MAX_OCTETS && is_pkcs12(file->data, (long)file->len);
}

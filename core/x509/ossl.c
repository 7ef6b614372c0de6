#include "x509/ossl.h"

#include "base/mem.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cs_ossl_setup(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

cs_rc cs_fail_openssl(struct cs_err *err, cs_rc code, const char *operation, const char *format,
                      ...)
{
    unsigned long number = ERR_peek_last_error();
    const char *reason = number ? ERR_reason_error_string(number) : NULL;
    cs_autofree char *message = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&message, format, args) < 0) {
        message = NULL;
    }
    va_end(args);
    cs_err_set(err, code, "%s", message ? message : operation);
    cs_err_cause(err, CS_ORIGIN_OPENSSL, (int64_t)number, reason ? reason : "no reason given",
                 operation);
    ERR_clear_error();
    return code;
}

cs_rc cs_ossl_take(unsigned char *octets, int len, const char *operation, struct cs_bytes *ret_der,
                   struct cs_err *err)
{
    if (len <= 0) {
        return cs_fail_openssl(err, CS_E_INTERNAL, operation, "a structure cannot be encoded");
    }
    *ret_der = cs_bytes_copy(octets, (size_t)len);
    OPENSSL_free(octets);
    return CS_OK;
}

char *cs_ossl_pem(const char *label, const struct cs_bytes *der)
{
    cs_auto(bio_st) bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (!bio || der->len > LONG_MAX || !PEM_write_bio(bio, label, "", der->data, (long)der->len)) {
        ERR_clear_error();
        return cs_strdup("");
    }
    long len = BIO_get_mem_data(bio, &text);
    return cs_strndup(text, (size_t)len);
}

char *cs_ossl_serial_text(const ASN1_INTEGER *serial)
{
    cs_autofree char *digits =
        cs_hex(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));

    /* OpenSSL keeps the magnitude apart from the sign. */
    return cs_asprintf("%s%s", ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER ? "-" : "", digits);
}

cs_rc cs_ossl_text(const ASN1_STRING *value, const char *what, char **ret_text, struct cs_err *err)
{
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, value);

    if (len < 0) {
        return cs_fail_openssl(err, CS_E_INPUT, "ASN1_STRING_to_UTF8", "%s cannot be read", what);
    }
    cs_autofree char *text = cs_strndup((const char *)utf8, (size_t)len);
    OPENSSL_free(utf8);
    if (strlen(text) != (size_t)len || !cs_text_is_clean(text)) {
        return cs_fail(err, CS_E_INPUT, "%s holds a NUL or control character: not used", what);
    }
    *ret_text = cs_steal(&text);
    return CS_OK;
}

cs_rc cs_ossl_common_name(const X509_NAME *name, const char *owner, char **ret_text,
                          struct cs_err *err)
{
    cs_autofree char *what = cs_asprintf("%s's common name", owner);
    int last = -1;

    for (int i = -1; (i = X509_NAME_get_index_by_NID(name, NID_commonName, i)) >= 0;) {
        last = i;
    }
    if (last < 0) {
        *ret_text = NULL;
        return CS_OK;
    }
    return cs_ossl_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)), what, ret_text,
                        err);
}

cs_rc cs_ossl_dns_names(const GENERAL_NAMES *list, const char *owner, struct cs_strv *names,
                        struct cs_err *err)
{
    cs_autofree char *what = cs_asprintf("an alternative name (dNSName) of %s", owner);

    for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
        int type = 0;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(list, i), &type);
        cs_autofree char *text = NULL;
        if (type != GEN_DNS) {
            continue;
        }
        CS_TRY(cs_ossl_text(value, what, &text, err));
        cs_strv_take(names, cs_ascii_lower(text));
    }
    return CS_OK;
}

void cs_ossl_other_names(const GENERAL_NAMES *list, struct cs_strv *names)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
        GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);
        char *printed = NULL;
        if (name->type == GEN_DNS) {
            continue;
        }
        BIO *bio = BIO_new(BIO_s_mem());
        if (bio && GENERAL_NAME_print(bio, name) == 1) {
            long len = BIO_get_mem_data(bio, &printed);
            cs_autofree char *text = cs_strndup(printed, len > 0 ? (size_t)len : 0);
            cs_strv_take(names, cs_terminal_escape(text));
        }
        BIO_free(bio);
    }
}

X509 *cs_ossl_x509(const struct cs_bytes *der)
{
    const unsigned char *next = der->data;

    if (!der->data || der->len > LONG_MAX) {
        return NULL;
    }
    X509 *x509 = d2i_X509(NULL, &next, (long)der->len);
    if (x509 && next != der->data + der->len) {
        X509_free(x509);
        return NULL;
    }
    return x509;
}

X509_REQ *cs_ossl_req(const struct cs_bytes *der)
{
    const unsigned char *next = der->data;

    if (!der->data || der->len > LONG_MAX) {
        return NULL;
    }
    X509_REQ *req = d2i_X509_REQ(NULL, &next, (long)der->len);
    if (req && next != der->data + der->len) {
        X509_REQ_free(req);
        return NULL;
    }
    return req;
}

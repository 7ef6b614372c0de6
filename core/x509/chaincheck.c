/* Do the CAs' certificates that came with a certificate belong to it? A part of cert.h. */
#include "base/mem.h"
#include "x509/cert.h"
#include "x509/ossl.h"

#include <openssl/err.h>

/* No chain is so long. */
#define CHAIN_MAX 16

struct chain {
    X509 *items[CHAIN_MAX];
    size_t count;
};

static void chain_done(struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        X509_free(chain->items[i]);
    }
}

static cs_rc add_certificate(void *ctx, const struct cs_bytes *der, struct cs_err *err)
{
    struct chain *chain = ctx;
    X509 *cert = chain->count < CHAIN_MAX ? cs_ossl_x509(der) : NULL;

    if (!cert) {
        return cs_fail(err, CS_E_INPUT, "it holds something else, or more than %d certificates",
                       CHAIN_MAX);
    }
    chain->items[chain->count++] = cert;
    return CS_OK;
}

/* The one that signed @cert; NULL if none of them did. */
static X509 *issuer_of(X509 *cert, const struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        X509 *issuer = chain->items[i];
        EVP_PKEY *key = X509_get0_pubkey(issuer);
        if (key && X509_check_issued(issuer, cert) == X509_V_OK && X509_verify(cert, key) == 1) {
            return issuer;
        }
    }
    return NULL;
}

/* What is wrong with the way from @cert to a root; NULL: nothing. The caller frees. */
static char *fault_of(X509 *cert, const struct chain *chain, int64_t now)
{
    for (size_t i = 0; i <= chain->count; i++) {
        time_t at = (time_t)now;
        X509 *issuer = issuer_of(cert, chain);
        cs_autofree char *name = NULL;
        (void)!cs_ossl_common_name(X509_get_subject_name(cert), "the certificate", &name, NULL);
        if (!issuer) {
            return cs_asprintf("the issuer of %.200s is not among them",
                               name ? name : "one of them");
        }
        if (X509_check_ca(issuer) == 0) { /* whoever has a certificate could issue others */
            return cs_asprintf("the issuer of %.200s is no CA", name ? name : "one of them");
        }
        /* 0 is a time that cannot be read. */
        if (X509_cmp_time(X509_get0_notAfter(issuer), &at) != 1 ||
            X509_cmp_time(X509_get0_notBefore(issuer), &at) != -1) {
            return cs_asprintf("the issuer of %.200s is not valid now",
                               name ? name : "one of them");
        }
        if (issuer == cert) {
            return NULL; /* a root */
        }
        cert = issuer;
    }
    return cs_strdup("they go round in a circle");
}

void cs_cert_check_chain(const struct cs_bytes *der, const struct cs_bytes *chain, int64_t now,
                         struct cs_strv *warnings)
{
    __attribute__((cleanup(chain_done))) struct chain all = {.count = 0};
    struct cs_err why = {0};
    char *fault = NULL;

    if (!chain->len) {
        return;
    }
    cs_ossl_setup();
    cs_auto(x509_st) cert = cs_ossl_x509(der);
    if (cs_cert_each(chain, add_certificate, &all, &why) != CS_OK) {
        fault = cs_strdup(why.message);
    } else if (cert) {
        fault = fault_of(cert, &all, now);
    }
    ERR_clear_error();
    if (fault) {
        cs_strv_take(warnings, cs_asprintf("the CA certificates that came with the answer do not "
                                           "lead from the certificate to a root: %s",
                                           fault));
        free(fault);
    }
}

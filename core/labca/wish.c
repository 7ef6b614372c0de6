#include "labca/wish.h"

#include "base/mem.h"
#include "model/dnsname.h"
#include "x509/csr.h"
#include "x509/spki.h"

#include <openssl/err.h>

/* The smallest RSA key that is signed, for training with what Lync once took. */
#define MIN_RSA_BITS 1024

/* The largest request that is looked at: 250 names of 255 octets fit. */
#define CSR_MAX_OCTETS ((size_t)128 << 10)

void cs_labca_wish_done(struct cs_labca_wish *wish)
{
    X509_REQ_free(wish->req);
    cs_strv_done(&wish->names);
    *wish = (struct cs_labca_wish){0};
}

/* What was wrong with the input is why the CA refuses. */
static cs_rc refuse(cs_rc rc, struct cs_err *err)
{
    if (rc != CS_OK && err) {
        err->code = CS_E_CA_REFUSED;
    }
    return rc == CS_OK ? CS_OK : CS_E_CA_REFUSED;
}

static cs_rc check_key(struct cs_labca_wish *wish, const struct cs_bytes *spki, struct cs_err *err)
{
    struct cs_key_spec spec;
    int bits = EVP_PKEY_get_bits(wish->key);

    wish->is_rsa = EVP_PKEY_get_base_id(wish->key) == EVP_PKEY_RSA;
    if (wish->is_rsa && bits < MIN_RSA_BITS) {
        return cs_fail(err, CS_E_CA_REFUSED, "the RSA key has %d bits, fewer than %d", bits,
                       MIN_RSA_BITS);
    }
    /* RSA of an odd size is another program's business; curves are those of Lync. */
    return wish->is_rsa ? CS_OK : refuse(cs_spki_spec(spki, &spec, err), err);
}

/* The extension @nid of the request in *ret_ext, NULL if there is none. */
static cs_rc get_ext(const STACK_OF(X509_EXTENSION) * exts, int nid, void **ret_ext,
                     struct cs_err *err)
{
    int critical = 0;

    *ret_ext = X509V3_get_d2i(exts, nid, &critical, NULL);
    if (!*ret_ext && critical != -1) {
        return cs_fail_openssl(err, CS_E_CA_REFUSED, "X509V3_get_d2i",
                               "the request's extension %s is broken", OBJ_nid2sn(nid));
    }
    return CS_OK;
}

static cs_rc read_purposes(const STACK_OF(X509_EXTENSION) * exts, struct cs_labca_wish *wish,
                           struct cs_err *err)
{
    void *ext = NULL;

    CS_TRY(get_ext(exts, NID_ext_key_usage, &ext, err));
    EXTENDED_KEY_USAGE *purposes = ext;
    for (int i = 0; i < sk_ASN1_OBJECT_num(purposes); i++) {
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes, i));
        wish->server_auth |= nid == NID_server_auth;
        wish->client_auth |= nid == NID_client_auth;
    }
    EXTENDED_KEY_USAGE_free(purposes);
    if (!wish->client_auth) {
        wish->server_auth = true;
    }
    return CS_OK;
}

static cs_rc read_san(const STACK_OF(X509_EXTENSION) * exts, struct cs_strv *names,
                      struct cs_err *err)
{
    void *ext = NULL;

    CS_TRY(get_ext(exts, NID_subject_alt_name, &ext, err));
    GENERAL_NAMES *list = ext;
    cs_rc rc = cs_ossl_dns_names(list, "the request", names, err);
    GENERAL_NAMES_free(list);
    return refuse(rc, err);
}

static cs_rc add_name(struct cs_strv *names, const char *text, const char *what, struct cs_err *err)
{
    struct cs_dns_name facts;
    char *name = NULL;

    CS_TRY(refuse(cs_dns_name_parse(text, what, &name, &facts, err), err));
    cs_strv_take(names, name);
    return CS_OK;
}

/* The alternative names, else the common name: clients look at nothing else any more (RFC 6125
 * section 6.4.4). */
static cs_rc read_names(const STACK_OF(X509_EXTENSION) * exts, struct cs_labca_wish *wish,
                        struct cs_err *err)
{
    cs_auto_value(cs_strv) asked = {0};
    cs_autofree char *common_name = NULL;

    CS_TRY(read_san(exts, &asked, err));
    for (size_t i = 0; i < asked.count; i++) {
        CS_TRY(add_name(&wish->names, asked.items[i], "an alternative name of the request", err));
    }
    CS_TRY(refuse(
        cs_ossl_common_name(X509_REQ_get_subject_name(wish->req), "the request", &common_name, err),
        err));
    if (wish->names.count) {
        return CS_OK;
    }
    if (!common_name) {
        return cs_fail(
            err, CS_E_CA_REFUSED,
            "the request names no server: neither an alternative name nor a common name");
    }
    return add_name(&wish->names, common_name, "the request's common name", err);
}

static cs_rc read_extensions(struct cs_labca_wish *wish, struct cs_err *err)
{
    STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(wish->req);
    cs_rc rc = read_names(exts, wish, err);

    if (rc == CS_OK) {
        rc = read_purposes(exts, wish, err);
    }
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    ERR_clear_error();
    return rc;
}

cs_rc cs_labca_wish_read(const struct cs_bytes *csr, struct cs_labca_wish *ret_wish,
                         struct cs_err *err)
{
    cs_auto_value(cs_labca_wish) wish = {0};
    cs_auto_value(cs_bytes) spki = {0};

    if (csr->len > CSR_MAX_OCTETS) {
        return cs_fail(err, CS_E_CA_REFUSED, "the request has %zu octets, more than %zu", csr->len,
                       CSR_MAX_OCTETS);
    }
    CS_TRY(refuse(cs_csr_check(csr, &spki, err), err));
    wish.req = cs_ossl_req(csr);
    wish.key = wish.req ? X509_REQ_get0_pubkey(wish.req) : NULL;
    if (!wish.key) {
        return cs_fail_openssl(err, CS_E_CA_REFUSED, "d2i_X509_REQ", "the request cannot be read");
    }
    CS_TRY(check_key(&wish, &spki, err));
    CS_TRY(read_extensions(&wish, err));
    *ret_wish = wish;
    wish = (struct cs_labca_wish){0};
    return CS_OK;
}

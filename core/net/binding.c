#include "net/binding.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

#define PREFIX "tls-server-end-point:"

static const EVP_MD *hash_of(const X509 *certificate)
{
    int digest = NID_undef;

    if (!OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, NULL) ||
        digest == NID_undef || digest == NID_md5 || digest == NID_sha1 || digest == NID_md5_sha1) {
        return EVP_sha256();
    }
    return EVP_get_digestbynid(digest);
}

cs_rc cs_binding_of_certificate(X509 *certificate, struct cs_bytes *ret_binding, struct cs_err *err)
{
    unsigned char octets[sizeof PREFIX - 1 + EVP_MAX_MD_SIZE] = PREFIX;
    const EVP_MD *hash = hash_of(certificate);
    unsigned len = 0;

    if (!hash || !X509_digest(certificate, hash, octets + strlen(PREFIX), &len)) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "the TLS connection cannot be bound: the hash of the server's certificate "
                       "is not known");
    }
    *ret_binding = cs_bytes_copy(octets, strlen(PREFIX) + len);
    return CS_OK;
}

cs_rc cs_binding_of(const SSL *ssl, struct cs_bytes *ret_binding, struct cs_err *err)
{
    X509 *certificate = SSL_get1_peer_certificate(ssl);

    if (!certificate) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "the TLS connection cannot be bound: the server has no certificate");
    }
    cs_rc rc = cs_binding_of_certificate(certificate, ret_binding, err);
    X509_free(certificate);
    return rc;
}

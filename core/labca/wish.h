/* What a request asks of the lab CA, as far as the lab CA grants it. */
#ifndef CS_LABCA_WISH_H
#define CS_LABCA_WISH_H

#include "base/strv.h"
#include "x509/ossl.h"

struct cs_labca_wish {
    X509_REQ *req;
    EVP_PKEY *key; /* of req */
    bool is_rsa;
    struct cs_strv names; /* dNSName */
    bool server_auth;
    bool client_auth;
};
void cs_labca_wish_done(struct cs_labca_wish *wish);

/* CS_E_CA_REFUSED says why the lab CA does not sign it. */
CS_MUST_CHECK cs_rc cs_labca_wish_read(const struct cs_bytes *csr, struct cs_labca_wish *ret_wish,
                                       struct cs_err *err);

#endif

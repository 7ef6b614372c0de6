/* The certificates on a token, and the keys that belong to certificates. */
#ifndef CS_PKCS11_CERTLIST_H
#define CS_PKCS11_CERTLIST_H

#include "pkcs11/token_internal.h"

/* See each_certificate(), find_id() and put_certificate_at() of port/keystore.h. */
CS_MUST_CHECK cs_rc cs_certlist_each(struct cs_token *token, cs_certificate_fn each, void *ctx,
                                     struct cs_err *err);
CS_MUST_CHECK cs_rc cs_certlist_find_id(struct cs_token *token, const struct cs_bytes *spki,
                                        struct cs_bytes *ret_id, struct cs_err *err);
CS_MUST_CHECK cs_rc cs_certlist_put_at(struct cs_token *token, const struct cs_bytes *id,
                                       const char *label, const struct cs_bytes *der,
                                       struct cs_err *err);

#endif

/* The lab CA: a CA for tests and training whose own key is on the token. Its issuer name says what
 * it is. */
#ifndef CS_LABCA_LABCA_H
#define CS_LABCA_LABCA_H

#include "base/err.h"
#include "port/ca.h"
#include "port/keystore.h"
#include "port/store.h"

#include <stdbool.h>

/* One `ca` section of type lab. Strings are borrowed; NULL where the section says nothing. */
struct cs_labca_config {
    const char *authority; /* which lab CA of the store; NULL: the only one */
    bool hold;             /* policy = hold */
    const char *crl_url;   /* into each certificate, as CRL distribution point */
    const char *aia_url;   /* into each certificate, as caIssuers */
    const char *crl_file;  /* written after each revocation and each issue */
    long validity_days;    /* of the certificates */
};

#define CS_LABCA_VALIDITY_DAYS    365
#define CS_LABCA_CA_VALIDITY_DAYS 3650
#define CS_LABCA_CRL_DAYS         7

/* Makes the CA @name: a key pair on the token (never exportable), a self-signed certificate
 * "CN=<name> (cscert lab CA, not for production)", the row, the certificate on the token.
 * CS_E_USAGE if the name is taken or unusable. On failure nothing is left, except that a CA whose
 * certificate alone the token did not take is ready all the same, which the hint says. After a
 * crash the store's intent tells `recover` which key to destroy. */
CS_MUST_CHECK cs_rc cs_labca_init(struct cs_store *store, struct cs_keystore *keystore,
                                  const char *name, const struct cs_key_spec *spec,
                                  struct cs_err *err);

/* The port's view of it. The source is opened only when something is signed. */
CS_MUST_CHECK cs_rc cs_labca_open(struct cs_store *store, struct cs_keystore_source *source,
                                  const struct cs_labca_config *config, struct cs_ca **ret_ca,
                                  struct cs_err *err);

/* Issues, denies or revokes the CA's request @id and, where configured, writes the CRL. CS_E_USAGE
 * if there is no such request, it is another authority's than the configured one, or it is not in
 * a state for that. */
CS_MUST_CHECK cs_rc cs_labca_approve(struct cs_store *store, struct cs_keystore_source *source,
                                     const struct cs_labca_config *config, int64_t id,
                                     struct cs_err *err);
CS_MUST_CHECK cs_rc cs_labca_deny(struct cs_store *store, const struct cs_labca_config *config,
                                  int64_t id, const char *reason, struct cs_err *err);
CS_MUST_CHECK cs_rc cs_labca_revoke(struct cs_store *store, struct cs_keystore_source *source,
                                    const struct cs_labca_config *config, int64_t id,
                                    struct cs_err *err);

#endif

/* What the flow needs of a token. Implemented by pkcs11/. No CK_* type passes here. */
#ifndef CS_PORT_KEYSTORE_H
#define CS_PORT_KEYSTORE_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/strv.h"
#include "model/keyattr.h"
#include "model/keyspec.h"
#include "model/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cs_keystore;

/* A key pair on the token. The implementation embeds it; the flow reads. */
struct cs_key {
    uint8_t id[CS_KEY_ID_LEN];
    char *label;
    char *uri; /* RFC 7512: token and id of the private key, without module-path and PIN */
    struct cs_key_spec spec;
    struct cs_bytes spki; /* DER SubjectPublicKeyInfo */
    struct cs_key_attrs attrs;
    enum cs_generation generation;
};

struct cs_key_request {
    struct cs_key_spec spec;
    uint8_t id[CS_KEY_ID_LEN]; /* CKA_ID that both halves get */
    const char *label;
    bool exportable;
    bool id_is_fresh; /* @id was drawn in this run, 160 random bits: nothing on the token can have
                         it, and nobody needs to look */
};

/* The token in hand, for reports and records. Strings without padding. */
struct cs_token_info {
    char *uri; /* RFC 7512: token, manufacturer, model, serial */
    char *label;
    char *manufacturer;
    char *model;
    char *serial;
    char *module_path;
    char *profile; /* name of the token profile in force; "generic" if none fits */
};

void cs_token_info_done(struct cs_token_info *info);

/* Objects that an interrupted generation can leave and that carry no CKA_ID of ours. */
struct cs_stray {
    char *name; /* made of what can be read of the object, e.g. "private-3f2a9c01d4e5": for removal
                   by name */
    char *class_name; /* "private key", "public key", "certificate" */
    char *label;      /* may be "" */
    size_t count;     /* objects that cannot be told apart share a name */
};

struct cs_stray_list {
    struct cs_stray *items;
    size_t count;
};
void cs_stray_list_done(struct cs_stray_list *list);

/* A certificate object. Borrowed for the call. */
struct cs_certificate_object {
    struct cs_bytes der;
    struct cs_bytes id;   /* CKA_ID; may be empty, and need not be CS_KEY_ID_LEN octets */
    const char *label;    /* "" if it has none */
    const char *uri;      /* RFC 7512: the token, and the certificate by id or label */
    bool has_private_key; /* a private key of that CKA_ID is on the token */
    enum cs_answer local; /* that key's CKA_LOCAL; CS_UNKNOWN where the answer is not truthful */
};
typedef cs_rc (*cs_certificate_fn)(void *ctx, const struct cs_certificate_object *object,
                                   struct cs_err *err);

struct cs_keystore_ops {
    const struct cs_token_info *(*info)(const struct cs_keystore *store);

    /* Before anything is made: mechanism, size range, a usable signature, room for writing,
     * exportability as the profile knows it. Costs no object. CS_E_TOKEN_REFUSED. */
    cs_rc (*check)(struct cs_keystore *store, const struct cs_key_spec *spec, bool exportable,
                   struct cs_err *err);

    /* Makes the pair on the token and reads it back. An attribute that does not read back as asked
     * destroys the pair: CS_E_TOKEN_REFUSED. On failure nothing of it is left. A CKA_ID
     * that is not fresh and that a key on the token has is refused (CS_E_TOKEN_REFUSED) and that
     * key left alone; with session-copy, where the pair is in the session until keep(), find()
     * refuses two of one. */
    cs_rc (*generate)(struct cs_keystore *store, const struct cs_key_request *request,
                      struct cs_key **ret_key, struct cs_err *err);

    /* PKCS#1 v1.5 signature or DER Ecdsa-Sig-Value over @digest of cs_digest_len(@algorithm)
     * octets. */
    cs_rc (*sign)(struct cs_keystore *store, struct cs_key *key, enum cs_digest algorithm,
                  const uint8_t *digest, struct cs_bytes *ret_signature, struct cs_err *err);

    /* After this the pair is on the token, read back with the same answers. Nothing to do for a
     * pair that was made there; of one that find() gave it says whether both halves are there. On
     * failure nothing is left on the token of what this made. */
    cs_rc (*keep)(struct cs_keystore *store, struct cs_key *key, struct cs_err *err);

    /* The pair of that CKA_ID. *ret_key is NULL if no private key carries it; CS_E_TOKEN_REFUSED if
     * several do. */
    cs_rc (*find)(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                  struct cs_key **ret_key, struct cs_err *err);

    /* Puts @der on the token as a certificate under the key's CKA_ID and label. An equal one that
     * is there already counts as done. */
    cs_rc (*put_certificate)(struct cs_keystore *store, const struct cs_key *key,
                             const struct cs_bytes *der, struct cs_err *err);

    /* Puts a CA's certificate on the token, with the SHA-1 of its public key as CKA_ID. */
    cs_rc (*put_ca_certificate)(struct cs_keystore *store, const struct cs_bytes *der,
                                const char *label, struct cs_err *err);

    /* Destroys every private and public key with that CKA_ID, and no certificate; *ret_count tells
     * how many objects. */
    cs_rc (*destroy)(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN], size_t *ret_count,
                     struct cs_err *err);

    /* True if a certificate with that CKA_ID is on the token. */
    cs_rc (*has_certificate)(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                             bool *ret_has, struct cs_err *err);

    /* Private and public keys without a CKA_ID. */
    cs_rc (*strays)(struct cs_keystore *store, struct cs_stray_list *ret_list, struct cs_err *err);

    /* Destroys what strays() lists under @name; CS_E_TOKEN_ABSENT if nothing has that name. */
    cs_rc (*remove_stray)(struct cs_keystore *store, const char *name, size_t *ret_count,
                          struct cs_err *err);

    /* The private half as DER PrivateKeyInfo (PKCS#8) in locked memory, wrapped on the token and
     * unwrapped here. CS_E_POLICY, before the token is asked, unless CKA_EXTRACTABLE reads back
     * true; CS_E_TOKEN_REFUSED names the wrapping that the token lacks, or that what came out is
     * not the key. *ret_how is the mechanism's name for the record; the caller frees. */
    cs_rc (*export_key)(struct cs_keystore *store, struct cs_key *key, struct cs_secret **ret_pkcs8,
                        char **ret_how, struct cs_err *err);

    /* Puts a pair whose private half is @pkcs8 on the token under request's CKA_ID and label: not
     * born there, CKA_LOCAL reads false. Its spec must be request's. Read back as generate() does;
     * on failure nothing is left on the token. */
    cs_rc (*import_key)(struct cs_keystore *store, const struct cs_key_request *request,
                        const struct cs_secret *pkcs8, struct cs_key **ret_key, struct cs_err *err);

    /* Copies @key to @target, another token of the same implementation, wrapped from end to end:
     * it is in clear on neither the host's memory nor the wire. CS_E_POLICY as export_key();
     * CS_E_TOKEN_REFUSED says which mechanism which of the two lacks. On failure nothing is left
     * on either. *ret_how as export_key(). */
    cs_rc (*transfer_key)(struct cs_keystore *store, struct cs_key *key, struct cs_keystore *target,
                          const struct cs_key_request *request, struct cs_key **ret_key,
                          char **ret_how, struct cs_err *err);

    /* The CKA_ID of the private key that belongs to @spki, whoever put it there and however long
     * the CKA_ID is; *ret_id is empty if the token has none. */
    cs_rc (*find_id)(struct cs_keystore *store, const struct cs_bytes *spki,
                     struct cs_bytes *ret_id, struct cs_err *err);

    /* As put_certificate(), under a CKA_ID that find_id() gave. @label NULL: the key's. */
    cs_rc (*put_certificate_at)(struct cs_keystore *store, const struct cs_bytes *id,
                                const char *label, const struct cs_bytes *der, struct cs_err *err);

    /* Calls @each with every X.509 certificate on the token; stops on the first result that is not
     * CS_OK. One that cannot be read, or is too large, is reported with der empty. */
    cs_rc (*each_certificate)(struct cs_keystore *store, cs_certificate_fn each, void *ctx,
                              struct cs_err *err);

    void (*key_free)(struct cs_key *key);
    void (*close)(struct cs_keystore *store);
};

struct cs_keystore {
    const struct cs_keystore_ops *ops;
    unsigned shares; /* holders beside the first */
};

/* The same open token for one holder more: one run logs in once. Each holder closes it. */
struct cs_keystore *cs_keystore_share(struct cs_keystore *store);

/* Ends one holder's use; the last one's closes the token. NULL is nothing. */
void cs_keystore_close(struct cs_keystore *store);
CS_DEFINE_AUTO(cs_keystore, cs_keystore_close);

/* Opening costs a login, so that the flow does it only when it must. */
struct cs_keystore_source {
    cs_rc (*open)(struct cs_keystore_source *source, struct cs_keystore **ret_store,
                  struct cs_err *err);
};

#endif

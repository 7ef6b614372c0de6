/* One request with everything that is known of it: a row of the store. */
#ifndef CS_MODEL_REQUEST_H
#define CS_MODEL_REQUEST_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/keyattr.h"
#include "model/plan.h"
#include "model/state.h"

#include <stddef.h>
#include <stdint.h>

/* Octets of a CKA_ID that we make: 160 random bits. */
#define CS_KEY_ID_LEN 20

struct cs_request {
    int64_t id; /* RequestId; 0 before it is stored */
    enum cs_state state;
    int64_t created; /* seconds since 1970 */
    int64_t updated;
    struct cs_plan *plan;

    uint8_t key_id[CS_KEY_ID_LEN]; /* CKA_ID */
    char *label;                   /* CKA_LABEL of key and certificate */
    char *token_uri;           /* RFC 7512: the token, without module-path and without any secret */
    char *module_path;         /* of the module through which it was reached; may be NULL */
    char *key_uri;             /* RFC 7512: the private key; NULL before it is generated */
    struct cs_key_attrs attrs; /* as read back */
    enum cs_generation generation;
    struct cs_bytes spki; /* DER SubjectPublicKeyInfo */
    struct cs_bytes csr;  /* DER PKCS#10 */

    char *ca_request_id;         /* the CA's own number; NULL if it gave none */
    char *ca_handle;             /* what polling needs, as the CA's protocol says; opaque here */
    char *ca_message;            /* the CA's last words */
    struct cs_bytes certificate; /* DER */
    struct cs_bytes chain;       /* concatenated DER certificates, issuer first */

    struct cs_err error; /* why FAILED or DENIED, or what went wrong last; code CS_OK: nothing */
};

struct cs_request *cs_request_new(void);
void cs_request_free(struct cs_request *request);
CS_DEFINE_AUTO(cs_request, cs_request_free);

/* Requests in the order of their numbers; {0} is empty. */
struct cs_request_list {
    struct cs_request **items;
    size_t count;
};

void cs_request_list_add(struct cs_request_list *list, struct cs_request *request);
void cs_request_list_done(struct cs_request_list *list);

#endif

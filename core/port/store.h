/* What the flow needs of the store. Implemented by store/ on SQLite; there is one implementation,
 * so that these are functions and no table. */
#ifndef CS_PORT_STORE_H
#define CS_PORT_STORE_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "model/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cs_store;

struct cs_event;
struct cs_use;
struct cs_imported_key;

/* What a journal record is about: a request that has reached its state, or to which @event
 * happened; what now serves the certificate type @type; or a key that came from a file. */
struct cs_record {
    const struct cs_request *request; /* NULL: none */
    const struct cs_event *event;     /* NULL: a transition */

    const char *word; /* without a request: "assigned", "staged", "unassigned", "key-imported" */
    const char *type;
    const struct cs_use *uses;
    size_t use_count;
    const struct cs_imported_key *key;
};

/* Makes a journal record: one canonical JSON object (RFC 8785) as text the caller frees.
 * @sequence is the record's number in the store, @previous the text of the record before it or
 * NULL. Called inside the transaction. */
typedef cs_rc (*cs_record_fn)(void *ctx, int64_t sequence, const char *previous, int64_t time,
                              const struct cs_record *record, char **ret_json, struct cs_err *err);

/* Opens or makes the file (0600). A store of an older schema is migrated on a copy that then
 * replaces it; one of a newer schema, a corrupt one and one that stays locked for @wait_ms are
 * CS_E_STORE. */
CS_MUST_CHECK cs_rc cs_store_open(const char *path, unsigned wait_ms, cs_record_fn record,
                                  void *record_ctx, struct cs_store **ret_store,
                                  struct cs_err *err);

/* As cs_store_open(), but a store that is not there is not made: *ret_store is NULL. Nothing can be
 * written. */
CS_MUST_CHECK cs_rc cs_store_open_readonly(const char *path, unsigned wait_ms,
                                           struct cs_store **ret_store, struct cs_err *err);

void cs_store_close(struct cs_store *store); /* NULL is nothing */
CS_DEFINE_AUTO(cs_store, cs_store_close);

/* Stores a request in PLANNED with its journal record; sets id, created and updated. */
CS_MUST_CHECK cs_rc cs_store_add(struct cs_store *store, struct cs_request *request,
                                 struct cs_err *err);

/* Takes @request to @to, with all its fields as they now are and the journal record, in one
 * transaction. On success request->state and request->updated are the new ones; on failure @request
 * is as it was. CS_E_INTERNAL if the table of model/state.h has no such transition, CS_E_STORE if
 * the stored state is not request->state any more (another process was faster) or the disk fails.
 */
CS_MUST_CHECK cs_rc cs_store_transition(struct cs_store *store, struct cs_request *request,
                                        enum cs_state to, struct cs_err *err);

/* The transitions of @path (at least one) one after the other in one commit, each with its record:
 * for results that belong together. As cs_store_transition() otherwise. */
CS_MUST_CHECK cs_rc cs_store_transitions(struct cs_store *store, struct cs_request *request,
                                         const enum cs_state *path, size_t path_len,
                                         struct cs_err *err);

/* Writes error and ca_* fields of @request without a change of state (a poll that failed). No
 * journal record. */
CS_MUST_CHECK cs_rc cs_store_note(struct cs_store *store, const struct cs_request *request,
                                  struct cs_err *err);

/* CS_E_USAGE if there is no such number. */
CS_MUST_CHECK cs_rc cs_store_get(struct cs_store *store, int64_t id,
                                 struct cs_request **ret_request, struct cs_err *err);

/* True if cs_store_get() failed because of what stands in the rows of that request alone, and not
 * because the store could not be read. */
bool cs_store_is_damaged_row(const struct cs_err *err);

/* What a certificate is known by. Any of them may be empty. */
struct cs_identity {
    const struct cs_bytes *certificate; /* DER */
    const struct cs_bytes *spki;        /* DER SubjectPublicKeyInfo */
    const struct cs_bytes *key_id;      /* CKA_ID of its private key */
};

/* For a request that cannot be read: false if it is certainly not the one of that certificate or
 * its key, as far as its row still tells. */
CS_MUST_CHECK cs_rc cs_store_may_be_of(struct cs_store *store, int64_t id,
                                       const struct cs_identity *identity, bool *ret_may,
                                       struct cs_err *err);

/* The request that the CA knows under its own number; CS_E_USAGE if there is none or several. */
CS_MUST_CHECK cs_rc cs_store_find_ca_id(struct cs_store *store, const char *ca_request_id,
                                        int64_t *ret_id, struct cs_err *err);

/* The numbers of all requests whose state @keep likes, ascending. The caller frees *ret_ids. */
CS_MUST_CHECK cs_rc cs_store_ids(struct cs_store *store, bool (*keep)(enum cs_state state),
                                 int64_t **ret_ids, size_t *ret_count, struct cs_err *err);

/* True if another request than @id that is not CLEARED or FAILED has this CKA_ID. */
CS_MUST_CHECK cs_rc cs_store_key_is_shared(struct cs_store *store, int64_t id,
                                           const uint8_t key_id[CS_KEY_ID_LEN], bool *ret_shared,
                                           struct cs_err *err);

/* True if a request with this label exists that is not CLEARED or FAILED. */
CS_MUST_CHECK cs_rc cs_store_label_is_used(struct cs_store *store, const char *label,
                                           bool *ret_used, struct cs_err *err);

/* Calls @each with every journal record from the first; stops on the first result that is not
 * CS_OK. */
CS_MUST_CHECK cs_rc cs_store_records(struct cs_store *store,
                                     cs_rc (*each)(void *ctx, int64_t sequence, const char *json,
                                                   struct cs_err *err),
                                     void *ctx, struct cs_err *err);

/* The numbers of the requests for @pool (of a topology) that are not CLEARED or FAILED, ascending.
 * The caller frees *ret_ids. */
CS_MUST_CHECK cs_rc cs_store_pool_ids(struct cs_store *store, const char *pool, int64_t **ret_ids,
                                      size_t *ret_count, struct cs_err *err);

/* ---- which certificate serves which type ---- */

/* Set-CsCertificate keeps two for a type, and a third that is to follow. */
enum cs_use_slot { CS_USE_CURRENT, CS_USE_PREVIOUS, CS_USE_STAGED, CS_USE_COUNT };
const char *cs_use_slot_name(enum cs_use_slot slot); /* "current", "previous", "staged" */

/* One certificate that serves a type. {0} is none. */
struct cs_use {
    char *type; /* as model/certtype.h writes it: "Default", "OAuthTokenIssuer" */
    enum cs_use_slot slot;
    struct cs_bytes certificate; /* DER */
    char *token_uri;             /* RFC 7512: where certificate and key are; may be NULL */
    struct cs_bytes key_id;      /* CKA_ID; may be empty: the key is not on a token of ours */
    int64_t assigned;            /* seconds since 1970 */
    int64_t effective;           /* from when a staged one serves; 0: at once */
};
void cs_use_done(struct cs_use *use);

struct cs_use_list {
    struct cs_use *items;
    size_t count;
};
void cs_use_list_done(struct cs_use_list *list);

/* All of them, by type in the order of the table of types, then by slot. */
CS_MUST_CHECK cs_rc cs_store_uses(struct cs_store *store, struct cs_use_list *ret_list,
                                  struct cs_err *err);

/* Replaces all rows of @type by @uses (0 to CS_USE_COUNT of them, each slot once) and writes one
 * journal record of type @record ("assigned", "staged", "unassigned") in the same transaction. */
CS_MUST_CHECK cs_rc cs_store_use_set(struct cs_store *store, const char *type,
                                     const struct cs_use *uses, size_t count, const char *record,
                                     struct cs_err *err);

/* ---- keys that were not born on their token ---- */

struct cs_imported_key {
    uint8_t key_id[CS_KEY_ID_LEN]; /* CKA_ID */
    char *token_uri;
    struct cs_bytes certificate; /* DER, of that key */
    int64_t imported;            /* seconds since 1970 */
};
void cs_imported_key_done(struct cs_imported_key *key);

/* Keeps the row with a journal record "key-imported", sets @imported, and removes the key's intent,
 * in one transaction. */
CS_MUST_CHECK cs_rc cs_store_imported_add(struct cs_store *store, struct cs_imported_key *key,
                                          struct cs_err *err);

/* True if that key was imported by this store's runs. */
CS_MUST_CHECK cs_rc cs_store_is_imported(struct cs_store *store,
                                         const uint8_t key_id[CS_KEY_ID_LEN], bool *ret_is,
                                         struct cs_err *err);

/* ---- what happens to a request without a change of state ---- */

/* Writes a journal record of @request of the given type ("exporting", "exported", "transferring",
 * "transferred", "transfer-undone") with @details (names and texts, no secret; a URI without its
 * query; may be empty) beside the request's own fields. */
struct cs_event {
    const char *type;
    const struct cs_event_detail {
        const char *name;
        const char *text;
    } * details;
    size_t count;
};
CS_MUST_CHECK cs_rc cs_store_event(struct cs_store *store, const struct cs_request *request,
                                   const struct cs_event *event, struct cs_err *err);

/* How many records of that type the request @id has. Reads the whole journal. */
CS_MUST_CHECK cs_rc cs_store_count_events(struct cs_store *store, int64_t id, const char *type,
                                          int64_t *ret_count, struct cs_err *err);

/* A copy of a request's key that was begun (a record "transferring"), and nothing says how that
 * ended: no later record "transferred" or "transfer-undone" of that request and target. */
struct cs_open_transfer {
    int64_t request_id;
    char *target; /* RFC 7512: the token, as it was recorded */
    char *format; /* "exportable" or "not exportable": what the copy was to be; may be NULL */
};

struct cs_open_transfer_list {
    struct cs_open_transfer *items;
    size_t count;
};
void cs_open_transfer_list_done(struct cs_open_transfer_list *list);

/* All of them, each target of a request once. Reads the whole journal. */
CS_MUST_CHECK cs_rc cs_store_open_transfers(struct cs_store *store,
                                            struct cs_open_transfer_list *ret_list,
                                            struct cs_err *err);

/* ---- several writes in one commit ---- */

/* From here on writes are taken together, until cs_store_group_end() commits them or
 * cs_store_group_undo() takes them back. No group stays open across a call of the token. A write
 * that fails inside is undone alone. If the commit fails nothing of the group has happened in the
 * store, and the requests' in-memory states are the caller's to put right. Groups do not nest. */
CS_MUST_CHECK cs_rc cs_store_group_begin(struct cs_store *store, struct cs_err *err);
CS_MUST_CHECK cs_rc cs_store_group_end(struct cs_store *store, struct cs_err *err);
void cs_store_group_undo(struct cs_store *store);

/* ---- the local replica of the topology ---- */

struct cs_topology_row {
    int64_t id;       /* 0 before it is stored */
    int64_t imported; /* seconds since 1970 */
    char *signature;  /* the document's version stamp; may be NULL */
    char *sha256;     /* of the documents, lower-case hexadecimal, joined by "," in their order */
    char *documents;  /* their names, joined by newlines */
    char *json;       /* core/wire/topojson.h; opaque here */
};
void cs_topology_row_done(struct cs_topology_row *row);

/* Keeps every import, but one that is equal to the latest (by sha256) only once. Sets id and
 * imported. */
CS_MUST_CHECK cs_rc cs_store_topology_add(struct cs_store *store, struct cs_topology_row *row,
                                          struct cs_err *err);

/* The latest import (@back 0), the one before it (1), and so on; *ret_found tells whether there is
 * one. */
CS_MUST_CHECK cs_rc cs_store_topology_get(struct cs_store *store, unsigned back,
                                          struct cs_topology_row *ret_row, bool *ret_found,
                                          struct cs_err *err);

/* ---- keys that no request stands for: a lab CA's before its row, an ended request's ---- */

/* A key that is about to be generated or destroyed: what `recover` undoes after a crash. */
struct cs_key_intent {
    uint8_t key_id[CS_KEY_ID_LEN];
    char *token_uri;
};

struct cs_key_intent_list {
    struct cs_key_intent *items;
    size_t count;
};
void cs_key_intent_list_done(struct cs_key_intent_list *list);

/* One that is there already is no error. */
CS_MUST_CHECK cs_rc cs_store_intent_add(struct cs_store *store, const struct cs_key_intent *intent,
                                        struct cs_err *err);

/* The key is gone, or something of the store stands for it now. One that is not there is no error.
 */
CS_MUST_CHECK cs_rc cs_store_intent_remove(struct cs_store *store,
                                           const uint8_t key_id[CS_KEY_ID_LEN], struct cs_err *err);
CS_MUST_CHECK cs_rc cs_store_intents(struct cs_store *store, struct cs_key_intent_list *ret_list,
                                     struct cs_err *err);

/* ---- the lab CA's rows ---- */

struct cs_labca_row {
    char *name;
    uint8_t key_id[CS_KEY_ID_LEN];
    char *token_uri;
    struct cs_bytes certificate; /* DER, self-signed */
    int64_t crl_number;          /* of the last CRL; 0: none yet */
    int64_t created;
};
void cs_labca_row_done(struct cs_labca_row *row);

enum cs_labca_state { CS_LABCA_PENDING, CS_LABCA_ISSUED, CS_LABCA_DENIED, CS_LABCA_REVOKED };

struct cs_labca_request {
    int64_t id; /* the CA's RequestId; 0 before it is stored */
    char *ca;
    enum cs_labca_state state;
    struct cs_bytes csr;
    char *template_name;         /* may be NULL */
    char *account;               /* may be NULL */
    char *serial;                /* hexadecimal; NULL before it is issued */
    struct cs_bytes certificate; /* DER */
    char *message;               /* why denied or revoked; may be NULL */
    int64_t created;
    int64_t updated;
};
void cs_labca_request_done(struct cs_labca_request *request);

struct cs_labca_request_list {
    struct cs_labca_request *items;
    size_t count;
};
void cs_labca_request_list_done(struct cs_labca_request_list *list);

/* Adds the CA and removes the intent of its key. CS_E_USAGE if the name is taken. */
CS_MUST_CHECK cs_rc cs_store_labca_add(struct cs_store *store, const struct cs_labca_row *row,
                                       struct cs_err *err);

/* *ret_found tells whether there is one; @name NULL: the only one there is (CS_E_USAGE if several).
 */
CS_MUST_CHECK cs_rc cs_store_labca_get(struct cs_store *store, const char *name,
                                       struct cs_labca_row *ret_row, bool *ret_found,
                                       struct cs_err *err);

/* Counts the CRL number up by one and gives the new one. */
CS_MUST_CHECK cs_rc cs_store_labca_next_crl(struct cs_store *store, const char *name,
                                            int64_t *ret_number, struct cs_err *err);

/* A new row (sets id, times), or the row of the same CA and CSR if there is one (*ret_known). */
CS_MUST_CHECK cs_rc cs_store_labca_request_add(struct cs_store *store,
                                               struct cs_labca_request *request, bool *ret_known,
                                               struct cs_err *err);
CS_MUST_CHECK cs_rc cs_store_labca_request_get(struct cs_store *store, int64_t id,
                                               struct cs_labca_request *ret_request,
                                               struct cs_err *err);

/* Writes state, serial, certificate and message; CS_E_STORE if the stored state is not @from any
 * more. */
CS_MUST_CHECK cs_rc cs_store_labca_request_update(struct cs_store *store,
                                                  const struct cs_labca_request *request,
                                                  enum cs_labca_state from, struct cs_err *err);

/* All requests of a CA in that state, ascending; @ca NULL: of every CA. */
CS_MUST_CHECK cs_rc cs_store_labca_requests(struct cs_store *store, const char *ca,
                                            enum cs_labca_state state,
                                            struct cs_labca_request_list *ret_list,
                                            struct cs_err *err);

#endif

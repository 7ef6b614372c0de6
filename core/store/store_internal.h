/* The store's inside, for its own files and for the tests of its migrations. */
#ifndef CS_STORE_STORE_INTERNAL_H
#define CS_STORE_STORE_INTERNAL_H

#include "port/store.h"
#include "store/db.h"
#include "store/schema.h"

struct cs_store {
    struct cs_db db;
    cs_record_fn record;
    void *record_ctx;
};

/* As cs_store_open() and cs_store_open_readonly(), with another program's schema. */
CS_MUST_CHECK cs_rc cs_store_open_schema(const char *path, unsigned wait_ms, cs_record_fn record,
                                         void *record_ctx, const struct cs_schema *schema,
                                         struct cs_store **ret_store, struct cs_err *err);
CS_MUST_CHECK cs_rc cs_store_open_readonly_schema(const char *path, unsigned wait_ms,
                                                  const struct cs_schema *schema,
                                                  struct cs_store **ret_store, struct cs_err *err);

/* Makes the next journal record and adds it. Inside a transaction. */
CS_MUST_CHECK cs_rc cs_store_write_record(const struct cs_store *store, int64_t time,
                                          const struct cs_record *record, struct cs_err *err);

/* Inside a transaction; see cs_store_intent_remove(). */
CS_MUST_CHECK cs_rc cs_store_intent_delete(const struct cs_db *db,
                                           const uint8_t key_id[CS_KEY_ID_LEN], struct cs_err *err);

#endif

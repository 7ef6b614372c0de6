#include "port/store.h"

#include "base/mem.h"
#include "store/query.h"
#include "store/store_internal.h"

#include <string.h>

/* More cannot have been left: each run makes one. */
#define INTENTS_MAX 10000

static cs_rc add_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    const struct cs_key_intent *intent = ctx;
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(db,
                         "INSERT INTO key_intent (key_id, token_uri) VALUES (?, ?)"
                         " ON CONFLICT (key_id) DO NOTHING",
                         &query, err));
    cs_query_bind_blob(&query, intent->key_id, CS_KEY_ID_LEN);
    cs_query_bind_text(&query, intent->token_uri, CS_QUERY_TEXT_MAX);
    return cs_query_run(&query, err);
}

cs_rc cs_store_intent_add(struct cs_store *store, const struct cs_key_intent *intent,
                          struct cs_err *err)
{
    struct cs_key_intent copy = *intent;

    return cs_db_transaction(&store->db, add_work, &copy, err);
}

cs_rc cs_store_intent_delete(const struct cs_db *db, const uint8_t key_id[CS_KEY_ID_LEN],
                             struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(db, "DELETE FROM key_intent WHERE key_id = ?", &query, err));
    cs_query_bind_blob(&query, key_id, CS_KEY_ID_LEN);
    return cs_query_run(&query, err);
}

static cs_rc remove_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    return cs_store_intent_delete(db, ctx, err);
}

cs_rc cs_store_intent_remove(struct cs_store *store, const uint8_t key_id[CS_KEY_ID_LEN],
                             struct cs_err *err)
{
    uint8_t copy[CS_KEY_ID_LEN];

    memcpy(copy, key_id, sizeof copy);
    return cs_db_transaction(&store->db, remove_work, copy, err);
}

static cs_rc read_intent(struct cs_query *query, struct cs_key_intent *intent, struct cs_err *err)
{
    cs_auto_value(cs_bytes) id = {0};

    CS_TRY(cs_query_blob(query, 0, &id, err));
    if (id.len != CS_KEY_ID_LEN) {
        return cs_query_fail_column(query, 0, err);
    }
    memcpy(intent->key_id, id.data, CS_KEY_ID_LEN);
    CS_TRY(cs_query_text(query, 1, CS_QUERY_TEXT_MAX, &intent->token_uri, err));
    return intent->token_uri ? CS_OK : cs_query_fail_column(query, 1, err);
}

cs_rc cs_store_intents(struct cs_store *store, struct cs_key_intent_list *ret_list,
                       struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    cs_auto_value(cs_key_intent_list) list = {0};
    bool row = false;

    CS_TRY(cs_query_open(&store->db, "SELECT key_id, token_uri FROM key_intent", &query, err));
    for (;;) {
        CS_TRY(cs_query_step(&query, &row, err));
        if (!row || list.count == INTENTS_MAX) {
            break;
        }
        list.items = cs_realloc(list.items, list.count + 1, sizeof *list.items);
        list.items[list.count] = (struct cs_key_intent){0};
        CS_TRY(read_intent(&query, &list.items[list.count++], err));
    }
    *ret_list = list;
    list = (struct cs_key_intent_list){0};
    return CS_OK;
}

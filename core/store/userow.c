/* Which certificate serves which type, and keys that were not born on their token. */
#include "port/store.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/certtype.h"
#include "store/query.h"
#include "store/store_internal.h"

#include <stdlib.h>
#include <string.h>

#define USE_COLUMNS "type, slot, certificate, token_uri, key_id, assigned, effective"

/* ---- writing ---- */

struct change {
    const struct cs_store *store;
    int64_t now;
    struct cs_record record;
};

static cs_rc delete_uses(const struct cs_db *db, const char *type, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(db, "DELETE FROM certificate_use WHERE type = ?", &query, err));
    cs_query_bind_text(&query, type, CS_QUERY_TEXT_MAX);
    return cs_query_run(&query, err);
}

static cs_rc insert_use(const struct cs_db *db, const char *type, const struct cs_use *use,
                        struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(
        db, "INSERT INTO certificate_use (" USE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)", &query,
        err));
    cs_query_bind_text(&query, type, CS_QUERY_TEXT_MAX);
    cs_query_bind_text(&query, cs_use_slot_name(use->slot), CS_QUERY_TEXT_MAX);
    cs_query_bind_blob(&query, use->certificate.data, use->certificate.len);
    cs_query_bind_text(&query, use->token_uri, CS_QUERY_TEXT_MAX);
    cs_query_bind_blob(&query, use->key_id.len ? use->key_id.data : NULL, use->key_id.len);
    cs_query_bind_int(&query, use->assigned);
    cs_query_bind_int(&query, use->effective);
    return cs_query_run(&query, err);
}

static cs_rc set_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    const struct change *change = ctx;
    const struct cs_record *record = &change->record;

    CS_TRY(delete_uses(db, record->type, err));
    for (size_t i = 0; i < record->use_count; i++) {
        CS_TRY(insert_use(db, record->type, &record->uses[i], err));
    }
    return cs_store_write_record(change->store, change->now, record, err);
}

static bool is_sound(const char *type, const struct cs_use *uses, size_t count)
{
    bool seen[CS_USE_COUNT] = {false};

    if (cs_cert_type_find(type) == CS_TYPE_COUNT || count > CS_USE_COUNT) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if ((unsigned)uses[i].slot >= CS_USE_COUNT || seen[uses[i].slot] ||
            uses[i].certificate.len == 0) {
            return false;
        }
        seen[uses[i].slot] = true;
    }
    return true;
}

cs_rc cs_store_use_set(struct cs_store *store, const char *type, const struct cs_use *uses,
                       size_t count, const char *record, struct cs_err *err)
{
    struct change change = {
        .store = store,
        .now = cs_clock_now(),
        .record = {.word = record, .type = type, .uses = uses, .use_count = count},
    };

    if (!is_sound(type, uses, count)) {
        return cs_fail(err, CS_E_INTERNAL, "these certificates cannot serve the type \"%s\"", type);
    }
    return cs_db_transaction(&store->db, set_work, &change, err);
}

/* ---- reading ---- */

static cs_rc read_slot(struct cs_query *query, enum cs_use_slot *ret_slot, struct cs_err *err)
{
    const char *word = NULL;

    CS_TRY(cs_query_peek_text(query, 1, CS_QUERY_TEXT_MAX, &word, err));
    for (unsigned i = 0; i < CS_USE_COUNT; i++) {
        if (strcmp(word, cs_use_slot_name((enum cs_use_slot)i)) == 0) {
            *ret_slot = (enum cs_use_slot)i;
            return CS_OK;
        }
    }
    return cs_query_fail_column(query, 1, err);
}

static cs_rc read_use(struct cs_query *query, struct cs_use *use, struct cs_err *err)
{
    CS_TRY(cs_query_text(query, 0, CS_QUERY_TEXT_MAX, &use->type, err));
    if (!use->type || cs_cert_type_find(use->type) == CS_TYPE_COUNT) {
        return cs_query_fail_column(query, 0, err);
    }
    CS_TRY(read_slot(query, &use->slot, err));
    CS_TRY(cs_query_blob(query, 2, &use->certificate, err));
    if (use->certificate.len == 0) {
        return cs_query_fail_column(query, 2, err);
    }
    CS_TRY(cs_query_text(query, 3, CS_QUERY_TEXT_MAX, &use->token_uri, err));
    CS_TRY(cs_query_blob(query, 4, &use->key_id, err));
    CS_TRY(cs_query_int(query, 5, INT64_MIN, INT64_MAX, &use->assigned, err));
    return cs_query_int(query, 6, INT64_MIN, INT64_MAX, &use->effective, err);
}

static int by_type_and_slot(const void *a, const void *b)
{
    const struct cs_use *one = a;
    const struct cs_use *other = b;
    int types = (int)cs_cert_type_find(one->type) - (int)cs_cert_type_find(other->type);

    return types ? types : (int)one->slot - (int)other->slot;
}

cs_rc cs_store_uses(struct cs_store *store, struct cs_use_list *ret_list, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    cs_auto_value(cs_use_list) list = {0};
    bool row = false;

    CS_TRY(cs_query_open(&store->db, "SELECT " USE_COLUMNS " FROM certificate_use", &query, err));
    for (;;) {
        CS_TRY(cs_query_step(&query, &row, err));
        if (!row) {
            break;
        }
        /* The primary key allows no more than one of each. */
        list.items = cs_realloc(list.items, list.count + 1, sizeof *list.items);
        list.items[list.count] = (struct cs_use){0};
        CS_TRY(read_use(&query, &list.items[list.count++], err));
    }
    if (list.count) {
        qsort(list.items, list.count, sizeof *list.items, by_type_and_slot);
    }
    *ret_list = list;
    list = (struct cs_use_list){0};
    return CS_OK;
}

/* ---- imported keys ---- */

static cs_rc imported_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    const struct change *change = ctx;
    const struct cs_imported_key *key = change->record.key;
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(db,
                         "INSERT INTO imported_key (key_id, token_uri, certificate, imported)"
                         " VALUES (?, ?, ?, ?)",
                         &query, err));
    cs_query_bind_blob(&query, key->key_id, CS_KEY_ID_LEN);
    cs_query_bind_text(&query, key->token_uri, CS_QUERY_TEXT_MAX);
    cs_query_bind_blob(&query, key->certificate.data, key->certificate.len);
    cs_query_bind_int(&query, key->imported);
    CS_TRY(cs_query_run(&query, err));
    CS_TRY(cs_store_intent_delete(db, key->key_id, err));
    return cs_store_write_record(change->store, change->now, &change->record, err);
}

cs_rc cs_store_imported_add(struct cs_store *store, struct cs_imported_key *key, struct cs_err *err)
{
    struct change change = {
        .store = store,
        .now = cs_clock_now(),
        .record = {.word = "key-imported", .key = key},
    };
    const int64_t before = key->imported;

    key->imported = change.now;
    cs_rc rc = cs_db_transaction(&store->db, imported_work, &change, err);
    if (rc != CS_OK) {
        key->imported = before;
    }
    return rc;
}

cs_rc cs_store_is_imported(struct cs_store *store, const uint8_t key_id[CS_KEY_ID_LEN],
                           bool *ret_is, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(&store->db, "SELECT 1 FROM imported_key WHERE key_id = ?", &query, err));
    cs_query_bind_blob(&query, key_id, CS_KEY_ID_LEN);
    return cs_query_step(&query, ret_is, err);
}

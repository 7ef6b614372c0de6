#include "port/store.h"

#include "base/mem.h"
#include "store/query.h"
#include "store/store_internal.h"

#include <stdlib.h>

bool cs_store_is_damaged_row(const struct cs_err *err)
{
    const int primary = (int)(err->cause & 0xff);

    return err->code == CS_E_STORE && err->origin == CS_ORIGIN_SQL &&
           (primary == SQLITE_CORRUPT || primary == SQLITE_TOOBIG);
}

/* Where its public key is lost the row's CKA_ID still says that it is about another key, and its
 * state that there was none yet. */
static cs_rc open_may_be_of(const struct cs_db *db, int64_t id, const struct cs_identity *identity,
                            struct cs_query *ret_query, struct cs_err *err)
{
    CS_TRY(cs_query_open(
        db,
        "SELECT 1 FROM request WHERE id = ? AND (certificate = ? OR spki = ?"
        " OR ((typeof (spki) <> 'blob' OR length (spki) = 0) AND state IS NOT ?"
        " AND NOT (typeof (key_id) = 'blob' AND length (key_id) = ? AND key_id <> ?)))",
        ret_query, err));
    cs_query_bind_int(ret_query, id);
    cs_query_bind_blob(ret_query, identity->certificate->data, identity->certificate->len);
    cs_query_bind_blob(ret_query, identity->spki->data, identity->spki->len);
    cs_query_bind_text(ret_query, cs_state_name(CS_STATE_PLANNED), CS_QUERY_TEXT_MAX);
    cs_query_bind_int(ret_query, CS_KEY_ID_LEN);
    cs_query_bind_blob(ret_query, identity->key_id->len ? identity->key_id->data : (uint8_t *)"",
                       identity->key_id->len);
    return CS_OK;
}

cs_rc cs_store_may_be_of(struct cs_store *store, int64_t id, const struct cs_identity *identity,
                         bool *ret_may, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    struct cs_err problem = {0};

    CS_TRY(open_may_be_of(&store->db, id, identity, &query, err));
    cs_rc rc = cs_query_step(&query, ret_may, &problem);
    if (rc != CS_OK && cs_store_is_damaged_row(&problem)) {
        *ret_may = true;
        return CS_OK;
    }
    if (rc != CS_OK && err) {
        *err = problem;
    }
    return rc;
}

cs_rc cs_store_find_ca_id(struct cs_store *store, const char *ca_request_id, int64_t *ret_id,
                          struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    bool row = false;
    int64_t id = 0;

    CS_TRY(cs_query_open(&store->db, "SELECT id FROM request WHERE ca_request_id = ? LIMIT 2",
                         &query, err));
    cs_query_bind_text(&query, ca_request_id, CS_QUERY_TEXT_MAX);
    CS_TRY(cs_query_step(&query, &row, err));
    if (!row) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "cscert list shows our number and the CA's number of each request",
                            "no request has the CA's number \"%.80s\"", ca_request_id);
    }
    CS_TRY(cs_query_int(&query, 0, 1, INT64_MAX, &id, err));
    CS_TRY(cs_query_step(&query, &row, err));
    if (row) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "name it with --request-id; cscert list shows both numbers",
                            "requests at several CAs have the number \"%.80s\"", ca_request_id);
    }
    *ret_id = id;
    return CS_OK;
}

/* A state that is none is kept: cs_store_get() of that request says what is wrong with it, and the
 * others are not held up. */
static cs_rc read_id(struct cs_query *query, bool (*keep)(enum cs_state state), int64_t *ret_id,
                     bool *ret_keep, struct cs_err *err)
{
    const char *word = "";
    enum cs_state state = CS_STATE_COUNT;

    CS_TRY(cs_query_int(query, 0, INT64_MIN, INT64_MAX, ret_id, err));
    if (cs_query_peek_text(query, 1, CS_QUERY_TEXT_MAX, &word, NULL) != CS_OK ||
        cs_state_parse(word, &state, NULL) != CS_OK) {
        *ret_keep = true;
        return CS_OK;
    }
    *ret_keep = keep(state);
    return CS_OK;
}

/* All that the statement "SELECT id, state ..." gives and @keep likes. */
static cs_rc read_ids(struct cs_query *query, bool (*keep)(enum cs_state state), int64_t **ret_ids,
                      size_t *ret_count, struct cs_err *err)
{
    cs_autofree int64_t *ids = NULL;
    size_t count = 0;
    size_t size = 0;
    bool row = false;
    bool wanted = false;

    for (;;) {
        CS_TRY(cs_query_step(query, &row, err));
        if (!row) {
            break;
        }
        if (count == size) {
            size = size ? 2 * size : 64;
            ids = cs_realloc(ids, size, sizeof *ids);
        }
        CS_TRY(read_id(query, keep, &ids[count], &wanted, err));
        count += wanted;
    }
    *ret_ids = cs_steal(&ids);
    *ret_count = count;
    return CS_OK;
}

cs_rc cs_store_ids(struct cs_store *store, bool (*keep)(enum cs_state state), int64_t **ret_ids,
                   size_t *ret_count, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(&store->db, "SELECT id, state FROM request ORDER BY id", &query, err));
    return read_ids(&query, keep, ret_ids, ret_count, err);
}

static bool has_not_ended(enum cs_state state)
{
    return state != CS_STATE_CLEARED && state != CS_STATE_FAILED;
}

cs_rc cs_store_pool_ids(struct cs_store *store, const char *pool, int64_t **ret_ids,
                        size_t *ret_count, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(&store->db, "SELECT id, state FROM request WHERE pool = ? ORDER BY id",
                         &query, err));
    cs_query_bind_text(&query, pool, CS_QUERY_TEXT_MAX);
    return read_ids(&query, has_not_ended, ret_ids, ret_count, err);
}

/* Binds the two states in which a request holds on to nothing any more. */
static void bind_ended(struct cs_query *query)
{
    cs_query_bind_text(query, cs_state_name(CS_STATE_CLEARED), CS_QUERY_TEXT_MAX);
    cs_query_bind_text(query, cs_state_name(CS_STATE_FAILED), CS_QUERY_TEXT_MAX);
}

cs_rc cs_store_key_is_shared(struct cs_store *store, int64_t id,
                             const uint8_t key_id[CS_KEY_ID_LEN], bool *ret_shared,
                             struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(
        &store->db,
        "SELECT 1 FROM request WHERE key_id = ? AND id <> ? AND state NOT IN (?, ?) LIMIT 1",
        &query, err));
    cs_query_bind_blob(&query, key_id, CS_KEY_ID_LEN);
    cs_query_bind_int(&query, id);
    bind_ended(&query);
    return cs_query_step(&query, ret_shared, err);
}

cs_rc cs_store_label_is_used(struct cs_store *store, const char *label, bool *ret_used,
                             struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(&store->db,
                         "SELECT 1 FROM request WHERE label = ? AND state NOT IN (?, ?) LIMIT 1",
                         &query, err));
    cs_query_bind_text(&query, label, CS_QUERY_TEXT_MAX);
    bind_ended(&query);
    return cs_query_step(&query, ret_used, err);
}

cs_rc cs_store_records(struct cs_store *store,
                       cs_rc (*each)(void *ctx, int64_t sequence, const char *json,
                                     struct cs_err *err),
                       void *ctx, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    const char *json = NULL;
    int64_t sequence = 0;
    bool row = false;

    CS_TRY(cs_query_open(&store->db, "SELECT seq, json FROM journal ORDER BY seq", &query, err));
    for (;;) {
        CS_TRY(cs_query_step(&query, &row, err));
        if (!row) {
            return CS_OK;
        }
        CS_TRY(cs_query_int(&query, 0, 1, INT64_MAX, &sequence, err));
        CS_TRY(cs_query_peek_text(&query, 1, CS_QUERY_JSON_MAX, &json, err));
        CS_TRY(each(ctx, sequence, json, err));
    }
}

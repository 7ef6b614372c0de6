/* The local replica of the topology: every import, the latest one is in force. */
#include "port/store.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/query.h"
#include "store/store_internal.h"

#include <stdint.h>

/* Another run may have imported the same at this moment. */
static cs_rc find_same(const struct cs_db *db, struct cs_topology_row *row, bool *ret_same,
                       struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(db,
                         "SELECT id, imported FROM topology WHERE sha256 = ?"
                         " AND id = (SELECT max (id) FROM topology)",
                         &query, err));
    cs_query_bind_text(&query, row->sha256, CS_QUERY_TEXT_MAX);
    CS_TRY(cs_query_step(&query, ret_same, err));
    if (*ret_same) {
        CS_TRY(cs_query_int(&query, 0, 1, INT64_MAX, &row->id, err));
        CS_TRY(cs_query_int(&query, 1, INT64_MIN, INT64_MAX, &row->imported, err));
    }
    return CS_OK;
}

static cs_rc add_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    struct cs_topology_row *row = ctx;
    cs_auto_value(cs_query) query = {0};
    bool same = false;

    CS_TRY(find_same(db, row, &same, err));
    if (same) {
        return CS_OK;
    }
    CS_TRY(cs_query_open(db,
                         "INSERT INTO topology (imported, signature, sha256, documents, json)"
                         " VALUES (?, ?, ?, ?, ?)",
                         &query, err));
    cs_query_bind_int(&query, row->imported);
    cs_query_bind_text(&query, row->signature, CS_QUERY_TEXT_MAX);
    cs_query_bind_text(&query, row->sha256, CS_QUERY_TEXT_MAX);
    cs_query_bind_text(&query, row->documents, CS_QUERY_TEXT_MAX);
    cs_query_bind_text(&query, row->json, CS_QUERY_TOPOLOGY_MAX);
    CS_TRY(cs_query_run(&query, err));
    row->id = sqlite3_last_insert_rowid(db->handle);
    return CS_OK;
}

cs_rc cs_store_topology_add(struct cs_store *store, struct cs_topology_row *row, struct cs_err *err)
{
    const int64_t id = row->id;
    const int64_t imported = row->imported;

    if (id != 0 || !row->sha256 || !row->documents || !row->json) {
        return cs_fail(err, CS_E_INTERNAL, "a topology %s cannot be added to the store",
                       id ? "that has a number" : "without its document");
    }
    row->imported = cs_clock_now();
    cs_rc rc = cs_db_transaction(&store->db, add_work, row, err);
    if (rc != CS_OK) {
        row->id = id;
        row->imported = imported;
    }
    return rc;
}

static cs_rc read_text(struct cs_query *query, int column, size_t max, char **ret_text,
                       struct cs_err *err)
{
    CS_TRY(cs_query_text(query, column, max, ret_text, err));
    return *ret_text ? CS_OK : cs_query_fail_column(query, column, err);
}

static cs_rc read_row(struct cs_query *query, struct cs_topology_row *row, struct cs_err *err)
{
    CS_TRY(cs_query_int(query, 0, 1, INT64_MAX, &row->id, err));
    CS_TRY(cs_query_int(query, 1, INT64_MIN, INT64_MAX, &row->imported, err));
    CS_TRY(cs_query_text(query, 2, CS_QUERY_TEXT_MAX, &row->signature, err));
    CS_TRY(read_text(query, 3, CS_QUERY_TEXT_MAX, &row->sha256, err));
    CS_TRY(read_text(query, 4, CS_QUERY_TEXT_MAX, &row->documents, err));
    return read_text(query, 5, CS_QUERY_TOPOLOGY_MAX, &row->json, err);
}

cs_rc cs_store_topology_get(struct cs_store *store, unsigned back, struct cs_topology_row *ret_row,
                            bool *ret_found, struct cs_err *err)
{
    cs_auto_value(cs_topology_row) row = {0};
    cs_auto_value(cs_query) query = {0};
    bool found = false;

    CS_TRY(cs_query_open(&store->db,
                         "SELECT id, imported, signature, sha256, documents, json FROM topology"
                         " ORDER BY id DESC LIMIT 1 OFFSET ?",
                         &query, err));
    cs_query_bind_int(&query, back);
    CS_TRY(cs_query_step(&query, &found, err));
    if (found) {
        CS_TRY(read_row(&query, &row, err));
        *ret_row = row;
        row = (struct cs_topology_row){0};
    }
    *ret_found = found;
    return CS_OK;
}

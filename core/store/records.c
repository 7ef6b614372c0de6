/* The journal's rows. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/query.h"
#include "store/store_internal.h"

#include <stdlib.h>

/* The number and the text of the last record; 0 and NULL before the first. */
static cs_rc last_record(const struct cs_db *db, int64_t *ret_sequence, char **ret_json,
                         struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    bool row = false;

    *ret_sequence = 0;
    *ret_json = NULL;
    CS_TRY(
        cs_query_open(db, "SELECT seq, json FROM journal ORDER BY seq DESC LIMIT 1", &query, err));
    CS_TRY(cs_query_step(&query, &row, err));
    if (!row) {
        return CS_OK;
    }
    CS_TRY(cs_query_int(&query, 0, 1, INT64_MAX - 1, ret_sequence, err));
    return cs_query_text(&query, 1, CS_QUERY_JSON_MAX, ret_json, err);
}

static cs_rc insert_record(const struct cs_db *db, int64_t sequence, int64_t request,
                           const char *json, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(
        db, "INSERT INTO journal (seq, request, json) VALUES (?, nullif (?, 0), ?)", &query, err));
    cs_query_bind_int(&query, sequence);
    cs_query_bind_int(&query, request);
    cs_query_bind_text(&query, json, CS_QUERY_JSON_MAX);
    return cs_query_run(&query, err);
}

cs_rc cs_store_write_record(const struct cs_store *store, int64_t time,
                            const struct cs_record *record, struct cs_err *err)
{
    cs_autofree char *previous = NULL;
    cs_autofree char *json = NULL;
    int64_t last = 0;

    if (!store->record) {
        return cs_fail(err, CS_E_INTERNAL, "the store %s was opened without a journal",
                       store->db.path);
    }
    CS_TRY(last_record(&store->db, &last, &previous, err));
    CS_TRY(store->record(store->record_ctx, last + 1, previous, time, record, &json, err));
    return insert_record(&store->db, last + 1, record->request ? record->request->id : 0, json,
                         err);
}

/* ---- events ---- */

struct event {
    struct cs_store *store;
    struct cs_record record;
};

static cs_rc event_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    const struct event *event = ctx;

    (void)db;
    return cs_store_write_record(event->store, cs_clock_now(), &event->record, err);
}

cs_rc cs_store_event(struct cs_store *store, const struct cs_request *request,
                     const struct cs_event *event, struct cs_err *err)
{
    struct event work = {.store = store, .record = {.request = request, .event = event}};

    if (request->id == 0) {
        return cs_fail(err, CS_E_INTERNAL, "a request that is not stored has no events");
    }
    return cs_db_transaction(&store->db, event_work, &work, err);
}

cs_rc cs_store_count_events(struct cs_store *store, int64_t id, const char *type,
                            int64_t *ret_count, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    bool row = false;

    CS_TRY(cs_query_open(&store->db,
                         "SELECT count (*) FROM journal"
                         " WHERE request = ? AND json_valid (json)"
                         " AND json_extract (json, '$.type') = ?",
                         &query, err));
    cs_query_bind_int(&query, id);
    cs_query_bind_text(&query, type, CS_QUERY_TEXT_MAX);
    CS_TRY(cs_query_step(&query, &row, err));
    return cs_query_int(&query, 0, 0, INT64_MAX, ret_count, err);
}

/* ---- transfers ---- */

/* More than a person begins and breaks off. */
#define TRANSFERS_MAX 1000

static cs_rc read_transfer(struct cs_query *query, struct cs_open_transfer *transfer,
                           struct cs_err *err)
{
    CS_TRY(cs_query_int(query, 0, 1, INT64_MAX, &transfer->request_id, err));
    CS_TRY(cs_query_text(query, 1, CS_QUERY_TEXT_MAX, &transfer->target, err));
    return cs_query_text(query, 2, CS_QUERY_TEXT_MAX, &transfer->format, err);
}

cs_rc cs_store_open_transfers(struct cs_store *store, struct cs_open_transfer_list *ret_list,
                              struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    cs_auto_value(cs_open_transfer_list) list = {0};
    bool row = false;

    /* Of the columns without an aggregate SQLite takes those of the row with the greatest seq. */
    CS_TRY(cs_query_open(
        &store->db,
        "SELECT request, json_extract (json, '$.detail.target') AS target,"
        " json_extract (json, '$.detail.format'), max (seq) FROM journal AS begun"
        " WHERE request IS NOT NULL AND json_valid (json)"
        " AND json_extract (json, '$.type') = 'transferring' AND target IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM journal AS ended"
        " WHERE ended.request = begun.request AND ended.seq > begun.seq"
        " AND json_valid (ended.json)"
        " AND json_extract (ended.json, '$.type') IN ('transferred', 'transfer-undone')"
        " AND json_extract (ended.json, '$.detail.target') = target)"
        " GROUP BY request, target",
        &query, err));
    for (;;) {
        CS_TRY(cs_query_step(&query, &row, err));
        if (!row || list.count == TRANSFERS_MAX) {
            break;
        }
        list.items = cs_realloc(list.items, list.count + 1, sizeof *list.items);
        list.items[list.count] = (struct cs_open_transfer){0};
        CS_TRY(read_transfer(&query, &list.items[list.count++], err));
    }
    *ret_list = list;
    list = (struct cs_open_transfer_list){0};
    return CS_OK;
}

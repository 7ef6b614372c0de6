#include "port/store.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/query.h"
#include "store/row.h"
#include "store/store_internal.h"

#include <stdlib.h>
#include <string.h>

/* Names, and warnings, of one request: CS_NAMES_MAX is far below. */
#define LIST_MAX 1024

/* What a transaction on a request works with. */
struct act {
    struct cs_store *store;
    struct cs_request *request;
    enum cs_state from;
    const enum cs_state *path; /* of a transition */
    size_t path_len;
};

/* ---- writing ---- */

static bool is_state(enum cs_state state)
{
    return (unsigned)state < CS_STATE_COUNT;
}

/* The record that goes with the transition, inside its transaction. */
static cs_rc write_record(const struct act *act, struct cs_err *err)
{
    const struct cs_record record = {.request = act->request};

    return cs_store_write_record(act->store, act->request->updated, &record, err);
}

static cs_rc insert_request(const struct cs_db *db, struct cs_request *request, struct cs_err *err)
{
    cs_auto_value(cs_row_scratch) scratch = {0};
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(
        db,
        "INSERT INTO request (created" CS_ROW_PLAN_COLUMNS(CS_ROW_NAME)
            CS_ROW_STATE_COLUMNS(CS_ROW_NAME)
                CS_ROW_NOTE_COLUMNS(CS_ROW_NAME) ") VALUES (?" CS_ROW_PLAN_COLUMNS(CS_ROW_MARK)
                    CS_ROW_STATE_COLUMNS(CS_ROW_MARK) CS_ROW_NOTE_COLUMNS(CS_ROW_MARK) ")",
        &query, err));
    cs_query_bind_int(&query, request->created);
    cs_row_bind_plan(&query, request->plan, &scratch);
    cs_row_bind_state(&query, request, &scratch);
    cs_row_bind_note(&query, request);
    CS_TRY(cs_query_run(&query, err));
    request->id = sqlite3_last_insert_rowid(db->handle);
    return CS_OK;
}

static cs_rc insert_names(const struct cs_db *db, const struct cs_request *request,
                          struct cs_err *err)
{
    const struct cs_plan *plan = request->plan;
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(db,
                         "INSERT INTO request_name (request, position, name, rule, source)"
                         " VALUES (?, ?, ?, ?, ?)",
                         &query, err));
    for (size_t i = 0; i < plan->name_count; i++) {
        cs_query_bind_int(&query, request->id);
        cs_query_bind_int(&query, (int64_t)i);
        cs_query_bind_text(&query, plan->names[i].name, CS_QUERY_TEXT_MAX);
        cs_query_bind_text(&query, plan->names[i].rule, CS_QUERY_TEXT_MAX);
        cs_query_bind_text(&query, plan->names[i].source, CS_QUERY_TEXT_MAX);
        CS_TRY(cs_query_run(&query, err));
    }
    return CS_OK;
}

static cs_rc insert_warnings(const struct cs_db *db, const struct cs_request *request,
                             struct cs_err *err)
{
    const struct cs_strv *warnings = &request->plan->warnings;
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(
        db, "INSERT INTO request_warning (request, position, warning) VALUES (?, ?, ?)", &query,
        err));
    for (size_t i = 0; i < warnings->count; i++) {
        cs_query_bind_int(&query, request->id);
        cs_query_bind_int(&query, (int64_t)i);
        cs_query_bind_text(&query, warnings->items[i], CS_QUERY_TEXT_MAX);
        CS_TRY(cs_query_run(&query, err));
    }
    return CS_OK;
}

static cs_rc add_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    struct act *act = ctx;

    CS_TRY(insert_request(db, act->request, err));
    CS_TRY(insert_names(db, act->request, err));
    CS_TRY(insert_warnings(db, act->request, err));
    return write_record(act, err);
}

cs_rc cs_store_add(struct cs_store *store, struct cs_request *request, struct cs_err *err)
{
    const int64_t id = request->id;
    const int64_t created = request->created;
    const int64_t updated = request->updated;
    struct act act = {.store = store, .request = request, .from = request->state};

    if (!request->plan || id != 0 || request->plan->name_count > LIST_MAX ||
        request->plan->warnings.count > LIST_MAX) {
        return cs_fail(err, CS_E_INTERNAL, "a request %s cannot be added to the store",
                       !request->plan ? "without a plan"
                       : id           ? "that has a number"
                                      : "with so many names");
    }
    request->state = CS_STATE_PLANNED;
    request->created = request->updated = cs_clock_now();
    cs_rc rc = cs_db_transaction(&store->db, add_work, &act, err);
    if (rc != CS_OK) {
        request->id = id;
        request->state = act.from;
        request->created = created;
        request->updated = updated;
    }
    return rc;
}

static cs_rc fail_no_request(int64_t id, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_USAGE, "cscert list shows the numbers of all requests",
                        "there is no request %lld in the store", (long long)id);
}

/* Why an UPDATE that named number and state found no row. */
static cs_rc fail_not_updated(const struct cs_db *db, const struct cs_request *request,
                              enum cs_state expected, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    const char *state = NULL;
    bool row = false;

    CS_TRY(cs_query_open(db, "SELECT state FROM request WHERE id = ?", &query, err));
    cs_query_bind_int(&query, request->id);
    CS_TRY(cs_query_step(&query, &row, err));
    if (!row) {
        return fail_no_request(request->id, err);
    }
    CS_TRY(cs_query_peek_text(&query, 0, CS_QUERY_TEXT_MAX, &state, err));
    return cs_fail_hint(
        err, CS_E_STORE, "cscert list shows where it stands now; run the command again if needed",
        "request %lld is %.40s in the store and not %s any more: another process was faster",
        (long long)request->id, state, cs_state_name(expected));
}

/* The row gets the last state, the journal a record of each. */
static cs_rc transition_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    const struct act *act = ctx;
    cs_auto_value(cs_row_scratch) scratch = {0};
    cs_auto_value(cs_query) query = {0};

    act->request->state = act->path[act->path_len - 1];
    CS_TRY(cs_query_open(db,
                         "UPDATE request SET created = created" CS_ROW_STATE_COLUMNS(CS_ROW_SET)
                             CS_ROW_NOTE_COLUMNS(CS_ROW_SET) " WHERE id = ? AND state = ?",
                         &query, err));
    cs_row_bind_state(&query, act->request, &scratch);
    cs_row_bind_note(&query, act->request);
    cs_query_bind_int(&query, act->request->id);
    cs_query_bind_text(&query, cs_state_name(act->from), CS_QUERY_TEXT_MAX);
    CS_TRY(cs_query_run(&query, err));
    if (cs_query_changes(&query) != 1) {
        return fail_not_updated(db, act->request, act->from, err);
    }
    for (size_t i = 0; i < act->path_len; i++) {
        act->request->state = act->path[i];
        CS_TRY(write_record(act, err));
    }
    return CS_OK;
}

static cs_rc check_path(const struct cs_request *request, const enum cs_state *path, size_t len,
                        struct cs_err *err)
{
    enum cs_state from = request->state;

    for (size_t i = 0; i < len; i++) {
        if (!is_state(from) || !is_state(path[i]) || !cs_state_can_go(from, path[i])) {
            return cs_fail(err, CS_E_INTERNAL, "request %lld cannot go from %s to %s",
                           (long long)request->id, is_state(from) ? cs_state_name(from) : "?",
                           is_state(path[i]) ? cs_state_name(path[i]) : "?");
        }
        from = path[i];
    }
    return CS_OK;
}

cs_rc cs_store_transitions(struct cs_store *store, struct cs_request *request,
                           const enum cs_state *path, size_t path_len, struct cs_err *err)
{
    const int64_t updated = request->updated;
    struct act act = {.store = store,
                      .request = request,
                      .from = request->state,
                      .path = path,
                      .path_len = path_len};

    CS_TRY(check_path(request, path, path_len, err));
    request->updated = cs_clock_now();
    cs_rc rc = cs_db_transaction(&store->db, transition_work, &act, err);
    if (rc != CS_OK) {
        request->state = act.from;
        request->updated = updated;
    }
    return rc;
}

cs_rc cs_store_transition(struct cs_store *store, struct cs_request *request, enum cs_state to,
                          struct cs_err *err)
{
    return cs_store_transitions(store, request, &to, 1, err);
}

struct note {
    const struct cs_request *request;
};

static cs_rc note_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    const struct cs_request *request = ((struct note *)ctx)->request;
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(db,
                         "UPDATE request SET created = created" CS_ROW_NOTE_COLUMNS(
                             CS_ROW_SET) " WHERE id = ? AND state = ?",
                         &query, err));
    cs_row_bind_note(&query, request);
    cs_query_bind_int(&query, request->id);
    cs_query_bind_text(&query, cs_state_name(request->state), CS_QUERY_TEXT_MAX);
    CS_TRY(cs_query_run(&query, err));
    return cs_query_changes(&query) == 1 ? CS_OK
                                         : fail_not_updated(db, request, request->state, err);
}

cs_rc cs_store_note(struct cs_store *store, const struct cs_request *request, struct cs_err *err)
{
    struct note note = {request};

    if (!is_state(request->state)) {
        return cs_fail(err, CS_E_INTERNAL, "request %lld has no state", (long long)request->id);
    }
    return cs_db_transaction(&store->db, note_work, &note, err);
}

/* ---- reading ---- */

static cs_rc read_names(const struct cs_db *db, struct cs_request *request, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    bool row = false;

    CS_TRY(cs_query_open(
        db, "SELECT name, rule, source FROM request_name WHERE request = ? ORDER BY position",
        &query, err));
    cs_query_bind_int(&query, request->id);
    for (;;) {
        cs_autofree char *name = NULL;
        cs_autofree char *rule = NULL;
        cs_autofree char *source = NULL;
        CS_TRY(cs_query_step(&query, &row, err));
        if (!row) {
            return CS_OK;
        }
        CS_TRY(cs_query_text(&query, 0, CS_QUERY_TEXT_MAX, &name, err));
        CS_TRY(cs_query_text(&query, 1, CS_QUERY_TEXT_MAX, &rule, err));
        CS_TRY(cs_query_text(&query, 2, CS_QUERY_TEXT_MAX, &source, err));
        if (!name || request->plan->name_count == LIST_MAX) {
            return cs_query_fail_column(&query, 0, err);
        }
        cs_plan_add_name(request->plan, name, rule, source);
    }
}

static cs_rc read_warnings(const struct cs_db *db, struct cs_request *request, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    const char *warning = NULL;
    bool row = false;

    CS_TRY(cs_query_open(db,
                         "SELECT warning FROM request_warning WHERE request = ? ORDER BY position",
                         &query, err));
    cs_query_bind_int(&query, request->id);
    for (;;) {
        CS_TRY(cs_query_step(&query, &row, err));
        if (!row) {
            return CS_OK;
        }
        CS_TRY(cs_query_peek_text(&query, 0, CS_QUERY_TEXT_MAX, &warning, err));
        if (request->plan->warnings.count == LIST_MAX) {
            return cs_query_fail_column(&query, 0, err);
        }
        cs_strv_add(&request->plan->warnings, warning);
    }
}

static cs_rc read_request(const struct cs_db *db, struct cs_request *request, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    bool row = false;
    int column = 1;

    CS_TRY(cs_query_open(db,
                         "SELECT created" CS_ROW_PLAN_COLUMNS(CS_ROW_NAME)
                             CS_ROW_STATE_COLUMNS(CS_ROW_NAME)
                                 CS_ROW_NOTE_COLUMNS(CS_ROW_NAME) " FROM request WHERE id = ?",
                         &query, err));
    cs_query_bind_int(&query, request->id);
    CS_TRY(cs_query_step(&query, &row, err));
    if (!row) {
        return fail_no_request(request->id, err);
    }
    CS_TRY(cs_query_int(&query, 0, INT64_MIN, INT64_MAX, &request->created, err));
    CS_TRY(cs_row_read_plan(&query, column, request->plan, &column, err));
    CS_TRY(cs_row_read_state(&query, column, request, &column, err));
    return cs_row_read_note(&query, column, request, &column, err);
}

cs_rc cs_store_get(struct cs_store *store, int64_t id, struct cs_request **ret_request,
                   struct cs_err *err)
{
    cs_auto(cs_request) request = cs_request_new();

    request->id = id;
    request->plan = cs_plan_new();
    CS_TRY(read_request(&store->db, request, err));
    CS_TRY(read_names(&store->db, request, err));
    CS_TRY(read_warnings(&store->db, request, err));
    *ret_request = cs_steal(&request);
    return CS_OK;
}

#include "store/query.h"

#include "base/mem.h"

#include <string.h>

static sqlite3_stmt *take_idle(const struct cs_db *db, const char *sql)
{
    for (size_t i = 0; i < CS_DB_STATEMENTS; i++) {
        if (db->idle[i].sql == sql) {
            sqlite3_stmt *stmt = db->idle[i].stmt;
            db->idle[i] = (struct cs_db_statement){0};
            return stmt;
        }
    }
    return NULL;
}

/* True if the statement stays for the next who asks. One that has failed does not. */
static bool make_idle(const struct cs_query *query)
{
    if (sqlite3_reset(query->stmt) != SQLITE_OK) {
        return false;
    }
    sqlite3_clear_bindings(query->stmt);
    for (size_t i = 0; i < CS_DB_STATEMENTS; i++) {
        if (!query->db->idle[i].sql) {
            query->db->idle[i] = (struct cs_db_statement){query->sql, query->stmt};
            return true;
        }
    }
    return false;
}

cs_rc cs_query_open(const struct cs_db *db, const char *sql, struct cs_query *ret_query,
                    struct cs_err *err)
{
    struct cs_query query = {.db = db, .sql = sql, .next = 1};

    query.stmt = take_idle(db, sql);
    if (query.stmt) {
        *ret_query = query;
        return CS_OK;
    }
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &query.stmt, NULL);
    if (code != SQLITE_OK) {
        return cs_db_fail(db, code, "sqlite3_prepare_v2", err);
    }
    *ret_query = query;
    return CS_OK;
}

void cs_query_done(struct cs_query *query)
{
    if (query->stmt && !make_idle(query)) {
        sqlite3_finalize(query->stmt);
    }
    *query = (struct cs_query){0};
}

static void bound(struct cs_query *query, int code)
{
    query->next++;
    if (query->failed == SQLITE_OK) {
        query->failed = code;
    }
}

void cs_query_bind_int(struct cs_query *query, int64_t value)
{
    bound(query, sqlite3_bind_int64(query->stmt, query->next, value));
}

void cs_query_bind_text(struct cs_query *query, const char *text, size_t max)
{
    if (!text) {
        bound(query, sqlite3_bind_null(query->stmt, query->next));
        return;
    }
    size_t len = strlen(text);
    if (len > max) {
        bound(query, SQLITE_TOOBIG);
        return;
    }
    bound(query,
          sqlite3_bind_text64(query->stmt, query->next, text, len, SQLITE_STATIC, SQLITE_UTF8));
}

void cs_query_bind_blob(struct cs_query *query, const uint8_t *data, size_t len)
{
    if (!data) {
        bound(query, sqlite3_bind_null(query->stmt, query->next));
    } else if (len > CS_QUERY_BLOB_MAX) {
        bound(query, SQLITE_TOOBIG);
    } else {
        bound(query, sqlite3_bind_blob64(query->stmt, query->next, data, len, SQLITE_STATIC));
    }
}

cs_rc cs_query_step(struct cs_query *query, bool *ret_row, struct cs_err *err)
{
    if (query->failed != SQLITE_OK) {
        return cs_db_fail(query->db, query->failed, "sqlite3_bind", err);
    }
    int code = sqlite3_step(query->stmt);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return cs_db_fail(query->db, code, "sqlite3_step", err);
    }
    *ret_row = code == SQLITE_ROW;
    return CS_OK;
}

cs_rc cs_query_run(struct cs_query *query, struct cs_err *err)
{
    bool row = false;

    CS_TRY(cs_query_step(query, &row, err));
    sqlite3_reset(query->stmt);
    query->next = 1;
    return CS_OK;
}

int cs_query_changes(const struct cs_query *query)
{
    return sqlite3_changes(query->db->handle);
}

cs_rc cs_query_fail_column(const struct cs_query *query, int column, struct cs_err *err)
{
    return cs_db_fail_damaged(query->db, err,
                              "column \"%.60s\" has a value that cscert never writes",
                              sqlite3_column_name(query->stmt, column));
}

cs_rc cs_query_int(struct cs_query *query, int column, int64_t min, int64_t max, int64_t *ret_value,
                   struct cs_err *err)
{
    int64_t value = sqlite3_column_int64(query->stmt, column);

    if (sqlite3_column_type(query->stmt, column) != SQLITE_INTEGER || value < min || value > max) {
        return cs_query_fail_column(query, column, err);
    }
    *ret_value = value;
    return CS_OK;
}

cs_rc cs_query_peek_text(struct cs_query *query, int column, size_t max, const char **ret_text,
                         struct cs_err *err)
{
    if (sqlite3_column_type(query->stmt, column) != SQLITE_TEXT) {
        return cs_query_fail_column(query, column, err);
    }
    const char *text = (const char *)sqlite3_column_text(query->stmt, column);
    int len = sqlite3_column_bytes(query->stmt, column);
    if (!text || (size_t)len > max || strlen(text) != (size_t)len) {
        return cs_query_fail_column(query, column, err);
    }
    *ret_text = text;
    return CS_OK;
}

cs_rc cs_query_text(struct cs_query *query, int column, size_t max, char **ret_text,
                    struct cs_err *err)
{
    const char *text = NULL;

    if (sqlite3_column_type(query->stmt, column) != SQLITE_NULL) {
        CS_TRY(cs_query_peek_text(query, column, max, &text, err));
    }
    *ret_text = cs_strdup(text);
    return CS_OK;
}

cs_rc cs_query_blob(struct cs_query *query, int column, struct cs_bytes *ret_bytes,
                    struct cs_err *err)
{
    int type = sqlite3_column_type(query->stmt, column);

    if (type == SQLITE_NULL) {
        *ret_bytes = (struct cs_bytes){0};
        return CS_OK;
    }
    const void *data = sqlite3_column_blob(query->stmt, column);
    int len = sqlite3_column_bytes(query->stmt, column);
    if (type != SQLITE_BLOB || len > CS_QUERY_BLOB_MAX) {
        return cs_query_fail_column(query, column, err);
    }
    *ret_bytes = cs_bytes_copy(data, (size_t)len);
    return CS_OK;
}

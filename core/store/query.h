/* A prepared statement: parameters bound in their order, columns read with every check that stored
 * data needs. */
#ifndef CS_STORE_QUERY_H
#define CS_STORE_QUERY_H

#include "base/bytes.h"
#include "store/db.h"

#include <stdint.h>

/* The longest text and the largest blob of a column, in octets. Certificates have a few thousand,
 * a journal record with 250 long names less than 256 KiB. */
#define CS_QUERY_TEXT_MAX (64 * 1024)
#define CS_QUERY_BLOB_MAX (1024 * 1024)
#define CS_QUERY_JSON_MAX (1024 * 1024)

/* Of a topology; one with 2,000 computers in 300 pools has less than 1 MiB. */
#define CS_QUERY_TOPOLOGY_MAX (24 * 1024 * 1024)

/* Lives shorter than the connection. {0} is none. */
struct cs_query {
    const struct cs_db *db;
    const char *sql;
    sqlite3_stmt *stmt;
    int next;   /* parameter that is bound next */
    int failed; /* first result of a bind that was not SQLITE_OK; cs_query_step() reports it */
};

/* @sql is one statement, a literal. Preparing one costs more than most cost to run: each is
 * prepared once for its connection and used again after cs_query_done(). */
CS_MUST_CHECK cs_rc cs_query_open(const struct cs_db *db, const char *sql,
                                  struct cs_query *ret_query, struct cs_err *err);
void cs_query_done(struct cs_query *query);

/* Each binds the next parameter; NULL becomes NULL. What is bound stays valid until the step. A
 * value above its limit is reported by the step. */
void cs_query_bind_int(struct cs_query *query, int64_t value);
void cs_query_bind_text(struct cs_query *query, const char *text, size_t max);
void cs_query_bind_blob(struct cs_query *query, const uint8_t *data, size_t len);

/* Goes to the next row; *ret_row false: there is none. */
CS_MUST_CHECK cs_rc cs_query_step(struct cs_query *query, bool *ret_row, struct cs_err *err);

/* Runs a statement that gives no rows, and makes it ready to be bound and run again. */
CS_MUST_CHECK cs_rc cs_query_run(struct cs_query *query, struct cs_err *err);

/* Rows that the statement changed. */
int cs_query_changes(const struct cs_query *query);

/* Columns of the row. A value of another type, outside its limits, or text with a NUL inside is
 * CS_E_STORE that names the column. */
CS_MUST_CHECK cs_rc cs_query_int(struct cs_query *query, int column, int64_t min, int64_t max,
                                 int64_t *ret_value, struct cs_err *err);

/* The caller frees *ret_text, NULL for NULL. */
CS_MUST_CHECK cs_rc cs_query_text(struct cs_query *query, int column, size_t max, char **ret_text,
                                  struct cs_err *err);
CS_MUST_CHECK cs_rc cs_query_blob(struct cs_query *query, int column, struct cs_bytes *ret_bytes,
                                  struct cs_err *err);

/* As cs_query_text() without a copy: *ret_text lives until the next step and is never NULL. */
CS_MUST_CHECK cs_rc cs_query_peek_text(struct cs_query *query, int column, size_t max,
                                       const char **ret_text, struct cs_err *err);

/* CS_E_STORE: the value of @column is none that we write. */
cs_rc cs_query_fail_column(const struct cs_query *query, int column, struct cs_err *err);

#endif

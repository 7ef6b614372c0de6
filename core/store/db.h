/* One SQLite connection: opened with the settings that a file from outside deserves, and its errors
 * in words. */
#ifndef CS_STORE_DB_H
#define CS_STORE_DB_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>

/* A row above this is refused by SQLite itself, in octets; the columns' own limits are lower. */
#define CS_DB_ROW_MAX (32 * 1024 * 1024)

/* A prepared statement that nobody uses at the moment. */
struct cs_db_statement {
    const char *sql; /* the literal it was made of: compared by its address */
    sqlite3_stmt *stmt;
};

/* Of one connection: `new` uses ten. */
#define CS_DB_STATEMENTS 16

struct cs_db {
    sqlite3 *handle;
    struct cs_db_statement *idle; /* CS_DB_STATEMENTS of them, of cs_query_open() */
    char *path;                   /* of the store, for messages */
    bool readonly;                /* a copy in memory */
    bool grouped;                 /* transactions are taken together until cs_db_group_end() */
};

/* Opens @file with the flags of sqlite3_open_v2(): absolute and free of symbolic links, or
 * ":memory:". Nothing of it is read yet. @path is the store's, for messages. @wait_ms: how long a
 * lock of another process is waited for. */
CS_MUST_CHECK cs_rc cs_db_open(const char *file, const char *path, int flags, unsigned wait_ms,
                               struct cs_db *ret_db, struct cs_err *err);

void cs_db_done(struct cs_db *db);

/* Before the handle is closed in another way. */
void cs_db_drop_statements(const struct cs_db *db);
struct cs_db cs_db_steal(struct cs_db *db);

/* Sets the journal mode with @pragma, a literal; CS_E_STORE if that leaves another one than
 * @wanted. */
CS_MUST_CHECK cs_rc cs_db_journal_mode(const struct cs_db *db, const char *pragma,
                                       const char *wanted, struct cs_err *err);

/* True if the name of the open file leads to another file, or to none, by now. */
bool cs_db_has_moved(const struct cs_db *db);

/* CS_E_STORE with SQLite's (extended) result @code as the cause, its sentence, and what to do. */
cs_rc cs_db_fail(const struct cs_db *db, int code, const char *operation, struct cs_err *err);

/* CS_E_STORE for a file that is a database but holds what we would never have written. */
cs_rc cs_db_fail_damaged(const struct cs_db *db, struct cs_err *err, const char *format, ...)
    CS_PRINTF(3, 4);

/* Runs SQL that takes no parameter and whose rows do not matter. */
CS_MUST_CHECK cs_rc cs_db_exec(const struct cs_db *db, const char *sql, struct cs_err *err);

typedef cs_rc (*cs_db_work_fn)(const struct cs_db *db, void *ctx, struct cs_err *err);

/* Calls @work inside BEGIN IMMEDIATE and COMMIT, in a group inside a savepoint of it; rolled back
 * if either fails. CS_E_INTERNAL for a copy in memory: what is written there would be lost. */
CS_MUST_CHECK cs_rc cs_db_transaction(const struct cs_db *db, cs_db_work_fn work, void *ctx,
                                      struct cs_err *err);

/* One BEGIN IMMEDIATE and COMMIT around several transactions. CS_E_INTERNAL in a group. */
CS_MUST_CHECK cs_rc cs_db_group_begin(struct cs_db *db, struct cs_err *err);

/* Ends the group in any case. CS_E_STORE: nothing of it has happened. */
CS_MUST_CHECK cs_rc cs_db_group_end(struct cs_db *db, struct cs_err *err);
void cs_db_group_undo(struct cs_db *db);

#endif

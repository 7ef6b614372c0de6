#include "store/db.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HINT_DAMAGED                                                                               \
    "put back a copy of the file, or move it away to begin a new store; what is left in it can "   \
    "be "                                                                                          \
    "read with the command .recover of the program sqlite3"
#define HINT_ACCESS                                                                                \
    "let the file and its folder belong to the user who runs cscert, on a file system that can "   \
    "be "                                                                                          \
    "written"

/* What went wrong, as the end of "the store PATH ...", by SQLite's primary result code. */
static const struct {
    int primary;
    const char *what;
    const char *hint;
} causes[] = {
    {SQLITE_BUSY, "is locked by another process",
     "let the other run of cscert end and try again; fuser -v FILE names who has it open"},
    {SQLITE_LOCKED, "is locked by another process",
     "let the other run of cscert end and try again; fuser -v FILE names who has it open"},
    {SQLITE_PROTOCOL, "could not be locked",
     "try again; the store must stand on a local file system, not on a network one"},
    {SQLITE_FULL, "has no room left on its disk", "make room and run the command again"},
    {SQLITE_CORRUPT, "is damaged", HINT_DAMAGED},
    {SQLITE_NOTADB, "is no database: it is damaged or another file", HINT_DAMAGED},
    {SQLITE_READONLY, "cannot be written", HINT_ACCESS},
    {SQLITE_PERM, "cannot be written", HINT_ACCESS},
    {SQLITE_CANTOPEN, "cannot be opened", HINT_ACCESS},
    {SQLITE_IOERR, "cannot be read or written", "see what the system's log says of this disk"},
    {SQLITE_TOOBIG, "was given or holds a value that is too large", ""},
    {SQLITE_CONSTRAINT, "refuses a row that breaks its rules", ""},
    {SQLITE_ERROR, "does not have the tables it should have", HINT_DAMAGED},
};

/* Disk quota and file size limit come as I/O errors, but are a lack of room all the same. */
static int primary_of(int code, int system_errno)
{
    int primary = code & 0xff;

    if (primary == SQLITE_IOERR &&
        (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG)) {
        return SQLITE_FULL;
    }
    return primary;
}

cs_rc cs_db_fail(const struct cs_db *db, int code, const char *operation, struct cs_err *err)
{
    int number = db->handle ? sqlite3_system_errno(db->handle) : 0;
    int primary = primary_of(code, number);
    const char *what = "failed";
    const char *hint = "";
    char name[sizeof err->cause_name];

    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
        if (causes[i].primary == primary) {
            what = causes[i].what;
            hint = causes[i].hint;
        }
    }
    /* The connection's own sentence says more than the code's, if it is about this code. */
    bool latest = db->handle && sqlite3_extended_errcode(db->handle) == code;
    const char *sentence = latest ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code);
    bool system = primary == SQLITE_IOERR || primary == SQLITE_FULL || primary == SQLITE_CANTOPEN;
    if (number != 0 && system) {
        snprintf(name, sizeof name, "%s: %s", sentence, strerrordesc_np(number));
    } else {
        snprintf(name, sizeof name, "%s", sentence);
    }
    cs_err_set(err, CS_E_STORE, "the store %s %s", db->path, what);
    cs_err_cause(err, CS_ORIGIN_SQL, code, name, operation);
    if (*hint) {
        cs_err_hint(err, "%s", hint);
    }
    return CS_E_STORE;
}

cs_rc cs_db_fail_damaged(const struct cs_db *db, struct cs_err *err, const char *format, ...)
{
    cs_autofree char *detail = NULL;
    va_list args;

    va_start(args, format);
    int len = vasprintf(&detail, format, args);
    va_end(args);
    if (len < 0) {
        detail = NULL;
    }
    cs_err_set(err, CS_E_STORE, "the store %s is damaged: %s", db->path, detail ? detail : "");
    cs_err_cause(err, CS_ORIGIN_SQL, SQLITE_CORRUPT, sqlite3_errstr(SQLITE_CORRUPT), "");
    cs_err_hint(err, "%s", HINT_DAMAGED);
    return CS_E_STORE;
}

/* https://sqlite.org/security.html, "untrusted SQLite database files". */
static cs_rc configure(const struct cs_db *db, unsigned wait_ms, struct cs_err *err)
{
    static const struct {
        int option;
        int value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1}, {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},     {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    };

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        int code = sqlite3_db_config(db->handle, options[i].option, options[i].value, NULL);
        if (code != SQLITE_OK) {
            return cs_db_fail(db, code, "sqlite3_db_config", err);
        }
    }
    sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, CS_DB_ROW_MAX);
    sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_busy_timeout(db->handle, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms);
    return CS_OK;
}

cs_rc cs_db_open(const char *file, const char *path, int flags, unsigned wait_ms,
                 struct cs_db *ret_db, struct cs_err *err)
{
    cs_auto_value(cs_db) db = {.path = cs_strdup(path)};

    /* Nobody reads its statistics of memory, which cost a lock for each allocation. Refused once
     * SQLite is in use, which is as good. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    int code = sqlite3_open_v2(
        file, &db.handle,
        flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK) {
        return cs_db_fail(&db, code, "sqlite3_open_v2", err);
    }
    CS_TRY(configure(&db, wait_ms, err));
    db.idle = cs_alloc(CS_DB_STATEMENTS, sizeof *db.idle);
    *ret_db = cs_db_steal(&db);
    return CS_OK;
}

void cs_db_drop_statements(const struct cs_db *db)
{
    for (size_t i = 0; db->idle && i < CS_DB_STATEMENTS; i++) {
        sqlite3_finalize(db->idle[i].stmt);
        db->idle[i] = (struct cs_db_statement){0};
    }
}

void cs_db_done(struct cs_db *db)
{
    cs_db_drop_statements(db);
    free(db->idle);
    sqlite3_close(db->handle);
    free(db->path);
    *db = (struct cs_db){0};
}

struct cs_db cs_db_steal(struct cs_db *db)
{
    struct cs_db stolen = *db;

    *db = (struct cs_db){0};
    return stolen;
}

cs_rc cs_db_exec(const struct cs_db *db, const char *sql, struct cs_err *err)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? CS_OK : cs_db_fail(db, code, "sqlite3_exec", err);
}

cs_rc cs_db_journal_mode(const struct cs_db *db, const char *pragma, const char *wanted,
                         struct cs_err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool reached = false;

    int code = sqlite3_prepare_v2(db->handle, pragma, -1, &stmt, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(stmt);
    }
    if (code == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(stmt, 0);
        reached = mode && strcmp(mode, wanted) == 0;
    }
    cs_rc rc = CS_OK;
    if (code != SQLITE_ROW) {
        rc = cs_db_fail(db, code, pragma, err);
    } else if (!reached) {
        rc = cs_fail_hint(err, CS_E_STORE, "the store must stand on a local file system",
                          "the store %s cannot have the journal mode \"%s\"", db->path, wanted);
    }
    sqlite3_finalize(stmt);
    return rc;
}

bool cs_db_has_moved(const struct cs_db *db)
{
    int moved = 0;

    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return moved != 0;
}

static cs_rc check_writable(const struct cs_db *db, struct cs_err *err)
{
    if (db->readonly) {
        return cs_fail(err, CS_E_INTERNAL, "the store %s was opened for reading only", db->path);
    }
    return CS_OK;
}

/* After some errors (a full disk) SQLite rolls the whole transaction back by itself. */
static bool is_rolled_back(const struct cs_db *db)
{
    return sqlite3_get_autocommit(db->handle) != 0;
}

static cs_rc fail_group_is_gone(const struct cs_db *db, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_STORE, "see what failed first",
                        "the store %s has taken back all that was to be written together",
                        db->path);
}

static void roll_back(const struct cs_db *db, const char *sql)
{
    if (!is_rolled_back(db)) {
        sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    }
}

/* How a transaction begins and ends: alone, and as a part of a group. */
static const struct {
    const char *begin;
    const char *commit;
    const char *undo;
} transactions[] = {
    {"BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"},
    {"SAVEPOINT part", "RELEASE part", "ROLLBACK TO part; RELEASE part"},
};

cs_rc cs_db_transaction(const struct cs_db *db, cs_db_work_fn work, void *ctx, struct cs_err *err)
{
    CS_TRY(check_writable(db, err));
    if (db->grouped && is_rolled_back(db)) {
        return fail_group_is_gone(db, err);
    }
    CS_TRY(cs_db_exec(db, transactions[db->grouped].begin, err));
    cs_rc rc = work(db, ctx, err);
    if (rc == CS_OK) {
        rc = cs_db_exec(db, transactions[db->grouped].commit, err);
    }
    if (rc != CS_OK) {
        roll_back(db, transactions[db->grouped].undo);
    }
    return rc;
}

cs_rc cs_db_group_begin(struct cs_db *db, struct cs_err *err)
{
    CS_TRY(check_writable(db, err));
    if (db->grouped) {
        return cs_fail(err, CS_E_INTERNAL, "a group of writes inside a group of writes");
    }
    CS_TRY(cs_db_exec(db, "BEGIN IMMEDIATE", err));
    db->grouped = true;
    return CS_OK;
}

cs_rc cs_db_group_end(struct cs_db *db, struct cs_err *err)
{
    if (!db->grouped) {
        return cs_fail(err, CS_E_INTERNAL, "the end of a group of writes that was not begun");
    }
    db->grouped = false;
    if (is_rolled_back(db)) {
        return fail_group_is_gone(db, err);
    }
    cs_rc rc = cs_db_exec(db, "COMMIT", err);
    if (rc != CS_OK) {
        roll_back(db, "ROLLBACK");
    }
    return rc;
}

void cs_db_group_undo(struct cs_db *db)
{
    if (db->grouped) {
        db->grouped = false;
        roll_back(db, "ROLLBACK");
    }
}

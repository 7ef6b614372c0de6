#include "store/migrate.h"

#include "base/cleanup.h"
#include "store/query.h"
#include "store/storefile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The temporary file becomes the store only after an fsync; until then nothing of it must last. */
static cs_rc open_temporary(const char *temporary, const char *place, struct cs_db *ret_db,
                            struct cs_err *err)
{
    cs_auto_value(cs_db) db = {0};

    CS_TRY(cs_db_open(temporary, place, SQLITE_OPEN_READWRITE, 0, &db, err));
    CS_TRY(cs_db_exec(&db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY", err));
    *ret_db = cs_db_steal(&db);
    return CS_OK;
}

/* Leaves one complete file in WAL mode and nothing beside it. */
static cs_rc close_temporary(struct cs_db *db, struct cs_err *err)
{
    CS_TRY(cs_db_journal_mode(db, "PRAGMA journal_mode = WAL", "wal", err));
    cs_db_drop_statements(db);
    int code = sqlite3_close(db->handle);
    if (code != SQLITE_OK) {
        return cs_db_fail(db, code, "sqlite3_close", err);
    }
    db->handle = NULL;
    return CS_OK;
}

static cs_rc fill_new(const char *temporary, const char *place, const struct cs_schema *schema,
                      struct cs_err *err)
{
    cs_auto_value(cs_db) db = {0};

    CS_TRY(open_temporary(temporary, place, &db, err));
    CS_TRY(cs_schema_apply(&db, schema, 0, err));
    return close_temporary(&db, err);
}

cs_rc cs_migrate_create(const char *place, const struct cs_schema *schema, struct cs_err *err)
{
    cs_autofree char *temporary = NULL;

    CS_TRY(cs_storefile_temporary(place, &temporary, err));
    cs_rc rc = fill_new(temporary, place, schema, err);
    if (rc == CS_OK) {
        rc = cs_storefile_publish(temporary, place, err);
    }
    if (rc != CS_OK) {
        cs_storefile_remove(temporary);
    }
    return rc;
}

/* CS_OK once this connection is the only one that there is and the whole store stands in its one
 * file, without -wal. Who waits for us meanwhile finds out by SQLITE_FCNTL_HAS_MOVED. */
static cs_rc take_alone(const struct cs_db *db, struct cs_err *err)
{
    CS_TRY(cs_db_exec(db, "PRAGMA locking_mode = EXCLUSIVE", err));
    CS_TRY(cs_db_journal_mode(db, "PRAGMA journal_mode = DELETE", "delete", err));
    /* A store that was in that mode before is locked only now. */
    return cs_db_exec(db, "BEGIN EXCLUSIVE; COMMIT", err);
}

static cs_rc copy_into(const struct cs_db *from, const struct cs_db *to, struct cs_err *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->handle, "main", from->handle, "main");

    if (!backup) {
        return cs_db_fail(to, sqlite3_extended_errcode(to->handle), "sqlite3_backup_init", err);
    }
    int code = sqlite3_backup_step(backup, -1);
    sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? CS_OK : cs_db_fail(to, code, "sqlite3_backup_step", err);
}

/* @check is a PRAGMA that gives no row, or one row "ok", when nothing is wrong. */
static cs_rc expect_sound(const struct cs_db *db, const char *check, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    const char *answer = "";
    bool row = false;

    CS_TRY(cs_query_open(db, check, &query, err));
    CS_TRY(cs_query_step(&query, &row, err));
    if (!row) {
        return CS_OK;
    }
    CS_TRY(cs_query_peek_text(&query, 0, CS_QUERY_TEXT_MAX, &answer, err));
    if (strcmp(answer, "ok") == 0) {
        return CS_OK;
    }
    return cs_db_fail_damaged(db, err, "%s of its migrated copy: %.400s", check, answer);
}

static cs_rc fill_migrated(const char *temporary, const struct cs_db *old, int version,
                           const struct cs_schema *schema, struct cs_err *err)
{
    cs_auto_value(cs_db) db = {0};

    CS_TRY(open_temporary(temporary, old->path, &db, err));
    CS_TRY(copy_into(old, &db, err));
    CS_TRY(cs_schema_apply(&db, schema, version, err));
    CS_TRY(expect_sound(&db, "PRAGMA integrity_check(1)", err));
    CS_TRY(expect_sound(&db, "PRAGMA foreign_key_check", err));
    return close_temporary(&db, err);
}

static cs_rc replace(const struct cs_db *old, int version, const struct cs_schema *schema,
                     struct cs_err *err)
{
    cs_autofree char *temporary = NULL;

    CS_TRY(cs_storefile_temporary(old->path, &temporary, err));
    cs_rc rc = fill_migrated(temporary, old, version, schema, err);
    if (rc == CS_OK) {
        rc = cs_storefile_replace(temporary, old->path, version, err);
    }
    if (rc != CS_OK) {
        cs_storefile_remove(temporary);
        cs_err_hint(err, "the store itself is unchanged in its version %d", version);
    }
    return rc;
}

static cs_rc try_replace(const char *place, const struct cs_schema *schema, struct cs_err *err)
{
    cs_auto_value(cs_db) old = {0};
    int version = 0;

    CS_TRY(cs_db_open(place, place, SQLITE_OPEN_READWRITE, 0, &old, err));
    CS_TRY(take_alone(&old, err));
    if (cs_db_has_moved(&old)) {
        return CS_OK;
    }
    CS_TRY(cs_schema_version(&old, schema, &version, err));
    return version < schema->count ? replace(&old, version, schema, err) : CS_OK;
}

static bool is_locked(const struct cs_err *err)
{
    return err->origin == CS_ORIGIN_SQL && (err->cause & 0xff) == SQLITE_BUSY;
}

/* SQLite's own waiting is not enough here: several who all hold a shared lock and all wait to be
 * alone would wait for each other. So each lets go of the file before it tries again. */
cs_rc cs_migrate_replace(const char *place, unsigned wait_ms, const struct cs_schema *schema,
                         struct cs_err *err)
{
    const unsigned pause_ms = 5 + (unsigned)getpid() % 16;
    const struct timespec pause = {.tv_nsec = pause_ms * 1000000L};
    struct cs_err last = {0};
    cs_rc rc = try_replace(place, schema, &last);

    for (unsigned waited = 0; rc != CS_OK && is_locked(&last) && waited < wait_ms;
         waited += pause_ms) {
        nanosleep(&pause, NULL);
        rc = try_replace(place, schema, &last);
    }
    if (rc != CS_OK && err) {
        *err = last;
    }
    return rc;
}

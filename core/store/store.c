#include "port/store.h"

#include "base/mem.h"
#include "store/migrate.h"
#include "store/snapshot.h"
#include "store/store_internal.h"
#include "store/storefile.h"

#include <stdlib.h>

/* Times that the store may be made or replaced by others while it is being opened. */
#define OPEN_TRIES 10

/* One look at the file: *ret_ready true with the store open, or something was made or migrated and
 * the next look sees it. */
static cs_rc try_open(const char *place, unsigned wait_ms, const struct cs_schema *schema,
                      struct cs_db *ret_db, bool *ret_ready, struct cs_err *err)
{
    cs_auto_value(cs_db) db = {0};
    bool exists = false;
    int version = 0;

    *ret_ready = false;
    CS_TRY(cs_storefile_check(place, &exists, err));
    if (!exists) {
        return cs_migrate_create(place, schema, err);
    }
    CS_TRY(cs_db_open(place, place, SQLITE_OPEN_READWRITE, wait_ms, &db, err));
    CS_TRY(cs_schema_version(&db, schema, &version, err));
    /* Read once, a file in WAL mode stays locked against being replaced; before that it can be. */
    if (cs_db_has_moved(&db)) {
        return CS_OK;
    }
    if (sqlite3_db_readonly(db.handle, "main") != 0) {
        return cs_db_fail(&db, SQLITE_READONLY, "sqlite3_open_v2", err);
    }
    if (version < schema->count) {
        cs_db_done(&db);
        return cs_migrate_replace(place, wait_ms, schema, err);
    }
    *ret_db = cs_db_steal(&db);
    *ret_ready = true;
    return CS_OK;
}

/* A transaction that COMMIT has confirmed is on the disk: synchronous FULL syncs the -wal each
 * time. cell_size_check finds damage before it is followed. */
static cs_rc configure(const struct cs_db *db, struct cs_err *err)
{
    CS_TRY(cs_db_journal_mode(db, "PRAGMA journal_mode = WAL", "wal", err));
    return cs_db_exec(db, "PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON", err);
}

static cs_rc fail_no_folder(const char *path, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_STORE, "make the folder, or name another one with --state-dir",
                        "the folder of the store %s is not there", path);
}

cs_rc cs_store_open_schema(const char *path, unsigned wait_ms, cs_record_fn record,
                           void *record_ctx, const struct cs_schema *schema,
                           struct cs_store **ret_store, struct cs_err *err)
{
    cs_autofree char *place = NULL;
    cs_auto(cs_store) store = cs_alloc(1, sizeof *store);
    bool ready = false;

    CS_TRY(cs_storefile_place(path, &place, err));
    if (!place) {
        return fail_no_folder(path, err);
    }
    for (int i = 0; i < OPEN_TRIES && !ready; i++) {
        CS_TRY(try_open(place, wait_ms, schema, &store->db, &ready, err));
    }
    if (!ready) {
        return cs_fail(err, CS_E_STORE, "the store %s is being replaced again and again", place);
    }
    CS_TRY(configure(&store->db, err));
    store->record = record;
    store->record_ctx = record_ctx;
    *ret_store = cs_steal(&store);
    return CS_OK;
}

cs_rc cs_store_open(const char *path, unsigned wait_ms, cs_record_fn record, void *record_ctx,
                    struct cs_store **ret_store, struct cs_err *err)
{
    return cs_store_open_schema(path, wait_ms, record, record_ctx, &cs_schema, ret_store, err);
}

cs_rc cs_store_open_readonly_schema(const char *path, unsigned wait_ms,
                                    const struct cs_schema *schema, struct cs_store **ret_store,
                                    struct cs_err *err)
{
    cs_autofree char *place = NULL;
    cs_auto(cs_store) store = cs_alloc(1, sizeof *store);
    bool exists = false;
    int version = 0;

    CS_TRY(cs_storefile_place(path, &place, err));
    if (place) {
        CS_TRY(cs_storefile_check(place, &exists, err));
    }
    if (!exists) {
        *ret_store = NULL;
        return CS_OK;
    }
    CS_TRY(cs_snapshot_open(place, wait_ms, &store->db, err));
    CS_TRY(cs_schema_version(&store->db, schema, &version, err));
    /* The copy is migrated, the store is not. */
    CS_TRY(cs_schema_apply(&store->db, schema, version, err));
    CS_TRY(cs_db_exec(&store->db, "PRAGMA query_only = ON; PRAGMA cell_size_check = ON", err));
    *ret_store = cs_steal(&store);
    return CS_OK;
}

cs_rc cs_store_open_readonly(const char *path, unsigned wait_ms, struct cs_store **ret_store,
                             struct cs_err *err)
{
    return cs_store_open_readonly_schema(path, wait_ms, &cs_schema, ret_store, err);
}

cs_rc cs_store_group_begin(struct cs_store *store, struct cs_err *err)
{
    return cs_db_group_begin(&store->db, err);
}

cs_rc cs_store_group_end(struct cs_store *store, struct cs_err *err)
{
    return cs_db_group_end(&store->db, err);
}

void cs_store_group_undo(struct cs_store *store)
{
    cs_db_group_undo(&store->db);
}

void cs_store_close(struct cs_store *store)
{
    if (store) {
        cs_db_done(&store->db);
        free(store);
    }
}

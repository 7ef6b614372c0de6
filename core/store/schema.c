#include "store/schema.h"

#include "store/query.h"

#include <stdint.h>

/* Version 1, the first release.
 * STRICT makes SQLite check the types; what is read is checked again, because a store is input.
 * A request's number is never given twice although AUTOINCREMENT is not there: the journal refers
 * to it, so that the row cannot be deleted. Only what every `new` asks for has an index, for each
 * one costs every transition a page. The order of the columns of `request` is for people; the
 * program names each. The blobs stand last, so that what is searched for is found without reading
 * over them. */
static const char version_1[] =
    "CREATE TABLE request ("
    " id INTEGER PRIMARY KEY, state TEXT NOT NULL,"
    " created INTEGER NOT NULL, updated INTEGER NOT NULL,"
    " key_id BLOB NOT NULL, label TEXT, ca_request_id TEXT,"
    " types TEXT NOT NULL, computer TEXT,"
    " common_name TEXT, organizational_unit TEXT, organization TEXT, locality TEXT,"
    " province TEXT, country TEXT,"
    " key_alg TEXT NOT NULL, key_bits INTEGER NOT NULL,"
    " exportable INTEGER NOT NULL, client_eku INTEGER NOT NULL, friendly_name TEXT,"
    " ca TEXT, output TEXT, output_der INTEGER NOT NULL,"
    " template_name TEXT, ca_account TEXT, global_catalog TEXT, global_settings_dc TEXT,"
    " token_uri TEXT, module_path TEXT, key_uri TEXT,"
    " attributes TEXT NOT NULL, generation TEXT NOT NULL,"
    " ca_handle TEXT, ca_message TEXT,"
    " error_code INTEGER NOT NULL, error_origin TEXT NOT NULL, error_cause INTEGER NOT NULL,"
    " error_operation TEXT NOT NULL, error_cause_name TEXT NOT NULL,"
    " error_message TEXT NOT NULL, error_hint TEXT NOT NULL,"
    " spki BLOB, csr BLOB, certificate BLOB, chain BLOB) STRICT;"
    "CREATE INDEX request_key_id ON request (key_id);"
    "CREATE INDEX request_label ON request (label);"

    "CREATE TABLE request_name ("
    " request INTEGER NOT NULL REFERENCES request (id), position INTEGER NOT NULL,"
    " name TEXT NOT NULL, rule TEXT, source TEXT,"
    " PRIMARY KEY (request, position)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE request_warning ("
    " request INTEGER NOT NULL REFERENCES request (id), position INTEGER NOT NULL,"
    " warning TEXT NOT NULL,"
    " PRIMARY KEY (request, position)) STRICT, WITHOUT ROWID;"

    /* The records are evidence: nothing changes or removes one. */
    "CREATE TABLE journal ("
    " seq INTEGER PRIMARY KEY, request INTEGER NOT NULL REFERENCES request (id),"
    " json TEXT NOT NULL) STRICT;"
    "CREATE TRIGGER journal_update BEFORE UPDATE ON journal"
    " BEGIN SELECT RAISE (ABORT, 'a journal record is never changed'); END;"
    "CREATE TRIGGER journal_delete BEFORE DELETE ON journal"
    " BEGIN SELECT RAISE (ABORT, 'a journal record is never removed'); END;"

    "CREATE TABLE key_intent ("
    " key_id BLOB PRIMARY KEY, token_uri TEXT NOT NULL) STRICT;"

    "CREATE TABLE labca ("
    " name TEXT PRIMARY KEY, key_id BLOB NOT NULL, token_uri TEXT NOT NULL,"
    " certificate BLOB NOT NULL, crl_number INTEGER NOT NULL, created INTEGER NOT NULL) STRICT;"
    "CREATE TABLE labca_request ("
    " id INTEGER PRIMARY KEY, ca TEXT NOT NULL REFERENCES labca (name),"
    " state TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,"
    " template_name TEXT, account TEXT, serial TEXT, message TEXT,"
    " csr BLOB NOT NULL, certificate BLOB, UNIQUE (ca, csr)) STRICT;"

    "PRAGMA application_id = 0x43534352;"
    "PRAGMA user_version = 1;";

/* Version 2: what knows the topology. A request without a pool has no entry in the new index, so
 * that it costs no page more. Every import is kept: the one before tells what changed. */
static const char version_2[] =
    "ALTER TABLE request ADD COLUMN pool TEXT;"
    "CREATE INDEX request_pool ON request (pool) WHERE pool IS NOT NULL;"

    "CREATE TABLE topology ("
    " id INTEGER PRIMARY KEY, imported INTEGER NOT NULL, signature TEXT, sha256 TEXT NOT NULL,"
    " documents TEXT NOT NULL, json TEXT NOT NULL) STRICT;"

    "PRAGMA user_version = 2;";

/* Version 3: which certificate serves which type, and keys that came from a file. A record about
 * them has no request, so that the journal is made anew without NOT NULL; its text is the same. */
static const char version_3[] =
    "CREATE TABLE certificate_use ("
    " type TEXT NOT NULL, slot TEXT NOT NULL, certificate BLOB NOT NULL,"
    " token_uri TEXT, key_id BLOB, assigned INTEGER NOT NULL, effective INTEGER NOT NULL,"
    " PRIMARY KEY (type, slot)) STRICT;"
    "CREATE TABLE imported_key ("
    " key_id BLOB PRIMARY KEY, token_uri TEXT NOT NULL, certificate BLOB NOT NULL,"
    " imported INTEGER NOT NULL) STRICT;"

    "CREATE TABLE journal_3 ("
    " seq INTEGER PRIMARY KEY, request INTEGER REFERENCES request (id),"
    " json TEXT NOT NULL) STRICT;"
    "INSERT INTO journal_3 (seq, request, json) SELECT seq, request, json FROM journal;"
    "DROP TABLE journal;" /* with its triggers */
    "ALTER TABLE journal_3 RENAME TO journal;"
    "CREATE TRIGGER journal_update BEFORE UPDATE ON journal"
    " BEGIN SELECT RAISE (ABORT, 'a journal record is never changed'); END;"
    "CREATE TRIGGER journal_delete BEFORE DELETE ON journal"
    " BEGIN SELECT RAISE (ABORT, 'a journal record is never removed'); END;"

    "PRAGMA user_version = 3;";

static const char *const steps[] = {version_1, version_2, version_3};

const struct cs_schema cs_schema = {steps, sizeof steps / sizeof *steps};

static cs_rc read_number(const struct cs_db *db, const char *pragma, int64_t *ret_number,
                         struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    bool row = false;

    CS_TRY(cs_query_open(db, pragma, &query, err));
    CS_TRY(cs_query_step(&query, &row, err));
    if (!row) {
        return cs_db_fail_damaged(db, err, "%s gives no answer", pragma);
    }
    return cs_query_int(&query, 0, INT32_MIN, INT32_MAX, ret_number, err);
}

cs_rc cs_schema_version(const struct cs_db *db, const struct cs_schema *schema, int *ret_version,
                        struct cs_err *err)
{
    int64_t application = 0;
    int64_t version = 0;

    CS_TRY(read_number(db, "PRAGMA application_id", &application, err));
    CS_TRY(read_number(db, "PRAGMA user_version", &version, err));
    if (application != CS_SCHEMA_APPLICATION_ID) {
        return cs_fail_hint(
            err, CS_E_STORE, "move the file away, or name another folder with --state-dir",
            "%s is a database, but no store of cscert: nothing was changed in it", db->path);
    }
    if (version > schema->count) {
        return cs_fail_hint(
            err, CS_E_STORE, "use that newer cscert, or name another folder with --state-dir",
            "the store %s was written by a newer cscert (schema %lld, this one knows up to %d)",
            db->path, (long long)version, schema->count);
    }
    /* Reads the schema, so that damage there is found now and not in the middle of a run. */
    CS_TRY(cs_db_exec(db, "SELECT 1 FROM sqlite_schema LIMIT 1", err));
    if (version < 1) {
        return cs_db_fail_damaged(db, err, "it says that its schema is version %lld",
                                  (long long)version);
    }
    *ret_version = (int)version;
    return CS_OK;
}

static cs_rc apply_step(const struct cs_db *db, const struct cs_schema *schema, int step,
                        struct cs_err *err)
{
    int64_t version = 0;

    CS_TRY(cs_db_exec(db, "BEGIN IMMEDIATE", err));
    CS_TRY(cs_db_exec(db, schema->steps[step], err));
    CS_TRY(cs_db_exec(db, "COMMIT", err));
    CS_TRY(read_number(db, "PRAGMA user_version", &version, err));
    if (version != step + 1) {
        return cs_fail(err, CS_E_INTERNAL, "the schema's step %d leaves version %lld", step + 1,
                       (long long)version);
    }
    return CS_OK;
}

cs_rc cs_schema_apply(const struct cs_db *db, const struct cs_schema *schema, int from,
                      struct cs_err *err)
{
    cs_rc rc = CS_OK;

    /* Off while tables are rebuilt (https://sqlite.org/lang_altertable.html section 7). */
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
    for (int step = from; step < schema->count && rc == CS_OK; step++) {
        rc = apply_step(db, schema, step, err);
    }
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    return rc;
}

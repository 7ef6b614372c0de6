/* A store of an older schema becomes one of the newer, whole or not at all. */
#include "store/migrate.h"

#include "base/mem.h"
#include "store/store_internal.h"
#include "support/check_run.h"
#include "support/storebox.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Stands before libc's: right after the store was opened, the file @replacement takes its name. */
static const char *replacement;

int open64(const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    int mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (replacement && strcmp(path, storebox_path("")) == 0) {
        rename(replacement, path);
        replacement = NULL;
    }
    return fd;
}

/* This program's schema, and versions that may follow it. */
#define TO_NEXT  "ALTER TABLE request ADD COLUMN note TEXT; UPDATE request SET note = 'two';"
#define TO_AFTER "CREATE TABLE third (id INTEGER PRIMARY KEY);"
#define OURS     (cs_schema.count)
#define NEXT     (cs_schema.count + 1)
#define AFTER    (cs_schema.count + 2)

#define STEPS_MAX 32

/* A schema of @version steps: ours, and then those above. The last but one is @step unless NULL. */
static struct cs_schema schema_with(int version, const char *step)
{
    static const char *steps[STEPS_MAX];
    static char *next;
    static char *after;

    free(next);
    free(after);
    next = step ? cs_strdup(step) : cs_asprintf(TO_NEXT "PRAGMA user_version = %d", NEXT);
    after = cs_asprintf(TO_AFTER "PRAGMA user_version = %d", AFTER);
    memcpy(steps, cs_schema.steps, (size_t)OURS * sizeof *steps);
    steps[OURS] = next;
    steps[NEXT] = after;
    return (struct cs_schema){steps, version};
}

static struct cs_schema schema_of(int version)
{
    return schema_with(version, NULL);
}

/* "cscert.db.vN.bak", what is left of a store of our version; both live until the next call. */
static const char *backup_suffix(void)
{
    static char suffix[32];

    snprintf(suffix, sizeof suffix, ".v%d.bak", OURS);
    return suffix;
}

static void add_one(void)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct cs_err err = {0};

    assert_ok(cs_store_add(store, request, &err), &err);
}

/* In @expected "%d" is our version. */
static void assert_listing(const char *expected)
{
    cs_autofree char *listing = storebox_listing();
    const char *mark = strstr(expected, "%d");

    if (!mark) {
        ck_assert_str_eq(listing, expected);
        return;
    }
    cs_autofree char *wanted =
        cs_asprintf("%.*s%d%s", (int)(mark - expected), expected, OURS, mark + 2);
    ck_assert_str_eq(listing, wanted);
}

static void assert_request(struct cs_store *store)
{
    cs_auto(cs_request) request = NULL;
    struct cs_err err = {0};

    assert_ok(cs_store_get(store, 1, &request, &err), &err);
    ck_assert_str_eq(request->plan->subject.common_name, "edge1.litwareinc.net");
    ck_assert_uint_eq(request->plan->name_count, 1);
}

static cs_rc open_as(int version, struct cs_store **ret_store, struct cs_err *err)
{
    struct cs_schema schema = schema_of(version);

    return cs_store_open_schema(storebox_path(""), STOREBOX_WAIT_MS, NULL, NULL, &schema, ret_store,
                                err);
}

static unsigned mode_of(const char *path)
{
    struct stat info;

    ck_assert_int_eq(stat(path, &info), 0);
    return (unsigned)info.st_mode & 07777;
}

/* From ours to each later one. */
START_TEST(older_store_is_migrated)
{
    const int version = OURS + _i;
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    add_one();
    assert_ok(open_as(version, &store, &err), &err);
    assert_request(store);
    cs_store_close(cs_steal(&store));
    assert_listing("cscert.db cscert.db.v%d.bak");
    ck_assert_uint_eq(mode_of(storebox_path("")), 0600);
    ck_assert_uint_eq(mode_of(storebox_path(backup_suffix())), 0600);
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), version);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM request WHERE note = 'two'"), 1);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM sqlite_schema WHERE name = 'third'"),
                     version == AFTER);
    /* It works as before: in WAL mode, and writable. */
    assert_ok(open_as(version, &store, &err), &err);
    assert_listing("cscert.db cscert.db-shm cscert.db-wal cscert.db.v%d.bak");
}
END_TEST

START_TEST(old_store_is_kept_and_works)
{
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    add_one();
    assert_ok(open_as(NEXT, &store, &err), &err);
    cs_store_close(cs_steal(&store));
    cs_autofree char *kept = cs_strdup(storebox_path(backup_suffix()));
    ck_assert_int_eq(rename(kept, storebox_path("")), 0);
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), OURS);
    store = storebox_open();
    assert_request(store);
}
END_TEST

START_TEST(kept_store_is_never_overwritten)
{
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};
    FILE *other = fopen(storebox_path(backup_suffix()), "wx");

    ck_assert_ptr_nonnull(other);
    fclose(other);
    add_one();
    assert_ok(open_as(NEXT, &store, &err), &err);
    cs_store_close(cs_steal(&store));
    cs_autofree char *listing = storebox_listing();
    cs_autofree char *wanted =
        cs_asprintf("cscert.db cscert.db.v%d.2.bak cscert.db.v%d.bak", OURS, OURS);
    ck_assert_str_eq(listing, wanted);
}
END_TEST

/* ---- a store that the first release has written ---- */

/* As that release made it: its own step, and rows of a request that was written to a file and of
 * its journal. */
static void make_version_1(void)
{
    const struct cs_schema first = {cs_schema.steps, 1};
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    assert_ok(cs_store_open_schema(storebox_path(""), 0, NULL, NULL, &first, &store, &err), &err);
    cs_store_close(cs_steal(&store));
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), 1);
    storebox_sql(
        "INSERT INTO request (id, state, created, updated, key_id, label, types, computer,"
        " common_name, key_alg, key_bits, exportable, client_eku, output, output_der,"
        " template_name, token_uri, key_uri, attributes, generation, error_code, error_origin,"
        " error_cause, error_operation, error_cause_name, error_message, error_hint, spki, csr)"
        " VALUES (1, 'OFFLINE', 1700000000, 1700000001,"
        " x'000102030405060708090a0b0c0d0e0f10111213', 'edge1 label', 'Internal',"
        " 'edge1.litwareinc.net', 'edge1.litwareinc.net', 'RSA', 2048, 0, 1, '/tmp/edge1.req', 0,"
        " 'WebServer', 'pkcs11:token=edge', 'pkcs11:token=edge;id=%00', 'CKA_LOCAL=true',"
        " 'session-copy', 0, '', 0, '', '', '', '', x'3059', x'3082');"
        "INSERT INTO request_name VALUES"
        " (1, 0, 'edge1.litwareinc.net', 'subject name', '-ComputerFqdn');"
        "INSERT INTO request_warning VALUES (1, 0, 'a warning');"
        "INSERT INTO journal VALUES (1, 1, '{\"seq\":1}'), (2, 1, '{\"seq\":2}');"
        "INSERT INTO key_intent VALUES"
        " (x'ff0102030405060708090a0b0c0d0e0f10111213', 'pkcs11:token=edge');");
}

static cs_rc count_records(void *ctx, int64_t sequence, const char *json, struct cs_err *err)
{
    int *count = ctx;

    (void)err;
    *count += 1;
    ck_assert_int_eq(sequence, *count);
    ck_assert_str_eq(json, sequence == 1 ? "{\"seq\":1}" : "{\"seq\":2}");
    return CS_OK;
}

/* Nothing of what the first release stored is lost or changed; what is new is not there. */
static void assert_version_1(struct cs_store *store)
{
    cs_auto(cs_request) request = NULL;
    cs_auto_value(cs_key_intent_list) intents = {0};
    struct cs_topology_row row = {0};
    struct cs_err err = {0};
    bool found = true;
    int records = 0;

    assert_ok(cs_store_get(store, 1, &request, &err), &err);
    assert_request(store);
    ck_assert_ptr_null(request->plan->pool);
    ck_assert_int_eq(request->state, CS_STATE_OFFLINE);
    ck_assert_int_eq(request->created, 1700000000);
    ck_assert_int_eq(request->updated, 1700000001);
    ck_assert_str_eq(request->plan->output, "/tmp/edge1.req");
    ck_assert_str_eq(request->plan->names[0].source, "-ComputerFqdn");
    ck_assert_str_eq(request->plan->warnings.items[0], "a warning");
    ck_assert_uint_eq(request->key_id[19], 0x13);
    ck_assert_int_eq(request->attrs.answer[CS_ATTR_LOCAL], CS_TRUE);
    ck_assert_uint_eq(request->csr.len, 2);
    assert_ok(cs_store_records(store, count_records, &records, &err), &err);
    ck_assert_int_eq(records, 2);
    assert_ok(cs_store_intents(store, &intents, &err), &err);
    ck_assert_uint_eq(intents.count, 1);
    assert_ok(cs_store_topology_get(store, 0, &row, &found, &err), &err);
    ck_assert(!found);
}

START_TEST(version_1_is_migrated)
{
    cs_auto(cs_store) store = NULL;
    cs_autofree int64_t *ids = NULL;
    struct cs_err err = {0};
    size_t count = 1;

    make_version_1();
    store = storebox_open();
    assert_version_1(store);
    assert_ok(cs_store_pool_ids(store, "edge.litwareinc.net", &ids, &count, &err), &err);
    ck_assert_uint_eq(count, 0);
    cs_store_close(cs_steal(&store));
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), OURS);
    cs_autofree char *listing = storebox_listing();
    ck_assert_str_eq(listing, "cscert.db cscert.db.v1.bak");
}
END_TEST

/* Migrated and goes on: the journal's next record follows the last one of the first release. */
START_TEST(version_1_goes_on)
{
    cs_auto(cs_store) store = NULL;
    cs_auto(cs_request) request = NULL;
    struct cs_err err = {0};

    make_version_1();
    store = storebox_open();
    assert_ok(cs_store_get(store, 1, &request, &err), &err);
    request->certificate = cs_bytes_copy("cert", 4);
    assert_ok(cs_store_transition(store, request, CS_STATE_ISSUED, &err), &err);
    cs_store_close(cs_steal(&store));
    ck_assert_int_eq(storebox_number("SELECT seq FROM journal ORDER BY seq DESC LIMIT 1"), 3);
}
END_TEST

/* `list` and -WhatIf read it as it is. */
START_TEST(version_1_is_read_in_place)
{
    cs_auto(cs_store) store = NULL;

    make_version_1();
    store = storebox_open_readonly();
    assert_version_1(store);
    cs_store_close(cs_steal(&store));
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), 1);
    cs_autofree char *listing = storebox_listing();
    ck_assert_str_eq(listing, "cscert.db");
}
END_TEST

/* ---- a store of the second schema ---- */

/* As a program of that schema made it: its own two steps, a request of a pool, its journal with the
 * triggers that guard it, a topology. */
static void make_version_2(void)
{
    const struct cs_schema second = {cs_schema.steps, 2};
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    make_version_1();
    assert_ok(cs_store_open_schema(storebox_path(""), 0, NULL, NULL, &second, &store, &err), &err);
    cs_store_close(cs_steal(&store));
    ck_assert_int_eq(unlink(storebox_path(".v1.bak")), 0);
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), 2);
    storebox_sql(
        "UPDATE request SET pool = 'edgepool.litwareinc.net';"
        "INSERT INTO topology VALUES (1, 1700000000, 'stamp', 'ab', 'topology.xml', '{}')");
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM sqlite_schema WHERE name LIKE"
                                     " 'certificate_use' OR name = 'imported_key'"),
                     0);
}

/* The journal was made anew: every record is as it was, and still cannot be touched. */
START_TEST(version_2_is_migrated)
{
    cs_auto(cs_store) store = NULL;
    cs_auto_value(cs_use_list) uses = {0};
    struct cs_topology_row row = {0};
    struct cs_err err = {0};
    bool found = false;
    int records = 0;

    make_version_2();
    store = storebox_open();
    assert_request(store);
    assert_ok(cs_store_records(store, count_records, &records, &err), &err);
    ck_assert_int_eq(records, 2);
    assert_ok(cs_store_topology_get(store, 0, &row, &found, &err), &err);
    ck_assert(found);
    cs_topology_row_done(&row);
    assert_ok(cs_store_uses(store, &uses, &err), &err);
    ck_assert_uint_eq(uses.count, 0);
    cs_store_close(cs_steal(&store));
    ck_assert_int_ne(storebox_try("UPDATE journal SET json = '{}'"), 0);
    ck_assert_int_ne(storebox_try("DELETE FROM journal"), 0);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal WHERE request = 1"), 2);
    cs_autofree char *listing = storebox_listing();
    ck_assert_str_eq(listing, "cscert.db cscert.db.v2.bak");
}
END_TEST

/* The first record without a request follows the last one of the old program. */
START_TEST(version_2_goes_on)
{
    cs_auto(cs_store) store = NULL;
    struct cs_use use = {.slot = CS_USE_CURRENT, .certificate = cs_bytes_copy("cert", 4)};
    struct cs_err err = {0};

    make_version_2();
    store = storebox_open();
    assert_ok(cs_store_use_set(store, "Default", &use, 1, "assigned", &err), &err);
    cs_store_close(cs_steal(&store));
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM journal WHERE seq = 3"
                                     " AND request IS NULL AND json LIKE '%\"seq\":3,%'"),
                     1);
    cs_use_done(&use);
}
END_TEST

/* ---- what must not happen ---- */

static const struct {
    const char *step;
    cs_rc code;
    const char *message;
} failures[] = {
    {TO_NEXT "INSERT INTO nowhere VALUES (1); PRAGMA user_version = %d", CS_E_STORE, "tables"},
    {TO_NEXT "UPDATE request_name SET request = 99; PRAGMA user_version = %d", CS_E_STORE,
     "foreign_key_check"},
    {TO_NEXT, CS_E_INTERNAL, "leaves version"},
};

START_TEST(failed_migration_leaves_the_store)
{
    const char *mark = strstr(failures[_i].step, "%d");
    cs_autofree char *step =
        mark ? cs_asprintf("%.*s%d", (int)(mark - failures[_i].step), failures[_i].step, NEXT)
             : cs_strdup(failures[_i].step);
    const struct cs_schema schema = schema_with(NEXT, step);
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    add_one();
    assert_fails(cs_store_open_schema(storebox_path(""), 0, NULL, NULL, &schema, &store, &err),
                 failures[_i].code, &err);
    assert_contains(err.message, failures[_i].message);
    ck_assert(err.hint[0]);
    assert_listing("cscert.db");
    store = storebox_open();
    assert_request(store);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM pragma_table_info('request')"
                                     " WHERE name = 'note'"),
                     0);
}
END_TEST

START_TEST(store_in_use_is_not_migrated)
{
    const struct cs_schema schema = schema_of(NEXT);
    cs_auto(cs_store) user = NULL;
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    add_one();
    user = storebox_open();
    assert_fails(cs_store_open_schema(storebox_path(""), 50, NULL, NULL, &schema, &store, &err),
                 CS_E_STORE, &err);
    assert_contains(err.message, "is locked by another process");
    ck_assert_ptr_null(store);
    assert_request(user);
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), OURS);
}
END_TEST

/* Who only reads gets the new form in memory, and the file stays as it is. */
START_TEST(reader_migrates_its_copy_only)
{
    const struct cs_schema schema = schema_of(AFTER);
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    add_one();
    assert_ok(cs_store_open_readonly_schema(storebox_path(""), 0, &schema, &store, &err), &err);
    assert_request(store);
    assert_listing("cscert.db");
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), OURS);
}
END_TEST

/* A migrated store, which is to take the old one's place at the next opening. The caller frees. */
static char *prepare_replacement(void)
{
    char *newer = cs_strdup(storebox_path(".newer"));
    cs_autofree char *old = cs_strdup(storebox_path(backup_suffix()));
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    add_one();
    assert_ok(open_as(NEXT, &store, &err), &err);
    cs_store_close(cs_steal(&store));
    ck_assert_int_eq(rename(storebox_path(""), newer), 0);
    ck_assert_int_eq(rename(old, storebox_path("")), 0);
    return newer;
}

/* A program that knows our version only and waits while another one migrates must not go on with
 * the file that it had opened: what it wrote there would be lost. */
START_TEST(store_replaced_while_opening_is_seen)
{
    cs_autofree char *newer = prepare_replacement();
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    replacement = newer;
    assert_fails(open_as(OURS, &store, &err), CS_E_STORE, &err);
    ck_assert_ptr_null(replacement);
    assert_contains(err.message, "was written by a newer cscert");
}
END_TEST

/* Nor may the second of two who migrate put its own copy of the old store over the first one's. */
START_TEST(store_migrated_meanwhile_is_left_alone)
{
    cs_autofree char *newer = prepare_replacement();
    const struct cs_schema schema = schema_of(NEXT);
    struct cs_err err = {0};

    replacement = newer;
    assert_ok(cs_migrate_replace(storebox_path(""), 0, &schema, &err), &err);
    ck_assert_ptr_null(replacement);
    assert_listing("cscert.db");
}
END_TEST

#define MIGRATORS 4

/* All of them meet the old store; one replaces it, and the others must not work on the file that
 * they had opened before. */
START_TEST(several_migrate_once)
{
    int gate[2];
    char nothing = 0;

    add_one();
    ck_assert_int_eq(pipe(gate), 0);
    for (int i = 0; i < MIGRATORS; i++) {
        if (check_fork() == 0) {
            cs_auto(cs_store) store = NULL;
            struct cs_err err = {0};
            close(gate[1]);
            ck_assert_int_eq(read(gate[0], &nothing, 1), 0);
            assert_ok(open_as(NEXT, &store, &err), &err);
            assert_request(store);
            cs_store_close(cs_steal(&store));
            exit(0);
        }
    }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < MIGRATORS; i++) {
        int status = 0;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), 0);
    }
    /* Two who close at the same moment leave a -wal to the next one. */
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), NEXT);
    assert_listing("cscert.db cscert.db.v%d.bak");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("migrate");
    TCase *tcase = tcase_create("migrate");

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    tcase_add_loop_test(tcase, older_store_is_migrated, 1, 3);
    tcase_add_test(tcase, old_store_is_kept_and_works);
    tcase_add_test(tcase, kept_store_is_never_overwritten);
    tcase_add_test(tcase, version_1_is_migrated);
    tcase_add_test(tcase, version_1_goes_on);
    tcase_add_test(tcase, version_1_is_read_in_place);
    tcase_add_test(tcase, version_2_is_migrated);
    tcase_add_test(tcase, version_2_goes_on);
    add_rows(tcase, failed_migration_leaves_the_store, failures);
    tcase_add_test(tcase, store_in_use_is_not_migrated);
    tcase_add_test(tcase, reader_migrates_its_copy_only);
    tcase_add_test(tcase, store_replaced_while_opening_is_seen);
    tcase_add_test(tcase, store_migrated_meanwhile_is_left_alone);
    tcase_add_test(tcase, several_migrate_once);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

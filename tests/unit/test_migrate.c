/* A store of an older schema becomes one of the newer, whole or not at all. */
#include "store/migrate.h"

#include "base/mem.h"
#include "store/store_internal.h"
#include "support/check_run.h"
#include "support/storebox.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
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

/* The first release as version 1, and versions that may follow it. */
#define TO_2 "ALTER TABLE request ADD COLUMN note TEXT; UPDATE request SET note = 'two';"
#define TO_3 "CREATE TABLE third (id INTEGER PRIMARY KEY);"

static const char *steps[] = {NULL, TO_2 "PRAGMA user_version = 2", TO_3 "PRAGMA user_version = 3"};

static struct cs_schema schema_of(int version)
{
    steps[0] = cs_schema.steps[0];
    return (struct cs_schema){steps, version};
}

static void add_one(void)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct cs_err err = {0};

    assert_ok(cs_store_add(store, request, &err), &err);
}

static void assert_listing(const char *expected)
{
    cs_autofree char *listing = storebox_listing();

    ck_assert_str_eq(listing, expected);
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

/* From version 1 to each later one. */
START_TEST(older_store_is_migrated)
{
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    add_one();
    assert_ok(open_as(_i, &store, &err), &err);
    assert_request(store);
    cs_store_close(cs_steal(&store));
    assert_listing("cscert.db cscert.db.v1.bak");
    ck_assert_uint_eq(mode_of(storebox_path("")), 0600);
    ck_assert_uint_eq(mode_of(storebox_path(".v1.bak")), 0600);
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), _i);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM request WHERE note = 'two'"), 1);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM sqlite_schema WHERE name = 'third'"),
                     _i == 3);
    /* It works as before: in WAL mode, and writable. */
    assert_ok(open_as(_i, &store, &err), &err);
    assert_listing("cscert.db cscert.db-shm cscert.db-wal cscert.db.v1.bak");
}
END_TEST

START_TEST(old_store_is_kept_and_works)
{
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    add_one();
    assert_ok(open_as(2, &store, &err), &err);
    cs_store_close(cs_steal(&store));
    cs_autofree char *kept = cs_strdup(storebox_path(".v1.bak"));
    ck_assert_int_eq(rename(kept, storebox_path("")), 0);
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), 1);
    store = storebox_open();
    assert_request(store);
}
END_TEST

START_TEST(kept_store_is_never_overwritten)
{
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};
    FILE *other = fopen(storebox_path(".v1.bak"), "wx");

    ck_assert_ptr_nonnull(other);
    fclose(other);
    add_one();
    assert_ok(open_as(2, &store, &err), &err);
    cs_store_close(cs_steal(&store));
    assert_listing("cscert.db cscert.db.v1.2.bak cscert.db.v1.bak");
}
END_TEST

/* ---- what must not happen ---- */

static const struct {
    const char *step;
    cs_rc code;
    const char *message;
} failures[] = {
    {TO_2 "INSERT INTO nowhere VALUES (1); PRAGMA user_version = 2", CS_E_STORE, "tables"},
    {TO_2 "UPDATE request_name SET request = 99; PRAGMA user_version = 2", CS_E_STORE,
     "foreign_key_check"},
    {TO_2, CS_E_INTERNAL, "step 2 leaves version 1"},
};

START_TEST(failed_migration_leaves_the_store)
{
    const char *bad[] = {cs_schema.steps[0], failures[_i].step};
    const struct cs_schema schema = {bad, 2};
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
    const struct cs_schema schema = schema_of(2);
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
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), 1);
}
END_TEST

/* Who only reads gets the new form in memory, and the file stays as it is. */
START_TEST(reader_migrates_its_copy_only)
{
    const struct cs_schema schema = schema_of(3);
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    add_one();
    assert_ok(cs_store_open_readonly_schema(storebox_path(""), 0, &schema, &store, &err), &err);
    assert_request(store);
    assert_listing("cscert.db");
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), 1);
}
END_TEST

/* A migrated store, which is to take the old one's place at the next opening. The caller frees. */
static char *prepare_replacement(void)
{
    char *newer = cs_strdup(storebox_path(".v2"));
    cs_autofree char *old = cs_strdup(storebox_path(".v1.bak"));
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    add_one();
    assert_ok(open_as(2, &store, &err), &err);
    cs_store_close(cs_steal(&store));
    ck_assert_int_eq(rename(storebox_path(""), newer), 0);
    ck_assert_int_eq(rename(old, storebox_path("")), 0);
    return newer;
}

/* A program that knows version 1 only and waits while another one migrates must not go on with the
 * file that it had opened: what it wrote there would be lost. */
START_TEST(store_replaced_while_opening_is_seen)
{
    cs_autofree char *newer = prepare_replacement();
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    replacement = newer;
    assert_fails(open_as(1, &store, &err), CS_E_STORE, &err);
    ck_assert_ptr_null(replacement);
    assert_contains(err.message, "was written by a newer cscert");
}
END_TEST

/* Nor may the second of two who migrate put its own copy of the old store over the first one's. */
START_TEST(store_migrated_meanwhile_is_left_alone)
{
    cs_autofree char *newer = prepare_replacement();
    const struct cs_schema schema = schema_of(2);
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
            assert_ok(open_as(2, &store, &err), &err);
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
    ck_assert_int_eq(storebox_number("PRAGMA user_version"), 2);
    assert_listing("cscert.db cscert.db.v1.bak");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("migrate");
    TCase *tcase = tcase_create("migrate");

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    tcase_add_loop_test(tcase, older_store_is_migrated, 2, 4);
    tcase_add_test(tcase, old_store_is_kept_and_works);
    tcase_add_test(tcase, kept_store_is_never_overwritten);
    add_rows(tcase, failed_migration_leaves_the_store, failures);
    tcase_add_test(tcase, store_in_use_is_not_migrated);
    tcase_add_test(tcase, reader_migrates_its_copy_only);
    tcase_add_test(tcase, store_replaced_while_opening_is_seen);
    tcase_add_test(tcase, store_migrated_meanwhile_is_left_alone);
    tcase_add_test(tcase, several_migrate_once);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

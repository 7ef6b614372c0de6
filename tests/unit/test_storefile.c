/* Which files are taken for a store, which are refused and why; what lies in the folder. */
#include "store/storefile.h"

#include "base/mem.h"
#include "store/store_internal.h"
#include "support/check_run.h"
#include "support/storebox.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned mode_of(const char *path)
{
    struct stat info;

    ck_assert_msg(lstat(path, &info) == 0, "%s is not there", path);
    return (unsigned)info.st_mode & 07777;
}

static void assert_listing(const char *expected)
{
    cs_autofree char *listing = storebox_listing();

    ck_assert_str_eq(listing, expected);
}

static void add_one(void)
{
    cs_auto(cs_store) store = storebox_open();
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct cs_err err = {0};

    assert_ok(cs_store_add(store, request, &err), &err);
}

static const mode_t umasks[] = {0, 022, 077, 0777};

START_TEST(files_are_the_users_alone)
{
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct cs_err err = {0};

    umask(umasks[_i]);
    cs_auto(cs_store) store = storebox_open();
    assert_ok(cs_store_add(store, request, &err), &err);
    assert_listing("cscert.db cscert.db-shm cscert.db-wal");
    ck_assert_uint_eq(mode_of(storebox_path("")), 0600);
    ck_assert_uint_eq(mode_of(storebox_path("-wal")), 0600);
    ck_assert_uint_eq(mode_of(storebox_path("-shm")), 0600);

    cs_store_close(cs_steal(&store));
    assert_listing("cscert.db");
    umask(022);
}
END_TEST

/* What COMMIT has confirmed survives a power failure: in WAL mode only with synchronous = FULL (2),
 * https://sqlite.org/pragma.html#pragma_synchronous. */
START_TEST(commits_are_on_the_disk)
{
    cs_auto(cs_store) store = storebox_open();
    sqlite3_stmt *statement = NULL;
    const char *sql =
        "SELECT journal_mode, synchronous FROM pragma_journal_mode, pragma_synchronous";

    ck_assert_int_eq(sqlite3_prepare_v2(store->db.handle, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(statement, 0), "wal");
    ck_assert_int_eq(sqlite3_column_int(statement, 1), 2);
    sqlite3_finalize(statement);
}
END_TEST

START_TEST(folder_may_be_reached_through_a_link)
{
    cs_auto(cs_store) store = NULL;
    cs_autofree char *path = cs_asprintf("%s/link/cscert.db", storebox_folder());
    cs_autofree char *link = cs_asprintf("%s/link", storebox_folder());
    struct cs_err err = {0};

    ck_assert_int_eq(symlink(".", link), 0);
    assert_ok(cs_store_open(path, 0, NULL, NULL, &store, &err), &err);
    ck_assert_int_eq(access(storebox_path(""), F_OK), 0);
}
END_TEST

START_TEST(path_may_be_relative)
{
    cs_auto(cs_store) store = NULL;
    struct cs_err err = {0};

    ck_assert_int_eq(chdir(storebox_folder()), 0);
    assert_ok(cs_store_open("cscert.db", 0, NULL, NULL, &store, &err), &err);
    ck_assert_int_eq(access(storebox_path(""), F_OK), 0);
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* Two make the store at the same time: the first one's may hold a request already. */
START_TEST(new_store_never_replaces_one)
{
    cs_autofree char *place = cs_strdup(storebox_path(""));
    cs_autofree char *temporary = NULL;
    struct cs_err err = {0};

    assert_ok(cs_storefile_temporary(place, &temporary, &err), &err);
    add_one();
    assert_ok(cs_storefile_publish(temporary, place, &err), &err);
    ck_assert_int_eq(storebox_number("SELECT count(*) FROM request"), 1);
    assert_listing("cscert.db");
}
END_TEST

/* ---- what is refused ---- */

static void replace_by(const char *text, size_t len)
{
    int fd = open(storebox_path(""), O_WRONLY | O_TRUNC | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
    close(fd);
}

static void overwrite_at(off_t offset, const char *text)
{
    int fd = open(storebox_path(""), O_WRONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, text, strlen(text), offset), (ssize_t)strlen(text));
    close(fd);
}

static void make_link(void)
{
    cs_autofree char *other = cs_asprintf("%s/other", storebox_folder());

    ck_assert_int_eq(rename(storebox_path(""), other), 0);
    ck_assert_int_eq(symlink(other, storebox_path("")), 0);
}

static void make_folder(void)
{
    ck_assert_int_eq(unlink(storebox_path("")), 0);
    ck_assert_int_eq(mkdir(storebox_path(""), 0700), 0);
}

static void make_fifo(void)
{
    ck_assert_int_eq(unlink(storebox_path("")), 0);
    ck_assert_int_eq(mkfifo(storebox_path(""), 0600), 0);
}

static void let_group_read(void)
{
    ck_assert_int_eq(chmod(storebox_path(""), 0640), 0);
}

static void let_others_write(void)
{
    ck_assert_int_eq(chmod(storebox_path(""), 0602), 0);
}

static void let_others_write_folder(void)
{
    ck_assert_int_eq(chmod(storebox_folder(), 0777), 0);
}

static void make_text(void)
{
    replace_by("this is no database, but it is long enough to be asked for one: "
               "the header has a hundred octets, and these are more than that",
               125);
}

static void make_empty(void)
{
    replace_by("", 0);
}

static void make_short(void)
{
    replace_by("SQLite format 3", 16);
}

static void make_newer(void)
{
    storebox_sql("PRAGMA user_version = 99");
}

static void make_foreign(void)
{
    storebox_sql("PRAGMA application_id = 0x0f055112");
}

static void make_unversioned(void)
{
    storebox_sql("PRAGMA user_version = 0");
}

/* The b-tree header of page 1 stands behind the 100 octets of the file's header. */
static void damage_schema(void)
{
    overwrite_at(100, "not a b-tree page");
}

static void orphan_wal(void)
{
    cs_autofree char *wal = cs_strdup(storebox_path("-wal"));

    ck_assert_int_eq(rename(storebox_path(""), wal), 0);
}

static const struct {
    void (*make)(void);
    const char *message;
    const char *hint;
    bool sql; /* the cause is SQLite's */
} refusals[] = {
    {make_link, "is a symbolic link", "--state-dir", false},
    {make_folder, "not a regular file", "--state-dir", false},
    {make_fifo, "not a regular file", "--state-dir", false},
    {let_group_read, "others can read or write the store", "chmod 600", false},
    {let_others_write, "others can read or write the store", "chmod 600", false},
    {let_others_write_folder, "others can write the store's folder", "chmod go-w", false},
    {make_text, "is no database", "put back a copy", true},
    {make_empty, "is empty", "remove it", false},
    {make_short, "is no database", "put back a copy", true},
    {make_newer, "was written by a newer cscert (schema 99", "use that newer cscert", false},
    {make_foreign, "no store of cscert", "move the file away", false},
    {make_unversioned, "is damaged", "put back a copy", true},
    {damage_schema, "is damaged", "put back a copy", true},
    {orphan_wal, "is gone, but", "put the store back", false},
};

static void assert_row(const struct cs_err *err, int row)
{
    assert_contains(err->message, refusals[row].message);
    assert_contains(err->message, storebox_folder());
    assert_contains(err->hint, refusals[row].hint);
    ck_assert_int_eq(err->origin, refusals[row].sql ? CS_ORIGIN_SQL : CS_ORIGIN_NONE);
    ck_assert_int_eq(err->cause != 0, refusals[row].sql);
}

START_TEST(file_is_refused)
{
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    add_one();
    refusals[_i].make();
    cs_autofree char *before = storebox_listing();
    assert_fails(cs_store_open(storebox_path(""), 0, NULL, NULL, &store, &err), CS_E_STORE, &err);
    assert_row(&err, _i);
    assert_fails(cs_store_open_readonly(storebox_path(""), 0, &store, &err), CS_E_STORE, &err);
    assert_row(&err, _i);
    ck_assert_ptr_null(store);
    assert_listing(before);
}
END_TEST

/* Damage behind the header is found by who comes across it. */
START_TEST(damage_is_found_where_it_is)
{
    cs_auto(cs_store) store = NULL;
    struct cs_request *request = NULL;
    struct cs_err err = {0};

    add_one();
    int64_t page = storebox_number("SELECT rootpage FROM sqlite_schema WHERE name = 'request'");
    int64_t size = storebox_number("PRAGMA page_size");
    overwrite_at((page - 1) * size, "not a b-tree page");
    store = storebox_open();
    assert_fails(cs_store_get(store, 1, &request, &err), CS_E_STORE, &err);
    assert_contains(err.message, "is damaged");
    ck_assert_int_eq(err.origin, CS_ORIGIN_SQL);
    ck_assert_int_eq(err.cause & 0xff, SQLITE_CORRUPT);
    assert_contains(err.hint, "put back a copy");
    ck_assert_ptr_null(request);
}
END_TEST

START_TEST(file_of_somebody_else_is_refused)
{
    struct cs_store *store = NULL;
    struct cs_err err = {0};
    const char *path = "/etc/hostname";

    if (geteuid() == 0) {
        add_one();
        path = storebox_path("");
        ck_assert_int_eq(lchown(path, 65534, 65534), 0);
    }
    assert_fails(cs_store_open(path, 0, NULL, NULL, &store, &err), CS_E_STORE, &err);
    assert_contains(err.message, "belongs to user");
    assert_contains(err.hint, "run cscert as that user");
}
END_TEST

START_TEST(folder_must_be_there)
{
    cs_autofree char *path = cs_asprintf("%s/none/cscert.db", storebox_folder());
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    assert_fails(cs_store_open(path, 0, NULL, NULL, &store, &err), CS_E_STORE, &err);
    assert_contains(err.message, "none/cscert.db is not there");
    assert_contains(err.hint, "--state-dir");
    /* Who only reads finds nothing, which is no error. */
    assert_ok(cs_store_open_readonly(path, 0, &store, &err), &err);
    ck_assert_ptr_null(store);
}
END_TEST

START_TEST(file_that_cannot_be_written_is_refused)
{
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    add_one();
    storebox_become_user();
    ck_assert_int_eq(chmod(storebox_path(""), 0400), 0);
    assert_fails(cs_store_open(storebox_path(""), 0, NULL, NULL, &store, &err), CS_E_STORE, &err);
    assert_contains(err.message, "cannot be written");
    ck_assert_int_eq(err.origin, CS_ORIGIN_SQL);
    ck_assert_int_eq(err.cause & 0xff, SQLITE_READONLY);
    assert_contains(err.hint, "belong to the user");
}
END_TEST

static void (*const befores[])(void) = {NULL, add_one};

START_TEST(folder_that_cannot_be_written_is_refused)
{
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    if (befores[_i]) {
        befores[_i]();
    }
    cs_autofree char *before = storebox_listing();
    storebox_become_user();
    ck_assert_int_eq(chmod(storebox_folder(), 0500), 0);
    assert_fails(cs_store_open(storebox_path(""), 0, NULL, NULL, &store, &err), CS_E_STORE, &err);
    assert_contains(err.message, storebox_path(""));
    assert_contains(err.message, befores[_i] ? "cannot be written" : "cannot be made");
    assert_contains(err.hint, "folder belong to the user");
    ck_assert_int_eq(chmod(storebox_folder(), 0700), 0);
    assert_listing(before);
}
END_TEST

/* ---- locks ---- */

static sqlite3 *hold(const char *sql)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(storebox_path(""), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void assert_locked(const struct cs_err *err)
{
    assert_contains(err->message, "is locked by another process");
    ck_assert_int_eq(err->origin, CS_ORIGIN_SQL);
    ck_assert_int_eq(err->cause & 0xff, SQLITE_BUSY);
    assert_contains(err->hint, "try again");
}

START_TEST(store_that_one_holds_alone_is_locked)
{
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    add_one();
    sqlite3 *holder = hold("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    assert_fails(cs_store_open(storebox_path(""), 50, NULL, NULL, &store, &err), CS_E_STORE, &err);
    assert_locked(&err);
    sqlite3_close(holder);
    add_one();
}
END_TEST

START_TEST(store_that_one_writes_is_locked_for_writers)
{
    cs_auto(cs_store) store = NULL;
    cs_auto(cs_request) request = NULL;
    struct cs_err err = {0};

    add_one();
    assert_ok(cs_store_open(storebox_path(""), 50, NULL, NULL, &store, &err), &err);
    sqlite3 *holder = hold("BEGIN IMMEDIATE");
    assert_ok(cs_store_get(store, 1, &request, &err), &err);
    assert_fails(cs_store_transition(store, request, CS_STATE_SIGNED, &err), CS_E_STORE, &err);
    assert_locked(&err);
    ck_assert_int_eq(request->state, CS_STATE_PLANNED);
    sqlite3_close(holder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("storefile");
    TCase *tcase = tcase_create("file");

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    add_rows(tcase, files_are_the_users_alone, umasks);
    tcase_add_test(tcase, commits_are_on_the_disk);
    tcase_add_test(tcase, folder_may_be_reached_through_a_link);
    tcase_add_test(tcase, path_may_be_relative);
    tcase_add_test(tcase, new_store_never_replaces_one);
    add_rows(tcase, file_is_refused, refusals);
    tcase_add_test(tcase, damage_is_found_where_it_is);
    tcase_add_test(tcase, file_of_somebody_else_is_refused);
    tcase_add_test(tcase, folder_must_be_there);
    tcase_add_test(tcase, file_that_cannot_be_written_is_refused);
    add_rows(tcase, folder_that_cannot_be_written_is_refused, befores);
    tcase_add_test(tcase, store_that_one_holds_alone_is_locked);
    tcase_add_test(tcase, store_that_one_writes_is_locked_for_writers);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

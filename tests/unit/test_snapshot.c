/* Reading changes nothing, whatever state the files are in, and sees what was committed. */
#include "store/snapshot.h"

#include "base/file.h"
#include "base/mem.h"
#include "support/check_run.h"
#include "support/storebox.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void add_one(struct cs_store *store)
{
    cs_auto(cs_request) request = storebox_request("edge1.litwareinc.net");
    struct cs_err err = {0};

    assert_ok(cs_store_add(store, request, &err), &err);
}

static bool any_state(enum cs_state state)
{
    (void)state;
    return true;
}

static size_t count_requests(struct cs_store *store)
{
    cs_autofree int64_t *ids = NULL;
    struct cs_err err = {0};
    size_t count = 0;

    assert_ok(cs_store_ids(store, any_state, &ids, &count, &err), &err);
    return count;
}

/* The whole folder: names, octets, modes and times of change. Not ctime: for root, SQLite's open()
 * gives each -wal its owner anew. The caller frees. */
static char *fingerprint(void)
{
    static const char *const suffixes[] = {"", "-wal"};
    cs_autofree char *listing = storebox_listing();
    struct cs_buf buf = CS_BUF(16 * 1024 * 1024);
    struct cs_err err = {0};
    char *text = NULL;

    cs_buf_printf(&buf, "%s\n", listing);
    for (size_t i = 0; i < ROWS(suffixes); i++) {
        cs_auto_value(cs_bytes) octets = {0};
        struct stat info;
        if (stat(storebox_path(suffixes[i]), &info) != 0) {
            continue;
        }
        cs_buf_printf(&buf, "%lld.%09ld %o\n", (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                      (unsigned)info.st_mode);
        assert_ok(cs_file_read(storebox_path(suffixes[i]), 4 * 1024 * 1024, &octets, &err), &err);
        cs_autofree char *hex = cs_hex(octets.data, octets.len);
        cs_buf_puts(&buf, hex);
    }
    assert_ok(cs_buf_take_text(&buf, "the folder", &text, &err), &err);
    cs_buf_done(&buf);
    return text;
}

/* A process that added a request and was killed: its -wal and -shm stay. */
static void leave_wal(void)
{
    pid_t pid = check_fork();

    if (pid == 0) {
        cs_auto(cs_store) store = storebox_open();
        add_one(store);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(access(storebox_path("-wal"), F_OK), 0);
}

static void leave_closed(void)
{
    cs_auto(cs_store) store = storebox_open();

    add_one(store);
}

static void leave_closed_and_folder_readonly(void)
{
    leave_closed();
    storebox_become_user();
    ck_assert_int_eq(chmod(storebox_path(""), 0400), 0);
    ck_assert_int_eq(chmod(storebox_folder(), 0500), 0);
}

static void (*const rests[])(void) = {leave_closed, leave_wal, leave_closed_and_folder_readonly};

START_TEST(reading_changes_nothing)
{
    cs_auto(cs_request) request = NULL;
    struct cs_err err = {0};

    rests[_i]();
    cs_autofree char *before = fingerprint();
    cs_auto(cs_store) store = storebox_open_readonly();
    ck_assert_uint_eq(count_requests(store), 1);
    assert_ok(cs_store_get(store, 1, &request, &err), &err);
    cs_store_close(cs_steal(&store));
    cs_autofree char *after = fingerprint();
    ck_assert_msg(strcmp(before, after) == 0, "the folder has changed");
}
END_TEST

START_TEST(missing_store_is_not_made)
{
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    assert_ok(cs_store_open_readonly(storebox_path(""), 0, &store, &err), &err);
    ck_assert_ptr_null(store);
    cs_autofree char *listing = storebox_listing();
    ck_assert_str_eq(listing, "");
}
END_TEST

/* What is committed is seen though it stands in the -wal only; what comes later is not, because the
 * copy is of one moment. */
START_TEST(open_writer_is_read_beside)
{
    cs_auto(cs_store) writer = storebox_open();

    add_one(writer);
    cs_auto(cs_store) reader = storebox_open_readonly();
    ck_assert_uint_eq(count_requests(reader), 1);
    add_one(writer);
    ck_assert_uint_eq(count_requests(reader), 1);
    ck_assert_uint_eq(count_requests(writer), 2);
    cs_store_close(cs_steal(&reader));
    reader = storebox_open_readonly();
    ck_assert_uint_eq(count_requests(reader), 2);
    add_one(writer);
}
END_TEST

/* Whether this process holds the lock that keeps others from replacing the store, as another
 * process sees it. Not asked through SQLite, which in a child still believes in its parent's locks.
 */
static bool is_held(void)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510};
    int status = 0;

    pid_t pid = check_fork();
    if (pid == 0) {
        int fd = open(storebox_path(""), O_RDWR | O_CLOEXEC);
        ck_assert_int_eq(fcntl(fd, F_GETLK, &lock), 0);
        _exit(lock.l_type != F_UNLCK);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status) == 1;
}

/* POSIX drops a process's locks on a file when it closes any descriptor of it. */
START_TEST(reading_keeps_the_writers_locks)
{
    cs_auto(cs_store) writer = storebox_open();

    ck_assert(is_held());
    cs_store_close(storebox_open_readonly());
    ck_assert(is_held());
    cs_store_close(cs_steal(&writer));
    ck_assert(!is_held());
}
END_TEST

START_TEST(copy_cannot_be_written)
{
    cs_auto(cs_request) request = NULL;
    cs_auto(cs_request) another = storebox_request("edge2.litwareinc.net");
    struct cs_err err = {0};

    leave_closed();
    cs_auto(cs_store) store = storebox_open_readonly();
    assert_ok(cs_store_get(store, 1, &request, &err), &err);
    assert_fails(cs_store_transition(store, request, CS_STATE_SIGNED, &err), CS_E_INTERNAL, &err);
    assert_fails(cs_store_add(store, another, &err), CS_E_INTERNAL, &err);
    assert_fails(cs_store_note(store, request, &err), CS_E_INTERNAL, &err);
    ck_assert_int_eq(request->state, CS_STATE_PLANNED);
}
END_TEST

/* Holds the file as a migration does, tells so, and keeps it until it is killed. */
static pid_t hold_alone(void)
{
    int ready[2];
    char octet = 0;

    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = check_fork();
    if (pid == 0) {
        sqlite3 *db = NULL;
        ck_assert_int_eq(sqlite3_open(storebox_path(""), &db), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(db,
                                      "PRAGMA locking_mode = EXCLUSIVE;"
                                      "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        ck_assert_int_eq(write(ready[1], "", 1), 1);
        for (;;) {
            pause();
        }
    }
    ck_assert_int_eq(read(ready[0], &octet, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

START_TEST(store_that_one_holds_alone_is_locked)
{
    struct cs_store *store = NULL;
    struct cs_err err = {0};

    leave_closed();
    pid_t holder = hold_alone();
    assert_fails(cs_store_open_readonly(storebox_path(""), 50, &store, &err), CS_E_STORE, &err);
    assert_contains(err.message, "is locked by another process");
    ck_assert_int_eq(err.cause & 0xff, SQLITE_BUSY);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    store = storebox_open_readonly();
    ck_assert_uint_eq(count_requests(store), 1);
    cs_store_close(store);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("snapshot");
    TCase *tcase = tcase_create("read only");

    tcase_add_checked_fixture(tcase, storebox_setup, storebox_teardown);
    add_rows(tcase, reading_changes_nothing, rests);
    tcase_add_test(tcase, missing_store_is_not_made);
    tcase_add_test(tcase, open_writer_is_read_beside);
    tcase_add_test(tcase, reading_keeps_the_writers_locks);
    tcase_add_test(tcase, copy_cannot_be_written);
    tcase_add_test(tcase, store_that_one_holds_alone_is_locked);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

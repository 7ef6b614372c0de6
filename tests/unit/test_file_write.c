/* cs_file_write() and cs_file_check_writable(): whole or not at all. */
#include "base/file.h"
#include "base/mem.h"
#include "support/check_run.h"
#include "support/scratch.h"
#include "unit/file_things.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Stands before libc's: lets the n-th fsync() of a test fail. */
static int fsync_fails_at;
static int fsync_number;

int fsync(int fd)
{
    if (fsync_fails_at && --fsync_fails_at == 0) {
        errno = fsync_number;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

static const mode_t umasks[] = {0, 022, 077, 0777};

/* The mode is what was asked for, whatever the umask. */
START_TEST(test_write_mode)
{
    struct cs_err err = {0};

    umask(umasks[_i]);
    assert_ok(cs_file_write("open", "text", 4, 0644, false, &err), &err);
    assert_ok(cs_file_write("closed", "text", 4, 0600, false, &err), &err);
    ck_assert_uint_eq(mode_of("open"), 0644);
    ck_assert_uint_eq(mode_of("closed"), 0600);
    assert_content("open", "text");
    ck_assert_int_eq(scratch_entries("."), 2);
}
END_TEST

static const size_t lengths[] = {0, 1, 65536, 1000003};

START_TEST(test_write_length)
{
    size_t len = lengths[_i];
    cs_autofree char *text = cs_alloc(len + 1, 1);
    struct cs_err err = {0};

    memset(text, 'w', len);
    assert_ok(cs_file_write("f", text, len, 0644, false, &err), &err);
    assert_content("f", text);
}
END_TEST

START_TEST(test_write_does_not_overwrite)
{
    struct cs_err err = {0};

    scratch_put("f", "old", 3, 0640);
    assert_fails(cs_file_check_writable("f", false, &err), CS_E_OUTPUT, &err);
    assert_contains(err.message, "already there");
    assert_contains(err.hint, "-Force");
    assert_fails(cs_file_write("f", "new", 3, 0644, false, &err), CS_E_OUTPUT, &err);
    assert_contains(err.message, "already there");
    assert_content("f", "old");
    ck_assert_uint_eq(mode_of("f"), 0640);
    ck_assert_int_eq(scratch_entries("."), 1);
}
END_TEST

START_TEST(test_write_replaces)
{
    struct cs_err err = {0};

    scratch_put("f", "the old text", 12, 0400);
    ck_assert_int_eq(link("f", "other name"), 0);
    assert_ok(cs_file_check_writable("f", true, &err), &err);
    assert_ok(cs_file_write("f", "new", 3, 0644, true, &err), &err);
    assert_content("f", "new");
    ck_assert_uint_eq(mode_of("f"), 0644);
    assert_content("other name", "the old text"); /* a new file, not new octets in the old one */
    ck_assert_int_eq(scratch_entries("."), 2);
}
END_TEST

/* Two that write the same name at once: exactly one wins, and its file is whole. */
START_TEST(test_write_race)
{
    pid_t children[8];
    int wins = 0;

    for (size_t i = 0; i < ROWS(children); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct cs_err err = {0};
            _exit((int)cs_file_write("f", "text", 4, 0644, false, &err));
        }
    }
    for (size_t i = 0; i < ROWS(children); i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert(status == 0 || WEXITSTATUS(status) == CS_E_OUTPUT);
        wins += status == 0;
    }
    ck_assert_int_eq(wins, 1);
    assert_content("f", "text");
    ck_assert_int_eq(scratch_entries("."), 1);
}
END_TEST

/* What stands in the way is refused with and without @replace, early and late, and left alone. */
static const struct {
    enum thing thing;
    const char *message;
} write_things[] = {{FIFO, "no regular file"},      {DEVICE, "no regular file"},
                    {FOLDER, "is a folder"},        {DANGLING, "no regular file"},
                    {TO_FILE, "no regular file"},   {TO_DEVICE, "no regular file"},
                    {TO_FOLDER, "no regular file"}, {BELOW_FILE, "no regular file"}};

START_TEST(test_write_thing)
{
    struct stat before;
    struct stat after;
    struct cs_err err = {0};

    scratch_put("f", "text", 4, 0600);
    make_thing(write_things[_i].thing);
    ck_assert_int_eq(lstat("thing", &before), 0);
    for (int replace = 0; replace <= 1; replace++) {
        assert_fails(cs_file_check_writable("thing", replace, &err), CS_E_OUTPUT, &err);
        assert_contains(err.message, write_things[_i].message);
        assert_contains(err.hint, "name a file");
        assert_fails(cs_file_write("thing", "new", 3, 0644, replace, &err), CS_E_OUTPUT, &err);
        assert_contains(err.message, write_things[_i].message);
    }
    ck_assert_int_eq(lstat("thing", &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    ck_assert_int_eq(access("nowhere", F_OK), -1);
    assert_content("f", "text");
    ck_assert_int_eq(scratch_entries("."), 2);
}
END_TEST

/* Paths that cannot be written even by root; both functions must say so. */
static const char *const bad_paths[] = {
    "",    "nowhere/f", "f/below", "new/",       "sub/",
    "sub", "sub/.",     "/proc/f", NAME_255 "f", "/proc/self/comm/x"};

START_TEST(test_write_bad_path)
{
    const char *path = bad_paths[_i];
    struct cs_err err = {0};

    scratch_put("f", "text", 4, 0600);
    ck_assert_int_eq(mkdir("sub", 0700), 0);
    for (int replace = 0; replace <= 1; replace++) {
        /* /proc says yes to access(2) and no to every file: only writing shows it. */
        if (strcmp(path, "/proc/f") != 0) {
            assert_fails(cs_file_check_writable(path, replace, &err), CS_E_OUTPUT, &err);
        }
        assert_fails(cs_file_write(path, "new", 3, 0644, replace, &err), CS_E_OUTPUT, &err);
        assert_contains(err.message, *path ? path : "empty");
        assert_contains(err.hint, "file");
    }
    ck_assert_int_eq(scratch_entries("."), 2);
    ck_assert_int_eq(scratch_entries("sub"), 0);
}
END_TEST

/* The longest name is written, though the temporary file has a name of its own. */
START_TEST(test_write_longest_name)
{
    struct cs_err err = {0};

    assert_ok(cs_file_check_writable(NAME_255, false, &err), &err);
    assert_ok(cs_file_write(NAME_255, "text", 4, 0644, false, &err), &err);
    assert_content(NAME_255, "text");
    ck_assert_int_eq(scratch_entries("."), 1);
}
END_TEST

START_TEST(test_check_writable_changes_nothing)
{
    struct cs_err err = {0};

    assert_ok(cs_file_check_writable("f", false, &err), &err);
    assert_ok(cs_file_check_writable("./f", true, &err), &err);
    ck_assert_int_eq(scratch_entries("."), 0);
}
END_TEST

/* A file that may not grow so far: what is there stays, nothing new is left, the remedy is named.
 */
START_TEST(test_write_too_large)
{
    const struct rlimit limit = {1000, RLIM_INFINITY};
    const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    char text[2000];
    struct cs_err old_err = {0};
    struct cs_err new_err = {0};

    memset(text, 't', sizeof text);
    scratch_put("f", "old", 3, 0600);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    /* Check writes files of its own: no assertion before the limit is gone. */
    cs_rc old_rc = cs_file_write("f", text, sizeof text, 0644, true, &old_err);
    cs_rc new_rc = cs_file_write("g", text, sizeof text, 0644, false, &new_err);
    setrlimit(RLIMIT_FSIZE, &none);

    assert_fails(old_rc, CS_E_OUTPUT, &old_err);
    assert_fails(new_rc, CS_E_OUTPUT, &new_err);
    ck_assert_int_eq(old_err.cause, EFBIG);
    assert_contains(new_err.hint, "make room");
    assert_content("f", "old");
    ck_assert_int_eq(scratch_entries("."), 1);
}
END_TEST

/* Mounts @options at "disk" in a mount namespace of this test's process; false without the right.
 */
static bool mount_disk(const char *options, unsigned long flags)
{
    ck_assert_int_eq(mkdir("disk", 0700), 0);
    if (unshare(CLONE_NEWNS) != 0) {
        ck_assert_int_ne(geteuid(), 0);
        return false;
    }
    ck_assert_int_eq(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount("cs-test", "disk", "tmpfs", flags, options), 0);
    return true;
}

/* Who may not mount runs the same assertions through RLIMIT_FSIZE above. */
START_TEST(test_write_full_disk)
{
    char text[20000];
    struct cs_err err = {0};

    memset(text, 't', sizeof text);
    if (!mount_disk("size=16k", 0)) {
        return;
    }
    assert_ok(cs_file_write("disk/f", "old", 3, 0644, false, &err), &err);
    for (int replace = 0; replace <= 1; replace++) {
        assert_fails(
            cs_file_write(replace ? "disk/f" : "disk/g", text, sizeof text, 0644, replace, &err),
            CS_E_OUTPUT, &err);
        ck_assert_int_eq(err.cause, ENOSPC);
        assert_contains(err.hint, "make room");
    }
    assert_content("disk/f", "old");
    ck_assert_int_eq(scratch_entries("disk"), 1);
    ck_assert_int_eq(umount("disk"), 0);
}
END_TEST

START_TEST(test_write_read_only_disk)
{
    struct cs_err err = {0};

    if (!mount_disk("size=16k", MS_RDONLY)) {
        return;
    }
    assert_fails(cs_file_check_writable("disk/f", false, &err), CS_E_OUTPUT, &err);
    ck_assert_int_eq(err.cause, EROFS);
    assert_fails(cs_file_write("disk/f", "new", 3, 0644, false, &err), CS_E_OUTPUT, &err);
    assert_fails(cs_file_make_folder("disk/a/b", &err), CS_E_OUTPUT, &err);
    ck_assert_int_eq(umount("disk"), 0);
}
END_TEST

/* fsync() of the file, then of the folder. A new file goes; a replaced one cannot come back, but is
 * whole. EINVAL on the folder: its file system has no such thing. */
static const struct {
    int at;
    int number;
    bool replace;
    cs_rc rc;
    const char *content; /* of "f" afterwards; NULL: not there */
} syncs[] = {{1, EIO, false, CS_E_OUTPUT, NULL},    {1, EIO, true, CS_E_OUTPUT, "old"},
             {2, EIO, false, CS_E_OUTPUT, NULL},    {2, EIO, true, CS_E_OUTPUT, "new"},
             {2, ENOSPC, false, CS_E_OUTPUT, NULL}, {2, EINVAL, false, CS_OK, "new"},
             {2, EINVAL, true, CS_OK, "new"},       {3, EIO, false, CS_OK, "new"}};

START_TEST(test_write_sync)
{
    struct cs_err err = {0};

    if (syncs[_i].replace) {
        scratch_put("f", "old", 3, 0600);
    }
    fsync_fails_at = syncs[_i].at;
    fsync_number = syncs[_i].number;
    cs_rc rc = cs_file_write("f", "new", 3, 0644, syncs[_i].replace, &err);
    ck_assert_int_eq(rc, syncs[_i].rc);
    if (rc != CS_OK) {
        ck_assert_int_eq(err.cause, syncs[_i].number);
        ck_assert_str_eq(err.operation, "fsync");
    }
    ck_assert_int_eq(fsync_fails_at > 0, syncs[_i].at > 2); /* exactly two calls */
    if (syncs[_i].content) {
        assert_content("f", syncs[_i].content);
    }
    ck_assert_int_eq(scratch_entries("."), syncs[_i].content != NULL);
}
END_TEST

/* ---- several at once ---- */

#define SET 5

/* "a" and "b" here, "sub/c" and "sub/d" there, and one that the row spoils. */
static void fill_set(struct cs_file_part parts[SET], struct cs_err errs[SET], const char *fifth)
{
    static const char *const paths[] = {"a", "b", "sub/c", "sub/d"};

    ck_assert_int_eq(mkdir("sub", 0700), 0);
    scratch_put("there", "old", 3, 0600);
    for (size_t i = 0; i < SET; i++) {
        const char *path = i < ROWS(paths) ? paths[i] : fifth;
        parts[i] = (struct cs_file_part){.path = path, .data = path, .len = 1, .err = &errs[i]};
    }
}

static const struct {
    const char *path;
    bool replace;
    bool good;
} spoilers[] = {{"sub/e", false, true}, {"there", false, false},     {"there", true, true},
                {"sub", false, false},  {"nowhere/e", false, false}, {"a", false, false},
                {"", true, false}};

/* One that cannot be written does not stop the others, wherever it stands. */
START_TEST(test_set_one_fails)
{
    struct cs_file_part parts[SET];
    struct cs_err errs[SET] = {{0}};

    fill_set(parts, errs, spoilers[_i].path);
    cs_file_write_set(parts, SET, 0640, spoilers[_i].replace);
    for (size_t i = 0; i < SET - 1; i++) {
        assert_ok(parts[i].rc, &errs[i]);
        ck_assert_uint_eq(mode_of(parts[i].path), 0640);
    }
    assert_content("a", "a");
    assert_content("sub/d", "s");
    ck_assert_int_eq(parts[SET - 1].rc, spoilers[_i].good ? CS_OK : CS_E_OUTPUT);
    ck_assert_int_eq(errs[SET - 1].code, parts[SET - 1].rc);
    bool new_file = spoilers[_i].good && strcmp(spoilers[_i].path, "there") != 0;
    ck_assert_int_eq(scratch_entries(".") + scratch_entries("sub"), 4 + 2 + new_file);
    assert_content("there", spoilers[_i].replace && spoilers[_i].good ? "t" : "old");
}
END_TEST

/* fsync() of the five files, then of the two folders: 6 is that of "a" and "b", 7 of the rest. */
static const struct {
    int at;
    unsigned failed; /* bit i: part i */
} set_syncs[] = {{1, 1}, {3, 4}, {5, 16}, {6, 3}, {7, 4 | 8 | 16}, {8, 0}};

START_TEST(test_set_sync)
{
    struct cs_file_part parts[SET];
    struct cs_err errs[SET] = {{0}};

    fill_set(parts, errs, "sub/e");
    fsync_fails_at = set_syncs[_i].at;
    fsync_number = EIO;
    cs_file_write_set(parts, SET, 0644, false);
    ck_assert_int_eq(fsync_fails_at > 0, set_syncs[_i].at > 7); /* exactly seven calls */
    fsync_fails_at = 0;
    for (size_t i = 0; i < SET; i++) {
        bool failed = set_syncs[_i].failed & 1u << i;
        ck_assert_int_eq(parts[i].rc, failed ? CS_E_OUTPUT : CS_OK);
        ck_assert_int_eq(access(parts[i].path, F_OK) == 0, !failed);
        if (failed) {
            ck_assert_int_eq(errs[i].cause, EIO);
            assert_contains(errs[i].message, parts[i].path);
        }
    }
    int left = SET - __builtin_popcount(set_syncs[_i].failed);
    ck_assert_int_eq(scratch_entries(".") + scratch_entries("sub"), 2 + left);
}
END_TEST

START_TEST(test_set_of_none)
{
    cs_file_write_set(NULL, 0, 0644, false);
    ck_assert_int_eq(scratch_entries("."), 0);
}
END_TEST

static TCase *writing(void)
{
    TCase *tcase = tcase_create("write");

    tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
    add_rows(tcase, test_write_mode, umasks);
    add_rows(tcase, test_write_length, lengths);
    tcase_add_test(tcase, test_write_does_not_overwrite);
    tcase_add_test(tcase, test_write_replaces);
    tcase_add_test(tcase, test_write_race);
    add_rows(tcase, test_write_thing, write_things);
    add_rows(tcase, test_write_bad_path, bad_paths);
    tcase_add_test(tcase, test_write_longest_name);
    tcase_add_test(tcase, test_check_writable_changes_nothing);
    tcase_add_test(tcase, test_write_too_large);
    tcase_add_test(tcase, test_write_full_disk);
    tcase_add_test(tcase, test_write_read_only_disk);
    add_rows(tcase, test_write_sync, syncs);
    add_rows(tcase, test_set_one_fails, spoilers);
    add_rows(tcase, test_set_sync, set_syncs);
    tcase_add_test(tcase, test_set_of_none);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("file_write");

    suite_add_tcase(suite, writing());
    return check_run(suite);
}

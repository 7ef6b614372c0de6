#include "pkcs11/lock.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "support/check_run.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULE "/usr/lib/a/b.so"

static char base[] = "/tmp/cs-lock-XXXXXX";
static char *folder;
static struct cs_err err;

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(base));
    folder = cs_asprintf("%s/run/cscert", base);
}

static void teardown(void)
{
    cs_autofree char *command = cs_asprintf("rm -rf '%s'", base);

    ck_assert_int_eq(system(command), 0);
    free(folder);
}

START_TEST(makes_a_private_folder_and_file)
{
    struct cs_lock lock;
    struct stat info;

    assert_ok(cs_lock_open(&lock, folder, MODULE, &err), &err);
    ck_assert_int_eq(stat(folder, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0700);
    ck_assert_int_eq(stat(cs_lock_path(&lock), &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0600);
    assert_contains(cs_lock_path(&lock), "b.so.lock");
    cs_lock_done(&lock);
    ck_assert_ptr_null(cs_lock_path(&lock));
    cs_lock_done(&lock);
}
END_TEST

/* Names that a file system would not like, or that would leave the folder. */
static const char *const names[] = {"../../etc/passwd",     "/", "", ".", "a b\nc", "\xff\xfe/x.so",
                                    "configured by p11-kit"};

START_TEST(stays_in_its_folder)
{
    struct cs_lock lock;

    assert_ok(cs_lock_open(&lock, folder, names[_i], &err), &err);
    ck_assert_int_eq(strncmp(cs_lock_path(&lock), folder, strlen(folder)), 0);
    ck_assert_ptr_null(strchr(cs_lock_path(&lock) + strlen(folder) + 1, '/'));
    cs_lock_done(&lock);
}
END_TEST

START_TEST(takes_a_long_name)
{
    struct cs_lock lock;
    char name[4000];

    memset(name, 'x', sizeof name);
    name[0] = '/';
    name[sizeof name - 1] = 0;
    assert_ok(cs_lock_open(&lock, folder, name, &err), &err);
    cs_lock_done(&lock);
}
END_TEST

/* True if another process can have the lock now; it has given it back then. */
static bool is_free_for_others(void)
{
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        /* another process has not opened what this one has */
        execl("/proc/self/exe", "test_lock", "try", folder, NULL);
        _exit(127);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

/* What is_free_for_others() runs. 0: it is, 1: it is not. */
static int try_lock(const char *in)
{
    struct cs_lock lock;

    if (cs_lock_open(&lock, in, MODULE, &err) != CS_OK) {
        return 2;
    }
    cs_rc rc = cs_lock_take(&lock, 20, &err);
    bool told = strstr(err.message, cs_lock_path(&lock));
    cs_lock_done(&lock);
    if (rc == CS_OK) {
        return 0;
    }
    return rc == CS_E_TOKEN_REFUSED && told ? 1 : 2;
}

START_TEST(counts_how_often_it_is_taken)
{
    struct cs_lock lock;

    assert_ok(cs_lock_open(&lock, folder, MODULE, &err), &err);
    ck_assert(is_free_for_others());
    assert_ok(cs_lock_take(&lock, 0, &err), &err);
    assert_ok(cs_lock_take(&lock, 0, &err), &err);
    ck_assert(!is_free_for_others());
    cs_lock_release(&lock);
    ck_assert(!is_free_for_others());
    cs_lock_release(&lock);
    ck_assert(is_free_for_others());
    cs_lock_release(&lock); /* not held */
    assert_ok(cs_lock_take(&lock, 0, &err), &err);
    assert_ok(cs_lock_take(&lock, 0, &err), &err);
    cs_lock_done(&lock);
    ck_assert(is_free_for_others());
}
END_TEST

/* Two tokens of one module in one process: the last of them that lets go, lets go. */
START_TEST(a_process_shares_it_with_itself)
{
    struct cs_lock one;
    struct cs_lock two;

    assert_ok(cs_lock_open(&one, folder, MODULE, &err), &err);
    assert_ok(cs_lock_open(&two, folder, MODULE, &err), &err);
    assert_ok(cs_lock_take(&one, 0, &err), &err);
    assert_ok(cs_lock_take(&two, 0, &err), &err);
    cs_lock_release(&one);
    ck_assert(!is_free_for_others());
    cs_lock_release(&one); /* it cannot let go what the other holds */
    ck_assert(!is_free_for_others());
    assert_ok(cs_lock_take(&one, 0, &err), &err);
    cs_lock_done(&two);
    ck_assert(!is_free_for_others());
    cs_lock_done(&one);
    ck_assert(is_free_for_others());
}
END_TEST

START_TEST(modules_do_not_wait_for_each_other)
{
    struct cs_lock one;
    struct cs_lock two;

    assert_ok(cs_lock_open(&one, folder, MODULE, &err), &err);
    assert_ok(cs_lock_open(&two, folder, "/usr/lib/a/c.so", &err), &err);
    assert_ok(cs_lock_take(&one, 0, &err), &err);
    assert_ok(cs_lock_take(&two, 0, &err), &err);
    cs_lock_done(&one);
    cs_lock_done(&two);
}
END_TEST

/* The other process ends, however it ends, and the lock is free: nobody has to remove a file. */
START_TEST(waits_for_another_process_to_end)
{
    struct cs_lock lock;
    int ready[2];
    int go[2];
    char octet = 0;
    int status;

    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(go), 0);
    pid_t pid = fork();
    if (pid == 0) {
        bool held = cs_lock_open(&lock, folder, MODULE, NULL) == CS_OK &&
                    cs_lock_take(&lock, 0, NULL) == CS_OK;
        if (write(ready[1], &octet, 1) != 1 || read(go[0], &octet, 1) != 1) {
            _exit(2);
        }
        _exit(held ? 0 : 1);
    }
    ck_assert_int_eq(read(ready[0], &octet, 1), 1);
    assert_ok(cs_lock_open(&lock, folder, MODULE, &err), &err);
    assert_fails(cs_lock_take(&lock, 20, &err), CS_E_TOKEN_REFUSED, &err);
    ck_assert_int_eq(write(go[1], &octet, 1), 1);
    assert_ok(cs_lock_take(&lock, 10000, &err), &err);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    cs_lock_done(&lock);
}
END_TEST

START_TEST(refuses_a_folder_that_others_can_write)
{
    struct cs_lock lock;

    ck_assert_int_eq(chmod(base, 0777), 0);
    assert_fails(cs_lock_open(&lock, base, MODULE, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, base);
    ck_assert_ptr_null(cs_lock_path(&lock));
}
END_TEST

START_TEST(follows_no_link)
{
    cs_autofree char *target = cs_asprintf("%s/target", base);
    cs_autofree char *link = cs_asprintf("%s/usr_lib_a_b.so.lock", base);
    struct cs_lock lock;
    struct stat info;

    ck_assert_int_eq(symlink(target, link), 0);
    assert_fails(cs_lock_open(&lock, base, MODULE, &err), CS_E_CONFIG, &err);
    ck_assert_int_ne(stat(target, &info), 0);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "try") == 0) {
        return try_lock(argv[2]);
    }
    Suite *suite = suite_create("lock");
    TCase *tcase = tcase_create("lock");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, makes_a_private_folder_and_file);
    add_rows(tcase, stays_in_its_folder, names);
    tcase_add_test(tcase, takes_a_long_name);
    tcase_add_test(tcase, counts_how_often_it_is_taken);
    tcase_add_test(tcase, a_process_shares_it_with_itself);
    tcase_add_test(tcase, modules_do_not_wait_for_each_other);
    tcase_add_test(tcase, waits_for_another_process_to_end);
    tcase_add_test(tcase, refuses_a_folder_that_others_can_write);
    tcase_add_test(tcase, follows_no_link);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

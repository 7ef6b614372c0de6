/* Where secrets come from: files and descriptors. */
#include "base/mem.h"
#include "base/secret.h"
#include "support/check_run.h"
#include "support/scratch.h"
#include "unit/secret_checks.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>

/* Content of a source and the secret in it; NULL: CS_E_USAGE. */
static const struct {
    const char *content;
    size_t len;
    const char *secret;
    size_t secret_len;
} lines[] = {{"1234\n", 5, "1234", 4},
             {"1234", 4, "1234", 4},
             {"1234\r\n", 6, "1234", 4},
             {"1234\r", 5, "1234", 4},
             {"12\r34\n", 6, "12\r34", 5},
             {" 1 2 \n", 6, " 1 2 ", 5},
             {"1234\nsecond\n", 12, "1234", 4},
             {"1\0002\n", 4, "1\0002", 3},
             {"\xc3\xbc\n", 3, "\xc3\xbc", 2},
             {"\r\r\n", 3, "\r", 1},
             {"", 0, NULL, 0},
             {"\n", 1, NULL, 0},
             {"\r\n", 2, NULL, 0},
             {"\nsecond\n", 8, NULL, 0}};

START_TEST(test_line)
{
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};

    scratch_put("pin", lines[_i].content, lines[_i].len, 0600);
    if (lines[_i].secret) {
        assert_ok(cs_secret_read_file("pin", &secret, &err), &err);
        assert_holds(secret, lines[_i].secret, lines[_i].secret_len);
    } else {
        assert_fails(cs_secret_read_file("pin", &secret, &err), CS_E_USAGE, &err);
        ck_assert_ptr_null(secret);
        assert_contains(err.message, "pin");
        assert_contains(err.hint, "has to stand there");
    }
}
END_TEST

/* Lines around the limit, with every line end. */
static const struct {
    size_t len;
    const char *end;
    bool good;
} long_lines[] = {{CS_SECRET_MAX - 1, "", true},       {CS_SECRET_MAX - 1, "\r\n", true},
                  {CS_SECRET_MAX, "", true},           {CS_SECRET_MAX, "\n", true},
                  {CS_SECRET_MAX, "\r\n", true},       {CS_SECRET_MAX, "\r", true},
                  {CS_SECRET_MAX + 1, "", false},      {CS_SECRET_MAX + 1, "\n", false},
                  {CS_SECRET_MAX + 1, "\r\n", false},  {CS_SECRET_MAX + 2, "", false},
                  {CS_SECRET_MAX, "\rmore\n", false},  {CS_SECRET_MAX + 2, "\r\n", false},
                  {100 * CS_SECRET_MAX, "\r\n", false}};

START_TEST(test_long_line)
{
    size_t len = long_lines[_i].len;
    const char *end = long_lines[_i].end;
    cs_autofree char *text = cs_alloc(len + strlen(end) + 1, 1);
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};

    memset(text, 'x', len);
    strcpy(text + len, end);
    scratch_put("pin", text, len + strlen(end), 0600);
    if (long_lines[_i].good) {
        assert_ok(cs_secret_read_file("pin", &secret, &err), &err);
        assert_holds(secret, text, len);
    } else {
        assert_fails(cs_secret_read_file("pin", &secret, &err), CS_E_USAGE, &err);
        assert_contains(err.message, "longer than 1024");
        ck_assert_ptr_null(strstr(err.message, "xxxx"));
    }
}
END_TEST

static const struct {
    mode_t mode;
    bool good;
} modes[] = {{0600, true},  {0400, true},  {0700, true},  {0640, false},
             {0604, false}, {0620, false}, {0602, false}, {0610, false},
             {0601, false}, {0666, false}, {0644, false}};

START_TEST(test_mode)
{
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};

    scratch_put("pin", "1234\n", 5, modes[_i].mode);
    if (modes[_i].good) {
        assert_ok(cs_secret_read_file("pin", &secret, &err), &err);
        return;
    }
    assert_fails(cs_secret_read_file("pin", &secret, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "can be read by others");
    assert_contains(err.hint, "chmod 600 'pin'");
}
END_TEST

/* Neither root's nor ours. Without root no such file can be made: then the row is as root's. */
START_TEST(test_owner)
{
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};
    bool foreign = geteuid() == 0;

    scratch_put("pin", "1234\n", 5, 0600);
    if (!foreign) {
        assert_ok(cs_secret_read_file("pin", &secret, &err), &err);
        return;
    }
    ck_assert_int_eq(chown("pin", 65534, 65534), 0);
    assert_fails(cs_secret_read_file("pin", &secret, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "owner 65534");
}
END_TEST

START_TEST(test_link)
{
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};

    scratch_put("pin", "1234\n", 5, 0600);
    ck_assert_int_eq(symlink("pin", "link"), 0);
    assert_ok(cs_secret_read_file("link", &secret, &err), &err);
    assert_holds(secret, "1234", 4);

    /* The mode that counts is that of the file, not of the link. */
    cs_auto(cs_secret) open_to_all = NULL;
    ck_assert_int_eq(chmod("pin", 0644), 0);
    assert_fails(cs_secret_read_file("link", &open_to_all, &err), CS_E_CONFIG, &err);
}
END_TEST

static void make_fifo(void)
{
    ck_assert_int_eq(mkfifo("thing", 0600), 0);
}

static void make_folder(void)
{
    ck_assert_int_eq(mkdir("thing", 0700), 0);
}

static void make_dangling(void)
{
    ck_assert_int_eq(symlink("nowhere", "thing"), 0);
}

static void make_device(void)
{
    ck_assert_int_eq(symlink("/dev/zero", "thing"), 0);
}

static void make_nothing(void)
{
}

/* A FIFO without a writer must not stop the program either. */
static void (*const no_files[])(void) = {make_fifo, make_folder, make_dangling, make_device,
                                         make_nothing};

START_TEST(test_no_file)
{
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};

    alarm(20);
    no_files[_i]();
    assert_fails(cs_secret_read_file("thing", &secret, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "thing");
    remove("thing");
}
END_TEST

/* Two secrets in one pipe: each call takes its line and no octet more. */
START_TEST(test_pipe)
{
    cs_auto(cs_secret) first = NULL;
    cs_auto(cs_secret) second = NULL;
    cs_auto(cs_secret) third = NULL;
    struct cs_err err = {0};
    int fds[2];

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    ck_assert_int_eq(write(fds[1], "one\ntwo", 7), 7);
    close(fds[1]);
    assert_ok(cs_secret_read(fds[0], "fd:3", &first, &err), &err);
    assert_ok(cs_secret_read(fds[0], "fd:3", &second, &err), &err);
    assert_holds(first, "one", 3);
    assert_holds(second, "two", 3);
    assert_fails(cs_secret_read(fds[0], "fd:3", &third, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "fd:3");
    close(fds[0]);
    assert_fails(cs_secret_read(fds[0], "fd:3", &third, &err), CS_E_CONFIG, &err);
    ck_assert_int_eq(err.cause, EBADF);
}
END_TEST

/* In the child: writes once the parent sleeps, that is, once its read found nothing. */
static void write_when_parent_waits(int fd, pid_t parent)
{
    cs_autofree char *path = cs_asprintf("/proc/%d/stat", (int)parent);

    for (char state = 'R'; state != 'S' && getppid() == parent; sched_yield()) {
        FILE *file = fopen(path, "r");
        if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1) {
            state = 'R';
        }
        if (file) {
            fclose(file);
        }
    }
    _exit(write(fd, "1234\n", 5) == 5 ? 0 : 1);
}

/* A descriptor that its maker left non-blocking is waited for all the same. */
START_TEST(test_nonblocking)
{
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};
    pid_t parent = getpid();
    int status = 0;
    int fds[2];

    alarm(60);
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    pid_t child = fork();
    if (child == 0) {
        write_when_parent_waits(fds[1], parent);
    }
    assert_ok(cs_secret_read(fds[0], "fd:3", &secret, &err), &err);
    assert_holds(secret, "1234", 4);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("secret_source");
    TCase *tcase = tcase_create("secret_source");

    tcase_add_checked_fixture(tcase, secret_enter, scratch_leave);
    add_rows(tcase, test_line, lines);
    add_rows(tcase, test_long_line, long_lines);
    add_rows(tcase, test_mode, modes);
    tcase_add_test(tcase, test_owner);
    tcase_add_test(tcase, test_link);
    add_rows(tcase, test_no_file, no_files);
    tcase_add_test(tcase, test_pipe);
    tcase_add_test(tcase, test_nonblocking);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "wire/frame.h"

#include "base/mem.h"
#include "support/check_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both ends of a connection; each test has its own process and so its own. */
static int near_end;
static int far_end;

static void connect_ends(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    near_end = ends[0];
    far_end = ends[1];
    alarm(60); /* a test that waits for ever has failed */
}

static void send_octets(const void *data, size_t len)
{
    ck_assert_int_eq(write(far_end, data, len), (ssize_t)len);
}

/* ---- the form ---- */

/* Big endian, as docs/ARCHITECTURE.md says; the octets are written by hand. */
static const struct {
    const char *octets;
    size_t octet_count;
    const char *data;
    size_t len;
} forms[] = {
    {"\0\0\0\0", 4, "", 0},
    {"\0\0\0\1x", 5, "x", 1},
    {"\0\0\0\3a\0b", 7, "a\0b", 3},
};

START_TEST(test_write_form)
{
    char octets[16] = "";
    struct cs_err err = {0};

    assert_ok(cs_frame_write(near_end, forms[_i].data, forms[_i].len,
                             _i ? cs_frame_deadline(1000) : 0, &err),
              &err);
    ck_assert_int_eq(recv(far_end, octets, sizeof octets, MSG_DONTWAIT),
                     (ssize_t)forms[_i].octet_count);
    ck_assert_mem_eq(octets, forms[_i].octets, forms[_i].octet_count);
}
END_TEST

START_TEST(test_read_form)
{
    cs_auto_value(cs_bytes) frame = {0};
    struct cs_err err = {0};

    send_octets(forms[_i].octets, forms[_i].octet_count);
    send_octets("next", 4);
    assert_ok(cs_frame_read(near_end, 100, _i ? cs_frame_deadline(1000) : 0, &frame, &err), &err);
    ck_assert_uint_eq(frame.len, forms[_i].len);
    ck_assert_mem_eq(frame.data, forms[_i].data, forms[_i].len);

    /* What follows the frame is still there. */
    char next[8] = "";
    ck_assert_int_eq(read(near_end, next, sizeof next), 4);
    ck_assert_str_eq(next, "next");
}
END_TEST

/* 0x01020304 octets: each octet of the length stands where it belongs. */
START_TEST(test_length_order)
{
    struct cs_err err = {0};
    struct cs_bytes frame = {0};

    send_octets("\1\2\3\4", 4);
    assert_fails(cs_frame_read(near_end, 1000, 0, &frame, &err), CS_E_INTERNAL, &err);
    assert_contains(err.message, " 16909060 ");
}
END_TEST

/* ---- what is refused ---- */

static const struct {
    const char *octets;
    size_t octet_count;
    size_t max;
    const char *message;
} refused[] = {
    {"", 0, 100, "closed the connection"},
    {"\0\0", 2, 100, "closed the connection"},
    {"\0\0\0\5", 4, 100, "closed the connection"},
    {"\0\0\0\5four", 8, 100, "closed the connection"},
    {"\0\0\0\5fifth", 9, 4, "a frame of 5 octets, and 4 are the most"},
    {"\xff\xff\xff\xff", 4, SIZE_MAX, "a frame of 4294967295 octets, and 67108864 are the most"},
    {"\4\0\0\1", 4, SIZE_MAX, "a frame of 67108865 octets"},
};

START_TEST(test_read_refused)
{
    struct cs_bytes frame = {0};
    struct cs_err err = {0};

    send_octets(refused[_i].octets, refused[_i].octet_count);
    close(far_end);
    for (int timed = 0; timed <= 1; timed++) {
        assert_fails(cs_frame_read(near_end, refused[_i].max, timed ? cs_frame_deadline(20000) : 0,
                                   &frame, &err),
                     CS_E_INTERNAL, &err);
        if (!timed) {
            assert_contains(err.message, refused[_i].message);
        }
        ck_assert_ptr_null(frame.data);
    }
}
END_TEST

START_TEST(test_read_exactly_max)
{
    cs_auto_value(cs_bytes) frame = {0};
    struct cs_err err = {0};

    send_octets("\0\0\0\5fifth", 9);
    assert_ok(cs_frame_read(near_end, 5, 0, &frame, &err), &err);
    ck_assert_str_eq((const char *)frame.data, "fifth");
}
END_TEST

START_TEST(test_write_too_long)
{
    static const char octet;
    struct cs_err err = {0};
    char sent[4];

    assert_fails(cs_frame_write(near_end, &octet, CS_FRAME_MAX + 1U, 0, &err), CS_E_INTERNAL, &err);
    ck_assert_int_lt(recv(far_end, sent, sizeof sent, MSG_DONTWAIT), 0);
}
END_TEST

/* Nobody reads any more: an error, and no SIGPIPE. */
START_TEST(test_write_closed)
{
    struct cs_err err = {0};

    close(far_end);
    assert_fails(cs_frame_write(near_end, "x", 1, cs_frame_deadline(1000), &err), CS_E_INTERNAL,
                 &err);
    ck_assert_int_eq(err.cause, EPIPE);
}
END_TEST

START_TEST(test_bad_descriptor)
{
    struct cs_bytes frame = {0};
    struct cs_err err = {0};

    close(near_end);
    for (int timed = 0; timed <= 1; timed++) {
        int64_t deadline = timed ? cs_frame_deadline(1000) : 0;
        assert_fails(cs_frame_read(near_end, 9, deadline, &frame, &err), CS_E_INTERNAL, &err);
        ck_assert_int_eq(err.cause, EBADF);
        assert_fails(cs_frame_write(near_end, "x", 1, deadline, &err), CS_E_INTERNAL, &err);
        ck_assert_int_eq(err.cause, EBADF);
    }
}
END_TEST

/* What is announced costs no memory; only what comes does. */
#ifndef CS_SANITIZED /* which takes terabytes of address space itself */
START_TEST(test_announced_is_not_taken)
{
    const struct rlimit little = {(rlim_t)48 << 20, (rlim_t)48 << 20};
    struct cs_bytes frame = {0};
    struct cs_err err = {0};

    send_octets("\4\0\0\0some", 8); /* 64 MiB */
    close(far_end);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &little), 0);
    assert_fails(cs_frame_read(near_end, CS_FRAME_MAX, 0, &frame, &err), CS_E_INTERNAL, &err);
    assert_contains(err.message, "closed the connection");
}
END_TEST
#endif

/* ---- time ---- */

START_TEST(test_deadline)
{
    int64_t before = cs_frame_deadline(0);

    ck_assert_int_ge(cs_frame_deadline(5000), before + 5000);
    ck_assert_int_lt(cs_frame_deadline(5000), before + 10000);
}
END_TEST

/* Nothing came, a part of the length came, a part of the frame came. */
static const struct {
    const char *octets;
    size_t octet_count;
} stalls[] = {{"", 0}, {"\0\0", 2}, {"\0\0\0\5four", 8}};

START_TEST(test_read_stalls)
{
    struct cs_bytes frame = {0};
    struct cs_err err = {0};

    send_octets(stalls[_i].octets, stalls[_i].octet_count);
    int64_t deadline = cs_frame_deadline(50);
    assert_fails(cs_frame_read(near_end, 100, deadline, &frame, &err), CS_E_INTERNAL, &err);
    assert_contains(err.message, "in time");
    ck_assert_int_ge(cs_frame_deadline(0), deadline);
}
END_TEST

/* The other end reads nothing, and the socket's buffer is smaller than the frame. */
START_TEST(test_write_stalls)
{
    cs_autofree char *data = cs_alloc(8 << 20, 1);
    struct cs_err err = {0};
    int64_t deadline = cs_frame_deadline(50);

    assert_fails(cs_frame_write(near_end, data, 8 << 20, deadline, &err), CS_E_INTERNAL, &err);
    assert_contains(err.message, "in time");
    ck_assert_int_ge(cs_frame_deadline(0), deadline);
}
END_TEST

/* ---- large frames, small parts, signals ---- */

static void tick(int number)
{
    (void)number;
}

/* A signal each five milliseconds, without SA_RESTART. */
static void start_ticking(void)
{
    const struct sigaction action = {.sa_handler = tick};
    const struct itimerval each = {{0, 5000}, {0, 5000}};

    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &each, NULL), 0);
}

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16));
}

#define LARGE ((size_t)5 << 20 | 12345)

/* The other process writes a large frame, @at_once octets a call at first, then all of it. */
static pid_t start_writer(uint8_t *data, size_t at_once)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        const uint8_t length[] = {LARGE >> 24, LARGE >> 16 & 255, LARGE >> 8 & 255, LARGE & 255};
        bool good = write(far_end, length, 1) == 1 && write(far_end, length + 1, 3) == 3;
        size_t done = 0;
        for (int i = 0; i < 1000 && good; i++, done += at_once) {
            good = write(far_end, data + done, at_once) == (ssize_t)at_once;
        }
        while (done < LARGE && good) {
            ssize_t len = write(far_end, data + done, LARGE - done);
            good = len > 0;
            done += (size_t)len;
        }
        _exit(good ? 0 : 1);
    }
    close(far_end);
    return pid;
}

START_TEST(test_read_large)
{
    cs_autofree uint8_t *data = cs_alloc(LARGE, 1);
    cs_auto_value(cs_bytes) frame = {0};
    struct cs_err err = {0};
    int status = -1;

    for (size_t i = 0; i < LARGE; i++) {
        data[i] = pattern(i);
    }
    pid_t pid = start_writer(data, 1);
    start_ticking();
    assert_ok(
        cs_frame_read(near_end, CS_FRAME_MAX, _i ? cs_frame_deadline(60000) : 0, &frame, &err),
        &err);
    ck_assert_uint_eq(frame.len, LARGE);
    ck_assert_int_eq(memcmp(frame.data, data, LARGE), 0);
    while (waitpid(pid, &status, 0) < 0) {
        ck_assert_int_eq(errno, EINTR);
    }
    ck_assert_int_eq(status, 0);
}
END_TEST

/* The other process reads slowly at first; the exit code says whether it got the pattern. */
static pid_t start_reader(void)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        size_t done = 0;
        for (;;) {
            uint8_t data[4096];
            ssize_t len = read(far_end, data, done < 1000 ? 1 : sizeof data);
            if (len <= 0 || done == LARGE + 4) {
                break;
            }
            for (ssize_t i = 0; i < len; i++, done++) {
                if (done >= 4 && data[i] != pattern(done - 4)) {
                    _exit(1);
                }
            }
            if (done == LARGE + 4) {
                _exit(0);
            }
        }
        _exit(2);
    }
    close(far_end);
    return pid;
}

START_TEST(test_write_large)
{
    cs_autofree uint8_t *data = cs_alloc(LARGE, 1);
    struct cs_err err = {0};
    int status = -1;

    for (size_t i = 0; i < LARGE; i++) {
        data[i] = pattern(i);
    }
    pid_t pid = start_reader();
    start_ticking();
    assert_ok(cs_frame_write(near_end, data, LARGE, _i ? cs_frame_deadline(60000) : 0, &err), &err);
    while (waitpid(pid, &status, 0) < 0) {
        ck_assert_int_eq(errno, EINTR);
    }
    ck_assert_int_eq(status, 0);
}
END_TEST

/* A descriptor that does not block is waited for, with a deadline and without. */
START_TEST(test_no_blocking)
{
    cs_autofree uint8_t *data = cs_alloc(LARGE, 1);
    cs_auto_value(cs_bytes) frame = {0};
    struct cs_err err = {0};
    int status = -1;

    pid_t pid = start_writer(data, 100);
    ck_assert_int_eq(fcntl(near_end, F_SETFL, O_NONBLOCK), 0);
    assert_ok(cs_frame_read(near_end, CS_FRAME_MAX, 0, &frame, &err), &err);
    ck_assert_uint_eq(frame.len, LARGE);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- secrets ---- */

static cs_rc same_octets(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    const char *expected = ctx;

    (void)err;
    ck_assert_uint_eq(len, strlen(expected));
    ck_assert_mem_eq(octets, expected, len);
    return CS_OK;
}

START_TEST(test_secret)
{
    char text[] = "s\xc3\xa9"
                  "cret {\"v\":1}";
    char expected[] = "s\xc3\xa9"
                      "cret {\"v\":1}";
    cs_auto(cs_secret) secret = NULL;
    cs_auto(cs_secret) back = NULL;
    struct cs_err err = {0};

    assert_ok(cs_secret_setup(&err), &err);
    assert_ok(cs_secret_take(text, strlen(text), &secret, &err), &err);
    assert_ok(cs_frame_write_secret(near_end, secret, cs_frame_deadline(60000), &err), &err);
    assert_ok(cs_frame_read_secret(far_end, cs_frame_deadline(60000), &back, &err), &err);
    assert_ok(cs_secret_lend(back, same_octets, expected, &err), &err);
}
END_TEST

/* One octet more than a secret can have is not read; one that ends too early is none. */
START_TEST(test_secret_refused)
{
    struct cs_secret *secret = NULL;
    struct cs_err err = {0};

    assert_ok(cs_secret_setup(&err), &err);
    send_octets("\0\0\4\1", 4);
    assert_fails(cs_frame_read_secret(near_end, 0, &secret, &err), CS_E_INTERNAL, &err);
    assert_contains(err.message, "a secret of 1025 octets");
    send_octets("\0\0\0\5abc", 7);
    close(far_end);
    assert_fails(cs_frame_read_secret(near_end, 0, &secret, &err), CS_E_INTERNAL, &err);
    ck_assert_ptr_null(secret);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frame");
    TCase *tcase = tcase_create("frame");

    tcase_add_checked_fixture(tcase, connect_ends, NULL);
    add_rows(tcase, test_write_form, forms);
    add_rows(tcase, test_read_form, forms);
    tcase_add_test(tcase, test_length_order);
    add_rows(tcase, test_read_refused, refused);
    tcase_add_test(tcase, test_read_exactly_max);
    tcase_add_test(tcase, test_write_too_long);
    tcase_add_test(tcase, test_write_closed);
    tcase_add_test(tcase, test_bad_descriptor);
#ifndef CS_SANITIZED
    tcase_add_test(tcase, test_announced_is_not_taken);
#endif
    tcase_add_test(tcase, test_deadline);
    add_rows(tcase, test_read_stalls, stalls);
    tcase_add_test(tcase, test_write_stalls);
    tcase_add_loop_test(tcase, test_read_large, 0, 2);
    tcase_add_loop_test(tcase, test_write_large, 0, 2);
    tcase_add_test(tcase, test_secret);
    tcase_add_test(tcase, test_secret_refused);
    tcase_add_test(tcase, test_no_blocking);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

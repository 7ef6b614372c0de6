#include "wire/frame.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LENGTH_SIZE 4

/* What is read at once: memory grows with what came, never with what was announced. */
#define CHUNK_SIZE (64U << 10)

int64_t cs_frame_deadline(unsigned after_ms)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + after_ms;
}

/* Until @fd is ready for @events, or the deadline is over. */
static cs_rc wait_ready(int fd, short events, int64_t deadline_ms, struct cs_err *err)
{
    for (;;) {
        int64_t left = deadline_ms ? deadline_ms - cs_frame_deadline(0) : INT_MAX;
        if (left <= 0) {
            return cs_fail(err, CS_E_INTERNAL, "the other program did not answer in time");
        }
        struct pollfd waiting = {.fd = fd, .events = events};
        int ready = poll(&waiting, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (ready > 0) {
            return CS_OK;
        }
        if (ready < 0 && errno != EINTR) {
            return cs_fail_errno(err, CS_E_INTERNAL, "poll", errno,
                                 "waiting for the other program failed");
        }
    }
}

/* Without a deadline there is one system call, read(2) or write(2): a sandbox allows no more. */
static ssize_t receive(int fd, void *data, size_t len, int64_t deadline_ms)
{
    return deadline_ms ? recv(fd, data, len, MSG_DONTWAIT) : read(fd, data, len);
}

static ssize_t transmit(int fd, const void *data, size_t len, int64_t deadline_ms)
{
    return deadline_ms ? send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) : write(fd, data, len);
}

static cs_rc write_all(int fd, const uint8_t *data, size_t len, int64_t deadline_ms,
                       struct cs_err *err)
{
    while (len) {
        ssize_t done = transmit(fd, data, len, deadline_ms);
        if (done >= 0) {
            data += done;
            len -= (size_t)done;
        } else if (errno == EAGAIN) {
            CS_TRY(wait_ready(fd, POLLOUT, deadline_ms, err));
        } else if (errno != EINTR) {
            return cs_fail_errno(err, CS_E_INTERNAL, "write", errno,
                                 "the other program cannot be written to");
        }
    }
    return CS_OK;
}

/* At least one octet, at most @len. */
static cs_rc read_some(int fd, uint8_t *data, size_t len, int64_t deadline_ms, size_t *ret_len,
                       struct cs_err *err)
{
    for (;;) {
        ssize_t done = receive(fd, data, len, deadline_ms);
        if (done > 0) {
            *ret_len = (size_t)done;
            return CS_OK;
        }
        if (done == 0) {
            return cs_fail(err, CS_E_INTERNAL,
                           "the other program closed the connection before the end of a frame");
        }
        if (errno == EAGAIN) {
            CS_TRY(wait_ready(fd, POLLIN, deadline_ms, err));
        } else if (errno != EINTR) {
            return cs_fail_errno(err, CS_E_INTERNAL, "read", errno,
                                 "the other program cannot be read from");
        }
    }
}

static cs_rc read_length(int fd, int64_t deadline_ms, uint32_t *ret_len, struct cs_err *err)
{
    uint8_t octets[LENGTH_SIZE];
    size_t len = 0;

    for (size_t have = 0; have < sizeof octets; have += len) {
        CS_TRY(read_some(fd, octets + have, sizeof octets - have, deadline_ms, &len, err));
    }
    *ret_len = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
               octets[3];
    return CS_OK;
}

cs_rc cs_frame_write(int fd, const void *data, size_t len, int64_t deadline_ms, struct cs_err *err)
{
    if (len > CS_FRAME_MAX) {
        return cs_fail(err, CS_E_INTERNAL, "a frame of %zu octets is longer than %u", len,
                       CS_FRAME_MAX);
    }
    const uint8_t octets[LENGTH_SIZE] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16),
                                         (uint8_t)(len >> 8), (uint8_t)len};
    CS_TRY(write_all(fd, octets, sizeof octets, deadline_ms, err));
    return write_all(fd, data, len, deadline_ms, err);
}

cs_rc cs_frame_read(int fd, size_t max, int64_t deadline_ms, struct cs_bytes *ret_frame,
                    struct cs_err *err)
{
    size_t most = max < CS_FRAME_MAX ? max : CS_FRAME_MAX;
    uint32_t left = 0;

    CS_TRY(read_length(fd, deadline_ms, &left, err));
    if (left > most) {
        return cs_fail(err, CS_E_INTERNAL,
                       "the other program announced a frame of %u octets, and %zu are the most",
                       left, most);
    }
    cs_auto_value(cs_buf) buf = CS_BUF(most);
    while (left) {
        uint8_t chunk[CHUNK_SIZE];
        size_t len = 0;
        CS_TRY(read_some(fd, chunk, left < sizeof chunk ? left : sizeof chunk, deadline_ms, &len,
                         err));
        cs_buf_add(&buf, chunk, len);
        left -= (uint32_t)len;
    }
    return cs_buf_take(&buf, "a frame", ret_frame, err);
}

struct transfer {
    int fd;
    int64_t deadline_ms;
};

static cs_rc write_lent(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    const struct transfer *transfer = ctx;

    return cs_frame_write(transfer->fd, octets, len, transfer->deadline_ms, err);
}

cs_rc cs_frame_write_secret(int fd, const struct cs_secret *secret, int64_t deadline_ms,
                            struct cs_err *err)
{
    struct transfer transfer = {fd, deadline_ms};

    return cs_secret_lend(secret, write_lent, &transfer, err);
}

static cs_rc read_exactly(int fd, char *data, size_t len, int64_t deadline_ms, struct cs_err *err)
{
    size_t got = 0;

    for (size_t have = 0; have < len; have += got) {
        CS_TRY(read_some(fd, (uint8_t *)data + have, len - have, deadline_ms, &got, err));
    }
    return CS_OK;
}

cs_rc cs_frame_read_secret(int fd, int64_t deadline_ms, struct cs_secret **ret_secret,
                           struct cs_err *err)
{
    char octets[CS_SECRET_MAX] = {0};
    uint32_t len = 0;

    CS_TRY(read_length(fd, deadline_ms, &len, err));
    if (len > sizeof octets) {
        return cs_fail(err, CS_E_INTERNAL,
                       "the other program announced a secret of %u octets, and %zu are the most",
                       len, sizeof octets);
    }
    cs_rc rc = read_exactly(fd, octets, len, deadline_ms, err);
    if (rc == CS_OK) {
        return cs_secret_take(octets, len, ret_secret, err); /* wipes */
    }
    explicit_bzero(octets, sizeof octets);
    return rc;
}

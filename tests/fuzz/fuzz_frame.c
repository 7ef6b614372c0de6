/* Octets of the other program: read as frames until they end. The first octet says how long a frame
 * may be and whether there is a deadline. */
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Fits a socket's buffer, so that one process can do both. */
#define INPUT_MAX 16384

/* Reads a frame from @fd as it stands at the head of @data; 0 if none does. */
static size_t read_one(int fd, size_t max, int64_t deadline_ms, const uint8_t *data, size_t size)
{
    cs_auto_value(cs_bytes) frame = {0};
    struct cs_err err = {0};

    cs_rc rc = cs_frame_read(fd, max, deadline_ms, &frame, &err);
    size_t len =
        size < 4 ? 0
                 : (size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
    bool whole = size >= 4 && len <= max && len <= size - 4;
    if (whole != (rc == CS_OK)) {
        abort();
    }
    if (!whole) {
        if (frame.data || !err.message[0]) {
            abort();
        }
        return 0;
    }
    if (frame.len != len || memcmp(frame.data, data + 4, len) != 0) {
        abort();
    }
    return 4 + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];

    if (size < 1 || size > INPUT_MAX) {
        return 0;
    }
    size_t max = (size_t)(data[0] & 127) * 64;
    int64_t deadline_ms = data[0] & 128 ? cs_frame_deadline(60000) : 0;
    data++;
    size--;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
        write(ends[1], data, size) != (ssize_t)size) {
        abort();
    }
    close(ends[1]);
    for (;;) {
        size_t taken = read_one(ends[0], max, deadline_ms, data, size);
        if (!taken) {
            break;
        }
        data += taken;
        size -= taken;
    }
    close(ends[0]);
    return 0;
}

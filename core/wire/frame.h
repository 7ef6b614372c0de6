/* The frames in which the three programs talk: a length of four octets, most significant first, and
 * so many octets (docs/ARCHITECTURE.md, "Three programs"). Used on both ends; each treats what
 * comes as hostile. */
#ifndef CS_WIRE_FRAME_H
#define CS_WIRE_FRAME_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/secret.h"

#include <stddef.h>
#include <stdint.h>

/* No frame is longer. In octets without the length. */
#define CS_FRAME_MAX (64U << 20)

/* Writes one frame. CS_E_INTERNAL if the other end is gone, or does not take it before @deadline_ms
 * (CLOCK_MONOTONIC). With a deadline @fd is a socket, and no SIGPIPE comes; without (0) it waits
 * for ever and makes no system call but write(2), as a sandbox demands. */
CS_MUST_CHECK cs_rc cs_frame_write(int fd, const void *data, size_t len, int64_t deadline_ms,
                                   struct cs_err *err);

/* Reads one frame of at most @max octets. CS_E_INTERNAL if the other end closes before its end,
 * announces more than @max, or is not done by @deadline_ms (0: waits for ever, with read(2) alone).
 */
CS_MUST_CHECK cs_rc cs_frame_read(int fd, size_t max, int64_t deadline_ms,
                                  struct cs_bytes *ret_frame, struct cs_err *err);

/* A secret as a frame of its own: its octets pass through no other memory than the locked one, but
 * for one small buffer that is wiped. */
CS_MUST_CHECK cs_rc cs_frame_write_secret(int fd, const struct cs_secret *secret,
                                          int64_t deadline_ms, struct cs_err *err);

/* At most CS_SECRET_MAX octets; *ret_secret is the caller's to free. cs_secret_setup() was called.
 */
CS_MUST_CHECK cs_rc cs_frame_read_secret(int fd, int64_t deadline_ms, struct cs_secret **ret_secret,
                                         struct cs_err *err);

/* Milliseconds of CLOCK_MONOTONIC, @after from now. */
int64_t cs_frame_deadline(unsigned after_ms);

#endif

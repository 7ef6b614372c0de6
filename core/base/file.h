/* Files: read with a limit, written whole or not at all. */
#ifndef CS_BASE_FILE_H
#define CS_BASE_FILE_H

#include "base/bytes.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* The whole of a regular file of at most @max octets. CS_E_INPUT otherwise. */
CS_MUST_CHECK cs_rc cs_file_read(const char *path, size_t max, struct cs_bytes *ret_bytes,
                                 struct cs_err *err);

/* As cs_file_read(), refused with CS_E_CONFIG unless it belongs to root or to the user and nobody
 * else can write it. */
CS_MUST_CHECK cs_rc cs_file_read_trusted(const char *path, size_t max, struct cs_bytes *ret_bytes,
                                         struct cs_err *err);

/* CS_E_CONFIG unless @path is a regular file of root or the user that nobody else can write. */
CS_MUST_CHECK cs_rc cs_file_check_trusted(const char *path, struct cs_err *err);

/* The same, and nobody else can read it. */
CS_MUST_CHECK cs_rc cs_file_check_private(const char *path, struct cs_err *err);

/* Writes @path whole: a temporary file beside it, fsync, then rename or, without @replace, link, so
 * that a file of that name is never overwritten. On failure nothing of ours is left. CS_E_OUTPUT.
 */
CS_MUST_CHECK cs_rc cs_file_write(const char *path, const void *data, size_t len, mode_t mode,
                                  bool replace, struct cs_err *err);

/* One of several files that are written together. All but rc and err is the caller's. */
struct cs_file_part {
    const char *path;
    const void *data;
    size_t len;
    cs_rc rc;           /* set: CS_OK, or why this file is not there */
    struct cs_err *err; /* filled if rc is not CS_OK; may be NULL */
};

/* cs_file_write() of each: one that fails does not stop the others. The disk works on all of them
 * at once and each folder is synced once, so that a file among 32 costs a third of one alone. All
 * are open at the same time. */
void cs_file_write_set(struct cs_file_part *parts, size_t count, mode_t mode, bool replace);

/* The checks of cs_file_write() that can be made before anything is done: the folder is there and
 * can be written, @path is no folder, and without @replace is not there. CS_E_OUTPUT. */
CS_MUST_CHECK cs_rc cs_file_check_writable(const char *path, bool replace, struct cs_err *err);

/* Makes a folder (mode 0700) with its parents; that it is there already is no error. CS_E_OUTPUT.
 */
CS_MUST_CHECK cs_rc cs_file_make_folder(const char *path, struct cs_err *err);

#endif

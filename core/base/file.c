#include "base/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads an open descriptor to its end. */
static cs_rc read_all(int fd, const char *path, size_t max, struct cs_bytes *ret_bytes,
                      struct cs_err *err)
{
    struct cs_buf buf = CS_BUF(max);
    char chunk[16384];

    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            int number = errno;
            cs_buf_done(&buf);
            return cs_fail_errno(err, CS_E_INPUT, "read", number, "%s cannot be read", path);
        }
        if (got == 0) {
            break;
        }
        cs_buf_add(&buf, chunk, (size_t)got);
        if (buf.overflow) {
            break;
        }
    }
    cs_rc rc = cs_buf_take(&buf, path, ret_bytes, err);
    cs_buf_done(&buf);
    return rc;
}

static cs_rc open_regular(const char *path, int *ret_fd, struct stat *ret_info, struct cs_err *err)
{
    /* O_NONBLOCK: a FIFO without a writer must not stop the program before it is seen to be one. */
    cs_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0 || fstat(fd, ret_info) != 0) {
        return cs_fail_errno(err, CS_E_INPUT, "open", errno, "%s cannot be read", path);
    }
    if (!S_ISREG(ret_info->st_mode)) {
        return cs_fail(err, CS_E_INPUT, "%s is not a regular file", path);
    }
    *ret_fd = fd;
    fd = -1;
    return CS_OK;
}

static cs_rc check_trusted(const char *path, const struct stat *info, struct cs_err *err)
{
    if ((info->st_mode & 022) || (info->st_uid != 0 && info->st_uid != geteuid())) {
        cs_rc rc =
            cs_fail(err, CS_E_CONFIG, "%s can be changed by others (owner %u, mode %04o): not used",
                    path, (unsigned)info->st_uid, (unsigned)info->st_mode & 07777);
        cs_err_hint(err, "chmod go-w '%s', and let it belong to you or to root", path);
        return rc;
    }
    return CS_OK;
}

cs_rc cs_file_read(const char *path, size_t max, struct cs_bytes *ret_bytes, struct cs_err *err)
{
    cs_autoclose int fd = -1;
    struct stat info;

    CS_TRY(open_regular(path, &fd, &info, err));
    return read_all(fd, path, max, ret_bytes, err);
}

cs_rc cs_file_read_trusted(const char *path, size_t max, struct cs_bytes *ret_bytes,
                           struct cs_err *err)
{
    cs_autoclose int fd = -1;
    struct stat info;

    CS_TRY(open_regular(path, &fd, &info, err));
    CS_TRY(check_trusted(path, &info, err));
    return read_all(fd, path, max, ret_bytes, err);
}

cs_rc cs_file_check_trusted(const char *path, struct cs_err *err)
{
    cs_autoclose int fd = -1;
    struct stat info;

    CS_TRY(open_regular(path, &fd, &info, err));
    return check_trusted(path, &info, err);
}

/* Every failure to write names its remedy. */
static cs_rc fail_write(const char *path, const char *operation, int number, struct cs_err *err)
{
    bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;

    cs_err_set(err, CS_E_OUTPUT, "%s cannot be written", path);
    cs_err_cause_errno(err, operation, number);
    cs_err_hint(err, "%s",
                full ? "make room there, or name a file elsewhere"
                     : "see that its folder is there and yours to write, or name a file elsewhere");
    return CS_E_OUTPUT;
}

static cs_rc fail_exists(const char *path, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_OUTPUT, "name another file, or say -Force to replace this one",
                        "%s is already there and was not touched", path);
}

/* Nothing stands at @path, or with @replace a regular file. What else is there is never replaced:
 * `-Report /dev/null` must not cost the machine its /dev/null, and where a link leads its owner
 * may change at any time. */
static cs_rc check_target(const char *path, bool replace, struct cs_err *err)
{
    size_t len = strlen(path);
    struct stat info;

    if (len == 0) {
        return cs_fail(err, CS_E_OUTPUT, "the name of the file to write is empty");
    }
    if (path[len - 1] == '/') {
        return cs_fail(err, CS_E_OUTPUT, "%s names a folder, not a file", path);
    }
    if (lstat(path, &info) != 0) {
        return errno == ENOENT ? CS_OK : fail_write(path, "lstat", errno, err);
    }
    if (S_ISDIR(info.st_mode)) {
        return cs_fail(err, CS_E_OUTPUT, "%s is a folder", path);
    }
    if (!S_ISREG(info.st_mode)) {
        return cs_fail_hint(err, CS_E_OUTPUT, "name a file",
                            "%s is no regular file and was not touched", path);
    }
    return replace ? CS_OK : fail_exists(path, err);
}

static cs_rc write_all(int fd, const char *path, const void *data, size_t len, struct cs_err *err)
{
    const char *next = data;

    while (len) {
        ssize_t put = write(fd, next, len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return fail_write(path, "write", errno, err);
        }
        next += put;
        len -= (size_t)put;
    }
    return fsync(fd) == 0 ? CS_OK : fail_write(path, "fsync", errno, err);
}

/* The whole content under a name of its own, made of the template @temporary. */
static cs_rc write_temporary(char *temporary, const char *path, const void *data, size_t len,
                             mode_t mode, struct cs_err *err)
{
    int fd = mkostemp(temporary, O_CLOEXEC);

    if (fd < 0) {
        return fail_write(path, "open", errno, err);
    }
    cs_rc rc = write_all(fd, path, data, len, err);
    if (rc == CS_OK && fchmod(fd, mode) != 0) {
        rc = fail_write(path, "fchmod", errno, err);
    }
    if (close(fd) != 0 && rc == CS_OK) {
        rc = fail_write(path, "close", errno, err);
    }
    if (rc != CS_OK) {
        unlink(temporary);
    }
    return rc;
}

/* Gives the finished temporary file its name. */
static cs_rc publish(const char *temporary, const char *path, bool replace, struct cs_err *err)
{
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, replace ? 0 : RENAME_NOREPLACE) == 0) {
        return CS_OK;
    }
    int number = errno;
    /* NFS knows no RENAME_NOREPLACE; FAT, on the stick that carries the request, no link. */
    if (!replace && (number == EINVAL || number == ENOSYS)) {
        number = link(temporary, path) == 0 ? 0 : errno;
    }
    unlink(temporary);
    if (number == 0) {
        return CS_OK;
    }
    return number == EEXIST ? fail_exists(path, err) : fail_write(path, "rename", number, err);
}

/* The name is there only when its folder is on the disk. EINVAL: this file system has no such
 * thing. */
static cs_rc sync_folder(int folder, const char *path, bool replace, struct cs_err *err)
{
    if (fsync(folder) == 0 || errno == EINVAL) {
        return CS_OK;
    }
    int number = errno;
    if (!replace) {
        unlink(path);
    }
    return fail_write(path, "fsync", number, err);
}

cs_rc cs_file_write(const char *path, const void *data, size_t len, mode_t mode, bool replace,
                    struct cs_err *err)
{
    cs_autofree char *copy = cs_strdup(path);
    const char *folder = dirname(copy);
    cs_autofree char *temporary = cs_asprintf("%s/.cscert-XXXXXX", folder);

    CS_TRY(check_target(path, replace, err));
    /* Opened first: that it cannot be synced must show before the file has its name. */
    cs_autoclose int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0) {
        return fail_write(path, "open", errno, err);
    }
    CS_TRY(write_temporary(temporary, path, data, len, mode, err));
    CS_TRY(publish(temporary, path, replace, err));
    return sync_folder(folder_fd, path, replace, err);
}

cs_rc cs_file_check_writable(const char *path, bool replace, struct cs_err *err)
{
    cs_autofree char *copy = cs_strdup(path);

    CS_TRY(check_target(path, replace, err));
    if (access(dirname(copy), R_OK | W_OK | X_OK) != 0) {
        return fail_write(path, "access", errno, err);
    }
    return CS_OK;
}

static cs_rc make_one_folder(const char *path, struct cs_err *err)
{
    struct stat info;

    if (mkdir(path, 0700) == 0) {
        return CS_OK;
    }
    int number = errno;
    if (number == EEXIST) {
        if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
            return CS_OK;
        }
        number = ENOTDIR;
    }
    return cs_fail_errno(err, CS_E_OUTPUT, "mkdir", number, "the folder %s cannot be made", path);
}

cs_rc cs_file_make_folder(const char *path, struct cs_err *err)
{
    cs_autofree char *copy = cs_strdup(path);

    for (char *slash = copy + (*copy == '/'); (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        CS_TRY(make_one_folder(copy, err));
        *slash = '/';
    }
    return make_one_folder(copy, err);
}

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
static cs_rc fail_read(const char *path, const char *operation, int number, struct cs_err *err)
{
    cs_rc rc = cs_fail_errno(err, CS_E_INPUT, operation, number, "%s cannot be read", path);

    cs_err_hint(err, "see that it is there and that you may read it");
    return rc;
}

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
            return fail_read(path, "read", number, err);
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
        return fail_read(path, "open", errno, err);
    }
    if (!S_ISREG(ret_info->st_mode)) {
        return cs_fail_hint(err, CS_E_INPUT, "name a file, no folder, pipe or device",
                            "%s is not a regular file", path);
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

cs_rc cs_file_check_private(const char *path, struct cs_err *err)
{
    cs_autoclose int fd = -1;
    struct stat info;

    CS_TRY(open_regular(path, &fd, &info, err));
    CS_TRY(check_trusted(path, &info, err));
    if (info.st_mode & 077) {
        cs_rc rc = cs_fail(err, CS_E_CONFIG, "%s can be read by others (mode %04o): not used", path,
                           (unsigned)info.st_mode & 07777);
        cs_err_hint(err, "chmod 600 '%s'", path);
        return rc;
    }
    return CS_OK;
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
        return cs_fail_hint(err, CS_E_OUTPUT, "name a file",
                            "the name of the file to write is empty");
    }
    if (path[len - 1] == '/') {
        return cs_fail_hint(err, CS_E_OUTPUT, "name a file in it", "%s names a folder, not a file",
                            path);
    }
    if (lstat(path, &info) != 0) {
        return errno == ENOENT ? CS_OK : fail_write(path, "lstat", errno, err);
    }
    if (S_ISDIR(info.st_mode)) {
        return cs_fail_hint(err, CS_E_OUTPUT, "name a file in it", "%s is a folder", path);
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
    return CS_OK;
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

/* A file on its way: it has its whole content under a name of its own before it gets its name. */
struct draft {
    struct cs_file_part *part;
    char *folder;
    int folder_fd; /* of the first draft in its folder; -1: not */
    char *temporary;
    int fd;
};

static void draft_done(struct draft *draft)
{
    if (draft->fd >= 0) {
        close(draft->fd);
        unlink(draft->temporary);
    }
    if (draft->folder_fd >= 0) {
        close(draft->folder_fd);
    }
    free(draft->temporary);
    free(draft->folder);
}

/* Opened first: that it cannot be synced must show before the file has its name. */
static cs_rc open_folder(struct draft *drafts, size_t index, struct cs_err *err)
{
    struct draft *draft = &drafts[index];

    for (size_t i = 0; i < index; i++) {
        if (drafts[i].folder_fd >= 0 && strcmp(drafts[i].folder, draft->folder) == 0) {
            return CS_OK;
        }
    }
    draft->folder_fd = open(draft->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return draft->folder_fd < 0 ? fail_write(draft->part->path, "open", errno, err) : CS_OK;
}

static cs_rc begin_draft(struct draft *drafts, size_t index, mode_t mode, bool replace,
                         struct cs_err *err)
{
    struct draft *draft = &drafts[index];
    const struct cs_file_part *part = draft->part;
    cs_autofree char *copy = cs_strdup(part->path);

    CS_TRY(check_target(part->path, replace, err));
    draft->folder = cs_strdup(dirname(copy));
    CS_TRY(open_folder(drafts, index, err));
    draft->temporary = cs_asprintf("%s/.cscert-XXXXXX", draft->folder);
    draft->fd = mkostemp(draft->temporary, O_CLOEXEC);
    if (draft->fd < 0) {
        return fail_write(part->path, "open", errno, err);
    }
    CS_TRY(write_all(draft->fd, part->path, part->data, part->len, err));
    return fchmod(draft->fd, mode) == 0 ? CS_OK : fail_write(part->path, "fchmod", errno, err);
}

/* The content is on the disk, and the descriptor closed. */
static cs_rc finish_draft(struct draft *draft, struct cs_err *err)
{
    const char *path = draft->part->path;

    if (fsync(draft->fd) != 0) {
        return fail_write(path, "fsync", errno, err);
    }
    int closed = close(draft->fd);
    draft->fd = -1;
    if (closed != 0) {
        int number = errno;
        unlink(draft->temporary);
        return fail_write(path, "close", number, err);
    }
    return CS_OK;
}

/* A name is there only when its folder is on the disk. EINVAL: this file system has no such thing.
 */
static void sync_folder(const struct draft *first, const struct draft *end, bool replace)
{
    if (fsync(first->folder_fd) == 0 || errno == EINVAL) {
        return;
    }
    int number = errno;
    for (const struct draft *draft = first; draft < end; draft++) {
        struct cs_file_part *part = draft->part;
        if (part->rc != CS_OK || strcmp(draft->folder, first->folder) != 0) {
            continue;
        }
        if (!replace) {
            unlink(part->path);
        }
        part->rc = fail_write(part->path, "fsync", number, part->err);
    }
}

static void write_drafts(struct draft *drafts, size_t count, mode_t mode, bool replace)
{
    for (size_t i = 0; i < count; i++) {
        struct cs_file_part *part = drafts[i].part;
        part->rc = begin_draft(drafts, i, mode, replace, part->err);
        if (part->rc == CS_OK && count > 1) {
            /* Begins the writing that fsync() waits for; that it cannot is fsync()'s to say. */
            sync_file_range(drafts[i].fd, 0, 0, SYNC_FILE_RANGE_WRITE);
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct cs_file_part *part = drafts[i].part;
        if (part->rc == CS_OK) {
            part->rc = finish_draft(&drafts[i], part->err);
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct cs_file_part *part = drafts[i].part;
        if (part->rc == CS_OK) {
            part->rc = publish(drafts[i].temporary, part->path, replace, part->err);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (drafts[i].folder_fd >= 0) {
            sync_folder(&drafts[i], drafts + count, replace);
        }
    }
}

void cs_file_write_set(struct cs_file_part *parts, size_t count, mode_t mode, bool replace)
{
    cs_autofree struct draft *drafts = cs_alloc(count, sizeof *drafts);

    for (size_t i = 0; i < count; i++) {
        drafts[i] = (struct draft){.part = &parts[i], .folder_fd = -1, .fd = -1};
    }
    write_drafts(drafts, count, mode, replace);
    for (size_t i = 0; i < count; i++) {
        draft_done(&drafts[i]);
    }
}

cs_rc cs_file_write(const char *path, const void *data, size_t len, mode_t mode, bool replace,
                    struct cs_err *err)
{
    struct cs_file_part part = {.path = path, .data = data, .len = len, .err = err};

    cs_file_write_set(&part, 1, mode, replace);
    return part.rc;
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
    cs_rc rc =
        cs_fail_errno(err, CS_E_OUTPUT, "mkdir", number, "the folder %s cannot be made", path);
    cs_err_hint(err, "see that the folder it is to be in is there and yours to write");
    return rc;
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

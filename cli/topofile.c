#include "cli/topofile.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void cs_topofiles_done(struct cs_topofiles *files)
{
    for (size_t i = 0; i < files->count; i++) {
        close(files->items[i].fd);
    }
    free(files->items);
    free(files->sha256);
    *files = (struct cs_topofiles){0};
}

static cs_rc check_size(const char *path, size_t size, struct cs_err *err)
{
    if (size == 0) {
        return cs_fail_hint(err, CS_E_INPUT, "export the document again", "%s is empty", path);
    }
    if (size > CS_READER_DOCUMENT_MAX) {
        return cs_fail_hint(err, CS_E_INPUT,
                            "the largest deployments need a few MiB: is it the right file?",
                            "%s is larger than the %u MiB that a document may have", path,
                            CS_READER_DOCUMENT_MAX >> 20);
    }
    return CS_OK;
}

static cs_rc fail_read(const char *path, const char *operation, int number, struct cs_err *err)
{
    cs_rc rc = cs_fail_errno(err, CS_E_INPUT, operation, number, "%s cannot be read", path);

    cs_err_hint(err, "see that it is there and that you may read it");
    return rc;
}

static cs_rc open_document(const char *path, int *ret_fd, struct cs_err *err)
{
    /* O_NONBLOCK: a FIFO without a writer must not stop the program before it is seen to be one. */
    cs_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) != 0) {
        return fail_read(path, "open", errno, err);
    }
    if (!S_ISREG(info.st_mode)) {
        return cs_fail_hint(err, CS_E_INPUT, "name a file, no folder, pipe or device",
                            "%s is not a regular file", path);
    }
    CS_TRY(check_size(path, (size_t)info.st_size, err));
    *ret_fd = fd;
    fd = -1;
    return CS_OK;
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return false;
        }
        data += put;
        len -= (size_t)put;
    }
    return true;
}

/* From @from to its end, which may have moved since it was looked at. */
static cs_rc copy(const char *path, int from, int to, struct cs_hash *hash, size_t *ret_size,
                  struct cs_err *err)
{
    char chunk[65536];
    size_t size = 0;

    for (;;) {
        ssize_t got = read(from, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_read(path, "read", errno, err);
        }
        if (got == 0) {
            break;
        }
        size += (size_t)got;
        CS_TRY(check_size(path, size, err));
        CS_TRY(cs_hash_add(hash, chunk, (size_t)got, err));
        if (!write_all(to, chunk, (size_t)got)) {
            return cs_fail_errno(err, CS_E_INTERNAL, "write", errno, "%s cannot be copied", path);
        }
    }
    CS_TRY(check_size(path, size, err));
    *ret_size = size;
    return CS_OK;
}

/* Nobody changes it any more, we included. */
static cs_rc seal(const char *path, int fd, struct cs_err *err)
{
    int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

    if (fcntl(fd, F_ADD_SEALS, seals) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "fcntl", errno, "the copy of %s cannot be sealed",
                             path);
    }
    return CS_OK;
}

static cs_rc check_count(const struct cs_topofiles *files, const char *path, struct cs_err *err)
{
    if (files->count == CS_READER_DOCUMENTS_MAX) {
        return cs_fail_hint(err, CS_E_INPUT, "put them into one zip archive",
                            "%s is one document more than the %d of one topology", path,
                            CS_READER_DOCUMENTS_MAX);
    }
    return CS_OK;
}

cs_rc cs_topofiles_add(struct cs_topofiles *files, const char *path, struct cs_err *err)
{
    cs_autoclose int from = -1;
    cs_auto(cs_hash) hash = NULL;
    char sha256[CS_HASH_TEXT_SIZE];
    size_t size = 0;

    CS_TRY(check_count(files, path, err));
    CS_TRY(open_document(path, &from, err));
    CS_TRY(cs_hash_new(&hash, err));
    cs_autoclose int to = memfd_create("cscert-document", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (to < 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "memfd_create", errno, "no memory for %s", path);
    }
    CS_TRY(copy(path, from, to, hash, &size, err));
    CS_TRY(seal(path, to, err));
    CS_TRY(cs_hash_text(hash, sha256, err));

    files->items = cs_realloc(files->items, files->count + 1, sizeof *files->items);
    files->sha256 = cs_realloc(files->sha256, files->count + 1, sizeof *files->sha256);
    memcpy(files->sha256[files->count], sha256, sizeof sha256);
    files->items[files->count++] = (struct cs_reader_document){to, size, path};
    to = -1;
    return CS_OK;
}

char *cs_topofiles_sha256(const struct cs_topofiles *files)
{
    cs_auto_value(cs_strv) list = {0};

    for (size_t i = 0; i < files->count; i++) {
        cs_strv_add(&list, files->sha256[i]);
    }
    return cs_strv_join(&list, ",");
}

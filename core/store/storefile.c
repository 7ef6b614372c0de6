#include "store/storefile.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Copies of one old version that may stand beside each other. */
#define BACKUPS_MAX 100

cs_rc cs_storefile_fail(const char *operation, int number, const char *path, const char *what,
                        struct cs_err *err)
{
    bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;

    cs_err_set(err, CS_E_STORE, "%s %s", path, what);
    cs_err_cause_errno(err, operation, number);
    cs_err_hint(err, "%s",
                full ? "make room on the disk and run the command again"
                     : "let the store and its folder belong to the user who runs cscert, on a file "
                       "system that can be written; --state-dir names another folder");
    return CS_E_STORE;
}

static cs_rc check_folder(const char *folder, struct cs_err *err)
{
    struct stat info;

    if (stat(folder, &info) != 0) {
        return cs_storefile_fail("stat", errno, folder, "cannot be used as the store's folder",
                                 err);
    }
    if (!S_ISDIR(info.st_mode)) {
        return cs_fail_hint(err, CS_E_STORE, "name a folder with --state-dir",
                            "the store's folder %s is no folder", folder);
    }
    if ((info.st_mode & 022) || (info.st_uid != 0 && info.st_uid != geteuid())) {
        cs_err_set(err, CS_E_STORE,
                   "others can write the store's folder %s (owner %u, mode %04o): not used", folder,
                   (unsigned)info.st_uid, (unsigned)info.st_mode & 07777);
        cs_err_hint(err,
                    "chmod go-w '%s' and let it belong to you or to root, or name another one with "
                    "--state-dir",
                    folder);
        return CS_E_STORE;
    }
    return CS_OK;
}

cs_rc cs_storefile_place(const char *path, char **ret_place, struct cs_err *err)
{
    cs_autofree char *folder_copy = cs_strdup(path);
    cs_autofree char *name_copy = cs_strdup(path);
    const char *folder = dirname(folder_copy);
    cs_autofree char *real = realpath(folder, NULL);

    if (!real && errno == ENOENT) {
        *ret_place = NULL;
        return CS_OK;
    }
    if (!real) {
        return cs_storefile_fail("realpath", errno, folder, "cannot be used as the store's folder",
                                 err);
    }
    CS_TRY(check_folder(real, err));
    *ret_place = cs_asprintf("%s/%s", strcmp(real, "/") == 0 ? "" : real, basename(name_copy));
    return CS_OK;
}

bool cs_storefile_has(const char *place, const char *suffix)
{
    cs_autofree char *name = cs_asprintf("%s%s", place, suffix);
    struct stat info;

    return lstat(name, &info) == 0;
}

static cs_rc check_owner(const char *place, const struct stat *info, struct cs_err *err)
{
    if (info->st_uid != geteuid()) {
        return cs_fail_hint(err, CS_E_STORE,
                            "run cscert as that user, or name another folder with --state-dir",
                            "the store %s belongs to user %u, not to user %u who runs cscert",
                            place, (unsigned)info->st_uid, (unsigned)geteuid());
    }
    if (info->st_mode & 077) {
        cs_err_set(err, CS_E_STORE, "others can read or write the store %s (mode %04o): not used",
                   place, (unsigned)info->st_mode & 07777);
        cs_err_hint(err, "find out who changed that, then chmod 600 '%s'", place);
        return CS_E_STORE;
    }
    return CS_OK;
}

/* A "-wal" without its store holds transactions that nobody has seen in the store's file; a new
 * store beside it would swallow them. */
static cs_rc check_no_orphan(const char *place, bool wal, bool journal, struct cs_err *err)
{
    if (!wal && !journal) {
        return CS_OK;
    }
    cs_err_set(err, CS_E_STORE, "the store %s is gone, but %s%s is still there", place, place,
               wal ? "-wal" : "-journal");
    cs_err_hint(err, "put the store back beside it, or move %s%s away to begin a new store", place,
                wal ? "-wal" : "-journal");
    return CS_E_STORE;
}

cs_rc cs_storefile_check(const char *place, bool *ret_exists, struct cs_err *err)
{
    /* In this order: a store that another process makes in between has its file before its -wal. */
    bool wal = cs_storefile_has(place, "-wal");
    bool journal = cs_storefile_has(place, "-journal");
    struct stat info;

    if (lstat(place, &info) != 0) {
        if (errno != ENOENT) {
            return cs_storefile_fail("lstat", errno, place, "cannot be used as the store", err);
        }
        CS_TRY(check_no_orphan(place, wal, journal, err));
        *ret_exists = false;
        return CS_OK;
    }
    if (!S_ISREG(info.st_mode)) {
        return cs_fail_hint(err, CS_E_STORE,
                            "name the folder in which the file itself stands with --state-dir",
                            "the store %s is %s, not a regular file: not used", place,
                            S_ISLNK(info.st_mode) ? "a symbolic link" : "something else");
    }
    CS_TRY(check_owner(place, &info, err));
    /* Ours never are: a new one gets its name when it is complete. */
    if (info.st_size == 0) {
        return cs_fail_hint(err, CS_E_STORE, "put back a copy, or remove it to begin a new store",
                            "the store %s is empty", place);
    }
    *ret_exists = true;
    return CS_OK;
}

cs_rc cs_storefile_temporary(const char *place, char **ret_temporary, struct cs_err *err)
{
    cs_autofree char *name = cs_asprintf("%s.new-XXXXXX", place);
    cs_autoclose int fd = mkostemp(name, O_CLOEXEC);

    if (fd < 0) {
        return cs_storefile_fail("mkostemp", errno, place, "cannot be made or renewed", err);
    }
    /* mkostemp() gives 0600 less the umask. */
    if (fchmod(fd, 0600) != 0) {
        int number = errno;
        unlink(name);
        return cs_storefile_fail("fchmod", number, place, "cannot be made or renewed", err);
    }
    *ret_temporary = cs_steal(&name);
    return CS_OK;
}

void cs_storefile_remove(const char *temporary)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        cs_autofree char *name = cs_asprintf("%s%s", temporary, suffixes[i]);
        unlink(name);
    }
}

/* Writes a file or folder through to the disk. */
static cs_rc sync_path(const char *path, struct cs_err *err)
{
    cs_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 || fsync(fd) != 0) {
        return cs_storefile_fail("fsync", errno, path, "cannot be written through to the disk",
                                 err);
    }
    return CS_OK;
}

static cs_rc sync_folder(const char *place, struct cs_err *err)
{
    cs_autofree char *copy = cs_strdup(place);

    return sync_path(dirname(copy), err);
}

cs_rc cs_storefile_publish(const char *temporary, const char *place, struct cs_err *err)
{
    CS_TRY(sync_path(temporary, err));
    if (link(temporary, place) != 0 && errno != EEXIST) {
        return cs_storefile_fail("link", errno, place, "cannot be made or renewed", err);
    }
    unlink(temporary);
    return sync_folder(place, err);
}

static bool same_file(const char *a, const char *b)
{
    struct stat first;
    struct stat second;

    return lstat(a, &first) == 0 && lstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* A second name for the store that will be replaced. An earlier run that died between its two steps
 * may have given it that name already. */
static cs_rc keep_old(const char *place, int version, struct cs_err *err)
{
    for (int i = 1; i <= BACKUPS_MAX; i++) {
        cs_autofree char *name = i == 1 ? cs_asprintf("%s.v%d.bak", place, version)
                                        : cs_asprintf("%s.v%d.%d.bak", place, version, i);
        if (link(place, name) == 0 || (errno == EEXIST && same_file(place, name))) {
            return CS_OK;
        }
        if (errno != EEXIST) {
            return cs_storefile_fail("link", errno, name, "cannot be made to keep the old store",
                                     err);
        }
    }
    return cs_fail_hint(err, CS_E_STORE, "move the old ones away",
                        "the store %s has %d copies of version %d beside it", place, BACKUPS_MAX,
                        version);
}

cs_rc cs_storefile_replace(const char *temporary, const char *place, int version,
                           struct cs_err *err)
{
    CS_TRY(sync_path(temporary, err));
    CS_TRY(keep_old(place, version, err));
    if (rename(temporary, place) != 0) {
        return cs_storefile_fail("rename", errno, place, "cannot be renewed", err);
    }
    return sync_folder(place, err);
}

#include "pkcs11/lock.h"

#include "base/file.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Longest part of a module's path that goes into the file's name. */
#define NAME_MAX_PART 200
#define POLL_MS       10

struct cs_lock_file {
    struct cs_lock_file *next;
    char *path;
    int fd;
    unsigned opened; /* by so many locks */
    unsigned taken;  /* of which hold it */
};

/* Those of this process that are open. */
static struct cs_lock_file *files;

/* "usr_lib_softhsm_libsofthsm2.so.lock": two modules with one such name share a lock, which harms
 * nobody. */
static char *lock_name(const char *module)
{
    size_t len = strlen(module);
    const char *start = len > NAME_MAX_PART ? module + len - NAME_MAX_PART : module;

    while (*start == '/' || *start == '.') {
        start++;
    }
    char *name = cs_asprintf("%s.lock", start);
    for (char *c = name; *c; c++) {
        if (!isascii((unsigned char)*c) || (!isalnum((unsigned char)*c) && *c != '.')) {
            *c = '_';
        }
    }
    return name;
}

static cs_rc open_folder(const char *folder, int *ret_fd, struct cs_err *err)
{
    struct stat info;

    CS_TRY(cs_file_make_folder(folder, err));
    cs_autoclose int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        return cs_fail_errno(err, CS_E_CONFIG, "open", errno,
                             "the folder for lock files %s cannot be opened", folder);
    }
    if (info.st_uid != geteuid() || (info.st_mode & 022)) {
        return cs_fail_hint(err, CS_E_CONFIG, "remove it, or let it belong to you with mode 0700",
                            "the folder for lock files %s can be changed by others (owner %u, mode "
                            "%04o)",
                            folder, (unsigned)info.st_uid, (unsigned)info.st_mode & 07777);
    }
    *ret_fd = fd;
    fd = -1;
    return CS_OK;
}

static struct cs_lock_file *find_file(const char *path)
{
    struct cs_lock_file *file = files;

    while (file && strcmp(file->path, path) != 0) {
        file = file->next;
    }
    return file;
}

static struct cs_lock_file *add_file(const char *path, int fd)
{
    struct cs_lock_file *file = cs_alloc(1, sizeof *file);

    file->path = cs_strdup(path);
    file->fd = fd;
    file->next = files;
    files = file;
    return file;
}

static void remove_file(struct cs_lock_file *file)
{
    struct cs_lock_file **at = &files;

    while (*at != file) {
        at = &(*at)->next;
    }
    *at = file->next;
    close(file->fd);
    free(file->path);
    free(file);
}

cs_rc cs_lock_open(struct cs_lock *lock, const char *folder, const char *module, struct cs_err *err)
{
    cs_autoclose int folder_fd = -1;
    cs_autofree char *name = lock_name(module);
    cs_autofree char *path = cs_asprintf("%s/%s", folder, name);

    *lock = (struct cs_lock){0};
    CS_TRY(open_folder(folder, &folder_fd, err));
    struct cs_lock_file *file = find_file(path);
    if (!file) {
        int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
        int fd = openat(folder_fd, name, flags, 0600);
        if (fd < 0) {
            return cs_fail_errno(err, CS_E_CONFIG, "open", errno,
                                 "the lock file %s cannot be opened", path);
        }
        file = add_file(path, fd);
    }
    file->opened++;
    lock->file = file;
    return CS_OK;
}

/* Milliseconds of the clock that nobody can set. */
static long long now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static cs_rc lock_file(const struct cs_lock_file *file, unsigned wait_ms, struct cs_err *err)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    long long until = now_ms() + wait_ms;

    /* flock() has no time-out, and an alarm would be the whole program's. */
    while (flock(file->fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return cs_fail_errno(err, CS_E_CONFIG, "flock", errno, "%s cannot be locked",
                                 file->path);
        }
        if (now_ms() >= until) {
            return cs_fail_hint(err, CS_E_TOKEN_REFUSED,
                                "wait for the other cscert to finish, or end it, and try again",
                                "the token is in use: another cscert has held %s for %u seconds",
                                file->path, wait_ms / 1000);
        }
        if (nanosleep(&pause, NULL) != 0) { /* only a signal with a handler of ours ends it early */
            return cs_fail(err, CS_E_CANCELLED, "stopped by a signal while waiting for the token");
        }
    }
    return CS_OK;
}

cs_rc cs_lock_take(struct cs_lock *lock, unsigned wait_ms, struct cs_err *err)
{
    if (lock->depth == 0) {
        if (lock->file->taken == 0) {
            CS_TRY(lock_file(lock->file, wait_ms, err));
        }
        lock->file->taken++;
    }
    lock->depth++;
    return CS_OK;
}

void cs_lock_release(struct cs_lock *lock)
{
    if (lock->depth && --lock->depth == 0 && --lock->file->taken == 0) {
        flock(lock->file->fd, LOCK_UN);
    }
}

void cs_lock_done(struct cs_lock *lock)
{
    if (!lock->file) {
        return;
    }
    lock->depth = lock->depth ? 1 : 0;
    cs_lock_release(lock);
    if (--lock->file->opened == 0) {
        remove_file(lock->file);
    }
    *lock = (struct cs_lock){0};
}

const char *cs_lock_path(const struct cs_lock *lock)
{
    return lock->file ? lock->file->path : NULL;
}

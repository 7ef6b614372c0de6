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

cs_rc cs_lock_open(struct cs_lock *lock, const char *folder, const char *module, struct cs_err *err)
{
    cs_autoclose int folder_fd = -1;
    cs_autofree char *name = lock_name(module);

    *lock = CS_LOCK_NONE;
    CS_TRY(open_folder(folder, &folder_fd, err));
    int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0) {
        return cs_fail_errno(err, CS_E_CONFIG, "open", errno,
                             "the lock file %s/%s cannot be opened", folder, name);
    }
    lock->fd = fd;
    lock->path = cs_asprintf("%s/%s", folder, name);
    return CS_OK;
}

/* Milliseconds of the clock that nobody can set. */
static long long now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

cs_rc cs_lock_take(struct cs_lock *lock, unsigned wait_ms, struct cs_err *err)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    long long until = now_ms() + wait_ms;

    if (lock->depth) {
        lock->depth++;
        return CS_OK;
    }
    /* flock() has no time-out, and an alarm would be the whole program's. */
    while (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return cs_fail_errno(err, CS_E_CONFIG, "flock", errno, "%s cannot be locked",
                                 lock->path);
        }
        if (now_ms() >= until) {
            return cs_fail_hint(err, CS_E_TOKEN_REFUSED,
                                "wait for the other cscert to finish, or end it, and try again",
                                "the token is in use: another cscert has held %s for %u seconds",
                                lock->path, wait_ms / 1000);
        }
        if (nanosleep(&pause, NULL) != 0) { /* only a signal with a handler of ours ends it early */
            return cs_fail(err, CS_E_CANCELLED, "stopped by a signal while waiting for the token");
        }
    }
    lock->depth = 1;
    return CS_OK;
}

void cs_lock_release(struct cs_lock *lock)
{
    if (lock->depth && --lock->depth == 0) {
        flock(lock->fd, LOCK_UN);
    }
}

void cs_lock_done(struct cs_lock *lock)
{
    if (lock->fd >= 0) {
        close(lock->fd);
    }
    free(lock->path);
    *lock = CS_LOCK_NONE;
}

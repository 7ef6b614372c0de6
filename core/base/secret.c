#include "base/secret.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room for a handful of secrets and one private key, with what libcrypto keeps of it here while it
 * is used; small enough for the 64 KiB that a user may lock by default. */
#define ARENA_SIZE 32768
#define ARENA_UNIT 32

struct cs_secret {
    size_t len;
    unsigned char octets[];
};

/* libcrypto is shared with a token's module, and who sets it up first decides for both: not by
 * openssl.cnf, of which no setting may change how a request is signed. */
static void setup_libcrypto(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

cs_rc cs_secret_setup(struct cs_err *err)
{
    const struct rlimit none = {0, 0};

    setup_libcrypto();
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "prctl", errno, "core dumps cannot be forbidden");
    }
    if (CRYPTO_secure_malloc_initialized()) {
        return CS_OK;
    }
    /* 2 says that the memory is there but not locked or not guarded. */
    if (CRYPTO_secure_malloc_init(ARENA_SIZE, ARENA_UNIT) != 1) {
        CRYPTO_secure_malloc_done(); /* else a second call would take it for locked */
        return cs_fail_hint(err, CS_E_INTERNAL, "allow this user to lock 64 KiB: `ulimit -l 64`",
                            "memory for secrets cannot be locked");
    }
    return CS_OK;
}

static cs_rc secret_alloc(size_t len, struct cs_secret **ret_secret, struct cs_err *err)
{
    struct cs_secret *secret = OPENSSL_secure_zalloc(sizeof *secret + len + 1);

    if (!secret || !CRYPTO_secure_allocated(secret)) {
        OPENSSL_secure_clear_free(secret, sizeof *secret + len + 1);
        return cs_fail(err, CS_E_INTERNAL, "the locked memory for secrets is used up");
    }
    secret->len = len;
    *ret_secret = secret;
    return CS_OK;
}

static cs_rc secret_new(size_t len, struct cs_secret **ret_secret, struct cs_err *err)
{
    if (len > CS_SECRET_MAX) {
        return cs_fail_hint(err, CS_E_USAGE, "is it the right one?",
                            "a PIN or password is longer than %d octets", CS_SECRET_MAX);
    }
    return secret_alloc(len, ret_secret, err);
}

cs_rc cs_secret_take(char *text, size_t len, struct cs_secret **ret_secret, struct cs_err *err)
{
    cs_auto(cs_secret) secret = NULL;
    cs_rc rc = secret_new(len, &secret, err);

    if (rc == CS_OK) {
        memcpy(secret->octets, text, len);
        *ret_secret = cs_steal(&secret);
    }
    OPENSSL_cleanse(text, len);
    return rc;
}

cs_rc cs_secret_make(size_t size, cs_secret_fill_fn fill, void *ctx, struct cs_secret **ret_secret,
                     struct cs_err *err)
{
    cs_auto(cs_secret) secret = NULL;
    size_t len = 0;

    if (size > CS_SECRET_KEY_MAX) {
        return cs_fail(err, CS_E_INTERNAL, "a secret of %zu octets is too large", size);
    }
    CS_TRY(secret_alloc(size, &secret, err));
    CS_TRY(fill(ctx, secret->octets, size, &len, err));
    if (len > size) {
        return cs_fail(err, CS_E_INTERNAL, "a secret is longer than its memory");
    }
    secret->len = len;
    *ret_secret = cs_steal(&secret);
    return CS_OK;
}

/* Where a line is cut: one octet after the longest secret and its "\r". */
#define LINE_SIZE (CS_SECRET_MAX + 2)

static cs_rc fail_read(const char *operation, int number, const char *what, struct cs_err *err)
{
    cs_rc rc = cs_fail_errno(err, CS_E_CONFIG, operation, number, "%s cannot be read", what);

    cs_err_hint(err, "see that it is there and that you may read it");
    return rc;
}

/* The line of @fd without "\n"; longer than LINE_SIZE is cut there. */
static cs_rc read_line(int fd, const char *what, unsigned char *line, size_t *ret_len,
                       struct cs_err *err)
{
    size_t len = 0;

    /* One octet at a time: what follows the line in a pipe belongs to somebody else. */
    while (len < LINE_SIZE) {
        ssize_t got = read(fd, line + len, 1);
        if (got < 0 && errno == EINTR) { /* a person who waits for a pipe wants to stop */
            return cs_fail(err, CS_E_CANCELLED, "stopped by a signal while reading %s", what);
        }
        if (got < 0 && errno == EAGAIN) { /* inherited from a parent that made it non-blocking */
            struct pollfd ready = {.fd = fd, .events = POLLIN};
            (void)poll(&ready, 1, -1); /* a signal shows at the next read */
            continue;
        }
        if (got < 0) {
            return fail_read("read", errno, what, err);
        }
        if (got == 0 || line[len] == '\n') {
            break;
        }
        len++;
    }
    *ret_len = len;
    return CS_OK;
}

static cs_rc secret_of_line(const unsigned char *line, size_t len, const char *what,
                            struct cs_secret **ret_secret, struct cs_err *err)
{
    if (len && line[len - 1] == '\r') {
        len--;
    }
    if (len == 0) {
        return cs_fail_hint(err, CS_E_USAGE, "the PIN or password has to stand there, alone",
                            "the first line of %s is empty", what);
    }
    if (len > CS_SECRET_MAX) {
        return cs_fail_hint(err, CS_E_USAGE, "the PIN or password has to stand there, alone",
                            "the first line of %s is longer than %d octets", what, CS_SECRET_MAX);
    }
    CS_TRY(secret_new(len, ret_secret, err));
    memcpy((*ret_secret)->octets, line, len);
    return CS_OK;
}

cs_rc cs_secret_read(int fd, const char *what, struct cs_secret **ret_secret, struct cs_err *err)
{
    cs_auto(cs_secret) buffer = NULL; /* the secret itself then takes only what it needs */
    size_t len = 0;

    CS_TRY(secret_alloc(LINE_SIZE, &buffer, err));
    CS_TRY(read_line(fd, what, buffer->octets, &len, err));
    return secret_of_line(buffer->octets, len, what, ret_secret, err);
}

cs_rc cs_secret_read_file(const char *path, struct cs_secret **ret_secret, struct cs_err *err)
{
    cs_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) != 0) {
        cs_autofree char *what = cs_asprintf("the secret file %s", path);
        return fail_read("open", errno, what, err);
    }
    if (!S_ISREG(info.st_mode)) {
        return cs_fail_hint(err, CS_E_CONFIG,
                            "name a file; a pipe is opened by the shell and named fd:NUMBER",
                            "the secret file %s is not a regular file", path);
    }
    if ((info.st_mode & 077) || (info.st_uid != geteuid() && info.st_uid != 0)) {
        cs_rc rc = cs_fail(err, CS_E_CONFIG,
                           "the secret file %s can be read by others (owner %u, mode %04o)", path,
                           (unsigned)info.st_uid, (unsigned)info.st_mode & 07777);
        cs_err_hint(err, "chmod 600 '%s', and let it belong to you or to root", path);
        return rc;
    }
    return cs_secret_read(fd, path, ret_secret, err);
}

cs_rc cs_secret_lend(const struct cs_secret *secret, cs_secret_fn use, void *ctx,
                     struct cs_err *err)
{
    return use(ctx, secret->octets, secret->len, err);
}

void cs_secret_free(struct cs_secret *secret)
{
    if (secret) {
        OPENSSL_secure_clear_free(secret, CRYPTO_secure_actual_size(secret));
    }
}

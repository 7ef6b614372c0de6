#include "support/softhsm.h"

#include "base/bytes.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static CS_NORETURN CS_PRINTF(1, 2) void die(const char *format, ...)
{
    va_list args;

    fputs("softhsm fixture: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

char *cs_softhsm_path(const struct cs_softhsm *hsm, const char *name)
{
    return cs_asprintf("%s/%s", hsm->folder, name);
}

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) != 0) {
        die("cannot write %s: %s", path, strerror(errno));
    }
}

static void write_conf(const struct cs_softhsm *hsm)
{
    cs_autofree char *tokens = cs_softhsm_path(hsm, "tokens");
    cs_autofree char *conf = cs_softhsm_path(hsm, "softhsm2.conf");
    cs_autofree char *text = cs_asprintf("directories.tokendir = %s\n"
                                         "objectstore.backend = file\n"
                                         "log.level = ERROR\n"
                                         "slots.removable = false\n",
                                         tokens);

    if (mkdir(tokens, 0700) != 0) {
        die("cannot make %s: %s", tokens, strerror(errno));
    }
    write_text(conf, text);
    if (setenv("SOFTHSM2_CONF", conf, 1) != 0) {
        die("setenv: %s", strerror(errno));
    }
}

/* Who loads every module that p11-kit knows loads tpm2-pkcs11 too where it is installed: it would
 * make its store in the user's home, look for a TPM, and tell stderr that there is none. */
static void hide_tpm(const struct cs_softhsm *hsm)
{
    if (setenv("TPM2_PKCS11_STORE", hsm->folder, 1) != 0 ||
        setenv("TPM2_PKCS11_TCTI", "device:/nonexistent", 1) != 0 ||
        setenv("TPM2_PKCS11_LOG_LEVEL", "0", 1) != 0 || setenv("TSS2_LOG", "all+none", 1) != 0) {
        die("setenv: %s", strerror(errno));
    }
}

/* In memory where that can be: SoftHSM writes an object's file some thirty times to make it. */
static const char *temporary_folder(void)
{
    const char *tmp = getenv("TMPDIR");

    if (tmp && *tmp) {
        return tmp;
    }
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

enum { TOOL_ARGS = 16 };

/* posix_spawn's argv is not const for history's sake; nothing writes to it. */
#define ARG(text) ((char *)(uintptr_t)(text))

/* Check ends a test that fails without its teardown. This process removes the folder when the
 * last one that holds the pipe has ended, however it ended; it has a process group of its own,
 * because Check kills the test's. */
static void start_janitor(struct cs_softhsm *hsm)
{
    char *argv[] = {ARG("sh"),      ARG("-c"),   ARG("read -r line; rm -rf -- \"$1\""),
                    ARG("janitor"), hsm->folder, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int pipe_fds[2];

    if (pipe2(pipe_fds, O_CLOEXEC) != 0 || posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, pipe_fds[0], STDIN_FILENO) != 0 ||
        posix_spawnattr_init(&attributes) != 0 ||
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP) != 0 ||
        posix_spawnp(&hsm->janitor, argv[0], &actions, &attributes, argv, environ) != 0) {
        die("cannot start the janitor of %s", hsm->folder);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fds[0]);
    hsm->alive = pipe_fds[1];
}

void cs_softhsm_init_empty(struct cs_softhsm *hsm)
{
    hsm->old_conf = cs_strdup(getenv("SOFTHSM2_CONF"));
    hsm->folder = cs_asprintf("%s/cscert-hsm-XXXXXX", temporary_folder());
    if (!mkdtemp(hsm->folder)) {
        die("cannot make %s: %s", hsm->folder, strerror(errno));
    }
    hsm->owner = getpid();
    start_janitor(hsm);
    write_conf(hsm);
    hide_tpm(hsm);
    hsm->pin_file = cs_softhsm_path(hsm, "pin");
    write_text(hsm->pin_file, CS_SOFTHSM_PIN "\n");
}

void cs_softhsm_init(struct cs_softhsm *hsm)
{
    cs_softhsm_init_empty(hsm);
    cs_softhsm_add_token(hsm, CS_SOFTHSM_LABEL);
}

static char *read_all(int fd)
{
    struct cs_buf buf = CS_BUF(1 << 20);
    char *text = NULL;
    char chunk[4096];
    ssize_t got;

    while ((got = read(fd, chunk, sizeof chunk)) > 0 || (got < 0 && errno == EINTR)) {
        if (got > 0) {
            cs_buf_add(&buf, chunk, (size_t)got);
        }
    }
    if (cs_buf_take_text(&buf, "a program's output", &text, NULL) != CS_OK) {
        die("a program wrote more than 1 MiB");
    }
    return text;
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            die("waitpid: %s", strerror(errno));
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int cs_softhsm_run(char *const argv[], char **ret_output)
{
    posix_spawn_file_actions_t actions;
    int pipe_fds[2];
    pid_t pid;
    int rc;

    if (pipe2(pipe_fds, O_CLOEXEC) != 0 || posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO) != 0) {
        die("cannot prepare %s: %s", argv[0], strerror(errno));
    }
    rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    if (rc != 0) {
        die("cannot run %s: %s", argv[0], strerror(rc));
    }
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fds[1]);
    cs_autofree char *output = read_all(pipe_fds[0]);
    close(pipe_fds[0]);
    if (ret_output) {
        *ret_output = cs_steal(&output);
    }
    return wait_for(pid);
}

static char *must_run(char *const argv[])
{
    char *output = NULL;
    int rc = cs_softhsm_run(argv, &output);

    if (rc != 0) {
        die("%s %s ended with %d: %s", argv[0], argv[1], rc, output);
    }
    return output;
}

/* The test's own tool: what the modules that it loads never free is not looked for, nor is the
 * stack of each allocation kept for that, whatever the test itself is told
 * (tests/contract/keystore.sh). */
static char *must_run_tool(char *const arguments[])
{
    const char *old = getenv("ASAN_OPTIONS");
    cs_autofree char *options =
        cs_asprintf("ASAN_OPTIONS=%s%sdetect_leaks=0:fast_unwind_on_malloc=1", old ? old : "",
                    old && *old ? ":" : "");
    char *argv[TOOL_ARGS] = {ARG("env"), options, ARG(CS_HSMTOOL)};
    size_t count = 3;

    for (; *arguments && count < TOOL_ARGS - 1; arguments++) {
        argv[count++] = *arguments;
    }
    return must_run(argv);
}

void cs_softhsm_add_token(const struct cs_softhsm *hsm, const char *label)
{
    char *argv[] = {ARG("softhsm2-util"),
                    ARG("--init-token"),
                    ARG("--free"),
                    ARG("--label"),
                    ARG(label),
                    ARG("--pin"),
                    ARG(CS_SOFTHSM_PIN),
                    ARG("--so-pin"),
                    ARG(CS_SOFTHSM_SO_PIN),
                    NULL};

    (void)hsm; /* its folder is in the environment */
    free(must_run(argv));
}

void cs_softhsm_populate(const struct cs_softhsm *hsm, const char *label, size_t count,
                         enum cs_softhsm_kind kind)
{
    cs_autofree char *number = cs_asprintf("%zu", count);
    char *arguments[] = {ARG("populate"),
                         ARG(label),
                         hsm->pin_file,
                         number,
                         ARG(kind == CS_SOFTHSM_RSA ? "rsa" : "ec"),
                         NULL};

    free(must_run_tool(arguments));
}

struct cs_softhsm_count cs_softhsm_count(const struct cs_softhsm *hsm, const char *label)
{
    char *arguments[] = {ARG("count"), ARG(label), hsm->pin_file, NULL};
    cs_autofree char *output = must_run_tool(arguments);
    struct cs_softhsm_count count = {0};

    if (sscanf(output, "private %zu public %zu certificate %zu other %zu", &count.private_keys,
               &count.public_keys, &count.certificates, &count.others) != 4) {
        die("cannot read the count '%s'", output);
    }
    count.all = count.private_keys + count.public_keys + count.certificates + count.others;
    return count;
}

void cs_softhsm_wipe(const struct cs_softhsm *hsm, const char *label)
{
    char *arguments[] = {ARG("wipe"), ARG(label), hsm->pin_file, NULL};

    free(must_run_tool(arguments));
}

static size_t files_seen;

static int count_file(const char *path, const struct stat *info, int type, struct FTW *where)
{
    const char *name = path + where->base;
    size_t len = strlen(name);

    (void)info;
    if (type == FTW_F && len > 7 && strcmp(name + len - 7, ".object") == 0 &&
        strcmp(name, "token.object") != 0) {
        files_seen++;
    }
    return 0;
}

size_t cs_softhsm_count_files(const struct cs_softhsm *hsm)
{
    cs_autofree char *tokens = cs_softhsm_path(hsm, "tokens");

    files_seen = 0;
    if (nftw(tokens, count_file, 16, FTW_PHYS) != 0) {
        die("cannot walk %s: %s", tokens, strerror(errno));
    }
    return files_seen;
}

void cs_softhsm_done(struct cs_softhsm *hsm)
{
    if (hsm->folder && hsm->owner == getpid()) {
        close(hsm->alive);
        wait_for(hsm->janitor);
        if (access(hsm->folder, F_OK) == 0) {
            die("%s is still there", hsm->folder);
        }
        if (hsm->old_conf) {
            setenv("SOFTHSM2_CONF", hsm->old_conf, 1);
        } else {
            unsetenv("SOFTHSM2_CONF");
        }
    }
    free(hsm->folder);
    free(hsm->pin_file);
    free(hsm->old_conf);
    *hsm = (struct cs_softhsm){0};
}

#include "wire/spawn.h"

#include "base/mem.h"
#include "wire/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Copies of what is lent stand above every number that the child's own get, so that none is
 * overwritten before it is taken. */
#define COPIES_FROM (CS_SPAWN_SOCKET_FD + 1 + CS_SPAWN_FDS_MAX)

/* How long a child that has nothing more to say may take to end. */
#define END_MS 2000

struct cs_child {
    pid_t pid;
    int socket;
    int status; /* as waitpid() gives it */
    bool ended;
    bool unknown; /* ended, but somebody else has reaped it */
    bool killed;  /* by us */
};

/* What is made for the child and closed here once it has it. */
struct lending {
    int fds[1 + CS_SPAWN_FDS_MAX]; /* its end of the socket, then what is lent */
    size_t count;
};

static void lending_done(struct lending *lending)
{
    for (size_t i = 0; i < lending->count; i++) {
        close(lending->fds[i]);
    }
}

/* Takes a copy of @fd. */
static cs_rc lend(struct lending *lending, int fd, struct cs_err *err)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, COPIES_FROM);

    if (copy < 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "fcntl", errno,
                             "descriptor %d cannot be lent to another program", fd);
    }
    lending->fds[lending->count++] = copy;
    return CS_OK;
}

/* ---- starting ---- */

/* posix_spawn(3) and its like return an errno; the first that is not 0 is kept. */
static int describe_files(posix_spawn_file_actions_t *files, const struct lending *lending)
{
    int number = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    int last = CS_SPAWN_SOCKET_FD;

    if (number == 0) {
        number = posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    }
#ifndef CS_SANITIZED /* what a sanitizer finds must be seen */
    if (number == 0) {
        number = posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
#endif
    for (size_t i = 0; i < lending->count && number == 0; i++) {
        number = posix_spawn_file_actions_adddup2(files, lending->fds[i], last++);
    }
    return number ? number : posix_spawn_file_actions_addclosefrom_np(files, last);
}

/* Signals as a new program expects them, and a process group of its own: Ctrl-C is for cscert,
 * which ends the child when it has no more use for it. */
static int describe_signals(posix_spawnattr_t *attributes)
{
    sigset_t all;
    sigset_t none;

    sigfillset(&all);
    sigemptyset(&none);
    int number = posix_spawnattr_setsigdefault(attributes, &all);
    if (number == 0) {
        number = posix_spawnattr_setsigmask(attributes, &none);
    }
    if (number == 0) {
        number = posix_spawnattr_setpgroup(attributes, 0);
    }
    return number ? number
                  : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF |
                                                             POSIX_SPAWN_SETSIGMASK |
                                                             POSIX_SPAWN_SETPGROUP);
}

static int spawn(const char *program, const struct lending *lending, pid_t *ret_pid)
{
    cs_autofree char *name = cs_strdup(program);
    char language[] = "LANG=C.UTF-8";
    char zone[] = "TZ=UTC0";
    char *const arguments[] = {name, NULL};
    char *const environment[] = {language, zone, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    int number = posix_spawn_file_actions_init(&files);
    if (number) {
        return number;
    }
    number = posix_spawnattr_init(&attributes);
    if (number) {
        posix_spawn_file_actions_destroy(&files);
        return number;
    }
    number = describe_files(&files, lending);
    if (number == 0) {
        number = describe_signals(&attributes);
    }
    if (number == 0) {
        number = posix_spawn(ret_pid, program, &files, &attributes, arguments, environment);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return number;
}

/* It may be one of ours, or one that somebody has written. */
static const char *start_hint(const char *program, int number)
{
    if (number == EACCES) {
        return "whoever runs cscert must be allowed to execute it, and to enter its folder";
    }
    if (access(program, F_OK) == 0) {
        return "it must be a program for this machine, or begin with #! and the path of one";
    }
    return "cscert is not installed completely: install it again";
}

/* @lending gets the child's end first. */
static cs_rc start(const char *program, struct lending *lending, const int *fds, size_t fd_count,
                   struct cs_child *child, struct cs_err *err)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "socketpair", errno,
                             "no connection to %s can be made", program);
    }
    child->socket = ends[0];
    cs_autoclose int other = ends[1];
    CS_TRY(lend(lending, other, err));
    for (size_t i = 0; i < fd_count; i++) {
        CS_TRY(lend(lending, fds[i], err));
    }
    int number = spawn(program, lending, &child->pid);
    if (number) {
        child->pid = 0;
        cs_rc rc =
            cs_fail_errno(err, CS_E_CONFIG, "posix_spawn", number, "%s cannot be started", program);
        cs_err_hint(err, "%s", start_hint(program, number));
        return rc;
    }
    return CS_OK;
}

cs_rc cs_child_start(const char *program, const int *fds, size_t fd_count,
                     struct cs_child **ret_child, struct cs_err *err)
{
    if (program[0] != '/' || fd_count > CS_SPAWN_FDS_MAX) {
        return cs_fail(err, CS_E_INTERNAL, "%s with %zu descriptors is no program to start",
                       program, fd_count);
    }
    cs_auto(cs_child) child = cs_alloc(1, sizeof *child);
    *child = (struct cs_child){.socket = -1};
    struct lending lending = {.count = 0};
    cs_rc rc = start(program, &lending, fds, fd_count, child, err);
    lending_done(&lending);
    if (rc == CS_OK) {
        *ret_child = cs_steal(&child);
    }
    return rc;
}

int cs_child_socket(const struct cs_child *child)
{
    return child->socket;
}

/* ---- in the child ---- */

/* The kernel tells of a death that is to come; of one that has been, only whose child this is now
 * tells. That is not always process 1 (PR_SET_CHILD_SUBREAPER), but never who made the socket. */
cs_rc cs_child_follow(struct cs_err *err)
{
    struct ucred maker = {0};
    socklen_t len = sizeof maker;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "prctl", errno,
                             "this program cannot be made to end with the one that started it");
    }
    if (getsockopt(CS_SPAWN_SOCKET_FD, SOL_SOCKET, SO_PEERCRED, &maker, &len) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "getsockopt", errno,
                             "who started this program is not known");
    }
    if (getppid() != maker.pid) {
        return cs_fail(err, CS_E_CANCELLED, "process %d, which started this program, has ended",
                       (int)maker.pid);
    }
    return CS_OK;
}

/* ---- ending ---- */

/* True once it has ended, with its status taken. @options: 0 waits. */
static bool reap(struct cs_child *child, int options)
{
    while (!child->ended) {
        pid_t pid = waitpid(child->pid, &child->status, options);
        if (pid == 0) {
            return false;
        }
        /* ECHILD: SIGCHLD is ignored, as who started this program may have left it. */
        child->ended = pid == child->pid || errno == ECHILD;
        child->unknown = pid != child->pid;
    }
    return true;
}

/* Most have ended already; the others get a moment. */
static void end(struct cs_child *child)
{
    int64_t deadline = cs_frame_deadline(END_MS);

    while (!reap(child, WNOHANG) && cs_frame_deadline(0) < deadline) {
        poll(NULL, 0, 1);
    }
    if (!child->ended) {
        (void)kill(-child->pid, SIGKILL); /* what it has started too */
        child->killed = kill(child->pid, SIGKILL) == 0;
        reap(child, 0);
    }
}

char *cs_child_end_text(struct cs_child *child)
{
    end(child);
    if (child->unknown) {
        return cs_strdup("ended");
    }
    if (child->killed && WIFSIGNALED(child->status)) {
        return cs_strdup("did not end and was killed");
    }
    if (WIFSIGNALED(child->status)) {
        int number = WTERMSIG(child->status);
        const char *name = sigdescr_np(number);
        return cs_asprintf("was killed by signal %d (%s)", number, name ? name : "unknown");
    }
    return cs_asprintf("ended with exit code %d", WEXITSTATUS(child->status));
}

void cs_child_free(struct cs_child *child)
{
    if (!child) {
        return;
    }
    if (child->socket >= 0) {
        close(child->socket);
    }
    if (child->pid > 0) {
        end(child);
    }
    free(child);
}

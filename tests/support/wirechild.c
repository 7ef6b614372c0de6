/* The other end of core/wire's connection, for its tests: does what it is told.
 *
 * If the first lent descriptor begins with a word below, that is what it is told; else it takes
 * orders as frames and answers each with a frame, until the socket is closed.
 *
 *   answer:TEXT   reads the question, answers with the frame TEXT
 *   raw:OCTETS    reads the question, writes OCTETS and ends
 *   deaf:         closes the socket without reading anything, ends with code 7
 *   stall:        reads the question and does nothing more
 *   abort:        reads the question and crashes
 *   parse:WHAT    serves as cscert-read does, with a parser of its own: parse() below */
#include "base/bytes.h"
#include "base/mem.h"
#include "base/strv.h"
#include "unit/wire_topology.h"
#include "wire/frame.h"
#include "wire/reader.h"
#include "wire/sandbox.h"
#include "wire/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FIRST_LENT (CS_SPAWN_SOCKET_FD + 1)

/* For a compiler that would otherwise see that a result is not used. */
static volatile long used;

/* ---- what it may do in the sandbox, and what it may not ---- */

static bool do_memory(void)
{
    size_t size = (size_t)64 << 20;
    cs_autofree char *block = malloc(size);

    if (!block) {
        return false;
    }
    memset(block, 1, size);
    char *more = realloc(block, 2 * size);
    if (!more) {
        return false;
    }
    block = more;
    used = block[size - 1];
    for (int i = 0; i < 1000; i++) {
        free(malloc((size_t)i * 1000));
    }
    return used == 1;
}

static bool do_map(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ) == 0 && munmap(page, 4096) == 0;
}

static bool do_time(void)
{
    struct timespec now;
    time_t seconds = time(NULL);
    struct tm tm;

    return clock_gettime(CLOCK_MONOTONIC, &now) == 0 && localtime_r(&seconds, &tm) &&
           mktime(&tm) != -1;
}

static bool do_lent(void)
{
    char octet;

    return read(FIRST_LENT, &octet, 1) == 1;
}

static bool do_too_much_memory(void)
{
    /* Twice, so that no compiler leaves it out. */
    void *volatile block = malloc((size_t)2 << 30);
    bool refused = !block;

    free(block);
    return refused;
}

static bool do_spin(void)
{
    for (;;) {
        used++;
    }
    return false;
}

static bool do_open(void)
{
    used = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    return true;
}

static bool do_create(void)
{
    used = open("made-in-the-sandbox", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return true;
}

static bool do_socket(void)
{
    used = socket(AF_INET, SOCK_STREAM, 0);
    return true;
}

static bool do_connect(void)
{
    const struct sockaddr address = {.sa_family = AF_UNSPEC};

    used = connect(CS_SPAWN_SOCKET_FD, &address, sizeof address);
    return true;
}

static bool do_send_descriptor(void)
{
    const struct msghdr message = {0};

    used = sendmsg(CS_SPAWN_SOCKET_FD, &message, 0);
    return true;
}

static bool do_execve(void)
{
    char program[] = "/bin/true";
    char *const arguments[] = {program, NULL};

    used = execve(program, arguments, arguments + 1);
    return true;
}

static bool do_fork(void)
{
    if (fork() == 0) {
        _exit(0);
    }
    return true;
}

static bool do_map_code(void)
{
    used = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) == MAP_FAILED;
    return true;
}

static bool do_turn_into_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    used = mprotect(page, 4096, PROT_READ | PROT_EXEC);
    return true;
}

static bool do_kill(void)
{
    used = kill(1, 0);
    return true;
}

static bool do_ptrace(void)
{
    used = ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    return true;
}

static bool do_prctl(void)
{
    used = prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return true;
}

static bool do_rlimit(void)
{
    const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

    used = setrlimit(RLIMIT_CPU, &none);
    return true;
}

static bool do_unlink(void)
{
    used = unlink("nothing");
    return true;
}

static bool do_stat(void)
{
    struct stat info;

    used = stat("/", &info);
    return true;
}

static bool do_ioctl(void)
{
    int count = 0;

    used = ioctl(CS_SPAWN_SOCKET_FD, FIONREAD, &count);
    return true;
}

static bool do_dup(void)
{
    used = dup(CS_SPAWN_SOCKET_FD);
    return true;
}

static bool do_memfd(void)
{
    used = memfd_create("x", MFD_CLOEXEC);
    return true;
}

static bool do_io_uring(void)
{
    used = syscall(SYS_io_uring_setup, 1, NULL);
    return true;
}

static const struct {
    const char *name;
    bool (*run)(void);
} acts[] = {
    {"memory", do_memory},
    {"map", do_map},
    {"time", do_time},
    {"lent", do_lent},
    {"too much memory", do_too_much_memory},
    {"spin", do_spin},
    {"open", do_open},
    {"create", do_create},
    {"socket", do_socket},
    {"connect", do_connect},
    {"sendmsg", do_send_descriptor},
    {"execve", do_execve},
    {"fork", do_fork},
    {"map code", do_map_code},
    {"turn into code", do_turn_into_code},
    {"kill", do_kill},
    {"ptrace", do_ptrace},
    {"prctl", do_prctl},
    {"rlimit", do_rlimit},
    {"unlink", do_unlink},
    {"stat", do_stat},
    {"ioctl", do_ioctl},
    {"dup", do_dup},
    {"memfd", do_memfd},
    {"io_uring", do_io_uring},
};

static char *act(const char *name)
{
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        if (strcmp(acts[i].name, name) == 0) {
            return cs_strdup(acts[i].run() ? "done" : "not done");
        }
    }
    return cs_asprintf("no act %s", name);
}

/* ---- what it was given ---- */

static void describe_descriptors(struct cs_buf *buf)
{
    DIR *dir = opendir("/proc/self/fd");

    cs_buf_puts(buf, "fds:");
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != dirfd(dir)) {
            cs_buf_printf(buf, " %d", fd);
        }
    }
    cs_buf_puts(buf, "\n");
    closedir(dir);
}

static void describe_streams(struct cs_buf *buf)
{
    cs_buf_puts(buf, "streams:");
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        char path[64];
        char target[256] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        (void)!readlink(path, target, sizeof target - 1);
        cs_buf_printf(buf, " %s", target);
    }
    cs_buf_puts(buf, "\n");
}

static void describe_signals(struct cs_buf *buf)
{
    sigset_t blocked;

    cs_buf_puts(buf, "signals:");
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number < 32; number++) {
        struct sigaction action;
        if (sigismember(&blocked, number)) {
            cs_buf_printf(buf, " blocked-%d", number);
        }
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
            cs_buf_printf(buf, " ignored-%d", number);
        }
    }
    cs_buf_puts(buf, "\n");
}

static char *describe(void)
{
    cs_auto_value(cs_buf) buf = CS_BUF(65536);

    cs_buf_puts(&buf, "environment:");
    for (char **item = environ; *item; item++) {
        cs_buf_printf(&buf, " %s", *item);
    }
    cs_buf_printf(&buf, "\ngroup: %s\n", getpgrp() == getpid() ? "own" : "shared");
    describe_descriptors(&buf);
    describe_streams(&buf);
    describe_signals(&buf);
    return (char *)cs_steal(&buf.data);
}

/* What stands in the lent descriptors, up to the first that is not there. */
static char *read_lent(void)
{
    cs_auto_value(cs_buf) buf = CS_BUF(65536);

    cs_buf_puts(&buf, "lent:");
    for (int fd = FIRST_LENT;; fd++) {
        char text[64];
        ssize_t len = read(fd, text, sizeof text);
        if (len < 0) {
            break;
        }
        cs_buf_puts(&buf, " ");
        cs_buf_add(&buf, text, (size_t)len);
    }
    return (char *)cs_steal(&buf.data);
}

/* ---- orders ---- */

/* "enter": with limits that are not reached; "enter N": with N seconds. */
static char *enter(const char *order)
{
    long seconds = strtol(order + strlen("enter"), NULL, 10);
    const struct cs_sandbox_limits limits = {.memory = (size_t)512 << 20,
                                             .cpu_seconds = seconds ? (unsigned)seconds : 100};
    struct cs_err err = {0};

    return cs_strdup(cs_sandbox_enter(&limits, &err) == CS_OK ? "entered" : err.message);
}

static char *obey(const char *order)
{
    if (strcmp(order, "describe") == 0) {
        return describe();
    }
    if (strcmp(order, "read lent") == 0) {
        return read_lent();
    }
    if (strncmp(order, "enter", 5) == 0) {
        return enter(order);
    }
    if (strncmp(order, "do ", 3) == 0) {
        return act(order + 3);
    }
    if (strncmp(order, "exit ", 5) == 0) {
        _exit(atoi(order + 5));
    }
    if (strcmp(order, "abort") == 0) {
        abort();
    }
    if (strcmp(order, "stay") == 0) {
        for (;;) {
            pause();
        }
    }
    return cs_asprintf("no order %s", order);
}

static CS_NORETURN void take_orders(void)
{
    for (;;) {
        cs_auto_value(cs_bytes) order = {0};
        struct cs_err err = {0};
        if (cs_frame_read(CS_SPAWN_SOCKET_FD, 1000, 0, &order, &err) != CS_OK) {
            _exit(0); /* what a sanitizer does at exit() may not be allowed any more */
        }
        cs_autofree char *answer = obey((const char *)order.data);
        if (cs_frame_write(CS_SPAWN_SOCKET_FD, answer, strlen(answer), 0, &err) != CS_OK) {
            _exit(1);
        }
    }
}

/* ---- cscert-read's part ---- */

static bool is(const char *data, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(data, word, len) == 0;
}

/* Two documents and more: a pool for each, with its octets. */
static void add_echo(const char *name, const char *data, size_t len, struct cs_topology *topology)
{
    struct cs_topo_pool *pool = cs_topology_add_pool(topology);
    cs_autofree char *text = cs_strndup(data, len);

    cs_topo_name_set(&pool->fqdn, text, name);
}

static cs_rc parse(const char *name, const void *octets, size_t len, struct cs_topology *topology,
                   struct cs_err *err)
{
    const char *data = octets;

    if (is(data, len, "parse:full")) {
        struct cs_topology *full = full_topology();
        *topology = *full;
        free(full);
    } else if (is(data, len, "parse:input")) {
        return cs_fail_hint(err, CS_E_INPUT, "export it again", "%s:7: Cluster has no Fqdn", name);
    } else if (is(data, len, "parse:policy")) {
        return cs_fail(err, CS_E_POLICY, "no policy forbids it");
    } else if (is(data, len, "parse:open")) {
        do_open();
    } else if (is(data, len, "parse:stall")) {
        do_spin();
    } else if (is(data, len, "parse:memory")) {
        free(cs_alloc((size_t)2 << 30, 1));
    } else if (is(data, len, "parse:warnings")) {
        for (int i = 0; i < 3000; i++) {
            cs_strv_take(&topology->warnings, cs_asprintf("warning %d", i));
        }
    } else {
        add_echo(name, data, len, topology);
    }
    return CS_OK;
}

static int answer_frame(const char *text)
{
    struct cs_err err = {0};

    return cs_frame_write(CS_SPAWN_SOCKET_FD, text, strlen(text), 0, &err) == CS_OK ? 0 : 1;
}

/* The frame that is asked comes first in each of these. */
static int play(const char *word, const char *text, size_t len)
{
    cs_auto_value(cs_bytes) question = {0};
    struct cs_err err = {0};

    if (cs_frame_read(CS_SPAWN_SOCKET_FD, 1 << 20, 0, &question, &err) != CS_OK) {
        return 2;
    }
    if (strcmp(word, "answer:") == 0) {
        return answer_frame(text);
    }
    if (strcmp(word, "raw:") == 0) {
        return write(CS_SPAWN_SOCKET_FD, text, len) == (ssize_t)len ? 0 : 1;
    }
    if (strcmp(word, "abort:") == 0) {
        abort();
    }
    for (;;) {
        pause();
    }
}

int main(void)
{
    static const char *const words[] = {"answer:", "raw:", "abort:", "stall:"};
    static char told[1 << 16];
    ssize_t len = pread(FIRST_LENT, told, sizeof told - 1, 0);

    for (size_t i = 0; i < sizeof words / sizeof *words && len > 0; i++) {
        size_t skip = strlen(words[i]);
        if (strncmp(told, words[i], skip) == 0) {
            return play(words[i], told + skip, (size_t)len - skip);
        }
    }
    if (len > 0 && strncmp(told, "deaf:", 5) == 0) {
        close(CS_SPAWN_SOCKET_FD);
        return 7;
    }
    if (len > 0 && strncmp(told, "parse:", 6) == 0) {
        _exit(cs_reader_serve(parse));
    }
    take_orders();
}

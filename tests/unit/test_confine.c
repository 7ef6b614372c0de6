/* What a program may still do once it is confined, and what not. Each deed in a process of its own.
 */
#include "wire/confine.h"

#include "base/mem.h"
#include "support/check_run.h"
#include "support/scratch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char *named; /* a file that the program may read */
static char *other; /* one that it may not */

static int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd >= 0) {
        close(fd);
        return 0;
    }
    return errno;
}

static int result(long value)
{
    return value < 0 ? errno : 0;
}

/* 0, or errno: what came of it. */
static int read_named(void)
{
    return try_open(named, O_RDONLY);
}

static int read_system(void)
{
    return try_open("/etc/hosts", O_RDONLY);
}

static int read_other(void)
{
    return try_open(other, O_RDONLY);
}

static int read_home(void)
{
    return try_open("/root", O_RDONLY | O_DIRECTORY);
}

static int write_named(void)
{
    return try_open(named, O_WRONLY);
}

static int append_named(void)
{
    return try_open(named, O_RDWR | O_APPEND);
}

static int create(void)
{
    return try_open("made", O_RDONLY | O_CREAT);
}

static int truncate_file(void)
{
    return result(truncate(named, 0));
}

static int unlink_file(void)
{
    return result(unlink(named));
}

static int rename_file(void)
{
    return result(rename(named, "elsewhere"));
}

static int fork_process(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        _exit(0);
    }
    return result(pid);
}

static int clone_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

    if (pid == 0) {
        _exit(0);
    }
    return result(pid);
}

static int run_program(void)
{
    char *const arguments[] = {(char *)(uintptr_t) "true", NULL};

    return result(execv("/bin/true", arguments));
}

static int trace_parent(void)
{
    return result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int read_parent(void)
{
    cs_autofree char *path = cs_asprintf("/proc/%d/mem", (int)getppid());

    return try_open(path, O_RDONLY);
}

static int signal_parent(void)
{
    return result(kill(getppid(), 0));
}

/* By a call that is there for threads; the number is no thread's, so that without a filter the
 * kernel would say ESRCH and send nothing. */
static int signal_as_thread(void)
{
    return result(syscall(SYS_tgkill, getppid(), 0x7ffffff0, 0));
}

static int signal_itself(void)
{
    return result(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0));
}

/* The owner of a descriptor is signalled when octets come. */
static int signal_by_descriptor(void)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return errno;
    }
    return result(fcntl(ends[0], F_SETOWN, getppid()));
}

static int signal_by_request(void)
{
    pid_t parent = getppid();
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return errno;
    }
    return result(ioctl(ends[0], FIOSETOWN, &parent));
}

/* The upper half of a request's number is nothing to the kernel. */
static int signal_by_long_request(void)
{
    pid_t parent = getppid();
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return errno;
    }
    return result(syscall(SYS_ioctl, ends[0], UINT64_C(1) << 32 | FIOSETOWN, &parent));
}

/* It ends with cscert. Only the lower half of the number counts. */
static int outlive_parent(void)
{
    return result(prctl(PR_SET_PDEATHSIG, 0));
}

static int outlive_by_long_number(void)
{
    return result(syscall(SYS_prctl, UINT64_C(1) << 32 | PR_SET_PDEATHSIG, 0));
}

static int limit_parent(void)
{
    struct rlimit before;

    return result(prlimit(getppid(), RLIMIT_NOFILE, NULL, &before));
}

static int limit_itself(void)
{
    struct rlimit before;

    return result(getrlimit(RLIMIT_NOFILE, &before));
}

static int slow_parent(void)
{
    return result(setpriority(PRIO_PROCESS, (id_t)getppid(), 19));
}

/* Into the input of the shell behind the terminal; /dev/null is none, and says ENOTTY. */
static int type_for_user(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    return fd < 0 ? errno : result(ioctl(fd, TIOCSTI, "x"));
}

static int read_tls_keys(void)
{
    return try_open("/etc/ssl", O_RDONLY | O_DIRECTORY);
}

static int read_tls_anchors(void)
{
    return try_open("/etc/ssl/certs", O_RDONLY | O_DIRECTORY);
}

/* Calls that the C library has no names for; 452 and 463 (Linux, scripts/syscall.tbl). */
static int change_mode(void)
{
    return result(syscall(452, AT_FDCWD, named, 0644, 0));
}

static int change_attribute(void)
{
    return result(syscall(463, AT_FDCWD, named, 0, "user.x", NULL, 0));
}

/* Whoever writes the file waits until the lease is given up, for 45 seconds (fcntl(2)). */
static int lease_file(void)
{
    int fd = open(named, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? EINVAL : result(fcntl(fd, F_SETLEASE, F_RDLCK));
}

static int watch_folder(void)
{
    int fd = open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? EINVAL : result(fcntl(fd, F_NOTIFY, DN_CREATE));
}

/* What is in folders that cannot be read. */
static int watch_other(void)
{
    return result(syscall(SYS_inotify_init1, 0));
}

/* The semaphores and memory in which tokens of openCryptoki live are found by number; nothing has
 * these. */
static int end_memory(void)
{
    return result(syscall(SYS_shmctl, 0x7ffffff0, 0, NULL));
}

static int end_semaphore(void)
{
    return result(syscall(SYS_semctl, 0x7ffffff0, 0, 0, 0));
}

static int hold_semaphore(void)
{
    return result(syscall(SYS_semop, 0x7ffffff0, NULL, 1));
}

static int hold_semaphore_shortly(void)
{
    return result(syscall(SYS_semtimedop, 0x7ffffff0, NULL, 1, NULL));
}

static int end_queue(void)
{
    return result(syscall(SYS_msgctl, 0x7ffffff0, 0, NULL));
}

static int read_queue(void)
{
    return result(syscall(SYS_msgrcv, 0x7ffffff0, NULL, 0, 0, 0));
}

static int write_queue(void)
{
    return result(syscall(SYS_msgsnd, 0x7ffffff0, NULL, 0, 0));
}

static int unlink_queue(void)
{
    return result(syscall(SYS_mq_unlink, "nothing"));
}

static int start_reading(void)
{
    unsigned long context = 0;

    return result(syscall(SYS_io_setup, 1, &context));
}

/* The kernel's keyrings: tickets, keys of disks. */
static int read_keys(void)
{
    return result(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1, 0, 0));
}

static int keep_key(void)
{
    return result(syscall(SYS_add_key, "user", "cscert", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

/* For which the kernel starts a program of root's. */
static int have_key_made(void)
{
    return result(syscall(SYS_request_key, "user", "cscert", "", KEY_SPEC_PROCESS_KEYRING));
}

static int give_keys_to_parent(void)
{
    return result(syscall(SYS_keyctl, KEYCTL_SESSION_TO_PARENT, 0, 0, 0, 0));
}

static int pair_of_streams(void)
{
    int ends[2];

    return result(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
}

static int pair_of_datagrams(void)
{
    int ends[2];

    return result(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends));
}

static int open_ip(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int status = result(fd);

    close(fd);
    return status;
}

static int open_unix(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int status = result(fd);

    close(fd);
    return status;
}

static int open_packet(void)
{
    return result(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int open_audit(void)
{
    return result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 9));
}

static int serve_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd < 0 ? 0 : result(listen(fd, 1));
}

/* The resolver finds what /etc/hosts has. */
static int resolve(void)
{
    struct addrinfo *found = NULL;
    int rc = getaddrinfo("localhost", "80", NULL, &found);

    if (rc == 0) {
        freeaddrinfo(found);
    }
    return rc;
}

static void *nothing(void *ctx)
{
    return ctx;
}

static int start_thread(void)
{
    pthread_t thread;
    int number = pthread_create(&thread, NULL, nothing, NULL);

    return number ? number : pthread_join(thread, NULL);
}

/* A plugin of Kerberos or the resolver. */
static int load_library(void)
{
    return dlopen("libresolv.so.2", RTLD_NOW) ? 0 : ENOENT;
}

static int make_code(void)
{
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? errno : 0;
}

static int turn_to_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED ? 0 : result(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int turn_to_code_by_key(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page == MAP_FAILED
               ? 0
               : result(syscall(SYS_pkey_mprotect, page, 4096, PROT_READ | PROT_EXEC, -1));
}

static int become_other(void)
{
    return result(setuid(1));
}

static int raise_limit(void)
{
    const struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};

    return result(setrlimit(RLIMIT_FSIZE, &more));
}

/* Of a line of /proc/self/status. */
static int status_is(const char *name, const char *value)
{
    cs_autofree char *wanted = cs_asprintf("%s:\t%s\n", name, value);
    char line[256];
    FILE *file = fopen("/proc/self/status", "re");

    while (file && fgets(line, sizeof line, file)) {
        if (strcmp(line, wanted) == 0) {
            fclose(file);
            return 0;
        }
    }
    return EINVAL;
}

static int has_no_capability(void)
{
    return status_is("CapEff", "0000000000000000") | status_is("CapPrm", "0000000000000000");
}

static int has_no_new_privileges(void)
{
    return status_is("NoNewPrivs", "1") | status_is("Seccomp", "2");
}

/* If not, gdb, /proc/PID/mem and core dumps are refused to its own user (prctl(2)). */
static int is_dumpable(void)
{
    return prctl(PR_GET_DUMPABLE);
}

static const struct {
    const char *name;
    int (*deed)(void);
    int expected;
    bool by_landlock; /* where the kernel has none, it is allowed */
} deeds[] = {
    {"read a named file", read_named, 0, false},
    {"read the system's", read_system, 0, false},
    {"read another", read_other, EACCES, true},
    {"read a home", read_home, EACCES, true},
    {"write a named file", write_named, EACCES, false},
    {"append to it", append_named, EACCES, false},
    {"make a file", create, EACCES, false},
    {"truncate", truncate_file, EPERM, false},
    {"unlink", unlink_file, EPERM, false},
    {"rename", rename_file, EPERM, false},
    {"fork", fork_process, EPERM, false},
    {"clone", clone_process, EPERM, false},
    {"execve", run_program, EPERM, false},
    {"ptrace", trace_parent, EPERM, false},
    {"read the parent", read_parent, EACCES, false},
    {"signal the parent", signal_parent, EPERM, false},
    {"signal it as a thread", signal_as_thread, EPERM, false},
    {"signal itself", signal_itself, 0, false},
    {"have it signalled", signal_by_descriptor, EPERM, false},
    {"the same by ioctl", signal_by_request, EPERM, false},
    {"with a long number", signal_by_long_request, EPERM, false},
    {"outlive the parent", outlive_parent, EPERM, false},
    {"that with a long number", outlive_by_long_number, EPERM, false},
    {"the parent's limits", limit_parent, EPERM, false},
    {"its own limits", limit_itself, 0, false},
    {"the parent's priority", slow_parent, EPERM, false},
    {"type for the user", type_for_user, EPERM, false},
    {"the machine's TLS keys", read_tls_keys, EACCES, true},
    {"the anchors", read_tls_anchors, 0, false},
    {"fchmodat2", change_mode, ENOSYS, false},
    {"setxattrat", change_attribute, ENOSYS, false},
    {"a lease", lease_file, EPERM, false},
    {"watch a folder", watch_folder, EPERM, false},
    {"watch any", watch_other, EPERM, false},
    {"shared memory", end_memory, EPERM, false},
    {"a semaphore", end_semaphore, EPERM, false},
    {"hold a semaphore", hold_semaphore, EPERM, false},
    {"for a time", hold_semaphore_shortly, EPERM, false},
    {"a queue", end_queue, EPERM, false},
    {"read a queue", read_queue, EPERM, false},
    {"write to a queue", write_queue, EPERM, false},
    {"unlink a queue", unlink_queue, EPERM, false},
    {"the kernel reads", start_reading, EPERM, false},
    {"keys of the kernel", read_keys, EPERM, false},
    {"keep a key there", keep_key, EPERM, false},
    {"have a key made", have_key_made, EPERM, false},
    {"the parent's keys", give_keys_to_parent, EPERM, false},
    {"a pair of streams", pair_of_streams, 0, false},
    {"a pair of datagrams", pair_of_datagrams, EAFNOSUPPORT, false},
    {"a socket for IP", open_ip, 0, false},
    {"a local socket", open_unix, EAFNOSUPPORT, false},
    {"a packet socket", open_packet, EAFNOSUPPORT, false},
    {"another netlink", open_audit, EAFNOSUPPORT, false},
    {"listen", serve_port, EPERM, false},
    {"resolve", resolve, 0, false},
    {"a thread", start_thread, 0, false},
    {"a library", load_library, 0, false},
    {"writable code", make_code, EPERM, false},
    {"made code", turn_to_code, EPERM, false},
    {"the same with a key", turn_to_code_by_key, EPERM, false},
    {"setuid", become_other, EPERM, false},
    {"raise a limit", raise_limit, EPERM, false},
    {"capabilities", has_no_capability, 0, false},
    {"flags", has_no_new_privileges, 0, false},
    {"dumps", is_dumpable, 0, false},
};

static bool landlock; /* this kernel has it */

static void confine(bool local_sockets, bool keyrings)
{
    cs_auto_value(cs_strv) files = {0};
    const struct cs_confine what = {
        .files = &files, .local_sockets = local_sockets, .keyrings = keyrings};
    cs_autofree char *text = NULL;
    struct cs_err err = {0};

    cs_strv_add(&files, named);
    cs_strv_add(&files, "/nonexistent");
    if (cs_confine_enter(&what, &text, &err) != CS_OK) {
        fprintf(stderr, "%s\n", err.message);
        _exit(255);
    }
    landlock = strstr(text, "no Landlock") == NULL;
}

static void setup(void)
{
    alarm(60);
    scratch_enter();
    scratch_put("named", "x", 1, 0600);
    scratch_put("other", "x", 1, 0600);
    named = realpath("named", NULL);
    other = realpath("other", NULL);
}

static void teardown(void)
{
    free(named);
    free(other);
    scratch_leave();
}

/* The value of @deed in a confined child. */
static int confined(int (*deed)(void), bool *ret_landlock)
{
    int status = 0;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        confine(false, false);
        int number = deed();
        _exit(landlock ? number : 128 | number);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "it was ended by signal %d", WTERMSIG(status));
    ck_assert_int_ne(WEXITSTATUS(status), 255);
    *ret_landlock = WEXITSTATUS(status) < 128;
    return WEXITSTATUS(status) & 127;
}

START_TEST(test_deeds)
{
    bool has_landlock = false;

    if (deeds[_i].deed == read_named || deeds[_i].deed == read_other) {
        ck_assert_int_eq(deeds[_i].deed(), 0); /* before */
    }
    int number = confined(deeds[_i].deed, &has_landlock);
    int expected = deeds[_i].by_landlock && !has_landlock ? 0 : deeds[_i].expected;
    ck_assert_msg(number == expected, "%s: %s instead of %s", deeds[_i].name,
                  strerrordesc_np(number), strerrordesc_np(expected));
}
END_TEST

/* A daemon or a keyring that keeps tickets is reached only if the configuration names one. */
START_TEST(test_named_daemon)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        confine(true, false);
        _exit(open_unix() == 0 && read_keys() == EPERM ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(test_named_keyring)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        const int before = keep_key(); /* a container may forbid it to all */
        confine(false, true);
        _exit(keep_key() == before && open_unix() == EAFNOSUPPORT && give_keys_to_parent() == EPERM
                  ? 0
                  : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("confine");
    TCase *tcase = tcase_create("confine");

    tcase_add_checked_fixture(tcase, setup, teardown);
    add_rows(tcase, test_deeds, deeds);
    tcase_add_test(tcase, test_named_daemon);
    tcase_add_test(tcase, test_named_keyring);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

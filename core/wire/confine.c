#include "wire/confine.h"

#include "base/mem.h"
#include "wire/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Enough for every library and the largest answer; a run that polls for a day does little. */
#define MEMORY_MAX      ((rlim_t)1 << 30)
#define CPU_SECONDS_MAX 600
#define DESCRIPTORS_MAX 128

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- limits and privileges ---- */

static cs_rc set_limits(struct cs_err *err)
{
    static const struct {
        __rlimit_resource_t resource;
        rlim_t value;
        const char *name;
    } limits[] = {
#ifndef CS_SANITIZED /* a sanitizer reserves terabytes of address space */
        {RLIMIT_AS, MEMORY_MAX, "RLIMIT_AS"},
#endif
        {RLIMIT_CPU, CPU_SECONDS_MAX, "RLIMIT_CPU"},
        {RLIMIT_NOFILE, DESCRIPTORS_MAX, "RLIMIT_NOFILE"},
        {RLIMIT_FSIZE, 0, "RLIMIT_FSIZE"},
        {RLIMIT_CORE, 0, "RLIMIT_CORE"},
    };

    for (size_t i = 0; i < COUNT(limits); i++) {
        const struct rlimit both = {limits[i].value, limits[i].value};
        if (setrlimit(limits[i].resource, &both) != 0) {
            return cs_fail_errno(err, CS_E_INTERNAL, "setrlimit", errno,
                                 "the limit %s cannot be set", limits[i].name);
        }
    }
    /* A write past RLIMIT_FSIZE is an error and not the end. */
    signal(SIGXFSZ, SIG_IGN);
    return CS_OK;
}

/* Root without capabilities is a user like others: it cannot look into cscert, which is not
 * dumpable. */
static cs_rc drop_privileges(struct cs_err *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}, {0, 0, 0}};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "prctl", errno,
                             "new privileges and core dumps cannot be forbidden");
    }
    if (syscall(SYS_capset, &header, none) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "capset", errno, "capabilities cannot be dropped");
    }
    return CS_OK;
}

/* ---- system calls ---- */

/* Never, with EPERM: libraries that try take it for a no. What reaches other processes, programs,
 * files and the kernel's own gates. */
static const int denied[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(creat),
    SCMP_SYS(truncate),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(symlink),
    SCMP_SYS(symlinkat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(chown),
    SCMP_SYS(fchown),
    SCMP_SYS(lchown),
    SCMP_SYS(fchownat),
    SCMP_SYS(utime),
    SCMP_SYS(utimes),
    SCMP_SYS(utimensat),
    SCMP_SYS(futimesat),
    SCMP_SYS(setxattr),
    SCMP_SYS(lsetxattr),
    SCMP_SYS(fsetxattr),
    SCMP_SYS(removexattr),
    SCMP_SYS(lremovexattr),
    SCMP_SYS(fremovexattr),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(memfd_create),
    SCMP_SYS(memfd_secret),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(open_tree),
    SCMP_SYS(move_mount),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(name_to_handle_at),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(quotactl),
    SCMP_SYS(setuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setreuid),
    SCMP_SYS(setregid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),
    SCMP_SYS(setgroups),
    SCMP_SYS(setfsuid),
    SCMP_SYS(setfsgid),
    SCMP_SYS(capset),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(acct),
    SCMP_SYS(syslog),
    SCMP_SYS(ioperm),
    SCMP_SYS(iopl),
    SCMP_SYS(modify_ldt),
    SCMP_SYS(personality),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(vhangup),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(pkey_mprotect),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(sched_setattr),
    SCMP_SYS(sched_setparam),
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(setpriority),
    SCMP_SYS(ioprio_set),
    SCMP_SYS(migrate_pages),
    SCMP_SYS(move_pages),
    SCMP_SYS(mq_open),
    SCMP_SYS(mq_unlink),
    /* what has a number is anybody's of this user; openCryptoki's tokens live in it */
    SCMP_SYS(shmget),
    SCMP_SYS(shmat),
    SCMP_SYS(shmctl),
    SCMP_SYS(semget),
    SCMP_SYS(semop),
    SCMP_SYS(semtimedop),
    SCMP_SYS(semctl),
    SCMP_SYS(msgget),
    SCMP_SYS(msgsnd),
    SCMP_SYS(msgrcv),
    SCMP_SYS(msgctl),
    /* what goes on in folders that cannot be read */
    SCMP_SYS(inotify_init),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(io_setup),
    SCMP_SYS(quotactl_fd),
};

/* The same, unless tickets are in a keyring. */
static const int denied_keyrings[] = {SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl)};

/* What takes its flags in memory, where a filter does not see them: the C library goes on with the
 * older call. */
static const int missing[] = {SCMP_SYS(clone3), SCMP_SYS(openat2)};

/* Calls that are younger than libseccomp's names, by their numbers, which are the same on every
 * machine (Linux, scripts/syscall.tbl): fchmodat2(), and all from statmount() on, of which
 * setxattrat() and file_setattr() change files. To the C library the kernel does not have them. */
#define FCHMODAT2   452
#define YOUNG_FIRST 457
#define YOUNG_LAST  511

/* 0, or a negative errno as libseccomp returns it. So are the next ones. */
static int deny_all(scmp_filter_ctx filter, const int *calls, size_t count)
{
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
    }
    return rc;
}

static int deny_plain(scmp_filter_ctx filter)
{
    int rc = deny_all(filter, denied, COUNT(denied));

    for (size_t i = 0; i < COUNT(missing) && rc == 0; i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), missing[i], 0);
    }
    if (rc == 0) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), FCHMODAT2, 0);
    }
    for (int number = YOUNG_FIRST; number <= YOUNG_LAST && rc == 0; number++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
    }
    return rc;
}

/* A thread is one that shares everything; any other clone() is a process. */
static int deny_processes(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
}

/* Of @call, whose argument (the first is 0) is a number of 32 bits to the kernel. */
static int deny_some(scmp_filter_ctx filter, int call, unsigned argument, const unsigned *values,
                     size_t count)
{
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct scmp_arg_cmp is = {argument, SCMP_CMP_MASKED_EQ, UINT32_MAX, values[i]};
        rc = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), call, 1, &is);
    }
    return rc;
}

/* Other processes of this user. cscert itself is one, and the shell behind the terminal: whoever
 * may put characters into its input says what it does. A descriptor has its owner signalled, and
 * who writes a file waits for a lease. */
static int deny_others(scmp_filter_ctx filter)
{
    static const unsigned controls[] = {F_SETOWN, F_SETOWN_EX, F_SETSIG, F_SETLEASE, F_NOTIFY};
    static const unsigned requests[] = {FIOSETOWN, SIOCSPGRP, TIOCSTI, TIOCLINUX};
    static const unsigned options[] = {PR_SET_PDEATHSIG};
    int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
                              SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid(), 0));

    if (rc == 0) { /* 0 is the process itself */
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prlimit64), 1,
                              SCMP_A0(SCMP_CMP_NE, 0, 0));
    }
    if (rc == 0) {
        rc = deny_some(filter, SCMP_SYS(fcntl), 1, controls, COUNT(controls));
    }
    if (rc == 0) {
        rc = deny_some(filter, SCMP_SYS(fcntl64), 1, controls, COUNT(controls));
    }
    if (rc == 0) {
        rc = deny_some(filter, SCMP_SYS(prctl), 0, options, COUNT(options));
    }
    return rc ? rc : deny_some(filter, SCMP_SYS(ioctl), 1, requests, COUNT(requests));
}

/* Where tickets are in a keyring it is used, but never becomes cscert's. */
static int deny_keyrings(scmp_filter_ctx filter, bool keyrings)
{
    static const unsigned operations[] = {KEYCTL_SESSION_TO_PARENT};

    return keyrings ? deny_some(filter, SCMP_SYS(keyctl), 0, operations, COUNT(operations))
                    : deny_all(filter, denied_keyrings, COUNT(denied_keyrings));
}

/* A file that is opened for writing, or made. */
static int deny_writing(scmp_filter_ctx filter)
{
    static const struct {
        scmp_datum_t mask;
        scmp_datum_t value;
    } flags[] = {
        {O_ACCMODE, O_WRONLY}, {O_ACCMODE, O_RDWR}, {O_ACCMODE, O_ACCMODE},
        {O_CREAT, O_CREAT},    {O_TRUNC, O_TRUNC},
    };
    int rc = 0;

    for (size_t i = 0; i < COUNT(flags) && rc == 0; i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(open), 1,
                              SCMP_A1(SCMP_CMP_MASKED_EQ, flags[i].mask, flags[i].value));
        if (rc == 0) {
            rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, flags[i].mask, flags[i].value));
        }
    }
    return rc;
}

/* No memory that is written and run. Libraries are mapped, never made. */
static int deny_making_code(scmp_filter_ctx filter)
{
    const scmp_datum_t both = PROT_WRITE | PROT_EXEC;
    int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, both, both));

    if (rc == 0) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mprotect), 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    }
    return rc;
}

/* A socket's type without its flags (Linux, include/linux/net.h). */
#define TYPE_MASK 0xf

/* Networks, and what the C library asks the kernel about addresses. */
static int deny_sockets(scmp_filter_ctx filter, bool local_sockets)
{
    int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_GE, AF_MAX, 0));

    for (scmp_datum_t family = 0; family < AF_MAX && rc == 0; family++) {
        bool may = family == AF_INET || family == AF_INET6 || family == AF_NETLINK ||
                   (family == AF_UNIX && local_sockets);
        if (!may) {
            rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                  SCMP_A0(SCMP_CMP_EQ, family, 0));
        }
    }
    /* A pair of streams wakes a thread; one that takes datagrams could send them anywhere. */
    if (rc == 0) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socketpair), 1,
                              SCMP_A1(SCMP_CMP_MASKED_EQ, TYPE_MASK, SOCK_DGRAM));
    }
    if (rc == 0) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 2,
                              SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0), SCMP_A2(SCMP_CMP_NE, 0, 0));
    }
    return rc;
}

static int add_rules(scmp_filter_ctx filter, const struct cs_confine *confine)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

    if (rc == 0) {
        rc = deny_plain(filter);
    }
    if (rc == 0) {
        rc = deny_processes(filter);
    }
    if (rc == 0) {
        rc = deny_others(filter);
    }
    if (rc == 0) {
        rc = deny_keyrings(filter, confine->keyrings);
    }
    if (rc == 0) {
        rc = deny_writing(filter);
    }
    if (rc == 0) {
        rc = deny_making_code(filter);
    }
    return rc ? rc : deny_sockets(filter, confine->local_sockets);
}

static cs_rc load_filter(const struct cs_confine *confine, struct cs_err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    if (!filter) {
        return cs_fail(err, CS_E_INTERNAL, "no filter for system calls can be made");
    }
    int rc = add_rules(filter, confine);
    if (rc == 0) {
        rc = seccomp_load(filter);
    }
    seccomp_release(filter);
    if (rc != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "seccomp_load", -rc,
                             "the kernel did not take the list of forbidden system calls");
    }
    return CS_OK;
}

cs_rc cs_confine_enter(const struct cs_confine *confine, char **ret_text, struct cs_err *err)
{
    int landlock = 0;

    CS_TRY(set_limits(err));
    CS_TRY(drop_privileges(err));
    CS_TRY(cs_fence_enter(confine->files, &landlock, err));
    CS_TRY(load_filter(confine, err));
    *ret_text = landlock ? cs_asprintf("no new privileges, seccomp, Landlock %d", landlock)
                         : cs_strdup("no new privileges, seccomp; this kernel has no Landlock, so "
                                     "that any file of this user can be read");
    return CS_OK;
}

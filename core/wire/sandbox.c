#include "wire/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

/* What reading from descriptors that are open, parsing in memory and answering takes. A call that
 * the machine's architecture does not have is left out by libseccomp. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(futex_time64),
#ifdef CS_SANITIZED
    /* To say what was found, and to end. */
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(tgkill),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_yield),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(close),
    SCMP_SYS(getrusage),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
#endif
};

/* Memory, but none that code could be put into and run: the third argument is the protection. */
static const int allowed_without_exec[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static cs_rc limit(__rlimit_resource_t resource, rlim_t value, const char *name, struct cs_err *err)
{
    const struct rlimit both = {.rlim_cur = value, .rlim_max = value};

    if (setrlimit(resource, &both) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "setrlimit", errno,
                             "the limit %s cannot be set to %llu", name, (unsigned long long)value);
    }
    return CS_OK;
}

static cs_rc set_limits(const struct cs_sandbox_limits *limits, struct cs_err *err)
{
#ifndef CS_SANITIZED /* a sanitizer reserves terabytes of address space */
    CS_TRY(limit(RLIMIT_AS, limits->memory, "RLIMIT_AS", err));
#endif
    CS_TRY(limit(RLIMIT_CPU, limits->cpu_seconds, "RLIMIT_CPU", err));
    CS_TRY(limit(RLIMIT_FSIZE, 0, "RLIMIT_FSIZE", err));
    CS_TRY(limit(RLIMIT_NPROC, 0, "RLIMIT_NPROC", err));
    return limit(RLIMIT_CORE, 0, "RLIMIT_CORE", err);
}

static cs_rc set_flags(struct cs_err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "PR_SET_NO_NEW_PRIVS", errno,
                             "new privileges cannot be given up");
    }
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "PR_SET_DUMPABLE", errno,
                             "core dumps cannot be forbidden");
    }
    return CS_OK;
}

/* 0, or a negative errno as libseccomp returns it. */
static int add_rules(scmp_filter_ctx filter)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

    for (size_t i = 0; i < COUNT(allowed) && rc == 0; i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    for (size_t i = 0; i < COUNT(allowed_without_exec) && rc == 0; i++) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_without_exec[i], 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    }
    return rc;
}

static cs_rc load_filter(struct cs_err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

    if (!filter) {
        return cs_fail(err, CS_E_INTERNAL, "libseccomp cannot kill a process for a system call");
    }
    int rc = add_rules(filter);
    if (rc == 0) {
        rc = seccomp_load(filter);
    }
    seccomp_release(filter);
    if (rc != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "seccomp_load", -rc,
                             "the kernel did not take the list of allowed system calls");
    }
    return CS_OK;
}

cs_rc cs_sandbox_enter(const struct cs_sandbox_limits *limits, struct cs_err *err)
{
    /* The C library looks for the time zone's file once; later it could not. */
    tzset();
    CS_TRY(set_flags(err));
    CS_TRY(set_limits(limits, err));
    return load_filter(err);
}

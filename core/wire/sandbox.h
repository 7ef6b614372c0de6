/* What a program that reads the bytes of strangers may still do. */
#ifndef CS_WIRE_SANDBOX_H
#define CS_WIRE_SANDBOX_H

#include "base/err.h"

#include <stddef.h>

struct cs_sandbox_limits {
    size_t memory; /* octets of address space (RLIMIT_AS; not under a sanitizer) */
    unsigned cpu_seconds;
};

/* No new privileges, no core dump, the limits, and from then on only read, write, memory and exit
 * (seccomp): any other call kills the process. For good. CS_E_INTERNAL if the kernel refuses. */
CS_MUST_CHECK cs_rc cs_sandbox_enter(const struct cs_sandbox_limits *limits, struct cs_err *err);

#endif

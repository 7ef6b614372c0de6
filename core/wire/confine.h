/* What a program that speaks to strangers' machines may still do: networks, and nothing else. */
#ifndef CS_WIRE_CONFINE_H
#define CS_WIRE_CONFINE_H

#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

struct cs_confine {
    const struct cs_strv
        *files;         /* that it must read beside the system's; those not there: left out */
    bool local_sockets; /* AF_UNIX too: a daemon keeps its credentials (KCM) */
    bool keyrings;      /* the kernel keeps them (KEYRING) */
};

/* For good: no new privileges, no capability, no core dump, limits on memory, processor time and
 * descriptors; files are read and never written, and with Landlock only the system's libraries,
 * what names and Kerberos need, and @confine's; no program is started, no process looked into, no
 * connection accepted, no local socket reached (a token's daemon listens on one), no shared memory,
 * semaphore or keyring of the kernel, and who asked for it (cs_child_follow()) ends with its
 * parent. *ret_text says what of this the kernel gives ("seccomp, Landlock 3"); the caller frees.
 * CS_E_INTERNAL if it does not give what every supported kernel has. Before any thread is started.
 */
CS_MUST_CHECK cs_rc cs_confine_enter(const struct cs_confine *confine, char **ret_text,
                                     struct cs_err *err);

#endif

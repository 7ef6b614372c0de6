/* Which files a program can reach at all: Landlock (Linux 5.13 and later); private to wire/. */
#ifndef CS_WIRE_FENCE_H
#define CS_WIRE_FENCE_H

#include "base/err.h"
#include "base/strv.h"

/* From now on this thread, and those it starts, read what the C library, OpenSSL, the resolver and
 * Kerberos take from the system, and @files; nothing is written or run. Needs no new privileges
 * (PR_SET_NO_NEW_PRIVS). *ret_version is 0, and nothing happens, where the kernel has no Landlock.
 */
CS_MUST_CHECK cs_rc cs_fence_enter(const struct cs_strv *files, int *ret_version,
                                   struct cs_err *err);

#endif

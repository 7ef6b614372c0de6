/* Another of the three programs as a child: one end of a socketpair, and nothing else of ours. */
#ifndef CS_WIRE_SPAWN_H
#define CS_WIRE_SPAWN_H

#include "base/cleanup.h"
#include "base/err.h"

#include <stddef.h>

/* The child finds the socket here, and lent descriptors from the next number on. */
#define CS_SPAWN_SOCKET_FD 3

/* Descriptors that can be lent. */
#define CS_SPAWN_FDS_MAX 32

struct cs_child;

/* Starts @program (an absolute path; no PATH, no shell) with a clean environment, standard input
 * /dev/null, standard output and error to /dev/null (the latter stays under a sanitizer), the
 * socket as CS_SPAWN_SOCKET_FD, @fds (borrowed, at most CS_SPAWN_FDS_MAX) after it, every other
 * descriptor closed, no signal ignored or blocked, in a process group of its own. CS_E_CONFIG if it
 * is not there or cannot be run. */
CS_MUST_CHECK cs_rc cs_child_start(const char *program, const int *fds, size_t fd_count,
                                   struct cs_child **ret_child, struct cs_err *err);

int cs_child_socket(const struct cs_child *child);

/* In the child, before all else: it is killed when the thread that started it is gone, however that
 * ended. CS_E_CANCELLED if it is gone already: what stands in the socket, nobody waits for. */
CS_MUST_CHECK cs_rc cs_child_follow(struct cs_err *err);

/* How it ended, for the message when it did not answer: "was killed by signal 31 (Bad system
 * call)". Kills it if it still runs after a moment. The caller frees. */
char *cs_child_end_text(struct cs_child *child);

/* Closes the socket, kills the child if it does not end within two seconds, and reaps it. NULL is
 * nothing. */
void cs_child_free(struct cs_child *child);
CS_DEFINE_AUTO(cs_child, cs_child_free);

#endif

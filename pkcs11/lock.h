/* One lock a module: processes that start or write at the same time corrupt each other's view of a
 * token (SoftHSM and openCryptoki rewrite the token's file at every login). */
#ifndef CS_PKCS11_LOCK_H
#define CS_PKCS11_LOCK_H

#include "base/err.h"

/* How long another cscert may hold the token: as long as a slow one may take for a key (token.h).
 */
#define CS_LOCK_WAIT_MS 300000

struct cs_lock_file;

/* Zeroes: none. */
struct cs_lock {
    struct cs_lock_file *file; /* shared by the locks of this process on one module */
    unsigned depth;
};

/* Opens the lock file for @module (a path or name) in @folder, which is made if it is not there and
 * must belong to this user alone. CS_E_CONFIG.
 * Two locks of one process on one module do not keep each other out: the process has one instance
 * of the module, and what that knows of a token is common to both. Not for several threads. */
CS_MUST_CHECK cs_rc cs_lock_open(struct cs_lock *lock, const char *folder, const char *module,
                                 struct cs_err *err);

/* Waits for at most @wait_ms; CS_E_TOKEN_REFUSED then, CS_E_CANCELLED when a signal comes. Taken
 * twice it must be released twice. */
CS_MUST_CHECK cs_rc cs_lock_take(struct cs_lock *lock, unsigned wait_ms, struct cs_err *err);
void cs_lock_release(struct cs_lock *lock);
void cs_lock_done(struct cs_lock *lock);

/* Where the file is; NULL if the lock is not open. */
const char *cs_lock_path(const struct cs_lock *lock);

#endif

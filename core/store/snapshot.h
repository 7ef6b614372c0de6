/* The store as it stands, as a copy in memory: what is read only must change nothing.
 *
 * SQLite itself cannot promise that for a store in WAL mode: a connection that only reads makes the
 * files -wal and -shm where they are not there, and does not remove them. "immutable=1" makes none,
 * but is right only if nobody writes, and nobody can promise that either. */
#ifndef CS_STORE_SNAPSHOT_H
#define CS_STORE_SNAPSHOT_H

#include "store/db.h"

/* Copies the store @place, which is there. CS_E_STORE if it stays locked for @wait_ms. */
CS_MUST_CHECK cs_rc cs_snapshot_open(const char *place, unsigned wait_ms, struct cs_db *ret_db,
                                     struct cs_err *err);

#endif

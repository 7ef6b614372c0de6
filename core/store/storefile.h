/* The store as a file: where it stands, who can touch it, and how a new one takes its name. */
#ifndef CS_STORE_STOREFILE_H
#define CS_STORE_STOREFILE_H

#include "base/err.h"

#include <stdbool.h>

/* CS_E_STORE for the system call @operation that failed with errno @number; "@path @what" is the
 * sentence. */
cs_rc cs_storefile_fail(const char *operation, int number, const char *path, const char *what,
                        struct cs_err *err);

/* *ret_place is @path with its folder free of symbolic links and relative parts; the caller frees.
 * NULL if the folder is not there. CS_E_STORE if it cannot be used or others can write it: who can
 * put a file "-wal" beside a store writes the store. */
CS_MUST_CHECK cs_rc cs_storefile_place(const char *path, char **ret_place, struct cs_err *err);

/* *ret_exists tells whether the file is there. CS_E_STORE for a link, for what is no regular file,
 * for one of somebody else, one that others can read or write, and for a "-wal" or "-journal"
 * without its store. Opens nothing: closing a descriptor would drop SQLite's locks on the file. */
CS_MUST_CHECK cs_rc cs_storefile_check(const char *place, bool *ret_exists, struct cs_err *err);

/* True if the file @place@suffix ("-wal") is there. */
bool cs_storefile_has(const char *place, const char *suffix);

/* An empty file of mode 0600 beside the store, in *ret_temporary; the caller frees. */
CS_MUST_CHECK cs_rc cs_storefile_temporary(const char *place, char **ret_temporary,
                                           struct cs_err *err);

/* Removes a temporary store and what SQLite made beside it. */
void cs_storefile_remove(const char *temporary);

/* Writes the finished @temporary through to the disk and gives it the name @place, unless somebody
 * was faster: then it is removed, and that is no error. */
CS_MUST_CHECK cs_rc cs_storefile_publish(const char *temporary, const char *place,
                                         struct cs_err *err);

/* As cs_storefile_publish(), but in the place of the store that is there, which stays as
 * PLACE.v<@version>.bak (or .v<N>.2.bak and so on). */
CS_MUST_CHECK cs_rc cs_storefile_replace(const char *temporary, const char *place, int version,
                                         struct cs_err *err);

#endif

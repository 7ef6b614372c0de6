/* A store of the schema that this program writes, made new or from an older one; always on a
 * temporary file beside the store, so that a store is never seen half made or half migrated. */
#ifndef CS_STORE_MIGRATE_H
#define CS_STORE_MIGRATE_H

#include "store/schema.h"

/* Makes the store @place. That another process makes it at the same time is no error. */
CS_MUST_CHECK cs_rc cs_migrate_create(const char *place, const struct cs_schema *schema,
                                      struct cs_err *err);

/* Replaces the older store @place by a migrated and checked copy of itself. Nobody else may have it
 * open: that is waited for @wait_ms. That another process has done it already is no error. */
CS_MUST_CHECK cs_rc cs_migrate_replace(const char *place, unsigned wait_ms,
                                       const struct cs_schema *schema, struct cs_err *err);

#endif

/* The schema as an array of steps: step i takes a store of version i to version i + 1. */
#ifndef CS_STORE_SCHEMA_H
#define CS_STORE_SCHEMA_H

#include "store/db.h"

#include <stdbool.h>

/* "CSCR": says in the file's header whose database it is (https://sqlite.org/fileformat2.html,
 * 1.3.21). */
#define CS_SCHEMA_APPLICATION_ID 0x43534352

/* Each step is SQL that ends with PRAGMA user_version = i + 1; the first one sets application_id
 * too. */
struct cs_schema {
    const char *const *steps;
    int count; /* the version that this program writes */
};

/* The schema of this program. */
extern const struct cs_schema cs_schema;

/* The version of the store. CS_E_STORE for another program's database, an empty one, and a version
 * that @schema does not know yet. */
CS_MUST_CHECK cs_rc cs_schema_version(const struct cs_db *db, const struct cs_schema *schema,
                                      int *ret_version, struct cs_err *err);

/* Runs the steps from version @from on, each in a transaction of its own. */
CS_MUST_CHECK cs_rc cs_schema_apply(const struct cs_db *db, const struct cs_schema *schema,
                                    int from, struct cs_err *err);

#endif

/* A store in a folder of its own, requests to put into it, and a second pair of hands on its file.
 */
#ifndef CS_TESTS_SUPPORT_STOREBOX_H
#define CS_TESTS_SUPPORT_STOREBOX_H

#include "model/request.h"
#include "port/store.h"

#include <stdint.h>

/* How long these tests wait for a lock: nobody holds one longer than a transaction. */
#define STOREBOX_WAIT_MS 20000

/* Checked fixtures: a new folder of mode 0700, and its removal. */
void storebox_setup(void);
void storebox_teardown(void);

/* The folder, and the store in it with @suffix ("", "-wal") behind its name. Both live until the
 * next call. */
const char *storebox_folder(void);
const char *storebox_path(const char *suffix);

/* Opens the store, with the real journal. Fails the test if that fails. */
struct cs_store *storebox_open(void);
struct cs_store *storebox_open_readonly(void);

/* A request for @name as `new` would store it. The caller frees. */
struct cs_request *storebox_request(const char *name);

/* Brings a request that is PLANNED to @to, on a shortest way through the table of states. */
void storebox_take_to(struct cs_store *store, struct cs_request *request, enum cs_state to);

/* Fails the test unless every member is equal; NULL is not equal to empty. */
void storebox_assert_same(const struct cs_request *a, const struct cs_request *b);

/* Runs SQL on the file behind the store's back; no rule of ours holds there. */
void storebox_sql(const char *sql);

/* As storebox_sql(), but gives SQLite's result instead of failing the test. */
int storebox_try(const char *sql);

/* Takes STRICT and NOT NULL from the tables: then SQL can put in what cscert never would. */
void storebox_unstrict(void);

/* The first column of the first row, as a number; of that file too. */
int64_t storebox_number(const char *sql);

/* The names in the folder, sorted, with blanks between them. The caller frees. */
char *storebox_listing(void);

/* Goes on as somebody who is not root, for whom file modes count; the folder and what is in it then
 * belong to him. Does nothing for who is not root anyway. */
void storebox_become_user(void);

#endif

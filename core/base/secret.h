/* A secret is a type of its own: locked into memory, left out of core dumps, wiped when freed, lent
 * to a callback. It has no getter and no formatter. */
#ifndef CS_BASE_SECRET_H
#define CS_BASE_SECRET_H

#include "base/cleanup.h"
#include "base/err.h"

#include <stddef.h>

/* The longest PIN or password, in octets. */
#define CS_SECRET_MAX 1024

/* The longest private key, in octets: the PKCS#8 of an RSA-4096 key is 2.4 KiB. A little below 8
 * KiB, because the locked memory is given out in powers of two. */
#define CS_SECRET_KEY_MAX 8176

struct cs_secret;

/* Once, before the first secret: reserves the locked memory and forbids core dumps of this process.
 * CS_E_INTERNAL when memory cannot be locked. */
CS_MUST_CHECK cs_rc cs_secret_setup(struct cs_err *err);

/* A secret of the @len octets at @text, which are wiped whatever the outcome. CS_E_USAGE when
 * longer than CS_SECRET_MAX. */
CS_MUST_CHECK cs_rc cs_secret_take(char *text, size_t len, struct cs_secret **ret_secret,
                                   struct cs_err *err);

/* Writes up to @size octets to @octets and says in *ret_len how many they are. */
typedef cs_rc (*cs_secret_fill_fn)(void *ctx, unsigned char *octets, size_t size, size_t *ret_len,
                                   struct cs_err *err);

/* A secret that @fill makes where it stays: a key that never is in other memory. What was written
 * is wiped if @fill fails. CS_E_INTERNAL for more than CS_SECRET_KEY_MAX octets. */
CS_MUST_CHECK cs_rc cs_secret_make(size_t size, cs_secret_fill_fn fill, void *ctx,
                                   struct cs_secret **ret_secret, struct cs_err *err);

/* The first line of @fd without its line end; reads to the end of the line or file. @what names the
 * source for messages ("/etc/cscert/pin"). CS_E_USAGE when it is empty or longer than
 * CS_SECRET_MAX, CS_E_CONFIG when it cannot be read. */
CS_MUST_CHECK cs_rc cs_secret_read(int fd, const char *what, struct cs_secret **ret_secret,
                                   struct cs_err *err);

/* The first line of a file of the user or of root that nobody else can read; CS_E_CONFIG otherwise.
 */
CS_MUST_CHECK cs_rc cs_secret_read_file(const char *path, struct cs_secret **ret_secret,
                                        struct cs_err *err);

typedef cs_rc (*cs_secret_fn)(void *ctx, const unsigned char *octets, size_t len,
                              struct cs_err *err);

/* Calls @use with the octets, which are valid for that call only; returns what it returns. A NUL
 * that does not count follows them. */
CS_MUST_CHECK cs_rc cs_secret_lend(const struct cs_secret *secret, cs_secret_fn use, void *ctx,
                                   struct cs_err *err);

void cs_secret_free(struct cs_secret *secret);
CS_DEFINE_AUTO(cs_secret, cs_secret_free);

#endif

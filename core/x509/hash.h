/* SHA-256 (FIPS 180-4) of octets that come in pieces. */
#ifndef CS_X509_HASH_H
#define CS_X509_HASH_H

#include "base/cleanup.h"
#include "base/err.h"

#include <stddef.h>

/* Octets of the digest as lower-case hexadecimal, with the NUL. */
#define CS_HASH_TEXT_SIZE 65

struct cs_hash;

CS_MUST_CHECK cs_rc cs_hash_new(struct cs_hash **ret_hash, struct cs_err *err);
void cs_hash_free(struct cs_hash *hash);
CS_DEFINE_AUTO(cs_hash, cs_hash_free);

CS_MUST_CHECK cs_rc cs_hash_add(struct cs_hash *hash, const void *data, size_t len,
                                struct cs_err *err);

/* Once, at the end. CS_E_INTERNAL if libcrypto fails, as above. */
CS_MUST_CHECK cs_rc cs_hash_text(struct cs_hash *hash, char text[CS_HASH_TEXT_SIZE],
                                 struct cs_err *err);

#endif

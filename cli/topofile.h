/* Documents that somebody hands over, before anything in them is read. */
#ifndef CS_CLI_TOPOFILE_H
#define CS_CLI_TOPOFILE_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"
#include "wire/reader.h"
#include "x509/hash.h"

#include <stddef.h>

/* Copies of the files in sealed memory: what was hashed is what is read. */
struct cs_topofiles {
    struct cs_reader_document *items;
    char (*sha256)[CS_HASH_TEXT_SIZE]; /* of each, lower-case hexadecimal */
    size_t count;
};
void cs_topofiles_done(struct cs_topofiles *files);

/* Adds the file @path. CS_E_INPUT, with the path, if it is no regular file, cannot be read, is
 * empty or larger than CS_READER_DOCUMENT_MAX, or is one more than CS_READER_DOCUMENTS_MAX. */
CS_MUST_CHECK cs_rc cs_topofiles_add(struct cs_topofiles *files, const char *path,
                                     struct cs_err *err);

/* The digests joined by ","; the caller frees. */
char *cs_topofiles_sha256(const struct cs_topofiles *files);

#endif

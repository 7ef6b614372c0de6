/* Which topology a run takes its names from: documents of this run, or the local replica. */
#ifndef CS_CLI_TOPOSOURCE_H
#define CS_CLI_TOPOSOURCE_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"
#include "cli/options.h"
#include "model/topology.h"
#include "port/store.h"

#include <stdint.h>

struct cs_toposource {
    struct cs_topology *topology; /* NULL: none is known */
    char *sha256;                 /* of the documents, joined by "," */
    char *documents;              /* their names, joined by newlines */
    int64_t imported;             /* seconds since 1970; 0: documents of this run are in it */
};
void cs_toposource_done(struct cs_toposource *source);

/* Has cscert-read read @paths into one topology, whose form is NULL if only simple URLs stand in
 * them. CS_E_INPUT with the file, and what else cs_reader_read() fails with. */
CS_MUST_CHECK cs_rc cs_toposource_read(const struct cs_strv *paths,
                                       struct cs_toposource *ret_source, struct cs_err *err);

/* The import @back (0: the latest); ret_source->topology is NULL if there is none. @store may be
 * NULL. CS_E_STORE if what is stored cannot be used. */
CS_MUST_CHECK cs_rc cs_toposource_stored(struct cs_store *store, unsigned back,
                                         struct cs_toposource *ret_source, struct cs_err *err);

/* The simple URLs of @urls, which come from there alone, in place of those of @source: they move.
 * The documents are named after those of @source. */
void cs_toposource_replace_urls(struct cs_toposource *source, struct cs_toposource *urls);

/* As the options say: --topology, --simple-urls, else the replica in @store (NULL: there is none).
 * CS_E_USAGE for simple URLs without a topology to go with. */
CS_MUST_CHECK cs_rc cs_toposource_load(const struct cs_options *options, struct cs_store *store,
                                       struct cs_toposource *ret_source, struct cs_err *err);

#endif

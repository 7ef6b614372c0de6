/* Zip archives in which documents stand, in whatever folder. */
#ifndef CS_TOPOLOGY_ARCHIVE_H
#define CS_TOPOLOGY_ARCHIVE_H

#include "base/err.h"
#include "model/topology.h"

#include <stdbool.h>
#include <stddef.h>

/* True if @data begins as a zip archive does. */
bool cs_archive_is(const void *data, size_t len);

/* Reads every entry; what is no XML of ours is passed over, archives in the archive too. CS_E_INPUT
 * for an archive that is damaged, encrypted, packed by another method than Deflate, passes a limit
 * of topology/document.h, has an entry whose name leads out of a folder, or holds nothing of ours.
 * @name is for messages, @label for sources. */
CS_MUST_CHECK cs_rc cs_archive_read(const char *name, const char *label, const void *data,
                                    size_t len, struct cs_topology *topology, struct cs_err *err);

#endif

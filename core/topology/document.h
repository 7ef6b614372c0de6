/* Topology documents, hostile until proved otherwise, into the model. Only in cscert-read. Formats:
 * the published XML (Get-CsTopology -AsXml), Topology Builder's .tbxml, SimpleUrlConfiguration, and
 * zip archives in which these stand, at any depth of element or folder. */
#ifndef CS_TOPOLOGY_DOCUMENT_H
#define CS_TOPOLOGY_DOCUMENT_H

#include "base/err.h"
#include "model/topology.h"

#include <stddef.h>

/* Limits; what passes one is refused with its name and the number. */
#define CS_DOCUMENT_DEPTH_MAX    64      /* nested elements */
#define CS_DOCUMENT_ELEMENTS_MAX 1000000 /* with comments and instructions, of one document */
#define CS_DOCUMENT_VALUE_MAX    4096    /* octets of a value that is used: a URL */
#define CS_DOCUMENT_NAME_MAX     255     /* octets of any other value: a name, an id, a number */
#define CS_DOCUMENT_ATTRS_MAX    64      /* of one element; real ones have at most ten */
#define CS_DOCUMENT_SPACES_MAX   64      /* namespace declarations that are in force at once */
#define CS_DOCUMENT_NAMES_MAX    1048576 /* octets of all different names of one document */
#define CS_DOCUMENT_SERVICES_MAX 65536   /* of one topology */
#define CS_ARCHIVE_ENTRIES_MAX   4096
#define CS_ARCHIVE_EXPANDED_MAX  (128U << 20) /* octets of all entries together */
#define CS_ARCHIVE_ENTRY_MAX     (64U << 20)
#define CS_ARCHIVE_RATIO_MAX     200 /* of an entry's expanded to its packed size, beyond 1 MiB */
#define CS_ARCHIVE_NAME_MAX      255 /* octets of an entry's name */

/* Once, before the first document and before the sandbox is entered: afterwards reading a document
 * makes no system call but for memory. Sets TZ to UTC for this process, because libzip asks for the
 * local time zone of each entry, and that would open a file. */
void cs_document_init(void);

/* Adds what @data holds to @topology. @name is the document's, for sources and messages. CS_E_INPUT
 * with name, line and element; a second topology document after a first one is refused too; a
 * document in which nothing of ours stands is refused unless it stands in an archive. */
CS_MUST_CHECK cs_rc cs_document_read(const char *name, const void *data, size_t len,
                                     struct cs_topology *topology, struct cs_err *err);

#endif

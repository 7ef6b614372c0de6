/* A topology as JSON: what cscert-read answers and what the store keeps. Read with every limit of
 * model/topology.h, for neither source vouches for it. */
#ifndef CS_WIRE_TOPOJSON_H
#define CS_WIRE_TOPOJSON_H

#include "base/err.h"
#include "model/topology.h"

#include <stddef.h>

/* A longer text is refused. In octets. */
#define CS_TOPOJSON_MAX         (16U << 20) /* all of it */
#define CS_TOPOJSON_NAME_MAX    255         /* a name (RFC 1035 section 2.3.4), a site's name */
#define CS_TOPOJSON_ID_MAX      255         /* an id or a signature: opaque, GUIDs mostly */
#define CS_TOPOJSON_SOURCE_MAX  1024        /* a source: names of file and archive entry in it */
#define CS_TOPOJSON_WARNING_MAX 4096

/* More warnings are refused; cs_reader_serve() cuts them down to this. */
#define CS_TOPOJSON_WARNINGS_MAX 1024

/* Compact JSON with sorted keys; the caller frees. */
char *cs_topojson_write(const struct cs_topology *topology);

/* CS_E_INPUT for what is no topology: a wrong type, an unknown word, a text that is not clean UTF-8
 * or too long, a name that is not lower case or (but for XMPP) empty, too many of anything. */
CS_MUST_CHECK cs_rc cs_topojson_read(const char *json, size_t len,
                                     struct cs_topology **ret_topology, struct cs_err *err);

#endif

/* What both ends of cscert-read's connection agree on; private to wire/.
 *
 *   down: {v: 1, op: "read", documents: [{name, size}, ...]}; the documents are the descriptors
 *         after the socket, in this order
 *   up:   {v: 1, topology: {...}} (topojson.h), or {v: 1, error: {code, message, hint}} with the
 *         code INPUT or INTERNAL; hint may be missing */
#ifndef CS_WIRE_READWIRE_H
#define CS_WIRE_READWIRE_H

#include "wire/topojson.h"

#define CS_READWIRE_VERSION 1
#define CS_READWIRE_OP      "read"

/* The longest frames, in octets: names of documents are paths. */
#define CS_READWIRE_QUESTION_MAX (1U << 20)
#define CS_READWIRE_ANSWER_MAX   (CS_TOPOJSON_MAX + 4096)

#endif

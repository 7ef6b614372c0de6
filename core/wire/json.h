/* What the frames' JSON has in common; private to wire/. */
#ifndef CS_WIRE_JSON_H
#define CS_WIRE_JSON_H

#include "base/cleanup.h"
#include "base/err.h"
#include "model/topology.h"

#include <jansson.h>
#include <stddef.h>

CS_DEFINE_AUTO(json_t, json_decref);

/* jansson's memory is ours from here on: there, or the program is not. So nothing that it makes of
 * good arguments is NULL. */
void cs_json_setup(void);

/* @text as a JSON string; octets that cannot stand in one become \xNN. */
json_t *cs_json_text(const char *text);

/* Compact, with sorted keys; the caller frees. */
char *cs_json_dump(const json_t *json);

/* Values that a text may hold: a topology at every limit of model/topology.h has half as many, and
 * a text that is nothing but brackets would become a hundred times as large in memory. */
#define CS_JSON_VALUES_MAX 1000000

/* A JSON object in which no key stands twice. CS_E_INPUT; @what names it for the message. */
CS_MUST_CHECK cs_rc cs_json_parse(const char *what, const void *data, size_t len,
                                  json_t **ret_object, struct cs_err *err);

/* json_unpack() that refuses what is not in @format with CS_E_INPUT; @what names the value. The
 * texts are borrowed from @json. */
CS_MUST_CHECK cs_rc cs_json_unpack(const char *what, json_t *json, struct cs_err *err,
                                   const char *format, ...);

/* core/wire/topojson.h between two frames' halves: as an object, not as text. */
json_t *cs_topojson_object(const struct cs_topology *topology);
CS_MUST_CHECK cs_rc cs_topojson_of_object(json_t *object, struct cs_topology **ret_topology,
                                          struct cs_err *err);

#endif

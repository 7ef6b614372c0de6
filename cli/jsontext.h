/* JSON values from values that nobody vouches for: what the JSON output files share. Included by
 * the implementation files of the output only. */
#ifndef CS_CLI_JSONTEXT_H
#define CS_CLI_JSONTEXT_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/certtype.h"
#include "model/topology.h"

#include <jansson.h>
#include <stdint.h>

/* A string, or null for NULL. What is not UTF-8 (a file's name may be anything) is shown as a
 * terminal would. */
json_t *cs_jsontext(const char *value);

/* The same with null for "". */
json_t *cs_jsontext_or_null(const char *value);

json_t *cs_jsontext_list(const struct cs_strv *list);

/* "2026-11-22T12:21:30Z"; null for 0. */
json_t *cs_jsontext_time(int64_t seconds);

/* ["Default", "WebServicesInternal"] */
json_t *cs_jsontext_types(cs_type_set set);

/* {Name, Source}; null where the topology has none. */
json_t *cs_jsontext_topo_name(const struct cs_topo_name *name);

/* {Code, Name, Message, Cause, Hint} */
json_t *cs_jsontext_error(const struct cs_err *error);

/* An array of objects as text that is made one object at a time: a deployment has thousands. */
struct cs_jsontext_array {
    struct cs_buf buf;
    size_t count;
};
void cs_jsontext_array_begin(struct cs_jsontext_array *array);

/* Takes @object. */
void cs_jsontext_array_add(struct cs_jsontext_array *array, json_t *object);

/* The text so far, which is not in a later part again; the caller frees. */
char *cs_jsontext_array_part(struct cs_jsontext_array *array);

/* The text with a line feed at its end; the caller frees. */
char *cs_jsontext_array_end(struct cs_jsontext_array *array);

#endif

/* Objects of the JSON output (output.h). Included by the implementation files of the output only.
 */
#ifndef CS_CLI_OUTJSON_H
#define CS_CLI_OUTJSON_H

#include "base/err.h"
#include "flow/flow.h"

#include <jansson.h>

/* One request. */
json_t *cs_outjson_result(const struct cs_result *result);

/* A run that failed before there was a request. */
json_t *cs_outjson_run_error(const struct cs_err *error);

#endif

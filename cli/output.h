/* Results on standard output: aligned text, or JSON (docs/CLI.md). Nothing is truncated. */
#ifndef CS_CLI_OUTPUT_H
#define CS_CLI_OUTPUT_H

#include "base/err.h"
#include "flow/flow.h"
#include "port/keystore.h"
#include "port/store.h"

#include <stdbool.h>

/* What a run came to. Borrowed. */
struct cs_output {
    const struct cs_result_list *results;     /* with -WhatIf only plans are filled */
    const struct cs_stray_list *strays;       /* of recover; NULL: none */
    const struct cs_labca_request_list *held; /* of `ca list`; NULL: none */
    const struct cs_err *error;               /* of the run; NULL or code CS_OK: none */
};

/* An array with an object for each request: RequestId, RequestStatus, Type (array), Subject, Names,
 * Thumbprint, Key, Ca, CaRequestId, Files, Warnings, and Error for one that failed. What is not
 * known is null. A run that failed before there was a request is one object with RequestStatus
 * Failed and Error; strays follow as objects {Stray: {Name, Class, Label, Count}}, what a lab CA
 * holds as objects {Held: {CaRequestId, Received, Authority, Account}}. The caller frees. */
char *cs_output_json(const struct cs_output *output);

/* One result as lines "Name : value", several as a table with a line for each and one more for an
 * error. Warnings are not in it, they were shown when they came up; the error of a single result is
 * only if it was stored, for what goes wrong now is printed to standard error. The caller frees. */
char *cs_output_text(const struct cs_output *output);

/* "CN=edge1.litwareinc.com, O=Litwareinc" with the escapes of RFC 4514; the caller frees. */
char *cs_output_subject(const struct cs_subject *subject);

/* The error to show for a result: this run's, else what is stored with the request; NULL for none.
 */
const struct cs_err *cs_output_error(const struct cs_result *result);

/* Writes @text to standard output. CS_E_OUTPUT when it does not arrive there (a full disk). */
CS_MUST_CHECK cs_rc cs_output_write(const char *text, struct cs_err *err);

#endif

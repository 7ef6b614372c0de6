/* Results on standard output: aligned text, or JSON (docs/CLI.md). Nothing is truncated. */
#ifndef CS_CLI_OUTPUT_H
#define CS_CLI_OUTPUT_H

#include "base/err.h"
#include "flow/flow.h"
#include "port/keystore.h"
#include "port/store.h"

#include <stdbool.h>

/* Results of a whole deployment have a layout of their own. */
enum cs_output_all {
    CS_OUTPUT_REQUESTS, /* as usual */
    CS_OUTPUT_PLANS,    /* plan --all: grouped per pool, with every name */
    CS_OUTPUT_MADE,     /* new --all: printed as they come (outstream.h) */
};

/* What a run came to. Borrowed. */
struct cs_output {
    const struct cs_result_list *results;     /* with -WhatIf only plans are filled */
    const struct cs_stray_list *strays;       /* of recover; NULL: none */
    const struct cs_labca_request_list *held; /* of `ca list`; NULL: none */
    const struct cs_err *error;               /* of the run; NULL or code CS_OK: none */
    enum cs_output_all all;
};

/* An array with an object for each request: RequestId, RequestStatus, Type (array), Subject, Names,
 * Pool, Computer, Role, Choice, Like, Existing, LeftAlone, Thumbprint, Key, FriendlyName, Template,
 * Ca, CaRequestId, Exported, Copy, Files, Warnings, and Error for one that failed. What is not
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

/* RequestStatus: Failed also for what failed before there was a request. */
const char *cs_output_status(const struct cs_result *result);

/* "Good", "Open", "LacksNames", "Expiring", "None" */
const char *cs_output_fit(enum cs_fit fit);

/* Whole days from now until @not_after, below 0 when it has passed. */
int64_t cs_output_days_left(int64_t not_after);

/* "request 3, Issued, 340 days left: fits", "nothing yet"; the caller frees. */
char *cs_output_existing(const struct cs_existing *existing);

/* Writes @text to standard output. CS_E_OUTPUT when it does not arrive there (a full disk). */
CS_MUST_CHECK cs_rc cs_output_write(const char *text, struct cs_err *err);

#endif

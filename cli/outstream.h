/* The results of `new --all` on standard output as they come, so that thousands of them are never
 * held. Text and JSON are the same as if they were printed at the end. */
#ifndef CS_CLI_OUTSTREAM_H
#define CS_CLI_OUTSTREAM_H

#include "base/cleanup.h"
#include "base/err.h"
#include "cli/ui.h"
#include "flow/flow.h"

#include <stdbool.h>

struct cs_outstream;

struct cs_outstream_options {
    struct cs_ui *ui;
    bool json;
    bool no_color;
    struct cs_result_list *keep; /* results are kept here, too (for -Report); NULL: not kept */
};

struct cs_outstream *cs_outstream_new(const struct cs_outstream_options *options);
void cs_outstream_free(struct cs_outstream *stream);
CS_DEFINE_AUTO(cs_outstream, cs_outstream_free);

/* Prints each result, and the error of one that failed to standard error. Borrows @stream. Once
 * standard output cannot be written, nothing more is: what is made is made all the same. */
struct cs_result_sink cs_outstream_sink(struct cs_outstream *stream);

/* Completes the output after the last result. @error is the run's; NULL or code CS_OK: none.
 * CS_E_OUTPUT if not all of it arrived on standard output. */
CS_MUST_CHECK cs_rc cs_outstream_end(struct cs_outstream *stream, const struct cs_err *error,
                                     struct cs_err *err);

const struct cs_result_sum *cs_outstream_sum(const struct cs_outstream *stream);

#endif

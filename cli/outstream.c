#include "cli/outstream.h"

#include "base/mem.h"
#include "cli/jsontext.h"
#include "cli/outjson.h"
#include "cli/outline.h"
#include "cli/outplan.h"
#include "cli/output.h"

#include <stdlib.h>
#include <unistd.h>

struct cs_outstream {
    struct cs_outstream_options options;
    struct cs_outplan_widths widths; /* of the text */
    struct cs_jsontext_array array;  /* of the JSON */
    struct cs_result_sum sum;
    cs_rc rc; /* of the first writing that failed */
    struct cs_err err;
};

struct cs_outstream *cs_outstream_new(const struct cs_outstream_options *options)
{
    struct cs_outstream *stream = cs_alloc(1, sizeof *stream);

    stream->options = *options;
    cs_outplan_begin(&stream->widths);
    cs_jsontext_array_begin(&stream->array);
    return stream;
}

void cs_outstream_free(struct cs_outstream *stream)
{
    if (stream) {
        cs_buf_done(&stream->array.buf);
        free(stream);
    }
}

static void write_text(struct cs_outstream *stream, const char *text)
{
    if (stream->rc == CS_OK) {
        stream->rc = cs_output_write(text, &stream->err);
    }
}

static void expect(void *ctx, const struct cs_result *result)
{
    struct cs_outstream *stream = ctx;

    cs_outplan_widen(&stream->widths, result);
}

static char *json_part(struct cs_outstream *stream, const struct cs_result *result)
{
    cs_jsontext_array_add(&stream->array, cs_outjson_result(result));
    return cs_jsontext_array_part(&stream->array);
}

static char *text_part(struct cs_outstream *stream, const struct cs_result *result)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    if (stream->sum.count == 0) {
        cs_outplan_head(&buf, &stream->widths);
    }
    cs_outplan_row(&buf, &stream->widths, result);
    return cs_outline_take(&buf);
}

/* Among many, an error must say whose it is. */
static void print_error(const struct cs_outstream *stream, const struct cs_result *result)
{
    cs_autofree char *subject = cs_outplan_subject(result->request->plan);

    cs_ui_print_error_of(subject, &result->error, stream->options.no_color);
}

/* A progress bar may stand where the text is to go. */
static void print(struct cs_outstream *stream, const struct cs_result *result, const char *part)
{
    bool failed = result->error.code != CS_OK;
    bool hide = failed || isatty(STDOUT_FILENO);

    if (hide) {
        cs_ui_hide(stream->options.ui);
    }
    write_text(stream, part);
    if (failed) {
        print_error(stream, result);
    }
    if (hide) {
        cs_ui_unhide(stream->options.ui);
    }
}

static void put(void *ctx, struct cs_result *result)
{
    struct cs_outstream *stream = ctx;
    cs_autofree char *part =
        stream->options.json ? json_part(stream, result) : text_part(stream, result);

    print(stream, result, part);
    cs_result_sum_add(&stream->sum, result);
    if (stream->options.keep) {
        *cs_result_list_add(stream->options.keep) = *result;
        *result = (struct cs_result){0};
    }
}

struct cs_result_sink cs_outstream_sink(struct cs_outstream *stream)
{
    return (struct cs_result_sink){.expect = expect, .put = put, .ctx = stream};
}

static char *json_end(struct cs_outstream *stream, const struct cs_err *error)
{
    /* As long as no result tells what went wrong. */
    if (error && error->code != CS_OK && !stream->sum.failed) {
        cs_jsontext_array_add(&stream->array, cs_outjson_run_error(error));
    }
    return cs_jsontext_array_end(&stream->array);
}

static char *text_end(const struct cs_outstream *stream)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    if (stream->sum.count) { /* else the run's error says why */
        cs_outplan_sum(&buf, &stream->sum);
    }
    return cs_outline_take(&buf);
}

cs_rc cs_outstream_end(struct cs_outstream *stream, const struct cs_err *error, struct cs_err *err)
{
    cs_autofree char *part = stream->options.json ? json_end(stream, error) : text_end(stream);

    write_text(stream, part);
    if (stream->rc != CS_OK) {
        *err = stream->err;
    }
    return stream->rc;
}

const struct cs_result_sum *cs_outstream_sum(const struct cs_outstream *stream)
{
    return &stream->sum;
}

#include "base/bytes.h"
#include "base/mem.h"
#include "base/strv.h"
#include "wire/frame.h"
#include "wire/json.h"
#include "wire/reader.h"
#include "wire/readwire.h"
#include "wire/sandbox.h"
#include "wire/spawn.h"
#include "wire/topojson.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The largest document, what it becomes in a parser and the topology all fit; a bomb does not. */
static const struct cs_sandbox_limits limits = {.memory = (size_t)768 << 20, .cpu_seconds = 45};

struct document {
    char *name;
    size_t size;
    int fd;
};

struct question {
    struct document items[CS_READER_DOCUMENTS_MAX];
    size_t count;
};

static void question_done(struct question *question)
{
    for (size_t i = 0; i < question->count; i++) {
        free(question->items[i].name);
    }
    *question = (struct question){0};
}

/* ---- the question ---- */

static cs_rc add_document(struct question *question, json_t *json, struct cs_err *err)
{
    const char *name = NULL;
    json_int_t size = 0;

    CS_TRY(cs_json_unpack("a document", json, err, "{s:s,s:I}", "name", &name, "size", &size));
    if (size < 0 || size > (json_int_t)CS_READER_DOCUMENT_MAX) {
        return cs_fail(err, CS_E_INTERNAL, "a document of %lld octets is none to read",
                       (long long)size);
    }
    int fd = CS_SPAWN_SOCKET_FD + 1 + (int)question->count;
    question->items[question->count++] = (struct document){cs_strdup(name), (size_t)size, fd};
    return CS_OK;
}

static cs_rc read_question(struct question *question, struct cs_err *err)
{
    cs_auto_value(cs_bytes) frame = {0};
    cs_auto(json_t) json = NULL;
    json_t *documents = NULL;
    const char *op = NULL;
    int version = 0;

    CS_TRY(cs_frame_read(CS_SPAWN_SOCKET_FD, CS_READWIRE_QUESTION_MAX, 0, &frame, err));
    CS_TRY(cs_json_parse("the question", frame.data, frame.len, &json, err));
    CS_TRY(cs_json_unpack("the question", json, err, "{s:i,s:s,s:o}", "v", &version, "op", &op,
                          "documents", &documents));
    if (version != CS_READWIRE_VERSION || strcmp(op, CS_READWIRE_OP) != 0 ||
        json_array_size(documents) > CS_READER_DOCUMENTS_MAX) {
        return cs_fail(err, CS_E_INTERNAL, "the question is none that this program answers");
    }
    for (size_t i = 0; i < json_array_size(documents); i++) {
        CS_TRY(add_document(question, json_array_get(documents, i), err));
    }
    return CS_OK;
}

/* ---- the documents ---- */

static cs_rc read_octets(const struct document *document, uint8_t *data, struct cs_err *err)
{
    size_t have = 0;

    while (have < document->size) {
        ssize_t len = read(document->fd, data + have, document->size - have);
        if (len > 0) {
            have += (size_t)len;
        } else if (len == 0) {
            return cs_fail(err, CS_E_INPUT, "%s ends after %zu of %zu octets", document->name, have,
                           document->size);
        } else if (errno != EINTR) {
            return cs_fail_errno(err, CS_E_INPUT, "read", errno, "%s cannot be read",
                                 document->name);
        }
    }
    return CS_OK;
}

static cs_rc read_document(const struct document *document, cs_reader_parse_fn parse,
                           struct cs_topology *topology, struct cs_err *err)
{
    cs_autofree uint8_t *data = cs_alloc(document->size + 1, 1);

    CS_TRY(read_octets(document, data, err));
    return parse(document->name, data, document->size, topology, err);
}

/* So many warnings that nobody reads them are no reason to refuse the document. */
static void limit_warnings(struct cs_strv *warnings)
{
    size_t count = warnings->count;

    if (count <= CS_TOPOJSON_WARNINGS_MAX) {
        return;
    }
    while (warnings->count >= CS_TOPOJSON_WARNINGS_MAX) {
        free(warnings->items[--warnings->count]);
    }
    cs_strv_take(warnings,
                 cs_asprintf("there are %zu more warnings like these", count - warnings->count));
}

/* ---- the answer ---- */

static void set_error(json_t *answer, const struct cs_err *why)
{
    json_t *error = json_object();
    cs_rc code = why->code == CS_E_INPUT ? CS_E_INPUT : CS_E_INTERNAL;

    json_object_set_new(error, "code", json_string(cs_rc_name(code)));
    json_object_set_new(error, "message", cs_json_text(why->message));
    if (why->hint[0]) {
        json_object_set_new(error, "hint", cs_json_text(why->hint));
    }
    json_object_set_new(answer, "error", error);
}

/* Fills the answer; from the sandbox on nothing is left to the documents but to fill it wrongly. */
static cs_rc answer_question(cs_reader_parse_fn parse, json_t *answer, struct cs_err *err)
{
    __attribute__((cleanup(question_done))) struct question question = {.count = 0};
    cs_auto(cs_topology) topology = cs_topology_new();

    CS_TRY(read_question(&question, err));
    CS_TRY(cs_sandbox_enter(&limits, err));
    for (size_t i = 0; i < question.count; i++) {
        CS_TRY(read_document(&question.items[i], parse, topology, err));
    }
    limit_warnings(&topology->warnings);
    json_object_set_new(answer, "topology", cs_topojson_object(topology));
    return CS_OK;
}

int cs_reader_serve(cs_reader_parse_fn parse)
{
    struct cs_err err = {0};

    cs_json_setup();
    cs_auto(json_t) answer = json_object();
    json_object_set_new(answer, "v", json_integer(CS_READWIRE_VERSION));
    cs_rc rc = answer_question(parse, answer, &err);
    if (rc != CS_OK) {
        set_error(answer, &err);
    }
    cs_autofree char *text = cs_json_dump(answer);
    if (cs_frame_write(CS_SPAWN_SOCKET_FD, text, strlen(text), 0, &err) != CS_OK) {
        return CS_E_INTERNAL;
    }
    return (int)rc;
}

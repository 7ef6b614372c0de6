#include "wire/reader.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "base/strv.h"
#include "wire/frame.h"
#include "wire/json.h"
#include "wire/readwire.h"
#include "wire/spawn.h"
#include "wire/topojson.h"

#include <string.h>

/* How long cscert-read may take; its limit on CPU time (serve.c) is lower. */
#define READ_MS 60000

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* ---- the question ---- */

static cs_rc check_documents(const struct cs_reader_document *documents, size_t count,
                             struct cs_err *err)
{
    if (count == 0 || count > CS_READER_DOCUMENTS_MAX) {
        return cs_fail(err, CS_E_INPUT, "%zu documents were given; 1 to %d are read in one run",
                       count, CS_READER_DOCUMENTS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (documents[i].size > CS_READER_DOCUMENT_MAX) {
            cs_autofree char *name = cs_terminal_escape(documents[i].name);
            return cs_fail_hint(
                err, CS_E_INPUT, "no topology is so large: check that it is the right file",
                "%s has %zu octets, more than %u", name, documents[i].size, CS_READER_DOCUMENT_MAX);
        }
    }
    return CS_OK;
}

/* {v, op, documents: [{name, size}]}; the caller frees. */
static char *question_text(const struct cs_reader_document *documents, size_t count)
{
    cs_json_setup();
    cs_auto(json_t) question = json_object();
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *document = json_object();
        json_object_set_new(document, "name", cs_json_text(documents[i].name));
        json_object_set_new(document, "size", json_integer((json_int_t)documents[i].size));
        json_array_append_new(list, document);
    }
    json_object_set_new(question, "v", json_integer(CS_READWIRE_VERSION));
    json_object_set_new(question, "op", json_string(CS_READWIRE_OP));
    json_object_set_new(question, "documents", list);
    return cs_json_dump(question);
}

/* ---- the answer ---- */

static cs_rc unusable(const char *program, const char *why, struct cs_err *err)
{
    return cs_fail(err, CS_E_INTERNAL, "%s gave an answer that cannot be used: %s",
                   last_part(program), why);
}

/* What cscert-read says of a document is as hostile as the document. */
static cs_rc take_error(const char *program, json_t *answer, struct cs_err *err)
{
    const char *code = NULL;
    const char *message = NULL;
    const char *hint = "";
    struct cs_err why = {0};
    int version = 0;

    if (cs_json_unpack("its error", answer, &why, "{s:i,s:{s:s,s:s,s?s}}", "v", &version, "error",
                       "code", &code, "message", &message, "hint", &hint) != CS_OK) {
        return unusable(program, why.message, err);
    }
    cs_autofree char *text = cs_terminal_escape(message);
    cs_autofree char *what_next = cs_terminal_escape(hint);
    if (strcmp(code, cs_rc_name(CS_E_INPUT)) == 0) {
        cs_err_set(err, CS_E_INPUT, "%s", text);
    } else if (strcmp(code, cs_rc_name(CS_E_INTERNAL)) == 0) {
        cs_err_set(err, CS_E_INTERNAL, "%s: %s", last_part(program), text);
    } else {
        return unusable(program, "its error has a code that is not known", err);
    }
    cs_err_hint(err, "%s", what_next);
    return strcmp(code, cs_rc_name(CS_E_INPUT)) == 0 ? CS_E_INPUT : CS_E_INTERNAL;
}

static cs_rc take_answer(const char *program, const struct cs_bytes *frame,
                         struct cs_topology **ret_topology, struct cs_err *err)
{
    cs_auto(json_t) answer = NULL;
    json_t *topology = NULL;
    struct cs_err why = {0};
    int version = 0;

    if (cs_json_parse("it", frame->data, frame->len, &answer, &why) != CS_OK) {
        return unusable(program, why.message, err);
    }
    if (json_integer_value(json_object_get(answer, "v")) != CS_READWIRE_VERSION) {
        return unusable(program, "it is of another version", err);
    }
    if (json_object_get(answer, "error")) {
        return take_error(program, answer, err);
    }
    if (cs_json_unpack("it", answer, &why, "{s:i,s:o}", "v", &version, "topology", &topology) !=
        CS_OK) {
        return unusable(program, why.message, err);
    }
    return cs_topojson_of_object(topology, ret_topology, err);
}

/* ---- the conversation ---- */

static cs_rc converse(const struct cs_child *child, const char *question, int64_t deadline_ms,
                      struct cs_bytes *ret_answer, struct cs_err *err)
{
    int fd = cs_child_socket(child);

    CS_TRY(cs_frame_write(fd, question, strlen(question), deadline_ms, err));
    return cs_frame_read(fd, CS_READWIRE_ANSWER_MAX, deadline_ms, ret_answer, err);
}

/* It did not answer: what it was reading, and how it ended. */
static cs_rc no_answer(const char *program, const struct cs_reader_document *documents,
                       size_t count, struct cs_child *child, const struct cs_err *why,
                       struct cs_err *err)
{
    cs_autofree char *end = cs_child_end_text(child);
    cs_autofree char *first = cs_terminal_escape(documents[0].name);

    return cs_fail_hint(err, CS_E_INTERNAL,
                        "the document may be damaged, or made to do harm; nothing was changed",
                        "%s %s while it read %s%s: %s", last_part(program), end, first,
                        count > 1 ? " and others" : "", why->message);
}

cs_rc cs_reader_read_within(const char *program, const struct cs_reader_document *documents,
                            size_t count, unsigned within_ms, struct cs_topology **ret_topology,
                            struct cs_err *err)
{
    cs_auto_value(cs_bytes) answer = {0};
    cs_auto(cs_child) child = NULL;
    int fds[CS_READER_DOCUMENTS_MAX];
    struct cs_err why = {0};

    CS_TRY(check_documents(documents, count, err));
    for (size_t i = 0; i < count; i++) {
        fds[i] = documents[i].fd;
    }
    cs_autofree char *question = question_text(documents, count);
    CS_TRY(cs_child_start(program, fds, count, &child, err));
    if (converse(child, question, cs_frame_deadline(within_ms), &answer, &why) != CS_OK) {
        return no_answer(program, documents, count, child, &why, err);
    }
    return take_answer(program, &answer, ret_topology, err);
}

cs_rc cs_reader_read(const char *program, const struct cs_reader_document *documents, size_t count,
                     struct cs_topology **ret_topology, struct cs_err *err)
{
    return cs_reader_read_within(program, documents, count, READ_MS, ret_topology, err);
}

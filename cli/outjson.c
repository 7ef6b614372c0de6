#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/output.h"
#include "x509/cert.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

/* JSON is UTF-8; what is not (a file's name may be anything) is shown as a terminal would. */
static json_t *text(const char *value)
{
    if (!value) {
        return json_null();
    }
    json_t *string = json_string(value);
    if (!string) {
        cs_autofree char *escaped = cs_terminal_escape(value);
        string = json_string(escaped);
    }
    return string;
}

static json_t *text_or_null(const char *value)
{
    return text(value && *value ? value : NULL);
}

static json_t *texts(const struct cs_strv *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++) {
        json_array_append_new(array, text(list->items[i]));
    }
    return array;
}

static json_t *types(cs_type_set set)
{
    cs_autofree char *joined = cs_cert_types_text(set);
    cs_auto_value(cs_strv) list = {0};

    cs_strv_split(&list, joined, ',');
    return texts(&list);
}

static json_t *names(const struct cs_plan *plan)
{
    json_t *array = json_array();

    for (size_t i = 0; i < plan->name_count; i++) {
        json_t *name = json_object();
        json_object_set_new(name, "Name", text(plan->names[i].name));
        json_object_set_new(name, "Rule", text(plan->names[i].rule));
        json_object_set_new(name, "Source", text(plan->names[i].source));
        json_array_append_new(array, name);
    }
    return array;
}

static json_t *answer(enum cs_answer value)
{
    return value == CS_UNKNOWN ? json_null() : json_boolean(value == CS_TRUE);
}

static json_t *attributes(const struct cs_key_attrs *attrs)
{
    json_t *object = json_object();

    for (unsigned i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        json_object_set_new(object, cs_key_attr_name((enum cs_key_attr)i),
                            answer(attrs->answer[i]));
    }
    return object;
}

/* Attributes whose answers the token's profile calls not truthful. */
static json_t *unreliable(const struct cs_key_attrs *attrs)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        if (attrs->unreliable[i]) {
            json_array_append_new(array, text(cs_key_attr_name((enum cs_key_attr)i)));
        }
    }
    return array;
}

static json_t *key(const struct cs_request *request)
{
    const struct cs_plan *plan = request->plan;
    json_t *object = json_object();
    bool made = request->key_uri != NULL;
    enum cs_answer extractable = request->attrs.answer[CS_ATTR_EXTRACTABLE];

    json_object_set_new(object, "Uri", text(request->key_uri));
    json_object_set_new(object, "Algorithm", text(cs_key_alg_name(plan->key_spec.alg)));
    json_object_set_new(object, "Size", json_integer(plan->key_spec.bits));
    json_object_set_new(object, "Exportable",
                        made ? answer(extractable) : json_boolean(plan->exportable));
    json_object_set_new(object, "Generation",
                        made ? text(cs_generation_name(request->generation)) : json_null());
    json_object_set_new(object, "Attributes", made ? attributes(&request->attrs) : json_object());
    json_object_set_new(object, "Unreliable", made ? unreliable(&request->attrs) : json_array());
    return object;
}

static json_t *thumbprint(const struct cs_bytes *certificate)
{
    cs_auto_value(cs_cert_facts) facts = {0};

    if (!certificate->len || cs_cert_read(certificate, &facts, NULL) != CS_OK) {
        return json_null();
    }
    return text(facts.thumbprint);
}

static json_t *error_object(const struct cs_err *error)
{
    char cause[CS_ERR_CAUSE_SIZE];
    json_t *object = json_object();

    json_object_set_new(object, "Code", json_integer(error->code));
    json_object_set_new(object, "Name", text(cs_rc_name(error->code)));
    json_object_set_new(object, "Message", text(error->message));
    json_object_set_new(object, "Cause", text_or_null(cs_err_cause_text(error, cause)));
    json_object_set_new(object, "Hint", text_or_null(error->hint));
    return object;
}

static json_t *result_object(const struct cs_result *result)
{
    const struct cs_request *request = result->request;
    const struct cs_plan *plan = request->plan;
    const struct cs_err *error = cs_output_error(result);
    cs_autofree char *subject = cs_output_subject(&plan->subject);
    json_t *object = json_object();

    json_object_set_new(object, "RequestId", request->id ? json_integer(request->id) : json_null());
    json_object_set_new(object, "RequestStatus", text(cs_state_status(request->state)));
    json_object_set_new(object, "Type", types(plan->types));
    json_object_set_new(object, "Subject", text(subject));
    json_object_set_new(object, "Names", names(plan));
    json_object_set_new(object, "Thumbprint", thumbprint(&request->certificate));
    json_object_set_new(object, "Key", key(request));
    json_object_set_new(object, "Ca", text(plan->ca));
    json_object_set_new(object, "CaRequestId", text(request->ca_request_id));
    json_object_set_new(object, "Files", texts(&result->files));
    json_object_set_new(object, "Warnings", texts(&result->warnings));
    if (error) {
        json_object_set_new(object, "Error", error_object(error));
    }
    return object;
}

static json_t *stray_object(const struct cs_stray *stray)
{
    json_t *facts = json_object();
    json_t *object = json_object();

    json_object_set_new(facts, "Name", text(stray->name));
    json_object_set_new(facts, "Class", text(stray->class_name));
    json_object_set_new(facts, "Label", text(stray->label));
    json_object_set_new(facts, "Count", json_integer((json_int_t)stray->count));
    json_object_set_new(object, "Stray", facts);
    return object;
}

static json_t *held_object(const struct cs_labca_request *request)
{
    cs_autofree char *id = cs_asprintf("%" PRId64, request->id);
    char when[CS_TIME_TEXT_SIZE];
    json_t *facts = json_object();
    json_t *object = json_object();

    json_object_set_new(facts, "CaRequestId", text(id));
    json_object_set_new(facts, "Received", text(cs_clock_format(request->created, when)));
    json_object_set_new(facts, "Authority", text(request->ca));
    json_object_set_new(facts, "Account", text(request->account));
    json_object_set_new(object, "Held", facts);
    return object;
}

/* True if no result tells what went wrong with the run. */
static bool is_run_error(const struct cs_output *output)
{
    if (!output->error || output->error->code == CS_OK) {
        return false;
    }
    for (size_t i = 0; i < output->results->count; i++) {
        if (output->results->items[i].error.code != CS_OK) {
            return false;
        }
    }
    return true;
}

char *cs_output_json(const struct cs_output *output)
{
    json_t *array = json_array();

    for (size_t i = 0; i < output->results->count; i++) {
        json_array_append_new(array, result_object(&output->results->items[i]));
    }
    if (is_run_error(output)) {
        json_t *object = json_object();
        json_object_set_new(object, "RequestId", json_null());
        json_object_set_new(object, "RequestStatus", text(cs_state_status(CS_STATE_FAILED)));
        json_object_set_new(object, "Error", error_object(output->error));
        json_array_append_new(array, object);
    }
    for (size_t i = 0; output->strays && i < output->strays->count; i++) {
        json_array_append_new(array, stray_object(&output->strays->items[i]));
    }
    for (size_t i = 0; output->held && i < output->held->count; i++) {
        json_array_append_new(array, held_object(&output->held->items[i]));
    }
    cs_autofree char *dumped = json_dumps(array, JSON_INDENT(2));
    json_decref(array);
    return cs_asprintf("%s\n", dumped ? dumped : "[]");
}

#include "cli/outjson.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/jsontext.h"
#include "cli/output.h"
#include "x509/cert.h"

#include <inttypes.h>
#include <stdlib.h>

static json_t *names(const struct cs_plan *plan)
{
    json_t *array = json_array();

    for (size_t i = 0; i < plan->name_count; i++) {
        json_t *name = json_object();
        json_object_set_new(name, "Name", cs_jsontext(plan->names[i].name));
        json_object_set_new(name, "Rule", cs_jsontext(plan->names[i].rule));
        json_object_set_new(name, "Source", cs_jsontext(plan->names[i].source));
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
            json_array_append_new(array, cs_jsontext(cs_key_attr_name((enum cs_key_attr)i)));
        }
    }
    return array;
}

static json_t *key(const struct cs_request *request)
{
    const struct cs_plan *plan = request->plan;

    if (!plan->name_count && !request->key_uri) {
        return json_null(); /* it was never planned */
    }
    json_t *object = json_object();
    bool made = request->key_uri != NULL;
    enum cs_answer extractable = request->attrs.answer[CS_ATTR_EXTRACTABLE];

    json_object_set_new(object, "Uri", cs_jsontext(request->key_uri));
    json_object_set_new(object, "Algorithm", cs_jsontext(cs_key_alg_name(plan->key_spec.alg)));
    json_object_set_new(object, "Size", json_integer(plan->key_spec.bits));
    json_object_set_new(object, "Exportable",
                        made ? answer(extractable) : json_boolean(plan->exportable));
    json_object_set_new(object, "Generation",
                        made ? cs_jsontext(cs_generation_name(request->generation)) : json_null());
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
    return cs_jsontext(facts.thumbprint);
}

static json_t *like(const struct cs_like *compared)
{
    if (!compared->source) {
        return json_null();
    }
    json_t *object = json_object();
    json_object_set_new(object, "Source", cs_jsontext(compared->source));
    json_object_set_new(object, "Kept", cs_jsontext_list(&compared->kept));
    json_object_set_new(object, "Gained", cs_jsontext_list(&compared->gained));
    json_object_set_new(object, "Lost", cs_jsontext_list(&compared->lost));
    return object;
}

/* What the store has for a plan. */
static json_t *existing(const struct cs_existing *found)
{
    if (!found->request_id) {
        return json_null();
    }
    json_t *object = json_object();
    bool has_end = found->not_after != 0;
    json_object_set_new(object, "Fit", cs_jsontext(cs_output_fit(found->fit)));
    json_object_set_new(object, "RequestId", json_integer(found->request_id));
    json_object_set_new(object, "RequestStatus", cs_jsontext(cs_state_status(found->state)));
    json_object_set_new(object, "NotAfter", cs_jsontext_time(found->not_after));
    json_object_set_new(object, "DaysLeft",
                        has_end ? json_integer(cs_output_days_left(found->not_after))
                                : json_null());
    json_object_set_new(object, "Missing", cs_jsontext_list(&found->missing));
    return object;
}

/* Where the names come from. */
static void set_place(json_t *object, const struct cs_result *result)
{
    const struct cs_plan *plan = result->request->plan;

    json_object_set_new(object, "Pool", cs_jsontext(plan->pool));
    json_object_set_new(object, "Computer", cs_jsontext(plan->computer));
    json_object_set_new(object, "Role",
                        plan->role ? cs_jsontext(cs_role_name(plan->role)) : json_null());
    json_object_set_new(object, "Choice", cs_jsontext(plan->choice));
    json_object_set_new(object, "Like", like(&plan->like));
    json_object_set_new(object, "Existing", existing(&result->existing));
    json_object_set_new(object, "LeftAlone", json_boolean(result->left_alone));
}

json_t *cs_outjson_result(const struct cs_result *result)
{
    const struct cs_request *request = result->request;
    const struct cs_plan *plan = request->plan;
    const struct cs_err *error = cs_output_error(result);
    cs_autofree char *subject = cs_output_subject(&plan->subject);
    json_t *object = json_object();

    json_object_set_new(object, "RequestId", request->id ? json_integer(request->id) : json_null());
    json_object_set_new(object, "RequestStatus", cs_jsontext(cs_output_status(result)));
    json_object_set_new(object, "Type", cs_jsontext_types(plan->types));
    json_object_set_new(object, "Subject", cs_jsontext(subject));
    json_object_set_new(object, "Names", names(plan));
    set_place(object, result);
    json_object_set_new(object, "Thumbprint", thumbprint(&request->certificate));
    json_object_set_new(object, "Key", key(request));
    json_object_set_new(object, "FriendlyName", cs_jsontext(plan->friendly_name));
    json_object_set_new(object, "Template", cs_jsontext(plan->template_name));
    json_object_set_new(object, "Ca", cs_jsontext(plan->ca));
    json_object_set_new(object, "CaRequestId", cs_jsontext(request->ca_request_id));
    json_object_set_new(object, "CaMessage", cs_jsontext(request->ca_message));
    json_object_set_new(object, "Exported", json_integer(result->exported));
    json_object_set_new(object, "Copy", cs_jsontext(result->copy));
    json_object_set_new(object, "Files", cs_jsontext_list(&result->files));
    json_object_set_new(object, "Warnings", cs_jsontext_list(&result->warnings));
    if (error) {
        json_object_set_new(object, "Error", cs_jsontext_error(error));
    }
    return object;
}

json_t *cs_outjson_run_error(const struct cs_err *error)
{
    json_t *object = json_object();

    json_object_set_new(object, "RequestId", json_null());
    json_object_set_new(object, "RequestStatus", cs_jsontext(cs_state_status(CS_STATE_FAILED)));
    json_object_set_new(object, "Error", cs_jsontext_error(error));
    return object;
}

static json_t *stray_object(const struct cs_stray *stray)
{
    json_t *facts = json_object();
    json_t *object = json_object();

    json_object_set_new(facts, "Name", cs_jsontext(stray->name));
    json_object_set_new(facts, "Class", cs_jsontext(stray->class_name));
    json_object_set_new(facts, "Label", cs_jsontext(stray->label));
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

    json_object_set_new(facts, "CaRequestId", cs_jsontext(id));
    json_object_set_new(facts, "Received", cs_jsontext(cs_clock_format(request->created, when)));
    json_object_set_new(facts, "Authority", cs_jsontext(request->ca));
    json_object_set_new(facts, "Account", cs_jsontext(request->account));
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
    struct cs_jsontext_array array;

    cs_jsontext_array_begin(&array);
    for (size_t i = 0; i < output->results->count; i++) {
        cs_jsontext_array_add(&array, cs_outjson_result(&output->results->items[i]));
    }
    if (is_run_error(output)) {
        cs_jsontext_array_add(&array, cs_outjson_run_error(output->error));
    }
    for (size_t i = 0; output->strays && i < output->strays->count; i++) {
        cs_jsontext_array_add(&array, stray_object(&output->strays->items[i]));
    }
    for (size_t i = 0; output->held && i < output->held->count; i++) {
        cs_jsontext_array_add(&array, held_object(&output->held->items[i]));
    }
    return cs_jsontext_array_end(&array);
}

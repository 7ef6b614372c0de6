#include "cli/jsontext.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/outline.h"

#include <stdlib.h>

json_t *cs_jsontext(const char *value)
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

json_t *cs_jsontext_or_null(const char *value)
{
    return cs_jsontext(value && *value ? value : NULL);
}

json_t *cs_jsontext_list(const struct cs_strv *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++) {
        json_array_append_new(array, cs_jsontext(list->items[i]));
    }
    return array;
}

json_t *cs_jsontext_time(int64_t seconds)
{
    char text[CS_TIME_TEXT_SIZE];

    return seconds ? cs_jsontext(cs_clock_format(seconds, text)) : json_null();
}

json_t *cs_jsontext_types(cs_type_set set)
{
    cs_autofree char *joined = cs_cert_types_text(set);
    cs_auto_value(cs_strv) list = {0};

    cs_strv_split(&list, joined, ',');
    return cs_jsontext_list(&list);
}

json_t *cs_jsontext_topo_name(const struct cs_topo_name *name)
{
    if (!name->name) {
        return json_null();
    }
    json_t *object = json_object();
    json_object_set_new(object, "Name", cs_jsontext(name->name));
    json_object_set_new(object, "Source", cs_jsontext(name->source));
    return object;
}

json_t *cs_jsontext_error(const struct cs_err *error)
{
    char cause[CS_ERR_CAUSE_SIZE];
    json_t *object = json_object();

    json_object_set_new(object, "Code", json_integer(error->code));
    json_object_set_new(object, "Name", cs_jsontext(cs_rc_name(error->code)));
    json_object_set_new(object, "Message", cs_jsontext(error->message));
    json_object_set_new(object, "Cause", cs_jsontext_or_null(cs_err_cause_text(error, cause)));
    json_object_set_new(object, "Hint", cs_jsontext_or_null(error->hint));
    return object;
}

void cs_jsontext_array_begin(struct cs_jsontext_array *array)
{
    *array = (struct cs_jsontext_array){.buf = CS_BUF(CS_OUTLINE_MAX)};
    cs_buf_puts(&array->buf, "[");
}

void cs_jsontext_array_add(struct cs_jsontext_array *array, json_t *object)
{
    cs_autofree char *text = json_dumps(object, JSON_INDENT(2));

    json_decref(object);
    cs_buf_puts(&array->buf, array->count++ ? ",\n" : "\n");
    cs_buf_puts(&array->buf, text ? text : "null");
}

char *cs_jsontext_array_part(struct cs_jsontext_array *array)
{
    return cs_outline_take(&array->buf);
}

char *cs_jsontext_array_end(struct cs_jsontext_array *array)
{
    cs_buf_puts(&array->buf, array->count ? "\n]\n" : "]\n");
    return cs_outline_take(&array->buf);
}

#include "wire/json.h"

#include "base/mem.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdlib.h>

static void *allocate(size_t size)
{
    return cs_alloc(1, size);
}

void cs_json_setup(void)
{
    json_set_alloc_funcs(allocate, free);
}

json_t *cs_json_text(const char *text)
{
    json_t *string = json_string(text);

    if (!string) {
        cs_autofree char *escaped = cs_terminal_escape(text);
        string = json_string(escaped);
    }
    return string;
}

char *cs_json_dump(const json_t *json)
{
    return json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
}

/* What begins a value or follows one, outside of strings, is counted. */
static bool has_too_many_values(const char *text, size_t len)
{
    size_t count = 0;
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"') {
            in_string = !in_string;
        } else if (in_string) {
            i += text[i] == '\\'; /* whatever is escaped does not end it */
        } else {
            count += text[i] == '[' || text[i] == '{' || text[i] == ',';
        }
    }
    return count > CS_JSON_VALUES_MAX;
}

cs_rc cs_json_parse(const char *what, const void *data, size_t len, json_t **ret_object,
                    struct cs_err *err)
{
    json_error_t why = {0};

    if (has_too_many_values(data, len)) {
        return cs_fail(err, CS_E_INPUT, "%s has more than %d values", what, CS_JSON_VALUES_MAX);
    }
    cs_json_setup();
    cs_auto(json_t) json = json_loadb(data, len, JSON_REJECT_DUPLICATES, &why);
    if (!json) {
        /* The message may quote what stands there. */
        cs_autofree char *text = cs_terminal_escape(why.text);
        return cs_fail(err, CS_E_INPUT, "%s is no JSON: line %d, column %d: %s", what, why.line,
                       why.column, text);
    }
    if (!json_is_object(json)) {
        return cs_fail(err, CS_E_INPUT, "%s is no JSON object", what);
    }
    *ret_object = cs_steal(&json);
    return CS_OK;
}

/* The member whose value's type stands at @column of @format, which jansson does not name: NULL if
 * it is none's. @args: names of members, and a pointer for each value. */
static const char *member_at(const char *format, int column, va_list args)
{
    const char *name = NULL;
    bool is_name = false;

    for (int i = 0; format[i]; i++) {
        switch (format[i]) {
        case '{':
        case ',':
            is_name = true;
            break;
        case ':':
        case '?':
            is_name = false;
            break;
        case '}':
            break;
        default:
            if (is_name) {
                name = va_arg(args, const char *);
            } else if (i + 1 == column) {
                return name;
            } else {
                (void)va_arg(args, void *);
            }
        }
    }
    return NULL;
}

cs_rc cs_json_unpack(const char *what, json_t *json, struct cs_err *err, const char *format, ...)
{
    json_error_t why = {0};
    va_list args;

    va_start(args, format);
    int failed = json_vunpack_ex(json, &why, JSON_STRICT, format, args);
    va_end(args);
    if (failed) {
        cs_autofree char *text = cs_terminal_escape(why.text);
        va_start(args, format);
        const char *member = json_error_code(&why) == json_error_wrong_type
                                 ? member_at(format, why.column, args)
                                 : NULL;
        va_end(args);
        return cs_fail(err, CS_E_INPUT, "%s: %s%s%s", what, member ? member : "",
                       member ? ": " : "", text);
    }
    return CS_OK;
}

#include "wire/cawire.h"

#include "base/base64.h"
#include "base/mem.h"
#include "base/strv.h"
#include "wire/json.h"

#include <string.h>

static const char *const dispositions[] = {
    [CS_CA_ISSUED] = "issued",
    [CS_CA_PENDING] = "pending",
    [CS_CA_DENIED] = "denied",
    [CS_CA_REVOKED] = "revoked",
};

const char *cs_cawire_disposition(enum cs_disposition disposition)
{
    return dispositions[disposition];
}

bool cs_cawire_disposition_find(const char *word, enum cs_disposition *ret_disposition)
{
    for (size_t i = 0; i < sizeof dispositions / sizeof *dispositions; i++) {
        if (strcmp(word, dispositions[i]) == 0) {
            *ret_disposition = (enum cs_disposition)i;
            return true;
        }
    }
    return false;
}

/* ---- values ---- */

void cs_cawire_put_text(json_t *object, const char *name, const char *text)
{
    if (text && *text) {
        json_object_set_new(object, name, cs_json_text(text));
    }
}

void cs_cawire_put_bytes(json_t *object, const char *name, const struct cs_bytes *bytes)
{
    if (bytes && bytes->len) {
        cs_autofree char *text = cs_base64(bytes->data, bytes->len);
        json_object_set_new(object, name, json_string(text));
    }
}

cs_rc cs_cawire_take_text(const char *name, const char *text, size_t max, char **ret_text,
                          struct cs_err *err)
{
    if (!text) {
        *ret_text = NULL;
        return CS_OK;
    }
    if (!*text || strlen(text) > max) {
        return cs_fail(err, CS_E_INPUT, "its %s has %zu octets; 1 to %zu can be", name,
                       strlen(text), max);
    }
    if (!cs_text_is_clean(text)) {
        return cs_fail(err, CS_E_INPUT, "its %s holds control characters", name);
    }
    *ret_text = cs_strdup(text);
    return CS_OK;
}

cs_rc cs_cawire_take_bytes(const char *name, const char *text, size_t max,
                           struct cs_bytes *ret_bytes, struct cs_err *err)
{
    cs_auto_value(cs_bytes) bytes = {0};
    struct cs_err why = {0};

    if (!text) {
        *ret_bytes = (struct cs_bytes){0};
        return CS_OK;
    }
    if (strlen(text) > CS_CAWIRE_ANSWER_MAX ||
        cs_unbase64(text, strlen(text), &bytes, &why) != CS_OK) {
        return cs_fail(err, CS_E_INPUT, "its %s is no base64", name);
    }
    if (bytes.len > max) {
        return cs_fail(err, CS_E_INPUT, "its %s has %zu octets, more than %zu", name, bytes.len,
                       max);
    }
    *ret_bytes = cs_bytes_steal(&bytes);
    return CS_OK;
}

/* ---- errors ---- */

/* What a CA's program may say of itself and of its CA. That the token or the store is at fault it
 * cannot know. */
static const cs_rc codes[] = {
    CS_E_INTERNAL,   CS_E_USAGE,    CS_E_CONFIG,    CS_E_CA_UNREACHABLE,
    CS_E_CA_REFUSED, CS_E_MISMATCH, CS_E_CANCELLED,
};

json_t *cs_cawire_error(const struct cs_err *why)
{
    json_t *object = json_object();
    cs_rc code = CS_E_INTERNAL;

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        code = codes[i] == why->code ? why->code : code;
    }
    cs_cawire_put_text(object, "code", cs_rc_name(code));
    cs_cawire_put_text(object, "message", why->message[0] ? why->message : "it did not say why");
    cs_cawire_put_text(object, "hint", why->hint);
    if (why->origin != CS_ORIGIN_NONE) {
        cs_cawire_put_text(object, "origin", cs_origin_name(why->origin));
        json_object_set_new(object, "cause", json_integer(why->cause));
        cs_cawire_put_text(object, "cause_name", why->cause_name);
        cs_cawire_put_text(object, "operation", why->operation);
    }
    return object;
}

static bool code_find(const char *word, cs_rc *ret_code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(word, cs_rc_name(codes[i])) == 0) {
            *ret_code = codes[i];
            return true;
        }
    }
    return false;
}

static bool origin_find(const char *word, enum cs_origin *ret_origin)
{
    for (enum cs_origin origin = CS_ORIGIN_NONE + 1; origin < CS_ORIGIN_COUNT; origin++) {
        if (strcmp(word, cs_origin_name(origin)) == 0) {
            *ret_origin = origin;
            return true;
        }
    }
    return false;
}

/* What cs_json_unpack() finds in the object; borrowed. */
struct said {
    const char *code;
    const char *message;
    const char *hint;
    const char *origin;
    const char *cause_name;
    const char *operation;
    json_int_t cause;
};

static cs_rc check_lengths(const struct said *said, struct cs_err *err)
{
    if (strlen(said->message) > CS_CAWIRE_MESSAGE_MAX ||
        strlen(said->hint) > CS_CAWIRE_MESSAGE_MAX ||
        strlen(said->cause_name) > CS_CAWIRE_TEXT_MAX ||
        strlen(said->operation) > CS_CAWIRE_TEXT_MAX) {
        return cs_fail(err, CS_E_INPUT, "a text of its error is too long");
    }
    return CS_OK;
}

cs_rc cs_cawire_error_take(json_t *object, struct cs_err *ret_why, struct cs_err *err)
{
    struct said said = {.hint = "", .cause_name = "", .operation = ""};
    enum cs_origin origin = CS_ORIGIN_NONE;
    cs_rc code = CS_OK;

    CS_TRY(cs_json_unpack("its error", object, err, "{s:s,s:s,s?s,s?s,s?I,s?s,s?s}", "code",
                          &said.code, "message", &said.message, "hint", &said.hint, "origin",
                          &said.origin, "cause", &said.cause, "cause_name", &said.cause_name,
                          "operation", &said.operation));
    CS_TRY(check_lengths(&said, err));
    if (!code_find(said.code, &code)) {
        return cs_fail(err, CS_E_INPUT, "its error has a code that is not known");
    }
    if (said.origin && !origin_find(said.origin, &origin)) {
        return cs_fail(err, CS_E_INPUT, "its error has an origin that is not known");
    }
    cs_autofree char *message = cs_terminal_escape(said.message);
    cs_autofree char *hint = cs_terminal_escape(said.hint);
    cs_autofree char *cause_name = cs_terminal_escape(said.cause_name);
    cs_autofree char *operation = cs_terminal_escape(said.operation);
    cs_err_set(ret_why, code, "%s", message);
    if (origin != CS_ORIGIN_NONE) {
        cs_err_cause(ret_why, origin, said.cause, *cause_name ? cause_name : NULL, operation);
    }
    if (*hint) {
        cs_err_hint(ret_why, "%s", hint);
    }
    return CS_OK;
}

#include "cli/outcert.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cli/jsontext.h"
#include "cli/outline.h"
#include "cli/output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The longest name in front of a colon: "AlternativeNames". */
#define NAME_COLUMNS 16

char *cs_outcert_reversed(const char *serial)
{
    size_t len = strlen(serial);
    bool odd = len % 2;

    if (*serial == '-') {
        return cs_strdup("");
    }
    cs_autofree char *even = cs_asprintf("%s%s", odd ? "0" : "", serial);
    len += odd;
    char *reversed = cs_alloc(len + 1, 1);
    for (size_t i = 0; i < len; i += 2) {
        memcpy(reversed + i, even + len - 2 - i, 2);
    }
    return reversed;
}

const char *cs_outcert_origin(enum cs_key_origin origin)
{
    static const char *const sentences[] = {
        [CS_KEY_NOT_ASKED] = NULL,
        [CS_KEY_NOT_THERE] = "not on the token",
        [CS_KEY_GENERATED] = "on the token, generated there",
        [CS_KEY_IMPORTED] = "on the token, imported: it was outside of it before",
        [CS_KEY_OF_UNKNOWN] = "on the token; where it was made is not known",
    };
    return sentences[origin];
}

void cs_outcert_uses(const struct cs_certificate *certificate, struct cs_strv *ret_uses)
{
    for (size_t i = 0; i < certificate->uses.count; i++) {
        const struct cs_use *use = &certificate->uses.items[i];
        char date[CS_TIME_TEXT_SIZE];
        bool staged = use->slot == CS_USE_STAGED;
        cs_strv_take(ret_uses, cs_asprintf("%s (%s%s%s)", use->type, cs_use_slot_name(use->slot),
                                           staged ? ", serves from " : "",
                                           staged ? cs_clock_format(use->effective, date) : ""));
    }
}

/* ---- text ---- */

static void add(struct cs_buf *buf, const char *name, const char *value)
{
    cs_autofree char *shown = cs_terminal_escape(value ? value : "");

    cs_outline_pad(buf, name, NAME_COLUMNS);
    cs_buf_printf(buf, "%s%s\n", *name ? " : " : "   ", shown);
}

static void add_if(struct cs_buf *buf, const char *name, const char *value)
{
    if (value && *value) {
        add(buf, name, value);
    }
}

static void add_list(struct cs_buf *buf, const char *name, const struct cs_strv *list)
{
    for (size_t i = 0; i < list->count; i++) {
        add(buf, i ? "" : name, list->items[i]);
    }
}

static void add_time(struct cs_buf *buf, const char *name, int64_t seconds)
{
    char text[CS_TIME_TEXT_SIZE];

    add(buf, name, cs_clock_format(seconds, text));
}

/* In the order in which Get-CsCertificate prints its own. */
static void add_facts(struct cs_buf *buf, const struct cs_cert_facts *facts)
{
    cs_autofree char *reversed = cs_outcert_reversed(facts->serial);
    cs_autofree char *days = cs_asprintf("%" PRId64, cs_output_days_left(facts->not_after));
    cs_auto_value(cs_strv) names = {0};

    cs_strv_copy(&names, &facts->names);
    cs_strv_copy(&names, &facts->other_names);
    add(buf, "Issuer", facts->issuer);
    add_time(buf, "NotAfter", facts->not_after);
    add(buf, "DaysLeft", days);
    add_time(buf, "NotBefore", facts->not_before);
    add(buf, "SerialNumber", facts->serial);
    add_if(buf, "  reversed", reversed);
    add(buf, "Subject", facts->subject);
    add_list(buf, "AlternativeNames", &names);
    add(buf, "Thumbprint", facts->thumbprint);
    add(buf, "Sha256", facts->sha256);
}

static void add_certificate(struct cs_buf *buf, const struct cs_certificate *certificate,
                            bool warnings)
{
    cs_auto_value(cs_strv) uses = {0};

    if (certificate->facts.subject) {
        add_facts(buf, &certificate->facts);
    }
    cs_outcert_uses(certificate, &uses);
    if (uses.count) {
        add_list(buf, "Use", &uses);
    } else {
        add(buf, "Use", certificate->facts.is_ca ? "none: a CA's certificate" : "none");
    }
    add_if(buf, "FriendlyName", certificate->label);
    add_if(buf, "Token", certificate->token);
    if (!certificate->facts.is_ca) {
        add_if(buf, "Key", cs_outcert_origin(certificate->origin));
    }
    add_if(buf, "Uri", certificate->uri);
    if (certificate->request_id) {
        cs_autofree char *id = cs_asprintf("%" PRId64, certificate->request_id);
        add(buf, "RequestId", id);
    }
    if (warnings) {
        add_list(buf, "Warning", &certificate->warnings);
    }
}

char *cs_outcert_text(const struct cs_certificate_list *list, bool warnings)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    for (size_t i = 0; i < list->count; i++) {
        cs_buf_puts(&buf, i ? "\n" : "");
        add_certificate(&buf, &list->items[i], warnings);
    }
    return cs_outline_take(&buf);
}

/* ---- JSON ---- */

static void set(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, value);
}

static json_t *uses_of(const struct cs_certificate *certificate)
{
    json_t *array = json_array();

    for (size_t i = 0; i < certificate->uses.count; i++) {
        const struct cs_use *use = &certificate->uses.items[i];
        json_t *object = json_object();
        set(object, "Type", cs_jsontext(use->type));
        set(object, "Slot", cs_jsontext(cs_use_slot_name(use->slot)));
        set(object, "Assigned", cs_jsontext_time(use->assigned));
        set(object, "EffectiveDate", cs_jsontext_time(use->effective));
        json_array_append_new(array, object);
    }
    return array;
}

static void set_facts(json_t *object, const struct cs_cert_facts *facts)
{
    const bool known = facts->subject != NULL;
    cs_autofree char *reversed = known ? cs_outcert_reversed(facts->serial) : NULL;

    set(object, "Subject", cs_jsontext(facts->subject));
    set(object, "Issuer", cs_jsontext(facts->issuer));
    set(object, "NotBefore", cs_jsontext_time(facts->not_before));
    set(object, "NotAfter", cs_jsontext_time(facts->not_after));
    set(object, "DaysLeft",
        known ? json_integer(cs_output_days_left(facts->not_after)) : json_null());
    set(object, "SerialNumber", cs_jsontext(facts->serial));
    set(object, "SerialNumberReversed", cs_jsontext_or_null(reversed));
    set(object, "Thumbprint", cs_jsontext(facts->thumbprint));
    set(object, "Sha256", cs_jsontext(facts->sha256));
    set(object, "AlternativeNames", cs_jsontext_list(&facts->names));
    set(object, "OtherNames", cs_jsontext_list(&facts->other_names));
    set(object, "IsCa", known ? json_boolean(facts->is_ca) : json_null());
}

static json_t *origin_word(enum cs_key_origin origin)
{
    static const char *const words[] = {
        [CS_KEY_NOT_ASKED] = NULL,        [CS_KEY_NOT_THERE] = NULL,
        [CS_KEY_GENERATED] = "Generated", [CS_KEY_IMPORTED] = "Imported",
        [CS_KEY_OF_UNKNOWN] = "Unknown",
    };
    return cs_jsontext(words[origin]);
}

static json_t *certificate_object(const struct cs_certificate *certificate)
{
    json_t *object = json_object();
    const struct cs_bytes *id = &certificate->key_id;
    cs_autofree char *key_id = id->len ? cs_hex(id->data, id->len) : NULL;

    set_facts(object, &certificate->facts);
    set(object, "FriendlyName", cs_jsontext_or_null(certificate->label));
    set(object, "Use", uses_of(certificate));
    set(object, "Token", cs_jsontext(certificate->token));
    set(object, "Uri", cs_jsontext(certificate->uri));
    set(object, "KeyId", cs_jsontext(key_id));
    set(object, "KeyOrigin", origin_word(certificate->origin));
    set(object, "RequestId",
        certificate->request_id ? json_integer(certificate->request_id) : json_null());
    set(object, "Warnings", cs_jsontext_list(&certificate->warnings));
    return object;
}

char *cs_outcert_json(const struct cs_certificate_list *list)
{
    struct cs_jsontext_array array;

    cs_jsontext_array_begin(&array);
    for (size_t i = 0; i < list->count; i++) {
        cs_jsontext_array_add(&array, certificate_object(&list->items[i]));
    }
    return cs_jsontext_array_end(&array);
}

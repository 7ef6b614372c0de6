#include "pkcs11/uri.h"

#include "base/mem.h"
#include "base/strv.h"
#include "pkcs11/uri_internal.h"

#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>

/* No URI of a token is longer. */
#define URI_MAX 4096

struct cs_uri {
    P11KitUri *uri;
    char *text;
};

/* Attributes of a token URI: RFC 7512 section 2.3, without those of an object. */
static const char *const token_attributes[] = {
    "token",           "manufacturer",         "serial",
    "model",           "library-manufacturer", "library-description",
    "library-version", "slot-manufacturer",    "slot-description",
    "slot-id",         "module-path",          "module-name",
    "pin-source"};
static const char *const object_attributes[] = {"object", "id", "type"};

static bool is_one_of(const char *name, size_t len, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            return true;
        }
    }
    return false;
}

static cs_rc refuse_attribute(const char *name, size_t len, struct cs_err *err)
{
    cs_autofree char *copy = cs_strndup(name, len);
    cs_autofree char *shown = cs_terminal_escape(copy);

    if (strcmp(copy, "pin-value") == 0) {
        return cs_fail_hint(err, CS_E_USAGE, "use pin-source=file:... or --pin-source instead",
                            "pin-value in a token URI is refused: every user of the machine can "
                            "read a PIN on a command line");
    }
    if (is_one_of(name, len, object_attributes, 3)) {
        return cs_fail_hint(err, CS_E_USAGE, "leave it out: keys are found by the request's number",
                            "the attribute \"%s\" names an object, but this URI names a token",
                            shown);
    }
    return cs_fail_hint(err, CS_E_USAGE,
                        "known are token, manufacturer, serial, model, the slot- and library- "
                        "attributes, and after the question mark module-path, module-name and "
                        "pin-source",
                        "the attribute \"%s\" of the token URI is not known", shown);
}

/* p11-kit only says that something was not recognised, and takes any x-...= in the query. */
static cs_rc check_attributes(const char *text, struct cs_err *err)
{
    const char *next = text + strlen("pkcs11:");

    while (*next) {
        size_t part = strcspn(next, ";?&");
        size_t len = strcspn(next, "=;?&");
        if (part && !is_one_of(next, len, token_attributes,
                               sizeof token_attributes / sizeof *token_attributes)) {
            return refuse_attribute(next, len, err);
        }
        next += part + (next[part] != 0);
    }
    return CS_OK;
}

static cs_rc parse_text(const char *text, P11KitUri *uri, struct cs_err *err)
{
    const char *hint = "a token URI looks like pkcs11:token=NAME?module-path=/path/to/module.so";

    if (strncmp(text, "pkcs11:", 7) != 0) {
        return cs_fail_hint(err, CS_E_USAGE, hint, "a token URI begins with \"pkcs11:\"");
    }
    if (strlen(text) > URI_MAX) {
        return cs_fail(err, CS_E_USAGE, "the token URI is longer than %d octets", URI_MAX);
    }
    CS_TRY(check_attributes(text, err));
    int result = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);
    if (result != P11_KIT_URI_OK || p11_kit_uri_any_unrecognized(uri)) {
        cs_autofree char *shown = cs_terminal_escape(text);
        return cs_fail_hint(err, CS_E_USAGE, hint, "%s is no token URI: %s", shown,
                            result == P11_KIT_URI_OK ? "a value is not understood"
                                                     : p11_kit_uri_message(result));
    }
    return CS_OK;
}

cs_rc cs_uri_parse(const char *text, struct cs_uri **ret_uri, struct cs_err *err)
{
    cs_auto(cs_uri) uri = cs_alloc(1, sizeof *uri);

    uri->uri = p11_kit_uri_new();
    if (!uri->uri) {
        return cs_fail(err, CS_E_INTERNAL, "p11-kit has no memory for a URI");
    }
    if (text && *text) {
        CS_TRY(parse_text(text, uri->uri, err));
    }
    uri->text = cs_terminal_escape(text && *text ? text : "pkcs11:");
    *ret_uri = cs_steal(&uri);
    return CS_OK;
}

void cs_uri_free(struct cs_uri *uri)
{
    if (uri) {
        p11_kit_uri_free(uri->uri);
        free(uri->text);
        free(uri);
    }
}

const char *cs_uri_text(const struct cs_uri *uri)
{
    return uri->text;
}

const char *cs_uri_pin_source(const struct cs_uri *uri)
{
    return p11_kit_uri_get_pin_source(uri->uri);
}

const char *cs_uri_module_path(const struct cs_uri *uri)
{
    return p11_kit_uri_get_module_path(uri->uri);
}

const char *cs_uri_module_name(const struct cs_uri *uri)
{
    return p11_kit_uri_get_module_name(uri->uri);
}

bool cs_uri_fits_token(const struct cs_uri *uri, const CK_TOKEN_INFO *info)
{
    return p11_kit_uri_match_token_info(uri->uri, info);
}

bool cs_uri_asks_for_slot(const struct cs_uri *uri)
{
    const CK_SLOT_INFO *slot = p11_kit_uri_get_slot_info(uri->uri);

    return p11_kit_uri_get_slot_id(uri->uri) != (CK_SLOT_ID)-1 || slot->slotDescription[0] ||
           slot->manufacturerID[0];
}

bool cs_uri_fits_slot(const struct cs_uri *uri, CK_SLOT_ID slot, const CK_SLOT_INFO *info)
{
    CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(uri->uri);

    return (wanted == (CK_SLOT_ID)-1 || wanted == slot) &&
           p11_kit_uri_match_slot_info(uri->uri, info);
}

bool cs_uri_asks_for_library(const struct cs_uri *uri)
{
    const CK_INFO *info = p11_kit_uri_get_module_info(uri->uri);

    return info->manufacturerID[0] || info->libraryDescription[0] ||
           info->libraryVersion.major != (CK_BYTE)-1;
}

bool cs_uri_fits_library(const struct cs_uri *uri, const CK_INFO *info)
{
    return p11_kit_uri_match_module_info(uri->uri, info);
}

static char *format(const CK_TOKEN_INFO *info, CK_SLOT_ID slot, CK_ATTRIBUTE *attributes,
                    CK_ULONG count, P11KitUriType type)
{
    P11KitUri *uri = p11_kit_uri_new();
    char *text = NULL;

    if (uri) {
        *p11_kit_uri_get_token_info(uri) = *info;
        p11_kit_uri_set_slot_id(uri, slot);
        if (p11_kit_uri_set_attributes(uri, attributes, count) == P11_KIT_URI_OK) {
            p11_kit_uri_format(uri, type, &text);
        }
        p11_kit_uri_free(uri);
    }
    /* Only memory that is used up lets this fail. */
    char *copy = cs_strdup(text ? text : "pkcs11:");
    free(text);
    return copy;
}

char *cs_uri_of_token(const CK_TOKEN_INFO *info)
{
    return format(info, (CK_SLOT_ID)-1, NULL, 0, P11_KIT_URI_FOR_TOKEN);
}

char *cs_uri_of_slot(const CK_TOKEN_INFO *info, CK_SLOT_ID slot)
{
    return format(info, slot, NULL, 0, P11_KIT_URI_FOR_TOKEN | P11_KIT_URI_FOR_SLOT);
}

char *cs_uri_of_key(const CK_TOKEN_INFO *info, const uint8_t *id, size_t id_len)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    cs_autofree uint8_t *copy = cs_alloc(id_len, 1);
    CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, copy, id_len}};

    memcpy(copy, id, id_len);
    return format(info, (CK_SLOT_ID)-1, attributes, 2, P11_KIT_URI_FOR_OBJECT_ON_TOKEN);
}

#include "pkcs11/uri.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "base/strv.h"
#include "pkcs11/uri_internal.h"

#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>

/* No URI of a token is longer. */
#define URI_MAX 4096

#define SCHEME "pkcs11:"

/* p11-kit's word for a URI without slot-id. */
#define NO_SLOT ((CK_SLOT_ID)-1)

struct cs_uri {
    P11KitUri *uri;
    char *text;
};

/* RFC 7512 section 2.3. */
enum part { OF_TOKEN, OF_OBJECT, OF_QUERY };
static const struct attribute {
    const char *name;
    enum part part;
} known[] = {
    {"token", OF_TOKEN},
    {"manufacturer", OF_TOKEN},
    {"serial", OF_TOKEN},
    {"model", OF_TOKEN},
    {"library-manufacturer", OF_TOKEN},
    {"library-description", OF_TOKEN},
    {"library-version", OF_TOKEN},
    {"slot-manufacturer", OF_TOKEN},
    {"slot-description", OF_TOKEN},
    {"slot-id", OF_TOKEN},
    {"object", OF_OBJECT},
    {"id", OF_OBJECT},
    {"type", OF_OBJECT},
    {"module-path", OF_QUERY},
    {"module-name", OF_QUERY},
    {"pin-source", OF_QUERY},
};
#define KNOWN (sizeof known / sizeof *known)

/* One attribute of the text. */
struct word {
    const char *name;
    size_t name_len;
    size_t len; /* with its value */
    bool in_query;
};

/* The first attribute behind @at, which is the text's or the end of the one before; false: there is
 * none. Attributes stand between semicolons, behind the question mark between ampersands. */
static bool next_word(const char **at, struct word *word)
{
    while (**at == ';' || **at == '?' || **at == '&') {
        word->in_query |= **at == '?';
        (*at)++;
    }
    const char *ends = word->in_query ? "&" : ";?";
    word->name = *at;
    word->len = strcspn(*at, ends);
    word->name_len = strcspn(*at, "=");
    word->name_len = word->name_len < word->len ? word->name_len : word->len;
    *at += word->len;
    return word->len > 0;
}

static const struct attribute *find_attribute(const struct word *word)
{
    for (size_t i = 0; i < KNOWN; i++) {
        if (strlen(known[i].name) == word->name_len &&
            memcmp(known[i].name, word->name, word->name_len) == 0) {
            return &known[i];
        }
    }
    return NULL;
}

static cs_rc refuse_unknown(const struct word *word, struct cs_err *err)
{
    cs_autofree char *copy = cs_strndup(word->name, word->name_len);
    cs_autofree char *shown = cs_terminal_escape(copy);

    return cs_fail_hint(err, CS_E_USAGE,
                        "known are token, manufacturer, serial, model, the slot- and library- "
                        "attributes, object, id, type, and after the question mark module-path, "
                        "module-name and pin-source",
                        "the attribute \"%s\" of the token URI is not known", shown);
}

/* A NUL would end the value where it is used as a string. An identifier is octets. */
static bool has_nul(const struct word *word, const struct attribute *attribute)
{
    cs_autofree char *value = cs_strndup(word->name, word->len);

    return strcmp(attribute->name, "id") != 0 && strstr(value, "%00");
}

static cs_rc check_word(const struct word *word, bool object_allowed, unsigned *seen,
                        struct cs_err *err)
{
    const struct attribute *attribute = find_attribute(word);

    if (!attribute) {
        return refuse_unknown(word, err);
    }
    unsigned bit = 1U << (attribute - known);
    if (attribute->part == OF_OBJECT && !object_allowed) {
        return cs_fail_hint(err, CS_E_USAGE, "leave it out: keys are found by the request's number",
                            "the attribute \"%s\" names an object, but this URI names a token",
                            attribute->name);
    }
    if ((attribute->part == OF_QUERY) != word->in_query) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "attributes of token and object stand in front of the question mark "
                            "with semicolons between them, module and PIN behind it with "
                            "ampersands",
                            "the attribute \"%s\" stands in the wrong part of the token URI",
                            attribute->name);
    }
    if (*seen & bit || has_nul(word, attribute)) {
        return cs_fail_hint(err, CS_E_USAGE, "say it once, without %00",
                            "the attribute \"%s\" of the token URI %s", attribute->name,
                            *seen & bit ? "is there twice" : "has a NUL in its value");
    }
    *seen |= bit;
    return CS_OK;
}

/* p11-kit only says that something was not recognised, and takes any x-...= in the query. */
static cs_rc check_attributes(const char *text, bool object_allowed, struct cs_err *err)
{
    const char *at = text + strlen(SCHEME);
    struct word word = {0};
    unsigned seen = 0;

    while (next_word(&at, &word)) {
        CS_TRY(check_word(&word, object_allowed, &seen, err));
    }
    return CS_OK;
}

static cs_rc parse_text(const char *text, bool object_allowed, P11KitUri *uri, struct cs_err *err)
{
    const char *hint = "a token URI looks like pkcs11:token=NAME?module-path=/path/to/module.so";

    /* First of all, because no message may repeat it. */
    if (strcasestr(text, "pin-value")) {
        return cs_fail_hint(err, CS_E_USAGE, "use pin-source=file:... or --pin-source instead",
                            "pin-value in a token URI is refused: every user of the machine can "
                            "read a PIN on a command line");
    }
    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0) {
        return cs_fail_hint(err, CS_E_USAGE, hint, "a token URI begins with \"pkcs11:\"");
    }
    if (strlen(text) > URI_MAX) {
        return cs_fail(err, CS_E_USAGE, "the token URI is longer than %d octets", URI_MAX);
    }
    CS_TRY(check_attributes(text, object_allowed, err));
    int result = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);
    if (result != P11_KIT_URI_OK || p11_kit_uri_any_unrecognized(uri)) {
        cs_autofree char *shown = cs_terminal_escape(text);
        return cs_fail_hint(err, CS_E_USAGE, hint, "%s is no token URI: %s", shown,
                            result == P11_KIT_URI_OK ? "a value is not understood"
                                                     : p11_kit_uri_message(result));
    }
    return CS_OK;
}

static cs_rc parse(const char *text, bool object_allowed, struct cs_uri **ret_uri,
                   struct cs_err *err)
{
    cs_auto(cs_uri) uri = cs_alloc(1, sizeof *uri);

    uri->uri = p11_kit_uri_new();
    if (!uri->uri) {
        return cs_fail(err, CS_E_INTERNAL, "p11-kit has no memory for a URI");
    }
    if (text && *text) {
        CS_TRY(parse_text(text, object_allowed, uri->uri, err));
    }
    uri->text = cs_terminal_escape(text && *text ? text : SCHEME);
    *ret_uri = cs_steal(&uri);
    return CS_OK;
}

cs_rc cs_uri_parse(const char *text, struct cs_uri **ret_uri, struct cs_err *err)
{
    return parse(text, false, ret_uri, err);
}

cs_rc cs_uri_parse_object(const char *text, struct cs_uri **ret_uri, struct cs_err *err)
{
    return parse(text, true, ret_uri, err);
}

char *cs_uri_token_part(const char *text)
{
    const char *at = text + strlen(SCHEME);
    struct word word = {0};
    struct cs_buf buf = CS_BUF(URI_MAX);
    char *part = NULL;
    char separator[] = {0, 0};

    cs_buf_puts(&buf, SCHEME);
    while (next_word(&at, &word)) {
        const struct attribute *attribute = find_attribute(&word);
        if (attribute && attribute->part == OF_OBJECT) {
            continue;
        }
        if (word.in_query && separator[0] != '&' && separator[0] != '?') {
            separator[0] = '?';
        }
        cs_buf_puts(&buf, separator);
        cs_buf_add(&buf, word.name, word.len);
        separator[0] = word.in_query ? '&' : ';';
    }
    return cs_buf_take_text(&buf, "the URI", &part, NULL) == CS_OK ? part : cs_strdup(SCHEME);
}

cs_rc cs_uri_key_id(const char *text, const char *what, uint8_t ret_id[CS_KEY_ID_LEN],
                    struct cs_err *err)
{
    cs_auto(cs_uri) uri = NULL;
    struct cs_err why = {0};
    const CK_ATTRIBUTE *id =
        parse(text, true, &uri, &why) == CS_OK ? p11_kit_uri_get_attribute(uri->uri, CKA_ID) : NULL;

    if (!id || id->ulValueLen != CS_KEY_ID_LEN) {
        cs_err_set(err, CS_E_CONFIG,
                   "%s names no key: it is no PKCS#11 URI with an id of %d octets%s%s", what,
                   CS_KEY_ID_LEN, *why.message ? ": " : "", why.message);
        cs_err_hint(err, "copy the key's URI from `cscert list --request-id N`");
        return CS_E_CONFIG;
    }
    memcpy(ret_id, id->pValue, CS_KEY_ID_LEN);
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

bool cs_uri_names_object(const struct cs_uri *uri)
{
    CK_ULONG count;

    return cs_uri_object_template(uri, &count) && count > 0;
}

CK_ATTRIBUTE *cs_uri_object_template(const struct cs_uri *uri, CK_ULONG *ret_count)
{
    return p11_kit_uri_get_attributes(uri->uri, ret_count);
}

static bool has_attribute(const CK_ATTRIBUTE *found, CK_ULONG count, const CK_ATTRIBUTE *wanted)
{
    for (CK_ULONG i = 0; i < count; i++) {
        if (found[i].type == wanted->type && found[i].ulValueLen == wanted->ulValueLen &&
            memcmp(found[i].pValue, wanted->pValue, wanted->ulValueLen) == 0) {
            return true;
        }
    }
    return false;
}

/* p11_kit_uri_match_attributes() lets pass what the object does not tell. */
bool cs_uri_fits_object(const struct cs_uri *uri, const CK_ATTRIBUTE *found, CK_ULONG count)
{
    CK_ULONG wanted_count = 0;
    const CK_ATTRIBUTE *wanted = cs_uri_object_template(uri, &wanted_count);

    for (CK_ULONG i = 0; i < wanted_count; i++) {
        if (!has_attribute(found, count, &wanted[i])) {
            return false;
        }
    }
    return true;
}

bool cs_uri_fits_token(const struct cs_uri *uri, const CK_TOKEN_INFO *info)
{
    return p11_kit_uri_match_token_info(uri->uri, info);
}

bool cs_uri_fits_label(const struct cs_uri *uri, const CK_UTF8CHAR label[32])
{
    /* All other fields are the URI's own, which fit. */
    CK_TOKEN_INFO info = *p11_kit_uri_get_token_info(uri->uri);

    memcpy(info.label, label, sizeof info.label);
    return p11_kit_uri_match_token_info(uri->uri, &info);
}

bool cs_uri_asks_for_slot(const struct cs_uri *uri)
{
    const CK_SLOT_INFO *slot = p11_kit_uri_get_slot_info(uri->uri);

    return p11_kit_uri_get_slot_id(uri->uri) != NO_SLOT || slot->slotDescription[0] ||
           slot->manufacturerID[0];
}

bool cs_uri_fits_slot(const struct cs_uri *uri, CK_SLOT_ID slot, const CK_SLOT_INFO *info)
{
    CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(uri->uri);

    return (wanted == NO_SLOT || wanted == slot) && p11_kit_uri_match_slot_info(uri->uri, info);
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
    char *copy = cs_strdup(text ? text : SCHEME);
    free(text);
    return copy;
}

char *cs_uri_of_token(const CK_TOKEN_INFO *info)
{
    return format(info, NO_SLOT, NULL, 0, P11_KIT_URI_FOR_TOKEN);
}

char *cs_uri_of_slot(const CK_TOKEN_INFO *info, CK_SLOT_ID slot)
{
    return format(info, slot, NULL, 0, P11_KIT_URI_FOR_TOKEN | P11_KIT_URI_FOR_SLOT);
}

char *cs_uri_of_empty_slot(CK_SLOT_ID slot)
{
    return cs_asprintf(SCHEME "slot-id=%lu", slot);
}

char *cs_uri_of_object(const CK_TOKEN_INFO *info, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    return format(info, NO_SLOT, attributes, count, P11_KIT_URI_FOR_OBJECT_ON_TOKEN);
}

char *cs_uri_of_key(const CK_TOKEN_INFO *info, const uint8_t *id, size_t id_len)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    cs_autofree uint8_t *copy = cs_alloc(id_len, 1);
    CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, copy, id_len}};

    memcpy(copy, id, id_len);
    return format(info, NO_SLOT, attributes, 2, P11_KIT_URI_FOR_OBJECT_ON_TOKEN);
}

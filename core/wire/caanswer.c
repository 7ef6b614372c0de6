#include "wire/caanswer.h"

#include "base/mem.h"
#include "base/strv.h"
#include "wire/cawire.h"
#include "wire/json.h"

#include <stdlib.h>
#include <string.h>

/* An HRESULT. */
#define CODE_MAX 0xffffffff

void cs_caanswer_done(struct cs_caanswer *answer)
{
    cs_ca_answer_done(&answer->answer);
    cs_ca_finding_list_done(&answer->findings);
    cs_ca_entry_list_done(&answer->entries);
    free(answer->scheme);
    cs_bytes_done(&answer->data);
    *answer = (struct cs_caanswer){0};
}

/* ---- the CA's own answer ---- */

/* An array of base64 becomes concatenated DER. */
static cs_rc take_chain(json_t *chain, struct cs_bytes *ret_ders, struct cs_err *err)
{
    cs_auto_value(cs_buf) buf = CS_BUF(CS_CAWIRE_CHAIN_MAX * CS_CAWIRE_CERTIFICATE_MAX);

    if (!json_is_array(chain) || json_array_size(chain) > CS_CAWIRE_CHAIN_MAX) {
        return cs_fail(err, CS_E_INPUT, "its chain is no array of at most %d certificates",
                       CS_CAWIRE_CHAIN_MAX);
    }
    for (size_t i = 0; i < json_array_size(chain); i++) {
        cs_auto_value(cs_bytes) der = {0};
        const char *text = json_string_value(json_array_get(chain, i));
        CS_TRY(
            cs_cawire_take_bytes("chain", text ? text : "", CS_CAWIRE_CERTIFICATE_MAX, &der, err));
        cs_buf_add(&buf, der.data, der.len);
    }
    return cs_buf_take(&buf, "its chain", ret_ders, err);
}

/* The CA's own words may be in any language and hold line ends: they are kept, escaped. */
static cs_rc take_words(const char *name, const char *words, char **ret_text, struct cs_err *err)
{
    if (words && strlen(words) > CS_CAWIRE_MESSAGE_MAX) {
        return cs_fail(err, CS_E_INPUT, "its %s has %zu octets, more than %d", name, strlen(words),
                       CS_CAWIRE_MESSAGE_MAX);
    }
    *ret_text = words && *words ? cs_terminal_escape(words) : NULL;
    return CS_OK;
}

static cs_rc check_sense(const struct cs_ca_answer *answer, struct cs_err *err)
{
    bool issued = answer->disposition == CS_CA_ISSUED;

    if (issued != (answer->certificate.len != 0)) {
        return cs_fail(err, CS_E_INPUT,
                       issued ? "the certificate that it says is issued is not in it"
                              : "it holds a certificate, but does not say that it is issued");
    }
    if (answer->disposition == CS_CA_PENDING && !answer->request_id && !answer->handle) {
        return cs_fail(err, CS_E_INPUT,
                       "the request waits, but without a number it cannot be asked for again");
    }
    return CS_OK;
}

static cs_rc take_ca(json_t *json, enum cs_disposition disposition, struct cs_ca_answer *answer,
                     struct cs_err *err)
{
    const char *word = NULL;
    const char *request_id = NULL;
    const char *handle = NULL;
    const char *certificate = NULL;
    const char *message = NULL;
    const char *code_name = NULL;
    const char *hint = NULL;
    json_t *chain = NULL;
    json_int_t code = 0;
    int version = 0;

    CS_TRY(cs_json_unpack("it", json, err, "{s:i,s:s,s?s,s?s,s?s,s?o,s?s,s?I,s?s,s?s}", "v",
                          &version, "disposition", &word, "request_id", &request_id, "handle",
                          &handle, "certificate", &certificate, "chain", &chain, "message",
                          &message, "code", &code, "code_name", &code_name, "hint", &hint));
    if (code < 0 || code > CODE_MAX) {
        return cs_fail(err, CS_E_INPUT, "its code is no number of 32 bits");
    }
    answer->disposition = disposition;
    answer->code = code;
    CS_TRY(cs_cawire_take_text("request_id", request_id, CS_CAWIRE_TEXT_MAX, &answer->request_id,
                               err));
    CS_TRY(cs_cawire_take_text("handle", handle, CS_CAWIRE_HANDLE_MAX, &answer->handle, err));
    CS_TRY(
        cs_cawire_take_text("code_name", code_name, CS_CAWIRE_TEXT_MAX, &answer->code_name, err));
    CS_TRY(take_words("message", message, &answer->message, err));
    CS_TRY(take_words("hint", hint, &answer->hint, err));
    CS_TRY(cs_cawire_take_bytes("certificate", certificate, CS_CAWIRE_CERTIFICATE_MAX,
                                &answer->certificate, err));
    if (chain) {
        CS_TRY(take_chain(chain, &answer->chain, err));
    }
    return check_sense(answer, err);
}

/* ---- what was found ---- */

static cs_rc take_finding(json_t *json, struct cs_ca_finding_list *findings, struct cs_err *err)
{
    cs_autofree char *step = NULL;
    cs_autofree char *detail = NULL;
    const char *step_text = NULL;
    const char *detail_text = NULL;
    int ok = 0;

    CS_TRY(cs_json_unpack("a finding", json, err, "{s:s,s:s,s:b}", "step", &step_text, "detail",
                          &detail_text, "ok", &ok));
    CS_TRY(take_words("step", step_text, &step, err));
    CS_TRY(take_words("detail", detail_text, &detail, err));
    cs_ca_finding_add(findings, ok != 0, step ? step : "", "%s", detail ? detail : "");
    return CS_OK;
}

static cs_rc take_findings(json_t *list, struct cs_ca_finding_list *findings, struct cs_err *err)
{
    if (!list) {
        return CS_OK;
    }
    if (!json_is_array(list) || json_array_size(list) > CS_CAWIRE_FINDINGS_MAX) {
        return cs_fail(err, CS_E_INPUT, "its findings are no array of at most %d",
                       CS_CAWIRE_FINDINGS_MAX);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        CS_TRY(take_finding(json_array_get(list, i), findings, err));
    }
    return CS_OK;
}

static cs_rc take_list(const char *name, json_t *array, struct cs_strv *list, struct cs_err *err)
{
    if (!json_is_array(array) || json_array_size(array) > CS_CAWIRE_LISTED_MAX) {
        return cs_fail(err, CS_E_INPUT, "its %s are no array of at most %d", name,
                       CS_CAWIRE_LISTED_MAX);
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        char *text = NULL;
        const char *said = json_string_value(json_array_get(array, i));
        CS_TRY(cs_cawire_take_text(name, said ? said : "", CS_CAWIRE_HANDLE_MAX, &text, err));
        cs_strv_take(list, text);
    }
    return CS_OK;
}

static cs_rc take_entry(json_t *json, struct cs_ca_entry *entry, struct cs_err *err)
{
    const char *name = NULL;
    const char *host = NULL;
    const char *authority = NULL;
    json_t *templates = NULL;
    json_t *urls = NULL;

    CS_TRY(cs_json_unpack("a CA", json, err, "{s:s,s:s,s:s,s:o,s:o}", "name", &name, "host", &host,
                          "authority", &authority, "templates", &templates, "urls", &urls));
    CS_TRY(cs_cawire_take_text("name", name, CS_CAWIRE_TEXT_MAX, &entry->name, err));
    CS_TRY(cs_cawire_take_text("host", host, CS_CAWIRE_TEXT_MAX, &entry->host, err));
    CS_TRY(cs_cawire_take_text("authority", authority, CS_CAWIRE_TEXT_MAX, &entry->authority, err));
    CS_TRY(take_list("templates", templates, &entry->templates, err));
    return take_list("urls", urls, &entry->urls, err);
}

static cs_rc take_entries(json_t *list, struct cs_ca_entry_list *entries, struct cs_err *err)
{
    if (!list) {
        return CS_OK;
    }
    if (!json_is_array(list) || json_array_size(list) > CS_CAWIRE_ENTRIES_MAX) {
        return cs_fail(err, CS_E_INPUT, "its CAs are no array of at most %d",
                       CS_CAWIRE_ENTRIES_MAX);
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        CS_TRY(take_entry(json_array_get(list, i), cs_ca_entry_list_add(entries), err));
    }
    return CS_OK;
}

/* ---- the other kinds ---- */

static cs_rc take_ok(json_t *json, struct cs_caanswer *answer, struct cs_err *err)
{
    const char *word = NULL;
    json_t *findings = NULL;
    json_t *entries = NULL;
    int version = 0;

    CS_TRY(cs_json_unpack("it", json, err, "{s:i,s:s,s?o,s?o}", "v", &version, "disposition", &word,
                          "findings", &findings, "cas", &entries));
    answer->kind = CS_CAANSWER_OK;
    CS_TRY(take_findings(findings, &answer->findings, err));
    return take_entries(entries, &answer->entries, err);
}

static cs_rc take_error(json_t *json, struct cs_caanswer *answer, struct cs_err *err)
{
    const char *word = NULL;
    json_t *error = NULL;
    json_t *findings = NULL;
    int version = 0;
    int sent = 1;

    CS_TRY(cs_json_unpack("it", json, err, "{s:i,s:s,s:o,s?b,s?o}", "v", &version, "disposition",
                          &word, "error", &error, "sent", &sent, "findings", &findings));
    answer->kind = CS_CAANSWER_ERROR;
    answer->may_have_it = sent != 0;
    CS_TRY(cs_cawire_error_take(error, &answer->error, err));
    return take_findings(findings, &answer->findings, err);
}

static cs_rc take_unsupported(json_t *json, struct cs_caanswer *answer, struct cs_err *err)
{
    const char *word = NULL;
    int version = 0;

    CS_TRY(cs_json_unpack("it", json, err, "{s:i,s:s}", "v", &version, "disposition", &word));
    answer->kind = CS_CAANSWER_UNSUPPORTED;
    return CS_OK;
}

static cs_rc take_sign(json_t *json, struct cs_caanswer *answer, struct cs_err *err)
{
    const char *op = NULL;
    const char *key = NULL;
    const char *scheme = NULL;
    const char *data = NULL;
    int version = 0;

    CS_TRY(cs_json_unpack("what it wants signed", json, err, "{s:i,s:s,s:s,s:s,s:s}", "v", &version,
                          "op", &op, "key", &key, "scheme", &scheme, "data", &data));
    if (strcmp(op, CS_CAWIRE_SIGN) != 0 || strcmp(key, CS_CAWIRE_CLIENT) != 0) {
        return cs_fail(err, CS_E_INPUT, "it wants something else than the client key's signature");
    }
    answer->kind = CS_CAANSWER_SIGN;
    CS_TRY(cs_cawire_take_text("scheme", scheme, CS_CAWIRE_TEXT_MAX, &answer->scheme, err));
    return cs_cawire_take_bytes("data", data, CS_CAWIRE_SIGN_MAX, &answer->data, err);
}

static cs_rc take_kind(json_t *json, struct cs_caanswer *answer, struct cs_err *err)
{
    const char *word = json_string_value(json_object_get(json, "disposition"));
    enum cs_disposition disposition = CS_CA_PENDING;

    if (json_object_get(json, "op")) {
        return take_sign(json, answer, err);
    }
    if (!word) {
        return cs_fail(err, CS_E_INPUT, "it has no disposition");
    }
    if (cs_cawire_disposition_find(word, &disposition)) {
        answer->kind = CS_CAANSWER_CA;
        return take_ca(json, disposition, &answer->answer, err);
    }
    if (strcmp(word, CS_CAWIRE_OK) == 0) {
        return take_ok(json, answer, err);
    }
    if (strcmp(word, CS_CAWIRE_ERROR) == 0) {
        return take_error(json, answer, err);
    }
    if (strcmp(word, CS_CAWIRE_UNSUPPORTED) == 0) {
        return take_unsupported(json, answer, err);
    }
    return cs_fail(err, CS_E_INPUT, "its disposition is a word that is not known");
}

cs_rc cs_caanswer_parse(const void *data, size_t len, struct cs_caanswer *ret_answer,
                        struct cs_err *err)
{
    cs_auto_value(cs_caanswer) answer = {0};
    cs_auto(json_t) json = NULL;

    CS_TRY(cs_json_parse("it", data, len, &json, err));
    if (json_integer_value(json_object_get(json, "v")) != CS_CAWIRE_VERSION) {
        return cs_fail(err, CS_E_INPUT, "it is of another version than %d", CS_CAWIRE_VERSION);
    }
    CS_TRY(take_kind(json, &answer, err));
    *ret_answer = answer;
    answer = (struct cs_caanswer){0};
    return CS_OK;
}

#include "journal/record.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "journal/canonical.h"
#include "x509/cert.h"

#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* Of the record's form; 2 when a member changes its meaning. */
#define RECORD_VERSION 1

/* RFC 8785 prints numbers as IEEE 754 doubles; an integer above this would lose digits and, as RFC
 * 7493 section 2.2 says, stands there as a string. */
#define INTEGER_MAX ((INT64_C(1) << 53) - 1)

CS_DEFINE_AUTO(json_t, json_decref);

/* jansson's memory is ours: there, or the program is not. So no value below is ever NULL. */
static void *allocate(size_t size)
{
    return cs_alloc(1, size);
}

/* ---- values ---- */

/* Octets that are no UTF-8 cannot stand in JSON and become \xNN: a record must not fail because of
 * what a CA answered. */
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

static json_t *integer(int64_t value)
{
    if (value > INTEGER_MAX || value < -INTEGER_MAX) {
        cs_autofree char *digits = cs_asprintf("%" PRId64, value);
        return json_string(digits);
    }
    return json_integer(value);
}

/* A member that is not known is left out. */
static void set_text(json_t *object, const char *key, const char *value)
{
    if (value) {
        json_object_set_new(object, key, text(value));
    }
}

/* A URI without its query, in which secrets can stand, and without user and password. Anything else
 * ("host\name") as it is. The caller frees. */
static char *plain_uri(const char *uri)
{
    const char *authority = uri ? strstr(uri, "://") : NULL;

    if (!uri || (!authority && strncmp(uri, "pkcs11:", 7) != 0)) {
        return cs_strdup(uri);
    }
    cs_autofree char *plain = cs_strndup(uri, strcspn(uri, "?#"));
    if (!authority) {
        return cs_steal(&plain);
    }
    size_t scheme = (size_t)(authority - uri) + 3;
    if (scheme > strlen(plain)) {
        return cs_steal(&plain);
    }
    char *host = plain + scheme;
    size_t len = strcspn(host, "/");
    char *at = memrchr(host, '@', len);
    return cs_asprintf("%.*s%s", (int)scheme, plain, at ? at + 1 : host);
}

static void set_uri(json_t *object, const char *key, const char *uri)
{
    cs_autofree char *plain = plain_uri(uri);

    set_text(object, key, plain);
}

static cs_rc sha256_text(const void *data, size_t len, char **ret_hex, struct cs_err *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (EVP_Digest(data, len, digest, &size, EVP_sha256(), NULL) != 1) {
        return cs_fail(err, CS_E_INTERNAL, "SHA-256 of a journal record's part failed");
    }
    *ret_hex = cs_hex(digest, size);
    return CS_OK;
}

static cs_rc set_digest(json_t *object, const char *key, const struct cs_bytes *bytes,
                        struct cs_err *err)
{
    cs_autofree char *hex = NULL;

    if (bytes->len == 0) {
        return CS_OK;
    }
    CS_TRY(sha256_text(bytes->data, bytes->len, &hex, err));
    set_text(object, key, hex);
    return CS_OK;
}

/* ---- parts of the record ---- */

static json_t *actor_part(const struct cs_actor *actor)
{
    json_t *part = json_object();

    set_text(part, "user", actor->user);
    set_text(part, "host", actor->host);
    json_object_set_new(part, "uid", integer(actor->uid));
    return part;
}

static json_t *tool_part(void)
{
    json_t *part = json_object();

    set_text(part, "name", "cscert");
    set_text(part, "version", CS_VERSION);
    return part;
}

static json_t *types_part(cs_type_set types)
{
    json_t *part = json_array();

    for (size_t i = 0; i < CS_TYPE_COUNT; i++) {
        if (types & (cs_type_set)1 << i) {
            json_array_append_new(part, text(cs_cert_type_info((enum cs_cert_type)i)->name));
        }
    }
    return part;
}

/* Attribute types as RFC 4514 section 3 writes them. */
static json_t *subject_part(const struct cs_subject *subject)
{
    json_t *part = json_object();

    set_text(part, "CN", subject->common_name);
    set_text(part, "OU", subject->organizational_unit);
    set_text(part, "O", subject->organization);
    set_text(part, "L", subject->locality);
    set_text(part, "ST", subject->state);
    set_text(part, "C", subject->country);
    return part;
}

static json_t *names_part(const struct cs_plan *plan)
{
    json_t *part = json_array();

    for (size_t i = 0; i < plan->name_count; i++) {
        json_t *name = json_object();
        set_text(name, "name", plan->names[i].name);
        set_text(name, "rule", plan->names[i].rule);
        set_text(name, "source", plan->names[i].source);
        json_array_append_new(part, name);
    }
    return part;
}

static json_t *request_part(const struct cs_request *request)
{
    const struct cs_plan *plan = request->plan;
    json_t *part = json_object();

    json_object_set_new(part, "id", integer(request->id));
    set_text(part, "state", cs_state_name(request->state));
    json_object_set_new(part, "types", types_part(plan->types));
    json_object_set_new(part, "subject", subject_part(&plan->subject));
    json_object_set_new(part, "names", names_part(plan));
    json_object_set_new(part, "client_eku", json_boolean(plan->client_eku));
    set_text(part, "computer", plan->computer);
    set_text(part, "pool", plan->pool);
    set_text(part, "template", plan->template_name);
    set_text(part, "output", plan->output);
    return part;
}

static json_t *token_part(const struct cs_request *request)
{
    json_t *part = json_object();

    set_uri(part, "uri", request->token_uri);
    set_text(part, "module", request->module_path);
    return part;
}

/* "CKA_ALWAYS_SENSITIVE" as "always-sensitive": the names of the RATS claims for keys. The caller
 * frees. */
static char *claim_name(enum cs_key_attr attr)
{
    char *name = cs_ascii_lower(cs_key_attr_name(attr) + strlen("CKA_"));

    for (char *c = name; *c; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    return name;
}

static json_t *answer_part(enum cs_answer answer)
{
    return answer == CS_UNKNOWN ? json_null() : json_boolean(answer == CS_TRUE);
}

/* Each attribute as the token answered; null: it did not. */
static json_t *readback_part(const struct cs_key_attrs *attrs)
{
    json_t *part = json_object();

    for (size_t i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        cs_autofree char *name = claim_name((enum cs_key_attr)i);
        json_object_set_new(part, name, answer_part(attrs->answer[i]));
    }
    json_t *mechanism = json_null();
    if (attrs->gen_mechanism_known) {
        cs_autofree char *number = cs_asprintf("0x%" PRIx64, attrs->gen_mechanism);
        mechanism = text(number);
    }
    json_object_set_new(part, "key-gen-mechanism", mechanism);
    return part;
}

static json_t *unreliable_part(const struct cs_key_attrs *attrs)
{
    json_t *part = json_array();

    for (size_t i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        if (attrs->unreliable[i]) {
            cs_autofree char *name = claim_name((enum cs_key_attr)i);
            json_array_append_new(part, text(name));
        }
    }
    return part;
}

/* What was asked for, and once there is a key, what came of it. */
static json_t *key_part(const struct cs_request *request)
{
    const struct cs_key_spec *spec = &request->plan->key_spec;
    cs_autofree char *id = cs_hex(request->key_id, CS_KEY_ID_LEN);
    json_t *part = json_object();

    set_text(part, "id", id);
    set_text(part, "label", request->label);
    set_text(part, "algorithm", cs_key_alg_name(spec->alg));
    json_object_set_new(part, "size", integer(spec->bits));
    json_object_set_new(part, "exportable", json_boolean(request->plan->exportable));
    if (request->key_uri) {
        set_uri(part, "uri", request->key_uri);
        set_text(part, "generation", cs_generation_name(request->generation));
        json_object_set_new(part, "readback", readback_part(&request->attrs));
        json_object_set_new(part, "unreliable", unreliable_part(&request->attrs));
    }
    return part;
}

static json_t *ca_part(const struct cs_request *request)
{
    json_t *part = json_object();

    set_uri(part, "name", request->plan->ca);
    set_text(part, "request_id", request->ca_request_id);
    set_text(part, "message", request->ca_message);
    return part;
}

static json_t *error_part(const struct cs_err *error)
{
    json_t *part = json_object();

    set_text(part, "code", cs_rc_name(error->code));
    set_text(part, "message", error->message);
    if (error->origin != CS_ORIGIN_NONE) {
        json_t *cause = json_object();
        set_text(cause, "origin", cs_origin_name(error->origin));
        json_object_set_new(cause, "number", integer(error->cause));
        set_text(cause, "name", error->cause_name);
        set_text(cause, "operation", error->operation);
        json_object_set_new(part, "cause", cause);
    }
    return part;
}

/* ---- what serves a type, and keys from files ---- */

static char *thumbprint(const struct cs_bytes *certificate)
{
    cs_auto_value(cs_cert_facts) facts = {0};

    return cs_cert_read(certificate, &facts, NULL) == CS_OK ? cs_steal(&facts.thumbprint) : NULL;
}

static cs_rc set_certificate(json_t *part, const struct cs_bytes *certificate, struct cs_err *err)
{
    cs_autofree char *windows = thumbprint(certificate);

    set_text(part, "thumbprint", windows);
    return set_digest(part, "certificate_sha256", certificate, err);
}

static void set_key_id(json_t *part, const uint8_t *id, size_t len)
{
    cs_autofree char *hex = len ? cs_hex(id, len) : NULL;

    set_text(part, "key_id", hex);
}

static cs_rc set_use(json_t *slots, const struct cs_use *use, struct cs_err *err)
{
    json_t *part = json_object();

    json_object_set_new(slots, cs_use_slot_name(use->slot), part);
    set_uri(part, "token", use->token_uri);
    set_key_id(part, use->key_id.data, use->key_id.len);
    json_object_set_new(part, "assigned", integer(use->assigned));
    if (use->effective) {
        json_object_set_new(part, "effective", integer(use->effective));
    }
    return set_certificate(part, &use->certificate, err);
}

/* All that serves the type from now on. */
static cs_rc set_uses(json_t *record, const struct cs_record *what, struct cs_err *err)
{
    json_t *part = json_object();
    json_t *slots = json_object();

    json_object_set_new(record, "use", part);
    set_text(part, "type", what->type);
    json_object_set_new(part, "slots", slots);
    for (size_t i = 0; i < what->use_count; i++) {
        CS_TRY(set_use(slots, &what->uses[i], err));
    }
    return CS_OK;
}

static cs_rc set_imported_key(json_t *record, const struct cs_imported_key *key, struct cs_err *err)
{
    json_t *part = json_object();

    json_object_set_new(record, "imported", part);
    set_uri(part, "token", key->token_uri);
    set_key_id(part, key->key_id, CS_KEY_ID_LEN);
    return set_certificate(part, &key->certificate, err);
}

/* ---- what happens to a request without a change of state ---- */

static void set_event(json_t *record, const struct cs_event *event)
{
    json_t *part = json_object();

    for (size_t i = 0; i < event->count; i++) {
        set_uri(part, event->details[i].name, event->details[i].text);
    }
    json_object_set_new(record, "detail", part);
}

/* ---- the whole ---- */

static const char *record_type(const struct cs_record *what)
{
    if (!what->request) {
        return what->word;
    }
    return what->event ? what->event->type : cs_state_record(what->request->state);
}

static cs_rc set_head(json_t *record, int64_t sequence, const char *previous, int64_t time,
                      const struct cs_record *what, struct cs_err *err)
{
    cs_autofree char *digest = NULL;

    if (previous) {
        CS_TRY(sha256_text(previous, strlen(previous), &digest, err));
    }
    json_object_set_new(record, "v", json_integer(RECORD_VERSION));
    json_object_set_new(record, "seq", integer(sequence));
    json_object_set_new(record, "prev", text(digest));
    json_object_set_new(record, "time", integer(time));
    set_text(record, "type", record_type(what));
    return CS_OK;
}

static cs_rc set_body(json_t *record, const struct cs_request *request, struct cs_err *err)
{
    json_object_set_new(record, "request", request_part(request));
    json_object_set_new(record, "key", key_part(request));
    if (request->token_uri) {
        json_object_set_new(record, "token", token_part(request));
    }
    CS_TRY(set_digest(record, "spki_sha256", &request->spki, err));
    CS_TRY(set_digest(record, "csr_sha256", &request->csr, err));
    CS_TRY(set_digest(record, "certificate_sha256", &request->certificate, err));
    if (request->plan->ca) {
        json_object_set_new(record, "ca", ca_part(request));
    }
    if (request->error.code != CS_OK) {
        json_object_set_new(record, "error", error_part(&request->error));
    }
    return CS_OK;
}

static cs_rc set_subject(json_t *record, const struct cs_record *what, struct cs_err *err)
{
    if (what->request) {
        if (what->event) {
            set_event(record, what->event);
        }
        return set_body(record, what->request, err);
    }
    return what->key ? set_imported_key(record, what->key, err) : set_uses(record, what, err);
}

cs_rc cs_journal_record(void *ctx, int64_t sequence, const char *previous, int64_t time,
                        const struct cs_record *what, char **ret_json, struct cs_err *err)
{
    json_set_alloc_funcs(allocate, free);
    cs_auto(json_t) record = json_object();

    CS_TRY(set_head(record, sequence, previous, time, what, err));
    json_object_set_new(record, "actor", actor_part(ctx));
    json_object_set_new(record, "tool", tool_part());
    CS_TRY(set_subject(record, what, err));
    return cs_canonical_text(record, ret_json, err);
}

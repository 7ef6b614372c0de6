#include "wire/caserve.h"

#include "base/mem.h"
#include "wire/cawire.h"
#include "wire/frame.h"
#include "wire/json.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of a question without a limit of its own. */
#define TIMEOUT_DEFAULT 60
#define TIMEOUT_MAX     3600

void cs_caserve_call_done(struct cs_caserve_call *call)
{
    char *const texts[] = {call->op,
                           call->name,
                           call->type,
                           call->address,
                           call->auth,
                           call->account,
                           call->realm,
                           call->ccache,
                           call->keytab,
                           call->krb5_config,
                           call->anchors,
                           call->global_catalog,
                           call->global_settings_dc,
                           call->template_name,
                           call->request_id,
                           call->handle};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        free(texts[i]);
    }
    cs_bytes_done(&call->csr);
    cs_bytes_done(&call->client_chain);
    cs_secret_free(call->password);
    *call = (struct cs_caserve_call){0};
}

static void reply_done(struct cs_caserve_reply *reply)
{
    cs_ca_answer_done(&reply->answer);
    cs_ca_finding_list_done(&reply->findings);
    cs_ca_entry_list_done(&reply->entries);
}

/* ---- the question ---- */

/* A member that is a text, or is not there. */
static cs_rc take(json_t *object, const char *name, size_t max, char **ret_text, struct cs_err *err)
{
    json_t *value = json_object_get(object, name);

    if (value && !json_is_string(value)) {
        return cs_fail(err, CS_E_INPUT, "the %s of the question is no text", name);
    }
    return cs_cawire_take_text(name, json_string_value(value), max, ret_text, err);
}

static cs_rc take_octets(json_t *object, const char *name, size_t max, struct cs_bytes *ret_bytes,
                         struct cs_err *err)
{
    json_t *value = json_object_get(object, name);

    if (value && !json_is_string(value)) {
        return cs_fail(err, CS_E_INPUT, "the %s of the question is no text", name);
    }
    return cs_cawire_take_bytes(name, json_string_value(value), max, ret_bytes, err);
}

static cs_rc take_ca(json_t *ca, struct cs_caserve_call *call, struct cs_err *err)
{
    const struct {
        const char *name;
        char **to;
    } texts[] = {
        {"name", &call->name},
        {"type", &call->type},
        {"address", &call->address},
        {"auth", &call->auth},
        {"account", &call->account},
        {"realm", &call->realm},
        {"ccache", &call->ccache},
        {"keytab", &call->keytab},
        {"krb5_config", &call->krb5_config},
        {"anchors", &call->anchors},
        {"global_catalog", &call->global_catalog},
        {"global_settings_dc", &call->global_settings_dc},
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CS_TRY(take(ca, texts[i].name, CS_CAWIRE_HANDLE_MAX, texts[i].to, err));
    }
    json_int_t timeout = json_integer_value(json_object_get(ca, "timeout"));
    call->timeout = timeout > 0 && timeout <= TIMEOUT_MAX ? (unsigned)timeout : TIMEOUT_DEFAULT;
    return take_octets(ca, "client_chain", CS_CAWIRE_CHAIN_MAX * CS_CAWIRE_CERTIFICATE_MAX,
                       &call->client_chain, err);
}

/* The names of the frames that follow. */
static cs_rc take_secrets(json_t *list, struct cs_caserve_call *call, struct cs_err *err)
{
    if (!list) {
        return CS_OK;
    }
    const char *name = json_string_value(json_array_get(list, 0));
    if (json_array_size(list) != 1 || !name || strcmp(name, CS_CAWIRE_PASSWORD) != 0) {
        return cs_fail(err, CS_E_INPUT, "the question announces secrets that are not known");
    }
    call->has_password = true;
    return CS_OK;
}

static cs_rc take_call(json_t *json, struct cs_caserve_call *call, struct cs_err *err)
{
    if (json_integer_value(json_object_get(json, "v")) != CS_CAWIRE_VERSION) {
        return cs_fail(err, CS_E_INPUT, "the question is of another version than %d",
                       CS_CAWIRE_VERSION);
    }
    CS_TRY(take(json, "op", CS_CAWIRE_TEXT_MAX, &call->op, err));
    if (!call->op) {
        return cs_fail(err, CS_E_INPUT, "the question has no op");
    }
    CS_TRY(take_ca(json_object_get(json, "ca"), call, err));
    CS_TRY(take(json, "request_id", CS_CAWIRE_TEXT_MAX, &call->request_id, err));
    CS_TRY(take(json, "handle", CS_CAWIRE_HANDLE_MAX, &call->handle, err));
    CS_TRY(take(json_object_get(json, "attributes"), "CertificateTemplate", CS_CAWIRE_TEXT_MAX,
                &call->template_name, err));
    CS_TRY(take_octets(json, "csr", CS_CAWIRE_CSR_MAX, &call->csr, err));
    return take_secrets(json_object_get(json, "secrets"), call, err);
}

cs_rc cs_caserve_parse(const void *data, size_t len, struct cs_caserve_call *ret_call,
                       struct cs_err *err)
{
    cs_auto_value(cs_caserve_call) call = {0};
    cs_auto(json_t) json = NULL;

    CS_TRY(cs_json_parse("the question", data, len, &json, err));
    CS_TRY(take_call(json, &call, err));
    *ret_call = call;
    call = (struct cs_caserve_call){0};
    return CS_OK;
}

static cs_rc read_call(int fd, struct cs_caserve_call *ret_call, struct cs_err *err)
{
    cs_auto_value(cs_bytes) frame = {0};
    cs_auto_value(cs_caserve_call) call = {0};

    CS_TRY(cs_frame_read(fd, CS_CAWIRE_QUESTION_MAX, 0, &frame, err));
    CS_TRY(cs_caserve_parse(frame.data, frame.len, &call, err));
    if (call.has_password) {
        CS_TRY(cs_frame_read_secret(fd, 0, &call.password, err));
    }
    *ret_call = call;
    call = (struct cs_caserve_call){0};
    return CS_OK;
}

/* ---- the answer ---- */

/* The chain as certificates one by one: each is a SEQUENCE with a length of its own (X.690 section
 * 8.1.3). What is no such thing goes as one, for cscert to judge. */
static size_t first_length(const uint8_t *der, size_t len)
{
    size_t octets = len >= 2 && der[1] > 0x80 ? der[1] - 0x80U : 0;
    size_t value = len >= 2 && der[1] < 0x80 ? der[1] : 0;

    if (len < 2 || octets > 4 || octets > len - 2 || der[1] == 0x80) {
        return len;
    }
    for (size_t i = 0; i < octets; i++) {
        value = value << 8 | der[2 + i];
    }
    return value <= len - 2 - octets ? 2 + octets + value : len;
}

static json_t *chain_array(const struct cs_bytes *chain)
{
    json_t *array = json_array();
    size_t at = 0;

    while (at < chain->len) {
        struct cs_bytes rest = {chain->data + at, chain->len - at};
        rest.len = first_length(rest.data, rest.len);
        cs_auto(json_t) one = json_object();
        cs_cawire_put_bytes(one, "der", &rest);
        json_array_append(array, json_object_get(one, "der"));
        at += rest.len;
    }
    return array;
}

static void put_answer(json_t *json, const struct cs_ca_answer *answer)
{
    cs_cawire_put_text(json, "disposition", cs_cawire_disposition(answer->disposition));
    cs_cawire_put_text(json, "request_id", answer->request_id);
    cs_cawire_put_text(json, "handle", answer->handle);
    cs_cawire_put_text(json, "message", answer->message);
    cs_cawire_put_text(json, "code_name", answer->code_name);
    cs_cawire_put_text(json, "hint", answer->hint);
    if (answer->code) {
        json_object_set_new(json, "code", json_integer(answer->code));
    }
    cs_cawire_put_bytes(json, "certificate", &answer->certificate);
    if (answer->chain.len) {
        json_object_set_new(json, "chain", chain_array(&answer->chain));
    }
}

static void put_findings(json_t *json, const struct cs_ca_finding_list *findings)
{
    json_t *array = json_array();

    for (size_t i = 0; i < findings->count && i < CS_CAWIRE_FINDINGS_MAX; i++) {
        json_t *finding = json_object();
        json_object_set_new(finding, "step", cs_json_text(findings->items[i].step));
        json_object_set_new(finding, "detail", cs_json_text(findings->items[i].detail));
        json_object_set_new(finding, "ok", json_boolean(findings->items[i].ok));
        json_array_append_new(array, finding);
    }
    json_object_set_new(json, "findings", array);
}

static json_t *text_array(const struct cs_strv *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count && i < CS_CAWIRE_LISTED_MAX; i++) {
        json_array_append_new(array, cs_json_text(list->items[i]));
    }
    return array;
}

static void put_entries(json_t *json, const struct cs_ca_entry_list *entries)
{
    json_t *array = json_array();

    for (size_t i = 0; i < entries->count && i < CS_CAWIRE_ENTRIES_MAX; i++) {
        const struct cs_ca_entry *entry = &entries->items[i];
        json_t *object = json_object();
        json_object_set_new(object, "name", cs_json_text(entry->name));
        json_object_set_new(object, "host", cs_json_text(entry->host));
        json_object_set_new(object, "authority", cs_json_text(entry->authority));
        json_object_set_new(object, "templates", text_array(&entry->templates));
        json_object_set_new(object, "urls", text_array(&entry->urls));
        json_array_append_new(array, object);
    }
    json_object_set_new(json, "cas", array);
}

char *cs_caserve_reply_text(const struct cs_caserve_reply *reply, const struct cs_err *error)
{
    cs_json_setup();
    cs_auto(json_t) json = json_object();

    json_object_set_new(json, "v", json_integer(CS_CAWIRE_VERSION));
    if (error->code != CS_OK) {
        cs_cawire_put_text(json, "disposition", CS_CAWIRE_ERROR);
        json_object_set_new(json, "error", cs_cawire_error(error));
        json_object_set_new(json, "sent", json_boolean(reply->sent));
    } else if (reply->unsupported) {
        cs_cawire_put_text(json, "disposition", CS_CAWIRE_UNSUPPORTED);
    } else if (reply->has_answer) {
        put_answer(json, &reply->answer);
    } else {
        cs_cawire_put_text(json, "disposition", CS_CAWIRE_OK);
    }
    if (reply->findings.count) {
        put_findings(json, &reply->findings);
    }
    if (reply->entries.count) {
        put_entries(json, &reply->entries);
    }
    return cs_json_dump(json);
}

/* ---- the conversation ---- */

/* cscert has no further question. */
static bool is_over(int fd)
{
    char octet;
    ssize_t got;

    do {
        got = recv(fd, &octet, 1, MSG_PEEK);
    } while (got < 0 && errno == EINTR);
    return got <= 0;
}

static cs_rc serve_one(int fd, cs_caserve_fn answer, void *ctx, struct cs_err *err)
{
    cs_auto_value(cs_caserve_call) call = {0};
    __attribute__((cleanup(reply_done))) struct cs_caserve_reply reply = {.sent = false};
    struct cs_err error = {0};

    CS_TRY(read_call(fd, &call, err));
    cs_rc rc = answer(ctx, &call, &reply, &error);
    if (rc != CS_OK && error.code == CS_OK) {
        cs_err_set(&error, rc, "no reason was given");
    }
    cs_autofree char *text = cs_caserve_reply_text(&reply, &error);
    return cs_frame_write(fd, text, strlen(text), 0, err);
}

int cs_caserve_run(int fd, cs_caserve_fn answer, void *ctx)
{
    cs_json_setup();
    while (!is_over(fd)) {
        cs_rc rc = serve_one(fd, answer, ctx, NULL);
        if (rc != CS_OK) {
            return (int)rc; /* what stands in the socket now is nobody's question */
        }
    }
    return CS_OK;
}

/* ---- the limit ---- */

/* What on_limit() sends: made before, for in a signal handler there is no memory to be had. */
static struct {
    int fd;
    char *text;
    size_t len;
} late;

static void on_limit(int number)
{
    (void)number;
    /* So that the next question fails at once, instead of standing in a socket that nobody reads.
     */
    (void)shutdown(late.fd, SHUT_RD);
    (void)!cs_frame_write(late.fd, late.text, late.len, 0, NULL);
    _exit(CS_E_CA_UNREACHABLE);
}

void cs_caserve_limit(int fd, unsigned seconds, const struct cs_caserve_reply *reply,
                      const struct cs_err *error)
{
    const struct sigaction action = {.sa_handler = on_limit};

    cs_caserve_limit_end();
    late.fd = fd;
    late.text = cs_caserve_reply_text(reply, error);
    late.len = strlen(late.text);
    (void)sigaction(SIGALRM, &action, NULL);
    (void)alarm(seconds ? seconds : 1);
}

void cs_caserve_limit_end(void)
{
    (void)alarm(0);
    free(late.text);
    late.text = NULL;
}

cs_rc cs_caserve_sign(int fd, const char *scheme, const struct cs_bytes *data,
                      struct cs_bytes *ret_signature, struct cs_err *err)
{
    cs_auto_value(cs_bytes) frame = {0};
    cs_auto(json_t) wanted = json_object();
    cs_auto(json_t) json = NULL;

    json_object_set_new(wanted, "v", json_integer(CS_CAWIRE_VERSION));
    cs_cawire_put_text(wanted, "op", CS_CAWIRE_SIGN);
    cs_cawire_put_text(wanted, "key", CS_CAWIRE_CLIENT);
    cs_cawire_put_text(wanted, "scheme", scheme);
    cs_cawire_put_bytes(wanted, "data", data);
    cs_autofree char *text = cs_json_dump(wanted);
    CS_TRY(cs_frame_write(fd, text, strlen(text), 0, err));
    CS_TRY(cs_frame_read(fd, CS_CAWIRE_QUESTION_MAX, 0, &frame, err));
    CS_TRY(cs_json_parse("the signature", frame.data, frame.len, &json, err));
    if (json_object_get(json, "error")) {
        struct cs_err why = {0};
        CS_TRY(cs_cawire_error_take(json_object_get(json, "error"), &why, err));
        return cs_fail(err, CS_E_CONFIG, "the client key did not sign: %s", why.message);
    }
    CS_TRY(take_octets(json, "signature", CS_CAWIRE_SIGN_MAX, ret_signature, err));
    return ret_signature->len ? CS_OK : cs_fail(err, CS_E_INPUT, "there is no signature");
}

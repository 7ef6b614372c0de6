#include "wire/cacall.h"

#include "base/mem.h"
#include "wire/cawire.h"
#include "wire/frame.h"
#include "wire/json.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* The program knows its limit and tells why it was passed; only one that does not is ended here. */
#define GRACE_MS 5000

/* ---- the question ---- */

static const char *account_of(const struct cs_caclient *client, const struct cs_cacall *call)
{
    return call->submission->account ? call->submission->account : client->account;
}

/* *ret_password is lent, and may be NULL. */
static cs_rc password_of(const struct cs_caclient *client, const struct cs_cacall *call,
                         const struct cs_secret **ret_password, struct cs_err *err)
{
    *ret_password = call->submission->password;
    if (call->submission->account || !client->account || !client->password) {
        return CS_OK;
    }
    return client->password->get(client->password, client->account, ret_password, err);
}

static json_t *ca_object(const struct cs_caclient *client, const struct cs_cacall *call,
                         const char *address)
{
    const struct {
        const char *name;
        const char *text;
    } members[] = {
        {"name", client->name},
        {"type", client->type},
        {"address", address},
        {"auth", client->auth},
        {"account", account_of(client, call)},
        {"realm", client->realm},
        {"ccache", client->ccache},
        {"keytab", client->keytab},
        {"krb5_config", client->krb5_config},
        {"anchors", client->anchors},
        {"global_catalog", call->submission->global_catalog},
        {"global_settings_dc", call->submission->global_settings_dc},
    };
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        cs_cawire_put_text(object, members[i].name, members[i].text);
    }
    cs_cawire_put_bytes(object, "client_chain", &client->client_chain);
    json_object_set_new(object, "timeout", json_integer(client->timeout));
    return object;
}

/* The caller frees. */
static char *question_text(const struct cs_caclient *client, const struct cs_cacall *call,
                           const char *address, bool has_password)
{
    cs_json_setup();
    cs_auto(json_t) json = json_object();
    json_t *attributes = json_object();

    json_object_set_new(json, "v", json_integer(CS_CAWIRE_VERSION));
    json_object_set_new(json, "op", json_string(call->op));
    json_object_set_new(json, "ca", ca_object(client, call, address));
    cs_cawire_put_bytes(json, "csr", call->submission->csr);
    cs_cawire_put_text(json, "request_id", call->request_id);
    cs_cawire_put_text(json, "handle", call->handle);
    cs_cawire_put_text(attributes, "CertificateTemplate", call->submission->template_name);
    json_object_set_new(json, "attributes", attributes);
    if (has_password) {
        json_t *secrets = json_array();
        json_array_append_new(secrets, json_string(CS_CAWIRE_PASSWORD));
        json_object_set_new(json, "secrets", secrets);
    }
    return cs_json_dump(json);
}

/* ---- signatures ---- */

static cs_rc sign(const struct cs_caclient *client, const struct cs_caanswer *wanted,
                  struct cs_bytes *ret_signature, struct cs_err *err)
{
    struct cs_caclient_helper *helper = client->helper;

    if (!helper || !helper->sign) {
        return cs_fail_hint(
            err, CS_E_CONFIG, "name it in the ca section: client-key and client-certificate",
            "%s wants a signature by a client key, and none is configured", client->name);
    }
    return helper->sign(helper, wanted->scheme, &wanted->data, ret_signature, err);
}

/* What the token takes, or a person at its pad, is not the program's time. */
static cs_rc answer_sign(struct cs_caclient *client, const struct cs_caanswer *wanted,
                         int64_t *deadline_ms, struct cs_err *err)
{
    cs_auto_value(cs_bytes) signature = {0};
    cs_auto(json_t) json = json_object();
    int64_t begun_ms = cs_frame_deadline(0);

    json_object_set_new(json, "v", json_integer(CS_CAWIRE_VERSION));
    if (sign(client, wanted, &signature, &client->sign_err) == CS_OK) {
        cs_cawire_put_bytes(json, "signature", &signature);
    } else {
        json_object_set_new(json, "error", cs_cawire_error(&client->sign_err));
    }
    *deadline_ms += cs_frame_deadline(0) - begun_ms;
    cs_autofree char *text = cs_json_dump(json);
    return cs_frame_write(cs_child_socket(client->child), text, strlen(text), *deadline_ms, err);
}

/* ---- the conversation ---- */

static bool interrupted(const struct cs_caclient *client)
{
    struct cs_caclient_helper *helper = client->helper;

    return helper && helper->interrupted && helper->interrupted(helper);
}

/* How long a signal that came just before poll(2) may go unseen. */
#define SIGNAL_MS 500

/* A CA may take minutes, and who waits for it may want to stop. */
static cs_rc wait_for_answer(const struct cs_caclient *client, int64_t deadline_ms,
                             struct cs_err *err)
{
    struct pollfd waiting = {.fd = cs_child_socket(client->child), .events = POLLIN};

    for (;;) {
        int64_t left = deadline_ms - cs_frame_deadline(0);
        if (interrupted(client)) {
            return cs_fail(err, CS_E_CANCELLED, "stopped by a signal while %s was asked",
                           client->name);
        }
        int ready = left > 0 ? poll(&waiting, 1, left < SIGNAL_MS ? (int)left : SIGNAL_MS) : 1;
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            return CS_OK; /* what is wrong, reading tells */
        }
    }
}

static int64_t deadline_of(const struct cs_caclient *client)
{
    return cs_frame_deadline(client->timeout * 1000 + GRACE_MS);
}

/* Until it is an answer: what the program wants signed is signed. */
static cs_rc read_answer(struct cs_caclient *client, struct cs_caanswer *ret_answer,
                         struct cs_err *err)
{
    int64_t deadline = deadline_of(client);

    for (unsigned signs = 0;; signs++) {
        cs_auto_value(cs_caanswer) answer = {0};
        cs_auto_value(cs_bytes) frame = {0};

        CS_TRY(wait_for_answer(client, deadline, err));
        CS_TRY(cs_frame_read(cs_child_socket(client->child), CS_CAWIRE_ANSWER_MAX, deadline, &frame,
                             err));
        CS_TRY(cs_caanswer_parse(frame.data, frame.len, &answer, err));
        if (answer.kind != CS_CAANSWER_SIGN) {
            *ret_answer = answer;
            answer = (struct cs_caanswer){0};
            return CS_OK;
        }
        if (signs == CS_CAWIRE_SIGNS_MAX) {
            return cs_fail(err, CS_E_INPUT, "it wants more than %d signatures for one question",
                           CS_CAWIRE_SIGNS_MAX);
        }
        CS_TRY(answer_sign(client, &answer, &deadline, err));
    }
}

/* *ret_delivered also on failure: the program had the whole question. */
static cs_rc converse(struct cs_caclient *client, const char *text,
                      const struct cs_secret *password, struct cs_caanswer *ret_answer,
                      bool *ret_delivered, struct cs_err *err)
{
    int fd = cs_child_socket(client->child);
    int64_t deadline = deadline_of(client);

    CS_TRY(cs_frame_write(fd, text, strlen(text), deadline, err));
    *ret_delivered = true;
    if (password) {
        CS_TRY(cs_frame_write_secret(fd, password, deadline, err));
    }
    return read_answer(client, ret_answer, err);
}

const char *cs_cacall_program(const struct cs_caclient *client)
{
    const char *slash = strrchr(client->program, '/');

    return slash ? slash + 1 : client->program;
}

static void end_child(struct cs_caclient *client)
{
    cs_child_free(client->child);
    client->child = NULL;
}

/* What it said cannot be used, or it did not say anything: it is ended, and the next question goes
 * to a new one. */
static cs_rc give_up(struct cs_caclient *client, const struct cs_cacall *call,
                     const struct cs_err *why, struct cs_err *err)
{
    const char *program = cs_cacall_program(client);

    if (why->code == CS_E_CANCELLED) {
        end_child(client);
        return cs_fail(err, CS_E_CANCELLED, "%s", why->message);
    }
    if (why->code == CS_E_INPUT) {
        end_child(client);
        return cs_fail_hint(err, CS_E_CA_UNREACHABLE,
                            "nothing of it was used; tell who provides that program",
                            "%s gave an answer for %s that cannot be used: %s", program,
                            client->name, why->message);
    }
    cs_autofree char *end = cs_child_end_text(client->child);
    end_child(client);
    return cs_fail_hint(err, CS_E_CA_UNREACHABLE,
                        "try again; if it stays so, `cscert ca probe` tells how far it gets",
                        "%s %s while %s was asked (%s): %s", program, end, client->name, call->op,
                        why->message);
}

static cs_rc ask_address(struct cs_caclient *client, const struct cs_cacall *call,
                         const char *address, struct cs_caanswer *ret_answer, struct cs_err *err)
{
    const struct cs_secret *password = NULL;
    struct cs_err why = {0};
    bool delivered = false;

    CS_TRY(password_of(client, call, &password, err));
    cs_autofree char *text = question_text(client, call, address, password != NULL);
    client->sign_err = (struct cs_err){0};
    client->may_have_it = false;
    bool fresh = !client->child;
    if (fresh) {
        CS_TRY(cs_child_start(client->program, NULL, 0, &client->child, err));
    }
    cs_rc rc = converse(client, text, password, ret_answer, &delivered, &why);
    if (rc != CS_OK && !fresh && !delivered) {
        /* It has ended behind its last answer, as one does that had to wait for too long. */
        end_child(client);
        CS_TRY(cs_child_start(client->program, NULL, 0, &client->child, err));
        rc = converse(client, text, password, ret_answer, &delivered, &why);
    }
    if (rc != CS_OK) {
        client->may_have_it = delivered;
        return give_up(client, call, &why, err);
    }
    client->may_have_it = ret_answer->kind == CS_CAANSWER_ERROR && ret_answer->may_have_it;
    return CS_OK;
}

/* The error in an answer, or that the token did not sign for it. */
static cs_rc take_error(const struct cs_caclient *client, const struct cs_caanswer *answer,
                        struct cs_err *err)
{
    const struct cs_err *why = client->sign_err.code != CS_OK ? &client->sign_err : &answer->error;

    if (err) {
        *err = *why;
        cs_err_hint(err, "ask the CA's administrator; `cscert ca probe` tells how far one gets");
    }
    return why->code;
}

cs_rc cs_cacall_at(struct cs_caclient *client, const struct cs_cacall *call, const char *address,
                   struct cs_caanswer *ret_answer, struct cs_err *err)
{
    CS_TRY(ask_address(client, call, address, ret_answer, err));
    if (ret_answer->kind == CS_CAANSWER_ERROR) {
        return take_error(client, ret_answer, err);
    }
    return CS_OK;
}

static cs_rc fail_all(const struct cs_caclient *client, const struct cs_err *last,
                      struct cs_err *err)
{
    if (err) {
        *err = *last;
        cs_err_set(err, last->code, "none of the %zu addresses of %s can be reached; the last: %s",
                   client->addresses.count, client->name, last->message);
        cs_err_cause(err, last->origin, last->cause, last->cause_name, last->operation);
        cs_err_hint(err, "%s", last->hint);
    }
    return last->code;
}

cs_rc cs_cacall(struct cs_caclient *client, const struct cs_cacall *call,
                struct cs_caanswer *ret_answer, struct cs_err *err)
{
    size_t count = client->addresses.count;
    struct cs_err last = {0};

    for (size_t i = 0; i < count; i++) {
        size_t at = (client->first + i) % count;
        cs_caanswer_done(ret_answer);
        last = (struct cs_err){0};
        cs_rc rc = cs_cacall_at(client, call, client->addresses.items[at], ret_answer, &last);
        if (rc == CS_OK) {
            client->first = at;
            return CS_OK;
        }
        bool again = strcmp(call->op, "submit") != 0 || !client->may_have_it;
        if (rc != CS_E_CA_UNREACHABLE || !again || count == 1) {
            if (err) {
                *err = last;
            }
            return rc;
        }
    }
    return fail_all(client, &last, err);
}

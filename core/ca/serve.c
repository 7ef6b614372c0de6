#include "ca/serve.h"

#include "base/mem.h"
#include "ca/hresult.h"
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct server {
    const struct cs_ca_served *served;
    int fd;
    char *confined; /* what cs_confine_enter() says; NULL: not yet */
};

/* ---- what may be read ---- */

/* Of the forms FILE:/path, DIR:/path and /path; others are no files. */
static void add_file(struct cs_strv *files, const char *name)
{
    static const char *const kinds[] = {"FILE:", "DIR:", ""};

    for (size_t i = 0; name && i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i]);
        if (strncmp(name, kinds[i], len) == 0 && name[len] == '/') {
            cs_strv_add(files, name + len);
            return;
        }
    }
}

void cs_ca_confine_what(const struct cs_caserve_call *call, struct cs_strv *files,
                        struct cs_confine *ret_what)
{
    /* Who has a keytab looks for no ticket that is there already. */
    const char *ccache = call->keytab ? NULL : call->ccache;

    *ret_what = (struct cs_confine){
        .files = files,
        .local_sockets = ccache && strncmp(ccache, "KCM:", 4) == 0,
        .keyrings = ccache && strncmp(ccache, "KEYRING:", 8) == 0,
    };
    add_file(files, ccache);
    add_file(files, call->keytab);
    add_file(files, call->anchors);
    if (call->krb5_config) {
        /* Several are separated by colons: krb5.conf(5). */
        cs_strv_split(files, call->krb5_config, ':');
    }
    if (!ccache && !call->keytab) {
        /* Where MIT Kerberos keeps tickets if nobody says where. */
        cs_strv_take(files, cs_asprintf("/tmp/krb5cc_%u", (unsigned)geteuid()));
    }
}

static cs_rc confine(struct server *server, const struct cs_caserve_call *call, struct cs_err *err)
{
    cs_auto_value(cs_strv) files = {0};
    struct cs_confine what;

    if (server->confined) {
        return CS_OK;
    }
    cs_ca_confine_what(call, &files, &what);
    return cs_confine_enter(&what, &server->confined, err);
}

/* ---- the question ---- */

static cs_rc find_auth(const char *word, enum cs_ca_auth *ret_auth, struct cs_err *err)
{
    static const char *const words[] = {
        [CS_CA_AUTH_KERBEROS] = "kerberos",
        [CS_CA_AUTH_NTLM] = "ntlm",
        [CS_CA_AUTH_PASSWORD] = "password",
        [CS_CA_AUTH_CERTIFICATE] = "certificate",
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word ? word : words[0], words[i]) == 0) {
            *ret_auth = (enum cs_ca_auth)i;
            return CS_OK;
        }
    }
    return cs_fail(err, CS_E_CONFIG, "auth \"%.40s\" is not known", word);
}

struct signer {
    struct cs_ca_signer base; /* first */
    int fd;
};

static cs_rc sign(struct cs_ca_signer *base, const char *scheme, const struct cs_bytes *data,
                  struct cs_bytes *ret_signature, struct cs_err *err)
{
    return cs_caserve_sign(((struct signer *)base)->fd, scheme, data, ret_signature, err);
}

struct watch {
    struct cs_ca_watch base; /* first */
    int fd;
    int64_t until_ms; /* of the question, CLOCK_MONOTONIC */
    unsigned timeout;
    const struct cs_caserve_reply *reply;
};

/* At least a second later than what has a limit of its own, for that knows better what is wrong. */
static void watch_begin(struct cs_ca_watch *base, const char *what)
{
    const struct watch *watch = (struct watch *)base;
    int64_t left_ms = watch->until_ms - cs_frame_deadline(0);
    struct cs_err late = {0};

    if (what) {
        cs_err_set(&late, CS_E_CA_UNREACHABLE, "%s: no answer within %u seconds", what,
                   watch->timeout);
        cs_err_hint(&late,
                    "see whether it runs and this machine reaches it (a firewall may swallow "
                    "what is sent), or raise `timeout` in the ca section");
    }
    cs_caserve_limit(watch->fd, left_ms > 0 ? (unsigned)(left_ms / 1000) + 2 : 1, watch->reply,
                     &late);
}

static void watch_end(struct cs_ca_watch *base)
{
    (void)base;
    cs_caserve_limit_end();
}

/* A target and what it borrows of. */
struct wanted {
    struct cs_ca_target target;
    struct cs_ca_question question;
    struct signer signer;
    struct watch watch;
    char *host;
};

static void wanted_done(struct wanted *wanted)
{
    free(wanted->host);
}

static cs_rc make_wanted(const struct server *server, const struct cs_caserve_call *call,
                         const struct cs_caserve_reply *reply, struct wanted *wanted,
                         struct cs_err *err)
{
    const char *slash = call->address ? strchr(call->address, '\\') : NULL;

    wanted->host = slash ? cs_strndup(call->address, (size_t)(slash - call->address)) : NULL;
    wanted->signer = (struct signer){.base = {sign}, .fd = server->fd};
    wanted->watch = (struct watch){
        .base = {watch_begin, watch_end},
        .fd = server->fd,
        .until_ms = cs_frame_deadline(call->timeout * 1000),
        .timeout = call->timeout,
        .reply = reply,
    };
    wanted->question = (struct cs_ca_question){
        .csr = call->csr.len ? &call->csr : NULL,
        .template_name = call->template_name,
        .request_id = call->request_id,
        .handle = call->handle,
    };
    wanted->target = (struct cs_ca_target){
        .address = call->address,
        .host = wanted->host,
        .authority = slash ? slash + 1 : NULL,
        .account = call->account,
        .password = call->password,
        .realm = call->realm,
        .ccache = call->ccache,
        .keytab = call->keytab,
        .anchors = call->anchors,
        .global_catalog = call->global_catalog,
        .global_settings_dc = call->global_settings_dc,
        .client_chain = call->client_chain.len ? &call->client_chain : NULL,
        .signer = call->client_chain.len ? &wanted->signer.base : NULL,
        .watch = &wanted->watch.base,
        .until_ms = wanted->watch.until_ms,
    };
    return find_auth(call->auth, &wanted->target.auth, err);
}

static cs_rc find_protocol(const struct server *server, const struct cs_caserve_call *call,
                           const struct cs_ca_protocol **ret_protocol, struct cs_err *err)
{
    *ret_protocol = call->type ? server->served->find(call->type) : NULL;
    if (!*ret_protocol) {
        return cs_fail_hint(err, CS_E_CONFIG, "check type in the ca section",
                            "this cscert-ca does not speak \"%.40s\"",
                            call->type ? call->type : "");
    }
    return CS_OK;
}

/* ---- the answer ---- */

/* Who knows the number only gets its name, what it means and what to do. */
static void explain_answer(struct cs_ca_answer *answer)
{
    uint32_t code = (uint32_t)answer->code;

    if (!code || !cs_hresult_sentence(code)) {
        return;
    }
    if (!answer->code_name) {
        answer->code_name = cs_strdup(cs_hresult_name(code));
    }
    if (!answer->message) {
        answer->message = cs_strdup(cs_hresult_sentence(code));
    }
    if (!answer->hint) {
        answer->hint = cs_strdup(cs_hresult_hint(code));
    }
}

static void explain_error(struct cs_err *err)
{
    if (err->origin != CS_ORIGIN_HRESULT || !cs_hresult_sentence((uint32_t)err->cause)) {
        return;
    }
    if (!err->cause_name[0]) {
        cs_autofree char *operation = cs_strdup(err->operation);
        cs_err_cause(err, CS_ORIGIN_HRESULT, err->cause, cs_hresult_name((uint32_t)err->cause),
                     operation);
    }
    cs_err_hint(err, "%s", cs_hresult_hint((uint32_t)err->cause));
}

static cs_rc submit(const struct cs_ca_protocol *protocol, const struct wanted *wanted,
                    struct cs_caserve_reply *reply, struct cs_err *err)
{
    if (!wanted->question.csr) {
        return cs_fail(err, CS_E_INTERNAL, "there is no request to submit");
    }
    reply->has_answer = true;
    return protocol->submit(&wanted->target, &wanted->question, &reply->answer, &reply->sent, err);
}

static cs_rc check(const struct cs_ca_protocol *protocol, const struct wanted *wanted,
                   struct cs_caserve_reply *reply, struct cs_err *err)
{
    if (!protocol->check) {
        reply->unsupported = true;
        return CS_OK;
    }
    return protocol->check(&wanted->target, &wanted->question, err);
}

static cs_rc list(const struct server *server, const struct wanted *wanted,
                  struct cs_caserve_reply *reply, struct cs_err *err)
{
    if (!server->served->list) {
        reply->unsupported = true;
        return CS_OK;
    }
    return server->served->list(&wanted->target, &reply->entries, err);
}

static bool is_known(const char *op)
{
    static const char *const ops[] = {"submit", "poll", "check", "probe", "list"};

    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (strcmp(op, ops[i]) == 0) {
            return true;
        }
    }
    return false;
}

static cs_rc do_op(const struct server *server, const struct cs_caserve_call *call,
                   struct cs_caserve_reply *reply, struct cs_err *err)
{
    __attribute__((cleanup(wanted_done))) struct wanted wanted = {.host = NULL};
    const struct cs_ca_protocol *protocol = NULL;

    CS_TRY(make_wanted(server, call, reply, &wanted, err));
    if (strcmp(call->op, "list") == 0) {
        return list(server, &wanted, reply, err);
    }
    CS_TRY(find_protocol(server, call, &protocol, err));
    if (strcmp(call->op, "submit") == 0) {
        return submit(protocol, &wanted, reply, err);
    }
    if (strcmp(call->op, "check") == 0) {
        return check(protocol, &wanted, reply, err);
    }
    if (strcmp(call->op, "probe") == 0) {
        cs_ca_finding_add(&reply->findings, true, "confinement", "%s", server->confined);
        return protocol->probe(&wanted.target, &reply->findings, err);
    }
    reply->has_answer = true;
    return protocol->poll(&wanted.target, &wanted.question, &reply->answer, err);
}

static cs_rc answer(void *ctx, const struct cs_caserve_call *call, struct cs_caserve_reply *reply,
                    struct cs_err *err)
{
    struct server *server = ctx;

    CS_TRY(confine(server, call, err));
    if (!is_known(call->op)) {
        reply->unsupported = true;
        return CS_OK;
    }
    /* The library knows no other way to be told. */
    if (call->krb5_config && setenv("KRB5_CONFIG", call->krb5_config, 1) != 0) {
        return cs_fail(err, CS_E_INTERNAL, "KRB5_CONFIG cannot be set");
    }
    cs_rc rc = do_op(server, call, reply, err);
    if (rc == CS_OK) {
        explain_answer(&reply->answer);
    } else {
        explain_error(err);
    }
    return rc;
}

int cs_ca_serve(int fd, const struct cs_ca_served *served)
{
    struct server server = {.served = served, .fd = fd};

    int code = cs_caserve_run(fd, answer, &server);
    free(server.confined);
    return code;
}

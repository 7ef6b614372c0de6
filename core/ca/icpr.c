/* AD CS by RPC (MS-ICPR over TCP): what -CA "host\caname" means, and what Windows itself does. */
#include "base/mem.h"
#include "ca/adlist.h"
#include "ca/hresult.h"
#include "ca/icprmsg.h"
#include "ca/logon.h"
#include "ca/protocol.h"
#include "net/epm.h"
#include "net/ntlm.h"
#include "net/rpc.h"
#include "net/rpcsec.h"
#include "net/tcp.h"

#include <stdlib.h>
#include <string.h>

/* ICertPassage, 91ae6020-9e3c-11cf-8d7c-00aa00c091be v0.0 (MS-ICPR section 1.9), and its call. */
static const struct cs_rpc_syntax icertpassage = {
    {0x20, 0x60, 0xae, 0x91, 0x3c, 0x9e, 0xcf, 0x11, 0x8d, 0x7c, 0x00, 0xaa, 0x00, 0xc0, 0x91,
     0xbe},
    0,
    0,
};
#define OPNUM_CERT_SERVER_REQUEST 0

/* A number that no CA has given yet, for a question that changes nothing. */
#define PROBE_ID 0x7fffffffU

/* The way to a CA, step by step; each step borrows from those above it. */
struct session {
    const struct cs_ca_target *target;
    struct cs_tcp *mapper;
    uint16_t port;
    struct cs_tcp *tcp;
    struct cs_krb5 *krb5;
    struct cs_rpc_security *security;
    struct cs_rpc *rpc;
};

static void session_done(struct session *session)
{
    cs_rpc_free(session->rpc);
    cs_rpc_security_free(session->security);
    cs_krb5_close(session->krb5);
    cs_tcp_close(session->tcp);
    cs_tcp_close(session->mapper);
}

#define auto_session __attribute__((cleanup(session_done))) struct session

/* ---- the steps ---- */

/* What to do where a port is closed; what the inner function knew better is kept. */
static cs_rc hint_ports(cs_rc rc, const char *host, struct cs_err *err)
{
    if (rc != CS_OK) {
        cs_err_hint(err,
                    "from this machine to the CA's computer TCP 135 and the dynamic ports "
                    "49152-65535 must be open, there and in every firewall between; or use the "
                    "CA's web services if it has them: -CA https://%.200s/certsrv",
                    host);
    }
    return rc;
}

static cs_rc ask_mapper(struct session *session, struct cs_err *err)
{
    const char *host = session->target->host;
    int64_t until = session->target->until_ms;
    cs_auto_value(cs_tcp_peer) peer = {0};

    cs_ca_watch_begin(session->target, "DNS, asked for %.255s", host);
    cs_rc rc = cs_tcp_resolve(host, CS_EPM_PORT, &peer, err);
    cs_ca_watch_end(session->target);
    CS_TRY(rc);
    CS_TRY(hint_ports(cs_tcp_connect(&peer, until, &session->mapper, err), host, err));
    return hint_ports(cs_epm_map(session->mapper, &icertpassage, until, &session->port, err), host,
                      err);
}

static cs_rc connect_ca(struct session *session, struct cs_err *err)
{
    return hint_ports(cs_tcp_connect_beside(session->mapper, session->port,
                                            session->target->until_ms, &session->tcp, err),
                      session->target->host, err);
}

static cs_rc get_ntlm(struct session *session, struct cs_err *err)
{
    const struct cs_ca_target *target = session->target;

    if (!target->account || !target->password) {
        return cs_fail_hint(err, CS_E_CONFIG,
                            "give --ca-account and --ca-password-source, or use "
                            "Kerberos, which takes tickets and keytabs too",
                            "NTLM needs an account and its password");
    }
    return cs_rpc_security_ntlm(target->account, target->password, target->host, &session->security,
                                err);
}

static cs_rc get_credentials(struct session *session, struct cs_err *err)
{
    const struct cs_ca_target *target = session->target;

    if (target->auth == CS_CA_AUTH_NTLM) {
        return get_ntlm(session, err);
    }
    return cs_ca_logon(target, target->host, &session->krb5, err);
}

static cs_rc authenticate(struct session *session, struct cs_err *err)
{
    if (session->krb5) {
        cs_ca_watch_ticket(session->target, cs_krb5_client(session->krb5));
        cs_rc rc =
            cs_rpc_security_kerberos(session->krb5, session->target->host, &session->security, err);
        cs_ca_watch_end(session->target);
        CS_TRY(rc);
    }
    return cs_rpc_bind(session->tcp, &icertpassage, session->security, session->target->until_ms,
                       &session->rpc, err);
}

static cs_rc check_target(const struct cs_ca_target *target, struct cs_err *err)
{
    if (!target->host || !*target->host || !target->authority || !*target->authority) {
        return cs_fail_hint(err, CS_E_USAGE, "name it as host\\caname: ca01.litwareinc.test\\myca",
                            "\"%.200s\" does not name a CA and its computer",
                            target->address ? target->address : "");
    }
    if (target->auth != CS_CA_AUTH_KERBEROS && target->auth != CS_CA_AUTH_NTLM) {
        return cs_fail(err, CS_E_CONFIG,
                       "%.200s: a CA that is asked by RPC takes Kerberos or NTLM only",
                       target->address ? target->address : target->host);
    }
    return CS_OK;
}

/* ---- a question ---- */

static char *ca_name(const struct cs_ca_target *target)
{
    return cs_asprintf("%.255s\\%.100s", target->host, target->authority);
}

/* *ret_open as cs_rpc_call() and cs_icpr_judge() have it. */
static cs_rc ask(struct session *session, const struct cs_icpr_question *question,
                 struct cs_ca_answer *ret_answer, bool *ret_open, struct cs_err *err)
{
    cs_autofree char *ca = ca_name(session->target);
    cs_auto_value(cs_bytes) stub = {0};
    cs_auto_value(cs_bytes) answer = {0};
    struct cs_icpr_reply reply;

    CS_TRY(cs_icpr_put(question, &stub, err));
    CS_TRY(cs_rpc_call(session->rpc, OPNUM_CERT_SERVER_REQUEST, &stub, session->target->until_ms,
                       ret_open, &answer, err));
    CS_TRY(cs_icpr_read(&answer, &reply, err));
    return cs_icpr_judge(question, &reply, ca, ret_answer, ret_open, err);
}

/* All steps, as far as they go. What is wrong with the question is said before anything is sent. */
static cs_rc ask_ca(const struct cs_ca_target *target, const struct cs_icpr_question *question,
                    struct cs_ca_answer *ret_answer, bool *ret_open, struct cs_err *err)
{
    auto_session session = {.target = target};
    cs_auto_value(cs_bytes) stub = {0};

    *ret_open = false;
    CS_TRY(check_target(target, err));
    CS_TRY(cs_icpr_put(question, &stub, err));
    CS_TRY(ask_mapper(&session, err));
    CS_TRY(connect_ca(&session, err));
    CS_TRY(get_credentials(&session, err));
    CS_TRY(authenticate(&session, err));
    return ask(&session, question, ret_answer, ret_open, err);
}

static cs_rc icpr_submit(const struct cs_ca_target *target, const struct cs_ca_question *question,
                         struct cs_ca_answer *ret_answer, bool *ret_sent, struct cs_err *err)
{
    const struct cs_icpr_question icpr = {
        .authority = target->authority,
        .csr = question->csr,
        .template_name = question->template_name,
    };

    return ask_ca(target, &icpr, ret_answer, ret_sent, err);
}

static cs_rc icpr_poll(const struct cs_ca_target *target, const struct cs_ca_question *question,
                       struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    struct cs_icpr_question icpr = {.authority = target->authority};
    bool open = false;

    CS_TRY(cs_icpr_parse_id(question->request_id, &icpr.request_id, err));
    return ask_ca(target, &icpr, ret_answer, &open, err);
}

/* ---- probe ---- */

static char *say_mapper(const struct session *session)
{
    return cs_asprintf("%s: the CA listens on TCP port %u", cs_tcp_name(session->mapper),
                       session->port);
}

static char *say_connection(const struct session *session)
{
    return cs_asprintf("%s answers", cs_tcp_name(session->tcp));
}

static char *say_credentials(const struct session *session)
{
    const struct cs_ca_target *target = session->target;

    if (!session->krb5) {
        return cs_asprintf("NTLM: %s with its password", target->account);
    }
    return cs_ca_logon_text(session->krb5);
}

static char *say_authentication(const struct session *session)
{
    return cs_asprintf("%s, every message encrypted",
                       session->krb5 ? "Kerberos in SPNEGO, both sides proved who they are"
                                     : "NTLM (it is verified with the first call)");
}

/* A question about a request that is not there needs the CA's right name and the right to ask. */
static cs_rc ask_nothing(struct session *session, struct cs_err *err)
{
    const struct cs_icpr_question question = {
        .authority = session->target->authority,
        .request_id = PROBE_ID,
    };
    cs_auto_value(cs_ca_answer) answer = {0};
    struct cs_err why = {0};
    bool open = false;

    cs_rc rc = ask(session, &question, &answer, &open, &why);
    if (rc == CS_OK || (why.origin == CS_ORIGIN_HRESULT && why.cause == CS_HRESULT_UNKNOWN)) {
        return CS_OK;
    }
    if (err) {
        *err = why;
    }
    return rc;
}

static char *say_nothing(const struct session *session)
{
    cs_autofree char *ca = ca_name(session->target);

    return cs_asprintf("%s answers this account", ca);
}

static const struct {
    const char *name;
    cs_rc (*act)(struct session *session, struct cs_err *err);
    char *(*say)(const struct session *session);
} steps[] = {
    {"endpoint mapper", ask_mapper, say_mapper},
    {"connection", connect_ca, say_connection},
    {"credentials", get_credentials, say_credentials},
    {"authentication", authenticate, say_authentication},
    {"certification authority", ask_nothing, say_nothing},
};

#define STEPS (sizeof steps / sizeof *steps)

static cs_rc icpr_probe(const struct cs_ca_target *target, struct cs_ca_finding_list *ret_findings,
                        struct cs_err *err)
{
    auto_session session = {.target = target};

    CS_TRY(check_target(target, err));
    for (size_t i = 0; i < STEPS; i++) {
        struct cs_err why = {0};
        cs_rc rc = steps[i].act(&session, &why);
        cs_autofree char *detail = rc == CS_OK ? steps[i].say(&session) : cs_strdup(why.message);
        cs_ca_finding_add(ret_findings, rc == CS_OK, steps[i].name, "%s", detail);
        if (rc != CS_OK) {
            if (err) {
                *err = why;
            }
            return rc;
        }
    }
    return CS_OK;
}

/* ---- check ---- */

/* Any number that the CA itself answers with shows that it can be asked: whether it would take a
 * request it does not tell. Of its templates the directory does. */
static cs_rc icpr_check(const struct cs_ca_target *target, const struct cs_ca_question *question,
                        struct cs_err *err)
{
    auto_session session = {.target = target};
    struct cs_err why = {0};

    CS_TRY(check_target(target, err));
    for (size_t i = 0; i < STEPS; i++) {
        cs_rc rc = steps[i].act(&session, &why);
        if (rc != CS_OK && (rc != CS_E_CA_REFUSED || why.origin != CS_ORIGIN_HRESULT)) {
            if (err) {
                *err = why;
            }
            return rc;
        }
    }
    return cs_adlist_check(target, session.krb5, question->template_name, err);
}

const struct cs_ca_protocol cs_ca_rpc = {
    .name = "rpc",
    .submit = icpr_submit,
    .poll = icpr_poll,
    .probe = icpr_probe,
    .check = icpr_check,
};

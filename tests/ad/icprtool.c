/* Asks a CA by core/ca/icpr.c alone and prints what came of it, a line each: for icpr.sh.
 *   icprtool submit|poll|probe HOST CA [NAME=VALUE...]
 * NAMEs: csr template id account password-file realm ccache keytab auth timeout out */
#include "base/file.h"
#include "base/strv.h"
#include "ca/protocol.h"
#include "net/tcp.h"
#include "support/ntlm_leak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of @name among the arguments; NULL if it is not there. */
static const char *value_of(char **args, const char *name)
{
    size_t len = strlen(name);

    for (; *args; args++) {
        if (strncmp(*args, name, len) == 0 && (*args)[len] == '=') {
            return *args + len + 1;
        }
    }
    return NULL;
}

static void print_text(const char *name, const char *text)
{
    cs_autofree char *shown = cs_terminal_escape(text ? text : "");

    printf("%s=%s\n", name, shown);
}

static void write_out(const char *prefix, const char *suffix, const struct cs_bytes *octets)
{
    char path[4096];
    struct cs_err err = {0};

    snprintf(path, sizeof path, "%s.%s", prefix, suffix);
    if (cs_file_write(path, octets->data, octets->len, 0644, true, &err) != CS_OK) {
        print_text("output", err.message);
    }
}

static void print_answer(const struct cs_ca_answer *answer, const char *prefix)
{
    static const char *const dispositions[] = {"issued", "pending", "denied", "revoked"};

    print_text("disposition", dispositions[answer->disposition]);
    print_text("id", answer->request_id);
    print_text("answer", answer->message);
    printf("code=0x%08llx\n", (unsigned long long)answer->code);
    print_text("code_name", answer->code_name);
    printf("certificate=%zu\nchain=%zu\n", answer->certificate.len, answer->chain.len);
    if (prefix) {
        write_out(prefix, "cer", &answer->certificate);
        write_out(prefix, "chain", &answer->chain);
    }
}

static void print_error(cs_rc rc, const struct cs_err *err)
{
    char cause[CS_ERR_CAUSE_SIZE];

    print_text("rc", cs_rc_name(rc));
    if (rc != CS_OK) {
        print_text("message", err->message);
        print_text("cause", cs_err_cause_text(err, cause));
        print_text("hint", err->hint);
    }
}

static cs_rc fill_target(char **args, struct cs_ca_target *target, struct cs_secret **secret,
                         struct cs_err *err)
{
    const char *timeout = value_of(args, "timeout");
    const char *auth = value_of(args, "auth");
    const char *password = value_of(args, "password-file");

    target->account = value_of(args, "account");
    target->realm = value_of(args, "realm");
    target->ccache = value_of(args, "ccache");
    target->keytab = value_of(args, "keytab");
    target->until_ms = cs_tcp_deadline(timeout ? (unsigned)strtoul(timeout, NULL, 10) : 20);
    target->auth = auth && strcmp(auth, "ntlm") == 0 ? CS_CA_AUTH_NTLM : CS_CA_AUTH_KERBEROS;
    if (password) {
        CS_TRY(cs_secret_read_file(password, secret, err));
        target->password = *secret;
    }
    return CS_OK;
}

static cs_rc probe(const struct cs_ca_target *target, struct cs_err *err)
{
    cs_auto_value(cs_ca_finding_list) findings = {0};

    cs_rc rc = cs_ca_rpc.probe(target, &findings, err);
    for (size_t i = 0; i < findings.count; i++) {
        printf("%s %s: ", findings.items[i].ok ? "ok" : "no", findings.items[i].step);
        print_text("detail", findings.items[i].detail);
    }
    return rc;
}

static cs_rc ask(const char *verb, char **args, const struct cs_ca_target *target,
                 struct cs_err *err)
{
    cs_auto_value(cs_bytes) csr = {0};
    cs_auto_value(cs_ca_answer) answer = {0};
    const char *file = value_of(args, "csr");
    const struct cs_ca_question question = {
        .csr = file ? &csr : NULL,
        .template_name = value_of(args, "template"),
        .request_id = value_of(args, "id"),
    };
    bool sent = false;

    if (file) {
        CS_TRY(cs_file_read(file, 1 << 20, &csr, err));
    }
    cs_rc rc = strcmp(verb, "poll") == 0 ? cs_ca_rpc.poll(target, &question, &answer, err)
                                         : cs_ca_rpc.submit(target, &question, &answer, &sent, err);
    printf("sent=%s\n", sent ? "yes" : "no");
    if (rc == CS_OK) {
        print_answer(&answer, value_of(args, "out"));
    }
    return rc;
}

int main(int argc, char **argv)
{
    struct cs_err err = {0};
    cs_auto(cs_secret) secret = NULL;

    if (argc < 4) {
        fprintf(stderr, "usage: icprtool submit|poll|probe HOST CA [NAME=VALUE...]\n");
        return 2;
    }
    struct cs_ca_target target = {.address = argv[2], .host = argv[2], .authority = argv[3]};
    cs_rc rc = cs_secret_setup(&err);
    if (rc == CS_OK) {
        rc = fill_target(argv + 4, &target, &secret, &err);
    }
    if (rc == CS_OK) {
        rc = strcmp(argv[1], "probe") == 0 ? probe(&target, &err)
                                           : ask(argv[1], argv + 4, &target, &err);
    }
    print_error(rc, &err);
    return (int)rc;
}

#include "wire/caclient.h"

#include "base/mem.h"
#include "wire/cacall.h"

#include <stdlib.h>
#include <string.h>

/* ---- the port ---- */

static cs_rc expect_ca(struct cs_caclient *client, struct cs_caanswer *answer,
                       struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    if (answer->kind == CS_CAANSWER_OK) {
        client->may_have_it = true; /* it did something, and does not say what */
        return cs_fail_hint(
            err, CS_E_CA_UNREACHABLE, "nothing of it was used; tell who provides that program",
            "%s gave an answer for %s that cannot be used: \"ok\" does not say what "
            "became of the request",
            cs_cacall_program(client), client->name);
    }
    if (answer->kind != CS_CAANSWER_CA) {
        return cs_fail_hint(err, CS_E_CONFIG, "check type and program of the ca section",
                            "%s does not do what was asked of it for %s (type %s)",
                            cs_cacall_program(client), client->name, client->type);
    }
    *ret_answer = answer->answer;
    answer->answer = (struct cs_ca_answer){0};
    return CS_OK;
}

static cs_rc client_submit(struct cs_ca *ca, const struct cs_ca_submission *submission,
                           struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    struct cs_caclient *client = (struct cs_caclient *)ca;
    const struct cs_cacall call = {.op = "submit", .submission = submission};
    cs_auto_value(cs_caanswer) answer = {0};

    client->may_have_it = false;
    CS_TRY(cs_cacall(client, &call, &answer, err));
    return expect_ca(client, &answer, ret_answer, err);
}

/* Numbers are small and near each other: what became of somebody else's request must not become
 * ours. */
static cs_rc check_number(const struct cs_caclient *client, const char *request_id,
                          const struct cs_ca_answer *answer, struct cs_err *err)
{
    if (!request_id || !answer->request_id || strcmp(request_id, answer->request_id) == 0) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_CA_UNREACHABLE,
                        "nothing of it was used; ask the CA's administrator",
                        "%s was asked about request %.40s and answers about %.40s", client->name,
                        request_id, answer->request_id);
}

static cs_rc client_poll(struct cs_ca *ca, const char *request_id, const char *handle,
                         const struct cs_ca_submission *submission, struct cs_ca_answer *ret_answer,
                         struct cs_err *err)
{
    struct cs_caclient *client = (struct cs_caclient *)ca;
    struct cs_ca_submission without_csr = *submission;
    const struct cs_cacall call = {
        .op = "poll", .submission = &without_csr, .request_id = request_id, .handle = handle};
    cs_auto_value(cs_caanswer) answer = {0};

    without_csr.csr = NULL;
    CS_TRY(cs_cacall(client, &call, &answer, err));
    CS_TRY(check_number(client, request_id, &answer.answer, err));
    return expect_ca(client, &answer, ret_answer, err);
}

/* A program that knows no `check` is asked when there is a request. */
static cs_rc client_check(struct cs_ca *ca, const struct cs_ca_submission *submission,
                          struct cs_err *err)
{
    struct cs_caclient *client = (struct cs_caclient *)ca;
    const struct cs_cacall call = {.op = "check", .submission = submission};
    cs_auto_value(cs_caanswer) answer = {0};

    return cs_cacall(client, &call, &answer, err);
}

static bool client_may_have_it(const struct cs_ca *ca)
{
    return ((const struct cs_caclient *)ca)->may_have_it;
}

/* The program stays for the next question. */
static void client_close(struct cs_ca *ca)
{
    (void)ca;
}

static const struct cs_ca_ops ops = {
    .submit = client_submit,
    .poll = client_poll,
    .close = client_close,
    .check = client_check,
    .may_have_it = client_may_have_it,
};

struct cs_ca *cs_caclient_ca(struct cs_caclient *client)
{
    return &client->port;
}

/* ---- beside the port ---- */

/* Each address for itself; the first failure is what the run ends with. */
cs_rc cs_caclient_probe(struct cs_caclient *client, const struct cs_ca_submission *submission,
                        struct cs_ca_finding_list *ret_findings, struct cs_err *err)
{
    const struct cs_cacall call = {.op = "probe", .submission = submission};
    struct cs_err first = {0};

    for (size_t i = 0; i < client->addresses.count; i++) {
        const char *address = client->addresses.items[i];
        cs_auto_value(cs_caanswer) answer = {0};
        struct cs_err own = {0};
        cs_rc rc = cs_cacall_at(client, &call, address, &answer, &own);
        cs_ca_finding_add(ret_findings, rc == CS_OK, "address", "%s", address);
        for (size_t j = 0; j < answer.findings.count; j++) {
            const struct cs_ca_finding *finding = &answer.findings.items[j];
            cs_ca_finding_add(ret_findings, finding->ok, finding->step, "%s", finding->detail);
        }
        if (answer.kind == CS_CAANSWER_UNSUPPORTED) {
            cs_ca_finding_add(ret_findings, true, "probe", "%s does not know how",
                              cs_cacall_program(client));
        }
        if (rc != CS_OK && first.code == CS_OK) {
            first = own;
        }
    }
    if (first.code != CS_OK && err) {
        *err = first;
    }
    return first.code;
}

cs_rc cs_caclient_list(struct cs_caclient *client, const struct cs_ca_submission *submission,
                       struct cs_ca_entry_list *ret_entries, struct cs_err *err)
{
    const struct cs_cacall call = {.op = "list", .submission = submission};
    cs_auto_value(cs_caanswer) answer = {0};

    CS_TRY(cs_cacall(client, &call, &answer, err));
    if (answer.kind == CS_CAANSWER_UNSUPPORTED) {
        return cs_fail_hint(err, CS_E_CONFIG, "name the CA with --ca 'host\\caname'",
                            "%s cannot look for CAs in a directory", cs_cacall_program(client));
    }
    *ret_entries = answer.entries;
    answer.entries = (struct cs_ca_entry_list){0};
    return CS_OK;
}

/* ---- its life ---- */

struct cs_caclient *cs_caclient_new(const struct cs_caclient_options *options)
{
    struct cs_caclient *client = cs_alloc(1, sizeof *client);

    *client = (struct cs_caclient){
        .port = {&ops},
        .program = cs_strdup(options->program),
        .name = cs_strdup(options->name),
        .type = cs_strdup(options->type),
        .auth = cs_strdup(options->auth),
        .account = cs_strdup(options->account),
        .realm = cs_strdup(options->realm),
        .ccache = cs_strdup(options->ccache),
        .keytab = cs_strdup(options->keytab),
        .krb5_config = cs_strdup(options->krb5_config),
        .anchors = cs_strdup(options->anchors),
        .password = options->password,
        .helper = options->helper,
        .timeout = options->timeout ? options->timeout : CS_CACLIENT_TIMEOUT,
    };
    cs_strv_copy(&client->addresses, options->addresses);
    if (options->client_chain) {
        client->client_chain =
            cs_bytes_copy(options->client_chain->data, options->client_chain->len);
    }
    return client;
}

void cs_caclient_free(struct cs_caclient *client)
{
    if (!client) {
        return;
    }
    cs_child_free(client->child);
    cs_strv_done(&client->addresses);
    cs_bytes_done(&client->client_chain);
    free(client->program);
    free(client->name);
    free(client->type);
    free(client->auth);
    free(client->account);
    free(client->realm);
    free(client->ccache);
    free(client->keytab);
    free(client->krb5_config);
    free(client->anchors);
    free(client);
}

#include "support/labca_bed.h"

#include "base/mem.h"
#include "x509/cert.h"
#include "x509/csr.h"

#include <stdio.h>

char *folder;
struct cs_store *store;
struct cs_keystore *soft;
struct cs_labca_config config;
char *crl_file;

const struct cs_key_spec p256 = {CS_KEY_EC_P256, 256};
const struct cs_key_spec rsa2048 = {CS_KEY_RSA, 2048};

static cs_rc no_record(void *ctx, int64_t sequence, const char *previous, int64_t time,
                       const struct cs_record *record, char **ret_json, struct cs_err *err)
{
    (void)ctx;
    (void)sequence;
    (void)previous;
    (void)time;
    (void)record;
    (void)err;
    *ret_json = cs_strdup("{}");
    return CS_OK;
}

void set_up(void)
{
    struct cs_err err;

    folder = cs_judge_folder();
    cs_autofree char *path = cs_asprintf("%s/cscert.db", folder);
    assert_ok(cs_store_open(path, 1000, no_record, NULL, &store, &err), &err);
    soft = cs_softkeys_new();
    crl_file = cs_asprintf("%s/lab.crl", folder);
    config = (struct cs_labca_config){
        .crl_url = "http://crl.litwareinc.test/lab.crl",
        .aia_url = "http://crl.litwareinc.test/lab.cer",
        .crl_file = crl_file,
    };
}

void tear_down(void)
{
    ck_assert_int_eq(cs_softkeys_open_count(soft), 0);
    cs_softkeys_free(soft);
    cs_store_close(store);
    cs_judge_remove(folder);
    free(crl_file);
    free(folder);
}

void init_ca(const struct cs_key_spec *spec)
{
    struct cs_err err;

    assert_ok(cs_labca_init(store, soft, "mylab", spec, &err), &err);
}

struct cs_bytes new_csr(const char *name, const struct cs_key_spec *spec, bool client)
{
    struct cs_key_request request = {.spec = *spec, .label = name};
    cs_auto(cs_plan) plan = cs_plan_new();
    struct cs_key *key = NULL;
    struct cs_bytes der = {0};
    struct cs_err err;

    snprintf((char *)request.id, sizeof request.id, "%s", name);
    plan->key_spec = *spec;
    plan->client_eku = client;
    plan->subject.common_name = cs_strdup(name);
    plan->subject.organization = cs_strdup("Litware");
    cs_plan_add_name(plan, name, "subject name", "-ComputerFqdn");
    cs_plan_add_name(plan, "sip.litwareinc.net", "-DomainName", "-DomainName");
    assert_ok(soft->ops->generate(soft, &request, &key, &err), &err);
    assert_ok(cs_csr_build(plan, soft, key, &der, &err), &err);
    soft->ops->key_free(key);
    return der;
}

cs_rc submit(const struct cs_bytes *csr, struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    struct cs_ca_submission submission = {
        .csr = csr, .template_name = "WebServer", .account = "litwareinc\\kenmyer"};
    cs_auto(cs_ca) ca = NULL;

    CS_TRY(cs_labca_open(store, cs_softkeys_source(soft), &config, &ca, err));
    return ca->ops->submit(ca, &submission, ret_answer, err);
}

cs_rc poll_ca(const char *request_id, struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    struct cs_ca_submission submission = {0};
    cs_auto(cs_ca) ca = NULL;

    CS_TRY(cs_labca_open(store, cs_softkeys_source(soft), &config, &ca, err));
    return ca->ops->poll(ca, request_id, NULL, &submission, ret_answer, err);
}

void write_pem(const char *name, const struct cs_bytes *der)
{
    cs_autofree char *pem = cs_cert_pem(der);

    free(cs_judge_write(folder, name, pem, strlen(pem)));
}

char *says(const char *command)
{
    char *output = NULL;

    int rc = cs_judge(&output, "cd '%s' && { %s ; }", folder, command);
    ck_assert_msg(rc == 0, "%s: %d: %s", command, rc, output);
    return output;
}

void assert_says(const char *command, const char *part)
{
    cs_autofree char *output = says(command);

    assert_contains(output, part);
}

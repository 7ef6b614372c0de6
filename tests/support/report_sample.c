#include "support/report_sample.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define T_2026 1767225600 /* 2026-01-01T00:00:00Z */
#define T_2027 1798761600 /* 2027-01-01T00:00:00Z */
#define T_RUN  1795350090 /* 2026-11-22T12:21:30Z */

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    if (!extension || !X509_add_ext(certificate, extension, -1)) {
        abort();
    }
    X509_EXTENSION_free(extension);
}

struct cs_bytes report_sample_certificate(const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    cs_autofree char *san = cs_asprintf("DNS:%s", name);
    unsigned char *der = NULL;

    if (!key || !certificate) {
        abort();
    }
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), 0x12ab34);
    ASN1_TIME_set(X509_getm_notBefore(certificate), T_2026);
    ASN1_TIME_set(X509_getm_notAfter(certificate), T_2027);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    add_extension(certificate, NID_subject_alt_name, san);
    add_extension(certificate, NID_ext_key_usage, "serverAuth");
    if (!X509_sign(certificate, key, EVP_sha256())) {
        abort();
    }
    int len = i2d_X509(certificate, &der);
    if (len < 0) {
        abort();
    }
    struct cs_bytes bytes = cs_bytes_copy(der, (size_t)len);
    OPENSSL_free(der);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return bytes;
}

static void set_all(struct cs_key_attrs *attrs)
{
    static const struct {
        enum cs_key_attr attr;
        enum cs_answer answer;
    } rows[] = {
        {CS_ATTR_TOKEN, CS_TRUE},        {CS_ATTR_PRIVATE, CS_TRUE},
        {CS_ATTR_LOCAL, CS_TRUE},        {CS_ATTR_SENSITIVE, CS_TRUE},
        {CS_ATTR_EXTRACTABLE, CS_FALSE}, {CS_ATTR_ALWAYS_SENSITIVE, CS_TRUE},
        {CS_ATTR_SIGN, CS_TRUE},         {CS_ATTR_NEVER_EXTRACTABLE, CS_TRUE},
        {CS_ATTR_DECRYPT, CS_TRUE},      {CS_ATTR_UNWRAP, CS_FALSE},
        {CS_ATTR_DERIVE, CS_FALSE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        attrs->answer[rows[i].attr] = rows[i].answer;
    }
    attrs->gen_mechanism_known = true;
}

static struct cs_request *request_new(int64_t id, const char *name, enum cs_state state)
{
    struct cs_request *request = cs_request_new();

    request->id = id;
    request->state = state;
    request->created = T_RUN;
    request->updated = T_RUN + 2;
    request->plan = cs_plan_new();
    request->plan->types = 1u << CS_TYPE_INTERNAL;
    request->plan->computer = cs_strdup(name);
    request->plan->subject.common_name = cs_strdup(name);
    request->plan->key_spec = (struct cs_key_spec){CS_KEY_RSA, 2048};
    request->plan->ca = cs_strdup("atl-ca-001.litwareinc.com\\myca");
    request->plan->template_name = cs_strdup("WebServer");
    cs_plan_add_name(request->plan, name, "subject name", "-ComputerFqdn");
    return request;
}

static struct cs_request *issued(void)
{
    struct cs_request *request = request_new(1, "edge1.litwareinc.com", CS_STATE_IMPORTED);

    cs_plan_add_name(request->plan, "sip.litwareinc.com", "-DomainName", "-DomainName");
    request->plan->subject.organization = cs_strdup("Litware & Söhne");
    request->plan->subject.country = cs_strdup("DE");
    request->plan->friendly_name = cs_strdup("Edge, internal");
    memset(request->key_id, 0xa5, sizeof request->key_id);
    request->label = cs_strdup("Edge, internal");
    request->token_uri = cs_strdup("pkcs11:token=edge;manufacturer=SoftHSM%20project");
    request->key_uri = cs_strdup("pkcs11:token=edge;id=%A5%A5%A5%A5;type=private");
    set_all(&request->attrs);
    request->attrs.unreliable[CS_ATTR_WRAP_WITH_TRUSTED] = true;
    request->spki = cs_bytes_copy("key", 3);
    request->csr = cs_bytes_copy("abc", 3);
    request->ca_request_id = cs_strdup("17");
    request->ca_message = cs_strdup("issued");
    request->certificate = report_sample_certificate("edge1.litwareinc.com");
    return request;
}

static struct cs_request *hostile(void)
{
    struct cs_request *request = request_new(3, SAMPLE_HOSTILE, CS_STATE_FAILED);

    cs_plan_add_name(request->plan, SAMPLE_HOSTILE, SAMPLE_HOSTILE, SAMPLE_HOSTILE);
    request->plan->friendly_name = cs_strdup(SAMPLE_HOSTILE);
    request->plan->ca_account = cs_strdup(SAMPLE_HOSTILE);
    request->key_uri = cs_strdup(SAMPLE_HOSTILE);
    request->token_uri = cs_strdup(SAMPLE_HOSTILE);
    request->label = cs_strdup(SAMPLE_HOSTILE);
    request->ca_message = cs_strdup(SAMPLE_HOSTILE);
    request->ca_request_id = cs_strdup(SAMPLE_HOSTILE);
    return request;
}

void report_sample_make(struct report_sample *sample)
{
    *sample = (struct report_sample){0};
    sample->requests[0] = issued();
    sample->requests[1] = request_new(2, "edge2.litwareinc.com", CS_STATE_PENDING);
    sample->requests[1]->ca_request_id = cs_strdup("18");
    sample->requests[2] = hostile();
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        sample->items[i] = (struct cs_report_item){sample->requests[i], &sample->files[i],
                                                   &sample->warnings[i], &sample->errors[i]};
    }
    cs_strv_add(&sample->files[0], "/srv/out/edge1.req");
    cs_strv_add(&sample->warnings[0], "edge1.litwareinc.com is not in a topology");
    cs_strv_add(&sample->files[2], SAMPLE_HOSTILE);
    cs_strv_add(&sample->warnings[2], SAMPLE_HOSTILE);
    cs_err_set(&sample->errors[2], CS_E_TOKEN_AUTH, "the token did not accept the PIN: %s",
               SAMPLE_HOSTILE);
    cs_err_cause(&sample->errors[2], CS_ORIGIN_CKR, 0xa0, "CKR_PIN_INCORRECT", "C_Login");
    cs_err_hint(&sample->errors[2], "check the PIN, then try again\n%s", SAMPLE_HOSTILE);
    sample->token = (struct cs_token_info){.uri = "pkcs11:token=edge",
                                           .label = "edge",
                                           .manufacturer = "SoftHSM project",
                                           .model = "SoftHSM v2",
                                           .serial = "1234",
                                           .module_path = "/usr/lib/softhsm/libsofthsm2.so",
                                           .profile = "softhsm2"};
    sample->report = (struct cs_report){.verb = "retrieve",
                                        .user = "admin",
                                        .host = "edge1",
                                        .version = "0.1.0",
                                        .started = T_RUN,
                                        .ended = T_RUN + 3,
                                        .token = &sample->token,
                                        .items = sample->items,
                                        .count = SAMPLE_COUNT,
                                        .exit_code = CS_E_PARTIAL};
}

void report_sample_done(struct report_sample *sample)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        cs_request_free(sample->requests[i]);
        cs_strv_done(&sample->files[i]);
        cs_strv_done(&sample->warnings[i]);
    }
}

void report_sample_only_planned(struct report_sample *sample)
{
    struct cs_request *planned = cs_request_new();

    planned->plan = cs_steal(&sample->requests[0]->plan);
    cs_request_free(sample->requests[0]);
    sample->requests[0] = planned;
    sample->items[0].request = planned;
}

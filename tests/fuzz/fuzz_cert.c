/* A certificate from outside: what is read of it is text and numbers, or it is refused. */
#include "base/mem.h"
#include "x509/cert.h"

#include <stdlib.h>
#include <string.h>

static struct cs_plan *make_plan(void)
{
    struct cs_plan *plan = cs_plan_new();

    plan->key_spec = (struct cs_key_spec){CS_KEY_EC_P256, 256};
    plan->subject.common_name = cs_strdup("edge1.litwareinc.net");
    cs_plan_add_name(plan, "edge1.litwareinc.net", "subject name", "-ComputerFqdn");
    return plan;
}

static void check_facts(const struct cs_cert_facts *facts)
{
    if (!facts->subject || !facts->issuer || !facts->serial || !facts->signature ||
        strlen(facts->thumbprint) != 40 || strlen(facts->sha256) != 64 ||
        (facts->common_name && !cs_text_is_clean(facts->common_name))) {
        abort();
    }
    for (size_t i = 0; i < facts->names.count; i++) {
        if (!cs_text_is_clean(facts->names.items[i])) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_auto_value(cs_bytes) der = cs_bytes_copy(data, size);
    cs_auto_value(cs_cert_facts) facts = {0};
    cs_auto_value(cs_cert_parts) parts = {0};
    cs_auto_value(cs_strv) warnings = {0};
    cs_auto(cs_plan) plan = make_plan();
    struct cs_err err = {0};

    if (cs_cert_parts_read(&der, &parts, &err) != CS_OK && !err.message[0]) {
        abort();
    }
    cs_autofree char *pem = cs_cert_pem(&der);
    if (!pem) {
        abort();
    }
    if (cs_cert_read(&der, &facts, &err) != CS_OK) {
        return 0;
    }
    check_facts(&facts);
    /* With its own key and in its own time, so that the later checks are reached. */
    cs_rc rc = cs_cert_check(&der, plan, &facts.spki, facts.not_before, &warnings, &err);
    if (rc != CS_OK && (rc != err.code || !err.message[0] || warnings.count)) {
        abort();
    }
    return 0;
}

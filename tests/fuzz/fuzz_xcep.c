/* What an enrolment policy service answers, and which address is made of it. */
#include "ca/xcep.h"

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* One of the addresses that are there, whatever is asked for. */
static void choose(const struct cs_xcep *policies, const char *template_name,
                   enum cs_xcep_auth auth)
{
    const char *url = NULL;
    struct cs_err err = {0};

    if (cs_xcep_choose(policies, template_name, auth, &url, &err) != CS_OK) {
        must(err.code == CS_E_CA_REFUSED && err.message[0] && !url);
        return;
    }
    for (size_t i = 0; i < policies->ca_count; i++) {
        for (size_t j = 0; j < policies->cas[i].uri_count; j++) {
            const struct cs_xcep_uri *uri = &policies->cas[i].uris[j];
            if (uri->url == url) {
                must(policies->cas[i].may_enroll && uri->auth == auth && !uri->renewal_only);
                return;
            }
        }
    }
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_auto_value(cs_bytes) reply = cs_bytes_copy(data, size);
    cs_auto_value(cs_xcep) policies = {0};
    struct cs_err err = {0};

    if (cs_xcep_answer(&reply, &policies, &err) != CS_OK) {
        must((err.code == CS_E_CA_REFUSED || err.code == CS_E_CA_UNREACHABLE) && err.message[0] &&
             !policies.cas && !policies.templates);
        return 0;
    }
    must(policies.ca_count <= CS_XCEP_MAX && policies.template_count <= CS_XCEP_MAX);
    choose(&policies, NULL, CS_XCEP_KERBEROS);
    choose(&policies, "WebServer", CS_XCEP_PASSWORD);
    if (policies.template_count && policies.templates[0].name) {
        choose(&policies, policies.templates[0].name, CS_XCEP_CERTIFICATE);
    }
    return 0;
}

/* Configurations: what is accepted keeps to the limits that hsm-config/cscert.conf tells, what is
 * not is explained with file and line. */
#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
    if (!condition) {
        abort();
    }
}

static int is_clean(const char *text)
{
    return !text || (*text && cs_text_is_clean(text));
}

static int is_path(const char *text)
{
    return !text || *text == '/';
}

static void check_ca(const struct cs_config *config, const struct cs_config_ca *ca)
{
    must(ca->name && is_clean(ca->name) && strcmp(ca->type, "lab") == 0);
    must(ca->validity_days >= 0 && ca->validity_days <= 3650);
    must(is_path(ca->crl_file) && is_clean(ca->crl_url) && is_clean(ca->aia_url));
    must(cs_config_find_ca(config, ca->name) == ca);
}

static void check_accepted(const struct cs_config *config)
{
    must(config->policy.min_rsa_bits >= 1024 && config->policy.min_rsa_bits <= 16384);
    must(config->token.timeout_call <= 3600 && config->token.timeout_login <= 3600 &&
         config->token.timeout_generate <= 3600);
    must(!config->token.uri || !strstr(config->token.uri, "pin-value"));
    must(is_clean(config->token.module) && is_path(config->token.profile) &&
         is_path(config->token.lock_dir) && is_clean(config->default_ca));
    for (size_t i = 0; i < config->ca_count; i++) {
        check_ca(config, &config->cas[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_auto(cs_config) config = NULL;
    struct cs_err err = {0};
    cs_rc rc = cs_config_parse((const char *)data, size, "fuzz.conf", &config, &err);

    if (rc == CS_OK) {
        check_accepted(config);
    } else {
        must(rc == CS_E_CONFIG && err.code == rc && !config);
        must(strncmp(err.message, "fuzz.conf", 9) == 0 && err.hint[0]);
    }
    return 0;
}

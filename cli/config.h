/* The configuration, in libConfuse's syntax. hsm-config/cscert.conf explains every key. */
#ifndef CS_CLI_CONFIG_H
#define CS_CLI_CONFIG_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"
#include "cli/env.h"

#include <stdbool.h>
#include <stddef.h>

/* The largest configuration, in octets. */
#define CS_CONFIG_MAX ((size_t)256 << 10)

/* A `ca` section. Strings are NULL where it says nothing. */
struct cs_config_ca {
    char *name;
    char *type;      /* "lab", "rpc", "certsrv", "ces", "cep", "program" */
    char *authority; /* which lab CA of the store */
    bool hold;       /* policy = hold */
    char *crl_url;
    char *aia_url;
    char *crl_file;
    long validity_days; /* 0: not said */

    /* Of all types but "lab". */
    struct cs_strv addresses; /* the section's name where it says none */
    char *auth;               /* "kerberos", "ntlm", "password", "certificate" */
    char *account;
    char *password_source;
    char *realm;
    char *keytab;
    char *ccache;
    char *krb5_config;
    char *anchors;
    char *template_name;
    unsigned timeout; /* seconds; 0: not said */
    char *program;    /* of type "program" */
    char *client_certificate;
    char *client_key; /* RFC 7512, with the key's id */
};

struct cs_config {
    char *path; /* the file it came from; NULL: there is none, all is default */
    struct {
        char *uri;
        char *module;
        char *pin_source;
        char *profile;
        char *lock_dir;
        unsigned timeout_call; /* seconds; 0: not said */
        unsigned timeout_login;
        unsigned timeout_generate;
    } token;
    struct {
        unsigned min_rsa_bits;
        bool forbid_exportable;
    } policy;
    char *default_ca;
    struct cs_config_ca *cas;
    size_t ca_count;
};

/* Reads @named (--config), else CSCERT_CONFIG, else the first of the usual files that is there,
 * else nothing: then all is default. A file that was named must be there. CS_E_CONFIG with file
 * and line for what is unknown, wrong, or writable by others. */
CS_MUST_CHECK cs_rc cs_config_load(const char *named, const struct cs_env *env,
                                   struct cs_config **ret_config, struct cs_err *err);

/* The configuration that @text (@len octets) is; @path is for messages. */
CS_MUST_CHECK cs_rc cs_config_parse(const char *text, size_t len, const char *path,
                                    struct cs_config **ret_config, struct cs_err *err);

/* The section of that name, without case; NULL if there is none. */
const struct cs_config_ca *cs_config_find_ca(const struct cs_config *config, const char *name);

void cs_config_free(struct cs_config *config);
CS_DEFINE_AUTO(cs_config, cs_config_free);

#endif

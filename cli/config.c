#include "cli/config.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/configca.h"
#include "cli/configscan.h"
#include "cli/optvalue.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libConfuse hands no context to its callbacks. */
static _Thread_local struct cs_err *parse_err;
static _Thread_local const char *parse_path;

/* A bit of cfg_opt_t.flags that libConfuse leaves alone: the key or section was there already. */
#define SAID_BEFORE (1 << 30)

enum kind { TEXT, TOKEN_URI, PIN_SOURCE, ACCOUNT, MODULE, PATH, URL, CHOICE, NUMBER, FLAG };

static const struct key {
    const char *section; /* "root" for none: libConfuse's own word */
    const char *name;
    enum kind kind;
    const char *choices; /* of CHOICE */
    long min;            /* of NUMBER */
    long max;
} keys[] = {
    {"token", "uri", TOKEN_URI, NULL, 0, 0},
    {"token", "module", MODULE, NULL, 0, 0},
    {"token", "pin-source", PIN_SOURCE, NULL, 0, 0},
    {"token", "profile", PATH, NULL, 0, 0},
    {"token", "lock-dir", PATH, NULL, 0, 0},
    {"token", "timeout-call", NUMBER, NULL, 1, 3600},
    {"token", "timeout-login", NUMBER, NULL, 1, 3600},
    {"token", "timeout-generate", NUMBER, NULL, 1, 3600},
    {"policy", "min-rsa-bits", NUMBER, NULL, 1024, 16384},
    {"policy", "forbid-exportable", FLAG, NULL, 0, 0},
    {"ca", "type", CHOICE, "lab|rpc|certsrv|ces|cep|program", 0, 0},
    {"ca", "authority", TEXT, NULL, 0, 0},
    {"ca", "policy", CHOICE, "issue|hold", 0, 0},
    {"ca", "crl-url", URL, NULL, 0, 0},
    {"ca", "aia-url", URL, NULL, 0, 0},
    {"ca", "crl-file", PATH, NULL, 0, 0},
    {"ca", "validity-days", NUMBER, NULL, 1, 3650},
    {"ca", "address", TEXT, NULL, 0, 0},
    {"ca", "auth", CHOICE, "kerberos|ntlm|password|certificate", 0, 0},
    {"ca", "account", ACCOUNT, NULL, 0, 0},
    {"ca", "password-source", PIN_SOURCE, NULL, 0, 0},
    {"ca", "realm", TEXT, NULL, 0, 0},
    {"ca", "keytab", PATH, NULL, 0, 0},
    {"ca", "ccache", TEXT, NULL, 0, 0},
    {"ca", "krb5-config", PATH, NULL, 0, 0},
    {"ca", "anchors", PATH, NULL, 0, 0},
    {"ca", "template", TEXT, NULL, 0, 0},
    {"ca", "timeout", NUMBER, NULL, 1, 3600},
    {"ca", "program", PATH, NULL, 0, 0},
    {"ca", "client-certificate", PATH, NULL, 0, 0},
    {"ca", "client-key", TEXT, NULL, 0, 0},
    {"root", "default-ca", TEXT, NULL, 0, 0},
};

#define MIN_RSA_BITS_DEFAULT 1024

static void CS_PRINTF(2, 0) report(cfg_t *cfg, const char *format, va_list args)
{
    cs_autofree char *text = NULL;

    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
    }
    cs_err_set(parse_err, CS_E_CONFIG, "%s:%d: %s", parse_path, cfg->line, text ? text : format);
}

/* ---- values ---- */

/* Each value of a list comes here; the first of an assignment has no others beside it. */
static int check_once(cfg_t *cfg, cfg_opt_t *opt)
{
    if ((opt->flags & CFGF_LIST) && opt->nvalues > 1) {
        return 0;
    }
    if (opt->flags & SAID_BEFORE) {
        cfg_error(cfg, "%s is said twice", opt->name);
        return -1;
    }
    opt->flags |= SAID_BEFORE;
    return 0;
}

/* The row of a key that may be set here. libConfuse also takes "token|uri" outside of the section,
 * which is not documented here and would be one more way to say a thing twice. */
static const struct key *begin_value(cfg_t *cfg, cfg_opt_t *opt)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i].section, cfg->name) == 0 && strcmp(keys[i].name, opt->name) == 0) {
            return check_once(cfg, opt) == 0 ? &keys[i] : NULL;
        }
    }
    cfg_error(cfg, "no such option '%s' outside of its section", opt->name);
    return NULL;
}

static const char *fault_of_url(const char *value)
{
    const char *host = strstr(value, "://");

    return host && host != value && host[3] && !strpbrk(value, " \t\"<>")
               ? NULL
               : "is not a URL; put it between single quotes";
}

static const char *fault_of_path(const char *value)
{
    return *value == '/' ? NULL : "is not an absolute path";
}

/* A name that p11-kit knows, or the absolute path of a file. */
static const char *fault_of_module(const char *value)
{
    return strchr(value, '/') ? fault_of_path(value) : NULL;
}

/* Values that the command line knows too are checked by its rules. */
static int check_as_option(cfg_t *cfg, cfg_opt_t *opt, const char *value, enum cs_opt option)
{
    cs_auto_value(cs_strv) warnings = {0};
    cs_autofree char *kept = NULL;
    struct cs_err err = {0};
    long number;

    if (cs_opt_value_check(option, opt->name, value, &kept, &number, &warnings, &err) == CS_OK) {
        return 0;
    }
    cfg_error(cfg, "%s", err.message);
    cs_err_hint(parse_err, "%s", err.hint);
    return -1;
}

static int check_choice(cfg_t *cfg, cfg_opt_t *opt, const char *value, const char *choices)
{
    cs_auto_value(cs_strv) words = {0};

    cs_strv_split(&words, choices, '|');
    if (cs_strv_has(&words, value)) {
        return 0;
    }
    cs_autofree char *list = cs_strv_join(&words, ", ");
    cfg_error(cfg, "%s \"%.80s\" is not known; known: %s", opt->name, value, list);
    return -1;
}

static int check_text(cfg_t *cfg, cfg_opt_t *opt, const struct key *key, const char *value)
{
    const char *fault = NULL;

    switch (key->kind) {
    case TOKEN_URI:
        return check_as_option(cfg, opt, value, CS_OPT_TOKEN);
    case PIN_SOURCE:
        return check_as_option(cfg, opt, value, CS_OPT_PIN_SOURCE);
    case ACCOUNT:
        return check_as_option(cfg, opt, value, CS_OPT_CA_ACCOUNT);
    case CHOICE:
        return check_choice(cfg, opt, value, key->choices);
    case MODULE:
        fault = fault_of_module(value);
        break;
    case PATH:
        fault = fault_of_path(value);
        break;
    case URL:
        fault = fault_of_url(value);
        break;
    default:
        break;
    }
    if (fault) {
        cfg_error(cfg, "%s \"%.300s\" %s", opt->name, value, fault);
        return -1;
    }
    return 0;
}

static int parse_text(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    const struct key *key = begin_value(cfg, opt);

    if (!key) {
        return -1;
    }
    if (!*value || !cs_text_is_clean(value)) {
        cfg_error(cfg, "%s is empty, or holds control characters or what is not UTF-8", opt->name);
        return -1;
    }
    if (check_text(cfg, opt, key, value)) {
        return -1;
    }
    *(const char **)result = value;
    return 0;
}

/* Decimal only: libConfuse itself would take 010 for eight. */
static int parse_number(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    const struct key *key = begin_value(cfg, opt);
    char *end;

    if (!key) {
        return -1;
    }
    errno = 0;
    long number = strtol(value, &end, 10);
    if (!*value || *end || errno || number < key->min || number > key->max) {
        cfg_error(cfg, "%s \"%.80s\" is not a whole number from %ld to %ld", opt->name, value,
                  key->min, key->max);
        return -1;
    }
    *(long *)result = number;
    return 0;
}

static int parse_flag(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
    if (!begin_value(cfg, opt)) {
        return -1;
    }
    int flag = cfg_parse_boolean(value);
    if (flag < 0) {
        cfg_error(cfg, "%s \"%.80s\" is neither true nor false", opt->name, value);
        return -1;
    }
    *(int *)result = flag;
    return 0;
}

/* ---- sections ---- */

static int check_section(cfg_t *cfg, cfg_opt_t *opt)
{
    return check_once(cfg, opt);
}

static int check_ca(cfg_t *cfg, cfg_opt_t *opt)
{
    unsigned count = cfg_opt_size(opt);
    cfg_t *section = cfg_opt_getnsec(opt, count - 1);
    const char *title = cfg_title(section);

    if (!*title || !cs_text_is_clean(title)) {
        cfg_error(cfg, "the name of a ca section is empty or holds control characters");
        return -1;
    }
    for (unsigned i = 0; i + 1 < count; i++) {
        if (cs_ascii_iequal(cfg_title(cfg_opt_getnsec(opt, i)), title)) {
            cfg_error(cfg, "the ca section '%s' is there twice", title);
            return -1;
        }
    }
    cs_autofree char *fault = cs_configca_fault(section);
    if (fault) {
        cfg_error(cfg, "%s", fault);
        return -1;
    }
    return 0;
}

static void take_token(struct cs_config *config, cfg_t *section)
{
    config->token.uri = cs_strdup(cfg_getstr(section, "uri"));
    config->token.module = cs_strdup(cfg_getstr(section, "module"));
    config->token.pin_source = cs_strdup(cfg_getstr(section, "pin-source"));
    config->token.profile = cs_strdup(cfg_getstr(section, "profile"));
    config->token.lock_dir = cs_strdup(cfg_getstr(section, "lock-dir"));
    config->token.timeout_call = (unsigned)cfg_getint(section, "timeout-call");
    config->token.timeout_login = (unsigned)cfg_getint(section, "timeout-login");
    config->token.timeout_generate = (unsigned)cfg_getint(section, "timeout-generate");
}

static struct cs_config *take_config(cfg_t *cfg, const char *path)
{
    struct cs_config *config = cs_alloc(1, sizeof *config);
    cfg_t *policy = cfg_getsec(cfg, "policy");

    config->path = cs_strdup(path);
    take_token(config, cfg_getsec(cfg, "token"));
    config->policy.min_rsa_bits = (unsigned)cfg_getint(policy, "min-rsa-bits");
    config->policy.forbid_exportable = cfg_getbool(policy, "forbid-exportable") == cfg_true;
    config->default_ca = cs_strdup(cfg_getstr(cfg, "default-ca"));
    for (unsigned i = 0; i < cfg_size(cfg, "ca"); i++) {
        cs_configca_take(config, cfg_getnsec(cfg, "ca", i));
    }
    return config;
}

/* ---- the whole ---- */

static cfg_t *new_parser(void)
{
    cfg_opt_t token[] = {
        CFG_STR_CB("uri", NULL, CFGF_NODEFAULT, parse_text),
        CFG_STR_CB("module", NULL, CFGF_NODEFAULT, parse_text),
        CFG_STR_CB("pin-source", NULL, CFGF_NODEFAULT, parse_text),
        CFG_STR_CB("profile", NULL, CFGF_NODEFAULT, parse_text),
        CFG_STR_CB("lock-dir", NULL, CFGF_NODEFAULT, parse_text),
        CFG_INT_CB("timeout-call", 0, CFGF_NONE, parse_number),
        CFG_INT_CB("timeout-login", 0, CFGF_NONE, parse_number),
        CFG_INT_CB("timeout-generate", 0, CFGF_NONE, parse_number),
        CFG_END(),
    };
    cfg_opt_t policy[] = {
        CFG_INT_CB("min-rsa-bits", MIN_RSA_BITS_DEFAULT, CFGF_NONE, parse_number),
        CFG_BOOL_CB("forbid-exportable", cfg_false, CFGF_NONE, parse_flag),
        CFG_END(),
    };
    cfg_opt_t ca[CS_CONFIGCA_OPTIONS_MAX];
    /* No CFG_FUNC: include() does not exist here. */
    cfg_opt_t root[] = {
        CFG_SEC("token", token, CFGF_NONE),
        CFG_SEC("policy", policy, CFGF_NONE),
        CFG_SEC("ca", ca, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
        CFG_STR_CB("default-ca", NULL, CFGF_NODEFAULT, parse_text),
        CFG_END(),
    };
    cs_configca_options(ca, parse_text, parse_number);
    cfg_t *cfg = cfg_init(root, CFGF_NONE);

    if (cfg) {
        cfg_set_error_function(cfg, report);
        cfg_set_validate_func(cfg, "token", check_section);
        cfg_set_validate_func(cfg, "policy", check_section);
        cfg_set_validate_func(cfg, "ca", check_ca);
    }
    return cfg;
}

static cs_rc run_parser(cfg_t *cfg, FILE *file, const char *path, struct cs_err *err)
{
    parse_err = err;
    parse_path = path;
    int result = cfg_parse_fp(cfg, file);
    parse_err = NULL;
    parse_path = NULL;
    if (result == CFG_SUCCESS) {
        return CS_OK;
    }
    if (err->code == CS_OK) {
        cs_err_set(err, CS_E_CONFIG, "%s:%d: this cannot be understood", path, cfg->line);
    }
    cs_err_hint(err, "hsm-config/cscert.conf explains every key");
    return CS_E_CONFIG;
}

static cs_rc parse_file(cfg_t *cfg, FILE *file, const char *path, struct cs_config **ret_config,
                        struct cs_err *err)
{
    struct cs_err own = {0};
    cs_rc rc = run_parser(cfg, file, path, &own);

    if (rc != CS_OK) {
        if (err) {
            *err = own;
        }
        return rc;
    }
    *ret_config = take_config(cfg, path);
    return CS_OK;
}

cs_rc cs_config_parse(const char *text, size_t len, const char *path, struct cs_config **ret_config,
                      struct cs_err *err)
{
    cs_autofree char *plain = NULL;

    CS_TRY(cs_config_scan(text, len, path, &plain, err));
    /* The library wants whole lines, and fmemopen() takes no empty text. */
    cs_autofree char *lines = cs_asprintf("%s\n", plain);
    FILE *file = fmemopen(lines, strlen(lines), "r");
    cfg_t *cfg = new_parser();
    cs_rc rc = CS_E_INTERNAL;
    if (file && cfg) {
        rc = parse_file(cfg, file, path, ret_config, err);
    } else {
        cs_err_set(err, CS_E_INTERNAL, "%s cannot be parsed: no memory", path);
    }
    if (cfg) {
        cfg_free(cfg);
    }
    if (file) {
        fclose(file);
    }
    return rc;
}

static cs_rc load_file(const char *path, struct cs_config **ret_config, struct cs_err *err)
{
    cs_auto_value(cs_bytes) text = {0};
    cs_rc rc = cs_file_read_trusted(path, CS_CONFIG_MAX, &text, err);

    if (rc == CS_E_INPUT) {
        /* Whatever is wrong with this file, it is the configuration that is. */
        if (err) {
            err->code = CS_E_CONFIG;
        }
        return CS_E_CONFIG;
    }
    CS_TRY(rc);
    return cs_config_parse((const char *)text.data, text.len, path, ret_config, err);
}

static bool is_absent(const struct cs_err *err)
{
    return err->origin == CS_ORIGIN_ERRNO && (err->cause == ENOENT || err->cause == ENOTDIR);
}

cs_rc cs_config_load(const char *named, const struct cs_env *env, struct cs_config **ret_config,
                     struct cs_err *err)
{
    const char *must = named ? named : env->config_named;
    struct cs_err own = {0};

    if (must) {
        return load_file(must, ret_config, err);
    }
    for (size_t i = 0; i < env->config_paths.count; i++) {
        cs_rc rc = load_file(env->config_paths.items[i], ret_config, &own);
        if (rc == CS_OK || !is_absent(&own)) {
            if (err) {
                *err = own;
            }
            return rc;
        }
    }
    *ret_config = cs_alloc(1, sizeof **ret_config);
    (*ret_config)->policy.min_rsa_bits = MIN_RSA_BITS_DEFAULT;
    return CS_OK;
}

const struct cs_config_ca *cs_config_find_ca(const struct cs_config *config, const char *name)
{
    for (size_t i = 0; i < config->ca_count; i++) {
        if (cs_ascii_iequal(config->cas[i].name, name)) {
            return &config->cas[i];
        }
    }
    return NULL;
}

void cs_config_free(struct cs_config *config)
{
    if (!config) {
        return;
    }
    for (size_t i = 0; i < config->ca_count; i++) {
        cs_configca_done(&config->cas[i]);
    }
    free(config->cas);
    free(config->token.uri);
    free(config->token.module);
    free(config->token.pin_source);
    free(config->token.profile);
    free(config->token.lock_dir);
    free(config->default_ca);
    free(config->path);
    free(config);
}

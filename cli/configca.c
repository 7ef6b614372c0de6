#include "cli/configca.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/caname.h"
#include "pkcs11/uri.h"

#include <stdlib.h>
#include <string.h>

/* Types of CA as bits. */
enum {
    LAB = 1,
    RPC = 2,
    CERTSRV = 4,
    CES = 8,
    CEP = 16,
    PROGRAM = 32,
    WEB = CERTSRV | CES | CEP,
    REMOTE = RPC | WEB | PROGRAM
};

static const struct {
    const char *name;
    unsigned bit;
} types[] = {
    {"lab", LAB}, {"rpc", RPC}, {"certsrv", CERTSRV},
    {"ces", CES}, {"cep", CEP}, {"program", PROGRAM},
};

/* Every key but `type`, and whose it is. */
static const struct {
    const char *name;
    enum { TEXT, LIST, NUMBER } kind;
    unsigned of;
} keys[] = {
    {"authority", TEXT, LAB},
    {"policy", TEXT, LAB},
    {"crl-url", TEXT, LAB},
    {"aia-url", TEXT, LAB},
    {"crl-file", TEXT, LAB},
    {"validity-days", NUMBER, LAB},
    {"address", LIST, REMOTE},
    {"auth", TEXT, REMOTE},
    {"account", TEXT, REMOTE},
    {"password-source", TEXT, REMOTE},
    {"realm", TEXT, REMOTE},
    {"keytab", TEXT, REMOTE},
    {"ccache", TEXT, REMOTE},
    {"krb5-config", TEXT, REMOTE},
    {"anchors", TEXT, WEB | PROGRAM},
    {"template", TEXT, REMOTE},
    {"timeout", NUMBER, REMOTE},
    {"program", TEXT, PROGRAM},
    {"client-certificate", TEXT, WEB | PROGRAM},
    {"client-key", TEXT, WEB | PROGRAM},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

_Static_assert(COUNT(keys) + 2 <= CS_CONFIGCA_OPTIONS_MAX, "a key more, and the end");

void cs_configca_options(cfg_opt_t *ret_options, cfg_callback_t text, cfg_callback_t number)
{
    size_t count = 0;

    ret_options[count++] = (cfg_opt_t)CFG_STR_CB("type", NULL, CFGF_NODEFAULT, text);
    for (size_t i = 0; i < COUNT(keys); i++) {
        switch (keys[i].kind) {
        case TEXT:
            ret_options[count++] = (cfg_opt_t)CFG_STR_CB(keys[i].name, NULL, CFGF_NODEFAULT, text);
            break;
        case LIST:
            ret_options[count++] =
                (cfg_opt_t)CFG_STR_LIST_CB(keys[i].name, NULL, CFGF_NODEFAULT, text);
            break;
        case NUMBER:
            ret_options[count++] = (cfg_opt_t)CFG_INT_CB(keys[i].name, 0, CFGF_NONE, number);
            break;
        }
    }
    ret_options[count] = (cfg_opt_t)CFG_END();
}

/* ---- what goes together ---- */

static bool is_said(cfg_t *section, size_t key)
{
    switch (keys[key].kind) {
    case TEXT:
        return cfg_getstr(section, keys[key].name) != NULL;
    case LIST:
        return cfg_size(section, keys[key].name) != 0;
    default:
        return cfg_getint(section, keys[key].name) != 0;
    }
}

static unsigned bit_of(const char *type)
{
    unsigned bit = 0;

    for (size_t i = 0; i < COUNT(types); i++) {
        bit = strcmp(types[i].name, type) == 0 ? types[i].bit : bit;
    }
    return bit;
}

/* A section with a name that is an address needs no other. */
static char *fault_of_addresses(cfg_t *section, const char *type)
{
    const char *title = cfg_title(section);
    unsigned count = cfg_size(section, "address");
    struct cs_err why = {0};

    for (unsigned i = 0; i < count; i++) {
        if (cs_caname_check(type, cfg_getnstr(section, "address", i), "address", &why) != CS_OK) {
            return cs_asprintf("%s; %s", why.message, why.hint);
        }
    }
    if (!count && strcmp(type, "program") != 0 &&
        cs_caname_check(type, title, "the name", &why) != CS_OK) {
        return cs_asprintf("the ca section '%s' has no address", title);
    }
    return NULL;
}

static char *fault_of_credentials(cfg_t *section, const char *type)
{
    const char *auth = cfg_getstr(section, "auth");
    const char *key = cfg_getstr(section, "client-key");
    const char *certificate = cfg_getstr(section, "client-certificate");
    uint8_t id[CS_KEY_ID_LEN];
    struct cs_err why = {0};

    if (!key != !certificate) {
        return cs_strdup("client-key and client-certificate belong together");
    }
    if (key && cs_uri_key_id(key, "client-key", id, &why) != CS_OK) {
        return cs_asprintf("%s; %s", why.message, why.hint);
    }
    if (auth && strcmp(auth, "certificate") == 0 && !key) {
        return cs_strdup("auth = certificate needs client-key and client-certificate");
    }
    if (auth && strcmp(auth, "password") == 0 && !(bit_of(type) & (CES | CEP | PROGRAM))) {
        return cs_asprintf("auth = password is not for a ca of type %s: with an account and its "
                           "password Kerberos is used",
                           type);
    }
    if (cfg_getstr(section, "password-source") && !cfg_getstr(section, "account")) {
        return cs_strdup("password-source is of no use without account");
    }
    return NULL;
}

char *cs_configca_fault(cfg_t *section)
{
    const char *type = cfg_getstr(section, "type");

    if (!type) {
        return cs_asprintf("the ca section '%s' does not say its type", cfg_title(section));
    }
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (is_said(section, i) && !(keys[i].of & bit_of(type))) {
            return cs_asprintf("%s is not for a ca of type %s", keys[i].name, type);
        }
    }
    if (bit_of(type) == LAB) {
        return NULL;
    }
    if (bit_of(type) == PROGRAM && !cfg_getstr(section, "program")) {
        return cs_asprintf("the ca section '%s' does not say its program", cfg_title(section));
    }
    char *fault = fault_of_addresses(section, type);
    return fault ? fault : fault_of_credentials(section, type);
}

/* ---- what it becomes ---- */

static char *text_of(cfg_t *section, const char *name)
{
    return cs_strdup(cfg_getstr(section, name));
}

static void take_addresses(struct cs_config_ca *ca, cfg_t *section)
{
    unsigned count = cfg_size(section, "address");

    for (unsigned i = 0; i < count; i++) {
        cs_strv_add(&ca->addresses, cfg_getnstr(section, "address", i));
    }
    if (!count) {
        cs_strv_add(&ca->addresses, cfg_title(section));
    }
}

void cs_configca_take(struct cs_config *config, cfg_t *section)
{
    const char *policy = cfg_getstr(section, "policy");

    config->cas = cs_realloc(config->cas, config->ca_count + 1, sizeof *config->cas);
    struct cs_config_ca *ca = &config->cas[config->ca_count++];
    *ca = (struct cs_config_ca){
        .name = cs_strdup(cfg_title(section)),
        .type = text_of(section, "type"),
        .authority = text_of(section, "authority"),
        .hold = policy && strcmp(policy, "hold") == 0,
        .crl_url = text_of(section, "crl-url"),
        .aia_url = text_of(section, "aia-url"),
        .crl_file = text_of(section, "crl-file"),
        .validity_days = cfg_getint(section, "validity-days"),
        .auth = text_of(section, "auth"),
        .account = text_of(section, "account"),
        .password_source = text_of(section, "password-source"),
        .realm = text_of(section, "realm"),
        .keytab = text_of(section, "keytab"),
        .ccache = text_of(section, "ccache"),
        .krb5_config = text_of(section, "krb5-config"),
        .anchors = text_of(section, "anchors"),
        .template_name = text_of(section, "template"),
        .timeout = (unsigned)cfg_getint(section, "timeout"),
        .program = text_of(section, "program"),
        .client_certificate = text_of(section, "client-certificate"),
        .client_key = text_of(section, "client-key"),
    };
    if (strcmp(ca->type, "lab") != 0) {
        take_addresses(ca, section);
    }
}

void cs_configca_done(struct cs_config_ca *ca)
{
    char *const texts[] = {
        ca->name,
        ca->type,
        ca->authority,
        ca->crl_url,
        ca->aia_url,
        ca->crl_file,
        ca->auth,
        ca->account,
        ca->password_source,
        ca->realm,
        ca->keytab,
        ca->ccache,
        ca->krb5_config,
        ca->anchors,
        ca->template_name,
        ca->program,
        ca->client_certificate,
        ca->client_key,
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        free(texts[i]);
    }
    cs_strv_done(&ca->addresses);
}

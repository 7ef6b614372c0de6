#include "cli/appca.h"

#include "base/file.h"
#include "base/mem.h"
#include "cli/app.h"
#include "cli/caname.h"
#include "cli/libexec.h"
#include "cli/pinsource.h"
#include "pkcs11/uri.h"
#include "x509/cert.h"
#include "x509/reply.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "cscert-ca"

/* One CA of this run. */
struct cs_app_ca {
    struct cs_caclient_helper helper; /* first: what is called back is ours */
    struct cs_ca_password password;
    struct cs_app *app;
    const struct cs_config_ca *section; /* NULL: the name says it all */
    char *name;
    struct cs_caclient *client;
    struct cs_secret *secret; /* of the section's account, once it was asked for */
};

static struct cs_app_ca *of_password(struct cs_ca_password *password)
{
    return (struct cs_app_ca *)((char *)password - offsetof(struct cs_app_ca, password));
}

/* ---- which CA ---- */

const char *cs_appca_type(const struct cs_app *app, const char *name)
{
    const struct cs_config_ca *section = cs_config_find_ca(app->config, name);

    return section ? section->type : cs_caname_type(name);
}

static cs_rc fail_unknown(const char *name, struct cs_err *err)
{
    cs_rc rc = cs_fail(err, CS_E_USAGE,
                       "\"%s\" is no `ca` section of the configuration, no lab CA and no address "
                       "of a CA",
                       name);
    cs_err_hint(err,
                "%sknown are " CS_CANAME_FORMS
                "; map it to a lab CA (ca '%.100s' { type = lab }), or "
                "write the request to a file with -Output",
                strpbrk(name, "\\/") || !strchr(name, '.')
                    ? ""
                    : "a POSIX shell takes an unquoted backslash away, write 'host\\caname'; ",
                name);
    return rc;
}

/* Which key of the section names the file. */
static void say_key(const char *key, struct cs_err *err)
{
    struct cs_err why = *err;

    cs_err_set(err, CS_E_CONFIG, "%s in the ca section: %s", key, why.message);
    cs_err_cause(err, why.origin, why.cause, why.cause_name, why.operation);
    cs_err_hint(err, "%s", why.hint);
}

/* Whatever is wrong with a file that the section names, it is the configuration that is. */
static cs_rc check_file(const char *path, const char *key, struct cs_err *err)
{
    if (!path || cs_file_check_trusted(path, err) == CS_OK) {
        return CS_OK;
    }
    if (err) {
        say_key(key, err);
        cs_err_hint(err, "it must be yours or root's, and nobody else's to write");
    }
    return CS_E_CONFIG;
}

/* The file is a key. */
static cs_rc check_keytab(const char *path, struct cs_err *err)
{
    if (!path || cs_file_check_private(path, err) == CS_OK) {
        return CS_OK;
    }
    if (err) {
        say_key("keytab", err);
    }
    return CS_E_CONFIG;
}

/* Several are separated by colons: krb5.conf(5). They say which domain is asked, and where. */
static cs_rc check_krb5_config(const char *paths, struct cs_err *err)
{
    cs_auto_value(cs_strv) list = {0};

    if (paths) {
        cs_strv_split(&list, paths, ':');
    }
    for (size_t i = 0; i < list.count; i++) {
        if (list.items[i][0] != '/') {
            return cs_fail_hint(err, CS_E_CONFIG, "write each of its files from the root on",
                                "krb5-config in the ca section: \"%.200s\" is no absolute path",
                                list.items[i]);
        }
        CS_TRY(check_file(list.items[i], "krb5-config", err));
    }
    return CS_OK;
}

/* ---- the password of this run ---- */

static bool says_password(const struct cs_app *app)
{
    return cs_options_has(app->options, CS_OPT_CA_PASSWORD) ||
           cs_options_has(app->options, CS_OPT_CA_PASSWORD_SOURCE);
}

/* What the command line says is about this one CA; `retrieve` and `recover` ask several, and what a
 * section says goes first there. */
static bool asks_as_said(const struct cs_app *app)
{
    return cs_opt_info(CS_OPT_CA_ACCOUNT)->verbs & 1U << cs_options_verb(app->options);
}

/* Without an account it would be left out, and somebody else might ask. `retrieve` and `recover`
 * have the accounts of the requests. */
static cs_rc check_password(const struct cs_app *app, const struct cs_config_ca *section,
                            struct cs_err *err)
{
    if (!says_password(app) || !asks_as_said(app) ||
        cs_options_has(app->options, CS_OPT_CA_ACCOUNT) || (section && section->account)) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_USAGE, "say whose it is with --ca-account 'DOMAIN\\USER'",
                        "a password for the CA is of no use without an account");
}

cs_rc cs_appca_check(struct cs_app *app, const char *name, struct cs_err *err)
{
    const struct cs_config_ca *section = cs_config_find_ca(app->config, name);
    struct cs_caclient *client = NULL;

    if (!cs_appca_type(app, name)) {
        return fail_unknown(name, err);
    }
    CS_TRY(check_password(app, section, err));
    if (section) {
        CS_TRY(check_file(section->program, "program", err));
        CS_TRY(check_file(section->anchors, "anchors", err));
        CS_TRY(check_file(section->client_certificate, "client-certificate", err));
        CS_TRY(check_krb5_config(section->krb5_config, err));
        CS_TRY(check_keytab(section->keytab, err));
    }
    return cs_appca_get(app, name, &client, err);
}

/* ---- what it is asked with ---- */

/* The section's account has its password on the command line, in a file, or on the terminal; with
 * Kerberos a ticket or a keytab does as well. */
static cs_rc password_get(struct cs_ca_password *base, const char *account,
                          const struct cs_secret **ret_secret, struct cs_err *err)
{
    struct cs_app_ca *ca = of_password(base);
    const char *source = ca->section->password_source;
    const char *auth = ca->section->auth;
    bool needed = auth && strcmp(auth, "kerberos") != 0 && strcmp(auth, "certificate") != 0;
    struct cs_ca_password *said = &ca->app->password.base;

    if (says_password(ca->app) && (!source || asks_as_said(ca->app))) {
        return said->get(said, account, ret_secret, err);
    }
    if (!source && needed && ca->app->ui->ops->can_ask(ca->app->ui)) {
        source = "prompt";
    }
    if (!ca->secret && source) {
        cs_autofree char *prompt = cs_asprintf("Password of %s: ", account);
        CS_TRY(cs_pinsource_read(source, "password-source", prompt, &ca->secret, err));
    }
    *ret_secret = ca->secret;
    return CS_OK;
}

static bool interrupted(struct cs_caclient_helper *helper)
{
    struct cs_ui *ui = ((struct cs_app_ca *)helper)->app->ui;

    return ui->ops->interrupted(ui);
}

/* What a program can ask the client key for: TLS 1.2 and ECDSA. The token signs digests. */
static const struct {
    const char *name;
    enum cs_digest digest;
    bool rsa;
} schemes[] = {
    {"rsa-pkcs1-sha256", CS_SHA256, true}, {"rsa-pkcs1-sha384", CS_SHA384, true},
    {"rsa-pkcs1-sha512", CS_SHA512, true}, {"ecdsa-sha256", CS_SHA256, false},
    {"ecdsa-sha384", CS_SHA384, false},    {"ecdsa-sha512", CS_SHA512, false},
};

static cs_rc sign_with(struct cs_keystore *store, struct cs_key *key, const char *scheme,
                       const struct cs_bytes *data, struct cs_bytes *ret_signature,
                       struct cs_err *err)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strcmp(schemes[i].name, scheme) == 0 && schemes[i].rsa == cs_key_is_rsa(&key->spec) &&
            data->len == cs_digest_len(schemes[i].digest)) {
            return store->ops->sign(store, key, schemes[i].digest, data->data, ret_signature, err);
        }
    }
    return cs_fail(err, CS_E_CONFIG, "the client key does not sign %zu octets with \"%.40s\"",
                   data->len, scheme);
}

static cs_rc sign(struct cs_caclient_helper *helper, const char *scheme,
                  const struct cs_bytes *data, struct cs_bytes *ret_signature, struct cs_err *err)
{
    const struct cs_app_ca *ca = (struct cs_app_ca *)helper;
    struct cs_keystore_source *source = &ca->app->keystore.base;
    cs_auto(cs_keystore) store = NULL;
    uint8_t id[CS_KEY_ID_LEN];
    struct cs_key *key = NULL;

    CS_TRY(cs_uri_key_id(ca->section->client_key, "client-key", id, err));
    CS_TRY(source->open(source, &store, err));
    CS_TRY(store->ops->find(store, id, &key, err));
    if (!key) {
        return cs_fail_hint(err, CS_E_TOKEN_ABSENT, "name that token with --token",
                            "the client key of %s is not on the token \"%s\"", ca->name,
                            store->ops->info(store)->label);
    }
    cs_rc rc = sign_with(store, key, scheme, data, ret_signature, err);
    store->ops->key_free(key);
    return rc;
}

/* ---- making one ---- */

/* Itself first. */
static cs_rc read_client_chain(const struct cs_config_ca *section, struct cs_bytes *ret_chain,
                               struct cs_err *err)
{
    cs_auto_value(cs_bytes) file = {0};
    cs_auto_value(cs_bytes) leaf = {0};
    cs_auto_value(cs_bytes) issuers = {0};
    cs_auto_value(cs_cert_facts) facts = {0};
    cs_auto_value(cs_buf) all = CS_BUF(2 * CS_REPLY_MAX_OCTETS);

    CS_TRY(cs_file_read(section->client_certificate, CS_REPLY_MAX_OCTETS, &file, err));
    CS_TRY(cs_reply_leaf(&file, &leaf, err));
    CS_TRY(cs_cert_read(&leaf, &facts, err));
    cs_bytes_done(&leaf);
    CS_TRY(cs_reply_parse(&file, &facts.spki, &leaf, &issuers, err));
    cs_buf_add(&all, leaf.data, leaf.len);
    cs_buf_add(&all, issuers.data, issuers.len);
    return cs_buf_take(&all, section->client_certificate, ret_chain, err);
}

/* What a section does not say the name says, and the environment where Kerberos looks. */
static cs_rc make_client(struct cs_app_ca *ca, const char *type, struct cs_err *err)
{
    static const struct cs_config_ca nothing = {0};
    const struct cs_config_ca *section = ca->section ? ca->section : &nothing;
    const struct cs_env *env = &ca->app->env;
    cs_auto_value(cs_strv) own = {0};
    const struct cs_strv *addresses = section->addresses.count ? &section->addresses : &own;
    cs_auto_value(cs_bytes) chain = {0};
    const char *auth = section->auth;

    cs_strv_add(&own, ca->name ? ca->name : "");
    if (!auth && (strcmp(type, "ces") == 0 || strcmp(type, "cep") == 0)) {
        auth = cs_caname_ces_auth(addresses->items[0]);
    }
    if (section->client_certificate) {
        CS_TRY(read_client_chain(section, &chain, err));
    }
    ca->helper = (struct cs_caclient_helper){
        .sign = section->client_key ? sign : NULL,
        .interrupted = interrupted,
    };
    ca->password = (struct cs_ca_password){password_get};
    const struct cs_caclient_options options = {
        .program = section->program ? section->program : cs_libexec_path(PROGRAM),
        .name = ca->name ? ca->name : "the directory",
        .type = type,
        .addresses = addresses,
        .auth = auth,
        .account = section->account,
        .password = &ca->password,
        .realm = section->realm,
        .ccache = section->ccache ? section->ccache : env->krb5_ccache,
        .keytab = section->keytab,
        .krb5_config = section->krb5_config ? section->krb5_config : env->krb5_config,
        .anchors = section->anchors,
        .client_chain = &chain,
        .timeout = section->timeout,
        .helper = &ca->helper,
    };
    ca->client = cs_caclient_new(&options);
    return CS_OK;
}

static void ca_free(struct cs_app_ca *ca)
{
    cs_caclient_free(ca->client);
    cs_secret_free(ca->secret);
    free(ca->name);
    free(ca);
}

/* @name NULL: the directory. */
static cs_rc get(struct cs_app *app, const char *name, const char *type,
                 struct cs_caclient **ret_client, struct cs_err *err)
{
    struct cs_app_cas *cas = &app->cas;

    for (size_t i = 0; i < cas->count; i++) {
        const char *known = cas->items[i]->name;
        if (name && known ? strcmp(known, name) == 0 : name == known) {
            *ret_client = cas->items[i]->client;
            return CS_OK;
        }
    }
    struct cs_app_ca *ca = cs_alloc(1, sizeof *ca);
    ca->app = app;
    ca->name = cs_strdup(name);
    ca->section = name ? cs_config_find_ca(app->config, name) : NULL;
    cs_rc rc = make_client(ca, type, err);
    if (rc != CS_OK) {
        ca_free(ca);
        return rc;
    }
    cas->items = cs_realloc(cas->items, cas->count + 1, sizeof(struct cs_app_ca *));
    cas->items[cas->count++] = ca;
    *ret_client = ca->client;
    return CS_OK;
}

cs_rc cs_appca_get(struct cs_app *app, const char *name, struct cs_caclient **ret_client,
                   struct cs_err *err)
{
    const char *type = cs_appca_type(app, name);

    return type ? get(app, name, type, ret_client, err) : fail_unknown(name, err);
}

cs_rc cs_appca_directory(struct cs_app *app, struct cs_caclient **ret_client, struct cs_err *err)
{
    CS_TRY(check_password(app, NULL, err));
    return get(app, NULL, "directory", ret_client, err);
}

void cs_appca_done(struct cs_app *app)
{
    for (size_t i = 0; i < app->cas.count; i++) {
        ca_free(app->cas.items[i]);
    }
    free(app->cas.items);
    app->cas.items = NULL;
    app->cas.count = 0;
}

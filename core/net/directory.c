#include "net/directory.h"

#include "base/mem.h"
#include "net/krb5peer.h"
#include "net/srv.h"

#include <ctype.h>
#include <gssapi/gssapi_krb5.h>
#include <lber.h>
#include <ldap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define GLOBAL_CATALOG_PORT 3268
#define LDAP_PORT_NUMBER    389

/* What a directory can make us hold. */
#define ENTRIES_MAX 1000
#define VALUES_MAX  4000
#define VALUE_MAX   4096

struct cs_directory {
    LDAP *ldap;
    char *host;
    unsigned timeout;
};

void cs_directory_free(struct cs_directory *directory)
{
    if (directory) {
        if (directory->ldap) {
            ldap_unbind_ext_s(directory->ldap, NULL, NULL);
        }
        free(directory->host);
        free(directory);
    }
}

const char *cs_directory_host(const struct cs_directory *directory)
{
    return directory->host;
}

static cs_rc fail(const struct cs_directory *directory, int code, const char *operation,
                  struct cs_err *err)
{
    char *detail = NULL;

    ldap_get_option(directory->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
    cs_autofree char *shown = cs_terminal_escape(detail && *detail ? detail : "");
    ldap_memfree(detail);
    cs_err_set(err, CS_E_CA_UNREACHABLE, "the directory at %s cannot be asked: %s: %s%s%s",
               directory->host, operation, ldap_err2string(code), *shown ? ": " : "", shown);
    cs_err_hint(err, code == LDAP_SERVER_DOWN
                         ? "the domain controller must be reached by TCP port 389 (3268 for a "
                           "global catalog); check its name, DNS and the firewall"
                         : "the account must be one of the domain; say another domain controller "
                           "with -GlobalSettingsDomainController");
    return CS_E_CA_UNREACHABLE;
}

/* ---- connection ---- */

/* The login by SASL takes this thread's default cache, which is ours for its time: libldap lets no
 * credentials be handed to it before there is a connection. */
static cs_rc use_cache(const char *name, struct cs_err *err)
{
    OM_uint32 minor = 0;

    if (GSS_ERROR(gss_krb5_ccache_name(&minor, name, NULL))) {
        return cs_fail(err, CS_E_INTERNAL, "the credential cache cannot be set for the directory");
    }
    return CS_OK;
}

/* GSSAPI asks nothing. */
static int no_questions(LDAP *ldap, unsigned flags, void *defaults, void *interact)
{
    (void)ldap;
    (void)flags;
    (void)defaults;
    (void)interact;
    return LDAP_SUCCESS;
}

static int set_options(struct cs_directory *directory)
{
    static const int version = LDAP_VERSION3;
    static const ber_len_t encrypted = 56; /* Cyrus SASL's number for a context that encrypts */
    const struct timeval limit = {.tv_sec = directory->timeout};
    LDAP *ldap = directory->ldap;
    int rc = ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version);

    rc = rc ? rc : ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &limit);
    rc = rc ? rc : ldap_set_option(ldap, LDAP_OPT_TIMEOUT, &limit);
    rc = rc ? rc : ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    rc = rc ? rc : ldap_set_option(ldap, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
    return rc ? rc : ldap_set_option(ldap, LDAP_OPT_X_SASL_SSF_MIN, &encrypted);
}

/* @hosts are those that may answer: whoever is asked, and beside it what DNS says is as good. */
static cs_rc connect_to(const char *host, int port, const struct cs_directory_wish *wish,
                        const struct cs_strv *hosts, struct cs_directory **ret_directory,
                        struct cs_err *err)
{
    cs_auto(cs_directory) directory = cs_alloc(1, sizeof *directory);
    cs_autofree char *url = cs_asprintf("ldap://%s:%d", host, port);

    directory->host = cs_strdup(host);
    directory->timeout = wish->timeout;
    /* Else libldap reads a file "ldaprc" of the folder where cscert was started. */
    (void)setenv("LDAPNOINIT", "1", 1);
    int rc = ldap_initialize(&directory->ldap, url);
    if (rc != LDAP_SUCCESS) {
        return cs_fail(err, CS_E_USAGE, "%s is no name of a host", host);
    }
    rc = set_options(directory);
    if (rc != LDAP_SUCCESS) {
        return cs_fail(err, CS_E_INTERNAL, "libldap does not take its settings (%d)", rc);
    }
    CS_TRY(use_cache(cs_krb5_ccache(wish->krb5), err));
    rc = ldap_sasl_interactive_bind_s(directory->ldap, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET,
                                      no_questions, NULL);
    CS_TRY(use_cache(NULL, err));
    if (rc != LDAP_SUCCESS) {
        return fail(directory, rc, "login", err);
    }
    CS_TRY(cs_krb5_check_peers(cs_krb5_ccache(wish->krb5), "ldap", hosts, err));
    *ret_directory = cs_steal(&directory);
    return CS_OK;
}

static cs_rc connect_by_domain(const struct cs_directory_wish *wish,
                               struct cs_directory **ret_directory, struct cs_err *err)
{
    cs_auto_value(cs_strv) hosts = {0};
    cs_autofree char *name = cs_asprintf("_ldap._tcp.dc._msdcs.%s", wish->domain);
    cs_rc rc = CS_E_CA_UNREACHABLE;

    CS_TRY(cs_srv_hosts(name, &hosts, err));
    for (size_t i = 0; i < hosts.count && rc != CS_OK; i++) {
        rc = connect_to(hosts.items[i], LDAP_PORT_NUMBER, wish, &hosts, ret_directory, err);
    }
    return rc;
}

static cs_rc connect_by_name(const char *host, int port, const struct cs_directory_wish *wish,
                             struct cs_directory **ret_directory, struct cs_err *err)
{
    cs_auto_value(cs_strv) hosts = {0};

    cs_strv_add(&hosts, host);
    return connect_to(host, port, wish, &hosts, ret_directory, err);
}

cs_rc cs_directory_open(const struct cs_directory_wish *wish, struct cs_directory **ret_directory,
                        struct cs_err *err)
{
    if (wish->global_catalog) {
        return connect_by_name(wish->global_catalog, GLOBAL_CATALOG_PORT, wish, ret_directory, err);
    }
    if (wish->domain_controller) {
        return connect_by_name(wish->domain_controller, LDAP_PORT_NUMBER, wish, ret_directory, err);
    }
    if (wish->domain) {
        return connect_by_domain(wish, ret_directory, err);
    }
    return cs_fail_hint(err, CS_E_USAGE,
                        "say -GlobalCatalog or -GlobalSettingsDomainController, or run it on a "
                        "computer whose name has the domain",
                        "it is not known which domain's directory is meant");
}

/* ---- questions ---- */

/* An octet string of the directory as text; NULL if it is none, or too long. */
static char *text_of(const struct berval *value)
{
    if (value->bv_len == 0 || value->bv_len > VALUE_MAX ||
        memchr(value->bv_val, 0, value->bv_len)) {
        return NULL;
    }
    cs_autofree char *text = cs_strndup(value->bv_val, value->bv_len);
    return cs_terminal_escape(text);
}

static void values_of(const struct cs_directory *directory, LDAPMessage *entry,
                      const char *attribute, struct cs_strv *list)
{
    struct berval **values = ldap_get_values_len(directory->ldap, entry, attribute);

    for (size_t i = 0; values && values[i] && list->count < VALUES_MAX; i++) {
        char *text = text_of(values[i]);
        if (text) {
            cs_strv_take(list, text);
        }
    }
    ldap_value_free_len(values);
}

/* The first value, or NULL; the caller frees. */
static char *value_of(const struct cs_directory *directory, LDAPMessage *entry,
                      const char *attribute)
{
    cs_auto_value(cs_strv) list = {0};

    values_of(directory, entry, attribute, &list);
    return list.count ? cs_strdup(list.items[0]) : NULL;
}

static cs_rc search(struct cs_directory *directory, const char *base, int scope, const char *filter,
                    const char *const *attributes, LDAPMessage **ret_result, struct cs_err *err)
{
    struct timeval limit = {.tv_sec = directory->timeout};
    char *wanted[8] = {0};

    for (size_t i = 0; attributes[i] && i < 7; i++) {
        wanted[i] = cs_strdup(attributes[i]);
    }
    int rc = ldap_search_ext_s(directory->ldap, base, scope, filter, wanted, 0, NULL, NULL, &limit,
                               ENTRIES_MAX, ret_result);
    for (size_t i = 0; wanted[i]; i++) {
        free(wanted[i]);
    }
    if (rc != LDAP_SUCCESS && rc != LDAP_SIZELIMIT_EXCEEDED) {
        ldap_msgfree(*ret_result);
        *ret_result = NULL;
        return fail(directory, rc, "search", err);
    }
    return CS_OK;
}

/* "CN=Configuration,DC=litwareinc,DC=net"; the caller frees. */
static cs_rc configuration(struct cs_directory *directory, char **ret_name, struct cs_err *err)
{
    static const char *const attributes[] = {"configurationNamingContext", NULL};
    LDAPMessage *result = NULL;

    CS_TRY(search(directory, "", LDAP_SCOPE_BASE, "(objectClass=*)", attributes, &result, err));
    LDAPMessage *entry = ldap_first_entry(directory->ldap, result);
    *ret_name = entry ? value_of(directory, entry, attributes[0]) : NULL;
    ldap_msgfree(result);
    if (!*ret_name) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "the directory at %s is no Active Directory: it has no "
                       "configurationNamingContext",
                       directory->host);
    }
    return CS_OK;
}

/* The UTF-16 unit of "!xxxx"; 0 if it is none. */
static unsigned escaped(const char *text)
{
    char digits[5] = {0};

    for (size_t i = 0; i < 4; i++) {
        if (!isxdigit((unsigned char)text[i + 1])) {
            return 0;
        }
        digits[i] = text[i + 1];
    }
    return (unsigned)strtoul(digits, NULL, 16);
}

static size_t put_utf8(char *to, unsigned unit)
{
    if (unit < 0x80) {
        to[0] = (char)unit;
        return 1;
    }
    if (unit < 0x800) {
        to[0] = (char)(0xc0 | unit >> 6);
        to[1] = (char)(0x80 | (unit & 0x3f));
        return 2;
    }
    to[0] = (char)(0xe0 | unit >> 12);
    to[1] = (char)(0x80 | (unit >> 6 & 0x3f));
    to[2] = (char)(0x80 | (unit & 0x3f));
    return 3;
}

char *cs_directory_unsanitize(const char *name)
{
    char *text = cs_alloc(strlen(name) + 1, 1); /* five octets become three at most */
    size_t used = 0;

    for (const char *at = name; *at;) {
        unsigned unit = *at == '!' ? escaped(at) : 0;
        bool half = unit >= 0xd800 && unit <= 0xdfff; /* of a pair: left as it stands */
        if (unit && !half) {
            used += put_utf8(text + used, unit);
            at += 5;
        } else {
            text[used++] = *at++;
        }
    }
    return text;
}

/* msPKI-Enrollment-Servers: five fields in lines; the fourth is the URL (MS-WCCE 2.2.2.11.2). What
 * no URL can be is left out: it costs neither the CA nor the list. */
static void add_url(struct cs_strv *urls, const char *value)
{
    cs_auto_value(cs_strv) fields = {0};

    cs_strv_split(&fields, value, '\n');
    for (size_t i = 0; i < fields.count; i++) {
        if (strncmp(fields.items[i], "https://", strlen("https://")) == 0 &&
            cs_text_is_clean(fields.items[i])) {
            cs_strv_add(urls, fields.items[i]);
        }
    }
}

/* Lines are apart by what text_of() would escape. */
static void urls_of(const struct cs_directory *directory, LDAPMessage *entry, struct cs_strv *urls)
{
    struct berval **values =
        ldap_get_values_len(directory->ldap, entry, "msPKI-Enrollment-Servers");

    for (size_t i = 0; values && values[i] && urls->count < VALUES_MAX; i++) {
        if (values[i]->bv_len <= VALUE_MAX && !memchr(values[i]->bv_val, 0, values[i]->bv_len)) {
            cs_autofree char *text = cs_strndup(values[i]->bv_val, values[i]->bv_len);
            add_url(urls, text);
        }
    }
    ldap_value_free_len(values);
}

static cs_rc give(const struct cs_directory *directory, LDAPMessage *entry, cs_directory_fn each,
                  void *ctx, struct cs_err *err)
{
    cs_auto_value(cs_strv) templates = {0};
    cs_auto_value(cs_strv) urls = {0};
    cs_autofree char *sanitized = value_of(directory, entry, "cn");
    cs_autofree char *host = value_of(directory, entry, "dNSHostName");

    if (!sanitized || !host) {
        return CS_OK; /* not one that can be asked */
    }
    cs_autofree char *plain = cs_directory_unsanitize(sanitized);
    cs_autofree char *name = cs_terminal_escape(plain);
    values_of(directory, entry, "certificateTemplates", &templates);
    urls_of(directory, entry, &urls);
    const struct cs_directory_ca ca = {name, host, &templates, &urls};
    return each(ctx, &ca, err);
}

cs_rc cs_directory_each_ca(struct cs_directory *directory, cs_directory_fn each, void *ctx,
                           struct cs_err *err)
{
    static const char *const attributes[] = {"cn", "dNSHostName", "certificateTemplates",
                                             "msPKI-Enrollment-Servers", NULL};
    cs_autofree char *base = NULL;
    LDAPMessage *result = NULL;
    cs_rc rc = CS_OK;

    CS_TRY(configuration(directory, &base, err));
    cs_autofree char *services =
        cs_asprintf("CN=Enrollment Services,CN=Public Key Services,CN=Services,%s", base);
    CS_TRY(search(directory, services, LDAP_SCOPE_ONELEVEL, "(objectClass=pKIEnrollmentService)",
                  attributes, &result, err));
    for (LDAPMessage *entry = ldap_first_entry(directory->ldap, result); entry && rc == CS_OK;
         entry = ldap_next_entry(directory->ldap, entry)) {
        rc = give(directory, entry, each, ctx, err);
    }
    ldap_msgfree(result);
    return rc;
}

#include "ca/adlist.h"

#include "base/mem.h"
#include "ca/logon.h"
#include "net/directory.h"
#include "net/tcp.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What follows the first label of a host's name, or the realm of "user@REALM"; NULL: nothing. */
static const char *behind(const char *text, char mark)
{
    const char *at = text ? strchr(text, mark) : NULL;

    return at && at[1] ? at + 1 : NULL;
}

static cs_rc open_krb5(const struct cs_ca_target *target, struct cs_krb5 **ret_krb5,
                       struct cs_err *err)
{
    const char *host = target->global_catalog       ? target->global_catalog
                       : target->global_settings_dc ? target->global_settings_dc
                                                    : target->host;

    return cs_ca_logon(target, host, ret_krb5, err);
}

static cs_rc open_directory(const struct cs_ca_target *target, struct cs_krb5 *krb5,
                            struct cs_directory **ret_directory, struct cs_err *err)
{
    int64_t left = (target->until_ms - cs_tcp_deadline(0)) / 1000;
    const char *domain = target->host ? behind(target->host, '.') : target->address;
    const struct cs_directory_wish where = {
        .krb5 = krb5,
        .global_catalog = target->global_catalog,
        .domain_controller = target->global_settings_dc,
        .domain = domain ? domain : behind(cs_krb5_client(krb5), '@'),
        .timeout = left > 0 ? (unsigned)left : 1,
    };
    return cs_directory_open(&where, ret_directory, err);
}

static cs_rc add_entry(void *ctx, const struct cs_directory_ca *ca, struct cs_err *err)
{
    struct cs_ca_entry *entry = cs_ca_entry_list_add(ctx);

    (void)err;
    entry->name = cs_asprintf("%s\\%s", ca->host, ca->name);
    entry->host = cs_strdup(ca->host);
    entry->authority = cs_strdup(ca->name);
    cs_strv_copy(&entry->templates, ca->templates);
    cs_strv_copy(&entry->urls, ca->urls);
    return CS_OK;
}

cs_rc cs_adlist(const struct cs_ca_target *target, struct cs_ca_entry_list *ret_entries,
                struct cs_err *err)
{
    cs_auto(cs_krb5) krb5 = NULL;
    cs_auto(cs_directory) directory = NULL;

    CS_TRY(open_krb5(target, &krb5, err));
    cs_ca_watch_begin(target, "the directory of %.200s, or DNS",
                      target->address ? target->address : cs_krb5_client(krb5));
    cs_rc rc = open_directory(target, krb5, &directory, err);
    cs_ca_watch_end(target);
    CS_TRY(rc);
    return cs_directory_each_ca(directory, add_entry, ret_entries, err);
}

/* ---- is the template installed ---- */

struct lookup {
    const struct cs_ca_target *target;
    const char *template_name;
    enum cs_adlist_fit fit; /* of the best CA up to here, of which the rest tells */
    char *authority;        /* NULL: none */
    bool has_template;
    struct cs_strv others; /* the CA's templates */
};

/* @wanted may be without the domain. */
static bool is_host(const char *host, const char *wanted)
{
    size_t len = strlen(wanted);

    return cs_ascii_iequal(host, wanted) ||
           (!strchr(wanted, '.') && strncasecmp(host, wanted, len) == 0 && host[len] == '.');
}

enum cs_adlist_fit cs_adlist_fit(const struct cs_ca_target *target,
                                 const struct cs_directory_ca *ca)
{
    /* A path's case is of no importance to IIS. */
    if (!target->authority && cs_strv_ihas(ca->urls, target->address)) {
        return CS_ADLIST_URL;
    }
    bool named = !target->authority || cs_ascii_iequal(ca->name, target->authority);
    return named && is_host(ca->host, target->host) ? CS_ADLIST_HOST : CS_ADLIST_OTHER;
}

static cs_rc look(void *ctx, const struct cs_directory_ca *ca, struct cs_err *err)
{
    struct lookup *lookup = ctx;

    enum cs_adlist_fit fit = cs_adlist_fit(lookup->target, ca);

    (void)err;
    if (fit <= lookup->fit) {
        return CS_OK;
    }
    lookup->fit = fit;
    free(lookup->authority);
    lookup->authority = cs_strdup(ca->name);
    lookup->has_template = cs_strv_ihas(ca->templates, lookup->template_name);
    cs_strv_done(&lookup->others);
    cs_strv_copy(&lookup->others, ca->templates);
    return CS_OK;
}

static cs_rc judge(const struct lookup *lookup, struct cs_err *err)
{
    const struct cs_ca_target *target = lookup->target;

    if (!lookup->authority && !target->authority) {
        return CS_OK; /* a web service on another computer, which the directory does not know */
    }
    if (!lookup->authority) {
        return cs_fail_hint(err, CS_E_CA_REFUSED, "`cscert ca list` shows those that there are",
                            "the directory lists no CA %s on %s", target->authority, target->host);
    }
    if (!lookup->has_template) {
        cs_autofree char *others = cs_strv_join(&lookup->others, ", ");
        cs_err_set(err, CS_E_CA_REFUSED, "the template %s is not installed on the CA %s",
                   lookup->template_name, lookup->authority);
        cs_err_hint(err,
                    "it has: %.600s; say one of them with -Template (the name, not the "
                    "display name)",
                    *others ? others : "none");
        return CS_E_CA_REFUSED;
    }
    return CS_OK;
}

cs_rc cs_adlist_check(const struct cs_ca_target *target, struct cs_krb5 *krb5,
                      const char *template_name, struct cs_err *err)
{
    struct lookup lookup = {.target = target, .template_name = template_name};
    cs_auto(cs_krb5) own = NULL;
    cs_auto(cs_directory) directory = NULL;
    struct cs_err unused = {0};
    cs_rc rc = CS_OK;

    if (target->auth != CS_CA_AUTH_KERBEROS || !template_name) {
        return CS_OK;
    }
    if (!krb5) {
        rc = open_krb5(target, &own, &unused);
    }
    cs_ca_watch_optional(target);
    if (rc == CS_OK) {
        rc = open_directory(target, krb5 ? krb5 : own, &directory, &unused);
    }
    if (rc == CS_OK) {
        rc = cs_directory_each_ca(directory, look, &lookup, &unused);
    }
    cs_ca_watch_end(target);
    rc = rc == CS_OK ? judge(&lookup, err) : CS_OK;
    cs_strv_done(&lookup.others);
    free(lookup.authority);
    return rc;
}

#include "net/krb5cred.h"

#include "base/mem.h"
#include "net/account.h"
#include "net/krb5fail.h"

#include <stdlib.h>
#include <string.h>

struct cs_krb5 {
    krb5_context context;
    krb5_principal client;
    krb5_ccache cache;
    bool in_memory; /* the cache is ours and goes with this */
    char *client_name;
    char *cache_name;
    char *source;        /* for people */
    int64_t domain_time; /* of the last error that a controller sent; 0: none */
};

void cs_krb5_close(struct cs_krb5 *krb5)
{
    if (!krb5) {
        return;
    }
    if (krb5->cache) {
        (void)(krb5->in_memory ? krb5_cc_destroy : krb5_cc_close)(krb5->context, krb5->cache);
    }
    krb5_free_principal(krb5->context, krb5->client);
    krb5_free_context(krb5->context);
    free(krb5->client_name);
    free(krb5->cache_name);
    free(krb5->source);
    free(krb5);
}

const char *cs_krb5_client(const struct cs_krb5 *krb5)
{
    return krb5->client_name;
}

const char *cs_krb5_ccache(const struct cs_krb5 *krb5)
{
    return krb5->cache_name;
}

const char *cs_krb5_source(const struct cs_krb5 *krb5)
{
    return krb5->source;
}

/* ---- names ---- */

/* libkrb5's text as ours. */
static char *take_unparsed(krb5_context context, char *text)
{
    char *copy = cs_strdup(text);

    krb5_free_unparsed_name(context, text);
    return copy;
}

static char *name_of(krb5_context context, krb5_const_principal principal)
{
    char *text = NULL;

    if (!principal || krb5_unparse_name(context, principal, &text) != 0) {
        return cs_strdup("?");
    }
    return take_unparsed(context, text);
}

/* [domain_realm]'s answer for a host or domain; NULL if krb5.conf has none. */
static char *mapped_realm(krb5_context context, const char *host)
{
    char **realms = NULL;
    char *realm = NULL;

    if (krb5_get_host_realm(context, host, &realms) != 0) {
        return NULL;
    }
    if (realms[0] && realms[0][0]) {
        realm = cs_strdup(realms[0]);
    }
    (void)krb5_free_host_realm(context, realms);
    return realm;
}

static char *default_realm(krb5_context context)
{
    char *realm = NULL;

    if (krb5_get_default_realm(context, &realm) != 0) {
        return NULL;
    }
    char *copy = cs_strdup(realm);
    krb5_free_default_realm(context, realm);
    return copy;
}

static cs_rc find_realms(krb5_context context, const struct cs_account *account,
                         const struct cs_krb5_wish *wish, struct cs_strv *realms,
                         struct cs_err *err)
{
    cs_autofree char *usual = default_realm(context);
    cs_autofree char *mapped = account->domain ? mapped_realm(context, account->domain) : NULL;
    const struct cs_realm_hints hints = {
        .configured = wish->realm,
        .default_realm = usual,
        .mapped = mapped,
        .near_host = wish->host,
    };

    cs_account_realms(account, &hints, realms);
    if (realms->count == 0) {
        return cs_fail_hint(err, CS_E_CONFIG,
                            "set `realm` in the CA's section (the domain's DNS name in upper "
                            "case), or write the account as user@domain with that DNS name",
                            "the Kerberos realm of the account %.200s is not known", wish->account);
    }
    return CS_OK;
}

/* With a UPN the controller looks the whole of it up (RFC 6806 section 5). */
static krb5_error_code make_client(krb5_context context, const struct cs_account *account,
                                   const char *realm, bool by_upn, krb5_principal *ret_client)
{
    bool whole = by_upn && account->is_upn && strchr(account->domain, '.');
    cs_autofree char *name =
        whole ? cs_asprintf("%s@%s", account->user, account->domain) : cs_strdup(account->user);

    krb5_error_code code = krb5_build_principal(context, ret_client, (unsigned)strlen(realm), realm,
                                                name, (char *)NULL);
    if (code == 0 && whole) {
        (*ret_client)->type = KRB5_NT_ENTERPRISE_PRINCIPAL;
    }
    return code;
}

/* ---- tickets from a password or a keytab ---- */

struct attempt {
    krb5_context context;
    krb5_principal client;
    krb5_get_init_creds_opt *options;
    krb5_creds creds;
    krb5_error_code code;
};

static cs_rc with_password(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct attempt *attempt = ctx;

    if (memchr(octets, '\0', len)) {
        return cs_fail(err, CS_E_USAGE, "the password of the account holds a NUL");
    }
    attempt->code =
        krb5_get_init_creds_password(attempt->context, &attempt->creds, attempt->client,
                                     (const char *)octets, NULL, NULL, 0, NULL, attempt->options);
    return CS_OK;
}

static cs_rc with_keytab(struct attempt *attempt, const char *path, struct cs_err *err)
{
    krb5_keytab keytab = NULL;

    attempt->code = krb5_kt_resolve(attempt->context, path, &keytab);
    if (attempt->code) {
        return cs_fail_krb5(err, attempt->context, attempt->code, "krb5_kt_resolve", path);
    }
    attempt->code = krb5_get_init_creds_keytab(attempt->context, &attempt->creds, attempt->client,
                                               keytab, 0, NULL, attempt->options);
    (void)krb5_kt_close(attempt->context, keytab);
    return CS_OK;
}

/* Moves what was got into a cache that nobody else sees. */
static krb5_error_code keep_ticket(struct cs_krb5 *krb5, krb5_creds *creds)
{
    krb5_error_code code = krb5_cc_new_unique(krb5->context, "MEMORY", NULL, &krb5->cache);

    if (code) {
        return code;
    }
    krb5->in_memory = true;
    code = krb5_cc_initialize(krb5->context, krb5->cache, creds->client);
    if (code == 0) {
        code = krb5_cc_store_cred(krb5->context, krb5->cache, creds);
    }
    if (code == 0) {
        code = krb5_copy_principal(krb5->context, creds->client, &krb5->client);
    }
    return code;
}

/* One try. *ret_elsewhere: no controller of that realm is known. */
static cs_rc get_ticket(struct cs_krb5 *krb5, const struct cs_krb5_wish *wish,
                        krb5_principal client, bool *ret_elsewhere, struct cs_err *err)
{
    struct attempt attempt = {.context = krb5->context, .client = client};
    cs_autofree char *name = name_of(krb5->context, client);
    /* A UPN inside a principal reads badly. */
    cs_autofree char *who = client->type == KRB5_NT_ENTERPRISE_PRINCIPAL
                                ? cs_asprintf("%s (realm %.*s)", wish->account,
                                              (int)client->realm.length, client->realm.data)
                                : cs_steal(&name);
    cs_rc rc = CS_OK;

    attempt.code = krb5_get_init_creds_opt_alloc(krb5->context, &attempt.options);
    if (attempt.code == 0) {
        krb5_get_init_creds_opt_set_forwardable(attempt.options, 0);
        krb5_get_init_creds_opt_set_proxiable(attempt.options, 0);
        /* for a UPN the answer must name the account itself */
        krb5_get_init_creds_opt_set_canonicalize(attempt.options,
                                                 client->type == KRB5_NT_ENTERPRISE_PRINCIPAL);
        rc = wish->password ? cs_secret_lend(wish->password, with_password, &attempt, err)
                            : with_keytab(&attempt, wish->keytab, err);
        krb5_get_init_creds_opt_free(krb5->context, attempt.options);
    }
    if (rc == CS_OK && attempt.code == 0) {
        attempt.code = keep_ticket(krb5, &attempt.creds);
        krb5_free_cred_contents(krb5->context, &attempt.creds);
    }
    *ret_elsewhere = attempt.code == KRB5_REALM_UNKNOWN || attempt.code == KRB5_REALM_CANT_RESOLVE;
    if (rc == CS_OK && attempt.code) {
        rc = cs_fail_krb5(err, krb5->context, attempt.code, "krb5_get_init_creds", who);
        cs_krb5_say_clocks(err, attempt.code, krb5->domain_time);
    }
    return rc;
}

static cs_rc get_ticket_of_account(struct cs_krb5 *krb5, const struct cs_krb5_wish *wish,
                                   struct cs_err *err)
{
    cs_auto_value(cs_account) account = {0};
    cs_auto_value(cs_strv) realms = {0};
    bool elsewhere = true;
    cs_rc rc = CS_OK;

    CS_TRY(cs_account_parse(wish->account, &account, err));
    CS_TRY(find_realms(krb5->context, &account, wish, &realms, err));
    for (size_t i = 0; i < realms.count && elsewhere; i++) {
        krb5_principal client = NULL;
        krb5_error_code code =
            make_client(krb5->context, &account, realms.items[i], wish->password != NULL, &client);
        if (code) {
            return cs_fail_krb5(err, krb5->context, code, "krb5_build_principal", wish->account);
        }
        rc = get_ticket(krb5, wish, client, &elsewhere, err);
        krb5_free_principal(krb5->context, client);
        elsewhere = elsewhere && rc != CS_OK;
    }
    return rc;
}

/* Only user accounts can ask for a first ticket: of a computer's keytab that is NAME$, not its
 * services' principals. */
static bool is_computer(krb5_const_principal principal)
{
    const krb5_data *name = principal->data;

    return principal->length == 1 && name->length && name->data[name->length - 1] == '$';
}

/* The first computer, else the first of all; NULL if the keytab is empty. */
static cs_rc find_in_keytab(krb5_context context, const char *path, krb5_principal *ret_client,
                            struct cs_err *err)
{
    krb5_keytab keytab = NULL;
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    bool found = false;

    krb5_error_code code = krb5_kt_resolve(context, path, &keytab);
    if (code) {
        return cs_fail_krb5(err, context, code, "krb5_kt_resolve", path);
    }
    code = krb5_kt_start_seq_get(context, keytab, &cursor);
    if (code == 0) {
        while (!found && (code = krb5_kt_next_entry(context, keytab, &entry, &cursor)) == 0) {
            found = is_computer(entry.principal);
            if (!*ret_client || found) {
                krb5_free_principal(context, *ret_client);
                *ret_client = NULL;
                code = krb5_copy_principal(context, entry.principal, ret_client);
            }
            (void)krb5_free_keytab_entry_contents(context, &entry);
        }
        (void)krb5_kt_end_seq_get(context, keytab, &cursor);
    }
    (void)krb5_kt_close(context, keytab);
    if (code && code != KRB5_KT_END) {
        return cs_fail_krb5(err, context, code, "krb5_kt_next_entry", path);
    }
    return CS_OK;
}

static cs_rc get_ticket_of_keytab(struct cs_krb5 *krb5, const struct cs_krb5_wish *wish,
                                  struct cs_err *err)
{
    krb5_principal client = NULL;
    bool elsewhere = false;

    CS_TRY(find_in_keytab(krb5->context, wish->keytab, &client, err));
    cs_rc rc =
        client ? get_ticket(krb5, wish, client, &elsewhere, err)
               : cs_fail_krb5(err, krb5->context, KRB5_KT_END, "krb5_kt_next_entry", wish->keytab);
    krb5_free_principal(krb5->context, client);
    return rc;
}

/* ---- a credential cache that is there ---- */

/* The cache of the collection that is the account's. */
static cs_rc match_cache(struct cs_krb5 *krb5, const struct cs_krb5_wish *wish, struct cs_err *err)
{
    cs_auto_value(cs_account) account = {0};
    cs_auto_value(cs_strv) realms = {0};
    krb5_error_code code = KRB5_CC_NOTFOUND;

    CS_TRY(cs_account_parse(wish->account, &account, err));
    CS_TRY(find_realms(krb5->context, &account, wish, &realms, err));
    for (size_t i = 0; i < realms.count && code; i++) {
        krb5_principal client = NULL;
        code = make_client(krb5->context, &account, realms.items[i], false, &client);
        if (code == 0) {
            code = krb5_cc_cache_match(krb5->context, client, &krb5->cache);
        }
        krb5_free_principal(krb5->context, client);
    }
    if (code) {
        return cs_fail_hint(err, CS_E_CA_UNREACHABLE,
                            "give its password (--ca-password-source), name `keytab` in the CA's "
                            "section, or `kinit` it",
                            "there is neither a password, nor a keytab, nor a ticket for the "
                            "account %.200s",
                            wish->account);
    }
    return CS_OK;
}

static bool is_tgt(const krb5_creds *creds)
{
    const krb5_data *name = creds->server->data;

    return creds->server->length == 2 && name->length == 6 && memcmp(name->data, "krbtgt", 6) == 0;
}

/* The ticket-granting tickets of @from into @to. */
static krb5_error_code copy_tgts(krb5_context context, krb5_ccache from, krb5_ccache to,
                                 bool *ret_any)
{
    krb5_cc_cursor cursor;
    krb5_creds creds;

    krb5_error_code code = krb5_cc_start_seq_get(context, from, &cursor);
    if (code) {
        return code;
    }
    while (code == 0 && (code = krb5_cc_next_cred(context, from, &cursor, &creds)) == 0) {
        if (is_tgt(&creds)) {
            code = krb5_cc_store_cred(context, to, &creds);
            *ret_any = true;
        }
        krb5_free_cred_contents(context, &creds);
    }
    (void)krb5_cc_end_seq_get(context, from, &cursor);
    return code == KRB5_CC_END ? 0 : code;
}

/* Works on a copy in memory with nothing but the ticket-granting tickets: so a controller is asked
 * each time, who says clearly what is wrong with clocks and names, and the user's cache stays as it
 * is. One without any such ticket is used as it is. */
static krb5_error_code copy_cache(struct cs_krb5 *krb5)
{
    krb5_ccache copy = NULL;
    bool any = false;

    krb5_error_code code = krb5_cc_new_unique(krb5->context, "MEMORY", NULL, &copy);
    if (code) {
        return code;
    }
    code = krb5_cc_initialize(krb5->context, copy, krb5->client);
    if (code == 0) {
        code = copy_tgts(krb5->context, krb5->cache, copy, &any);
    }
    if (code || !any) {
        (void)krb5_cc_destroy(krb5->context, copy);
        return code;
    }
    (void)krb5_cc_close(krb5->context, krb5->cache);
    krb5->cache = copy;
    krb5->in_memory = true;
    return 0;
}

static char *cache_name(krb5_context context, krb5_ccache cache)
{
    char *name = NULL;

    if (krb5_cc_get_full_name(context, cache, &name) != 0) {
        return cs_strdup("?");
    }
    char *copy = cs_strdup(name);
    krb5_free_string(context, name);
    return copy;
}

static cs_rc use_cache(struct cs_krb5 *krb5, const struct cs_krb5_wish *wish, struct cs_err *err)
{
    krb5_error_code code = 0;

    if (wish->ccache) {
        code = krb5_cc_resolve(krb5->context, wish->ccache, &krb5->cache);
    } else if (wish->account) {
        CS_TRY(match_cache(krb5, wish, err));
    } else {
        code = krb5_cc_default(krb5->context, &krb5->cache);
    }
    if (code == 0) {
        code = krb5_cc_get_principal(krb5->context, krb5->cache, &krb5->client);
    }
    if (code == 0) {
        krb5->source = cache_name(krb5->context, krb5->cache);
        code = copy_cache(krb5);
    }
    if (code == 0) {
        return CS_OK;
    }
    cs_autofree char *who =
        cs_asprintf("credential cache %.200s",
                    wish->ccache ? wish->ccache : krb5_cc_default_name(krb5->context));
    cs_rc rc = cs_fail_krb5(err, krb5->context, code, "krb5_cc_get_principal", who);
    /* What krb5.conf names, a keyring or a daemon, may be closed to us (wire/confine.h). */
    cs_err_hint(err, "%s", wish->ccache ? "" : "name `ccache` in the CA's section");
    return rc;
}

/* ---- all ---- */

static cs_rc get_credentials(struct cs_krb5 *krb5, const struct cs_krb5_wish *wish,
                             struct cs_err *err)
{
    if (wish->password && !wish->account) {
        return cs_fail(err, CS_E_USAGE, "there is a password for the CA, but no account");
    }
    if (wish->account && (wish->password || wish->keytab)) {
        return get_ticket_of_account(krb5, wish, err);
    }
    return wish->keytab ? get_ticket_of_keytab(krb5, wish, err) : use_cache(krb5, wish, err);
}

cs_rc cs_krb5_open(const struct cs_krb5_wish *wish, struct cs_krb5 **ret_krb5, struct cs_err *err)
{
    cs_auto(cs_krb5) krb5 = cs_alloc(1, sizeof *krb5);

    krb5_error_code code = krb5_init_context(&krb5->context);
    if (code) {
        return cs_fail_krb5(err, NULL, code, "krb5_init_context", "krb5.conf");
    }
    cs_krb5_watch_clock(krb5->context, &krb5->domain_time);
    CS_TRY(get_credentials(krb5, wish, err));
    krb5->client_name = name_of(krb5->context, krb5->client);
    krb5->cache_name = cache_name(krb5->context, krb5->cache);
    if (!krb5->source) {
        krb5->source = cs_asprintf("its %s", wish->password ? "password" : "keytab");
    }
    *ret_krb5 = cs_steal(&krb5);
    return CS_OK;
}

cs_rc cs_krb5_ticket(struct cs_krb5 *krb5, const char *service, const char *host,
                     char **ret_principal, struct cs_err *err)
{
    cs_autofree char *realm = mapped_realm(krb5->context, host);
    krb5_creds wanted = {.client = krb5->client};
    krb5_creds *creds = NULL;
    /* The empty realm asks the controller where the service is (RFC 6806 section 8). */
    const char *where = realm ? realm : KRB5_REFERRAL_REALM;

    krb5_error_code code = krb5_build_principal(
        krb5->context, &wanted.server, (unsigned)strlen(where), where, service, host, (char *)NULL);
    if (code == 0) {
        /* Not KRB5_NT_SRV_HST: for that libkrb5 may ask DNS for another name, where krb5.conf has
         * dns_canonicalize_hostname = fallback. */
        wanted.server->type = KRB5_NT_SRV_INST;
        code = krb5_get_credentials(krb5->context, 0, krb5->cache, &wanted, &creds);
    }
    krb5_free_creds(krb5->context, creds);
    cs_autofree char *name = name_of(krb5->context, wanted.server);
    krb5_free_principal(krb5->context, wanted.server);
    if (code) {
        cs_autofree char *who = cs_asprintf("%s for %s", krb5->client_name, name);
        cs_rc rc = cs_fail_krb5(err, krb5->context, code, "krb5_get_credentials", who);
        cs_krb5_say_clocks(err, code, krb5->domain_time);
        return rc;
    }
    *ret_principal = cs_steal(&name);
    return CS_OK;
}

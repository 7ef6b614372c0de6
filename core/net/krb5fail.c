#include "net/krb5fail.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CLOCK                                                                                      \
    "Kerberos allows five minutes: set this machine's clock by the domain's (`chronyc tracking`, " \
    "`timedatectl`)"
#define NO_KDC                                                                                     \
    "this machine must find the domain's controllers (DNS record _kerberos._tcp of the realm, or " \
    "[realms] in krb5.conf) and reach their ports TCP and UDP 88; `realm` in the CA's section "    \
    "names another realm"
#define TICKET                                                                                     \
    "get a ticket with `kinit`, or name `keytab` in the CA's section, or an account with "         \
    "--ca-account and its password"
#define ACCOUNT "is it spelled as the domain has it? domain\\user, or user@domain"
#define LOCKED  "the domain's administrator can tell why, and enable it"
#define SECRET  "check the password; several wrong ones lock the account"
#define KEYTAB                                                                                     \
    "`klist -k FILE` shows what is in it; it must hold the account as user@REALM, and its newest " \
    "key"
#define SPN                                                                                        \
    "name the CA's host as the domain knows it, in full (`cscert ca list` shows it): an address "  \
    "or an alias of DNS has no service principal"

/* Numbers and meanings: RFC 4120 section 7.5.9; krb5_err.et and kv5m of MIT krb5 as krb5.h has
 * them. @sentence follows the name of what was asked about. What is wrong with the account is a
 * refusal, which nobody tries again at another address of the CA: that would lock it. */
static const struct {
    krb5_error_code code;
    cs_rc rc;
    const char *sentence;
    const char *hint;
} errors[] = {
    {KRB5KDC_ERR_PREAUTH_FAILED, CS_E_CA_REFUSED, "the password is wrong", SECRET},
    {KRB5KRB_AP_ERR_BAD_INTEGRITY, CS_E_CA_REFUSED, "the password is wrong", SECRET},
    {KRB5KDC_ERR_KEY_EXP, CS_E_CA_REFUSED, "the password has expired", "set a new one (`kpasswd`)"},
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, CS_E_CA_REFUSED, "the domain has no such account", ACCOUNT},
    {KRB5KDC_ERR_NAME_EXP, CS_E_CA_REFUSED, "the account has expired", LOCKED},
    {KRB5KDC_ERR_CLIENT_REVOKED, CS_E_CA_REFUSED, "the account is locked, disabled or has expired",
     LOCKED},
    {KRB5KDC_ERR_POLICY, CS_E_CA_REFUSED, "the domain's policy forbids it", LOCKED},
    {KRB5KRB_AP_ERR_TKT_EXPIRED, CS_E_CA_UNREACHABLE, "the ticket has expired", TICKET},
    {KRB5_CC_NOTFOUND, CS_E_CA_UNREACHABLE, "there is no ticket for it", TICKET},
    {KRB5_FCC_NOFILE, CS_E_CA_UNREACHABLE, "there is no ticket", TICKET},
    {KRB5_CC_FORMAT, CS_E_CA_UNREACHABLE, "the credential cache cannot be read", TICKET},
    {KRB5_CCACHE_BADVNO, CS_E_CA_UNREACHABLE, "the credential cache cannot be read", TICKET},
    {KRB5_FCC_PERM, CS_E_CA_UNREACHABLE, "the credential cache may not be read", TICKET},
    {KRB5_CC_UNKNOWN_TYPE, CS_E_CONFIG, "credential caches of that type are not known",
     "FILE:, DIR:, KEYRING:, KCM: or MEMORY: (krb5.conf's default_ccache_name, KRB5CCNAME)"},
    {KRB5_KCM_NO_SERVER, CS_E_CA_UNREACHABLE, "the KCM that has it does not answer",
     "start it (sssd-kcm), or name another cache: `ccache` in the CA's section, KRB5CCNAME"},
    {KRB5_KT_NOTFOUND, CS_E_CONFIG, "the keytab does not have its key", KEYTAB},
    {KRB5_KT_END, CS_E_CONFIG, "the keytab is empty", KEYTAB},
    {KRB5_KEYTAB_BADVNO, CS_E_CONFIG, "this is no keytab", KEYTAB},
    {ENOENT, CS_E_CONFIG, "the keytab is not there", "check `keytab` in the CA's section"},
    {EACCES, CS_E_CONFIG, "the keytab may not be read", "give it to the user that runs cscert"},
    {KRB5KRB_AP_ERR_SKEW, CS_E_CA_UNREACHABLE, "this machine's clock and the domain's differ",
     CLOCK},
    {KRB5_KDCREP_SKEW, CS_E_CA_UNREACHABLE, "this machine's clock and the domain's differ", CLOCK},
    {KRB5KRB_AP_ERR_TKT_NYV, CS_E_CA_UNREACHABLE, "the ticket is not valid yet", CLOCK},
    {KRB5_KDC_UNREACH, CS_E_CA_UNREACHABLE, "no domain controller answers", NO_KDC},
    {KRB5_REALM_UNKNOWN, CS_E_CA_UNREACHABLE, "no domain controller can be found", NO_KDC},
    {KRB5_REALM_CANT_RESOLVE, CS_E_CA_UNREACHABLE, "no domain controller can be found", NO_KDC},
    {KRB5KDC_ERR_WRONG_REALM, CS_E_CA_UNREACHABLE, "the account is in another realm", NO_KDC},
    {KRB5_KDCREP_MODIFIED, CS_E_CONFIG, "the domain writes the realm in another way",
     "write `realm` in the CA's section as the domain has it: in upper case"},
    {KRB5_CONFIG_NODEFREALM, CS_E_CONFIG, "krb5.conf has no default_realm", NO_KDC},
    {KRB5_CONFIG_BADFORMAT, CS_E_CONFIG, "krb5.conf cannot be read", "check its syntax"},
    {KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, CS_E_CA_UNREACHABLE, "the domain knows no such service", SPN},
    {KRB5_ERR_HOST_REALM_UNKNOWN, CS_E_CA_UNREACHABLE, "its realm is not known", SPN},
    {KRB5KDC_ERR_ETYPE_NOSUPP, CS_E_CA_UNREACHABLE,
     "the domain and this machine have no type of encryption in common",
     "AES must be allowed for the account and in krb5.conf (permitted_enctypes)"},
};

cs_rc cs_fail_krb5(struct cs_err *err, krb5_context krb5, krb5_error_code code,
                   const char *operation, const char *who)
{
    const char *words = krb5_get_error_message(krb5, code);
    const char *sentence = "Kerberos failed";
    const char *hint = "";
    cs_rc rc = CS_E_CA_UNREACHABLE;

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (errors[i].code == code) {
            sentence = errors[i].sentence;
            hint = errors[i].hint;
            rc = errors[i].rc;
            break;
        }
    }
    cs_err_set(err, rc, "%.300s: %s", who, sentence);
    cs_err_cause(err, CS_ORIGIN_KERBEROS, code, words, operation);
    if (*hint) {
        cs_err_hint(err, "%s", hint);
    }
    krb5_free_error_message(krb5, words);
    return rc;
}

/* Libkrb5 keeps to itself what time it is where a controller says no (RFC 4120 section 5.9.1,
 * stime). */
static krb5_error_code note_time(krb5_context context, void *ctx, krb5_error_code code,
                                 const krb5_data *realm, const krb5_data *message,
                                 const krb5_data *reply, krb5_data **ret_reply)
{
    int64_t *domain_time = ctx;
    krb5_error *error = NULL;

    (void)realm;
    (void)message;
    *ret_reply = NULL;
    if (code == 0 && krb5_rd_error(context, reply, &error) == 0) {
        *domain_time = (uint32_t)error->stime; /* as libkrb5 does: it lasts until 2106 */
        krb5_free_error(context, error);
    }
    return code;
}

void cs_krb5_watch_clock(krb5_context krb5, int64_t *domain_time)
{
    krb5_set_kdc_recv_hook(krb5, note_time, domain_time);
}

void cs_krb5_say_clocks(struct cs_err *err, krb5_error_code code, int64_t domain_time)
{
    char here[CS_TIME_TEXT_SIZE];
    char there[CS_TIME_TEXT_SIZE];

    if (!err || !domain_time ||
        (code != KRB5KRB_AP_ERR_SKEW && code != KRB5_KDCREP_SKEW &&
         code != KRB5KRB_AP_ERR_TKT_NYV)) {
        return;
    }
    size_t len = strlen(err->message);
    snprintf(err->message + len, sizeof err->message - len, ": here it is %s, there %s",
             cs_clock_format(cs_clock_now(), here), cs_clock_format(domain_time, there));
}

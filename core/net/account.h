/* Accounts of a Windows domain as users write them, and the Kerberos realms they may be in. */
#ifndef CS_NET_ACCOUNT_H
#define CS_NET_ACCOUNT_H

#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>

struct cs_account {
    char *user;
    char *domain; /* before "\" or after "@"; NULL where none was said */
    bool is_upn;  /* user@domain: the domain may be a UPN suffix, which need not be a realm */
};
void cs_account_done(struct cs_account *account);

/* "domain\user", "user@domain" or "user". CS_E_USAGE for anything else. */
CS_MUST_CHECK cs_rc cs_account_parse(const char *text, struct cs_account *ret_account,
                                     struct cs_err *err);

/* What is known beside the account. NULL where it is not. */
struct cs_realm_hints {
    const char *configured;    /* `realm` of the CA's section: then there is no other */
    const char *default_realm; /* of krb5.conf */
    const char *mapped;        /* of the account's domain, by krb5.conf's [domain_realm] */
    const char *near_host;     /* the CA's: its DNS domain is often the account's */
};

/* Realms to ask for the account, best first: none when only `realm` can tell. A short (NetBIOS)
 * domain name is compared with the first label of the default realm and of the domains that
 * @near_host is in; a guess that only looks alike would lock out somebody else's account. */
void cs_account_realms(const struct cs_account *account, const struct cs_realm_hints *hints,
                       struct cs_strv *realms);

#endif

/* Kerberos credentials of one user: a password, a keytab or a credential cache, and from them a
 * ticket for the CA's host. */
#ifndef CS_NET_KRB5CRED_H
#define CS_NET_KRB5CRED_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/secret.h"

struct cs_krb5;

/* Who asks. All may be NULL: then it is the user of the default credential cache. Borrowed for the
 * call. */
struct cs_krb5_wish {
    const char *account;              /* domain\user, user@domain or user */
    const struct cs_secret *password; /* of @account */
    const char *keytab; /* the key of @account, or without one of the first computer in it */
    const char *ccache; /* NULL: the default one */
    const char *realm;  /* of @account; NULL: by what krb5.conf, DNS and @host say */
    const char *host;   /* the CA's */
};

/* With a password (which is lent to libkrb5 for the call) or else a keytab, gets a
 * ticket-granting ticket into a cache in memory, which goes with *ret_krb5; with neither, copies
 * those of the cache there, and with an account that cache of the collection which is its own.
 * CS_E_USAGE for an account that is none, CS_E_CONFIG for a keytab or a realm that is wrong,
 * CS_E_CA_REFUSED for what the domain says of the account: wrong or expired password, locked;
 * CS_E_CA_UNREACHABLE for an expired ticket, the clock (with both times), no controller. How long
 * libkrb5 waits for controllers is its own affair (some 10 s each). */
CS_MUST_CHECK cs_rc cs_krb5_open(const struct cs_krb5_wish *wish, struct cs_krb5 **ret_krb5,
                                 struct cs_err *err);
void cs_krb5_close(struct cs_krb5 *krb5);
CS_DEFINE_AUTO(cs_krb5, cs_krb5_close);

/* "kenmyer@LITWAREINC.TEST"; the full name of the cache to work with, which is in memory and not
 * the user's; and for people where the credentials are from: "its password", "FILE:/tmp/krb5cc_0".
 */
const char *cs_krb5_client(const struct cs_krb5 *krb5);
const char *cs_krb5_ccache(const struct cs_krb5 *krb5);
const char *cs_krb5_source(const struct cs_krb5 *krb5);

/* Puts a ticket for @service ("host", "HTTP") on @host into the cache. The host is taken as it is
 * written, never through DNS: what DNS makes of it would decide whom we trust. *ret_principal is
 * its name for GSSAPI (GSS_KRB5_NT_PRINCIPAL_NAME), the caller's to free. */
CS_MUST_CHECK cs_rc cs_krb5_ticket(struct cs_krb5 *krb5, const char *service, const char *host,
                                   char **ret_principal, struct cs_err *err);

#endif

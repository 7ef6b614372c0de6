/* Kerberos credentials for a CA, or for what stands beside it. */
#ifndef CS_CA_LOGON_H
#define CS_CA_LOGON_H

#include "base/err.h"
#include "ca/protocol.h"
#include "net/krb5cred.h"

/* Credentials as @target says: account and password, keytab or cache. @host is whose realm counts
 * where the target names none; NULL: nobody's. The target's watch stands over the waiting. Fails as
 * cs_krb5_open() does. */
CS_MUST_CHECK cs_rc cs_ca_logon(const struct cs_ca_target *target, const char *host,
                                struct cs_krb5 **ret_krb5, struct cs_err *err);

/* For `probe`: "Kerberos: kenmyer@LITWAREINC.TEST by its password"; the caller frees. */
char *cs_ca_logon_text(const struct cs_krb5 *krb5);

#endif

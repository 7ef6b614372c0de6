/* With whom Kerberos was spoken by a library that makes the service's name itself. */
#ifndef CS_NET_KRB5PEER_H
#define CS_NET_KRB5PEER_H

#include "base/err.h"
#include "base/strv.h"

/* Every ticket for @service ("ldap") in the cache of that name is for one of @hosts, in whatever
 * case. GSSAPI asks DNS for the real name of a host unless krb5.conf says no, and who forges DNS
 * could so name another computer of the domain. CS_E_CA_UNREACHABLE if one is for another host,
 * the errors of Kerberos if the cache cannot be read. */
CS_MUST_CHECK cs_rc cs_krb5_check_peers(const char *ccache, const char *service,
                                        const struct cs_strv *hosts, struct cs_err *err);

#endif

/* The certification authorities that a domain's directory lists. */
#ifndef CS_CA_ADLIST_H
#define CS_CA_ADLIST_H

#include "ca/protocol.h"
#include "net/krb5cred.h"

/* A cs_ca_list_fn (protocol.h). */
CS_MUST_CHECK cs_rc cs_adlist(const struct cs_ca_target *target,
                              struct cs_ca_entry_list *ret_entries, struct cs_err *err);

/* Whether target->authority on target->host has @template_name, for `check`: CS_E_CA_REFUSED if the
 * directory lists the CA without it, or does not list the CA; CS_OK also where the directory cannot
 * be asked (it takes Kerberos only), because the CA itself will say. target->authority NULL: the CA
 * on that host, if there is one. @krb5 NULL: credentials are got for it. */
CS_MUST_CHECK cs_rc cs_adlist_check(const struct cs_ca_target *target, struct cs_krb5 *krb5,
                                    const char *template_name, struct cs_err *err);

#endif

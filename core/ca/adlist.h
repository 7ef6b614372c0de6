/* The certification authorities that a domain's directory lists. */
#ifndef CS_CA_ADLIST_H
#define CS_CA_ADLIST_H

#include "ca/protocol.h"
#include "net/directory.h"
#include "net/krb5cred.h"

/* A cs_ca_list_fn (protocol.h). */
CS_MUST_CHECK cs_rc cs_adlist(const struct cs_ca_target *target,
                              struct cs_ca_entry_list *ret_entries, struct cs_err *err);

/* How surely a CA of the directory is the one that @target means. */
enum cs_adlist_fit {
    CS_ADLIST_OTHER, /* it is not */
    CS_ADLIST_HOST,  /* it is on target->host and has the name target->authority, or any if NULL */
    CS_ADLIST_URL,   /* a web service of this CA has target->address; its computer may be another */
};
enum cs_adlist_fit cs_adlist_fit(const struct cs_ca_target *target,
                                 const struct cs_directory_ca *ca);

/* Whether the CA that fits best has @template_name, for `check`: CS_E_CA_REFUSED if the directory
 * lists it without, or does not list target->authority; CS_OK also where the directory cannot be
 * asked (it takes Kerberos only), because the CA itself will say. @krb5 NULL: credentials are got
 * for it. */
CS_MUST_CHECK cs_rc cs_adlist_check(const struct cs_ca_target *target, struct cs_krb5 *krb5,
                                    const char *template_name, struct cs_err *err);

#endif

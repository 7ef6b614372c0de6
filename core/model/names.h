/* Which names a certificate type needs on a computer of a role: one table, docs/NAMES.md in C. */
#ifndef CS_MODEL_NAMES_H
#define CS_MODEL_NAMES_H

#include "model/certtype.h"
#include "model/plan.h"
#include "model/topology.h"

/* One name that the rules ask for. Borrowed from the topology, but for @name. */
struct cs_wanted_name {
    char *name;         /* as it goes into the certificate, not yet checked */
    const char *rule;   /* "SIP domain: sip.<domain>"; from the table */
    const char *source; /* the element of the topology */
};

struct cs_wanted_list {
    struct cs_wanted_name *items; /* the subject's common name first */
    size_t count;
};
void cs_wanted_list_done(struct cs_wanted_list *list);

/* True if a pool of that role (and with those services) has a use for the type. */
bool cs_names_type_fits(const struct cs_topology *topology, const struct cs_topo_pool *pool,
                        enum cs_cert_type type);

/* The names for @types on @place in the documented order, with duplicates still in it. Warnings
 * (no simple URLs where names depend on them, sub-domains that no name covers) go to @warnings.
 * CS_E_USAGE: "The computer ... does not need a certificate of type ..." (the first of @input's
 * words that it has no use for), or an element that the type depends on is missing. */
CS_MUST_CHECK cs_rc cs_names_wanted(const struct cs_plan_input *input, cs_type_set types,
                                    const struct cs_topo_place *place,
                                    struct cs_wanted_list *ret_wanted, struct cs_strv *warnings,
                                    struct cs_err *err);

#endif

/* What the files of the topology check share: the check at work, and the single checks that
 * topocheck.c has in its table. */
#ifndef CS_MODEL_FINDING_H
#define CS_MODEL_FINDING_H

#include "model/topocheck.h"

/* Where a name is used. Borrowed from the topology. */
struct cs_use {
    const char *name;
    const char *source;
    const struct cs_topo_pool *pool; /* NULL: of no pool */
    size_t order;                    /* in the topology */
};

/* Sorted by name, equal ones in the topology's order. */
struct cs_use_list {
    struct cs_use *items;
    size_t count;
};

struct cs_check {
    const struct cs_topology *topology;
    struct cs_use_list domains;
    struct cs_use_list pools;     /* FQDNs of pools with a role */
    struct cs_use_list computers; /* of those pools */
    struct cs_use_list web_external;
    struct cs_use_list web_internal; /* overrides */
    struct cs_finding_list findings;
};

/* Adds a finding; @source may be NULL. @remedy is copied. */
void cs_check_found(struct cs_check *check, enum cs_finding_level level, const char *source,
                    const char *remedy, const char *format, ...) CS_PRINTF(5, 6);

/* The first use of @name, or NULL. */
const struct cs_use *cs_use_find(const struct cs_use_list *list, const char *name);

/* The pool's name for messages, never NULL. */
const char *cs_check_pool_name(const struct cs_topo_pool *pool);

/* True for Front End, Standard Edition and Director with web services. */
bool cs_check_has_web(const struct cs_topo_pool *pool);

/* namecheck.c */
void cs_check_names_valid(struct cs_check *check);
void cs_check_names_short(struct cs_check *check);
void cs_check_common_names(struct cs_check *check);
void cs_check_name_counts(struct cs_check *check);

/* poolcheck.c */
void cs_check_pool_twice(struct cs_check *check);
void cs_check_pool_empty(struct cs_check *check);
void cs_check_computer_twice(struct cs_check *check);
void cs_check_computer_like_pool(struct cs_check *check);
void cs_check_edge_names(struct cs_check *check);
void cs_check_web_external_none(struct cs_check *check);
void cs_check_web_external_twice(struct cs_check *check);
void cs_check_web_internal(struct cs_check *check);
void cs_check_xmpp(struct cs_check *check);
void cs_check_role_unknown(struct cs_check *check);

/* urlcheck.c */
void cs_check_urls_none(struct cs_check *check);
void cs_check_url_sites(struct cs_check *check);
void cs_check_url_backend(struct cs_check *check);
void cs_check_url_scopes(struct cs_check *check);
void cs_check_url_odd(struct cs_check *check);
void cs_check_url_domain(struct cs_check *check);
void cs_check_url_hosts(struct cs_check *check);

#endif

/* The questions that the rules of model/names.h ask a topology. Only for names.c. */
#ifndef CS_MODEL_NAMEPART_H
#define CS_MODEL_NAMEPART_H

#include "model/names.h"

#include <stdbool.h>
#include <stddef.h>

#define CS_TYPE_SET(type) ((cs_type_set)1 << (type))

/* What the rules are made of: each part is a question to the topology with any number of names for
 * an answer. Those from CS_PART_DISCOVER_INTERNAL on stand behind the types' own parts, in this
 * order. */
enum cs_part {
    CS_PART_NONE,
    CS_PART_POOL,
    CS_PART_COMPUTER,
    CS_PART_WEB_INTERNAL,
    CS_PART_WEB_EXTERNAL,
    CS_PART_MEET,
    CS_PART_DIALIN,
    CS_PART_ADMIN,
    CS_PART_ACCESS,
    CS_PART_WEBCONF,
    CS_PART_AV_POOL,
    CS_PART_OAUTH,
    CS_PART_DISCOVER_INTERNAL,
    CS_PART_DISCOVER,
    CS_PART_SIP,
    CS_PART_XMPP,
    CS_PART_MEMBERS,
    CS_PART_COUNT
};

/* What a part needs to be answered, and where the answers go. Borrowed, but for the lists. */
struct cs_want {
    const struct cs_plan_input *input;
    const struct cs_topology *topology;
    const struct cs_topo_pool *pool;
    const struct cs_topo_name *computer; /* NULL: all of the pool */
    cs_type_set types;
    const struct cs_topo_domain *default_domain; /* NULL: the topology names none */
    const struct cs_topo_url **urls;             /* in force for the pool */
    size_t url_count;
    struct cs_wanted_list list;
    bool asks_domains;         /* a name for each SIP domain is among them */
    bool full;                 /* there are more than any certificate takes: the rest is left */
    struct cs_strv no_url_for; /* simple URLs that no document told */
    struct cs_strv *warnings;
};

/* Fills all but what is borrowed; cs_want_done() frees. */
void cs_want_init(struct cs_want *want);
void cs_want_done(struct cs_want *want);

/* Takes ownership of @text; what was said is not said again. */
void cs_want_warn(struct cs_want *want, char *text);

/* Adds the part's names under @rule. False if the topology lacks an element that the part depends
 * on. */
bool cs_part_add(enum cs_part part, struct cs_want *want, const char *rule);

/* As users see it: "simple URL: meet". */
const char *cs_part_rule(enum cs_part part);

/* The element that the topology lacks, as users find it. */
const char *cs_part_missing(enum cs_part part);

#endif

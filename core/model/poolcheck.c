#include "model/finding.h"
#include "model/names.h"

#include <string.h>

void cs_check_pool_twice(struct cs_check *check)
{
    const struct cs_use_list *pools = &check->pools;

    for (size_t i = 1; i < pools->count; i++) {
        if (strcmp(pools->items[i].name, pools->items[i - 1].name) == 0) {
            cs_check_found(check, CS_FINDING_ERROR, pools->items[i].source,
                           "give one of them another name in Topology Builder",
                           "two pools are called %s", pools->items[i].name);
        }
    }
}

void cs_check_pool_empty(struct cs_check *check)
{
    for (size_t i = 0; i < check->topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &check->topology->pools[i];
        enum cs_role role = cs_topo_pool_role(pool);
        if (pool->computer_count || role == CS_ROLE_NONE) {
            continue;
        }
        /* An Edge pool's certificates hold no computer's name and can be made all the same. */
        cs_check_found(check, role == CS_ROLE_EDGE ? CS_FINDING_WARNING : CS_FINDING_ERROR,
                       pool->fqdn.source, "add its computers in Topology Builder, or remove it",
                       "the pool %s has no computers", cs_check_pool_name(pool));
    }
}

void cs_check_computer_twice(struct cs_check *check)
{
    const struct cs_use_list *computers = &check->computers;

    for (size_t i = 1; i < computers->count; i++) {
        const struct cs_use *first = &computers->items[i - 1];
        const struct cs_use *second = &computers->items[i];
        if (strcmp(first->name, second->name) != 0) {
            continue;
        }
        if (first->pool == second->pool) {
            cs_check_found(check, CS_FINDING_ERROR, second->source,
                           "remove one of the two in Topology Builder",
                           "the computer %s stands twice in the pool %s", second->name,
                           cs_check_pool_name(second->pool));
        } else {
            cs_check_found(check, CS_FINDING_ERROR, second->source,
                           "remove it from the one to which it does not belong: a request for it "
                           "means the first",
                           "the computer %s stands in the pools %s and %s", second->name,
                           cs_check_pool_name(first->pool), cs_check_pool_name(second->pool));
        }
    }
}

void cs_check_computer_like_pool(struct cs_check *check)
{
    for (size_t i = 0; i < check->computers.count; i++) {
        const struct cs_use *computer = &check->computers.items[i];
        const struct cs_use *pool = cs_use_find(&check->pools, computer->name);
        if (!pool || (pool->pool == computer->pool && pool->pool->computer_count == 1)) {
            continue;
        }
        if (pool->pool == computer->pool) {
            cs_check_found(check, CS_FINDING_WARNING, computer->source,
                           "give the pool a name of its own: clients cannot tell the two apart",
                           "the computer %s has the name of its pool, which has %zu computers",
                           computer->name, pool->pool->computer_count);
        } else {
            cs_check_found(check, CS_FINDING_WARNING, computer->source,
                           "give one of them another name: clients cannot tell the two apart",
                           "the computer %s of the pool %s has the name of another pool",
                           computer->name, cs_check_pool_name(computer->pool));
        }
    }
}

void cs_check_edge_names(struct cs_check *check)
{
    static const char remedy[] =
        "set it in Topology Builder (Edge pool, External settings), publish "
        "and import again";

    for (size_t i = 0; i < check->topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &check->topology->pools[i];
        if (cs_topo_pool_role(pool) != CS_ROLE_EDGE) {
            continue;
        }
        if (!pool->access_edge.name) { /* it is the subject's name */
            cs_check_found(check, CS_FINDING_ERROR, pool->fqdn.source, remedy,
                           "the Edge pool %s has no Access Edge FQDN", cs_check_pool_name(pool));
        }
        if (!pool->data_edge.name) {
            cs_check_found(check, CS_FINDING_WARNING, pool->fqdn.source, remedy,
                           "the Edge pool %s has no Web Conferencing Edge FQDN",
                           cs_check_pool_name(pool));
        }
    }
}

void cs_check_web_external_none(struct cs_check *check)
{
    for (size_t i = 0; i < check->topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &check->topology->pools[i];
        if (cs_check_has_web(pool) && !pool->web_external.name) {
            cs_check_found(check, CS_FINDING_WARNING, pool->fqdn.source,
                           "set the External Base URL of the pool in Topology Builder, unless "
                           "nobody comes from outside",
                           "the pool %s has no external web FQDN: WebServicesExternal lacks "
                           "its main name",
                           cs_check_pool_name(pool));
        }
    }
}

static void found_web_external_twice(struct cs_check *check, const struct cs_use *first,
                                     const struct cs_use *second)
{
    bool first_directs = cs_topo_pool_role(first->pool) == CS_ROLE_DIRECTOR;
    bool second_directs = cs_topo_pool_role(second->pool) == CS_ROLE_DIRECTOR;
    const struct cs_use *director = first_directs ? first : second;
    const struct cs_use *other = first_directs ? second : first;

    if (first_directs != second_directs) {
        cs_check_found(check, CS_FINDING_WARNING, director->source,
                       "give the Director an external web FQDN of its own: a reverse proxy cannot "
                       "tell the two apart",
                       "the Director %s has the same external web FQDN as the pool %s: %s",
                       cs_check_pool_name(director->pool), cs_check_pool_name(other->pool),
                       director->name);
    } else {
        cs_check_found(
            check, CS_FINDING_WARNING, second->source,
            "give each pool an external web FQDN of its own: a reverse proxy cannot tell "
            "them apart",
            "the pools %s and %s have the same external web FQDN: %s",
            cs_check_pool_name(first->pool), cs_check_pool_name(second->pool), second->name);
    }
}

/* "Change the Web Services URL": unique among Front End pools and Directors. */
void cs_check_web_external_twice(struct cs_check *check)
{
    const struct cs_use_list *names = &check->web_external;

    for (size_t i = 1; i < names->count; i++) {
        if (strcmp(names->items[i].name, names->items[i - 1].name) == 0) {
            found_web_external_twice(check, &names->items[i - 1], &names->items[i]);
        }
    }
}

void cs_check_web_internal(struct cs_check *check)
{
    static const char remedy[] = "give the pool an internal web FQDN of its own, or remove the "
                                 "override";
    const struct cs_use_list *names = &check->web_internal;

    for (size_t i = 0; i < names->count; i++) {
        const struct cs_use *use = &names->items[i];
        const struct cs_use *pool = cs_use_find(&check->pools, use->name);
        if (pool && pool->pool != use->pool) {
            cs_check_found(check, CS_FINDING_WARNING, use->source, remedy,
                           "the internal web FQDN of the pool %s is the name of another pool: %s",
                           cs_check_pool_name(use->pool), use->name);
        }
        if (i && strcmp(names->items[i - 1].name, use->name) == 0) {
            cs_check_found(check, CS_FINDING_WARNING, use->source, remedy,
                           "the pools %s and %s have the same internal web FQDN: %s",
                           cs_check_pool_name(names->items[i - 1].pool),
                           cs_check_pool_name(use->pool), use->name);
        }
    }
}

void cs_check_xmpp(struct cs_check *check)
{
    for (size_t i = 0; i < check->topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &check->topology->pools[i];
        if (pool->xmpp.name && cs_topo_pool_role(pool) == CS_ROLE_EDGE &&
            !cs_names_type_fits(check->topology, pool, CS_TYPE_XMPP_SERVER)) {
            cs_check_found(check, CS_FINDING_NOTE, pool->xmpp.source,
                           "switch it off in Topology Builder",
                           "XMPP federation is on for %s, but Skype for Business Server 2019 has "
                           "none: no XmppServer certificate is planned",
                           cs_check_pool_name(pool));
        }
    }
}

void cs_check_role_unknown(struct cs_check *check)
{
    for (size_t i = 0; i < check->topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &check->topology->pools[i];
        if (cs_topo_pool_role(pool) == CS_ROLE_OTHER) {
            cs_check_found(check, CS_FINDING_NOTE, pool->fqdn.source,
                           "compare with the certificate that it has (--like CERT)",
                           "Lync sets up %s, but its role is not one that is known here: a Default "
                           "certificate is planned for each of its computers",
                           cs_check_pool_name(pool));
        }
    }
}

#include "model/deployment.h"

#include "base/mem.h"
#include "model/names.h"
#include "model/roster.h"

#include <stdlib.h>
#include <string.h>

#define TYPE(name) ((cs_type_set)1 << CS_TYPE_##name)
#define WEB_TYPES  (TYPE(WEB_SERVICES_INTERNAL) | TYPE(WEB_SERVICES_EXTERNAL))
#define ALL_TYPES  (TYPE(DEFAULT) | WEB_TYPES)

#define ONE_CERTIFICATE "; one certificate serves its SIP and its web services"

/* What stands together, by role. One certificate for Default and both web services: "Configure
 * certificates for servers"; an Edge pool's shared key: "Certificate requirements for external
 * user access". */
static const struct cs_grouping usual[CS_ROLE_COUNT][CS_GROUPINGS_MAX] = {
    [CS_ROLE_FRONT_END] = {{.types = ALL_TYPES,
                            .word = "default",
                            .why = "each Front End server has a key of its own" ONE_CERTIFICATE}},
    [CS_ROLE_STANDARD_EDITION] = {{.types = ALL_TYPES,
                                   .word = "default",
                                   .why = "the server is a pool by itself" ONE_CERTIFICATE}},
    [CS_ROLE_DIRECTOR] = {{.types = ALL_TYPES,
                           .word = "default",
                           .why = "each Director has a key of its own" ONE_CERTIFICATE}},
    [CS_ROLE_MEDIATION] = {{.types = TYPE(DEFAULT),
                            .word = "default",
                            .why = "each Mediation Server has a key of its own; it has no web "
                                   "services, so Default is all it needs"}},
    [CS_ROLE_BRANCH_APPLIANCE] = {{.types = TYPE(DEFAULT),
                                   .word = "default",
                                   .why = "the appliance has a key of its own; its users find web "
                                          "services at the central site, so Default is all it "
                                          "needs"}},
    [CS_ROLE_OTHER] = {{.types = TYPE(DEFAULT),
                        .word = "default",
                        .why = "each server has a key of its own; Lync sets it up, but its role is "
                               "none that needs more than Default"}},
    [CS_ROLE_EDGE] = {{.types = TYPE(INTERNAL),
                       .shared = true,
                       .word = "internal",
                       .why = "one key for all members of the Edge pool, which has one name on the "
                              "inside; apart from the external one because an internal CA can "
                              "issue it"},
                      {.types = TYPE(ACCESS_EDGE_EXTERNAL) | TYPE(DATA_EDGE_EXTERNAL) |
                                TYPE(AUDIO_VIDEO_AUTHENTICATION) | TYPE(XMPP_SERVER),
                       .shared = true,
                       .word = "external",
                       .why = "one key for all members of the Edge pool, because each must accept "
                              "the A/V tokens of the others; one certificate for all external "
                              "services, usually of a public CA"}},
};

static const char *left_out(const struct cs_topo_pool *pool, cs_type_set missing)
{
    if (missing & WEB_TYPES) {
        return "the web services' types are left out: the pool has none";
    }
    if ((missing & TYPE(XMPP_SERVER)) && pool->xmpp.name) {
        return "XmppServer is left out: Skype for Business Server 2019 has no XMPP federation";
    }
    return NULL;
}

size_t cs_deployment_groupings(const struct cs_topology *topology, const struct cs_topo_pool *pool,
                               struct cs_grouping ret_groupings[CS_GROUPINGS_MAX])
{
    enum cs_role role = cs_topo_pool_role(pool);
    size_t count = 0;

    for (size_t i = 0; i < CS_GROUPINGS_MAX; i++) {
        struct cs_grouping grouping = usual[role][i];
        cs_type_set missing = 0;
        for (unsigned type = 0; type < CS_TYPE_COUNT; type++) {
            cs_type_set bit = (cs_type_set)1 << type;
            if ((grouping.types & bit) &&
                !cs_names_type_fits(topology, pool, (enum cs_cert_type)type)) {
                missing |= bit;
            }
        }
        grouping.types &= ~missing;
        grouping.less = left_out(pool, missing);
        if (grouping.types) {
            ret_groupings[count++] = grouping;
        }
    }
    return count;
}

void cs_plan_list_done(struct cs_plan_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        cs_plan_free(list->items[i]);
    }
    free(list->items);
    *list = (struct cs_plan_list){0};
}

void cs_plan_list_take(struct cs_plan_list *list, struct cs_plan *plan)
{
    list->items = cs_realloc(list->items, list->count + 1, sizeof(struct cs_plan *));
    list->items[list->count++] = plan;
}

void cs_plan_failure_done(struct cs_plan_failure *failure)
{
    free(failure->pool);
    free(failure->computer);
    *failure = (struct cs_plan_failure){0};
}

void cs_deployment_done(struct cs_deployment *deployment)
{
    cs_plan_list_done(&deployment->plans);
    for (size_t i = 0; i < deployment->failure_count; i++) {
        cs_plan_failure_done(&deployment->failures[i]);
    }
    free(deployment->failures);
    *deployment = (struct cs_deployment){0};
}

static void copy_failures(const struct cs_roster *roster, struct cs_deployment *deployment)
{
    size_t count = cs_roster_failure_count(roster);

    deployment->failures = cs_alloc(count, sizeof *deployment->failures);
    for (size_t i = 0; i < count; i++) {
        deployment->failures[i] = cs_roster_failure(roster, i);
    }
    deployment->failure_count = count;
}

cs_rc cs_deployment_build(const struct cs_plan_input *input, struct cs_deployment *ret_deployment,
                          struct cs_err *err)
{
    cs_auto(cs_roster) roster = NULL;
    cs_auto_value(cs_deployment) deployment = {0};

    CS_TRY(cs_roster_new(input, &roster, err));
    for (size_t i = 0; i < cs_roster_count(roster); i++) {
        struct cs_plan *plan = NULL;
        CS_TRY(cs_roster_plan(roster, i, &plan, err));
        cs_plan_list_take(&deployment.plans, plan);
    }
    copy_failures(roster, &deployment);
    *ret_deployment = deployment;
    deployment = (struct cs_deployment){0};
    return CS_OK;
}

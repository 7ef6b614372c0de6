#include "model/deployment.h"

#include "base/mem.h"
#include "model/names.h"

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

static const struct cs_grouping oauth = {
    .types = TYPE(OAUTH_TOKEN_ISSUER),
    .shared = true,
    .word = "oauth",
    .why = "one for the whole deployment: all servers sign their tokens with the same key, and "
           "central management hands it to them",
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

void cs_deployment_done(struct cs_deployment *deployment)
{
    cs_plan_list_done(&deployment->plans);
    for (size_t i = 0; i < deployment->failure_count; i++) {
        free(deployment->failures[i].pool);
        free(deployment->failures[i].computer);
    }
    free(deployment->failures);
    *deployment = (struct cs_deployment){0};
}

/* NAME_MAX is 255; what follows the name takes less than the rest. */
#define FILE_NAME_MAX 200

/* "fe1.litwareinc.net-default", safe as a file's name: a computer's name need not stand in the
 * certificate, where it would have been checked. */
static char *file_base(const struct cs_plan *plan, const char *word)
{
    const char *name = plan->computer ? plan->computer : plan->subject.common_name;
    char *base = cs_asprintf("%.*s-%s", FILE_NAME_MAX, name, word);

    for (char *c = base; *c; c++) {
        bool is_safe = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-' ||
                       (*c == '.' && c != base);
        if (!is_safe) {
            *c = '_';
        }
    }
    return base;
}

/* A plan whose output is still the base of its file's name. */
struct unnamed {
    struct cs_plan *plan;
    size_t index;
};

static int compare_unnamed(const void *a, const void *b)
{
    const struct unnamed *x = a;
    const struct unnamed *y = b;
    int order = strcmp(x->plan->output, y->plan->output);

    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Makes paths of the bases. Equal ones (two Edge pools with one external name) are counted; no
 * word ends in a number, so a counted name cannot be that of another plan. */
static void name_files(const struct cs_plan_list *plans, const char *folder)
{
    size_t len = strlen(folder);
    const char *slash = len && folder[len - 1] == '/' ? "" : "/";
    cs_autofree struct unnamed *sorted = cs_alloc(plans->count, sizeof *sorted);
    cs_autofree char *base = NULL;
    size_t same = 0;

    for (size_t i = 0; i < plans->count; i++) {
        sorted[i] = (struct unnamed){plans->items[i], i};
    }
    qsort(sorted, plans->count, sizeof *sorted, compare_unnamed);
    for (size_t i = 0; i < plans->count; i++) {
        struct cs_plan *plan = sorted[i].plan;
        same = base && strcmp(base, plan->output) == 0 ? same + 1 : 1;
        free(base);
        base = plan->output;
        plan->output = same == 1 ? cs_asprintf("%s%s%s.csr", folder, slash, base)
                                 : cs_asprintf("%s%s%s-%zu.csr", folder, slash, base, same);
    }
}

/* A run over the topology. */
struct planner {
    const struct cs_plan_input *input;
    struct cs_deployment deployment;
};

static void planner_done(struct planner *planner)
{
    cs_deployment_done(&planner->deployment);
}

static struct cs_plan_failure *add_failure(struct planner *planner, cs_type_set types,
                                           const struct cs_topo_pool *pool, const char *computer)
{
    struct cs_deployment *deployment = &planner->deployment;
    size_t at = deployment->failure_count++;

    deployment->failures = cs_realloc(deployment->failures, at + 1, sizeof *deployment->failures);
    deployment->failures[at] = (struct cs_plan_failure){
        .types = types,
        .pool = cs_strdup(pool->fqdn.name),
        .computer = cs_strdup(computer),
    };
    return &deployment->failures[at];
}

static void type_words(cs_type_set types, struct cs_strv *words)
{
    for (unsigned type = 0; type < CS_TYPE_COUNT; type++) {
        if (types & (cs_type_set)1 << type) {
            cs_strv_add(words, cs_cert_type_info((enum cs_cert_type)type)->name);
        }
    }
}

/* What only the whole run knows. */
static void complete(struct planner *planner, const struct cs_grouping *grouping,
                     struct cs_plan *plan)
{
    free(plan->choice);
    plan->choice = grouping->less ? cs_asprintf("%s; %s", grouping->why, grouping->less)
                                  : cs_strdup(grouping->why);
    if (planner->input->output) {
        free(plan->output);
        plan->output = file_base(plan, grouping->word); /* name_files() makes a path of it */
    }
}

/* Plans one certificate: for a computer, or (@computer NULL) one that the pool's members share. */
static void add_plan(struct planner *planner, const struct cs_grouping *grouping,
                     const struct cs_topo_pool *pool, const struct cs_topo_name *computer)
{
    struct cs_plan_input input = *planner->input;
    cs_auto_value(cs_strv) words = {0};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};
    struct cs_topo_place place = {pool, computer};

    type_words(grouping->types, &words);
    input.types = &words;
    input.place = &place;
    input.computer_fqdn = NULL;
    input.output = input.output ? "request.csr" : NULL; /* chosen when the common name is known */
    if (!computer) {
        input.all_pool_members = false; /* no client looks for a member's name in what they share */
    }
    if (cs_plan_build(&input, &plan, &err) != CS_OK) {
        const char *name = computer ? computer->name : NULL;
        add_failure(planner, grouping->types, pool, name)->error = err;
        return;
    }
    complete(planner, grouping, plan);
    cs_plan_list_take(&planner->deployment.plans, cs_steal(&plan));
}

static void add_pool(struct planner *planner, const struct cs_topo_pool *pool)
{
    struct cs_grouping groupings[CS_GROUPINGS_MAX];
    size_t count = cs_deployment_groupings(planner->input->topology, pool, groupings);

    for (size_t i = 0; i < count; i++) {
        const struct cs_grouping *grouping = &groupings[i];
        if (grouping->shared) {
            add_plan(planner, grouping, pool, NULL);
            continue;
        }
        for (size_t j = 0; j < pool->computer_count; j++) {
            add_plan(planner, grouping, pool, &pool->computers[j]);
        }
        if (!pool->computer_count) {
            struct cs_err *err = &add_failure(planner, grouping->types, pool, NULL)->error;
            cs_err_set(err, CS_E_USAGE, "the pool %s has no computers in the topology",
                       pool->fqdn.name ? pool->fqdn.name : "without a name");
            cs_err_hint(err, "import a topology that lists them (`cscert topology import`)");
        }
    }
}

/* The pool where OAuthTokenIssuer is assigned: all servers get it from central management. */
static const struct cs_topo_pool *oauth_pool(const struct cs_topology *topology)
{
    const struct cs_topo_pool *first = NULL;

    for (size_t i = 0; i < topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &topology->pools[i];
        enum cs_role role = cs_topo_pool_role(pool);
        if (role != CS_ROLE_FRONT_END && role != CS_ROLE_STANDARD_EDITION) {
            continue;
        }
        if (pool->services & CS_SERVICE_CENTRAL_MGMT) {
            return pool;
        }
        first = first ? first : pool;
    }
    return first;
}

cs_rc cs_deployment_build(const struct cs_plan_input *input, struct cs_deployment *ret_deployment,
                          struct cs_err *err)
{
    const struct cs_topology *topology = input->topology;
    cs_auto_value(planner) planner = {.input = input};

    if (!topology) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "import one with `cscert topology import FILE`, or say --topology FILE",
                            "--all needs a topology, and none is known");
    }
    for (size_t i = 0; i < topology->pool_count; i++) {
        add_pool(&planner, &topology->pools[i]);
    }
    const struct cs_topo_pool *pool = oauth_pool(topology);
    if (pool) {
        add_plan(&planner, &oauth, pool, NULL);
    }
    if (!planner.deployment.plans.count && !planner.deployment.failure_count) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "`cscert topology show` tells what was read; import the document that "
                            "Get-CsTopology -AsXml writes",
                            "nothing in the topology needs a certificate");
    }
    if (input->output) {
        name_files(&planner.deployment.plans, input->output);
    }
    *ret_deployment = planner.deployment;
    planner.deployment = (struct cs_deployment){0};
    return CS_OK;
}

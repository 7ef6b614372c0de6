#include "model/roster.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct cs_grouping oauth = {
    .types = (cs_type_set)1 << CS_TYPE_OAUTH_TOKEN_ISSUER,
    .shared = true,
    .word = "oauth",
    .why = "one for the whole deployment: all servers sign their tokens with the same key, and "
           "central management hands it to them",
};

#define OAUTH  CS_GROUPINGS_MAX /* as the number of a grouping */
#define NOBODY UINT32_MAX       /* as the number of a computer */

/* One certificate, found again by its place in the topology. */
struct entry {
    uint32_t pool;
    uint32_t computer;  /* of the pool; NOBODY: its members share it, or it has none */
    uint32_t grouping;  /* of the pool; OAUTH */
    uint32_t same_file; /* which of those with this file's name it is, from 1 on */
};

struct entries {
    struct entry *items;
    size_t count;
    size_t size;
};

struct cs_roster {
    struct cs_plan_input input;
    struct entries planned;
    struct entries failed;
};

void cs_roster_free(struct cs_roster *roster)
{
    if (roster) {
        free(roster->planned.items);
        free(roster->failed.items);
        free(roster);
    }
}

size_t cs_roster_count(const struct cs_roster *roster)
{
    return roster->planned.count;
}

size_t cs_roster_failure_count(const struct cs_roster *roster)
{
    return roster->failed.count;
}

static void add_entry(struct entries *entries, struct entry entry)
{
    if (entries->count == entries->size) {
        entries->size = entries->size ? 2 * entries->size : 16;
        entries->items = cs_realloc(entries->items, entries->size, sizeof *entries->items);
    }
    entries->items[entries->count++] = entry;
}

/* ---- planning one ---- */

static const struct cs_topo_pool *pool_of(const struct cs_roster *roster, struct entry entry)
{
    return &roster->input.topology->pools[entry.pool];
}

static const struct cs_topo_name *computer_of(const struct cs_roster *roster, struct entry entry)
{
    return entry.computer == NOBODY ? NULL : &pool_of(roster, entry)->computers[entry.computer];
}

static struct cs_grouping grouping_of(const struct cs_roster *roster, struct entry entry)
{
    struct cs_grouping groupings[CS_GROUPINGS_MAX] = {0};

    if (entry.grouping == OAUTH) {
        return oauth;
    }
    (void)cs_deployment_groupings(roster->input.topology, pool_of(roster, entry), groupings);
    return groupings[entry.grouping];
}

/* NAME_MAX is 255; what follows the name takes less than the rest. */
#define FILE_NAME_MAX 200

/* "fe1.litwareinc.net-default", safe as a file's name: a computer's name need not stand in the
 * certificate, where it would have been checked. The caller frees. */
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

/* Equal names (two Edge pools with one external name) are counted; no word ends in a number, so a
 * counted name cannot be that of another plan. The caller frees. */
static char *file_path(const struct cs_roster *roster, const char *base, uint32_t same_file)
{
    const char *folder = roster->input.output;
    size_t len = strlen(folder);
    const char *slash = len && folder[len - 1] == '/' ? "" : "/";

    return same_file <= 1 ? cs_asprintf("%s%s%s.csr", folder, slash, base)
                          : cs_asprintf("%s%s%s-%u.csr", folder, slash, base, same_file);
}

/* What only the whole run knows. */
static void complete(const struct cs_roster *roster, const struct cs_grouping *grouping,
                     uint32_t same_file, struct cs_plan *plan)
{
    free(plan->choice);
    plan->choice = grouping->less ? cs_asprintf("%s; %s", grouping->why, grouping->less)
                                  : cs_strdup(grouping->why);
    if (roster->input.output) {
        cs_autofree char *base = file_base(plan, grouping->word);
        free(plan->output);
        plan->output = file_path(roster, base, same_file);
    }
}

static void type_words(cs_type_set types, struct cs_strv *words)
{
    for (unsigned type = 0; type < CS_TYPE_COUNT; type++) {
        if (types & (cs_type_set)1 << type) {
            cs_strv_add(words, cs_cert_type_info((enum cs_cert_type)type)->name);
        }
    }
}

static cs_rc fail_no_computers(const struct cs_topo_pool *pool, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_USAGE,
                        "import a topology that lists them (`cscert topology import`)",
                        "the pool %s has no computers in the topology",
                        pool->fqdn.name ? pool->fqdn.name : "without a name");
}

static cs_rc plan_entry(const struct cs_roster *roster, struct entry entry,
                        struct cs_plan **ret_plan, struct cs_err *err)
{
    const struct cs_grouping grouping = grouping_of(roster, entry);
    const struct cs_topo_place place = {pool_of(roster, entry), computer_of(roster, entry)};
    struct cs_plan_input input = roster->input;
    cs_auto_value(cs_strv) words = {0};
    cs_auto(cs_plan) plan = NULL;

    if (!grouping.shared && !place.computer) {
        return fail_no_computers(place.pool, err);
    }
    type_words(grouping.types, &words);
    input.types = &words;
    input.place = &place;
    input.computer_fqdn = NULL;
    input.output = input.output ? "request.csr" : NULL; /* chosen when the common name is known */
    if (grouping.shared) {
        input.all_pool_members = false; /* no client looks for a member's name in what they share */
    }
    CS_TRY(cs_plan_build(&input, &plan, err));
    complete(roster, &grouping, entry.same_file, plan);
    *ret_plan = cs_steal(&plan);
    return CS_OK;
}

cs_rc cs_roster_plan(const struct cs_roster *roster, size_t index, struct cs_plan **ret_plan,
                     struct cs_err *err)
{
    return plan_entry(roster, roster->planned.items[index], ret_plan, err);
}

struct cs_plan_failure cs_roster_failure(const struct cs_roster *roster, size_t index)
{
    const struct entry entry = roster->failed.items[index];
    const struct cs_topo_name *computer = computer_of(roster, entry);
    struct cs_plan_failure failure = {
        .types = grouping_of(roster, entry).types,
        .pool = cs_strdup(pool_of(roster, entry)->fqdn.name),
        .computer = cs_strdup(computer ? computer->name : NULL),
    };
    cs_auto(cs_plan) plan = NULL;

    (void)!plan_entry(roster, entry, &plan, &failure.error);
    return failure;
}

/* ---- the whole topology ---- */

/* A file's name on its way to a number. */
struct named {
    char *base;
    size_t index;
};

/* What the roster is made with. */
struct maker {
    struct cs_roster *roster;
    struct named *files; /* of the planned, when they go to files */
    size_t file_count;
    size_t names;  /* of all the planned */
    size_t octets; /* of these and their sources */
};

static void maker_done(struct maker *maker)
{
    for (size_t i = 0; i < maker->file_count; i++) {
        free(maker->files[i].base);
    }
    free(maker->files);
    cs_roster_free(maker->roster);
}

static void note_file(struct maker *maker, const struct cs_plan *plan, const char *word)
{
    size_t index = maker->file_count++;

    /* Twice as large whenever it is full, which it is at each power of two. */
    if ((index & (index - 1)) == 0) {
        maker->files = cs_realloc(maker->files, index ? 2 * index : 1, sizeof *maker->files);
    }
    maker->files[index] = (struct named){file_base(plan, word), index};
}

static cs_rc count_names(struct maker *maker, const struct cs_plan *plan, struct cs_err *err)
{
    maker->names += plan->name_count;
    for (size_t i = 0; i < plan->name_count; i++) {
        maker->octets += strlen(plan->names[i].name) + strlen(plan->names[i].source);
    }
    if (maker->names <= CS_DEPLOYMENT_NAMES_MAX && maker->octets <= CS_DEPLOYMENT_OCTETS_MAX) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_INPUT,
                        "is it the right document? If so plan one computer after another "
                        "(-ComputerFqdn), or fewer names with -AllSipDomain:$false",
                        "the topology asks for certificates with more than %d names together, or "
                        "for more than %zu MiB of names",
                        CS_DEPLOYMENT_NAMES_MAX, CS_DEPLOYMENT_OCTETS_MAX >> 20);
}

static cs_rc add_certificate(struct maker *maker, struct entry entry, struct cs_err *err)
{
    struct cs_roster *roster = maker->roster;
    cs_auto(cs_plan) plan = NULL;
    struct cs_err why; /* cs_roster_failure() asks again */

    if (plan_entry(roster, entry, &plan, &why) != CS_OK) {
        add_entry(&roster->failed, entry);
        return CS_OK;
    }
    add_entry(&roster->planned, entry);
    if (roster->input.output) {
        note_file(maker, plan, grouping_of(roster, entry).word);
    }
    return count_names(maker, plan, err);
}

static cs_rc add_pool(struct maker *maker, uint32_t index, struct cs_err *err)
{
    const struct cs_topology *topology = maker->roster->input.topology;
    const struct cs_topo_pool *pool = &topology->pools[index];
    struct cs_grouping groupings[CS_GROUPINGS_MAX];
    size_t count = cs_deployment_groupings(topology, pool, groupings);

    for (uint32_t i = 0; i < count; i++) {
        struct entry entry = {index, NOBODY, i, 1};
        if (groupings[i].shared || !pool->computer_count) {
            CS_TRY(add_certificate(maker, entry, err));
            continue;
        }
        for (uint32_t j = 0; j < pool->computer_count; j++) {
            entry.computer = j;
            CS_TRY(add_certificate(maker, entry, err));
        }
    }
    return CS_OK;
}

/* Where OAuthTokenIssuer is assigned: all servers get it from central management. False: nowhere.
 */
static bool find_oauth_pool(const struct cs_topology *topology, uint32_t *ret_index)
{
    bool found = false;

    for (uint32_t i = 0; i < topology->pool_count; i++) {
        const struct cs_topo_pool *pool = &topology->pools[i];
        enum cs_role role = cs_topo_pool_role(pool);
        if (role != CS_ROLE_FRONT_END && role != CS_ROLE_STANDARD_EDITION) {
            continue;
        }
        if (pool->services & CS_SERVICE_CENTRAL_MGMT) {
            *ret_index = i;
            return true;
        }
        *ret_index = found ? *ret_index : i;
        found = true;
    }
    return found;
}

static int compare_named(const void *a, const void *b)
{
    const struct named *x = a;
    const struct named *y = b;
    int order = strcmp(x->base, y->base);

    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static void number_files(struct maker *maker)
{
    const struct entries *planned = &maker->roster->planned;
    uint32_t same = 0;

    if (maker->file_count) {
        qsort(maker->files, maker->file_count, sizeof *maker->files, compare_named);
    }
    for (size_t i = 0; i < maker->file_count; i++) {
        bool again = i && strcmp(maker->files[i].base, maker->files[i - 1].base) == 0;
        same = again ? same + 1 : 1;
        planned->items[maker->files[i].index].same_file = same;
    }
}

cs_rc cs_roster_new(const struct cs_plan_input *input, struct cs_roster **ret_roster,
                    struct cs_err *err)
{
    const struct cs_topology *topology = input->topology;
    cs_auto_value(maker) maker = {0};
    uint32_t oauth_pool = 0;

    if (!topology) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "import one with `cscert topology import FILE`, or say --topology FILE",
                            "--all needs a topology, and none is known");
    }
    maker.roster = cs_alloc(1, sizeof *maker.roster);
    maker.roster->input = *input;
    for (uint32_t i = 0; i < topology->pool_count; i++) {
        CS_TRY(add_pool(&maker, i, err));
    }
    if (find_oauth_pool(topology, &oauth_pool)) {
        CS_TRY(add_certificate(&maker, (struct entry){oauth_pool, NOBODY, OAUTH, 1}, err));
    }
    if (!maker.roster->planned.count && !maker.roster->failed.count) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "`cscert topology show` tells what was read; import the document that "
                            "Get-CsTopology -AsXml writes",
                            "nothing in the topology needs a certificate");
    }
    number_files(&maker);
    *ret_roster = maker.roster;
    maker.roster = NULL;
    return CS_OK;
}

#include "support/deployment_sample.h"

#include "base/mem.h"
#include "support/report_sample.h"

#include <stdlib.h>
#include <string.h>

#define DAY 86400

#define DEFAULT  (1u << CS_TYPE_DEFAULT)
#define WEB      (1u << CS_TYPE_WEB_SERVICES_INTERNAL | 1u << CS_TYPE_WEB_SERVICES_EXTERNAL)
#define INTERNAL (1u << CS_TYPE_INTERNAL)
#define EXTERNAL                                                                                   \
    (1u << CS_TYPE_ACCESS_EDGE_EXTERNAL | 1u << CS_TYPE_DATA_EDGE_EXTERNAL |                       \
     1u << CS_TYPE_AUDIO_VIDEO_AUTHENTICATION)
#define XMPP  (1u << CS_TYPE_XMPP_SERVER)
#define OAUTH (1u << CS_TYPE_OAUTH_TOKEN_ISSUER)

#define FRONT_END                                                                                  \
    (CS_SERVICE_REGISTRAR | CS_SERVICE_USER_SERVICES | CS_SERVICE_WEB_SERVICES |                   \
     CS_SERVICE_MEDIATION)

/* ---- the deployment of the pictures ---- */

static const struct {
    const char *id;
    const char *name;
    bool is_branch;
} sites[] = {
    {"1", "Redmond", false},
    {"2", "M\xc3\xbcnchen", false},
    {"3", "Nairobi", true},
    {"4", "Laboratory", false},
};

static const struct {
    const char *site;
    const char *fqdn;
    unsigned services;
    const char *computers;
} pools[] = {
    {"1", "pool1.litwareinc.net", FRONT_END | CS_SERVICE_CENTRAL_MGMT,
     "fe1.litwareinc.net fe2.litwareinc.net fe3.litwareinc.net fe4.litwareinc.net"},
    {"1", "se1.litwareinc.net", FRONT_END, "se1.litwareinc.net"},
    {"1", "dirpool.litwareinc.net",
     CS_SERVICE_REGISTRAR | CS_SERVICE_DIRECTOR | CS_SERVICE_WEB_SERVICES,
     "dir1.litwareinc.net dir2.litwareinc.net"},
    {"1", "medpool.litwareinc.net", CS_SERVICE_MEDIATION, "med1.litwareinc.net"},
    {"1", "edgepool.litwareinc.net", CS_SERVICE_EDGE, "edge1.litwareinc.net edge2.litwareinc.net"},
    {"1", "sql1.litwareinc.net", 0, "sql1.litwareinc.net"},
    {"1", "fs1.litwareinc.net", 0, "fs1.litwareinc.net"},
    {"2", "pool2.emea.litwareinc.net", FRONT_END,
     "fe21.emea.litwareinc.net fe22.emea.litwareinc.net"},
    {"2", "dir21.emea.litwareinc.net",
     CS_SERVICE_REGISTRAR | CS_SERVICE_DIRECTOR | CS_SERVICE_WEB_SERVICES,
     "dir21.emea.litwareinc.net"},
    {"2", "edgepool2.perimeter.emea.litwareinc.net", CS_SERVICE_EDGE,
     "edge21.perimeter.emea.litwareinc.net edge22.perimeter.emea.litwareinc.net "
     "edge23.perimeter.emea.litwareinc.net"},
    {"2", "chat1.emea.litwareinc.net", CS_SERVICE_OTHER, "chat1.emea.litwareinc.net"},
    {"3", "sba1.nairobi.africa.branches.litwareinc.net",
     CS_SERVICE_REGISTRAR | CS_SERVICE_MEDIATION, "sba1.nairobi.africa.branches.litwareinc.net"},
};

static const struct {
    const char *pool;
    const char *computer;
    cs_type_set types;
    int64_t request;
    enum cs_state state;
    long days; /* that are left; 0: no certificate */
    size_t missing;
} rows[] = {
    {"pool1.litwareinc.net", "fe1.litwareinc.net", DEFAULT | WEB, 1, CS_STATE_IMPORTED, 212, 0},
    {"pool1.litwareinc.net", "fe2.litwareinc.net", DEFAULT | WEB, 2, CS_STATE_IMPORTED, 12, 0},
    {"pool1.litwareinc.net", "fe3.litwareinc.net", DEFAULT | WEB, 3, CS_STATE_IMPORTED, -3, 0},
    {"pool1.litwareinc.net", "fe4.litwareinc.net", DEFAULT | WEB, 4, CS_STATE_IMPORTED, 340, 2},
    {"pool1.litwareinc.net", NULL, OAUTH, 5, CS_STATE_IMPORTED, 700, 0},
    {"se1.litwareinc.net", "se1.litwareinc.net", DEFAULT | WEB, 0, CS_STATE_PLANNED, 0, 0},
    {"dirpool.litwareinc.net", "dir1.litwareinc.net", DEFAULT | WEB, 6, CS_STATE_PENDING, 0, 0},
    {"dirpool.litwareinc.net", "dir2.litwareinc.net", DEFAULT | WEB, 7, CS_STATE_SUBMITTED, 0, 0},
    {"medpool.litwareinc.net", "med1.litwareinc.net", DEFAULT, 8, CS_STATE_OFFLINE, 0, 0},
    {"edgepool.litwareinc.net", NULL, INTERNAL, 9, CS_STATE_IMPORTED, 31, 0},
    {"edgepool.litwareinc.net", NULL, EXTERNAL | XMPP, 10, CS_STATE_PENDING, 0, 0},
    {"pool2.emea.litwareinc.net", "fe21.emea.litwareinc.net", DEFAULT | WEB, 11, CS_STATE_DENIED, 0,
     0},
    {"pool2.emea.litwareinc.net", "fe22.emea.litwareinc.net", DEFAULT | WEB, 12, CS_STATE_SIGNED, 0,
     0},
    {"edgepool2.perimeter.emea.litwareinc.net", NULL, INTERNAL, 13, CS_STATE_OFFLINE, 0, 0},
    {"edgepool2.perimeter.emea.litwareinc.net", NULL, EXTERNAL, 14, CS_STATE_OFFLINE, 0, 1},
    {"chat1.emea.litwareinc.net", "chat1.emea.litwareinc.net", DEFAULT, 15, CS_STATE_IMPORTED, 365,
     0},
    {"sba1.nairobi.africa.branches.litwareinc.net", "sba1.nairobi.africa.branches.litwareinc.net",
     DEFAULT, 0, CS_STATE_PLANNED, 0, 0},
};

/* By hand from the tables above and from add_names(). */
const struct deployment_count deployment_counts[] = {
    {"count-sites", 4},
    {"count-pools", 12},
    {"count-computers", 20},
    {"count-certificates", 17},
    {"count-state-unplanned", 1},
    {"count-warnings", 2},
    {"count-state-none", 2},
    {"count-state-offline", 2},
    {"count-state-pending", 3},
    {"count-state-unfinished", 1},
    {"count-state-issued", 4},
    {"count-state-expiring", 1},
    {"count-state-expired", 1},
    {"count-state-names", 2},
    {"count-state-failed", 1},
    /* nine with WEB have 17 each, OAuth's has one, seven have two */
    {"count-names", 9 * 17 + 1 + 7 * 2},
};
const size_t deployment_count_count = sizeof deployment_counts / sizeof deployment_counts[0];

/* ---- making them ---- */

static void add_site(struct cs_topology *topology, const char *id, const char *name, bool is_branch)
{
    struct cs_topo_site *site = cs_topology_add_site(topology);

    site->id = cs_strdup(id);
    site->name = cs_strdup(name);
    site->is_branch = is_branch;
}

static struct cs_topo_pool *add_pool(struct cs_topology *topology, const char *site,
                                     const char *fqdn, unsigned services)
{
    struct cs_topo_pool *pool = cs_topology_add_pool(topology);

    pool->site = cs_strdup(site);
    cs_topo_name_set(&pool->fqdn, fqdn, "topology.xml:7 Cluster@Fqdn");
    pool->requires_setup = services != 0;
    pool->services = services;
    return pool;
}

static void add_domain(struct cs_topology *topology, const char *name, bool is_default)
{
    struct cs_topo_domain *domain = cs_topology_add_domain(topology);

    cs_topo_name_set(&domain->name, name, "topology.xml:3 InternalDomain@Name");
    domain->is_default = is_default;
}

static void begin(struct deployment_sample *sample)
{
    *sample = (struct deployment_sample){.topology = cs_topology_new()};
    sample->topology->form = cs_strdup("published");
    sample->report = (struct cs_deployment_report){
        .user = "admin", .host = "fe1", .version = "0.1.0", .now = DEPLOYMENT_NOW};
}

void deployment_sample_end(struct deployment_sample *sample)
{
    for (size_t i = 0; i < sample->count; i++) {
        sample->rows[i].missing = &sample->missing[i];
    }
    sample->report.topology = sample->topology;
    sample->report.rows = sample->rows;
    sample->report.count = sample->count;
    sample->report.failures = sample->failures;
    sample->report.failure_count = sample->failure_count;
    sample->report.warnings = &sample->warnings;
}

static void add_names(struct cs_plan *plan, const char *own)
{
    static const char *const web[] = {"meet", "lyncdiscoverinternal", "lyncdiscover", "sip"};
    static const char *const domains[] = {"litwareinc.com", "fabrikam.com", "contoso.com"};
    static const char *const more[] = {"dialin.litwareinc.com", "admin.litwareinc.com",
                                       "webext.litwareinc.com"};
    const char *source = "example-simpleurls.xml:9 SimpleUrlEntry@Url";

    cs_plan_add_name(plan, plan->subject.common_name, "subject: the pool's FQDN",
                     "example-topology.xml:14 Cluster@Fqdn");
    if (plan->types == OAUTH) {
        return;
    }
    cs_plan_add_name(plan, own, "the computer's own name", "example-topology.xml:16 Machine@Fqdn");
    for (size_t i = 0; i < 12 && plan->types & WEB; i++) {
        cs_autofree char *name = cs_asprintf("%s.%s", web[i / 3], domains[i % 3]);
        cs_plan_add_name(plan, name, "SIP domain: <service>.<domain>", source);
    }
    for (size_t i = 0; i < 3 && plan->types & WEB; i++) {
        cs_plan_add_name(plan, more[i], "simple URL", source);
    }
}

static enum cs_role role_in(const struct cs_topology *topology, const char *fqdn)
{
    for (size_t i = 0; i < topology->pool_count; i++) {
        if (strcmp(topology->pools[i].fqdn.name, fqdn) == 0) {
            return cs_topo_pool_role(&topology->pools[i]);
        }
    }
    return CS_ROLE_NONE;
}

struct cs_deployment_row *deployment_sample_add(struct deployment_sample *sample, const char *pool,
                                                const char *computer, cs_type_set types,
                                                int64_t request_id, enum cs_state state, long days)
{
    size_t i = sample->count++;
    struct cs_plan *plan = cs_plan_new();

    plan->types = types;
    plan->pool = cs_strdup(pool);
    plan->computer = cs_strdup(computer);
    plan->role = role_in(sample->topology, pool);
    plan->choice = cs_strdup(types == OAUTH ? "one certificate for the deployment, on every server"
                             : computer     ? "each computer has a key of its own"
                                            : "the members of an Edge pool share one key");
    plan->subject.common_name = cs_strdup(types == OAUTH ? "litwareinc.com" : pool);
    add_names(plan, computer ? computer : "sip.litwareinc.com");
    sample->plans = cs_realloc(sample->plans, sample->count, sizeof *sample->plans);
    sample->rows = cs_realloc(sample->rows, sample->count, sizeof *sample->rows);
    sample->missing = cs_realloc(sample->missing, sample->count, sizeof *sample->missing);
    sample->plans[i] = plan;
    sample->missing[i] = (struct cs_strv){0};
    sample->rows[i] = (struct cs_deployment_row){
        .plan = plan,
        .request_id = request_id,
        .state = state,
        .not_after = days ? DEPLOYMENT_NOW + days * DAY + DAY / 2 : 0,
    };
    return &sample->rows[i];
}

static void add_failure(struct deployment_sample *sample, const char *pool, const char *computer,
                        cs_type_set types, const char *message, const char *hint)
{
    size_t i = sample->failure_count++;

    sample->failures = cs_realloc(sample->failures, i + 1, sizeof *sample->failures);
    sample->failures[i] =
        (struct cs_plan_failure){types, cs_strdup(pool), cs_strdup(computer), {0}};
    cs_err_set(&sample->failures[i].error, CS_E_USAGE, "%s", message);
    cs_err_hint(&sample->failures[i].error, "%s", hint);
}

void deployment_sample_make(struct deployment_sample *sample)
{
    begin(sample);
    for (size_t i = 0; i < sizeof sites / sizeof sites[0]; i++) {
        add_site(sample->topology, sites[i].id, sites[i].name, sites[i].is_branch);
    }
    for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++) {
        cs_auto_value(cs_strv) computers = {0};
        struct cs_topo_pool *pool =
            add_pool(sample->topology, pools[i].site, pools[i].fqdn, pools[i].services);
        cs_strv_split(&computers, pools[i].computers, ' ');
        for (size_t j = 0; j < computers.count; j++) {
            cs_topo_pool_add_computer(pool, computers.items[j], "topology.xml:9 Machine@Fqdn");
        }
    }
    add_domain(sample->topology, "litwareinc.com", true);
    add_domain(sample->topology, "fabrikam.com", false);
    add_domain(sample->topology, "contoso.com", false);
    sample->topology->signature = cs_strdup("0f1e2d3c-4b5a-4697-8877-665544332211");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        deployment_sample_add(sample, rows[i].pool, rows[i].computer, rows[i].types,
                              rows[i].request, rows[i].state, rows[i].days);
        for (size_t j = 0; j < rows[i].missing; j++) {
            cs_strv_add(&sample->missing[i], j ? "sip.contoso.com" : "sip.fabrikam.com");
        }
    }
    cs_strv_add(&sample->plans[8]->warnings, "no name of medpool.litwareinc.net is a wildcard");
    add_failure(sample, "dir21.emea.litwareinc.net", "dir21.emea.litwareinc.net", DEFAULT | WEB,
                "the web services of dir21.emea.litwareinc.net have no external name "
                "(topology.xml:188 ExternalSettings@Host)",
                "set the external web FQDN in Topology Builder, publish and import again");
    cs_strv_add(&sample->warnings, "the topology has no simple URL for the SIP domain contoso.com");
    cs_strv_add(&sample->topology->warnings, "topology.xml:201: a Port without Usage was ignored");
    cs_strv_copy(&sample->warnings, &sample->topology->warnings); /* the page shows them once */
    sample->report.topology_sha256 =
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad,"
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
    sample->report.documents = "example-topology.xml\nexample-simpleurls.xml";
    sample->report.imported = DEPLOYMENT_NOW - 3 * DAY;
    deployment_sample_end(sample);
}

/* ---- the others ---- */

/* 253 characters, as long as a name in DNS can be: three labels of 63 and one of 61. */
static char *longest_name(char letter)
{
    char *name = cs_alloc(254, 1);

    memset(name, letter, 253);
    name[63] = name[127] = name[191] = '.';
    return name;
}

void deployment_sample_hostile(struct deployment_sample *sample)
{
    cs_autofree char *wide = longest_name('w');
    cs_autofree char *host = longest_name('m');

    begin(sample);
    add_site(sample->topology, "1", SAMPLE_HOSTILE, false);
    add_site(sample->topology, SAMPLE_HOSTILE, NULL, true);
    cs_topo_pool_add_computer(add_pool(sample->topology, "1", SAMPLE_HOSTILE, FRONT_END),
                              SAMPLE_HOSTILE, SAMPLE_HOSTILE);
    cs_topo_pool_add_computer(add_pool(sample->topology, SAMPLE_HOSTILE, wide, CS_SERVICE_EDGE),
                              host, SAMPLE_HOSTILE);
    add_domain(sample->topology, SAMPLE_HOSTILE, true);
    deployment_sample_add(sample, SAMPLE_HOSTILE, SAMPLE_HOSTILE, DEFAULT | WEB, 1,
                          CS_STATE_IMPORTED, 20);
    deployment_sample_add(sample, wide, NULL, EXTERNAL | XMPP, 2, CS_STATE_PENDING, 0);
    deployment_sample_add(sample, "nowhere.litwareinc.net", NULL, DEFAULT, 3, CS_STATE_PENDING, 0);
    cs_plan_add_name(sample->plans[0], SAMPLE_HOSTILE, SAMPLE_HOSTILE, SAMPLE_HOSTILE);
    free(sample->plans[0]->choice);
    sample->plans[0]->choice = cs_strdup(SAMPLE_HOSTILE);
    cs_strv_add(&sample->plans[0]->warnings, SAMPLE_HOSTILE);
    cs_strv_add(&sample->missing[0], SAMPLE_HOSTILE);
    add_failure(sample, SAMPLE_HOSTILE, SAMPLE_HOSTILE, DEFAULT, SAMPLE_HOSTILE, SAMPLE_HOSTILE);
    cs_strv_add(&sample->warnings, SAMPLE_HOSTILE);
    cs_strv_add(&sample->topology->warnings, SAMPLE_HOSTILE);
    sample->topology->signature = cs_strdup(SAMPLE_HOSTILE);
    sample->report.topology_sha256 = SAMPLE_HOSTILE;
    sample->report.documents = SAMPLE_HOSTILE "\n" SAMPLE_HOSTILE;
    sample->report.user = sample->report.host = sample->report.version = SAMPLE_HOSTILE;
    deployment_sample_end(sample);
}

void deployment_sample_empty(struct deployment_sample *sample)
{
    begin(sample);
    deployment_sample_end(sample);
}

static void add_large_pool(struct deployment_sample *sample, unsigned number, bool edge)
{
    const unsigned computers = edge ? 5 : 7;
    cs_autofree char *site = cs_asprintf("%u", number % 12);
    cs_autofree char *fqdn =
        cs_asprintf("%s%03u.emea.corp.litwareinc.net", edge ? "edgepool" : "pool", number);
    struct cs_topo_pool *pool =
        add_pool(sample->topology, site, fqdn, edge ? CS_SERVICE_EDGE : FRONT_END);

    for (unsigned i = 0; i < computers; i++) {
        cs_autofree char *computer =
            cs_asprintf("%s%03u%02u.emea.corp.litwareinc.net", edge ? "edge" : "fe", number, i + 1);
        cs_topo_pool_add_computer(pool, computer, "topology.xml:9 Machine@Fqdn");
        if (!edge) {
            deployment_sample_add(sample, fqdn, computer, DEFAULT | WEB, number * 7 + i,
                                  CS_STATE_IMPORTED, (long)(number + i) % 400 - 20);
        }
    }
    if (edge) {
        deployment_sample_add(sample, fqdn, NULL, INTERNAL, number, CS_STATE_PENDING, 0);
        deployment_sample_add(sample, fqdn, NULL, EXTERNAL, number, CS_STATE_OFFLINE, 0);
    }
}

void deployment_sample_large(struct deployment_sample *sample)
{
    begin(sample);
    for (unsigned i = 0; i < 12; i++) {
        cs_autofree char *id = cs_asprintf("%u", i);
        cs_autofree char *name = cs_asprintf("Region %u", i + 1);
        add_site(sample->topology, id, name, false);
    }
    for (unsigned i = 0; i < 300; i++) {
        add_large_pool(sample, i, i % 6 == 5);
    }
    deployment_sample_end(sample);
}

void deployment_sample_done(struct deployment_sample *sample)
{
    for (size_t i = 0; i < sample->count; i++) {
        cs_plan_free(sample->plans[i]);
        cs_strv_done(&sample->missing[i]);
    }
    for (size_t i = 0; i < sample->failure_count; i++) {
        free(sample->failures[i].pool);
        free(sample->failures[i].computer);
    }
    free(sample->plans);
    free(sample->missing);
    free(sample->rows);
    free(sample->failures);
    cs_strv_done(&sample->warnings);
    cs_topology_free(sample->topology);
    *sample = (struct deployment_sample){0};
}

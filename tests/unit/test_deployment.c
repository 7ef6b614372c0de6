#include "model/deployment.h"
#include "unit/topo_made.h"

#define BIT(name) ((cs_type_set)1 << CS_TYPE_##name)

#define WEB "Default,WebServicesInternal,WebServicesExternal"

static void assert_built(const struct cs_plan_input *input, struct cs_deployment *ret_deployment)
{
    struct cs_err err = {0};

    assert_ok(cs_deployment_build(input, ret_deployment, &err), &err);
}

static struct cs_plan_input input_of(const struct cs_topology *topology)
{
    return (struct cs_plan_input){
        .topology = topology,
        .all_sip_domain = true,
        .no_destination = true,
    };
}

static struct cs_deployment plan_all(const struct cs_topology *topology)
{
    struct cs_plan_input input = input_of(topology);
    struct cs_deployment deployment = {0};

    assert_built(&input, &deployment);
    return deployment;
}

static char *names_of(const struct cs_plan *plan)
{
    cs_auto_value(cs_strv) names = {0};

    for (size_t i = 0; i < plan->name_count; i++) {
        cs_strv_add(&names, plan->names[i].name);
    }
    return cs_strv_join(&names, ",");
}

/* ---- the example ---- */

#define MEETS "meet.litwareinc.com,meet.fabrikam.com,meet.contoso.com"
#define SIPS  "sip.litwareinc.com,sip.fabrikam.com,sip.contoso.com"
#define DISCOVERS                                                                                  \
    "lyncdiscoverinternal.litwareinc.com,lyncdiscoverinternal.fabrikam.com,"                       \
    "lyncdiscoverinternal.contoso.com,lyncdiscover.litwareinc.com,lyncdiscover.fabrikam.com,"      \
    "lyncdiscover.contoso.com"
#define FRONT_END_NAMES(server)                                                                    \
    "pool1.litwareinc.net," server "," MEETS ",dialin.litwareinc.com,admin.litwareinc.com,"        \
    "webext.litwareinc.com," DISCOVERS "," SIPS
#define DIRECTOR_NAMES(server)                                                                     \
    "dirpool.litwareinc.net," server "," MEETS ",dialin.litwareinc.com,admin.litwareinc.com,"      \
    "webext-dir.litwareinc.com," DISCOVERS "," SIPS

/* The names are those of name-vectors.txt with AllSipDomain=True; which certificates there are says
 * docs/TOPOLOGY.md. */
static const struct {
    const char *types;
    const char *pool;
    const char *computer;
    enum cs_role role;
    const char *names; /* the common name first */
    const char *choice;
    const char *file;
} example[] = {
    {WEB, "pool1.litwareinc.net", "fe1.litwareinc.net", CS_ROLE_FRONT_END,
     FRONT_END_NAMES("fe1.litwareinc.net"), "each Front End server has a key of its own",
     "fe1.litwareinc.net-default.csr"},
    {WEB, "pool1.litwareinc.net", "fe2.litwareinc.net", CS_ROLE_FRONT_END,
     FRONT_END_NAMES("fe2.litwareinc.net"), "one certificate serves",
     "fe2.litwareinc.net-default.csr"},
    {WEB, "pool1.litwareinc.net", "fe3.litwareinc.net", CS_ROLE_FRONT_END,
     FRONT_END_NAMES("fe3.litwareinc.net"), "key of its own", "fe3.litwareinc.net-default.csr"},
    {WEB, "se1.litwareinc.net", "se1.litwareinc.net", CS_ROLE_STANDARD_EDITION,
     "se1.litwareinc.net," MEETS ",dialin.litwareinc.com,admin.litwareinc.com,"
     "webext-se.litwareinc.com," DISCOVERS "," SIPS,
     "a pool by itself", "se1.litwareinc.net-default.csr"},
    {WEB, "dirpool.litwareinc.net", "dir1.litwareinc.net", CS_ROLE_DIRECTOR,
     DIRECTOR_NAMES("dir1.litwareinc.net"), "each Director", "dir1.litwareinc.net-default.csr"},
    {WEB, "dirpool.litwareinc.net", "dir2.litwareinc.net", CS_ROLE_DIRECTOR,
     DIRECTOR_NAMES("dir2.litwareinc.net"), "each Director", "dir2.litwareinc.net-default.csr"},
    {"Default", "medpool.litwareinc.net", "med1.litwareinc.net", CS_ROLE_MEDIATION,
     "medpool.litwareinc.net,med1.litwareinc.net", "no web services",
     "med1.litwareinc.net-default.csr"},
    {"Internal", "edgepool.litwareinc.net", NULL, CS_ROLE_EDGE, "edgepool.litwareinc.net",
     "one key for all members", "edgepool.litwareinc.net-internal.csr"},
    {"AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication,XmppServer",
     "edgepool.litwareinc.net", NULL, CS_ROLE_EDGE,
     "sip.litwareinc.com,webconf.litwareinc.com,sip.fabrikam.com,sip.contoso.com,litwareinc.com,"
     "fabrikam.com,contoso.com",
     "one key for all members", "sip.litwareinc.com-external.csr"},
    {"OAuthTokenIssuer", "pool1.litwareinc.net", NULL, CS_ROLE_FRONT_END, "litwareinc.com",
     "one for the whole deployment", "litwareinc.com-oauth.csr"},
};

START_TEST(test_example)
{
    cs_auto(cs_topology) topology = made_example();
    struct cs_plan_input input = input_of(topology);
    cs_auto_value(cs_deployment) deployment = {0};

    input.output = "/tmp/requests";
    assert_built(&input, &deployment);
    ck_assert_uint_eq(deployment.plans.count, ROWS(example));
    ck_assert_uint_eq(deployment.failure_count, 0);
    const struct cs_plan *plan = deployment.plans.items[_i];
    cs_autofree char *types = cs_cert_types_text(plan->types);
    cs_autofree char *names = names_of(plan);
    cs_autofree char *file = cs_asprintf("/tmp/requests/%s", example[_i].file);
    ck_assert_str_eq(types, example[_i].types);
    ck_assert_pstr_eq(plan->pool, example[_i].pool);
    ck_assert_pstr_eq(plan->computer, example[_i].computer);
    ck_assert_int_eq(plan->role, example[_i].role);
    ck_assert_str_eq(names, example[_i].names);
    ck_assert_str_eq(plan->subject.common_name, plan->names[0].name);
    assert_contains(plan->choice, example[_i].choice);
    ck_assert_str_eq(plan->output, file);
    ck_assert_uint_eq(plan->warnings.count, 0);
}
END_TEST

/* ---- groupings ---- */

static const struct {
    unsigned services;
    const char *computers;
    bool requires_setup;
    bool xmpp;
    int version;
    const char *types[CS_GROUPINGS_MAX];
    bool shared;
    const char *less;
} groupings[] = {
    {FRONT_END_SERVICES | CS_SERVICE_WEB_SERVICES | CS_SERVICE_MEDIATION,
     "a b",
     true,
     false,
     7,
     {WEB},
     false,
     NULL},
    {FRONT_END_SERVICES, "a b", true, false, 7, {"Default"}, false, "the pool has none"},
    {FRONT_END_SERVICES | CS_SERVICE_WEB_SERVICES, "p", true, false, 7, {WEB}, false, NULL},
    {CS_SERVICE_REGISTRAR | CS_SERVICE_DIRECTOR | CS_SERVICE_WEB_SERVICES,
     "a",
     true,
     false,
     8,
     {WEB},
     false,
     NULL},
    {CS_SERVICE_REGISTRAR | CS_SERVICE_MEDIATION | CS_SERVICE_WEB_SERVICES,
     "a",
     true,
     false,
     7,
     {"Default"},
     false,
     NULL}, /* branch appliance */
    {CS_SERVICE_MEDIATION, "a", true, false, 7, {"Default"}, false, NULL},
    {CS_SERVICE_OTHER, "a", true, false, 7, {"Default"}, false, NULL},
    {CS_SERVICE_OTHER, "a", false, false, 7, {NULL}, false, NULL},
    {0, "a", false, false, 0, {NULL}, false, NULL},
    {CS_SERVICE_EDGE,
     "a b",
     true,
     false,
     7,
     {"Internal", "AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication"},
     true,
     NULL},
    {CS_SERVICE_EDGE,
     "a",
     true,
     true,
     6,
     {"Internal", "AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication,XmppServer"},
     true,
     NULL},
    {CS_SERVICE_EDGE,
     "a b c",
     true,
     true,
     8,
     {"Internal", "AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication"},
     true,
     "XmppServer is left out"},
};

START_TEST(test_grouping)
{
    cs_auto(cs_topology) topology = made_bare();
    struct cs_topo_pool *pool =
        made_pool(topology, "p.litwareinc.net", groupings[_i].services, groupings[_i].computers);
    struct cs_grouping got[CS_GROUPINGS_MAX];
    size_t expected = 0;

    pool->requires_setup = groupings[_i].requires_setup;
    pool->service_version = groupings[_i].version;
    if (groupings[_i].xmpp) {
        made_name(&pool->xmpp, "");
    }
    size_t count = cs_deployment_groupings(topology, pool, got);
    for (; expected < CS_GROUPINGS_MAX && groupings[_i].types[expected]; expected++) {
        ck_assert_uint_lt(expected, count);
        cs_autofree char *types = cs_cert_types_text(got[expected].types);
        ck_assert_str_eq(types, groupings[_i].types[expected]);
        ck_assert_int_eq(got[expected].shared, groupings[_i].shared);
        ck_assert_msg(got[expected].why && got[expected].word, "no reason");
    }
    ck_assert_uint_eq(count, expected);
    const char *less = count ? got[count - 1].less : NULL;
    ck_assert_int_eq(less != NULL, groupings[_i].less != NULL);
    if (less) {
        assert_contains(less, groupings[_i].less);
    }
}
END_TEST

/* What was left out stands in the plan too. */
START_TEST(test_choice_says_what_is_left_out)
{
    cs_auto(cs_topology) topology = made_example();

    topology->pools[MED].services = FRONT_END_SERVICES;
    cs_auto_value(cs_deployment) deployment = plan_all(topology);
    assert_contains(deployment.plans.items[6]->choice, "key of its own");
    assert_contains(deployment.plans.items[6]->choice, "the pool has none");
}
END_TEST

/* ---- OAuthTokenIssuer ---- */

static const struct {
    int central; /* the pool with central management; -1: none */
    bool first_is_director;
    const char *pool; /* NULL: no certificate */
} oauths[] = {
    {SE, false, "se1.litwareinc.net"}, {-1, false, "pool1.litwareinc.net"},
    {-1, true, "se1.litwareinc.net"},  {DIR, false, "pool1.litwareinc.net"},
    {SQL, true, "se1.litwareinc.net"},
};

static const struct cs_plan *find_oauth(const struct cs_deployment *deployment)
{
    const struct cs_plan *found = NULL;

    for (size_t i = 0; i < deployment->plans.count; i++) {
        if (deployment->plans.items[i]->types == BIT(OAUTH_TOKEN_ISSUER)) {
            ck_assert_ptr_null(found); /* one for all */
            found = deployment->plans.items[i];
        }
    }
    return found;
}

START_TEST(test_oauth)
{
    cs_auto(cs_topology) topology = made_example();

    topology->pools[FE].services &= ~(unsigned)CS_SERVICE_CENTRAL_MGMT;
    if (oauths[_i].central >= 0) {
        topology->pools[oauths[_i].central].services |= CS_SERVICE_CENTRAL_MGMT;
    }
    if (oauths[_i].first_is_director) {
        topology->pools[FE].services |= CS_SERVICE_DIRECTOR;
    }
    cs_auto_value(cs_deployment) deployment = plan_all(topology);
    const struct cs_plan *plan = find_oauth(&deployment);
    ck_assert_ptr_nonnull(plan);
    ck_assert_pstr_eq(plan->pool, oauths[_i].pool);
    ck_assert_ptr_null(plan->computer);
    ck_assert_uint_eq(plan->name_count, 1);
}
END_TEST

START_TEST(test_no_oauth_without_a_front_end)
{
    cs_auto(cs_topology) topology = made_bare();

    made_domain(topology, "litwareinc.com")->is_default = true;
    made_edge(topology, "edge.litwareinc.net", "e1", "sip.litwareinc.com", "wc.litwareinc.com");
    cs_auto_value(cs_deployment) deployment = plan_all(topology);
    ck_assert_uint_eq(deployment.plans.count, 2);
    ck_assert_uint_eq(deployment.failure_count, 0);
    ck_assert_ptr_null(find_oauth(&deployment));
}
END_TEST

/* ---- what goes wrong ---- */

START_TEST(test_nothing_to_plan)
{
    cs_auto(cs_topology) topology = made_bare();
    struct cs_plan_input input = {.no_destination = true};
    struct cs_deployment deployment = {0};
    struct cs_err err = {0};

    assert_fails(cs_deployment_build(&input, &deployment, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "topology");
    assert_contains(err.hint, "topology import");
    input.topology = topology;
    made_pool(topology, "sql1.litwareinc.net", 0, "sql1")->requires_setup = false;
    cs_err_clear(&err);
    assert_fails(cs_deployment_build(&input, &deployment, &err), CS_E_USAGE, &err);
    assert_contains(err.message, "nothing in the topology needs a certificate");
    ck_assert_msg(err.hint[0], "no remedy");
    ck_assert_ptr_null(deployment.plans.items);
}
END_TEST

START_TEST(test_failures_stop_nothing)
{
    cs_auto(cs_topology) topology = made_example();

    cs_topo_name_set(&topology->pools[EDGE].access_edge, NULL, NULL);
    made_name(&topology->pools[DIR].fqdn, "dir_pool.litwareinc.net");
    made_pool(topology, "pool9.litwareinc.net", FRONT_END_SERVICES, "");
    cs_auto_value(cs_deployment) deployment = plan_all(topology);
    /* 3 fe, se1, med1, Internal, OAuth */
    ck_assert_uint_eq(deployment.plans.count, 7);
    ck_assert_uint_eq(deployment.failure_count, 4);
    const struct cs_plan_failure *failures = deployment.failures;
    ck_assert_str_eq(failures[0].computer, "dir1.litwareinc.net");
    ck_assert_str_eq(failures[1].computer, "dir2.litwareinc.net");
    ck_assert_str_eq(failures[1].pool, "dir_pool.litwareinc.net");
    ck_assert_uint_eq(failures[1].types,
                      BIT(DEFAULT) | BIT(WEB_SERVICES_INTERNAL) | BIT(WEB_SERVICES_EXTERNAL));
    assert_contains(failures[1].error.message, "dir_pool.litwareinc.net");
    ck_assert_str_eq(failures[2].pool, "edgepool.litwareinc.net");
    ck_assert_ptr_null(failures[2].computer);
    assert_contains(failures[2].error.message, "Access Edge FQDN");
    ck_assert_str_eq(failures[3].pool, "pool9.litwareinc.net");
    ck_assert_ptr_null(failures[3].computer);
    assert_contains(failures[3].error.message, "has no computers");
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(failures[i].error.code, CS_E_USAGE);
        ck_assert_msg(failures[i].error.hint[0], "no remedy: %s", failures[i].error.message);
    }
}
END_TEST

START_TEST(test_policy_fails_each)
{
    cs_auto(cs_topology) topology = made_example();
    struct cs_plan_input input = input_of(topology);
    cs_auto_value(cs_deployment) deployment = {0};

    input.exportable = true;
    input.policy_forbid_exportable = true;
    assert_built(&input, &deployment);
    ck_assert_uint_eq(deployment.plans.count, 0);
    ck_assert_uint_eq(deployment.failure_count, ROWS(example));
    for (size_t i = 0; i < deployment.failure_count; i++) {
        ck_assert_int_eq(deployment.failures[i].error.code, CS_E_POLICY);
    }
}
END_TEST

/* ---- what the user says holds for every plan ---- */

START_TEST(test_input_goes_to_every_plan)
{
    cs_auto(cs_topology) topology = made_example();
    struct cs_plan_input input = input_of(topology);
    cs_auto_value(cs_deployment) deployment = {0};

    input.all_sip_domain = false;
    input.no_lyncdiscover = true;
    input.computer_fqdn = "nosuch.litwareinc.net"; /* not used */
    input.ca = "ca01\\myca";
    input.key_alg = "ECDH_P256";
    input.organization = "Litware";
    assert_built(&input, &deployment);
    ck_assert_uint_eq(deployment.plans.count, ROWS(example));
    ck_assert_uint_eq(deployment.failure_count, 0);
    for (size_t i = 0; i < deployment.plans.count; i++) {
        const struct cs_plan *plan = deployment.plans.items[i];
        cs_autofree char *names = names_of(plan);
        ck_assert_str_eq(plan->ca, "ca01\\myca");
        ck_assert_ptr_null(plan->output);
        ck_assert_int_eq(plan->key_spec.alg, CS_KEY_EC_P256);
        ck_assert_str_eq(plan->subject.organization, "Litware");
        ck_assert_msg(!strstr(names, "lyncdiscover"), "%s", names);
        ck_assert_msg(!strstr(names, "sip.contoso.com"), "%s", names);
    }
}
END_TEST

/* --all-pool-members names the others where each has a certificate, not in what they share. */
START_TEST(test_members)
{
    cs_auto(cs_topology) topology = made_example();
    struct cs_plan_input input = input_of(topology);
    cs_auto_value(cs_deployment) deployment = {0};

    input.all_pool_members = true;
    assert_built(&input, &deployment);
    for (size_t i = 0; i < deployment.plans.count; i++) {
        const struct cs_plan *plan = deployment.plans.items[i];
        cs_autofree char *names = names_of(plan);
        bool has_members = strstr(names, "fe3.") || strstr(names, "edge2.") != NULL;
        ck_assert_int_eq(has_members, i < 3); /* pool1's */
    }
}
END_TEST

/* ---- files ---- */

static const struct cs_plan *assert_file(const struct cs_deployment *deployment, size_t index,
                                         const char *path)
{
    const struct cs_plan *plan = deployment->plans.items[index];

    ck_assert_str_eq(plan->output, path);
    return plan;
}

START_TEST(test_files_differ)
{
    cs_auto(cs_topology) topology = made_bare();
    struct cs_plan_input input = input_of(topology);
    cs_auto_value(cs_deployment) deployment = {0};

    made_domain(topology, "litwareinc.com")->is_default = true;
    for (int i = 0; i < 3; i++) { /* one external name for three pools */
        cs_autofree char *name = cs_asprintf("edge.site%d.litwareinc.net", i);
        made_edge(topology, name, "e1 e2", "sip.litwareinc.com", "wc.litwareinc.com");
    }
    input.output = "requests/";
    assert_built(&input, &deployment);
    ck_assert_uint_eq(deployment.plans.count, 6);
    assert_file(&deployment, 0, "requests/edge.site0.litwareinc.net-internal.csr");
    assert_file(&deployment, 1, "requests/sip.litwareinc.com-external.csr");
    assert_file(&deployment, 2, "requests/edge.site1.litwareinc.net-internal.csr");
    assert_file(&deployment, 3, "requests/sip.litwareinc.com-external-2.csr");
    assert_file(&deployment, 5, "requests/sip.litwareinc.com-external-3.csr");
}
END_TEST

#define L50 "abcdefghi-abcdefghi-abcdefghi-abcdefghi-abcdefghi-"
#define L60 L50 "abcdefghi0"

/* A computer's name that is none is left out of the certificate with a warning, and a file cannot
 * have it either. */
static const struct {
    const char *computer;
    const char *file;
} unsafe[] = {
    {"../../etc/x.y", "_._.._etc_x.y-default.csr"},
    {".hidden", "_hidden-default.csr"},
    {"*.a.b", "_.a.b-default.csr"},
    {"m\xc3\xbc.b.c", "m__.b.c-default.csr"},
    {"a;b.c", "a_b.c-default.csr"},
    {"$(id).b.c", "__id_.b.c-default.csr"},
    /* 247 characters; 200 are kept */
    {L60 "." L60 "." L60 "." L60 ".net", L60 "." L60 "." L60 ".abcdefghi-abcdefg-default.csr"},
};

START_TEST(test_file_is_safe)
{
    cs_auto(cs_topology) topology = made_bare();
    struct cs_plan_input input = input_of(topology);
    cs_auto_value(cs_deployment) deployment = {0};

    made_domain(topology, "litwareinc.com")->is_default = true;
    made_pool(topology, "pool.litwareinc.net", CS_SERVICE_MEDIATION, unsafe[_i].computer);
    input.output = "/tmp/out.cer";
    assert_built(&input, &deployment);
    ck_assert_uint_eq(deployment.plans.count, 1);
    cs_autofree char *path = cs_asprintf("/tmp/out.cer/%s", unsafe[_i].file);
    const struct cs_plan *plan = assert_file(&deployment, 0, path);
    for (size_t i = 0; i < plan->warnings.count; i++) { /* the folder's name says nothing */
        ck_assert_msg(!strstr(plan->warnings.items[i], "will hold"), "%s", plan->warnings.items[i]);
    }
}
END_TEST

/* ---- differences ---- */

static const char *const change_words[] = {"new", "gone", "names"};

/* "names pool computer +gained -lost" of each, with "; " between them. */
static char *changes_text(const struct cs_plan_change_list *changes)
{
    cs_auto_value(cs_strv) lines = {0};

    for (size_t i = 0; i < changes->count; i++) {
        const struct cs_plan_change *change = &changes->items[i];
        cs_autofree char *gained = cs_strv_join(&change->gained, ",");
        cs_autofree char *lost = cs_strv_join(&change->lost, ",");
        cs_autofree char *types = cs_cert_types_text(change->types);
        cs_strv_take(&lines, cs_asprintf("%s %s %s %s +%s -%s", change_words[change->change], types,
                                         change->pool, change->computer ? change->computer : "-",
                                         gained, lost));
    }
    return cs_strv_join(&lines, "\n");
}

static void assert_changes(struct cs_topology *before, struct cs_topology *after,
                           const char *expected)
{
    cs_auto_value(cs_deployment) old = plan_all(before);
    cs_auto_value(cs_deployment) new = plan_all(after);
    cs_auto_value(cs_plan_change_list) changes = {0};

    cs_deployment_diff(&old, &new, &changes);
    cs_autofree char *text = changes_text(&changes);
    ck_assert_str_eq(text, expected);
    cs_topology_free(before);
    cs_topology_free(after);
}

static void same(struct cs_topology *t)
{
    (void)t;
}

static void add_domain(struct cs_topology *t)
{
    made_domain(t, "tailspin.com");
}

/* Other case, other order: nothing that certificates see. */
static void turn_around(struct cs_topology *t)
{
    struct cs_topo_pool pool = t->pools[FE];
    struct cs_topo_domain domain = t->domains[1];

    made_name(&pool.fqdn, "POOL1.LitwareInc.net");
    t->pools[FE] = t->pools[EDGE];
    t->pools[EDGE] = pool;
    t->domains[1] = t->domains[2];
    t->domains[2] = domain;
}

static void add_computer(struct cs_topology *t)
{
    cs_topo_pool_add_computer(&t->pools[MED], "med2.litwareinc.net", "at med2");
}

static void drop_mediation(struct cs_topology *t)
{
    t->pools[MED].services = 0;
    t->pools[MED].requires_setup = false;
}

/* The subject changes though the set of names does not. */
static void swap_edge_names(struct cs_topology *t)
{
    made_name(&t->pools[EDGE].access_edge, "webconf.litwareinc.com");
    made_name(&t->pools[EDGE].data_edge, "sip.litwareinc.com");
}

static void move_access(struct cs_topology *t)
{
    made_name(&t->pools[EDGE].access_edge, "access.litwareinc.com");
}

static void xmpp_off(struct cs_topology *t)
{
    cs_topo_name_set(&t->pools[EDGE].xmpp, NULL, NULL);
}

static void move_central(struct cs_topology *t)
{
    t->pools[FE].services &= ~(unsigned)CS_SERVICE_CENTRAL_MGMT;
    t->pools[SE].services |= CS_SERVICE_CENTRAL_MGMT;
}

static void lose_access(struct cs_topology *t)
{
    cs_topo_name_set(&t->pools[EDGE].access_edge, NULL, NULL);
}

#define TAILSPIN_WEB                                                                               \
    "+lyncdiscoverinternal.tailspin.com,lyncdiscover.tailspin.com,sip.tailspin.com -"
#define EXTERNAL "AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication,XmppServer"

/* By hand from the rules of docs/NAMES.md. */
static const struct {
    void (*change)(struct cs_topology *topology);
    const char *expected;
} diffs[] = {
    {same, ""},
    {turn_around, ""},
    {move_central, ""},
    {lose_access, ""}, /* still needed; it stands among the failures */
    {add_domain, "names " WEB " pool1.litwareinc.net fe1.litwareinc.net " TAILSPIN_WEB "\n"
                 "names " WEB " pool1.litwareinc.net fe2.litwareinc.net " TAILSPIN_WEB "\n"
                 "names " WEB " pool1.litwareinc.net fe3.litwareinc.net " TAILSPIN_WEB "\n"
                 "names " WEB " se1.litwareinc.net se1.litwareinc.net " TAILSPIN_WEB "\n"
                 "names " WEB " dirpool.litwareinc.net dir1.litwareinc.net " TAILSPIN_WEB "\n"
                 "names " WEB " dirpool.litwareinc.net dir2.litwareinc.net " TAILSPIN_WEB "\n"
                 "names " EXTERNAL " edgepool.litwareinc.net - +sip.tailspin.com,tailspin.com -"},
    {add_computer, "new Default medpool.litwareinc.net med2.litwareinc.net "
                   "+medpool.litwareinc.net,med2.litwareinc.net -"},
    {drop_mediation, "gone Default medpool.litwareinc.net med1.litwareinc.net + "
                     "-medpool.litwareinc.net,med1.litwareinc.net"},
    {swap_edge_names, "names " EXTERNAL " edgepool.litwareinc.net - +CN=webconf.litwareinc.com "
                      "-CN=sip.litwareinc.com"},
    {move_access, "names " EXTERNAL " edgepool.litwareinc.net - "
                  "+CN=access.litwareinc.com,access.litwareinc.com -CN=sip.litwareinc.com"},
    {xmpp_off,
     "new AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication edgepool.litwareinc.net "
     "- +sip.litwareinc.com,webconf.litwareinc.com,sip.fabrikam.com,sip.contoso.com -\n"
     "gone " EXTERNAL " edgepool.litwareinc.net - + "
     "-sip.litwareinc.com,webconf.litwareinc.com,sip.fabrikam.com,sip.contoso.com,litwareinc.com,"
     "fabrikam.com,contoso.com"},
};

START_TEST(test_diff)
{
    struct cs_topology *after = made_example();

    diffs[_i].change(after);
    assert_changes(made_example(), after, diffs[_i].expected);
}
END_TEST

/* The same pool twice, as only damage makes it: each is compared with one. */
START_TEST(test_diff_of_twins)
{
    struct cs_topology *before = made_bare();
    struct cs_topology *after = made_bare();

    for (int i = 0; i < 3; i++) {
        made_pool(after, "med.litwareinc.net", CS_SERVICE_MEDIATION, "m1");
        if (i < 2) {
            made_pool(before, "med.litwareinc.net", CS_SERVICE_MEDIATION, "m1");
        }
    }
    assert_changes(before, after,
                   "new Default med.litwareinc.net m1.litwareinc.net "
                   "+med.litwareinc.net,m1.litwareinc.net -");
}
END_TEST

START_TEST(test_diff_without_case)
{
    cs_auto(cs_topology) topology = made_example();
    cs_auto_value(cs_deployment) before = plan_all(topology);
    cs_auto_value(cs_deployment) after = plan_all(topology);
    cs_auto_value(cs_plan_change_list) changes = {0};

    after.plans.items[0]->pool[0] = 'P';
    after.plans.items[0]->computer[0] = 'F';
    cs_deployment_diff(&before, &after, &changes);
    ck_assert_uint_eq(changes.count, 0);
}
END_TEST

START_TEST(test_diff_with_nothing)
{
    cs_auto(cs_topology) topology = made_example();
    cs_auto_value(cs_deployment) deployment = plan_all(topology);
    const struct cs_deployment none = {0};
    cs_auto_value(cs_plan_change_list) changes = {0};

    cs_deployment_diff(&none, &none, &changes);
    ck_assert_uint_eq(changes.count, 0);
    cs_plan_change_list_done(&changes);
    cs_deployment_diff(&none, &deployment, &changes);
    ck_assert_uint_eq(changes.count, ROWS(example));
    ck_assert_int_eq(changes.items[0].change, CS_CHANGE_NEW);
    ck_assert_str_eq(changes.items[0].common_name, "pool1.litwareinc.net");
    cs_plan_change_list_done(&changes);
    cs_deployment_diff(&deployment, &none, &changes);
    ck_assert_uint_eq(changes.count, ROWS(example));
    ck_assert_int_eq(changes.items[9].change, CS_CHANGE_GONE);
    ck_assert_str_eq(changes.items[9].common_name, "litwareinc.com");
}
END_TEST

/* ---- size ---- */

/* The kinds of pools, in a round as tests/support/topology_gen.py has it, and the computers of
 * each: 300 pools have 120 * 10 + 30 * 9 + 30 * 8 + 60 * 1 + 60 * 4 = 2,010. */
static const char kinds[] = "FESFMFDESF";
enum { POOLS = 300, FRONT_ENDS = 10, DIRECTORS = 9, MEDIATIONS = 8, EDGES = 4 };

static char *computers_text(int pool, int count)
{
    cs_auto_value(cs_strv) names = {0};

    for (int i = 0; i < count; i++) {
        cs_strv_take(&names, cs_asprintf("c%d-%d", pool, i));
    }
    return cs_strv_join(&names, " ");
}

static void add_kind(struct cs_topology *topology, int index)
{
    char kind = kinds[index % 10];
    int count = kind == 'F'   ? FRONT_ENDS
                : kind == 'D' ? DIRECTORS
                : kind == 'M' ? MEDIATIONS
                              : EDGES;
    cs_autofree char *name = cs_asprintf("p%d.litwareinc.net", index);
    cs_autofree char *external = cs_asprintf("ext%d.litwareinc.com", index);
    cs_autofree char *computers = computers_text(index, count);

    if (kind == 'F') {
        made_web_pool(topology, name, FRONT_END_SERVICES, computers, external);
    } else if (kind == 'S') {
        made_web_pool(topology, name, FRONT_END_SERVICES, name, external);
    } else if (kind == 'D') {
        made_web_pool(topology, name, CS_SERVICE_REGISTRAR | CS_SERVICE_DIRECTOR, computers,
                      external);
    } else if (kind == 'M') {
        made_pool(topology, name, CS_SERVICE_MEDIATION, computers);
    } else {
        made_edge(topology, name, computers, "sip.litwareinc.com", external);
    }
}

static struct cs_topology *made_large(void)
{
    struct cs_topology *topology = made_bare();

    made_domain(topology, "litwareinc.com")->is_default = true;
    made_domain(topology, "fabrikam.com");
    made_url(topology, CS_URL_DIALIN, "*", "dialin.litwareinc.com");
    made_url(topology, CS_URL_MEET, "litwareinc.com", "meet.litwareinc.com");
    made_url(topology, CS_URL_MEET, "fabrikam.com", "meet.fabrikam.com");
    for (int i = 0; i < POOLS; i++) {
        add_kind(topology, i);
    }
    return topology;
}

static int compare_outputs(const void *a, const void *b)
{
    const struct cs_plan *const *x = a;
    const struct cs_plan *const *y = b;

    return strcmp((*x)->output, (*y)->output);
}

START_TEST(test_large)
{
    cs_auto(cs_topology) topology = made_large();
    struct cs_plan_input input = input_of(topology);
    cs_auto_value(cs_deployment) deployment = {0};
    cs_auto_value(cs_plan_change_list) changes = {0};
    size_t computers = 0;

    for (size_t i = 0; i < topology->pool_count; i++) {
        computers += topology->pools[i].computer_count;
    }
    ck_assert_uint_eq(computers, 2010);
    input.output = "requests";
    assert_built(&input, &deployment);
    ck_assert_uint_eq(deployment.failure_count, 0);
    /* a computer's each but the Edge's, two for an Edge pool, OAuthTokenIssuer */
    ck_assert_uint_eq(deployment.plans.count, 1200 + 270 + 240 + 60 + 2 * 60 + 1);
    cs_auto_value(cs_deployment) before = plan_all(topology);
    made_domain(topology, "contoso.com");
    cs_auto_value(cs_deployment) after = plan_all(topology);
    cs_deployment_diff(&before, &after, &changes);
    /* all that hold sip.<domain>: neither Mediation nor Internal nor OAuthTokenIssuer */
    ck_assert_uint_eq(changes.count, 1200 + 270 + 60 + 60);
    qsort(deployment.plans.items, deployment.plans.count, sizeof(struct cs_plan *),
          compare_outputs);
    for (size_t i = 1; i < deployment.plans.count; i++) {
        ck_assert_str_ne(deployment.plans.items[i - 1]->output, deployment.plans.items[i]->output);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("deployment");
    TCase *tcase = tcase_create("deployment");

    add_rows(tcase, test_example, example);
    add_rows(tcase, test_grouping, groupings);
    tcase_add_test(tcase, test_choice_says_what_is_left_out);
    add_rows(tcase, test_oauth, oauths);
    tcase_add_test(tcase, test_no_oauth_without_a_front_end);
    tcase_add_test(tcase, test_nothing_to_plan);
    tcase_add_test(tcase, test_failures_stop_nothing);
    tcase_add_test(tcase, test_policy_fails_each);
    tcase_add_test(tcase, test_input_goes_to_every_plan);
    tcase_add_test(tcase, test_members);
    tcase_add_test(tcase, test_files_differ);
    add_rows(tcase, test_file_is_safe, unsafe);
    add_rows(tcase, test_diff, diffs);
    tcase_add_test(tcase, test_diff_of_twins);
    tcase_add_test(tcase, test_diff_without_case);
    tcase_add_test(tcase, test_diff_with_nothing);
    tcase_add_test(tcase, test_large);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "model/names.h"

#include "base/mem.h"
#include "model/namepart.h"

#include <stdlib.h>
#include <string.h>

#define FRONT_END (1u << CS_ROLE_FRONT_END | 1u << CS_ROLE_STANDARD_EDITION)
#define DIRECTOR  (1u << CS_ROLE_DIRECTOR)
#define BRANCH    (1u << CS_ROLE_BRANCH_APPLIANCE)
#define PLAIN     (1u << CS_ROLE_MEDIATION | 1u << CS_ROLE_OTHER)
#define EDGE      (1u << CS_ROLE_EDGE)

/* One row for a type on the computers of some roles. The pages are Microsoft's of Lync Server 2013
 * where nothing else is said; where they disagree docs/NAMES.md names the choice. */
struct rule_row {
    enum cs_cert_type type;
    unsigned roles;            /* 1u << CS_ROLE_... */
    unsigned services;         /* the pool needs one of these; 0: no matter */
    bool needs_xmpp;           /* XMPP federation is on */
    bool own_subject;          /* says what the common name is even beside other types */
    unsigned char own[7];      /* enum cs_part; the first is the common name */
    unsigned char trailing[3]; /* enum cs_part, from CS_PART_DISCOVER_INTERNAL on */
};

static const struct rule_row rows[] = {
    /* "Certificate requirements for internal servers"; Request-CsCertificate, -ComputerFqdn: the
     * pool's name goes into the subject */
    {.type = CS_TYPE_DEFAULT,
     .roles = FRONT_END | DIRECTOR | BRANCH,
     .own_subject = true,
     .own = {CS_PART_POOL, CS_PART_COMPUTER},
     .trailing = {CS_PART_SIP, CS_PART_MEMBERS}},
    {.type = CS_TYPE_DEFAULT,
     .roles = PLAIN,
     .own_subject = true,
     .own = {CS_PART_POOL, CS_PART_COMPUTER},
     .trailing = {CS_PART_MEMBERS}},
    /* the same, and "Certificate requirements for mobility" */
    {.type = CS_TYPE_WEB_SERVICES_INTERNAL,
     .roles = FRONT_END | DIRECTOR,
     .services = CS_SERVICE_WEB_SERVICES,
     .own_subject = true,
     .own = {CS_PART_POOL, CS_PART_COMPUTER, CS_PART_WEB_INTERNAL, CS_PART_MEET, CS_PART_DIALIN,
             CS_PART_ADMIN},
     .trailing = {CS_PART_DISCOVER_INTERNAL, CS_PART_MEMBERS}},
    {.type = CS_TYPE_WEB_SERVICES_EXTERNAL,
     .roles = FRONT_END | DIRECTOR,
     .services = CS_SERVICE_WEB_SERVICES,
     .own_subject = true,
     .own = {CS_PART_POOL, CS_PART_WEB_EXTERNAL, CS_PART_MEET, CS_PART_DIALIN},
     .trailing = {CS_PART_DISCOVER, CS_PART_MEMBERS}},
    /* "Certificate requirements for external user access"; "Edge Server environmental
     * requirements" of Skype for Business 2015 */
    {.type = CS_TYPE_INTERNAL,
     .roles = EDGE,
     .own_subject = true,
     .own = {CS_PART_POOL},
     .trailing = {CS_PART_MEMBERS}},
    {.type = CS_TYPE_ACCESS_EDGE_EXTERNAL,
     .roles = EDGE,
     .own_subject = true,
     .own = {CS_PART_ACCESS},
     .trailing = {CS_PART_SIP}},
    {.type = CS_TYPE_DATA_EDGE_EXTERNAL, .roles = EDGE, .own = {CS_PART_WEBCONF}},
    {.type = CS_TYPE_AUDIO_VIDEO_AUTHENTICATION, .roles = EDGE, .own = {CS_PART_AV_POOL}},
    /* "Certificate summary - Extensible Messaging and Presence Protocol" */
    {.type = CS_TYPE_XMPP_SERVER,
     .roles = EDGE,
     .needs_xmpp = true,
     .own = {CS_PART_ACCESS},
     .trailing = {CS_PART_XMPP}},
    /* "Assigning a server-to-server authentication certificate"; "Certificate requirements for
     * internal servers" lets the default certificate serve too */
    {.type = CS_TYPE_OAUTH_TOKEN_ISSUER, .roles = FRONT_END | DIRECTOR, .own = {CS_PART_OAUTH}},
};

void cs_wanted_list_done(struct cs_wanted_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
    }
    free(list->items);
    *list = (struct cs_wanted_list){0};
}

/* ---- which row ---- */

/* Skype for Business Server 2019 writes this ServiceVersion. */
#define VERSION_2019 8

/* "Edge Server environmental requirements": XMPP gateways and proxies went with 2019; a port in the
 * topology may be left over. */
static bool has_xmpp(const struct cs_topo_pool *pool)
{
    return pool->xmpp.name && pool->service_version < VERSION_2019;
}

/* The row for @type on @pool; NULL: it has no use for the type. */
static const struct rule_row *find_row(const struct cs_topo_pool *pool, enum cs_cert_type type)
{
    unsigned role = 1u << cs_topo_pool_role(pool);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct rule_row *row = &rows[i];
        if (row->type == type && (row->roles & role) &&
            (!row->services || (row->services & pool->services)) &&
            (!row->needs_xmpp || has_xmpp(pool))) {
            return row;
        }
    }
    return NULL;
}

bool cs_names_type_fits(const struct cs_topology *topology, const struct cs_topo_pool *pool,
                        enum cs_cert_type type)
{
    (void)topology; /* no rule depends on more than the pool yet */
    return find_row(pool, type) != NULL;
}

static bool row_has(const struct rule_row *row, enum cs_part part)
{
    const unsigned char *in = part < CS_PART_DISCOVER_INTERNAL ? row->own : row->trailing;
    size_t count = part < CS_PART_DISCOVER_INTERNAL ? sizeof row->own : sizeof row->trailing;

    return memchr(in, (int)part, count) != NULL;
}

static const char *place_name(const struct cs_want *want)
{
    return want->computer ? want->computer->name : want->pool->fqdn.name;
}

/* @name: as the user said it. */
static cs_rc fail_not_needed(const struct cs_want *want, cs_type_set types, const char *name,
                             struct cs_err *err)
{
    enum cs_role role = cs_topo_pool_role(want->pool);
    cs_type_set fitting = 0;

    for (int i = 0; i < CS_TYPE_COUNT; i++) {
        fitting |= find_row(want->pool, (enum cs_cert_type)i) ? CS_TYPE_SET(i) : 0;
    }
    cs_autofree char *list = cs_cert_types_text(fitting);
    cs_rc rc = cs_fail(err, CS_E_USAGE, "The computer %s does not need a certificate of type %s",
                       place_name(want), name);
    if (types == CS_TYPE_SET(CS_TYPE_XMPP_SERVER) && role == CS_ROLE_EDGE) {
        cs_err_hint(err, "%s; the types for the pool %s are %s",
                    want->pool->xmpp.name ? "Skype for Business Server 2019 has no XMPP federation"
                                          : "XMPP federation is not on",
                    want->pool->fqdn.name, list);
    } else if (fitting) {
        cs_err_hint(err, "it is of the role %s, for which the types are %s", cs_role_name(role),
                    list);
    } else {
        cs_err_hint(err, "it is %s, and needs none; -Type Server serves any other server",
                    cs_role_name(role));
    }
    return rc;
}

static cs_rc check_type(const struct cs_want *want, cs_type_set types, const char *name,
                        struct cs_err *err)
{
    for (int i = 0; i < CS_TYPE_COUNT; i++) {
        if ((types & CS_TYPE_SET(i)) && !find_row(want->pool, (enum cs_cert_type)i)) {
            return fail_not_needed(want, types, name, err);
        }
    }
    return CS_OK;
}

/* In the words and the order of the user, if there are any. */
static cs_rc check_types(const struct cs_want *want, struct cs_err *err)
{
    const struct cs_strv *words = want->input->types;

    for (size_t i = 0; words && i < words->count; i++) {
        const char *name = NULL;
        cs_type_set said = cs_cert_type_said(words->items[i], &name);
        CS_TRY(check_type(want, said, name, err));
    }
    for (int i = 0; !words && i < CS_TYPE_COUNT; i++) {
        CS_TRY(check_type(want, want->types & CS_TYPE_SET(i),
                          cs_cert_type_info((enum cs_cert_type)i)->name, err));
    }
    return CS_OK;
}

/* ---- the names ---- */

static void warn_missing(struct cs_want *want, enum cs_part part, enum cs_cert_type type)
{
    cs_want_warn(want,
                 cs_asprintf("the topology has no %s for %s: a certificate of type %s lacks that "
                             "name",
                             cs_part_missing(part), want->pool->fqdn.name,
                             cs_cert_type_info(type)->name));
}

/* The subject must be what the type's clients look for; a certificate has only one. */
static void check_subject(struct cs_want *want, const struct rule_row *row, size_t start)
{
    const struct cs_wanted_name *first = want->list.items;

    if (!row->own_subject || start == want->list.count ||
        strcmp(first->name, first[start].name) == 0) {
        return;
    }
    cs_want_warn(want,
                 cs_asprintf("type %s has the subject name %s when it stands alone: beside the "
                             "other types it becomes an alternative name of %s; better request it "
                             "by itself",
                             cs_cert_type_info(row->type)->name, first[start].name, first->name));
}

static cs_rc add_own_parts(struct cs_want *want, const struct rule_row *row, struct cs_err *err)
{
    size_t start = want->list.count;

    for (size_t i = 0; i < sizeof row->own && row->own[i]; i++) {
        enum cs_part part = (enum cs_part)row->own[i];
        if (cs_part_add(part, want, cs_part_rule(part))) {
            continue;
        }
        if (!want->list.count) {
            return cs_fail_hint(err, CS_E_USAGE,
                                "`cscert topology check` lists what is missing; correct the "
                                "topology and import it again",
                                "the topology has no %s for %s, and a certificate of type %s "
                                "needs it as its subject name",
                                cs_part_missing(part), want->pool->fqdn.name,
                                cs_cert_type_info(row->type)->name);
        }
        warn_missing(want, part, row->type);
    }
    check_subject(want, row, start);
    return CS_OK;
}

/* If the pool was named, the other members' names stand where a type names the computer itself; on
 * demand wherever the pool's own name serves. */
static const char *members_rule(const struct cs_want *want, const struct rule_row *row)
{
    if (want->input->all_pool_members) {
        return cs_part_rule(CS_PART_MEMBERS);
    }
    bool named = !want->computer && want->pool->computer_count > 1;
    return named && row_has(row, CS_PART_COMPUTER) ? "pool member (the pool was named)" : NULL;
}

static void add_trailing_part(struct cs_want *want, enum cs_part part)
{
    bool done = false;

    for (int i = 0; i < CS_TYPE_COUNT && !done; i++) {
        const struct rule_row *row =
            want->types & CS_TYPE_SET(i) ? find_row(want->pool, (enum cs_cert_type)i) : NULL;
        if (!row || !row_has(row, part)) {
            continue;
        }
        const char *rule = part == CS_PART_MEMBERS ? members_rule(want, row) : cs_part_rule(part);
        done = rule != NULL;
        if (done && !cs_part_add(part, want, rule)) {
            warn_missing(want, part, row->type);
        }
    }
    if (part == CS_PART_MEMBERS && want->input->all_pool_members && !want->input->place && !done) {
        cs_autofree char *types = cs_cert_types_text(want->types);
        cs_want_warn(want,
                     cs_asprintf("--all-pool-members adds nothing to a certificate of type %s: no "
                                 "client looks for a member's name in it",
                                 types));
    }
}

/* What the rules cannot know. */
static void warn_of_gaps(struct cs_want *want)
{
    const struct cs_topology *topology = want->topology;

    if (want->no_url_for.count) {
        cs_autofree char *list = cs_strv_join(&want->no_url_for, ", ");
        cs_want_warn(want, cs_asprintf("NO SIMPLE URLS: the topology does not tell them, so this "
                                       "certificate lacks the names for %s; give the document with "
                                       "--simple-urls FILE, or the names with -DomainName",
                                       list));
    }
    for (size_t i = 0; want->asks_domains && i < topology->domain_count; i++) {
        const struct cs_topo_domain *domain = &topology->domains[i];
        if (domain->allow_sub_domains && (want->input->all_sip_domain || domain->is_default)) {
            cs_want_warn(want,
                         cs_asprintf("users may have addresses in sub-domains of %s "
                                     "(AllowSubDomains), which the topology does not list: add "
                                     "sip.<sub-domain> and the like with -DomainName",
                                     domain->name.name));
        }
    }
    if (want->asks_domains && topology->allow_all_domains) {
        cs_want_warn(
            want, cs_strdup("users may have addresses in domains that the topology does not list "
                            "(AllowAllDomains): add sip.<domain> and the like with -DomainName"));
    }
}

static cs_rc add_all(struct cs_want *want, struct cs_err *err)
{
    CS_TRY(check_types(want, err));
    for (int i = 0; i < CS_TYPE_COUNT; i++) {
        const struct rule_row *row = find_row(want->pool, (enum cs_cert_type)i);
        if (row && (want->types & CS_TYPE_SET(i))) {
            CS_TRY(add_own_parts(want, row, err));
        }
    }
    for (int part = CS_PART_DISCOVER_INTERNAL; part < CS_PART_COUNT; part++) {
        add_trailing_part(want, (enum cs_part)part);
    }
    if (want->full) {
        return cs_fail_hint(err, CS_E_USAGE, "split them over several certificates",
                            "more than %d names: no CA issues such a certificate", CS_NAMES_MAX);
    }
    warn_of_gaps(want);
    return CS_OK;
}

cs_rc cs_names_wanted(const struct cs_plan_input *input, cs_type_set types,
                      const struct cs_topo_place *place, struct cs_wanted_list *ret_wanted,
                      struct cs_strv *warnings, struct cs_err *err)
{
    struct cs_want want = {
        .input = input,
        .topology = input->topology,
        .pool = place->pool,
        .computer = place->computer,
        .types = types,
        .warnings = warnings,
    };

    cs_want_init(&want);
    cs_rc rc = add_all(&want, err);
    if (rc == CS_OK) {
        *ret_wanted = want.list;
        want.list = (struct cs_wanted_list){0};
    }
    cs_want_done(&want);
    return rc;
}

#include "wire/topojson.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "base/strv.h"
#include "wire/json.h"
#include "wire/topoword.h"

#include <stdbool.h>
#include <string.h>

/* Of a pool's services; SfB 2019 says 8. */
#define SERVICE_VERSION_MAX 1000

/* Where the reader is, for messages: "pools[3].computers[17]". */
struct place {
    const struct place *up; /* NULL: a member of the topology itself */
    const char *array;
    size_t index;
};

/* What is being filled. */
struct reading {
    struct cs_topology *topology;
    size_t computer_count;     /* of all pools */
    struct cs_topo_pool *pool; /* whose computers come */
    struct cs_topo_url *url;   /* whose hosts come */
};

typedef cs_rc (*read_fn)(struct reading *reading, const struct place *at, json_t *json,
                         struct cs_err *err);

/* ---- messages ---- */

static char *index_text(const struct place *at)
{
    cs_autofree char *up = at->up ? index_text(at->up) : NULL;

    return cs_asprintf("%s%s%s[%zu]", up ? up : "", up ? "." : "", at->array, at->index);
}

/* @at and its @member; either may be NULL. The caller frees. */
static char *place_text(const struct place *at, const char *member)
{
    cs_autofree char *index = at ? index_text(at) : NULL;

    return cs_asprintf("topology%s%s%s%s", index ? "." : "", index ? index : "", member ? "." : "",
                       member ? member : "");
}

static cs_rc refuse(const struct place *at, const char *member, const char *why, struct cs_err *err)
{
    cs_autofree char *where = place_text(at, member);

    return cs_fail(err, CS_E_INPUT, "%s %s", where, why);
}

/* The document's element @source, which has been checked, helps more than our own place. */
static cs_rc refuse_name(const struct place *at, const char *member, const char *source,
                         const char *why, struct cs_err *err)
{
    cs_autofree char *where = place_text(at, member);

    return cs_fail(err, CS_E_INPUT, "%s%s%s: the name %s", source ? source : where,
                   source ? ", " : "", source ? where : "", why);
}

/* ---- values ---- */

/* NULL if @text may stand in a topology, else what is wrong with it. */
static const char *text_fault(const char *text, size_t max)
{
    if (strlen(text) > max) {
        return "is too long";
    }
    return cs_text_is_clean(text) ? NULL : "has control characters";
}

/* @text may be NULL: it is not there. */
static cs_rc check_text(const struct place *at, const char *member, const char *text, size_t max,
                        struct cs_err *err)
{
    const char *fault = text ? text_fault(text, max) : NULL;

    return fault ? refuse(at, member, fault, err) : CS_OK;
}

static bool has_upper_case(const char *text)
{
    return text[strcspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != 0;
}

static const char *name_fault(const char *name, bool may_be_empty)
{
    const char *fault = text_fault(name, CS_TOPOJSON_NAME_MAX);

    if (fault) {
        return fault;
    }
    if (!*name && !may_be_empty) {
        return "is empty";
    }
    return has_upper_case(name) ? "is not lower case" : NULL;
}

/* An array of a name and its source, or of a name alone; borrowed. */
static cs_rc read_pair(const struct place *at, const char *member, json_t *json, bool may_be_empty,
                       const char **ret_name, const char **ret_source, struct cs_err *err)
{
    const char *name = json_string_value(json_array_get(json, 0));
    const char *source = json_string_value(json_array_get(json, 1));
    size_t count = json_array_size(json);

    if (!name || count > 2 || (count == 2) != (source != NULL)) {
        return refuse(at, member, "is no array of a name and its source", err);
    }
    const char *fault = source ? text_fault(source, CS_TOPOJSON_SOURCE_MAX) : NULL;
    if (fault) {
        return refuse(at, member, "has a source that is too long or has control characters", err);
    }
    fault = name_fault(name, may_be_empty);
    if (fault) {
        return refuse_name(at, member, source, fault, err);
    }
    *ret_name = name;
    *ret_source = source;
    return CS_OK;
}

/* @json may be NULL: there is no such name. */
static cs_rc read_name(const struct place *at, const char *member, json_t *json, bool may_be_empty,
                       struct cs_topo_name *to, struct cs_err *err)
{
    const char *name = NULL;
    const char *source = NULL;

    if (json) {
        CS_TRY(read_pair(at, member, json, may_be_empty, &name, &source, err));
        cs_topo_name_set(to, name, source);
    }
    return CS_OK;
}

/* An array of words of @table as bits. */
static cs_rc read_words(const struct place *at, const char *member, json_t *json,
                        const struct cs_topoword *table, unsigned *ret_bits, struct cs_err *err)
{
    unsigned bits = 0;

    if (!json_is_array(json)) {
        return refuse(at, member, "is no array", err);
    }
    for (size_t i = 0; i < json_array_size(json); i++) {
        const char *text = json_string_value(json_array_get(json, i));
        const struct cs_topoword *word = text ? cs_topoword_find(table, text) : NULL;
        if (!word || bits & word->value) {
            return refuse(at, member, "has a word that is not known or stands there twice", err);
        }
        bits |= word->value;
    }
    *ret_bits = bits;
    return CS_OK;
}

/* Calls @read for each element of @json, the array @name of @up, which may have @max. */
static cs_rc read_each(struct reading *reading, const struct place *up, const char *name,
                       json_t *json, size_t max, read_fn read, struct cs_err *err)
{
    if (!json_is_array(json)) {
        return refuse(up, name, "is no array", err);
    }
    if (json_array_size(json) > max) {
        cs_autofree char *where = place_text(up, name);
        return cs_fail(err, CS_E_INPUT, "%s has %zu elements, more than %zu", where,
                       json_array_size(json), max);
    }
    for (size_t i = 0; i < json_array_size(json); i++) {
        const struct place at = {up, name, i};
        CS_TRY(read(reading, &at, json_array_get(json, i), err));
    }
    return CS_OK;
}

/* ---- parts ---- */

static cs_rc read_domain(struct reading *reading, const struct place *at, json_t *json,
                         struct cs_err *err)
{
    cs_autofree char *where = place_text(at, NULL);
    json_t *name = NULL;
    int is_default = 0;
    int sub_domains = 0;

    CS_TRY(cs_json_unpack(where, json, err, "{s:o,s:b,s:b}", "name", &name, "default", &is_default,
                          "subDomains", &sub_domains));
    struct cs_topo_domain *domain = cs_topology_add_domain(reading->topology);
    domain->is_default = is_default;
    domain->allow_sub_domains = sub_domains;
    return read_name(at, "name", name, false, &domain->name, err);
}

static cs_rc read_site(struct reading *reading, const struct place *at, json_t *json,
                       struct cs_err *err)
{
    cs_autofree char *where = place_text(at, NULL);
    const char *id = NULL;
    const char *name = NULL;
    int is_branch = 0;

    CS_TRY(cs_json_unpack(where, json, err, "{s:s,s?s,s:b}", "id", &id, "name", &name, "branch",
                          &is_branch));
    CS_TRY(check_text(at, "id", id, CS_TOPOJSON_ID_MAX, err));
    CS_TRY(check_text(at, "name", name, CS_TOPOJSON_NAME_MAX, err));
    struct cs_topo_site *site = cs_topology_add_site(reading->topology);
    site->id = cs_strdup(id);
    site->name = cs_strdup(name);
    site->is_branch = is_branch;
    return CS_OK;
}

static cs_rc read_computer(struct reading *reading, const struct place *at, json_t *json,
                           struct cs_err *err)
{
    const char *name = NULL;
    const char *source = NULL;

    if (reading->computer_count++ == CS_TOPO_COMPUTERS_MAX) {
        return cs_fail(err, CS_E_INPUT, "the topology has more than %d computers",
                       CS_TOPO_COMPUTERS_MAX);
    }
    CS_TRY(read_pair(at, NULL, json, false, &name, &source, err));
    cs_topo_pool_add_computer(reading->pool, name, source);
    return CS_OK;
}

/* What a pool's object holds, borrowed. */
struct pool_parts {
    json_t *fqdn;
    const char *site;
    int setup;
    json_t *services;
    json_t *web;
    json_int_t version;
    json_t *web_external;
    json_t *web_internal;
    json_t *access_edge;
    json_t *data_edge;
    json_t *av_edge;
    json_t *xmpp;
    json_t *computers;
};

static cs_rc read_pool_names(struct cs_topo_pool *pool, const struct place *at,
                             const struct pool_parts *parts, struct cs_err *err)
{
    CS_TRY(read_name(at, "fqdn", parts->fqdn, false, &pool->fqdn, err));
    CS_TRY(read_name(at, "webExternal", parts->web_external, false, &pool->web_external, err));
    CS_TRY(read_name(at, "webInternal", parts->web_internal, false, &pool->web_internal, err));
    CS_TRY(read_name(at, "accessEdge", parts->access_edge, false, &pool->access_edge, err));
    CS_TRY(read_name(at, "dataEdge", parts->data_edge, false, &pool->data_edge, err));
    CS_TRY(read_name(at, "avEdge", parts->av_edge, false, &pool->av_edge, err));
    return read_name(at, "xmpp", parts->xmpp, true, &pool->xmpp, err);
}

static cs_rc read_pool(struct reading *reading, const struct place *at, json_t *json,
                       struct cs_err *err)
{
    cs_autofree char *where = place_text(at, NULL);
    struct pool_parts parts = {0};

    CS_TRY(cs_json_unpack(where, json, err, "{s:o,s?s,s:b,s:o,s:o,s:I,s?o,s?o,s?o,s?o,s?o,s?o,s:o}",
                          "fqdn", &parts.fqdn, "site", &parts.site, "setup", &parts.setup,
                          "services", &parts.services, "web", &parts.web, "version", &parts.version,
                          "webExternal", &parts.web_external, "webInternal", &parts.web_internal,
                          "accessEdge", &parts.access_edge, "dataEdge", &parts.data_edge, "avEdge",
                          &parts.av_edge, "xmpp", &parts.xmpp, "computers", &parts.computers));
    CS_TRY(check_text(at, "site", parts.site, CS_TOPOJSON_ID_MAX, err));
    if (parts.version < 0 || parts.version > SERVICE_VERSION_MAX) {
        return refuse(at, "version", "is no version of a service", err);
    }
    struct cs_topo_pool *pool = cs_topology_add_pool(reading->topology);
    pool->site = cs_strdup(parts.site);
    pool->requires_setup = parts.setup;
    pool->service_version = (int)parts.version;
    CS_TRY(read_words(at, "services", parts.services, cs_topoword_services, &pool->services, err));
    CS_TRY(read_words(at, "web", parts.web, cs_topoword_web, &pool->web_components, err));
    CS_TRY(read_pool_names(pool, at, &parts, err));
    reading->pool = pool;
    return read_each(reading, at, "computers", parts.computers, CS_TOPO_COMPUTERS_MAX,
                     read_computer, err);
}

static cs_rc read_host(struct reading *reading, const struct place *at, json_t *json,
                       struct cs_err *err)
{
    const char *name = NULL;
    const char *source = NULL;

    CS_TRY(read_pair(at, NULL, json, false, &name, &source, err));
    cs_topo_url_add_host(reading->url, name, source);
    return CS_OK;
}

static cs_rc read_url(struct reading *reading, const struct place *at, json_t *json,
                      struct cs_err *err)
{
    cs_autofree char *where = place_text(at, NULL);
    const char *component = NULL;
    const char *component_name = NULL;
    const char *domain = NULL;
    const char *site = NULL;
    json_t *hosts = NULL;
    int odd = 0;

    CS_TRY(cs_json_unpack(where, json, err, "{s:s,s?s,s?s,s?s,s:o,s:b}", "component", &component,
                          "componentName", &component_name, "domain", &domain, "site", &site,
                          "hosts", &hosts, "odd", &odd));
    const struct cs_topoword *word = cs_topoword_find(cs_topoword_components, component);
    if (!word) {
        return refuse(at, "component", "is a word that is not known", err);
    }
    CS_TRY(check_text(at, "componentName", component_name, CS_TOPOJSON_NAME_MAX, err));
    CS_TRY(check_text(at, "domain", domain, CS_TOPOJSON_NAME_MAX, err));
    CS_TRY(check_text(at, "site", site, CS_TOPOJSON_ID_MAX, err));
    struct cs_topo_url *url = cs_topology_add_url(reading->topology);
    url->component = (enum cs_url_component)word->value;
    url->component_name = cs_strdup(component_name);
    url->domain = cs_strdup(domain);
    url->site = cs_strdup(site);
    url->odd = odd;
    reading->url = url;
    return read_each(reading, at, "hosts", hosts, CS_TOPO_HOSTS_MAX, read_host, err);
}

static cs_rc read_warning(struct reading *reading, const struct place *at, json_t *json,
                          struct cs_err *err)
{
    const char *text = json_string_value(json);

    if (!text) {
        return refuse(at, NULL, "is no text", err);
    }
    CS_TRY(check_text(at, NULL, text, CS_TOPOJSON_WARNING_MAX, err));
    cs_strv_add(&reading->topology->warnings, text);
    return CS_OK;
}

/* ---- the whole ---- */

/* Before anything else: what a newer cscert wrote may have members that are not known here. */
static cs_rc check_version(json_t *object, struct cs_err *err)
{
    json_t *version = json_object_get(object, "v");

    if (!json_is_integer(version) || json_integer_value(version) != CS_TOPOJSON_VERSION) {
        return cs_fail_hint(err, CS_E_INPUT, "a newer cscert may have written it",
                            "topology.v is not %d, the only form that this cscert reads",
                            CS_TOPOJSON_VERSION);
    }
    return CS_OK;
}

static cs_rc check_form(const char *form, struct cs_err *err)
{
    if (form && strcmp(form, "published") != 0 && strcmp(form, "tbxml") != 0) {
        return refuse(NULL, "form", "is a word that is not known", err);
    }
    return CS_OK;
}

cs_rc cs_topojson_of_object(json_t *object, struct cs_topology **ret_topology, struct cs_err *err)
{
    cs_auto(cs_topology) topology = cs_topology_new();
    struct reading reading = {.topology = topology};
    json_t *domains = NULL;
    json_t *sites = NULL;
    json_t *pools = NULL;
    json_t *urls = NULL;
    json_t *warnings = NULL;
    const char *form = NULL;
    const char *signature = NULL;
    int version = 0;
    int all = 0;
    int has_urls = 0;
    int backend = 0;

    CS_TRY(check_version(object, err));
    CS_TRY(cs_json_unpack("topology", object, err, "{s:i,s?s,s?s,s:b,s:b,s:b,s:o,s:o,s:o,s:o,s:o}",
                          "v", &version, "form", &form, "signature", &signature, "allowAllDomains",
                          &all, "hasSimpleUrls", &has_urls, "useBackendDatabase", &backend,
                          "domains", &domains, "sites", &sites, "pools", &pools, "urls", &urls,
                          "warnings", &warnings));
    CS_TRY(check_form(form, err));
    CS_TRY(check_text(NULL, "signature", signature, CS_TOPOJSON_ID_MAX, err));
    topology->form = cs_strdup(form);
    topology->signature = cs_strdup(signature);
    topology->allow_all_domains = all;
    topology->has_simple_urls = has_urls;
    topology->use_backend_database = backend;
    CS_TRY(read_each(&reading, NULL, "domains", domains, CS_TOPO_DOMAINS_MAX, read_domain, err));
    CS_TRY(read_each(&reading, NULL, "sites", sites, CS_TOPO_SITES_MAX, read_site, err));
    CS_TRY(read_each(&reading, NULL, "pools", pools, CS_TOPO_POOLS_MAX, read_pool, err));
    CS_TRY(read_each(&reading, NULL, "urls", urls, CS_TOPO_URLS_MAX, read_url, err));
    CS_TRY(read_each(&reading, NULL, "warnings", warnings, CS_TOPOJSON_WARNINGS_MAX, read_warning,
                     err));

    *ret_topology = cs_steal(&topology);
    return CS_OK;
}

cs_rc cs_topojson_read(const char *json, size_t len, struct cs_topology **ret_topology,
                       struct cs_err *err)
{
    cs_auto(json_t) object = NULL;

    if (len > CS_TOPOJSON_MAX) {
        return cs_fail(err, CS_E_INPUT, "the topology has %zu octets, more than %u", len,
                       CS_TOPOJSON_MAX);
    }
    CS_TRY(cs_json_parse("the topology", json, len, &object, err));
    return cs_topojson_of_object(object, ret_topology, err);
}

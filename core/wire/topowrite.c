#include "wire/json.h"
#include "wire/topojson.h"
#include "wire/topoword.h"

#include <stdbool.h>

/* What is not there is left out. */
static void set_text(json_t *object, const char *key, const char *value)
{
    if (value) {
        json_object_set_new(object, key, cs_json_text(value));
    }
}

static void set_flag(json_t *object, const char *key, bool value)
{
    json_object_set_new(object, key, json_boolean(value));
}

/* A name and where it stands: an array of two, or of one where the source is not known. */
static json_t *name_part(const struct cs_topo_name *name)
{
    json_t *pair = json_array();

    json_array_append_new(pair, cs_json_text(name->name));
    if (name->source) {
        json_array_append_new(pair, cs_json_text(name->source));
    }
    return pair;
}

static void set_name(json_t *object, const char *key, const struct cs_topo_name *name)
{
    if (name->name) {
        json_object_set_new(object, key, name_part(name));
    }
}

static json_t *names_part(const struct cs_topo_name *names, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, name_part(&names[i]));
    }
    return array;
}

static json_t *words_part(const struct cs_topoword *table, unsigned bits)
{
    json_t *array = json_array();

    for (; table->word; table++) {
        if (bits & table->value) {
            json_array_append_new(array, json_string(table->word));
        }
    }
    return array;
}

static json_t *domain_part(const struct cs_topo_domain *domain)
{
    json_t *object = json_object();

    set_name(object, "name", &domain->name);
    set_flag(object, "default", domain->is_default);
    set_flag(object, "subDomains", domain->allow_sub_domains);
    return object;
}

static json_t *site_part(const struct cs_topo_site *site)
{
    json_t *object = json_object();

    set_text(object, "id", site->id);
    set_text(object, "name", site->name);
    set_flag(object, "branch", site->is_branch);
    return object;
}

static json_t *pool_part(const struct cs_topo_pool *pool)
{
    json_t *object = json_object();

    set_name(object, "fqdn", &pool->fqdn);
    set_text(object, "site", pool->site);
    set_flag(object, "setup", pool->requires_setup);
    json_object_set_new(object, "services", words_part(cs_topoword_services, pool->services));
    json_object_set_new(object, "web", words_part(cs_topoword_web, pool->web_components));
    json_object_set_new(object, "version", json_integer(pool->service_version));
    set_name(object, "webExternal", &pool->web_external);
    set_name(object, "webInternal", &pool->web_internal);
    set_name(object, "accessEdge", &pool->access_edge);
    set_name(object, "dataEdge", &pool->data_edge);
    set_name(object, "avEdge", &pool->av_edge);
    set_name(object, "xmpp", &pool->xmpp);
    json_object_set_new(object, "computers", names_part(pool->computers, pool->computer_count));
    return object;
}

static json_t *component_part(enum cs_url_component component)
{
    const struct cs_topoword *word = cs_topoword_components;

    while (word->value != (unsigned)component) {
        word++;
    }
    return json_string(word->word);
}

static json_t *url_part(const struct cs_topo_url *url)
{
    json_t *object = json_object();

    json_object_set_new(object, "component", component_part(url->component));
    set_text(object, "componentName", url->component_name);
    set_text(object, "domain", url->domain);
    set_text(object, "site", url->site);
    json_object_set_new(object, "hosts", names_part(url->hosts, url->host_count));
    set_flag(object, "odd", url->odd);
    return object;
}

json_t *cs_topojson_object(const struct cs_topology *topology)
{
    cs_json_setup();
    json_t *object = json_object();
    json_t *domains = json_array();
    json_t *sites = json_array();
    json_t *pools = json_array();
    json_t *urls = json_array();
    json_t *warnings = json_array();

    for (size_t i = 0; i < topology->domain_count; i++) {
        json_array_append_new(domains, domain_part(&topology->domains[i]));
    }
    for (size_t i = 0; i < topology->site_count; i++) {
        json_array_append_new(sites, site_part(&topology->sites[i]));
    }
    for (size_t i = 0; i < topology->pool_count; i++) {
        json_array_append_new(pools, pool_part(&topology->pools[i]));
    }
    for (size_t i = 0; i < topology->url_count; i++) {
        json_array_append_new(urls, url_part(&topology->urls[i]));
    }
    for (size_t i = 0; i < topology->warnings.count; i++) {
        json_array_append_new(warnings, cs_json_text(topology->warnings.items[i]));
    }
    json_object_set_new(object, "v", json_integer(CS_TOPOJSON_VERSION));
    set_text(object, "form", topology->form);
    set_text(object, "signature", topology->signature);
    set_flag(object, "allowAllDomains", topology->allow_all_domains);
    set_flag(object, "hasSimpleUrls", topology->has_simple_urls);
    set_flag(object, "useBackendDatabase", topology->use_backend_database);
    json_object_set_new(object, "domains", domains);
    json_object_set_new(object, "sites", sites);
    json_object_set_new(object, "pools", pools);
    json_object_set_new(object, "urls", urls);
    json_object_set_new(object, "warnings", warnings);
    return object;
}

char *cs_topojson_write(const struct cs_topology *topology)
{
    cs_auto(json_t) object = cs_topojson_object(topology);

    return cs_json_dump(object);
}

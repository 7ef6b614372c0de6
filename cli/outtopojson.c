#include "cli/outtopo.h"

#include "base/cleanup.h"
#include "cli/jsontext.h"

/* [{"Name": {...}}] */
static char *one(const char *name, json_t *facts)
{
    struct cs_jsontext_array array;

    cs_jsontext_array_begin(&array);
    cs_jsontext_array_add(&array, json_pack("{s:o}", name, facts));
    return cs_jsontext_array_end(&array);
}

static json_t *split(const char *text, char separator)
{
    cs_auto_value(cs_strv) list = {0};

    cs_strv_split(&list, text ? text : "", separator);
    return cs_jsontext_list(&list);
}

static void set_source(json_t *object, const struct cs_toposource *source)
{
    const struct cs_topology *topology = source->topology;

    json_object_set_new(object, "Imported", cs_jsontext_time(source->imported));
    json_object_set_new(object, "Documents", split(source->documents, '\n'));
    json_object_set_new(object, "Sha256", split(source->sha256, ','));
    json_object_set_new(object, "Signature", cs_jsontext(topology->signature));
    json_object_set_new(object, "Form", cs_jsontext(topology->form));
    json_object_set_new(object, "HasSimpleUrls", json_boolean(topology->has_simple_urls));
    json_object_set_new(object, "Warnings", cs_jsontext_list(&topology->warnings));
}

/* ---- changes ---- */

static json_t *change_object(const struct cs_plan_change *change)
{
    json_t *object = json_object();

    json_object_set_new(object, "Change", cs_jsontext(cs_outtopo_change_name(change->change)));
    json_object_set_new(object, "Type", cs_jsontext_types(change->types));
    json_object_set_new(object, "Pool", cs_jsontext(change->pool));
    json_object_set_new(object, "Computer", cs_jsontext(change->computer));
    json_object_set_new(object, "CommonName", cs_jsontext(change->common_name));
    json_object_set_new(object, "Gained", cs_jsontext_list(&change->gained));
    json_object_set_new(object, "Lost", cs_jsontext_list(&change->lost));
    return object;
}

char *cs_outtopo_diff_json(const struct cs_plan_change_list *changes)
{
    struct cs_jsontext_array array;

    cs_jsontext_array_begin(&array);
    for (size_t i = 0; i < changes->count; i++) {
        cs_jsontext_array_add(&array,
                              json_pack("{s:o}", "Change", change_object(&changes->items[i])));
    }
    return cs_jsontext_array_end(&array);
}

/* ---- import ---- */

static json_t *counted(size_t count)
{
    return json_integer((json_int_t)count);
}

static json_t *findings_object(const struct cs_finding_list *findings)
{
    json_t *object = json_object();

    json_object_set_new(object, "Errors",
                        counted(cs_outtopo_level_count(findings, CS_FINDING_ERROR)));
    json_object_set_new(object, "Warnings",
                        counted(cs_outtopo_level_count(findings, CS_FINDING_WARNING)));
    json_object_set_new(object, "Notes",
                        counted(cs_outtopo_level_count(findings, CS_FINDING_NOTE)));
    return object;
}

static json_t *changes_array(const struct cs_plan_change_list *changes)
{
    if (!changes) {
        return json_null();
    }
    json_t *array = json_array();
    for (size_t i = 0; i < changes->count; i++) {
        json_array_append_new(array, change_object(&changes->items[i]));
    }
    return array;
}

char *cs_outtopo_import_json(const struct cs_outtopo_import *import)
{
    const struct cs_topology *topology = import->source->topology;
    json_t *object = json_object();

    json_object_set_new(object, "Stored", json_boolean(import->stored));
    set_source(object, import->source);
    json_object_set_new(object, "Sites", counted(topology->site_count));
    json_object_set_new(object, "Pools", counted(topology->pool_count));
    json_object_set_new(object, "Computers", counted(cs_outtopo_computer_count(topology)));
    json_object_set_new(object, "SipDomains", counted(topology->domain_count));
    json_object_set_new(object, "SimpleUrls", counted(topology->url_count));
    json_object_set_new(object, "Findings", findings_object(import->findings));
    json_object_set_new(object, "Before", cs_jsontext_time(import->before));
    json_object_set_new(object, "Changes", changes_array(import->diff));
    return one("Import", object);
}

/* ---- show ---- */

static json_t *domains_array(const struct cs_topology *topology)
{
    json_t *array = json_array();

    for (size_t i = 0; i < topology->domain_count; i++) {
        const struct cs_topo_domain *domain = &topology->domains[i];
        json_t *object = json_object();
        json_object_set_new(object, "Name", cs_jsontext(domain->name.name));
        json_object_set_new(object, "Source", cs_jsontext(domain->name.source));
        json_object_set_new(object, "Default", json_boolean(domain->is_default));
        json_object_set_new(object, "AllowSubDomains", json_boolean(domain->allow_sub_domains));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *sites_array(const struct cs_topology *topology)
{
    json_t *array = json_array();

    for (size_t i = 0; i < topology->site_count; i++) {
        const struct cs_topo_site *site = &topology->sites[i];
        json_t *object = json_object();
        json_object_set_new(object, "Id", cs_jsontext(site->id));
        json_object_set_new(object, "Name", cs_jsontext(site->name));
        json_object_set_new(object, "Branch", json_boolean(site->is_branch));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *topo_names(const struct cs_topo_name *names, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, cs_jsontext_topo_name(&names[i]));
    }
    return array;
}

static json_t *pool_object(const struct cs_topo_pool *pool)
{
    enum cs_role role = cs_topo_pool_role(pool);
    json_t *object = json_object();

    json_object_set_new(object, "Fqdn", cs_jsontext(pool->fqdn.name));
    json_object_set_new(object, "Source", cs_jsontext(pool->fqdn.source));
    json_object_set_new(object, "Site", cs_jsontext(pool->site));
    json_object_set_new(object, "Role",
                        role == CS_ROLE_NONE ? json_null() : cs_jsontext(cs_role_name(role)));
    json_object_set_new(object, "ServiceVersion",
                        pool->service_version ? json_integer(pool->service_version) : json_null());
    json_object_set_new(object, "Computers", topo_names(pool->computers, pool->computer_count));
    json_object_set_new(object, "WebInternal", cs_jsontext_topo_name(&pool->web_internal));
    json_object_set_new(object, "WebExternal", cs_jsontext_topo_name(&pool->web_external));
    json_object_set_new(object, "AccessEdge", cs_jsontext_topo_name(&pool->access_edge));
    json_object_set_new(object, "DataEdge", cs_jsontext_topo_name(&pool->data_edge));
    json_object_set_new(object, "AvEdge", cs_jsontext_topo_name(&pool->av_edge));
    json_object_set_new(object, "Xmpp", json_boolean(pool->xmpp.name != NULL));
    return object;
}

static json_t *pools_array(const struct cs_topology *topology)
{
    json_t *array = json_array();

    for (size_t i = 0; i < topology->pool_count; i++) {
        json_array_append_new(array, pool_object(&topology->pools[i]));
    }
    return array;
}

static json_t *urls_array(const struct cs_topology *topology)
{
    json_t *array = json_array();

    for (size_t i = 0; i < topology->url_count; i++) {
        const struct cs_topo_url *url = &topology->urls[i];
        json_t *object = json_object();
        json_object_set_new(object, "Component", cs_jsontext(url->component_name));
        json_object_set_new(object, "Domain", cs_jsontext(url->domain));
        json_object_set_new(object, "Site", cs_jsontext(url->site));
        json_object_set_new(object, "Hosts", topo_names(url->hosts, url->host_count));
        json_array_append_new(array, object);
    }
    return array;
}

char *cs_outtopo_show_json(const struct cs_toposource *source)
{
    const struct cs_topology *topology = source->topology;
    json_t *object = json_object();

    set_source(object, source);
    json_object_set_new(object, "AllowAllDomains", json_boolean(topology->allow_all_domains));
    json_object_set_new(object, "UseBackendDatabase", json_boolean(topology->use_backend_database));
    json_object_set_new(object, "SipDomains", domains_array(topology));
    json_object_set_new(object, "Sites", sites_array(topology));
    json_object_set_new(object, "Pools", pools_array(topology));
    json_object_set_new(object, "SimpleUrls", urls_array(topology));
    return one("Topology", object);
}

/* ---- check ---- */

char *cs_outtopo_check_json(const struct cs_finding_list *findings)
{
    struct cs_jsontext_array array;

    cs_jsontext_array_begin(&array);
    for (size_t i = 0; i < findings->count; i++) {
        const struct cs_finding *finding = &findings->items[i];
        json_t *object = json_object();
        json_object_set_new(object, "Level", cs_jsontext(cs_finding_level_name(finding->level)));
        json_object_set_new(object, "What", cs_jsontext(finding->what));
        json_object_set_new(object, "Source", cs_jsontext_or_null(finding->source));
        json_object_set_new(object, "Remedy", cs_jsontext_or_null(finding->remedy));
        cs_jsontext_array_add(&array, json_pack("{s:o}", "Finding", object));
    }
    return cs_jsontext_array_end(&array);
}

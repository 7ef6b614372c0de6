#include "topology/draft.h"

#include "base/mem.h"
#include "base/strv.h"
#include "topology/document.h"

#include <libxml/hash.h>
#include <stdlib.h>
#include <string.h>

/* What the hash table holds for a key: a pool's index and one, or this for an SQL instance. */
#define STORE UINTPTR_MAX

/* The document that the topology came from, out of the source of its first pool: "LABEL:LINE ...".
 * The caller frees. */
static char *first_document(const struct cs_topology *topology)
{
    const char *source = topology->pool_count ? topology->pools[0].fqdn.source : NULL;
    const char *element = source ? strrchr(source, ' ') : NULL;
    const char *end = element ? memrchr(source, ':', (size_t)(element - source)) : NULL;

    return end ? cs_strndup(source, (size_t)(end - source)) : cs_strdup("the same document");
}

cs_rc cs_draft_begin(struct cs_draft *draft, struct cs_topology *topology, struct cs_xml *xml,
                     const char *form, struct cs_err *err)
{
    cs_autofree char *signature = NULL;

    CS_TRY(cs_xml_mark_ours(xml, err));
    if (topology->form) {
        cs_autofree char *first = first_document(topology);
        return cs_xml_refuse(xml, cs_xml_here(xml), err,
                             "give one topology; documents with simple URLs may stand beside it",
                             "a second topology, after the one of %s", first);
    }
    CS_TRY(cs_xml_attr(xml, "Signature", &signature, err));
    topology->form = cs_strdup(form);
    topology->signature = cs_steal(&signature);
    draft->topology = topology;
    draft->keys = xmlHashCreate(0);
    return CS_OK;
}

static void name_done(struct cs_topo_name *name)
{
    free(name->name);
    free(name->source);
    *name = (struct cs_topo_name){0};
}

static void service_done(struct cs_draft_service *service)
{
    free(service->role);
    free(service->key[0]);
    free(service->key[1]);
    name_done(&service->web_external);
    name_done(&service->web_internal);
    name_done(&service->access_edge);
    name_done(&service->federation);
    name_done(&service->data_edge);
    name_done(&service->av_edge);
    name_done(&service->xmpp);
}

void cs_draft_done(struct cs_draft *draft)
{
    for (size_t i = 0; i < draft->service_count; i++) {
        service_done(&draft->services[i]);
    }
    free(draft->services);
    xmlHashFree(draft->keys, NULL);
    *draft = (struct cs_draft){0};
}

static cs_rc refuse_more(struct cs_xml *xml, size_t most, const char *what, struct cs_err *err)
{
    return cs_xml_refuse(xml, cs_xml_here(xml), err, "no deployment has so many",
                         "there are more than %zu %s", most, what);
}

cs_rc cs_draft_add_pool(struct cs_draft *draft, struct cs_xml *xml, size_t *ret_pool,
                        struct cs_err *err)
{
    cs_autofree char *fqdn = NULL;
    bool requires_setup = true;

    if (draft->topology->pool_count == CS_TOPO_POOLS_MAX) {
        return refuse_more(xml, CS_TOPO_POOLS_MAX, "clusters", err);
    }
    CS_TRY(cs_xml_need(xml, "Fqdn", &fqdn, err));
    CS_TRY(cs_xml_bool(xml, "RequiresSetup", true, &requires_setup, err));
    cs_autofree char *source = cs_xml_source(xml, "Fqdn");
    struct cs_topo_pool *pool = cs_topology_add_pool(draft->topology);
    cs_topo_name_set(&pool->fqdn, fqdn, source);
    pool->requires_setup = requires_setup;
    *ret_pool = draft->topology->pool_count - 1;
    return CS_OK;
}

cs_rc cs_draft_add_computer(struct cs_draft *draft, struct cs_xml *xml, size_t pool,
                            const char *fqdn, const char *source, struct cs_err *err)
{
    if (draft->computer_count == CS_TOPO_COMPUTERS_MAX) {
        return refuse_more(xml, CS_TOPO_COMPUTERS_MAX, "computers", err);
    }
    draft->computer_count++;
    cs_topo_pool_add_computer(&draft->topology->pools[pool], fqdn, source);
    return CS_OK;
}

static cs_rc add_key(struct cs_draft *draft, struct cs_xml *xml, const char *first,
                     const char *second, uintptr_t value, struct cs_err *err)
{
    cs_autofree char *key = cs_ascii_lower(first);
    cs_autofree char *more = second ? cs_ascii_lower(second) : NULL;

    /* -1: it is there already. */
    if (xmlHashAddEntry2(draft->keys, (const xmlChar *)key, (const xmlChar *)more, (void *)value) !=
        0) {
        cs_autofree char *shown = cs_xml_shown(first);
        cs_autofree char *shown_more = cs_xml_shown(second ? second : "");
        return cs_xml_refuse(xml, cs_xml_here(xml), err,
                             "the file may have been edited: export it again",
                             "the id \"%s%s%s\" stands twice in the document", shown,
                             second ? ", " : "", shown_more);
    }
    return CS_OK;
}

cs_rc cs_draft_key_pool(struct cs_draft *draft, struct cs_xml *xml, const char *first,
                        const char *second, size_t pool, struct cs_err *err)
{
    return add_key(draft, xml, first, second, (uintptr_t)pool + 1, err);
}

cs_rc cs_draft_key_store(struct cs_draft *draft, struct cs_xml *xml, const char *first,
                         struct cs_err *err)
{
    return add_key(draft, xml, first, NULL, STORE, err);
}

cs_rc cs_draft_add_service(struct cs_draft *draft, struct cs_xml *xml,
                           struct cs_draft_service **ret_service, struct cs_err *err)
{
    size_t count = draft->service_count;

    if (count == CS_DOCUMENT_SERVICES_MAX) {
        return refuse_more(xml, CS_DOCUMENT_SERVICES_MAX, "services", err);
    }
    if ((count & (count - 1)) == 0) { /* full at each power of two */
        draft->services =
            cs_realloc(draft->services, count ? 2 * count : 1, sizeof *draft->services);
    }
    draft->services[draft->service_count++] = (struct cs_draft_service){.at = cs_xml_here(xml)};
    *ret_service = &draft->services[count];
    return CS_OK;
}

/* The first service of a pool that says a name has said it. */
static void give_name(struct cs_topo_name *to, struct cs_topo_name *from)
{
    if (!to->name && from->name) {
        *to = *from;
        *from = (struct cs_topo_name){0};
    }
}

static void give(struct cs_draft_service *service, struct cs_topo_pool *pool)
{
    pool->services |= service->services;
    if (service->services & CS_SERVICE_WEB_SERVICES) {
        pool->web_components |= service->components_said ? service->components : CS_WEB_ALL;
    }
    if (pool->service_version < service->version) {
        pool->service_version = service->version;
    }
    give_name(&pool->web_external, &service->web_external);
    give_name(&pool->web_internal, &service->web_internal);
    give_name(&pool->access_edge, &service->access_edge);
    give_name(&pool->access_edge, &service->federation);
    give_name(&pool->data_edge, &service->data_edge);
    give_name(&pool->av_edge, &service->av_edge);
    give_name(&pool->xmpp, &service->xmpp);
}

static cs_rc place(struct cs_draft *draft, const struct cs_xml *xml,
                   struct cs_draft_service *service, struct cs_err *err)
{
    if (!service->key[0]) {
        cs_xml_warn(xml, service->at, &draft->topology->warnings,
                    "the service %s is installed on nothing and was left out", service->role);
        return CS_OK;
    }
    cs_autofree char *first = cs_ascii_lower(service->key[0]);
    cs_autofree char *second = service->key[1] ? cs_ascii_lower(service->key[1]) : NULL;
    uintptr_t found =
        (uintptr_t)xmlHashLookup2(draft->keys, (const xmlChar *)first, (const xmlChar *)second);
    if (!found) {
        cs_autofree char *shown = cs_xml_shown(service->key[0]);
        cs_autofree char *shown_more = cs_xml_shown(second ? second : "");
        return cs_xml_refuse(xml, service->at, err,
                             "the file may be cut off or edited: export it again",
                             "InstalledOn of the service %s names the cluster \"%s%s%s\", which is "
                             "not in the document",
                             service->role, shown, second ? ", number " : "", shown_more);
    }
    if (found != STORE && !service->on_store) {
        give(service, &draft->topology->pools[found - 1]);
    }
    return CS_OK;
}

cs_rc cs_draft_finish(struct cs_draft *draft, struct cs_xml *xml, struct cs_xml_place at,
                      struct cs_err *err)
{
    if (!draft->topology->pool_count) {
        return cs_xml_refuse(xml, at, err, "the file may be cut off or edited: export it again",
                             "the topology has no cluster");
    }
    for (size_t i = 0; i < draft->service_count; i++) {
        CS_TRY(place(draft, xml, &draft->services[i], err));
    }
    return CS_OK;
}

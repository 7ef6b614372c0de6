/* What the fuzzers of core/topology share: a document is read, or refused with a reason; and what
 * is read keeps to the limits of model/topology.h and is text that wire/topojson.h takes. */
#ifndef CS_TESTS_FUZZ_TOPOLOGY_FUZZ_H
#define CS_TESTS_FUZZ_TOPOLOGY_FUZZ_H

#include "base/strv.h"
#include "topology/document.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline void must(int condition)
{
    if (!condition) {
        abort();
    }
}

static inline void check_text(const char *text, size_t most)
{
    must(!text || (strlen(text) <= most && cs_text_is_clean(text)));
}

/* Lower case, clean, and with the element that it comes from. */
static inline void check_name(const struct cs_topo_name *name)
{
    must(!name->name == !name->source);
    if (name->name) {
        check_text(name->name, 255);
        check_text(name->source, 1024);
        must(!strpbrk(name->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
        must(strchr(name->source, ':') && strchr(name->source, '@'));
    }
}

static inline size_t check_pool(const struct cs_topo_pool *pool)
{
    must(pool->fqdn.name && *pool->fqdn.name);
    check_name(&pool->fqdn);
    check_text(pool->site, 255);
    check_name(&pool->web_external);
    check_name(&pool->web_internal);
    check_name(&pool->access_edge);
    check_name(&pool->data_edge);
    check_name(&pool->av_edge);
    check_name(&pool->xmpp);
    must(pool->service_version >= 0 && pool->service_version <= 999);
    must((pool->services & ~511U) == 0 && (pool->web_components & ~15U) == 0);
    for (size_t i = 0; i < pool->computer_count; i++) {
        must(pool->computers[i].name && *pool->computers[i].name);
        check_name(&pool->computers[i]);
    }
    return pool->computer_count;
}

static inline void check_url(const struct cs_topo_url *url)
{
    must(url->component_name && url->domain && url->host_count <= CS_TOPO_HOSTS_MAX);
    check_text(url->component_name, 255);
    check_text(url->domain, 255);
    check_text(url->site, 255);
    for (size_t i = 0; i < url->host_count; i++) {
        must(url->hosts[i].name && *url->hosts[i].name);
        check_name(&url->hosts[i]);
    }
}

static inline void check_topology(const struct cs_topology *topology)
{
    size_t computers = 0;

    must(topology->form || topology->has_simple_urls);
    must(!topology->form == !topology->pool_count);
    check_text(topology->signature, 255);
    must(topology->domain_count <= CS_TOPO_DOMAINS_MAX);
    must(topology->site_count <= CS_TOPO_SITES_MAX);
    must(topology->pool_count <= CS_TOPO_POOLS_MAX);
    must(topology->url_count <= CS_TOPO_URLS_MAX);
    for (size_t i = 0; i < topology->domain_count; i++) {
        must(topology->domains[i].name.name != NULL);
        check_name(&topology->domains[i].name);
    }
    for (size_t i = 0; i < topology->site_count; i++) {
        must(topology->sites[i].id != NULL);
        check_text(topology->sites[i].id, 255);
        check_text(topology->sites[i].name, 255);
    }
    for (size_t i = 0; i < topology->pool_count; i++) {
        computers += check_pool(&topology->pools[i]);
    }
    must(computers <= CS_TOPO_COMPUTERS_MAX);
    for (size_t i = 0; i < topology->url_count; i++) {
        check_url(&topology->urls[i]);
    }
    for (size_t i = 0; i < topology->warnings.count; i++) {
        check_text(topology->warnings.items[i], 4096);
    }
}

static inline int fuzz_document(const char *name, const uint8_t *data, size_t size)
{
    cs_auto(cs_topology) topology = cs_topology_new();
    struct cs_err err = {0};

    cs_document_init();
    cs_rc rc = cs_document_read(name, data, size, topology, &err);
    if (rc == CS_OK) {
        check_topology(topology);
    } else {
        must(rc == CS_E_INPUT && err.code == rc);
        must(strncmp(err.message, name, strlen(name)) == 0 && cs_text_is_clean(err.message));
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif

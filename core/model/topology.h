/* A Lync / Skype for Business topology, as far as certificates depend on it. A value: the reader
 * (core/topology) makes it from documents, core/wire carries it, core/model asks it.
 * Source of every meaning: docs/NAMES.md. */
#ifndef CS_MODEL_TOPOLOGY_H
#define CS_MODEL_TOPOLOGY_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

/* A value of a document and the element it stands in: "topology.xml:23 Cluster@Fqdn". name NULL:
 * the document has none. Names are lower case, as written otherwise. */
struct cs_topo_name {
    char *name;
    char *source;
};

struct cs_topo_domain {
    struct cs_topo_name name;
    bool is_default;
    bool allow_sub_domains;
};

struct cs_topo_site {
    char *id;   /* opaque; compared without case */
    char *name; /* "Redmond"; may be NULL */
    bool is_branch;
};

/* Services installed on a pool itself (not on its SQL instance): bits of cs_topo_pool.services. */
enum cs_topo_service {
    CS_SERVICE_REGISTRAR = 1 << 0,
    CS_SERVICE_DIRECTOR = 1 << 1, /* a Registrar with IsDirector */
    CS_SERVICE_USER_SERVICES = 1 << 2,
    CS_SERVICE_WEB_SERVICES = 1 << 3,
    CS_SERVICE_MEDIATION = 1 << 4,
    CS_SERVICE_EDGE = 1 << 5,
    CS_SERVICE_CENTRAL_MGMT = 1 << 6, /* the active one */
    CS_SERVICE_OTHER = 1 << 7,
};

/* What a pool's web services answer: bits of cs_topo_pool.web_components. */
enum cs_topo_web_component {
    CS_WEB_AUTODISCOVER = 1 << 0,
    CS_WEB_DIALIN = 1 << 1,
    CS_WEB_MEET = 1 << 2,
    CS_WEB_CSCP = 1 << 3,
    CS_WEB_ALL = 15,
};

/* What a pool is, derived from its services. */
enum cs_role {
    CS_ROLE_NONE, /* SQL, file store, gateway: needs no certificate of ours */
    CS_ROLE_FRONT_END,
    CS_ROLE_STANDARD_EDITION,
    CS_ROLE_DIRECTOR,
    CS_ROLE_MEDIATION,
    CS_ROLE_BRANCH_APPLIANCE,
    CS_ROLE_EDGE,
    CS_ROLE_OTHER, /* set up by Lync, but none of these: Persistent Chat, trusted application */
    CS_ROLE_COUNT
};

struct cs_topo_pool {
    struct cs_topo_name fqdn;
    char *site; /* id of its site; may be NULL */
    bool requires_setup;
    unsigned services;       /* cs_topo_service */
    unsigned web_components; /* cs_topo_web_component; CS_WEB_ALL where the document lists none */
    int service_version;     /* highest of its services; 7: SfB 2015, 8: SfB 2019, 0: not said */
    struct cs_topo_name web_external;
    struct cs_topo_name web_internal; /* an override; else the pool's own FQDN serves */
    struct cs_topo_name access_edge;
    struct cs_topo_name data_edge;
    struct cs_topo_name av_edge;
    struct cs_topo_name xmpp; /* name "" and a source where XMPP federation is on */
    struct cs_topo_name *computers;
    size_t computer_count;
};

enum cs_url_component { CS_URL_MEET, CS_URL_DIALIN, CS_URL_CSCP, CS_URL_OTHER };

/* One SimpleUrl. Its hosts are those of all its entries, the active one first. */
struct cs_topo_url {
    enum cs_url_component component;
    char *component_name; /* as written */
    char *domain;         /* "*" or a SIP domain */
    char *site;           /* id or name of the site it is configured for; NULL: global */
    struct cs_topo_name *hosts;
    size_t host_count;
    bool odd; /* not https, or with a port: Lync takes neither */
};

struct cs_topology {
    char *form;      /* "published" or "tbxml"; NULL while no topology was read */
    char *signature; /* the document's own version stamp; may be NULL */
    bool allow_all_domains;
    bool has_simple_urls;      /* a SimpleUrlConfiguration was read */
    bool use_backend_database; /* of any SimpleUrlConfiguration */
    struct cs_topo_domain *domains;
    size_t domain_count;
    struct cs_topo_site *sites;
    size_t site_count;
    struct cs_topo_pool *pools;
    size_t pool_count;
    struct cs_topo_url *urls;
    size_t url_count;
    struct cs_strv warnings; /* of the reader: what was odd but could be read */
};

/* More is refused as damage: the largest deployments stay far below. */
#define CS_TOPO_POOLS_MAX     4096
#define CS_TOPO_COMPUTERS_MAX 32768 /* of all pools */
#define CS_TOPO_DOMAINS_MAX   4096
#define CS_TOPO_SITES_MAX     4096
#define CS_TOPO_URLS_MAX      16384
#define CS_TOPO_HOSTS_MAX     64 /* of one SimpleUrl */

struct cs_topology *cs_topology_new(void);
void cs_topology_free(struct cs_topology *topology);
CS_DEFINE_AUTO(cs_topology, cs_topology_free);

/* A further, empty element; valid until the next is added. */
struct cs_topo_domain *cs_topology_add_domain(struct cs_topology *topology);
struct cs_topo_site *cs_topology_add_site(struct cs_topology *topology);
struct cs_topo_pool *cs_topology_add_pool(struct cs_topology *topology);
struct cs_topo_url *cs_topology_add_url(struct cs_topology *topology);
void cs_topo_pool_add_computer(struct cs_topo_pool *pool, const char *fqdn, const char *source);
void cs_topo_url_add_host(struct cs_topo_url *url, const char *host, const char *source);

/* Sets both texts, lower-casing the name; frees what was there. @name NULL: none. */
void cs_topo_name_set(struct cs_topo_name *to, const char *name, const char *source);

enum cs_role cs_topo_pool_role(const struct cs_topo_pool *pool);

/* "Front End", "Standard Edition", "Director", ... */
const char *cs_role_name(enum cs_role role);

/* Where a name stands in the topology. */
struct cs_topo_place {
    const struct cs_topo_pool *pool;
    const struct cs_topo_name *computer; /* NULL: the pool was named, and has several */
};

/* Finds the computer or pool that @name means, without case: exactly, else by its first label if
 * @name is a short name and only one computer (or, failing that, pool) has it. CS_E_USAGE: "... is
 * not in the topology" with the nearest names as hint, or the candidates. */
CS_MUST_CHECK cs_rc cs_topology_find(const struct cs_topology *topology, const char *name,
                                     struct cs_topo_place *ret_place, struct cs_err *err);

/* The default SIP domain, or NULL. */
const struct cs_topo_domain *cs_topology_default_domain(const struct cs_topology *topology);

/* The pool's site, or NULL. */
const struct cs_topo_site *cs_topology_site(const struct cs_topology *topology, const char *id);

/* True if @url is in force for @pool: those configured for its site, and the global ones only if
 * its site has none. */
bool cs_topology_url_applies(const struct cs_topology *topology, const struct cs_topo_pool *pool,
                             const struct cs_topo_url *url);

/* The simple URLs in force for @pool, in the document's order; the caller frees the array, not what
 * it points to. The same answer as cs_topology_url_applies() for each of them, in one pass. */
const struct cs_topo_url **cs_topology_urls(const struct cs_topology *topology,
                                            const struct cs_topo_pool *pool, size_t *ret_count);

#endif

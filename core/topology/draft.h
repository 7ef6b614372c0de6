/* A topology while it is read: clusters and services come in any order, and who stands on what is
 * known at the end. */
#ifndef CS_TOPOLOGY_DRAFT_H
#define CS_TOPOLOGY_DRAFT_H

#include "model/topology.h"
#include "topology/xmlread.h"

#include <stdbool.h>
#include <stddef.h>

/* What one service says of the pool that it is installed on. */
struct cs_draft_service {
    struct cs_xml_place at;
    char *role;           /* as written, for messages */
    char *key[2];         /* of the cluster; NULL: the document does not say */
    bool on_store;        /* it is a data base on the cluster's SQL instance */
    bool director;        /* IsDirector of its RegistrarService */
    bool inactive;        /* not IsActive of its CentralMgmtService */
    unsigned services;    /* bits of cs_topo_pool.services */
    unsigned components;  /* bits of cs_topo_pool.web_components */
    bool components_said; /* the document lists web components */
    int version;
    struct cs_topo_name web_external;
    struct cs_topo_name web_internal;
    struct cs_topo_name access_edge;
    struct cs_topo_name federation; /* the same port's name, where the clients' one has none */
    struct cs_topo_name data_edge;
    struct cs_topo_name av_edge;
    struct cs_topo_name xmpp;
};

struct cs_draft {
    struct cs_topology *topology;
    struct _xmlHashTable *keys; /* of clusters and SQL instances */
    struct cs_draft_service *services;
    size_t service_count;
    size_t computer_count;
};

/* Begins a topology of @form ("published") with the @signature of the reader's element. CS_E_INPUT
 * if @topology has one already. */
CS_MUST_CHECK cs_rc cs_draft_begin(struct cs_draft *draft, struct cs_topology *topology,
                                   struct cs_xml *xml, const char *form, struct cs_err *err);
void cs_draft_done(struct cs_draft *draft);

/* A further pool of the Cluster that the reader stands on; its index. */
CS_MUST_CHECK cs_rc cs_draft_add_pool(struct cs_draft *draft, struct cs_xml *xml, size_t *ret_pool,
                                      struct cs_err *err);
CS_MUST_CHECK cs_rc cs_draft_add_computer(struct cs_draft *draft, struct cs_xml *xml, size_t pool,
                                          const char *fqdn, const char *source, struct cs_err *err);

/* Services name the pool by this key from now on; @second NULL: by @first alone. Opaque, compared
 * without case. CS_E_INPUT if the key is taken. */
CS_MUST_CHECK cs_rc cs_draft_key_pool(struct cs_draft *draft, struct cs_xml *xml, const char *first,
                                      const char *second, size_t pool, struct cs_err *err);

/* The key of an SQL instance: what is installed there is no service of the pool. */
CS_MUST_CHECK cs_rc cs_draft_key_store(struct cs_draft *draft, struct cs_xml *xml,
                                       const char *first, struct cs_err *err);

/* A further service, which stands where the reader stands; valid until the next is added. */
CS_MUST_CHECK cs_rc cs_draft_add_service(struct cs_draft *draft, struct cs_xml *xml,
                                         struct cs_draft_service **ret_service, struct cs_err *err);

/* At the topology's end, @at its element: gives the services to their pools. CS_E_INPUT for a
 * service whose cluster is not there, and for a topology without a cluster. */
CS_MUST_CHECK cs_rc cs_draft_finish(struct cs_draft *draft, struct cs_xml *xml,
                                    struct cs_xml_place at, struct cs_err *err);

#endif

/* Every certificate that a topology needs, in the usual groupings. */
#ifndef CS_MODEL_DEPLOYMENT_H
#define CS_MODEL_DEPLOYMENT_H

#include "model/plan.h"
#include "model/topology.h"

#include <stddef.h>

/* A certificate with no more days left is worth a new one. */
#define CS_RENEW_DAYS 30

/* Of all certificates of a deployment together, so that no document takes a plan of them out of all
 * proportion: sixteen names for each computer that a topology can have; the octets are those of the
 * names and of the sources that they come from. */
#define CS_DEPLOYMENT_NAMES_MAX  (16 * CS_TOPO_COMPUTERS_MAX)
#define CS_DEPLOYMENT_OCTETS_MAX ((size_t)64 << 20)

struct cs_plan_list {
    struct cs_plan **items;
    size_t count;
};
void cs_plan_list_done(struct cs_plan_list *list);
void cs_plan_list_take(struct cs_plan_list *list, struct cs_plan *plan);

/* What keeps one certificate from being planned; the others are planned all the same. */
struct cs_plan_failure {
    cs_type_set types;
    char *pool;
    char *computer; /* NULL: of the pool as a whole */
    struct cs_err error;
};
void cs_plan_failure_done(struct cs_plan_failure *failure);

struct cs_deployment {
    struct cs_plan_list plans;
    struct cs_plan_failure *failures;
    size_t failure_count;
};
void cs_deployment_done(struct cs_deployment *deployment);

/* Certificate types of a pool that usually stand in one certificate. */
struct cs_grouping {
    cs_type_set types;
    bool shared;      /* one key for all members; else each computer has its own */
    const char *word; /* of file names: "default", "internal", "external" */
    const char *why;  /* why these types and whose key */
    const char *less; /* what was left out of the usual grouping and why; NULL: nothing */
};

#define CS_GROUPINGS_MAX 2 /* of one pool */

/* The groupings of @pool in @ret_groupings; the value is their number, 0 for what needs no
 * certificate. Without OAuthTokenIssuer, which is one for the whole deployment. */
size_t cs_deployment_groupings(const struct cs_topology *topology, const struct cs_topo_pool *pool,
                               struct cs_grouping ret_groupings[CS_GROUPINGS_MAX]);

/* Plans for the whole topology of @input, in its order: per computer where each server has a key of
 * its own, per pool where the members share one (Edge), one OAuthTokenIssuer for all. Each plan
 * says in choice why its types stand together and whose key it is. Of @input types and
 * computer_fqdn are not used; output, if set, is a folder: each plan gets the path of a file in it,
 * no two the same; input's friendly_name, domain_names and like go to every plan. CS_E_USAGE if
 * @input has no topology or nothing in it needs a certificate, CS_E_INPUT if it asks for more names
 * than CS_DEPLOYMENT_NAMES_MAX and CS_DEPLOYMENT_OCTETS_MAX allow. */
CS_MUST_CHECK cs_rc cs_deployment_build(const struct cs_plan_input *input,
                                        struct cs_deployment *ret_deployment, struct cs_err *err);

enum cs_change { CS_CHANGE_NEW, CS_CHANGE_GONE, CS_CHANGE_NAMES };

/* A certificate that two topologies see differently. */
struct cs_plan_change {
    enum cs_change change;
    cs_type_set types;
    char *pool;
    char *computer; /* NULL: of the pool, or of the deployment */
    char *common_name;
    struct cs_strv gained;
    struct cs_strv lost;
};

struct cs_plan_change_list {
    struct cs_plan_change *items;
    size_t count;
};
void cs_plan_change_list_done(struct cs_plan_change_list *list);

/* What becomes different for certificates from @before to @after: a change of the common name shows
 * as names too ("CN=old" lost, "CN=new" gained). A new certificate gains all its names, a gone one
 * loses them. What @after needs but could not plan is not gone: it stands among its failures. In
 * the order of @after, then what is gone. */
void cs_deployment_diff(const struct cs_deployment *before, const struct cs_deployment *after,
                        struct cs_plan_change_list *ret_changes);

#endif

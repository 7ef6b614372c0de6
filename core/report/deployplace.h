/* Where in the topology each certificate stands: at a computer, at a pool, or at the deployment. */
#ifndef CS_REPORT_DEPLOYPLACE_H
#define CS_REPORT_DEPLOYPLACE_H

#include "report/deployment.h"

/* A certificate, or one that cannot be planned, and its place. */
struct cs_deploymark {
    bool failure; /* an element of failures, else of rows */
    size_t index;
    size_t pool;     /* of the topology; pool_count: the deployment as a whole */
    size_t computer; /* of the pool, counted from 1; 0: the pool as a whole */
};

/* {0} is empty. Marks are in the order of pools, in it of computers, in it of rows and failures. */
struct cs_deployplace {
    struct cs_deploymark *marks;
    size_t count;
    size_t *first; /* of each pool, of the deployment, and the end: pool_count + 2 elements */
};
void cs_deployplace_done(struct cs_deployplace *place);

/* OAuthTokenIssuer belongs to the deployment, and so does what the topology does not know. */
void cs_deployplace_make(const struct cs_deployment_report *report,
                         struct cs_deployplace *ret_place);

#endif

/* The page of `plan --all --report`: the deployment as a picture and as a table, in one
 * self-contained HTML file. */
#ifndef CS_REPORT_DEPLOYMENT_H
#define CS_REPORT_DEPLOYMENT_H

#include "base/bytes.h"
#include "base/err.h"
#include "model/deployment.h"
#include "model/state.h"
#include "model/topology.h"

#include <stdint.h>

/* One certificate of the page. Borrowed. */
struct cs_deployment_row {
    const struct cs_plan *plan;
    int64_t request_id;            /* what the store has for it; 0: nothing */
    enum cs_state state;           /* of that request */
    int64_t not_after;             /* seconds since 1970; 0: no certificate yet */
    const struct cs_strv *missing; /* names that the existing one lacks; may be NULL */
};

struct cs_deployment_report {
    const struct cs_topology *topology;
    const char *topology_sha256; /* may be NULL */
    const char *documents;       /* names, joined by newlines; may be NULL */
    int64_t imported;            /* 0: not from the local replica */
    const struct cs_deployment_row *rows;
    size_t count;
    const struct cs_plan_failure *failures;
    size_t failure_count;
    const struct cs_strv *warnings; /* of the run; may be NULL */
    const char *user;
    const char *host;
    const char *version;
    int64_t now;
};

/* The page as UTF-8; *ret_html is the caller's. CS_E_OUTPUT if it would pass its maximum. */
CS_MUST_CHECK cs_rc cs_deployment_html(const struct cs_deployment_report *report,
                                       struct cs_bytes *ret_html, struct cs_err *err);

#endif

/* How far each certificate of the deployment page is: one word, one look and one sign for each
 * state, for picture and table alike. */
#ifndef CS_REPORT_DEPLOYSTATE_H
#define CS_REPORT_DEPLOYSTATE_H

#include "report/deployment.h"

enum cs_deploystate {
    CS_DEPLOY_NONE,
    CS_DEPLOY_OFFLINE,
    CS_DEPLOY_PENDING,
    CS_DEPLOY_UNFINISHED,
    CS_DEPLOY_ISSUED,
    CS_DEPLOY_EXPIRING,
    CS_DEPLOY_EXPIRED,
    CS_DEPLOY_NAMES,
    CS_DEPLOY_FAILED,
    CS_DEPLOY_UNPLANNED, /* not of a certificate: one that cannot be planned */
    CS_DEPLOYSTATE_COUNT
};

struct cs_deploystate_info {
    const char *key;     /* for ids and data attributes: "none", "expiring" */
    const char *word;    /* for people: "Names missing" */
    const char *look;    /* class of the style sheet: plain, info, good, wait, bad */
    const char *sign;    /* SVG in a box of 16 by 16 */
    const char *meaning; /* for the legend */
    const char *todo;    /* what is to be done about it; NULL: nothing */
};

const struct cs_deploystate_info *cs_deploystate_info(enum cs_deploystate state);

/* What is over comes before what is about to be, that before names that are missing, as `new --all`
 * judges. */
enum cs_deploystate cs_deploystate_of(const struct cs_deployment_row *row, int64_t now);

/* "212 days left"; of one that is over "3 days ago" or "today"; "" without a certificate. The
 * caller frees. */
char *cs_deploystate_days(const struct cs_deployment_row *row, int64_t now);

/* A word or two for pictures: "Web int" for WebServicesInternal. */
const char *cs_deploystate_type(enum cs_cert_type type);

/* "Default + Web int"; the caller frees. */
char *cs_deploystate_types(cs_type_set types);

#endif

/* A deployment with pools of every role and certificates in every state, one whose every text is
 * hostile, and one as large as they get. */
#ifndef CS_TESTS_SUPPORT_DEPLOYMENT_SAMPLE_H
#define CS_TESTS_SUPPORT_DEPLOYMENT_SAMPLE_H

#include "report/deployment.h"

#include <stddef.h>

/* What the first of them holds, counted by hand in the tables of deployment_sample.c. */
struct deployment_count {
    const char *id; /* as the page names it: "count-sites" */
    size_t count;
};
extern const struct deployment_count deployment_counts[];
extern const size_t deployment_count_count;

struct deployment_sample {
    struct cs_topology *topology;
    struct cs_plan **plans;
    struct cs_strv *missing;
    struct cs_deployment_row *rows;
    size_t count;
    struct cs_plan_failure *failures;
    size_t failure_count;
    struct cs_strv warnings;
    struct cs_deployment_report report;
};

void deployment_sample_make(struct deployment_sample *sample);

/* Two sites and as many pools, all texts SAMPLE_HOSTILE of report_sample.h or names as long as DNS
 * lets them be. */
void deployment_sample_hostile(struct deployment_sample *sample);

/* A topology without anything. */
void deployment_sample_empty(struct deployment_sample *sample);

/* 300 pools in 12 sites: 250 Front End pools of seven computers and 50 Edge pools of five, 2,000
 * computers and 1,850 certificates, those of a Front End with 17 names. */
void deployment_sample_large(struct deployment_sample *sample);

void deployment_sample_done(struct deployment_sample *sample);

/* One certificate more, with @days and a half to go (0: no certificate); the row stands until the
 * next. @computer NULL: of the pool. Call deployment_sample_end() when all are there. */
struct cs_deployment_row *deployment_sample_add(struct deployment_sample *sample, const char *pool,
                                                const char *computer, cs_type_set types,
                                                int64_t request_id, enum cs_state state, long days);

/* Puts what was added into the report. */
void deployment_sample_end(struct deployment_sample *sample);

/* The time of the run: 2026-11-22T12:21:30Z. */
#define DEPLOYMENT_NOW 1795350090

#endif

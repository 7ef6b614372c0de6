/* The verbs. Each takes what it needs as const and answers with results, one for each request. */
#ifndef CS_FLOW_FLOW_H
#define CS_FLOW_FLOW_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/deployment.h"
#include "model/plan.h"
#include "model/request.h"
#include "port/ca.h"
#include "port/keystore.h"
#include "port/store.h"
#include "port/ui.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a run stands on. All borrowed. */
struct cs_flow {
    struct cs_store *store; /* NULL: there is none yet, and the run (-WhatIf, list) makes none */
    struct cs_keystore_source *keystore;
    struct cs_ca_source *ca;
    struct cs_ca_password *password;
    struct cs_ui *ui;
    bool what_if;
    bool chain;   /* put the CAs' certificates on the token too */
    bool confirm; /* ask before the first change */
    bool force;   /* replace an output file */
};

/* What the store already has for a plan. */
enum cs_fit {
    CS_FIT_NONE,     /* nothing, or nothing was looked for */
    CS_FIT_OPEN,     /* a request with all the names is on its way */
    CS_FIT_GOOD,     /* a certificate with all the names and time left */
    CS_FIT_NAMES,    /* a certificate or open request that lacks names */
    CS_FIT_EXPIRING, /* a certificate with CS_RENEW_DAYS or less to go, or over */
};

struct cs_existing {
    enum cs_fit fit;
    int64_t request_id; /* of the best fit; 0: none */
    enum cs_state state;
    int64_t not_after;      /* seconds since 1970; 0: no certificate yet */
    struct cs_strv missing; /* names of the plan that it lacks */
};
void cs_existing_done(struct cs_existing *existing);

/* What became of one request. error.code CS_OK: nothing went wrong with it. */
struct cs_result {
    struct cs_request *request;
    struct cs_existing existing; /* of `plan` and `new --all` */
    bool left_alone;             /* nothing was made: existing still fits */
    struct cs_strv files;        /* written by this run */
    struct cs_strv warnings;
    struct cs_err error;
};

struct cs_result_list {
    struct cs_result *items;
    size_t count;
};
void cs_result_done(struct cs_result *result);

/* A further, empty result; valid until the next is added. */
struct cs_result *cs_result_list_add(struct cs_result_list *list);
void cs_result_list_done(struct cs_result_list *list);

/* The exit code of a run: the error of the only result, PARTIAL if any of several failed, PENDING
 * if one still waits for its CA and none failed. @pending_counts is false for verbs that only look.
 */
cs_rc cs_result_list_rc(const struct cs_result_list *list, bool pending_counts);

/* Which requests a verb is about. */
struct cs_selection {
    int64_t request_id;        /* 0: all */
    const char *ca_request_id; /* NULL: not said; else the CA's number instead of ours */
};

struct cs_retrieve_options {
    struct cs_selection selection;
    const char *reply; /* path of the CA's answer; NULL: ask the CA */
};

struct cs_list_options {
    struct cs_selection selection;
    bool open_only; /* as -List: what the CA or the user still owes something for */
};

/* plan -> key -> request -> file or CA -> certificate on the token. A second key for the same Edge
 * pool and type is CS_E_USAGE while a request for it is open or its certificate valid, unless
 * flow->force: the members share one. On failure nothing is left
 * behind but the FAILED request with its reason. *ret_result is filled also on failure if there was
 * a request. */
CS_MUST_CHECK cs_rc cs_flow_new(const struct cs_flow *flow, const struct cs_plan *plan,
                                struct cs_result *ret_result, struct cs_err *err);

/* What `plan` shows: nothing is made or changed, the token is not opened. Each result's request
 * holds its plan, existing tells what the store has for it. flow->store may be NULL. */
CS_MUST_CHECK cs_rc cs_flow_plan(const struct cs_flow *flow, const struct cs_plan_list *plans,
                                 struct cs_result_list *ret_results, struct cs_err *err);

/* cs_flow_new() for each plan with one session and one login. What exists and still fits (GOOD,
 * OPEN) is left alone, also with flow->force: the result's request is the stored one. One failure
 * does not stop the rest; a signal and a token that is gone do, after the current act: *ret_results
 * then holds the plans up to there. Offline requests go through the store in groups, and their
 * csr and spki are not kept in the results. Of an Edge pool's certificate that is EXPIRING the
 * successor is made; one that lacks NAMES is CS_E_USAGE without flow->force, because a second key
 * beside a valid certificate is what the members must not have. */
CS_MUST_CHECK cs_rc cs_flow_new_all(const struct cs_flow *flow, const struct cs_plan_list *plans,
                                    struct cs_result_list *ret_results, struct cs_err *err);

/* An error in one request stands in its result; the others are done all the same. */
CS_MUST_CHECK cs_rc cs_flow_list(const struct cs_flow *flow, const struct cs_list_options *options,
                                 struct cs_result_list *ret_results, struct cs_err *err);
CS_MUST_CHECK cs_rc cs_flow_retrieve(const struct cs_flow *flow,
                                     const struct cs_retrieve_options *options,
                                     struct cs_result_list *ret_results, struct cs_err *err);

/* Withdraws requests, keeps their records. Destroys a key only if it was generated for the request,
 * nothing else uses it, no certificate is on it, and the request was named or the question was
 * answered with yes. */
CS_MUST_CHECK cs_rc cs_flow_clear(const struct cs_flow *flow, const struct cs_selection *selection,
                                  struct cs_result_list *ret_results, struct cs_err *err);

/* Finishes or undoes what a crash left, and lists strays. The caller sees to it that no other run
 * is at work. @remove_stray names one to destroy, or is NULL. */
CS_MUST_CHECK cs_rc cs_flow_recover(const struct cs_flow *flow, const char *remove_stray,
                                    struct cs_result_list *ret_results,
                                    struct cs_stray_list *ret_strays, struct cs_err *err);

#endif

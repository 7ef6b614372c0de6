/* The verbs. Each takes what it needs as const and answers with results, one for each request. */
#ifndef CS_FLOW_FLOW_H
#define CS_FLOW_FLOW_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/strv.h"
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

/* What became of one request. error.code CS_OK: nothing went wrong with it. */
struct cs_result {
    struct cs_request *request;
    struct cs_strv files; /* written by this run */
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

/* plan -> key -> request -> file or CA -> certificate on the token. On failure nothing is left
 * behind but the FAILED request with its reason. *ret_result is filled also on failure if there was
 * a request. */
CS_MUST_CHECK cs_rc cs_flow_new(const struct cs_flow *flow, const struct cs_plan *plan,
                                struct cs_result *ret_result, struct cs_err *err);

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

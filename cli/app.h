/* One run of the program: what the options and the configuration put together for the flow. */
#ifndef CS_CLI_APP_H
#define CS_CLI_APP_H

#include "base/err.h"
#include "base/secret.h"
#include "cli/config.h"
#include "cli/env.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/outstream.h"
#include "cli/pinsource.h"
#include "cli/toposource.h"
#include "flow/flow.h"
#include "journal/record.h"
#include "labca/labca.h"
#include "model/deployment.h"
#include "pkcs11/token.h"
#include "port/ca.h"
#include "port/keystore.h"
#include "port/store.h"
#include "port/ui.h"

#include <stdbool.h>

/* Opens the configured token once and shares it with everybody who asks. A failure is shared too:
 * a PIN that was wrong must not be sent again for the next request of the same run. */
struct cs_app_keystore {
    struct cs_keystore_source base;
    struct cs_app *app;
    struct cs_keystore *store;
    struct cs_err failure; /* of the one try; code CS_OK: there was none */
};

/* Finds the CA that a name means. */
struct cs_app_cas {
    struct cs_ca_source base;
    struct cs_app *app;
    struct cs_app_ca **items; /* those that programs speak to (cli/appca.h) */
    size_t count;
};

/* The password of the CA account, read once a run. It is one account's, and goes to no other's CA.
 */
struct cs_app_password {
    struct cs_ca_password base;
    struct cs_app *app;
    char *account; /* whose it is; NULL while there is none */
    struct cs_secret *secret;
};

struct cs_app {
    const struct cs_options *options;
    struct cs_config *config;
    struct cs_env env;
    struct cs_ui *ui;
    struct cs_store *store;
    char *sending; /* as flow->sending */
    int runs_fd;   /* held while this run may change something; -1: not */
    struct cs_actor actor;
    struct cs_app_keystore keystore;
    struct cs_app_cas cas;
    struct cs_app_password password;
};

/* Reads environment and configuration. cs_app_done() in any case. */
CS_MUST_CHECK cs_rc cs_app_init(struct cs_app *app, const struct cs_options *options,
                                struct cs_err *err);
void cs_app_done(struct cs_app *app);

/* How the token of @pin is opened; borrows from both. */
struct cs_token_options cs_app_token_options(struct cs_app *app, struct cs_pinsource *pin);

/* Opens the store for writing and makes it if need be. @alone: no other run may be at work, which
 * is waited for. */
CS_MUST_CHECK cs_rc cs_app_open_store(struct cs_app *app, bool alone, struct cs_err *err);

/* For writing, with -WhatIf for reading: that makes no store. */
CS_MUST_CHECK cs_rc cs_app_open_store_to_change(struct cs_app *app, struct cs_err *err);

/* Opens the store for reading; app->store stays NULL if there is none. */
CS_MUST_CHECK cs_rc cs_app_open_store_readonly(struct cs_app *app, struct cs_err *err);

/* True if there is a store to open. */
bool cs_app_has_store(const struct cs_app *app);

/* Warnings of the command line, of a document. */
void cs_app_show_warnings(const struct cs_app *app, const struct cs_strv *warnings);

/* What the verbs of core/flow stand on. */
struct cs_flow cs_app_flow(struct cs_app *app);

/* The lab CA of the `ca` section @name; NULL: of the only lab CA, without any section. CS_E_USAGE
 * if the name is neither a section of type lab nor a lab CA of the store. */
CS_MUST_CHECK cs_rc cs_app_labca_config(struct cs_app *app, const char *name,
                                        struct cs_labca_config *ret_config, struct cs_err *err);

/* One verb: fills @results with what became of each request. */
struct cs_run {
    struct cs_app *app;
    struct cs_result_list results;
    struct cs_stray_list strays;
    struct cs_labca_request_list held; /* of `ca list` */
    struct cs_toposource source;       /* where names come from */
    struct cs_deployment deployment;   /* of --all */
    enum cs_output_all all;
    struct cs_outstream *stream; /* where results went already; NULL: they are in @results */
    struct cs_certificate_list certificates; /* of get, import, set and remove */
    char *text;          /* what a verb without requests prints; NULL: the results are printed */
    bool no_report;      /* its file cannot be written, which is the run's error already */
    bool pending_counts; /* a pending request is exit code 9 */
};
typedef cs_rc (*cs_verb_fn)(struct cs_run *run, struct cs_err *err);

cs_rc cs_run_new(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_plan(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_list(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_retrieve(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_clear(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_recover(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_export(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_get(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_import(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_set(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_remove(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_token_list(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_token_init(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_token_check(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_topology_import(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_topology_show(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_topology_check(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_ca_init(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_ca_approve(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_ca_deny(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_ca_revoke(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_ca_list(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;
cs_rc cs_run_ca_probe(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;

/* The CAs that Active Directory lists: `ca list` where no lab CA is meant. */
cs_rc cs_run_ca_directory(struct cs_run *run, struct cs_err *err) CS_MUST_CHECK;

#endif

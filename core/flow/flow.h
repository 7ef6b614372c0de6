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
#include "x509/cert.h"

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
    const char *sending; /* a file by which runs keep each other from sending the same request to
                          * its CA; NULL: there is no other run */
    bool what_if;
    bool chain;    /* put the CAs' certificates on the token too */
    bool confirm;  /* ask before the first change */
    bool force;    /* replace an output file */
    unsigned wait; /* seconds that new and retrieve wait for what is pending; 0: not at all */
    void (*pause)(unsigned ms); /* how they wait; NULL: as the clock does */
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
    char *copy;                  /* RFC 7512: where `export` copied the key to; NULL: nowhere */
    int64_t exported;            /* how often the key has left its token, of `list` and `export` */
    struct cs_strv warnings;
    bool may_be_sent; /* the CA may have the request, although it gave no answer that can be used */
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

/* What results add up to. */
struct cs_result_sum {
    size_t count;
    size_t left_alone;
    size_t failed;
    size_t pending;
    cs_rc code; /* of the last that failed */
};
void cs_result_sum_add(struct cs_result_sum *sum, const struct cs_result *result);

/* The exit code of a run: the error of the only result, PARTIAL if any of several failed, PENDING
 * if one still waits for its CA and none failed. @pending_counts is false for verbs that only look.
 */
cs_rc cs_result_sum_rc(const struct cs_result_sum *sum, bool pending_counts);
cs_rc cs_result_list_rc(const struct cs_result_list *list, bool pending_counts);

/* ---- plans and results of which only a few are held at a time ---- */

/* Where plans come from. */
struct cs_plan_source {
    size_t count;
    /* The plan number @index, the same each time it is asked for; the caller frees. */
    cs_rc (*plan)(void *ctx, size_t index, struct cs_plan **ret_plan, struct cs_err *err);
    void *ctx;
};

/* Where results go, in the order of their plans; those that are waited for (flow->wait) behind all
 * others, each when its CA has decided. */
struct cs_result_sink {
    /* Each result as far as it shows before anything is made: what stays as it is, what is refused.
     * Called for all of them before the first put(); may be NULL. */
    void (*expect)(void *ctx, const struct cs_result *result);
    /* A result that is final. What the sink does not take out of it is freed afterwards. */
    void (*put)(void *ctx, struct cs_result *result);
    void *ctx;
};

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
    bool open_only;     /* as -List: what the CA or the user still owes something for */
    const char *output; /* write the request of the only one that is selected here; NULL: nowhere */
    const char *folder; /* write the requests here, if none is named those that wait for their
                         * certificate, and select no other; NULL: nowhere */
};

/* plan -> key -> request -> file or CA -> certificate on the token. A second key for the same Edge
 * pool and type is CS_E_USAGE while a request for it is open or its certificate valid, unless
 * flow->force: the members share one. On failure nothing is left
 * behind but the FAILED request with its reason; a request that the CA may have although it did not
 * answer stays SUBMITTED with its key, and retrieve and recover submit it again. *ret_result is
 * filled also on failure if there was a request. */
CS_MUST_CHECK cs_rc cs_flow_new(const struct cs_flow *flow, const struct cs_plan *plan,
                                struct cs_result *ret_result, struct cs_err *err);

/* What `plan` shows: nothing is made or changed, the token is not opened. Each result's request
 * holds its plan, existing tells what the store has for it. flow->store may be NULL. */
CS_MUST_CHECK cs_rc cs_flow_plan(const struct cs_flow *flow, const struct cs_plan_list *plans,
                                 struct cs_result_list *ret_results, struct cs_err *err);

/* cs_flow_new() for each plan with one session and one login. What exists and still fits (GOOD,
 * OPEN) is left alone, also with flow->force: the result's request is the stored one. One failure
 * does not stop the rest; a signal and a token that is gone do, after the current act: @sink then
 * gets the results of what was begun. Offline requests go through the store in groups, and their
 * csr and spki are not in the results; no more than two groups are held at a time. Of an Edge
 * pool's certificate that is EXPIRING the successor is made; one that lacks NAMES is CS_E_USAGE
 * without flow->force, because a second key beside a valid certificate is what the members must not
 * have. No other run may change the store at the same time. */
CS_MUST_CHECK cs_rc cs_flow_new_all(const struct cs_flow *flow, const struct cs_plan_source *plans,
                                    const struct cs_result_sink *sink, struct cs_err *err);

/* An error in one request stands in its result; the others are done all the same. With @output the
 * request is written again as `new` wrote it, also one that went to a CA; CS_E_USAGE for one that
 * was given up or has none yet, CS_E_OUTPUT. With @folder each is, under the name that `new` gave
 * it, or as request-NUMBER.csr; then *ret_results is filled also when a signal ends the run. */
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

/* ---- export ---- */

/* The shortest password of a .pfx file that is taken, in characters. */
#define CS_EXPORT_PASSWORD_MIN 8

/* The Microsoft provider of an RSA key. Lync and Skype for Business take keys of a CSP, not of a
 * KSP. */
#define CS_EXPORT_CSP_RSA "Microsoft RSA SChannel Cryptographic Provider"

struct cs_export_options {
    int64_t request_id;
    bool policy_forbid;        /* the configuration forbids exportable keys */
    const char *friendly_name; /* in the file; label of the copy; NULL: the key's label */

    const char *output; /* .pfx; NULL with @target */
    /* The file's password, asked for when nothing else stands against the export; the callee's. */
    cs_rc (*password)(void *ctx, const struct cs_secret **ret_password, struct cs_err *err);
    void *ctx;
    const char *csp; /* Microsoft's CSP name attribute; NULL: CS_EXPORT_CSP_RSA, none for EC */
    bool legacy;     /* 3DES and SHA-1, for Windows Server before 2019 */

    struct cs_keystore_source *target; /* another token; NULL with @output */
    bool exportable;                   /* CKA_EXTRACTABLE of the copy */
};

/* The key of one request with certificate and chain as PKCS#12, or the key, and the certificate if
 * there is one, on another token. CS_E_POLICY for a key that was not made exportable, whatever the
 * token would give, and with policy_forbid; CS_E_USAGE for a request without key or certificate,
 * and for a password that is shorter than CS_EXPORT_PASSWORD_MIN or has other characters than
 * printable ASCII, which programs encode differently. Journal records: "exporting" before the key
 * leaves the token and "exported" with the file's SHA-256 after it ("transferring" and
 * "transferred"); without the second nothing stays of what was made. ret_result->request is NULL if
 * there is no such request. */
CS_MUST_CHECK cs_rc cs_flow_export(const struct cs_flow *flow,
                                   const struct cs_export_options *options,
                                   struct cs_result *ret_result, struct cs_err *err);

/* ---- the sibling cmdlets: get, import, set, remove ---- */

/* Where the private key of a certificate was made. */
enum cs_key_origin {
    CS_KEY_NOT_ASKED,  /* the token where it is was not looked at */
    CS_KEY_NOT_THERE,  /* no private key of it is on the token */
    CS_KEY_GENERATED,  /* on the token: our request says so, or CKA_LOCAL does */
    CS_KEY_IMPORTED,   /* elsewhere: our journal says so, or CKA_LOCAL does */
    CS_KEY_OF_UNKNOWN, /* the token does not tell, or not the truth */
};

/* A certificate on the token, or one that serves a type. */
struct cs_certificate {
    struct cs_cert_facts facts; /* {0} if the object on the token is no certificate */
    struct cs_bytes der;
    char *label;
    char *uri;   /* RFC 7512 of the certificate object; NULL: not on the token, or nobody looked */
    char *token; /* RFC 7512: the token where it is, or was; may be NULL */
    struct cs_bytes key_id; /* CKA_ID; may be empty */
    enum cs_key_origin origin;
    int64_t request_id;      /* of ours that it answers; 0: none */
    int64_t unread_id;       /* of ours that cannot be read and that it may answer; 0: none */
    struct cs_use_list uses; /* types that it serves now; without the certificate itself */
    struct cs_strv warnings;
};

struct cs_certificate_list {
    struct cs_certificate *items;
    size_t count;
    struct cs_strv unread; /* what is wrong with requests that this should have been told from */
};
void cs_certificate_list_done(struct cs_certificate_list *list);

struct cs_get_options {
    const struct cs_strv *types; /* empty: all */
    bool assigned_only;          /* as Get-CsCertificate */
    int64_t request_id;          /* only what answers this request of ours; 0: all */
    const char *output;          /* with @request_id: a PEM file to write; NULL: none */
};

/* What is on the token and what serves a type, those that serve one first. A staged certificate
 * whose date has come counts as current. Changes nothing; flow->store may be NULL. With @output the
 * token is not looked at: the certificate that the store has for the request goes to the file, and
 * behind it the CAs' that came with it, issuer first. CS_E_USAGE for a request without a
 * certificate, CS_E_OUTPUT. */
CS_MUST_CHECK cs_rc cs_flow_get(const struct cs_flow *flow, const struct cs_get_options *options,
                                struct cs_certificate_list *ret_list, struct cs_err *err);

struct cs_import_options {
    const struct cs_bytes *file;      /* .cer, .p7b or .pfx */
    const char *path;                 /* its name, for messages */
    const struct cs_secret *password; /* of a .pfx; NULL: none */
    bool import_key; /* bring a .pfx's private key to the token; else a key in it is refused */
    bool exportable; /* CKA_EXTRACTABLE of that key */
    bool policy_forbid_exportable;
    unsigned policy_min_rsa_bits; /* of that key; 0: any that Lync takes */
    const char *label;
    const struct cs_strv *types; /* assign it too; empty: import only */
    bool roll;
    int64_t effective; /* seconds since 1970; 0: at once */
};

/* Puts a certificate on the token under the CKA_ID of its key, which must be there, or comes with
 * the file and import_key; a file of CA certificates alone as such. One that answers a request of
 * ours is taken as its answer. What is there already is no error. */
CS_MUST_CHECK cs_rc cs_flow_import_file(const struct cs_flow *flow,
                                        const struct cs_import_options *options,
                                        struct cs_certificate_list *ret_list, struct cs_err *err);

struct cs_set_options {
    const char *thumbprint;      /* SHA-1 or SHA-256 of a certificate on the token */
    const struct cs_strv *types; /* empty: those that it was requested for */
    bool roll;
    int64_t effective; /* with @roll: seconds since 1970 */
};

/* Lets a certificate whose key is on the token serve types, at once or from a date on; the one that
 * served before is kept as the previous one. What is so already is left alone. */
CS_MUST_CHECK cs_rc cs_flow_set(const struct cs_flow *flow, const struct cs_set_options *options,
                                struct cs_certificate_list *ret_list, struct cs_err *err);

struct cs_remove_options {
    const struct cs_strv *types; /* empty: all that are assigned */
    bool previous;               /* only the previous ones */
    bool staged;                 /* only the staged ones; neither: current and staged ones */
};
/* Un-assigns; no certificate and no key is ever deleted. Asks when one is in use. */
CS_MUST_CHECK cs_rc cs_flow_remove(const struct cs_flow *flow,
                                   const struct cs_remove_options *options,
                                   struct cs_certificate_list *ret_list, struct cs_err *err);

#endif

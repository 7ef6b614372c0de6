#include "base/file.h"
#include "base/mem.h"
#include "flow/flow_internal.h"
#include "x509/hash.h"
#include "x509/pkcs12.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* What an export works with. */
struct job {
    const struct cs_flow *flow;
    const struct cs_export_options *options;
    struct cs_result *result;
    struct cs_flow_token token;
};

/* ---- whether it may be ---- */

static cs_rc fail_not_exportable(const struct cs_request *request, const char *why,
                                 struct cs_err *err)
{
    return cs_fail_hint(
        err, CS_E_POLICY,
        "request a new certificate with -PrivateKeyExportable $true; a key that was made without "
        "it stays on its token",
        "the key of request %" PRId64 " is not exportable: %s", request->id, why);
}

/* What was asked for, and what the token said of the key when it was made. What it would do now is
 * another question, and not the one that counts. */
static cs_rc check_exportable(const struct cs_export_options *options,
                              const struct cs_request *request, struct cs_err *err)
{
    if (options->policy_forbid) {
        return cs_fail_hint(err, CS_E_POLICY, "`policy` in the configuration; -Force does not help",
                            "the policy forbids exportable keys (forbid-exportable): the key of "
                            "request %" PRId64 " is not exported",
                            request->id);
    }
    if (!request->plan->exportable) {
        return fail_not_exportable(request, "it was requested without -PrivateKeyExportable", err);
    }
    if (request->attrs.answer[CS_ATTR_EXTRACTABLE] != CS_TRUE) {
        return fail_not_exportable(request, "its token did not make it so", err);
    }
    return CS_OK;
}

static cs_rc check_state(const struct cs_export_options *options, const struct cs_request *request,
                         struct cs_err *err)
{
    if (cs_flow_has_certificate(request)) {
        return CS_OK;
    }
    if (options->output) {
        return cs_flow_fail_state(request, "it has no certificate to export with the key",
                                  "; --to copies a key without its certificate", err);
    }
    if (!request->key_uri ||
        (request->state != CS_STATE_OFFLINE && request->state != CS_STATE_PENDING)) {
        return cs_flow_fail_state(request, "it has no key to copy", "", err);
    }
    return CS_OK;
}

/* Microsoft's attribute is a BMPString, but a provider's name is ASCII. */
static cs_rc check_csp(const char *csp, struct cs_err *err)
{
    for (const char *c = csp; c && *c; c++) {
        if (*c < ' ' || *c > '~') {
            return cs_fail_hint(err, CS_E_USAGE, "write it as `certutil -csplist` shows it",
                                "the provider's name \"%s\" is not plain ASCII", csp);
        }
    }
    return CS_OK;
}

static cs_rc check(const struct job *job, struct cs_err *err)
{
    const struct cs_request *request = job->result->request;
    const struct cs_export_options *options = job->options;

    CS_TRY(check_exportable(options, request, err));
    CS_TRY(check_state(options, request, err));
    CS_TRY(check_csp(options->csp, err));
    return options->output ? cs_file_check_writable(options->output, job->flow->force, err) : CS_OK;
}

static cs_rc confirm(const struct job *job, struct cs_err *err)
{
    const struct cs_request *request = job->result->request;
    struct cs_ui *ui = job->flow->ui;
    const char *name = request->plan->subject.common_name;

    if (!job->flow->confirm) {
        return CS_OK;
    }
    cs_autofree char *question =
        cs_asprintf("Export the private key of request %" PRId64 " (%s) to %s?", request->id,
                    name ? name : request->label,
                    job->options->output ? job->options->output : "another token");
    return ui->ops->confirm(ui, question, err);
}

/* A cs_secret_fn. */
static cs_rc check_password(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    (void)ctx;
    if (len < CS_EXPORT_PASSWORD_MIN) {
        return cs_fail_hint(
            err, CS_E_USAGE, "take a longer one: with it anybody who has the file has the key",
            "the password of the .pfx file has fewer than %d characters", CS_EXPORT_PASSWORD_MIN);
    }
    bool blank = true;
    for (size_t i = 0; i < len; i++) {
        blank = blank && octets[i] == ' ';
        if (octets[i] < ' ' || octets[i] > '~') {
            return cs_fail_hint(err, CS_E_USAGE, "take letters, digits and signs of ASCII",
                                "the password of the .pfx file has characters that other programs "
                                "encode differently");
        }
    }
    return blank ? cs_fail_hint(err, CS_E_USAGE, "take letters, digits and signs too",
                                "the password of the .pfx file is nothing but blanks")
                 : CS_OK;
}

/* The key is there, it is the request's, and it reads as exportable. */
static cs_rc find_key(struct job *job, struct cs_err *err)
{
    const struct cs_request *request = job->result->request;

    CS_TRY(cs_flow_find_key(job->flow, request, &job->token, err));
    if (job->token.key->attrs.answer[CS_ATTR_EXTRACTABLE] != CS_TRUE) {
        return fail_not_exportable(request, "its CKA_EXTRACTABLE does not read as true", err);
    }
    return CS_OK;
}

/* ---- records ---- */

/* At most so many of one event. */
#define DETAILS_MAX 8

struct event {
    struct cs_event base;
    struct cs_event_detail details[DETAILS_MAX]; /* borrowed texts */
    char digest[CS_HASH_TEXT_SIZE];
};

/* A detail that is not known is left out. */
static void add_detail(struct event *event, const char *name, const char *text)
{
    if (text) {
        event->details[event->base.count++] = (struct cs_event_detail){name, text};
    }
}

static cs_rc write_event(const struct job *job, struct event *event, const char *type,
                         struct cs_err *err)
{
    event->base.type = type;
    event->base.details = event->details;
    return cs_store_event(job->flow->store, job->result->request, &event->base, err);
}

/* ---- to a file ---- */

static const char *format_of(const struct cs_export_options *options)
{
    return options->legacy ? "PKCS#12, 3DES, SHA-1"
                           : "PKCS#12, AES-256-CBC, PBKDF2-HMAC-SHA256, HMAC-SHA256";
}

static const char *csp_of(const struct job *job)
{
    if (job->options->csp) {
        return job->options->csp;
    }
    return cs_key_is_rsa(&job->token.key->spec) ? CS_EXPORT_CSP_RSA : NULL;
}

static const char *name_of(const struct job *job)
{
    return job->options->friendly_name ? job->options->friendly_name : job->result->request->label;
}

static cs_rc digest_of(const struct cs_bytes *file, char text[CS_HASH_TEXT_SIZE],
                       struct cs_err *err)
{
    cs_auto(cs_hash) hash = NULL;

    CS_TRY(cs_hash_new(&hash, err));
    CS_TRY(cs_hash_add(hash, file->data, file->len, err));
    return cs_hash_text(hash, text, err);
}

static cs_rc make_file(const struct job *job, const struct cs_secret *password,
                       struct cs_bytes *ret_file, char **ret_how, struct cs_err *err)
{
    const struct cs_request *request = job->result->request;
    struct cs_keystore *store = job->token.store;
    cs_auto(cs_secret) pkcs8 = NULL;

    CS_TRY(store->ops->export_key(store, job->token.key, &pkcs8, ret_how, err));
    const struct cs_pkcs12_parts parts = {
        .pkcs8 = pkcs8,
        .certificate = &request->certificate,
        .chain = &request->chain,
        .friendly_name = name_of(job),
        .csp = csp_of(job),
    };
    return cs_pkcs12_make(&parts, password, job->options->legacy, ret_file, err);
}

/* The record belongs to the file: without it the file goes again. */
static cs_rc keep_file(const struct job *job, struct event *event, const struct cs_bytes *file,
                       const char *how, struct cs_err *err)
{
    const char *path = job->options->output;

    CS_TRY(digest_of(file, event->digest, err));
    CS_TRY(cs_file_write(path, file->data, file->len, 0600, job->flow->force, err));
    add_detail(event, "mechanism", how);
    add_detail(event, "sha256", event->digest);
    cs_rc rc = write_event(job, event, "exported", err);
    if (rc != CS_OK && unlink(path) != 0 && err) {
        err->hint[0] = 0;
        cs_err_hint(err, "remove %s: it holds the key, and the journal does not say so (%s)", path,
                    strerror(errno));
    }
    return rc;
}

static void warn(const struct job *job, const char *text)
{
    cs_strv_add(&job->result->warnings, text);
    job->flow->ui->ops->warn(job->flow->ui, text);
}

static cs_rc export_file(struct job *job, struct cs_err *err)
{
    const struct cs_export_options *options = job->options;
    const struct cs_secret *password = NULL;
    cs_auto_value(cs_bytes) file = {0};
    cs_autofree char *how = NULL;
    struct event event = {0};

    CS_TRY(options->password(options->ctx, &password, err));
    CS_TRY(cs_secret_lend(password, check_password, NULL, err));
    CS_TRY(find_key(job, err));
    add_detail(&event, "format", format_of(options));
    add_detail(&event, "file", options->output);
    add_detail(&event, "csp", csp_of(job));
    CS_TRY(write_event(job, &event, "exporting", err));
    CS_TRY(make_file(job, password, &file, &how, err));
    CS_TRY(keep_file(job, &event, &file, how, err));
    cs_strv_add(&job->result->files, options->output);
    if (options->legacy) {
        warn(job, "the .pfx file is encrypted with 3DES and SHA-1, as Windows Server before 2019 "
                  "needs it: who gets hold of it can try passwords fast; remove it when it is "
                  "imported");
    }
    return CS_OK;
}

/* ---- to another token ---- */

/* The token of the request itself, for one. */
static cs_rc check_target(const struct job *job, struct cs_keystore *target, struct cs_err *err)
{
    struct cs_key *there = NULL;

    CS_TRY(target->ops->find(target, job->result->request->key_id, &there, err));
    if (!there) {
        return CS_OK;
    }
    bool same = cs_bytes_equal(&there->spki, &job->token.key->spki);
    cs_rc rc = cs_fail(err, CS_E_USAGE, "%s is on the token \"%s\" already: %s",
                       same ? "the key" : "another key with the same CKA_ID",
                       target->ops->info(target)->label, there->uri);
    cs_err_hint(err, "name another token with --to");
    target->ops->key_free(there);
    return rc;
}

static cs_rc open_target(const struct job *job, struct cs_keystore **ret_target, struct cs_err *err)
{
    cs_auto(cs_keystore) target = NULL;

    CS_TRY(job->options->target->open(job->options->target, &target, err));
    CS_TRY(check_target(job, target, err));
    *ret_target = cs_steal(&target);
    return CS_OK;
}

/* The record belongs to the copy: without it the copy goes again. */
static cs_rc keep_copy(const struct job *job, struct event *event, struct cs_keystore *target,
                       const struct cs_key *copy, const char *how, struct cs_err *err)
{
    size_t count = 0;

    add_detail(event, "mechanism", how);
    add_detail(event, "copy", copy->uri);
    cs_rc rc = write_event(job, event, "transferred", err);
    if (rc != CS_OK && target->ops->destroy(target, copy->id, &count, NULL) != CS_OK && err) {
        err->hint[0] = 0;
        cs_err_hint(err, "remove the copy %s: the journal does not say that it is there",
                    copy->uri);
    }
    return rc;
}

/* Servers look for it beside the key. The key is there without it. */
static void put_certificate(const struct job *job, struct cs_keystore *target,
                            const struct cs_key *copy)
{
    const struct cs_request *request = job->result->request;
    struct cs_err problem = {0};

    if (cs_flow_has_certificate(request) &&
        target->ops->put_certificate(target, copy, &request->certificate, &problem) != CS_OK) {
        cs_autofree char *text =
            cs_asprintf("the key is copied, but not its certificate: %s", problem.message);
        warn(job, text);
    }
}

static cs_rc copy_key(struct job *job, struct cs_keystore *target, struct event *event,
                      struct cs_err *err)
{
    struct cs_keystore *store = job->token.store;
    struct cs_key_request request = {
        .spec = job->token.key->spec,
        .label = name_of(job),
        .exportable = job->options->exportable,
    };
    cs_autofree char *how = NULL;
    struct cs_key *copy = NULL;

    memcpy(request.id, job->result->request->key_id, CS_KEY_ID_LEN);
    CS_TRY(store->ops->transfer_key(store, job->token.key, target, &request, &copy, &how, err));
    cs_rc rc = keep_copy(job, event, target, copy, how, err);
    if (rc == CS_OK) {
        put_certificate(job, target, copy);
        job->result->copy = cs_strdup(copy->uri);
    }
    target->ops->key_free(copy);
    return rc;
}

static cs_rc export_to_token(struct job *job, struct cs_err *err)
{
    cs_auto(cs_keystore) target = NULL;
    struct event event = {0};

    CS_TRY(find_key(job, err));
    CS_TRY(open_target(job, &target, err));
    add_detail(&event, "format", job->options->exportable ? "exportable" : "not exportable");
    add_detail(&event, "target", target->ops->info(target)->uri);
    CS_TRY(write_event(job, &event, "transferring", err));
    cs_rc rc = copy_key(job, target, &event, err);
    if (rc != CS_OK) {
        /* What cannot be told now `recover` finds out. */
        (void)!cs_flow_end_transfer(job->flow, job->result->request, target, NULL);
    }
    return rc;
}

/* ---- the verb ---- */

cs_rc cs_flow_count_exports(const struct cs_flow *flow, const struct cs_request *request,
                            int64_t *ret_count, struct cs_err *err)
{
    int64_t files = 0;
    int64_t copies = 0;

    if (request->plan->exportable) {
        CS_TRY(cs_store_count_events(flow->store, request->id, "exported", &files, err));
        CS_TRY(cs_store_count_events(flow->store, request->id, "transferred", &copies, err));
    }
    *ret_count = files + copies;
    return CS_OK;
}

static cs_rc run(struct job *job, struct cs_err *err)
{
    CS_TRY(check(job, err));
    if (job->flow->what_if) {
        return CS_OK;
    }
    CS_TRY(confirm(job, err));
    CS_TRY(cs_flow_check_signal(job->flow, err));
    CS_TRY(job->options->output ? export_file(job, err) : export_to_token(job, err));
    /* It is done, whether the sum can be told or not. */
    (void)!cs_flow_count_exports(job->flow, job->result->request, &job->result->exported, NULL);
    return CS_OK;
}

cs_rc cs_flow_export(const struct cs_flow *flow, const struct cs_export_options *options,
                     struct cs_result *ret_result, struct cs_err *err)
{
    struct job job = {.flow = flow, .options = options, .result = ret_result};

    if (!flow->store) {
        return cs_fail_hint(err, CS_E_USAGE, "see `cscert list`",
                            "there is no such request: the store is empty");
    }
    CS_TRY(cs_store_get(flow->store, options->request_id, &ret_result->request, err));
    cs_rc rc = run(&job, err);
    cs_flow_token_done(&job.token);
    return rc;
}

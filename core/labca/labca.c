#include "labca/labca.h"

#include "base/clock.h"
#include "base/mem.h"
#include "labca/authority.h"
#include "labca/crl.h"
#include "labca/issue.h"

#include <stdlib.h>
#include <string.h>

static const char *state_text(enum cs_labca_state state)
{
    static const char *const texts[] = {
        [CS_LABCA_PENDING] = "pending",
        [CS_LABCA_ISSUED] = "issued",
        [CS_LABCA_DENIED] = "denied",
        [CS_LABCA_REVOKED] = "revoked",
    };

    return (size_t)state < sizeof texts / sizeof *texts ? texts[state] : "unknown";
}

/* ---- decisions about one row ---- */

/* PENDING -> ISSUED. */
static cs_rc issue_row(struct cs_labca_authority *authority, struct cs_store *store,
                       struct cs_keystore_source *source, const struct cs_labca_config *config,
                       struct cs_labca_request *row, struct cs_err *err)
{
    CS_TRY(cs_labca_authority_unlock(authority, source, err));
    CS_TRY(cs_labca_issue(authority, config, &row->csr, cs_clock_now(), &row->certificate,
                          &row->serial, err));
    row->state = CS_LABCA_ISSUED;
    return cs_store_labca_request_update(store, row, CS_LABCA_PENDING, err);
}

/* A row's authority must be the configured one where the configuration names one. */
static cs_rc check_authority(const struct cs_labca_config *config,
                             const struct cs_labca_request *row, struct cs_err *err)
{
    if (config->authority && strcmp(config->authority, row->ca) != 0) {
        return cs_fail_hint(err, CS_E_USAGE, "say with --ca which lab CA is meant",
                            "request %lld is one of the lab CA \"%.80s\", not \"%.80s\"",
                            (long long)row->id, row->ca, config->authority);
    }
    return CS_OK;
}

static cs_rc get_row(struct cs_store *store, const struct cs_labca_config *config, int64_t id,
                     enum cs_labca_state wanted, const char *verb, struct cs_labca_request *ret_row,
                     struct cs_err *err)
{
    cs_auto_value(cs_labca_request) row = {0};

    CS_TRY(cs_store_labca_request_get(store, id, &row, err));
    CS_TRY(check_authority(config, &row, err));
    if (row.state != wanted) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "`cscert ca list` shows those that are held, `cscert list` the CA's "
                            "number of every request",
                            "request %lld of the lab CA is %s: only a request that is %s can be %s",
                            (long long)id, state_text(row.state), state_text(wanted), verb);
    }
    *ret_row = row;
    row = (struct cs_labca_request){0};
    return CS_OK;
}

/* The act is done and stored; only the list is missing. */
static cs_rc fail_crl(cs_rc rc, const struct cs_labca_request *row, struct cs_err *err)
{
    if (rc == CS_OK || !err) {
        return rc;
    }
    cs_autofree char *why = cs_strdup(err->message);
    snprintf(err->message, sizeof err->message,
             "request %lld is %s, but the revocation list was not written: %.700s",
             (long long)row->id, state_text(row->state), why);
    return rc;
}

cs_rc cs_labca_approve(struct cs_store *store, struct cs_keystore_source *source,
                       const struct cs_labca_config *config, int64_t id, struct cs_err *err)
{
    cs_auto_value(cs_labca_request) row = {0};
    cs_auto_value(cs_labca_authority) authority = {0};

    CS_TRY(get_row(store, config, id, CS_LABCA_PENDING, "approved", &row, err));
    CS_TRY(cs_labca_authority_load(store, row.ca, &authority, err));
    CS_TRY(issue_row(&authority, store, source, config, &row, err));
    return fail_crl(cs_labca_crl_write(&authority, store, config, err), &row, err);
}

cs_rc cs_labca_deny(struct cs_store *store, const struct cs_labca_config *config, int64_t id,
                    const char *reason, struct cs_err *err)
{
    cs_auto_value(cs_labca_request) row = {0};

    CS_TRY(get_row(store, config, id, CS_LABCA_PENDING, "denied", &row, err));
    row.state = CS_LABCA_DENIED;
    free(row.message);
    row.message = cs_strdup(reason ? reason : "denied by the lab CA's operator");
    return cs_store_labca_request_update(store, &row, CS_LABCA_PENDING, err);
}

cs_rc cs_labca_revoke(struct cs_store *store, struct cs_keystore_source *source,
                      const struct cs_labca_config *config, int64_t id, struct cs_err *err)
{
    cs_auto_value(cs_labca_request) row = {0};
    cs_auto_value(cs_labca_authority) authority = {0};

    CS_TRY(get_row(store, config, id, CS_LABCA_ISSUED, "revoked", &row, err));
    CS_TRY(cs_labca_authority_load(store, row.ca, &authority, err));
    if (config->crl_file) {
        CS_TRY(cs_labca_authority_unlock(&authority, source, err));
    }
    row.state = CS_LABCA_REVOKED;
    free(row.message);
    row.message = cs_strdup("revoked by the lab CA's operator");
    CS_TRY(cs_store_labca_request_update(store, &row, CS_LABCA_ISSUED, err));
    return fail_crl(cs_labca_crl_write(&authority, store, config, err), &row, err);
}

/* ---- the port ---- */

struct labca {
    struct cs_ca port; /* first: the port's pointer is ours */
    struct cs_store *store;
    struct cs_keystore_source *source;
    struct cs_labca_config config;
    struct cs_labca_authority authority;
};

static enum cs_disposition disposition_of(enum cs_labca_state state)
{
    switch (state) {
    case CS_LABCA_ISSUED:
        return CS_CA_ISSUED;
    case CS_LABCA_DENIED:
        return CS_CA_DENIED;
    case CS_LABCA_REVOKED:
        return CS_CA_REVOKED;
    default:
        return CS_CA_PENDING;
    }
}

static char *pending_message(const struct cs_labca_request *row)
{
    return cs_asprintf("held by the lab CA \"%s\" until `cscert ca approve %lld`", row->ca,
                       (long long)row->id);
}

static struct cs_ca_answer make_answer(const struct labca *labca, struct cs_labca_request *row)
{
    struct cs_ca_answer answer = {
        .disposition = disposition_of(row->state),
        .request_id = cs_asprintf("%lld", (long long)row->id),
    };

    answer.message =
        row->state == CS_LABCA_PENDING ? pending_message(row) : cs_strdup(row->message);
    if (row->state == CS_LABCA_ISSUED) {
        const struct cs_bytes *own = &labca->authority.row.certificate;
        answer.certificate = cs_bytes_steal(&row->certificate);
        answer.chain = cs_bytes_copy(own->data, own->len);
    }
    return answer;
}

/* Another run, `ca approve` or a `retrieve` of the same request, was faster: *row is its answer. */
static bool decided_elsewhere(const struct labca *labca, struct cs_labca_request *row)
{
    cs_auto_value(cs_labca_request) stored = {0};

    if (cs_store_labca_request_get(labca->store, row->id, &stored, NULL) != CS_OK ||
        stored.state == CS_LABCA_PENDING) {
        return false;
    }
    struct cs_labca_request own = *row;
    *row = stored;
    stored = own;
    return true;
}

/* Issues what was not held, and what an earlier run left because the token failed. That the list
 * cannot be written is said in the answer: the certificate is there. */
static cs_rc issue_now(struct labca *labca, struct cs_labca_request *row, struct cs_err *err)
{
    struct cs_err crl_err = {0};

    cs_rc rc = issue_row(&labca->authority, labca->store, labca->source, &labca->config, row, err);
    if (rc != CS_OK && decided_elsewhere(labca, row)) {
        cs_err_clear(err);
        return CS_OK;
    }
    CS_TRY(rc);
    if (cs_labca_crl_write(&labca->authority, labca->store, &labca->config, &crl_err) != CS_OK) {
        free(row->message);
        row->message =
            cs_asprintf("issued, but the revocation list was not written: %s", crl_err.message);
    }
    return CS_OK;
}

static cs_rc labca_submit(struct cs_ca *ca, const struct cs_ca_submission *submission,
                          struct cs_ca_answer *ret_answer, struct cs_err *err)
{
    struct labca *labca = (struct labca *)ca;
    struct cs_err refusal = {0};
    bool known = false;
    cs_auto_value(cs_labca_request) row = {
        .ca = cs_strdup(labca->authority.row.name),
        .state = CS_LABCA_PENDING,
        .csr = cs_bytes_copy(submission->csr->data, submission->csr->len),
        .template_name = cs_strdup(submission->template_name),
        .account = cs_strdup(submission->account),
    };

    if (cs_labca_review(&row.csr, &refusal) != CS_OK) {
        row.state = CS_LABCA_DENIED;
        row.message = cs_strdup(refusal.message);
    }
    CS_TRY(cs_store_labca_request_add(labca->store, &row, &known, err));
    if (row.state == CS_LABCA_PENDING && !labca->config.hold) {
        CS_TRY(issue_now(labca, &row, err));
    }
    *ret_answer = make_answer(labca, &row);
    return CS_OK;
}

/* CS_E_CA_REFUSED: such a number was never given. */
static cs_rc parse_id(const char *text, int64_t *ret_id, struct cs_err *err)
{
    char *end = NULL;
    long long id = text ? strtoll(text, &end, 10) : 0;

    if (!text || end == text || *end || id <= 0) {
        return cs_fail(err, CS_E_CA_REFUSED, "\"%.40s\" is no request number of a lab CA",
                       text ? text : "");
    }
    *ret_id = id;
    return CS_OK;
}

static cs_rc labca_poll(struct cs_ca *ca, const char *request_id, const char *handle,
                        const struct cs_ca_submission *submission, struct cs_ca_answer *ret_answer,
                        struct cs_err *err)
{
    struct labca *labca = (struct labca *)ca;
    cs_auto_value(cs_labca_request) row = {0};
    int64_t id = 0;

    (void)handle;
    (void)submission;
    CS_TRY(parse_id(request_id, &id, err));
    CS_TRY(cs_store_labca_request_get(labca->store, id, &row, err));
    if (strcmp(row.ca, labca->authority.row.name) != 0) {
        return cs_fail(err, CS_E_CA_REFUSED, "request %s belongs to the lab CA \"%.80s\"",
                       request_id, row.ca);
    }
    *ret_answer = make_answer(labca, &row);
    return CS_OK;
}

static void labca_close(struct cs_ca *ca)
{
    struct labca *labca = (struct labca *)ca;

    cs_labca_authority_done(&labca->authority);
    free(labca);
}

static const struct cs_ca_ops ops = {
    .submit = labca_submit,
    .poll = labca_poll,
    .close = labca_close,
};

cs_rc cs_labca_open(struct cs_store *store, struct cs_keystore_source *source,
                    const struct cs_labca_config *config, struct cs_ca **ret_ca, struct cs_err *err)
{
    struct cs_labca_authority authority = {0};

    CS_TRY(cs_labca_authority_load(store, config->authority, &authority, err));
    struct labca *labca = cs_alloc(1, sizeof *labca);
    labca->port.ops = &ops;
    labca->store = store;
    labca->source = source;
    labca->config = *config;
    labca->authority = authority;
    *ret_ca = &labca->port;
    return CS_OK;
}

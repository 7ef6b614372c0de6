#include "port/store.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/query.h"
#include "store/store_internal.h"

#include <stdlib.h>
#include <string.h>

static const char *const state_words[] = {
    [CS_LABCA_PENDING] = "PENDING",
    [CS_LABCA_ISSUED] = "ISSUED",
    [CS_LABCA_DENIED] = "DENIED",
    [CS_LABCA_REVOKED] = "REVOKED",
};
#define STATE_COUNT (sizeof state_words / sizeof *state_words)

static const char *state_word(enum cs_labca_state state)
{
    return (unsigned)state < STATE_COUNT ? state_words[state] : NULL;
}

/* ---- the authorities ---- */

struct authority {
    const struct cs_labca_row *row;
    const char *name;
    int64_t crl_number;
};

static cs_rc authority_exists(const struct cs_db *db, const char *name, bool *ret_exists,
                              struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(db, "SELECT 1 FROM labca WHERE name = ?", &query, err));
    cs_query_bind_text(&query, name, CS_QUERY_TEXT_MAX);
    return cs_query_step(&query, ret_exists, err);
}

static cs_rc add_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    const struct cs_labca_row *row = ((struct authority *)ctx)->row;
    cs_auto_value(cs_query) query = {0};
    bool exists = false;

    CS_TRY(authority_exists(db, row->name, &exists, err));
    if (exists) {
        return cs_fail_hint(err, CS_E_USAGE, "choose another name",
                            "there is a lab CA \"%.80s\" already", row->name);
    }
    CS_TRY(cs_query_open(db,
                         "INSERT INTO labca (name, key_id, token_uri, certificate, crl_number,"
                         " created) VALUES (?, ?, ?, ?, ?, ?)",
                         &query, err));
    cs_query_bind_text(&query, row->name, CS_QUERY_TEXT_MAX);
    cs_query_bind_blob(&query, row->key_id, CS_KEY_ID_LEN);
    cs_query_bind_text(&query, row->token_uri, CS_QUERY_TEXT_MAX);
    cs_query_bind_blob(&query, row->certificate.data, row->certificate.len);
    cs_query_bind_int(&query, row->crl_number);
    cs_query_bind_int(&query, row->created ? row->created : cs_clock_now());
    CS_TRY(cs_query_run(&query, err));
    return cs_store_intent_delete(db, row->key_id, err);
}

cs_rc cs_store_labca_add(struct cs_store *store, const struct cs_labca_row *row, struct cs_err *err)
{
    struct authority authority = {.row = row};

    return cs_db_transaction(&store->db, add_work, &authority, err);
}

static cs_rc read_authority(struct cs_query *query, struct cs_labca_row *row, struct cs_err *err)
{
    cs_auto_value(cs_bytes) id = {0};

    CS_TRY(cs_query_blob(query, 1, &id, err));
    if (id.len != CS_KEY_ID_LEN) {
        return cs_query_fail_column(query, 1, err);
    }
    memcpy(row->key_id, id.data, CS_KEY_ID_LEN);
    CS_TRY(cs_query_text(query, 0, CS_QUERY_TEXT_MAX, &row->name, err));
    CS_TRY(cs_query_text(query, 2, CS_QUERY_TEXT_MAX, &row->token_uri, err));
    CS_TRY(cs_query_blob(query, 3, &row->certificate, err));
    CS_TRY(cs_query_int(query, 4, 0, INT64_MAX, &row->crl_number, err));
    CS_TRY(cs_query_int(query, 5, INT64_MIN, INT64_MAX, &row->created, err));
    if (!row->name || !row->token_uri || !row->certificate.data) {
        return cs_query_fail_column(query, 0, err);
    }
    return CS_OK;
}

cs_rc cs_store_labca_get(struct cs_store *store, const char *name, struct cs_labca_row *ret_row,
                         bool *ret_found, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    cs_auto_value(cs_labca_row) row = {0};
    bool found = false;
    bool another = false;

    CS_TRY(cs_query_open(&store->db,
                         "SELECT name, key_id, token_uri, certificate, crl_number, created"
                         " FROM labca WHERE ?1 IS NULL OR name = ?1 LIMIT 2",
                         &query, err));
    cs_query_bind_text(&query, name, CS_QUERY_TEXT_MAX);
    CS_TRY(cs_query_step(&query, &found, err));
    if (!found) {
        *ret_found = false;
        return CS_OK;
    }
    CS_TRY(read_authority(&query, &row, err));
    CS_TRY(cs_query_step(&query, &another, err));
    if (another) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "say which with --ca, or with `authority` in its ca section",
                            "the store has several lab CAs, \"%.80s\" is one of them", row.name);
    }
    *ret_row = row;
    row = (struct cs_labca_row){0};
    *ret_found = true;
    return CS_OK;
}

static cs_rc next_crl_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    struct authority *authority = ctx;
    cs_auto_value(cs_query) query = {0};
    bool row = false;

    CS_TRY(cs_query_open(
        db, "UPDATE labca SET crl_number = crl_number + 1 WHERE name = ? RETURNING crl_number",
        &query, err));
    cs_query_bind_text(&query, authority->name, CS_QUERY_TEXT_MAX);
    CS_TRY(cs_query_step(&query, &row, err));
    if (!row) {
        return cs_fail(err, CS_E_USAGE, "there is no lab CA \"%.80s\"", authority->name);
    }
    CS_TRY(cs_query_int(&query, 0, 1, INT64_MAX, &authority->crl_number, err));
    return cs_query_run(&query, err);
}

cs_rc cs_store_labca_next_crl(struct cs_store *store, const char *name, int64_t *ret_number,
                              struct cs_err *err)
{
    struct authority authority = {.name = name};

    CS_TRY(cs_db_transaction(&store->db, next_crl_work, &authority, err));
    *ret_number = authority.crl_number;
    return CS_OK;
}

/* ---- their requests ---- */

#define COLUMNS                                                                                    \
    "id, ca, state, csr, template_name, account, serial, certificate, message, created, updated"

static cs_rc read_state(struct cs_query *query, int column, enum cs_labca_state *ret_state,
                        struct cs_err *err)
{
    const char *word = NULL;

    CS_TRY(cs_query_peek_text(query, column, CS_QUERY_TEXT_MAX, &word, err));
    for (size_t i = 0; i < STATE_COUNT; i++) {
        if (strcmp(word, state_words[i]) == 0) {
            *ret_state = (enum cs_labca_state)i;
            return CS_OK;
        }
    }
    return cs_query_fail_column(query, column, err);
}

static cs_rc read_request(struct cs_query *query, struct cs_labca_request *ret_request,
                          struct cs_err *err)
{
    cs_auto_value(cs_labca_request) request = {0};

    CS_TRY(cs_query_int(query, 0, 1, INT64_MAX, &request.id, err));
    CS_TRY(cs_query_text(query, 1, CS_QUERY_TEXT_MAX, &request.ca, err));
    CS_TRY(read_state(query, 2, &request.state, err));
    CS_TRY(cs_query_blob(query, 3, &request.csr, err));
    CS_TRY(cs_query_text(query, 4, CS_QUERY_TEXT_MAX, &request.template_name, err));
    CS_TRY(cs_query_text(query, 5, CS_QUERY_TEXT_MAX, &request.account, err));
    CS_TRY(cs_query_text(query, 6, CS_QUERY_TEXT_MAX, &request.serial, err));
    CS_TRY(cs_query_blob(query, 7, &request.certificate, err));
    CS_TRY(cs_query_text(query, 8, CS_QUERY_TEXT_MAX, &request.message, err));
    CS_TRY(cs_query_int(query, 9, INT64_MIN, INT64_MAX, &request.created, err));
    CS_TRY(cs_query_int(query, 10, INT64_MIN, INT64_MAX, &request.updated, err));
    if (!request.ca || !request.csr.data) {
        return cs_query_fail_column(query, request.ca ? 3 : 1, err);
    }
    *ret_request = request;
    request = (struct cs_labca_request){0};
    return CS_OK;
}

struct submission {
    struct cs_labca_request *request; /* of the caller */
    struct cs_labca_request known;    /* the row that is there already */
    bool is_known;
};

static cs_rc find_known(const struct cs_db *db, struct submission *submission, struct cs_err *err)
{
    const struct cs_labca_request *request = submission->request;
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(db, "SELECT " COLUMNS " FROM labca_request WHERE ca = ? AND csr = ?",
                         &query, err));
    cs_query_bind_text(&query, request->ca, CS_QUERY_TEXT_MAX);
    cs_query_bind_blob(&query, request->csr.data, request->csr.len);
    CS_TRY(cs_query_step(&query, &submission->is_known, err));
    return submission->is_known ? read_request(&query, &submission->known, err) : CS_OK;
}

static cs_rc submit_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    struct submission *submission = ctx;
    struct cs_labca_request *request = submission->request;
    cs_auto_value(cs_query) query = {0};

    CS_TRY(find_known(db, submission, err));
    if (submission->is_known) {
        return CS_OK;
    }
    CS_TRY(cs_query_open(db,
                         "INSERT INTO labca_request (ca, state, csr, template_name, account,"
                         " serial, certificate, message, created, updated)"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
                         &query, err));
    int64_t now = cs_clock_now();
    cs_query_bind_text(&query, request->ca, CS_QUERY_TEXT_MAX);
    cs_query_bind_text(&query, state_word(request->state), CS_QUERY_TEXT_MAX);
    cs_query_bind_blob(&query, request->csr.data, request->csr.len);
    cs_query_bind_text(&query, request->template_name, CS_QUERY_TEXT_MAX);
    cs_query_bind_text(&query, request->account, CS_QUERY_TEXT_MAX);
    cs_query_bind_text(&query, request->serial, CS_QUERY_TEXT_MAX);
    cs_query_bind_blob(&query, request->certificate.data, request->certificate.len);
    cs_query_bind_text(&query, request->message, CS_QUERY_TEXT_MAX);
    cs_query_bind_int(&query, now);
    CS_TRY(cs_query_run(&query, err));
    request->id = sqlite3_last_insert_rowid(db->handle);
    request->created = request->updated = now;
    return CS_OK;
}

cs_rc cs_store_labca_request_add(struct cs_store *store, struct cs_labca_request *request,
                                 bool *ret_known, struct cs_err *err)
{
    struct submission submission = {.request = request};
    const int64_t created = request->created;
    const int64_t updated = request->updated;

    cs_rc rc = cs_db_transaction(&store->db, submit_work, &submission, err);
    if (rc != CS_OK) {
        request->id = 0;
        request->created = created;
        request->updated = updated;
        cs_labca_request_done(&submission.known);
        return rc;
    }
    if (submission.is_known) {
        cs_labca_request_done(request);
        *request = submission.known;
    }
    *ret_known = submission.is_known;
    return CS_OK;
}

static cs_rc fail_no_request(int64_t id, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_USAGE,
                        "`cscert ca list` shows what is held, `cscert list` the CA's number of "
                        "every request",
                        "the lab CA has no request %lld", (long long)id);
}

cs_rc cs_store_labca_request_get(struct cs_store *store, int64_t id,
                                 struct cs_labca_request *ret_request, struct cs_err *err)
{
    cs_auto_value(cs_query) query = {0};
    bool row = false;

    CS_TRY(cs_query_open(&store->db, "SELECT " COLUMNS " FROM labca_request WHERE id = ?", &query,
                         err));
    cs_query_bind_int(&query, id);
    CS_TRY(cs_query_step(&query, &row, err));
    return row ? read_request(&query, ret_request, err) : fail_no_request(id, err);
}

struct update {
    const struct cs_labca_request *request;
    enum cs_labca_state from;
};

static cs_rc update_work(const struct cs_db *db, void *ctx, struct cs_err *err)
{
    const struct update *update = ctx;
    const struct cs_labca_request *request = update->request;
    cs_auto_value(cs_query) query = {0};

    CS_TRY(cs_query_open(db,
                         "UPDATE labca_request SET state = ?, serial = ?, certificate = ?,"
                         " message = ?, updated = ? WHERE id = ? AND state = ?",
                         &query, err));
    cs_query_bind_text(&query, state_word(request->state), CS_QUERY_TEXT_MAX);
    cs_query_bind_text(&query, request->serial, CS_QUERY_TEXT_MAX);
    cs_query_bind_blob(&query, request->certificate.data, request->certificate.len);
    cs_query_bind_text(&query, request->message, CS_QUERY_TEXT_MAX);
    cs_query_bind_int(&query, cs_clock_now());
    cs_query_bind_int(&query, request->id);
    cs_query_bind_text(&query, state_word(update->from), CS_QUERY_TEXT_MAX);
    CS_TRY(cs_query_run(&query, err));
    if (cs_query_changes(&query) == 1) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_STORE, "cscert ca list shows where it stands now",
                        "the lab CA's request %lld is not there or not %s any more",
                        (long long)request->id, state_word(update->from));
}

cs_rc cs_store_labca_request_update(struct cs_store *store, const struct cs_labca_request *request,
                                    enum cs_labca_state from, struct cs_err *err)
{
    struct update update = {request, from};

    if (!state_word(from) || !state_word(request->state)) {
        return cs_fail(err, CS_E_INTERNAL, "no state of a lab CA's request");
    }
    return cs_db_transaction(&store->db, update_work, &update, err);
}

cs_rc cs_store_labca_requests(struct cs_store *store, const char *ca, enum cs_labca_state state,
                              struct cs_labca_request_list *ret_list, struct cs_err *err)
{
    cs_auto_value(cs_labca_request_list) list = {0};
    cs_auto_value(cs_query) query = {0};
    bool row = false;

    CS_TRY(cs_query_open(&store->db,
                         "SELECT " COLUMNS " FROM labca_request"
                         " WHERE (?1 IS NULL OR ca = ?1) AND state = ?2 ORDER BY id",
                         &query, err));
    cs_query_bind_text(&query, ca, CS_QUERY_TEXT_MAX);
    cs_query_bind_text(&query, state_word(state), CS_QUERY_TEXT_MAX);
    for (;;) {
        CS_TRY(cs_query_step(&query, &row, err));
        if (!row) {
            break;
        }
        list.items = cs_realloc(list.items, list.count + 1, sizeof *list.items);
        list.items[list.count] = (struct cs_labca_request){0};
        CS_TRY(read_request(&query, &list.items[list.count], err));
        list.count++;
    }
    *ret_list = list;
    list = (struct cs_labca_request_list){0};
    return CS_OK;
}

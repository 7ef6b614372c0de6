/* Copies of keys on other tokens whose `export --to` was interrupted: the journal says that they
 * were begun, and nothing says how that ended. A copy that is whole is what was asked for, and gets
 * its record and certificate; of one that is not, what is left goes. No private key is destroyed
 * here: somebody may use what stands there by now. */
#include "base/mem.h"
#include "flow/flow_internal.h"

#include <inttypes.h>
#include <string.h>

static void say(const struct cs_flow *flow, const char *text)
{
    flow->ui->ops->warn(flow->ui, text);
}

static cs_rc record(const struct cs_flow *flow, const struct cs_request *request, const char *type,
                    const char *target, const struct cs_key *copy, struct cs_err *err)
{
    const struct cs_event_detail details[] = {{"target", target},
                                              {"copy", copy ? copy->uri : NULL}};
    const struct cs_event event = {.type = type, .details = details, .count = copy ? 2 : 1};

    return cs_store_event(flow->store, request, &event, err);
}

cs_rc cs_flow_end_transfer(const struct cs_flow *flow, const struct cs_request *request,
                           struct cs_keystore *target, struct cs_err *err)
{
    struct cs_key *key = NULL;

    CS_TRY(target->ops->find(target, request->key_id, &key, err));
    if (key) {
        target->ops->key_free(key);
        return CS_OK;
    }
    return record(flow, request, "transfer-undone", target->ops->info(target)->uri, NULL, err);
}

/* As it was asked for: the request's key, both halves, and not exportable unless it was to be. */
static bool is_as_asked(struct cs_keystore *store, struct cs_key *copy,
                        const struct cs_request *request, const struct cs_open_transfer *transfer)
{
    const bool exportable = transfer->format && strcmp(transfer->format, "exportable") == 0;

    return cs_bytes_equal(&copy->spki, &request->spki) &&
           (exportable || copy->attrs.answer[CS_ATTR_EXTRACTABLE] == CS_FALSE) &&
           store->ops->keep(store, copy, NULL) == CS_OK;
}

static cs_rc finish(const struct cs_flow *flow, struct cs_keystore *store,
                    const struct cs_request *request, const struct cs_open_transfer *transfer,
                    const struct cs_key *copy, struct cs_err *err)
{
    cs_autofree char *text = cs_asprintf("the copy of the key of request %" PRId64
                                         " on the token \"%s\", whose transfer "
                                         "was interrupted, is whole: it is recorded now",
                                         request->id, store->ops->info(store)->label);

    if (cs_flow_has_certificate(request)) {
        CS_TRY(store->ops->put_certificate(store, copy, &request->certificate, err));
    }
    CS_TRY(record(flow, request, "transferred", transfer->target, copy, err));
    say(flow, text);
    return CS_OK;
}

/* No certificate is taken its key: then all stays, and stays open. */
static cs_rc undo(const struct cs_flow *flow, struct cs_keystore *store,
                  const struct cs_request *request, const struct cs_open_transfer *transfer,
                  struct cs_err *err)
{
    bool used = false;
    size_t count = 0;

    CS_TRY(store->ops->has_certificate(store, request->key_id, &used, err));
    if (!used) {
        CS_TRY(store->ops->destroy(store, request->key_id, &count, err));
    }
    if (used || count) {
        cs_autofree char *text = cs_asprintf(
            "what an interrupted transfer of the key of request %" PRId64 " left %s", request->id,
            used ? "stays: a certificate on the token uses it" : "is destroyed");
        say(flow, text);
    }
    if (used) {
        return CS_OK;
    }
    return record(flow, request, "transfer-undone", transfer->target, NULL, err);
}

/* What is there is not the copy that was asked for, or half of it, but it has a private key: that
 * is destroyed only when somebody says so. */
static cs_rc ask_to_undo(const struct cs_flow *flow, struct cs_keystore *store,
                         const struct cs_request *request, const struct cs_open_transfer *transfer,
                         const char *why, struct cs_err *err)
{
    struct cs_ui *ui = flow->ui;
    cs_autofree char *what = cs_asprintf(
        "an interrupted transfer has left a copy of the key of request %" PRId64 " on the token "
        "\"%s\" that is not whole, or not as it was to be%s%s",
        request->id, store->ops->info(store)->label, *why ? ": " : "", why);
    cs_autofree char *question = cs_asprintf("%s. Destroy that copy?", what);
    cs_autofree char *kept =
        cs_asprintf("%s; it stays: `cscert recover` asks about it at a terminal", what);

    if (!ui->ops->can_ask(ui) || ui->ops->confirm(ui, question, NULL) != CS_OK) {
        say(flow, kept);
        return CS_OK;
    }
    return undo(flow, store, request, transfer, err);
}

static cs_rc settle_here(const struct cs_flow *flow, struct cs_keystore *store,
                         const struct cs_request *request, const struct cs_open_transfer *transfer,
                         struct cs_err *err)
{
    struct cs_key *copy = NULL;
    struct cs_err problem = {0};
    cs_rc rc = CS_OK;

    if (store->ops->find(store, request->key_id, &copy, &problem) != CS_OK) {
        return ask_to_undo(flow, store, request, transfer, problem.message, err);
    }
    if (!copy) {
        return undo(flow, store, request, transfer, err);
    }
    if (is_as_asked(store, copy, request, transfer)) {
        rc = finish(flow, store, request, transfer, copy, err);
    } else {
        rc = ask_to_undo(flow, store, request, transfer, "", err);
    }
    store->ops->key_free(copy);
    return rc;
}

static cs_rc settle(const struct cs_flow *flow, struct cs_keystore *store,
                    const struct cs_open_transfer *transfer, struct cs_err *err)
{
    cs_auto(cs_request) request = NULL;
    struct cs_err problem = {0};

    if (strcmp(store->ops->info(store)->uri, transfer->target) != 0) {
        cs_autofree char *text = cs_asprintf("a copy of the key of request %" PRId64
                                             " may be left on another token: run `cscert "
                                             "recover --token '%s'`",
                                             transfer->request_id, transfer->target);
        say(flow, text);
        return CS_OK;
    }
    if (cs_store_get(flow->store, transfer->request_id, &request, &problem) != CS_OK) {
        say(flow, problem.message);
        return CS_OK;
    }
    /* The key itself is no copy. */
    if (request->token_uri && strcmp(request->token_uri, transfer->target) == 0) {
        return CS_OK;
    }
    return settle_here(flow, store, request, transfer, err);
}

cs_rc cs_flow_settle_transfers(const struct cs_flow *flow, struct cs_keystore *store,
                               struct cs_err *err)
{
    cs_auto_value(cs_open_transfer_list) transfers = {0};

    CS_TRY(cs_store_open_transfers(flow->store, &transfers, err));
    for (size_t i = 0; i < transfers.count && !flow->what_if; i++) {
        CS_TRY(settle(flow, store, &transfers.items[i], err));
    }
    return CS_OK;
}

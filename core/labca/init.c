#include "base/clock.h"
#include "base/mem.h"
#include "labca/issue.h"
#include "labca/labca.h"

#include <openssl/rand.h>

#include <stdio.h>
#include <string.h>

static cs_rc check_free(struct cs_store *store, const char *name, struct cs_err *err)
{
    cs_auto_value(cs_labca_row) row = {0};
    bool found = false;

    CS_TRY(cs_labca_check_name(name, err));
    CS_TRY(cs_store_labca_get(store, name, &row, &found, err));
    if (found) {
        return cs_fail_hint(err, CS_E_USAGE, "choose another name, or use the one that is there",
                            "there is a lab CA \"%.80s\" already", name);
    }
    return CS_OK;
}

/* The CKA_ID is in the store before there is a key: after a crash `recover` undoes what carries it.
 */
static cs_rc announce(struct cs_store *store, const struct cs_keystore *keystore,
                      struct cs_key_request *request, struct cs_err *err)
{
    struct cs_key_intent intent = {.token_uri = keystore->ops->info(keystore)->uri};

    if (RAND_bytes(request->id, sizeof request->id) != 1) {
        return cs_fail_openssl(err, CS_E_INTERNAL, "RAND_bytes", "no CKA_ID can be made");
    }
    request->id_is_fresh = true;
    memcpy(intent.key_id, request->id, sizeof intent.key_id);
    return cs_store_intent_add(store, &intent, err);
}

/* From the key pair to the row, which takes the intent's place: a CA that is in the store is whole.
 */
static cs_rc finish(struct cs_store *store, struct cs_keystore *keystore, struct cs_key *key,
                    struct cs_labca_row *row, struct cs_err *err)
{
    memcpy(row->key_id, key->id, sizeof row->key_id);
    CS_TRY(cs_labca_issue_own(keystore, key, row->name, row->created, &row->certificate, err));
    CS_TRY(keystore->ops->keep(keystore, key, err));
    return cs_store_labca_add(store, row, err);
}

/* What failed stays the error; that the key could not be destroyed either becomes its hint. */
static void undo(struct cs_store *store, struct cs_keystore *keystore,
                 const struct cs_key_request *request, struct cs_err *err)
{
    struct cs_err second = {0};
    size_t count = 0;

    cs_rc rc = keystore->ops->destroy(keystore, request->id, &count, &second);
    if (rc == CS_OK) {
        rc = cs_store_intent_remove(store, request->id, &second);
    }
    if (rc != CS_OK && err) {
        err->hint[0] = 0;
        cs_err_hint(err, "the CA's key pair could not be destroyed (%.200s): run `cscert recover`",
                    second.message);
    }
}

/* The CA works without its certificate on the token, which is for those who look there. */
static cs_rc show_on_token(struct cs_keystore *keystore, const struct cs_key *key,
                           const struct cs_labca_row *row, struct cs_err *err)
{
    cs_rc rc = keystore->ops->put_certificate(keystore, key, &row->certificate, err);

    if (rc != CS_OK) {
        cs_err_hint(err, "the lab CA is ready all the same: its certificate is in the store");
    }
    return rc;
}

cs_rc cs_labca_init(struct cs_store *store, struct cs_keystore *keystore, const char *name,
                    const struct cs_key_spec *spec, struct cs_err *err)
{
    cs_autofree char *label = cs_asprintf("cscert lab CA %s", name);
    struct cs_key_request request = {.spec = *spec, .label = label, .exportable = false};
    cs_auto_value(cs_labca_row) row = {.name = cs_strdup(name), .created = cs_clock_now()};
    struct cs_key *key = NULL;

    CS_TRY(check_free(store, name, err));
    CS_TRY(keystore->ops->check(keystore, spec, false, err));
    row.token_uri = cs_strdup(keystore->ops->info(keystore)->uri);
    CS_TRY(announce(store, keystore, &request, err));
    cs_rc rc = keystore->ops->generate(keystore, &request, &key, err);
    if (rc == CS_OK) {
        rc = finish(store, keystore, key, &row, err);
    }
    if (rc != CS_OK) {
        undo(store, keystore, &request, err);
    } else {
        rc = show_on_token(keystore, key, &row, err);
    }
    if (key) {
        keystore->ops->key_free(key);
    }
    return rc;
}

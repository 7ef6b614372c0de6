/* A certificate from a file: .cer, .p7b, .pfx. */
#include "base/clock.h"
#include "base/mem.h"
#include "flow/flow_internal.h"
#include "x509/pkcs12.h"
#include "x509/reply.h"
#include "x509/spki.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the file holds, and what is known of it. */
struct import {
    const struct cs_flow *flow;
    const struct cs_import_options *options;
    struct cs_flow_token token;
    struct cs_bytes certificate; /* of a server; empty: CAs only */
    struct cs_cert_facts facts;  /* of that */
    struct cs_bytes chain;       /* concatenated */
    struct cs_secret *pkcs8;     /* NULL: the file has no key */
    char *friendly_name;
    struct cs_strv warnings;
    struct cs_strv said; /* that were shown already */
};

static void import_done(struct import *import)
{
    cs_flow_token_done(&import->token);
    cs_bytes_done(&import->certificate);
    cs_cert_facts_done(&import->facts);
    cs_bytes_done(&import->chain);
    cs_secret_free(import->pkcs8);
    free(import->friendly_name);
    cs_strv_done(&import->warnings);
    cs_strv_done(&import->said);
}

/* ---- reading the file ---- */

static cs_rc fail_file(const struct import *import, cs_rc rc, struct cs_err *err)
{
    cs_autofree char *path = cs_terminal_escape(import->options->path);

    if (err) {
        cs_autofree char *message = cs_strdup(err->message);
        snprintf(err->message, sizeof err->message, "%.300s: %s", path, message);
    }
    return rc;
}

static cs_rc read_pkcs12(struct import *import, struct cs_err *err)
{
    return cs_pkcs12_read(import->options->file, import->options->password, &import->pkcs8,
                          &import->certificate, &import->chain, &import->friendly_name, err);
}

/* One server's certificate with what leads from it to a root, or CA certificates alone. */
static cs_rc read_certificates(struct import *import, struct cs_err *err)
{
    const struct cs_bytes *file = import->options->file;
    cs_auto_value(cs_bytes) leaf = {0};
    cs_auto_value(cs_cert_facts) facts = {0};

    CS_TRY(cs_reply_leaf(file, &leaf, err));
    CS_TRY(cs_cert_read(&leaf, &facts, err));
    if (facts.is_ca) {
        return cs_reply_all(file, &import->chain, err);
    }
    return cs_reply_parse(file, &facts.spki, &import->certificate, &import->chain, err);
}

/* As Windows, and as others, name such a file. */
static bool is_named_pkcs12(const char *path)
{
    return cs_flow_is_named(path, ".pfx") || cs_flow_is_named(path, ".p12");
}

static cs_rc read_file(struct import *import, struct cs_err *err)
{
    const bool is_pkcs12 = cs_reply_is_pkcs12(import->options->file);

    cs_rc rc = is_pkcs12 ? read_pkcs12(import, err) : read_certificates(import, err);
    if (rc == CS_E_INPUT && !is_pkcs12 && is_named_pkcs12(import->options->path)) {
        rc = cs_fail_hint(err, CS_E_INPUT, CS_PKCS12_DAMAGED_HINT,
                          "this is no PKCS#12 file, or it is damaged");
    }
    if (rc == CS_OK && import->certificate.len) {
        rc = cs_cert_read(&import->certificate, &import->facts, err);
    }
    return rc == CS_OK ? CS_OK : fail_file(import, rc, err);
}

/* ---- the answer to a request of ours ---- */

/* One that was answered with another certificate keeps its own. */
static bool takes_answer(const struct cs_request *request, const struct cs_bytes *certificate)
{
    switch (request->state) {
    case CS_STATE_OFFLINE:
    case CS_STATE_PENDING:
    case CS_STATE_SUBMITTED:
        return true;
    case CS_STATE_ISSUED:
        return cs_bytes_equal(&request->certificate, certificate);
    default:
        return false;
    }
}

/* Before the first change. */
static cs_rc ask(const struct import *import, const char *what, struct cs_err *err)
{
    const struct cs_flow *flow = import->flow;
    const struct cs_keystore *store = import->token.store;
    cs_autofree char *question =
        cs_asprintf("Put %s on the token \"%s\"?", what, store->ops->info(store)->label);

    CS_TRY(cs_flow_check_signal(flow, err));
    return flow->confirm && !flow->what_if ? flow->ui->ops->confirm(flow->ui, question, err)
                                           : CS_OK;
}

/* The token has the key: that of the file, which is the same, is not used. That it is there at all
 * is news where nobody but the token was to have it. @request: that made it, or NULL. */
static void warn_of_key(struct import *import, const struct cs_request *request)
{
    if (import->pkcs8 && request && !request->plan->exportable) {
        cs_strv_take(&import->warnings,
                     cs_asprintf("%s holds the private key of request %" PRId64 ", which was made "
                                 "on the token not to leave it: it was not used, but whoever has "
                                 "the file has the key; request a certificate with a new one",
                                 import->options->path, request->id));
    } else if (import->pkcs8 && import->options->import_key) {
        cs_strv_add(&import->warnings, "the certificate's private key is on the token already: "
                                       "that of the file was not used");
    }
}

/* As `retrieve --reply` would: the request is done with it. */
static cs_rc answer_request(struct import *import, struct cs_request *request, struct cs_err *err)
{
    const struct cs_flow *flow = import->flow;
    cs_auto_value(cs_strv) warnings = {0};
    struct cs_result result = {.request = request};

    CS_TRY(cs_cert_check(&import->certificate, request->plan, &request->spki, cs_clock_now(),
                         &warnings, err));
    CS_TRY(cs_flow_token_open(flow, &import->token, err));
    CS_TRY(ask(import, import->facts.subject, err));
    warn_of_key(import, request);
    if (flow->what_if) {
        cs_strv_copy(&import->warnings, &warnings);
        return CS_OK;
    }
    if (request->state != CS_STATE_ISSUED) {
        cs_bytes_done(&request->certificate);
        cs_bytes_done(&request->chain);
        request->certificate = cs_bytes_copy(import->certificate.data, import->certificate.len);
        request->chain = cs_bytes_copy(import->chain.data, import->chain.len);
        request->error = (struct cs_err){0};
        CS_TRY(cs_store_transition(flow->store, request, CS_STATE_ISSUED, err));
    }
    cs_rc rc = cs_flow_import(flow, &result, &import->token, err);
    cs_strv_copy(&import->said, &result.warnings);
    cs_strv_done(&result.warnings);
    return rc;
}

/* ---- the key ---- */

static cs_rc fail_no_key(const struct import *import, struct cs_err *err)
{
    const char *label = import->token.store->ops->info(import->token.store)->label;

    if (import->pkcs8) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "better request a certificate whose key is made on the token; to bring "
                            "this one there all the same say --import-key: it is marked as not "
                            "made there",
                            "%s holds the private key of %.200s, which is not on the token \"%s\": "
                            "a key that was outside a token is not imported unasked",
                            import->options->path, import->facts.subject, label);
    }
    const bool asked = import->options->import_key;
    return cs_fail_hint(err, CS_E_MISMATCH,
                        asked ? "name the token with the key by --token, or export the certificate "
                                "again with its private key"
                              : "name the token with the key by --token; a .pfx file that holds "
                                "the key is imported with --import-key",
                        "the private key of %.200s is not on the token \"%s\"%s: without it no "
                        "server can use the certificate",
                        import->facts.subject, label, asked ? ", nor in the file" : "");
}

static const char *label_of(const struct import *import)
{
    const char *name = import->options->label ? import->options->label : import->friendly_name;

    return name && *name ? name : import->facts.common_name;
}

/* The certificate and the store's row stand for the key from here on. */
static cs_rc settle_key(struct import *import, const struct cs_key *key, struct cs_err *err)
{
    struct cs_keystore *store = import->token.store;
    struct cs_imported_key row = {
        .token_uri = store->ops->info(store)->uri, /* borrowed, as the next */
        .certificate = import->certificate,
    };

    memcpy(row.key_id, key->id, sizeof row.key_id);
    if (!cs_cert_key_equal(&key->spki, &import->facts.spki)) {
        return cs_fail_hint(err, CS_E_MISMATCH, "export key and certificate together",
                            "the private key in %s is not the certificate's",
                            import->options->path);
    }
    CS_TRY(store->ops->put_certificate(store, key, &import->certificate, err));
    return cs_store_imported_add(import->flow->store, &row, err);
}

/* After a failure nothing of it stays, or `recover` finds the intent. */
static void undo_key(struct import *import, const uint8_t id[CS_KEY_ID_LEN])
{
    struct cs_keystore *store = import->token.store;
    size_t count = 0;

    if (store->ops->destroy(store, id, &count, NULL) == CS_OK) {
        (void)!cs_store_intent_remove(import->flow->store, id, NULL);
    }
}

/* What `new` would not make is not brought there from outside either. */
static cs_rc check_policy(const struct import *import, struct cs_err *err)
{
    const struct cs_import_options *options = import->options;
    struct cs_key_spec spec;

    if (options->exportable && options->policy_forbid_exportable) {
        return cs_fail_hint(err, CS_E_POLICY, "leave -PrivateKeyExportable out",
                            "the policy forbids exportable keys (forbid-exportable)");
    }
    CS_TRY(cs_spki_spec(&import->facts.spki, &spec, err));
    if (cs_key_is_rsa(&spec) && spec.bits < options->policy_min_rsa_bits) {
        return cs_fail_hint(err, CS_E_POLICY, "request a certificate with a new key",
                            "the policy wants RSA keys of at least %u bits (min-rsa-bits); that in "
                            "%s has %u",
                            options->policy_min_rsa_bits, options->path, spec.bits);
    }
    return CS_OK;
}

static cs_rc import_key(struct import *import, struct cs_err *err)
{
    struct cs_keystore *store = import->token.store;
    struct cs_key_intent intent = {.token_uri = store->ops->info(store)->uri};
    struct cs_key_request wanted = {.label = label_of(import),
                                    .exportable = import->options->exportable};
    struct cs_key *key = NULL;

    CS_TRY(cs_spki_spec(&import->facts.spki, &wanted.spec, err));
    CS_TRY(cs_flow_make_key_id(wanted.id, err));
    memcpy(intent.key_id, wanted.id, sizeof intent.key_id);
    CS_TRY(cs_store_intent_add(import->flow->store, &intent, err));
    cs_rc rc = store->ops->import_key(store, &wanted, import->pkcs8, &key, err);
    if (rc == CS_OK) {
        rc = settle_key(import, key, err);
        store->ops->key_free(key);
    }
    if (rc != CS_OK) {
        undo_key(import, wanted.id);
    }
    return rc;
}

static cs_rc put_with_key(struct import *import, const struct cs_request *request,
                          struct cs_err *err)
{
    struct cs_keystore *store = import->token.store;
    cs_auto_value(cs_bytes) id = {0};

    CS_TRY(store->ops->find_id(store, &import->facts.spki, &id, err));
    if (id.len) {
        warn_of_key(import, request);
    }
    if (id.len == 0 && !(import->pkcs8 && import->options->import_key)) {
        return fail_no_key(import, err);
    }
    if (id.len == 0) {
        CS_TRY(check_policy(import, err));
    }
    CS_TRY(ask(import, import->facts.subject, err));
    if (import->flow->what_if) {
        return CS_OK;
    }
    if (id.len == 0) {
        return import_key(import, err);
    }
    return store->ops->put_certificate_at(store, &id, import->options->label, &import->certificate,
                                          err);
}

/* ---- the CAs ---- */

static cs_rc put_ca(void *ctx, const struct cs_bytes *der, struct cs_err *err)
{
    struct import *import = ctx;
    struct cs_keystore *store = import->token.store;
    cs_auto_value(cs_cert_facts) facts = {0};

    CS_TRY(cs_cert_read(der, &facts, err));
    if (!facts.is_ca) {
        return CS_OK;
    }
    cs_strv_take(&import->warnings,
                 cs_asprintf("the CA certificate of %s goes on the token unverified: compare its "
                             "SHA-256 %s with what the CA publishes",
                             facts.subject, facts.sha256));
    if (import->flow->what_if) {
        return CS_OK;
    }
    return store->ops->put_ca_certificate(
        store, der, facts.common_name ? facts.common_name : facts.subject, err);
}

static cs_rc put_cas(struct import *import, struct cs_err *err)
{
    CS_TRY(cs_flow_token_open(import->flow, &import->token, err));
    CS_TRY(ask(import, "these CA certificates", err));
    return cs_cert_each(&import->chain, put_ca, import, err);
}

/* ---- what came of it ---- */

struct wanted {
    struct cs_certificate_list *list; /* of all that is on the token */
    struct cs_certificate_list *ret;
};

static cs_rc take_one(void *ctx, const struct cs_bytes *der, struct cs_err *err)
{
    const struct wanted *wanted = ctx;

    (void)err;
    for (size_t i = 0; i < wanted->list->count; i++) {
        struct cs_certificate *one = &wanted->list->items[i];
        if (cs_bytes_equal(&one->der, der)) {
            *cs_flow_add_certificate(wanted->ret) = *one;
            *one = (struct cs_certificate){0};
            return CS_OK;
        }
    }
    return CS_OK;
}

/* Who looks for a certificate by its friendly name finds either. */
static void warn_of_twin(struct import *import, const struct cs_certificate_list *list)
{
    const struct cs_certificate *own = NULL;

    for (size_t i = 0; i < list->count && !own; i++) {
        own = cs_bytes_equal(&list->items[i].der, &import->certificate) ? &list->items[i] : NULL;
    }
    for (size_t i = 0; own && i < list->count; i++) {
        const struct cs_certificate *other = &list->items[i];
        if (*own->label && strcmp(own->label, other->label) == 0 &&
            !cs_bytes_equal(&own->key_id, &other->key_id)) {
            cs_strv_take(
                &import->warnings,
                cs_asprintf("another certificate on the token has the friendly name "
                            "\"%s\" too: its thumbprint is %s",
                            own->label,
                            other->facts.thumbprint ? other->facts.thumbprint : "unknown"));
            return;
        }
    }
}

/* With -WhatIf what is not on the token yet stands in the list as it would be there. */
static void add_planned(const struct import *import, struct cs_certificate_list *list)
{
    struct cs_certificate *planned = cs_flow_add_certificate(list);

    planned->der = cs_bytes_copy(import->certificate.data, import->certificate.len);
    planned->label = cs_strdup(label_of(import));
    if (import->token.store) {
        planned->token = cs_strdup(import->token.store->ops->info(import->token.store)->uri);
    }
    (void)!cs_cert_read(&planned->der, &planned->facts, NULL);
}

static cs_rc list_results(struct import *import, struct cs_certificate_list *ret_list,
                          struct cs_err *err)
{
    cs_auto_value(cs_certificate_list) list = {0};
    const struct wanted wanted = {&list, ret_list};
    const bool has_leaf = import->certificate.len > 0;

    CS_TRY(cs_flow_read_certificates(import->flow, &import->token, &list, NULL, NULL, NULL, err));
    if (has_leaf) {
        warn_of_twin(import, &list);
    }
    CS_TRY(cs_cert_each(has_leaf ? &import->certificate : &import->chain, take_one,
                        (void *)(uintptr_t)&wanted, err));
    if (has_leaf && ret_list->count == 0 && import->flow->what_if) {
        add_planned(import, ret_list);
    }
    return CS_OK;
}

static cs_rc assign(const struct import *import, struct cs_certificate_list *list,
                    struct cs_err *err)
{
    const struct cs_import_options *options = import->options;
    cs_type_set types = 0;

    if (!options->types->count) {
        return CS_OK;
    }
    if (!import->certificate.len || list->count == 0) {
        return cs_fail_hint(err, CS_E_USAGE, "leave -Type out",
                            "%s holds CA certificates only: no type can be served with them",
                            options->path);
    }
    CS_TRY(cs_cert_types_parse(options->types, NULL, &types, err));
    return cs_flow_assign(import->flow, &list->items[0], types, options->roll, options->effective,
                          err);
}

/* Puts what the file holds on the token. */
static cs_rc put_all(struct import *import, struct cs_err *err)
{
    cs_auto_value(cs_request_list) requests = {0};
    struct cs_request *request = NULL;

    if (!import->certificate.len) {
        return put_cas(import, err);
    }
    CS_TRY(cs_cert_check_server(&import->facts, cs_clock_now(), &import->warnings, err));
    CS_TRY(cs_flow_find_answered(import->flow, &import->token, &import->facts, &import->certificate,
                                 &requests, &request, err));
    if (request && takes_answer(request, &import->certificate)) {
        cs_strv_done(&import->warnings); /* the same and more come with the answer */
        return answer_request(import, request, err);
    }
    CS_TRY(cs_flow_token_open(import->flow, &import->token, err));
    CS_TRY(put_with_key(import, request, err));
    return import->flow->chain && import->chain.len
               ? cs_cert_each(&import->chain, put_ca, import, err)
               : CS_OK;
}

static cs_rc check_types(const struct cs_import_options *options, struct cs_err *err)
{
    cs_type_set types = 0;

    return options->types->count ? cs_cert_types_parse(options->types, NULL, &types, err) : CS_OK;
}

cs_rc cs_flow_import_file(const struct cs_flow *flow, const struct cs_import_options *options,
                          struct cs_certificate_list *ret_list, struct cs_err *err)
{
    cs_auto_value(import) import = {.flow = flow, .options = options};

    CS_TRY(check_types(options, err));
    CS_TRY(read_file(&import, err));
    CS_TRY(put_all(&import, err));
    CS_TRY(list_results(&import, ret_list, err));
    cs_flow_warn(flow, &import.warnings);
    if (ret_list->count) {
        cs_strv_copy(&ret_list->items[0].warnings, &import.said);
        cs_strv_copy(&ret_list->items[0].warnings, &import.warnings);
    }
    return assign(&import, ret_list, err);
}

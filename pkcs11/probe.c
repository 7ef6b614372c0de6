#include "pkcs11/probe_internal.h"

#include "base/mem.h"
#include "pkcs11/ckr.h"
#include "pkcs11/object.h"

#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* From what costs a token least to what costs it most. */
static const struct cs_key_spec all_specs[] = {
    {CS_KEY_EC_P256, 256}, {CS_KEY_EC_P384, 384}, {CS_KEY_EC_P521, 521}, {CS_KEY_RSA, 1024},
    {CS_KEY_RSA, 2048},    {CS_KEY_RSA, 3072},    {CS_KEY_RSA, 4096}};
#define ALL_SPECS (sizeof all_specs / sizeof *all_specs)

const char *cs_probe_result_name(enum cs_probe_result result)
{
    static const char *const names[] = {
#define RESULT_NAME(word, text) [CS_PROBE_##word] = (text),
        CS_PROBE_RESULTS(RESULT_NAME)
#undef RESULT_NAME
    };
    return names[result];
}

const char *cs_probe_severity_name(enum cs_probe_severity severity)
{
    static const char *const names[] = {"", "contradiction", "danger"};

    return names[severity];
}

void cs_probe_done(struct cs_probe *probe)
{
    for (size_t i = 0; i < probe->count; i++) {
        free(probe->items[i].about);
        free(probe->items[i].what);
        free(probe->items[i].detail);
        free(probe->items[i].cause);
    }
    free(probe->items);
    cs_strv_done(&probe->left);
    free(probe->draft);
    *probe = (struct cs_probe){0};
}

/* ---- findings ---- */

bool cs_probe_is_gone(CK_RV rv)
{
    return rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT ||
           rv == CKR_CRYPTOKI_NOT_INITIALIZED;
}

CS_PRINTF(7, 0)
static void add(struct cs_prober *prober, const char *what, enum cs_probe_result result,
                enum cs_probe_severity severity, const char *operation, CK_RV rv,
                const char *format, va_list args)
{
    struct cs_probe *report = prober->report;
    char *detail = NULL;

    if (vasprintf(&detail, format, args) < 0) {
        detail = cs_strdup("");
    }
    report->items = cs_realloc(report->items, report->count + 1, sizeof *report->items);
    report->items[report->count++] = (struct cs_probe_finding){
        .about = cs_strdup(prober->about),
        .what = cs_strdup(what),
        .result = result,
        .severity = severity,
        .detail = detail,
        .cause =
            rv == CKR_OK ? NULL : cs_asprintf("%s: %s (0x%lx)", operation, cs_ckr_name(rv), rv),
        .milliseconds = -1,
    };
    report->contradictions += severity != CS_PROBE_FINE;
    report->dangers += severity == CS_PROBE_DANGER;
    prober->gone |= cs_probe_is_gone(rv);
    if (prober->options->each) {
        prober->options->each(prober->options->ctx, report);
    }
}

void cs_probe_add(struct cs_prober *prober, const char *what, enum cs_probe_result result,
                  enum cs_probe_severity severity, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(prober, what, result, severity, "", CKR_OK, format, args);
    va_end(args);
}

void cs_probe_add_rv(struct cs_prober *prober, const char *what, enum cs_probe_result result,
                     enum cs_probe_severity severity, const char *operation, CK_RV rv,
                     const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(prober, what, result, severity, operation, rv, format, args);
    va_end(args);
}

void cs_probe_time(struct cs_prober *prober, double milliseconds)
{
    prober->report->items[prober->report->count - 1].milliseconds = milliseconds;
}

void cs_probe_about(struct cs_prober *prober, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(prober->about, sizeof prober->about, format, args);
    va_end(args);
    cs_probe_doing(prober, "begin");
}

void cs_probe_doing(struct cs_prober *prober, const char *what)
{
    cs_probe_guard_doing(&prober->token->watch, prober->about, what);
}

void cs_probe_spec_name(const struct cs_key_spec *spec, char ret_name[24])
{
    if (cs_key_is_rsa(spec)) {
        snprintf(ret_name, 24, "RSA-%u", spec->bits);
    } else {
        snprintf(ret_name, 24, "%s", cs_key_alg_name(spec->alg));
    }
}

double cs_probe_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

bool cs_probe_stopped(struct cs_prober *prober)
{
    struct cs_ui *ui = prober->token->ui;

    return prober->gone || (ui && ui->ops->interrupted(ui));
}

void cs_probe_note(struct cs_strv *list, const char *word)
{
    if (!cs_strv_has(list, word)) {
        cs_strv_add(list, word);
    }
}

/* ---- sessions and objects ---- */

bool cs_probe_enter_side(struct cs_prober *prober)
{
    struct cs_token *token = prober->token;
    CK_SESSION_HANDLE side = CK_INVALID_HANDLE;
    CK_RV rv = cs_ck(token, C_OpenSession, token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                     NULL, &side);

    if (rv != CKR_OK) {
        cs_probe_add_rv(prober, "second session", CS_PROBE_NO, CS_PROBE_FINE, "C_OpenSession", rv,
                        "what needs one is not tried");
        return false;
    }
    prober->main = token->session;
    token->session = side;
    return true;
}

void cs_probe_leave_side(struct cs_prober *prober)
{
    struct cs_token *token = prober->token;

    cs_ck(token, C_CloseSession, token->session);
    token->session = prober->main;
}

static void add_left(struct cs_prober *prober, CK_OBJECT_CLASS class, const uint8_t *id)
{
    CK_OBJECT_HANDLE handles[CS_SAME_ID_MAX];
    size_t count = 0;

    if (cs_object_find_id(prober->token, class, id, CS_KEY_ID_LEN, handles, CS_SAME_ID_MAX, &count,
                          NULL) != CS_OK) {
        count = 1; /* nobody knows */
    }
    for (size_t i = 0; i < count; i++) {
        cs_autofree char *hex = cs_hex(id, CS_KEY_ID_LEN);
        cs_strv_take(&prober->report->left,
                     cs_asprintf("%s, label \"%s\", CKA_ID %s",
                                 class == CKO_PRIVATE_KEY ? "private key" : "public key",
                                 prober->label, hex));
    }
}

/* Whatever happened on the way: nothing on the token that carries one of our CKA_IDs stays. */
static void sweep(struct cs_prober *prober)
{
    for (size_t i = 0; i < prober->id_count; i++) {
        size_t count;
        cs_probe_doing(prober, "cleaning up");
        if (cs_object_destroy_keys(prober->token, prober->ids[i], &count, NULL) != CS_OK) {
            add_left(prober, CKO_PRIVATE_KEY, prober->ids[i]);
            add_left(prober, CKO_PUBLIC_KEY, prober->ids[i]);
        }
    }
    prober->id_count = 0;
}

void cs_probe_may_stay(struct cs_prober *prober, const uint8_t id[CS_KEY_ID_LEN])
{
    for (size_t i = 0; i < prober->id_count; i++) {
        if (memcmp(prober->ids[i], id, CS_KEY_ID_LEN) == 0) {
            return;
        }
    }
    if (prober->id_count == CS_PROBE_PAIRS_MAX) {
        sweep(prober); /* its objects are destroyed by now, or never will be */
    }
    memcpy(prober->ids[prober->id_count++], id, CS_KEY_ID_LEN);
}

void cs_probe_destroy(struct cs_prober *prober, CK_OBJECT_HANDLE object)
{
    if (object != CK_INVALID_HANDLE) {
        cs_ck(prober->token, C_DestroyObject, prober->token->session, object);
    }
}

/* ---- the run ---- */

static void step(struct cs_prober *prober)
{
    struct cs_ui *ui = prober->token->ui;

    if (ui) {
        ui->ops->progress(ui, ++prober->done, prober->options->spec_count + 2);
    }
}

/* The lock is held for the life of one pair, as for any other (token.c). */
static cs_rc try_key(struct cs_prober *prober, const struct cs_key_spec *spec, struct cs_err *err)
{
    CS_TRY(cs_lock_take(prober->token->lock, CS_LOCK_WAIT_MS, err));
    if (spec) {
        cs_probe_key(prober, spec);
    } else {
        cs_probe_where(prober);
    }
    sweep(prober);
    cs_lock_release(prober->token->lock);
    step(prober);
    return CS_OK;
}

static cs_rc run_all(struct cs_prober *prober, struct cs_err *err)
{
    cs_probe_token(prober);
    cs_probe_mechanisms(prober);
    step(prober);
    if (!cs_probe_stopped(prober)) {
        CS_TRY(try_key(prober, NULL, err));
    }
    for (size_t i = 0; i < prober->options->spec_count && !cs_probe_stopped(prober); i++) {
        CS_TRY(try_key(prober, &prober->options->specs[i], err));
    }
    return CS_OK;
}

static cs_rc run(struct cs_prober *prober, struct cs_err *err)
{
    struct cs_ui *ui = prober->token->ui;

    CS_TRY(run_all(prober, err));
    cs_probe_about(prober, "token");
    if (prober->gone) {
        return cs_fail_hint(err, CS_E_TOKEN_ABSENT, "connect the token and begin again",
                            "the token \"%s\" has gone in the middle of the check",
                            prober->token->info.label);
    }
    if (ui && ui->ops->interrupted(ui)) {
        return cs_fail(err, CS_E_CANCELLED,
                       "stopped by a signal; what was found until then is shown");
    }
    prober->report->draft = cs_probe_draft(prober);
    return CS_OK;
}

static void facts_done(struct cs_probe_facts *facts)
{
    cs_strv_done(&facts->refuses);
    cs_strv_done(&facts->unreliable);
    cs_strv_done(&facts->cannot);
}

cs_rc cs_probe_run(struct cs_keystore *store, const struct cs_probe_options *options,
                   struct cs_probe *probe, struct cs_err *err)
{
    struct cs_token *token = cs_token_of(store);
    struct cs_probe_options filled = *options;
    struct cs_prober prober = {.token = token, .report = probe, .options = &filled};
    uint8_t random[8];

    *probe = (struct cs_probe){.token = &token->info};
    if (!filled.specs) {
        filled.specs = all_specs;
        filled.spec_count = ALL_SPECS;
    }
    if (RAND_bytes(random, sizeof random) != 1) {
        return cs_fail(err, CS_E_INTERNAL, "libcrypto has no random numbers");
    }
    cs_autofree char *hex = cs_hex(random, sizeof random);
    snprintf(prober.label, sizeof prober.label, "cscert-check-%s", hex);
    cs_probe_guard(&token->watch, prober.label);
    if (token->ui) {
        token->ui->ops->begin(token->ui, "trying what the token can do");
    }
    cs_rc rc = run(&prober, err);
    if (token->ui) {
        token->ui->ops->end(token->ui);
    }
    cs_probe_guard_end(&token->watch);
    facts_done(&prober.facts);
    return rc;
}

/* A certificate is to serve types: what of `set`, and of `import` with types, is the same. */
#include "base/clock.h"
#include "base/mem.h"
#include "flow/flow_internal.h"
#include "x509/spki.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HOUR ((int64_t)3600)

/* How long before the current certificate ends a staged one must serve. Source: "Staging AV and
 * OAuth certificates using -Roll in Set-CsCertificate": 8 hours, the default lifetime of the A/V
 * Edge service's tokens, are recommended; 24 hours are the minimum for what others (Exchange) keep
 * of the OAuth certificate. These two are the types that staging was made for. */
static const struct lead {
    enum cs_cert_type type;
    int64_t seconds;
    bool required;
    const char *why;
} leads[] = {
    {CS_TYPE_AUDIO_VIDEO_AUTHENTICATION, 8 * HOUR, false,
     "tokens of the A/V Edge service live for 8 hours by default"},
    {CS_TYPE_OAUTH_TOKEN_ISSUER, 24 * HOUR, true,
     "other servers keep what they know of the OAuth certificate for up to 24 hours"},
};

struct change {
    struct cs_use use; /* borrowed: the certificate as what it is to be */
    const struct cs_cert_facts *facts;
    bool roll;
    int64_t now;
};

static const struct lead *find_lead(enum cs_cert_type type)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        if (leads[i].type == type) {
            return &leads[i];
        }
    }
    return NULL;
}

static const char *name_of(enum cs_cert_type type)
{
    return cs_cert_type_info(type)->name;
}

/* ---- the certificate itself ---- */

static cs_rc fail_no_key(const struct cs_certificate *certificate, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_MISMATCH,
                        "import it on the token where its key is, or make a new request: a server "
                        "without the private key cannot use it",
                        "the certificate of %.200s has no private key on the token",
                        certificate->facts.subject);
}

static cs_rc check_date(const struct cs_cert_facts *facts, int64_t effective, int64_t now,
                        struct cs_err *err)
{
    char date[CS_TIME_TEXT_SIZE];
    char limit[CS_TIME_TEXT_SIZE];

    cs_clock_format(effective, date);
    if (effective <= now) {
        return cs_fail_hint(err, CS_E_USAGE, "leave -Roll and -EffectiveDate out to assign at once",
                            "the effective date %s has passed", date);
    }
    if (effective >= facts->not_after) {
        return cs_fail_hint(err, CS_E_USAGE, "name an earlier -EffectiveDate",
                            "on the effective date %s the certificate has expired: it ends on %s",
                            date, cs_clock_format(facts->not_after, limit));
    }
    if (effective < facts->not_before) {
        return cs_fail_hint(err, CS_E_USAGE, "name a later -EffectiveDate",
                            "on the effective date %s the certificate is not valid yet: it begins "
                            "on %s",
                            date, cs_clock_format(facts->not_before, limit));
    }
    return CS_OK;
}

static cs_rc check_size(const struct cs_cert_facts *facts, cs_type_set types, struct cs_err *err)
{
    const unsigned min = cs_cert_types_min_rsa_bits(types);
    struct cs_key_spec spec;

    CS_TRY(cs_spki_spec(&facts->spki, &spec, err));
    if (!cs_key_is_rsa(&spec) || spec.bits >= min) {
        return CS_OK;
    }
    cs_autofree char *names = cs_cert_types_text(types);
    return cs_fail_hint(err, CS_E_POLICY, "request a certificate with a larger key: -KeySize 2048",
                        "the certificate has an RSA key of %u bits; %s needs %u", spec.bits, names,
                        min);
}

/* What it was requested for, if that is known. */
static cs_rc compare_request(const struct cs_flow *flow, const struct cs_certificate *certificate,
                             cs_type_set types, struct cs_strv *warnings, struct cs_err *err)
{
    cs_auto_value(cs_request_list) requests = {0};
    cs_auto_value(cs_flow_unread) unread = {0};
    cs_auto_value(cs_strv) missing = {0};

    if (certificate->unread_id) { /* which is said, and another one is not to be taken for it */
        return CS_OK;
    }
    CS_TRY(cs_flow_live_requests(flow, &requests, &unread, err));
    const struct cs_request *request =
        cs_flow_request_of(&requests, &certificate->der, &certificate->facts.spki);
    if (!request) {
        return CS_OK;
    }
    const struct cs_plan *plan = request->plan;
    for (size_t i = 0; i < plan->name_count; i++) {
        if (!cs_strv_ihas(&certificate->facts.names, plan->names[i].name)) {
            cs_strv_add(&missing, plan->names[i].name);
        }
    }
    if (missing.count) {
        cs_autofree char *list = cs_strv_join(&missing, ", ");
        cs_strv_take(warnings,
                     cs_asprintf("the certificate lacks names that were planned for it: %s", list));
    }
    if (types & ~plan->types) {
        cs_autofree char *other = cs_cert_types_text(types & ~plan->types);
        cs_autofree char *planned = cs_cert_types_text(plan->types);
        cs_strv_take(warnings, cs_asprintf("the certificate was requested for %s, not for %s: "
                                           "`cscert plan --type %s` shows the names that needs",
                                           planned, other, other));
    }
    return CS_OK;
}

static cs_rc check_certificate(const struct cs_flow *flow, const struct change *change,
                               const struct cs_certificate *certificate, cs_type_set types,
                               struct cs_strv *warnings, struct cs_err *err)
{
    const int64_t at = change->roll ? change->use.effective : change->now;

    if (certificate->origin == CS_KEY_NOT_THERE) {
        return fail_no_key(certificate, err);
    }
    if (change->roll) {
        CS_TRY(check_date(change->facts, change->use.effective, change->now, err));
    }
    CS_TRY(cs_cert_check_server(change->facts, at, warnings, err));
    CS_TRY(check_size(change->facts, types, err));
    return compare_request(flow, certificate, types, warnings, err);
}

/* ---- one type ---- */

static bool is_same(const struct cs_use *use, const struct change *change)
{
    return cs_bytes_equal(&use->certificate, &change->use.certificate);
}

static void put(struct cs_flow_slots *slots, enum cs_cert_type type, enum cs_use_slot slot,
                const struct change *change)
{
    struct cs_use *use = &slots->use[slot];

    cs_use_done(use);
    *use = (struct cs_use){
        .type = cs_strdup(name_of(type)),
        .slot = slot,
        .certificate = cs_bytes_copy(change->use.certificate.data, change->use.certificate.len),
        .token_uri = cs_strdup(change->use.token_uri),
        .key_id = cs_bytes_copy(change->use.key_id.data, change->use.key_id.len),
        .assigned = change->now,
        .effective = change->roll ? change->use.effective : 0,
    };
}

static void warn_staged(const struct cs_flow_slots *slots, enum cs_cert_type type,
                        struct cs_strv *warnings)
{
    const struct cs_use *staged = &slots->use[CS_USE_STAGED];
    char date[CS_TIME_TEXT_SIZE];

    if (staged->certificate.len) {
        cs_strv_take(warnings,
                     cs_asprintf("another certificate is staged for %s and takes over on %s; "
                                 "`cscert remove --type %s --staged` takes that back",
                                 name_of(type), cs_clock_format(staged->effective, date),
                                 name_of(type)));
    }
}

static bool set_at_once(struct cs_flow_slots *slots, enum cs_cert_type type,
                        const struct change *change, struct cs_strv *warnings)
{
    struct cs_use *current = &slots->use[CS_USE_CURRENT];
    bool was_staged = is_same(&slots->use[CS_USE_STAGED], change);

    if (was_staged) {
        cs_use_done(&slots->use[CS_USE_STAGED]);
    }
    warn_staged(slots, type, warnings);
    if (is_same(current, change)) {
        return was_staged;
    }
    if (current->certificate.len) {
        cs_use_done(&slots->use[CS_USE_PREVIOUS]);
        slots->use[CS_USE_PREVIOUS] = *current;
        slots->use[CS_USE_PREVIOUS].slot = CS_USE_PREVIOUS;
        *current = (struct cs_use){0};
    }
    put(slots, type, CS_USE_CURRENT, change);
    return true;
}

/* The two certificates must be valid together for as long as others rely on the old one. */
static cs_rc check_lead(const struct cs_use *current, enum cs_cert_type type, int64_t effective,
                        struct cs_strv *warnings, struct cs_err *err)
{
    const struct lead *lead = find_lead(type);
    cs_auto_value(cs_cert_facts) facts = {0};
    char date[CS_TIME_TEXT_SIZE];
    char ends[CS_TIME_TEXT_SIZE];
    char latest[CS_TIME_TEXT_SIZE];

    if (!current->certificate.len) {
        cs_strv_take(warnings, cs_asprintf("nothing serves %s until %s", name_of(type),
                                           cs_clock_format(effective, date)));
        return CS_OK;
    }
    CS_TRY(cs_cert_read(&current->certificate, &facts, err));
    const int64_t last = facts.not_after - (lead ? lead->seconds : 0);
    if (effective <= last) {
        return CS_OK;
    }
    cs_clock_format(effective, date);
    cs_clock_format(facts.not_after, ends);
    cs_clock_format(last, latest);
    if (lead && lead->required) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "name a date before that; if it has passed, assign at once: leave "
                            "-Roll and -EffectiveDate out",
                            "-EffectiveDate %s is too late for %s: its current certificate ends on "
                            "%s and %s, so that the latest date is %s",
                            date, name_of(type), ends, lead->why, latest);
    }
    cs_strv_take(
        warnings,
        cs_asprintf("the current certificate of %s ends on %s, the next one serves from %s "
                    "on: %s, so that %s is the latest date without a gap",
                    name_of(type), ends, date, lead ? lead->why : "nothing valid serves in between",
                    latest));
    return CS_OK;
}

static cs_rc stage(struct cs_flow_slots *slots, enum cs_cert_type type, const struct change *change,
                   bool *ret_changed, struct cs_strv *warnings, struct cs_err *err)
{
    const struct cs_use *staged = &slots->use[CS_USE_STAGED];
    const int64_t effective = change->use.effective;

    *ret_changed = false;
    if (is_same(&slots->use[CS_USE_CURRENT], change)) {
        cs_strv_take(warnings, cs_asprintf("the certificate serves %s already", name_of(type)));
        return CS_OK;
    }
    CS_TRY(check_lead(&slots->use[CS_USE_CURRENT], type, effective, warnings, err));
    if (is_same(staged, change) && staged->effective == effective) {
        return CS_OK;
    }
    if (staged->certificate.len && !is_same(staged, change)) {
        cs_strv_take(warnings, cs_asprintf("another certificate was staged for %s: this one takes "
                                           "its place",
                                           name_of(type)));
    }
    put(slots, type, CS_USE_STAGED, change);
    *ret_changed = true;
    return CS_OK;
}

/* ---- all types ---- */

/* The uses as they will be, stored with @write. */
static cs_rc apply(const struct cs_flow *flow, const struct change *change, cs_type_set types,
                   bool write, struct cs_use_list *uses, bool *ret_changed,
                   struct cs_strv *warnings, struct cs_err *err)
{
    *ret_changed = false;
    for (unsigned i = 0; i < CS_TYPE_COUNT; i++) {
        const enum cs_cert_type type = (enum cs_cert_type)i;
        cs_auto_value(cs_flow_slots) slots = {0};
        bool promoted = false;
        bool changed = false;
        if (!(types & (cs_type_set)1 << i)) {
            continue;
        }
        cs_flow_slots_take(uses, name_of(type), change->now, &slots, &promoted);
        if (change->roll) {
            CS_TRY(stage(&slots, type, change, &changed, warnings, err));
        } else {
            changed = set_at_once(&slots, type, change, warnings);
        }
        if (write && (changed || promoted)) {
            CS_TRY(cs_flow_slots_store(flow, &slots, name_of(type),
                                       change->roll ? "staged" : "assigned", err));
        }
        *ret_changed |= changed;
        cs_flow_slots_give(&slots, uses);
    }
    return CS_OK;
}

/* Another run may have changed something since the checks: in the group nobody can. */
static cs_rc write_all(const struct cs_flow *flow, const struct change *change, cs_type_set types,
                       struct cs_use_list *ret_uses, struct cs_err *err)
{
    cs_auto_value(cs_use_list) uses = {0};
    cs_auto_value(cs_strv) said = {0}; /* by the dry run */
    bool changed;

    CS_TRY(cs_store_group_begin(flow->store, err));
    cs_rc rc = cs_flow_uses_read(flow, &uses, err);
    if (rc == CS_OK) {
        rc = apply(flow, change, types, true, &uses, &changed, &said, err);
    }
    if (rc != CS_OK) {
        cs_store_group_undo(flow->store);
        return rc;
    }
    CS_TRY(cs_store_group_end(flow->store, err));
    *ret_uses = uses;
    uses = (struct cs_use_list){0};
    return CS_OK;
}

static cs_rc ask(const struct cs_flow *flow, const struct change *change, cs_type_set types,
                 struct cs_err *err)
{
    cs_autofree char *names = cs_cert_types_text(types);
    char date[CS_TIME_TEXT_SIZE];
    cs_autofree char *question =
        cs_asprintf("Let the certificate %s (%s) serve %s%s%s?", change->facts->thumbprint,
                    change->facts->subject, names, change->roll ? " from " : "",
                    change->roll ? cs_clock_format(change->use.effective, date) : "");

    return flow->ui->ops->confirm(flow->ui, question, err);
}

/* Only what staging was made for keeps both certificates alive. */
static void warn_of_roll(cs_type_set types, struct cs_strv *warnings)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        types &= ~((cs_type_set)1 << leads[i].type);
    }
    if (types) {
        cs_autofree char *names = cs_cert_types_text(types);
        cs_strv_take(warnings, cs_asprintf("-Roll keeps the old certificate in use for "
                                           "AudioVideoAuthentication and OAuthTokenIssuer only: "
                                           "sessions of %s have to be set up anew on that date",
                                           names));
    }
}

cs_rc cs_flow_assign(const struct cs_flow *flow, struct cs_certificate *certificate,
                     cs_type_set types, bool roll, int64_t effective, struct cs_err *err)
{
    const struct change change = {
        .use = {.certificate = certificate->der,
                .token_uri = certificate->token,
                .key_id = certificate->key_id,
                .effective = effective},
        .facts = &certificate->facts,
        .roll = roll,
        .now = cs_clock_now(),
    };
    cs_auto_value(cs_strv) warnings = {0};
    cs_auto_value(cs_use_list) uses = {0};
    bool changed = false;

    CS_TRY(check_certificate(flow, &change, certificate, types, &warnings, err));
    CS_TRY(cs_flow_uses_read(flow, &uses, err));
    CS_TRY(apply(flow, &change, types, false, &uses, &changed, &warnings, err));
    if (roll && changed) {
        warn_of_roll(types, &warnings);
    }
    cs_flow_warn(flow, &warnings);
    cs_strv_copy(&certificate->warnings, &warnings);
    if (!flow->what_if) {
        if (changed && flow->confirm) {
            CS_TRY(ask(flow, &change, types, err));
        }
        CS_TRY(cs_flow_check_signal(flow, err));
        cs_use_list_done(&uses);
        CS_TRY(write_all(flow, &change, types, &uses, err));
    }
    cs_use_list_done(&certificate->uses);
    cs_flow_copy_uses(&uses, &certificate->der, certificate);
    return CS_OK;
}

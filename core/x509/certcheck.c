/* Is a certificate what was asked for? The second half of cert.h. */
#include "base/clock.h"
#include "base/mem.h"
#include "x509/cert.h"
#include "x509/ossl.h"
#include "x509/spki.h"

#include <openssl/err.h>

#include <limits.h>
#include <string.h>

/* A CA whose clock runs ahead of ours by less than this has issued a certificate that is valid. */
#define CLOCK_ALLOWANCE_SECONDS 300

/* Names that are listed in a message; the rest is counted. */
#define LISTED_NAMES 10

#define ASK_AGAIN "ask the CA for a certificate for this very request, or make a new request"

static EVP_PKEY *read_key(const struct cs_bytes *spki)
{
    const unsigned char *next = spki->data;

    return spki->data && spki->len <= LONG_MAX ? d2i_PUBKEY(NULL, &next, (long)spki->len) : NULL;
}

bool cs_cert_key_equal(const struct cs_bytes *a, const struct cs_bytes *b)
{
    if (cs_bytes_equal(a, b)) {
        return true;
    }
    cs_ossl_setup();
    cs_auto(evp_pkey_st) key_a = read_key(a);
    cs_auto(evp_pkey_st) key_b = read_key(b);
    bool equal = key_a && key_b && EVP_PKEY_eq(key_a, key_b) == 1;
    ERR_clear_error();
    return equal;
}

static cs_rc check_key(const struct cs_cert_facts *facts, const struct cs_bytes *spki,
                       struct cs_err *err)
{
    if (cs_cert_key_equal(&facts->spki, spki)) {
        return CS_OK;
    }
    cs_autofree char *asked = cs_spki_sha256(spki);
    cs_autofree char *given = cs_spki_sha256(&facts->spki);
    return cs_fail_hint(err, CS_E_MISMATCH,
                        "this answer belongs to another request: look its number up with `cscert "
                        "list`, or " ASK_AGAIN,
                        "the certificate of %.200s is for another key: the request's has SHA-256 "
                        "%s, the certificate's %s",
                        facts->subject, asked, given);
}

static cs_rc check_common_name(const struct cs_cert_facts *facts, const struct cs_plan *plan,
                               struct cs_err *err)
{
    const char *asked = plan->subject.common_name;

    if (!asked || (facts->common_name && cs_ascii_iequal(asked, facts->common_name))) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_MISMATCH,
                        "the CA must take the subject from the request; " ASK_AGAIN,
                        "the certificate's common name is %.200s, asked for was %.200s",
                        facts->common_name ? facts->common_name : "missing", asked);
}

static bool plan_has_name(const struct cs_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->name_count; i++) {
        if (cs_ascii_iequal(plan->names[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* "a, b, c and 3 more"; the caller frees. */
static char *list_names(const struct cs_strv *names)
{
    struct cs_strv some = {names->items, names->count > LISTED_NAMES ? LISTED_NAMES : names->count};
    cs_autofree char *text = cs_strv_join(&some, ", ");

    if (names->count == 0) {
        return cs_strdup("none");
    }
    if (names->count == some.count) {
        return cs_steal(&text);
    }
    return cs_asprintf("%s and %zu more", text, names->count - some.count);
}

static cs_rc check_names(const struct cs_cert_facts *facts, const struct cs_plan *plan,
                         struct cs_err *err)
{
    cs_auto_value(cs_strv) missing = {0};

    for (size_t i = 0; i < plan->name_count; i++) {
        if (!cs_strv_ihas(&facts->names, plan->names[i].name)) {
            cs_strv_add(&missing, plan->names[i].name);
        }
    }
    if (missing.count == 0) {
        return CS_OK;
    }
    cs_autofree char *missing_text = list_names(&missing);
    cs_autofree char *given = list_names(&facts->names);
    return cs_fail_hint(err, CS_E_MISMATCH,
                        "the CA's template must take the alternative names from the request "
                        "(\"Supply in the request\"); then " ASK_AGAIN,
                        "%zu of %zu names that were asked for are not in the certificate: %.400s; "
                        "it holds: %.400s",
                        missing.count, plan->name_count, missing_text, given);
}

static cs_rc check_purposes(const struct cs_cert_facts *facts, const struct cs_plan *plan,
                            struct cs_err *err)
{
    const char *missing = NULL;

    if (plan->client_eku && !facts->client_auth) {
        missing = "clientAuth";
    }
    if (!facts->server_auth) {
        missing = "serverAuth";
    }
    if (!missing) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_MISMATCH,
                        "use a template of the CA with that extended key usage; then " ASK_AGAIN,
                        "the certificate is not for %s: asked for was serverAuth%s, it holds "
                        "%s%s%s",
                        missing, plan->client_eku ? " and clientAuth" : "",
                        facts->server_auth ? "serverAuth" : "",
                        facts->client_auth ? "clientAuth" : "",
                        facts->server_auth || facts->client_auth ? "" : "neither");
}

static cs_rc check_times(const struct cs_cert_facts *facts, int64_t now, struct cs_err *err)
{
    char from[CS_TIME_TEXT_SIZE];
    char to[CS_TIME_TEXT_SIZE];
    char at[CS_TIME_TEXT_SIZE];

    cs_clock_format(facts->not_before, from);
    cs_clock_format(facts->not_after, to);
    cs_clock_format(now, at);
    if (now > facts->not_after) {
        return cs_fail_hint(err, CS_E_MISMATCH,
                            "make a new request, or correct this computer's clock",
                            "the certificate expired on %s; now is %s", to, at);
    }
    if (now < facts->not_before - CLOCK_ALLOWANCE_SECONDS) {
        return cs_fail_hint(err, CS_E_MISMATCH,
                            "wait until then, or correct the clock of this computer or the CA",
                            "the certificate is not valid before %s; now is %s", from, at);
    }
    return CS_OK;
}

/* ---- signature algorithm ---- */

static const int broken_digests[] = {NID_md2, NID_md4, NID_md5, NID_mdc2, NID_sha1, NID_ripemd160};
static const int good_digests[] = {NID_sha224, NID_sha256, NID_sha384, NID_sha512};

static bool is_one_of(int nid, const int *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == nid) {
            return true;
        }
    }
    return false;
}

static cs_rc check_signature(const struct cs_cert_facts *facts, struct cs_strv *warnings,
                             struct cs_err *err)
{
    int digest = NID_undef;
    int key = NID_undef;
    int nid = OBJ_txt2nid(facts->signature);

    if (nid == NID_rsassaPss) {
        return cs_fail_hint(err, CS_E_MISMATCH,
                            "switch AlternateSignatureAlgorithm off on the CA (certutil -setreg "
                            "CA\\CSP\\AlternateSignatureAlgorithm 0); then " ASK_AGAIN,
                            "the CA signed the certificate with RSASSA-PSS, which Lync and Skype "
                            "for Business do not accept");
    }
    bool known = nid != NID_undef && OBJ_find_sigid_algs(nid, &digest, &key) == 1;
    if (known &&
        is_one_of(digest, broken_digests, sizeof broken_digests / sizeof *broken_digests)) {
        return cs_fail_hint(err, CS_E_MISMATCH,
                            "let the CA sign with SHA-256 (certutil -setreg CA\\CSP\\"
                            "CNGHashAlgorithm SHA256); then " ASK_AGAIN,
                            "the CA signed the certificate with %.80s, which is broken",
                            facts->signature);
    }
    if (!known || !is_one_of(digest, good_digests, sizeof good_digests / sizeof *good_digests)) {
        cs_strv_take(warnings, cs_asprintf("the CA signed the certificate with %.80s, which not "
                                           "every server and client knows",
                                           facts->signature));
    }
    return CS_OK;
}

/* ---- warnings ---- */

static void warn_names(const struct cs_cert_facts *facts, const struct cs_plan *plan,
                       struct cs_strv *warnings)
{
    cs_auto_value(cs_strv) extra = {0};

    for (size_t i = 0; i < facts->names.count; i++) {
        if (!plan_has_name(plan, facts->names.items[i])) {
            cs_strv_add(&extra, facts->names.items[i]);
        }
    }
    if (extra.count) {
        cs_autofree char *text = list_names(&extra);
        cs_strv_take(warnings,
                     cs_asprintf("the certificate holds names that were not asked for: %s", text));
    }
}

/* Bits of KeyUsage. Source: RFC 5280 section 4.2.1.3. */
enum { DIGITAL_SIGNATURE = 1 << 0, KEY_ENCIPHERMENT = 1 << 2, KEY_AGREEMENT = 1 << 4 };

static void warn_usage(const struct cs_cert_facts *facts, const struct cs_plan *plan,
                       struct cs_strv *warnings)
{
    bool is_rsa = cs_key_is_rsa(&plan->key_spec);
    unsigned second = is_rsa ? KEY_ENCIPHERMENT : KEY_AGREEMENT;

    if (!facts->has_key_usage) {
        cs_strv_add(warnings, "the certificate has no key usage");
        return;
    }
    if (!(facts->key_usage & DIGITAL_SIGNATURE)) {
        cs_strv_add(warnings, "the certificate's key usage lacks digitalSignature");
    }
    if (!(facts->key_usage & second)) {
        cs_strv_take(warnings, cs_asprintf("the certificate's key usage lacks %s",
                                           is_rsa ? "keyEncipherment" : "keyAgreement"));
    }
}

static void warn_crl(const struct cs_cert_facts *facts, struct cs_strv *warnings)
{
    if (!facts->has_crl_url) {
        cs_strv_add(warnings, "the certificate names no CRL distribution point: Lync and Skype for "
                              "Business cannot check whether it is revoked");
    }
}

static cs_rc check_no_ca(const struct cs_cert_facts *facts, struct cs_err *err)
{
    if (facts->is_ca) {
        return cs_fail_hint(err, CS_E_MISMATCH, "use a template for web servers; then " ASK_AGAIN,
                            "the certificate of %.200s is a CA's: a server must not have it",
                            facts->subject);
    }
    return CS_OK;
}

cs_rc cs_cert_check(const struct cs_bytes *der, const struct cs_plan *plan,
                    const struct cs_bytes *spki, int64_t now, struct cs_strv *warnings,
                    struct cs_err *err)
{
    cs_auto_value(cs_cert_facts) facts = {0};
    cs_auto_value(cs_strv) found = {0};

    CS_TRY(cs_cert_read(der, &facts, err));
    CS_TRY(check_key(&facts, spki, err));
    CS_TRY(check_no_ca(&facts, err));
    CS_TRY(check_common_name(&facts, plan, err));
    CS_TRY(check_names(&facts, plan, err));
    CS_TRY(check_purposes(&facts, plan, err));
    CS_TRY(check_times(&facts, now, err));
    CS_TRY(check_signature(&facts, &found, err));
    warn_crl(&facts, &found);
    warn_names(&facts, plan, &found);
    warn_usage(&facts, plan, &found);
    cs_strv_copy(warnings, &found);
    return CS_OK;
}

cs_rc cs_cert_check_server(const struct cs_cert_facts *facts, int64_t now, struct cs_strv *warnings,
                           struct cs_err *err)
{
    struct cs_plan plan = {0}; /* nothing but the server's purpose is asked for */
    cs_auto_value(cs_strv) found = {0};

    CS_TRY(check_no_ca(facts, err));
    CS_TRY(cs_spki_spec(&facts->spki, &plan.key_spec, err));
    CS_TRY(check_purposes(facts, &plan, err));
    CS_TRY(check_times(facts, now, err));
    CS_TRY(check_signature(facts, &found, err));
    warn_crl(facts, &found);
    warn_usage(facts, &plan, &found);
    cs_strv_copy(warnings, &found);
    return CS_OK;
}

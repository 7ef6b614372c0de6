/* The check of a token: what it finds on SoftHSM2 is what is known of SoftHSM2, and a token that
 * lies, as spymod.so plays it, is called out. */
#include "base/mem.h"
#include "pkcs11/probe.h"
#include "pkcs11/profile.h"
#include "support/check_run.h"
#include "support/spy.h"
#include "support/testtoken.h"

#include <stdio.h>
#include <string.h>

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_keystore *store;
static struct cs_probe probe;
static struct cs_err err;

static const struct cs_key_spec p256[] = {{CS_KEY_EC_P256, 256}};
static const struct cs_key_spec both[] = {{CS_KEY_EC_P256, 256}, {CS_KEY_RSA, 1024}};

static void setup(void)
{
    cs_softhsm_init(&hsm);
    cs_spy_init(&hsm);
    cs_testtoken_init(&token, &hsm, cs_spy_path());
}

static void teardown(void)
{
    cs_probe_done(&probe);
    cs_keystore_close(store);
    store = NULL;
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

static void open_token(const char *traits)
{
    cs_spy_traits(traits);
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
}

static cs_rc run(const struct cs_key_spec *specs, size_t count)
{
    const struct cs_probe_options options = {.specs = specs, .spec_count = count};

    return cs_probe_run(store, &options, &probe, &err);
}

static const struct cs_probe_finding *find(const char *about, const char *what)
{
    for (size_t i = 0; i < probe.count; i++) {
        if (strcmp(probe.items[i].about, about) == 0 && strcmp(probe.items[i].what, what) == 0) {
            return &probe.items[i];
        }
    }
    return NULL;
}

static const struct cs_probe_finding *assert_found(const char *about, const char *what,
                                                   enum cs_probe_result result,
                                                   enum cs_probe_severity severity)
{
    const struct cs_probe_finding *found = find(about, what);

    ck_assert_msg(found != NULL, "nothing about %s, %s", about, what);
    ck_assert_msg(found->result == result && found->severity == severity, "%s, %s: %s %s: %s (%s)",
                  about, what, cs_probe_result_name(found->result),
                  cs_probe_severity_name(found->severity), found->detail,
                  found->cause ? found->cause : "no cause");
    return found;
}

static void assert_clean(void)
{
    struct cs_softhsm_count count = cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL);

    ck_assert_uint_eq(probe.left.count, 0);
    ck_assert_uint_eq(count.all, 0);
    ck_assert_uint_eq(cs_softhsm_count_files(&hsm), 0);
}

/* What is known of SoftHSM 2.6.1, measured by other programs. */
static const struct {
    const char *about;
    const char *what;
    enum cs_probe_result result;
    const char *detail;
    const char *cause;
} known[] = {
    {"token", "login", CS_PROBE_YES, "PIN", NULL},
    {"token", "PIN length", CS_PROBE_VALUE, "4 to 255", NULL},
    {"token", "random numbers", CS_PROBE_YES, "", NULL},
    {"mechanisms", "CKM_RSA_X_509", CS_PROBE_YES, "sign", NULL},
    {"mechanisms", "CKM_ECDSA_SHA256", CS_PROBE_NO, "", "CKR_MECHANISM_INVALID"},
    {"mechanisms", "CKM_AES_KEY_WRAP_KWP", CS_PROBE_NO, "", "CKR_MECHANISM_INVALID"},
    {"objects", "key pairs in a session", CS_PROBE_YES, "", NULL},
    {"ECDH_P256", "listed", CS_PROBE_YES, "112 to 521", NULL},
    {"ECDH_P256", "generate", CS_PROBE_YES, "", NULL},
    {"ECDH_P256", "CKA_KEY_GEN_MECHANISM", CS_PROBE_YES, "", NULL},
    {"ECDH_P256", "public half", CS_PROBE_YES, "", NULL},
    {"ECDH_P256", "CKA_EC_POINT", CS_PROBE_VALUE, "DER", NULL},
    {"ECDH_P256", "sign, CKM_ECDSA", CS_PROBE_YES, "verified", NULL},
    {"ECDH_P256", "sign, combined mechanism", CS_PROBE_NO, "CKM_ECDSA_SHA256",
     "C_SignInit: CKR_MECHANISM_INVALID"},
    {"ECDH_P256", "copy to the token", CS_PROBE_YES, "", NULL},
    {"ECDH_P256", "read CKA_VALUE", CS_PROBE_DENIED, "", "CKR_ATTRIBUTE_SENSITIVE"},
    {"ECDH_P256", "wrap it, not extractable", CS_PROBE_DENIED, "", "CKR_KEY_UNEXTRACTABLE"},
    {"ECDH_P256", "copy with CKA_EXTRACTABLE=true", CS_PROBE_DENIED, "", "CKR_ATTRIBUTE_READ_ONLY"},
    {"ECDH_P256", "set CKA_EXTRACTABLE=true", CS_PROBE_DENIED, "", "CKR_ATTRIBUTE_READ_ONLY"},
    {"ECDH_P256", "CKA_ALWAYS_AUTHENTICATE=true", CS_PROBE_YES, "CKR_USER_NOT_LOGGED_IN", NULL},
    {"ECDH_P256", "CKA_EXTRACTABLE=true", CS_PROBE_YES, "honoured", NULL},
    {"ECDH_P256", "read CKA_VALUE, extractable", CS_PROBE_DENIED, "", "CKR_ATTRIBUTE_SENSITIVE"},
    {"ECDH_P256", "wrap, CKM_AES_KEY_WRAP_KWP", CS_PROBE_NO, "", "CKR_MECHANISM_INVALID"},
    {"ECDH_P256", "wrap, CKM_AES_KEY_WRAP_PAD", CS_PROBE_YES, "RFC 5649", NULL},
    {"ECDH_P256", "unwrap", CS_PROBE_YES, "CKA_EXTRACTABLE reads back false, CKA_LOCAL false",
     NULL},
    {"RSA-1024", "sign, CKM_RSA_PKCS", CS_PROBE_YES, "verified", NULL},
    {"RSA-1024", "sign, combined mechanism", CS_PROBE_YES, "CKM_SHA256_RSA_PKCS", NULL},
    {"RSA-1024", "read CKA_PRIVATE_EXPONENT", CS_PROBE_DENIED, "", "CKR_ATTRIBUTE_SENSITIVE"},
    {"RSA-1024", "wrap, CKM_AES_KEY_WRAP_PAD", CS_PROBE_YES, "it is the key", NULL},
};

START_TEST(finds_what_softhsm_does)
{
    open_token(NULL);
    assert_ok(run(both, 2), &err);
    for (size_t i = 0; i < ROWS(known); i++) {
        const struct cs_probe_finding *found =
            assert_found(known[i].about, known[i].what, known[i].result, CS_PROBE_FINE);
        assert_contains(found->detail, known[i].detail);
        ck_assert_int_eq(found->cause != NULL, known[i].cause != NULL);
        if (known[i].cause) {
            assert_contains(found->cause, known[i].cause);
        }
    }
    ck_assert_uint_eq(probe.contradictions, 0);
    ck_assert_uint_eq(probe.dangers, 0);
    ck_assert(find("ECDH_P256", "generate")->milliseconds > 0);
    ck_assert(find("ECDH_P256", "sign, CKM_ECDSA")->milliseconds > 0);
    assert_clean();
}
END_TEST

/* A token that lies, what is said of it, and the line of the draft. */
static const struct {
    const char *traits;
    const char *what;
    enum cs_probe_result result;
    enum cs_probe_severity severity;
    const char *draft;
} lies[] = {
    /* says that the key is not extractable, and wraps it */
    {"extractable-forced,answer:0x162:0,answer:0x164:1", "wrap it, not extractable", CS_PROBE_GIVEN,
     CS_PROBE_DANGER, "# DANGER: ECDH_P256, wrap it, not extractable"},
    {"extractable-forced", "CKA_EXTRACTABLE reads back", CS_PROBE_UNTRUE, CS_PROBE_DANGER,
     "# DANGER"},
    {"tells:0x11", "read CKA_VALUE", CS_PROBE_GIVEN, CS_PROBE_DANGER, "# DANGER"},
    {"extractable-ignored", "CKA_EXTRACTABLE=true", CS_PROBE_IGNORED, CS_PROBE_CONTRADICTION,
     "exportable = 'ignored'"},
    {"sensitive-false", "CKA_LOCAL reads back", CS_PROBE_UNTRUE, CS_PROBE_CONTRADICTION,
     "unreliable = {'CKA_LOCAL', 'CKA_SENSITIVE', 'CKA_ALWAYS_SENSITIVE'}"},
    {"answer:0x109:1", "CKA_SIGN_RECOVER reads back", CS_PROBE_IGNORED, CS_PROBE_CONTRADICTION,
     "refuses = {'CKA_SIGN_RECOVER=false'}"},
    {"answer:0x202:0", "CKA_ALWAYS_AUTHENTICATE=true", CS_PROBE_IGNORED, CS_PROBE_CONTRADICTION,
     "refuses = {}"},
    {"refuse:0x105:0", "CKA_DECRYPT=false", CS_PROBE_REFUSED, CS_PROBE_FINE,
     "refuses = {'CKA_DECRYPT=false'}"},
    {"refuse:0x162:1", "CKA_EXTRACTABLE=true", CS_PROBE_REFUSED, CS_PROBE_FINE,
     "exportable = 'no'"},
    {"no-mechanism:0x1041", "sign, CKM_ECDSA", CS_PROBE_NO, CS_PROBE_CONTRADICTION,
     "cannot = {'ECDH_P256: the module makes the key, and it does not sign'}"},
    {"no-mechanism:0x1040", "generate", CS_PROBE_NO, CS_PROBE_FINE, "cannot = {}"},
    {"refuse:0x103:1", "generate", CS_PROBE_NO, CS_PROBE_CONTRADICTION,
     "cannot = {'ECDH_P256: C_GenerateKeyPair says CKR_TEMPLATE_INCONSISTENT'}"},
    {"no-answer:0x166", "CKA_KEY_GEN_MECHANISM", CS_PROBE_NO, CS_PROBE_FINE, "refuses = {}"},
};

START_TEST(calls_out_a_lie)
{
    cs_auto_value(cs_profile) profile = {0};

    open_token(lies[_i].traits);
    assert_ok(run(p256, 1), &err);
    assert_found("ECDH_P256", lies[_i].what, lies[_i].result, lies[_i].severity);
    ck_assert_int_eq(probe.dangers > 0, lies[_i].severity == CS_PROBE_DANGER);
    ck_assert_int_eq(probe.contradictions > 0, lies[_i].severity != CS_PROBE_FINE);
    assert_contains(probe.draft, lies[_i].draft);
    assert_ok(cs_profile_parse(probe.draft, "draft", &profile, &err), &err);
    assert_clean();
}
END_TEST

/* A token that makes pairs on the token only, with something of the user's on it. */
START_TEST(cleans_up_on_the_token)
{
    cs_softhsm_populate(&hsm, CS_SOFTHSM_LABEL, 3, CS_SOFTHSM_EC);
    size_t files = cs_softhsm_count_files(&hsm);

    open_token("no-session-keys");
    assert_ok(run(both, 2), &err);
    assert_found("objects", "key pairs in a session", CS_PROBE_NO, CS_PROBE_FINE);
    assert_found("ECDH_P256", "generate", CS_PROBE_YES, CS_PROBE_FINE);
    ck_assert_ptr_null(find("ECDH_P256", "copy to the token"));
    assert_contains(probe.draft, "generation = 'token'");
    ck_assert_uint_eq(probe.left.count, 0);
    struct cs_softhsm_count count = cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL);
    ck_assert_uint_eq(count.private_keys, 3);
    ck_assert_uint_eq(count.public_keys, 3);
    ck_assert_uint_eq(count.all, 6);
    ck_assert_uint_eq(cs_softhsm_count_files(&hsm), files);
}
END_TEST

START_TEST(lists_what_it_cannot_remove)
{
    open_token("no-session-keys");
    cs_spy_fault("C_DestroyObject:1+:0x30");
    assert_ok(run(p256, 1), &err);
    cs_spy_fault(NULL);
    struct cs_softhsm_count count = cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL);
    ck_assert_uint_gt(count.private_keys, 0);
    ck_assert_uint_eq(probe.left.count, count.private_keys + count.public_keys);
    assert_contains(probe.left.items[0], "label \"cscert-check-");
    assert_contains(probe.left.items[0], "CKA_ID ");
}
END_TEST

/* ---- ended early ---- */

static size_t findings_until_signal;

static bool is_interrupted(struct cs_ui *ui)
{
    (void)ui;
    return probe.count >= findings_until_signal;
}

START_TEST(a_signal_leaves_nothing)
{
    struct cs_ui_ops ops = *token.person.base.ops;

    ops.interrupted = is_interrupted;
    token.person.base.ops = &ops;
    findings_until_signal = 24;
    open_token("no-session-keys");
    assert_fails(run(both, 2), CS_E_CANCELLED, &err);
    ck_assert_uint_ge(probe.count, 24);
    ck_assert_ptr_null(find("RSA-1024", "generate"));
    ck_assert_ptr_null(probe.draft);
    assert_clean();
}
END_TEST

START_TEST(a_token_that_goes_ends_it)
{
    open_token(NULL);
    cs_spy_fault("C_GenerateKeyPair:2+:0x32,C_DestroyObject:1+:0x32");
    assert_fails(run(both, 2), CS_E_TOKEN_ABSENT, &err);
    ck_assert_ptr_nonnull(find("mechanisms", "CKM_ECDSA"));
    ck_assert_ptr_null(find("RSA-1024", "generate"));
}
END_TEST

/* It never sends a PIN but the right one, and that as rarely as it can: at the start, and for the
 * signatures of the key that wants it. */
START_TEST(sends_the_pin_rarely)
{
    open_token(NULL);
    assert_ok(run(p256, 1), &err);
    cs_keystore_close(store);
    store = NULL;
    ck_assert_uint_eq(token.person.pins, 1);
    ck_assert_uint_le(cs_spy_calls(&hsm, "C_Login"), 3);
    cs_autofree char *log = cs_spy_log(&hsm);
    ck_assert_ptr_null(strstr(log, "0xa0"));
}
END_TEST

/* The draft is a profile that this token is opened with. */
START_TEST(the_draft_is_a_profile)
{
    cs_auto_value(cs_profile) profile = {0};

    open_token("sensitive-false,refuse:0x105:0");
    assert_ok(run(p256, 1), &err);
    assert_ok(cs_profile_parse(probe.draft, "draft", &profile, &err), &err);
    ck_assert_str_eq(profile.name, "draft of " CS_SOFTHSM_LABEL);
    ck_assert_str_eq(profile.manufacturer, "SoftHSM project");
    ck_assert(cs_profile_refuses(&profile, "CKA_DECRYPT", false));
    ck_assert(profile.unreliable[CS_ATTR_LOCAL]);
    ck_assert_int_eq(profile.exportable, CS_EXPORTABLE_YES);
    cs_keystore_close(store);
    store = NULL;

    cs_autofree char *path = cs_softhsm_path(&hsm, "draft.profile");
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(probe.draft, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    token.options.profile = path;
    open_token("sensitive-false,refuse:0x105:0");
    const struct cs_key_request request = cs_testtoken_request(CS_KEY_EC_P256, 256, 0x21);
    struct cs_key *key = NULL;
    assert_ok(store->ops->generate(store, &request, &key, &err), &err);
    ck_assert_str_eq(store->ops->info(store)->profile, profile.name);
    store->ops->key_free(key);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("probe");
    TCase *tcase = tcase_create("check");

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, finds_what_softhsm_does);
    add_rows(tcase, calls_out_a_lie, lies);
    tcase_add_test(tcase, cleans_up_on_the_token);
    tcase_add_test(tcase, lists_what_it_cannot_remove);
    tcase_add_test(tcase, a_signal_leaves_nothing);
    tcase_add_test(tcase, a_token_that_goes_ends_it);
    tcase_add_test(tcase, sends_the_pin_rarely);
    tcase_add_test(tcase, the_draft_is_a_profile);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

/* get, set and remove: which certificate serves which type, now and from a date on. */
#include "certs_bed.h"

static cs_rc set_with(const struct cs_bytes *der, const char *list, int64_t effective)
{
    cs_auto_value(cs_strv) types = words(list);
    cs_auto_value(cs_certificate_list) result = {0};
    cs_autofree char *thumbprint = thumbprint_of(der);
    const struct cs_set_options options = {
        .thumbprint = thumbprint, .types = &types, .roll = effective != 0, .effective = effective};

    err = (struct cs_err){0};
    ui.warnings = 0;
    cs_rc rc = cs_flow_set(&flow, &options, &result, &err);
    ck_assert_uint_eq(result.count, rc == CS_OK);
    return rc;
}

static cs_rc set(const struct cs_bytes *der, const char *list)
{
    return set_with(der, list, 0);
}

static cs_rc take_away(const char *list, bool previous, bool staged)
{
    cs_auto_value(cs_strv) types = words(list);
    cs_auto_value(cs_certificate_list) result = {0};
    const struct cs_remove_options options = {&types, previous, staged};

    err = (struct cs_err){0};
    ui.warnings = 0;
    return cs_flow_remove(&flow, &options, &result, &err);
}

static struct cs_certificate_list get(const char *list, bool assigned_only)
{
    cs_auto_value(cs_strv) types = words(list);
    const struct cs_get_options options = {.types = &types, .assigned_only = assigned_only};
    struct cs_certificate_list result = {0};

    assert_ok(cs_flow_get(&flow, &options, &result, &err), &err);
    return result;
}

/* ---- at once ---- */

START_TEST(the_one_before_is_kept)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(10);
    cs_auto_value(cs_bytes) three = given_certificate(11);

    assert_ok(set(&one, "Default"), &err);
    assert_stored("Default", &one, NULL, NULL);
    assert_ok(set(&two, "Default"), &err);
    assert_stored("Default", &two, &one, NULL);
    assert_ok(set(&three, "Default"), &err);
    assert_stored("Default", &three, &two, NULL);
    assert_ok(set(&two, "default"), &err); /* and back */
    assert_stored("Default", &two, &three, NULL);
}
END_TEST

START_TEST(the_same_again_changes_nothing)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(10);

    assert_ok(set(&one, "Default"), &err);
    assert_ok(set(&two, "Default"), &err);
    int64_t records = record_count();
    assert_ok(set(&two, "Default"), &err);
    assert_stored("Default", &two, &one, NULL);
    ck_assert_int_eq(record_count(), records);
}
END_TEST

/* Each type has its own; External is a word for two. */
START_TEST(several_types_at_once)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(10);
    int64_t records = record_count();

    assert_ok(set(&one, "External,Internal"), &err);
    ck_assert_int_eq(record_count(), records + 3);
    assert_ok(set(&two, "Internal"), &err);
    assert_stored("Internal", &two, &one, NULL);
    assert_stored("AccessEdgeExternal", &one, NULL, NULL);
    assert_stored("DataEdgeExternal", &one, NULL, NULL);
    assert_stored("External", NULL, NULL, NULL);
}
END_TEST

/* Without -Type: what it was requested for. */
START_TEST(the_request_knows_the_type)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);

    assert_ok(set(&one, ""), &err);
    assert_stored("Internal", &one, NULL, NULL);
    ck_assert_uint_eq(ui.warnings, 1); /* no CRL distribution point */
    assert_ok(set(&one, "Default"), &err);
    ck_assert_uint_eq(ui.warnings, 2); /* and not requested for that */
}
END_TEST

/* As Windows shows and copies it: with an invisible mark in front, in pairs, in lower case. */
START_TEST(thumbprints_are_taken_as_they_come)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_cert_facts) facts = {0};
    char spaced[256] = "\u200e";
    size_t len = strlen(spaced);

    assert_ok(cs_cert_read(&one, &facts, &err), &err);
    for (size_t i = 0; i < 40; i += 2) {
        len += (size_t)snprintf(spaced + len, sizeof spaced - len, "%.2s ", facts.thumbprint + i);
    }
    cs_autofree char *lower = cs_ascii_lower(facts.thumbprint);
    cs_autofree char *marked = cs_asprintf("\ufeff%.20s\u200b%s\u00a0", lower, lower + 20);
    const char *const forms[] = {spaced, lower, marked, facts.sha256};
    for (size_t i = 0; i < ROWS(forms); i++) {
        cs_auto_value(cs_certificate_list) result = {0};
        const struct cs_set_options options = {.thumbprint = forms[i], .types = &no_types};
        assert_ok(cs_flow_set(&flow, &options, &result, &err), &err);
        ck_assert_str_eq(result.items[0].facts.thumbprint, facts.thumbprint);
    }
}
END_TEST

/* The second is that of the cmdlet's own example: it has 43 digits. */
static const struct {
    const char *thumbprint;
    const char *types;
    cs_rc code;
} refusals[] = {
    {"", "Default", CS_E_USAGE},
    {"B142918E463981A76503828BB1278391B716280987B", "Default", CS_E_USAGE},
    {"B142918E463981A76503828BB1278391B71628098x", "Default", CS_E_USAGE},
    {"B142918E463981A76503828BB1278391B716280\u0439", "Default", CS_E_USAGE},
    {"\u200e", "Default", CS_E_USAGE},
    {"B142918E463981A76503828BB1278391B7162809", "Default", CS_E_TOKEN_ABSENT},
    {"B142918E463981A76503828BB1278391B7162809", "NoType", CS_E_USAGE},
    {"B142918E463981A76503828BB1278391B7162809", "iPhoneAPNService", CS_E_USAGE},
};

START_TEST(what_is_not_there_is_refused)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_strv) types = words(refusals[_i].types);
    cs_auto_value(cs_certificate_list) result = {0};
    const struct cs_set_options options = {.thumbprint = refusals[_i].thumbprint, .types = &types};

    ck_assert_uint_gt(one.len, 0);
    assert_fails(cs_flow_set(&flow, &options, &result, &err), refusals[_i].code, &err);
    ck_assert(*err.hint);
    assert_stored("Default", NULL, NULL, NULL);
}
END_TEST

START_TEST(without_its_key_it_cannot_serve)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_certificate_list) list = get("", false);
    size_t destroyed;

    assert_ok(token->ops->destroy(token, list.items[0].key_id.data, &destroyed, &err), &err);
    assert_fails(set(&one, "Default"), CS_E_MISMATCH, &err);
    assert_contains(err.message, "no private key on the token");
    assert_stored("Default", NULL, NULL, NULL);
}
END_TEST

/* Source: "the certificate must be at least 2048 bits" (server-to-server authentication). */
START_TEST(oauth_needs_2048_bits)
{
    int64_t id;
    cs_auto_value(cs_bytes) der = answered("RSA", 1024, "-days 9", &id);
    cs_auto_value(cs_certificate_list) list = {0};
    const struct cs_import_options options = import_of(&der);

    assert_ok(import(&options, &list), &err);
    assert_fails(set(&der, "OAuthTokenIssuer"), CS_E_POLICY, &err);
    assert_contains(err.message, "1024");
    assert_ok(set(&der, "Internal"), &err);
}
END_TEST

START_TEST(what_if_changes_nothing)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    int64_t records = record_count();

    flow.what_if = true;
    assert_ok(set(&one, "Default"), &err);
    assert_ok(take_away("Default", false, false), &err);
    flow.store = NULL; /* nothing was ever stored */
    assert_ok(set(&one, "Default"), &err);
    assert_stored("Default", NULL, NULL, NULL);
    ck_assert_int_eq(record_count(), records);
    ck_assert_uint_eq(ui.questions, 0);
}
END_TEST

START_TEST(a_no_changes_nothing)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);

    flow.confirm = true;
    ui.is_there = true;
    assert_fails(set(&one, "Default"), CS_E_CANCELLED, &err);
    ck_assert_uint_eq(ui.questions, 1);
    assert_stored("Default", NULL, NULL, NULL);
    ui.says_yes = true;
    assert_ok(set(&one, "Default"), &err);
    assert_stored("Default", &one, NULL, NULL);
    assert_ok(set(&one, "Default"), &err);
    ck_assert_uint_eq(ui.questions, 2); /* nothing to be asked about */
}
END_TEST

/* ---- from a date on ---- */

START_TEST(staged_waits_beside_the_current_one)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(20);
    const int64_t date = cs_clock_now() + 3 * DAY;

    assert_ok(set(&one, "AudioVideoAuthentication"), &err);
    assert_ok(set_with(&two, "AudioVideoAuthentication", date), &err);
    assert_stored("AudioVideoAuthentication", &one, NULL, &two);
    int64_t records = record_count();
    assert_ok(set_with(&two, "AudioVideoAuthentication", date), &err);
    ck_assert_int_eq(record_count(), records);
    assert_ok(set_with(&two, "AudioVideoAuthentication", date + DAY), &err);
    ck_assert_int_eq(record_count(), records + 1);
    cs_auto_value(cs_certificate_list) list = get("AudioVideoAuthentication", true);
    ck_assert_uint_eq(list.count, 2);
    ck_assert(cs_bytes_equal(&list.items[0].der, &one));
    ck_assert_int_eq(list.items[0].uses.items[0].slot, CS_USE_CURRENT);
    ck_assert_int_eq(list.items[1].uses.items[0].slot, CS_USE_STAGED);
    ck_assert_int_eq(list.items[1].uses.items[0].effective, date + DAY);
}
END_TEST

/* As if time had passed: the staged one's date is an hour ago. */
static void make_due(const char *type, const struct cs_bytes *current,
                     const struct cs_bytes *previous, const struct cs_bytes *staged)
{
    const int64_t now = cs_clock_now();
    struct cs_use uses[] = {
        {.slot = CS_USE_CURRENT, .certificate = *current},
        {.slot = CS_USE_STAGED, .certificate = *staged, .effective = now - 3600},
        {.slot = CS_USE_PREVIOUS, .certificate = previous ? *previous : (struct cs_bytes){0}},
    };

    assert_ok(cs_store_use_set(store, type, uses, previous ? 3 : 2, "staged", &err), &err);
}

/* `get` shows what serves now; it is written with the next change. */
START_TEST(staged_serves_when_its_date_has_come)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(10);
    cs_auto_value(cs_bytes) three = given_certificate(11);
    cs_auto_value(cs_bytes) four = given_certificate(12);

    make_due("Default", &two, &one, &three);
    cs_auto_value(cs_certificate_list) list = get("Default", true);
    ck_assert_uint_eq(list.count, 2);
    ck_assert(cs_bytes_equal(&list.items[0].der, &three));
    ck_assert_int_eq(list.items[0].uses.items[0].slot, CS_USE_CURRENT);
    ck_assert(cs_bytes_equal(&list.items[1].der, &two));
    ck_assert_int_eq(list.items[1].uses.items[0].slot, CS_USE_PREVIOUS);
    assert_stored("Default", &two, &one, &three);
    assert_ok(set(&four, "Default"), &err);
    assert_stored("Default", &four, &three, NULL);
}
END_TEST

START_TEST(what_is_due_is_written_with_any_set)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(10);

    make_due("Default", &one, NULL, &two);
    assert_ok(set(&two, "Default"), &err); /* it serves already */
    assert_stored("Default", &two, &one, NULL);
    make_due("Default", &one, NULL, &two);
    assert_ok(take_away("Default", true, false), &err); /* the previous one is the first by now */
    assert_stored("Default", &two, NULL, NULL);
}
END_TEST

/* The current one ends 10 days from now. AudioVideoAuthentication: 8 hours before that are
 * recommended; OAuthTokenIssuer: 24 hours are the minimum (Staging AV and OAuth certificates). For
 * the others staging does not keep sessions alive, which is said. */
static const struct {
    const char *type;
    int hours_before; /* the end of the current one; below 0: after it */
    cs_rc code;
    unsigned warnings; /* besides the missing CRL distribution point and the type */
} leads[] = {
    {"AudioVideoAuthentication", 9, CS_OK, 0},
    {"AudioVideoAuthentication", 7, CS_OK, 1},
    {"AudioVideoAuthentication", -2, CS_OK, 1},
    {"OAuthTokenIssuer", 25, CS_OK, 0},
    {"OAuthTokenIssuer", 23, CS_E_USAGE, 0},
    {"OAuthTokenIssuer", -2, CS_E_USAGE, 0},
    {"AudioVideoAuthentication,OAuthTokenIssuer", 25, CS_OK, 0},
    {"AudioVideoAuthentication,OAuthTokenIssuer", 9, CS_E_USAGE, 0}, /* the greater of the two */
    {"Default", 1, CS_OK, 1},
    {"Default", -2, CS_OK, 2},
};

START_TEST(lead_times_are_those_of_the_documentation)
{
    cs_auto_value(cs_bytes) one = given_certificate(10);
    cs_auto_value(cs_bytes) two = given_certificate(20);
    const int64_t date = cs_clock_now() + 10 * DAY - leads[_i].hours_before * (int64_t)3600;

    assert_ok(set(&one, leads[_i].type), &err);
    int64_t records = record_count();
    cs_rc rc = set_with(&two, leads[_i].type, date);
    ck_assert_int_eq(rc, leads[_i].code);
    if (rc == CS_OK) {
        ck_assert_uint_eq(ui.warnings, 2 + leads[_i].warnings);
    } else {
        assert_contains(err.message, "OAuthTokenIssuer");
        ck_assert_int_eq(record_count(), records); /* for neither type */
    }
}
END_TEST

static const struct {
    int64_t from_now;
    const char *message;
} dates[] = {
    {-60, "has passed"},
    {0, "has passed"},
    {31 * DAY, "has expired"},
};

START_TEST(dates_outside_the_validity_are_refused)
{
    cs_auto_value(cs_bytes) one = given_certificate(30);

    assert_fails(set_with(&one, "Default", cs_clock_now() + dates[_i].from_now), CS_E_USAGE, &err);
    assert_contains(err.message, dates[_i].message);
}
END_TEST

/* OpenSSL's x509 lets a certificate begin now; its ca can let it begin later. */
static struct cs_bytes certificate_of_tomorrow(void)
{
    return cs_judge_make(
        folder, "tomorrow.der",
        "touch index.txt; echo 77 >serial; printf '[ca]\\ndefault_ca=a\\n[a]\\n"
        "database=index.txt\\nserial=serial\\nnew_certs_dir=.\\ncopy_extensions=copyall\\n"
        "policy=p\\ndefault_md=sha256\\n[p]\\ncommonName=supplied\\n' >ca.cnf; "
        "openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -startdate "
        "$(date -u -d +1day +%%Y%%m%%d%%H%%M%%SZ) -days 30 -in $(ls -t *.req | head -1) -out "
        "tomorrow.pem 2>ca.log; openssl x509 -in tomorrow.pem -outform DER -out tomorrow.der");
}

/* It can be staged for the day after, but cannot serve now. */
START_TEST(one_of_tomorrow_can_be_staged)
{
    cs_auto_value(cs_bytes) today = given_certificate(30);
    cs_auto_value(cs_bytes) tomorrow = certificate_of_tomorrow();
    cs_auto_value(cs_cert_facts) facts = {0};
    cs_auto_value(cs_bytes) id = {0};

    ck_assert_uint_gt(today.len, 0);
    assert_ok(cs_cert_read(&tomorrow, &facts, &err), &err);
    assert_ok(token->ops->find_id(token, &facts.spki, &id, &err), &err);
    assert_ok(token->ops->put_certificate_at(token, &id, NULL, &tomorrow, &err), &err);
    assert_fails(set(&tomorrow, "Default"), CS_E_MISMATCH, &err);
    assert_fails(set_with(&tomorrow, "Default", cs_clock_now() + 3600), CS_E_USAGE, &err);
    assert_contains(err.message, "not valid yet");
    assert_ok(set_with(&tomorrow, "Default", cs_clock_now() + 2 * DAY), &err);
    assert_stored("Default", NULL, NULL, &tomorrow);
}
END_TEST

START_TEST(staging_what_serves_changes_nothing)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);

    assert_ok(set(&one, "OAuthTokenIssuer"), &err);
    int64_t records = record_count();
    assert_ok(set_with(&one, "OAuthTokenIssuer", cs_clock_now() + DAY), &err);
    ck_assert_uint_eq(ui.warnings, 3);
    ck_assert_int_eq(record_count(), records);
}
END_TEST

START_TEST(nothing_serves_before_the_first_date)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);

    assert_ok(set_with(&one, "OAuthTokenIssuer", cs_clock_now() + DAY), &err);
    ck_assert_uint_eq(ui.warnings, 3);
    assert_stored("OAuthTokenIssuer", NULL, NULL, &one);
}
END_TEST

/* Assigned at once: what is staged stays so, and that is said, unless it is the same. */
START_TEST(assigning_beside_a_staged_one)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(20);
    cs_auto_value(cs_bytes) three = given_certificate(20);
    const int64_t date = cs_clock_now() + 3 * DAY;

    assert_ok(set(&one, "OAuthTokenIssuer"), &err);
    assert_ok(set_with(&two, "OAuthTokenIssuer", date), &err);
    assert_ok(set(&three, "OAuthTokenIssuer"), &err);
    ck_assert_uint_eq(ui.warnings, 3);
    assert_stored("OAuthTokenIssuer", &three, &one, &two);
    assert_ok(set(&two, "OAuthTokenIssuer"), &err);
    ck_assert_uint_eq(ui.warnings, 2);
    assert_stored("OAuthTokenIssuer", &two, &three, NULL);
    assert_ok(set_with(&one, "OAuthTokenIssuer", date), &err);
    assert_ok(set_with(&three, "OAuthTokenIssuer", date), &err);
    ck_assert_uint_eq(ui.warnings, 3); /* it takes the place of the first */
    assert_stored("OAuthTokenIssuer", &two, &three, &three);
}
END_TEST

/* ---- un-assigning ---- */

START_TEST(in_use_is_asked_about)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    size_t keys = cs_softkeys_key_count(token);

    assert_ok(set(&one, "Default,Internal"), &err);
    assert_fails(take_away("Default", false, false), CS_E_CANCELLED, &err);
    assert_contains(err.hint, "-Force");
    ui.is_there = true;
    assert_fails(take_away("Default", false, false), CS_E_CANCELLED, &err);
    ck_assert_uint_eq(ui.questions, 2);
    assert_stored("Default", &one, NULL, NULL);
    ui.says_yes = true;
    assert_ok(take_away("Default", false, false), &err);
    assert_stored("Default", NULL, NULL, NULL);
    assert_stored("Internal", &one, NULL, NULL);
    flow.force = true;
    assert_ok(take_away("", false, false), &err); /* all there are */
    ck_assert_uint_eq(ui.questions, 3);
    assert_stored("Internal", NULL, NULL, NULL);
    ck_assert_uint_eq(cs_softkeys_key_count(token), keys);
    ck_assert_uint_eq(cs_softkeys_cert_count(token), 1);
}
END_TEST

/* Current and staged go together: nothing is to serve, now or later. Previous and staged ones alone
 * are not in use, so that nobody is asked. */
START_TEST(slots_go_as_they_are_named)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(20);
    cs_auto_value(cs_bytes) three = given_certificate(20);
    const int64_t date = cs_clock_now() + 3 * DAY;

    for (int i = 0; i < 2; i++) {
        assert_ok(set(&one, "OAuthTokenIssuer"), &err);
        assert_ok(set(&two, "OAuthTokenIssuer"), &err);
        assert_ok(set_with(&three, "OAuthTokenIssuer", date), &err);
        if (i == 0) {
            assert_ok(take_away("OAuthTokenIssuer", true, false), &err);
            assert_stored("OAuthTokenIssuer", &two, NULL, &three);
            assert_ok(take_away("OAuthTokenIssuer", false, true), &err);
            assert_stored("OAuthTokenIssuer", &two, NULL, NULL);
            ck_assert_uint_eq(ui.questions, 0);
        } else {
            flow.force = true;
            assert_ok(take_away("OAuthTokenIssuer", false, false), &err);
            assert_stored("OAuthTokenIssuer", NULL, &one, NULL);
        }
    }
}
END_TEST

/* A signal that came while the token was read stops what is to be changed. */
START_TEST(a_signal_stops_before_the_change)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(20);
    const struct cs_get_options options = {.types = &no_types};
    cs_auto_value(cs_certificate_list) none = {0};

    assert_ok(set(&one, "Default"), &err);
    flow.force = true;
    ui.signal_at = 1;
    int64_t records = record_count();
    assert_fails(set(&two, "Default"), CS_E_CANCELLED, &err);
    assert_fails(take_away("Default", false, false), CS_E_CANCELLED, &err);
    assert_fails(cs_flow_get(&flow, &options, &none, &err), CS_E_CANCELLED, &err);
    ck_assert_int_eq(record_count(), records);
    assert_stored("Default", &one, NULL, NULL);
}
END_TEST

/* ---- what another run does while the question is open ---- */

static struct cs_bytes rival_certificate;
static const char *rival_type;
static enum cs_use_slot rival_slot;

/* Another certificate, or none, at that place. */
static void rival(void)
{
    const struct cs_use use = {
        .slot = rival_slot,
        .certificate = rival_certificate,
        .effective = rival_slot == CS_USE_STAGED ? cs_clock_now() + DAY : 0,
    };

    assert_ok(
        cs_store_use_set(store, rival_type, &use, rival_certificate.len > 0, "assigned", &err),
        &err);
}

static const struct {
    const char *asked; /* -Type */
    const char *type;  /* that the other run changes */
    bool empties;
    enum cs_use_slot slot;
    cs_rc code;
} rivals[] = {
    {"Default", "Default", false, CS_USE_CURRENT, CS_E_STORE},
    {"Default", "Default", false, CS_USE_STAGED, CS_E_STORE},
    {"Default", "Default", true, CS_USE_CURRENT, CS_E_STORE},
    {"", "WebServicesInternal", false, CS_USE_CURRENT, CS_E_STORE},
    {"Default", "WebServicesInternal", false, CS_USE_CURRENT, CS_OK}, /* not asked about */
};

/* What goes is what the question was about: nothing that came after it, and not a part of it. */
START_TEST(what_changed_since_the_question_is_kept)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(20);

    assert_ok(set(&one, "Default,Internal"), &err);
    rival_certificate = rivals[_i].empties ? (struct cs_bytes){0} : two;
    rival_type = rivals[_i].type;
    rival_slot = rivals[_i].slot;
    ui.meanwhile = rival;
    ui.is_there = ui.says_yes = true;
    int64_t records = record_count();
    ck_assert_int_eq(take_away(rivals[_i].asked, false, false), rivals[_i].code);
    ck_assert_uint_eq(ui.questions, 1);
    assert_stored("Internal", &one, NULL, NULL);
    ck_assert_int_eq(record_count(), records + 1 + (rivals[_i].code == CS_OK));
    if (rivals[_i].code == CS_OK) {
        assert_stored("Default", NULL, NULL, NULL);
        assert_stored("WebServicesInternal", &two, NULL, NULL);
        return;
    }
    assert_contains(err.message, "another run");
    assert_contains(err.hint, "cscert get");
    const struct cs_bytes *there = rivals[_i].empties ? NULL : &two;
    const bool staged = rivals[_i].slot == CS_USE_STAGED;
    assert_stored(rivals[_i].type, staged ? NULL : there, NULL, staged ? there : NULL);
}
END_TEST

START_TEST(nothing_to_take_away_is_said)
{
    int64_t records = record_count();

    assert_ok(take_away("Default,Internal", false, false), &err);
    ck_assert_uint_eq(ui.warnings, 2);
    assert_ok(take_away("", true, false), &err);
    ck_assert_uint_eq(ui.warnings, 0);
    ck_assert_int_eq(record_count(), records);
}
END_TEST

/* ---- looking ---- */

START_TEST(get_tells_what_is_known)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    cs_auto_value(cs_bytes) two = given_certificate(5);
    cs_auto_value(cs_certificate_list) list = get("", false);

    ck_assert_uint_eq(list.count, 2);
    ck_assert(cs_bytes_equal(&list.items[0].der, &two)); /* ends first */
    ck_assert_int_eq(list.items[0].request_id, 2);
    ck_assert_int_eq(list.items[0].origin, CS_KEY_GENERATED);
    ck_assert_str_eq(list.items[0].token, token->ops->info(token)->uri);
    ck_assert_uint_eq(list.items[0].warnings.count, 0);
    assert_ok(set(&one, "Default"), &err);
    cs_certificate_list_done(&list);
    list = get("", false);
    ck_assert(cs_bytes_equal(&list.items[0].der, &one)); /* serves a type */
    cs_certificate_list_done(&list);
    list = get("", true);
    ck_assert_uint_eq(list.count, 1);
    cs_certificate_list_done(&list);
    list = get("Internal", false);
    ck_assert_uint_eq(list.count, 0);
    cs_certificate_list_done(&list);
    flow.store = NULL;
    list = get("", false);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_int_eq(list.items[0].request_id, 0);
    ck_assert_int_eq(list.items[0].origin, CS_KEY_GENERATED); /* by CKA_LOCAL */
}
END_TEST

START_TEST(what_serves_and_is_gone_is_shown)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);

    assert_ok(set(&one, "Default,Internal"), &err);
    cs_softkeys_drop_certificates(token);
    cs_auto_value(cs_certificate_list) list = get("", true);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_ptr_null(list.items[0].uri);
    ck_assert_int_eq(list.items[0].origin, CS_KEY_NOT_THERE);
    ck_assert_uint_eq(list.items[0].uses.count, 2);
    ck_assert_uint_eq(list.items[0].warnings.count, 1);
    assert_contains(list.items[0].warnings.items[0], "not on the token any more");
}
END_TEST

START_TEST(what_serves_elsewhere_is_shown)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    struct cs_use use = {.slot = CS_USE_CURRENT, .certificate = one, .token_uri = NULL};

    use.token_uri = cs_strdup("pkcs11:token=other");
    assert_ok(cs_store_use_set(store, "Default", &use, 1, "assigned", &err), &err);
    cs_softkeys_drop_certificates(token);
    cs_auto_value(cs_certificate_list) list = get("Default", false);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_int_eq(list.items[0].origin, CS_KEY_NOT_ASKED);
    assert_contains(list.items[0].warnings.items[0], "pkcs11:token=other");
    free(use.token_uri);
}
END_TEST

/* An object that is no certificate is listed with the reason; it stops nothing. */
START_TEST(what_is_no_certificate_is_shown)
{
    cs_auto_value(cs_bytes) one = given_certificate(9);
    const struct cs_bytes junk = {(uint8_t *)(uintptr_t) "junk", 4};

    ck_assert_uint_gt(one.len, 0);
    assert_ok(token->ops->put_ca_certificate(token, &junk, "junk", &err), &err);
    cs_auto_value(cs_certificate_list) list = get("", false);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_ptr_null(list.items[0].facts.subject);
    ck_assert_uint_eq(list.items[0].warnings.count, 1);
    ck_assert_str_eq(list.items[0].label, "junk");
    cs_auto_value(cs_certificate_list) assigned = get("", true);
    ck_assert_uint_eq(assigned.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("set");
    TCase *tcase = tcase_create("set");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_one_before_is_kept);
    tcase_add_test(tcase, the_same_again_changes_nothing);
    tcase_add_test(tcase, several_types_at_once);
    tcase_add_test(tcase, the_request_knows_the_type);
    tcase_add_test(tcase, thumbprints_are_taken_as_they_come);
    add_rows(tcase, what_is_not_there_is_refused, refusals);
    tcase_add_test(tcase, without_its_key_it_cannot_serve);
    tcase_add_test(tcase, oauth_needs_2048_bits);
    tcase_add_test(tcase, what_if_changes_nothing);
    tcase_add_test(tcase, a_no_changes_nothing);
    tcase_add_test(tcase, staged_waits_beside_the_current_one);
    tcase_add_test(tcase, staged_serves_when_its_date_has_come);
    tcase_add_test(tcase, what_is_due_is_written_with_any_set);
    add_rows(tcase, lead_times_are_those_of_the_documentation, leads);
    add_rows(tcase, dates_outside_the_validity_are_refused, dates);
    tcase_add_test(tcase, one_of_tomorrow_can_be_staged);
    tcase_add_test(tcase, staging_what_serves_changes_nothing);
    tcase_add_test(tcase, nothing_serves_before_the_first_date);
    tcase_add_test(tcase, assigning_beside_a_staged_one);
    tcase_add_test(tcase, in_use_is_asked_about);
    tcase_add_test(tcase, slots_go_as_they_are_named);
    tcase_add_test(tcase, a_signal_stops_before_the_change);
    add_rows(tcase, what_changed_since_the_question_is_kept, rivals);
    tcase_add_test(tcase, nothing_to_take_away_is_said);
    tcase_add_test(tcase, get_tells_what_is_known);
    tcase_add_test(tcase, what_serves_and_is_gone_is_shown);
    tcase_add_test(tcase, what_serves_elsewhere_is_shown);
    tcase_add_test(tcase, what_is_no_certificate_is_shown);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/output.h"
#include "support/check_run.h"
#include "support/report_sample.h"
#include "support/scratch.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>

static struct report_sample sample;
static struct cs_result results[SAMPLE_COUNT];
static struct cs_result_list all;

static void setup(void)
{
    report_sample_make(&sample);
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        results[i] = (struct cs_result){
            .request = sample.requests[i],
            .files = sample.files[i],
            .warnings = sample.warnings[i],
            .error = sample.errors[i],
        };
    }
    all = (struct cs_result_list){results, SAMPLE_COUNT};
}

static void teardown(void)
{
    report_sample_done(&sample);
}

static json_t *parse(const struct cs_output *output)
{
    cs_autofree char *text = cs_output_json(output);
    json_error_t error;
    json_t *array = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(json_is_array(array), "%s in %s", error.text, text);
    ck_assert_int_eq(text[strlen(text) - 1], '\n');
    return array;
}

static const char *string(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    ck_assert_msg(json_is_string(value), "%s is no string", name);
    return json_string_value(value);
}

static void assert_null(const json_t *object, const char *name)
{
    ck_assert_msg(json_is_null(json_object_get(object, name)), "%s is not null", name);
}

/* The names of docs/CLI.md, "Output", and no others; Error only where something failed. */
static void assert_fields(const json_t *object, bool failed)
{
    static const char *const fields[] = {
        "RequestId",  "RequestStatus", "Type",     "Subject",     "Names",     "Pool",
        "Computer",   "Role",          "Choice",   "Like",        "Existing",  "LeftAlone",
        "Thumbprint", "Key",           "Ca",       "CaRequestId", "Files",     "Warnings",
        "Template",   "FriendlyName",  "Exported", "Copy",        "CaMessage",
    };

    for (size_t i = 0; i < ROWS(fields); i++) {
        ck_assert_msg(json_object_get(object, fields[i]) != NULL, "no %s", fields[i]);
    }
    ck_assert_uint_eq(json_object_size(object), ROWS(fields) + failed);
}

START_TEST(test_json_issued)
{
    const struct cs_output output = {.results = &all};
    json_t *array = parse(&output);
    const json_t *object = json_array_get(array, 0);
    const struct cs_bytes *der = &sample.requests[0]->certificate;
    unsigned char digest[20];

    assert_fields(object, false);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "RequestId")), 1);
    ck_assert_str_eq(string(object, "RequestStatus"), "Issued");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(object, "Type"), 0)),
                     "Internal");
    ck_assert_str_eq(string(object, "Subject"),
                     "CN=edge1.litwareinc.com, O=Litware & S\u00f6hne, C=DE");
    ck_assert_str_eq(string(object, "Ca"), "atl-ca-001.litwareinc.com\\myca");
    ck_assert_str_eq(string(object, "CaRequestId"), "17");

    const json_t *names = json_object_get(object, "Names");
    ck_assert_uint_eq(json_array_size(names), 2);
    ck_assert_str_eq(string(json_array_get(names, 0), "Name"), "edge1.litwareinc.com");
    ck_assert_str_eq(string(json_array_get(names, 0), "Rule"), "subject name");
    ck_assert_str_eq(string(json_array_get(names, 0), "Source"), "-ComputerFqdn");

    /* Windows' thumbprint: SHA-1 of the DER, upper case. */
    ck_assert_int_eq(EVP_Digest(der->data, der->len, digest, NULL, EVP_sha1(), NULL), 1);
    cs_autofree char *hex = cs_hex(digest, sizeof digest);
    for (char *c = hex; *c; c++) {
        *c = (char)(*c >= 'a' ? *c - 32 : *c);
    }
    ck_assert_str_eq(string(object, "Thumbprint"), hex);
    json_decref(array);
}
END_TEST

START_TEST(test_json_key)
{
    const struct cs_output output = {.results = &all};
    json_t *array = parse(&output);
    const json_t *key = json_object_get(json_array_get(array, 0), "Key");
    const json_t *attrs = json_object_get(key, "Attributes");

    ck_assert_str_eq(string(key, "Uri"), "pkcs11:token=edge;id=%A5%A5%A5%A5;type=private");
    ck_assert_str_eq(string(key, "Algorithm"), "RSA");
    ck_assert_int_eq(json_integer_value(json_object_get(key, "Size")), 2048);
    ck_assert(json_is_false(json_object_get(key, "Exportable")));
    ck_assert_str_eq(string(key, "Generation"), "token");
    ck_assert_uint_eq(json_object_size(attrs), CS_KEY_ATTR_COUNT);
    ck_assert(json_is_true(json_object_get(attrs, "CKA_LOCAL")));
    ck_assert(json_is_false(json_object_get(attrs, "CKA_EXTRACTABLE")));
    assert_null(attrs, "CKA_MODIFIABLE"); /* not answered: unknown, never false */
    ck_assert_uint_eq(json_array_size(json_object_get(key, "Unreliable")), 1);
    json_decref(array);
}
END_TEST

START_TEST(test_json_pending)
{
    const struct cs_output output = {.results = &all};
    json_t *array = parse(&output);
    const json_t *object = json_array_get(array, 1);
    const json_t *key = json_object_get(object, "Key");

    ck_assert_str_eq(string(object, "RequestStatus"), "Pending");
    assert_null(object, "Thumbprint");
    assert_null(key, "Uri");
    assert_null(key, "Generation");
    ck_assert_uint_eq(json_object_size(json_object_get(key, "Attributes")), 0);
    json_decref(array);
}
END_TEST

/* Everything at once, in a name, an error, a file: still one JSON text of UTF-8. */
START_TEST(test_json_hostile)
{
    const struct cs_output output = {.results = &all};
    cs_autofree char *text = cs_output_json(&output);

    cs_strv_add(&results[2].files, "\xff\xfe.csr");
    sample.files[2] = results[2].files;
    cs_err_set(&results[2].error, CS_E_OUTPUT, "\xff %s", SAMPLE_HOSTILE);
    json_t *array = parse(&output);
    const json_t *object = json_array_get(array, 2);
    const json_t *files = json_object_get(object, "Files");
    const json_t *last = json_array_get(files, json_array_size(files) - 1);
    assert_fields(object, true);
    ck_assert_str_eq(json_string_value(last), "\\xff\\xfe.csr");
    for (const char *c = text; *c; c++) {
        ck_assert_msg(*c == '\n' || (unsigned char)*c >= 0x20, "control character in JSON");
    }
    json_decref(array);
}
END_TEST

static struct cs_err pin_incorrect(void)
{
    struct cs_err err = {0};

    cs_err_set(&err, CS_E_TOKEN_AUTH, "The token \"edge\" did not accept the PIN");
    cs_err_cause(&err, CS_ORIGIN_CKR, 0xa0, "CKR_PIN_INCORRECT", "C_Login");
    cs_err_hint(&err, "check the file");
    return err;
}

static void assert_error(const json_t *object)
{
    const json_t *error = json_object_get(object, "Error");

    ck_assert_int_eq(json_integer_value(json_object_get(error, "Code")), 5);
    ck_assert_str_eq(string(error, "Name"), "TOKEN_AUTH");
    ck_assert_str_eq(string(error, "Message"), "The token \"edge\" did not accept the PIN");
    ck_assert_str_eq(string(error, "Cause"), "C_Login: CKR_PIN_INCORRECT (0xa0)");
    ck_assert_str_eq(string(error, "Hint"), "check the file");
}

/* The error of this run goes before what was stored; that is shown when nothing went wrong now. */
START_TEST(test_json_error)
{
    const struct cs_result_list one = {&results[1], 1};
    const struct cs_output output = {.results = &one};

    cs_err_set(&sample.requests[1]->error, CS_E_CA_UNREACHABLE, "stored");
    json_t *stored = parse(&output);
    const json_t *error = json_object_get(json_array_get(stored, 0), "Error");
    ck_assert_str_eq(string(error, "Message"), "stored");
    assert_null(error, "Cause");
    assert_null(error, "Hint");
    json_decref(stored);

    results[1].error = pin_incorrect();
    json_t *now = parse(&output);
    assert_error(json_array_get(now, 0));
    json_decref(now);
}
END_TEST

/* A run that failed before there was a request still answers with JSON. */
START_TEST(test_json_run_error)
{
    const struct cs_result_list none = {0};
    const struct cs_err err = pin_incorrect();
    const struct cs_output output = {.results = &none, .error = &err};
    json_t *array = parse(&output);
    const json_t *object = json_array_get(array, 0);

    ck_assert_uint_eq(json_array_size(array), 1);
    ck_assert_str_eq(string(object, "RequestStatus"), "Failed");
    assert_null(object, "RequestId");
    assert_error(object);
    json_decref(array);
}
END_TEST

/* One that a result tells already is not told twice. */
START_TEST(test_json_once)
{
    const struct cs_err err = pin_incorrect();
    const struct cs_result_list one = {&results[1], 1};
    const struct cs_output output = {.results = &one, .error = &err};

    results[1].error = err;
    json_t *array = parse(&output);
    ck_assert_uint_eq(json_array_size(array), 1);
    json_decref(array);
}
END_TEST

START_TEST(test_json_nothing)
{
    const struct cs_result_list none = {0};
    const struct cs_err fine = {0};
    const struct cs_output output = {.results = &none, .error = &fine};
    json_t *array = parse(&output);

    ck_assert_uint_eq(json_array_size(array), 0);
    json_decref(array);
}
END_TEST

static struct cs_stray stray = {
    .name = (char[]){"private-3f2a9c01d4e5"},
    .class_name = (char[]){"private key"},
    .label = (char[]){"\033[31mhalf"},
    .count = 2,
};

START_TEST(test_strays)
{
    const struct cs_result_list none = {0};
    const struct cs_stray_list strays = {&stray, 1};
    const struct cs_output output = {.results = &none, .strays = &strays};
    json_t *array = parse(&output);
    const json_t *object = json_object_get(json_array_get(array, 0), "Stray");
    cs_autofree char *text = cs_output_text(&output);

    ck_assert_str_eq(string(object, "Name"), "private-3f2a9c01d4e5");
    ck_assert_str_eq(string(object, "Class"), "private key");
    ck_assert_str_eq(string(object, "Label"), "\033[31mhalf");
    ck_assert_int_eq(json_integer_value(json_object_get(object, "Count")), 2);
    json_decref(array);
    assert_contains(text, "private-3f2a9c01d4e5  2 x private key  label \"\\x1b[31mhalf\"");
    assert_contains(text, "recover --remove");
}
END_TEST

/* -WhatIf: a request of which only the plan is filled. */
START_TEST(test_plan_only)
{
    struct cs_request *request = cs_request_new();
    struct cs_result planned = {.request = request};
    const struct cs_result_list one = {&planned, 1};
    const struct cs_output output = {.results = &one};

    request->plan = cs_plan_new();
    request->plan->types = 1U << CS_TYPE_DEFAULT | 1U << CS_TYPE_WEB_SERVICES_INTERNAL;
    request->plan->subject.common_name = cs_strdup("pool1.litwareinc.com");
    request->plan->key_spec = (struct cs_key_spec){CS_KEY_EC_P384, 384};
    request->plan->exportable = true;
    request->plan->output = cs_strdup("x.csr");
    cs_plan_add_name(request->plan, "pool1.litwareinc.com", "subject name", "-ComputerFqdn");

    json_t *array = parse(&output);
    const json_t *object = json_array_get(array, 0);
    assert_null(object, "RequestId");
    ck_assert_str_eq(string(object, "RequestStatus"), "Planned");
    ck_assert_uint_eq(json_array_size(json_object_get(object, "Type")), 2);
    ck_assert(json_is_true(json_object_get(json_object_get(object, "Key"), "Exportable")));
    assert_null(object, "Ca");
    json_decref(array);

    cs_autofree char *text = cs_output_text(&output);
    assert_contains(text, "RequestId     : -\n");
    assert_contains(text, "RequestStatus : Planned\n");
    assert_contains(text, "Type          : Default, WebServicesInternal\n");
    assert_contains(text, "Names         : pool1.litwareinc.com  subject name  -ComputerFqdn\n");
    assert_contains(text, "Key           : ECDH_P384 384, exportable\n");
    assert_contains(text, "Output        : x.csr\n");
    cs_request_free(request);
}
END_TEST

/* A plan with a topology: where it is from, what became of an older certificate's names, what the
 * store has. */
static struct cs_request *planned_request(void)
{
    struct cs_request *request = cs_request_new();
    struct cs_plan *plan = cs_plan_new();

    request->plan = plan;
    plan->types = 1U << CS_TYPE_DEFAULT;
    plan->computer = cs_strdup("fe1.litwareinc.net");
    plan->pool = cs_strdup("pool1.litwareinc.net");
    plan->role = CS_ROLE_FRONT_END;
    plan->choice = cs_strdup("each server has a key of its own");
    plan->subject.common_name = cs_strdup("pool1.litwareinc.net");
    plan->key_spec = (struct cs_key_spec){CS_KEY_RSA, 2048};
    cs_plan_add_name(plan, "pool1.litwareinc.net", "pool", "t.xml:12 Cluster@Fqdn");
    cs_plan_add_name(plan, "sip.litwareinc.com", "SIP domain: sip.<domain>", "t.xml:3");
    plan->like.source = cs_strdup("old.cer");
    cs_strv_add(&plan->like.kept, "pool1.litwareinc.net");
    cs_strv_add(&plan->like.gained, "sip.litwareinc.com");
    cs_strv_add(&plan->like.lost, "old.litwareinc.com");
    return request;
}

START_TEST(test_text_plan)
{
    struct cs_result planned = {.request = planned_request()};
    const struct cs_result_list one = {&planned, 1};
    const struct cs_output output = {.results = &one};

    planned.existing =
        (struct cs_existing){.fit = CS_FIT_NAMES, .request_id = 3, .state = CS_STATE_OFFLINE};
    cs_strv_add(&planned.existing.missing, "sip.litwareinc.com");
    cs_autofree char *text = cs_output_text(&output);
    assert_contains(text, "Pool          : pool1.litwareinc.net (Front End)\n"
                          "Computer      : fe1.litwareinc.net\n"
                          "Subject       : CN=pool1.litwareinc.net\n");
    assert_contains(text,
                    "Names         : pool1.litwareinc.net  pool                      t.xml:12 "
                    "Cluster@Fqdn\n"
                    "                sip.litwareinc.com    SIP domain: sip.<domain>  t.xml:3\n"
                    "Like          : old.cer\n"
                    "  kept        : pool1.litwareinc.net\n"
                    "  gained      : sip.litwareinc.com\n"
                    "  lost        : old.litwareinc.com\n"
                    "Choice        : each server has a key of its own\n"
                    "Existing      : request 3, Offline: lacks sip.litwareinc.com\n");
    cs_request_free(planned.request);
    cs_strv_done(&planned.existing.missing);
}
END_TEST

/* As it comes from the store: the pool's role is not known any more. */
START_TEST(test_text_no_role)
{
    struct cs_result stored = {.request = planned_request()};
    const struct cs_result_list one = {&stored, 1};
    const struct cs_output output = {.results = &one};

    stored.request->plan->role = CS_ROLE_NONE;
    cs_autofree char *text = cs_output_text(&output);
    assert_contains(text, "Pool          : pool1.litwareinc.net\n"
                          "Computer      : fe1.litwareinc.net\n");
    cs_request_free(stored.request);
}
END_TEST

START_TEST(test_json_plan)
{
    struct cs_result planned = {.request = planned_request()};
    const struct cs_result_list one = {&planned, 1};
    const struct cs_output output = {.results = &one};

    planned.existing = (struct cs_existing){
        .fit = CS_FIT_GOOD,
        .request_id = 3,
        .state = CS_STATE_IMPORTED,
        .not_after = cs_clock_now() + (int64_t)40 * 86400 + 3600,
    };
    json_t *array = parse(&output);
    const json_t *object = json_array_get(array, 0);
    const json_t *existing = json_object_get(object, "Existing");
    const json_t *like = json_object_get(object, "Like");
    assert_fields(object, false);
    ck_assert_str_eq(string(object, "Pool"), "pool1.litwareinc.net");
    ck_assert_str_eq(string(object, "Computer"), "fe1.litwareinc.net");
    ck_assert_str_eq(string(object, "Role"), "Front End");
    ck_assert_str_eq(string(object, "Choice"), "each server has a key of its own");
    ck_assert_str_eq(string(like, "Source"), "old.cer");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(like, "Lost"), 0)),
                     "old.litwareinc.com");
    ck_assert_str_eq(string(existing, "Fit"), "Good");
    ck_assert_str_eq(string(existing, "RequestStatus"), "Issued");
    ck_assert_int_eq(json_integer_value(json_object_get(existing, "RequestId")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(existing, "DaysLeft")), 40);
    ck_assert(json_is_false(json_object_get(object, "LeftAlone")));
    json_decref(array);
    cs_request_free(planned.request);
    cs_strv_done(&planned.existing.missing);
}
END_TEST

/* One that could not be planned has no key, and failed. */
START_TEST(test_json_unplanned)
{
    struct cs_request *request = cs_request_new();
    struct cs_result failed = {.request = request, .error = pin_incorrect()};
    const struct cs_result_list one = {&failed, 1};
    const struct cs_output output = {.results = &one};

    request->plan = cs_plan_new();
    request->plan->types = 1U << CS_TYPE_DEFAULT;
    request->plan->pool = cs_strdup("pool1.litwareinc.net");
    json_t *array = parse(&output);
    const json_t *object = json_array_get(array, 0);
    ck_assert_str_eq(string(object, "RequestStatus"), "Failed");
    assert_null(object, "Key");
    assert_null(object, "Existing");
    assert_error(object);
    json_decref(array);
    cs_request_free(request);
}
END_TEST

static const struct {
    struct cs_existing existing;
    int64_t days; /* from now to not_after, with an hour more; 0: no certificate */
    const char *text;
} existing_rows[] = {
    {{0}, 0, "nothing yet"},
    {{CS_FIT_OPEN, 7, CS_STATE_PENDING, 0, {0}}, 0, "request 7, Pending: fits"},
    {{CS_FIT_GOOD, 7, CS_STATE_IMPORTED, 0, {0}}, 340, "request 7, Issued, 340 days left: fits"},
    {{CS_FIT_GOOD, 7, CS_STATE_IMPORTED, 0, {0}}, 1, "request 7, Issued, 1 day left: fits"},
    {{CS_FIT_EXPIRING, 7, CS_STATE_IMPORTED, 0, {0}},
     12,
     "request 7, Issued, 12 days left: needs a new one"},
    {{CS_FIT_EXPIRING, 7, CS_STATE_IMPORTED, 0, {0}},
     -3,
     "request 7, Issued, expired 3 days ago: needs a new one"},
};

START_TEST(test_existing)
{
    struct cs_existing existing = existing_rows[_i].existing;
    int64_t days = existing_rows[_i].days;

    existing.not_after = days ? cs_clock_now() + days * 86400 + 3600 : 0;
    cs_autofree char *text = cs_output_existing(&existing);
    ck_assert_str_eq(text, existing_rows[_i].text);
}
END_TEST

START_TEST(test_text_one)
{
    const struct cs_result_list one = {&results[0], 1};
    const struct cs_output output = {.results = &one};
    cs_autofree char *text = cs_output_text(&output);

    assert_contains(text, "RequestId     : 1\nRequestStatus : Issued\nType          : Internal\n");
    assert_contains(text, "Names         : edge1.litwareinc.com  subject name  -ComputerFqdn\n"
                          "                sip.litwareinc.com    -DomainName\n");
    assert_contains(text, "SerialNumber  : 12ab34\n");
    assert_contains(text, "Thumbprint    : ");
    assert_contains(text, "CKA_NEVER_EXTRACTABLE true");
    assert_contains(text, "CKA_MODIFIABLE unknown");
    assert_contains(text, "CKA_WRAP_WITH_TRUSTED unknown (unreliable)");
}
END_TEST

/* What was stored is shown; what goes wrong now is for standard error. */
START_TEST(test_text_error)
{
    const struct cs_result_list one = {&results[1], 1};
    const struct cs_output output = {.results = &one};

    sample.requests[1]->error = pin_incorrect();
    cs_autofree char *stored = cs_output_text(&output);
    assert_contains(stored, "Error         : The token \"edge\" did not accept the PIN\n"
                            "  cause       : C_Login: CKR_PIN_INCORRECT (0xa0)\n"
                            "  do          : check the file\n");
    results[1].error = pin_incorrect();
    cs_autofree char *now = cs_output_text(&output);
    ck_assert_ptr_null(strstr(now, "Error"));
}
END_TEST

/* Columns stand under each other, also with umlauts; each file and failure is under its row. */
START_TEST(test_text_table)
{
    const struct cs_output output = {.results = &all};
    struct cs_strv file = {0};

    cs_strv_add(&file, "again/\033.req");
    results[0].files = (struct cs_strv){0}; /* the sample's */
    results[1].files = file;
    results[1].error = pin_incorrect();
    free(sample.requests[0]->ca_request_id);
    sample.requests[0]->ca_request_id = cs_strdup("\u00e4\u00f6\u00fc");
    cs_autofree char *text = cs_output_text(&output);
    cs_auto_value(cs_strv) lines = {0};
    cs_strv_split(&lines, text, '\n');
    const char *head = lines.items[0];
    ck_assert_ptr_eq(strstr(head, "RequestId"), head);
    long status = strstr(head, "RequestStatus") - head;
    long ca = strstr(head, "  Ca ") - head + 2;
    ck_assert_int_eq(strstr(lines.items[1], "Issued") - lines.items[1], status);
    ck_assert_int_eq(strstr(lines.items[1], "atl-ca-001") - lines.items[1], ca + 3);
    ck_assert_int_eq(strstr(lines.items[2], "Pending") - lines.items[2], status);
    ck_assert_int_eq(strstr(lines.items[2], "atl-ca-001") - lines.items[2], ca);
    ck_assert_str_eq(lines.items[3], "written to again/\\x1b.req");
    ck_assert_str_eq(lines.items[4], "TOKEN_AUTH: The token \"edge\" did not accept the PIN");
    assert_contains(lines.items[2], "CN=edge2.litwareinc.com");
    cs_strv_done(&file);
}
END_TEST

/* Neither layout lets text from outside reach the terminal as it is. */
START_TEST(test_text_hostile)
{
    const struct cs_result_list one = {&results[2], 1};

    for (int i = 0; i < 2; i++) {
        const struct cs_output output = {.results = i ? &one : &all};
        cs_autofree char *text = cs_output_text(&output);
        ck_assert_ptr_null(strchr(text, '\033'));
        ck_assert_ptr_null(strchr(text, '\xff'));
        assert_contains(text, "\\x1b[31m\\xff");
    }
}
END_TEST

START_TEST(test_not_truncated)
{
    char *name = cs_alloc(254, 1);
    const struct cs_output output = {.results = &all};

    memset(name, 'a', 253);
    free(sample.requests[0]->plan->subject.common_name);
    sample.requests[0]->plan->subject.common_name = name;
    cs_autofree char *text = cs_output_text(&output);
    cs_autofree char *json = cs_output_json(&output);
    assert_contains(text, name);
    assert_contains(json, name);
}
END_TEST

static const struct {
    const char *value;
    const char *text; /* RFC 4514 section 2.4 */
} escapes[] = {
    {"Litwareinc", "O=Litwareinc"},
    {"James \"Jim\" Smith, III", "O=James \\\"Jim\\\" Smith\\, III"}, /* RFC 4514 section 4 */
    {" x ", "O=\\ x\\ "},
    {"#x#", "O=\\#x#"},
    {"a+b;c<d>e\\f=g", "O=a\\+b\\;c\\<d\\>e\\\\f=g"},
    {"S\u00f6hne", "O=S\u00f6hne"},
    {" ", "O=\\ "},
};

START_TEST(test_subject)
{
    cs_autofree char *value = cs_strdup(escapes[_i].value);
    const struct cs_subject subject = {.organization = value};
    cs_autofree char *text = cs_output_subject(&subject);

    ck_assert_str_eq(text, escapes[_i].text);
}
END_TEST

START_TEST(test_subject_order)
{
    const struct cs_subject subject = {
        .common_name = (char[]){"a"},
        .organizational_unit = (char[]){"b"},
        .organization = (char[]){"c"},
        .locality = (char[]){"d"},
        .state = (char[]){"e"},
        .country = (char[]){"NO"},
    };
    const struct cs_subject nothing = {0};
    cs_autofree char *text = cs_output_subject(&subject);
    cs_autofree char *empty = cs_output_subject(&nothing);

    ck_assert_str_eq(text, "CN=a, OU=b, O=c, L=d, ST=e, C=NO");
    ck_assert_str_eq(empty, "");
}
END_TEST

START_TEST(test_write)
{
    struct cs_err err = {0};

    ck_assert_ptr_nonnull(freopen("out", "w", stdout));
    assert_ok(cs_output_write("text\n", &err), &err);
    ck_assert_ptr_nonnull(freopen("/dev/full", "w", stdout));
    assert_fails(cs_output_write("text\n", &err), CS_E_OUTPUT, &err);
    ck_assert_int_eq(err.origin, CS_ORIGIN_ERRNO);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("output");
    TCase *json = tcase_create("json");
    TCase *text = tcase_create("text");
    TCase *file = tcase_create("file");

    tcase_add_checked_fixture(json, setup, teardown);
    tcase_add_test(json, test_json_issued);
    tcase_add_test(json, test_json_key);
    tcase_add_test(json, test_json_pending);
    tcase_add_test(json, test_json_hostile);
    tcase_add_test(json, test_json_error);
    tcase_add_test(json, test_json_run_error);
    tcase_add_test(json, test_json_once);
    tcase_add_test(json, test_json_nothing);
    tcase_add_test(json, test_strays);
    tcase_add_test(json, test_plan_only);
    tcase_add_test(json, test_json_plan);
    tcase_add_test(json, test_json_unplanned);
    suite_add_tcase(suite, json);
    tcase_add_checked_fixture(text, setup, teardown);
    tcase_add_test(text, test_text_one);
    tcase_add_test(text, test_text_plan);
    tcase_add_test(text, test_text_no_role);
    add_rows(text, test_existing, existing_rows);
    tcase_add_test(text, test_text_error);
    tcase_add_test(text, test_text_table);
    tcase_add_test(text, test_text_hostile);
    tcase_add_test(text, test_not_truncated);
    add_rows(text, test_subject, escapes);
    tcase_add_test(text, test_subject_order);
    suite_add_tcase(suite, text);
    tcase_add_checked_fixture(file, scratch_enter, scratch_leave);
    tcase_add_test(file, test_write);
    suite_add_tcase(suite, file);
    return check_run(suite);
}

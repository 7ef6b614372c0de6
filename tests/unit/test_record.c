/* The journal record: what stands in it, in which form, and what never does. */
#include "journal/record.h"

#include "base/mem.h"
#include "support/check_run.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct cs_actor actor = {.user = "operator", .host = "edge1", .uid = 1000};

#define TOOL "\"tool\":{\"name\":\"cscert\",\"version\":\"" CS_VERSION "\"}"

/* "0102030405060708090a0b0c0d0e0f1011121314" */
static struct cs_request *planned(void)
{
    struct cs_request *request = cs_request_new();
    struct cs_plan *plan = cs_plan_new();

    plan->types = 1u << CS_TYPE_INTERNAL;
    plan->subject.common_name = cs_strdup("edge1.litwareinc.net");
    plan->subject.country = cs_strdup("US");
    plan->key_spec = (struct cs_key_spec){CS_KEY_RSA, 2048};
    plan->ca = cs_strdup("ca01.litwareinc.test\\myca");
    cs_plan_add_name(plan, "edge1.litwareinc.net", "subject name", "-ComputerFqdn");
    request->id = 7;
    request->plan = plan;
    request->label = cs_strdup("edge");
    request->token_uri = cs_strdup("pkcs11:token=edge");
    for (size_t i = 0; i < CS_KEY_ID_LEN; i++) {
        request->key_id[i] = (uint8_t)(i + 1);
    }
    return request;
}

/* The caller frees. */
static char *record_of(const struct cs_request *request, const char *previous)
{
    struct cs_err err = {0};
    char *json = NULL;

    const struct cs_record record = {.request = request};

    assert_ok(cs_journal_record(&actor, 3, previous, 1795000000, &record, &json, &err), &err);
    return json;
}

/* Members in the order of their names, no blanks (RFC 8785 section 3.2), and of the key only what
 * was asked for: there is none yet. */
START_TEST(planned_knows_the_plan)
{
    cs_auto(cs_request) request = planned();
    cs_autofree char *json = record_of(request, NULL);

    ck_assert_str_eq(
        json,
        "{\"actor\":{\"host\":\"edge1\",\"uid\":1000,\"user\":\"operator\"},"
        "\"ca\":{\"name\":\"ca01.litwareinc.test\\\\myca\"},"
        "\"key\":{\"algorithm\":\"RSA\",\"exportable\":false,"
        "\"id\":\"0102030405060708090a0b0c0d0e0f1011121314\",\"label\":\"edge\",\"size\":2048},"
        "\"prev\":null,"
        "\"request\":{\"client_eku\":false,\"id\":7,"
        "\"names\":[{\"name\":\"edge1.litwareinc.net\",\"rule\":\"subject name\","
        "\"source\":\"-ComputerFqdn\"}],\"state\":\"PLANNED\","
        "\"subject\":{\"C\":\"US\",\"CN\":\"edge1.litwareinc.net\"},\"types\":[\"Internal\"]},"
        "\"seq\":3,\"time\":1795000000,"
        "\"token\":{\"uri\":\"pkcs11:token=edge\"}," TOOL ",\"type\":\"planned\",\"v\":1}");
}
END_TEST

/* A pool stands between names and state; a record without one is as it was before there were any
 * (above). */
START_TEST(planned_knows_the_pool)
{
    cs_auto(cs_request) request = planned();

    request->plan->pool = cs_strdup("edgepool.litwareinc.net");
    cs_autofree char *json = record_of(request, NULL);
    assert_contains(json, "\"source\":\"-ComputerFqdn\"}],\"pool\":\"edgepool.litwareinc.net\","
                          "\"state\":\"PLANNED\",");
}
END_TEST

static struct cs_request *generated(void)
{
    struct cs_request *request = planned();

    request->state = CS_STATE_SIGNED;
    request->module_path = cs_strdup("/usr/lib/softhsm/libsofthsm2.so");
    request->key_uri = cs_strdup("pkcs11:token=edge;id=%01;type=private");
    request->generation = CS_GEN_SESSION_COPY;
    request->attrs.answer[CS_ATTR_LOCAL] = CS_TRUE;
    request->attrs.answer[CS_ATTR_EXTRACTABLE] = CS_FALSE;
    request->attrs.unreliable[CS_ATTR_LOCAL] = true;
    request->attrs.gen_mechanism_known = true;
    request->attrs.gen_mechanism = 0x1040;
    request->spki = cs_bytes_copy("abc", 3);
    return request;
}

/* SHA-256("abc"): FIPS 180-4, example of NIST; SHA-256(""): the same collection. An attribute
 * without an answer is null, never false. */
#define SHA256_ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA256_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

START_TEST(generated_knows_the_key)
{
    cs_auto(cs_request) request = generated();
    cs_autofree char *json = record_of(request, "abc");

    assert_contains(json, "\"prev\":\"" SHA256_ABC "\"");
    assert_contains(json, "\"spki_sha256\":\"" SHA256_ABC "\"");
    assert_contains(json, "\"type\":\"generated\"");
    assert_contains(json, "\"generation\":\"session-copy\"");
    assert_contains(json, "\"readback\":{\"always-authenticate\":null,\"always-sensitive\":null,"
                          "\"decrypt\":null,\"derive\":null,\"extractable\":false,"
                          "\"key-gen-mechanism\":\"0x1040\",\"local\":true,\"modifiable\":null,"
                          "\"never-extractable\":null,\"private\":null,\"sensitive\":null,"
                          "\"sign\":null,\"sign-recover\":null,\"token\":null,\"unwrap\":null,"
                          "\"wrap-with-trusted\":null},\"size\":2048,\"unreliable\":[\"local\"],"
                          "\"uri\":\"pkcs11:token=edge;id=%01;type=private\"}");
    assert_contains(json, "\"token\":{\"module\":\"/usr/lib/softhsm/libsofthsm2.so\","
                          "\"uri\":\"pkcs11:token=edge\"}");
    ck_assert_ptr_null(strstr(json, "csr_sha256"));
    ck_assert_ptr_null(strstr(json, "certificate_sha256"));
    ck_assert_ptr_null(strstr(json, "\"error\""));
}
END_TEST

START_TEST(answer_and_error_are_in_it)
{
    cs_auto(cs_request) request = generated();

    request->state = CS_STATE_DENIED;
    request->csr = cs_bytes_copy("abc", 3);
    request->certificate = cs_bytes_copy("abc", 3);
    request->ca_request_id = cs_strdup("42");
    request->ca_message = cs_strdup("denied by policy");
    request->ca_handle = cs_strdup("opaque-handle");
    cs_err_set(&request->error, CS_E_CA_REFUSED, "the CA said no");
    cs_err_cause(&request->error, CS_ORIGIN_HRESULT, 0x80094012, "CERTSRV_E_TEMPLATE_DENIED",
                 "submit");
    cs_autofree char *json = record_of(request, "");

    assert_contains(json, "\"prev\":\"" SHA256_EMPTY "\"");
    assert_contains(json, "\"csr_sha256\":\"" SHA256_ABC "\"");
    assert_contains(json, "\"certificate_sha256\":\"" SHA256_ABC "\"");
    assert_contains(json, "\"ca\":{\"message\":\"denied by policy\","
                          "\"name\":\"ca01.litwareinc.test\\\\myca\",\"request_id\":\"42\"}");
    assert_contains(json, "\"error\":{\"cause\":{\"name\":\"CERTSRV_E_TEMPLATE_DENIED\","
                          "\"number\":2148089874,\"operation\":\"submit\",\"origin\":\"HRESULT\"},"
                          "\"code\":\"CA_REFUSED\",\"message\":\"the CA said no\"}");
    /* What a protocol needs to poll is nobody's evidence. */
    ck_assert_ptr_null(strstr(json, "opaque-handle"));
}
END_TEST

/* RFC 8785 section 3.2.2.2: two-letter escapes where there are, else \u00xx in lower case; all else
 * as it is. */
static const struct {
    const char *text;
    const char *json;
} strings[] = {
    {"\x1f", "\"label\":\"\\u001f\""},
    {"\x0f\x1b[31m", "\"label\":\"\\u000f\\u001b[31m\""},
    {"\b\t\n\f\r", "\"label\":\"\\b\\t\\n\\f\\r\""},
    {"\"\\/", "\"label\":\"\\\"\\\\/\""},
    {"\\u00AF", "\"label\":\"\\\\u00AF\""},
    {"\\\x1f", "\"label\":\"\\\\\\u001f\""},
    {"\x7f", "\"label\":\"\x7f\""},
    {"Z\xc3\xbcrich \xf0\x9f\x94\x91", "\"label\":\"Z\xc3\xbcrich \xf0\x9f\x94\x91\""},
    /* No UTF-8: Latin-1, overlong, a surrogate, cut short. */
    {"Z\xfcrich", "\"label\":\"Z\\\\xfcrich\""},
    {"\xc0\xaf", "\"label\":\"\\\\xc0\\\\xaf\""},
    {"\xed\xa0\x80", "\"label\":\"\\\\xed\\\\xa0\\\\x80\""},
    {"\xe2\x82", "\"label\":\"\\\\xe2\\\\x82\""},
    {"", "\"label\":\"\""},
};

START_TEST(text_is_escaped_as_rfc_8785_says)
{
    cs_auto(cs_request) request = planned();

    free(request->label);
    request->label = cs_strdup(strings[_i].text);
    cs_autofree char *json = record_of(request, NULL);
    assert_contains(json, strings[_i].json);
}
END_TEST

/* RFC 8785 appendix D: above 2^53 - 1 an integer is a string. */
static const struct {
    int64_t number;
    const char *json;
} numbers[] = {
    {0, "\"number\":0,"},
    {-1, "\"number\":-1,"},
    {9007199254740991, "\"number\":9007199254740991,"},
    {9007199254740992, "\"number\":\"9007199254740992\","},
    {-9007199254740992, "\"number\":\"-9007199254740992\","},
    {INT64_MIN, "\"number\":\"-9223372036854775808\","},
};

START_TEST(number_keeps_its_digits)
{
    cs_auto(cs_request) request = planned();

    cs_err_set(&request->error, CS_E_STORE, "m");
    cs_err_cause(&request->error, CS_ORIGIN_SQL, numbers[_i].number, "n", "o");
    cs_autofree char *json = record_of(request, NULL);
    assert_contains(json, numbers[_i].json);
}
END_TEST

/* RFC 7512 puts a PIN's place into the query, HTTP a password into the authority. */
static const struct {
    const char *uri;
    const char *plain;
} uris[] = {
    {"pkcs11:token=edge?pin-value=SECRET", "pkcs11:token=edge"},
    {"pkcs11:token=edge?module-path=/m&pin-source=file:/SECRET", "pkcs11:token=edge"},
    {"https://ca.litwareinc.test/certsrv?user=SECRET", "https://ca.litwareinc.test/certsrv"},
    {"https://me:SECRET@ca.litwareinc.test/ces", "https://ca.litwareinc.test/ces"},
    {"https://me:SECRET@x@ca.litwareinc.test/a@b", "https://ca.litwareinc.test/a@b"},
    {"acme:https://ca.litwareinc.test/directory#SECRET",
     "acme:https://ca.litwareinc.test/directory"},
    {"https://ca.litwareinc.test", "https://ca.litwareinc.test"},
    {"ca01\\is it? yes", "ca01\\\\is it? yes"},
    {"pkcs11:?x=://SECRET@", "pkcs11:"},
    {"", ""},
};

START_TEST(uri_stands_without_what_is_secret)
{
    cs_auto(cs_request) request = generated();
    cs_autofree char *expected = cs_asprintf("\"ca\":{\"name\":\"%s\"}", uris[_i].plain);

    free(request->plan->ca);
    free(request->token_uri);
    free(request->key_uri);
    request->plan->ca = cs_strdup(uris[_i].uri);
    request->token_uri = cs_strdup(uris[_i].uri);
    request->key_uri = cs_strdup(uris[_i].uri);
    cs_autofree char *json = record_of(request, NULL);
    assert_contains(json, expected);
    ck_assert_ptr_null(strstr(json, "SECRET"));
}
END_TEST

/* Without a CA there is none in it; without a token neither. */
START_TEST(what_is_not_known_is_left_out)
{
    cs_auto(cs_request) request = planned();

    free(cs_steal(&request->plan->ca));
    free(cs_steal(&request->token_uri));
    request->plan->output = cs_strdup("/tmp/edge.csr");
    request->plan->types = 0;
    cs_autofree char *json = record_of(request, NULL);
    ck_assert_ptr_null(strstr(json, "\"ca\""));
    ck_assert_ptr_null(strstr(json, "\"token\""));
    assert_contains(json, "\"output\":\"/tmp/edge.csr\"");
    assert_contains(json, "\"types\":[]");
}
END_TEST

/* The canonical form as somebody else's code writes it. For ASCII text and integers Python's sorted
 * compact form is that of RFC 8785. */
#define JUDGE                                                                                      \
    "import json, sys; text = sys.stdin.buffer.read().decode('ascii'); "                           \
    "again = json.dumps(json.loads(text), sort_keys=True, separators=(',', ':'), "                 \
    "ensure_ascii=False); sys.exit(text != again)"

static int judge(const char *json)
{
    FILE *python = popen("/usr/bin/python3 -c \"" JUDGE "\"", "w");

    ck_assert_ptr_nonnull(python);
    fputs(json, python);
    int status = pclose(python);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(python_writes_the_same)
{
    cs_auto(cs_request) request = generated();

    request->ca_message =
        cs_strdup("line\r\n\ttab \x1b[0m \x01\x1f \"quoted\" back\\slash \\u001F");
    cs_err_set(&request->error, CS_E_CA_REFUSED, "why");
    cs_autofree char *json = record_of(request, "before");
    ck_assert_int_eq(judge(json), 0);
    /* The judge sees what it should: blanks, order, case of an escape. */
    ck_assert_int_eq(judge("{\"a\": 1}"), 1);
    ck_assert_int_eq(judge("{\"b\":1,\"a\":1}"), 1);
    ck_assert_int_eq(judge("{\"a\":\"\\u001F\"}"), 1);
}
END_TEST

/* Each state has a type of record, the one of the table of states. */
START_TEST(type_is_that_of_the_state)
{
    cs_auto(cs_request) request = generated();

    request->state = (enum cs_state)_i;
    cs_autofree char *json = record_of(request, NULL);
    cs_autofree char *type =
        cs_asprintf("\"type\":\"%s\",\"v\":1}", cs_state_record((enum cs_state)_i));
    assert_contains(json, type);
}
END_TEST

/* ---- records without a request ---- */

/* printf one | sha256sum */
#define ONE "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"

static char *other_record(const struct cs_record *record)
{
    struct cs_err err = {0};
    char *json = NULL;

    assert_ok(cs_journal_record(&actor, 4, NULL, 1795000000, record, &json, &err), &err);
    return json;
}

/* All that serves the type from then on. "one" is no certificate: it has no thumbprint. */
/* What happened to a request beside what it is; of a URI no query. */
START_TEST(event_stands_beside_its_request)
{
    static const struct cs_event_detail details[] = {
        {"target", "pkcs11:token=two?pin-value=1234"}, {"file", "a?b.pfx"}, {"mechanism", "CKM_X"}};
    const struct cs_event event = {.type = "exported", .details = details, .count = 3};
    cs_auto(cs_request) request = planned();
    const struct cs_record what = {.request = request, .event = &event};
    cs_autofree char *json = NULL;
    struct cs_err err = {0};

    assert_ok(cs_journal_record(&actor, 3, NULL, 1795000000, &what, &json, &err), &err);
    assert_contains(json, "\"detail\":{\"file\":\"a?b.pfx\",\"mechanism\":\"CKM_X\","
                          "\"target\":\"pkcs11:token=two\"},\"key\":{");
    assert_contains(json, "\"request\":{\"client_eku\":false,\"id\":7,");
    assert_contains(json, "\"type\":\"exported\",\"v\":1}");
}
END_TEST

START_TEST(use_names_every_slot)
{
    struct cs_use uses[] = {
        {.slot = CS_USE_CURRENT,
         .certificate = cs_bytes_copy("one", 3),
         .token_uri = cs_strdup("pkcs11:token=edge?pin-value=1234"),
         .key_id = cs_bytes_copy("\1\2", 2),
         .assigned = 1795000000},
        {.slot = CS_USE_STAGED,
         .certificate = cs_bytes_copy("one", 3),
         .assigned = 1795000000,
         .effective = 1796000000},
    };
    const struct cs_record record = {
        .word = "staged", .type = "Default", .uses = uses, .use_count = 2};
    cs_autofree char *json = other_record(&record);

    ck_assert_str_eq(json, "{\"actor\":{\"host\":\"edge1\",\"uid\":1000,\"user\":\"operator\"},"
                           "\"prev\":null,\"seq\":4,\"time\":1795000000," TOOL
                           ",\"type\":\"staged\",\"use\":{\"slots\":{"
                           "\"current\":{\"assigned\":1795000000,\"certificate_sha256\":\"" ONE
                           "\",\"key_id\":\"0102\",\"token\":\"pkcs11:token=edge\"},"
                           "\"staged\":{\"assigned\":1795000000,\"certificate_sha256\":\"" ONE
                           "\",\"effective\":1796000000}},\"type\":\"Default\"},\"v\":1}");
    cs_use_done(&uses[0]);
    cs_use_done(&uses[1]);
}
END_TEST

START_TEST(imported_key_names_key_and_certificate)
{
    struct cs_imported_key key = {.key_id = {1, 2},
                                  .token_uri = cs_strdup("pkcs11:token=edge"),
                                  .certificate = cs_bytes_copy("one", 3)};
    const struct cs_record record = {.word = "key-imported", .key = &key};
    cs_autofree char *json = other_record(&record);

    assert_contains(json, "\"imported\":{\"certificate_sha256\":\"" ONE
                          "\",\"key_id\":\"0102000000000000000000000000000000000000\","
                          "\"token\":\"pkcs11:token=edge\"},\"prev\":null");
    assert_contains(json, "\"type\":\"key-imported\",\"v\":1}");
    cs_imported_key_done(&key);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record");
    TCase *tcase = tcase_create("record");

    tcase_add_test(tcase, planned_knows_the_plan);
    tcase_add_test(tcase, planned_knows_the_pool);
    tcase_add_test(tcase, generated_knows_the_key);
    tcase_add_test(tcase, answer_and_error_are_in_it);
    add_rows(tcase, text_is_escaped_as_rfc_8785_says, strings);
    add_rows(tcase, number_keeps_its_digits, numbers);
    add_rows(tcase, uri_stands_without_what_is_secret, uris);
    tcase_add_test(tcase, what_is_not_known_is_left_out);
    tcase_add_test(tcase, python_writes_the_same);
    tcase_add_loop_test(tcase, type_is_that_of_the_state, 0, CS_STATE_COUNT);
    tcase_add_test(tcase, event_stands_beside_its_request);
    tcase_add_test(tcase, use_names_every_slot);
    tcase_add_test(tcase, imported_key_names_key_and_certificate);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

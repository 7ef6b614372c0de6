/* export of core/flow: what may leave the token, in which order it is recorded, and what is left
 * when something fails. What is in the file: test_pkcs12.c and tests/integration/export.sh. */
#include "base/secret.h"
#include "unit/flow_bed.h"
#include "x509/pkcs12.h"

#include <sqlite3.h>

#define PASSWORD "pw-Vb7kQ2-9"

static struct cs_keystore *other;
static unsigned asked;     /* for the password */
static const char *broken; /* records of that type cannot be written */
static const char *answer_password;
static struct cs_secret *password;

static void enter(void)
{
    setup();
    assert_ok(cs_secret_setup(&err), &err);
    other = cs_softkeys_new();
    asked = 0;
    broken = NULL;
    answer_password = PASSWORD;
}

static void leave(void)
{
    ck_assert_int_eq(cs_softkeys_open_count(other), 0);
    cs_secret_free(password);
    password = NULL;
    cs_softkeys_free(other);
    teardown();
}

static cs_rc give_password(void *ctx, const struct cs_secret **ret_password, struct cs_err *problem)
{
    char text[64];

    (void)ctx;
    asked++;
    if (!answer_password) {
        return cs_fail(problem, CS_E_CANCELLED, "nobody typed one");
    }
    cs_secret_free(password);
    password = NULL;
    snprintf(text, sizeof text, "%s", answer_password);
    CS_TRY(cs_secret_take(text, strlen(text), &password, problem));
    *ret_password = password;
    return CS_OK;
}

/* ---- the journal ---- */

struct seen {
    char types[512];
    char *last;
};

static cs_rc see(void *ctx, int64_t sequence, const char *json, struct cs_err *problem)
{
    struct seen *seen = ctx;
    const char *type = strstr(json, "\"type\":\"");

    (void)sequence;
    (void)problem;
    ck_assert_ptr_nonnull(type);
    type += strlen("\"type\":\"");
    size_t used = strlen(seen->types);
    snprintf(seen->types + used, sizeof seen->types - used, "%s%.*s", used ? " " : "",
             (int)strcspn(type, "\""), type);
    free(seen->last);
    seen->last = cs_strdup(json);
    return CS_OK;
}

#define MADE "planned generated kept submitted issued imported"

static void assert_records(const char *expected)
{
    struct seen seen = {0};

    assert_ok(cs_store_records(store, see, &seen, &err), &err);
    ck_assert_str_eq(seen.types, expected);
    ck_assert_msg(!strstr(seen.last, PASSWORD), "the password is in the journal");
    free(seen.last);
}

static char *last_record(void)
{
    struct seen seen = {0};

    assert_ok(cs_store_records(store, see, &seen, &err), &err);
    return seen.last;
}

static cs_rc write_unless_broken(void *ctx, int64_t sequence, const char *previous, int64_t time,
                                 const struct cs_record *record, char **ret_json,
                                 struct cs_err *problem)
{
    if (broken && record->event && strcmp(record->event->type, broken) == 0) {
        return cs_fail(problem, CS_E_STORE, "no room for a record");
    }
    return cs_journal_record(ctx, sequence, previous, time, record, ret_json, problem);
}

static void break_store(const char *type)
{
    cs_autofree char *path = cs_asprintf("%s/cscert.db", folder);

    broken = type;
    cs_store_close(store);
    assert_ok(cs_store_open(path, 100, write_unless_broken, &actor, &store, &err), &err);
    flow.store = store;
}

/* ---- requests ---- */

enum { EXPORTABLE = 1, OFFLINE = 2 };

static int64_t make(int how)
{
    cs_autofree char *output = output_path();
    cs_auto(cs_plan) plan = make_plan(how & OFFLINE ? NULL : "fake", how & OFFLINE ? output : NULL);
    struct cs_result result = {0};

    ca.answer = CS_CA_ISSUED;
    plan->exportable = how & EXPORTABLE;
    assert_ok(cs_flow_new(&flow, plan, &result, &err), &err);
    int64_t id = result.request->id;
    cs_result_done(&result);
    return id;
}

static char *pfx_path(void)
{
    return cs_asprintf("%s/key.pfx", folder);
}

static cs_rc export_with(struct cs_export_options options, struct cs_result *result)
{
    options.password = give_password;
    *result = (struct cs_result){0};
    err = (struct cs_err){0};
    return cs_flow_export(&flow, &options, result, &err);
}

static cs_rc export_to_file(int64_t id, struct cs_result *result)
{
    cs_autofree char *path = pfx_path();

    return export_with((struct cs_export_options){.request_id = id, .output = path}, result);
}

static cs_rc export_to_other(int64_t id, struct cs_result *result)
{
    return export_with(
        (struct cs_export_options){.request_id = id, .target = cs_softkeys_source(other)}, result);
}

static bool is_there(void)
{
    cs_autofree char *path = pfx_path();

    return access(path, F_OK) == 0;
}

/* ---- to a file ---- */

START_TEST(a_file_and_its_records)
{
    int64_t id = make(EXPORTABLE);
    struct cs_result result;
    cs_autofree char *path = pfx_path();
    cs_autofree char *digest = NULL;
    struct stat info;

    assert_ok(export_to_file(id, &result), &err);
    ck_assert_uint_eq(result.files.count, 1);
    ck_assert_str_eq(result.files.items[0], path);
    ck_assert_int_eq(result.exported, 1);
    ck_assert_uint_eq(asked, 1);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    assert_records(MADE " exporting exported");
    int rc = cs_judge(&digest, "sha256sum '%s' | cut -c1-64 | tr -d '\\n'", path);
    ck_assert_int_eq(rc, 0);
    cs_autofree char *record = last_record();
    assert_contains(record, digest);
    assert_contains(record, "\"mechanism\":\"softkeys\"");
    assert_contains(record, "\"format\":\"PKCS#12, AES-256-CBC, PBKDF2-HMAC-SHA256, HMAC-SHA256\"");
    ck_assert(!strstr(record, "\"csp\"")); /* P-256 */
    cs_result_done(&result);

    /* It is kept count of, and the request is what it was. */
    struct cs_result_list list = {0};
    const struct cs_list_options all = {0};
    assert_ok(cs_flow_list(&flow, &all, &list, &err), &err);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_int_eq(list.items[0].exported, 1);
    ck_assert_int_eq(list.items[0].request->state, CS_STATE_IMPORTED);
    cs_result_list_done(&list);
}
END_TEST

START_TEST(the_key_in_the_file_is_the_one)
{
    int64_t id = make(EXPORTABLE);
    unsigned before = ui.warnings;
    struct cs_result result;
    cs_autofree char *path = pfx_path();
    cs_autofree char *name = NULL;
    cs_auto_value(cs_bytes) file = {0};
    cs_auto_value(cs_bytes) certificate = {0};
    cs_auto_value(cs_bytes) chain = {0};
    cs_auto(cs_secret) pkcs8 = NULL;

    assert_ok(export_with(
                  (struct cs_export_options){
                      .request_id = id, .output = path, .legacy = true, .friendly_name = "other"},
                  &result),
              &err);
    ck_assert_uint_eq(result.warnings.count, 1);
    ck_assert_uint_eq(ui.warnings, before + 1);
    assert_contains(result.warnings.items[0], "3DES");
    assert_ok(cs_file_read(path, CS_PKCS12_MAX_OCTETS, &file, &err), &err);
    /* That its key and its certificate belong together is what cs_pkcs12_read() sees to. */
    assert_ok(cs_pkcs12_read(&file, password, &pkcs8, &certificate, &chain, &name, &err), &err);
    ck_assert_ptr_nonnull(pkcs8);
    ck_assert(cs_bytes_equal(&certificate, &result.request->certificate));
    ck_assert_str_eq(name, "other");
    cs_result_done(&result);
}
END_TEST

/* What is refused before anything is asked or done. */
static const struct refusal {
    int how;
    bool forbid;
    bool what_if;
    bool file_there;
    const char *csp;
    cs_rc rc;
    const char *words;
} refusals[] = {
    {0, false, false, false, NULL, CS_E_POLICY, "requested without"},
    {0, false, true, false, NULL, CS_E_POLICY, "requested without"},
    {EXPORTABLE, true, false, false, NULL, CS_E_POLICY, "forbid-exportable"},
    {EXPORTABLE | OFFLINE, false, false, false, NULL, CS_E_USAGE, "no certificate"},
    {EXPORTABLE, false, false, true, NULL, CS_E_OUTPUT, "key.pfx"},
    {EXPORTABLE, false, false, false, "Provider\xc3\xa4", CS_E_USAGE, "ASCII"},
    {EXPORTABLE, false, false, false, "Provider\n", CS_E_USAGE, "ASCII"},
};

START_TEST(refused_before_it_begins)
{
    const struct refusal *row = &refusals[_i];
    int64_t id = make(row->how);
    unsigned opened = cs_softkeys_calls(token, CS_SOFTKEYS_OPEN);
    struct cs_result result;
    cs_autofree char *path = pfx_path();

    if (row->file_there) {
        assert_ok(cs_file_write(path, "mine", 4, 0600, false, &err), &err);
    }
    flow.what_if = row->what_if;
    assert_fails(export_with((struct cs_export_options){.request_id = id,
                                                        .output = path,
                                                        .csp = row->csp,
                                                        .policy_forbid = row->forbid},
                             &result),
                 row->rc, &err);
    assert_contains(err.message, row->words);
    ck_assert_uint_eq(asked, 0);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_OPEN), opened);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_EXPORT_KEY), 0);
    ck_assert_int_eq(is_there(), row->file_there);
    assert_records(row->how & OFFLINE ? "planned generated kept requested" : MADE);
    cs_result_done(&result);
}
END_TEST

/* The token calls exportable what was not asked for so: the request counts. */
START_TEST(what_the_token_would_give)
{
    int64_t id = make(EXPORTABLE);
    cs_autofree char *path = cs_asprintf("%s/cscert.db", folder);
    struct cs_result result;
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "UPDATE request SET exportable = 0", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    assert_fails(export_to_file(id, &result), CS_E_POLICY, &err);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_EXPORT_KEY), 0);
    cs_result_done(&result);
    assert_fails(export_to_other(id, &result), CS_E_POLICY, &err);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_TRANSFER_KEY), 0);
    cs_result_done(&result);
}
END_TEST

static const struct {
    const char *password; /* NULL: none comes */
    cs_rc rc;
} passwords[] = {
    {NULL, CS_E_CANCELLED},  {"1234567", CS_E_USAGE},          {"12345678", CS_OK},
    {"", CS_E_USAGE},        {"p\xc3\xa4sswords", CS_E_USAGE}, {"pass\tword", CS_E_USAGE},
    {" pass ~word ", CS_OK}, {"        ", CS_E_USAGE},         {"       .", CS_OK}};

START_TEST(the_password)
{
    int64_t id = make(EXPORTABLE);
    struct cs_result result;

    answer_password = passwords[_i].password;
    cs_rc rc = export_to_file(id, &result);
    ck_assert_msg(rc == passwords[_i].rc, "%s: %s", cs_rc_name(rc), err.message);
    ck_assert_int_eq(is_there(), rc == CS_OK);
    if (rc != CS_OK) {
        assert_records(MADE);
        ck_assert(!answer_password || !*answer_password || !strstr(err.message, answer_password));
    }
    cs_result_done(&result);
}
END_TEST

START_TEST(asked_and_told)
{
    int64_t id = make(EXPORTABLE);
    struct cs_result result;

    flow.confirm = true;
    ui.is_there = true;
    assert_fails(export_to_file(id, &result), CS_E_CANCELLED, &err);
    ck_assert_uint_eq(ui.questions, 1);
    ck_assert(!is_there());
    cs_result_done(&result);
    flow.what_if = true; /* asks nothing, does nothing */
    assert_ok(export_to_file(id, &result), &err);
    ck_assert_uint_eq(ui.questions, 1);
    ck_assert_uint_eq(asked, 0);
    cs_result_done(&result);
    assert_ok(export_to_other(id, &result), &err);
    cs_result_done(&result);
    ck_assert(!is_there());
    ck_assert_uint_eq(cs_softkeys_key_count(other), 0);
    assert_records(MADE);
    flow.what_if = false;
    ui.says_yes = true;
    ui.signal_at = 1;
    assert_fails(export_to_file(id, &result), CS_E_CANCELLED, &err);
    assert_records(MADE);
    cs_result_done(&result);
    ui.signal_at = 0;
    assert_ok(export_to_file(id, &result), &err);
    cs_result_done(&result);
    ck_assert(is_there());
}
END_TEST

START_TEST(there_is_no_such_request)
{
    struct cs_result result;

    assert_fails(export_to_file(77, &result), CS_E_USAGE, &err);
    ck_assert_ptr_null(result.request);
    flow.store = NULL;
    assert_fails(export_to_file(1, &result), CS_E_USAGE, &err);
    ck_assert_ptr_null(result.request);
}
END_TEST

/* ---- what fails in the middle ---- */

START_TEST(a_token_that_fails)
{
    static const enum cs_softkeys_op ops[] = {CS_SOFTKEYS_OPEN, CS_SOFTKEYS_FIND,
                                              CS_SOFTKEYS_EXPORT_KEY};
    int64_t id = make(EXPORTABLE);
    struct cs_result result;

    cs_softkeys_fail_op(token, ops[_i], 1);
    assert_fails(export_to_file(id, &result), CS_E_TOKEN_REFUSED, &err);
    ck_assert(!is_there());
    /* Before the key is asked for it stands in the journal that it will be. */
    assert_records(ops[_i] == CS_SOFTKEYS_EXPORT_KEY ? MADE " exporting" : MADE);
    cs_result_done(&result);
}
END_TEST

START_TEST(a_journal_that_takes_no_record)
{
    bool before = _i == 0;
    int64_t id = make(EXPORTABLE);
    struct cs_result result;

    break_store(before ? "exporting" : "exported");
    assert_fails(export_to_file(id, &result), CS_E_STORE, &err);
    assert_contains(err.message, "no room");
    ck_assert(!is_there());
    ck_assert_uint_eq(result.files.count, 0);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_EXPORT_KEY), before ? 0 : 1);
    assert_records(before ? MADE : MADE " exporting");
    cs_result_done(&result);
}
END_TEST

START_TEST(a_folder_that_goes_away)
{
    int64_t id = make(EXPORTABLE);
    cs_autofree char *path = cs_asprintf("%s/gone/key.pfx", folder);
    struct cs_result result;

    assert_fails(export_with((struct cs_export_options){.request_id = id, .output = path}, &result),
                 CS_E_OUTPUT, &err);
    assert_records(MADE);
    cs_result_done(&result);
}
END_TEST

/* ---- to another token ---- */

START_TEST(a_copy_and_its_records)
{
    bool exportable = _i % 2;
    int64_t id = make(_i < 2 ? EXPORTABLE : EXPORTABLE | OFFLINE);
    struct cs_result result;

    assert_ok(export_with((struct cs_export_options){.request_id = id,
                                                     .target = cs_softkeys_source(other),
                                                     .exportable = exportable},
                          &result),
              &err);
    ck_assert_ptr_nonnull(result.copy);
    ck_assert_uint_eq(result.files.count, 0);
    ck_assert_int_eq(result.exported, 1);
    ck_assert_uint_eq(asked, 0);
    ck_assert_uint_eq(cs_softkeys_key_count(other), 1);
    ck_assert_uint_eq(cs_softkeys_cert_count(other), _i < 2 ? 1 : 0);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_EXPORT_KEY), 0); /* never in clear */
    struct cs_key *key = NULL;
    assert_ok(other->ops->find(other, result.request->key_id, &key, &err), &err);
    ck_assert_int_eq(key->attrs.answer[CS_ATTR_EXTRACTABLE], exportable ? CS_TRUE : CS_FALSE);
    ck_assert_str_eq(key->label, result.request->label);
    other->ops->key_free(key);
    assert_records(_i < 2 ? MADE " transferring transferred"
                          : "planned generated kept requested transferring transferred");
    cs_autofree char *record = last_record();
    assert_contains(record, "\"target\":\"pkcs11:model=soft;");
    assert_contains(record, exportable ? "\"format\":\"exportable\"" : "\"not exportable\"");
    cs_result_done(&result);
}
END_TEST

START_TEST(a_copy_that_is_there)
{
    int64_t id = make(EXPORTABLE);
    struct cs_result result;

    assert_ok(export_to_other(id, &result), &err);
    cs_result_done(&result);
    assert_fails(export_to_other(id, &result), CS_E_USAGE, &err);
    assert_contains(err.message, "already");
    ck_assert_uint_eq(cs_softkeys_key_count(other), 1);
    cs_result_done(&result);
    /* The token itself is such a one. */
    assert_fails(export_with((struct cs_export_options){.request_id = id,
                                                        .target = cs_softkeys_source(token)},
                             &result),
                 CS_E_USAGE, &err);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    assert_records(MADE " transferring transferred");
    cs_result_done(&result);
}
END_TEST

START_TEST(a_copy_that_fails)
{
    int64_t id = make(EXPORTABLE);
    struct cs_result result;

    switch (_i) {
    case 0:
        cs_softkeys_fail_op(other, CS_SOFTKEYS_OPEN, 1);
        break;
    case 1:
        cs_softkeys_fail_op(token, CS_SOFTKEYS_TRANSFER_KEY, 1);
        break;
    case 2:
        break_store("transferring");
        break;
    default:
        break_store("transferred");
    }
    assert_fails(export_to_other(id, &result), _i < 2 ? CS_E_TOKEN_REFUSED : CS_E_STORE, &err);
    ck_assert_uint_eq(cs_softkeys_key_count(other), 0);
    ck_assert_uint_eq(cs_softkeys_cert_count(other), 0);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    ck_assert_ptr_null(result.copy);
    assert_records(_i == 0 || _i == 2 ? MADE : MADE " transferring transfer-undone");
    cs_result_done(&result);
}
END_TEST

/* The key is there and recorded; that its certificate is not is said. */
START_TEST(a_copy_without_its_certificate)
{
    int64_t id = make(EXPORTABLE);
    struct cs_result result;

    cs_softkeys_fail_op(other, CS_SOFTKEYS_PUT_CERTIFICATE, 1);
    assert_ok(export_to_other(id, &result), &err);
    ck_assert_uint_eq(result.warnings.count, 1);
    ck_assert_uint_eq(cs_softkeys_key_count(other), 1);
    assert_records(MADE " transferring transferred");
    cs_result_done(&result);
}
END_TEST

/* ---- a transfer that was killed, and `recover` ---- */

/* What a run leaves that is killed behind its first record: on the other token the copy, or
 * nothing. */
static int64_t killed_transfer(bool copied, bool exportable)
{
    int64_t id = make(EXPORTABLE);
    cs_auto(cs_request) request = NULL;
    cs_autofree char *how = NULL;
    struct cs_key *key = NULL;
    struct cs_key *copy = NULL;
    const struct cs_event_detail details[] = {{"format", "not exportable"},
                                              {"target", other->ops->info(other)->uri}};
    const struct cs_event begun = {"transferring", details, 2};

    assert_ok(cs_store_get(store, id, &request, &err), &err);
    assert_ok(cs_store_event(store, request, &begun, &err), &err);
    if (copied) {
        struct cs_key_request wanted = {.label = "copy", .exportable = exportable};
        memcpy(wanted.id, request->key_id, sizeof wanted.id);
        assert_ok(token->ops->find(token, request->key_id, &key, &err), &err);
        wanted.spec = key->spec;
        assert_ok(token->ops->transfer_key(token, key, other, &wanted, &copy, &how, &err), &err);
        token->ops->key_free(key);
        other->ops->key_free(copy);
    }
    return id;
}

static void recover_on(struct cs_keystore *where)
{
    cs_auto_value(cs_result_list) results = {0};
    cs_auto_value(cs_stray_list) strays = {0};

    flow.keystore = cs_softkeys_source(where);
    ui.warnings = 0;
    assert_ok(cs_flow_recover(&flow, NULL, &results, &strays, &err), &err);
    ck_assert_uint_eq(results.count, 0);
}

/* Whole, it is what was asked for: it gets its record and its certificate. */
START_TEST(a_whole_copy_is_finished)
{
    int64_t id = killed_transfer(true, false);
    struct cs_result result;

    recover_on(token); /* not here */
    ck_assert_uint_eq(ui.warnings, 1);
    assert_records(MADE " transferring");
    for (int i = 0; i < 2; i++) {
        recover_on(other);
        ck_assert_uint_eq(ui.warnings, i == 0);
        assert_records(MADE " transferring transferred");
        ck_assert_uint_eq(cs_softkeys_key_count(other), 1);
        ck_assert_uint_eq(cs_softkeys_cert_count(other), 1);
        ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    }
    cs_autofree char *record = last_record();
    assert_contains(record, "\"copy\":\"pkcs11:token=soft;");
    recover_on(token);
    ck_assert_uint_eq(ui.warnings, 0);
    flow.keystore = cs_softkeys_source(token);
    assert_fails(export_to_other(id, &result), CS_E_USAGE, &err); /* it is there */
    cs_result_done(&result);
}
END_TEST

/* Nothing was copied: that is recorded, and the transfer can be made again. */
START_TEST(a_copy_that_never_was)
{
    int64_t id = killed_transfer(false, false);
    struct cs_result result;

    recover_on(other);
    ck_assert_uint_eq(ui.warnings, 0);
    assert_records(MADE " transferring transfer-undone");
    recover_on(token);
    ck_assert_uint_eq(ui.warnings, 0);
    flow.keystore = cs_softkeys_source(token);
    assert_ok(export_to_other(id, &result), &err);
    cs_result_done(&result);
    recover_on(token);
    ck_assert_uint_eq(ui.warnings, 0);
    assert_records(MADE " transferring transfer-undone transferring transferred");
}
END_TEST

/* It may be exported, which was not asked for; it is half of a pair; or it cannot be told what it
 * is. None is recorded as the copy, and its private key is destroyed only after a yes. */
static void leave_odd_copy(int how)
{
    if (how == 0) {
        (void)killed_transfer(true, true);
        return;
    }
    (void)killed_transfer(true, false);
    cs_softkeys_fail_op(other, how == 1 ? CS_SOFTKEYS_KEEP : CS_SOFTKEYS_FIND, 1);
}

START_TEST(a_copy_that_is_not_as_asked)
{
    leave_odd_copy(_i % 3);
    ui.is_there = _i >= 3;
    ui.says_yes = _i >= 6;
    recover_on(other);
    ck_assert_uint_eq(ui.warnings, 1);
    ck_assert_uint_eq(ui.questions, _i >= 3);
    assert_records(_i >= 6 ? MADE " transferring transfer-undone" : MADE " transferring");
    ck_assert_uint_eq(cs_softkeys_key_count(other), _i < 6);
    ck_assert_uint_eq(cs_softkeys_cert_count(other), 0);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
}
END_TEST

/* Somebody has put its certificate there: then it is used, whatever is said. */
START_TEST(a_copy_that_is_used)
{
    const struct cs_bytes der = {(uint8_t *)(uintptr_t) "junk", 4};
    int64_t id = killed_transfer(true, true);
    cs_auto(cs_request) request = NULL;
    struct cs_key *copy = NULL;

    assert_ok(cs_store_get(store, id, &request, &err), &err);
    assert_ok(other->ops->find(other, request->key_id, &copy, &err), &err);
    assert_ok(other->ops->put_certificate(other, copy, &der, &err), &err);
    other->ops->key_free(copy);
    ui.is_there = ui.says_yes = true;
    recover_on(other);
    ck_assert_uint_eq(cs_softkeys_key_count(other), 1);
    assert_records(MADE " transferring");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("export");
    TCase *tcase = tcase_create("export");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_file_and_its_records);
    tcase_add_test(tcase, the_key_in_the_file_is_the_one);
    add_rows(tcase, refused_before_it_begins, refusals);
    tcase_add_test(tcase, what_the_token_would_give);
    add_rows(tcase, the_password, passwords);
    tcase_add_test(tcase, asked_and_told);
    tcase_add_test(tcase, there_is_no_such_request);
    tcase_add_loop_test(tcase, a_token_that_fails, 0, 3);
    tcase_add_loop_test(tcase, a_journal_that_takes_no_record, 0, 2);
    tcase_add_test(tcase, a_folder_that_goes_away);
    tcase_add_loop_test(tcase, a_copy_and_its_records, 0, 4);
    tcase_add_test(tcase, a_copy_that_is_there);
    tcase_add_loop_test(tcase, a_copy_that_fails, 0, 4);
    tcase_add_test(tcase, a_copy_without_its_certificate);
    tcase_add_test(tcase, a_whole_copy_is_finished);
    tcase_add_test(tcase, a_copy_that_never_was);
    tcase_add_loop_test(tcase, a_copy_that_is_not_as_asked, 0, 9);
    tcase_add_test(tcase, a_copy_that_is_used);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

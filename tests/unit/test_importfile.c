/* Certificates from files: what is taken, what is refused, and where it goes. */
#include "base/secret.h"
#include "certs_bed.h"
#include "x509/pkcs12.h"

#define EC "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "

static struct cs_secret *password;

static void setup_secrets(void)
{
    char word[] = "hunter2";

    err = (struct cs_err){0};
    assert_ok(cs_secret_setup(&err), &err);
    setup();
    assert_ok(cs_secret_take(word, strlen(word), &password, &err), &err);
}

static void teardown_secrets(void)
{
    cs_secret_free(password);
    password = NULL;
    teardown();
}

/* A file that @command makes as "file" in the folder. */
static struct cs_bytes file_of(const char *command)
{
    return cs_judge_make(folder, "file", "%s", command);
}

static size_t certificates(void)
{
    return cs_softkeys_cert_count(token);
}

/* ---- answers ---- */

START_TEST(answer_ends_its_request)
{
    int64_t id;
    cs_auto_value(cs_bytes) der = answered("ECDH_P256", 0, "-days 9", &id);
    const struct cs_import_options options = import_of(&der);

    for (int i = 0; i < 2; i++) { /* the second time it is there already */
        cs_auto_value(cs_certificate_list) list = {0};
        assert_ok(import(&options, &list), &err);
        ck_assert_uint_eq(list.count, 1);
        ck_assert(cs_bytes_equal(&list.items[0].der, &der));
        ck_assert_int_eq(list.items[0].request_id, id);
        ck_assert_int_eq(list.items[0].origin, CS_KEY_GENERATED);
        ck_assert_int_eq(stored_state(id), CS_STATE_IMPORTED);
        ck_assert_uint_eq(certificates(), 1);
    }
}
END_TEST

/* A wrong answer leaves the request open, as `retrieve --reply` does. */
static const struct {
    const char *arguments;
    const char *message;
} wrong_answers[] = {
    {"-days 9 -copy_extensions none", "serverAuth"},
    {"-days 9 -sha1", "ecdsa-with-SHA1"},
    {"-days -1", "expired"},
    {"-days 9 -subj /CN=other.litwareinc.com", "common name"},
};

START_TEST(wrong_answer_is_refused)
{
    int64_t id;
    cs_auto_value(cs_bytes) der = answered("ECDH_P256", 0, wrong_answers[_i].arguments, &id);
    const struct cs_import_options options = import_of(&der);
    cs_auto_value(cs_certificate_list) list = {0};

    assert_fails(import(&options, &list), CS_E_MISMATCH, &err);
    assert_contains(err.message, wrong_answers[_i].message);
    ck_assert_int_eq(stored_state(id), CS_STATE_OFFLINE);
    ck_assert_uint_eq(certificates(), 0);
}
END_TEST

/* A renewal for the same key stands beside the first certificate, which stays the request's. */
START_TEST(second_certificate_of_a_key)
{
    int64_t id;
    cs_auto_value(cs_bytes) one = answered("ECDH_P256", 0, "-days 9", &id);
    cs_auto_value(cs_bytes) two = file_of(
        "openssl x509 -req -in request1.req -CA ca.pem -CAkey ca.key -set_serial 999 -days 400 "
        "-copy_extensions copyall -outform DER -out file 2>/dev/null");
    const struct cs_bytes *files[] = {&one, &two, &two};

    for (size_t i = 0; i < ROWS(files); i++) {
        const struct cs_import_options options = import_of(files[i]);
        cs_auto_value(cs_certificate_list) list = {0};
        assert_ok(import(&options, &list), &err);
        ck_assert(cs_bytes_equal(&list.items[0].der, files[i]));
        ck_assert_int_eq(list.items[0].request_id, id);
    }
    cs_auto(cs_request) request = NULL;
    assert_ok(cs_store_get(store, id, &request, &err), &err);
    ck_assert(cs_bytes_equal(&request->certificate, &one));
    ck_assert_uint_eq(certificates(), 2);
}
END_TEST

/* ---- forms ---- */

static const char *const forms[] = {
    "cat answer.der >file",
    "openssl x509 -inform DER -in answer.der -out file",
    "(openssl x509 -inform DER -in answer.der; cat ca.pem) >file",
    "(cat ca.pem; openssl x509 -inform DER -in answer.der) >file",
    "openssl x509 -inform DER -in answer.der -out a.pem; "
    "openssl crl2pkcs7 -nocrl -certfile ca.pem -certfile a.pem -out file",
    "openssl x509 -inform DER -in answer.der -out a.pem; "
    "openssl crl2pkcs7 -nocrl -certfile a.pem -certfile ca.pem -outform DER -out file",
};

/* The chain goes on the token only with --chain. */
START_TEST(every_form_is_read)
{
    int64_t id;
    cs_auto_value(cs_bytes) der = answered("ECDH_P256", 0, "-days 9", &id);
    cs_auto_value(cs_bytes) file = file_of(forms[_i]);
    const struct cs_import_options options = import_of(&file);
    cs_auto_value(cs_certificate_list) list = {0};

    flow.chain = _i > 3;
    assert_ok(import(&options, &list), &err);
    ck_assert_uint_eq(list.count, 1);
    ck_assert(cs_bytes_equal(&list.items[0].der, &der));
    ck_assert_uint_eq(certificates(), _i > 3 ? 2 : 1);
}
END_TEST

static const struct {
    const char *command;
    cs_rc code;
} no_certificates[] = {
    {"echo hello >file", CS_E_INPUT},
    {"printf '' >file; echo >>file", CS_E_INPUT},
    {"head -c 100000 /dev/zero >file", CS_E_INPUT},
    {EC "-keyout k.pem -subj /CN=a -out file 2>/dev/null", CS_E_INPUT}, /* a request */
    {"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out file 2>/dev/null",
     CS_E_INPUT},
};

START_TEST(no_certificate_is_refused)
{
    cs_auto_value(cs_bytes) file = file_of(no_certificates[_i].command);
    const struct cs_import_options options = import_of(&file);
    cs_auto_value(cs_certificate_list) list = {0};

    assert_fails(import(&options, &list), no_certificates[_i].code, &err);
    assert_contains(err.message, "file.cer: ");
    ck_assert_uint_eq(certificates(), 0);
}
END_TEST

#define CA(name, bits)                                                                             \
    "openssl req -x509 -newkey rsa:" bits " -nodes -keyout k.pem -subj /CN=" name " -days 9 "      \
    "-addext basicConstraints=critical,CA:TRUE 2>/dev/null "

/* A file of CA certificates alone: all of them, with no key. */
START_TEST(ca_certificates_go_as_such)
{
    cs_auto_value(cs_bytes) file =
        file_of(CA("Root", "2048") ">file; " CA("Other", "2048") ">>file");
    struct cs_import_options options = import_of(&file);
    cs_auto_value(cs_certificate_list) list = {0};
    cs_auto_value(cs_strv) types = words("Default");

    assert_ok(import(&options, &list), &err);
    ck_assert_uint_eq(list.count, 2);
    ck_assert(list.items[0].facts.is_ca && list.items[1].facts.is_ca);
    ck_assert_uint_eq(certificates(), 2);
    ck_assert_uint_eq(ui.warnings, 2); /* each with what is to be compared */
    cs_certificate_list_done(&list);
    options.types = &types;
    assert_fails(import(&options, &list), CS_E_USAGE, &err);
}
END_TEST

/* ---- keys ---- */

#define FOREIGN(extra)                                                                             \
    EC "-x509 -keyout key.pem -subj /CN=foreign.litwareinc.com -days 9 "                           \
       "-addext subjectAltName=DNS:foreign.litwareinc.com -addext basicConstraints=CA:FALSE "      \
       "-addext extendedKeyUsage=serverAuth -out cert.pem 2>/dev/null; " extra
#define PFX                                                                                        \
    FOREIGN("openssl pkcs12 -export -inkey key.pem -in cert.pem -name 'my server' "                \
            "-passout pass:hunter2 -out file")

START_TEST(without_its_key_nothing_is_taken)
{
    cs_auto_value(cs_bytes) file = file_of(FOREIGN("cp cert.pem file"));
    const struct cs_import_options options = import_of(&file);
    cs_auto_value(cs_certificate_list) list = {0};

    assert_fails(import(&options, &list), CS_E_MISMATCH, &err);
    assert_contains(err.message, "is not on the token");
    ck_assert_uint_eq(certificates(), 0);
}
END_TEST

static struct cs_import_options pfx_of(const struct cs_bytes *file, bool import_key)
{
    return (struct cs_import_options){.file = file,
                                      .path = "server.pfx",
                                      .password = password,
                                      .import_key = import_key,
                                      .types = &no_types};
}

static void assert_nothing_left(void)
{
    cs_auto_value(cs_key_intent_list) intents = {0};

    ck_assert_uint_eq(cs_softkeys_key_count(token), 0);
    ck_assert_uint_eq(certificates(), 0);
    assert_ok(cs_store_intents(store, &intents, &err), &err);
    ck_assert_uint_eq(intents.count, 0);
}

/* A key that was outside a token is not taken unasked. */
START_TEST(a_files_key_needs_to_be_asked_for)
{
    cs_auto_value(cs_bytes) file = file_of(PFX);
    struct cs_import_options options = pfx_of(&file, false);
    cs_auto_value(cs_certificate_list) list = {0};

    assert_fails(import(&options, &list), CS_E_USAGE, &err);
    assert_contains(err.message, "server.pfx");
    assert_contains(err.hint, "--import-key");
    options.password = NULL;
    assert_fails(import(&options, &list), CS_E_USAGE, &err);
    assert_contains(err.message, "needs its password");
    assert_contains(err.hint, "--password-source");
    assert_nothing_left();
}
END_TEST

/* The option that would help is named only to who has not said it. */
START_TEST(a_file_without_the_key)
{
    cs_auto_value(cs_bytes) file =
        file_of(FOREIGN("openssl pkcs12 -export -nokeys -in cert.pem -passout pass:hunter2 "
                        "-out file"));
    cs_auto_value(cs_certificate_list) list = {0};

    for (int asked = 0; asked < 2; asked++) {
        const struct cs_import_options options = pfx_of(&file, asked);
        assert_fails(import(&options, &list), CS_E_MISMATCH, &err);
        assert_contains(err.message, asked ? ", nor in the file" : "is not on the token");
        ck_assert_int_eq(strstr(err.hint, "--import-key") == NULL, asked);
    }
    assert_nothing_left();
}
END_TEST

/* By its name or by its first octets: what was to be a .pfx is not asked for as a .cer. */
static const struct {
    const char *command;
    const char *path;
    const char *message;
} damaged[] = {
    {PFX "; truncate -s -10 file", "server.pfx", "damaged"},
    {PFX "; truncate -s 200 file", "edge", "damaged"},
    {"openssl rand -out file 3000", "server.pfx", "damaged"},
    {": >file", "SERVER.P12", "damaged"},
    {"openssl rand -out file 3000", "server.cer", "holds no certificate"},
};

START_TEST(a_damaged_file_is_called_so)
{
    cs_auto_value(cs_bytes) file = file_of(damaged[_i].command);
    struct cs_import_options options = pfx_of(&file, true);
    cs_auto_value(cs_certificate_list) list = {0};
    cs_autofree char *prefix = cs_asprintf("%s: ", damaged[_i].path);

    options.path = damaged[_i].path;
    assert_fails(import(&options, &list), CS_E_INPUT, &err);
    assert_contains(err.message, prefix);
    assert_contains(err.message, damaged[_i].message);
    ck_assert_int_eq(strstr(err.hint, ".cer") == NULL, strcmp(damaged[_i].message, "damaged") == 0);
    assert_nothing_left();
}
END_TEST

/* What is in a file counts, not its name. */
START_TEST(a_certificate_under_another_name)
{
    int64_t id;
    cs_auto_value(cs_bytes) der = answered("ECDH_P256", 0, "-days 9", &id);
    struct cs_import_options options = import_of(&der);
    cs_auto_value(cs_certificate_list) list = {0};

    options.path = "edge1.pfx";
    assert_ok(import(&options, &list), &err);
    ck_assert_int_eq(stored_state(id), CS_STATE_IMPORTED);
}
END_TEST

START_TEST(imported_key_is_marked)
{
    cs_auto_value(cs_bytes) file = file_of(PFX);
    struct cs_import_options options = pfx_of(&file, true);
    cs_auto_value(cs_certificate_list) list = {0};
    cs_auto_value(cs_certificate_list) again = {0};
    cs_auto_value(cs_key_intent_list) intents = {0};
    bool is = false;

    assert_ok(import(&options, &list), &err);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_int_eq(list.items[0].origin, CS_KEY_IMPORTED);
    ck_assert_str_eq(list.items[0].label, "my server");
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    assert_ok(cs_store_is_imported(store, list.items[0].key_id.data, &is, &err), &err);
    ck_assert(is);
    assert_ok(cs_store_intents(store, &intents, &err), &err);
    ck_assert_uint_eq(intents.count, 0);
    /* From now on its key is on the token: the file's is neither needed nor used. */
    options.import_key = false;
    assert_ok(import(&options, &again), &err);
    options.import_key = true;
    assert_ok(import(&options, &again), &err);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    ck_assert_uint_eq(certificates(), 1);
}
END_TEST

/* The answer to the open request @id in a .pfx, with the request's own key, which in truth no token
 * gives. */
static struct cs_bytes answer_with_key(int64_t id, const struct cs_bytes *der)
{
    cs_auto(cs_request) request = NULL;
    cs_auto(cs_secret) pkcs8 = NULL;
    cs_autofree char *how = NULL;
    struct cs_key *key = NULL;
    struct cs_bytes file = {0};
    const struct cs_bytes none = {0};

    assert_ok(cs_store_get(store, id, &request, &err), &err);
    assert_ok(token->ops->find(token, request->key_id, &key, &err), &err);
    assert_ok(token->ops->export_key(token, key, &pkcs8, &how, &err), &err);
    token->ops->key_free(key);
    const struct cs_pkcs12_parts parts = {.pkcs8 = pkcs8, .certificate = der, .chain = &none};
    assert_ok(cs_pkcs12_make(&parts, password, false, &file, &err), &err);
    return file;
}

/* A key in the answer to a request of ours is not taken, whatever is asked for: it is on the token.
 * Who asked for it is told, and everybody what it means that such a key is in a file. */
static const struct {
    bool import_key;
    bool exportable;
    const char *said; /* NULL: nothing */
} answers_with_key[] = {
    {false, false, "whoever has the file has the key"},
    {true, false, "whoever has the file has the key"},
    {false, true, NULL},
    {true, true, "that of the file was not used"},
};

START_TEST(a_key_beside_an_answer_is_not_used)
{
    int64_t id;
    cs_auto_value(cs_bytes) der = answered("ECDH_P256", 0, "-days 9", &id);
    cs_auto_value(cs_bytes) file = answer_with_key(id, &der);
    const struct cs_import_options options = pfx_of(&file, answers_with_key[_i].import_key);
    cs_auto_value(cs_certificate_list) list = {0};
    size_t said = 0;

    if (answers_with_key[_i].exportable) {
        cs_auto_value(cs_bytes) done = cs_judge_make(
            folder, "done",
            "sqlite3 cscert.db 'UPDATE request SET exportable = 1; SELECT changes ()' >done");
        ck_assert_int_eq(done.data[0], '1');
    }
    ui.warnings = 0;
    assert_ok(import(&options, &list), &err);
    ck_assert_int_eq(stored_state(id), CS_STATE_IMPORTED);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1);
    ck_assert_uint_eq(cs_softkeys_calls(token, CS_SOFTKEYS_IMPORT_KEY), 0);
    ck_assert_int_eq(list.items[0].origin, CS_KEY_GENERATED);
    for (size_t i = 0; i < list.items[0].warnings.count; i++) {
        const char *text = list.items[0].warnings.items[i];
        said += answers_with_key[_i].said && strstr(text, answers_with_key[_i].said) != NULL;
    }
    ck_assert_uint_eq(said, answers_with_key[_i].said != NULL);
    ck_assert_uint_eq(ui.warnings, 1 + said); /* no CRL distribution point */
}
END_TEST

START_TEST(imported_key_can_serve)
{
    cs_auto_value(cs_bytes) file = file_of(PFX);
    cs_auto_value(cs_strv) types = words("OAuthTokenIssuer");
    struct cs_import_options options = pfx_of(&file, true);
    cs_auto_value(cs_certificate_list) list = {0};

    options.types = &types;
    options.label = "chosen";
    assert_ok(import(&options, &list), &err);
    ck_assert_str_eq(list.items[0].label, "chosen");
    ck_assert_uint_eq(list.items[0].uses.count, 1);
    assert_stored("OAuthTokenIssuer", &list.items[0].der, NULL, NULL);
}
END_TEST

/* The policy is about keys from outside as about new ones, and only about those that come. */
START_TEST(policy_holds_for_files)
{
    cs_auto_value(cs_bytes) file = file_of(
        "openssl req -newkey rsa:2048 -nodes -x509 -keyout key.pem -subj /CN=a.litwareinc.com "
        "-days 9 -addext basicConstraints=CA:FALSE -addext extendedKeyUsage=serverAuth "
        "-out cert.pem 2>/dev/null; openssl pkcs12 -export -inkey key.pem -in cert.pem "
        "-passout pass:hunter2 -out file");
    struct cs_import_options options = pfx_of(&file, true);
    cs_auto_value(cs_certificate_list) list = {0};

    options.policy_min_rsa_bits = 3072;
    assert_fails(import(&options, &list), CS_E_POLICY, &err);
    options.policy_min_rsa_bits = 2048;
    options.policy_forbid_exportable = true;
    options.exportable = true;
    assert_fails(import(&options, &list), CS_E_POLICY, &err);
    assert_contains(err.message, "forbid-exportable");
    assert_nothing_left();
    options.exportable = false;
    assert_ok(import(&options, &list), &err);
    options.policy_min_rsa_bits = 3072;
    cs_certificate_list_done(&list);
    assert_ok(import(&options, &list), &err); /* it is there already */
}
END_TEST

/* Whatever fails on the way: no key stays, and no intent. */
static const enum cs_softkeys_op failing[] = {CS_SOFTKEYS_FIND_ID, CS_SOFTKEYS_IMPORT_KEY,
                                              CS_SOFTKEYS_PUT_CERTIFICATE};

START_TEST(failed_import_leaves_nothing)
{
    cs_auto_value(cs_bytes) file = file_of(PFX);
    const struct cs_import_options options = pfx_of(&file, true);
    cs_auto_value(cs_certificate_list) list = {0};

    cs_softkeys_fail_op(token, failing[_i], 1);
    assert_fails(import(&options, &list), CS_E_TOKEN_REFUSED, &err);
    assert_nothing_left();
    assert_ok(import(&options, &list), &err);
}
END_TEST

/* What cannot be destroyed either is found by `recover`. */
START_TEST(what_cannot_be_undone_is_remembered)
{
    cs_auto_value(cs_bytes) file = file_of(PFX);
    const struct cs_import_options options = pfx_of(&file, true);
    cs_auto_value(cs_certificate_list) list = {0};
    cs_auto_value(cs_key_intent_list) intents = {0};

    cs_softkeys_fail_op(token, CS_SOFTKEYS_PUT_CERTIFICATE, 1);
    cs_softkeys_fail_op(token, CS_SOFTKEYS_DESTROY, 1);
    assert_fails(import(&options, &list), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, "put_certificate");
    assert_ok(cs_store_intents(store, &intents, &err), &err);
    ck_assert_uint_eq(intents.count, 1);
}
END_TEST

START_TEST(wrong_password_is_said)
{
    cs_auto_value(cs_bytes) file = file_of(PFX);
    struct cs_import_options options = pfx_of(&file, true);
    cs_auto_value(cs_certificate_list) list = {0};
    char word[] = "hunter3";
    cs_auto(cs_secret) other = NULL;

    assert_ok(cs_secret_take(word, strlen(word), &other, &err), &err);
    options.password = other;
    assert_fails(import(&options, &list), CS_E_USAGE, &err);
    assert_contains(err.message, "server.pfx");
    assert_nothing_left();
}
END_TEST

/* ---- questions ---- */

START_TEST(what_if_shows_and_changes_nothing)
{
    int64_t id;
    cs_auto_value(cs_bytes) der = answered("ECDH_P256", 0, "-days 9", &id);
    cs_auto_value(cs_bytes) pfx = file_of(PFX);
    const struct cs_import_options options[] = {import_of(&der), pfx_of(&pfx, true)};
    int64_t records = record_count();

    flow.what_if = true;
    flow.confirm = true;
    for (size_t i = 0; i < ROWS(options); i++) {
        cs_auto_value(cs_certificate_list) list = {0};
        assert_ok(import(&options[i], &list), &err);
        ck_assert_uint_eq(list.count, 1);
        ck_assert_ptr_null(list.items[0].uri);
    }
    ck_assert_int_eq(stored_state(id), CS_STATE_OFFLINE);
    ck_assert_uint_eq(certificates(), 0);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1); /* of the request */
    ck_assert_int_eq(record_count(), records);
    ck_assert_uint_eq(ui.questions, 0);
}
END_TEST

START_TEST(a_no_stops_the_import)
{
    int64_t id;
    cs_auto_value(cs_bytes) der = answered("ECDH_P256", 0, "-days 9", &id);
    cs_auto_value(cs_bytes) pfx = file_of(PFX);
    cs_auto_value(cs_bytes) cas = cs_judge_make(folder, "cas", CA("Root", "2048") ">cas");
    const struct cs_import_options options[] = {import_of(&der), pfx_of(&pfx, true),
                                                import_of(&cas)};

    flow.confirm = true;
    ui.is_there = true;
    for (size_t i = 0; i < 2 * ROWS(options); i++) {
        cs_auto_value(cs_certificate_list) list = {0};
        ui.signal_at = i >= ROWS(options); /* then a signal is the no */
        assert_fails(import(&options[i % ROWS(options)], &list), CS_E_CANCELLED, &err);
    }
    ck_assert_uint_eq(ui.questions, 3);
    ck_assert_uint_eq(cs_softkeys_key_count(token), 1); /* of the request */
    ck_assert_uint_eq(certificates(), 0);
    ck_assert_int_eq(stored_state(id), CS_STATE_OFFLINE);
}
END_TEST

/* Two certificates of different keys under one friendly name cannot be told apart by it. */
START_TEST(friendly_name_of_two_is_said)
{
    cs_auto_value(cs_bytes) one = file_of(PFX);
    cs_auto_value(cs_bytes) two = file_of(PFX); /* another key */
    const struct cs_import_options options[] = {pfx_of(&one, true), pfx_of(&two, true)};

    for (unsigned i = 0; i < ROWS(options); i++) {
        cs_auto_value(cs_certificate_list) list = {0};
        ui.warnings = 0;
        assert_ok(import(&options[i], &list), &err);
        size_t found = 0;
        for (size_t j = 0; j < list.items[0].warnings.count; j++) {
            found += strstr(list.items[0].warnings.items[j], "friendly name \"my server\"") != NULL;
        }
        ck_assert_uint_eq(found, i);
        ck_assert_uint_eq(ui.warnings, list.items[0].warnings.count); /* each is shown once */
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("importfile");
    TCase *tcase = tcase_create("importfile");

    tcase_add_checked_fixture(tcase, setup_secrets, teardown_secrets);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, answer_ends_its_request);
    add_rows(tcase, wrong_answer_is_refused, wrong_answers);
    tcase_add_test(tcase, second_certificate_of_a_key);
    add_rows(tcase, every_form_is_read, forms);
    add_rows(tcase, no_certificate_is_refused, no_certificates);
    tcase_add_test(tcase, ca_certificates_go_as_such);
    tcase_add_test(tcase, without_its_key_nothing_is_taken);
    tcase_add_test(tcase, a_files_key_needs_to_be_asked_for);
    tcase_add_test(tcase, a_file_without_the_key);
    add_rows(tcase, a_damaged_file_is_called_so, damaged);
    tcase_add_test(tcase, a_certificate_under_another_name);
    tcase_add_test(tcase, imported_key_is_marked);
    add_rows(tcase, a_key_beside_an_answer_is_not_used, answers_with_key);
    tcase_add_test(tcase, imported_key_can_serve);
    tcase_add_test(tcase, policy_holds_for_files);
    add_rows(tcase, failed_import_leaves_nothing, failing);
    tcase_add_test(tcase, what_cannot_be_undone_is_remembered);
    tcase_add_test(tcase, wrong_password_is_said);
    tcase_add_test(tcase, what_if_shows_and_changes_nothing);
    tcase_add_test(tcase, a_no_stops_the_import);
    tcase_add_test(tcase, friendly_name_of_two_is_said);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

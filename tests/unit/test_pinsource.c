#include "base/bytes.h"
#include "cli/pinsource.h"
#include "support/cmdline.h"
#include "support/pty.h"
#include "support/scratch.h"

static cs_rc copy(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    (void)err;
    *(struct cs_bytes *)ctx = cs_bytes_copy(octets, len);
    return CS_OK;
}

static void assert_secret(const struct cs_secret *secret, const char *expected)
{
    cs_auto_value(cs_bytes) bytes = {0};
    struct cs_err err = {0};

    assert_ok(cs_secret_lend(secret, copy, &bytes, &err), &err);
    ck_assert_str_eq((const char *)bytes.data, expected);
}

START_TEST(test_file)
{
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};

    scratch_put("pin", "1234\n", 5, 0600);
    scratch_put("open", "1234\n", 5, 0644);
    scratch_put("empty", "", 0, 0600);
    assert_ok(cs_pinsource_read("file:pin", "--pin-source", "?", &secret, &err), &err);
    assert_secret(secret, "1234");
    cs_auto(cs_secret) none = NULL;
    assert_fails(cs_pinsource_read("file:open", "x", "?", &none, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "can be read by others");
    assert_fails(cs_pinsource_read("file:absent", "x", "?", &none, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "absent");
    assert_fails(cs_pinsource_read("file:empty", "x", "?", &none, &err), CS_E_USAGE, &err);
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(test_descriptor)
{
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};
    char source[32];
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "geheim\nrest", 11), 11);
    snprintf(source, sizeof source, "fd:%d", ends[0]);
    assert_ok(cs_pinsource_read(source, "x", "?", &secret, &err), &err);
    assert_secret(secret, "geheim");
    char rest[8] = {0}; /* what follows the line is not ours */
    ck_assert_int_eq(read(ends[0], rest, 4), 4);
    ck_assert_str_eq(rest, "rest");
}
END_TEST

/* What no parent can have given: the store's own descriptor, say, when the redirection was
 * forgotten. */
START_TEST(test_own_descriptor)
{
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};
    char source[32];
    int fd = open("/proc/version", O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    snprintf(source, sizeof source, "fd:%d", fd);
    assert_fails(cs_pinsource_read(source, "x", "?", &secret, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "not open");
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0);
}
END_TEST

static const struct {
    const char *source;
    cs_rc rc;
} bad[] = {
    {"fd:999", CS_E_CONFIG}, {"fd:", CS_E_USAGE},      {"fd:x", CS_E_USAGE},
    {"fd:-1", CS_E_USAGE},   {"fd:3x", CS_E_USAGE},    {"fd:99999999999", CS_E_USAGE},
    {"file:", CS_E_USAGE},   {"", CS_E_USAGE},         {"1234", CS_E_USAGE},
    {"|cat", CS_E_USAGE},    {"Prompt", CS_E_USAGE},   {"env:PIN", CS_E_USAGE},
    {"file", CS_E_USAGE},    {"/etc/pin", CS_E_USAGE},
};

START_TEST(test_bad)
{
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};

    assert_fails(cs_pinsource_read(bad[_i].source, "--pin-source", "?", &secret, &err), bad[_i].rc,
                 &err);
    ck_assert_msg(err.hint[0], "no hint");
    ck_assert_ptr_null(strstr(err.message, "1234"));
}
END_TEST

static const struct {
    const char *uri;
    const char *source; /* NULL: none */
    const char *refusal;
} uris[] = {
    {"pkcs11:token=edge", NULL, NULL},
    {"pkcs11:token=edge?module-path=/x.so", NULL, NULL},
    {"pkcs11:token=pin-source=file:/x", NULL, NULL}, /* in the path, not in the query */
    {"pkcs11:?pin-source=file:/etc/pin", "file:/etc/pin", NULL},
    {"pkcs11:token=edge?module-path=/x.so&pin-source=file:/etc/pin", "file:/etc/pin", NULL},
    {"pkcs11:?pin-source=file:/etc/pin&module-name=x", "file:/etc/pin", NULL},
    {"pkcs11:?pin-source=file:%2Fetc%2fmy%20pin", "file:/etc/my pin", NULL},
    {"pkcs11:?pin-source=file:///etc/pin", "file:///etc/pin", NULL},
    {"pkcs11:object=k;type=private?pin-source=file:/etc/pin", "file:/etc/pin", NULL},
    {"pkcs11:?pin-source=|/bin/cat%20x", NULL, "command"},
    {"pkcs11:?pin-source=%7C/bin/cat", NULL, "command"},
    {"pkcs11:?pin-source=/etc/pin", NULL, "file"},
    {"pkcs11:?pin-source=", NULL, "file"},
    {"pkcs11:?pin-source=file:pin", NULL, "file"},
    {"pkcs11:?pin-source=file://host/etc/pin", NULL, "file"},
    {"pkcs11:?pin-source=https://host/pin", NULL, "file"},
};

/* Not taken for URIs of tokens at all. */
static const char *const no_uris[] = {
    "pkcs11:?x-pin-source=file:/etc/pin",  "pkcs11:?pin-source=file:/%zz",
    "pkcs11:?pin-source=file:/%4",         "pkcs11:?pin-source=file:/%",
    "pkcs11:?pin-source=file:/etc/pin%00", "pkcs11:?pin-source=file:/a&pin-source=file:/b",
};

START_TEST(test_no_uri)
{
    cs_autofree char *source = NULL;
    struct cs_err err = {0};

    assert_fails(cs_pinsource_of_uri(no_uris[_i], &source, &err), CS_E_USAGE, &err);
    ck_assert_ptr_null(source);
}
END_TEST

START_TEST(test_uri)
{
    cs_autofree char *source = NULL;
    struct cs_err err = {0};
    cs_rc rc = cs_pinsource_of_uri(uris[_i].uri, &source, &err);

    if (uris[_i].refusal) {
        assert_fails(rc, CS_E_CONFIG, &err);
        assert_contains(err.message, uris[_i].refusal);
        return;
    }
    assert_ok(rc, &err);
    ck_assert_pstr_eq(source, uris[_i].source);
}
END_TEST

/* Who goes before whom; and a configured PIN is not sent to another token. */
static const struct {
    const char *line;
    const char *uri;    /* configured */
    const char *source; /* configured */
    const char *pin;    /* what is read; NULL: the terminal is asked, and there is none */
} order[] = {
    {"cscert|new|--pin-source|file:option", "pkcs11:?pin-source=file:@/uri", "file:config",
     "of option"},
    {"cscert|new", "pkcs11:?pin-source=file:@/uri", "file:config", "of uri"},
    {"cscert|new", "pkcs11:token=a", "file:config", "of config"},
    {"cscert|new", NULL, "file:config", "of config"},
    {"cscert|new|--token|pkcs11:token=a", "pkcs11:token=a", "file:config", "of config"},
    {"cscert|new|--token|pkcs11:token=b", NULL, "file:config", "of config"},
    {"cscert|new|--token|pkcs11:token=b", "pkcs11:token=a", "file:config", NULL},
    {"cscert|new|--token|pkcs11:?pin-source=file:@/uri", "pkcs11:token=a", "file:config", "of uri"},
    {"cscert|new|--token|pkcs11:token=b|--pin-source|file:option", "pkcs11:token=a", NULL,
     "of option"},
    {"cscert|new", NULL, NULL, NULL},
};

/* @ in a row stands for the test's folder: a URI wants an absolute path. */
static char *absolute(const char *text)
{
    const char *at = text ? strchr(text, '@') : NULL;

    return at ? cs_asprintf("%.*s%s%s", (int)(at - text), text, scratch_folder, at + 1)
              : cs_strdup(text);
}

START_TEST(test_order)
{
    cs_autofree char *line = absolute(order[_i].line);
    cs_autofree char *uri = absolute(order[_i].uri);
    cs_autofree char *source = absolute(order[_i].source);
    char label[] = "edge";
    const struct cs_token_info info = {.label = label};
    const struct cs_config config = {.token = {.uri = uri, .pin_source = source}};
    cs_auto(cs_options) options = NULL;
    cs_auto(cs_secret) pin = NULL;
    struct cs_err err = {0};

    scratch_put("option", "of option", 9, 0600);
    scratch_put("uri", "of uri", 6, 0600);
    scratch_put("config", "of config", 9, 0600);
    pty_leave_terminal();
    assert_ok(cmdline_parse(line, &options, &err), &err);
    struct cs_pinsource from = cs_pinsource_choose(options, &config);
    cs_rc rc = cs_pinsource_ask(&from, &info, &pin, &err);
    if (order[_i].pin) {
        assert_ok(rc, &err);
        assert_secret(pin, order[_i].pin);
        return;
    }
    assert_fails(rc, CS_E_CONFIG, &err);
    assert_contains(err.message, "no terminal");
    assert_contains(err.hint, "file:PATH");
}
END_TEST

static int ask(void *ctx)
{
    char label[] = "edge\033[2J";
    const struct cs_token_info info = {.label = label};
    struct cs_pinsource nothing = {0};
    cs_auto(cs_secret) pin = NULL;
    cs_auto_value(cs_bytes) bytes = {0};
    struct cs_err err = {0};

    (void)ctx;
    cs_rc rc = cs_pinsource_ask(&nothing, &info, &pin, &err);
    if (rc == CS_OK) {
        rc = cs_secret_lend(pin, copy, &bytes, &err);
    }
    return rc != CS_OK ? (int)rc : strcmp((const char *)bytes.data, "geheim") == 0 ? 0 : 98;
}

START_TEST(test_prompt)
{
    struct pty pty = pty_start(ask, NULL);

    pty_wait_for(&pty, "PIN of the token \"edge\\x1b[2J\": ");
    ck_assert(!pty_echoes(&pty));
    pty_type(&pty, "geheim\n");
    ck_assert_int_eq(pty_end(&pty), 0);
    ck_assert_ptr_null(strstr(pty.seen, "geheim"));
}
END_TEST

START_TEST(test_prompt_empty)
{
    struct pty pty = pty_start(ask, NULL);

    pty_wait_for(&pty, ": ");
    pty_type(&pty, "\n");
    ck_assert_int_eq(pty_end(&pty), CS_E_USAGE);
}
END_TEST

/* What is asked for, and what to say instead. */
START_TEST(test_prompt_nobody)
{
    cs_auto(cs_secret) secret = NULL;
    struct cs_err err = {0};

    pty_leave_terminal();
    assert_fails(
        cs_pinsource_read("prompt", "--ca-password-source", "Password of a\\b: ", &secret, &err),
        CS_E_CONFIG, &err);
    assert_contains(err.message, "Password of a\\b: there is no terminal");
    assert_contains(err.hint, "--ca-password-source must be file:PATH");
    assert_fails(cs_pinsource_read("prompt", "", "PIN: ", &secret, &err), CS_E_CONFIG, &err);
    assert_contains(err.hint, "--pin-source must be file:PATH");
}
END_TEST

static int ask_new(void *ctx)
{
    cs_auto(cs_secret) pin = NULL;
    cs_auto_value(cs_bytes) bytes = {0};
    struct cs_err err = {0};

    (void)ctx;
    cs_rc rc = cs_pinsource_read_new(NULL, "--pin-source", "PIN of the new token", &pin, &err);
    if (rc == CS_OK) {
        rc = cs_secret_lend(pin, copy, &bytes, &err);
    }
    return rc != CS_OK ? (int)rc : strcmp((const char *)bytes.data, "geheim") == 0 ? 0 : 98;
}

static const struct {
    const char *second;
    int code;
} typed[] = {{"geheim\n", 0}, {"geheiM\n", CS_E_USAGE}, {"geheim2\n", CS_E_USAGE}};

START_TEST(test_new_is_typed_twice)
{
    struct pty pty = pty_start(ask_new, NULL);

    pty_wait_for(&pty, "PIN of the new token: ");
    pty_type(&pty, "geheim\n");
    pty_wait_for(&pty, "PIN of the new token, again: ");
    pty_type(&pty, typed[_i].second);
    ck_assert_int_eq(pty_end(&pty), typed[_i].code);
    ck_assert_ptr_null(strstr(pty.seen, "geheim"));
}
END_TEST

START_TEST(test_new_of_file_is_read_once)
{
    cs_auto(cs_secret) pin = NULL;
    struct cs_err err = {0};

    scratch_put("new", "1234\n", 5, 0600);
    assert_ok(cs_pinsource_read_new("file:new", "--pin-source", "?", &pin, &err), &err);
    assert_secret(pin, "1234");
}
END_TEST

static void setup(void)
{
    struct cs_err err = {0};

    assert_ok(cs_secret_setup(&err), &err);
    scratch_enter();
}

int main(void)
{
    Suite *suite = suite_create("pinsource");
    TCase *tcase = tcase_create("sources");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, scratch_leave);
    tcase_add_test(tcase, test_file);
    tcase_add_test(tcase, test_descriptor);
    tcase_add_test(tcase, test_own_descriptor);
    add_rows(tcase, test_bad, bad);
    add_rows(tcase, test_uri, uris);
    add_rows(tcase, test_no_uri, no_uris);
    add_rows(tcase, test_order, order);
    tcase_add_test(tcase, test_prompt);
    tcase_add_test(tcase, test_prompt_empty);
    tcase_add_test(tcase, test_prompt_nobody);
    add_rows(tcase, test_new_is_typed_twice, typed);
    tcase_add_test(tcase, test_new_of_file_is_read_once);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

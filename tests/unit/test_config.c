#include "base/bytes.h"
#include "base/file.h"
#include "cli/config.h"
#include "support/check_run.h"
#include "support/scratch.h"

#include <stdio.h>

#define TOKEN "token { uri = 'pkcs11:token=edge' }\n"

static void put(const char *name, const char *text)
{
    scratch_put(name, text, strlen(text), 0600);
}

static struct cs_env env_of(const char *named, const char *first, const char *second)
{
    struct cs_env env = {0};

    env.config_named = named ? strdup(named) : NULL;
    cs_strv_add(&env.config_paths, first);
    cs_strv_add(&env.config_paths, second);
    return env;
}

START_TEST(test_everything)
{
    static const char text[] =
        "token {\n"
        "  uri = 'pkcs11:token=edge?module-path=/usr/lib/softhsm/libsofthsm2.so'\n"
        "  module = softhsm2\n"
        "  pin-source = 'file:/etc/cscert/pin'\n"
        "  profile = '/etc/cscert/p'\n"
        "  lock-dir = '/run/x'\n"
        "  timeout-call = 1\n"
        "  timeout-login = 020 # decimal\n"
        "  timeout-generate = 3600\n"
        "}\n"
        "policy { min-rsa-bits = 3072 forbid-exportable = true }\n"
        "default-ca = \"host\\\\myca\"\n"
        "ca 'atl-ca-001.litwareinc.com\\myca' {\n"
        "  type = lab authority = 'Lab CA' policy = hold\n"
        "  crl-url = 'http://pki.litwareinc.com/lab.crl' aia-url = http://pki.litwareinc.com/x\n"
        "  crl-file = '/srv/lab.crl' validity-days = 30\n"
        "}\n"
        "ca second { type = lab policy = issue }\n";
    cs_auto(cs_config) config = NULL;
    struct cs_err err = {0};

    assert_ok(cs_config_parse(text, strlen(text), "x.conf", &config, &err), &err);
    ck_assert_str_eq(config->path, "x.conf");
    ck_assert_str_eq(config->token.uri,
                     "pkcs11:token=edge?module-path=/usr/lib/softhsm/libsofthsm2.so");
    ck_assert_str_eq(config->token.module, "softhsm2");
    ck_assert_str_eq(config->token.pin_source, "file:/etc/cscert/pin");
    ck_assert_str_eq(config->token.profile, "/etc/cscert/p");
    ck_assert_str_eq(config->token.lock_dir, "/run/x");
    ck_assert_uint_eq(config->token.timeout_call, 1);
    ck_assert_uint_eq(config->token.timeout_login, 20);
    ck_assert_uint_eq(config->token.timeout_generate, 3600);
    ck_assert_uint_eq(config->policy.min_rsa_bits, 3072);
    ck_assert(config->policy.forbid_exportable);
    ck_assert_str_eq(config->default_ca, "host\\myca");
    ck_assert_uint_eq(config->ca_count, 2);

    const struct cs_config_ca *ca = cs_config_find_ca(config, "ATL-CA-001.litwareinc.com\\MyCA");
    ck_assert_ptr_eq(ca, &config->cas[0]);
    ck_assert_str_eq(ca->type, "lab");
    ck_assert_str_eq(ca->authority, "Lab CA");
    ck_assert(ca->hold);
    ck_assert_str_eq(ca->crl_url, "http://pki.litwareinc.com/lab.crl");
    ck_assert_str_eq(ca->aia_url, "http://pki.litwareinc.com/x");
    ck_assert_str_eq(ca->crl_file, "/srv/lab.crl");
    ck_assert_int_eq(ca->validity_days, 30);
    ck_assert(!config->cas[1].hold);
    ck_assert_ptr_null(config->cas[1].authority);
    ck_assert_int_eq(config->cas[1].validity_days, 0);
    ck_assert_ptr_null(cs_config_find_ca(config, "third"));
}
END_TEST

static void assert_defaults(const struct cs_config *config)
{
    ck_assert_ptr_null(config->token.uri);
    ck_assert_ptr_null(config->token.pin_source);
    ck_assert_uint_eq(config->token.timeout_call, 0);
    ck_assert_uint_eq(config->policy.min_rsa_bits, 1024);
    ck_assert(!config->policy.forbid_exportable);
    ck_assert_ptr_null(config->default_ca);
    ck_assert_uint_eq(config->ca_count, 0);
}

START_TEST(test_empty)
{
    static const char *const texts[] = {"", "\n", "# only words", "/* x */",
                                        "token { }\npolicy { }"};

    for (size_t i = 0; i < ROWS(texts); i++) {
        cs_auto(cs_config) config = NULL;
        struct cs_err err = {0};
        assert_ok(cs_config_parse(texts[i], strlen(texts[i]), "x", &config, &err), &err);
        assert_defaults(config);
    }
}
END_TEST

#define KEY "pkcs11:id=%01%02%03%04%05%06%07%08%09%0a%0b%0c%0d%0e%0f%10%11%12%13%14"

START_TEST(test_remote)
{
    static const char text[] =
        "ca 'h.example.com\\ca' { type = rpc }\n"
        "ca far {\n"
        "  type = ces address = { 'https://a.example.com/x', 'https://b.example.com/x' }\n"
        "  auth = certificate account = 'CORP\\svc' password-source = 'file:/p' realm = CORP.TEST\n"
        "  keytab = '/k' ccache = 'FILE:/c' krb5-config = '/etc/k.conf' anchors = '/r.pem'\n"
        "  template = 'Web Server' timeout = 9 client-certificate = '/c.pem'\n"
        "  client-key = '" KEY "'\n"
        "}\n"
        "ca own { type = program program = '/usr/local/bin/ca' address = 'anything' }\n";
    cs_auto(cs_config) config = NULL;
    struct cs_err err = {0};

    assert_ok(cs_config_parse(text, strlen(text), "x.conf", &config, &err), &err);
    ck_assert_uint_eq(config->ca_count, 3);
    ck_assert_uint_eq(config->cas[0].addresses.count, 1);
    ck_assert_str_eq(config->cas[0].addresses.items[0], "h.example.com\\ca");
    ck_assert_ptr_null(config->cas[0].auth);
    ck_assert_uint_eq(config->cas[0].timeout, 0);

    const struct cs_config_ca *far = &config->cas[1];
    ck_assert_str_eq(far->type, "ces");
    ck_assert_uint_eq(far->addresses.count, 2);
    ck_assert_str_eq(far->addresses.items[1], "https://b.example.com/x");
    ck_assert_str_eq(far->auth, "certificate");
    ck_assert_str_eq(far->account, "CORP\\svc");
    ck_assert_str_eq(far->password_source, "file:/p");
    ck_assert_str_eq(far->realm, "CORP.TEST");
    ck_assert_str_eq(far->keytab, "/k");
    ck_assert_str_eq(far->ccache, "FILE:/c");
    ck_assert_str_eq(far->krb5_config, "/etc/k.conf");
    ck_assert_str_eq(far->anchors, "/r.pem");
    ck_assert_str_eq(far->template_name, "Web Server");
    ck_assert_uint_eq(far->timeout, 9);
    ck_assert_str_eq(far->client_certificate, "/c.pem");
    ck_assert_str_eq(far->client_key, KEY);
    ck_assert_str_eq(config->cas[2].program, "/usr/local/bin/ca");
    ck_assert_str_eq(config->cas[2].addresses.items[0], "anything");
}
END_TEST

/* Each is refused with file and line. */
static const struct {
    const char *text;
    const char *message;
} bad[] = {
    {"bogus = 1", "x.conf:1: no such option 'bogus'"},
    {"# one\n# two\n\nbogus = 1", "x.conf:4: no such option 'bogus'"},
    {"/* one\n two */\nbogus = 1", "x.conf:3: no such option 'bogus'"},
    {"token {\n  uri = 'pkcs11:'\n  bogus = 1\n}", "x.conf:3: no such option 'bogus'"},
    {"ca a {\n type = lab\n\n bogus = 1\n}", "x.conf:4: no such option 'bogus'"},
    {"Token { }", "x.conf:1: no such option 'Token'"},
    {"token|uri = 'pkcs11:a'", "x.conf:1: no such option 'uri' outside of its section"},
    {"policy|min-rsa-bits = 2048", "x.conf:1: no such option 'min-rsa-bits' outside"},
    {"policy|forbid-exportable = true", "x.conf:1: no such option 'forbid-exportable' outside"},
    {"include('/etc/passwd')", "x.conf:1: no such option 'include'"},
    {"token {\n uri = 'pkcs11:a'\n uri = 'pkcs11:b'\n}", "x.conf:3: uri is said twice"},
    {"token { }\ntoken { }", "x.conf:2: token is said twice"},
    {"policy { min-rsa-bits = 2048 min-rsa-bits = 1024 }", "x.conf:1: min-rsa-bits is said twice"},
    {"default-ca = a\ndefault-ca = b", "x.conf:2: default-ca is said twice"},
    {"ca a { type = lab }\nca a { type = lab }", "x.conf:2: found duplicate title 'a'"},
    {"ca a { type = lab }\nca A { type = lab }", "x.conf:2: the ca section 'A' is there twice"},
    {"ca a { }", "x.conf:1: the ca section 'a' does not say its type"},
    {"ca '' { type = lab }", "the name of a ca section is empty"},
    {"ca { type = lab }", "x.conf:1: missing title for section 'ca'"},
    {"ca a { type = adcs }", "x.conf:1: type \"adcs\" is not known; known: lab"},
    {"ca a { type = lab address = x }", "x.conf:1: address is not for a ca of type lab"},
    {"ca a { type = rpc policy = hold }", "policy is not for a ca of type rpc"},
    {"ca a { type = rpc anchors = '/x' }", "anchors is not for a ca of type rpc"},
    {"ca a { type = rpc }", "the ca section 'a' has no address"},
    {"ca a { type = certsrv }", "the ca section 'a' has no address"},
    {"ca a { type = program }", "the ca section 'a' does not say its program"},
    {"ca a { type = program program = x.py }", "program \"x.py\" is not an absolute path"},
    {"ca a { type = rpc address = 'https://h/certsrv' }",
     "address \"https://h/certsrv\" is none of a CA of type rpc"},
    {"ca a { type = ces address = 'http://h/x' }", "is none of a CA of type ces"},
    {"ca a { type = cep address = 'http://h/x' }", "is none of a CA of type cep"},
    {"ca a { type = ces address = { 'https://h/x', 'h\\c' } }",
     "address \"h\\c\" is none of a CA of type ces"},
    {"ca a { type = ces address = 'https://h/x' address = 'https://i/x' }",
     "address is said twice"},
    {"ca 'h\\c' { type = rpc auth = magic }", "auth \"magic\" is not known; known: kerberos, ntlm"},
    {"ca 'h\\c' { type = rpc auth = password }", "auth = password is not for a ca of type rpc"},
    {"ca 'h\\c' { type = rpc account = 'a b c' }", "account"},
    {"ca 'h\\c' { type = rpc password-source = 'file:/x' }",
     "password-source is of no use without account"},
    {"ca 'h\\c' { type = rpc account = 'u@d' password-source = hunter2 }",
     "password-source does not name a source"},
    {"ca 'h\\c' { type = rpc timeout = 0 }", "timeout \"0\" is not a whole number from 1 to 3600"},
    {"ca 'h\\c' { type = rpc keytab = k }", "keytab \"k\" is not an absolute path"},
    {"ca a { type = ces address = 'https://h/x' auth = certificate }",
     "auth = certificate needs client-key and client-certificate"},
    {"ca a { type = ces address = 'https://h/x' client-key = '" KEY "' }",
     "client-key and client-certificate belong together"},
    {"ca a { type = ces address = 'https://h/x' client-key = 'x' client-certificate = '/c' }",
     "client-key names no key"},
    {"ca a { type = lab address = { }", "x.conf:1: the section that begins here is not closed"},
    {"ca a { type = lab policy = maybe }", "policy \"maybe\" is not known; known: issue, hold"},
    {"ca a { type = lab crl-url = lab.crl }", "crl-url \"lab.crl\" is not a URL"},
    {"ca a { type = lab crl-url = 'http:' }", "is not a URL"},
    {"ca a { type = lab crl-url = 'http://a b' }", "is not a URL"},
    {"ca a { type = lab crl-file = lab.crl }", "crl-file \"lab.crl\" is not an absolute path"},
    {"ca a { type = lab validity-days = 0 }", "validity-days \"0\" is not a whole number from 1"},
    {"ca a { type = lab validity-days = 3651 }", "is not a whole number from 1 to 3650"},
    {"policy { min-rsa-bits = 512 }", "x.conf:1: min-rsa-bits \"512\" is not a whole number"},
    {"policy { min-rsa-bits = 2048x }", "is not a whole number"},
    {"policy { min-rsa-bits = 0x800 }", "is not a whole number"},
    {"policy { min-rsa-bits = '' }", "is not a whole number"},
    {"policy { min-rsa-bits = 99999999999999999999 }", "is not a whole number"},
    {"policy { forbid-exportable = maybe }", "forbid-exportable \"maybe\" is neither true nor"},
    {"token { timeout-call = 3601 }", "from 1 to 3600"},
    {"token { uri = edge }", "x.conf:1: uri \"edge\" is not a PKCS#11 URI"},
    {"token { uri = pkcs11:token=edge }", "x.conf:1: unexpected token '='"},
    {"token { uri = 'pkcs11:a?pin-value=hunter2' }", "x.conf:1: uri holds a PIN (pin-value)"},
    {"token { pin-source = hunter2 }", "x.conf:1: pin-source does not name a source"},
    {"token { pin-source = '|cat x' }", "x.conf:1: pin-source does not name a source"},
    {"token { module = 'lib/x.so' }", "module \"lib/x.so\" is not an absolute path"},
    {"token { profile = '' }", "profile is empty"},
    {"token { profile = '/a\n' }", "holds control characters"},
    {"token { profile = '/\xff' }", "not UTF-8"},
    /* What libConfuse would take for something else. */
    {"\ndefault-ca = \"host\\myca\"", "x.conf:2: a backslash between double quotes would be lost"},
    {"ca \"host\\nca\" { type = lab }", "x.conf:1: a backslash between double quotes"},
    {"default-ca = \"${HOME}\"", "x.conf:1: ${...} is not replaced"},
    {"\n\ndefault-ca = ${HOME}", "x.conf:3: ${...} is not replaced"},
    {"ca a { type = lab crl-url = http://${HOME}/x }", "x.conf:1: ${...} is not replaced"},
    /* Not whole. */
    {"\ntoken {\n\n", "x.conf:2: the section that begins here is not closed"},
    {"\n/* policy\n{ min-rsa-bits = 2048 }",
     "x.conf:2: the comment that begins here is not closed"},
    {"default-ca =", "premature end of file"},
    {"default-ca = 'a", "x.conf:2: unterminated string"},
    {"}", "x.conf:1: unexpected closing brace"},
    {"default-ca a", "x.conf:1: missing equal sign after option 'default-ca'"},
};

START_TEST(test_bad)
{
    cs_auto(cs_config) config = NULL;
    struct cs_err err = {0};

    assert_fails(cs_config_parse(bad[_i].text, strlen(bad[_i].text), "x.conf", &config, &err),
                 CS_E_CONFIG, &err);
    ck_assert_ptr_null(config);
    assert_contains(err.message, bad[_i].message);
    assert_contains(err.message, "x.conf:");
    ck_assert_msg(err.hint[0], "no hint");
    ck_assert_ptr_null(strstr(err.message, "hunter2"));
}
END_TEST

/* Quotes and comments that look like slips and are none. */
static const struct {
    const char *text;
    const char *ca;
} odd[] = {
    {"default-ca = 'host\\myca'", "host\\myca"},
    {"default-ca = 'host\\\\myca'", "host\\myca"},
    {"default-ca = 'it\\'s'", "it's"},
    {"default-ca = '${HOME}'", "${HOME}"},
    {"default-ca = \"host\\\\myca\"", "host\\myca"},
    {"default-ca = \"a\\\"b\"", "a\"b"},
    {"default-ca = \"# no comment\"", "# no comment"},
    {"default-ca = '// no comment'", "// no comment"},
    {"# ${HOME} \"\\m\ndefault-ca = a", "a"},
    {"// it's ${HOME}\ndefault-ca = a", "a"},
    {"/* it's \"${HOME} */ default-ca = a", "a"},
    {"default-ca = a # it's", "a"},
    {"default-ca = a//b", "a//b"},
    {"default-ca = a\r\n", "a"},
    {"default-ca = M\u00fcnchen", "M\u00fcnchen"},
};

START_TEST(test_odd)
{
    cs_auto(cs_config) config = NULL;
    struct cs_err err = {0};

    setenv("HOME", "/replaced", 1);
    assert_ok(cs_config_parse(odd[_i].text, strlen(odd[_i].text), "x", &config, &err), &err);
    ck_assert_pstr_eq(config->default_ca, odd[_i].ca);
}
END_TEST

START_TEST(test_nul)
{
    static const char text[] = "default-ca = a\0\nbogus";
    cs_auto(cs_config) config = NULL;
    struct cs_err err = {0};

    assert_fails(cs_config_parse(text, sizeof text - 1, "x.conf", &config, &err), CS_E_CONFIG,
                 &err);
    assert_contains(err.message, "NUL");
}
END_TEST

/* The parser of the library is one for the process: what it was left in must not matter. */
START_TEST(test_after_failure)
{
    for (size_t i = 0; i < ROWS(bad); i++) {
        cs_auto(cs_config) config = NULL;
        struct cs_err err = {0};
        ck_assert_int_eq(cs_config_parse(bad[i].text, strlen(bad[i].text), "x", &config, &err),
                         CS_E_CONFIG);
        assert_ok(cs_config_parse(TOKEN, strlen(TOKEN), "x", &config, &err), &err);
        ck_assert_str_eq(config->token.uri, "pkcs11:token=edge");
    }
}
END_TEST

START_TEST(test_order)
{
    struct cs_err err = {0};

    put("named.conf", "default-ca = named");
    put("env.conf", "default-ca = env");
    put("second.conf", "default-ca = second");
    const struct {
        const char *named;
        const char *in_env;
        const char *first;
        const char *ca;
    } rows[] = {
        {"named.conf", "env.conf", "second.conf", "named"},
        {NULL, "env.conf", "second.conf", "env"},
        {NULL, NULL, "second.conf", "second"},
        {NULL, NULL, "absent.conf", "second"},
        {NULL, NULL, "named.conf/x", "second"}, /* ENOTDIR */
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        cs_auto_value(cs_env) env = env_of(rows[i].in_env, rows[i].first, "second.conf");
        cs_auto(cs_config) config = NULL;
        assert_ok(cs_config_load(rows[i].named, &env, &config, &err), &err);
        ck_assert_str_eq(config->default_ca, rows[i].ca);
    }
}
END_TEST

START_TEST(test_absent)
{
    cs_auto_value(cs_env) env = env_of(NULL, "absent", "none/absent");
    cs_auto_value(cs_env) naming = env_of("named-in-env", "absent", "absent");
    cs_auto(cs_config) config = NULL;
    struct cs_err err = {0};

    assert_fails(cs_config_load("absent.conf", &env, &config, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "absent.conf");
    assert_fails(cs_config_load(NULL, &naming, &config, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "named-in-env");
    assert_ok(cs_config_load(NULL, &env, &config, &err), &err);
    assert_defaults(config);
    ck_assert_ptr_null(config->path);
}
END_TEST

/* The first file that is there counts, also if it is wrong. */
START_TEST(test_untrusted)
{
    cs_auto_value(cs_env) env = env_of(NULL, "open.conf", "fine.conf");
    cs_auto(cs_config) config = NULL;
    struct cs_err err = {0};

    put("fine.conf", TOKEN);
    scratch_put("open.conf", TOKEN, strlen(TOKEN), 0620);
    assert_fails(cs_config_load(NULL, &env, &config, &err), CS_E_CONFIG, &err);
    assert_contains(err.message, "open.conf can be changed by others");
    assert_fails(cs_config_load("open.conf", &env, &config, &err), CS_E_CONFIG, &err);
    assert_fails(cs_config_load(".", &env, &config, &err), CS_E_CONFIG, &err);
    ck_assert_ptr_null(config);
}
END_TEST

START_TEST(test_too_large)
{
    cs_autofree char *text = malloc(CS_CONFIG_MAX + 1);
    cs_auto(cs_config) config = NULL;
    cs_auto_value(cs_env) env = env_of("large", "a", "b");
    struct cs_err err = {0};

    memset(text, '\n', CS_CONFIG_MAX + 1);
    scratch_put("large", text, CS_CONFIG_MAX + 1, 0600);
    assert_fails(cs_config_load(NULL, &env, &config, &err), CS_E_CONFIG, &err);
}
END_TEST

/* The sample that is shipped is read as it is, and names every key, each once. */
START_TEST(test_sample)
{
    static const char *const keys[] = {
        "uri",          "module",        "pin-source",       "profile",      "lock-dir",
        "timeout-call", "timeout-login", "timeout-generate", "min-rsa-bits", "forbid-exportable",
        "default-ca",   "type",          "authority",        "policy",       "crl-url",
        "aia-url",      "crl-file",      "validity-days",
    };
    cs_auto_value(cs_bytes) text = {0};
    cs_auto(cs_config) config = NULL;
    struct cs_err err = {0};

    assert_ok(cs_file_read(CS_SOURCE_DIR "/hsm-config/cscert.conf", CS_CONFIG_MAX, &text, &err),
              &err);
    const char *sample = (const char *)text.data;
    assert_ok(cs_config_parse(sample, text.len, "cscert.conf", &config, &err), &err);
    ck_assert_ptr_nonnull(cs_config_find_ca(config, config->default_ca));
    for (size_t i = 0; i < ROWS(keys); i++) {
        char said[64];
        snprintf(said, sizeof said, " %s = ", keys[i]);
        bool at_root = strcmp(keys[i], "default-ca") == 0;
        ck_assert_msg(strstr(sample, said + at_root) != NULL, "the sample has no %s", keys[i]);
    }
}
END_TEST

/* With the comment signs before keys taken away it is still right. */
START_TEST(test_sample_uncommented)
{
    cs_auto_value(cs_bytes) text = {0};
    cs_auto(cs_config) config = NULL;
    struct cs_err err = {0};

    assert_ok(cs_file_read(CS_SOURCE_DIR "/hsm-config/cscert.conf", CS_CONFIG_MAX, &text, &err),
              &err);
    for (char *at = (char *)text.data; (at = strstr(at, "    # ")); at++) {
        size_t word = strspn(at + 6, "abcdefghijklmnopqrstuvwxyz-");
        if (word && strncmp(at + 6 + word, " = ", 3) == 0) {
            at[4] = ' ';
        }
    }
    assert_ok(cs_config_parse((const char *)text.data, text.len, "x", &config, &err), &err);
    ck_assert_uint_eq(config->token.timeout_call, 30);
    ck_assert_str_eq(config->cas[0].authority, "Lab CA");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *texts = tcase_create("texts");
    TCase *files = tcase_create("files");

    tcase_add_test(texts, test_everything);
    tcase_add_test(texts, test_remote);
    tcase_add_test(texts, test_empty);
    add_rows(texts, test_bad, bad);
    add_rows(texts, test_odd, odd);
    tcase_add_test(texts, test_nul);
    tcase_add_test(texts, test_after_failure);
    tcase_add_test(texts, test_sample);
    tcase_add_test(texts, test_sample_uncommented);
    suite_add_tcase(suite, texts);
    tcase_add_checked_fixture(files, scratch_enter, scratch_leave);
    tcase_add_test(files, test_order);
    tcase_add_test(files, test_absent);
    tcase_add_test(files, test_untrusted);
    tcase_add_test(files, test_too_large);
    suite_add_tcase(suite, files);
    return check_run(suite);
}

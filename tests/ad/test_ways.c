/* Every way to an AD CS, against the test bed: the same questions and the same answers. Runs inside
 * the bed (ad.sh), whose officer is the program $ADBED. */
#include "base/mem.h"
#include "base/secret.h"
#include "ca/adlist.h"
#include "ca/protocol.h"
#include "net/tcp.h"
#include "support/check_run.h"
#include "support/scratch.h"
#include "x509/cert.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOST     "ca01.litwareinc.test"
#define CES      "https://" HOST "/myca_CES_Kerberos/service.svc/CES"
#define CERTSRV  "https://" HOST "/certsrv"
#define KENMYER  "LITWAREINC\\kenmyer"
#define PASSWORD "Passw0rd!"

static const struct way {
    const char *name;
    const struct cs_ca_protocol *protocol;
    const char *address;
    const char *account;
    enum cs_ca_auth auth;
} ways[] = {
    {"rpc", &cs_ca_rpc, HOST "\\myca", KENMYER, CS_CA_AUTH_KERBEROS},
    {"certsrv", &cs_ca_certsrv, CERTSRV, KENMYER, CS_CA_AUTH_KERBEROS},
    {"certsrv, user@realm", &cs_ca_certsrv, CERTSRV "/", "kenmyer@LITWAREINC.TEST",
     CS_CA_AUTH_KERBEROS},
    {"certsrv, NTLM", &cs_ca_certsrv, "https://" HOST ":8443/certsrv", KENMYER, CS_CA_AUTH_NTLM},
    {"certsrv, channel binding", &cs_ca_certsrv, "https://" HOST ":9443/certsrv", KENMYER,
     CS_CA_AUTH_KERBEROS},
    {"ces", &cs_ca_ces, CES, KENMYER, CS_CA_AUTH_KERBEROS},
    {"ces, password", &cs_ca_ces, "https://" HOST "/myca_CES_UsernamePassword/service.svc/CES",
     KENMYER, CS_CA_AUTH_PASSWORD},
    {"cep", &cs_ca_cep, "https://" HOST "/ADPolicyProvider_CEP_Kerberos/service.svc/CEP", KENMYER,
     CS_CA_AUTH_KERBEROS},
};

/* ---- what is asked for ---- */

static EVP_PKEY *key;

/* A request for host and @names further names, and what its SubjectPublicKeyInfo is. */
static struct cs_bytes make_csr(const char *host, int names)
{
    X509_REQ *req = X509_REQ_new();
    X509_NAME *subject = X509_NAME_new();
    struct cs_buf san = CS_BUF((size_t)1 << 20);
    char *text = NULL;
    struct cs_err err = {0};

    cs_buf_printf(&san, "DNS:%s", host);
    for (int i = 0; i < names; i++) {
        cs_buf_printf(&san, ",DNS:further-name-%04d.litwareinc.test", i);
    }
    assert_ok(cs_buf_take_text(&san, "names", &text, &err), &err);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)host, -1, -1, 0);
    X509_REQ_set_subject_name(req, subject);
    X509_REQ_set_pubkey(req, key);
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text));
    X509_REQ_add_extensions(req, extensions);
    ck_assert_int_gt(X509_REQ_sign(req, key, EVP_sha256()), 0);
    unsigned char *der = NULL;
    int len = i2d_X509_REQ(req, &der);
    struct cs_bytes csr = cs_bytes_copy(der, (size_t)len);
    OPENSSL_free(der);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_NAME_free(subject);
    X509_REQ_free(req);
    free(text);
    return csr;
}

/* ---- asking ---- */

struct ask {
    struct cs_ca_target target;
    struct cs_secret *password;
    struct cs_bytes csr;
    struct cs_ca_answer answer;
    struct cs_err err;
    bool sent;
    const struct way *way;
};

static void ask_begin(struct ask *ask, const struct way *way, const char *password)
{
    char *text = cs_strdup(password);

    *ask = (struct ask){.way = way};
    assert_ok(cs_secret_take(text, strlen(text), &ask->password, &ask->err), &ask->err);
    free(text);
    ask->target = (struct cs_ca_target){.address = way->address,
                                        .host = HOST,
                                        .authority = "myca",
                                        .auth = way->auth,
                                        .account = way->account,
                                        .password = ask->password,
                                        .realm = "LITWAREINC.TEST",
                                        .until_ms = cs_tcp_deadline(30)};
    ask->csr = make_csr("edge1.litwareinc.test", 0);
}

static void ask_done(struct ask *ask)
{
    cs_ca_answer_done(&ask->answer);
    cs_bytes_done(&ask->csr);
    cs_secret_free(ask->password);
}

static cs_rc submit(struct ask *ask, const char *template_name)
{
    const struct cs_ca_question question = {.csr = &ask->csr, .template_name = template_name};

    cs_ca_answer_done(&ask->answer);
    ask->answer = (struct cs_ca_answer){0};
    cs_err_clear(&ask->err);
    return ask->way->protocol->submit(&ask->target, &question, &ask->answer, &ask->sent, &ask->err);
}

static cs_rc poll_id(struct ask *ask, const char *id, const char *handle)
{
    const struct cs_ca_question question = {.request_id = id, .handle = handle};

    cs_ca_answer_done(&ask->answer);
    ask->answer = (struct cs_ca_answer){0};
    cs_err_clear(&ask->err);
    return ask->way->protocol->poll(&ask->target, &question, &ask->answer, &ask->err);
}

static void officer(const char *verb, const char *id)
{
    const char *bed = getenv("ADBED");
    int status = 0;

    ck_assert_msg(bed, "ADBED is not set: run inside the bed");
    pid_t pid = fork();
    if (pid == 0) {
        execl(bed, bed, verb, id, (char *)NULL);
        _exit(127);
    }
    ck_assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void check_issued(const struct ask *ask)
{
    cs_auto_value(cs_cert_facts) facts = {0};
    unsigned char *spki = NULL;
    struct cs_err err = {0};

    ck_assert_int_eq(ask->answer.disposition, CS_CA_ISSUED);
    ck_assert_ptr_nonnull(ask->answer.request_id);
    assert_ok(cs_cert_read(&ask->answer.certificate, &facts, &err), &err);
    ck_assert_str_eq(facts.names.items[0], "edge1.litwareinc.test");
    int len = i2d_PUBKEY(key, &spki);
    struct cs_bytes own = cs_bytes_copy(spki, (size_t)len);
    ck_assert(cs_cert_key_equal(&facts.spki, &own));
    cs_bytes_done(&own);
    OPENSSL_free(spki);
    /* myca and the root that issued its certificate */
    ck_assert_ptr_nonnull(memmem(ask->answer.chain.data, ask->answer.chain.len, "Litware Root CA",
                                 strlen("Litware Root CA")));
}

/* ---- the life of a request ---- */

START_TEST(issued_at_once)
{
    struct ask ask;

    ask_begin(&ask, &ways[_i], PASSWORD);
    assert_ok(submit(&ask, "WebServer"), &ask.err);
    ck_assert(ask.sent);
    check_issued(&ask);
    cs_autofree char *id = cs_strdup(ask.answer.request_id);
    cs_autofree char *handle = cs_strdup(ask.answer.handle);
    assert_ok(poll_id(&ask, id, handle), &ask.err);
    check_issued(&ask);
    ask_done(&ask);
}
END_TEST

START_TEST(pending_then_approved)
{
    struct ask ask;

    ask_begin(&ask, &ways[_i], PASSWORD);
    assert_ok(submit(&ask, "ManualApproval"), &ask.err);
    ck_assert_int_eq(ask.answer.disposition, CS_CA_PENDING);
    cs_autofree char *id = cs_strdup(ask.answer.request_id);
    cs_autofree char *handle = cs_strdup(ask.answer.handle);
    assert_ok(poll_id(&ask, id, handle), &ask.err);
    ck_assert_int_eq(ask.answer.disposition, CS_CA_PENDING);
    officer("approve", id);
    assert_ok(poll_id(&ask, id, handle), &ask.err);
    check_issued(&ask);
    ask_done(&ask);
}
END_TEST

START_TEST(denied)
{
    struct ask ask;

    ask_begin(&ask, &ways[_i], PASSWORD);
    assert_ok(submit(&ask, "ManualApproval"), &ask.err);
    cs_autofree char *id = cs_strdup(ask.answer.request_id);
    cs_autofree char *handle = cs_strdup(ask.answer.handle);
    officer("deny", id);
    assert_ok(poll_id(&ask, id, handle), &ask.err);
    ck_assert_int_eq(ask.answer.disposition, CS_CA_DENIED);
    ask_done(&ask);
}
END_TEST

/* MS-WSTEP has no word for revoked: the service answers with a fault. Web enrolment gives the
 * certificate all the same. */
START_TEST(revoked)
{
    struct ask ask;

    ask_begin(&ask, &ways[_i], PASSWORD);
    assert_ok(submit(&ask, "WebServer"), &ask.err);
    cs_autofree char *id = cs_strdup(ask.answer.request_id);
    cs_autofree char *handle = cs_strdup(ask.answer.handle);
    officer("revoke", id);
    cs_rc rc = poll_id(&ask, id, handle);
    if (ways[_i].protocol == &cs_ca_ces || ways[_i].protocol == &cs_ca_cep) {
        ck_assert_int_eq(rc, CS_E_CA_REFUSED);
    } else if (ways[_i].protocol == &cs_ca_rpc) {
        assert_ok(rc, &ask.err);
        ck_assert_int_eq(ask.answer.disposition, CS_CA_REVOKED);
    } else {
        assert_ok(rc, &ask.err);
    }
    ask_done(&ask);
}
END_TEST

/* ---- refusals ---- */

static const struct {
    const char *template_name;
    int names;
    uint32_t hresult;
} refusals[] = {
    {"NotInstalled", 0, 0x80094800},   /* CERTSRV_E_UNSUPPORTED_CERT_TYPE */
    {"NoSuchTemplate", 0, 0x80094800}, /* the same */
    {"DeniedTemplate", 0, 0x80094012}, /* CERTSRV_E_TEMPLATE_DENIED */
    {"StrongKey", 0, 0x80094811},      /* CERTSRV_E_KEY_LENGTH */
    {"WebServer", 200, 0xc80005e2},    /* a SAN above 4,096 octets does not fit into the database */
};

START_TEST(refused)
{
    const struct way *way = &ways[_i];

    for (size_t i = 0; i < ROWS(refusals); i++) {
        struct ask ask;
        ask_begin(&ask, way, PASSWORD);
        cs_bytes_done(&ask.csr);
        ask.csr = make_csr("edge1.litwareinc.test", refusals[i].names);
        cs_rc rc = submit(&ask, refusals[i].template_name);
        uint32_t code = (uint32_t)(uint64_t)ask.err.cause;
        /* the policy service leaves out what is not for this account: no CA was asked */
        bool by_policy = way->protocol == &cs_ca_cep && i < 3;
        ck_assert_msg(code == (by_policy ? 0 : refusals[i].hresult), "%s: %s: 0x%08x: %s",
                      way->name, refusals[i].template_name, code, ask.err.message);
        /* the CA's own word: it has not taken the request, whose key may go */
        ck_assert_msg(rc == CS_E_CA_REFUSED && !ask.sent, "%s: %s: %s, %s", way->name,
                      refusals[i].template_name, cs_rc_name(rc), ask.sent ? "sent" : "not sent");
        ask_done(&ask);
    }
}
END_TEST

START_TEST(a_number_that_is_not_there)
{
    struct ask ask;

    ask_begin(&ask, &ways[_i], PASSWORD);
    bool by_policy = ways[_i].protocol == &cs_ca_cep;
    assert_fails(poll_id(&ask, "999999", by_policy ? CES : NULL), CS_E_CA_REFUSED, &ask.err);
    ck_assert_int_eq((uint32_t)(uint64_t)ask.err.cause, 0x80094004);
    ask_done(&ask);
}
END_TEST

/* Nothing of the request has gone out, so that its key may be thrown away. */
START_TEST(a_wrong_password)
{
    const struct way *way = &ways[_i];
    struct ask ask;

    ask_begin(&ask, way, "wrong");
    cs_rc rc = submit(&ask, "WebServer");
    ck_assert_msg(rc == CS_E_CA_REFUSED || rc == CS_E_CA_UNREACHABLE, "%s: %s", way->name,
                  cs_rc_name(rc));
    ck_assert_msg(!ask.sent, "%s", way->name);
    ask_done(&ask);
}
END_TEST

/* ---- before there is a key ---- */

static cs_rc check(struct ask *ask, const char *template_name)
{
    const struct cs_ca_question question = {.template_name = template_name};

    cs_err_clear(&ask->err);
    return ask->way->protocol->check(&ask->target, &question, &ask->err);
}

START_TEST(check_reaches_the_ca)
{
    struct ask ask;

    ask_begin(&ask, &ways[_i], PASSWORD);
    assert_ok(check(&ask, "WebServer"), &ask.err);
    ask_done(&ask);
    ask_begin(&ask, &ways[_i], "wrong");
    cs_rc rc = check(&ask, "WebServer");
    ck_assert_msg(rc == CS_E_CA_REFUSED || rc == CS_E_CA_UNREACHABLE, "%s: %s", ways[_i].name,
                  cs_rc_name(rc));
    ask_done(&ask);
}
END_TEST

#define ANY_CES "/x_CES_Kerberos/service.svc/CES"
#define ANY_CEP "/x_CEP_Kerberos/service.svc/CEP"

/* Where nobody is (offlineca's computer refuses connections), what no name server knows, and a
 * certificate for another name: ca01 is 127.0.1.2 in the bed's hosts, and dc1 127.0.1.1. */
static const struct {
    const struct cs_ca_protocol *protocol;
    const char *address;
    const char *host;
    const char *says;
} unreachable[] = {
    {&cs_ca_rpc, "ca02.litwareinc.test\\offlineca", "ca02.litwareinc.test",
     "refuses the connection"},
    {&cs_ca_rpc, "nohost.litwareinc.test\\x", "nohost.litwareinc.test", "cannot be resolved"},
    {&cs_ca_certsrv, "https://ca02.litwareinc.test/certsrv", NULL, "ca02.litwareinc.test"},
    {&cs_ca_certsrv, "https://nohost.litwareinc.test/certsrv", NULL, "resolve"},
    {&cs_ca_certsrv, "https://localhost/certsrv", NULL, "localhost"},
    {&cs_ca_certsrv, "https://" HOST "/certserv", NULL, "HTTP 404"},
    {&cs_ca_ces, "https://ca02.litwareinc.test" ANY_CES, NULL, "ca02.litwareinc.test"},
    {&cs_ca_ces, "https://nohost.litwareinc.test" ANY_CES, NULL, "resolve"},
    {&cs_ca_cep, "https://ca02.litwareinc.test" ANY_CEP, NULL, "ca02.litwareinc.test"},
    {&cs_ca_cep, "https://nohost.litwareinc.test" ANY_CEP, NULL, "resolve"},
};

START_TEST(check_reaches_nobody)
{
    const struct way way = {.name = unreachable[_i].address,
                            .protocol = unreachable[_i].protocol,
                            .address = unreachable[_i].address,
                            .account = KENMYER,
                            .auth = CS_CA_AUTH_KERBEROS};
    struct ask ask;

    ask_begin(&ask, &way, PASSWORD);
    ask.target.host = unreachable[_i].host;
    assert_fails(check(&ask, "WebServer"), CS_E_CA_UNREACHABLE, &ask.err);
    assert_contains(ask.err.message, unreachable[_i].says);
    ask_done(&ask);
}
END_TEST

START_TEST(probed)
{
    struct cs_ca_finding_list findings = {0};
    struct ask ask;

    ask_begin(&ask, &ways[_i], PASSWORD);
    assert_ok(ways[_i].protocol->probe(&ask.target, &findings, &ask.err), &ask.err);
    ck_assert_uint_gt(findings.count, 0);
    for (size_t i = 0; i < findings.count; i++) {
        ck_assert_msg(findings.items[i].ok, "%s: %s", findings.items[i].step,
                      findings.items[i].detail);
    }
    cs_ca_finding_list_done(&findings);
    ask_done(&ask);
}
END_TEST

/* ---- the directory ---- */

static bool has(const struct cs_strv *list, const char *part)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strstr(list->items[i], part)) {
            return true;
        }
    }
    return false;
}

/* How the directory is found: the bed's domain has all three. */
static const struct {
    const char *domain;
    const char *global_catalog;
    const char *global_settings_dc;
} directories[] = {
    {"litwareinc.test", NULL, NULL},
    {NULL, "dc1.litwareinc.test", NULL},
    {NULL, NULL, "dc1.litwareinc.test"},
};

START_TEST(listed)
{
    struct cs_ca_entry_list entries = {0};
    struct ask ask;

    ask_begin(&ask, &ways[0], PASSWORD);
    ask.target.host = NULL;
    ask.target.authority = NULL;
    ask.target.address = directories[_i].domain;
    ask.target.global_catalog = directories[_i].global_catalog;
    ask.target.global_settings_dc = directories[_i].global_settings_dc;
    assert_ok(cs_ca_lister()(&ask.target, &entries, &ask.err), &ask.err);
    ck_assert_uint_eq(entries.count, 2); /* myca, and offlineca that is only in the directory */
    for (size_t i = 0; i < entries.count; i++) {
        const struct cs_ca_entry *entry = &entries.items[i];
        if (strcmp(entry->authority, "myca") == 0) {
            ck_assert_str_eq(entry->name, HOST "\\myca");
            ck_assert(has(&entry->templates, "WebServer"));
            ck_assert(!has(&entry->templates, "NotInstalled"));
            ck_assert(has(&entry->urls, "/myca_CES_Kerberos/service.svc/CES"));
        }
    }
    cs_ca_entry_list_done(&entries);
    ask_done(&ask);
}
END_TEST

/* What the directory says of templates and CAs. */
START_TEST(check_asks_the_directory)
{
    struct ask ask;

    ask_begin(&ask, &ways[0], PASSWORD);
    assert_fails(check(&ask, "NotInstalled"), CS_E_CA_REFUSED, &ask.err);
    assert_contains(ask.err.hint, "WebServer");
    ask.target.authority = "otherca";
    assert_fails(check(&ask, "WebServer"), CS_E_CA_REFUSED, &ask.err);
    ask_done(&ask);
}
END_TEST

/* A service on another computer is its CA's by the URL that the directory publishes; of one that
 * it does not know nothing is told. */
static const struct {
    const char *address;
    const char *template_name;
    cs_rc rc;
} services[] = {
    {CES, "WebServer", CS_OK},
    {CES, "NotInstalled", CS_E_CA_REFUSED},
    {"https://web.litwareinc.test/certsrv", "NotInstalled", CS_OK},
};

START_TEST(check_knows_the_service)
{
    struct ask ask;

    ask_begin(&ask, &ways[0], PASSWORD);
    ask.target.address = services[_i].address;
    ask.target.host = "web.litwareinc.test";
    ask.target.authority = NULL;
    cs_rc rc = cs_adlist_check(&ask.target, NULL, services[_i].template_name, &ask.err);
    ck_assert_msg(rc == services[_i].rc, "%s, %s: %s: %s", services[_i].address,
                  services[_i].template_name, cs_rc_name(rc), ask.err.message);
    if (rc != CS_OK) {
        assert_contains(ask.err.message, "NotInstalled is not installed on the CA myca");
    }
    ask_done(&ask);
}
END_TEST

/* libldap would take settings from the folder, the home and the environment of whoever runs it
 * (ldap.conf(5)): with these it accepts no encryption, which we demand. */
static const char no_encryption[] = "SASL_SECPROPS maxssf=0\n";

START_TEST(nobodys_ldaprc)
{
    struct cs_ca_entry_list entries = {0};
    struct ask ask;

    scratch_enter();
    scratch_put("ldaprc", no_encryption, strlen(no_encryption), 0644);
    scratch_put(".ldaprc", no_encryption, strlen(no_encryption), 0644);
    ck_assert_int_eq(setenv("HOME", scratch_folder, 1), 0);
    ck_assert_int_eq(setenv("LDAPSASL_SECPROPS", "maxssf=0", 1), 0);
    ask_begin(&ask, &ways[0], PASSWORD);
    ask.target.host = NULL;
    ask.target.authority = NULL;
    ask.target.address = "litwareinc.test";
    assert_ok(cs_ca_lister()(&ask.target, &entries, &ask.err), &ask.err);
    ck_assert_uint_eq(entries.count, 2);
    cs_ca_entry_list_done(&entries);
    ask_done(&ask);
    scratch_leave();
}
END_TEST

static void make_key(void)
{
    struct cs_err err = {0};

    assert_ok(cs_secret_setup(&err), &err);
    key = EVP_RSA_gen(2048);
    ck_assert_ptr_nonnull(key);
}

static void free_key(void)
{
    EVP_PKEY_free(key);
}

int main(void)
{
    Suite *suite = suite_create("ways");
    TCase *tcase = tcase_create("ways");

    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, make_key, free_key);
    add_rows(tcase, issued_at_once, ways);
    add_rows(tcase, pending_then_approved, ways);
    add_rows(tcase, denied, ways);
    add_rows(tcase, revoked, ways);
    add_rows(tcase, refused, ways);
    add_rows(tcase, a_number_that_is_not_there, ways);
    add_rows(tcase, a_wrong_password, ways);
    add_rows(tcase, probed, ways);
    add_rows(tcase, listed, directories);
    add_rows(tcase, check_reaches_the_ca, ways);
    add_rows(tcase, check_reaches_nobody, unreachable);
    tcase_add_test(tcase, check_asks_the_directory);
    add_rows(tcase, check_knows_the_service, services);
    tcase_add_test(tcase, nobodys_ldaprc);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "base/mem.h"
#include "ca/clientkey.h"
#include "net/http.h"
#include "net/tcp.h"
#include "support/check_run.h"
#include "support/httpsd.h"
#include "support/scratch.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define MAKE_CLIENT                                                                                \
    "openssl req -x509 -newkey %s -nodes -days 2 -subj /CN=client -keyout client.key "             \
    "-out client.pem 2>/dev/null"

/* The key that on a token would be; here a file of the test. */
struct software {
    struct cs_ca_signer base;
    EVP_PKEY *key;
    unsigned calls;
    char scheme[32];
    bool broken;
};

static cs_rc sign(struct cs_ca_signer *base, const char *scheme, const struct cs_bytes *data,
                  struct cs_bytes *ret_signature, struct cs_err *err)
{
    struct software *software = (struct software *)base;
    unsigned char signature[512];
    size_t len = sizeof signature;

    software->calls++;
    snprintf(software->scheme, sizeof software->scheme, "%s", scheme);
    if (software->broken) {
        return cs_fail(err, CS_E_TOKEN_REFUSED, "the token refuses");
    }
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(software->key, NULL);
    const EVP_MD *digest = data->len == 32   ? EVP_sha256()
                           : data->len == 48 ? EVP_sha384()
                                             : EVP_sha512();
    ck_assert_int_gt(EVP_PKEY_sign_init(ctx), 0);
    ck_assert_int_gt(EVP_PKEY_CTX_set_signature_md(ctx, digest), 0);
    ck_assert_int_gt(EVP_PKEY_sign(ctx, signature, &len, data->data, data->len), 0);
    EVP_PKEY_CTX_free(ctx);
    *ret_signature = cs_bytes_copy(signature, len);
    return CS_OK;
}

static const struct {
    const char *key;
    const char *scheme; /* begins so */
    const char *reply;
} rows[] = {
    {"rsa:2048", "rsa-pkcs1-sha", "client TLSv1.2"},
    {"ec -pkeyopt ec_paramgen_curve:P-256", "ecdsa-sha256", "client TLSv1.3"},
    {"ec -pkeyopt ec_paramgen_curve:P-384", "ecdsa-sha384", "client TLSv1.3"},
};

struct client {
    struct software signer;
    struct cs_bytes chain;
};

static cs_rc use(void *ctx, SSL_CTX *ssl, struct cs_err *err)
{
    struct client *client = ctx;

    return cs_clientkey_use(ssl, &client->chain, &client->signer.base, err);
}

static void client_begin(struct client *client, const char *key)
{
    cs_autofree char *command = cs_asprintf(MAKE_CLIENT, key);
    unsigned char *der = NULL;

    *client = (struct client){.signer.base.sign = sign};
    ck_assert_int_eq(system(command), 0);
    FILE *file = fopen("client.key", "r");
    client->signer.key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    file = fopen("client.pem", "r");
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    int len = i2d_X509(certificate, &der);
    client->chain = cs_bytes_copy(der, (size_t)len);
    OPENSSL_free(der);
    X509_free(certificate);
}

static void client_done(struct client *client)
{
    EVP_PKEY_free(client->signer.key);
    cs_bytes_done(&client->chain);
}

static cs_rc ask(struct client *client, const struct httpsd *server, struct cs_http_reply *reply,
                 struct cs_err *err)
{
    const struct cs_http_options options = {.anchors = "cert.pem",
                                            .until_ms = cs_tcp_deadline(10),
                                            .client = use,
                                            .client_ctx = client};
    cs_autofree char *url = cs_asprintf("https://localhost:%d/whoami", server->port);
    const struct cs_http_request request = {.url = url};
    cs_auto(cs_http) http = NULL;

    CS_TRY(cs_http_open(&options, &http, err));
    return cs_http_send(http, &request, reply, NULL, err);
}

START_TEST(the_server_knows_who_asks)
{
    struct cs_http_reply reply = {0};
    struct httpsd server = {0};
    struct client client;
    struct cs_err err = {0};

    client_begin(&client, rows[_i].key);
    httpsd_start(&server, "client.pem");
    assert_ok(ask(&client, &server, &reply, &err), &err);
    ck_assert_str_eq((const char *)reply.body.data, rows[_i].reply);
    ck_assert_uint_eq(client.signer.calls, 1);
    ck_assert(strncmp(client.signer.scheme, rows[_i].scheme, strlen(rows[_i].scheme)) == 0);
    cs_http_reply_done(&reply);
    httpsd_stop(&server);
    client_done(&client);
}
END_TEST

START_TEST(a_token_that_refuses)
{
    struct cs_http_reply reply = {0};
    struct httpsd server = {0};
    struct client client;
    struct cs_err err = {0};

    client_begin(&client, rows[_i].key);
    client.signer.broken = true;
    httpsd_start(&server, "client.pem");
    assert_fails(ask(&client, &server, &reply, &err), CS_E_CA_UNREACHABLE, &err);
    ck_assert_uint_eq(client.signer.calls, 1);
    httpsd_stop(&server);
    client_done(&client);
}
END_TEST

START_TEST(a_chain_that_is_none)
{
    struct cs_http_reply reply = {0};
    struct httpsd server = {0};
    struct client client;
    struct cs_err err = {0};

    client_begin(&client, rows[0].key);
    httpsd_start(&server, "client.pem");
    client.chain.len--;
    assert_fails(ask(&client, &server, &reply, &err), CS_E_CONFIG, &err);
    client.chain.len++;
    ck_assert_uint_eq(client.signer.calls, 0);
    httpsd_stop(&server);
    client_done(&client);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clientkey");
    TCase *tcase = tcase_create("clientkey");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, scratch_enter, scratch_leave);
    add_rows(tcase, the_server_knows_who_asks, rows);
    add_rows(tcase, a_token_that_refuses, rows);
    tcase_add_test(tcase, a_chain_that_is_none);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

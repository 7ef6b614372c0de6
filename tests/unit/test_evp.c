/* EVP_PKEYs on a token by libp11, beside our own session on the same module. */
#include "base/mem.h"
#include "pkcs11/token.h"
#include "support/check_run.h"
#include "support/softhsm.h"
#include "support/spy.h"
#include "support/testtoken.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_keystore *store;

static void setup(void)
{
    struct cs_err err = {0};

    cs_softhsm_init(&hsm);
    cs_spy_init(&hsm);
    cs_testtoken_init(&token, &hsm, cs_spy_path());
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
}

static void teardown(void)
{
    cs_keystore_close(store);
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

/* Makes a pair on the token; its CKA_ID is 20 octets @seed. */
static struct cs_key *make_key(const struct cs_key_spec *spec, uint8_t seed)
{
    struct cs_key_request request = cs_testtoken_request(spec->alg, spec->bits, seed);
    struct cs_key *key = NULL;
    struct cs_err err = {0};

    assert_ok(store->ops->generate(store, &request, &key, &err), &err);
    assert_ok(store->ops->keep(store, key, &err), &err);
    return key;
}

/* Signs with @pkey and verifies with the public key that the keystore read, not with libp11's. */
static bool signs(EVP_PKEY *pkey, const struct cs_bytes *spki, const char *md_name, bool pss)
{
    static const unsigned char text[] = "to be signed";
    const EVP_MD *md = EVP_get_digestbyname(md_name);
    const unsigned char *at = spki->data;
    EVP_PKEY *public_key = d2i_PUBKEY(NULL, &at, (long)spki->len);
    EVP_PKEY *keys[2] = {pkey, public_key};
    unsigned char signature[1024];
    size_t len = sizeof signature;
    int good = 0;

    for (int verify = 0; verify < 2; verify++) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        EVP_PKEY_CTX *pkey_ctx = NULL;
        int begun = verify ? EVP_DigestVerifyInit(ctx, &pkey_ctx, md, NULL, keys[1])
                           : EVP_DigestSignInit(ctx, &pkey_ctx, md, NULL, keys[0]);
        good = begun == 1 &&
               (!pss || EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PSS_PADDING) == 1) &&
               (verify ? EVP_DigestVerify(ctx, signature, len, text, sizeof text)
                       : EVP_DigestSign(ctx, signature, &len, text, sizeof text)) == 1;
        EVP_MD_CTX_free(ctx);
        if (!good) {
            break;
        }
    }
    EVP_PKEY_free(public_key);
    return good;
}

static const struct {
    struct cs_key_spec spec;
    const char *md;
    bool pss;
} rows[] = {
    {{CS_KEY_RSA, 1024}, "SHA256", false},    {{CS_KEY_RSA, 2048}, "SHA256", false},
    {{CS_KEY_RSA, 2048}, "SHA384", true},     {{CS_KEY_EC_P256, 256}, "SHA256", false},
    {{CS_KEY_EC_P384, 384}, "SHA384", false}, {{CS_KEY_EC_P521, 521}, "SHA512", false},
};

START_TEST(signs_on_the_token)
{
    struct cs_key *key = make_key(&rows[_i].spec, 0x11);
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    ck_assert_int_eq(EVP_PKEY_get_bits(pkey), (int)rows[_i].spec.bits);
    ck_assert(signs(pkey, &key->spki, rows[_i].md, rows[_i].pss));
    ck_assert(signs(pkey, &key->spki, rows[_i].md, rows[_i].pss));
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
    cs_keystore_close(store);
    store = NULL;
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Login"), 1); /* libp11 needs none of its own */
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Initialize"), 1);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Finalize"), 1);
}
END_TEST

START_TEST(signs_a_certificate)
{
    struct cs_key *key = make_key(&rows[3].spec, 0x11);
    EVP_PKEY *pkey = NULL;
    X509 *cert = X509_new();
    struct cs_err err = {0};

    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    ck_assert_int_eq(X509_set_pubkey(cert, pkey), 1);
    ck_assert_int_gt(X509_sign(cert, pkey, EVP_sha256()), 0);
    ck_assert_int_eq(X509_verify(cert, pkey), 1);
    X509_free(cert);
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
}
END_TEST

/* Keys that were found earlier keep working when libp11's list of keys grows, and our own session
 * does not mind. */
START_TEST(holds_several_keys)
{
    enum { KEYS = 5 };
    struct cs_key *keys[KEYS];
    EVP_PKEY *pkeys[KEYS];
    struct cs_err err = {0};

    for (uint8_t i = 0; i < KEYS; i++) {
        keys[i] = make_key(&rows[i % 2 ? 0 : 3].spec, (uint8_t)(0x20 + i));
        assert_ok(cs_token_evp_pkey(store, keys[i]->id, &pkeys[i], &err), &err);
    }
    for (size_t i = 0; i < KEYS; i++) {
        cs_auto_value(cs_bytes) signature = {0};
        uint8_t digest[CS_DIGEST_MAX] = {1};

        ck_assert(signs(pkeys[i], &keys[i]->spki, "SHA256", false));
        assert_ok(store->ops->sign(store, keys[i], CS_SHA256, digest, &signature, &err), &err);
        ck_assert(cs_testtoken_verify(&keys[i]->spki, CS_SHA256, digest, &signature));
        EVP_PKEY_free(pkeys[i]);
        store->ops->key_free(keys[i]);
    }
}
END_TEST

static void *sign_often(void *argument)
{
    EVP_PKEY *pkey = argument;
    unsigned char digest[32] = {3};
    unsigned char signature[256];
    size_t failed = 0;

    for (int i = 0; i < 20; i++) {
        EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
        size_t len = sizeof signature;
        failed += EVP_PKEY_sign_init(ctx) != 1 ||
                  EVP_PKEY_sign(ctx, signature, &len, digest, sizeof digest) != 1 ||
                  EVP_PKEY_verify_init(ctx) != 1 ||
                  EVP_PKEY_verify(ctx, signature, len, digest, sizeof digest) != 1;
        EVP_PKEY_CTX_free(ctx);
    }
    return (void *)(uintptr_t)failed;
}

START_TEST(signs_in_several_threads)
{
    struct cs_key *key = make_key(&rows[3].spec, 0x11);
    pthread_t threads[4];
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};
    void *failed;

    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    for (size_t i = 0; i < ROWS(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_often, pkey), 0);
    }
    for (size_t i = 0; i < ROWS(threads); i++) {
        ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
        ck_assert_ptr_null(failed);
    }
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
}
END_TEST

static size_t calls_for_a_key(void)
{
    struct cs_key *key = make_key(&rows[3].spec, 0x11);
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    ck_assert(signs(pkey, &key->spki, "SHA256", false));
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
    cs_keystore_close(store);
    store = NULL;
    return cs_spy_calls(&hsm, NULL);
}

START_TEST(never_enumerates_the_token)
{
    struct cs_err err = {0};
    size_t alone = calls_for_a_key();

    cs_softhsm_done(&hsm);
    cs_softhsm_init(&hsm);
    cs_softhsm_populate(&hsm, CS_SOFTHSM_LABEL, 50, CS_SOFTHSM_EC);
    cs_softhsm_add_token(&hsm, "another");
    cs_spy_init(&hsm);
    cs_testtoken_done(&token);
    cs_testtoken_init(&token, &hsm, cs_spy_path());
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    size_t tokens = cs_spy_calls(&hsm, NULL);
    size_t crowded = calls_for_a_key() - tokens;

    /* our own open looks into every slot: there is one more, with C_GetTokenInfo and perhaps
     * C_GetSlotInfo */
    ck_assert_uint_ge(crowded, alone);
    ck_assert_uint_le(crowded, alone + 2);
}
END_TEST

START_TEST(says_what_is_wrong)
{
    static const uint8_t nobody[CS_KEY_ID_LEN] = {0xee};
    struct cs_key *key = make_key(&rows[3].spec, 0x11);
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    assert_fails(cs_token_evp_pkey(store, nobody, &pkey, &err), CS_E_TOKEN_ABSENT, &err);
    assert_contains(err.message, "ee00000000000000000000000000000000000000");
    ck_assert_ptr_null(pkey);
    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
}
END_TEST

/* libp11 before 0.4.14 waits for ever when C_OpenSession fails; Check's time-out is the judge. */
START_TEST(does_not_hang_without_a_session)
{
    struct cs_key *key = make_key(&rows[3].spec, 0x11);
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    cs_spy_fault(_i ? "C_OpenSession:2+:0xb1" : "C_OpenSession:2+:0x30"); /* CKR_SESSION_COUNT */
    assert_fails(cs_token_evp_pkey(store, key->id, &pkey, &err), CS_E_TOKEN_REFUSED, &err);
    ck_assert_str_eq(err.operation, "C_OpenSession");
    ck_assert_str_eq(err.cause_name, _i ? "CKR_SESSION_COUNT" : "CKR_DEVICE_ERROR");
    cs_spy_fault(NULL);
    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    ck_assert(signs(pkey, &key->spki, "SHA256", false));
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
}
END_TEST

/* Each call on the token that making the key takes fails once; then the next try works. */
START_TEST(survives_every_fault)
{
    struct cs_key *key = make_key(&rows[3].spec, 0x11);
    cs_autofree char *log = cs_spy_log(&hsm);
    size_t before = 0;
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    for (const char *at = log; (at = strchr(at, '\n')) != NULL; at++) {
        before++;
    }
    cs_autofree char *fault =
        cs_asprintf("*:%zu:%s", before + 1 + (size_t)_i / 2, _i % 2 ? "lie" : "0x30");
    cs_spy_fault(fault);
    cs_rc rc = cs_token_evp_pkey(store, key->id, &pkey, &err);
    cs_spy_fault(NULL);
    ck_assert_msg(rc == CS_OK || (err.code == rc && err.message[0] && err.hint[0]),
                  "%s: '%s', hint '%s'", fault, err.message, err.hint);
    if (rc != CS_OK) {
        assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    }
    /* A search that was not ended keeps libp11's session busy: what does not call the module does
     * not end it. */
    cs_autofree char *calls = cs_spy_log(&hsm);
    bool busy = strstr(calls, " C_FindObjectsFinal 2 0x30\n") && _i % 2 == 0;
    ck_assert_msg(busy || signs(pkey, &key->spki, "SHA256", false), "%s", fault);
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
}
END_TEST

/* A module that p11-kit's configuration names (Debian's package brings softhsm2.module) may need
 * arguments that stand there, so that the second list comes from there too. */
START_TEST(finds_a_configured_module_again)
{
    struct cs_key *key = make_key(&rows[3].spec, 0x11);
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    cs_keystore_close(store);
    store = NULL;
    token.options.module = "softhsm2";
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    ck_assert(signs(pkey, &key->spki, "SHA256", false));
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
}
END_TEST

/* OpenSSL's calls on the token end as our own do when it does not answer. */
START_TEST(is_watched)
{
    struct cs_key *key = make_key(&rows[3].spec, 0x11);
    struct cs_err err = {0};
    int status;

    cs_keystore_close(store);
    store = NULL;
    cs_spy_fault("C_Sign:1+:hang");
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        EVP_PKEY *pkey = NULL;
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        token.options.limits.call = 1;
        if (null < 0 || dup2(null, STDERR_FILENO) < 0 ||
            cs_token_open(&token.options, &store, &err) != CS_OK ||
            cs_token_evp_pkey(store, key->id, &pkey, &err) != CS_OK) {
            _exit(99);
        }
        signs(pkey, &key->spki, "SHA256", false);
        _exit(98);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    cs_spy_fault(NULL);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), CS_E_TOKEN_ABSENT);
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    store->ops->key_free(key);
}
END_TEST

START_TEST(serves_one_token_at_a_time)
{
    struct cs_key *key = make_key(&rows[3].spec, 0x11);
    cs_auto(cs_keystore) second = NULL;
    EVP_PKEY *pkey = NULL;
    EVP_PKEY *refused = NULL;
    struct cs_err err = {0};

    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    assert_ok(cs_token_open(&token.options, &second, &err), &err);
    assert_fails(cs_token_evp_pkey(second, key->id, &refused, &err), CS_E_INTERNAL, &err);
    ck_assert_ptr_null(refused);
    ck_assert(signs(pkey, &key->spki, "SHA256", false));
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
}
END_TEST

/* SoftHSM wants the PIN before each signature with such a key. libp11 would ask on the terminal for
 * it; the one that our session has goes to the token, and not through libp11. */
START_TEST(answers_for_a_key_that_asks_each_time)
{
    static const uint8_t id[CS_KEY_ID_LEN] = {0xaa, 0xbb, 0xcc};
    cs_autofree char *hex = cs_hex(id, sizeof id);
    cs_autofree char *command =
        cs_asprintf("pkcs11-tool --module %s --token-label %s --login --pin %s --keypairgen "
                    "--key-type EC:prime256v1 --usage-sign --always-auth --id %s 2>&1",
                    CS_SOFTHSM_MODULE, CS_SOFTHSM_LABEL, CS_SOFTHSM_PIN, hex);
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, command, NULL};
    cs_autofree char *output = NULL;
    struct cs_key *key = NULL;
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    ck_assert_msg(cs_softhsm_run(argv, &output) == 0, "%s", output);
    assert_ok(store->ops->find(store, id, &key, &err), &err);
    ck_assert_ptr_nonnull(key);
    ck_assert_int_eq(key->attrs.answer[CS_ATTR_ALWAYS_AUTHENTICATE], CS_TRUE);
    assert_ok(cs_token_evp_pkey(store, id, &pkey, &err), &err);
    ck_assert(signs(pkey, &key->spki, "SHA256", false));
    ck_assert(signs(pkey, &key->spki, "SHA256", false));
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
    cs_keystore_close(store);
    store = NULL;
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_Login"), 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("evp");
    TCase *tcase = tcase_create("evp");

    tcase_add_checked_fixture(tcase, setup, teardown);
    add_rows(tcase, signs_on_the_token, rows);
    tcase_add_test(tcase, signs_a_certificate);
    tcase_add_test(tcase, holds_several_keys);
    tcase_add_test(tcase, signs_in_several_threads);
    tcase_add_test(tcase, never_enumerates_the_token);
    tcase_add_test(tcase, says_what_is_wrong);
    tcase_add_loop_test(tcase, does_not_hang_without_a_session, 0, 2);
    tcase_add_loop_test(tcase, survives_every_fault, 0, 2 * 30);
    tcase_add_test(tcase, finds_a_configured_module_again);
    tcase_add_test(tcase, is_watched);
    tcase_add_test(tcase, serves_one_token_at_a_time);
    tcase_add_test(tcase, answers_for_a_key_that_asks_each_time);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

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

/* What looking for a key costs: libp11 0.4.12 by itself asks for all keys, and each of them for its
 * attributes. */
static const char *const costs[] = {"C_FindObjectsInit", "C_FindObjects", "C_GetAttributeValue"};

static void use_key_once(size_t ret_calls[ROWS(costs)])
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
    for (size_t i = 0; i < ROWS(costs); i++) {
        ret_calls[i] = cs_spy_calls(&hsm, costs[i]);
    }
}

START_TEST(never_enumerates_the_token)
{
    struct cs_err err = {0};
    size_t alone[ROWS(costs)];
    size_t crowded[ROWS(costs)];

    use_key_once(alone);
    cs_softhsm_done(&hsm);
    cs_softhsm_init(&hsm);
    cs_softhsm_populate(&hsm, CS_SOFTHSM_LABEL, 500, CS_SOFTHSM_EC);
    cs_softhsm_add_token(&hsm, "another");
    cs_spy_init(&hsm);
    cs_testtoken_done(&token);
    cs_testtoken_init(&token, &hsm, cs_spy_path());
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    use_key_once(crowded);
    for (size_t i = 0; i < ROWS(costs); i++) {
        ck_assert_uint_gt(alone[i], 0);
        ck_assert_msg(crowded[i] == alone[i], "%s: %zu calls with one key, %zu with 501", costs[i],
                      alone[i], crowded[i]);
    }
}
END_TEST

/* A key is used after the token was closed: libp11 0.4.12 would write to freed memory (the
 * sanitizers and valgrind are the judges). */
START_TEST(a_key_outlives_its_token)
{
    struct cs_key *key = make_key(&rows[_i].spec, 0x11);
    EVP_PKEY *pkey = NULL;
    EVP_PKEY *again = NULL;
    EVP_PKEY *freed = NULL;
    struct cs_err err = {0};

    assert_ok(cs_token_evp_pkey(store, key->id, &freed, &err), &err);
    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    assert_ok(cs_token_evp_pkey(store, key->id, &again, &err), &err);
    EVP_PKEY_free(freed);
    ck_assert(signs(pkey, &key->spki, rows[_i].md, rows[_i].pss));
    void (*key_free)(struct cs_key *) = store->ops->key_free;
    cs_keystore_close(store);
    store = NULL;
    ck_assert_int_eq(EVP_PKEY_get_bits(pkey), (int)rows[_i].spec.bits);
    ck_assert(!signs(pkey, &key->spki, rows[_i].md, rows[_i].pss));
    ck_assert(!signs(again, &key->spki, rows[_i].md, rows[_i].pss));
    EVP_PKEY_free(again);

    /* and is nothing to a token that is opened later */
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    ck_assert(!signs(pkey, &key->spki, rows[_i].md, rows[_i].pss));
    assert_ok(cs_token_evp_pkey(store, key->id, &again, &err), &err);
    ck_assert(signs(again, &key->spki, rows[_i].md, rows[_i].pss));
    EVP_PKEY_free(again);
    cs_keystore_close(store);
    store = NULL;
    EVP_PKEY_free(pkey);
    key_free(key);
}
END_TEST

/* pkcs11-tool on the token, logged in. */
static void run_tool(const char *arguments)
{
    cs_autofree char *command =
        cs_asprintf("pkcs11-tool --module %s --token-label %s --login --pin %s %s 2>&1",
                    CS_SOFTHSM_MODULE, CS_SOFTHSM_LABEL, CS_SOFTHSM_PIN, arguments);
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, command, NULL};
    cs_autofree char *output = NULL;

    ck_assert_msg(cs_softhsm_run(argv, &output) == 0, "%s: %s", command, output);
}

#define ID_11 "1111111111111111111111111111111111111111"
#define ID_22 "2222222222222222222222222222222222222222"

/* Two pairs with one CKA_ID: libp11 0.4.12 takes the first public key that has it. */
START_TEST(takes_no_other_keys_public_half)
{
    struct cs_key *key = make_key(&rows[_i].spec, 0x11);
    struct cs_key *other = make_key(&rows[_i].spec, 0x22);
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    /* the other one's public key alone comes under this one's CKA_ID */
    run_tool("--delete-object --type privkey --id " ID_22);
    run_tool("--type pubkey --id " ID_22 " --set-id " ID_11);
    assert_fails(cs_token_evp_pkey(store, key->id, &pkey, &err), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, ID_11);
    ck_assert_ptr_null(pkey);
    store->ops->key_free(key);
    store->ops->key_free(other);
}
END_TEST

/* The only public key with the CKA_ID is another one's. An RSA private key tells its own half: the
 * keystore takes that one only if no public key is there, so that the two are compared. */
START_TEST(takes_no_strange_public_half)
{
    struct cs_key *key = make_key(&rows[_i].spec, 0x11);
    struct cs_key *other = make_key(&rows[_i].spec, 0x22);
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    run_tool("--delete-object --type pubkey --id " ID_11);
    run_tool("--delete-object --type privkey --id " ID_22);
    run_tool("--type pubkey --id " ID_22 " --set-id " ID_11);
    cs_rc rc = cs_token_evp_pkey(store, key->id, &pkey, &err);
    ck_assert_msg(rc == CS_E_TOKEN_REFUSED, "%s: %s", cs_rc_name(rc), err.message);
    ck_assert_ptr_null(pkey);
    store->ops->key_free(key);
    store->ops->key_free(other);
}
END_TEST

/* An EC private key alone: libp11 makes an EVP_PKEY that has no public half. */
START_TEST(wants_a_public_half)
{
    struct cs_key *key = make_key(&rows[3].spec, 0x11);
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    run_tool("--delete-object --type pubkey --id " ID_11);
    assert_fails(cs_token_evp_pkey(store, key->id, &pkey, &err), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, "public half");
    assert_contains(err.hint, "certificate");
    ck_assert_ptr_null(pkey);

    /* a certificate will do */
    cs_auto_value(cs_bytes) der = cs_testtoken_certificate(&key->spki, "edge1.litwareinc.test");
    assert_ok(store->ops->put_certificate(store, key, &der, &err), &err);
    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    ck_assert(signs(pkey, &key->spki, "SHA256", false));
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
}
END_TEST

/* OpenSSL pads RSASSA-PSS itself and wants raw RSA, which not every token has. */
START_TEST(says_that_raw_rsa_is_missing)
{
    struct cs_key *key = make_key(&rows[1].spec, 0x11);
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    cs_spy_traits("no-mechanism:0x3");
    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    ck_assert(signs(pkey, &key->spki, "SHA256", false));
    ck_assert(!signs(pkey, &key->spki, "SHA256", true));
    ck_assert_int_eq(cs_token_evp_error(store, "the signature cannot be made", &err),
                     CS_E_TOKEN_REFUSED);
    ck_assert_int_eq(err.code, CS_E_TOKEN_REFUSED);
    assert_contains(err.message, "the signature cannot be made");
    ck_assert_str_eq(err.operation, "C_SignInit");
    ck_assert_str_eq(err.cause_name, "CKR_MECHANISM_INVALID");
    assert_contains(err.hint, "CKM_RSA_X_509");
    assert_contains(err.hint, "TLS 1.3");
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
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
    bool busy = strstr(calls, " C_FindObjectsFinal 3 0x30\n") && _i % 2 == 0;
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

/* A key that wants another PIN than the login: libp11 asks again for each signature, and the token
 * is asked once. */
START_TEST(sends_a_refused_pin_once)
{
    cs_spy_traits("always-authenticate");
    struct cs_key *key = make_key(&rows[3].spec, 0x11);
    EVP_PKEY *pkey = NULL;
    struct cs_err err = {0};

    assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
    ck_assert(signs(pkey, &key->spki, "SHA256", false));
    cs_spy_traits("login-says:2:0xa0"); /* CKR_PIN_INCORRECT */
    ck_assert(!signs(pkey, &key->spki, "SHA256", false));
    ck_assert(!signs(pkey, &key->spki, "SHA256", false));
    EVP_PKEY_free(pkey);
    store->ops->key_free(key);
    cs_autofree char *logins = cs_spy_logins(&hsm);
    ck_assert_str_eq(logins, "1 pin\n2 pin\n2 pin\n");
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
    add_rows(tcase, a_key_outlives_its_token, rows);
    add_rows(tcase, takes_no_other_keys_public_half, rows);
    add_rows(tcase, takes_no_strange_public_half, rows);
    tcase_add_test(tcase, wants_a_public_half);
    tcase_add_test(tcase, says_that_raw_rsa_is_missing);
    tcase_add_test(tcase, says_what_is_wrong);
    tcase_add_loop_test(tcase, does_not_hang_without_a_session, 0, 2);
    tcase_add_loop_test(tcase, survives_every_fault, 0, 2 * 40);
    tcase_add_test(tcase, finds_a_configured_module_again);
    tcase_add_test(tcase, is_watched);
    tcase_add_test(tcase, serves_one_token_at_a_time);
    tcase_add_test(tcase, answers_for_a_key_that_asks_each_time);
    tcase_add_test(tcase, sends_a_refused_pin_once);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

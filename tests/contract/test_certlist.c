/* The certificates on a token and their keys, on SoftHSM2: each_certificate(), find_id() and
 * put_certificate_at() of port/keystore.h. */
#include "base/mem.h"
#include "pkcs11/token.h"
#include "support/check_run.h"
#include "support/spy.h"
#include "support/testtoken.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_keystore *store;
static struct cs_err err;

static void open_token(void)
{
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
}

static void setup(void)
{
    err = (struct cs_err){0};
    cs_softhsm_init(&hsm);
    cs_spy_init(&hsm);
    cs_testtoken_init(&token, &hsm, cs_spy_path());
    open_token();
}

static void close_token(void)
{
    cs_keystore_close(store);
    store = NULL;
}

static void teardown(void)
{
    close_token();
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

/* ---- what is listed ---- */

struct seen {
    struct cs_bytes der;
    struct cs_bytes id;
    char *label;
    char *uri;
    bool has_private_key;
    enum cs_answer local;
};

static struct seen *all;
static size_t count;

static cs_rc see(void *ctx, const struct cs_certificate_object *object, struct cs_err *problem)
{
    (void)ctx;
    (void)problem;
    all = cs_realloc(all, count + 1, sizeof *all);
    all[count++] = (struct seen){
        .der = cs_bytes_copy(object->der.data, object->der.len),
        .id = cs_bytes_copy(object->id.data, object->id.len),
        .label = cs_strdup(object->label),
        .uri = cs_strdup(object->uri),
        .has_private_key = object->has_private_key,
        .local = object->local,
    };
    return CS_OK;
}

static void list_all(void)
{
    assert_ok(store->ops->each_certificate(store, see, NULL, &err), &err);
}

static void forget_all(void)
{
    for (size_t i = 0; i < count; i++) {
        cs_bytes_done(&all[i].der);
        cs_bytes_done(&all[i].id);
        free(all[i].label);
        free(all[i].uri);
    }
    free(all);
    all = NULL;
    count = 0;
}

static struct cs_bytes own_certificate(EVP_PKEY **ret_pkey, const char *common_name)
{
    unsigned char *spki = NULL;

    *ret_pkey = EVP_EC_gen("P-256");
    int len = i2d_PUBKEY(*ret_pkey, &spki);
    struct cs_bytes bytes = {spki, (size_t)len};
    struct cs_bytes der = cs_testtoken_certificate(&bytes, common_name);
    OPENSSL_free(spki);
    return der;
}

/* A key with its certificate; with @ret_der the caller frees that. */
static struct cs_key *put_pair(enum cs_key_alg alg, unsigned bits, uint8_t seed,
                               struct cs_bytes *ret_der)
{
    struct cs_key_request request = cs_testtoken_request(alg, bits, seed);
    struct cs_key *key = NULL;

    assert_ok(store->ops->generate(store, &request, &key, &err), &err);
    assert_ok(store->ops->keep(store, key, &err), &err);
    *ret_der = cs_testtoken_certificate(&key->spki, "edge1.litwareinc.com");
    assert_ok(store->ops->put_certificate(store, key, ret_der, &err), &err);
    return key;
}

static void put_foreign(size_t number)
{
    for (size_t i = 0; i < number; i++) {
        EVP_PKEY *pkey = NULL;
        cs_autofree char *name = cs_asprintf("ca%zu.litwareinc.com", i);
        cs_auto_value(cs_bytes) der = own_certificate(&pkey, name);
        assert_ok(store->ops->put_ca_certificate(store, &der, name, &err), &err);
        EVP_PKEY_free(pkey);
    }
}

/* One search for each, and one search for all keys: the same answers. */
static const size_t foreign[] = {0, 1, 3, 4, 9};

START_TEST(lists_what_is_there)
{
    cs_auto_value(cs_bytes) der = {0};
    struct cs_key *key = put_pair(CS_KEY_EC_P256, 256, 0x11, &der);
    size_t own = 0;

    put_foreign(foreign[_i]);
    list_all();
    ck_assert_uint_eq(count, 1 + foreign[_i]);
    for (size_t i = 0; i < count; i++) {
        if (!cs_bytes_equal(&all[i].der, &der)) {
            ck_assert(!all[i].has_private_key);
            ck_assert_int_eq(all[i].local, CS_UNKNOWN);
            ck_assert_uint_eq(all[i].id.len, 20); /* SHA-1 */
            continue;
        }
        own++;
        ck_assert_uint_eq(all[i].id.len, CS_KEY_ID_LEN);
        ck_assert_mem_eq(all[i].id.data, key->id, CS_KEY_ID_LEN);
        ck_assert_str_eq(all[i].label, "test-key");
        ck_assert(all[i].has_private_key);
        ck_assert_int_eq(all[i].local, CS_TRUE);
        assert_contains(all[i].uri, "token=cscert-test");
        assert_contains(all[i].uri, ";type=cert");
        assert_contains(all[i].uri, "id=%11%11");
    }
    ck_assert_uint_eq(own, 1);
    store->ops->key_free(key);
    forget_all();
}
END_TEST

START_TEST(empty_token_lists_nothing)
{
    list_all();
    ck_assert_uint_eq(count, 0);
}
END_TEST

static cs_rc stop(void *ctx, const struct cs_certificate_object *object, struct cs_err *problem)
{
    size_t *calls = ctx;

    (void)object;
    ++*calls;
    return cs_fail(problem, CS_E_CANCELLED, "enough");
}

START_TEST(stops_when_told)
{
    size_t calls = 0;

    put_foreign(3);
    assert_fails(store->ops->each_certificate(store, stop, &calls, &err), CS_E_CANCELLED, &err);
    ck_assert_uint_eq(calls, 1);
    list_all(); /* the search is over */
    ck_assert_uint_eq(count, 3);
    forget_all();
}
END_TEST

/* A module may say any length: what it cannot have is as if it were not there. */
static const struct {
    const char *traits;
    bool has_der;
    bool has_id;
    bool has_label;
} hostile[] = {
    {"length:0x11:0x10001", false, true, true}, /* CKA_VALUE: one more than is taken */
    {"length:0x11:0x7fffffff", false, true, true},
    {"length:0x102:0x101", true, false, true}, /* CKA_ID */
    {"length:0x102:0xffffffff", true, false, true},
    {"length:0x3:0x401", true, true, false}, /* CKA_LABEL */
    {"length:0x80:0x40", true, true, true},  /* CKA_CERTIFICATE_TYPE */
    {"no-answer:0x11", false, true, true},
    {"no-answer:0x102", true, false, true},
    {"no-answer:0x3", true, true, false},
};

START_TEST(hostile_lengths_are_no_values)
{
    cs_auto_value(cs_bytes) der = {0};
    struct cs_key *key = put_pair(CS_KEY_EC_P256, 256, 0x11, &der);

    store->ops->key_free(key);
    for (size_t more = 0; more < 2; more++) { /* both ways to find keys */
        cs_spy_traits(hostile[_i].traits);
        list_all();
        cs_spy_traits(NULL);
        ck_assert_uint_eq(count, 1 + 6 * more);
        for (size_t i = 0; i < count; i++) {
            ck_assert_int_eq(all[i].der.len > 0, hostile[_i].has_der);
            ck_assert_int_eq(all[i].id.len > 0, hostile[_i].has_id);
            ck_assert_int_eq(*all[i].label != 0, hostile[_i].has_label);
            ck_assert(hostile[_i].has_id || !all[i].has_private_key);
        }
        forget_all();
        if (!more) {
            put_foreign(6);
        }
    }
}
END_TEST

/* An answer that is not truthful is none. */
START_TEST(local_is_what_the_token_says)
{
    static const struct {
        const char *traits;
        enum cs_answer local;
    } rows[] = {
        {"answer:0x163:1", CS_TRUE}, {"answer:0x163:0", CS_FALSE}, {"no-answer:0x163", CS_UNKNOWN}};
    cs_auto_value(cs_bytes) der = {0};
    struct cs_key *key = put_pair(CS_KEY_EC_P256, 256, 0x11, &der);

    store->ops->key_free(key);
    for (size_t i = 0; i < ROWS(rows); i++) {
        cs_spy_traits(rows[i].traits);
        list_all();
        cs_spy_traits(NULL);
        ck_assert_int_eq(all[0].local, rows[i].local);
        forget_all();
    }
    close_token();
    cs_testtoken_profile(&token, &hsm, "unreliable = { 'CKA_LOCAL' }");
    open_token();
    list_all();
    ck_assert_int_eq(all[0].local, CS_UNKNOWN);
    ck_assert(all[0].has_private_key);
    forget_all();
}
END_TEST

/* ---- calls ---- */

static size_t calls_of(const char *function)
{
    return cs_spy_calls(&hsm, function);
}

/* The keys of a full token are read once, not once for each certificate; for a few certificates not
 * at all. */
START_TEST(calls_do_not_multiply)
{
    const size_t certificates = _i ? 12 : 3;

    put_foreign(certificates);
    close_token();
    cs_softhsm_populate(&hsm, CS_SOFTHSM_LABEL, 300, CS_SOFTHSM_EC);
    cs_spy_init(&hsm);
    open_token();
    close_token();
    size_t searches = calls_of("C_FindObjectsInit");
    size_t reads = calls_of("C_GetAttributeValue");
    cs_spy_init(&hsm);
    open_token();
    list_all();
    close_token();
    ck_assert_uint_eq(count, certificates);
    ck_assert_uint_eq(calls_of("C_FindObjectsInit") - searches, _i ? 2 : 1 + certificates);
    ck_assert_uint_eq(calls_of("C_GetAttributeValue") - reads, certificates + (_i ? 300 : 0));
    forget_all();
}
END_TEST

/* ---- the key of a certificate ---- */

static const struct cs_key_spec specs[] = {
    {CS_KEY_RSA, 2048}, {CS_KEY_EC_P256, 256}, {CS_KEY_EC_P384, 384}, {CS_KEY_EC_P521, 521}};

START_TEST(finds_the_key_of_a_public_one)
{
    cs_auto_value(cs_bytes) der = {0};
    cs_auto_value(cs_bytes) other = {0};
    cs_auto_value(cs_bytes) id = {0};
    struct cs_key *key = put_pair(specs[_i].alg, specs[_i].bits, 0x21, &der);
    struct cs_key *neighbour = put_pair(specs[_i].alg, specs[_i].bits, 0x22, &other);

    assert_ok(store->ops->find_id(store, &key->spki, &id, &err), &err);
    ck_assert_uint_eq(id.len, CS_KEY_ID_LEN);
    ck_assert_mem_eq(id.data, key->id, CS_KEY_ID_LEN);
    store->ops->key_free(key);
    store->ops->key_free(neighbour);
}
END_TEST

START_TEST(finds_no_key_that_is_not_there)
{
    cs_auto_value(cs_bytes) der = {0};
    cs_auto_value(cs_bytes) id = {0};
    struct cs_key *key = put_pair(specs[_i].alg, specs[_i].bits, 0x21, &der);
    size_t destroyed = 0;

    /* The certificate alone is no key. */
    assert_ok(store->ops->destroy(store, key->id, &destroyed, &err), &err);
    ck_assert_uint_eq(destroyed, 2);
    assert_ok(store->ops->find_id(store, &key->spki, &id, &err), &err);
    ck_assert_uint_eq(id.len, 0);
    store->ops->key_free(key);
}
END_TEST

static void tool(const char *const *arguments)
{
    char *argv[24] = {"pkcs11-tool",    "--module", CS_SOFTHSM_MODULE, "--token-label",
                      CS_SOFTHSM_LABEL, "--login",  "--pin",           CS_SOFTHSM_PIN};
    size_t used = 8;

    for (; *arguments; arguments++) {
        argv[used++] = (char *)(uintptr_t)*arguments;
    }
    ck_assert_int_eq(cs_softhsm_run(argv, NULL), 0);
}

/* What pkcs11-tool reads of the public key. */
static struct cs_bytes public_key(const char *id)
{
    cs_autofree char *path = cs_softhsm_path(&hsm, "public.der");
    const char *const arguments[] = {"--read-object", "--type", "pubkey", "--id", id,
                                     "--output-file", path,     NULL};
    uint8_t octets[2048];

    tool(arguments);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t len = fread(octets, 1, sizeof octets, file);
    fclose(file);
    return cs_bytes_copy(octets, len);
}

/* A key that another program made, with a CKA_ID of another length. */
static const char *const foreign_keys[] = {"rsa:2048", "EC:secp256r1"};

START_TEST(serves_keys_of_other_programs)
{
    const char *const make[] = {"--keypairgen", "--key-type", foreign_keys[_i], "--id",
                                "0a0b0c",       "--label",    "theirs",         NULL};
    cs_auto_value(cs_bytes) id = {0};

    close_token();
    tool(make);
    cs_auto_value(cs_bytes) spki = public_key("0a0b0c");
    open_token();
    assert_ok(store->ops->find_id(store, &spki, &id, &err), &err);
    ck_assert_uint_eq(id.len, 3);
    ck_assert_mem_eq(id.data, "\x0a\x0b\x0c", 3);
    cs_auto_value(cs_bytes) der = cs_testtoken_certificate(&spki, "theirs.litwareinc.com");
    for (size_t i = 0; i < 2; i++) { /* the second time it is there already */
        assert_ok(store->ops->put_certificate_at(store, &id, NULL, &der, &err), &err);
    }
    list_all();
    ck_assert_uint_eq(count, 1);
    ck_assert(cs_bytes_equal(&all[0].der, &der));
    ck_assert_str_eq(all[0].label, "theirs");
    ck_assert(all[0].has_private_key);
    forget_all();
}
END_TEST

START_TEST(certificate_can_have_its_own_label)
{
    cs_auto_value(cs_bytes) der = {0};
    struct cs_key *key = put_pair(CS_KEY_EC_P256, 256, 0x21, &der);
    const struct cs_bytes id = {key->id, CS_KEY_ID_LEN};
    cs_auto_value(cs_bytes) next = cs_testtoken_certificate(&key->spki, "next.litwareinc.com");

    assert_ok(store->ops->put_certificate_at(store, &id, "next year", &next, &err), &err);
    list_all();
    ck_assert_uint_eq(count, 2);
    const struct seen *added = cs_bytes_equal(&all[0].der, &next) ? &all[0] : &all[1];
    ck_assert(cs_bytes_equal(&added->der, &next));
    ck_assert_str_eq(added->label, "next year");
    store->ops->key_free(key);
    forget_all();
}
END_TEST

START_TEST(no_certificate_without_its_key)
{
    static uint8_t octets[300] = {0x33};
    const size_t lengths[] = {CS_KEY_ID_LEN, 0, 300};
    const cs_rc codes[] = {CS_E_TOKEN_ABSENT, CS_E_INTERNAL, CS_E_INTERNAL};
    EVP_PKEY *pkey = NULL;
    cs_auto_value(cs_bytes) der = own_certificate(&pkey, "nobody.litwareinc.com");

    for (size_t i = 0; i < ROWS(lengths); i++) {
        const struct cs_bytes id = {octets, lengths[i]};
        assert_fails(store->ops->put_certificate_at(store, &id, NULL, &der, &err), codes[i], &err);
    }
    list_all();
    ck_assert_uint_eq(count, 0);
    EVP_PKEY_free(pkey);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("certlist");
    TCase *tcase = tcase_create("certlist");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    add_rows(tcase, lists_what_is_there, foreign);
    tcase_add_test(tcase, empty_token_lists_nothing);
    tcase_add_test(tcase, stops_when_told);
    add_rows(tcase, hostile_lengths_are_no_values, hostile);
    tcase_add_test(tcase, local_is_what_the_token_says);
    tcase_add_loop_test(tcase, calls_do_not_multiply, 0, 2);
    add_rows(tcase, finds_the_key_of_a_public_one, specs);
    add_rows(tcase, finds_no_key_that_is_not_there, specs);
    add_rows(tcase, serves_keys_of_other_programs, foreign_keys);
    tcase_add_test(tcase, certificate_can_have_its_own_label);
    tcase_add_test(tcase, no_certificate_without_its_key);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

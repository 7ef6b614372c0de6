/* The whole of port/keystore.h, over every token that is here. A token more is a row more. */
#include "base/mem.h"
#include "pkcs11/token.h"
#include "support/check_run.h"
#include "support/testtoken.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RSA_1024, RSA_2048, RSA_3072, RSA_4096, P256, P384, P521, KEY_COUNT };

static const struct cs_key_spec keys[KEY_COUNT] = {
    [RSA_1024] = {CS_KEY_RSA, 1024}, [RSA_2048] = {CS_KEY_RSA, 2048},
    [RSA_3072] = {CS_KEY_RSA, 3072}, [RSA_4096] = {CS_KEY_RSA, 4096},
    [P256] = {CS_KEY_EC_P256, 256},  [P384] = {CS_KEY_EC_P384, 384},
    [P521] = {CS_KEY_EC_P521, 521},
};

static const struct token_row {
    const char *name;
    const char *module;
    const char *profile; /* lines of a profile of its own; NULL: the built-in ones */
    enum cs_generation generation;
    unsigned cannot_make; /* 1u << RSA_1024 and so on */
    bool cannot_export;   /* no key with CKA_EXTRACTABLE */
} tokens[] = {
    {"SoftHSM 2 as its profile says", CS_SOFTHSM_MODULE, NULL, CS_GEN_SESSION_COPY, 0, false},
    {"SoftHSM 2, made on the token", CS_SOFTHSM_MODULE, "generation = 'token'", CS_GEN_TOKEN, 0,
     false},
};

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_keystore *store;
static struct cs_err err;

static void setup(void)
{
    cs_softhsm_init(&hsm);
    cs_testtoken_init(&token, &hsm, CS_SOFTHSM_MODULE);
}

static void teardown(void)
{
    cs_keystore_close(store);
    store = NULL;
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

static void open_row(const struct token_row *row)
{
    token.options.module = row->module;
    if (row->profile) {
        cs_testtoken_profile(&token, &hsm, row->profile);
    }
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
}

static struct cs_key *make(const struct cs_key_spec *spec, uint8_t seed, bool exportable)
{
    struct cs_key_request request = cs_testtoken_request(spec->alg, spec->bits, seed);
    struct cs_key *key = NULL;

    request.exportable = exportable;
    assert_ok(store->ops->check(store, spec, exportable, &err), &err);
    assert_ok(store->ops->generate(store, &request, &key, &err), &err);
    return key;
}

static struct cs_key *make_kept(const struct cs_key_spec *spec, uint8_t seed)
{
    struct cs_key *key = make(spec, seed, false);

    assert_ok(store->ops->keep(store, key, &err), &err);
    return key;
}

static void assert_signs(struct cs_key *key, enum cs_digest algorithm)
{
    cs_auto_value(cs_bytes) signature = {0};
    uint8_t digest[CS_DIGEST_MAX];

    for (size_t i = 0; i < sizeof digest; i++) {
        digest[i] = (uint8_t)(0xf0 + i);
    }
    assert_ok(store->ops->sign(store, key, algorithm, digest, &signature, &err), &err);
    ck_assert_msg(cs_testtoken_verify(&key->spki, algorithm, digest, &signature),
                  "the signature over %s does not verify", cs_digest_name(algorithm));
    digest[0] ^= 1;
    ck_assert_msg(!cs_testtoken_verify(&key->spki, algorithm, digest, &signature),
                  "it verifies for another digest too");
}

static void assert_objects(size_t private_keys, size_t public_keys, size_t certificates)
{
    struct cs_softhsm_count count = cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL);

    ck_assert_uint_eq(count.private_keys, private_keys);
    ck_assert_uint_eq(count.public_keys, public_keys);
    ck_assert_uint_eq(count.certificates, certificates);
    ck_assert_uint_eq(count.others, 0);
}

/* The attributes that the issue asks for, one by one. */
static void assert_attributes(const struct cs_key *key, bool on_token, bool exportable)
{
    bool rsa = cs_key_is_rsa(&key->spec);
    const struct {
        enum cs_key_attr attr;
        bool value;
    } expected[] = {
        {CS_ATTR_TOKEN, on_token},
        {CS_ATTR_PRIVATE, true},
        {CS_ATTR_LOCAL, true},
        {CS_ATTR_SENSITIVE, true},
        {CS_ATTR_ALWAYS_SENSITIVE, true},
        {CS_ATTR_EXTRACTABLE, exportable},
        {CS_ATTR_NEVER_EXTRACTABLE, !exportable},
        {CS_ATTR_SIGN, true},
        {CS_ATTR_DECRYPT, rsa},
        {CS_ATTR_DERIVE, !rsa},
        {CS_ATTR_UNWRAP, false},
        {CS_ATTR_SIGN_RECOVER, false},
    };

    for (size_t i = 0; i < ROWS(expected); i++) {
        enum cs_answer answer = key->attrs.answer[expected[i].attr];
        ck_assert_msg(answer == (expected[i].value ? CS_TRUE : CS_FALSE), "%s is %s",
                      cs_key_attr_name(expected[i].attr), cs_answer_text(answer));
        ck_assert(!key->attrs.unreliable[expected[i].attr]);
    }
    ck_assert(key->attrs.gen_mechanism_known);
    /* PKCS#11 v2.40: CKM_RSA_PKCS_KEY_PAIR_GEN is 0, CKM_EC_KEY_PAIR_GEN 0x1040 */
    ck_assert_uint_eq(key->attrs.gen_mechanism, rsa ? 0 : 0x1040);
}

/* "id=%XX%XX..." of 20 equal octets. */
static void assert_uri(const struct cs_key *key, uint8_t seed)
{
    char id[4 + 3 * CS_KEY_ID_LEN] = "id=";

    for (size_t i = 0; i < CS_KEY_ID_LEN; i++) {
        snprintf(id + 3 + 3 * i, 4, "%%%02X", seed);
    }
    assert_contains(key->uri, "pkcs11:");
    assert_contains(key->uri, "token=" CS_SOFTHSM_LABEL);
    assert_contains(key->uri, "serial=");
    assert_contains(key->uri, "type=private");
    assert_contains(key->uri, id);
    ck_assert_ptr_null(strstr(key->uri, "pin"));
    ck_assert_ptr_null(strstr(key->uri, "module"));
}

/* ---- the life of a key ---- */

static void assert_same_key(const struct cs_key *a, const struct cs_key *b)
{
    ck_assert_mem_eq(a->id, b->id, CS_KEY_ID_LEN);
    ck_assert_str_eq(a->label, b->label);
    ck_assert_str_eq(a->uri, b->uri);
    ck_assert(cs_key_spec_equal(&a->spec, &b->spec));
    ck_assert(cs_bytes_equal(&a->spki, &b->spki));
    ck_assert_mem_eq(a->attrs.answer, b->attrs.answer, sizeof a->attrs.answer);
    ck_assert_uint_eq(a->attrs.gen_mechanism, b->attrs.gen_mechanism);
}

static void assert_certificate_life(const struct cs_key *key)
{
    cs_auto_value(cs_bytes) der = cs_testtoken_certificate(&key->spki, "edge1.litwareinc.test");
    bool has = true;

    assert_ok(store->ops->has_certificate(store, key->id, &has, &err), &err);
    ck_assert(!has);
    assert_ok(store->ops->put_certificate(store, key, &der, &err), &err);
    assert_ok(store->ops->put_certificate(store, key, &der, &err), &err);
    assert_objects(1, 1, 1);
    assert_ok(store->ops->has_certificate(store, key->id, &has, &err), &err);
    ck_assert(has);
}

static void assert_destroyed(const uint8_t id[CS_KEY_ID_LEN])
{
    struct cs_key *found = NULL;
    bool has = false;
    size_t count = 0;

    assert_ok(store->ops->destroy(store, id, &count, &err), &err);
    ck_assert_uint_eq(count, 2);
    assert_ok(store->ops->find(store, id, &found, &err), &err);
    ck_assert_ptr_null(found);
    assert_ok(store->ops->has_certificate(store, id, &has, &err), &err);
    ck_assert_msg(has, "destroy() took the certificate away");
    assert_objects(0, 0, 1);
    assert_ok(store->ops->destroy(store, id, &count, &err), &err);
    ck_assert_uint_eq(count, 0);
}

START_TEST(life_of_a_key)
{
    const struct token_row *row = &tokens[_i / (2 * KEY_COUNT)];
    int number = _i / 2 % KEY_COUNT;
    bool exportable = _i % 2;
    struct cs_key *found = NULL;

    if ((row->cannot_make & 1u << number) || (exportable && row->cannot_export)) {
        open_row(row);
        assert_fails(store->ops->check(store, &keys[number], exportable, &err), CS_E_TOKEN_REFUSED,
                     &err);
        return;
    }
    open_row(row);
    struct cs_key *key = make(&keys[number], 0x7a, exportable);
    bool in_session = row->generation == CS_GEN_SESSION_COPY;
    ck_assert_int_eq(key->generation, row->generation);
    ck_assert_str_eq(key->label, "test-key");
    assert_attributes(key, !in_session, exportable);
    assert_uri(key, 0x7a);
    assert_objects(!in_session, !in_session, 0);
    assert_signs(key, cs_key_digest(&key->spec));
    assert_ok(store->ops->keep(store, key, &err), &err);
    assert_ok(store->ops->keep(store, key, &err), &err); /* nothing left to do */
    assert_attributes(key, true, exportable);
    assert_objects(1, 1, 0);
    assert_signs(key, cs_key_digest(&key->spec));

    assert_ok(store->ops->find(store, key->id, &found, &err), &err);
    ck_assert_ptr_nonnull(found);
    assert_same_key(key, found);
    assert_signs(found, cs_key_digest(&found->spec));
    assert_certificate_life(found);
    assert_destroyed(key->id);
    store->ops->key_free(found);
    store->ops->key_free(key);
}
END_TEST

/* Any digest with any key: of a digest that is longer than the curve's order ECDSA takes the first
 * bits (FIPS 186-4 section 6.4). */
START_TEST(signs_every_digest)
{
    static const int kinds[] = {RSA_1024, P256, P384, P521};

    open_row(&tokens[_i]);
    for (size_t i = 0; i < ROWS(kinds); i++) {
        struct cs_key *key = make_kept(&keys[kinds[i]], (uint8_t)(1 + i));
        for (int digest = 0; digest < CS_DIGEST_COUNT; digest++) {
            assert_signs(key, (enum cs_digest)digest);
        }
        store->ops->key_free(key);
    }
}
END_TEST

/* A session ends: with session-copy everything that was not kept is gone, without a trace. */
START_TEST(unkept_key_ends_with_its_session)
{
    size_t left = tokens[_i].generation == CS_GEN_TOKEN;
    struct cs_key *key;

    open_row(&tokens[_i]);
    key = make(&keys[P256], 0x11, false);
    store->ops->key_free(key);
    cs_keystore_close(store);
    store = NULL;
    assert_objects(left, left, 0);
}
END_TEST

START_TEST(survives_close_and_open)
{
    struct cs_key *key;
    struct cs_key *found = NULL;

    open_row(&tokens[_i]);
    key = make_kept(&keys[RSA_2048], 0x22);
    cs_keystore_close(store);
    store = NULL;
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    assert_ok(store->ops->find(store, key->id, &found, &err), &err);
    ck_assert_ptr_nonnull(found);
    assert_same_key(key, found);
    assert_signs(found, CS_SHA256);
    store->ops->key_free(found);
    store->ops->key_free(key);
}
END_TEST

/* ---- ids ---- */

START_TEST(one_id_is_one_key)
{
    struct cs_key *first;
    struct cs_key *second;
    struct cs_key *other;
    struct cs_key *found = NULL;
    size_t count = 0;

    open_row(&tokens[_i]);
    first = make_kept(&keys[P256], 0x33);
    second = make_kept(&keys[P256], 0x33);
    other = make_kept(&keys[P256], 0x34);
    assert_fails(store->ops->find(store, first->id, &found, &err), CS_E_TOKEN_REFUSED, &err);
    /* the CKA_ID, to find them with another tool */
    assert_contains(err.message, "3333333333333333333333333333333333333333");
    ck_assert_ptr_null(found);
    assert_ok(store->ops->destroy(store, first->id, &count, &err), &err);
    ck_assert_uint_eq(count, 4);
    assert_signs(other, CS_SHA256);
    assert_objects(1, 1, 0);
    store->ops->key_free(first);
    store->ops->key_free(second);
    store->ops->key_free(other);
}
END_TEST

static void run_tool(char *const *arguments)
{
    char *argv[32] = {"pkcs11-tool",    "--module", CS_SOFTHSM_MODULE, "--token-label",
                      CS_SOFTHSM_LABEL, "--login",  "--pin",           CS_SOFTHSM_PIN};
    size_t count = 8;

    for (; *arguments; arguments++) {
        argv[count++] = *arguments;
    }
    ck_assert_int_eq(cs_softhsm_run(argv, NULL), 0);
}

#define TOOL(...) run_tool((char *const[]){__VA_ARGS__, NULL})

#define TOOL_ID "4444444444444444444444444444444444444444"

/* A key that another program made, and whose public half it removed. */
static const struct {
    char *type;
    struct cs_key_spec spec;
    bool from_private; /* SoftHSM's private RSA keys tell their public half, its EC keys do not */
} bare[] = {{"rsa:2048", {CS_KEY_RSA, 2048}, true},
            {"EC:secp256r1", {CS_KEY_EC_P256, 256}, false},
            {"EC:secp521r1", {CS_KEY_EC_P521, 521}, false}};

START_TEST(finds_a_key_without_its_public_object)
{
    struct cs_key *key = NULL;
    struct cs_key *found = NULL;
    uint8_t id[CS_KEY_ID_LEN];

    memset(id, 0x44, sizeof id);
    TOOL("--keypairgen", "--key-type", bare[_i].type, "--id", TOOL_ID, "--label", "foreign");
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    assert_ok(store->ops->find(store, id, &key, &err), &err);
    ck_assert_ptr_nonnull(key);
    ck_assert(cs_key_spec_equal(&key->spec, &bare[_i].spec));
    ck_assert_str_eq(key->label, "foreign");
    cs_auto_value(cs_bytes) der = cs_testtoken_certificate(&key->spki, "foreign.litwareinc.test");

    TOOL("--delete-object", "--type", "pubkey", "--id", TOOL_ID);
    if (!bare[_i].from_private) {
        assert_fails(store->ops->find(store, id, &found, &err), CS_E_TOKEN_REFUSED, &err);
    }
    assert_ok(store->ops->put_certificate(store, key, &der, &err), &err);
    assert_ok(store->ops->find(store, id, &found, &err), &err);
    ck_assert(cs_key_spec_equal(&found->spec, &bare[_i].spec));
    ck_assert(cs_bytes_equal(&found->spki, &key->spki));
    assert_signs(found, CS_SHA256);
    store->ops->key_free(found);
    store->ops->key_free(key);
}
END_TEST

START_TEST(logs_in_again_for_a_key_that_wants_it)
{
    struct cs_key *key = NULL;
    uint8_t id[CS_KEY_ID_LEN];

    memset(id, 0x44, sizeof id);
    TOOL("--keypairgen", "--key-type", "EC:secp256r1", "--id", TOOL_ID, "--always-auth");
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    assert_ok(store->ops->find(store, id, &key, &err), &err);
    ck_assert_int_eq(key->attrs.answer[CS_ATTR_ALWAYS_AUTHENTICATE], CS_TRUE);
    assert_signs(key, CS_SHA256);
    assert_signs(key, CS_SHA256);
    ck_assert_uint_eq(token.person.pins, 1);
    store->ops->key_free(key);
}
END_TEST

/* ---- certificates ---- */

START_TEST(renewed_certificates_live_side_by_side)
{
    struct cs_key *key;

    open_row(&tokens[_i]);
    key = make_kept(&keys[P256], 0x55);
    cs_auto_value(cs_bytes) first = cs_testtoken_certificate(&key->spki, "a.litwareinc.test");
    cs_auto_value(cs_bytes) second = cs_testtoken_certificate(&key->spki, "b.litwareinc.test");
    assert_ok(store->ops->put_certificate(store, key, &first, &err), &err);
    assert_ok(store->ops->put_certificate(store, key, &second, &err), &err);
    assert_ok(store->ops->put_certificate(store, key, &first, &err), &err);
    assert_objects(1, 1, 2);
    store->ops->key_free(key);
}
END_TEST

START_TEST(a_ca_certificate_is_found_by_its_key)
{
    struct cs_key *key;
    uint8_t id[EVP_MAX_MD_SIZE];
    unsigned id_len = 0;
    bool has = false;

    open_row(&tokens[_i]);
    key = make_kept(&keys[P256], 0x66);
    cs_auto_value(cs_bytes) der = cs_testtoken_certificate(&key->spki, "ca.litwareinc.test");
    assert_ok(store->ops->put_ca_certificate(store, &der, "a CA", &err), &err);
    assert_ok(store->ops->put_ca_certificate(store, &der, "a CA", &err), &err);
    assert_objects(1, 1, 1);

    const unsigned char *at = der.data;
    X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    ck_assert_int_eq(X509_pubkey_digest(cert, EVP_sha1(), id, &id_len), 1);
    X509_free(cert);
    ck_assert_uint_eq(id_len, CS_KEY_ID_LEN);
    assert_ok(store->ops->has_certificate(store, id, &has, &err), &err);
    ck_assert(has);
    store->ops->key_free(key);
}
END_TEST

START_TEST(what_is_no_certificate_is_not_put)
{
    struct cs_bytes junk = {(uint8_t[]){0x30, 0x03, 0x02, 0x01, 0x01}, 5};
    struct cs_key *key;

    open_row(&tokens[_i]);
    key = make_kept(&keys[P256], 0x77);
    assert_fails(store->ops->put_certificate(store, key, &junk, &err), CS_E_INPUT, &err);
    assert_objects(1, 1, 0);
    store->ops->key_free(key);
}
END_TEST

/* ---- strays ---- */

static const struct cs_stray *find_stray(const struct cs_stray_list *list, const char *class_name,
                                         const char *label)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].class_name, class_name) == 0 &&
            strcmp(list->items[i].label, label) == 0) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* pkcs11-tool sets no CKA_ID unless it is told one. */
START_TEST(strays_are_listed_and_removed_by_name)
{
    cs_auto_value(cs_stray_list) list = {0};
    cs_auto_value(cs_stray_list) later = {0};
    struct cs_key *key;
    size_t count = 0;

    TOOL("--keypairgen", "--key-type", "EC:secp256r1", "--label", "one");
    TOOL("--keypairgen", "--key-type", "rsa:1024", "--label", "two");
    open_row(&tokens[_i]);
    key = make_kept(&keys[P256], 0x11);
    assert_ok(store->ops->strays(store, &list, &err), &err);
    ck_assert_uint_eq(list.count, 4);
    const struct cs_stray *private_one = find_stray(&list, "private key", "one");
    const struct cs_stray *public_two = find_stray(&list, "public key", "two");
    ck_assert_ptr_nonnull(private_one);
    ck_assert_ptr_nonnull(public_two);
    ck_assert_uint_eq(private_one->count, 1);
    ck_assert_uint_eq(strlen(private_one->name), strlen("private-3f2a9c01d4e5"));
    ck_assert_int_eq(strncmp(private_one->name, "private-", 8), 0);
    ck_assert_int_eq(strncmp(public_two->name, "public-", 7), 0);

    assert_ok(store->ops->remove_stray(store, private_one->name, &count, &err), &err);
    ck_assert_uint_eq(count, 1);
    assert_fails(store->ops->remove_stray(store, private_one->name, &count, &err),
                 CS_E_TOKEN_ABSENT, &err);
    assert_ok(store->ops->remove_stray(store, public_two->name, &count, &err), &err);
    assert_ok(store->ops->strays(store, &later, &err), &err);
    ck_assert_uint_eq(later.count, 2);
    ck_assert_ptr_nonnull(find_stray(&later, "public key", "one"));
    ck_assert_ptr_nonnull(find_stray(&later, "private key", "two"));
    assert_signs(key, CS_SHA256);
    store->ops->key_free(key);
}
END_TEST

START_TEST(no_strays_without_need)
{
    cs_auto_value(cs_stray_list) list = {0};
    struct cs_key *key;
    size_t count;

    open_row(&tokens[_i]);
    key = make_kept(&keys[RSA_1024], 0x11);
    assert_ok(store->ops->strays(store, &list, &err), &err);
    ck_assert_uint_eq(list.count, 0);
    assert_fails(store->ops->remove_stray(store, "private-000000000000", &count, &err),
                 CS_E_TOKEN_ABSENT, &err);
    store->ops->key_free(key);
}
END_TEST

/* ---- which token ---- */

START_TEST(tells_what_it_opened)
{
    const struct cs_token_info *info;

    open_row(&tokens[_i]);
    info = store->ops->info(store);
    ck_assert_str_eq(info->label, CS_SOFTHSM_LABEL);
    ck_assert_str_eq(info->manufacturer, "SoftHSM project");
    ck_assert_str_eq(info->model, "SoftHSM v2");
    ck_assert_uint_eq(strlen(info->serial), 16);
    ck_assert_str_eq(info->profile, tokens[_i].profile ? "test" : "softhsm2");
    assert_contains(info->uri, "manufacturer=SoftHSM%20project");
    assert_contains(info->uri, info->serial);
    ck_assert_ptr_null(strstr(info->uri, "module"));
    cs_autofree char *real = realpath(CS_SOFTHSM_MODULE, NULL);
    ck_assert_str_eq(info->module_path, real);
}
END_TEST

/* Ways to name the one token there is: URI, module of the options. Debian's p11-kit knows SoftHSM
 * by the file name of its package. */
static const struct {
    const char *uri;
    const char *module;
} ways[] = {
    {NULL, CS_SOFTHSM_MODULE},
    {"", CS_SOFTHSM_MODULE},
    {"pkcs11:", CS_SOFTHSM_MODULE},
    {"pkcs11:manufacturer=SoftHSM%20project", CS_SOFTHSM_MODULE},
    {CS_SOFTHSM_URI "?module-path=" CS_SOFTHSM_MODULE, NULL},
    {CS_SOFTHSM_URI "?module-path=" CS_SOFTHSM_MODULE, "/nonexistent.so"},
    {CS_SOFTHSM_URI, "softhsm2"},
    {CS_SOFTHSM_URI "?module-name=softhsm2", NULL},
    {CS_SOFTHSM_URI, NULL},
    {NULL, NULL}, /* tokens of trust anchors do not count */
    {"pkcs11:token=cscert%2dtest;library-manufacturer=SoftHSM", CS_SOFTHSM_MODULE},
};

START_TEST(finds_the_token_by)
{
    token.options.uri = ways[_i].uri;
    token.options.module = ways[_i].module;
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    ck_assert_str_eq(store->ops->info(store)->label, CS_SOFTHSM_LABEL);
}
END_TEST

static const struct {
    const char *uri;
    const char *module;
    cs_rc rc;
    const char *says; /* in message or hint */
} wrong[] = {
    {"pkcs11:token=another", CS_SOFTHSM_MODULE, CS_E_TOKEN_ABSENT, "token=" CS_SOFTHSM_LABEL},
    {"pkcs11:serial=0", CS_SOFTHSM_MODULE, CS_E_TOKEN_ABSENT, "pkcs11:serial=0"},
    {"pkcs11:library-manufacturer=Other", CS_SOFTHSM_MODULE, CS_E_TOKEN_ABSENT, "Other"},
    {"pkcs11:slot-id=4294967290", CS_SOFTHSM_MODULE, CS_E_TOKEN_ABSENT, "slot-id"},
    {CS_SOFTHSM_URI, "/nonexistent/module.so", CS_E_TOKEN_ABSENT, "/nonexistent/module.so"},
    {CS_SOFTHSM_URI, "/etc/passwd", CS_E_TOKEN_ABSENT, "/etc/passwd"},
    {CS_SOFTHSM_URI, "/etc", CS_E_TOKEN_ABSENT, "/etc"},
    {CS_SOFTHSM_URI, "no-such-module", CS_E_TOKEN_ABSENT, "softhsm2"},
    {"token=x", CS_SOFTHSM_MODULE, CS_E_USAGE, "pkcs11:"},
    {CS_SOFTHSM_URI "?pin-value=" CS_SOFTHSM_PIN, CS_SOFTHSM_MODULE, CS_E_USAGE, "pin-value"},
    {CS_SOFTHSM_URI ";object=x", CS_SOFTHSM_MODULE, CS_E_USAGE, "object"},
    {CS_SOFTHSM_URI ";lable=x", CS_SOFTHSM_MODULE, CS_E_USAGE, "lable"},
};

START_TEST(says_why_it_finds_none)
{
    token.options.uri = wrong[_i].uri;
    token.options.module = wrong[_i].module;
    assert_fails(cs_token_open(&token.options, &store, &err), wrong[_i].rc, &err);
    ck_assert_ptr_null(store);
    cs_autofree char *all = cs_asprintf("%s\n%s", err.message, err.hint);
    assert_contains(all, wrong[_i].says);
    ck_assert_msg(err.hint[0], "no hint: %s", err.message);
    ck_assert_ptr_null(strstr(all, CS_SOFTHSM_PIN));
    ck_assert_uint_eq(token.person.pins, 0);
}
END_TEST

START_TEST(refuses_to_guess_between_two)
{
    cs_softhsm_add_token(&hsm, CS_SOFTHSM_LABEL);
    assert_fails(cs_token_open(&token.options, &store, &err), CS_E_TOKEN_ABSENT, &err);
    ck_assert_uint_eq(token.person.pins, 0);
    /* one of the URIs that it lists names one token only */
    const char *at = strstr(err.message, "pkcs11:model=");
    ck_assert_ptr_nonnull(at);
    cs_autofree char *uri = cs_strndup(at, strcspn(at, ", "));
    token.options.uri = uri;
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    ck_assert_str_eq(store->ops->info(store)->uri, uri);
}
END_TEST

START_TEST(refuses_a_module_that_others_can_write)
{
    cs_autofree char *path = cs_softhsm_path(&hsm, "module.so");
    char *copy[] = {"cp", CS_SOFTHSM_MODULE, path, NULL};

    ck_assert_int_eq(cs_softhsm_run(copy, NULL), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
    token.options.module = path;
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    cs_keystore_close(store);
    store = NULL;
    ck_assert_int_eq(chmod(path, 0775), 0);
    assert_fails(cs_token_open(&token.options, &store, &err), CS_E_CONFIG, &err);
}
END_TEST

/* ---- login ---- */

START_TEST(sends_a_pin_once)
{
    token.person.pin = "wrong";
    token.person.is_there = true;
    token.person.says_yes = true;
    assert_fails(cs_token_open(&token.options, &store, &err), CS_E_TOKEN_AUTH, &err);
    ck_assert_str_eq(err.operation, "C_Login");
    ck_assert_str_eq(err.cause_name, "CKR_PIN_INCORRECT");
    ck_assert_int_eq(err.cause, 0xa0);
    ck_assert_uint_eq(token.person.pins, 1);
    ck_assert_ptr_null(store);

    token.person.pin = CS_SOFTHSM_PIN;
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
}
END_TEST

START_TEST(wants_a_pin)
{
    token.options.pin = NULL;
    assert_fails(cs_token_open(&token.options, &store, &err), CS_E_TOKEN_AUTH, &err);
    assert_contains(err.hint, "pin-source");
}
END_TEST

/* ---- several at once ---- */

#define PROCESSES 6

static int child(uint8_t seed)
{
    struct cs_key_request request = cs_testtoken_request(CS_KEY_EC_P256, 256, seed);
    struct cs_key *key = NULL;

    cs_rc rc = cs_token_open(&token.options, &store, &err);
    if (rc == CS_OK) {
        rc = store->ops->generate(store, &request, &key, &err);
    }
    if (rc == CS_OK) {
        rc = store->ops->keep(store, key, &err);
        store->ops->key_free(key);
    }
    if (rc != CS_OK) {
        fprintf(stderr, "%s\n", err.message);
    }
    cs_keystore_close(store);
    return (int)rc;
}

/* SoftHSM rewrites its token's file at each login: without the lock some of them see no token. */
START_TEST(processes_do_not_disturb_each_other)
{
    pid_t pids[PROCESSES];
    int status;

    if (tokens[_i].profile) {
        cs_testtoken_profile(&token, &hsm, tokens[_i].profile);
    }
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0) {
            _exit(child((uint8_t)(1 + i)));
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "process %d: status %x", i,
                      (unsigned)status);
    }
    assert_objects(PROCESSES, PROCESSES, 0);
}
END_TEST

/* Two stores of one process on one token, as a run with two CAs could open them. */
START_TEST(two_stores_share_a_login)
{
    cs_auto(cs_keystore) second = NULL;
    struct cs_key *key;
    struct cs_key *found = NULL;

    open_row(&tokens[_i]);
    assert_ok(cs_token_open(&token.options, &second, &err), &err);
    key = make_kept(&keys[P256], 0x21);
    assert_ok(second->ops->find(second, key->id, &found, &err), &err);
    ck_assert_ptr_nonnull(found);
    second->ops->key_free(found);
    cs_keystore_close(second);
    second = NULL;
    assert_signs(key, CS_SHA256);
    store->ops->key_free(key);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keystore");
    TCase *tcase = tcase_create("keystore");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120); /* an RSA-4096 key can take half a minute under a sanitizer */
    tcase_add_loop_test(tcase, life_of_a_key, 0, (int)ROWS(tokens) * KEY_COUNT * 2);
    add_rows(tcase, signs_every_digest, tokens);
    add_rows(tcase, unkept_key_ends_with_its_session, tokens);
    add_rows(tcase, survives_close_and_open, tokens);
    add_rows(tcase, one_id_is_one_key, tokens);
    add_rows(tcase, finds_a_key_without_its_public_object, bare);
    tcase_add_test(tcase, logs_in_again_for_a_key_that_wants_it);
    add_rows(tcase, renewed_certificates_live_side_by_side, tokens);
    add_rows(tcase, a_ca_certificate_is_found_by_its_key, tokens);
    add_rows(tcase, what_is_no_certificate_is_not_put, tokens);
    add_rows(tcase, strays_are_listed_and_removed_by_name, tokens);
    add_rows(tcase, no_strays_without_need, tokens);
    add_rows(tcase, tells_what_it_opened, tokens);
    add_rows(tcase, finds_the_token_by, ways);
    add_rows(tcase, says_why_it_finds_none, wrong);
    tcase_add_test(tcase, refuses_to_guess_between_two);
    tcase_add_test(tcase, refuses_a_module_that_others_can_write);
    tcase_add_test(tcase, sends_a_pin_once);
    tcase_add_test(tcase, wants_a_pin);
    add_rows(tcase, processes_do_not_disturb_each_other, tokens);
    add_rows(tcase, two_stores_share_a_login, tokens);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

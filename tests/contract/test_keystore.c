/* The whole of port/keystore.h, over every token: tests/tokens/with-token.sh starts this program
 * for each. What a token cannot do is refused, clearly and before anything is made; the row says
 * it. */
#include "base/mem.h"
#include "keystore_rows.h"
#include "model/plan.h"
#include "pkcs11/token.h"
#include "support/check_run.h"
#include "support/judge.h"
#include "support/tokenbed.h"
#include "x509/csr.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct cs_tokenbed bed;
static struct cs_keystore *store;
static struct cs_err err;

/* The rows of the token at hand stand beside each other in all_tokens. */
static const struct token_row *tokens;
static size_t token_count;

static bool is_at_hand(const struct token_row *row)
{
    const char *given = cs_tokenbed_given();

    return row->token && given ? strcmp(row->token, given) == 0 : !row->token && !given;
}

static bool find_rows(void)
{
    for (size_t i = 0; i < ROWS(all_tokens); i++) {
        if (is_at_hand(&all_tokens[i])) {
            tokens = token_count ? tokens : &all_tokens[i];
            token_count++;
        }
    }
    return token_count > 0;
}

static void setup(void)
{
    cs_tokenbed_init(&bed);
}

static void teardown(void)
{
    cs_keystore_close(store);
    store = NULL;
    cs_tokenbed_done(&bed);
}

static void open_row(const struct token_row *row)
{
    if (row->lines) {
        cs_testtoken_profile(&bed.token, &bed.hsm, row->lines);
    }
    assert_ok(cs_token_open(&bed.token.options, &store, &err), &err);
}

static void say(const char *name, const char *format, ...) CS_PRINTF(2, 3);

/* What this token did, for docs/TOKENS.md. */
static void say(const char *name, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (tokens->token) {
        cs_tokenbed_fact(name, "%s", text);
    }
}

static void fact(const char *what, int number, const char *value, const char *why)
{
    cs_autofree char *name = cs_asprintf("%s %s", what, kinds[number].name);

    say(name, "%s\t%s", value, why);
}

/* The key that this token makes fastest. */
static const struct cs_key_spec *quick(void)
{
    return &kinds[tokens->cannot[P256] ? RSA_2048 : P256].spec;
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
    struct cs_softhsm_count count = cs_tokenbed_count(&bed);

    ck_assert_uint_eq(count.private_keys, private_keys);
    ck_assert_uint_eq(count.public_keys, public_keys);
    ck_assert_uint_eq(count.certificates, certificates);
    ck_assert_uint_eq(count.others, 0);
}

/* The attributes that the issue asks for, one by one. What the profile calls not truthful is marked
 * so, and nothing else is. */
static void assert_attributes(const struct token_row *row, const struct cs_key *key, bool on_token,
                              bool exportable)
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
        enum cs_key_attr attr = expected[i].attr;
        enum cs_answer wanted = expected[i].value ? CS_TRUE : CS_FALSE;
        int special = (rsa ? row->rsa_answers : row->ec_answers)[attr];
        ck_assert_int_eq(key->attrs.unreliable[attr], row->untruthful[attr]);
        if (special != 0) {
            wanted = special == UNANSWERED ? CS_UNKNOWN : (enum cs_answer)special;
        }
        ck_assert_msg(key->attrs.answer[attr] == wanted, "%s is %s", cs_key_attr_name(attr),
                      cs_answer_text(key->attrs.answer[attr]));
    }
    ck_assert_int_eq(key->attrs.gen_mechanism_known, !row->hides_mechanism);
    /* PKCS#11 v2.40: CKM_RSA_PKCS_KEY_PAIR_GEN is 0, CKM_EC_KEY_PAIR_GEN 0x1040 */
    ck_assert_uint_eq(key->attrs.gen_mechanism, rsa || row->hides_mechanism ? 0 : 0x1040);
}

/* "id=%XX%XX..." of 20 equal octets. */
static void assert_uri(const struct cs_key *key, uint8_t seed)
{
    char id[4 + 3 * CS_KEY_ID_LEN] = "id=";

    for (size_t i = 0; i < CS_KEY_ID_LEN; i++) {
        snprintf(id + 3 + 3 * i, 4, "%%%02X", seed);
    }
    assert_contains(key->uri, "pkcs11:");
    assert_contains(key->uri, "token=cscert-test");
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
    assert_ok(store->ops->destroy(store, id, &count, &err), &err);
    ck_assert_uint_eq(count, 0);
    assert_objects(0, tokens->shows_halves, 1);
}

/* A token that shows the public half of a certificate as a key says that it removed that, too, and
 * does not touch the certificate. */
static void assert_destroyed_for_good(const uint8_t id[CS_KEY_ID_LEN])
{
    bool has = false;
    size_t count = 0;

    cs_keystore_close(store);
    store = NULL;
    assert_ok(cs_token_open(&bed.token.options, &store, &err), &err);
    assert_ok(store->ops->destroy(store, id, &count, &err), &err);
    ck_assert_uint_eq(count, tokens->shows_halves);
    assert_ok(store->ops->has_certificate(store, id, &has, &err), &err);
    ck_assert(has);
}

/* A request as the flow builds it; openssl is its judge. */
static void assert_csr(struct cs_key *key)
{
    cs_auto(cs_plan) plan = cs_plan_new();
    cs_auto_value(cs_bytes) der = {0};
    cs_autofree char *output = NULL;

    plan->key_spec = key->spec;
    plan->subject.common_name = cs_strdup("edge1.litwareinc.test");
    cs_plan_add_name(plan, "edge1.litwareinc.test", "subject name", "-ComputerFqdn");
    assert_ok(cs_csr_build(plan, store, key, &der, &err), &err);
    cs_autofree char *folder = cs_judge_folder();
    cs_autofree char *path = cs_judge_write(folder, "request", der.data, der.len);
    int code = cs_judge(&output, "openssl req -inform DER -in %s -verify -noout", path);
    cs_judge_remove(folder);
    ck_assert_msg(code == 0, "%s", output);
    assert_contains(output, "verify OK");
}

/* Refused by our own check, in words that say what and why, before an object is made. */
static void assert_refused(const struct cs_key_spec *spec, bool exportable, const char *words)
{
    assert_fails(store->ops->check(store, spec, exportable, &err), CS_E_TOKEN_REFUSED, &err);
    cs_autofree char *whole = cs_asprintf("%s %s", err.message, err.cause_name);
    assert_contains(whole, words);
    ck_assert_msg(err.hint[0], "no hint: %s", err.message);
    assert_objects(0, 0, 0);
}

/* What reads back otherwise than the standard, or the template, would have it. */
static void say_answers(const struct token_row *row, int number)
{
    bool rsa = cs_key_is_rsa(&kinds[number].spec);
    const int *special = rsa ? row->rsa_answers : row->ec_answers;

    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        if (special[i] != 0) {
            say(rsa ? "RSA answers" : "EC answers", "%s\t%s%s",
                cs_key_attr_name((enum cs_key_attr)i),
                special[i] == UNANSWERED ? "unknown" : cs_answer_text((enum cs_answer)special[i]),
                row->untruthful[i] ? ", not compared" : "");
        }
    }
}

static void assert_life(const struct token_row *row, int number, bool exportable)
{
    bool in_session = row->generation == CS_GEN_SESSION_COPY;
    struct cs_key *found = NULL;
    struct cs_key *key = make(&kinds[number].spec, 0x7a, exportable);

    ck_assert_int_eq(key->generation, row->generation);
    ck_assert_str_eq(key->label, "test-key");
    assert_attributes(row, key, !in_session, exportable);
    assert_uri(key, 0x7a);
    assert_objects(!in_session, !in_session, 0);
    assert_csr(key);
    assert_ok(store->ops->keep(store, key, &err), &err);
    assert_ok(store->ops->keep(store, key, &err), &err); /* nothing left to do */
    assert_attributes(row, key, true, exportable);
    assert_objects(1, 1, 0);
    assert_signs(key, cs_key_digest(&key->spec));

    assert_ok(store->ops->find(store, key->id, &found, &err), &err);
    ck_assert_ptr_nonnull(found);
    assert_same_key(key, found);
    assert_signs(found, cs_key_digest(&found->spec));
    assert_certificate_life(found);
    assert_destroyed(key->id);
    assert_destroyed_for_good(key->id);
    store->ops->key_free(found);
    store->ops->key_free(key);
}

START_TEST(life_of_a_key)
{
    const struct token_row *row = &tokens[_i / (2 * KEY_COUNT)];
    int number = _i / 2 % KEY_COUNT;
    bool exportable = _i % 2;
    const char *refusal = exportable ? row->not_exportable : NULL;

    if (exportable && row->token && (number == RSA_3072 || number == RSA_4096)) {
        return; /* half the time of all, and CKA_EXTRACTABLE is the same with every size */
    }
    if (!refusal) {
        refusal = row->cannot[number];
    }
    open_row(row);
    if (refusal) {
        assert_refused(&kinds[number].spec, exportable, refusal);
        fact(exportable ? "exportable" : "key", number, "no", err.message);
        return;
    }
    assert_life(row, number, exportable);
    if (!exportable && (number == RSA_2048 || number == P256)) {
        say_answers(row, number);
    }
    fact(exportable ? "exportable" : "key", number, "yes", "");
}
END_TEST

/* What happens without the profile, so that no line of one outlives its reason. Whatever the token
 * does, nothing is left on it. */
START_TEST(a_profile_says_what_is_true)
{
    const struct truth *truth = &tokens->truths[_i];
    struct cs_key_request request;
    struct cs_key *key = NULL;

    if (!truth->without) {
        return;
    }
    request = cs_testtoken_request(kinds[truth->key].spec.alg, kinds[truth->key].spec.bits, 0x5e);
    request.exportable = truth->exportable;
    cs_testtoken_profile(&bed.token, &bed.hsm, truth->lines);
    assert_ok(cs_token_open(&bed.token.options, &store, &err), &err);
    assert_fails(store->ops->generate(store, &request, &key, &err), CS_E_TOKEN_REFUSED, &err);
    ck_assert_ptr_null(key);
    cs_autofree char *whole = cs_asprintf("%s %s", err.message, err.cause_name);
    assert_contains(whole, truth->words);
    assert_objects(0, 0, 0);
    say("without", "%s\t%s%s\t%s%s%s", truth->without, kinds[truth->key].name,
        truth->exportable ? ", exportable" : "", err.message, *err.cause_name ? ": " : "",
        err.cause_name);
}
END_TEST

/* Any digest with any key: of a digest that is longer than the curve's order ECDSA takes the first
 * bits (FIPS 186-4 section 6.4). */
START_TEST(signs_every_digest)
{
    const struct token_row *row = &tokens[_i];
    const int numbers[] = {row->cannot[RSA_1024] ? RSA_2048 : RSA_1024, P256, P384, P521};

    open_row(row);
    for (size_t i = 0; i < ROWS(numbers); i++) {
        if (row->cannot[numbers[i]]) {
            continue; /* life_of_a_key asserts that it is refused */
        }
        struct cs_key *key = make_kept(&kinds[numbers[i]].spec, (uint8_t)(1 + i));
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
    key = make(quick(), 0x11, false);
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
    key = make_kept(&kinds[RSA_2048].spec, 0x22);
    cs_keystore_close(store);
    store = NULL;
    assert_ok(cs_token_open(&bed.token.options, &store, &err), &err);
    assert_ok(store->ops->find(store, key->id, &found, &err), &err);
    ck_assert_ptr_nonnull(found);
    assert_same_key(key, found);
    assert_signs(found, CS_SHA256);
    store->ops->key_free(found);
    store->ops->key_free(key);
}
END_TEST

/* ---- ids ---- */

/* The second of two is refused, and nothing of the CKA_ID is left: the caller's is always new. */
static void assert_ids_are_unique(void)
{
    struct cs_key_request request = cs_testtoken_request(quick()->alg, quick()->bits, 0x33);
    struct cs_key *first = make_kept(quick(), 0x33);
    struct cs_key *second = NULL;

    assert_fails(store->ops->generate(store, &request, &second, &err), CS_E_TOKEN_REFUSED, &err);
    ck_assert_str_eq(err.operation, "C_GenerateKeyPair");
    ck_assert_ptr_null(second);
    assert_objects(0, 0, 0);
    store->ops->key_free(first);
}

START_TEST(one_id_is_one_key)
{
    struct cs_key *first;
    struct cs_key *second;
    struct cs_key *other;
    struct cs_key *found = NULL;
    size_t count = 0;

    open_row(&tokens[_i]);
    if (tokens[_i].ids_are_unique) {
        assert_ids_are_unique();
        return;
    }
    first = make_kept(quick(), 0x33);
    second = make_kept(quick(), 0x33);
    other = make_kept(quick(), 0x34);
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

/* ---- certificates ---- */

START_TEST(renewed_certificates_live_side_by_side)
{
    struct cs_key *key;

    open_row(&tokens[_i]);
    key = make_kept(quick(), 0x55);
    cs_auto_value(cs_bytes) first = cs_testtoken_certificate(&key->spki, "a.litwareinc.test");
    cs_auto_value(cs_bytes) second = cs_testtoken_certificate(&key->spki, "b.litwareinc.test");
    assert_ok(store->ops->put_certificate(store, key, &first, &err), &err);
    if (tokens[_i].ids_are_unique) {
        assert_fails(store->ops->put_certificate(store, key, &second, &err), CS_E_TOKEN_REFUSED,
                     &err);
        assert_contains(err.hint, "may hold one of a key only");
        say("certificates of one key", "one; a second is refused: %s", err.message);
    } else {
        assert_ok(store->ops->put_certificate(store, key, &second, &err), &err);
        say("certificates of one key", "several");
    }
    assert_ok(store->ops->put_certificate(store, key, &first, &err), &err);
    assert_objects(1, 1, tokens[_i].ids_are_unique ? 1 : 2);
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
    key = make_kept(quick(), 0x66);
    cs_auto_value(cs_bytes) der = cs_testtoken_certificate(&key->spki, "ca.litwareinc.test");
    assert_ok(store->ops->put_ca_certificate(store, &der, "a CA", &err), &err);
    assert_ok(store->ops->put_ca_certificate(store, &der, "a CA", &err), &err);
    assert_objects(1, 1 + tokens[_i].shows_halves, 1);

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
    key = make_kept(quick(), 0x77);
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
static void make_foreign(const char *label)
{
    char *type = tokens->cannot[P256] ? "rsa:2048" : "EC:secp256r1";

    ck_assert_int_eq(cs_tokenbed_tool(&bed, (char *[]){"--keypairgen", "--key-type", type,
                                                       "--label", (char *)(uintptr_t)label, NULL}),
                     0);
}

START_TEST(strays_are_listed_and_removed_by_name)
{
    cs_auto_value(cs_stray_list) list = {0};
    cs_auto_value(cs_stray_list) later = {0};
    struct cs_key *key = NULL;
    size_t count = 0;

    make_foreign("one");
    make_foreign("two");
    open_row(&tokens[_i]);
    key = make_kept(quick(), 0x11);
    assert_ok(store->ops->strays(store, &list, &err), &err);
    if (tokens[_i].gives_ids) {
        ck_assert_uint_eq(list.count, 0);
        say("keys without a CKA_ID", "cannot be: the module gives one");
        return;
    }
    say("keys without a CKA_ID", "are listed, and removed by name");
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
    key = make_kept(quick(), 0x11);
    assert_ok(store->ops->strays(store, &list, &err), &err);
    ck_assert_uint_eq(list.count, 0);
    assert_fails(store->ops->remove_stray(store, "private-000000000000", &count, &err),
                 CS_E_TOKEN_ABSENT, &err);
    store->ops->key_free(key);
}
END_TEST

/* ---- token and login ---- */

START_TEST(tells_what_it_opened)
{
    const struct cs_token_info *info;

    open_row(&tokens[_i]);
    info = store->ops->info(store);
    ck_assert_str_eq(info->label, bed.label);
    ck_assert_str_eq(info->manufacturer, tokens[_i].manufacturer);
    ck_assert_str_eq(info->model, tokens[_i].model);
    ck_assert_msg(*info->serial, "no serial number");
    say("token", "%s\t%s\t%s\t%s", info->manufacturer, info->model, info->profile,
        cs_generation_name(tokens[_i].generation));
    ck_assert_str_eq(info->profile, tokens[_i].lines ? "test" : tokens[_i].profile);
    assert_contains(info->uri, info->serial);
    ck_assert_ptr_null(strstr(info->uri, "module"));
    cs_autofree char *real = realpath(bed.token.options.module, NULL);
    ck_assert_str_eq(info->module_path, real ? real : bed.token.options.module);
}
END_TEST

START_TEST(sends_a_pin_once)
{
    const char *right = bed.token.person.pin;

    bed.token.person.pin = "wrong";
    bed.token.person.is_there = true;
    bed.token.person.says_yes = true;
    assert_fails(cs_token_open(&bed.token.options, &store, &err), CS_E_TOKEN_AUTH, &err);
    ck_assert_str_eq(err.operation, "C_Login");
    ck_assert_str_eq(err.cause_name, "CKR_PIN_INCORRECT");
    ck_assert_int_eq(err.cause, 0xa0);
    ck_assert_uint_eq(bed.token.person.pins, 1);
    ck_assert_ptr_null(store);
    assert_contains(err.hint, tokens->after_wrong_pin);
    say("after one wrong PIN", "%s", err.hint);

    bed.token.person.pin = right;
    assert_ok(cs_token_open(&bed.token.options, &store, &err), &err);
}
END_TEST

/* ---- several at once ---- */

#define PROCESSES 6

static int child(uint8_t seed)
{
    struct cs_key_request request = cs_testtoken_request(quick()->alg, quick()->bits, seed);
    struct cs_key *key = NULL;

    cs_rc rc = cs_token_open(&bed.token.options, &store, &err);
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

    if (tokens[_i].lines) {
        cs_testtoken_profile(&bed.token, &bed.hsm, tokens[_i].lines);
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
    say("several at once", "%d processes, each with a key: all succeed", PROCESSES);
}
END_TEST

/* Two stores of one process on one token, as a run with two CAs could open them. */
START_TEST(two_stores_share_a_login)
{
    cs_auto(cs_keystore) second = NULL;
    struct cs_key *key;
    struct cs_key *found = NULL;

    open_row(&tokens[_i]);
    assert_ok(cs_token_open(&bed.token.options, &second, &err), &err);
    key = make_kept(quick(), 0x21);
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
    if (!find_rows()) {
        fprintf(stderr, "no row for the token %s\n", cs_tokenbed_given());
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("keystore");
    TCase *tcase = tcase_create("keystore");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120); /* an RSA-4096 key can take half a minute under a sanitizer */
    tcase_add_loop_test(tcase, life_of_a_key, 0, (int)token_count * KEY_COUNT * 2);
    tcase_add_loop_test(tcase, a_profile_says_what_is_true, 0, TRUTHS);
    tcase_add_loop_test(tcase, signs_every_digest, 0, (int)token_count);
    tcase_add_loop_test(tcase, unkept_key_ends_with_its_session, 0, (int)token_count);
    tcase_add_loop_test(tcase, survives_close_and_open, 0, (int)token_count);
    tcase_add_loop_test(tcase, one_id_is_one_key, 0, (int)token_count);
    tcase_add_loop_test(tcase, renewed_certificates_live_side_by_side, 0, (int)token_count);
    tcase_add_loop_test(tcase, a_ca_certificate_is_found_by_its_key, 0, (int)token_count);
    tcase_add_loop_test(tcase, what_is_no_certificate_is_not_put, 0, (int)token_count);
    tcase_add_loop_test(tcase, strays_are_listed_and_removed_by_name, 0, (int)token_count);
    tcase_add_loop_test(tcase, no_strays_without_need, 0, (int)token_count);
    tcase_add_loop_test(tcase, tells_what_it_opened, 0, (int)token_count);
    tcase_add_test(tcase, sends_a_pin_once);
    tcase_add_loop_test(tcase, processes_do_not_disturb_each_other, 0, (int)token_count);
    tcase_add_loop_test(tcase, two_stores_share_a_login, 0, (int)token_count);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

/* After a failure nothing of what was made is left, and what was there before is as it was
 * (undo.c). */
#include "base/mem.h"
#include "pkcs11/token_internal.h"
#include "support/check_run.h"
#include "support/spy.h"
#include "support/testtoken.h"

#include <stdlib.h>
#include <string.h>

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_keystore *store;
static struct cs_err err;

static void setup(void)
{
    cs_softhsm_init(&hsm);
    cs_spy_init(&hsm);
    cs_testtoken_init(&token, &hsm, cs_spy_path());
}

static void teardown(void)
{
    cs_spy_fault(NULL);
    cs_keystore_close(store);
    store = NULL;
    cs_testtoken_done(&token);
    cs_softhsm_done(&hsm);
}

static void open_store(const char *profile)
{
    cs_testtoken_profile(&token, &hsm, profile);
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
}

static struct cs_key *make(const struct cs_key_spec *spec)
{
    struct cs_key_request request = cs_testtoken_request(spec->alg, spec->bits, 0x44);
    struct cs_key *key = NULL;

    assert_ok(store->ops->generate(store, &request, &key, &err), &err);
    return key;
}

static void assert_signs(struct cs_key *key)
{
    cs_auto_value(cs_bytes) signature = {0};
    const uint8_t digest[CS_DIGEST_MAX] = {7};

    assert_ok(store->ops->sign(store, key, CS_SHA256, digest, &signature, &err), &err);
    ck_assert(cs_testtoken_verify(&key->spki, CS_SHA256, digest, &signature));
}

static void assert_pairs(size_t private_keys, size_t public_keys)
{
    struct cs_softhsm_count count = cs_softhsm_count(&hsm, CS_SOFTHSM_LABEL);

    ck_assert_uint_eq(count.private_keys, private_keys);
    ck_assert_uint_eq(count.public_keys, public_keys);
}

/* The copy to the token fails, before or after it was made, while a pair of the same CKA_ID is on
 * the token: of the two only the one is destroyed that was to be made. */
static const struct {
    struct cs_key_spec spec;
    const char *fault;
} copies[] = {
    {{CS_KEY_EC_P256, 256}, "C_CopyObject:3:0x31"}, {{CS_KEY_EC_P256, 256}, "C_CopyObject:3:lie"},
    {{CS_KEY_EC_P256, 256}, "C_CopyObject:4:0x31"}, {{CS_KEY_EC_P256, 256}, "C_CopyObject:4:lie"},
    {{CS_KEY_RSA, 1024}, "C_CopyObject:3:lie"},     {{CS_KEY_RSA, 1024}, "C_CopyObject:4:0x31"},
    {{CS_KEY_RSA, 1024}, "C_CopyObject:4:lie"},
};

START_TEST(spares_what_has_the_same_id)
{
    open_store("generation = 'session-copy'");
    struct cs_key *first = make(&copies[_i].spec);
    assert_ok(store->ops->keep(store, first, &err), &err);
    struct cs_key *second = make(&copies[_i].spec);

    cs_spy_fault(copies[_i].fault);
    cs_rc rc = store->ops->keep(store, second, &err);
    cs_spy_fault(NULL);
    ck_assert_int_ne(rc, CS_OK);
    /* one pair, and it is the first */
    assert_pairs(1, 1);
    assert_signs(first);
    /* what cannot be told to be ours may be ours: it is said */
    assert_contains(err.message, "cscert recover");
    assert_contains(err.message, "4444444444444444444444444444444444444444");
    store->ops->key_free(first);
    store->ops->key_free(second);
}
END_TEST

START_TEST(leaves_nothing_where_nothing_was)
{
    open_store("generation = 'session-copy'");
    struct cs_key *key = make(&copies[_i].spec);
    cs_autofree char *fault = cs_strdup(copies[_i].fault);

    *strpbrk(fault, "34") -= 2; /* the first two copies of this run */
    cs_spy_fault(fault);
    cs_rc rc = store->ops->keep(store, key, &err);
    cs_spy_fault(NULL);
    ck_assert_int_ne(rc, CS_OK);
    assert_pairs(0, 0);
    ck_assert_ptr_null(strstr(err.message, "cscert recover"));
    store->ops->key_free(key);
}
END_TEST

/* A half that cannot be told to be ours is not destroyed, and not hidden. */
START_TEST(says_what_may_be_left)
{
    open_store("generation = 'session-copy'");
    struct cs_key *key = make(&copies[0].spec);

    cs_spy_fault("C_CopyObject:1:lie,C_SignInit:1+:0x30");
    cs_rc rc = store->ops->keep(store, key, &err);
    cs_spy_fault(NULL);
    ck_assert_int_ne(rc, CS_OK);
    assert_pairs(1, 0);
    assert_contains(err.message, "cscert recover");
    assert_contains(err.message, "4444444444444444444444444444444444444444");
    store->ops->key_free(key);
}
END_TEST

/* Generation in the session fails while a pair of the same CKA_ID is on the token. */
START_TEST(a_session_is_apart)
{
    struct cs_key_request request = cs_testtoken_request(CS_KEY_EC_P256, 256, 0x44);
    struct cs_key *second = NULL;

    open_store("generation = 'session-copy'");
    struct cs_key *first = make(&request.spec);
    assert_ok(store->ops->keep(store, first, &err), &err);
    cs_spy_fault(_i ? "C_GenerateKeyPair:2:lie" : "C_GenerateKeyPair:2:0x31");
    cs_rc rc = store->ops->generate(store, &request, &second, &err);
    cs_spy_fault(NULL);
    ck_assert_int_ne(rc, CS_OK);
    ck_assert_ptr_null(strstr(err.message, "cscert recover"));
    assert_pairs(1, 1);
    assert_signs(first);
    store->ops->key_free(first);
}
END_TEST

/* On the token: a CKA_ID that is there is refused before a pair is made. */
START_TEST(an_id_that_is_taken_makes_nothing)
{
    struct cs_key_request request = cs_testtoken_request(CS_KEY_EC_P256, 256, 0x44);
    struct cs_key *second = NULL;

    open_store("generation = 'token'");
    struct cs_key *first = make(&request.spec);
    assert_fails(store->ops->generate(store, &request, &second, &err), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, "4444444444444444444444444444444444444444");
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_GenerateKeyPair"), 0); /* counted when it is closed */
    assert_signs(first);
    store->ops->key_free(first);
    cs_keystore_close(store);
    store = NULL;
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_GenerateKeyPair"), 1);
    assert_pairs(1, 1);
}
END_TEST

/* What the caller has just drawn is not looked for, and all that carries it is destroyed. */
START_TEST(a_fresh_id_costs_nothing)
{
    struct cs_key_request request = cs_testtoken_request(CS_KEY_EC_P256, 256, 0x44);
    struct cs_key *key = NULL;

    request.id_is_fresh = true;
    open_store("generation = 'token'");
    cs_spy_fault("C_GenerateKeyPair:1:lie");
    cs_rc rc = store->ops->generate(store, &request, &key, &err);
    cs_spy_fault(NULL);
    ck_assert_int_ne(rc, CS_OK);
    assert_pairs(0, 0);
    assert_ok(store->ops->generate(store, &request, &key, &err), &err);
    store->ops->key_free(key);
    cs_keystore_close(store);
    store = NULL;
    /* private and public keys, to undo; none before */
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_FindObjectsInit"), 2);
    assert_pairs(1, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("undo");
    TCase *tcase = tcase_create("undo");

    tcase_add_checked_fixture(tcase, setup, teardown);
    add_rows(tcase, spares_what_has_the_same_id, copies);
    add_rows(tcase, leaves_nothing_where_nothing_was, copies);
    tcase_add_test(tcase, says_what_may_be_left);
    tcase_add_loop_test(tcase, a_session_is_apart, 0, 2);
    tcase_add_test(tcase, an_id_that_is_taken_makes_nothing);
    tcase_add_test(tcase, a_fresh_id_costs_nothing);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

/* What else is on a token beside one key: others of its CKA_ID, certificates, objects without one.
 */
#include "base/mem.h"
#include "keystore_bed.h"
#include "pkcs11/token.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

/* ---- ids ---- */

/* The second is refused before it is made, and the first is as it was. */
static void assert_id_is_taken(struct cs_key *first)
{
    struct cs_key_request request = cs_testtoken_request(quick()->alg, quick()->bits, 0x33);
    struct cs_key *second = NULL;

    assert_fails(store->ops->generate(store, &request, &second, &err), CS_E_TOKEN_REFUSED, &err);
    /* the CKA_ID, to find it with another tool */
    assert_contains(err.message, "3333333333333333333333333333333333333333");
    ck_assert_ptr_null(second);
    assert_objects(1, 1, 0);
    assert_signs(first, CS_SHA256);
}

/* A pair that is made in the session is not compared with what is on the token, for which there is
 * no time: two of one CKA_ID are noticed when one of them is looked for. */
static void assert_two_are_not_one(struct cs_key *first)
{
    struct cs_key *second = make_kept(quick(), 0x33);
    struct cs_key *other = make_kept(quick(), 0x34);
    struct cs_key *found = NULL;
    EVP_PKEY *pkey = NULL;
    size_t count = 0;

    assert_fails(store->ops->find(store, first->id, &found, &err), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, "3333333333333333333333333333333333333333");
    ck_assert_ptr_null(found);
    assert_fails(cs_token_evp_pkey(store, first->id, &pkey, &err), CS_E_TOKEN_REFUSED, &err);
    ck_assert_ptr_null(pkey);
    assert_ok(store->ops->destroy(store, first->id, &count, &err), &err);
    ck_assert_uint_eq(count, 4);
    assert_signs(other, CS_SHA256);
    assert_objects(1, 1, 0);
    store->ops->key_free(second);
    store->ops->key_free(other);
}

START_TEST(one_id_is_one_key)
{
    open_row(&tokens[_i]);
    struct cs_key *first = make_kept(quick(), 0x33);
    if (tokens[_i].generation == CS_GEN_TOKEN) {
        assert_id_is_taken(first);
    } else {
        assert_two_are_not_one(first);
    }
    store->ops->key_free(first);
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
        store->ops->key_free(key);
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

void add_objects(TCase *tcase)
{
    tcase_add_loop_test(tcase, one_id_is_one_key, 0, (int)token_count);
    tcase_add_loop_test(tcase, renewed_certificates_live_side_by_side, 0, (int)token_count);
    tcase_add_loop_test(tcase, a_ca_certificate_is_found_by_its_key, 0, (int)token_count);
    tcase_add_loop_test(tcase, what_is_no_certificate_is_not_put, 0, (int)token_count);
    tcase_add_loop_test(tcase, strays_are_listed_and_removed_by_name, 0, (int)token_count);
    tcase_add_loop_test(tcase, no_strays_without_need, 0, (int)token_count);
}

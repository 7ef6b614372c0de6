/* Keys that leave a token and come to one, on SoftHSM2: export_key(), import_key() and
 * transfer_key() of port/keystore.h. */
#include "base/mem.h"
#include "pkcs11/token.h"
#include "support/check_run.h"
#include "support/spy.h"
#include "support/testtoken.h"
#include "x509/pkcs8.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define OTHER_LABEL "cscert-other"
#define OTHER_URI   "pkcs11:token=" OTHER_LABEL
#define EXTRACTABLE "0x162" /* CKA_EXTRACTABLE */

static struct cs_softhsm hsm;
static struct cs_testtoken token;
static struct cs_testtoken other_token;
static struct cs_keystore *store;
static struct cs_keystore *other; /* NULL until it is needed */
static struct cs_err err;

static const struct cs_key_spec kinds[] = {
    {CS_KEY_RSA, 1024},    {CS_KEY_RSA, 2048},    {CS_KEY_RSA, 3072},   {CS_KEY_RSA, 4096},
    {CS_KEY_EC_P256, 256}, {CS_KEY_EC_P384, 384}, {CS_KEY_EC_P521, 521}};
#define P256 4

static void open_with(const char *module)
{
    err = (struct cs_err){0};
    cs_softhsm_init(&hsm);
    cs_softhsm_add_token(&hsm, OTHER_LABEL);
    cs_spy_init(&hsm);
    cs_testtoken_init(&token, &hsm, module);
    cs_testtoken_init(&other_token, &hsm, module);
    other_token.options.uri = OTHER_URI;
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
}

static void setup(void)
{
    open_with(CS_SOFTHSM_MODULE);
}

static void setup_spied(void)
{
    open_with(cs_spy_path());
}

static void close_both(void)
{
    cs_keystore_close(store);
    cs_keystore_close(other);
    store = NULL;
    other = NULL;
}

static void teardown(void)
{
    close_both();
    cs_testtoken_done(&token);
    cs_testtoken_done(&other_token);
    cs_softhsm_done(&hsm);
}

static void open_other(void)
{
    assert_ok(cs_token_open(&other_token.options, &other, &err), &err);
}

static struct cs_key_request request_of(const struct cs_key_spec *spec, uint8_t seed,
                                        bool exportable)
{
    struct cs_key_request request = cs_testtoken_request(spec->alg, spec->bits, seed);

    request.exportable = exportable;
    return request;
}

static struct cs_key *make(const struct cs_key_spec *spec, uint8_t seed, bool exportable)
{
    struct cs_key_request request = request_of(spec, seed, exportable);
    struct cs_key *key = NULL;

    assert_ok(store->ops->generate(store, &request, &key, &err), &err);
    assert_ok(store->ops->keep(store, key, &err), &err);
    return key;
}

static cs_rc export_key(struct cs_key *key, struct cs_secret **ret_pkcs8)
{
    cs_autofree char *how = NULL;

    cs_rc rc = store->ops->export_key(store, key, ret_pkcs8, &how, &err);
    if (rc == CS_OK) {
        ck_assert_str_eq(how, "CKM_AES_KEY_WRAP_PAD"); /* all that SoftHSM2 2.6.1 has */
    }
    return rc;
}

static cs_rc transfer_key(struct cs_keystore *from, struct cs_key *key, struct cs_keystore *to,
                          const struct cs_key_request *request, struct cs_key **ret_key)
{
    cs_autofree char *how = NULL;

    cs_rc rc = from->ops->transfer_key(from, key, to, request, ret_key, &how, &err);
    if (rc == CS_OK) {
        ck_assert_str_eq(how, "CKM_RSA_PKCS_OAEP (SHA-1), CKM_AES_KEY_WRAP_PAD");
    }
    return rc;
}

static void assert_signs(struct cs_keystore *on, struct cs_key *key, const struct cs_bytes *spki)
{
    cs_testtoken_assert_signs(on, key, spki, cs_key_digest(&key->spec));
}

/* After all is closed: what an own process finds on a token. */
static void assert_objects(const char *label, size_t private_keys, size_t public_keys)
{
    struct cs_softhsm_count count = cs_softhsm_count(&hsm, label);

    ck_assert_uint_eq(count.private_keys, private_keys);
    ck_assert_uint_eq(count.public_keys, public_keys);
    ck_assert_uint_eq(count.all, private_keys + public_keys);
}

static void assert_answer(const struct cs_key *key, enum cs_key_attr attr, bool expected)
{
    ck_assert_msg(key->attrs.answer[attr] == (expected ? CS_TRUE : CS_FALSE), "%s reads %s",
                  cs_key_attr_name(attr), cs_answer_text(key->attrs.answer[attr]));
}

/* A key that is not born where it is: PKCS#11 v2.40 section 5.12.3. */
static void assert_brought(const struct cs_key *key, const struct cs_key_request *request)
{
    bool rsa = cs_key_is_rsa(&request->spec);

    ck_assert_mem_eq(key->id, request->id, CS_KEY_ID_LEN);
    ck_assert_str_eq(key->label, request->label);
    ck_assert(cs_key_spec_equal(&key->spec, &request->spec));
    ck_assert_ptr_nonnull(key->uri);
    assert_answer(key, CS_ATTR_TOKEN, true);
    assert_answer(key, CS_ATTR_PRIVATE, true);
    assert_answer(key, CS_ATTR_SENSITIVE, true);
    assert_answer(key, CS_ATTR_EXTRACTABLE, request->exportable);
    assert_answer(key, CS_ATTR_LOCAL, false);
    assert_answer(key, CS_ATTR_ALWAYS_SENSITIVE, false);
    assert_answer(key, CS_ATTR_NEVER_EXTRACTABLE, false);
    assert_answer(key, CS_ATTR_SIGN, true);
    assert_answer(key, CS_ATTR_DECRYPT, rsa);
    assert_answer(key, CS_ATTR_DERIVE, !rsa);
    assert_answer(key, CS_ATTR_UNWRAP, false);
    assert_answer(key, CS_ATTR_SIGN_RECOVER, false);
}

/* ---- export ---- */

START_TEST(an_exportable_key_is_exported)
{
    struct cs_key *key = make(&kinds[_i], 0x11, true);
    struct cs_key *after = NULL;
    cs_auto(cs_secret) pkcs8 = NULL;
    cs_auto_value(cs_bytes) spki = {0};

    assert_ok(export_key(key, &pkcs8), &err);
    assert_ok(cs_pkcs8_spki(pkcs8, &spki, &err), &err);
    ck_assert(cs_bytes_equal(&spki, &key->spki));
    assert_ok(cs_pkcs8_check(pkcs8, &key->spki, &err), &err);
    /* It is on the token as before, and signs. */
    assert_ok(store->ops->find(store, key->id, &after, &err), &err);
    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        ck_assert_int_eq(after->attrs.answer[i], key->attrs.answer[i]);
    }
    assert_answer(after, CS_ATTR_LOCAL, true);
    assert_answer(after, CS_ATTR_ALWAYS_SENSITIVE, true);
    assert_signs(store, after, &spki);
    store->ops->key_free(after);
    store->ops->key_free(key);
    close_both();
    assert_objects(CS_SOFTHSM_LABEL, 1, 1);
}
END_TEST

static size_t calls_of(const char *function)
{
    close_both(); /* the counts are written then */
    return cs_spy_calls(&hsm, function);
}

/* Refused by our own check: the token is not asked to wrap. */
START_TEST(what_is_not_exportable_is_not_wrapped)
{
    bool denied = _i == 1; /* exportable, but the token says at the second look that it is not */
    struct cs_key *key = make(&kinds[P256], 0x12, denied);
    cs_auto(cs_secret) pkcs8 = NULL;

    cs_spy_traits(denied ? "answer:" EXTRACTABLE ":0" : _i == 2 ? "no-answer:" EXTRACTABLE : NULL);
    assert_fails(export_key(key, &pkcs8), CS_E_POLICY, &err);
    ck_assert_ptr_null(pkcs8);
    assert_contains(err.message, "CKA_EXTRACTABLE");
    assert_contains(err.hint, "-PrivateKeyExportable");
    store->ops->key_free(key);
    ck_assert_uint_eq(calls_of("C_WrapKey"), 0);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_CreateObject"), 0);
}
END_TEST

/* A token that calls a key extractable and does not wrap it says so itself. */
START_TEST(a_token_that_does_not_wrap)
{
    struct cs_key *key = make(&kinds[P256], 0x13, false);
    cs_auto(cs_secret) pkcs8 = NULL;

    cs_spy_traits("answer:" EXTRACTABLE ":1");
    assert_fails(export_key(key, &pkcs8), CS_E_TOKEN_REFUSED, &err);
    ck_assert_str_eq(err.cause_name, "CKR_KEY_UNEXTRACTABLE");
    store->ops->key_free(key);
    close_both();
    assert_objects(CS_SOFTHSM_LABEL, 1, 1);
}
END_TEST

/* SoftHSM2 has one of the three; the others are tried and named. */
START_TEST(the_mechanisms_that_are_missing_are_named)
{
    struct cs_key *key = make(&kinds[P256], 0x14, true);
    cs_auto(cs_secret) pkcs8 = NULL;

    cs_spy_fault("C_WrapKey:2:0x70"); /* CKR_MECHANISM_INVALID of CKM_AES_KEY_WRAP_PAD too */
    assert_fails(export_key(key, &pkcs8), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message,
                    "CKM_AES_KEY_WRAP_KWP on \"" CS_SOFTHSM_LABEL "\": CKR_MECHANISM_INVALID");
    assert_contains(err.message, "CKM_AES_KEY_WRAP_PAD on");
    assert_contains(err.message, "CKM_AES_CBC_PAD on");
    store->ops->key_free(key);
    ck_assert_uint_eq(calls_of("C_WrapKey"), 3);
    assert_objects(CS_SOFTHSM_LABEL, 1, 1);
}
END_TEST

/* ---- import ---- */

struct soft_key {
    struct cs_secret *pkcs8;
    struct cs_bytes der;
    struct cs_bytes spki;
};

static cs_rc copy_octets(void *ctx, unsigned char *octets, size_t size, size_t *ret_len,
                         struct cs_err *problem)
{
    (void)problem;
    memcpy(octets, ctx, size);
    *ret_len = size;
    return CS_OK;
}

static EVP_PKEY *generate(const struct cs_key_spec *spec)
{
    static const char *const curves[] = {
        [CS_KEY_EC_P256] = "P-256", [CS_KEY_EC_P384] = "P-384", [CS_KEY_EC_P521] = "P-521"};

    return cs_key_is_rsa(spec) ? EVP_RSA_gen(spec->bits) : EVP_EC_gen(curves[spec->alg]);
}

static struct soft_key make_soft(const struct cs_key_spec *spec)
{
    EVP_PKEY *pkey = generate(spec);
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    struct soft_key key = {0};
    unsigned char *der = NULL;
    unsigned char *spki = NULL;
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    int spki_len = i2d_PUBKEY(pkey, &spki);

    ck_assert(len > 0 && spki_len > 0);
    key.der = cs_bytes_copy(der, (size_t)len);
    key.spki = cs_bytes_copy(spki, (size_t)spki_len);
    assert_ok(cs_secret_make((size_t)len, copy_octets, der, &key.pkcs8, &err), &err);
    OPENSSL_free(der);
    OPENSSL_free(spki);
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(pkey);
    return key;
}

static void soft_done(struct soft_key *key)
{
    cs_secret_free(key->pkcs8);
    cs_bytes_done(&key->der);
    cs_bytes_done(&key->spki);
}

START_TEST(a_key_of_a_file_is_imported)
{
    const struct cs_key_spec *spec = &kinds[_i];
    struct soft_key soft = make_soft(spec);
    struct cs_key_request request = request_of(spec, 0x21, _i % 2);
    struct cs_key *key = NULL;
    struct cs_key *found = NULL;
    cs_auto(cs_secret) back = NULL;

    assert_ok(store->ops->import_key(store, &request, soft.pkcs8, &key, &err), &err);
    assert_brought(key, &request);
    ck_assert(cs_bytes_equal(&key->spki, &soft.spki));
    assert_signs(store, key, &soft.spki);
    assert_ok(store->ops->find(store, request.id, &found, &err), &err);
    ck_assert(cs_bytes_equal(&found->spki, &soft.spki));
    assert_brought(found, &request);
    if (request.exportable) {
        assert_ok(export_key(key, &back), &err);
        assert_ok(cs_pkcs8_check(back, &soft.spki, &err), &err);
    } else {
        assert_fails(export_key(key, &back), CS_E_POLICY, &err);
    }
    store->ops->key_free(key);
    store->ops->key_free(found);
    soft_done(&soft);
    close_both();
    assert_objects(CS_SOFTHSM_LABEL, 1, 1);
}
END_TEST

START_TEST(an_import_replaces_nothing)
{
    struct soft_key soft = make_soft(&kinds[P256]);
    struct cs_key *born = make(&kinds[P256], 0x22, false);
    struct cs_key_request request = request_of(&kinds[P256], 0x22, false);
    struct cs_key *key = NULL;

    assert_fails(store->ops->import_key(store, &request, soft.pkcs8, &key, &err),
                 CS_E_TOKEN_REFUSED, &err);
    ck_assert_ptr_null(key);
    assert_signs(store, born, &born->spki);
    store->ops->key_free(born);
    soft_done(&soft);
    close_both();
    assert_objects(CS_SOFTHSM_LABEL, 1, 1);
}
END_TEST

START_TEST(an_import_of_another_kind)
{
    struct soft_key soft = make_soft(&kinds[P256]);
    struct cs_key_request request = request_of(&kinds[1], 0x23, false);
    struct cs_key *key = NULL;

    assert_fails(store->ops->import_key(store, &request, soft.pkcs8, &key, &err), CS_E_MISMATCH,
                 &err);
    soft_done(&soft);
    close_both();
    assert_objects(CS_SOFTHSM_LABEL, 0, 0);
}
END_TEST

/* ---- from token to token ---- */

static const int copied[] = {1, 3, P256, 5, 6};

START_TEST(a_key_is_copied)
{
    const struct cs_key_spec *spec = &kinds[copied[_i]];
    struct cs_key *key = make(spec, 0x31, true);
    struct cs_key_request request = request_of(spec, 0x31, _i % 2);
    struct cs_key *copy = NULL;
    struct cs_key *found = NULL;

    open_other();
    assert_ok(transfer_key(store, key, other, &request, &copy), &err);
    assert_brought(copy, &request);
    ck_assert(cs_bytes_equal(&copy->spki, &key->spki));
    assert_signs(other, copy, &key->spki);
    assert_signs(store, key, &key->spki);
    assert_ok(other->ops->find(other, request.id, &found, &err), &err);
    ck_assert(cs_bytes_equal(&found->spki, &key->spki));
    other->ops->key_free(found);
    other->ops->key_free(copy);
    store->ops->key_free(key);
    close_both();
    assert_objects(CS_SOFTHSM_LABEL, 1, 1);
    assert_objects(OTHER_LABEL, 1, 1);
}
END_TEST

/* On a copy of a copy nothing says any more that it was born on a token. */
START_TEST(a_copy_is_copied_back)
{
    struct cs_key *key = make(&kinds[P256], 0x32, true);
    struct cs_key_request request = request_of(&kinds[P256], 0x32, true);
    struct cs_key *copy = NULL;
    struct cs_key *again = NULL;

    open_other();
    assert_ok(transfer_key(store, key, other, &request, &copy), &err);
    memset(request.id, 0x33, sizeof request.id);
    assert_ok(transfer_key(other, copy, store, &request, &again), &err);
    assert_brought(again, &request);
    assert_signs(store, again, &key->spki);
    store->ops->key_free(again);
    other->ops->key_free(copy);
    store->ops->key_free(key);
}
END_TEST

START_TEST(a_copy_replaces_nothing)
{
    struct cs_key *key = make(&kinds[P256], 0x34, true);
    struct cs_key_request request = request_of(&kinds[P256], 0x34, false);
    struct cs_key *copy = NULL;

    assert_fails(transfer_key(store, key, store, &request, &copy), CS_E_TOKEN_REFUSED, &err);
    assert_contains(err.message, "3434343434343434343434343434343434343434");
    assert_signs(store, key, &key->spki);
    store->ops->key_free(key);
    close_both();
    assert_objects(CS_SOFTHSM_LABEL, 1, 1);
}
END_TEST

START_TEST(what_is_not_exportable_is_not_copied)
{
    struct cs_key *key = make(&kinds[P256], 0x35, false);
    struct cs_key_request request = request_of(&kinds[P256], 0x35, false);
    struct cs_key *copy = NULL;

    open_other();
    assert_fails(transfer_key(store, key, other, &request, &copy), CS_E_POLICY, &err);
    store->ops->key_free(key);
    ck_assert_uint_eq(calls_of("C_WrapKey"), 0);
    assert_objects(OTHER_LABEL, 0, 0);
}
END_TEST

/* ---- tokens that fail in the middle ---- */

enum act { EXPORT, IMPORT, TRANSFER };

static cs_rc run(enum act act, struct cs_key *key)
{
    struct cs_key_request request = request_of(&kinds[P256], 0x41, true);
    struct cs_key *made = NULL;
    cs_auto(cs_secret) pkcs8 = NULL;
    cs_rc rc;

    if (act == EXPORT) {
        return export_key(key, &pkcs8);
    }
    if (act == IMPORT) {
        struct soft_key soft = make_soft(&kinds[P256]);
        rc = store->ops->import_key(store, &request, soft.pkcs8, &made, &err);
        soft_done(&soft);
    } else {
        rc = transfer_key(store, key, other, &request, &made);
    }
    if (made) {
        store->ops->key_free(made);
    }
    return rc;
}

static const struct fault {
    enum act act;
    const char *fault;
    cs_rc rc;
    const char *says; /* in the message or as the cause */
} faults[] = {
    {EXPORT, "C_CreateObject:1:0x30", CS_OK, NULL}, /* once: asked again with less */
    {EXPORT, "C_CreateObject:1+:0x31", CS_E_TOKEN_REFUSED, "CKR_DEVICE_MEMORY"},
    {EXPORT, "C_GetAttributeValue:1+:0x32", CS_E_TOKEN_ABSENT, "CKR_DEVICE_REMOVED"},
    {EXPORT, "C_WrapKey:1+:0x32", CS_E_TOKEN_ABSENT, "CKR_DEVICE_REMOVED"},
    {EXPORT, "C_WrapKey:2:lie", CS_E_TOKEN_REFUSED, "CKM_AES_KEY_WRAP_PAD"},
    {EXPORT, "C_WrapKey:1+:0x0", CS_E_TOKEN_REFUSED, "of no use"}, /* says OK, wraps nothing */
    {EXPORT, "C_DestroyObject:1:0x30", CS_OK, NULL},               /* it ends with the session */
    {IMPORT, "C_UnwrapKey:1+:0x70", CS_E_TOKEN_REFUSED, "CKM_AES_CBC_PAD"},
    {IMPORT, "C_UnwrapKey:3:lie-0x32", CS_E_TOKEN_ABSENT, "CKR_DEVICE_REMOVED"},
    {IMPORT, "C_UnwrapKey:3:lie-0x6", CS_E_TOKEN_REFUSED, "CKM_AES_KEY_WRAP_PAD"},
    {IMPORT, "C_CreateObject:2:0x31", CS_E_TOKEN_REFUSED, "public half"},
    {IMPORT, "C_CreateObject:2:lie-0x31", CS_E_TOKEN_REFUSED, "public half"},
    {IMPORT, "C_GetAttributeValue:1:0x32", CS_E_TOKEN_ABSENT, "CKR_DEVICE_REMOVED"},
    {IMPORT, "C_GetAttributeValue:2:0x32", CS_E_TOKEN_ABSENT, "CKR_DEVICE_REMOVED"},
    {IMPORT, "C_Sign:1:0x30", CS_E_TOKEN_REFUSED, "sign"},
    {TRANSFER, "C_GenerateKeyPair:1+:0x30", CS_E_TOKEN_REFUSED, "transport"},
    {TRANSFER, "C_CreateObject:1:0x30", CS_E_TOKEN_REFUSED, "public key of another token"},
    {TRANSFER, "C_GenerateKey:1:0x70", CS_E_TOKEN_REFUSED, "CKM_AES_KEY_GEN on"},
    {TRANSFER, "C_WrapKey:1+:0x70", CS_E_TOKEN_REFUSED, "CKM_RSA_AES_KEY_WRAP on"},
    {TRANSFER, "C_UnwrapKey:1+:0x70", CS_E_TOKEN_REFUSED, "on \"" OTHER_LABEL "\""},
    {TRANSFER, "C_UnwrapKey:2+:0x32", CS_E_TOKEN_ABSENT, "CKR_DEVICE_REMOVED"},
    {TRANSFER, "C_Sign:1:0x30", CS_E_TOKEN_REFUSED, "sign"},
};

START_TEST(nothing_is_left_of_what_failed)
{
    const struct fault *row = &faults[_i];
    struct cs_key *key = row->act == IMPORT ? NULL : make(&kinds[P256], 0x41, true);

    if (row->act == TRANSFER) {
        open_other();
    }
    cs_spy_fault(NULL);
    close_both();
    cs_spy_init(&hsm); /* counts from here on */
    assert_ok(cs_token_open(&token.options, &store, &err), &err);
    if (row->act == TRANSFER) {
        open_other();
    }
    if (key) {
        struct cs_key *found = NULL;
        assert_ok(store->ops->find(store, key->id, &found, &err), &err);
        store->ops->key_free(key);
        key = found;
    }
    err = (struct cs_err){0};
    cs_spy_fault(row->fault);
    cs_rc rc = run(row->act, key);
    cs_spy_fault(NULL);
    ck_assert_msg(rc == row->rc, "%s: %s: %s", row->fault, cs_rc_name(rc), err.message);
    if (row->says) {
        ck_assert_msg(strstr(err.message, row->says) || strstr(err.cause_name, row->says),
                      "%s: %s (%s)", row->fault, err.message, err.cause_name);
    }
    if (key) {
        assert_signs(store, key, &key->spki);
        store->ops->key_free(key);
    }
    close_both();
    assert_objects(CS_SOFTHSM_LABEL, row->act != IMPORT, row->act != IMPORT);
    assert_objects(OTHER_LABEL, 0, 0);
}
END_TEST

/* What is made and then refused goes once: a handle of what is gone may be another object's. */
START_TEST(what_failed_is_undone_once)
{
    cs_spy_fault("C_GetAttributeValue:3:0x30"); /* the public half is there, and is not told */
    cs_rc rc = run(IMPORT, NULL);
    cs_spy_fault(NULL);
    ck_assert_str_eq(err.cause_name, "CKR_DEVICE_ERROR");
    ck_assert_int_eq(err.code, rc);
    close_both();
    cs_autofree char *log = cs_spy_log(&hsm);
    ck_assert_uint_eq(cs_spy_calls(&hsm, "C_DestroyObject"), 3); /* both halves, what wrapped */
    ck_assert_msg(!strstr(log, " 0x82\n"), "CKR_OBJECT_HANDLE_INVALID: %s", log);
    assert_objects(CS_SOFTHSM_LABEL, 0, 0);
}
END_TEST

/* And what cannot be destroyed is said once. */
START_TEST(what_is_left_of_an_import_is_said_once)
{
    static const char left[] = "it could not be destroyed";

    cs_spy_fault("C_Sign:1:0x30,C_DestroyObject:1+:0x30");
    assert_fails(run(IMPORT, NULL), CS_E_TOKEN_REFUSED, &err);
    cs_spy_fault(NULL);
    const char *said = strstr(err.message, left);
    ck_assert_msg(said, "%s", err.message);
    ck_assert_msg(!strstr(said + 1, left), "%s", err.message);
    assert_contains(said, "4141414141414141414141414141414141414141");
    close_both();
    assert_objects(CS_SOFTHSM_LABEL, 1, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("transfer");
    TCase *plain = tcase_create("plain");
    TCase *spied = tcase_create("spied");

    tcase_set_timeout(plain, 120);
    tcase_set_timeout(spied, 120);
    tcase_add_checked_fixture(plain, setup, teardown);
    add_rows(plain, an_exportable_key_is_exported, kinds);
    add_rows(plain, a_key_of_a_file_is_imported, kinds);
    tcase_add_test(plain, an_import_replaces_nothing);
    tcase_add_test(plain, an_import_of_another_kind);
    add_rows(plain, a_key_is_copied, copied);
    tcase_add_test(plain, a_copy_is_copied_back);
    tcase_add_test(plain, a_copy_replaces_nothing);
    tcase_add_checked_fixture(spied, setup_spied, teardown);
    tcase_add_loop_test(spied, what_is_not_exportable_is_not_wrapped, 0, 3);
    tcase_add_test(spied, a_token_that_does_not_wrap);
    tcase_add_test(spied, the_mechanisms_that_are_missing_are_named);
    tcase_add_test(spied, what_is_not_exportable_is_not_copied);
    add_rows(spied, nothing_is_left_of_what_failed, faults);
    tcase_add_test(spied, what_failed_is_undone_once);
    tcase_add_test(spied, what_is_left_of_an_import_is_said_once);
    suite_add_tcase(suite, plain);
    suite_add_tcase(suite, spied);
    return check_run(suite);
}

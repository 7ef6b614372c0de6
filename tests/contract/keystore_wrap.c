/* Private keys that leave the token or come to it. */
#include "base/mem.h"
#include "keystore_bed.h"
#include "x509/pkcs8.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static const int numbers[] = {P256, RSA_2048};

/* ---- export ---- */

static void assert_stays(struct cs_key *key)
{
    cs_autofree char *how = NULL;
    cs_auto(cs_secret) pkcs8 = NULL;

    assert_fails(store->ops->export_key(store, key, &pkcs8, &how, &err), CS_E_POLICY, &err);
    ck_assert_ptr_null(pkcs8);
    assert_contains(err.message, "CKA_EXTRACTABLE");
    assert_contains(err.hint, "-PrivateKeyExportable");
}

static void assert_leaves(const struct token_row *row, int number, struct cs_key *key)
{
    cs_autofree char *how = NULL;
    cs_auto(cs_secret) pkcs8 = NULL;
    cs_auto_value(cs_bytes) spki = {0};

    if (row->no_export) {
        assert_fails(store->ops->export_key(store, key, &pkcs8, &how, &err), CS_E_TOKEN_REFUSED,
                     &err);
        ck_assert_ptr_null(pkcs8);
        assert_contains(err.message, row->no_export);
        fact("export", number, "no", err.message);
        return;
    }
    assert_ok(store->ops->export_key(store, key, &pkcs8, &how, &err), &err);
    ck_assert_str_eq(how, row->wraps_with);
    assert_ok(cs_pkcs8_spki(pkcs8, &spki, &err), &err);
    ck_assert(cs_bytes_equal(&spki, &key->spki));
    assert_ok(cs_pkcs8_check(pkcs8, &key->spki, &err), &err);
    fact("export", number, "yes", how);
}

/* A key that is not exportable is refused by ourselves; one that is comes out whole where the token
 * can wrap it, and is as it was on the token afterwards. */
START_TEST(exports_what_may_leave)
{
    const struct token_row *row = &tokens[_i / 2];
    int number = numbers[_i % 2];
    const struct cs_key_spec *spec = &kinds[number].spec;

    if (row->cannot[number]) {
        return; /* life_of_a_key asserts that it is refused */
    }
    open_row(row);
    struct cs_key *stays = make_kept(spec, 0x61);
    assert_stays(stays);
    store->ops->key_free(stays);
    if (row->not_exportable) {
        fact("export", number, "no", "it makes no exportable keys");
        return;
    }
    struct cs_key *leaves = make(spec, 0x62, true);
    assert_ok(store->ops->keep(store, leaves, &err), &err);
    assert_leaves(row, number, leaves);
    assert_signs(leaves, CS_SHA256);
    store->ops->key_free(leaves);
    assert_objects(2, 2, 0);
}
END_TEST

/* ---- import ---- */

/* A cs_secret_fill_fn; @ctx is DER. */
static cs_rc copy_octets(void *ctx, unsigned char *octets, size_t size, size_t *ret_len,
                         struct cs_err *problem)
{
    (void)problem;
    memcpy(octets, ctx, size);
    *ret_len = size;
    return CS_OK;
}

/* A key of OpenSSL's. */
static struct cs_secret *make_soft(const struct cs_key_spec *spec)
{
    EVP_PKEY *pkey = cs_key_is_rsa(spec) ? EVP_RSA_gen(spec->bits) : EVP_EC_gen("P-256");
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    struct cs_secret *pkcs8 = NULL;
    unsigned char *der = NULL;
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);

    ck_assert_int_gt(len, 0);
    assert_ok(cs_secret_make((size_t)len, copy_octets, der, &pkcs8, &err), &err);
    OPENSSL_free(der);
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(pkey);
    return pkcs8;
}

static void assert_comes(const struct cs_key_request *request, const struct cs_secret *pkcs8,
                         struct cs_key *key)
{
    cs_auto_value(cs_bytes) spki = {0};
    struct cs_key *found = NULL;

    assert_ok(cs_pkcs8_spki(pkcs8, &spki, &err), &err);
    ck_assert(cs_bytes_equal(&spki, &key->spki));
    ck_assert_int_eq(key->attrs.answer[CS_ATTR_LOCAL], CS_FALSE);
    ck_assert_int_eq(key->attrs.answer[CS_ATTR_EXTRACTABLE],
                     request->exportable ? CS_TRUE : CS_FALSE);
    assert_signs(key, CS_SHA256);
    assert_objects(1, 1, 0);
    assert_ok(store->ops->find(store, request->id, &found, &err), &err);
    ck_assert_ptr_nonnull(found);
    ck_assert(cs_bytes_equal(&found->spki, &spki));
    store->ops->key_free(found);
}

/* A key of a file becomes a pair on the token that is what was asked for, or nothing is left. */
START_TEST(imports_what_it_can)
{
    const struct token_row *row = &tokens[_i / 4];
    int number = numbers[_i / 2 % 2];
    const struct cs_key_spec *spec = &kinds[number].spec;
    struct cs_key_request request = cs_testtoken_request(spec->alg, spec->bits, 0x63);
    cs_auto(cs_secret) pkcs8 = make_soft(spec);
    const char *what = _i % 2 ? "import exportable" : "import";
    const char *refusal = row->no_import[_i % 2];
    struct cs_key *key = NULL;

    request.exportable = _i % 2;
    refusal = row->cannot[number] ? "does not unwrap the key" : refusal;
    open_row(row);
    cs_rc rc = store->ops->import_key(store, &request, pkcs8, &key, &err);
    if (rc == CS_OK) {
        ck_assert_msg(!refusal, "it was imported");
        assert_comes(&request, pkcs8, key);
        store->ops->key_free(key);
        fact(what, number, "yes", "");
        return;
    }
    cs_autofree char *whole = cs_asprintf("%s %s", err.message, err.cause_name);
    ck_assert_msg(rc == CS_E_TOKEN_REFUSED && refusal, "%s: %s", cs_rc_name(rc), whole);
    ck_assert_ptr_null(key);
    assert_contains(whole, refusal);
    assert_objects(0, 0, 0);
    fact(what, number, "no", err.message);
}
END_TEST

void add_wrap(TCase *tcase)
{
    tcase_add_loop_test(tcase, exports_what_may_leave, 0, 2 * (int)token_count);
    tcase_add_loop_test(tcase, imports_what_it_can, 0, 4 * (int)token_count);
}

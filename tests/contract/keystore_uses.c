/* What others do with a key of the token. */
#include "base/mem.h"
#include "keystore_bed.h"
#include "pkcs11/token.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* ---- OpenSSL ---- */

/* Signs by EVP; the judge has the public key that the keystore read. */
static bool evp_signs(EVP_PKEY *pkey, const struct cs_key *key, bool pss)
{
    static const unsigned char text[] = "to be signed";
    const unsigned char *at = key->spki.data;
    EVP_PKEY *public_key = d2i_PUBKEY(NULL, &at, (long)key->spki.len);
    EVP_PKEY_CTX *padding = NULL;
    EVP_MD_CTX *sign = EVP_MD_CTX_new();
    EVP_MD_CTX *verify = EVP_MD_CTX_new();
    unsigned char signature[1024];
    size_t len = sizeof signature;

    bool good = EVP_DigestSignInit(sign, &padding, EVP_sha256(), NULL, pkey) == 1 &&
                (!pss || EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1) &&
                EVP_DigestSign(sign, signature, &len, text, sizeof text) == 1;
    if (good) {
        ck_assert_int_eq(EVP_DigestVerifyInit(verify, &padding, EVP_sha256(), NULL, public_key), 1);
        ck_assert(!pss || EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1);
        ck_assert_int_eq(EVP_DigestVerify(verify, signature, len, text, sizeof text), 1);
    }
    EVP_MD_CTX_free(sign);
    EVP_MD_CTX_free(verify);
    EVP_PKEY_free(public_key);
    return good;
}

static void assert_pss(const struct token_row *row, EVP_PKEY *pkey, const struct cs_key *key)
{
    bool good = evp_signs(pkey, key, true);

    ck_assert_int_eq(good, !row->no_raw_rsa);
    if (good) {
        say("RSASSA-PSS and TLS 1.3 with an RSA key, through OpenSSL", "yes");
        return;
    }
    ck_assert_int_eq(cs_token_evp_error(store, "the signature is not made", &err),
                     CS_E_TOKEN_REFUSED);
    assert_contains(err.hint, "CKM_RSA_X_509");
    say("RSASSA-PSS and TLS 1.3 with an RSA key, through OpenSSL", "no: %s", err.hint);
}

/* libp11's second list of the module works beside ours, also where the module is only configured
 * (`remote:`) and no file. */
START_TEST(openssl_uses_the_key)
{
    const struct token_row *row = &tokens[_i];
    const int numbers[] = {P256, RSA_2048};

    open_row(row);
    for (size_t i = 0; i < ROWS(numbers); i++) {
        EVP_PKEY *pkey = NULL;
        if (row->cannot[numbers[i]]) {
            continue; /* life_of_a_key asserts that it is refused */
        }
        struct cs_key *key = make_kept(&kinds[numbers[i]].spec, (uint8_t)(0x51 + i));
        assert_ok(cs_token_evp_pkey(store, key->id, &pkey, &err), &err);
        ck_assert(evp_signs(pkey, key, false));
        if (numbers[i] == RSA_2048) {
            assert_pss(row, pkey, key);
        }
        ck_assert(evp_signs(pkey, key, false));
        assert_signs(key, CS_SHA256);
        EVP_PKEY_free(pkey);
        store->ops->key_free(key);
    }
}
END_TEST

void add_uses(TCase *tcase)
{
    tcase_add_loop_test(tcase, openssl_uses_the_key, 0, (int)token_count);
}

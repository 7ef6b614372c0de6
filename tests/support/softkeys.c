#include "support/softkeys.h"

#include "base/mem.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    uint8_t id[CS_KEY_ID_LEN];
    char *label;
    struct cs_key_spec spec;
    EVP_PKEY *pkey;
    bool exportable;
};

struct cert {
    uint8_t id[CS_KEY_ID_LEN]; /* zeroed for a CA's */
    struct cs_bytes der;
};

struct softkeys {
    struct cs_keystore port; /* first: the port's pointer is ours */
    struct cs_keystore_source source;
    struct cs_token_info info;
    struct pair *pairs;
    size_t pair_count;
    struct cert *certs;
    size_t cert_count;
    unsigned calls[CS_SOFTKEYS_OP_COUNT];
    unsigned fail_in; /* 0: never */
    unsigned fail_op_in[CS_SOFTKEYS_OP_COUNT];
    enum cs_softkeys_signature signature;
    int open_count;
};

static const char *const op_names[CS_SOFTKEYS_OP_COUNT] = {
    "check",   "generate",        "sign", "keep", "find", "put_certificate", "put_ca_certificate",
    "destroy", "has_certificate", "open",
};

static struct softkeys *softkeys_of(struct cs_keystore *store)
{
    return (struct softkeys *)store;
}

static const struct softkeys *softkeys_peek(const struct cs_keystore *store)
{
    return (const struct softkeys *)store;
}

/* Counts the call; CS_E_TOKEN_REFUSED when its turn to fail has come. */
static cs_rc begin(struct softkeys *soft, enum cs_softkeys_op op, struct cs_err *err)
{
    bool fails = soft->fail_in == 1 || soft->fail_op_in[op] == 1;

    soft->calls[op]++;
    soft->fail_in -= soft->fail_in > 0;
    soft->fail_op_in[op] -= soft->fail_op_in[op] > 0;
    if (fails) {
        return cs_fail(err, CS_E_TOKEN_REFUSED, "softkeys: %s fails as told", op_names[op]);
    }
    return CS_OK;
}

static struct pair *find_pair(struct softkeys *soft, const uint8_t *id)
{
    for (size_t i = 0; i < soft->pair_count; i++) {
        if (memcmp(soft->pairs[i].id, id, CS_KEY_ID_LEN) == 0) {
            return &soft->pairs[i];
        }
    }
    return NULL;
}

static struct cs_key *make_key(const struct pair *pair)
{
    struct cs_key *key = cs_alloc(1, sizeof *key);
    cs_autofree char *id = cs_hex(pair->id, CS_KEY_ID_LEN);
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pair->pkey, &der);

    memcpy(key->id, pair->id, CS_KEY_ID_LEN);
    key->label = cs_strdup(pair->label);
    key->uri = cs_asprintf("pkcs11:token=soft;object=%s;type=private", id);
    key->spec = pair->spec;
    key->spki = cs_bytes_copy(der, (size_t)len);
    OPENSSL_free(der);
    key->attrs.answer[CS_ATTR_LOCAL] = CS_TRUE;
    key->attrs.answer[CS_ATTR_SENSITIVE] = CS_TRUE;
    key->attrs.answer[CS_ATTR_SIGN] = CS_TRUE;
    key->attrs.answer[CS_ATTR_EXTRACTABLE] = pair->exportable ? CS_TRUE : CS_FALSE;
    key->generation = CS_GEN_TOKEN;
    return key;
}

static const struct cs_token_info *soft_info(const struct cs_keystore *store)
{
    return &softkeys_peek(store)->info;
}

static cs_rc soft_check(struct cs_keystore *store, const struct cs_key_spec *spec, bool exportable,
                        struct cs_err *err)
{
    (void)spec;
    (void)exportable;
    return begin(softkeys_of(store), CS_SOFTKEYS_CHECK, err);
}

static EVP_PKEY *make_pkey(const struct cs_key_spec *spec)
{
    switch (spec->alg) {
    case CS_KEY_EC_P256:
        return EVP_EC_gen("P-256");
    case CS_KEY_EC_P384:
        return EVP_EC_gen("P-384");
    case CS_KEY_EC_P521:
        return EVP_EC_gen("P-521");
    default:
        return EVP_RSA_gen(spec->bits);
    }
}

static cs_rc soft_generate(struct cs_keystore *store, const struct cs_key_request *request,
                           struct cs_key **ret_key, struct cs_err *err)
{
    struct softkeys *soft = softkeys_of(store);

    CS_TRY(begin(soft, CS_SOFTKEYS_GENERATE, err));
    struct pair pair = {.label = cs_strdup(request->label),
                        .spec = request->spec,
                        .pkey = make_pkey(&request->spec),
                        .exportable = request->exportable};
    memcpy(pair.id, request->id, CS_KEY_ID_LEN);
    soft->pairs = cs_realloc(soft->pairs, soft->pair_count + 1, sizeof *soft->pairs);
    soft->pairs[soft->pair_count++] = pair;
    *ret_key = make_key(&pair);
    return CS_OK;
}

static void spoil(struct softkeys *soft, struct cs_bytes *signature)
{
    if (soft->signature == CS_SOFTKEYS_WRONG) {
        signature->data[signature->len - 1] ^= 1;
    } else if (soft->signature == CS_SOFTKEYS_SHORT) {
        signature->len--;
    }
}

static cs_rc soft_sign(struct cs_keystore *store, struct cs_key *key, enum cs_digest algorithm,
                       const uint8_t *digest, struct cs_bytes *ret_signature, struct cs_err *err)
{
    struct softkeys *soft = softkeys_of(store);

    CS_TRY(begin(soft, CS_SOFTKEYS_SIGN, err));
    const struct pair *pair = find_pair(soft, key->id);
    if (!pair) {
        return cs_fail(err, CS_E_TOKEN_REFUSED, "softkeys: the key is gone");
    }
    uint8_t octets[1024];
    size_t len = sizeof octets;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair->pkey, NULL);
    bool good =
        ctx && EVP_PKEY_sign_init(ctx) == 1 &&
        (!cs_key_is_rsa(&pair->spec) ||
         EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(cs_digest_name(algorithm))) == 1 &&
        EVP_PKEY_sign(ctx, octets, &len, digest, cs_digest_len(algorithm)) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!good) {
        return cs_fail(err, CS_E_TOKEN_REFUSED, "softkeys: OpenSSL cannot sign");
    }
    *ret_signature = cs_bytes_copy(octets, len);
    spoil(soft, ret_signature);
    return CS_OK;
}

static cs_rc soft_keep(struct cs_keystore *store, struct cs_key *key, struct cs_err *err)
{
    (void)key;
    return begin(softkeys_of(store), CS_SOFTKEYS_KEEP, err);
}

static cs_rc soft_find(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                       struct cs_key **ret_key, struct cs_err *err)
{
    struct softkeys *soft = softkeys_of(store);

    CS_TRY(begin(soft, CS_SOFTKEYS_FIND, err));
    const struct pair *pair = find_pair(soft, id);
    *ret_key = pair ? make_key(pair) : NULL;
    return CS_OK;
}

static void put(struct softkeys *soft, const uint8_t *id, const struct cs_bytes *der)
{
    struct cert cert = {.der = cs_bytes_copy(der->data, der->len)};

    if (id) {
        memcpy(cert.id, id, CS_KEY_ID_LEN);
    }
    soft->certs = cs_realloc(soft->certs, soft->cert_count + 1, sizeof *soft->certs);
    soft->certs[soft->cert_count++] = cert;
}

static cs_rc soft_put_certificate(struct cs_keystore *store, const struct cs_key *key,
                                  const struct cs_bytes *der, struct cs_err *err)
{
    CS_TRY(begin(softkeys_of(store), CS_SOFTKEYS_PUT_CERTIFICATE, err));
    put(softkeys_of(store), key->id, der);
    return CS_OK;
}

static cs_rc soft_put_ca_certificate(struct cs_keystore *store, const struct cs_bytes *der,
                                     const char *label, struct cs_err *err)
{
    (void)label;
    CS_TRY(begin(softkeys_of(store), CS_SOFTKEYS_PUT_CA_CERTIFICATE, err));
    put(softkeys_of(store), NULL, der);
    return CS_OK;
}

static cs_rc soft_destroy(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                          size_t *ret_count, struct cs_err *err)
{
    struct softkeys *soft = softkeys_of(store);

    CS_TRY(begin(soft, CS_SOFTKEYS_DESTROY, err));
    struct pair *pair = find_pair(soft, id);
    *ret_count = pair ? 2 : 0;
    if (pair) {
        free(pair->label);
        EVP_PKEY_free(pair->pkey);
        *pair = soft->pairs[--soft->pair_count];
    }
    return CS_OK;
}

static cs_rc soft_has_certificate(struct cs_keystore *store, const uint8_t id[CS_KEY_ID_LEN],
                                  bool *ret_has, struct cs_err *err)
{
    struct softkeys *soft = softkeys_of(store);

    CS_TRY(begin(soft, CS_SOFTKEYS_HAS_CERTIFICATE, err));
    *ret_has = false;
    for (size_t i = 0; i < soft->cert_count; i++) {
        *ret_has |= memcmp(soft->certs[i].id, id, CS_KEY_ID_LEN) == 0;
    }
    return CS_OK;
}

static cs_rc soft_strays(struct cs_keystore *store, struct cs_stray_list *ret_list,
                         struct cs_err *err)
{
    (void)store;
    (void)err;
    *ret_list = (struct cs_stray_list){0};
    return CS_OK;
}

static cs_rc soft_remove_stray(struct cs_keystore *store, const char *name, size_t *ret_count,
                               struct cs_err *err)
{
    (void)store;
    (void)ret_count;
    return cs_fail(err, CS_E_TOKEN_ABSENT, "softkeys: nothing is called %s", name);
}

static void soft_key_free(struct cs_key *key)
{
    if (key) {
        free(key->label);
        free(key->uri);
        cs_bytes_done(&key->spki);
        free(key);
    }
}

static void soft_close(struct cs_keystore *store)
{
    softkeys_of(store)->open_count--;
}

static const struct cs_keystore_ops ops = {
    .info = soft_info,
    .check = soft_check,
    .generate = soft_generate,
    .sign = soft_sign,
    .keep = soft_keep,
    .find = soft_find,
    .put_certificate = soft_put_certificate,
    .put_ca_certificate = soft_put_ca_certificate,
    .destroy = soft_destroy,
    .has_certificate = soft_has_certificate,
    .strays = soft_strays,
    .remove_stray = soft_remove_stray,
    .key_free = soft_key_free,
    .close = soft_close,
};

static cs_rc soft_open(struct cs_keystore_source *source, struct cs_keystore **ret_store,
                       struct cs_err *err)
{
    char *at = (char *)source - offsetof(struct softkeys, source);
    struct softkeys *soft = (struct softkeys *)(void *)at;

    CS_TRY(begin(soft, CS_SOFTKEYS_OPEN, err));
    soft->open_count++;
    *ret_store = &soft->port;
    return CS_OK;
}

struct cs_keystore *cs_softkeys_new(void)
{
    struct softkeys *soft = cs_alloc(1, sizeof *soft);

    soft->port.ops = &ops;
    soft->source.open = soft_open;
    soft->info = (struct cs_token_info){
        .uri = cs_strdup("pkcs11:model=soft;manufacturer=tests;serial=1;token=soft"),
        .label = cs_strdup("soft"),
        .manufacturer = cs_strdup("tests"),
        .model = cs_strdup("soft"),
        .serial = cs_strdup("1"),
        .profile = cs_strdup("generic"),
    };
    return &soft->port;
}

void cs_softkeys_free(struct cs_keystore *store)
{
    struct softkeys *soft = softkeys_of(store);

    for (size_t i = 0; i < soft->pair_count; i++) {
        free(soft->pairs[i].label);
        EVP_PKEY_free(soft->pairs[i].pkey);
    }
    for (size_t i = 0; i < soft->cert_count; i++) {
        cs_bytes_done(&soft->certs[i].der);
    }
    free(soft->pairs);
    free(soft->certs);
    free(soft->info.uri);
    free(soft->info.label);
    free(soft->info.manufacturer);
    free(soft->info.model);
    free(soft->info.serial);
    free(soft->info.profile);
    free(soft);
}

struct cs_keystore_source *cs_softkeys_source(struct cs_keystore *store)
{
    return &softkeys_of(store)->source;
}

void cs_softkeys_fail_at(struct cs_keystore *store, unsigned nth)
{
    softkeys_of(store)->fail_in = nth;
}

void cs_softkeys_fail_op(struct cs_keystore *store, enum cs_softkeys_op op, unsigned nth)
{
    softkeys_of(store)->fail_op_in[op] = nth;
}

void cs_softkeys_signature(struct cs_keystore *store, enum cs_softkeys_signature signature)
{
    softkeys_of(store)->signature = signature;
}

unsigned cs_softkeys_calls(const struct cs_keystore *store, enum cs_softkeys_op op)
{
    return softkeys_peek(store)->calls[op];
}

int cs_softkeys_open_count(const struct cs_keystore *store)
{
    return softkeys_peek(store)->open_count;
}

size_t cs_softkeys_key_count(const struct cs_keystore *store)
{
    return softkeys_peek(store)->pair_count;
}

size_t cs_softkeys_cert_count(const struct cs_keystore *store)
{
    return softkeys_peek(store)->cert_count;
}

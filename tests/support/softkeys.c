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
    bool imported;
};

struct cert {
    uint8_t id[CS_KEY_ID_LEN]; /* zeroed for a CA's */
    struct cs_bytes der;
    char *label;
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
    "check",
    "generate",
    "sign",
    "keep",
    "find",
    "put_certificate",
    "put_ca_certificate",
    "destroy",
    "has_certificate",
    "open",
    "find_id",
    "put_certificate_at",
    "each_certificate",
    "import_key",
    "export_key",
    "transfer_key",
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
    key->attrs.answer[CS_ATTR_LOCAL] = pair->imported ? CS_FALSE : CS_TRUE;
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

/* An equal one that is there already is enough. */
static void put(struct softkeys *soft, const uint8_t *id, const char *label,
                const struct cs_bytes *der)
{
    for (size_t i = 0; i < soft->cert_count; i++) {
        if (cs_bytes_equal(&soft->certs[i].der, der)) {
            return;
        }
    }
    struct cert cert = {.der = cs_bytes_copy(der->data, der->len), .label = cs_strdup(label)};

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
    put(softkeys_of(store), key->id, key->label, der);
    return CS_OK;
}

static cs_rc soft_put_ca_certificate(struct cs_keystore *store, const struct cs_bytes *der,
                                     const char *label, struct cs_err *err)
{
    CS_TRY(begin(softkeys_of(store), CS_SOFTKEYS_PUT_CA_CERTIFICATE, err));
    put(softkeys_of(store), NULL, label, der);
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

static const struct pair *pair_of_spki(struct softkeys *soft, const struct cs_bytes *spki)
{
    for (size_t i = 0; i < soft->pair_count; i++) {
        struct cs_key *key = make_key(&soft->pairs[i]);
        bool same = cs_bytes_equal(&key->spki, spki);
        soft->port.ops->key_free(key);
        if (same) {
            return &soft->pairs[i];
        }
    }
    return NULL;
}

static cs_rc soft_find_id(struct cs_keystore *store, const struct cs_bytes *spki,
                          struct cs_bytes *ret_id, struct cs_err *err)
{
    struct softkeys *soft = softkeys_of(store);

    CS_TRY(begin(soft, CS_SOFTKEYS_FIND_ID, err));
    const struct pair *pair = pair_of_spki(soft, spki);
    *ret_id = pair ? cs_bytes_copy(pair->id, CS_KEY_ID_LEN) : (struct cs_bytes){0};
    return CS_OK;
}

static cs_rc soft_put_certificate_at(struct cs_keystore *store, const struct cs_bytes *id,
                                     const char *label, const struct cs_bytes *der,
                                     struct cs_err *err)
{
    struct softkeys *soft = softkeys_of(store);

    CS_TRY(begin(soft, CS_SOFTKEYS_PUT_CERTIFICATE_AT, err));
    const struct pair *pair = find_pair(soft, id->data);
    if (!pair) {
        return cs_fail(err, CS_E_TOKEN_ABSENT, "softkeys: no key has this ID");
    }
    put(soft, id->data, label ? label : pair->label, der);
    return CS_OK;
}

static cs_rc soft_each_certificate(struct cs_keystore *store, cs_certificate_fn each, void *ctx,
                                   struct cs_err *err)
{
    static const uint8_t of_ca[CS_KEY_ID_LEN];
    struct softkeys *soft = softkeys_of(store);

    CS_TRY(begin(soft, CS_SOFTKEYS_EACH_CERTIFICATE, err));
    for (size_t i = 0; i < soft->cert_count; i++) {
        struct cert *cert = &soft->certs[i];
        const struct pair *pair = find_pair(soft, cert->id);
        bool is_ca = memcmp(cert->id, of_ca, sizeof of_ca) == 0;
        cs_autofree char *uri = cs_asprintf("pkcs11:token=soft;object=%zu;type=cert", i);
        const struct cs_certificate_object object = {
            .der = cert->der,
            .id = {cert->id, is_ca ? 0 : CS_KEY_ID_LEN},
            .label = cert->label ? cert->label : "",
            .uri = uri,
            .has_private_key = pair != NULL,
            .local = !pair            ? CS_UNKNOWN
                     : pair->imported ? CS_FALSE
                                      : CS_TRUE,
        };
        CS_TRY(each(ctx, &object, err));
    }
    return CS_OK;
}

static cs_rc read_pkcs8(void *ctx, const uint8_t *data, size_t len, struct cs_err *err)
{
    EVP_PKEY **pkey = ctx;

    *pkey = d2i_AutoPrivateKey(NULL, &data, (long)len);
    return *pkey ? CS_OK : cs_fail(err, CS_E_INPUT, "softkeys: no private key");
}

static cs_rc soft_import_key(struct cs_keystore *store, const struct cs_key_request *request,
                             const struct cs_secret *pkcs8, struct cs_key **ret_key,
                             struct cs_err *err)
{
    struct softkeys *soft = softkeys_of(store);
    struct pair pair = {.spec = request->spec, .exportable = request->exportable, .imported = true};

    CS_TRY(begin(soft, CS_SOFTKEYS_IMPORT_KEY, err));
    CS_TRY(cs_secret_lend(pkcs8, read_pkcs8, &pair.pkey, err));
    pair.label = cs_strdup(request->label);
    memcpy(pair.id, request->id, CS_KEY_ID_LEN);
    soft->pairs = cs_realloc(soft->pairs, soft->pair_count + 1, sizeof *soft->pairs);
    soft->pairs[soft->pair_count++] = pair;
    *ret_key = make_key(&pair);
    return CS_OK;
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

/* A cs_secret_fill_fn; @ctx is a PKCS8_PRIV_KEY_INFO of that length. */
static cs_rc encode_key(void *ctx, unsigned char *octets, size_t size, size_t *ret_len,
                        struct cs_err *err)
{
    unsigned char *at = octets;

    (void)size;
    (void)err;
    *ret_len = (size_t)i2d_PKCS8_PRIV_KEY_INFO(ctx, &at);
    return CS_OK;
}

static cs_rc soft_export_key(struct cs_keystore *store, struct cs_key *key,
                             struct cs_secret **ret_pkcs8, char **ret_how, struct cs_err *err)
{
    struct softkeys *soft = softkeys_of(store);

    CS_TRY(begin(soft, CS_SOFTKEYS_EXPORT_KEY, err));
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(find_pair(soft, key->id)->pkey);
    size_t len = (size_t)i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
    cs_rc rc = cs_secret_make(len, encode_key, info, ret_pkcs8, err);
    PKCS8_PRIV_KEY_INFO_free(info);
    if (rc == CS_OK) {
        *ret_how = cs_strdup("softkeys");
    }
    return rc;
}

static cs_rc soft_transfer_key(struct cs_keystore *store, struct cs_key *key,
                               struct cs_keystore *target, const struct cs_key_request *request,
                               struct cs_key **ret_key, char **ret_how, struct cs_err *err)
{
    struct softkeys *soft = softkeys_of(store);
    struct softkeys *other = softkeys_of(target);

    CS_TRY(begin(soft, CS_SOFTKEYS_TRANSFER_KEY, err));
    struct pair pair = {.label = cs_strdup(request->label),
                        .spec = request->spec,
                        .pkey = find_pair(soft, key->id)->pkey,
                        .exportable = request->exportable,
                        .imported = true};
    EVP_PKEY_up_ref(pair.pkey);
    memcpy(pair.id, request->id, CS_KEY_ID_LEN);
    other->pairs = cs_realloc(other->pairs, other->pair_count + 1, sizeof *other->pairs);
    other->pairs[other->pair_count++] = pair;
    *ret_key = make_key(&pair);
    *ret_how = cs_strdup("softkeys");
    return CS_OK;
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
    .find_id = soft_find_id,
    .put_certificate_at = soft_put_certificate_at,
    .each_certificate = soft_each_certificate,
    .import_key = soft_import_key,
    .strays = soft_strays,
    .remove_stray = soft_remove_stray,
    .export_key = soft_export_key,
    .transfer_key = soft_transfer_key,
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

/* Each has a serial number of its own. */
static unsigned token_count;

struct cs_keystore *cs_softkeys_new(void)
{
    struct softkeys *soft = cs_alloc(1, sizeof *soft);

    token_count++;
    soft->port.ops = &ops;
    soft->source.open = soft_open;
    soft->info = (struct cs_token_info){
        .uri =
            cs_asprintf("pkcs11:model=soft;manufacturer=tests;serial=%u;token=soft", token_count),
        .label = cs_strdup("soft"),
        .manufacturer = cs_strdup("tests"),
        .model = cs_strdup("soft"),
        .serial = cs_asprintf("%u", token_count),
        .profile = cs_strdup("generic"),
    };
    return &soft->port;
}

void cs_softkeys_free(struct cs_keystore *store)
{
    struct softkeys *soft = softkeys_of(store);

    token_count--;
    for (size_t i = 0; i < soft->pair_count; i++) {
        free(soft->pairs[i].label);
        EVP_PKEY_free(soft->pairs[i].pkey);
    }
    cs_softkeys_drop_certificates(store);
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

void cs_softkeys_drop_certificates(struct cs_keystore *store)
{
    struct softkeys *soft = softkeys_of(store);

    for (size_t i = 0; i < soft->cert_count; i++) {
        cs_bytes_done(&soft->certs[i].der);
        free(soft->certs[i].label);
    }
    soft->cert_count = 0;
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

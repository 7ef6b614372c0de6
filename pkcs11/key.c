#include "pkcs11/key.h"

#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/ckr.h"
#include "pkcs11/object.h"
#include "pkcs11/uri_internal.h"
#include "x509/cert.h"
#include "x509/spki.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_MAX    1024
#define MODULUS_MAX  2048 /* octets: RSA-16384 */
#define EXPONENT_MAX 512
#define POINT_MAX    512
#define PARAMS_MAX   64

struct cs_token_key *cs_token_key_new(void)
{
    struct cs_token_key *key = cs_alloc(1, sizeof *key);

    key->private_key = CK_INVALID_HANDLE;
    key->public_key = CK_INVALID_HANDLE;
    return key;
}

void cs_token_key_free(struct cs_token_key *key)
{
    if (key) {
        free(key->base.label);
        free(key->base.uri);
        cs_bytes_done(&key->base.spki);
        free(key);
    }
}

static cs_rc fail_public(const struct cs_token *token, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_TOKEN_REFUSED,
                        "put the public key or a certificate of it beside the private key, under "
                        "its CKA_ID, or use another token",
                        "the token \"%s\" does not tell the public half of a key",
                        token->info.label);
}

static bool is_id(const CK_ATTRIBUTE *attribute, const uint8_t *id)
{
    return attribute->ulValueLen == CS_KEY_ID_LEN &&
           memcmp(attribute->pValue, id, CS_KEY_ID_LEN) == 0;
}

static cs_rc read_rsa(struct cs_token *token, CK_OBJECT_HANDLE object, struct cs_token_key *key,
                      bool *ret_same_id, struct cs_err *err)
{
    uint8_t modulus[MODULUS_MAX];
    uint8_t exponent[EXPONENT_MAX];
    uint8_t id[CS_KEY_ID_LEN];
    CK_ATTRIBUTE attributes[] = {{CKA_MODULUS, modulus, sizeof modulus},
                                 {CKA_PUBLIC_EXPONENT, exponent, sizeof exponent},
                                 {CKA_ID, id, sizeof id}};

    CS_TRY(cs_attrs_read(token, object, attributes, 3, err));
    if (!cs_attrs_has(&attributes[0]) || !cs_attrs_has(&attributes[1])) {
        return fail_public(token, err);
    }
    *ret_same_id = is_id(&attributes[2], key->base.id);
    return cs_spki_from_rsa(modulus, attributes[0].ulValueLen, exponent, attributes[1].ulValueLen,
                            &key->base.spec, &key->base.spki, err);
}

static cs_rc read_ec(struct cs_token *token, CK_OBJECT_HANDLE object, struct cs_token_key *key,
                     bool *ret_same_id, struct cs_err *err)
{
    uint8_t point[POINT_MAX];
    uint8_t id[CS_KEY_ID_LEN];
    CK_ATTRIBUTE attributes[] = {{CKA_EC_POINT, point, sizeof point}, {CKA_ID, id, sizeof id}};

    CS_TRY(cs_attrs_read(token, object, attributes, 2, err));
    if (!cs_attrs_has(&attributes[0])) {
        return fail_public(token, err);
    }
    *ret_same_id = is_id(&attributes[1], key->base.id);
    return cs_spki_from_ec_point(point, attributes[0].ulValueLen, &key->base.spec, &key->base.spki,
                                 err);
}

cs_rc cs_key_read_public(struct cs_token *token, CK_OBJECT_HANDLE object, struct cs_token_key *key,
                         bool *ret_same_id, struct cs_err *err)
{
    cs_bytes_done(&key->base.spki);
    return cs_key_is_rsa(&key->base.spec) ? read_rsa(token, object, key, ret_same_id, err)
                                          : read_ec(token, object, key, ret_same_id, err);
}

/* ---- finding ---- */

/* What carries one CKA_ID. */
struct found {
    CK_OBJECT_HANDLE private_key;
    CK_OBJECT_HANDLE public_keys[CS_SAME_ID_MAX];
    CK_OBJECT_HANDLE certificate;
    size_t private_count;
    size_t public_count;
};

static cs_rc sort_objects(struct cs_token *token, const uint8_t *id, struct found *ret_found,
                          struct cs_err *err)
{
    CK_OBJECT_HANDLE handles[CS_SAME_ID_MAX];
    uint8_t copy[CS_KEY_ID_LEN];
    CK_ATTRIBUTE wanted = {CKA_ID, copy, sizeof copy};
    size_t count;

    memcpy(copy, id, sizeof copy);
    CS_TRY(cs_object_find(token, &wanted, 1, handles, CS_SAME_ID_MAX, &count, err));
    for (size_t i = 0; i < count; i++) {
        CK_OBJECT_CLASS class = 0;
        uint8_t own_id[CS_KEY_ID_LEN];
        CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &class, sizeof class},
                                     {CKA_ID, own_id, sizeof own_id}};
        CS_TRY(cs_attrs_read(token, handles[i], attributes, 2, err));
        if (attributes[0].ulValueLen != sizeof class || !is_id(&attributes[1], id)) {
            continue;
        }
        if (class == CKO_PRIVATE_KEY) {
            ret_found->private_key = handles[i];
            ret_found->private_count++;
        } else if (class == CKO_PUBLIC_KEY) {
            ret_found->public_keys[ret_found->public_count++] = handles[i];
        } else if (class == CKO_CERTIFICATE) {
            ret_found->certificate = handles[i];
        }
    }
    return CS_OK;
}

static unsigned bit_length(const uint8_t *octets, size_t len)
{
    while (len && *octets == 0) {
        octets++;
        len--;
    }
    unsigned bits = (unsigned)len * 8;
    for (uint8_t mask = 0x80; len && !(*octets & mask); mask >>= 1) {
        bits--;
    }
    return bits;
}

static bool spec_of_curve(const CK_ATTRIBUTE *params, struct cs_key_spec *ret_spec)
{
    static const struct cs_key_spec curves[] = {
        {CS_KEY_EC_P256, 256}, {CS_KEY_EC_P384, 384}, {CS_KEY_EC_P521, 521}};

    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        size_t len;
        const uint8_t *oid = cs_curve_oid(&curves[i], &len);
        if (params->ulValueLen == len && memcmp(params->pValue, oid, len) == 0) {
            *ret_spec = curves[i];
            return true;
        }
    }
    return false;
}

/* Which key @object is; *ret_known is false if it does not say so or it is no kind of ours. */
static cs_rc read_spec(struct cs_token *token, CK_OBJECT_HANDLE object,
                       struct cs_key_spec *ret_spec, bool *ret_known, struct cs_err *err)
{
    CK_KEY_TYPE type = 0;
    uint8_t modulus[MODULUS_MAX];
    uint8_t params[PARAMS_MAX];
    CK_ATTRIBUTE attributes[] = {{CKA_KEY_TYPE, &type, sizeof type},
                                 {CKA_MODULUS, modulus, sizeof modulus},
                                 {CKA_EC_PARAMS, params, sizeof params}};

    *ret_known = false;
    CS_TRY(cs_attrs_read(token, object, attributes, 3, err));
    if (attributes[0].ulValueLen != sizeof type) {
        return CS_OK;
    }
    if (type == CKK_RSA && cs_attrs_has(&attributes[1])) {
        *ret_spec = (struct cs_key_spec){.alg = CS_KEY_RSA,
                                         .bits = bit_length(modulus, attributes[1].ulValueLen)};
        *ret_known = true;
    } else if (type == CKK_EC && cs_attrs_has(&attributes[2])) {
        *ret_known = spec_of_curve(&attributes[2], ret_spec);
    }
    return CS_OK;
}

static cs_rc public_of_certificate(struct cs_token *token, CK_OBJECT_HANDLE certificate,
                                   struct cs_token_key *key, struct cs_err *err)
{
    cs_auto_value(cs_cert_parts) parts = {0};
    cs_auto_value(cs_bytes) der = {.data = cs_alloc(CS_ATTRIBUTE_MAX, 1)};
    CK_ATTRIBUTE value = {CKA_VALUE, der.data, CS_ATTRIBUTE_MAX};

    CS_TRY(cs_attrs_read(token, certificate, &value, 1, err));
    if (!cs_attrs_has(&value)) {
        return fail_public(token, err);
    }
    der.len = value.ulValueLen;
    CS_TRY(cs_cert_parts_read(&der, &parts, err));
    CS_TRY(cs_spki_spec(&parts.spki, &key->base.spec, err));
    key->base.spki = cs_bytes_steal(&parts.spki);
    return CS_OK;
}

static cs_rc fail_publics(const struct cs_token *token, const struct cs_token_key *key,
                          struct cs_err *err)
{
    cs_autofree char *hex = cs_hex(key->base.id, CS_KEY_ID_LEN);

    return cs_fail_hint(err, CS_E_TOKEN_REFUSED, "remove the wrong one with the token's own tool",
                        "public keys of different pairs on the token \"%s\" have the CKA_ID %s",
                        token->info.label, hex);
}

/* A public key with the CKA_ID of another one must not pass for its half. */
static cs_rc public_of_objects(struct cs_token *token, const CK_OBJECT_HANDLE *objects,
                               size_t count, struct cs_token_key *key, struct cs_err *err)
{
    for (size_t i = 0; i < count; i++) {
        cs_auto(cs_token_key) other = cs_token_key_new();
        bool known;
        bool same_id;

        memcpy(other->base.id, key->base.id, CS_KEY_ID_LEN);
        CS_TRY(read_spec(token, objects[i], &other->base.spec, &known, err));
        if (!known || cs_key_read_public(token, objects[i], other, &same_id, NULL) != CS_OK) {
            continue;
        }
        if (!key->base.spki.len) {
            key->base.spec = other->base.spec;
            key->base.spki = cs_bytes_steal(&other->base.spki);
        } else if (!cs_bytes_equal(&key->base.spki, &other->base.spki)) {
            return fail_publics(token, key, err);
        }
    }
    return CS_OK;
}

/* From the public object; without one from the private object (some tokens tell it there too) or
 * from the certificate. */
static cs_rc find_public(struct cs_token *token, const struct found *found,
                         struct cs_token_key *key, struct cs_err *err)
{
    CS_TRY(public_of_objects(token, found->public_keys, found->public_count, key, err));
    if (!key->base.spki.len) {
        CS_TRY(public_of_objects(token, &found->private_key, 1, key, err));
    }
    if (key->base.spki.len) {
        return CS_OK;
    }
    if (found->certificate != CK_INVALID_HANDLE) {
        return public_of_certificate(token, found->certificate, key, err);
    }
    return fail_public(token, err);
}

static cs_rc read_label(struct cs_token *token, struct cs_token_key *key, struct cs_err *err)
{
    char label[LABEL_MAX];
    CK_ATTRIBUTE attribute = {CKA_LABEL, label, sizeof label};

    CS_TRY(cs_attrs_read(token, key->private_key, &attribute, 1, err));
    key->base.label = cs_strndup(label, cs_attrs_has(&attribute) ? attribute.ulValueLen : 0);
    return CS_OK;
}

cs_rc cs_key_find(struct cs_token *token, const uint8_t id[CS_KEY_ID_LEN],
                  struct cs_token_key **ret_key, struct cs_err *err)
{
    cs_auto(cs_token_key) key = cs_token_key_new();
    struct found found = {.private_key = CK_INVALID_HANDLE, .certificate = CK_INVALID_HANDLE};
    bool same_id;

    CS_TRY(sort_objects(token, id, &found, err));
    if (found.private_count == 0) {
        *ret_key = NULL;
        return CS_OK;
    }
    if (found.private_count > 1) {
        cs_autofree char *hex = cs_hex(id, CS_KEY_ID_LEN);
        return cs_fail_hint(err, CS_E_TOKEN_REFUSED,
                            "remove the wrong one with the token's own tool",
                            "%zu private keys on the token \"%s\" have the CKA_ID %s",
                            found.private_count, token->info.label, hex);
    }
    memcpy(key->base.id, id, CS_KEY_ID_LEN);
    key->private_key = found.private_key;
    key->public_key = found.public_count ? found.public_keys[0] : CK_INVALID_HANDLE;
    key->base.generation = CS_GEN_TOKEN;
    CS_TRY(cs_attrs_of_key(token, key->private_key, id, &key->base.attrs, &same_id, err));
    CS_TRY(read_label(token, key, err));
    CS_TRY(find_public(token, &found, key, err));
    key->base.uri = cs_uri_of_key(&token->ck_info, id, CS_KEY_ID_LEN);
    *ret_key = cs_steal(&key);
    return CS_OK;
}

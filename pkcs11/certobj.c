#include "pkcs11/certobj.h"

#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/ckr.h"
#include "pkcs11/object.h"
#include "x509/cert.h"

#include <stdlib.h>
#include <string.h>

/* One of @handles holds exactly these octets. */
static cs_rc has_equal(struct cs_token *token, const CK_OBJECT_HANDLE *handles, size_t count,
                       const struct cs_bytes *der, bool *ret_has, struct cs_err *err)
{
    cs_autofree uint8_t *value = cs_alloc(der->len, 1);

    *ret_has = false;
    for (size_t i = 0; i < count && !*ret_has; i++) {
        CK_ATTRIBUTE attribute = {CKA_VALUE, value, der->len};
        CS_TRY(cs_attrs_read(token, handles[i], &attribute, 1, err));
        *ret_has = attribute.ulValueLen == der->len && memcmp(value, der->data, der->len) == 0;
    }
    return CS_OK;
}

static cs_rc is_there(struct cs_token *token, const uint8_t *id, size_t id_len,
                      const struct cs_bytes *der, bool *ret_is, size_t *ret_others,
                      struct cs_err *err)
{
    CK_OBJECT_HANDLE handles[CS_SAME_ID_MAX];

    CS_TRY(cs_object_find_id(token, CKO_CERTIFICATE, id, id_len, handles, CS_SAME_ID_MAX,
                             ret_others, err));
    return has_equal(token, handles, *ret_others, der, ret_is, err);
}

/* Cards hold one certificate of a CKA_ID, and say of the second nothing that would tell. */
static cs_rc fail_put(const struct cs_token *token, size_t others, CK_RV rv, struct cs_err *err)
{
    cs_err_set(err, cs_ckr_code(rv), "the token \"%s\" does not take the certificate",
               token->info.label);
    if (others > 0 && (rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED)) {
        cs_err_hint(err, "it has another certificate of this key and may hold one of a key only: "
                         "remove that with the token's own tool, or request with a new key");
    }
    cs_err_cause_ckr(err, "C_CreateObject", rv);
    return cs_ckr_code(rv);
}

/* A template's values are not written to. */
static CK_ATTRIBUTE attribute_of(CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    return (CK_ATTRIBUTE){type, (void *)(uintptr_t)value, len};
}

static CK_ATTRIBUTE attribute_of_bytes(CK_ATTRIBUTE_TYPE type, const struct cs_bytes *bytes)
{
    return attribute_of(type, bytes->data, bytes->len);
}

static CK_RV create(struct cs_token *token, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;

    return cs_ck(token, C_CreateObject, token->session, attributes, count, &made);
}

cs_rc cs_certobj_put(struct cs_token *token, const uint8_t *id, size_t id_len, const char *label,
                     const struct cs_bytes *der, CK_OBJECT_HANDLE private_key, struct cs_err *err)
{
    cs_auto_value(cs_cert_parts) parts = {0};
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL private = CK_FALSE;
    size_t others;
    bool done;

    CS_TRY(cs_cert_parts_read(der, &parts, err));
    CS_TRY(is_there(token, id, id_len, der, &done, &others, err));
    if (done) {
        return CS_OK;
    }
    CK_ATTRIBUTE attributes[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_CERTIFICATE_TYPE, &type, sizeof type},
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &private, sizeof private},
        attribute_of(CKA_ID, id, id_len),
        attribute_of(CKA_LABEL, label, strlen(label)),
        attribute_of_bytes(CKA_SUBJECT, &parts.subject),
        attribute_of_bytes(CKA_ISSUER, &parts.issuer),
        attribute_of_bytes(CKA_SERIAL_NUMBER, &parts.serial),
        attribute_of_bytes(CKA_VALUE, der),
    };
    CK_ULONG count = sizeof attributes / sizeof *attributes;
    CK_RV rv = create(token, attributes, count);
    if (rv == CKR_TEMPLATE_INCONSISTENT || rv == CKR_ATTRIBUTE_VALUE_INVALID) {
        private = CK_TRUE;
        rv = create(token, attributes, count);
    }
    if (rv != CKR_OK) {
        return fail_put(token, others, rv, err);
    }
    if (private_key != CK_INVALID_HANDLE) {
        /* Other programs find the key by it; a token that does not want it is none the worse. */
        CK_ATTRIBUTE subject = attribute_of_bytes(CKA_SUBJECT, &parts.subject);
        cs_ck(token, C_SetAttributeValue, token->session, private_key, &subject, 1);
    }
    return CS_OK;
}

cs_rc cs_certobj_put_ca(struct cs_token *token, const struct cs_bytes *der, const char *label,
                        struct cs_err *err)
{
    cs_auto_value(cs_cert_parts) parts = {0};

    CS_TRY(cs_cert_parts_read(der, &parts, err));
    return cs_certobj_put(token, parts.key_sha1.data, parts.key_sha1.len, label, der,
                          CK_INVALID_HANDLE, err);
}

cs_rc cs_certobj_has(struct cs_token *token, const uint8_t id[CS_KEY_ID_LEN], bool *ret_has,
                     struct cs_err *err)
{
    CK_OBJECT_HANDLE handle;
    size_t count;

    CS_TRY(cs_object_find_id(token, CKO_CERTIFICATE, id, CS_KEY_ID_LEN, &handle, 1, &count, err));
    *ret_has = count > 0;
    return CS_OK;
}

#include "pkcs11/attrs.h"

#include "pkcs11/ckr.h"

#include <assert.h>
#include <string.h>

/* What no honest value consists of wholly: marks buffers that the module left alone. */
#define UNTOUCHED 0xa5

static const CK_ATTRIBUTE_TYPE types[CS_KEY_ATTR_COUNT] = {
#define KEY_ATTR_TYPE(word, name) [CS_ATTR_##word] = CKA_##word,
    CS_KEY_ATTRS(KEY_ATTR_TYPE)
#undef KEY_ATTR_TYPE
};

/* The token is there, but does not want to answer this; some fail a whole call for one attribute.
 */
static bool is_refusal(CK_RV rv)
{
    switch (rv) {
    case CKR_ATTRIBUTE_TYPE_INVALID:
    case CKR_ATTRIBUTE_SENSITIVE:
    case CKR_ATTRIBUTE_VALUE_INVALID:
    case CKR_BUFFER_TOO_SMALL:
    case CKR_ARGUMENTS_BAD:
    case CKR_GENERAL_ERROR:
    case CKR_FUNCTION_FAILED:
        return true;
    default:
        return false;
    }
}

static cs_rc fail_read(CK_RV rv, struct cs_err *err)
{
    return cs_fail_ckr(err, cs_ckr_code(rv), "C_GetAttributeValue", rv,
                       "the token does not tell the attributes of an object");
}

static bool is_untouched(const CK_ATTRIBUTE *attribute)
{
    const uint8_t *octets = attribute->pValue;

    for (CK_ULONG i = 0; i < attribute->ulValueLen; i++) {
        if (octets[i] != UNTOUCHED) {
            return false;
        }
    }
    return attribute->ulValueLen > 0;
}

/* A module may answer with any length, and stop at the first attribute that it does not know. */
static bool is_answered(const CK_ATTRIBUTE *attribute, CK_ULONG size, CK_RV rv)
{
    return attribute->ulValueLen <= size && (rv == CKR_OK || !is_untouched(attribute));
}

static void prepare(CK_ATTRIBUTE *attribute, CK_ULONG size)
{
    attribute->ulValueLen = size;
    memset(attribute->pValue, UNTOUCHED, size);
}

static cs_rc read_one(struct cs_token *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attribute,
                      CK_ULONG size, struct cs_err *err)
{
    prepare(attribute, size);
    CK_RV rv = cs_ck(token, C_GetAttributeValue, token->session, object, attribute, 1);
    if (rv != CKR_OK && !is_refusal(rv)) {
        return fail_read(rv, err);
    }
    if (rv != CKR_OK || !is_answered(attribute, size, rv)) {
        attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
    }
    return CS_OK;
}

cs_rc cs_attrs_read(struct cs_token *token, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes,
                    size_t count, struct cs_err *err)
{
    CK_ULONG sizes[CS_ATTRS_MAX];

    assert(count <= CS_ATTRS_MAX);
    for (size_t i = 0; i < count; i++) {
        sizes[i] = attributes[i].ulValueLen;
        prepare(&attributes[i], sizes[i]);
    }
    CK_RV rv = cs_ck(token, C_GetAttributeValue, token->session, object, attributes, count);
    if (rv != CKR_OK && !is_refusal(rv)) {
        return fail_read(rv, err);
    }
    for (size_t i = 0; i < count; i++) {
        if (is_answered(&attributes[i], sizes[i], rv)) {
            continue;
        }
        if (rv == CKR_OK || attributes[i].ulValueLen == CK_UNAVAILABLE_INFORMATION) {
            attributes[i].ulValueLen = CK_UNAVAILABLE_INFORMATION;
            continue;
        }
        CS_TRY(read_one(token, object, &attributes[i], sizes[i], err));
    }
    return CS_OK;
}

static enum cs_answer answer_of(const CK_ATTRIBUTE *attribute)
{
    const CK_BBOOL *value = attribute->pValue;

    /* A module that says OK and writes nothing has not answered. */
    if (attribute->ulValueLen != sizeof *value || *value == UNTOUCHED) {
        return CS_UNKNOWN;
    }
    return *value ? CS_TRUE : CS_FALSE;
}

cs_rc cs_attrs_of_key(struct cs_token *token, CK_OBJECT_HANDLE private_key,
                      const uint8_t id[CS_KEY_ID_LEN], struct cs_key_attrs *ret_attrs,
                      bool *ret_same_id, struct cs_err *err)
{
    CK_BBOOL values[CS_KEY_ATTR_COUNT];
    CK_MECHANISM_TYPE mechanism = 0;
    uint8_t found_id[CS_KEY_ID_LEN];
    CK_ATTRIBUTE attributes[CS_KEY_ATTR_COUNT + 2];
    struct cs_key_attrs result = {0};

    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        attributes[i] = (CK_ATTRIBUTE){types[i], &values[i], sizeof values[i]};
    }
    CK_ATTRIBUTE *made_by = &attributes[CS_KEY_ATTR_COUNT];
    CK_ATTRIBUTE *key_id = made_by + 1;
    *made_by = (CK_ATTRIBUTE){CKA_KEY_GEN_MECHANISM, &mechanism, sizeof mechanism};
    *key_id = (CK_ATTRIBUTE){CKA_ID, found_id, sizeof found_id};
    CS_TRY(cs_attrs_read(token, private_key, attributes, CS_KEY_ATTR_COUNT + 2, err));

    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        result.answer[i] = answer_of(&attributes[i]);
        result.unreliable[i] = token->profile.unreliable[i];
    }
    result.gen_mechanism_known =
        made_by->ulValueLen == sizeof mechanism && mechanism != CK_UNAVAILABLE_INFORMATION;
    result.gen_mechanism = result.gen_mechanism_known ? mechanism : 0;
    *ret_same_id =
        key_id->ulValueLen == sizeof found_id && memcmp(found_id, id, sizeof found_id) == 0;
    *ret_attrs = result;
    return CS_OK;
}

/* The private key of a public one. */
#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/certlist.h"
#include "pkcs11/object.h"
#include "x509/spki.h"

#include <stdlib.h>
#include <string.h>

#define ID_MAX 256

/* A value by which one half of the pair is found. */
struct mark {
    CK_OBJECT_CLASS class;
    CK_ATTRIBUTE_TYPE type;
    const struct cs_bytes *value; /* not empty */
};

/* The CKA_ID of @object if it is what was looked for; empty if not, or if it has none. */
static cs_rc read_id(struct cs_token *token, CK_OBJECT_HANDLE object, const struct mark *mark,
                     struct cs_bytes *ret_id, struct cs_err *err)
{
    cs_autofree uint8_t *value = cs_alloc(mark->value->len, 1);
    CK_OBJECT_CLASS class = 0;
    uint8_t id[ID_MAX];
    CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &class, sizeof class},
                                 {CKA_ID, id, sizeof id},
                                 {mark->type, value, mark->value->len}};

    CS_TRY(cs_attrs_read(token, object, attributes, 3, err));
    const struct cs_bytes found = {value, attributes[2].ulValueLen};
    bool meant = attributes[0].ulValueLen == sizeof class && class == mark->class &&
                 cs_attrs_has(&attributes[1]) && cs_attrs_has(&attributes[2]) &&
                 cs_bytes_equal(&found, mark->value);
    if (meant && attributes[1].ulValueLen > 0) {
        *ret_id = cs_bytes_copy(id, attributes[1].ulValueLen);
    }
    return CS_OK;
}

static cs_rc has_private(struct cs_token *token, const struct cs_bytes *id, bool *ret_has,
                         struct cs_err *err)
{
    CK_OBJECT_HANDLE handle;
    size_t count = 0;

    CS_TRY(cs_object_find_id(token, CKO_PRIVATE_KEY, id->data, id->len, &handle, 1, &count, err));
    *ret_has = count > 0;
    return CS_OK;
}

/* The CKA_ID of the first that fits and whose private half is there. */
static cs_rc find_by(struct cs_token *token, const struct mark *mark, struct cs_bytes *ret_id,
                     struct cs_err *err)
{
    CK_OBJECT_HANDLE handles[CS_SAME_ID_MAX];
    CK_OBJECT_CLASS class = mark->class;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof class},
                             {mark->type, mark->value->data, mark->value->len}};
    size_t count = 0;

    CS_TRY(cs_object_find(token, wanted, 2, handles, CS_SAME_ID_MAX, &count, err));
    for (size_t i = 0; i < count; i++) {
        cs_auto_value(cs_bytes) id = {0};
        bool has = false;
        CS_TRY(read_id(token, handles[i], mark, &id, err));
        if (id.len) {
            CS_TRY(has_private(token, &id, &has, err));
        }
        if (has) {
            *ret_id = cs_bytes_steal(&id);
            return CS_OK;
        }
    }
    return CS_OK;
}

/* Private keys of RSA tell their modulus; those of EC tell their point on few tokens only, and some
 * modules tell it bare. */
cs_rc cs_certlist_find_id(struct cs_token *token, const struct cs_bytes *spki,
                          struct cs_bytes *ret_id, struct cs_err *err)
{
    cs_auto_value(cs_bytes) public = {0};
    cs_auto_value(cs_bytes) wrapped = {0};
    struct cs_key_spec spec;

    CS_TRY(cs_spki_public(spki, &spec, &public, NULL, err));
    if (!cs_key_is_rsa(&spec)) {
        wrapped = cs_spki_point_der(&public);
    }
    const struct mark rsa[] = {{CKO_PRIVATE_KEY, CKA_MODULUS, &public},
                               {CKO_PUBLIC_KEY, CKA_MODULUS, &public}};
    const struct mark ec[] = {{CKO_PUBLIC_KEY, CKA_EC_POINT, &wrapped},
                              {CKO_PUBLIC_KEY, CKA_EC_POINT, &public},
                              {CKO_PRIVATE_KEY, CKA_EC_POINT, &wrapped}};
    const struct mark *marks = cs_key_is_rsa(&spec) ? rsa : ec;
    size_t count = cs_key_is_rsa(&spec) ? 2 : 3;
    cs_auto_value(cs_bytes) id = {0};
    for (size_t i = 0; i < count && id.len == 0; i++) {
        CS_TRY(find_by(token, &marks[i], &id, err));
    }
    *ret_id = cs_bytes_steal(&id);
    return CS_OK;
}

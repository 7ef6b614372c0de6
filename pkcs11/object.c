#include "pkcs11/object.h"

#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/ckr.h"

#include <stdlib.h>
#include <string.h>

/* Handles asked for at once. */
#define BATCH 256

static cs_rc find_rest(struct cs_token *token, CK_OBJECT_HANDLE *ret_handles, size_t max,
                       size_t *ret_count, struct cs_err *err)
{
    size_t total = 0;

    while (total < max) {
        CK_ULONG room = max - total < BATCH ? max - total : BATCH;
        CK_ULONG found = 0;
        CK_RV rv = cs_ck(token, C_FindObjects, token->session, ret_handles + total, room, &found);
        if (rv != CKR_OK || found > room) {
            return cs_fail_ckr(err, cs_ckr_code(rv), "C_FindObjects", rv,
                               "the token does not list its objects");
        }
        if (found == 0) {
            break;
        }
        total += found;
    }
    *ret_count = total;
    return CS_OK;
}

cs_rc cs_object_find(struct cs_token *token, CK_ATTRIBUTE *attributes, size_t count,
                     CK_OBJECT_HANDLE *ret_handles, size_t max, size_t *ret_count,
                     struct cs_err *err)
{
    CK_RV rv = cs_ck(token, C_FindObjectsInit, token->session, attributes, count);
    cs_rc rc;

    if (rv == CKR_OK) {
        rc = find_rest(token, ret_handles, max, ret_count, err);
    } else {
        rc = cs_fail_ckr(err, cs_ckr_code(rv), "C_FindObjectsInit", rv,
                         "the token does not search its objects");
    }
    /* Also after an error: a search that stays active blocks the session. */
    cs_ck(token, C_FindObjectsFinal, token->session);
    return rc;
}

cs_rc cs_object_find_all(struct cs_token *token, CK_OBJECT_CLASS class,
                         CK_OBJECT_HANDLE **ret_handles, size_t *ret_count, struct cs_err *err)
{
    CK_ATTRIBUTE attribute = {CKA_CLASS, &class, sizeof class};
    cs_autofree CK_OBJECT_HANDLE *handles = cs_alloc(CS_OBJECTS_MAX, sizeof *handles);

    CS_TRY(cs_object_find(token, &attribute, 1, handles, CS_OBJECTS_MAX, ret_count, err));
    *ret_handles = cs_steal(&handles);
    return CS_OK;
}

cs_rc cs_object_find_id(struct cs_token *token, CK_OBJECT_CLASS class, const uint8_t *id,
                        size_t id_len, CK_OBJECT_HANDLE *ret_handles, size_t max, size_t *ret_count,
                        struct cs_err *err)
{
    cs_autofree uint8_t *copy = cs_alloc(id_len, 1);
    CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, copy, id_len}};

    memcpy(copy, id, id_len);
    return cs_object_find(token, attributes, 2, ret_handles, max, ret_count, err);
}

cs_rc cs_object_destroy(struct cs_token *token, CK_OBJECT_HANDLE object, struct cs_err *err)
{
    CK_RV rv = cs_ck(token, C_DestroyObject, token->session, object);

    if (rv != CKR_OK) {
        return cs_fail_ckr(err, cs_ckr_code(rv), "C_DestroyObject", rv,
                           "an object on the token \"%s\" cannot be removed", token->info.label);
    }
    return CS_OK;
}

void cs_object_forget(struct cs_token *token, CK_OBJECT_HANDLE *object)
{
    if (*object != CK_INVALID_HANDLE) {
        (void)!cs_object_destroy(token, *object, NULL);
        *object = CK_INVALID_HANDLE;
    }
}

/* What a search returned is not destroyed before it has said itself that it is meant. */
static cs_rc is_key_of_id(struct cs_token *token, CK_OBJECT_HANDLE object, CK_OBJECT_CLASS class,
                          const uint8_t *id, bool *ret_is, struct cs_err *err)
{
    CK_OBJECT_CLASS found_class = 0;
    uint8_t found_id[CS_KEY_ID_LEN];
    CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &found_class, sizeof found_class},
                                 {CKA_ID, found_id, sizeof found_id}};

    CS_TRY(cs_attrs_read(token, object, attributes, 2, err));
    *ret_is = attributes[0].ulValueLen == sizeof found_class && found_class == class &&
              attributes[1].ulValueLen == CS_KEY_ID_LEN && memcmp(found_id, id, CS_KEY_ID_LEN) == 0;
    return CS_OK;
}

static cs_rc destroy_class(struct cs_token *token, CK_OBJECT_CLASS class, const uint8_t *id,
                           size_t *count, struct cs_err *err)
{
    CK_OBJECT_HANDLE handles[CS_SAME_ID_MAX];
    size_t found = 0;

    CS_TRY(
        cs_object_find_id(token, class, id, CS_KEY_ID_LEN, handles, CS_SAME_ID_MAX, &found, err));
    for (size_t i = 0; i < found; i++) {
        bool meant = false;
        CS_TRY(is_key_of_id(token, handles[i], class, id, &meant, err));
        if (meant) {
            CS_TRY(cs_object_destroy(token, handles[i], err));
            ++*count;
        }
    }
    return CS_OK;
}

cs_rc cs_object_destroy_keys(struct cs_token *token, const uint8_t id[CS_KEY_ID_LEN],
                             size_t *ret_count, struct cs_err *err)
{
    size_t count = 0;

    CS_TRY(destroy_class(token, CKO_PRIVATE_KEY, id, &count, err));
    CS_TRY(destroy_class(token, CKO_PUBLIC_KEY, id, &count, err));
    *ret_count = count;
    return CS_OK;
}

cs_rc cs_object_check_id_is_free(struct cs_token *token, const uint8_t id[CS_KEY_ID_LEN],
                                 struct cs_err *err)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY};
    CK_OBJECT_HANDLE handles[CS_SAME_ID_MAX];
    uint8_t copy[CS_KEY_ID_LEN];
    CK_ATTRIBUTE wanted = {CKA_ID, copy, sizeof copy};
    size_t count = 0;
    bool is_key = false;

    memcpy(copy, id, sizeof copy);
    CS_TRY(cs_object_find(token, &wanted, 1, handles, CS_SAME_ID_MAX, &count, err));
    for (size_t i = 0; i < count && !is_key; i++) {
        for (size_t k = 0; k < 2 && !is_key; k++) {
            CS_TRY(is_key_of_id(token, handles[i], classes[k], id, &is_key, err));
        }
    }
    if (!is_key) {
        return CS_OK;
    }
    cs_autofree char *hex = cs_hex(id, CS_KEY_ID_LEN);
    return cs_fail_hint(err, CS_E_TOKEN_REFUSED,
                        "it is not replaced: if it is not needed, remove it with the token's own "
                        "tool",
                        "a key with the CKA_ID %s is on the token \"%s\" already", hex,
                        token->info.label);
}

#include "pkcs11/undo.h"

#include "base/mem.h"
#include "pkcs11/key.h"
#include "pkcs11/object.h"
#include "pkcs11/pair.h"

#include <stdio.h>
#include <string.h>

/* An EC private key does not tell its public half on every token: that it signs what verifies does.
 */
static bool is_private_half(struct cs_token *token, const struct cs_token_key *key,
                            CK_OBJECT_HANDLE object)
{
    bool fits = false;

    return cs_pair_fits(token, &key->base, object, &fits, NULL) == CS_OK && fits;
}

static bool is_public_half(struct cs_token *token, const struct cs_token_key *key,
                           CK_OBJECT_HANDLE object)
{
    struct cs_token_key other = {.base.spec = key->base.spec};
    bool same_id = false;

    memcpy(other.base.id, key->base.id, CS_KEY_ID_LEN);
    cs_rc rc = cs_key_read_public(token, object, &other, &same_id, NULL);
    bool same = rc == CS_OK && same_id && cs_bytes_equal(&other.base.spki, &key->base.spki);
    cs_bytes_done(&other.base.spki);
    return same;
}

/* Destroys what can be told to be of this pair; false if something could not be. What is half of
 * another pair, or is not readable, stays. */
static bool undo_class(struct cs_token *token, const struct cs_token_key *key,
                       CK_OBJECT_CLASS class)
{
    CK_BBOOL on_token = !key->in_session;
    uint8_t id[CS_KEY_ID_LEN];
    CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &class, sizeof class},
                                 {CKA_ID, id, sizeof id},
                                 {CKA_TOKEN, &on_token, sizeof on_token}};
    CK_OBJECT_HANDLE handles[CS_SAME_ID_MAX];
    bool clean = true;
    size_t count = 0;

    memcpy(id, key->base.id, sizeof id);
    if (cs_object_find(token, attributes, 3, handles, CS_SAME_ID_MAX, &count, NULL) != CS_OK) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool ours =
            key->in_session || (class == CKO_PRIVATE_KEY ? is_private_half(token, key, handles[i])
                                                         : is_public_half(token, key, handles[i]));
        clean &= ours && cs_object_destroy(token, handles[i], NULL) == CS_OK;
    }
    return clean;
}

static bool destroy_quietly(struct cs_token *token, CK_OBJECT_HANDLE object)
{
    return object == CK_INVALID_HANDLE || cs_object_destroy(token, object, NULL) == CS_OK;
}

static bool undo(struct cs_token *token, const struct cs_token_key *key)
{
    bool known = key->private_key != CK_INVALID_HANDLE && key->public_key != CK_INVALID_HANDLE;
    bool gone = destroy_quietly(token, key->private_key);
    size_t count;

    gone &= destroy_quietly(token, key->public_key);
    if (known && gone) {
        return true;
    }
    if (key->id_was_free) {
        return cs_object_destroy_keys(token, key->base.id, &count, NULL) == CS_OK;
    }
    gone = undo_class(token, key, CKO_PRIVATE_KEY);
    return undo_class(token, key, CKO_PUBLIC_KEY) && gone;
}

void cs_undo_pair(struct cs_token *token, const struct cs_token_key *key, struct cs_err *err)
{
    if (undo(token, key) || !err) {
        return;
    }
    cs_autofree char *hex = cs_hex(key->base.id, CS_KEY_ID_LEN);
    size_t len = strlen(err->message);
    snprintf(err->message + len, sizeof err->message - len,
             "; it could not be destroyed: run `cscert recover`, which looks for the CKA_ID %s",
             hex);
}

/* Session-copy: a pair that was made in the session becomes one of the token. */
#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/ckr.h"
#include "pkcs11/key.h"
#include "pkcs11/object.h"
#include "pkcs11/undo.h"

#include <string.h>

static cs_rc copy(struct cs_token *token, CK_OBJECT_HANDLE object, const char *half,
                  CK_OBJECT_HANDLE *ret_copy, struct cs_err *err)
{
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE on_token = {CKA_TOKEN, &yes, sizeof yes};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    CK_RV rv = cs_ck(token, C_CopyObject, token->session, object, &on_token, 1, &made);

    if (rv != CKR_OK) {
        return cs_fail_ckr(err, cs_ckr_code(rv), "C_CopyObject", rv,
                           "the token \"%s\" does not keep the %s key", token->info.label, half);
    }
    *ret_copy = made;
    return CS_OK;
}

static cs_rc fail_copy(const struct cs_token *token, const char *what, struct cs_err *err)
{
    return cs_fail_hint(
        err, CS_E_TOKEN_REFUSED, "this token needs a profile with generation = 'token'",
        "the copy that the token \"%s\" made of the key has another %s", token->info.label, what);
}

/* The copy must give the answers that its original gave. */
static cs_rc compare(const struct cs_token *token, const struct cs_key_attrs *original,
                     const struct cs_key_attrs *copied, struct cs_err *err)
{
    for (int i = 0; i < CS_KEY_ATTR_COUNT; i++) {
        enum cs_answer wanted = i == CS_ATTR_TOKEN ? CS_TRUE : original->answer[i];
        if (copied->answer[i] != wanted) {
            return fail_copy(token, cs_key_attr_name((enum cs_key_attr)i), err);
        }
    }
    if (copied->gen_mechanism_known != original->gen_mechanism_known ||
        copied->gen_mechanism != original->gen_mechanism) {
        return fail_copy(token, "CKA_KEY_GEN_MECHANISM", err);
    }
    return CS_OK;
}

/* What a kill between the two copies leaves. */
static cs_rc fail_half(const struct cs_token *token, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_TOKEN_REFUSED, "`cscert recover` undoes the request",
                        "the key on the token \"%s\" has no public half", token->info.label);
}

static cs_rc copy_pair(struct cs_token *token, const struct cs_token_key *original,
                       struct cs_token_key *copied, struct cs_err *err)
{
    bool same_id;

    /* The private half first: a public key alone is of no use to anybody. */
    CS_TRY(copy(token, original->private_key, "private", &copied->private_key, err));
    CS_TRY(copy(token, original->public_key, "public", &copied->public_key, err));
    CS_TRY(cs_attrs_of_key(token, copied->private_key, copied->base.id, &copied->base.attrs,
                           &same_id, err));
    if (!same_id) {
        return fail_copy(token, "CKA_ID", err);
    }
    CS_TRY(compare(token, &original->base.attrs, &copied->base.attrs, err));
    CS_TRY(cs_key_read_public(token, copied->public_key, copied, &same_id, err));
    if (!same_id || !cs_bytes_equal(&copied->base.spki, &original->base.spki)) {
        return fail_copy(token, same_id ? "public key" : "CKA_ID", err);
    }
    return CS_OK;
}

cs_rc cs_keep_run(struct cs_token *token, struct cs_token_key *key, struct cs_err *err)
{
    cs_auto(cs_token_key) copied = cs_token_key_new();

    if (!key->in_session) {
        return key->public_key != CK_INVALID_HANDLE ? CS_OK : fail_half(token, err);
    }
    memcpy(copied->base.id, key->base.id, CS_KEY_ID_LEN);
    copied->base.spec = key->base.spec;
    copied->id_was_free = key->id_was_free;
    copied->base.spki = cs_bytes_copy(key->base.spki.data, key->base.spki.len);
    cs_rc rc = copy_pair(token, key, copied, err);
    if (rc != CS_OK) {
        cs_undo_pair(token, copied, err);
        return rc;
    }
    /* They would end with the session; until then nobody needs a second private key. */
    (void)!cs_object_destroy(token, key->private_key, NULL);
    (void)!cs_object_destroy(token, key->public_key, NULL);
    key->private_key = copied->private_key;
    key->public_key = copied->public_key;
    key->base.attrs = copied->base.attrs;
    key->in_session = false;
    return CS_OK;
}

/* What the files of pkcs11/ share: the open token. CK_* stays in this folder. */
#ifndef CS_PKCS11_TOKEN_INTERNAL_H
#define CS_PKCS11_TOKEN_INTERNAL_H

#include "pkcs11/call.h"
#include "pkcs11/module.h"
#include "pkcs11/profile.h"
#include "pkcs11/token.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>

/* Bounds on what a module can make us do and hold. */
#define CS_OBJECTS_MAX   16384 /* of one enumeration */
#define CS_ATTRIBUTE_MAX 65536 /* octets of one attribute's value */
#define CS_SIGNATURE_MAX 1024
#define CS_SAME_ID_MAX   64 /* objects with one CKA_ID */

struct cs_evp; /* of evp.c */

struct cs_token {
    struct cs_keystore base; /* first: a struct cs_keystore * of ours is a struct cs_token * */
    struct cs_token_info info;
    CK_TOKEN_INFO ck_info; /* before the login; padded with spaces */

    struct cs_module_list modules;
    CK_FUNCTION_LIST *module; /* of @modules; managed by p11-kit, initialised */
    struct cs_lock *lock;     /* of the module: held for one act, or all the time if exclusive */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* read-write, logged in */

    struct cs_secret *pin; /* for CKA_ALWAYS_AUTHENTICATE; NULL: a pad, or no login */
    bool has_pad;          /* CKF_PROTECTED_AUTHENTICATION_PATH */
    bool login_failed;     /* nothing is sent again */
    struct cs_profile profile;
    struct cs_watch watch;
    struct cs_ui *ui; /* may be NULL */

    /* Set by evp.c when it has made something; called before the session is closed. Through a
     * pointer, so that a program that never makes an EVP_PKEY does not link libp11. */
    struct cs_evp *evp;
    void (*evp_close)(struct cs_evp *evp);
};

struct cs_token_key {
    struct cs_key base; /* first */
    CK_OBJECT_HANDLE private_key;
    CK_OBJECT_HANDLE public_key; /* CK_INVALID_HANDLE: there is none */
    bool in_session;             /* until keep() */
    bool id_was_free;            /* nothing on the token had its CKA_ID before it was made */
};

static inline struct cs_token *cs_token_of(struct cs_keystore *store)
{
    return (struct cs_token *)store;
}

/* Every call on the open token goes through here: the watchdog knows its name and its limit. Its
 * value is the CK_RV. */
#define cs_ck_limited(token, limit, function, ...)                                                 \
    cs_watched(&(token)->watch, limit, (token)->module, function, __VA_ARGS__)
#define cs_ck(token, function, ...) cs_ck_limited(token, CS_LIMIT_CALL, function, __VA_ARGS__)

#endif

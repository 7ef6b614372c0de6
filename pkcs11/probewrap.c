/* Wrapping under an AES key: which mechanisms do it, how they pad really, and what comes back. */
#include "pkcs11/probe_internal.h"

#include "pkcs11/ckr.h"
#include "pkcs11/wrap.h"
#include "x509/pkcs8.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

/* One key as one mechanism wraps it. */
struct wrapped {
    const struct cs_wrap_mechanism *mechanism;
    uint8_t octets[CS_WRAPPED_MAX];
    uint8_t iv[CS_AESWRAP_IV_LEN];
    size_t len;
};

static const char *const way_names[] = {
    [CS_AESWRAP_KWP] = "RFC 5649",
    [CS_AESWRAP_KW_PKCS7] = "RFC 3394 over PKCS #7 padding",
    [CS_AESWRAP_CBC_PKCS7] = "CBC with PKCS #7 padding",
};

/* The AES key, of the session; false and a finding if the token takes none. */
static bool make_kek(struct cs_prober *prober, const char *what, struct cs_kek *ret_kek)
{
    struct cs_err err = {0};

    if (cs_kek_make(prober->token, ret_kek, &err) == CS_OK) {
        return true;
    }
    cs_probe_add_rv(prober, what, CS_PROBE_NOT_TRIED, CS_PROBE_FINE, err.operation, cs_ckr_of(&err),
                    "the token takes no AES key to wrap with");
    return false;
}

static CK_RV wrap(struct cs_prober *prober, const struct cs_kek *kek,
                  const struct cs_probe_pair *pair, struct wrapped *wrapped)
{
    wrapped->len = 0;
    memset(wrapped->iv, 0, sizeof wrapped->iv);
    if (RAND_bytes(wrapped->iv, sizeof wrapped->iv) != 1) {
        return CKR_HOST_MEMORY;
    }
    return cs_wrap_call(prober->token, wrapped->mechanism, wrapped->iv, kek->object,
                        pair->key->private_key, wrapped->octets, &wrapped->len);
}

/* ---- opening ---- */

/* How it was padded; NULL if it does not open, *ret_is_key tells whether it is the key's private
 * half. */
static const char *open_wrapped(const struct cs_kek *kek, const struct cs_probe_pair *pair,
                                const struct wrapped *wrapped, bool *ret_is_key)
{
    cs_auto(cs_secret) pkcs8 = NULL;
    enum cs_aeswrap way;

    *ret_is_key = false;
    if (cs_wrap_open(kek, wrapped->mechanism, wrapped->iv, wrapped->octets, wrapped->len, &way,
                     &pkcs8, NULL) != CS_OK) {
        return NULL;
    }
    *ret_is_key = cs_pkcs8_check(pkcs8, &pair->key->base.spki, NULL) == CS_OK;
    return way_names[way];
}

/* ---- an exportable key ---- */

/* The mechanism is there for wrapping, as the token says. */
static bool promises_wrap(struct cs_prober *prober, CK_MECHANISM_TYPE type)
{
    struct cs_token *token = prober->token;
    CK_MECHANISM_INFO info = {0};

    return cs_ck(token, C_GetMechanismInfo, token->slot, type, &info) == CKR_OK &&
           (info.flags & CKF_WRAP);
}

static bool try_mechanism(struct cs_prober *prober, const struct cs_kek *kek,
                          const struct cs_probe_pair *pair, struct wrapped *wrapped)
{
    char what[64];
    bool is_key;

    snprintf(what, sizeof what, "wrap, %s", wrapped->mechanism->name);
    cs_probe_doing(prober, what);
    CK_RV rv = wrap(prober, kek, pair, wrapped);
    if (rv != CKR_OK) {
        bool promised = promises_wrap(prober, wrapped->mechanism->type);
        cs_probe_add_rv(prober, what, promised ? CS_PROBE_UNTRUE : CS_PROBE_NO,
                        promised ? CS_PROBE_CONTRADICTION : CS_PROBE_FINE, "C_WrapKey", rv, "%s",
                        promised ? "C_GetMechanismInfo shows CKF_WRAP" : "");
        return false;
    }
    const char *way = open_wrapped(kek, pair, wrapped, &is_key);
    if (!way || !is_key) {
        cs_probe_add(prober, what, CS_PROBE_UNTRUE, CS_PROBE_CONTRADICTION, "%s",
                     way ? "what it opens to is not the key" : "it opens in no known way");
        return false;
    }
    cs_probe_add(prober, what, CS_PROBE_YES, CS_PROBE_FINE, "as %s, %zu octets; it is the key", way,
                 wrapped->len);
    return true;
}

/* It was asked to be not extractable, and it was not made there. */
static void judge_unwrapped(struct cs_prober *prober, CK_OBJECT_HANDLE object)
{
    enum cs_answer extractable = cs_probe_flag(prober, object, CKA_EXTRACTABLE);
    enum cs_answer local = cs_probe_flag(prober, object, CKA_LOCAL);

    if (extractable == CS_TRUE) {
        cs_probe_add(prober, "unwrap", CS_PROBE_IGNORED, CS_PROBE_CONTRADICTION,
                     "CKA_EXTRACTABLE=false was asked for, and reads back true");
    } else if (local == CS_TRUE) {
        cs_probe_add(prober, "unwrap", CS_PROBE_UNTRUE, CS_PROBE_CONTRADICTION,
                     "CKA_LOCAL reads back true of a key that was not made there");
    } else {
        cs_probe_add(prober, "unwrap", CS_PROBE_YES, CS_PROBE_FINE,
                     "CKA_EXTRACTABLE reads back %s, CKA_LOCAL %s", cs_answer_text(extractable),
                     cs_answer_text(local));
    }
}

static void try_unwrap(struct cs_prober *prober, const struct cs_kek *kek,
                       struct cs_probe_pair *pair, struct wrapped *wrapped)
{
    struct cs_token *token = prober->token;
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = cs_key_is_rsa(&pair->request.spec) ? CKK_RSA : CKK_EC;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    bool of_session = prober->plain.generation == CS_GEN_SESSION_COPY;
    CK_ATTRIBUTE wanted[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, of_session ? &no : &yes, sizeof yes},
        {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_SENSITIVE, &yes, sizeof yes},
        {CKA_EXTRACTABLE, &no, sizeof no},
        {CKA_SIGN, &yes, sizeof yes},
        {CKA_ID, pair->request.id, CS_KEY_ID_LEN},
        {CKA_LABEL, prober->label, strlen(prober->label)},
    };
    CK_MECHANISM mechanism = cs_wrap_with_iv(wrapped->mechanism, wrapped->iv);
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;

    cs_probe_doing(prober, "unwrap");
    cs_probe_may_stay(prober, pair->request.id);
    CK_RV rv = cs_ck(token, C_UnwrapKey, token->session, &mechanism, kek->object, wrapped->octets,
                     wrapped->len, wanted, sizeof wanted / sizeof *wanted, &made);
    if (rv != CKR_OK) {
        cs_probe_add_rv(prober, "unwrap", CS_PROBE_NO, CS_PROBE_FINE, "C_UnwrapKey", rv,
                        "keys cannot be brought to this token so");
        return;
    }
    judge_unwrapped(prober, made);
    cs_probe_destroy(prober, made);
}

void cs_probe_wraps(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    bool *seen = cs_key_is_rsa(&pair->request.spec) ? &prober->rsa_wrapped : &prober->ec_wrapped;
    struct wrapped wrapped;
    struct cs_kek kek;
    bool unwrapped = false;

    /* The size makes no difference. */
    if (*seen || !make_kek(prober, "wrap", &kek)) {
        *seen = true;
        return;
    }
    *seen = true;
    for (size_t i = 0; i < cs_wrap_mechanism_count && !prober->gone; i++) {
        wrapped.mechanism = &cs_wrap_mechanisms[i];
        if (try_mechanism(prober, &kek, pair, &wrapped) && !unwrapped) {
            try_unwrap(prober, &kek, pair, &wrapped);
            unwrapped = true;
        }
    }
    cs_kek_done(&kek);
}

/* ---- one that is not extractable ---- */

/* CKR_OK if a mechanism gives the key. */
static CK_RV try_all(struct cs_prober *prober, const struct cs_kek *kek,
                     const struct cs_probe_pair *pair, struct wrapped *wrapped)
{
    CK_RV answer = CKR_MECHANISM_INVALID;

    for (size_t i = 0; i < cs_wrap_mechanism_count; i++) {
        wrapped->mechanism = &cs_wrap_mechanisms[i];
        CK_RV rv = wrap(prober, kek, pair, wrapped);
        if (rv == CKR_OK) {
            return rv;
        }
        /* What says why tells more than that there is no such mechanism. */
        answer = rv == CKR_MECHANISM_INVALID ? answer : rv;
    }
    return answer;
}

void cs_probe_wrap_refused(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    const char *what = "wrap it, not extractable";
    struct wrapped wrapped;
    struct cs_kek kek;
    bool is_key;

    cs_probe_doing(prober, what);
    if (!make_kek(prober, what, &kek)) {
        return;
    }
    CK_RV rv = try_all(prober, &kek, pair, &wrapped);
    if (rv == CKR_OK) {
        const char *way = open_wrapped(&kek, pair, &wrapped, &is_key);
        cs_probe_add(prober, what, CS_PROBE_GIVEN, CS_PROBE_DANGER,
                     "%s wraps a key whose CKA_EXTRACTABLE is false%s", wrapped.mechanism->name,
                     way && is_key ? ", and what comes out is that key" : "");
    } else {
        cs_probe_add_rv(prober, what, CS_PROBE_DENIED, CS_PROBE_FINE, "C_WrapKey", rv, "%s", "");
    }
    cs_kek_done(&kek);
}

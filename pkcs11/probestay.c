/* What must not come out of the token: tried on a throw-away key, in every way that Cryptoki has
 * (PKCS#11 v2.40 section 4.9, CKA_SENSITIVE and CKA_EXTRACTABLE). */
#include "pkcs11/probe_internal.h"

#include "pkcs11/attrs.h"

#include <openssl/crypto.h>

#define PRIVATE_MAX 2048

enum cs_answer cs_probe_flag(struct cs_prober *prober, CK_OBJECT_HANDLE object,
                             CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL value = CK_FALSE;
    CK_ATTRIBUTE attribute = {type, &value, sizeof value};

    if (cs_attrs_read(prober->token, object, &attribute, 1, NULL) != CS_OK ||
        attribute.ulValueLen != sizeof value) {
        return CS_UNKNOWN;
    }
    return value ? CS_TRUE : CS_FALSE;
}

/* ---- reading ---- */

static void try_read(struct cs_prober *prober, struct cs_probe_pair *pair, CK_ATTRIBUTE_TYPE type,
                     const char *what)
{
    struct cs_token *token = prober->token;
    CK_BYTE value[PRIVATE_MAX] = {0};
    CK_ATTRIBUTE attribute = {type, value, sizeof value};
    CK_BYTE any = 0;

    cs_probe_doing(prober, what);
    CK_RV rv =
        cs_ck(token, C_GetAttributeValue, token->session, pair->key->private_key, &attribute, 1);
    for (size_t i = 0; i < sizeof value; i++) {
        any |= value[i];
    }
    OPENSSL_cleanse(value, sizeof value);
    if (any) {
        cs_probe_add(prober, what, CS_PROBE_GIVEN, CS_PROBE_DANGER,
                     "the token tells the private key in clear");
    } else {
        cs_probe_add_rv(prober, what, CS_PROBE_DENIED, CS_PROBE_FINE, "C_GetAttributeValue", rv,
                        "%s", "");
    }
}

void cs_probe_reads(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    bool exportable = pair->request.exportable;

    if (cs_key_is_rsa(&pair->request.spec)) {
        try_read(prober, pair, CKA_PRIVATE_EXPONENT,
                 exportable ? "read the exponent, extractable" : "read CKA_PRIVATE_EXPONENT");
        try_read(prober, pair, CKA_PRIME_1,
                 exportable ? "read a prime, extractable" : "read CKA_PRIME_1");
    } else {
        try_read(prober, pair, CKA_VALUE,
                 exportable ? "read CKA_VALUE, extractable" : "read CKA_VALUE");
    }
}

/* ---- changing ---- */

/* @now is what the token says afterwards of an attribute that it must not change. */
static void judge_change(struct cs_prober *prober, const char *what, const char *operation,
                         CK_RV rv, enum cs_answer now, enum cs_answer forbidden)
{
    if (rv != CKR_OK) {
        cs_probe_add_rv(prober, what, CS_PROBE_DENIED, CS_PROBE_FINE, operation, rv, "%s", "");
    } else if (now == forbidden) {
        cs_probe_add(prober, what, CS_PROBE_GIVEN, CS_PROBE_DANGER,
                     "%s says yes, and the attribute reads back %s", operation,
                     cs_answer_text(now));
    } else {
        cs_probe_add(prober, what, CS_PROBE_IGNORED, CS_PROBE_CONTRADICTION,
                     "%s says yes, and changes nothing", operation);
    }
}

static void try_copy_out(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    const char *what = "copy with CKA_EXTRACTABLE=true";
    struct cs_token *token = prober->token;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE wanted[] = {{CKA_TOKEN, &no, sizeof no}, {CKA_EXTRACTABLE, &yes, sizeof yes}};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;

    cs_probe_doing(prober, what);
    cs_probe_may_stay(prober, pair->request.id);
    CK_RV rv = cs_ck(token, C_CopyObject, token->session, pair->key->private_key, wanted, 2, &made);
    enum cs_answer now = rv == CKR_OK ? cs_probe_flag(prober, made, CKA_EXTRACTABLE) : CS_UNKNOWN;
    judge_change(prober, what, "C_CopyObject", rv, now, CS_TRUE);
    cs_probe_destroy(prober, made);
}

static bool try_set(struct cs_prober *prober, struct cs_probe_pair *pair, CK_ATTRIBUTE_TYPE type,
                    bool value, const char *what)
{
    struct cs_token *token = prober->token;
    CK_BBOOL flag = value ? CK_TRUE : CK_FALSE;
    CK_ATTRIBUTE wanted = {type, &flag, sizeof flag};

    cs_probe_doing(prober, what);
    CK_RV rv =
        cs_ck(token, C_SetAttributeValue, token->session, pair->key->private_key, &wanted, 1);
    judge_change(prober, what, "C_SetAttributeValue", rv,
                 cs_probe_flag(prober, pair->key->private_key, type), value ? CS_TRUE : CS_FALSE);
    return rv == CKR_OK;
}

void cs_probe_stays(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    try_copy_out(prober, pair);
    /* Last: if it works the key is another one. */
    bool changed = try_set(prober, pair, CKA_SENSITIVE, false, "set CKA_SENSITIVE=false");
    changed |= try_set(prober, pair, CKA_EXTRACTABLE, true, "set CKA_EXTRACTABLE=true");
    if (changed) {
        bool rsa = cs_key_is_rsa(&pair->request.spec);
        try_read(prober, pair, rsa ? CKA_PRIVATE_EXPONENT : CKA_VALUE, "read it after that");
    }
}

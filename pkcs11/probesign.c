/* Signatures, verified by OpenSSL with the public half. */
#include "pkcs11/probe_internal.h"

#include "base/mem.h"
#include "pkcs11/ckr.h"
#include "pkcs11/pair.h"
#include "pkcs11/session.h"
#include "x509/signer.h"

#include <openssl/evp.h>
#include <string.h>

/* Enough for a figure, few enough for a card. */
#define SAMPLES    16
#define SAMPLES_MS 400

static const uint8_t message[] = "what cscert token check has a throw-away key sign";

struct digest {
    uint8_t octets[CS_DIGEST_MAX];
    enum cs_digest algorithm;
};

static struct digest digest_for(const struct cs_key *key)
{
    struct digest digest = {.algorithm = cs_key_digest(&key->spec)};

    if (EVP_Digest(message, sizeof message, digest.octets, NULL, cs_signer_digest(key), NULL) !=
        1) {
        digest.octets[0] = 0; /* no signature verifies then */
    }
    return digest;
}

static bool verifies(const struct cs_key *key, const struct digest *digest,
                     const struct cs_bytes *signature)
{
    bool good = false;

    return cs_pair_verify(key, digest->octets, signature, &good, NULL) == CS_OK && good;
}

static cs_rc sign_once(struct cs_prober *prober, struct cs_probe_pair *pair,
                       const struct digest *digest, struct cs_bytes *ret_signature,
                       struct cs_err *err)
{
    return cs_sign_digest(prober->token, pair->key, digest->algorithm, digest->octets,
                          ret_signature, err);
}

/* Milliseconds of one signature, over a few. */
static double measure(struct cs_prober *prober, struct cs_probe_pair *pair,
                      const struct digest *digest)
{
    double begun = cs_probe_now();
    int made = 0;

    while (made < SAMPLES && cs_probe_now() - begun < SAMPLES_MS) {
        cs_auto_value(cs_bytes) signature = {0};
        if (sign_once(prober, pair, digest, &signature, NULL) != CS_OK) {
            break;
        }
        made++;
    }
    return made ? (cs_probe_now() - begun) / made : -1;
}

static const char *plain_name(const struct cs_key_spec *spec)
{
    return cs_key_is_rsa(spec) ? "sign, CKM_RSA_PKCS" : "sign, CKM_ECDSA";
}

static bool try_plain(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    const struct digest digest = digest_for(&pair->key->base);
    const char *what = plain_name(&pair->request.spec);
    cs_auto_value(cs_bytes) signature = {0};
    struct cs_err err = {0};

    cs_probe_doing(prober, what);
    if (sign_once(prober, pair, &digest, &signature, &err) != CS_OK) {
        CK_RV rv = cs_ckr_of(&err);
        /* It has made the key: one that cannot be used is worse than none. */
        cs_probe_add_rv(prober, what, CS_PROBE_NO, CS_PROBE_CONTRADICTION, err.operation, rv, "%s",
                        rv == CKR_OK ? err.message : "the key that it made does not sign");
        return false;
    }
    if (!verifies(&pair->key->base, &digest, &signature)) {
        cs_probe_add(prober, what, CS_PROBE_UNTRUE, CS_PROBE_DANGER,
                     "the signature does not verify with the public half");
        return false;
    }
    double each = measure(prober, pair, &digest);
    cs_probe_add(prober, what, CS_PROBE_YES, CS_PROBE_FINE, "verified; %.0f a second",
                 each > 0 ? 1000 / each : 0);
    cs_probe_time(prober, each);
    return true;
}

/* ---- the combined mechanism ---- */

static CK_MECHANISM_TYPE combined_of(const struct cs_key_spec *spec, const char **ret_name)
{
    static const struct {
        CK_MECHANISM_TYPE rsa;
        CK_MECHANISM_TYPE ec;
        const char *rsa_name;
        const char *ec_name;
    } rows[] = {
        [CS_SHA256] = {CKM_SHA256_RSA_PKCS, CKM_ECDSA_SHA256, "CKM_SHA256_RSA_PKCS",
                       "CKM_ECDSA_SHA256"},
        [CS_SHA384] = {CKM_SHA384_RSA_PKCS, CKM_ECDSA_SHA384, "CKM_SHA384_RSA_PKCS",
                       "CKM_ECDSA_SHA384"},
        [CS_SHA512] = {CKM_SHA512_RSA_PKCS, CKM_ECDSA_SHA512, "CKM_SHA512_RSA_PKCS",
                       "CKM_ECDSA_SHA512"},
    };
    enum cs_digest digest = cs_key_digest(spec);
    bool rsa = cs_key_is_rsa(spec);

    *ret_name = rsa ? rows[digest].rsa_name : rows[digest].ec_name;
    return rsa ? rows[digest].rsa : rows[digest].ec;
}

#define COMBINED "sign, combined mechanism"

static void judge_combined(struct cs_prober *prober, struct cs_probe_pair *pair, const char *name,
                           const CK_BYTE *raw, CK_ULONG len)
{
    const struct digest digest = digest_for(&pair->key->base);
    cs_auto_value(cs_bytes) signature = {0};

    if (cs_key_is_rsa(&pair->request.spec)) {
        signature = cs_bytes_copy(raw, len);
    } else if (len % 2 || cs_sign_ecdsa_der(raw, len / 2, &signature, NULL) != CS_OK) {
        signature = (struct cs_bytes){0};
    }
    bool good = signature.len && verifies(&pair->key->base, &digest, &signature);
    cs_probe_add(prober, COMBINED, good ? CS_PROBE_YES : CS_PROBE_UNTRUE,
                 good ? CS_PROBE_FINE : CS_PROBE_DANGER, "%s: %s", name,
                 good ? "verified" : "the signature does not verify with the public half");
}

static void try_combined(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    struct cs_token *token = prober->token;
    const char *name;
    CK_MECHANISM mechanism = {.mechanism = combined_of(&pair->request.spec, &name)};
    CK_BYTE raw[CS_SIGNATURE_MAX] = {0};
    CK_ULONG len = sizeof raw;
    CK_BYTE input[sizeof message];

    memcpy(input, message, sizeof message);
    cs_probe_doing(prober, COMBINED);
    CK_RV rv = cs_ck(token, C_SignInit, token->session, &mechanism, pair->key->private_key);
    const char *operation = "C_SignInit";
    if (rv == CKR_OK) {
        operation = "C_Sign";
        rv = cs_ck(token, C_Sign, token->session, input, sizeof input, raw, &len);
    }
    if (rv != CKR_OK) {
        cs_probe_add_rv(prober, COMBINED, CS_PROBE_NO, CS_PROBE_FINE, operation, rv,
                        "%s is not needed: digests are made here", name);
        return;
    }
    judge_combined(prober, pair, name, raw, len <= sizeof raw ? len : 0);
}

bool cs_probe_sign(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    if (!cs_probe_enter_side(prober)) {
        return false;
    }
    bool signs = try_plain(prober, pair);
    cs_probe_leave_side(prober);
    if (cs_probe_enter_side(prober)) {
        try_combined(prober, pair);
        cs_probe_leave_side(prober);
    }
    return signs;
}

/* ---- CKA_ALWAYS_AUTHENTICATE ---- */

static CK_RV begin_sign(struct cs_token *token, const struct cs_probe_pair *pair)
{
    bool rsa = cs_key_is_rsa(&pair->request.spec);
    CK_MECHANISM mechanism = {.mechanism = rsa ? CKM_RSA_PKCS : CKM_ECDSA};

    return cs_ck(token, C_SignInit, token->session, &mechanism, pair->key->private_key);
}

static CK_RV end_sign(struct cs_token *token)
{
    CK_BYTE input[32] = {1};
    CK_BYTE raw[CS_SIGNATURE_MAX];
    CK_ULONG len = sizeof raw;

    return cs_ck(token, C_Sign, token->session, input, sizeof input, raw, &len);
}

/* The PIN is the one that the token has taken already. */
static CK_RV login_and_sign(struct cs_token *token, const char **ret_operation)
{
    struct cs_err err = {0};

    *ret_operation = "C_Login";
    if (cs_session_login_again(token, &err) != CS_OK) {
        CK_RV rv = cs_ckr_of(&err);
        return rv == CKR_OK ? CKR_GENERAL_ERROR : rv;
    }
    *ret_operation = "C_Sign";
    return end_sign(token);
}

/* What C_Sign says with the login for this one signature, and without. A token may have ended the
 * operation with its refusal or not; one that is left open could keep the key from being destroyed.
 * Last, because a login that fails is the token's last one here (session.h). */
static void try_logins(struct cs_token *token, const struct cs_probe_pair *pair, CK_RV *ret_without,
                       CK_RV *ret_with, const char **ret_operation)
{
    const char *unused;

    *ret_operation = "C_SignInit";
    *ret_with = begin_sign(token, pair);
    if (*ret_with == CKR_OK) {
        *ret_with = login_and_sign(token, ret_operation);
    }
    *ret_without = begin_sign(token, pair);
    if (*ret_without == CKR_OK) {
        *ret_without = end_sign(token);
        if (*ret_without != CKR_OK) {
            (void)login_and_sign(token, &unused);
        }
    }
}

static void judge_login(struct cs_prober *prober, struct cs_probe_pair *pair)
{
    const char *what = "CKA_ALWAYS_AUTHENTICATE=true";
    enum cs_answer answer = pair->key->base.attrs.answer[CS_ATTR_ALWAYS_AUTHENTICATE];
    const char *operation;
    CK_RV without;
    CK_RV with;

    if (answer != CS_TRUE) {
        cs_probe_add(prober, what, CS_PROBE_IGNORED, CS_PROBE_CONTRADICTION,
                     "accepted, but reads back %s", cs_answer_text(answer));
        return;
    }
    if (!cs_probe_enter_side(prober)) {
        return;
    }
    try_logins(prober->token, pair, &without, &with, &operation);
    cs_probe_leave_side(prober);
    if (without == CKR_OK) {
        cs_probe_add(prober, what, CS_PROBE_IGNORED, CS_PROBE_CONTRADICTION,
                     "reads back true, but signs without a login of its own");
    } else if (with != CKR_OK) {
        cs_probe_add_rv(prober, what, CS_PROBE_NO, CS_PROBE_CONTRADICTION, operation, with,
                        "accepted, but the key does not sign with a login either");
    } else {
        cs_probe_add(prober, what, CS_PROBE_YES, CS_PROBE_FINE,
                     "a login for each signature, and none without (%s)", cs_ckr_name(without));
    }
}

void cs_probe_always_authenticate(struct cs_prober *prober, const struct cs_key_spec *spec)
{
    const char *what = "CKA_ALWAYS_AUTHENTICATE=true";
    struct cs_probe_pair pair;

    if (!prober->token->pin) {
        cs_probe_add(prober, what, CS_PROBE_NOT_TRIED, CS_PROBE_FINE, "%s",
                     prober->token->has_pad ? "somebody would have to go to the pad again"
                                            : "the token needs no login");
        return;
    }
    cs_probe_doing(prober, what);
    cs_probe_request(prober, spec, false, &pair);
    cs_probe_make_plain(prober, &pair, CKA_ALWAYS_AUTHENTICATE);
    if (pair.rv != CKR_OK) {
        cs_probe_add_rv(prober, what, CS_PROBE_REFUSED, CS_PROBE_FINE, "C_GenerateKeyPair", pair.rv,
                        "no keys that want a login for each signature");
    } else if (cs_probe_read_pair(prober, &pair)) {
        judge_login(prober, &pair);
    }
    cs_probe_pair_done(prober, &pair);
}

/* What the token says of itself, its random numbers, its mechanisms: no object is made. */
#include "pkcs11/probe_internal.h"

#include "base/bytes.h"
#include "base/mem.h"
#include "pkcs11/wrap.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Mechanisms that count here, and what each is for. */
static const struct {
    CK_MECHANISM_TYPE type;
    const char *name;
    const char *use;
} mechanisms[] = {
    {CKM_RSA_PKCS_KEY_PAIR_GEN, "CKM_RSA_PKCS_KEY_PAIR_GEN", "makes RSA keys"},
    {CKM_RSA_PKCS, "CKM_RSA_PKCS", "signs with RSA"},
    {CKM_SHA256_RSA_PKCS, "CKM_SHA256_RSA_PKCS", "not needed"},
    {CKM_RSA_X_509, "CKM_RSA_X_509", "libp11 pads RSA-PSS over it: TLS 1.3 with an RSA key"},
    {CKM_RSA_PKCS_PSS, "CKM_RSA_PKCS_PSS", "not used: Lync does not take it"},
    {CKM_EC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN", "makes EC keys"},
    {CKM_ECDSA, "CKM_ECDSA", "signs with EC"},
    {CKM_ECDSA_SHA256, "CKM_ECDSA_SHA256", "not needed"},
    {CKM_AES_KEY_GEN, "CKM_AES_KEY_GEN", "wrapping keys"},
    {CKM_AES_KEY_WRAP_KWP, "CKM_AES_KEY_WRAP_KWP", "export"},
    {CKM_AES_KEY_WRAP_PAD, "CKM_AES_KEY_WRAP_PAD", "export"},
    {CKM_AES_KEY_WRAP, "CKM_AES_KEY_WRAP", "export"},
    {CKM_AES_CBC_PAD, "CKM_AES_CBC_PAD", "export"},
    {CKM_RSA_AES_KEY_WRAP, "CKM_RSA_AES_KEY_WRAP", "transfer to another token"},
};

static const struct {
    CK_FLAGS flag;
    const char *word;
} uses[] = {
    {CKF_GENERATE_KEY_PAIR, "generate pairs"},
    {CKF_GENERATE, "generate"},
    {CKF_SIGN, "sign"},
    {CKF_VERIFY, "verify"},
    {CKF_ENCRYPT, "encrypt"},
    {CKF_DECRYPT, "decrypt"},
    {CKF_WRAP, "wrap"},
    {CKF_UNWRAP, "unwrap"},
    {CKF_DERIVE, "derive"},
};

static char *use_words(CK_FLAGS flags)
{
    cs_auto_value(cs_strv) words = {0};

    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        if (flags & uses[i].flag) {
            cs_strv_add(&words, uses[i].word);
        }
    }
    return cs_strv_join(&words, ", ");
}

void cs_probe_mechanisms(struct cs_prober *prober)
{
    struct cs_token *token = prober->token;

    cs_probe_about(prober, "mechanisms");
    for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++) {
        CK_MECHANISM_INFO info = {0};
        cs_probe_doing(prober, mechanisms[i].name);
        CK_RV rv = cs_ck(token, C_GetMechanismInfo, token->slot, mechanisms[i].type, &info);
        if (rv != CKR_OK) {
            cs_probe_add_rv(prober, mechanisms[i].name, CS_PROBE_NO, CS_PROBE_FINE,
                            "C_GetMechanismInfo", rv, "%s", mechanisms[i].use);
            continue;
        }
        cs_autofree char *words = use_words(info.flags);
        if (info.ulMaxKeySize) {
            cs_probe_add(prober, mechanisms[i].name, CS_PROBE_YES, CS_PROBE_FINE,
                         "%s; keys of %lu to %lu", words, info.ulMinKeySize, info.ulMaxKeySize);
        } else {
            cs_probe_add(prober, mechanisms[i].name, CS_PROBE_YES, CS_PROBE_FINE, "%s", words);
        }
    }
}

/* Not what the numbers are worth, but that there are any. */
static void try_random(struct cs_prober *prober)
{
    struct cs_token *token = prober->token;
    CK_BYTE first[32] = {0};
    CK_BYTE second[32] = {0};

    cs_probe_doing(prober, "random numbers");
    if (!(token->ck_info.flags & CKF_RNG)) {
        cs_probe_add(prober, "random numbers", CS_PROBE_NO, CS_PROBE_FINE, "it says it has none");
        return;
    }
    double begun = cs_probe_now();
    CK_RV rv = cs_ck(token, C_GenerateRandom, token->session, first, sizeof first);
    double took = cs_probe_now() - begun;
    if (rv == CKR_OK) {
        rv = cs_ck(token, C_GenerateRandom, token->session, second, sizeof second);
    }
    if (rv != CKR_OK) {
        cs_probe_add_rv(prober, "random numbers", CS_PROBE_UNTRUE, CS_PROBE_CONTRADICTION,
                        "C_GenerateRandom", rv, "CKF_RNG says that it has some");
        return;
    }
    if (memcmp(first, second, sizeof first) == 0) {
        cs_probe_add(prober, "random numbers", CS_PROBE_UNTRUE, CS_PROBE_DANGER,
                     "32 octets are the same twice");
        return;
    }
    cs_probe_add(prober, "random numbers", CS_PROBE_YES, CS_PROBE_FINE, "32 octets at a time");
    cs_probe_time(prober, took);
}

static void say_pin(struct cs_prober *prober)
{
    const CK_TOKEN_INFO *info = &prober->token->ck_info;
    bool login = info->flags & CKF_LOGIN_REQUIRED;

    cs_probe_add(prober, "login", login ? CS_PROBE_YES : CS_PROBE_NO, CS_PROBE_FINE, "%s",
                 !login                                            ? "it needs none"
                 : info->flags & CKF_PROTECTED_AUTHENTICATION_PATH ? "at a pad of its own"
                                                                   : "with a PIN");
    cs_probe_add(prober, "PIN length", CS_PROBE_VALUE, CS_PROBE_FINE, "%lu to %lu",
                 info->ulMinPinLen, info->ulMaxPinLen);
    cs_probe_add(prober, "wrong PINs", CS_PROBE_VALUE, CS_PROBE_FINE, "%s",
                 info->flags & CKF_USER_PIN_FINAL_TRY   ? "the last one before it locks is next"
                 : info->flags & CKF_USER_PIN_COUNT_LOW ? "some were counted"
                                                        : "none counted, as far as the flags say");
}

/* CK_UNAVAILABLE_INFORMATION and CK_EFFECTIVELY_INFINITE are no numbers. */
static void say_limit(struct cs_prober *prober, const char *what, CK_ULONG limit)
{
    if (limit == CK_UNAVAILABLE_INFORMATION) {
        cs_probe_add(prober, what, CS_PROBE_VALUE, CS_PROBE_FINE, "not told");
    } else if (limit == CK_EFFECTIVELY_INFINITE || limit > ULONG_MAX / 2) {
        cs_probe_add(prober, what, CS_PROBE_VALUE, CS_PROBE_FINE, "no limit");
    } else {
        cs_probe_add(prober, what, CS_PROBE_VALUE, CS_PROBE_FINE, "%lu", limit);
    }
}

void cs_probe_token(struct cs_prober *prober)
{
    const CK_TOKEN_INFO *info = &prober->token->ck_info;

    cs_probe_about(prober, "token");
    say_pin(prober);
    say_limit(prober, "sessions at most", info->ulMaxRwSessionCount);
    say_limit(prober, "free memory, private", info->ulFreePrivateMemory);
    try_random(prober);
}

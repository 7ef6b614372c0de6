/* A private key that was in a file comes to the token. */
#include "pkcs11/ckr.h"
#include "pkcs11/object.h"
#include "pkcs11/wrap.h"
#include "x509/pkcs8.h"
#include "x509/spki.h"

#include <openssl/rand.h>

struct importing {
    struct cs_newpair *pair;
    const struct cs_kek *kek;
    const struct cs_secret *pkcs8;
    enum cs_aeswrap way; /* of this try */
    const uint8_t *iv;
    const unsigned char *kek_octets; /* lent */
    uint8_t *wrapped;
    size_t wrapped_len;
};

/* A cs_secret_fn for the key that is wrapped. */
static cs_rc close_key(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct importing *importing = ctx;

    if (!cs_aeswrap_close(importing->way, importing->kek_octets, importing->iv, octets, len,
                          importing->wrapped, CS_WRAPPED_MAX, &importing->wrapped_len)) {
        return cs_fail(err, CS_E_INTERNAL, "the private key cannot be wrapped");
    }
    return CS_OK;
}

/* A cs_secret_fn for the key that wraps. */
static cs_rc close_with(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct importing *importing = ctx;

    (void)len;
    importing->kek_octets = octets;
    return cs_secret_lend(importing->pkcs8, close_key, importing, err);
}

static cs_rc fail_import(const struct cs_token *token, const struct cs_tries *tries,
                         struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_TOKEN_REFUSED,
                        "use the token's own tool, or let the token make a key of its own",
                        "the token \"%s\" does not unwrap the key in a way that cscert knows: %s",
                        token->info.label, tries->text);
}

/* Each mechanism in each way in which some token does it. */
static cs_rc unwrap(struct importing *importing, struct cs_err *err)
{
    struct cs_token *token = importing->pair->token;
    struct cs_tries tries = {0};

    for (size_t i = 0; i < cs_wrap_mechanism_count; i++) {
        const struct cs_wrap_mechanism *mechanism = &cs_wrap_mechanisms[i];
        CK_RV rv = CKR_OK;
        for (size_t j = 0; j < mechanism->way_count; j++) {
            CK_MECHANISM call = cs_wrap_with_iv(mechanism, importing->iv);
            importing->way = mechanism->ways[j];
            CS_TRY(cs_secret_lend(importing->kek->octets, close_with, importing, err));
            rv = cs_newpair_unwrap(importing->pair, &call, importing->kek->object,
                                   importing->wrapped, importing->wrapped_len);
            if (rv == CKR_OK) {
                return CS_OK;
            }
            if (cs_wrap_is_final(rv)) {
                return cs_fail_ckr(err, cs_ckr_code(rv), "C_UnwrapKey", rv,
                                   "the token \"%s\" does not unwrap the key", token->info.label);
            }
        }
        cs_tries_add(&tries, mechanism->name, token, rv);
    }
    return fail_import(token, &tries, err);
}

static cs_rc import_with(struct cs_newpair *pair, const struct cs_kek *kek,
                         const struct cs_secret *pkcs8, struct cs_token_key **ret_key,
                         struct cs_err *err)
{
    uint8_t wrapped[CS_WRAPPED_MAX];
    uint8_t iv[CS_AESWRAP_IV_LEN];
    struct importing importing = {
        .pair = pair, .kek = kek, .pkcs8 = pkcs8, .iv = iv, .wrapped = wrapped};

    if (RAND_bytes(iv, sizeof iv) != 1) {
        return cs_fail(err, CS_E_INTERNAL, "there are no random numbers");
    }
    CS_TRY(unwrap(&importing, err));
    return cs_newpair_finish(pair, ret_key, err);
}

static cs_rc check_key(const struct cs_key_request *request, const struct cs_secret *pkcs8,
                       struct cs_bytes *ret_spki, struct cs_err *err)
{
    struct cs_key_spec spec;

    CS_TRY(cs_pkcs8_spki(pkcs8, ret_spki, err));
    CS_TRY(cs_spki_spec(ret_spki, &spec, err));
    if (!cs_key_spec_equal(&spec, &request->spec)) {
        return cs_fail(err, CS_E_MISMATCH, "the private key is %s %u, not %s %u",
                       cs_key_alg_name(spec.alg), spec.bits, cs_key_alg_name(request->spec.alg),
                       request->spec.bits);
    }
    return cs_pkcs8_check(pkcs8, ret_spki, err);
}

cs_rc cs_import_run(struct cs_token *token, const struct cs_key_request *request,
                    const struct cs_secret *pkcs8, struct cs_token_key **ret_key,
                    struct cs_err *err)
{
    cs_auto_value(cs_bytes) spki = {0};
    struct cs_newpair pair;
    struct cs_kek kek;

    CS_TRY(check_key(request, pkcs8, &spki, err));
    CS_TRY(cs_newpair_begin(&pair, token, request, &spki, err));
    cs_rc rc = cs_kek_make(token, &kek, err);
    if (rc == CS_OK) {
        rc = import_with(&pair, &kek, pkcs8, ret_key, err);
        cs_kek_done(&kek);
    }
    cs_newpair_done(&pair, rc == CS_OK ? NULL : err);
    return rc;
}

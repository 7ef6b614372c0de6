/* A private key goes from one token to another and is wrapped all the way. The target makes an RSA
 * pair for this one transport; what wraps for its public half is read by the target alone. Where
 * both can, that is the private key itself (CKM_RSA_AES_KEY_WRAP), else an AES key that the source
 * makes, which then wraps the private key on one side and unwraps it on the other. All that is made
 * on the way is of the session and goes at the end. */
#include "base/mem.h"
#include "pkcs11/attrs.h"
#include "pkcs11/ckr.h"
#include "pkcs11/object.h"
#include "pkcs11/session.h"
#include "pkcs11/wrap.h"

#include <openssl/rand.h>
#include <string.h>

/* Of the transport pair: RSA-3072 goes with 128 bits (NIST SP 800-57 part 1 table 2); 2048 for
 * tokens that have no larger ones. */
static const CK_ULONG sizes[] = {3072, 2048};

#define MODULUS_MAX  512
#define EXPONENT_MAX 64

/* PKCS#11 v2.40 errata, section 2.1.21; p11-kit's header has the mechanism but not its parameter.
 */
struct rsa_aes_params {
    CK_ULONG aes_bits;
    CK_RSA_PKCS_OAEP_PARAMS *oaep;
};

/* How an RSA key wraps an AES key; the last is for tokens that have no other. */
static const struct hash {
    const char *name;
    CK_MECHANISM_TYPE type; /* 0: PKCS#1 v1.5 */
    CK_ULONG mgf;
} hashes[] = {
    {"CKM_RSA_PKCS_OAEP (SHA-256)", CKM_SHA256, CKG_MGF1_SHA256},
    {"CKM_RSA_PKCS_OAEP (SHA-1)", CKM_SHA_1, CKG_MGF1_SHA1},
    {"CKM_RSA_PKCS", 0, 0},
};

/* A mechanism with its parameters; not to be moved. */
struct rsa_call {
    CK_MECHANISM mechanism;
    CK_RSA_PKCS_OAEP_PARAMS oaep;
    struct rsa_aes_params both;
};

struct transfer {
    struct cs_token *source;
    struct cs_token *target;
    struct cs_token_key *key;
    struct cs_newpair *pair;
    CK_OBJECT_HANDLE rsa_public;  /* on the target */
    CK_OBJECT_HANDLE rsa_private; /* on the target */
    CK_OBJECT_HANDLE rsa_source;  /* its public half on the source */
    CK_OBJECT_HANDLE aes_source;
    CK_OBJECT_HANDLE aes_target;
    const char *rsa_how; /* names of what worked */
    const char *aes_how; /* NULL: it took one step */
    struct cs_tries tries;
    uint8_t wrapped[CS_WRAPPED_MAX];
    CK_ULONG wrapped_len;
};

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

/* What of it cannot be destroyed ends with the session. */
static void transfer_done(struct transfer *transfer)
{
    cs_object_forget(transfer->source, &transfer->aes_source);
    cs_object_forget(transfer->target, &transfer->aes_target);
    cs_object_forget(transfer->source, &transfer->rsa_source);
    cs_object_forget(transfer->target, &transfer->rsa_private);
    cs_object_forget(transfer->target, &transfer->rsa_public);
}

static cs_rc fail_final(const struct cs_token *token, const char *operation, CK_RV rv,
                        struct cs_err *err)
{
    return cs_fail_ckr(err, cs_ckr_code(rv), operation, rv,
                       "the key cannot be copied: the token \"%s\" refused", token->info.label);
}

/* ---- the transport pair ---- */

static CK_RV generate_rsa(struct transfer *transfer, CK_ULONG bits)
{
    struct cs_token *target = transfer->target;
    uint8_t exponent[] = {1, 0, 1};
    CK_MECHANISM mechanism = {.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN};
    CK_ATTRIBUTE public_half[] = {{CKA_TOKEN, &no, sizeof no},
                                  {CKA_WRAP, &yes, sizeof yes},
                                  {CKA_MODULUS_BITS, &bits, sizeof bits},
                                  {CKA_PUBLIC_EXPONENT, exponent, sizeof exponent}};
    CK_ATTRIBUTE private_half[] = {{CKA_TOKEN, &no, sizeof no},
                                   {CKA_PRIVATE, &yes, sizeof yes},
                                   {CKA_SENSITIVE, &yes, sizeof yes},
                                   {CKA_EXTRACTABLE, &no, sizeof no},
                                   {CKA_UNWRAP, &yes, sizeof yes}};

    return cs_ck_limited(target, CS_LIMIT_GENERATE, C_GenerateKeyPair, target->session, &mechanism,
                         public_half, 4, private_half, 5, &transfer->rsa_public,
                         &transfer->rsa_private);
}

static cs_rc make_rsa(struct transfer *transfer, struct cs_err *err)
{
    struct cs_ui *ui = transfer->target->ui;
    CK_RV rv = CKR_GENERAL_ERROR;

    if (ui) {
        ui->ops->begin(ui, "generating a key pair for the transport");
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && rv != CKR_OK; i++) {
        rv = generate_rsa(transfer, sizes[i]);
        if (rv != CKR_OK) {
            transfer->rsa_public = CK_INVALID_HANDLE;
            transfer->rsa_private = CK_INVALID_HANDLE;
        }
        if (cs_wrap_is_final(rv)) {
            break;
        }
    }
    if (ui) {
        ui->ops->end(ui);
    }
    if (rv != CKR_OK) {
        return cs_fail_ckr(err, cs_ckr_code(rv), "C_GenerateKeyPair", rv,
                           "the key cannot be copied: the token \"%s\" makes no RSA key pair for "
                           "the transport",
                           transfer->target->info.label);
    }
    return CS_OK;
}

/* A modulus that is too short would let others read the transport. */
static bool is_modulus(const CK_ATTRIBUTE *modulus)
{
    const uint8_t *octets = modulus->pValue;
    CK_ULONG least = sizes[sizeof sizes / sizeof *sizes - 1] / 8;

    return cs_attrs_has(modulus) && modulus->ulValueLen >= least && octets[0];
}

/* The target's public half becomes known to the source. */
static cs_rc lend_rsa(struct transfer *transfer, struct cs_err *err)
{
    struct cs_token *source = transfer->source;
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_KEY_TYPE type = CKK_RSA;
    uint8_t modulus[MODULUS_MAX];
    uint8_t exponent[EXPONENT_MAX];
    CK_ATTRIBUTE attributes[] = {{CKA_MODULUS, modulus, sizeof modulus},
                                 {CKA_PUBLIC_EXPONENT, exponent, sizeof exponent},
                                 {CKA_CLASS, &class, sizeof class},
                                 {CKA_KEY_TYPE, &type, sizeof type},
                                 {CKA_TOKEN, &no, sizeof no},
                                 {CKA_WRAP, &yes, sizeof yes}};

    CS_TRY(cs_attrs_read(transfer->target, transfer->rsa_public, attributes, 2, err));
    if (!is_modulus(&attributes[0]) || !cs_attrs_has(&attributes[1])) {
        return cs_fail(err, CS_E_TOKEN_REFUSED,
                       "the token \"%s\" does not tell the public half of the transport's key",
                       transfer->target->info.label);
    }
    CK_RV rv = cs_ck(source, C_CreateObject, source->session, attributes, 6, &transfer->rsa_source);
    if (rv != CKR_OK) {
        transfer->rsa_source = CK_INVALID_HANDLE;
        return cs_fail_ckr(err, cs_ckr_code(rv), "C_CreateObject", rv,
                           "the key cannot be copied: the token \"%s\" takes no public key of "
                           "another token to wrap with",
                           source->info.label);
    }
    return CS_OK;
}

/* ---- the mechanisms ---- */

static void set_oaep(const struct hash *hash, struct rsa_call *call)
{
    *call = (struct rsa_call){.mechanism = {.mechanism = CKM_RSA_PKCS}};
    if (hash->type) {
        call->oaep = (CK_RSA_PKCS_OAEP_PARAMS){
            .hash_alg = hash->type, .mgf = hash->mgf, .source = CKZ_DATA_SPECIFIED};
        call->mechanism = (CK_MECHANISM){CKM_RSA_PKCS_OAEP, &call->oaep, sizeof call->oaep};
    }
}

static void set_rsa_aes(const struct hash *hash, struct rsa_call *call)
{
    set_oaep(hash, call);
    call->both = (struct rsa_aes_params){256, &call->oaep};
    call->mechanism = (CK_MECHANISM){CKM_RSA_AES_KEY_WRAP, &call->both, sizeof call->both};
}

/* Wraps on the source; what the length says is checked before it is used. */
static CK_RV wrap(struct transfer *transfer, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE with,
                  CK_OBJECT_HANDLE object)
{
    struct cs_token *source = transfer->source;

    transfer->wrapped_len = sizeof transfer->wrapped;
    CK_RV rv = cs_ck(source, C_WrapKey, source->session, mechanism, with, object, transfer->wrapped,
                     &transfer->wrapped_len);
    return rv == CKR_OK && transfer->wrapped_len > sizeof transfer->wrapped ? CKR_GENERAL_ERROR
                                                                            : rv;
}

/* What came of one way; CS_OK with *ret_done false: it is not one for these two tokens. */
static cs_rc judge(struct transfer *transfer, const char *name, struct cs_token *token,
                   const char *operation, CK_RV rv, bool *ret_done, struct cs_err *err)
{
    *ret_done = rv == CKR_OK;
    if (cs_wrap_is_final(rv)) {
        return fail_final(token, operation, rv, err);
    }
    if (rv != CKR_OK) {
        cs_tries_add(&transfer->tries, name, token, rv);
    }
    return CS_OK;
}

/* The private key in one step. */
static cs_rc by_rsa_aes(struct transfer *transfer, bool *ret_done, struct cs_err *err)
{
    static const char name[] = "CKM_RSA_AES_KEY_WRAP";

    for (size_t i = 0; i < sizeof hashes / sizeof *hashes && hashes[i].type; i++) {
        struct rsa_call call;
        set_rsa_aes(&hashes[i], &call);
        CK_RV rv =
            wrap(transfer, &call.mechanism, transfer->rsa_source, transfer->key->private_key);
        CS_TRY(judge(transfer, name, transfer->source, "C_WrapKey", rv, ret_done, err));
        if (rv == CKR_MECHANISM_INVALID) {
            break; /* whatever its parameters */
        }
        if (!*ret_done) {
            continue;
        }
        rv = cs_newpair_unwrap(transfer->pair, &call.mechanism, transfer->rsa_private,
                               transfer->wrapped, transfer->wrapped_len);
        CS_TRY(judge(transfer, name, transfer->target, "C_UnwrapKey", rv, ret_done, err));
        if (*ret_done) {
            transfer->rsa_how = name;
            return CS_OK;
        }
    }
    return CS_OK;
}

/* ---- a shared AES key ---- */

static cs_rc make_aes(struct transfer *transfer, bool *ret_done, struct cs_err *err)
{
    struct cs_token *source = transfer->source;
    CK_MECHANISM mechanism = {.mechanism = CKM_AES_KEY_GEN};
    CK_ULONG len = CS_AESWRAP_KEY_LEN;
    CK_ATTRIBUTE attributes[] = {{CKA_TOKEN, &no, sizeof no},
                                 {CKA_VALUE_LEN, &len, sizeof len},
                                 {CKA_SENSITIVE, &yes, sizeof yes},
                                 {CKA_EXTRACTABLE, &yes, sizeof yes},
                                 {CKA_WRAP, &yes, sizeof yes}};

    CK_RV rv = cs_ck(source, C_GenerateKey, source->session, &mechanism, attributes, 5,
                     &transfer->aes_source);
    if (rv != CKR_OK) {
        transfer->aes_source = CK_INVALID_HANDLE;
    }
    return judge(transfer, "CKM_AES_KEY_GEN", source, "C_GenerateKey", rv, ret_done, err);
}

static CK_RV unwrap_aes(struct transfer *transfer, CK_MECHANISM *mechanism)
{
    struct cs_token *target = transfer->target;
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_ATTRIBUTE attributes[] = {
        {CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, sizeof no},       {CKA_UNWRAP, &yes, sizeof yes},
        {CKA_SENSITIVE, &yes, sizeof yes}, {CKA_EXTRACTABLE, &no, sizeof no}};
    CK_RV rv = CKR_GENERAL_ERROR;

    for (CK_ULONG count = 6; count >= 4 && rv != CKR_OK && !cs_wrap_is_final(rv); count -= 2) {
        rv = cs_ck(target, C_UnwrapKey, target->session, mechanism, transfer->rsa_private,
                   transfer->wrapped, transfer->wrapped_len, attributes, count,
                   &transfer->aes_target);
    }
    if (rv != CKR_OK) {
        transfer->aes_target = CK_INVALID_HANDLE;
    }
    return rv;
}

/* The source's AES key becomes known to the target. */
static cs_rc share_aes(struct transfer *transfer, bool *ret_done, struct cs_err *err)
{
    const struct cs_tries before = transfer->tries;

    *ret_done = false;
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes && !*ret_done; i++) {
        struct rsa_call call;
        set_oaep(&hashes[i], &call);
        CK_RV rv = wrap(transfer, &call.mechanism, transfer->rsa_source, transfer->aes_source);
        CS_TRY(judge(transfer, hashes[i].name, transfer->source, "C_WrapKey", rv, ret_done, err));
        transfer->rsa_how = hashes[i].name;
        if (*ret_done) {
            rv = unwrap_aes(transfer, &call.mechanism);
            CS_TRY(judge(transfer, hashes[i].name, transfer->target, "C_UnwrapKey", rv, ret_done,
                         err));
        }
    }
    if (*ret_done) {
        transfer->tries = before; /* it was not in vain */
    }
    return CS_OK;
}

/* One mechanism for both: what one token has padded the other must take off again. */
static cs_rc by_aes(struct transfer *transfer, bool *ret_done, struct cs_err *err)
{
    uint8_t iv[CS_AESWRAP_IV_LEN];

    if (RAND_bytes(iv, sizeof iv) != 1) {
        return cs_fail(err, CS_E_INTERNAL, "there are no random numbers");
    }
    for (size_t i = 0; i < cs_wrap_mechanism_count; i++) {
        const struct cs_wrap_mechanism *mechanism = &cs_wrap_mechanisms[i];
        CK_MECHANISM call = cs_wrap_with_iv(mechanism, iv);
        CK_RV rv = wrap(transfer, &call, transfer->aes_source, transfer->key->private_key);
        CS_TRY(judge(transfer, mechanism->name, transfer->source, "C_WrapKey", rv, ret_done, err));
        if (!*ret_done) {
            continue;
        }
        rv = cs_newpair_unwrap(transfer->pair, &call, transfer->aes_target, transfer->wrapped,
                               transfer->wrapped_len);
        CS_TRY(
            judge(transfer, mechanism->name, transfer->target, "C_UnwrapKey", rv, ret_done, err));
        if (*ret_done) {
            transfer->aes_how = mechanism->name;
            return CS_OK;
        }
    }
    return CS_OK;
}

/* ---- the whole ---- */

static cs_rc fail_transfer(const struct transfer *transfer, struct cs_err *err)
{
    return cs_fail_hint(
        err, CS_E_TOKEN_REFUSED,
        "use the copying that the tokens' vendor offers, or export to a .pfx file",
        "the key cannot be copied wrapped from the token \"%s\" to \"%s\"; tried in vain: %s",
        transfer->source->info.label, transfer->target->info.label, transfer->tries.text);
}

static cs_rc carry(struct transfer *transfer, struct cs_err *err)
{
    bool done = false;

    CS_TRY(make_rsa(transfer, err));
    CS_TRY(lend_rsa(transfer, err));
    CS_TRY(by_rsa_aes(transfer, &done, err));
    if (!done) {
        CS_TRY(make_aes(transfer, &done, err));
        if (done) {
            CS_TRY(share_aes(transfer, &done, err));
        }
        if (done) {
            CS_TRY(by_aes(transfer, &done, err));
        }
    }
    return done ? CS_OK : fail_transfer(transfer, err);
}

cs_rc cs_transfer_run(struct cs_token *source, struct cs_token_key *key, struct cs_token *target,
                      const struct cs_key_request *request, struct cs_token_key **ret_key,
                      char **ret_how, struct cs_err *err)
{
    struct cs_newpair pair;
    struct transfer transfer = {
        .source = source,
        .target = target,
        .key = key,
        .pair = &pair,
        .rsa_public = CK_INVALID_HANDLE,
        .rsa_private = CK_INVALID_HANDLE,
        .rsa_source = CK_INVALID_HANDLE,
        .aes_source = CK_INVALID_HANDLE,
        .aes_target = CK_INVALID_HANDLE,
    };

    CS_TRY(cs_wrap_may_leave(source, key, err));
    CS_TRY(cs_newpair_begin(&pair, target, request, &key->base.spki, err));
    cs_rc rc = carry(&transfer, err);
    if (rc == CS_OK) {
        rc = cs_newpair_finish(&pair, ret_key, err);
    }
    if (rc == CS_OK) {
        *ret_how = cs_asprintf("%s%s%s", transfer.rsa_how, transfer.aes_how ? ", " : "",
                               transfer.aes_how ? transfer.aes_how : "");
    }
    transfer_done(&transfer);
    cs_newpair_done(&pair, rc == CS_OK ? NULL : err);
    return rc;
}

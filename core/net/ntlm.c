#include "net/ntlm.h"

#include "base/mem.h"
#include "net/account.h"
#include "net/gssfail.h"
#include "net/ndr.h"
#include "net/ntlmseal.h"

#include <gssapi/gssapi_ext.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

struct ntlm {
    struct cs_rpc_security base; /* first: the base's pointer is ours */
    gss_cred_id_t cred;
    gss_name_t target;
    gss_ctx_id_t context;
    char *account;
    char *host;
    struct cs_ntlmseal *seal;
};

/* 1.3.6.1.4.1.311.2.2.10, as gss-ntlmssp registers it. */
static char ntlm_octets[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
static gss_OID_desc ntlm_oid = {10, ntlm_octets};

static void ntlm_free(struct cs_rpc_security *security)
{
    struct ntlm *ntlm = (struct ntlm *)security;
    OM_uint32 minor = 0;

    (void)gss_delete_sec_context(&minor, &ntlm->context, GSS_C_NO_BUFFER);
    (void)gss_release_name(&minor, &ntlm->target);
    (void)gss_release_cred(&minor, &ntlm->cred);
    cs_ntlmseal_free(ntlm->seal);
    free(ntlm->account);
    free(ntlm->host);
    free(ntlm);
}

static cs_rc fail(const struct ntlm *ntlm, OM_uint32 major, OM_uint32 minor, const char *operation,
                  struct cs_err *err)
{
    cs_autofree char *what = cs_asprintf("the NTLM authentication of %.200s with %.255s failed",
                                         ntlm->account, ntlm->host);

    if (GSS_ROUTINE_ERROR(major) == GSS_S_BAD_MECH) {
        return cs_fail_hint(err, CS_E_CONFIG, "install gss-ntlmssp, or use Kerberos",
                            "NTLM is not installed on this machine");
    }
    return cs_fail_gss(err, CS_E_CA_UNREACHABLE, major, minor, &ntlm_oid, operation, what);
}

/* ---- the handshake ---- */

/* What the message that ends the handshake says was agreed to (MS-NLMP section 2.2.2.5): keys of
 * 128 bits that were exchanged, the session security of version 2, signatures and encryption. */
#define NEEDED_FLAGS (0x40000000U | 0x20000000U | 0x00080000U | 0x00000020U | 0x00000010U)

/* NegotiateFlags of an AUTHENTICATE_MESSAGE (MS-NLMP section 2.2.1.3) stand behind six
 * descriptions of fields. */
#define FLAGS_OFFSET 60

static cs_rc check_agreement(const struct ntlm *ntlm, const struct cs_bytes *message,
                             struct cs_err *err)
{
    struct cs_ndr ndr = {.data = message->data, .len = message->len};

    (void)cs_ndr_octets(&ndr, FLAGS_OFFSET);
    uint32_t flags = cs_ndr_u32(&ndr);
    if (ndr.failed || (flags & NEEDED_FLAGS) != NEEDED_FLAGS) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "%.255s agrees to less than NTLM's session security with keys of 128 bits "
                       "(flags 0x%08x)",
                       ntlm->host, flags);
    }
    return CS_OK;
}

static cs_rc take_key(struct ntlm *ntlm, struct cs_err *err)
{
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    OM_uint32 minor = 0;
    OM_uint32 ignored = 0;
    cs_rc rc = CS_OK;

    OM_uint32 major =
        gss_inquire_sec_context_by_oid(&minor, ntlm->context, GSS_C_INQ_SSPI_SESSION_KEY, &set);
    if (GSS_ERROR(major)) {
        return fail(ntlm, major, minor, "gss_inquire_sec_context_by_oid", err);
    }
    if (set->count < 1 || set->elements[0].length != CS_NTLM_KEY_LEN) {
        rc = cs_fail(err, CS_E_INTERNAL, "gss-ntlmssp has no session key of %d octets",
                     CS_NTLM_KEY_LEN);
    } else {
        rc = cs_ntlmseal_new(set->elements[0].value, &ntlm->seal, err);
        OPENSSL_cleanse(set->elements[0].value, set->elements[0].length);
    }
    (void)gss_release_buffer_set(&ignored, &set);
    return rc;
}

static cs_rc ntlm_step(struct cs_rpc_security *security, const struct cs_bytes *token,
                       struct cs_bytes *ret_token, bool *ret_done, struct cs_err *err)
{
    struct ntlm *ntlm = (struct ntlm *)security;
    gss_buffer_desc input = {token ? token->len : 0, token ? token->data : NULL};
    gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor = 0;
    OM_uint32 ignored = 0;
    const OM_uint32 wanted = GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG | GSS_C_REPLAY_FLAG |
                             GSS_C_SEQUENCE_FLAG | GSS_C_DCE_STYLE;

    OM_uint32 major =
        gss_init_sec_context(&minor, ntlm->cred, &ntlm->context, ntlm->target, &ntlm_oid, wanted, 0,
                             GSS_C_NO_CHANNEL_BINDINGS, &input, NULL, &output, NULL, NULL);
    cs_auto_value(cs_bytes) next = cs_bytes_copy(output.value, output.length);
    (void)gss_release_buffer(&ignored, &output);
    if (GSS_ERROR(major)) {
        return fail(ntlm, major, minor, "gss_init_sec_context", err);
    }
    if (major == GSS_S_COMPLETE) {
        CS_TRY(check_agreement(ntlm, &next, err));
        CS_TRY(take_key(ntlm, err));
    }
    *ret_done = major == GSS_S_COMPLETE;
    *ret_token = cs_bytes_steal(&next);
    return CS_OK;
}

/* ---- messages ---- */

static cs_rc ntlm_token_len(struct cs_rpc_security *security, size_t data_len, size_t *ret_len,
                            struct cs_err *err)
{
    (void)security;
    (void)data_len;
    (void)err;
    *ret_len = CS_NTLM_SIGNATURE_LEN;
    return CS_OK;
}

static cs_rc ntlm_seal(struct cs_rpc_security *security, const struct cs_rpc_sealed *sealed,
                       struct cs_err *err)
{
    return cs_ntlmseal_out(((struct ntlm *)security)->seal, sealed, err);
}

static cs_rc ntlm_unseal(struct cs_rpc_security *security, const struct cs_rpc_sealed *sealed,
                         struct cs_err *err)
{
    struct ntlm *ntlm = (struct ntlm *)security;

    if (cs_ntlmseal_in(ntlm->seal, sealed, NULL) != CS_OK) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "an answer of %.255s does not have the signature that NTLM gives it",
                       ntlm->host);
    }
    return CS_OK;
}

static const struct cs_rpc_security_ops ntlm_ops = {
    .auth_type = CS_RPC_AUTH_NTLM,
    .step = ntlm_step,
    .token_len = ntlm_token_len,
    .seal = ntlm_seal,
    .unseal = ntlm_unseal,
    .free = ntlm_free,
};

/* ---- credentials ---- */

struct acquiring {
    struct ntlm *ntlm;
    gss_name_t name;
    OM_uint32 major;
    OM_uint32 minor;
};

/* gss-ntlmssp keeps the hash of the password. */
static cs_rc acquire(void *ctx, const unsigned char *octets, size_t len, struct cs_err *err)
{
    struct acquiring *acquiring = ctx;
    gss_OID_set_desc mechs = {1, &ntlm_oid};
    gss_buffer_desc password = {len, (void *)(uintptr_t)octets};

    (void)err;
    acquiring->major = gss_acquire_cred_with_password(&acquiring->minor, acquiring->name, &password,
                                                      GSS_C_INDEFINITE, &mechs, GSS_C_INITIATE,
                                                      &acquiring->ntlm->cred, NULL, NULL);
    return CS_OK;
}

static cs_rc import(const struct ntlm *ntlm, char *text, gss_OID type, gss_name_t *ret_name,
                    struct cs_err *err)
{
    gss_buffer_desc buffer = {strlen(text), text};
    OM_uint32 minor = 0;

    OM_uint32 major = gss_import_name(&minor, &buffer, type, ret_name);
    return GSS_ERROR(major) ? fail(ntlm, major, minor, "gss_import_name", err) : CS_OK;
}

static cs_rc get_credentials(struct ntlm *ntlm, const struct cs_secret *password,
                             struct cs_err *err)
{
    struct acquiring acquiring = {.ntlm = ntlm};
    cs_auto_value(cs_account) account = {0};
    OM_uint32 ignored = 0;

    CS_TRY(cs_account_parse(ntlm->account, &account, err));
    cs_autofree char *name =
        cs_asprintf("%s\\%s", account.domain ? account.domain : "", account.user);
    cs_autofree char *service = cs_asprintf("host@%s", ntlm->host);
    CS_TRY(import(ntlm, service, GSS_C_NT_HOSTBASED_SERVICE, &ntlm->target, err));
    CS_TRY(import(ntlm, name, GSS_C_NT_USER_NAME, &acquiring.name, err));
    cs_rc rc = cs_secret_lend(password, acquire, &acquiring, err);
    (void)gss_release_name(&ignored, &acquiring.name);
    CS_TRY(rc);
    return GSS_ERROR(acquiring.major)
               ? fail(ntlm, acquiring.major, acquiring.minor, "gss_acquire_cred_with_password", err)
               : CS_OK;
}

cs_rc cs_rpc_security_ntlm(const char *account, const struct cs_secret *password, const char *host,
                           struct cs_rpc_security **ret_security, struct cs_err *err)
{
    struct ntlm *ntlm = cs_alloc(1, sizeof *ntlm);
    cs_auto(cs_rpc_security) security = &ntlm->base;

    ntlm->base.ops = &ntlm_ops;
    ntlm->account = cs_strdup(account);
    ntlm->host = cs_strdup(host);
    CS_TRY(get_credentials(ntlm, password, err));
    *ret_security = cs_steal(&security);
    return CS_OK;
}

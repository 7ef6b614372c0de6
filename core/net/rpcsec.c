#include "net/rpcsec.h"

#include "base/mem.h"
#include "net/gss.h"

#include <stdlib.h>

void cs_rpc_security_free(struct cs_rpc_security *security)
{
    if (security) {
        security->ops->free(security);
    }
}

struct kerberos {
    struct cs_rpc_security base; /* first: the base's pointer is ours */
    struct cs_gss *gss;
};

static struct cs_gss *gss_of(struct cs_rpc_security *security)
{
    return ((struct kerberos *)security)->gss;
}

static struct cs_gss_message message_of(const struct cs_rpc_sealed *sealed)
{
    return (struct cs_gss_message){
        .head = sealed->pdu,
        .head_len = sealed->body,
        .data = sealed->pdu + sealed->body,
        .data_len = sealed->trailer - sealed->body,
        .tail = sealed->pdu + sealed->trailer,
        .tail_len = sealed->token - sealed->trailer,
        .token = sealed->pdu + sealed->token,
        .token_len = sealed->end - sealed->token,
    };
}

static cs_rc kerberos_step(struct cs_rpc_security *security, const struct cs_bytes *token,
                           struct cs_bytes *ret_token, bool *ret_done, struct cs_err *err)
{
    return cs_gss_step(gss_of(security), token, ret_token, ret_done, err);
}

static cs_rc kerberos_token_len(struct cs_rpc_security *security, size_t data_len, size_t *ret_len,
                                struct cs_err *err)
{
    return cs_gss_token_len(gss_of(security), data_len, ret_len, err);
}

static cs_rc kerberos_seal(struct cs_rpc_security *security, const struct cs_rpc_sealed *sealed,
                           struct cs_err *err)
{
    const struct cs_gss_message message = message_of(sealed);

    return cs_gss_seal(gss_of(security), &message, err);
}

static cs_rc kerberos_unseal(struct cs_rpc_security *security, const struct cs_rpc_sealed *sealed,
                             struct cs_err *err)
{
    const struct cs_gss_message message = message_of(sealed);

    return cs_gss_unseal(gss_of(security), &message, err);
}

static void kerberos_free(struct cs_rpc_security *security)
{
    cs_gss_free(gss_of(security));
    free(security);
}

static const struct cs_rpc_security_ops kerberos_ops = {
    .auth_type = CS_RPC_AUTH_SPNEGO,
    .step = kerberos_step,
    .token_len = kerberos_token_len,
    .seal = kerberos_seal,
    .unseal = kerberos_unseal,
    .free = kerberos_free,
};

cs_rc cs_rpc_security_kerberos(struct cs_krb5 *krb5, const char *host,
                               struct cs_rpc_security **ret_security, struct cs_err *err)
{
    const struct cs_gss_wish wish = {
        .krb5 = krb5,
        .service = "host",
        .host = host,
        .dce_style = true,
    };
    cs_auto(cs_gss) gss = NULL;

    CS_TRY(cs_gss_new(&wish, &gss, err));
    struct kerberos *kerberos = cs_alloc(1, sizeof *kerberos);
    kerberos->base.ops = &kerberos_ops;
    kerberos->gss = cs_steal(&gss);
    *ret_security = &kerberos->base;
    return CS_OK;
}

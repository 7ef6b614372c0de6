/* What protects a DCE/RPC connection: one way of authentication, with packet privacy (MS-RPCE
 * section 2.2.1.1.8). */
#ifndef CS_NET_RPCSEC_H
#define CS_NET_RPCSEC_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/secret.h"
#include "net/krb5cred.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Authentication types (MS-RPCE section 2.2.1.1.7). */
#define CS_RPC_AUTH_SPNEGO 9
#define CS_RPC_AUTH_NTLM   10

/* A whole PDU in one piece: octets 0 to body are its header, body to trailer what is encrypted,
 * trailer to token the 8 octets of sec_trailer, token to end the authentication value. */
struct cs_rpc_sealed {
    uint8_t *pdu;
    size_t body;
    size_t trailer;
    size_t token;
    size_t end;
};

struct cs_rpc_security;
struct cs_rpc_security_ops {
    uint8_t auth_type;
    /* As cs_gss_step(). */
    cs_rc (*step)(struct cs_rpc_security *security, const struct cs_bytes *token,
                  struct cs_bytes *ret_token, bool *ret_done, struct cs_err *err);
    cs_rc (*token_len)(struct cs_rpc_security *security, size_t data_len, size_t *ret_len,
                       struct cs_err *err);
    /* Encrypts and signs, or checks and decrypts, where it stands. */
    cs_rc (*seal)(struct cs_rpc_security *security, const struct cs_rpc_sealed *sealed,
                  struct cs_err *err);
    cs_rc (*unseal)(struct cs_rpc_security *security, const struct cs_rpc_sealed *sealed,
                    struct cs_err *err);
    void (*free)(struct cs_rpc_security *security);
};
struct cs_rpc_security {
    const struct cs_rpc_security_ops *ops;
};

void cs_rpc_security_free(struct cs_rpc_security *security);
CS_DEFINE_AUTO(cs_rpc_security, cs_rpc_security_free);

/* Kerberos in SPNEGO, for the service "host" on @host, which gets its ticket here; @krb5 is
 * borrowed as long as the security lives. Errors as cs_gss_new(). */
CS_MUST_CHECK cs_rc cs_rpc_security_kerberos(struct cs_krb5 *krb5, const char *host,
                                             struct cs_rpc_security **ret_security,
                                             struct cs_err *err);

#endif

/* NTLM for DCE/RPC, where Kerberos cannot be had: only for a CA whose configuration says so. The
 * handshake is gss-ntlmssp's; the sealing of whole PDUs, which GSSAPI cannot say, is here. */
#ifndef CS_NET_NTLM_H
#define CS_NET_NTLM_H

#include "base/err.h"
#include "base/secret.h"
#include "net/rpcsec.h"

/* NTLMv2 with session security, 128-bit keys and a key exchange, or nothing. @account is
 * domain\user or user@domain; @host the CA's. CS_E_USAGE for what is no account, CS_E_CONFIG where
 * gss-ntlmssp or OpenSSL's legacy provider is not installed. */
CS_MUST_CHECK cs_rc cs_rpc_security_ntlm(const char *account, const struct cs_secret *password,
                                         const char *host, struct cs_rpc_security **ret_security,
                                         struct cs_err *err);

#endif

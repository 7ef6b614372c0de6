/* DCE/RPC over a TCP connection: one interface, one call at a time. */
#ifndef CS_NET_RPC_H
#define CS_NET_RPC_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "net/rpcpdu.h"
#include "net/rpcsec.h"
#include "net/tcp.h"

#include <stdbool.h>
#include <stdint.h>

/* The longest answer. */
#define CS_RPC_REPLY_MAX ((size_t)1 << 20)

struct cs_rpc;

/* Binds to @interface. With @security every call and answer is encrypted and signed with its
 * headers, or there is none: a server that negotiates less is refused. Without (NULL) nothing is
 * protected; only for the endpoint mapper. @tcp and @security are borrowed as long as *ret_rpc
 * lives. CS_E_CA_UNREACHABLE, CS_E_CA_REFUSED. */
CS_MUST_CHECK cs_rc cs_rpc_bind(struct cs_tcp *tcp, const struct cs_rpc_syntax *interface,
                                struct cs_rpc_security *security, int64_t deadline_ms,
                                struct cs_rpc **ret_rpc, struct cs_err *err);
void cs_rpc_free(struct cs_rpc *rpc);
CS_DEFINE_AUTO(cs_rpc, cs_rpc_free);

/* Calls operation @opnum with @stub; *ret_reply is the caller's. *ret_sent, set on failure too:
 * the server may have carried the call out. After a failure the connection is of no more use. */
CS_MUST_CHECK cs_rc cs_rpc_call(struct cs_rpc *rpc, uint16_t opnum, const struct cs_bytes *stub,
                                int64_t deadline_ms, bool *ret_sent, struct cs_bytes *ret_reply,
                                struct cs_err *err);

#endif

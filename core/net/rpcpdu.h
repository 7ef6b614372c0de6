/* The PDUs of connection-oriented DCE/RPC 5.0 (C706 chapter 12, MS-RPCE section 2.2.2) in memory:
 * written, and read with every length of the other side checked. */
#ifndef CS_NET_RPCPDU_H
#define CS_NET_RPCPDU_H

#include "base/bytes.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Types (C706 section 12.6.4; AUTH3: MS-RPCE section 2.2.2.5). */
enum cs_rpc_type {
    CS_RPC_REQUEST = 0,
    CS_RPC_RESPONSE = 2,
    CS_RPC_FAULT = 3,
    CS_RPC_BIND = 11,
    CS_RPC_BIND_ACK = 12,
    CS_RPC_BIND_NAK = 13,
    CS_RPC_ALTER = 14,
    CS_RPC_ALTER_RESP = 15,
    CS_RPC_AUTH3 = 16,
};

/* pfc_flags (C706 section 12.6.3.1, MS-RPCE section 2.2.2.3). */
#define CS_RPC_FIRST       0x01
#define CS_RPC_LAST        0x02
#define CS_RPC_HEADER_SIGN 0x04 /* in a bind and its answer */

#define CS_RPC_HEADER_LEN  16 /* of every PDU */
#define CS_RPC_REQUEST_LEN 24 /* of a request or response, before its stub */
#define CS_RPC_TRAILER_LEN 8  /* sec_trailer */

/* The fragments that we offer, and that every server must take (C706 section 12.6.3.1). */
#define CS_RPC_FRAGMENT_MAX 5840
#define CS_RPC_FRAGMENT_MIN 1432

/* RPC_C_AUTHN_LEVEL_PKT_PRIVACY (MS-RPCE section 2.2.1.1.8). */
#define CS_RPC_PRIVACY 6

/* An interface or a transfer syntax as it stands on the wire. */
struct cs_rpc_syntax {
    uint8_t uuid[16]; /* the first three fields are little-endian */
    uint16_t major;
    uint16_t minor;
};
extern const struct cs_rpc_syntax cs_rpc_ndr; /* NDR 2.0 */

/* Writing. cs_rpc_begin() once, then the body, then cs_rpc_trailer() if there is authentication,
 * and cs_rpc_finish(), which puts in the lengths. */
void cs_rpc_begin(struct cs_buf *buf, enum cs_rpc_type type, uint8_t flags, uint32_t call_id);
void cs_rpc_put_syntax(struct cs_buf *buf, const struct cs_rpc_syntax *syntax);
void cs_rpc_put_bind(struct cs_buf *buf, const struct cs_rpc_syntax *interface);
void cs_rpc_trailer(struct cs_buf *buf, uint8_t auth_type, uint8_t pad_len);
void cs_rpc_finish(struct cs_buf *buf, size_t auth_len);

/* One that was received; borrows its octets. */
struct cs_rpc_pdu {
    uint8_t type;
    uint8_t flags;
    uint32_t call_id;
    const uint8_t *octets;
    size_t len;
    size_t body_end; /* where sec_trailer begins, or the end */
    uint8_t auth_type;
    uint8_t auth_level;
    uint8_t pad_len; /* of the body's end */
    uint32_t auth_id;
    size_t auth_len; /* of what follows sec_trailer; 0: there is none */
};

/* How long a PDU is by its first CS_RPC_HEADER_LEN octets. CS_E_CA_UNREACHABLE if they begin none
 * of ours; @from names who sent it. */
CS_MUST_CHECK cs_rc cs_rpc_pdu_len(const uint8_t *header, const char *from, size_t *ret_len,
                                   struct cs_err *err);

/* The whole PDU; the length that it says is @len. */
CS_MUST_CHECK cs_rc cs_rpc_pdu_read(const uint8_t *octets, size_t len, const char *from,
                                    struct cs_rpc_pdu *ret_pdu, struct cs_err *err);

/* A bind_ack or alter_context_resp to one offered context: CS_E_CA_UNREACHABLE unless it was
 * accepted. *ret_fragment: how long the fragments are that the server takes. */
CS_MUST_CHECK cs_rc cs_rpc_read_ack(const struct cs_rpc_pdu *pdu, const char *from,
                                    uint16_t *ret_fragment, struct cs_err *err);

/* The error that a bind_nak or a fault is. @unproved: the server has not said yet whether it
 * accepts the account, as it is with NTLM until the first answer; it does so by such a fault. */
cs_rc cs_rpc_fail_nak(const struct cs_rpc_pdu *pdu, const char *from, struct cs_err *err);
cs_rc cs_rpc_fail_fault(const struct cs_rpc_pdu *pdu, const char *from, bool unproved,
                        struct cs_err *err);

#endif

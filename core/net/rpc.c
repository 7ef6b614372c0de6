#include "net/rpc.h"

#include "base/mem.h"
#include "net/ndr.h"

#include <stdlib.h>
#include <string.h>

/* Kerberos takes two rounds, NTLM one and a half. */
#define LEGS_MAX 6

/* A multiple of this is encrypted (MS-RPCE section 2.2.2.11). */
#define PAD_UNIT 16

/* No authentication value is longer: Kerberos' takes 76 octets at most. */
#define TOKEN_MAX 256

struct cs_rpc {
    struct cs_tcp *tcp;
    struct cs_rpc_security *security;
    const char *from;
    size_t fragment; /* the longest that the server takes */
    uint32_t call_id;
    bool unproved; /* the server's answer to our authentication is still to come */
    int64_t deadline_ms;
    uint8_t pdu[CS_RPC_FRAGMENT_MAX];
};

void cs_rpc_free(struct cs_rpc *rpc)
{
    free(rpc);
}

/* ---- one PDU ---- */

/* Into rpc->pdu, which the answer borrows. */
static cs_rc receive(struct cs_rpc *rpc, struct cs_rpc_pdu *ret_pdu, struct cs_err *err)
{
    size_t len = 0;

    CS_TRY(cs_tcp_recv(rpc->tcp, rpc->pdu, CS_RPC_HEADER_LEN, rpc->deadline_ms, err));
    CS_TRY(cs_rpc_pdu_len(rpc->pdu, rpc->from, &len, err));
    CS_TRY(cs_tcp_recv(rpc->tcp, rpc->pdu + CS_RPC_HEADER_LEN, len - CS_RPC_HEADER_LEN,
                       rpc->deadline_ms, err));
    CS_TRY(cs_rpc_pdu_read(rpc->pdu, len, rpc->from, ret_pdu, err));
    if (ret_pdu->call_id != rpc->call_id) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "%s answers call %u instead of %u", rpc->from,
                       ret_pdu->call_id, rpc->call_id);
    }
    return CS_OK;
}

static cs_rc fail_type(const struct cs_rpc *rpc, const struct cs_rpc_pdu *pdu, struct cs_err *err)
{
    if (pdu->type == CS_RPC_BIND_NAK) {
        return cs_rpc_fail_nak(pdu, rpc->from, err);
    }
    if (pdu->type == CS_RPC_FAULT) {
        return cs_rpc_fail_fault(pdu, rpc->from, rpc->unproved, err);
    }
    return cs_fail(err, CS_E_CA_UNREACHABLE, "%s answers with a PDU of type %u", rpc->from,
                   pdu->type);
}

/* The authentication of the other side is of our kind and level. */
static cs_rc check_trailer(const struct cs_rpc *rpc, const struct cs_rpc_pdu *pdu,
                           struct cs_err *err)
{
    if (pdu->auth_len == 0 || pdu->auth_level != CS_RPC_PRIVACY) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "%s answers without encryption (level %u instead of %d)", rpc->from,
                       pdu->auth_len ? pdu->auth_level : 0, CS_RPC_PRIVACY);
    }
    if (pdu->auth_type != rpc->security->ops->auth_type || pdu->auth_id != 0) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "%s answers with another authentication (type %u)",
                       rpc->from, pdu->auth_type);
    }
    return CS_OK;
}

/* ---- binding ---- */

static cs_rc send_leg(struct cs_rpc *rpc, enum cs_rpc_type type, uint8_t flags,
                      const struct cs_rpc_syntax *interface, const struct cs_bytes *token,
                      struct cs_err *err)
{
    struct cs_buf buf = CS_BUF(CS_RPC_FRAGMENT_MAX);
    cs_auto_value(cs_bytes) pdu = {0};

    cs_rpc_begin(&buf, type, CS_RPC_FIRST | CS_RPC_LAST | flags, rpc->call_id);
    if (type == CS_RPC_AUTH3) {
        cs_ndr_put_u32(&buf, 0); /* padding (MS-RPCE section 2.2.2.10) */
    } else {
        cs_rpc_put_bind(&buf, interface);
    }
    if (token->len) {
        cs_rpc_trailer(&buf, rpc->security->ops->auth_type, 0);
        cs_buf_add(&buf, token->data, token->len);
    }
    cs_rpc_finish(&buf, token->len);
    cs_rc rc = cs_buf_take(&buf, "the authentication", &pdu, err);
    cs_buf_done(&buf);
    CS_TRY(rc);
    return cs_tcp_send(rpc->tcp, pdu.data, pdu.len, rpc->deadline_ms, err);
}

/* The answer to a leg. *ret_token is what the server's authentication says, maybe nothing. */
static cs_rc receive_leg(struct cs_rpc *rpc, enum cs_rpc_type type, struct cs_bytes *ret_token,
                         struct cs_err *err)
{
    struct cs_rpc_pdu pdu;
    uint16_t fragment = 0;

    CS_TRY(receive(rpc, &pdu, err));
    if (pdu.type != type) {
        return fail_type(rpc, &pdu, err);
    }
    CS_TRY(cs_rpc_read_ack(&pdu, rpc->from, &fragment, err));
    if (type == CS_RPC_BIND_ACK) {
        rpc->fragment = fragment;
    }
    if (!rpc->security) {
        return CS_OK;
    }
    /* Without it the headers could be changed on the way, and all servers that take Kerberos have
     * it (MS-RPCE section 3.3.1.5.2.2). */
    if (type == CS_RPC_BIND_ACK && !(pdu.flags & CS_RPC_HEADER_SIGN)) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "%s does not sign headers", rpc->from);
    }
    if (pdu.auth_len) {
        CS_TRY(check_trailer(rpc, &pdu, err));
    }
    cs_bytes_done(ret_token);
    *ret_token = cs_bytes_copy(pdu.octets + pdu.len - pdu.auth_len, pdu.auth_len);
    return CS_OK;
}

/* The type of leg @count, in which our side is @done or not. NTLM's last one has no answer. */
static enum cs_rpc_type leg_type(const struct cs_rpc *rpc, unsigned count, bool done)
{
    if (count == 0) {
        return CS_RPC_BIND;
    }
    return done && rpc->security->ops->auth_type == CS_RPC_AUTH_NTLM ? CS_RPC_AUTH3 : CS_RPC_ALTER;
}

static cs_rc authenticate(struct cs_rpc *rpc, const struct cs_rpc_syntax *interface,
                          struct cs_err *err)
{
    cs_auto_value(cs_bytes) theirs = {0};
    bool done = false;

    for (unsigned count = 0; count < LEGS_MAX; count++) {
        cs_auto_value(cs_bytes) ours = {0};
        CS_TRY(rpc->security->ops->step(rpc->security, count ? &theirs : NULL, &ours, &done, err));
        if (done && ours.len == 0) {
            return CS_OK;
        }
        enum cs_rpc_type type = leg_type(rpc, count, done);
        CS_TRY(send_leg(rpc, type, type == CS_RPC_BIND ? CS_RPC_HEADER_SIGN : 0, interface, &ours,
                        err));
        if (type == CS_RPC_AUTH3) {
            rpc->unproved = true;
            return CS_OK;
        }
        CS_TRY(receive_leg(rpc, type == CS_RPC_BIND ? CS_RPC_BIND_ACK : CS_RPC_ALTER_RESP, &theirs,
                           err));
        if (done) {
            return CS_OK;
        }
        if (theirs.len == 0) {
            return cs_fail(err, CS_E_CA_UNREACHABLE, "%s does not authenticate itself", rpc->from);
        }
    }
    return cs_fail(err, CS_E_CA_UNREACHABLE, "the authentication with %s does not end", rpc->from);
}

cs_rc cs_rpc_bind(struct cs_tcp *tcp, const struct cs_rpc_syntax *interface,
                  struct cs_rpc_security *security, int64_t deadline_ms, struct cs_rpc **ret_rpc,
                  struct cs_err *err)
{
    static const struct cs_bytes no_token = {0};
    cs_auto_value(cs_bytes) ignored = {0};
    cs_auto(cs_rpc) rpc = cs_alloc(1, sizeof *rpc);

    rpc->tcp = tcp;
    rpc->security = security;
    rpc->from = cs_tcp_name(tcp);
    rpc->deadline_ms = deadline_ms;
    rpc->call_id = 1;
    if (security) {
        CS_TRY(authenticate(rpc, interface, err));
    } else {
        CS_TRY(send_leg(rpc, CS_RPC_BIND, 0, interface, &no_token, err));
        CS_TRY(receive_leg(rpc, CS_RPC_BIND_ACK, &ignored, err));
    }
    *ret_rpc = cs_steal(&rpc);
    return CS_OK;
}

/* ---- a call ---- */

struct request {
    uint16_t opnum;
    const uint8_t *data; /* what is still to be sent */
    size_t left;
    bool first;
};

/* What of a fragment is left for the stub. */
static cs_rc stub_room(struct cs_rpc *rpc, size_t *ret_room, struct cs_err *err)
{
    size_t token_len = 0;
    size_t room = rpc->fragment - CS_RPC_REQUEST_LEN;

    if (rpc->security) {
        CS_TRY(rpc->security->ops->token_len(rpc->security, PAD_UNIT, &token_len, err));
        if (token_len > TOKEN_MAX) {
            return cs_fail(err, CS_E_INTERNAL, "a signature of %zu octets is too long", token_len);
        }
        room -= token_len + CS_RPC_TRAILER_LEN;
    }
    *ret_room = room & ~(size_t)(PAD_UNIT - 1);
    return CS_OK;
}

/* Pads the body, and adds sec_trailer and the signature. */
static cs_rc protect(struct cs_rpc *rpc, struct cs_buf *buf, struct cs_err *err)
{
    static const uint8_t zeros[TOKEN_MAX];
    struct cs_rpc_sealed sealed = {.body = CS_RPC_REQUEST_LEN};
    size_t token_len = 0;
    uint8_t pad = (uint8_t)(-(buf->len - sealed.body) & (PAD_UNIT - 1));

    cs_buf_add(buf, zeros, pad);
    sealed.trailer = buf->len;
    cs_rpc_trailer(buf, rpc->security->ops->auth_type, pad);
    sealed.token = buf->len;
    CS_TRY(rpc->security->ops->token_len(rpc->security, sealed.trailer - sealed.body, &token_len,
                                         err));
    cs_buf_add(buf, zeros, token_len < sizeof zeros ? token_len : sizeof zeros);
    sealed.end = buf->len;
    cs_rpc_finish(buf, token_len); /* signed too */
    if (buf->overflow || sealed.end != sealed.token + token_len) {
        return cs_fail(err, CS_E_INTERNAL, "a fragment for %s is too long", rpc->from);
    }
    sealed.pdu = buf->data;
    return rpc->security->ops->seal(rpc->security, &sealed, err);
}

/* The next fragment, ready to be sent. */
static cs_rc build_fragment(struct cs_rpc *rpc, struct request *request, size_t room,
                            struct cs_bytes *ret_pdu, struct cs_err *err)
{
    struct cs_buf buf = CS_BUF(rpc->fragment);
    size_t len = request->left < room ? request->left : room;
    uint8_t flags =
        (uint8_t)((request->first ? CS_RPC_FIRST : 0) | (len == request->left ? CS_RPC_LAST : 0));

    cs_rpc_begin(&buf, CS_RPC_REQUEST, flags, rpc->call_id);
    cs_ndr_put_u32(&buf, (uint32_t)request->left); /* alloc_hint */
    cs_ndr_put_u16(&buf, 0);                       /* p_cont_id */
    cs_ndr_put_u16(&buf, request->opnum);
    cs_buf_add(&buf, request->data, len);
    cs_rc rc = CS_OK;
    if (rpc->security) {
        rc = protect(rpc, &buf, err);
    } else {
        cs_rpc_finish(&buf, 0);
    }
    if (rc == CS_OK) {
        rc = cs_buf_take(&buf, "a fragment", ret_pdu, err);
    }
    cs_buf_done(&buf);
    request->data += len;
    request->left -= len;
    request->first = false;
    return rc;
}

static cs_rc send_request(struct cs_rpc *rpc, uint16_t opnum, const struct cs_bytes *stub,
                          bool *ret_sent, struct cs_err *err)
{
    struct request request = {opnum, stub->data, stub->len, true};
    size_t room = 0;

    CS_TRY(stub_room(rpc, &room, err));
    do {
        cs_auto_value(cs_bytes) pdu = {0};
        CS_TRY(build_fragment(rpc, &request, room, &pdu, err));
        /* The server cannot act before the last fragment. */
        *ret_sent = request.left == 0;
        CS_TRY(cs_tcp_send(rpc->tcp, pdu.data, pdu.len, rpc->deadline_ms, err));
    } while (request.left);
    return CS_OK;
}

/* Checks and decrypts a response in place: *ret_len octets of it from CS_RPC_REQUEST_LEN on are
 * the stub. */
static cs_rc open_response(struct cs_rpc *rpc, const struct cs_rpc_pdu *pdu, size_t *ret_len,
                           struct cs_err *err)
{
    if (pdu->body_end < CS_RPC_REQUEST_LEN + (size_t)pdu->pad_len) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "the answer of %s is broken: no room for a stub",
                       rpc->from);
    }
    if (rpc->security) {
        const struct cs_rpc_sealed sealed = {
            .pdu = rpc->pdu,
            .body = CS_RPC_REQUEST_LEN,
            .trailer = pdu->body_end,
            .token = pdu->body_end + CS_RPC_TRAILER_LEN,
            .end = pdu->len,
        };
        CS_TRY(check_trailer(rpc, pdu, err));
        CS_TRY(rpc->security->ops->unseal(rpc->security, &sealed, err));
    }
    *ret_len = pdu->body_end - CS_RPC_REQUEST_LEN - pdu->pad_len;
    return CS_OK;
}

static cs_rc check_order(const struct cs_rpc *rpc, const struct cs_rpc_pdu *pdu, bool first,
                         size_t len, struct cs_err *err)
{
    if (first != !!(pdu->flags & CS_RPC_FIRST)) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "the fragments of %s are out of order", rpc->from);
    }
    if (len == 0 && !(pdu->flags & CS_RPC_LAST)) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "%s sends an empty fragment", rpc->from);
    }
    return CS_OK;
}

/* Servers sign no faults, so that anybody on the way can send one: also where it says that the call
 * was not carried out (PFC_DID_NOT_EXECUTE, MS-RPCE section 2.2.2.3), it may have been. */
static cs_rc receive_response(struct cs_rpc *rpc, struct cs_buf *reply, struct cs_err *err)
{
    struct cs_rpc_pdu pdu;

    do {
        size_t len = 0;
        CS_TRY(receive(rpc, &pdu, err));
        if (pdu.type != CS_RPC_RESPONSE) {
            return fail_type(rpc, &pdu, err);
        }
        CS_TRY(open_response(rpc, &pdu, &len, err));
        rpc->unproved = false;
        CS_TRY(check_order(rpc, &pdu, reply->len == 0, len, err));
        cs_buf_add(reply, rpc->pdu + CS_RPC_REQUEST_LEN, len);
        if (reply->overflow) {
            return cs_fail(err, CS_E_CA_UNREACHABLE, "the answer of %s is longer than %zu octets",
                           rpc->from, CS_RPC_REPLY_MAX);
        }
    } while (!(pdu.flags & CS_RPC_LAST));
    return CS_OK;
}

cs_rc cs_rpc_call(struct cs_rpc *rpc, uint16_t opnum, const struct cs_bytes *stub,
                  int64_t deadline_ms, bool *ret_sent, struct cs_bytes *ret_reply,
                  struct cs_err *err)
{
    struct cs_buf reply = CS_BUF(CS_RPC_REPLY_MAX);

    *ret_sent = false;
    rpc->call_id++;
    rpc->deadline_ms = deadline_ms;
    cs_rc rc = send_request(rpc, opnum, stub, ret_sent, err);
    if (rc == CS_OK) {
        rc = receive_response(rpc, &reply, err);
    }
    if (rc == CS_OK) {
        rc = cs_buf_take(&reply, "the answer", ret_reply, err);
    }
    cs_buf_done(&reply);
    return rc;
}

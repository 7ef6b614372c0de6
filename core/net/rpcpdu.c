#include "net/rpcpdu.h"

#include "net/ndr.h"

#include <string.h>

/* 8a885d04-1ceb-11c9-9fe8-08002b104860 (C706 appendix I). */
const struct cs_rpc_syntax cs_rpc_ndr = {
    {0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48,
     0x60},
    2,
    0,
};

/* ---- writing ---- */

void cs_rpc_begin(struct cs_buf *buf, enum cs_rpc_type type, uint8_t flags, uint32_t call_id)
{
    /* Version 5.0; little-endian, ASCII, IEEE. The lengths come with cs_rpc_finish(). */
    const uint8_t start[] = {5, 0, (uint8_t)type, flags, 0x10, 0, 0, 0, 0, 0, 0, 0};

    cs_buf_add(buf, start, sizeof start);
    cs_ndr_put_u32(buf, call_id);
}

void cs_rpc_put_syntax(struct cs_buf *buf, const struct cs_rpc_syntax *syntax)
{
    cs_buf_add(buf, syntax->uuid, sizeof syntax->uuid);
    cs_ndr_put_u16(buf, syntax->major);
    cs_ndr_put_u16(buf, syntax->minor);
}

void cs_rpc_put_bind(struct cs_buf *buf, const struct cs_rpc_syntax *interface)
{
    static const uint8_t one_context[] = {1, 0, 0, 0};
    static const uint8_t context[] = {0, 0, 1, 0}; /* number 0, one transfer syntax */

    cs_ndr_put_u16(buf, CS_RPC_FRAGMENT_MAX);
    cs_ndr_put_u16(buf, CS_RPC_FRAGMENT_MAX);
    cs_ndr_put_u32(buf, 0); /* a new association group */
    cs_buf_add(buf, one_context, sizeof one_context);
    cs_buf_add(buf, context, sizeof context);
    cs_rpc_put_syntax(buf, interface);
    cs_rpc_put_syntax(buf, &cs_rpc_ndr);
}

void cs_rpc_trailer(struct cs_buf *buf, uint8_t auth_type, uint8_t pad_len)
{
    const uint8_t trailer[CS_RPC_TRAILER_LEN] = {auth_type, CS_RPC_PRIVACY, pad_len, 0, 0, 0, 0, 0};

    cs_buf_add(buf, trailer, sizeof trailer);
}

void cs_rpc_finish(struct cs_buf *buf, size_t auth_len)
{
    if (buf->overflow || buf->len < CS_RPC_HEADER_LEN) {
        return;
    }
    buf->data[8] = (uint8_t)buf->len;
    buf->data[9] = (uint8_t)(buf->len >> 8);
    buf->data[10] = (uint8_t)auth_len;
    buf->data[11] = (uint8_t)(auth_len >> 8);
}

/* ---- reading ---- */

/* The fields that all PDUs begin with (C706 section 12.6.3.1). */
struct header {
    uint8_t version;
    uint8_t type;
    uint8_t flags;
    uint32_t drep;
    uint16_t len;
    uint16_t auth_len;
    uint32_t call_id;
};

static struct header read_header(const uint8_t *octets)
{
    struct cs_ndr ndr = {.data = octets, .len = CS_RPC_HEADER_LEN};
    struct header header;

    header.version = cs_ndr_u8(&ndr);
    (void)cs_ndr_u8(&ndr); /* rpc_vers_minor: 0 or 1, of no importance */
    header.type = cs_ndr_u8(&ndr);
    header.flags = cs_ndr_u8(&ndr);
    header.drep = cs_ndr_u32(&ndr);
    header.len = cs_ndr_u16(&ndr);
    header.auth_len = cs_ndr_u16(&ndr);
    header.call_id = cs_ndr_u32(&ndr);
    return header;
}

cs_rc cs_rpc_pdu_len(const uint8_t *header, const char *from, size_t *ret_len, struct cs_err *err)
{
    struct header read = read_header(header);

    if (read.version != 5) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "%s does not speak DCE/RPC 5.0", from);
    }
    if (read.drep != 0x10) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "%s writes numbers otherwise than little-endian (0x%08x)", from, read.drep);
    }
    if (read.len < CS_RPC_HEADER_LEN || read.len > CS_RPC_FRAGMENT_MAX) {
        return cs_fail(err, CS_E_CA_UNREACHABLE,
                       "%s announces a fragment of %u octets; %d to %d are possible", from,
                       read.len, CS_RPC_HEADER_LEN, CS_RPC_FRAGMENT_MAX);
    }
    *ret_len = read.len;
    return CS_OK;
}

static cs_rc fail_broken(const char *from, const char *what, struct cs_err *err)
{
    return cs_fail(err, CS_E_CA_UNREACHABLE, "the answer of %s is broken: %s", from, what);
}

/* sec_trailer and what follows it (MS-RPCE section 2.2.2.11). */
static cs_rc read_trailer(struct cs_rpc_pdu *pdu, size_t auth_len, const char *from,
                          struct cs_err *err)
{
    if (auth_len + CS_RPC_TRAILER_LEN > pdu->len - CS_RPC_HEADER_LEN) {
        return fail_broken(from, "its authentication is longer than itself", err);
    }
    pdu->body_end = pdu->len - auth_len - CS_RPC_TRAILER_LEN;
    pdu->auth_len = auth_len;
    struct cs_ndr ndr = {.data = pdu->octets + pdu->body_end, .len = CS_RPC_TRAILER_LEN};
    pdu->auth_type = cs_ndr_u8(&ndr);
    pdu->auth_level = cs_ndr_u8(&ndr);
    pdu->pad_len = cs_ndr_u8(&ndr);
    (void)cs_ndr_u8(&ndr);
    pdu->auth_id = cs_ndr_u32(&ndr);
    if (pdu->pad_len > pdu->body_end - CS_RPC_HEADER_LEN) {
        return fail_broken(from, "its padding is longer than itself", err);
    }
    return CS_OK;
}

cs_rc cs_rpc_pdu_read(const uint8_t *octets, size_t len, const char *from,
                      struct cs_rpc_pdu *ret_pdu, struct cs_err *err)
{
    size_t said = 0;

    if (len < CS_RPC_HEADER_LEN) {
        return fail_broken(from, "it is too short", err);
    }
    CS_TRY(cs_rpc_pdu_len(octets, from, &said, err));
    if (said != len) {
        return fail_broken(from, "it has another length than it says", err);
    }
    struct header header = read_header(octets);
    struct cs_rpc_pdu pdu = {
        .type = header.type,
        .flags = header.flags,
        .call_id = header.call_id,
        .octets = octets,
        .len = len,
        .body_end = len,
    };
    if (header.auth_len) {
        CS_TRY(read_trailer(&pdu, header.auth_len, from, err));
    }
    *ret_pdu = pdu;
    return CS_OK;
}

/* Why a context was refused (C706 section 12.6.3.1, p_provider_reason_t). */
static const char *reason_text(uint16_t reason)
{
    static const char *const reasons[] = {
        "no reason is given",
        "the interface is not there: the CA service does not run, or does not take requests by RPC",
        "it does not speak NDR",
        "too many connections",
    };
    return reason < sizeof reasons / sizeof *reasons ? reasons[reason] : "an unknown reason";
}

/* p_result_list_t of one result (C706 section 12.6.3.1). */
static cs_rc read_result(struct cs_ndr *ndr, const char *from, struct cs_err *err)
{
    uint8_t count = cs_ndr_u8(ndr);
    (void)cs_ndr_octets(ndr, 3);
    uint16_t result = cs_ndr_u16(ndr);
    uint16_t reason = cs_ndr_u16(ndr);
    const uint8_t *syntax = cs_ndr_octets(ndr, 16);
    uint32_t version = cs_ndr_u32(ndr);

    if (!syntax || ndr->failed || count != 1) {
        return fail_broken(from, "no result for the interface", err);
    }
    if (result != 0) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "%s refused the interface: %s", from,
                       reason_text(reason));
    }
    if (memcmp(syntax, cs_rpc_ndr.uuid, 16) != 0 || version != 2) {
        return fail_broken(from, "it accepts a transfer syntax that was not offered", err);
    }
    return CS_OK;
}

cs_rc cs_rpc_read_ack(const struct cs_rpc_pdu *pdu, const char *from, uint16_t *ret_fragment,
                      struct cs_err *err)
{
    struct cs_ndr ndr = {.data = pdu->octets, .len = pdu->body_end, .at = CS_RPC_HEADER_LEN};

    (void)cs_ndr_u16(&ndr); /* the longest that it sends: not longer than what we take */
    uint16_t takes = cs_ndr_u16(&ndr);
    (void)cs_ndr_u32(&ndr);                      /* assoc_group_id */
    (void)cs_ndr_octets(&ndr, cs_ndr_u16(&ndr)); /* sec_addr */
    cs_ndr_align(&ndr, 4);
    CS_TRY(read_result(&ndr, from, err));
    if (takes < CS_RPC_FRAGMENT_MIN) {
        return fail_broken(from, "it takes no fragments of the length that each server must", err);
    }
    *ret_fragment = takes < CS_RPC_FRAGMENT_MAX ? takes : CS_RPC_FRAGMENT_MAX;
    return CS_OK;
}

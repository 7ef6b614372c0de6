#include "net/epm.h"

#include "net/ndr.h"
#include "net/rpc.h"

#include <string.h>

/* e1af8308-5d1f-11c9-91a4-08002b14a0fa (C706 appendix O). */
static const struct cs_rpc_syntax epm = {
    {0x08, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0,
     0xfa},
    3,
    0,
};

#define OPNUM_MAP 3

/* How many towers we ask for, and how long one can be. */
#define TOWERS_MAX 8
#define TOWER_MAX  1024

/* Protocol identifiers of a tower's floors (C706 appendix I). */
#define FLOOR_UUID 0x0d
#define FLOOR_RPC  0x0b /* connection-oriented */
#define FLOOR_TCP  0x07
#define FLOOR_IP   0x09

/* ept_s_not_registered (C706 appendix E). */
#define NOT_REGISTERED 0x16c9a0d6U

/* ---- asking ---- */

static void put_uuid_floor(struct cs_buf *buf, const struct cs_rpc_syntax *syntax)
{
    cs_ndr_put_u16(buf, 19);
    cs_ndr_put_u8(buf, FLOOR_UUID);
    cs_buf_add(buf, syntax->uuid, sizeof syntax->uuid);
    cs_ndr_put_u16(buf, syntax->major);
    cs_ndr_put_u16(buf, 2);
    cs_ndr_put_u16(buf, syntax->minor);
}

static void put_floor(struct cs_buf *buf, uint8_t protocol, uint16_t value_len)
{
    cs_ndr_put_u16(buf, 1);
    cs_ndr_put_u8(buf, protocol);
    cs_ndr_put_u16(buf, value_len);
    for (unsigned i = 0; i < value_len; i++) {
        cs_ndr_put_u8(buf, 0);
    }
}

static void put_tower(struct cs_buf *buf, const struct cs_rpc_syntax *interface)
{
    cs_ndr_put_u16(buf, 5);
    put_uuid_floor(buf, interface);
    put_uuid_floor(buf, &cs_rpc_ndr);
    put_floor(buf, FLOOR_RPC, 2);
    put_floor(buf, FLOOR_TCP, 2);
    put_floor(buf, FLOOR_IP, 4);
}

cs_rc cs_epm_put_map(const struct cs_rpc_syntax *interface, struct cs_bytes *ret_stub,
                     struct cs_err *err)
{
    static const uint8_t zeros[20];
    struct cs_buf tower = CS_BUF(TOWER_MAX);
    struct cs_buf buf = CS_BUF(2 * TOWER_MAX);

    put_tower(&tower, interface);
    cs_ndr_put_u32(&buf, 1); /* obj: any object */
    cs_buf_add(&buf, zeros, 16);
    cs_ndr_put_u32(&buf, 2); /* map_tower */
    cs_ndr_put_u32(&buf, (uint32_t)tower.len);
    cs_ndr_put_u32(&buf, (uint32_t)tower.len);
    cs_buf_add(&buf, tower.data, tower.len);
    cs_ndr_put_align(&buf, 4);
    cs_buf_add(&buf, zeros, 20); /* entry_handle: from the start */
    cs_ndr_put_u32(&buf, TOWERS_MAX);
    cs_rc rc = cs_buf_take(&buf, "the question for the endpoint mapper", ret_stub, err);
    cs_buf_done(&buf);
    cs_buf_done(&tower);
    return rc;
}

/* ---- the answer ---- */

/* A part of a floor: its length, and so many octets. */
static struct cs_ndr read_part(struct cs_ndr *ndr)
{
    struct cs_ndr part = {.len = cs_ndr_u16(ndr)};

    part.data = cs_ndr_octets(ndr, part.len);
    part.failed = part.data == NULL;
    return part;
}

struct floor {
    struct cs_ndr left; /* protocol and what belongs to it */
    struct cs_ndr right;
};

static struct floor read_floor(struct cs_ndr *ndr)
{
    struct floor floor = {.left = read_part(ndr)};

    floor.right = read_part(ndr);
    return floor;
}

static bool is_syntax(struct floor *floor, const struct cs_rpc_syntax *syntax)
{
    if (floor->left.len != 19 || floor->right.len != 2 || cs_ndr_u8(&floor->left) != FLOOR_UUID) {
        return false;
    }
    const uint8_t *uuid = cs_ndr_octets(&floor->left, 16);
    return uuid && memcmp(uuid, syntax->uuid, 16) == 0 && cs_ndr_u16(&floor->left) == syntax->major;
}

static bool is_protocol(struct floor *floor, uint8_t protocol, size_t value_len)
{
    return floor->left.len == 1 && cs_ndr_u8(&floor->left) == protocol &&
           floor->right.len == value_len;
}

/* The port of a tower that is @interface over TCP; 0 for a tower of something else. False: it is
 * broken. */
static bool read_tower(struct cs_ndr tower, const struct cs_rpc_syntax *interface,
                       uint16_t *ret_port)
{
    struct floor floors[5] = {0};
    uint16_t count = cs_ndr_u16(&tower);

    for (unsigned i = 0; i < count; i++) {
        struct floor floor = read_floor(&tower);
        if (i < 5) {
            floors[i] = floor;
        }
        if (tower.failed) {
            return false;
        }
    }
    *ret_port = 0;
    if (count == 5 && is_syntax(&floors[0], interface) && is_syntax(&floors[1], &cs_rpc_ndr) &&
        is_protocol(&floors[2], FLOOR_RPC, 2) && is_protocol(&floors[3], FLOOR_TCP, 2) &&
        is_protocol(&floors[4], FLOOR_IP, 4)) {
        uint8_t high = cs_ndr_u8(&floors[3].right); /* in the network's order */
        *ret_port = (uint16_t)(high << 8 | cs_ndr_u8(&floors[3].right));
    }
    return !tower.failed && cs_ndr_left(&tower) == 0;
}

/* twr_t: its length twice, its octets. The next one is aligned. */
static struct cs_ndr next_tower(struct cs_ndr *ndr)
{
    cs_ndr_align(ndr, 4);
    uint32_t max = cs_ndr_u32(ndr);
    struct cs_ndr tower = {.len = cs_ndr_u32(ndr)};

    if (tower.len != max || tower.len > TOWER_MAX) {
        ndr->failed = true;
    }
    tower.data = cs_ndr_octets(ndr, tower.len);
    tower.failed = tower.data == NULL;
    return tower;
}

static cs_rc fail_broken(const char *from, const char *what, struct cs_err *err)
{
    return cs_fail(err, CS_E_CA_UNREACHABLE, "the answer of %s is broken: %s", from, what);
}

static cs_rc fail_not_there(const char *from, uint32_t status, struct cs_err *err)
{
    bool usual = status == 0 || status == NOT_REGISTERED;

    cs_err_set(err, CS_E_CA_UNREACHABLE, "%s: the endpoint mapper knows no CA there", from);
    if (status) {
        cs_err_cause(err, CS_ORIGIN_RPC, status, usual ? "ept_s_not_registered" : "unknown",
                     "ept_map");
    }
    cs_err_hint(err, "is it the CA's computer, and does its service run (certsvc)? `cscert ca "
                     "list` shows which computers are CAs");
    return CS_E_CA_UNREACHABLE;
}

/* The towers' pointers, of which none may be NULL; @count of them are there. */
static bool read_pointers(struct cs_ndr *ndr, uint32_t count)
{
    uint32_t max = cs_ndr_u32(ndr);
    uint32_t offset = cs_ndr_u32(ndr);
    uint32_t actual = cs_ndr_u32(ndr);
    bool good = max <= TOWERS_MAX && offset == 0 && actual == count && count <= max;

    for (uint32_t i = 0; good && i < count; i++) {
        good = cs_ndr_u32(ndr) != 0;
    }
    return good && !ndr->failed;
}

cs_rc cs_epm_read_map(const struct cs_bytes *stub, const struct cs_rpc_syntax *interface,
                      const char *from, uint16_t *ret_port, struct cs_err *err)
{
    struct cs_ndr ndr = {.data = stub->data, .len = stub->len};
    uint16_t port = 0;

    (void)cs_ndr_octets(&ndr, 20); /* entry_handle */
    uint32_t count = cs_ndr_u32(&ndr);
    if (!read_pointers(&ndr, count)) {
        return fail_broken(from, "its towers are not there", err);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint16_t one = 0;
        if (!read_tower(next_tower(&ndr), interface, &one)) {
            return fail_broken(from, "a tower is shorter or longer than it says", err);
        }
        port = port ? port : one;
    }
    cs_ndr_align(&ndr, 4);
    uint32_t status = cs_ndr_u32(&ndr);
    if (ndr.failed) {
        return fail_broken(from, "its end is missing", err);
    }
    if (status || !port) {
        return fail_not_there(from, status, err);
    }
    *ret_port = port;
    return CS_OK;
}

cs_rc cs_epm_map(struct cs_tcp *tcp, const struct cs_rpc_syntax *interface, int64_t deadline_ms,
                 uint16_t *ret_port, struct cs_err *err)
{
    cs_auto_value(cs_bytes) question = {0};
    cs_auto_value(cs_bytes) answer = {0};
    cs_auto(cs_rpc) rpc = NULL;
    bool sent = false;

    CS_TRY(cs_epm_put_map(interface, &question, err));
    CS_TRY(cs_rpc_bind(tcp, &epm, NULL, deadline_ms, &rpc, err));
    CS_TRY(cs_rpc_call(rpc, OPNUM_MAP, &question, deadline_ms, &sent, &answer, err));
    return cs_epm_read_map(&answer, interface, cs_tcp_name(tcp), ret_port, err);
}

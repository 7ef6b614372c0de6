#include "net/rpcpdu.h"

#include "support/check_run.h"

/* ICertPassage; octets written by hand from MS-ICPR section 1.9 and C706 sections 12.6.3 and
 * 12.6.4.3. */
static const struct cs_rpc_syntax interface = {{0x20, 0x60, 0xae, 0x91, 0x3c, 0x9e, 0xcf, 0x11,
                                                0x8d, 0x7c, 0x00, 0xaa, 0x00, 0xc0, 0x91, 0xbe},
                                               0,
                                               0};

#define NDR_OCTETS                                                                                 \
    "\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60\x02\x00\x00\x00"

START_TEST(test_bind)
{
    static const char expected[] =
        "\x05\x00\x0b\x07\x10\x00\x00\x00\x53\x00\x03\x00\x01\x00\x00\x00" /* header */
        "\xd0\x16\xd0\x16\x00\x00\x00\x00"                                 /* 5840 each way */
        "\x01\x00\x00\x00"                                                 /* one context */
        "\x00\x00\x01\x00"                                                 /* 0, one syntax */
        "\x20\x60\xae\x91\x3c\x9e\xcf\x11\x8d\x7c\x00\xaa\x00\xc0\x91\xbe\x00\x00\x00"
        "\x00" NDR_OCTETS "\x09\x06\x00\x00\x00\x00\x00\x00" /* SPNEGO, privacy */
        "abc";
    struct cs_buf buf = CS_BUF(CS_RPC_FRAGMENT_MAX);

    cs_rpc_begin(&buf, CS_RPC_BIND, CS_RPC_FIRST | CS_RPC_LAST | CS_RPC_HEADER_SIGN, 1);
    cs_rpc_put_bind(&buf, &interface);
    cs_rpc_trailer(&buf, 9, 0);
    cs_buf_add(&buf, "abc", 3);
    cs_rpc_finish(&buf, 3);
    ck_assert_uint_eq(buf.len, sizeof expected - 1);
    ck_assert_mem_eq(buf.data, expected, sizeof expected - 1);
    cs_buf_done(&buf);
}
END_TEST

/* ---- reading ---- */

/* Copies of the exact size, so that a sanitizer sees what is read too far. */
static struct cs_bytes pdu_of(const char *octets, size_t len)
{
    return cs_bytes_copy(octets, len);
}

#define ROW(octets) octets, sizeof(octets) - 1

static const struct {
    const char *octets;
    size_t len;
    const char *message; /* NULL: it is good */
} pdus[] = {
    {ROW("\x05\x00\x02\x03\x10\0\0\0\x18\0\0\0\2\0\0\0"
         "\0\0\0\0\0\0\0\0"),
     NULL},
    {ROW("\x05\x01\x02\x03\x10\0\0\0\x18\0\0\0\2\0\0\0"
         "\0\0\0\0\0\0\0\0"),
     NULL},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\x1b\0\3\0\2\0\0\0"
         "\x09\x06\0\0\0\0\0\0"
         "sig"),
     NULL},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\x1f\0\3\0\2\0\0\0"
         "body"
         "\x09\x06\4\0\0\0\0\0"
         "sig"),
     NULL},
    {ROW("\x04\x00\x02\x03\x10\0\0\0\x18\0\0\0\2\0\0\0"
         "\0\0\0\0\0\0\0\0"),
     "does not speak"},
    {ROW("HTTP/1.1 400 Bad Request"), "does not speak DCE/RPC 5.0"},
    {ROW("\x05\x00\x02\x03\x00\0\0\0\x18\0\0\0\2\0\0\0"
         "\0\0\0\0\0\0\0\0"),
     "little-endian"},
    {ROW("\x05\x00\x02\x03\x10\0\0\1\x18\0\0\0\2\0\0\0"
         "\0\0\0\0\0\0\0\0"),
     "little-endian"},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\x0f\0\0\0\2\0\0\0"), "a fragment of 15 octets"},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\xd1\x16\0\0\2\0\0\0"), "a fragment of 5841 octets"},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\xff\xff\0\0\2\0\0\0"), "a fragment of 65535 octets"},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\x19\0\0\0\2\0\0\0"
         "\0\0\0\0\0\0\0\0"),
     "another length"},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\x17\0\0\0\2\0\0\0"
         "\0\0\0\0\0\0\0\0"),
     "another length"},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\x1b\0\4\0\2\0\0\0"
         "\x09\x06\0\0\0\0\0\0"
         "sig"),
     "authentication is longer"},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\x1b\0\xff\xff\2\0\0\0"
         "\x09\x06\0\0\0\0\0\0"
         "sig"),
     "authentication is longer"},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\x12\0\1\0\2\0\0\0"
         "ab"),
     "authentication is longer"},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\x1f\0\3\0\2\0\0\0"
         "body"
         "\x09\x06\5\0\0\0\0\0"
         "sig"),
     "padding is longer"},
    {ROW("\x05\x00\x02\x03\x10\0\0\0\x10\0\0\0\2\0\0"), "too short"},
    {ROW(""), "too short"},
};

START_TEST(test_pdu)
{
    cs_auto_value(cs_bytes) octets = pdu_of(pdus[_i].octets, pdus[_i].len);
    struct cs_rpc_pdu pdu;
    struct cs_err err = {0};
    cs_rc rc = cs_rpc_pdu_read(octets.data, octets.len, "the server", &pdu, &err);

    if (!pdus[_i].message) {
        assert_ok(rc, &err);
        ck_assert_uint_eq(pdu.call_id, 2);
        return;
    }
    assert_fails(rc, CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, "the server");
    assert_contains(err.message, pdus[_i].message);
}
END_TEST

START_TEST(test_trailer)
{
    cs_auto_value(cs_bytes) octets = pdu_of(ROW("\x05\x00\x02\x01\x10\0\0\0\x1f\0\3\0\2\0\0\0"
                                                "body"
                                                "\x0a\x05\4\0\x44\x33\x22\x11"
                                                "sig"));
    struct cs_rpc_pdu pdu;
    struct cs_err err = {0};

    assert_ok(cs_rpc_pdu_read(octets.data, octets.len, "x", &pdu, &err), &err);
    ck_assert_uint_eq(pdu.type, CS_RPC_RESPONSE);
    ck_assert_uint_eq(pdu.flags, CS_RPC_FIRST);
    ck_assert_uint_eq(pdu.body_end, 20);
    ck_assert_uint_eq(pdu.auth_type, 10);
    ck_assert_uint_eq(pdu.auth_level, 5);
    ck_assert_uint_eq(pdu.pad_len, 4);
    ck_assert_uint_eq(pdu.auth_id, 0x11223344);
    ck_assert_uint_eq(pdu.auth_len, 3);
}
END_TEST

/* ---- bind_ack ---- */

/* What follows the header. */
static const struct {
    const char *body;
    size_t len;
    const char *message;
    uint16_t fragment;
} acks[] = {
    /* secondary address "50001", padding, one result: acceptance */
    {ROW("\xb8\x10\xb8\x10\1\0\0\0"
         "\6\0"
         "50001\0"
         "\1\0\0\0"
         "\0\0\0\0" NDR_OCTETS),
     NULL, 4280},
    {ROW("\xb8\x10\xff\xff\1\0\0\0"
         "\0\0\0\0"
         "\1\0\0\0"
         "\0\0\0\0" NDR_OCTETS),
     NULL, 5840},
    {ROW("\xb8\x10\x98\x05\1\0\0\0"
         "\0\0\0\0"
         "\1\0\0\0"
         "\0\0\0\0" NDR_OCTETS),
     NULL, 1432},
    {ROW("\xb8\x10\x97\x05\1\0\0\0"
         "\0\0\0\0"
         "\1\0\0\0"
         "\0\0\0\0" NDR_OCTETS),
     "it takes no", 0},
    {ROW("\xb8\x10\xb8\x10\1\0\0\0"
         "\0\0\0\0"
         "\1\0\0\0"
         "\2\0\1\0" NDR_OCTETS),
     "refused the interface: the interface is not there", 0},
    {ROW("\xb8\x10\xb8\x10\1\0\0\0"
         "\0\0\0\0"
         "\1\0\0\0"
         "\2\0\2\0" NDR_OCTETS),
     "speak NDR", 0},
    {ROW("\xb8\x10\xb8\x10\1\0\0\0"
         "\0\0\0\0"
         "\1\0\0\0"
         "\2\0\x99\0" NDR_OCTETS),
     "unknown", 0},
    {ROW("\xb8\x10\xb8\x10\1\0\0\0"
         "\0\0\0\0"
         "\1\0\0\0"
         "\0\0\0\0"
         "\x05\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60\x02\x00\x00\x00"),
     "not offered", 0},
    {ROW("\xb8\x10\xb8\x10\1\0\0\0"
         "\0\0\0\0"
         "\2\0\0\0"
         "\0\0\0\0" NDR_OCTETS),
     "no result", 0},
    {ROW("\xb8\x10\xb8\x10\1\0\0\0"
         "\0\0\0\0"
         "\0\0\0\0"),
     "no result", 0},
    {ROW("\xb8\x10\xb8\x10\1\0\0\0"
         "\xff\xff"
         "50001\0"
         "\1\0\0\0"
         "\0\0\0\0" NDR_OCTETS),
     "no result", 0},
    {ROW("\xb8\x10\xb8\x10"), "no result", 0},
    {ROW(""), "no result", 0},
};

START_TEST(test_ack)
{
    struct cs_buf buf = CS_BUF(256);
    struct cs_err err = {0};
    uint16_t fragment = 0;

    cs_rpc_begin(&buf, CS_RPC_BIND_ACK, 3, 1);
    cs_buf_add(&buf, acks[_i].body, acks[_i].len);
    cs_rpc_finish(&buf, 0);
    cs_auto_value(cs_bytes) octets = cs_bytes_copy(buf.data, buf.len);
    cs_buf_done(&buf);
    struct cs_rpc_pdu pdu;
    assert_ok(cs_rpc_pdu_read(octets.data, octets.len, "x", &pdu, &err), &err);
    cs_rc rc = cs_rpc_read_ack(&pdu, "the server", &fragment, &err);
    if (!acks[_i].message) {
        assert_ok(rc, &err);
        ck_assert_uint_eq(fragment, acks[_i].fragment);
        return;
    }
    assert_fails(rc, CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, acks[_i].message);
}
END_TEST

/* ---- refusals ---- */

/* alloc_hint, p_cont_id, cancel_count, reserved; status (C706 section 12.6.4.7). */
#define FAULT(status) "\0\0\0\0\0\0\0\0" status "\0\0\0\0"

static const struct {
    const char *body;
    size_t len;
    bool unproved;
    cs_rc rc;
    const char *message;
    const char *cause;
} fault_rows[] = {
    {ROW(FAULT("\x05\0\0\0")), false, CS_E_CA_REFUSED, "access is denied", "ERROR_ACCESS_DENIED"},
    {ROW(FAULT("\x05\0\0\0")), true, CS_E_CA_REFUSED, "by NTLM", "ERROR_ACCESS_DENIED"},
    {ROW(FAULT("\x0b\0\x01\x1c")), true, CS_E_CA_REFUSED, "by NTLM", "nca_proto_error"},
    {ROW(FAULT("\x0b\0\x01\x1c")), false, CS_E_CA_UNREACHABLE, "protocol error", "nca_proto_error"},
    {ROW(FAULT("\x02\0\x01\x1c")), false, CS_E_CA_REFUSED, "does not know the operation",
     "nca_op_rng_error"},
    {ROW(FAULT("\xba\x06\0\0")), false, CS_E_CA_UNREACHABLE, "the CA is not there",
     "RPC_S_SERVER_UNAVAILABLE"},
    {ROW(FAULT("\x78\x56\x34\x12")), false, CS_E_CA_UNREACHABLE, "refused the call", "unknown"},
    {ROW("\0\0\0\0\0\0\0\0"
         "\5\0\0"),
     false, CS_E_CA_UNREACHABLE, "without its status", ""},
    {ROW(""), false, CS_E_CA_UNREACHABLE, "without its status", ""},
};

START_TEST(test_fault)
{
    struct cs_buf buf = CS_BUF(256);
    struct cs_err err = {0};

    cs_rpc_begin(&buf, CS_RPC_FAULT, 3, 2);
    cs_buf_add(&buf, fault_rows[_i].body, fault_rows[_i].len);
    cs_rpc_finish(&buf, 0);
    cs_auto_value(cs_bytes) octets = cs_bytes_copy(buf.data, buf.len);
    cs_buf_done(&buf);
    struct cs_rpc_pdu pdu;
    assert_ok(cs_rpc_pdu_read(octets.data, octets.len, "x", &pdu, &err), &err);
    assert_fails(cs_rpc_fail_fault(&pdu, "the server", fault_rows[_i].unproved, &err),
                 fault_rows[_i].rc, &err);
    assert_contains(err.message, "the server");
    assert_contains(err.message, fault_rows[_i].message);
    ck_assert_str_eq(err.cause_name, fault_rows[_i].cause);
}
END_TEST

static const struct {
    const char *body;
    size_t len;
    const char *message;
} naks[] = {
    {ROW("\1\0"), "overloaded"},
    {ROW("\2\0"), "too many connections"},
    {ROW("\4\0"), "version"},
    {ROW("\x08\0"), "way of authentication"},
    {ROW("\x09\0"), "does not accept the authentication"},
    {ROW("\0\0"), "no reason"},
    {ROW(""), "no reason"},
};

START_TEST(test_nak)
{
    struct cs_buf buf = CS_BUF(64);
    struct cs_err err = {0};
    struct cs_rpc_pdu pdu;

    cs_rpc_begin(&buf, CS_RPC_BIND_NAK, 3, 1);
    cs_buf_add(&buf, naks[_i].body, naks[_i].len);
    cs_rpc_finish(&buf, 0);
    assert_ok(cs_rpc_pdu_read(buf.data, buf.len, "x", &pdu, &err), &err);
    assert_fails(cs_rpc_fail_nak(&pdu, "the server", &err), CS_E_CA_UNREACHABLE, &err);
    assert_contains(err.message, naks[_i].message);
    cs_buf_done(&buf);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rpcpdu");
    TCase *tcase = tcase_create("rpcpdu");

    tcase_add_test(tcase, test_bind);
    add_rows(tcase, test_pdu, pdus);
    tcase_add_test(tcase, test_trailer);
    add_rows(tcase, test_ack, acks);
    add_rows(tcase, test_fault, fault_rows);
    add_rows(tcase, test_nak, naks);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "support/fakeca.h"

#include "base/mem.h"
#include "net/epm.h"
#include "net/ndr.h"
#include "net/ntlmseal.h"
#include "net/rpcpdu.h"
#include "support/check_run.h"
#include "support/ntlm_leak.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gssapi/gssapi_ext.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct fakeca {
    enum fakeca_trick trick;
    struct cs_bytes reply;
    int fd;
    gss_ctx_id_t context;
    struct cs_ntlmseal *seal;
    uint8_t pdu[65536];
    size_t len;
};

/* The server cannot fail a test; it ends, and the client says what it saw. */
static void must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "fakeca: %s\n", what);
        _exit(1);
    }
}

/* ---- octets ---- */

static void take(struct fakeca *ca, size_t from, size_t len)
{
    while (len) {
        ssize_t got = read(ca->fd, ca->pdu + from, len);
        if (got <= 0) {
            _exit(0); /* the client has gone */
        }
        from += (size_t)got;
        len -= (size_t)got;
    }
}

static void receive(struct fakeca *ca)
{
    take(ca, 0, 16);
    ca->len = (size_t)(ca->pdu[8] | ca->pdu[9] << 8);
    take(ca, 16, ca->len - 16);
}

static void give(struct fakeca *ca, struct cs_buf *buf, size_t auth_len)
{
    cs_rpc_finish(buf, auth_len);
    ssize_t put = write(ca->fd, buf->data, buf->len);
    must(put == (ssize_t)buf->len || errno == EPIPE || errno == ECONNRESET, "write"); /* it left */
    cs_buf_done(buf);
}

static void hang(struct fakeca *ca)
{
    for (;;) {
        take(ca, 0, 1); /* until the client goes */
    }
}

static uint32_t call_id(const struct fakeca *ca)
{
    return (uint32_t)ca->pdu[12] | (uint32_t)ca->pdu[13] << 8;
}

/* @flags beside those of the only fragment: MS-RPCE section 2.2.2.3. */
static void put_fault(struct fakeca *ca, uint32_t status, uint8_t flags)
{
    struct cs_buf buf = CS_BUF(64);

    cs_rpc_begin(&buf, CS_RPC_FAULT, CS_RPC_FIRST | CS_RPC_LAST | flags, call_id(ca));
    cs_ndr_put_u32(&buf, 0);
    cs_ndr_put_u32(&buf, 0);
    cs_ndr_put_u32(&buf, status);
    cs_ndr_put_u32(&buf, 0);
    give(ca, &buf, 0);
}

static void put_nak(struct fakeca *ca)
{
    struct cs_buf buf = CS_BUF(64);

    cs_rpc_begin(&buf, CS_RPC_BIND_NAK, CS_RPC_FIRST | CS_RPC_LAST, call_id(ca));
    cs_ndr_put_u16(&buf, 8);
    give(ca, &buf, 0);
}

static void begin_ack(struct fakeca *ca, struct cs_buf *buf, uint8_t flags, uint16_t result)
{
    cs_rpc_begin(buf, CS_RPC_BIND_ACK, CS_RPC_FIRST | CS_RPC_LAST | flags, call_id(ca));
    cs_ndr_put_u16(buf, CS_RPC_FRAGMENT_MAX);
    cs_ndr_put_u16(buf, CS_RPC_FRAGMENT_MIN); /* so that a request needs several */
    cs_ndr_put_u32(buf, 1);
    cs_ndr_put_u16(buf, 6);
    cs_buf_add(buf, "50001", 6);
    cs_ndr_put_align(buf, 4);
    cs_ndr_put_u32(buf, 1);
    cs_ndr_put_u16(buf, result);
    cs_ndr_put_u16(buf, result ? 1 : 0);
    cs_rpc_put_syntax(buf, &cs_rpc_ndr);
}

/* ---- the endpoint mapper ---- */

/* What was asked for, with a port and an address. */
static void put_map(struct fakeca *ca, uint16_t port, const char *address, bool there)
{
    static const uint8_t zeros[20];
    struct cs_buf buf = CS_BUF(512);
    uint8_t tower[75];

    memcpy(tower, ca->pdu + 24 + 4 + 16 + 4 + 8, sizeof tower);
    tower[64] = (uint8_t)(port >> 8); /* 2 + 25 + 25 + 7 octets before the floor, 5 in it */
    tower[65] = (uint8_t)port;
    memcpy(tower + 71, address, 4);
    cs_rpc_begin(&buf, CS_RPC_RESPONSE, CS_RPC_FIRST | CS_RPC_LAST, call_id(ca));
    cs_ndr_put_u32(&buf, 0);
    cs_ndr_put_u32(&buf, 0);
    cs_buf_add(&buf, zeros, 20);
    cs_ndr_put_u32(&buf, there);
    cs_ndr_put_u32(&buf, 8);
    cs_ndr_put_u32(&buf, 0);
    cs_ndr_put_u32(&buf, there);
    if (there) {
        cs_ndr_put_u32(&buf, 3);
        cs_ndr_put_u32(&buf, sizeof tower);
        cs_ndr_put_u32(&buf, sizeof tower);
        cs_buf_add(&buf, tower, sizeof tower);
        cs_ndr_put_align(&buf, 4);
    }
    cs_ndr_put_u32(&buf, there ? 0 : 0x16c9a0d6);
    give(ca, &buf, 0);
}

static void serve_mapper(struct fakeca *ca)
{
    struct cs_buf ack = CS_BUF(256);

    receive(ca);
    switch (ca->trick) {
    case FAKECA_MAPPER_CLOSES:
        return;
    case FAKECA_MAPPER_SILENT:
        hang(ca);
        return;
    case FAKECA_MAPPER_HTTP:
        must(write(ca->fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28) == 28, "write");
        return;
    case FAKECA_MAPPER_NAK:
        put_nak(ca);
        return;
    default:
        break;
    }
    begin_ack(ca, &ack, 0, 0);
    give(ca, &ack, 0);
    receive(ca);
    if (ca->trick == FAKECA_MAPPER_FAULT) {
        put_fault(ca, 0x1c010014, 0);
        return;
    }
    put_map(ca, ca->trick == FAKECA_MAPPER_CLOSED ? FAKECA_PORT + 1 : FAKECA_PORT,
            ca->trick == FAKECA_MAPPER_ELSEWHERE ? "\x0a\x09\x08\x07" : "\x7f\0\0\1",
            ca->trick != FAKECA_MAPPER_EMPTY);
}

/* ---- authentication ---- */

static gss_buffer_desc accept_token(struct fakeca *ca)
{
    size_t auth_len = (size_t)(ca->pdu[10] | ca->pdu[11] << 8);
    gss_buffer_desc input = {auth_len, ca->pdu + ca->len - auth_len};
    gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor = 0;

    OM_uint32 major =
        gss_accept_sec_context(&minor, &ca->context, GSS_C_NO_CREDENTIAL, &input,
                               GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &output, NULL, NULL, NULL);
    if (GSS_ERROR(major)) { /* as Windows does it: after the first call */
        receive(ca);
        put_fault(ca, 5, 0);
        _exit(0);
    }
    return output;
}

static void put_ack(struct fakeca *ca, const gss_buffer_desc *token)
{
    struct cs_buf buf = CS_BUF(4096);
    bool refused = ca->trick == FAKECA_BIND_REFUSED;
    bool with_token = ca->trick != FAKECA_BIND_NO_TOKEN;

    begin_ack(ca, &buf, ca->trick == FAKECA_BIND_UNSIGNED ? 0 : CS_RPC_HEADER_SIGN,
              refused ? 2 : 0);
    if (with_token) {
        cs_rpc_trailer(&buf, 10, 0);
        buf.data[buf.len - 7] = ca->trick == FAKECA_BIND_INTEGRITY ? 5 : 6;
        cs_buf_add(&buf, token->value, token->length);
        if (ca->trick == FAKECA_BIND_BAD_TOKEN) {
            buf.data[buf.len - token->length] ^= 1;
        }
    }
    give(ca, &buf, with_token ? token->length : 0);
}

static void authenticate(struct fakeca *ca)
{
    gss_buffer_set_t key = GSS_C_NO_BUFFER_SET;
    struct cs_err err = {0};
    OM_uint32 minor = 0;

    gss_buffer_desc token = accept_token(ca);
    put_ack(ca, &token);
    receive(ca); /* AUTH3 */
    accept_token(ca);
    must(!GSS_ERROR(
             gss_inquire_sec_context_by_oid(&minor, ca->context, GSS_C_INQ_SSPI_SESSION_KEY, &key)),
         "no session key");
    must(cs_ntlmseal_new(key->elements[0].value, &ca->seal, &err) == CS_OK, err.message);
    cs_ntlmseal_swap(ca->seal);
}

static bool serve_bind(struct fakeca *ca)
{
    receive(ca);
    switch (ca->trick) {
    case FAKECA_BIND_CLOSES:
        return false;
    case FAKECA_BIND_SILENT:
        hang(ca);
        return false;
    case FAKECA_BIND_GARBAGE:
        must(write(ca->fd, "\x05\0\x0c\7\x10\0\0\0\xff\xff\xff\xff\1\0\0\0", 16) == 16, "write");
        return false;
    case FAKECA_BIND_NAK:
        put_nak(ca);
        return false;
    default:
        authenticate(ca);
        return true;
    }
}

/* ---- the call ---- */

static struct cs_rpc_sealed sealed_of(uint8_t *pdu, size_t len)
{
    return (struct cs_rpc_sealed){pdu, 24, len - 24, len - 16, len};
}

/* The whole request; returns in how many fragments it came. */
static unsigned receive_call(struct fakeca *ca, struct cs_buf *stub)
{
    struct cs_err err = {0};
    unsigned count = 0;

    do {
        receive(ca);
        const struct cs_rpc_sealed sealed = sealed_of(ca->pdu, ca->len);
        must(cs_ntlmseal_in(ca->seal, &sealed, &err) == CS_OK, err.message);
        must(ca->len <= CS_RPC_FRAGMENT_MIN, "a fragment is longer than agreed");
        must(!!(ca->pdu[3] & CS_RPC_FIRST) == (count == 0), "the first fragment is not the first");
        cs_buf_add(stub, ca->pdu + 24, sealed.trailer - 24 - ca->pdu[sealed.trailer + 2]);
        count++;
    } while (!(ca->pdu[3] & CS_RPC_LAST));
    return count;
}

static void put_fragment(struct fakeca *ca, uint8_t flags, const uint8_t *data, size_t len)
{
    static const uint8_t zeros[16];
    struct cs_buf buf = CS_BUF(CS_RPC_FRAGMENT_MAX);
    struct cs_err err = {0};
    uint8_t pad = (uint8_t)(-len & 15);
    bool plain = ca->trick == FAKECA_CALL_PLAIN;

    cs_rpc_begin(&buf, ca->trick == FAKECA_CALL_BIND_ACK ? CS_RPC_BIND_ACK : CS_RPC_RESPONSE, flags,
                 call_id(ca) + (ca->trick == FAKECA_CALL_OTHER_CALL));
    cs_ndr_put_u32(&buf, (uint32_t)len);
    cs_ndr_put_u32(&buf, 0);
    cs_buf_add(&buf, data, len);
    if (plain) {
        give(ca, &buf, 0);
        return;
    }
    cs_buf_add(&buf, zeros, pad);
    cs_rpc_trailer(&buf, 10, pad);
    buf.data[buf.len - 7] = ca->trick == FAKECA_CALL_INTEGRITY ? 5 : 6;
    cs_buf_add(&buf, zeros, 16);
    cs_rpc_finish(&buf, 16);
    const struct cs_rpc_sealed sealed = sealed_of(buf.data, buf.len);
    must(cs_ntlmseal_out(ca->seal, &sealed, &err) == CS_OK, err.message);
    buf.data[buf.len - 1] ^= ca->trick == FAKECA_CALL_FORGED;
    if (ca->trick == FAKECA_CALL_CUT) {
        must(write(ca->fd, buf.data, buf.len - 1) > 0, "write");
        _exit(0);
    }
    give(ca, &buf, 16);
}

/* In pieces of @piece octets. */
static void put_pieces(struct fakeca *ca, const struct cs_bytes *stub, size_t piece)
{
    uint8_t first = ca->trick == FAKECA_CALL_NOT_FIRST ? 0 : CS_RPC_FIRST;

    for (size_t at = 0; at < stub->len; at += piece) {
        bool last = at + piece >= stub->len;
        put_fragment(ca, (uint8_t)(first | (last ? CS_RPC_LAST : 0)), stub->data + at,
                     last ? stub->len - at : piece);
        first = ca->trick == FAKECA_CALL_FIRST_AGAIN ? CS_RPC_FIRST : 0;
    }
}

static void put_endless(struct fakeca *ca)
{
    static const uint8_t zeros[4096];

    signal(SIGPIPE, SIG_DFL); /* ends it when the client has had enough */
    for (uint8_t first = CS_RPC_FIRST;; first = 0) {
        put_fragment(ca, first, zeros, sizeof zeros);
    }
}

/* The message of a pending request 7: how it came. */
static void count_reply(struct fakeca *ca, unsigned fragments, size_t octets)
{
    struct cs_buf buf = CS_BUF(512);
    cs_autofree char *text = cs_asprintf("%zu octets in %u fragments", octets, fragments);
    struct cs_err err = {0};

    cs_ndr_put_u32(&buf, 7);
    cs_ndr_put_u32(&buf, 5);
    cs_buf_add(&buf, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    cs_ndr_put_u32(&buf, (uint32_t)(2 * strlen(text)));
    cs_ndr_put_u32(&buf, 1);
    cs_ndr_put_u32(&buf, (uint32_t)(2 * strlen(text)));
    for (const char *at = text; *at; at++) {
        cs_ndr_put_u16(&buf, (uint16_t)*at);
    }
    cs_ndr_put_align(&buf, 4);
    cs_ndr_put_u32(&buf, 0);
    must(cs_buf_take(&buf, "the reply", &ca->reply, &err) == CS_OK, err.message);
}

static void serve_call(struct fakeca *ca)
{
    struct cs_buf stub = CS_BUF((size_t)1 << 20);
    unsigned fragments = receive_call(ca, &stub);

    if (ca->reply.len == 5 && memcmp(ca->reply.data, "COUNT", 5) == 0) {
        count_reply(ca, fragments, stub.len);
    }
    cs_buf_done(&stub);
    switch (ca->trick) {
    case FAKECA_CALL_CLOSES:
        return;
    case FAKECA_CALL_SILENT:
        hang(ca);
        return;
    case FAKECA_CALL_DENIED:
        put_fault(ca, 5, 0);
        return;
    case FAKECA_CALL_NOT_RUN:
        put_fault(ca, 0x1c010014, 0x20); /* nca_server_too_busy, PFC_DID_NOT_EXECUTE */
        return;
    case FAKECA_CALL_EMPTY:
        put_fragment(ca, CS_RPC_FIRST, NULL, 0);
        return;
    case FAKECA_CALL_ENDLESS:
        put_endless(ca);
        return;
    case FAKECA_FRAGMENTS:
    case FAKECA_CALL_FIRST_AGAIN:
        put_pieces(ca, &ca->reply, 7);
        return;
    default:
        put_pieces(ca, &ca->reply, 4096);
        return;
    }
}

/* ---- the process ---- */

static int listen_on(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 4), 0);
    return fd;
}

static void serve(struct fakeca *ca, int mapper, int port)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    ca->fd = accept(mapper, NULL, NULL);
    serve_mapper(ca);
    if (ca->trick == FAKECA_MAPPER_CLOSES) {
        return;
    }
    int first = ca->fd;
    ca->fd = accept(port, NULL, NULL);
    if (serve_bind(ca)) {
        serve_call(ca);
    }
    shutdown(ca->fd, SHUT_WR);
    hang(ca);
    close(first);
}

pid_t fakeca_start(enum fakeca_trick trick, const struct cs_bytes *reply)
{
    int mapper = listen_on(135);
    int port = listen_on(FAKECA_PORT);
    FILE *users = fopen("users", "w");

    ck_assert_ptr_nonnull(users);
    fprintf(users, "LITWAREINC:kenmyer:%s\n", FAKECA_PASSWORD);
    fclose(users);
    pid_t pid = fork();
    if (pid == 0) {
        struct fakeca *ca = cs_alloc(1, sizeof *ca);
        ca->trick = trick;
        ca->reply = cs_bytes_copy(reply->data, reply->len);
        setenv("NTLM_USER_FILE", "users", 1);
        serve(ca, mapper, port);
        _exit(0);
    }
    close(mapper);
    close(port);
    return pid;
}

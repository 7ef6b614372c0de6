/* A DCE/RPC connection as a server answers on it: binding with an authentication that takes two
 * rounds, and one call. The first octet says whether there is authentication; then come the
 * server's octets, over a real socket. */
#include "base/mem.h"
#include "net/rpc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Fits a socket's buffer, so that one thread can do both sides. */
#define INPUT_MAX 16384

#define TOKEN_LEN 16

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* ---- an authentication that encrypts nothing, and takes what begins with "ok" for signed ---- */

static unsigned rounds;
static size_t unsealed; /* octets of bodies that were */

static cs_rc step(struct cs_rpc_security *security, const struct cs_bytes *token,
                  struct cs_bytes *ret_token, bool *ret_done, struct cs_err *err)
{
    (void)security;
    must((token != NULL) == (rounds != 0));
    if (token && (token->len == 0 || token->data[0] != 'T')) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "an impostor");
    }
    *ret_token = cs_bytes_copy("me", 2);
    *ret_done = rounds++ == 1;
    return CS_OK;
}

static cs_rc token_len(struct cs_rpc_security *security, size_t data_len, size_t *ret_len,
                       struct cs_err *err)
{
    (void)security;
    (void)data_len;
    (void)err;
    *ret_len = TOKEN_LEN;
    return CS_OK;
}

static void check_parts(const struct cs_rpc_sealed *sealed)
{
    must(sealed->body <= sealed->trailer && sealed->trailer + 8 == sealed->token &&
         sealed->token <= sealed->end && sealed->end <= CS_RPC_FRAGMENT_MAX);
}

static cs_rc seal(struct cs_rpc_security *security, const struct cs_rpc_sealed *sealed,
                  struct cs_err *err)
{
    (void)security;
    (void)err;
    check_parts(sealed);
    must((sealed->trailer - sealed->body) % 16 == 0);
    return CS_OK;
}

static cs_rc unseal(struct cs_rpc_security *security, const struct cs_rpc_sealed *sealed,
                    struct cs_err *err)
{
    (void)security;
    check_parts(sealed);
    if (sealed->end - sealed->token != TOKEN_LEN ||
        memcmp(sealed->pdu + sealed->token, "ok", 2) != 0) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "not signed");
    }
    unsealed += sealed->trailer - sealed->body;
    return CS_OK;
}

static const struct cs_rpc_security_ops ops = {
    CS_RPC_AUTH_SPNEGO, step, token_len, seal, unseal, NULL};

/* ---- the connection ---- */

static int listener = -1;
static uint16_t port;

static void listen_once(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    if (listener >= 0) {
        return;
    }
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(listener >= 0 && bind(listener, (const struct sockaddr *)&address, len) == 0 &&
         listen(listener, 1) == 0 && getsockname(listener, (struct sockaddr *)&address, &len) == 0);
    port = ntohs(address.sin_port);
}

/* All that the server will ever say, and its end. */
static int server_says(const uint8_t *data, size_t size)
{
    const struct linger at_once = {1, 0}; /* no port is used up by what lingers */
    int fd = accept(listener, NULL, NULL);

    must(fd >= 0 && (!size || send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size) &&
         shutdown(fd, SHUT_WR) == 0 &&
         setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    return fd;
}

static void check_err(cs_rc rc, const struct cs_err *err)
{
    must((rc == CS_E_CA_UNREACHABLE || rc == CS_E_CA_REFUSED) && err->message[0]);
}

static void talk(struct cs_tcp *tcp, struct cs_rpc_security *security)
{
    static const struct cs_rpc_syntax interface = {{1}, 0, 0};
    const struct cs_bytes stub = {(uint8_t[]){1, 2, 3}, 3};
    int64_t deadline = cs_tcp_deadline(30);
    cs_auto_value(cs_bytes) reply = {0};
    cs_auto(cs_rpc) rpc = NULL;
    struct cs_err err = {0};
    bool sent = false;

    cs_rc rc = cs_rpc_bind(tcp, &interface, security, deadline, &rpc, &err);
    if (rc != CS_OK) {
        must(!rpc);
        check_err(rc, &err);
        return;
    }
    must(!security || rounds == 2);
    rc = cs_rpc_call(rpc, 0, &stub, deadline, &sent, &reply, &err);
    if (rc != CS_OK) {
        must(!reply.data);
        check_err(rc, &err);
        return;
    }
    /* Nothing is taken that was not signed. */
    must(sent && reply.len <= CS_RPC_REPLY_MAX && (!security || reply.len <= unsealed));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cs_rpc_security security = {&ops};
    cs_auto_value(cs_tcp_peer) peer = {0};
    cs_auto(cs_tcp) tcp = NULL;
    struct cs_err err = {0};

    if (size < 1 || size > INPUT_MAX) {
        return 0;
    }
    rounds = 0;
    unsealed = 0;
    listen_once();
    must(cs_tcp_resolve("127.0.0.1", port, &peer, &err) == CS_OK);
    must(cs_tcp_connect(&peer, cs_tcp_deadline(30), &tcp, &err) == CS_OK);
    int fd = server_says(data + 1, size - 1);
    talk(tcp, data[0] & 1 ? &security : NULL);
    close(fd);
    return 0;
}

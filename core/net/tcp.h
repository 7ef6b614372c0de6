/* TCP connections with a time limit on everything but the resolver's own. */
#ifndef CS_NET_TCP_H
#define CS_NET_TCP_H

#include "base/cleanup.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct addrinfo;
struct cs_tcp;

/* Milliseconds of CLOCK_MONOTONIC, @seconds from now. */
int64_t cs_tcp_deadline(unsigned seconds);

/* Where to connect to. */
struct cs_tcp_peer {
    const char *host; /* borrowed */
    uint16_t port;
    struct addrinfo *addresses; /* one or more */
};

/* The addresses of @host, a name or an address, which ret_peer->host borrows. How long that takes
 * is up to resolv.conf. CS_E_CA_UNREACHABLE: no such name; @port is never 0. */
CS_MUST_CHECK cs_rc cs_tcp_resolve(const char *host, uint16_t port, struct cs_tcp_peer *ret_peer,
                                   struct cs_err *err);
void cs_tcp_peer_done(struct cs_tcp_peer *peer);

/* Connects to @peer, trying each of its addresses with an equal share of the time.
 * CS_E_CA_UNREACHABLE: no route, closed, no answer by @deadline_ms. */
CS_MUST_CHECK cs_rc cs_tcp_connect(const struct cs_tcp_peer *peer, int64_t deadline_ms,
                                   struct cs_tcp **ret_tcp, struct cs_err *err);

/* Connects to another port of the very machine that @other is connected to: one name may have
 * several. */
CS_MUST_CHECK cs_rc cs_tcp_connect_beside(const struct cs_tcp *other, uint16_t port,
                                          int64_t deadline_ms, struct cs_tcp **ret_tcp,
                                          struct cs_err *err);

/* All of the @len octets; no SIGPIPE. CS_E_CA_UNREACHABLE. */
CS_MUST_CHECK cs_rc cs_tcp_send(struct cs_tcp *tcp, const void *data, size_t len,
                                int64_t deadline_ms, struct cs_err *err);
CS_MUST_CHECK cs_rc cs_tcp_recv(struct cs_tcp *tcp, void *data, size_t len, int64_t deadline_ms,
                                struct cs_err *err);

/* For messages: "TCP port 135 of ca01.litwareinc.test (127.0.1.2)". */
const char *cs_tcp_name(const struct cs_tcp *tcp);

void cs_tcp_close(struct cs_tcp *tcp);
CS_DEFINE_AUTO(cs_tcp, cs_tcp_close);

#endif

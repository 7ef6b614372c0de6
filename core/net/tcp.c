#include "net/tcp.h"

#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct cs_tcp {
    int fd;
    char *host;
    char *name;
    struct sockaddr_storage address;
    socklen_t address_len;
};

static int64_t now_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t cs_tcp_deadline(unsigned seconds)
{
    return now_ms() + (int64_t)seconds * 1000;
}

/* Fails with @operation's time-out, which reads like any other error of a socket. */
static cs_rc fail_socket(const struct cs_tcp *tcp, const char *operation, int number,
                         struct cs_err *err)
{
    const char *what = number == ECONNREFUSED                            ? "refuses the connection"
                       : number == ETIMEDOUT                             ? "does not answer in time"
                       : number == EHOSTUNREACH || number == ENETUNREACH ? "cannot be reached"
                                                                         : "failed";
    return cs_fail_errno(err, CS_E_CA_UNREACHABLE, operation, number, "%s %s", tcp->name, what);
}

/* 0 when @fd is ready for @events, else an errno. */
static int wait_ready(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left = deadline_ms - now_ms();
        if (left <= 0) {
            return ETIMEDOUT;
        }
        struct pollfd waiting = {.fd = fd, .events = events};
        int ready = poll(&waiting, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (ready > 0) {
            return 0;
        }
        if (ready < 0 && errno != EINTR) {
            return errno;
        }
    }
}

/* ---- connecting ---- */

static struct cs_tcp *tcp_new(const char *host, uint16_t port, const struct sockaddr *address,
                              socklen_t len)
{
    char text[NI_MAXHOST] = "?";
    struct cs_tcp *tcp = cs_alloc(1, sizeof *tcp);

    tcp->fd = -1;
    memcpy(&tcp->address, address, len);
    tcp->address_len = len;
    (void)getnameinfo(address, len, text, sizeof text, NULL, 0, NI_NUMERICHOST);
    tcp->host = cs_strdup(host);
    tcp->name = strcmp(text, host) == 0
                    ? cs_asprintf("TCP port %u of %.255s", port, host)
                    : cs_asprintf("TCP port %u of %.255s (%s)", port, host, text);
    return tcp;
}

/* errno of the attempt, 0 if it worked. */
static int try_connect(struct cs_tcp *tcp, int64_t deadline_ms)
{
    int yes = 1;
    int error = 0;
    socklen_t len = sizeof error;

    tcp->fd = socket(tcp->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (tcp->fd < 0) {
        return errno;
    }
    if (connect(tcp->fd, (const struct sockaddr *)&tcp->address, tcp->address_len) != 0) {
        if (errno != EINPROGRESS) {
            return errno;
        }
        error = wait_ready(tcp->fd, POLLOUT, deadline_ms);
        if (error == 0 && getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
            return errno;
        }
    }
    (void)setsockopt(tcp->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return error;
}

static cs_rc connect_one(const char *host, uint16_t port, const struct sockaddr *address,
                         socklen_t len, int64_t deadline_ms, struct cs_tcp **ret_tcp,
                         struct cs_err *err)
{
    cs_auto(cs_tcp) tcp = tcp_new(host, port, address, len);
    int error = try_connect(tcp, deadline_ms);

    if (error) {
        return fail_socket(tcp, "connect", error, err);
    }
    *ret_tcp = cs_steal(&tcp);
    return CS_OK;
}

cs_rc cs_tcp_resolve(const char *host, uint16_t port, struct cs_tcp_peer *ret_peer,
                     struct cs_err *err)
{
    char service[8];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};

    if (port == 0) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "port 0 of %.255s cannot be connected to", host);
    }
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo *addresses = NULL;
    int code = getaddrinfo(host, service, &hints, &addresses);
    if (code == 0) {
        *ret_peer = (struct cs_tcp_peer){.host = host, .port = port, .addresses = addresses};
        return CS_OK;
    }
    cs_rc rc = cs_fail(err, CS_E_CA_UNREACHABLE, "the name %.255s cannot be resolved: %s", host,
                       code == EAI_SYSTEM ? strerrordesc_np(errno) : gai_strerror(code));
    cs_err_hint(err,
                "is it the CA's name as the domain knows it, and does this machine ask the "
                "domain's DNS servers (`getent hosts %.200s`)?",
                host);
    return rc;
}

void cs_tcp_peer_done(struct cs_tcp_peer *peer)
{
    if (peer->addresses) {
        freeaddrinfo(peer->addresses);
    }
    *peer = (struct cs_tcp_peer){0};
}

static size_t count_of(const struct addrinfo *list)
{
    size_t count = 0;

    for (; list; list = list->ai_next) {
        count++;
    }
    return count;
}

cs_rc cs_tcp_connect(const struct cs_tcp_peer *peer, int64_t deadline_ms, struct cs_tcp **ret_tcp,
                     struct cs_err *err)
{
    cs_rc rc = CS_E_CA_UNREACHABLE;

    size_t left = count_of(peer->addresses);
    for (const struct addrinfo *at = peer->addresses; at; at = at->ai_next, left--) {
        int64_t now = now_ms();
        int64_t until = now + (deadline_ms - now) / (int64_t)left;
        rc = connect_one(peer->host, peer->port, at->ai_addr, at->ai_addrlen, until, ret_tcp, err);
        if (rc == CS_OK) {
            cs_err_clear(err);
            break;
        }
    }
    return rc;
}

cs_rc cs_tcp_connect_beside(const struct cs_tcp *other, uint16_t port, int64_t deadline_ms,
                            struct cs_tcp **ret_tcp, struct cs_err *err)
{
    struct sockaddr_storage address = other->address;

    if (address.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)&address)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)&address)->sin_port = htons(port);
    }
    return connect_one(other->host, port, (const struct sockaddr *)&address, other->address_len,
                       deadline_ms, ret_tcp, err);
}

/* ---- sending and receiving ---- */

/* errno of the wait, or 0 when @done says that something went through or errno that it may be
 * tried again. */
static int go_on(const struct cs_tcp *tcp, ssize_t done, short events, int64_t deadline_ms)
{
    if (done >= 0 || errno == EINTR) {
        return 0;
    }
    return errno == EAGAIN ? wait_ready(tcp->fd, events, deadline_ms) : errno;
}

cs_rc cs_tcp_send(struct cs_tcp *tcp, const void *data, size_t len, int64_t deadline_ms,
                  struct cs_err *err)
{
    const uint8_t *at = data;

    while (len) {
        ssize_t done = send(tcp->fd, at, len, MSG_NOSIGNAL);
        int error = go_on(tcp, done, POLLOUT, deadline_ms);
        if (error) {
            return fail_socket(tcp, "send", error, err);
        }
        at += done > 0 ? done : 0;
        len -= done > 0 ? (size_t)done : 0;
    }
    return CS_OK;
}

cs_rc cs_tcp_recv(struct cs_tcp *tcp, void *data, size_t len, int64_t deadline_ms,
                  struct cs_err *err)
{
    uint8_t *at = data;

    while (len) {
        ssize_t done = recv(tcp->fd, at, len, 0);
        if (done == 0) {
            return cs_fail(err, CS_E_CA_UNREACHABLE,
                           "%s closed the connection before the end of its answer", tcp->name);
        }
        int error = go_on(tcp, done, POLLIN, deadline_ms);
        if (error) {
            return fail_socket(tcp, "recv", error, err);
        }
        at += done > 0 ? done : 0;
        len -= done > 0 ? (size_t)done : 0;
    }
    return CS_OK;
}

const char *cs_tcp_name(const struct cs_tcp *tcp)
{
    return tcp->name;
}

void cs_tcp_close(struct cs_tcp *tcp)
{
    if (!tcp) {
        return;
    }
    if (tcp->fd >= 0) {
        close(tcp->fd);
    }
    free(tcp->host);
    free(tcp->name);
    free(tcp);
}

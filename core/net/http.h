/* HTTPS by libcurl: the server's certificate is always verified, nothing is followed, nothing is
 * remembered, answers are bounded. */
#ifndef CS_NET_HTTP_H
#define CS_NET_HTTP_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/secret.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

/* The longest answer, in octets. */
#define CS_HTTP_REPLY_MAX ((size_t)4 << 20)

enum cs_http_auth { CS_HTTP_OPEN, CS_HTTP_NEGOTIATE, CS_HTTP_NTLM };

/* One HTTP Negotiate exchange (RFC 4559), by GSSAPI. */
struct cs_http_negotiator {
    /* The token for HTTP@host, bound to the TLS channel (RFC 5929 tls-server-end-point) by
     * @bindings. Called once for each request. */
    cs_rc (*begin)(struct cs_http_negotiator *negotiator, const char *host,
                   const struct cs_bytes *bindings, struct cs_bytes *ret_token, struct cs_err *err);
    /* The server's own token, maybe empty: CS_E_CA_UNREACHABLE unless it proves that it is the one.
     * Not called if the server sends none: its certificate says who it is. */
    cs_rc (*finish)(struct cs_http_negotiator *negotiator, const struct cs_bytes *token,
                    struct cs_err *err);
};

/* Borrowed, and as long as the cs_http lives. */
struct cs_http_options {
    const char *anchors; /* PEM file; NULL: the system's */
    int64_t until_ms;    /* CLOCK_MONOTONIC: for all that is sent with it */
    enum cs_http_auth auth;
    struct cs_http_negotiator *negotiator; /* CS_HTTP_NEGOTIATE */
    const char *user;                      /* CS_HTTP_NTLM: domain\user */
    const struct cs_secret *password;
    /* Gives the TLS client its certificate and key; NULL: it has none. */
    cs_rc (*client)(void *ctx, SSL_CTX *ssl, struct cs_err *err);
    void *client_ctx;
};

struct cs_http;

CS_MUST_CHECK cs_rc cs_http_open(const struct cs_http_options *options, struct cs_http **ret_http,
                                 struct cs_err *err);
void cs_http_free(struct cs_http *http); /* NULL is nothing */
CS_DEFINE_AUTO(cs_http, cs_http_free);

/* Strings and octets are borrowed for the call. */
struct cs_http_request {
    const char *url;          /* https://... */
    const char *content_type; /* of the body; NULL: a GET without one */
    const void *body;
    size_t body_len;
};

struct cs_http_reply {
    long status;
    char *content_type; /* lower case, without parameters; "" if none is said */
    struct cs_bytes body;
};
void cs_http_reply_done(struct cs_http_reply *reply);

/* Sends one request and takes its answer, of any status but 401 and 403. *ret_sent (may be NULL)
 * tells, also on failure, that octets of the body may have gone out. CS_E_USAGE for what is no
 * https URL, CS_E_CA_UNREACHABLE for no answer that can be trusted, CS_E_CA_REFUSED for 401 and
 * 403. */
CS_MUST_CHECK cs_rc cs_http_send(struct cs_http *http, const struct cs_http_request *request,
                                 struct cs_http_reply *ret_reply, bool *ret_sent,
                                 struct cs_err *err);

#endif

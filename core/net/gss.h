/* A security context with a CA's host by SPNEGO (RFC 4178), with Kerberos and nothing else inside:
 * for DCE/RPC and for HTTP's Negotiate. */
#ifndef CS_NET_GSS_H
#define CS_NET_GSS_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "net/krb5cred.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cs_gss;

/* With whom and for what. Borrowed for the call, @krb5 as long as the context lives. */
struct cs_gss_wish {
    struct cs_krb5 *krb5;
    const char *service; /* "host", "HTTP" */
    const char *host;    /* as the domain knows it */
    /* Application data of the channel bindings: "tls-server-end-point:" and the hash of the
     * server's certificate (RFC 5929 section 4.1); NULL: none. */
    const struct cs_bytes *bindings;
    bool dce_style; /* three legs and privacy, as DCE/RPC has it (MS-KILE section 3.4.5.4.1) */
};

/* Gets the ticket, so that what is wrong with credentials, clock or name is said here, as by
 * cs_krb5_ticket(). */
CS_MUST_CHECK cs_rc cs_gss_new(const struct cs_gss_wish *wish, struct cs_gss **ret_gss,
                               struct cs_err *err);
void cs_gss_free(struct cs_gss *gss);
CS_DEFINE_AUTO(cs_gss, cs_gss_free);

/* Takes the other side's token (NULL at first) and gives the next one to send, which may be empty.
 * *ret_done: the context is there and the host has proved who it is; with @dce_style also that
 * all is encrypted. CS_E_CA_UNREACHABLE if the host refuses or is not who it should be. */
CS_MUST_CHECK cs_rc cs_gss_step(struct cs_gss *gss, const struct cs_bytes *token,
                                struct cs_bytes *ret_token, bool *ret_done, struct cs_err *err);

/* One message of a DCE-style context: @data is encrypted where it stands, @head before and @tail
 * behind it are signed with it, and @token is where the signature is. */
struct cs_gss_message {
    uint8_t *head;
    size_t head_len;
    uint8_t *data;
    size_t data_len;
    uint8_t *tail;
    size_t tail_len;
    uint8_t *token;
    size_t token_len;
};

/* How long the token of @data_len octets is. */
CS_MUST_CHECK cs_rc cs_gss_token_len(struct cs_gss *gss, size_t data_len, size_t *ret_len,
                                     struct cs_err *err);

CS_MUST_CHECK cs_rc cs_gss_seal(struct cs_gss *gss, const struct cs_gss_message *message,
                                struct cs_err *err);

/* CS_E_CA_UNREACHABLE if the message was not encrypted or is not the other side's next one. */
CS_MUST_CHECK cs_rc cs_gss_unseal(struct cs_gss *gss, const struct cs_gss_message *message,
                                  struct cs_err *err);

#endif

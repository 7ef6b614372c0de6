/* One protocol that certification authorities speak: one file in this folder and one row in
 * table.c. Only cscert-ca has any of it. */
#ifndef CS_CA_PROTOCOL_H
#define CS_CA_PROTOCOL_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/strv.h"
#include "port/ca.h"

#include <stdbool.h>
#include <stdint.h>

/* How we prove who asks. */
enum cs_ca_auth {
    CS_CA_AUTH_KERBEROS,    /* credential cache or keytab, else account and password */
    CS_CA_AUTH_NTLM,        /* only when the configuration says so */
    CS_CA_AUTH_PASSWORD,    /* in the message (CES UsernamePassword) */
    CS_CA_AUTH_CERTIFICATE, /* TLS client certificate, its key on the token */
};

/* Has the client key, which is on the token, sign: PKCS#1 v1.5 or ECDSA over @digest, or raw RSA
 * for PSS; goes up the socket as a `sign` frame. */
struct cs_ca_signer {
    cs_rc (*sign)(struct cs_ca_signer *signer, const char *scheme, const struct cs_bytes *data,
                  struct cs_bytes *ret_signature, struct cs_err *err);
};

/* What a library does without a limit of its own: libkrb5 and the resolver wait for as long as they
 * like. When the time of the question is over the program answers for them, and ends. One at a
 * time, and never once something of a request has gone out. */
struct cs_ca_watch {
    /* From here on: @what (for instance "Kerberos: a controller of LITWAREINC.TEST") has not
     * answered; NULL: nothing speaks against it (a part of `check` that may fail). */
    void (*begin)(struct cs_ca_watch *watch, const char *what);
    void (*end)(struct cs_ca_watch *watch);
};

/* Which CA, and how it is reached: a `ca` section of the configuration, or what -CA says by itself.
 * Strings may be NULL where not said. Borrowed. */
struct cs_ca_target {
    const char *address;   /* as -CA or `address` gave it: host\caname, or a URL */
    const char *host;      /* of host\caname */
    const char *authority; /* of host\caname: the CA's common name */
    enum cs_ca_auth auth;
    const char *account;              /* domain\user or user@domain */
    const struct cs_secret *password; /* of @account */
    const char *realm;  /* Kerberos realm of the account's domain; NULL: by krb5.conf */
    const char *ccache; /* credential cache; NULL: the user's default one */
    const char *keytab;
    const char *anchors; /* PEM file of the trust anchors for TLS and chains; NULL: the system's */
    const char *global_catalog;
    const char *global_settings_dc;
    const struct cs_bytes *client_chain; /* DER, of the client's certificate; NULL: none */
    struct cs_ca_signer *signer;
    struct cs_ca_watch *watch; /* NULL: there is none */
    int64_t until_ms;          /* CLOCK_MONOTONIC: of the whole question */
};

/* target->watch, if there is one: @format makes `what`; what a ticket for @client ("user@REALM")
 * may wait for; and what is optional. */
void cs_ca_watch_begin(const struct cs_ca_target *target, const char *format, ...) CS_PRINTF(2, 3);
void cs_ca_watch_ticket(const struct cs_ca_target *target, const char *client);
void cs_ca_watch_optional(const struct cs_ca_target *target);
void cs_ca_watch_end(const struct cs_ca_target *target);

/* What is asked of it. */
struct cs_ca_question {
    const struct cs_bytes *csr; /* DER PKCS#10; submit */
    const char *template_name;  /* NULL: the CA's default */
    const char *request_id;     /* poll */
    const char *handle;         /* poll: what the answer to submit gave */
};

struct cs_ca_protocol {
    const char *name; /* "rpc", "certsrv", "ces", "cep" */
    /* Any disposition is CS_OK (port/ca.h). *ret_sent, set also on failure: the CA may have the
     * request, so that its key must be kept and the CA asked again. False before the first octet of
     * it went out, and where the CA itself has surely said that it did not take it. */
    cs_rc (*submit)(const struct cs_ca_target *target, const struct cs_ca_question *question,
                    struct cs_ca_answer *ret_answer, bool *ret_sent, struct cs_err *err);
    cs_rc (*poll)(const struct cs_ca_target *target, const struct cs_ca_question *question,
                  struct cs_ca_answer *ret_answer, struct cs_err *err);
    /* Tries each step in turn and says what answered, which authentication was tried, what is
     * missing. CS_OK if all went well, else the code of the first step that failed. */
    cs_rc (*probe)(const struct cs_ca_target *target, struct cs_ca_finding_list *ret_findings,
                   struct cs_err *err);
    /* Before there is a key (question->csr is NULL): can the CA be reached with these credentials,
     * would it take such a request, has it the template? What it cannot tell it does not refuse.
     * CS_E_CA_REFUSED, CS_E_CA_UNREACHABLE. NULL: this protocol cannot ask. */
    cs_rc (*check)(const struct cs_ca_target *target, const struct cs_ca_question *question,
                   struct cs_err *err);
};

/* Finds the CAs of a directory: the op `list`. target->global_catalog, global_settings_dc, else
 * address (a DNS domain), else the domain of this host say where. */
typedef cs_rc (*cs_ca_list_fn)(const struct cs_ca_target *target,
                               struct cs_ca_entry_list *ret_entries, struct cs_err *err);

/* The CA has the request and gave it the number @id, which is taken, but what became of it is not
 * known, because of @why. *answer becomes one to wait for: a request that is sent again the CA has
 * twice, and may issue twice. */
void cs_ca_answer_wait(struct cs_ca_answer *answer, char *id, const struct cs_err *why);

extern const struct cs_ca_protocol cs_ca_rpc;
extern const struct cs_ca_protocol cs_ca_certsrv;
extern const struct cs_ca_protocol cs_ca_ces;
extern const struct cs_ca_protocol cs_ca_cep;

/* NULL for a name that is no protocol's. */
const struct cs_ca_protocol *cs_ca_protocol_find(const char *name);

/* NULL while there is none. */
cs_ca_list_fn cs_ca_lister(void);

#endif

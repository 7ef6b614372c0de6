/* A CA that a program of its own speaks to (docs/CA-PROGRAM.md): port/ca.h over frames. */
#ifndef CS_WIRE_CACLIENT_H
#define CS_WIRE_CACLIENT_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/strv.h"
#include "port/ca.h"

#include <stdbool.h>

/* What cscert does for the program while it waits. */
struct cs_caclient_helper {
    /* Has the client key that this CA's configuration names sign @data under @scheme
     * ("ecdsa-sha256": docs/CA-PROGRAM.md has the list); NULL: none is named, every `sign` is
     * refused. */
    cs_rc (*sign)(struct cs_caclient_helper *helper, const char *scheme,
                  const struct cs_bytes *data, struct cs_bytes *ret_signature, struct cs_err *err);
    /* True once the run is to stop; NULL: it never is. */
    bool (*interrupted)(struct cs_caclient_helper *helper);
};

/* Which program, which CA and how it is reached. Copied, but for password and helper. Strings may
 * be NULL where not said. */
struct cs_caclient_options {
    const char *program;             /* absolute path */
    const char *name;                /* of the CA, as -CA gives it */
    const char *type;                /* "rpc", "certsrv", "ces", "cep", "program" */
    const struct cs_strv *addresses; /* one after the other, until one can be reached */
    const char *auth;                /* "kerberos", "ntlm", "password", "certificate" */
    const char *account;             /* where a request names none */
    struct cs_ca_password *password; /* of that account; NULL: nobody knows it */
    const char *realm;
    const char *ccache;
    const char *keytab;
    const char *krb5_config;
    const char *anchors;
    const struct cs_bytes *client_chain; /* DER, of the client's certificate, itself first */
    unsigned timeout;                    /* seconds for one question; 0: CS_CACLIENT_TIMEOUT */
    struct cs_caclient_helper *helper;   /* NULL: none */
};

#define CS_CACLIENT_TIMEOUT 120

struct cs_caclient;

/* Nothing is started until the first question. Then the program stays for the next ones; after one
 * that it did not answer as it must it is started anew. */
struct cs_caclient *cs_caclient_new(const struct cs_caclient_options *options);

/* Ends the program. NULL is nothing. */
void cs_caclient_free(struct cs_caclient *client);
CS_DEFINE_AUTO(cs_caclient, cs_caclient_free);

/* The CA behind the program; borrows @client. CS_E_CA_UNREACHABLE also for a program that crashes,
 * stalls or answers what cannot be used. Several addresses are tried in turn as long as the request
 * cannot have got to the CA. */
struct cs_ca *cs_caclient_ca(struct cs_caclient *client);

/* Tries what can be tried of each address. *ret_findings is filled also on failure. */
CS_MUST_CHECK cs_rc cs_caclient_probe(struct cs_caclient *client,
                                      const struct cs_ca_submission *submission,
                                      struct cs_ca_finding_list *ret_findings, struct cs_err *err);

/* The CAs of the directory. */
CS_MUST_CHECK cs_rc cs_caclient_list(struct cs_caclient *client,
                                     const struct cs_ca_submission *submission,
                                     struct cs_ca_entry_list *ret_entries, struct cs_err *err);

#endif

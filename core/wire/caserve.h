/* The other end of caclient.h, for cscert-ca's main(): questions in, answers out. */
#ifndef CS_WIRE_CASERVE_H
#define CS_WIRE_CASERVE_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/secret.h"
#include "port/ca.h"

#include <stdbool.h>
#include <stddef.h>

/* One question. Strings are NULL and octets empty where they were not said. */
struct cs_caserve_call {
    char *op; /* "submit", "poll", "check", "probe", "list", or what another version knows */
    char *name;
    char *type;
    char *address;
    char *auth;
    char *account;
    char *realm;
    char *ccache;
    char *keytab;
    char *krb5_config;
    char *anchors;
    char *global_catalog;
    char *global_settings_dc;
    char *template_name;
    char *request_id;
    char *handle;
    struct cs_bytes csr;
    struct cs_bytes client_chain;
    unsigned timeout;           /* seconds; never 0 */
    bool has_password;          /* announced: its frame comes next */
    struct cs_secret *password; /* once it has come */
};
void cs_caserve_call_done(struct cs_caserve_call *call);

/* What becomes of it. {0} is `ok`. */
struct cs_caserve_reply {
    bool has_answer;  /* the CA answered: `answer` */
    bool unsupported; /* the op is not known here */
    bool sent;        /* beside an error: the CA may have the request */
    struct cs_ca_answer answer;
    struct cs_ca_finding_list findings;
    struct cs_ca_entry_list entries;
};

/* Answers one question; what it returns if it is not CS_OK is answered as an error. */
typedef cs_rc (*cs_caserve_fn)(void *ctx, const struct cs_caserve_call *call,
                               struct cs_caserve_reply *reply, struct cs_err *err);

/* Serves until cscert closes its end. The value is the exit code. */
int cs_caserve_run(int fd, cs_caserve_fn answer, void *ctx);

/* Reads a question's frame. CS_E_INPUT for what is none. Members that are not known are left out:
 * a newer cscert may say more. */
CS_MUST_CHECK cs_rc cs_caserve_parse(const void *data, size_t len, struct cs_caserve_call *ret_call,
                                     struct cs_err *err);

/* The frame that answers: @error if its code is not CS_OK, else @reply. The caller frees. */
char *cs_caserve_reply_text(const struct cs_caserve_reply *reply, const struct cs_err *error);

/* While a question is being answered: if cs_caserve_limit_end() has not come after @seconds, @reply
 * as it is now (or @error, if its code is not CS_OK) is the answer, and the process ends. For
 * libraries that wait as long as they like; only one at a time. */
void cs_caserve_limit(int fd, unsigned seconds, const struct cs_caserve_reply *reply,
                      const struct cs_err *error);
void cs_caserve_limit_end(void);

/* Has cscert sign with the client key, while a question is being answered. */
CS_MUST_CHECK cs_rc cs_caserve_sign(int fd, const char *scheme, const struct cs_bytes *data,
                                    struct cs_bytes *ret_signature, struct cs_err *err);

#endif

/* One question to a CA's program and its answer; private to wire/. */
#ifndef CS_WIRE_CACALL_H
#define CS_WIRE_CACALL_H

#include "wire/caanswer.h"
#include "wire/caclient.h"
#include "wire/spawn.h"

#include <stdint.h>

struct cs_caclient {
    struct cs_ca port; /* first: the port's pointer is ours */
    char *program;
    char *name;
    char *type;
    struct cs_strv addresses;
    char *auth;
    char *account;
    char *realm;
    char *ccache;
    char *keytab;
    char *krb5_config;
    char *anchors;
    struct cs_bytes client_chain;
    struct cs_ca_password *password;
    struct cs_caclient_helper *helper;
    unsigned timeout;
    struct cs_child *child; /* NULL: not started, or ended */
    size_t first;           /* the address that answered last */
    bool may_have_it;       /* the CA may have what submit() failed with */
    struct cs_err sign_err; /* why the token did not sign for the current question */
};

/* What is asked: the op and what belongs to it; NULL where it does not. */
struct cs_cacall {
    const char *op;
    const struct cs_ca_submission *submission;
    const char *request_id;
    const char *handle;
};

/* Asks at @address. Also where the answer is an error it is in *ret_answer, with what was found up
 * to there. client->may_have_it tells of a `submit` that failed. */
CS_MUST_CHECK cs_rc cs_cacall_at(struct cs_caclient *client, const struct cs_cacall *call,
                                 const char *address, struct cs_caanswer *ret_answer,
                                 struct cs_err *err);

/* Asks at one address after the other until one answers. */
CS_MUST_CHECK cs_rc cs_cacall(struct cs_caclient *client, const struct cs_cacall *call,
                              struct cs_caanswer *ret_answer, struct cs_err *err);

/* "cscert-ca", of the path of the client's program. */
const char *cs_cacall_program(const struct cs_caclient *client);

#endif

/* What comes up from a CA's program, read like any input of a stranger; private to wire/. */
#ifndef CS_WIRE_CAANSWER_H
#define CS_WIRE_CAANSWER_H

#include "base/bytes.h"
#include "base/err.h"
#include "port/ca.h"

#include <stdbool.h>
#include <stddef.h>

enum cs_caanswer_kind {
    CS_CAANSWER_CA,          /* the CA's own answer, in `answer` */
    CS_CAANSWER_OK,          /* done, with findings or entries */
    CS_CAANSWER_ERROR,       /* `error` and `may_have_it`; findings up to there */
    CS_CAANSWER_UNSUPPORTED, /* it does not know the op */
    CS_CAANSWER_SIGN,        /* no answer yet: it wants a signature by the client key */
};

struct cs_caanswer {
    enum cs_caanswer_kind kind;
    struct cs_ca_answer answer;
    struct cs_ca_finding_list findings;
    struct cs_ca_entry_list entries;
    struct cs_err error;
    bool may_have_it; /* beside an error: unless it said the contrary */
    char *scheme;     /* of SIGN */
    struct cs_bytes data;
};
void cs_caanswer_done(struct cs_caanswer *answer);

/* CS_E_INPUT with what is wrong with it. */
CS_MUST_CHECK cs_rc cs_caanswer_parse(const void *data, size_t len, struct cs_caanswer *ret_answer,
                                      struct cs_err *err);

#endif

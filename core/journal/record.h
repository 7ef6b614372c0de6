/* The journal record: one JSON object in the canonical form of RFC 8785. */
#ifndef CS_JOURNAL_RECORD_H
#define CS_JOURNAL_RECORD_H

#include "base/err.h"
#include "port/store.h"

#include <stdint.h>

/* Who acts, for the records of one run. Strings are borrowed. */
struct cs_actor {
    const char *user;
    const char *host;
    int64_t uid;
};

/* A cs_record_fn (port/store.h); @ctx is a struct cs_actor. Fields: v, seq, prev (SHA-256 of the
 * record before, hexadecimal, null for the first), type, time (seconds), request, actor, tool, and
 * what the state adds: names, key read-back, digests of request and certificate, the CA's answer,
 * the error, and "detail" for an event. A record without a request has instead of it "use" (all
 * that serves a certificate type from then on) or "imported" (a key that came from a file). No
 * secret, no query part of a URI. */
CS_MUST_CHECK cs_rc cs_journal_record(void *ctx, int64_t sequence, const char *previous,
                                      int64_t time, const struct cs_record *record, char **ret_json,
                                      struct cs_err *err);

#endif

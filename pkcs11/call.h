/* The watchdog: Cryptoki has no time-outs, so a thread ends the program when one call on the token
 * takes longer than its limit. */
#ifndef CS_PKCS11_CALL_H
#define CS_PKCS11_CALL_H

#include "base/err.h"
#include "pkcs11/token.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

enum cs_limit { CS_LIMIT_CALL, CS_LIMIT_LOGIN, CS_LIMIT_GENERATE, CS_LIMIT_COUNT };

struct cs_watch {
    unsigned seconds[CS_LIMIT_COUNT];
    bool running;
    bool stop;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    const char *operation; /* the call under way; NULL: none */
    unsigned limit;        /* its limit in seconds */
    time_t deadline;       /* of CLOCK_MONOTONIC, valid with @operation */
    time_t wakes;          /* when the thread looks again; 0: when it is told */
};

/* @limits: 0 stands for the built-in value. */
CS_MUST_CHECK cs_rc cs_watch_start(struct cs_watch *watch, const struct cs_token_limits *limits,
                                   struct cs_err *err);
void cs_watch_stop(struct cs_watch *watch);

/* @operation is a string literal: "C_Sign". If end does not come in time, a message is written to
 * the standard error and the program ends with CS_E_TOKEN_ABSENT. */
void cs_watch_begin(struct cs_watch *watch, const char *operation, enum cs_limit limit);
void cs_watch_end(struct cs_watch *watch);

#endif

/* The watchdog: Cryptoki has no time-outs, so a timer ends the program when one call on the token
 * takes longer than its limit. */
#ifndef CS_PKCS11_CALL_H
#define CS_PKCS11_CALL_H

#include "base/err.h"
#include "pkcs11/token.h"

#include <stdbool.h>
#include <time.h>

enum cs_limit { CS_LIMIT_CALL, CS_LIMIT_LOGIN, CS_LIMIT_GENERATE, CS_LIMIT_COUNT };

/* Must not move while it runs: the timer points to it. One thread at a time makes calls. */
struct cs_watch {
    unsigned seconds[CS_LIMIT_COUNT];
    bool running;
    timer_t timer;
    const char *volatile operation; /* the call under way; NULL: none */
    volatile unsigned limit;        /* its limit in seconds */

    /* What the program ends with, both may be NULL: what was being done, for the message, and what
     * writes what is known so far. Only what a signal handler may call. */
    const char *volatile doing;
    void (*volatile farewell)(void);
};

/* @limits: 0 stands for the built-in value. */
CS_MUST_CHECK cs_rc cs_watch_start(struct cs_watch *watch, const struct cs_token_limits *limits,
                                   struct cs_err *err);
void cs_watch_stop(struct cs_watch *watch);

/* @operation is a string literal: "C_Sign". If end does not come in time, a message is written to
 * the standard error and the program ends with CS_E_TOKEN_ABSENT. */
void cs_watch_begin(struct cs_watch *watch, const char *operation, enum cs_limit limit);
void cs_watch_end(struct cs_watch *watch);

/* One call of a module's function list, between these two. Its value is the CK_RV. */
#define cs_watched(watch, limit, functions, function, ...)                                         \
    __extension__({                                                                                \
        cs_watch_begin((watch), #function, (limit));                                               \
        CK_RV cs_watched_rv_ = (functions)->function(__VA_ARGS__);                                 \
        cs_watch_end((watch));                                                                     \
        cs_watched_rv_;                                                                            \
    })

/* Only what a signal handler may call (signal-safety(7)); NULL is nothing. */
void cs_watch_say(int fd, const char *text);

#endif

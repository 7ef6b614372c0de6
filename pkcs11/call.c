#include "pkcs11/call.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Built-in limits in seconds (token.h). */
static const unsigned defaults[CS_LIMIT_COUNT] = {
    [CS_LIMIT_CALL] = 30, [CS_LIMIT_LOGIN] = 60, [CS_LIMIT_GENERATE] = 300};

/* Seconds of the clock that nobody can set. */
static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* The main thread hangs inside the module, so that nothing can be cleaned up: what the store knows
 * is what `cscert recover` works with. */
static CS_NORETURN void give_up(const char *operation, unsigned limit)
{
    char text[512];
    int len = snprintf(text, sizeof text,
                       "cscert: the token does not answer\n"
                       "  cause: %s: no answer within %u seconds\n"
                       "  do: check the token and its connection, then run `cscert recover`: it "
                       "finishes or undoes what was begun\n",
                       operation, limit);

    if (len > 0 && write(STDERR_FILENO, text, (size_t)len) < 0) {
        _exit(CS_E_TOKEN_ABSENT);
    }
    _exit(CS_E_TOKEN_ABSENT);
}

/* Sleeps until the deadline of the call that woke it, also when that call has ended long ago: a
 * series of short calls costs one wake-up and not two for each. */
static void *watch_main(void *argument)
{
    struct cs_watch *watch = argument;

    pthread_mutex_lock(&watch->mutex);
    while (!watch->stop) {
        bool passed = now() >= watch->deadline;
        if (passed && watch->operation) {
            give_up(watch->operation, watch->limit);
        }
        struct timespec until = {.tv_sec = watch->deadline};
        watch->wakes = passed ? 0 : watch->deadline;
        if (passed) {
            pthread_cond_wait(&watch->changed, &watch->mutex);
        } else {
            pthread_cond_timedwait(&watch->changed, &watch->mutex, &until);
        }
    }
    pthread_mutex_unlock(&watch->mutex);
    return NULL;
}

static int start_thread(struct cs_watch *watch)
{
    sigset_t all;
    sigset_t before;

    /* The thread takes the mask over: signals are the main thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&watch->thread, NULL, watch_main, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

cs_rc cs_watch_start(struct cs_watch *watch, const struct cs_token_limits *limits,
                     struct cs_err *err)
{
    const unsigned wanted[CS_LIMIT_COUNT] = {[CS_LIMIT_CALL] = limits->call,
                                             [CS_LIMIT_LOGIN] = limits->login,
                                             [CS_LIMIT_GENERATE] = limits->generate};
    pthread_condattr_t attributes;

    *watch = (struct cs_watch){0};
    for (int i = 0; i < CS_LIMIT_COUNT; i++) {
        watch->seconds[i] = wanted[i] ? wanted[i] : defaults[i];
    }
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&watch->mutex, NULL);
    pthread_cond_init(&watch->changed, &attributes);
    pthread_condattr_destroy(&attributes);

    int number = start_thread(watch);
    if (number != 0) {
        pthread_cond_destroy(&watch->changed);
        pthread_mutex_destroy(&watch->mutex);
        return cs_fail_errno(err, CS_E_INTERNAL, "pthread_create", number,
                             "the thread that watches the token cannot be started");
    }
    watch->running = true;
    return CS_OK;
}

void cs_watch_stop(struct cs_watch *watch)
{
    if (!watch->running) {
        return;
    }
    pthread_mutex_lock(&watch->mutex);
    watch->stop = true;
    pthread_cond_signal(&watch->changed);
    pthread_mutex_unlock(&watch->mutex);
    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->mutex);
    watch->running = false;
}

void cs_watch_begin(struct cs_watch *watch, const char *operation, enum cs_limit limit)
{
    if (!watch->running) {
        return;
    }
    pthread_mutex_lock(&watch->mutex);
    watch->operation = operation;
    watch->limit = watch->seconds[limit];
    /* One more: the clock's second has begun already. */
    watch->deadline = now() + (time_t)watch->limit + 1;
    if (watch->wakes == 0 || watch->deadline < watch->wakes) {
        pthread_cond_signal(&watch->changed);
    }
    pthread_mutex_unlock(&watch->mutex);
}

void cs_watch_end(struct cs_watch *watch)
{
    if (!watch->running) {
        return;
    }
    pthread_mutex_lock(&watch->mutex);
    watch->operation = NULL;
    pthread_mutex_unlock(&watch->mutex);
}

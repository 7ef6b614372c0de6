#include "pkcs11/call.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Built-in limits in seconds (token.h). */
static const unsigned defaults[CS_LIMIT_COUNT] = {
    [CS_LIMIT_CALL] = 30, [CS_LIMIT_LOGIN] = 60, [CS_LIMIT_GENERATE] = 300};

/* A real-time signal that nobody else uses: SIGALRM is for modules and libraries to play with. */
#define WATCH_SIGNAL (SIGRTMAX - 3)

void cs_watch_say(int fd, const char *text)
{
    size_t len = text ? strlen(text) : 0;

    while (len) {
        ssize_t put = write(fd, text, len);
        if (put <= 0) {
            return;
        }
        text += put;
        len -= (size_t)put;
    }
}

static void say(const char *text)
{
    cs_watch_say(STDERR_FILENO, text);
}

static void say_number(unsigned number)
{
    char digits[12];
    char *next = digits + sizeof digits;

    *--next = 0;
    do {
        *--next = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    say(next);
}

/* The program hangs inside the module, so that nothing can be cleaned up: what the store knows is
 * what `cscert recover` works with. */
static void give_up(int number, siginfo_t *info, void *context)
{
    const struct cs_watch *watch = info->si_value.sival_ptr;

    (void)number;
    (void)context;
    if (info->si_code != SI_TIMER || !watch->operation) {
        return;
    }
    say("cscert: the token does not answer\n  cause: ");
    say(watch->operation);
    say(": no answer within ");
    say_number(watch->limit);
    say(" seconds");
    if (watch->doing) {
        say("\n  during: ");
        say(watch->doing);
    }
    say("\n  do: check the token and its connection, then run `cscert recover`: it finishes or "
        "undoes what was begun\n");
    if (watch->farewell) {
        watch->farewell();
    }
    _exit(CS_E_TOKEN_ABSENT);
}

cs_rc cs_watch_start(struct cs_watch *watch, const struct cs_token_limits *limits,
                     struct cs_err *err)
{
    const unsigned wanted[CS_LIMIT_COUNT] = {[CS_LIMIT_CALL] = limits->call,
                                             [CS_LIMIT_LOGIN] = limits->login,
                                             [CS_LIMIT_GENERATE] = limits->generate};
    const struct sigaction action = {.sa_sigaction = give_up, .sa_flags = SA_SIGINFO};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = WATCH_SIGNAL};

    *watch = (struct cs_watch){0};
    for (int i = 0; i < CS_LIMIT_COUNT; i++) {
        watch->seconds[i] = wanted[i] ? wanted[i] : defaults[i];
    }
    event.sigev_value.sival_ptr = watch;
    if (sigaction(WATCH_SIGNAL, &action, NULL) != 0 ||
        timer_create(CLOCK_MONOTONIC, &event, &watch->timer) != 0) {
        return cs_fail_errno(err, CS_E_INTERNAL, "timer_create", errno,
                             "the timer that watches the token cannot be made");
    }
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, WATCH_SIGNAL);
    pthread_sigmask(SIG_UNBLOCK, &ours, NULL); /* who started us may have blocked it */
    watch->running = true;
    return CS_OK;
}

void cs_watch_stop(struct cs_watch *watch)
{
    if (watch->running) {
        watch->operation = NULL;
        timer_delete(watch->timer);
        watch->running = false;
    }
}

/* 0 seconds: never. */
static void set_timer(struct cs_watch *watch, unsigned seconds)
{
    const struct itimerspec when = {.it_value = {.tv_sec = (time_t)seconds}};

    timer_settime(watch->timer, 0, &when, NULL);
}

void cs_watch_begin(struct cs_watch *watch, const char *operation, enum cs_limit limit)
{
    if (watch->running) {
        watch->limit = watch->seconds[limit];
        watch->operation = operation;
        set_timer(watch, watch->limit);
    }
}

void cs_watch_end(struct cs_watch *watch)
{
    if (watch->running) {
        watch->operation = NULL;
        set_timer(watch, 0);
    }
}

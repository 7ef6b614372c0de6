/* A module can crash, or never come back. What was found until then is not lost with it: it is
 * written as the last thing that the program does. */
#include "pkcs11/probe_internal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
#define CRASHES (sizeof crashes / sizeof *crashes)

/* Read by signal handlers. */
static const char *volatile last_words;
static const struct cs_watch *volatile watched;
static char doing_text[160];
static char left_text[192];

static struct sigaction before[CRASHES];

void cs_probe_last_words(const char *text)
{
    last_words = text;
}

static void say(const char *text)
{
    cs_watch_say(STDERR_FILENO, text);
}

static void farewell(void)
{
    say(left_text);
    cs_watch_say(STDOUT_FILENO, last_words);
}

/* A crash outside of a call on the module is our own: it ends the program as it always does. */
static void crashed(int number)
{
    const struct cs_watch *watch = watched;

    if (!watch || !watch->operation) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    say("cscert: the PKCS#11 module crashed\n  cause: ");
    say(watch->operation);
    say(number == SIGSEGV  ? ": SIGSEGV"
        : number == SIGBUS ? ": SIGBUS"
        : number == SIGILL ? ": SIGILL"
        : number == SIGFPE ? ": SIGFPE"
                           : ": SIGABRT");
    say("\n  during: ");
    say(watch->doing);
    say("\n  do: use another version of the module; what was found until then is on standard "
        "output\n");
    farewell();
    _exit(CS_E_TOKEN_REFUSED);
}

void cs_probe_guard(struct cs_watch *watch, const char *label)
{
    struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_NODEFER};

    snprintf(left_text, sizeof left_text,
             "  left: objects with the label \"%s\" may still be on the token; its own tool "
             "removes them\n",
             label);
    watched = watch;
    watch->farewell = farewell;
    for (size_t i = 0; i < CRASHES; i++) {
        sigaction(crashes[i], &action, &before[i]);
    }
}

void cs_probe_guard_end(struct cs_watch *watch)
{
    for (size_t i = 0; i < CRASHES; i++) {
        sigaction(crashes[i], &before[i], NULL);
    }
    watch->farewell = NULL;
    watch->doing = NULL;
    watched = NULL;
    last_words = NULL;
}

void cs_probe_guard_doing(struct cs_watch *watch, const char *about, const char *what)
{
    watch->doing = NULL;
    snprintf(doing_text, sizeof doing_text, "%s, %s", about, what);
    watch->doing = doing_text;
}

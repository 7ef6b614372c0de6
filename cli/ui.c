#include "cli/ui.h"

#include "base/mem.h"
#include "base/strv.h"
#include "cli/tty.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define SPINNER_DELAY_MS 500
#define SPINNER_STEP_MS  120

#define RED    "\033[1;31m"
#define YELLOW "\033[1;33m"
#define PLAIN  "\033[0m"
#define WIPE   "\r\033[K"

/* The spinner is drawn by a thread of its own: what it waits for is a call into a module. */
struct spinner {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool running; /* the thread is there */
    bool stop;
    bool hidden; /* a question stands on the terminal */
    bool drawn;
    bool was_drawn; /* when it was hidden */
    unsigned depth; /* begin() calls that wait for their end() */
    char *what;
    struct timespec began;
    size_t done; /* of total, once progress() was called */
    size_t total;
};

struct terminal {
    struct cs_ui base;
    struct cs_ui_options options;
    bool is_tty;
    struct spinner spinner;
};

/* A signal handler has nothing else to talk to. */
static volatile sig_atomic_t signal_came;

static void note_signal(int number)
{
    (void)number;
    signal_came = 1;
}

void cs_ui_install_signals(void)
{
    struct sigaction note = {.sa_handler = note_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigemptyset(&note.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGINT, &note, NULL);
    sigaction(SIGTERM, &note, NULL);
    /* A terminal that closes, an ssh that ends; not under nohup. */
    struct sigaction hangup;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
        sigaction(SIGHUP, &note, NULL);
    }
    sigaction(SIGPIPE, &ignore, NULL);
    /* A limit on the size of files (ulimit -f) is then an error of write(2). */
    sigaction(SIGXFSZ, &ignore, NULL);
}

void cs_ui_release_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction action;
        if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler == note_signal) {
            signal(numbers[i], SIG_DFL);
        }
    }
    if (signal_came) {
        _exit(CS_E_CANCELLED);
    }
}

/* ---- spinner ---- */

static struct timespec in_ms(long ms)
{
    struct timespec when;

    clock_gettime(CLOCK_MONOTONIC, &when);
    when.tv_nsec += ms % 1000 * 1000000;
    when.tv_sec += ms / 1000 + when.tv_nsec / 1000000000;
    when.tv_nsec %= 1000000000;
    return when;
}

/* With the lock held. */
static void wipe_spinner(struct spinner *spinner)
{
    if (spinner->drawn) {
        fputs(WIPE, stderr);
        spinner->drawn = false;
    }
}

/* Characters of the bar between its brackets. */
#define BAR_WIDTH 20

static double seconds_since(const struct timespec *began)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) + (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

/* "making certificates [#####               ] 250/1000, 83.1/s, 9 s left". With the lock held. */
static void draw_bar(const struct spinner *spinner)
{
    static const char full[] = "####################";
    size_t done = spinner->done < spinner->total ? spinner->done : spinner->total;
    double seconds = seconds_since(&spinner->began);
    double rate = seconds > 0 ? (double)done / seconds : 0;

    fprintf(stderr, WIPE "%s [%-*.*s] %zu/%zu", spinner->what, BAR_WIDTH,
            (int)(done * BAR_WIDTH / spinner->total), full, done, spinner->total);
    if (rate > 0) {
        fprintf(stderr, ", %.1f/s, %.0f s left", rate, (double)(spinner->total - done) / rate);
    }
}

static void *spin(void *ctx)
{
    static const char frames[] = "|/-\\";
    struct spinner *spinner = ctx;
    struct timespec until = in_ms(SPINNER_DELAY_MS);
    unsigned long steps = 0;

    pthread_mutex_lock(&spinner->lock);
    while (!spinner->stop) {
        if (pthread_cond_timedwait(&spinner->wake, &spinner->lock, &until) == 0) {
            continue;
        }
        if (!spinner->hidden && spinner->total) {
            draw_bar(spinner);
            spinner->drawn = true;
        } else if (!spinner->hidden) {
            unsigned long ms = SPINNER_DELAY_MS + steps * SPINNER_STEP_MS;
            fprintf(stderr, WIPE "%c %s (%lu s)", frames[steps % 4], spinner->what, ms / 1000);
            spinner->drawn = true;
        }
        steps++;
        until = in_ms(SPINNER_STEP_MS);
    }
    wipe_spinner(spinner);
    pthread_mutex_unlock(&spinner->lock);
    return NULL;
}

static void start_spinner(struct spinner *spinner, const char *what)
{
    sigset_t all;
    sigset_t before;

    spinner->what = cs_terminal_escape(what);
    spinner->stop = false;
    spinner->total = 0;
    clock_gettime(CLOCK_MONOTONIC, &spinner->began);
    /* Signals are for the thread that does the work. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    spinner->running = pthread_create(&spinner->thread, NULL, spin, spinner) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_spinner(struct spinner *spinner)
{
    if (spinner->running) {
        pthread_mutex_lock(&spinner->lock);
        spinner->stop = true;
        pthread_cond_signal(&spinner->wake);
        pthread_mutex_unlock(&spinner->lock);
        pthread_join(spinner->thread, NULL);
        spinner->running = false;
    }
    free(spinner->what);
    spinner->what = NULL;
}

static void hide_spinner(struct spinner *spinner, bool hidden)
{
    pthread_mutex_lock(&spinner->lock);
    spinner->hidden = hidden;
    spinner->was_drawn = spinner->drawn;
    wipe_spinner(spinner);
    pthread_mutex_unlock(&spinner->lock);
}

void cs_ui_hide(struct cs_ui *ui)
{
    hide_spinner(&((struct terminal *)ui)->spinner, true);
}

/* The bar comes back at once: what is written may come faster than the bar's steps. */
void cs_ui_unhide(struct cs_ui *ui)
{
    struct spinner *spinner = &((struct terminal *)ui)->spinner;

    pthread_mutex_lock(&spinner->lock);
    spinner->hidden = false;
    if (spinner->was_drawn && spinner->running && spinner->total) {
        draw_bar(spinner);
        fflush(stderr);
        spinner->drawn = true;
    }
    pthread_mutex_unlock(&spinner->lock);
}

static void begin(struct cs_ui *ui, const char *what)
{
    struct terminal *terminal = (struct terminal *)ui;

    if (terminal->spinner.depth++ == 0 && terminal->is_tty) {
        start_spinner(&terminal->spinner, what);
    }
}

static void end(struct cs_ui *ui)
{
    struct terminal *terminal = (struct terminal *)ui;

    if (terminal->spinner.depth && --terminal->spinner.depth == 0) {
        stop_spinner(&terminal->spinner);
    }
}

static void progress(struct cs_ui *ui, size_t done, size_t total)
{
    struct spinner *spinner = &((struct terminal *)ui)->spinner;

    pthread_mutex_lock(&spinner->lock);
    spinner->done = done;
    spinner->total = total;
    pthread_mutex_unlock(&spinner->lock);
}

/* ---- messages ---- */

static void say(struct terminal *terminal, const char *color, const char *kind, const char *text)
{
    bool colored = terminal->is_tty && !terminal->options.no_color;
    cs_autofree char *shown = cs_terminal_escape(text);

    pthread_mutex_lock(&terminal->spinner.lock);
    wipe_spinner(&terminal->spinner);
    fprintf(stderr, "cscert: %s%s%s%s\n", colored ? color : "", kind, colored ? PLAIN : "", shown);
    pthread_mutex_unlock(&terminal->spinner.lock);
}

static void warn(struct cs_ui *ui, const char *text)
{
    struct terminal *terminal = (struct terminal *)ui;

    if (!terminal->options.quiet) {
        say(terminal, YELLOW, "warning: ", text);
    }
}

static void note(struct cs_ui *ui, const char *text)
{
    struct terminal *terminal = (struct terminal *)ui;

    if (terminal->options.verbose) {
        say(terminal, "", "", text);
    }
}

static void print_line(const char *label, const char *text)
{
    cs_autofree char *shown = cs_terminal_escape(text);

    if (*shown) {
        fprintf(stderr, "  %s: %s\n", label, shown);
    }
}

void cs_ui_print_error_of(const char *subject, const struct cs_err *err, bool no_color)
{
    bool colored = !no_color && isatty(STDERR_FILENO);
    const char *message = err->message[0] ? err->message : cs_rc_explain(err->code);
    cs_autofree char *whose = cs_terminal_escape(subject ? subject : "");
    cs_autofree char *shown = cs_terminal_escape(message);
    char cause[CS_ERR_CAUSE_SIZE];

    fprintf(stderr, "%scscert:%s %s%s%s\n", colored ? RED : "", colored ? PLAIN : "", whose,
            *whose ? ": " : "", shown);
    print_line("cause", cs_err_cause_text(err, cause));
    print_line("do", err->hint);
}

void cs_ui_print_error(const struct cs_err *err, bool no_color)
{
    cs_ui_print_error_of(NULL, err, no_color);
}

/* ---- questions ---- */

static bool can_ask(struct cs_ui *ui)
{
    (void)ui;
    return cs_tty_is_there();
}

/* The first line is yes; a longer one than fits is no. */
static bool read_yes(int fd)
{
    char line[16];
    ssize_t got = read(fd, line, sizeof line - 1);

    if (got <= 0 || line[got - 1] != '\n') {
        return false;
    }
    line[got - 1] = 0;
    return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}

static cs_rc ask(const char *question, struct cs_err *err)
{
    cs_autofree char *prompt = cs_asprintf("%s [y/N] ", question);
    struct cs_tty tty;

    if (cs_tty_open(false, &tty, err) != CS_OK) {
        return cs_fail_hint(err, CS_E_CANCELLED, "run it on a terminal, or without -Confirm",
                            "there is no terminal to ask on: %s", question);
    }
    cs_rc rc = cs_tty_ask(&tty, prompt, err);
    if (rc == CS_OK && !read_yes(tty.fd)) {
        rc = cs_fail(err, CS_E_CANCELLED, "not confirmed: %s", question);
    }
    cs_tty_close(&tty);
    return rc;
}

static cs_rc confirm(struct cs_ui *ui, const char *question, struct cs_err *err)
{
    struct terminal *terminal = (struct terminal *)ui;

    hide_spinner(&terminal->spinner, true);
    cs_rc rc = ask(question, err);
    hide_spinner(&terminal->spinner, false);
    return rc;
}

static bool interrupted(struct cs_ui *ui)
{
    (void)ui;
    return signal_came != 0;
}

/* ---- life ---- */

struct cs_ui *cs_ui_new(const struct cs_ui_options *options)
{
    static const struct cs_ui_ops ops = {
        .warn = warn,
        .note = note,
        .confirm = confirm,
        .can_ask = can_ask,
        .begin = begin,
        .end = end,
        .progress = progress,
        .interrupted = interrupted,
    };
    struct terminal *terminal = cs_alloc(1, sizeof *terminal);
    pthread_condattr_t monotonic;

    terminal->base.ops = &ops;
    terminal->options = *options;
    terminal->is_tty = isatty(STDERR_FILENO) && !options->dumb;
    pthread_mutex_init(&terminal->spinner.lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&terminal->spinner.wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return &terminal->base;
}

void cs_ui_free(struct cs_ui *ui)
{
    struct terminal *terminal = (struct terminal *)ui;

    if (!terminal) {
        return;
    }
    stop_spinner(&terminal->spinner);
    pthread_cond_destroy(&terminal->spinner.wake);
    pthread_mutex_destroy(&terminal->spinner.lock);
    free(terminal);
}

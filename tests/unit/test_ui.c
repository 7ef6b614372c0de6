#include "cli/ui.h"
#include "support/check_run.h"
#include "support/pty.h"
#include "support/scratch.h"

#include <stdio.h>

/* What was written to standard error while @run ran; it is a file, no terminal. */
static char *capture(void (*run)(struct cs_ui *ui), const struct cs_ui_options *options)
{
    char *text = calloc(1, 4096);
    struct cs_ui *ui;

    ck_assert_ptr_nonnull(freopen("err", "w+", stderr));
    ui = cs_ui_new(options);
    run(ui);
    cs_ui_free(ui);
    fflush(stderr);
    rewind(stderr);
    ck_assert_uint_lt(fread(text, 1, 4095, stderr), 4095);
    return text;
}

static void talk(struct cs_ui *ui)
{
    ui->ops->warn(ui, "careful\033[31m\n");
    ui->ops->note(ui, "by the way");
    ui->ops->begin(ui, "waiting");
    ui->ops->end(ui);
}

static const struct {
    struct cs_ui_options options;
    const char *text;
} talks[] = {
    {{0}, "cscert: warning: careful\\x1b[31m\\x0a\n"},
    {{.quiet = true}, ""},
    {{.verbose = true}, "cscert: warning: careful\\x1b[31m\\x0a\ncscert: by the way\n"},
    {{.quiet = true, .verbose = true}, "cscert: by the way\n"},
};

START_TEST(test_talk)
{
    char *text = capture(talk, &talks[_i].options);

    ck_assert_str_eq(text, talks[_i].text);
    free(text);
}
END_TEST

static void fail_login(struct cs_ui *ui)
{
    struct cs_err err = {0};

    (void)ui;
    cs_err_set(&err, CS_E_TOKEN_AUTH, "The token \"edge\" did not accept the PIN");
    cs_err_cause(&err, CS_ORIGIN_CKR, 0xa0, "CKR_PIN_INCORRECT", "C_Login");
    cs_err_hint(&err, "check\033[2J the file");
    cs_ui_print_error(&err, false);
}

static void fail_one(struct cs_ui *ui)
{
    struct cs_err err = {0};

    (void)ui;
    cs_err_set(&err, CS_E_OUTPUT, "out.csr is already there");
    cs_ui_print_error_of("fe1.a.test\033 (Default)", &err, false);
}

static void fail_bare(struct cs_ui *ui)
{
    struct cs_err err = {.code = CS_E_STORE};

    (void)ui;
    cs_ui_print_error(&err, false);
}

START_TEST(test_error)
{
    const struct cs_ui_options plain = {0};
    char *whole = capture(fail_login, &plain);
    char *one = capture(fail_one, &plain);
    char *bare = capture(fail_bare, &plain);

    ck_assert_str_eq(whole, "cscert: The token \"edge\" did not accept the PIN\n"
                            "  cause: C_Login: CKR_PIN_INCORRECT (0xa0)\n"
                            "  do: check\\x1b[2J the file\n");
    ck_assert_str_eq(bare, "cscert: The store could not be opened, read or written.\n");
    ck_assert_str_eq(one, "cscert: fe1.a.test\\x1b (Default): out.csr is already there\n");
    free(whole);
    free(one);
    free(bare);
}
END_TEST

/* ---- on a terminal ---- */

struct task {
    bool no_color;
    bool during; /* while something slow goes on */
};

static int confirm(void *ctx)
{
    const struct task *task = ctx;
    const struct cs_ui_options options = {.no_color = task->no_color};
    struct cs_ui *ui = cs_ui_new(&options);
    struct cs_err err = {0};

    cs_ui_install_signals();
    if (!ui->ops->can_ask(ui)) {
        return 99;
    }
    if (task->during) {
        ui->ops->begin(ui, "thinking hard");
    }
    ui->ops->warn(ui, "careful");
    cs_rc rc = ui->ops->confirm(ui, "Destroy\033[2J it?", &err);
    if (ui->ops->interrupted(ui)) {
        puts("interrupted");
    }
    ui->ops->end(ui);
    cs_ui_free(ui);
    fflush(stdout);
    return (int)rc;
}

static const struct {
    const char *typed;
    int rc;
} answers[] = {
    {"y\n", CS_OK},           {"Y\n", CS_OK},
    {"yes\n", CS_OK},         {"YES\n", CS_OK},
    {"\n", CS_E_CANCELLED},   {"n\n", CS_E_CANCELLED},
    {"no\n", CS_E_CANCELLED}, {"yes!\n", CS_E_CANCELLED},
    {"\004", CS_E_CANCELLED}, {"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n", CS_E_CANCELLED},
};

START_TEST(test_confirm)
{
    struct task task = {0};
    struct pty pty = pty_start(confirm, &task);

    pty_wait_for(&pty, "Destroy\\x1b[2J it? [y/N] ");
    pty_type(&pty, answers[_i].typed);
    ck_assert_int_eq(pty_end(&pty), answers[_i].rc);
    ck_assert_ptr_null(strstr(pty.seen, "interrupted"));
}
END_TEST

START_TEST(test_confirm_interrupted)
{
    struct task task = {0};
    struct pty pty = pty_start(confirm, &task);

    pty_wait_for(&pty, "[y/N] ");
    pty_type(&pty, "\003");
    pty_wait_for(&pty, "interrupted");
    ck_assert_int_eq(pty_end(&pty), CS_E_CANCELLED);
}
END_TEST

/* A question hides the spinner, and end() leaves nothing of it. */
START_TEST(test_confirm_during)
{
    struct task task = {.during = true};
    struct pty pty = pty_start(confirm, &task);

    pty_wait_for(&pty, "[y/N] ");
    pty_type(&pty, "y\n");
    ck_assert_int_eq(pty_end(&pty), CS_OK);
    const char *question = strstr(pty.seen, "[y/N] ");
    const char *answer = strstr(question, "y\r\n");
    ck_assert_ptr_nonnull(answer);
    ck_assert_ptr_eq(answer, question + strlen("[y/N] "));
}
END_TEST

START_TEST(test_color)
{
    for (int i = 0; i < 2; i++) {
        struct task task = {.no_color = i == 1};
        struct pty pty = pty_start(confirm, &task);
        pty_wait_for(&pty, "[y/N] ");
        pty_type(&pty, "\n");
        pty_end(&pty);
        ck_assert_int_eq(strstr(pty.seen, "\033[") != NULL, !task.no_color);
        assert_contains(pty.seen, "careful");
    }
}
END_TEST

/* Works until the other end says go on. */
static int work(void *ctx)
{
    const struct cs_ui_options options = {.dumb = ctx != NULL};
    struct cs_ui *ui = cs_ui_new(&options);
    char octet;

    ui->ops->begin(ui, "generating\033 a key");
    ui->ops->begin(ui, "inside");
    if (read(STDIN_FILENO, &octet, 1) != 1) {
        return 99;
    }
    ui->ops->note(ui, "silent");
    ui->ops->end(ui);
    ui->ops->end(ui);
    ui->ops->end(ui); /* one too many */
    puts("done");
    fflush(stdout);
    cs_ui_free(ui);
    return 0;
}

START_TEST(test_spinner)
{
    struct pty pty = pty_start(work, NULL);

    pty_wait_for(&pty, "/ generating\\x1b a key (0 s)"); /* the second picture */
    pty_type(&pty, "\n");
    pty_wait_for(&pty, "done");
    ck_assert_int_eq(pty_end(&pty), 0);
    const char *wiped = strstr(pty.seen, "\r\033[Kdone");
    ck_assert_msg(wiped != NULL, "not wiped: %s", pty.seen);
    ck_assert_ptr_null(strstr(pty.seen, "inside"));
}
END_TEST

/* Nothing is drawn where it could not be wiped. */
START_TEST(test_dumb)
{
    struct pty pty = pty_start(work, "");

    pty_type(&pty, "\n");
    pty_wait_for(&pty, "done");
    ck_assert_int_eq(pty_end(&pty), 0);
    ck_assert_ptr_null(strchr(pty.seen, '\033'));
    ck_assert_ptr_null(strstr(pty.seen, "generating"));
}
END_TEST

/* 250 of 1000 after a while: a quarter of the bar, a rate, the time that is left. */
static int work_counted(void *ctx)
{
    const struct cs_ui_options options = {0};
    struct cs_ui *ui = cs_ui_new(&options);
    char octet;

    (void)ctx;
    ui->ops->begin(ui, "making keys");
    ui->ops->begin(ui, "inside");
    ui->ops->progress(ui, 250, 1000);
    ui->ops->end(ui);
    if (read(STDIN_FILENO, &octet, 1) != 1) {
        return 99;
    }
    ui->ops->progress(ui, 1000, 1000);
    ui->ops->end(ui);
    ui->ops->begin(ui, "thinking");
    puts("second");
    fflush(stdout);
    if (read(STDIN_FILENO, &octet, 1) != 1) {
        return 99;
    }
    ui->ops->end(ui);
    cs_ui_free(ui);
    return 0;
}

START_TEST(test_bar)
{
    struct pty pty = pty_start(work_counted, NULL);
    double rate = 0;
    double left = 0;

    pty_wait_for(&pty, " s left");
    const char *bar = strstr(pty.seen, "making keys [#####               ] 250/1000, ");
    ck_assert_msg(bar != NULL, "no bar: %s", pty.seen);
    ck_assert_int_eq(sscanf(strstr(bar, "1000, "), "1000, %lf/s, %lf s left", &rate, &left), 2);
    /* What is left takes three times as long as what is done, but for the rounding. */
    ck_assert_double_gt(rate, 1);
    ck_assert_double_le(rate, 500); /* the bar is not drawn before half a second */
    ck_assert_double_le(left - 750 / rate, 1);
    ck_assert_double_le(750 / rate - left, 1);
    pty_type(&pty, "\n");
    pty_wait_for(&pty, "second");
    pty_wait_for(&pty, "thinking (0 s)"); /* a spinner again */
    pty_type(&pty, "\n");
    ck_assert_int_eq(pty_end(&pty), 0);
}
END_TEST

/* A line of results goes where the bar stood, and the bar comes back under it. */
static int work_with_rows(void *ctx)
{
    const struct cs_ui_options options = {0};
    struct cs_ui *ui = cs_ui_new(&options);
    char octet;

    (void)ctx;
    ui->ops->begin(ui, "making keys");
    ui->ops->progress(ui, 250, 1000);
    for (int i = 0; i < 2; i++) {
        if (read(STDIN_FILENO, &octet, 1) != 1) {
            return 99;
        }
        cs_ui_hide(ui);
        puts("a row");
        fflush(stdout);
        cs_ui_unhide(ui);
    }
    ui->ops->end(ui);
    cs_ui_free(ui);
    return 0;
}

START_TEST(test_row_above_bar)
{
    struct pty pty = pty_start(work_with_rows, NULL);

    pty_wait_for(&pty, " s left");
    pty_type(&pty, "\n");
    pty_wait_for(&pty, "\r\033[Ka row\r\n\r\033[Kmaking keys [");
    pty_type(&pty, "\n");
    ck_assert_int_eq(pty_end(&pty), 0);
}
END_TEST

/* Into a file nothing of it comes. */
static void count(struct cs_ui *ui)
{
    ui->ops->begin(ui, "making keys");
    ui->ops->progress(ui, 1, 2);
    ui->ops->progress(ui, 2, 2);
    ui->ops->end(ui);
}

START_TEST(test_bar_in_file)
{
    const struct cs_ui_options plain = {0};
    char *text = capture(count, &plain);

    ck_assert_str_eq(text, "");
    free(text);
}
END_TEST

START_TEST(test_no_terminal)
{
    const struct cs_ui_options plain = {0};
    cs_auto(cs_ui) ui = cs_ui_new(&plain);
    struct cs_err err = {0};

    pty_leave_terminal();
    ck_assert(!ui->ops->can_ask(ui));
    assert_fails(ui->ops->confirm(ui, "Really?", &err), CS_E_CANCELLED, &err);
    assert_contains(err.message, "Really?");
}
END_TEST

START_TEST(test_signals)
{
    const struct cs_ui_options plain = {0};
    cs_auto(cs_ui) ui = cs_ui_new(&plain);
    int ends[2];

    cs_ui_install_signals();
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(write(ends[1], "x", 1), -1); /* SIGPIPE would have ended this */
    ck_assert_int_eq(errno, EPIPE);
    ck_assert_int_eq(raise(SIGXFSZ), 0); /* would have ended this too */
    ck_assert(!ui->ops->interrupted(ui));
    raise(_i ? SIGTERM : SIGINT);
    ck_assert(ui->ops->interrupted(ui));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ui");
    TCase *plain = tcase_create("file");
    TCase *terminal = tcase_create("terminal");

    tcase_add_checked_fixture(plain, scratch_enter, scratch_leave);
    add_rows(plain, test_talk, talks);
    tcase_add_test(plain, test_error);
    tcase_add_test(plain, test_bar_in_file);
    suite_add_tcase(suite, plain);
    tcase_set_timeout(terminal, 60);
    add_rows(terminal, test_confirm, answers);
    tcase_add_test(terminal, test_confirm_interrupted);
    tcase_add_test(terminal, test_confirm_during);
    tcase_add_test(terminal, test_color);
    tcase_add_test(terminal, test_spinner);
    tcase_add_test(terminal, test_dumb);
    tcase_add_test(terminal, test_bar);
    tcase_add_test(terminal, test_row_above_bar);
    tcase_add_test(terminal, test_no_terminal);
    tcase_add_loop_test(terminal, test_signals, 0, 2);
    suite_add_tcase(suite, terminal);
    return check_run(suite);
}

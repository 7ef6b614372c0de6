/* cscert, and under another name Request-CsCertificate. */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/app.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/ui.h"
#include "report/report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
    cs_verb_fn run;
    const char *name; /* as reports name it */
} verbs[CS_VERB_COUNT] = {
    [CS_VERB_NEW] = {cs_run_new, "new"},
    [CS_VERB_LIST] = {cs_run_list, "list"},
    [CS_VERB_RETRIEVE] = {cs_run_retrieve, "retrieve"},
    [CS_VERB_CLEAR] = {cs_run_clear, "clear"},
    [CS_VERB_RECOVER] = {cs_run_recover, "recover"},
    [CS_VERB_CA_INIT] = {cs_run_ca_init, "ca init"},
    [CS_VERB_CA_APPROVE] = {cs_run_ca_approve, "ca approve"},
    [CS_VERB_CA_DENY] = {cs_run_ca_deny, "ca deny"},
    [CS_VERB_CA_REVOKE] = {cs_run_ca_revoke, "ca revoke"},
    [CS_VERB_CA_LIST] = {cs_run_ca_list, "ca list"},
};

/* What the page of -Report is made of; the caller frees. */
static struct cs_report_item *report_items(const struct cs_result_list *results)
{
    struct cs_report_item *items = cs_alloc(results->count, sizeof *items);

    for (size_t i = 0; i < results->count; i++) {
        const struct cs_result *result = &results->items[i];
        items[i] = (struct cs_report_item){
            .request = result->request,
            .files = &result->files,
            .warnings = &result->warnings,
            .error = &result->error,
        };
    }
    return items;
}

static cs_rc write_report(const struct cs_run *run, const char *path, int64_t started,
                          cs_rc exit_code, const struct cs_err *error, struct cs_err *err)
{
    const struct cs_app *app = run->app;
    struct cs_keystore *token = app->keystore.store;
    cs_autofree struct cs_report_item *items = report_items(&run->results);
    cs_auto_value(cs_bytes) page = {0};
    const struct cs_report report = {
        .verb = verbs[cs_options_verb(app->options)].name,
        .user = app->env.user,
        .host = app->env.host,
        .version = CS_VERSION,
        .what_if = cs_options_flag(app->options, CS_OPT_WHAT_IF),
        .started = started,
        .ended = cs_clock_now(),
        .token = token ? token->ops->info(token) : NULL,
        .items = items,
        .count = run->results.count,
        .error = error,
        .exit_code = exit_code,
    };

    CS_TRY(cs_report_html(&report, &page, err));
    return cs_file_write(path, page.data, page.len, 0644, true, err);
}

/* The error of a single request is the run's: it is printed once, with its cause and remedy. */
static void print_errors(const struct cs_run *run, const struct cs_err *error)
{
    bool no_color = run->app->env.no_color;
    bool of_run = error->code != CS_OK;

    if (of_run) {
        cs_ui_print_error(error, no_color);
    }
    for (size_t i = 0; i < run->results.count; i++) {
        const struct cs_err *of_result = &run->results.items[i].error;
        if (of_result->code != CS_OK && !of_run) {
            cs_ui_print_error(of_result, no_color);
        }
    }
}

static cs_rc print_results(const struct cs_run *run, const struct cs_err *error, struct cs_err *err)
{
    const struct cs_output output = {
        .results = &run->results,
        .strays = &run->strays,
        .held = &run->held,
        .error = error,
    };
    bool json = cs_options_flag(run->app->options, CS_OPT_JSON);
    cs_autofree char *text = json ? cs_output_json(&output) : cs_output_text(&output);

    return cs_output_write(text, err);
}

/* What was done stays done when it cannot be shown, but the exit code says so. */
static cs_rc show(const struct cs_run *run, int64_t started, cs_rc exit_code,
                  const struct cs_err *error)
{
    const char *report = cs_options_text(run->app->options, CS_OPT_REPORT);
    struct cs_err late = {0};
    cs_rc rc = print_results(run, error, &late);

    if (rc != CS_OK) {
        cs_ui_print_error(&late, run->app->env.no_color);
    }
    print_errors(run, error);
    if (report && !run->no_report &&
        write_report(run, report, started, exit_code, error, &late) != CS_OK) {
        cs_ui_print_error(&late, run->app->env.no_color);
        rc = late.code;
    }
    return rc;
}

/* Runs the verb and shows what came of it; the value is the exit code. */
static cs_rc run_verb(struct cs_app *app)
{
    const char *report = cs_options_text(app->options, CS_OPT_REPORT);
    struct cs_run run = {.app = app};
    int64_t started = cs_clock_now();
    struct cs_err err = {0};
    cs_rc rc = CS_OK;

    if (report) {
        rc = cs_file_check_writable(report, true, &err);
        run.no_report = rc != CS_OK;
    }
    if (rc == CS_OK) {
        rc = verbs[cs_options_verb(app->options)].run(&run, &err);
    }
    if (rc == CS_OK) {
        rc = cs_result_list_rc(&run.results, run.pending_counts);
    }
    cs_rc shown = show(&run, started, rc, &err);
    cs_result_list_done(&run.results);
    cs_stray_list_done(&run.strays);
    cs_labca_request_list_done(&run.held);
    return rc == CS_OK || rc == CS_E_PENDING ? (shown == CS_OK ? rc : shown) : rc;
}

static void show_warnings(struct cs_ui *ui, const struct cs_strv *warnings)
{
    for (size_t i = 0; i < warnings->count; i++) {
        ui->ops->warn(ui, warnings->items[i]);
    }
}

static cs_rc run_options(const struct cs_options *options, struct cs_err *err)
{
    struct cs_app app;

    cs_rc rc = cs_app_init(&app, options, err);
    if (rc == CS_OK) {
        show_warnings(app.ui, cs_options_warnings(options));
        rc = run_verb(&app);
    }
    cs_app_done(&app);
    return rc;
}

static bool wants_help(const struct cs_options *options)
{
    return cs_options_flag(options, CS_OPT_HELP) || cs_options_flag(options, CS_OPT_VERSION);
}

static cs_rc print_help(const struct cs_options *options, struct cs_err *err)
{
    cs_autofree char *text =
        cs_options_flag(options, CS_OPT_VERSION)
            ? cs_help_version()
            : cs_help_text(cs_options_verb(options), cs_options_dialect(options));

    return cs_output_write(text, err);
}

/* The number of a stream that is closed would go to the next file that is opened, and results and
 * messages would end up in it: in a lock file, or in the token's own. What takes the place fails
 * as the closed stream does. */
static void hold_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)!open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
        }
    }
}

/* Token, store and secrets are closed and wiped by now, and standard output has been flushed:
 * tidying up the libraries' own memory would take as long as a signature. */
static int end(cs_rc rc)
{
#ifdef CS_QUICK_END
    fflush(NULL);
    _exit((int)rc);
#else
    return (int)rc;
#endif
}

int main(int argc, char **argv)
{
    cs_auto(cs_options) options = NULL;
    struct cs_err err = {0};

    hold_streams();
    cs_ui_install_signals();
    cs_rc rc = cs_secret_setup(&err);
    if (rc == CS_OK) {
        rc = cs_options_parse(argc, argv, &options, &err);
    }
    if (rc == CS_OK) {
        rc = wants_help(options) ? print_help(options, &err) : run_options(options, &err);
    }
    if (err.code != CS_OK) {
        cs_ui_print_error(&err, false);
    }
    cs_options_free(cs_steal(&options)); /* a -CaPassword among them is wiped */
    return end(rc);
}

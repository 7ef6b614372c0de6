/* cscert, and under another name Request-CsCertificate. */
#include "base/clock.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/page.h"
#include "cli/ui.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const cs_verb_fn verbs[CS_VERB_COUNT] = {
    [CS_VERB_NEW] = cs_run_new,
    [CS_VERB_PLAN] = cs_run_plan,
    [CS_VERB_LIST] = cs_run_list,
    [CS_VERB_RETRIEVE] = cs_run_retrieve,
    [CS_VERB_CLEAR] = cs_run_clear,
    [CS_VERB_RECOVER] = cs_run_recover,
    [CS_VERB_EXPORT] = cs_run_export,
    [CS_VERB_GET] = cs_run_get,
    [CS_VERB_IMPORT] = cs_run_import,
    [CS_VERB_SET] = cs_run_set,
    [CS_VERB_REMOVE] = cs_run_remove,
    [CS_VERB_TOKEN_LIST] = cs_run_token_list,
    [CS_VERB_TOKEN_INIT] = cs_run_token_init,
    [CS_VERB_TOKEN_CHECK] = cs_run_token_check,
    [CS_VERB_TOPOLOGY_IMPORT] = cs_run_topology_import,
    [CS_VERB_TOPOLOGY_SHOW] = cs_run_topology_show,
    [CS_VERB_TOPOLOGY_CHECK] = cs_run_topology_check,
    [CS_VERB_CA_INIT] = cs_run_ca_init,
    [CS_VERB_CA_APPROVE] = cs_run_ca_approve,
    [CS_VERB_CA_DENY] = cs_run_ca_deny,
    [CS_VERB_CA_REVOKE] = cs_run_ca_revoke,
    [CS_VERB_CA_LIST] = cs_run_ca_list,
    [CS_VERB_CA_PROBE] = cs_run_ca_probe,
};

/* The error of a single request is the run's: it is printed once, with its cause and remedy. */
static void print_errors(const struct cs_run *run, const struct cs_err *error)
{
    bool no_color = run->app->env.no_color;
    bool of_run = error->code != CS_OK;

    if (of_run) {
        cs_ui_print_error(error, no_color);
    }
    for (size_t i = 0; i < run->results.count && !run->stream; i++) {
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
        .all = run->all,
    };
    bool json = cs_options_flag(run->app->options, CS_OPT_JSON);
    if (run->stream) {
        return cs_outstream_end(run->stream, error, err);
    }
    if (run->text) {
        return cs_output_write(run->text, err);
    }
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
        cs_page_write(run, report, started, exit_code, error, &late) != CS_OK) {
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
        rc = verbs[cs_options_verb(app->options)](&run, &err);
    }
    if (rc == CS_OK) {
        rc = run.stream ? cs_result_sum_rc(cs_outstream_sum(run.stream), run.pending_counts)
                        : cs_result_list_rc(&run.results, run.pending_counts);
    }
    cs_rc shown = show(&run, started, rc, &err);
    cs_result_list_done(&run.results);
    cs_stray_list_done(&run.strays);
    cs_labca_request_list_done(&run.held);
    cs_certificate_list_done(&run.certificates);
    cs_deployment_done(&run.deployment);
    cs_toposource_done(&run.source);
    cs_outstream_free(run.stream);
    free(run.text);
    return rc == CS_OK || rc == CS_E_PENDING ? (shown == CS_OK ? rc : shown) : rc;
}

static cs_rc run_options(const struct cs_options *options, struct cs_err *err)
{
    struct cs_app app;

    cs_rc rc = cs_app_init(&app, options, err);
    if (rc == CS_OK) {
        cs_app_show_warnings(&app, cs_options_warnings(options));
        rc = run_verb(&app);
    }
    cs_app_done(&app);
    return rc;
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
        rc = cs_help_wanted(options) ? cs_help_print(options, &err) : run_options(options, &err);
    }
    if (err.code != CS_OK) {
        cs_ui_print_error(&err, false);
    }
    cs_options_free(cs_steal(&options)); /* a -CaPassword among them is wiped */
    return end(rc);
}

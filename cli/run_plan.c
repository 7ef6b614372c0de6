/* plan and new: options to plans, plans to the flow. */
#include "cli/app.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/appca.h"
#include "cli/caname.h"
#include "cli/like.h"
#include "cli/ui.h"
#include "model/roster.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *text(const struct cs_run *run, enum cs_opt option)
{
    return cs_options_text(run->app->options, option);
}

static bool flag(const struct cs_run *run, enum cs_opt option)
{
    return cs_options_flag(run->app->options, option);
}

static bool is_plan(const struct cs_run *run)
{
    return cs_options_verb(run->app->options) == CS_VERB_PLAN;
}

/* Nothing is made or changed. */
static bool is_dry(const struct cs_run *run)
{
    return is_plan(run) || flag(run, CS_OPT_WHAT_IF);
}

/* ---- where requests go ---- */

/* `recover` may run in another folder: the store holds the file's whole path. */
static cs_rc absolute_path(const char *path, char **ret_path, struct cs_err *err)
{
    if (!path || *path == '/') {
        *ret_path = cs_strdup(path);
        return CS_OK;
    }
    cs_autofree char *folder = get_current_dir_name();
    if (!folder) {
        cs_rc rc = cs_fail_errno(err, CS_E_OUTPUT, "getcwd", errno,
                                 "%s: the current folder is gone", path);
        cs_err_hint(err, "change to a folder that is there, or give the file's whole path");
        return rc;
    }
    *ret_path = cs_asprintf("%s/%s", folder, path);
    return CS_OK;
}

/* What the files are for. The report replaces its file: a request of that name would be gone. */
static cs_rc check_files(struct cs_run *run, const char *output, struct cs_err *err)
{
    cs_autofree char *report = NULL;

    if (!output && text(run, CS_OPT_OUTFORM)) {
        return cs_fail_hint(err, CS_E_USAGE, "say -Output FILE, or leave --outform out",
                            "--outform is about the file of -Output, and there is none");
    }
    if (!output || !text(run, CS_OPT_REPORT)) {
        return CS_OK;
    }
    CS_TRY(absolute_path(text(run, CS_OPT_REPORT), &report, err));
    if (strcmp(output, report) == 0) {
        run->no_report = true;
        return cs_fail_hint(err, CS_E_USAGE, "give the report a file of its own",
                            "-Output and -Report both name %s", output);
    }
    return CS_OK;
}

/* The folder of --output-dir is there and can be written, before anything is done. */
static cs_rc prepare_folder(const struct cs_run *run, const char *folder, struct cs_err *err)
{
    if (!folder || is_dry(run)) {
        return CS_OK;
    }
    cs_autofree char *probe = cs_asprintf("%s/.cscert", folder);
    CS_TRY(cs_file_make_folder(folder, err));
    return cs_file_check_writable(probe, true, err);
}

/* ---- what is to be planned ---- */

/* -Template, else what the CA's section says. */
static const char *template_of(const struct cs_run *run, const char *ca)
{
    const struct cs_config_ca *section = ca ? cs_config_find_ca(run->app->config, ca) : NULL;
    const char *said = text(run, CS_OPT_TEMPLATE);

    return said || !section ? said : section->template_name;
}

/* A Microsoft CA reads it there; others get it only if the user wants it. */
static bool template_in_csr(const struct cs_run *run, const char *ca)
{
    const char *type = ca ? cs_appca_type(run->app, ca) : NULL;

    return text(run, CS_OPT_TEMPLATE) || (type && cs_caname_is_adcs(type));
}

static struct cs_plan_input plan_input(const struct cs_run *run, const char *output,
                                       const struct cs_strv *like_names)
{
    const struct cs_app *app = run->app;
    const char *ca = text(run, CS_OPT_CA);
    const char *destination = ca || output ? ca : app->config->default_ca;
    const char *outform = text(run, CS_OPT_OUTFORM);
    /* A whole deployment is for all SIP domains, unless the contrary was said. */
    bool all_domains = cs_options_has(app->options, CS_OPT_ALL_SIP_DOMAIN)
                           ? flag(run, CS_OPT_ALL_SIP_DOMAIN)
                           : flag(run, CS_OPT_ALL);

    return (struct cs_plan_input){
        .types = cs_options_list(app->options, CS_OPT_TYPE),
        .computer_fqdn = text(run, CS_OPT_COMPUTER_FQDN),
        .domain_names = cs_options_list(app->options, CS_OPT_DOMAIN_NAME),
        .host_name = app->env.host,
        .all_sip_domain = all_domains,
        .topology = run->source.topology,
        .all_pool_members = flag(run, CS_OPT_ALL_POOL_MEMBERS),
        .no_lyncdiscover = flag(run, CS_OPT_NO_LYNCDISCOVER),
        .like = text(run, CS_OPT_LIKE),
        .like_names = like_names,
        .like_keep = flag(run, CS_OPT_LIKE_KEEP),
        .key_alg = text(run, CS_OPT_KEY_ALG),
        .key_size = cs_options_number(app->options, CS_OPT_KEY_SIZE),
        .exportable = flag(run, CS_OPT_PRIVATE_KEY_EXPORTABLE),
        .client_eku = flag(run, CS_OPT_CLIENT_EKU),
        .friendly_name = text(run, CS_OPT_FRIENDLY_NAME),
        .country = text(run, CS_OPT_COUNTRY),
        .state = text(run, CS_OPT_STATE),
        .city = text(run, CS_OPT_CITY),
        .organization = text(run, CS_OPT_ORGANIZATION),
        .organizational_unit = text(run, CS_OPT_OU),
        .ca = destination,
        .output = output,
        .output_der = outform && strcmp(outform, "der") == 0,
        .no_destination = is_plan(run),
        .template_name = template_of(run, destination),
        .template_in_csr = template_in_csr(run, destination),
        .ca_account = text(run, CS_OPT_CA_ACCOUNT),
        .global_catalog = text(run, CS_OPT_GLOBAL_CATALOG),
        .global_settings_dc = text(run, CS_OPT_GLOBAL_SETTINGS_DC),
        .policy_min_rsa_bits = app->config->policy.min_rsa_bits,
        .policy_forbid_exportable = app->config->policy.forbid_exportable,
    };
}

/* Whoever makes what is missing must be the only one who looks for it. */
static bool is_alone(const struct cs_run *run)
{
    return flag(run, CS_OPT_ALL);
}

/* The replica is asked for before there are plans: a store that is there is opened as this run
 * needs it. One that is not is made when the plans are right. */
static cs_rc open_existing(const struct cs_run *run, struct cs_err *err)
{
    if (is_dry(run) || !cs_app_has_store(run->app)) {
        return cs_app_open_store_readonly(run->app, err);
    }
    return cs_app_open_store(run->app, is_alone(run), err);
}

static cs_rc open_store(const struct cs_run *run, struct cs_err *err)
{
    return is_dry(run) || run->app->store ? CS_OK : cs_app_open_store(run->app, is_alone(run), err);
}

/* What the reader found odd is news only about a document of this run. */
static cs_rc load_topology(struct cs_run *run, struct cs_err *err)
{
    struct cs_app *app = run->app;

    CS_TRY(cs_toposource_load(app->options, app->store, &run->source, err));
    if (run->source.topology && !run->source.imported) {
        cs_app_show_warnings(app, &run->source.topology->warnings);
    }
    return CS_OK;
}

/* ---- one certificate ---- */

static cs_rc show_plan(struct cs_run *run, struct cs_plan *plan, struct cs_err *err)
{
    struct cs_flow flow = cs_app_flow(run->app);
    const struct cs_plan_list plans = {&plan, 1};

    return cs_flow_plan(&flow, &plans, &run->results, err);
}

static cs_rc make_one(struct cs_run *run, const struct cs_plan_input *input, struct cs_err *err)
{
    cs_auto(cs_plan) plan = NULL;

    CS_TRY(cs_plan_build(input, &plan, err));
    CS_TRY(open_store(run, err));
    if (is_plan(run)) {
        return show_plan(run, plan, err);
    }
    struct cs_flow flow = cs_app_flow(run->app);
    struct cs_result *result = cs_result_list_add(&run->results);
    cs_rc rc = cs_flow_new(&flow, plan, result, err);
    if (rc != CS_OK && !result->request->id) {
        /* There is no request to speak of: what went wrong is the run's own error. */
        cs_result_list_done(&run->results);
    }
    return rc;
}

/* ---- the whole deployment ---- */

/* What could not even be planned is a result too: that of a request that was never made. */
static struct cs_result failed_result(const struct cs_plan_failure *failure)
{
    struct cs_result result = {.request = cs_request_new(), .error = failure->error};
    struct cs_plan *plan = cs_plan_new();

    plan->types = failure->types;
    plan->pool = cs_strdup(failure->pool);
    plan->computer = cs_strdup(failure->computer);
    result.request->plan = plan;
    return result;
}

static cs_rc check_all(const struct cs_plan_input *input, struct cs_err *err)
{
    if (!input->topology) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "import one: cscert topology import FILE..., or say --topology FILE",
                            "--all needs a topology, and none is known");
    }
    if (!input->no_destination && !input->ca && !input->output) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "say -CA 'host\\caname', or --output-dir DIR, or set default-ca in the "
                            "configuration",
                            "nothing says where the requests go");
    }
    return CS_OK;
}

static cs_rc show_all(struct cs_run *run, const struct cs_plan_input *input, struct cs_err *err)
{
    struct cs_deployment *deployment = &run->deployment;
    struct cs_flow flow = cs_app_flow(run->app);

    CS_TRY(cs_deployment_build(input, deployment, err));
    run->all = CS_OUTPUT_PLANS;
    cs_rc rc = cs_flow_plan(&flow, &deployment->plans, &run->results, err);
    for (size_t i = 0; i < deployment->failure_count; i++) {
        *cs_result_list_add(&run->results) = failed_result(&deployment->failures[i]);
    }
    return rc;
}

static cs_rc plan_of_roster(void *ctx, size_t index, struct cs_plan **ret_plan, struct cs_err *err)
{
    return cs_roster_plan(ctx, index, ret_plan, err);
}

static void pass_failures(const struct cs_roster *roster, const struct cs_result_sink *sink,
                          bool expected)
{
    for (size_t i = 0; i < cs_roster_failure_count(roster); i++) {
        cs_auto_value(cs_plan_failure) failure = cs_roster_failure(roster, i);
        cs_auto_value(cs_result) result = failed_result(&failure);
        if (expected) {
            sink->expect(sink->ctx, &result);
        } else {
            sink->put(sink->ctx, &result);
        }
    }
}

static cs_rc make_all(struct cs_run *run, const struct cs_plan_input *input, struct cs_err *err)
{
    const struct cs_app *app = run->app;
    cs_auto(cs_roster) roster = NULL;
    const struct cs_outstream_options options = {
        .ui = app->ui,
        .json = flag(run, CS_OPT_JSON),
        .no_color = app->env.no_color,
        .keep = text(run, CS_OPT_REPORT) ? &run->results : NULL,
    };

    CS_TRY(cs_roster_new(input, &roster, err));
    CS_TRY(prepare_folder(run, input->output, err));
    CS_TRY(open_store(run, err));
    run->all = CS_OUTPUT_MADE;
    run->stream = cs_outstream_new(&options);
    const struct cs_flow flow = cs_app_flow(run->app);
    const struct cs_plan_source plans = {cs_roster_count(roster), plan_of_roster, roster};
    const struct cs_result_sink sink = cs_outstream_sink(run->stream);
    pass_failures(roster, &sink, true);
    cs_rc rc = cs_flow_new_all(&flow, &plans, &sink, err);
    pass_failures(roster, &sink, false);
    return rc;
}

static cs_rc run_all(struct cs_run *run, const struct cs_plan_input *input, struct cs_err *err)
{
    CS_TRY(check_all(input, err));
    return is_dry(run) ? show_all(run, input, err) : make_all(run, input, err);
}

static cs_rc make(struct cs_run *run, struct cs_err *err)
{
    const bool all = flag(run, CS_OPT_ALL);
    const char *like = text(run, CS_OPT_LIKE);
    cs_auto_value(cs_strv) like_names = {0};
    cs_autofree char *output = NULL;

    CS_TRY(absolute_path(text(run, all ? CS_OPT_OUTPUT_DIR : CS_OPT_OUTPUT), &output, err));
    CS_TRY(check_files(run, output, err));
    if (like) {
        CS_TRY(cs_like_names(like, &like_names, err));
    }
    if (is_dry(run)) {
        cs_ui_release_signals();
    }
    CS_TRY(open_existing(run, err));
    CS_TRY(load_topology(run, err));
    const struct cs_plan_input input = plan_input(run, output, like ? &like_names : NULL);
    return all ? run_all(run, &input, err) : make_one(run, &input, err);
}

cs_rc cs_run_new(struct cs_run *run, struct cs_err *err)
{
    run->pending_counts = true;
    return make(run, err);
}

cs_rc cs_run_plan(struct cs_run *run, struct cs_err *err)
{
    return make(run, err);
}

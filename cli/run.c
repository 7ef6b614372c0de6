/* The four verbs of the cmdlet, and recover: options to flow. */
#include "cli/app.h"

#include "base/cleanup.h"
#include "base/mem.h"

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

/* -WhatIf makes no store; the others do. */
static cs_rc open_store(const struct cs_run *run, struct cs_err *err)
{
    return flag(run, CS_OPT_WHAT_IF) ? cs_app_open_store_readonly(run->app, err)
                                     : cs_app_open_store(run->app, false, err);
}

static struct cs_selection selection(const struct cs_run *run)
{
    return (struct cs_selection){
        .request_id = cs_options_number(run->app->options, CS_OPT_REQUEST_ID),
        .ca_request_id = text(run, CS_OPT_CA_REQUEST_ID),
    };
}

static cs_rc check_selection(const struct cs_run *run, struct cs_err *err)
{
    if (cs_options_has(run->app->options, CS_OPT_REQUEST_ID) &&
        cs_options_has(run->app->options, CS_OPT_CA_REQUEST_ID)) {
        return cs_fail_hint(err, CS_E_USAGE, "leave one of them out",
                            "-RequestId and --ca-request-id both say which request is meant");
    }
    return CS_OK;
}

/* `recover` may run in another folder: the store holds the file's whole path. */
static cs_rc absolute_path(const char *path, char **ret_path, struct cs_err *err)
{
    if (!path || *path == '/') {
        *ret_path = cs_strdup(path);
        return CS_OK;
    }
    cs_autofree char *folder = get_current_dir_name();
    if (!folder) {
        return cs_fail_errno(err, CS_E_OUTPUT, "getcwd", errno, "%s: the current folder is gone",
                             path);
    }
    *ret_path = cs_asprintf("%s/%s", folder, path);
    return CS_OK;
}

static struct cs_plan_input plan_input(const struct cs_run *run, const char *output)
{
    const struct cs_app *app = run->app;
    const char *ca = text(run, CS_OPT_CA);
    const char *outform = text(run, CS_OPT_OUTFORM);

    return (struct cs_plan_input){
        .types = cs_options_list(app->options, CS_OPT_TYPE),
        .computer_fqdn = text(run, CS_OPT_COMPUTER_FQDN),
        .domain_names = cs_options_list(app->options, CS_OPT_DOMAIN_NAME),
        .host_name = app->env.host,
        .all_sip_domain = flag(run, CS_OPT_ALL_SIP_DOMAIN),
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
        .ca = ca || output ? ca : app->config->default_ca,
        .output = output,
        .output_der = outform && strcmp(outform, "der") == 0,
        .template_name = text(run, CS_OPT_TEMPLATE),
        .ca_account = text(run, CS_OPT_CA_ACCOUNT),
        .global_catalog = text(run, CS_OPT_GLOBAL_CATALOG),
        .global_settings_dc = text(run, CS_OPT_GLOBAL_SETTINGS_DC),
        .policy_min_rsa_bits = app->config->policy.min_rsa_bits,
        .policy_forbid_exportable = app->config->policy.forbid_exportable,
    };
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

cs_rc cs_run_new(struct cs_run *run, struct cs_err *err)
{
    cs_autofree char *output = NULL;
    cs_auto(cs_plan) plan = NULL;

    run->pending_counts = true;
    CS_TRY(absolute_path(text(run, CS_OPT_OUTPUT), &output, err));
    CS_TRY(check_files(run, output, err));
    const struct cs_plan_input input = plan_input(run, output);
    CS_TRY(cs_plan_build(&input, &plan, err));
    CS_TRY(open_store(run, err));

    struct cs_flow flow = cs_app_flow(run->app);
    struct cs_result *result = cs_result_list_add(&run->results);
    cs_rc rc = cs_flow_new(&flow, plan, result, err);
    if (rc != CS_OK && !result->request->id) {
        /* There is no request to speak of: what went wrong is the run's own error. */
        cs_result_list_done(&run->results);
    }
    return rc;
}

cs_rc cs_run_list(struct cs_run *run, struct cs_err *err)
{
    const struct cs_list_options options = {
        .selection = selection(run),
        .open_only = cs_options_dialect(run->app->options) == CS_DIALECT_CMDLET,
    };

    CS_TRY(check_selection(run, err));
    CS_TRY(cs_app_open_store_readonly(run->app, err));
    struct cs_flow flow = cs_app_flow(run->app);
    return cs_flow_list(&flow, &options, &run->results, err);
}

cs_rc cs_run_retrieve(struct cs_run *run, struct cs_err *err)
{
    run->pending_counts = !flag(run, CS_OPT_WHAT_IF);
    CS_TRY(check_selection(run, err));
    CS_TRY(open_store(run, err));

    const struct cs_retrieve_options options = {
        .selection = selection(run),
        .reply = text(run, CS_OPT_REPLY),
    };
    struct cs_flow flow = cs_app_flow(run->app);
    return cs_flow_retrieve(&flow, &options, &run->results, err);
}

cs_rc cs_run_clear(struct cs_run *run, struct cs_err *err)
{
    const struct cs_selection chosen = selection(run);

    CS_TRY(check_selection(run, err));
    CS_TRY(open_store(run, err));
    struct cs_flow flow = cs_app_flow(run->app);
    return cs_flow_clear(&flow, &chosen, &run->results, err);
}

cs_rc cs_run_recover(struct cs_run *run, struct cs_err *err)
{
    CS_TRY(cs_app_open_store(run->app, true, err));
    struct cs_flow flow = cs_app_flow(run->app);
    return cs_flow_recover(&flow, text(run, CS_OPT_REMOVE), &run->results, &run->strays, err);
}

/* list, retrieve, clear and recover: options to flow. */
#include "cli/app.h"

static const char *text(const struct cs_run *run, enum cs_opt option)
{
    return cs_options_text(run->app->options, option);
}

static struct cs_selection selection(const struct cs_run *run)
{
    return (struct cs_selection){
        .request_id = cs_options_number(run->app->options, CS_OPT_REQUEST_ID),
        .ca_request_id = text(run, CS_OPT_CA_REQUEST_ID),
    };
}

cs_rc cs_run_list(struct cs_run *run, struct cs_err *err)
{
    const struct cs_list_options options = {
        .selection = selection(run),
        .open_only = cs_options_dialect(run->app->options) == CS_DIALECT_CMDLET,
        .output = text(run, CS_OPT_OUTPUT),
        .folder = text(run, CS_OPT_OUTPUT_DIR),
    };

    CS_TRY(cs_app_open_store_readonly(run->app, err));
    struct cs_flow flow = cs_app_flow(run->app);
    return cs_flow_list(&flow, &options, &run->results, err);
}

cs_rc cs_run_retrieve(struct cs_run *run, struct cs_err *err)
{
    run->pending_counts = !cs_options_flag(run->app->options, CS_OPT_WHAT_IF);
    CS_TRY(cs_app_open_store_to_change(run->app, err));

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

    CS_TRY(cs_app_open_store_to_change(run->app, err));
    struct cs_flow flow = cs_app_flow(run->app);
    return cs_flow_clear(&flow, &chosen, &run->results, err);
}

cs_rc cs_run_recover(struct cs_run *run, struct cs_err *err)
{
    CS_TRY(cs_app_open_store(run->app, true, err));
    struct cs_flow flow = cs_app_flow(run->app);
    return cs_flow_recover(&flow, text(run, CS_OPT_REMOVE), &run->results, &run->strays, err);
}

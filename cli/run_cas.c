/* The verbs about CAs of the network: ca probe, and ca list of a directory. */
#include "cli/app.h"
#include "cli/appca.h"
#include "cli/outca.h"

#include <string.h>

static const char *text(const struct cs_run *run, enum cs_opt option)
{
    return cs_options_text(run->app->options, option);
}

static bool json(const struct cs_run *run)
{
    return cs_options_flag(run->app->options, CS_OPT_JSON);
}

/* What goes with the question: who asks, and where the directory is. */
static cs_rc submission_of(const struct cs_run *run, struct cs_ca_submission *ret_submission,
                           struct cs_err *err)
{
    const char *account = text(run, CS_OPT_CA_ACCOUNT);
    struct cs_ca_password *passwords = &run->app->password.base;
    const struct cs_secret *password = NULL;

    if (account) {
        CS_TRY(passwords->get(passwords, account, &password, err));
    }
    *ret_submission = (struct cs_ca_submission){
        .account = account,
        .password = password,
        .global_catalog = text(run, CS_OPT_GLOBAL_CATALOG),
        .global_settings_dc = text(run, CS_OPT_GLOBAL_SETTINGS_DC),
    };
    return CS_OK;
}

/* ---- ca probe ---- */

static cs_rc name_of(const struct cs_run *run, const char **ret_name, struct cs_err *err)
{
    const char *said = text(run, CS_OPT_CA);

    *ret_name = said ? said : run->app->config->default_ca;
    if (!*ret_name) {
        return cs_fail_hint(err, CS_E_USAGE, "say for instance `cscert ca probe 'host\\caname'`",
                            "which CA is to be probed is not said, and no default-ca configured");
    }
    return CS_OK;
}

static cs_rc probe(struct cs_run *run, const char *name, struct cs_ca_finding_list *findings,
                   struct cs_err *err)
{
    struct cs_ca_source *source = &run->app->cas.base;
    struct cs_ca_submission submission;
    struct cs_caclient *client = NULL;

    CS_TRY(cs_app_open_store_readonly(run->app, err));
    CS_TRY(source->check(source, name, err));
    const char *type = cs_appca_type(run->app, name);
    if (!type || strcmp(type, "lab") == 0) {
        cs_ca_finding_add(findings, true, "type", "a lab CA of this computer");
        return CS_OK;
    }
    cs_ca_finding_add(findings, true, "type", "%s", type);
    CS_TRY(submission_of(run, &submission, err));
    CS_TRY(cs_appca_get(run->app, name, &client, err));
    return cs_caclient_probe(client, &submission, findings, err);
}

cs_rc cs_run_ca_probe(struct cs_run *run, struct cs_err *err)
{
    cs_auto_value(cs_ca_finding_list) findings = {0};
    const char *name = NULL;

    CS_TRY(name_of(run, &name, err));
    cs_rc rc = probe(run, name, &findings, err);
    run->text =
        json(run) ? cs_outca_findings_json(&findings, err) : cs_outca_findings_text(&findings);
    return rc;
}

/* ---- ca list ---- */

static cs_rc list(struct cs_run *run, struct cs_ca_entry_list *entries, struct cs_err *err)
{
    struct cs_ca_submission submission;
    struct cs_caclient *client = NULL;

    CS_TRY(submission_of(run, &submission, err));
    CS_TRY(cs_appca_directory(run->app, &client, err));
    return cs_caclient_list(client, &submission, entries, err);
}

cs_rc cs_run_ca_directory(struct cs_run *run, struct cs_err *err)
{
    cs_auto_value(cs_ca_entry_list) entries = {0};

    cs_rc rc = list(run, &entries, err);
    run->text = json(run) ? cs_outca_entries_json(&entries, err) : cs_outca_entries_text(&entries);
    return rc;
}

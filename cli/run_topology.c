/* The local replica of the topology: import, show, check. */
#include "cli/app.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "cli/outtopo.h"
#include "cli/ui.h"
#include "wire/topojson.h"

#include <string.h>

static bool json(const struct cs_run *run)
{
    return cs_options_flag(run->app->options, CS_OPT_JSON);
}

/* What every certificate of the topology would be: for all SIP domains, wherever it goes. */
static cs_rc deployment_of(const struct cs_run *run, const struct cs_topology *topology,
                           struct cs_deployment *ret_deployment, struct cs_err *err)
{
    const struct cs_plan_input input = {
        .topology = topology,
        .host_name = run->app->env.host,
        .all_sip_domain = true,
        .no_destination = true,
    };
    cs_rc rc = cs_deployment_build(&input, ret_deployment, err);

    /* One in which nothing needs a certificate is empty. */
    return rc == CS_E_USAGE ? CS_OK : rc;
}

static cs_rc compare(const struct cs_run *run, const struct cs_topology *before,
                     const struct cs_topology *after, struct cs_plan_change_list *ret_changes,
                     struct cs_err *err)
{
    cs_auto_value(cs_deployment) old = {0};
    cs_auto_value(cs_deployment) new = {0};

    CS_TRY(deployment_of(run, before, &old, err));
    CS_TRY(deployment_of(run, after, &new, err));
    cs_deployment_diff(&old, &new, ret_changes);
    return CS_OK;
}

/* ---- import ---- */

static bool same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Simple URLs alone go on top of @before. */
static cs_rc complete(const struct cs_run *run, struct cs_toposource *source,
                      struct cs_toposource *ret_new, struct cs_err *err)
{
    if (source->topology->form) {
        *ret_new = *source;
        *source = (struct cs_toposource){0};
        return CS_OK;
    }
    cs_auto_value(cs_toposource) base = {0};
    CS_TRY(cs_toposource_stored(run->app->store, 0, &base, err));
    if (!base.topology) {
        return cs_fail_hint(err, CS_E_INPUT, "import the topology together with them",
                            "%s: only simple URLs, and no topology was imported before",
                            cs_options_list(run->app->options, CS_OPT_DOCUMENT)->items[0]);
    }
    cs_toposource_replace_urls(&base, source);
    *ret_new = base;
    base = (struct cs_toposource){0};
    return CS_OK;
}

static cs_rc store_topology(const struct cs_run *run, struct cs_toposource *source,
                            struct cs_err *err)
{
    cs_auto_value(cs_topology_row) row = {
        .signature = cs_strdup(source->topology->signature),
        .sha256 = cs_strdup(source->sha256),
        .documents = cs_strdup(source->documents),
        .json = cs_topojson_write(source->topology),
    };

    CS_TRY(cs_store_topology_add(run->app->store, &row, err));
    source->imported = row.imported;
    return CS_OK;
}

static void finish_import(struct cs_run *run, const struct cs_toposource *source, bool stored,
                          const struct cs_toposource *before)
{
    cs_auto_value(cs_finding_list) findings = {0};
    cs_auto_value(cs_plan_change_list) changes = {0};
    struct cs_outtopo_import import = {
        .source = source,
        .stored = stored,
        .findings = &findings,
        .before = before->imported,
    };

    cs_app_show_warnings(run->app, &source->topology->warnings);
    if (stored && before->topology && before->topology->has_simple_urls &&
        !source->topology->has_simple_urls) {
        run->app->ui->ops->warn(
            run->app->ui, "the simple URLs that were known are no longer there: import them again, "
                          "alone or together with the topology");
    }
    cs_topology_check(source->topology, &findings);
    if (before->topology && stored) {
        struct cs_err why = {0};
        if (compare(run, before->topology, source->topology, &changes, &why) == CS_OK) {
            import.diff = &changes;
        } else {
            /* It is stored all the same: requests for one computer do not depend on it. */
            cs_autofree char *text = cs_asprintf("what it changes is not known: %s", why.message);
            run->app->ui->ops->warn(run->app->ui, text);
        }
    }
    run->text = json(run) ? cs_outtopo_import_json(&import) : cs_outtopo_import_text(&import);
}

cs_rc cs_run_topology_import(struct cs_run *run, struct cs_err *err)
{
    struct cs_app *app = run->app;
    cs_auto_value(cs_toposource) documents = {0};
    cs_auto_value(cs_toposource) source = {0};
    cs_auto_value(cs_toposource) before = {0};

    cs_ui_release_signals();
    CS_TRY(cs_toposource_read(cs_options_list(app->options, CS_OPT_DOCUMENT), &documents, err));
    CS_TRY(cs_app_open_store(app, false, err));
    CS_TRY(complete(run, &documents, &source, err));
    CS_TRY(cs_toposource_stored(app->store, 0, &before, err));

    bool stored = !same_text(source.sha256, before.sha256);
    if (stored) {
        CS_TRY(store_topology(run, &source, err));
    } else {
        source.imported = before.imported;
    }
    finish_import(run, &source, stored, &before);
    return CS_OK;
}

/* ---- show and check ---- */

static cs_rc load(struct cs_run *run, struct cs_err *err)
{
    struct cs_app *app = run->app;

    cs_ui_release_signals();
    CS_TRY(cs_app_open_store_readonly(app, err));
    CS_TRY(cs_toposource_load(app->options, app->store, &run->source, err));
    if (!run->source.topology) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "import one: cscert topology import FILE..., or name one: --topology "
                            "FILE",
                            "no topology is known");
    }
    return CS_OK;
}

static cs_rc show_diff(struct cs_run *run, struct cs_err *err)
{
    cs_auto_value(cs_toposource) before = {0};
    cs_auto_value(cs_plan_change_list) changes = {0};

    CS_TRY(cs_toposource_stored(run->app->store, 1, &before, err));
    if (before.topology) {
        CS_TRY(compare(run, before.topology, run->source.topology, &changes, err));
    }
    run->text =
        json(run) ? cs_outtopo_diff_json(&changes)
                  : cs_outtopo_diff_text(before.topology ? &before : NULL, &run->source, &changes);
    return CS_OK;
}

cs_rc cs_run_topology_show(struct cs_run *run, struct cs_err *err)
{
    CS_TRY(load(run, err));
    if (cs_options_flag(run->app->options, CS_OPT_DIFF)) {
        return show_diff(run, err);
    }
    run->text = json(run) ? cs_outtopo_show_json(&run->source) : cs_outtopo_show_text(&run->source);
    return CS_OK;
}

cs_rc cs_run_topology_check(struct cs_run *run, struct cs_err *err)
{
    cs_auto_value(cs_finding_list) findings = {0};

    CS_TRY(load(run, err));
    cs_topology_check(run->source.topology, &findings);
    run->text = json(run) ? cs_outtopo_check_json(&findings) : cs_outtopo_check_text(&findings);
    size_t errors = cs_outtopo_level_count(&findings, CS_FINDING_ERROR);
    if (errors) {
        return cs_fail_hint(err, CS_E_INPUT, "correct the topology, publish it and import it again",
                            "%zu error%s in the topology", errors, errors == 1 ? "" : "s");
    }
    return CS_OK;
}

/* export: options to flow. */
#include "base/mem.h"
#include "cli/app.h"
#include "cli/pinsource.h"

static const char *text(const struct cs_run *run, enum cs_opt option)
{
    return cs_options_text(run->app->options, option);
}

static bool has(const struct cs_run *run, enum cs_opt option)
{
    return cs_options_has(run->app->options, option);
}

/* ---- the password of the file ---- */

struct password {
    const struct cs_run *run;
    struct cs_secret *secret; /* NULL: none was read */
};

/* Typed twice on the terminal: a file that nobody can open is worth as much as none. */
static cs_rc ask_password(void *ctx, const struct cs_secret **ret_password, struct cs_err *err)
{
    struct password *password = ctx;
    const struct cs_run *run = password->run;
    const struct cs_secret *said = cs_options_secret(run->app->options, CS_OPT_PASSWORD);

    if (!said) {
        cs_autofree char *name =
            cs_asprintf("Password of the new file %s", text(run, CS_OPT_OUTPUT));
        CS_TRY(cs_pinsource_read_new(text(run, CS_OPT_PASSWORD_SOURCE), "--password-source", name,
                                     &password->secret, err));
    }
    *ret_password = said ? said : password->secret;
    return CS_OK;
}

/* ---- the other token ---- */

struct target {
    struct cs_keystore_source base; /* first */
    struct cs_app *app;
};

static cs_rc open_target(struct cs_keystore_source *source, struct cs_keystore **ret_store,
                         struct cs_err *err)
{
    struct cs_app *app = ((struct target *)source)->app;
    struct cs_pinsource pin = {
        .option = cs_options_text(app->options, CS_OPT_TO_PIN_SOURCE),
        .uri = cs_options_text(app->options, CS_OPT_TO),
    };
    const struct cs_token_options options = cs_app_token_options(app, &pin);

    return cs_token_open(&options, ret_store, err);
}

/* ---- the verb ---- */

static cs_rc check_where(const struct cs_run *run, struct cs_err *err)
{
    if (!has(run, CS_OPT_OUTPUT) && !has(run, CS_OPT_TO)) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "say --output FILE.pfx for a file, or --to pkcs11:token=LABEL for "
                            "another token",
                            "nothing says where the key goes");
    }
    if (has(run, CS_OPT_OUTPUT) && has(run, CS_OPT_PRIVATE_KEY_EXPORTABLE)) {
        return cs_fail_hint(err, CS_E_USAGE, "leave -PrivateKeyExportable out",
                            "-PrivateKeyExportable goes with --to: it is about the copy on the "
                            "other token");
    }
    return CS_OK;
}

static cs_rc run_flow(struct cs_run *run, struct password *password, struct cs_err *err)
{
    const struct cs_options *options = run->app->options;
    struct target target = {.base = {.open = open_target}, .app = run->app};
    const struct cs_export_options export = {
        .request_id = cs_options_number(options, CS_OPT_REQUEST_ID),
        .policy_forbid = run->app->config->policy.forbid_exportable,
        .friendly_name = text(run, CS_OPT_FRIENDLY_NAME),
        .output = text(run, CS_OPT_OUTPUT),
        .password = ask_password,
        .ctx = password,
        .csp = text(run, CS_OPT_CSP),
        .legacy = cs_options_flag(options, CS_OPT_LEGACY),
        .target = has(run, CS_OPT_TO) ? &target.base : NULL,
        .exportable = cs_options_flag(options, CS_OPT_PRIVATE_KEY_EXPORTABLE),
    };
    struct cs_flow flow = cs_app_flow(run->app);
    struct cs_result *result = cs_result_list_add(&run->results);

    cs_rc rc = cs_flow_export(&flow, &export, result, err);
    /* As JSON the request has its error; as text it would look as if something was exported. */
    if (rc != CS_OK && (!result->request || !cs_options_flag(options, CS_OPT_JSON))) {
        cs_result_list_done(&run->results);
    } else if (rc != CS_OK) {
        result->error = *err;
    }
    return rc;
}

cs_rc cs_run_export(struct cs_run *run, struct cs_err *err)
{
    struct password password = {.run = run};

    CS_TRY(check_where(run, err));
    CS_TRY(cs_app_open_store_to_change(run->app, err));
    cs_rc rc = run_flow(run, &password, err);
    cs_secret_free(password.secret);
    return rc;
}

/* The verbs of the lab CA. */
#include "base/mem.h"
#include "cli/app.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static cs_rc key_spec(const struct cs_app *app, struct cs_key_spec *ret_spec, struct cs_err *err)
{
    const char *alg = cs_options_text(app->options, CS_OPT_KEY_ALG);
    long size = cs_options_number(app->options, CS_OPT_KEY_SIZE);

    CS_TRY(cs_key_spec_make(alg, size, ret_spec, err));
    if (cs_key_is_rsa(ret_spec) && ret_spec->bits < 2048) {
        return cs_fail_hint(err, CS_E_POLICY, "say -KeySize 2048 or more",
                            "a CA's RSA key has at least 2048 bits, not %u", ret_spec->bits);
    }
    return CS_OK;
}

cs_rc cs_run_ca_init(struct cs_run *run, struct cs_err *err)
{
    struct cs_app *app = run->app;
    const char *name = cs_options_text(app->options, CS_OPT_NAME);
    cs_auto(cs_keystore) keystore = NULL;
    struct cs_key_spec spec;

    if (!name) {
        return cs_fail_hint(err, CS_E_USAGE, "say for instance `cscert ca init 'Lab CA'`",
                            "the lab CA needs a name");
    }
    CS_TRY(key_spec(app, &spec, err));
    CS_TRY(cs_app_open_store(app, false, err));
    CS_TRY(app->keystore.base.open(&app->keystore.base, &keystore, err));
    CS_TRY(cs_labca_init(app->store, keystore, name, &spec, err));
    if (cs_options_flag(app->options, CS_OPT_JSON)) {
        return CS_OK;
    }
    cs_autofree char *shown = cs_terminal_escape(name);
    printf("The lab CA \"%s\" is ready. Its key is on the token \"%s\" and never leaves it.\n",
           shown, keystore->ops->info(keystore)->label);
    return CS_OK;
}

/* The number of the request and the configuration of its CA. */
static cs_rc begin(struct cs_run *run, int64_t *ret_id, struct cs_labca_config *ret_config,
                   struct cs_err *err)
{
    const struct cs_options *options = run->app->options;

    *ret_id = cs_options_number(options, CS_OPT_ID);
    if (!*ret_id) {
        return cs_fail_hint(err, CS_E_USAGE, "see `cscert ca list`",
                            "the number of the lab CA's request is missing");
    }
    CS_TRY(cs_app_open_store(run->app, false, err));
    return cs_app_labca_config(run->app, cs_options_text(options, CS_OPT_CA), ret_config, err);
}

static cs_rc done(const struct cs_run *run, int64_t id, const char *what)
{
    if (!cs_options_flag(run->app->options, CS_OPT_JSON)) {
        printf("Request %" PRId64 " of the lab CA is %s.\n", id, what);
    }
    return CS_OK;
}

cs_rc cs_run_ca_approve(struct cs_run *run, struct cs_err *err)
{
    struct cs_labca_config config = {0};
    int64_t id = 0;

    CS_TRY(begin(run, &id, &config, err));
    CS_TRY(cs_labca_approve(run->app->store, &run->app->keystore.base, &config, id, err));
    return done(run, id, "issued");
}

cs_rc cs_run_ca_deny(struct cs_run *run, struct cs_err *err)
{
    const char *reason = cs_options_text(run->app->options, CS_OPT_REASON);
    struct cs_labca_config config = {0};
    int64_t id = 0;

    CS_TRY(begin(run, &id, &config, err));
    CS_TRY(cs_labca_deny(run->app->store, &config, id, reason, err));
    return done(run, id, "denied");
}

cs_rc cs_run_ca_revoke(struct cs_run *run, struct cs_err *err)
{
    struct cs_labca_config config = {0};
    int64_t id = 0;

    CS_TRY(begin(run, &id, &config, err));
    CS_TRY(cs_labca_revoke(run->app->store, &run->app->keystore.base, &config, id, err));
    return done(run, id, "revoked");
}

/* The directory was named, or there is no lab CA that could hold anything. */
static cs_rc means_directory(const struct cs_run *run, bool *ret_directory, struct cs_err *err)
{
    const struct cs_options *options = run->app->options;
    struct cs_labca_row row = {0};
    bool found = false;

    *ret_directory = true;
    if (cs_options_has(options, CS_OPT_GLOBAL_CATALOG) ||
        cs_options_has(options, CS_OPT_GLOBAL_SETTINGS_DC)) {
        return CS_OK;
    }
    if (run->app->store) {
        cs_rc rc = cs_store_labca_get(run->app->store, NULL, &row, &found, err);
        cs_labca_row_done(&row);
        found = found || rc == CS_E_USAGE; /* there are several */
        CS_TRY(rc == CS_E_USAGE ? CS_OK : rc);
    }
    if (found && err) {
        cs_err_clear(err);
    }
    *ret_directory = !found && !cs_options_has(options, CS_OPT_CA);
    return CS_OK;
}

cs_rc cs_run_ca_list(struct cs_run *run, struct cs_err *err)
{
    const char *name = cs_options_text(run->app->options, CS_OPT_CA);
    struct cs_labca_config config = {0};
    bool directory = false;

    CS_TRY(cs_app_open_store_readonly(run->app, err));
    CS_TRY(means_directory(run, &directory, err));
    if (directory) {
        return cs_run_ca_directory(run, err);
    }
    if (name) {
        CS_TRY(cs_app_labca_config(run->app, name, &config, err));
    }
    if (!run->app->store) {
        return CS_OK;
    }
    return cs_store_labca_requests(run->app->store, config.authority, CS_LABCA_PENDING, &run->held,
                                   err);
}

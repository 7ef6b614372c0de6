/* get, import, set and remove: options to flow. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/app.h"
#include "cli/datearg.h"
#include "cli/outcert.h"
#include "cli/pinsource.h"
#include "cli/reference.h"
#include "x509/reply.h"

#include <string.h>

/* The one type that has the scope global. */
#define GLOBAL_TYPE "OAuthTokenIssuer"

static const char *text(const struct cs_run *run, enum cs_opt option)
{
    return cs_options_text(run->app->options, option);
}

static bool flag(const struct cs_run *run, enum cs_opt option)
{
    return cs_options_flag(run->app->options, option);
}

/* ---- what several of them take ---- */

static cs_rc check_scope(const char *identity, struct cs_err *err)
{
    if (!identity || cs_ascii_iequal(identity, "global")) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_USAGE, "say -Identity global, or leave it out",
                        "-Identity \"%.200s\" is not known: sites and services are scopes of a "
                        "Central Management store, which there is none of here",
                        identity);
}

static bool is_global_type(const char *word)
{
    return cs_ascii_iequal(word, GLOBAL_TYPE);
}

/* -Type and what -Identity makes of it. */
static cs_rc read_types(const struct cs_run *run, struct cs_strv *ret_types, struct cs_err *err)
{
    const struct cs_strv *said = cs_options_list(run->app->options, CS_OPT_TYPE);
    const char *identity = text(run, CS_OPT_IDENTITY);

    CS_TRY(check_scope(identity, err));
    if (cs_options_has(run->app->options, CS_OPT_NETPORT_ID)) {
        return cs_fail_hint(err, CS_E_USAGE, "leave it out",
                            "-NetportId is reserved: there are no certificates for a single port");
    }
    for (size_t i = 0; identity && i < said->count; i++) {
        if (!is_global_type(said->items[i])) {
            return cs_fail_hint(err, CS_E_USAGE, "leave -Identity out for the other types",
                                "only " GLOBAL_TYPE " has the scope global, not %.100s",
                                said->items[i]);
        }
    }
    cs_strv_copy(ret_types, said);
    if (identity && !said->count) {
        cs_strv_add(ret_types, GLOBAL_TYPE);
    }
    return CS_OK;
}

static cs_rc read_date(const struct cs_run *run, int64_t *ret_seconds, struct cs_err *err)
{
    const char *said = text(run, CS_OPT_EFFECTIVE_DATE);
    cs_auto_value(cs_strv) warnings = {0};

    *ret_seconds = 0;
    if (!said) {
        return CS_OK;
    }
    CS_TRY(cs_datearg_parse("-EffectiveDate", said, ret_seconds, &warnings, err));
    cs_app_show_warnings(run->app, &warnings);
    return CS_OK;
}

/* What is there is printed, and what is missing decides over the exit code. */
static cs_rc print(struct cs_run *run, bool warnings, struct cs_err *err)
{
    const struct cs_strv *unread = &run->certificates.unread;

    run->text = flag(run, CS_OPT_JSON) ? cs_outcert_json(&run->certificates)
                                       : cs_outcert_text(&run->certificates, warnings);
    if (!unread->count) {
        return CS_OK;
    }
    cs_autofree char *all = cs_strv_join(unread, "; ");
    return cs_fail_hint(err, CS_E_PARTIAL,
                        "`cscert list` shows all that can be read; put back a copy of the store if "
                        "there is one",
                        "%s", all);
}

/* ---- get ---- */

static void warn_of_none(const struct cs_run *run, const struct cs_get_options *options)
{
    const bool all = !options->assigned_only && !options->types->count;
    const char *text = options->request_id ? "no certificate of this request is on the token"
                       : all               ? "there is no certificate on the token"
                                           : "no certificate is assigned";

    run->app->ui->ops->warn(run->app->ui, text);
}

cs_rc cs_run_get(struct cs_run *run, struct cs_err *err)
{
    cs_auto_value(cs_strv) types = {0};
    const struct cs_get_options options = {
        .types = &types,
        .assigned_only = cs_options_dialect(run->app->options) != CS_DIALECT_UNIX,
        .request_id = cs_options_number(run->app->options, CS_OPT_REQUEST_ID),
        .output = text(run, CS_OPT_OUTPUT),
    };

    CS_TRY(read_types(run, &types, err));
    CS_TRY(cs_app_open_store_readonly(run->app, err));
    struct cs_flow flow = cs_app_flow(run->app);
    CS_TRY(cs_flow_get(&flow, &options, &run->certificates, err));
    if (run->certificates.count == 0) {
        warn_of_none(run, &options);
    }
    return print(run, true, err);
}

/* ---- import ---- */

/* Asked for only if the file wants one and somebody is there to ask. */
static cs_rc read_password(const struct cs_run *run, const struct cs_bytes *file, const char *path,
                           struct cs_secret **ret_secret, struct cs_err *err)
{
    struct cs_ui *ui = run->app->ui;
    const char *source = text(run, CS_OPT_PASSWORD_SOURCE);

    if (!source && !(cs_reply_is_pkcs12(file) && ui->ops->can_ask(ui))) {
        return CS_OK;
    }
    cs_autofree char *prompt = cs_asprintf("Password of %s: ", path);
    return cs_pinsource_read(source ? source : "prompt", "--password-source", prompt, ret_secret,
                             err);
}

static cs_rc import_file(struct cs_run *run, const struct cs_strv *types, int64_t effective,
                         struct cs_err *err)
{
    const char *path = text(run, CS_OPT_PATH);
    const struct cs_secret *said = cs_options_secret(run->app->options, CS_OPT_PASSWORD);
    const struct cs_config *config = run->app->config;
    cs_auto(cs_secret) asked = NULL;
    cs_auto_value(cs_bytes) file = {0};

    CS_TRY(cs_file_read(path, CS_REPLY_MAX_OCTETS, &file, err));
    if (!said) {
        CS_TRY(read_password(run, &file, path, &asked, err));
    }
    CS_TRY(cs_app_open_store_to_change(run->app, err));
    const struct cs_import_options options = {
        .file = &file,
        .path = path,
        .password = said ? said : asked,
        .import_key = flag(run, CS_OPT_IMPORT_KEY),
        .exportable = flag(run, CS_OPT_PRIVATE_KEY_EXPORTABLE),
        .policy_forbid_exportable = config->policy.forbid_exportable,
        .policy_min_rsa_bits = config->policy.min_rsa_bits,
        .label = text(run, CS_OPT_FRIENDLY_NAME),
        .types = types,
        .roll = flag(run, CS_OPT_ROLL),
        .effective = effective,
    };
    struct cs_flow flow = cs_app_flow(run->app);
    CS_TRY(cs_flow_import_file(&flow, &options, &run->certificates, err));
    return print(run, false, err);
}

cs_rc cs_run_import(struct cs_run *run, struct cs_err *err)
{
    cs_auto_value(cs_strv) types = {0};
    int64_t effective = 0;

    CS_TRY(read_types(run, &types, err));
    CS_TRY(read_date(run, &effective, err));
    if (flag(run, CS_OPT_ROLL) && !types.count) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "say for which type: -Type AudioVideoAuthentication; or import it now "
                            "and assign it with `cscert set`",
                            "-Roll needs -Type");
    }
    if (flag(run, CS_OPT_PRIVATE_KEY_EXPORTABLE) && !flag(run, CS_OPT_IMPORT_KEY)) {
        run->app->ui->ops->warn(run->app->ui, "-PrivateKeyExportable is about a key that "
                                              "--import-key brings to the token: without that it "
                                              "changes nothing");
    }
    return import_file(run, &types, effective, err);
}

/* ---- set ---- */

static cs_rc read_thumbprint(const struct cs_run *run, char **ret_thumbprint, struct cs_err *err)
{
    const char *said = text(run, CS_OPT_THUMBPRINT);
    const char *reference = text(run, CS_OPT_REFERENCE);
    cs_auto_value(cs_bytes) json = {0};

    if (said) {
        *ret_thumbprint = cs_strdup(said);
        return CS_OK;
    }
    if (!reference) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "say -Thumbprint, which `cscert get` shows, or -Path FILE",
                            "nothing says which certificate is to be assigned");
    }
    CS_TRY(cs_reference_read(reference, &json, err));
    return cs_reference_thumbprint(&json, reference, ret_thumbprint, err);
}

/* -Path: imports and assigns, which needs a type. */
static cs_rc set_file(struct cs_run *run, const struct cs_strv *types, int64_t effective,
                      struct cs_err *err)
{
    if (!types->count) {
        return cs_fail_hint(err, CS_E_USAGE, "say for instance -Type OAuthTokenIssuer",
                            "-Path needs -Type");
    }
    return import_file(run, types, effective, err);
}

cs_rc cs_run_set(struct cs_run *run, struct cs_err *err)
{
    cs_auto_value(cs_strv) types = {0};
    cs_autofree char *thumbprint = NULL;
    int64_t effective = 0;

    CS_TRY(read_types(run, &types, err));
    CS_TRY(read_date(run, &effective, err));
    if (cs_options_has(run->app->options, CS_OPT_PATH)) {
        return set_file(run, &types, effective, err);
    }
    CS_TRY(read_thumbprint(run, &thumbprint, err));
    CS_TRY(cs_app_open_store_to_change(run->app, err));
    const struct cs_set_options options = {
        .thumbprint = thumbprint,
        .types = &types,
        .roll = flag(run, CS_OPT_ROLL),
        .effective = effective,
    };
    struct cs_flow flow = cs_app_flow(run->app);
    CS_TRY(cs_flow_set(&flow, &options, &run->certificates, err));
    return print(run, false, err);
}

/* ---- remove ---- */

cs_rc cs_run_remove(struct cs_run *run, struct cs_err *err)
{
    cs_auto_value(cs_strv) types = {0};
    const struct cs_remove_options options = {
        .types = &types,
        .previous = flag(run, CS_OPT_PREVIOUS),
        .staged = flag(run, CS_OPT_STAGED),
    };

    CS_TRY(read_types(run, &types, err));
    CS_TRY(cs_app_open_store_to_change(run->app, err));
    struct cs_flow flow = cs_app_flow(run->app);
    CS_TRY(cs_flow_remove(&flow, &options, &run->certificates, err));
    return print(run, false, err);
}

#include "cli/app.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/appca.h"
#include "cli/pinsource.h"
#include "cli/ui.h"
#include "pkcs11/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* How long a run waits for another one that writes to the store. */
#define STORE_WAIT_MS 10000

/* In the folder of the store. */
#define RUNS_FILE    "runs.lock"
#define SENDING_FILE "sending.lock"

/* ---- the token ---- */

struct cs_token_options cs_app_token_options(struct cs_app *app, struct cs_pinsource *pin)
{
    const struct cs_config *config = app->config;

    return (struct cs_token_options){
        .uri = pin->uri,
        .module = config->token.module,
        .profile = config->token.profile,
        .lock_dir = config->token.lock_dir ? config->token.lock_dir : app->env.lock_dir,
        .pin = cs_pinsource_ask,
        .pin_ctx = pin,
        .ui = app->ui,
        .limits = {.call = config->token.timeout_call,
                   .login = config->token.timeout_login,
                   .generate = config->token.timeout_generate},
    };
}

static cs_rc open_token(struct cs_app *app, struct cs_keystore **ret_store, struct cs_err *err)
{
    struct cs_pinsource pin = cs_pinsource_choose(app->options, app->config);
    const struct cs_token_options options = cs_app_token_options(app, &pin);

    return cs_token_open(&options, ret_store, err);
}

static cs_rc keystore_open(struct cs_keystore_source *source, struct cs_keystore **ret_store,
                           struct cs_err *err)
{
    struct cs_app_keystore *keystore = (struct cs_app_keystore *)source;

    if (!keystore->store && keystore->failure.code == CS_OK) {
        (void)!open_token(keystore->app, &keystore->store, &keystore->failure);
    }
    if (!keystore->store) {
        if (err) {
            *err = keystore->failure;
        }
        return keystore->failure.code;
    }
    *ret_store = cs_keystore_share(keystore->store);
    return CS_OK;
}

/* ---- the CAs ---- */

static struct cs_labca_config labca_of_section(const struct cs_config_ca *section)
{
    return (struct cs_labca_config){
        .authority = section->authority,
        .hold = section->hold,
        .crl_url = section->crl_url,
        .aia_url = section->aia_url,
        .crl_file = section->crl_file,
        .validity_days = section->validity_days ? section->validity_days : CS_LABCA_VALIDITY_DAYS,
    };
}

static cs_rc fail_no_lab(const char *name, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_USAGE, "make one with `cscert ca init NAME`",
                        "\"%s\" is no lab CA", name);
}

static bool is_lab(const struct cs_config_ca *section)
{
    return strcmp(section->type, "lab") == 0;
}

/* True if the store has a lab CA of that name; NULL: any one. */
static cs_rc lab_exists(const struct cs_app *app, const char *name, bool *ret_found,
                        struct cs_err *err)
{
    struct cs_labca_row row = {0};

    *ret_found = false;
    if (!app->store) {
        return CS_OK;
    }
    CS_TRY(cs_store_labca_get(app->store, name, &row, ret_found, err));
    cs_labca_row_done(&row);
    return CS_OK;
}

static cs_rc only_section(const struct cs_config *config, struct cs_labca_config *ret_config,
                          struct cs_err *err)
{
    const struct cs_config_ca *only = NULL;

    for (size_t i = 0; i < config->ca_count; i++) {
        const struct cs_config_ca *next = &config->cas[i];
        if (is_lab(next) && only) {
            cs_rc rc = cs_fail(err, CS_E_USAGE, "the configuration has several lab CAs");
            cs_err_hint(err, "say which one with --ca, for instance --ca '%.200s' or --ca '%.200s'",
                        only->name, next->name);
            return rc;
        }
        only = is_lab(next) ? next : only;
    }
    *ret_config = only ? labca_of_section(only)
                       : (struct cs_labca_config){.validity_days = CS_LABCA_VALIDITY_DAYS};
    return CS_OK;
}

cs_rc cs_app_labca_config(struct cs_app *app, const char *name, struct cs_labca_config *ret_config,
                          struct cs_err *err)
{
    bool found = false;

    if (!name) {
        return only_section(app->config, ret_config, err);
    }
    const struct cs_config_ca *section = cs_config_find_ca(app->config, name);
    if (section) {
        *ret_config = labca_of_section(section);
        return is_lab(section) ? CS_OK : fail_no_lab(name, err);
    }
    CS_TRY(lab_exists(app, name, &found, err));
    if (!found) {
        return fail_no_lab(name, err);
    }
    *ret_config = (struct cs_labca_config){
        .authority = name,
        .validity_days = CS_LABCA_VALIDITY_DAYS,
    };
    return CS_OK;
}

/* A section says what stands behind a name; without one a lab CA of that name goes first. */
static cs_rc is_remote(const struct cs_app *app, const char *name, bool *ret_remote,
                       struct cs_err *err)
{
    const struct cs_config_ca *section = cs_config_find_ca(app->config, name);
    bool lab = section && is_lab(section);

    if (!section) {
        CS_TRY(lab_exists(app, name, &lab, err));
    }
    *ret_remote = !lab;
    return CS_OK;
}

static cs_rc ca_check(struct cs_ca_source *source, const char *name, struct cs_err *err)
{
    struct cs_app *app = ((struct cs_app_cas *)source)->app;
    struct cs_labca_config config;
    bool remote = false;
    bool found = false;

    CS_TRY(is_remote(app, name, &remote, err));
    if (remote) {
        return cs_appca_check(app, name, err);
    }
    CS_TRY(cs_app_labca_config(app, name, &config, err));
    CS_TRY(lab_exists(app, config.authority, &found, err));
    if (!found) {
        return cs_fail_hint(err, CS_E_USAGE, "make one with `cscert ca init NAME`",
                            "there is no lab CA \"%s\"",
                            config.authority ? config.authority : name);
    }
    return CS_OK;
}

static cs_rc ca_open(struct cs_ca_source *source, const char *name, struct cs_ca **ret_ca,
                     struct cs_err *err)
{
    struct cs_app *app = ((struct cs_app_cas *)source)->app;
    struct cs_labca_config config;
    struct cs_caclient *client = NULL;
    bool remote = false;

    CS_TRY(is_remote(app, name, &remote, err));
    if (remote) {
        CS_TRY(cs_appca_get(app, name, &client, err));
        *ret_ca = cs_caclient_ca(client);
        return CS_OK;
    }
    CS_TRY(cs_app_labca_config(app, name, &config, err));
    return cs_labca_open(app->store, &app->keystore.base, &config, ret_ca, err);
}

/* ---- the CA account's password ---- */

static cs_rc password_get(struct cs_ca_password *base, const char *account,
                          const struct cs_secret **ret_secret, struct cs_err *err)
{
    struct cs_app_password *password = (struct cs_app_password *)base;
    struct cs_app *app = password->app;
    const struct cs_secret *said = cs_options_secret(app->options, CS_OPT_CA_PASSWORD);
    const char *source = cs_options_text(app->options, CS_OPT_CA_PASSWORD_SOURCE);

    if (said && source) {
        return cs_fail_hint(err, CS_E_USAGE, "leave -CaPassword out",
                            "-CaPassword and --ca-password-source both give the password");
    }
    if (password->account && strcmp(password->account, account) != 0) {
        return cs_fail_hint(err, CS_E_USAGE, "name the requests of one account with --request-id",
                            "the password of this run is that of %s, not of %s", password->account,
                            account);
    }
    if (!said && !password->secret && (source || app->ui->ops->can_ask(app->ui))) {
        cs_autofree char *prompt = cs_asprintf("Password of %s: ", account);
        CS_TRY(cs_pinsource_read(source ? source : "prompt", "--ca-password-source", prompt,
                                 &password->secret, err));
    }
    *ret_secret = said ? said : password->secret;
    if (*ret_secret && !password->account) {
        password->account = cs_strdup(account);
    }
    return CS_OK;
}

/* ---- the run ---- */

static struct cs_ui *make_ui(const struct cs_options *options, const struct cs_env *env)
{
    const struct cs_ui_options how = {
        .quiet = cs_options_flag(options, CS_OPT_FORCE),
        .verbose = cs_options_flag(options, CS_OPT_VERBOSE),
        .no_color = env->no_color,
        .dumb = env->dumb,
    };
    return cs_ui_new(&how);
}

cs_rc cs_app_init(struct cs_app *app, const struct cs_options *options, struct cs_err *err)
{
    *app = (struct cs_app){
        .options = options,
        .runs_fd = -1,
        .keystore = {.base = {.open = keystore_open}, .app = app},
        .password = {.base = {.get = password_get}, .app = app},
        .cas = {.base = {.check = ca_check, .open = ca_open}, .app = app},
    };
    CS_TRY(cs_env_read(cs_options_text(options, CS_OPT_STATE_DIR), &app->env, err));
    app->ui = make_ui(options, &app->env);
    app->sending = cs_asprintf("%s/" SENDING_FILE, app->env.state_dir);
    app->actor = (struct cs_actor){
        .user = app->env.user,
        .host = app->env.host,
        .uid = (int64_t)geteuid(),
    };
    return cs_config_load(cs_options_text(options, CS_OPT_CONFIG), &app->env, &app->config, err);
}

void cs_app_done(struct cs_app *app)
{
    /* The store first: a module with many objects leaves the heap in pieces when it is finalised,
     * and the next large free would put them together for a process that ends anyway. */
    cs_store_close(app->store);
    cs_appca_done(app);
    cs_keystore_close(app->keystore.store);
    if (app->runs_fd >= 0) {
        close(app->runs_fd);
    }
    free(app->sending);
    cs_secret_free(app->password.secret);
    free(app->password.account);
    cs_config_free(app->config);
    cs_ui_free(app->ui);
    cs_env_done(&app->env);
}

static char *store_path(const struct cs_app *app)
{
    return cs_asprintf("%s/cscert.db", app->env.state_dir);
}

bool cs_app_has_store(const struct cs_app *app)
{
    cs_autofree char *path = store_path(app);

    return access(path, F_OK) == 0;
}

void cs_app_show_warnings(const struct cs_app *app, const struct cs_strv *warnings)
{
    for (size_t i = 0; i < warnings->count; i++) {
        app->ui->ops->warn(app->ui, warnings->items[i]);
    }
}

static cs_rc wait_for_runs(struct cs_app *app, int operation, struct cs_err *err)
{
    if (flock(app->runs_fd, operation | LOCK_NB) == 0) {
        return CS_OK;
    }
    app->ui->ops->warn(app->ui, "waiting for another run of cscert to end");
    while (flock(app->runs_fd, operation) != 0) {
        if (app->ui->ops->interrupted(app->ui)) {
            return cs_fail(err, CS_E_CANCELLED, "stopped by a signal");
        }
        if (errno != EINTR) {
            return cs_fail_errno(err, CS_E_STORE, "flock", errno, "%s/" RUNS_FILE,
                                 app->env.state_dir);
        }
    }
    return CS_OK;
}

/* What a run is in the middle of looks to `recover` like what a crash has left. So each run that
 * may change something holds this file shared until it ends, however it ends, and `recover` holds
 * it alone. */
static cs_rc join_runs(struct cs_app *app, bool alone, struct cs_err *err)
{
    cs_autofree char *path = cs_asprintf("%s/" RUNS_FILE, app->env.state_dir);

    app->runs_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (app->runs_fd < 0) {
        return cs_fail_errno(err, CS_E_STORE, "open", errno, "%s cannot be opened", path);
    }
    return wait_for_runs(app, alone ? LOCK_EX : LOCK_SH, err);
}

cs_rc cs_app_open_store(struct cs_app *app, bool alone, struct cs_err *err)
{
    cs_autofree char *path = store_path(app);

    cs_rc rc = cs_file_make_folder(app->env.state_dir, err);
    if (rc == CS_OK) {
        rc = join_runs(app, alone, err);
    }
    if (rc != CS_OK && rc != CS_E_CANCELLED && err) {
        err->hint[0] = 0;
        cs_err_hint(err, "the store's folder must be yours to write; --state-dir names another");
    }
    CS_TRY(rc);
    return cs_store_open(path, STORE_WAIT_MS, cs_journal_record, &app->actor, &app->store, err);
}

cs_rc cs_app_open_store_to_change(struct cs_app *app, struct cs_err *err)
{
    return cs_options_flag(app->options, CS_OPT_WHAT_IF) ? cs_app_open_store_readonly(app, err)
                                                         : cs_app_open_store(app, false, err);
}

cs_rc cs_app_open_store_readonly(struct cs_app *app, struct cs_err *err)
{
    cs_autofree char *path = store_path(app);

    return cs_store_open_readonly(path, STORE_WAIT_MS, &app->store, err);
}

struct cs_flow cs_app_flow(struct cs_app *app)
{
    const struct cs_options *options = app->options;

    return (struct cs_flow){
        .store = app->store,
        .keystore = &app->keystore.base,
        .ca = &app->cas.base,
        .password = &app->password.base,
        .ui = app->ui,
        .sending = app->sending,
        .what_if = cs_options_flag(options, CS_OPT_WHAT_IF),
        .chain = cs_options_flag(options, CS_OPT_CHAIN),
        .confirm = cs_options_flag(options, CS_OPT_CONFIRM),
        .force = cs_options_flag(options, CS_OPT_FORCE),
        .wait = (unsigned)cs_options_number(options, CS_OPT_WAIT),
    };
}

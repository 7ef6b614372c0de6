/* The verbs of tokens. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/app.h"
#include "cli/outtoken.h"
#include "pkcs11/inittoken.h"
#include "pkcs11/uri.h"

#include <stdlib.h>
#include <string.h>

static bool json(const struct cs_run *run)
{
    return cs_options_flag(run->app->options, CS_OPT_JSON);
}

/* ---- list ---- */

static cs_rc show_object(struct cs_run *run, const struct cs_token_options *options,
                         struct cs_err *err)
{
    cs_autofree char *token_uri = cs_uri_token_part(options->uri);
    struct cs_token_options of_token = *options;
    cs_auto(cs_keystore) store = NULL;
    cs_auto_value(cs_listed_object) object = {0};

    of_token.uri = token_uri;
    CS_TRY(cs_token_open(&of_token, &store, err));
    CS_TRY(cs_token_object(store, options->uri, &object, err));
    run->text = json(run) ? cs_outtoken_object_json(&object) : cs_outtoken_object_text(&object);
    return CS_OK;
}

/* Nothing but modules that do not start, or nothing that was asked for. */
static cs_rc judge_list(const struct cs_token_list *list, const struct cs_uri *uri,
                        struct cs_err *err)
{
    if (list->count) {
        return CS_OK;
    }
    if (list->failed_count) {
        if (err) {
            *err = list->failed[0].error;
        }
        return CS_E_TOKEN_ABSENT;
    }
    cs_rc rc = cs_fail(err, CS_E_TOKEN_ABSENT, "no token fits %s", cs_uri_text(uri));
    if (list->other_count) {
        cs_err_hint(err, "--token 'pkcs11:' lists all %zu of the module", list->other_count);
    } else {
        cs_err_hint(err, "connect a token, or make one for tests: cscert token init");
    }
    return rc;
}

cs_rc cs_run_token_list(struct cs_run *run, struct cs_err *err)
{
    struct cs_pinsource pin = cs_pinsource_choose(run->app->options, run->app->config);
    struct cs_token_options options = cs_app_token_options(run->app, &pin);
    cs_auto_value(cs_token_list) list = {0};
    cs_auto(cs_uri) uri = NULL;

    /* The configured token is the one of the other verbs; what there is beside it is the question.
     */
    if (!cs_options_has(run->app->options, CS_OPT_TOKEN)) {
        CS_TRY(cs_uri_parse(options.uri, &uri, err));
        options.uri = NULL;
        if (!options.module) {
            options.module =
                cs_uri_module_path(uri) ? cs_uri_module_path(uri) : cs_uri_module_name(uri);
        }
        CS_TRY(cs_token_list_read(&options, &list, err));
    } else {
        CS_TRY(cs_uri_parse_object(options.uri, &uri, err));
        if (cs_uri_names_object(uri)) {
            return show_object(run, &options, err);
        }
        CS_TRY(cs_token_list_read(&options, &list, err));
    }
    run->text = json(run) ? cs_outtoken_list_json(&list) : cs_outtoken_list_text(&list);
    return judge_list(&list, uri, err);
}

/* ---- init ---- */

/* A cs_init_pins.get. */
static cs_rc get_pins(void *ctx, struct cs_secret **ret_so_pin, struct cs_secret **ret_pin,
                      struct cs_err *err)
{
    const struct cs_options *options = ctx;
    cs_auto(cs_secret) so_pin = NULL;

    CS_TRY(cs_pinsource_read_new(cs_options_text(options, CS_OPT_SO_PIN_SOURCE), "--so-pin-source",
                                 "PIN of the new token's security officer", &so_pin, err));
    CS_TRY(cs_pinsource_read_new(cs_options_text(options, CS_OPT_PIN_SOURCE), "--pin-source",
                                 "PIN of the new token", ret_pin, err));
    *ret_so_pin = cs_steal(&so_pin);
    return CS_OK;
}

cs_rc cs_run_token_init(struct cs_run *run, struct cs_err *err)
{
    struct cs_pinsource pin = cs_pinsource_choose(run->app->options, run->app->config);
    const struct cs_token_options options = cs_app_token_options(run->app, &pin);
    const char *label = cs_options_text(run->app->options, CS_OPT_LABEL);
    const struct cs_init_pins pins = {
        get_pins, (void *)(uintptr_t)run->app->options}; /* which it only reads */
    struct cs_token_info info = {0};

    if (!label) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "say for instance `cscert token init cscert-test --so-pin-source "
                            "file:so-pin --pin-source file:pin`",
                            "the new token needs a label");
    }
    CS_TRY(cs_token_init(&options, label, &pins, &info, err));
    run->text = json(run) ? cs_outtoken_init_json(&info) : cs_outtoken_init_text(&info);
    cs_token_info_done(&info);
    return CS_OK;
}

/* ---- check ---- */

/* What has been found so far, as text, for the case that the module crashes at the next call. */
struct so_far {
    char *text;
    bool json;
};

static void keep_words(void *ctx, const struct cs_probe *probe)
{
    struct so_far *so_far = ctx;
    char *text = so_far->json ? cs_outtoken_check_json(probe) : cs_outtoken_check_text(probe);

    cs_probe_last_words(text);
    free(so_far->text);
    so_far->text = text;
}

static cs_rc judge_probe(const struct cs_probe *probe, struct cs_err *err)
{
    if (probe->left.count) {
        return cs_fail_hint(err, CS_E_PARTIAL, "remove them with the token's own tool",
                            "the check is done, but %zu of its own objects could not be removed "
                            "from the token \"%s\"",
                            probe->left.count, probe->token->label);
    }
    if (probe->dangers) {
        return cs_fail_hint(err, CS_E_TOKEN_REFUSED,
                            "do not keep keys on this token that must not leave it; tell its maker",
                            "the token \"%s\" does what PKCS #11 forbids, in %zu of the findings",
                            probe->token->label, probe->dangers);
    }
    return CS_OK;
}

static cs_rc write_draft(const struct cs_run *run, const struct cs_probe *probe, struct cs_err *err)
{
    const char *path = cs_options_text(run->app->options, CS_OPT_PROFILE);

    if (!path) {
        return CS_OK;
    }
    if (!probe->draft) {
        return cs_fail(err, CS_E_INTERNAL, "no draft of a profile could be made");
    }
    return cs_file_write(path, probe->draft, strlen(probe->draft), 0644, false, err);
}

cs_rc cs_run_token_check(struct cs_run *run, struct cs_err *err)
{
    const char *path = cs_options_text(run->app->options, CS_OPT_PROFILE);
    cs_auto(cs_keystore) store = NULL;
    cs_auto_value(cs_probe) probe = {0};
    struct so_far so_far = {.json = json(run)};
    const struct cs_probe_options options = {.each = keep_words, .ctx = &so_far};

    if (path) {
        CS_TRY(cs_file_check_writable(path, false, err));
    }
    CS_TRY(run->app->keystore.base.open(&run->app->keystore.base, &store, err));
    cs_rc rc = cs_probe_run(store, &options, &probe, err);
    free(so_far.text);
    run->text = json(run) ? cs_outtoken_check_json(&probe) : cs_outtoken_check_text(&probe);
    CS_TRY(rc);
    CS_TRY(write_draft(run, &probe, err));
    return judge_probe(&probe, err);
}

#include "cli/options.h"

#include "base/mem.h"
#include "cli/optparse.h"
#include "cli/optslip.h"

#include <stdlib.h>
#include <string.h>

enum cs_dialect cs_dialect_of(const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash ? slash + 1 : program;

    for (unsigned i = CS_DIALECT_CMDLET; i < CS_DIALECT_COUNT; i++) {
        if (cs_ascii_iequal(name, cs_dialect_name((enum cs_dialect)i))) {
            return (enum cs_dialect)i;
        }
    }
    return CS_DIALECT_UNIX;
}

static char *display(const struct cs_options *options, enum cs_opt option)
{
    return cs_opt_display(option, options->dialect);
}

static cs_rc fail_no_verb(const struct cs_options *options, struct cs_err *err)
{
    if (options->dialect == CS_DIALECT_CMDLET) {
        return cs_fail_hint(err, CS_E_USAGE, "say -New, -List, -Retrieve or -Clear",
                            "nothing says what to do");
    }
    return cs_fail_hint(err, CS_E_USAGE,
                        "say for instance `cscert list`; `cscert --help` lists the verbs",
                        "nothing says what to do");
}

/* "new, retrieve" */
static char *verbs_of(enum cs_opt option, enum cs_dialect dialect)
{
    cs_auto_value(cs_strv) names = {0};

    for (unsigned verb = 0; verb < CS_VERB_COUNT; verb++) {
        if (cs_opt_info(option)->verbs & 1U << verb) {
            cs_strv_take(&names, cs_verb_display((enum cs_verb)verb, dialect));
        }
    }
    return cs_strv_join(&names, ", ");
}

static cs_rc check_belongs(const struct cs_options *options, struct cs_err *err)
{
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        const struct cs_opt_info *info = cs_opt_info((enum cs_opt)i);
        if (!options->values[i].given || info->type == CS_OT_VERB ||
            info->verbs & 1U << options->verb) {
            continue;
        }
        cs_autofree char *name = display(options, (enum cs_opt)i);
        cs_autofree char *verb = cs_verb_display(options->verb, options->dialect);
        cs_autofree char *others = verbs_of((enum cs_opt)i, options->dialect);
        cs_rc rc = cs_fail(err, CS_E_USAGE, "%s does not go with %s", name, verb);
        cs_err_hint(err, "it goes with %s", others);
        return rc;
    }
    return CS_OK;
}

static const struct {
    enum cs_opt one;
    enum cs_opt other;
} exclusive[] = {
    {CS_OPT_CA, CS_OPT_OUTPUT},
    {CS_OPT_CA, CS_OPT_OUTPUT_DIR},
    {CS_OPT_OUTPUT, CS_OPT_OUTPUT_DIR},
    {CS_OPT_CA_PASSWORD, CS_OPT_CA_PASSWORD_SOURCE},
    {CS_OPT_PASSWORD, CS_OPT_PASSWORD_SOURCE},
    {CS_OPT_TO, CS_OPT_OUTPUT},
    {CS_OPT_TO, CS_OPT_PASSWORD},
    {CS_OPT_TO, CS_OPT_PASSWORD_SOURCE},
    {CS_OPT_TO, CS_OPT_CSP},
    {CS_OPT_TO, CS_OPT_LEGACY},
    {CS_OPT_THUMBPRINT, CS_OPT_PATH},
    {CS_OPT_THUMBPRINT, CS_OPT_REFERENCE},
    {CS_OPT_PATH, CS_OPT_REFERENCE},
    {CS_OPT_REQUEST_ID, CS_OPT_CA_REQUEST_ID},
    {CS_OPT_REQUEST_ID, CS_OPT_TYPE},
    {CS_OPT_REQUEST_ID, CS_OPT_IDENTITY},
    {CS_OPT_ALL, CS_OPT_TYPE},
    {CS_OPT_ALL, CS_OPT_COMPUTER_FQDN},
    {CS_OPT_ALL, CS_OPT_OUTPUT},
    {CS_OPT_ALL, CS_OPT_LIKE},
    {CS_OPT_ALL, CS_OPT_FRIENDLY_NAME},
    {CS_OPT_DIFF, CS_OPT_TOPOLOGY},
    {CS_OPT_DIFF, CS_OPT_SIMPLE_URLS},
};

/* True if it was said and not with ":false". */
static bool is_said(const struct cs_options *options, enum cs_opt option)
{
    const struct cs_opt_value *value = &options->values[option];

    return value->given && (cs_opt_info(option)->type != CS_OT_SWITCH || value->flag);
}

static cs_rc check_exclusive(const struct cs_options *options, struct cs_err *err)
{
    for (size_t i = 0; i < sizeof exclusive / sizeof *exclusive; i++) {
        if (is_said(options, exclusive[i].one) && is_said(options, exclusive[i].other)) {
            cs_autofree char *one = display(options, exclusive[i].one);
            cs_autofree char *other = display(options, exclusive[i].other);
            return cs_fail_hint(err, CS_E_USAGE, "leave one of them out",
                                "%s and %s cannot be said together", one, other);
        }
    }
    return CS_OK;
}

/* Only with a verb that takes the other one too. */
static const struct {
    enum cs_opt one;
    enum cs_opt needs;
    const char *hint;
} needed[] = {
    {CS_OPT_OUTPUT_DIR, CS_OPT_ALL, "one request goes to a file with -Output FILE"},
    {CS_OPT_LIKE_KEEP, CS_OPT_LIKE, "name the certificate whose names are to be kept: --like FILE"},
    {CS_OPT_TO_PIN_SOURCE, CS_OPT_TO, "it is the PIN of the token that --to names"},
    {CS_OPT_ROLL, CS_OPT_EFFECTIVE_DATE, "say from when on: -EffectiveDate 2026-12-31T22:00:00"},
    {CS_OPT_EFFECTIVE_DATE, CS_OPT_ROLL, "without -Roll the certificate serves at once"},
};

static cs_rc check_needed(const struct cs_options *options, struct cs_err *err)
{
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (is_said(options, needed[i].one) && !is_said(options, needed[i].needs) &&
            cs_opt_info(needed[i].needs)->verbs & 1U << options->verb) {
            cs_autofree char *one = display(options, needed[i].one);
            cs_autofree char *needs = display(options, needed[i].needs);
            return cs_fail_hint(err, CS_E_USAGE, needed[i].hint, "%s needs %s", one, needs);
        }
    }
    return CS_OK;
}

/* What is about one request has to say which one. */
static cs_rc check_request(const struct cs_options *options, struct cs_err *err)
{
    const bool shows = options->verb == CS_VERB_LIST || options->verb == CS_VERB_GET;
    const bool reply = options->values[CS_OPT_REPLY].given;
    const bool named =
        options->values[CS_OPT_REQUEST_ID].given || options->values[CS_OPT_CA_REQUEST_ID].given;

    if (named || !(reply || (shows && options->values[CS_OPT_OUTPUT].given))) {
        return CS_OK;
    }
    cs_autofree char *one = display(options, reply ? CS_OPT_REPLY : CS_OPT_OUTPUT);
    cs_autofree char *needs = display(options, CS_OPT_REQUEST_ID);
    return cs_fail_hint(err, CS_E_USAGE, "`cscert list` shows the numbers",
                        "%s needs %s: which request is the file %s?", one, needs,
                        reply ? "the answer to" : "of");
}

static cs_rc check_needs(const struct cs_options *options, struct cs_err *err)
{
    const struct cs_verb_info *verb = cs_verb_info(options->verb);

    if (verb->option != CS_OPT_COUNT && !options->values[verb->option].given &&
        !cs_verb_operand_is_optional(options->verb)) {
        bool is_name = cs_dialect_verb(options->dialect) == options->verb;
        enum cs_dialect dialect = is_name ? options->dialect : CS_DIALECT_UNIX;
        cs_autofree char *name = cs_verb_display(options->verb, dialect);
        cs_rc rc = cs_fail(err, CS_E_USAGE, "%s needs a %s", name, verb->operand);
        cs_err_hint(err, "write %s%s %s", is_name ? "" : "cscert ", name, verb->operand);
        return rc;
    }
    return check_request(options, err);
}

static cs_rc parse(const struct cs_cmdline *line, struct cs_options *options, struct cs_err *err)
{
    CS_TRY(cs_optparse(line, options, err));
    if (options->values[CS_OPT_HELP].flag || options->values[CS_OPT_VERSION].flag) {
        return CS_OK;
    }
    if (options->verb == CS_VERB_COUNT) {
        return fail_no_verb(options, err);
    }
    CS_TRY(check_belongs(options, err));
    CS_TRY(check_exclusive(options, err));
    CS_TRY(check_needed(options, err));
    return check_needs(options, err);
}

cs_rc cs_options_parse(int argc, char **argv, struct cs_options **ret_options, struct cs_err *err)
{
    cs_auto(cs_options) options = cs_alloc(1, sizeof *options);

    options->dialect = argc > 0 ? cs_dialect_of(argv[0]) : CS_DIALECT_UNIX;
    options->verb = cs_dialect_verb(options->dialect);
    const struct cs_cmdline line = {argc, argv, options->dialect};
    cs_rc rc = parse(&line, options, err);
    if (rc != CS_OK) {
        /* Whatever was not understood, a password does not stay in argv. */
        cs_cmdline_wipe(&line);
        return rc;
    }
    *ret_options = cs_steal(&options);
    return CS_OK;
}

void cs_options_free(struct cs_options *options)
{
    if (!options) {
        return;
    }
    for (size_t i = 0; i < CS_OPT_COUNT; i++) {
        free(options->values[i].text);
        cs_strv_done(&options->values[i].list);
        cs_secret_free(options->values[i].secret);
    }
    cs_strv_done(&options->warnings);
    free(options);
}

/* ---- what was said ---- */

enum cs_dialect cs_options_dialect(const struct cs_options *options)
{
    return options->dialect;
}

enum cs_verb cs_options_verb(const struct cs_options *options)
{
    return options->verb;
}

bool cs_options_has(const struct cs_options *options, enum cs_opt option)
{
    return options->values[option].given;
}

bool cs_options_flag(const struct cs_options *options, enum cs_opt option)
{
    return options->values[option].flag;
}

const char *cs_options_text(const struct cs_options *options, enum cs_opt option)
{
    return options->values[option].text;
}

const struct cs_strv *cs_options_list(const struct cs_options *options, enum cs_opt option)
{
    return &options->values[option].list;
}

long cs_options_number(const struct cs_options *options, enum cs_opt option)
{
    return options->values[option].number;
}

const struct cs_secret *cs_options_secret(const struct cs_options *options, enum cs_opt option)
{
    return options->values[option].secret;
}

const struct cs_strv *cs_options_warnings(const struct cs_options *options)
{
    return &options->warnings;
}

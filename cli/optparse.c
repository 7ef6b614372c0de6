#include "cli/optparse.h"

#include "base/mem.h"
#include "cli/optvalue.h"

#include <stdlib.h>
#include <string.h>

/* Where the reading stands. */
struct parser {
    const struct cs_cmdline *line;
    int next;            /* the word to be read */
    bool only_words;     /* after "--" */
    enum cs_group group; /* "ca" was read, its verb is to come; CS_GROUP_COUNT: none was */
    bool after_secret;   /* a secret was read last: messages do not repeat the word after it */
    struct cs_options *options;
};

static char *display(const struct parser *parser, enum cs_opt option)
{
    return cs_opt_display(option, parser->line->dialect);
}

/* The verbs whose options are looked at first. */
static unsigned verb_mask(const struct parser *parser)
{
    enum cs_verb verb = parser->options->verb;

    return verb == CS_VERB_COUNT ? 0 : 1U << verb;
}

static bool is_option(char *word)
{
    struct cs_opt_word parts;

    return cs_opt_word_split(word, &parts);
}

/* ---- words that stand alone ---- */

static cs_rc set_verb(struct parser *parser, enum cs_verb verb, struct cs_err *err)
{
    struct cs_options *options = parser->options;

    if (options->verb != CS_VERB_COUNT) {
        cs_autofree char *first = cs_verb_display(options->verb, parser->line->dialect);
        cs_autofree char *second = cs_verb_display(verb, parser->line->dialect);
        return cs_fail_hint(err, CS_E_USAGE, "do one after the other",
                            "%s and %s cannot be said together", first, second);
    }
    options->verb = verb;
    return CS_OK;
}

static void hint_group_verbs(enum cs_group group, struct cs_err *err)
{
    cs_autofree char *verbs = cs_group_verbs(group);

    cs_err_hint(err, "say %s %s", cs_group_info(group)->name, verbs);
}

static cs_rc fail_unknown_verb(enum cs_group group, const char *word, struct cs_err *err)
{
    const bool in_group = group != CS_GROUP_COUNT;
    const char *name = in_group ? cs_group_info(group)->name : "";
    cs_auto_value(cs_strv) near = {0};

    cs_verb_near(name, word, &near);
    cs_rc rc =
        cs_fail(err, CS_E_USAGE, "there is no verb \"%s%s%.80s\"", name, in_group ? " " : "", word);
    if (near.count) {
        cs_autofree char *list = cs_strv_join(&near, ", ");
        cs_err_hint(err, "is it one of these? %s", list);
    } else if (in_group) {
        hint_group_verbs(group, err);
    } else {
        cs_err_hint(err, "`cscert --help` lists the verbs");
    }
    return rc;
}

static cs_rc take_verb_word(struct parser *parser, const char *word, struct cs_err *err)
{
    struct cs_options *options = parser->options;
    bool in_group = parser->group != CS_GROUP_COUNT;

    if (!in_group) {
        parser->group = cs_group_find(word);
        if (parser->group != CS_GROUP_COUNT) {
            return CS_OK;
        }
    }
    if (!in_group && cs_ascii_iequal(word, "help")) {
        options->values[CS_OPT_HELP] = (struct cs_opt_value){.given = true, .flag = true};
        return CS_OK;
    }
    if (!in_group && cs_ascii_iequal(word, "version")) {
        options->values[CS_OPT_VERSION] = (struct cs_opt_value){.given = true, .flag = true};
        return CS_OK;
    }
    const char *group = in_group ? cs_group_info(parser->group)->name : "";
    enum cs_verb verb = cs_verb_find(group, word);
    if (verb == CS_VERB_COUNT) {
        return fail_unknown_verb(parser->group, word, err);
    }
    parser->group = CS_GROUP_COUNT;
    return set_verb(parser, verb, err);
}

static cs_rc fail_stray(const struct parser *parser, const char *word, struct cs_err *err)
{
    if (parser->after_secret) {
        return cs_fail_hint(err, CS_E_USAGE, "put quotation marks around a value with spaces",
                            "the word after the password belongs to no option");
    }
    cs_rc rc = cs_fail(err, CS_E_USAGE, "the word \"%.200s\" belongs to no option", word);
    cs_err_hint(err, "put quotation marks around a value with spaces");
    return rc;
}

static cs_rc set_text(struct parser *parser, enum cs_opt option, const char *word,
                      struct cs_err *err)
{
    struct cs_opt_value *value = &parser->options->values[option];
    cs_autofree char *name = display(parser, option);

    return cs_opt_value_check(option, name, word, &value->text, &value->number,
                              &parser->options->warnings, err);
}

static cs_rc add_item(struct parser *parser, enum cs_opt option, const char *text,
                      struct cs_err *err)
{
    struct cs_opt_value *value = &parser->options->values[option];
    cs_autofree char *name = display(parser, option);
    cs_autofree char *item = NULL;
    long unused = 0;

    CS_TRY(cs_opt_value_check(option, name, text, &item, &unused, &parser->options->warnings, err));
    cs_strv_take(&value->list, cs_steal(&item));
    return CS_OK;
}

/* One word of a list. */
static cs_rc add_items(struct parser *parser, enum cs_opt option, const char *text,
                       struct cs_err *err)
{
    cs_auto_value(cs_strv) items = {0};

    if (cs_opt_info(option)->type == CS_OT_FILES) {
        return add_item(parser, option, text, err);
    }
    cs_strv_split(&items, text, ',');
    for (size_t i = 0; i < items.count; i++) {
        CS_TRY(add_item(parser, option, items.items[i], err));
    }
    return CS_OK;
}

static cs_rc take_word(struct parser *parser, const char *word, struct cs_err *err)
{
    enum cs_verb verb = parser->options->verb;

    if (!*word) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "is a variable of the shell not set? Leave the quotation marks out, or "
                            "write what belongs there",
                            "a word of the command line is empty");
    }
    if (verb == CS_VERB_COUNT) {
        return take_verb_word(parser, word, err);
    }
    enum cs_opt operand = cs_verb_info(verb)->option;
    if (operand == CS_OPT_COUNT ||
        (parser->options->values[operand].given && !cs_opt_is_list(operand))) {
        return fail_stray(parser, word, err);
    }
    parser->options->values[operand].given = true;
    return cs_opt_is_list(operand) ? add_items(parser, operand, word, err)
                                   : set_text(parser, operand, word, err);
}

/* ---- options ---- */

/* The value of an option that must have one: glued, or the next word. A word that is an option is
 * none. */
static cs_rc take_value(struct parser *parser, enum cs_opt option, const struct cs_opt_word *word,
                        char **ret_value, struct cs_err *err)
{
    char *value = word->value;
    bool more = parser->next < parser->line->argc;

    /* PowerShell takes "-Name: value" too. */
    if ((!word->separator || (word->separator == ':' && !*value)) && more &&
        !is_option(parser->line->argv[parser->next])) {
        value = parser->line->argv[parser->next++];
    }
    if (value && *value) {
        *ret_value = value;
        return CS_OK;
    }
    cs_autofree char *name = display(parser, option);
    cs_rc rc = cs_fail(err, CS_E_USAGE, "%s has no value", name);
    if (cs_opt_info(option)->type == CS_OT_SECRET) {
        cs_autofree char *source = display(parser, cs_opt_source(option));
        cs_err_hint(err, "say %s prompt, and it is asked for", source);
    } else if (value) {
        cs_err_hint(err,
                    "it is empty: is a variable of the shell not set? Write %s %s, or leave it out",
                    name, cs_opt_info(option)->placeholder);
    } else if (!word->separator && more) {
        cs_err_hint(err, "a value that begins with a dash is written --%.*s=VALUE",
                    (int)word->name_len, word->name);
    } else {
        cs_err_hint(err, "write %s %s", name, cs_opt_info(option)->placeholder);
    }
    return rc;
}

static cs_rc parse_flag(const struct parser *parser, enum cs_opt option, const char *word,
                        int index, bool *ret_flag, struct cs_err *err)
{
    if (!word || !*word) {
        return cs_slip_boolean(parser->line, option, index, err);
    }
    if (!cs_boolean_parse(word, ret_flag)) {
        cs_autofree char *name = display(parser, option);
        return cs_fail_hint(err, CS_E_USAGE, "write True or False",
                            "%s \"%.80s\" is neither true nor false", name, word);
    }
    return CS_OK;
}

/* The next word, if the option may take it. */
static char *peek_value(const struct parser *parser)
{
    char *word = parser->next < parser->line->argc ? parser->line->argv[parser->next] : NULL;

    return word && !is_option(word) ? word : NULL;
}

static cs_rc take_switch(struct parser *parser, enum cs_opt option, const struct cs_opt_word *word,
                         struct cs_err *err)
{
    struct cs_opt_value *value = &parser->options->values[option];
    int index = parser->next - 1;
    char *next = peek_value(parser);

    value->flag = true;
    /* `-Confirm $false` is a slip for -Confirm:$false, and what it means is plain. */
    if (next && (!word->separator || !*word->value) && cs_boolean_is_word(next)) {
        parser->next++;
        return parse_flag(parser, option, next, index, &value->flag, err);
    }
    if (word->separator) {
        return parse_flag(parser, option, word->value, index, &value->flag, err);
    }
    return CS_OK;
}

static cs_rc take_boolean(struct parser *parser, enum cs_opt option, const struct cs_opt_word *word,
                          struct cs_err *err)
{
    struct cs_opt_value *value = &parser->options->values[option];
    int index = parser->next - 1;
    char *text = word->value;
    char *next = peek_value(parser);

    if (next && (!word->separator || (word->separator == ':' && !*text))) {
        parser->next++;
        text = next;
    }
    return parse_flag(parser, option, text, index, &value->flag, err);
}

/* A list is every word up to the next option, and the commas in them. */
static cs_rc take_list(struct parser *parser, enum cs_opt option, const struct cs_opt_word *word,
                       struct cs_err *err)
{
    size_t before = parser->options->values[option].list.count;
    char *text;

    CS_TRY(take_value(parser, option, word, &text, err));
    CS_TRY(add_items(parser, option, text, err));
    while ((text = peek_value(parser))) {
        parser->next++;
        CS_TRY(add_items(parser, option, text, err));
    }
    if (parser->options->values[option].list.count == before) {
        cs_autofree char *name = display(parser, option);
        return cs_fail_hint(err, CS_E_USAGE, "write what it is to be between the commas",
                            "%s names nothing", name);
    }
    return CS_OK;
}

static cs_rc take_secret(struct parser *parser, enum cs_opt option, const struct cs_opt_word *word,
                         struct cs_err *err)
{
    struct cs_options *options = parser->options;
    cs_autofree char *name = display(parser, option);
    cs_autofree char *source = display(parser, cs_opt_source(option));
    char *text;

    CS_TRY(take_value(parser, option, word, &text, err));
    CS_TRY(cs_secret_take(text, strlen(text), &options->values[option].secret, err));
    parser->after_secret = true;
    cs_strv_take(
        &options->warnings,
        cs_asprintf("%s: others on this computer can see a command line; use %s", name, source));
    return CS_OK;
}

/* "C:name": a drive without a separator behind it. */
static bool is_bare_drive(const char *value)
{
    bool letter = (value[0] >= 'a' && value[0] <= 'z') || (value[0] >= 'A' && value[0] <= 'Z');

    return letter && value[1] == ':' && value[2] != '\\' && value[2] != '/';
}

static cs_rc take_text(struct parser *parser, enum cs_opt option, const struct cs_opt_word *word,
                       struct cs_err *err)
{
    enum cs_opt_type type = cs_opt_info(option)->type;
    int index = parser->next - 1;
    char *text;

    CS_TRY(take_value(parser, option, word, &text, err));
    if ((type == CS_OT_FILE || type == CS_OT_FOLDER) && is_bare_drive(text)) {
        return cs_slip_drive(parser->line, option, index, text == word->value, text, err);
    }
    return set_text(parser, option, text, err);
}

static cs_rc fail_no_option(const struct parser *parser, const struct cs_opt_word *word,
                            enum cs_opt_match match, const struct cs_strv *candidates,
                            struct cs_err *err)
{
    cs_autofree char *list = cs_strv_join(candidates, ", ");
    int len = word->name_len < 80 ? (int)word->name_len : 80;
    const char *dash = parser->line->dialect != CS_DIALECT_UNIX ? "-" : "--";

    if (match == CS_OPT_AMBIGUOUS) {
        cs_rc rc = cs_fail(err, CS_E_USAGE, "%s%.*s is ambiguous", dash, len, word->name);
        cs_err_hint(err, "it could be %s", list);
        return rc;
    }
    cs_rc rc = cs_fail(err, CS_E_USAGE, "there is no option %s%.*s", dash, len, word->name);
    if (candidates->count) {
        cs_err_hint(err, "is it one of these? %s", list);
    } else {
        cs_err_hint(err, "--help lists the options");
    }
    return rc;
}

static cs_rc check_not_twice(const struct parser *parser, enum cs_opt option, struct cs_err *err)
{
    if (!parser->options->values[option].given || cs_opt_is_list(option)) {
        return CS_OK;
    }
    cs_autofree char *name = display(parser, option);
    return cs_fail_hint(err, CS_E_USAGE, "say it once", "%s is said twice", name);
}

static cs_rc take_option(struct parser *parser, const struct cs_opt_word *word, struct cs_err *err)
{
    cs_auto_value(cs_strv) candidates = {0};
    enum cs_opt option = CS_OPT_COUNT;
    enum cs_opt_match match = cs_opt_find(word->name, word->name_len, parser->line->dialect,
                                          verb_mask(parser), &option, &candidates);

    if (match != CS_OPT_FOUND) {
        return fail_no_option(parser, word, match, &candidates, err);
    }
    CS_TRY(check_not_twice(parser, option, err));
    parser->options->values[option].given = true;
    parser->after_secret = false;
    switch (cs_opt_info(option)->type) {
    case CS_OT_VERB:
        CS_TRY(take_switch(parser, option, word, err));
        return parser->options->values[option].flag ? set_verb(parser, cs_opt_verb(option), err)
                                                    : CS_OK;
    case CS_OT_SWITCH:
        return take_switch(parser, option, word, err);
    case CS_OT_BOOLEAN:
        return take_boolean(parser, option, word, err);
    case CS_OT_LIST:
    case CS_OT_FILES:
        return take_list(parser, option, word, err);
    case CS_OT_SECRET:
        return take_secret(parser, option, word, err);
    default:
        return take_text(parser, option, word, err);
    }
}

cs_rc cs_optparse(const struct cs_cmdline *line, struct cs_options *options, struct cs_err *err)
{
    struct parser state = {.line = line, .next = 1, .group = CS_GROUP_COUNT, .options = options};
    struct parser *parser = &state;

    while (parser->next < parser->line->argc) {
        char *text = parser->line->argv[parser->next++];
        struct cs_opt_word word;
        if (!parser->only_words && strcmp(text, "--") == 0) {
            parser->only_words = true;
        } else if (!parser->only_words && cs_opt_word_split(text, &word)) {
            CS_TRY(take_option(parser, &word, err));
        } else {
            CS_TRY(take_word(parser, text, err));
        }
    }
    if (parser->group != CS_GROUP_COUNT && !options->values[CS_OPT_HELP].flag) {
        cs_rc rc = cs_fail(err, CS_E_USAGE, "%s needs a verb", cs_group_info(parser->group)->name);
        hint_group_verbs(parser->group, err);
        return rc;
    }
    return CS_OK;
}

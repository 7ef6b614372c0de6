#include "base/cleanup.h"
#include "cli/gen.h"
#include "cli/gen_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
    "# fish completion for cscert and the cmdlets' names, made from cli/options.def\n"
    "\n"
    "# The verb on the command line, \"ca-init\" for two words; nothing if there is none yet.\n"
    "function __cscert_verb\n"
    "    set -l group ''\n"
    "    for word in (commandline -opc)[2..-1]\n"
    "        set -l lower (string lower -- $group$word)\n"
    "        switch $lower\n";

static const char after_verbs[] =
    "        end\n"
    "    end\n"
    "    string replace -r -- '-$' '' $group\n"
    "end\n"
    "\n"
    "# True if the verb is one of the arguments; '' stands for none.\n"
    "function __cscert_is\n"
    "    set -l verb (__cscert_verb)\n"
    "    contains -- \"$verb\" $argv\n"
    "end\n"
    "\n"
    "complete -c cscert -f\n"
    "complete -c " CS_CMDLET_NAME " -f";

/* Of the programs whose name is a verb: files only where one may stand alone. */
static void put_program(enum cs_dialect dialect)
{
    const struct cs_verb_info *info = cs_verb_info(cs_dialect_verb(dialect));
    bool is_file = info->option != CS_OPT_COUNT && cs_gen_is_file(cs_opt_info(info->option));

    printf("complete -c %s %s\n", cs_dialect_name(dialect), is_file ? "-F" : "-f");
}

static void put_text(const char *text)
{
    putchar('\'');
    cs_gen_escaped(text, "\\", "\\'");
    putchar('\'');
}

static void put_description(const char *help)
{
    cs_autofree char *summary = cs_gen_summary(help);

    fputs(" -d ", stdout);
    put_text(summary);
    putchar('\n');
}

static void put_verb_case(enum cs_verb verb)
{
    cs_autofree char *word = cs_gen_verb_word(verb);
    cs_autofree char *cmdlet = cs_verb_display(verb, CS_DIALECT_CMDLET);
    cs_autofree char *lower = cs_ascii_lower(cmdlet);

    printf("            case %s %s\n", word, *lower == '-' ? lower : "");
    printf("                echo %s\n                return\n", word);
}

static void put_group_case(enum cs_group group)
{
    const char *name = cs_group_info(group)->name;

    printf("            case %s\n                set group %s-\n", name, name);
}

static void put_group(enum cs_group group)
{
    const struct cs_group_info *info = cs_group_info(group);

    printf("complete -c cscert -n \"__cscert_is ''\" -a %s", info->name);
    put_description(info->help);
}

/* What may stand alone after the verb, if it is a file. */
static void put_operand(enum cs_verb verb)
{
    const struct cs_verb_info *info = cs_verb_info(verb);
    cs_autofree char *word = cs_gen_verb_word(verb);

    if (info->option != CS_OPT_COUNT && cs_gen_is_file(cs_opt_info(info->option))) {
        printf("complete -c cscert -n \"__cscert_is %s\" -F\n", word);
    }
}

static void put_verb(enum cs_verb verb)
{
    const struct cs_verb_info *info = cs_verb_info(verb);

    printf("complete -c cscert -n \"__cscert_is '%s'\" -a %s", info->group, info->name);
    put_description(info->help);
}

/* The condition: one of the verbs of the row. In the cmdlet's dialect also none yet. */
static void put_condition(unsigned verbs, enum cs_dialect dialect)
{
    fputs(" -n \"__cscert_is", stdout);
    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        cs_autofree char *word = cs_gen_verb_word((enum cs_verb)i);
        if (verbs & 1U << i) {
            printf(" %s", word);
        }
    }
    printf("%s\"", dialect == CS_DIALECT_CMDLET ? " ''" : "");
}

static void put_value(const struct cs_opt_info *info)
{
    cs_autofree char *words = cs_gen_words(info, " ");

    switch (info->type) {
    case CS_OT_VERB:
    case CS_OT_SWITCH:
        return;
    case CS_OT_FILE:
    case CS_OT_FILES:
        fputs(" -r -F", stdout);
        return;
    case CS_OT_FOLDER:
        fputs(" -x -a '(__fish_complete_directories)'", stdout);
        return;
    default:
        fputs(" -x", stdout);
        if (*words) {
            fputs(" -a ", stdout);
            put_text(words);
        }
    }
}

static void put_option(enum cs_opt option, enum cs_dialect dialect)
{
    const struct cs_opt_info *info = cs_opt_info(option);
    cs_autofree char *name = cs_opt_display(option, dialect);
    bool is_long = strncmp(name, "--", 2) == 0;

    printf("complete -c %s", cs_dialect_name(dialect));
    if (cs_dialect_verb(dialect) != CS_VERB_COUNT) {
        /* its name is the condition */
    } else if (info->type == CS_OT_VERB) {
        fputs(" -n \"__cscert_is ''\"", stdout);
    } else {
        put_condition(info->verbs, dialect);
    }
    printf(" %s %s", is_long ? "-l" : "-o", name + (is_long ? 2 : 1));
    put_value(info);
    put_description(info->help);
}

void cs_gen_fish(void)
{
    fputs(head, stdout);
    for (unsigned i = 0; i < CS_GROUP_COUNT; i++) {
        put_group_case((enum cs_group)i);
    }
    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        put_verb_case((enum cs_verb)i);
    }
    puts(after_verbs);
    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        put_verb((enum cs_verb)i);
        put_operand((enum cs_verb)i);
    }
    for (unsigned i = 0; i < CS_GROUP_COUNT; i++) {
        put_group((enum cs_group)i);
    }
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        if (cs_opt_info((enum cs_opt)i)->type != CS_OT_VERB) {
            put_option((enum cs_opt)i, CS_DIALECT_UNIX);
        }
    }
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        if (cs_opt_info((enum cs_opt)i)->verbs & CS_V_MAIN) {
            put_option((enum cs_opt)i, CS_DIALECT_CMDLET);
        }
    }
    for (unsigned i = CS_DIALECT_GET; i < CS_DIALECT_COUNT; i++) {
        put_program((enum cs_dialect)i);
        for (unsigned j = 0; j < CS_OPT_COUNT; j++) {
            if (cs_opt_info((enum cs_opt)j)->type != CS_OT_VERB &&
                cs_opt_info((enum cs_opt)j)->verbs & 1U << cs_dialect_verb((enum cs_dialect)i)) {
                put_option((enum cs_opt)j, (enum cs_dialect)i);
            }
        }
    }
}

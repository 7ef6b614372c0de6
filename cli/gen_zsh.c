#include "base/cleanup.h"
#include "cli/gen.h"
#include "cli/gen_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In a single-quoted specification of _arguments: its own characters, and the quote. */
static void put_text(const char *text)
{
    cs_gen_escaped(text, "[]:\\", "'\\''");
}

static void put_action(const struct cs_opt_info *info)
{
    cs_autofree char *words = cs_gen_words(info, " ");

    putchar(':');
    put_text(info->placeholder);
    putchar(':');
    if (cs_gen_is_file(info)) {
        fputs("_files", stdout);
    } else if (info->type == CS_OT_FOLDER) {
        fputs("_files -/", stdout);
    } else if (info->type == CS_OT_LIST && *words) {
        printf("_values -s , value %s", words);
    } else if (*words) {
        putchar('(');
        put_text(words);
        putchar(')');
    }
}

static void put_option(enum cs_opt option, enum cs_dialect dialect)
{
    const struct cs_opt_info *info = cs_opt_info(option);
    cs_autofree char *name = cs_opt_display(option, dialect);
    cs_autofree char *help = cs_gen_summary(info->help);
    bool takes_value = info->type != CS_OT_SWITCH && info->type != CS_OT_VERB;
    bool is_long = strncmp(name, "--", 2) == 0;

    printf("        '%s%s%s[", cs_opt_is_list(option) ? "*" : "", name,
           takes_value && is_long ? "=" : "");
    put_text(help);
    putchar(']');
    if (takes_value) {
        put_action(info);
    }
    puts("'");
}

static void put_options(unsigned verbs, enum cs_dialect dialect)
{
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        const struct cs_opt_info *info = cs_opt_info((enum cs_opt)i);
        bool wanted = dialect != CS_DIALECT_UNIX || info->type != CS_OT_VERB;
        if (wanted && (info->verbs & verbs)) {
            put_option((enum cs_opt)i, dialect);
        }
    }
}

/* One that may be left out and is no file has nothing to offer: its message would only keep options
 * from being completed. */
static void put_operand(enum cs_verb verb)
{
    const struct cs_verb_info *info = cs_verb_info(verb);

    if (*info->operand && !cs_verb_operand_is_optional(verb)) {
        printf("        '%s:", cs_opt_is_list(info->option) ? "*" : "1");
        put_text(info->operand);
        puts(cs_gen_is_file(cs_opt_info(info->option)) ? ":_files'" : ":'");
    }
}

static void put_verb_function(enum cs_verb verb)
{
    cs_autofree char *word = cs_gen_verb_word(verb);

    printf("_cscert_%s() {\n    local -a specs=(\n", word);
    put_options(1U << verb, CS_DIALECT_UNIX);
    put_operand(verb);
    puts("    )\n    _arguments $specs\n}\n");
}

/* Of a program whose name is a verb. */
static void put_program_function(enum cs_dialect dialect)
{
    const enum cs_verb verb = cs_dialect_verb(dialect);

    printf("_cscert_program_%s() {\n    local -a specs=(\n", cs_verb_info(verb)->name);
    put_options(1U << verb, dialect);
    put_operand(verb);
    puts("    )\n    _arguments $specs\n}\n");
}

static void put_verb_list(const char *group)
{
    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        const struct cs_verb_info *info = cs_verb_info((enum cs_verb)i);
        cs_autofree char *help = cs_gen_summary(info->help);
        if (strcmp(info->group, group) == 0) {
            printf("        '%s:", info->name);
            cs_gen_escaped(help, ":\\", "'\\''");
            puts("'");
        }
    }
}

static const char tail[] = "_cscert_verbs() {\n"
                           "    local group=$1\n"
                           "    local curcontext=$curcontext state line\n"
                           "    shift\n"
                           "    _arguments -C '1:verb:->verb' '*::option:->rest'\n"
                           "    case $state in\n"
                           "        verb) _describe verb $1 ;;\n"
                           "        rest)\n"
                           "            if [[ -z $group && -n ${(P)${:-$words[1]_verbs}} ]]; then\n"
                           "                _cscert_verbs $words[1]- $words[1]_verbs\n"
                           "            elif (( $+functions[_cscert_$group$words[1]] )); then\n"
                           "                _cscert_$group$words[1]\n"
                           "            fi\n"
                           "            ;;\n"
                           "    esac\n"
                           "}\n"
                           "\n"
                           "_cscert() {\n"
                           "    case $service in\n"
                           "        Request-*) _cscert_cmdlet ;;\n"
                           "        *-CsCertificate) _cscert_program_${(L)service%%-*} ;;\n"
                           "        *) _cscert_verbs '' main_verbs ;;\n"
                           "    esac\n"
                           "}\n"
                           "\n"
                           "_cscert \"$@\"";

void cs_gen_zsh(void)
{
    fputs("#compdef", stdout);
    for (unsigned i = 0; i < CS_DIALECT_COUNT; i++) {
        printf(" %s", cs_dialect_name((enum cs_dialect)i));
    }
    puts("\n# made from cli/options.def\n");
    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        put_verb_function((enum cs_verb)i);
    }
    puts("_cscert_cmdlet() {\n    local -a specs=(");
    put_options(CS_V_MAIN, CS_DIALECT_CMDLET);
    puts("    )\n    _arguments $specs\n}\n");
    for (unsigned i = CS_DIALECT_GET; i < CS_DIALECT_COUNT; i++) {
        put_program_function((enum cs_dialect)i);
    }
    puts("local -a main_verbs=(");
    put_verb_list("");
    for (unsigned i = 0; i < CS_GROUP_COUNT; i++) {
        const struct cs_group_info *info = cs_group_info((enum cs_group)i);
        printf("        '%s:%s'\n", info->name, info->help);
    }
    puts(")");
    for (unsigned i = 0; i < CS_GROUP_COUNT; i++) {
        const char *name = cs_group_info((enum cs_group)i)->name;
        printf("local -a %s_verbs=(\n", name);
        put_verb_list(name);
        puts(")");
    }
    puts("");
    puts(tail);
}

#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/gen.h"
#include "cli/gen_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
    "# bash completion for cscert and the cmdlets' names, made from cli/options.def\n"
    "\n"
    "# The options of a verb; of all verbs for none.\n"
    "_cscert_options()\n"
    "{\n"
    "    case $1 in\n";

static const char kinds[] =
    "        *) ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "# What the value of an option is; its name comes in lower case without hyphens.\n"
    "_cscert_kind()\n"
    "{\n"
    "    case $1 in\n";

static const char verbs_head[] = "        *) echo none ;;\n"
                                 "    esac\n"
                                 "}\n"
                                 "\n"
                                 "# The verb that one of the words names.\n"
                                 "_cscert_verb()\n"
                                 "{\n"
                                 "    local word group=\n"
                                 "    for word in \"$@\"; do\n"
                                 "        case $group${word,,} in\n";

static const char tail[] =
    "            *) ;;\n"
    "        esac\n"
    "    done\n"
    "    echo \"${group% }\"\n"
    "}\n"
    "\n"
    "# Adds those of the words after the first that begin with $cur without case to COMPREPLY.\n"
    "_cscert_add()\n"
    "{\n"
    "    local before=$1 word\n"
    "    shift\n"
    "    for word in \"$@\"; do\n"
    "        [[ ${word,,} == \"${cur,,}\"* ]] && COMPREPLY+=(\"$before$word\")\n"
    "    done\n"
    "}\n"
    "\n"
    "# Completes the value of the option $prev; false if it takes none.\n"
    "_cscert_value()\n"
    "{\n"
    "    local name=${prev,,} kind before=\n"
    "    [[ $prev == -* ]] || return 1\n"
    "    kind=$(_cscert_kind \"${name//-/}\")\n"
    "    case $kind in\n"
    "        none) return 1 ;;\n"
    "        file) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); compopt -o filenames ;;\n"
    "        folder) mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); compopt -o filenames ;;\n"
    "        list\\ *)\n"
    "            [[ $cur == *,* ]] && before=${cur%,*}, cur=${cur##*,}\n"
    "            # shellcheck disable=SC2086\n"
    "            _cscert_add \"$before\" ${kind#list }\n"
    "            ;;\n"
    "        words\\ *)\n"
    "            # shellcheck disable=SC2086\n"
    "            _cscert_add '' ${kind#words }\n"
    "            [[ ${COMPREPLY[0]} == *: ]] && compopt -o nospace\n"
    "            ;;\n"
    "        *) ;;\n"
    "    esac\n"
    "    return 0\n"
    "}\n"
    "\n"
    "_cscert()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb words\n"
    "    local program=${1##*/}\n"
    "    COMPREPLY=()\n"
    "    # Readline makes words of = and :\n"
    "    if [[ $cur == [=:] ]]; then\n"
    "        cur=\n"
    "    elif [[ $prev == [=:] && COMP_CWORD -gt 2 ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    fi\n"
    "    if [[ $prev == file ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "        compopt -o filenames\n"
    "        return\n"
    "    fi\n"
    "    _cscert_value && return\n"
    "    verb=$(_cscert_verb \"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\n"
    "    case $program in\n";

static const char tail_2[] =
    "        *) ;;\n"
    "    esac\n"
    "    if [[ $cur == -* || ( $program == *-CsCertificate && -z $cur ) ]]; then\n"
    "        words=$(_cscert_options \"$verb\")\n"
    "        # shellcheck disable=SC2086\n"
    "        case $program/$cur in\n"
    "            *-CsCertificate/--*) _cscert_add '' ${words#*/} ;;\n"
    "            *-CsCertificate/*) _cscert_add '' ${words%%/*} ;;\n"
    "            */-[A-Za-z]*) _cscert_add '' ${words%%/*} ;;\n"
    "            *) _cscert_add '' ${words#*/} ;;\n"
    "        esac\n"
    "    fi\n"
    "    [[ ${#COMPREPLY[@]} -gt 0 || $cur == -* ]] && return\n"
    "    case $verb in\n";

static bool takes_value(const struct cs_opt_info *info)
{
    return info->type != CS_OT_SWITCH && info->type != CS_OT_VERB;
}

static void put_names(unsigned verbs, enum cs_dialect dialect)
{
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        const struct cs_opt_info *info = cs_opt_info((enum cs_opt)i);
        bool is_verb = info->type == CS_OT_VERB;
        /* A verb is chosen once, and by a word where the cmdlet's names are not meant. */
        if ((verbs && is_verb) || (dialect == CS_DIALECT_UNIX && is_verb) ||
            (verbs && !(info->verbs & verbs))) {
            continue;
        }
        cs_autofree char *name = cs_opt_display((enum cs_opt)i, dialect);
        printf("%s ", name);
    }
}

/* "name) echo '-Cmdlet ... / --long ...' ;;" */
static void put_options(const char *pattern, unsigned verbs, enum cs_dialect cmdlet)
{
    printf("        %s) echo '", pattern);
    put_names(verbs, cmdlet);
    fputs("/ ", stdout);
    put_names(verbs, CS_DIALECT_UNIX);
    puts("' ;;");
}

/* The programs whose name is a verb. */
static void put_programs(void)
{
    for (unsigned i = CS_DIALECT_GET; i < CS_DIALECT_COUNT; i++) {
        cs_autofree char *verb =
            cs_verb_display(cs_dialect_verb((enum cs_dialect)i), CS_DIALECT_UNIX);
        printf("        %s) verb='%s' ;;\n", cs_dialect_name((enum cs_dialect)i), verb);
    }
}

static void put_kind(const struct cs_opt_info *info)
{
    cs_autofree char *pattern = cs_ascii_lower(info->name);
    cs_autofree char *words = cs_gen_words(info, " ");
    const char *kind = cs_gen_is_file(info)         ? "file"
                       : info->type == CS_OT_FOLDER ? "folder"
                       : info->type == CS_OT_LIST   ? "list "
                       : *words                     ? "words "
                                                    : "text";
    bool listed = info->type == CS_OT_LIST || (*words && strcmp(kind, "words ") == 0);

    printf("        %s) echo '%s%s' ;;\n", pattern, kind, listed ? words : "");
}

static void put_verb(enum cs_verb verb)
{
    cs_autofree char *name = cs_verb_display(verb, CS_DIALECT_UNIX);
    cs_autofree char *cmdlet = cs_verb_display(verb, CS_DIALECT_CMDLET);
    cs_autofree char *lower = cs_ascii_lower(cmdlet);

    printf("            '%s'", name);
    if (*lower == '-') {
        printf("|%s", lower);
    }
    printf(") echo '%s'; return ;;\n", name);
}

static void put_verb_words(const char *group)
{
    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        const struct cs_verb_info *info = cs_verb_info((enum cs_verb)i);
        if (strcmp(info->group, group) == 0) {
            printf("%s ", info->name);
        }
    }
}

/* "        topology) _cscert_add '' import show check ;;" */
static void put_group(enum cs_group group)
{
    const char *name = cs_group_info(group)->name;

    printf("        %s) _cscert_add '' ", name);
    put_verb_words(name);
    puts(";;");
}

/* What may stand alone after the verb, if it is a file. */
static void put_operand(enum cs_verb verb)
{
    const struct cs_verb_info *info = cs_verb_info(verb);
    cs_autofree char *name = cs_verb_display(verb, CS_DIALECT_UNIX);

    if (info->option != CS_OPT_COUNT && cs_gen_is_file(cs_opt_info(info->option))) {
        printf("        '%s')\n"
               "            mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
               "            compopt -o filenames\n"
               "            ;;\n",
               name);
    }
}

static void put_words(void)
{
    for (unsigned i = 0; i < CS_GROUP_COUNT; i++) {
        put_group((enum cs_group)i);
    }
    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        put_operand((enum cs_verb)i);
    }
    fputs("        '') _cscert_add '' ", stdout);
    put_verb_words("");
    for (unsigned i = 0; i < CS_GROUP_COUNT; i++) {
        printf("%s ", cs_group_info((enum cs_group)i)->name);
    }
    fputs("help version ;;\n        *) ;;\n    esac\n}\n\ncomplete -F _cscert", stdout);
    for (unsigned i = 0; i < CS_DIALECT_COUNT; i++) {
        printf(" %s", cs_dialect_name((enum cs_dialect)i));
    }
    putchar('\n');
}

void cs_gen_bash(void)
{
    fputs(head, stdout);
    put_options("''", 0, CS_DIALECT_CMDLET);
    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        cs_autofree char *name = cs_verb_display((enum cs_verb)i, CS_DIALECT_UNIX);
        cs_autofree char *quoted = NULL;
        if (asprintf(&quoted, "'%s'", name) < 0) {
            return;
        }
        put_options(quoted, 1U << i, cs_verb_dialect((enum cs_verb)i));
    }
    fputs(kinds, stdout);
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        if (takes_value(cs_opt_info((enum cs_opt)i))) {
            put_kind(cs_opt_info((enum cs_opt)i));
        }
    }
    fputs(verbs_head, stdout);
    for (unsigned i = 0; i < CS_GROUP_COUNT; i++) {
        const char *name = cs_group_info((enum cs_group)i)->name;
        printf("            %s) group='%s ' ;;\n", name, name);
    }
    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        put_verb((enum cs_verb)i);
    }
    fputs(tail, stdout);
    put_programs();
    fputs(tail_2, stdout);
    put_words();
}

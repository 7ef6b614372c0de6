/* The parts of the manual page that come from the tables, in mdoc(7). */
#include "base/cleanup.h"
#include "base/strv.h"
#include "cli/gen.h"
#include "cli/opttable.h"

#include <stdio.h>
#include <stdlib.h>

/* @text with roff's own characters escaped; @hyphens: as they are typed, not as they are set. */
static void put(const char *text, bool hyphens)
{
    for (; *text; text++) {
        if (*text == '\\') {
            fputs("\\e", stdout);
        } else if (*text == '-' && hyphens) {
            fputs("\\-", stdout);
        } else {
            putchar(*text);
        }
    }
}

/* A sentence on a line of its own, so that spacing after it is roff's. */
static void put_sentences(const char *text)
{
    if (*text == '.' || *text == '\'' || *text == '-') {
        fputs("\\&", stdout);
    }
    for (; *text; text++) {
        char one[2] = {*text, 0};
        put(one, false);
        if (*text == '.' && text[1] == ' ') {
            putchar('\n');
            text++;
        }
    }
    putchar('\n');
}

void cs_gen_verbs(void)
{
    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        const struct cs_verb_info *info = cs_verb_info((enum cs_verb)i);
        const enum cs_dialect dialect = cs_verb_dialect((enum cs_verb)i);
        cs_autofree char *cmdlet = cs_verb_display((enum cs_verb)i, dialect);
        printf(".It Cm %s%s%s%s%s", info->group, *info->group ? " " : "", info->name,
               *info->operand ? " Ar " : "", info->operand);
        if (*cmdlet == '-') {
            printf(" Pq Fl %s", cmdlet + 1);
        } else if (cs_dialect_verb(dialect) == (enum cs_verb)i) {
            fputs(" Pq Nm ", stdout);
            put(cmdlet, true);
        }
        putchar('\n');
        put_sentences(info->help);
        if (*info->more) {
            put_sentences(info->more);
        }
    }
}

static void put_choices(const struct cs_opt_info *info)
{
    cs_auto_value(cs_strv) words = {0};

    cs_strv_split(&words, info->choices, '|');
    if (!words.count || info->check == CS_OC_SECRET_SOURCE) {
        return;
    }
    fputs("Values:\n", stdout);
    for (size_t i = 0; i < words.count; i++) {
        printf(".Cm %s%s\n", words.items[i], i + 1 < words.count ? " ," : " .");
    }
}

static void put_verbs(const struct cs_opt_info *info)
{
    cs_auto_value(cs_strv) words = {0};

    for (unsigned i = 0; i < CS_VERB_COUNT; i++) {
        if (info->verbs & 1U << i) {
            cs_strv_take(&words, cs_verb_display((enum cs_verb)i, CS_DIALECT_UNIX));
        }
    }
    fputs("Verbs:\n", stdout);
    for (size_t i = 0; i < words.count; i++) {
        printf(".Cm %s%s\n", words.items[i], i + 1 < words.count ? " ," : " .");
    }
}

static void put_option(enum cs_opt option)
{
    const struct cs_opt_info *info = cs_opt_info(option);
    cs_autofree char *name = cs_opt_long_name(option);
    cs_auto_value(cs_strv) aliases = {0};

    cs_strv_split(&aliases, info->aliases, '|');
    fputs(".It Fl \\-", stdout);
    put(name, true);
    if (*info->placeholder) {
        fputs(" Ar ", stdout);
        put(info->placeholder, false);
    }
    if (info->cmdlets) {
        printf(" , Fl %s", info->name);
    }
    for (size_t i = 0; i < aliases.count; i++) {
        printf(" , Fl \\&%s", aliases.items[i]); /* "?" alone would be punctuation */
    }
    putchar('\n');
    put_sentences(info->help);
    put_choices(info);
    if (info->verbs != CS_V_ALL) {
        put_verbs(info);
    }
}

/* Parameters of Request-CsCertificate, parameters that only its siblings have, options of ours. */
enum list { OF_REQUEST, OF_SIBLINGS, OF_OURS };

static enum list list_of(unsigned cmdlets)
{
    if (cmdlets & CS_C_REQUEST) {
        return OF_REQUEST;
    }
    return cmdlets ? OF_SIBLINGS : OF_OURS;
}

static void put_list(enum list list)
{
    puts(".Bl -tag -width Ds");
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        if (list_of(cs_opt_info((enum cs_opt)i)->cmdlets) == list) {
            put_option((enum cs_opt)i);
        }
    }
    puts(".El");
}

void cs_gen_options(void)
{
    puts(".Ss Parameters of Request\\-CsCertificate");
    put_list(OF_REQUEST);
    puts(".Ss Further parameters of its sibling cmdlets");
    put_list(OF_SIBLINGS);
    puts(".Ss Options of cscert");
    put_list(OF_OURS);
}

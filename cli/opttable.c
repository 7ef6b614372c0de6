#include "cli/opttable.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct cs_opt_info options[CS_OPT_COUNT] = {
#define CS_OPTION(word, name, aliases, type, check, verbs, cmdlets, choices, placeholder, help)    \
    [CS_OPT_##word] = {(name),    (aliases), CS_OT_##type,  CS_OC_##check, (verbs),                \
                       (cmdlets), (choices), (placeholder), (help)},
#include "cli/options.def"
};

static const struct cs_verb_info verbs_table[CS_VERB_COUNT] = {
#define CS_VERB(word, group, name, operand, option, help, more)                                    \
    [CS_VERB_##word] = {(group), (name), (operand), (option), (help), (more)},
#include "cli/verbs.def"
};

static const struct cs_group_info groups[CS_GROUP_COUNT] = {
#define CS_GROUP(word, name, help) [CS_GROUP_##word] = {(name), (help)},
#include "cli/verbs.def"
};

static const struct {
    const char *name;
    enum cs_verb verb;
    unsigned bit; /* CS_C_* */
} dialects[CS_DIALECT_COUNT] = {
    [CS_DIALECT_UNIX] = {"cscert", CS_VERB_COUNT, 0},
    [CS_DIALECT_CMDLET] = {CS_CMDLET_NAME, CS_VERB_COUNT, CS_C_REQUEST},
    [CS_DIALECT_GET] = {"Get-CsCertificate", CS_VERB_GET, CS_C_GET},
    [CS_DIALECT_IMPORT] = {"Import-CsCertificate", CS_VERB_IMPORT, CS_C_IMPORT},
    [CS_DIALECT_SET] = {"Set-CsCertificate", CS_VERB_SET, CS_C_SET},
    [CS_DIALECT_REMOVE] = {"Remove-CsCertificate", CS_VERB_REMOVE, CS_C_REMOVE},
};

/* No name of an option or verb is longer; what is longer matches nothing. */
#define NAME_SIZE 64

const struct cs_opt_info *cs_opt_info(enum cs_opt option)
{
    return &options[option];
}

const struct cs_verb_info *cs_verb_info(enum cs_verb verb)
{
    return &verbs_table[verb];
}

const struct cs_group_info *cs_group_info(enum cs_group group)
{
    return &groups[group];
}

const char *cs_dialect_name(enum cs_dialect dialect)
{
    return dialects[dialect].name;
}

enum cs_verb cs_dialect_verb(enum cs_dialect dialect)
{
    return dialects[dialect].verb;
}

enum cs_dialect cs_verb_dialect(enum cs_verb verb)
{
    for (unsigned i = CS_DIALECT_GET; i < CS_DIALECT_COUNT; i++) {
        if (dialects[i].verb == verb) {
            return (enum cs_dialect)i;
        }
    }
    return CS_DIALECT_CMDLET;
}

enum cs_opt cs_opt_source(enum cs_opt secret)
{
    return secret == CS_OPT_CA_PASSWORD ? CS_OPT_CA_PASSWORD_SOURCE : CS_OPT_PASSWORD_SOURCE;
}

bool cs_verb_operand_is_optional(enum cs_verb verb)
{
    return verbs_table[verb].operand[0] == '[';
}

bool cs_opt_is_list(enum cs_opt option)
{
    return options[option].type == CS_OT_LIST || options[option].type == CS_OT_FILES;
}

char *cs_opt_long_name(enum cs_opt option)
{
    const char *name = options[option].name;
    char *text = cs_alloc(2 * strlen(name) + 1, 1);
    char *end = text;

    for (size_t i = 0; name[i]; i++) {
        if (i && isupper((unsigned char)name[i]) && islower((unsigned char)name[i - 1])) {
            *end++ = '-';
        }
        *end++ = (char)tolower((unsigned char)name[i]);
    }
    return text;
}

char *cs_opt_display(enum cs_opt option, enum cs_dialect dialect)
{
    if (options[option].cmdlets & dialects[dialect].bit) {
        return cs_asprintf("-%s", options[option].name);
    }
    cs_autofree char *name = cs_opt_long_name(option);
    return cs_asprintf("--%s", name);
}

enum cs_verb cs_opt_verb(enum cs_opt option)
{
    for (unsigned verb = 0; verb < CS_VERB_COUNT; verb++) {
        if (options[option].verbs == 1U << verb) {
            return (enum cs_verb)verb;
        }
    }
    return CS_VERB_COUNT;
}

char *cs_verb_display(enum cs_verb verb, enum cs_dialect dialect)
{
    const struct cs_verb_info *info = &verbs_table[verb];

    if (dialect != CS_DIALECT_UNIX && dialects[dialect].verb == verb) {
        return cs_strdup(dialects[dialect].name);
    }
    for (unsigned i = 0; dialect == CS_DIALECT_CMDLET && i < CS_OPT_COUNT; i++) {
        if (options[i].type == CS_OT_VERB && cs_opt_verb((enum cs_opt)i) == verb) {
            return cs_asprintf("-%s", options[i].name);
        }
    }
    return cs_asprintf("%s%s%s", info->group, *info->group ? " " : "", info->name);
}

enum cs_verb cs_verb_find(const char *group, const char *name)
{
    for (unsigned verb = 0; verb < CS_VERB_COUNT; verb++) {
        if (cs_ascii_iequal(group, verbs_table[verb].group) &&
            cs_ascii_iequal(name, verbs_table[verb].name)) {
            return (enum cs_verb)verb;
        }
    }
    return CS_VERB_COUNT;
}

enum cs_group cs_group_find(const char *word)
{
    for (unsigned group = 0; group < CS_GROUP_COUNT; group++) {
        if (cs_ascii_iequal(word, groups[group].name)) {
            return (enum cs_group)group;
        }
    }
    return CS_GROUP_COUNT;
}

char *cs_group_verbs(enum cs_group group)
{
    cs_auto_value(cs_strv) names = {0};
    const char *last = "";

    for (unsigned verb = 0; verb < CS_VERB_COUNT; verb++) {
        if (strcmp(verbs_table[verb].group, groups[group].name) == 0) {
            if (*last) {
                cs_strv_add(&names, last);
            }
            last = verbs_table[verb].name;
        }
    }
    cs_autofree char *before = cs_strv_join(&names, ", ");
    return cs_asprintf("%s%s%s", before, *before ? " or " : "", last);
}

/* Lower case, without hyphens: the form in which names compare. False if it is too long. */
static bool fold(const char *name, size_t len, char folded[NAME_SIZE])
{
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        if (name[i] == '-') {
            continue;
        }
        if (used == NAME_SIZE - 1) {
            return false;
        }
        char c = name[i];
        folded[used++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    folded[used] = 0;
    return used > 0;
}

static bool is_alias(const char *aliases, const char *folded)
{
    cs_auto_value(cs_strv) list = {0};

    cs_strv_split(&list, aliases, '|');
    return cs_strv_has(&list, folded);
}

static bool is_exact(const struct cs_opt_info *info, const char *folded)
{
    return cs_ascii_iequal(info->name, folded) || is_alias(info->aliases, folded);
}

static bool has_prefix(const struct cs_opt_info *info, const char *folded)
{
    cs_autofree char *name = cs_ascii_lower(info->name);

    return strncmp(name, folded, strlen(folded)) == 0;
}

/* One round of the search: the rows that @cmdlets and @verbs (0: all) leave. */
struct round {
    unsigned cmdlets;
    unsigned verbs;
};

static enum cs_opt_match find_prefix(const char *folded, const struct round *round,
                                     enum cs_dialect dialect, enum cs_opt *ret_option,
                                     struct cs_strv *candidates)
{
    cs_auto_value(cs_strv) found = {0};
    enum cs_opt last = CS_OPT_COUNT;

    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        const struct cs_opt_info *info = &options[i];
        bool of_verb = info->type != CS_OT_VERB && (info->verbs & round->verbs);
        if ((round->cmdlets && !(info->cmdlets & round->cmdlets)) || (round->verbs && !of_verb) ||
            !has_prefix(info, folded)) {
            continue;
        }
        last = (enum cs_opt)i;
        cs_strv_take(&found, cs_opt_display(last, dialect));
    }
    if (found.count == 1) {
        *ret_option = last;
        return CS_OPT_FOUND;
    }
    cs_strv_copy(candidates, &found);
    return found.count ? CS_OPT_AMBIGUOUS : CS_OPT_UNKNOWN;
}

/* Letters to add, drop or change to make @b of @a (Levenshtein). Both are shorter than NAME_SIZE.
 */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[NAME_SIZE + 1];
    size_t width = strlen(b);

    for (size_t j = 0; j <= width; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 1; a[i - 1]; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= width; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            unsigned step = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = change < step ? change : step;
        }
    }
    return row[width];
}

/* A slip of the finger or two; the shorter the name, the fewer. */
static bool is_near(const char *folded, const char *name)
{
    size_t len = strlen(name);
    unsigned limit = len < 3 ? 1 : len < 6 ? 2 : 3;

    return distance(folded, name) <= limit;
}

static void add_near_options(const char *folded, enum cs_dialect dialect,
                             struct cs_strv *candidates)
{
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        cs_autofree char *name = cs_ascii_lower(options[i].name);
        if (is_near(folded, name)) {
            cs_strv_take(candidates, cs_opt_display((enum cs_opt)i, dialect));
        }
    }
}

enum cs_opt_match cs_opt_find(const char *name, size_t len, enum cs_dialect dialect, unsigned verbs,
                              enum cs_opt *ret_option, struct cs_strv *candidates)
{
    const struct round rounds[] = {{dialects[dialect].bit, 0}, {0, verbs}, {0, 0}};
    char folded[NAME_SIZE];

    if (!fold(name, len, folded)) {
        return CS_OPT_UNKNOWN;
    }
    for (unsigned i = 0; i < CS_OPT_COUNT; i++) {
        if (is_exact(&options[i], folded)) {
            *ret_option = (enum cs_opt)i;
            return CS_OPT_FOUND;
        }
    }
    for (size_t i = dialect != CS_DIALECT_UNIX ? 0 : 1; i < 3; i++) {
        enum cs_opt_match match = find_prefix(folded, &rounds[i], dialect, ret_option, candidates);
        if (match != CS_OPT_UNKNOWN) {
            return match;
        }
    }
    add_near_options(folded, dialect, candidates);
    return CS_OPT_UNKNOWN;
}

void cs_verb_near(const char *group, const char *word, struct cs_strv *candidates)
{
    char folded[NAME_SIZE];

    if (!fold(word, strlen(word), folded)) {
        return;
    }
    for (unsigned verb = 0; verb < CS_VERB_COUNT; verb++) {
        const struct cs_verb_info *info = &verbs_table[verb];
        if ((!*group || strcmp(info->group, group) == 0) && is_near(folded, info->name)) {
            cs_strv_take(candidates, cs_verb_display((enum cs_verb)verb, CS_DIALECT_UNIX));
        }
    }
    for (unsigned i = 0; !*group && i < CS_GROUP_COUNT; i++) {
        if (is_near(folded, groups[i].name)) {
            cs_strv_add(candidates, groups[i].name);
        }
    }
}

/* The tables of options and verbs (options.def, verbs.def) and the search for names in them. */
#ifndef CS_CLI_OPTTABLE_H
#define CS_CLI_OPTTABLE_H

#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

enum cs_opt {
#define CS_OPTION(word, ...) CS_OPT_##word,
#include "cli/options.def"
    CS_OPT_COUNT
};

enum cs_verb {
#define CS_VERB(word, ...) CS_VERB_##word,
#include "cli/verbs.def"
    CS_VERB_COUNT /* also: none */
};

enum cs_group {
#define CS_GROUP(word, ...) CS_GROUP_##word,
#include "cli/verbs.def"
    CS_GROUP_COUNT
};

/* One bit for each verb, and sets of them that rows share. */
enum {
#define CS_VERB(word, ...) CS_V_##word = 1 << CS_VERB_##word,
#include "cli/verbs.def"
    CS_V_MAIN = CS_V_NEW | CS_V_LIST | CS_V_RETRIEVE | CS_V_CLEAR,
    CS_V_MAKE = CS_V_NEW | CS_V_PLAN,
    CS_V_CA_ASK = CS_V_CA_LIST | CS_V_CA_PROBE,
    CS_V_CA_ANY = CS_V_CA_APPROVE | CS_V_CA_DENY | CS_V_CA_REVOKE | CS_V_CA_ASK,
    CS_V_USE = CS_V_IMPORT | CS_V_SET | CS_V_REMOVE, /* they change what serves a type */
    CS_V_SIBLING = CS_V_GET | CS_V_USE,
    CS_V_TOKEN_ANY = CS_V_TOKEN_LIST | CS_V_TOKEN_INIT | CS_V_TOKEN_CHECK,
    CS_V_TOKEN = CS_V_MAKE | CS_V_RETRIEVE | CS_V_CLEAR | CS_V_RECOVER | CS_V_CA_INIT |
                 CS_V_CA_APPROVE | CS_V_CA_REVOKE | CS_V_EXPORT | CS_V_SIBLING | CS_V_TOKEN_ANY,
    CS_V_ALL = (1 << CS_VERB_COUNT) - 1
};

/* The cmdlets that have the parameter. */
enum {
    CS_C_REQUEST = 1,
    CS_C_GET = 2,
    CS_C_IMPORT = 4,
    CS_C_SET = 8,
    CS_C_REMOVE = 16,
    CS_C_USE = CS_C_IMPORT | CS_C_SET | CS_C_REMOVE,
    CS_C_SIBLING = CS_C_GET | CS_C_USE,
    CS_C_ALL = CS_C_REQUEST | CS_C_SIBLING
};

enum cs_opt_type {
    CS_OT_VERB,    /* a switch that chooses the verb */
    CS_OT_SWITCH,  /* alone, or with :true, :false */
    CS_OT_BOOLEAN, /* True or False must follow */
    CS_OT_TEXT,
    CS_OT_LIST, /* words and comma lists, added up */
    CS_OT_INTEGER,
    CS_OT_CHOICE, /* one of the row's words */
    CS_OT_FILE,
    CS_OT_FILES, /* words, each a file, added up: a comma belongs to the name */
    CS_OT_FOLDER,
    CS_OT_SECRET
};

enum cs_opt_check {
    CS_OC_NONE,
    CS_OC_CLEAN,       /* UTF-8 without control characters */
    CS_OC_LABEL,       /* the same, at most 128 characters */
    CS_OC_SUBJECT_64,  /* RFC 5280 appendix A.1: ub-organization-name and the like */
    CS_OC_SUBJECT_128, /* ub-locality-name, ub-state-name */
    CS_OC_COUNTRY,     /* two letters, made upper case */
    CS_OC_DNS,
    CS_OC_ACCOUNT,
    CS_OC_POSITIVE,
    CS_OC_TOKEN_URI,
    CS_OC_SECRET_SOURCE,
    CS_OC_THUMBPRINT /* anything: what comes along when one is copied is taken out later */
};

struct cs_opt_info {
    const char *name;
    const char *aliases;
    enum cs_opt_type type;
    enum cs_opt_check check;
    unsigned verbs;
    unsigned cmdlets;
    const char *choices;
    const char *placeholder;
    const char *help;
};

struct cs_verb_info {
    const char *group;
    const char *name;
    const char *operand;
    enum cs_opt option;
    const char *help;
    const char *more;
};

struct cs_group_info {
    const char *name;
    const char *help;
};

/* How the command line is written, and how messages about it are: as cscert's, or as a cmdlet's by
 * whose name the program was called. */
enum cs_dialect {
    CS_DIALECT_UNIX,   /* cscert new --type Internal */
    CS_DIALECT_CMDLET, /* Request-CsCertificate -New -Type Internal */
    CS_DIALECT_GET,    /* Get-CsCertificate -Type Internal: its name is the verb */
    CS_DIALECT_IMPORT,
    CS_DIALECT_SET,
    CS_DIALECT_REMOVE,
    CS_DIALECT_COUNT
};

#define CS_CMDLET_NAME "Request-CsCertificate"

/* "cscert", "Request-CsCertificate", "Get-CsCertificate" */
const char *cs_dialect_name(enum cs_dialect dialect);

/* The verb that the program's name is; CS_VERB_COUNT where the command line says it. */
enum cs_verb cs_dialect_verb(enum cs_dialect dialect);

/* The cmdlet's dialect in which @verb is said: Request-CsCertificate's for most. */
enum cs_dialect cs_verb_dialect(enum cs_verb verb);

const struct cs_opt_info *cs_opt_info(enum cs_opt option);
const struct cs_verb_info *cs_verb_info(enum cs_verb verb);
const struct cs_group_info *cs_group_info(enum cs_group group);

/* "computer-fqdn"; the caller frees. */
char *cs_opt_long_name(enum cs_opt option);

/* "--computer-fqdn", or "-ComputerFqdn" in the dialect of a cmdlet that has it; the caller frees.
 */
char *cs_opt_display(enum cs_opt option, enum cs_dialect dialect);

/* "ca init"; in a cmdlet's dialect "-New" for one of its four verbs, or the cmdlet's name where
 * that is the verb. The caller frees. */
char *cs_verb_display(enum cs_verb verb, enum cs_dialect dialect);

/* CS_VERB_COUNT if no verb has these words; @group is "" or a group's name. Without case. */
enum cs_verb cs_verb_find(const char *group, const char *name);

/* The group that @word names; CS_GROUP_COUNT for none. Without case. */
enum cs_group cs_group_find(const char *word);

/* "init, approve, deny, revoke, list or probe"; the caller frees. */
char *cs_group_verbs(enum cs_group group);

/* A list or files: it may be said several times, and adds up. */
bool cs_opt_is_list(enum cs_opt option);

/* The option that says where a secret comes from: -CaPassword and --ca-password-source. */
enum cs_opt cs_opt_source(enum cs_opt secret);

/* The word after the verb may be left out. */
bool cs_verb_operand_is_optional(enum cs_verb verb);

/* The verb that a row of type CS_OT_VERB chooses. */
enum cs_verb cs_opt_verb(enum cs_opt option);

enum cs_opt_match { CS_OPT_FOUND, CS_OPT_UNKNOWN, CS_OPT_AMBIGUOUS };

/* The option of @name (@len octets, without dashes): exact name or alias, else the unique prefix.
 * In a cmdlet's dialect its own parameters go first; then the options of @verbs (0: none is known
 * yet), then all. *ret_option is set when found; else @candidates gets the display names that fit,
 * or that are near. */
enum cs_opt_match cs_opt_find(const char *name, size_t len, enum cs_dialect dialect, unsigned verbs,
                              enum cs_opt *ret_option, struct cs_strv *candidates);

/* Adds the verbs that are written like @word to @candidates: those of @group, or of "" also all
 * others and the groups. */
void cs_verb_near(const char *group, const char *word, struct cs_strv *candidates);

#endif

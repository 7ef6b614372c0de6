#include "cli/optvalue.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "model/dnsname.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A label is shown in lists; tokens take far longer ones. */
#define LABEL_MAX_CHARACTERS 128

static bool matches(const char *word, const char *plain)
{
    return strcasecmp(word + (*word == '$'), plain) == 0;
}

bool cs_boolean_is_word(const char *word)
{
    return matches(word, "true") || matches(word, "false");
}

bool cs_boolean_parse(const char *word, bool *ret_value)
{
    if (matches(word, "true") || strcmp(word, "1") == 0) {
        *ret_value = true;
        return true;
    }
    if (matches(word, "false") || strcmp(word, "0") == 0) {
        *ret_value = false;
        return true;
    }
    return false;
}

static size_t count_characters(const char *text)
{
    size_t count = 0;

    for (; *text; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80; /* continuation octets do not count */
    }
    return count;
}

/* Quotation marks that a word processor made: PowerShell takes them for quotes, other shells for
 * text. */
static bool starts_typographic(const char *value)
{
    static const char *const marks[] = {"\u201c", "\u201d", "\u201e", "\u2018", "\u2019"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (strncmp(value, marks[i], strlen(marks[i])) == 0) {
            return true;
        }
    }
    return false;
}

static cs_rc check_clean(const char *name, const char *value, size_t max, struct cs_err *err)
{
    if (!cs_text_is_clean(value)) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "type it anew: what is copied can bring characters along that nobody "
                            "sees",
                            "%s holds control characters, invisible ones, or is not UTF-8", name);
    }
    if (starts_typographic(value)) {
        return cs_fail_hint(err, CS_E_USAGE, "type straight quotation marks: '...' or \"...\"",
                            "%s %.200s begins with a typographic quotation mark", name, value);
    }
    if (max && count_characters(value) > max) {
        return cs_fail_hint(err, CS_E_USAGE, "write a shorter one",
                            "%s is longer than %zu characters: \"%.300s\"", name, max, value);
    }
    return CS_OK;
}

static cs_rc check_country(const char *name, char *value, struct cs_err *err)
{
    for (char *c = value; *c; c++) {
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    }
    if (strlen(value) != 2 || strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2) {
        return cs_fail_hint(err, CS_E_USAGE, "write the two letters of ISO 3166-1, such as US",
                            "%s \"%.80s\" is not a country code", name, value);
    }
    return CS_OK;
}

/* domain\user or user@domain, both parts there. */
static cs_rc check_account(const char *name, const char *value, struct cs_err *err)
{
    size_t user = strcspn(value, "\\@");

    if (user && value[user] && value[user + 1] && !strpbrk(value + user + 1, "\\@")) {
        return CS_OK;
    }
    return cs_fail_hint(err, CS_E_USAGE,
                        "write 'domain\\user' (quoted, or a POSIX shell takes the backslash away) "
                        "or user@domain",
                        "%s \"%.200s\" is not an account of a domain", name, value);
}

static bool starts_pkcs11(const char *value)
{
    return strncasecmp(value, "pkcs11:", 7) == 0;
}

static cs_rc check_token_uri(const char *name, const char *value, struct cs_err *err)
{
    if (strcasestr(value, "pin-value")) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "put the PIN into a file that only you can read and say "
                            "--pin-source file:PATH, or --pin-source prompt",
                            "%s holds a PIN (pin-value), which others can see; it is not used",
                            name);
    }
    if (!starts_pkcs11(value)) {
        return cs_fail_hint(err, CS_E_USAGE, "write for instance --token 'pkcs11:token=edge'",
                            "%s \"%.200s\" is not a PKCS#11 URI (RFC 7512)", name, value);
    }
    return CS_OK;
}

static cs_rc check_secret_source(const char *name, const char *value, struct cs_err *err)
{
    if (strcmp(value, "prompt") == 0 || (strncmp(value, "file:", 5) == 0 && value[5]) ||
        (strncmp(value, "fd:", 3) == 0 && value[3])) {
        return CS_OK;
    }
    /* The value is not repeated: somebody may have written the secret itself. */
    return cs_fail_hint(err, CS_E_USAGE, "write file:PATH, fd:NUMBER or prompt",
                        "%s does not name a source", name);
}

static cs_rc check_dns(const char *name, char **value, struct cs_err *err)
{
    cs_autofree char *lower = NULL;
    struct cs_dns_name facts;

    CS_TRY(cs_dns_name_parse(*value, name, &lower, &facts, err));
    if (facts.wildcard) {
        return cs_fail_hint(err, CS_E_USAGE, "write the whole name of the computer",
                            "%s \"%.300s\" must be one computer, not a wildcard", name, *value);
    }
    free(*value);
    *value = cs_steal(&lower);
    return CS_OK;
}

static cs_rc check_number(const char *name, const char *value, long *ret_number, struct cs_err *err)
{
    char *end;

    errno = 0;
    long number = strtol(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end || errno || number < 1) {
        return cs_fail_hint(err, CS_E_USAGE, "write it in digits alone, for instance 7",
                            "%s \"%.80s\" is not a whole number above 0", name, value);
    }
    *ret_number = number;
    return CS_OK;
}

static cs_rc check_choice(enum cs_opt option, const char *name, char **value, struct cs_err *err)
{
    cs_auto_value(cs_strv) words = {0};

    cs_strv_split(&words, cs_opt_info(option)->choices, '|');
    for (size_t i = 0; i < words.count; i++) {
        if (cs_ascii_iequal(*value, words.items[i])) {
            free(*value);
            *value = cs_strdup(words.items[i]);
            return CS_OK;
        }
    }
    cs_autofree char *list = cs_strv_join(&words, ", ");
    cs_rc rc = cs_fail(err, CS_E_USAGE, "%s \"%.80s\" is not known", name, *value);
    cs_err_hint(err, "it is one of %s", list);
    return rc;
}

static cs_rc check_file(const char *name, const char *value, struct cs_strv *warnings,
                        struct cs_err *err)
{
    if (starts_pkcs11(value)) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "a PKCS#11 URI is never a file name; the token is named by --token",
                            "%s wants a file, not \"%.200s\"", name, value);
    }
    if (strcmp(value, "-") == 0) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "name a file; standard input and output are not read and written here",
                            "%s wants the name of a file, not \"-\"", name);
    }
    if (strchr(value, '\\')) {
        cs_strv_take(warnings, cs_asprintf("%s: \"%s\" is one file name in the current folder here,"
                                           " with its backslashes",
                                           name, value));
    }
    return CS_OK;
}

static cs_rc check_text(enum cs_opt_check check, const char *name, char **value, long *ret_number,
                        struct cs_err *err)
{
    size_t max = check == CS_OC_SUBJECT_64    ? 64
                 : check == CS_OC_SUBJECT_128 ? 128
                 : check == CS_OC_LABEL       ? LABEL_MAX_CHARACTERS
                                              : 0;

    /* Before anything else, because no message may repeat what could be a secret. */
    if (check == CS_OC_TOKEN_URI) {
        CS_TRY(check_token_uri(name, *value, err));
    }
    if (check == CS_OC_SECRET_SOURCE) {
        return check_secret_source(name, *value, err);
    }
    if (check == CS_OC_THUMBPRINT) {
        return CS_OK;
    }
    CS_TRY(check_clean(name, *value, max, err));
    switch (check) {
    case CS_OC_COUNTRY:
        return check_country(name, *value, err);
    case CS_OC_DNS:
        return check_dns(name, value, err);
    case CS_OC_ACCOUNT:
        return check_account(name, *value, err);
    case CS_OC_POSITIVE:
        return check_number(name, *value, ret_number, err);
    default:
        return CS_OK;
    }
}

cs_rc cs_opt_value_check(enum cs_opt option, const char *name, const char *value, char **ret_value,
                         long *ret_number, struct cs_strv *warnings, struct cs_err *err)
{
    const struct cs_opt_info *info = cs_opt_info(option);
    cs_autofree char *copy = cs_strdup(value);

    if (info->type == CS_OT_FILE || info->type == CS_OT_FILES || info->type == CS_OT_FOLDER) {
        CS_TRY(check_file(name, copy, warnings, err));
    } else if (info->type == CS_OT_CHOICE) {
        CS_TRY(check_choice(option, name, &copy, err));
    } else {
        CS_TRY(check_text(info->check, name, &copy, ret_number, err));
    }
    *ret_value = cs_steal(&copy);
    return CS_OK;
}

#include "net/account.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FORMS "write it as domain\\user or as user@domain"

void cs_account_done(struct cs_account *account)
{
    free(account->user);
    free(account->domain);
    *account = (struct cs_account){0};
}

/* A domain's name: what DNS and NetBIOS names have in common. */
static bool is_domain(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("-._", *at)) {
            return false;
        }
    }
    return *text && *text != '.';
}

/* No sAMAccountName and no UPN holds one of these (MS-ADTS section 3.1.1.8.1.1 and Windows' own
 * refusal when an account is made). */
static bool is_user(const char *text)
{
    return *text && cs_text_is_clean(text) && !strpbrk(text, "\"/\\[]:;|=,+*?<>@");
}

cs_rc cs_account_parse(const char *text, struct cs_account *ret_account, struct cs_err *err)
{
    cs_auto_value(cs_account) account = {0};
    const char *backslash = strchr(text, '\\');
    const char *at = strrchr(text, '@');

    if (backslash) {
        account.domain = cs_strndup(text, (size_t)(backslash - text));
        account.user = cs_strdup(backslash + 1);
    } else if (at) {
        account.user = cs_strndup(text, (size_t)(at - text));
        account.domain = cs_strdup(at + 1);
        account.is_upn = true;
    } else {
        account.user = cs_strdup(text);
    }
    if (!is_user(account.user) || (account.domain && !is_domain(account.domain))) {
        cs_autofree char *shown = cs_terminal_escape(text);
        return cs_fail_hint(err, CS_E_USAGE, FORMS, "\"%.200s\" is no account of a domain", shown);
    }
    *ret_account = account;
    account = (struct cs_account){0};
    return CS_OK;
}

static void add_upper(struct cs_strv *realms, const char *text)
{
    char *upper = cs_strdup(text);

    for (char *at = upper; *at; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    if (cs_strv_has(realms, upper)) {
        free(upper);
    } else {
        cs_strv_take(realms, upper);
    }
}

static void add(struct cs_strv *realms, const char *realm)
{
    if (realm && *realm && !cs_strv_has(realms, realm)) {
        cs_strv_add(realms, realm);
    }
}

/* @label is the first label of @name, and not all of it. */
static bool begins_with_label(const char *name, const char *label)
{
    size_t len = strlen(label);

    return strncasecmp(name, label, len) == 0 && name[len] == '.';
}

static void add_short(const char *domain, const struct cs_realm_hints *hints,
                      struct cs_strv *realms)
{
    if (hints->default_realm && (begins_with_label(hints->default_realm, domain) ||
                                 strcasecmp(hints->default_realm, domain) == 0)) {
        add(realms, hints->default_realm);
    }
    const char *dot = hints->near_host ? strchr(hints->near_host, '.') : NULL;
    for (; dot; dot = strchr(dot + 1, '.')) {
        if (begins_with_label(dot + 1, domain)) {
            add_upper(realms, dot + 1);
        }
    }
}

void cs_account_realms(const struct cs_account *account, const struct cs_realm_hints *hints,
                       struct cs_strv *realms)
{
    if (hints->configured) {
        add(realms, hints->configured);
        return;
    }
    if (!account->domain) {
        add(realms, hints->default_realm);
        return;
    }
    add(realms, hints->mapped);
    if (!strchr(account->domain, '.')) {
        add_short(account->domain, hints, realms);
        return;
    }
    add_upper(realms, account->domain); /* a domain's realm is its DNS name in upper case */
    if (account->is_upn) {
        add(realms, hints->default_realm);
    }
}

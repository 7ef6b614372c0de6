#include "model/dnsname.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stddef.h>
#include <string.h>

#define NAME_MAX_OCTETS  253
#define LABEL_MAX_OCTETS 63

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z');
}

static const char *label_fault(const char *label, size_t len)
{
    if (len == 0) {
        return "it has an empty label";
    }
    if (len > LABEL_MAX_OCTETS) {
        return "a label is longer than 63 characters";
    }
    if (!is_letter_or_digit(label[0]) || !is_letter_or_digit(label[len - 1])) {
        return "a label begins or ends with something else than a letter or digit";
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_letter_or_digit(label[i]) && label[i] != '-') {
            return "only letters, digits, hyphens and dots are allowed";
        }
    }
    return NULL;
}

/* Top-level domains are not all digits (RFC 1123 section 2.1); an IPv4 address is. */
static bool last_label_is_number(const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *label = dot ? dot + 1 : name;

    return *label && label[strspn(label, "0123456789")] == 0;
}

static const char *name_fault(const char *name, const struct cs_dns_name *facts)
{
    const char *rest = facts->wildcard ? name + 2 : name;

    if (strlen(name) > NAME_MAX_OCTETS) {
        return "it is longer than 253 characters";
    }
    if (facts->wildcard && !strchr(rest, '.')) {
        return "a wildcard needs at least two labels after it";
    }
    if (last_label_is_number(name)) {
        return "it is an IP address or ends in a number";
    }
    for (;;) {
        size_t len = strcspn(rest, ".");
        const char *fault = label_fault(rest, len);
        if (fault) {
            return fault;
        }
        if (!rest[len]) {
            return NULL;
        }
        rest += len + 1;
    }
}

cs_rc cs_dns_name_parse(const char *text, const char *what, char **ret_name,
                        struct cs_dns_name *ret_facts, struct cs_err *err)
{
    cs_autofree char *name = cs_ascii_lower(text);
    size_t len = strlen(name);

    if (len > 1 && name[len - 1] == '.') {
        name[len - 1] = 0;
    }
    struct cs_dns_name facts = {.wildcard = strncmp(name, "*.", 2) == 0,
                                .is_short = !strchr(name, '.')};
    const char *fault = name_fault(name, &facts);
    if (fault) {
        return cs_fail_hint(err, CS_E_USAGE,
                            "give a fully qualified name such as edge1.litwareinc.com",
                            "%s \"%.300s\" is not a host name: %s", what, text, fault);
    }
    *ret_name = cs_steal(&name);
    *ret_facts = facts;
    return CS_OK;
}

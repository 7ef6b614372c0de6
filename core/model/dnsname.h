/* Names as Lync takes them: letters, digits and hyphen in labels, lower case. */
#ifndef CS_MODEL_DNSNAME_H
#define CS_MODEL_DNSNAME_H

#include "base/err.h"

#include <stdbool.h>

struct cs_dns_name {
    bool wildcard; /* the first label is "*" */
    bool is_short; /* one label only */
};

/* The lower-case form of @text without a closing dot, in *ret_name (the caller frees). @what names
 * the parameter for messages ("-DomainName"). Rules: RFC 1035 section 2.3.1 as RFC 1123 section 2.1
 * widens it, 253 octets in all; no underscore, no IP address, a "*" only as the whole first label
 * of at least three. CS_E_USAGE. */
CS_MUST_CHECK cs_rc cs_dns_name_parse(const char *text, const char *what, char **ret_name,
                                      struct cs_dns_name *ret_facts, struct cs_err *err);

#endif

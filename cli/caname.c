#include "cli/caname.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "model/dnsname.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static bool is_host(const char *text, size_t len)
{
    cs_autofree char *host = cs_strndup(text, len);
    cs_autofree char *name = NULL;
    struct cs_dns_name facts;

    return cs_dns_name_parse(host, "", &name, &facts, NULL) == CS_OK && !facts.wildcard;
}

/* host\caname: exactly one backslash, and no URL. */
static bool is_config_string(const char *name)
{
    const char *slash = strchr(name, '\\');

    return slash && slash[1] && !strchr(slash + 1, '\\') && is_host(name, (size_t)(slash - name));
}

/* The path of https://host[:port]/path; NULL if @name is none. */
static const char *path_of(const char *name)
{
    static const char scheme[] = "https://";

    if (strncasecmp(name, scheme, strlen(scheme)) != 0 || strpbrk(name, " \t\"<>\\")) {
        return NULL;
    }
    const char *host = name + strlen(scheme);
    size_t len = strcspn(host, ":/?#");
    const char *path = host + len;
    if (*path == ':') {
        path += 1 + strspn(path + 1, "0123456789");
    }
    return is_host(host, len) && *path == '/' ? path : NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);

    return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

const char *cs_caname_type(const char *name)
{
    const char *path = path_of(name);

    if (is_config_string(name)) {
        return "rpc";
    }
    if (path && (ends_with(path, "/certsrv") || ends_with(path, "/certsrv/"))) {
        return "certsrv";
    }
    if (path && ends_with(path, "/service.svc/CES")) {
        return "ces";
    }
    return path && ends_with(path, "/service.svc/CEP") ? "cep" : NULL;
}

static bool is_web(const char *type)
{
    return strcmp(type, "certsrv") == 0 || strcmp(type, "ces") == 0 || strcmp(type, "cep") == 0;
}

cs_rc cs_caname_check(const char *type, const char *address, const char *what, struct cs_err *err)
{
    if (strcmp(type, "rpc") == 0 && !is_config_string(address)) {
        return cs_fail_hint(err, CS_E_CONFIG,
                            "write host\\caname, with the full name of the CA's computer",
                            "%s \"%.300s\" is none of a CA of type rpc", what, address);
    }
    if (is_web(type) && !path_of(address)) {
        return cs_fail_hint(err, CS_E_CONFIG, "write https://HOST/...: without TLS nobody is asked",
                            "%s \"%.300s\" is none of a CA of type %s", what, address, type);
    }
    return CS_OK;
}

bool cs_caname_is_adcs(const char *type)
{
    return strcmp(type, "rpc") == 0 || is_web(type);
}

const char *cs_caname_ces_auth(const char *address)
{
    if (strcasestr(address, "_UsernamePassword/service.svc/")) {
        return "password";
    }
    return strcasestr(address, "_Certificate/service.svc/") ? "certificate" : "kerberos";
}

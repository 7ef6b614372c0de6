#include "cli/reference.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

CS_DEFINE_AUTO(json_t, json_decref);

static cs_rc read_input(struct cs_bytes *ret_json, struct cs_err *err)
{
    cs_auto_value(cs_buf) buf = CS_BUF(CS_REFERENCE_MAX);
    char octets[4096];

    for (;;) {
        ssize_t got = read(STDIN_FILENO, octets, sizeof octets);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            cs_rc rc =
                cs_fail_errno(err, CS_E_INPUT, "read", errno, "standard input cannot be read");
            cs_err_hint(err, "name a file with -Reference, or say -Thumbprint");
            return rc;
        }
        if (got == 0) {
            return cs_buf_take(&buf, "the -Reference", ret_json, err);
        }
        cs_buf_add(&buf, octets, (size_t)got);
        if (buf.overflow) {
            return cs_buf_take(&buf, "the -Reference", ret_json, err);
        }
    }
}

cs_rc cs_reference_read(const char *name, struct cs_bytes *ret_json, struct cs_err *err)
{
    return strcmp(name, "-") == 0 ? read_input(ret_json, err)
                                  : cs_file_read(name, CS_REFERENCE_MAX, ret_json, err);
}

static cs_rc fail(const char *name, const char *what, struct cs_err *err)
{
    return cs_fail_hint(err, CS_E_INPUT,
                        "name what `cscert get --json` or `Request-CsCertificate ... --json` "
                        "printed of one certificate, or say -Thumbprint",
                        "-Reference %.200s %s", name, what);
}

/* Objects without a thumbprint (a request that waits) are none. */
static cs_rc take(const json_t *object, const char *name, char **thumbprint, struct cs_err *err)
{
    const char *text = json_string_value(json_object_get(object, "Thumbprint"));

    if (!text) {
        return CS_OK;
    }
    if (*thumbprint && !cs_ascii_iequal(*thumbprint, text)) {
        return fail(name, "holds several certificates", err);
    }
    if (!*thumbprint) {
        *thumbprint = cs_strdup(text);
    }
    return CS_OK;
}

cs_rc cs_reference_thumbprint(const struct cs_bytes *json, const char *name, char **ret_thumbprint,
                              struct cs_err *err)
{
    cs_autofree char *thumbprint = NULL;
    json_error_t problem;

    cs_auto(json_t) root =
        json_loadb((const char *)json->data, json->len, JSON_REJECT_DUPLICATES, &problem);
    if (!root) {
        return fail(name, "is no JSON", err);
    }
    if (json_is_object(root)) {
        CS_TRY(take(root, name, &thumbprint, err));
    }
    for (size_t i = 0; i < json_array_size(root); i++) {
        CS_TRY(take(json_array_get(root, i), name, &thumbprint, err));
    }
    if (!thumbprint) {
        return fail(name, "holds no certificate with a Thumbprint", err);
    }
    *ret_thumbprint = cs_steal(&thumbprint);
    return CS_OK;
}

#include "cli/like.h"

#include "base/bytes.h"
#include "base/file.h"
#include "model/dnsname.h"
#include "x509/cert.h"
#include "x509/reply.h"

static void add_name(struct cs_strv *names, const char *text)
{
    if (!cs_strv_has(names, text)) {
        cs_strv_add(names, text);
    }
}

/* A common name may be any text: "Litware Edge". */
static void add_common_name(struct cs_strv *names, const char *text)
{
    cs_autofree char *name = NULL;
    struct cs_dns_name facts;

    if (text && cs_dns_name_parse(text, "--like", &name, &facts, NULL) == CS_OK) {
        add_name(names, name);
    }
}

cs_rc cs_like_names(const char *path, struct cs_strv *names, struct cs_err *err)
{
    cs_auto_value(cs_bytes) file = {0};
    cs_auto_value(cs_bytes) der = {0};
    cs_auto_value(cs_cert_facts) facts = {0};
    struct cs_err why = {0};

    CS_TRY(cs_file_read(path, CS_REPLY_MAX_OCTETS, &file, err));
    cs_rc rc = cs_reply_leaf(&file, &der, &why);
    if (rc == CS_OK) {
        rc = cs_cert_read(&der, &facts, &why);
    }
    if (rc != CS_OK) {
        return cs_fail_hint(err, CS_E_INPUT, "name a certificate as PEM, DER or PKCS#7",
                            "%s (--like) holds no certificate that can be read: %s", path,
                            why.message);
    }
    /* Also those that cannot be kept (addresses, underscores): what is lost must be seen. */
    add_common_name(names, facts.common_name);
    for (size_t i = 0; i < facts.names.count; i++) {
        add_name(names, facts.names.items[i]);
    }
    for (size_t i = 0; i < facts.other_names.count; i++) {
        add_name(names, facts.other_names.items[i]);
    }
    return CS_OK;
}

#include "ca/chain.h"

#include "x509/cert.h"
#include "x509/reply.h"

cs_rc cs_ca_chain(const struct cs_bytes *certificate, const struct cs_bytes *cms,
                  struct cs_bytes *ret_chain, struct cs_err *err)
{
    cs_auto_value(cs_cert_facts) facts = {0};
    cs_auto_value(cs_bytes) again = {0};
    struct cs_err why = {0};

    if (cs_cert_read(certificate, &facts, &why) != CS_OK ||
        cs_reply_parse(cms, &facts.spki, &again, ret_chain, &why) != CS_OK) {
        return cs_fail(err, CS_E_CA_UNREACHABLE, "the CA's answer cannot be used: %s", why.message);
    }
    return CS_OK;
}

#include "ca/logon.h"

#include "base/mem.h"

cs_rc cs_ca_logon(const struct cs_ca_target *target, const char *host, struct cs_krb5 **ret_krb5,
                  struct cs_err *err)
{
    const struct cs_krb5_wish wish = {
        .account = target->account,
        .password = target->password,
        .keytab = target->keytab,
        .ccache = target->ccache,
        .realm = target->realm,
        .host = host,
    };

    cs_ca_watch_begin(target, "Kerberos: the domain controllers (KDC)%s%.200s%s%.200s",
                      target->realm ? " of " : "", target->realm ? target->realm : "",
                      target->account ? ", asked for a ticket of " : "",
                      target->account ? target->account : "");
    cs_rc rc = cs_krb5_open(&wish, ret_krb5, err);
    cs_ca_watch_end(target);
    return rc;
}

char *cs_ca_logon_text(const struct cs_krb5 *krb5)
{
    return cs_asprintf("Kerberos: %s by %s", cs_krb5_client(krb5), cs_krb5_source(krb5));
}

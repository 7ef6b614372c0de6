/* What the name of a CA says by itself. */
#ifndef CS_CLI_CANAME_H
#define CS_CLI_CANAME_H

#include "base/err.h"

#include <stdbool.h>

/* The type of CA that @name means without a `ca` section: "rpc" for host\caname, "certsrv" for
 * https://host/certsrv, "ces" for https://host/name_CES_auth/service.svc/CES, "cep" for
 * https://host/name_CEP_auth/service.svc/CEP; NULL for any other. */
const char *cs_caname_type(const char *name);

/* CS_E_CONFIG unless @address is one for a CA of @type ("rpc", "certsrv", "ces", "cep"; any other
 * takes any); the message begins with @what. */
CS_MUST_CHECK cs_rc cs_caname_check(const char *type, const char *address, const char *what,
                                    struct cs_err *err);

/* A Microsoft CA: it takes the template's name in the request too. */
bool cs_caname_is_adcs(const char *type);

/* How a CES or CEP at @address asks who we are, as its URL says (MS-WSTEP, MS-XCEP
 * section 4.1.1.2): "password", "certificate", else "kerberos". */
const char *cs_caname_ces_auth(const char *address);

/* The list of what -CA takes, for messages. */
#define CS_CANAME_FORMS                                                                            \
    "host\\caname, https://HOST/certsrv, https://HOST/NAME_CES_Kerberos/service.svc/CES, or the "  \
    "name of a ca section of the configuration"

#endif

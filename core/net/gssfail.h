/* GSSAPI's errors as ours. Includes <gssapi/gssapi.h>: for net/ only. */
#ifndef CS_NET_GSSFAIL_H
#define CS_NET_GSSFAIL_H

#include "base/err.h"

#include <gssapi/gssapi.h>

/* cs_fail() with what @mech says of the two status codes. */
cs_rc cs_fail_gss(struct cs_err *err, cs_rc code, OM_uint32 major, OM_uint32 minor, gss_OID mech,
                  const char *operation, const char *what);

#endif

/* What Kerberos' errors mean for somebody who asks a CA. Includes <krb5/krb5.h>: for net/ only. */
#ifndef CS_NET_KRB5FAIL_H
#define CS_NET_KRB5FAIL_H

#include "base/err.h"

#include <krb5/krb5.h>
#include <stdint.h>

/* cs_fail() with the code, sentence and remedy that the table has for @code, else
 * CS_E_CA_UNREACHABLE with libkrb5's own words. @who is what was asked about: an account, a keytab,
 * a host. */
cs_rc cs_fail_krb5(struct cs_err *err, krb5_context krb5, krb5_error_code code,
                   const char *operation, const char *who);

/* From now on *@domain_time is when the last controller that sent an error did so by its own clock:
 * seconds since 1970, 0 as long as none has. It must live as long as @krb5. */
void cs_krb5_watch_clock(krb5_context krb5, int64_t *domain_time);

/* Adds both times to an error that cs_fail_krb5() made of @code, if that is about clocks.
 * @domain_time is of cs_krb5_watch_clock(). */
void cs_krb5_say_clocks(struct cs_err *err, krb5_error_code code, int64_t domain_time);

#endif

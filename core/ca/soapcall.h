/* One SOAP exchange with one of AD CS's web services. */
#ifndef CS_CA_SOAPCALL_H
#define CS_CA_SOAPCALL_H

#include "base/bytes.h"
#include "base/err.h"
#include "ca/protocol.h"
#include "ca/wstep.h"

/* Who asks, where the message says it (CS_CA_AUTH_PASSWORD); else NULL. CS_E_USAGE if an account or
 * its password is missing. */
CS_MUST_CHECK cs_rc cs_soapcall_user(const struct cs_ca_target *target, const char **ret_user,
                                     struct cs_err *err);

/* Sends @message, with the password in its gap, to @url and takes the SOAP answer, which may be a
 * fault. *ret_sent (may be NULL) as cs_http_send(), but false where nothing is there that takes
 * messages. CS_E_CA_UNREACHABLE for an answer that is no SOAP. */
CS_MUST_CHECK cs_rc cs_soapcall(const struct cs_ca_target *target, const char *url,
                                const struct cs_wstep_message *message, struct cs_bytes *ret_answer,
                                bool *ret_sent, struct cs_err *err);

/* The value is @rc. If it is an error in what the service answered, its message then tells which
 * service, and who asked where that stands in the question. */
cs_rc cs_soapcall_result(const struct cs_ca_target *target, cs_rc rc, struct cs_err *err);

#endif

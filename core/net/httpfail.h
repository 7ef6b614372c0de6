/* What libcurl's errors and HTTP's refusals mean for somebody who asks a CA. Includes
 * <curl/curl.h>: for net/ only. */
#ifndef CS_NET_HTTPFAIL_H
#define CS_NET_HTTPFAIL_H

#include "base/err.h"
#include "base/strv.h"

#include <curl/curl.h>

/* cs_fail() of a transfer that ended with @code and libcurl's own words @detail, which may be "":
 * CS_E_CA_UNREACHABLE. */
cs_rc cs_httpfail_transfer(CURL *easy, const char *detail, const char *host, CURLcode code,
                           struct cs_err *err);

/* The same of the statuses 401 and 403: CS_E_CA_REFUSED. @tried says how we asked, @offers which
 * ways the server named. */
cs_rc cs_httpfail_status(const char *host, long status, const char *tried,
                         const struct cs_strv *offers, struct cs_err *err);

#endif

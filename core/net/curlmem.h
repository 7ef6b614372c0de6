/* libcurl's memory. It copies an account's password and the messages that hold one, and frees them
 * as they are. */
#ifndef CS_NET_CURLMEM_H
#define CS_NET_CURLMEM_H

#include "base/err.h"

/* Before the first handle: from here on all that libcurl frees is overwritten. CS_E_INTERNAL if
 * libcurl does not start. */
CS_MUST_CHECK cs_rc cs_curlmem_setup(struct cs_err *err);

#endif

/* Base64 (RFC 4648 section 4), by libcrypto. */
#ifndef CS_BASE_BASE64_H
#define CS_BASE_BASE64_H

#include "base/bytes.h"
#include "base/err.h"

#include <stddef.h>

/* The most octets that either direction takes. */
#define CS_BASE64_MAX ((size_t)64 << 20)

/* One line without blanks; the caller frees. At most CS_BASE64_MAX octets, or the program ends. */
char *cs_base64(const void *data, size_t len);

/* Blanks and line ends between the digits are skipped. CS_E_INPUT for anything else that is no
 * digit, for padding that does not fit, and for nothing at all. */
CS_MUST_CHECK cs_rc cs_unbase64(const char *text, size_t len, struct cs_bytes *ret_bytes,
                                struct cs_err *err);

#endif

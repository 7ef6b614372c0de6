/* Text between UTF-8, which is ours, and UTF-16LE, which is Windows'. Not by iconv(3), whose
 * UTF-16 is a shared object that is read from disk when it is first used. */
#ifndef CS_NET_UTF16_H
#define CS_NET_UTF16_H

#include "base/bytes.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Adds @text with a closing NUL of two octets to @buf. CS_E_USAGE if @text is no UTF-8; @what
 * names it ("the template"). */
CS_MUST_CHECK cs_rc cs_utf16_put(struct cs_buf *buf, const char *what, const char *text,
                                 struct cs_err *err);

/* @len octets of UTF-16LE up to a NUL or their end as UTF-8, the caller's to free. What is no
 * character becomes U+FFFD. */
char *cs_utf16_text(const uint8_t *octets, size_t len);

#endif

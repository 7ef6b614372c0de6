/* Octets that are owned, and a buffer with a maximum that makes them. */
#ifndef CS_BASE_BYTES_H
#define CS_BASE_BYTES_H

#include "base/cleanup.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Owned octets; {0} is empty. cs_auto_value(cs_bytes) frees. data[len] is a NUL that does not
 * count. */
struct cs_bytes {
    uint8_t *data;
    size_t len;
};

void cs_bytes_done(struct cs_bytes *bytes);
struct cs_bytes cs_bytes_copy(const void *data, size_t len);
struct cs_bytes cs_bytes_steal(struct cs_bytes *bytes);
bool cs_bytes_equal(const struct cs_bytes *a, const struct cs_bytes *b);

/* Lower-case hexadecimal of @len octets; the caller frees. */
char *cs_hex(const uint8_t *data, size_t len);

/* Octets of an even number of hexadecimal digits; CS_E_INPUT otherwise. */
CS_MUST_CHECK cs_rc cs_unhex(const char *text, struct cs_bytes *ret_bytes, struct cs_err *err);

/* A growing buffer that refuses to pass its maximum. Appending after a refusal changes nothing, so
 * that a series of appends needs one check at its end. */
struct cs_buf {
    uint8_t *data;
    size_t len;
    size_t size;
    size_t max;
    bool overflow;
};

#define CS_BUF(maximum)                                                                            \
    {                                                                                              \
        .max = (maximum)                                                                           \
    }

void cs_buf_done(struct cs_buf *buf);
void cs_buf_add(struct cs_buf *buf, const void *data, size_t len);
void cs_buf_puts(struct cs_buf *buf, const char *text);
void cs_buf_printf(struct cs_buf *buf, const char *format, ...) CS_PRINTF(2, 3);

/* Hands the octets over and leaves @buf empty; CS_E_INPUT when the maximum was passed. @what names
 * the thing for the message ("the reply"). */
CS_MUST_CHECK cs_rc cs_buf_take(struct cs_buf *buf, const char *what, struct cs_bytes *ret_bytes,
                                struct cs_err *err);

/* As cs_buf_take() but as a string the caller frees; what was written holds no NUL. */
CS_MUST_CHECK cs_rc cs_buf_take_text(struct cs_buf *buf, const char *what, char **ret_text,
                                     struct cs_err *err);

#endif

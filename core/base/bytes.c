#include "base/bytes.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cs_bytes_done(struct cs_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct cs_bytes){0};
}

struct cs_bytes cs_bytes_copy(const void *data, size_t len)
{
    struct cs_bytes copy = {cs_alloc(len + 1, 1), len};

    if (len) {
        memcpy(copy.data, data, len);
    }
    return copy;
}

struct cs_bytes cs_bytes_steal(struct cs_bytes *bytes)
{
    struct cs_bytes stolen = *bytes;

    *bytes = (struct cs_bytes){0};
    return stolen;
}

bool cs_bytes_equal(const struct cs_bytes *a, const struct cs_bytes *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

char *cs_hex(const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *text = cs_alloc(2 * len + 1, 1);

    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15];
    }
    return text;
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    digit = (char)tolower((unsigned char)digit);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

cs_rc cs_unhex(const char *text, struct cs_bytes *ret_bytes, struct cs_err *err)
{
    size_t len = strlen(text);
    cs_auto_value(cs_bytes) bytes = {cs_alloc(len / 2 + 1, 1), len / 2};

    for (size_t i = 0; i < len; i++) {
        int value = digit_value(text[i]);
        if (value < 0 || len % 2) {
            return cs_fail(err, CS_E_INPUT, "\"%.80s\" is not an even number of hexadecimal digits",
                           text);
        }
        bytes.data[i / 2] = (uint8_t)(bytes.data[i / 2] << 4 | value);
    }
    *ret_bytes = cs_bytes_steal(&bytes);
    return CS_OK;
}

void cs_buf_done(struct cs_buf *buf)
{
    free(buf->data);
    *buf = (struct cs_buf){.max = buf->max};
}

/* Room for @len more octets and a NUL; false when that passes the maximum. */
static bool buf_reserve(struct cs_buf *buf, size_t len)
{
    /* No object is larger than PTRDIFF_MAX, the NUL included, whatever the maximum says. */
    if (buf->overflow || len > buf->max - buf->len || len >= PTRDIFF_MAX - buf->len) {
        buf->overflow = true;
        return false;
    }
    size_t need = buf->len + len + 1;
    if (need > buf->size) {
        size_t size = buf->size ? buf->size : 256;
        while (size < need) {
            size = size > PTRDIFF_MAX / 2 ? PTRDIFF_MAX : 2 * size;
        }
        buf->data = cs_realloc(buf->data, size, 1);
        buf->size = size;
    }
    return true;
}

void cs_buf_add(struct cs_buf *buf, const void *data, size_t len)
{
    if (!buf_reserve(buf, len)) {
        return;
    }
    if (len) {
        memcpy(buf->data + buf->len, data, len);
    }
    buf->len += len;
    buf->data[buf->len] = 0;
}

void cs_buf_puts(struct cs_buf *buf, const char *text)
{
    cs_buf_add(buf, text, strlen(text));
}

void cs_buf_printf(struct cs_buf *buf, const char *format, ...)
{
    cs_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) {
        text = NULL;
        buf->overflow = true;
        return;
    }
    cs_buf_add(buf, text, (size_t)len);
}

cs_rc cs_buf_take(struct cs_buf *buf, const char *what, struct cs_bytes *ret_bytes,
                  struct cs_err *err)
{
    if (buf->overflow) {
        return cs_fail(err, CS_E_INPUT, "%s is larger than %zu octets", what, buf->max);
    }
    if (!buf->data) {
        *ret_bytes = cs_bytes_copy(NULL, 0);
        return CS_OK;
    }
    *ret_bytes = (struct cs_bytes){cs_steal(&buf->data), buf->len};
    buf->len = buf->size = 0;
    return CS_OK;
}

cs_rc cs_buf_take_text(struct cs_buf *buf, const char *what, char **ret_text, struct cs_err *err)
{
    struct cs_bytes bytes = {0};

    CS_TRY(cs_buf_take(buf, what, &bytes, err));
    *ret_text = (char *)bytes.data;
    return CS_OK;
}

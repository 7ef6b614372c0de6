#include "base/base64.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

char *cs_base64(const void *data, size_t len)
{
    if (len > CS_BASE64_MAX) {
        abort(); /* who calls has limits of its own */
    }
    char *text = cs_alloc(len / 3 * 4 + 5, 1);

    EVP_EncodeBlock((unsigned char *)text, data, (int)len);
    return text;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

cs_rc cs_unbase64(const char *text, size_t len, struct cs_bytes *ret_bytes, struct cs_err *err)
{
    if (len > CS_BASE64_MAX) {
        return cs_fail(err, CS_E_INPUT, "%zu octets of base64 are too many", len);
    }
    cs_auto_value(cs_bytes) digits = {cs_alloc(len + 1, 1), 0};
    cs_auto_value(cs_bytes) octets = {cs_alloc(len + 1, 1), 0};
    size_t padding = 0;

    for (size_t i = 0; i < len; i++) {
        if (is_blank(text[i])) {
            continue;
        }
        /* EVP_DecodeBlock() takes a '=' anywhere for a zero, and '-' for the end. */
        if (text[i] == '-' || (padding && text[i] != '=')) {
            return cs_fail(err, CS_E_INPUT, "octet %zu is not base64", i);
        }
        padding += text[i] == '=';
        digits.data[digits.len++] = (uint8_t)text[i];
    }
    int decoded = EVP_DecodeBlock(octets.data, digits.data, (int)digits.len);
    if (decoded <= 0 || padding > 2 || (size_t)decoded <= padding) {
        return cs_fail(err, CS_E_INPUT, "this is not base64");
    }
    octets.len = (size_t)decoded - padding;
    octets.data[octets.len] = 0;
    *ret_bytes = cs_bytes_steal(&octets);
    return CS_OK;
}

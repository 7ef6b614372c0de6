#include "net/utf16.h"

#include "base/mem.h"
#include "net/ndr.h"

#include <string.h>

#define REPLACEMENT 0xfffdU

static bool is_surrogate(uint32_t code)
{
    return code >= 0xd800 && code <= 0xdfff;
}

/* The code point at *text, which is moved behind it; false if that is no UTF-8 (RFC 3629). */
static bool next_code(const unsigned char **text, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *at = *text;
    size_t more = *at < 0x80 ? 0 : *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : 1;

    if (*at > 0xf4 || (*at >= 0x80 && *at < 0xc2)) {
        return false;
    }
    uint32_t code = more ? *at & (0x3fU >> more) : *at;
    for (size_t i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return false;
        }
        code = code << 6 | (at[i] & 0x3fU);
    }
    if (code < least[more] || code > 0x10ffff || is_surrogate(code)) {
        return false;
    }
    *text = at + more + 1;
    *ret_code = code;
    return true;
}

cs_rc cs_utf16_put(struct cs_buf *buf, const char *what, const char *text, struct cs_err *err)
{
    const unsigned char *at = (const unsigned char *)text;
    uint32_t code = 0;

    while (*at) {
        if (!next_code(&at, &code)) {
            return cs_fail(err, CS_E_USAGE, "%s is not UTF-8", what);
        }
        if (code >= 0x10000) {
            cs_ndr_put_u16(buf, (uint16_t)(0xd800 + ((code - 0x10000) >> 10)));
            code = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        cs_ndr_put_u16(buf, (uint16_t)code);
    }
    cs_ndr_put_u16(buf, 0);
    return CS_OK;
}

static size_t put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t more = code >= 0x10000 ? 3 : code >= 0x800 ? 2 : 1;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    to[0] = (char)(lead[more] | code >> (6 * more));
    for (size_t i = 1; i <= more; i++) {
        to[i] = (char)(0x80 | (code >> (6 * (more - i)) & 0x3f));
    }
    return more + 1;
}

char *cs_utf16_text(const uint8_t *octets, size_t len)
{
    struct cs_ndr ndr = {.data = octets, .len = len & ~(size_t)1};
    char *text = cs_alloc(len / 2 * 3 + 1, 1); /* a unit of two octets takes three at most */
    size_t used = 0;

    while (cs_ndr_left(&ndr)) {
        uint32_t code = cs_ndr_u16(&ndr);
        if (code == 0) {
            break;
        }
        if (is_surrogate(code)) {
            struct cs_ndr peek = ndr;
            uint32_t low = cs_ndr_u16(&peek);
            bool pair = code < 0xdc00 && low >= 0xdc00 && low <= 0xdfff;
            code = pair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : REPLACEMENT;
            ndr = pair ? peek : ndr;
        }
        used += put_utf8(text + used, code);
    }
    return text;
}

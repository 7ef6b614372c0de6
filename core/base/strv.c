#include "base/strv.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void cs_strv_done(struct cs_strv *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct cs_strv){0};
}

void cs_strv_take(struct cs_strv *list, char *text)
{
    list->items = cs_realloc(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = text;
}

void cs_strv_add(struct cs_strv *list, const char *text)
{
    cs_strv_take(list, cs_strdup(text));
}

void cs_strv_copy(struct cs_strv *to, const struct cs_strv *from)
{
    for (size_t i = 0; i < from->count; i++) {
        cs_strv_add(to, from->items[i]);
    }
}

bool cs_strv_has(const struct cs_strv *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

bool cs_strv_ihas(const struct cs_strv *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (cs_ascii_iequal(list->items[i], text)) {
            return true;
        }
    }
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void cs_strv_split(struct cs_strv *list, const char *text, char separator)
{
    while (*text) {
        size_t len = 0;
        while (text[len] && text[len] != separator) {
            len++;
        }
        const char *start = text;
        const char *end = text + len;
        while (start < end && is_blank(*start)) {
            start++;
        }
        while (end > start && is_blank(end[-1])) {
            end--;
        }
        if (end > start) {
            cs_strv_take(list, cs_strndup(start, (size_t)(end - start)));
        }
        text += len + (text[len] != 0);
    }
}

char *cs_strv_join(const struct cs_strv *list, const char *separator)
{
    size_t size = 1;

    for (size_t i = 0; i < list->count; i++) {
        size += strlen(list->items[i]) + strlen(separator);
    }
    char *text = cs_alloc(size, 1);
    char *end = text;
    for (size_t i = 0; i < list->count; i++) {
        end = stpcpy(end, i ? separator : "");
        end = stpcpy(end, list->items[i]);
    }
    return text;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

char *cs_ascii_lower(const char *text)
{
    char *copy = cs_strdup(text);

    for (char *c = copy; c && *c; c++) {
        *c = lower(*c);
    }
    return copy;
}

bool cs_ascii_iequal(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

/* Unicode Technical Report 36, "Security considerations": bidirectional controls, invisible
 * characters, tags. */
static bool deceives(uint32_t code)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } ranges[] = {
        {0xad, 0xad},     {0x61c, 0x61c},   {0x200b, 0x200f},   {0x2028, 0x202e},
        {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xe0000, 0xe007f},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* Of a well-formed character of @len octets, two at least. */
static uint32_t codepoint(const unsigned char *text, size_t len)
{
    uint32_t code = text[0] & (0x7fU >> len);

    for (size_t i = 1; i < len; i++) {
        code = code << 6 | (text[i] & 0x3fU);
    }
    return code;
}

/* Octets of the well-formed UTF-8 character at @text that is no control character; 0 if there is
 * none. RFC 3629 section 4: no overlong forms, no surrogates, nothing above U+10FFFF. */
static size_t character(const unsigned char *text)
{
    unsigned char lead = text[0];
    size_t len;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;

    if (lead < 0x80) {
        return lead >= 0x20 && lead != 0x7f;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        len = 2;
        low = lead == 0xc2 ? 0xa0 : 0x80; /* U+0080 to U+009F are the C1 controls */
    } else if (lead >= 0xe0 && lead <= 0xef) {
        len = 3;
        low = lead == 0xe0 ? 0xa0 : 0x80;
        high = lead == 0xed ? 0x9f : 0xbf;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        len = 4;
        low = lead == 0xf0 ? 0x90 : 0x80;
        high = lead == 0xf4 ? 0x8f : 0xbf;
    } else {
        return 0;
    }
    if (text[1] < low || text[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if (text[i] < 0x80 || text[i] > 0xbf) {
            return 0;
        }
    }
    return len;
}

char *cs_terminal_escape(const char *text)
{
    const unsigned char *in = (const unsigned char *)text;
    char *out = cs_alloc(4 * strlen(text) + 1, 1);
    char *end = out;

    while (*in) {
        size_t len = character(in);
        uint32_t code = len > 1 ? codepoint(in, len) : 0;
        if (!len) {
            end += sprintf(end, "\\x%02x", *in++);
        } else if (deceives(code)) {
            end += sprintf(end, "\\u%04x", (unsigned)code);
        } else {
            end = mempcpy(end, in, len);
        }
        in += len;
    }
    return out;
}

bool cs_text_is_clean(const char *text)
{
    const unsigned char *in = (const unsigned char *)text;

    while (*in) {
        size_t len = character(in);
        if (!len || (len > 1 && deceives(codepoint(in, len)))) {
            return false;
        }
        in += len;
    }
    return true;
}

/* Unicode's White_Space (PropList.txt) outside ASCII, but for the two separators among what
 * deceives(). */
static bool is_wide_space(uint32_t code)
{
    return code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x202f ||
           code == 0x205f || code == 0x3000;
}

size_t cs_text_unseen(const char *text)
{
    const unsigned char *in = (const unsigned char *)text;

    if (*in == ' ' || (*in >= '\t' && *in <= '\r')) {
        return 1;
    }
    size_t len = character(in);
    uint32_t code = len > 1 ? codepoint(in, len) : 0;
    return deceives(code) || is_wide_space(code) ? len : 0;
}

#include "topology/xmltext.h"

#include "base/mem.h"
#include "base/strv.h"

#include <libxml/encoding.h>
#include <stdlib.h>
#include <string.h>

enum form { FORM_UTF8, FORM_UTF16LE, FORM_UTF16BE };

void cs_xmltext_done(struct cs_xmltext *text)
{
    cs_bytes_done(&text->owned);
    *text = (struct cs_xmltext){0};
}

char *cs_xmltext_shown(const char *text, size_t max)
{
    cs_autofree char *clean = cs_terminal_escape(text);
    size_t len = max;

    if (strnlen(clean, max + 1) <= max) {
        return cs_steal(&clean);
    }
    while (((unsigned char)clean[len] & 0xc0) == 0x80) { /* not in the middle of a character */
        len--;
    }
    clean[len] = 0;
    return cs_asprintf("%s...", clean);
}

/* By the byte order mark, whose length is told too. */
static enum form form_of(const unsigned char *data, size_t len, size_t *ret_mark)
{
    *ret_mark = 2;
    if (len >= 2 && data[0] == 0xff && data[1] == 0xfe) {
        return FORM_UTF16LE;
    }
    if (len >= 2 && data[0] == 0xfe && data[1] == 0xff) {
        return FORM_UTF16BE;
    }
    *ret_mark = len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    return FORM_UTF8;
}

bool cs_xmltext_plausible(const void *data, size_t len)
{
    const unsigned char *octets = data;
    size_t at = 0;
    enum form form = form_of(octets, len, &at);
    size_t width = form == FORM_UTF8 ? 1 : 2;

    for (; at + width <= len; at += width) {
        const unsigned char *unit = octets + at;
        unsigned value = form == FORM_UTF8      ? unit[0]
                         : form == FORM_UTF16LE ? (unsigned)(unit[0] | unit[1] << 8)
                                                : (unsigned)(unit[0] << 8 | unit[1]);
        if (value != ' ' && value != '\t' && value != '\r' && value != '\n') {
            return value == '<';
        }
    }
    return false;
}

/* UTF-16 of @len octets to UTF-8 by libxml2's own converter, which needs no file of glibc's. */
static cs_rc decode_utf16(const char *name, enum form form, const unsigned char *data, size_t len,
                          struct cs_xmltext *ret_text, struct cs_err *err)
{
    xmlCharEncodingHandlerPtr handler = xmlGetCharEncodingHandler(
        form == FORM_UTF16LE ? XML_CHAR_ENCODING_UTF16LE : XML_CHAR_ENCODING_UTF16BE);
    size_t size = len / 2 * 3 + 8; /* no unit becomes more than three octets; libxml2 wants room */

    if (size > INT32_MAX) {
        return cs_fail(err, CS_E_INPUT, "%s: %zu octets are more than is read", name, len);
    }
    cs_auto_value(cs_bytes) out = {cs_alloc(size + 1, 1), 0};
    int out_len = (int)size;
    int in_len = (int)len;
    if (len % 2 || handler->input(out.data, &out_len, data, &in_len) < 0 || (size_t)in_len != len) {
        return cs_fail_hint(err, CS_E_INPUT,
                            "export the topology again: Get-CsTopology -AsXml | Out-File FILE",
                            "%s: begins as UTF-16 but is none: %s", name,
                            len % 2 ? "it has an odd number of octets" : "a surrogate is alone");
    }
    out.data[out_len] = 0;
    ret_text->owned = (struct cs_bytes){cs_steal(&out.data), (size_t)out_len};
    ret_text->data = (const char *)ret_text->owned.data;
    ret_text->len = ret_text->owned.len;
    return CS_OK;
}

/* The value of encoding="..." in the XML declaration at @text; the caller frees. NULL: not there.
 */
static char *declared_encoding(const char *text, size_t len)
{
    const char *end = len > 5 && memcmp(text, "<?xml", 5) == 0 ? memmem(text, len, "?>", 2) : NULL;
    const char *at = end ? memmem(text, (size_t)(end - text), "encoding", 8) : NULL;

    if (!at) {
        return NULL;
    }
    at += 8;
    while (at < end && strchr(" \t\r\n=", *at)) {
        at++;
    }
    if (at == end || (*at != '"' && *at != '\'')) {
        return NULL;
    }
    const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
    return close ? cs_strndup(at + 1, (size_t)(close - at - 1)) : NULL;
}

static cs_rc check_declaration(const char *name, const struct cs_xmltext *text, struct cs_err *err)
{
    static const char *const read[] = {"utf-8",    "utf8",     "utf-16",
                                       "utf-16le", "utf-16be", "us-ascii"};
    cs_autofree char *declared = declared_encoding(text->data, text->len);

    for (size_t i = 0; declared && i < sizeof read / sizeof *read; i++) {
        if (cs_ascii_iequal(declared, read[i])) {
            return CS_OK;
        }
    }
    if (!declared) {
        return CS_OK;
    }
    cs_autofree char *shown = cs_xmltext_shown(declared, 80);
    return cs_fail_hint(err, CS_E_INPUT, "save it as UTF-8",
                        "%s:1: the encoding \"%s\" is not read, only UTF-8 and UTF-16", name,
                        shown);
}

cs_rc cs_xmltext_decode(const char *name, const void *data, size_t len, struct cs_xmltext *ret_text,
                        struct cs_err *err)
{
    cs_auto_value(cs_xmltext) text = {0};
    size_t mark = 0;

    if (!len) {
        return cs_fail_hint(err, CS_E_INPUT, "export the topology again: Get-CsTopology -AsXml",
                            "%s: the document is empty", name);
    }
    if (!cs_xmltext_plausible(data, len)) {
        return cs_fail_hint(
            err, CS_E_INPUT,
            "give what Get-CsTopology -AsXml prints, a .tbxml file of Topology "
            "Builder or an archive of Export-CsConfiguration",
            "%s:1: this is neither XML (UTF-8, or UTF-16 with a byte order mark) nor a "
            "zip archive",
            name);
    }
    enum form form = form_of(data, len, &mark);
    if (form == FORM_UTF8) {
        text.data = (const char *)data + mark;
        text.len = len - mark;
    } else {
        CS_TRY(
            decode_utf16(name, form, (const unsigned char *)data + mark, len - mark, &text, err));
    }
    CS_TRY(check_declaration(name, &text, err));
    *ret_text = text;
    text = (struct cs_xmltext){0};
    return CS_OK;
}

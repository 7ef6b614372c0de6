#include "report/html.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"

#include <stdbool.h>
#include <string.h>

/* U+061C, U+200B to U+200F, U+2028 to U+202E, U+2060 to U+2069 and U+FEFF: they turn the direction
 * of the text around them or have no width, so that a name could look like another one. Source:
 * Unicode Standard Annex #9, section 2, and Unicode Technical Standard #39, section 3. Returns the
 * octets of the character in UTF-8, 0 if @text does not begin with such a one. */
static size_t deceptive_character(const unsigned char *text, unsigned *ret_code)
{
    unsigned code;

    if (text[0] == 0xd8 && text[1] == 0x9c) {
        *ret_code = 0x061c;
        return 2;
    }
    if ((text[0] != 0xe2 && text[0] != 0xef) || !text[1] || !text[2]) {
        return 0;
    }
    code = (unsigned)(text[0] & 0x0f) << 12 | (unsigned)(text[1] & 0x3f) << 6 | (text[2] & 0x3fu);
    bool deceptive = (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                     (code >= 0x2060 && code <= 0x2069) || code == 0xfeff;
    *ret_code = code;
    return deceptive ? 3 : 0;
}

static const char *reference(char character)
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Text that cs_terminal_escape() has gone over: well-formed UTF-8 without control characters. */
static void add_clean(struct cs_buf *buf, const char *text)
{
    while (*text) {
        unsigned code = 0;
        size_t len = deceptive_character((const unsigned char *)text, &code);
        const char *ref = reference(*text);

        if (len) {
            cs_buf_printf(buf, "\\u%04x", code);
            text += len;
        } else if (ref) {
            cs_buf_puts(buf, ref);
            text++;
        } else {
            cs_buf_add(buf, text++, 1);
        }
    }
}

void cs_html_text(struct cs_buf *buf, const char *text)
{
    while (text && *text) {
        size_t len = strcspn(text, "\n\t");
        cs_autofree char *part = cs_strndup(text, len);
        cs_autofree char *clean = cs_terminal_escape(part);

        add_clean(buf, clean);
        text += len;
        if (*text) {
            cs_buf_add(buf, text++, 1);
        }
    }
}

void cs_html_element(struct cs_buf *buf, const char *tag, const char *text)
{
    if (text && *text) {
        cs_buf_printf(buf, "<%s>", tag);
        cs_html_text(buf, text);
        cs_buf_printf(buf, "</%s>\n", tag);
    }
}

void cs_html_table_open(struct cs_buf *buf, const char *class, const char *caption,
                        const char *const *columns)
{
    cs_buf_printf(buf, "<table class=\"%s\">\n", class);
    cs_html_element(buf, "caption", caption);
    if (columns) {
        cs_buf_puts(buf, "<thead><tr>");
        for (; *columns; columns++) {
            cs_buf_puts(buf, "<th scope=\"col\">");
            cs_html_text(buf, *columns);
            cs_buf_puts(buf, "</th>");
        }
        cs_buf_puts(buf, "</tr></thead>\n");
    }
    cs_buf_puts(buf, "<tbody>\n");
}

void cs_html_table_close(struct cs_buf *buf)
{
    cs_buf_puts(buf, "</tbody></table>\n");
}

static void row_open(struct cs_buf *buf, const char *heading)
{
    cs_buf_puts(buf, "<tr><th scope=\"row\">");
    cs_html_text(buf, heading);
    cs_buf_puts(buf, "</th><td>");
}

static void row_close(struct cs_buf *buf)
{
    cs_buf_puts(buf, "</td></tr>\n");
}

void cs_html_row(struct cs_buf *buf, const char *heading, const char *value)
{
    if (value && *value) {
        row_open(buf, heading);
        cs_html_text(buf, value);
        row_close(buf);
    }
}

void cs_html_row_code(struct cs_buf *buf, const char *heading, const char *value)
{
    if (value && *value) {
        row_open(buf, heading);
        cs_html_element(buf, "code", value);
        row_close(buf);
    }
}

void cs_html_row_time(struct cs_buf *buf, const char *heading, int64_t seconds)
{
    if (seconds) {
        row_open(buf, heading);
        cs_html_time(buf, seconds);
        row_close(buf);
    }
}

void cs_html_time(struct cs_buf *buf, int64_t seconds)
{
    char text[CS_TIME_TEXT_SIZE];

    cs_clock_format(seconds, text);
    cs_buf_printf(buf, "<time datetime=\"%s\">", text);
    size_t day = strcspn(text, "T");
    size_t clock = strcspn(text, "Z");
    cs_buf_add(buf, text, day);
    if (clock > day) {
        cs_buf_puts(buf, " ");
        cs_buf_add(buf, text + day + 1, clock - day - 1);
    }
    cs_buf_puts(buf, " UTC</time>");
}

void cs_html_details(struct cs_buf *buf, const char *summary, const char *text)
{
    cs_buf_puts(buf, "<details>\n");
    cs_html_element(buf, "summary", summary);
    cs_html_element(buf, "pre", text);
    cs_buf_puts(buf, "</details>\n");
}

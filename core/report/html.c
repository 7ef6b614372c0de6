#include "report/html.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/strv.h"
#include "x509/hash.h"

#include <stdbool.h>
#include <string.h>

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

/* Octets that need no second look: printable ASCII without mark-up. */
static size_t plain_run(const char *text)
{
    size_t len = 0;

    while (text[len] >= 0x20 && text[len] < 0x7f && !reference(text[len])) {
        len++;
    }
    return len;
}

/* Text that cs_terminal_escape() has gone over: well-formed UTF-8 without control characters. */
static void add_clean(struct cs_buf *buf, const char *text)
{
    while (*text) {
        size_t run = plain_run(text);
        const char *ref = run ? NULL : reference(*text);

        if (ref) {
            cs_buf_puts(buf, ref);
        } else {
            cs_buf_add(buf, text, run ? run : 1);
        }
        text += run ? run : 1;
    }
}

void cs_html_text(struct cs_buf *buf, const char *text)
{
    size_t plain = text ? plain_run(text) : 0;

    if (plain) {
        cs_buf_add(buf, text, plain);
        text += plain;
    }
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

char *cs_html_visible(const char *text)
{
    cs_autofree char *line = cs_strdup(text ? text : "");
    for (char *at = line; *at; at++) {
        *at = *at == '\n' || *at == '\t' ? ' ' : *at;
    }
    return cs_terminal_escape(line);
}

void cs_html_dotted(struct cs_buf *buf, const char *text)
{
    while (text && *text) {
        size_t len = strcspn(text, ".");
        cs_autofree char *label = cs_strndup(text, len);

        cs_html_text(buf, label);
        text += len;
        if (*text) {
            cs_buf_puts(buf, ".<wbr>");
            text++;
        }
    }
}

/* RFC 4648 section 4, of the 32 octets that a SHA-256 has. */
static void add_base64(struct cs_buf *buf, const struct cs_bytes *digest)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < digest->len; i += 3) {
        size_t left = digest->len - i;
        unsigned bits = (unsigned)digest->data[i] << 16;
        bits |= left > 1 ? (unsigned)digest->data[i + 1] << 8 : 0;
        bits |= left > 2 ? digest->data[i + 2] : 0;
        char group[] = {alphabet[bits >> 18], alphabet[bits >> 12 & 63],
                        left > 1 ? alphabet[bits >> 6 & 63] : '=',
                        left > 2 ? alphabet[bits & 63] : '='};
        cs_buf_add(buf, group, sizeof group);
    }
}

static cs_rc digest_of(const char *const *parts, struct cs_bytes *ret_digest, struct cs_err *err)
{
    cs_auto(cs_hash) hash = NULL;
    char hex[CS_HASH_TEXT_SIZE];

    CS_TRY(cs_hash_new(&hash, err));
    for (; *parts; parts++) {
        CS_TRY(cs_hash_add(hash, *parts, strlen(*parts), err));
    }
    CS_TRY(cs_hash_text(hash, hex, err));
    return cs_unhex(hex, ret_digest, err);
}

cs_rc cs_html_page_open(struct cs_buf *buf, const char *title, const char *const *css,
                        struct cs_err *err)
{
    cs_auto_value(cs_bytes) digest = {0};

    CS_TRY(digest_of(css, &digest, err));
    cs_buf_puts(buf, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                     "style-src 'sha256-");
    add_base64(buf, &digest);
    cs_buf_puts(buf, "'; base-uri 'none'; form-action 'none'\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n"
                     "<meta name=\"referrer\" content=\"no-referrer\">\n");
    cs_html_element(buf, "title", title);
    cs_buf_puts(buf, "<style>");
    for (; *css; css++) {
        cs_buf_puts(buf, *css);
    }
    cs_buf_puts(buf, "</style>\n</head>\n");
    return CS_OK;
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

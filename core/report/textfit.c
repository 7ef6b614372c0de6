#include "report/textfit.h"

#include "base/mem.h"

#include <string.h>

/* Widths in thousandths of the size: of each character the widest in DejaVu Sans and Verdana,
 * which are wider than Segoe UI, Roboto, Arial, Helvetica and the system fonts. */
#define WIDTH_OTHER    640  /* lower case, digits, most signs */
#define WIDTH_UPPER    790  /* upper case */
#define WIDTH_NO_ASCII 1100 /* an ideograph is as wide as its size */

static const struct {
    const char *characters;
    int width;
} widths[] = {
    {"il", 300},  {"jI", 430},       {"rtf", 440}, {" .,'", 370}, {":;!|-()[]/\\", 460},
    {"J", 460},   {"cksvxyz", 600},  {"w", 830},   {"m", 980},    {"M", 870},
    {"W@", 1000}, {"+<>=~^#&", 840}, {"%", 1080},
};

/* Bold faces of the two fonts are wider by no more than that, in hundredths. */
#define BOLD 120

static int character_width(const char *at)
{
    if ((*at & 0xc0) == 0x80) {
        return 0; /* counted with the first octet of its character */
    }
    if (*at & 0x80) {
        return WIDTH_NO_ASCII;
    }
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        if (strchr(widths[i].characters, *at)) {
            return widths[i].width;
        }
    }
    return *at >= 'A' && *at <= 'Z' ? WIDTH_UPPER : WIDTH_OTHER;
}

/* Of the first @len octets of @text, in thousandths of a unit. */
static long part_width(const char *text, size_t len, struct cs_textfit_face face)
{
    long sum = 0;

    for (size_t i = 0; i < len; i++) {
        sum += character_width(text + i);
    }
    return sum * face.size * (face.bold ? BOLD : 100) / 100;
}

int cs_textfit_width(const char *text, struct cs_textfit_face face)
{
    return (int)((part_width(text, strlen(text), face) + 999) / 1000);
}

static size_t character_len(const char *text)
{
    size_t len = 1;

    while ((text[len] & 0xc0) == 0x80) {
        len++;
    }
    return len;
}

/* Octets of @text that stand on its first line, the blanks at its end too. */
static size_t line_len(const char *text, int width, struct cs_textfit_face face)
{
    long used = 0;
    size_t good = 0; /* up to the last place where a line may end */
    size_t len = 0;

    while (text[len]) {
        size_t next = character_len(text + len);
        used += part_width(text + len, next, face);
        /* A blank at the end of a line may hang over: it is not drawn. */
        if (used > 1000L * width && text[len] != ' ') {
            return good ? good : len ? len : next;
        }
        len += next;
        if (strchr(" .-,+/:@_\\", text[len - 1])) {
            good = len;
        }
    }
    return len;
}

static size_t line_count(const char *text, int width, struct cs_textfit_face face)
{
    size_t count = 0;

    do {
        text += line_len(text, width, face);
        count++;
    } while (*text);
    return count;
}

/* The smallest width that needs no more lines: so that no line holds a last short word alone. */
static int balanced_width(const char *text, int width, struct cs_textfit_face face)
{
    size_t lines = line_count(text, width, face);
    int low = 0; /* too narrow */

    while (lines > 1 && width - low > 1) {
        int middle = low + (width - low) / 2;
        if (line_count(text, middle, face) > lines) {
            low = middle;
        } else {
            width = middle;
        }
    }
    return width;
}

void cs_textfit_wrap(const char *text, int width, struct cs_textfit_face face,
                     struct cs_strv *lines)
{
    width = balanced_width(text, width, face);
    do {
        size_t len = line_len(text, width, face);
        size_t drawn = len;

        while (drawn && text[drawn - 1] == ' ') {
            drawn--;
        }
        cs_strv_take(lines, cs_strndup(text, drawn));
        text += len;
    } while (*text);
}

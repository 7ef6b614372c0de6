/* How wide a text is at most: for pictures whose font is the reader's own. Text here is what
 * cs_html_visible() made. */
#ifndef CS_REPORT_TEXTFIT_H
#define CS_REPORT_TEXTFIT_H

#include "base/strv.h"

#include <stdbool.h>

/* A face of text: its size in units of the picture. */
struct cs_textfit_face {
    int size;
    bool bold;
};

/* In units of the picture, rounded up; no usual sans serif font is wider. */
int cs_textfit_width(const char *text, struct cs_textfit_face face);

/* Adds the lines of @text to @lines, none wider than @width unless a single character is. Lines
 * end after a blank, a dot, a hyphen or their like, and inside a word only where that is wider
 * than a line. Nothing is left out but the blanks at the ends of lines. At least one line, and no
 * more than needed, of like length. */
void cs_textfit_wrap(const char *text, int width, struct cs_textfit_face face,
                     struct cs_strv *lines);

#endif

/* SVG that stands in the page: frames, lines of text, groups with a name for who cannot see them.
 * All take NULL for @buf: nothing is written, so that what measures is what draws. Text from
 * outside is escaped here. */
#ifndef CS_REPORT_SVG_H
#define CS_REPORT_SVG_H

#include "base/bytes.h"
#include "base/strv.h"
#include "report/textfit.h"

struct cs_svg_box {
    int x;
    int y;
    int width;
    int height;
};

/* @label is what a screen reader says. Links and text inside stay readable. */
void cs_svg_open(struct cs_buf *buf, const char *label, int width, int height);
void cs_svg_close(struct cs_buf *buf);

void cs_svg_group_open(struct cs_buf *buf, const char *label);
void cs_svg_group_close(struct cs_buf *buf);

/* @href is one of our own: "#certificate-17". */
void cs_svg_link_open(struct cs_buf *buf, const char *href, const char *label);
void cs_svg_link_close(struct cs_buf *buf);

/* @class is the style sheet's; so everywhere below. */
void cs_svg_rect(struct cs_buf *buf, const char *class, struct cs_svg_box box, int radius);

/* A symbol of the page (<symbol id="sign-...">) in a square of @size. */
void cs_svg_sign(struct cs_buf *buf, const char *key, const char *look, int x, int y, int size);

/* One line on its baseline. */
void cs_svg_line(struct cs_buf *buf, const char *class, int x, int baseline, const char *text);

/* @text wrapped to @width; @y is the top of the first line, each is @step high. Returns the height
 * of all. */
int cs_svg_text(struct cs_buf *buf, const char *class, struct cs_svg_box box, const char *text,
                struct cs_textfit_face face, int step);

#endif

#include "report/svg.h"

#include "base/mem.h"
#include "report/html.h"

static void add_label(struct cs_buf *buf, const char *label)
{
    cs_buf_puts(buf, " aria-label=\"");
    cs_html_text(buf, label);
    cs_buf_puts(buf, "\">\n");
}

void cs_svg_open(struct cs_buf *buf, const char *label, int width, int height)
{
    if (buf) {
        cs_buf_printf(buf, "<svg class=\"panel\" viewBox=\"0 0 %d %d\" role=\"group\"", width,
                      height);
        add_label(buf, label);
    }
}

void cs_svg_close(struct cs_buf *buf)
{
    if (buf) {
        cs_buf_puts(buf, "</svg>\n");
    }
}

void cs_svg_group_open(struct cs_buf *buf, const char *label)
{
    if (buf) {
        cs_buf_puts(buf, "<g role=\"group\"");
        add_label(buf, label);
    }
}

void cs_svg_group_close(struct cs_buf *buf)
{
    if (buf) {
        cs_buf_puts(buf, "</g>\n");
    }
}

void cs_svg_link_open(struct cs_buf *buf, const char *href, const char *label)
{
    if (buf) {
        cs_buf_printf(buf, "<a href=\"%s\"", href);
        add_label(buf, label);
    }
}

void cs_svg_link_close(struct cs_buf *buf)
{
    if (buf) {
        cs_buf_puts(buf, "</a>\n");
    }
}

void cs_svg_rect(struct cs_buf *buf, const char *class, struct cs_svg_box box, int radius)
{
    if (buf) {
        cs_buf_printf(buf,
                      "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                      "rx=\"%d\"/>\n",
                      class, box.x, box.y, box.width, box.height, radius);
    }
}

void cs_svg_sign(struct cs_buf *buf, const char *key, const char *look, int x, int y, int size)
{
    if (buf) {
        cs_buf_printf(buf,
                      "<use class=\"sign %s\" href=\"#sign-%s\" x=\"%d\" y=\"%d\" width=\"%d\" "
                      "height=\"%d\"/>\n",
                      look, key, x, y, size, size);
    }
}

void cs_svg_line(struct cs_buf *buf, const char *class, int x, int baseline, const char *text)
{
    if (buf && *text) {
        cs_buf_printf(buf, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, baseline);
        cs_html_text(buf, text);
        cs_buf_puts(buf, "</text>\n");
    }
}

int cs_svg_text(struct cs_buf *buf, const char *class, struct cs_svg_box box, const char *text,
                struct cs_textfit_face face, int step)
{
    cs_autofree char *visible = cs_html_visible(text);
    cs_auto_value(cs_strv) lines = {0};

    cs_textfit_wrap(visible, box.width, face, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        /* Letters reach some three quarters of their size above the baseline. */
        int baseline = box.y + (int)i * step + (step + face.size * 3 / 4) / 2;
        cs_svg_line(buf, class, box.x, baseline, lines.items[i]);
    }
    return (int)lines.count * step;
}

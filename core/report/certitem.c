#include "report/certitem.h"

#include "base/mem.h"
#include "report/html.h"

#include <inttypes.h>

/* What a reader looks for first. */
static const char *name_of(const struct cs_report_certificate *certificate)
{
    const struct cs_cert_facts *facts = certificate->facts;

    return facts->common_name ? facts->common_name : facts->subject;
}

static char *join(const struct cs_strv *list)
{
    return cs_strv_join(list, "\n");
}

static void add_overview_row(struct cs_buf *buf, const struct cs_report_certificate *certificate,
                             size_t number)
{
    cs_autofree char *uses = join(certificate->uses);

    cs_buf_printf(buf, "<tr><th scope=\"row\"><a href=\"#certificate-%zu\">", number);
    cs_html_text(buf, name_of(certificate));
    cs_buf_puts(buf, "</a></th><td>");
    cs_html_text(buf, uses);
    cs_buf_puts(buf, "</td><td>");
    if (certificate->facts->not_after) {
        cs_html_time(buf, certificate->facts->not_after);
    }
    cs_buf_puts(buf, "</td><td><code>");
    cs_html_text(buf, certificate->facts->thumbprint);
    cs_buf_puts(buf, "</code></td></tr>\n");
}

void cs_certitem_overview(struct cs_buf *buf, const struct cs_report *report)
{
    static const char *const columns[] = {"Certificate", "Use", "Expires", "Thumbprint", NULL};

    if (report->certificate_count < 2) {
        return;
    }
    cs_buf_puts(buf, "<section aria-labelledby=\"overview\">\n"
                     "<h2 id=\"overview\">Overview</h2>\n");
    cs_html_table_open(buf, "list", "All certificates of this run.", columns);
    for (size_t i = 0; i < report->certificate_count; i++) {
        add_overview_row(buf, &report->certificates[i], i + 1);
    }
    cs_html_table_close(buf);
    cs_buf_puts(buf, "</section>\n");
}

static void add_facts(struct cs_buf *buf, const struct cs_cert_facts *facts)
{
    cs_autofree char *names = join(&facts->names);
    cs_autofree char *others = join(&facts->other_names);

    cs_html_row(buf, "Subject", facts->subject);
    cs_html_row(buf, "Alternative names", names);
    cs_html_row(buf, "Other alternative names", others);
    cs_html_row(buf, "Issuer", facts->issuer);
    cs_html_row_time(buf, "Valid from", facts->not_before);
    cs_html_row_time(buf, "Expires", facts->not_after);
    cs_html_row_code(buf, "Thumbprint (SHA-1)", facts->thumbprint);
    cs_html_row_code(buf, "SHA-256", facts->sha256);
    cs_html_row_code(buf, "Serial number", facts->serial);
}

static void add_warnings(struct cs_buf *buf, const struct cs_strv *warnings)
{
    if (!warnings->count) {
        return;
    }
    cs_buf_puts(buf, "<div class=\"box wait\">\n<h3>Warnings</h3>\n<ul>\n");
    for (size_t i = 0; i < warnings->count; i++) {
        cs_html_element(buf, "li", warnings->items[i]);
    }
    cs_buf_puts(buf, "</ul>\n</div>\n");
}

void cs_certitem_section(struct cs_buf *buf, const struct cs_report_certificate *certificate,
                         size_t number)
{
    cs_autofree char *uses = join(certificate->uses);
    cs_autofree char *request =
        certificate->request_id ? cs_asprintf("%" PRId64, certificate->request_id) : NULL;
    const char *name = name_of(certificate);

    cs_buf_printf(buf, "<section class=\"request\" id=\"certificate-%zu\">\n", number);
    cs_html_element(buf, "h2", name ? name : "An object that is no certificate");
    add_warnings(buf, certificate->warnings);
    cs_html_table_open(buf, "facts", "The certificate and what it serves.", NULL);
    cs_html_row(buf, "Use", *uses ? uses : "none");
    add_facts(buf, certificate->facts);
    cs_html_row_code(buf, "Serial number reversed", certificate->serial_reversed);
    cs_html_row(buf, "Friendly name", certificate->label);
    cs_html_row(buf, "Private key", certificate->key);
    cs_html_row(buf, "Request", request);
    cs_html_row_code(buf, "Token", certificate->token);
    cs_html_row_code(buf, "URI", certificate->uri);
    cs_html_table_close(buf);
    cs_buf_puts(buf, "</section>\n");
}

#include "report/report.h"

#include "base/mem.h"
#include "report/certitem.h"
#include "report/html.h"
#include "report/item.h"
#include "report/style.h"

#include <inttypes.h>

/* A page that a browser still opens: some 8,000 requests of the usual kind. */
#define REPORT_MAX ((size_t)256 << 20)

/* The run's own code; where the caller gave only the error, that error's. */
static cs_rc exit_code(const struct cs_report *report)
{
    if (report->exit_code == CS_OK && report->error) {
        return report->error->code;
    }
    return report->exit_code;
}

static cs_rc add_head(struct cs_buf *buf, const struct cs_report *report, struct cs_err *err)
{
    static const char *const css[] = {cs_style_css, NULL};
    cs_autofree char *title = cs_asprintf("cscert %s on %s", report->verb, report->host);

    return cs_html_page_open(buf, title, css, err);
}

/* "cscert new: 2 requests" and how it ended. */
static void add_banner(struct cs_buf *buf, const struct cs_report *report)
{
    cs_rc code = exit_code(report);
    const char *look = code == CS_OK ? "good" : code == CS_E_PENDING ? "wait" : "bad";

    cs_buf_puts(buf, "<header>\n<h1>cscert ");
    cs_html_text(buf, report->verb);
    size_t count = report->of_certificates ? report->certificate_count : report->count;
    cs_buf_printf(buf, ": %zu %s%s</h1>\n", count,
                  report->of_certificates ? "certificate" : "request", count == 1 ? "" : "s");
    cs_buf_puts(buf, "<p class=\"dim\">");
    cs_html_text(buf, report->user);
    cs_buf_puts(buf, " on ");
    cs_html_text(buf, report->host);
    cs_buf_puts(buf, ", ");
    cs_html_time(buf, report->started);
    cs_buf_puts(buf, "</p>\n");
    if (report->what_if) {
        cs_buf_puts(buf,
                    "<div class=\"box\"><p>-WhatIf: nothing was changed. This is what would be "
                    "done, or what it would be done to.</p></div>\n");
    }
    cs_buf_printf(buf, "<div class=\"box %s\"><p>Exit code %d %s: ", look, (int)code,
                  cs_rc_name(code));
    cs_html_text(buf, cs_rc_explain(code));
    cs_buf_puts(buf, "</p></div>\n</header>\n");
}

static void add_overview_row(struct cs_buf *buf, const struct cs_report *report, size_t i)
{
    const struct cs_report_item *item = &report->items[i];
    const struct cs_request *request = item->request;
    const struct cs_err *error = item->error;

    cs_buf_printf(buf, "<tr><th scope=\"row\"><a href=\"#request-%zu\">", i + 1);
    if (request->id) {
        cs_buf_printf(buf, "Request %" PRId64, request->id);
    } else {
        cs_buf_printf(buf, "Plan %zu", i + 1);
    }
    cs_buf_puts(buf, "</a></th><td>");
    cs_item_badge(buf, item);
    cs_buf_puts(buf, "</td><td>");
    cs_html_text(buf, request->plan ? request->plan->subject.common_name : NULL);
    cs_buf_puts(buf, "</td><td>");
    cs_html_text(buf, request->ca_request_id);
    cs_buf_puts(buf, "</td><td>");
    if (error && error->code != CS_OK) {
        cs_html_text(buf, error->message);
    }
    cs_buf_puts(buf, "</td></tr>\n");
}

static void add_overview(struct cs_buf *buf, const struct cs_report *report)
{
    static const char *const columns[] = {"Request",          "Status", "Common name",
                                          "Number at the CA", "Error",  NULL};

    if (report->count < 2) {
        return;
    }
    cs_buf_puts(buf, "<section aria-labelledby=\"overview\">\n"
                     "<h2 id=\"overview\">Overview</h2>\n");
    cs_html_table_open(buf, "list overview", "All requests of this run.", columns);
    for (size_t i = 0; i < report->count; i++) {
        add_overview_row(buf, report, i);
    }
    cs_html_table_close(buf);
    cs_buf_puts(buf, "</section>\n");
}

static void add_token(struct cs_buf *buf, const struct cs_token_info *token)
{
    cs_buf_puts(buf, "<section aria-labelledby=\"token\">\n<h2 id=\"token\">Token</h2>\n");
    cs_html_table_open(buf, "facts", "The token that was opened.", NULL);
    cs_html_row(buf, "Label", token->label);
    cs_html_row(buf, "Manufacturer", token->manufacturer);
    cs_html_row(buf, "Model", token->model);
    cs_html_row(buf, "Serial number", token->serial);
    cs_html_row_code(buf, "URI", token->uri);
    cs_html_row_code(buf, "Module", token->module_path);
    cs_html_row(buf, "Profile", token->profile);
    cs_html_table_close(buf);
    cs_buf_puts(buf, "</section>\n");
}

static void add_main(struct cs_buf *buf, const struct cs_report *report)
{
    cs_buf_puts(buf, "<main id=\"main\">\n");
    cs_item_error(buf, report->error, 2);
    add_overview(buf, report);
    for (size_t i = 0; i < report->count; i++) {
        cs_item_section(buf, &report->items[i], i + 1);
    }
    cs_certitem_overview(buf, report);
    for (size_t i = 0; i < report->certificate_count; i++) {
        cs_certitem_section(buf, &report->certificates[i], i + 1);
    }
    if (report->of_certificates && report->certificate_count == 0) {
        cs_html_element(buf, "p", "No certificate was concerned.");
    } else if (!report->of_certificates && report->count == 0) {
        cs_html_element(buf, "p", "No request was concerned.");
    }
    if (report->token) {
        add_token(buf, report->token);
    }
    cs_buf_puts(buf, "</main>\n");
}

static void add_footer(struct cs_buf *buf, const struct cs_report *report)
{
    cs_buf_puts(buf, "<footer>\n<p>Written by cscert ");
    cs_html_text(buf, report->version);
    cs_buf_puts(buf, ". Begun ");
    cs_html_time(buf, report->started);
    cs_buf_puts(buf, ", ended ");
    cs_html_time(buf, report->ended);
    cs_buf_puts(buf, ".</p>\n</footer>\n");
}

cs_rc cs_report_html(const struct cs_report *report, struct cs_bytes *ret_html, struct cs_err *err)
{
    cs_auto_value(cs_buf) buf = CS_BUF(REPORT_MAX);

    CS_TRY(add_head(&buf, report, err));
    cs_buf_puts(&buf, "<body>\n<a class=\"skip\" href=\"#main\">To the content</a>\n");
    add_banner(&buf, report);
    add_main(&buf, report);
    add_footer(&buf, report);
    cs_buf_puts(&buf, "</body>\n</html>\n");
    if (buf.overflow) {
        return cs_fail_hint(
            err, CS_E_OUTPUT, "write the report of single requests, with --request-id",
            "the report of %zu requests is larger than %zu octets", report->count, buf.max);
    }
    return cs_buf_take(&buf, "the report", ret_html, err);
}

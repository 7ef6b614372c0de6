#include "base/mem.h"
#include "report/deploymap.h"
#include "report/deployment.h"
#include "report/deploystate.h"
#include "report/deploytable.h"
#include "report/html.h"
#include "report/style.h"

#include <string.h>

/* A page that a browser still opens: 2,000 computers with some 20 names each need 10 MiB. */
#define PAGE_MAX ((size_t)64 << 20)

/* What the page counts. */
struct sums {
    size_t computers;
    size_t names;
    size_t states[CS_DEPLOYSTATE_COUNT];
};

static struct sums sums_of(const struct cs_deployment_report *report)
{
    struct sums sums = {0};

    for (size_t i = 0; i < report->topology->pool_count; i++) {
        sums.computers += report->topology->pools[i].computer_count;
    }
    for (size_t i = 0; i < report->count; i++) {
        sums.names += report->rows[i].plan->name_count;
        sums.states[cs_deploystate_of(&report->rows[i], report->now)]++;
    }
    sums.states[CS_DEPLOY_UNPLANNED] = report->failure_count;
    return sums;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* Those of the run and those of the topology's reader, each once. */
static void collect_warnings(const struct cs_deployment_report *report, struct cs_strv *warnings)
{
    const struct cs_strv *lists[] = {report->warnings, &report->topology->warnings};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (size_t j = 0; lists[i] && j < lists[i]->count; j++) {
            if (!cs_strv_has(warnings, lists[i]->items[j])) {
                cs_strv_add(warnings, lists[i]->items[j]);
            }
        }
    }
}

/* ---- head ---- */

/* Every sign once; the page draws them with <use>. */
static void add_signs(struct cs_buf *buf)
{
    cs_buf_puts(buf, "<svg class=\"signs\" width=\"0\" height=\"0\" aria-hidden=\"true\">\n");
    for (int i = 0; i < CS_DEPLOYSTATE_COUNT; i++) {
        const struct cs_deploystate_info *info = cs_deploystate_info((enum cs_deploystate)i);
        cs_buf_printf(buf, "<symbol id=\"sign-%s\" viewBox=\"0 0 16 16\">%s</symbol>\n", info->key,
                      info->sign);
    }
    cs_buf_puts(buf, "<symbol id=\"sign-key\" viewBox=\"0 0 16 16\">"
                     "<circle cx=\"4.8\" cy=\"11.2\" r=\"3.2\"/>"
                     "<path d=\"M7.1 8.9L14 2M10.8 5.2l2.4 2.4\"/></symbol>\n</svg>\n");
}

static void add_header(struct cs_buf *buf, const struct cs_deployment_report *report,
                       const struct cs_strv *warnings)
{
    cs_buf_puts(buf, "<header>\n<h1>Certificates of the deployment</h1>\n<p class=\"dim\">");
    cs_html_text(buf, report->user);
    cs_buf_puts(buf, " on ");
    cs_html_text(buf, report->host);
    cs_buf_puts(buf, ", ");
    cs_html_time(buf, report->now);
    cs_buf_puts(buf, "</p>\n<nav aria-label=\"On this page\"><ul>\n"
                     "<li><a href=\"#summary\">Summary</a></li>\n"
                     "<li><a href=\"#picture\">Picture</a></li>\n"
                     "<li><a href=\"#certificates\">Certificates</a></li>\n");
    if (report->failure_count) {
        cs_buf_puts(buf, "<li><a href=\"#failures\">What cannot be planned</a></li>\n");
    }
    if (warnings->count) {
        cs_buf_puts(buf, "<li><a href=\"#warnings\">Warnings</a></li>\n");
    }
    cs_buf_puts(buf, "<li><a href=\"#source\">Where this comes from</a></li>\n"
                     "</ul></nav>\n</header>\n");
}

static void section_open(struct cs_buf *buf, const char *id, const char *heading)
{
    cs_buf_printf(buf, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id,
                  heading);
}

static void section_close(struct cs_buf *buf)
{
    cs_buf_puts(buf, "</section>\n");
}

/* ---- summary ---- */

static void add_count(struct cs_buf *buf, const char *id, const char *word, size_t count)
{
    cs_buf_printf(buf, "<div><dt>%s</dt><dd id=\"count-%s\">%zu</dd></div>\n", word, id, count);
}

/* How many there are and what is to be done about them. */
static void add_state(struct cs_buf *buf, enum cs_deploystate state, size_t count)
{
    const struct cs_deploystate_info *info = cs_deploystate_info(state);

    cs_buf_printf(buf,
                  "<div class=\"%s\"><dt><svg class=\"sign\" viewBox=\"0 0 16 16\" "
                  "aria-hidden=\"true\"><use href=\"#sign-%s\"/></svg>%s</dt>"
                  "<dd id=\"count-state-%s\">%zu</dd>",
                  count ? info->look : "zero", info->key, info->word, info->key, count);
    if (count) {
        cs_buf_printf(buf, "<dd class=\"todo\">%s</dd>", info->todo ? info->todo : "in place");
    }
    cs_buf_puts(buf, "</div>\n");
}

static void add_summary(struct cs_buf *buf, const struct cs_deployment_report *report,
                        const struct cs_strv *warnings)
{
    const struct cs_topology *topology = report->topology;
    const struct sums sums = sums_of(report);

    section_open(buf, "summary", "Summary");
    cs_buf_puts(buf, "<dl class=\"counts\">\n");
    add_count(buf, "sites", "Sites", topology->site_count);
    add_count(buf, "pools", "Pools", topology->pool_count);
    add_count(buf, "computers", "Computers", sums.computers);
    add_count(buf, "certificates", "Certificates", report->count);
    add_count(buf, "names", "Names in them", sums.names);
    add_count(buf, "warnings", "Warnings", warnings->count);
    cs_buf_puts(buf, "</dl>\n<h3>Certificates by state</h3>\n<dl class=\"states\">\n");
    for (int i = 0; i < CS_DEPLOYSTATE_COUNT; i++) {
        add_state(buf, (enum cs_deploystate)i, sums.states[i]);
    }
    cs_buf_puts(buf, "</dl>\n");
    section_close(buf);
}

/* ---- picture ---- */

static void add_meanings(struct cs_buf *buf, const struct cs_deployment_report *report)
{
    const struct sums sums = sums_of(report);

    cs_buf_puts(buf, "<ul class=\"legend\" aria-label=\"What the signs mean\">\n");
    for (int i = 0; i < CS_DEPLOYSTATE_COUNT; i++) {
        const struct cs_deploystate_info *info = cs_deploystate_info((enum cs_deploystate)i);
        if (sums.states[i]) {
            cs_buf_printf(buf,
                          "<li class=\"%s\"><svg class=\"sign\" viewBox=\"0 0 16 16\" "
                          "aria-hidden=\"true\"><use href=\"#sign-%s\"/></svg><b>%s</b>: %s</li>\n",
                          info->look, info->key, info->word, info->meaning);
        }
    }
    cs_buf_puts(buf, "</ul>\n");
}

static cs_type_set used_types(const struct cs_deployment_report *report)
{
    cs_type_set used = 0;

    for (size_t i = 0; i < report->count; i++) {
        used |= report->rows[i].plan->types;
    }
    for (size_t i = 0; i < report->failure_count; i++) {
        used |= report->failures[i].types;
    }
    return used;
}

/* The short words that are not the types' own names. */
static void add_words(struct cs_buf *buf, const struct cs_deployment_report *report)
{
    cs_type_set used = used_types(report);

    cs_buf_puts(buf, "<ul class=\"legend words\" aria-label=\"Short words for types\">\n");
    for (int i = 0; i < CS_TYPE_COUNT; i++) {
        const char *word = cs_deploystate_type((enum cs_cert_type)i);
        const char *name = cs_cert_type_info((enum cs_cert_type)i)->name;
        if (used & 1u << i && strcmp(word, name) != 0) {
            cs_buf_printf(buf, "<li><b>%s</b>: %s</li>\n", word, name);
        }
    }
    cs_buf_puts(buf, "</ul>\n");
}

static void add_picture(struct cs_buf *buf, const struct cs_deployment_report *report,
                        const struct cs_deployplace *place)
{
    section_open(buf, "picture", "Picture");
    if (report->topology->pool_count == 0) {
        cs_buf_puts(buf, "<p>The topology has no pools: there is nothing to draw.</p>\n");
        section_close(buf);
        return;
    }
    cs_buf_puts(buf, "<p class=\"dim\">Each certificate stands at what it serves and leads to its "
                     "row of the table, which says all that the picture says. "
                     "<a href=\"#certificates\">To the table</a></p>\n");
    if (used_types(report)) {
        add_words(buf, report);
    }
    cs_buf_puts(buf, "<figure aria-labelledby=\"picture\">\n");
    cs_deploymap_draw(buf, report, place);
    cs_buf_puts(buf, "</figure>\n");
    if (used_types(report)) {
        add_meanings(buf, report);
    }
    section_close(buf);
}

/* ---- tables ---- */

static void add_tables(struct cs_buf *buf, const struct cs_deployment_report *report)
{
    section_open(buf, "certificates", "Certificates");
    if (report->count) {
        cs_deploytable_certificates(buf, report);
    } else {
        cs_buf_puts(buf, "<p>No certificate is planned.</p>\n");
    }
    section_close(buf);
    if (report->failure_count) {
        section_open(buf, "failures", "What cannot be planned");
        cs_deploytable_failures(buf, report);
        section_close(buf);
    }
}

static void add_warnings(struct cs_buf *buf, const struct cs_strv *warnings)
{
    if (warnings->count == 0) {
        return;
    }
    section_open(buf, "warnings", "Warnings");
    cs_buf_puts(buf, "<div class=\"box wait\"><ul>\n");
    for (size_t i = 0; i < warnings->count; i++) {
        cs_html_element(buf, "li", warnings->items[i]);
    }
    cs_buf_puts(buf, "</ul></div>\n");
    section_close(buf);
}

/* ---- where it comes from ---- */

/* Each document with its digest, where there are as many of the ones as of the others. */
static void add_documents(struct cs_buf *buf, const struct cs_deployment_report *report)
{
    cs_auto_value(cs_strv) names = {0};
    cs_auto_value(cs_strv) digests = {0};

    cs_strv_split(&names, report->documents ? report->documents : "", '\n');
    cs_strv_split(&digests, report->topology_sha256 ? report->topology_sha256 : "", ',');
    for (size_t i = 0; i < names.count; i++) {
        cs_buf_puts(buf, "<tr><th scope=\"row\">Document</th><td>");
        cs_html_text(buf, names.items[i]);
        if (digests.count == names.count) {
            cs_buf_puts(buf, "<span class=\"under\">SHA-256 ");
            cs_html_element(buf, "code", digests.items[i]);
            cs_buf_puts(buf, "</span>");
        }
        cs_buf_puts(buf, "</td></tr>\n");
    }
    if (digests.count != names.count) {
        cs_html_row_code(buf, "SHA-256", report->topology_sha256);
    }
}

static void add_domains(struct cs_buf *buf, const struct cs_topology *topology)
{
    if (topology->domain_count == 0) {
        return;
    }
    cs_buf_puts(buf, "<tr><th scope=\"row\">SIP domains</th><td>");
    for (size_t i = 0; i < topology->domain_count; i++) {
        cs_buf_puts(buf, i ? ", " : "");
        cs_html_dotted(buf, topology->domains[i].name.name);
        cs_buf_puts(buf, topology->domains[i].is_default ? " (default)" : "");
    }
    cs_buf_puts(buf, "</td></tr>\n");
}

static void add_source(struct cs_buf *buf, const struct cs_deployment_report *report)
{
    section_open(buf, "source", "Where this comes from");
    cs_html_table_open(buf, "facts", "The topology that the names come from.", NULL);
    add_documents(buf, report);
    cs_html_row_time(buf, "Imported", report->imported);
    cs_html_row(buf, "Form", report->topology->form);
    cs_html_row_code(buf, "Signature", report->topology->signature);
    add_domains(buf, report->topology);
    cs_html_table_close(buf);
    section_close(buf);
}

static void add_footer(struct cs_buf *buf, const struct cs_deployment_report *report)
{
    cs_buf_puts(buf, "<footer>\n<p>Written by cscert ");
    cs_html_text(buf, report->version);
    cs_buf_puts(buf, ", ");
    cs_html_time(buf, report->now);
    cs_buf_puts(buf, ". Days are counted from then.</p>\n</footer>\n");
}

cs_rc cs_deployment_html(const struct cs_deployment_report *report, struct cs_bytes *ret_html,
                         struct cs_err *err)
{
    static const char *const css[] = {cs_style_css, cs_style_deployment_css, cs_style_picture_css,
                                      NULL};
    cs_auto_value(cs_buf) buf = CS_BUF(PAGE_MAX);
    cs_auto_value(cs_deployplace) place = {0};
    cs_auto_value(cs_strv) warnings = {0};
    cs_autofree char *title =
        cs_asprintf("cscert plan: %zu certificate%s", report->count, plural(report->count));

    cs_deployplace_make(report, &place);
    collect_warnings(report, &warnings);
    CS_TRY(cs_html_page_open(&buf, title, css, err));
    cs_buf_puts(&buf, "<body>\n<a class=\"skip\" href=\"#main\">To the content</a>\n");
    add_signs(&buf);
    add_header(&buf, report, &warnings);
    cs_buf_puts(&buf, "<main id=\"main\">\n");
    add_summary(&buf, report, &warnings);
    add_picture(&buf, report, &place);
    add_tables(&buf, report);
    add_warnings(&buf, &warnings);
    add_source(&buf, report);
    cs_buf_puts(&buf, "</main>\n");
    add_footer(&buf, report);
    cs_buf_puts(&buf, "</body>\n</html>\n");
    if (buf.overflow) {
        return cs_fail_hint(err, CS_E_OUTPUT,
                            "plan a part of the deployment with -ComputerFqdn and -Type, or read "
                            "the plan with --json",
                            "the page of %zu certificates is larger than %zu octets", report->count,
                            buf.max);
    }
    return cs_buf_take(&buf, "the page", ret_html, err);
}

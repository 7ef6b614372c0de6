#include "report/deploytable.h"

#include "base/clock.h"
#include "base/mem.h"
#include "report/deploystate.h"
#include "report/html.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

static void add_sign(struct cs_buf *buf, const struct cs_deploystate_info *info)
{
    cs_buf_printf(buf,
                  "<svg class=\"sign\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">"
                  "<use href=\"#sign-%s\"/></svg>",
                  info->key);
}

void cs_deploytable_badge(struct cs_buf *buf, const struct cs_deployment_row *row, int64_t now)
{
    const struct cs_deploystate_info *info = cs_deploystate_info(cs_deploystate_of(row, now));

    cs_buf_printf(buf, "<span class=\"badge %s\">", info->look);
    add_sign(buf, info);
    cs_html_text(buf, info->word);
    cs_buf_puts(buf, "</span>");
}

/* ---- a certificate's own row ---- */

/* Whose it is: the computer, or the pool if its members share it; under it pool and role. */
static void add_place(struct cs_buf *buf, cs_type_set types, const char *pool, const char *computer,
                      const char *role)
{
    if (computer) {
        cs_html_dotted(buf, computer);
    } else if (types == 1u << CS_TYPE_OAUTH_TOKEN_ISSUER) {
        cs_buf_puts(buf, "The whole deployment");
    } else {
        cs_buf_puts(buf, "All of ");
        cs_html_dotted(buf, pool ? pool : "the deployment");
    }
    cs_buf_puts(buf, "<span class=\"under\">");
    if (pool && (computer || types == 1u << CS_TYPE_OAUTH_TOKEN_ISSUER)) {
        cs_html_dotted(buf, pool);
        cs_buf_puts(buf, role ? ", " : "");
    }
    cs_html_text(buf, role);
    cs_buf_puts(buf, "</span>");
}

/* "AccessEdgeExternal" with a place to break the line before each word. */
static void add_type(struct cs_buf *buf, const char *name)
{
    for (const char *at = name; *at; at++) {
        if (at > name && isupper((unsigned char)*at) && islower((unsigned char)at[-1])) {
            cs_buf_puts(buf, "<wbr>");
        }
        cs_buf_add(buf, at, 1);
    }
}

static void add_types(struct cs_buf *buf, cs_type_set set)
{
    bool more = false;

    for (int i = 0; i < CS_TYPE_COUNT; i++) {
        if (set & 1u << i) {
            cs_buf_puts(buf, more ? ",<br>" : "");
            add_type(buf, cs_cert_type_info((enum cs_cert_type)i)->name);
            more = true;
        }
    }
}

static void add_date(struct cs_buf *buf, int64_t seconds)
{
    char text[CS_TIME_TEXT_SIZE];

    cs_clock_format(seconds, text);
    cs_buf_printf(buf, "<time datetime=\"%s\">%.*s</time>", text, (int)strcspn(text, "T"), text);
}

/* State, request, days and date. */
static void add_progress(struct cs_buf *buf, const struct cs_deployment_row *row, int64_t now)
{
    cs_autofree char *days = cs_deploystate_days(row, now);

    cs_buf_puts(buf, "<td>");
    cs_deploytable_badge(buf, row, now);
    if (row->request_id) {
        cs_buf_printf(buf, "<span class=\"under\">request %" PRId64 ", %s</span>", row->request_id,
                      cs_state_status(row->state));
    }
    cs_buf_puts(buf, "</td><td>");
    if (row->not_after) {
        cs_html_text(buf, days);
        cs_buf_puts(buf, "<span class=\"under\">");
        add_date(buf, row->not_after);
        cs_buf_puts(buf, "</span>");
    } else {
        cs_buf_puts(buf, "<span class=\"dim\">no certificate</span>");
    }
    cs_buf_puts(buf, "</td>");
}

static void add_row(struct cs_buf *buf, const struct cs_deployment_report *report, size_t i)
{
    const struct cs_deployment_row *row = &report->rows[i];
    const struct cs_plan *plan = row->plan;
    const char *role = plan->role == CS_ROLE_NONE ? NULL : cs_role_name(plan->role);

    cs_buf_puts(buf, "<tr><th scope=\"rowgroup\">");
    add_place(buf, plan->types, plan->pool, plan->computer, role);
    cs_buf_puts(buf, "</th><td>");
    add_types(buf, plan->types);
    cs_buf_puts(buf, "</td><td>");
    cs_html_dotted(buf, plan->subject.common_name);
    cs_buf_printf(buf, "<span class=\"under\">%zu name%s</span></td>", plan->name_count,
                  plan->name_count == 1 ? "" : "s");
    add_progress(buf, row, report->now);
    cs_buf_puts(buf, "</tr>\n");
}

/* ---- what stands under it ---- */

static void add_name(struct cs_buf *buf, const struct cs_name *name)
{
    cs_buf_puts(buf, "<tr><th scope=\"row\">");
    cs_html_dotted(buf, name->name);
    cs_buf_puts(buf, "</th><td>");
    cs_html_text(buf, name->rule);
    cs_buf_puts(buf, "</td><td>");
    cs_html_text(buf, name->source);
    cs_buf_puts(buf, "</td></tr>\n");
}

static void add_names(struct cs_buf *buf, const struct cs_plan *plan)
{
    static const char *const columns[] = {"Name", "Rule", "Where it comes from", NULL};

    cs_buf_printf(buf, "<details><summary>%zu name%s, and why each is there</summary>\n",
                  plan->name_count, plan->name_count == 1 ? "" : "s");
    cs_html_table_open(buf, "names", "The common name of the subject stands first.", columns);
    for (size_t i = 0; i < plan->name_count; i++) {
        add_name(buf, &plan->names[i]);
    }
    cs_html_table_close(buf);
    cs_buf_puts(buf, "</details>\n");
}

/* "Missing names:" and the names. */
static void add_list(struct cs_buf *buf, const char *class, const char *lead,
                     const struct cs_strv *list)
{
    if (!list || list->count == 0) {
        return;
    }
    cs_buf_printf(buf, "<p class=\"%s\"><strong>%s</strong> ", class, lead);
    for (size_t i = 0; i < list->count; i++) {
        cs_buf_puts(buf, i ? ", " : "");
        cs_html_dotted(buf, list->items[i]);
    }
    cs_buf_puts(buf, "</p>\n");
}

static void add_warnings(struct cs_buf *buf, const struct cs_strv *warnings)
{
    for (size_t i = 0; i < warnings->count; i++) {
        cs_buf_puts(buf, "<p><strong>Warning:</strong> ");
        cs_html_text(buf, warnings->items[i]);
        cs_buf_puts(buf, "</p>\n");
    }
}

static void add_more(struct cs_buf *buf, const struct cs_deployment_row *row)
{
    const struct cs_plan *plan = row->plan;

    cs_buf_puts(buf, "<tr class=\"under-row\"><td colspan=\"5\">");
    cs_html_element(buf, "p", plan->choice);
    add_list(buf, "missing", "Missing names:", row->missing);
    add_warnings(buf, &plan->warnings);
    add_names(buf, plan);
    cs_buf_puts(buf, "</td></tr>\n");
}

static void add_data(struct cs_buf *buf, const char *name, const char *value)
{
    cs_buf_printf(buf, " data-%s=\"", name);
    cs_html_text(buf, value);
    cs_buf_puts(buf, "\"");
}

/* The facts once more for programs. */
static void add_certificate(struct cs_buf *buf, const struct cs_deployment_report *report, size_t i)
{
    const struct cs_deployment_row *row = &report->rows[i];
    cs_autofree char *types = cs_cert_types_text(row->plan->types);

    cs_buf_printf(buf, "<tbody id=\"certificate-%zu\" class=\"certificate\"", i + 1);
    add_data(buf, "pool", row->plan->pool);
    add_data(buf, "computer", row->plan->computer);
    add_data(buf, "types", types);
    add_data(buf, "state", cs_deploystate_info(cs_deploystate_of(row, report->now))->key);
    cs_buf_printf(buf, " data-request=\"%" PRId64 "\" data-names=\"%zu\" data-missing=\"%zu\">\n",
                  row->request_id, row->plan->name_count, row->missing ? row->missing->count : 0);
    add_row(buf, report, i);
    add_more(buf, row);
    cs_buf_puts(buf, "</tbody>\n");
}

void cs_deploytable_certificates(struct cs_buf *buf, const struct cs_deployment_report *report)
{
    cs_buf_puts(buf, "<table class=\"list certificates\">\n"
                     "<caption>Every certificate in the order of the topology.</caption>\n"
                     "<thead><tr><th scope=\"col\">Computer, pool and role</th>"
                     "<th scope=\"col\">Types</th><th scope=\"col\">Subject and names</th>"
                     "<th scope=\"col\">State and request</th><th scope=\"col\">Days left</th></tr>"
                     "</thead>\n");
    for (size_t i = 0; i < report->count; i++) {
        add_certificate(buf, report, i);
    }
    cs_buf_puts(buf, "</table>\n");
}

/* ---- failures ---- */

void cs_deploytable_failures(struct cs_buf *buf, const struct cs_deployment_report *report)
{
    static const char *const columns[] = {"Computer or pool", "Types", "Why", "What to do", NULL};

    cs_html_table_open(buf, "list failures", "Certificates that cannot be planned.", columns);
    for (size_t i = 0; i < report->failure_count; i++) {
        const struct cs_plan_failure *failure = &report->failures[i];

        cs_buf_printf(buf, "<tr id=\"failure-%zu\"><th scope=\"row\">", i + 1);
        add_place(buf, failure->types, failure->pool, failure->computer, NULL);
        cs_buf_puts(buf, "</th><td>");
        add_types(buf, failure->types);
        cs_buf_printf(buf, "</td><td><strong>%s</strong> ", cs_rc_name(failure->error.code));
        cs_html_text(buf, failure->error.message);
        cs_buf_puts(buf, "</td><td>");
        cs_html_text(buf, failure->error.hint);
        cs_buf_puts(buf, "</td></tr>\n");
    }
    cs_html_table_close(buf);
}

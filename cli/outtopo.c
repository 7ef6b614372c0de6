#include "cli/outtopo.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/outline.h"

#include <string.h>

size_t cs_outtopo_level_count(const struct cs_finding_list *findings, enum cs_finding_level level)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++) {
        count += findings->items[i].level == level;
    }
    return count;
}

size_t cs_outtopo_computer_count(const struct cs_topology *topology)
{
    size_t count = 0;

    for (size_t i = 0; i < topology->pool_count; i++) {
        count += topology->pools[i].computer_count;
    }
    return count;
}

const char *cs_outtopo_change_name(enum cs_change change)
{
    static const char *const names[] = {
        [CS_CHANGE_NEW] = "new", [CS_CHANGE_GONE] = "gone", [CS_CHANGE_NAMES] = "names"};

    return names[change];
}

/* "1 pool", "2 pools" */
static void add_count(struct cs_buf *buf, size_t count, const char *what)
{
    cs_buf_printf(buf, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

/* ---- where it comes from ---- */

static void add_lines(struct cs_buf *buf, const char *name, const char *text, char separator)
{
    cs_auto_value(cs_strv) lines = {0};

    cs_strv_split(&lines, text ? text : "", separator);
    cs_outline_list(buf, name, &lines);
}

static void add_source(struct cs_buf *buf, const struct cs_toposource *source)
{
    char when[CS_TIME_TEXT_SIZE];

    cs_outline_add(buf, "Imported",
                   source->imported ? cs_clock_format(source->imported, when)
                                    : "no: documents of this run");
    add_lines(buf, "Documents", source->documents, '\n');
    add_lines(buf, "SHA-256", source->sha256, ',');
    cs_outline_add_if(buf, "Signature", source->topology->signature);
    cs_outline_add_if(buf, "Form", source->topology->form);
}

/* ---- import ---- */

static void add_sizes(struct cs_buf *buf, const struct cs_topology *topology)
{
    struct cs_buf line = CS_BUF(4096);

    add_count(&line, topology->site_count, "site");
    cs_buf_puts(&line, ", ");
    add_count(&line, topology->pool_count, "pool");
    cs_buf_puts(&line, ", ");
    add_count(&line, cs_outtopo_computer_count(topology), "computer");
    cs_buf_puts(&line, ", ");
    add_count(&line, topology->domain_count, "SIP domain");
    cs_buf_puts(&line, ", ");
    if (topology->has_simple_urls) {
        add_count(&line, topology->url_count, "simple URL");
    } else {
        cs_buf_puts(&line, "NO SIMPLE URLS");
    }
    cs_autofree char *text = cs_outline_take(&line);
    cs_outline_add(buf, "Holds", text);
}

static void add_findings(struct cs_buf *buf, const struct cs_finding_list *findings)
{
    struct cs_buf line = CS_BUF(4096);

    add_count(&line, cs_outtopo_level_count(findings, CS_FINDING_ERROR), "error");
    cs_buf_puts(&line, ", ");
    add_count(&line, cs_outtopo_level_count(findings, CS_FINDING_WARNING), "warning");
    cs_buf_puts(&line, ", ");
    add_count(&line, cs_outtopo_level_count(findings, CS_FINDING_NOTE), "note");
    cs_buf_puts(&line, findings->count ? "; see `cscert topology check`" : "");
    cs_autofree char *text = cs_outline_take(&line);
    cs_outline_add(buf, "Check", text);
}

static size_t count_changes(const struct cs_plan_change_list *changes, enum cs_change change)
{
    size_t count = 0;

    for (size_t i = 0; i < changes->count; i++) {
        count += changes->items[i].change == change;
    }
    return count;
}

/* The pools whose certificates change, each once. */
static char *changed_pools(const struct cs_plan_change_list *changes)
{
    cs_auto_value(cs_strv) pools = {0};

    for (size_t i = 0; i < changes->count; i++) {
        const char *pool = changes->items[i].pool;
        const char *last = pools.count ? pools.items[pools.count - 1] : "";
        /* They stand together, but for the one of the deployment. */
        if (pool && strcmp(pool, last) != 0 && !cs_strv_has(&pools, pool)) {
            cs_strv_add(&pools, pool);
        }
    }
    return cs_strv_join(&pools, ", ");
}

static void add_difference(struct cs_buf *buf, const struct cs_outtopo_import *import)
{
    const struct cs_plan_change_list *diff = import->diff;
    struct cs_buf line = CS_BUF(CS_OUTLINE_MAX);
    char when[CS_TIME_TEXT_SIZE];

    if (!diff) {
        return;
    }
    cs_clock_format(import->before, when);
    if (!diff->count) {
        cs_buf_printf(&line, "no certificate changes against the import of %s", when);
    } else {
        cs_autofree char *pools = changed_pools(diff);
        add_count(&line, count_changes(diff, CS_CHANGE_NAMES), "certificate");
        cs_buf_printf(&line, " with other names, %zu new, %zu gone against the import of %s",
                      count_changes(diff, CS_CHANGE_NEW), count_changes(diff, CS_CHANGE_GONE),
                      when);
        cs_buf_printf(&line, " (%s); see `cscert topology show --diff`", pools);
    }
    cs_autofree char *text = cs_outline_take(&line);
    cs_outline_add(buf, "Changes", text);
}

char *cs_outtopo_import_text(const struct cs_outtopo_import *import)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    if (!import->stored) {
        cs_buf_puts(&buf, "This is the topology that is stored already: nothing was changed.\n");
    }
    add_source(&buf, import->source);
    add_sizes(&buf, import->source->topology);
    add_findings(&buf, import->findings);
    add_difference(&buf, import);
    return cs_outline_take(&buf);
}

/* ---- show ---- */

static void add_domains(struct cs_buf *buf, const struct cs_topology *topology)
{
    for (size_t i = 0; i < topology->domain_count; i++) {
        const struct cs_topo_domain *domain = &topology->domains[i];
        cs_autofree char *text =
            cs_asprintf("%s%s%s", domain->name.name ? domain->name.name : "-",
                        domain->is_default ? " (default)" : "",
                        domain->allow_sub_domains ? " (with its sub-domains)" : "");
        cs_outline_add(buf, i ? "" : "SIP domains", text);
    }
}

static char *hosts_text(const struct cs_topo_url *url)
{
    cs_auto_value(cs_strv) hosts = {0};

    for (size_t i = 0; i < url->host_count; i++) {
        cs_strv_add(&hosts, url->hosts[i].name ? url->hosts[i].name : "-");
    }
    return cs_strv_join(&hosts, ", ");
}

static void add_urls(struct cs_buf *buf, const struct cs_topology *topology)
{
    if (!topology->has_simple_urls) {
        cs_outline_add(buf, "Simple URLs",
                       "none are known: import the SimpleUrlConfiguration too, or certificates "
                       "for web services lack names");
        return;
    }
    for (size_t i = 0; i < topology->url_count; i++) {
        const struct cs_topo_url *url = &topology->urls[i];
        cs_autofree char *hosts = hosts_text(url);
        cs_autofree char *text =
            cs_asprintf("%-7s %s: %s%s%s", url->component_name, url->domain ? url->domain : "*",
                        hosts, url->site ? ", only for site " : "", url->site ? url->site : "");
        cs_outline_add(buf, i ? "" : "Simple URLs", text);
    }
}

/* "    Web, external     webext.litwareinc.com" */
static void add_pool_line(struct cs_buf *buf, const char *name, const char *value)
{
    if (value && *value) {
        cs_autofree char *shown = cs_terminal_escape(value);
        cs_buf_puts(buf, "    ");
        cs_outline_pad(buf, name, 18);
        cs_buf_printf(buf, "%s\n", shown);
    }
}

static void add_pool(struct cs_buf *buf, const struct cs_topo_pool *pool)
{
    cs_autofree char *fqdn = cs_terminal_escape(pool->fqdn.name ? pool->fqdn.name : "-");
    enum cs_role role = cs_topo_pool_role(pool);

    cs_buf_printf(buf, "  %s (%s)\n", fqdn,
                  role == CS_ROLE_NONE ? "needs no certificate" : cs_role_name(role));
    for (size_t i = 0; i < pool->computer_count; i++) {
        add_pool_line(buf, i ? "" : "Computers", pool->computers[i].name);
    }
    add_pool_line(buf, "Web, internal", pool->web_internal.name);
    add_pool_line(buf, "Web, external", pool->web_external.name);
    add_pool_line(buf, "Access Edge", pool->access_edge.name);
    add_pool_line(buf, "Web conferencing", pool->data_edge.name);
    add_pool_line(buf, "A/V Edge", pool->av_edge.name);
    add_pool_line(buf, "XMPP", pool->xmpp.name ? "federation is on" : NULL);
}

static bool is_of_site(const struct cs_topology *topology, const struct cs_topo_pool *pool,
                       const struct cs_topo_site *site)
{
    return cs_topology_site(topology, pool->site) == site;
}

/* The pools of @site; NULL: those without one. */
static void add_site(struct cs_buf *buf, const struct cs_topology *topology,
                     const struct cs_topo_site *site)
{
    bool headed = false;

    if (site) {
        cs_autofree char *name = cs_terminal_escape(site->name ? site->name : site->id);
        cs_buf_printf(buf, "\n%s %s\n", site->is_branch ? "Branch site" : "Site", name);
        headed = true;
    }
    for (size_t i = 0; i < topology->pool_count; i++) {
        if (is_of_site(topology, &topology->pools[i], site)) {
            cs_buf_puts(buf, headed ? "" : "\nWithout a site\n");
            headed = true;
            add_pool(buf, &topology->pools[i]);
        }
    }
}

char *cs_outtopo_show_text(const struct cs_toposource *source)
{
    const struct cs_topology *topology = source->topology;
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    add_source(&buf, source);
    add_domains(&buf, topology);
    add_urls(&buf, topology);
    for (size_t i = 0; i < topology->site_count; i++) {
        add_site(&buf, topology, &topology->sites[i]);
    }
    add_site(&buf, topology, NULL);
    return cs_outline_take(&buf);
}

/* ---- show --diff ---- */

static void add_change_line(struct cs_buf *buf, const char *sign, const struct cs_strv *names)
{
    for (size_t i = 0; i < names->count; i++) {
        cs_autofree char *name = cs_terminal_escape(names->items[i]);
        cs_buf_printf(buf, "    %s %s\n", sign, name);
    }
}

static void add_change(struct cs_buf *buf, const struct cs_plan_change *change)
{
    static const char *const heads[] = {
        [CS_CHANGE_NEW] = "New: ", [CS_CHANGE_GONE] = "Gone: ", [CS_CHANGE_NAMES] = ""};
    const char *whose = change->computer ? change->computer : change->pool ? change->pool : "-";
    cs_autofree char *shown = cs_terminal_escape(whose);
    cs_autofree char *types = cs_outline_types(change->types);
    cs_autofree char *name = cs_terminal_escape(change->common_name ? change->common_name : "-");

    cs_buf_printf(buf, "  %s%s: %s (CN=%s)\n", heads[change->change], shown, types, name);
    add_change_line(buf, "+", &change->gained);
    add_change_line(buf, "-", &change->lost);
}

char *cs_outtopo_diff_text(const struct cs_toposource *before, const struct cs_toposource *after,
                           const struct cs_plan_change_list *changes)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);
    char from[CS_TIME_TEXT_SIZE];
    char to[CS_TIME_TEXT_SIZE];

    if (!before) {
        cs_buf_puts(&buf, "There is no earlier import to compare with.\n");
        return cs_outline_take(&buf);
    }
    cs_buf_printf(&buf, "Import of %s against that of %s: ", cs_clock_format(after->imported, to),
                  cs_clock_format(before->imported, from));
    if (!changes->count) {
        cs_buf_puts(&buf, "no certificate changes.\n");
        return cs_outline_take(&buf);
    }
    add_count(&buf, changes->count, "certificate");
    cs_buf_puts(&buf, changes->count == 1 ? " changes.\n" : " change.\n");
    for (size_t i = 0; i < changes->count; i++) {
        add_change(&buf, &changes->items[i]);
    }
    return cs_outline_take(&buf);
}

/* ---- check ---- */

char *cs_outtopo_check_text(const struct cs_finding_list *findings)
{
    struct cs_buf buf = CS_BUF(CS_OUTLINE_MAX);

    for (size_t i = 0; i < findings->count; i++) {
        const struct cs_finding *finding = &findings->items[i];
        cs_autofree char *what = cs_terminal_escape(finding->what);
        cs_autofree char *source = cs_terminal_escape(finding->source ? finding->source : "");
        cs_autofree char *remedy = cs_terminal_escape(finding->remedy ? finding->remedy : "");
        cs_buf_printf(&buf, "%s: %s\n", cs_finding_level_name(finding->level), what);
        if (*source) {
            cs_buf_printf(&buf, "  at: %s\n", source);
        }
        if (*remedy) {
            cs_buf_printf(&buf, "  do: %s\n", remedy);
        }
    }
    if (!findings->count) {
        cs_buf_puts(&buf, "Nothing looks wrong.\n");
    }
    return cs_outline_take(&buf);
}

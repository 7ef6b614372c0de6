#include "base/mem.h"
#include "cli/outtopo.h"
#include "support/check_run.h"

#include <jansson.h>
#include <stdlib.h>

/* 2026-11-22T12:00:00Z, and an hour before it. */
#define NOW    INT64_C(1795348800)
#define BEFORE (NOW - 3600)

static struct cs_toposource source;
static struct cs_finding_list findings;
static struct cs_plan_change_list changes;

static void add_pools(struct cs_topology *topology)
{
    struct cs_topo_pool *pool = cs_topology_add_pool(topology);

    cs_topo_name_set(&pool->fqdn, "pool1.litwareinc.net", "t.xml:4 Cluster@Fqdn");
    pool->site = cs_strdup("1");
    pool->services = CS_SERVICE_REGISTRAR | CS_SERVICE_USER_SERVICES | CS_SERVICE_WEB_SERVICES;
    cs_topo_pool_add_computer(pool, "fe1.litwareinc.net", "t.xml:5 Machine@Fqdn");
    cs_topo_pool_add_computer(pool, "fe2.litwareinc.net", "t.xml:6 Machine@Fqdn");
    cs_topo_name_set(&pool->web_external, "webext.litwareinc.com", "t.xml:9");
    pool = cs_topology_add_pool(topology);
    cs_topo_name_set(&pool->fqdn, "sql1.litwareinc.net", "t.xml:7 Cluster@Fqdn");
    cs_topo_pool_add_computer(pool, "sql1.litwareinc.net", "t.xml:8 Machine@Fqdn");
}

static void add_rest(struct cs_topology *topology)
{
    struct cs_topo_domain *domain = cs_topology_add_domain(topology);
    struct cs_topo_site *site = cs_topology_add_site(topology);
    struct cs_topo_url *url = cs_topology_add_url(topology);

    cs_topo_name_set(&domain->name, "litwareinc.com", "t.xml:2");
    domain->is_default = true;
    site->id = cs_strdup("1");
    site->name = cs_strdup("Redmond\033[2J");
    url->component = CS_URL_MEET;
    url->component_name = cs_strdup("Meet");
    url->domain = cs_strdup("litwareinc.com");
    cs_topo_url_add_host(url, "meet.litwareinc.com", "u.xml:3");
    topology->has_simple_urls = true;
}

static struct cs_finding finding_rows[] = {
    {CS_FINDING_ERROR, (char[]){"No default SIP domain"}, (char[]){""}, (char[]){"Set one"}},
    {CS_FINDING_WARNING, (char[]){"No dial-in URL"}, (char[]){"u.xml:1"}, (char[]){"Add one"}},
    {CS_FINDING_WARNING, (char[]){"Two hosts"}, (char[]){"u.xml:2"}, (char[]){""}},
};

static struct cs_plan_change change_rows[] = {
    {
        .change = CS_CHANGE_NAMES,
        .types = 1U << CS_TYPE_DEFAULT,
        .pool = (char[]){"pool1.litwareinc.net"},
        .computer = (char[]){"fe1.litwareinc.net"},
        .common_name = (char[]){"pool1.litwareinc.net"},
    },
    {
        .change = CS_CHANGE_GONE,
        .types = 1U << CS_TYPE_INTERNAL,
        .pool = (char[]){"edge.litwareinc.net"},
        .common_name = (char[]){"edge.litwareinc.net"},
    },
};

static void setup(void)
{
    source = (struct cs_toposource){
        .topology = cs_topology_new(),
        .sha256 = cs_strdup("aa,bb"),
        .documents = cs_strdup("t.xml\nu.xml"),
        .imported = NOW,
    };
    source.topology->form = cs_strdup("published");
    source.topology->signature = cs_strdup("0f1e");
    add_pools(source.topology);
    add_rest(source.topology);
    findings = (struct cs_finding_list){finding_rows, ROWS(finding_rows)};
    cs_strv_add(&change_rows[0].gained, "sip.contoso.com");
    cs_strv_add(&change_rows[0].lost, "sip.old.test");
    changes = (struct cs_plan_change_list){change_rows, ROWS(change_rows)};
}

static void teardown(void)
{
    cs_topology_free(source.topology);
    free(source.sha256);
    free(source.documents);
    cs_strv_done(&change_rows[0].gained);
    cs_strv_done(&change_rows[0].lost);
}

static struct cs_outtopo_import import_of(bool stored)
{
    return (struct cs_outtopo_import){
        .source = &source,
        .stored = stored,
        .findings = &findings,
        .diff = stored ? &changes : NULL,
        .before = BEFORE,
    };
}

START_TEST(test_import_text)
{
    const struct cs_outtopo_import import = import_of(true);
    cs_autofree char *text = cs_outtopo_import_text(&import);

    ck_assert_str_eq(text,
                     "Imported      : 2026-11-22T12:00:00Z\n"
                     "Documents     : t.xml\n"
                     "                u.xml\n"
                     "SHA-256       : aa\n"
                     "                bb\n"
                     "Signature     : 0f1e\n"
                     "Form          : published\n"
                     "Holds         : 1 site, 2 pools, 3 computers, 1 SIP domain, 1 simple URL\n"
                     "Check         : 1 error, 2 warnings, 0 notes; see `cscert topology check`\n"
                     "Changes       : 1 certificate with other names, 0 new, 1 gone against the "
                     "import of 2026-11-22T11:00:00Z (pool1.litwareinc.net, edge.litwareinc.net); "
                     "see `cscert topology show --diff`\n");
}
END_TEST

START_TEST(test_import_same)
{
    const struct cs_outtopo_import import = import_of(false);
    cs_autofree char *text = cs_outtopo_import_text(&import);

    assert_contains(text, "This is the topology that is stored already: nothing was changed.\n");
    ck_assert_ptr_null(strstr(text, "Changes"));
    source.topology->has_simple_urls = false;
    cs_autofree char *warned = cs_outtopo_import_text(&import);
    assert_contains(warned, "NO SIMPLE URLS");
}
END_TEST

START_TEST(test_show_text)
{
    cs_autofree char *text = cs_outtopo_show_text(&source);

    assert_contains(text, "SIP domains   : litwareinc.com (default)\n"
                          "Simple URLs   : Meet    litwareinc.com: meet.litwareinc.com\n"
                          "\n"
                          "Site Redmond\\x1b[2J\n"
                          "  pool1.litwareinc.net (Front End)\n"
                          "    Computers         fe1.litwareinc.net\n"
                          "                      fe2.litwareinc.net\n"
                          "    Web, external     webext.litwareinc.com\n"
                          "\n"
                          "Without a site\n"
                          "  sql1.litwareinc.net (needs no certificate)\n"
                          "    Computers         sql1.litwareinc.net\n");
}
END_TEST

START_TEST(test_show_no_urls)
{
    source.topology->has_simple_urls = false;
    source.imported = 0;
    cs_autofree char *text = cs_outtopo_show_text(&source);
    assert_contains(text, "Simple URLs   : none are known: import");
    assert_contains(text, "Imported      : no: documents of this run\n");
}
END_TEST

START_TEST(test_diff_text)
{
    const struct cs_toposource before = {.imported = BEFORE};
    const struct cs_plan_change_list none = {0};
    cs_autofree char *text = cs_outtopo_diff_text(&before, &source, &changes);
    cs_autofree char *same = cs_outtopo_diff_text(&before, &source, &none);
    cs_autofree char *first = cs_outtopo_diff_text(NULL, &source, &none);

    ck_assert_str_eq(text, "Import of 2026-11-22T12:00:00Z against that of 2026-11-22T11:00:00Z: "
                           "2 certificates change.\n"
                           "  fe1.litwareinc.net: Default (CN=pool1.litwareinc.net)\n"
                           "    + sip.contoso.com\n"
                           "    - sip.old.test\n"
                           "  Gone: edge.litwareinc.net: Internal (CN=edge.litwareinc.net)\n");
    assert_contains(same, "no certificate changes.\n");
    ck_assert_str_eq(first, "There is no earlier import to compare with.\n");
}
END_TEST

START_TEST(test_check_text)
{
    const struct cs_finding_list none = {0};
    cs_autofree char *text = cs_outtopo_check_text(&findings);
    cs_autofree char *fine = cs_outtopo_check_text(&none);

    ck_assert_str_eq(text, "error: No default SIP domain\n"
                           "  do: Set one\n"
                           "warning: No dial-in URL\n"
                           "  at: u.xml:1\n"
                           "  do: Add one\n"
                           "warning: Two hosts\n"
                           "  at: u.xml:2\n");
    ck_assert_str_eq(fine, "Nothing looks wrong.\n");
}
END_TEST

/* ---- JSON ---- */

/* What stands at @path, keys and numbers with "/" between them, in @text; the caller frees. */
static char *at(const char *text, const char *path)
{
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    const json_t *value = root;
    cs_auto_value(cs_strv) keys = {0};

    ck_assert_msg(root != NULL, "%s in %s", error.text, text);
    cs_strv_split(&keys, path, '/');
    for (size_t i = 0; i < keys.count; i++) {
        value = json_is_array(value) ? json_array_get(value, strtoul(keys.items[i], NULL, 10))
                                     : json_object_get(value, keys.items[i]);
    }
    char *found = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    json_decref(root);
    return found ? found : cs_strdup("nothing");
}

static char *import_json(void)
{
    const struct cs_outtopo_import import = import_of(true);

    return cs_outtopo_import_json(&import);
}

static char *import_same_json(void)
{
    const struct cs_outtopo_import import = import_of(false);

    return cs_outtopo_import_json(&import);
}

static char *show_json(void)
{
    return cs_outtopo_show_json(&source);
}

static char *diff_json(void)
{
    return cs_outtopo_diff_json(&changes);
}

static char *check_json(void)
{
    return cs_outtopo_check_json(&findings);
}

static const struct {
    char *(*make)(void);
    const char *path;
    const char *value;
} json_rows[] = {
    {import_json, "0/Import/Stored", "true"},
    {import_json, "0/Import/Sha256", "[\"aa\",\"bb\"]"},
    {import_json, "0/Import/Documents", "[\"t.xml\",\"u.xml\"]"},
    {import_json, "0/Import/Computers", "3"},
    {import_json, "0/Import/Findings/Warnings", "2"},
    {import_json, "0/Import/Changes/0/Gained", "[\"sip.contoso.com\"]"},
    {import_json, "0/Import/Changes/1/Change", "\"gone\""},
    {import_same_json, "0/Import/Stored", "false"},
    {import_same_json, "0/Import/Changes", "null"},
    {show_json, "0/Topology/Imported", "\"2026-11-22T12:00:00Z\""},
    {show_json, "0/Topology/Form", "\"published\""},
    {show_json, "0/Topology/SipDomains/0/Default", "true"},
    {show_json, "0/Topology/Sites/0/Name", "\"Redmond\\u001B[2J\""},
    {show_json, "0/Topology/Pools/0/Role", "\"Front End\""},
    {show_json, "0/Topology/Pools/0/Computers/1/Source", "\"t.xml:6 Machine@Fqdn\""},
    {show_json, "0/Topology/Pools/0/WebExternal/Name", "\"webext.litwareinc.com\""},
    {show_json, "0/Topology/Pools/0/WebInternal", "null"},
    {show_json, "0/Topology/Pools/1/Role", "null"},
    {show_json, "0/Topology/SimpleUrls/0/Hosts/0/Name", "\"meet.litwareinc.com\""},
    {diff_json, "0/Change/Computer", "\"fe1.litwareinc.net\""},
    {diff_json, "0/Change/Type", "[\"Default\"]"},
    {diff_json, "1/Change/Computer", "null"},
    {check_json, "0/Finding/Level", "\"error\""},
    {check_json, "0/Finding/Source", "null"},
    {check_json, "1/Finding/Remedy", "\"Add one\""},
    {check_json, "3", "nothing"},
};

START_TEST(test_json)
{
    cs_autofree char *text = json_rows[_i].make();
    cs_autofree char *found = at(text, json_rows[_i].path);

    ck_assert_str_eq(found, json_rows[_i].value);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outtopo");
    TCase *tcase = tcase_create("output");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_import_text);
    tcase_add_test(tcase, test_import_same);
    tcase_add_test(tcase, test_show_text);
    tcase_add_test(tcase, test_show_no_urls);
    tcase_add_test(tcase, test_diff_text);
    tcase_add_test(tcase, test_check_text);
    add_rows(tcase, test_json, json_rows);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

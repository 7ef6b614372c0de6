#include "unit/document_bed.h"

static const char *const example[] = {"example-simpleurls.xml", NULL};

START_TEST(test_example)
{
    static const struct {
        enum cs_url_component component;
        const char *name;
        const char *domain;
        const char *host;
        const char *source;
    } expected[] = {
        {CS_URL_DIALIN, "Dialin", "*", "dialin.litwareinc.com", "2"},
        {CS_URL_CSCP, "Cscp", "*", "admin.litwareinc.com", "5"},
        {CS_URL_MEET, "Meet", "litwareinc.com", "meet.litwareinc.com", "8"},
        {CS_URL_MEET, "Meet", "fabrikam.com", "meet.fabrikam.com", "11"},
        {CS_URL_MEET, "Meet", "contoso.com", "meet.contoso.com", "14"},
    };
    cs_auto(cs_topology) topology = bed_topology_of(example);

    ck_assert_ptr_null(topology->form);
    ck_assert(topology->has_simple_urls && !topology->use_backend_database);
    ck_assert_uint_eq(topology->warnings.count, 0);
    ck_assert_uint_eq(topology->url_count, ROWS(expected));
    for (size_t i = 0; i < ROWS(expected); i++) {
        const struct cs_topo_url *url = &topology->urls[i];
        cs_autofree char *source =
            cs_asprintf("example-simpleurls.xml:%s SimpleUrl@ActiveUrl", expected[i].source);
        ck_assert_int_eq((int)url->component, (int)expected[i].component);
        ck_assert_str_eq(url->component_name, expected[i].name);
        ck_assert_str_eq(url->domain, expected[i].domain);
        ck_assert_ptr_null(url->site);
        ck_assert_uint_eq(url->host_count, 1);
        ck_assert_str_eq(url->hosts[0].name, expected[i].host);
        ck_assert_str_eq(url->hosts[0].source, source);
        ck_assert(!url->odd);
    }
}
END_TEST

static const struct {
    const char *name;
    enum cs_url_component component;
} components[] = {
    {"Meet", CS_URL_MEET},     {"meet", CS_URL_MEET},     {"MEET", CS_URL_MEET},
    {"Dialin", CS_URL_DIALIN}, {"dialin", CS_URL_DIALIN}, {"Cscp", CS_URL_CSCP},
    {"cscp", CS_URL_CSCP},     {"Admin", CS_URL_CSCP},    {"Meeting", CS_URL_OTHER},
    {"x", CS_URL_OTHER},
};

START_TEST(test_component)
{
    cs_autofree char *text = cs_asprintf(URLS(URL("%s", "*", "https://a.b")), components[_i].name);
    cs_auto(cs_topology) topology = bed_topology(text);

    ck_assert_int_eq((int)topology->urls[0].component, (int)components[_i].component);
    ck_assert_str_eq(topology->urls[0].component_name, components[_i].name);
}
END_TEST

/* ---- the host of a URL (RFC 3986 section 3) ---- */

static const struct {
    const char *url;
    const char *host;
    bool odd;
} urls[] = {
    {"https://meet.litwareinc.com", "meet.litwareinc.com", false},
    {"https://Meet.LitwareInc.com/", "meet.litwareinc.com", false},
    {"HTTPS://meet.litwareinc.com", "meet.litwareinc.com", false},
    {"https://lync.contoso.com/contosoSIPdomain/Meet", "lync.contoso.com", false},
    {"https://a.b?x=https://c.d/", "a.b", false},
    {"https://a.b#c.d", "a.b", false},
    {"https://a_b.c", "a_b.c", false}, /* no name of the DNS: for `topology check` to say */
    {"https://short", "short", false},
    {"http://a.b", "a.b", true},
    {"ftp://a.b/", "a.b", true},
    {"https://a.b:443", "a.b", true},
    {"https://a.b:8443/Meet", "a.b", true},
    {"https://user@a.b/", "a.b", true},
    {"https://[::1]/", "[::1]", false},
};

START_TEST(test_url)
{
    cs_autofree char *active = cs_asprintf(URLS(URL("Meet", "*", "%s")), urls[_i].url);
    cs_autofree char *entry = cs_asprintf(
        URLS("<SimpleUrl Component=\"Meet\" Domain=\"*\"><SimpleUrlEntry Url=\"%s\"/></SimpleUrl>"),
        urls[_i].url);
    const char *const texts[] = {active, entry};
    static const char *const sources[] = {"doc.xml:1 SimpleUrl@ActiveUrl",
                                          "doc.xml:1 SimpleUrlEntry@Url"};

    for (unsigned i = 0; i < 2; i++) {
        cs_auto(cs_topology) topology = bed_topology(texts[i]);
        const struct cs_topo_url *url = &topology->urls[0];
        ck_assert_uint_eq(url->host_count, 1);
        ck_assert_str_eq(url->hosts[0].name, urls[_i].host);
        ck_assert_str_eq(url->hosts[0].source, sources[i]);
        ck_assert_int_eq(url->odd, urls[_i].odd);
    }
}
END_TEST

static const char *const no_urls[] = {
    "meet.litwareinc.com",
    "/Meet",
    "//meet.litwareinc.com/",
    "https:",
    "https:///path",
    "https://",
    "https:meet.litwareinc.com",
    "mailto:a@b.c",
    "https://a b.c",
    "https://a%0ab.c/",
    "https://a%00b.c/",
    "https://m\xc3\xbcnchen.de",
    "://a.b",
    "C:\\x",
    " https://a.b",
    "https://%ff.b",
    "x",
};

START_TEST(test_no_url)
{
    cs_autofree char *text = cs_asprintf(URLS("\n" URL("Meet", "*", "%s")), no_urls[_i]);

    bed_refused("u.xml", text,
                (const char *[]){"u.xml:2: <SimpleUrl>: ActiveUrl", no_urls[_i], NULL});
}
END_TEST

/* The active one first, then the entries; each host once; a host's oddity is the URL's. */
START_TEST(test_entries)
{
    cs_auto(cs_topology) topology = bed_topology(URLS(
        "<SimpleUrl ActiveUrl=\"https://b.example/x\" Domain=\"A.example\" Component=\"Meet\">"
        "<SimpleUrlEntry Url=\"https://a.example\"/><SimpleUrlEntry Url=\"https://B.example\"/>\n"
        "<SimpleUrlEntry Url=\"https://c.example/y\"/><SimpleUrlEntry Url=\"\"/><SimpleUrlEntry/>"
        "<Other Url=\"https://d.example\"/></SimpleUrl><SimpleUrl Component=\"Dialin\" "
        "Domain=\"*\"/>"));
    const struct cs_topo_url *url = &topology->urls[0];

    ck_assert_str_eq(url->domain, "a.example");
    ck_assert_uint_eq(url->host_count, 3);
    ck_assert_str_eq(url->hosts[0].name, "b.example");
    ck_assert_str_eq(url->hosts[0].source, "doc.xml:1 SimpleUrl@ActiveUrl");
    ck_assert_str_eq(url->hosts[1].name, "a.example");
    ck_assert_str_eq(url->hosts[2].name, "c.example");
    ck_assert_str_eq(url->hosts[2].source, "doc.xml:2 SimpleUrlEntry@Url");
    ck_assert(!url->odd);
    ck_assert_uint_eq(topology->urls[1].host_count, 0);
    ck_assert_uint_eq(topology->warnings.count, 1);
    assert_contains(topology->warnings.items[0], "doc.xml:2 SimpleUrl: the simple URL Dialin");
}
END_TEST

START_TEST(test_backend)
{
    cs_auto(cs_topology) topology =
        bed_topology("<SimpleUrlConfiguration xmlns=\"" NS_U "\" UseBackendDatabase=\"True\"/>");

    ck_assert(topology->has_simple_urls && topology->use_backend_database);
    ck_assert_uint_eq(topology->url_count, 0);
}
END_TEST

/* ---- for which site ---- */

#define ANCHORED(inner)      "<AnchoredXml xmlns=\"" NS_SC "\">" inner "</AnchoredXml>"
#define KEY(scope, inner)    "<Key ScopeClass=\"" scope "\">" inner "</Key>"
#define AUTHORITY(class, id) "<AuthorityId Class=\"" class "\" InstanceId=\"" id "\"/>"
#define VALUE(inner)                                                                               \
    "<Dictionary Count=\"1\"><Item><Key/><Value Signature=\"s\">" inner                            \
    "</Value></Item></Dictionary>"
#define CONFIGURED URLS(URL("Meet", "*", "https://a.b"))

static const struct {
    const char *text;
    const char *site;
    size_t warnings;
} scopes[] = {
    {CONFIGURED, NULL, 0},
    {ANCHORED(KEY("Global", AUTHORITY("Host", "00000000-0000-0000-0000-000000000000"))
                  VALUE(CONFIGURED)),
     NULL, 0},
    {ANCHORED(KEY("Site", AUTHORITY("Site", "2")) VALUE(CONFIGURED)), "2", 0},
    {ANCHORED(KEY("site", AUTHORITY("Site", "Site:Dublin")) VALUE(CONFIGURED)), "Dublin", 0},
    {ANCHORED(KEY("Site", AUTHORITY("Host", "site:2")) VALUE(CONFIGURED)), "2", 0},
    {ANCHORED(KEY("", AUTHORITY("Site", "2")) VALUE(CONFIGURED)), "2", 0},
    {ANCHORED(VALUE(CONFIGURED) KEY("Site", AUTHORITY("Site", "2"))), "2", 0},
    {ANCHORED(VALUE(CONFIGURED)), NULL, 0},
    {ANCHORED(KEY("Tag", AUTHORITY("Host", "x")) VALUE(CONFIGURED)), NULL, 1},
    {ANCHORED("<Key xmlns=\"urn:x\" ScopeClass=\"Site\"/>" VALUE(CONFIGURED)), NULL, 0},
    {"<r>" ANCHORED(KEY("Site", AUTHORITY("Site", "2")) VALUE("<x/>")) CONFIGURED "</r>", NULL, 0},
    {"<r>" ANCHORED(KEY("Site", "") VALUE("<x/>")) CONFIGURED "</r>", NULL, 0},
};

START_TEST(test_scope)
{
    cs_auto(cs_topology) topology = bed_topology(scopes[_i].text);

    ck_assert(topology->has_simple_urls);
    ck_assert_uint_eq(topology->url_count, 1);
    bed_same_text("site", topology->urls[0].site, scopes[_i].site);
    ck_assert_uint_eq(topology->warnings.count, scopes[_i].warnings);
}
END_TEST

/* Several documents, one after the other. */
START_TEST(test_several)
{
    cs_auto(cs_topology) topology = bed_topology(CONFIGURED);
    struct cs_err err = {0};

    assert_ok(bed_read("site.xml",
                       ANCHORED(KEY("Site", AUTHORITY("Site", "2"))
                                    VALUE(URLS(URL("Meet", "*", "https://c.d")))),
                       topology, &err),
              &err);
    assert_ok(bed_read("topology.xml", MINIMAL, topology, &err), &err);
    ck_assert_uint_eq(topology->warnings.count, 0);
    ck_assert_uint_eq(topology->url_count, 2);
    ck_assert_ptr_null(topology->urls[0].site);
    ck_assert_str_eq(topology->urls[1].site, "2");
    ck_assert_str_eq(topology->urls[1].hosts[0].source, "site.xml:1 SimpleUrl@ActiveUrl");
    ck_assert_str_eq(topology->form, "published");

    assert_ok(bed_read("again.xml", URLS(URL("Meet", "*", "https://e.f")), topology, &err), &err);
    ck_assert_uint_eq(topology->url_count, 3);
    ck_assert_uint_eq(topology->warnings.count, 1);
    assert_contains(topology->warnings.items[0], "again.xml:1 SimpleUrlConfiguration");
}
END_TEST

#define X4(text)  text text text text
#define X16(text) X4(X4(text))
#define X64(text) X4(X16(text))

static const struct {
    const char *text;
    const char *words[5];
} refused[] = {
    {URLS("\n<SimpleUrl Domain=\"*\" ActiveUrl=\"https://a.b\"/>"),
     {"u.xml:2", "<SimpleUrl>", "Component"}},
    {URLS("<SimpleUrl Component=\"Meet\" ActiveUrl=\"https://a.b\"/>"), {"<SimpleUrl>", "Domain"}},
    {URLS(URL("Meet", "", "https://a.b")), {"<SimpleUrl>", "Domain"}},
    {URLS(URL("Meet", "a&#9;b", "https://a.b")), {"<SimpleUrl>", "Domain", "a\\x09b"}},
    {URLS("<SimpleUrl Component=\"Meet\" Domain=\"*\">\n<SimpleUrlEntry Url=\"x\"/></SimpleUrl>"),
     {"u.xml:2", "<SimpleUrlEntry>", "Url \"x\""}},
    {URLS(URL("Meet", "*", "https://" X64("abcd") ".com")), {"ActiveUrl", "https://abcdabcd"}},
    {"<SimpleUrlConfiguration xmlns=\"" NS_U "\" UseBackendDatabase=\"maybe\"/>",
     {"<SimpleUrlConfiguration>", "UseBackendDatabase", "maybe"}},
    {ANCHORED("\n" KEY("Site", "") VALUE(CONFIGURED)), {"u.xml:2", "<Key>", "AuthorityId"}},
    {ANCHORED(KEY("Site", AUTHORITY("Site", "")) VALUE(CONFIGURED)), {"<Key>", "AuthorityId"}},
    {ANCHORED(KEY("Site", AUTHORITY("Site", "Site:")) VALUE(CONFIGURED)), {"<Key>", "AuthorityId"}},
    {ANCHORED(KEY("Site", AUTHORITY("Site", "2")) VALUE("")), {"u.xml", "neither"}},
};

START_TEST(test_refused)
{
    bed_refused("u.xml", refused[_i].text, refused[_i].words);
}
END_TEST

/* A URL may be longer than a name, but not endless. */
START_TEST(test_long_url)
{
    char path[4097 - sizeof "https://a.b/" + 1];

    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = 0;
    cs_autofree char *good = cs_asprintf(URLS(URL("Meet", "*", "https://a.b/%s")), path);
    cs_autofree char *bad = cs_asprintf(URLS(URL("Meet", "*", "https://a.b/%sx")), path);
    cs_auto(cs_topology) topology = bed_topology(good);
    ck_assert_uint_eq(topology->urls[0].host_count, 1);
    bed_refused("u.xml", bad, (const char *[]){"ActiveUrl", "4097 octets", "4096", NULL});
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("simpleurl");
    TCase *tcase = tcase_create("simpleurl");

    cs_document_init();
    tcase_add_test(tcase, test_example);
    add_rows(tcase, test_component, components);
    add_rows(tcase, test_url, urls);
    add_rows(tcase, test_no_url, no_urls);
    tcase_add_test(tcase, test_entries);
    tcase_add_test(tcase, test_backend);
    add_rows(tcase, test_scope, scopes);
    tcase_add_test(tcase, test_several);
    add_rows(tcase, test_refused, refused);
    tcase_add_test(tcase, test_long_url);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "base/strv.h"
#include "unit/document_bed.h"

#include <ctype.h>
#include <iconv.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

/* ---- the same topology in other forms and spellings ---- */

START_TEST(test_both_forms)
{
    cs_auto(cs_topology) published =
        bed_topology_of((const char *[]){"example-topology.xml", "example-simpleurls.xml", NULL});
    cs_auto(cs_topology) tbxml = bed_topology_of((const char *[]){"example.tbxml", NULL});

    ck_assert_str_eq(published->form, "published");
    ck_assert_str_eq(tbxml->form, "tbxml");
    ck_assert_uint_eq(published->pool_count, 7);
    ck_assert_uint_eq(published->url_count, 5);
    bed_same(published, tbxml, false);
}
END_TEST

/* Documents in other encodings, orders and wrappings, and the plain ones that they were made of. */
static const struct {
    const char *files[3];
    const char *plain[3];
} pairs[] = {
    {{"multi-site.tbxml"}, {"multi-site.xml", "multi-site-simpleurls.xml"}},
    {{"multi-site-utf16le.xml"}, {"multi-site.xml"}},
    {{"multi-site-export.zip"}, {"multi-site.xml", "multi-site-simpleurls.xml"}},
    {{"standard-edition-utf8bom-crlf.xml"}, {"standard-edition.xml"}},
    {{"standard-edition-utf16be.xml"}, {"standard-edition.xml"}},
    {{"global-anchored-simpleurls.xml"}, {"multi-site-simpleurls.xml"}},
};

START_TEST(test_pair)
{
    cs_auto(cs_topology) other = bed_topology_of(pairs[_i].files);
    cs_auto(cs_topology) plain = bed_topology_of(pairs[_i].plain);

    ck_assert(plain->pool_count || plain->url_count);
    bed_same(other, plain, false);
}
END_TEST

/* @text in another encoding, @mark before it; CRLF if asked. */
static struct cs_bytes encode(const char *text, const char *charset, const char *mark, bool crlf)
{
    cs_auto_value(cs_buf) in = CS_BUF(1U << 22);
    iconv_t cd = iconv_open(charset, "UTF-8");

    ck_assert(cd != (iconv_t)-1);
    cs_buf_puts(&in, mark);
    for (const char *at = text; *at; at++) {
        if (*at == '\n' && crlf) {
            cs_buf_puts(&in, "\r");
        }
        cs_buf_add(&in, at, 1);
    }
    size_t left = in.len;
    size_t room = 4 * left;
    struct cs_bytes out = {cs_alloc(room, 1), 0};
    char *from = (char *)in.data;
    char *to = (char *)out.data;
    ck_assert_uint_eq(iconv(cd, &from, &left, &to, &room), 0);
    out.len = (size_t)(to - (char *)out.data);
    iconv_close(cd);
    return out;
}

#define BOM "\xef\xbb\xbf" /* U+FEFF, which iconv turns into the mark of the encoding */

static const struct {
    const char *charset;
    const char *before; /* the document: mark, declaration */
    bool crlf;
} spellings[] = {
    {"UTF-8", "", false},
    {"UTF-8", "", true},
    {"UTF-8", BOM, false},
    {"UTF-8", BOM "<?xml version=\"1.0\" encoding=\"utf-8\"?>", true},
    {"UTF-8", "<?xml version='1.0' encoding = 'UTF-8' standalone='yes'?>", false},
    {"UTF-8", "<?xml version=\"1.0\"?>", false},
    {"UTF-8", BOM "<?xml version=\"1.0\" encoding=\"utf-16\"?>", false}, /* Set-Content */
    {"UTF-8", "<?xml version=\"1.0\" encoding=\"us-ascii\"?>", false},
    {"UTF-16LE", BOM, false},
    {"UTF-16LE", BOM, true},
    {"UTF-16LE", BOM "<?xml version=\"1.0\" encoding=\"utf-16\"?>", true}, /* Out-File */
    {"UTF-16LE", BOM "<?xml version=\"1.0\" encoding=\"utf-8\"?>", true},
    {"UTF-16BE", BOM, false},
    {"UTF-16BE", BOM "<?xml version=\"1.0\" encoding=\"UTF-16BE\"?>", true},
    {"UTF-8", "<!-- \xe2\x82\xac -->", true},
    {"UTF-16LE", BOM "<!-- \xf0\x9f\x98\x80 -->", true}, /* a pair of surrogates */
};

START_TEST(test_spelling)
{
    cs_auto_value(cs_bytes) plain = bed_file("example-topology.xml");
    cs_auto_value(cs_bytes) octets = encode((const char *)plain.data, spellings[_i].charset,
                                            spellings[_i].before, spellings[_i].crlf);
    cs_auto(cs_topology) other = cs_topology_new();
    cs_auto(cs_topology) expected = bed_topology_of((const char *[]){"example-topology.xml", NULL});
    struct cs_err err = {0};

    assert_ok(cs_document_read("a/b/other.xml", octets.data, octets.len, other, &err), &err);
    bed_same(other, expected, true);
    ck_assert_str_eq(other->signature, "0f1e2d3c-4b5a-4697-8877-665544332211");
    ck_assert_str_eq(other->pools[0].fqdn.source, "other.xml:14 Cluster@Fqdn");
}
END_TEST

/* The part of @text from @start up to and with @end, moved before @before. */
static char *moved(const char *text, const char *start, const char *end, const char *before)
{
    const char *from = strstr(text, start);
    const char *behind = strstr(from, end) + strlen(end);
    const char *to = strstr(text, before);

    ck_assert(from && to && to < from);
    return cs_asprintf("%.*s%.*s%.*s%s", (int)(to - text), text, (int)(behind - from), from,
                       (int)(from - to), to, behind);
}

static const struct {
    const char *start;
    const char *end;
    const char *before;
} orders[] = {
    {"<Services>", "</Services>", "<InternalDomains"},
    {"<Clusters>", "</Clusters>", "<InternalDomains"},
    {"<Sites>", "</Sites>", "<InternalDomains"},
    {"<SqlInstances>", "</SqlInstances>", "<Clusters>"},
    {"<RegistrarService ", "/>", "<ServiceId SiteId=\"1\" RoleName=\"Registrar\""},
    {"<InstalledOn>", "</InstalledOn>", "<ServiceId"},
    {"<Machine ", "</Machine>", "<ClusterId"},
};

START_TEST(test_order)
{
    cs_auto_value(cs_bytes) plain = bed_file("example-topology.xml");
    cs_autofree char *text =
        moved((const char *)plain.data, orders[_i].start, orders[_i].end, orders[_i].before);
    cs_auto(cs_topology) other = bed_topology(text);
    cs_auto(cs_topology) expected = bed_topology_of((const char *[]){"example-topology.xml", NULL});

    bed_same(other, expected, false);
}
END_TEST

/* What is not ours and stands before each of these is passed over, whatever its name. */
static const char *const places[] = {
    "<InternalDomains", "<InternalDomain ", "<Sites>",           "<CentralSite",   "<Name>",
    "<Clusters>",       "<Cluster ",        "<ClusterId ",       "<Machine ",      "<NetInterface ",
    "<Services>",       "<Service ",        "<ServiceId ",       "<InstalledOn",   "<Ports ",
    "<Port ",           "<WebService ",     "<ExternalSettings", "<WebComponents", "<Component ",
    "</Topology>",
};

START_TEST(test_unknown)
{
    static const char unknown[] =
        "<!-- <Cluster/> --><?target <Cluster/> ?><Unknown a=\"b\"><Deeper/>text</Unknown>"
        "<n:Cluster xmlns:n=\"urn:example\" Fqdn=\"evil.example.com\"/>"
        "<n:InternalDomain xmlns:n=\"urn:example\" Name=\"evil.example.com\"/>"
        "<Machine xmlns=\"\" Fqdn=\"evil.example.com\"/>"
        "<Port xmlns=\"urn:example\" Owner=\"urn:component:AccessEdge\" Usage=\"SipClient\" "
        "InterfaceSide=\"External\" ConfiguredFqdn=\"evil.example.com\"/>";
    cs_auto_value(cs_bytes) plain = bed_file("example-topology.xml");
    const char *text = (const char *)plain.data;
    const char *at = strstr(text, places[_i]);
    cs_autofree char *changed = cs_asprintf("%.*s%s%s", (int)(at - text), text, unknown, at);
    cs_auto(cs_topology) other = bed_topology(changed);
    cs_auto(cs_topology) expected = bed_topology_of((const char *[]){"example-topology.xml", NULL});

    bed_same(other, expected, false);
}
END_TEST

/* A prefix is as good as a default namespace, and names are compared by URI. */
START_TEST(test_prefix)
{
    cs_auto(cs_topology) topology = bed_topology(
        "<x:Topology xmlns:x=\"" NS_T "\" xmlns:y=\"" NS_S "\"><x:Clusters>"
        "<x:Cluster Fqdn=\"E.litwareinc.net\"><x:ClusterId SiteId=\"1\" Number=\"1\"/></x:Cluster>"
        "</x:Clusters><x:Services><x:Service><x:ServiceId RoleName=\"EdgeServer\"/><x:InstalledOn>"
        "<x:ClusterId SiteId=\"1\" Number=\"1\"/></x:InstalledOn><y:Ports><y:Port "
        "Owner=\"urn:component:DataEdge\" Usage=\"PsomClient\" InterfaceSide=\"External\" "
        "ConfiguredFqdn=\"W.litwareinc.com\"/></y:Ports></x:Service></x:Services></x:Topology>");

    ck_assert_uint_eq(topology->pool_count, 1);
    ck_assert_str_eq(topology->pools[0].fqdn.name, "e.litwareinc.net");
    ck_assert_uint_eq(topology->pools[0].services, CS_SERVICE_EDGE);
    ck_assert_str_eq(topology->pools[0].data_edge.name, "w.litwareinc.com");
    ck_assert_str_eq(topology->pools[0].data_edge.source, "doc.xml:1 Port@ConfiguredFqdn");
}
END_TEST

/* A source names the line in which the start tag begins. */
START_TEST(test_lines)
{
    cs_auto_value(cs_buf) buf = CS_BUF(1U << 20);

    cs_buf_puts(&buf, "<Topology xmlns=\"" NS_T "\"><!-- \n\n --><Clusters>\r\n");
    for (int i = 0; i < 70000; i++) {
        cs_buf_puts(&buf, "\n"); /* beyond what 16 bits hold */
    }
    cs_buf_puts(&buf, "<Cluster\n\n\nFqdn='a\n>.b'\n><ClusterId SiteId='1' Number='1'/><Machine\n"
                      "Fqdn='c.d'/></Cluster></Clusters></Topology>");
    cs_auto(cs_topology) topology = bed_topology((const char *)buf.data);
    ck_assert_str_eq(topology->pools[0].fqdn.name, "a >.b"); /* XML 1.0 section 3.3.3 */
    ck_assert_str_eq(topology->pools[0].fqdn.source, "doc.xml:70004 Cluster@Fqdn");
    ck_assert_str_eq(topology->pools[0].computers[0].source, "doc.xml:70009 Machine@Fqdn");
}
END_TEST

/* A name of the file system is text from outside. */
START_TEST(test_hostile_name)
{
    cs_auto(cs_topology) topology = cs_topology_new();
    struct cs_err err = {0};

    assert_ok(bed_read("/tmp/\x1b[2J\xff.xml", MINIMAL, topology, &err), &err);
    ck_assert_str_eq(topology->pools[0].fqdn.source, "\\x1b[2J\\xff.xml:1 Cluster@Fqdn");
    assert_fails(bed_read("/tmp/\x1b[2J\xff.xml", "<a>", topology, &err), CS_E_INPUT, &err);
    assert_contains(err.message, "/tmp/\\x1b[2J\\xff.xml:1");
}
END_TEST

/* Anywhere in a document of whatever kind. */
START_TEST(test_any_depth)
{
    static const char meet[] = URLS(URL("Meet", "*", "https://m.example.com"));
    static const char nested[] = TOPOLOGY("<Extra><More>%s</More></Extra>" CLUSTERS("%s"));
    static const char dialin[] = URLS(URL("Dialin", "*", "https://d.example.com"));
    cs_autofree char *inner = cs_asprintf(nested, dialin, CLUSTER("1", "se1.litwareinc.net"));
    cs_autofree char *text =
        cs_asprintf("<a xmlns='urn:x'><b>%s</b><b><c><d>%s</d></c></b></a>", meet, inner);
    cs_auto(cs_topology) topology = bed_topology(text);

    ck_assert_uint_eq(topology->pool_count, 1);
    ck_assert_uint_eq(topology->url_count, 2);
    ck_assert_str_eq(topology->urls[1].hosts[0].name, "d.example.com");
}
END_TEST

/* ---- what is refused ---- */

#define X4(text)  text text text text
#define X16(text) X4(X4(text))
#define X64(text) X4(X16(text))

static const struct {
    const char *text;
    const char *words[5];
} refused[] = {
    {"", {"doc.xml", "empty"}},
    {" \r\n\t", {"doc.xml", "neither XML"}},
    {"{}", {"doc.xml", "neither XML"}},
    {"<", {"doc.xml:1", "no well-formed XML"}},
    {"<a>", {"doc.xml:1", "<a>", "no well-formed XML"}},
    {"<a>\n</b>", {"doc.xml:2", "mismatch"}},
    {"<a/><b/>", {"doc.xml:1", "no well-formed XML"}},
    {"<a/>trailing", {"doc.xml:1", "no well-formed XML"}},
    {"<a>\n\n&foo;</a>", {"doc.xml:3", "foo"}},
    {"<p:a/>", {"doc.xml:1", "prefix"}},
    {"<a b='1' b='2'/>", {"doc.xml:1", "redefined"}},
    {"<a/>", {"doc.xml", "neither a topology nor simple URLs", "<a>"}},
    {"<SimpleUrlConfiguration/>", {"neither", "<SimpleUrlConfiguration>", "namespace \"\""}},
    {"<Topology xmlns='urn:other'/>", {"neither", "<Topology>", "\"urn:other\""}},
    {"\n<!DOCTYPE a><a/>", {"doc.xml:2", "DOCTYPE"}},
    {"<!-- <!DOCTYPE --><?x ?>\n<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
     {"doc.xml:2", "DOCTYPE"}},
    {"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", {"doc.xml:1", "DOCTYPE"}},
    {"<a><!DOCTYPE a></a>", {"doc.xml:1", "DOCTYPE"}},
    {"<?xml version=\"1.0\" encoding=\"windows-1252\"?><a/>", {"doc.xml:1", "windows-1252"}},
    {"<?xml version=\"1.0\" encoding=\"utf-7\"?><a/>", {"doc.xml:1", "utf-7"}},
    {"<a>\xff</a>", {"doc.xml:1", "UTF-8"}},
    {"<a b=\"\x01\"/>", {"doc.xml:1", "no well-formed XML"}},
    {"\n" X64("<a>") "<b/>" X64("</a>"), {"doc.xml:2", "more than 64", "nested"}},
    {"<a " X64("x=''") " x=''/>", {"doc.xml:1", "more than 64 attributes"}},
    {"<a " X64("xmlns:x='u'") "><b xmlns='u'/></a>", {"doc.xml:1", "more than 64 namespaces"}},
    {TOPOLOGY(""), {"doc.xml:1", "<Topology>", "no cluster"}},
    {TOPOLOGY("\n" CLUSTERS("")), {"doc.xml:1", "<Topology>", "no cluster"}},
    {TOPOLOGY("\n<Clusters>\n<Cluster/></Clusters>"), {"doc.xml:3", "<Cluster>", "Fqdn"}},
    {TOPOLOGY(CLUSTERS("<Cluster Fqdn=''/>")), {"doc.xml:1", "<Cluster>", "Fqdn"}},
    {TOPOLOGY(CLUSTERS("<Cluster Fqdn='a&#x7f;[2J'/>")),
     {"<Cluster>", "Fqdn", "a\\x7f[2J", "control character"}},
    {TOPOLOGY(CLUSTERS("<Cluster Fqdn='a&#x85;'/>")), {"<Cluster>", "control character"}},
    {TOPOLOGY(CLUSTERS("<Cluster Fqdn='" X64("abcd") "'/>")),
     {"<Cluster>", "Fqdn", "256 octets", "255"}},
    {TOPOLOGY(CLUSTERS("<Cluster Fqdn='a' RequiresSetup='yes'/>")),
     {"<Cluster>", "RequiresSetup", "yes"}},
    {TOPOLOGY(CLUSTERS("<Cluster Fqdn='a'/>")), {"<Cluster>", "no ClusterId"}},
    {TOPOLOGY(CLUSTERS("<Cluster Fqdn='a'><ClusterId Number='1'/></Cluster>")),
     {"<ClusterId>", "SiteId"}},
    {TOPOLOGY(CLUSTERS("<Cluster Fqdn='a'><ClusterId SiteId='1'/></Cluster>")),
     {"<ClusterId>", "Number"}},
    {TOPOLOGY(CLUSTERS("<Cluster Fqdn='a'><Machine/></Cluster>")), {"<Machine>", "Fqdn"}},
    {TOPOLOGY(CLUSTERS(CLUSTER("1", "a") "\n" CLUSTER("1", "b"))),
     {"doc.xml:2", "<ClusterId>", "1, 1", "twice"}},
    {TOPOLOGY(CLUSTERS(CLUSTER("1", "a")) SERVICES("\n" SERVICE("Registrar", "2", ""))),
     {"doc.xml:2", "<ClusterId>", "Registrar", "1, number 2"}},
    {TOPOLOGY(CLUSTERS(CLUSTER("1", "a")) SERVICES("<Service/>")), {"<Service>", "ServiceId"}},
    {TOPOLOGY(CLUSTERS(CLUSTER("1", "a")) SERVICES("<Service><ServiceId/></Service>")),
     {"<ServiceId>", "RoleName"}},
    {TOPOLOGY(CLUSTERS(CLUSTER("1", "a")) SERVICES("<Service ServiceVersion='x'/>")),
     {"<Service>", "ServiceVersion", "\"x\""}},
    {TOPOLOGY("<InternalDomains><InternalDomain/></InternalDomains>"),
     {"<InternalDomain>", "Name"}},
    {TOPOLOGY("<InternalDomains><InternalDomain Name='A.com'/>\n<InternalDomain Name='a.COM'/>"
              "</InternalDomains>"),
     {"doc.xml:2", "<InternalDomain>", "a.COM", "twice"}},
    {TOPOLOGY("<Sites><CentralSite/></Sites>"), {"<CentralSite>", "SiteId"}},
    {"<r>" MINIMAL "\n" MINIMAL "</r>", {"doc.xml:2", "<Topology>", "second", "of doc.xml"}},
    {TOPOLOGY(CLUSTERS(CLUSTER("1", "a")) "<X>" MINIMAL "</X>"), {"<Topology>", "second"}},
};

START_TEST(test_refused)
{
    bed_refused("doc.xml", refused[_i].text, refused[_i].words);
}
END_TEST

/* At the limits it is still good. */
START_TEST(test_at_limits)
{
    cs_auto(cs_topology) deep = bed_topology(
        X16("<a>") X16("<a>") X16("<a>") X4("<a>") X4("<a>") X4("<a>") TOPOLOGY(CLUSTERS(
            "<Cluster Fqdn='" X16(X4("abc")) X16("abc") X4("abc") "abc'><ClusterId SiteId='1' "
                                                                  "Number='1'/></Cluster>"))
            X4("</a>") X4("</a>") X4("</a>") X16("</a>") X16("</a>") X16("</a>"));
    cs_auto_value(cs_buf) buf = CS_BUF(4096);

    ck_assert_uint_eq(strlen(deep->pools[0].fqdn.name), 255);
    cs_buf_puts(&buf, "<a");
    for (int i = 0; i < 32; i++) {
        cs_buf_printf(&buf, " a%d=''", i);
    }
    for (int i = 0; i < 32; i++) {
        cs_buf_printf(&buf, " xmlns:n%d='u'", i);
    }
    cs_buf_puts(&buf, ">" MINIMAL "</a>");
    cs_auto(cs_topology) wide = bed_topology((const char *)buf.data);
    ck_assert_uint_eq(wide->pool_count, 1);
}
END_TEST

START_TEST(test_nul)
{
    static const char text[] = "<a>\n\0</a>";
    cs_auto(cs_topology) topology = cs_topology_new();
    struct cs_err err = {0};

    assert_fails(cs_document_read("doc.xml", text, sizeof text - 1, topology, &err), CS_E_INPUT,
                 &err);
    assert_contains(err.message, "doc.xml:2");
    assert_contains(err.message, "NUL");
}
END_TEST

START_TEST(test_second_topology)
{
    cs_auto(cs_topology) topology = cs_topology_new();
    struct cs_err err = {0};

    assert_ok(bed_read("/a/one file: x.xml", MINIMAL, topology, &err), &err);
    assert_fails(bed_read("/b/two.xml", MINIMAL, topology, &err), CS_E_INPUT, &err);
    assert_contains(err.message, "/b/two.xml:1: <Topology>");
    assert_contains(err.message, "after the one of one file: x.xml");
    ck_assert_uint_eq(topology->pool_count, 1);
}
END_TEST

/* ---- tests/data/topology/bad/cases.txt: files | lines | words ---- */

static bool is_in(const char *text, const char *word)
{
    cs_autofree char *lower = cs_ascii_lower(text);
    cs_autofree char *lower_word = cs_ascii_lower(word);

    return strstr(lower, lower_word);
}

/* Message or hint hold @words apart by blanks, of "a/b" one unless it is a path. */
static void check_words(const char *line, const struct cs_err *err, const char *words)
{
    cs_auto_value(cs_strv) list = {0};

    cs_strv_split(&list, words, ' ');
    for (size_t i = 0; i < list.count; i++) {
        cs_auto_value(cs_strv) either = {0};
        bool found = is_in(err->message, list.items[i]) || is_in(err->hint, list.items[i]);
        cs_strv_split(&either, list.items[i], '/');
        for (size_t j = 0; j < either.count && !strstr(list.items[i], ".."); j++) {
            found |= is_in(err->message, either.items[j]) || is_in(err->hint, either.items[j]);
        }
        ck_assert_msg(found, "%s: \"%s\" does not say %s", line, err->message, list.items[i]);
    }
}

/* The message names one of the lines "12" or "12-17". */
static void check_line(const char *line, const struct cs_err *err, const char *range)
{
    unsigned first = 0;
    unsigned last = 0;
    bool found = false;

    if (strcmp(range, "-") == 0) {
        return;
    }
    int got = sscanf(range, "%u-%u", &first, &last);
    for (unsigned at = first; at <= (got == 2 ? last : first); at++) {
        cs_autofree char *text = cs_asprintf(":%u:", at);
        found |= strstr(err->message, text) != NULL;
    }
    ck_assert_msg(found, "%s: \"%s\" names none of the lines %s", line, err->message, range);
}

static void check_case(const char *line)
{
    cs_auto_value(cs_strv) fields = {0};
    cs_auto_value(cs_strv) files = {0};
    cs_auto(cs_topology) topology = cs_topology_new();
    struct cs_err err = {0};
    cs_rc rc = CS_OK;

    cs_strv_split(&fields, line, '|');
    ck_assert_uint_eq(fields.count, 3);
    cs_strv_split(&files, fields.items[0], ' ');
    for (size_t i = 0; i < files.count; i++) {
        cs_autofree char *name = cs_asprintf("bad/%s", files.items[i]);
        ck_assert_msg(rc == CS_OK, "%s: %s", line, err.message);
        rc = bed_read_file(name, topology, &err);
    }
    ck_assert_msg(rc == CS_E_INPUT, "%s: %s", line, cs_rc_name(rc));
    check_line(line, &err, fields.items[1]);
    check_words(line, &err, fields.items[2]);
}

START_TEST(test_bad_files)
{
    cs_auto_value(cs_bytes) cases = bed_file("bad/cases.txt");
    cs_auto_value(cs_strv) lines = {0};
    unsigned count = 0;

    cs_strv_split(&lines, (const char *)cases.data, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        if (lines.items[i][0] != '#') {
            check_case(lines.items[i]);
            count++;
        }
    }
    ck_assert_uint_ge(count, 30);
}
END_TEST

/* ---- size ---- */

/* 300 pools of six or seven computers, a Front End's services on each. */
static void make_large(struct cs_buf *buf)
{
    cs_buf_puts(buf, "<Topology xmlns=\"" NS_T "\"><Clusters>\n");
    for (int pool = 0, computer = 0; pool < 300; pool++) {
        cs_buf_printf(buf,
                      "<Cluster Fqdn='p%d.litwareinc.net'>\n<ClusterId SiteId='%d' Number='%d'/>",
                      pool, pool / 10, pool);
        for (; computer < (pool + 1) * 20 / 3; computer++) {
            cs_buf_printf(buf, "<Machine Fqdn='c%d.litwareinc.net'>\n<NetInterface/>\n</Machine>\n",
                          computer);
        }
        cs_buf_puts(buf, "</Cluster>\n");
    }
    cs_buf_puts(buf, "</Clusters><Services>\n");
    for (int service = 0; service < 300 * 10; service++) {
        cs_buf_printf(buf,
                      "<Service><ServiceId RoleName='%s'/>\n<InstalledOn><ClusterId "
                      "SiteId='%d' Number='%d'/></InstalledOn><Ports xmlns='" NS_S "'>\n",
                      service % 2 ? "Registrar" : "UserServices", service / 100, service / 10);
        for (int port = 0; port < 20; port++) {
            cs_buf_puts(buf, "<Port Owner='urn:component:Registrar' Usage='SipServer' "
                             "InterfaceSide='Primary' Port='5061' Protocol='Mtls'/>\n");
        }
        cs_buf_puts(buf, "</Ports></Service>\n");
    }
    cs_buf_puts(buf, "</Services></Topology>");
}

START_TEST(test_large)
{
    cs_auto_value(cs_buf) buf = CS_BUF(32U << 20);
    struct rusage usage;

    make_large(&buf);
    ck_assert_uint_gt(buf.len, 5U << 20);
    getrusage(RUSAGE_SELF, &usage);
    long before = usage.ru_maxrss;
    clock_t start = clock();
    cs_auto(cs_topology) topology = bed_topology((const char *)buf.data);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    getrusage(RUSAGE_SELF, &usage);

    ck_assert_uint_eq(topology->pool_count, 300);
    ck_assert_uint_eq(topology->pools[299].computer_count, 7);
    ck_assert_uint_eq(topology->pools[299].services,
                      CS_SERVICE_REGISTRAR | CS_SERVICE_USER_SERVICES);
#if defined(__SANITIZE_ADDRESS__) || defined(CS_SANITIZED)
    ck_assert_double_lt(seconds, 10);
    (void)before;
#else
    ck_assert_double_lt(seconds, 1);
    ck_assert_int_lt(usage.ru_maxrss - before, 32 << 10); /* KiB: bed_read()'s copy is a third */
#endif
}
END_TEST

/* libxml2 keeps each different name; a flood of them is refused. */
START_TEST(test_many_names)
{
    cs_auto_value(cs_buf) buf = CS_BUF(32U << 20);

    cs_buf_puts(&buf, "<a>");
    for (int i = 0; i < 300000; i++) {
        cs_buf_printf(&buf, "<element%d/>", i);
    }
    cs_buf_puts(&buf, "</a>");
    bed_refused("doc.xml", (const char *)buf.data, (const char *[]){"different names", NULL});
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("document");
    TCase *tcase = tcase_create("document");

    cs_document_init();
    tcase_add_test(tcase, test_both_forms);
    add_rows(tcase, test_pair, pairs);
    add_rows(tcase, test_spelling, spellings);
    add_rows(tcase, test_order, orders);
    add_rows(tcase, test_unknown, places);
    tcase_add_test(tcase, test_prefix);
    tcase_add_test(tcase, test_lines);
    tcase_add_test(tcase, test_hostile_name);
    tcase_add_test(tcase, test_any_depth);
    add_rows(tcase, test_refused, refused);
    tcase_add_test(tcase, test_at_limits);
    tcase_add_test(tcase, test_nul);
    tcase_add_test(tcase, test_second_topology);
    tcase_add_test(tcase, test_bad_files);
    tcase_add_test(tcase, test_many_names);
    tcase_add_test(tcase, test_large);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

/* The page of a deployment: what it counts and shows, that text from outside stays text, and that
 * the picture is sound: well formed, nothing out of its frame, nothing over something else. */
#include "base/mem.h"
#include "report/deploymap.h"
#include "report/deployment.h"
#include "report/textfit.h"
#include "support/deployment_sample.h"

#include <check.h>
#include <libxml/parser.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

#define DEFAULT (1u << CS_TYPE_DEFAULT)

static struct deployment_sample sample;
static struct cs_bytes page;

static void render(void)
{
    struct cs_err err = {0};

    cs_bytes_done(&page);
    ck_assert_msg(cs_deployment_html(&sample.report, &page, &err) == CS_OK, "%s", err.message);
    ck_assert_uint_eq(page.len, strlen((const char *)page.data));
}

static void setup(void)
{
    deployment_sample_make(&sample);
    render();
}

static void setup_hostile(void)
{
    deployment_sample_hostile(&sample);
    render();
}

static void teardown(void)
{
    deployment_sample_done(&sample);
    cs_bytes_done(&page);
}

static const char *text(void)
{
    return (const char *)page.data;
}

#define ck_has(what)     ck_assert_msg(strstr(text(), what), "the page lacks: %s", what)
#define ck_has_not(what) ck_assert_msg(!strstr(text(), what), "the page holds: %s", what)

/* As strstr() in the page from @from on, but what checks memory need not look for its end. */
static const char *find(const char *from, const char *what)
{
    return memmem(from, (size_t)(text() + page.len - from), what, strlen(what));
}

static size_t occurrences(const char *what)
{
    size_t count = 0;

    for (const char *at = find(text(), what); at; at = find(at + 1, what)) {
        count++;
    }
    return count;
}

/* ---- what the page says ---- */

START_TEST(counts_are_those_of_the_sample)
{
    for (size_t i = 0; i < deployment_count_count; i++) {
        cs_autofree char *what = cs_asprintf("<dd id=\"%s\">%zu</dd>", deployment_counts[i].id,
                                             deployment_counts[i].count);
        ck_has(what);
    }
    ck_assert_uint_eq(occurrences("<dd id=\"count-"), deployment_count_count);
}
END_TEST

/* The states of the sample's certificates, in its order; from its table by hand. */
static const char *const states[] = {
    "issued",     "expiring", "expired", "names",  "issued",  "none",
    "pending",    "pending",  "offline", "issued", "pending", "failed",
    "unfinished", "offline",  "names",   "issued", "none",
};

START_TEST(each_certificate_has_a_row_and_a_tag)
{
    cs_autofree char *row = cs_asprintf("<tbody id=\"certificate-%d\"", _i + 1);
    cs_autofree char *link = cs_asprintf("<a href=\"#certificate-%d\"", _i + 1);
    cs_autofree char *state = cs_asprintf("data-state=\"%s\"", states[_i]);

    ck_assert_uint_eq(occurrences(row), 1);
    ck_assert_uint_eq(occurrences(link), 1);
    const char *at = strstr(text(), row);
    const char *end = strchr(at, '\n');
    const char *found = strstr(at, state);
    ck_assert_msg(found && found < end, "certificate %d is not %s", _i + 1, states[_i]);
    at = strstr(text(), link);
    end = strstr(at, "</a>");
    cs_autofree char *sign = cs_asprintf("href=\"#sign-%s\"", states[_i]);
    found = strstr(at, sign);
    ck_assert_msg(found && found < end, "the tag of certificate %d is not %s", _i + 1, states[_i]);
}
END_TEST

static const char *const shown[] = {
    "<title>cscert plan: 17 certificates</title>",
    "admin on fe1",
    "<time datetime=\"2026-11-22T12:21:30Z\">2026-11-22 12:21:30 UTC</time>",
    /* picture */
    "aria-label=\"Site Redmond, central site \xc2\xb7 7 pools \xc2\xb7 12 computers\"",
    ">Site M\xc3\xbcnchen</text>",
    ">branch site \xc2\xb7 1 pool \xc2\xb7 1 computer</text>",
    ">central site \xc2\xb7 no pools</text>",
    "aria-label=\"Pool pool1.litwareinc.net, Front End \xc2\xb7 4 computers\"",
    ">Standard Edition \xc2\xb7 1 computer</text>",
    ">Director \xc2\xb7 2 computers</text>",
    ">Mediation \xc2\xb7 1 computer</text>",
    ">Edge \xc2\xb7 3 computers</text>",
    ">Other server \xc2\xb7 1 computer</text>",
    "aria-label=\"Pool sba1.nairobi.africa.branches.litwareinc.net, Survivable Branch Appliance "
    "\xc2\xb7 1 computer\"",
    ">needs no certificate \xc2\xb7 1 computer</text>",
    "aria-label=\"Computer fe1.litwareinc.net\"",
    ">Shared by all 2 computers: one key for each certificate</text>",
    ">Shared by all 3 computers: one key for each certificate</text>",
    "aria-label=\"Issued, 212 days left: Default + Web int + Web ext, 17 names \xc2\xb7 request 1, "
    "for fe1.litwareinc.net\"",
    "aria-label=\"Expired, 2 days ago: ",
    "aria-label=\"Names missing, 340 days left: Default + Web int + Web ext, 2 of 17 names missing "
    "\xc2\xb7 request 4, for fe4.litwareinc.net\"",
    "aria-label=\"None yet: Default + Web int + Web ext, 17 names, for se1.litwareinc.net\"",
    "aria-label=\"Pending: Access + Webconf + A/V + XMPP, 2 names \xc2\xb7 request 10, for "
    "edgepool.litwareinc.net\"",
    "1 name \xc2\xb7 request 5, for the whole deployment\"",
    "<a href=\"#failure-1\" aria-label=\"No plan: Default + Web int + Web ext, why: below, for "
    "dir21.emea.litwareinc.net\">",
    "<b>Web int</b>: WebServicesInternal",
    "<b>Webconf</b>: DataEdgeExternal",
    "<b>Names missing</b>: the certificate or the request lacks names",
    /* table */
    "data-pool=\"pool1.litwareinc.net\" data-computer=\"fe4.litwareinc.net\" "
    "data-types=\"Default,WebServicesInternal,WebServicesExternal\" data-state=\"names\" "
    "data-request=\"4\" data-names=\"17\" data-missing=\"2\">",
    "data-pool=\"edgepool.litwareinc.net\" data-computer=\"\" data-types=\"Internal\"",
    "<th scope=\"rowgroup\">The whole deployment<span class=\"under\">",
    "<th scope=\"rowgroup\">All of edgepool.<wbr>litwareinc.<wbr>net",
    ", Front End</span>",
    "Web<wbr>Services<wbr>Internal",
    "request 4, Issued</span>",
    "212 days left<span class=\"under\"><time datetime=\"2027-06-23T00:21:30Z\">2027-06-23</time>",
    "<p>each computer has a key of its own</p>",
    "<strong>Missing names:</strong> sip.<wbr>fabrikam.<wbr>com, sip.<wbr>contoso.<wbr>com</p>",
    "<strong>Warning:</strong> no name of medpool.litwareinc.net is a wildcard",
    "<summary>17 names, and why each is there</summary>",
    "<th scope=\"row\">webext.<wbr>litwareinc.<wbr>com</th><td>simple URL</td>"
    "<td>example-simpleurls.xml:9 SimpleUrlEntry@Url</td>",
    /* failures, warnings, documents */
    "<tr id=\"failure-1\">",
    "<strong>USAGE</strong> the web services of dir21.emea.litwareinc.net have no external name",
    "<td>set the external web FQDN in Topology Builder, publish and import again</td>",
    "<li>the topology has no simple URL for the SIP domain contoso.com</li>",
    "<li>topology.xml:201: a Port without Usage was ignored</li>",
    "<td>example-simpleurls.xml<span class=\"under\">SHA-256 "
    "<code>248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1</code>",
    "<th scope=\"row\">Imported</th><td><time datetime=\"2026-11-19T12:21:30Z\">",
    "<th scope=\"row\">Form</th><td>published</td>",
    "<code>0f1e2d3c-4b5a-4697-8877-665544332211</code>",
    "litwareinc.<wbr>com (default), fabrikam.<wbr>com, contoso.<wbr>com",
    "Written by cscert 0.1.0",
};

START_TEST(page_shows)
{
    ck_has(shown[_i]);
}
END_TEST

START_TEST(page_is_self_contained)
{
    static const char *const never[] = {"http:",   "https:", "url(",          "@import", "<script",
                                        "<link",   "<img",   " style=",       " src=",   "<iframe",
                                        "<object", " on",    "<foreignObject"};

    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        const char *at = strstr(text(), never[i]);
        /* " on" stands for onload= and its like: a word of a sentence has no "=" after it. */
        while (at && strcmp(never[i], " on") == 0 && at[strcspn(at + 1, " =<>\n") + 1] != '=') {
            at = strstr(at + 1, never[i]);
        }
        ck_assert_msg(!at, "the page holds: %.40s", at);
    }
}
END_TEST

/* The policy names the SHA-256 of what stands between <style> and </style> in Base64 (CSP level 3,
 * section 6.7.3.3). */
START_TEST(policy_names_the_style_sheet)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char base64[4 * EVP_MAX_MD_SIZE / 3 + 4];
    unsigned len = 0;
    const char *from = strstr(text(), "<style>") + strlen("<style>");
    const char *to = strstr(from, "</style>");

    ck_assert(EVP_Digest(from, (size_t)(to - from), digest, &len, EVP_sha256(), NULL));
    EVP_EncodeBlock(base64, digest, (int)len);
    cs_autofree char *policy =
        cs_asprintf("content=\"default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
                    "form-action 'none'\">",
                    (const char *)base64);
    ck_has(policy);
    ck_assert_uint_eq(occurrences("<style"), 1);
}
END_TEST

/* ---- anchors ---- */

static bool has_id(const char *id, size_t len)
{
    cs_autofree char *what = cs_asprintf(" id=\"%.*s\"", (int)len, id);

    return occurrences(what) == 1;
}

START_TEST(anchors_are_unique_and_lead_somewhere)
{
    size_t ids = 0;
    size_t links = 0;

    for (const char *at = strstr(text(), " id=\""); at; at = strstr(at + 1, " id=\"")) {
        ck_assert_msg(has_id(at + 5, strcspn(at + 5, "\"")), "not unique:%.40s", at);
        ids++;
    }
    for (const char *at = strstr(text(), "href=\"#"); at; at = strstr(at + 1, "href=\"#")) {
        ck_assert_msg(has_id(at + 7, strcspn(at + 7, "\"")), "leads nowhere: %.40s", at);
        links++;
    }
    ck_assert_uint_gt(ids, 17);
    ck_assert_uint_gt(links, 17);
}
END_TEST

/* ---- text from outside ---- */

START_TEST(hostile_text_stays_text)
{
    ck_has("&quot;&#39;&gt;&lt;/td&gt;&lt;/table&gt;&lt;script&gt;");
    ck_has_not("</td></table><script>");
    ck_has_not("<img");
    ck_has_not("\x1b");
    ck_has_not("\xff");
    ck_has_not("\xe2\x80\xae");
    ck_has("for nowhere.litwareinc.net");
    ck_assert_uint_eq(occurrences("<script"), 0);
}
END_TEST

/* ---- the picture ---- */

static const char *attribute(xmlNode *node, const char *name)
{
    for (xmlAttr *at = node->properties; at; at = at->next) {
        if (strcmp((const char *)at->name, name) == 0) {
            return (const char *)at->children->content;
        }
    }
    return "";
}

static bool is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

struct box {
    int left;
    int top;
    int right;
    int bottom;
};

static int number(xmlNode *node, const char *name)
{
    return atoi(attribute(node, name));
}

static struct box box_of(xmlNode *rect)
{
    int x = number(rect, "x");
    int y = number(rect, "y");

    return (struct box){x, y, x + number(rect, "width"), y + number(rect, "height")};
}

static bool is_inside(struct box box, struct box in)
{
    return box.left >= in.left && box.top >= in.top && box.right <= in.right &&
           box.bottom <= in.bottom;
}

static bool overlap(struct box a, struct box b)
{
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/* The faces of deploytag.c, deploypool.c and deploymap.c as the style sheet sets them. */
static struct cs_textfit_face face_of(const char *class)
{
    static const struct {
        const char *class;
        struct cs_textfit_face face;
    } faces[] = {{"site-name", {18, true}},
                 {"name", {16, true}},
                 {"computer", {14, false}},
                 {"word", {13, true}}};

    for (size_t i = 0; i < sizeof faces / sizeof faces[0]; i++) {
        if (strncmp(class, faces[i].class, strlen(faces[i].class)) == 0) {
            return faces[i].face;
        }
    }
    return (struct cs_textfit_face){13, false};
}

static struct box text_box(xmlNode *node)
{
    const char *class = attribute(node, "class");
    struct cs_textfit_face face = face_of(class);
    int width = cs_textfit_width((const char *)node->children->content, face);
    int x = number(node, "x");
    int y = number(node, "y");
    int left = strstr(class, "end") ? x - width : x;

    return (struct box){left, y - face.size, left + width, y + face.size / 4};
}

/* The first rect of a group or link is its frame. */
static xmlNode *frame_of(xmlNode *group)
{
    for (xmlNode *node = group->children; node; node = node->next) {
        if (is(node, "rect")) {
            return node;
        }
    }
    return NULL;
}

/* Everything in @group is inside @frame; what has a frame of its own is looked into. */
static void check_group(xmlNode *group, struct box frame)
{
    for (xmlNode *node = group->children; node; node = node->next) {
        if (is(node, "rect") || is(node, "use")) {
            ck_assert_msg(is_inside(box_of(node), frame), "a rect leaves its frame");
        } else if (is(node, "text")) {
            ck_assert_msg(is_inside(text_box(node), frame), "a text leaves its frame: %s",
                          (const char *)node->children->content);
        } else if (is(node, "g") || is(node, "a")) {
            xmlNode *own = frame_of(node);
            ck_assert_ptr_nonnull(own);
            check_group(node, box_of(own));
        }
    }
}

/* No two groups or links of @group lie over each other, and no text over either. */
static void check_overlap(xmlNode *group)
{
    for (xmlNode *a = group->children; a; a = a->next) {
        if (!is(a, "g") && !is(a, "a")) {
            continue;
        }
        struct box frame = box_of(frame_of(a));
        for (xmlNode *b = group->children; b; b = b->next) {
            if (b != a && (is(b, "g") || is(b, "a"))) {
                ck_assert_msg(!overlap(frame, box_of(frame_of(b))), "two boxes overlap");
            }
            if (is(b, "text")) {
                ck_assert_msg(!overlap(frame, text_box(b)), "a text lies under a box: %s",
                              (const char *)b->children->content);
            }
        }
        check_overlap(a);
    }
}

/* Each <svg> of the page, parsed; returns how many. @highest may be NULL. */
static size_t check_picture(int *highest)
{
    size_t count = 0;

    for (const char *at = find(text(), "<svg"); at; at = find(at + 1, "<svg")) {
        const char *end = find(at, "</svg>") + strlen("</svg>");
        xmlDoc *doc = xmlReadMemory(at, (int)(end - at), NULL, "UTF-8", XML_PARSE_NONET);
        ck_assert_msg(doc != NULL, "not well formed: %.60s", at);
        xmlNode *svg = xmlDocGetRootElement(doc);
        if (strcmp(attribute(svg, "class"), "panel") == 0) {
            int width = 0;
            int height = 0;
            ck_assert_int_eq(sscanf(attribute(svg, "viewBox"), "0 0 %d %d", &width, &height), 2);
            ck_assert_int_eq(width, CS_DEPLOYMAP_WIDTH);
            check_group(svg, (struct box){0, 0, width, height});
            check_group(svg, box_of(frame_of(svg)));
            check_overlap(svg);
            if (highest && height > *highest) {
                *highest = height;
            }
            count++;
        }
        xmlFreeDoc(doc);
    }
    return count;
}

/* The deployment and four sites. */
START_TEST(picture_is_sound)
{
    ck_assert_uint_eq(check_picture(NULL), 5);
}
END_TEST

/* The deployment, because of a certificate of no pool, and two sites. */
START_TEST(hostile_picture_is_sound)
{
    ck_assert_uint_eq(check_picture(NULL), 3);
}
END_TEST

/* The line from the box of shared keys ends at the top of each member: as many ends as members. */
START_TEST(shared_key_reaches_every_member)
{
    ck_assert_uint_eq(occurrences("<path class=\"branch\""), 2);
    size_t ends = 0;
    for (const char *at = strstr(text(), "<path class=\"branch\""); at;
         at = strstr(at + 1, "<path class=\"branch\"")) {
        for (const char *c = at; *c != '>'; c++) {
            ends += *c == 'M';
        }
    }
    ck_assert_uint_eq(ends, 2 + 2 + 3); /* each path begins with one M at the box */
}
END_TEST

/* ---- other deployments ---- */

static void begin_empty(void)
{
    deployment_sample_empty(&sample);
}

static struct cs_topo_pool *add_pool(const char *site, const char *fqdn, unsigned services)
{
    struct cs_topo_pool *pool = cs_topology_add_pool(sample.topology);

    pool->site = cs_strdup(site);
    pool->services = services;
    cs_topo_name_set(&pool->fqdn, fqdn, "t.xml:1 Cluster@Fqdn");
    return pool;
}

START_TEST(topology_without_anything)
{
    begin_empty();
    render();
    ck_has("The topology has no pools: there is nothing to draw.");
    ck_has("No certificate is planned.");
    ck_has("<dd id=\"count-computers\">0</dd>");
    ck_has_not("id=\"failures\"");
    ck_has_not("id=\"warnings\"");
    ck_has_not("class=\"panel\"");
    ck_has_not("<ul class=\"legend");
}
END_TEST

/* No site, an unknown site: the pool is drawn all the same. A pool without computers, too. */
START_TEST(pool_without_site)
{
    begin_empty();
    cs_topo_pool_add_computer(add_pool(NULL, "a.contoso.com", CS_SERVICE_MEDIATION),
                              "a.contoso.com", "t.xml:2");
    add_pool("17", "b.contoso.com", CS_SERVICE_EDGE);
    deployment_sample_add(&sample, "b.contoso.com", NULL, 1u << CS_TYPE_INTERNAL, 0,
                          CS_STATE_PLANNED, 0);
    deployment_sample_end(&sample);
    render();
    ck_has(">No site</text>");
    ck_has(">pools of no site \xc2\xb7 2 pools \xc2\xb7 1 computer</text>");
    ck_has(">Of the pool as a whole</text>");
    ck_assert_uint_eq(check_picture(NULL), 1);
}
END_TEST

/* Rows may come in any order, certificates of a pool beside those of its computers. */
START_TEST(rows_in_any_order)
{
    begin_empty();
    struct cs_topo_pool *pool = add_pool(NULL, "edge.contoso.com", CS_SERVICE_EDGE);
    cs_topo_pool_add_computer(pool, "edge1.contoso.com", "t.xml:2");
    cs_topo_pool_add_computer(pool, "edge2.contoso.com", "t.xml:3");
    cs_topo_pool_add_computer(add_pool(NULL, "med.contoso.com", CS_SERVICE_MEDIATION),
                              "med.contoso.com", "t.xml:4");
    static const char *const computers[] = {"edge2.contoso.com", NULL, "edge1.contoso.com",
                                            "edge2.contoso.com"};
    deployment_sample_add(&sample, "med.contoso.com", "med.contoso.com", DEFAULT, 0,
                          CS_STATE_PLANNED, 0);
    for (size_t i = 0; i < sizeof computers / sizeof computers[0]; i++) {
        deployment_sample_add(&sample, "edge.contoso.com", computers[i], DEFAULT, 0,
                              CS_STATE_PLANNED, 0);
    }
    deployment_sample_end(&sample);
    render();
    /* In the order of the picture: the pool, its computers, the other pool. */
    static const char *const order[] = {"aria-label=\"Pool edge.contoso.com, ",
                                        "<a href=\"#certificate-3\"",
                                        "aria-label=\"Computer edge1.contoso.com\"",
                                        "<a href=\"#certificate-4\"",
                                        "aria-label=\"Computer edge2.contoso.com\"",
                                        "<a href=\"#certificate-2\"",
                                        "<a href=\"#certificate-5\"",
                                        "aria-label=\"Pool med.contoso.com, ",
                                        "<a href=\"#certificate-1\""};
    const char *at = text();
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        at = strstr(at, order[i]);
        ck_assert_msg(at != NULL, "not there, or not in its place: %s", order[i]);
        ck_assert_uint_eq(occurrences(order[i]), 1);
    }
    ck_assert_uint_eq(check_picture(NULL), 1);
}
END_TEST

/* What all members of a pool of one share stands at that one, without a box of shared keys. */
START_TEST(pool_of_one_shares_nothing)
{
    begin_empty();
    cs_topo_pool_add_computer(add_pool(NULL, "edge.contoso.com", CS_SERVICE_EDGE),
                              "edge.contoso.com", "t.xml:2");
    deployment_sample_add(&sample, "edge.contoso.com", NULL, 1u << CS_TYPE_INTERNAL, 0,
                          CS_STATE_PLANNED, 0);
    deployment_sample_end(&sample);
    render();
    ck_assert_uint_eq(occurrences("<a href=\"#certificate-1\""), 1);
    ck_has_not("Shared by");
    ck_has_not("class=\"branch\"");
    ck_assert_uint_eq(check_picture(NULL), 1);
}
END_TEST

/* A pool that no panel can hold goes on in the next; no computer is lost, none stands twice. */
START_TEST(large_pool_is_split)
{
    begin_empty();
    struct cs_topo_pool *pool =
        add_pool(NULL, "big.contoso.com", CS_SERVICE_REGISTRAR | CS_SERVICE_USER_SERVICES);
    for (int i = 1; i <= 100; i++) {
        cs_autofree char *name = cs_asprintf("fe%d.contoso.com", i);
        cs_topo_pool_add_computer(pool, name, "t.xml:2");
    }
    for (int i = 1; i <= 100; i++) {
        cs_autofree char *name = cs_asprintf("fe%d.contoso.com", i);
        deployment_sample_add(&sample, "big.contoso.com", name, DEFAULT, i, CS_STATE_OFFLINE, 0);
    }
    deployment_sample_end(&sample);
    render();
    int highest = 0;
    size_t panels = check_picture(&highest);
    ck_assert_uint_gt(panels, 1);
    ck_assert_int_le(highest, 1300);
    ck_has("computers 1 to ");
    ck_has(" to 100 of 100</text>");
    for (int i = 1; i <= 100; i++) {
        cs_autofree char *label = cs_asprintf("aria-label=\"Computer fe%d.contoso.com\"", i);
        cs_autofree char *link = cs_asprintf("<a href=\"#certificate-%d\"", i);
        ck_assert_uint_eq(occurrences(label), 1);
        ck_assert_uint_eq(occurrences(link), 1);
    }
}
END_TEST

/* 300 pools, 2,000 computers: whole, and of a size that a browser opens. A panel fits a printed
 * page, which is at least 1.3 times as high as wide. */
START_TEST(large_deployment)
{
    deployment_sample_large(&sample);
    render();
    ck_has("<dd id=\"count-sites\">12</dd>");
    ck_has("<dd id=\"count-pools\">300</dd>");
    ck_has("<dd id=\"count-computers\">2000</dd>");
    ck_has("<dd id=\"count-certificates\">1850</dd>");
    ck_assert_uint_eq(occurrences("aria-label=\"Computer "), 2000);
    ck_assert_uint_eq(occurrences("<tbody id=\"certificate-"), 1850);
    ck_assert_uint_eq(occurrences("<a href=\"#certificate-"), 1850);
    int highest = 0;
    ck_assert_uint_gt(check_picture(&highest), 12);
    ck_assert_int_le(highest, 1300);
    ck_assert_uint_lt(page.len, 16u << 20);
}
END_TEST

START_TEST(page_that_is_too_large_is_refused)
{
    const size_t size = (size_t)65 << 20;
    struct cs_err err = {0};

    begin_empty();
    deployment_sample_add(&sample, "p.contoso.com", NULL, DEFAULT, 0, CS_STATE_PLANNED, 0);
    free(sample.plans[0]->choice);
    sample.plans[0]->choice = memset(cs_alloc(size + 1, 1), 'a', size);
    deployment_sample_end(&sample);
    ck_assert_int_eq(cs_deployment_html(&sample.report, &page, &err), CS_E_OUTPUT);
    ck_assert_ptr_nonnull(strstr(err.message, "1 certificate"));
    ck_assert_ptr_nonnull(strstr(err.hint, "--json"));
    ck_assert_ptr_null(page.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("deployment_html");
    TCase *pages = tcase_create("page");
    TCase *hostile = tcase_create("hostile");
    TCase *others = tcase_create("others");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(pages, setup, teardown);
    tcase_add_test(pages, counts_are_those_of_the_sample);
    tcase_add_loop_test(pages, each_certificate_has_a_row_and_a_tag, 0, ROWS(states));
    tcase_add_loop_test(pages, page_shows, 0, ROWS(shown));
    tcase_add_test(pages, page_is_self_contained);
    tcase_add_test(pages, policy_names_the_style_sheet);
    tcase_add_test(pages, anchors_are_unique_and_lead_somewhere);
    tcase_add_test(pages, picture_is_sound);
    tcase_add_test(pages, shared_key_reaches_every_member);
    suite_add_tcase(suite, pages);

    tcase_add_checked_fixture(hostile, setup_hostile, teardown);
    tcase_add_test(hostile, hostile_text_stays_text);
    tcase_add_test(hostile, anchors_are_unique_and_lead_somewhere);
    tcase_add_test(hostile, hostile_picture_is_sound);
    suite_add_tcase(suite, hostile);

    tcase_add_checked_fixture(others, NULL, teardown);
    tcase_add_test(others, topology_without_anything);
    tcase_add_test(others, pool_without_site);
    tcase_add_test(others, rows_in_any_order);
    tcase_add_test(others, pool_of_one_shares_nothing);
    tcase_add_test(others, large_pool_is_split);
    tcase_add_test(others, large_deployment);
    tcase_add_test(others, page_that_is_too_large_is_refused);
    suite_add_tcase(suite, others);

    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

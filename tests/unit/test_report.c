/* The page of -Report: what it shows, and that text from outside stays text. */
#include "base/mem.h"
#include "report/html.h"
#include "report/report.h"
#include "support/report_sample.h"

#include <check.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static struct report_sample sample;
static struct cs_bytes page;

static void render(const struct cs_report *report)
{
    struct cs_err err = {0};

    cs_bytes_done(&page);
    ck_assert_msg(cs_report_html(report, &page, &err) == CS_OK, "%s", err.message);
    ck_assert_uint_eq(page.len, strlen((const char *)page.data));
}

static void setup(void)
{
    report_sample_make(&sample);
    render(&sample.report);
}

static void teardown(void)
{
    report_sample_done(&sample);
    cs_bytes_done(&page);
}

static bool has(const char *text)
{
    return strstr((const char *)page.data, text) != NULL;
}

#define ck_has(text)     ck_assert_msg(has(text), "the page lacks: %s", text)
#define ck_has_not(text) ck_assert_msg(!has(text), "the page holds: %s", text)

/* Expected by hand from the rules in report/html.h. */
static const struct {
    const char *text;
    const char *html;
} escapes[] = {
    {"", ""},
    {"edge1.litwareinc.com", "edge1.litwareinc.com"},
    {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
    {"a & b", "a &amp; b"},
    {"&lt;", "&amp;lt;"},
    {"\" onload='x'", "&quot; onload=&#39;x&#39;"},
    {"line 1\nline 2\tend", "line 1\nline 2\tend"},
    {"\n", "\n"},
    {"cr\rhere", "cr\\x0dhere"},
    {"\x1b[31mred", "\\x1b[31mred"},
    {"\x7f", "\\x7f"},
    {"M\xc3\xbcnchen", "M\xc3\xbcnchen"},
    {"\xff<", "\\xff&lt;"},
    {"\xc0\xbcscript>", "\\xc0\\xbcscript&gt;"}, /* overlong "<" */
    {"\xc2\x9b"
     "31m",
     "\\xc2\\x9b31m"}, /* C1 control CSI */
    {"a\xe2\x80\xae"
     "b",
     "a\\u202eb"}, /* right-to-left override */
    {"a\xe2\x80\x8b"
     "b",
     "a\\u200bb"},                    /* zero width space */
    {"\xe2\x81\xa6", "\\u2066"},      /* left-to-right isolate */
    {"\xef\xbb\xbf", "\\ufeff"},      /* byte order mark */
    {"\xd8\x9c", "\\u061c"},          /* Arabic letter mark */
    {"\xe2\x82\xac", "\xe2\x82\xac"}, /* the euro sign stays */
    {"\xe2\x80\x93", "\xe2\x80\x93"}, /* the en dash stays */
    {"\xe2\x80", "\\xe2\\x80"},       /* cut off */
};

START_TEST(text_is_escaped)
{
    cs_auto_value(cs_buf) buf = CS_BUF(4096);

    cs_buf_puts(&buf, "");
    cs_html_text(&buf, escapes[_i].text);
    ck_assert_str_eq((const char *)buf.data, escapes[_i].html);
}
END_TEST

START_TEST(null_is_nothing)
{
    cs_auto_value(cs_buf) buf = CS_BUF(4096);

    cs_html_text(&buf, NULL);
    cs_html_element(&buf, "p", NULL);
    cs_html_element(&buf, "p", "");
    cs_html_row(&buf, "Heading", NULL);
    cs_html_row_code(&buf, "Heading", "");
    cs_html_row_time(&buf, "Heading", 0);
    ck_assert_uint_eq(buf.len, 0);
}
END_TEST

/* One line, as it is shown: no references, no line ends. */
START_TEST(visible_is_what_is_shown)
{
    cs_autofree char *text = cs_html_visible("a <b>\n&\t\x1b[31m\xff\xe2\x80\xae"
                                             "M\xc3\xbcnchen");
    cs_autofree char *nothing = cs_html_visible(NULL);

    ck_assert_str_eq(text, "a <b> & \\x1b[31m\\xff\\u202eM\xc3\xbcnchen");
    ck_assert_str_eq(nothing, "");
}
END_TEST

START_TEST(dotted_can_break_after_each_dot)
{
    cs_auto_value(cs_buf) buf = CS_BUF(4096);

    cs_html_dotted(&buf, "sip.<i>.com.");
    cs_html_dotted(&buf, NULL);
    ck_assert_str_eq((const char *)buf.data, "sip.<wbr>&lt;i&gt;.<wbr>com.<wbr>");
}
END_TEST

/* Every character that HTML gives a meaning in text or in a quoted value (HTML standard, 13.1.2.3
 * and 13.2.5.1), alone and doubled. */
START_TEST(no_octet_makes_markup)
{
    char text[3] = {(char)_i, (char)_i, 0};
    cs_auto_value(cs_buf) buf = CS_BUF(4096);

    cs_html_text(&buf, text);
    const char *html = (const char *)buf.data;
    ck_assert_ptr_nonnull(html);
    ck_assert_uint_eq(strcspn(html, "<>\"'"), strlen(html));
    for (const char *at = strchr(html, '&'); at; at = strchr(at + 1, '&')) {
        ck_assert_ptr_nonnull(strchr(at, ';'));
    }
    for (const char *at = html; *at; at++) {
        unsigned char octet = (unsigned char)*at;
        ck_assert(octet >= 0x20 || octet == '\n' || octet == '\t');
    }
}
END_TEST

START_TEST(page_is_self_contained)
{
    ck_assert_int_eq(strncmp((const char *)page.data, "<!DOCTYPE html>\n<html lang=\"en\">", 32),
                     0);
    ck_has("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
           "style-src 'sha256-");
    ck_has_not("unsafe-inline");
    ck_has_not(" style=");
    ck_has_not("http:");
    ck_has_not("https:");
    ck_has_not("url(");
    ck_has_not("@import");
    ck_has_not("<script");
    ck_has_not("<link");
    ck_has_not("<img");
}
END_TEST

START_TEST(hostile_text_stays_text)
{
    ck_has("&quot;&#39;&gt;&lt;/td&gt;&lt;/table&gt;&lt;script&gt;");
    ck_has("&amp;lt;\\x1b[31m\\xff\\u202e");
    ck_has_not("</td></table><script>");
    ck_has_not("\x1b");
    ck_has_not("\xff");
    ck_has_not("\xe2\x80\xae");
}
END_TEST

static const char *const shown[] = {
    "cscert retrieve: 3 requests",
    "admin on edge1",
    "<time datetime=\"2026-11-22T12:21:30Z\">2026-11-22 12:21:30 UTC</time>",
    "Exit code 13 PARTIAL: Of several requests at least one failed.",
    /* overview and status */
    "<a href=\"#request-2\">Request 2</a>",
    "<span class=\"badge good\">Issued</span>",
    "<span class=\"badge wait\">Pending</span>",
    "<span class=\"badge bad\">Failed</span>",
    /* what was asked */
    "<th scope=\"row\">Type</th><td>Internal</td>",
    "<th scope=\"row\">Organization</th><td>Litware &amp; Söhne</td>",
    "<th scope=\"row\">Country</th><td>DE</td>",
    "<th scope=\"row\">Friendly name</th><td>Edge, internal</td>",
    "<th scope=\"row\">Key</th><td>RSA, 2048 bits</td>",
    "<th scope=\"row\">Private key exportable</th><td>no</td>",
    "<th scope=\"row\">Client authentication (EKU)</th><td>no</td>",
    "<th scope=\"row\">Certification authority</th><td>atl-ca-001.litwareinc.com\\myca</td>",
    "<th scope=\"row\">Template</th><td>WebServer</td>",
    /* names */
    "<th scope=\"row\">edge1.litwareinc.com</th><td>subject name</td><td>-ComputerFqdn</td>",
    "<th scope=\"row\">sip.litwareinc.com</th><td>-DomainName</td><td>-DomainName</td>",
    /* key */
    "The token says that the key was made inside it, could never be read and could never leave it.",
    "<code>pkcs11:token=edge;id=%A5%A5%A5%A5;type=private</code>",
    "<code>a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5</code>",
    "<th scope=\"row\">Made with</th><td>CKM_RSA_PKCS_KEY_PAIR_GEN</td>",
    "<th scope=\"row\">Made where</th><td>on the token at once</td>",
    "<th scope=\"row\"><code>CKA_LOCAL</code></th><td>true</td>",
    "<th scope=\"row\"><code>CKA_EXTRACTABLE</code></th><td>false</td>",
    "<th scope=\"row\"><code>CKA_MODIFIABLE</code></th><td>unknown</td>",
    "<code>CKA_WRAP_WITH_TRUSTED</code></th><td>unknown (unreliable",
    /* request: SHA-256 of "abc" is FIPS 180-4's own example */
    "<code>ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad</code>",
    "-----BEGIN CERTIFICATE REQUEST-----",
    /* the CA and the certificate */
    "<th scope=\"row\">Its number for the request</th><td>17</td>",
    "<th scope=\"row\">Its message</th><td>issued</td>",
    "<th scope=\"row\">Serial number</th><td><code>12ab34</code>",
    "2026-01-01 00:00:00 UTC",
    "2027-01-01 00:00:00 UTC",
    "<th scope=\"row\">Signed with</th><td>ecdsa-with-SHA256</td>",
    "<th scope=\"row\">Extended key usage</th><td>server authentication</td>",
    "-----BEGIN CERTIFICATE-----",
    /* warnings, files, errors */
    "<li>edge1.litwareinc.com is not in a topology</li>",
    "<li>/srv/out/edge1.req</li>",
    "Error: TOKEN_AUTH",
    "<p>the token did not accept the PIN: ",
    "<code>C_Login: CKR_PIN_INCORRECT (0xa0)</code>",
    "<p>What to do: check the PIN, then try again\n",
    /* token */
    "<th scope=\"row\">Manufacturer</th><td>SoftHSM project</td>",
    "<code>/usr/lib/softhsm/libsofthsm2.so</code>",
    "<th scope=\"row\">Profile</th><td>softhsm2</td>",
    "Written by cscert 0.1.0",
};

START_TEST(page_shows)
{
    ck_has(shown[_i]);
}
END_TEST

START_TEST(thumbprint_is_sha1_of_the_certificate)
{
    const struct cs_bytes *der = &sample.requests[0]->certificate;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";

    ck_assert(EVP_Digest(der->data, der->len, digest, &len, EVP_sha1(), NULL));
    for (unsigned i = 0; i < len; i++) {
        sprintf(hex + 2 * i, "%02X", digest[i]);
    }
    ck_has(hex);
}
END_TEST

START_TEST(what_if_shows_the_plan_only)
{
    sample.report.what_if = true;
    sample.report.count = 1;
    sample.report.token = NULL;
    sample.report.exit_code = CS_OK;
    report_sample_only_planned(&sample);
    render(&sample.report);
    ck_has("-WhatIf: nothing was changed.");
    ck_has("<span class=\"badge wait\">Planned</span>");
    ck_has("Planned request: edge1.litwareinc.com");
    ck_has("Exit code 0 OK");
    ck_has("sip.litwareinc.com");
    ck_has_not("CKA_LOCAL");
    ck_has_not("RequestId");
    ck_has_not("BEGIN CERTIFICATE");
    ck_has_not("1970");
}
END_TEST

/* Of a plan with a topology: its place there, and the names against an older certificate's. */
START_TEST(plan_shows_place_and_comparison)
{
    ck_has_not("<th scope=\"row\">Pool</th>");
    ck_has_not("Against the existing certificate");
    report_sample_only_planned(&sample);
    struct cs_plan *plan = sample.requests[0]->plan;
    plan->pool = cs_strdup("edgepool.litwareinc.net");
    plan->role = CS_ROLE_EDGE;
    plan->choice = cs_strdup("the members share <one> key");
    plan->like.source = cs_strdup("old.cer");
    cs_strv_add(&plan->like.kept, "edgepool.litwareinc.net");
    cs_strv_add(&plan->like.lost, "a.litwareinc.com");
    cs_strv_add(&plan->like.lost, "b.litwareinc.com");
    render(&sample.report);
    ck_has("<th scope=\"row\">Pool</th><td>edgepool.litwareinc.net</td>");
    ck_has("<th scope=\"row\">Role</th><td>Edge");
    ck_has("the members share &lt;one&gt; key");
    ck_has("Against the existing certificate");
    ck_has("<th scope=\"row\">Names kept</th><td>edgepool.litwareinc.net</td>");
    ck_has("<th scope=\"row\">Names lost</th><td>a.litwareinc.com\nb.litwareinc.com</td>");
    ck_has_not("Names gained");
}
END_TEST

/* -WhatIf of `clear`: the request is there and stays as it is. */
START_TEST(what_if_shows_what_a_request_is)
{
    sample.report.what_if = true;
    render(&sample.report);
    ck_has("<span class=\"badge wait\">Pending</span>");
    ck_has("<th scope=\"row\">RequestId</th><td>2</td>");
    ck_has("CKA_LOCAL");
}
END_TEST

/* No token, no disk: the request was never stored. */
START_TEST(failed_before_it_was_stored)
{
    sample.report.count = 1;
    report_sample_only_planned(&sample);
    cs_err_set(&sample.errors[0], CS_E_TOKEN_ABSENT, "no token matches");
    sample.report.exit_code = CS_E_TOKEN_ABSENT;
    render(&sample.report);
    ck_has("<span class=\"badge bad\">Failed</span>");
    ck_has("Exit code 4 TOKEN_ABSENT");
    ck_has("<p>no token matches</p>");
}
END_TEST

START_TEST(run_that_failed_without_a_request)
{
    struct cs_err error = {0};

    cs_err_set(&error, CS_E_STORE, "the store /x/cscert.db is locked");
    cs_err_cause(&error, CS_ORIGIN_SQL, 5, "database is locked", "sqlite3_step");
    sample.report.count = 0;
    sample.report.error = &error;
    sample.report.exit_code = CS_OK;
    render(&sample.report);
    ck_has("cscert retrieve: 0 requests");
    ck_has("Exit code 11 STORE");
    ck_has("<code>sqlite3_step: database is locked (SQLite 5)</code>");
    ck_has("No request was concerned.");
}
END_TEST

/* Origin, cause and how both are read. */
static const struct {
    enum cs_origin origin;
    int64_t cause;
    const char *name;
    const char *operation;
    const char *html;
} causes[] = {
    {CS_ORIGIN_ERRNO, 13, "Permission denied", "open", "<code>open: Permission denied (errno 13)"},
    {CS_ORIGIN_CKR, 0xe0, "CKR_TOKEN_NOT_PRESENT", "", "<code>CKR_TOKEN_NOT_PRESENT (0xe0)"},
    {CS_ORIGIN_HRESULT, (int32_t)0x80094800, "CERTSRV_E_UNSUPPORTED_CERT_TYPE", "",
     "<code>0x80094800 CERTSRV_E_UNSUPPORTED_CERT_TYPE"},
    {CS_ORIGIN_HTTP, 404, "Not Found", "GET", "<code>GET: Not Found (HTTP 404)"},
};

START_TEST(cause_is_shown_with_its_number)
{
    struct cs_err error = {0};

    cs_err_set(&error, CS_E_INTERNAL, "something failed");
    cs_err_cause(&error, causes[_i].origin, causes[_i].cause, causes[_i].name,
                 causes[_i].operation);
    sample.report.error = &error;
    render(&sample.report);
    ck_has(causes[_i].html);
}
END_TEST

/* The three things the page can say of a key. */
START_TEST(verdict_doubts_what_it_must)
{
    struct cs_key_attrs *attrs = &sample.requests[0]->attrs;

    sample.report.count = 1;
    attrs->unreliable[CS_ATTR_LOCAL] = true;
    render(&sample.report);
    ck_has("The token does not say for certain");
    ck_has_not("could never be read and could");
    ck_has("<code>CKA_LOCAL</code></th><td>true (unreliable");

    attrs->unreliable[CS_ATTR_LOCAL] = false;
    attrs->answer[CS_ATTR_NEVER_EXTRACTABLE] = CS_FALSE;
    attrs->answer[CS_ATTR_EXTRACTABLE] = CS_TRUE;
    render(&sample.report);
    ck_has("The key is exportable");

    attrs->answer[CS_ATTR_EXTRACTABLE] = CS_FALSE;
    attrs->answer[CS_ATTR_NEVER_EXTRACTABLE] = CS_UNKNOWN;
    render(&sample.report);
    ck_has("The token does not say for certain");
}
END_TEST

START_TEST(broken_certificate_is_an_error_in_its_place)
{
    cs_bytes_done(&sample.requests[0]->certificate);
    sample.requests[0]->certificate = cs_bytes_copy("no certificate", 14);
    render(&sample.report);
    ck_has("<h3>Certificate</h3>\n<div class=\"box bad\">\n<h4>Error: INPUT</h4>");
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof(table)[0])

/* ---- certificates ---- */

/* One with everything, one whose every text is hostile, one that is no certificate. */
START_TEST(certificates_are_shown)
{
    struct cs_cert_facts facts[3] = {
        {.subject = (char *)(uintptr_t) "CN=edge1.litwareinc.com",
         .common_name = (char *)(uintptr_t) "edge1.litwareinc.com",
         .issuer = (char *)(uintptr_t) "CN=Litware CA",
         .serial = (char *)(uintptr_t) "01f4",
         .thumbprint = (char *)(uintptr_t) "B142918E463981A76503828BB1278391B7162809",
         .sha256 = (char *)(uintptr_t) "00ff",
         .not_before = 1700000000,
         .not_after = 1796000000},
        {.subject = (char *)(uintptr_t)SAMPLE_HOSTILE, .issuer = (char *)(uintptr_t)SAMPLE_HOSTILE},
    };
    cs_auto_value(cs_strv) uses = {0};
    cs_auto_value(cs_strv) hostile = {0};
    struct cs_strv none = {0};
    struct cs_report report = sample.report;
    const struct cs_report_certificate certificates[] = {
        {.facts = &facts[0],
         .serial_reversed = "f401",
         .label = "edge",
         .token = "pkcs11:token=edge",
         .uri = "pkcs11:id=%01",
         .key = "on the token, imported",
         .uses = &uses,
         .warnings = &none,
         .request_id = 7},
        {.facts = &facts[1], .label = SAMPLE_HOSTILE, .uses = &hostile, .warnings = &hostile},
        {.facts = &facts[2], .uses = &none, .warnings = &none},
    };

    cs_strv_add(&uses, "Default (current)");
    cs_strv_add(&hostile, SAMPLE_HOSTILE);
    cs_strv_add(&facts[0].names, "edge1.litwareinc.com");
    cs_strv_add(&facts[0].names, "sip.litwareinc.com");
    report.items = NULL;
    report.count = 0;
    report.of_certificates = true;
    report.certificates = certificates;
    report.certificate_count = 3;
    render(&report);
    ck_has(": 3 certificates</h1>");
    ck_has("<a href=\"#certificate-1\">edge1.litwareinc.com</a>");
    ck_has("id=\"certificate-3\"");
    ck_has("<h2>An object that is no certificate</h2>");
    ck_has("Default (current)");
    ck_has("edge1.litwareinc.com\nsip.litwareinc.com");
    ck_has("B142918E463981A76503828BB1278391B7162809");
    ck_has("<code>01f4</code>");
    ck_has("<code>f401</code>");
    ck_has("on the token, imported");
    ck_has("2026-11-30 00:53:20 UTC");
    ck_has_not("<script");
    ck_has_not("<img");
    ck_has_not("\x1b");
    ck_has_not("No certificate was concerned");
    ck_has_not("No request was concerned");
    report.certificate_count = 0;
    render(&report);
    ck_has(": 0 certificates</h1>");
    ck_has("No certificate was concerned");
    cs_strv_done(&facts[0].names);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *html = tcase_create("html");
    TCase *pages = tcase_create("page");
    SRunner *runner = srunner_create(suite);

    tcase_add_loop_test(html, text_is_escaped, 0, ROWS(escapes));
    tcase_add_test(html, null_is_nothing);
    tcase_add_test(html, visible_is_what_is_shown);
    tcase_add_test(html, dotted_can_break_after_each_dot);
    tcase_add_loop_test(html, no_octet_makes_markup, 1, 256);
    suite_add_tcase(suite, html);

    tcase_add_checked_fixture(pages, setup, teardown);
    tcase_add_test(pages, page_is_self_contained);
    tcase_add_test(pages, hostile_text_stays_text);
    tcase_add_loop_test(pages, page_shows, 0, ROWS(shown));
    tcase_add_test(pages, thumbprint_is_sha1_of_the_certificate);
    tcase_add_test(pages, what_if_shows_the_plan_only);
    tcase_add_test(pages, plan_shows_place_and_comparison);
    tcase_add_test(pages, what_if_shows_what_a_request_is);
    tcase_add_test(pages, failed_before_it_was_stored);
    tcase_add_test(pages, run_that_failed_without_a_request);
    tcase_add_loop_test(pages, cause_is_shown_with_its_number, 0, ROWS(causes));
    tcase_add_test(pages, verdict_doubts_what_it_must);
    tcase_add_test(pages, broken_certificate_is_an_error_in_its_place);
    tcase_add_test(pages, certificates_are_shown);
    suite_add_tcase(suite, pages);

    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

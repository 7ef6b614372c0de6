#include "ca/webpage.h"
#include "support/check_run.h"
#include "support/testdata.h"

#include <check.h>
#include <string.h>
#include <time.h>

/* ---- the form ---- */

START_TEST(the_form_is_encoded)
{
    /* 0xfb 0xef 0xbe is "++++" cut: RFC 4648's alphabet has '+' for 62 */
    struct cs_bytes csr = cs_bytes_copy("\xfb\xef\xbe", 3);
    cs_autofree char *form = cs_webpage_form(&csr, "Web Server & more");

    ck_assert_str_eq(form, "Mode=newreq&CertRequest=%2B%2B%2B%2B"
                           "&CertAttrib=CertificateTemplate%3AWeb%20Server%20%26%20more%0D%0A"
                           "&FriendlyType=Saved-Request+Certificate&TargetStoreFlags=0"
                           "&SaveCert=yes");
    cs_bytes_done(&csr);
}
END_TEST

START_TEST(without_a_template)
{
    struct cs_bytes csr = cs_bytes_copy("abc", 3);
    cs_autofree char *form = cs_webpage_form(&csr, NULL);

    assert_contains(form, "CertRequest=YWJj&CertAttrib=&FriendlyType=");
    cs_bytes_done(&csr);
}
END_TEST

/* ---- pages ---- */

/* One label of the table of an error page, as the recorded one writes it. */
#define ROW(id, value)                                                                             \
    "<DT ID=" id "><Font Size=-1><B>Beschriftung:</B></Font></DT><DD>\n  " value "\n </DD>\n"
#define TABLE(disposition, message, status)                                                        \
    "<HTML><Body><DL><DD><DL>" ROW("locDispLabel",                                                 \
                                   disposition " <LocID ID=locDispSpacer>-</LocID>"                \
                                               " (unbekannt)") ROW("locDispMsgLabel", message)     \
        ROW("locLastStatLabel", status) "</DL></DL></Body></HTML>"

static const struct {
    const char *what;
    const char *html;
    const char *issued_id; /* NULL: none */
    const char *request_id;
    const char *message;
    int disposition;
    uint32_t hresult;
} pages[] = {
    {"issued", "<A Href=\"certnew.cer?ReqID=17&amp;Enc=bin\">x</A>", "17", NULL, NULL, -1, 0},
    {"issued, by its script", "<Script>location=\"certnew.cer?ReqID=4294967295&\"+e();</Script>",
     "4294967295", NULL, NULL, -1, 0},
    {"pending", "<P ID=locInfoReqID>Ihre Anforderungskennung ist 23.", NULL, "23", NULL, -1, 0},
    {"pending, as one sentence", "<P ID=locInfoReqIDandPend>Your Request Id is 23.</P>", NULL, "23",
     NULL, -1, 0},
    {"refused by policy",
     "<P ID=locInfoReqID>Your Request Id is 9. The disposition message is &quot;Denied by Policy "
     "Module  0x80094800, The request was for a certificate template that is not supported&quot;.",
     NULL, "9",
     "Denied by Policy Module 0x80094800, The request was for a certificate template that is not "
     "supported",
     -1, 0x80094800},
    {"an error",
     "<P ID=locErrMsg>ASN1 bad tag value met. <LocID ID=locErrNum>Error Number: 0x8009310b"
     "</LocID>",
     NULL, NULL, "ASN1 bad tag value met. Error Number: 0x8009310b", -1, 0x8009310b},
    {"under submission",
     TABLE("5", "Taken Under Submission", "The operation completed successfully. 0x0 (WIN32: 0)"),
     NULL, NULL, "Taken Under Submission", 5, 0},
    {"denied by an officer",
     TABLE("2", "Denied by LITWAREINC\\Administrator",
           "0x80094014 (-2146877420 CERTSRV_E_ADMIN_DENIED_REQUEST)"),
     NULL, NULL, "Denied by LITWAREINC\\Administrator", 2, 0x80094014},
    {"revoked", TABLE("6", "Revoked by x", "0x0"), NULL, NULL, "Revoked by x", 6, 0},
    {"unknown id", TABLE("0", "(none)", "0x80094004 (-2146877436)"), NULL, NULL, "(none)", 0,
     0x80094004},
    {"a disposition that is none", TABLE("x", "m", "0x0"), NULL, NULL, "m", -1, 0},
    {"a disposition of four digits", TABLE("6666", "m", "0x0"), NULL, NULL, "m", -1, 0},
    {"the first status counts",
     TABLE("2", "m", "0x80094014") "<DL>" ROW("locLastStatLabel", "0x80094800") "</DL>", NULL, NULL,
     "m", 2, 0x80094014},
    {"a success code is no error", TABLE("5", "m", "0x00094014"), NULL, NULL, "m", 5, 0},
    {"a number of nine digits is none", TABLE("2", "m", "0x800940141"), NULL, NULL, "m", 2, 0},
};

static void same(const char *what, const char *field, const char *got, const char *wanted)
{
    ck_assert_msg((!got && !wanted) || (got && wanted && strcmp(got, wanted) == 0),
                  "%s: %s is \"%s\" and not \"%s\"", what, field, got ? got : "-",
                  wanted ? wanted : "-");
}

START_TEST(a_page)
{
    struct cs_bytes html = cs_bytes_copy(pages[_i].html, strlen(pages[_i].html));
    cs_auto_value(cs_webpage) page = {.disposition = -1};
    struct cs_err err = {0};

    assert_ok(cs_webpage_read(&html, &page, &err), &err);
    same(pages[_i].what, "issued_id", page.issued_id, pages[_i].issued_id);
    same(pages[_i].what, "request_id", page.request_id, pages[_i].request_id);
    same(pages[_i].what, "message", page.message, pages[_i].message);
    ck_assert_int_eq(page.disposition, pages[_i].disposition);
    ck_assert_uint_eq(page.hresult, pages[_i].hresult);
    cs_bytes_done(&html);
}
END_TEST

/* A captured page of AD CS (tests/data/ca/README.md). */
START_TEST(a_recorded_page)
{
    cs_auto_value(cs_bytes) html = testdata("ca/certsrv-certnew-notissued.html.tmpl");
    cs_auto_value(cs_webpage) page = {.disposition = -1};
    struct cs_err err = {0};

    assert_ok(cs_webpage_read(&html, &page, &err), &err);
    ck_assert_int_eq(page.disposition, 5);
    ck_assert_str_eq(page.message, "{{ .DispositionMessage }}");
    ck_assert_ptr_null(page.issued_id);
    ck_assert_uint_eq(page.hresult, 0);
}
END_TEST

/* Pages that are something else, one of them recorded. */
static const char *const strange[] = {
    "",
    "<html><body>It works!</body></html>",
    "certnew.cer?ReqID=CACert&Renewal=0",
    "certnew.cer?ReqID=12345678901&",
    "{\"json\": true}",
    "<P ID=locInfoReqID>no number here",
};

START_TEST(a_strange_page)
{
    struct cs_bytes html = cs_bytes_copy(strange[_i], strlen(strange[_i]));
    cs_auto_value(cs_webpage) page = {.disposition = -1};
    struct cs_err err = {0};

    assert_fails(cs_webpage_read(&html, &page, &err), CS_E_CA_UNREACHABLE, &err);
    cs_bytes_done(&html);
}
END_TEST

START_TEST(a_recorded_strange_page)
{
    cs_auto_value(cs_bytes) html = testdata("ca/iis-401.html");
    cs_auto_value(cs_webpage) page = {.disposition = -1};
    struct cs_err err = {0};

    assert_fails(cs_webpage_read(&html, &page, &err), CS_E_CA_UNREACHABLE, &err);
}
END_TEST

START_TEST(octets_that_are_no_text)
{
    struct cs_bytes html = cs_bytes_copy("<P ID=locInfoReqID>1\0 2", 22);
    cs_auto_value(cs_webpage) page = {.disposition = -1};
    struct cs_err err = {0};

    assert_fails(cs_webpage_read(&html, &page, &err), CS_E_CA_UNREACHABLE, &err);
    cs_bytes_done(&html);
}
END_TEST

/* One element with as many attributes as there is room for: libxml2 takes the square of their
 * number.
 */
START_TEST(a_page_of_attributes)
{
    struct cs_buf buf = CS_BUF(CS_WEBPAGE_MAX);
    cs_auto_value(cs_webpage) page = {.disposition = -1};
    cs_auto_value(cs_bytes) html = {0};
    struct cs_err err = {0};

    cs_buf_puts(&buf, "<p ");
    for (unsigned i = 0; buf.len + 32 < CS_WEBPAGE_MAX; i++) {
        cs_buf_printf(&buf, "a%x ", i);
    }
    cs_buf_puts(&buf, ">");
    assert_ok(cs_buf_take(&buf, "page", &html, &err), &err);
    clock_t begun = clock();
    assert_fails(cs_webpage_read(&html, &page, &err), CS_E_CA_UNREACHABLE, &err);
    ck_assert_int_lt((clock() - begun) / CLOCKS_PER_SEC, 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("webpage");
    TCase *tcase = tcase_create("webpage");

    tcase_add_test(tcase, the_form_is_encoded);
    tcase_add_test(tcase, without_a_template);
    add_rows(tcase, a_page, pages);
    tcase_add_test(tcase, a_recorded_page);
    add_rows(tcase, a_strange_page, strange);
    tcase_add_test(tcase, a_recorded_strange_page);
    tcase_add_test(tcase, octets_that_are_no_text);
    tcase_add_test(tcase, a_page_of_attributes);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

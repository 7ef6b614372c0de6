#include "base/bytes.h"
#include "base/mem.h"
#include "support/check_run.h"
#include "topology/document.h"
#include "topology/xmlscan.h"

static cs_rc scan(const char *text, struct cs_xmlscan *ret_scan, struct cs_err *err)
{
    cs_auto_value(cs_bytes) exact = cs_bytes_copy(text, strlen(text));

    return cs_xmlscan("x.xml", (const char *)exact.data, exact.len, ret_scan, err);
}

/* A text and the lines in which its start tags begin. */
static const struct {
    const char *text;
    size_t count;
    uint32_t lines[4];
} good[] = {
    {"", 0, {0}},
    {"no tag", 0, {0}},
    {"<a/>", 1, {1}},
    {"\n\n<a>\n<b\n/>\r\n<c></c>\n</a><d/>", 4, {3, 4, 6, 7}},
    {"<!-- <a> \n --><b/>", 1, {2}},
    {"<!----><b/>", 1, {1}},
    {"<!--> <a/> --><b/>", 1, {1}}, /* ends at the first "-->" behind "<!--" */
    {"<?p <a>\n?><b/>", 1, {2}},
    {"<?"
     "?><b/>",
     1,
     {1}},
    {"<a><![CDATA[<b>\n]]]]><c/></a>", 2, {1, 2}},
    {"<a b='>\n<'/><c/>", 2, {1, 2}},
    {"<a b=\"'\" c='\"'/>\n<d/>", 2, {1, 2}},
    {"<a b='/'><c/></a>", 2, {1, 1}},
    /* At what is not well-formed it stops: libxml2 does. */
    {"<a/><b", 1, {1}},
    {"<a/><b c='", 1, {1}},
    {"<a/><b<c/>", 1, {1}},
    {"<a/></b><c/>", 1, {1}},
    {"<a/><!-- <b/>", 1, {1}},
    {"<a/><![CDATA[ <b/>", 1, {1}},
    {"<a/><? <b/>", 1, {1}},
    {"<a/><!ELEMENT b><c/>", 1, {1}},
    {"<", 0, {0}},
    {"<!", 0, {0}},
    {"<!-", 0, {0}},
    {"</", 0, {0}},
    {"<a/></a", 1, {1}},
};

START_TEST(test_good)
{
    cs_auto_value(cs_xmlscan) found = {0};
    struct cs_err err = {0};

    assert_ok(scan(good[_i].text, &found, &err), &err);
    ck_assert_uint_eq(found.count, good[_i].count);
    for (size_t i = 0; i < found.count; i++) {
        ck_assert_uint_eq(found.lines[i], good[_i].lines[i]);
    }
}
END_TEST

static const struct {
    const char *text;
    const char *word;
} refused[] = {
    {"\n<!DOCTYPE", "x.xml:2: a document type"},
    {"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "x.xml:1: a document type"},
    {"<!-- -->\n<?p?>\n<!DOCTYPE a><a/>", "x.xml:3: a document type"},
    {"<a><!DOCTYPE b></a>", "x.xml:1: a document type"},
};

START_TEST(test_refused)
{
    cs_auto_value(cs_xmlscan) found = {0};
    struct cs_err err = {0};

    assert_fails(scan(refused[_i].text, &found, &err), CS_E_INPUT, &err);
    ck_assert_ptr_null(found.lines);
    assert_contains(err.message, refused[_i].word);
}
END_TEST

/* @count times @piece between @before and @behind: good up to @most, refused from then on. */
static const struct {
    const char *before;
    const char *piece;
    const char *behind;
    size_t most;
    const char *word;
} limits[] = {
    {"", "<a>", "", CS_DOCUMENT_DEPTH_MAX, "64 levels"},
    {"<b>", "<a/>", "</b>", CS_DOCUMENT_ELEMENTS_MAX - 1, "1000000 elements"},
    {"<b>", "<!---->", "</b>", CS_DOCUMENT_ELEMENTS_MAX - 1, "1000000 elements"},
    {"<b>",
     "<?"
     "?>",
     "</b>", CS_DOCUMENT_ELEMENTS_MAX - 1, "1000000 elements"},
    {"<b", " a=''", "/>", CS_DOCUMENT_ATTRS_MAX, "64 attributes"},
    {"<b", " xmlns:a='b'", "/>", CS_DOCUMENT_SPACES_MAX, "64 "},
    {"<b xmlns='c'><b", " xmlns:a='b'", "/></b>", CS_DOCUMENT_SPACES_MAX - 1, "64 namespaces"},
};

START_TEST(test_limit)
{
    for (size_t over = 0; over <= 1; over++) {
        cs_auto_value(cs_xmlscan) found = {0};
        cs_auto_value(cs_buf) buf = CS_BUF(16U << 20);
        struct cs_err err = {0};
        cs_buf_puts(&buf, limits[_i].before);
        for (size_t i = 0; i < limits[_i].most + over; i++) {
            cs_buf_puts(&buf, limits[_i].piece);
        }
        cs_buf_puts(&buf, limits[_i].behind);
        cs_rc rc = scan((const char *)buf.data, &found, &err);
        ck_assert_msg(rc == (over ? CS_E_INPUT : CS_OK), "%s", err.message);
        ck_assert_msg(!over || strstr(err.message, limits[_i].word), "%s", err.message);
    }
}
END_TEST

/* What is closed again does not count. */
START_TEST(test_closed)
{
    cs_auto_value(cs_xmlscan) found = {0};
    cs_auto_value(cs_buf) buf = CS_BUF(1U << 20);
    struct cs_err err = {0};

    for (int i = 0; i < 1000; i++) {
        cs_buf_puts(&buf, "<a xmlns='u'><b xmlns='v'/></a>");
    }
    assert_ok(scan((const char *)buf.data, &found, &err), &err);
    ck_assert_uint_eq(found.count, 2000);
}
END_TEST

START_TEST(test_nul)
{
    cs_auto_value(cs_xmlscan) found = {0};
    struct cs_err err = {0};

    assert_fails(cs_xmlscan("x.xml", "<a>\n\n\0", 6, &found, &err), CS_E_INPUT, &err);
    assert_contains(err.message, "x.xml:3: the document holds a NUL");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("xmlscan");
    TCase *tcase = tcase_create("xmlscan");

    add_rows(tcase, test_good, good);
    add_rows(tcase, test_refused, refused);
    add_rows(tcase, test_limit, limits);
    tcase_add_test(tcase, test_closed);
    tcase_add_test(tcase, test_nul);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

#include "ca/soap.h"
#include "support/check_run.h"

#include <check.h>
#include <string.h>

#define OPEN  "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'>"
#define CLOSE "</s:Envelope>"

static cs_rc parse(const char *text, struct cs_soap **ret_soap, struct cs_err *err)
{
    struct cs_bytes octets = cs_bytes_copy(text, strlen(text));
    cs_rc rc = cs_soap_parse(&octets, ret_soap, err);

    cs_bytes_done(&octets);
    return rc;
}

static const char *const strange[] = {
    "",
    "Service Unavailable",
    "<html><body/></html>",
    OPEN CLOSE,
    OPEN "<s:Body/>" CLOSE,
    OPEN "<s:Body><a/><b/></s:Body>" CLOSE,
    OPEN "<s:Body><a/></s:Body><s:Body><a/></s:Body>" CLOSE,
    OPEN "<s:Body><a></s:Body>" CLOSE,
    /* SOAP 1.1 */
    "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><a/></s:Body>" CLOSE,
    "<!DOCTYPE s [<!ENTITY a 'b'>]>" OPEN "<s:Body><a>&a;</a></s:Body>" CLOSE,
    "<!DOCTYPE s [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" OPEN
    "<s:Body><a>&a;</a></s:Body>" CLOSE,
    "<!DOCTYPE s [<!ENTITY a 'bbbb'><!ENTITY c '&a;&a;&a;&a;'><!ENTITY d '&c;&c;&c;&c;'>]>" OPEN
    "<s:Body><a>&d;</a></s:Body>" CLOSE,
};

START_TEST(refuses)
{
    struct cs_soap *soap = NULL;
    struct cs_err err = {0};

    assert_fails(parse(strange[_i], &soap, &err), CS_E_CA_UNREACHABLE, &err);
    ck_assert_ptr_null(soap);
}
END_TEST

/* libxml2's own limit: 256 levels. */
START_TEST(refuses_depth)
{
    struct cs_buf buf = CS_BUF((size_t)1 << 20);
    char *text = NULL;
    struct cs_soap *soap = NULL;
    struct cs_err err = {0};

    cs_buf_puts(&buf, OPEN "<s:Body>");
    for (int i = 0; i < 5000; i++) {
        cs_buf_puts(&buf, "<a>");
    }
    for (int i = 0; i < 5000; i++) {
        cs_buf_puts(&buf, "</a>");
    }
    cs_buf_puts(&buf, "</s:Body>" CLOSE);
    assert_ok(cs_buf_take_text(&buf, "text", &text, &err), &err);
    assert_fails(parse(text, &soap, &err), CS_E_CA_UNREACHABLE, &err);
    free(text);
}
END_TEST

START_TEST(reads)
{
    cs_auto(cs_soap) soap = NULL;
    struct cs_err err = {0};

    assert_ok(parse(OPEN "<s:Body>\n<r xmlns='urn:r' xmlns:x='urn:x' "
                         "xmlns:i='http://www.w3.org/2001/XMLSchema-instance'>"
                         "<x:a n='1'> one&#xD;\n </x:a><a>two</a><n i:nil='true'>no</n>"
                         "<l>1</l><m/><l>2</l></r>\n</s:Body>" CLOSE,
                    &soap, &err),
              &err);
    const struct cs_soap_node *body = cs_soap_body(soap);
    ck_assert(cs_soap_is(body, "urn:r", "r"));
    ck_assert(!cs_soap_is(body, "urn:x", "r"));

    const struct cs_soap_node *one = cs_soap_child(body, "urn:x", "a");
    cs_autofree char *text = cs_soap_text(one);
    ck_assert_str_eq(text, "one");
    cs_autofree char *attr = cs_soap_attr(one, "n");
    ck_assert_str_eq(attr, "1");
    ck_assert_ptr_null(cs_soap_attr(one, "m"));
    cs_autofree char *two = cs_soap_text(cs_soap_child(body, "urn:r", "a"));
    ck_assert_str_eq(two, "two");

    ck_assert_ptr_null(cs_soap_child(body, "urn:r", "n")); /* nil */
    ck_assert_ptr_null(cs_soap_child(body, "urn:r", "l")); /* several */
    ck_assert_ptr_null(cs_soap_child(NULL, "urn:r", "l"));
    const struct cs_soap_node *first = cs_soap_first(body, "urn:r", "l");
    cs_autofree char *second = cs_soap_text(cs_soap_next(first));
    ck_assert_str_eq(second, "2");
    ck_assert_ptr_null(cs_soap_next(cs_soap_next(first)));
}
END_TEST

/* What is written is read again, whatever stands in it. */
START_TEST(writes)
{
    cs_auto_value(cs_bytes) text = {0};
    cs_auto(cs_soap) soap = NULL;
    struct cs_err err = {0};
    size_t gap = 1;

    struct cs_soap_writer *writer = cs_soap_begin("urn:act", "https://h/?a&b", NULL, 0);
    cs_soap_open(writer, "urn:r", "r", "n", "<\"&>", NULL);
    cs_soap_element(writer, NULL, "v", "a<b>&c");
    cs_soap_element(writer, NULL, "none", NULL);
    cs_soap_close(writer);
    cs_soap_end(writer, &text, &gap);
    ck_assert_uint_eq(gap, 0);
    assert_ok(cs_soap_parse(&text, &soap, &err), &err);
    const struct cs_soap_node *body = cs_soap_body(soap);
    ck_assert(cs_soap_is(body, "urn:r", "r"));
    cs_autofree char *attr = cs_soap_attr(body, "n");
    ck_assert_str_eq(attr, "<\"&>");
    cs_autofree char *value = cs_soap_text(cs_soap_child(body, "urn:r", "v"));
    ck_assert_str_eq(value, "a<b>&c");
    ck_assert_ptr_nonnull(cs_soap_first(body, "urn:r", "none"));
    ck_assert_ptr_null(cs_soap_child(body, "urn:r", "none"));
    assert_contains((const char *)text.data, ">https://h/?a&amp;b</a:To>");
    ck_assert_ptr_null(strstr((const char *)text.data, "Security"));
}
END_TEST

START_TEST(octets)
{
    cs_auto_value(cs_bytes) decoded = {0};
    cs_auto(cs_soap) soap = NULL;
    struct cs_err err = {0};

    assert_ok(parse(OPEN
                    "<s:Body><r xmlns='urn:r'><a>Zm9v&#xD;\nYmFy</a><b>?</b></r></s:Body>" CLOSE,
                    &soap, &err),
              &err);
    const struct cs_soap_node *body = cs_soap_body(soap);
    assert_ok(cs_soap_octets(cs_soap_child(body, "urn:r", "a"), "a", &decoded, &err), &err);
    ck_assert_str_eq((const char *)decoded.data, "foobar");
    assert_fails(cs_soap_octets(cs_soap_child(body, "urn:r", "b"), "b", &decoded, &err),
                 CS_E_CA_UNREACHABLE, &err);
    assert_fails(cs_soap_octets(cs_soap_child(body, "urn:r", "c"), "c", &decoded, &err),
                 CS_E_CA_UNREACHABLE, &err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("soap");
    TCase *tcase = tcase_create("soap");

    add_rows(tcase, refuses, strange);
    tcase_add_test(tcase, refuses_depth);
    tcase_add_test(tcase, reads);
    tcase_add_test(tcase, writes);
    tcase_add_test(tcase, octets);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

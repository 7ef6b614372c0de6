#include "base/mem.h"
#include "base/strv.h"
#include "support/check_run.h"
#include "topology/xmltext.h"

#define BYTES(text) text, sizeof(text) - 1

#define A26 "abcdefghijklmnopqrstuvwxyz"

/* Octets and the UTF-8 that they are. */
static const struct {
    const char *data;
    size_t len;
    const char *text;
} good[] = {
    {BYTES("<a/>"), "<a/>"},
    {BYTES(" \t\r\n<a/>"), " \t\r\n<a/>"},
    {BYTES("\xef\xbb\xbf<a/>"), "<a/>"},
    {BYTES("<a>\xe2\x82\xac</a>"), "<a>\xe2\x82\xac</a>"},
    {BYTES("\xff\xfe<\0a\0/\0>\0"), "<a/>"},
    {BYTES("\xfe\xff\0<\0a\0/\0>"), "<a/>"},
    {BYTES("\xff\xfe<\0\xac\x20"), "<\xe2\x82\xac"},           /* U+20AC */
    {BYTES("\xfe\xff\0<\xd8\x3d\xde\0"), "<\xf0\x9f\x98\x80"}, /* U+1F600, RFC 2781 2.1 */
    {BYTES("\xff\xfe<\0\x3d\xd8\0\xde"), "<\xf0\x9f\x98\x80"},
    {BYTES("<?xml version='1.0' encoding='UTF-8'?>"), "<?xml version='1.0' encoding='UTF-8'?>"},
    {BYTES("<?xml encoding=\"utf-16\"?>"), "<?xml encoding=\"utf-16\"?>"},
    {BYTES("<?xml version='1.0'?><a encoding='x'/>"), "<?xml version='1.0'?><a encoding='x'/>"},
    {BYTES("<?xml encoding="), "<?xml encoding="}, /* libxml2 says what is wrong */
    {BYTES("<?xml encoding=x?>"), "<?xml encoding=x?>"},
    {BYTES("<?xml encoding='x?>"), "<?xml encoding='x?>"},
    {BYTES("<?xml encoding?>"), "<?xml encoding?>"},
};

START_TEST(test_good)
{
    cs_auto_value(cs_xmltext) text = {0};
    cs_auto_value(cs_bytes) octets = cs_bytes_copy(good[_i].data, good[_i].len);
    struct cs_err err = {0};

    ck_assert(cs_xmltext_plausible(octets.data, octets.len));
    assert_ok(cs_xmltext_decode("x", octets.data, octets.len, &text, &err), &err);
    ck_assert_uint_eq(text.len, strlen(good[_i].text));
    ck_assert_int_eq(memcmp(text.data, good[_i].text, text.len), 0);
}
END_TEST

static const struct {
    const char *data;
    size_t len;
    bool plausible;
    const char *word;
} refused[] = {
    {BYTES(""), false, "empty"},
    {BYTES(" \n"), false, "neither XML"},
    {BYTES("a<"), false, "neither XML"},
    {BYTES("\xef\xbb\xbf"), false, "neither XML"},
    {BYTES("\xff\xfe"), false, "neither XML"},
    {BYTES("\xff\xfe<"), false, "neither XML"},
    {BYTES("\xff\xfe\0<"), false, "neither XML"},
    {BYTES("\xff\xfe<\0a"), true, "odd number"},
    {BYTES("\xff\xfe<\0\x3d\xd8"), true, "surrogate"},
    {BYTES("\xff\xfe<\0\x3d\xd8<\0"), true, "surrogate"},
    {BYTES("\xfe\xff\0<\xd8\x3d"), true, "surrogate"},
    {BYTES("<?xml version='1.0' encoding='iso-8859-1'?>"), true, "\"iso-8859-1\""},
    {BYTES("<?xml encoding = \"\x1b[2J\"?>"), true, "\\x1b[2J"},
    {BYTES("<?xml encoding='" A26 A26 A26 "a\xe2\x82\xac'?>"), true, A26 "a...\""},
    {BYTES("<?xml encoding=''?>"), true, "\"\""},
};

START_TEST(test_refused)
{
    cs_auto_value(cs_xmltext) text = {0};
    cs_auto_value(cs_bytes) octets = cs_bytes_copy(refused[_i].data, refused[_i].len);
    struct cs_err err = {0};

    ck_assert_int_eq(cs_xmltext_plausible(octets.data, octets.len), refused[_i].plausible);
    assert_fails(cs_xmltext_decode("x.xml", octets.data, octets.len, &text, &err), CS_E_INPUT,
                 &err);
    ck_assert_ptr_null(text.data);
    assert_contains(err.message, "x.xml");
    assert_contains(err.message, refused[_i].word);
    ck_assert(cs_text_is_clean(err.message)); /* not cut in the middle of a character */
    ck_assert_msg(err.hint[0], "no remedy");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("xmltext");
    TCase *tcase = tcase_create("xmltext");

    add_rows(tcase, test_good, good);
    add_rows(tcase, test_refused, refused);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

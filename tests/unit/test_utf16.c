#include "net/utf16.h"

#include "support/check_run.h"

/* Unicode 15 section 3.9, table 3-5 and 3-6: each length of both encodings. */
static const struct {
    const char *utf8;
    const char *utf16; /* little-endian, without the NUL */
    size_t len;
} texts[] = {
    {"", "", 0},
    {"A", "A\0", 2},
    {"\x7f", "\x7f\0", 2},
    {"\xc2\x80", "\x80\0", 2},
    {"Pr\xc3\xbc"
     "f-CA",
     "P\0r\0\xfc\0f\0-\0C\0A\0", 14},
    {"\xdf\xbf", "\xff\x07", 2},
    {"\xe0\xa0\x80", "\x00\x08", 2},
    {"\xe2\x82\xac", "\xac\x20", 2},
    {"\xed\x9f\xbf", "\xff\xd7", 2},
    {"\xee\x80\x80", "\x00\xe0", 2},
    {"\xef\xbf\xbf", "\xff\xff", 2},
    {"\xf0\x90\x80\x80", "\x00\xd8\x00\xdc", 4},
    {"\xf0\x9f\x94\x91", "\x3d\xd8\x11\xdd", 4},
    {"\xf4\x8f\xbf\xbf", "\xff\xdb\xff\xdf", 4},
};

START_TEST(test_there)
{
    struct cs_buf buf = CS_BUF(64);
    struct cs_err err = {0};

    assert_ok(cs_utf16_put(&buf, "the text", texts[_i].utf8, &err), &err);
    ck_assert_uint_eq(buf.len, texts[_i].len + 2);
    ck_assert_mem_eq(buf.data, texts[_i].utf16, texts[_i].len);
    ck_assert_mem_eq(buf.data + texts[_i].len, "\0\0", 2);
    cs_buf_done(&buf);
}
END_TEST

START_TEST(test_back)
{
    cs_autofree char *text = cs_utf16_text((const uint8_t *)texts[_i].utf16, texts[_i].len);

    ck_assert_str_eq(text, texts[_i].utf8);
}
END_TEST

/* RFC 3629 section 3 and 4: too long a form, a surrogate, too large, cut off, a lone part. */
static const char *const broken[] = {
    "\xc0\x80",
    "\xc1\xbf",
    "\xe0\x9f\xbf",
    "\xf0\x8f\xbf\xbf",
    "\xed\xa0\x80",
    "\xed\xbf\xbf",
    "\xf4\x90\x80\x80",
    "\xf5",
    "\xff",
    "\x80",
    "\xc3",
    "\xe2\x82",
    "a\xe2\x82z",
    "\xf0\x9f\x94",
};

START_TEST(test_no_utf8)
{
    struct cs_buf buf = CS_BUF(64);
    struct cs_err err = {0};

    assert_fails(cs_utf16_put(&buf, "the template's name", broken[_i], &err), CS_E_USAGE, &err);
    assert_contains(err.message, "the template's name");
    cs_buf_done(&buf);
}
END_TEST

static const struct {
    const char *utf16;
    size_t len;
    const char *utf8;
} odd[] = {
    {"A\0\0\0B\0", 6, "A"},          /* ends at the NUL */
    {"A\0B", 3, "A"},                /* half a unit */
    {"\x00\xd8", 2, "\xef\xbf\xbd"}, /* the first half of a pair */
    {"\x00\xd8"
     "A\0",
     4,
     "\xef\xbf\xbd"
     "A"}, /* and something else after it */
    {"\x00\xdc"
     "A\0",
     4,
     "\xef\xbf\xbd"
     "A"}, /* the second half alone */
    {"\x00\xd8\x00\xd8\x00\xdc", 6, "\xef\xbf\xbd\xf0\x90\x80\x80"},
};

START_TEST(test_odd)
{
    cs_autofree char *text = cs_utf16_text((const uint8_t *)odd[_i].utf16, odd[_i].len);

    ck_assert_str_eq(text, odd[_i].utf8);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("utf16");
    TCase *tcase = tcase_create("utf16");

    add_rows(tcase, test_there, texts);
    add_rows(tcase, test_back, texts);
    add_rows(tcase, test_no_utf8, broken);
    add_rows(tcase, test_odd, odd);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

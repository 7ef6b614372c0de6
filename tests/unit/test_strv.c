#include "base/strv.h"
#include "support/check_run.h"

/* What a text splits into, shown joined with "|". */
static const struct {
    const char *text;
    char separator;
    const char *parts;
} splits[] = {
    {"", ',', ""},
    {",", ',', ""},
    {" , ,, ", ',', ""},
    {"a", ',', "a"},
    {"a,b", ',', "a|b"},
    {",a,,b,", ',', "a|b"},
    {" a , b c ,\td\r\n", ',', "a|b c|d"},
    {"a;b,c", ';', "a|b,c"},
    {"a b", ' ', "a|b"},
    {"\va\f", ',', "a"},
    {"a.b, A.B", ',', "a.b|A.B"},
    {"\xc2\xa0"
     "a",
     ',',
     "\xc2\xa0"
     "a"}, /* only ASCII blanks are blanks */
};

START_TEST(test_split)
{
    cs_auto_value(cs_strv) list = {0};
    cs_strv_split(&list, splits[_i].text, splits[_i].separator);
    cs_autofree char *joined = cs_strv_join(&list, "|");

    ck_assert_str_eq(joined, splits[_i].parts);
}
END_TEST

START_TEST(test_split_adds)
{
    cs_auto_value(cs_strv) list = {0};

    cs_strv_split(&list, "a,b", ',');
    cs_strv_split(&list, "c", ',');
    ck_assert_uint_eq(list.count, 3);
    ck_assert_str_eq(list.items[2], "c");
}
END_TEST

START_TEST(test_tokenlist)
{
    cs_auto_value(cs_strv) list = {0};
    cs_auto_value(cs_strv) copy = {0};

    for (int i = 0; i < 1000; i++) {
        cs_strv_add(&list, i % 2 ? "odd" : "even");
    }
    cs_strv_take(&list, strdup("last"));
    cs_strv_add(&copy, "first");
    cs_strv_copy(&copy, &list);
    cs_strv_done(&list);
    ck_assert_uint_eq(list.count, 0);
    ck_assert_ptr_null(list.items);

    ck_assert_uint_eq(copy.count, 1002);
    ck_assert_str_eq(copy.items[0], "first");
    ck_assert_str_eq(copy.items[2], "odd");
    ck_assert_str_eq(copy.items[1001], "last");
    ck_assert(cs_strv_has(&copy, "last"));
    ck_assert(!cs_strv_has(&copy, "Last"));
    ck_assert(!cs_strv_has(&list, "last"));
    ck_assert(cs_strv_ihas(&copy, "Last"));
    ck_assert(!cs_strv_ihas(&copy, "Las"));
    ck_assert(!cs_strv_ihas(&list, "last"));
}
END_TEST

START_TEST(test_join)
{
    cs_auto_value(cs_strv) list = {0};
    cs_autofree char *none = cs_strv_join(&list, ", ");

    cs_strv_add(&list, "a");
    cs_autofree char *one = cs_strv_join(&list, ", ");
    cs_strv_add(&list, "");
    cs_strv_add(&list, "c");
    cs_autofree char *three = cs_strv_join(&list, ", ");
    cs_autofree char *bare = cs_strv_join(&list, "");

    ck_assert_str_eq(none, "");
    ck_assert_str_eq(one, "a");
    ck_assert_str_eq(three, "a, , c");
    ck_assert_str_eq(bare, "ac");
}
END_TEST

static const struct {
    const char *a;
    const char *b;
    bool equal;
} pairs[] = {
    {"", "", true},
    {"a", "A", true},
    {"Edge-1.Contoso.COM", "eDGE-1.cONTOSO.com", true},
    {"a", "b", false},
    {"a", "aa", false},
    {"", "a", false},
    {"@", "`", false}, /* beside the letters, 32 apart as they are */
    {"[", "{", false},
    {"\xc3\x84", "\xc3\xa4", false}, /* A and a with dots: not ASCII */
};

START_TEST(test_iequal)
{
    ck_assert_int_eq(cs_ascii_iequal(pairs[_i].a, pairs[_i].b), pairs[_i].equal);
    ck_assert_int_eq(cs_ascii_iequal(pairs[_i].b, pairs[_i].a), pairs[_i].equal);
}
END_TEST

START_TEST(test_lower)
{
    cs_autofree char *text = cs_ascii_lower("AZaz@[`{09-\xc3\x84");

    ck_assert_str_eq(text, "azaz@[`{09-\xc3\x84");
    ck_assert_ptr_null(cs_ascii_lower(NULL));
}
END_TEST

/* RFC 3629 section 4 and its table of sequences; escaped NULL: shown as it is. */
static const struct {
    const char *text;
    const char *escaped;
} texts[] = {
    {"", NULL},
    {"plain ~ !", NULL},
    {"\xc3\xbc \xe2\x82\xac \xf0\x9f\x94\x91", NULL},
    {"\xc2\xad", "\\u00ad"},            /* soft hyphen: cannot be seen */
    {"\xd8\x9c", "\\u061c"},            /* Arabic letter mark */
    {"a\xe2\x80\xae", "a\\u202e"},      /* right-to-left override */
    {"\xe2\x80\xa7\xe2\x80\xaf", NULL}, /* the neighbours of U+2028 to U+202E */
    {"\xe2\x80\x8b", "\\u200b"},        /* zero width space */
    {"\xef\xbb\xbf", "\\ufeff"},        /* byte order mark */
    {"\xf3\xa0\x81\x81", "\\ue0041"},   /* tag */
    {"\xc2\xa0", NULL},                 /* U+00A0, the first after the C1 controls */
    {"\xdf\xbf", NULL},                 /* U+07FF */
    {"\xe0\xa0\x80", NULL},             /* U+0800 */
    {"\xed\x9f\xbf", NULL},             /* U+D7FF */
    {"\xee\x80\x80", NULL},             /* U+E000 */
    {"\xef\xbf\xbf", NULL},             /* U+FFFF */
    {"\xf0\x90\x80\x80", NULL},         /* U+10000 */
    {"\xf4\x8f\xbf\xbf", NULL},         /* U+10FFFF */
    {"\x1b[2J", "\\x1b[2J"},
    {"a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"},
    {"\x01\x1f \x7f", "\\x01\\x1f \\x7f"},
    {"\xc2\x80\xc2\x9b\xc2\x9f", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f"}, /* C1 */
    {"\x80 \xbf", "\\x80 \\xbf"},                                   /* no lead */
    {"\xc0\xaf \xc1\xbf", "\\xc0\\xaf \\xc1\\xbf"},                 /* overlong */
    {"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},
    {"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* U+D800 */
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* U+110000 */
    {"\xf5\x80\x80\x80 \xff", "\\xf5\\x80\\x80\\x80 \\xff"},
    {"\xc3", "\\xc3"}, /* ends too early */
    {"\xe2\x82", "\\xe2\\x82"},
    {"\xf0\x9f\x94", "\\xf0\\x9f\\x94"},
    {"\xe2\x82z", "\\xe2\\x82z"},
    {"\xc3\xc3\xbc", "\\xc3\xc3\xbc"},
};

START_TEST(test_terminal)
{
    const char *text = texts[_i].text;
    const char *escaped = texts[_i].escaped;
    cs_autofree char *out = cs_terminal_escape(text);

    ck_assert_str_eq(out, escaped ? escaped : text);
    ck_assert_int_eq(cs_text_is_clean(text), escaped == NULL);
    ck_assert(cs_text_is_clean(out));
}
END_TEST

/* Every single octet: the printable ones of ASCII stay, all others are written out. */
START_TEST(test_octet)
{
    const char text[] = {(char)_i, 0};
    cs_autofree char *out = cs_terminal_escape(text);

    ck_assert_uint_eq(strlen(out), _i >= 0x20 && _i <= 0x7e ? 1 : 4);
}
END_TEST

/* Octets of the first character, if it shows nothing. Unicode's names beside them. */
static const struct {
    const char *text;
    size_t octets;
} unseen[] = {
    {"", 0},
    {"a", 0},
    {" a", 1},
    {"\t", 1},
    {"\n", 1},
    {"\r\n", 1},
    {"\x0e", 0}, /* SHIFT OUT: it would be shown as \x0e */
    {"\x7f", 0},
    {"\xc2\xa0"
     "a",
     2},                 /* U+00A0 NO-BREAK SPACE */
    {"\xc2\xad", 2},     /* U+00AD SOFT HYPHEN */
    {"\xe2\x80\x80", 3}, /* U+2000 EN QUAD */
    {"\xe2\x80\x8a", 3}, /* U+200A HAIR SPACE */
    {"\xe2\x80\x8b", 3}, /* U+200B ZERO WIDTH SPACE */
    {"\xe2\x80\x8e"
     "39",
     3},                     /* U+200E LEFT-TO-RIGHT MARK */
    {"\xe2\x80\x90", 0},     /* U+2010 HYPHEN */
    {"\xe2\x80\xaf", 3},     /* U+202F NARROW NO-BREAK SPACE */
    {"\xe2\x81\x9f", 3},     /* U+205F MEDIUM MATHEMATICAL SPACE */
    {"\xe3\x80\x80", 3},     /* U+3000 IDEOGRAPHIC SPACE */
    {"\xef\xbb\xbf", 3},     /* U+FEFF, a byte order mark */
    {"\xf3\xa0\x81\x81", 4}, /* U+E0041 TAG LATIN CAPITAL LETTER A */
    {"\xc3\xa9", 0},         /* U+00E9 */
    {"\xe2\x80", 0},         /* ends too early */
    {"\x8e", 0},
};

START_TEST(test_unseen)
{
    ck_assert_uint_eq(cs_text_unseen(unseen[_i].text), unseen[_i].octets);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("strv");
    TCase *tcase = tcase_create("strv");

    add_rows(tcase, test_split, splits);
    tcase_add_test(tcase, test_split_adds);
    tcase_add_test(tcase, test_tokenlist);
    tcase_add_test(tcase, test_join);
    add_rows(tcase, test_iequal, pairs);
    tcase_add_test(tcase, test_lower);
    add_rows(tcase, test_terminal, texts);
    tcase_add_loop_test(tcase, test_octet, 1, 256);
    add_rows(tcase, test_unseen, unseen);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

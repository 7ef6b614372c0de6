#include "base/cleanup.h"
#include "model/dnsname.h"
#include "support/check_run.h"

#define L10  "abcdefghi-"
#define L63  L10 L10 L10 L10 L10 L10 "123"
#define L61  L10 L10 L10 L10 L10 L10 "1"
/* Three labels of 63 and one of 61, with three dots: 253. */
#define N253 L63 "." L63 "." L63 "." L61

_Static_assert(sizeof N253 == 253 + 1, "the longest name");

/* A text and the name it is. */
static const struct {
    const char *text;
    const char *name;
    bool wildcard;
    bool is_short;
} names[] = {
    {"edge1.litwareinc.net", "edge1.litwareinc.net", false, false},
    {"EDGE1.LitwareInc.Net", "edge1.litwareinc.net", false, false},
    {"edge1.litwareinc.net.", "edge1.litwareinc.net", false, false},
    {"atl-edge-001", "atl-edge-001", false, true},
    {"ATL", "atl", false, true},
    {"a.", "a", false, true},
    {"a", "a", false, true},
    {"3com.com", "3com.com", false, false}, /* RFC 1123 2.1: a digit may come first */
    {"1.2.3.4a", "1.2.3.4a", false, false},
    {"a--b.c", "a--b.c", false, false},
    {"*.contoso.com", "*.contoso.com", true, false},
    {"*.A.B", "*.a.b", true, false},
    {"*.contoso.com.", "*.contoso.com", true, false},
    {L63 ".net", L63 ".net", false, false},
    {N253, N253, false, false},
    {N253 ".", N253, false, false},
};

START_TEST(test_name)
{
    cs_autofree char *name = NULL;
    struct cs_dns_name facts = {!names[_i].wildcard, !names[_i].is_short};
    struct cs_err err = {0};

    assert_ok(cs_dns_name_parse(names[_i].text, "-DomainName", &name, &facts, &err), &err);
    ck_assert_str_eq(name, names[_i].name);
    ck_assert_int_eq(facts.wildcard, names[_i].wildcard);
    ck_assert_int_eq(facts.is_short, names[_i].is_short);
}
END_TEST

static const char *const refused[] = {
    "",
    ".",
    "..",
    "a..b",
    ".a.b",
    "a.b..",
    "edge_1.litwareinc.net",
    "_sip.litwareinc.net",
    "-a.b",
    "a-.b",
    "a.-b",
    "a.b-",
    "-",
    "a b.c",
    " a.b",
    "a.b ",
    "a.b\n",
    "a,b",
    "m\xc3\xbcnchen.de",
    "\xc3\xbc.de",
    "a\xc2\xad.b", /* a soft hyphen is not seen */
    "\xef\xbd\x81.b",
    "a\x80.b",
    "192.168.1.1",
    "192.168.1.1.",
    "edge1.5",
    "12345",
    "::1",
    "2001:db8::1",
    "[::1]",
    "https://a.b",
    "a.b/c",
    "a.b:443",
    "user@a.b",
    "a.b\\c",
    "*",
    "*.com",
    "*.",
    "*..com",
    "*.*.a.b",
    "a.*.b.c",
    "*a.b.c",
    "a*.b.c",
    "**.b.c",
    "*.1.2",
    L63 "4.net", /* a label of 64 */
    N253 "2",    /* 254 octets */
    "a." N253,
};

START_TEST(test_refused)
{
    char *name = NULL;
    struct cs_dns_name facts = {true, true};
    struct cs_err err = {0};

    assert_fails(cs_dns_name_parse(refused[_i], "-ComputerFqdn", &name, &facts, &err), CS_E_USAGE,
                 &err);
    ck_assert_ptr_null(name);
    ck_assert(facts.wildcard && facts.is_short);
    assert_contains(err.message, "-ComputerFqdn");
    assert_contains(err.message, refused[_i]); /* whole: none is longer than 300 */
    ck_assert_msg(err.hint[0], "no remedy");
}
END_TEST

/* Each octet inside a label: letters, digits and hyphens, nothing else. */
START_TEST(test_octet)
{
    const char text[] = {'x', (char)_i, 'x', '.', 'n', 'e', 't', 0};
    bool good = (_i >= 'a' && _i <= 'z') || (_i >= 'A' && _i <= 'Z') || (_i >= '0' && _i <= '9') ||
                _i == '-' || _i == '.';
    cs_autofree char *name = NULL;
    struct cs_dns_name facts;
    struct cs_err err = {0};

    ck_assert_int_eq(cs_dns_name_parse(text, "x", &name, &facts, &err), good ? CS_OK : CS_E_USAGE);
}
END_TEST

/* The reason is the one that helps. */
static const struct {
    const char *text;
    const char *reason;
} reasons[] = {
    {"a..b", "empty label"},
    {"10.0.0.1", "IP address"},
    {"edge_1.b", "only letters, digits, hyphens and dots"},
    {"*.com", "at least two labels after"},
    {"-a.b", "begins or ends"},
    {L63 "4.net", "longer than 63"},
    {N253 "2", "longer than 253"},
};

START_TEST(test_reason)
{
    char *name = NULL;
    struct cs_dns_name facts;
    struct cs_err err = {0};

    assert_fails(cs_dns_name_parse(reasons[_i].text, "x", &name, &facts, &err), CS_E_USAGE, &err);
    assert_contains(err.message, reasons[_i].reason);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dnsname");
    TCase *tcase = tcase_create("dnsname");

    add_rows(tcase, test_name, names);
    add_rows(tcase, test_refused, refused);
    tcase_add_loop_test(tcase, test_octet, 1, 256);
    add_rows(tcase, test_reason, reasons);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

/* Which CA of the directory is meant; what the directory of a domain controller says:
 * tests/ad/test_ways.c. */
#include "base/mem.h"
#include "ca/adlist.h"
#include "support/check_run.h"

#include <check.h>

#define CES_A "https://web.litwareinc.test/CA-A_CES_Kerberos/service.svc/CES"
#define CES_B "https://ca-a.litwareinc.test/CA-B_CES_Kerberos/service.svc/CES"

/* As a domain may have it: the service of CA-A stands on a computer without a CA, that of CA-B on
 * CA-A's. */
static const struct {
    const char *name;
    const char *host;
    const char *urls;
} cas[] = {
    {"CA-A", "ca-a.litwareinc.test", CES_A " https://web.litwareinc.test/other"},
    {"CA-B", "ca-b.litwareinc.test", CES_B},
    {"CA-C", "ca-c.litwareinc.test", ""},
};

enum { O = CS_ADLIST_OTHER, H = CS_ADLIST_HOST, U = CS_ADLIST_URL };

static const struct {
    const char *address;
    const char *host;
    const char *authority;
    int fits[3];
} targets[] = {
    {CES_A, "web.litwareinc.test", NULL, {U, O, O}},
    {"https://WEB.litwareinc.test/ca-a_ces_kerberos/service.svc/ces",
     "WEB.litwareinc.test",
     NULL,
     {U, O, O}},
    {CES_B, "ca-a.litwareinc.test", NULL, {H, U, O}}, /* the better one is CA-B */
    {"https://ca-c.litwareinc.test/certsrv", "ca-c.litwareinc.test", NULL, {O, O, H}},
    {"https://web.litwareinc.test/certsrv", "web.litwareinc.test", NULL, {O, O, O}},
    {CES_A "/x", "web.litwareinc.test", NULL, {O, O, O}},
    {"ca-a.litwareinc.test\\ca-a", "ca-a.litwareinc.test", "ca-a", {H, O, O}},
    {"ca-a\\CA-A", "ca-a", "CA-A", {H, O, O}},
    {"ca-a.litwareinc.test\\CA-B", "ca-a.litwareinc.test", "CA-B", {O, O, O}},
    {"ca-a.litware\\CA-A", "ca-a.litware", "CA-A", {O, O, O}},
};

START_TEST(a_target)
{
    const struct cs_ca_target target = {.address = targets[_i].address,
                                        .host = targets[_i].host,
                                        .authority = targets[_i].authority};

    for (size_t i = 0; i < ROWS(cas); i++) {
        cs_auto_value(cs_strv) urls = {0};
        const struct cs_strv templates = {0};
        cs_strv_split(&urls, cas[i].urls, ' ');
        const struct cs_directory_ca ca = {cas[i].name, cas[i].host, &templates, &urls};
        ck_assert_msg((int)cs_adlist_fit(&target, &ca) == targets[_i].fits[i], "%s: %s",
                      target.address, ca.name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("adlist");
    TCase *tcase = tcase_create("adlist");

    add_rows(tcase, a_target, targets);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

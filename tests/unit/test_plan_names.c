/* Which names a plan has, how many, and what they take. */
#include "base/mem.h"
#include "model/plan.h"
#include "support/check_run.h"
#include "unit/plan_rows.h"

#include <openssl/x509v3.h>

/* Without a topology one warning says so; @parts are those behind it. */
static void assert_further_warnings(const struct cs_plan *plan, const char *parts)
{
    cs_autofree char *all = cs_asprintf("no topology is known | %s", parts ? parts : "");

    assert_warnings(plan, all);
}

/* Names said and names planned, the first being the subject's. */
static const struct {
    struct said said;
    const char *names;
    const char *source; /* of the subject */
    const char *warnings;
} plans[] = {
    /* who is the subject */
    {{NULL, "a.b.c", "d.e.f", "h.i.j", NULL, 0}, "a.b.c d.e.f", "-ComputerFqdn", NULL},
    {{NULL, NULL, "d.e.f,a.b.c", "h.i.j", NULL, 0}, "d.e.f a.b.c", "-DomainName", NULL},
    {{NULL, NULL, NULL, "h.i.j", NULL, 0}, "h.i.j", "host name", NULL},
    {{NULL, NULL, " , ", "h.i.j", NULL, 0}, "h.i.j", "host name", NULL},
    {{NULL, NULL, NULL, "HOST", NULL, 0}, "host", "host name", "host is a short name"},
    {{NULL, "a.b.c", NULL, NULL, NULL, 0}, "a.b.c", "-ComputerFqdn", NULL},
    /* lower case, once, in the user's order */
    {{NULL, "A.B.C", "D.e.F,a.B.c,d.E.f.,x.y", NULL, NULL, 0},
     "a.b.c d.e.f x.y",
     "-ComputerFqdn",
     NULL},
    {{NULL, NULL, "Z.y,Y.y,X.y,z.Y", NULL, NULL, 0}, "z.y y.y x.y", "-DomainName", NULL},
    /* wildcards last, where the types take them */
    {{"Default", "a.b.c", "*.b.c,d.b.c,*.B.C,*.x.y,e.b.c", NULL, NULL, 0},
     "a.b.c d.b.c e.b.c *.b.c *.x.y",
     "-ComputerFqdn",
     NULL},
    {{"WebServicesInternal", "a.b.c", "*.b.c", NULL, NULL, 0},
     "a.b.c *.b.c",
     "-ComputerFqdn",
     NULL},
    {{"WebServicesExternal,Default", "a.b.c", "*.b.c", NULL, NULL, 0},
     "a.b.c *.b.c",
     "-ComputerFqdn",
     NULL},
    {{"Internal", "a.b.c", "*.b.c", NULL, NULL, 0}, "a.b.c *.b.c", "-ComputerFqdn", NULL},
    {{"Default", NULL, "a.b.c,*.b.c", NULL, NULL, 0}, "a.b.c *.b.c", "-DomainName", NULL},
    /* short names: one warning each */
    {{NULL, "fe1", "FE1,fe2,fe1", NULL, NULL, 0},
     "fe1 fe2",
     "-ComputerFqdn",
     "fe1 is a short name | fe2 is a short name"},
    /* the longest */
    {{NULL, CN64, NULL, NULL, NULL, 0}, CN64, "-ComputerFqdn", NULL},
    {{NULL, "a.b.c", CN65 "," N253, NULL, NULL, 0}, "a.b.c " CN65 " " N253, "-ComputerFqdn", NULL},
};

START_TEST(test_names)
{
    struct cs_plan_input input = {.ca = CA};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};

    assert_ok(build(&plans[_i].said, &input, &plan, &err), &err);
    cs_autofree char *names = names_of(plan);
    ck_assert_str_eq(names, plans[_i].names);
    ck_assert_str_eq(plan->subject.common_name, plan->names[0].name);
    ck_assert_str_eq(plan->computer, plan->names[0].name);
    ck_assert_str_eq(plan->names[0].rule, "subject name");
    ck_assert_str_eq(plan->names[0].source, plans[_i].source);
    for (size_t i = 1; i < plan->name_count; i++) {
        ck_assert_str_eq(plan->names[i].source, "-DomainName");
        ck_assert_msg(plan->names[i].rule[0], "no rule");
    }
    assert_further_warnings(plan, plans[_i].warnings);
}
END_TEST

/* How many names of @len octets come in, and what of them. The subject is the first. */
static const struct {
    int count;
    int len;
    int longer; /* the last is so many octets longer */
    int said_twice;
    bool good;
    bool warned;
} counts[] = {
    {1, 13, 0, 0, true, false},     {250, 13, 0, 0, true, false},
    {250, 13, 0, 250, true, false}, /* what is said twice counts once */
    {251, 13, 0, 0, false, false},  {300, 13, 0, 0, false, false},
    {66, 60, 0, 0, true, false}, /* 66 * (2 + 60) + 4 = 4096 */
    {66, 60, 1, 0, true, true},     {250, 60, 0, 0, true, true},
};

/* The octets of the SAN as OpenSSL writes it. */
static size_t encoded_size(const struct cs_plan *plan)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

    for (size_t i = 0; i < plan->name_count; i++) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_IA5STRING *text = ASN1_IA5STRING_new();
        ck_assert(ASN1_STRING_set(text, plan->names[i].name, -1));
        GENERAL_NAME_set0_value(name, GEN_DNS, text);
        ck_assert_int_gt(sk_GENERAL_NAME_push(names, name), 0);
    }
    int size = i2d_GENERAL_NAMES(names, NULL);
    GENERAL_NAMES_free(names);
    ck_assert_int_gt(size, 0);
    return (size_t)size;
}

static char *many_names(int count, int len, int longer, int said_twice)
{
    cs_auto_value(cs_strv) names = {0};

    for (int i = 0; i < count; i++) {
        int zeros = len - (int)strlen("n.litware") + (i == count - 1 ? longer : 0);
        cs_strv_take(&names, cs_asprintf("n%0*d.litware", zeros, i));
    }
    for (int i = 0; i < said_twice; i++) {
        cs_strv_add(&names, names.items[i]);
    }
    return cs_strv_join(&names, ",");
}

START_TEST(test_count)
{
    cs_autofree char *domains =
        many_names(counts[_i].count, counts[_i].len, counts[_i].longer, counts[_i].said_twice);
    const struct said said = {.domains = domains};
    struct cs_plan_input input = {.ca = CA};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};
    cs_rc rc = build(&said, &input, &plan, &err);

    if (!counts[_i].good) {
        assert_fails(rc, CS_E_USAGE, &err);
        assert_contains(err.message, "more than 250 names");
        return;
    }
    assert_ok(rc, &err);
    ck_assert_uint_eq(plan->name_count, (size_t)counts[_i].count);
    ck_assert_uint_eq(cs_plan_san_size(plan), encoded_size(plan));
    ck_assert_int_eq(cs_plan_san_size(plan) > 4096, counts[_i].warned);
    assert_further_warnings(plan, counts[_i].warned ? "0xc80005e2" : NULL);
}
END_TEST

/* 236 names of 205 octets and a subject of 58: 4 + 236 * (3 + 205) + (2 + 58) = 49152 = 48 KiB. */
START_TEST(test_largest)
{
    cs_auto_value(cs_strv) names = {0};
    struct cs_plan_input input = {.ca = CA};
    cs_auto(cs_plan) plan = NULL;
    struct cs_err err = {0};

    cs_strv_take(&names, cs_asprintf("n%0*d.corp.net", 48 + _i, 0));
    for (int i = 0; i < 236; i++) {
        cs_strv_take(&names, cs_asprintf(L63 "." L63 "." L63 ".n%012d", i));
    }
    cs_autofree char *domains = cs_strv_join(&names, ",");
    const struct said said = {.domains = domains};
    cs_rc rc = build(&said, &input, &plan, &err);
    if (_i == 0) {
        assert_ok(rc, &err);
        ck_assert_uint_eq(cs_plan_san_size(plan), 49152);
        ck_assert_uint_eq(encoded_size(plan), 49152);
        return;
    }
    assert_fails(rc, CS_E_USAGE, &err);
    assert_contains(err.message, "take 49153 octets, more than the 49152");
}
END_TEST

/* Around every step of the DER length, for one name and for all of them. */
static const int der_lengths[] = {1, 63, 123, 124, 125, 126, 127, 128, 129, 252, 253};

START_TEST(test_san_size)
{
    char name[254] = "";
    cs_auto(cs_plan) plan = cs_plan_new();

    ck_assert_uint_eq(cs_plan_san_size(plan), 2); /* 30 00 */
    memset(name, 'n', (size_t)der_lengths[_i]);
    for (int i = 1; i <= 270; i++) {
        cs_plan_add_name(plan, name, "r", "s");
        if (i <= 90 || i >= 250) { /* the whole passes 128, 256 and 65536 octets */
            ck_assert_uint_eq(cs_plan_san_size(plan), encoded_size(plan));
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan_names");
    TCase *tcase = tcase_create("plan_names");

    add_rows(tcase, test_names, plans);
    add_rows(tcase, test_count, counts);
    tcase_add_loop_test(tcase, test_largest, 0, 2);
    add_rows(tcase, test_san_size, der_lengths);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}

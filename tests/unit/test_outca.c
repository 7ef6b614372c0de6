#include "cli/outca.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "support/check_run.h"

static struct cs_ca_finding_list findings;
static struct cs_ca_entry_list entries;

static void setup(void)
{
    cs_ca_finding_add(&findings, true, "name", "ca01 is 192.0.2.%d", 1);
    cs_ca_finding_add(&findings, false, "endpoint mapper", "\x1b[2Jno");
    struct cs_ca_entry *entry = cs_ca_entry_list_add(&entries);
    *entry = (struct cs_ca_entry){
        .name = cs_strdup("ca01\\my"), .host = cs_strdup("ca01"), .authority = cs_strdup("my")};
    cs_strv_add(&entry->templates, "A");
    cs_strv_add(&entry->templates, "B\x1b");
    entry = cs_ca_entry_list_add(&entries);
    *entry = (struct cs_ca_entry){
        .name = cs_strdup("b\\c"), .host = cs_strdup("b"), .authority = cs_strdup("c")};
}

static void teardown(void)
{
    cs_ca_finding_list_done(&findings);
    cs_ca_entry_list_done(&entries);
}

START_TEST(test_findings)
{
    cs_autofree char *text = cs_outca_findings_text(&findings);

    ck_assert_str_eq(text, "ok      name             ca01 is 192.0.2.1\n"
                           "FAILED  endpoint mapper  \\x1b[2Jno\n");
}
END_TEST

START_TEST(test_findings_json)
{
    struct cs_err error = {0};

    cs_err_set(&error, CS_E_CA_UNREACHABLE, "no");
    cs_autofree char *text = cs_outca_findings_json(&findings, &error);
    assert_contains(text, "\"Step\": \"name\"");
    assert_contains(text, "\"Ok\": false");
    assert_contains(text, "\"Detail\": \"\\u001B[2Jno\"");
    assert_contains(text, "\"Name\": \"CA_UNREACHABLE\"");
    error = (struct cs_err){0};
    cs_autofree char *good = cs_outca_findings_json(&findings, &error);
    ck_assert_ptr_null(strstr(good, "Error"));
}
END_TEST

START_TEST(test_entries)
{
    cs_autofree char *text = cs_outca_entries_text(&entries);

    ck_assert_str_eq(text, "CA            : ca01\\my\n"
                           "Host          : ca01\n"
                           "Templates     : A\n"
                           "                B\\x1b\n"
                           "\n"
                           "CA            : b\\c\n"
                           "Host          : b\n");
}
END_TEST

START_TEST(test_entries_json)
{
    cs_autofree char *text = cs_outca_entries_json(&entries, NULL);

    assert_contains(text, "\"Name\": \"ca01\\\\my\"");
    assert_contains(text, "\"CommonName\": \"my\"");
    assert_contains(text, "\"Urls\": []");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outca");
    TCase *tcase = tcase_create("outca");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_findings);
    tcase_add_test(tcase, test_findings_json);
    tcase_add_test(tcase, test_entries);
    tcase_add_test(tcase, test_entries_json);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
